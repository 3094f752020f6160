#ifndef FAMILIES_H
#define FAMILIES_H

#include <stddef.h>

#include "fetch.h"
#include "findings.h"
#include "probe.h"

/*
 * Ask each host that answered one of the probes by IPv4 alone and by IPv6
 * alone, and add a finding for each that does not answer by both.  A URL with
 * an address in place of a name is left out.  If this machine lacks one of the
 * two, that is said on standard error, once.  With a proxy nobody is asked: it
 * alone knows.  The fetcher has no requests left.
 */
void families_check(struct fetcher *fetcher, const struct probe *const *probes,
		    size_t count, struct findings *f);

#endif
