#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "dialect.h"
#include "loaded.h"

static void test_release_has_all_that_its_distro_says(void **state)
{
	struct catalog *c = load(
		"{" SITE ", " MENUS ","
		" 'mirrors': {'m': ['http://deb.example.org:81/pub/debian/']},"
		" 'distros': {'debian': {"
		"  'title': 'Debian {{name}} {{arch}}', 'name': '{{version}}!',"
		"  'mirror': 'm', 'distro_arch': 'x-{{arch}}', 'memory': 512,"
		"  'root': '{{mirror}}{{version}}/{{distro_arch}}/',"
		"  'pxelinux': {'loader': '{{base}}pxelinux.0',"
		"   'config': 'cfg/{{arch}}', 'modules': '6.04'},"
		"  'kernel': '{{root}}linux',"
		"  'initrds': ['{{root}}a', '{{root}}b'],"
		"  'args': 'host={{mirror_host}} dir={{mirror_path}} q',"
		"  'chain': {'bios': '{{root}}a.bin', 'efi': '{{root}}a.efi'},"
		"  'eol': '2028-06-30',"
		"  'versions': {'12': {'arches': ['amd64']}}}}}");
	const struct release *r =
		catalog_release(c, "debian", "12", "amd64", NULL);
	const struct mirror_files *s = r->mirrors;

	(void)state;
	assert_string_equal(r->distro, "debian");
	assert_string_equal(r->version, "12");
	assert_null(r->variant);
	assert_int_equal(r->arch, ARCH_AMD64);
	assert_string_equal(r->title, "Debian 12! amd64");
	assert_string_equal(r->distro_arch, "x-amd64");
	assert_string_equal(r->eol, "2028-06-30");
	assert_int_equal(r->memory, 512);
	assert_string_equal(r->modules, "6.04");
	assert_string_equal(r->file, "catalog.json");
	assert_int_equal(r->mirror_count, 1);
	assert_string_equal(s->mirror, "http://deb.example.org:81/pub/debian/");
	assert_int_equal(s->needs.https, 0);
	assert_string_equal(s->pathprefix, "http://deb.example.org:81/pub/"
					   "debian/12/x-amd64/");
	assert_string_equal(s->configfile, "cfg/amd64");
	assert_string_equal(s->loader,
			    "http://boot.example.org/boot/pxelinux.0");
	assert_string_equal(s->kernel, "http://deb.example.org:81/pub/debian/"
				       "12/x-amd64/linux");
	assert_int_equal(s->initrd_count, 2);
	assert_string_equal(s->initrds[1].url, "http://deb.example.org:81/pub/"
					       "debian/12/x-amd64/b");
	assert_string_equal(s->args, "host=deb.example.org:81 "
				     "dir=/pub/debian/ q");
	assert_string_equal(s->chain[PLATFORM_BIOS],
			    "http://deb.example.org:81/pub/debian/12/x-amd64/"
			    "a.bin");
	assert_string_equal(s->chain[PLATFORM_EFI],
			    "http://deb.example.org:81/pub/debian/12/x-amd64/"
			    "a.efi");
	catalog_free(c);
}

static void test_what_is_left_out_is_not_there(void **state)
{
	struct catalog *c =
		load("{" SITE ", " MENUS ", 'distros': {'d': {'title': 'D',"
		     " 'kernel': 'http://h/linux',"
		     " 'versions': {'1': {'arches': ['arm64']}}}}}");
	const struct release *r = catalog_release(c, "d", "1", "arm64", NULL);
	const struct mirror_files *s = r->mirrors;

	(void)state;
	assert_string_equal(r->distro_arch, "arm64");
	assert_null(r->eol);
	assert_int_equal(r->memory, 0);
	assert_null(r->modules);
	assert_int_equal(r->mirror_count, 1);
	assert_null(s->mirror);
	assert_null(s->pathprefix);
	assert_null(s->configfile);
	assert_null(s->loader);
	assert_int_equal(s->initrd_count, 0);
	assert_null(s->args);
	assert_null(s->chain[PLATFORM_BIOS]);
	assert_null(s->chain[PLATFORM_EFI]);
	catalog_free(c);
}

