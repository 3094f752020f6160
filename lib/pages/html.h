#ifndef HTML_H
#define HTML_H

#include <jansson.h>

#include "page.h"

/*
 * What the pages for people show beyond what machines get: every mirror, what
 * is not offered and why, what each kind of client is sent, and the state of
 * the catalogue.
 */

/* Add to the view of a menu what the index of the site shows. */
void html_add_index(const struct request *r, json_t *view);

/* Add to the view of a menu, or of a release. */
void html_add_menu(const struct request *r, const struct menu *menu,
		   json_t *view);
void html_add_release(const struct request *r, const struct release *release,
		      json_t *view);

/* Add to the view of a password which loaders cannot ask for it. */
void html_add_password(const struct password *password, json_t *view);

#endif
