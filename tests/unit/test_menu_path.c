#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "loaded.h"

#define LEAF(id) "'" id "': {'entries': [{'local': true}]}"

/* The menus on the path, from the top, and what tells it from others. */
static void put_path(const struct menu_path *path, struct buf *out)
{
	if (path->up != NULL) {
		put_path(path->up, out);
		buf_puts(out, " > ");
	}
	buf_puts(out, path->menu->id);
}

static char *text_of(const struct menu *menu)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < menu->path_count; i++) {
		const struct menu_path *path = menu->paths[i];

		put_path(path, &text);
		buf_printf(&text, ": %s\n",
			   path->from != NULL ? path->from : "-");
	}
	return buf_take(&text);
}

/* "more" comes before "b" in the main menu, but "b" opens "both" itself. */
static const char shared[] =
	"{" SITE ", 'menus': {"
	"'main': {'entries': [{'menu': 'more'}, {'menu': 'b'}]},"
	"'more': {'entries': [{'menu': 'a'}]},"
	"'a': {'entries': [{'menu': 'both'}]},"
	"'b': {'entries': [{'menu': 'both'}, {'menu': 'both', 'id': 'x'}]},"
	"'both': {'entries': [{'menu': 'low'}]},"
	"'low': {'entries': [{'menu': 'lowest'}]},"
	"'beside': {'entries': [{'menu': 'lowest'}]},"
	"'apart': {'entries': [{'menu': 'beside'}]}," LEAF("lowest") ", " LEAF(
		"alone") "}}";

static void test_menus_know_each_way_that_leads_to_them(void **state)
{
	static const struct {
		const char *menu;
		const char *paths;
	} rows[] = {
		{ "main", "main: -\n" },
		{ "more", "main > more: -\n" },
		{ "both", "main > b > both: -\n"
			  "main > more > a > both: a\n" },
		{ "low", "main > b > both > low: -\n"
			 "main > more > a > both > low: a\n" },
		{ "lowest", "main > b > both > low > lowest: -\n"
			    "main > more > a > both > low > lowest: low~a\n"
			    "apart > beside > lowest: beside\n" },
		{ "beside", "apart > beside: -\n" },
		{ "alone", "alone: -\n" },
	};
	struct catalog *c = load(shared);

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char *text = text_of(catalog_menu(c, rows[i].menu));

		check_text(rows[i].menu, text, rows[i].paths);
		free(text);
	}
	assert_null(catalog_menu(c, "none"));
	assert_null(catalog_menu(c, ""));
	assert_null(catalog_menu(c, "local"));
	catalog_free(c);
}

static void test_path_goes_on_from_the_one_above(void **state)
{
	struct catalog *c = load(shared);
	const struct menu *both = catalog_menu(c, "both");
	const struct menu *low = catalog_menu(c, "low");

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_ptr_equal(menu_path_below(both->paths[i], low),
				 low->paths[i]);
	assert_null(menu_path_below(NULL, low));
	assert_null(menu_path_below(low->paths[0], both));
	assert_true(menu_is_below(low, both));
	assert_true(menu_is_below(low, low));
	assert_true(menu_is_below(low, catalog_menu(c, "a")));
	assert_true(menu_is_below(low, catalog_menu(c, "b")));
	assert_false(menu_is_below(both, low));
	assert_false(menu_is_below(low, catalog_menu(c, "apart")));
	catalog_free(c);
}

static struct network address(const char *text)
{
	struct network a;

	if (network_parse_address(text, &a) < 0)
		fail_msg("%s is no address", text);
	return a;
}

#define NET_A "192.0.2.9"
#define NET_B "198.51.100.9"

/* "kit" is open, since the main menu leads to it, whatever else does; "tools"
 * is for two customers. */
static const char closed[] =
	"{" SITE ", 'menus': {"
	"'main': {'entries': [{'menu': 'z'}]},"
	"'z': {'entries': [{'menu': 'kit'}]},"
	"'a': {'entries': [{'menu': 'kit'}, {'menu': 'tools'}]},"
	"'b': {'entries': [{'menu': 'tools'}]},"
	"'tools': {'entries': [{'menu': 'deep'}]}," LEAF("kit") ", " LEAF(
		"deep") "}, 'customers': {"
			"'a': {'menu': 'a', 'networks': ['192.0.2.0/24']},"
			"'b': {'menu': 'b', 'networks': ['198.51.100.0/24']}}}";

