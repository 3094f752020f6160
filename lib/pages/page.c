/* What all pages share: it makes a whole answer from a request. */
#include "page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cache.h"
#include "mem.h"
#include "uri.h"

/* The dialect by the User-Agent, on pages that ask it, and where there is no
 * such page; NULL: it has no say. */
static const struct dialect *asked_dialect(const struct page *page,
					   const struct http_request *http)
{
	return (page == NULL || page->asks_user_agent) &&
			       http->user_agent != NULL
		       ? dialect_of_user_agent(http->user_agent)
		       : NULL;
}

/* Say which dialects the page has.  what: "dialect" or "view". */
static int set_no_dialect(const struct request *r, const char *what,
			  struct error *err)
{
	struct buf known = BUF_INIT;

	for (size_t i = 0; dialects[i] != NULL; i++)
		if (site_has(r->site, r->page->name, dialects[i]))
			buf_printf(&known, "%s%s", known.len > 0 ? ", " : "",
				   dialects[i]->name);
	error_set(err, NULL, 0, "this page does not have that %s; it has %s",
		  what, buf_text(&known));
	buf_free(&known);
	return 404;
}

/* dialect=json: the view, as templates of dialect view= get it. */
static int find_view(struct request *r, struct error *err)
{
	const char *name = query_get(r->query, "view");

	if (!r->dialect->is_view && name != NULL) {
		error_set(err, NULL, 0, "view goes with dialect=json");
		return 400;
	}
	r->is_view = r->dialect->is_view;
	if (name != NULL)
		r->dialect = dialect_find(name);
	return 200;
}

static int find_dialect(const struct http_request *http, struct request *r,
			struct error *err)
{
	const char *name = query_get(r->query, "dialect");
	const char *why = "asked for";
	int status = 200;

	r->dialect = name != NULL ? dialect_find(name)
				  : asked_dialect(r->page, http);
	if (name == NULL && r->dialect != NULL)
		why = "the User-Agent's";
	if (name == NULL && r->dialect == NULL) {
		r->dialect = dialect_find(r->page->default_dialect);
		why = "this page's first";
	}
	if (r->dialect != NULL)
		status = find_view(r, err);
	if (status != 200)
		return status;
	if (r->dialect == NULL || !site_has(r->site, r->page->name, r->dialect))
		return set_no_dialect(r, r->is_view ? "view" : "dialect", err);
	page_note(r, "dialect: %s, %s", r->dialect->name, why);
	return 200;
}

/* Whether the loader can fetch what each of its texts names: other pages, and
 * the files that the site's settings name. */
static int check_settings(const struct request *r, struct error *err)
{
	const struct loader loader = page_loader(r, r->machine.platform);
	const struct settings *settings = catalog_settings(r->catalog);
	const char *key;
	const char *reason = loader_refused_setting(&loader, settings, &key);

	if (reason == NULL)
		return 200;
	if (settings->is_base_given && strcmp(key, "base") == 0)
		error_set(err, NULL, 0, "MIRRORBOOT_BASE %s", reason);
	else
		error_set(err, NULL, 0, "site/%s %s", key, reason);
	return 500;
}

static int takes(const struct page *page, const char *param)
{
	const char *const *name = page->params;

	while (*name != NULL && strcmp(*name, param) != 0)
		name++;
	return *name != NULL;
}

/* Whether platform and arch are the machine's, and not a release's. */
static int is_for_machine(const struct page *page)
{
	return takes(page, "platform");
}

static int find_machine(struct request *r, struct error *err)
{
	const char *platform = query_get(r->query, "platform");
	const char *arch = query_get(r->query, "arch");

	if (platform != NULL) {
		r->machine.platform = machine_find_platform(platform);
		if (r->machine.platform == MACHINE_UNKNOWN) {
			error_set(err, NULL, 0, "platform is bios or efi");
			return 400;
		}
	} else if (r->dialect->is_bios_only) {
		r->machine.platform = PLATFORM_BIOS;
	}
	if (arch == NULL || !is_for_machine(r->page))
		return 200;
	r->machine.arch = machine_find_arch(arch);
	if (r->machine.arch == MACHINE_UNKNOWN) {
		error_set(err, NULL, 0, "arch is " ARCH_CHOICE);
		return 400;
	}
	return 200;
}

