#ifndef LOADER_H
#define LOADER_H

#include "catalog.h"
#include "dialect.h"
#include "machine.h"
#include "password.h"
#include "release.h"

/* The loader that asks, on its machine. */
struct loader {
	const struct dialect *dialect;
	struct machine machine;
	const char *modules;     /* SYSLINUX version of the site's own modules;
				    NULL: none named */
	const struct shim *shim; /* that started it; NULL: the site's own */
};

/* How a loader starts an installer from one mirror. */
enum boot_method {
	BOOT_NONE,
	BOOT_PXELINUX, /* the mirror's own PXELINUX, with its menu */
	BOOT_KERNEL,
	BOOT_MULTIBOOT,
	BOOT_MEMDISK, /* memdisk, with the disk image for BIOS */
	BOOT_IMAGE,   /* the disk image for EFI */
	BOOT_CHAIN,   /* the program or script that loader_program() names */
};

/* Why the loader cannot fetch these files ("needs https, which this loader
 * does not have"), static; NULL if it can. */
const char *loader_unreachable(const struct loader *l,
			       const struct mirror_files *files);

/* Why the loader cannot be told to start these files ("has a kernel line that
 * is longer than this loader takes"), borrowed from the catalogue; NULL if it
 * can. */
const char *loader_unwritable(const struct loader *l,
			      const struct mirror_files *files);

/* Why the loader starts no files of this kind ("is a script of iPXE"), static;
 * NULL: it may. */
const char *loader_refuses_kind(const struct loader *l,
				const struct mirror_files *files);

/* Why the loader starts none of these files, whatever its machine can run: one
 * of the three reasons above, their kind first.  NULL: it may. */
const char *loader_refuses_files(const struct loader *l,
				 const struct mirror_files *files);

/* How the loader starts the release from these files, which are one mirror's.
 * A script for the loader comes first, then, on BIOS, the mirror's own
 * PXELINUX. */
enum boot_method loader_method(const struct loader *l,
			       const struct release *release,
			       const struct mirror_files *files);

/* The URL of the script or program for the machine's platform, or for any where
 * that is not known; borrowed.  NULL if there is none that the loader can
 * start. */
const char *loader_program(const struct loader *l,
			   const struct mirror_files *files);

/* The index, from the given one on, of the first of the release's mirrors that
 * the loader can start it from; mirror_count when there is none. */
size_t loader_next_mirror(const struct loader *l, const struct release *release,
			  size_t from);

/* Why the loader cannot start the release on its machine ("is for arm64"),
 * static, in words that every dialect can write; NULL if it can. */
const char *loader_refusal(const struct loader *l,
			   const struct release *release);

/* Why the loader does not start the release where Secure Boot is on, static,
 * in words that every dialect can write.  NULL: it does, or it never finds out
 * whether Secure Boot is on. */
const char *loader_distrusts(const struct loader *l,
			     const struct settings *settings,
			     const struct release *release);

/* Why the loader cannot do that of COMMAND_* on its machine, static, in words
 * that every dialect can write; NULL if it can. */
const char *loader_refuses_command(const struct loader *l, unsigned command);

/* Why the loader cannot ask for the password, static, in words that every
 * dialect can write; NULL if it can, or if password is NULL. */
const char *loader_refuses_password(const struct loader *l,
				    const struct password *password);

/* Why the loader is not offered the entry of a menu: one of the three reasons
 * above.  NULL if it is; whether a menu that the entry opens has something for
 * it is another question. */
const char *loader_refuses_entry(const struct loader *l,
				 const struct menu_entry *entry);

/* Why the loader cannot fetch what a setting of the site names: a URL that
 * uri_parse() takes, or a file's name.  Static; NULL if it can. */
const char *loader_refuses_setting(const struct loader *l,
				   const struct settings *settings,
				   const char *url);

/*
 * Why the loader cannot fetch what its texts name by the site's settings: the
 * pages, and its menu program.  Static; *key is then the setting's name.  NULL
 * if it can.
 */
const char *loader_refused_setting(const struct loader *l,
				   const struct settings *settings,
				   const char **key);

/* The picture behind its menus; NULL: none that the loader can fetch. */
const char *loader_background(const struct loader *l,
			      const struct settings *settings);

#endif
