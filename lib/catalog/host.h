#ifndef HOST_H
#define HOST_H

#include "assignment.h"
#include "group.h"
#include "identity.h"
#include "mem.h"

/* The largest host file, in bytes. */
#define HOST_FILE_MAX (64 * 1024)

/* What a machine's own file says. */
struct host {
	char name[IDENTITY_NAME_SIZE];  /* of the file, that of a link's target
					 */
	const struct group *group;      /* that it names; NULL: none */
	const struct network *networks; /* where it counts; none: everywhere */
	size_t network_count;
	struct assignment assigned; /* its own, or else the group's */
	struct mem_pool pool;
};

/* What host files can name. */
struct host_sources {
	struct assignables assignables;
	const struct groups *groups;
};

/* Release what the host holds. */
void host_free(struct host *host);

/*
 * Whether the directory dir has a host file of that name; where it is a link,
 * its target's name takes the place of name.  Returns 1, 0 if there is no such
 * file, or -1 with err set: also where the directory itself is not there.
 */
int host_find(const char *dir, char name[static IDENTITY_NAME_SIZE],
	      struct error *err);

/*
 * Read the host file of that name in the directory dir into the empty struct at
 * host, which the caller releases whatever this returns.  A link is followed if
 * it names a host file of the same directory, which is no link itself: nothing
 * outside the directory is read.  at: its err takes each failure, its files
 * are those of the catalogue, or NULL where err has no report.  Returns 1, 0 if
 * there is no such file, or -1 with each failure recorded, as host_find() does.
 */
int host_read(struct cursor *at, const char *dir, const char *name,
	      const struct host_sources *sources, struct host *host);

#endif
