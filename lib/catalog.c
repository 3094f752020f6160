#include "catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "overlay.h"
#include "reader.h"
#include "uri.h"

/* Bounds, so that a broken generator of catalogues ends in a message. */
#define MIRROR_URLS_MAX 64
#define ENTRIES_MAX 100000
#define TIMEOUT_MAX 3599 /* PXELINUX stops short of one hour */

static const char *const section_names[] = {
	"site", "mirrors", "distros", "menus", "customers", NULL,
};
static const char *const site_keys[] = {
	"base", "suffix", "title", "background", "timeout", "vesamenu",
	"syslinux", "modules", "menu", "customer", NULL,
};
static const char *const menu_keys[] = {
	"title", "timeout", "default", "entries", NULL,
};
static const char *const entry_keys[] = {
	"id",	   "hotkey", "title",	"heading", "distro", "version",
	"arch",	   "variant", "menu",	"customermenu", "local", NULL,
};
static const char *const customer_keys[] = { "menu", "networks", NULL };

/* Ids of entries that the menus' own texts use as labels. */
static const char *const reserved_entries[] = {
	"back", "cancel", "exit", "failed", "menu", "shell", NULL,
};

struct catalog {
	struct mem_pool pool;
	struct settings settings;
	struct releases releases;
	const struct release **by_key; /* releases, sorted by compare_keys() */
	struct menu *menus;            /* sorted by id */
	size_t menu_count;
	size_t entry_count;
	const struct menu *main_menu;
	struct customer *customers;
	size_t customer_count;
	const struct customer *default_customer; /* NULL: none */
};

/* A catalogue being read. */
struct loading {
	struct catalog *c;
	struct reader r;
	struct overlay files;
};

static int compare_names(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int compare_keys(const struct release *a, const struct release *b)
{
	int order = strcmp(a->distro, b->distro);

	if (order == 0)
		order = strcmp(a->version, b->version);
	if (order == 0)
		order = (int)a->arch - (int)b->arch;
	if (order == 0)
		order = compare_names(a->variant, b->variant);
	return order;
}

static int compare_releases(const void *a, const void *b)
{
	return compare_keys(*(const struct release *const *)a,
			    *(const struct release *const *)b);
}

static int compare_menus(const void *a, const void *b)
{
	return strcmp(((const struct menu *)a)->id,
		      ((const struct menu *)b)->id);
}

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

/* A loader's file: a URL, or a path below the site's base. */
static int site_file(struct loading *l, const char *key, const char **out)
{
	const char *path = NULL;
	struct buf url = BUF_INIT;
	size_t mark;
	int rc;

	if (reader_string(&l->r, enter_site(l, key), key, &path) < 0)
		return -1;
	if (path == NULL)
		return 0;
	if (strncmp(path, "http", 4) != 0)
		buf_puts(&url, l->c->settings.base);
	buf_puts(&url, path);
	*out = mem_pool_copy(&l->c->pool, buf_text(&url));
	mark = reader_enter(&l->r, key);
	rc = reader_check(&l->r, *out, FORM_URL);
	reader_leave(&l->r, mark);
	buf_free(&url);
	return rc;
}

static int read_base(struct loading *l, const char *base)
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
	if (s->base == NULL)
		return reader_fail(&l->r, "needs a base, the URL of the "
					  "directory of the pages");
	return 0;
}

