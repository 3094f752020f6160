#include "basis.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "digest.h"
#include "include.h"
#include "mem.h"
#include "pages.h"
#include "stamps.h"
#include "templates.h"

/* More than a template or the program can have. */
#define FILE_MAX (64 * 1024 * 1024)

struct basis {
	const struct basis_options *options;
	const struct catalog *catalog;
	struct include files;
	struct digest *digest;
	struct sums common; /* of what every basis has */
	json_t *distros;    /* the basis of each, by its id */
	const struct menu *menus;
	size_t menu_count;
	struct sums *ways;    /* of each menu, in their order: how it is
				 reached */
	struct sums *bases;   /* of each menu; "": not known yet */
	struct sums *indexes; /* the same with the tree of all menus */
};

/* Append a text so that the next one cannot be taken for a part of it; NULL is
 * no text. */
static void add(struct buf *out, const char *text)
{
	if (text != NULL)
		buf_printf(out, "%zu:%s,", strlen(text), text);
	else
		buf_putc(out, '-');
}

static void add_json(struct buf *out, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	add(out, text);
	free(text);
}

static struct sums sum_of(const struct basis *b, const struct buf *text)
{
	return digest_of(b->digest, buf_text(text), text->len);
}

/* Append the sum of the file.  Returns 0, or -1 when it cannot be read. */
static int add_file(const struct basis *b, const char *path, struct buf *out)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf text = BUF_INIT;
	int rc = -1;

	if (fd >= 0)
		rc = buf_read(&text, fd, FILE_MAX);
	if (rc == 0)
		add(out, sum_of(b, &text).sha256);
	if (fd >= 0)
		close(fd);
	buf_free(&text);
	return rc;
}

/* Whether it has the name of a template: NAME.DIALECT. */
static int is_template(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot != NULL && dot != entry->d_name &&
	       dialect_find(dot + 1) != NULL;
}

/* Append all templates of the directory.  One that cannot be read is none that
 * the site uses. */
static void add_templates(const struct basis *b, const char *dir,
			  struct buf *out)
{
	struct dirent **entries = NULL;
	const int count = scandir(dir, &entries, is_template, alphasort);

	for (int i = 0; i < count; i++) {
		struct buf path = BUF_INIT;

		buf_printf(&path, "%s/%s", dir, entries[i]->d_name);
		add(out, entries[i]->d_name);
		if (add_file(b, path.data, out) < 0)
			add(out, NULL);
		buf_free(&path);
		free(entries[i]);
	}
	free(entries);
}

/* Append every section but those whose values have sums of their own, and what
 * the sections do not say. */
static void add_sections(const struct basis *b, struct buf *out)
{
	for (const char *const *name = catalog_sections; *name != NULL; name++)
		if (strcmp(*name, "distros") != 0 &&
		    strcmp(*name, "menus") != 0)
			add_json(out, include_section(&b->files, *name));
	add_json(out, b->files.removed);
	add_json(out, b->files.files);
	add(out, catalog_settings(b->catalog)->base);
	add(out, site_has_rules(b->options->site) ? "rules" : NULL);
	add(out, catalog_has_passwords(b->catalog) ? "passwords" : NULL);
	add(out, b->options->base);
	add(out, b->options->has_pages ? "pages" : NULL);
}

/* Append the menu's own password and what is withheld of it. */
static void add_menu_state(const struct basis *b, const struct menu *menu,
			   struct buf *out)
{
	add(out, menu->id);
	add(out, menu->password != NULL ? menu->password->id : NULL);
	withheld_add_menu(b->options->withheld, menu, out);
}

/* The paths that lead to the menu, with all menus on them. */
static struct sums sum_of_ways(const struct basis *b, const struct menu *menu)
{
	struct buf text = BUF_INIT;
	struct sums sums;

	for (size_t i = 0; i < menu->path_count; i++) {
		const struct menu_path *path = menu->paths[i];

		for (; path != NULL; path = path->up) {
			add(&text, path->from);
			add_menu_state(b, path->menu, &text);
			withheld_add_path(path, &text);
		}
		add(&text, NULL);
	}
	sums = sum_of(b, &text);
	buf_free(&text);
	return sums;
}

/* Set what every basis has.  Returns 0, or -1 when it cannot be known. */
static int set_common(struct basis *b)
{
	const struct basis_options *o = b->options;
	char **dirs = templates_dirs(o->paths->templates, o->paths->shipped);
	const struct menu *top = catalog_menu(b->catalog, NULL);
	struct buf text = BUF_INIT;
	int rc = add_file(b, "/proc/self/exe", &text);

	for (char **dir = dirs; *dir != NULL; dir++) {
		add(&text, *dir);
		add_templates(b, *dir, &text);
	}
	add_sections(b, &text);
	/* Every text leads back to the main menu. */
	add(&text, b->ways[top - b->menus].sha256);
	b->common = sum_of(b, &text);
	buf_free(&text);
	free(dirs);
	return rc;
}

/* Set the basis of each distro: its values, and which of its releases have
 * files.  Those of a distro are next to each other. */
