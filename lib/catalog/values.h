#ifndef VALUES_H
#define VALUES_H

#include <jansson.h>

#include "cursor.h"

/*
 * What answers are filled with: names and values of the site, of a group and of
 * a host.  They may be secrets, and no message repeats one.
 */

/* The names that the pages fill in themselves, which no value may have; ends in
 * NULL. */
extern const char *const values_facts[];

/*
 * The text of the object under the key "values" of the object here, in the
 * cursor's pool; *out stays as it is where there is none.  A value is a string,
 * a whole number, true, false, an array of strings or numbers, or null, which
 * takes away what a more general place says.  Returns 0, or -1 with each
 * failure recorded.
 */
int values_read(struct cursor *at, const json_t *object, const char **out);

/* Set the values of such a text, NULL: none, in all. */
void values_add(json_t *all, const char *text);

#endif