/* The shim that started the loader, which the loader's own script tells. */
static int find_shim(struct request *r, struct error *err)
{
	const char *name = query_get(r->query, "shim");

	if (name == NULL)
		return 200;
	r->shim = settings_shim(catalog_settings(r->catalog), name);
	if (r->shim == NULL) {
		error_set(err, NULL, 0,
			  "that shim is not in the catalogue: write it into "
			  "the site's shims");
		return 404;
	}
	page_note(r, "shim: %s, asked for", r->shim->name);
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

/* The view, for the authors of its template. */
static void print_view(const json_t *view, struct buf *body)
{
	char *text = json_dumps(view, JSON_INDENT(2) | JSON_ENSURE_ASCII);

	buf_printf(body, "%s\n", text);
	free(text);
}

/* Whether the line that at is in is SYSLINUX's title of the whole menu. */
static int is_in_menu_title(const char *text, const char *at)
{
	while (at > text && at[-1] != '\n')
		at--;
	at += strspn(at, " \t");
	if (strncasecmp(at, "menu", 4) != 0)
		return 0;
	at += 4;
	return strncasecmp(at + strspn(at, " \t"), "title", 5) == 0;
}

/* Whether the text has the title, and not just as that of the whole menu: what
 * a machine gets without being asked may have an entry's title. */
static int has_title(const char *text, const char *title)
{
	const char *found = strstr(text, title);

	while (found != NULL && is_in_menu_title(text, found))
		found = strstr(found + 1, title);
	return found != NULL;
}

/* Whether the text has the URL, and not just a longer one. */
static int has_url(const char *text, const char *url)
{
	const char *found = text;

	while ((found = strstr(found, url)) != NULL) {
		found += strlen(url);
		if (*found != '&' && !uri_is_value_char(*found))
			return 1;
	}
	return 0;
}

/* Whether Back leads to a menu that has a password, and the text does not ask
 * for it. */
static int lacks_back_password(const json_t *view, const char *text)
{
	const char *back = json_string_value(json_object_get(view, "back"));
	const char *hash = json_string_value(json_object_get(
		json_object_get(view, "back_password"), "hash"));

	return back != NULL && hash != NULL && strstr(text, hash) == NULL &&
	       has_url(text, back);
}

/* Whether the text shows an entry of a menu and asks for no password of it: its
 * template is a site's own, from before there were any. */
static int lacks_password(const struct request *r, const json_t *entry,
			  const char *text)
{
	const char *title = json_string_value(json_object_get(entry, "title"));
	const char *hash = json_string_value(
		json_object_get(json_object_get(entry, "password"), "hash"));
	struct buf shown = BUF_INIT;
	int is_lacking;

	if (hash == NULL || strstr(text, hash) != NULL)
		return 0;
	r->dialect->escape(&shown, title, strlen(title));
	is_lacking = has_title(text, buf_text(&shown));
	buf_free(&shown);
	return is_lacking;
}

static int check_passwords(const struct request *r, const json_t *view,
			   const char *text, struct error *err)
{
	struct buf name = BUF_INIT;
	size_t i;
	json_t *entry;
	int is_lacking = lacks_back_password(view, text);

	json_array_foreach(json_object_get(view, "entries"), i, entry)
		is_lacking = is_lacking || lacks_password(r, entry, text);
	if (!is_lacking)
		return 0;
	buf_printf(&name, "%s.%s", r->page->name, r->dialect->name);
	error_set(err, name.data, 0,
		  "offers entries without their passwords: copy the sections "
		  "named password and locked from the shipped menu.%s",
		  r->dialect->name);
	buf_free(&name);
	return -1;
}

static int fill(const struct request *r, const json_t *view, struct buf *body,
		struct error *err)
{
	size_t before = body->len;

	if (site_render(r->site, r->page->name, r->dialect, view, body, err) <
	    0)
		return -1;
	if (check_passwords(r, view, buf_text(body) + before, err) == 0)
		return 0;
	buf_truncate(body, before);
	return -1;
}

int page_fill(struct request *r, struct buf *body, struct error *err)
{
	json_t *view = NULL;
	int status = r->page->answer(r, &view, err);

	if (status == 200 && r->is_view)
		print_view(view, body);
	else if (status == 200 && fill(r, view, body, err) < 0)
		status = 500;
	json_decref(view);
	return status;
}

/* Find the dialect and the machine, then fill the page. */
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
		status = find_machine(r, err);
	if (status == 200)
		status = find_shim(r, err);
	if (status == 200)
		status = check_settings(r, err);
	if (status != 200)
		return status;
	if (is_for_machine(r->page))
		note_machine(r);
	return page_fill(r, body, err);
}

