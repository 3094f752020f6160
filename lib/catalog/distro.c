#include "distro.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "copy.h"
#include "date.h"
#include "discover.h"
#include "form.h"
#include "machine.h"
#include "value.h"
#include "version.h"

/* gPXE and iPXE load no more modules (src/arch/x86/image/multiboot.c). */
#define INITRDS_MAX 8
#define SUM_LISTS_MAX 4

/* Keys that say how to boot: every scope may have them. */
#define SCOPE_KEYS                                                             \
	"title", "name", "distro_arch", "mirror", "root", "pxelinux",          \
		"kernel", "initrds", "args", "installer", "answer_args",       \
		"chain", "script", "image", "multiboot", "memory", "live",     \
		"eol", "sums", "shim", "signed_by", "copy"

static const char *const distro_keys[] = {
	SCOPE_KEYS, "variants", "arches", "versions", "order", "discover", NULL,
};
static const char *const version_keys[] = {
	SCOPE_KEYS,
	"variants",
	"arches",
	NULL,
};
static const char *const arch_keys[] = { SCOPE_KEYS, "variants", NULL };
static const char *const variant_keys[] = { SCOPE_KEYS, NULL };
static const char *const string_keys[] = {
	"title",  "name",      "distro_arch", "mirror", "root",
	"kernel", "args",      "answer_args", "script", "eol",
	"shim",   "signed_by", "installer",   NULL,
};
static const char *const pxelinux_keys[] = {
	"loader",
	"config",
	"modules",
	NULL,
};
static const char *const initrd_keys[] = {
	"file",
	"name",
	"executable",
	NULL,
};
static const char *const module_keys[] = { "file", "args", NULL };
static const char *const chain_keys[] = { "bios", "efi", NULL };
static const char *const sums_keys[] = {
	"lists",
	"signature",
	"keyring",
	NULL,
};

/* A missing key is not reported together with an unknown one, which may be the
 * same key, misspelt. */

/* The most memory that an installer may ask for, in MiB: 16 TiB. */
#define MEMORY_MAX 16777216

static int check_strings(struct cursor *at, const json_t *object,
			 const char *const *keys)
{
	int rc = 0;

	for (; *keys != NULL; keys++) {
		const json_t *value = json_object_get(object, *keys);

		if (value != NULL && !json_is_null(value) &&
		    !json_is_string(value))
			rc = value_fail_string(at, *keys, value);
	}
	return rc;
}

/* An object of strings under key, or null. */
static int check_parts(struct cursor *at, const json_t *object, const char *key,
		       const char *const *keys)
{
	const json_t *value = json_object_get(object, key);
	size_t mark;
	int rc;

	if (value == NULL || json_is_null(value))
		return 0;
	mark = cursor_enter(at, key);
	rc = value_check_object(at, value, keys);
	if (check_strings(at, value, keys) < 0)
		rc = -1;
	cursor_leave(at, mark);
	return rc;
}

/* An array of 1 to max strings under key. */
static int check_array(struct cursor *at, const json_t *object, const char *key,
		       size_t max)
{
	const json_t *value = json_object_get(object, key);
	size_t count = json_array_size(value);

	for (size_t i = 0; i < count; i++)
		if (!json_is_string(json_array_get(value, i)))
			count = 0;
	if (count == 0 || count > max)
		return cursor_fail_key(at, key,
				       "must be an array of 1 to %zu strings, "
				       "in [ ]",
				       max);
	return 0;
}

/* The URL of an archive, or an object that names a file. */
static int check_initrd(struct cursor *at, const json_t *initrd)
{
	static const char *const strings[] = { "file", "name", NULL };
	int is_executable;
	int rc;

	if (json_is_string(initrd))
		return 0;
	if (!json_is_object(initrd))
		return cursor_fail(at, "must be a URL, in quotes, or an object "
				       "with file and name, in { }");
	rc = value_check_object(at, initrd, initrd_keys);
	rc |= check_strings(at, initrd, strings);
	rc |= value_flag(at, initrd, "executable", &is_executable);
	if (rc == 0 && (!json_is_string(json_object_get(initrd, "file")) ||
			!json_is_string(json_object_get(initrd, "name"))))
		rc = cursor_fail(at, "needs file, a URL, and name, the file's "
				     "path in the initrd");
	return rc;
}

