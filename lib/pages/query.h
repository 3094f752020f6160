#ifndef QUERY_H
#define QUERY_H

#include "error.h"

/* The longest value of the parameter find, in bytes. */
#define QUERY_FIND_MAX 64

/* The longest value of mac, uuid and serial, in bytes. */
#define QUERY_IDENTITY_MAX 600

/* The parameters of a query string, decoded. */
struct query;

/*
 * Parse "a=1&b=2"; "" has no parameters.  Names and values are decoded once
 * and must then be of [A-Za-z0-9._~-], at least one byte each: clients differ
 * in how they encode anything else.  The value of find is what a person typed
 * into a form: printable ASCII, '+' for a blank, QUERY_FIND_MAX bytes at most;
 * it may be empty, and must not be printed.  The values of mac, uuid and serial
 * are any bytes but NUL, QUERY_IDENTITY_MAX at most, for identity_set_mac() and
 * its like; they may be empty, and must not be printed.  Returns NULL with err
 * set (which repeats nothing of s) for anything else, a malformed escape, a
 * name given twice or more than 16 parameters: the client's mistake.  Release
 * with query_free().
 */
struct query *query_parse(const char *s, struct error *err);
void query_free(struct query *q);

/* The value of a parameter, borrowed from q; NULL if it was not given. */
const char *query_get(const struct query *q, const char *name);

/* Whether q holds no parameter but those in names, a list that ends in NULL.
 * Returns 0, or -1 with err set, naming those that there are. */
int query_check_names(const struct query *q, const char *const *names,
		      struct error *err);

#endif