/* Of the text that the client gets. */
static const struct dialect *answer_dialect(const struct request *r)
{
	return r->is_view ? &dialect_json : r->dialect;
}

/* What the log says of the answer, in names of the catalogue and of this
 * program. */
static void describe(const struct request *r, struct buf *log)
{
	const struct dialect *d = answer_dialect(r);
	const struct release *release = r->release;
	int arch = release != NULL ? (int)release->arch : r->machine.arch;

	buf_printf(log, "page=%s dialect=%s distro=%s version=%s arch=%s",
		   r->page->name, d != NULL ? d->name : "-",
		   release != NULL ? release->distro : "-",
		   release != NULL ? release->version : "-",
		   arch != MACHINE_UNKNOWN ? machine_arch_name(arch) : "-");
}

/* What the URLs of pages with parameters begin with, as the dialect names them;
 * the list ends in NULL. */
static char **known_urls(const struct request *r)
{
	const struct settings *settings = catalog_settings(r->catalog);
	char **list = NULL;
	size_t count = 0;

	for (const char *const *page = site_pages(r->site); *page != NULL;
	     page++) {
		struct buf url = BUF_INIT;
		struct buf file = BUF_INIT;

		buf_printf(&url, "%s%s%s?", settings->base, *page,
			   settings->suffix);
		if (r->dialect->add_file != NULL)
			r->dialect->add_file(&file, url.data);
		list = mem_grow(list, count + 3, sizeof(*list));
		list[count++] = buf_take(&url);
		if (file.len > 0)
			list[count++] = buf_take(&file);
		list[count] = NULL;
	}
	return list;
}

void page_add_shown(const struct request *r, const char *text, struct buf *out)
{
	/* Each of them ends in '?'. */
	char **known = strchr(text, '?') != NULL ? known_urls(r) : NULL;

	uri_add_shown(out, text, (const char *const *)known);
	for (size_t i = 0; known != NULL && known[i] != NULL; i++)
		free(known[i]);
	free(known);
}

/* The answer to r is body, which notes explain. */
static void set_answer(const struct request *r, const struct buf *body,
		       struct http_response *response)
{
	const struct dialect *d = answer_dialect(r);

	if (r->notes == NULL) {
		response->dialect = d;
	} else {
		page_add_shown(r, buf_text(r->notes), &response->body);
		buf_putc(&response->body, '\n');
	}
	if (r->notes == NULL && !dialect_is_for_people(d))
		buf_add(&response->body, buf_text(body), body->len);
	else
		page_add_shown(r, buf_text(body), &response->body);
	response->is_shared = !r->used_client && r->notes == NULL &&
			      !dialect_is_for_people(d);
	response->varies = r->page->asks_user_agent &&
			   query_get(r->query, "dialect") == NULL;
}

/* The query is understood: find out the rest, and answer. */
static int answer_parsed(struct request *r, const struct http_request *http,
			 struct http_response *response, struct error *err)
{
	struct network address;
	struct buf notes = BUF_INIT;
	struct buf body = BUF_INIT;
	int status;

	if (query_get(r->query, "explain") != NULL) {
		r->notes = &notes;
		r->noted = json_object();
	}
	r->cookie = http->cookie;
	r->is_head = http->method != NULL && strcmp(http->method, "HEAD") == 0;
	r->is_for_client = http->is_remote;
	if (http->client != NULL &&
	    network_parse_address(http->client, &address) == 0)
		r->client = &address;
	status = answer_request(http, r, &body, err);
	if (status == 200)
		set_answer(r, &body, response);
	describe(r, &response->log);
	json_decref(r->noted);
	buf_free(&notes);
	buf_free(&body);
	return status;
}

static int answer_query(const struct page *page, const struct site *site,
			const struct http_request *http,
			struct http_response *response, struct error *err)
{
	struct query *query =
		query_parse(http->query != NULL ? http->query : "", err);
	struct request r = {
		.page = page,
		.site = site,
		.catalog = site_catalog(site),
		.query = query,
		.machine = { MACHINE_UNKNOWN, MACHINE_UNKNOWN },
	};
	int status = 400;

	if (query != NULL && query_check_names(query, page->params, err) == 0)
		status = answer_parsed(&r, http, response, err);
	query_free(query);
	return status;
}

static void set_no_page(const struct site *site, struct error *err)
{
	struct buf known = BUF_INIT;

	for (const char *const *name = site_pages(site); *name != NULL; name++)
		buf_printf(&known, "%s%s", known.len > 0 ? ", " : "", *name);
	error_set(err, NULL, 0, "there is no such page; the pages are %s",
		  buf_text(&known));
	buf_free(&known);
}

