#ifndef LISTING_H
#define LISTING_H

#include <stddef.h>

#include "discover.h"

/* The most that is read of a list. */
#define LISTING_MAX ((size_t)4 * 1024 * 1024)
#define LISTING_ITEMS_MAX 20000
#define LISTING_ITEM_MAX 1024

/* A list as it came. */
struct listing {
	enum list_kind kind;
	const char *url; /* or the path of the file */
	const char *text;
	size_t len;
};

/*
 * Give take() each item of the list: items are printable
 * ASCII, at most LISTING_ITEM_MAX bytes; all others are left out.  Of an index
 * the items are names in its own directory: links to other places are left
 * out.  It may be HTML, as all web servers write it, or the XML of object
 * stores.  The text is not trusted.  Returns 0, or -1 with *wrong set to a
 * phrase: it is not a list of that kind, or it has too many items.
 */
int listing_read(const struct listing *list,
		 void (*take)(void *ctx, const char *item), void *ctx,
		 const char **wrong);

#endif
