#include "assignment.h"

#include <string.h>

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

static int read_menu(struct cursor *at, const char *id,
		     const struct assignables *all, struct assignment *out)
{
	out->is_local = strcmp(id, "local") == 0;
	out->menu = menu_find(all->menus, id);
	if (out->menu == NULL && !out->is_local)
		return cursor_fail_id(at, "menu", "menus", id);
	set_place(at, "menu", out);
	return 0;
}

/* Say which part of the key no release has. */
static int fail_release(struct cursor *at, const struct releases *all,
			const struct release *key)
{
	const char *distro = cursor_shown(key->distro);

	/* That its distro was refused has been reported. */
	if (json_object_get(all->refused, key->distro) != NULL)
		return -1;
	if (release_run(all, key->distro, NULL).count == 0)
		return cursor_fail_id(at, "distro", "distros", key->distro);
	if (release_run(all, key->distro, key->version).count == 0)
		return cursor_fail_key(at, "version",
				       "distro '%s' has no version '%s'",
				       distro, cursor_shown(key->version));
	if (key->variant == NULL)
		return cursor_fail_key(
			at, "arch", "distro '%s' does not have it for '%s'",
			distro, machine_arch_name((int)key->arch));
	return cursor_fail_key(at, "variant", "distro '%s' has no variant '%s'",
			       distro, cursor_shown(key->variant));
}

/* The object under "boot", where the cursor is. */
static int read_release(struct cursor *at, const json_t *object,
			const struct assignables *all, struct assignment *out)
{
	struct release key = { .distro = NULL };
	const char *arch = NULL;
	int rc = value_check_object(at, object, boot_keys);

	rc |= value_string(at, object, "distro", &key.distro);
	rc |= value_string(at, object, "version", &key.version);
	rc |= value_string(at, object, "arch", &arch);
	rc |= value_string(at, object, "variant", &key.variant);
	if (rc < 0)
		return -1;
	if (key.distro == NULL || key.version == NULL || arch == NULL)
		return cursor_fail(at, "needs a distro, a version and an arch");
	if (machine_find_arch(arch) == MACHINE_UNKNOWN)
		return cursor_fail_key(at, "arch",
				       "must be i386, amd64 or arm64");
	key.arch = (enum arch)machine_find_arch(arch);
	out->release = release_find(all->releases, &key);
	return out->release != NULL ? 0 : fail_release(at, all->releases, &key);
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
