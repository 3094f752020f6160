#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PAGE page_customermenu
#include "ask.h"

#define B "http://boot.example.org/boot/"
#define OPENS(url) "#!gpxe\nimgfree\nchain " B "vesamenu.c32 " B url "\n"

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

static void test_address_finds_the_customer(void **state)
{
	static const char guest[] = OPENS("menu.php?name=guest");
	static const char uwp[] = OPENS("menu.php?name=uwp");
	static const struct row rows[] = {
		{ { .client = NULL }, 200, guest },
		{ { .client = "" }, 200, guest },
		{ { .client = EVIL }, 200, guest },
		{ { .client = "203.0.113.1" }, 200, guest },
		{ { .client = "2001:db8:8::1" }, 200, guest },
		{ { .client = "192.0.2.1" }, 200, uwp },
		{ { .client = "::ffff:192.0.2.1" }, 200, uwp },
		{ { .client = "2001:db8:7::1" }, 200, uwp },
		{ { .client = "2001:db8:7::1%eth0" }, 200, uwp },
		{ { .client = "198.51.100.1" }, 200, OPENS("menu.php") },
		{ { .client = "192.0.2.1", .query = "arch=i386" },
		  200,
		  OPENS("menu.php?arch=i386&name=uwp") },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

static void test_customer_may_be_named(void **state)
{
	static const char closed[] =
		"this menu is shown to its customer's networks only, and this "
		"address is in none of them\n";
	static const struct row rows[] = {
		{ { .query = "customer=guest", .client = "192.0.2.1" },
		  200,
		  OPENS("menu.php?name=guest") },
		{ { .query = "customer=uwp", .client = "192.0.2.1" },
		  200,
		  OPENS("menu.php?name=uwp") },
		{ { .query = "customer=peek" }, 200, OPENS("menu.php") },
		{ { .query = "customer=uwp" }, 403, closed },
		{ { .query = "customer=uwp", .client = "203.0.113.1" },
		  403,
		  closed },
		{ { .query = "customer=" EVIL },
		  404,
		  "that customer is not in the catalogue\n" },
		{ { .query = "name=uwp" },
		  400,
		  "unknown parameter; this page takes customer, platform, "
		  "arch, shim, dialect, view, explain\n" },
		{ { .query = "dialect=pxelinux" },
		  404,
		  "this page does not have that dialect; it has gpxe, ipxe, "
		  "syslinux, grub, html, json\n" },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

static void test_without_a_default_other_addresses_find_none(void **state)
{
	static const char none[] =
		"no customer's networks hold this address, and site "
		"has no customer for all others\n";
	static const struct row rows[] = {
		{ { .client = "192.0.2.1" },
		  200,
		  "#!gpxe\nimgfree\nchain http://h/v.c32 http://h/menu\n" },
		{ { .client = "203.0.113.1" }, 404, none },
		{ { .client = NULL }, 404, none },
	};
	struct site *site = ask_open("catalog.json");

	(void)state;
	put_json("catalog.json",
		 "{'site': {'base': 'http://h/', 'vesamenu': 'v.c32'},"
		 " 'menus': {'main': {'entries': [{'local': true}]}},"
		 " 'customers': {'a': {'menu': 'main',"
		 "  'networks': ['192.0.2.0/24']}}}");
	for (size_t i = 0; i < LENGTH(rows); i++)
		ask_check(site, &rows[i]);
	site_free(site);
}

static void test_answers_by_address_are_not_for_caches(void **state)
{
	static const struct {
		struct http_request request;
		const char *expected;
	} rows[] = {
		{ { .query = "" },
		  "Status: 200 OK\r\nContent-Type: text/plain\r\n"
		  "Content-Length: 112\r\nCache-Control: no-store\r\n\r\n" },
		{ { .query = "customer=guest" },
		  "Status: 200 OK\r\nContent-Type: text/plain\r\n"
		  "Content-Length: 112\r\n"
		  "Cache-Control: max-age=1\r\n" TAG "\r\n" },
		{ { .query = "customer=uwp", .client = "192.0.2.1" },
		  "Status: 200 OK\r\nContent-Type: text/plain\r\n"
		  "Content-Length: 110\r\nCache-Control: no-store\r\n\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		ask_check_headers(&rows[i].request, rows[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_methods_other_than_get_and_head_are_refused),
		cmocka_unit_test(test_only_the_page_itself_is_served),
		cmocka_unit_test(test_bad_queries_are_refused),
		cmocka_unit_test(test_without_a_catalogue_it_says_why),
		cmocka_unit_test(test_address_finds_the_customer),
		cmocka_unit_test(test_customer_may_be_named),
		SCRATCH_TEST(test_without_a_default_other_addresses_find_none),
		cmocka_unit_test(test_answers_by_address_are_not_for_caches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
