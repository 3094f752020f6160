#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGE page_boot
#include "ask.h"

#define B "http://boot.example.org/boot/"
#define MAC "52-54-00-12-34-56"
#define UUID "4c4c4544-0034-5610-8054-b4c04f303132"
#define SWAPPED "44454c4c-3400-1056-8054-b4c04f303132"
#define FILE_OF(name) "hosts/" name ".json"

#define SITE                                                                   \
	"'site': {'base': 'http://boot.example.org/boot/', 'timeout': 9},"     \
	" 'distros': {'debian': {'title': 'Debian {{arch}}',"                  \
	"  'kernel': 'http://deb.example.org/{{arch}}', 'versions':"           \
	"  {'12': {'arches': ['amd64', 'arm64']}}}},"                          \
	" 'menus': {'main': {'title': 'Main', 'entries': [{'menu': 'lab'},"    \
	"   {'distro': 'debian', 'arch': 'amd64'}]},"                          \
	"  'lab': {'title': 'Lab', 'entries': [{'local': true}]},"             \
	"  'uwp': {'title': 'UWP', 'entries': [{'local': true}]}},"            \
	" 'customers': {'uwp': {'menu': 'uwp', 'networks': ['10.0.0.0/8']}}"
#define DEBIAN(arch)                                                           \
	"{'boot': {'distro': 'debian', 'version': '12', 'arch': '" arch "'}}"

static void put_catalog(const char *groups)
{
	struct buf text = BUF_INIT;

	buf_printf(&text, "{%s%s}", SITE, groups);
	put_json("catalog.json", text.data);
	buf_free(&text);
}

/* A site in the working directory: without groups, or with those. */
static struct site *open_site(const char *groups)
{
	put_catalog(groups);
	return ask_open("catalog.json");
}

/* What a request is answered: release it with free(). */
static char *answer_of(struct site *site, const struct http_request *request)
{
	int status;
	char *answer = ask(site, request, &status);

	if (status != 200)
		fail_msg("'%s': %s", request->query, answer);
	return answer;
}

/* The answer has the piece, and no cache may have it. */
static void check_has(struct site *site, const struct http_request *request,
		      const char *piece)
{
	char *answer = answer_of(site, request);

	if (strstr(answer, piece) == NULL ||
	    strstr(answer, "\r\nCache-Control: no-store\r\n") == NULL)
		fail_msg("'%s' lacks '%s': %s", request->query, piece, answer);
	free(answer);
}

static void check_query(struct site *site, const char *query, const char *piece)
{
	check_has(site, &(struct http_request){ .query = query }, piece);
}

static void test_loaders_are_asked_where_there_are_hosts(void **state)
{
	static const struct {
		const char *query;
		const char *asks;
	} rows[] = {
		{ "", "chain " B
		      "boot?dialect=gpxe&mac=${net0/mac}&uuid=${uuid}\n" },
		{ "arch=amd64",
		  "chain " B "boot?arch=amd64&dialect=gpxe&mac=${net0/mac}&"
		  "uuid=${uuid}\n" },
		{ "dialect=ipxe",
		  B "boot?dialect=ipxe&arch=${machine_arch}&"
		    "mac=${netX/mac:hexhyp}&platform=${machine_platform}&"
		    "serial=~${serial:hexraw}&uuid=${uuid} ||\n" },
		{ "dialect=grub",
		  "configfile '(http,boot.example.org)/boot/boot?dialect=grub'"
		  "\"&arch=$machine_arch&$machine_identity&"
		  "platform=$machine_platform\"\n" },
	};
	struct site *site = open_site("");

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct http_request http = { .query = rows[i].query };
		char *before = answer_of(site, &http);
		char *after;

		if (strstr(before, "mac=") != NULL)
			fail_msg("asks: %s", before);
		put_json(FILE_OF("52-54-00-00-00-01"), DEBIAN("amd64"));
		after = answer_of(site, &http);
		if (strstr(after, rows[i].asks) == NULL ||
		    strstr(after, "\r\nCache-Control: max-age=1\r\n") == NULL)
			fail_msg("does not ask: %s", after);
		/* The directory counts when the state is read again. */
		remove(FILE_OF("52-54-00-00-00-01"));
		scratch_wait();
		put_json("catalog.json", "{" SITE "}");
		free(before);
		free(after);
	}
	site_free(site);
}

