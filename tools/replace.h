#ifndef REPLACE_H
#define REPLACE_H

#include "error.h"

/* Replace the file at path, which may not exist yet, by one that has the text
 * and a newline: whole or not at all.  Everybody may read it.  Returns 0, or -1
 * with err set. */
int replace_file(const char *path, const char *text, struct error *err);

/* Wait for whoever else is between reading and replacing a file in the
 * directory that the file at path is in, or would be.  Returns a descriptor,
 * whose close() lets the next one in, or -1 with err set. */
int replace_lock(const char *path, struct error *err);

#endif
