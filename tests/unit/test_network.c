#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "network.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static struct network network(const char *text)
{
	struct network n;
	const char *reason = network_parse(text, &n);

	if (reason != NULL)
		fail_msg("%s %s", text, reason);
	return n;
}

static struct network address(const char *text)
{
	struct network n;

	if (network_parse_address(text, &n) < 0)
		fail_msg("%s is no address", text);
	return n;
}

static void test_prefix_is_counted_in_bits_of_ipv6(void **state)
{
	static const struct {
		const char *text;
		unsigned bits;
	} rows[] = {
		{ "192.0.2.0/24", 120 },         { "192.0.2.1", 128 },
		{ "192.0.2.1/32", 128 },         { "0.0.0.0/0", 96 },
		{ "10.0.0.0/8", 104 },           { "10.0.0.0/008", 104 },
		{ "2001:db8::/32", 32 },         { "2001:db8::1", 128 },
		{ "2001:db8::1/128", 128 },      { "::/0", 0 },
		{ "::ffff:192.0.2.0/120", 120 }, { "::ffff:0:0/96", 96 },
		{ "2001:DB8::/32", 32 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct network n = network(rows[i].text);

		if (n.bits != rows[i].bits)
			fail_msg("%s: %u bits", rows[i].text, n.bits);
	}
}

static void test_bad_networks_say_why(void **state)
{
	static const char no_address[] =
		"is not an IP address or network like 192.0.2.0/24";
	static const char no_prefix[] =
		"has a prefix length that is not a number from 0 to 32";
	static const char no_prefix6[] =
		"has a prefix length that is not a number from 0 to 128";
	static const char space[] =
		"has a space: remove it, or make each network a string of its "
		"own";
	static const char list[] =
		"has several networks: make each a string of its own";
	static const char range[] =
		"is a range: write the networks that it has, like 192.0.2.0/24";
	static const char host_bits[] = "has bits set behind its prefix length";
	static const char wildcard[] =
		"has a wildcard mask in place of a prefix length";
	static const char netmask[] =
		"has a netmask in place of a prefix length";
	static const struct {
		const char *text;
		const char *reason;
	} rows[] = {
		{ "", no_address },
		{ "/", no_address },
		{ "/24", no_address },
		{ "192.0.2/24", no_address },
		{ "192.0.2.256", no_address },
		{ "192.0.02.0/24", no_address },
		{ "192.0.2.0.0/24", no_address },
		{ "192.0.2.0:80", no_address },
		{ " 192.0.2.0/24", space },
		{ "192.0.2.0 /24", space },
		{ "0x7f.0.0.1", no_address },
		{ "2130706433", no_address },
		{ "mirror.example.org", no_address },
		{ "[2001:db8::1]", no_address },
		{ "2001:db8::g/32", no_address },
		{ "2001:db8:::/32", no_address },
		{ "fe80::1%eth0", no_address },
		{ "fe80::%eth0/10", no_address },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999", no_address },
		{ "1111:2222:3333:4444:5555:6666:255.255.255.255255",
		  no_address },
		{ "192.0.2.0/", no_prefix },
		{ "192.0.2.0/33", no_prefix },
		{ "192.0.2.0/-1", no_prefix },
		{ "192.0.2.0/+8", no_prefix },
		{ "192.0.2.0/24 ", space },
		{ "192.0.2.0/24\xc2\xa0", space },
		{ "192.0.2.0/24\t", space },
		{ "192.0.2.0/24 198.51.100.0/24", space },
		{ "192.0.2.0/24,198.51.100.0/24", list },
		{ "192.0.2.0/24, 198.51.100.0/24", list },
		{ "192.0.2.0/24;198.51.100.0/24", list },
		{ "192.0.2.0/ 24", space },
		{ "192.0.2.0/24/24", no_prefix },
		{ "192.0.2.0/0x18", no_prefix },
		{ "192.0.2.0/255.255.255.0", netmask },
		{ "192.0.2.0/255.0.255.0", no_prefix },
		{ "192.0.2.0/0.0.0.255", wildcard },
		{ "192.0.2.7/0.0.0.255", wildcard },
		{ "192.0.2.0/0.0.255.0", no_prefix },
		{ "192.0.2.0/0.0.0.254", no_prefix },
		{ "192.0.2.0 0.0.0.255", wildcard },
		{ "192.0.2.0 255.255.255.0", netmask },
		{ "192.0.2.0\t 255.255.255.0", netmask },
		{ "192.0.2.0 0.0.255.0", space },
		{ "192.0.2.0 198.51.100.0", space },
		{ "192.0.2 0.0.0.255", space },
		{ "192.0.2.7 0.0.0.0", wildcard },
		{ "192.0.2.7/0.0.0.0", wildcard },
		{ "192.0.2.0-192.0.2.255", range },
		{ "192.0.2.0 - 192.0.2.255", range },
		{ "192.0.2.1-9", range },
		{ "192.0.2.*", range },
		{ "-", no_address },
		{ "192-0.example.org", no_address },
		{ "2001:db8::/ffff:ffff::", netmask },
		{ "2001:db8::/255.255.0.0", no_prefix6 },
		{ "192.0.2.0/4294967320", no_prefix },
		{ "2001:db8::/129", no_prefix6 },
		{ "2001:db8::/x", no_prefix6 },
		{ "192.0.2.1/24", host_bits },
		{ "192.0.2.1/0", host_bits },
		{ "192.0.2.128/24", host_bits },
		{ "192.0.2.0/22", host_bits },
		{ "2001:db8::1/32", host_bits },
		{ "2001:db8::/31", NULL },
		{ "2001:db9::/31", host_bits },
		{ "8000::/0", host_bits },
		{ "::ffff:192.0.2.0/24", host_bits },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct network n = { .bits = 999 };
		const char *reason = network_parse(rows[i].text, &n);

		if (rows[i].reason == NULL) {
			assert_null(reason);
			continue;
		}
		if (reason == NULL || strcmp(reason, rows[i].reason) != 0)
			fail_msg("'%s': %s", rows[i].text,
				 reason != NULL ? reason : "taken");
		if (n.bits != 999)
			fail_msg("'%s': the result was touched", rows[i].text);
	}
}

static void test_network_holds_its_addresses_and_no_others(void **state)
{
	static const struct {
		const char *network;
		const char *address;
		int has;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.0", 1 },
		{ "192.0.2.0/24", "192.0.2.255", 1 },
		{ "192.0.2.0/24", "192.0.3.0", 0 },
		{ "192.0.2.0/24", "192.0.1.255", 0 },
		{ "192.0.2.0/24", "::ffff:192.0.2.7", 1 },
		{ "192.0.2.0/24", "::192.0.2.7", 0 },
		{ "192.0.2.0/24", "::FFFF:c000:0207", 1 },
		{ "::ffff:192.0.2.0/120", "192.0.2.7", 1 },
		{ "192.0.2.0/25", "192.0.2.127", 1 },
		{ "192.0.2.0/25", "192.0.2.128", 0 },
		{ "192.0.2.128/25", "192.0.2.128", 1 },
		{ "192.0.2.128/25", "192.0.2.127", 0 },
		{ "192.0.2.4/31", "192.0.2.5", 1 },
		{ "192.0.2.4/31", "192.0.2.6", 0 },
		{ "192.0.2.4", "192.0.2.4", 1 },
		{ "192.0.2.4", "192.0.2.5", 0 },
		{ "0.0.0.0/0", "255.255.255.255", 1 },
		{ "0.0.0.0/0", "::ffff:10.0.0.1", 1 },
		{ "0.0.0.0/0", "2001:db8::1", 0 },
		{ "0.0.0.0/0", "::1", 0 },
		{ "0.0.0.0/1", "127.255.255.255", 1 },
		{ "0.0.0.0/1", "128.0.0.0", 0 },
		{ "::/0", "2001:db8::1", 1 },
		{ "::/0", "::1", 1 },
		{ "::/0", "192.0.2.1", 0 },
		{ "::/0", "::ffff:192.0.2.1", 0 },
		{ "::/64", "192.0.2.1", 0 },
		{ "2001:db8::/32", "2001:db8:ffff::1", 1 },
		{ "2001:db8::/32", "2001:db9::1", 0 },
		{ "2001:db8::/33", "2001:db8:7fff::", 1 },
		{ "2001:db8::/33", "2001:db8:8000::", 0 },
		{ "fe80::/10", "fe80::1%eth0", 1 },
		{ "fe80::/10", "fec0::1%eth0", 0 },
		{ "2001:db8::1", "2001:db8::1", 1 },
		{ "2001:db8::1", "2001:db8::2", 0 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct network n = network(rows[i].network);
		struct network a = address(rows[i].address);

		if (network_has(&n, &a) != rows[i].has)
			fail_msg("%s in %s", rows[i].address, rows[i].network);
	}
}

static void test_addresses_as_servers_give_them(void **state)
{
	static const struct {
		const char *text;
		int is_address;
	} rows[] = {
		{ "192.0.2.1", 1 },
		{ "::1", 1 },
		{ "fe80::1%eth0", 1 },
		{ "fe80::1%", 1 },
		{ "::ffff:10.1.2.3", 1 },
		{ "", 0 },
		{ "unix:", 0 },
		{ "192.0.2.1/24", 0 },
		{ "192.0.2.1:80", 0 },
		{ "[::1]", 0 },
		{ "localhost", 0 },
		{ "%eth0", 0 },
		{ "192.0.2.1, 10.0.0.1", 0 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct network n = { .bits = 999 };
		int rc = network_parse_address(rows[i].text, &n);

		if (rc != (rows[i].is_address ? 0 : -1) ||
		    n.bits != (rows[i].is_address ? 128 : 999))
			fail_msg("'%s': %d, %u bits", rows[i].text, rc, n.bits);
	}
}

/* What the catalogue tells networks apart by. */
static void test_equal_networks_alone_are_written_alike(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		int is_equal;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.0/24", 1 },
		{ "192.0.2.0/24", "::ffff:192.0.2.0/120", 1 },
		{ "192.0.2.0/24", "192.0.2.0/25", 0 },
		{ "192.0.2.0/24", "192.0.3.0/24", 0 },
		{ "192.0.2.1", "192.0.2.1/32", 1 },
		{ "0.0.0.0/0", "::/0", 0 },
		{ "0.0.0.0/0", "::ffff:0:0/96", 1 },
		{ "2001:DB8::/32", "2001:db8:0::/32", 1 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct network a = network(rows[i].a);
		struct network b = network(rows[i].b);
		char text_a[NETWORK_TEXT_SIZE];
		char text_b[NETWORK_TEXT_SIZE];

		network_print_address(&a, text_a);
		network_print_address(&b, text_b);
		if ((a.bits == b.bits && strcmp(text_a, text_b) == 0) !=
		    rows[i].is_equal)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

static void test_networks_that_are_refused_may_mean_one(void **state)
{
	static const struct {
		const char *text;
		const char *meant; /* NULL: none */
	} rows[] = {
		{ "192.0.2.7/24", "192.0.2.0/24" },
		{ "192.0.2.255/31", "192.0.2.254/31" },
		{ "192.0.2.0/255.255.255.0", "192.0.2.0/24" },
		{ "192.0.2.7/255.255.255.252", "192.0.2.4/30" },
		{ "192.0.2.7/255.255.255.255", "192.0.2.7/32" },
		{ "10.1.2.3/255.0.0.0", "10.0.0.0/8" },
		{ "2001:db8::7/32", "2001:db8::/32" },
		{ "2001:db8:1::/ffff:ffff::", "2001:db8::/32" },
		{ "::ffff:192.0.2.7/120", "::ffff:192.0.2.0/120" },
		{ "::ffff:192.0.2.7/24", "192.0.2.0/24" },
		{ "192.0.2.7/0", NULL },
		{ "192.0.2.7/0.0.0.0", "192.0.2.7/32" },
		{ "192.0.2.0/33", NULL },
		{ "192.0.2.0/255.0.255.0", NULL },
		{ "192.0.2.0/0.0.0.255", "192.0.2.0/24" },
		{ "192.0.2.7/0.0.0.255", "192.0.2.0/24" },
		{ "192.0.2.0 0.0.0.255", "192.0.2.0/24" },
		{ "192.0.2.7 0.0.0.0", "192.0.2.7/32" },
		{ "0.0.0.0 255.255.255.255", NULL },
		{ "0.0.0.0/0.0.0.0", NULL },
		{ "192.0.2.0 255.255.255.128", "192.0.2.0/25" },
		{ "10.1.2.3   0.255.255.255", "10.0.0.0/8" },
		{ "192.0.2.0 24", "192.0.2.0/24" },
		{ "192.0.2.0/0.0.255.0", NULL },
		{ "192.0.2.0 0.0.255.0", NULL },
		{ "192.0.2.0 198.51.100.0", NULL },
		{ "192.0.2.0/", NULL },
		{ "192.0.2.0", NULL },
		{ "mirror.example.org", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char text[NETWORK_PREFIX_SIZE] = "";
		int rc = network_propose(rows[i].text, text);

		if (rc != (rows[i].meant != NULL ? 0 : -1) ||
		    (rc == 0 && strcmp(text, rows[i].meant) != 0))
			fail_msg("%s: %d, %s", rows[i].text, rc, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix_is_counted_in_bits_of_ipv6),
		cmocka_unit_test(test_networks_that_are_refused_may_mean_one),
		cmocka_unit_test(test_bad_networks_say_why),
		cmocka_unit_test(
			test_network_holds_its_addresses_and_no_others),
		cmocka_unit_test(test_addresses_as_servers_give_them),
		cmocka_unit_test(test_equal_networks_alone_are_written_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
