#ifndef CATALOG_H
#define CATALOG_H

#include <stddef.h>

#include "buf.h"
#include "error.h"
#include "menu.h"
#include "network.h"
#include "release.h"
#include "stamps.h"

/*
 * What can be booted, the menus that offer it and who may see them, as read
 * from catalog.json.  Immutable.  All it hands out is borrowed and lives until
 * catalog_free(); every text in it can be written by every boot dialect, and
 * every URL is one that uri_parse() takes.
 */
struct catalog;

/* The names of what a catalogue's files are made of; ends in NULL. */
extern const char *const catalog_sections[];

/* What holds for the whole site. */
struct settings {
	const char *base;       /* URL of the pages' directory, ends in '/' */
	const char *suffix;     /* of the pages' names: ".php", ".cgi" or "" */
	const char *title;      /* of the site, and of menus without one */
	const char *background; /* picture: a URL, or a name without '/' of a
				   file beside vesamenu.c32; NULL: none */
	const char *vesamenu;   /* URL of the SYSLINUX 3.x menu program */
	const char *syslinux[PLATFORM_COUNT]; /* directory of SYSLINUX 6.x, a
						 URL; NULL: none named */
	const char *modules;                  /* the version of that SYSLINUX */
	unsigned timeout; /* seconds until a menu's default boots; 0:
			     it waits for ever */
};

struct customer {
	const char *id;
	const struct menu *menu;
	const struct network *networks; /* none: anyone may see the menu */
	size_t network_count;
};

/*
 * Read and check a catalogue and what it includes.  base, unless NULL, takes
 * the place of the catalogue's own.  Every file looked at is added to w.
 * Returns NULL with err set: a syntax error as "catalog.json:12: column 3:
 * ...", one of meaning with its place as a JSON Pointer,
 * "catalog.json: /distros/debian/mirror: ...".  With err->report set, each
 * failure is reported that does not follow from another alone; where a file
 * cannot be read or has the wrong sections, those of this kind only.
 * Release with catalog_free().
 */
struct catalog *catalog_load(const char *path, const char *base,
			     struct stamps *stamps, struct error *err);
void catalog_free(struct catalog *c);

const struct settings *catalog_settings(const struct catalog *c);

/* The names of the files it was read from, without paths, in the order in
 * which they were laid over one another; ends in NULL. */
const char *const *catalog_files(const struct catalog *c);

/* Every menu, sorted by id. */
const struct menu *catalog_menus(const struct catalog *c, size_t *count);

/* Append the URL of a page, without parameters. */
void catalog_add_url(const struct catalog *c, const char *page,
		     struct buf *out);

/* variant: NULL for the release itself.  NULL if the catalogue does not have
 * it. */
const struct release *catalog_release(const struct catalog *c,
				      const char *distro, const char *version,
				      const char *arch, const char *variant);

/* Every release, in the catalogue's order. */
const struct release *const *catalog_releases(const struct catalog *c,
					      size_t *count);

/* The menu of that name, or for NULL the site's main menu.  NULL if there is
 * none of that name. */
const struct menu *catalog_menu(const struct catalog *c, const char *name);

/* Every customer, in the catalogue's order. */
const struct customer *catalog_customers(const struct catalog *c,
					 size_t *count);

/* NULL if there is no such customer. */
const struct customer *catalog_customer(const struct catalog *c,
					const char *name);

/* The customer whose networks hold the address, the longest prefix first;
 * the default customer without an address or a network that holds it; NULL if
 * the catalogue has no default customer.  address may be NULL. */
const struct customer *catalog_customer_at(const struct catalog *c,
					   const struct network *address);

/* Whether a client at address, NULL: not known, may see the menu. */
int catalog_may_see(const struct catalog *c, const struct menu *menu,
		    const struct network *address);

#endif
