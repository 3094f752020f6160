#ifndef RENAMED_H
#define RENAMED_H

#include <stddef.h>

/*
 * A name that an earlier version used.  Whoever writes it still is told the
 * name that took its place.  A table of these ends in a row of NULLs; each
 * kind of name has a table of its own, where these names are defined.
 */
struct renamed {
	const char *before;
	const char *now;
	const char *since; /* the version that renamed it: "0.2.0" */
};

/* What a message says of a name in the table: now, then since. */
#define RENAMED_REASON "has been called %s since %s"

/* The row whose earlier name is the len bytes at name; NULL if none is. */
const struct renamed *renamed_find(const struct renamed *table,
				   const char *name, size_t len);

#endif
