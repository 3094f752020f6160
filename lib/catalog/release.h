#ifndef RELEASE_H
#define RELEASE_H

#include <jansson.h>
#include <stddef.h>

#include "buf.h"
#include "copy.h"
#include "dialect.h"
#include "machine.h"
#include "uri.h"

/* The signed lists that have the sum of a file. */
struct sum_lists {
	const char *const *urls; /* the first one is signed, and each has the
			      sum of the next; the last has the file's */
	size_t count;
	const char *signature; /* URL of the first one's; NULL: it is in it */
	const char *keyring;   /* a file of the machine that checks */
};

/* What the content of a file has to be. */
struct pin {
	const char *sha256; /* hexadecimal; NULL: the file is not pinned */
	const char *date;   /* when the list that says so was signed, as
			       date_print() writes it */
};

/* The files that a machine fetches from one mirror to start an installer.
 * uri_parse() takes every URL; NULL: there is none. */
struct mirror_files {
	const char *mirror; /* base URL, ends in '/' */

	/* What a loader needs to fetch these files.  The port and the host are
	 * those of the kernel and its initrds, or else of the program for
	 * EFI. */
	struct uri_needs needs;
	struct uri_needs of_script[PLATFORM_COUNT]; /* for a script alone */
	unsigned is_site_host : 1; /* all of them are on the base's host */
	unsigned is_multiboot : 1; /* the kernel is a multiboot kernel, and the
				      initrds are its modules */

	/* For each of dialects[], why its loader cannot be told to start these
	 * files, or NULL.  NULL: every loader can. */
	const char *const *unwritable;

	/* The mirror's own PXELinux: all three, or none. */
	const char *pathprefix; /* DHCP option 210: ends in '/' */
	const char *configfile; /* DHCP option 209: relative to pathprefix */
	const char *loader;     /* pxelinux.0 */

	const char *kernel;
	const char *shim; /* what vouches for the kernel where Secure Boot
			     is on; without one, for the program for EFI */
	const struct initrd *initrds; /* none without a kernel */
	size_t initrd_count;
	const char *args;        /* of the kernel; without one, of "chain" */
	const char *own_args;    /* those of the distro alone, without what the
				    site and the machine say */
	const char *answer_args; /* more of them, which lead the installer to
				    its answers: RELEASE_ANSWERS stands for
				    their URL; NULL: it takes none */

	/* Of the kernel and then of each initrd; NULL: of none. */
	const struct sum_lists *sums;
	const struct pin *pins;

	const char *chain[PLATFORM_COUNT];  /* a program to run as it is */
	const char *script[PLATFORM_COUNT]; /* a script of iPXE */
	const char *image[PLATFORM_COUNT];  /* a disk image, or an ISO */

	/* What starts the image on BIOS; NULL without one. */
	const struct dialect_kernel *memdisk;
};

struct mirror;
struct installer;

/* The objects that say how a release boots, from the most specific to the most
 * general. */
enum release_scope {
	SCOPE_VARIANT,
	SCOPE_VERSION,
	SCOPE_ARCH,
	SCOPE_DISTRO,
	SCOPE_COUNT
};

/* An installer: a version of a distro for an architecture, or a variant of it
 * (rescue, a preseeded one). */
struct release {
	const char *distro, *version, *variant; /* variant: NULL for none */
	enum arch arch;
	enum release_scope variant_scope; /* what defines the variant */
	const char *title;
	const char *distro_arch; /* the distro's name for the architecture */
	const char *eol;         /* end of life, YYYY-MM-DD; NULL: not known */
	unsigned memory;         /* MiB that the machine needs; 0: not known */
	int is_live;             /* it runs from memory and installs nothing */
	const char *signed_by;   /* whose key signed the kernel, or the program
				    for EFI; NULL: nobody's that is known */
	const char *modules;  /* SYSLINUX version of the mirror's own modules */
	const char *released; /* of the distro: the expression that versions
				 match which are released; NULL: they have a
				 number */
	const char *lts;      /* and those with long support; NULL: none */
	const char *file;     /* of the catalogue, that set the distro */
	const struct copy *copy; /* the site's own, that it boots from; NULL:
				    it needs none */
	const struct installer *installer; /* NULL: none whose words are known
					    */
	const char *words;           /* what its arguments were written for, as
					words_add() takes it; NULL: nothing */
	const struct mirror *mirror; /* its list of mirrors; NULL: none */
	const struct mirror_files
		*mirrors; /* in the mirrors' order; their
			     texts are packed, see packed.h:
			     before packed_open(), only whether
			     there is one can be asked.  The
			     reasons in unwritable are whole */
	size_t mirror_count;
};

/* All releases in the order of menus: those of a distro are next to each other,
 * and so are those of a version. */
struct releases {
	struct release **list;
	struct release *const **by_key; /* places in list, sorted by key */
	size_t count;
	json_t *refused; /* the ids of distros that have a failure, as keys */
};

/* The most releases that a catalogue may have. */
#define RELEASES_MAX 100000

/* In answer_args: the URL of the directory of the answers. */
#define RELEASE_ANSWERS "{{answers}}"

/* Whether its installer can be led to answers, from each mirror. */
int release_takes_answers(const struct release *release);

/* The URL of the kernel, 0, or of an initrd, from 1 on; the kernel is there. */
const char *release_file(const struct mirror_files *files, size_t index);

/* The pin of that file; NULL: it has none. */
const struct pin *release_pin(const struct mirror_files *files, size_t index);

/* Whether any of the files is pinned. */
int release_is_pinned(const struct mirror_files *files);

/* Whether the site lacks the copy that it boots from. */
int release_lacks_copy(const struct release *release);

/* Append the JSON Pointer of the release's version. */
void release_add_pointer(const struct release *release, struct buf *out);

/* Whether a loader has to put a file into the initrd. */
int release_names_files(const struct mirror_files *files);

/* Whether scripts of iPXE are all that the files have to start. */
int release_is_script(const struct mirror_files *files);

/* Whether disk images are all that the files have to start. */
int release_is_image(const struct mirror_files *files);

/* Whether a multiboot kernel is all that the files have to start. */
int release_is_multiboot(const struct mirror_files *files);

/* The kernel as a loader is told to start it, or the program where there is
 * none; borrowed from the files.  Without both its url is NULL. */
struct dialect_kernel release_kernel(const struct mirror_files *files);

/* Whether the files have a program for any platform. */
int release_has_program(const struct mirror_files *files);

/* Whether the files have something to start. */
int release_has_method(const struct mirror_files *files);

/* Free the arrays; the releases are in a pool. */
void release_free(struct releases *all);

/* Sort the releases by key.  Call it after the last one is added, and before
 * release_find() and release_run(). */
void release_sort(struct releases *all);

/* Releases next to each other.  Borrowed. */
struct release_run {
	struct release *const *list;
	size_t count;
};

/* The releases of a version of a distro; of all its versions for NULL. */
struct release_run release_run(const struct releases *all, const char *distro,
			       const char *version);

/* The release with the key's distro, version, arch and variant; NULL if there
 * is none. */
const struct release *release_find(const struct releases *all,
				   const struct release *key);

/*
 * Why the machine cannot start the release ("is for arm64"), or no machine can,
 * because the site has not made its copy; in words that every dialect can
 * write.  NULL if it can, or if too little is known.
 */
const char *release_refusal(const struct release *release,
			    const struct machine *machine);

#endif
