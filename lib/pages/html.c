#include "html.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "loader.h"
#include "mem.h"
#include "packed.h"
#include "pages.h"

/* How deep the tree of menus is drawn: a telephone has no room for more, and
 * partials may not be nested much deeper.  How many menus it shows: a text may
 * have 16 MiB, and nobody reads more.  The page of a menu leads on. */
#define TREE_DEPTH_MAX 8
#define TREE_MENUS_MAX 1000

/* The most releases that a search shows. */
#define FOUND_MAX 200

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
	/* A file is read long after the catalogue was. */
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC",
		 gmtime_r(&loaded, &tm));
	return json_pack("{s:s, s:o, s:s*, s:o, s:s*}", "title",
			 catalog_settings(r->catalog)->title, "index",
			 page_url(r, &index), "loaded",
			 r->links == NULL ? when : NULL, "files", files,
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
	return json_pack("{s:s, s:s, s:o, s:o?, s:o?}", "dialect", d->name,
			 "client", d->client, "text", page_url(r, &link),
			 "explanation", page_url(r, &explanation), "view",
			 page_url(r, &view));
}

/* The page that link is to, in every dialect of loaders that it has. */
static json_t *clients_view(const struct request *r, struct link link)
{
	json_t *list = json_array();

	for (size_t i = 0; dialects[i] != NULL; i++) {
		if (dialect_is_for_people(dialects[i]) ||
		    !site_has(r->site, link.page->name, dialects[i]))
			continue;
		link.dialect = dialects[i];
		if (page_target(r, &link) != LINK_NONE)
			json_array_append_new(
				list, client_view(r, link, dialects[i]));
	}
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
		{ "UEFI, riscv64", { PLATFORM_EFI, ARCH_RISCV64 } },
		{ "UEFI, armhf", { PLATFORM_EFI, ARCH_ARMHF } },
		{ "UEFI, loong64", { PLATFORM_EFI, ARCH_LOONG64 } },
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

static int may_see(const struct request *r, const struct menu *menu)
{
	return catalog_may_see(r->catalog, menu, r->client);
}

/* How many entries of the menu the client can choose from. */
static size_t count_entries(const struct request *r, const struct menu *menu)
{
	size_t count = 0;

	for (size_t i = 0; i < menu->count; i++) {
		const struct menu_entry *entry = &menu->entries[i];

		count += entry->kind != ENTRY_HEADING &&
			 (entry->menu == NULL || may_see(r, entry->menu));
	}
	return count;
}

/* How many menus the client can open from this one. */
static size_t count_opened(const struct request *r, const struct menu *menu)
{
	size_t count = 0;

	for (size_t i = 0; i < menu->count; i++) {
		const struct menu *opened = menu->entries[i].menu;

		count += opened != NULL && may_see(r, opened);
	}
	return count;
}

/* A menu of the tree, and its view, which is borrowed. */
struct node {
	const struct menu *menu;
	const struct menu_path *path;
	json_t *view;
	int depth;
};

struct tree {
	const struct request *r;
	size_t count;
	struct node nodes[TREE_MENUS_MAX]; /* level by level */
};

static json_t *node_view(const struct request *r, const struct menu *menu,
			 const struct menu_path *path)
{
	const struct link link = { .page = &page_menu,
				   .name = menu_name(r, menu),
				   .path = path };

	return json_pack("{s:s, s:s, s:o, s:I, s:b, s:b, s:b, s:[], s:n}", "id",
			 menu->id, "title", menu->title, "url",
			 page_url(r, &link), "count",
			 (json_int_t)count_entries(r, menu), "main",
			 link.name == NULL, "closed", menu->is_closed, "opens",
			 0, "children", "below");
}

/* Add the menu to the list, for which the tree has room. */
static void add_node(struct tree *tree, const struct menu *menu,
		     const struct menu_path *path, int depth, json_t *list)
{
	json_t *view = node_view(tree->r, menu, path);

	if (view == NULL)
		return; /* it has no page here */
	json_array_append_new(list, view);
	tree->nodes[tree->count++] = (struct node){ menu, path, view, depth };
}

/* Add the menus that this one opens: all of them, or how many there are. */
static void open_node(struct tree *tree, const struct node *node)
{
	const struct request *r = tree->r;
	const size_t count = count_opened(r, node->menu);

	if (count == 0)
		return;
	if (node->depth == TREE_DEPTH_MAX ||
	    count > TREE_MENUS_MAX - tree->count) {
		json_object_set_new(
			node->view, "below",
			json_pack("{s:I}", "count", (json_int_t)count));
		return;
	}
	json_object_set_new(node->view, "opens", json_true());
	for (size_t i = 0; i < node->menu->count; i++) {
		const struct menu *opened = node->menu->entries[i].menu;

		if (opened != NULL && may_see(r, opened))
			add_node(tree, opened,
				 menu_path_below(node->path, opened),
				 node->depth + 1,
				 json_object_get(node->view, "children"));
	}
}

/* Add the menu beside the others.  Returns how many were left out. */
static size_t add_top(struct tree *tree, const struct menu *menu, json_t *list)
{
	const struct request *r = tree->r;

	if (tree->count == TREE_MENUS_MAX)
		return 1;
	add_node(tree, menu, catalog_path(r->catalog, menu, NULL, r->client), 1,
		 list);
	return 0;
}

/* The menus that this client may see, as a tree: the main menu, then those
 * that no menu opens which the client may see. */
static void add_menus(const struct request *r, json_t *view)
{
	struct tree tree = { .r = r };
	const struct menu *top = catalog_menu(r->catalog, NULL);
	json_t *list = json_array();
	size_t left_out = 0;
	size_t opened = 0;
	size_t count;
	const struct menu *menus = catalog_menus(r->catalog, &count);

	if (may_see(r, top)) {
		add_top(&tree, top, list);
		open_node(&tree, &tree.nodes[opened++]);
	}
	for (size_t i = 0; i < count; i++)
		if (&menus[i] != top && may_see(r, &menus[i]) &&
		    page_opener(r, &menus[i]) == NULL)
			left_out += add_top(&tree, &menus[i], list);
	while (opened < tree.count)
		open_node(&tree, &tree.nodes[opened++]);
	json_object_set_new(view, "menus", list);
	if (left_out > 0)
		json_object_set_new(view, "menus_left_out",
				    json_integer((json_int_t)left_out));
}

static int compare_addresses(const void *a, const void *b)
{
	uintptr_t one = (uintptr_t) * (const struct release *const *)a;
	uintptr_t other = (uintptr_t) * (const struct release *const *)b;

	return (one > other) - (one < other);
}

/* Releases, sorted by their addresses. */
struct release_set {
	const struct release **list;
	size_t count;
};

static int is_in(const struct release_set *set, const struct release *release)
{
	return set->count > 0 &&
	       bsearch(&release, set->list, set->count, sizeof(*set->list),
		       compare_addresses) != NULL;
}

/* The releases that a menu offers which the client may see: a search does not
 * tell what is behind closed ones.  Release the list with free(). */
static struct release_set offered_releases(const struct request *r)
{
	struct release_set set = { NULL, 0 };
	size_t count;
	const struct menu *menus = catalog_menus(r->catalog, &count);

	for (size_t i = 0; i < count; i++) {
		if (!may_see(r, &menus[i]))
			continue;
		set.list = mem_grow(set.list, set.count + menus[i].count,
				    sizeof(*set.list));
		for (size_t j = 0; j < menus[i].count; j++)
			if (menus[i].entries[j].kind == ENTRY_RELEASE)
				set.list[set.count++] =
					menus[i].entries[j].release;
	}
	if (set.count > 0)
		qsort(set.list, set.count, sizeof(*set.list),
		      compare_addresses);
	return set;
}

/* Append the text in lower case, with end in place of spaces and after it. */
static void add_words(struct buf *out, const char *text, char end)
{
	for (; *text != '\0'; text++)
		if (*text == ' ')
			buf_putc(out, end);
		else if (*text >= 'A' && *text <= 'Z')
			buf_putc(out, (char)(*text - 'A' + 'a'));
		else
			buf_putc(out, *text);
	buf_putc(out, end);
}

/* Whether each of the words, which end in NUL, occurs in the release's title
 * or in one of its ids. */
static int has_words(const struct release *release, const struct buf *words)
{
	const char *const texts[] = {
		release->title,
		release->distro,
		release->version,
		machine_arch_name((int)release->arch),
		release->variant != NULL ? release->variant : "",
	};
	struct buf all = BUF_INIT;
	int has_all = 1;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		add_words(&all, texts[i], ' ');
	for (size_t i = 0; has_all && i < words->len;
	     i += strlen(words->data + i) + 1)
		has_all = strstr(all.data, words->data + i) != NULL;
	buf_free(&all);
	return has_all;
}

static json_t *found_release(const struct request *r,
			     const struct release *release)
{
	const struct link link = { .page = &page_fromthemirror,
				   .release = release };

	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "title", release->title,
			 "distro", release->distro, "version", release->version,
			 "arch", machine_arch_name((int)release->arch), "url",
			 page_url(r, &link));
}

