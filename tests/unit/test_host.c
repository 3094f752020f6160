#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "loaded.h"

#define MAC "52-54-00-12-34-56"
#define OTHER "52-54-00-12-34-57"
#define UUID "4c4c4544-0034-5610-8054-b4c04f303132"
#define SWAPPED "44454c4c-3400-1056-8054-b4c04f303132"
#define FILE_OF(name) "hosts/" name ".json"

#define LIVE "'boot': {'distro': 'live', 'version': '1', 'arch': 'amd64'"
#define NO_INSTALL                                                             \
	MAC ".json: /install: the release is a live system, which installs "   \
	    "nothing: leave install out; or, if the args of a variant make "   \
	    "it install, write \"live\": false in that variant"

#define NO_ADDRESS                                                             \
	MAC ".json: /address: must be an IPv4 address with the length of its " \
	    "network, as in \"192.0.2.10/24\""

#define CATALOG                                                                \
	"{" SITE ", " MENUS ", 'distros': {'debian': {'title': 'Debian',"      \
	" 'kernel': 'http://h/linux', 'versions': {'12': {'arches':"           \
	" ['amd64', 'arm64']}}}, 'live': {'title': 'Live', 'live': true,"      \
	" 'kernel': 'http://h/linux', 'answer_args': 'u={{answers}}',"         \
	" 'variants': {'disk': {'title': 'to disk', 'live': false}},"          \
	" 'versions': {'1': {'arches': ['amd64']}}}}, 'groups': {'room': "     \
	"{'menu': 'local'},"                                                   \
	" 'installed': {'answers': 'a', 'install': 'once', 'boot': {'distro':" \
	" 'live', 'version': '1', 'arch': 'amd64', 'variant': 'disk'}},"       \
	" 'pcs': {'menu': 'main', 'platform': 'bios'}}}"

/* What is found for a machine: release with host_free().  Returns as
 * catalog_find_host(). */
static int find(const struct identity *id, struct host *host, struct error *err)
{
	struct catalog *c = load(CATALOG);
	int found = catalog_find_host(c, "hosts", id, host, err);

	/* What the host names dies with the catalogue: the pointers say what
	 * was found. */
	catalog_free(c);
	return found;
}

static void check_name(const struct identity *id, const char *expected)
{
	struct error err = ERROR_INIT;
	struct host host;
	int found = find(id, &host, &err);

	if (found < 0)
		fail_msg("%s", err.text);
	check_text("name", found > 0 ? host.name : NULL, expected);
	host_free(&host);
}

/* The message about a file of the machine's, which has that text. */
static void check_message(const char *text, const char *expected)
{
	const struct identity id = { MAC, "", "" };
	struct error err = ERROR_INIT;
	struct host host;

	if (text != NULL)
		put_json(FILE_OF(MAC), text);
	if (find(&id, &host, &err) >= 0)
		fail_msg("taken: %s", text ? text : "as it is");
	check_text(text ? text : "", err.text, expected);
	host_free(&host);
}

static void test_first_name_that_there_is_decides(void **state)
{
	const struct identity id = { MAC, UUID, "CZ1" };

	(void)state;
	check_message(NULL, "hosts: is not there");
	put_json(FILE_OF(OTHER), "{'menu': 'main'}");
	check_name(&id, NULL);
	put_json(FILE_OF("serial-CZ1"), "{'menu': 'main'}");
	check_name(&id, "serial-CZ1.json");
	put_json(FILE_OF("uuid-" SWAPPED), "{'menu': 'main'}");
	check_name(&id, "uuid-" SWAPPED ".json");
	put_json(FILE_OF("uuid-" UUID), "{'menu': 'main'}");
	check_name(&id, "uuid-" UUID ".json");
	put_json(FILE_OF(MAC), "{'menu': 'main'}");
	check_name(&id, MAC ".json");
	check_name(&(struct identity){ "", "", "" }, NULL);
}

/* Write a file of the machine's with that text, which must be taken. */
static void take(const struct catalog *c, const char *text, struct host *host)
{
	const struct identity id = { MAC, "", "" };
	struct error err = ERROR_INIT;

	put_json(FILE_OF(MAC), text);
	if (catalog_find_host(c, "hosts", &id, host, &err) != 1)
		fail_msg("%s: %s", text, err.text);
}

