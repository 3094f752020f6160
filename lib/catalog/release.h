#ifndef RELEASE_H
#define RELEASE_H

#include <jansson.h>
#include <stddef.h>

#include "machine.h"
#include "reader.h"

/* What a machine fetches from one mirror to start an installer.  URLs are
 * absolute and ones that uri_parse() takes; NULL: there is none. */
struct mirror_files {
	const char *mirror; /* base URL, ends in '/' */

	/* What a loader needs to fetch these files. */
	unsigned is_https : 1;   /* TLS: one of the URLs is https */
	unsigned is_port_80 : 1; /* no other port, for the kernel and its
				    initrds, or else the program for EFI */
	unsigned
		is_site_host : 1; /* no other host than the base's, for these */
	unsigned url_max : 16;    /* the length of the longest URL, in bytes */

	/* The mirror's own PXELinux; the three come together. */
	const char *pathprefix; /* DHCP option 210: ends in '/' */
	const char *configfile; /* DHCP option 209: relative to pathprefix */
	const char *loader;     /* the pxelinux.0 to chain */

	const char *kernel;
	const char **initrds; /* none without a kernel */
	size_t initrd_count;
	const char *args; /* kernel arguments */

	const char *chain[PLATFORM_COUNT]; /* a program to run as it is */
};

/* An installer: a version of a distro for an architecture, or a variant of
 * that (rescue, a preseeded one). */
struct release {
	const char *distro, *version, *variant; /* variant: NULL for none */
	enum arch arch;
	const char *title;
	const char *word;    /* the distro's own for the architecture */
	const char *eol;     /* end of life, YYYY-MM-DD; NULL: not known */
	unsigned memory;     /* MiB that the machine needs; 0: not known */
	const char *modules; /* SYSLINUX version of the mirror's own modules */
	const char *file;    /* of the catalogue, that the distro is from */
	const struct mirror_files *mirrors; /* in the mirrors' order */
	size_t mirror_count;
};

/* A mirror: base URLs in order of preference; none when all were refused. */
struct mirror {
	const char *id;
	const char **urls;
	size_t count;
};

/* What releases are read from and into.  The arrays grow; free them. */
struct releases {
	const char *base; /* of the site */
	const struct mirror *mirrors;
	size_t mirror_count;
	struct release **list; /* a distro's own stand together, in order, and
				  in them a version's */
	struct release *const **by_key; /* places in list, sorted by key */
	size_t count;
	json_t *refused; /* the ids of distros of which something is, as keys;
			    while the catalogue is read */
};

/* The most releases that a catalogue may have. */
#define RELEASES_MAX 100000

/*
 * Add every release of the distro id, whose object the reader is at.  Returns
 * 0, or -1 with the failure recorded and id among the refused; what has none
 * is added all the same.
 */
int release_read_distro(struct reader *r, const char *id, const json_t *distro,
			struct releases *all);

/* To be called once all are read, before any of them is looked up. */
void release_sort(struct releases *all);

/* Releases that stand together, in the catalogue's order.  Borrowed. */
struct release_run {
	struct release *const *list;
	size_t count;
};

/* The releases of a distro, or unless version is NULL, of that version. */
struct release_run release_run(const struct releases *all, const char *distro,
			       const char *version);

/* The release with the key's distro, version, arch and variant; NULL if there
 * is none. */
const struct release *release_find(const struct releases *all,
				   const struct release *key);

/*
 * Why the machine cannot start the release ("is for arm64"), in words that
 * every dialect can write; NULL if it can, or if too little is known.
 */
const char *release_refusal(const struct release *release,
			    const struct machine *machine);

#endif
