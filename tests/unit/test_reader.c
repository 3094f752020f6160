#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "error.h"
#include "mem.h"
#include "reader.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* A reader at /a of the file f, and the object that it reads. */
struct bench {
	struct mem_pool pool;
	struct error err;
	struct reader r;
	json_t *object;
};

static void bench_start(struct bench *b, const char *json)
{
	char text[256];

	memset(b, 0, sizeof(*b));
	snprintf(text, sizeof(text), "%s", json);
	for (char *c = text; (c = strchr(c, '\'')) != NULL;)
		*c = '"';
	b->object = json_loads(text, 0, NULL);
	assert_non_null(b->object);
	b->r.pool = &b->pool;
	b->r.err = &b->err;
	b->r.file = "f";
	reader_enter(&b->r, "a");
}

static void bench_end(struct bench *b)
{
	/* Whatever was read, the reader is where it was. */
	assert_string_equal(buf_text(&b->r.pointer), "/a");
	json_decref(b->object);
	reader_end(&b->r);
	mem_pool_free(&b->pool);
}

static void test_pointer_is_written_as_rfc_6901_has_it(void **state)
{
	struct bench b;
	size_t outer;
	size_t inner;

	(void)state;
	bench_start(&b, "{}");
	outer = reader_enter(&b.r, "x/y~z");
	inner = reader_enter_index(&b.r, 12);
	reader_enter(&b.r, "");
	assert_string_equal(b.r.pointer.data, "/a/x~1y~0z/12/");
	reader_leave(&b.r, inner);
	assert_string_equal(b.r.pointer.data, "/a/x~1y~0z");
	reader_leave(&b.r, outer);
	assert_int_equal(reader_fail_key(&b.r, "k", "%d things", 3), -1);
	assert_string_equal(b.err.text, "f: /a/k: 3 things");
	assert_int_equal(reader_fail(&b.r, "later"), -1);
	assert_string_equal(b.err.text, "f: /a/k: 3 things");
	bench_end(&b);
}

static void test_strings_are_taken_or_left_alone(void **state)
{
	struct bench b;
	const char *out = "before";

	(void)state;
	bench_start(&b, "{'s': 'text', 'n': 1, 'z': null}");
	assert_int_equal(reader_string(&b.r, b.object, "none", &out), 0);
	assert_string_equal(out, "before");
	assert_int_equal(reader_string(&b.r, b.object, "n", &out), -1);
	assert_string_equal(out, "before");
	assert_string_equal(b.err.text, "f: /a/n: must be a string, in quotes");
	assert_int_equal(reader_string(&b.r, b.object, "z", &out), -1);
	assert_int_equal(reader_string(&b.r, b.object, "s", &out), 0);
	assert_string_equal(out, "text");
	assert_int_equal(reader_text(&b.r, b.object, "s", FORM_TEXT, &out), 0);
	json_object_clear(b.object);
	assert_string_equal(out, "text");
	bench_end(&b);
}