static void test_file_says_what_the_machine_gets(void **state)
{
	static const struct {
		const char *text;
		const char *file, *pointer; /* that decides */
		int is_local;
	} rows[] = {
		{ "{'menu': 'main'}", MAC ".json", "/menu", 0 },
		{ "{'menu': 'local'}", MAC ".json", "/menu", 1 },
		{ "{'boot': {'distro': 'debian', 'version': '12',"
		  " 'arch': 'amd64'}}",
		  MAC ".json", "/boot", 0 },
		{ "{'group': 'room'}", "catalog.json", "/groups/room/menu", 1 },
		{ "{'group': 'room', 'menu': 'main', '$comment': 1,"
		  " '$schema': 'x', 'networks': ['192.0.2.0/24']}",
		  MAC ".json", "/menu", 0 },
	};
	struct catalog *c = load(CATALOG);

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct host host;

		take(c, rows[i].text, &host);
		check_text(rows[i].text, host.assigned.file, rows[i].file);
		check_text(rows[i].text, host.assigned.pointer,
			   rows[i].pointer);
		assert_int_equal(host.assigned.is_local, rows[i].is_local);
		host_free(&host);
	}
	catalog_free(c);
}

static void test_live_system_is_given_at_each_start(void **state)
{
	static const struct {
		const char *text;
		int repeats;
	} rows[] = {
		{ "{" LIVE "}, 'answers': 'a'}", 1 },
		{ "{" LIVE "}, 'answers': 'a', 'otherwise': 'main'}", 1 },
		{ "{" LIVE ", 'variant': 'disk'}, 'answers': 'a'}", 0 },
		{ "{" LIVE ", 'variant': 'disk'}, 'answers': 'a',"
		  " 'install': 'once'}",
		  0 },
		{ "{" LIVE ", 'variant': 'disk'}, 'answers': 'a',"
		  " 'install': 'always'}",
		  1 },
		/* The group's word is for what the group installs. */
		{ "{'group': 'installed', " LIVE "}, 'answers': 'a'}", 1 },
		{ "{'group': 'installed'}", 0 },
	};
	struct catalog *c = load(CATALOG);

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct host host;

		take(c, rows[i].text, &host);
		assert_true(assignment_is_unattended(&host.assigned));
		if (assignment_repeats(&host.assigned) != rows[i].repeats)
			fail_msg("%s", rows[i].text);
		host_free(&host);
	}
	catalog_free(c);
}

