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
		struct stamps *stamps = stamps_new();
		struct error err = ERROR_INIT;
		struct catalog *c = catalog_load(paths[i], NULL, stamps, &err);

		if (c == NULL)
			fail_msg("%s: %s", paths[i], err.text);
		catalog_free(c);
		stamps_free(stamps);
	}
}
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
		SCRATCH_TEST(test_missing_catalogue_says_so),
		SCRATCH_TEST(test_catalogues_of_this_tree_are_good),
		SCRATCH_TEST(test_later_file_replaces_whole_objects_by_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
