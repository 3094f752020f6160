#include "assignment.h"

#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "value.h"

static const char *const boot_keys[] = {
	"distro", "version", "arch", "variant", NULL,
};

/* Note where the key under the cursor is. */
static void set_place(struct cursor *at, const char *key,
		      struct assignment *out)
{
	size_t mark = cursor_enter(at, key);

	out->file = mem_pool_copy(at->pool, cursor_file(at));
	out->pointer = mem_pool_copy(at->pool, buf_text(&at->pointer));
	cursor_leave(at, mark);
}

/* Offers the ids that there are. */
static int fail_menu(struct cursor *at, const struct menus *menus,
		     const char *id)
{
	const char **known = mem_alloc((menus->count + 2) * sizeof(*known));
	const struct offer offer = { .wanted = id, .known = known };

	known[0] = "local";
	for (size_t i = 0; i < menus->count; i++)
		known[1 + i] = menus->list[i].id;
	cursor_fail_offer(at, "menu", &offer, "there is no menu '%s'",
			  cursor_shown(id));
	free(known);
	return -1;
}

static int read_menu(struct cursor *at, const char *id,
		     const struct assignables *all, struct assignment *out)
{
	out->is_local = strcmp(id, "local") == 0;
	out->menu = menu_find(all->menus, id);
	if (out->menu == NULL && !out->is_local)
		return fail_menu(at, all->menus, id);
	set_place(at, "menu", out);
	return 0;
}

static int fail_missing(struct cursor *at, const struct choice *want)
{
	struct buf missing = BUF_INIT;

	choice_add_missing(want, &missing);
	cursor_fail(at, "needs %s: " CHOICE_KEYS, missing.data);
	buf_free(&missing);
	return -1;
}

/* The object under "boot", where the cursor is. */
static int read_release(struct cursor *at, const json_t *object,
			const struct assignables *all, struct assignment *out)
{
	struct choice want = { .distro = NULL };
	int rc = value_check_object(at, object, boot_keys);

	if ((rc | choice_read(at, object, &want)) < 0)
		return -1;
	if (want.distro == NULL || want.version == NULL || want.arch == NULL)
		return fail_missing(at, &want);
	out->release = choice_find(all->releases, &want);
	if (out->release == NULL)
		return choice_fail(at, all->releases, &want,
				   choice_best(all->releases, &want));
	return 0;
}

int assignment_read(struct cursor *at, const json_t *object,
		    const struct assignables *all, struct assignment *out)
{
	const json_t *boot = json_object_get(object, "boot");
	const char *menu = NULL;
	size_t mark;
	int rc = value_string(at, object, "menu", &menu);

	if (menu != NULL && boot != NULL)
		return cursor_fail(at,
				   "has both menu and boot: write one of them");
	if (menu != NULL)
		return read_menu(at, menu, all, out);
	if (boot == NULL)
		return rc;
	mark = cursor_enter(at, "boot");
	rc |= read_release(at, boot, all, out);
	cursor_leave(at, mark);
	set_place(at, "boot", out);
	return rc;
}
