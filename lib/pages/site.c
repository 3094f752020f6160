#include "site.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mem.h"
#include "stamps.h"
#include "templates.h"

#define CACHE_MAX_BYTES (8 * 1024 * 1024)

/* How many times files that are being changed are read again, before the last
 * valid state answers the request. */
#define SETTLE_TRIES 5

/* The content of all files at one time. */
struct state {
	time_t loaded;
	struct catalog *catalog;
	struct templates *templates;
	struct cache *cache;
	int has_hosts;
};

struct site {
	char *catalog;
	char *base; /* NULL: the one in the catalogue */
	char *hosts;
	int hosts_are_named; /* by somebody: so the directory has to be there */
	struct arming_store *state; /* borrowed */
	const char *const *pages;
	int (*check)(const struct catalog *c, struct error *err);
	char **dirs;    /* of templates */
	char **answers; /* directories */
	struct state *good;
	struct stamps *seen; /* of the last attempt; NULL: try again */
	struct error problem;
	int is_broken; /* since an attempt failed */
};

static char *copy_or_null(const char *s)
{
	return s != NULL ? mem_copy(s, strlen(s)) : NULL;
}

char *site_beside(const char *catalog, const char *name)
{
	const char *slash = strrchr(catalog, '/');
	struct buf path = BUF_INIT;

	if (slash != NULL)
		buf_add(&path, catalog, (size_t)(slash - catalog) + 1);
	buf_puts(&path, name);
	return buf_take(&path);
}

const char *site_setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : otherwise;
}

char *site_hosts_path(const struct site_paths *paths)
{
	if (paths->hosts != NULL) {
		size_t len = strlen(paths->hosts);

		/* A message shows what follows the last '/'. */
		while (len > 1 && paths->hosts[len - 1] == '/')
			len--;
		return mem_copy(paths->hosts, len);
	}
	return site_beside(paths->catalog, "hosts");
}

char **site_answers_paths(const struct site_paths *paths)
{
	char *own = paths->answers != NULL
			    ? copy_or_null(paths->answers)
			    : site_beside(paths->catalog, "answers");
	char **dirs = templates_dirs(own, paths->shipped_answers != NULL
						  ? paths->shipped_answers
						  : "");

	free(own);
	return dirs;
}

struct site *site_new(const struct site_paths *paths, const char *const *pages,
		      int (*check)(const struct catalog *c, struct error *err))
{
	struct site *s = mem_alloc(sizeof(*s));

	s->catalog = copy_or_null(paths->catalog);
	s->base = copy_or_null(paths->base);
	s->hosts = site_hosts_path(paths);
	s->hosts_are_named = paths->hosts != NULL;
	s->state = paths->state;
	s->answers = site_answers_paths(paths);
	s->pages = pages;
	s->check = check;
	s->dirs = templates_dirs(paths->templates, paths->shipped);
	return s;
}

static void state_free(struct state *state)
{
	if (state == NULL)
		return;
	templates_free(state->templates);
	catalog_free(state->catalog);
	cache_free(state->cache);
	free(state);
}

void site_free(struct site *s)
{
	if (s == NULL)
		return;
	free(s->dirs);
	free(s->answers);
	free(s->catalog);
	free(s->base);
	free(s->hosts);
	stamps_free(s->seen);
	state_free(s->good);
	free(s);
}

static int is_host_file(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 5 &&
	       strcmp(name + len - 5, ".json") == 0;
}

/* Whether the directory has a host file, or may have one that cannot be seen:
 * also where it is not there and somebody has named it, or it had one when all
 * was read before. */
static int is_filled(const struct site *s)
{
	const int was_filled = s->good != NULL && s->good->has_hosts;
	DIR *stream = opendir(s->hosts);
	const struct dirent *entry;

	if (stream == NULL && errno == ENOMEM)
		mem_exhausted();
	if (stream == NULL)
		return (errno != ENOENT && errno != ENOTDIR) ||
		       s->hosts_are_named || was_filled ||
		       lstat(s->hosts, &(struct stat){ 0 }) == 0;
	do
		entry = readdir(stream);
	while (entry != NULL && !is_host_file(entry->d_name));
	closedir(stream);
	return entry != NULL;
}

/* The directory is watched only while it has none: its time changes with each
 * host file that is added. */
static int has_hosts(const struct site *s, struct stamps *stamps)
{
	if (is_filled(s))
		return 1;
	stamps_add(stamps, s->hosts);
	return is_filled(s);
}

static struct state *load(const struct site *s, struct stamps *stamps,
			  struct error *err)
{
	struct state *state = mem_alloc(sizeof(*state));