static int check_request(const struct page *page, const struct site *site,
			 const struct http_request *http, struct error *err)
{
	if (http->method != NULL && strcmp(http->method, "GET") != 0 &&
	    strcmp(http->method, "HEAD") != 0) {
		error_set(err, NULL, 0, "only GET and HEAD are answered here");
		return 405;
	}
	if (page == NULL) {
		set_no_page(site, err);
		return 404;
	}
	return 200;
}

/* The dialect that the client wants, whatever else is wrong with its query;
 * NULL: any. */
static const struct dialect *wanted_dialect(const struct page *page,
					    const struct http_request *http)
{
	const char *s = http->query != NULL ? http->query : "";

	for (; *s != '\0'; s += strcspn(s, "&"), s += *s == '&')
		for (size_t i = 0; dialects[i] != NULL; i++) {
			const char *name = dialects[i]->name;
			size_t len = strlen(name);

			if (strncmp(s, "dialect=", 8) == 0 &&
			    strncmp(s + 8, name, len) == 0 &&
			    (s[8 + len] == '&' || s[8 + len] == '\0'))
				return dialects[i];
		}
	return asked_dialect(page, http);
}

/* A failure becomes a line that says why. */
static void set_failure(const struct page *page,
			const struct http_request *http, const char *reason,
			struct http_response *response)
{
	const struct dialect *d = wanted_dialect(page, http);

	buf_truncate(&response->body, 0);
	buf_puts(&response->reason, reason);
	if (d != NULL && d->add_error != NULL)
		d->add_error(&response->body, reason);
	else
		buf_printf(&response->body, "%s\n", reason);
}

/* Make the answer final. */
static void finish(const struct page *page, const struct http_request *http,
		   int status, const struct error *err,
		   struct http_response *response)
{
	const char *name = page != NULL ? page->name : "-";

	response->status = status;
	if (status != 200)
		set_failure(page, http, err->text, response);
	if (status == 500)
		fprintf(stderr, "%s: %s\n", name, err->text);
	if (response->log.len == 0)
		buf_printf(&response->log,
			   "page=%s dialect=- distro=- version=- arch=-", name);
	http_finish(response);
}

/* The cached answer, while nothing has changed that had a say in it. */
static const struct http_response *find_cached(const struct site *site,
					       const struct cache_key *key)
{
	const struct cache *cache = site_cache(site);
	const struct http_response *cached = NULL;

	if (cache != NULL)
		cached = cache_find(cache, key);
	if (cached != NULL && site_is_changed(site, cached->dialect))
		return NULL;
	return cached;
}

/*
 * An answer that depends on nothing but the query, and on the dialect that the
 * User-Agent stands for, is cached.  A query with a percent sign is not: no
 * loader encodes our queries, and one page would be cached under many names.
 */
const struct http_response *page_answer(const struct page *page,
					struct site *site,
					const struct http_request *http,
					struct http_response *own)
{
	const char *query = http->query != NULL ? http->query : "";
	struct cache_key key = { .page = page, .query = query };
	const struct http_response *cached = NULL;
	struct error err = ERROR_INIT;
	int status;

	if (page != NULL && page->respond != NULL) {
		page->respond(site, http, own);
		return own;
	}
	status = check_request(page, site, http, &err);
	if (status == 200) {
		key.agent = asked_dialect(page, http);
		cached = find_cached(site, &key);
	}
	if (cached != NULL)
		return cached;
	if (status == 200 && site_refresh(site, &err) < 0)
		status = 500;
	if (status == 200) /* a refused edit does not empty the cache */
		cached = cache_find(site_cache(site), &key);
	if (cached != NULL)
		return cached;
	if (status == 200)
		status = answer_query(page, site, http, own, &err);
	finish(page, http, status, &err, own);
	if (own->is_shared && strchr(query, '%') == NULL)
		cached = cache_add(site_cache(site), &key, own);
	if (cached == NULL)
		return own;
	mem_trim(); /* filling it took more memory than it needs */
	return cached;
}

struct request page_request(const struct site *site, const struct link *link)
{
	struct request r = {
		.page = link->page,
		.site = site,
		.catalog = site_catalog(site),
		.dialect = link->dialect,
		.is_view = link->dialect->is_view,
		.machine = { MACHINE_UNKNOWN, MACHINE_UNKNOWN },
	};

	if (link->machine != NULL)
		r.machine = *link->machine;
	if (link->dialect->is_bios_only)
		r.machine.platform = PLATFORM_BIOS;
	return r;
}