/* In the order of the scopes, as a kernel. */
static void test_a_script_is_for_both_platforms(void **state)
{
	struct catalog *c = load(
		"{" SITE ", " MENUS ", 'distros': {'d': {'title': 'D',"
		" 'script': '{{base}}{{version}}',"
		" 'variants': {'v': {'title': 'v', 'script': null,"
		"   'kernel': 'http://h/linux'},"
		"  'w': {'title': 'w', 'kernel': 'http://h/linux',"
		"   'args': 'quiet'}},"
		" 'versions': {'1': {'arches': ['amd64']},"
		"  '2': {'arches': ['amd64'], 'script': 'http://h/2'}}}}}");
	const struct release *one = catalog_release(c, "d", "1", "amd64", NULL);
	const struct release *two = catalog_release(c, "d", "2", "amd64", NULL);
	const struct release *v = catalog_release(c, "d", "2", "amd64", "v");
	const struct release *w = catalog_release(c, "d", "2", "amd64", "w");

	(void)state;
	assert_string_equal(one->mirrors->script[PLATFORM_BIOS],
			    "http://boot.example.org/boot/1");
	assert_string_equal(one->mirrors->script[PLATFORM_EFI],
			    "http://boot.example.org/boot/1");
	assert_string_equal(two->mirrors->script[PLATFORM_EFI], "http://h/2");
	assert_null(v->mirrors->script[PLATFORM_BIOS]);
	/* A script takes no arguments. */
	assert_null(w->mirrors->script[PLATFORM_BIOS]);
	assert_string_equal(w->mirrors->kernel, "http://h/linux");
	catalog_free(c);
}

static void test_an_image_may_stand_beside_a_script(void **state)
{
	struct catalog *c =
		load("{" SITE ", " MENUS ", 'distros': {'d': {'title': 'D',"
		     " 'script': 'http://h/a.ipxe',"
		     " 'image': {'bios': 'http://h/a.ISO?b=c',"
		     "  'efi': 'http://h/a.img'},"
		     " 'versions': {'1': {'arches': ['amd64']},"
		     "  '2': {'arches': ['amd64'],"
		     "   'image': {'bios': 'http://h/iso'}},"
		     "  '3': {'arches': ['amd64'], 'image': null}}}}}");
	const struct mirror_files *one =
		catalog_release(c, "d", "1", "amd64", NULL)->mirrors;
	const struct mirror_files *two =
		catalog_release(c, "d", "2", "amd64", NULL)->mirrors;
	const struct mirror_files *three =
		catalog_release(c, "d", "3", "amd64", NULL)->mirrors;

	(void)state;
	assert_string_equal(one->script[PLATFORM_EFI], "http://h/a.ipxe");
	assert_string_equal(one->image[PLATFORM_EFI], "http://h/a.img");
	assert_string_equal(one->memdisk->initrds->url, "http://h/a.ISO?b=c");
	assert_string_equal(one->memdisk->args, "iso raw");
	assert_string_equal(one->memdisk->url, "http://boot.example.org/boot/"
					       "syslinux/6.04/bios/memdisk");
	assert_string_equal(two->memdisk->args, "raw");
	assert_null(two->image[PLATFORM_EFI]);
	assert_null(three->memdisk);
	catalog_free(c);
}

static void test_a_multiboot_kernel_has_modules(void **state)
{
	struct catalog *c =
		load("{" SITE ", " MENUS ", 'distros': {'d': {'title': 'D',"
		     " 'kernel': 'http://h/xen', 'args': 'a',"
		     " 'multiboot': ['http://h/{{version}}',"
		     "  {'file': 'http://h/b', 'args': 'v={{version}}'}],"
		     " 'variants': {'r': {'title': 'R', 'args': 'b',"
		     "  'multiboot': []}},"
		     " 'versions': {'1': {'arches': ['amd64']},"
		     "  '2': {'arches': ['amd64'], 'multiboot': null}}}}}");
	const struct mirror_files *one =
		catalog_release(c, "d", "1", "amd64", NULL)->mirrors;
	const struct mirror_files *bare =
		catalog_release(c, "d", "1", "amd64", "r")->mirrors;

	(void)state;
	assert_true(one->is_multiboot);
	assert_int_equal(one->initrd_count, 2);
	assert_string_equal(one->initrds[0].url, "http://h/1");
	assert_null(one->initrds[0].args);
	assert_string_equal(one->initrds[1].url, "http://h/b");
	assert_string_equal(one->initrds[1].args, "v=1");
	assert_true(bare->is_multiboot);
	assert_int_equal(bare->initrd_count, 0);
	assert_string_equal(bare->args, "a b");
	assert_false(catalog_release(c, "d", "2", "amd64", NULL)
			     ->mirrors->is_multiboot);
	catalog_free(c);
}

