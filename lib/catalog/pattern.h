#ifndef PATTERN_H
#define PATTERN_H

#include <jansson.h>
#include <stddef.h>

#include "cursor.h"
#include "form.h"

/*
 * Compiled patterns.  A pattern is a string of the catalogue with variables,
 * "{{mirror}}dists/{{version}}/".  It is filled for many releases, and compiled
 * once.  Start with PATTERN_SET_INIT, end with pattern_set_free().
 */
struct pattern_set {
	struct pattern *list; /* hashed by the address of their text */
	size_t size;          /* of list; a power of two, or 0 */
	size_t count;
	struct buf filled; /* the pattern that was filled last */
};

#define PATTERN_SET_INIT                                                       \
	{                                                                      \
		NULL, 0, 0, BUF_INIT                                           \
	}

void pattern_set_free(struct pattern_set *set);

/*
 * Fill text, the value here, from vars, and check that the result has the
 * form.  It is filled as template.h says, but nothing is escaped.  text is not
 * copied: it must stay as it is until the set is freed, and it always has the
 * same form.  Returns the result, which is in the cursor's pool; NULL with the
 * failure recorded.
 */
const char *pattern_fill(struct pattern_set *set, struct cursor *at,
			 const char *text, enum form form, const json_t *vars);

#endif
