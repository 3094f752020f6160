#ifndef MEM_H
#define MEM_H

#include <stddef.h>

/*
 * Allocation that never returns NULL: when memory runs out, one line goes to
 * standard error and the process ends with EX_OSERR; the web server or
 * systemd starts a new one.  Release with free().
 */

/* size bytes, all zero. */
void *mem_alloc(size_t size);

/* size bytes of any content: malloc() for libraries that let it be replaced
 * (json_set_alloc_funcs()), and would go on without what they could not get. */
void *mem_get(size_t size);

/* Another's allocation failed: end as if it were one of these. */
_Noreturn void mem_exhausted(void);

/* p resized to count elements of size bytes each; p may be NULL. */
void *mem_grow(void *p, size_t count, size_t size);

/* A copy of the len bytes at s, with a NUL behind them. */
char *mem_copy(const char *s, size_t len);

/* To be called before anything is allocated, by a process that is to live long:
 * large blocks, as those of pools, lie apart from what comes and goes while a
 * catalogue is read, and so leave no holes there. */
void mem_set_up(void);

/* Give the system back what was needed for a while: a process that read a
 * large catalogue would keep it for ever. */
void mem_trim(void);

/*
 * Memory for many small things that live and die together.  Start with
 * MEM_POOL_INIT; mem_pool_free() releases all that came from it.
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

void mem_pool_free(struct mem_pool *pool);

#endif
