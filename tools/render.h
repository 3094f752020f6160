#ifndef RENDER_H
#define RENDER_H

#include "findings.h"
#include "site.h"

/*
 * Fill every page with every set of parameters that it answers, in every
 * dialect.  What cannot be filled, and what its client could not run without
 * harm, is added to f.  Returns 0, or -1 when nothing could be read.
 */
int render_check(const struct site_paths *paths, struct findings *f);

#endif
