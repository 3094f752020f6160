#ifndef MENU_PATH_H
#define MENU_PATH_H

#include "cursor.h"
#include "menu.h"

/* Bounds, so that a mistake in a generated catalogue ends in a message. */
#define MENU_DEPTH_MAX 32
#define MENU_PATHS_MAX 100000

/*
 * One of the ways on which entries lead to a menu, from the main menu or from
 * another one that no entry opens.  Back returns on it.
 *
 * from tells a path from the menu's others, as the parameter of that name does:
 * the menu that opened the nearest menu with several to open it, this one
 * included; then, after a '~', the same for the next one further up.  It leaves
 * out what the menu's first path has in common with it at the end: "b", "b~a".
 */
struct menu_path {
	const struct menu *menu;
	const struct menu_path *up; /* that Back opens; NULL: no entry opens
				       the menu */
	const char *from;           /* NULL: this is the menu's first path */
	unsigned depth;             /* how many menus are above it */
};

/*
 * Find the paths of all menus, whose entries have been read.  The first path of
 * a menu is the shortest from the main menu, by the first entries where several
 * are as short; for a menu that is not below the main menu, the same from
 * others in the order of their ids.  Returns 0, or -1 with a failure recorded:
 * menus form a circle, or a bound is exceeded.
 */
int menu_path_find_all(struct cursor *at, struct menus *all);

/* The path of menu that goes on from up; NULL: there is none, or up is NULL. */
const struct menu_path *menu_path_below(const struct menu_path *up,
					const struct menu *menu);

/* Whether the path goes on from the first one of the menu that opens this: its
 * page says the same on those that do not, but for from in its URLs. */
int menu_path_is_from_first(const struct menu_path *path);

/* Whether a menu on the path is closed. */
int menu_path_is_closed(const struct menu_path *path);

/* Whether menu is top or below it. */
int menu_is_below(const struct menu *menu, const struct menu *top);

#endif
