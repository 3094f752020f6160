#ifndef HOSTS_H
#define HOSTS_H

#include "catalog.h"
#include "findings.h"
#include "include.h"
#include "site.h"

/* Read every host file, which may name what c has, and look at the groups of c.
 * files: what c was read from. */
void hosts_check(const struct site_paths *paths, const struct catalog *c,
		 const struct include *files, struct findings *f);

#endif
