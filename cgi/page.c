/* What all pages share: from a request to a whole answer. */
#include "page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "uri.h"

/* gPXE, and the menu program that it runs, exist for PCs with BIOS alone. */
static int is_gpxe_family(const struct dialect *d)
{
	return d == &dialect_gpxe || d == &dialect_pxelinux;
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
	if (*name == '.' && name[1] != '\0')
		name += 1 + strspn(name + 1, "abcdefghijklmnopqrstuvwxyz");
	return *name == '\0';
}

static int find_dialect(const struct http_request *http, struct request *r,
			struct error *err)
{
	const char *name = query_get(r->query, "dialect");
	const char *why = "asked for";

	r->dialect = NULL;
	if (name != NULL)
		r->dialect = dialect_find(name);
	else if (page.asks_user_agent && http->user_agent != NULL)
		r->dialect = dialect_of_user_agent(http->user_agent);
	if (name == NULL && r->dialect != NULL)
		why = "the User-Agent's";
	if (name == NULL && r->dialect == NULL) {
		r->dialect = dialect_find(page.default_dialect);
		why = "this page's first";
	}
	if (r->dialect == NULL || !site_has(r->site, r->dialect)) {
		error_set(err, NULL, 0, "this page does not have that dialect");
		return 404;
	}
	page_note(r, "dialect: %s, %s", r->dialect->name, why);
	return 200;
}

/* GRUB 2.06 has no port and no TLS (grub-core/net/net.c). */
static int check_base(const struct request *r, struct error *err)
{
	const char *base = catalog_settings(r->catalog)->base;
	struct uri uri;

	if (r->dialect != &dialect_grub || uri_parse(base, &uri) != NULL ||
	    (uri.port == 80 && !uri.is_https))
		return 200;
	error_set(err, NULL, 0,
		  "site/base is not plain http on port 80, the only one that "
		  "GRUB 2.06 knows");
	return 500;
}

/* On pages that are for a machine, platform and arch are the machine's. */
static int find_machine(struct request *r, struct error *err)
{
	const char *platform = query_get(r->query, "platform");
	const char *arch = query_get(r->query, "arch");
	int is_release = query_get(r->query, "distro") != NULL;

	r->machine = (struct machine){ MACHINE_UNKNOWN, MACHINE_UNKNOWN };
	if (platform != NULL) {
		r->machine.platform = machine_find_platform(platform);
		if (r->machine.platform == MACHINE_UNKNOWN) {
			error_set(err, NULL, 0, "platform is bios or efi");
			return 400;
		}
	} else if (is_gpxe_family(r->dialect)) {
		r->machine.platform = PLATFORM_BIOS;
	}
	if (arch == NULL || is_release)
		return 200;
	r->machine.arch = machine_find_arch(arch);
	if (r->machine.arch == MACHINE_UNKNOWN) {
		error_set(err, NULL, 0, "arch is i386, amd64 or arm64");
		return 400;
	}
	return 200;
}

static void note_machine(const struct request *r)
{
	page_note(r, "machine: platform %s, arch %s",
		  r->machine.platform != MACHINE_UNKNOWN
			  ? machine_platform_name(r->machine.platform)
			  : "not known",
		  r->machine.arch != MACHINE_UNKNOWN
			  ? machine_arch_name(r->machine.arch)
			  : "not known");
}

static void note_catalog(const struct request *r)
{
	const char *const *file = catalog_files(r->catalog);
	const char *problem = site_problem(r->site);

	for (; *file != NULL; file++)
		page_note(r, "catalogue: %s", *file);
	if (problem != NULL)
		page_note(r, "newest edit not in use: %s", problem);
}

/* The text that the client gets, into body. */
static int render(struct request *r, struct buf *body, struct error *err)
{
	json_t *view = NULL;
	int status = page.answer(r, &view, err);

	if (status == 200 &&
	    site_render(r->site, r->dialect, view, body, err) < 0)
		status = 500;
	json_decref(view);
	return status;
}

/* All that is left to find out, then the text. */
static int answer_request(const struct http_request *http, struct request *r,
			  struct buf *body, struct error *err)
{
	const char *explain = query_get(r->query, "explain");
	int status;

