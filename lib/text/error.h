#ifndef ERROR_H
#define ERROR_H

#include <stddef.h>

/* What could stand in the place of something wrong. */
struct offer {
	const char *wanted; /* a name that is not known; NULL: known[0] is what
			       to write instead */
	const char *const *known; /* the names that are; ends in NULL.  NULL:
				     none */
};

/* One failure, as it is reported. */
struct failure {
	const char *text;          /* as in struct error */
	const struct offer *offer; /* NULL: nothing is offered */
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

/* The same, with an offer for report; the text does not hold it. */
int error_set_offer(struct error *err, const struct offer *offer,
		    const char *file, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#endif
