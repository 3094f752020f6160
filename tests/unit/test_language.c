#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "language.h"

#define WINDOWS                                                                \
	"has lines that end in CR LF, as Windows writes them: end them in LF " \
	"alone"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define BREAK "!contains a line break"
#define CONTROL "!contains a control character"
#define NUL "!contains a NUL byte"
#define NOT_UTF8 "!is not UTF-8"
#define COMMENT "!stands in a comment: remove it there"
#define OUTSIDE                                                                \
	"!stands outside of double quotes, where only a whole number may: "    \
	"put "                                                                 \
	"it in double quotes"
#define SINGLE                                                                 \
	"!stands in single quotes, where it cannot be written: use double "    \
	"quotes"
#define BLOCK                                                                  \
	"!stands in a block of text behind '|' or '>', where nothing can be "  \
	"quoted: write the text in double quotes"
#define BEHIND "!stands behind a '\\': remove that"
#define QUOTES                                                                 \
	"!stands in quotes, but brings its own: end them before it, or give "  \
	"it to a variable before"
#define HERE                                                                   \
	"!stands in a here-document, where nothing can be quoted: give it to " \
	"a variable before"
#define SIGN "!stands behind a '\\' or '$': remove that"
#define COMMAND                                                                \
	"!contains a character that the shell of this command may take for "   \
	"its own: put the command into a file NAME.sh and fetch that"
#define BEFORE                                                                 \
	"!stands before the place of a value: owner, question and type come "  \
	"first, and a blank"

/* What becomes of a value behind what the file has before it; what begins with
 * "!" is a refusal's phrase. */
struct row {
	const char *file, *before, *value, *expected;
};

static void check_row(const struct row *row, const char *value, size_t len)
{
	const struct language *language = language_of(row->file);
	struct buf out = BUF_INIT;
	char *copy = malloc(len + 1); /* no byte behind its NUL */
	const char *reason;
	int is_right;

	memcpy(copy, value, len);
	copy[len] = '\0';
	buf_puts(&out, row->before);
	reason = language->escape(&out, copy, len);
	if (row->expected[0] == '!')
		is_right = reason != NULL &&
			   strcmp(reason, row->expected + 1) == 0 &&
			   strcmp(buf_text(&out), row->before) == 0;
	else
		is_right = reason == NULL &&
			   strncmp(buf_text(&out), row->before,
				   strlen(row->before)) == 0 &&
			   strcmp(buf_text(&out) + strlen(row->before),
				  row->expected) == 0;
	if (!is_right)
		fail_msg("%s, behind <%s>: <%s> gives <%s>, %s", row->file,
			 row->before, copy, buf_text(&out),
			 reason != NULL ? reason : "taken");
	free(copy);
	buf_free(&out);
}

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_row(&rows[i], rows[i].value, strlen(rows[i].value));
}

static void test_quoted_texts_keep_their_place(void **state)
{
	static const struct row rows[] = {
		{ "a.json", "{\"a\": \"", "b", "b" },
		{ "a.json", "{\"a\": \"", "", "" },
		{ "a.json", "{\"a\": \"", "\"\\\n\t",
		  "\\\"\\\\\\u000a\\u0009" },
		{ "a.json", "{\"a\": \"",
		  "\x7f\xc2\x85\xe2\x80\xa8\xef\xbb\xbf",
		  "\\u007f\\u0085\\u2028\\ufeff" },
		{ "a.json", "{\"a\": \"", "\xc3\xa9\xf0\x9f\x98\x80",
		  "\xc3\xa9\xf0\x9f\x98\x80" },
		{ "a.json", "{\"a\": \"", "\xff", NOT_UTF8 },
		{ "a.json", "{\"a\": \"\\", "b", BEHIND },
		{ "a.json", "{\"a\": \"b\", \"c\": ", "d", OUTSIDE },
		{ "a.json", "{\"a\": \"b\\\"", "d", "d" },
		{ "a.json", "{\"a\": ", "12", "12" },
		{ "a.json", "{\"a\": ", "0", "0" },
		{ "a.json", "{\"a\": ", "012", OUTSIDE },
		{ "a.json", "{\"a\": ", "", OUTSIDE },
		{ "a.json", "{\"a\": ", "1e3", OUTSIDE },
		{ "a.json", "{\"a\": ", "1234567890123456", OUTSIDE },
		{ "a.ign", "{\"a\": ", "true", OUTSIDE },
		{ "a.yaml", "a: ", "yes", OUTSIDE },
		{ "a.yaml", "a: ['b'', \"", "c", SINGLE },
		{ "a.yaml", "a: ['b', '', \"", "c", "c" },
		{ "a.yaml", "a: ", "~", OUTSIDE },
		{ "a.yaml", "a: \"", "b: # c", "b: # c" },
		{ "a.yml", "- '", "b", SINGLE },
		{ "a.yaml", "# \"", "b", COMMENT },
		{ "a.yaml", "a: \"#", "b", "b" },
		{ "a.yaml", "a: 19\" ", "b", OUTSIDE },
		{ "a.yaml", "a: |\n  \"", "b", BLOCK },
		{ "a.yaml", "a: >-2\n\n    b\n      \"", "b", BLOCK },
		{ "user-data", "a: |\n  b\nc: \"", "b", "b" },
		{ "user-data", "- b|\n  c: \"", "b", "b" },
		{ "meta-data", "a: [b, \"c\", \"", "b", "b" },
		{ "vendor-data", "a:\n  - \"", "b", "b" },
		{ "network-config", "a", "b", OUTSIDE },
		{ "a.toml", "a = \"", "\"b", "\\\"b" },
		{ "a.toml", "a = '", "b", SINGLE },
		{ "a.toml", "a = \"\"\"\n\"", "b",
		  "!stands in three quotes: write the text in double "
		  "quotes" },
		{ "a.toml", "a = '''\n\"", "b",
		  "!stands in three quotes: write the text in double "
		  "quotes" },
	};

	(void)state;
	check_rows(rows, LENGTH(rows));
}

