#ifndef SETTINGS_H
#define SETTINGS_H

#include "cursor.h"
#include "machine.h"

/* The longest timeout, in seconds: PXELINUX takes less than an hour. */
#define SETTINGS_TIMEOUT_MAX 3599

/* A shim beside the site's own, as DHCP sends it to some machines. */
struct shim {
	const char *name;    /* of its directory, below shims */
	const char **trusts; /* as settings.trusts */
};

/* The settings of the whole site. */
struct settings {
	const char *base;       /* URL of the pages' directory, ends in '/' */
	const char *suffix;     /* of the pages' names: ".php", ".cgi" or "" */
	const char *title;      /* of the site, and of menus without one */
	const char *background; /* picture: a URL, or a name without '/' of a
				   file beside vesamenu.c32; NULL: none */
	const char *vesamenu;   /* URL of the SYSLINUX 3.x menu program */
	const char *memdisk;    /* URL of SYSLINUX's memdisk */
	const char *syslinux[PLATFORM_COUNT]; /* directory of SYSLINUX 6.x, a
						 URL; NULL: none */
	const char *modules;                  /* the version of that SYSLINUX */
	unsigned timeout;     /* seconds until a menu's default boots; 0: no
				 timeout */
	const char *menu;     /* id of the main menu */
	const char *customer; /* id of the default customer; NULL: none */
	const char **trusts;  /* whose signatures the shim in place trusts: as
				 release.signed_by; ends in NULL */
	const struct shim *shims; /* in the order of the catalogue */
	size_t shim_count;
	const char **copies;  /* the copies that the site has made, for
				 copies_are_meant(); ends in NULL */
	const char *values;   /* of all answers, for values_add(); NULL: none */
	const char *words;    /* of all kernel arguments, for words_add();
				 NULL: none */
	int trust_http_lists; /* lists of releases that came by http are good
				 enough for what the catalogue includes */
	int is_base_given;    /* by MIRRORBOOT_BASE, and not by the catalogue */
};

/*
 * Read the section "site".  base, unless NULL, takes the place of the
 * section's own.  Returns 0, or -1 with each failure recorded; s is then good
 * enough to read the rest of the catalogue for further failures.
 */
int settings_read(struct cursor *at, const char *base, struct settings *s);

/* The shim of that name; NULL if the site names none. */
const struct shim *settings_shim(const struct settings *s, const char *name);

/* Whether a shim of the site trusts what this signer signed.  shim: NULL for
 * the site's own; signer: NULL for nobody. */
int settings_trust(const struct settings *s, const struct shim *shim,
		   const char *signer);

/* Whether any shim of the site does. */
int settings_trust_somewhere(const struct settings *s, const char *signer);

/* Go to the section "site", in the file that set key. */
void settings_go(struct cursor *at, const char *key);

#endif
