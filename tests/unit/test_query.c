#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "query.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define X16 "xxxxxxxxxxxxxxxx"

static const char not_pair[] =
	"a parameter is written name=value, with '&' between two";
static const char bad_bytes[] = "names and values of parameters are letters, "
				"digits, '.', '_', '~', '-'";
static const char twice[] = "a parameter is given twice: give it once";

static void test_no_parameters_are_a_query_too(void **state)
{
	struct error err = ERROR_INIT;
	struct query *q = query_parse("", &err);

	(void)state;
	assert_non_null(q);
	assert_null(query_get(q, "distro"));
	assert_null(query_get(q, ""));
	query_free(q);
	query_free(NULL);
}

static void test_values_are_found_by_their_whole_name(void **state)
{
	struct error err = ERROR_INIT;
	struct query *q = query_parse("arch=amd64&distro=ubuntu&"
				      "version=9.10_~-A",
				      &err);

	(void)state;
	assert_non_null(q);
	assert_string_equal(query_get(q, "arch"), "amd64");
	assert_string_equal(query_get(q, "distro"), "ubuntu");
	assert_string_equal(query_get(q, "version"), "9.10_~-A");
	assert_null(query_get(q, "arc"));
	assert_null(query_get(q, "archi"));
	assert_null(query_get(q, "Arch"));
	query_free(q);
}

static void test_names_and_values_are_decoded(void **state)
{
	static const struct {
		const char *query;
		const char *name;
		const char *value;
	} rows[] = {
		{ "%64istro=ubuntu", "distro", "ubuntu" },
		{ "distro=%75bunt%75", "distro", "ubuntu" },
		{ "a=%2D%2e%5F%7e", "a", "-._~" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct error err = ERROR_INIT;
		struct query *q = query_parse(rows[i].query, &err);

		if (q == NULL)
			fail_msg("'%s': %s", rows[i].query, err.text);
		assert_string_equal(query_get(q, rows[i].name), rows[i].value);
		query_free(q);
	}
}

/* What a form sends of a text that somebody typed. */
static void test_find_takes_what_a_person_types(void **state)
{
	static const struct {
		const char *query;
		const char *value; /* NULL: refused */
	} rows[] = {
		{ "find=debian", "debian" },
		{ "find=debian+12", "debian 12" },
		{ "find=debian%2012", "debian 12" },
		{ "f%69nd=a+%2b+b", "a + b" },
		{ "find=", "" },
		{ "find=+", " " },
		{ "find=a=b", "a=b" },
		{ "find=%26%25%7e!\"<>", "&%~!\"<>" },
		{ "find=" X16 X16 X16 X16, X16 X16 X16 X16 },
		{ "find=+%78" X16 X16 X16 "xxxxxxxxxxxxxx",
		  " x" X16 X16 X16 "xxxxxxxxxxxxxx" },
		{ "find=" X16 X16 X16 X16 "x", NULL },
		{ "find=%1f", NULL },
		{ "find=a%0a", NULL },
		{ "find=a%00b", NULL },
		{ "find=%7f", NULL },
		{ "find=%c3%bc", NULL },
		{ "find=\303\274", NULL },
		{ "find=\n", NULL },
		{ "find=%", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct error err = ERROR_INIT;
		struct query *q = query_parse(rows[i].query, &err);
		const char *value = q != NULL ? query_get(q, "find") : NULL;

		if ((value == NULL) != (rows[i].value == NULL) ||
		    (value != NULL && strcmp(value, rows[i].value) != 0))
			fail_msg("'%s': '%s'", rows[i].query,
				 value != NULL ? value : err.text);
		assert_string_equal(
			err.text,
			q != NULL ? ""
				  : "find is printable ASCII, at most 64 "
				    "bytes");
		query_free(q);
	}
}

static void test_bad_queries_say_why(void **state)
{
	static const struct {
		const char *query;
		const char *reason;
	} rows[] = {
		{ "a", not_pair },
		{ "a=b&", not_pair },
		{ "&a=b", not_pair },
		{ "a=b&&c=d", not_pair },
		{ "&", not_pair },
		{ "&&", not_pair },
		{ "a&b=c", not_pair },
		{ "a%3Db", not_pair },
		{ "--help", not_pair },
		{ "=", bad_bytes },
		{ "=b", bad_bytes },
		{ "a=", bad_bytes },
		{ "finds=a+b", bad_bytes },
		{ "Find=a+b", bad_bytes },
		{ "a==b", bad_bytes },
		{ "x=a=b", bad_bytes },
		{ "x[]=a", bad_bytes },
		{ "a=b;c=d", bad_bytes },
		{ "a=b+c", bad_bytes },
		{ "a=b%2Bc", bad_bytes },
		{ "a=b c", bad_bytes },
		{ "a=b%20c", bad_bytes },
		{ "a=%", bad_bytes },
		{ "a=%4", bad_bytes },
		{ "a=%zz", bad_bytes },
		{ "a=%00", bad_bytes },
		{ "a=b%00c", bad_bytes },
		{ "a=b%0ac", bad_bytes },
		{ "a=b%0d%0aX-Evil:%201", bad_bytes },
		{ "a=%FF", bad_bytes },
		{ "a=%FFFFFFC3%FFFFFFA9", bad_bytes },
		{ "a=%c0%ae", bad_bytes },
		{ "a=%2541", bad_bytes },
		{ "a=../../etc/passwd", bad_bytes },
		{ "a=%2e%2e%2f", bad_bytes },
		{ "a=b&%61=c%26d", bad_bytes },
		{ "a=b#c", bad_bytes },
		{ "a=\303\251", bad_bytes },
		{ "a=${net0/mac}", bad_bytes },
		{ "a=<script>", bad_bytes },
		{ "a=52:54:00:12:34:56", bad_bytes },
		{ "a=b&a=b", twice },
		{ "a=b&a=c", twice },
		{ "a=b&%61=c", twice },
		{ "find=b&find=+", twice },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct error err = ERROR_INIT;

		if (query_parse(rows[i].query, &err) != NULL)
			fail_msg("'%s' is taken", rows[i].query);
		if (strcmp(err.text, rows[i].reason) != 0)
			fail_msg("'%s': %s", rows[i].query, err.text);
	}
}

/* Every byte, raw and encoded, in a name and in a value. */
static void test_every_other_byte_is_refused(void **state)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._~-";

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		const char *forms[] = { "n=a%cb", "a%cb=v", "n=a%%%02xb",
					"a%%%02Xb=v" };

		for (size_t i = c == 0 ? 2 : 0; i < LENGTH(forms); i++) {
			char text[32];
			struct error err = ERROR_INIT;
			struct query *q;
			int is_good = c != 0 && strchr(good, (int)c) != NULL;

			if (i < 2 && (c == '&' || c == '=' || c == '%'))
				continue;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(text, sizeof(text), forms[i], c);
#pragma GCC diagnostic pop
			q = query_parse(text, &err);
			if ((q != NULL) != is_good)
				fail_msg("'%s', byte 0x%02x: %s", text, c,
					 q != NULL ? "taken" : err.text);
			query_free(q);
		}
	}
}

