#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "loaded.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_longest_prefix_finds_the_customer),
		SCRATCH_TEST(
			test_without_a_default_other_addresses_have_no_customer),
		SCRATCH_TEST(test_customers_are_found_by_name),
		SCRATCH_TEST(
			test_closed_menus_are_seen_from_their_networks_alone),
		SCRATCH_TEST(test_customers_menu_below_an_open_one_stays_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
