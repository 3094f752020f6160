#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PAGE page_menu
#include "ask.h"

#define B "http://boot.example.org/boot/"

#define HEAD(timeout)                                                          \
	"menu background Tux.png\nprompt 0\n" timeout "allowoptions 0\n"       \
	"menu timeoutrow 29\nmenu vshift 2\nmenu rows 12\n"                    \
	"menu color title  1;36;44   #ff8bc2ff #00000000 std\n"                \
	"menu color unsel  37;44     #ff1069c5 #00000000 std\n"                \
	"menu color sel    7;37;40   #ff000000 #ffff7518 all\n"                \
	"menu color hotkey 1;37;44   #ffffffff #00000000 std\n"                \
	"menu color hotsel 1;7;37;40 #ff000431 #ffff7518 all\n\n"

#define ENTRY(id, title, url)                                                  \
	"\nlabel " id "\nmenu label " title "\nkernel " B url "\n"
#define HEADING(id, title)                                                     \
	"\nlabel " id "\nmenu label " title "\nmenu disable\n"
#define DEBIAN(arch)                                                           \
	ENTRY("debian-12-" arch, "Debian 12 " arch,                            \
	      "fromthemirror.php?arch=" arch "&distro=debian&version=12")
#define BACK(url) "\nlabel back\nmenu label ^b Back\nkernel " B url "\n"

#define TOOLS                                                                  \
	HEADING("heading-4", "Tools")                                          \
	"\nlabel tool-6-i386\nmenu label ^T Memory test\nmenu default\n"       \
	"kernel " B "fromthemirror.php?arch=i386&distro=tool&version=6\n"
#define REST                                                                   \
	ENTRY("more", "^m More", "boot.php?menu=more")                         \
	ENTRY("customermenu", "Your own menu", "customermenu.php")             \
	ENTRY("disk", "^1 Local disk", "boot.php?menu=local")

static void test_methods_other_than_get_and_head_are_refused(void **state)
{
	(void)state;
	ask_methods("");
}

static void test_only_the_page_itself_is_served(void **state)
{
	(void)state;
	ask_script_names("");
}

static void test_bad_queries_are_refused(void **state)
{
	(void)state;
	ask_bad_queries();
}

static void test_without_a_catalogue_it_says_why(void **state)
{
	(void)state;
	ask_without_catalogue("name=main");
}

/* gPXE is for BIOS: what is for arm64, for UEFI alone or behind https alone
 * is left out, and a heading with nothing below it. */
