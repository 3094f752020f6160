#ifndef FINDINGS_H
#define FINDINGS_H

#include <stddef.h>
#include <stdio.h>

#include "error.h"

/* An error prevents a boot, or the use of the catalogue.  A warning deserves a
 * look. */
enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

/* What is wrong, where, and what to do about it.  NULL: not known. */
struct finding {
	enum severity severity;
	const char *check; /* the check that found it, one word */
	const char *file; /* of the catalogue, or a template, by its name alone;
			     or a directory */
	unsigned line;    /* in the file; 0: not known */
	const char *pointer; /* JSON Pointer into the file (RFC 6901) */
	const char *reason;
	const char *url;     /* that was fetched, or the page with its query */
	const char *instead; /* what to do: "did you mean 'amd64'?" */
};

/* All findings. */
struct findings;

struct findings *findings_new(void);
void findings_free(struct findings *f);

/* Add a copy.  A finding that is there already is not added again. */
void findings_add(struct findings *f, const struct finding *finding);

/* The reason of the first error at the place, and its URL in *url; NULL: there
 * is none.  Borrowed. */
const char *findings_error_at(const struct findings *f, const char *pointer,
			      const char **url);

/* The URL of an error of that check, from the one at *index on, which then is
 * behind it; NULL: there are no more.  Borrowed. */
const char *findings_next_url(const struct findings *f, const char *check,
			      size_t *index);

size_t findings_count(const struct findings *f, enum severity severity);

/* For a struct error whose failures become findings: set its ctx to one of
 * these, and its report to findings_report().  Borrowed. */
struct findings_target {
	struct findings *findings;
	const char *check;
	const char *url; /* NULL: none */
};

/* Add a failure, "file:line: reason" or "file: /pointer: reason", split into
 * its parts.  ctx: struct findings_target. */
void findings_report(void *ctx, const struct failure *failure);

/* Whether a file of the catalogue is a shipped one by its name: those begin
 * with a number, and the site's own with a 9. */
int findings_is_shipped(const char *file);

/* Print a line for each finding: errors, then the warnings of the site's own
 * files, then those of shipped ones. */
void findings_print(const struct findings *f, FILE *out);

/* Print an object with "findings", an array of objects whose keys are the
 * fields of struct finding. */
void findings_print_json(const struct findings *f, FILE *out);

#endif
