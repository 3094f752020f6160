#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "loaded.h"

static void test_settings_that_are_left_out_have_their_defaults(void **state)
{
	struct catalog *c = load("{" SITE ", " MENUS "}");
	const struct settings *s = catalog_settings(c);

	(void)state;
	assert_string_equal(s->base, "http://boot.example.org/boot/");
	assert_string_equal(s->suffix, "");
	assert_string_equal(s->title, "Network boot");
	assert_null(s->background);
	assert_string_equal(s->memdisk, "http://boot.example.org/boot/"
					"syslinux/6.04/bios/memdisk");
	assert_string_equal(s->vesamenu, "http://boot.example.org/boot/"
					 "syslinux/3.86/vesamenu.c32");
	assert_int_equal(s->timeout, 0);
	assert_string_equal(s->trusts[0], "debian");
	assert_null(s->trusts[1]);
	catalog_free(c);
	catalog_free(NULL);
}

static void test_settings_are_the_sites_own(void **state)
{
	struct catalog *c = load(
		"{'site': {'base': 'http://h:8080/', 'suffix': '.php',"
		" 'title': 'LWP', 'background': 'Tux.png', 'timeout': 3599,"
		" 'vesamenu': 'syslinux/3.86/vesamenu.c32', 'menu': 'top',"
		" 'trusts': ['ubuntu', 'own']},"
		" 'menus': {'top': {'entries': [{'local': true}]}}}");
	const struct settings *s = catalog_settings(c);

	(void)state;
	assert_string_equal(s->base, "http://h:8080/");
	assert_string_equal(s->suffix, ".php");
	assert_string_equal(s->title, "LWP");
	assert_string_equal(s->background, "Tux.png");
	assert_int_equal(s->timeout, 3599);
	assert_true(settings_trust(s, NULL, "ubuntu"));
	assert_true(settings_trust(s, NULL, "own"));
	assert_false(settings_trust(s, NULL, "debian"));
	assert_false(settings_trust(s, NULL, NULL));
	assert_string_equal(s->vesamenu,
			    "http://h:8080/syslinux/3.86/vesamenu.c32");
	assert_string_equal(catalog_menu(c, NULL)->id, "top");
	catalog_free(c);
}

static void test_shims_trust_each_their_own(void **state)
{
	struct catalog *c = load(
		"{'site': {'base': 'http://h/', 'shims':"
		" {'fedora': ['fedora', 'own'], 'gone': null, 'suse': []}},"
		" 'menus': {'main': {'entries': [{'local': true}]}}}");
	const struct settings *s = catalog_settings(c);
	const struct shim *fedora = settings_shim(s, "fedora");
	const struct shim *suse = settings_shim(s, "suse");

	(void)state;
	assert_non_null(fedora);
	assert_non_null(suse);
	assert_null(settings_shim(s, "gone"));
	assert_null(settings_shim(s, "debian"));
	assert_true(settings_trust(s, fedora, "fedora"));
	assert_true(settings_trust(s, fedora, "own"));
	assert_false(settings_trust(s, fedora, "debian"));
	assert_false(settings_trust(s, fedora, NULL));
	assert_false(settings_trust(s, suse, "fedora"));
	assert_false(settings_trust(s, NULL, "fedora"));
	assert_true(settings_trust(s, NULL, "debian"));
	assert_true(settings_trust_somewhere(s, "debian"));
	assert_true(settings_trust_somewhere(s, "own"));
	assert_false(settings_trust_somewhere(s, "suse"));
	assert_false(settings_trust_somewhere(s, NULL));
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
		  "host name" },
		{ "http://h/boot", "MIRRORBOOT_BASE: must end in '/'" },
		{ "http://me:word@h/", "MIRRORBOOT_BASE: URL has a user name "
				       "or password: leave it out" },
		{ "", "MIRRORBOOT_BASE: URL does not begin with http:// or "
		      "https://, in small letters" },
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(
			test_settings_that_are_left_out_have_their_defaults),
		SCRATCH_TEST(test_settings_are_the_sites_own),
		SCRATCH_TEST(test_shims_trust_each_their_own),
		SCRATCH_TEST(
			test_picture_is_beside_the_menu_program_or_below_the_base),
		SCRATCH_TEST(test_menu_program_may_be_elsewhere),
		SCRATCH_TEST(test_given_base_takes_the_place_of_the_catalogues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
