#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "bench.h"
#include "form.h"

static void test_texts_have_the_form_for_their_use(void **state)
{
	static const struct {
		enum form form;
		const char *text;
		const char *message; /* "": fine */
	} rows[] = {
		{ FORM_TEXT, "two words", "" },
		{ FORM_TEXT, "it's", "" },
		{ FORM_TEXT, "",
		  "f: /a: dialect gpxe cannot write a value that is empty" },
		{ FORM_WORD, "word", "" },
		{ FORM_WORD, "two words",
		  "f: /a: must be one word, without spaces" },
		{ FORM_ARGS, "a=b c", "" },
		{ FORM_ARGS, "--- a='b' ${c}", "" },
		{ FORM_ARGS, "x initrd=y",
		  "f: /a: arguments have initrd=: name the files under "
		  "initrds" },
		{ FORM_TEXT, "-a",
		  "f: /a: must not begin with '-', which a command takes for "
		  "an option" },
		{ FORM_WORD, "-a", "" },
		{ FORM_WORD, "caf\303\251",
		  "f: /a: character 4 is U+00E9, which no loader takes: "
		  "write ASCII letters" },
		{ FORM_WORD, "a\342\200\223b",
		  "f: /a: character 2 is a typographic dash: write '-'" },
		{ FORM_URL, "http://h/x", "" },
		{ FORM_URL, "http://h/", "" },
		{ FORM_URL, "http://h/x?y=z", "" },
		{ FORM_URL, "http://[::1]/", "" },
		{ FORM_URL, "x",
		  "f: /a: URL does not begin with http:// or https://, in "
		  "small letters" },
		{ FORM_URL, "http://me:word@h/",
		  "f: /a: URL has a user name or password: leave it out" },
		{ FORM_DIRECTORY, "http://h/x/", "" },
		{ FORM_DIRECTORY, "http://h/x", "f: /a: must end in '/'" },
		{ FORM_DIRECTORY, "http://h/x/?y=z",
		  "f: /a: URL has a query, which the files below it cannot "
		  "have: put it into the patterns of the files" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct bench b;
		int rc;

		bench_start(&b, "{}");
		rc = form_check(&b.at, rows[i].text, rows[i].form);
		if (rc != (rows[i].message[0] != '\0' ? -1 : 0) ||
		    strcmp(b.err.text, rows[i].message) != 0)
			fail_msg("'%s': %d, %s", rows[i].text, rc, b.err.text);
		bench_end(&b);
	}
}

static void test_ids_fit_urls_and_every_dialect(void **state)
{
	static const struct {
		const char *id;
		int is_good;
	} rows[] = {
		{ "a", 1 },
		{ "A-b_c.d~e", 1 },
		{ "12", 1 },
		{ "1.0", 1 },
		{ "a.c3", 1 },
		{ "acom", 1 },
		{ "", 0 },
		{ "-a", 0 },
		{ ".a", 0 },
		{ "_a", 0 },
		{ "~a", 0 },
		{ "a b", 0 },
		{ "a/b", 0 },
		{ "a+b", 0 },
		{ "a%41", 0 },
		{ "a&b", 0 },
		{ "a=b", 0 },
		{ "a\n", 0 },
		{ "caf\303\251", 0 },
		{ "a.c32", 0 },
		{ "a.COM", 0 },
		{ "a.cbt.b", 0 },
		{ "0123456789012345678901234567890123456789"
		  "01234567890123456789012",
		  1 },
		{ "0123456789012345678901234567890123456789"
		  "012345678901234567890123",
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct bench b;
		int rc;

		bench_start(&b, "{}");
		rc = form_check_id(&b.at, rows[i].id);
		if (rc != (rows[i].is_good ? 0 : -1))
			fail_msg("'%s': %d, %s", rows[i].id, rc, b.err.text);
		bench_end(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_have_the_form_for_their_use),
		cmocka_unit_test(test_ids_fit_urls_and_every_dialect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
