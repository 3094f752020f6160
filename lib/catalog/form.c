#include "form.h"

#include <string.h>

#include "args.h"
#include "character.h"
#include "dialect.h"
#include "uri.h"

static int check_dialects(struct cursor *at, const char *s)
{
	struct error err = ERROR_INIT;

	if (dialect_check_value(s, strlen(s), &err) < 0)
		return cursor_fail(at, "%s", err.text);
	return 0;
}

static int fail_slash(struct cursor *at, const char *url)
{
	struct buf with_slash = BUF_INIT;
	const char *known[] = { NULL, NULL };
	const struct offer offer = { .known = known };

	buf_printf(&with_slash, "%s/", url);
	known[0] = with_slash.data;
	cursor_fail_offer(at, NULL, &offer, "must end in '/'");
	buf_free(&with_slash);
	return -1;
}

static int check_url(struct cursor *at, const char *s, int is_directory)
{
	struct uri uri;
	const char *reason = uri_parse(s, &uri);

	if (reason != NULL)
		return cursor_fail(at, "URL %s", reason);
	if (is_directory && uri.query[0] != '\0')
		return cursor_fail(at, "URL has a query, which the files below "
				       "it cannot have: put it into the "
				       "patterns of the files");
	if (is_directory && s[strlen(s) - 1] != '/')
		return fail_slash(at, s);
	return 0;
}

int form_check_characters(struct cursor *at, const char *s)
{
	size_t place = 1;
	unsigned value;

	for (; *s >= ' ' && *s <= '~'; s++)
		place++;
	if (*s == '\0')
		return 0;
	value = character_code(s);
	if (value == '\n' || value == '\r')
		return cursor_fail(at,
				   "character %zu is a line break: write "
				   "one line",
				   place);
	if (value < ' ' || value == 0x7f)
		return cursor_fail(at,
				   "character %zu is a control character: "
				   "remove it",
				   place);
	if (character_advice(value) != NULL)
		return cursor_fail(at, "character %zu is %s", place,
				   character_advice(value));
	return cursor_fail(at,
			   "character %zu is U+%04X, which no loader "
			   "takes: write ASCII letters",
			   place, value);
}

static int check_text(struct cursor *at, const char *s)
{
	size_t words = 1;

	if (s[0] == '-')
		return cursor_fail(at, "must not begin with '-', which a "
				       "command takes for an option");
	for (const char *c = s; *c != '\0'; c++)
		words += *c == ' ';
	if (strlen(s) > FORM_TEXT_MAX || words > FORM_WORDS_MAX)
		return cursor_fail(at,
				   "is longer than %d bytes or %d words: "
				   "shorten it",
				   FORM_TEXT_MAX, FORM_WORDS_MAX);
	return 0;
}

static int check_args(struct cursor *at, const char *s)
{
	const char *reason = args_check(s);

	return reason != NULL ? cursor_fail(at, "arguments %s", reason) : 0;
}

static int check_word(struct cursor *at, const char *s)
{
	if (strchr(s, ' ') != NULL)
		return cursor_fail(at, "must be one word, without spaces");
	if (strlen(s) > URI_MAX_FOR_ALL)
		return cursor_fail(at, "is longer than %d bytes: shorten it",
				   URI_MAX_FOR_ALL);
	return 0;
}

int form_check(struct cursor *at, const char *s, enum form form)
{
	switch (form) {
	case FORM_ANY:
		return 0;
	case FORM_URL:
	case FORM_DIRECTORY:
		return check_url(at, s, form == FORM_DIRECTORY);
	case FORM_ARGS:
		return check_args(at, s);
	case FORM_TEXT:
	case FORM_WORD:
		break;
	}
	if (form_check_characters(at, s) < 0)
		return -1;
	if (check_dialects(at, s) < 0)
		return -1;
	if (uri_has_user(s))
		return cursor_fail(at, "has a user name or password: leave it "
				       "out");
	return form == FORM_TEXT ? check_text(at, s) : check_word(at, s);
}

/* gPXE cuts the name of a file: any place in an id may become its end. */
static int check_suffixes(struct cursor *at, const char *id)
{
	for (size_t len = 1; len <= strlen(id); len++) {
		const char *suffix = dialect_native_suffix(id, len);

		if (suffix != NULL)
			return cursor_fail(at,
					   "an id must not have '%s', a name "
					   "of native code",
					   suffix);
	}
	return 0;
}

int form_check_id(struct cursor *at, const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > FORM_ID_MAX)
		return cursor_fail(at, "an id has 1 to %d characters",
				   FORM_ID_MAX);
	for (size_t i = 0; i < len; i++)
		if (!uri_is_value_char(s[i]) ||
		    (i == 0 && strchr("._~-", s[0]) != NULL))
			return cursor_fail(at, "an id is a letter or digit, "
					       "then letters, digits, '.', "
					       "'_', '~', '-'");
	return check_suffixes(at, s);
}
