#ifndef GIVEN_H
#define GIVEN_H

#include <stddef.h>

#include "assignment.h"

/* The menus and releases that machines get from host files and groups, without
 * an entry of a menu.  Each is borrowed from the catalogue.  Empty as
 * GIVEN_INIT; release with given_free(). */
struct given {
	const struct menu **menus;
	size_t menu_count;
	const struct release **releases;
	size_t release_count;
};

#define GIVEN_INIT                                                             \
	{                                                                      \
		NULL, 0, NULL, 0                                               \
	}

/* Add what a host file or a group gives its machines. */
void given_add(struct given *given, const struct assignment *a);

int given_has_menu(const struct given *given, const struct menu *menu);

void given_free(struct given *given);

#endif
