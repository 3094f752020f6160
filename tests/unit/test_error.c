#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "error.h"

static void test_position_leads_the_message(void **state)
{
	static const struct {
		const char *file;
		unsigned line;
		const char *expected;
	} rows[] = {
		{ NULL, 0, "no such thing" },
		{ NULL, 7, "no such thing" },
		{ "catalog.json", 0, "catalog.json: no such thing" },
		{ "catalog.json", 7, "catalog.json:7: no such thing" },
		{ "/etc/mirrorboot/catalog.json", 7,
		  "catalog.json:7: no such thing" },
		{ "../catalog.json", 0, "catalog.json: no such thing" },
		{ "http://me:word@h/x?t=word", 0, "x?...: no such thing" },
		{ "http://me:w/ord@h", 0, "...@h: no such thing" },
		{ "catalog.d/", 0, ": no such thing" },
		{ "menu.gpxe", 4294967295U,
		  "menu.gpxe:4294967295: no such thing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = ERROR_INIT;

		assert_int_equal(error_set(&err, rows[i].file, rows[i].line,
					   "no such %s", "thing"),
				 -1);
		if (strcmp(err.text, rows[i].expected) != 0)
			fail_msg("row %zu: '%s'", i, err.text);
	}
}

static void test_first_error_stays(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(error_set(&err, "a", 1, "first"), -1);
	assert_int_equal(error_set(&err, "b", 2, "second"), -1);
	assert_string_equal(err.text, "a:1: first");
}

static void test_every_byte_that_is_not_printable_becomes_a_mark(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		const char text[] = { 'a', (char)c, 'b', '\0' };
		const char expected[] = {
			'a', (char)(c >= ' ' && c <= '~' ? c : '*'), 'b', '\0'
		};
		struct error err = ERROR_INIT;

		error_set(&err, NULL, 0, "%s", text);
		if (strcmp(err.text, expected) != 0)
			fail_msg("byte 0x%02x: '%s'", (unsigned)c, err.text);
	}
}

static void test_bytes_of_a_file_name_are_marked_too(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	error_set(&err, "b\303\266ot\n.gpxe", 3, "reason");
	assert_string_equal(err.text, "b*ot*.gpxe:3: reason");
}

static void test_long_message_is_cut_within_its_room(void **state)
{
	struct error err = ERROR_INIT;
	char file[2000];

	(void)state;
	error_set(&err, "f", 0, "%01000d", 7);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	memset(file, 'f', sizeof(file) - 1);
	file[sizeof(file) - 1] = '\0';
	err = (struct error)ERROR_INIT;
	error_set(&err, file, 12, "reason");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void test_secrets_of_urls_are_left_out_before_it_is_cut(void **state)
{
	char word[1000];
	struct error err = ERROR_INIT;

	(void)state;
	error_set(&err, "f", 0, "no '%s'", "http://me:word@h/?t=word");
	assert_string_equal(err.text, "f: no 'http://...@h/?...'");
	err = (struct error)ERROR_INIT;
	error_set(&err, "http://me:wo'r d@h", 0, "no");
	assert_string_equal(err.text, "...@h: no");
	memset(word, 'w', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	err = (struct error)ERROR_INIT;
	error_set(&err, "f", 0, "http://me:%s@h/", word);
	assert_string_equal(err.text, "f: http://...@h/");
}

/* The failures that were reported, and what they offered. */
static void report(void *ctx, const struct failure *failure)
{
	char *all = ctx;

	strcat(all, failure->text);
	if (failure->instead[0] != '\0') {
		strcat(all, ", ");
		strcat(all, failure->instead);
	}
	strcat(all, ";");
}

static void test_every_failure_is_reported_with_its_own_offer(void **state)
{
	static const char *const known[] = { "theme", NULL };
	const struct offer offer = { .known = known };
	char all[256] = "";
	struct error err = { .report = report, .ctx = all };

	(void)state;
	assert_int_equal(error_set(&err, "a", 1, "first"), -1);
	assert_int_equal(error_set_offer(&err, &offer, "b", 0, "no %s", "look"),
			 -1);
	error_set(&err, NULL, 0, "third");
	assert_string_equal(err.text, "a:1: first");
	assert_string_equal(all, "a:1: first;b: no look, write theme;third;");
}

static void test_offer_for_a_secret_is_reported_alone(void **state)
{
	static const char *const known[] = { "staff", NULL };
	const struct offer offer = { .wanted = "staf",
				     .known = known,
				     .is_secret = 1 };
	char all[256] = "";
	struct error err = { .report = report, .ctx = all };
	struct error plain = ERROR_INIT;

	(void)state;
	error_set_offer(&err, &offer, "a", 0, "no");
	assert_string_equal(err.text, "a: no");
	assert_string_equal(all, "a: no, did you mean 'staff'?;");
	error_set_offer(&plain, &offer, "a", 0, "no");
	assert_string_equal(plain.text, "a: no");
}

static void test_text_names_what_is_similar_and_nothing_else(void **state)
{
	static const char *const known[] = { "theme", "secret", NULL };
	static const struct {
		const char *wanted;
		const char *text;
	} rows[] = {
		{ "thene", "b:2: no; did you mean 'theme'?" },
		{ "look", "b:2: no" },
		{ NULL, "b:2: no" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct offer offer = { .wanted = rows[i].wanted,
					     .known = known };
		struct error err = ERROR_INIT;

		error_set_offer(&err, &offer, "b", 2, "no");
		assert_string_equal(err.text, rows[i].text);
		error_set_offer(&err, &offer, "c", 3, "later");
		assert_string_equal(err.text, rows[i].text);
	}
}

static void test_similar_name_is_left_out_where_it_does_not_fit(void **state)
{
	static const char *const known[] = { "theme", NULL };
	const struct offer offer = { .wanted = "thene", .known = known };
	struct error err = ERROR_INIT;
	const size_t room =
		sizeof(err.text) - strlen("; did you mean 'theme'?");

	(void)state;
	error_set_offer(&err, &offer, NULL, 0, "%0*d", (int)room, 1);
	assert_int_equal(strlen(err.text), room);
	err = (struct error)ERROR_INIT;
	error_set_offer(&err, &offer, NULL, 0, "%0*d", (int)room - 1, 1);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_string_equal(err.text + room - 1, "; did you mean 'theme'?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_position_leads_the_message),
		cmocka_unit_test(test_first_error_stays),
		cmocka_unit_test(
			test_every_byte_that_is_not_printable_becomes_a_mark),
		cmocka_unit_test(test_bytes_of_a_file_name_are_marked_too),
		cmocka_unit_test(test_long_message_is_cut_within_its_room),
		cmocka_unit_test(
			test_secrets_of_urls_are_left_out_before_it_is_cut),
		cmocka_unit_test(
			test_every_failure_is_reported_with_its_own_offer),
		cmocka_unit_test(test_offer_for_a_secret_is_reported_alone),
		cmocka_unit_test(
			test_text_names_what_is_similar_and_nothing_else),
		cmocka_unit_test(
			test_similar_name_is_left_out_where_it_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
