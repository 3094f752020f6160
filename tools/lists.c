#include "lists.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "date.h"
#include "discover.h"
#include "listing.h"
#include "mem.h"
#include "uri.h"
#include "version.h"

#define REDIRECTS_MAX 8
/* The longest id that a list can give. */
#define ID_MAX 32

/* One list that is read. */
struct source {
	const struct lists *all;
	const char *distro;
	const char *version; /* NULL: the list is of all */
	enum list_kind kind;
	char *place; /* URL or path */
	int is_plain;
	const char *problem; /* of the connection; NULL: none */
	struct list_pattern pattern;
	json_t *found; /* version -> object */
	size_t matches;
};

static const json_t *discover_of(const struct lists *l, const char *distro)
{
	return json_object_get(
		json_object_get(include_section(l->files, "distros"), distro),
		"discover");
}

/* The text of a word that matched; NULL: the pattern has no such word. */
static char *word_of(const struct source *s, enum list_word word,
		     const char *item, const regmatch_t *groups)
{
	const regmatch_t *group = &groups[s->pattern.groups[word]];

	if (s->pattern.groups[word] == 0 || group->rm_so < 0)
		return NULL;
	return mem_copy(item + group->rm_so,
			(size_t)(group->rm_eo - group->rm_so));
}

/* NULL for one that no calendar has: the catalogue would be refused. */
static const char *day_of(const char *eol)
{
	return eol != NULL && date_is_day(eol) ? eol : NULL;
}

static int is_id(const char *s)
{
	size_t len = 0;

	while (uri_is_value_char(s[len]))
		len++;
	return s[len] == '\0' && len > 0 && len <= ID_MAX && s[0] != '.' &&
	       s[0] != '-' && s[0] != '_' && s[0] != '~';
}

/* Take a name; of several the greatest. */
static void set_name(json_t *object, const char *name)
{
	const char *before = json_string_value(json_object_get(object, "name"));

	if (before == NULL || version_compare(name, before) > 0)
		json_object_set_new(object, "name", json_string(name));
}

/* Whether a list has said more of the version than that it exists. */
static int has_more(const json_t *object)
{
	return json_object_get(object, "name") != NULL ||
	       json_object_get(object, "eol") != NULL;
}

/* A version that a safe list has too is no longer plain, unless a list by http
 * said more of it. */
static void note(struct source *s, const char *id, const char *name,
		 const char *eol)
{
	json_t *object = json_object_get(s->found, id);
	const int says_more = name != NULL || eol != NULL;

	s->matches++;
	if (object == NULL) {
		object = json_object();
		json_object_set_new(s->found, id, object);
	}
	if (s->is_plain && (says_more || json_object_size(object) == 0))
		json_object_set_new(object, "plain", json_true());
	else if (!s->is_plain && !has_more(object))
		json_object_del(object, "plain");
	if (json_object_get(object, "list") == NULL)
		json_object_set_new(object, "list", json_string(s->place));
	if (name != NULL)
		set_name(object, name);
	if (eol != NULL)
		json_object_set_new(object, "eol", json_string(eol));
}

/* For listing_read(). */
static void take(void *ctx, const char *item)
{
	struct source *s = ctx;
	size_t count = s->pattern.regex.re_nsub + 1;
	regmatch_t *groups = mem_alloc(count * sizeof(*groups));
	char *words[LIST_WORD_COUNT] = { NULL };
	const char *id;

	if (regexec(&s->pattern.regex, item, count, groups, 0) == 0) {
		for (int i = 0; i < LIST_WORD_COUNT; i++)
			words[i] = word_of(s, (enum list_word)i, item, groups);
		id = words[LIST_VERSION] != NULL ? words[LIST_VERSION]
						 : s->version;
		if (id != NULL && is_id(id))
			note(s, id, words[LIST_NAME], day_of(words[LIST_EOL]));
	}
	for (int i = 0; i < LIST_WORD_COUNT; i++)
		free(words[i]);
	free(groups);
}

