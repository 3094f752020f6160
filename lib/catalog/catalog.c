#include "catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "overlay.h"
#include "reader.h"
#include "uri.h"

#define MIRROR_URLS_MAX 64

const char *const catalog_sections[] = {
	"site", "mirrors", "distros", "menus", "customers", NULL,
};
static const char *const site_keys[] = {
	"base",     "suffix",  "title", "background", "timeout", "vesamenu",
	"syslinux", "modules", "menu",  "customer",   NULL,
};
static const char *const customer_keys[] = { "menu", "networks", NULL };

struct catalog {
	struct mem_pool pool;
	struct settings settings;
	const char **files;
	struct releases releases;
	struct menus menus;
	const struct menu *main_menu;
	struct customer *customers;
	size_t customer_count;
	const struct customer *default_customer; /* NULL: none */
};

/*
 * A catalogue being read.  The reading goes on after a failure, so that
 * whoever asked for all of them gets them; 0 and -1 are joined by |=.  What
 * follows from a failure alone is not said.
 */
struct loading {
	struct catalog *c;
	struct reader r;
	struct overlay files;
	json_t *networks; /* whose each is: {"192.0.2.0/24": "customer"} */
};

static json_t *section(const struct loading *l, const char *name)
{
	return json_object_get(l->files.sections, name);
}

/* To the object of a site's setting, the file of which is the key's own. */
static json_t *enter_site(struct loading *l, const char *key)
{
	reader_enter_id(&l->r, "site", key);
	reader_leave(&l->r, strlen("/site"));
	return section(l, "site");
}

static int site_text(struct loading *l, const char *key, enum form form,
		     const char **out)
{
	return reader_text(&l->r, enter_site(l, key), key, form, out);
}

static int check_suffix(const char *s)
{
	if (*s == '\0')
		return 0;
	if (*s++ != '.' || *s == '\0')
		return -1;
	for (; *s != '\0'; s++)
		if (*s < 'a' || *s > 'z')
			return -1;
	return 0;
}

/* A loader's file or directory: a URL, or a path below the site's base; the
 * value of key, in which firmware is filled in. */
static int site_file(struct loading *l, const char *key, const char *firmware,
		     enum form form, const char **out)
{
	const char *path = NULL;
	struct buf url = BUF_INIT;
	json_t *vars;
	size_t mark;
	int rc = -1;

	if (reader_string(&l->r, enter_site(l, key), key, &path) < 0)
		return -1;
	if (path == NULL)
		return 0;
	mark = reader_enter(&l->r, key);
	vars = json_pack("{s:s}", "firmware", firmware);
	path = reader_fill(&l->r, path, vars);
	if (path != NULL && path[0] == '\0') {
		reader_fail(&l->r, "must be a URL or a path below the base");
	} else if (path != NULL) {
		if (strchr(path, ':') == NULL)
			buf_puts(&url, l->c->settings.base);
		buf_puts(&url, path);
		*out = mem_pool_copy(&l->c->pool, buf_text(&url));
		rc = reader_check(&l->r, *out, form);
	}
	json_decref(vars);
	reader_leave(&l->r, mark);
	buf_free(&url);
	return rc;
}

/* The document of 2009 names a file that vesamenu.c32 finds beside itself. */
static int read_background(struct loading *l)
{
	const char **background = &l->c->settings.background;
	const char *value = json_string_value(
		json_object_get(section(l, "site"), "background"));

	if (value == NULL || strchr(value, '/') == NULL)
		return site_text(l, "background", FORM_WORD, background);
	return site_file(l, "background", "bios", FORM_URL, background);
}

static int read_loaders(struct loading *l)
{
	struct settings *s = &l->c->settings;
	struct buf url = BUF_INIT;
	int rc;

	buf_printf(&url, "%ssyslinux/3.86/vesamenu.c32", s->base);
	s->vesamenu = mem_pool_copy(&l->c->pool, url.data);
	buf_free(&url);
	rc = site_file(l, "vesamenu", "bios", FORM_URL, &s->vesamenu);
	if (site_file(l, "syslinux", "bios", FORM_DIRECTORY,
		      &s->syslinux[PLATFORM_BIOS]) < 0 ||
	    site_file(l, "syslinux", "efi64", FORM_DIRECTORY,
		      &s->syslinux[PLATFORM_EFI]) < 0)
		rc = -1;
	else if (s->syslinux[PLATFORM_EFI] != NULL &&
		 strlen(s->syslinux[PLATFORM_EFI]) + strlen("vesamenu.c32") >
			 URI_MAX)
		rc = reader_fail_key(&l->r, "syslinux",
				     "is too long for the files in it");
	return rc | site_text(l, "modules", FORM_WORD, &s->modules);
}

