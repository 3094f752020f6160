#include "listing.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "cursor.h"
#include "uri.h"

/* A list while it is read. */
struct reader {
	const char *path; /* of its URL, with a '/' at its end; the length does
			     not count the query */
	size_t path_len;
	const char *url;
	size_t count; /* of items */
	void (*take)(void *ctx, const char *item);
	void *ctx;
};

/* strchr() would take NUL for one. */
static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int is_printable(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return 0;
	return 1;
}

/* Returns -1 if there are too many. */
static int give(struct reader *r, const char *item, size_t len)
{
	char copy[LISTING_ITEM_MAX + 1];

	if (len == 0 || len > LISTING_ITEM_MAX || !is_printable(item, len))
		return 0;
	if (++r->count > LISTING_ITEMS_MAX)
		return -1;
	memcpy(copy, item, len);
	copy[len] = '\0';
	r->take(r->ctx, copy);
	return 0;
}

static const struct {
	const char *name;
	char character;
} entities[] = {
	{ "amp;", '&' },  { "lt;", '<' },    { "gt;", '>' },
	{ "quot;", '"' }, { "apos;", '\'' },
};

/* The character of the entity behind '&', and its length in *len; -1: it is
 * none. */
static int read_entity(const char *s, size_t left, size_t *len)
{
	const int is_hex = left > 1 && (s[1] == 'x' || s[1] == 'X');
	int value = 0;
	size_t i = is_hex ? 2 : 1;

	for (size_t k = 0; k < sizeof(entities) / sizeof(*entities); k++) {
		*len = strlen(entities[k].name);
		if (left >= *len && memcmp(s, entities[k].name, *len) == 0)
			return entities[k].character;
	}
	if (left == 0 || s[0] != '#')
		return -1;
	for (; i < left && s[i] != ';' && value < 256; i++) {
		int digit = uri_hex_digit(s[i]);

		if (digit < 0 || (!is_hex && digit > 9))
			return -1;
		value = value * (is_hex ? 16 : 10) + digit;
	}
	*len = i + 1;
	return i < left && s[i] == ';' && value > 0 && value < 127 ? value : -1;
}

/* Append text of HTML or XML.  An unknown entity becomes '&', which no version
 * has. */
static void add_text(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t entity = 0;
		int c = s[i] == '&'
				? read_entity(s + i + 1, len - i - 1, &entity)
				: -1;

		buf_putc(out, c > 0 ? (char)c : s[i]);
		if (c > 0)
			i += entity;
	}
}

/* The part of a link behind the directory of the list; NULL: it leads
 * elsewhere. */
static const char *below(const struct reader *r, const char *link)
{
	const size_t url_len = strcspn(r->url, "?");

	if (strncmp(link, r->url, url_len) == 0)
		return link + url_len;
	if (strstr(link, "://") != NULL || strncmp(link, "//", 2) == 0)
		return NULL;
	if (link[0] == '/')
		return strncmp(link, r->path, r->path_len) == 0
			       ? link + r->path_len
			       : NULL;
	return strncmp(link, "./", 2) == 0 ? link + 2 : link;
}

/* A link of a page: a name in the list's own directory. */
static int give_link(struct reader *r, const char *s, size_t len)
{
	struct buf text = BUF_INIT;
	struct buf link = BUF_INIT;
	const char *name = NULL;
	int rc = 0;

	add_text(&text, s, len);
	/* Columns are sorted by links with a query. */
	if (memchr(buf_text(&text), '\0', text.len) == NULL &&
	    uri_decode(&link, buf_text(&text),
		       strcspn(buf_text(&text), "?#")) == 0)
		name = below(r, buf_text(&link));
	if (name != NULL) {
		size_t end = strcspn(name, "/");
		const int is_one =
			name[end] == '\0' || strcmp(name + end, "/") == 0;

		if (end > 0 && is_one && name[0] != '.' &&
		    strchr(name, ':') == NULL)
			rc = give(r, name, strlen(name));
	}
	buf_free(&text);
	buf_free(&link);
	return rc;
}

/* A key of an object store: its first part below the list's directory. */
static int give_key(struct reader *r, const char *s, size_t len)
{
	struct buf key = BUF_INIT;
	const char *name;
	size_t end;
	int rc = 0;

	add_text(&key, s, len);
	name = buf_text(&key);
	if (r->path_len > 1 && strncmp(name, r->path + 1, r->path_len - 1) == 0)
		name += r->path_len - 1;
	end = strcspn(name, "/");
	end += name[end] == '/';
	if (name[0] != '.' && name[0] != '/')
		rc = give(r, name, end);
	buf_free(&key);
	return rc;
}

/* The value of href in the tag, which ends before end; NULL: it has none. */
static const char *find_href(const char *s, const char *end, size_t *len)
{
	const char *close;
	char quote;

	for (; end - s > 6; s++)
		if (is_blank(*s) && strncasecmp(s + 1, "href", 4) == 0)
			break;
	if (end - s <= 6)
		return NULL;
	s += 5;
	while (s < end && (is_blank(*s) || *s == '='))
		s++;
	if (s == end)
		return NULL;
	quote = *s;
	if (quote == '"' || quote == '\'') {
		s++;
		close = memchr(s, quote, (size_t)(end - s));
	} else {
		for (close = s; close < end && !is_blank(*close);)
			close++;
	}
	*len = close != NULL ? (size_t)(close - s) : 0;
	return close != NULL ? s : NULL;
}