static void fail(const struct source *s, const char *reason)
{
	struct buf text = BUF_INIT;

	buf_puts(&text, reason);
	if (s->problem != NULL)
		buf_printf(&text, ": %s", s->problem);
	s->all->fail(s->all->ctx, s->distro, s->place, text.data);
	buf_free(&text);
}

/* A list that is fetched. */
struct download {
	struct buf body;
	const char *problem;
	char *location;
	long status;
};

static void done(void *ctx, const struct fetch_answer *answer)
{
	struct download *d = ctx;

	d->status = answer->status;
	d->problem = answer->problem;
	buf_truncate(&d->body, 0);
	buf_add(&d->body, buf_text(&answer->body), answer->body.len);
	free(d->location);
	d->location =
		answer->location != NULL
			? mem_copy(answer->location, strlen(answer->location))
			: NULL;
}

static int fetch(const struct source *s, const char *url, struct download *d)
{
	struct fetcher *fetcher = fetcher_new(s->all->limits);

	if (fetcher == NULL)
		return -1;
	fetcher_add(fetcher, &(struct fetch){ .url = url,
					      .method = FETCH_GET,
					      .max = LISTING_MAX + 1,
					      .done = done,
					      .ctx = d });
	fetcher_run(fetcher, NULL);
	fetcher_free(fetcher);
	return 0;
}

/* Why a URL is not fetched, to which a list may have been redirected; NULL: it
 * is.  Loaders do not fetch lists, so it may have what they do not take. */