static void test_groups_alone_are_asked_for_too(void **state)
{
	struct site *site = open_site(", 'groups': {'room': {'menu': 'lab',"
				      " 'networks': ['192.0.2.0/24']}}");
	const struct http_request first = { .query = "dialect=ipxe" };
	char *answer = answer_of(site, &first);

	(void)state;
	if (strstr(answer, "mac=") == NULL)
		fail_msg("%s", answer);
	free(answer);
	check_has(site,
		  &(struct http_request){ .query = "dialect=ipxe&mac=",
					  .client = "192.0.2.9" },
		  B "menu?dialect=ipxe&name=lab&");
	check_has(site,
		  &(struct http_request){ .query = "dialect=ipxe&mac=",
					  .client = "192.0.3.9" },
		  B "menu?dialect=ipxe&arch=");
	/* SYSLINUX need not be asked. */
	check_has(site,
		  &(struct http_request){ .query = "dialect=syslinux",
					  .client = "192.0.2.9" },
		  "menu title Lab\n");
	check_has(site,
		  &(struct http_request){ .query = "dialect=syslinux",
					  .client = "192.0.3.9" },
		  "menu title Main\n");
	site_free(site);
}

static void test_each_loader_starts_the_release_of_its_host_file(void **state)
{
	struct site *site = open_site("");

	(void)state;
	put_json(FILE_OF(MAC), DEBIAN("amd64"));
	check_query(site, "mac=52:54:00:12:34:56",
		    "\r\n\r\n#!gpxe\nimgfree\nchain " B
		    "fromthemirror?arch=amd64&distro=debian&version=12\n");
	check_query(site, "dialect=ipxe&mac=525400123456",
		    "chain --autofree --timeout 30000 " B
		    "fromthemirror?arch=amd64&dialect=ipxe&distro=debian&"
		    "version=12 && goto other ||\n");
	check_query(site, "dialect=ipxe&mac=525400123456",
		    B "menu?dialect=ipxe&problem=release&arch=");
	check_query(site, "dialect=grub&mac=52%3A54%3A00%3A12%3A34%3A56",
		    "source '(http,boot.example.org)/boot/fromthemirror?"
		    "arch=amd64&dialect=grub&distro=debian&version=12'\n");
	check_query(site, "dialect=syslinux&mac=" MAC "&platform=bios",
		    "default install\n\nlabel install\n"
		    "linux http://deb.example.org/amd64\nonerror menu\n");
	site_free(site);
}

static void test_syslinux_says_who_it_is_by_its_cookie(void **state)
{
	static const char cookie[] = "_Syslinux_ip=192.0.2.15%3A192.0.2.5;"
				     "_Syslinux_BOOTIF=01-52-54-00-12-34-56;"
				     "_Syslinux_SYSSERIAL=VMware-56+4d&x%26#y;";
	struct http_request request = { .query = "dialect=syslinux",
					.cookie = cookie };
	struct site *site = open_site("");

	(void)state;
	put_json(FILE_OF(MAC), "{'menu': 'lab'}");
	put_json(FILE_OF("uuid-" UUID), "{'menu': 'local'}");
	check_has(site, &request, "menu title Lab\n");
	request.query = "";
	request.user_agent = "Syslinux/6.04";
	check_has(site, &request, "menu title Lab\n");
	/* A parameter counts before it, another dialect reads none. */
	request.query = "dialect=syslinux&mac=52-54-00-00-00-01";
	check_has(site, &request, "menu title Main\n");
	request.query = "dialect=ipxe&mac=";
	check_has(site, &request, B "menu?dialect=ipxe&arch=");
	request.query = "dialect=syslinux";
	request.cookie = "a=b; _Syslinux_SYSUUID=" SWAPPED;
	check_has(site, &request, "\nlocalboot 0\n");
	request.cookie = "_Syslinux_BOOTIF=%zz; _Syslinux_SYSUUID=" EVIL;
	check_has(site, &request, "menu title Main\n");
	request.cookie = EVIL;
	check_has(site, &request, "menu title Main\n");
	site_free(site);
}

