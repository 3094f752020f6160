#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "bench.h"
#include "value.h"

static void test_strings_are_taken_or_left_alone(void **state)
{
	struct bench b;
	const char *out = "before";

	(void)state;
	bench_start(&b, "{'s': 'text', 'n': 1, 'z': null}");
	assert_int_equal(value_string(&b.at, b.object, "none", &out), 0);
	assert_string_equal(out, "before");
	assert_int_equal(value_string(&b.at, b.object, "n", &out), -1);
	assert_string_equal(out, "before");
	assert_string_equal(b.err.text, "f: /a/n: must be a string, in quotes");
	assert_int_equal(value_string(&b.at, b.object, "z", &out), -1);
	assert_int_equal(value_string(&b.at, b.object, "s", &out), 0);
	assert_string_equal(out, "text");
	assert_int_equal(value_text(&b.at, b.object, "s", FORM_TEXT, &out), 0);
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
		rc = value_number(&b.at, b.object, "n", 9, &out);
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
		rc = value_flag(&b.at, b.object, "n", &out);
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
		{ "{'s': 1, 'S': 2}",
		  "f: /a/S: unknown key; here are s, t; did you mean 's'?" },
		{ "{'': 1}", "f: /a/: unknown key; here are s, t" },
		{ "{'x/y': 1}", "f: /a/x~1y: unknown key; here are s, t" },
		{ "[]", "f: /a: must be an object, in { }" },
		/* The new name is no key here. */
		{ "{'word': 1}", "f: /a/word: unknown key; here are s, t" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct bench b;
		int rc;

		bench_start(&b, rows[i].json);
		rc = value_check_object(&b.at, b.object, keys);
		if (rc != (rows[i].message[0] != '\0' ? -1 : 0) ||
		    strcmp(b.err.text, rows[i].message) != 0)
			fail_msg("%s: %d, %s", rows[i].json, rc, b.err.text);
		bench_end(&b);
	}
}

static void test_key_of_an_earlier_name_is_told_the_new_one(void **state)
{
	static const char *const keys[] = { "s", "distro_arch", NULL };
	struct bench b;

	(void)state;
	bench_start(&b, "{'s': 1, 'word': 2}");
	assert_int_equal(value_check_object(&b.at, b.object, keys), -1);
	assert_string_equal(b.err.text,
			    "f: /a/word: has been called distro_arch "
			    "since 0.2.0");
	assert_string_equal(b.instead, "write distro_arch");
	bench_end(&b);
}

/* What reads as what was meant, with or without quotes. */
static void test_value_of_another_type_is_offered_in_the_right_one(void **state)
{
	static const struct {
		const char *json;
		const char *of_string; /* "": nothing is offered */
		const char *of_number;
	} rows[] = {
		{ "{'n': 12}", "write \"12\"", "" }, { "{'n': 24.10}", "", "" },
		{ "{'n': '12'}", "", "write 12" },   { "{'n': ''}", "", "" },
		{ "{'n': '12s'}", "", "" },          { "{'n': null}", "", "" },
		{ "{'n': 10}", "write \"10\"", "" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *string;
		unsigned number;
		struct bench b;

		bench_start(&b, rows[i].json);
		value_string(&b.at, b.object, "n", &string);
		assert_string_equal(b.instead, rows[i].of_string);
		value_number(&b.at, b.object, "n", 9, &number);
		assert_string_equal(b.instead, rows[i].of_number);
		bench_end(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings_are_taken_or_left_alone),
		cmocka_unit_test(test_numbers_have_their_bounds),
		cmocka_unit_test(test_flags_are_true_or_left_out),
		cmocka_unit_test(
			test_key_of_an_earlier_name_is_told_the_new_one),
		cmocka_unit_test(
			test_value_of_another_type_is_offered_in_the_right_one),
		cmocka_unit_test(
			test_unknown_keys_are_told_from_those_that_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
