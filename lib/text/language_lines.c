/* debconf's preseed and plain text: a value is the rest of its line. */
#include <string.h>

#include "language.h"

static const char *escape_plain(struct buf *out, const char *s, size_t len)
{
	const char *reason = language_check_line(s, len);

	if (reason == NULL)
		buf_add(out, s, len);
	return reason;
}

/* The line that a text ends in, with the lines before it that end in '\'. */
static const char *last_line(const char *text, size_t len)
{
	const char *s = text + len;

	while (s > text && (s[-1] != '\n' || (s - text > 1 && s[-2] == '\\')))
		s--;
	return s;
}

/* A preseed's line has an owner, a question and a type before its value.
 * Returns the length of the question, with *question set to it; 0: the line
 * ends before the value. */
static size_t find_question(const char *line, const char **question)
{
	size_t len = 0;

	for (int word = 0; word < 3; word++) {
		size_t word_len;

		line += strspn(line, " \t");
		word_len = strcspn(line, " \t");
		if (word == 1) {
			*question = line;
			len = word_len;
		}
		line += word_len;
	}
	return *line != '\0' ? len : 0;
}

/* A question whose value is a command: d-i has a shell run it. */
static int is_command(const char *question, size_t len)
{
	static const char end[] = "command";
	const size_t end_len = sizeof(end) - 1;

	return (len >= end_len &&
		memcmp(question + len - end_len, end, end_len) == 0) ||
	       (len == 11 && memcmp(question, "preseed/run", len) == 0);
}

static const char *check_word(const char *s, size_t len)
{
	static const char harmless[] = "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				       "._~:/@%+,=-";

	return strspn(s, harmless) < len
		       ? "contains a character that the shell of this command "
			 "may take for its own: put the command into a file "
			 "NAME.sh and fetch that"
		       : NULL;
}

static const char *check_place(const struct buf *out, const char *s, size_t len)
{
	const char *line = last_line(buf_text(out), out->len);
	const char *question = NULL;
	size_t question_len;

	if (line[strspn(line, " \t")] == '#')
		return "stands in a comment: remove it there";
	question_len = find_question(line, &question);
	if (question_len == 0)
		return "stands before the place of a value: owner, question "
		       "and type come first, and a blank";
	return is_command(question, question_len) ? check_word(s, len) : NULL;
}

/* debconf-set-selections takes the blanks around a value off, and joins a line
 * that ends in '\' with the next. */
static const char *escape_preseed(struct buf *out, const char *s, size_t len)
{
	const char *reason = language_check_line(s, len);

	if (reason == NULL)
		reason = check_place(out, s, len);
	if (reason != NULL)
		return reason;
	if (len == 0)
		return "is empty: leave it out";
	if (s[0] == ' ' || s[len - 1] == ' ')
		return "begins or ends with a space";
	if (s[len - 1] == '\\')
		return "ends with '\\', which joins two lines";
	buf_add(out, s, len);
	return NULL;
}

const struct language language_plain = {
	.name = "plain text",
	.content_type = "text/plain; charset=utf-8",
	.escape = escape_plain,
};

const struct language language_preseed = {
	.name = "preseed",
	.content_type = "text/plain; charset=utf-8",
	.escape = escape_preseed,
};
