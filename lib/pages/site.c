#include "site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "stamps.h"
#include "template.h"

#define TEMPLATE_MAX_BYTES (1024 * 1024)
#define TEMPLATES_MAX 256
#define CACHE_MAX_BYTES (8 * 1024 * 1024)

/* How often a change that is going on is looked at again before a request is
 * answered from the last good state. */
#define SETTLE_TRIES 5

/* What the files said at one time. */
struct state {
	time_t loaded;
	struct catalog *catalog;
	struct file {
		char *name; /* without the dialect: "menu", "look" */
		const struct dialect *dialect;
		struct template *template;
	} * files;
	size_t count;
	struct cache *cache;
};

struct site {
	char *catalog;
	char *base; /* NULL: the catalogue's */
	const char *const *pages;
	char **dirs;
	size_t dir_count;
	struct state *good;
	struct stamps *seen; /* the newest attempt's; NULL: try again */
	struct error problem;
};

static void add_dir(struct site *s, const char *dir, size_t len)
{
	if (len == 0)
		return;
	s->dirs = mem_grow(s->dirs, s->dir_count + 1, sizeof(*s->dirs));
	s->dirs[s->dir_count++] = mem_copy(dir, len);
}

static char *copy_or_null(const char *s)
{
	return s != NULL ? mem_copy(s, strlen(s)) : NULL;
}

struct site *site_new(const struct site_paths *paths, const char *const *pages)
{
	struct site *s = mem_alloc(sizeof(*s));
	const char *dirs = paths->templates != NULL ? paths->templates : "";

	s->catalog = copy_or_null(paths->catalog);
	s->base = copy_or_null(paths->base);
	s->pages = pages;
	while (*dirs != '\0') {
		size_t len = strcspn(dirs, ":");

		add_dir(s, dirs, len);
		dirs += len + (dirs[len] == ':');
	}
	add_dir(s, paths->shipped, strlen(paths->shipped));
	return s;
}

static void state_free(struct state *state)
{
	if (state == NULL)
		return;
	for (size_t i = 0; i < state->count; i++) {
		free(state->files[i].name);
		template_free(state->files[i].template);
	}
	free(state->files);
	catalog_free(state->catalog);
	cache_free(state->cache);
	free(state);
}

void site_free(struct site *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->dir_count; i++)
		free(s->dirs[i]);
	free(s->dirs);
	free(s->catalog);
	free(s->base);
	stamps_free(s->seen);
	state_free(s->good);
	free(s);
}

static const struct file *find_file(const struct state *state,
				    const struct dialect *d, const char *name)
{
	for (size_t i = 0; i < state->count; i++)
		if (state->files[i].dialect == d &&
		    strcmp(state->files[i].name, name) == 0)
			return &state->files[i];
	return NULL;
}

/* What it takes to load the templates of one dialect. */
struct loading {
	const struct site *site;
	struct state *state;
	struct stamps *stamps;
	const struct dialect *dialect;
	const char *asking; /* the file that has the partial at hand */
	struct error *err;
};

static int load_template(struct loading *l, const char *name);

static int load_partial(void *ctx, const struct template_name *asked)
{
	struct loading *l = ctx;
	const char *name = asked->text;
	int found;

	if (asked->use != TEMPLATE_PARTIAL)
		return 0;

	if (find_file(l->state, l->dialect, name) != NULL)
		return 0;
	if (l->state->count == TEMPLATES_MAX)
		return error_set(l->err, l->asking, 0,
				 "more than %d templates for one page",
				 TEMPLATES_MAX);
	found = load_template(l, name);
	if (found == 0)
		return error_set(l->err, l->asking, 0,
				 "there is no template %s.%s, which it asks "
				 "for",
				 name, l->dialect->name);
	return found < 0 ? -1 : 0;
}

/* The text of the first NAME.DIALECT in the directories.  Returns as
 * stamps_read() does. */
static int read_template(struct loading *l, const char *file, struct buf *text)
{
	int found = 0;

	for (size_t i = 0; i < l->site->dir_count && found == 0; i++) {
		struct buf path = BUF_INIT;

		buf_printf(&path, "%s/%s", l->site->dirs[i], file);
		found = stamps_read(l->stamps, path.data, TEMPLATE_MAX_BYTES,
				    text, l->err);
		buf_free(&path);
	}
	return found;
}

static struct template *compile(struct loading *l, const char *file,
				const struct buf *text)
{
	json_t *utf8 = json_stringn(buf_text(text), text->len);

	json_decref(utf8);
	if (utf8 == NULL) {
		error_set(l->err, file, 0, "is not UTF-8 text");
		return NULL;
	}
	return template_parse(file, buf_text(text), text->len, l->err);
}

