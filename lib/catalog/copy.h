#ifndef COPY_H
#define COPY_H

#include <jansson.h>
#include <stddef.h>

#include "cursor.h"

/* A file of a copy, or a directory with all that is in it: the name and the
 * source of a directory end in '/'. */
struct copy_file {
	const char *name;   /* a path in the copy; "./" is the copy itself */
	const char *source; /* a path in the ISO, "./" for all of it; "." for
			       the ISO itself; or a URL */
};

/* The site's own copy of a system that has an ISO and no mirror. */
struct copy {
	const char *from;      /* URL: where people get the ISO */
	const char *directory; /* a path below the base; ends in '/' */
	const struct copy_file *files;
	size_t count;
	int is_made; /* the site says that it has it */
};

/* Check the form of the value under "copy" of the object here, unless there is
 * none.  Returns 0, or -1 with each failure recorded. */
int copy_check(struct cursor *at, const json_t *object);

/* Whether the path, which is below a directory, is one that shells and URLs
 * write alike: names of [A-Za-z0-9._~-] that do not begin with '.' or '-'.  It
 * may end in '/'. */
int copy_is_path(const char *path);

/* Check the source, the value here, of the file of that name.  Returns 0, or -1
 * with the failure recorded. */
int copy_check_source(struct cursor *at, const char *name, const char *source);

/* Whether the source is a URL. */
int copy_is_url(const char *source);

#endif
