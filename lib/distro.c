#include "distro.h"

#include <string.h>

#include "machine.h"

#define INITRDS_MAX 8

/* What says how to boot, at every level. */
#define LEVEL_KEYS                                                             \
	"title", "name", "word", "mirror", "root", "pxelinux", "kernel",       \
		"initrds", "args", "chain", "memory", "eol"

static const char *const distro_keys[] = {
	LEVEL_KEYS, "variants", "arches", "versions", NULL,
};
static const char *const version_keys[] = {
	LEVEL_KEYS,
	"variants",
	"arches",
	NULL,
};
static const char *const arch_keys[] = { LEVEL_KEYS, "variants", NULL };
static const char *const variant_keys[] = { LEVEL_KEYS, NULL };
static const char *const string_keys[] = {
	"title",  "name", "word", "mirror", "root",
	"kernel", "args", "eol",  NULL,
};
static const char *const pxelinux_keys[] = {
	"loader",
	"config",
	"modules",
	NULL,
};
static const char *const chain_keys[] = { "bios", "efi", NULL };

/* The most memory that an installer may ask for, in MiB: 16 TiB. */
#define MEMORY_MAX 16777216

static int check_strings(struct reader *r, const json_t *object,
			 const char *const *keys)
{
	for (; *keys != NULL; keys++) {
		const json_t *value = json_object_get(object, *keys);

		if (value != NULL && !json_is_null(value) &&
		    !json_is_string(value))
			return reader_fail_key(r, *keys,
					       "must be a string, in quotes");
	}
	return 0;
}

/* An object of strings under key, or null. */
static int check_parts(struct reader *r, const json_t *object, const char *key,
		       const char *const *keys)
{
	const json_t *value = json_object_get(object, key);
	size_t mark;
	int rc;

	if (value == NULL || json_is_null(value))
		return 0;
	mark = reader_enter(r, key);
	rc = reader_check_object(r, value, keys);
	if (rc == 0)
		rc = check_strings(r, value, keys);
	reader_leave(r, mark);
	return rc;
}

static int check_initrds(struct reader *r, const json_t *object)
{
	const json_t *value = json_object_get(object, "initrds");
	size_t count = json_array_size(value);

	if (value == NULL || json_is_null(value))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (!json_is_string(json_array_get(value, i)))
			count = 0;
	if (count == 0 || count > INITRDS_MAX)
		return reader_fail_key(r, "initrds",
				       "must be an array of 1 to %d strings",
				       INITRDS_MAX);
	return 0;
}

static int is_date(const char *s)
{
	static const char form[] = "dddd-dd-dd";

	if (strlen(s) != strlen(form))
		return 0;
	for (size_t i = 0; s[i] != '\0'; i++)
		if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			return 0;
	return 1;
}

/* The form of all that an object of a level has, also of what something more
 * special hides. */
static int check_level(struct reader *r, const json_t *object,
		       const char *const *keys)
{
	const char *eol;
	unsigned memory;

	if (reader_check_object(r, object, keys) < 0 ||
	    check_strings(r, object, string_keys) < 0 ||
	    check_parts(r, object, "pxelinux", pxelinux_keys) < 0 ||
	    check_parts(r, object, "chain", chain_keys) < 0 ||
	    check_initrds(r, object) < 0 ||
	    reader_number(r, object, "memory", MEMORY_MAX, &memory) < 0)
		return -1;
	eol = json_string_value(json_object_get(object, "eol"));
	if (eol != NULL && !is_date(eol))
		return reader_fail_key(r, "eol", "must be a date, YYYY-MM-DD");
	return 0;
}

static int check_variant(struct reader *r, const char *id,
			 const json_t *variant)
{
	if (reader_check_id(r, id) < 0)
		return -1;
	if (json_is_null(variant))
		return 0;
	return check_level(r, variant, variant_keys);
}

/* The list of a version's architectures. */
static int check_version_arches(struct reader *r, const json_t *version)
{
	const json_t *arches = json_object_get(version, "arches");
	int seen[ARCH_COUNT] = { 0 };
	size_t i;
	json_t *value;

	if (json_array_size(arches) == 0)
		return reader_fail_key(r, "arches",
				       "must be an array with one or more of "
				       "i386, amd64, arm64");
	json_array_foreach(arches, i, value) {
		const char *name = json_string_value(value);
		int arch = name != NULL ? machine_find_arch(name)
					: MACHINE_UNKNOWN;

		if (arch == MACHINE_UNKNOWN || seen[arch]++ > 0)
			return reader_fail_key(r, "arches",
					       "must name i386, amd64, arm64, "
					       "each once at most");
	}
	return 0;
}

/* The objects under key, each with its id in their pointer. */
static int
check_objects(struct reader *r, const json_t *distro, const char *key,
	      int (*check)(struct reader *, const char *, const json_t *))
{
	const json_t *objects = json_object_get(distro, key);
	size_t mark = reader_enter(r, key);
	const char *id;
	json_t *value;
	int rc = 0;

	if (objects != NULL && !json_is_object(objects))
		rc = reader_fail(r, "must be an object, in { }");
	json_object_foreach((json_t *)objects, id, value) {
		size_t inner = reader_enter(r, id);

		if (rc == 0)
			rc = check(r, id, value);
		reader_leave(r, inner);
	}
	reader_leave(r, mark);
	return rc;
}

static int check_version(struct reader *r, const char *id,
			 const json_t *version)
{
	if (reader_check_id(r, id) < 0 ||
	    check_level(r, version, version_keys) < 0 ||
	    check_objects(r, version, "variants", check_variant) < 0)
		return -1;
	return check_version_arches(r, version);
}

static int check_arch(struct reader *r, const char *id, const json_t *arch)
{
	if (machine_find_arch(id) == MACHINE_UNKNOWN)
		return reader_fail(r, "is not an architecture: i386, amd64, "
				      "arm64");
	if (check_level(r, arch, arch_keys) < 0)
		return -1;
	return check_objects(r, arch, "variants", check_variant);
}

int distro_check(struct reader *r, const json_t *distro)
{
	if (check_level(r, distro, distro_keys) < 0 ||
	    check_objects(r, distro, "variants", check_variant) < 0 ||
	    check_objects(r, distro, "arches", check_arch) < 0 ||
	    check_objects(r, distro, "versions", check_version) < 0)
		return -1;
	if (json_object_size(json_object_get(distro, "versions")) == 0)
		return reader_fail_key(r, "versions",
				       "must have one version or more");
	return 0;
}