static void test_broken_file_is_named_with_the_place(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "", MAC ".json:1: column 1: a file begins with '{'" },
		{ "{'menu': 'main'",
		  MAC ".json:1: column 15: the file ends here, but a '}' is "
		      "missing" },
		{ "[]", MAC ".json:1: must be an object, in { }" },
		{ "{}", MAC ".json: needs menu, boot or group" },
		{ "{'menu': 1}", MAC ".json: /menu: must be a string, in "
				     "quotes" },
		{ "{'menu': 'nosuch'}",
		  MAC ".json: /menu: there is no menu 'nosuch'" },
		{ "{'menu': 'pass word'}",
		  MAC ".json: /menu: there is no menu '...'" },
		{ "{'group': 'nosuch'}",
		  MAC ".json: /group: there is no group 'nosuch'" },
		{ "{'group': 1}",
		  MAC ".json: /group: must be a string, in quotes" },
		{ "{'valuse': {}}",
		  MAC ".json: /valuse: unknown key; here are menu, boot, "
		      "group, networks, answers, values, install, otherwise, "
		      "console, keyboard, nomodeset, interface, vlan, address, "
		      "gateway, dns, proxy, $schema; did you mean "
		      "'values'?" },
		{ "{'menu': 'main', 'console': 'ttyS0'}",
		  MAC ".json: /console: goes with boot: what a menu starts "
		      "gets what the site says" },
		{ "{'group': 'room', 'address': null}",
		  MAC ".json: /address: goes with boot: what a menu starts "
		      "gets what the site says" },
		{ "{" LIVE "}, 'address': '192.0.2.10'}", NO_ADDRESS },
		{ "{" LIVE "}, 'address': '192.0.2.10/0'}", NO_ADDRESS },
		{ "{" LIVE "}, 'address': '192.0.2.10/033'}", NO_ADDRESS },
		{ "{" LIVE "}, 'address': '192.0.2.10/33'}", NO_ADDRESS },
		{ "{" LIVE "}, 'address': '192.0.2.300/24'}", NO_ADDRESS },
		{ "{" LIVE "}, 'address': '2001:db8::7/64'}", NO_ADDRESS },
		{ "{" LIVE "}, 'address': '192.0.2.10/25', 'gateway': "
		  "'192.0.2.129'}",
		  MAC ".json: /address: is in another network than the "
		      "gateway: write a gateway for it, or null if it has "
		      "none" },
		{ "{'menu': 'main', 'install': 'twice'}",
		  MAC ".json: /install: must be once or always" },
		{ "{'menu': 'main', 'install': true}",
		  MAC ".json: /install: must be once or always, in quotes" },
		{ "{'menu': 'main', 'install': 'once'}",
		  MAC ".json: /install: once needs answers: the first one that "
		      "is fetched begins the installation" },
		{ "{" LIVE "}, 'install': 'once', 'answers': 'a'}",
		  NO_INSTALL },
		{ "{" LIVE "}, 'install': 'always', 'answers': 'a'}",
		  NO_INSTALL },
		{ "{" LIVE "}, 'install': 'once'}", NO_INSTALL },
		{ "{" LIVE "}, 'install': 'always'}", NO_INSTALL },
		{ "{'menu': 'main', 'otherwise': 'main'}",
		  MAC ".json: /otherwise: goes with answers: it is for a "
		      "machine that is not to be installed now" },
		{ "{'menu': 'main', 'otherwise': 'nosuch'}",
		  MAC ".json: /otherwise: there is no menu 'nosuch'" },
		{ "{'menu': 'main', 'values': {'a': 1.5}}",
		  MAC ".json: /values/a: must be a string, a whole number, "
		      "true, false, null, or an array of strings" },
		{ "{'menu': 'main', 'values': {'a-b': 1}}",
		  MAC ".json: /values/a-b: the name of a value is a small "
		      "letter, then small letters, digits and '_', at most "
		      "63" },
		{ "{'menu': 'main', 'values': {'done': 1}}",
		  MAC ".json: /values/done: answers have this from the pages: "
		      "take another name" },
		{ "{'menu': 'main', 'values': []}",
		  MAC ".json: /values: must be an object, in { }" },
		{ "{'menu': 'main', 'answers': 1}",
		  MAC ".json: /answers: must be a string, in quotes" },
		{ "{'menu': 'main', 'answers': 'a/b'}",
		  MAC ".json: /answers: an id is a letter or digit, then "
		      "letters, digits, '.', '_', '~', '-'" },
		{ "{'menu': 'main', 'answers': 'a'}",
		  MAC ".json: /answers: need a release that is installed: "
		      "write boot" },
		{ "{'boot': {'distro': 'debian', 'version': '12',"
		  " 'arch': 'amd64'}, 'answers': 'a'}",
		  MAC ".json: /answers: the release has no answer_args, which "
		      "lead its installer to answers: write them in its "
		      "distro" },
		{ "{'boot': {'distro': 'debian', 'version': '13',"
		  " 'arch': 'amd64'}}",
		  MAC ".json: /boot/version: distro 'debian' has no version "
		      "'13'; did you mean '12'?" },
		{ "{'boot': {'distro': 'debian', 'version': '99',"
		  " 'arch': 'amd64'}}",
		  MAC ".json: /boot/version: distro 'debian' has no version "
		      "'99'" },
		{ "{'boot': {'distro': 'debain', 'version': '12',"
		  " 'arch': 'amd64'}}",
		  MAC ".json: /boot/distro: there is no distro 'debain'; did "
		      "you mean 'debian'?" },
		{ "{'boot': {'distro': 'debian', 'version': '12',"
		  " 'arch': 'x86_64'}}",
		  MAC ".json: /boot/arch: distro 'debian' does not have it for "
		      "'x86_64'; did you mean 'amd64'?" },
		{ "{'boot': {}}",
		  MAC ".json: /boot: needs a distro, a version and an arch: "
		      "distro, version and arch together name a release" },
		{ "{'boot': {'distro': 'debian', 'arch': 'amd64'}}",
		  MAC ".json: /boot: needs a version: distro, version and arch "
		      "together name a release" },
		{ "{'menu': 'man'}", MAC ".json: /menu: there is no menu "
					 "'man'; did you mean 'main'?" },
		{ "{'menu': 'locl'}", MAC ".json: /menu: there is no menu "
					  "'locl'; did you mean 'local'?" },
		{ "{'group': 'rooms'}",
		  MAC ".json: /group: there is no group 'rooms'; did you mean "
		      "'room'?" },
		{ "{'mneu': 'main'}",
		  MAC ".json: /mneu: unknown key; here are menu, boot, "
		      "group, networks, answers, values, install, otherwise, "
		      "console, keyboard, nomodeset, interface, vlan, address, "
		      "gateway, dns, proxy, $schema; did you mean 'menu'?" },
		{ "{'menu': 'main', 'install': 'onec'}",
		  MAC ".json: /install: must be once or always; did you mean "
		      "'once'?" },
		{ "{'menu': 'main', 'otherwise': 'man'}",
		  MAC ".json: /otherwise: there is no menu 'man'; did you mean "
		      "'main'?" },
		{ "{'_comment': 'spare', 'menu': 'main'}",
		  MAC ".json: /_comment: is no key here: a remark has the key "
		      "\"$comment\"" },
		{ "{'menu': 'main', 'networks': ['any']}",
		  MAC ".json: /networks/0: is not an IP address or network "
		      "like 192.0.2.0/24" },
		{ "{'group': 'pcs', 'boot': {'distro': 'debian',"
		  " 'version': '12', 'arch': 'arm64'}}",
		  MAC ".json: /boot: no machine of group 'pcs' can start it: "
		      "it is for arm64, not for a PC with BIOS" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check_message(rows[i].text, rows[i].message);
}

