#ifndef CACHE_H
#define CACHE_H

#include <stddef.h>

#include "http.h"

/* Whole answers, each for the requests that it answers. */
struct cache;

struct page;

/* What decides an answer that may be cached.  Borrowed. */
struct cache_key {
	const struct page *page;
	const struct dialect
		*agent;    /* of the User-Agent; NULL: it has no say */
	const char *query; /* as the client wrote it */
};

/* It takes max bytes at most.  Release with cache_free(). */
struct cache *cache_new(size_t max);
void cache_free(struct cache *c);

/* The cached answer to key, borrowed until the next cache_add(); NULL if there
 * is none. */
const struct http_response *cache_find(const struct cache *c,
				       const struct cache_key *key);

/*
 * Cache r for a key that cache_find() does not find, and return it as that
 * would.  Where it does not fit, all that is cached makes way; an answer of
 * more than a quarter of the cache is not cached: then NULL is returned, and r
 * stays the caller's.
 */
const struct http_response *cache_add(struct cache *c,
				      const struct cache_key *key,
				      struct http_response *r);

#endif
