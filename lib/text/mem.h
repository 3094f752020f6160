#ifndef MEM_H
#define MEM_H

#include <stddef.h>

/*
 * Allocation that never returns NULL.  When memory runs out, the process prints
 * one line to standard error and ends with EX_OSERR; the web server or systemd
 * starts a new one.  Release with free().
 */

/* size bytes, all zero. */
void *mem_alloc(size_t size);

/* size bytes, uninitialised.  For libraries whose malloc() can be replaced
 * (json_set_alloc_funcs()) and that would go on with incomplete data after a
 * failure. */
void *mem_get(size_t size);

/* End the process as these functions do: somebody else's allocation failed. */
_Noreturn void mem_exhausted(void);

/* p resized to count elements of size bytes each; p may be NULL. */
void *mem_grow(void *p, size_t count, size_t size);

/* p, which holds count elements of size bytes each, with room for one more: for
 * arrays that grow by this alone, from NULL and 0.  The room is doubled, so it
 * is cheap for long arrays. */
void *mem_grow_by_one(void *p, size_t count, size_t size);

/* A copy of the len bytes at s, followed by a NUL. */
char *mem_copy(const char *s, size_t len);

/* For a long-running process, before it allocates anything.  Large blocks, such
 * as those of pools, then lie apart from the small ones, and leave no holes
 * among them when a catalogue is read again. */
void mem_set_up(void);

/* Return unused memory to the system.  Otherwise a process keeps all that it
 * needed while it read a large catalogue. */
void mem_trim(void);

/*
 * Memory for many small objects that are released together.  Start with
 * MEM_POOL_INIT; mem_pool_free() releases all of them.
 */
struct mem_pool {
	struct mem_block *blocks;
	size_t left; /* bytes unused in the first block */
};

#define MEM_POOL_INIT                                                          \
	{                                                                      \
		NULL, 0                                                        \
	}

/* size bytes, all zero, aligned for any object. */
void *mem_pool_alloc(struct mem_pool *pool, size_t size);

/* A copy of the string s. */
char *mem_pool_copy(struct mem_pool *pool, const char *s);

/* Release all objects, and keep a block for others. */
void mem_pool_clear(struct mem_pool *pool);

void mem_pool_free(struct mem_pool *pool);

#endif
