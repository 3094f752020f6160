#ifndef COPYSCRIPT_H
#define COPYSCRIPT_H

#include <stdio.h>

#include "catalog.h"

/*
 * Print a shell script that makes the site's copy of a release: "mint", or, of
 * a distro with more copies than one, "rhel/10/amd64".  Returns 0, or -1 with
 * what can be written instead on standard error.
 */
int copyscript_print(const struct catalog *c, const char *which, FILE *out);

#endif