static void test_path_is_for_who_may_see_all_of_it(void **state)
{
	static const struct {
		const char *menu;
		const char *from;
		const char *client; /* NULL: not known */
		const char *opener; /* NULL: no path */
	} rows[] = {
		{ "kit", NULL, NULL, "z" },
		{ "kit", NULL, NET_A, "z" },
		{ "kit", "a", NET_A, "a" },
		{ "kit", "a", NET_B, NULL },
		{ "kit", "a", NULL, NULL },
		{ "kit", "z", NET_A, NULL },
		{ "kit", "b", NET_B, NULL },
		{ "kit", "a~z", NET_A, NULL },
		{ "kit", "A", NET_A, NULL },
		{ "tools", NULL, NET_A, "a" },
		{ "tools", NULL, NET_B, "b" },
		{ "tools", "b", NET_B, "b" },
		{ "tools", "b", NET_A, NULL },
		{ "tools", NULL, NULL, NULL },
		{ "deep", NULL, NET_B, "tools" },
		{ "deep", "b", NET_B, "tools" },
		{ "deep", "b", NET_A, NULL },
		{ "main", "main", NULL, NULL },
	};
	struct catalog *c = load(closed);

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *client = rows[i].client;
		const struct menu_path *path;
		struct network a;

		if (client != NULL)
			a = address(client);
		path = catalog_path(c, catalog_menu(c, rows[i].menu),
				    rows[i].from, client != NULL ? &a : NULL);
		if ((path != NULL) != (rows[i].opener != NULL) ||
		    (path != NULL &&
		     strcmp(path->up->menu->id, rows[i].opener) != 0))
			fail_msg("row %zu: %s", i,
				 path != NULL ? path->up->menu->id : "none");
	}
	catalog_free(c);
}

static void test_menu_for_two_customers_is_closed_to_others(void **state)
{
	static const struct {
		const char *menu;
		int is_closed;
		int is_above_closed;
		const char *seen_from; /* of A, B and neither */
	} rows[] = {
		{ "main", 0, 0, "AB-" }, { "z", 0, 0, "AB-" },
		{ "kit", 0, 0, "AB-" },  { "a", 1, 1, "A" },
		{ "b", 1, 1, "B" },      { "tools", 1, 1, "AB" },
		{ "deep", 1, 0, "AB" },
	};
	struct catalog *c = load(closed);
	struct network a = address(NET_A);
	struct network b = address(NET_B);

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct menu *menu = catalog_menu(c, rows[i].menu);
		char seen[4] = "";

		if (catalog_may_see(c, menu, &a))
			strcat(seen, "A");
		if (catalog_may_see(c, menu, &b))
			strcat(seen, "B");
		if (catalog_may_see(c, menu, NULL))
			strcat(seen, "-");
		if (menu->is_closed != rows[i].is_closed ||
		    menu->is_above_closed != rows[i].is_above_closed)
			fail_msg("%s: closed %d, above %d", menu->id,
				 menu->is_closed, menu->is_above_closed);
		check_text(menu->id, seen, rows[i].seen_from);
	}
	catalog_free(c);
}

/* A ladder of menus: each of two opens both of the next step, which doubles the
 * number of ways. */
static void put_ladder(int steps, struct buf *text)
{
	buf_puts(text, "{" SITE ", 'menus': {'main': {'entries': "
		       "[{'menu': 'a1'}, {'menu': 'b1'}]},");
	for (int i = 1; i < steps; i++)
		buf_printf(text,
			   "'a%d': {'entries': [{'menu': 'a%d'}, {'menu': "
			   "'b%d'}]},'b%d': {'entries': [{'menu': 'a%d'}, "
			   "{'menu': 'b%d'}]},",
			   i, i + 1, i + 1, i, i + 1, i + 1);
	buf_printf(text,
		   "'a%d': {'entries': [{'local': true}]},"
		   "'b%d': {'entries': [{'local': true}]}}}",
		   steps, steps);
}

static void test_there_are_at_most_100000_ways(void **state)
{
	struct buf text = BUF_INIT;
	struct error err = ERROR_INIT;
	struct catalog *c;

	(void)state;
	put_ladder(15, &text);
	c = load_parts(text.data, "", &err);
	assert_string_equal(err.text, "");
	assert_int_equal(catalog_menu(c, "a15")->path_count, 1 << 14);
	catalog_free(c);
	buf_truncate(&text, 0);
	put_ladder(16, &text);
	assert_null(load_parts(text.data, "", &err));
	assert_string_equal(
		err.text, "catalog.json: /menus/b16: entries lead to the menus "
			  "in more than 100000 ways: open this one from fewer "
			  "menus");
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_menus_know_each_way_that_leads_to_them),
		SCRATCH_TEST(test_path_goes_on_from_the_one_above),
		SCRATCH_TEST(test_path_is_for_who_may_see_all_of_it),
		SCRATCH_TEST(test_menu_for_two_customers_is_closed_to_others),
		SCRATCH_TEST(test_there_are_at_most_100000_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