static void test_xml_keeps_texts_and_attributes(void **state)
{
	static const struct row rows[] = {
		{ "a.xml", "<a>", "b", "b" },
		{ "a.xml", "<a>", "", "" },
		{ "a.xml", "<a>", "<&>\"']]>",
		  "&#60;&#38;&#62;&#34;&#39;]]&#62;" },
		{ "a.xml", "<a b=\"", " \t\r\n\xc2\x85",
		  " &#9;&#13;&#10;&#133;" },
		{ "a.xml", "<a b='>", "c", "c" },
		{ "a.xml", "<a b=", "c",
		  "!stands in a tag: put it in the "
		  "quotes of an attribute or behind the "
		  "tag" },
		{ "a.xml", "<a>", "b\x01", CONTROL },
		{ "a.xml", "<a>", "\xef\xbf\xbf", CONTROL },
		{ "a.xml", "<a>", "\xed\xa0\x80", NOT_UTF8 },
		{ "a.xml", "<a><![CDATA[", "b",
		  "!stands in a CDATA section, where nothing can be "
		  "quoted: put it outside" },
		{ "a.xml", "<a><![CDATA[a < b]]>", "b", "b" },
		{ "a.xml", "<a><!-- ", "b", COMMENT },
		{ "a.xml", "<a><!-- -->", "b", "b" },
	};

	(void)state;
	check_rows(rows, LENGTH(rows));
}

static void test_lines_end_with_their_value(void **state)
{
#define D_I "d-i a/b string "
	static const struct row rows[] = {
		{ "preseed.cfg", D_I, "a # b; $c '\"\xc3\xa9",
		  "a # b; $c '\"\xc3\xa9" },
		{ "a.preseed", D_I "x", "b", "b" },
		{ "preseed.cfg", D_I, "", "!is empty: leave it out" },
		{ "preseed.cfg", D_I, " b", "!begins or ends with a space" },
		{ "preseed.cfg", D_I, "b ", "!begins or ends with a space" },
		{ "preseed.cfg", D_I, "b\\",
		  "!ends with '\\', which joins two lines" },
		{ "preseed.cfg", D_I, "a\nb", BREAK },
		{ "preseed.cfg", D_I, "a\rb", BREAK },
		{ "preseed.cfg", D_I, "a\tb", CONTROL },
		{ "preseed.cfg", D_I, "a\x7f", CONTROL },
		{ "preseed.cfg", D_I, "\xc3", NOT_UTF8 },
		{ "preseed.cfg", "d-i a/b string", "b", BEFORE },
		{ "preseed.cfg", D_I "\n", "b", BEFORE },
		{ "preseed.cfg", D_I "\\\n  ", "b", "b" },
		{ "preseed.cfg", " # " D_I, "b", COMMENT },
		{ "preseed.cfg", "d-i preseed/late_command string a ",
		  "http://h:80/a_b-c.sh", "http://h:80/a_b-c.sh" },
		{ "preseed.cfg", "d-i preseed/late_command string a ", "$b",
		  COMMAND },
		{ "preseed.cfg", "d-i preseed/early_command string \\\n a ",
		  "a b", COMMAND },
		{ "preseed.cfg", "d-i preseed/run string ", "a;b", COMMAND },
		{ "a.txt", "", "a $b", "a $b" },
		{ "a.txt", "", "", "" },
		{ "a.txt", "", "a\nb", BREAK },
		{ "a.txt", "", "a\x1b", CONTROL },
	};

	(void)state;
	check_rows(rows, LENGTH(rows));
}