/* The URL of a multiboot module, or an object that has its arguments too. */
static int check_module(struct cursor *at, const json_t *module)
{
	int rc;

	if (json_is_string(module))
		return 0;
	if (!json_is_object(module))
		return cursor_fail(at, "must be a URL, in quotes, or an object "
				       "with file and args, in { }");
	rc = value_check_object(at, module, module_keys);
	rc |= check_strings(at, module, module_keys);
	if (rc == 0 && !json_is_string(json_object_get(module, "file")))
		rc = cursor_fail(at, "needs file, a URL");
	return rc;
}

/* An array of at least min URLs or objects under key, or null. */
static int check_files(struct cursor *at, const json_t *object, const char *key,
		       size_t min,
		       int (*check)(struct cursor *at, const json_t *value))
{
	const json_t *value = json_object_get(object, key);
	const size_t count = json_array_size(value);
	size_t mark;
	int rc = 0;

	if (value == NULL || json_is_null(value))
		return 0;
	if (!json_is_array(value) || count < min || count > INITRDS_MAX)
		return cursor_fail_key(at, key,
				       "must be an array of %zu to %d URLs or "
				       "objects, in [ ]",
				       min, INITRDS_MAX);
	mark = cursor_enter(at, key);
	for (size_t i = 0; i < count; i++) {
		size_t inner = cursor_enter_index(at, i);

		rc |= check(at, json_array_get(value, i));
		cursor_leave(at, inner);
	}
	cursor_leave(at, mark);
	return rc;
}

static int check_keyring(struct cursor *at, const json_t *sums)
{
	const char *keyring = "";
	int rc = value_string(at, sums, "keyring", &keyring);

	if (rc == 0 && keyring[0] != '/')
		rc = cursor_fail_key(at, "keyring",
				     "must be the path of a file, from the '/' "
				     "on");
	/* Packed texts have other uses for such bytes: see packed.h. */
	for (const char *c = keyring; rc == 0 && *c != '\0'; c++)
		if ((unsigned char)*c < ' ')
			rc = cursor_fail_key(at, "keyring",
					     "has a control character: remove "
					     "it");
	return rc;
}

static int check_sums(struct cursor *at, const json_t *object)
{
	static const char *const strings[] = { "signature", NULL };
	const json_t *sums = json_object_get(object, "sums");
	size_t mark;
	int rc;

	if (sums == NULL || json_is_null(sums))
		return 0;
	mark = cursor_enter(at, "sums");
	rc = value_check_object(at, sums, sums_keys);
	if (rc == 0) {
		rc = check_array(at, sums, "lists", SUM_LISTS_MAX);
		rc |= check_strings(at, sums, strings);
		rc |= check_keyring(at, sums);
	}
	cursor_leave(at, mark);
	return rc;
}

/* All keys except those that hold other scopes. */
static int check_scope(struct cursor *at, const json_t *object,
		       const char *const *keys)
{
	const char *eol = json_string_value(json_object_get(object, "eol"));
	const json_t *live = json_object_get(object, "live");
	unsigned memory;
	int rc = value_check_object(at, object, keys);

	rc |= check_strings(at, object, string_keys);
	rc |= check_parts(at, object, "pxelinux", pxelinux_keys);
	rc |= check_parts(at, object, "chain", chain_keys);
	rc |= check_parts(at, object, "image", chain_keys);
	rc |= check_files(at, object, "initrds", 1, check_initrd);
	rc |= check_files(at, object, "multiboot", 0, check_module);
	rc |= check_sums(at, object);
	rc |= copy_check(at, object);
	if (!json_is_null(json_object_get(object, "memory")))
		rc |= value_number(at, object, "memory", MEMORY_MAX, &memory);
	if (live != NULL && !json_is_null(live) && !json_is_boolean(live))
		rc = cursor_fail_key(at, "live", "must be true or false");
	if (eol != NULL && !date_is_day(eol))
		rc = cursor_fail_key(at, "eol", "must be a date, YYYY-MM-DD");
	return rc;
}

/* Whether the id here, whose value lacks what, is probably a misspelt one of
 * the others in all: then that is recorded. */
static int is_misspelt(struct cursor *at, const char *id, const json_t *all,
		       const char *what)
{
	const char **known = offer_keys(all, id);
	const struct offer offer = { .wanted = id, .known = known };
	const int is_similar = offer_nearest(&offer) != NULL;

	if (is_similar)
		cursor_fail_offer(at, NULL, &offer,
				  "needs %s, because no other file has this id",
				  what);
	free(known);
	return is_similar;
}

