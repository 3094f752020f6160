#include "buf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mem.h"

/* A page has a few kilobytes: most fit without growing. */
#define BUF_FIRST_SIZE 4096

void buf_reserve(struct buf *b, size_t len)
{
	size_t size = b->size > 0 ? b->size : BUF_FIRST_SIZE;

	if (len < b->size - b->len)
		return;
	while (len >= size - b->len) {
		if (size > SIZE_MAX / 2) {
			size = SIZE_MAX; /* more than any system has: mem_grow()
					    ends the process */
			break;
		}
		size *= 2;
	}
	b->data = mem_grow(b->data, size, 1);
	b->size = size;
}

void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list args)
{
	va_list again;
	int len;

	buf_reserve(b, 0);
	va_copy(again, args);
	len = vsnprintf(b->data + b->len, b->size - b->len, fmt, args);
	if (len > 0 && (size_t)len >= b->size - b->len) {
		buf_reserve(b, (size_t)len);
		vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
	}
	va_end(again);
	b->len += len > 0 ? (size_t)len : 0;
	b->data[b->len] = '\0';
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	buf_vprintf(b, fmt, args);
	va_end(args);
}

void buf_truncate(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->data[len] = '\0';
}

void buf_fit(struct buf *b)
{
	if (b->data == NULL)
		return;
	b->size = b->len + 1;
	b->data = mem_grow(b->data, b->size, 1);
}

int buf_read(struct buf *b, int fd, size_t max)
{
	char piece[4096]; /* small: a stack that has grown never shrinks */
	size_t total = 0;

	while (total <= max) {
		ssize_t got = read(fd, piece, sizeof(piece));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		buf_add(b, piece, (size_t)got);
		total += (size_t)got;
	}
	errno = EFBIG;
	return -1;
}

const char *buf_text(const struct buf *b)
{
	return b->data != NULL ? b->data : "";
}

char *buf_take(struct buf *b)
{
	char *text = b->data != NULL ? b->data : mem_copy("", 0);

	*b = (struct buf)BUF_INIT;
	return text;
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_INIT;
}
