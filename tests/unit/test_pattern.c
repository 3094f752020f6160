#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "bench.h"
#include "pattern.h"

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
		{ "{{none}}", NULL,
		  "f: /a: there is no 'none' here, but s, tag" },
		{ "{{s", NULL,
		  "f: /a: pattern:1: tag is never closed with '}}'" },
		{ "{{> s}}", NULL, "f: /a: pattern:1: partial 's' is missing" },
	};
	const struct pattern_var vars[] = { { "s", "a & 'b'", NULL },
					    { "tag", "{{s}}", NULL },
					    { "none", NULL, NULL } };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct pattern_set set = { .vars = vars,
					   .var_count = LENGTH(vars) };
		struct bench b;
		const char *text;

		bench_start(&b, "{}");
		text = pattern_fill(&set, &b.at, rows[i].pattern, FORM_ANY);
		if ((text == NULL) != (rows[i].expected == NULL) ||
		    (text != NULL && strcmp(text, rows[i].expected) != 0) ||
		    strcmp(b.err.text, rows[i].message) != 0)
			fail_msg("'%s': %s, %s", rows[i].pattern,
				 text != NULL ? text : "NULL", b.err.text);
		pattern_set_free(&set);
		bench_end(&b);
	}
}

static void test_variable_of_an_earlier_name_is_told_the_new_one(void **state)
{
	static const char *const patterns[] = {
		"{{word}}",      "a/{{ word }}/",       "{{{word}}}",
		"{{&word}}",     "{{#word}}a{{/word}}", "{{^word}}a{{/word}}",
		"{{s}}{{word}}",
	};
	const struct pattern_var vars[] = { { "s", "x", NULL } };

	(void)state;
	for (size_t i = 0; i < LENGTH(patterns); i++) {
		struct pattern_set set = { .vars = vars,
					   .var_count = LENGTH(vars) };
		struct bench b;

		bench_start(&b, "{}");
		assert_null(pattern_fill(&set, &b.at, patterns[i], FORM_ANY));
		if (strcmp(b.err.text,
			   "f: /a: 'word' has been called distro_arch "
			   "since 0.2.0") != 0)
			fail_msg("'%s': %s", patterns[i], b.err.text);
		assert_string_equal(b.instead, "write distro_arch");
		pattern_set_free(&set);
		bench_end(&b);
	}
}

/* {{word}} may stand behind it, but these are other names. */
static void test_names_like_an_earlier_one_are_variables(void **state)
{
	const struct pattern_var vars[] = { { "words", "x", NULL },
					    { "sword", "y", NULL } };
	struct pattern_set set = { .vars = vars, .var_count = LENGTH(vars) };
	struct bench b;

	(void)state;
	bench_start(&b, "{}");
	assert_string_equal(
		pattern_fill(&set, &b.at, "word {{words}}{{sword}}", FORM_ANY),
		"word xy");
	pattern_set_free(&set);
	bench_end(&b);
}

static void test_result_has_the_form_each_time(void **state)
{
	static const char pattern[] = "{{s}}";
	struct pattern_var vars[] = { { "s", NULL, NULL } };
	struct pattern_set set = { .vars = vars, .var_count = LENGTH(vars) };
	const char *first;
	struct bench b;

	(void)state;
	bench_start(&b, "{}");
	vars[0].value = "one";
	first = pattern_fill(&set, &b.at, pattern, FORM_WORD);
	assert_string_equal(first, "one");
	assert_string_equal(pattern_fill(&set, &b.at, pattern, FORM_WORD),
			    "one");
	vars[0].value = "one two";
	assert_null(pattern_fill(&set, &b.at, pattern, FORM_WORD));
	assert_string_equal(b.err.text,
			    "f: /a: must be one word, without spaces");
	assert_null(pattern_fill(&set, &b.at, pattern, FORM_WORD));
	vars[0].value = "two";
	assert_string_equal(pattern_fill(&set, &b.at, pattern, FORM_WORD),
			    "two");
	assert_string_equal(first, "one");
	pattern_set_free(&set);
	bench_end(&b);
}

static void test_result_has_at_most_2048_bytes(void **state)
{
	struct pattern_var vars[] = { { "s", NULL, NULL } };
	char value[2050];

	(void)state;
	for (size_t len = 2048; len <= 2049; len++) {
		struct pattern_set set = { .vars = vars,
					   .var_count = LENGTH(vars) };
		struct bench b;
		const char *text;

		memset(value, 'x', len);
		value[len] = '\0';
		vars[0].value = value;
		bench_start(&b, "{}");
		text = pattern_fill(&set, &b.at, "{{s}}", FORM_ANY);
		if ((text != NULL) != (len == 2048))
			fail_msg("%zu bytes: %s", len, b.err.text);
		assert_string_equal(b.err.text,
				    len == 2048 ? ""
						: "f: /a: is longer than 2048 "
						  "bytes: shorten it");
		pattern_set_free(&set);
		bench_end(&b);
	}
}

/* More than a set has room for in the beginning. */
static void test_each_of_many_patterns_is_filled_with_its_own(void **state)
{
	const struct pattern_var vars[] = { { "s", "x", NULL } };
	struct pattern_set set = { .vars = vars, .var_count = LENGTH(vars) };
	static char patterns[1000][16];
	struct bench b;

	(void)state;
	bench_start(&b, "{}");
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < LENGTH(patterns); i++) {
			char expected[16];

			snprintf(patterns[i], 16, "{{s}}%zu", i);
			snprintf(expected, 16, "x%zu", i);
			assert_string_equal(pattern_fill(&set, &b.at,
							 patterns[i], FORM_ANY),
					    expected);
		}
	assert_int_equal(set.count, LENGTH(patterns));
	pattern_set_free(&set);
	bench_end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns_are_filled_without_escaping),
		cmocka_unit_test(
			test_variable_of_an_earlier_name_is_told_the_new_one),
		cmocka_unit_test(test_names_like_an_earlier_one_are_variables),
		cmocka_unit_test(test_result_has_the_form_each_time),
		cmocka_unit_test(test_result_has_at_most_2048_bytes),
		cmocka_unit_test(
			test_each_of_many_patterns_is_filled_with_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
