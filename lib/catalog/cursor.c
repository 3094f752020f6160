#include "cursor.h"

#include <stdlib.h>
#include <string.h>

#include "aliases.h"
#include "uri.h"

void cursor_free(struct cursor *at)
{
	buf_free(&at->pointer);
}

void cursor_add_key(struct buf *pointer, const char *key)
{
	buf_putc(pointer, '/');
	for (;;) {
		size_t len = strcspn(key, "~/");

		buf_add(pointer, key, len);
		key += len;
		if (*key == '\0')
			break;
		buf_puts(pointer, *key++ == '~' ? "~0" : "~1");
	}
}

size_t cursor_enter(struct cursor *at, const char *key)
{
	size_t mark = at->pointer.len;

	cursor_add_key(&at->pointer, uri_shown_name(key));
	return mark;
}

size_t cursor_enter_index(struct cursor *at, size_t index)
{
	size_t mark = at->pointer.len;

	buf_printf(&at->pointer, "/%zu", index);
	return mark;
}

void cursor_leave(struct cursor *at, size_t mark)
{
	buf_truncate(&at->pointer, mark);
}

void cursor_go(struct cursor *at, const char *section, const char *id)
{
	cursor_leave(at, 0);
	cursor_enter(at, section);
	cursor_enter(at, id);
	at->file = NULL;
}

/* The reference tokens of the pointer, with '/' between them. */
static char *decode_pointer(const char *pointer)
{
	char *text = mem_copy(pointer, strlen(pointer));
	char *out = text;

	for (const char *c = text; *c != '\0'; c++)
		if (*c == '~' && (c[1] == '0' || c[1] == '1'))
			*out++ = *++c == '0' ? '~' : '/';
		else
			*out++ = *c;
	*out = '\0';
	return text;
}

const char *cursor_file(const struct cursor *at)
{
	const char *pointer = buf_text(&at->pointer);
	size_t len = pointer[0] != '\0' ? strcspn(pointer + 1, "/") : 0;
	char *section, *id;
	const char *file;

	if (at->file != NULL)
		return at->file;
	if (len == 0 || pointer[1 + len] == '\0')
		return include_file(at->files, "", "");
	section = mem_copy(pointer + 1, len);
	id = decode_pointer(pointer + len + 2);
	file = include_file(at->files, section, id);
	free(id);
	free(section);
	return file;
}

__attribute__((format(printf, 4, 0))) static int
fail(struct cursor *at, const char *key, const struct offer *offer,
     const char *fmt, va_list args)
{
	struct offer with_aliases = { .known = NULL };
	size_t mark = at->pointer.len;
	struct buf reason = BUF_INIT;

	if (offer != NULL)
		with_aliases = *offer;
	with_aliases.aliases = aliases;
	buf_vprintf(&reason, fmt, args);
	if (key != NULL)
		cursor_enter(at, key);
	error_set_offer(at->err, &with_aliases, cursor_file(at), 0, "%s%s%s",
			buf_text(&at->pointer), at->pointer.len > 0 ? ": " : "",
			reason.data);
	buf_free(&reason);
	cursor_leave(at, mark);
	return -1;
}

int cursor_fail(struct cursor *at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail(at, NULL, NULL, fmt, args);
	va_end(args);
	return -1;
}

int cursor_fail_key(struct cursor *at, const char *key, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail(at, key, NULL, fmt, args);
	va_end(args);
	return -1;
}

int cursor_fail_offer(struct cursor *at, const char *key,
		      const struct offer *offer, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail(at, key, offer, fmt, args);
	va_end(args);
	return -1;
}

int cursor_wants_offer(const struct cursor *at)
{
	return at->err->report != NULL || at->err->text[0] == '\0';
}

const char *cursor_shown(const char *id)
{
	for (const char *c = id; *c != '\0'; c++)
		if (!uri_is_value_char(*c))
			return "...";
	return id;
}

int cursor_fail_id(struct cursor *at, const char *key, const char *section,
		   const char *id)
{
	const char **known =
		cursor_wants_offer(at)
			? offer_keys(include_section(at->files, section), NULL)
			: NULL;
	const struct offer offer = { .wanted = id, .known = known };

	/* A section's name is the plural: "menus". */
	cursor_fail_offer(at, key, &offer, "there is no %.*s '%s'",
			  (int)strlen(section) - 1, section, cursor_shown(id));
	free(known);
	return -1;
}
