#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "syntax.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define COMMENT                                                                \
	"JSON has no comments: write a remark as the value of a key "          \
	"\"$comment\""
#define TYPOGRAPHIC "a typographic quote or dash: write a plain '\"'"
#define SINGLE "strings stand in double quotes"
#define COMMA "a ',' too many: the last value has none behind it"
#define UTF16 "is UTF-16: save it as UTF-8"

/* A text, its length, and "line: reason". */
struct row {
	const char *text;
	size_t len;
	const char *expected;
};

#define ROW(text, expected)                                                    \
	{                                                                      \
		text, sizeof(text) - 1, expected                               \
	}

static const struct row rows[] = {
	ROW("{\n// mine\n}", "2: column 1: " COMMENT),
	ROW("{}\n/* mine */", "2: column 1: " COMMENT),
	ROW("# mine\n{}", "1: column 1: " COMMENT),
	ROW("{\"a\": \"http://h/#x\"} // mine", "1: column 22: " COMMENT),
	ROW("{\"a\": \"\\\"//\" # mine\n}", "1: column 14: " COMMENT),
	ROW("{\n\xc2\xa0\"a\": 1}",
	    "2: column 1: a no-break space: write a plain space"),
	ROW("{\xe2\x80\x9c"
	    "a\xe2\x80\x9d: 1}",
	    "1: column 2: " TYPOGRAPHIC),
	ROW("{\xc2\xab"
	    "a\xc2\xbb: 1}",
	    "1: column 2: " TYPOGRAPHIC),
	ROW("{'a': 1}", "1: column 2: " SINGLE),
	ROW("{\"a\": [1,\n]}", "1: column 9: " COMMA),
	ROW("{\"a\": 1, }", "1: column 8: " COMMA),

	/* What stands behind the place is not looked at. */
	ROW("{\"a\": b\", \"http://h/\"}", "1: column 7: invalid token"),
	ROW("{\"a\": 1 \"b\": 2} // mine", "1: column 11: '}' expected"),
	ROW("{\"a: 1,\n// mine\n}", "1: column 7: unexpected newline"),

	/* Nothing of the text is repeated but a key. */
	ROW("{\"a\": secret}", "1: column 12: invalid token"),
	ROW("{\"a\": 1, \"a\": 2}",
	    "1: column 12: duplicate object key near '\"a\"'"),
	ROW("", "1: column 1: '[' or '{' expected"),
	ROW("{", "1: column 1: string or '}' expected"),

	ROW("\xff\xfe{\0}\0", "1: " UTF16),
	ROW("\xfe\xff\0{\0}", "1: " UTF16),
	ROW("{\0}\0", "1: " UTF16),
	ROW("\0{\0}", "1: " UTF16),
};

static void test_mistakes_say_where_and_what_to_write_instead(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf text = BUF_INIT;
		struct buf reason = BUF_INIT;
		struct buf got = BUF_INIT;
		json_error_t where;
		unsigned line;

		buf_add(&text, rows[i].text, rows[i].len);
		assert_null(json_loadb(text.data, text.len,
				       JSON_REJECT_DUPLICATES, &where));
		line = syntax_explain(&text, &where, &reason);
		buf_printf(&got, "%u: %s", line, buf_text(&reason));
		if (strcmp(got.data, rows[i].expected) != 0)
			fail_msg("row %zu: '%s'", i, got.data);
		buf_free(&got);
		buf_free(&reason);
		buf_free(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_mistakes_say_where_and_what_to_write_instead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
