/* What all pages share: from a request to a whole answer. */
#include "page.h"

#include <stdio.h>
#include <string.h>

#include "uri.h"

/* gPXE, and the menu program that it runs, exist for PCs with BIOS alone. */
static int is_gpxe_family(const struct dialect *d)
{
	return strcmp(d->name, "gpxe") == 0 || strcmp(d->name, "pxelinux") == 0;
}

/*
 * Whether the server took this request for the page itself: the script's name
 * ends in the page's name or in that with a suffix, and no path follows.
 */
static int is_for_page(const struct http_request *http)
{
	const char *name = http->script;
	size_t len = strlen(page.name);

	if (http->path_info != NULL && http->path_info[0] != '\0')
		return 0;
	if (name == NULL || name[0] == '\0')
		return 1;
	if (strrchr(name, '/') != NULL)
		name = strrchr(name, '/') + 1;
	if (strncmp(name, page.name, len) != 0)
		return 0;
	name += len;
	if (*name == '.')
		name += 1 + strspn(name + 1, "abcdefghijklmnopqrstuvwxyz");
	return *name == '\0';
}

static int find_dialect(const struct site *site,
			const struct http_request *http, struct request *r,
			struct error *err)
{
	const char *name = query_get(r->query, "dialect");

	r->dialect = NULL;
	if (name != NULL)
		r->dialect = dialect_find(name);
	else if (page.asks_user_agent && http->user_agent != NULL)
		r->dialect = dialect_of_user_agent(http->user_agent);
	if (name == NULL && r->dialect == NULL)
		r->dialect = dialect_find(page.default_dialect);
	if (r->dialect != NULL && site_has(site, r->dialect))
		return 200;
	error_set(err, NULL, 0, "this page does not have that dialect");
	return 404;
}

/* On pages that are for a machine, platform and arch are the machine's. */
static int find_machine(struct request *r, struct error *err)
{
	const char *platform = query_get(r->query, "platform");
	const char *arch = query_get(r->query, "arch");
	int is_release = query_get(r->query, "distro") != NULL;

	r->machine = (struct machine){ UNKNOWN, UNKNOWN };
	if (platform != NULL) {
		r->machine.platform = platform_find(platform);
		if (r->machine.platform == UNKNOWN) {
			error_set(err, NULL, 0, "platform is bios or efi");
			return 400;
		}
	} else if (is_gpxe_family(r->dialect)) {
		r->machine.platform = PLATFORM_BIOS;
	}
	if (arch == NULL || is_release)
		return 200;
	r->machine.arch = arch_find(arch);
	if (r->machine.arch == UNKNOWN) {
		error_set(err, NULL, 0, "arch is i386, amd64 or arm64");
		return 400;
	}
	return 200;
}

static int render(const struct site *site, struct request *r,
		  struct http_response *response, struct error *err)
{
	json_t *view = NULL;
	int status = page.answer(r, &view, err);

	if (status == 200 &&
	    site_render(site, r->dialect, view, &response->body, err) < 0)
		status = 500;
	json_decref(view);
	return status;
}

/* The query is understood: find out the rest, and answer. */
static int answer_query(struct site *site, const struct http_request *http,
			const struct query *query,
			struct http_response *response, struct error *err)
{
	struct network address;
	struct request r = { .query = query };
	int status;

	if (site_refresh(site, err) < 0)
		return 500;
	r.catalog = site_catalog(site);
	if (http->client != NULL &&
	    network_parse_address(http->client, &address) == 0)
		r.client = &address;
	status = find_dialect(site, http, &r, err);
	if (status == 200)
		status = find_machine(&r, err);
	if (status == 200)
		status = render(site, &r, response, err);
	if (status != 200)
		return status;
	response->content_type = r.dialect->content_type;
	response->is_shared =
		!r.used_client && strcmp(r.dialect->name, "html") != 0;
	response->varies = page.asks_user_agent &&
			   query_get(query, "dialect") == NULL;
	return 200;
}

static int answer(struct site *site, const struct http_request *http,
		  struct http_response *response, struct error *err)
{
	struct query *query;
	int status = 400;

	if (http->method != NULL && strcmp(http->method, "GET") != 0 &&
	    strcmp(http->method, "HEAD") != 0) {
		error_set(err, NULL, 0, "only GET and HEAD are answered here");
		return 405;
	}
	if (!is_for_page(http)) {
		error_set(err, NULL, 0, "there is no such page");
		return 404;
	}
	query = query_parse(http->query != NULL ? http->query : "", err);
	if (query != NULL && query_check_names(query, page.params, err) == 0)
		status = answer_query(site, http, query, response, err);
	query_free(query);
	return status;
}

void page_answer(struct site *site, const struct http_request *http,
		 struct http_response *response)
{
	struct error err = ERROR_INIT;

	response->status = answer(site, http, response, &err);
	if (response->status == 200)
		return;
	buf_truncate(&response->body, 0);
	buf_puts(&response->body, err.text);
	buf_putc(&response->body, '\n');
	if (response->status == 500)
		fprintf(stderr, "%s: %s\n", page.name, err.text);
}

static void add_param(struct buf *url, const char *name, const char *value)
{
	if (value != NULL)
		uri_add_param(url, name, value);
}

json_t *page_url(const struct request *r, const struct link *link)
{
	const struct release *release = link->release;
	const char *arch = NULL;
	const char *platform = NULL;
	struct buf url = BUF_INIT;
	json_t *json;

	if (release != NULL)
		arch = arch_name((int)release->arch);
	else if (r->machine.arch != UNKNOWN)
		arch = arch_name(r->machine.arch);
	if (release == NULL && query_get(r->query, "platform") != NULL)
		platform = platform_name(r->machine.platform);
	catalog_add_url(r->catalog, link->page, &url);
	add_param(&url, "arch", arch);
	add_param(&url, "customer", link->customer);
	add_param(&url, "dialect",
		  is_gpxe_family(r->dialect) ? NULL : r->dialect->name);
	add_param(&url, "distro", release != NULL ? release->distro : NULL);
	add_param(&url, "menu", link->menu);
	add_param(&url, "name", link->name);
	add_param(&url, "platform", platform);
	add_param(&url, "variant", release != NULL ? release->variant : NULL);
	add_param(&url, "version", release != NULL ? release->version : NULL);
	json = json_stringn(url.data, url.len);
	buf_free(&url);
	return json;
}

int page_check_menu(struct request *r, const struct menu *menu,
		    struct error *err)
{
	r->used_client |= menu->is_closed;
	if (catalog_may_see(r->catalog, menu, r->client))
		return 200;
	error_set(err, NULL, 0,
		  "this menu is shown to its customer's networks only");
	return 403;
}

int page_find_menu(struct request *r, const char *name,
		   const struct menu **menu, struct error *err)
{
	*menu = catalog_menu(r->catalog, name);
	if (*menu == NULL) {
		error_set(err, NULL, 0, "that menu is not in the catalogue");
		return 404;
	}
	return page_check_menu(r, *menu, err);
}

json_t *page_open_view(const struct request *r, const struct menu *menu)
{
	const struct link link = {
		.page = "menu",
		.name = menu != catalog_menu(r->catalog, NULL) ? menu->id
							       : NULL,
	};

	return json_pack("{s:s, s:o}", "vesamenu",
			 catalog_settings(r->catalog)->vesamenu, "menu",
			 page_url(r, &link));
}
