/* YAML, JSON and TOML: a value stands between double quotes of the file's. */
#include <jansson.h>
#include <string.h>

#include "language.h"

/* Where in a line a place is. */
enum place {
	PLACE_PLAIN,
	PLACE_DOUBLE, /* between double quotes */
	PLACE_SINGLE,
	PLACE_COMMENT,
	PLACE_ESCAPED, /* behind a '\\' between double quotes */
};

static const char outside[] =
	"stands outside of double quotes, where only a whole number may: put "
	"it in double quotes";

/* Whether a quote at s begins a text: behind what may come before one, and not
 * within a word as in 19" rack. */
static int begins_text(const char *line, const char *s)
{
	while (s > line && (s[-1] == ' ' || s[-1] == '\t'))
		s--;
	return s == line || strchr("[{,:=-?", s[-1]) != NULL;
}

static int begins_comment(const char *line, const char *s)
{
	return *s == '#' && (s == line || s[-1] == ' ' || s[-1] == '\t');
}

/* The place at end, in the line that begins at line. */
static enum place place_at(const char *line, const char *end)
{
	enum place place = PLACE_PLAIN;

	for (const char *s = line; s < end; s++) {
		if (place == PLACE_DOUBLE) {
			if (*s == '"')
				place = PLACE_PLAIN;
			else if (*s == '\\' && ++s == end)
				return PLACE_ESCAPED;
		} else if (place == PLACE_SINGLE) {
			if (*s == '\'' && s[1] == '\'')
				s++; /* YAML's way to write one */
			else if (*s == '\'')
				place = PLACE_PLAIN;
		} else if (begins_comment(line, s)) {
			return PLACE_COMMENT;
		} else if ((*s == '"' || *s == '\'') && begins_text(line, s)) {
			place = *s == '"' ? PLACE_DOUBLE : PLACE_SINGLE;
		}
	}
	return place;
}

static const char *line_of(const char *text, const char *s)
{
	while (s > text && s[-1] != '\n')
		s--;
	return s;
}

/* A whole number is the same in every one of these languages; one with a 0
 * before it is not. */
static int is_number(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return 0;
	return len > 0 && len <= 15 && (s[0] != '0' || len == 1);
}

/* Whether a value may stand at the end of out, in its line. */
static const char *check_place(const struct buf *out, const char *s, size_t len)
{
	const char *text = buf_text(out);
	const char *end = text + out->len;

	switch (place_at(line_of(text, end), end)) {
	case PLACE_DOUBLE:
		return NULL;
	case PLACE_SINGLE:
		return "stands in single quotes, where it cannot be written: "
		       "use double quotes";
	case PLACE_COMMENT:
		return "stands in a comment: remove it there";
	case PLACE_ESCAPED:
		return "stands behind a '\\': remove that";
	case PLACE_PLAIN:
		break;
	}
	return is_number(s, len) ? NULL : outside;
}

/* Whether a character has to be written by its number: what a parser refuses or
 * takes for a line break. */
static int is_special(unsigned c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
	       c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff;
}

/* What stands between double quotes is the same in the three languages. */
static const char *add_text(struct buf *out, const char *s, size_t len)
{
	const char *end = s + len;
	const char *reason = language_check_text(s, len);
	size_t one;

	for (; reason == NULL && s < end; s += one) {
		unsigned c = language_character(s, &one);

		if (is_special(c)) {
			buf_printf(out, "\\u%04x", c);
			continue;
		}
		if (c == '"' || c == '\\')
			buf_putc(out, '\\');
		buf_add(out, s, one);
	}
	return reason;
}

static const char *escape_json(struct buf *out, const char *s, size_t len)
{
	const char *reason = check_place(out, s, len);

	return reason != NULL ? reason : add_text(out, s, len);
}

/* jansson's message repeats a piece of the text. */
static const char *check_json(const char *text, size_t len)
{
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

	json_decref(json);
	return json == NULL ? "is not JSON as it is filled: show it with "
			      "'answer' and mend the template"
			    : NULL;
}

static size_t indent_of(const char *line)
{
	return strspn(line, " ");
}

/* Whether the line ends in a '|' or '>' that begins a block of text, with or
 * without its indicators. */
static int begins_block(const char *line)
{
	size_t len = strcspn(line, "\n");

	while (len > 0 && strchr(" \t+-0123456789", line[len - 1]) != NULL)
		len--;
	if (len == 0 || (line[len - 1] != '|' && line[len - 1] != '>'))
		return 0;
	len--;
	return len == 0 || line[len - 1] == ' ';
}

/* Whether the end of the text is in a block, below a line with less
 * indentation. */
static int is_in_block(const char *text, const char *end)
{
	const char *line = line_of(text, end);
	size_t indent = indent_of(line);

	while (line > text && indent > 0) {
		line = line_of(text, line - 1);
		if (line[indent_of(line)] == '\n' || indent_of(line) >= indent)
			continue;
		indent = indent_of(line);
		if (begins_block(line))
			return 1;
	}
	return 0;
}

static const char *escape_yaml(struct buf *out, const char *s, size_t len)
{
	const char *text = buf_text(out);

	if (is_in_block(text, text + out->len))
		return "stands in a block of text behind '|' or '>', where "
		       "nothing can be quoted: write the text in double quotes";
	return escape_json(out, s, len);
}

/* Whether a text of several lines, in three quotes, is open. */
static int is_in_lines(const char *text, const char *quotes)
{
	int is_open = 0;

	while ((text = strstr(text, quotes)) != NULL) {
		is_open = !is_open;
		text += 3;
	}
	return is_open;
}

static const char *escape_toml(struct buf *out, const char *s, size_t len)
{
	const char *text = buf_text(out);

	if (is_in_lines(text, "\"\"\"") || is_in_lines(text, "'''"))
		return "stands in three quotes: write the text in double "
		       "quotes";
	return escape_json(out, s, len);
}

const struct language language_json = {
	.name = "JSON",
	.content_type = "application/json",
	.takes_cr = 1,
	.escape = escape_json,
	.check = check_json,
};

const struct language language_toml = {
	.name = "TOML",
	.content_type = "application/toml",
	.takes_cr = 1,
	.escape = escape_toml,
};

const struct language language_yaml = {
	.name = "YAML",
	.content_type = "text/plain; charset=utf-8",
	.escape = escape_yaml,
};