static int read_site(struct loading *l, const char *base)
{
	struct settings *s = &l->c->settings;
	const char *key;
	json_t *value;

	json_object_foreach(section(l, "site"), key, value) {
		json_t *one = json_pack("{s:O}", key, value);
		int rc;

		enter_site(l, key);
		rc = reader_check_object(&l->r, one, site_keys);
		json_decref(one);
		if (rc < 0)
			return -1;
	}
	s->suffix = "";
	s->title = "Network boot";
	if (read_base(l, base) < 0 ||
	    reader_string(&l->r, enter_site(l, "suffix"), "suffix",
			  &s->suffix) < 0)
		return -1;
	if (check_suffix(s->suffix) < 0)
		return reader_fail_key(&l->r, "suffix",
				       "must be like '.php' or '.cgi', or ''");
	if (site_text(l, "title", FORM_TEXT, &s->title) < 0 ||
	    site_text(l, "background", FORM_WORD, &s->background) < 0 ||
	    site_file(l, "vesamenu", &s->vesamenu) < 0)
		return -1;
	return reader_number(&l->r, enter_site(l, "timeout"), "timeout",
			     TIMEOUT_MAX, &s->timeout);
}

static int read_mirror(struct loading *l, const char *id, const json_t *urls,
		       struct mirror *mirror)
{
	size_t count = json_array_size(urls);

	if (reader_check_id(&l->r, id) < 0)
		return -1;
	if (count == 0 || count > MIRROR_URLS_MAX)
		return reader_fail(&l->r, "must be an array of 1 to %d URLs",
				   MIRROR_URLS_MAX);
	mirror->id = mem_pool_copy(&l->c->pool, id);
	mirror->count = count;
	mirror->urls = mem_pool_alloc(&l->c->pool,
				      count * sizeof(*mirror->urls));
	for (size_t i = 0; i < count; i++) {
		const char *url = json_string_value(json_array_get(urls, i));
		size_t mark = reader_enter_index(&l->r, i);
		int rc = url != NULL
			? reader_check(&l->r, url, FORM_DIRECTORY)
			: reader_fail(&l->r, "must be a string, in quotes");

		reader_leave(&l->r, mark);
		if (rc < 0)
			return -1;
		mirror->urls[i] = mem_pool_copy(&l->c->pool, url);
	}
	return 0;
}

static int read_mirrors(struct loading *l)
{
	json_t *all = section(l, "mirrors");
	struct releases *releases = &l->c->releases;
	struct mirror *mirrors;
	const char *id;
	json_t *value;

	mirrors = mem_pool_alloc(&l->c->pool,
				 json_object_size(all) * sizeof(*mirrors));
	releases->mirrors = mirrors;
	json_object_foreach(all, id, value) {
		reader_enter_id(&l->r, "mirrors", id);
		if (read_mirror(l, id, value,
				&mirrors[releases->mirror_count++]) < 0)
			return -1;
	}
	return 0;
}

/* The URL of the page that boots the release must be one that loaders take,
 * in the dialect that makes it longest. */
static int check_page_url(struct loading *l, const struct release *release)
{
	struct buf url = BUF_INIT;
	size_t len;

	catalog_add_url(l->c, "fromthemirror", &url);
	uri_add_param(&url, "arch", arch_name((int)release->arch));
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
	return reader_fail(&l->r, "version %s: the URL of its page is %zu "
			   "bytes long, at most %d: shorten its ids or base",
			   release->version, len, URI_MAX);
}

static int read_distros(struct loading *l)
{
	struct releases *releases = &l->c->releases;
	const char *id;
	json_t *value;
	size_t size;

	releases->base = l->c->settings.base;
	json_object_foreach(section(l, "distros"), id, value) {
		reader_enter_id(&l->r, "distros", id);
		if (release_read_distro(&l->r, id, value, releases) < 0)
			return -1;
	}
	for (size_t i = 0; i < releases->count; i++)
		if (check_page_url(l, releases->list[i]) < 0)
			return -1;
	size = releases->count * sizeof(*l->c->by_key);
	l->c->by_key = mem_pool_alloc(&l->c->pool, size);
	if (releases->count > 0) {
		memcpy(l->c->by_key, releases->list, size);
		qsort(l->c->by_key, releases->count, sizeof(*l->c->by_key),
		      compare_releases);
	}
	return 0;
}

static struct menu *find_menu(const struct catalog *c, const char *id)
{
	const struct menu key = { .id = id };

