#ifndef STORE_H
#define STORE_H

#include <stddef.h>
#include <stdint.h>

#include "mem.h"

/*
 * Texts and arrays that are kept once, however often they are read.  Start with
 * a struct whose pool is set and all else zero; store_free() releases what
 * finds them again, and leaves them in the pool.
 */
struct store {
	struct mem_pool *pool;
	struct stored *list; /* hashed by what they hold */
	size_t size;         /* of list; a power of two, or 0 */
	size_t count;
};

/* A copy of the text in the pool: the same one for each equal text.  NULL for
 * NULL. */
const char *store_text(struct store *s, const char *text);

/* A copy of the size bytes in the pool, aligned for any object: the same one
 * for each equal array.  They are compared as bytes, padding too, so pointers
 * in them have to be from the store, and padding zero.  NULL for NULL. */
const void *store_array(struct store *s, const void *array, size_t size);

void store_free(struct store *s);

#endif
