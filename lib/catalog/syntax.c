#include "syntax.h"

#include <string.h>
#include <strings.h>

#include "character.h"

/* A place in the text, from 1; a byte is a column. */
struct place {
	unsigned line, column;
};

static struct place place_of(const char *text, const char *at)
{
	struct place place = { 1, 1 };

	for (; text < at; text++) {
		place.column++;
		if (*text == '\n')
			place = (struct place){ place.line + 1, 1 };
	}
	return place;
}

/* Whether it is UTF-16, as Windows' Notepad once wrote it: with a mark, or
 * every second byte of ASCII a NUL. */
static int is_utf16(const struct buf *text)
{
	const char *s = buf_text(text);

	return text->len >= 2 &&
	       (memcmp(s, "\xff\xfe", 2) == 0 ||
		memcmp(s, "\xfe\xff", 2) == 0 || s[0] == '\0' || s[1] == '\0');
}

/* Why the ',' at s is one too many; NULL: it is not. */
static const char *check_comma(const char *s)
{
	const char *next = s + 1 + strspn(s + 1, " \t\r\n");

	if (*next == ',')
		return "a ',' too many: one stands between two values";
	if (*next == ']' || *next == '}')
		return "a ',' too many: the last value has none behind it";
	return NULL;
}

/* Why the ';' at s does not belong there. */
static const char *check_semicolon(const char *s)
{
	const char *next = s + 1 + strspn(s + 1, " \t\r\n;");

	if (*next == '\0')
		return "a ';' too many: nothing may follow the last '}'";
	if (*next == ']' || *next == '}')
		return "a ';' too many: the last value has none behind it";
	return "a ';': between two values write a ','";
}

static int begins(const char *s, const char *start)
{
	return strncmp(s, start, strlen(start)) == 0;
}

/* A key or a value that begins with it needs the quote of JSON. */
static const char typographic[] = "a typographic quote: write a plain '\"'";

/* What to write in place of the character at s, which is not ASCII. */
static const char *check_character(const char *s)
{
	const unsigned code = character_code(s);
	const char *advice =
		character_is_quote(code) ? typographic : character_advice(code);

	return advice != NULL ? advice
			      : "a character that is not ASCII, outside of a "
				"string: remove it";
}

/* What JSON does not have at s, outside of strings, but people write or paste,
 * and what to write instead; NULL: nothing. */
static const char *check_slip(const char *s)
{
	if (begins(s, "//") || begins(s, "/*") || begins(s, "<!--") ||
	    *s == '#')
		return "JSON has no comments: write a remark as the value of a "
		       "key \"$comment\"";
	if (*s == '\'' || *s == '`')
		return "a string stands in double quotes";
	if (*s == ';')
		return check_semicolon(s);
	if (*s == ',')
		return check_comma(s);
	return (unsigned char)*s >= 0x80 ? check_character(s) : NULL;
}

/* The closing quote of the string at s, or where it fails to close. */
static const char *string_end(const char *s)
{
	for (s++; *s != '\0' && *s != '"' && *s != '\n'; s++)
		s += *s == '\\' && s[1] != '\0';
	return s;
}

/* The first slip from s to end; NULL if there is none.  In a string that is
 * not closed, a quote of another kind. */
static const char *find_slip(const char *s, const char *end,
			     const char **advice)
{
	for (; s < end; s++) {
		const char *last = *s == '"' ? string_end(s) : s;

		if (*s == '"' && *last != '"') {
			*advice = typographic;
			while (s < last &&
			       !character_is_quote(character_code(s)))
				s++;
			return s < last ? s : NULL;
		}
		s = last;
		*advice = check_slip(s);
		if (*advice != NULL)
			return s;
	}
	return NULL;
}

/* What jansson says, what to do, and what to do at the end of the file where
 * that differs.  Where its text goes on, it repeats the piece of the file that
 * it has a fault in, which may be a secret. */
