#include "fuzz.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

_Noreturn void fuzz_fail(const char *condition, const char *file, int line,
			 const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

void fuzz_check_error(const struct error *err)
{
	size_t len = strlen(err->text);

	FUZZ_CHECK(len > 0, "an error without a word");
	for (size_t i = 0; i < len; i++)
		FUZZ_CHECK(err->text[i] >= ' ' && err->text[i] <= '~',
			   "byte %zu of '%s'", i, err->text);
}

/* What begins a text, and how long its lines and URLs may be; by name, so that
 * nothing here comes from the code that is looked at. */
static const struct shape {
	const char *dialect;
	const char *magic;
	size_t max_line;
	size_t max_url;
} shapes[] = {
	{ "gpxe", "#!gpxe\n", 512, 250 },
	{ "pxelinux", "menu ", 1023, 250 },
	{ "ipxe", "#!ipxe\n", 4095, SIZE_MAX },
	{ "syslinux", "menu ", 2100, 250 },
	{ "grub", "set ", 4095, SIZE_MAX },
	{ "html", "<!DOCTYPE html>\n", SIZE_MAX, SIZE_MAX },
	{ "json", "{\n", SIZE_MAX, SIZE_MAX },
};

static const struct shape *shape_of(const struct dialect *d)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (strcmp(shapes[i].dialect, d->name) == 0)
			return &shapes[i];
	fuzz_fail("a known dialect", __FILE__, __LINE__, "%s", d->name);
}

/* The parameters of the URL from s to end. */
static const char *check_params(const char *s, const char *end,
				int has_bare_variables)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    ".-_~=&";

	while (s < end) {
		if (end - s > 2 && memcmp(s, "${", 2) == 0) {
			s = memchr(s, '}', (size_t)(end - s));
			if (s == NULL)
				return "a setting without its end";
			s++;
		} else if (memchr(chars, *s, sizeof(chars) - 1) != NULL ||
			   (has_bare_variables && end - s > 1 && *s == '$' &&
			    (s[1] == '_' || isalpha((unsigned char)s[1])))) {
			s++;
		} else {
			return "a parameter's byte";
		}
	}
	return NULL;
}

/* Where the URL ends that begins at s, in a line that ends at end. */
static const char *url_end(const char *s, const char *end)
{
	while (s < end && memchr(" '\",", *s, 4) == NULL)
		s++;
	return s;
}

static const char *check_url(const struct shape *shape, const char *s,
			     const char *end)
{
	const char *query = memchr(s, '?', (size_t)(end - s));

	if ((size_t)(end - s) > shape->max_url)
		return "a URL's length";
	return query != NULL ? check_params(query + 1, end,
					    strcmp(shape->dialect, "grub") == 0)
			     : NULL;
}

static int is_url(const char *s, const char *end)
{
	return (end - s > 7 && memcmp(s, "http://", 7) == 0) ||
	       (end - s > 8 && memcmp(s, "https://", 8) == 0);
}

static const char *check_line(const struct shape *shape, const char *s,
			      size_t len)
{
	const char *line = s;
	const char *end = s + len;
	const char *reason = NULL;

	if (len > shape->max_line)
		return "a line's length";
	for (size_t i = 0; i < len; i++)
		if (s[i] < ' ' || s[i] > '~')
			return "a byte that is not printable ASCII";
	while (s < end && reason == NULL) {
		const char *before =
			s > line && memchr("'\"", s[-1], 2) != NULL ? s - 1 : s;
		/* In an argument it is the installer's. */
		int is_fetched = is_url(s, end) &&
				 (before == line || before[-1] == ' ' ||
				  before[-1] == ',');
		const char *last = is_fetched ? url_end(s, end) : s + 1;

		if (is_fetched)
			reason = check_url(shape, s, last);
		s = last;
	}
	return reason;
}

static const char *check_html(const char *s, size_t len)
{
	if (!fuzz_is_utf8(s, len))
		return "bytes that are not UTF-8";
	for (size_t i = 0; i < len; i++)
		if (strchr("\001\002\003\004\005\006\007\b\v\f\r\016\017\020"
			   "\021\022\023\024\025\026\027\030\031\032\033\034"
			   "\035\036\037\177",
			   s[i]) != NULL)
			return "a control character";
	return NULL;
}

const char *fuzz_contract(const struct dialect *d, const char *text, size_t len)
{
	const struct shape *shape = shape_of(d);
	const char *end = text + len;

	if (len < strlen(shape->magic) ||
	    memcmp(text, shape->magic, strlen(shape->magic)) != 0)
		return "its beginning";
	if (end[-1] != '\n')
		return "its end";
	if (dialect_is_for_people(d))
		return check_html(text, len);
	while (text < end) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		const char *reason =
			check_line(shape, text, (size_t)(eol - text));

		if (reason != NULL)
			return reason;
		text = eol + 1;
	}
	return NULL;
}

int fuzz_is_utf8(const char *s, size_t len)
{
	json_t *json = json_stringn(s, len);

	json_decref(json);
	return json != NULL;
}

void fuzz_read_file(struct buf *out, const char *path)
{
	FILE *file = fopen(path, "r");
	char piece[4096];
	size_t got;

	FUZZ_CHECK(file != NULL, "%s", path);
	while ((got = fread(piece, 1, sizeof(piece), file)) > 0)
		buf_add(out, piece, got);
	FUZZ_CHECK(ferror(file) == 0, "%s", path);
	fclose(file);
}

char *fuzz_part(const uint8_t **data, size_t *size, int separator, size_t *len)
{
	const uint8_t *end;
	size_t part;
	char *copy;

	if (*data == NULL)
		return NULL;
	end = *size > 0 ? memchr(*data, separator, *size) : NULL;
	part = end != NULL ? (size_t)(end - *data) : *size;
	copy = mem_copy((const char *)*data, part);
	if (len != NULL)
		*len = part;
	*size -= end != NULL ? part + 1 : part;
	*data = end != NULL ? end + 1 : NULL;
	return copy;
}
