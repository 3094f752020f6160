#ifndef ASSIGNMENT_H
#define ASSIGNMENT_H

#include "cursor.h"
#include "menu.h"
#include "release.h"

/* What a host file or a group gives its machines: a menu, the local disk or a
 * release.  None of them: nothing. */
struct assignment {
	const struct menu *menu;
	int is_local;
	const struct release *release;
	const char *file;    /* that says so, without a path */
	const char *pointer; /* the place in it, a JSON Pointer */
};

/* What an assignment can name. */
struct assignables {
	const struct menus *menus;
	const struct releases *releases;
};

static inline int assignment_is_empty(const struct assignment *a)
{
	return a->menu == NULL && !a->is_local && a->release == NULL;
}

/*
 * Read the keys "menu" and "boot" of the object here, of which it may have one,
 * into the empty struct at out.  The texts of out are in the cursor's pool.
 * Returns 0, also when the object has neither; or -1 with each failure
 * recorded.
 */
int assignment_read(struct cursor *at, const json_t *object,
		    const struct assignables *all, struct assignment *out);

#endif