static const char *place_fault(const char *url)
{
	if (strncmp(url, "http://", 7) != 0 && !uri_is_https(url))
		return "leads to a URL that begins neither with http:// nor "
		       "with https://";
	for (const char *c = url; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~')
			return "has a URL with a byte that is not printable "
			       "ASCII";
	return uri_has_user(url) ? "has a user name or a password in its URL: "
				   "leave it out"
				 : NULL;
}

/* Fetch the list into d, through redirects.  Returns NULL, or why it cannot be
 * read. */
static const char *download(struct source *s, struct download *d)
{
	for (int i = 0; i <= REDIRECTS_MAX; i++) {
		const int is_https = uri_is_https(s->place);
		const char *wrong = place_fault(s->place);

		if (wrong != NULL)
			return wrong;
		s->is_plain |= !is_https;
		if (fetch(s, s->place, d) < 0)
			return "cannot be fetched";
		if (d->status / 100 != 3 || d->location == NULL)
			break;
		if (is_https && !uri_is_https(d->location))
			return "has moved from https to http, where anybody on "
			       "the way could change it";
		free(s->place);
		s->place = mem_copy(d->location, strlen(d->location));
	}
	if (d->status / 100 == 3)
		return "is redirected without end";
	s->problem = d->problem;
	if (d->problem != NULL)
		return "cannot be fetched";
	if (d->status / 100 != 2)
		return fetch_is_missing(d->status) ? "is missing"
						   : "is refused";
	return d->body.len > LISTING_MAX ? "is longer than 4 MiB" : NULL;
}

static const char *file_problem(void)
{
	return errno == ENOENT
		       ? "is not on this machine: install the package that has "
			 "it"
		       : "cannot be read: it is too long, or not for this user";
}

/* Take a name in a directory of this machine, as an index would have it. */
static void take_name(struct source *s, DIR *directory, const char *name)
{
	struct buf item = BUF_INIT;
	struct stat st;

	buf_puts(&item, name);
	if (fstatat(dirfd(directory), name, &st, 0) == 0 && S_ISDIR(st.st_mode))
		buf_putc(&item, '/');
	take(s, item.data);
	buf_free(&item);
}

static const char *read_directory(struct source *s)
{
	DIR *directory = opendir(s->place);
	const struct dirent *entry;

	if (directory == NULL)
		return file_problem();
	while ((entry = readdir(directory)) != NULL)
		take_name(s, directory, entry->d_name);
	closedir(directory);
	return NULL;
}

static void read_text(struct source *s, const struct buf *text,
		      const char **wrong)
{
	const struct listing list = { s->kind, s->place, buf_text(text),
				      text->len };

	listing_read(&list, take, s, wrong);
}

static const char *read_file(struct source *s)
{
	struct buf text = BUF_INIT;
	const char *wrong = NULL;
	int fd = open(s->place, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return file_problem();
	if (buf_read(&text, fd, LISTING_MAX) < 0)
		wrong = file_problem();
	else
		read_text(s, &text, &wrong);
	close(fd);
	buf_free(&text);
	return wrong;
}

static const char *read_url(struct source *s)
{
	struct download d = { .body = BUF_INIT };
	const char *wrong = download(s, &d);

	if (wrong == NULL)
		read_text(s, &d.body, &wrong);
	buf_free(&d.body);
	free(d.location);
	return wrong;
}

/* Read the list in its place.  Returns 0, or -1 after fail(). */
static int read_place(struct source *s)
{
	json_t *before = json_deep_copy(s->found);
	const char *wrong;

	s->is_plain = 0;
	s->problem = NULL;
	s->matches = 0;
	if (s->place[0] != '/')
		wrong = read_url(s);
	else if (s->kind == LIST_INDEX)
		wrong = read_directory(s);
	else
		wrong = read_file(s);
	if (wrong == NULL && s->matches == 0)
		wrong = "has nothing that matches item";
	if (wrong != NULL) {
		/* Half of a list says nothing. */
		json_object_clear(s->found);
		json_object_update(s->found, before);
		fail(s, wrong);
	}
	json_decref(before);
	return wrong == NULL ? 0 : -1;
}

/* Read the list of the pattern: from the first mirror that has it.  Returns 0,
 * or -1 if none has. */
static int read_list(struct source *s, const char *pattern)
{
	const json_t *distro = json_object_get(
		include_section(s->all->files, "distros"), s->distro);
	const char *mirror =
		json_string_value(json_object_get(distro, "mirror"));
	const json_t *urls =
		mirror != NULL ? json_object_get(include_section(s->all->files,
								 "mirrors"),
						 mirror)
			       : NULL;
	int rc = -1;

	for (size_t i = 0; rc < 0; i++) {
		const char *url = json_string_value(json_array_get(urls, i));
		struct buf place = BUF_INIT;

		if (discover_add_place(&place, pattern, url, s->version) == 0) {
			s->place = buf_take(&place);
			rc = read_place(s);
			free(s->place);
		}
		buf_free(&place);
		if (url == NULL || strstr(pattern, "{{mirror}}") == NULL)
			break;
	}
	return rc;
}

/* The kind of the list, and its place. */
static enum list_kind kind_of(const json_t *list, const char **place)
{
	int i = 0;

	while (json_object_get(list, discover_kinds[i]) == NULL)
		i++;
	*place = json_string_value(json_object_get(list, discover_kinds[i]));
	return (enum list_kind)i;
}

/* Read all lists of the version, or for NULL those of all versions.  Returns 0,
 * or -1 if one could not be read. */
static int read_lists(const struct lists *l, const char *distro,
		      const char *version, json_t *found)
{
	const json_t *discover = discover_of(l, distro);
	const char *expression =
		json_string_value(json_object_get(discover, "version"));
	size_t i;
	json_t *list;
	int rc = 0;

	json_array_foreach(json_object_get(discover, "lists"), i, list) {
		struct source s = { .all = l,
				    .distro = distro,
				    .version = version,
				    .found = found };
		const char *place;

		s.kind = kind_of(list, &place);
		if ((strstr(place, "{{version}}") != NULL) != (version != NULL))
			continue;
		if (list_pattern_compile(
			    &s.pattern,
			    json_string_value(json_object_get(list, "item")),
			    expression) != NULL)
			continue;
		rc |= read_list(&s, place);
		list_pattern_free(&s.pattern);
	}
	return rc;
}

json_t *lists_find(const struct lists *l, const char *distro, int *is_whole)
{
	json_t *found = json_object();

	*is_whole = read_lists(l, distro, NULL, found) == 0;
	return found;
}

void lists_add_details(const struct lists *l, const char *distro,
		       const char *version, json_t *object)
{
	json_t *found = json_object();

	json_object_set(found, version, object);
	read_lists(l, distro, version, found);
	json_object_update(object, json_object_get(found, version));
	json_decref(found);
}
