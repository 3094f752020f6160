#ifndef VERDICT_H
#define VERDICT_H

#include "findings.h"
#include "probe.h"

/* Add what is wrong with the answers to the probes.  timeout: seconds that one
 * request may take; more than half of that is slow. */
void verdict_add(const struct probe *const *probes, size_t count,
		 unsigned timeout, struct findings *f);

#endif
