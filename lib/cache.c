#include "cache.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define BUCKETS 512

struct cache {
	size_t max;
	size_t used;
	struct kept {
		struct kept *next;
		const void *kind;
		char *query;
		struct http_response response;
	} * buckets[BUCKETS];
};

struct cache *cache_new(size_t max)
{
	struct cache *c = mem_alloc(sizeof(*c));

	c->max = max;
	return c;
}

static void empty(struct cache *c)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct kept *kept = c->buckets[i];

		while (kept != NULL) {
			struct kept *next = kept->next;

			http_free(&kept->response);
			free(kept->query);
			free(kept);
			kept = next;
		}
		c->buckets[i] = NULL;
	}
	c->used = 0;
}

void cache_free(struct cache *c)
{
	if (c == NULL)
		return;
	empty(c);
	free(c);
}

/* Bernstein's hash of the text: there are few kinds. */
static size_t bucket_of(const char *query)
{
	uint32_t hash = 5381;

	for (; *query != '\0'; query++)
		hash = hash * 33 + (unsigned char)*query;
	return hash % BUCKETS;
}

const struct http_response *cache_find(const struct cache *c, const void *kind,
				       const char *query)
{
	const struct kept *kept = c->buckets[bucket_of(query)];

	while (kept != NULL &&
	       (kept->kind != kind || strcmp(kept->query, query) != 0))
		kept = kept->next;
	return kept != NULL ? &kept->response : NULL;
}

const struct http_response *cache_add(struct cache *c, const void *kind,
				      const char *query,
				      struct http_response *r)
{
	size_t len = strlen(query);
	size_t size = sizeof(struct kept) + len + 1 + r->head.len +
		      r->unchanged.len + r->body.len + r->log.len;
	struct kept **bucket = &c->buckets[bucket_of(query)];
	struct kept *kept;

	if (size > c->max / 4)
		return NULL;
	if (size > c->max - c->used)
		empty(c);
	buf_fit(&r->head);
	buf_fit(&r->unchanged);
	buf_fit(&r->body);
	buf_fit(&r->log);
	kept = mem_alloc(sizeof(*kept));
	*kept = (struct kept){ *bucket, kind, mem_copy(query, len), *r };
	*r = (struct http_response)HTTP_RESPONSE_INIT;
	*bucket = kept;
	c->used += size;
	return &kept->response;
}
