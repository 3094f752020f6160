#ifndef CACHE_H
#define CACHE_H

#include <stddef.h>

#include "http.h"

/* Whole answers, each kept for the requests that it answers. */
struct cache;

/* It takes max bytes at most.  Release with cache_free(). */
struct cache *cache_new(size_t max);
void cache_free(struct cache *c);

/*
 * The answer kept for a query text, as the client wrote it, under kind: what
 * else decided, any address.  Borrowed until the next cache_add(); NULL if
 * there is none.
 */
const struct http_response *cache_find(const struct cache *c, const void *kind,
				       const char *query);

/*
 * Keep r for a query and kind that cache_find() does not find, and return it
 * as that would.  Where there is no room all that is kept makes way; what
 * takes more than a quarter of the room is not kept: then NULL is returned,
 * and r stays the caller's.
 */
const struct http_response *cache_add(struct cache *c, const void *kind,
				      const char *query,
				      struct http_response *r);

#endif
