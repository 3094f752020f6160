#ifndef MENU_H
#define MENU_H

#include <jansson.h>
#include <stddef.h>

#include "reader.h"
#include "release.h"

struct menu;

enum entry_kind {
	ENTRY_HEADING,
	ENTRY_RELEASE,
	ENTRY_MENU,
	ENTRY_CUSTOMER, /* the menu of the client's customer */
	ENTRY_LOCAL,    /* the local disk */
	ENTRY_SHELL,    /* the loader's own command line */
};

struct menu_entry {
	enum entry_kind kind;
	const char *id; /* unique in its menu; headings have one too */
	const char *title;
	char hotkey;                   /* as written; '\0': none */
	const struct release *release; /* ENTRY_RELEASE */
	const struct menu *menu;       /* ENTRY_MENU */
};

struct menu {
	const char *id;
	const char *title;
	const char *file;          /* of the catalogue, that it is from */
	unsigned timeout;          /* seconds until the default boots; 0: it
				      waits for ever */
	const char *default_id;    /* of an entry; NULL: the first */
	const struct menu *parent; /* where Back leads; NULL: nowhere */
	const struct menu_entry *entries;
	size_t count;
	int is_closed; /* only customers with networks show it */
};

/* All menus, sorted by id. */
struct menus {
	struct menu *list; /* in the reader's pool */
	size_t count;
	size_t entry_count;  /* of all menus together */
	const char *main_id; /* given: the menu that has no parent */
};

/* Bounds, so that a broken generator of catalogues ends in a message. */
#define MENU_ENTRIES_MAX 100000
#define MENU_DEPTH_MAX 32
#define MENU_TIMEOUT_MAX 3599 /* PXELINUX stops short of one hour */

/*
 * Read the section "menus", an object by id, whose entries name releases.
 * A menu without a title or time-out of its own gets that of defaults.
 * Returns 0, or -1 with the failure recorded.
 */
int menu_read_all(struct reader *r, const json_t *section,
		  const struct releases *releases, const struct menu *defaults,
		  struct menus *all);

/* NULL if there is no menu of that id. */
struct menu *menu_find(const struct menus *all, const char *id);

/* The hotkey of Back, in menus that have it, unless an entry takes it. */
#define MENU_BACK_KEY 'b'

/* Whether an entry of the menu has the hotkey, a lower-case letter or a digit;
 * loaders do not tell capitals from others. */
int menu_has_key(const struct menu *menu, char key);

/* Whether menu is top or lies below it. */
int menu_is_below(const struct menu *menu, const struct menu *top);

#endif
