#ifndef SUMLIST_H
#define SUMLIST_H

#include "digest.h"

enum sumlist_result {
	SUMLIST_FOUND,
	SUMLIST_NONE,  /* no SHA-256 or SHA-512 of that name */
	SUMLIST_TWICE, /* two different ones */
};

/*
 * Find the sums of the file called name in a list.  Each line of the text may
 * be in any of the forms that distributions use; all else is ignored:
 *
 *	SUM  name		sha256sum(1), sha512sum(1): SHA256SUMS,
 *CHECKSUMS, DIGESTS; the name may have "./" or "*" before it SUM SIZE name
 *the Release file of a Debian archive SHA256 (name) = SUM	the CHECKSUM of
 *Fedora name = sha256:SUM	.treeinfo
 *
 * The length of a sum says its kind.
 */
enum sumlist_result sumlist_find(const char *text, const char *name,
				 struct sums *out);

/*
 * The name that the list at URL list has for the file at url: relative to the
 * list's own directory.  Borrowed from url, its length in *len; NULL if the
 * file is not below that directory.
 */
const char *sumlist_name(const char *list, const char *url, size_t *len);

#endif