/* is_misspelt: it may be there under a name that is wrong. */
static int read_base(struct loading *l, const char *base, int is_misspelt)
{
	struct settings *s = &l->c->settings;

	if (base != NULL) {
		s->base = mem_pool_copy(&l->c->pool, base);
		l->r.file = "MIRRORBOOT_BASE";
		reader_leave(&l->r, 0);
		return reader_check(&l->r, base, FORM_DIRECTORY);
	}
	if (site_text(l, "base", FORM_DIRECTORY, &s->base) < 0)
		return -1;
	if (s->base == NULL && is_misspelt)
		return -1;
	if (s->base == NULL)
		return reader_fail(&l->r, "needs a base, the URL of the "
					  "directory of the pages");
	return 0;
}

static int check_site_keys(struct loading *l)
{
	const char *key;
	json_t *value;
	int rc = 0;

	json_object_foreach(section(l, "site"), key, value) {
		json_t *one = json_pack("{s:O}", key, value);

		enter_site(l, key);
		rc |= reader_check_object(&l->r, one, site_keys);
		json_decref(one);
	}
	return rc;
}

static int read_suffix(struct loading *l)
{
	const char **suffix = &l->c->settings.suffix;

	*suffix = "";
	if (reader_string(&l->r, enter_site(l, "suffix"), "suffix", suffix) < 0)
		return -1;
	if (check_suffix(*suffix) < 0)
		return reader_fail_key(&l->r, "suffix",
				       "must be like '.php' or '.cgi', or ''");
	if (strcmp(*suffix, ".com") == 0 || strcmp(*suffix, ".cbt") == 0)
		return reader_fail_key(&l->r, "suffix",
				       "must not be '%s', a name of native "
				       "code",
				       *suffix);
	*suffix = mem_pool_copy(&l->c->pool, *suffix);
	return 0;
}

static int read_site(struct loading *l, const char *base)
{
	struct settings *s = &l->c->settings;
	int rc = check_site_keys(l);

	s->title = "Network boot";
	rc |= read_base(l, base, rc < 0);
	/* What is made of it must not fail as well. */
	if (rc < 0)
		s->base = "http://base.invalid/";
	rc |= read_suffix(l);
	rc |= site_text(l, "title", FORM_TEXT, &s->title);
	rc |= read_background(l);
	rc |= read_loaders(l);
	return rc | reader_number(&l->r, enter_site(l, "timeout"), "timeout",
				  MENU_TIMEOUT_MAX, &s->timeout);
}

static int read_mirror(struct loading *l, const char *id, const json_t *urls,
		       struct mirror *mirror)
{
	size_t count = json_array_size(urls);
	int rc = reader_check_id(&l->r, id);

	mirror->id = mem_pool_copy(&l->c->pool, id);
	if (count == 0 || count > MIRROR_URLS_MAX)
		return reader_fail(&l->r, "must be an array of 1 to %d URLs",
				   MIRROR_URLS_MAX);
	mirror->urls =
		mem_pool_alloc(&l->c->pool, count * sizeof(*mirror->urls));
	for (size_t i = 0; i < count; i++) {
		const char *url = json_string_value(json_array_get(urls, i));
		size_t mark = reader_enter_index(&l->r, i);
		int one = url != NULL
				  ? reader_check(&l->r, url, FORM_DIRECTORY)
				  : reader_fail(&l->r,
						"must be a string, in quotes");

		reader_leave(&l->r, mark);
		rc |= one;
		if (one == 0)
			mirror->urls[mirror->count++] =
				mem_pool_copy(&l->c->pool, url);
	}
	return rc;
}

