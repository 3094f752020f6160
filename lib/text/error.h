#ifndef ERROR_H
#define ERROR_H

#include <stddef.h>

/* One failure, as it is reported. */
struct failure {
	const char *text; /* as in struct error */
	/* A name that is not known and those that are; without a wanted, what
	 * to write instead.  known ends in NULL; NULL: nothing is offered. */
	const char *wanted;
	const char *const *known;
};

/*
 * Why an operation failed, for a person to read: "file:line: reason".  Start
 * with ERROR_INIT.  The first error set stays; later ones are dropped, so a
 * caller may go on and still report what came first.  Whoever wants them all
 * sets report, which is called with each.
 */
struct error {
	char text[512]; /* printable ASCII; "" while nothing failed */
	void (*report)(void *ctx, const struct failure *failure);
	void *ctx;
	struct failure offer; /* what error_offer() said of the next one */
};

#define ERROR_INIT                                                             \
	{                                                                      \
		"", NULL, NULL,                                                \
		{                                                              \
			NULL, NULL, NULL                                       \
		}                                                              \
	}

/*
 * Record a failure and return -1, so that callers can `return error_set(...)`.
 * file is named by its last component alone; NULL: no position is given; line
 * 0: the file only.  Bytes outside 0x20-0x7E become '?': the text goes into
 * logs and to clients as it is.
 */
int error_set(struct error *err, const char *file, unsigned line,
	      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Say what the next failure is about, as in struct failure; borrowed until
 * then.  Nothing of it goes into the text. */
void error_offer(struct error *err, const char *wanted,
		 const char *const *known);

#endif
