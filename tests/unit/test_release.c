#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "loaded.h"

static void test_releases_are_found_by_all_their_names(void **state)
{
	static const struct {
		const char *distro, *version, *arch, *variant;
		int is_there;
	} rows[] = {
		{ "d", "1", "amd64", NULL, 1 },
		{ "d", "1", "i386", NULL, 1 },
		{ "d", "2", "i386", NULL, 1 },
		{ "d", "1", "amd64", "v", 1 },
		{ "e", "1", "arm64", NULL, 1 },
		{ "d", "2", "amd64", NULL, 0 },
		{ "d", "3", "amd64", NULL, 0 },
		{ "x", "1", "amd64", NULL, 0 },
		{ "d", "1", "arm64", NULL, 0 },
		{ "d", "1", "x86", NULL, 0 },
		{ "d", "1", "", NULL, 0 },
		{ "", "", "amd64", "", 0 },
		{ "d", "1", "amd64", "w", 0 },
		{ "e", "1", "arm64", "v", 0 },
		{ "D", "1", "amd64", NULL, 0 },
		{ "d", "1.0", "amd64", NULL, 0 },
	};
	struct catalog *c =
		load("{" SITE ", " MENUS ", 'distros': {"
		     " 'e': {'title': 'E', 'kernel': 'http://h/a',"
		     "  'versions': {'1': {'arches': ['arm64']}}},"
		     " 'd': {'title': 'D', 'kernel': 'http://h/a',"
		     "  'variants': {'v': {'title': 'V'}},"
		     "  'versions': {'1': {'arches': ['i386', 'amd64']},"
		     "   '2': {'arches': ['i386']}}}}}");
	const struct catalog *none;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct release *r =
			catalog_release(c, rows[i].distro, rows[i].version,
					rows[i].arch, rows[i].variant);

		if ((r != NULL) != rows[i].is_there)
			fail_msg("row %zu: %s", i, r ? r->title : "none");
		if (r == NULL)
			continue;
		assert_string_equal(r->distro, rows[i].distro);
		assert_string_equal(r->version, rows[i].version);
		assert_string_equal(machine_arch_name((int)r->arch),
				    rows[i].arch);
		check_text("variant", r->variant, rows[i].variant);
	}
	catalog_free(c);
	none = load("{" SITE ", " MENUS "}");
	assert_null(catalog_release(none, "d", "1", "amd64", NULL));
	catalog_free((struct catalog *)none);
}
/* What each machine is told, by its letter below: platform not known, bios,
 * efi; within each, arch not known, i386, amd64, arm64, riscv64, armhf,
 * loong64. */
struct refusals {
	const char *keys;
	const char *arch;
	const char *letters;
};

static const char *refusal_of(char letter)
{
	switch (letter) {
	case 'i':
		return "is for i386, not for this machine";
	case 'a':
		return "is for amd64, not for this machine";
	case 'r':
		return "is for arm64, not for this machine";
	case 'v':
		return "is for riscv64, not for this machine";
	case 'V':
		return "is for riscv64, not for a PC with BIOS";
	case 'h':
		return "is for armhf, not for this machine";
	case 'H':
		return "is for armhf, not for a PC with BIOS";
	case 'l':
		return "is for loong64, not for this machine";
	case 'L':
		return "is for loong64, not for a PC with BIOS";
	case 'B':
		return "is for arm64, not for a PC with BIOS";
	case 'e':
		return "has nothing that UEFI can start";
	case 'b':
		return "has nothing that BIOS can start";
	default:
		return NULL;
	}
}

#define COPIED                                                                 \
	"'title': 'D', 'root': '{{base}}copies/{{version}}/',"                 \
	" 'kernel': '{{root}}k',"                                              \
	" 'copy': {'from': 'http://h/{{version}}.iso',"                        \
	"  'files': {'k': 'boot/{{arch}}', 'all.iso': '.'}}"

/* Whatever the machine is. */
static void test_a_copy_that_the_site_lacks_is_why(void **state)
{
#define COPY                                                                   \
	COPIED                                                                 \
	", 'versions': {'1': {'arches': ['amd64']},"                           \
	"  '2': {'arches': ['amd64'], 'root': 'http://h/', 'copy': null}}"
	struct catalog *c = load("{'site': {'base': 'http://s/',"
				 " 'copies': ['made']}, " MENUS
				 ", 'distros': {'made': {" COPY "},"
				 " 'not-made': {" COPY "}}}");
	const struct release *made =
		catalog_release(c, "made", "1", "amd64", NULL);
	const struct release *other =
		catalog_release(c, "not-made", "1", "amd64", NULL);
	const struct release *none =
		catalog_release(c, "not-made", "2", "amd64", NULL);

	(void)state;
	for (int platform = MACHINE_UNKNOWN; platform < PLATFORM_COUNT;
	     platform++) {
		const struct machine m = { platform, MACHINE_UNKNOWN };

		assert_null(release_refusal(made, &m));
		assert_string_equal(
			release_refusal(other, &m),
			"needs a copy on this server: mirrorboot-check --copy");
		assert_null(release_refusal(none, &m));
	}
	assert_true(release_lacks_copy(other));
	assert_false(release_lacks_copy(made));
	assert_null(none->copy);
	assert_string_equal(other->copy->from, "http://h/1.iso");
	assert_string_equal(other->copy->directory, "copies/1/");
	assert_int_equal(other->copy->count, 2);
	assert_string_equal(other->copy->files[0].name, "k");
	assert_string_equal(other->copy->files[0].source, "boot/amd64");
	assert_string_equal(other->copy->files[1].name, "all.iso");
	assert_string_equal(other->copy->files[1].source, ".");
	catalog_free(c);
#undef COPY
}

