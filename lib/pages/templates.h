#ifndef TEMPLATES_H
#define TEMPLATES_H

#include "dialect.h"
#include "error.h"
#include "stamps.h"
#include "template.h"

/* The templates of the pages in every dialect, with the partials that they
 * take. */
struct templates;

/* The directories of own, a list like PATH, then shipped.  own may be NULL.
 * The list ends in NULL; release it with free(). */
char **templates_dirs(const char *own, const char *shipped);

/* Without templates.  Release with templates_free(). */
struct templates *templates_new(void);
void templates_free(struct templates *t);

/*
 * Load the templates of the pages and all partials: for each file name,
 * PAGE.DIALECT or NAME.DIALECT, the first of the directories that has the file
 * decides.  dirs and pages end in NULL.  Each file is recorded in stamps, in
 * the group of its dialect.
 *
 * Returns 0, or -1 with err set: a file cannot be read, is no UTF-8 text or no
 * template, or a partial is missing; a template uses a name from an earlier
 * version; a page has no template at all.  This goes on after a failure, so
 * err->report gets all of them.
 */
int templates_load(struct templates *t, char *const *dirs,
		   const char *const *pages, struct stamps *stamps,
		   struct error *err);

/* The template NAME.DIALECT, borrowed; NULL if no page takes it. */
const struct template *templates_find(const struct templates *t,
				      const struct dialect *d,
				      const char *name);

/* The names of the files that pages take, also of those with a failure.  They
 * are borrowed.  The list ends in NULL; release it with free(). */
const char **templates_files(const struct templates *t);

#endif
