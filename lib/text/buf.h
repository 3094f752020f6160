#ifndef BUF_H
#define BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

/*
 * A growable string.  Start with BUF_INIT, end with buf_free().  data is NULL
 * until something is added; after that, a NUL follows its len bytes.  data may
 * move with each append.
 */
struct buf {
	char *data;
	size_t len;
	size_t size; /* bytes allocated */
};

#define BUF_INIT                                                               \
	{                                                                      \
		NULL, 0, 0                                                     \
	}

/* Make room for len more bytes and their NUL. */
void buf_reserve(struct buf *b, size_t len);

/* Inline, because rendering spends most of its time here. */
static inline void buf_add(struct buf *b, const char *s, size_t len)
{
	if (len >= b->size - b->len)
		buf_reserve(b, len);
	memcpy(b->data + b->len, s, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

/* Append what is left of an open file.  Returns 0, or -1 with errno set: EFBIG
 * if that is more than max bytes. */
int buf_read(struct buf *b, int fd, size_t max);

/* Write all of the text to an open file.  Returns 0, or -1 with errno set. */
int buf_write(const struct buf *b, int fd);

/* Shorten to len bytes; a longer len changes nothing. */
void buf_truncate(struct buf *b, size_t len);

/* Release the unused bytes after the text. */
void buf_fit(struct buf *b);

/* The text, "" for an empty buffer; borrowed until the next append. */
const char *buf_text(const struct buf *b);

/* Give the text to the caller, who releases it with free().  b is empty
 * afterwards. */
char *buf_take(struct buf *b);

/* Release the memory; b is empty and can be used again. */
void buf_free(struct buf *b);

#endif
