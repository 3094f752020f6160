#ifndef UNUSED_H
#define UNUSED_H

#include "findings.h"

/*
 * Warn of each file in the site's own template directories that is not in
 * taken, the names of the files that pages use.  Both lists end in NULL.
 * Returns 0, or -1 if a directory cannot be read, which is also added to f.
 */
int unused_check(char *const *dirs, const char *const *taken,
		 struct findings *f);

/* Whether a file of that name is hidden, or the backup copy of an editor or a
 * package, and not meant to be read. */
int unused_is_leftover(const char *name);

#endif
