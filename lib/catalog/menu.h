#ifndef MENU_H
#define MENU_H

#include <stddef.h>

#include "cursor.h"
#include "password.h"
#include "release.h"
#include "settings.h"

struct menu;
struct menu_path;

enum entry_kind {
	ENTRY_HEADING,
	ENTRY_RELEASE,
	ENTRY_MENU,
	ENTRY_CUSTOMER, /* the menu of the client's customer */
	ENTRY_LOCAL,    /* the local disk */
	ENTRY_SHELL,    /* the loader's own command line */
	ENTRY_REBOOT,
	ENTRY_POWEROFF,
	ENTRY_FIRMWARE, /* the firmware's setup */
};

struct menu_entry {
	enum entry_kind kind;
	const char *id; /* unique in its menu; headings have one too */
	const char *title;
	char hotkey;                     /* as written; '\0': none */
	const struct release *release;   /* ENTRY_RELEASE */
	const struct menu *menu;         /* ENTRY_MENU */
	const struct password *password; /* its own, or that of the menu that it
					    opens; NULL: none */
};

struct menu {
	const char *id;
	const char *title;
	const char *file;       /* of the catalogue, that set it */
	unsigned timeout;       /* seconds until the default boots; 0: no
				   timeout */
	const char *default_id; /* of an entry; NULL: the first */
	const struct password *password; /* of whoever opens it from another;
					    NULL: none */
	struct menu_entry *entries;
	size_t count;
	const struct menu_path **paths; /* on which entries lead to it: one or
					   more, see menu_path.h */
	size_t path_count;
	int is_closed;       /* only customers with networks show it */
	int is_above_closed; /* a menu below it is closed */
};

/* All menus, sorted by id. */
struct menus {
	struct menu *list; /* in the cursor's pool */
	size_t count;
	size_t entry_count; /* of all menus together */
	int has_passwords;  /* an entry has one */
	const struct menu *main;
};

/* A bound, so that a mistake in a generated catalogue ends in a message. */
#define MENU_ENTRIES_MAX 100000

/*
 * Read the section "menus", whose entries name releases and passwords, into the
 * empty struct at all.  A menu without a title or timeout has that of the
 * settings.  An entry that has a password is never the default of a menu with a
 * timeout.  Paths and who may see a menu are found later.  Returns 0, or -1
 * with each failure recorded.
 */
int menu_read_all(struct cursor *at, const struct settings *settings,
		  const struct releases *releases,
		  const struct passwords *passwords, struct menus *all);

/* NULL if there is no menu of that id. */
struct menu *menu_find(const struct menus *all, const char *id);

/* The entry's hotkey as a small letter or a digit; '\0' if it has none. */
char menu_key(const struct menu_entry *entry);

/* The hotkey of Back, unless an entry of the menu has it. */
#define MENU_BACK_KEY 'b'

/* Whether an entry of the menu has the hotkey, a lower-case letter or a digit.
 * Loaders ignore the case of hotkeys. */
int menu_has_key(const struct menu *menu, char key);

#endif
