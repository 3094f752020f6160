#ifndef VERDICT_H
#define VERDICT_H

#include "findings.h"
#include "probe.h"

/* Add what the answers to the probes say that is wrong; timeout: the seconds
 * that a request might take, of which half is slow. */
void verdict_add(const struct probe *const *probes, size_t count,
		 unsigned timeout, struct findings *f);

#endif
