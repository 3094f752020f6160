#include "mirror.h"

#include <string.h>

#include "uri.h"
#include "value.h"

#define URLS_MAX 64

/* Whether there are several URLs in one string. */
static int is_list(const char *url)
{
	const char *host = strstr(url, "://");

	return host != NULL && strpbrk(host, " ,;") != NULL &&
	       strstr(host + 1, "://") != NULL;
}

static const char *copy_of(struct mem_pool *pool, const char *s, size_t len)
{
	return memcpy(mem_pool_alloc(pool, len + 1), s, len);
}

static int read_url(struct cursor *at, const char *url, struct mirror *mirror)
{
	struct mirror_base *base = &mirror->bases[mirror->count];
	struct uri uri;

	if (url == NULL)
		return cursor_fail(at, "must be a string, in quotes");
	if (is_list(url))
		return cursor_fail(at, "has several URLs: make each a string "
				       "of its own");
	if (form_check(at, url, FORM_DIRECTORY) < 0)
		return -1;
	base->url = mem_pool_copy(at->pool, url);
	uri_parse(base->url, &uri);
	base->host = copy_of(at->pool, uri.host, uri.host_len);
	base->path = uri.path;
	mirror->count++;
	return 0;
}

/* What mirrors are read with. */
struct mirror_reader {
	struct cursor *at;
	struct mirrors *all;
};

/* For value_each(). */
static int read_mirror(void *ctx, const char *id, const json_t *urls)
{
	struct mirror_reader *r = ctx;
	struct cursor *at = r->at;
	struct mirror *mirror = &r->all->list[r->all->count++];
	size_t count = json_array_size(urls);
	int rc = 0;

	mirror->id = mem_pool_copy(at->pool, id);
	mirror->file = mem_pool_copy(at->pool, cursor_file(at));
	if (count == 0 || count > URLS_MAX)
		return cursor_fail(at,
				   "must be an array of 1 to %d URLs, in [ ]",
				   URLS_MAX);
	mirror->bases =
		mem_pool_alloc(at->pool, count * sizeof(*mirror->bases));
	for (size_t i = 0; i < count; i++) {
		size_t mark = cursor_enter_index(at, i);

		rc |= read_url(at, json_string_value(json_array_get(urls, i)),
			       mirror);
		cursor_leave(at, mark);
	}
	return rc;
}

int mirror_read_all(struct cursor *at, struct mirrors *all)
{
	const json_t *section = include_section(at->files, "mirrors");
	struct mirror_reader r = { at, all };

	all->list = mem_pool_alloc(at->pool, json_object_size(section) *
						     sizeof(*all->list));
	return value_each(at, "mirrors", read_mirror, &r);
}

const struct mirror *mirror_find(const struct mirrors *all, const char *id)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].id, id) == 0)
			return &all->list[i];
	return NULL;
}
