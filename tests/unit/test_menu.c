#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "loaded.h"

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

/* The entries of a menu that has all that the choice stands for; NULL: none. */
static void check_word(const char *distro, const char *choice,
		       const char *expected)
{
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct buf found = BUF_INIT;
	struct catalog *c;

	buf_printf(&text,
		   "{" SITE ", 'distros': {'d': {'title': 'D', 'kernel': "
		   "'http://h/k', 'variants': {'v': {'title': 'V'}}, %s}}, "
		   "'menus': {'main': {'entries': [{'distro': 'd', %s}",
		   distro, choice);
	c = load_parts(text.data, "]}}}", &err);
	for (size_t i = 0; c != NULL && i < catalog_menu(c, NULL)->count; i++)
		buf_printf(&found, "%s%s", i > 0 ? " " : "",
			   catalog_menu(c, NULL)->entries[i].id);
	check_text(choice, c != NULL ? buf_text(&found) : err.text, expected);
	catalog_free(c);
	buf_free(&text);
	buf_free(&found);
}

static void test_latest_and_lts_stand_for_a_version(void **state)
{
#define PC "{'arches': ['amd64']}"
#define NONE "catalog.json: /menus/main/entries/0/version: distro 'd' has no "
	static const char ubuntu[] =
		"'discover': {'version': '[0-9.]+', 'lts': '[0-9]*[02468].04'},"
		" 'versions': {'24.04': {'arches': ['amd64', 'arm64']},"
		" '9': {'arches': ['i386', 'amd64']},"
		" '26.10': " PC ", '26.04': " PC ", 'devel': " PC "}";
	static const char leap[] =
		"'order': ['rolling', '*', '42.3'],"
		" 'versions': {'42.3': " PC ", '15.6': " PC ","
		" '16.0': " PC ", 'rolling': " PC "}";
	static const char debian[] =
		"'order': ['sid', 'trixie'],"
		" 'discover': {'version': 'trixie|forky'},"
		" 'versions': {'sid': " PC ", 'trixie': " PC ","
		" 'forky': " PC "}";
	static const char own[] = "'versions': {'latest': " PC ", '3': " PC "}";
	static const char three[] = "'versions': {'3': " PC "}";
	static const char sid[] = "'versions': {'sid': " PC "}";
	static const struct {
		const char *distro;
		const char *choice;
		const char *entries;
	} rows[] = {
		/* For each architecture by itself. */
		{ ubuntu, "'version': 'latest'",
		  "d-26.10-amd64 d-24.04-arm64 d-9-i386" },
		{ ubuntu, "'version': 'lts'", "d-26.04-amd64 d-24.04-arm64" },
		{ ubuntu, "'version': 'lts', 'arch': 'arm64', 'variant': 'v'",
		  "d-24.04-arm64-v" },
		/* The order decides, and not the number alone. */
		{ leap, "'version': 'latest'", "d-16.0-amd64" },
		{ debian, "'version': 'latest'", "d-trixie-amd64" },
		/* An id of that name comes first. */
		{ own, "'version': 'latest'", "d-latest-amd64" },
		{ three, "'version': 'lts'", NONE "version 'lts'" },
		{ sid, "'version': 'latest'", NONE "version 'latest'" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check_word(rows[i].distro, rows[i].choice, rows[i].entries);
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

#define CRYPT "$1$saltsalt$MHWnL4rydQltJnPv5hD0o/"

/* An entry has its own password, or that of the menu that it opens. */
static void test_entries_have_the_passwords_that_they_name(void **state)
{
	struct catalog *c =
		load("{" SITE ", " TWO_DISTROS ", 'passwords': {"
		     " 'two': {'syslinux': '" CRYPT "'},"
		     " 'one': {'syslinux': '" CRYPT "'}}, 'menus': {"
		     " 'main': {'entries': [{'menu': 'a'}, {'menu': 'z'},"
		     "  {'menu': 'plain', 'password': 'one'}, {'local': true},"
		     "  {'distro': 'd', 'version': '2', 'password': 'two'}]},"
		     " 'a': {'password': 'one', 'entries': [{'local': true}]},"
		     " 'z': {'password': 'two', 'entries': [{'local': true}]},"
		     " 'plain': {'entries': [{'local': true}]}}}");
	const struct menu_entry *e = catalog_menu(c, NULL)->entries;
	size_t count;
	const struct password *list = catalog_passwords(c, &count);

	(void)state;
	assert_int_equal(count, 2);
	assert_string_equal(list[0].id, "two");
	assert_string_equal(list[0].file, "catalog.json");
	assert_string_equal(list[0].hashes[HASH_CRYPT], CRYPT);
	assert_null(list[0].hashes[HASH_NONE]);
	assert_null(list[0].hashes[HASH_PBKDF2]);
	assert_ptr_equal(e[0].password, &list[1]);
	assert_ptr_equal(e[1].password, &list[0]);
	assert_ptr_equal(e[2].password, &list[1]);
	assert_null(e[3].password);
	assert_ptr_equal(e[4].password, &list[0]);
	assert_ptr_equal(e[5].password, &list[0]);
	assert_null(catalog_menu(c, "plain")->password);
	assert_true(catalog_has_passwords(c));
	catalog_free(c);
}

/* Without a timeout nothing starts it, and it may be selected at first. */
static void test_default_may_have_a_password_where_menus_wait(void **state)
{
	struct catalog *c =
		load("{" SITE ", 'passwords': {'one': {'syslinux': '" CRYPT
		     "'}}, 'menus': {'main': {'timeout': 0,"
		     " 'default': 'local', 'entries': [{'shell': true},"
		     " {'local': true, 'password': 'one'}]}}}");

	(void)state;
	assert_string_equal(catalog_menu(c, NULL)->default_id, "local");
	catalog_free(c);
}

static void test_password_that_nothing_needs_changes_nothing(void **state)
{
	struct catalog *c = load("{" SITE ", " MENUS ", 'passwords': {"
				 "'one': {'syslinux': '" CRYPT "'}}}");

	(void)state;
	assert_false(catalog_has_passwords(c));
	catalog_free(c);
}

static void add_instead(void *ctx, const struct failure *failure)
{
	buf_puts(ctx, failure->instead);
}

static void test_failure_offers_what_the_entry_could_name(void **state)
{
	static const struct {
		const char *menu;
		const char *message;
		const char *instead;
	} rows[] = {
		{ "'entries': [{'distro': 'x'}]",
		  "/entries/0/distro: there is no distro 'x'",
		  "there is d, e" },
		{ "'entries': [{'distro': 'd', 'version': '3'}]",
		  "/entries/0/version: distro 'd' has no version '3'",
		  "there is 2, 1" },
		{ "'entries': [{'distro': 'd', 'arch': 'x86_64'}]",
		  "/entries/0/arch: distro 'd' does not have it for 'x86_64'; "
		  "did you mean 'amd64'?",
		  "did you mean 'amd64'?" },
		{ "'entries': [{'distro': 'd', 'arch': 'mips'}]",
		  "/entries/0/arch: distro 'd' does not have it for 'mips'",
		  "there is amd64, i386" },
		{ "'entries': [{'distro': 'd', 'version': '1',"
		  " 'variant': 'w'}]",
		  "/entries/0/variant: distro 'd' has no variant 'w'",
		  "there is v" },
		{ "'default': 'x', 'entries': [{'heading': 'H'},"
		  " {'local': true}, {'distro': 'e'}]",
		  "/default: the menu has no entry 'x'",
		  "there is local, e-1-arm64" },
		{ "'entries': [{'menu': 'x'}]",
		  "/entries/0/menu: there is no menu 'x'", "there is main" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf instead = BUF_INIT;
		struct error err = { .report = add_instead, .ctx = &instead };
		struct buf text = BUF_INIT;
		struct buf message = BUF_INIT;

		buf_printf(&text,
			   "{" SITE ", " TWO_DISTROS ", 'menus': {'main': {%s",
			   rows[i].menu);
		buf_printf(&message, "catalog.json: /menus/main%s",
			   rows[i].message);
		assert_null(load_parts(text.data, "}}}", &err));
		assert_string_equal(err.text, message.data);
		assert_string_equal(buf_text(&instead), rows[i].instead);
		buf_free(&instead);
		buf_free(&text);
		buf_free(&message);
	}
}

/* Of the menu, when a later file says so of the distros. */
static void
test_what_a_later_file_removes_takes_its_entries_with_it(void **state)
{
	static const struct {
		const char *distros;
		const char *ids; /* NULL: refused */
		const char *message;
	} rows[] = {
		{ "{}", "d-1-i386 d-2-amd64-v e-1-arm64 local", NULL },
		{ "{'d': {'versions': {'1': null}}}",
		  "d-2-amd64-v e-1-arm64 local", NULL },
		{ "{'d': {'variants': {'v': null}}}",
		  "d-1-i386 e-1-arm64 local", NULL },
		{ "{'e': null}", "d-1-i386 d-2-amd64-v local", NULL },
		{ "{'d': {'versions': {'1': null}, 'variants': {'v': null}},"
		  " 'e': null}",
		  "local", NULL },
		/* It is still there, but not for that architecture. */
		{ "{'d': {'versions': {'2': {'arches': ['i386']}},"
		  " 'variants': {'v': null}}}",
		  NULL,
		  "catalog.json: /menus/main/entries/1/arch: distro 'd' does "
		  "not have it for 'amd64'" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf later = BUF_INIT;
		struct buf ids = BUF_INIT;
		struct error err = ERROR_INIT;
		struct catalog *c;
		const struct menu *menu = NULL;

		buf_printf(&later, "{'distros': %s}", rows[i].distros);
		put_json("later.json", later.data);
		c = load_parts(
			"{" SITE ", " TWO_DISTROS ", 'include': ['later.json']",
			", 'menus': {'main': {'entries': ["
			"{'distro': 'd', 'version': '1'},"
			"{'distro': 'd', 'version': '2', 'arch': 'amd64',"
			" 'variant': 'v'}, {'distro': 'e'},"
			"{'local': true}]}}}",
			&err);
		if (c != NULL)
			menu = catalog_menu(c, NULL);
		for (size_t j = 0; menu != NULL && j < menu->count; j++)
			buf_printf(&ids, "%s%s", j > 0 ? " " : "",
				   menu->entries[j].id);
		check_text(rows[i].distros, c != NULL ? ids.data : NULL,
			   rows[i].ids);
		check_text(rows[i].distros, c == NULL ? err.text : NULL,
			   rows[i].message);
		catalog_free(c);
		buf_free(&later);
		buf_free(&ids);
	}
}

static void test_hotkeys_are_found_in_either_case(void **state)
{
	struct catalog *c =
		load("{" SITE ", 'menus': {'main': {'entries': ["
		     "{'local': true, 'hotkey': 'L'},"
		     "{'shell': true, 'hotkey': 's'}, {'heading': 'b'}]}}}");
	const struct menu *menu = catalog_menu(c, NULL);

	(void)state;
	assert_true(menu_has_key(menu, 'l'));
	assert_true(menu_has_key(menu, 's'));
	assert_false(menu_has_key(menu, 'b'));
	catalog_free(c);
}

/* A lower bound would fail at another entry. */
static void test_catalogue_has_at_most_100000_entries(void **state)
{
	struct buf text = BUF_INIT;
	struct error err = ERROR_INIT;

	(void)state;
	buf_puts(&text, "{" SITE ", 'menus': {'main': {'entries': [");
	for (int i = 1; i < 100000; i++)
		buf_puts(&text, "{'heading': 'x'},");
	buf_puts(&text, "{'local': true}]}");
	assert_null(load_parts(
		text.data, ", 'more': {'entries': [{'local': true}]}}}", &err));
	assert_string_equal(
		err.text,
		"catalog.json: /menus/more/entries/0: "
		"the menu has more than 100000 entries: make two of it");
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_entry_stands_for_all_that_it_leaves_open),
		SCRATCH_TEST(test_latest_and_lts_stand_for_a_version),
		SCRATCH_TEST(test_entries_keep_what_is_said_of_them),
		SCRATCH_TEST(test_menu_entry_without_a_title_has_the_menus),
		SCRATCH_TEST(test_entries_have_the_passwords_that_they_name),
		SCRATCH_TEST(test_default_may_have_a_password_where_menus_wait),
		SCRATCH_TEST(test_password_that_nothing_needs_changes_nothing),
		SCRATCH_TEST(test_failure_offers_what_the_entry_could_name),
		SCRATCH_TEST(
			test_what_a_later_file_removes_takes_its_entries_with_it),
		SCRATCH_TEST(test_hotkeys_are_found_in_either_case),
		SCRATCH_TEST(test_catalogue_has_at_most_100000_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