/* What the search for these words finds. */
static json_t *found_view(const struct request *r, const char *find)
{
	struct release_set offered = offered_releases(r);
	struct buf words = BUF_INIT;
	json_t *list = json_array();
	size_t count, found = 0;
	const struct release *const *all = catalog_releases(r->catalog, &count);

	add_words(&words, find, '\0');
	for (size_t i = 0; i < count; i++)
		if (is_in(&offered, all[i]) && has_words(all[i], &words) &&
		    found++ < FOUND_MAX)
			json_array_append_new(list, found_release(r, all[i]));
	buf_free(&words);
	free(offered.list);
	return json_pack("{s:I, s:i, s:b, s:o}", "count", (json_int_t)found,
			 "max", FOUND_MAX, "more", found > FOUND_MAX,
			 "releases", list);
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
	const struct machine any = { MACHINE_UNKNOWN, MACHINE_UNKNOWN };
	const struct link search = {
		.page = &page_boot,
		.dialect = dialect_find(page_boot.default_dialect),
		.machine = &any,
		.asks_words = 1,
	};
	const char *find = query_get(r->query, "find");

	add_menus(r, view);
	json_object_set_new(view, "search", page_url(r, &search));
	if (find != NULL)
		json_object_set_new(view, "found", found_view(r, find));
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

	if (r->page->is_menu) {
		link.name = menu_name(r, menu);
		link.path = r->path;
	} else if (customer != NULL) {
		link.customer = customer->id;
	}
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

/* What makes a loader leave something out, and why. */
static json_t *refusal_view(const struct loader *loader, const char *reason)
{
	return json_pack("{s:s, s:s}", "client", loader->dialect->client,
			 "reason", reason);
}

static struct loader any_machine(const struct dialect *d)
{
	return (struct loader){
		.dialect = d,
		.machine = { MACHINE_UNKNOWN, MACHINE_UNKNOWN },
	};
}

/* Which loaders cannot fetch the files, and why. */
static json_t *unreachable_view(const struct mirror_files *files)
{
	json_t *list = json_array();

	for (size_t i = 0; dialects[i] != NULL; i++) {
		const struct loader loader = any_machine(dialects[i]);
		const char *reason = loader_refuses_files(&loader, files);

		if (reason != NULL)
			json_array_append_new(list,
					      refusal_view(&loader, reason));
	}
	return list;
}

void html_add_password(const struct password *password, json_t *view)
{
	json_t *list = json_array();

	for (size_t i = 0; dialects[i] != NULL; i++) {
		const struct loader loader = any_machine(dialects[i]);
		const char *reason = loader_refuses_password(&loader, password);

		if (reason != NULL)
			json_array_append_new(list,
					      refusal_view(&loader, reason));
	}
	json_object_set_new(view, "refused", list);
}

/* The rows of a table: what each mirror of the release has. */
struct file_table {
	const struct mirror_files *mirrors;
	size_t count;        /* of mirrors */
	const char **values; /* of a row: one a mirror; NULL: it has none */
	int is_url;          /* they are URLs */
	json_t *rows;
};

/* The value as people see it: below its mirror, where mirrors are alike. */
static const char *text_of(const struct file_table *t, size_t i)
{
	const char *mirror = t->mirrors[i].mirror;
	const char *value = t->values[i];
	size_t len = mirror != NULL ? strlen(mirror) : 0;

	if (!t->is_url || len == 0 || strncmp(value, mirror, len) != 0)
		return value;
	return value[len] != '\0' ? value + len : "./";
}

/* The same without the query, which may be secret. */
static json_t *shown_text(const struct file_table *t, size_t i)
{
	const char *text = text_of(t, i);
	const int len = (int)strcspn(text, "?");

	if (!t->is_url || text[len] == '\0')
		return json_string(text);
	return json_sprintf("%.*s?...", len, text);
}

/* Whether both mirrors have a value, and it reads the same. */
static int is_alike(const struct file_table *t, size_t i, size_t j)
{
	return t->values[i] != NULL && t->values[j] != NULL &&
	       strcmp(text_of(t, i), text_of(t, j)) == 0;
}

/* What mirror i has, and each other mirror that has the like.  They are named
 * by their numbers where their URLs differ, or where other mirrors differ. */
static json_t *value_view(const struct file_table *t, size_t i)
{
	json_t *numbers = json_array();
	size_t count = 0;
	int is_one = 1;

	for (size_t j = 0; j < t->count; j++)
		if (is_alike(t, i, j)) {
			is_one &= strcmp(t->values[i], t->values[j]) == 0;
			count++;
		}
	for (size_t j = 0; j < t->count; j++)
		if (is_alike(t, i, j) && (!is_one || count < t->count))
			json_array_append_new(
				numbers,
				json_pack("{s:I, s:s?}", "number",
					  (json_int_t)j + 1, "url",
					  is_one ? NULL : t->values[j]));
	return json_pack("{s:o, s:s?, s:o}", "text", shown_text(t, i), "url",
			 t->is_url && is_one ? t->values[i] : NULL, "numbers",
			 numbers);
}

/* Add the row of the values at hand, each different one once; nothing where no
 * mirror has any.  Returns whether one has. */
static int add_row(struct file_table *t, const char *title)
{
	json_t *values = json_array();
	int has_any;

	for (size_t i = 0; i < t->count; i++) {
		size_t first = 0;

		while (first < i && !is_alike(t, first, i))
			first++;
		if (first == i && t->values[i] != NULL)
			json_array_append_new(values, value_view(t, i));
	}
	has_any = json_array_size(values) > 0;
	if (has_any)
		json_array_append_new(t->rows,
				      json_pack("{s:s, s:O}", "title", title,
						"values", values));
	json_decref(values);
	return has_any;
}

/* Add the row of a text of struct mirror_files, which is at that offset. */
static void add_texts(struct file_table *t, const char *title, size_t offset)
{
	for (size_t i = 0; i < t->count; i++)
		memcpy(&t->values[i], (const char *)&t->mirrors[i] + offset,
		       sizeof(*t->values));
	add_row(t, title);
}

static int add_initrd(struct file_table *t, size_t index)
{
	struct buf title = BUF_INIT;
	int has_any;

	buf_puts(&title, t->mirrors[0].is_multiboot ? "Module" : "Initrd");
	for (size_t i = 0; i < t->count; i++) {
		const struct mirror_files *s = &t->mirrors[i];

		t->values[i] =
			index < s->initrd_count ? s->initrds[index].url : NULL;
		if (i == 0 && t->values[i] != NULL &&
		    s->initrds[index].path != NULL)
			buf_printf(&title, ", as its file %s",
				   s->initrds[index].path);
	}
	has_any = add_row(t, title.data);
	buf_free(&title);
	return has_any;
}

/* Add the row of the arguments of a multiboot module. */
static int add_module_args(struct file_table *t, size_t index)
{
	struct buf title = BUF_INIT;
	int has_module = 0;

	for (size_t i = 0; i < t->count; i++) {
		const struct mirror_files *s = &t->mirrors[i];
		const int is_here = s->is_multiboot && index < s->initrd_count;

		t->values[i] = is_here ? s->initrds[index].args : NULL;
		has_module |= is_here;
	}
	buf_printf(&title, "Arguments of module %zu", index + 1);
	add_row(t, title.data);
	buf_free(&title);
	return has_module;
}

static int add_pin(struct file_table *t, size_t index)
{
	int has_file = 0;

	for (size_t i = 0; i < t->count; i++) {
		const struct mirror_files *s = &t->mirrors[i];
		const struct pin *pin = NULL;

		if (s->kernel != NULL && index <= s->initrd_count) {
			has_file = 1;
			pin = release_pin(s, index);
		}
		t->values[i] = pin != NULL ? pin->sha256 : NULL;
	}
	add_row(t, index == 0 ? "Pinned SHA-256 of the kernel"
			      : "Pinned SHA-256 of the initrd");
	return has_file;
}

/* Which loaders compare the files with their pins. */
static json_t *pinned_view(void)
{
	json_t *loaders = json_array();

	for (size_t i = 0; dialects[i] != NULL; i++)
		if (!dialect_is_for_people(dialects[i]))
			json_array_append_new(
				loaders,
				json_pack("{s:s, s:b}", "client",
					  dialects[i]->client, "compares",
					  dialects[i]->compares_sums));
	return json_pack("{s:o}", "loaders", loaders);
}

#define AT(member) offsetof(struct mirror_files, member)

/* What there is to fetch, once for all mirrors. */
static json_t *files_view(const struct release *release)
{
	struct mem_pool pool = MEM_POOL_INIT;
	struct file_table t = {
		.mirrors = packed_open(release, &pool),
		.count = release->mirror_count,
		.values = mem_alloc(release->mirror_count * sizeof(*t.values)),
		.is_url = 1,
		.rows = json_array(),
	};

	add_texts(&t,
		  release->mirrors[0].is_multiboot ? "Multiboot kernel"
						   : "Kernel",
		  AT(kernel));
	for (size_t i = 0; add_initrd(&t, i); i++)
		;
	add_texts(&t, "Shim for signed iPXE", AT(shim));
	add_texts(&t, "PXELINUX for BIOS", AT(loader));
	add_texts(&t, "PXELINUX directory, DHCP option 210", AT(pathprefix));
	add_texts(&t, "Script for iPXE", AT(script));
	add_texts(&t, "Program for BIOS", AT(chain[PLATFORM_BIOS]));
	add_texts(&t, "Program for UEFI", AT(chain[PLATFORM_EFI]));
	add_texts(&t, "Disk image for BIOS", AT(image[PLATFORM_BIOS]));
	add_texts(&t, "Disk image for UEFI", AT(image[PLATFORM_EFI]));
	t.is_url = 0;
	add_texts(&t, "PXELINUX configuration, DHCP option 209",
		  AT(configfile));
	add_texts(&t,
		  release->mirrors[0].kernel != NULL ? "Kernel arguments"
						     : "Program arguments",
		  AT(args));
	for (size_t i = 0; add_module_args(&t, i); i++)
		;
	for (size_t i = 0; add_pin(&t, i); i++)
		;
	free(t.values);
	mem_pool_free(&pool);
	return t.rows;
}

/* Whether a loader starts the release where Secure Boot is on, which is on UEFI
 * alone.  shim: NULL for the site's own. */
static json_t *secure_boot_view(const struct request *r,
				const struct release *release,
				const struct dialect *d,
				const struct shim *shim)
{
	const struct loader loader = {
		.dialect = d,
		.machine = { PLATFORM_EFI, MACHINE_UNKNOWN },
		.shim = shim,
	};
	const char *reason = loader_refusal(&loader, release);
	struct buf client = BUF_INIT;
	json_t *view;

	if (reason == NULL)
		reason = loader_distrusts(&loader, catalog_settings(r->catalog),
					  release);
	buf_puts(&client, d->client);
	if (shim != NULL)
		buf_printf(&client, " by the shim %s", shim->name);
	view = json_pack("{s:s, s:s*}", "client", client.data, "refused",
			 reason);
	buf_free(&client);
	return view;
}

/* What the signature is good for where Secure Boot is on. */
static void add_signature(const struct request *r,
			  const struct release *release, json_t *view)
{
	const struct settings *s = catalog_settings(r->catalog);
	json_t *list = json_array();

	if (release->signed_by != NULL)
		json_object_set_new(view, "signed_by",
				    json_string(release->signed_by));
	json_array_append_new(
		list, secure_boot_view(r, release, &dialect_grub, NULL));
	for (size_t i = 0; i < s->shim_count; i++)
		json_array_append_new(list, secure_boot_view(r, release,
							     &dialect_grub,
							     &s->shims[i]));
	json_array_append_new(
		list, secure_boot_view(r, release, &dialect_ipxe, NULL));
	json_object_set_new(view, "secure_boot", list);
}

/* The same version for the same architecture, with and without variants. */
static json_t *variants_view(const struct request *r,
			     const struct release *release)
{
	const struct release_run run =
		catalog_run(r->catalog, release->distro, release->version);
	json_t *list = json_array();

	for (size_t i = 0; i < run.count; i++) {
		const struct release *other = run.list[i];
		const struct link link = { .page = &page_fromthemirror,
					   .release = other };

		if (other == release || other->arch != release->arch ||
		    page_target(r, &link) == LINK_NONE)
			continue;
		json_array_append_new(list, json_pack("{s:s, s:o}", "title",
						      other->title, "url",
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
	json_object_set_new(view, "mirror_files", files_view(release));
	if (release_is_pinned(&release->mirrors[0]))
		json_object_set_new(view, "pinned", pinned_view());
	if (release->eol != NULL)
		json_object_set_new(view, "eol", json_string(release->eol));
	if (release->memory > 0)
		json_object_set_new(view, "memory",
				    json_integer(release->memory));
	json_object_set_new(view, "machines",
			    json_pack("[o, o]",
				      machine_view("BIOS", release, bios),
				      machine_view("UEFI", release, efi)));
	add_signature(r, release, view);
	json_object_set_new(view, "variants", variants_view(r, release));
	json_object_set_new(view, "clients", clients_view(r, link));
	json_object_set_new(view, "state", state_view(r));
}
