#ifndef ANSWER_H
#define ANSWER_H

#include <jansson.h>
#include <stddef.h>

#include "assignment.h"
#include "buf.h"
#include "error.h"
#include "site.h"

/*
 * The files that an installer reads in place of a person's answers: templates
 * in the directory answers/NAME, the site's own before the shipped one.
 */

/* What a machine's answers are filled from.  Borrowed. */
struct answer {
	const struct site *site;
	const struct assignment *assigned; /* the machine's, with answers and a
					      release */
	size_t mirror;    /* index of the release's mirror that it boots from */
	const char *url;  /* of the directory of its answers, with the token;
			     ends in '/' */
	const char *done; /* the URL that ends its installation */
};

/* The word that stands in place of a token where none is given away. */
#define ANSWER_TOKEN "TOKEN"

/*
 * Append the answer's file of that name, any text, to body, and set
 * *content_type, static.  Returns 200; 404 with err set if there is no such
 * file; or 500 with err set, body unchanged: "preseed.cfg:12: 'disk' is
 * missing".  No message repeats a value or the token.  Nothing is cached: an
 * edit shows with the next request.
 */
int answer_fill(const struct answer *a, const char *file, struct buf *body,
		const char **content_type, struct error *err);

/*
 * The names of the files that answers of that name have, in the order of the
 * alphabet: release it with answer_free_files().  NULL with err set if there is
 * no such directory, or one that cannot be read.
 */
char **answer_files(const struct site *site, const char *name,
		    struct error *err);
void answer_free_files(char **files);

/* Add each name that the file of those answers uses to names, as a key.
 * Returns 1, 0 if there is no such file, or -1 with err set. */
int answer_add_names(const struct site *site, const char *name,
		     const char *file, json_t *names, struct error *err);

/* Append the URL of the directory of the answers that the token opens, for the
 * release's mirror of that index. */
void answer_add_url(const struct catalog *c, const char *token, size_t mirror,
		    struct buf *url);

/*
 * The release with the words that lead its installer to its answers: those of
 * its distro with {{answers}} filled in, before a word "---" of its arguments.
 * add_url() appends the URL of the directory of the answers, for the mirror of
 * that index.  The result is in pool and borrows from release; what a loader
 * cannot write is in it as in any release.
 */
const struct release *answer_release(const struct release *release,
				     void (*add_url)(void *ctx, size_t mirror,
						     struct buf *url),
				     void *ctx, struct mem_pool *pool);

/*
 * Append to body what 'host=NAME&file=FILE' asks for, for an administrator at a
 * shell, with TOKEN in place of a token.  NAME is that of a host file, with
 * ".json" or without; or group=NAME.  Returns 200, or a status with err set.
 */
int answer_preview(struct site *site, const char *query, struct buf *body,
		   struct error *err);

#endif
