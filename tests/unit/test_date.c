#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "date.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* The seconds are those of date -u +%s. */
static const struct {
	const char *text;
	long long seconds;
} dates[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-12-31T23:59:59Z", 31535999 },
	{ "1972-02-29T00:00:00Z", 68169600 },
	{ "2000-02-29T12:00:00Z", 951825600 },
	{ "2000-03-01T00:00:00Z", 951868800 },
	{ "2026-11-14T08:00:00Z", 1794643200 },
	{ "2100-03-01T00:00:00Z", 4107542400 },
	{ "9999-12-31T23:59:59Z", 253402300799 },
};

static void test_dates_are_printed_and_read_back(void **state)
{
	char printed[DATE_SIZE];

	(void)state;
	for (size_t i = 0; i < LENGTH(dates); i++) {
		date_print(dates[i].seconds, printed);
		if (strcmp(printed, dates[i].text) != 0)
			fail_msg("printed: %s, not %s", printed, dates[i].text);
		if (date_parse(dates[i].text) != dates[i].seconds)
			fail_msg("%s: %lld", dates[i].text,
				 date_parse(dates[i].text));
	}
}

static void test_what_is_beyond_is_its_end(void **state)
{
	char printed[DATE_SIZE];

	(void)state;
	date_print(-1, printed);
	assert_string_equal(printed, dates[0].text);
	date_print(253402300800, printed);
	assert_string_equal(printed, "9999-12-31T23:59:59Z");
}

static void test_other_texts_are_no_dates(void **state)
{
	static const char *const texts[] = {
		"",
		"2026-11-14",
		"2026-11-14T08:00:00",
		"2026-11-14T08:00:00z",
		"2026-11-14T08:00:00Z ",
		"2026-11-14T08:00:00ZZ",
		" 2026-11-14T08:00:00Z",
		"2026-11-14 08:00:00Z",
		"2026-1-14T08:00:00Z",
		"2026-00-14T08:00:00Z",
		"2026-13-14T08:00:00Z",
		"2026-11-00T08:00:00Z",
		"2026-11-31T08:00:00Z",
		"2026-02-29T08:00:00Z",
		"2100-02-29T08:00:00Z",
		"2026-11-14T24:00:00Z",
		"2026-11-14T08:60:00Z",
		"2026-11-14T08:00:60Z",
		"2026-11-14T-8:00:00Z",
		"1969-12-31T23:59:59Z",
		"+026-11-14T08:00:00Z",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++)
		if (date_parse(texts[i]) != -1)
			fail_msg("'%s' is taken", texts[i]);
}

static void test_dates_of_release_files(void **state)
{
	static const struct {
		const char *text;
		long long seconds;
	} rows[] = {
		{ "Sat, 14 Nov 2026 08:00:00 UTC", 1794643200 },
		{ "Sat, 14 Nov 2026 8:00:00 GMT\nSHA256:", 1794643200 },
		{ "Thu, 1 Jan 1970 00:00:00 UTC", 0 },
		{ "Tue, 29 Feb 2000 12:00:00 UTC", 951825600 },
		{ "Sat, 14 Nov 2026 08:00:00 CET", -1 },
		{ "Sat, 14 Nov 2026 08:00:00", -1 },
		{ "Sat, 14 Nok 2026 08:00:00 UTC", -1 },
		{ "Sat, 14 anF 2026 08:00:00 UTC", -1 },
		{ "Sat, 14 No 2026 08:00:00 UTC", -1 },
		{ "Sat, 31 Nov 2026 08:00:00 UTC", -1 },
		{ "14 Nov 2026 08:00:00 UTC", -1 },
		{ "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		if (date_parse_release(rows[i].text) != rows[i].seconds)
			fail_msg("'%s': %lld", rows[i].text,
				 date_parse_release(rows[i].text));
}

static void test_days(void **state)
{
	static const struct {
		const char *text;
		int is_day;
	} rows[] = {
		{ "2026-11-14", 1 },  { "1000-01-01", 1 },
		{ "9999-12-31", 1 },  { "2028-02-29", 1 },
		{ "2026-02-29", 0 },  { "2026-13-01", 0 },
		{ "2026-00-01", 0 },  { "2026-11-00", 0 },
		{ "0999-12-31", 0 },  { "2026-1-14", 0 },
		{ "2026-11-14 ", 0 }, { "2026-11-14T08:00:00Z", 0 },
		{ "14.11.2026", 0 },  { "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		if (date_is_day(rows[i].text) != rows[i].is_day)
			fail_msg("'%s'", rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates_are_printed_and_read_back),
		cmocka_unit_test(test_what_is_beyond_is_its_end),
		cmocka_unit_test(test_other_texts_are_no_dates),
		cmocka_unit_test(test_dates_of_release_files),
		cmocka_unit_test(test_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
