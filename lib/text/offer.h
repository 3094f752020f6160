#ifndef OFFER_H
#define OFFER_H

#include <jansson.h>

#include "buf.h"

/* Another project's word for a name. */
struct alias {
	const char *other;
	const char *ours;
};

/* What could stand in the place of something wrong. */
struct offer {
	const char *wanted; /* a name that is not known; NULL: known[0] is what
			       to write instead */
	const char *const *known;    /* the names that are; ends in NULL.  NULL:
					none */
	const struct alias *aliases; /* ends in NULLs; NULL: none */
	int is_secret; /* wanted may be a secret: reports alone have the offer,
			  and no page and no log */
};

/*
 * The known name that is most similar to the wanted one: in another case,
 * another project's word for it, with a few letters wrong, missing, added or
 * swapped, or cut short.  Borrowed; NULL if no name is similar.
 */
const char *offer_nearest(const struct offer *offer);

/* The keys of the object, which may be NULL, for an offer's known names, but
 * not the key without; NULL: all.  They are borrowed from the object, and end
 * in NULL; release the list with free(). */
const char **offer_keys(const json_t *object, const char *without);

/*
 * Append what to write instead: "did you mean 'amd64'?", or the known names,
 * the most similar ones if they are many.  Nothing if there are none, or if
 * reason names them all behind its last ": ".
 */
void offer_add(const struct offer *offer, const char *reason, struct buf *out);

#endif
