#include "mem.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

_Noreturn void mem_exhausted(void)
{
	fputs("mirrorboot: out of memory\n", stderr);
	_Exit(EX_OSERR);
}

static void *mem_check(void *p)
{
	if (p == NULL)
		mem_exhausted();
	return p;
}

void *mem_get(size_t size)
{
	return mem_check(malloc(size > 0 ? size : 1));
}

void *mem_alloc(size_t size)
{
	return mem_check(calloc(1, size > 0 ? size : 1));
}

void *mem_grow(void *p, size_t count, size_t size)
{
	if (size > 0 && count > SIZE_MAX / size)
		return mem_check(NULL);
	return mem_check(realloc(p, count * size > 0 ? count * size : 1));
}

void *mem_grow_by_one(void *p, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return p;
	return mem_grow(p, count > 0 ? count * 2 : 1, size);
}

char *mem_copy(const char *s, size_t len)
{
	char *copy = mem_grow(NULL, len + 1, 1);

	if (len > 0)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

/* From this size on, malloc() gets a block from the system, and free() returns
 * it at once. */
#define LARGE 65536

/* glibc raises the threshold with each large block that is freed, unless it is
 * set.  It would join small free blocks late, which it does for each request.
 * Other C libraries have no such settings. */
void mem_set_up(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, LARGE);
	mallopt(M_TOP_PAD, LARGE / 4);
	mallopt(M_MXFAST, 0);
#endif
}

void mem_trim(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

struct mem_block {
	struct mem_block *next;
	size_t room;
	max_align_t data[];
};

/* With what malloc() and the pool add, whole pages: only those that are written
 * to take memory. */
#define BLOCK_SIZE ((size_t)(4 * LARGE - 64))

/* Of the first block: most pools have little, and malloc() has it at hand. */
#define FIRST_SIZE ((size_t)(LARGE / 8 - 64))

/* size bytes from the end of the unused part of the first block, aligned to
 * align, a power of two. */
static void *take(struct mem_pool *pool, size_t size, size_t align)
{
	struct mem_block *block;

	if (size > SIZE_MAX / 2)
		return mem_check(NULL);
	if (size == 0)
		size = 1;
	if (size > pool->left) {
		size_t usual = pool->blocks != NULL ? BLOCK_SIZE : FIRST_SIZE;
		size_t room = size > usual ? size + align : usual;

		block = mem_alloc(sizeof(*block) + room);
		block->next = pool->blocks;
		block->room = room;
		pool->blocks = block;
		pool->left = room;
	}
	block = pool->blocks;
	pool->left = (pool->left - size) & ~(align - 1);
	return (char *)block->data + pool->left;
}

void *mem_pool_alloc(struct mem_pool *pool, size_t size)
{
	return take(pool, size, alignof(max_align_t));
}

char *mem_pool_copy(struct mem_pool *pool, const char *s)
{
	size_t size = strlen(s) + 1;

	return memcpy(take(pool, size, 1), s, size);
}

void mem_pool_clear(struct mem_pool *pool)
{
	struct mem_pool others = MEM_POOL_INIT;
	struct mem_block *block = pool->blocks;

	if (block == NULL)
		return;
	others.blocks = block->next;
	mem_pool_free(&others);
	block->next = NULL;
	memset((char *)block->data + pool->left, 0, block->room - pool->left);
	pool->left = block->room;
}

void mem_pool_free(struct mem_pool *pool)
{
	while (pool->blocks != NULL) {
		struct mem_block *next = pool->blocks->next;

		free(pool->blocks);
		pool->blocks = next;
	}
	pool->left = 0;
}