/* Load NAME.DIALECT and its partials.  Returns 1, 0 if there is no such file,
 * or -1. */
static int load_template(struct loading *l, const char *name)
{
	struct buf file = BUF_INIT;
	struct buf text = BUF_INIT;
	struct template *template;
	const char *asking;
	int rc;

	buf_printf(&file, "%s.%s", name, l->dialect->name);
	rc = read_template(l, file.data, &text);
	if (rc <= 0)
		goto out;
	template = compile(l, file.data, &text);
	if (template == NULL) {
		rc = -1;
		goto out;
	}
	l->state->files = mem_grow(l->state->files, l->state->count + 1,
				   sizeof(*l->state->files));
	l->state->files[l->state->count++] = (struct file){
		mem_copy(name, strlen(name)),
		l->dialect,
		template,
	};
	asking = l->asking;
	l->asking = file.data;
	if (template_each_name(template, load_partial, l) < 0)
		rc = -1;
	l->asking = asking;
out:
	buf_free(&file);
	buf_free(&text);
	return rc;
}

static int has_any(const struct state *state, const char *page)
{
	for (size_t i = 0; dialects[i] != NULL; i++)
		if (find_file(state, dialects[i], page) != NULL)
			return 1;
	return 0;
}

static int load_templates(const struct site *s, struct state *state,
			  struct stamps *stamps, struct error *err)
{
	struct loading l = {
		.site = s,
		.state = state,
		.stamps = stamps,
		.err = err,
	};

	for (size_t i = 0; dialects[i] != NULL; i++) {
		l.dialect = dialects[i];
		stamps_set_group(stamps, dialects[i]);
		for (size_t j = 0; s->pages[j] != NULL; j++)
			if (find_file(state, dialects[i], s->pages[j]) ==
				    NULL &&
			    load_template(&l, s->pages[j]) < 0)
				return -1;
	}
	for (size_t j = 0; s->pages[j] != NULL; j++)
		if (!has_any(state, s->pages[j]))
			return error_set(err, NULL, 0,
					 "there is no template of page %s",
					 s->pages[j]);
	return 0;
}

static struct state *load(const struct site *s, struct stamps *stamps,
			  struct error *err)
{
	struct state *state = mem_alloc(sizeof(*state));

	state->loaded = time(NULL);
	state->cache = cache_new(CACHE_MAX_BYTES);
	state->catalog = catalog_load(s->catalog, s->base, stamps, err);
	if (state->catalog != NULL &&
	    load_templates(s, state, stamps, err) == 0)
		return state;
	state_free(state);
	return NULL;
}

static void settle(void)
{
	const struct timespec time = { .tv_nsec = STAMPS_SETTLE_MS * 1000000L };

	nanosleep(&time, NULL);
}

/* Read everything anew, and once more while somebody is writing to it. */
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
	if (s->good != NULL && (state == NULL || !is_settled)) {
		if (state == NULL &&
		    (!is_retry || strcmp(before.text, s->problem.text) != 0))
			fprintf(stderr,
				"mirrorboot: %s; the last good state stays in "
				"use\n",
				s->problem.text);
		state_free(state);
		return;
	}
	state_free(s->good);
	s->good = state;
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

struct cache *site_cache(const struct site *s)
{
	return s->good != NULL ? s->good->cache : NULL;
}

int site_has(const struct site *s, const char *page, const struct dialect *d)
{
	return d->is_view || find_file(s->good, d, page) != NULL;
}

/* Where a render finds its partials. */
struct shelf {
	const struct state *state;
	const struct dialect *dialect;
};

static const struct template *find_partial(void *ctx, const char *name)
{
	const struct shelf *shelf = ctx;
	const struct file *file = find_file(shelf->state, shelf->dialect, name);

	return file != NULL ? file->template : NULL;
}

int site_render(const struct site *s, const char *page, const struct dialect *d,
		const json_t *view, struct buf *out, struct error *err)
{
	struct shelf shelf = { s->good, d };
	const struct render render = {
		.dialect = d,
		.partial = find_partial,
		.ctx = &shelf,
	};
	const struct file *file = find_file(s->good, d, page);
	size_t before = out->len;
	struct buf name = BUF_INIT;
	int rc;

	if (template_render(file->template, view, &render, out, err) < 0)
		return -1;
	buf_printf(&name, "%s.%s", page, d->name);
	rc = dialect_check(d, name.data, buf_text(out) + before,
			   out->len - before, err);
	buf_free(&name);
	if (rc < 0)
		buf_truncate(out, before);
	return rc;
}
