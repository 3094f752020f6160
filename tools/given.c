#include "given.h"

#include <stdlib.h>

#include "mem.h"

int given_has_menu(const struct given *given, const struct menu *menu)
{
	for (size_t i = 0; i < given->menu_count; i++)
		if (given->menus[i] == menu)
			return 1;
	return 0;
}

static void add_menu(struct given *given, const struct menu *menu)
{
	if (menu == NULL || given_has_menu(given, menu))
		return;
	given->menus = mem_grow_by_one(given->menus, given->menu_count,
				       sizeof(const struct menu *));
	given->menus[given->menu_count++] = menu;
}

static void add_release(struct given *given, const struct release *release)
{
	for (size_t i = 0; i < given->release_count; i++)
		if (given->releases[i] == release)
			return;
	given->releases = mem_grow_by_one(given->releases, given->release_count,
					  sizeof(const struct release *));
	given->releases[given->release_count++] = release;
}

void given_add(struct given *given, const struct assignment *a)
{
	add_menu(given, a->menu);
	add_menu(given, a->otherwise);
	if (a->release != NULL)
		add_release(given, a->release);
}

void given_free(struct given *given)
{
	free(given->menus);
	free(given->releases);
	*given = (struct given)GIVEN_INIT;
}
