#include "syntax.h"

#include <string.h>

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

static int is_last_comma(const char *s)
{
	const char *next = s + 1 + strspn(s + 1, " \t\r\n");

	return *s == ',' && (*next == ']' || *next == '}');
}

/* The first place from s to end, outside of strings, that JSON does not have
 * but people write; NULL if there is none. */
static const char *find_slip(const char *s, const char *end,
			     const char **advice)
{
	for (; s < end; s++) {
		if (*s == '"') {
			for (s++; *s != '\0' && *s != '"' && *s != '\n'; s++)
				s += *s == '\\' && s[1] != '\0';
			if (*s != '"')
				return NULL;
		}
		*advice = NULL;
		if (strncmp(s, "//", 2) == 0 || strncmp(s, "/*", 2) == 0 ||
		    *s == '#')
			*advice = "JSON has no comments: write a remark as the "
				  "value of a key \"$comment\"";
		else if (strncmp(s, "\xc2\xa0", 2) == 0)
			*advice = "a no-break space: write a plain space";
		else if (strncmp(s, "\xe2\x80", 2) == 0 ||
			 strncmp(s, "\xc2\xab", 2) == 0)
			*advice = "a typographic quote or dash: write a plain "
				  "'\"'";
		else if (*s == '\'')
			*advice = "a string stands in double quotes";
		else if (is_last_comma(s))
			*advice = "a ',' too many: the last value has none "
				  "behind it";
		if (*advice != NULL)
			return s;
	}
	return NULL;
}

/* What jansson says, and what to do.  Where its text goes on, it repeats the
 * piece of the file that it has a fault in, which may be a secret. */
static const struct {
	const char *text, *advice;
} plain[] = {
	{ "'}' expected", "a ',' or '}' must come before this" },
	{ "']' expected", "a ',' or ']' must come before this" },
	{ "':' expected", "a ':' must come between a key and its value" },
	{ "string or '}' expected", "a key in double quotes, or '}', must "
				    "stand here" },
	{ "'[' or '{' expected", "a catalogue begins with '{'" },
	{ "end of file expected", "nothing may follow the last '}'" },
	{ "unexpected token", "a value must stand here" },
	{ "invalid token", "a value is a string in double quotes, a number, "
			   "true, false, null, [ ] or { }" },
	{ "unexpected newline", "a string is not closed: its last '\"' must "
				"stand in the same line" },
	{ "premature end of input", "the file ends within a string" },
	{ "control character", "a string has a control character: write \\t "
			       "for a tab, \\n for a new line" },
	{ "invalid escape", "a '\\' in a string is written \\\\" },
	{ "unable to decode byte", "is not UTF-8: save the file as UTF-8" },
	{ "\\u0000 is not allowed", "a string cannot have \\u0000" },
	{ "too big", "a number is too big" },
	{ "real number overflow", "a number is too big" },
	{ "maximum parsing depth reached", "[ and { are nested too deep" },
};

static void add_jansson(const char *text, struct buf *reason)
{
	static const char twice[] = "duplicate object key near '";
	const char *near = strstr(text, " near ");
	const char *key = text + strlen(twice);

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (strncmp(text, plain[i].text, strlen(plain[i].text)) == 0) {
			buf_puts(reason, plain[i].advice);
			return;
		}
	if (strncmp(text, twice, strlen(twice)) == 0)
		buf_printf(reason, "the key %.*s stands here twice",
			   (int)strcspn(key, "'"), key);
	else
		buf_add(reason, text,
			near != NULL ? (size_t)(near - text) : strlen(text));
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
		buf_puts(reason, "is UTF-16: save it as UTF-8");
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
