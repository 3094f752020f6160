#ifndef TEMPLATES_H
#define TEMPLATES_H

#include "dialect.h"
#include "error.h"
#include "stamps.h"
#include "template.h"

/* The templates of the pages in all dialects, with the partials that they
 * use. */
struct templates;

/* The directories in own, which has ':' between them, then shipped.  own may be
 * NULL.  The list ends in NULL.  Release it with free(). */
char **templates_dirs(const char *own, const char *shipped);

/* Empty; see templates_load().  Release with templates_free(). */
struct templates *templates_new(void);
void templates_free(struct templates *t);

/*
 * Load the template PAGE.DIALECT of each page in each dialect, and the partials
 * NAME.DIALECT that they use.  Of several files with the same name, the one in
 * the first directory counts.  dirs and pages end in NULL.  Each file is
 * recorded in stamps, in the group of its dialect.
 *
 * Returns 0, or -1 with err set: a file cannot be read, is not UTF-8 text or
 * not a template; a partial is missing; a template uses a name of an earlier
 * version; a page has no template at all.  Loading goes on after a failure, so
 * err->report gets all of them.
 */
int templates_load(struct templates *t, char *const *dirs,
		   const char *const *pages, struct stamps *stamps,
		   struct error *err);

/* The template NAME.DIALECT, borrowed; NULL if no page uses it. */
const struct template *templates_find(const struct templates *t,
				      const struct dialect *d,
				      const char *name);

/* The names of all files that pages use, even if they have a failure.  The
 * names are borrowed.  The list ends in NULL.  Release it with free(). */
const char **templates_files(const struct templates *t);

/* Call each() with every name in every template, as template_each_name()
 * does. */
void templates_each_name(const struct templates *t,
			 int (*each)(void *ctx,
				     const struct template_name *name),
			 void *ctx);

#endif
