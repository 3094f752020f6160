#ifndef RENDER_H
#define RENDER_H

#include <jansson.h>

#include "findings.h"
#include "site.h"

/*
 * Make every page in every dialect: of each menu and of each customer for
 * each kind of machine, of each release.  What cannot be made, and what its
 * client could not run without harm, is added to f.  customers: the
 * catalogue's section, for their ids.  Returns 0, or -1 when nothing could be
 * read.
 */
int render_check(const struct site_paths *paths, const json_t *customers,
		 struct findings *f);

#endif
