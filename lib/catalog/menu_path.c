#include "menu_path.h"

#include <stdlib.h>
#include <string.h>

/* A menu, while paths are looked for. */
struct node {
	struct menu **opened; /* the menus that it opens, each once */
	size_t opened_count;
	size_t opener_count;            /* the menus that open it */
	const struct menu *last_opener; /* of those counted */
};

struct path_finder {
	struct cursor *at;
	struct menus *all;
	struct node *nodes;      /* of all->list, in its order */
	struct menu_path **list; /* the paths found, in order */
	size_t count;
	size_t done; /* those that have been followed further down */
};

static struct node *node_of(const struct path_finder *f,
			    const struct menu *menu)
{
	return &f->nodes[menu - f->all->list];
}

/* Read from the entries who opens whom. */
static void add_opened(struct path_finder *f, const struct menu *menu)
{
	struct node *node = node_of(f, menu);

	for (size_t i = 0; i < menu->count; i++) {
		struct menu *opened = (struct menu *)menu->entries[i].menu;
		struct node *other;

		if (opened == NULL)
			continue;
		other = node_of(f, opened);
		if (other->last_opener == menu)
			continue;
		other->last_opener = menu;
		other->opener_count++;
		node->opened = mem_grow_by_one(node->opened, node->opened_count,
					       sizeof(struct menu *));
		node->opened[node->opened_count++] = opened;
	}
}

/* Point at the entry of menu for the one that it opens. */
static void go_to_entry(struct cursor *at, const struct menu *menu,
			const struct menu *opened)
{
	const json_t *section = include_section(at->files, "menus");
	const json_t *entries =
		json_object_get(json_object_get(section, menu->id), "entries");
	size_t i;
	json_t *entry;

	cursor_go(at, "menus", menu->id);
	cursor_enter(at, "entries");
	json_array_foreach(entries, i, entry) {
		const json_t *id = json_object_get(entry, "menu");

		if (id == NULL || strcmp(json_string_value(id), opened->id))
			continue;
		cursor_enter_index(at, i);
		return;
	}
}

static int fail_circle(struct cursor *at, const struct menu *menu,
		       const struct menu *opened)
{
	go_to_entry(at, menu, opened);
	if (menu == opened)
		return cursor_fail_key(at, "menu",
				       "the menu opens itself: remove the "
				       "entry");
	return cursor_fail_key(at, "menu",
			       "menu '%s' lies above this one: remove the "
			       "entry, since Back leads there",
			       opened->id);
}

/* What tells the new path of menu from those that it has. */
static const char *text_of(const struct path_finder *f,
			   const struct menu_path *up, const struct menu *menu)
{
	struct buf text = BUF_INIT;
	const char *from;

	if (menu->path_count == 0)
		return NULL;
	if (node_of(f, menu)->opener_count == 1)
		return up->from;
	if (up->from == NULL)
		return up->menu->id;
	buf_printf(&text, "%s~%s", up->menu->id, up->from);
	from = mem_pool_copy(f->at->pool, text.data);
	buf_free(&text);
	return from;
}

/* Whether up can be continued to menu. */
static int check_path(const struct path_finder *f, const struct menu_path *up,
		      const struct menu *menu)
{
	struct cursor *at = f->at;

	for (const struct menu_path *p = up; p != NULL; p = p->up)
		if (p->menu == menu)
			return fail_circle(at, up->menu, menu);
	cursor_go(at, "menus", menu->id);
	if (up != NULL && up->depth == MENU_DEPTH_MAX)
		return cursor_fail(at,
				   "the menu lies more than %d menus deep: "
				   "open it from a higher one",
				   MENU_DEPTH_MAX);
	if (f->count == MENU_PATHS_MAX)
		return cursor_fail(at,
				   "entries lead to the menus in more than %d "
				   "ways: open this one from fewer menus",
				   MENU_PATHS_MAX);
	return 0;
}

/* up NULL: no entry opens the menu. */
static int add_path(struct path_finder *f, const struct menu_path *up,
		    struct menu *menu)
{
	struct menu_path *path;

	if (check_path(f, up, menu) < 0)
		return -1;
	path = mem_pool_alloc(f->at->pool, sizeof(*path));
	path->menu = menu;
	path->up = up;
	path->from = text_of(f, up, menu);
	path->depth = up != NULL ? up->depth + 1 : 0;
	menu->path_count++;
	f->list = mem_grow_by_one(f->list, f->count, sizeof(*f->list));
	f->list[f->count++] = path;
	return 0;
}

/* Find every path that begins at menu, the short ones first. */
static int find_from(struct path_finder *f, struct menu *menu)
{
	int rc = add_path(f, NULL, menu);

	for (; rc == 0 && f->done < f->count; f->done++) {
		const struct menu_path *up = f->list[f->done];
		const struct node *node = node_of(f, up->menu);

		for (size_t i = 0; rc == 0 && i < node->opened_count; i++)
			rc = add_path(f, up, node->opened[i]);
	}
	return rc;
}

/* A menu that is left without a path in the end is in a circle, or below one
 * that is. */
static int find_paths(struct path_finder *f)
{
	struct menus *all = f->all;
	int rc = 0;

	if (all->main != NULL)
		rc = find_from(f, (struct menu *)all->main);
	for (size_t i = 0; rc == 0 && i < all->count; i++)
		if (f->nodes[i].opener_count == 0 &&
		    all->list[i].path_count == 0)
			rc = find_from(f, &all->list[i]);
	for (size_t i = 0; rc == 0 && i < all->count; i++)
		if (all->list[i].path_count == 0)
			rc = find_from(f, &all->list[i]);
	return rc;
}

/* Give each menu its paths. */
static void set_paths(struct path_finder *f)
{
	for (size_t i = 0; i < f->all->count; i++) {
		struct menu *menu = &f->all->list[i];

		menu->paths = mem_pool_alloc(
			f->at->pool, menu->path_count * sizeof(*menu->paths));
		menu->path_count = 0;
	}
	for (size_t i = 0; i < f->count; i++) {
		struct menu *menu = (struct menu *)f->list[i]->menu;

		menu->paths[menu->path_count++] = f->list[i];
	}
}

int menu_path_find_all(struct cursor *at, struct menus *all)
{
	struct path_finder f = {
		.at = at,
		.all = all,
		.nodes = mem_alloc(all->count * sizeof(*f.nodes)),
	};
	int rc;

	for (size_t i = 0; i < all->count; i++)
		add_opened(&f, &all->list[i]);
	rc = find_paths(&f);
	if (rc == 0)
		set_paths(&f);
	for (size_t i = 0; i < all->count; i++)
		free(f.nodes[i].opened);
	free(f.nodes);
	free(f.list);
	return rc;
}

const struct menu_path *menu_path_below(const struct menu_path *up,
					const struct menu *menu)
{
	for (size_t i = 0; up != NULL && i < menu->path_count; i++)
		if (menu->paths[i]->up == up)
			return menu->paths[i];
	return NULL;
}

int menu_path_is_from_first(const struct menu_path *path)
{
	return path->up == NULL || path->up == path->up->menu->paths[0];
}

int menu_path_is_closed(const struct menu_path *path)
{
	while (path != NULL && !path->menu->is_closed)
		path = path->up;
	return path != NULL;
}

int menu_is_below(const struct menu *menu, const struct menu *top)
{
	for (size_t i = 0; i < menu->path_count; i++)
		for (const struct menu_path *p = menu->paths[i]; p != NULL;
		     p = p->up)
			if (p->menu == top)
				return 1;
	return 0;
}
