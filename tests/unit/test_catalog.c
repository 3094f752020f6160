#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "loaded.h"

static void test_missing_catalogue_says_so(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	assert_null(load_with(NULL, &err));
	assert_string_equal(err.text,
			    "catalog.json: no such file: create it, or name "
			    "another catalogue in MIRRORBOOT_CATALOG");
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
		struct stamps *stamps = stamps_new();
		struct error err = ERROR_INIT;
		struct catalog *c = catalog_load(paths[i], NULL, stamps, &err);

		if (c == NULL)
			fail_msg("%s: %s", paths[i], err.text);
		catalog_free(c);
		stamps_free(stamps);
	}
}
static void test_later_file_replaces_values_by_id(void **state)
{
	struct catalog *c;

	(void)state;
	put_json("more.json", "{'site': {'title': 'More', 'background': null},"
			      " 'menus': {'b': {'entries': [{'local': true}]},"
			      "  'c': null}}");
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
	catalog_free(c);
}

/* Distros, their versions, arches and variants merge by key. */
static void test_later_file_merges_with_a_distro(void **state)
{
	const struct release *one, *two;
	struct catalog *c;

	(void)state;
	put_json("more.json",
		 "{'distros': {'d': {'title': 'New', 'args': null,"
		 "  'arches': {'amd64': {'distro_arch': 'x86-64'}},"
		 "  'variants': {'mine': {'title': 'mine', 'args': 'm'}},"
		 "  'versions': {'1': {'name': 'One'}, 'old': null,"
		 "   '2': {'arches': ['amd64']}}}}}");
	c = load("{'site': {'base': 'http://h/'}, 'include': ['more.json'],"
		 " 'distros': {'d': {'title': 'Old',"
		 "  'kernel': 'http://h/{{distro_arch}}/{{name}}',"
		 "  'args': 'old',"
		 "  'arches': {'amd64': {'distro_arch': 'x'},"
		 "             'i386': {'distro_arch': 'i686'}},"
		 "  'versions': {'1': {'arches': ['i386', 'amd64']},"
		 "               'old': {'arches': ['i386']}}}},"
		 " 'menus': {'main': {'entries': [{'distro': 'd'}]}}}");
	one = catalog_release(c, "d", "1", "i386", NULL);
	two = catalog_release(c, "d", "2", "amd64", NULL);
	assert_string_equal(one->title, "New");
	assert_string_equal(one->mirrors->kernel, "http://h/i686/One");
	assert_null(one->mirrors->args);
	assert_string_equal(one->file, "catalog.json");
	assert_string_equal(two->mirrors->kernel, "http://h/x86-64/2");
	assert_string_equal(two->file, "more.json");
	assert_null(catalog_release(c, "d", "old", "i386", NULL));
	assert_string_equal(
		catalog_release(c, "d", "1", "i386", "mine")->mirrors->args,
		"m");
	catalog_free(c);
}

/* A failure names the file that set the value. */
static void test_failure_in_a_merged_distro_names_its_file(void **state)
{
	static const struct {
		const char *more;
		const char *message;
	} rows[] = {
		{ "{'distros': {'d': {'kernel': 'x'}}}",
		  "more.json: /distros/d/kernel: " },
		{ "{'distros': {'d': {'versions': {'1': {'eol': 'x'}}}}}",
		  "more.json: /distros/d/versions/1/eol: " },
		{ "{'distros': {'d': {'versions': {'1': {'arches': []}}}}}",
		  "more.json: /distros/d/versions/1/arches: " },
		{ "{'distros': {'d': {'title': 'New'}}}",
		  "catalog.json: /distros/d/args: " },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct error err = ERROR_INIT;

		put_json("more.json", rows[i].more);
		assert_null(load_parts(
			"{'site': {'base': 'http://h/'},"
			" 'include': ['more.json'],"
			" 'distros': {'d': {'title': 'D', 'args': 'a  b',"
			"  'kernel': 'http://h/k',"
			"  'versions': {'1': {'arches': ['i386']}}}},"
			" 'menus': {'main': {'entries': [{'local': true}]}}}",
			"", &err));
		if (strncmp(err.text, rows[i].message,
			    strlen(rows[i].message)) != 0)
			fail_msg("row %zu: %s", i, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_missing_catalogue_says_so),
		SCRATCH_TEST(test_catalogues_of_this_tree_are_good),
		SCRATCH_TEST(test_later_file_replaces_values_by_id),
		SCRATCH_TEST(test_later_file_merges_with_a_distro),
		SCRATCH_TEST(test_failure_in_a_merged_distro_names_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
