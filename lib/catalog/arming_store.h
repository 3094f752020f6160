#ifndef ARMING_STORE_H
#define ARMING_STORE_H

#include "arming.h"
#include "network.h"

/*
 * Writes the state directory, for the program answer and mirrorboot-install.
 * Each file is written whole beside the old one, brought to the disk, and put
 * in its place: after a crash there is the old one or the new one.
 */
struct arming_store {
	const char *path; /* borrowed */
	int fd;
};

/* Open the directory, and wait for whoever else changes it.  Close it with
 * arming_store_close(), which lets the next one in.  Returns 0, or -1 with err
 * set. */
int arming_store_open(struct arming_store *store, const char *path,
		      struct error *err);
void arming_store_close(struct arming_store *store);

/* Put the file in its place, on the disk.  Returns 0, or -1 with err set: then
 * the directory has the old one, or the new one that may not survive a power
 * cut. */
int arming_store_write(const struct arming_store *store, const char *name,
		       const struct arming *a, struct error *err);

/* Disarm.  Returns 1, 0 if nothing of that name was armed, or -1 with err
 * set. */
int arming_store_remove(const struct arming_store *store, const char *name,
			struct error *err);

/* Who fetches what, and when. */
struct arming_fetch {
	const char *machine;
	const char *file;
	const char *address; /* as network_print_address() writes it */
	int always;
	long long now;
};

/* What a fetch or the end of an installation comes to. */
enum arming_verdict {
	ARMING_REFUSED, /* 403 */
	ARMING_ALLOWED, /* nothing to write */
	ARMING_CHANGED, /* once the file is written */
};

/*
 * An answer is fetched.  The first one begins the installation.  The file that
 * began it, fetched again a minute later, begins the next try.  is_new: set if
 * the installation is fetched from another address than before.
 */
enum arming_verdict arming_fetch(struct arming *a, const struct arming_fetch *f,
				 int *is_new);

/* The machine says that its installation has ended. */
enum arming_verdict arming_end(struct arming *a, const struct arming_fetch *f);

#endif
