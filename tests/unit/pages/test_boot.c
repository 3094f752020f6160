#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PAGE page_boot
#include "ask.h"

#define B "http://boot.example.org/boot/"
#define OPENS(url) "#!gpxe\nimgfree\nchain " B "vesamenu.c32 " url "\n"

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
	ask_without_catalogue("");
}

static void test_script_opens_a_menu(void **state)
{
	static const struct row rows[] = {
		{ { .query = NULL }, 200, OPENS(B "menu.php") },
		{ { .query = "" }, 200, OPENS(B "menu.php") },
		{ { .query = "menu=main" }, 200, OPENS(B "menu.php") },
		{ { .query = "menu=more" },
		  200,
		  OPENS(B "menu.php?name=more") },
		{ { .query = "dialect=gpxe" }, 200, OPENS(B "menu.php") },
		{ { .query = "arch=i386" },
		  200,
		  OPENS(B "menu.php?arch=i386") },
		{ { .query = "platform=bios&menu=deep&arch=amd64" },
		  200,
		  OPENS(B "menu.php?arch=amd64&name=deep&platform=bios") },
		{ { .query = "menu=local" }, 200, "#!gpxe\nexit 0\n" },
		{ { .query = "menu=local&arch=arm64&platform=efi" },
		  200,
		  "#!gpxe\nexit 0\n" },
		{ { .query = "menu=" EVIL },
		  404,
		  "that menu is not in the catalogue: see "
		  "boot.php with dialect=html\n" },
		{ { .query = "menu=Main" },
		  404,
		  "that menu is not in the catalogue: see "
		  "boot.php with dialect=html\n" },
		{ { .query = "dialect=pxelinux" },
		  404,
		  "this page does not have that dialect; it has gpxe, ipxe, "
		  "syslinux, grub, html, json\n" },
		{ { .query = "from=main&menu=more" },
		  404,
		  "from names no menu that opens this one: leave it out\n" },
		{ { .query = "from=main" },
		  400,
		  "from goes with menu, and not with menu=local: leave it "
		  "out\n" },
		{ { .query = "from=more&menu=local" },
		  400,
		  "from goes with menu, and not with menu=local: leave it "
		  "out\n" },
		{ { .query = "look=text" }, 200, OPENS(B "menu.php") },
		{ { .query = "look=picture" },
		  400,
		  "look is text, or left out\n" },
		{ { .query = "platform=uefi" },
		  400,
		  "platform is bios or efi\n" },
		{ { .query = "arch=x86_64" },
		  400,
		  "arch is i386, amd64, arm64, riscv64, armhf or loong64\n" },
		{ { .query = "name=main" },
		  400,
		  "unknown parameter; this page takes menu, from, find, "
		  "look, platform, arch, mac, uuid, serial, shim, "
		  "dialect, view, explain\n" },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

static void test_closed_menu_is_for_its_networks(void **state)
{
	static const char closed[] =
		"this menu is shown to its customer's networks only, and this "
		"address is in none of them\n";
	static const struct row rows[] = {
		{ { .query = "menu=uwp" }, 403, closed },
		{ { .query = "menu=lab" }, 403, closed },
		{ { .query = "menu=uwp", .client = "203.0.113.1" },
		  403,
		  closed },
		{ { .query = "menu=uwp", .client = "2001:db8:8::1" },
		  403,
		  closed },
		{ { .query = "menu=uwp", .client = "" }, 403, closed },
		{ { .query = "menu=uwp", .client = EVIL }, 403, closed },
		{ { .query = "menu=uwp", .client = "192.0.2.9" },
		  200,
		  OPENS(B "menu.php?name=uwp") },
		{ { .query = "menu=lab", .client = "::ffff:192.0.2.9" },
		  200,
		  OPENS(B "menu.php?name=lab") },
		{ { .query = "menu=uwp", .client = "2001:db8:7::1" },
		  200,
		  OPENS(B "menu.php?name=uwp") },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

/* gPXE and what is no loader get gPXE's form. */
static void test_user_agents_that_get_a_gpxe_script(void **state)
{
	static const struct row rows[] = {
		{ { .user_agent = "gPXE/0.9.9" }, 200, OPENS(B "menu.php") },
		{ { .user_agent = "curl/7.88.1" }, 200, OPENS(B "menu.php") },
		{ { .user_agent = "" }, 200, OPENS(B "menu.php") },
		{ { .user_agent = "Mozilla/5.0 " EVIL },
		  200,
		  OPENS(B "menu.php") },
		{ { .user_agent = "iPXE/1.21.1", .query = "dialect=gpxe" },
		  200,
		  OPENS(B "menu.php") },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

static void test_headers_say_what_the_answer_depends_on(void **state)
{
#define TEXT(length)                                                           \
	"Status: 200 OK\r\nContent-Type: text/plain\r\n"                       \
	"Content-Length: " length "\r\n"
	static const struct {
		struct http_request request;
		const char *expected;
	} rows[] = {
		{ { .method = "GET", .query = "" },
		  TEXT("101") "Cache-Control: max-age=1\r\n" TAG
			      "Vary: User-Agent\r\n\r\n" },
		{ { .method = "HEAD", .query = "" },
		  TEXT("101") "Cache-Control: max-age=1\r\n" TAG
			      "Vary: User-Agent\r\n\r\n" },
		{ { .method = "GET", .query = "dialect=gpxe" },
		  TEXT("101") "Cache-Control: max-age=1\r\n" TAG "\r\n" },
		{ { .method = "GET",
		    .query = "menu=uwp&dialect=gpxe",
		    .client = "192.0.2.1" },
		  TEXT("110") "Cache-Control: no-store\r\n\r\n" },
		{ { .method = "GET", .query = "menu=uwp" },
		  "Status: 403 Forbidden\r\nContent-Type: text/plain\r\n"
		  "Content-Length: 88\r\nCache-Control: no-store\r\n\r\n" },
		{ { .method = "DELETE", .query = "" },
		  "Status: 405 Method Not Allowed\r\n"
		  "Content-Type: text/plain\r\nContent-Length: 36\r\n"
		  "Cache-Control: no-store\r\nAllow: GET, HEAD\r\n\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		ask_check_headers(&rows[i].request, rows[i].expected);
}

/* Everything that a template's author can do wrong is a 500 that says so. */
static void test_template_that_breaks_the_contract_is_a_500(void **state)
{
	const struct site_paths paths = {
		.catalog = TESTS "/unit/pages/catalog.json",
		.templates = "own",
		.shipped = TEMPLATES,
	};
	static const struct {
		const char *open;
		const char *body;
	} rows[] = {
		{ "chain {{vesamenu}} {{menu}}",
		  "boot.gpxe: text must end in a newline: add one\n" },
		{ "chain {{nothing}}\n",
		  "open.gpxe:1: 'nothing' is missing\n" },
		{ "chain {{menu}}?a=b+c\n",
		  "boot.gpxe: line 2 of the text has a parameter with a byte "
		  "other than letters, digits, '.', '_', '~', '-'\n" },
	};

	(void)state;
	put("own/boot.gpxe", "#!gpxe\n{{> open}}");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct row row = { { .query = "menu=more" },
					 500,
					 rows[i].body };
		struct site *site =
			site_new(&paths, pages_names, pages_check_urls);

		put("own/open.gpxe", rows[i].open);
		ask_check(site, &row);
		site_free(site);
	}
}

static void test_explanation_is_text_for_people(void **state)
{
	struct site *site = ask_open(TESTS "/unit/pages/catalog.json");
	const struct http_request request = { .query = "explain=1" };
	int status;
	char *answer = ask(site, &request, &status);

	(void)state;
	assert_int_equal(status, 200);
	assert_non_null(strstr(answer, "Content-Type: text/plain\r\n"));
	assert_non_null(strstr(answer, "Cache-Control: no-store\r\n"));
	assert_memory_not_equal(ask_body(answer), "#!gpxe", 6);
	assert_non_null(strstr(answer, "\n" OPENS(B "menu.php")));
	free(answer);
	site_free(site);
}

/* One program answers them all: the script's name says which page it is. */
static void test_another_page_is_answered_by_its_name(void **state)
{
	static const struct row rows[] = {
		{ { .query = "menu=uwp", .script = "/boot/boot" }, 403, NULL },
		{ { .query = "menu=uwp", .script = "/boot/menu.php" },
		  400,
		  "unknown parameter; this page takes name, from, platform, "
		  "arch, problem, shim, dialect, view, explain\n" },
		{ { .query = "", .script = "/boot/fromthemirror" },
		  400,
		  "the query lacks a distro, a version and an arch: distro, "
		  "version and arch together name a release\n" },
		{ { .query = "customer=guest",
		    .script = "/x/customermenu.cgi" },
		  200,
		  OPENS(B "menu.php?name=guest") },
		{ { .query = "", .script = "/boot/other" },
		  404,
		  "there is no such page; the pages are boot, menu, "
		  "customermenu, fromthemirror\n" },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

/* GRUB runs the body of an error as a script. */
static void test_error_in_grub_is_a_script_that_shows_it(void **state)
{
#define SHOWN(reason) "echo '" reason "'\nsleep --interruptible 10\n"
	static const struct row rows[] = {
		{ { .query = "dialect=grub&menu=" EVIL },
		  404,
		  SHOWN("that menu is not in the catalogue: see "
			"boot.php with dialect=html") },
		{ { .query = "menu=" EVIL, .user_agent = "GRUB 2.06" },
		  404,
		  SHOWN("that menu is not in the catalogue: see "
			"boot.php with dialect=html") },
		{ { .query = "menu=<&dialect=grub" },
		  400,
		  SHOWN("names and values of parameters are letters, digits, "
			"'\\''.'\\'', '\\''_'\\'', '\\''~'\\'', "
			"'\\''-'\\''") },
		{ { .query = "dialect=grub", .script = "/boot/x" },
		  404,
		  SHOWN("there is no such page; the pages are boot, menu, "
			"customermenu, fromthemirror") },
		{ { .query = "",
		    .script = "/boot/x",
		    .user_agent = "GRUB 2.06" },
		  404,
		  SHOWN("there is no such page; the pages are boot, menu, "
			"customermenu, fromthemirror") },
		{ { .query = "dialect=grubb" },
		  404,
		  "this page does not have that dialect; it has gpxe, ipxe, "
		  "syslinux, grub, html, json\n" },
		{ { .query = "menu=" EVIL "&dialect=ipxe",
		    .user_agent = "GRUB 2.06" },
		  404,
		  "that menu is not in the catalogue: see "
		  "boot.php with dialect=html\n" },
		{ { .query = "dialect=grub", .method = "POST" },
		  405,
		  SHOWN("only GET and HEAD are answered here") },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct site *site = ask_open(TESTS "/unit/pages/catalog.json");
		int status;
		char *answer = ask(site, &rows[i].request, &status);

		if (status != rows[i].status ||
		    strcmp(ask_body(answer), rows[i].body) != 0)
			fail_msg("row %zu: %s", i, answer);
		free(answer);
		site_free(site);
	}
}

static void
test_loader_that_cannot_fetch_the_sites_files_is_told_why(void **state)
{
#define NO_HTTPS "needs https, which this loader does not have"
	static const struct {
		const char *settings;
		const char *query;
		const char *body; /* NULL: it is answered */
	} rows[] = {
		{ "'base': 'https://h/'", "dialect=grub",
		  SHOWN("site/base " NO_HTTPS) },
		{ "'base': 'https://h/'", "", "site/base " NO_HTTPS "\n" },
		{ "'base': 'https://h/'", "dialect=syslinux",
		  "site/base " NO_HTTPS "\n" },
		{ "'base': 'https://h/'", "dialect=ipxe", NULL },
		{ "'base': 'https://h/'", "dialect=html", NULL },
		{ "'base': 'https://h/'", "dialect=json", NULL },
		{ "'base': 'http://h/', 'vesamenu': 'https://h/v.c32'", "",
		  "site/vesamenu " NO_HTTPS "\n" },
		{ "'base': 'http://h/', 'vesamenu': 'https://h/v.c32'",
		  "dialect=syslinux&platform=bios", NULL },
		{ "'base': 'http://h/', 'syslinux': 'https://h/{{firmware}}/'",
		  "dialect=syslinux&platform=bios",
		  "site/syslinux " NO_HTTPS "\n" },
		{ "'base': 'http://h/', 'syslinux': 'https://h/{{firmware}}/'",
		  "", NULL },
		{ "'base': 'http://[::1]/'", "dialect=ipxe&platform=bios",
		  "site/base needs an IPv6 address, which this loader cannot "
		  "reach\n" },
		{ "'base': 'http://[::1]/'", "dialect=ipxe&platform=efi",
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct http_request request = { .query = rows[i].query };
		const char *body = rows[i].body;
		struct buf text = BUF_INIT;
		struct site *site;
		char *answer;
		int status;

		buf_printf(&text,
			   "{'site': {%s}, 'menus': "
			   "{'main': {'entries': [{'local': true}]}}}",
			   rows[i].settings);
		put_json("catalog.json", text.data);
		buf_free(&text);
		site = ask_open("catalog.json");
		answer = ask(site, &request, &status);
		if (status != (body != NULL ? 500 : 200) ||
		    (body != NULL && strcmp(ask_body(answer), body) != 0))
			fail_msg("row %zu: %s", i, answer);
		free(answer);
		site_free(site);
	}
}

/* Whoever writes the template of a page for people reads its view. */
static void test_view_of_a_closed_menu_is_for_its_networks(void **state)
{
	static const struct row rows[] = {
		{ { .query = "dialect=json&menu=uwp" },
		  403,
		  "this menu is shown to its customer's networks only, and "
		  "this address is in none of them\n" },
		{ { .query = "dialect=json&menu=uwp&view=ipxe" },
		  403,
		  "this menu is shown to its customer's networks only, and "
		  "this address is in none of them\n" },
		{ { .query = "dialect=json&menu=uwp", .client = "192.0.2.9" },
		  200,
		  NULL },
		{ { .query = "", .user_agent = "json/1" },
		  200,
		  OPENS(B "menu.php") },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_methods_other_than_get_and_head_are_refused),
		cmocka_unit_test(test_only_the_page_itself_is_served),
		cmocka_unit_test(test_bad_queries_are_refused),
		cmocka_unit_test(test_without_a_catalogue_it_says_why),
		cmocka_unit_test(test_script_opens_a_menu),
		cmocka_unit_test(test_closed_menu_is_for_its_networks),
		cmocka_unit_test(test_user_agents_that_get_a_gpxe_script),
		cmocka_unit_test(test_headers_say_what_the_answer_depends_on),
		SCRATCH_TEST(test_template_that_breaks_the_contract_is_a_500),
		cmocka_unit_test(test_explanation_is_text_for_people),
		cmocka_unit_test(test_another_page_is_answered_by_its_name),
		cmocka_unit_test(test_error_in_grub_is_a_script_that_shows_it),
		SCRATCH_TEST(
			test_loader_that_cannot_fetch_the_sites_files_is_told_why),
		cmocka_unit_test(
			test_view_of_a_closed_menu_is_for_its_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
