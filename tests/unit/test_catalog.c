#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "buf.h"
#include "catalog.h"
#include "error.h"
#include "machine.h"
#include "network.h"
#include "scratch.h"
#include "stamps.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define SITE "'site': {'base': 'http://boot.example.org/boot/'}"
#define MENUS "'menus': {'main': {'entries': [{'local': true}]}}"

static struct catalog *load_with(const char *base, struct error *err)
{
	struct stamps *s = stamps_new();
	struct catalog *c = catalog_load("catalog.json", base, s, err);

	stamps_free(s);
	return c;
}

/* The catalogue, written with ' for ". */
static struct catalog *load(const char *text)
{
	struct error err = ERROR_INIT;
	struct catalog *c;

	put_json("catalog.json", text);
	c = load_with(NULL, &err);
	if (c == NULL)
		fail_msg("%s", err.text);
	return c;
}

static void check_text(const char *what, const char *text, const char *expected)
{
	if ((text == NULL) != (expected == NULL) ||
	    (text != NULL && strcmp(text, expected) != 0))
		fail_msg("%s: '%s', not '%s'", what, text ? text : "NULL",
			 expected ? expected : "NULL");
}

/* Site */

static void test_settings_that_are_left_out_have_their_defaults(void **state)
{
	struct catalog *c = load("{" SITE ", " MENUS "}");
	const struct settings *s = catalog_settings(c);
	struct buf url = BUF_INIT;

	(void)state;
	assert_string_equal(s->base, "http://boot.example.org/boot/");
	assert_string_equal(s->suffix, "");
	assert_string_equal(s->title, "Network boot");
	assert_null(s->background);
	assert_string_equal(s->vesamenu, "http://boot.example.org/boot/"
					 "syslinux/3.86/vesamenu.c32");
	assert_int_equal(s->timeout, 0);
	catalog_add_url(c, "menu", &url);
	assert_string_equal(url.data, "http://boot.example.org/boot/menu");
	buf_free(&url);
	catalog_free(c);
	catalog_free(NULL);
}

static void test_settings_are_the_sites_own(void **state)
{
	struct catalog *c = load(
		"{'site': {'base': 'http://h:8080/', 'suffix': '.php',"
		" 'title': 'LWP', 'background': 'Tux.png', 'timeout': 3599,"
		" 'vesamenu': 'syslinux/3.86/vesamenu.c32', 'menu': 'top'},"
		" 'menus': {'top': {'entries': [{'local': true}]}}}");
	const struct settings *s = catalog_settings(c);
	struct buf url = BUF_INIT;

	(void)state;
	assert_string_equal(s->suffix, ".php");
	assert_string_equal(s->title, "LWP");
	assert_string_equal(s->background, "Tux.png");
	assert_int_equal(s->timeout, 3599);
	assert_string_equal(s->vesamenu,
			    "http://h:8080/syslinux/3.86/vesamenu.c32");
	assert_string_equal(catalog_menu(c, NULL)->id, "top");
	buf_puts(&url, "<");
	catalog_add_url(c, "boot", &url);
	assert_string_equal(url.data, "<http://h:8080/boot.php");
	buf_free(&url);
	catalog_free(c);
}

static void
test_picture_is_beside_the_menu_program_or_below_the_base(void **state)
{
	const char *const rows[][2] = {
		{ "Tux.png", "Tux.png" },
		{ "pictures/Tux.png",
		  "http://boot.example.org/boot/pictures/Tux.png" },
		{ "https://h/Tux.png", "https://h/Tux.png" },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct buf text = BUF_INIT;
		struct catalog *c;

		buf_printf(&text,
			   "{'site': {'base': 'http://boot.example.org/boot/',"
			   " 'background': '%s'}, " MENUS "}",
			   rows[i][0]);
		c = load(text.data);
		assert_string_equal(catalog_settings(c)->background,
				    rows[i][1]);
		catalog_free(c);
		buf_free(&text);
	}
}

static void test_menu_program_may_be_elsewhere(void **state)
{
	struct catalog *c = load("{'site': {'base': 'http://h/',"
				 " 'vesamenu': 'http://v/vesamenu.c32'},"
				 " " MENUS "}");

	(void)state;
	assert_string_equal(catalog_settings(c)->vesamenu,
			    "http://v/vesamenu.c32");
	catalog_free(c);
}