	return bsearch(&key, c->menus, c->menu_count, sizeof(*c->menus),
		       compare_menus);
}

/* A menu's entries while they are read. */
struct listing {
	struct loading *l;
	struct menu *menu;
	struct menu_entry *entries;
	size_t count;
	json_t *ids; /* of the entries so far */
	char hotkeys[64];
	size_t headings;
};

static int check_hotkey(struct listing *list, const char *hotkey)
{
	size_t used = strlen(list->hotkeys);
	char c = hotkey[0];
	char lower = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);

	if (!((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9')) ||
	    hotkey[1] != '\0')
		return reader_fail_key(&list->l->r, "hotkey",
				       "must be one letter or digit");
	if (strchr(list->hotkeys, lower) != NULL)
		return reader_fail_key(&list->l->r, "hotkey",
				       "'%c' is another entry's in this menu",
				       c);
	list->hotkeys[used] = lower;
	list->hotkeys[used + 1] = '\0';
	return 0;
}

static int check_entry_id(struct listing *list, const char *id)
{
	struct reader *r = &list->l->r;

	if (reader_check_id(r, id) < 0)
		return -1;
	for (size_t i = 0; reserved_entries[i] != NULL; i++)
		if (strcmp(id, reserved_entries[i]) == 0)
			return reader_fail(r, "id '%s' is reserved for the "
					      "menu's own", id);
	if (json_object_get(list->ids, id) != NULL)
		return reader_fail(r, "id '%s' is another entry's in this menu",
				   id);
	return 0;
}

/* Add the entry, which the reader is at, with its own id, hotkey and title,
 * or else those given. */
static int add_entry(struct listing *list, const json_t *object,
		     struct menu_entry entry)
{
	struct loading *l = list->l;
	const char *hotkey = "";

	if (l->c->entry_count == ENTRIES_MAX)
		return reader_fail(&l->r, "more than %d entries", ENTRIES_MAX);
	if (reader_string(&l->r, object, "id", &entry.id) < 0 ||
	    reader_text(&l->r, object, "title", FORM_TEXT, &entry.title) < 0 ||
	    reader_string(&l->r, object, "hotkey", &hotkey) < 0 ||
	    check_entry_id(list, entry.id) < 0)
		return -1;
	if (json_object_get(object, "hotkey") != NULL) {
		if (check_hotkey(list, hotkey) < 0)
			return -1;
		entry.hotkey = hotkey[0];
	}
	json_object_set_new(list->ids, entry.id, json_true());
	entry.id = mem_pool_copy(&l->c->pool, entry.id);
	list->entries = mem_grow(list->entries, list->count + 1, sizeof(entry));
	list->entries[list->count++] = entry;
	l->c->entry_count++;
	return 0;
}

static int add_heading(struct listing *list, const json_t *object)
{
	struct menu_entry entry = { .kind = ENTRY_HEADING };
	char id[32];

	if (json_object_size(object) > 1)
		return reader_fail(&list->l->r, "a heading has no other keys");
	snprintf(id, sizeof(id), "heading-%zu", ++list->headings);
	entry.id = id;
	if (reader_text(&list->l->r, object, "heading", FORM_TEXT,
			&entry.title) < 0)
		return -1;
	return add_entry(list, object, entry);
}

/* What an entry asks for of a distro; a key that it leaves out stands for
 * all, but for variant: then it is the release itself. */
struct choice {
	const char *distro;
	const char *version;
	const char *arch;
	const char *variant;
};

enum { MATCH_NOTHING, MATCH_DISTRO, MATCH_VERSION, MATCH_ARCH, MATCH_ALL };

static int match(const struct choice *want, const struct release *release)
{
	if (strcmp(want->distro, release->distro) != 0)
		return MATCH_NOTHING;
	if (want->version != NULL &&
	    strcmp(want->version, release->version) != 0)
		return MATCH_DISTRO;
	if (want->arch != NULL &&
	    strcmp(want->arch, arch_name((int)release->arch)) != 0)
		return MATCH_VERSION;
	if (compare_names(want->variant, release->variant) != 0)
		return MATCH_ARCH;
	return MATCH_ALL;
}

static int fail_choice(struct listing *list, const struct choice *want,
		       int best)
{
	struct reader *r = &list->l->r;

	switch (best) {
	case MATCH_NOTHING:
		return reader_fail_key(r, "distro", "there is no distro '%s'",
				       want->distro);
	case MATCH_DISTRO:
		return reader_fail_key(r, "version",
				       "distro '%s' has no version '%s'",
				       want->distro, want->version);
	case MATCH_VERSION:
		return reader_fail_key(r, "arch",
				       "distro '%s' does not have it for '%s'",
				       want->distro, want->arch);
	default:
		return reader_fail_key(r, "variant",
				       "distro '%s' has no variant '%s'",
				       want->distro, want->variant);
	}
}

static int add_release(struct listing *list, const json_t *object,
		       const struct release *release)
{
	struct menu_entry entry = {
		.kind = ENTRY_RELEASE,
		.title = release->title,
		.release = release,
	};
	struct buf id = BUF_INIT;
	int rc;

	buf_printf(&id, "%s-%s-%s%s%s", release->distro, release->version,
		   arch_name((int)release->arch),
		   release->variant != NULL ? "-" : "",
		   release->variant != NULL ? release->variant : "");
	entry.id = buf_text(&id);
	rc = add_entry(list, object, entry);
	buf_free(&id);
	return rc;
}

/* Every release that the entry stands for. */
static int add_releases(struct listing *list, const json_t *object)
{
	const struct releases *all = &list->l->c->releases;
	struct reader *r = &list->l->r;
	struct choice want = { 0 };
	int best = MATCH_NOTHING;
	size_t before = list->count;

	if (reader_string(r, object, "distro", &want.distro) < 0 ||
	    reader_string(r, object, "version", &want.version) < 0 ||
	    reader_string(r, object, "arch", &want.arch) < 0 ||
	    reader_string(r, object, "variant", &want.variant) < 0)
		return -1;
	for (size_t i = 0; i < all->count; i++) {
		int level = match(&want, all->list[i]);

		best = level > best ? level : best;
		if (level < MATCH_ALL)
			continue;
		if (list->count > before &&
		    (json_object_get(object, "id") != NULL ||
		     json_object_get(object, "title") != NULL ||
		     json_object_get(object, "hotkey") != NULL))
			return reader_fail(r, "id, title and hotkey need an "
					      "entry for one release: name its "
					      "version and arch");
		if (add_release(list, object, all->list[i]) < 0)
			return -1;
	}
	return best == MATCH_ALL ? 0 : fail_choice(list, &want, best);
}

static int add_menu(struct listing *list, const json_t *object)
{
	struct reader *r = &list->l->r;
	struct menu_entry entry = { .kind = ENTRY_MENU };
	struct menu *menu;

	if (reader_string(r, object, "menu", &entry.id) < 0)
		return -1;
	menu = find_menu(list->l->c, entry.id);
	if (menu == NULL)
		return reader_fail_key(r, "menu", "there is no menu '%s'",
				       entry.id);
	if (menu->parent != NULL)
		return reader_fail_key(r, "menu",
				       "menu '%s' is opened by menu '%s' "
				       "already: Back can lead to one only",
				       menu->id, menu->parent->id);
	menu->parent = list->menu;
	entry.menu = menu;
	return add_entry(list, object, entry);
}

static int add_customer(struct listing *list, const json_t *object)
{
	int flag;

	if (reader_flag(&list->l->r, object, "customermenu", &flag) < 0)
		return -1;
	return add_entry(list, object,
			 (struct menu_entry){ .kind = ENTRY_CUSTOMER,
					      .id = "customermenu",
					      .title = "Your own menu" });
}

static int add_local(struct listing *list, const json_t *object)
{
	int flag;

	if (reader_flag(&list->l->r, object, "local", &flag) < 0)
		return -1;
	return add_entry(list, object,
			 (struct menu_entry){ .kind = ENTRY_LOCAL,
					      .id = "local",
					      .title = "Local disk" });
}

/* An entry is what the one key of these that it has makes it. */
static const struct kind {
	const char *key;
	int (*add)(struct listing *list, const json_t *object);
} kinds[] = {
	{ "heading", add_heading },	  { "distro", add_releases },
	{ "menu", add_menu },		  { "customermenu", add_customer },
	{ "local", add_local },		  { NULL, NULL },
};

/* The entry that the reader is at. */
static int read_entry(struct listing *list, const json_t *object)
{
	static const char *const of_distro[] = { "version", "arch", "variant" };
	struct reader *r = &list->l->r;
	const struct kind *kind = NULL;

	if (reader_check_object(r, object, entry_keys) < 0)
		return -1;
	for (const struct kind *k = kinds; k->key != NULL; k++) {
		if (json_object_get(object, k->key) == NULL)
			continue;
		if (kind != NULL)
			return reader_fail(r, "%s and %s exclude each other",
					   kind->key, k->key);
		kind = k;
	}
	if (kind == NULL)
		return reader_fail(r, "needs one of heading, distro, menu, "
				      "customermenu, local");
	for (int i = 0; i < 3; i++)
		if (kind->add != add_releases &&
		    json_object_get(object, of_distro[i]) != NULL)
			return reader_fail_key(r, of_distro[i],
					       "goes with distro only");
	return kind->add(list, object);
}

static int check_default(struct listing *list)
{
	const char *id = list->menu->default_id;

	if (id == NULL)
		return 0;
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->entries[i].id, id) == 0 &&
		    list->entries[i].kind != ENTRY_HEADING)
			return 0;
	return reader_fail_key(&list->l->r, "default",
			       "the menu has no entry '%s'", id);
}

