#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "loaded.h"
#include "version.h"

/* The versions in the order of menus, with spaces between; separated likewise
 * in the file and in "order", which NULL leaves out. */
static char *sorted(const char *versions, const char *order)
{
	json_t *distro = json_pack("{s:{}}", "versions");
	json_t *objects = json_object_get(distro, "versions");
	struct buf text = BUF_INIT;
	const char **ids;

	for (const char *s = versions; *s != '\0'; s += *s == ' ') {
		size_t len = strcspn(s, " ");
		char *id = mem_copy(s, len);

		json_object_set_new(objects, id, json_object());
		free(id);
		s += len;
	}
	if (order != NULL)
		json_object_set_new(distro, "order", json_array());
	for (const char *s = order; s != NULL && *s != '\0'; s += *s == ' ') {
		size_t len = strcspn(s, " ");

		json_array_append_new(json_object_get(distro, "order"),
				      json_stringn(s, len));
		s += len;
	}
	ids = version_sort(distro);
	for (size_t i = 0; ids[i] != NULL; i++)
		buf_printf(&text, "%s%s", i > 0 ? " " : "", ids[i]);
	free(ids);
	json_decref(distro);
	return buf_take(&text);
}

static void test_newest_comes_first(void **state)
{
	static const struct {
		const char *versions;
		const char *order;
		const char *sorted;
	} rows[] = {
		{ "9 10", NULL, "10 9" },
		{ "10 9", NULL, "10 9" },
		{ "24.04 24.10 9 24", NULL, "24.10 24.04 24 9" },
		{ "1.2.9 1.2.10 1.10", NULL, "1.10 1.2.10 1.2.9" },
		{ "42.3 15.6 16.0", NULL, "42.3 16.0 15.6" },
		{ "99999999999999999999999 100000000000000000000000", NULL,
		  "100000000000000000000000 99999999999999999999999" },
		/* What is equal stays. */
		{ "24.4 24.04 024.4", NULL, "24.4 24.04 024.4" },
		{ "10 10-v2 9 8", NULL, "10 10-v2 9 8" },
		{ "8 10-v2 9 10", NULL, "10 10-v2 9 8" },
		{ "24.03-LTS-SP3 22.03-LTS 24.03-LTS-SP4", NULL,
		  "24.03-LTS-SP4 24.03-LTS-SP3 22.03-LTS" },
		{ "SP9 SP10", NULL, "SP10 SP9" },
		{ "10-rc2 10 10-rc10", NULL, "10 10-rc10 10-rc2" },
		/* A dot without a digit behind it ends the number. */
		{ "17.x 17.1 17. 17..2 18", NULL, "18 17.1 17.x 17..2 17." },
		/* Without numbers, as in the file. */
		{ "stable trixie bookworm sid", NULL,
		  "stable trixie bookworm sid" },
		{ "v3.9 v3.10 edge", NULL, "v3.10 v3.9 edge" },
		{ "current", NULL, "current" },
		/* Beside numbers, on the side where the file has them. */
		{ "43 44 rawhide", NULL, "44 43 rawhide" },
		{ "44 43 rawhide 45", NULL, "45 44 43 rawhide" },
		{ "latest 3.23 3.24 edge", NULL, "latest 3.24 3.23 edge" },
		{ "latest stable 1 edge 2 old", NULL,
		  "latest stable 2 1 edge old" },
		/* What is listed, before all else. */
		{ "42.3 15.6 16.0", "16.0 15.6 42.3", "16.0 15.6 42.3" },
		{ "42.3 15.6 16.0", "16.0 15.6", "16.0 15.6 42.3" },
		{ "1 2 sid 3 old", "sid 1", "sid 1 3 2 old" },
		{ "old 1 2 sid", "1", "1 old 2 sid" },
		{ "1 sid 2", "1", "1 sid 2" },
		{ "42.3 15.6 16.0 42.2", "* 42.3 42.2", "16.0 15.6 42.3 42.2" },
		{ "stable 1 sid 2", "stable * 1", "stable sid 2 1" },
		{ "1 2", "*", "2 1" },
		{ "1 2", "", "2 1" },
		{ "1 2", "gone 1", "1 2" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char *found = sorted(rows[i].versions, rows[i].order);

		check_text(rows[i].versions, found, rows[i].sorted);
		free(found);
	}
}

/* The versions of the distro "d" as a menu shows them. */
static void check_menu(const char *main, const char *other,
		       const char *expected)
{
	struct buf text = BUF_INIT;
	struct catalog *c;
	const struct menu *menu;

	put_json("other.json", other);
	c = load(main);
	menu = catalog_menu(c, NULL);
	for (size_t i = 0; i < menu->count; i++)
		buf_printf(&text, "%s%s", i > 0 ? " " : "",
			   menu->entries[i].release->version);
	check_text(other, buf_text(&text), expected);
	buf_free(&text);
	catalog_free(c);
}

static void test_later_file_adds_versions_and_their_order(void **state)
{
#define VERSION(id) "'" id "': {'arches': ['amd64']}"
	static const char main[] =
		"{" SITE ", 'include': ['other.json'],"
		" 'menus': {'main': {'entries': [{'distro': 'd'}]}},"
		" 'distros': {'d': {'title': 'D', 'kernel': 'http://h/k',"
		"  'order': ['2', '3'], 'versions': {" VERSION(
			"1") ", " VERSION("2") ", " VERSION("3") "}}}}";
	static const struct {
		const char *other;
		const char *versions;
	} rows[] = {
		{ "{}", "2 3 1" },
		{ "{'distros': {'d': {'versions': {" VERSION("4") "}}}}",
		  "2 3 4 1" },
		{ "{'distros': {'d': {'order': ['4', '1'], 'versions': "
		  "{" VERSION("4") "}}}}",
		  "4 1 3 2" },
		{ "{'distros': {'d': {'order': null}}}", "3 2 1" },
		{ "{'distros': {'d': {'order': []}}}", "3 2 1" },
		/* What a file removes need not be removed from the order. */
		{ "{'distros': {'d': {'versions': {'3': null}}}}", "2 1" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check_menu(main, rows[i].other, rows[i].versions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_newest_comes_first),
		SCRATCH_TEST(test_later_file_adds_versions_and_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