static void test_unknown_machine_gets_the_main_menu(void **state)
{
	struct site *site = open_site("");

	(void)state;
	put_json(FILE_OF(MAC), DEBIAN("amd64"));
	check_query(site, "mac=52-54-00-00-00-01", B "menu\n");
	check_query(site, "mac=", B "menu\n");
	check_query(site, "uuid=&serial=To+be+filled&mac=", B "menu\n");
	/* Without hosts too, no cache has a page for each machine. */
	remove(FILE_OF(MAC));
	scratch_wait();
	put_json("catalog.json", "{" SITE "}");
	check_query(site, "mac=" MAC, B "menu\n");
	site_free(site);
}

static void test_menu_that_is_named_comes_before_the_host_file(void **state)
{
	struct site *site = open_site("");

	(void)state;
	put_json(FILE_OF(MAC), DEBIAN("amd64"));
	check_query(site, "mac=" MAC "&menu=lab", B "menu?name=lab\n");
	check_query(site, "mac=" MAC "&menu=local", "#!gpxe\nexit 0\n");
	site_free(site);
}

static void test_way_back_leads_to_the_main_menu(void **state)
{
	struct site *site = open_site("");
	const struct http_request lab = { .script = "/boot/menu",
					  .query = "name=lab" };
	const struct http_request debian = {
		.script = "/boot/fromthemirror",
		.query = "arch=arm64&dialect=pxelinux&distro=debian&version=12",
	};

	(void)state;
	put_json(FILE_OF(MAC), DEBIAN("amd64"));
	for (int i = 0; i < 2; i++) {
		char *answer = answer_of(site, i == 0 ? &lab : &debian);

		if (strstr(answer, "kernel " B "boot?menu=main\n") == NULL)
			fail_msg("%s", answer);
		free(answer);
	}
	site_free(site);
}

#define BROKEN "The entry of this machine is broken"

static void test_broken_host_file_is_shown_and_nothing_starts(void **state)
{
	static const struct {
		const char *query;
		const char *shown;
		const char *menu;
	} rows[] = {
		{ "", "echo " BROKEN ": " MAC ".json: /boot/version\n",
		  B "menu?problem=host\n" },
		{ "&dialect=ipxe",
		  "echo " BROKEN ": " MAC ".json: /boot/version\n"
		  "prompt --timeout 10000 Press any key for the menu ||\n",
		  B "menu?dialect=ipxe&problem=host&arch=" },
		{ "&dialect=grub",
		  "echo '" BROKEN ":' '" MAC ".json: /boot/version'\n"
		  "sleep --interruptible 10\n",
		  "/boot/menu?dialect=grub&problem=host'" },
		{ "&dialect=syslinux",
		  "say " BROKEN ": " MAC ".json: /boot/version\n"
		  "prompt 1\ntimeout 100\ndefault menu\n",
		  "append " B "menu?dialect=syslinux&problem=host\n" },
		{ "&dialect=html",
		  "its entry is broken, see " MAC ".json: /boot/version.", "" },
	};
	/* Its group is for all machines. */
	struct site *site =
		open_site(", 'groups': {'all': {'networks': ['0.0.0.0/0'],"
			  " 'boot': {'distro': 'debian', 'version': '12',"
			  " 'arch': 'amd64'}}}");

	(void)state;
	put_json(FILE_OF(MAC), "{'boot': {'distro': 'debian',"
			       " 'version': 'zz9', 'arch': 'amd64'}}");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf query = BUF_INIT;
		struct http_request request = { .client = "192.0.2.9" };
		char *answer;

		buf_printf(&query, "mac=" MAC "%s", rows[i].query);
		request.query = query.data;
		check_has(site, &request, rows[i].shown);
		check_has(site, &request, rows[i].menu);
		answer = answer_of(site, &request);
		if (strstr(answer, "zz9") != NULL ||
		    (i < 4 && strstr(answer, "fromthemirror") != NULL))
			fail_msg("%s", answer);
		free(answer);
		buf_free(&query);
	}
	site_free(site);
}

