#include "reader.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dialect.h"
#include "template.h"
#include "uri.h"

size_t reader_enter(struct reader *r, const char *key)
{
	size_t mark = r->pointer.len;

	buf_putc(&r->pointer, '/');
	for (; *key != '\0'; key++) {
		if (*key == '~')
			buf_puts(&r->pointer, "~0");
		else if (*key == '/')
			buf_puts(&r->pointer, "~1");
		else
			buf_putc(&r->pointer, *key);
	}
	return mark;
}

size_t reader_enter_index(struct reader *r, size_t index)
{
	size_t mark = r->pointer.len;

	buf_printf(&r->pointer, "/%zu", index);
	return mark;
}

void reader_leave(struct reader *r, size_t mark)
{
	buf_truncate(&r->pointer, mark);
}

void reader_enter_id(struct reader *r, const char *section, const char *id)
{
	reader_leave(r, 0);
	reader_enter(r, section);
	reader_enter(r, id);
	r->file = overlay_file(r->files, section, id);
}

__attribute__((format(printf, 2, 0))) static int
fail(struct reader *r, const char *fmt, va_list args)
{
	char reason[384];

	vsnprintf(reason, sizeof(reason), fmt, args);
	return error_set(r->err, r->file, 0, "%s%s%s", buf_text(&r->pointer),
			 r->pointer.len > 0 ? ": " : "", reason);
}

int reader_fail(struct reader *r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail(r, fmt, args);
	va_end(args);
	return -1;
}

int reader_fail_key(struct reader *r, const char *key, const char *fmt, ...)
{
	size_t mark = reader_enter(r, key);
	va_list args;

	va_start(args, fmt);
	fail(r, fmt, args);
	va_end(args);
	reader_leave(r, mark);
	return -1;
}

void reader_offer_keys(struct reader *r, const char *wanted,
		       const json_t *object)
{
	const char **keys;
	const char *key;
	const json_t *value;
	size_t count = 0;

	if (r->err->report == NULL)
		return;
	keys = mem_pool_alloc(r->pool,
			      (json_object_size(object) + 1) * sizeof(*keys));
	json_object_foreach((json_t *)object, key, value)
		keys[count++] = key;
	error_offer(r->err, wanted, keys);
}

int reader_fail_string(struct reader *r, const char *key, const json_t *value)
{
	char quoted[32];
	const char *const known[] = { quoted, NULL };

	/* A real number does not say how it was written: 24.10 is 24.1. */
	if (json_is_integer(value)) {
		snprintf(quoted, sizeof(quoted), "\"%" JSON_INTEGER_FORMAT "\"",
			 json_integer_value(value));
		error_offer(r->err, NULL, known);
	}
	return reader_fail_key(r, key, "must be a string, in quotes");
}

static int fail_unknown(struct reader *r, const char *key,
			const char *const *keys)
{
	struct buf known = BUF_INIT;

	error_offer(r->err, key, keys);
	for (; *keys != NULL; keys++)
		buf_printf(&known, "%s%s", known.len > 0 ? ", " : "", *keys);
	reader_fail_key(r, key, "unknown key; here are %s", buf_text(&known));
	buf_free(&known);
	return -1;
}

int reader_check_object(struct reader *r, const json_t *object,
			const char *const *keys)
{
	const char *key;
	const json_t *value;
	int rc = 0;

	if (!json_is_object(object))
		return reader_fail(r, "must be an object, in { }");
	json_object_foreach((json_t *)object, key, value) {
		const char *const *known = keys;

		while (*known != NULL && strcmp(*known, key) != 0)
			known++;
		if (*known == NULL)
			rc = fail_unknown(r, key, keys);
	}
	return rc;
}

/* What a kernel's arguments must not have, beyond what no text may have. */
static int check_args(struct reader *r, const char *args)
{
	if (strstr(args, "initrd=") != NULL)
		return reader_fail(r, "must not have initrd=: name the files "
				      "under initrds");
	if (strpbrk(args, "'\"\\") != NULL)
		return reader_fail(r, "must not have quotes or '\\', which "
				      "GRUB changes");
	return 0;
}

static int check_value(struct reader *r, const char *s)
{
	struct error err = ERROR_INIT;

	if (dialect_check_value(s, strlen(s), &err) < 0)
		return reader_fail(r, "%s", err.text);
	return 0;
}

static int fail_slash(struct reader *r, const char *url)
{
	struct buf with = BUF_INIT;
	const char *known[] = { NULL, NULL };

	buf_printf(&with, "%s/", url);
	known[0] = with.data;
	error_offer(r->err, NULL, known);
	reader_fail(r, "must end in '/': %s", url);
	buf_free(&with);
	return -1;
}

static int check_url(struct reader *r, const char *s, int is_directory)
{
	struct uri uri;
	const char *reason = uri_parse(s, &uri);

	if (reason != NULL)
		return reader_fail(r, "URL %s: %s", reason, s);
	if (is_directory && s[strlen(s) - 1] != '/')
		return fail_slash(r, s);
	return check_value(r, s);
}

/* Where a title stands with other words, a loader's line must hold it all:
 * gPXE's has 512 bytes and 32 words. */
static int check_length(struct reader *r, const char *s)
{
	size_t words = 1;

	for (const char *c = s; *c != '\0'; c++)
		words += *c == ' ';
	if (strlen(s) > READER_TEXT_MAX || words > READER_WORDS_MAX)
		return reader_fail(r,
				   "is longer than %d bytes or %d words: "
				   "shorten it",
				   READER_TEXT_MAX, READER_WORDS_MAX);
	return 0;
}

