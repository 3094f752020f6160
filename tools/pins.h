#ifndef PINS_H
#define PINS_H

#include "catalog.h"
#include "findings.h"

/* The file of a catalogue that holds the sums that are pinned. */
struct pins;

/*
 * Read the file at path, which may not exist yet.  Returns NULL with err set if
 * it cannot be read, or has anything but pins: then it is not ours to replace.
 * Release with pins_free().
 */
struct pins *pins_read(const char *path, struct error *err);
void pins_free(struct pins *p);

/* The pin that the file has of the file at path below the mirror; all NULL if
 * it has none.  Borrowed. */
struct pin pins_find(const struct pins *p, const char *mirror,
		     const char *path);

/* Pin the file, unless a later list has pinned it already.  Returns the date of
 * that list, borrowed, if its sum is another one, or else NULL. */
const char *pins_set(struct pins *p, const char *mirror, const char *path,
		     const struct pin *pin);

/*
 * Replace the file by one that has these pins, whole or not at all; nothing is
 * written where nothing has changed.  Pins that another run has put into it
 * since it was read stay, unless they are older.  Those of files that no
 * release of the catalogue boots go.  Returns 0, or -1 with err set.
 */
int pins_write(struct pins *p, const struct catalog *c, struct error *err);

#endif
