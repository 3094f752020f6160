#ifndef ONLINE_H
#define ONLINE_H

#include "catalog.h"
#include "findings.h"
#include "ranking.h"

#define ONLINE_TIMEOUT 10U
#define ONLINE_PER_HOST 4U
#define ONLINE_MAX_TIME 3600U

struct online_options {
	unsigned timeout;  /* seconds that one request may take */
	unsigned per_host; /* requests at a time to one host */
	unsigned max_time; /* seconds that one whole kernel or initrd may take
			    */

	/* The ids of the distros that are checked, ends in NULL; NULL: all. */
	const char **distros;

	/* Whether a release of them is checked; NULL: each is. */
	int (*wants)(const void *ctx, const struct release *release);
	const void *ctx;

	struct ranking *ranking; /* what is asked is measured too; NULL: not */
};

/* Whether the options say that the release is checked. */
int online_wants(const struct online_options *options,
		 const struct release *release);

/*
 * Check on each mirror of each release what a boot would fetch from it.  Each
 * URL is asked for once.  Progress goes to standard error if that is a
 * terminal.  Returns 0, or -1 with a message on standard error if no mirror
 * could be asked.
 */
int online_check(const struct catalog *c, const struct online_options *options,
		 struct findings *f);

#endif
