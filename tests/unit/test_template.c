#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "error.h"
#include "mem.h"
#include "template.h"

#define MAX_PARTIALS 4

static const char *escape_html(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '&')
			buf_puts(out, "&amp;");
		else if (s[i] == '<')
			buf_puts(out, "&lt;");
		else if (s[i] == '>')
			buf_puts(out, "&gt;");
		else if (s[i] == '"')
			buf_puts(out, "&quot;");
		else
			buf_putc(out, s[i]);
	}
	return NULL;
}

static const char *escape_line(struct buf *out, const char *s, size_t len)
{
	if (memchr(s, '\n', len) != NULL)
		return "contains a line break";
	buf_add(out, s, len);
	return NULL;
}

struct partials {
	char *name[MAX_PARTIALS];
	struct template *t[MAX_PARTIALS];
	size_t count;
};

static const struct template *find_partial(void *ctx, const char *name)
{
	const struct partials *partials = ctx;

	for (size_t i = 0; i < partials->count; i++)
		if (strcmp(partials->name[i], name) == 0)
			return partials->t[i];
	return NULL;
}

static struct template *parse(const char *name, const char *text)
{
	struct error err = ERROR_INIT;
	struct template *t = template_parse(name, text, strlen(text), &err);

	if (t == NULL)
		fail_msg("'%s': %s", text, err.text);
	return t;
}

static json_t *parse_json(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(
		text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
		&error);

	if (json == NULL)
		fail_msg("'%s': %s", text, error.text);
	return json;
}

/* json: an object of texts; NULL: no partials. */
static void parse_partials(struct partials *partials, const char *json)
{
	json_t *texts = parse_json(json != NULL ? json : "{}");
	const char *name;
	json_t *text;

	partials->count = 0;
	json_object_foreach(texts, name, text) {
		size_t i = partials->count++;

		assert_true(i < MAX_PARTIALS);
		partials->name[i] = mem_copy(name, strlen(name));
		partials->t[i] = parse(name, json_string_value(text));
	}
	json_decref(texts);
}

static void free_partials(struct partials *partials)
{
	for (size_t i = 0; i < partials->count; i++) {
		free(partials->name[i]);
		template_free(partials->t[i]);
	}
}

struct row {
	const char *template;
	const char *data;
	const char *partials;
	const char *expected; /* the text, or the message */
};

/* out begins with "old", which must stay after a failure. */
static void render(const struct row *row, const struct render *how,
		   struct buf *out, struct error *err)
{
	struct partials partials;
	struct render full = *how;
	struct template *t = parse("t", row->template);
	json_t *data = parse_json(row->data != NULL ? row->data : "{}");
	int status;

	parse_partials(&partials, row->partials);
	full.partial = find_partial;
	full.ctx = &partials;
	buf_puts(out, "old");
	status = template_render(t, data, &full, out, err);
	if (status != (err->text[0] == '\0' ? 0 : -1))
		fail_msg("'%s': returned %d, message '%s'", row->template,
			 status, err->text);
	json_decref(data);
	template_free(t);
	free_partials(&partials);
}

static void check_texts(const struct row *rows, size_t count,
			const struct render *how)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		struct error err = ERROR_INIT;
		struct buf out = BUF_INIT;

		render(row, how, &out, &err);
		if (err.text[0] != '\0')
			fail_msg("row %zu '%s': %s", i, row->template,
				 err.text);
		if (strcmp(buf_text(&out) + 3, row->expected) != 0)
			fail_msg("row %zu '%s': expected '%s', got '%s'", i,
				 row->template, row->expected,
				 buf_text(&out) + 3);
		buf_free(&out);
	}
}

static void check_messages(const struct row *rows, size_t count,
			   const struct render *how)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		struct error err = ERROR_INIT;
		struct buf out = BUF_INIT;

		render(row, how, &out, &err);
		if (strcmp(err.text, row->expected) != 0)
			fail_msg("row %zu '%s': expected '%s', got '%s'", i,
				 row->template, row->expected, err.text);
		if (strcmp(buf_text(&out), "old") != 0)
			fail_msg("row %zu '%s': out has '%s'", i, row->template,
				 buf_text(&out));
		buf_free(&out);
	}
}

#define CHECK_TEXTS(rows, how)                                                 \
	check_texts(rows, sizeof(rows) / sizeof((rows)[0]), how)
#define CHECK_MESSAGES(rows, how)                                              \
	check_messages(rows, sizeof(rows) / sizeof((rows)[0]), how)

static const struct render strict = { .escape = escape_html };
static const struct render lenient = { .escape = escape_html, .lenient = 1 };
static const struct render lines = { .escape = escape_line };