/* What would be booted again and again, or count as installed, is a fault of
 * the file, and its group's installation does not take its place. */
static void test_live_system_that_is_to_be_installed_is_broken(void **state)
{
	static const char *const installs[] = { "once", "always" };
	struct site *site;

	(void)state;
	put_json("catalog.json",
		 "{'site': {'base': 'http://boot.example.org/boot/'},"
		 " 'distros': {'d': {'title': 'D', 'kernel': 'http://h/linux',"
		 "  'answer_args': 'u={{answers}}', 'variants': {'live':"
		 "  {'title': 'live', 'live': true}}, 'versions':"
		 "  {'1': {'arches': ['amd64']}}}},"
		 " 'groups': {'all': {'networks': ['0.0.0.0/0'], 'boot':"
		 "  {'distro': 'd', 'version': '1', 'arch': 'amd64'}}},"
		 " 'menus': {'main': {'entries': [{'local': true}]}}}");
	site = ask_open("catalog.json");
	for (size_t i = 0; i < LENGTH(installs); i++) {
		struct buf file = BUF_INIT;

		buf_printf(&file,
			   "{'boot': {'distro': 'd', 'version': '1',"
			   " 'arch': 'amd64', 'variant': 'live'},"
			   " 'group': 'all', 'answers': 'a', 'install': '%s'}",
			   installs[i]);
		put_json(FILE_OF(MAC), file.data);
		check_query(site, "dialect=ipxe&mac=" MAC,
			    "echo " BROKEN ": " MAC ".json: /install\n"
			    "prompt --timeout 10000 Press any key for the "
			    "menu ||\n");
		check_query(site, "dialect=ipxe&mac=" MAC,
			    B "menu?dialect=ipxe&problem=host&arch=");
		check_query(site, "explain=1&mac=" MAC,
			    "\nbroken: " MAC ".json: /install: the release is "
			    "a live system, which installs nothing: leave "
			    "install out; or, if the args of a variant make it "
			    "install, write \"live\": false in that "
			    "variant\n");
		buf_free(&file);
	}
	site_free(site);
}

/* What a host file starts, a menu may offer with a password. */
static void test_release_of_a_host_file_needs_no_password(void **state)
{
	struct site *site;

	(void)state;
	put_json("catalog.json",
		 "{'site': {'base': 'http://boot.example.org/boot/'},"
		 " 'distros': {'debian': {'title': 'Debian',"
		 "  'kernel': 'http://deb.example.org/linux', 'versions':"
		 "  {'12': {'arches': ['amd64']}}}},"
		 " 'passwords': {'staff': {'syslinux':"
		 "  '$1$saltsalt$0123456789012345678901'}},"
		 " 'menus': {'main': {'entries': [{'local': true},"
		 "  {'distro': 'debian', 'password': 'staff'}]}}}");
	put_json(FILE_OF(MAC), DEBIAN("amd64"));
	site = ask_open("catalog.json");
	check_query(site, "dialect=syslinux&mac=" MAC "&platform=bios",
		    "\nmenu title Debian\n");
	site_free(site);
}

/* A directory that is not there now, as before a mount, is no directory
 * without host files: its machines would get what their group says. */
