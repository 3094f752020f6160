#ifndef PATTERN_H
#define PATTERN_H

#include <stddef.h>

#include "buf.h"
#include "cursor.h"
#include "form.h"
#include "store.h"

/* A variable of patterns. */
struct pattern_var {
	const char *name;
	const char *value;  /* NULL: there is none here */
	const char *packed; /* what stands for the value in a packed text: from
			       a store, or static */
};

/*
 * Compiled patterns.  A pattern is a string of the catalogue with variables,
 * "{{mirror}}dists/{{version}}/".  It is filled for many releases, and compiled
 * once.  Start with the variables and all else zero, end with
 * pattern_set_free().
 */
struct pattern_set {
	const struct pattern_var *vars; /* in the order of messages; they may
					   get other values */
	size_t var_count;
	struct pattern *list; /* hashed by the address of their text */
	size_t size;          /* of list; a power of two, or 0 */
	size_t count;
	struct buf filled; /* the pattern that was filled last */
};

void pattern_set_free(struct pattern_set *set);

/*
 * Fill text, the value here, and check that the result has the form.  It is
 * filled as template.h says, but nothing is escaped.  text is not copied: it
 * must stay as it is until the set is freed, and it always has the same form.
 * Returns the result, which is in the cursor's pool; NULL with the failure
 * recorded.
 */
const char *pattern_fill(struct pattern_set *set, struct cursor *at,
			 const char *text, enum form form);

/* The same text, which pattern_fill() has filled here, from the packed values:
 * from the store. */
const char *pattern_pack(struct pattern_set *set, struct store *store,
			 const char *text);

#endif
