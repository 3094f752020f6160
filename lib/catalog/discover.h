#ifndef DISCOVER_H
#define DISCOVER_H

#include <jansson.h>
#include <regex.h>

#include "cursor.h"

/* What a list of releases is. */
enum list_kind {
	LIST_INDEX, /* a directory's index: its names, with '/' behind those of
		       directories */
	LIST_TEXT,  /* its lines */
	LIST_JSON,  /* each value, as "/pointer/to/it value" */
	LIST_KIND_COUNT
};

/* What an item of a list can say. */
enum list_word {
	LIST_VERSION, /* the id of a version */
	LIST_NAME,
	LIST_EOL, /* YYYY-MM-DD */
	LIST_WORD_COUNT
};

/* A compiled pattern of items. */
struct list_pattern {
	regex_t regex;
	size_t groups[LIST_WORD_COUNT]; /* 0: the pattern has no such word */
};

/* The key of a list that names its place and says its kind. */
extern const char *const discover_kinds[LIST_KIND_COUNT];

/* Append the place of a list.  Its variables are {{mirror}} and {{version}};
 * NULL: it must have none.  Returns 0, or -1 for another variable or one that
 * is NULL. */
int discover_add_place(struct buf *out, const char *place, const char *mirror,
		       const char *version);

/* Check "discover" of the distro here.  Returns 0, or -1 with each failure
 * recorded. */
int discover_check(struct cursor *at, const json_t *distro);

/* Whether the whole text matches the expression, which discover_check() has
 * taken; NULL matches nothing. */
int discover_matches(const char *expression, const char *text);

/*
 * Compile the pattern of items, as "Version: {{version}} LTS": '*' stands for
 * any text.  version is the expression that a version matches.  Returns NULL,
 * or what is wrong, a phrase; release with list_pattern_free() after NULL.
 */
const char *list_pattern_compile(struct list_pattern *p, const char *item,
				 const char *version);
void list_pattern_free(struct list_pattern *p);

#endif