/* The end of a tag: its '>', which may stand in quotes before.  NULL: the text
 * ends first. */
static const char *end_of_tag(const char *s, const char *end)
{
	char quote = '\0';

	for (; s < end; s++) {
		if (quote == '\0' && *s == '>')
			return s;
		if (quote == '\0' && (*s == '"' || *s == '\''))
			quote = *s;
		else if (quote == *s)
			quote = '\0';
	}
	return NULL;
}

static int is_tag(const char *s, const char *end, const char *name)
{
	size_t len = strlen(name);

	return (size_t)(end - s) >= len && strncasecmp(s, name, len) == 0 &&
	       ((size_t)(end - s) == len || is_blank(s[len]) || s[len] == '/');
}

static int read_index(struct reader *r, const char *s, size_t size)
{
	const char *const end = s + size;
	int rc = 0;

	while (rc == 0 && (s = memchr(s, '<', (size_t)(end - s))) != NULL) {
		const char *tag = ++s;
		const char *close = end_of_tag(tag, end);
		const char *value;
		size_t len;

		if (close == NULL)
			break;
		s = close + 1;
		if (is_tag(tag, close, "a")) {
			value = find_href(tag, close, &len);
			if (value != NULL && len <= LISTING_ITEM_MAX)
				rc = give_link(r, value, len);
		} else if (is_tag(tag, close, "Key") ||
			   is_tag(tag, close, "Prefix")) {
			value = memchr(s, '<', (size_t)(end - s));
			if (value != NULL && value - s <= LISTING_ITEM_MAX)
				rc = give_key(r, s, (size_t)(value - s));
		}
	}
	return rc;
}

static int read_lines(struct reader *r, const char *s, size_t size)
{
	const char *const end = s + size;
	int rc = 0;

	while (rc == 0 && s < end) {
		const char *stop = memchr(s, '\n', (size_t)(end - s));
		const char *last;

		stop = stop != NULL ? stop : end;
		last = stop;
		while (s < last && is_blank(*s))
			s++;
		while (last > s && is_blank(last[-1]))
			last--;
		rc = give(r, s, (size_t)(last - s));
		s = stop + (stop < end);
	}
	return rc;
}

static int read_value(struct reader *r, const json_t *value,
		      struct buf *pointer);

/* A value under a key; too long a pointer is left out. */
static int read_below(struct reader *r, const json_t *value,
		      struct buf *pointer, const char *key)
{
	size_t mark = pointer->len;
	int rc = 0;

	cursor_add_key(pointer, key);
	if (pointer->len <= LISTING_ITEM_MAX)
		rc = read_value(r, value, pointer);
	buf_truncate(pointer, mark);
	return rc;
}

static int read_value(struct reader *r, const json_t *value,
		      struct buf *pointer)
{
	size_t mark = pointer->len;
	const char *key;
	json_t *inner;
	size_t i;
	int rc = 0;

	json_object_foreach((json_t *)value, key, inner)
		rc |= rc == 0 ? read_below(r, inner, pointer, key) : 0;
	json_array_foreach(value, i, inner) {
		char index[32];

		snprintf(index, sizeof(index), "%zu", i);
		rc |= rc == 0 ? read_below(r, inner, pointer, index) : 0;
	}
	if (json_is_string(value))
		buf_printf(pointer, " %s", json_string_value(value));
	else if (json_is_integer(value))
		buf_printf(pointer, " %lld",
			   (long long)json_integer_value(value));
	if (pointer->len > mark)
		rc |= give(r, pointer->data, pointer->len);
	buf_truncate(pointer, mark);
	return rc;
}

static int read_json(struct reader *r, const char *s, size_t size,
		     const char **wrong)
{
	struct buf pointer = BUF_INIT;
	json_t *root = json_loadb(s, size, 0, NULL);
	int rc;

	if (root == NULL) {
		*wrong = "is not JSON";
		return 0;
	}
	rc = read_value(r, root, &pointer);
	json_decref(root);
	buf_free(&pointer);
	return rc;
}

int listing_read(const struct listing *list,
		 void (*take)(void *ctx, const char *item), void *ctx,
		 const char **wrong)
{
	struct reader r = { .url = list->url, .take = take, .ctx = ctx };
	const char *host = strstr(list->url, "://");
	int rc = 0;

	*wrong = NULL;
	r.path = strchr(host != NULL ? host + 3 : list->url, '/');
	r.path = r.path != NULL ? r.path : "/";
	r.path_len = strcspn(r.path, "?");
	switch (list->kind) {
	case LIST_INDEX:
		rc = read_index(&r, list->text, list->len);
		break;
	case LIST_TEXT:
		rc = read_lines(&r, list->text, list->len);
		break;
	case LIST_JSON:
		rc = read_json(&r, list->text, list->len, wrong);
		break;
	case LIST_KIND_COUNT:
		break;
	}
	if (rc < 0)
		*wrong = "has too many entries";
	return *wrong == NULL ? 0 : -1;
}
