#include "cache.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define BUCKETS 512

struct cache {
	size_t max;
	size_t used;
	struct cached {
		struct cached *next;
		const struct page *page;
		const struct dialect *agent;
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
		struct cached *cached = c->buckets[i];

		while (cached != NULL) {
			struct cached *next = cached->next;

			http_free(&cached->response);
			free(cached->query);
			free(cached);
			cached = next;
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

/* Bernstein's hash of the text: few pages have the same. */
static size_t bucket_of(const char *query)
{
	uint32_t hash = 5381;

	for (; *query != '\0'; query++)
		hash = hash * 33 + (unsigned char)*query;
	return hash % BUCKETS;
}

static int is_of(const struct cached *cached, const struct cache_key *key)
{
	return cached->page == key->page && cached->agent == key->agent &&
	       strcmp(cached->query, key->query) == 0;
}

const struct http_response *cache_find(const struct cache *c,
				       const struct cache_key *key)
{
	const struct cached *cached = c->buckets[bucket_of(key->query)];

	while (cached != NULL && !is_of(cached, key))
		cached = cached->next;
	return cached != NULL ? &cached->response : NULL;
}

const struct http_response *
cache_add(struct cache *c, const struct cache_key *key, struct http_response *r)
{
	size_t len = strlen(key->query);
	size_t size = sizeof(struct cached) + len + 1 + r->head.len +
		      r->unchanged.len + r->body.len + r->log.len;
	struct cached **bucket = &c->buckets[bucket_of(key->query)];
	struct cached *cached;

	if (size > c->max / 4)
		return NULL;
	if (size > c->max - c->used)
		empty(c);
	buf_fit(&r->head);
	buf_fit(&r->unchanged);
	buf_fit(&r->body);
	buf_fit(&r->log);
	cached = mem_alloc(sizeof(*cached));
	*cached = (struct cached){
		*bucket, key->page, key->agent, mem_copy(key->query, len), *r,
	};
	*r = (struct http_response)HTTP_RESPONSE_INIT;
	*bucket = cached;
	c->used += size;
	return &cached->response;
}