	state->loaded = time(NULL);
	state->cache = cache_new(CACHE_MAX_BYTES);
	state->has_hosts = has_hosts(s, stamps);
	state->templates = templates_new();
	state->catalog = catalog_load(s->catalog, s->base, stamps, err);
	if (state->catalog != NULL &&
	    (s->check == NULL || s->check(state->catalog, err) == 0) &&
	    templates_load(state->templates, s->dirs, s->pages, stamps, err) ==
		    0)
		return state;
	state_free(state);
	return NULL;
}

static void settle(void)
{
	const struct timespec time = { .tv_nsec = STAMPS_SETTLE_MS * 1000000L };

	nanosleep(&time, NULL);
}

/* Use the state from now on. */
static void take(struct site *s, struct state *state)
{
	if (s->is_broken)
		fputs("mirrorboot: everything is valid again; the newest "
		      "state is in use\n",
		      stderr);
	s->is_broken = 0;
	state_free(s->good);
	s->good = state;
}

/* Read all files again, and repeat that while somebody is writing to them. */
static void reload(struct site *s)
{
	const struct error before = s->problem;
	int is_retry = s->seen == NULL;
	struct state *state = NULL;
	int is_settled = 0;

	for (int i = 0; i < SETTLE_TRIES && !is_settled; i++) {
		if (i > 0)
			settle();
		state_free(state);
		stamps_free(s->seen);
		s->seen = stamps_new();
		s->problem = (struct error)ERROR_INIT;
		state = load(s, s->seen, &s->problem);
		is_settled = !stamps_is_unsettled(s->seen) &&
			     !stamps_is_changed(s->seen);
	}
	if (!is_settled || stamps_has_failed(s->seen)) {
		stamps_free(s->seen);
		s->seen = NULL;
	}
	if (state == NULL)
		s->is_broken = 1;
	if (s->good != NULL && (state == NULL || !is_settled)) {
		if (state == NULL &&
		    (!is_retry || strcmp(before.text, s->problem.text) != 0))
			fprintf(stderr,
				"mirrorboot: %s; the last valid state stays in "
				"use\n",
				s->problem.text);
		state_free(state);
		return;
	}
	if (state != NULL)
		take(s, state);
}

int site_refresh(struct site *s, struct error *err)
{
	if (s->seen == NULL || stamps_is_changed(s->seen)) {
		reload(s);
		mem_trim();
	}
	if (s->good == NULL)
		return error_set(err, NULL, 0, "%s", s->problem.text);
	return 0;
}

int site_is_changed(const struct site *s, const struct dialect *d)
{
	return s->seen == NULL || stamps_is_group_changed(s->seen, d);
}

const char *site_problem(const struct site *s)
{
	return s->problem.text[0] != '\0' ? s->problem.text : NULL;
}

time_t site_loaded(const struct site *s)
{
	return s->good->loaded;
}

const struct catalog *site_catalog(const struct site *s)
{
	return s->good->catalog;
}

const char *site_hosts(const struct site *s)
{
	return s->good->has_hosts ? s->hosts : NULL;
}

char *const *site_answers(const struct site *s)
{
	return s->answers;
}

struct arming_store *site_state(const struct site *s)
{
	return s->state;
}

int site_has_rules(const struct site *s)
{
	size_t count;

	catalog_groups(s->good->catalog, &count);
	return count > 0 || s->good->has_hosts;
}

struct cache *site_cache(const struct site *s)
{
	return s->good != NULL ? s->good->cache : NULL;
}

const char *const *site_pages(const struct site *s)
{
	return s->pages;
}

int site_has(const struct site *s, const char *page, const struct dialect *d)
{
	return d->is_view ||
	       templates_find(s->good->templates, d, page) != NULL;
}

/* Where a rendering finds partials. */
struct partials {
	const struct templates *templates;
	const struct dialect *dialect;
};

static const struct template *find_partial(void *ctx, const char *name)
{
	const struct partials *partials = ctx;

	return templates_find(partials->templates, partials->dialect, name);
}

int site_render(const struct site *s, const char *page, const struct dialect *d,
		const json_t *view, struct buf *out, struct error *err)
{
	struct partials partials = { s->good->templates, d };
	const struct render render = {
		.escape = d->escape,
		.partial = find_partial,
		.ctx = &partials,
	};
	const struct template *template =
		templates_find(s->good->templates, d, page);
	size_t before = out->len;
	struct buf name = BUF_INIT;
	int rc;

	if (template_render(template, view, &render, out, err) < 0)
		return -1;
	buf_printf(&name, "%s.%s", page, d->name);
	rc = dialect_check(d, name.data, buf_text(out) + before,
			   out->len - before, err);
	buf_free(&name);
	if (rc < 0)
		buf_truncate(out, before);
	return rc;
}
