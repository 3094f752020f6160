#include "store.h"

#include <stdlib.h>
#include <string.h>

/* What it is: a text need not be aligned. */
enum kind { KIND_TEXT, KIND_ARRAY };

struct stored {
	const void *bytes; /* NULL: this place is free */
	uint64_t hash;
	size_t size;
	enum kind kind;
};

/* An odd number without a pattern in its bits: 2^64 divided by the golden
 * ratio. */
#define MIX 0x9e3779b97f4a7c15u

static uint64_t hash_of(const void *bytes, size_t size)
{
	const char *s = bytes;
	uint64_t hash = size;
	uint64_t word = 0;

	for (; size >= sizeof(word); size -= sizeof(word)) {
		memcpy(&word, s, sizeof(word));
		hash = (hash ^ word) * MIX;
		hash ^= hash >> 32;
		s += sizeof(word);
	}
	word = 0;
	if (size > 0)
		memcpy(&word, s, size);
	hash = (hash ^ word) * MIX;
	return hash ^ hash >> 32;
}

/* The place of what is wanted, or the free place where it belongs. */
static struct stored *find(struct stored *list, size_t size,
			   const struct stored *wanted)
{
	for (size_t i = (size_t)wanted->hash;; i++) {
		struct stored *place = &list[i & (size - 1)];

		if (place->bytes == NULL ||
		    (place->hash == wanted->hash &&
		     place->size == wanted->size &&
		     place->kind == wanted->kind &&
		     memcmp(place->bytes, wanted->bytes, wanted->size) == 0))
			return place;
	}
}

/* Keep at least a quarter of the places free. */
static void grow(struct store *s)
{
	size_t size = s->size > 0 ? s->size * 2 : 64;
	struct stored *list;

	if (s->count < s->size / 4 * 3)
		return;
	list = mem_alloc(size * sizeof(*list));
	for (size_t i = 0; i < s->size; i++)
		if (s->list[i].bytes != NULL)
			*find(list, size, &s->list[i]) = s->list[i];
	free(s->list);
	s->list = list;
	s->size = size;
}

static const void *keep(struct store *s, const void *bytes, size_t size,
			enum kind kind)
{
	const struct stored wanted = { bytes, hash_of(bytes, size), size,
				       kind };
	struct stored *place;

	grow(s);
	place = find(s->list, s->size, &wanted);
	if (place->bytes != NULL)
		return place->bytes;
	*place = wanted;
	place->bytes = kind == KIND_TEXT ? mem_pool_copy(s->pool, bytes)
					 : memcpy(mem_pool_alloc(s->pool, size),
						  bytes, size);
	s->count++;
	return place->bytes;
}

const char *store_text(struct store *s, const char *text)
{
	return text != NULL ? keep(s, text, strlen(text) + 1, KIND_TEXT) : NULL;
}

const void *store_array(struct store *s, const void *array, size_t size)
{
	return array != NULL ? keep(s, array, size, KIND_ARRAY) : NULL;
}

void store_free(struct store *s)
{
	free(s->list);
	s->list = NULL;
	s->size = s->count = 0;
}
