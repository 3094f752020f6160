#ifndef COPIES_H
#define COPIES_H

#include "buf.h"
#include "cursor.h"
#include "release.h"

/* Append the name of the release's copy: "rhel/10/amd64".  The variants of a
 * release have one copy. */
void copies_add_name(const struct release *release, struct buf *out);

/* Whether name is the name of the release's copy, or the beginning that it has
 * in common with others: the distro "rhel", or its version "rhel/10". */
int copies_is_meant(const struct release *release, const char *name);

/* Whether one of the names, which end in NULL, means the release's copy. */
int copies_are_meant(const struct release *release, const char *const *names);

/*
 * Check the names that the site has under "copies", in the file that set it:
 * each must mean a copy of the catalogue, unless its distro was refused.
 * Returns 0, or -1 with each failure recorded.
 */
int copies_check(struct cursor *at, const char *const *names,
		 const struct releases *all);

#endif
