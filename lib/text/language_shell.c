/* Shell, and kickstart, whose commands are split like a shell's and whose
 * scripts are for one. */
#include <string.h>

#include "language.h"

/* How deep quotes and parentheses are followed. */
#define DEPTH_MAX 32

/* What is open at a place of a script, the innermost last: one of " ' ( { `,
 * '#' for a comment, '<' for a here-document, and a '\' or '$' at its end. */
struct shell {
	char open[DEPTH_MAX];
	size_t depth;
	const char *delimiter; /* of the here-document that begins with the
				  next line; NULL: none */
	size_t delimiter_len;
};

static char top(const struct shell *sh)
{
	return sh->depth > 0 ? sh->open[sh->depth - 1] : '\0';
}

/* What is nested too deep stays open. */
static void push(struct shell *sh, char c)
{
	if (sh->depth < DEPTH_MAX)
		sh->open[sh->depth++] = c;
}

static void pop(struct shell *sh)
{
	if (sh->depth < DEPTH_MAX)
		sh->depth--;
}

/* Note the delimiter of the here-document whose "<<" is at s. */
static void begin_document(struct shell *sh, const char *s)
{
	s += 2 + (s[2] == '-');
	s += strspn(s, " \t'\"\\");
	if (sh->delimiter != NULL) /* a second one in the line */
		push(sh, '<');
	sh->delimiter = s;
	sh->delimiter_len = strcspn(s, " \t\n'\"\\;|&<>()");
}

/* The end of the here-document that begins at s; NULL if it does not end. */
static const char *document_end(const struct shell *sh, const char *s)
{
	while (*s != '\0') {
		const char *word = s + strspn(s, "\t");

		if (strncmp(word, sh->delimiter, sh->delimiter_len) == 0 &&
		    word[sh->delimiter_len] == '\n')
			return word + sh->delimiter_len;
		s += strcspn(s, "\n");
		s += *s == '\n';
	}
	return NULL;
}

static int is_word_start(const char *text, const char *s)
{
	return s == text || strchr(" \t\n;&|()", s[-1]) != NULL;
}

/* Take one byte outside of single quotes.  Returns the last one taken. */
static const char *take(struct shell *sh, const char *text, const char *s)
{
	const int is_double = top(sh) == '"';

	/* A quote behind either is none. */
	if ((*s == '\\' || *s == '$') && s[1] == '\0')
		push(sh, *s);
	if (*s == '\\' && s[1] != '\0')
		return s + 1;
	if (*s == '$' && (s[1] == '(' || s[1] == '{')) {
		push(sh, s[1]);
		return s + 1;
	}
	if (*s == '"' || *s == '`') {
		if (top(sh) == *s)
			pop(sh);
		else
			push(sh, *s);
	} else if (*s == '}' && top(sh) == '{') {
		pop(sh);
	} else if (is_double) {
		return s;
	} else if (*s == ')' && top(sh) == '(') {
		pop(sh);
	} else if (*s == '\'' || *s == '(') {
		push(sh, *s);
	} else if (*s == '#' && is_word_start(text, s)) {
		push(sh, '#');
	} else if (*s == '<' && s[1] == '<' && top(sh) != '{') {
		if (s[2] != '<')
			begin_document(sh, s);
		return s + (s[2] == '<' ? 2 : 1);
	}
	return s;
}

/* Go on with a here-document behind the newline at s.  Returns the last byte
 * taken; NULL if the text ends in the document. */
static const char *take_document(struct shell *sh, const char *s)
{
	const char *end = document_end(sh, s + 1);

	sh->delimiter = NULL;
	return end;
}

/* What is open at the end of the script. */
static char open_at_end(const char *text)
{
	struct shell sh = { .depth = 0 };

	for (const char *s = text; *s != '\0'; s++) {
		if (*s == '\n' && top(&sh) == '#')
			pop(&sh);
		if (*s == '\n' && sh.delimiter != NULL &&
		    (s = take_document(&sh, s)) == NULL)
			return '<';
		if (top(&sh) == '\'' && *s == '\'')
			pop(&sh);
		else if (top(&sh) != '\'' && top(&sh) != '#')
			s = take(&sh, text, s);
	}
	return top(&sh);
}

static const char *refuse_open(char open)
{
	switch (open) {
	case '\0':
	case '(':
		return NULL;
	case '#':
		return "stands in a comment: remove it there";
	case '<':
		return "stands in a here-document, where nothing can be "
		       "quoted: give it to a variable before";
	case '`':
		return "stands in backquotes: write $( ) instead";
	case '\\':
	case '$':
		return "stands behind a '\\' or '$': remove that";
	case '{':
		return "stands in ${ }: give it to a variable before";
	default:
		return "stands in quotes, but brings its own: end them before "
		       "it, or give it to a variable before";
	}
}

