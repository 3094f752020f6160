#include "args.h"

#include <string.h>

/* The end of the word at s: the blank behind it, or the end of the text. */
static const char *word_end(const char *s)
{
	int is_quoted = 0;

	for (; *s != '\0' && (is_quoted || *s != ' '); s++)
		if (*s == '"')
			is_quoted = !is_quoted;
	return s;
}

size_t args_word_length(const char *s)
{
	return (size_t)(word_end(s) - s);
}

int args_has_name(const char *args, const char *word, size_t len)
{
	const char *equals = memchr(word, '=', len);
	const size_t name = equals != NULL ? (size_t)(equals - word) : len;

	for (args += strspn(args, " "); *args != '\0';
	     args += strspn(args, " ")) {
		const size_t other = args_word_length(args);

		if (other >= name && memcmp(args, word, name) == 0 &&
		    ((equals == NULL && other == name) ||
		     (equals != NULL && other > name && args[name] == '=')))
			return 1;
		args += other;
	}
	return 0;
}

const char *args_dashes(const char *args)
{
	for (const char *s = args; (s = strstr(s, "--")) != NULL; s++) {
		size_t len = strspn(s, "-");

		if ((s == args || s[-1] == ' ') && len <= 3 &&
		    (s[len] == ' ' || s[len] == '\0'))
			return s;
		s += len - 1;
	}
	return args + strlen(args);
}

int args_next(const char **s, struct buf *word)
{
	const char *end;

	*s += strspn(*s, " ");
	if (**s == '\0')
		return 0;
	end = word_end(*s);
	for (; *s < end; (*s)++)
		if (**s != '"')
			buf_putc(word, **s);
	return 1;
}

/* Quotes elsewhere than around a value or a word are part of it to a program
 * that reads /proc/cmdline, and gone to the kernel. */
static int has_odd_quotes(const char *s, const char *end)
{
	const char *first = memchr(s, '"', (size_t)(end - s));
	const char *equals = memchr(s, '=', (size_t)(end - s));

	if (first == NULL)
		return 0;
	if (first != s && (equals == NULL || first != equals + 1))
		return 1;
	return end[-1] != '"' || first == end - 1 ||
	       memchr(first + 1, '"', (size_t)(end - first - 2)) != NULL;
}

const char *args_check(const char *args)
{
	const char *s = args;

	if (strstr(s, "\xc2\xa0") != NULL)
		return "have a no-break space: write a plain one";
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			return "have a byte that is not printable ASCII: write "
			       "plain quotes, dashes and spaces";
	if (args[0] == '\0' || args[0] == ' ' || s[-1] == ' ')
		return "are empty, or begin or end with a space: leave it out";
	s = args;
	if (strlen(args) > ARGS_MAX)
		return "are longer than 2047 bytes, where the kernel cuts "
		       "them: shorten them";
	while (*s != '\0') {
		const char *end = word_end(s);

		if (strncmp(s + (*s == '"'), "initrd=", 7) == 0)
			return "have initrd=: name the files under initrds";
		if (end > s && has_odd_quotes(s, end))
			return "have a '\"' that does not stand around a word "
			       "or its value: write name=\"a b\"";
		if (end[0] == ' ' && end[1] == ' ')
			return "have two spaces in a row: write one";
		s = end + (*end == ' ');
	}
	return NULL;
}