static int read_mirrors(struct loading *l)
{
	json_t *all = section(l, "mirrors");
	struct releases *releases = &l->c->releases;
	struct mirror *mirrors;
	const char *id;
	json_t *value;
	int rc = 0;

	mirrors = mem_pool_alloc(&l->c->pool,
				 json_object_size(all) * sizeof(*mirrors));
	releases->mirrors = mirrors;
	json_object_foreach(all, id, value) {
		reader_enter_id(&l->r, "mirrors", id);
		rc |= read_mirror(l, id, value,
				  &mirrors[releases->mirror_count++]);
	}
	return rc;
}

/* The URL of the page that boots the release must be one that loaders take,
 * in the dialect that makes it longest. */
static int check_page_url(struct loading *l, const struct release *release)
{
	struct buf url = BUF_INIT;
	size_t len;

	catalog_add_url(l->c, "fromthemirror", &url);
	uri_add_param(&url, "arch", machine_arch_name((int)release->arch));
	uri_add_param(&url, "dialect", "syslinux");
	uri_add_param(&url, "distro", release->distro);
	if (release->variant != NULL)
		uri_add_param(&url, "variant", release->variant);
	uri_add_param(&url, "version", release->version);
	len = url.len;
	buf_free(&url);
	if (len <= URI_MAX)
		return 0;
	reader_enter_id(&l->r, "distros", release->distro);
	return reader_fail(&l->r,
			   "version %s: the URL of its page is %zu "
			   "bytes long, at most %d: shorten its ids or base",
			   release->version, len, URI_MAX);
}

static int read_distros(struct loading *l)
{
	struct releases *releases = &l->c->releases;
	const char *last = "";
	const char *id;
	json_t *value;
	int rc = 0;

	releases->base = l->c->settings.base;
	json_object_foreach(section(l, "distros"), id, value) {
		reader_enter_id(&l->r, "distros", id);
		rc |= release_read_distro(&l->r, id, value, releases);
	}
	for (size_t i = 0; i < releases->count; i++) {
		const struct release *release = releases->list[i];

		/* Once a distro: what is too long for one is so for more. */
		if (strcmp(release->distro, last) == 0 ||
		    check_page_url(l, release) == 0)
			continue;
		last = release->distro;
		rc = -1;
	}
	release_sort(releases);
	return rc;
}

/* The URL that opens the menu, at its longest, must be one that loaders
 * take. */
static int check_menu_url(struct loading *l, const struct menu *menu)
{
	struct buf url = BUF_INIT;
	size_t len;

	catalog_add_url(l->c, "customermenu", &url);
	uri_add_param(&url, "arch", "amd64");
	uri_add_param(&url, "dialect", "syslinux");
	uri_add_param(&url, "name", menu->id);
	uri_add_param(&url, "platform", "bios");
	len = url.len;
	buf_free(&url);
	if (len <= URI_MAX)
		return 0;
	reader_enter_id(&l->r, "menus", menu->id);
	return reader_fail(&l->r,
			   "the URL of its page is %zu bytes "
			   "long, at most %d: shorten its id or the "
			   "base",
			   len, URI_MAX);
}

static int read_main_menu(struct loading *l)
{
	const char *id = l->c->menus.main_id;
	const struct menu *menu = menu_find(&l->c->menus, id);

	enter_site(l, "menu");
	if (menu == NULL)
		reader_offer_keys(&l->r, id, section(l, "menus"));
	if (menu == NULL)
		return reader_fail_key(&l->r, "menu", "there is no menu '%s'",
				       id);
	l->c->main_menu = menu;
	return 0;
}

static int read_menus(struct loading *l)
{
	const struct menu defaults = {
		.title = l->c->settings.title,
		.timeout = l->c->settings.timeout,
	};
	struct menus *menus = &l->c->menus;
	int rc;

	menus->main_id = "main";
	rc = reader_string(&l->r, enter_site(l, "menu"), "menu",
			   &menus->main_id);
	menus->main_id = mem_pool_copy(&l->c->pool, menus->main_id);
	rc |= menu_read_all(&l->r, section(l, "menus"), &l->c->releases,
			    &defaults, menus);
	for (size_t i = 0; i < menus->count; i++)
		rc |= check_menu_url(l, &menus->list[i]);
	return rc | read_main_menu(l);
}

