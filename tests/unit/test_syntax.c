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
#define TYPOGRAPHIC "a typographic quote: write a plain '\"'"
#define SINGLE "a string stands in double quotes"
#define COMMA "a ',' too many: the last value has none behind it"
#define TOKEN                                                                  \
	"a value is a string in double quotes, a number, true, false, null, "  \
	"[ ] or { }"
#define UTF16 "is UTF-16 or UTF-32: save it as UTF-8"
#define SEMICOLON "a ';' too many: "
#define COMMAS "a ',' too many: one stands between two values"
#define SPACE "an odd space: write a plain one"
#define NO_BREAK "a no-break space: write a plain one"
#define CONTROL "a string has a tab or another control character: write a space"
#define TWICE "stands here twice: remove one of them"
#define END_OF_OBJECT "the file ends here, but a '}' is missing"

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
	ROW("{\n\xc2\xa0\"a\": 1}", "2: column 1: " NO_BREAK),
	ROW("{\xe2\x80\x9c"
	    "a\xe2\x80\x9d: 1}",
	    "1: column 2: " TYPOGRAPHIC),
	ROW("{\xc2\xab"
	    "a\xc2\xbb: 1}",
	    "1: column 2: " TYPOGRAPHIC),
	ROW("{\"a\": \xe2\x80\x9e"
	    "b\xe2\x80\x9c}",
	    "1: column 7: " TYPOGRAPHIC),
	ROW("{\"a\": \xe2\x80\xb3"
	    "b\xe2\x80\xb3}",
	    "1: column 7: " TYPOGRAPHIC),
	ROW("{\"a\": \xe2\x80\x98"
	    "b\xe2\x80\x99}",
	    "1: column 7: " TYPOGRAPHIC),
	ROW("{\"a\": \xef\xbc\x82"
	    "b\xef\xbc\x82}",
	    "1: column 7: " TYPOGRAPHIC),
	ROW("{\"a\": \xe2\x80\x93"
	    "1}",
	    "1: column 7: a typographic dash: write '-'"),
	ROW("{\"a\": \"b\xe2\x80\x9d,\n}", "1: column 9: " TYPOGRAPHIC),
	ROW("{\"a\": \"b\xe2\x80\x9d", "1: column 9: " TYPOGRAPHIC),
	/* The dash and the middle of U+D01C close no string. */
	ROW("{\"a\": \"b \xe2\x80\x93 \xed\x80\x9c c\xe2\x80\x9d,\n}",
	    "1: column 19: " TYPOGRAPHIC),
	ROW("{\"a\":\xe2\x80\x89"
	    "1}",
	    "1: column 6: " SPACE),
	ROW("{\"a\":\xe2\x80\xaf"
	    "1}",
	    "1: column 6: " NO_BREAK),
	ROW("{\"a\":\xe3\x80\x80"
	    "1}",
	    "1: column 6: " SPACE),
	ROW("{\"a\":\xef\xbb\xbf"
	    "1}",
	    "1: column 6: an invisible character: remove it"),
	ROW("{\"a\": 1\xef\xbc\x8c \"b\": 2}",
	    "1: column 8: a full-width character: write the plain one"),
	ROW("{\"a\": \xe2\x82\xac}",
	    "1: column 7: a character that is not ASCII, outside of a string: "
	    "remove it"),
	ROW("{'a': 1}", "1: column 2: " SINGLE),
	ROW("{\"a\": `b`}", "1: column 7: " SINGLE),
	ROW("{\"a\": 1; \"b\": 2}",
	    "1: column 8: a ';': between two values write a ','"),
	ROW("{\"a\": 1;\n}", "1: column 8: " SEMICOLON "the last value has "
			     "none behind it"),
	ROW("{\"a\": [1;]}", "1: column 9: " SEMICOLON "the last value has "
			     "none behind it"),
	ROW("{\"a\": 1};\n",
	    "1: column 9: " SEMICOLON "nothing may follow the last '}'"),
	ROW("{\"a\": 1\n} ;; ",
	    "2: column 3: " SEMICOLON "nothing may follow the last '}'"),
	ROW("{\n<!-- mine -->\n\"a\": 1}", "2: column 1: " COMMENT),
	ROW("<!-- mine -->\n{\"a\": 1}", "1: column 1: " COMMENT),
	ROW("{\"a\": 1}\n<!-- mine -->", "2: column 1: " COMMENT),
	ROW("{\"a\": \"<!--\" \"b\": 1}",
	    "1: column 16: a ',' or '}' must come before this"),
	ROW("{\"a\": [1,\n]}", "1: column 9: " COMMA),
	ROW("{\"a\": 1, }", "1: column 8: " COMMA),
	ROW("{\"a\": 1,\n, \"b\": 2}", "1: column 8: " COMMAS),
	ROW("[1,,2]", "1: column 3: " COMMAS),

	/* What stands behind the place is not looked at. */
	ROW("{\"a\": b\", \"http://h/\"}", "1: column 7: " TOKEN),
	ROW("{\"a\": 1 \"b\": 2} // mine",
	    "1: column 11: a ',' or '}' must come before this"),
	ROW("{\"a: 1,\n// mine\n}", "1: column 7: a string is not closed: its "
				    "last '\"' must stand in the same line"),

	/* Nothing of the text is repeated but a key. */
	ROW("{\"a\": secret}", "1: column 12: " TOKEN),
	ROW("{\"a\": 1, \"a\": 2}", "1: column 12: the key \"a\" " TWICE),
	ROW("{\"me:word@h\": 1, \"me:word@h\": 2}",
	    "1: column 28: a key " TWICE),
	ROW("{\"a key that jansson cuts off\": 1, "
	    "\"a key that jansson cuts off\": 2}",
	    "1: column 64: a key " TWICE),
	ROW("", "1: column 1: a file begins with '{'"),
	ROW("{", "1: column 1: " END_OF_OBJECT),
	ROW("{\"a\": 1\n", "2: column 1: " END_OF_OBJECT),
	ROW("{\"a\": 1,\n", "2: column 1: " END_OF_OBJECT),
	ROW("{\"a\"",
	    "1: column 4: the file ends here, behind a key without a value"),
	ROW("{\"a\":",
	    "1: column 5: the file ends here, where a value must stand"),
	ROW("[1", "1: column 2: the file ends here, but a ']' is missing"),
	ROW("[1 2]", "1: column 4: a ',' or ']' must come before this"),
	ROW("{1}",
	    "1: column 2: a key in double quotes, or '}', must stand here"),
	ROW("{\"a\" 1}",
	    "1: column 6: a ':' must come between a key and its value"),
	ROW("{} {}", "1: column 4: nothing may follow the last '}'"),
	ROW("{\"a\":}", "1: column 6: a value must stand here"),
	ROW("[\"a", "1: column 3: the file ends within a string"),
	ROW("[\"a\tb\"]", "1: column 3: " CONTROL),
	ROW("[\"a\rb\"]", "1: column 3: " CONTROL),
	ROW("[\"\\a\"]", "1: column 4: a '\\' in a string is written \\\\"),
	ROW("[\"caf\xe9\"]",
	    "1: column 5: is not UTF-8: save the file as UTF-8"),
	ROW("[\"\\u0000\"]", "1: column 9: a string cannot have \\u0000"),
	ROW("[99999999999999999999]", "1: column 21: a number is too big"),
	ROW("[1e999]", "1: column 6: a number is too big"),
	ROW("[\"\\uD800\"]", "1: column 9: a \\u in a string that is no "
			     "character: write the character itself"),
	ROW("{\"a\\u0000\": 1}", "1: column 10: a key cannot have \\u0000"),

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
