#ifndef MIRROR_H
#define MIRROR_H

#include <stddef.h>

#include "cursor.h"

/* One base URL of a mirror. */
struct mirror_base {
	const char *url;  /* ends in '/' */
	const char *host; /* with the port, as it stands in the URL */
	const char *path; /* from its first '/' */
};

/* A mirror: base URLs in order of preference; none when all were refused. */
struct mirror {
	const char *id;
	const char *file; /* of the catalogue, that set it */
	struct mirror_base *bases;
	size_t count;
};

/* All mirrors, in the catalogue's order. */
struct mirrors {
	struct mirror *list;
	size_t count;
};

/* Read the section "mirrors" into the empty struct at all.  Returns 0, or -1
 * with each failure recorded.  All is in the cursor's pool. */
int mirror_read_all(struct cursor *at, struct mirrors *all);

/* NULL if there is no such mirror. */
const struct mirror *mirror_find(const struct mirrors *all, const char *id);

#endif