/* For each kind of machine that the dialect's client can be. */
static void each_machine(const struct page_visitor *v, struct link *link,
			 const struct menu *menu)
{
	for (int platform = MACHINE_UNKNOWN; platform < PLATFORM_COUNT;
	     platform++) {
		if (platform == PLATFORM_EFI && link->dialect->is_bios_only)
			continue;
		for (int arch = MACHINE_UNKNOWN; arch < ARCH_COUNT; arch++) {
			const struct machine machine = { platform, arch };

			link->machine = &machine;
			v->visit(v->ctx, link, menu);
		}
	}
}

/* Where page_each() is. */
struct expansion {
	const struct page *page;
	const struct site *site;
	const struct page_visitor *visitor;
	const struct menu *closed; /* the first closed one; NULL: none */
};

/* Whether the answer in that dialect is another one than to the links before:
 * the index says the same whichever menu is named, but for what customers see
 * of closed ones. */
static int is_distinct(const struct expansion *e, const struct link *link,
		       const struct dialect *d, const struct menu *menu)
{
	if (link->path == NULL || e->visitor->wants_all)
		return 1;
	if (e->page->has_index && dialect_is_for_people(d))
		return menu == e->closed && link->path == menu->paths[0];
	return menu_path_is_from_first(link->path);
}

static void each_dialect(void *ctx, const struct link *link,
			 const struct menu *menu)
{
	const struct expansion *e = ctx;
	struct link full = *link;

	full.page = e->page;
	for (size_t i = 0; dialects[i] != NULL; i++) {
		full.dialect = dialects[i];
		full.machine = NULL;
		if (!site_has(e->site, e->page->name, dialects[i]) ||
		    !is_distinct(e, link, dialects[i], menu))
			continue;
		if (is_for_machine(e->page))
			each_machine(e->visitor, &full, menu);
		else
			e->visitor->visit(e->visitor->ctx, &full, menu);
	}
}

static const struct menu *first_closed(const struct catalog *c)
{
	size_t count;
	const struct menu *menus = catalog_menus(c, &count);

	for (size_t i = 0; i < count; i++)
		if (menus[i].is_closed)
			return &menus[i];
	return NULL;
}

void page_each(const struct page *page, const struct site *site,
	       const struct page_visitor *v)
{
	struct expansion e = { page, site, v,
			       first_closed(site_catalog(site)) };
	const struct page_visitor inner = { .visit = each_dialect, .ctx = &e };

	page->each(site_catalog(site), &inner);
}

const char page_problem_host[] = "host";
const char page_problem_release[] = "release";

const char *page_main_menu(const struct request *r)
{
	return site_has_rules(r->site) ? catalog_menu(r->catalog, NULL)->id
				       : NULL;
}

struct loader page_loader(const struct request *r, int platform)
{
	return (struct loader){
		.dialect = r->dialect,
		.machine = { platform, r->machine.arch },
		.modules = catalog_settings(r->catalog)->modules,
		.shim = r->shim,
	};
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
	if (json_object_get(r->noted, line) != NULL)
		return;
	json_object_set_new(r->noted, line, json_true());
	buf_printf(r->notes, "%s\n", line);
}

json_t *page_file(const struct request *r, const char *url)
{
	struct buf name = BUF_INIT;
	json_t *json;

	if (r->dialect->add_file == NULL)
		return json_string(url);
	r->dialect->add_file(&name, url);
	json = json_string(buf_text(&name));
	buf_free(&name);
	return json;
}

/* Add what is given and the page takes. */
static void add_param(struct buf *url, const struct page *page,
		      const char *name, const char *value)
{
	if (value != NULL && takes(page, name))
		uri_add_param(url, name, value);
}

void page_add_url(const struct catalog *c, const struct link *link,
		  struct buf *url)
{
	const struct settings *settings = catalog_settings(c);
	const struct release *release = link->release;
	const struct machine *machine = link->machine;
	const struct page *page = link->page;
	const char *arch = NULL;
	const char *platform = NULL;

