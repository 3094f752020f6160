#ifndef DISTRO_H
#define DISTRO_H

#include <jansson.h>

#include "reader.h"

/*
 * Check the form of a distro's object, which the reader is at: its keys, its
 * ids, the type of every value, also of those that something more special
 * hides.  What the patterns in it give is not looked at.  Returns 0, or -1
 * with the failure recorded.
 */
int distro_check(struct reader *r, const json_t *distro);

#endif