static void test_shell_values_bring_their_quotes(void **state)
{
	static const struct row rows[] = {
		{ "a.sh", "a=", "b", "'b'" },
		{ "a.sh", "a=", "", "''" },
		{ "a.sh", "a=", "it's $b `c`\n\\", "'it'\\''s $b `c`\n\\'" },
		{ "a.sh", "a=x", "b", "'b'" },
		{ "a.sh", "a=", "\xc0", NOT_UTF8 },
		{ "a.sh", "a=\"", "b", QUOTES },
		{ "a.sh", "a='", "b", QUOTES },
		{ "a.sh", "a=\"$(b ", "c", "'c'" },
		{ "a.sh", "a=\"$(b \"", "c", QUOTES },
		{ "a.sh", "a=\"$(b \"d\")\"\ne=", "c", "'c'" },
		{ "a.sh", "a=${b:-", "c",
		  "!stands in ${ }: give it to a "
		  "variable before" },
		{ "a.sh", "a=\"${b#\"x\"}\" ", "c", "'c'" },
		{ "a.sh", "a=`b ", "c",
		  "!stands in backquotes: write $( ) instead" },
		{ "a.sh", "a=`b` ", "c", "'c'" },
		{ "a.sh", "# it's ", "c", COMMENT },
		{ "a.sh", "# it's\na=", "c", "'c'" },
		{ "a.sh", "echo $# ", "c", "'c'" },
		{ "a.sh", "a=$", "c", SIGN },
		{ "a.sh", "a=\\", "c", SIGN },
		{ "a.sh", "a=\\'", "c", "'c'" },
		{ "a.sh", "cat <<EOF\na=", "c", HERE },
		{ "a.sh", "cat <<-'EOF'\na\n\tEOF\nb=", "c", "'c'" },
		{ "a.sh", "cat <<EOF\nit's\nEOF\nb=", "c", "'c'" },
		{ "a.sh", "cat <<A <<B\nA\nB\nb=", "c", HERE },
		{ "a.sh", "cat <<<x ", "c", "'c'" },
	};

	(void)state;
	check_rows(rows, LENGTH(rows));
}

static void test_kickstart_has_three_kinds_of_lines(void **state)
{
#define NO_PLACE                                                               \
	"!stands in a section where nothing can be quoted: move it to a "      \
	"command, %packages, or a shell's %pre or %post"
#define OPTION "!begins with '-', which makes it an option"
	static const struct row rows[] = {
		{ "ks.cfg", "a --b=", "c d#'e", "'c d#'\\''e'" },
		{ "a.ks", "a ", "\xc3\xa9", "'\xc3\xa9'" },
		{ "ks.cfg", "a ", "", "''" },
		{ "ks.cfg", "a ", "b\nc", BREAK },
		{ "ks.cfg", "a ", "b\x02", CONTROL },
		{ "ks.cfg", "a ", "\xff", NOT_UTF8 },
		{ "ks.cfg", "a \"", "b", QUOTES },
		{ "ks.cfg", "a \"b\" ", "b", "'b'" },
		{ "ks.cfg", "a \\", "b", SIGN },
		{ "ks.cfg", "a # ", "b", COMMENT },
		{ "ks.cfg", "%packages\n", "@core", "@core" },
		{ "ks.cfg", "%packages --x\n", "a b",
		  "!contains a character that no package's name has" },
		{ "ks.cfg", "%packages\n", "", "!is empty: leave it out" },
		{ "ks.cfg", "%packages\n", "-curl", OPTION },
		{ "ks.cfg", "a ", "-b", OPTION },
		{ "ks.cfg", "a\t", "--b=c", OPTION },
		{ "ks.cfg", "", "-b", OPTION },
		{ "ks.cfg", "a --b=", "--c", "'--c'" },
		{ "ks.cfg", "%post\na ", "-b", "'-b'" },
		{ "ks.cfg", "%packages\n%end\na ", "b c", "'b c'" },
		{ "ks.cfg", "%post\na=", "$b", "'$b'" },
		{ "ks.cfg", "%post\na=\"", "b", QUOTES },
		{ "ks.cfg", "%pre --interpreter=/bin/bash\na=", "b", "'b'" },
		{ "ks.cfg", "%post --interpreter=/usr/bin/python3\na=", "b",
		  NO_PLACE },
		{ "ks.cfg", "%addon x\na ", "b", NO_PLACE },
		{ "ks.cfg", "%post", "b", NO_PLACE },
		{ "ks.cfg", "%include x\na ", "b", "'b'" },
	};

	(void)state;
	check_rows(rows, LENGTH(rows));
}

