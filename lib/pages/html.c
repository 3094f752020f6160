#include "html.h"

#include <string.h>
#include <time.h>

#include "loader.h"
#include "pages.h"

/* The state of the catalogue, at the foot of every page. */
static json_t *state_view(const struct request *r)
{
	const time_t loaded = site_loaded(r->site);
	const char *const *file = catalog_files(r->catalog);
	const char *problem = site_problem(r->site);
	const struct link index = { .page = &page_boot };
	json_t *files = json_array();
	char when[64];
	struct tm tm;

	for (; *file != NULL; file++)
		json_array_append_new(files, json_string(*file));
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC",
		 gmtime_r(&loaded, &tm));
	return json_pack("{s:s, s:o, s:s, s:o, s:s*}", "title",
			 catalog_settings(r->catalog)->title, "index",
			 page_url(r, &index), "loaded", when, "files", files,
			 "problem", problem);
}

/* The page that link is to, in one dialect: its text, how that came about, and
 * what its template is filled from. */
static json_t *client_view(const struct request *r, struct link link,
			   const struct dialect *d)
{
	struct link explanation = link;
	struct link view = link;

	link.dialect = d;
	explanation.dialect = d;
	explanation.explained = 1;
	view.dialect = &dialect_json;
	view.view = d;
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "dialect", d->name,
			 "client", d->client, "text", page_url(r, &link),
			 "explanation", page_url(r, &explanation), "view",
			 page_url(r, &view));
}

/* The page that link is to, in every dialect of loaders that it has. */
static json_t *clients_view(const struct request *r, struct link link)
{
	json_t *list = json_array();

	for (size_t i = 0; dialects[i] != NULL; i++)
		if (!dialect_is_for_people(dialects[i]) &&
		    site_has(r->site, link.page->name, dialects[i]))
			json_array_append_new(
				list, client_view(r, link, dialects[i]));
	return list;
}

/* The kinds of machine that a menu can be shown for. */
static json_t *machines_view(const struct request *r, struct link link)
{
	static const struct {
		const char *title;
		struct machine machine;
	} kinds[] = {
		{ "any machine", { MACHINE_UNKNOWN, MACHINE_UNKNOWN } },
		{ "BIOS, 64-bit", { PLATFORM_BIOS, ARCH_AMD64 } },
		{ "BIOS, 32-bit", { PLATFORM_BIOS, ARCH_I386 } },
		{ "UEFI, 64-bit", { PLATFORM_EFI, ARCH_AMD64 } },
		{ "UEFI, 32-bit", { PLATFORM_EFI, ARCH_I386 } },
		{ "UEFI, arm64", { PLATFORM_EFI, ARCH_ARM64 } },
	};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		link.machine = &kinds[i].machine;
		json_array_append_new(
			list,
			json_pack("{s:s, s:o, s:b}", "title", kinds[i].title,
				  "url", page_url(r, &link), "current",
				  kinds[i].machine.platform ==
						  r->machine.platform &&
					  kinds[i].machine.arch ==
						  r->machine.arch));
	}
	return list;
}

static const char *menu_name(const struct request *r, const struct menu *menu)
{
	return menu != catalog_menu(r->catalog, NULL) ? menu->id : NULL;
}

/* The menus that this client may see, the main menu first. */
static json_t *menus_view(const struct request *r)
{
	json_t *list = json_array();
	size_t count;
	const struct menu *menus = catalog_menus(r->catalog, &count);

	for (size_t i = 0; i < count; i++) {
		const struct link link = {
			.page = &page_menu,
			.name = menu_name(r, &menus[i]),
		};

		if (!catalog_may_see(r->catalog, &menus[i], r->client))
			continue;
		json_array_insert_new(
			list, link.name == NULL ? 0 : json_array_size(list),
			json_pack("{s:s, s:s, s:o, s:i, s:b, s:b}", "id",
				  menus[i].id, "title", menus[i].title, "url",
				  page_url(r, &link), "count",
				  (int)menus[i].count, "main",
				  link.name == NULL, "closed",
				  menus[i].is_closed));
	}
	return list;
}

