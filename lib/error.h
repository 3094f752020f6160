#ifndef ERROR_H
#define ERROR_H

/*
 * Why an operation failed, for a person to read: "file:line: reason".  Start
 * with ERROR_INIT.  The first error set stays; later ones are dropped, so a
 * caller may go on and still report what came first.
 */
struct error {
	char text[512]; /* printable ASCII; "" while nothing failed */
};

#define ERROR_INIT                                                             \
	{                                                                      \
		""                                                             \
	}

/*
 * Record a failure and return -1, so that callers can `return error_set(...)`.
 * file is named by its last component alone; NULL: no position is given; line
 * 0: the file only.  Bytes outside 0x20-0x7E become '?': the text goes into
 * logs and to clients as it is.
 */
int error_set(struct error *err, const char *file, unsigned line,
	      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