static int read_entries(struct listing *list, const json_t *entries)
{
	struct reader *r = &list->l->r;
	size_t mark = reader_enter(r, "entries");
	size_t i;
	json_t *value;
	int rc = 0;

	if (!json_is_array(entries))
		rc = reader_fail(r, "must be an array, in [ ]");
	json_array_foreach(entries, i, value) {
		size_t inner = reader_enter_index(r, i);

		if (rc == 0)
			rc = read_entry(list, value);
		reader_leave(r, inner);
	}
	if (rc == 0 && list->count == list->headings)
		rc = reader_fail(r, "an empty menu: nothing in it can be "
				    "chosen");
	reader_leave(r, mark);
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
	if (len > URI_MAX)
		return reader_fail(&l->r, "the URL of its page is %zu bytes "
				   "long, at most %d: shorten its id or the "
				   "base", len, URI_MAX);
	return 0;
}

static int read_menu(struct loading *l, struct menu *menu)
{
	const json_t *object = json_object_get(section(l, "menus"), menu->id);
	struct listing list = { .l = l, .menu = menu };
	struct menu_entry *entries;
	int rc = -1;

	reader_enter_id(&l->r, "menus", menu->id);
	menu->title = l->c->settings.title;
	menu->timeout = l->c->settings.timeout;
	list.ids = json_object();
	if (reader_check_id(&l->r, menu->id) < 0 ||
	    check_menu_url(l, menu) < 0 ||
	    reader_check_object(&l->r, object, menu_keys) < 0 ||
	    reader_text(&l->r, object, "title", FORM_TEXT, &menu->title) < 0 ||
	    reader_number(&l->r, object, "timeout", TIMEOUT_MAX,
			  &menu->timeout) < 0 ||
	    reader_string(&l->r, object, "default", &menu->default_id) < 0 ||
	    read_entries(&list, json_object_get(object, "entries")) < 0 ||
	    check_default(&list) < 0)
		goto out;
	entries = mem_pool_alloc(&l->c->pool, list.count * sizeof(*entries));
	memcpy(entries, list.entries, list.count * sizeof(*entries));
	menu->entries = entries;
	menu->count = list.count;
	rc = 0;
out:
	json_decref(list.ids);
	free(list.entries);
	return rc;
}

