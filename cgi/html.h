#ifndef HTML_H
#define HTML_H

#include <jansson.h>

#include "page.h"

/*
 * What the pages for people show beyond what machines get: every mirror, what
 * is not offered and why, what each kind of client is sent, and the state of
 * the catalogue.
 */

/* The site: its menus and its catalogue.  The caller releases it. */
json_t *html_index(const struct request *r);

/* Add to the view of a menu, or of a release. */
void html_add_menu(const struct request *r, const struct menu *menu,
		   json_t *view);
void html_add_release(const struct request *r, const struct release *release,
		      json_t *view);

#endif