/* The same network may be one customer's only. */
static int claim_network(struct loading *l, const struct customer *customer,
			 const struct network *n)
{
	char key[NETWORK_TEXT_SIZE + 8];
	const json_t *other;

	network_print_address(n, key);
	snprintf(key + strlen(key), 8, "/%u", n->bits);
	other = json_object_get(l->networks, key);
	if (other != NULL)
		return reader_fail(&l->r, "customer '%s' has the same network",
				   json_string_value(other));
	json_object_set_new(l->networks, key, json_string(customer->id));
	return 0;
}

static int read_network(struct loading *l, const char *text,
			struct customer *customer, struct network *n)
{
	const char *reason;

	if (text == NULL)
		return reader_fail(&l->r, "must be a string, in quotes");
	reason = network_parse(text, n);
	if (reason != NULL)
		return reader_fail(&l->r, "%s", reason);
	if (claim_network(l, customer, n) < 0)
		return -1;
	customer->network_count++;
	return 0;
}

static int read_networks(struct loading *l, const json_t *networks,
			 struct customer *customer)
{
	size_t count = json_array_size(networks);
	size_t mark = reader_enter(&l->r, "networks");
	struct network *list;
	int rc = 0;

	if (networks != NULL && count == 0)
		rc = reader_fail(&l->r, "must be an array of one network or "
					"more, or left out");
	list = mem_pool_alloc(&l->c->pool, count * sizeof(*list));
	customer->networks = list;
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_array_get(networks, i);
		size_t inner = reader_enter_index(&l->r, i);

		rc |= read_network(l, json_string_value(value), customer,
				   &list[customer->network_count]);
		reader_leave(&l->r, inner);
	}
	reader_leave(&l->r, mark);
	return rc;
}

static int find_menu_of(struct loading *l, struct customer *customer,
			const char *id)
{
	customer->menu = menu_find(&l->c->menus, id);
	if (customer->menu != NULL)
		return 0;
	reader_offer_keys(&l->r, id, section(l, "menus"));
	return reader_fail_key(&l->r, "menu", "there is no menu '%s'", id);
}

static int read_customer(struct loading *l, const char *id,
			 const json_t *object, struct customer *customer)
{
	const char *menu = NULL;
	int rc = reader_check_id(&l->r, id);

	customer->id = mem_pool_copy(&l->c->pool, id);
	rc |= reader_check_object(&l->r, object, customer_keys);
	rc |= reader_string(&l->r, object, "menu", &menu);
	if (menu == NULL && rc == 0)
		rc = reader_fail(&l->r, "needs a menu");
	else if (menu != NULL)
		rc |= find_menu_of(l, customer, menu);
	return rc |
	       read_networks(l, json_object_get(object, "networks"), customer);
}

static int read_default_customer(struct loading *l)
{
	const char *id = NULL;

	if (reader_string(&l->r, enter_site(l, "customer"), "customer", &id) <
	    0)
		return -1;
	if (id == NULL)
		return 0;
	l->c->default_customer = catalog_customer(l->c, id);
	if (l->c->default_customer == NULL)
		reader_offer_keys(&l->r, id, section(l, "customers"));
	if (l->c->default_customer == NULL)
		return reader_fail_key(&l->r, "customer",
				       "there is no customer '%s'", id);
	if (l->c->default_customer->network_count > 0)
		return reader_fail_key(&l->r, "customer",
				       "customer '%s' has networks, but the "
				       "default is for all others",
				       id);
	return 0;
}

static int read_customers(struct loading *l)
{
	json_t *all = section(l, "customers");
	struct catalog *c = l->c;
	const char *id;
	json_t *value;
	int rc = 0;

	c->customers = mem_pool_alloc(&c->pool, json_object_size(all) *
							sizeof(*c->customers));
	json_object_foreach(all, id, value) {
		reader_enter_id(&l->r, "customers", id);
		rc |= read_customer(l, id, value,
				    &c->customers[c->customer_count++]);
	}
	return rc | read_default_customer(l);
}

/* A menu is closed when a customer with networks shows it, and neither the
 * main menu nor a customer without networks does. */