static void test_given_base_takes_the_place_of_the_catalogues(void **state)
{
	static const struct {
		const char *base;
		const char *message; /* "": it is taken */
	} rows[] = {
		{ "http://127.0.0.1:8080/", "" },
		{ "http://127.0.0.1:8080",
		  "MIRRORBOOT_BASE: URL has no path: a '/' must follow the "
		  "host name: http://127.0.0.1:8080" },
		{ "http://h/boot", "MIRRORBOOT_BASE: must end in '/': "
				   "http://h/boot" },
		{ "", "MIRRORBOOT_BASE: URL is not an absolute http:// or "
		      "https:// URL: " },
	};

	(void)state;
	put_json("catalog.json",
		 "{'site': {'vesamenu': 'v.c32'}, " MENUS ","
		 " 'distros': {'d': {'title': 'D', 'kernel': '{{base}}linux',"
		 "  'versions': {'1': {'arches': ['amd64']}}}}}");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct error err = ERROR_INIT;
		struct catalog *c = load_with(rows[i].base, &err);

		check_text(rows[i].base, err.text, rows[i].message);
		if (c == NULL)
			continue;
		assert_string_equal(catalog_settings(c)->vesamenu,
				    "http://127.0.0.1:8080/v.c32");
		assert_string_equal(catalog_release(c, "d", "1", "amd64", NULL)
					    ->mirrors[0]
					    .kernel,
				    "http://127.0.0.1:8080/linux");
		catalog_free(c);
	}
}

static void test_missing_catalogue_says_so(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	assert_null(load_with(NULL, &err));
	assert_string_equal(err.text, "catalog.json: no such file");
}

static void test_catalogues_of_this_tree_are_good(void **state)
{
	static const char *const paths[] = {
		TESTS "/document/catalog.json",
		TESTS "/golden/everything.json",
		TESTS "/../conf/catalog.json",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(paths); i++) {
		struct stamps *s = stamps_new();
		struct error err = ERROR_INIT;
		struct catalog *c = catalog_load(paths[i], NULL, s, &err);

		if (c == NULL)
			fail_msg("%s: %s", paths[i], err.text);
		catalog_free(c);
		stamps_free(s);
	}
}

/* Releases */

static void test_release_has_all_that_its_distro_says(void **state)
{
	struct catalog *c = load(
		"{" SITE ", " MENUS ","
		" 'mirrors': {'m': ['http://deb.example.org:81/pub/debian/']},"
		" 'distros': {'debian': {"
		"  'title': 'Debian {{name}} {{arch}}', 'name': '{{version}}!',"
		"  'mirror': 'm', 'word': 'x-{{arch}}', 'memory': 512,"
		"  'root': '{{mirror}}{{version}}/{{word}}/',"
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
	assert_string_equal(r->word, "x-amd64");
	assert_string_equal(r->eol, "2028-06-30");
	assert_int_equal(r->memory, 512);
	assert_string_equal(r->modules, "6.04");
	assert_string_equal(r->file, "catalog.json");
	assert_int_equal(r->mirror_count, 1);
	assert_string_equal(s->mirror, "http://deb.example.org:81/pub/debian/");
	assert_int_equal(s->is_https, 0);
	assert_string_equal(s->pathprefix, "http://deb.example.org:81/pub/"
					   "debian/12/x-amd64/");
	assert_string_equal(s->configfile, "cfg/amd64");
	assert_string_equal(s->loader,
			    "http://boot.example.org/boot/pxelinux.0");
	assert_string_equal(s->kernel, "http://deb.example.org:81/pub/debian/"
				       "12/x-amd64/linux");
	assert_int_equal(s->initrd_count, 2);
	assert_string_equal(s->initrds[1], "http://deb.example.org:81/pub/"
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
	assert_string_equal(r->word, "arm64");
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

static void test_each_mirror_is_a_source_in_its_order(void **state)
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
	assert_int_equal(r->mirrors[0].is_https, 1);
	assert_string_equal(r->mirrors[1].mirror, "http://b/deb/");
	assert_string_equal(r->mirrors[1].kernel, "http://b/deb/linux");
	assert_string_equal(r->mirrors[1].args, "b/deb/");
	assert_int_equal(r->mirrors[1].is_https, 0);
	catalog_free(c);
}

/* Any URL that a loader has to fetch makes the source one for TLS. */
static void test_source_with_one_https_url_is_known_as_such(void **state)
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
		if (r->mirrors[0].is_https != rows[i].is_https)
			fail_msg("%s: %d", rows[i].keys,
				 r->mirrors[0].is_https);
		catalog_free(c);
		buf_free(&text);
	}
}

