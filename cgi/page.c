/* What all pages share: from a request to a whole answer. */
#include "page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cache.h"
#include "mem.h"
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

/* What a User-Agent decides, on the pages where it does. */
static const struct dialect *asked_dialect(const struct http_request *http)
{
	return page.asks_user_agent && http->user_agent != NULL
		       ? dialect_of_user_agent(http->user_agent)
		       : NULL;
}

static int find_dialect(const struct http_request *http, struct request *r,
			struct error *err)
{
	const char *name = query_get(r->query, "dialect");
	const char *why = "asked for";

	r->dialect = name != NULL ? dialect_find(name) : asked_dialect(http);
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

static int check_base(const struct request *r, struct error *err)
{
	const char *base = catalog_settings(r->catalog)->base;
	struct uri uri;

	if (r->dialect != &dialect_grub || uri_parse(base, &uri) != NULL ||
	    uri_is_plain(&uri))
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

/* What the log says of the answer, in names of the catalogue and of this
 * program. */
static void describe(const struct request *r, struct buf *log)
{
	const struct release *release = r->release;
	int arch = release != NULL ? (int)release->arch : r->machine.arch;

	buf_printf(log, "dialect=%s distro=%s version=%s arch=%s",
		   r->dialect != NULL ? r->dialect->name : "-",
		   release != NULL ? release->distro : "-",
		   release != NULL ? release->version : "-",
		   arch != MACHINE_UNKNOWN ? machine_arch_name(arch) : "-");
}

/* The query is understood: find out the rest, and answer. */
static int answer_parsed(const struct site *site,
			 const struct http_request *http,
			 const struct query *query,
			 struct http_response *response, struct error *err)
{
	struct network address;
	struct buf notes = BUF_INIT;
	struct buf body = BUF_INIT;
	struct request r = {
		.site = site,
		.catalog = site_catalog(site),
		.query = query,
		.machine = { MACHINE_UNKNOWN, MACHINE_UNKNOWN },
	};
	int status;

	if (query_get(query, "explain") != NULL)
		r.notes = &notes;
	if (http->client != NULL &&
	    network_parse_address(http->client, &address) == 0)
		r.client = &address;
	status = answer_request(http, &r, &body, err);
	if (status == 200) {
		if (r.notes == NULL)
			response->dialect = r.dialect;
		else
			buf_printf(&response->body, "%s\n", buf_text(&notes));
		buf_add(&response->body, body.data, body.len);
		response->is_shared = !r.used_client && r.notes == NULL &&
				      r.dialect != &dialect_html;
		response->varies = page.asks_user_agent &&
				   query_get(query, "dialect") == NULL;
	}
	describe(&r, &response->log);
	buf_free(&notes);
	buf_free(&body);
	return status;
}

static int answer_query(const struct site *site,
			const struct http_request *http, const char *text,
			struct http_response *response, struct error *err)
{
	struct query *query = query_parse(text, err);
	int status = 400;

	if (query != NULL && query_check_names(query, page.params, err) == 0)
		status = answer_parsed(site, http, query, response, err);
	query_free(query);
	return status;
}

/* Whether the request is one for this page. */
static int check_request(const struct http_request *http, struct error *err)
{
	if (http->method != NULL && strcmp(http->method, "GET") != 0 &&
	    strcmp(http->method, "HEAD") != 0) {
		error_set(err, NULL, 0, "only GET and HEAD are answered here");
		return 405;
	}
	if (!is_for_page(http)) {
		error_set(err, NULL, 0, "there is no such page");
		return 404;
	}
	return 200;
}

/* What all that fails ends as: a line that says why. */
static void finish(struct http_response *response, int status,
		   const struct error *err)
{
	response->status = status;
	if (status != 200) {
		buf_truncate(&response->body, 0);
		buf_printf(&response->body, "%s\n", err->text);
	}
	if (status == 500)
		fprintf(stderr, "%s: %s\n", page.name, err->text);
	if (response->log.len == 0)
		buf_puts(&response->log, "dialect=- distro=- version=- arch=-");
	http_finish(response);
}

/* The answer kept for the request, while nothing has changed that had a say in
 * it. */
static const struct http_response *find_kept(const struct site *site,
					     const struct dialect *asked,
					     const char *query)
{
	const struct cache *cache = site_cache(site);
	const struct http_response *kept = NULL;

	if (cache != NULL)
		kept = cache_find(cache, asked, query);
	if (kept != NULL && site_is_changed(site, kept->dialect))
		return NULL;
	return kept;
}

/*
 * Any cache may keep what depends on nothing but the query and the dialect
 * that a User-Agent stands for: so does ours.  Without percent signs, which
 * no loader writes in a query of ours, few queries ask for the same.
 */
const struct http_response *page_answer(struct site *site,
					const struct http_request *http,
					struct http_response *own)
{
	const char *query = http->query != NULL ? http->query : "";
	const struct dialect *asked = asked_dialect(http);
	const struct http_response *kept = NULL;
	struct error err = ERROR_INIT;
	int status = check_request(http, &err);

	if (status == 200)
		kept = find_kept(site, asked, query);
	if (kept != NULL)
		return kept;
	if (status == 200 && site_refresh(site, &err) < 0)
		status = 500;
	if (status == 200) /* it outlives an edit that is refused */
		kept = cache_find(site_cache(site), asked, query);
	if (kept != NULL)
		return kept;
	if (status == 200)
		status = answer_query(site, http, query, own, &err);
	finish(own, status, &err);
	if (own->is_shared && strchr(query, '%') == NULL)
		kept = cache_add(site_cache(site), asked, query, own);
	if (kept == NULL)
		return own;
	mem_trim(); /* to make it took more than to keep it */
	return kept;
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