static void test_directory_that_cannot_be_read_is_broken(void **state)
{
	static const char groups[] = ", 'groups': {'all': {'menu': 'lab',"
				     " 'networks': ['0.0.0.0/0']}}";
	const struct site_paths paths = { .catalog = "catalog.json",
					  .hosts = "/srv/hosts//" };
	char *path = site_hosts_path(&paths);
	struct site *site;

	(void)state;
	assert_string_equal(path, "/srv/hosts");
	free(path);
	assert_int_equal(symlink("nowhere", "hosts"), 0);
	site = open_site(groups);
	check_query(site, "dialect=ipxe&mac=" MAC, BROKEN ": hosts\n");
	site_free(site);
	put("file", "");
	remove("hosts");
	assert_int_equal(symlink("file", "hosts"), 0);
	site = open_site(groups);
	check_query(site, "dialect=ipxe&mac=" MAC, BROKEN ": hosts\n");
	site_free(site);
}

/* As when somebody puts another directory in its place, or a mount is lost. */
static void test_directory_that_has_gone_is_broken(void **state)
{
	static const char groups[] = ", 'groups': {'all': {'menu': 'lab',"
				     " 'networks': ['0.0.0.0/0']}}";
	const struct site_paths named = { .catalog = "catalog.json",
					  .shipped = TEMPLATES,
					  .hosts = "hosts" };
	static const char own[] = "\niseq ${platform} efi && exit";
	static const char query[] = "dialect=ipxe&mac=" MAC;
	struct site *site;

	(void)state;
	put_json(FILE_OF(MAC), "{'menu': 'local'}");
	site = open_site(groups);
	check_query(site, query, own);
	assert_int_equal(rename("hosts", "gone"), 0);
	check_query(site, query, BROKEN ": hosts\n");
	assert_int_equal(rename("gone", "hosts"), 0);
	check_query(site, query, own);
	assert_int_equal(rename("hosts", "gone"), 0);
	put_catalog(groups);
	check_query(site, query, BROKEN ": hosts\n");
	site_free(site);
	site = open_site(groups);
	check_query(site, query, B "menu?dialect=ipxe&arch=");
	site_free(site);
	site = site_new(&named, pages_names, pages_check_urls);
	check_query(site, query, BROKEN ": hosts\n");
	site_free(site);
}

static void test_place_that_a_screen_cannot_show_is_left_out(void **state)
{
	struct site *site = open_site("");

	(void)state;
	put_json(FILE_OF(MAC), "{'${x}': 1}");
	check_query(site, "dialect=ipxe&mac=" MAC,
		    "echo " BROKEN ": " MAC ".json\n");
	put_json(FILE_OF("serial-" EVIL), "{'menu': 1}");
	check_query(site, "dialect=ipxe&mac=&serial=" EVIL,
		    "echo " BROKEN ": serial-....json: /menu\n");
	site_free(site);
}

static void test_menu_after_a_problem_waits_and_says_why(void **state)
{
	static const struct row rows[] = {
		{ { .script = "/boot/menu", .query = "problem=" EVIL },
		  400,
		  "problem is host or release\n" },
		{ { .script = "/boot/boot", .query = "problem=host" },
		  400,
		  "unknown parameter; this page takes menu, from, find, "
		  "look, platform, arch, mac, uuid, serial, shim, "
		  "dialect, view, explain\n" },
	};
	static const char *const dialects_of_menu[] = {
		"pxelinux",
		"syslinux",
		"ipxe",
		"grub",
	};
	struct site *site = open_site("");

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
	for (size_t i = 0; i < LENGTH(dialects_of_menu); i++) {
		struct buf query = BUF_INIT;
		struct http_request request = { .script = "/boot/menu" };
		char *answer;

		buf_printf(&query, "dialect=%s", dialects_of_menu[i]);
		request.query = query.data;
		answer = answer_of(site, &request);
		if (strstr(answer, "9") == NULL)
			fail_msg("no timeout: %s", answer);
		free(answer);
		buf_puts(&query, "&problem=release");
		request.query = query.data;
		answer = answer_of(site, &request);
		if (strstr(answer,
			   "The release of this machine did not start") ==
			    NULL ||
		    strstr(answer, "timeout 90") != NULL ||
		    strstr(answer, "timeout=9") != NULL ||
		    strstr(answer, "--timeout 9000") != NULL)
			fail_msg("%s", answer);
		free(answer);
		buf_free(&query);
	}
	site_free(site);
}

