#ifndef WARNINGS_H
#define WARNINGS_H

#include "catalog.h"
#include "findings.h"
#include "given.h"
#include "include.h"

/*
 * Warn of what is allowed in a catalogue but rarely meant: what no menu or no
 * client shows, what is out of date, and what depends on a single mirror.
 * files: the files that the catalogue was made from; given: what host files and
 * groups give.
 */
void warnings_find(const struct catalog *c, const struct include *files,
		   const struct given *given, struct findings *f);

#endif
