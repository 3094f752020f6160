#ifndef HOSTS_H
#define HOSTS_H

#include "catalog.h"
#include "findings.h"
#include "given.h"
#include "include.h"
#include "site.h"

/* Read every host file, which may name what c has, and look at the groups of c.
 * files: what c was read from.  What both give their machines is added to
 * given. */
void hosts_check(const struct site_paths *paths, const struct catalog *c,
		 const struct include *files, struct findings *f,
		 struct given *given);

#endif
