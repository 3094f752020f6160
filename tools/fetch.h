#ifndef FETCH_H
#define FETCH_H

#include <stddef.h>

#include "buf.h"

/*
 * Many HTTP requests at a time, with a limit for each host.  A request that
 * breaks off, or for which the server is too busy, is made once more.
 */
struct fetcher;

struct fetch_limits {
	unsigned timeout;  /* seconds that one request may take */
	unsigned per_host; /* requests at a time to one host */
	unsigned max_time; /* seconds that one FETCH_WHOLE may take */
};

enum fetch_method {
	FETCH_HEAD,
	FETCH_RANGE, /* GET with a Range of the first max bytes */
	FETCH_GET,   /* GET, which ends after max bytes */
	FETCH_WHOLE, /* GET with redirects, given to take() piece by piece; it
			may take max_time as long as bytes keep coming */
};

/* The version of IP by which a host is asked. */
enum fetch_family {
	FETCH_ANY, /* whichever answers first */
	FETCH_IPV4,
	FETCH_IPV6,
};

struct fetch_answer {
	long status;         /* of HTTP; 0: no answer, see problem */
	const char *problem; /* why it broke off; NULL: it did not */
	int is_silent;      /* no connection, or no answer before the timeout */
	int is_dead;        /* its host never answered at all */
	int has_no_address; /* its host has none of the family */
	int has_no_way;     /* this machine reaches no address of the family */
	long long length;   /* of the whole file; -1: not known */
	long long modified; /* Last-Modified, in seconds since 1970; -1: not
			       known */
	const char *location; /* the URL it has moved to, absolute; NULL: it has
				 not moved */
	double seconds;       /* until the first byte of the answer */
	double whole_seconds; /* until the last one */
	struct buf body;
};

struct fetch {
	const char *url; /* absolute; borrowed until done() */
	enum fetch_method method;
	enum fetch_family family;
	size_t max; /* bytes of the body that are wanted; not FETCH_WHOLE */

	/* For FETCH_WHOLE.  bytes NULL: the file starts, maybe once more.
	 * Returns 0, or -1 to end the transfer, which is then not repeated. */
	int (*take)(void *ctx, const char *bytes, size_t len);

	void (*done)(void *ctx, const struct fetch_answer *answer);
	void *ctx;
};

/* Whether the status says that the file does not exist. */
static inline int fetch_is_missing(long status)
{
	return status == 404 || status == 410;
}

/* NULL with a message on standard error when libcurl cannot be used.  Release
 * with fetcher_free(). */
struct fetcher *fetcher_new(const struct fetch_limits *limits);
void fetcher_free(struct fetcher *f);

/* Queue a copy of the request; done() may call this too. */
void fetcher_add(struct fetcher *f, const struct fetch *request);

/*
 * Make all requests.  Calls done() for each, in the order in which they end,
 * and progress(), which may be NULL, with the number of those that have ended
 * and of all.  Returns the number of requests that got an answer.
 */
size_t fetcher_run(struct fetcher *f,
		   void (*progress)(size_t ended, size_t all));

#endif
