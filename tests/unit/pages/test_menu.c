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
		  "arch is i386, amd64, arm64, riscv64, armhf or loong64\n" },
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
		  "boot.php with dialect=html\n" },
		{ { .query = "name=local" },
		  404,
		  "that menu is not in the catalogue: see "
		  "boot.php with dialect=html\n" },
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
		  "unknown parameter; this page takes name, from, platform, "
		  "arch, problem, shim, dialect, view, explain\n" },
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

/* "kit" is opened by "main" and by the closed menu of "two"; "tool" by "kit"
 * and by "rack". */
static const char shared[] =
	"{'site': {'base': 'http://h/'}, 'menus': {"
	" 'main': {'entries': [{'menu': 'kit'}, {'menu': 'rack'}]},"
	" 'rack': {'entries': [{'menu': 'tool'}]},"
	" 'kit': {'entries': [{'menu': 'tool'}]},"
	" 'tool': {'entries': [{'local': true}]},"
	" 'two': {'entries': [{'menu': 'kit'}]}},"
	" 'customers': {'two': {'menu': 'two', 'networks': "
	"  ['192.0.2.0/24']}}}";

#define INSIDE "192.0.2.9"
#define KIT_TOLD(from)                                                         \
	"kernel http://h/boot?" from "menu=tool\n\nlabel back\n"               \
	"menu label ^b Back\nkernel http://h/boot"
#define TOOL_TOLD(url)                                                         \
	"kernel http://h/boot?menu=local\n\nlabel back\n"                      \
	"menu label ^b Back\nkernel http://h/boot" url "\n"

static void test_back_leads_where_one_came_from(void **state)
{
	static const struct {
		struct http_request request;
		const char *end; /* of the answer; NULL: 404 */
		int is_shared;
	} rows[] = {
		{ { .query = "name=kit" }, KIT_TOLD("") "\n", 1 },
		{ { .query = "name=kit", .client = INSIDE },
		  KIT_TOLD("") "\n",
		  1 },
		{ { .query = "name=kit&from=two", .client = INSIDE },
		  KIT_TOLD("from=kit~two&") "?menu=two\n",
		  0 },
		{ { .query = "name=tool" }, TOOL_TOLD("?menu=kit"), 1 },
		{ { .query = "name=tool&from=rack" },
		  TOOL_TOLD("?menu=rack"),
		  1 },
		{ { .query = "name=tool&from=kit~two", .client = INSIDE },
		  TOOL_TOLD("?from=two&menu=kit"),
		  0 },
		/* Nothing tells others that "two" opens anything. */
		{ { .query = "name=kit&from=two" }, NULL, 0 },
		{ { .query = "name=tool&from=kit~two" }, NULL, 0 },
		/* What is the same without it has one name alone. */
		{ { .query = "name=kit&from=main" }, NULL, 0 },
		{ { .query = "name=tool&from=kit" }, NULL, 0 },
		{ { .query = "name=rack&from=main" }, NULL, 0 },
		{ { .query = "name=kit&from=rack" }, NULL, 0 },
		{ { .query = "from=main" }, NULL, 0 },
		{ { .query = "name=kit&from=" EVIL }, NULL, 0 },
	};
	struct site *site;

	(void)state;
	put_json("catalog.json", shared);
	site = ask_open("catalog.json");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *end = rows[i].end != NULL
					  ? rows[i].end
					  : "\r\n\r\nfrom names no menu that "
					    "opens this one: leave it out\n";
		int status;
		char *answer = ask(site, &rows[i].request, &status);
		size_t len = strlen(answer);

		if (status != (rows[i].end != NULL ? 200 : 404) ||
		    len < strlen(end) ||
		    strcmp(answer + len - strlen(end), end) != 0 ||
		    (strstr(answer, "max-age=1") != NULL) != rows[i].is_shared)
			fail_msg("'%s': %s", rows[i].request.query, answer);
		free(answer);
	}
	site_free(site);
}

