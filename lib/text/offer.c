#include "offer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mem.h"
#include "uri.h"

/* Names of the catalogue have at most 63 characters: nothing longer is a
 * misspelt one. */
#define NAME_MAX_LEN 64

/* At most so many known names are listed. */
#define LIST_MAX 10

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * The number of changes that turn a into b: letters replaced, removed, added,
 * or swapped with the next one (the distance of Damerau and Levenshtein; no
 * letter is swapped twice).  Both have at most NAME_MAX_LEN bytes.  The last
 * three rows of the table are enough.
 */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][NAME_MAX_LEN + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = min(row[j], min(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = min(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

/* The number of changes; more than of any name where one is too long. */
static size_t steps_to(const char *wanted, const char *known)
{
	size_t len = strlen(wanted);
	size_t known_len = strlen(known);

	if (len > NAME_MAX_LEN || known_len > NAME_MAX_LEN)
		return NAME_MAX_LEN + 1;
	return distance(wanted, len, known, known_len);
}

static int is_alias(const struct offer *offer, const char *known)
{
	for (const struct alias *a = offer->aliases;
	     a != NULL && a->other != NULL; a++)
		if (strcasecmp(offer->wanted, a->other) == 0 &&
		    strcmp(known, a->ours) == 0)
			return 1;
	return 0;
}

/* The known name that is the wanted one in another case, or by an alias. */
static const char *find_same(const struct offer *offer)
{
	for (const char *const *known = offer->known; *known != NULL; known++)
		if (strcasecmp(offer->wanted, *known) == 0 ||
		    is_alias(offer, *known))
			return *known;
	return NULL;
}

/* The first known name that begins with the wanted one. */
static const char *find_longer(const struct offer *offer)
{
	const size_t len = strlen(offer->wanted);

	for (const char *const *known = offer->known; *known != NULL; known++)
		if (len > 1 && strncasecmp(offer->wanted, *known, len) == 0)
			return *known;
	return NULL;
}

const char *offer_nearest(const struct offer *offer)
{
	const size_t len = strlen(offer->wanted);
	size_t best =
		(len + 2) / 3 + 1; /* a third of the letters may be wrong */
	const char *found = find_same(offer);

	if (found != NULL)
		return found;
	for (const char *const *known = offer->known; *known != NULL; known++) {
		size_t steps = steps_to(offer->wanted, *known);

		if (steps < best) {
			best = steps;
			found = *known;
		}
	}
	/* If all letters differ, it is another name. */
	return found != NULL && best < len ? found : find_longer(offer);
}

/* A known name, and how similar it is. */
struct candidate {
	const char *name;
	size_t steps;
	size_t place;
};

static int compare(const void *a, const void *b)
{
	const struct candidate *one = a;
	const struct candidate *other = b;

	if (one->steps != other->steps)
		return one->steps < other->steps ? -1 : 1;
	return one->place < other->place ? -1 : 1;
}

/* List the known names in their order, or of many the most similar first. */
static void list_names(const struct offer *offer, size_t count, struct buf *out)
{
	struct candidate *list = mem_alloc(count * sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[i] = (struct candidate){
			offer->known[i],
			count > LIST_MAX
				? steps_to(offer->wanted, offer->known[i])
				: 0,
			i,
		};
	qsort(list, count, sizeof(*list), compare);
	buf_puts(out, "there is ");
	for (size_t i = 0; i < count && i < LIST_MAX; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "",
			   uri_shown_name(list[i].name));
	if (count > LIST_MAX)
		buf_printf(out, " and %zu more", count - LIST_MAX);
	free(list);
}

/* Whether the text has the name, and not just a longer one. */
static int has_name(const char *text, const char *name)
{
	const size_t len = strlen(name);
	const char *found = text;

	while (len > 0 && (found = strstr(found, name)) != NULL) {
		if ((found == text || !uri_is_value_char(found[-1])) &&
		    !uri_is_value_char(found[len]))
			return 1;
		found++;
	}
	return 0;
}

static int has_all(const char *reason, const char *const *names)
{
	for (const char *next; (next = strstr(reason, ": ")) != NULL;)
		reason = next + 2;
	for (; *names != NULL; names++)
		if (!has_name(reason, *names))
			return 0;
	return 1;
}

void offer_add(const struct offer *offer, const char *reason, struct buf *out)
{
	const char *near = NULL;
	size_t count = 0;

	while (offer->known != NULL && offer->known[count] != NULL)
		count++;
	if (count == 0)
		return;
	if (offer->wanted != NULL)
		near = offer_nearest(offer);
	if (offer->wanted == NULL)
		buf_printf(out, "write %s", offer->known[0]);
	else if (near != NULL)
		buf_printf(out, "did you mean '%s'?", uri_shown_name(near));
	else if (!has_all(reason, offer->known))
		list_names(offer, count, out);
}

const char **offer_keys(const json_t *object, const char *without)
{
	const char **keys =
		mem_alloc((json_object_size(object) + 1) * sizeof(*keys));
	size_t count = 0;
	const char *key;
	json_t *unused;

	json_object_foreach((json_t *)object, key, unused)
		if (without == NULL || strcmp(key, without) != 0)
			keys[count++] = key;
	keys[count] = NULL;
	return keys;
}
