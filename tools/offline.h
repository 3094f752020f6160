#ifndef OFFLINE_H
#define OFFLINE_H

#include "catalog.h"
#include "findings.h"
#include "site.h"

/*
 * Check everything that does not need the mirrors.  Returns the catalogue, or
 * NULL if it is refused.  Release with catalog_free().
 */
struct catalog *offline_check(const struct site_paths *paths,
			      struct findings *f);

#endif
