/* The text of a menu, for the menu program that the client has. */
#include <string.h>

#include "page.h"

/* What opens the entry. */
static json_t *entry_url(const struct request *r,
			 const struct menu_entry *entry)
{
	struct link link = { .page = "boot" };

	switch (entry->kind) {
	case ENTRY_HEADING:
		return NULL;
	case ENTRY_RELEASE:
		link.page = "fromthemirror";
		link.release = entry->release;
		break;
	case ENTRY_MENU:
		link.menu = entry->menu->id;
		break;
	case ENTRY_CUSTOMER:
		link.page = "customermenu";
		break;
	case ENTRY_LOCAL:
		link.menu = "local";
		break;
	case ENTRY_SHELL:
		return NULL;
	}
	return page_url(r, &link);
}

static int is_offered(const struct request *r, const struct menu_entry *entry)
{
	if (entry->kind == ENTRY_SHELL)
		return 0;
	return entry->kind != ENTRY_RELEASE ||
	       release_refusal(entry->release, &r->machine) == NULL;
}

static json_t *entry_view(const struct request *r, const struct menu *menu,
			  const struct menu_entry *entry)
{
	const char hotkey[] = { entry->hotkey, '\0' };
	const char *chosen = menu->default_id;

	return json_pack("{s:s, s:s, s:b, s:s*, s:b, s:o*}", "id", entry->id,
			 "title", entry->title, "heading",
			 entry->kind == ENTRY_HEADING, "hotkey",
			 hotkey[0] != '\0' ? hotkey : NULL, "default",
			 chosen != NULL && strcmp(chosen, entry->id) == 0,
			 "url", entry_url(r, entry));
}

/* A heading is shown when something below it is. */
static json_t *entries_view(const struct request *r, const struct menu *menu)
{
	json_t *list = json_array();
	const struct menu_entry *heading = NULL;

	for (size_t i = 0; i < menu->count; i++) {
		const struct menu_entry *entry = &menu->entries[i];

		if (entry->kind == ENTRY_HEADING) {
			heading = entry;
			continue;
		}
		if (!is_offered(r, entry))
			continue;
		if (heading != NULL)
			json_array_append_new(list,
					      entry_view(r, menu, heading));
		heading = NULL;
		json_array_append_new(list, entry_view(r, menu, entry));
	}
	return list;
}

/* The menu that Back leads to: the parent, or the main menu for one that a
 * customer's pointer opened; NULL for the main menu itself. */
static json_t *back_url(const struct request *r, const struct menu *menu)
{
	const struct menu *top = catalog_menu(r->catalog, NULL);
	struct link link = { .page = "boot" };

	if (menu == top)
		return NULL;
	if (menu->parent != NULL && menu->parent != top)
		link.menu = menu->parent->id;
	return page_url(r, &link);
}

static int answer(struct request *r, json_t **view, struct error *err)
{
	const struct settings *settings = catalog_settings(r->catalog);
	const struct menu *menu;
	int status = page_find_menu(r, query_get(r->query, "name"), &menu, err);

	if (status != 200)
		return status;
	*view = json_pack("{s:s, s:s*, s:o, s:o*}", "title", menu->title,
			  "background", settings->background, "entries",
			  entries_view(r, menu), "back", back_url(r, menu));
	if (menu->timeout > 0) /* in the tenths of a second that it counts in */
		json_object_set_new(*view, "timeout",
				    json_integer((json_int_t)menu->timeout *
						 10));
	return 200;
}

static const char *const params[] = {
	"name", "platform", "arch", "dialect", NULL,
};

const struct page page = {
	.name = "menu",
	.params = params,
	.default_dialect = "pxelinux",
	.answer = answer,
};
