#ifndef GROUP_H
#define GROUP_H

#include "assignment.h"
#include "cursor.h"
#include "machine.h"
#include "network.h"

/* Machines that get the same: those of networks, of a platform, of an
 * architecture, or those whose host files name the group. */
struct group {
	const char *id;
	const char *file;               /* of the catalogue, that set it */
	const struct network *networks; /* none: any address */
	size_t network_count;
	struct machine machine; /* MACHINE_UNKNOWN: any */
	struct assignment assigned;
};

/* All groups, in the catalogue's order and in the cursor's pool. */
struct groups {
	struct group *list;
	size_t count;
};

/* Read the section "groups" into the empty struct at all.  Returns 0, or -1
 * with each failure recorded. */
int group_read_all(struct cursor *at, const struct assignables *assignables,
		   struct groups *all);

/* NULL if there is no such group. */
const struct group *group_find(const struct groups *all, const char *id);

/* Whether the group is for machines by what they are, and not only for those
 * whose host files name it. */
int group_is_general(const struct group *group);

/*
 * The group of a machine at address, NULL: not known.  Of those that the
 * machine belongs to it is the one whose network has the longest prefix, then
 * the one that names both platform and arch, then the first.  NULL if there is
 * none.
 */
const struct group *group_of(const struct groups *all,
			     const struct machine *machine,
			     const struct network *address);

#endif
