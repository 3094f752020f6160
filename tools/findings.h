#ifndef FINDINGS_H
#define FINDINGS_H

#include <stddef.h>
#include <stdio.h>

#include "error.h"

/* An error keeps a machine from booting, or the catalogue from being read; a
 * warning is something to look at. */
enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

/* What is wrong, where, and what to do about it.  What is NULL is left out. */
struct finding {
	enum severity severity;
	const char *check;   /* which check found it, one word */
	const char *file;    /* of the catalogue, or a template; no path */
	unsigned line;       /* in it; 0: not known */
	const char *pointer; /* into it, RFC 6901 */
	const char *reason;
	const char *url;     /* that was asked for */
	const char *instead; /* what to do: "did you mean 'amd64'?" */
};

/* Everything that was found. */
struct findings;

struct findings *findings_new(void);
void findings_free(struct findings *f);

/* Copies all; one that is there already is dropped. */
void findings_add(struct findings *f, const struct finding *finding);

size_t findings_count(const struct findings *f, enum severity severity);

/* Where the failures of a struct error go: set its ctx to one of these, and its
 * report to findings_report().  Borrowed. */
struct findings_target {
	struct findings *findings;
	const char *check;
};

/* Add a failure, split into its parts.  ctx: struct findings_target. */
void findings_report(void *ctx, const struct failure *failure);

/* Add a message as struct error has it, "file:line: reason" or "file:
 * /pointer: reason"; url may be NULL. */
void findings_add_text(struct findings *f, const char *check, const char *text,
		       const char *url);

/* One line a finding, errors before warnings. */
void findings_print(const struct findings *f, FILE *out);

/* An object with "findings", an array of objects with the fields of struct
 * finding by name. */
void findings_print_json(const struct findings *f, FILE *out);

#endif