/* Whether the client's address has a menu of its own, or there is one for all
 * others. */
static int has_customer(const struct request *r)
{
	return catalog_customer_at(r->catalog, r->client) != NULL;
}

void html_add_index(const struct request *r, json_t *view)
{
	const struct link customer = { .page = &page_customermenu };
	const struct link boot = { .page = &page_boot };

	json_object_set_new(view, "menus", menus_view(r));
	json_object_set_new(view, "clients", clients_view(r, boot));
	if (has_customer(r))
		json_object_set_new(view, "customermenu",
				    page_url(r, &customer));
}

/* This page again: the menu by its name, or the customer's. */
static struct link link_again(const struct request *r, const struct menu *menu)
{
	const char *name = query_get(r->query, "customer");
	const struct customer *customer =
		name != NULL ? catalog_customer(r->catalog, name) : NULL;
	struct link link = { .page = r->page };

	if (r->page->is_menu)
		link.name = menu_name(r, menu);
	else if (customer != NULL)
		link.customer = customer->id;
	return link;
}

void html_add_menu(const struct request *r, const struct menu *menu,
		   json_t *view)
{
	const struct link link = link_again(r, menu);

	json_object_set_new(view, "clients", clients_view(r, link));
	json_object_set_new(view, "machines", machines_view(r, link));
	json_object_set_new(view, "state", state_view(r));
}

/* Which loaders cannot fetch the files, and why. */
static json_t *unreachable_view(const struct mirror_files *files)
{
	json_t *list = json_array();

	for (size_t i = 0; dialects[i] != NULL; i++) {
		const struct loader loader = {
			.dialect = dialects[i],
			.machine = { MACHINE_UNKNOWN, MACHINE_UNKNOWN },
		};
		const char *reason = loader_refuses_files(&loader, files);

		if (reason != NULL)
			json_array_append_new(list,
					      json_pack("{s:s, s:s}", "client",
							dialects[i]->client,
							"reason", reason));
	}
	return list;
}

/* The same version for the same architecture, with and without variants. */
static json_t *variants_view(const struct request *r,
			     const struct release *release)
{
	json_t *list = json_array();
	size_t count;
	const struct release *const *all = catalog_releases(r->catalog, &count);

	for (size_t i = 0; i < count; i++) {
		const struct link link = { .page = &page_fromthemirror,
					   .release = all[i] };

		if (all[i] == release || all[i]->arch != release->arch ||
		    strcmp(all[i]->distro, release->distro) != 0 ||
		    strcmp(all[i]->version, release->version) != 0)
			continue;
		json_array_append_new(list, json_pack("{s:s, s:o}", "title",
						      all[i]->title, "url",
						      page_url(r, &link)));
	}
	return list;
}

static json_t *machine_view(const char *title, const struct release *release,
			    struct machine machine)
{
	const char *reason = release_refusal(release, &machine);

	return json_pack("{s:s, s:s*}", "title", title, "refused", reason);
}

void html_add_release(const struct request *r, const struct release *release,
		      json_t *view)
{
	const struct link link = { .page = &page_fromthemirror,
				   .release = release };
	const struct machine bios = { PLATFORM_BIOS, MACHINE_UNKNOWN };
	const struct machine efi = { PLATFORM_EFI, MACHINE_UNKNOWN };
	size_t i;
	json_t *mirror;

	/* People see every mirror, in order. */
	json_array_foreach(json_object_get(view, "mirrors"), i, mirror)
		json_object_set_new(mirror, "unreachable",
				    unreachable_view(&release->mirrors[i]));
	if (release->eol != NULL)
		json_object_set_new(view, "eol", json_string(release->eol));
	if (release->memory > 0)
		json_object_set_new(view, "memory",
				    json_integer(release->memory));
	json_object_set_new(view, "machines",
			    json_pack("[o, o]",
				      machine_view("BIOS", release, bios),
				      machine_view("UEFI", release, efi)));
	json_object_set_new(view, "variants", variants_view(r, release));
	json_object_set_new(view, "clients", clients_view(r, link));
	json_object_set_new(view, "state", state_view(r));
}