static void test_sixteen_parameters_are_the_most(void **state)
{
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct query *q;

	(void)state;
	for (int i = 0; i < 16; i++)
		buf_printf(&text, "%sp%d=v", i > 0 ? "&" : "", i);
	q = query_parse(text.data, &err);
	assert_non_null(q);
	assert_string_equal(query_get(q, "p15"), "v");
	query_free(q);
	buf_puts(&text, "&p16=v");
	assert_null(query_parse(text.data, &err));
	assert_string_equal(err.text,
			    "more than 16 parameters: leave some out");
	buf_free(&text);
}

static void test_long_values_are_not_cut(void **state)
{
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct query *q;

	(void)state;
	buf_puts(&text, "a=");
	for (int i = 0; i < 100000; i++)
		buf_putc(&text, 'x');
	q = query_parse(text.data, &err);
	assert_non_null(q);
	assert_int_equal(strlen(query_get(q, "a")), 100000);
	query_free(q);
	buf_free(&text);
}

static void test_unknown_names_are_refused_with_the_known_ones(void **state)
{
	static const char *const names[] = { "distro", "arch", NULL };
	static const char *const none[] = { NULL };
	static const struct {
		const char *query;
		const char *const *names;
		const char *reason; /* "": fine */
	} rows[] = {
		{ "", names, "" },
		{ "", none, "" },
		{ "arch=a", names, "" },
		{ "arch=a&distro=b", names, "" },
		{ "arch=a&evil=b", names,
		  "unknown parameter; this page takes distro, arch" },
		{ "Arch=a", names,
		  "unknown parameter; this page takes distro, arch" },
		{ "arch=a", none, "unknown parameter; this page takes " },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct error err = ERROR_INIT;
		struct query *q = query_parse(rows[i].query, &err);
		int rc = query_check_names(q, rows[i].names, &err);

		if (rc != (rows[i].reason[0] != '\0' ? -1 : 0) ||
		    strcmp(err.text, rows[i].reason) != 0)
			fail_msg("'%s': %d, '%s'", rows[i].query, rc, err.text);
		query_free(q);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_parameters_are_a_query_too),
		cmocka_unit_test(test_values_are_found_by_their_whole_name),
		cmocka_unit_test(test_names_and_values_are_decoded),
		cmocka_unit_test(test_find_takes_what_a_person_types),
		cmocka_unit_test(test_bad_queries_say_why),
		cmocka_unit_test(test_every_other_byte_is_refused),
		cmocka_unit_test(test_sixteen_parameters_are_the_most),
		cmocka_unit_test(test_long_values_are_not_cut),
		cmocka_unit_test(
			test_unknown_names_are_refused_with_the_known_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
