#include "withheld.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "names.h"
#include "packed.h"
#include "pages.h"

static const char closed[] = "is for the networks of its customer only";
static const char locked[] = "can be reached by a password only";
static const char asks[] = "asks for a password";
static const char token[] = "has a URL with a query, which may be a token";

struct release_state {
	const struct release *release;
	unsigned is_open : 1;   /* an exported menu offers it to anybody */
	unsigned is_locked : 1; /* an entry with a password offers it */
	unsigned is_closed : 1; /* another menu offers it */
	unsigned has_token : 1;
};

struct menu_state {
	unsigned is_open : 1; /* entries without a password lead to it */
	unsigned asks_password : 1;
	unsigned has_token : 1; /* it offers a release that has one */
};

struct withheld {
	const struct site *site;
	const struct catalog *catalog;
	struct settings settings; /* with the base of the export */
	int has_pages;
	int has_networks;               /* a customer has */
	struct release_state *releases; /* sorted by address */
	size_t release_count;
	const struct menu *menus;
	struct menu_state *states; /* of menus, in their order */
	size_t menu_count;
};

/* What user information or a query is in it may be secret. */
static int is_secret_text(const char *text)
{
	struct buf shown = BUF_INIT;
	int is_secret;

	if (text == NULL)
		return 0;
	uri_add_shown(&shown, text, NULL);
	is_secret = strcmp(buf_text(&shown), text) != 0;
	buf_free(&shown);
	return is_secret;
}