static void test_host_file_counts_on_its_networks(void **state)
{
	struct site *site =
		open_site(", 'groups': {'all': {'networks': ['0.0.0.0/0'],"
			  " 'menu': 'local'}}");
	struct http_request request = { .query = "mac=" MAC };

	(void)state;
	put_json(FILE_OF(MAC), "{'menu': 'lab', 'networks': ['192.0.2.0/24',"
			       " '2001:db8::/32']}");
	request.client = "192.0.2.9";
	check_has(site, &request, B "menu?name=lab\n");
	request.client = "2001:db8::1";
	check_has(site, &request, B "menu?name=lab\n");
	request.client = "198.51.100.9";
	check_has(site, &request, "vesamenu.c32 " B "menu\n");
	request.client = NULL;
	check_has(site, &request, "vesamenu.c32 " B "menu\n");
	site_free(site);
}

static void test_claimed_mac_opens_no_closed_menu(void **state)
{
	struct site *site =
		open_site(", 'groups': {'all': {'networks': ['0.0.0.0/0'],"
			  " 'menu': 'uwp'}}");
	struct http_request request = { .query = "dialect=syslinux&mac=" MAC };

	(void)state;
	put_json(FILE_OF(MAC), "{'menu': 'uwp'}");
	request.client = "10.0.0.1";
	check_has(site, &request, "menu title UWP\n");
	request.client = "192.0.2.9";
	check_has(site, &request, "say " BROKEN ": " MAC ".json: /menu\n");
	request.query = "dialect=syslinux";
	check_has(site, &request,
		  "say " BROKEN ": catalog.json: /groups/all/menu\n");
	site_free(site);
}

#define OTHERWISE                                                              \
	"'boot': {'distro': 'd', 'version': '1', 'arch': 'amd64'},"            \
	" 'answers': 'a', 'otherwise': 'uwp'"

/* It is that of the host file, or of its group. */
static void test_closed_menu_under_otherwise_is_named(void **state)
{
	struct http_request request = { .query = "dialect=syslinux&mac=" MAC };
	struct site *site;

	(void)state;
	put_json("catalog.json",
		 "{'site': {'base': 'http://boot.example.org/boot/'},"
		 " 'distros': {'d': {'title': 'D', 'kernel': 'http://h/linux',"
		 "  'answer_args': 'u={{answers}}', 'versions':"
		 "  {'1': {'arches': ['amd64']}}}},"
		 " 'groups': {'named': {" OTHERWISE "}},"
		 " 'menus': {'main': {'entries': [{'local': true}]},"
		 "  'uwp': {'title': 'UWP', 'entries': [{'local': true}]}},"
		 " 'customers': {'uwp': {'menu': 'uwp',"
		 "  'networks': ['10.0.0.0/8']}}}");
	site = ask_open("catalog.json");
	put_json(FILE_OF(MAC), "{" OTHERWISE "}");
	request.client = "10.0.0.1";
	check_has(site, &request, "menu title UWP\n");
	request.client = "192.0.2.9";
	check_has(site, &request, "say " BROKEN ": " MAC ".json: /otherwise\n");
	put_json(FILE_OF(MAC), "{'group': 'named'}");
	check_has(site, &request,
		  "say " BROKEN ": catalog.json: /groups/named/otherwise\n");
	site_free(site);
}