static void close_menus(struct catalog *c)
{
	for (size_t i = 0; i < c->menus.count; i++) {
		struct menu *menu = &c->menus.list[i];
		int is_open = menu_is_below(menu, c->main_menu);

		for (size_t j = 0; j < c->customer_count; j++) {
			const struct customer *customer = &c->customers[j];

			if (!menu_is_below(menu, customer->menu))
				continue;
			if (customer->network_count > 0)
				menu->is_closed = 1;
			else
				is_open = 1;
		}
		if (is_open)
			menu->is_closed = 0;
	}
}

static void copy_files(struct loading *l)
{
	size_t count = json_array_size(l->files.files);
	const char **files =
		mem_pool_alloc(&l->c->pool, (count + 1) * sizeof(*files));

	for (size_t i = 0; i < count; i++)
		files[i] = mem_pool_copy(
			&l->c->pool,
			json_string_value(json_array_get(l->files.files, i)));
	l->c->files = files;
}

struct catalog *catalog_load(const char *path, const char *base,
			     struct stamps *stamps, struct error *err)
{
	struct catalog *c = mem_alloc(sizeof(*c));
	struct loading l = { .c = c };
	int rc = -1;

	l.r = (struct reader){
		.files = &l.files,
		.pool = &c->pool,
		.err = err,
	};
	if (overlay_read(&l.files, path, catalog_sections, stamps, err) < 0)
		goto out;
	copy_files(&l);
	c->releases.refused = json_object();
	l.networks = json_object();
	rc = read_site(&l, base);
	rc |= read_mirrors(&l);
	rc |= read_distros(&l);
	rc |= read_menus(&l);
	rc |= read_customers(&l);
	if (rc == 0)
		close_menus(c);
	json_decref(l.networks);
	json_decref(c->releases.refused);
	c->releases.refused = NULL;
	reader_end(&l.r);
	overlay_free(&l.files);
out:
	if (rc == 0)
		return c;
	catalog_free(c);
	return NULL;
}

void catalog_free(struct catalog *c)
{
	if (c == NULL)
		return;
	free(c->releases.list);
	free(c->releases.by_key);
	mem_pool_free(&c->pool);
	free(c);
}

const char *const *catalog_files(const struct catalog *c)
{
	return c->files;
}

const struct menu *catalog_menus(const struct catalog *c, size_t *count)
{
	*count = c->menus.count;
	return c->menus.list;
}

const struct settings *catalog_settings(const struct catalog *c)
{
	return &c->settings;
}

void catalog_add_url(const struct catalog *c, const char *page, struct buf *out)
{
	buf_puts(out, c->settings.base);
	buf_puts(out, page);
	buf_puts(out, c->settings.suffix);
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

const struct menu *catalog_menu(const struct catalog *c, const char *name)
{
	return name != NULL ? menu_find(&c->menus, name) : c->main_menu;
}

const struct customer *catalog_customers(const struct catalog *c, size_t *count)
{
	*count = c->customer_count;
	return c->customers;
}

const struct customer *catalog_customer(const struct catalog *c,
					const char *name)
{
	for (size_t i = 0; i < c->customer_count; i++)
		if (strcmp(c->customers[i].id, name) == 0)
			return &c->customers[i];
	return NULL;
}

const struct customer *catalog_customer_at(const struct catalog *c,
					   const struct network *address)
{
	const struct customer *best = c->default_customer;
	int best_bits = -1;

	for (size_t i = 0; address != NULL && i < c->customer_count; i++) {
		const struct customer *customer = &c->customers[i];

		for (size_t j = 0; j < customer->network_count; j++) {
			const struct network *n = &customer->networks[j];

			if ((int)n->bits > best_bits &&
			    network_has(n, address)) {
				best = customer;
				best_bits = (int)n->bits;
			}
		}
	}
	return best;
}

int catalog_may_see(const struct catalog *c, const struct menu *menu,
		    const struct network *address)
{
	const struct customer *customer;

	if (!menu->is_closed)
		return 1;
	customer = catalog_customer_at(c, address);
	return customer != NULL && customer->network_count > 0 &&
	       menu_is_below(menu, customer->menu);
}
