#ifndef CONTENT_H
#define CONTENT_H

#include "buf.h"
#include "machine.h"

/* What a boot needs a file for. */
enum role {
	ROLE_KERNEL,
	ROLE_MULTIBOOT,      /* a multiboot kernel */
	ROLE_MULTIBOOT_GZIP, /* the same, compressed */
	ROLE_INITRD,
	ROLE_FILE,    /* any: put into the initrd under a name, or of a
			 site's own copy */
	ROLE_LOADER,  /* pxelinux.0 */
	ROLE_MODULE,  /* a .c32 of SYSLINUX */
	ROLE_CONFIG,  /* of PXELINUX */
	ROLE_INCLUDE, /* the same, but it may be missing */
	ROLE_BIOS,    /* a BIOS program */
	ROLE_EFI,     /* an EFI program */
	ROLE_SHIM,
	ROLE_SCRIPT, /* a script for iPXE */
	ROLE_IMAGE,  /* of a disk, or an ISO */
};

/* "kernel", "initrd", ... */
const char *content_role(enum role role);

/* How many bytes of the beginning content_check() needs. */
size_t content_wanted(enum role role);

/* Whether the file is a configuration of PXELINUX. */
int content_is_config(enum role role);

/* What is wrong with the content of a file. */
struct content_fault {
	const char *reason; /* follows the role: "kernel is a directory
			       listing"; NULL: nothing is wrong */
	int is_sure;        /* 0: it may be of a rare kind that is good */
};

/* Whether a file of that length, -1: not known, that begins like head can be
 * what it was fetched for. */
struct content_fault content_check(enum role role, enum arch arch,
				   const struct buf *head, long long length);

/* The major version of PXELINUX that the file is; 0: it is not PXELINUX. */
unsigned content_pxelinux(const struct buf *file);

#endif