static const struct {
	const char *text, *advice, *at_end;
} plain[] = {
	{ "'}' expected", "a ',' or '}' must come before this",
	  "the file ends here, but a '}' is missing" },
	{ "']' expected", "a ',' or ']' must come before this",
	  "the file ends here, but a ']' is missing" },
	{ "':' expected", "a ':' must come between a key and its value",
	  "the file ends here, behind a key without a value" },
	{ "string or '}' expected",
	  "a key in double quotes, or '}', must stand here",
	  "the file ends here, but a '}' is missing" },
	{ "'[' or '{' expected", "a file begins with '{'", NULL },
	{ "end of file expected", "nothing may follow the last '}'", NULL },
	{ "unexpected token", "a value must stand here",
	  "the file ends here, where a value must stand" },
	{ "invalid token",
	  "a value is a string in double quotes, a number, true, false, null, "
	  "[ ] or { }",
	  NULL },
	{ "duplicate object key", "a key stands here twice: remove one of them",
	  NULL },
	{ "unexpected newline",
	  "a string is not closed: its last '\"' must stand in the same line",
	  NULL },
	{ "premature end of input", "the file ends within a string", NULL },
	{ "control character",
	  "a string has a tab or another control character: write a space",
	  NULL },
	{ "invalid escape", "a '\\' in a string is written \\\\", NULL },
	{ "invalid Unicode",
	  "a \\u in a string that is no character: write the character itself",
	  NULL },
	{ "unable to decode byte", "is not UTF-8: save the file as UTF-8",
	  NULL },
	{ "\\u0000 is not allowed", "a string cannot have \\u0000", NULL },
	{ "NUL byte in object key", "a key cannot have \\u0000", NULL },
	{ "too big", "a number is too big", NULL },
	{ "real number overflow", "a number is too big", NULL },
	{ "maximum parsing depth reached", "[ and { are nested too deep",
	  NULL },
};

static void add_jansson(const char *text, struct buf *reason)
{
	static const char twice[] = "duplicate object key near '";
	const int is_end = strstr(text, " near end of file") != NULL;
	const char *key = text + strlen(twice);

	if (begins(text, twice) && strpbrk(key, ":@?") == NULL) {
		buf_printf(reason,
			   "the key %.*s stands here twice: remove one of them",
			   (int)strcspn(key, "'"), key);
		return;
	}
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (begins(text, plain[i].text)) {
			buf_puts(reason, is_end && plain[i].at_end != NULL
						 ? plain[i].at_end
						 : plain[i].advice);
			return;
		}
	buf_puts(reason, "is not JSON");
}

unsigned syntax_explain(const struct buf *text, const json_error_t *where,
			struct buf *reason)
{
	struct place place = {
		where->line > 0 ? (unsigned)where->line : 1,
		where->column > 0 ? (unsigned)where->column : 1,
	};
	const char *s = buf_text(text);
	const char *advice = NULL;
	const char *slip;

	if (is_utf16(text)) {
		buf_puts(reason, "is UTF-16 or UTF-32: save it as UTF-8");
		return 1;
	}
	/* What stands behind the place may be taken for something else. */
	slip = find_slip(s, s + where->position, &advice);
	if (slip != NULL)
		place = place_of(s, slip);
	buf_printf(reason, "column %u: ", place.column);
	if (slip != NULL)
		buf_puts(reason, advice);
	else
		add_jansson(where->text, reason);
	return place.line;
}

int syntax_is_remark(const char *key)
{
	const size_t marks = strspn(key, "$_#/*-");
	const char *word = key + marks;

	if (*word == '\0')
		return marks > 0;
	return strncasecmp(word, "comment", 7) == 0 ||
	       strncasecmp(word, "remark", 6) == 0 ||
	       strcasecmp(word, "note") == 0 || strcasecmp(word, "notes") == 0;
}

/* A remark may stand in any object. */
static void remove_comments(json_t *value)
{
	const char *key;
	json_t *part;
	size_t i;

	json_object_del(value, "$comment");
	json_array_foreach(value, i, part)
		remove_comments(part);
	json_object_foreach(value, key, part)
		remove_comments(part);
}

json_t *syntax_read(const char *path, const struct buf *text, struct error *err)
{
	struct buf reason = BUF_INIT;
	json_error_t where;
	json_t *root;

	if (strncmp(buf_text(text), "\xef\xbb\xbf", 3) == 0) {
		error_set(err, path, 1,
			  "begins with a byte order mark: save it as UTF-8 "
			  "without one");
		return NULL;
	}
	root = json_loadb(buf_text(text), text->len, JSON_REJECT_DUPLICATES,
			  &where);
	if (root == NULL) {
		unsigned line = syntax_explain(text, &where, &reason);

		error_set(err, path, line, "%s", reason.data);
		buf_free(&reason);
	} else if (!json_is_object(root)) {
		error_set(err, path, 1, "must be an object, in { }");
		json_decref(root);
		root = NULL;
	}
	remove_comments(root);
	return root;
}
