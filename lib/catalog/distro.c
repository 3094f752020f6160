#include "distro.h"

#include <stdio.h>
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
static const char *const arches_known[] = { "i386", "amd64", "arm64", NULL };

/*
 * The checks go on after a failure, so that whoever asked for all of them
 * gets them; 0 and -1 are joined by |=.  What is missing is not said beside
 * what is wrong, which may be the same, misspelt.
 */

/* The most memory that an installer may ask for, in MiB: 16 TiB. */
#define MEMORY_MAX 16777216

static int check_strings(struct reader *r, const json_t *object,
			 const char *const *keys)
{
	int rc = 0;

	for (; *keys != NULL; keys++) {
		const json_t *value = json_object_get(object, *keys);

		if (value != NULL && !json_is_null(value) &&
		    !json_is_string(value))
			rc = reader_fail_string(r, *keys, value);
	}
	return rc;
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
	if (check_strings(r, value, keys) < 0)
		rc = -1;
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
	static const int days[] = { 31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };
	int year, month, day;
	char text[32];

	if (sscanf(s, "%4d-%2d-%2d", &year, &month, &day) != 3 || year < 1000 ||
	    month < 1 || month > 12 || day < 1)
		return 0;
	if (day > days[month - 1] &&
	    !(month == 2 && day == 29 && year % 4 == 0 &&
	      (year % 100 != 0 || year % 400 == 0)))
		return 0;
	snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month, day);
	return strcmp(text, s) == 0;
}

/* The form of all that an object of a level has, also of what something more
 * special hides. */
static int check_level(struct reader *r, const json_t *object,
		       const char *const *keys)
{
	const char *eol = json_string_value(json_object_get(object, "eol"));
	unsigned memory;
	int rc = reader_check_object(r, object, keys);

	rc |= check_strings(r, object, string_keys);
	rc |= check_parts(r, object, "pxelinux", pxelinux_keys);
	rc |= check_parts(r, object, "chain", chain_keys);
	rc |= check_initrds(r, object);
	if (!json_is_null(json_object_get(object, "memory")))
		rc |= reader_number(r, object, "memory", MEMORY_MAX, &memory);
	if (eol != NULL && !is_date(eol))
		rc = reader_fail_key(r, "eol", "must be a date, YYYY-MM-DD");
	return rc;
}

static int check_variant(struct reader *r, const char *id,
			 const json_t *variant)
{
	int rc = reader_check_id(r, id);

	if (!json_is_null(variant))
		rc |= check_level(r, variant, variant_keys);
	return rc;
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

		if (arch != MACHINE_UNKNOWN && seen[arch]++ == 0)
			continue;
		if (arch == MACHINE_UNKNOWN && name != NULL)
			error_offer(r->err, name, arches_known);
		return reader_fail_key(r, "arches",
				       "must name i386, amd64, arm64, each "
				       "once at most");
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

		rc |= check(r, id, value);
		reader_leave(r, inner);
	}
	reader_leave(r, mark);
	return rc;
}

static int check_version(struct reader *r, const char *id,
			 const json_t *version)
{
	int rc = reader_check_id(r, id);

	rc |= check_level(r, version, version_keys);
	rc |= check_objects(r, version, "variants", check_variant);
	if (rc == 0 || json_object_get(version, "arches") != NULL)
		rc |= check_version_arches(r, version);
	return rc;
}

static int check_arch(struct reader *r, const char *id, const json_t *arch)
{
	int rc = 0;

	if (machine_find_arch(id) == MACHINE_UNKNOWN) {
		error_offer(r->err, id, arches_known);
		rc = reader_fail(r, "is not an architecture: i386, amd64, "
				    "arm64");
	}
	rc |= check_level(r, arch, arch_keys);
	rc |= check_objects(r, arch, "variants", check_variant);
	return rc;
}

int distro_check(struct reader *r, const json_t *distro)
{
	int rc = check_level(r, distro, distro_keys);

	rc |= check_objects(r, distro, "variants", check_variant);
	rc |= check_objects(r, distro, "arches", check_arch);
	rc |= check_objects(r, distro, "versions", check_version);
	if (rc == 0 &&
	    json_object_size(json_object_get(distro, "versions")) == 0)
		rc = reader_fail_key(r, "versions",
				     "must have one version or more");
	return rc;
}
