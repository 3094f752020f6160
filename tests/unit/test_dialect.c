#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "dialect.h"
#include "error.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define BREAK "contains a line break"
#define CONTROL "contains a control character"
#define NOT_ASCII "contains a character that is not ASCII"
#define EMPTY "is empty"
#define EDGE "begins or ends with a space"
#define TWO "contains two spaces in a row"
#define JOIN "ends with '\\', which joins two lines"
#define SETTING "contains a '$' that begins a setting"
#define COMMENT "contains a '#' that begins a comment"
#define OPERATOR "contains '&&', '||' or ';', an operator"
#define HOTKEY "contains a caret, which marks a hotkey"
#define NOTHING "is '-', which stands for nothing"

/* What becomes of a value; what begins with "!" is a refusal's phrase. */
struct row {
	const char *value;
	const char *expected;
};

/* Escapes a copy that has no byte behind its NUL. */
static const char *escape(const struct dialect *d, struct buf *out,
			  const char *s, size_t len)
{
	char *copy = malloc(len + 1);
	const char *reason;

	memcpy(copy, s, len);
	copy[len] = '\0';
	reason = d->escape(out, copy, len);
	free(copy);
	return reason;
}

static int is_as_expected(const char *expected, const char *reason,
			  const struct buf *out)
{
	if (expected[0] == '!')
		return reason != NULL && strcmp(reason, expected + 1) == 0 &&
		       out->len == 1;
	return reason == NULL && strcmp(out->data + 1, expected) == 0;
}

static void check_rows(const char *name, const struct row *rows, size_t count)
{
	const struct dialect *d = dialect_find(name);

	for (size_t i = 0; i < count; i++) {
		struct buf out = BUF_INIT;
		const char *reason;

		buf_puts(&out, "<");
		reason = escape(d, &out, rows[i].value, strlen(rows[i].value));
		if (!is_as_expected(rows[i].expected, reason, &out))
			fail_msg("%s, '%s': '%s', %s", name, rows[i].value,
				 out.data, reason != NULL ? reason : "taken");
		buf_free(&out);
	}
}

static void test_scripts_take_only_what_reads_back(void **state)
{
	static const struct row rows[] = {
		{ "a", "a" },
		{ "Debian 12 (amd64)", "Debian 12 (amd64)" },
		{ "a-b", "a-b" },
		{ "a -b --c", "a -b --c" },
		{ "it's \"quoted\"", "it's \"quoted\"" },
		{ "a^b", "a^b" },
		{ "a\\b", "a\\b" },
		{ "a#b", "a#b" },
		{ "a&&b", "a&&b" },
		{ "a||b", "a||b" },
		{ "a;b", "a;b" },
		{ "a; b", "a; b" },
		{ "& | &&& ||| ;;", "& | &&& ||| ;;" },
		{ "$5 and a$b", "$5 and a$b" },
		{ "$ {x}", "$ {x}" },
		{ "{x}", "{x}" },
		{ "http://h/a?b=c&d=e", "http://h/a?b=c&d=e" },
		{ "", "!" EMPTY },
		{ " ", "!" EDGE },
		{ " a", "!" EDGE },
		{ "a ", "!" EDGE },
		{ "a  b", "!" TWO },
		{ "-", "-" },
		{ "-a", "-a" },
		{ "--- a", "--- a" },
		{ "a\\", "!" JOIN },
		{ "\\", "!" JOIN },
		{ "a \\", "!" JOIN },
		{ "${x}", "!" SETTING },
		{ "a${", "!" SETTING },
		{ "a$", "!" SETTING },
		{ "$", "!" SETTING },
		{ "a $", "!" SETTING },
		{ "$${x}", "!" SETTING },
		{ "#", "!" COMMENT },
		{ "#a", "!" COMMENT },
		{ "a #b", "!" COMMENT },
		{ "a b #", "!" COMMENT },
		{ "&&", "!" OPERATOR },
		{ "||", "!" OPERATOR },
		{ ";", "!" OPERATOR },
		{ "a && b", "!" OPERATOR },
		{ "a || b", "!" OPERATOR },
		{ "a ; b", "!" OPERATOR },
		{ "a ;", "!" OPERATOR },
		{ "&& a", "!" OPERATOR },
		{ "a\nb", "!" BREAK },
		{ "a\r", "!" BREAK },
		{ "a\tb", "!" CONTROL },
		{ "caf\303\251", "!" NOT_ASCII },
		{ "\357\273\277a", "!" NOT_ASCII },
		{ "a\302\240b", "!contains a no-break space, not a plain one" },
		{ "a\302", "!" NOT_ASCII },
	};

	(void)state;
	check_rows("gpxe", rows, LENGTH(rows));
	check_rows("ipxe", rows, LENGTH(rows));
}

static void test_menus_take_only_what_reads_back(void **state)
{
	static const struct row rows[] = {
		{ "a", "a" },
		{ "Debian 12 (amd64)", "Debian 12 (amd64)" },
		{ "-a", "-a" },
		{ "--", "--" },
		{ "- a", "- a" },
		{ "it's \"quoted\"", "it's \"quoted\"" },
		{ "#a && b || c ; d", "#a && b || c ; d" },
		{ "${x}$", "${x}$" },
		{ "a\\", "a\\" },
		{ "", "!" EMPTY },
		{ " ", "!" EDGE },
		{ " a", "!" EDGE },
		{ "a ", "!" EDGE },
		{ "a  b", "!" TWO },
		{ "-", "!" NOTHING },
		{ "^", "!" HOTKEY },
		{ "a^b", "!" HOTKEY },
		{ "ab^", "!" HOTKEY },
		{ "a\nb", "!" BREAK },
		{ "a\rb", "!" BREAK },
		{ "a\032b", "!" CONTROL },
		{ "caf\351", "!" NOT_ASCII },
	};

	(void)state;
	check_rows("pxelinux", rows, LENGTH(rows));
	check_rows("syslinux", rows, LENGTH(rows));
}

