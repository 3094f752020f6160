#ifndef TEXTS_H
#define TEXTS_H

#include <jansson.h>

#include "buf.h"
#include "error.h"
#include "site.h"

/* What becomes of a site's pages as files. */
struct texts_options {
	const struct site *site;        /* site_refresh() has read it */
	const struct site_paths *paths; /* that it was made of */
	const char *base; /* URL of the directory of the files, ends in '/' */
	int has_pages;    /* the web server has the pages too: links lead to
			     what is no file */
};

/* Gets each file. */
struct texts_taker {
	/* A name relative to the directory, and the basis of its text, which is
	 * not filled where this returns 1; 0: it is.  NULL: all are. */
	int (*keep)(void *ctx, const char *path, const char *basis,
		    struct error *err);
	/* The same with the text; basis is NULL where it is not known.  Returns
	 * 0.  Either returns -1 with err set to end texts_each(). */
	int (*take)(void *ctx, const char *path, const char *basis,
		    const struct buf *text, struct error *err);
	void *ctx;
};

/*
 * Fill every page that does not depend on the client, in every dialect, and
 * give each to the taker.  What has no file is added to withheld, an object, as
 * a key: "menu NAME: is for the networks of its customer only".  Returns 0, or
 * -1 with err set: a page cannot be filled, or the taker failed.
 */
int texts_each(const struct texts_options *o, const struct texts_taker *taker,
	       json_t *withheld, struct error *err);

#endif