static void test_explanation_says_which_menu_opened_a_shared_one(void **state)
{
	static const struct {
		struct http_request request;
		const char *line;
	} rows[] = {
		{ { .query = "name=tool&explain=1" },
		  "\nopened by: /menus/kit, the first that opens it\n" },
		{ { .query = "name=tool&from=rack&explain=1" },
		  "\nopened by: /menus/rack, asked for\n" },
		{ { .query = "name=kit&explain=1&from=two", .client = INSIDE },
		  "\nopened by: /menus/two, asked for\n" },
	};
	struct site *site;

	(void)state;
	put_json("catalog.json", shared);
	site = ask_open("catalog.json");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		int status;
		char *answer = ask(site, &rows[i].request, &status);

		if (status != 200 || strstr(answer, rows[i].line) == NULL)
			fail_msg("'%s': %s", rows[i].request.query, answer);
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

#define CRYPT "$1$saltsalt$MHWnL4rydQltJnPv5hD0o/"
#define PBKDF2                                                                 \
	"grub.pbkdf2.sha512.10000.D364315013ABE511066810734CE008B8."           \
	"8E520030C1F9187E1976560B96385877"

/* A catalogue of these menus, written with ' for ". */
static struct site *open_menus(const char *menus, const char *templates)
{
	const struct site_paths paths = {
		.catalog = "catalog.json",
		.templates = templates,
		.shipped = TEMPLATES,
	};
	struct buf text = BUF_INIT;

	buf_printf(&text,
		   "{'site': {'base': 'http://h/'},"
		   " 'passwords': {'staff': {'syslinux': '" CRYPT "',"
		   "  'grub': '" PBKDF2 "'}}, 'menus': {%s}}",
		   menus);
	put_json("catalog.json", text.data);
	buf_free(&text);
	return site_new(&paths, pages_names, pages_check_urls);
}

#define LOCKED_MENUS                                                           \
	"'main': {'entries': [{'local': true},"                                \
	" {'local': true, 'id': 'disk', 'password': 'staff'},"                 \
	" {'menu': 'secret'}]},"                                               \
	"'secret': {'password': 'staff', 'entries': [{'menu': 'child'}]},"     \
	"'child': {'entries': [{'local': true}]}"

static void test_hash_is_in_the_text_of_its_loader_alone(void **state)
{
	static const struct {
		const char *query;
		int has_crypt, has_pbkdf2;
	} rows[] = {
		{ "", 1, 0 },
		{ "dialect=syslinux", 1, 0 },
		{ "dialect=grub", 0, 1 },
		{ "name=child", 1, 0 }, /* Back */
		{ "dialect=syslinux&name=child", 1, 0 },
		{ "dialect=grub&name=child", 0, 1 },
		{ "dialect=ipxe", 0, 0 },
		{ "dialect=html", 0, 0 },
		{ "dialect=html&name=child", 0, 0 },
		{ "dialect=json", 0, 0 },
		{ "dialect=json&view=pxelinux", 0, 0 },
		{ "dialect=json&view=syslinux", 0, 0 },
		{ "dialect=json&view=grub", 0, 0 },
		{ "dialect=json&name=child&view=grub", 0, 0 },
		{ "explain=1", 0, 0 },
		{ "dialect=syslinux&explain=1", 0, 0 },
		{ "dialect=grub&explain=1", 0, 0 },
		{ "dialect=grub&explain=1&name=child", 0, 0 },
		{ "dialect=html&explain=1", 0, 0 },
	};
	struct site *site = open_menus(LOCKED_MENUS, "");

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct http_request request = { .query = rows[i].query };
		int status;
		char *answer = ask(site, &request, &status);

		if (status != 200 ||
		    (strstr(answer, "saltsalt") != NULL) != rows[i].has_crypt ||
		    (strstr(answer, "pbkdf2.sha512") != NULL) !=
			    rows[i].has_pbkdf2)
			fail_msg("'%s': %s", rows[i].query, answer);
		free(answer);
	}
	site_free(site);
}

/* What answers to the queries have, or do not have. */
struct part {
	const char *query;
	const char *text;
	int is_there;
};

static void check_parts(struct site *site, const struct part *parts,
			size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct http_request request = { .query = parts[i].query };
		int status;
		char *answer = ask(site, &request, &status);

		if (status != 200 || (strstr(answer, parts[i].text) != NULL) !=
					     parts[i].is_there)
			fail_msg("row %zu, '%s': %s", i, parts[i].query,
				 answer);
		free(answer);
	}
	site_free(site);
}

static void test_loader_asks_or_is_not_offered_the_entry(void **state)
{
	static const struct part parts[] = {
		{ "",
		  "label disk\nmenu label Local disk\nmenu passwd " CRYPT
		  "\nkernel http://h/boot?menu=local\n",
		  1 },
		{ "dialect=syslinux", "allowoptions 0\nnoescape 1\n", 1 },
		{ "dialect=syslinux&name=child", "\nnoescape 1\n", 1 },
		{ "dialect=grub", "password_pbkdf2 'staff' '" PBKDF2 "'\n", 1 },
		{ "dialect=grub",
		  "menuentry 'Local disk'' (user ''staff'')' --id e-'disk' "
		  "--users 'staff' {\n",
		  1 },
		{ "dialect=grub",
		  "menuentry 'Local disk' --id e-'local' --unrestricted {\n",
		  1 },
		{ "dialect=grub&name=secret", "superusers", 1 },
		{ "dialect=grub&name=secret", "--id e-'child' --unrestricted",
		  1 },
		{ "dialect=grub&name=secret", "password_pbkdf2", 0 },
		{ "dialect=ipxe", "e-local", 1 },
		{ "dialect=ipxe", "e-disk", 0 },
		{ "dialect=ipxe", "secret", 0 },
		{ "dialect=ipxe&explain=1",
		  "left out: disk: it needs a password, which this loader "
		  "cannot ask for\n",
		  1 },
		{ "dialect=grub&explain=1",
		  "password: catalog.json: /passwords/staff: needed by disk\n",
		  1 },
		{ "dialect=html",
		  "(asks for a password; not offered to iPXE: it needs a "
		  "password, which this loader cannot ask for)",
		  1 },
	};

	(void)state;
	check_parts(open_menus(LOCKED_MENUS, ""), parts, LENGTH(parts));
}

