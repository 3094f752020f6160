#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loaded.h"

/* A catalogue whose site says something, with one distro of an installer. */
#define START                                                                  \
	"{" MENUS ", 'installers': {'i': {'console': 'fb=false --- "           \
	"console={{console}}', 'keyboard': 'keymap={{keyboard}}', "            \
	"'nomodeset': 'nomodeset', 'vlan': '{{#interface}}vlan={{device}}:"    \
	"{{interface}}{{/interface}}', 'address': 'ip={{address}}::"           \
	"{{gateway}}:{{netmask}}:{{prefix}}:{{device}}', 'dns': '{{#dns}}"     \
	"nameserver={{server}} {{/dns}}', 'replaces': ['ip=dhcp', "            \
	"'quiet']}, 'none': {}}, "

static struct catalog *load_for(const char *site, const char *distro,
				struct error *err)
{
	struct buf text = BUF_INIT;
	struct catalog *c;

	buf_printf(&text,
		   "'site': {'base': 'http://h/'%s}, 'distros': {'d': {"
		   "'title': 'D', 'kernel': 'http://h/linux', %s, "
		   "'versions': {'1': {'arches': ['amd64']}}}}}",
		   site, distro);
	c = load_parts(START, text.data, err);
	buf_free(&text);
	return c;
}