/* In single quotes nothing is special but the quote itself. */
static void add_quoted(struct buf *out, const char *s, size_t len)
{
	buf_putc(out, '\'');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\'')
			buf_puts(out, "'\\'");
		buf_putc(out, s[i]);
	}
	buf_putc(out, '\'');
}

static const char *escape_script(struct buf *out, const char *script,
				 const char *s, size_t len)
{
	const char *reason = refuse_open(open_at_end(script));

	if (reason == NULL)
		reason = language_check_text(s, len);
	if (reason == NULL)
		add_quoted(out, s, len);
	return reason;
}

static const char *escape_shell(struct buf *out, const char *s, size_t len)
{
	return escape_script(out, buf_text(out), s, len);
}

/* The section that the text ends in, at its '%'; NULL: in none. */
static const char *section_of(const char *text)
{
	static const char *const none[] = { "%end", "%include", "%ksappend" };
	const char *section = NULL;

	for (const char *line = text; *line != '\0';) {
		const char *word = line + strspn(line, " \t");
		size_t i = 0;

		while (i < 3 && strncmp(word, none[i], strlen(none[i])) != 0)
			i++;
		if (*word == '%' && i == 0)
			section = NULL;
		else if (*word == '%' && i == 3)
			section = word;
		line = word + strcspn(word, "\n");
		line += *line == '\n';
	}
	return section;
}

static int is_section(const char *section, const char *name)
{
	size_t len = strlen(name);

	return strncmp(section, name, len) == 0 &&
	       strchr(" \t\n", section[len]) != NULL;
}

/* The text behind the line of a section whose script a shell runs; NULL for
 * another. */
static const char *script_of(const char *section)
{
	static const char *const names[] = { "%pre",       "%pre-install",
					     "%post",      "%onerror",
					     "%traceback", NULL };
	const char *end = strchr(section, '\n');
	const char *interpreter = strstr(section, "--interpreter");
	size_t i = 0;

	while (names[i] != NULL && !is_section(section, names[i]))
		i++;
	if (names[i] == NULL || end == NULL)
		return NULL;
	if (interpreter != NULL && interpreter < end &&
	    strncmp(end - 2, "sh", 2) != 0)
		return NULL;
	return end + 1;
}

/* Anaconda takes such a word for an option, and such a package for one that is
 * not wanted, in quotes or not. */
static const char option[] = "begins with '-', which makes it an option";

/* Lines of packages have no quotes. */
static const char *escape_package(struct buf *out, const char *s, size_t len)
{
	static const char taken[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "@^._+:*-";

	if (len == 0)
		return "is empty: leave it out";
	if (s[0] == '-')
		return option;
	if (strspn(s, taken) < len)
		return "contains a character that no package's name has";
	buf_add(out, s, len);
	return NULL;
}

/* Commands are split at blanks by Python's shlex, which ends a line at a '#'
 * outside of quotes. */
static const char *escape_command(struct buf *out, const char *s, size_t len)
{
	const char *line = strrchr(buf_text(out), '\n');
	const char *end = buf_text(out) + out->len;
	char quote = '\0';

	line = line != NULL ? line + 1 : buf_text(out);
	if (len > 0 && s[0] == '-' &&
	    (line == end || end[-1] == ' ' || end[-1] == '\t'))
		return option;
	for (; *line != '\0'; line++) {
		if (*line == '#' && quote == '\0')
			return refuse_open('#');
		if (*line == '\\' && quote != '\'') {
			if (*++line == '\0')
				return refuse_open('\\');
		} else if (*line == quote) {
			quote = '\0';
		} else if (quote == '\0' && (*line == '"' || *line == '\'')) {
			quote = *line;
		}
	}
	if (quote != '\0')
		return refuse_open(quote);
	add_quoted(out, s, len);
	return NULL;
}

static const char *escape_kickstart(struct buf *out, const char *s, size_t len)
{
	const char *section = section_of(buf_text(out));
	const char *reason = language_check_line(s, len);
	const char *script;

	if (reason != NULL)
		return reason;
	if (section == NULL)
		return escape_command(out, s, len);
	if (is_section(section, "%packages"))
		return escape_package(out, s, len);
	script = script_of(section);
	if (script == NULL)
		return "stands in a section where nothing can be quoted: move "
		       "it to a command, %packages, or a shell's %pre or %post";
	return escape_script(out, script, s, len);
}

const struct language language_shell = {
	.name = "shell",
	.content_type = "text/plain; charset=utf-8",
	.escape = escape_shell,
};

const struct language language_kickstart = {
	.name = "kickstart",
	.content_type = "text/plain; charset=utf-8",
	.escape = escape_kickstart,
};