static int check_variant(struct cursor *at, const char *id,
			 const json_t *variant, const json_t *all)
{
	int rc = form_check_id(at, id);

	if (json_is_object(variant) &&
	    json_object_get(variant, "title") == NULL &&
	    is_misspelt(at, id, all, "a title"))
		return -1;
	if (!json_is_null(variant))
		rc |= check_scope(at, variant, variant_keys);
	return rc;
}

/* The list of a version's architectures. */
static int check_version_arches(struct cursor *at, const json_t *version)
{
	const json_t *arches = json_object_get(version, "arches");
	int seen[ARCH_COUNT] = { 0 };
	size_t i;
	json_t *value;

	if (arches == NULL)
		return cursor_fail(at, "needs arches, an array with one or "
				       "more of " ARCH_LIST);
	if (json_is_null(arches))
		return cursor_fail_key(
			at, "arches",
			"must be an array with one or more of " ARCH_LIST
			"; to remove the version, write null in "
			"its place");
	if (json_array_size(arches) == 0)
		return cursor_fail_key(
			at, "arches",
			"must be an array with one or more of " ARCH_LIST);
	json_array_foreach(arches, i, value) {
		const char *name = json_string_value(value);
		int arch = name != NULL ? machine_find_arch(name)
					: MACHINE_UNKNOWN;
		const struct offer offer = { .wanted = name,
					     .known = machine_arches };

		if (arch != MACHINE_UNKNOWN && seen[arch]++ == 0)
			continue;
		return cursor_fail_offer(
			at, "arches",
			arch == MACHINE_UNKNOWN && name != NULL ? &offer : NULL,
			"must name " ARCH_LIST ", each once at most");
	}
	return 0;
}

/* The objects under key, by id, or null. */
static int check_objects(struct cursor *at, const json_t *distro,
			 const char *key,
			 int (*check)(struct cursor *, const char *,
				      const json_t *, const json_t *))
{
	const json_t *objects = json_object_get(distro, key);
	size_t mark = cursor_enter(at, key);
	const char *id;
	json_t *value;
	int rc = 0;

	if (objects != NULL && !json_is_null(objects) &&
	    !json_is_object(objects))
		rc = cursor_fail(at, "must be an object, in { }");
	json_object_foreach((json_t *)objects, id, value) {
		size_t inner = cursor_enter(at, id);

		if (value_is_remark(at, id, value))
			rc = -1;
		else
			rc |= check(at, id, value, objects);
		cursor_leave(at, inner);
	}
	cursor_leave(at, mark);
	return rc;
}

static int check_version(struct cursor *at, const char *id,
			 const json_t *version, const json_t *all)
{
	int rc = form_check_id(at, id);

	if (json_is_object(version) &&
	    json_object_get(version, "arches") == NULL &&
	    is_misspelt(at, id, all,
			"arches, an array with one or more of " ARCH_LIST))
		return -1;

	rc |= check_scope(at, version, version_keys);
	rc |= check_objects(at, version, "variants", check_variant);
	if (rc == 0 || json_object_get(version, "arches") != NULL)
		rc |= check_version_arches(at, version);
	return rc;
}

static int check_arch(struct cursor *at, const char *id, const json_t *arch,
		      const json_t *all)
{
	const struct offer offer = { .wanted = id, .known = machine_arches };
	int rc = 0;

	(void)all;
	if (machine_find_arch(id) == MACHINE_UNKNOWN)
		rc = cursor_fail_offer(at, NULL, &offer,
				       "is not an architecture: " ARCH_LIST);
	rc |= check_scope(at, arch, arch_keys);
	rc |= check_objects(at, arch, "variants", check_variant);
	return rc;
}

/* Whether a later file removed the version. */
static int is_removed(const struct cursor *at, const char *distro,
		      const char *version)
{
	struct buf id = BUF_INIT;
	int is_there;

	buf_printf(&id, "%s/versions/%s", distro, version);
	is_there = include_is_removed(at->files, "distros", id.data);
	buf_free(&id);
	return is_there;
}

static int fail_version(struct cursor *at, const char *id,
			const json_t *versions, const char *version)
{
	const char **known = offer_keys(versions, version);
	const struct offer offer = { .wanted = version, .known = known };

	cursor_fail_offer(at, NULL, &offer, "distro '%s' has no version '%s'",
			  id, cursor_shown(version));
	free(known);
	return -1;
}

