#ifndef GUARDS_H
#define GUARDS_H

#include "catalog.h"
#include "findings.h"

/* Warn of each entry that leads without a password to a release or a menu for
 * which another entry asks one. */
void guards_check(const struct catalog *c, struct findings *f);

#endif
