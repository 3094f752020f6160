#ifndef CURSOR_H
#define CURSOR_H

#include <stddef.h>

#include "buf.h"
#include "error.h"
#include "include.h"
#include "mem.h"

/*
 * A place in the catalogue while it is read: a file and a JSON Pointer.  Every
 * failure names them: "catalog.json: /distros/debian/args: must be a string".
 *
 * All that reads the catalogue continues after a failure, so that one run can
 * report every failure.  Results of 0 and -1 are combined with |=.
 */
struct cursor {
	const struct include *files;
	struct mem_pool *pool; /* what is read is copied into it */
	struct error *err;
	const char *file;   /* that set the value here; borrowed */
	struct buf pointer; /* RFC 6901 */
};

/* Release the pointer. */
void cursor_free(struct cursor *at);

/* Append the key to a JSON Pointer (RFC 6901). */
void cursor_add_key(struct buf *pointer, const char *key);

/* Step into the value of a key, or of an array's index.  Returns the mark by
 * which cursor_leave() steps out again. */
size_t cursor_enter(struct cursor *at, const char *key);
size_t cursor_enter_index(struct cursor *at, size_t index);
void cursor_leave(struct cursor *at, size_t mark);

/* The name of the file that set the value here; borrowed. */
const char *cursor_file(const struct cursor *at);

/* Go to /section/id and the file that set it. */
void cursor_go(struct cursor *at, const char *section, const char *id);

/* Record a failure of the value here, or of the one under key.  Returns -1. */
int cursor_fail(struct cursor *at, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int cursor_fail_key(struct cursor *at, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether the next failure is reported, or kept as the first.  If not, an offer
 * that takes time to make can be left out. */
int cursor_wants_offer(const struct cursor *at);

/* The same with an offer, to which the aliases are added.  key NULL: the value
 * here. */
int cursor_fail_offer(struct cursor *at, const char *key,
		      const struct offer *offer, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The id for a message; "..." for a text that is none, and may be a secret in
 * the wrong place. */
const char *cursor_shown(const char *id);

/* Record that the value under key is an id that the section does not have:
 * "there is no menu 'x'".  Offers the ids that it has. */
int cursor_fail_id(struct cursor *at, const char *key, const char *section,
		   const char *id);

#endif