/* Whether menu is top or lies below it. */
static int is_below(const struct menu *menu, const struct menu *top)
{
	while (menu != NULL && menu != top)
		menu = menu->parent;
	return menu != NULL;
}

/* Every menu has one parent at most; going up must come to an end. */
static int check_tree(struct loading *l)
{
	for (size_t i = 0; i < l->c->menu_count; i++) {
		const struct menu *menu = &l->c->menus[i];
		size_t steps = 0;

		for (const struct menu *up = menu->parent; up != NULL;
		     up = up->parent) {
			if (up != menu && steps++ < l->c->menu_count)
				continue;
			reader_enter_id(&l->r, "menus", menu->id);
			return reader_fail(&l->r, "the menu lies below itself");
		}
	}
	return 0;
}

static int read_main_menu(struct loading *l)
{
	const char *id = "main";
	const struct menu *menu;

	if (reader_string(&l->r, enter_site(l, "menu"), "menu", &id) < 0)
		return -1;
	menu = find_menu(l->c, id);
	if (menu == NULL)
		return reader_fail_key(&l->r, "menu", "there is no menu '%s'",
				       id);
	if (menu->parent != NULL)
		return reader_fail_key(&l->r, "menu",
				       "menu '%s' is opened by menu '%s', but "
				       "the main menu comes first", id,
				       menu->parent->id);
	l->c->main_menu = menu;
	return 0;
}

