#ifndef ONLINE_H
#define ONLINE_H

#include "catalog.h"
#include "findings.h"

#define ONLINE_TIMEOUT 10U
#define ONLINE_PER_HOST 4U

struct online_options {
	unsigned timeout;  /* seconds that a server may be silent */
	unsigned per_host; /* requests at a time to one host */
};

/*
 * Ask every mirror of every release for what a boot would fetch from it, each
 * URL once.  Progress goes to standard error if that is a terminal.  Returns
 * 0, or -1 with a message on standard error when nothing could be asked.
 */
int online_check(const struct catalog *c, const struct online_options *options,
		 struct findings *f);

#endif