static void test_a_chain_named_as_a_script_is_one(void **state)
{
	struct catalog *c =
		load("{" SITE ", " MENUS ", 'distros': {'d': {'title': 'D',"
		     " 'chain': {'bios': 'http://h/a.IPXE?b=c',"
		     "  'efi': 'http://h/ipxe'},"
		     " 'versions': {'1': {'arches': ['amd64']}}}}}");
	const struct mirror_files *s =
		catalog_release(c, "d", "1", "amd64", NULL)->mirrors;

	(void)state;
	assert_null(s->chain[PLATFORM_BIOS]);
	assert_string_equal(s->script[PLATFORM_BIOS], "http://h/a.IPXE?b=c");
	assert_string_equal(s->chain[PLATFORM_EFI], "http://h/ipxe");
	assert_null(s->script[PLATFORM_EFI]);
	catalog_free(c);
}

static void test_each_base_of_a_mirror_has_the_files_in_its_order(void **state)
{
	struct catalog *c =
		load("{" SITE ", " MENUS ","
		     " 'mirrors': {'m': ['https://a/', 'http://b/deb/']},"
		     " 'distros': {'d': {'title': 'D', 'mirror': 'm',"
		     "  'kernel': '{{mirror}}linux',"
		     "  'args': '{{mirror_host}}{{mirror_path}}',"
		     "  'versions': {'1': {'arches': ['amd64']}}}}}");
	const struct release *r = catalog_release(c, "d", "1", "amd64", NULL);

	(void)state;
	assert_int_equal(r->mirror_count, 2);
	assert_string_equal(r->mirrors[0].mirror, "https://a/");
	assert_string_equal(r->mirrors[0].kernel, "https://a/linux");
	assert_string_equal(r->mirrors[0].args, "a/");
	assert_int_equal(r->mirrors[0].needs.https, 1);
	assert_string_equal(r->mirrors[1].mirror, "http://b/deb/");
	assert_string_equal(r->mirrors[1].kernel, "http://b/deb/linux");
	assert_string_equal(r->mirrors[1].args, "b/deb/");
	assert_int_equal(r->mirrors[1].needs.https, 0);
	catalog_free(c);
}