static int read_menus(struct loading *l)
{
	json_t *all = section(l, "menus");
	struct catalog *c = l->c;
	const char *id;
	json_t *value;

	c->menus = mem_pool_alloc(&c->pool,
				  json_object_size(all) * sizeof(*c->menus));
	json_object_foreach(all, id, value) {
		if (strcmp(id, "local") == 0) {
			reader_enter_id(&l->r, "menus", id);
			return reader_fail(&l->r, "menu id 'local' is reserved "
						  "for the local disk");
		}
		c->menus[c->menu_count++].id = mem_pool_copy(&c->pool, id);
	}
	qsort(c->menus, c->menu_count, sizeof(*c->menus), compare_menus);
	for (size_t i = 0; i < c->menu_count; i++)
		if (read_menu(l, &c->menus[i]) < 0)
			return -1;
	if (check_tree(l) < 0)
		return -1;
	return read_main_menu(l);
}

/* The network of another customer that is the same; NULL if there is none. */
static const struct customer *find_network(const struct catalog *c,
					   const struct network *n)
{
	for (size_t i = 0; i < c->customer_count; i++)
		for (size_t j = 0; j < c->customers[i].network_count; j++)
			if (network_is_equal(&c->customers[i].networks[j], n))
				return &c->customers[i];
	return NULL;
}

static int read_network(struct loading *l, const char *text,
			struct customer *customer, struct network *n)
{
	const struct customer *other;
	const char *reason;

	if (text == NULL)
		return reader_fail(&l->r, "must be a string, in quotes");
	reason = network_parse(text, n);
	if (reason != NULL)
		return reader_fail(&l->r, "%s", reason);
	other = find_network(l->c, n);
	if (other != NULL)
		return reader_fail(&l->r, "customer '%s' has the same network",
				   other->id);
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
	for (size_t i = 0; rc == 0 && i < count; i++) {
		const json_t *value = json_array_get(networks, i);
		size_t inner = reader_enter_index(&l->r, i);

		rc = read_network(l, json_string_value(value), customer,
				  &list[i]);
		reader_leave(&l->r, inner);
	}
	reader_leave(&l->r, mark);
	return rc;
}