static void set_distros(struct basis *b)
{
	const json_t *section = include_section(&b->files, "distros");
	size_t count;
	const struct release *const *all = catalog_releases(b->catalog, &count);

	for (size_t i = 0; i < count;) {
		const char *distro = all[i]->distro;
		struct buf text = BUF_INIT;

		add(&text, b->common.sha256);
		add(&text, distro);
		add_json(&text, json_object_get(section, distro));
		for (; i < count && strcmp(all[i]->distro, distro) == 0; i++)
			withheld_add_release(b->options->withheld, all[i],
					     &text);
		json_object_set_new(b->distros, distro,
				    json_string(sum_of(b, &text).sha256));
		buf_free(&text);
	}
}

static const char *distro_basis(const struct basis *b,
				const struct release *release)
{
	return json_string_value(json_object_get(b->distros, release->distro));
}

static const char *menu_basis(struct basis *b, const struct menu *menu);

static void add_entry(struct basis *b, const struct menu_entry *entry,
		      struct buf *out)
{
	add(out, entry->id);
	add(out, entry->title);
	if (entry->release != NULL) {
		add(out, distro_basis(b, entry->release));
		add(out, entry->release->version);
		add(out, machine_arch_name((int)entry->release->arch));
		add(out, entry->release->variant);
	}
	if (entry->menu != NULL)
		add(out, menu_basis(b, entry->menu));
}

/* The basis of the menu, which is found once. */
static const char *menu_basis(struct basis *b, const struct menu *menu)
{
	const size_t index = (size_t)(menu - b->menus);
	const json_t *section = include_section(&b->files, "menus");
	struct buf text = BUF_INIT;

	if (b->bases[index].sha256[0] != '\0')
		return b->bases[index].sha256;
	add(&text, b->common.sha256);
	add(&text, b->ways[index].sha256);
	add_json(&text, json_object_get(section, menu->id));
	for (size_t i = 0; i < menu->count; i++)
		add_entry(b, &menu->entries[i], &text);
	b->bases[index] = sum_of(b, &text);
	buf_free(&text);
	return b->bases[index].sha256;
}

/* The tree of all menus, as people see it. */
static struct sums sum_of_tree(const struct basis *b)
{
	struct buf text = BUF_INIT;
	struct sums sums;

	for (size_t i = 0; i < b->menu_count; i++) {
		const struct menu *menu = &b->menus[i];

		add(&text, menu->id);
		add(&text, menu->title);
		add(&text, b->ways[i].sha256);
		for (size_t j = 0; j < menu->count; j++)
			if (menu->entries[j].kind == ENTRY_MENU)
				add(&text, menu->entries[j].menu->id);
			else if (menu->entries[j].kind != ENTRY_HEADING)
				add(&text, NULL);
	}
	sums = sum_of(b, &text);
	buf_free(&text);
	return sums;
}

/* Set the basis of each menu, and that of its index. */
static void set_menus(struct basis *b)
{
	const struct sums tree = sum_of_tree(b);

	for (size_t i = 0; i < b->menu_count; i++) {
		struct buf text = BUF_INIT;

		add(&text, menu_basis(b, &b->menus[i]));
		add(&text, tree.sha256);
		b->indexes[i] = sum_of(b, &text);
		buf_free(&text);
	}
}

static struct sums *new_sums(const struct basis *b)
{
	return mem_alloc((b->menu_count + 1) * sizeof(struct sums));
}

/* Read the catalogue again, as JSON: the site has not kept that. */
static int read_catalog(struct basis *b)
{
	struct stamps *stamps = stamps_new();
	struct error unused = ERROR_INIT;
	const int rc = include_read(&b->files, b->options->paths->catalog,
				    catalog_sections, stamps, &unused);

	stamps_free(stamps);
	return rc;
}

struct basis *basis_new(const struct basis_options *o)
{
	struct basis *b = mem_alloc(sizeof(*b));

	b->options = o;
	b->catalog = site_catalog(o->site);
	b->menus = catalog_menus(b->catalog, &b->menu_count);
	b->digest = digest_new(0);
	b->distros = json_object();
	b->ways = new_sums(b);
	b->bases = new_sums(b);
	b->indexes = new_sums(b);
	if (b->digest == NULL || read_catalog(b) < 0)
		goto free_basis;
	for (size_t i = 0; i < b->menu_count; i++)
		b->ways[i] = sum_of_ways(b, &b->menus[i]);
	if (set_common(b) < 0)
		goto free_basis;
	set_distros(b);
	set_menus(b);
	/* What was read here is what the site has, unless it changed. */
	if (site_is_changed(o->site, NULL))
		goto free_basis;
	return b;

free_basis:
	basis_free(b);
	return NULL;
}

void basis_free(struct basis *b)
{
	if (b == NULL)
		return;
	include_free(&b->files);
	digest_free(b->digest);
	json_decref(b->distros);
	free(b->ways);
	free(b->bases);
	free(b->indexes);
	free(b);
}

/* The menu that the link's text shows or opens; NULL: the local disk. */
static const struct menu *menu_of(const struct basis *b,
				  const struct link *link)
{
	const char *id = link->page == &page_boot ? link->menu : link->name;

	if (link->customer != NULL)
		return catalog_customer(b->catalog, link->customer)->menu;
	return catalog_menu(b->catalog, id);
}

const char *basis_of(const struct basis *b, const struct link *link)
{
	const struct menu *menu;

	if (link->release != NULL)
		return distro_basis(b, link->release);
	menu = menu_of(b, link);
	if (menu == NULL)
		return b->common.sha256;
	if (link->page->has_index && dialect_is_for_people(link->dialect))
		return b->indexes[menu - b->menus].sha256;
	return b->bases[menu - b->menus].sha256;
}
