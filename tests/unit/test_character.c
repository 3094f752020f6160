#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "character.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define QUOTE "a typographic quote: write '\"'"
#define APOSTROPHE "a typographic apostrophe: write \"'\""
#define DASH "a typographic dash: write '-'"
#define NO_BREAK "a no-break space: write a plain one"
#define SPACE "an odd space: write a plain one"
#define INVISIBLE "an invisible character: remove it"

static const struct {
	const char *text;
	unsigned code;
	const char *advice; /* NULL: none */
	int is_quote;
} rows[] = {
	{ "", 0, NULL, 0 },
	{ "\"", '"', NULL, 0 },
	{ "'", '\'', NULL, 0 },
	{ "~x", '~', NULL, 0 },
	{ "\xc2\xa0", 0xa0, NO_BREAK, 0 },
	{ "\xc2\xab", 0xab, QUOTE, 1 },
	{ "\xc2\xad", 0xad, INVISIBLE, 0 },
	{ "\xc3\xbc", 0xfc, NULL, 0 },
	{ "\xe2\x80\x89", 0x2009, SPACE, 0 },
	{ "\xe2\x80\x8b", 0x200b, INVISIBLE, 0 },
	{ "\xe2\x80\x93", 0x2013, DASH, 0 },
	{ "\xe2\x80\x99s", 0x2019, APOSTROPHE, 1 },
	{ "\xe2\x80\x9c\xe2\x80\x9d", 0x201c, QUOTE, 1 },
	{ "\x80\x9c", 0xfffd, NULL, 0 },
	{ "\xe2\x80\xa6", 0x2026, "an ellipsis: write '...'", 0 },
	{ "\xe2\x80\xae", 0x202e, INVISIBLE, 0 },
	{ "\xe2\x80\xaf", 0x202f, NO_BREAK, 0 },
	{ "\xe2\x88\x92", 0x2212, DASH, 0 },
	{ "\xe3\x80\x80", 0x3000, SPACE, 0 },
	{ "\xe6\x97\xa5", 0x65e5, NULL, 0 },
	{ "\xef\xbb\xbf", 0xfeff, INVISIBLE, 0 },
	{ "\xef\xbc\x82", 0xff02, "a full-width character: write the plain one",
	  1 },
	{ "\xf0\x9f\x98\x80", 0x1f600, NULL, 0 },
};

static void test_what_people_paste_has_an_advice(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const unsigned code = character_code(rows[i].text);
		const char *advice = character_advice(code);

		if (code != rows[i].code)
			fail_msg("row %zu: U+%04X", i, code);
		if ((advice == NULL) != (rows[i].advice == NULL) ||
		    (advice != NULL && strcmp(advice, rows[i].advice) != 0))
			fail_msg("U+%04X: %s", code,
				 advice != NULL ? advice : "nothing");
		if (character_is_quote(code) != rows[i].is_quote)
			fail_msg("U+%04X: quote %d", code, !rows[i].is_quote);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_people_paste_has_an_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