static void test_grub_quotes_everything(void **state)
{
	static const struct row rows[] = {
		{ "", "''" },
		{ "a", "'a'" },
		{ " a  b ", "' a  b '" },
		{ "it's", "'it'\\''s'" },
		{ "'", "''\\'''" },
		{ "''", "''\\'''\\'''" },
		{ "\"", "'\"'" },
		{ "a\\", "'a\\'" },
		{ "$x ${x} $(x) $", "'$x ${x} $(x) $'" },
		{ "#a", "'#a'" },
		{ "a && b || c ; d", "'a && b || c ; d'" },
		{ "{ } | & < > * ? [", "'{ } | & < > * ? ['" },
		{ "a^b", "'a^b'" },
		{ "a-b", "'a-b'" },
		{ "-a", "'-a'" },
		{ "--id", "'--id'" },
		{ "-", "'-'" },
		{ "a\nb", "!" BREAK },
		{ "a\rb", "!" BREAK },
		{ "a\tb", "!" CONTROL },
		{ "caf\303\251", "!" NOT_ASCII },
	};

	(void)state;
	check_rows("grub", rows, LENGTH(rows));
}

static void test_html_writes_its_marks_as_entities(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "a", "a" },
		{ " a  b ", " a  b " },
		{ "<a href=\"x\">'&'</a>",
		  "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;" },
		{ "&amp;", "&amp;amp;" },
		{ "&&", "&amp;&amp;" },
		{ "-a # ${x} ^ \\", "-a # ${x} ^ \\" },
		{ "a\tb\nc", "a\tb\nc" },
		{ "caf\303\251", "caf\303\251" },
	};

	(void)state;
	check_rows("html", rows, LENGTH(rows));
}

static const char *expected_of_byte(const struct dialect *d, unsigned c)
{
	if (c == '\n' || c == '\r')
		return BREAK;
	if (c < ' ' || c == 0x7f)
		return CONTROL;
	if (c >= 0x80)
		return NOT_ASCII;
	if (c == '^' && strstr(d->name, "linux") != NULL)
		return HOTKEY;
	return NULL;
}

static void check_byte(const struct dialect *d, unsigned c, size_t at)
{
	char value[] = "xyz";
	struct buf out = BUF_INIT;
	const char *expected = expected_of_byte(d, c);
	const char *reason;

	value[at] = (char)c;
	reason = escape(d, &out, value, 3);
	if ((reason == NULL) != (expected == NULL) ||
	    (reason != NULL && strcmp(reason, expected) != 0))
		fail_msg("%s, 0x%02x at %zu: %s", d->name, c, at,
			 reason != NULL ? reason : "taken");
	if (reason != NULL && out.len > 0)
		fail_msg("%s, 0x%02x at %zu: wrote '%s'", d->name, c, at,
			 out.data);
	buf_free(&out);
}

/* NUL too; first, in the middle and last. */
static void test_boot_dialects_refuse_every_control_byte(void **state)
{
	(void)state;
	for (size_t i = 0; dialects[i] != NULL; i++) {
		if (dialect_is_for_people(dialects[i]))
			continue;
		for (unsigned c = 0; c < 256; c++) {
			check_byte(dialects[i], c, 1);
			if (c >= ' ' && c < 0x7f)
				continue;
			check_byte(dialects[i], c, 0);
			check_byte(dialects[i], c, 2);
		}
	}
}

/* In the value, or in the text that it becomes. */
static void test_html_refuses_every_control_byte_but_white_space(void **state)
{
	const struct dialect *d = dialect_find("html");

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		const char value[] = { 'x', (char)c, 'z', '\0' };
		int is_bad = (c < ' ' && c != '\n' && c != '\t' && c != '\r') ||
			     c == 0x7f;
		struct error err = ERROR_INIT;
		struct buf out = BUF_INIT;
		int is_refused;

		if (c == '\r')
			continue;
		buf_puts(&out, d->magic);
		is_refused = escape(d, &out, value, 3) != NULL;
		buf_putc(&out, '\n');
		if (!is_refused)
			is_refused = dialect_check(d, "page.html", out.data,
						   out.len, &err) < 0;
		if (is_refused != is_bad)
			fail_msg("0x%02x: %s", c,
				 is_refused ? "refused" : "taken");
		buf_free(&out);
	}
}

static void test_dialects_are_found_by_name(void **state)
{
	static const struct {
		const char *name;
		const char *content_type;
		const char *magic;
	} rows[] = {
		{ "gpxe", "text/plain", "#!gpxe\n" },
		{ "pxelinux", "text/plain", "menu " },
		{ "ipxe", "text/plain", "#!ipxe\n" },
		{ "syslinux", "text/plain", "menu " },
		{ "grub", "text/plain", "set " },
		{ "html", "text/html; charset=utf-8", "<!DOCTYPE html>\n" },
		{ "json", "application/json", "{\n" },
	};
	static const char *const others[] = { "",      "GPXE",  "gpx",
					      "gpxe ", "gpxe2", "pxe" };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct dialect *d = dialect_find(rows[i].name);

		assert_ptr_equal(d, dialects[i]);
		assert_string_equal(d->name, rows[i].name);
		assert_string_equal(d->content_type, rows[i].content_type);
		assert_string_equal(d->magic, rows[i].magic);
	}
	assert_null(dialects[LENGTH(rows)]);
	for (size_t i = 0; i < LENGTH(others); i++)
		if (dialect_find(others[i]) != NULL)
			fail_msg("'%s' is found", others[i]);
}

