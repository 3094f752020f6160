/* XML: a value stands in the text of an element, or in an attribute. */
#include <string.h>

#include "language.h"

/* The last place before end where what stands there; NULL if there is none. */
static const char *find_last(const char *text, const char *what)
{
	const char *last = NULL;

	while ((text = strstr(text, what)) != NULL)
		last = text++;
	return last;
}

/* Whether what opens is not closed before the end of the text. */
static int is_open(const char *text, const char *opens, const char *closes)
{
	const char *last = find_last(text, opens);

	return last != NULL && strstr(last + strlen(opens), closes) == NULL;
}

/* Whether the text ends in a tag and outside of its attributes' quotes. */
static int is_in_tag(const char *text)
{
	const char *tag = strrchr(text, '<');
	char quote = '\0';

	for (; tag != NULL && *tag != '\0'; tag++) {
		if (*tag == quote)
			quote = '\0';
		else if (quote == '\0' && (*tag == '"' || *tag == '\''))
			quote = *tag;
		else if (quote == '\0' && *tag == '>')
			return 0;
	}
	return tag != NULL && quote == '\0';
}

static const char *check_place(const char *text)
{
	if (is_open(text, "<![CDATA[", "]]>"))
		return "stands in a CDATA section, where nothing can be "
		       "quoted: put it outside";
	if (is_open(text, "<!--", "-->"))
		return "stands in a comment: remove it there";
	if (is_in_tag(text))
		return "stands in a tag: put it in the quotes of an attribute "
		       "or behind the tag";
	return NULL;
}

/* What XML 1.0 has no way to write. */
static const char *check_character(unsigned c)
{
	if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0xfffe ||
	    c == 0xffff)
		return "contains a control character";
	return NULL;
}

static void add_character(struct buf *out, unsigned c, const char *s,
			  size_t len)
{
	/* An attribute's white space becomes a blank, and a line break's CR is
	 * lost, unless they are written by their numbers. */
	if (c < 0x20 || c == 0x85 || c == 0x2028 ||
	    strchr("&<>\"'", (int)c) != NULL)
		buf_printf(out, "&#%u;", c);
	else
		buf_add(out, s, len);
}

static const char *escape(struct buf *out, const char *s, size_t len)
{
	const char *end = s + len;
	const char *reason = check_place(buf_text(out));
	size_t before = out->len;
	size_t one;

	if (reason == NULL)
		reason = language_check_text(s, len);
	for (; reason == NULL && s < end; s += one) {
		unsigned c = language_character(s, &one);

		reason = check_character(c);
		add_character(out, c, s, one);
	}
	if (reason != NULL)
		buf_truncate(out, before);
	return reason;
}

const struct language language_xml = {
	.name = "XML",
	.content_type = "application/xml",
	.takes_cr = 1,
	.escape = escape,
};