static int has_secret(const struct mirror_files *files)
{
	const char *const texts[] = {
		files->mirror, files->pathprefix, files->configfile,
		files->loader, files->kernel,     files->shim,
		files->args,
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (is_secret_text(texts[i]))
			return 1;
	for (size_t i = 0; i < files->initrd_count; i++)
		if (is_secret_text(files->initrds[i].url) ||
		    is_secret_text(files->initrds[i].args))
			return 1;
	for (int i = 0; i < PLATFORM_COUNT; i++)
		if (is_secret_text(files->chain[i]) ||
		    is_secret_text(files->script[i]) ||
		    is_secret_text(files->image[i]))
			return 1;
	return files->memdisk != NULL && is_secret_text(files->memdisk->url);
}

static int compare_releases(const void *a, const void *b)
{
	uintptr_t one = (uintptr_t)((const struct release_state *)a)->release;
	uintptr_t other = (uintptr_t)((const struct release_state *)b)->release;

	return (one > other) - (one < other);
}

static void read_releases(struct withheld *w)
{
	const struct release *const *all =
		catalog_releases(w->catalog, &w->release_count);
	struct mem_pool pool = MEM_POOL_INIT;

	w->releases = mem_alloc((w->release_count + 1) * sizeof(*w->releases));
	for (size_t i = 0; i < w->release_count; i++) {
		const struct mirror_files *whole = packed_open(all[i], &pool);

		w->releases[i].release = all[i];
		for (size_t j = 0; j < all[i]->mirror_count; j++)
			if (has_secret(&whole[j]))
				w->releases[i].has_token = 1;
		mem_pool_clear(&pool);
	}
	mem_pool_free(&pool);
	qsort(w->releases, w->release_count, sizeof(*w->releases),
	      compare_releases);
}

static struct release_state *state_of(const struct withheld *w,
				      const struct release *release)
{
	const struct release_state key = { .release = release };

	return bsearch(&key, w->releases, w->release_count,
		       sizeof(*w->releases), compare_releases);
}

/* Open the menu, and those that its entries without a password open. */
static void open_menu(struct withheld *w, const struct menu *menu)
{
	struct menu_state *state = &w->states[menu - w->menus];

	if (state->is_open || menu->is_closed)
		return;
	state->is_open = 1;
	for (size_t i = 0; i < menu->count; i++)
		if (menu->entries[i].menu != NULL &&
		    menu->entries[i].password == NULL)
			open_menu(w, menu->entries[i].menu);
}

/* Note what the menu says of its releases, and they of it. */
static void read_menu(struct withheld *w, const struct menu *menu)
{
	struct menu_state *state = &w->states[menu - w->menus];

	for (size_t i = 0; i < menu->count; i++) {
		const struct menu_entry *entry = &menu->entries[i];
		struct release_state *release;

		state->asks_password |= entry->password != NULL;
		if (entry->release == NULL)
			continue;
		release = state_of(w, entry->release);
		state->has_token |= release->has_token;
		if (menu->is_closed)
			release->is_closed = 1;
		else if (entry->password != NULL || !state->is_open)
			release->is_locked = 1;
		else
			release->is_open = 1;
	}
}

static void read_menus(struct withheld *w)
{
	w->menus = catalog_menus(w->catalog, &w->menu_count);
	w->states = mem_alloc((w->menu_count + 1) * sizeof(*w->states));
	open_menu(w, catalog_menu(w->catalog, NULL));
	for (size_t i = 0; i < w->menu_count; i++)
		if (w->menus[i].paths[0]->up == NULL)
			open_menu(w, &w->menus[i]);
	for (size_t i = 0; i < w->menu_count; i++)
		read_menu(w, &w->menus[i]);
}

struct withheld *withheld_new(const struct site *site, const char *base,
			      int has_pages)
{
	struct withheld *w = mem_alloc(sizeof(*w));
	size_t count;
	const struct customer *customers;

	w->site = site;
	w->catalog = site_catalog(site);
	w->settings = *catalog_settings(w->catalog);
	w->settings.base = base;
	w->has_pages = has_pages;
	customers = catalog_customers(w->catalog, &count);
	for (size_t i = 0; i < count; i++)
		w->has_networks |= customers[i].network_count > 0;
	read_releases(w);
	read_menus(w);
	return w;
}

void withheld_free(struct withheld *w)
{
	if (w == NULL)
		return;
	free(w->releases);
	free(w->states);
	free(w);
}

const char *withheld_boot(const struct withheld *w)
{
	if (site_has_rules(w->site))
		return "is another text for a machine with a host file or a "
		       "group";
	if (w->has_networks)
		return "comes from the pages where customers have networks";
	return NULL;
}

static const char *release_reason(const struct withheld *w,
				  const struct release *release, int *is_secret)
{
	const struct release_state *state = state_of(w, release);

	if (!state->is_open && state->is_closed) {
		*is_secret = 1;
		return closed;
	}
	if (!state->is_open && state->is_locked)
		return locked;
	return state->has_token ? token : NULL;
}

/* Whether an entry of the menu above opens it without a password. */
static int is_step_open(const struct menu *above, const struct menu *menu)
{
	for (size_t i = 0; i < above->count; i++)
		if (above->entries[i].menu == menu &&
		    above->entries[i].password == NULL)
			return 1;
	return 0;
}

static const char *path_reason(const struct withheld *w,
			       const struct menu_path *path, int *is_secret)
{
	if (menu_path_is_closed(path)) {
		*is_secret = 1;
		return closed;
	}
	for (; path != NULL; path = path->up)
		if (!w->states[path->menu - w->menus].is_open ||
		    (path->up != NULL &&
		     !is_step_open(path->up->menu, path->menu)))
			return locked;
	return NULL;
}

void withheld_add_release(const struct withheld *w,
			  const struct release *release, struct buf *out)
{
	const struct release_state *state = state_of(w, release);

	buf_printf(out, "%d%d%d%d,", state->is_open, state->is_locked,
		   state->is_closed, state->has_token);
}

void withheld_add_menu(const struct withheld *w, const struct menu *menu,
		       struct buf *out)
{
	const struct menu_state *state = &w->states[menu - w->menus];

	buf_printf(out, "%d%d%d%d%d,", state->is_open, state->asks_password,
		   state->has_token, menu->is_closed, menu->is_above_closed);
}

void withheld_add_path(const struct menu_path *path, struct buf *out)
{
	buf_printf(out, "%d,",
		   path->up != NULL &&
			   is_step_open(path->up->menu, path->menu));
}

static const char *menu_reason(const struct withheld *w,
			       const struct link *link, const struct menu *menu,
			       int *is_secret)
{
	const struct menu_state *state = &w->states[menu - w->menus];
	const char *reason = path_reason(
		w, link->path != NULL ? link->path : menu->paths[0], is_secret);

	if (reason != NULL)
		return reason;
	if (menu->is_above_closed)
		return "opens a menu that is for the networks of its customer "
		       "only";
	if (state->asks_password && !dialect_is_for_people(link->dialect))
		return asks;
	if (state->has_token && w->has_pages && !link->dialect->has_scripts)
		return token;
	return NULL;
}

/* A customer's page, by the client's address or by name. */
static const char *customer_reason(const struct withheld *w,
				   const struct link *link, int *is_secret)
{
	const struct customer *customer;

	if (link->customer == NULL)
		return "is another text for each client's address";
	customer = catalog_customer(w->catalog, link->customer);
	if (customer->network_count > 0) {
		*is_secret = 1;
		return closed;
	}
	return menu_reason(w, link, customer->menu, is_secret);
}

/* Whether files can say at all what the link asks for. */
static const char *kind_reason(const struct withheld *w,
			       const struct link *link)
{
	const struct loader loader = {
		.dialect = link->dialect,
		.machine = link->machine != NULL
				   ? *link->machine
				   : (struct machine){ MACHINE_UNKNOWN,
						       MACHINE_UNKNOWN },
	};
	const char *key;

	if (link->dialect->is_view || link->explained)
		return "is for authors of templates";
	if (link->asks_words)
		return "is another text for each search";
	if (link->problem != NULL)
		return "is for machines with a host file";
	if (!site_has(w->site, link->page->name, link->dialect))
		return "has no template";
	if (link->release == NULL && !names_has_machine(&loader.machine))
		return "is for a kind of machine that does not exist";
	if (link->dialect->is_bios_only &&
	    loader.machine.platform == PLATFORM_EFI)
		return "is for machines with BIOS only";
	return loader_refused_setting(&loader, &w->settings, &key);
}

const char *withheld_reason(const struct withheld *w, const struct link *link,
			    int *is_secret)
{
	const char *reason = kind_reason(w, link);
	const char *id = link->page == &page_boot ? link->menu : link->name;

	*is_secret = 0;
	if (reason != NULL)
		return reason;
	if (link->release != NULL)
		return release_reason(w, link->release, is_secret);
	if (link->page == &page_customermenu)
		return customer_reason(w, link, is_secret);
	if (id != NULL && strcmp(id, "local") == 0)
		return NULL;
	return menu_reason(w, link, catalog_menu(w->catalog, id), is_secret);
}