static int read_customer(struct loading *l, const char *id,
			 const json_t *object, struct customer *customer)
{
	const char *menu = NULL;

	if (reader_check_id(&l->r, id) < 0 ||
	    reader_check_object(&l->r, object, customer_keys) < 0 ||
	    reader_string(&l->r, object, "menu", &menu) < 0)
		return -1;
	if (menu == NULL)
		return reader_fail(&l->r, "needs a menu");
	customer->id = mem_pool_copy(&l->c->pool, id);
	customer->menu = find_menu(l->c, menu);
	if (customer->menu == NULL)
		return reader_fail_key(&l->r, "menu", "there is no menu '%s'",
				       menu);
	return read_networks(l, json_object_get(object, "networks"), customer);
}

static int read_default_customer(struct loading *l)
{
	const char *id = NULL;

	if (reader_string(&l->r, enter_site(l, "customer"), "customer", &id) < 0)
		return -1;
	if (id == NULL)
		return 0;
	l->c->default_customer = catalog_customer(l->c, id);
	if (l->c->default_customer == NULL)
		return reader_fail_key(&l->r, "customer",
				       "there is no customer '%s'", id);
	if (l->c->default_customer->network_count > 0)
		return reader_fail_key(&l->r, "customer",
				       "customer '%s' has networks, but the "
				       "default is for all others", id);
	return 0;
}

static int read_customers(struct loading *l)
{
	json_t *all = section(l, "customers");
	struct catalog *c = l->c;
	const char *id;
	json_t *value;

	c->customers = mem_pool_alloc(&c->pool, json_object_size(all) *
							sizeof(*c->customers));
	json_object_foreach(all, id, value) {
		reader_enter_id(&l->r, "customers", id);
		if (read_customer(l, id, value,
				  &c->customers[c->customer_count++]) < 0)
			return -1;
	}
	return read_default_customer(l);
}

/* A menu is closed when a customer with networks shows it, and neither the
 * main menu nor a customer without networks does. */
static void close_menus(struct catalog *c)
{
	for (size_t i = 0; i < c->menu_count; i++) {
		struct menu *menu = &c->menus[i];
		int is_open = is_below(menu, c->main_menu);

		for (size_t j = 0; j < c->customer_count; j++) {
			const struct customer *customer = &c->customers[j];

			if (!is_below(menu, customer->menu))
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

struct catalog *catalog_load(const char *path, const char *base,
			     struct watch *w, struct error *err)
{
	struct catalog *c = mem_alloc(sizeof(*c));
	struct loading l = { .c = c };
	int rc = -1;

	l.r = (struct reader){
		.files = &l.files, .pool = &c->pool, .err = err,
	};
	if (overlay_read(&l.files, path, section_names, w, err) < 0)
		goto out;
	rc = 0;
	if (read_site(&l, base) < 0 || read_mirrors(&l) < 0 ||
	    read_distros(&l) < 0 || read_menus(&l) < 0 ||
	    read_customers(&l) < 0)
		rc = -1;
	else
		close_menus(c);
	buf_free(&l.r.pointer);
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
	mem_pool_free(&c->pool);
	free(c);
}

const struct settings *catalog_settings(const struct catalog *c)
{
	return &c->settings;
}

void catalog_add_url(const struct catalog *c, const char *page,
		     struct buf *out)
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
		.arch = (enum arch)arch_find(arch),
		.variant = variant,
	};
	const struct release *wanted = &key;
	const struct release *const *found;

	if (arch_find(arch) == UNKNOWN || c->releases.count == 0)
		return NULL;
	found = bsearch(&wanted, c->by_key, c->releases.count,
			sizeof(*c->by_key), compare_releases);
	return found != NULL ? *found : NULL;
}

const struct menu *catalog_menu(const struct catalog *c, const char *name)
{
	return name != NULL ? find_menu(c, name) : c->main_menu;
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
	       is_below(menu, customer->menu);
}
