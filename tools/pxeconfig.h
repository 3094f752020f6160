#ifndef PXECONFIG_H
#define PXECONFIG_H

#include <stddef.h>

/* Whoever reads a configuration; the caller defines it. */
struct target;

/* What a PXELINUX configuration names. */
enum pxe_kind {
	PXE_PATH,    /* directory of modules */
	PXE_INCLUDE, /* more configuration, which may be missing */
	PXE_CONFIG,  /* other configuration */
	PXE_KERNEL,
	PXE_INITRD,
	PXE_MODULE, /* a .c32 */
};

/*
 * Call found() with each name in the len bytes of configuration at text, in
 * order and as it is written there: mostly relative to the path prefix.  Files
 * that are only shown (pictures, help) are left out.
 */
void pxeconfig_read(const char *text, size_t len,
		    void (*found)(struct target *target, enum pxe_kind kind,
				  const char *name),
		    struct target *target);

#endif