/* SYSLINUX would fetch a menu without entries again and again. */
static void test_locked_menu_without_entries_has_the_local_disk(void **state)
{
	static const struct part parts[] = {
		{ "dialect=syslinux",
		  "\n\nlabel disk\nmenu label Nothing is offered to this "
		  "machine: local disk\nlocalboot 0\n",
		  1 },
		{ "dialect=syslinux&name=other", "Nothing is offered", 0 },
	};

	(void)state;
	check_parts(open_menus("'main': {'entries': [{'firmware': true}]},"
			       "'other': {'entries': [{'local': true,"
			       " 'password': 'staff'}]}",
			       ""),
		    parts, LENGTH(parts));
}

/* iPXE got there by a URL alone. */
static void test_back_asks_for_the_password_of_the_menu(void **state)
{
	static const struct part parts[] = {
		{ "name=child",
		  "Back\nmenu passwd " CRYPT
		  "\nkernel http://h/boot?menu=secret\n",
		  1 },
		{ "dialect=syslinux&name=child",
		  "Back\nmenu passwd " CRYPT "\ncom32 vesamenu.c32\n", 1 },
		{ "dialect=grub&name=child", "--hotkey='b' --users 'staff' {\n",
		  1 },
		{ "dialect=grub&name=child",
		  "password_pbkdf2 'staff' '" PBKDF2 "'\n", 1 },
		{ "dialect=grub&name=secret", "--hotkey='b' --unrestricted {\n",
		  1 },
		{ "dialect=ipxe&name=child", "http://h/menu?dialect=ipxe ||",
		  1 },
		{ "dialect=ipxe&name=child", "secret", 0 },
		{ "name=secret", "Back\nkernel http://h/boot\n", 1 },
	};

	(void)state;
	check_parts(open_menus(LOCKED_MENUS, ""), parts, LENGTH(parts));
}

static void test_timeout_starts_no_entry_with_a_password(void **state)
{
#define ONE "{'local': true, 'id': 'one'}"
#define TWO "{'local': true, 'id': 'two'}"
#define LOCKED_ONE "{'local': true, 'id': 'one', 'password': 'staff'}"
#define LOCKED_TWO "{'local': true, 'id': 'two', 'password': 'staff'}"
#define MARKED(id) "label " id "\nmenu label Local disk\nmenu default\n"
	static const struct {
		const char *menu;
		struct part parts[4];
	} menus[] = {
		{ "'timeout': 5, 'entries': [" LOCKED_ONE ", " TWO "]",
		  { { "dialect=syslinux", MARKED("two"), 1 },
		    { "dialect=syslinux", "\ntimeout 50\n", 1 },
		    { "", MARKED("two"), 1 },
		    { "dialect=grub", "set timeout='5'\nset default=e-'two'\n",
		      1 } } },
		{ "'timeout': 5, 'entries': [" ONE ", " LOCKED_TWO "]",
		  { { "dialect=syslinux", "menu default", 0 },
		    { "dialect=syslinux", "\ntimeout 50\n", 1 },
		    { "", "menu default", 0 },
		    { "dialect=grub", "set timeout='5'\nset default=e-'one'\n",
		      1 } } },
		{ "'timeout': 5, 'entries': [" LOCKED_ONE ", " LOCKED_TWO "]",
		  { { "dialect=syslinux", "timeout 50", 0 },
		    { "", "timeout 50", 0 },
		    { "dialect=html", "The menu waits for a choice.", 1 },
		    { "dialect=grub", "set timeout=-1\nif [", 1 } } },
		{ "'timeout': 0, 'entries': [" LOCKED_ONE ", " TWO "]",
		  { { "dialect=syslinux", "menu default", 0 },
		    { "dialect=syslinux", "\ntimeout ", 0 },
		    { "dialect=ipxe", "set chosen e-two\n", 1 },
		    { "dialect=grub", "set timeout=-1\nset default=e-'one'\n",
		      1 } } },
		{ "'timeout': 0, 'default': 'two', 'entries': [" ONE
		  ", " LOCKED_TWO "]",
		  { { "dialect=syslinux", MARKED("two"), 1 },
		    { "dialect=syslinux", "\ntimeout ", 0 },
		    { "dialect=ipxe", "set chosen e-one\n", 1 },
		    { "dialect=grub", "set timeout=-1\nset default=e-'two'\n",
		      1 } } },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(menus); i++) {
		struct buf text = BUF_INIT;

		buf_printf(&text, "'main': {%s}", menus[i].menu);
		check_parts(open_menus(text.data, ""), menus[i].parts,
			    LENGTH(menus[i].parts));
		buf_free(&text);
	}
}

