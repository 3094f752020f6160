#ifndef UNUSED_H
#define UNUSED_H

#include "findings.h"

/*
 * Warn of each file in the site's own template directories whose name is not
 * among those that pages take.  Both lists end in NULL.  Returns 0, or -1 when
 * a directory cannot be read, which is added to f too.
 */
int unused_check(char *const *dirs, const char *const *taken,
		 struct findings *f);

#endif
