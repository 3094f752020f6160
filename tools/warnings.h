#ifndef WARNINGS_H
#define WARNINGS_H

#include "catalog.h"
#include "findings.h"
#include "include.h"

/*
 * What is allowed in a catalogue but seldom meant: what no menu shows, what
 * no client is shown, what is out of date or hangs on one mirror alone.
 * files: what the catalogue was made of.
 */
void warnings_find(const struct catalog *c, const struct include *files,
		   struct findings *f);

#endif
