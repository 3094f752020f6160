#ifndef ERROR_H
#define ERROR_H

#include <stddef.h>

#include "offer.h"

/* One failure, as it is reported. */
struct failure {
	const char *text;    /* as in struct error, without what follows ';' */
	const char *instead; /* what to write, as offer_add() says; or "" */
};

/*
 * Why an operation failed, for a person to read: "file:line: reason".  Start
 * with ERROR_INIT.  The first error set stays, and later ones are dropped: a
 * caller may go on and still report what came first.  A caller that wants all
 * of them sets report, which is called with each.
 */
struct error {
	char text[512]; /* printable ASCII; "" while nothing failed */
	void (*report)(void *ctx, const struct failure *failure);
	void *ctx;
};

#define ERROR_INIT                                                             \
	{                                                                      \
		"", NULL, NULL                                                 \
	}

/*
 * Record a failure and return -1, so that callers can `return error_set(...)`.
 * Of file only the last component is named; NULL: no position is given.
 * line 0: the file only.  Control bytes, and runs of bytes that are not ASCII,
 * become "*", and user information and queries of URLs "...": the text goes
 * into logs and to clients as it is.
 */
int error_set(struct error *err, const char *file, unsigned line,
	      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * The same, with an offer.  The text ends in "; did you mean 'amd64'?" where a
 * known name is similar to the wanted one.  Of the offer it has no more: not
 * everybody who reads it may know all names, or the value.
 */
int error_set_offer(struct error *err, const struct offer *offer,
		    const char *file, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#endif