static void test_main_menu_offers_what_gpxe_can_start(void **state)
{
	static const char body[] =
		HEAD("timeout 100\n") "menu title Example\n" HEADING(
			"heading-1", "Debian") DEBIAN("amd64") DEBIAN("i386")
			TOOLS REST;
	static const struct row rows[] = {
		{ { .query = NULL }, 200, body },
		{ { .query = "name=main" }, 200, body },
		{ { .query = "dialect=pxelinux" }, 200, body },
		{ { .query = "", .user_agent = "iPXE/1.21.1" }, 200, body },
		{ { .query = "", .client = "192.0.2.9" }, 200, body },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

static void test_machine_sees_what_it_can_run_and_passes_itself_on(void **state)
{
	static const struct row rows[] = {
		{ { .query = "arch=amd64&name=more" },
		  200,
		  HEAD("") "menu title More\n" ENTRY(
			  "deep", "Deeper", "boot.php?arch=amd64&menu=deep")
			  ENTRY("debian-12-amd64-rescue",
				"Debian 12 amd64 (rescue)",
				"fromthemirror.php?arch=amd64&distro=debian&"
				"variant=rescue&version=12")
				  BACK("boot.php?arch=amd64") },
		{ { .query = "arch=i386&name=more" },
		  200,
		  HEAD("") "menu title More\n" ENTRY(
			  "deep", "Deeper", "boot.php?arch=i386&menu=deep")
			  BACK("boot.php?arch=i386") },
		{ { .query = "platform=bios&name=more" },
		  200,
		  HEAD("") "menu title More\n" ENTRY(
			  "deep", "Deeper", "boot.php?menu=deep&platform=bios")
			  ENTRY("debian-12-amd64-rescue",
				"Debian 12 amd64 (rescue)",
				"fromthemirror.php?arch=amd64&distro=debian&"
				"variant=rescue&version=12")
				  BACK("boot.php?platform=bios") },
		{ { .query = "arch=i386" },
		  200,
		  HEAD("timeout 100\n") "menu title Example\n" HEADING(
			  "heading-1", "Debian") DEBIAN("i386")
			  TOOLS ENTRY("more", "^m More",
				      "boot.php?arch=i386&menu=more")
				  ENTRY("customermenu", "Your own menu",
					"customermenu.php?arch=i386")
					  ENTRY("disk", "^1 Local disk",
						"boot.php?arch=i386&menu="
						"local") },
		{ { .query = "arch=x86" },
		  400,
		  "arch is i386, amd64 or arm64\n" },
		{ { .query = "platform=" EVIL },
		  400,
		  "platform is bios or efi\n" },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

static void test_back_leads_to_the_parent(void **state)
{
#define LOCAL ENTRY("local", "Local disk", "boot.php?menu=local")
	static const struct row rows[] = {
		{ { .query = "name=deep" },
		  200,
		  HEAD("timeout 100\n") "menu title Deep\n" LOCAL BACK(
			  "boot.php?menu=more") },
		{ { .query = "name=guest" },
		  200,
		  HEAD("timeout 100\n") "menu title Guest\n" LOCAL BACK(
			  "boot.php") },
		{ { .query = "name=lab", .client = "192.0.2.9" },
		  200,
		  HEAD("timeout 100\n") "menu title Lab\n" LOCAL BACK(
			  "boot.php?menu=uwp") },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

/* A customer's own menu may lie below one that is closed to this customer. */
static void test_back_leads_to_a_menu_that_the_client_may_see(void **state)
{
	static const struct row rows[] = {
		{ { .query = "name=uwp", .client = "192.0.2.200" }, 403, NULL },
		{ { .query = "name=lab", .client = "192.0.2.200" },
		  200,
		  HEAD("timeout 100\n") "menu title Lab\n" LOCAL BACK(
			  "boot.php") },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

static void test_menus_that_are_not_there_or_not_for_the_client(void **state)
{
	static const struct row rows[] = {
		{ { .query = "name=" EVIL },
		  404,
		  "that menu is not in the catalogue: see "
		  "boot?dialect=html\n" },
		{ { .query = "name=local" },
		  404,
		  "that menu is not in the catalogue: see "
		  "boot?dialect=html\n" },
		{ { .query = "name=uwp" },
		  403,
		  "this menu is shown to its customer's networks only, and "
		  "this address is in none of them\n" },
		{ { .query = "name=lab&explain=1", .client = "203.0.113.1" },
		  403,
		  "this menu is shown to its customer's networks only, and "
		  "this address is in none of them\n" },
		{ { .query = "menu=main" },
		  400,
		  "unknown parameter; this page takes name, platform, arch, "
		  "problem, dialect, view, explain\n" },
		{ { .query = "dialect=gpxe" },
		  404,
		  "this page does not have that dialect; it has pxelinux, "
		  "ipxe, syslinux, grub, html, json\n" },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

static void test_closed_menus_are_not_for_caches(void **state)
{
	static const struct {
		struct http_request request;
		const char *caching;
	} rows[] = {
		{ { .query = "" }, "\r\nCache-Control: max-age=1\r\nETag: " },
		{ { .query = "name=more" },
		  "\r\nCache-Control: max-age=1\r\nETag: " },
		{ { .query = "name=uwp", .client = "192.0.2.9" },
		  "\r\nCache-Control: no-store\r\n\r\n" },
		{ { .query = "name=lab", .client = "192.0.2.9" },
		  "\r\nCache-Control: no-store\r\n\r\n" },
	};
	struct site *site = ask_open(TESTS "/unit/pages/catalog.json");

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		int status;
		char *answer = ask(site, &rows[i].request, &status);

		if (status != 200 || strstr(answer, rows[i].caching) == NULL)
			fail_msg("'%s': %s", rows[i].request.query, answer);
		free(answer);
	}
	site_free(site);
}

/* The menu "child" is open to all, the menu "secret" that it lies below is
 * not.  An insider asks first: nothing of that answer may reach others. */
static void test_back_to_a_closed_menu_is_for_its_networks(void **state)
{
	static const struct {
		const char *client;
		const char *back;
	} rows[] = {
		{ "192.0.2.9", "kernel http://h/boot?menu=secret\n" },
		{ "198.51.100.9", "kernel http://h/boot\n" },
		{ NULL, "kernel http://h/boot\n" },
		{ "192.0.2.9", "kernel http://h/boot?menu=secret\n" },
	};
	struct site *site;

	(void)state;
	put("catalog.json",
	    "{\"site\": {\"base\": \"http://h/\"},"
	    " \"menus\": {"
	    "  \"main\": {\"entries\": [{\"local\": true}]},"
	    "  \"secret\": {\"entries\": [{\"menu\": \"child\"}]},"
	    "  \"child\": {\"entries\": [{\"local\": true}]}},"
	    " \"customers\": {"
	    "  \"two\": {\"menu\": \"secret\","
	    "           \"networks\": [\"192.0.2.0/24\"]},"
	    "  \"all\": {\"menu\": \"child\"}}}");
	site = ask_open("catalog.json");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct http_request request = {
			.query = "name=child",
			.client = rows[i].client,
		};
		int status;
		char *answer = ask(site, &request, &status);
		size_t len = strlen(answer);
		size_t back = strlen(rows[i].back);

		if (status != 200 ||
		    strstr(answer, "\r\nCache-Control: no-store\r\n") == NULL ||
		    strcmp(answer + len - back, rows[i].back) != 0)
			fail_msg("row %zu: %s", i, answer);
		free(answer);
	}
	site_free(site);
}

/* Whoever may see none of the menus below "depot" is not sent there. */
static void test_menu_of_closed_menus_is_for_their_networks(void **state)
{
	static const struct {
		const char *client;
		const char *chosen;
	} rows[] = {
		{ "192.0.2.9", "\nset default=e-'depot'\n" },
		{ "203.0.113.5", "\nset default=e-'local'\n" },
		{ "192.0.2.9", "\nset default=e-'depot'\n" },
	};
	struct site *site;

	(void)state;
	put("catalog.json",
	    "{\"site\": {\"base\": \"http://h/\"},"
	    " \"menus\": {"
	    "  \"main\": {\"entries\": [{\"local\": true}]},"
	    "  \"x\": {\"default\": \"depot\", \"entries\": "
	    "   [{\"menu\": \"depot\"}, {\"local\": true}]},"
	    "  \"depot\": {\"entries\": [{\"menu\": \"office\"}]},"
	    "  \"office\": {\"entries\": [{\"local\": true}]}},"
	    " \"customers\": {\"two\": {\"menu\": \"office\","
	    "  \"networks\": [\"192.0.2.0/24\"]}}}");
	site = ask_open("catalog.json");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct http_request request = {
			.query = "dialect=grub&name=x",
			.client = rows[i].client,
		};
		int status;
		char *answer = ask(site, &request, &status);

		if (status != 200 || strstr(answer, rows[i].chosen) == NULL)
			fail_msg("row %zu: %s", i, answer);
		free(answer);
	}
	site_free(site);
}

/* Of the catalogue of the pages' tests; each stands in a line of its own. */
static void test_explanation_says_what_is_left_out_and_why(void **state)
{
	static const struct {
		const char *query;
		const char *line;
	} rows[] = {
		{ "explain=1",
		  "left out: debian-12-arm64: it is for arm64, not for a PC "
		  "with BIOS\n" },
		{ "explain=1",
		  "left out: secure-1-amd64: it needs https, which this loader "
		  "does not have\n" },
		{ "dialect=grub&explain=1&platform=bios",
		  "left out: tool-6-i386: it has nothing that this loader can "
		  "start\n" },
		{ "dialect=syslinux&explain=1&platform=efi&arch=amd64",
		  "left out: debian-12-amd64: it needs another server than "
		  "this site's, and syslinux.efi asks no other\n" },
		{ "arch=arm64&dialect=grub&explain=1&name=main&platform=efi",
		  "left out: tool-6-i386: it is for i386, not for this "
		  "machine\n" },
	};
	struct site *site = ask_open(TESTS "/unit/pages/catalog.json");

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct http_request request = { .query = rows[i].query };
		int status;
		char *answer = ask(site, &request, &status);

		if (status != 200 || strstr(answer, rows[i].line) == NULL)
			fail_msg("'%s': %s", rows[i].query, answer);
		free(answer);
	}
	site_free(site);
}

static void test_menu_without_anything_for_the_machine_is_left_out(void **state)
{
	const struct http_request request = {
		.query = "arch=amd64&dialect=ipxe&explain=1&platform=efi",
	};
	struct site *site;
	int status;
	char *answer;

	(void)state;
	put("catalog.json",
	    "{\"site\": {\"base\": \"http://h/\"},"
	    " \"distros\": {\"d\": {\"title\": \"D\","
	    "  \"chain\": {\"bios\": \"http://h/p\"},"
	    "  \"versions\": {\"1\": {\"arches\": [\"amd64\"]}}}},"
	    " \"menus\": {"
	    "  \"main\": {\"entries\": [{\"menu\": \"old\"}]},"
	    "  \"old\": {\"entries\": [{\"distro\": \"d\"}]}}}");
	site = ask_open("catalog.json");
	answer = ask(site, &request, &status);
	if (status != 200 ||
	    strstr(answer,
		   "left out: old: it has nothing for this machine\n") == NULL)
		fail_msg("%s", answer);
	free(answer);
	site_free(site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_methods_other_than_get_and_head_are_refused),
		cmocka_unit_test(test_only_the_page_itself_is_served),
		cmocka_unit_test(test_bad_queries_are_refused),
		cmocka_unit_test(test_without_a_catalogue_it_says_why),
		cmocka_unit_test(test_main_menu_offers_what_gpxe_can_start),
		cmocka_unit_test(
			test_machine_sees_what_it_can_run_and_passes_itself_on),
		cmocka_unit_test(test_back_leads_to_the_parent),
		cmocka_unit_test(
			test_back_leads_to_a_menu_that_the_client_may_see),
		cmocka_unit_test(
			test_menus_that_are_not_there_or_not_for_the_client),
		cmocka_unit_test(test_closed_menus_are_not_for_caches),
		SCRATCH_TEST(test_back_to_a_closed_menu_is_for_its_networks),
		SCRATCH_TEST(test_menu_of_closed_menus_is_for_their_networks),
		cmocka_unit_test(
			test_explanation_says_what_is_left_out_and_why),
		SCRATCH_TEST(
			test_menu_without_anything_for_the_machine_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
