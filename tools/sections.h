#ifndef SECTIONS_H
#define SECTIONS_H

#include "findings.h"
#include "templates.h"

/* Warn of each section in t whose name no shipped template has: it is always
 * empty, without a word.  shipped is the directory of these. */
void sections_check(const struct templates *t, const char *shipped,
		    struct findings *f);

#endif