static void test_numbers_have_their_bounds(void **state)
{
	static const struct {
		const char *json;
		int rc;
		unsigned expected;
	} rows[] = {
		{ "{}", 0, 77 },
		{ "{'n': 0}", 0, 0 },
		{ "{'n': 9}", 0, 9 },
		{ "{'n': 10}", -1, 77 },
		{ "{'n': -1}", -1, 77 },
		{ "{'n': 1.0}", -1, 77 },
		{ "{'n': '1'}", -1, 77 },
		{ "{'n': true}", -1, 77 },
		{ "{'n': null}", -1, 77 },
		{ "{'n': 4294967297}", -1, 77 },
		{ "{'n': 9223372036854775807}", -1, 77 },
		{ "{'n': [1]}", -1, 77 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct bench b;
		unsigned out = 77;
		int rc;

		bench_start(&b, rows[i].json);
		rc = reader_number(&b.r, b.object, "n", 9, &out);
		if (rc != rows[i].rc || out != rows[i].expected)
			fail_msg("%s: %d, %u", rows[i].json, rc, out);
		if (rc < 0)
			assert_string_equal(b.err.text,
					    "f: /a/n: must be a whole number "
					    "from 0 to 9");
		bench_end(&b);
	}
}

static void test_flags_are_true_or_left_out(void **state)
{
	static const struct {
		const char *json;
		int rc;
		int expected;
	} rows[] = {
		{ "{}", 0, 7 },
		{ "{'n': true}", 0, 1 },
		{ "{'n': false}", -1, 7 },
		{ "{'n': 1}", -1, 7 },
		{ "{'n': 'true'}", -1, 7 },
		{ "{'n': null}", -1, 7 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct bench b;
		int out = 7;
		int rc;

		bench_start(&b, rows[i].json);
		rc = reader_flag(&b.r, b.object, "n", &out);
		if (rc != rows[i].rc || out != rows[i].expected)
			fail_msg("%s: %d, %d", rows[i].json, rc, out);
		if (rc < 0)
			assert_string_equal(b.err.text, "f: /a/n: must be "
							"true, or left out");
		bench_end(&b);
	}
}

static void test_unknown_keys_are_told_from_those_that_there_are(void **state)
{
	static const char *const keys[] = { "s", "t", NULL };
	static const struct {
		const char *json;
		const char *message; /* "": fine */
	} rows[] = {
		{ "{}", "" },
		{ "{'s': 1, 't': null}", "" },
		{ "{'s': 1, 'S': 2}", "f: /a/S: unknown key; here are s, t" },
		{ "{'': 1}", "f: /a/: unknown key; here are s, t" },
		{ "{'x/y': 1}", "f: /a/x~1y: unknown key; here are s, t" },
		{ "[]", "f: /a: must be an object, in { }" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct bench b;
		int rc;

		bench_start(&b, rows[i].json);
		rc = reader_check_object(&b.r, b.object, keys);
		if (rc != (rows[i].message[0] != '\0' ? -1 : 0) ||
		    strcmp(b.err.text, rows[i].message) != 0)
			fail_msg("%s: %d, %s", rows[i].json, rc, b.err.text);
		bench_end(&b);
	}
}

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
		{ FORM_WORD, "two words", "f: /a: must be one word" },
		{ FORM_ARGS, "a=b c", "" },
		{ FORM_ARGS, "a='b'",
		  "f: /a: must not have quotes or '\\', which GRUB changes" },
		{ FORM_ARGS, "a\\b",
		  "f: /a: must not have quotes or '\\', which GRUB changes" },
		{ FORM_ARGS, "x initrd=y",
		  "f: /a: must not have initrd=: name the files under "
		  "initrds" },
		{ FORM_ARGS, "foo_initrd=y",
		  "f: /a: must not have initrd=: name the files under "
		  "initrds" },
		{ FORM_URL, "http://h/x", "" },
		{ FORM_URL, "http://h/", "" },
		{ FORM_URL, "x",
		  "f: /a: URL is not an absolute http:// or https:// URL: x" },
		{ FORM_DIRECTORY, "http://h/x/", "" },
		{ FORM_DIRECTORY, "http://h/x",
		  "f: /a: must end in '/': http://h/x" },
		{ FORM_DIRECTORY, "http://h/?x",
		  "f: /a: must end in '/': http://h/?x" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct bench b;
		int rc;

		bench_start(&b, "{}");
		rc = reader_check(&b.r, rows[i].text, rows[i].form);
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
		rc = reader_check_id(&b.r, rows[i].id);
		if (rc != (rows[i].is_good ? 0 : -1))
			fail_msg("'%s': %d, %s", rows[i].id, rc, b.err.text);
		bench_end(&b);
	}
}

static void test_patterns_are_filled_without_escaping(void **state)
{
	static const struct {
		const char *pattern;
		const char *expected; /* NULL: the message is next */
		const char *message;
	} rows[] = {
		{ "plain", "plain", "" },
		{ "", "", "" },
		{ "a { b } c", "a { b } c", "" },
		{ "{{s}}-{{s}}", "a & 'b'-a & 'b'", "" },
		{ "{{{s}}}", "a & 'b'", "" },
		{ "{{s}}{{tag}}", "a & 'b'{{s}}", "" },
		{ "{{none}}", NULL, "f: /a: pattern:1: 'none' is missing" },
		{ "{{s", NULL,
		  "f: /a: pattern:1: tag is never closed with '}}'" },
		{ "{{> s}}", NULL, "f: /a: pattern:1: partial 's' is missing" },
	};
	json_t *vars = json_pack("{s:s, s:s}", "s", "a & 'b'", "tag", "{{s}}");

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct bench b;
		const char *text;

		bench_start(&b, "{}");
		text = reader_fill(&b.r, rows[i].pattern, vars);
		if ((text == NULL) != (rows[i].expected == NULL) ||
		    (text != NULL && strcmp(text, rows[i].expected) != 0) ||
		    strcmp(b.err.text, rows[i].message) != 0)
			fail_msg("'%s': %s, %s", rows[i].pattern,
				 text != NULL ? text : "NULL", b.err.text);
		bench_end(&b);
	}
	json_decref(vars);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pointer_is_written_as_rfc_6901_has_it),
		cmocka_unit_test(test_strings_are_taken_or_left_alone),
		cmocka_unit_test(test_numbers_have_their_bounds),
		cmocka_unit_test(test_flags_are_true_or_left_out),
		cmocka_unit_test(
			test_unknown_keys_are_told_from_those_that_there_are),
		cmocka_unit_test(test_texts_have_the_form_for_their_use),
		cmocka_unit_test(test_ids_fit_urls_and_every_dialect),
		cmocka_unit_test(test_patterns_are_filled_without_escaping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
