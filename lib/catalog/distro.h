#ifndef DISTRO_H
#define DISTRO_H

#include <jansson.h>

#include "cursor.h"

/*
 * Check the form of the distro's object, which the cursor is at: its keys, its
 * ids, and the type of every value, also of one that a more special scope
 * hides.  Patterns are not filled.  The versions of "order" exist, but for
 * those that a later file removed.  Returns 0, or -1 with each failure
 * recorded.
 */
int distro_check(struct cursor *at, const char *id, const json_t *distro);

#endif