/* Any URL that a loader has to fetch counts. */
static void test_files_with_one_https_url_need_it(void **state)
{
	static const struct {
		const char *keys;
		int is_https;
	} rows[] = {
		{ "'kernel': 'http://h/a'", 0 },
		{ "'kernel': 'https://h/a'", 1 },
		{ "'kernel': 'http://h/a', 'initrds': ['https://h/b']", 1 },
		{ "'kernel': 'http://h/a', 'mirror': 'm'", 1 },
		{ "'kernel': 'http://h/a',"
		  " 'initrds': ['http://h/b', 'https://h/c']",
		  1 },
		{ "'kernel': 'http://h/a', 'args': 'url=https://h/b'", 0 },
		{ "'chain': {'bios': 'https://h/a'}", 1 },
		{ "'chain': {'efi': 'https://h/a'}", 1 },
		{ "'script': 'https://h/a'", 1 },
		{ "'script': 'https://h/a', 'kernel': 'http://h/a'", 0 },
		{ "'chain': {'bios': 'https://h/a.ipxe'}", 1 },
		{ "'root': 'http://h/', 'pxelinux': {'config': 'c',"
		  " 'loader': 'https://h/p'}",
		  1 },
		{ "'root': 'https://h/', 'pxelinux': {'config': 'c',"
		  " 'loader': 'http://h/p'}",
		  1 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf text = BUF_INIT;
		struct catalog *c;
		const struct release *r;

		buf_printf(&text,
			   "{" SITE ", " MENUS ","
			   " 'mirrors': {'m': ['https://m/']},"
			   " 'distros': {'d': {'title': 'D', %s,"
			   " 'versions': {'1': {'arches': ['amd64']}}}}}",
			   rows[i].keys);
		c = load(text.data);
		r = catalog_release(c, "d", "1", "amd64", NULL);
		if (r->mirrors[0].needs.https != rows[i].is_https)
			fail_msg("%s: %d", rows[i].keys,
				 r->mirrors[0].needs.https);
		catalog_free(c);
		buf_free(&text);
	}
}

/* What a distro, its architecture amd64, version 12 and variant v say of the
 * kernel, each with a comma before it, and what becomes of that. */
struct scopes {
	const char *distro;
	const char *arch;
	const char *version;
	const char *variant;
	const char *expected; /* NULL: none */
	const char *of_variant;
};

static void check_scopes(const struct scopes *row)
{
	struct buf text = BUF_INIT;
	struct catalog *c;

	buf_printf(&text,
		   "{" SITE ", " MENUS ", 'distros': {'d': {'title': 'D',"
		   " 'chain': {'bios': 'http://h/'} %s,"
		   " 'variants': {'v': {'title': 'V' %s}},"
		   " 'arches': {'amd64': {'memory': 1 %s}},"
		   " 'versions': {'12': {'arches': ['amd64', 'i386'] %s}}}}}",
		   row->distro, row->variant, row->arch, row->version);
	c = load(text.data);
	check_text(
		text.data,
		catalog_release(c, "d", "12", "amd64", NULL)->mirrors[0].kernel,
		row->expected);
	check_text(
		text.data,
		catalog_release(c, "d", "12", "amd64", "v")->mirrors[0].kernel,
		row->of_variant);
	catalog_free(c);
	buf_free(&text);
}

#define KERNEL(name) ", 'kernel': 'http://h/" name "'"
#define NO_KERNEL ", 'kernel': null"

static void test_most_special_scope_counts_and_null_means_none(void **state)
{
	static const struct scopes rows[] = {
		{ "", "", "", "", NULL, NULL },
		{ KERNEL("d"), "", "", "", "http://h/d", "http://h/d" },
		{ KERNEL("d"), KERNEL("a"), "", "", "http://h/a",
		  "http://h/a" },
		{ KERNEL("d"), "", KERNEL("v"), "", "http://h/v",
		  "http://h/v" },
		{ KERNEL("d"), KERNEL("a"), KERNEL("v"), "", "http://h/v",
		  "http://h/v" },
		{ KERNEL("d"), KERNEL("a"), KERNEL("v"), KERNEL("x"),
		  "http://h/v", "http://h/x" },
		{ "", KERNEL("a"), "", "", "http://h/a", "http://h/a" },
		{ "", "", "", KERNEL("x"), NULL, "http://h/x" },
		{ NO_KERNEL, "", "", "", NULL, NULL },
		{ KERNEL("d"), NO_KERNEL, "", "", NULL, NULL },
		{ KERNEL("d"), KERNEL("a"), NO_KERNEL, "", NULL, NULL },
		{ KERNEL("d"), NO_KERNEL, KERNEL("v"), "", "http://h/v",
		  "http://h/v" },
		{ KERNEL("d"), "", "", NO_KERNEL, "http://h/d", NULL },
		{ KERNEL("d"), "", NO_KERNEL, KERNEL("x"), NULL, "http://h/x" },
		/* A pattern is filled for the release that it counts for. */
		{ KERNEL("{{version}}/{{arch}}"), "", "", "",
		  "http://h/12/amd64", "http://h/12/amd64" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check_scopes(&rows[i]);
}

static void test_architecture_counts_for_itself_alone(void **state)
{
	struct catalog *c =
		load("{" SITE ", " MENUS
		     ", 'distros': {'d': {'title': 'D {{distro_arch}}',"
		     " 'kernel': 'http://h/{{distro_arch}}',"
		     " 'arches': {'amd64': {'distro_arch': 'x86_64', 'memory': "
		     "2048}},"
		     " 'versions': {'1': {'arches': ['i386', 'amd64']}}}}}");

	(void)state;
	assert_string_equal(catalog_release(c, "d", "1", "amd64", NULL)->title,
			    "D x86_64");
	assert_string_equal(catalog_release(c, "d", "1", "i386", NULL)->title,
			    "D i386");
	assert_int_equal(catalog_release(c, "d", "1", "amd64", NULL)->memory,
			 2048);
	assert_int_equal(catalog_release(c, "d", "1", "i386", NULL)->memory, 0);
	catalog_free(c);
}

static void test_memory_may_be_taken_back_with_null(void **state)
{
	struct catalog *c = load(
		"{" SITE ", " MENUS ", 'distros': {'d': {'title': 'D',"
		" 'kernel': 'http://h/a', 'memory': 2048,"
		" 'versions': {'1': {'arches': ['amd64'], 'memory': null}}}}}");

	(void)state;
	assert_int_equal(catalog_release(c, "d", "1", "amd64", NULL)->memory,
			 0);
	catalog_free(c);
}

static void test_most_specific_scope_says_whether_it_is_live(void **state)
{
	struct catalog *c = load(
		"{" SITE ", " MENUS ", 'distros': {'d': {'title': 'D',"
		" 'kernel': 'http://h/a', 'live': true, 'variants':"
		" {'disk': {'title': 'disk', 'live': false}},"
		" 'arches': {'i386': {'live': false}}, 'versions': {"
		" '1': {'arches': ['amd64', 'i386']},"
		" '2': {'arches': ['amd64'], 'live': null}}},"
		" 'e': {'title': 'E', 'kernel': 'http://h/a',"
		" 'variants': {'rescue': {'title': 'rescue', 'live': true}},"
		" 'versions': {'1': {'arches': ['amd64']}}}}}");

	(void)state;
	assert_true(catalog_release(c, "d", "1", "amd64", NULL)->is_live);
	assert_false(catalog_release(c, "d", "1", "amd64", "disk")->is_live);
	assert_false(catalog_release(c, "d", "1", "i386", NULL)->is_live);
	assert_false(catalog_release(c, "d", "2", "amd64", NULL)->is_live);
	assert_false(catalog_release(c, "e", "1", "amd64", NULL)->is_live);
	assert_true(catalog_release(c, "e", "1", "amd64", "rescue")->is_live);
	catalog_free(c);
}

static void test_mirror_may_be_another_for_a_version_or_none(void **state)
{
	struct catalog *c = load(
		"{" SITE ", " MENUS ","
		" 'mirrors': {'m': ['http://m/'], 'old': ['http://o/']},"
		" 'distros': {'d': {'title': 'D', 'mirror': 'm',"
		"  'root': '{{mirror}}{{version}}/', 'kernel': '{{root}}linux',"
		"  'versions': {'1': {'arches': ['amd64'], 'mirror': 'old'},"
		"   '2': {'arches': ['amd64']},"
		"   '3': {'arches': ['amd64'], 'mirror': null,"
		"    'root': 'http://x/'}}}}}");
	const struct release *none;

	(void)state;
	assert_string_equal(
		catalog_release(c, "d", "1", "amd64", NULL)->mirrors[0].kernel,
		"http://o/1/linux");
	assert_string_equal(
		catalog_release(c, "d", "2", "amd64", NULL)->mirrors[0].kernel,
		"http://m/2/linux");
	none = catalog_release(c, "d", "3", "amd64", NULL);
	assert_string_equal(none->mirrors[0].kernel, "http://x/linux");
	assert_null(none->mirrors[0].mirror);
	catalog_free(c);
}

/* Variants */

#define TWO_METHODS                                                            \
	"'root': 'http://h/', 'kernel': '{{root}}linux',"                      \
	" 'pxelinux': {'loader': '{{root}}p', 'config': 'c'}"

static void test_variant_with_arguments_starts_the_kernel(void **state)
{
	struct catalog *c =
		load("{" SITE ", " MENUS ", 'distros': {'d': {'title': 'D',"
		     " " TWO_METHODS ", 'args': 'quiet',"
		     " 'variants': {'rescue': {'title': 'rescue {{version}}',"
		     "   'args': 'rescue={{arch}}'},"
		     "  'look': {'title': 'a look'}},"
		     " 'versions': {'1': {'arches': ['amd64']}}}}}");
	const struct release *r = catalog_release(c, "d", "1", "amd64", NULL);

	(void)state;
	assert_string_equal(r->title, "D");
	assert_string_equal(r->mirrors[0].loader, "http://h/p");
	assert_string_equal(r->mirrors[0].args, "quiet");
	r = catalog_release(c, "d", "1", "amd64", "rescue");
	assert_string_equal(r->variant, "rescue");
	assert_string_equal(r->title, "D (rescue 1)");
	assert_null(r->mirrors[0].loader);
	assert_null(r->mirrors[0].pathprefix);
	assert_null(r->mirrors[0].configfile);
	assert_string_equal(r->mirrors[0].kernel, "http://h/linux");
	assert_string_equal(r->mirrors[0].args, "quiet rescue=amd64");
	r = catalog_release(c, "d", "1", "amd64", "look");
	assert_string_equal(r->title, "D (a look)");
	assert_string_equal(r->mirrors[0].loader, "http://h/p");
	assert_string_equal(r->mirrors[0].args, "quiet");
	catalog_free(c);
}

static void test_variants_may_be_a_versions_own_or_missing(void **state)
{
	struct catalog *c = load(
		"{" SITE ", " MENUS ", 'distros': {'d': {'title': 'D',"
		" 'kernel': 'http://h/a', 'variants': {'v': {'title': 'all'}},"
		" 'arches': {'i386': {'variants': {'v': {'title': 'old'}}}},"
		" 'versions': {'1': {'arches': ['amd64', 'i386']},"
		"  '2': {'arches': ['i386'], 'variants':"
		"   {'v': {'title': 'two'}, 'w': {'title': 'more'}}},"
		"  '3': {'arches': ['amd64'], 'variants': {'v': null}}}}}}");

	(void)state;
	assert_string_equal(catalog_release(c, "d", "1", "amd64", "v")->title,
			    "D (all)");
	assert_string_equal(catalog_release(c, "d", "1", "i386", "v")->title,
			    "D (old)");
	assert_string_equal(catalog_release(c, "d", "2", "i386", "v")->title,
			    "D (two)");
	assert_string_equal(catalog_release(c, "d", "2", "i386", "w")->title,
			    "D (more)");
	assert_null(catalog_release(c, "d", "1", "amd64", "w"));
	assert_non_null(catalog_release(c, "d", "3", "amd64", NULL));
	assert_null(catalog_release(c, "d", "3", "amd64", "v"));
	catalog_free(c);
}

/* What a loader needs, of the files that it boots and of all. */
static void test_files_know_what_a_loader_needs(void **state)
{
	static const struct {
		const char *keys;
		int is_site_host;
		unsigned length;
	} rows[] = {
		{ "'kernel': 'http://boot.example.org/k'", 1, 25 },
		{ "'kernel': 'http://boot.example.org:81/k'", 1, 28 },
		{ "'kernel': 'http://h/k'", 0, 10 },
		{ "'kernel': 'http://boot.example.org/k',"
		  " 'initrds': ['http://h:81/i']",
		  0, 25 },
		{ "'kernel': 'http://boot.example.org/k',"
		  " 'chain': {'bios': 'http://h:81/longer-than-the-kernel',"
		  " 'efi': 'http://h:81/e'}",
		  1, 34 },
		{ "'chain': {'efi': 'http://h:81/e'}", 0, 13 },
		{ "'chain': {'bios': 'http://h:81/b'}", 1, 13 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf text = BUF_INIT;
		struct catalog *c;
		const struct mirror_files *files;

		buf_printf(&text,
			   "{" SITE ", " MENUS ", 'distros': {'d': {"
			   "'title': 'D', %s,"
			   " 'versions': {'1': {'arches': ['amd64']}}}}}",
			   rows[i].keys);
		c = load(text.data);
		files = catalog_release(c, "d", "1", "amd64", NULL)->mirrors;
		if (files->is_site_host != rows[i].is_site_host ||
		    files->needs.length != rows[i].length)
			fail_msg("%s: %d, %u", rows[i].keys,
				 files->is_site_host, files->needs.length);
		catalog_free(c);
		buf_free(&text);
	}
}

/* For each dialect, why it cannot write what starts the files. */
static void test_files_know_which_loaders_cannot_be_told_of_them(void **state)
{
	static const struct {
		const char *keys;
		const char *names; /* of dialects that cannot; "": all can */
		const char *reason;
	} rows[] = {
		{ "'kernel': 'http://h/k', 'args': '--- d'", "", "" },
		{ "'kernel': 'http://h/k', 'args': '${a}'",
		  "gpxe pxelinux ipxe",
		  "has an argument that contains a '$' that begins a setting" },
		{ "'kernel': 'http://h/k', 'args': 'a\\\\b'", "grub",
		  "has an argument that contains \"'\" or '\\', which GRUB "
		  "changes" },
		{ "'kernel': 'http://h/k', 'initrds': ['http://h/i',"
		  " {'file': 'http://h/f', 'name': '/f'}]",
		  "gpxe pxelinux syslinux",
		  "puts a file into the initrd, which this loader cannot" },
		{ "'kernel': 'http://h/k?f=a.c32'", "gpxe pxelinux",
		  "has a name that gPXE would run as native code" },
		{ "'chain': {'bios': 'http://h/k?f=a.c32'}", "gpxe pxelinux",
		  "has a name that gPXE would run as native code" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf text = BUF_INIT;
		struct catalog *c;
		const struct mirror_files *files;

		buf_printf(&text,
			   "{" SITE ", " MENUS ", 'distros': {'d': {"
			   "'title': 'D', %s,"
			   " 'versions': {'1': {'arches': ['amd64']}}}}}",
			   rows[i].keys);
		c = load(text.data);
		files = catalog_release(c, "d", "1", "amd64", NULL)->mirrors;
		assert_int_equal(files->unwritable == NULL,
				 rows[i].names[0] == '\0');
		for (size_t d = 0;
		     files->unwritable != NULL && dialects[d] != NULL; d++) {
			const char *why = files->unwritable[d];

			if ((strstr(rows[i].names, dialects[d]->name) ==
			     NULL) != (why == NULL))
				fail_msg("%s, %s: %s", rows[i].keys,
					 dialects[d]->name, why);
			if (why != NULL)
				assert_string_equal(why, rows[i].reason);
		}
		catalog_free(c);
		buf_free(&text);
	}
}

/* A lower bound would fail at another version. */
static void test_catalogue_has_at_most_100000_releases(void **state)
{
	struct buf text = BUF_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	buf_puts(&text, "{" SITE ", " MENUS ", 'distros': {'d': {'title': 'D',"
			" 'chain': {'bios': 'http://h/'}, 'versions': {");
	for (int i = 1; i <= 50000; i++)
		buf_printf(&text, "'%d': {'arches': ['i386', 'amd64']},", i);
	assert_null(load_parts(text.data, "'last': {'arches': ['i386']}}}}}",
			       &err));
	assert_string_equal(err.text, "catalog.json: /distros/d/versions/last: "
				      "i386: more than 100000 releases");
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_release_has_all_that_its_distro_says),
		SCRATCH_TEST(test_what_is_left_out_is_not_there),
		SCRATCH_TEST(test_a_script_is_for_both_platforms),
		SCRATCH_TEST(test_an_image_may_stand_beside_a_script),
		SCRATCH_TEST(test_a_multiboot_kernel_has_modules),
		SCRATCH_TEST(test_a_chain_named_as_a_script_is_one),
		SCRATCH_TEST(
			test_each_base_of_a_mirror_has_the_files_in_its_order),
		SCRATCH_TEST(test_files_with_one_https_url_need_it),
		SCRATCH_TEST(
			test_most_special_scope_counts_and_null_means_none),
		SCRATCH_TEST(test_architecture_counts_for_itself_alone),
		SCRATCH_TEST(test_most_specific_scope_says_whether_it_is_live),
		SCRATCH_TEST(test_memory_may_be_taken_back_with_null),
		SCRATCH_TEST(test_mirror_may_be_another_for_a_version_or_none),
		SCRATCH_TEST(test_variant_with_arguments_starts_the_kernel),
		SCRATCH_TEST(test_variants_may_be_a_versions_own_or_missing),
		SCRATCH_TEST(test_files_know_what_a_loader_needs),
		SCRATCH_TEST(
			test_files_know_which_loaders_cannot_be_told_of_them),
		SCRATCH_TEST(test_catalogue_has_at_most_100000_releases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