static void test_loaders_are_known_by_their_user_agent(void **state)
{
	static const struct {
		const char *user_agent;
		const char *name; /* "": no loader */
	} rows[] = {
		{ "gPXE/0.9.9", "gpxe" },
		{ "gPXE/1.0.1+", "gpxe" },
		{ "iPXE/1.21.1+ (g36a4)", "ipxe" },
		{ "iPXE/2.0.0+ (g0ab22)", "ipxe" },
		{ "Syslinux/6.03", "syslinux" },
		{ "GRUB 2.06", "grub" },
		{ "", "" },
		{ "gPXE", "" },
		{ "gpxe/1.0", "" },
		{ " iPXE/1.0", "" },
		{ "curl/7.88.1", "" },
		{ "UefiHttpBoot/1.0", "" },
		{ "Mozilla/5.0 (X11) iPXE/1.0", "" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct dialect *d =
			dialect_of_user_agent(rows[i].user_agent);
		const char *name = d != NULL ? d->name : "";

		if (strcmp(name, rows[i].name) != 0)
			fail_msg("'%s': '%s'", rows[i].user_agent, name);
	}
}

static void test_value_must_suit_every_boot_dialect(void **state)
{
	static const struct {
		const char *value;
		const char *message; /* "": fine */
	} rows[] = {
		{ "Debian 12", "" },
		{ "it's \"<a>\" & more", "" },
		{ "http://h/a?b=c&d=e", "" },
		{ "see http://h/a/b for more", "" },
		{ "", "dialect gpxe cannot write a value that is empty" },
		{ "caf\303\251",
		  "dialect gpxe cannot write a value that contains a "
		  "character that is not ASCII" },
		{ "a^b", "dialect pxelinux cannot write a value that contains "
			 "a caret, which marks a hotkey" },
		{ "-a", "" },
		{ "url=http://h/a?b=c/d", "" },
		{ "http://h/a?b=c/d",
		  "dialect gpxe cannot write a value that has a parameter "
		  "with a byte other than letters, digits, '.', '_', '~', "
		  "'-'" },
		{ "x http://h/a?f=b.c32",
		  "dialect gpxe cannot write a value that has a name that "
		  "gPXE would run as native code" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct error err = ERROR_INIT;
		int rc = dialect_check_value(rows[i].value,
					     strlen(rows[i].value), &err);

		if (rc != (rows[i].message[0] != '\0' ? -1 : 0) ||
		    strcmp(err.text, rows[i].message) != 0)
			fail_msg("'%s': %d, %s", rows[i].value, rc, err.text);
	}
}

/* Checks text, of which no byte lies behind its end. */
static int check(const char *dialect, const char *text, size_t len,
		 struct error *err)
{
	char *copy = malloc(len > 0 ? len : 1);
	int rc;

	memcpy(copy, text, len);
	rc = dialect_check(dialect_find(dialect), "page.x", copy, len, err);
	free(copy);
	return rc;
}

/* A text, and what is said of it; "": it is fine. */
struct text_row {
	const char *dialect;
	const char *text;
	const char *message;
};

static void check_texts(const struct text_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct error err = ERROR_INIT;
		int rc = check(rows[i].dialect, rows[i].text,
			       strlen(rows[i].text), &err);

		if (rc != (rows[i].message[0] != '\0' ? -1 : 0) ||
		    strcmp(err.text, rows[i].message) != 0)
			fail_msg("%s, '%s': %d, '%s'", rows[i].dialect,
				 rows[i].text, rc, err.text);
	}
}

#define NO_MAGIC(magic) "page.x:1: text must begin with '" magic "'"
#define NO_NEWLINE "page.x: text must end in a newline: add one"

static void test_texts_begin_with_their_magic_and_end_in_a_newline(void **state)
{
	static const struct text_row rows[] = {
		{ "gpxe", "#!gpxe\n", "" },
		{ "gpxe", "#!gpxe\n\n\necho a  b\n", "" },
		{ "ipxe", "#!ipxe\necho ${x}\n", "" },
		{ "pxelinux", "menu title a\n", "" },
		{ "syslinux", "menu title a\n", "" },
		{ "grub", "set a='b'\n", "" },
		{ "html", "<!DOCTYPE html>\n", "" },
		{ "html", "<!DOCTYPE html>\n<p>caf\303\251\t</p>\n", "" },
		{ "gpxe", "", NO_MAGIC("#!gpxe") },
		{ "gpxe", "#!gpxe", NO_MAGIC("#!gpxe") },
		{ "gpxe", "#!ipxe\n", NO_MAGIC("#!gpxe") },
		{ "gpxe", "\n#!gpxe\n", NO_MAGIC("#!gpxe") },
		{ "gpxe", "\357\273\277#!gpxe\n", NO_MAGIC("#!gpxe") },
		{ "gpxe", "#!gpxe \n", NO_MAGIC("#!gpxe") },
		{ "ipxe", "#!gpxe\n", NO_MAGIC("#!ipxe") },
		{ "pxelinux", "Menu title a\n", NO_MAGIC("menu ") },
		{ "syslinux", "", NO_MAGIC("menu ") },
		{ "grub", "menu \n", NO_MAGIC("set ") },
		{ "html", "<html>\n", NO_MAGIC("<!DOCTYPE html>") },
		{ "gpxe", "#!gpxe\nboot", NO_NEWLINE },
		{ "pxelinux", "menu ", NO_NEWLINE },
		{ "html", "<!DOCTYPE html>\n<p>", NO_NEWLINE },
	};

	(void)state;
	check_texts(rows, LENGTH(rows));
}

static void test_bytes_that_clients_do_not_take_name_their_line(void **state)
{
	static const struct text_row rows[] = {
		{ "gpxe", "#!gpxe\necho a\r\n",
		  "page.x: line 2 of the text contains a line break" },
		{ "gpxe", "#!gpxe\n\n\techo a\n",
		  "page.x: line 3 of the text contains a control character" },
		{ "pxelinux", "menu a\n\032\n",
		  "page.x: line 2 of the text contains a control character" },
		{ "grub", "set a='\303\251'\n",
		  "page.x: line 1 of the text contains a character that is "
		  "not ASCII" },
	};
	struct error err = ERROR_INIT;

	(void)state;
	check_texts(rows, LENGTH(rows));
	assert_int_equal(check("gpxe", "#!gpxe\na\0b\n", 11, &err), -1);
	assert_string_equal(err.text, "page.x: line 2 of the text contains a "
				      "control character");
}

#define PARAMS                                                                 \
	"page.x: line 2 of the text has a parameter with a byte other than "   \
	"letters, digits, '.', '_', '~', '-'"
#define NATIVE                                                                 \
	"page.x: line 2 of the text has a name that gPXE would run as native " \
	"code"

static void test_urls_have_harmless_parameters(void **state)
{
	static const struct text_row rows[] = {
		{ "gpxe", "#!gpxe\nchain http://h/a?b=c&d=e-f.g_h~i\n", "" },
		{ "gpxe", "#!gpxe\nchain http://h/a?b=${c}&d=${e/f:g}\n", "" },
		{ "gpxe", "#!gpxe\nchain http://h/a?b=\n", "" },
		{ "gpxe", "#!gpxe\nchain http://h/a?b=c+d\n", PARAMS },
		{ "gpxe", "#!gpxe\nchain http://h/a?b=%41\n", PARAMS },
		{ "gpxe", "#!gpxe\nchain http://h/a?b=c#d\n", PARAMS },
		{ "gpxe", "#!gpxe\nchain http://h/a?b=c:d\n", PARAMS },
		{ "gpxe", "#!gpxe\nchain http://h/a?b=$c\n", PARAMS },
		{ "gpxe", "#!gpxe\nchain http://h/a?b=c?d\n", PARAMS },
		{ "ipxe", "#!ipxe\nchain https://h/a?b=c+d\n", PARAMS },
		{ "grub", "set a\nb 'http://h/a?b=c+d'\n", PARAMS },
		{ "grub", "set a\nb 'http://h/a?b=c' '+'\n", "" },
		{ "grub", "set a\nb \"http://h/a?b=$net_default_mac&c=${d}\"\n",
		  "" },
		{ "grub", "set a\nb \"http://h/a?b=$_1\"\n", "" },
		{ "grub", "set a\nb \"http://h/a?b=$1\"\n", PARAMS },
		{ "grub", "set a\nb \"http://h/a?b=$\"\n", PARAMS },
		{ "grub", "set a\nb \"http://h/a?b=$-\"\n", PARAMS },
		{ "grub", "set a\nb \"http://h/a?b=$c:d\"\n", PARAMS },
		{ "ipxe", "#!ipxe\nchain http://h/a?b=$c\n", PARAMS },
		{ "grub", "set a\nb \"http://h/a?b=c\"'+'\n", "" },
		/* In an argument it is the installer's. */
		{ "grub", "set a\nlinux 'a=http://h/a?b=c+d'\n", "" },
		{ "syslinux", "menu a\nappend a=\"http://h/a?b=c+d\"\n", "" },
		{ "gpxe", "#!gpxe\nkernel http://h/ a=http://h/a?b=c+d:/\n",
		  "" },
		{ "ipxe", "#!ipxe\nkernel http://h/ -http://h/a?b=c+d\n", "" },
		{ "syslinux", "menu a\ninitrd http://h/,http://h/a?b=c+d\n",
		  PARAMS },
		{ "gpxe", "#!gpxe\nchain http://h/ http://h/a?b=c+d\n",
		  PARAMS },
		{ "ipxe", "#!ipxe\nchain http://h/a?b=${c\n",
		  "page.x: line 2 of the text has a setting that is never "
		  "closed" },
	};

	(void)state;
	check_texts(rows, LENGTH(rows));
}

static void test_names_that_gpxe_runs_as_native_code_are_refused(void **state)
{
	static const struct text_row rows[] = {
		{ "gpxe", "#!gpxe\nchain http://h/a?f=b.c32\n", NATIVE },
		{ "gpxe", "#!gpxe\nchain http://h/a?f=b.COM\n", NATIVE },
		{ "gpxe", "#!gpxe\nchain http://h/a?f=b.cbt\n", NATIVE },
		{ "gpxe", "#!gpxe\nchain http://h/fromthemirr.c32x\n", NATIVE },
		{ "gpxe", "#!gpxe\nchain http://h/fromthemirr.c32xyz\n",
		  NATIVE },
		{ "gpxe", "#!gpxe\nchain http://h/abcdef?abcd.cbt&e=f\n",
		  NATIVE },
		{ "gpxe", "#!gpxe\nchain http://h/a?f=b.c32&e=f\n", "" },
		{ "gpxe", "#!gpxe\nkernel http://h/a a=http://h/b?f=c.c32\n",
		  "" },
		{ "gpxe", "#!gpxe\nchain http://h/a?f=bc32\n", "" },
		{ "gpxe", "#!gpxe\nchain http://h/b/vesamenu.c32\n", "" },
		{ "gpxe", "#!gpxe\nchain http://h/x.c32/a?b=c\n", "" },
		{ "gpxe", "#!gpxe\nchain http://h/averylongname.c32\n", "" },
		{ "ipxe", "#!ipxe\nchain http://h/a?f=b.c32\n", "" },
	};

	(void)state;
	check_texts(rows, LENGTH(rows));
}

/* A text whose second line is len bytes of part over and over. */
static int check_line(const struct dialect *d, const char *part, size_t len,
		      struct error *err)
{
	struct buf text = BUF_INIT;
	size_t start;
	int rc;

	buf_puts(&text, d->magic);
	if (text.data[text.len - 1] != '\n')
		buf_putc(&text, '\n');
	start = text.len;
	while (text.len - start < len)
		buf_puts(&text, part);
	buf_truncate(&text, start + len);
	buf_puts(&text, "\nlast\n");
	rc = check(d->name, text.data, text.len, err);
	buf_free(&text);
	return rc;
}

static void test_longest_line_is_the_dialects(void **state)
{
	static const struct {
		const char *name;
		size_t max;
	} rows[] = {
		{ "gpxe", 512 },      { "pxelinux", 1023 }, { "ipxe", 4095 },
		{ "syslinux", 2100 }, { "grub", 4095 },
	};
	struct error unused = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct dialect *d = dialect_find(rows[i].name);
		struct error err = ERROR_INIT;

		if (check_line(d, "x", rows[i].max, &err) < 0)
			fail_msg("%s: %s", d->name, err.text);
		if (check_line(d, "x", rows[i].max + 1, &err) == 0)
			fail_msg("%s: %zu bytes are taken", d->name,
				 rows[i].max + 1);
		assert_string_equal(err.text, "page.x: line 2 of the text is "
					      "longer than this loader takes");
	}
	assert_int_equal(check_line(dialect_find("html"), "x", 100000, &unused),
			 0);
}