/* made: "+" for each release of whose copy the site says that it has it. */
static void check_copies(const char *copies, const char *made)
{
	static const struct release keys[] = {
		{ .distro = "d", .version = "1", .arch = ARCH_AMD64 },
		{ .distro = "d", .version = "1", .arch = ARCH_ARM64 },
		{ .distro = "d", .version = "2", .arch = ARCH_AMD64 },
		{ .distro = "d", .version = "2", .arch = ARCH_ARM64 },
		{ .distro = "d10", .version = "1", .arch = ARCH_AMD64 },
	};
	struct buf text = BUF_INIT;
	struct buf found = BUF_INIT;
	struct catalog *c;

	buf_printf(&text,
		   "{'site': {'base': 'http://s/', 'copies': [%s]}, " MENUS
		   ", 'distros': {'d': {" COPIED ", 'versions': {"
		   "'1': {'arches': ['amd64', 'arm64']},"
		   "'2': {'arches': ['amd64', 'arm64']}}},"
		   "'d10': {" COPIED
		   ", 'versions': {'1': {'arches': ['amd64']}}}}}",
		   copies);
	c = load(text.data);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const char *arch = machine_arch_name((int)keys[i].arch);
		const struct release *release = catalog_release(
			c, keys[i].distro, keys[i].version, arch, NULL);

		buf_putc(&found, release_lacks_copy(release) ? '-' : '+');
	}
	check_text(copies, found.data, made);
	catalog_free(c);
	buf_free(&found);
	buf_free(&text);
}

static void test_a_site_has_copies_of_a_distro_a_version_or_one(void **state)
{
	(void)state;
	check_copies("", "-----");
	check_copies("'d'", "++++-");
	check_copies("'d/2'", "--++-");
	check_copies("'d/2/arm64'", "---+-");
	check_copies("'d/1/amd64', 'd/2/arm64', 'd10'", "+--++");
}

static void check_refusals(const struct refusals *row)
{
	static const int platforms[] = { MACHINE_UNKNOWN, PLATFORM_BIOS,
					 PLATFORM_EFI };
	static const int arches[] = { MACHINE_UNKNOWN, ARCH_I386,    ARCH_AMD64,
				      ARCH_ARM64,      ARCH_RISCV64, ARCH_ARMHF,
				      ARCH_LOONG64 };
	struct buf text = BUF_INIT;
	struct catalog *c;
	const struct release *release;

	buf_printf(&text,
		   "{" SITE ", " MENUS ", 'distros': {'d': {'title': 'D', %s,"
		   " 'versions': {'1': {'arches': ['%s']}}}}}",
		   row->keys, row->arch);
	c = load(text.data);
	release = catalog_release(c, "d", "1", row->arch, NULL);
	for (size_t i = 0; i < 21; i++) {
		const struct machine m = { platforms[i / 7], arches[i % 7] };

		buf_truncate(&text, 0);
		buf_printf(&text, "%s for %s, machine %zu", row->keys,
			   row->arch, i);
		check_text(text.data, release_refusal(release, &m),
			   refusal_of(row->letters[i]));
	}
	catalog_free(c);
	buf_free(&text);
}

static void test_machines_are_told_why_they_cannot_start_it(void **state)
{
#define PXELINUX                                                               \
	"'root': 'http://h/', 'pxelinux': {'loader': 'http://h/p', "           \
	"'config': 'c'}"
	static const struct refusals rows[] = {
		{ "'kernel': 'http://h/a'", "i386", "...iiii...iiii..iiiii" },
		{ "'kernel': 'http://h/a'", "amd64", ".a.aaaa.a.aaaa.a.aaaa" },
		{ "'kernel': 'http://h/a'", "arm64", ".rr.rrrBBBBBBB.rr.rrr" },
		{ "'kernel': 'http://h/a'", "riscv64",
		  ".vvv.vvVVVVVVV.vvv.vv" },
		{ "'kernel': 'http://h/a'", "armhf", ".hhhh.hHHHHHHH.hhhh.h" },
		{ "'kernel': 'http://h/a'", "loong64",
		  ".lllll.LLLLLLL.lllll." },
		{ PXELINUX, "i386", "...iiii...iiiieeeeeee" },
		{ PXELINUX, "amd64", ".a.aaaa.a.aaaaeeeeeee" },
		{ PXELINUX ", 'kernel': 'http://h/a'", "amd64",
		  ".a.aaaa.a.aaaa.a.aaaa" },
		{ "'chain': {'bios': 'http://h/a'}", "amd64",
		  ".a.aaaa.a.aaaaeeeeeee" },
		{ "'chain': {'efi': 'http://h/a'}", "amd64",
		  ".a.aaaabbbbbbb.a.aaaa" },
		{ "'chain': {'efi': 'http://h/a'}", "arm64",
		  ".rr.rrrBBBBBBB.rr.rrr" },
		{ "'script': 'http://h/a'", "amd64", ".a.aaaa.a.aaaa.a.aaaa" },
		{ "'chain': {'bios': 'http://h/a.ipxe'}", "amd64",
		  ".a.aaaa.a.aaaaeeeeeee" },
		{ "'chain': {'bios': 'http://h/a', 'efi': 'http://h/b'}",
		  "i386", "...iiii...iiii..iiiii" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check_refusals(&rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_releases_are_found_by_all_their_names),
		SCRATCH_TEST(test_a_copy_that_the_site_lacks_is_why),
		SCRATCH_TEST(
			test_a_site_has_copies_of_a_distro_a_version_or_one),
		SCRATCH_TEST(test_machines_are_told_why_they_cannot_start_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
