#ifndef DISTRO_H
#define DISTRO_H

#include <jansson.h>

#include "cursor.h"

/*
 * Check the form of a distro's object, which the cursor is at: its keys, its
 * ids, and the type of every value, also of one that a more special scope
 * hides.  Patterns are not filled.  Returns 0, or -1 with each failure
 * recorded.
 */
int distro_check(struct cursor *at, const json_t *distro);

#endif