static void test_explanation_says_what_decided(void **state)
{
	struct site *site =
		open_site(", 'groups': {'room': {'menu': 'local'},"
			  " 'bios': {'menu': 'lab', 'platform': 'bios'}}");

	(void)state;
	put_json(FILE_OF(MAC), "{'group': 'room'}");
	check_query(site, "explain=1&mac=" MAC "&serial=" EVIL "&uuid=" UUID,
		    "\nidentity: mac " MAC ", uuid " UUID ", serial given\n"
		    "host: " MAC ".json, group room\n"
		    "decided by: catalog.json: /groups/room/menu\n"
		    "menu: local, which starts the local disk\n");
	check_query(site, "explain=1&mac=",
		    "\nidentity: mac not known, uuid not known, serial not "
		    "known\ngroup: bios\n"
		    "decided by: catalog.json: /groups/bios/menu\n");
	put_json(FILE_OF(MAC), "{'menu': 'local',"
			       " 'networks': ['192.0.2.0/24']}");
	check_query(site, "explain=1&mac=" MAC,
		    "\nhost: " MAC ".json, not for this address\nmenu: ");
	put_json(FILE_OF(MAC), "{'menu': 1}");
	check_query(site, "explain=1&mac=" MAC,
		    "\nbroken: " MAC ".json: /menu: must be a string, in "
		    "quotes\n");
	put_json(FILE_OF("serial-" EVIL), DEBIAN("amd64"));
	check_query(site, "explain=1&mac=&serial=" EVIL,
		    "\nhost: serial-....json\n"
		    "decided by: serial-....json: /boot\n"
		    "release: catalog.json: /distros/debian/versions/12\n"
		    "architecture: amd64, the distro's name for it: amd64\n");
	site_free(site);
}

static void test_page_for_people_says_what_decided(void **state)
{
	static const struct {
		const char *text;
		const char *shown;
	} rows[] = {
		{ DEBIAN("arm64"),
		  "<p>It gets <a href=\"" B "fromthemirror?arch=arm64&amp;"
		  "dialect=html&amp;distro=debian&amp;version=12\">"
		  "Debian arm64</a>, as " MAC ".json says at /boot.</p>" },
		{ "{'menu': 'lab'}",
		  "<p>It gets <a href=\"" B "menu?dialect=html&amp;name=lab\">"
		  "Lab</a>, as " MAC ".json says at /menu.</p>" },
		{ "{'menu': 'local'}",
		  "<p>It gets <a href=\"" B
		  "boot?dialect=html&amp;menu=local\">"
		  "Local disk</a>, as " MAC ".json says at /menu.</p>" },
		{ "{'menu': 'lab', 'networks': ['192.0.2.0/24']}",
		  "<p>It gets the main menu: nothing says otherwise.</p>" },
	};
	const struct http_request index = { .query = "dialect=html" };
	struct site *site = open_site("");

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char *answer;

		put_json(FILE_OF(MAC), rows[i].text);
		check_query(site, "dialect=html&mac=" MAC, rows[i].shown);
		answer = answer_of(site, &index);
		if (strstr(answer, "This machine") != NULL)
			fail_msg("%s", answer);
		free(answer);
	}
	site_free(site);
}

static void test_identity_that_is_malformed_is_refused(void **state)
{
	static const struct row rows[] = {
		{ { .query = "mac=" EVIL },
		  400,
		  "mac is the address of a network card, like "
		  "52-54-00-12-34-56\n" },
		{ { .query = "uuid=" EVIL },
		  400,
		  "uuid is like 4c4c4544-0034-5610-8054-b4c04f303132\n" },
		{ { .query = "serial=~" EVIL },
		  400,
		  "serial is a text, or '~' and its bytes in hexadecimal "
		  "digits\n" },
		{ { .query = "mac=" MAC "&mac=" MAC },
		  400,
		  "a parameter is given twice: give it once\n" },
		{ { .query = "serial=%00" },
		  400,
		  "mac, uuid and serial are at most 600 bytes, each "
		  "percent-encoded once\n" },
		{ { .query = "mac=" MAC, .script = "/boot/menu" },
		  400,
		  "unknown parameter; this page takes name, from, platform, "
		  "arch, problem, shim, dialect, view, explain\n" },
	};
	struct site *site = open_site("");

	(void)state;
	put_json(FILE_OF(MAC), DEBIAN("amd64"));
	for (size_t i = 0; i < LENGTH(rows); i++)
		ask_check(site, &rows[i]);
	site_free(site);
}