static void test_text_is_copied(void **state)
{
	static const struct row rows[] = {
		{ "", NULL, NULL, "" },
		{ "plain", NULL, NULL, "plain" },
		{ "a { b } {c} }} }}}\n\n", NULL, NULL,
		  "a { b } {c} }} }}}\n\n" },
		{ "\xc3\xa9\r\n\t", NULL, NULL, "\xc3\xa9\r\n\t" },
		{ "{", NULL, NULL, "{" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_comments_vanish(void **state)
{
	static const struct row rows[] = {
		{ "a{{! x }}b", NULL, NULL, "ab" },
		{ "a {{!x}} b\n", NULL, NULL, "a  b\n" },
		{ "a{{! one\ntwo {{ three }}b", NULL, NULL, "ab" },
		{ "{{!}}", NULL, NULL, "" },
		{ "a\n{{! x }}\nb\n", NULL, NULL, "a\nb\n" },
		{ "a\n \t{{!\n x\n}}\t \nb\n", NULL, NULL, "a\nb\n" },
		{ "a\r\n {{!x}} \r\nb", NULL, NULL, "a\r\nb" },
		{ " {{!x}}", NULL, NULL, "" },
		{ "{{!x}}\r", NULL, NULL, "\r" },
		{ "{{!x}} {{!y}}\n", NULL, NULL, " \n" },
		{ "{{!x}}\n{{!y}}\n{{!z}}", NULL, NULL, "" },
		{ "a{{!x}}{{!y}}\nb", NULL, NULL, "a\nb" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_variables_are_written(void **state)
{
	static const struct row rows[] = {
		{ "{{x}}", "{\"x\": \"v\"}", NULL, "v" },
		{ "a{{x}}b{{x}}", "{\"x\": \"v\"}", NULL, "avbv" },
		{ "{{ x }}|{{\nx\t}}", "{\"x\": \"v\"}", NULL, "v|v" },
		{ "{{x}}}", "{\"x\": \"v\"}", NULL, "v}" },
		{ "{{x}}", "{\"x\": \"\"}", NULL, "" },
		{ "  {{x}}  \n", "{\"x\": \"v\"}", NULL, "  v  \n" },
		{ "{{{x}}}\n", "{\"x\": \"v\"}", NULL, "v\n" },
		{ "{{&x}}\n", "{\"x\": \"v\"}", NULL, "v\n" },
		{ "{{\xc3\xa9-b_c!}}", "{\"\xc3\xa9-b_c!\": \"v\"}", NULL,
		  "v" },
		{ "{{.}}", "\"v\"", NULL, "v" },
		{ "{{.}}", "7", NULL, "7" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_variables_are_escaped_unless_raw(void **state)
{
	static const struct row rows[] = {
		{ "{{x}}", "{\"x\": \"a<b>&\\\"\"}", NULL,
		  "a&lt;b&gt;&amp;&quot;" },
		{ "{{{x}}}", "{\"x\": \"a<b>&\\\"\"}", NULL, "a<b>&\"" },
		{ "{{&x}}", "{\"x\": \"a<b>&\\\"\"}", NULL, "a<b>&\"" },
		{ "{{{ x }}}{{& x }}", "{\"x\": \"<\"}", NULL, "<<" },
		{ "{{ { x }}}{{ & x }}", "{\"x\": \"<\"}", NULL, "<<" },
		{ "{{.}}{{{.}}}{{&.}}", "\"<\"", NULL, "&lt;<<" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_values_are_not_read_as_templates(void **state)
{
	static const struct row rows[] = {
		{ "{{x}}{{y}}", "{\"x\": \"{{y}}\", \"y\": \"v\"}", NULL,
		  "{{y}}v" },
		{ "{{{x}}}", "{\"x\": \"{{=| |=}}{{#a}}\"}", NULL,
		  "{{=| |=}}{{#a}}" },
		{ "{{x}}y}}", "{\"x\": \"{{\", \"y\": \"v\"}", NULL, "{{y}}" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_numbers_are_written_as_in_json(void **state)
{
	static const char *const numbers[] = {
		"0",
		"-1",
		"9223372036854775807",
		"1.21",
		"0.1",
		"-0.5",
		"1.0",
		"-0.0",
		"-100.0",
		"1000000.0",
		"-1e15",
		"100.0",
		"0.3",
		"1e22",
		"5e-324",
		"1e-7",
		"0.0001",
		"123456789012345.0",
		"1e15",
		"1.5e300",
		"1.7976931348623157e308",
		"2.5e-8",
		"0.30000000000000004",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct row row = { "{{.}}", numbers[i], NULL, numbers[i] };

		check_texts(&row, 1, &strict);
		row.template = "{{{.}}}";
		check_texts(&row, 1, &strict);
	}
}

static void test_dotted_names_go_inside(void **state)
{
	static const struct row rows[] = {
		{ "{{a.b}}", "{\"a\": {\"b\": \"v\"}}", NULL, "v" },
		{ "{{a.b.c.d}}", "{\"a\":{\"b\":{\"c\":{\"d\":1}}}}", NULL,
		  "1" },
		{ "{{{a.b}}}{{&a.b}}", "{\"a\": {\"b\": \"<\"}}", NULL, "<<" },
		{ "{{a.b}}", "{\"a.b\": 1, \"a\": {\"b\": 2}}", NULL, "2" },
		{ "{{#a.b}}{{c}}{{/a.b}}", "{\"a\": {\"b\": {\"c\": 1}}}", NULL,
		  "1" },
		{ "{{^a.b}}no{{/a.b}}", "{\"a\": {\"b\": false}}", NULL, "no" },
		{ "{{^a.b.c}}no{{/a.b.c}}", "{\"a\": {}, \"c\": 1}", NULL,
		  "no" },
		{ "{{#a.b}}yes{{/a.b}}", "{\"a\": 1}", NULL, "" },
		{ "{{#s}}{{a.b}}{{/s}}",
		  "{\"a\": {\"b\": 1}, \"s\": {\"b\": 2}}", NULL, "1" },
		{ "{{#s}}{{a.b}}{{/s}}",
		  "{\"a\": {\"b\": 1}, \"s\": {\"a\": {\"b\": 2}}}", NULL,
		  "2" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_sections_show_true_values_once(void **state)
{
	static const struct row rows[] = {
		{ "{{#x}}y{{/x}}", "{\"x\": true}", NULL, "y" },
		{ "{{#x}}y{{/x}}", "{\"x\": false}", NULL, "" },
		{ "{{#x}}y{{/x}}", "{\"x\": null}", NULL, "" },
		{ "{{#x}}y{{/x}}", "{}", NULL, "" },
		{ "{{#x}}y{{/x}}", "{\"x\": []}", NULL, "" },
		{ "{{#x}}y{{/x}}", "{\"x\": {}}", NULL, "y" },
		{ "{{#x}}y{{/x}}", "{\"x\": \"\"}", NULL, "y" },
		{ "{{#x}}y{{/x}}", "{\"x\": 0}", NULL, "y" },
		{ "{{#x}}y{{/x}}", "{\"x\": 0.0}", NULL, "y" },
		{ "{{#x}}{{/x}}z", "{\"x\": true}", NULL, "z" },
		{ "{{#x}}a{{#x}}b{{/x}}c{{/x}}d", "{\"x\": true}", NULL,
		  "abcd" },
		{ "{{#x}}a{{#x}}b{{/x}}c{{/x}}d", "{\"x\": false}", NULL, "d" },
		{ "{{# x }}y{{/\nx }}", "{\"x\": true}", NULL, "y" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_inverted_sections_show_false_values(void **state)
{
	static const struct row rows[] = {
		{ "{{^x}}y{{/x}}", "{\"x\": true}", NULL, "" },
		{ "{{^x}}y{{/x}}", "{\"x\": false}", NULL, "y" },
		{ "{{^x}}y{{/x}}", "{\"x\": null}", NULL, "y" },
		{ "{{^x}}y{{/x}}", "{}", NULL, "y" },
		{ "{{^x}}y{{/x}}", "{\"x\": []}", NULL, "y" },
		{ "{{^x}}y{{/x}}", "{\"x\": [0]}", NULL, "" },
		{ "{{^x}}y{{/x}}", "{\"x\": {}}", NULL, "" },
		{ "{{^x}}y{{/x}}", "{\"x\": \"\"}", NULL, "" },
		{ "{{^x}}y{{/x}}", "{\"x\": 0}", NULL, "" },
		{ "{{^x}}a{{^x}}b{{/x}}c{{/x}}d", "{}", NULL, "abcd" },
		{ "{{^x}}a{{#x}}b{{/x}}c{{/x}}d", "{\"x\": 1}", NULL, "d" },
		{ "{{^x}}{{y}}{{/x}}", "{\"y\": 1}", NULL, "1" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_lists_are_repeated(void **state)
{
	static const struct row rows[] = {
		{ "{{#l}}<{{.}}>{{/l}}", "{\"l\": [\"a\", 1, 2.5]}", NULL,
		  "<a><1><2.5>" },
		{ "{{#l}}{{n}},{{/l}}", "{\"l\": [{\"n\": 1}, {\"n\": 2}]}",
		  NULL, "1,2," },
		{ "{{#l}}({{#.}}{{.}}{{/.}}){{/l}}",
		  "{\"l\": [[1, 2], [], [3]]}", NULL, "(12)()(3)" },
		{ "{{#.}}{{a}}{{/.}}", "[{\"a\": 1}, {\"a\": 2}]", NULL, "12" },
		{ "{{#l}}{{#m}}{{a}}{{b}} {{/m}}{{/l}}",
		  "{\"l\": [{\"a\": 1, \"m\": [{\"b\": 2}, {\"b\": 3}]}, "
		  "{\"a\": 4, \"m\": {\"b\": 5}}]}",
		  NULL, "12 13 45 " },
		{ "{{#l}}x{{/l}}", "{\"l\": [false, null]}", NULL, "xx" },
		{ "{{#l}}\n{{.}}\n{{/l}}\n", "{\"l\": [1, 2]}", NULL,
		  "1\n2\n" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_names_are_looked_up_outwards(void **state)
{
	static const struct row rows[] = {
		{ "{{#s}}{{a}}{{b}}{{/s}}{{b}}",
		  "{\"a\": 1, \"b\": 2, \"s\": {\"b\": 3}}", NULL, "132" },
		{ "{{#s}}{{s}}{{.}}{{/s}}", "{\"s\": \"v\"}", NULL, "vv" },
		{ "{{#l}}{{.}}{{a}}{{/l}}", "{\"a\": \"-\", \"l\": [1, 2]}",
		  NULL, "1-2-" },
		{ "{{#p}}{{#q}}{{#r}}{{a}}{{/r}}{{/q}}{{/p}}",
		  "{\"a\": 1, \"p\": {\"q\": {\"r\": true, \"b\": 1}}}", NULL,
		  "1" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_tags_alone_in_a_line_take_it_along(void **state)
{
	static const char data[] = "{\"x\": true, \"l\": [1, 2]}";
	static const struct row rows[] = {
		{ "a\n{{#x}}\nb\n{{/x}}\nc\n", data, NULL, "a\nb\nc\n" },
		{ "a\n \t{{#x}} \t\nb\n  {{/x}}\nc", data, NULL, "a\nb\nc" },
		{ "a\r\n{{#x}}\r\nb\r\n{{/x}}\r\nc", data, NULL,
		  "a\r\nb\r\nc" },
		{ "a\n{{^x}}\nb\n{{/x}}\nc\n", data, NULL, "a\nc\n" },
		{ " {{#x}}\nb\n {{/x}}", data, NULL, "b\n" },
		{ "{{#x}}\n{{#x}}\na\n{{/x}}\n{{/x}}\n", data, NULL, "a\n" },
		{ " {{#x}}a{{/x}}\n", data, NULL, " a\n" },
		{ " {{#x}}\ta\t{{/x}} \n", data, NULL, " \ta\t \n" },
		{ "{{#x}}{{/x}}\n", data, NULL, "\n" },
		{ "{{#x}} \n {{/x}} .", data, NULL, "  ." },
		{ "{{#l}}\n{{.}}{{/l}}\n", data, NULL, "12\n" },
		{ "\n\n{{#x}}\n\n{{/x}}\n\n", data, NULL, "\n\n\n\n" },
		{ "{{=| |=}}\n|#x|\na\n|/x|\n", data, NULL, "a\n" },
		{ "a\v{{#x}}\nb{{/x}}", data, NULL, "a\v\nb" },
		{ "\f{{!x}}\n", data, NULL, "\f\n" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_delimiters_can_be_changed(void **state)
{
	static const char data[] = "{\"x\": \"<\", \"y\": true}";
	static const struct row rows[] = {
		{ "{{=<% %>=}}{{x}}<%x%>", data, NULL, "{{x}}&lt;" },
		{ "{{=| |=}}|x||&x||={{ }}=|{{x}}|x|", data, NULL,
		  "&lt;<&lt;|x|" },
		{ "{{= [[ \n ]] =}}[[#y]]a[[/y]][[^y]]b[[/y]]", data, NULL,
		  "a" },
		{ "{{=<% %>=}}<%{x}%>", data, NULL, "<" },
		{ "{{=! !=}}!x!", data, NULL, "&lt;" },
		{ "a {{=| |=}}\nb", data, NULL, "a \nb" },
		{ "a\n {{=| |=}} \nb|!c|", data, NULL, "a\nb" },
		{ "a\r\n{{=| |=}}\r\nb", data, NULL, "a\r\nb" },
		{ "{{=((( )=}}(((x)", data, NULL, "&lt;" },
		{ "{{=<% %>=}}<%>p%>{{x}}", data, "{\"p\": \"{{x}}\"}",
		  "&lt;{{x}}" },
		{ "{{>p}}{{x}}|x|", data, "{\"p\": \"{{=| |=}}|x|\"}",
		  "&lt;&lt;|x|" },
		{ "{{= {{ }} =}}{{x}}", data, NULL, "&lt;" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_partials_are_included(void **state)
{
	static const struct row rows[] = {
		{ "a{{>p}}c", NULL, "{\"p\": \"b\"}", "abc" },
		{ "a{{> p }}c", NULL, "{\"p\": \"b\"}", "abc" },
		{ "{{>a.b/c}}", NULL, "{\"a.b/c\": \"x\"}", "x" },
		{ "{{>p}}", NULL, "{\"p\": \"\"}", "" },
		{ "{{>p}}", "{\"x\": 1}", "{\"p\": \"{{x}}\"}", "1" },
		{ "{{#s}}{{>p}}{{/s}}", "{\"x\": 1, \"s\": {\"x\": 2}}",
		  "{\"p\": \"{{x}}\"}", "2" },
		{ "{{>p}}", "{\"x\": 1}",
		  "{\"p\": \"<{{>q}}>\", \"q\": \"{{x}}\"}", "<1>" },
		{ "{{>n}}", "{\"v\": 1, \"c\": [{\"v\": 2, \"c\": []}]}",
		  "{\"n\": \"({{v}}{{#c}}{{>n}}{{/c}})\"}", "(1(2))" },
		{ "{{>p}}{{a.b}}", "{\"a\": {\"b\": 1, \"c\": 2}}",
		  "{\"p\": \"{{a.c}}\"}", "21" },
		{ "{{#l}}{{>p}}{{/l}}", "{\"l\": [1, 2]}",
		  "{\"p\": \"{{.}};\"}", "1;2;" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_partials_alone_in_a_line_are_indented(void **state)
{
	static const struct row rows[] = {
		{ "a\n  {{>p}}\nb\n", NULL, "{\"p\": \"x\\ny\\n\"}",
		  "a\n  x\n  y\nb\n" },
		{ "a\r\n\t{{>p}}\r\nb", NULL, "{\"p\": \"x\\r\\ny\\r\\n\"}",
		  "a\r\n\tx\r\n\ty\r\nb" },
		{ "  {{>p}}\nb", NULL, "{\"p\": \"x\\ny\"}", "  x\n  yb" },
		{ "  {{>p}}", NULL, "{\"p\": \"\"}", "" },
		{ "  {{>p}}", NULL, "{\"p\": \"\\n\\na\\n\"}",
		  "  \n  \n  a\n" },
		{ "  {{>p}}!\n", NULL, "{\"p\": \"x\\ny\"}", "  x\ny!\n" },
		{ "  {{>p}} {{>p}}\n", NULL, "{\"p\": \"x\\ny\"}",
		  "  x\ny x\ny\n" },
		{ " {{>p}}\n", NULL, "{\"p\": \"{{!c}} a{{!d}}b\\nc\"}",
		  "  ab\n c" },
		{ " {{>p}}\n", NULL, "{\"p\": \"a\\n {{!c}}\\nb\"}", " a\n b" },
		{ " {{>p}}\n", NULL, "{\"p\": \"{{=| |=}}a\\n|={{ }}=|\\nb\"}",
		  " a\n b" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_lines_with_tags_are_indented_once(void **state)
{
	static const char data[] = "{\"v\": \"1\\n2\", \"l\": [1, 2]}";
	static const struct row rows[] = {
		{ " {{>p}}\n", data, "{\"p\": \"{{v}}\\n{{{v}}}|\\n\"}",
		  " 1\n2\n 1\n2|\n" },
		{ " {{>p}}\n", data, "{\"p\": \"{{v}} {{v}}\\n\"}",
		  " 1\n2 1\n2\n" },
		{ " {{>p}}\n", data,
		  "{\"p\": \"a\\n{{#l}}\\n{{.}}\\n{{/l}}\\nb\\n\"}",
		  " a\n 1\n 2\n b\n" },
		{ " {{>p}}\n", data, "{\"p\": \"{{#l}}{{.}}{{/l}}\\nb\"}",
		  " 12\n b" },
		{ " {{>p}}\n", data, "{\"p\": \"{{#l}}\\n{{.}}{{/l}}\\n\"}",
		  " 1 2\n" },
		{ " {{>p}}\n", data, "{\"p\": \"{{#l}}\\na\\n{{/l}}.\\n\"}",
		  " a\n  a\n .\n" },
		{ " {{>p}}\n", data, "{\"p\": \"{{^l}}\\na\\n{{/l}}.\\n\"}",
		  ".\n" },
		{ " {{>p}}\n", data, "{\"p\": \"{{^no}}a\\nb{{/no}}\\nc\"}",
		  " a\n b\n c" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_indentation_adds_up(void **state)
{
	static const struct row rows[] = {
		{ " {{>p}}\n", NULL,
		  "{\"p\": \"a\\n\\t{{>q}}\\nd\\n\", \"q\": \"b\\nc\\n\"}",
		  " a\n \tb\n \tc\n d\n" },
		{ " {{>p}}\n", NULL,
		  "{\"p\": \"{{>q}}\\n\", \"q\": \"b\\nc\\n\"}", " b\n c\n" },
		{ "{{>p}}\n", NULL,
		  "{\"p\": \" {{>q}}\\n\", \"q\": \"b\\nc\\n\"}", " b\n c\n" },
		{ " {{>p}}\n", NULL,
		  "{\"p\": \"{{>q}}.\\ne\", \"q\": \"b\\nc\"}", " b\nc.\n e" },
		{ " {{>p}}\n.", NULL,
		  "{\"p\": \"-{{>q}}\\n{{>q}}\\n\", \"q\": \"b\\n{{>r}}\", "
		  "\"r\": \"c\\nd\"}",
		  " -b\nc\nd\n b\n c\n d." },
		{ "{{>n}}",
		  "{\"v\": 1, \"c\": {\"v\": 2, \"c\": {\"v\": 3, "
		  "\"c\": false}}}",
		  "{\"n\": \"{{v}}\\n{{#c}}\\n  {{>n}}\\n{{/c}}\\n\"}",
		  "1\n  2\n    3\n" },
	};

	(void)state;
	CHECK_TEXTS(rows, &strict);
}

static void test_holes_are_errors(void **state)
{
	static const struct row rows[] = {
		{ "a\n{{x}}", "{}", NULL, "t:2: 'x' is missing" },
		{ "{{{x}}}", "{}", NULL, "t:1: 'x' is missing" },
		{ "{{&x}}", "{\"x\": null}", NULL, "t:1: 'x' is null" },
		{ "{{x}}", "{\"x\": {}}", NULL,
		  "t:1: 'x' is an object, not a text" },
		{ "{{x}}", "{\"x\": [1]}", NULL,
		  "t:1: 'x' is a list, not a text" },
		{ "{{x}}", "{\"x\": true}", NULL,
		  "t:1: 'x' is true or false, not a text" },
		{ "{{x}}", "{\"x\": false}", NULL,
		  "t:1: 'x' is true or false, not a text" },
		{ "{{.}}", "{}", NULL, "t:1: '.' is an object, not a text" },
		{ "{{a.b}}", "{\"a.b\": 1}", NULL, "t:1: 'a.b' is missing" },
		{ "{{a.b.c}}", "{\"a\": {\"b\": 1}}", NULL,
		  "t:1: 'a.b.c' is missing" },
		{ "{{#a}}{{b.c}}{{/a}}",
		  "{\"a\": {\"b\": {}}, \"b\": {\"c\": 1}}", NULL,
		  "t:1: 'b.c' is missing" },
		{ "{{#s}}\n{{x}}{{/s}}", "{\"x\": 1, \"s\": {\"x\": null}}",
		  NULL, "t:2: 'x' is null" },
		{ "{{! \n\n }}\n{{x\n}}", "{}", NULL, "t:4: 'x' is missing" },
		{ "a\n\n{{>p}}", "{}", NULL, "t:3: partial 'p' is missing" },
		{ "a\n{{>p}}", "{}", "{\"p\": \"\\n\\n{{x}}\"}",
		  "p:3: 'x' is missing" },
		{ "{{>p}}\n{{x}}", "{}", "{\"p\": \"\"}",
		  "t:2: 'x' is missing" },
		{ "{{titel}}", "{\"title\": \"t\"}", NULL,
		  "t:1: 'titel' is missing; did you mean 'title'?" },
		{ "{{#s}}{{titel}}{{/s}}",
		  "{\"title\": 1, \"s\": [{\"url\": 1}]}", NULL,
		  "t:1: 'titel' is missing; did you mean 'title'?" },
		{ "{{#s}}{{timout}}{{/s}}",
		  "{\"title\": 1, \"s\": [{\"timeout\": 1}]}", NULL,
		  "t:1: 'timout' is missing; did you mean 'timeout'?" },
		{ "{{time.secnds}}", "{\"time\": {\"seconds\": 1}}", NULL,
		  "t:1: 'time.secnds' is missing; did you mean 'seconds'?" },
		{ "{{tine.seconds}}", "{\"time\": {\"seconds\": 1}}", NULL,
		  "t:1: 'tine.seconds' is missing; did you mean 'time'?" },
		{ "{{a.b.seconds}}", "{\"a\": {\"b\": \"c\"}, \"second\": 1}",
		  NULL, "t:1: 'a.b.seconds' is missing" },
	};

	(void)state;
	CHECK_MESSAGES(rows, &strict);
}

static void test_holes_are_empty_when_lenient(void **state)
{
	static const struct row rows[] = {
		{ "<{{x}}{{{x}}}{{&x}}>", "{}", NULL, "<>" },
		{ "<{{x}}{{{x}}}{{&x}}>", "{\"x\": null}", NULL, "<>" },
		{ "<{{a.b}}>", "{\"a\": {}}", NULL, "<>" },
		{ "<{{x}}>", "{\"x\": [1]}", NULL, "<>" },
		{ "<{{x}}>", "{\"x\": {}}", NULL, "<>" },
		{ "<{{x}}>", "{\"x\": true}", NULL, "<>" },
		{ "<{{>p}}>", "{}", NULL, "<>" },
		{ "<\n {{>p}}\n>", "{}", NULL, "<\n>" },
		{ "<{{x}}>", "{\"x\": \"v\"}", NULL, "<v>" },
	};

	(void)state;
	CHECK_TEXTS(rows, &lenient);
}

static void test_missing_data_is_a_hole(void **state)
{
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;
	struct template *t = parse("t", "{{#x}}{{/x}}{{.}}");

	(void)state;
	assert_int_equal(template_render(t, NULL, &strict, &out, &err), -1);
	assert_string_equal(err.text, "t:1: '.' is missing");
	assert_string_equal(buf_text(&out), "");
	template_free(t);
	buf_free(&out);
}

static void test_refusals_of_the_dialect_name_the_variable(void **state)
{
	static const struct row rows[] = {
		{ "a\n{{title}}", "{\"title\": \"b\\nc\"}", NULL,
		  "t:2: 'title' contains a line break" },
		{ "{{>p}}", "{\"a\": {\"b\": \"\\n\"}}",
		  "{\"p\": \"\\n{{a.b}}\"}",
		  "p:2: 'a.b' contains a line break" },
	};
	static const struct row raw = { "{{{x}}}{{&x}}", "{\"x\": \"a\\nb\"}",
					NULL, "a\nba\nb" };

	(void)state;
	CHECK_MESSAGES(rows, &lines);
	check_texts(&raw, 1, &lines);
}

static void test_nul_bytes_are_refused(void **state)
{
	static const struct row rows[] = {
		{ "{{{x}}}", "{\"x\": \"a\\u0000b\"}", NULL,
		  "t:1: 'x' contains a NUL byte" },
		{ "{{&x}}", "{\"x\": \"\\u0000\"}", NULL,
		  "t:1: 'x' contains a NUL byte" },
	};
	struct error err = ERROR_INIT;

	(void)state;
	CHECK_MESSAGES(rows, &strict);
	assert_null(template_parse("dir/t", "a\n{{\0}}", 7, &err));
	assert_string_equal(err.text,
			    "t:2: contains a NUL byte: save it as UTF-8 text");
}

static void test_values_reach_the_escaper_whole(void **state)
{
	static const struct row row = { "{{x}}", "{\"x\": \"a\\u0000b\"}", NULL,
					"" };
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	render(&row, &strict, &out, &err);
	assert_int_equal(out.len, 6);
	assert_memory_equal(out.data, "olda\0b", 6);
	buf_free(&out);
}

struct fault {
	const char *text;
	const char *message;
};

static void check_faults(const struct fault *faults, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *text = faults[i].text;
		struct error err = ERROR_INIT;
		struct template *t =
			template_parse("dir/t", text, strlen(text), &err);

		if (t != NULL)
			fail_msg("row %zu '%s' was parsed", i, text);
		if (strcmp(err.text, faults[i].message) != 0)
			fail_msg("row %zu '%s': expected '%s', got '%s'", i,
				 text, faults[i].message, err.text);
	}
}

#define CHECK_FAULTS(faults)                                                   \
	check_faults(faults, sizeof(faults) / sizeof((faults)[0]))

static void test_unclosed_tag_names_its_line(void **state)
{
	static const struct fault faults[] = {
		{ "{{", "t:1: tag is never closed with '}}'" },
		{ "a\nb {{x\n\n", "t:2: tag is never closed with '}}'" },
		{ "{{x} }", "t:1: tag is never closed with '}}'" },
		{ "\n{{! x", "t:2: tag is never closed with '}}'" },
		{ "{{=| |=}}\n|x", "t:2: tag is never closed with '|'" },
		{ "{{=<% %>=}}<%x}}", "t:1: tag is never closed with '%>'" },
		{ "{{{x}}", "t:1: tag is never closed with '}}}'" },
		{ "{{{x}} {{{y}}}", "t:1: tag is never closed with '}}}'" },
		{ "{{{x} }}", "t:1: tag is never closed with '}}}'" },
		{ "{{=<% %>=}}<%{x%> }%>",
		  "t:1: tag is never closed with '}%>'" },
		{ "{{=| |", "t:1: tag is never closed with '=}}'" },
		{ "{{=}}", "t:1: tag is never closed with '=}}'" },
	};

	(void)state;
	CHECK_FAULTS(faults);
}

static void test_unclosed_section_names_its_line(void **state)
{
	static const struct fault faults[] = {
		{ "a\n{{#x}}\n\n",
		  "t:2: section 'x' is never closed with {{/x}}" },
		{ "{{#x}}\n{{^y.z}}",
		  "t:2: section 'y.z' is never closed with {{/y.z}}" },
		{ "{{#x}}\n{{#y}}{{/y}}",
		  "t:1: section 'x' is never closed with {{/x}}" },
	};

	(void)state;
	CHECK_FAULTS(faults);
}

static void test_section_end_must_fit(void **state)
{
	static const struct fault faults[] = {
		{ "\n{{/x}}", "t:2: {{/x}} closes a section that was never "
			      "opened with {{#x}} or {{^x}}" },
		{ "{{#x}}{{/x}}{{/x}}",
		  "t:1: {{/x}} closes a section that was never opened with "
		  "{{#x}} or {{^x}}" },
		{ "{{#x}}\n{{/y}}", "t:2: {{/y}} closes the wrong section: "
				    "{{/x}} for line 1 must come first" },
		{ "{{#x}}{{^xy}}\n{{/x}}{{/xy}}",
		  "t:2: {{/x}} closes the wrong section: {{/xy}} for line 1 "
		  "must come first" },
	};

	(void)state;
	CHECK_FAULTS(faults);
}

static void test_tag_must_have_one_name(void **state)
{
	static const char empty[] =
		"t:1: tag is empty: a name must stand in it";
	static const struct fault faults[] = {
		{ "{{}}", empty },
		{ "{{ \n }}", empty },
		{ "{{{}}}", empty },
		{ "{{& }}", empty },
		{ "{{#}}{{/}}", empty },
		{ "{{^}}", empty },
		{ "{{/}}", empty },
		{ "{{>}}", empty },
		{ "{{a b}}", "t:1: name 'a b' contains white space" },
		{ "{{#a\nb}}", "t:1: name 'a*b' contains white space" },
		{ "{{{a b}}}", "t:1: name 'a b' contains white space" },
		{ "{{> a b}}", "t:1: name 'a b' contains white space" },
		{ "{{a\x01}}", "t:1: name 'a*' contains a control byte" },
		{ "{{>\x7f}}", "t:1: name '*' contains a control byte" },
	};

	(void)state;
	CHECK_FAULTS(faults);
}

static void test_name_must_be_plain(void **state)
{
	static const struct fault faults[] = {
		{ "{{a..b}}", "t:1: name 'a..b' has an empty part: dots stand "
			      "between two names" },
		{ "{{#.a}}", "t:1: name '.a' has an empty part: dots stand "
			     "between two names" },
		{ "{{&a.b.}}", "t:1: name 'a.b.' has an empty part: dots stand "
			       "between two names" },
		{ "{{^..}}", "t:1: name '..' has an empty part: dots stand "
			     "between two names" },
		{ "{{##a}}", "t:1: name '#a' begins with '#', which marks "
			     "another kind of tag" },
		{ "{{>=a}}", "t:1: name '=a' begins with '=', which marks "
			     "another kind of tag" },
		{ "{{{{a}}}}", "t:1: name '{a' begins with '{', which marks "
			       "another kind of tag" },
	};

	(void)state;
	CHECK_FAULTS(faults);
}

static void test_optional_modules_are_refused(void **state)
{
	static const struct fault faults[] = {
		{ "{{$x}}", "t:1: inheritance is not supported: {{$x}}" },
		{ "\n{{<x}}", "t:2: inheritance is not supported: {{<x}}" },
		{ "{{> *x}}",
		  "t:1: a dynamic partial name is not supported: {{>*x}}" },
	};

	(void)state;
	CHECK_FAULTS(faults);
}

static void test_delimiters_must_be_two_words(void **state)
{
	static const char message[] = "t:1: delimiters must be two words "
				      "without '=', as in {{=<% %>=}}";
	static const struct fault faults[] = {
		{ "{{==}}", message },     { "{{= =}}", message },
		{ "{{=|=}}", message },    { "{{=| | |=}}", message },
		{ "{{=a= b=}}", message }, { "{{=== ===}}", message },
	};

	(void)state;
	CHECK_FAULTS(faults);
}

static void test_long_names_leave_room_for_the_reason(void **state)
{
	char text[700] = "{{a.";
	struct error err = ERROR_INIT;

	(void)state;
	memset(text + 4, 'b', 600);
	strcpy(text + 604, ".}}");
	assert_null(template_parse("t", text, strlen(text), &err));
	assert_int_equal(strlen(err.text),
			 strlen("t:1: name '") + 100 +
				 strlen("' has an empty part: dots stand "
					"between two names"));
}

/* s repeated count times; release with free(). */
static char *repeat(const char *s, size_t count)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < count; i++)
		buf_puts(&text, s);
	return buf_take(&text);
}

static void test_sections_nest_64_deep(void **state)
{
	char *open = repeat("{{#x}}", 65);
	char *close = repeat("{{/x}}", 64);
	struct buf text = BUF_INIT;
	struct error err = ERROR_INIT;
	struct row row = { NULL, "{\"x\": 1}", NULL, "v" };

	(void)state;
	buf_printf(&text, "%sv%s", open + strlen("{{#x}}"), close);
	row.template = buf_text(&text);
	check_texts(&row, 1, &strict);
	assert_null(template_parse("t", open, strlen(open), &err));
	assert_string_equal(err.text,
			    "t:1: sections are nested more than 64 deep: put "
			    "the inner ones into a partial");
	buf_free(&text);
	free(close);
	free(open);
}

/* {"x": {"x": ... {"x": false}}}, count values deep; release with free(). */
static char *nest(size_t count)
{
	char *open = repeat("{\"x\":", count);
	char *close = repeat("}", count);
	struct buf data = BUF_INIT;

	buf_printf(&data, "%sfalse%s", open, close);
	free(close);
	free(open);
	return buf_take(&data);
}

static void test_partials_nest_32_deep(void **state)
{
	static const char partials[] = "{\"p\": \".\\n{{#x}}{{>p}}{{/x}}\"}";
	char *deepest = nest(32);
	char *deeper = nest(33);
	char *dots = repeat(".\n", 32);
	struct row row = { "{{>p}}", deepest, partials, dots };

	(void)state;
	check_texts(&row, 1, &strict);
	row = (struct row){ "{{>p}}", deeper, partials,
			    "p:2: partial 'p' is nested more than 32 deep" };
	check_messages(&row, 1, &strict);
	row = (struct row){ "{{>p}}", NULL, "{\"p\": \" {{>p}}\\n{{>p}}\"}",
			    "p:1: partial 'p' is nested more than 32 deep" };
	check_messages(&row, 1, &strict);
	free(dots);
	free(deeper);
	free(deepest);
}

static void test_sections_nest_256_deep_through_partials(void **state)
{
	static const char partials[] =
		"{\"p\": \"{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}{{#x}}"
		"{{#x}}.{{>p}}{{/x}}{{/x}}{{/x}}{{/x}}{{/x}}{{/x}}{{/x}}"
		"{{/x}}{{/x}}\"}";
	char *deepest = nest(257);
	char *deeper = nest(258);
	char *dots = repeat(".", 28);
	struct row row = { "{{>p}}", deepest, partials, dots };

	(void)state;
	check_texts(&row, 1, &strict);
	row = (struct row){ "{{>p}}", deeper, partials,
			    "p:1: section 'x' is nested more than 256 deep" };
	check_messages(&row, 1, &strict);
	free(dots);
	free(deeper);
	free(deepest);
}

static void test_output_is_bounded(void **state)
{
	char *list = repeat("0,", 1 << 12);
	char *text = repeat("0123456789abcdef", 1 << 8);
	struct buf data = BUF_INIT;
	struct row row = { "{{#l}}{{x}}{{/l}}", NULL, NULL, NULL };
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	buf_printf(&data, "{\"x\": \"%s\", \"l\": [%s0]}", text, list);
	row.data = buf_text(&data);
	row.expected = "t:1: output is longer than 16 MiB";
	check_messages(&row, 1, &strict);
	buf_free(&data);
	buf_printf(&data, "{\"x\": \"%s\", \"l\": [%.*s]}", text,
		   (int)strlen(list) - 1, list);
	row.data = buf_text(&data);
	render(&row, &strict, &out, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(out.len, (16 << 20) + 3);
	buf_free(&out);
	buf_free(&data);
	free(text);
	free(list);
}

static void test_steps_are_bounded(void **state)
{
	char *list = repeat("0,", 1 << 12);
	struct buf data = BUF_INIT;
	struct row row = { "{{#l}}\n{{#l}}{{/l}}{{/l}}", NULL, NULL,
			   "t:2: sections and partials are repeated more than "
			   "16777216 times" };

	(void)state;
	buf_printf(&data, "{\"l\": [%s0]}", list);
	row.data = buf_text(&data);
	check_messages(&row, 1, &strict);
	buf_free(&data);
	free(list);
}

/* What one element of a list takes counts too: 64 tags that write nothing, or
 * a name that is looked up in 60 sections around it. */
static void test_work_within_a_list_is_bounded(void **state)
{
	static const char *const tags[] = { "{{^x}}{{/x}}", "{{#x}}{{/x}}",
					    "{{x}}" };
	char *list = repeat("0,", (1 << 9) - 1);
	char *opened = repeat("{{#x}}", 60);
	char *closed = repeat("{{/x}}", 60);
	struct buf data = BUF_INIT;
	struct buf text = BUF_INIT;
	struct row row = { NULL, NULL, NULL,
			   "t:2: sections and partials are repeated more than "
			   "16777216 times" };

	(void)state;
	buf_printf(&data, "{\"x\": \"\", \"l\": [%s0]}", list);
	row.data = buf_text(&data);
	for (size_t i = 0; i < 3; i++) {
		char *inner = repeat(tags[i], 64);

		buf_truncate(&text, 0);
		buf_printf(&text, "{{#l}}{{#l}}\n%s{{/l}}{{/l}}", inner);
		row.template = buf_text(&text);
		check_messages(&row, 1, &strict);
		free(inner);
	}
	buf_truncate(&text, 0);
	buf_printf(&text, "%s{{#l}}{{#l}}\n{{^y}}{{/y}}{{/l}}{{/l}}%s", opened,
		   closed);
	row.template = buf_text(&text);
	check_messages(&row, 1, &strict);
	buf_free(&text);
	buf_free(&data);
	free(closed);
	free(opened);
	free(list);
}

/* More than 2^24 includes without any output, and none of them deep: each
 * partial on four levels names the next one 64 times. */
static void test_includes_are_bounded(void **state)
{
	static const char *const names[] = { "{{>b}}", "{{>c}}", "{{>d}}" };
	struct buf partials = BUF_INIT;
	struct row row = { NULL, NULL, NULL,
			   "b:1: sections and partials are repeated more than "
			   "16777216 times" };
	char *text = repeat("{{>a}}", 64);

	(void)state;
	row.template = text;
	buf_puts(&partials, "{");
	for (size_t i = 0; i < 3; i++) {
		char *level = repeat(names[i], 64);

		buf_printf(&partials, "\"%c\": \"%s\", ", "abc"[i], level);
		free(level);
	}
	buf_puts(&partials, "\"d\": \"\"}");
	row.partials = buf_text(&partials);
	check_messages(&row, 1, &strict);
	buf_free(&partials);
	free(text);
}

static int collect(void *ctx, const struct template_name *name)
{
	static const char uses[] = {
		[TEMPLATE_VARIABLE] = 'v',
		[TEMPLATE_SECTION] = 's',
		[TEMPLATE_END] = 'e',
		[TEMPLATE_PARTIAL] = 'p',
	};
	struct buf *names = ctx;

	assert_string_equal(name->file, "dir/t");
	buf_printf(names, "%c%u:%s,", uses[name->use], name->line, name->text);
	return strcmp(name->text, "stop") == 0 ? 7 : 0;
}

static void test_each_name_is_told_in_order(void **state)
{
	struct template *t = parse(
		"dir/t", "{{>b}}text{{x}}\n{{! no }}{{#x}}{{> a }}{{/x}}{{>b}}"
			 "{{^y.z}}\n {{>c.d}}\n{{/ y.z }}{{{.}}}{{& e}}"
			 "{{=<% %>=}}<%f%><%=| |=%>|g|");
	struct buf names = BUF_INIT;

	(void)state;
	assert_int_equal(template_each_name(t, collect, &names), 0);
	assert_string_equal(buf_text(&names),
			    "p1:b,v1:x,s2:x,p2:a,e2:x,p2:b,s2:y.z,p3:c.d,"
			    "e4:y.z,v4:.,v4:e,v4:f,v4:g,");
	template_free(t);
	buf_free(&names);
	t = parse("dir/t", "{{>a}}{{stop}}{{>b}}");
	assert_int_equal(template_each_name(t, collect, &names), 7);
	assert_string_equal(buf_text(&names), "p1:a,v1:stop,");
	template_free(t);
	buf_free(&names);
}

static void test_template_keeps_nothing_of_its_source(void **state)
{
	char name[] = "t";
	char text[] = "{{=<% %>=}}<%x%><%>p%>";
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;
	struct template *t = template_parse(name, text, strlen(text), &err);
	json_t *data = parse_json("{\"x\": 1}");

	(void)state;
	assert_non_null(t);
	memset(text, '-', sizeof(text));
	memset(name, '-', 1);
	assert_int_equal(template_render(t, data, &lenient, &out, &err), 0);
	assert_string_equal(buf_text(&out), "1");
	assert_int_equal(template_render(t, data, &strict, &out, &err), -1);
	assert_string_equal(err.text, "t:1: partial 'p' is missing");
	assert_string_equal(buf_text(&out), "1");
	json_decref(data);
	template_free(t);
	buf_free(&out);
}

static void test_freeing_nothing_is_allowed(void **state)
{
	(void)state;
	template_free(NULL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_text_is_copied),
	cmocka_unit_test(test_comments_vanish),
	cmocka_unit_test(test_variables_are_written),
	cmocka_unit_test(test_variables_are_escaped_unless_raw),
	cmocka_unit_test(test_values_are_not_read_as_templates),
	cmocka_unit_test(test_numbers_are_written_as_in_json),
	cmocka_unit_test(test_dotted_names_go_inside),
	cmocka_unit_test(test_sections_show_true_values_once),
	cmocka_unit_test(test_inverted_sections_show_false_values),
	cmocka_unit_test(test_lists_are_repeated),
	cmocka_unit_test(test_names_are_looked_up_outwards),
	cmocka_unit_test(test_tags_alone_in_a_line_take_it_along),
	cmocka_unit_test(test_delimiters_can_be_changed),
	cmocka_unit_test(test_partials_are_included),
	cmocka_unit_test(test_partials_alone_in_a_line_are_indented),
	cmocka_unit_test(test_lines_with_tags_are_indented_once),
	cmocka_unit_test(test_indentation_adds_up),
	cmocka_unit_test(test_holes_are_errors),
	cmocka_unit_test(test_holes_are_empty_when_lenient),
	cmocka_unit_test(test_missing_data_is_a_hole),
	cmocka_unit_test(test_refusals_of_the_dialect_name_the_variable),
	cmocka_unit_test(test_nul_bytes_are_refused),
	cmocka_unit_test(test_values_reach_the_escaper_whole),
	cmocka_unit_test(test_unclosed_tag_names_its_line),
	cmocka_unit_test(test_unclosed_section_names_its_line),
	cmocka_unit_test(test_section_end_must_fit),
	cmocka_unit_test(test_tag_must_have_one_name),
	cmocka_unit_test(test_name_must_be_plain),
	cmocka_unit_test(test_optional_modules_are_refused),
	cmocka_unit_test(test_delimiters_must_be_two_words),
	cmocka_unit_test(test_long_names_leave_room_for_the_reason),
	cmocka_unit_test(test_sections_nest_64_deep),
	cmocka_unit_test(test_partials_nest_32_deep),
	cmocka_unit_test(test_sections_nest_256_deep_through_partials),
	cmocka_unit_test(test_output_is_bounded),
	cmocka_unit_test(test_steps_are_bounded),
	cmocka_unit_test(test_work_within_a_list_is_bounded),
	cmocka_unit_test(test_includes_are_bounded),
	cmocka_unit_test(test_each_name_is_told_in_order),
	cmocka_unit_test(test_template_keeps_nothing_of_its_source),
	cmocka_unit_test(test_freeing_nothing_is_allowed),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
