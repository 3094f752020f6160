#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loaded.h"

/* Most fit a machine in more than one way. */
#define GROUPS                                                                 \
	"{" SITE ", " MENUS ", 'groups': {"                                    \
	" 'efi': {'menu': 'main', 'platform': 'efi'},"                         \
	" 'wide': {'menu': 'main', 'networks': ['10.0.0.0/8',"                 \
	"  '2001:db8::/32']},"                                                 \
	" 'room': {'menu': 'local', 'networks': ['192.0.2.0/24',"              \
	"  '10.1.0.0/16']},"                                                   \
	" 'roomarm': {'menu': 'main', 'networks': ['10.1.0.0/16'],"            \
	"  'platform': 'efi', 'arch': 'arm64'},"                               \
	" 'roomefi': {'menu': 'main', 'networks': ['10.1.0.0/16'],"            \
	"  'platform': 'efi'},"                                                \
	" 'arm': {'menu': 'main', 'arch': 'arm64'},"                           \
	" 'named': {'menu': 'main'}}}"

static void test_group_boots_the_latest_for_its_architecture(void **state)
{
	struct catalog *c =
		load("{" SITE ", 'menus': {'main': {'entries': [{'local': "
		     "true}]}}, 'distros': {'d': {'title': 'D', 'kernel': "
		     "'http://h/k', 'versions': {'9': {'arches': ['amd64', "
		     "'arm64']}, '10': {'arches': ['amd64']}}}}, 'groups': {"
		     "'g': {'boot': {'distro': 'd', 'version': 'latest', "
		     "'arch': 'arm64'}}, 'h': {'boot': {'distro': 'd', "
		     "'version': 'latest', 'arch': 'amd64'}}}}");

	(void)state;
	assert_string_equal(catalog_group(c, "g")->assigned.release->version,
			    "9");
	assert_string_equal(catalog_group(c, "h")->assigned.release->version,
			    "10");
	catalog_free(c);
}

static void test_group_that_fits_most_closely_is_taken(void **state)
{
	static const struct {
		const char *address; /* NULL: not known */
		struct machine machine;
		const char *group; /* NULL: none */
	} rows[] = {
		{ NULL, { MACHINE_UNKNOWN, MACHINE_UNKNOWN }, NULL },
		{ NULL, { PLATFORM_BIOS, ARCH_AMD64 }, NULL },
		{ NULL, { PLATFORM_EFI, ARCH_AMD64 }, "efi" },
		{ NULL, { PLATFORM_EFI, ARCH_ARM64 }, "efi" },
		{ NULL, { MACHINE_UNKNOWN, ARCH_ARM64 }, "arm" },
		{ "192.0.2.9", { PLATFORM_EFI, ARCH_AMD64 }, "room" },
		{ "198.51.100.9", { PLATFORM_EFI, ARCH_AMD64 }, "efi" },
		{ "10.9.9.9", { PLATFORM_BIOS, ARCH_AMD64 }, "wide" },
		{ "2001:db8::1", { PLATFORM_BIOS, ARCH_AMD64 }, "wide" },
		{ "10.1.9.9", { PLATFORM_BIOS, ARCH_AMD64 }, "room" },
		{ "::ffff:10.1.9.9", { PLATFORM_BIOS, ARCH_I386 }, "room" },
		{ "10.1.9.9", { PLATFORM_EFI, ARCH_AMD64 }, "roomefi" },
		{ "10.1.9.9", { PLATFORM_EFI, ARCH_ARM64 }, "roomarm" },
		{ "10.1.9.9", { MACHINE_UNKNOWN, MACHINE_UNKNOWN }, "room" },
	};
	struct catalog *c = load(GROUPS);

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct network address;
		const struct group *group;

		if (rows[i].address != NULL)
			network_parse_address(rows[i].address, &address);
		group = catalog_group_of(c, &rows[i].machine,
					 rows[i].address ? &address : NULL);
		if ((group == NULL) != (rows[i].group == NULL) ||
		    (group != NULL && strcmp(group->id, rows[i].group) != 0))
			fail_msg("row %zu: %s", i, group ? group->id : "NULL");
	}
	catalog_free(c);
}

static void test_group_says_where_it_is_and_what_it_gives(void **state)
{
	struct catalog *c = load(GROUPS);
	const struct group *room = catalog_group(c, "room");
	const struct group *named = catalog_group(c, "named");
	size_t count;

	(void)state;
	catalog_groups(c, &count);
	assert_int_equal(count, 7);
	assert_null(catalog_group(c, "nosuch"));
	assert_string_equal(room->file, "catalog.json");
	assert_int_equal(room->assigned.is_local, 1);
	assert_null(room->assigned.menu);
	assert_string_equal(room->assigned.pointer, "/groups/room/menu");
	assert_int_equal(group_is_general(room), 1);
	assert_int_equal(group_is_general(named), 0);
	assert_string_equal(named->assigned.menu->id, "main");
	catalog_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_group_that_fits_most_closely_is_taken),
		SCRATCH_TEST(test_group_boots_the_latest_for_its_architecture),
		SCRATCH_TEST(test_group_says_where_it_is_and_what_it_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
