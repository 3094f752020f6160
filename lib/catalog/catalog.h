#ifndef CATALOG_H
#define CATALOG_H

#include <stddef.h>

#include "customer.h"
#include "error.h"
#include "group.h"
#include "host.h"
#include "menu.h"
#include "menu_path.h"
#include "network.h"
#include "password.h"
#include "release.h"
#include "settings.h"
#include "stamps.h"

/*
 * What can be booted, the menus that offer it and who may see them, as read
 * from catalog.json.  Immutable.  All that it returns is borrowed and lives
 * until catalog_free().  Every loader's dialect can write every text in it,
 * and uri_parse() takes every URL.
 */
struct catalog;

/* The sections that a catalogue's files may have; ends in NULL. */
extern const char *const catalog_sections[];

/*
 * Read and check a catalogue and what it includes.  base, unless NULL, takes
 * the place of the catalogue's own.  Every file that was looked at is added to
 * stamps.  Returns NULL with err set: for a syntax error "catalog.json:12:
 * column 3: ...", or else with the place as a JSON Pointer, "catalog.json:
 * /distros/debian/mirror: ...".  With err->report set, every failure is
 * reported, except those that follow from another.  If a file cannot be read or
 * has an unknown section, only such failures are.  Release with catalog_free().
 */
struct catalog *catalog_load(const char *path, const char *base,
			     struct stamps *stamps, struct error *err);
void catalog_free(struct catalog *c);

/* Make the texts of all releases' files whole, which packed_open() then leaves
 * as they are: for programs that read all of them, and not for workers, because
 * it takes many times the memory. */
void catalog_unpack(struct catalog *c);

const struct settings *catalog_settings(const struct catalog *c);

/* The names of the files that it was read from, without paths, in the order in
 * which they were merged; ends in NULL. */
const char *const *catalog_files(const struct catalog *c);

/* variant: NULL for the release itself.  NULL if the catalogue does not have
 * it. */
const struct release *catalog_release(const struct catalog *c,
				      const char *distro, const char *version,
				      const char *arch, const char *variant);

/* Every release, the versions of a distro in the order of menus. */
const struct release *const *catalog_releases(const struct catalog *c,
					      size_t *count);

/* Those of them that are of the version of the distro. */
struct release_run catalog_run(const struct catalog *c, const char *distro,
			       const char *version);

/* The menu of that name; for NULL the site's main menu.  NULL if there is no
 * such menu. */
const struct menu *catalog_menu(const struct catalog *c, const char *name);

/* Every menu, sorted by id. */
const struct menu *catalog_menus(const struct catalog *c, size_t *count);

/* Every password, in the catalogue's order. */
const struct password *catalog_passwords(const struct catalog *c,
					 size_t *count);

/* Whether an entry of a menu needs one. */
int catalog_has_passwords(const struct catalog *c);

/* NULL if there is no such customer. */
const struct customer *catalog_customer(const struct catalog *c,
					const char *name);

/* Every customer, in the catalogue's order. */
const struct customer *catalog_customers(const struct catalog *c,
					 size_t *count);

/* The customer of a client at address, as customer_at() finds it. */
const struct customer *catalog_customer_at(const struct catalog *c,
					   const struct network *address);

/* NULL if there is no such group. */
const struct group *catalog_group(const struct catalog *c, const char *name);

/* Every group, in the catalogue's order. */
const struct group *catalog_groups(const struct catalog *c, size_t *count);

/* The group of a machine at address, as group_of() finds it. */
const struct group *catalog_group_of(const struct catalog *c,
				     const struct machine *machine,
				     const struct network *address);

/* What host files can name. */
struct host_sources catalog_host_sources(const struct catalog *c);

/*
 * Read the host file of the machine in the directory dir into host, which the
 * caller releases with host_free() whatever this returns: the first that there
 * is of its MAC, UUID and serial.  Returns 1, 0 if it has none, or -1 with err
 * set.
 */
int catalog_find_host(const struct catalog *c, const char *dir,
		      const struct identity *id, struct host *host,
		      struct error *err);

/* Whether a client at address, NULL: not known, may see the menu. */
int catalog_may_see(const struct catalog *c, const struct menu *menu,
		    const struct network *address);

/*
 * The path of the menu that from names; for NULL the first that a client at
 * address may take, because it may see every menu on it.  NULL if there is
 * none, or if the client may not take the one that from names.
 */
const struct menu_path *catalog_path(const struct catalog *c,
				     const struct menu *menu, const char *from,
				     const struct network *address);

#endif