/* A version of "order", which seen has those before it of. */
static int check_place(struct cursor *at, const char *id, const json_t *distro,
		       const char *version, json_t *seen)
{
	const json_t *versions = json_object_get(distro, "versions");
	const int is_others = strcmp(version, VERSION_OTHERS) == 0;

	if (json_object_get(seen, version) != NULL)
		return cursor_fail(at,
				   "version '%s' is listed twice: remove "
				   "one of the two",
				   is_others ? version : cursor_shown(version));
	json_object_set_new(seen, version, json_true());
	if (is_others || json_object_get(versions, version) != NULL ||
	    is_removed(at, id, version))
		return 0;
	return fail_version(at, id, versions, version);
}

static int check_order(struct cursor *at, const char *id, const json_t *distro)
{
	const json_t *order = json_object_get(distro, "order");
	size_t mark = cursor_enter(at, "order");
	json_t *seen = json_object();
	size_t i;
	json_t *value;
	int rc = 0;

	if (order != NULL && !json_is_null(order) && !json_is_array(order))
		rc = cursor_fail(at, "must be an array of versions, in [ ]");
	json_array_foreach(order, i, value) {
		const char *version = json_string_value(value);
		size_t inner = cursor_enter_index(at, i);

		if (version == NULL)
			rc = cursor_fail(at, "must be the id of a version, in "
					     "quotes");
		else
			rc |= check_place(at, id, distro, version, seen);
		cursor_leave(at, inner);
	}
	json_decref(seen);
	cursor_leave(at, mark);
	return rc;
}

/* Whether the distro, an architecture or a version of it has the key. */
static int has_key(const json_t *distro, const char *key)
{
	static const char *const below[] = { "arches", "versions" };

	if (json_object_get(distro, key) != NULL)
		return 1;
	for (size_t i = 0; i < 2; i++) {
		const char *id;
		json_t *scope;

		json_object_foreach(json_object_get(distro, below[i]), id,
				    scope)
			if (json_object_get(scope, key) != NULL)
				return 1;
	}
	return 0;
}

/* Whether anything says how to boot it. */
static int has_start(const json_t *distro)
{
	return has_key(distro, "pxelinux") || has_key(distro, "kernel") ||
	       has_key(distro, "chain") || has_key(distro, "script") ||
	       has_key(distro, "image");
}

/* Whether it is what a file of found versions says alone, after the file with
 * the rest of the distro has gone. */
static int is_remainder(const json_t *distro)
{
	return json_object_size(distro) == 1 &&
	       json_object_get(distro, "versions") != NULL &&
	       !has_key(distro, "title") && !has_start(distro);
}

/* What no distro can do without, and this one has nowhere; NULL: nothing. */
static const char *missing_part(const json_t *distro)
{
	if (!has_key(distro, "title"))
		return "a title";
	if (!has_start(distro))
		return "pxelinux, kernel, chain, script or image";
	return has_key(distro, "versions") ? NULL : "versions";
}

int distro_check(struct cursor *at, const char *id, const json_t *distro)
{
	const char *missing =
		json_is_object(distro) ? missing_part(distro) : NULL;
	int rc;

	if (missing != NULL &&
	    is_misspelt(at, id, include_section(at->files, "distros"), missing))
		return -1;
	rc = check_scope(at, distro, distro_keys);
	rc |= check_objects(at, distro, "variants", check_variant);
	rc |= check_objects(at, distro, "arches", check_arch);
	rc |= check_objects(at, distro, "versions", check_version);
	if (rc == 0 && is_remainder(distro))
		return cursor_fail(at, "has nothing but versions, and no other "
				       "file says what it is: if it is no "
				       "longer in the catalogue, remove it "
				       "here");
	if (rc == 0 && json_object_get(distro, "versions") == NULL)
		return cursor_fail(at, "needs versions, an object with one or "
				       "more");
	if (rc == 0 &&
	    json_object_size(json_object_get(distro, "versions")) == 0)
		rc = cursor_fail_key(at, "versions",
				     "must have one version or more; to remove "
				     "the distro, write null in its place");
	if (rc == 0)
		rc = check_order(at, id, distro);
	return rc | discover_check(at, distro);
}
