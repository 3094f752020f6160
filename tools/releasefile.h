#ifndef RELEASEFILE_H
#define RELEASEFILE_H

#include <stddef.h>

/* The fields of the Release file of a Debian archive, which is also the text of
 * its InRelease. */

/* Until when it may be used, in seconds since 1970; 0: it does not say; -1:
 * that is not a date. */
long long releasefile_valid_until(const char *text);

/*
 * Whether the text may be the file at url.  That of dists/SUITE/Release, or
 * InRelease, has SUITE as its Suite or its Codename; any text may be at another
 * URL.  If it may not, *suite is the suite of the URL, borrowed, and *len its
 * length.
 */
int releasefile_is_of(const char *text, const char *url, const char **suite,
		      size_t *len);

#endif
