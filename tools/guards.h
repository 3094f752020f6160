#ifndef GUARDS_H
#define GUARDS_H

#include "catalog.h"
#include "findings.h"
#include "given.h"

/* Warn of each entry that leads without a password to a release or a menu for
 * which another entry asks one.  given: the menus that machines get without an
 * entry. */
void guards_check(const struct catalog *c, const struct given *given,
		  struct findings *f);

#endif
