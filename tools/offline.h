#ifndef OFFLINE_H
#define OFFLINE_H

#include "catalog.h"
#include "findings.h"
#include "site.h"

/*
 * All that can be known of a site without its mirrors.  Returns the
 * catalogue, or NULL when it is refused; release with catalog_free().
 */
struct catalog *offline_check(const struct site_paths *paths,
			      struct findings *f);

#endif