static void test_no_file_holds_a_nul(void **state)
{
	static const struct row rows[] = {
		{ "a.json", "\"", NULL, NUL },
		{ "a.yaml", "\"", NULL, NUL },
		{ "a.toml", "\"", NULL, NUL },
		{ "a.xml", "<a>", NULL, NUL },
		{ "a.sh", "a=", NULL, NUL },
		{ "a.txt", "", NULL, NUL },
		{ "ks.cfg", "a ", NULL, NUL },
		{ "preseed.cfg", D_I, NULL, NUL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check_row(&rows[i], "a\0b", 3);
}

static void test_name_tells_the_language(void **state)
{
	static const struct {
		const char *file;
		const struct language *language;
	} rows[] = {
		{ "preseed.cfg", &language_preseed },
		{ "ks.cfg", &language_kickstart },
		{ "a.cfg", NULL },
		{ "a.json", &language_json },
		{ ".json", &language_json }, /* which no answer is named */
		{ "a.JSON", NULL },
		{ "my-user-data", NULL },
		{ "json", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		if (language_of(rows[i].file) != rows[i].language)
			fail_msg("%s", rows[i].file);
}

static void test_files_begin_as_their_language_must(void **state)
{
	static const struct {
		const char *file, *text, *reason;
	} rows[] = {
		{ "user-data", "#cloud-config\na: 1\n", NULL },
		{ "user-data", "#!/bin/sh\n",
		  "must begin with the line '#cloud-config'" },
		{ "user-data", "", "must begin with the line '#cloud-config'" },
		{ "vendor-data", "", NULL },
		{ "a.sh", "#!/bin/sh\n", NULL },
		{ "a.sh", "a\n", "must begin with '#!' and its shell" },
		{ "a.xml", "<a/>\n", "must begin with '<?xml'" },
		{ "a.json", "[]\n", "must begin with '{'" },
		{ "a.json", "{}\n", NULL },
		{ "a.json", "{}", "must end in a newline: add one" },
		{ "a.json", "{\"a\": 1, \"a\": 2}\n",
		  "is not JSON as it is filled: show it with 'answer' and mend "
		  "the template" },
		{ "a.ign", "{,}\n",
		  "is not JSON as it is filled: show it with 'answer' and mend "
		  "the template" },
		{ "a.txt", "\xff\n", "is not UTF-8" },
		{ "a.txt", "a", "must end in a newline: add one" },
		{ "a.sh", "#!/bin/sh\r\na\r\n", WINDOWS },
		{ "preseed.cfg", "a\r\n", WINDOWS },
		{ "ks.cfg", "a\r\n", WINDOWS },
		{ "a.txt", "a\r\n", WINDOWS },
		{ "a.txt", "\r\n", WINDOWS },
		{ "a.sh", "#!/bin/sh\na='b\r\n'\n", NULL },
		{ "user-data", "#cloud-config\r\na: 1\r\n", WINDOWS },
		{ "a.yaml", "a: 1\r\n", WINDOWS },
		{ "meta-data", "", NULL },
		{ "a.json", "{\r\n}\r\n", NULL },
		{ "a.toml", "a = 1\r\n", NULL },
		{ "a.xml", "<?xml version=\"1.0\"?>\r\n<a/>\r\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *reason = language_check(rows[i].file, rows[i].text,
						    strlen(rows[i].text));

		if (reason != rows[i].reason &&
		    (reason == NULL || rows[i].reason == NULL ||
		     strcmp(reason, rows[i].reason) != 0))
			fail_msg("%s: %s", rows[i].text,
				 reason != NULL ? reason : "taken");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quoted_texts_keep_their_place),
		cmocka_unit_test(test_xml_keeps_texts_and_attributes),
		cmocka_unit_test(test_lines_end_with_their_value),
		cmocka_unit_test(test_shell_values_bring_their_quotes),
		cmocka_unit_test(test_kickstart_has_three_kinds_of_lines),
		cmocka_unit_test(test_no_file_holds_a_nul),
		cmocka_unit_test(test_name_tells_the_language),
		cmocka_unit_test(test_files_begin_as_their_language_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
