#ifndef DECISION_H
#define DECISION_H

#include "arming.h"
#include "page.h"

/* What a machine's host file or its group says it gets. */
struct decision {
	const struct assignment *assigned; /* NULL: nothing is decided */
	struct buf broken; /* for its screen: where its host file or group has a
			      fault; empty: nowhere */
	struct host host;
	char token[ARMING_TOKEN_SIZE]; /* of the installation that begins now;
					  "": none does */
	const char *notice;        /* why the machine is not installed, for its
				      screen; NULL: nothing is to be said */
	struct assignment instead; /* what it gets then */
};

/* Whether the request says what sets its machine apart, be it that it has
 * nothing of the kind: by parameters, or SYSLINUX by its Cookie. */
int decision_is_asked(const struct request *r);

/*
 * Find out what the machine gets, and explain it.  A host file comes before the
 * groups; one that is broken decides nothing, and neither does a group then.
 * Fills the empty struct at d, which the caller releases with decision_free()
 * whatever this returns.  Returns 200, or 400 with err set.
 */
int decision_make(struct request *r, struct decision *d, struct error *err);
void decision_free(struct decision *d);

#endif