/* A directory, a FIFO that nobody writes to, and too much. */
static void test_what_is_no_file_is_not_read(void **state)
{
	char *text;

	(void)state;
	put("hosts/x", "");
	assert_int_equal(mkdir(FILE_OF(MAC), 0700), 0);
	check_message(NULL, MAC ".json: is not a regular file");
	assert_int_equal(rmdir(FILE_OF(MAC)), 0);
	assert_int_equal(mkfifo(FILE_OF(MAC), 0600), 0);
	check_message(NULL, MAC ".json: is not a regular file");
	assert_int_equal(unlink(FILE_OF(MAC)), 0);
	text = mem_alloc(HOST_FILE_MAX + 2);
	memset(text, ' ', HOST_FILE_MAX + 1);
	put(FILE_OF(MAC), text);
	free(text);
	check_message(NULL, MAC ".json: cannot be read: File too large");
}

static void test_link_names_a_second_card_and_nothing_else(void **state)
{
	const struct identity id = { MAC, "", "" };
	static const char *const outside[] = {
		"../secret.json", "/etc/passwd",        "./" OTHER ".json",
		"secret.json",    "sub/" OTHER ".json", "..",
	};

	(void)state;
	put_json("secret.json", "{'menu': 'main'}");
	put_json("hosts/secret.json", "{'menu': 'main'}");
	put_json("hosts/sub/" OTHER ".json", "{'menu': 'main'}");
	for (size_t i = 0; i < LENGTH(outside); i++) {
		assert_int_equal(symlink(outside[i], FILE_OF(MAC)), 0);
		check_message(NULL, MAC ".json: is a link to something else "
					"than a host file of this directory");
		assert_int_equal(unlink(FILE_OF(MAC)), 0);
	}
	assert_int_equal(symlink(OTHER ".json", FILE_OF(MAC)), 0);
	check_message(NULL, MAC ".json: is a link to a file that is not there "
				"or cannot be read");
	put_json(FILE_OF(OTHER), "{'menu': 'main'}");
	check_name(&id, OTHER ".json");
	put_json(FILE_OF(OTHER), "{");
	check_message(NULL, OTHER ".json:1: column 1: the file ends here, but "
				  "a '}' is missing");
	assert_int_equal(unlink(FILE_OF(OTHER)), 0);
	assert_int_equal(symlink("uuid-" UUID ".json", FILE_OF(OTHER)), 0);
	check_message(NULL, MAC ".json: is a link to a link: make it one to "
				"the file itself");
}

static void test_name_of_a_file_is_found_whatever_is_in_it(void **state)
{
	char name[IDENTITY_NAME_SIZE] = MAC ".json";
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(host_find("hosts", name, &err), -1);
	assert_string_equal(err.text, "hosts: is not there");
	err = (struct error)ERROR_INIT;
	put_json(FILE_OF(OTHER), "{");
	assert_int_equal(host_find("hosts", name, &err), 0);
	assert_int_equal(symlink(OTHER ".json", FILE_OF(MAC)), 0);
	assert_int_equal(host_find("hosts", name, &err), 1);
	assert_string_equal(name, OTHER ".json");
	assert_int_equal(host_find("hosts", name, &err), 1);
	assert_string_equal(name, OTHER ".json");
	assert_string_equal(err.text, "");
	assert_int_equal(unlink(FILE_OF(OTHER)), 0);
	memcpy(name, MAC ".json", sizeof(MAC ".json"));
	assert_int_equal(host_find("hosts", name, &err), -1);
	assert_string_equal(err.text, MAC ".json: is a link to a file that is "
					  "not there or cannot be read");
	assert_string_equal(name, MAC ".json");
}

static void test_directory_that_is_none_is_said(void **state)
{
	(void)state;
	put("hosts", "");
	check_message(NULL, "hosts: cannot be read: Not a directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_first_name_that_there_is_decides),
		SCRATCH_TEST(test_file_says_what_the_machine_gets),
		SCRATCH_TEST(test_live_system_is_given_at_each_start),
		SCRATCH_TEST(test_broken_file_is_named_with_the_place),
		SCRATCH_TEST(test_what_is_no_file_is_not_read),
		SCRATCH_TEST(test_link_names_a_second_card_and_nothing_else),
		SCRATCH_TEST(test_name_of_a_file_is_found_whatever_is_in_it),
		SCRATCH_TEST(test_directory_that_is_none_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