int reader_check(struct reader *r, const char *s, enum form form)
{
	if (form == FORM_URL || form == FORM_DIRECTORY)
		return check_url(r, s, form == FORM_DIRECTORY);
	if (check_value(r, s) < 0)
		return -1;
	if (form == FORM_TEXT)
		return check_length(r, s);
	if (form == FORM_ARGS)
		return check_args(r, s);
	if (strchr(s, ' ') != NULL)
		return reader_fail(r, "must be one word");
	if (strlen(s) > URI_MAX)
		return reader_fail(r, "is longer than %d bytes", URI_MAX);
	return 0;
}

/* What patterns take in is checked where it stands, and the whole when it is
 * filled. */
static const char *copy(struct buf *out, const char *s, size_t len)
{
	buf_add(out, s, len);
	return NULL;
}

static const struct template *no_partial(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return NULL;
}

/* No field holds more; it bounds what many mirrors times many releases can
 * cost. */
#define FILLED_MAX 2048

/* The pattern's place, with its template; NULL with err set if it is none. */
static struct reader_pattern *compile(struct reader *r, const char *pattern,
				      struct error *err)
{
	/* Strings of jansson's are 16 bytes apart at least. */
	struct reader_pattern *place =
		&r->patterns[(uintptr_t)pattern / 16 % READER_PATTERNS];

	if (place->text == pattern)
		return place;
	template_free(place->template);
	*place = (struct reader_pattern){ 0 };
	if (strstr(pattern, "{{") != NULL) {
		place->template = template_parse("pattern", pattern,
						 strlen(pattern), err);
		if (place->template == NULL)
			return NULL;
	}
	place->text = pattern;
	return place;
}

void reader_end(struct reader *r)
{
	for (size_t i = 0; i < READER_PATTERNS; i++)
		template_free(r->patterns[i].template);
	buf_free(&r->pointer);
	buf_free(&r->scratch);
}

const char *reader_fill(struct reader *r, const char *pattern,
			const json_t *vars)
{
	static const struct dialect plain = { .name = "plain", .escape = copy };
	const struct render render = { .dialect = &plain,
				       .partial = no_partial };
	struct error err = ERROR_INIT;
	struct buf *out = &r->scratch;
	struct reader_pattern *place = compile(r, pattern, &err);

	buf_truncate(out, 0);
	if (place != NULL && place->template == NULL)
		buf_puts(out, pattern);
	else if (place != NULL &&
		 template_render(place->template, vars, &render, out, &err) ==
			 0 &&
		 out->len > FILLED_MAX)
		error_set(&err, NULL, 0, "is longer than %d bytes", FILLED_MAX);
	if (err.text[0] != '\0')
		reader_fail(r, "%s", err.text);
	else if (place->filled == NULL ||
		 strcmp(place->filled, buf_text(out)) != 0)
		place->filled = mem_pool_copy(r->pool, buf_text(out));
	return err.text[0] == '\0' ? place->filled : NULL;
}

int reader_check_id(struct reader *r, const char *s)
{
	/* gPXE takes an id at the end of a URL for a file of native code. */
	static const char *const native[] = { ".c32", ".com", ".cbt" };
	size_t len = strlen(s);

	if (len == 0 || len > READER_ID_MAX)
		return reader_fail(r, "an id has 1 to %d characters",
				   READER_ID_MAX);
	for (size_t i = 0; i < len; i++)
		if (!uri_is_value_char(s[i]) ||
		    (i == 0 && strchr("._~-", s[0]) != NULL))
			return reader_fail(r, "an id is a letter or digit, "
					      "then letters, digits, '.', "
					      "'_', '~', '-'");
	for (size_t i = 0; i < len; i++)
		for (size_t n = 0; n < sizeof(native) / sizeof(*native); n++)
			if (strncasecmp(s + i, native[n], 4) == 0)
				return reader_fail(r,
						   "an id must not have "
						   "'%s', a name of native "
						   "code",
						   native[n]);
	return 0;
}

int reader_string(struct reader *r, const json_t *object, const char *key,
		  const char **out)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL)
		return 0;
	if (!json_is_string(value))
		return reader_fail_string(r, key, value);
	*out = json_string_value(value);
	return 0;
}

int reader_text(struct reader *r, const json_t *object, const char *key,
		enum form form, const char **out)
{
	const char *text = NULL;
	size_t mark;
	int rc;

	if (reader_string(r, object, key, &text) < 0)
		return -1;
	if (text == NULL)
		return 0;
	mark = reader_enter(r, key);
	rc = reader_check(r, text, form);
	reader_leave(r, mark);
	if (rc == 0)
		*out = mem_pool_copy(r->pool, text);
	return rc;
}

static int fail_number(struct reader *r, const char *key, const json_t *value,
		       unsigned max)
{
	const char *text = json_string_value(value);
	const char *const known[] = { text, NULL };

	if (text != NULL && text[0] != '\0' &&
	    text[strspn(text, "0123456789")] == '\0')
		error_offer(r->err, NULL, known);
	return reader_fail_key(r, key, "must be a whole number from 0 to %u",
			       max);
}

int reader_number(struct reader *r, const json_t *object, const char *key,
		  unsigned max, unsigned *out)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > max)
		return fail_number(r, key, value, max);
	*out = (unsigned)json_integer_value(value);
	return 0;
}

int reader_flag(struct reader *r, const json_t *object, const char *key,
		int *out)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL)
		return 0;
	if (!json_is_true(value))
		return reader_fail_key(r, key, "must be true, or left out");
	*out = 1;
	return 0;
}
