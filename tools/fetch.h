#ifndef FETCH_H
#define FETCH_H

#include <stddef.h>

#include "buf.h"

/*
 * Many HTTP requests at once, so many at a time to each host.  A request that
 * breaks off, or that the server is too busy for, is made once more.
 */
struct fetcher;

struct fetch_limits {
	unsigned timeout;  /* seconds that one request may take */
	unsigned per_host; /* requests at a time to one host */
};

enum fetch_method {
	FETCH_HEAD,
	FETCH_RANGE, /* GET, the first max bytes asked for by a Range */
	FETCH_GET,   /* GET, given up after max bytes */
};

/* A request, and in done() its answer. */
struct fetch {
	const char *url; /* absolute; borrowed until done() */
	enum fetch_method method;
	size_t max; /* bytes of the body that are of interest */
	void (*done)(void *ctx, const struct fetch *fetch);
	void *ctx;

	long status;          /* of HTTP; 0: no answer, see problem */
	const char *problem;  /* why it broke off; NULL: it did not */
	int is_silent;        /* no connection, or no answer in time */
	int is_dead;          /* nothing ever came from its host */
	long long length;     /* of the whole file; -1: not said */
	const char *location; /* where it has moved, absolute; NULL */
	double seconds;       /* to the answer's first byte */
	struct buf body;
};

/* NULL with a message on standard error when libcurl cannot be used.  Release
 * with fetcher_free(). */
struct fetcher *fetcher_new(const struct fetch_limits *limits);
void fetcher_free(struct fetcher *f);

/* Queue a copy of the request; may be called from done(), too. */
void fetcher_add(struct fetcher *f, const struct fetch *request);

/* Make all requests.  Calls done() for each, in the order in which they end,
 * and progress() with the number of those that have ended and of all.
 * Returns the number of requests that got an answer. */
size_t fetcher_run(struct fetcher *f,
		   void (*progress)(size_t ended, size_t all));

#endif
