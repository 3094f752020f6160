#ifndef VERIFY_H
#define VERIFY_H

#include "catalog.h"
#include "findings.h"
#include "online.h"
#include "pins.h"

/*
 * Fetch the kernel and the initrds of each release that has sums, from each of
 * its mirrors, and compare them with the signed lists there.  pins, unless
 * NULL, gets the sum of each file that is as its list says.  Returns 0, or -1
 * with a message on standard error if nothing could be verified.
 */
int verify_check(const struct catalog *c, const struct online_options *options,
		 struct pins *pins, struct findings *f);

#endif