/* A site's own template may be from before there were passwords.  What shows
 * nothing of the entry need not ask. */
static void test_template_that_does_not_ask_is_refused(void **state)
{
#define REFUSED(page, dialect)                                                 \
	page "." dialect                                                       \
	     ": offers entries without their passwords: copy the sections "    \
	     "named password and locked from the shipped menu." dialect "\n"
	static const struct row rows[] = {
		{ { .query = "" }, 500, REFUSED("menu", "pxelinux") },
		{ { .query = "explain=1" }, 500, REFUSED("menu", "pxelinux") },
		{ { .query = "dialect=syslinux", .script = "boot" },
		  500,
		  REFUSED("boot", "syslinux") },
		{ { .query = "dialect=grub" }, 200, "set a=b\n" },
		{ { .query = "dialect=ipxe" }, 200, NULL },
		{ { .query = "dialect=html" }, 200, NULL },
		{ { .query = "", .script = "boot" }, 200, NULL },
		{ { .query = "name=in" }, 500, REFUSED("menu", "pxelinux") },
		{ { .query = "dialect=grub&name=in" }, 200, "set a=b\n" },
		{ { .query = "name=other" }, 200, NULL },
	};
	struct site *site;

	(void)state;
	put("menu.grub", "set a=b\n");
	put("menu.pxelinux", "menu title Local disk\n{{#entries}}\n"
			     "menu label {{title}}\n{{/entries}}\n"
			     "{{#back}}\nkernel {{back}}\n{{/back}}\n");
	put("menu.syslinux",
	    "{{#entries}}\nmenu label {{title}}\n{{/entries}}\n");
	site = open_menus("'main': {'entries': [{'local': true, 'id': 'one',"
			  " 'password': 'staff'}, {'menu': 'locked'},"
			  " {'menu': 'other'}]},"
			  "'locked': {'password': 'staff', 'entries':"
			  " [{'menu': 'in'}]},"
			  "'in': {'title': 'In', 'entries': [{'local': true}]},"
			  "'other': {'entries': [{'local': true,"
			  " 'title': 'Disk'}]}",
			  ".");
	for (size_t i = 0; i < LENGTH(rows); i++)
		ask_check(site, &rows[i]);
	site_free(site);
}

/* GRUB's quotes do not hide the title. */
static void test_quoted_title_is_found_in_the_text(void **state)
{
	const struct http_request request = { .query = "dialect=grub" };
	struct site *site;
	int status;
	char *answer;

	(void)state;
	put("menu.grub", "set a=b\n{{#entries}}\nmenuentry {{title}} { true }\n"
			 "{{/entries}}\n");
	site = open_menus("'main': {'entries': [{'local': true, 'id': 'one',"
			  " 'title': 'It\\u0027s', 'password': 'staff'}]}",
			  ".");
	answer = ask(site, &request, &status);
	if (status != 500 ||
	    strstr(answer, "menu.grub: offers entries without ") == NULL)
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
		SCRATCH_TEST(test_back_leads_where_one_came_from),
		SCRATCH_TEST(
			test_explanation_says_which_menu_opened_a_shared_one),
		cmocka_unit_test(
			test_explanation_says_what_is_left_out_and_why),
		SCRATCH_TEST(
			test_menu_without_anything_for_the_machine_is_left_out),
		SCRATCH_TEST(test_hash_is_in_the_text_of_its_loader_alone),
		SCRATCH_TEST(test_loader_asks_or_is_not_offered_the_entry),
		SCRATCH_TEST(
			test_locked_menu_without_entries_has_the_local_disk),
		SCRATCH_TEST(test_back_asks_for_the_password_of_the_menu),
		SCRATCH_TEST(test_timeout_starts_no_entry_with_a_password),
		SCRATCH_TEST(test_template_that_does_not_ask_is_refused),
		SCRATCH_TEST(test_quoted_title_is_found_in_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