static void test_most_words_are_the_dialects(void **state)
{
	static const struct {
		const char *name;
		size_t max; /* 0: any */
	} rows[] = {
		{ "gpxe", 32 },    { "ipxe", 255 }, { "pxelinux", 0 },
		{ "syslinux", 0 }, { "grub", 0 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct dialect *d = dialect_find(rows[i].name);
		struct error err = ERROR_INIT;
		size_t max = rows[i].max;

		if (check_line(d, "a ", max > 0 ? 2 * max : 1022, &err) < 0)
			fail_msg("%s: %s", d->name, err.text);
		if (max == 0)
			continue;
		if (check_line(d, "a ", 2 * max + 1, &err) == 0)
			fail_msg("%s: %zu words are taken", d->name, max + 1);
		assert_string_equal(err.text, "page.x: line 2 of the text has "
					      "more words than allowed");
	}
}

/* A second line with a URL of len bytes between others. */
static int check_url(const struct dialect *d, size_t len, struct error *err)
{
	struct buf text = BUF_INIT;
	size_t start;
	int rc;

	buf_puts(&text, d->magic);
	if (text.data[text.len - 1] != '\n')
		buf_putc(&text, '\n');
	buf_puts(&text, "b ");
	start = text.len;
	buf_puts(&text, "https://h/");
	while (text.len - start < len)
		buf_putc(&text, 'u');
	buf_puts(&text, " http://h/\n");
	rc = check(d->name, text.data, text.len, err);
	buf_free(&text);
	return rc;
}

static void test_longest_url_is_the_dialects(void **state)
{
	(void)state;
	for (size_t i = 0; dialects[i] != NULL; i++) {
		const struct dialect *d = dialects[i];
		struct error err = ERROR_INIT;
		int is_short = d->max_url > 0;

		if (d->is_view)
			continue;
		if (check_url(d, is_short ? 250 : 1000, &err) < 0)
			fail_msg("%s: %s", d->name, err.text);
		if (!is_short)
			continue;
		if (check_url(d, 251, &err) == 0)
			fail_msg("%s: 251 bytes are taken", d->name);
		assert_string_equal(err.text, "page.x: line 2 of the text has "
					      "a URL of more than 250 bytes");
	}
}

#define NO_HTTPS "needs https, which this loader does not have"
#define NO_IPV6 "needs an IPv6 address, which this loader cannot reach"
#define NO_LENGTH "needs a longer URL than the loader's 250 bytes"

/* Every loader shows the reason, gPXE behind 20 words of a title. */
static void check_reason(const char *reason)
{
	size_t words = 1;

	for (size_t i = 0; dialects[i] != NULL; i++) {
		struct buf out = BUF_INIT;

		if (!dialects[i]->is_view &&
		    escape(dialects[i], &out, reason, strlen(reason)) != NULL)
			fail_msg("%s cannot write '%s'", dialects[i]->name,
				 reason);
		buf_free(&out);
	}
	for (const char *c = reason; *c != '\0'; c++)
		words += *c == ' ';
	if (words > 11)
		fail_msg("%zu words: '%s'", words, reason);
}

/* What each loader cannot fetch. */
static void test_loaders_refuse_what_they_cannot_fetch(void **state)
{
	static const struct uri_needs https = { .https = 1 };
	static const struct uri_needs ipv6 = { .ipv6 = 1 };
	static const struct uri_needs longest = { .length = 250 };
	static const struct uri_needs longer = { .length = 251 };
	static const struct {
		const char *names; /* of dialects */
		const struct uri_needs *needs;
		const char *on_bios, *on_efi; /* NULL: nothing is refused */
	} rows[] = {
		{ "gpxe pxelinux syslinux grub", &https, NO_HTTPS, NO_HTTPS },
		{ "ipxe html json", &https, NULL, NULL },
		{ "gpxe pxelinux syslinux", &ipv6, NO_IPV6, NO_IPV6 },
		{ "ipxe grub", &ipv6, NO_IPV6, NULL },
		{ "html json", &ipv6, NULL, NULL },
		{ "gpxe pxelinux syslinux", &longer, NO_LENGTH, NO_LENGTH },
		{ "ipxe grub html json", &longer, NULL, NULL },
		{ "gpxe pxelinux ipxe syslinux grub html json", &longest, NULL,
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		for (size_t j = 0; dialects[j] != NULL; j++)
			for (int is_bios = 0; is_bios <= 1; is_bios++) {
				const char *expected = is_bios ? rows[i].on_bios
							       : rows[i].on_efi;
				const char *got = dialect_refuses(
					dialects[j], rows[i].needs, is_bios);

				if (strstr(rows[i].names, dialects[j]->name) ==
				    NULL)
					continue;
				if (expected == NULL
					    ? got != NULL
					    : got == NULL ||
						      strcmp(got, expected) !=
							      0)
					fail_msg("row %zu, %s: %s", i,
						 dialects[j]->name, got);
				if (got != NULL)
					check_reason(got);
			}
}

/* The reason why the dialect cannot start the kernel; "": it can. */
static char *check_kernel(const struct dialect *d, const char *url,
			  const char *args)
{
	static const struct initrd initrds[] = { { .url = "http://h/i" } };
	const struct dialect_kernel kernel = {
		.url = url,
		.initrds = initrds,
		.initrd_count = 1,
		.args = args,
	};
	struct buf reason = BUF_INIT;
	int rc = dialect_check_kernel(d, &kernel, &reason);

	buf_puts(&reason, "");
	assert_int_equal(rc, reason.len > 0 ? -1 : 0);
	return buf_take(&reason);
}

static void test_arguments_are_for_loaders_that_can_write_them(void **state)
{
#define ARGUMENT "has an argument that "
#define LINE "has a kernel line that "
	static const struct {
		const char *names; /* of dialects */
		const char *args;
		const char *reason; /* "": they can write it */
	} rows[] = {
		{ "gpxe pxelinux ipxe syslinux grub", NULL, "" },
		{ "gpxe pxelinux ipxe syslinux grub", "a=b c", "" },
		{ "gpxe pxelinux ipxe syslinux grub", "--- console=ttyS0", "" },
		{ "gpxe pxelinux ipxe syslinux grub",
		  "-a url=http://h/a?b=c/d+%41;@:x.c32", "" },
		{ "gpxe pxelinux ipxe syslinux grub",
		  "a=\"b c\" \"d=e f\" g=\"\" \"\"", "" },
		{ "gpxe pxelinux ipxe syslinux", "a='b' c\\d", "" },
		{ "grub", "a='b'",
		  ARGUMENT "contains \"'\" or '\\', which GRUB changes" },
		{ "grub", "c\\d",
		  ARGUMENT "contains \"'\" or '\\', which GRUB changes" },
		{ "syslinux grub", "a=${b} c$ # ; && ||", "" },
		{ "gpxe pxelinux ipxe", "a=${b}", ARGUMENT SETTING },
		{ "gpxe pxelinux ipxe", "a$", ARGUMENT SETTING },
		{ "gpxe pxelinux ipxe", "#a", ARGUMENT COMMENT },
		{ "gpxe pxelinux ipxe", "a ;", ARGUMENT OPERATOR },
		{ "gpxe pxelinux ipxe", "a\\", ARGUMENT JOIN },
		{ "gpxe pxelinux ipxe grub", "a^b", "" },
		{ "syslinux", "a^b", ARGUMENT HOTKEY },
		{ "syslinux", "-", ARGUMENT NOTHING },
		{ "html json", "${a} \\ ' ^", "" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		for (size_t j = 0; dialects[j] != NULL; j++) {
			char *reason;

			if (strstr(rows[i].names, dialects[j]->name) == NULL)
				continue;
			reason = check_kernel(dialects[j], "http://h/k",
					      rows[i].args);
			if (strcmp(reason, rows[i].reason) != 0)
				fail_msg("row %zu, %s: %s", i,
					 dialects[j]->name, reason);
			if (reason[0] != '\0')
				check_reason(reason);
			free(reason);
		}
}

/* Whether the kernel is plain; every loader then has to take it. */
static int is_plain(const char *url, const char *args)
{
	const struct dialect_kernel kernel = { .url = url, .args = args };

	if (!dialect_is_plain(&kernel))
		return 0;
	for (size_t i = 0; dialects[i] != NULL; i++) {
		char *reason = check_kernel(dialects[i], url, args);

		if (reason[0] != '\0')
			fail_msg("%s, %s, %s: %s", dialects[i]->name, url,
				 args != NULL ? args : "no arguments", reason);
		free(reason);
	}
	return 1;
}

static void test_plain_kernels_are_what_each_loader_takes(void **state)
{
	(void)state;
	assert_true(is_plain("http://h/a/b-1_2~3.0", NULL));
	assert_true(is_plain("http://h/k", "--- a=b/c quiet"));
	assert_false(is_plain("http://h/k?a=b", NULL));
	assert_false(is_plain("http://h/k", "ab  cd"));
	assert_false(is_plain("http://h/k", "ab "));
	assert_false(is_plain("http://h/k", ""));
	assert_false(is_plain("http://h/k", "ab http://h/a?f=b.c32"));
	assert_false(is_plain("http://h/12345678901.c32a", NULL));
	for (int c = 1; c <= 255; c++) {
		const char args[] = { 'a', 'b', (char)c, 'd', '\0' };
		const char url[] = { 'h', 't', 't', 'p',     ':', '/', '/',
				     'h', '/', 'a', (char)c, 'b', '\0' };

		is_plain("http://h/k", args);
		is_plain("http://h/k", args + 2);
		is_plain("http://h/k", (const char[]){ (char)c, '\0' });
		is_plain(url, NULL);
	}
}

static void test_longest_plain_kernel_is_within_all_bounds(void **state)
{
	char url[252] = "http://h/";
	char args[202];
	const struct initrd initrd = { .url = url };
	const struct initrd initrds[] = { initrd, initrd, initrd, initrd,
					  initrd };
	struct dialect_kernel kernel = {
		.url = url,
		.initrds = initrds,
		.initrd_count = 4,
		.args = args,
	};

	(void)state;
	memset(url + 9, 'a', 241);
	memset(args, 'a', sizeof(args));
	args[200] = '\0';
	for (size_t i = 1; i < 28; i++)
		args[i * 7] = ' ';
	assert_true(dialect_is_plain(&kernel));
	for (size_t i = 0; dialects[i] != NULL; i++) {
		struct buf reason = BUF_INIT;

		if (dialect_check_kernel(dialects[i], &kernel, &reason) < 0)
			fail_msg("%s: %s", dialects[i]->name, reason.data);
		buf_free(&reason);
	}
	args[197] = ' ';
	assert_false(dialect_is_plain(&kernel));
	args[197] = 'a';
	args[200] = 'a';
	args[201] = '\0';
	assert_false(dialect_is_plain(&kernel));
	args[200] = '\0';
	url[250] = 'a';
	assert_false(dialect_is_plain(&kernel));
	url[250] = '\0';
	kernel.initrd_count = 5;
	assert_false(dialect_is_plain(&kernel));
	kernel.initrd_count = 4;
	assert_true(dialect_is_plain(&kernel));
	kernel.is_multiboot = 1;
	assert_false(dialect_is_plain(&kernel));
}

static void check_long(const struct dialect *d, const char *part, size_t count,
		       const char *expected)
{
	struct buf args = BUF_INIT;
	char *reason;

	for (size_t i = 0; i < count; i++)
		buf_puts(&args, part);
	reason = check_kernel(d, "http://h/k", args.data + (part[0] == ' '));
	if (strcmp(reason, expected) != 0)
		fail_msg("%s, %zu: %s", d->name, count, reason);
	if (reason[0] != '\0')
		check_reason(reason);
	free(reason);
	buf_free(&args);
}

/* A line has other words than the arguments too. */
static void test_longest_arguments_are_the_loaders(void **state)
{
	static const struct {
		const char *name;
		size_t bytes; /* at most */
		size_t words; /* at most; 0: any */
		const char *reason;
	} bounds[] = {
		{ "gpxe", 512 - 18, 30,
		  LINE "is longer than this loader takes" },
		{ "pxelinux", 512 - 18, 30,
		  LINE "is longer than this loader takes" },
		{ "ipxe", 2046 - 15, 247,
		  LINE "is longer than this loader takes" },
		{ "syslinux", 2047 - 44, 0,
		  LINE "is longer than this loader takes" },
		{ "grub", 2047 - 22, 0,
		  LINE "is longer than this loader takes" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(bounds); i++) {
		const struct dialect *d = dialect_find(bounds[i].name);

		check_long(d, "a", bounds[i].bytes, "");
		check_long(d, "a", bounds[i].bytes + 1, bounds[i].reason);
		if (bounds[i].words == 0)
			continue;
		check_long(d, " a", bounds[i].words, "");
		check_long(d, " a", bounds[i].words + 1,
			   LINE "has more words than allowed");
	}
}

/* SYSLINUX joins what stands in three lines. */
static void test_command_line_of_syslinux_is_one(void **state)
{
	char args[1010];
	char url[1010];
	char *reason;

	(void)state;
	memset(args, 'a', sizeof(args));
	args[sizeof(args) - 1] = '\0';
	memset(url, 'a', sizeof(url));
	memcpy(url, "xttp://h/", 9);
	url[sizeof(url) - 1] = '\0';
	reason = check_kernel(&dialect_syslinux, url, args);
	assert_string_equal(reason, LINE "is longer than this loader takes");
	free(reason);
}

/* Any loader can be told of a program without arguments. */
static void test_a_program_has_arguments_where_they_are_passed(void **state)
{
#define NOT_PASSED                                                             \
	"is a program with arguments, which this loader does not pass"
	static const struct {
		const char *names; /* of dialects */
		const char *args;
		const char *reason; /* "": it is started with them */
	} rows[] = {
		{ "gpxe pxelinux ipxe syslinux grub html json", NULL, "" },
		{ "ipxe grub html json", "a=b c", "" },
		{ "gpxe pxelinux", "a=b c", NOT_PASSED },
		{ "syslinux", "a^b", "" },
		{ "grub", "a='b'  c\\d", "" },
		{ "grub", "a\tb", ARGUMENT "contains a control character" },
		{ "ipxe", "a=${b}", ARGUMENT SETTING },
		{ "ipxe", "a ;", ARGUMENT OPERATOR },
		{ "html json", "${a}", "" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		for (size_t j = 0; dialects[j] != NULL; j++) {
			const struct dialect_kernel program = {
				.url = "http://h/p.efi",
				.args = rows[i].args,
				.is_program = 1,
			};
			struct buf reason = BUF_INIT;

			if (strstr(rows[i].names, dialects[j]->name) == NULL)
				continue;
			dialect_check_kernel(dialects[j], &program, &reason);
			if (strcmp(buf_text(&reason), rows[i].reason) != 0)
				fail_msg("row %zu, %s: %s", i,
					 dialects[j]->name, reason.data);
			if (reason.len > 0)
				check_reason(reason.data);
			buf_free(&reason);
		}
}

/* The reason why the dialect cannot start the multiboot kernel and a module of
 * that URL; "": it can. */
static char *check_multiboot(const struct dialect *d, const char *url,
			     const char *args, const char *module,
			     const char *module_args)
{
	const struct initrd modules[] = {
		{ .url = module, .args = module_args },
	};
	const struct dialect_kernel kernel = {
		.url = url,
		.initrds = modules,
		.initrd_count = 1,
		.args = args,
		.is_multiboot = 1,
	};
	struct buf reason = BUF_INIT;
	int rc = dialect_check_kernel(d, &kernel, &reason);

	buf_puts(&reason, "");
	assert_int_equal(rc, reason.len > 0 ? -1 : 0);
	return buf_take(&reason);
}

static void
test_a_multiboot_kernel_is_for_loaders_that_can_read_it(void **state)
{
#define TOO_LONG LINE "is longer than this loader takes"
	static const struct {
		const char *names; /* of dialects */
		const char *url, *args, *module_args;
		const char *reason;
	} rows[] = {
		{ "gpxe pxelinux ipxe syslinux grub html json", "http://h/xen",
		  "a", "b c", "" },
		{ "gpxe pxelinux ipxe syslinux grub html json", "http://h/xen",
		  NULL, NULL, "" },
		{ "syslinux grub html json", "http://h/xen.GZ?a=b", "a", "b",
		  "" },
		{ "gpxe pxelinux ipxe", "http://h/xen.GZ?a=b", "a", "b",
		  "has a compressed kernel, which this loader cannot read" },
		{ "gpxe pxelinux ipxe", "http://h/xen", "a;b ;", "b",
		  ARGUMENT "contains '&&', '||' or ';', an operator" },
		{ "gpxe pxelinux ipxe", "http://h/xen", "a", "b ||",
		  ARGUMENT "contains '&&', '||' or ';', an operator" },
		{ "syslinux", "http://h/xen", "a", "b^c",
		  ARGUMENT "contains a caret, which marks a hotkey" },
		{ "syslinux", "http://h/xen", "a --- b", NULL,
		  ARGUMENT "is '---', which begins the next module" },
		{ "syslinux", "http://h/xen", "a=\"b --- c\"", NULL,
		  ARGUMENT "is '---', which begins the next module" },
		{ "syslinux", "http://h/xen", "a---b", "--- x",
		  ARGUMENT "is '---', which begins the next module" },
		{ "syslinux", "http://h/xen", "a", "---",
		  ARGUMENT "is '---', which begins the next module" },
		{ "gpxe pxelinux ipxe grub", "http://h/xen", "a --- b", "---",
		  "" },
		{ "grub", "http://h/xen", "a", "it's",
		  ARGUMENT "contains \"'\" or '\\', which GRUB changes" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		for (size_t j = 0; dialects[j] != NULL; j++) {
			char *reason;

			if (strstr(rows[i].names, dialects[j]->name) == NULL)
				continue;
			reason = check_multiboot(dialects[j], rows[i].url,
						 rows[i].args, "http://h/m",
						 rows[i].module_args);
			if (strcmp(reason, rows[i].reason) != 0)
				fail_msg("row %zu, %s: %s", i,
					 dialects[j]->name, reason);
			free(reason);
		}
}

/* gPXE and iPXE have 512 bytes: here 12 for the kernel's URL, a blank, the
 * arguments and the byte behind them, and 11 for the module. */
static void test_multiboot_arguments_have_a_bound(void **state)
{
	char args[512];

	(void)state;
	for (size_t len = 487; len <= 488; len++) {
		char *reason;

		memset(args, 'a', len);
		args[len] = '\0';
		for (size_t i = 0; dialects[i] != NULL; i++) {
			const int is_short =
				len == 488 && strstr("gpxe pxelinux ipxe",
						     dialects[i]->name) != NULL;

			reason = check_multiboot(dialects[i], "http://h/xen",
						 args, "http://h/m", NULL);
			assert_string_equal(reason, is_short ? TOO_LONG : "");
			free(reason);
		}
	}
}

static void test_urls_are_for_loaders_that_take_their_names(void **state)
{
	static const struct {
		const char *names; /* of dialects */
		const char *url;
		const char *reason; /* NULL: they take it */
	} rows[] = {
		{ "gpxe pxelinux ipxe syslinux grub html json",
		  "http://h/pxelinux.0", NULL },
		{ "gpxe pxelinux", "http://h/a?f=b.c32",
		  "has a name that gPXE would run as native code" },
		{ "ipxe syslinux grub html json", "http://h/a?f=b.c32", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		for (size_t j = 0; dialects[j] != NULL; j++) {
			const char *got =
				dialect_check_url(dialects[j], rows[i].url);

			if (strstr(rows[i].names, dialects[j]->name) != NULL &&
			    (got == NULL) != (rows[i].reason == NULL))
				fail_msg("row %zu, %s: %s", i,
					 dialects[j]->name, got);
			if (strstr(rows[i].names, dialects[j]->name) != NULL &&
			    got != NULL)
				assert_string_equal(got, rows[i].reason);
		}
}

static void test_keys_that_menus_take_themselves_are_grubs(void **state)
{
	(void)state;
	for (const struct dialect *const *d = dialects; *d != NULL; d++)
		for (char key = 0; key < 127; key++)
			assert_int_equal(dialect_owns_key(*d, key),
					 *d == &dialect_grub &&
						 (key == 'c' || key == 'e' ||
						  key == 'v'));
}

static void test_a_script_is_known_by_its_name(void **state)
{
	static const struct {
		const char *url;
		int is_script;
	} names[] = {
		{ "http://h/a.ipxe", 1 },
		{ "http://h/A.IPXE?a=b", 1 },
		{ "{{root}}a.ipxe", 1 },
		{ "http://h/a.ipxe.txt", 1 },
		{ "http://h/ipxe?uuid=1", 0 },
		{ "http://h/boot.php?f=a.ipxe", 1 },
		{ "http://h/boot.php?f=a.ipxe&g=b", 1 },
		{ "http://h/boot.php?f=b&g=a.ipxe", 1 },
		{ "http://h/boot.php?f=a.ipxe.efi&g=b", 0 },
		{ "http://h/a.efi", 0 },
		{ "http://h/ipxe.efi", 0 },
		{ "http://h/ipxe/a.efi", 0 },
		{ "http://h/a.efi?", 0 },
		{ "http://h/a.efi?a=b", 0 },
		{ ".ipx", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++)
		if (dialect_names_script(names[i].url) != names[i].is_script)
			fail_msg("%s", names[i].url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_script_is_known_by_its_name),
		cmocka_unit_test(test_scripts_take_only_what_reads_back),
		cmocka_unit_test(test_menus_take_only_what_reads_back),
		cmocka_unit_test(test_grub_quotes_everything),
		cmocka_unit_test(test_html_writes_its_marks_as_entities),
		cmocka_unit_test(test_boot_dialects_refuse_every_control_byte),
		cmocka_unit_test(
			test_html_refuses_every_control_byte_but_white_space),
		cmocka_unit_test(test_dialects_are_found_by_name),
		cmocka_unit_test(test_loaders_are_known_by_their_user_agent),
		cmocka_unit_test(test_value_must_suit_every_boot_dialect),
		cmocka_unit_test(
			test_texts_begin_with_their_magic_and_end_in_a_newline),
		cmocka_unit_test(
			test_bytes_that_clients_do_not_take_name_their_line),
		cmocka_unit_test(test_urls_have_harmless_parameters),
		cmocka_unit_test(
			test_names_that_gpxe_runs_as_native_code_are_refused),
		cmocka_unit_test(test_longest_line_is_the_dialects),
		cmocka_unit_test(test_most_words_are_the_dialects),
		cmocka_unit_test(test_longest_url_is_the_dialects),
		cmocka_unit_test(test_loaders_refuse_what_they_cannot_fetch),
		cmocka_unit_test(
			test_arguments_are_for_loaders_that_can_write_them),
		cmocka_unit_test(test_plain_kernels_are_what_each_loader_takes),
		cmocka_unit_test(
			test_longest_plain_kernel_is_within_all_bounds),
		cmocka_unit_test(
			test_a_program_has_arguments_where_they_are_passed),
		cmocka_unit_test(test_longest_arguments_are_the_loaders),
		cmocka_unit_test(test_command_line_of_syslinux_is_one),
		cmocka_unit_test(
			test_a_multiboot_kernel_is_for_loaders_that_can_read_it),
		cmocka_unit_test(test_multiboot_arguments_have_a_bound),
		cmocka_unit_test(
			test_urls_are_for_loaders_that_take_their_names),
		cmocka_unit_test(
			test_keys_that_menus_take_themselves_are_grubs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