/* The file that a link leads to is the one that counts, and is named. */
static void test_second_card_gets_the_same(void **state)
{
	struct site *site = open_site("");

	(void)state;
	put_json(FILE_OF("uuid-" UUID), "{'menu': 'lab'}");
	assert_int_equal(symlink("uuid-" UUID ".json", FILE_OF(MAC)), 0);
	check_query(site, "explain=1&mac=" MAC,
		    "\ndecided by: uuid-" UUID ".json: /menu\n");
	/* gPXE and SYSLINUX swap the bytes. */
	check_query(site, "explain=1&uuid=" SWAPPED,
		    "\ndecided by: uuid-" UUID ".json: /menu\n");
	site_free(site);
}

/* "tool" is opened by "main" itself too: Back has to return to "kit". */
static void test_menus_below_the_one_of_a_group_know_the_way_back(void **state)
{
	struct site *site;

	(void)state;
	put_json("catalog.json",
		 "{'site': {'base': '" B "'}, 'menus': {"
		 " 'main': {'entries': [{'menu': 'kit'}, {'menu': 'tool'}]},"
		 " 'kit': {'entries': [{'menu': 'tool'}]},"
		 " 'tool': {'entries': [{'local': true}]}},"
		 " 'groups': {'all': {'menu': 'kit',"
		 "  'networks': ['0.0.0.0/0']}}}");
	site = ask_open("catalog.json");
	check_has(site,
		  &(struct http_request){ .query = "dialect=syslinux",
					  .client = "192.0.2.1" },
		  "append " B "menu?dialect=syslinux&from=kit&name=tool\n");
	site_free(site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_loaders_are_asked_where_there_are_hosts),
		SCRATCH_TEST(test_groups_alone_are_asked_for_too),
		SCRATCH_TEST(
			test_each_loader_starts_the_release_of_its_host_file),
		SCRATCH_TEST(test_syslinux_says_who_it_is_by_its_cookie),
		SCRATCH_TEST(test_unknown_machine_gets_the_main_menu),
		SCRATCH_TEST(
			test_menu_that_is_named_comes_before_the_host_file),
		SCRATCH_TEST(test_way_back_leads_to_the_main_menu),
		SCRATCH_TEST(test_broken_host_file_is_shown_and_nothing_starts),
		SCRATCH_TEST(
			test_live_system_that_is_to_be_installed_is_broken),
		SCRATCH_TEST(test_release_of_a_host_file_needs_no_password),
		SCRATCH_TEST(test_directory_that_cannot_be_read_is_broken),
		SCRATCH_TEST(test_directory_that_has_gone_is_broken),
		SCRATCH_TEST(test_place_that_a_screen_cannot_show_is_left_out),
		SCRATCH_TEST(test_menu_after_a_problem_waits_and_says_why),
		SCRATCH_TEST(test_host_file_counts_on_its_networks),
		SCRATCH_TEST(test_claimed_mac_opens_no_closed_menu),
		SCRATCH_TEST(test_closed_menu_under_otherwise_is_named),
		SCRATCH_TEST(test_explanation_says_what_decided),
		SCRATCH_TEST(test_page_for_people_says_what_decided),
		SCRATCH_TEST(test_identity_that_is_malformed_is_refused),
		SCRATCH_TEST(test_second_card_gets_the_same),
		SCRATCH_TEST(
			test_menus_below_the_one_of_a_group_know_the_way_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