	if (explain != NULL && strcmp(explain, "1") != 0) {
		error_set(err, NULL, 0, "explain is 1, or left out");
		return 400;
	}
	note_catalog(r);
	status = find_dialect(http, r, err);
	if (status == 200)
		status = check_base(r, err);
	if (status == 200)
		status = find_machine(r, err);
	if (status != 200)
		return status;
	note_machine(r);
	return render(r, body, err);
}

/* The query is understood: find out the rest, and answer. */
static int answer_query(struct site *site, const struct http_request *http,
			const struct query *query,
			struct http_response *response, struct error *err)
{
	struct network address;
	struct buf notes = BUF_INIT;
	struct buf body = BUF_INIT;
	struct request r = { .site = site, .query = query };
	int status;

	if (site_refresh(site, err) < 0)
		return 500;
	r.catalog = site_catalog(site);
	if (query_get(query, "explain") != NULL)
		r.notes = &notes;
	if (http->client != NULL &&
	    network_parse_address(http->client, &address) == 0)
		r.client = &address;
	status = answer_request(http, &r, &body, err);
	if (status == 200) {
		if (r.notes == NULL)
			response->content_type = r.dialect->content_type;
		else
			buf_printf(&response->body, "%s\n", buf_text(&notes));
		buf_add(&response->body, body.data, body.len);
		response->is_shared = !r.used_client && r.notes == NULL &&
				      r.dialect != &dialect_html;
		response->varies = page.asks_user_agent &&
				   query_get(query, "dialect") == NULL;
	}
	buf_free(&notes);
	buf_free(&body);
	return status;
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

void page_note(const struct request *r, const char *fmt, ...)
{
	char line[512];
	va_list args;

	if (r->notes == NULL)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	buf_printf(r->notes, "%s\n", line);
}

json_t *page_file(const struct request *r, const char *url)
{
	struct uri uri;

	if (r->dialect != &dialect_grub || uri_parse(url, &uri) != NULL)
		return json_string(url);
	return json_sprintf("(http,%.*s)%s", (int)strcspn(uri.host, ":/"),
			    uri.host, uri.path);
}

/* Whether the page answers in the dialect unasked: gPXE's pages lead to one
 * another without a word of it, as in the document of 2009. */
static int is_default(const struct link *link, const struct dialect *d)
{
	int is_menu = strcmp(link->page, "menu") == 0;

	if (link->dialect == NULL)
		return is_gpxe_family(d);
	return d == (is_menu ? &dialect_pxelinux : &dialect_gpxe);
}

json_t *page_url(const struct request *r, const struct link *link)
{
	const struct dialect *d = link->dialect ? link->dialect : r->dialect;
	const struct release *release = link->release;
	struct machine machine = r->machine;
	struct buf url = BUF_INIT;
	json_t *json;

	if (link->machine != NULL)
		machine = *link->machine;
	else if (query_get(r->query, "platform") == NULL)
		machine.platform = MACHINE_UNKNOWN;
	if (release != NULL)
		machine =
			(struct machine){ MACHINE_UNKNOWN, (int)release->arch };
	catalog_add_url(r->catalog, link->page, &url);
	add_param(&url, "arch",
		  machine.arch != MACHINE_UNKNOWN
			  ? machine_arch_name(machine.arch)
			  : NULL);
	add_param(&url, "customer", link->customer);
	add_param(&url, "dialect", is_default(link, d) ? NULL : d->name);
	add_param(&url, "distro", release != NULL ? release->distro : NULL);
	add_param(&url, "explain", link->explained ? "1" : NULL);
	add_param(&url, "menu", link->menu);
	add_param(&url, "name", link->name);
	add_param(&url, "platform",
		  machine.platform != MACHINE_UNKNOWN
			  ? machine_platform_name(machine.platform)
			  : NULL);
	add_param(&url, "variant", release != NULL ? release->variant : NULL);
	add_param(&url, "version", release != NULL ? release->version : NULL);
	json = page_file(r, url.data);
	buf_free(&url);
	return json;
}

/* Whether what the menu shows of other menus depends on who asks. */
static int is_next_to_closed(const struct menu *menu)
{
	for (size_t i = 0; i < menu->count; i++)
		if (menu->entries[i].menu != NULL &&
		    menu->entries[i].menu->is_closed)
			return 1;
	return menu->parent != NULL && menu->parent->is_closed;
}

int page_check_menu(struct request *r, const struct menu *menu,
		    struct error *err)
{
	r->used_client |= menu->is_closed || is_next_to_closed(menu);
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
