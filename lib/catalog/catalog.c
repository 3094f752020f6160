#include "catalog.h"

#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "include.h"
#include "installer.h"
#include "mem.h"
#include "mirror.h"
#include "packed.h"
#include "pin.h"
#include "release_builder.h"

const char *const catalog_sections[] = {
	"site",  "mirrors",   "installers", "distros", "passwords",
	"menus", "customers", "groups",     "pins",    NULL,
};

struct catalog {
	struct mem_pool pool;
	const char **files;
	struct settings settings;
	struct installers installers;
	struct releases releases;
	struct passwords passwords;
	struct menus menus;
	struct customers customers;
	struct groups groups;
};

static void copy_files(struct catalog *c, const json_t *files)
{
	size_t count = json_array_size(files);

	c->files = mem_pool_alloc(&c->pool, (count + 1) * sizeof(*c->files));
	for (size_t i = 0; i < count; i++)
		c->files[i] = mem_pool_copy(
			&c->pool, json_string_value(json_array_get(files, i)));
}

static int read_sections(struct catalog *c, struct cursor *at, const char *base)
{
	struct mirrors mirrors = { NULL, 0 };
	int rc = settings_read(at, base, &c->settings);

	rc |= mirror_read_all(at, &mirrors);
	rc |= pin_check_all(at);
	rc |= installer_read_all(at, &c->installers);
	rc |= release_builder_read(at,
				   &(struct release_sources){ &c->settings,
							      &mirrors,
							      &c->installers },
				   &c->releases);
	rc |= password_read_all(at, &c->passwords);
	rc |= menu_read_all(at, &c->settings, &c->releases, &c->passwords,
			    &c->menus);
	rc |= menu_path_find_all(at, &c->menus);
	rc |= customer_read_all(at, &c->settings, &c->menus, &c->customers);
	rc |= group_read_all(
		at,
		&(struct assignables){ &c->settings, &c->menus, &c->releases },
		&c->groups);
	if (rc == 0)
		customer_close_menus(&c->customers, &c->menus);
	return rc;
}

struct catalog *catalog_load(const char *path, const char *base,
			     struct stamps *stamps, struct error *err)
{
	struct catalog *c = mem_alloc(sizeof(*c));
	struct include files;
	struct cursor at = { .files = &files, .pool = &c->pool, .err = err };
	int rc = include_read(&files, path, catalog_sections, stamps, err);

	if (rc == 0) {
		copy_files(c, files.files);
		rc = read_sections(c, &at, base);
		cursor_free(&at);
		include_free(&files);
	}
	if (rc == 0)
		return c;
	catalog_free(c);
	return NULL;
}

void catalog_free(struct catalog *c)
{
	if (c == NULL)
		return;
	release_free(&c->releases);
	installer_free_all(&c->installers);
	mem_pool_free(&c->pool);
	free(c);
}

void catalog_unpack(struct catalog *c)
{
	for (size_t i = 0; i < c->releases.count; i++)
		c->releases.list[i]->mirrors =
			packed_open(c->releases.list[i], &c->pool);
}

const struct settings *catalog_settings(const struct catalog *c)
{
	return &c->settings;
}

const char *const *catalog_files(const struct catalog *c)
{
	return c->files;
}

const struct release *catalog_release(const struct catalog *c,
				      const char *distro, const char *version,
				      const char *arch, const char *variant)
{
	const struct release key = {
		.distro = distro,
		.version = version,
		.arch = (enum arch)machine_find_arch(arch),
		.variant = variant,
	};

	return machine_find_arch(arch) != MACHINE_UNKNOWN
		       ? release_find(&c->releases, &key)
		       : NULL;
}

const struct release *const *catalog_releases(const struct catalog *c,
					      size_t *count)
{
	*count = c->releases.count;
	return (const struct release *const *)c->releases.list;
}

struct release_run catalog_run(const struct catalog *c, const char *distro,
			       const char *version)
{
	return release_run(&c->releases, distro, version);
}

const struct menu *catalog_menu(const struct catalog *c, const char *name)
{
	return name != NULL ? menu_find(&c->menus, name) : c->menus.main;
}

const struct menu *catalog_menus(const struct catalog *c, size_t *count)
{
	*count = c->menus.count;
	return c->menus.list;
}

const struct password *catalog_passwords(const struct catalog *c, size_t *count)
{
	*count = c->passwords.count;
	return c->passwords.list;
}

int catalog_has_passwords(const struct catalog *c)
{
	return c->menus.has_passwords;
}

const struct customer *catalog_customer(const struct catalog *c,
					const char *name)
{
	return customer_find(&c->customers, name);
}

const struct customer *catalog_customers(const struct catalog *c, size_t *count)
{
	*count = c->customers.count;
	return c->customers.list;
}

const struct customer *catalog_customer_at(const struct catalog *c,
					   const struct network *address)
{
	return customer_at(&c->customers, address);
}

const struct group *catalog_group(const struct catalog *c, const char *name)
{
	return group_find(&c->groups, name);
}

const struct group *catalog_groups(const struct catalog *c, size_t *count)
{
	*count = c->groups.count;
	return c->groups.list;
}

const struct group *catalog_group_of(const struct catalog *c,
				     const struct machine *machine,
				     const struct network *address)
{
	return group_of(&c->groups, machine, address);
}

struct host_sources catalog_host_sources(const struct catalog *c)
{
	return (struct host_sources){ { &c->settings, &c->menus, &c->releases },
				      &c->groups };
}

int catalog_find_host(const struct catalog *c, const char *dir,
		      const struct identity *id, struct host *host,
		      struct error *err)
{
	const struct host_sources sources = catalog_host_sources(c);
	struct cursor at = { .err = err };
	char name[IDENTITY_NAME_SIZE];
	int found = 0;

	*host = (struct host){ .name = "" };
	for (int key = 0; key < IDENTITY_KEY_COUNT && found == 0; key++)
		if (identity_name(id, (enum identity_key)key, name) == 0)
			found = host_read(&at, dir, name, &sources, host);
	cursor_free(&at);
	return found;
}

static int may_see(const struct customer *customer, const struct menu *menu)
{
	return !menu->is_closed ||
	       (customer != NULL && customer->network_count > 0 &&
		menu_is_below(menu, customer->menu));
}

int catalog_may_see(const struct catalog *c, const struct menu *menu,
		    const struct network *address)
{
	return !menu->is_closed ||
	       may_see(catalog_customer_at(c, address), menu);
}

/* Whether the customer may see every menu on the path. */
static int may_take(const struct customer *customer,
		    const struct menu_path *path)
{
	while (path != NULL && may_see(customer, path->menu))
		path = path->up;
	return path == NULL;
}

const struct menu_path *catalog_path(const struct catalog *c,
				     const struct menu *menu, const char *from,
				     const struct network *address)
{
	const struct customer *customer;

	if (from == NULL && !menu_path_is_closed(menu->paths[0]))
		return menu->paths[0];
	customer = catalog_customer_at(c, address);
	for (size_t i = 0; i < menu->path_count; i++) {
		const struct menu_path *path = menu->paths[i];

		if (from != NULL &&
		    (path->from == NULL || strcmp(path->from, from) != 0))
			continue;
		if (may_take(customer, path))
			return path;
	}
	return NULL;
}