static void test_words_go_into_the_arguments(void **state)
{
	static const struct {
		const char *site;
		const char *distro;
		const char *args; /* NULL: none */
	} rows[] = {
		{ "", "'installer': 'i'", NULL },
		{ "", "'installer': 'i', 'args': 'ip=dhcp'", "ip=dhcp" },
		{ ", 'console': 'ttyS0'", "'args': 'a=1'", "a=1" },
		{ ", 'console': 'ttyS0'", "'installer': 'none'", NULL },
		{ ", 'proxy': 'http://p:3128'", "'installer': 'i'", NULL },
		{ ", 'console': 'ttyS0,115200n8'", "'installer': 'i'",
		  "fb=false --- console=ttyS0,115200n8" },
		{ ", 'console': 'ttyS0'", "'installer': 'i', 'args': 'a=1'",
		  "a=1 fb=false --- console=ttyS0" },
		{ ", 'console': 'ttyS0'",
		  "'installer': 'i', 'args': 'a=1 --- b=2'",
		  "a=1 fb=false --- b=2 console=ttyS0" },
		{ ", 'console': 'ttyS0'", "'installer': 'i', 'args': '--- b=2'",
		  "fb=false --- b=2 console=ttyS0" },
		{ ", 'keyboard': 'de'", "'installer': 'i', 'args': 'a=1 ---'",
		  "a=1 keymap=de ---" },
		{ ", 'console': 'ttyS0', 'nomodeset': true",
		  "'installer': 'i', 'args': 'console=tty0 nomodeset'",
		  "console=tty0 nomodeset" },
		{ ", 'console': 'ttyS0'",
		  "'installer': 'i', 'args': 'fb=false a=\\\"b console=c\\\"'",
		  "fb=false a=\"b console=c\" --- console=ttyS0" },
		{ ", 'dns': ['192.0.2.53', '192.0.2.54']", "'installer': 'i'",
		  "nameserver=192.0.2.53 nameserver=192.0.2.54" },
		{ ", 'vlan': 5", "'installer': 'i', 'args': 'ip=dhcp'",
		  "ip=dhcp" },
		{ ", 'vlan': 5, 'interface': 'eno1'",
		  "'installer': 'i', 'args': 'a=1 ip=dhcp quiet b=2'",
		  "a=1 b=2 vlan=eno1.5:eno1" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct error err = ERROR_INIT;
		struct catalog *c =
			load_for(rows[i].site, rows[i].distro, &err);
		const struct mirror_files *files;

		if (c == NULL)
			fail_msg("row %zu: %s", i, err.text);
		files = catalog_release(c, "d", "1", "amd64", NULL)->mirrors;
		check_text(rows[i].site, files->args, rows[i].args);
		catalog_free(c);
	}
}

static void test_told_release_is_started_by_its_kernel(void **state)
{
	static const char tree[] =
		"'installer': 'i', 'root': 'http://h/', 'pxelinux': {'loader': "
		"'{{root}}pxelinux.0', 'config': 'default'}";
	struct error err = ERROR_INIT;
	struct catalog *c = load_for(", 'proxy': 'http://p/'", tree, &err);

	(void)state;
	assert_non_null(c);
	assert_string_equal(
		catalog_release(c, "d", "1", "amd64", NULL)->mirrors->loader,
		"http://h/pxelinux.0");
	catalog_free(c);
	c = load_for(", 'keyboard': 'de'", tree, &err);
	assert_non_null(c);
	assert_null(
		catalog_release(c, "d", "1", "amd64", NULL)->mirrors->loader);
	catalog_free(c);
}

static void check_message(const char *site, const char *distro,
			  const char *message)
{
	struct error err = ERROR_INIT;
	struct catalog *c = load_for(site, distro, &err);

	catalog_free(c);
	check_text(site, err.text, message);
}

static void test_wrong_setting_says_what_to_write(void **state)
{
	static const char console[] =
		"catalog.json: /site/console: must be a device, with the speed "
		"of its line, as in \"ttyS0,115200\"";
	static const char proxy[] =
		"catalog.json: /site/proxy: must be a URL, as in "
		"\"http://proxy.example.org:3128/\"";
	static const char vlan[] = "catalog.json: /site/vlan: must be a whole "
				   "number from 1 to 4094";
	static const char dns[] =
		"catalog.json: /site/dns: must be an array of 1 to 3 IPv4 "
		"addresses, as in [\"192.0.2.53\"]";
	static const char keyboard[] =
		"catalog.json: /site/keyboard: must be the name of a layout, "
		"as in \"de\"";
	static const struct {
		const char *site;
		const char *message;
	} rows[] = {
		{ ", 'console': ''", console },
		{ ", 'console': 0", console },
		{ ", 'console': 'tty S0'", console },
		{ ", 'console': ',115200'", console },
		{ ", 'proxy': ''", proxy },
		{ ", 'proxy': 'proxy:3128'", proxy },
		{ ", 'proxy': 'ftp://proxy/'", proxy },
		{ ", 'proxy': 'http://me:word@proxy:3128/'",
		  "catalog.json: /site/proxy: has a user name or password, "
		  "which everybody could read who asks for a boot text: let "
		  "the proxy know the machines by their addresses" },
		{ ", 'interface': 'eth0 quiet'",
		  "catalog.json: /site/interface: must be the installer's name "
		  "of a network interface, as in \"eno1\"" },
		{ ", 'vlan': 0", vlan },
		{ ", 'vlan': 4095", vlan },
		{ ", 'vlan': '5'", vlan },
		{ ", 'address': '192.0.2.10/24'",
		  "catalog.json: /site/address: is one machine's: write it "
		  "into the machine's host file" },
		{ ", 'gateway': '192.0.2.0/24'",
		  "catalog.json: /site/gateway: must be an IPv4 address, as in "
		  "\"192.0.2.1\"" },
		{ ", 'dns': []", dns },
		{ ", 'dns': '192.0.2.53'", dns },
		{ ", 'dns': ['2001:db8::53']", dns },
		{ ", 'dns': ['192.0.2.1', '192.0.2.2', '192.0.2.3', "
		  "'192.0.2.4']",
		  dns },
		{ ", 'keyboard': 'de latin1'", keyboard },
		{ ", 'keyboard': 'd\\\\u00e9'", keyboard },
		{ ", 'nomodeset': false",
		  "catalog.json: /site/nomodeset: must be true, or left out" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check_message(rows[i].site, "'installer': 'i'",
			      rows[i].message);
}

static void test_unknown_installer_is_named(void **state)
{
	(void)state;
	check_message("", "'installer': 'nine'",
		      "catalog.json: /distros/d/installer: there is no "
		      "installer 'nine'; did you mean 'none'?");
}

/* 128 words of 16 bytes and a blank each are too many. */
static void test_arguments_that_grow_too_long_are_refused(void **state)
{
	struct buf distro = BUF_INIT;

	(void)state;
	buf_puts(&distro, "'installer': 'i', 'args': 'a");
	for (int i = 0; i < 126; i++)
		buf_puts(&distro, " abcdefghijklmno");
	buf_puts(&distro, " 234567890123456'");
	check_message(", 'console': 'ttyS0,115200n8'", distro.data,
		      "catalog.json: /distros/d/versions/1: amd64: arguments, "
		      "with what the site says for all, are longer than 2047 "
		      "bytes, where the kernel cuts them: shorten them");
	buf_free(&distro);
}

static void check_installer(const char *installer, const char *message)
{
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;

	buf_printf(&text, "'installers': {'i': {%s}}}", installer);
	catalog_free(load_parts("{" SITE ", " MENUS ", ", text.data, &err));
	check_text(installer, err.text, message);
	buf_free(&text);
}

static void test_wrong_words_say_why(void **state)
{
	(void)state;
	check_installer("'console': 'console={{consle}}'",
			"catalog.json: /installers/i/console: there is no "
			"'consle' here, but console, keyboard, nomodeset, "
			"interface, vlan, device, address, prefix, netmask, "
			"gateway, dns, dns1, dns2, server, proxy; did you "
			"mean 'console'?");
	check_installer("'proxy': 'proxy={{proxy'",
			"catalog.json: /installers/i/proxy: pattern:1: tag is "
			"never closed with '}}'");
	check_installer("'dns': 'dns=\\\"{{dns1}} {{dns2}}\\\"'",
			"catalog.json: /installers/i/dns: arguments have a "
			"'\"': write words without blanks");
	check_installer("'vlan': 'initrd={{vlan}}'",
			"catalog.json: /installers/i/vlan: arguments have "
			"initrd=: name the files under initrds");
	check_installer("'vlan': 5",
			"catalog.json: /installers/i/vlan: must be a string, "
			"in quotes");
	check_installer("'prox': 'x'",
			"catalog.json: /installers/i/prox: unknown key; here "
			"are console, keyboard, nomodeset, vlan, address, dns, "
			"proxy, replaces; did you mean 'proxy'?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_words_go_into_the_arguments),
		SCRATCH_TEST(test_told_release_is_started_by_its_kernel),
		SCRATCH_TEST(test_wrong_setting_says_what_to_write),
		SCRATCH_TEST(test_unknown_installer_is_named),
		SCRATCH_TEST(test_arguments_that_grow_too_long_are_refused),
		SCRATCH_TEST(test_wrong_words_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