/* What a distro, its architecture amd64, version 12 and variant v say of the
 * kernel, each with a comma before it, and what becomes of that. */
struct levels {
	const char *distro;
	const char *arch;
	const char *version;
	const char *variant;
	const char *expected; /* NULL: none */
	const char *of_variant;
};

static void check_levels(const struct levels *row)
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

static void test_most_special_level_counts_and_null_means_none(void **state)
{
	static const struct levels rows[] = {
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
		check_levels(&rows[i]);
}

static void test_architecture_counts_for_itself_alone(void **state)
{
	struct catalog *c = load(
		"{" SITE ", " MENUS ", 'distros': {'d': {'title': 'D {{word}}',"
		" 'kernel': 'http://h/{{word}}',"
		" 'arches': {'amd64': {'word': 'x86_64', 'memory': 2048}},"
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

#define BOTH_WAYS                                                              \
	"'root': 'http://h/', 'kernel': '{{root}}linux',"                      \
	" 'pxelinux': {'loader': '{{root}}p', 'config': 'c'}"

static void test_variant_with_arguments_starts_the_kernel(void **state)
{
	struct catalog *c =
		load("{" SITE ", " MENUS ", 'distros': {'d': {'title': 'D',"
		     " " BOTH_WAYS ", 'args': 'quiet',"
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

/* Menus */

#define TWO_DISTROS                                                            \
	"'distros': {'d': {'title': 'D {{version}} {{arch}}',"                 \
	" 'kernel': 'http://h/a', 'variants': {'v': {'title': 'V'}},"          \
	" 'versions': {'2': {'arches': ['amd64', 'i386']},"                    \
	"  '1': {'arches': ['i386']}}},"                                       \
	" 'e': {'title': 'E', 'kernel': 'http://h/a',"                         \
	"  'versions': {'1': {'arches': ['arm64']}}}}"

static void check_entries(const char *entries, const char *const *expected)
{
	struct buf text = BUF_INIT;
	struct catalog *c;
	const struct menu *menu;

	buf_printf(&text,
		   "{" SITE ", " TWO_DISTROS ", 'menus': {'main': "
		   "{'entries': [%s]}}}",
		   entries);
	c = load(text.data);
	menu = catalog_menu(c, NULL);
	for (size_t i = 0; i < menu->count || expected[i] != NULL; i++)
		check_text(entries,
			   i < menu->count ? menu->entries[i].id : NULL,
			   expected[i]);
	catalog_free(c);
	buf_free(&text);
}

static void test_entry_stands_for_all_that_it_leaves_open(void **state)
{
	static const struct {
		const char *entries;
		const char *ids[8];
	} rows[] = {
		{ "{'distro': 'd'}", { "d-2-amd64", "d-2-i386", "d-1-i386" } },
		{ "{'distro': 'd', 'version': '2'}",
		  { "d-2-amd64", "d-2-i386" } },
		{ "{'distro': 'd', 'arch': 'i386'}",
		  { "d-2-i386", "d-1-i386" } },
		{ "{'distro': 'd', 'version': '1', 'arch': 'i386'}",
		  { "d-1-i386" } },
		{ "{'distro': 'd', 'variant': 'v'}",
		  { "d-2-amd64-v", "d-2-i386-v", "d-1-i386-v" } },
		{ "{'distro': 'e'}, {'distro': 'd', 'version': '1'}",
		  { "e-1-arm64", "d-1-i386" } },
		{ "{'heading': 'One'}, {'distro': 'e'}, {'heading': 'Two'},"
		  " {'local': true}, {'customermenu': true}",
		  { "heading-1", "e-1-arm64", "heading-2", "local",
		    "customermenu" } },
		{ "{'distro': 'e', 'id': 'mine'}, {'local': true, 'id': "
		  "'disk'}",
		  { "mine", "disk" } },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check_entries(rows[i].entries, rows[i].ids);
}

static void test_entries_keep_what_is_said_of_them(void **state)
{
	struct catalog *c = load(
		"{" SITE ", " TWO_DISTROS ", 'menus': {'main': {"
		" 'title': 'Boot', 'timeout': 7, 'default': 'e-1-arm64',"
		" 'entries': [{'heading': 'Today'}, {'distro': 'e'},"
		"  {'distro': 'd', 'version': '1', 'variant': 'v',"
		"   'title': 'Old', 'hotkey': 'O'},"
		"  {'menu': 'more', 'title': 'More', 'hotkey': '1'},"
		"  {'customermenu': true}, {'local': true, 'hotkey': 'l'}]},"
		" 'more': {'entries': [{'local': true}]}}}");
	const struct menu *menu = catalog_menu(c, "main");
	const struct menu_entry *e = menu->entries;

	(void)state;
	assert_ptr_equal(menu, catalog_menu(c, NULL));
	assert_string_equal(menu->title, "Boot");
	assert_int_equal(menu->timeout, 7);
	assert_string_equal(menu->default_id, "e-1-arm64");
	assert_int_equal(menu->count, 6);
	assert_int_equal(e[0].kind, ENTRY_HEADING);
	assert_string_equal(e[0].title, "Today");
	assert_int_equal(e[1].kind, ENTRY_RELEASE);
	assert_string_equal(e[1].title, "E");
	assert_int_equal(e[1].hotkey, '\0');
	assert_ptr_equal(e[1].release,
			 catalog_release(c, "e", "1", "arm64", NULL));
	assert_string_equal(e[2].title, "Old");
	assert_int_equal(e[2].hotkey, 'O');
	assert_ptr_equal(e[2].release,
			 catalog_release(c, "d", "1", "i386", "v"));
	assert_int_equal(e[3].kind, ENTRY_MENU);
	assert_string_equal(e[3].id, "more");
	assert_ptr_equal(e[3].menu, catalog_menu(c, "more"));
	assert_int_equal(e[4].kind, ENTRY_CUSTOMER);
	assert_string_equal(e[4].title, "Your own menu");
	assert_int_equal(e[5].kind, ENTRY_LOCAL);
	assert_string_equal(e[5].title, "Local disk");
	assert_int_equal(e[5].hotkey, 'l');
	catalog_free(c);
}

static void test_menu_entry_without_a_title_has_the_menus(void **state)
{
	struct catalog *c =
		load("{'site': {'base': 'http://h/', 'title': 'Site',"
		     " 'timeout': 9}, 'menus': {"
		     " 'a': {'title': 'Menu A', 'entries': [{'local': true}]},"
		     " 'main': {'entries': [{'menu': 'a'}, {'menu': 'z'}]},"
		     " 'z': {'title': 'Menu Z', 'timeout': 0,"
		     "  'entries': [{'local': true}]}}}");
	const struct menu *menu = catalog_menu(c, NULL);

	(void)state;
	assert_string_equal(menu->title, "Site");
	assert_int_equal(menu->timeout, 9);
	assert_null(menu->default_id);
	assert_int_equal(catalog_menu(c, "z")->timeout, 0);
	assert_string_equal(menu->entries[0].title, "Menu A");
	assert_string_equal(menu->entries[1].title, "Menu Z");
	catalog_free(c);
}

static void test_menus_know_where_back_leads(void **state)
{
	struct catalog *c =
		load("{" SITE ", 'menus': {"
		     " 'main': {'entries': [{'menu': 'a'}, {'menu': 'b'}]},"
		     " 'a': {'entries': [{'menu': 'c'}]},"
		     " 'b': {'entries': [{'local': true}]},"
		     " 'c': {'entries': [{'local': true}]},"
		     " 'alone': {'entries': [{'local': true}]}},"
		     " 'customers': {'x': {'menu': 'c'}, 'y': {'menu': 'c'}}}");

	(void)state;
	assert_null(catalog_menu(c, "main")->parent);
	assert_string_equal(catalog_menu(c, "a")->parent->id, "main");
	assert_string_equal(catalog_menu(c, "b")->parent->id, "main");
	assert_string_equal(catalog_menu(c, "c")->parent->id, "a");
	assert_null(catalog_menu(c, "alone")->parent);
	assert_null(catalog_menu(c, "none"));
	assert_null(catalog_menu(c, ""));
	assert_null(catalog_menu(c, "local"));
	catalog_free(c);
}

/* Customers */

#define CUSTOMERS                                                              \
	"'menus': {'main': {'entries': [{'menu': 'open'}]},"                   \
	" 'open': {'entries': [{'local': true}]},"                             \
	" 'uwp': {'entries': [{'menu': 'deep'}]},"                             \
	" 'deep': {'entries': [{'local': true}]},"                             \
	" 'lab': {'entries': [{'local': true}]},"                              \
	" 'both': {'entries': [{'local': true}]},"                             \
	" 'guest': {'entries': [{'local': true}]},"                            \
	" 'alone': {'entries': [{'local': true}]}},"                           \
	" 'customers': {"                                                      \
	" 'lab': {'menu': 'lab', 'networks': ['10.1.2.0/24',"                  \
	"  '2001:db8:7::/48', '192.0.2.7']},"                                  \
	" 'wide': {'menu': 'both', 'networks': ['10.0.0.0/8', '::/0']},"       \
	" 'uwp': {'menu': 'uwp', 'networks': ['10.1.0.0/16',"                  \
	"  '2001:db8::/32']},"                                                 \
	" 'peek': {'menu': 'open', 'networks': ['198.51.100.0/24']},"          \
	" 'same': {'menu': 'both'}, 'guest': {'menu': 'guest'}}"

#define SITE_WITH_GUEST "'site': {'base': 'http://h/', 'customer': 'guest'}"

static struct network address(const char *text)
{
	struct network a;

	if (network_parse_address(text, &a) < 0)
		fail_msg("%s is no address", text);
	return a;
}

static void test_longest_prefix_finds_the_customer(void **state)
{
	static const struct {
		const char *address; /* NULL: not known */
		const char *customer;
	} rows[] = {
		{ NULL, "guest" },          { "192.0.2.1", "guest" },
		{ "10.9.9.9", "wide" },     { "10.1.9.9", "uwp" },
		{ "10.1.2.9", "lab" },      { "::ffff:10.1.2.9", "lab" },
		{ "192.0.2.7", "lab" },     { "192.0.2.8", "guest" },
		{ "2001:db8:7::1", "lab" }, { "2001:db8:8::1", "uwp" },
		{ "2001:db9::1", "wide" },  { "fe80::1%eth0", "wide" },
		{ "198.51.100.9", "peek" },
	};
	struct catalog *c = load("{" SITE_WITH_GUEST ", " CUSTOMERS "}");

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct network a;
		const struct customer *customer;

		if (rows[i].address != NULL)
			a = address(rows[i].address);
		customer = catalog_customer_at(
			c, rows[i].address != NULL ? &a : NULL);
		check_text(rows[i].address ? rows[i].address : "NULL",
			   customer != NULL ? customer->id : NULL,
			   rows[i].customer);
	}
	catalog_free(c);
}

static void
test_without_a_default_other_addresses_have_no_customer(void **state)
{
	struct catalog *c = load("{" SITE ", " CUSTOMERS "}");
	struct network a = address("192.0.2.1");

	(void)state;
	assert_null(catalog_customer_at(c, &a));
	assert_null(catalog_customer_at(c, NULL));
	a = address("10.1.2.3");
	assert_string_equal(catalog_customer_at(c, &a)->id, "lab");
	catalog_free(c);
}

static void test_customers_are_found_by_name(void **state)
{
	struct catalog *c = load("{" SITE ", " CUSTOMERS "}");
	const struct customer *customer = catalog_customer(c, "lab");

	(void)state;
	assert_string_equal(customer->id, "lab");
	assert_string_equal(customer->menu->id, "lab");
	assert_int_equal(customer->network_count, 3);
	assert_int_equal(catalog_customer(c, "guest")->network_count, 0);
	assert_null(catalog_customer(c, "labs"));
	assert_null(catalog_customer(c, ""));
	catalog_free(c);
}

static void test_closed_menus_are_seen_from_their_networks_alone(void **state)
{
	static const struct {
		const char *menu;
		int is_closed;
		const char *seen_from; /* of the addresses, by initial */
	} rows[] = {
		{ "main", 0, "-gwulp" },  { "open", 0, "-gwulp" },
		{ "uwp", 1, "u" },        { "deep", 1, "u" },
		{ "lab", 1, "l" },        { "both", 0, "-gwulp" },
		{ "guest", 0, "-gwulp" }, { "alone", 0, "-gwulp" },
	};
	static const struct {
		char initial;
		const char *address;
	} clients[] = {
		{ '-', NULL },       { 'g', "192.0.2.1" },
		{ 'w', "10.9.9.9" }, { 'u', "10.1.9.9" },
		{ 'l', "10.1.2.9" }, { 'p', "198.51.100.1" },
	};
	struct catalog *c = load("{" SITE_WITH_GUEST ", " CUSTOMERS "}");

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct menu *menu = catalog_menu(c, rows[i].menu);

		if (menu->is_closed != rows[i].is_closed)
			fail_msg("%s: closed %d", menu->id, menu->is_closed);
		for (size_t j = 0; j < LENGTH(clients); j++) {
			const char *from = clients[j].address;
			int expected = strchr(rows[i].seen_from,
					      clients[j].initial) != NULL;
			struct network a;

			if (from != NULL)
				a = address(from);
			if (catalog_may_see(c, menu, from ? &a : NULL) !=
			    expected)
				fail_msg("%s from %s", menu->id,
					 from != NULL ? from : "nowhere");
		}
	}
	catalog_free(c);
}

/* A customer's pointer into the middle of a tree closes what lies below. */
static void test_customers_menu_below_an_open_one_stays_open(void **state)
{
	struct catalog *c = load(
		"{" SITE ", 'menus': {"
		" 'main': {'entries': [{'menu': 'a'}]},"
		" 'a': {'entries': [{'local': true}]},"
		" 'top': {'entries': [{'menu': 'mid'}]},"
		" 'mid': {'entries': [{'menu': 'low'}]},"
		" 'low': {'entries': [{'local': true}]}},"
		" 'customers': {"
		" 'x': {'menu': 'a', 'networks': ['192.0.2.0/24']},"
		" 'y': {'menu': 'mid', 'networks': ['198.51.100.0/24']}}}");

	(void)state;
	assert_int_equal(catalog_menu(c, "a")->is_closed, 0);
	assert_int_equal(catalog_menu(c, "top")->is_closed, 0);
	assert_int_equal(catalog_menu(c, "mid")->is_closed, 1);
	assert_int_equal(catalog_menu(c, "low")->is_closed, 1);
	catalog_free(c);
}

/* Machines */

/* What each machine is told, by its letter below: platform not known, bios,
 * efi; within each, arch not known, i386, amd64, arm64. */
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

static void check_refusals(const struct refusals *row)
{
	static const int platforms[] = { MACHINE_UNKNOWN, PLATFORM_BIOS,
					 PLATFORM_EFI };
	static const int arches[] = { MACHINE_UNKNOWN, ARCH_I386, ARCH_AMD64,
				      ARCH_ARM64 };
	struct buf text = BUF_INIT;
	struct catalog *c;
	const struct release *release;

	buf_printf(&text,
		   "{" SITE ", " MENUS ", 'distros': {'d': {'title': 'D', %s,"
		   " 'versions': {'1': {'arches': ['%s']}}}}}",
		   row->keys, row->arch);
	c = load(text.data);
	release = catalog_release(c, "d", "1", row->arch, NULL);
	for (size_t i = 0; i < 12; i++) {
		const struct machine m = { platforms[i / 4], arches[i % 4] };

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
		{ "'kernel': 'http://h/a'", "i386", "...i...i..ii" },
		{ "'kernel': 'http://h/a'", "amd64", ".a.a.a.a.a.a" },
		{ "'kernel': 'http://h/a'", "arm64", ".rr.BBBB.rr." },
		{ PXELINUX, "i386", "...i...ieeee" },
		{ PXELINUX, "amd64", ".a.a.a.aeeee" },
		{ PXELINUX ", 'kernel': 'http://h/a'", "amd64",
		  ".a.a.a.a.a.a" },
		{ "'chain': {'bios': 'http://h/a'}", "amd64", ".a.a.a.aeeee" },
		{ "'chain': {'efi': 'http://h/a'}", "amd64", ".a.abbbb.a.a" },
		{ "'chain': {'efi': 'http://h/a'}", "arm64", ".rr.BBBB.rr." },
		{ "'chain': {'bios': 'http://h/a', 'efi': 'http://h/b'}",
		  "i386", "...i...i..ii" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check_refusals(&rows[i]);
}

/* Includes */

static void test_later_file_replaces_whole_objects_by_id(void **state)
{
	struct catalog *c;

	(void)state;
	put_json("more.json", "{'site': {'title': 'More', 'background': null},"
			      " 'menus': {'b': {'entries': [{'local': true}]},"
			      "  'c': null},"
			      " 'distros': {'d': {'title': 'New',"
			      "  'kernel': 'http://h/new',"
			      "  'versions': {'2': {'arches': ['i386']}}}}}");
	c = load("{'site': {'base': 'http://h/', 'title': 'Old',"
		 " 'background': 'a.png'}, 'include': ['more.json'],"
		 " 'distros': {'d': {'title': 'Old', 'kernel': 'http://h/old',"
		 "  'args': 'old', 'versions': {'1': {'arches': ['i386']}}}},"
		 " 'menus': {'main': {'entries': [{'distro': 'd'}]},"
		 "  'b': {'title': 'B', 'entries': [{'menu': 'c'}]},"
		 "  'c': {'entries': [{'local': true}]}}}");
	assert_string_equal(catalog_settings(c)->title, "More");
	assert_null(catalog_settings(c)->background);
	assert_string_equal(catalog_menu(c, "b")->title, "More");
	assert_null(catalog_menu(c, "c"));
	assert_null(catalog_release(c, "d", "1", "i386", NULL));
	assert_null(catalog_release(c, "d", "2", "i386", NULL)->mirrors->args);
	assert_string_equal(catalog_release(c, "d", "2", "i386", NULL)->file,
			    "more.json");
	assert_string_equal(catalog_menu(c, NULL)->entries[0].id, "d-2-i386");
	catalog_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(
			test_settings_that_are_left_out_have_their_defaults),
		SCRATCH_TEST(test_settings_are_the_sites_own),
		SCRATCH_TEST(
			test_picture_is_beside_the_menu_program_or_below_the_base),
		SCRATCH_TEST(test_menu_program_may_be_elsewhere),
		SCRATCH_TEST(test_given_base_takes_the_place_of_the_catalogues),
		SCRATCH_TEST(test_missing_catalogue_says_so),
		SCRATCH_TEST(test_catalogues_of_this_tree_are_good),
		SCRATCH_TEST(test_release_has_all_that_its_distro_says),
		SCRATCH_TEST(test_what_is_left_out_is_not_there),
		SCRATCH_TEST(test_each_mirror_is_a_source_in_its_order),
		SCRATCH_TEST(test_source_with_one_https_url_is_known_as_such),
		SCRATCH_TEST(
			test_most_special_level_counts_and_null_means_none),
		SCRATCH_TEST(test_architecture_counts_for_itself_alone),
		SCRATCH_TEST(test_memory_may_be_taken_back_with_null),
		SCRATCH_TEST(test_mirror_may_be_another_for_a_version_or_none),
		SCRATCH_TEST(test_variant_with_arguments_starts_the_kernel),
		SCRATCH_TEST(test_variants_may_be_a_versions_own_or_missing),
		SCRATCH_TEST(test_releases_are_found_by_all_their_names),
		SCRATCH_TEST(test_entry_stands_for_all_that_it_leaves_open),
		SCRATCH_TEST(test_entries_keep_what_is_said_of_them),
		SCRATCH_TEST(test_menu_entry_without_a_title_has_the_menus),
		SCRATCH_TEST(test_menus_know_where_back_leads),
		SCRATCH_TEST(test_longest_prefix_finds_the_customer),
		SCRATCH_TEST(
			test_without_a_default_other_addresses_have_no_customer),
		SCRATCH_TEST(test_customers_are_found_by_name),
		SCRATCH_TEST(
			test_closed_menus_are_seen_from_their_networks_alone),
		SCRATCH_TEST(test_customers_menu_below_an_open_one_stays_open),
		SCRATCH_TEST(test_machines_are_told_why_they_cannot_start_it),
		SCRATCH_TEST(test_later_file_replaces_whole_objects_by_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
