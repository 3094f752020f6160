#ifndef CONTENT_H
#define CONTENT_H

#include "buf.h"
#include "machine.h"

/* What a boot fetches a file for. */
enum role {
	ROLE_KERNEL,
	ROLE_INITRD,
	ROLE_LOADER,  /* pxelinux.0 */
	ROLE_MODULE,  /* a .c32 of SYSLINUX */
	ROLE_CONFIG,  /* of PXELinux */
	ROLE_INCLUDE, /* the same, which may be missing */
	ROLE_BIOS,    /* a program for BIOS to chain */
	ROLE_EFI,     /* the same for UEFI */
};

/* "kernel", "initrd", ... */
const char *content_role(enum role role);

/* How many bytes of its beginning content_fault() wants. */
size_t content_wanted(enum role role);

/*
 * Why a file of length bytes, -1: not known, that begins like head cannot be
 * what it was fetched for; NULL if it can.  *is_sure is set to 0 if it may be
 * something rare.  The phrase goes behind the role: "kernel is a directory
 * listing".
 */
const char *content_fault(enum role role, enum arch arch,
			  const struct buf *head, long long length,
			  int *is_sure);

/* The major version of the PXELINUX that the file is; 0: it is none. */
unsigned content_pxelinux(const struct buf *file);

#endif
