#ifndef LISTS_H
#define LISTS_H

#include <jansson.h>

#include "fetch.h"
#include "include.h"

/*
 * What the lists of a distro's "discover" say, each version an object:
 *
 *	{"45": {"name": "...", "eol": "2027-11-30", "list": "http://...",
 *		"plain": true}}
 *
 * in the order in which the lists have them.  name and eol are there if a list
 * has them; plain: it was read by http, which anybody on the way can change.
 */
struct lists {
	const struct include *files;
	const struct fetch_limits *limits;

	/* Called with a list that cannot be read, or has nothing. */
	void (*fail)(void *ctx, const char *distro, const char *place,
		     const char *reason);
	void *ctx;
};

/* Read the lists that name versions, each from the first mirror that has it.
 * is_whole: set to whether all were read.  Release with json_decref(). */
json_t *lists_find(const struct lists *l, const char *distro, int *is_whole);

/* Read the lists of one version, whose place has {{version}}, and add what they
 * say to its object. */
void lists_add_details(const struct lists *l, const char *distro,
		       const char *version, json_t *object);

#endif
