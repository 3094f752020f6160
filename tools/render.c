#include "render.h"

#include <string.h>

#include "pages.h"

/* One page, being made for all that it can be asked for. */
struct rendering {
	const struct page *page;
	const struct site *site;
	const struct catalog *catalog;
	const json_t *customers;
	struct findings *findings;
	json_t *seen; /* what went wrong already, as keys */
};

/* What a page is asked for: NAME=ID, and who may see it. */
struct asking {
	const struct rendering *r;
	const char *name;
	const char *id;
	const struct network *client;
};

/* Whether it is new, and remembered from now on.  A line of a text is one of
 * that menu or release; all else is wrong with the template for all. */
static int is_new(const struct asking *a, const char *reason)
{
	struct buf key = BUF_INIT;
	int is_first;

	buf_puts(&key, reason);
	if (strstr(reason, " of the text ") != NULL)
		buf_printf(&key, " %s", a->id);
	is_first = json_object_get(a->r->seen, key.data) == NULL;
	json_object_set_new(a->r->seen, key.data, json_true());
	buf_free(&key);
	return is_first;
}

static void add_problem(const struct asking *a, const char *query,
			const char *reason)
{
	struct buf asked = BUF_INIT;

	if (!is_new(a, reason))
		return;
	buf_printf(&asked, "%s?%s", a->r->page->name, query);
	findings_add_text(a->r->findings, "page", reason, asked.data);
	buf_free(&asked);
}

/* The page as cgi/page.c would have it made for that query. */
static void make(const struct asking *a, const struct dialect *d,
		 const struct machine *machine, const char *query)
{
	struct error err = ERROR_INIT;
	struct buf body = BUF_INIT;
	struct query *parsed = query_parse(query, &err);
	struct request request = {
		.site = a->r->site,
		.catalog = a->r->catalog,
		.query = parsed,
		.dialect = d,
		.machine = *machine,
		.client = a->client,
	};
	json_t *view = NULL;
	int is_made = parsed != NULL &&
		      a->r->page->answer(&request, &view, &err) == 200 &&
		      site_render(a->r->site, d, view, &body, &err) == 0;

	if (!is_made)
		add_problem(a, query, err.text);
	json_decref(view);
	query_free(parsed);
	buf_free(&body);
}

static void add_param(struct buf *query, const char *name, const char *value)
{
	buf_printf(query, "%s%s=%s", query->len > 0 ? "&" : "", name, value);
}

/* gPXE and its menus are for PCs with BIOS alone. */
static int is_gpxe(const struct dialect *d)
{
	return d == &dialect_gpxe || d == &dialect_pxelinux;
}

/* For one kind of machine; MACHINE_UNKNOWN is left out of the query. */
static void make_for(const struct asking *a, const struct dialect *d,
		     int platform, int arch)
{
	struct machine machine = { platform, arch };
	struct buf query = BUF_INIT;

	if (arch != MACHINE_UNKNOWN)
		add_param(&query, "arch", machine_arch_name(arch));
	add_param(&query, "dialect", d->name);
	add_param(&query, a->name, a->id);
	if (platform != MACHINE_UNKNOWN)
		add_param(&query, "platform", machine_platform_name(platform));
	if (is_gpxe(d) && platform == MACHINE_UNKNOWN)
		machine.platform = PLATFORM_BIOS;
	if (!is_gpxe(d) || platform != PLATFORM_EFI)
		make(a, d, &machine, query.data);
	buf_free(&query);
}

static void make_for_all(const struct asking *a)
{
	for (size_t d = 0; dialects[d] != NULL; d++) {
		if (!site_has(a->r->site, dialects[d]))
			continue;
		for (int platform = MACHINE_UNKNOWN; platform < PLATFORM_COUNT;
		     platform++)
			for (int arch = MACHINE_UNKNOWN; arch < ARCH_COUNT;
			     arch++)
				make_for(a, dialects[d], platform, arch);
	}
}

/* An address from which the menu may be seen; NULL: anyone may, or nobody
 * may. */
static const struct network *client_of(const struct rendering *r,
				       const struct menu *menu)
{
	const char *id;
	json_t *unused;

	if (!menu->is_closed)
		return NULL;
	json_object_foreach((json_t *)r->customers, id, unused) {
		const struct customer *customer =
			catalog_customer(r->catalog, id);

		for (size_t i = 0; i < customer->network_count; i++)
			if (catalog_may_see(r->catalog, menu,
					    &customer->networks[i]))
				return &customer->networks[i];
	}
	return NULL;
}

/* Of boot and menu, which call a menu by different names. */
static void make_menus(const struct rendering *r, const char *name)
{
	size_t count;
	const struct menu *menus = catalog_menus(r->catalog, &count);

	for (size_t i = 0; i < count; i++) {
		const struct asking a = {
			.r = r,
			.name = name,
			.id = menus[i].id,
			.client = client_of(r, &menus[i]),
		};

		make_for_all(&a);
	}
}

static void make_customers(const struct rendering *r)
{
	const char *id;
	json_t *unused;

	json_object_foreach((json_t *)r->customers, id, unused) {
		const struct customer *customer =
			catalog_customer(r->catalog, id);
		const struct asking a = {
			.r = r,
			.name = "customer",
			.id = id,
			.client = client_of(r, customer->menu),
		};

		make_for_all(&a);
	}
}

static void make_release(const struct rendering *r,
			 const struct release *release)
{
	const struct asking a = { .r = r, .id = release->distro };

	for (size_t d = 0; dialects[d] != NULL; d++) {
		struct machine machine = { MACHINE_UNKNOWN, MACHINE_UNKNOWN };
		struct buf query = BUF_INIT;

		if (!site_has(r->site, dialects[d]))
			continue;
		if (is_gpxe(dialects[d]))
			machine.platform = PLATFORM_BIOS;
		add_param(&query, "arch",
			  machine_arch_name((int)release->arch));
		add_param(&query, "dialect", dialects[d]->name);
		add_param(&query, "distro", release->distro);
		if (release->variant != NULL)
			add_param(&query, "variant", release->variant);
		add_param(&query, "version", release->version);
		make(&a, dialects[d], &machine, query.data);
		buf_free(&query);
	}
}

static void make_releases(const struct rendering *r)
{
	size_t count;
	const struct release *const *list =
		catalog_releases(r->catalog, &count);

	for (size_t i = 0; i < count; i++)
		make_release(r, list[i]);
}

static void make_page(const struct rendering *r)
{
	const struct asking local = { .r = r, .name = "menu", .id = "local" };

	if (strcmp(r->page->name, "boot") == 0) {
		make_for_all(&local);
		make_menus(r, "menu");
	} else if (strcmp(r->page->name, "menu") == 0) {
		make_menus(r, "name");
	} else if (strcmp(r->page->name, "customermenu") == 0) {
		make_customers(r);
	} else {
		make_releases(r);
	}
}

int render_check(const struct site_paths *paths, const json_t *customers,
		 struct findings *f)
{
	int rc = 0;

	for (size_t i = 0; pages[i] != NULL && rc == 0; i++) {
		struct site *site = site_new(paths, pages[i]->name);
		struct error err = ERROR_INIT;
		struct rendering r = {
			.page = pages[i],
			.site = site,
			.customers = customers,
			.findings = f,
			.seen = json_object(),
		};

		if (site_refresh(site, &err) == 0) {
			r.catalog = site_catalog(site);
			make_page(&r);
		} else {
			findings_add_text(f, "page", err.text, NULL);
			rc = -1;
		}
		json_decref(r.seen);
		site_free(site);
	}
	return rc;
}
