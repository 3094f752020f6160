#ifndef SITE_H
#define SITE_H

#include <jansson.h>
#include <time.h>

#include "arming_store.h"
#include "buf.h"
#include "cache.h"
#include "catalog.h"
#include "dialect.h"
#include "error.h"

/*
 * One installation: the catalogue and the templates of all pages.  Files are
 * read when they are first needed and again when they have changed, all of them
 * or none.
 */
struct site;

/* Where things are.  Borrowed until site_new() returns. */
struct site_paths {
	const char *catalog;   /* file */
	const char *templates; /* the site's own directories, with ':' between
				  them.  They are searched in order, before the
				  shipped one; NULL or "": none */
	const char *shipped;   /* directory of the shipped templates */
	const char *hosts;     /* directory of the host files; NULL: "hosts"
				  beside the catalogue */
	const char *answers;   /* the site's own directories of answers, as
				  templates; NULL: "answers" beside the
				  catalogue */
	const char *shipped_answers; /* NULL: none */
	struct arming_store *state; /* of the installations, which lives as long
				       as the site; NULL: none */
	const char *base; /* base URL that replaces the catalogue's; NULL: the
			     catalogue's */
};

/* A setting of the environment, for the paths; an empty one counts as missing.
 * Borrowed. */
const char *site_setting(const char *name, const char *otherwise);

/* The path of what is beside the catalogue: release it with free(). */
char *site_beside(const char *catalog, const char *name);

/* The directory of the host files: release it with free(). */
char *site_hosts_path(const struct site_paths *paths);

/* The directories of answers, the site's own first; ends in NULL: release it
 * with free(). */
char **site_answers_paths(const struct site_paths *paths);

/*
 * pages: the names that their templates begin with; ends in NULL, and lives as
 * long as the site.  check: what else a catalogue must pass to be used, as
 * pages_check_urls(); NULL: nothing.  Nothing is read yet.  Release with
 * site_free().
 */
struct site *site_new(const struct site_paths *paths, const char *const *pages,
		      int (*check)(const struct catalog *c, struct error *err));
void site_free(struct site *s);

/*
 * Read what has changed on disk since the last call.  If an edit is broken or
 * not finished, the last valid state stays in use, and one line goes to
 * standard error; another one when it is mended.  Returns 0, or -1 with err set
 * if there never was a valid state: then nothing can be served.
 */
int site_refresh(struct site *s, struct error *err);

/*
 * Whether any file has changed since then that texts of dialect d depend on.
 * Files of other dialects are not looked at: with many requests, most of the
 * work would be to look at files.
 */
int site_is_changed(const struct site *s, const struct dialect *d);

/* What is wrong with the last edit; NULL if it is in use. */
const char *site_problem(const struct site *s);

/* When the state in use was read, in seconds since 1970. */
time_t site_loaded(const struct site *s);

const struct catalog *site_catalog(const struct site *s);

/*
 * The directory of the host files; NULL where there is none, or none in it.  A
 * host file is read when its machine asks, so an edit shows at once, and their
 * number costs nothing.
 */
const char *site_hosts(const struct site *s);

/* The directories of answers, as site_answers_paths() finds them. */
char *const *site_answers(const struct site *s);

/* Where it is said which machines may be installed; NULL: nowhere, and no
 * machine may. */
struct arming_store *site_state(const struct site *s);

/* Whether a host file or a group may say what a machine gets. */
int site_has_rules(const struct site *s);

/* Cached answers from the state in use; a new state has an empty cache.  NULL
 * if there never was a valid state. */
struct cache *site_cache(const struct site *s);

/* The names of the pages, as given to site_new(). */
const char *const *site_pages(const struct site *s);

/* Whether the page has a template in that dialect. */
int site_has(const struct site *s, const char *page, const struct dialect *d);

/*
 * Append the page's template in that dialect, filled from view, to out.
 * Returns 0, or -1 with err set and the length of out unchanged: the template
 * cannot be filled, or the dialect's clients would not run the text without
 * harm (see dialect_check()).
 */
int site_render(const struct site *s, const char *page, const struct dialect *d,
		const json_t *view, struct buf *out, struct error *err);

#endif