	if (release != NULL)
		arch = machine_arch_name((int)release->arch);
	else if (machine != NULL && machine->arch != MACHINE_UNKNOWN)
		arch = machine_arch_name(machine->arch);
	if (machine != NULL && machine->platform != MACHINE_UNKNOWN)
		platform = machine_platform_name(machine->platform);
	buf_printf(url, "%s%s%s", settings->base, page->name, settings->suffix);
	add_param(url, page, "arch", arch);
	add_param(url, page, "customer", link->customer);
	add_param(url, page, "dialect",
		  link->dialect ? link->dialect->name : NULL);
	add_param(url, page, "distro", release ? release->distro : NULL);
	add_param(url, page, "explain", link->explained ? "1" : NULL);
	add_param(url, page, "from", link->path ? link->path->from : NULL);
	add_param(url, page, "menu", link->menu);
	add_param(url, page, "name", link->name);
	add_param(url, page, "platform", platform);
	add_param(url, page, "problem", link->problem);
	add_param(url, page, "shim", link->shim);
	add_param(url, page, "variant", release ? release->variant : NULL);
	add_param(url, page, "version", release ? release->version : NULL);
	add_param(url, page, "view", link->view ? link->view->name : NULL);
}

/* The dialect in which the client reads the page. */
static const struct dialect *dialect_for(const struct dialect *d,
					 const struct page *page)
{
	const struct dialect *other = page->is_menu ? d->menus : d->scripts;

	return other != NULL ? other : d;
}

/* Append the URL of the link, as page_url() has it, unless url is NULL. */
static enum link_target add_link(const struct request *r,
				 const struct link *link, struct buf *url)
{
	enum link_target target = LINK_PAGE;
	struct machine machine = r->machine;
	struct link full = *link;

	if (query_get(r->query, "platform") == NULL)
		machine.platform = MACHINE_UNKNOWN;
	if (full.machine == NULL)
		full.machine = &machine;
	if (full.dialect == NULL)
		full.dialect = dialect_for(r->dialect, full.page);
	if (r->shim != NULL)
		full.shim = r->shim->name;
	if (r->links != NULL)
		target = r->links->add(r->links->ctx, r, &full, url);
	if (target != LINK_PAGE || url == NULL)
		return target;
	if (!full.names_dialect &&
	    full.dialect == dialect_find(full.page->default_dialect))
		full.dialect = NULL;
	page_add_url(r->catalog, &full, url);
	return target;
}

enum link_target page_target(const struct request *r, const struct link *link)
{
	return r->links != NULL ? add_link(r, link, NULL) : LINK_PAGE;
}

json_t *page_url(const struct request *r, const struct link *link)
{
	struct buf url = BUF_INIT;
	enum link_target target = add_link(r, link, &url);
	json_t *json = NULL;

	if (target == LINK_FILE && r->dialect->resolves_urls)
		json = json_string(url.data);
	else if (target != LINK_NONE)
		json = page_file(r, url.data);
	buf_free(&url);
	return json;
}

/* Whether the answer depends on who asks: whether it shows the menu, the way
 * back, and whether menus below it have anything to offer. */
static int is_near_closed(const struct request *r, const struct menu *menu,
			  const char *from)
{
	const struct menu_path *path = from != NULL ? r->path : menu->paths[0];

	return menu->is_closed || menu->is_above_closed ||
	       menu_path_is_closed(path);
}

int page_check_menu(struct request *r, const struct menu *menu,
		    struct error *err)
{
	const char *from = query_get(r->query, "from");

	if (!catalog_may_see(r->catalog, menu, r->client)) {
		error_set(err, NULL, 0,
			  "this menu is shown to its customer's networks only, "
			  "and this address is in none of them");
		return 403;
	}
	r->path = catalog_path(r->catalog, menu, from, r->client);
	if (from != NULL && r->path == NULL) {
		error_set(err, NULL, 0,
			  "from names no menu that opens this one: leave it "
			  "out");
		return 404;
	}
	r->used_client |= is_near_closed(r, menu, from);
	return 200;
}

int page_set_unknown(const struct request *r, const char *what,
		     struct error *err)
{
	error_set(err, NULL, 0,
		  "%s is not in the catalogue: see boot%s with dialect=html",
		  what, catalog_settings(r->catalog)->suffix);
	return 404;
}

int page_find_menu(struct request *r, const char *name,
		   const struct menu **menu, struct error *err)
{
	*menu = catalog_menu(r->catalog, name);
	if (*menu == NULL)
		return page_set_unknown(r, "that menu", err);
	return page_check_menu(r, *menu, err);
}

const struct menu *page_opener(const struct request *r, const struct menu *menu)
{
	for (size_t i = 0; i < menu->path_count; i++) {
		const struct menu_path *up = menu->paths[i]->up;

		if (up != NULL &&
		    catalog_may_see(r->catalog, up->menu, r->client))
			return up->menu;
	}
	return NULL;
}
