#ifndef WITHHELD_H
#define WITHHELD_H

#include "page.h"

/* What is not exported of a site, and why. */
struct withheld;

/* base: URL of the export's directory.  has_pages: the web server has the
 * pages too.  Release with withheld_free(). */
struct withheld *withheld_new(const struct site *site, const char *base,
			      int has_pages);
void withheld_free(struct withheld *w);

/*
 * Why there is no file for the page that the link is to, static; NULL if there
 * is one.  The link has its page, dialect and machine.  *is_secret: not even a
 * link may tell of it.
 */
const char *withheld_reason(const struct withheld *w, const struct link *link,
			    int *is_secret);

/* Append all that this knows of a release, a menu, and the last step of a path,
 * for a sum: reasons that are the same have the same bytes. */
void withheld_add_release(const struct withheld *w,
			  const struct release *release, struct buf *out);
void withheld_add_menu(const struct withheld *w, const struct menu *menu,
		       struct buf *out);
void withheld_add_path(const struct menu_path *path, struct buf *out);

/* Why boot without a menu, what a machine asks first, has no file, static;
 * NULL if it has. */
const char *withheld_boot(const struct withheld *w);

#endif
