#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PAGE page_fromthemirror
#include "ask.h"
#include "date.h"

#define GOOD "arch=amd64&distro=debian&version=12"

#define BEGIN                                                                  \
	"#!gpxe\necho It is assumed that you have dhcp networking\n"           \
	"ifopen net0\ndhcp net0\n"
#define END "echo PxeKnife booting cancelled, using local disk instead..\n"
#define PXELINUX(root)                                                         \
	BEGIN "set 209:string pxelinux.cfg/default\n\n\n"                      \
	      "set 210:string " root "\n\necho Here we go\n"                   \
	      "chain " root "pxelinux.0\n" END
#define KERNEL(line, initrds)                                                  \
	BEGIN "imgfree\nkernel " line "\n" initrds "echo Here we "             \
	      "go\nboot\n" END
#define D "http://deb.example.org/debian/12/"

static void test_methods_other_than_get_and_head_are_refused(void **state)
{
	(void)state;
	ask_methods(GOOD);
}

static void test_only_the_page_itself_is_served(void **state)
{
	(void)state;
	ask_script_names(GOOD);
}

static void test_bad_queries_are_refused(void **state)
{
	(void)state;
	ask_bad_queries();
}

static void test_without_a_catalogue_it_says_why(void **state)
{
	(void)state;
	ask_without_catalogue(GOOD);
}

static void test_release_boots_the_way_its_distro_says(void **state)
{
	static const struct row rows[] = {
		{ { .query = GOOD }, 200, PXELINUX(D "amd64/") },
		{ { .query = "version=12&arch=i386&distro=debian" },
		  200,
		  PXELINUX(D "i386/") },
		{ { .query = GOOD, .user_agent = "iPXE/1.21.1" },
		  200,
		  PXELINUX(D "amd64/") },
		{ { .query = GOOD "&variant=rescue" },
		  200,
		  KERNEL(D "amd64/linux quiet rescue/enable=true",
			 "initrd " D "amd64/initrd.gz\n"
			 "initrd " D "amd64/firmware.cpio\n") },
		{ { .query = "distro=bare&version=1&arch=amd64" },
		  200,
		  KERNEL("http://deb.example.org/bare", "") },
		{ { .query = "distro=some&version=1&arch=amd64" },
		  200,
		  KERNEL("http://deb.example.net/debian/linux", "") },
		{ { .query = "distro=tool&version=6&arch=i386" },
		  200,
		  BEGIN
		  "echo Here we go\n"
		  "chain http://boot.example.org/boot/memtest.bin\n" END },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

#define B "http://boot.example.org/boot/"
#define REFUSED(reason, query)                                                 \
	"#!gpxe\necho " reason "\nimgfree\n"                                   \
	"chain " B "vesamenu.c32 " B "fromthemirror.php?" query "\n"

/* A script that says why, and opens a menu that says so too and leads back. */
static void test_what_gpxe_cannot_start_says_why(void **state)
{
	static const struct row rows[] = {
		{ { .query = "arch=arm64&distro=debian&version=12" },
		  200,
		  REFUSED("Debian 12 arm64 is for arm64, not for a PC with "
			  "BIOS",
			  "arch=arm64&dialect=pxelinux&distro=debian&"
			  "version=12") },
		{ { .query = "arch=amd64&distro=efitool&version=1" },
		  200,
		  REFUSED("Firmware shell has nothing that BIOS can start",
			  "arch=amd64&dialect=pxelinux&distro=efitool&"
			  "version=1") },
		{ { .query = "arch=amd64&distro=secure&version=1" },
		  200,
		  REFUSED("Secure needs https, which this loader "
			  "does not have",
			  "arch=amd64&dialect=pxelinux&distro=secure&"
			  "version=1") },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

#define MENU(title, entry)                                                     \
	"menu margin 10\nprompt 0\nallowoptions 0\n"                           \
	"menu timeoutrow 29\nmenu vshift 2\nmenu rows 12\n"                    \
	"menu color title  1;36;44   #ff8bc2ff #00000000 std\n"                \
	"menu color unsel  37;44     #ff1069c5 #00000000 std\n"                \
	"menu color sel    7;37;40   #ff000000 #ffff7518 all\n"                \
	"menu color hotkey 1;37;44   #ffffffff #00000000 std\n"                \
	"menu color hotsel 1;7;37;40 #ff000431 #ffff7518 all\n\n"              \
	"menu title " title "\n\nlabel " entry "\n\nlabel back\n"              \
	"menu label Back\nkernel " B "boot.php\n"

static void test_menu_for_a_release_says_why_or_installs_it(void **state)
{
	static const struct row rows[] = {
		{ { .query = "arch=arm64&dialect=pxelinux&distro=debian&"
			     "version=12" },
		  200,
		  MENU("Debian 12 arm64",
		       "reason\nmenu label It is for arm64, not for a PC with "
		       "BIOS\nmenu disable") },
		{ { .query = GOOD "&dialect=pxelinux" },
		  200,
		  MENU("Debian 12 amd64",
		       "install\nmenu label Install\n"
		       "kernel " B "fromthemirror.php?" GOOD) },
		{ { .query = "distro=none&version=1&arch=amd64&"
			     "dialect=pxelinux" },
		  404,
		  "that distro is not in the catalogue: see "
		  "boot.php with dialect=html\n" },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

#define LACKS(keys)                                                            \
	"the query lacks " keys ": distro, version and arch together name a "  \
	"release\n"

static void test_releases_that_are_not_there(void **state)
{
	static const char unknown_arch[] =
		"arch is i386, amd64, arm64, riscv64, armhf or loong64\n";
	static const struct row rows[] = {
		{ { .query = NULL },
		  400,
		  LACKS("a distro, a version and an arch") },
		{ { .query = "distro=debian" },
		  400,
		  LACKS("a version and an arch") },
		{ { .query = "distro=debian&version=12" },
		  400,
		  LACKS("an arch") },
		{ { .query = "distro=debian&arch=amd64" },
		  400,
		  LACKS("a version") },
		{ { .query = "version=12&arch=amd64" },
		  400,
		  LACKS("a distro") },
		{ { .query = "version=12" },
		  400,
		  LACKS("a distro and an arch") },
		{ { .query = "arch=amd64" },
		  400,
		  LACKS("a distro and a version") },
		{ { .query = GOOD "&variant=" EVIL },
		  404,
		  "that variant of the release is not in the catalogue: see "
		  "boot.php with dialect=html\n" },
		{ { .query = "arch=amd64&distro=debian&version=" EVIL },
		  404,
		  "that version of the distro is not in the catalogue: see "
		  "boot.php with dialect=html\n" },
		{ { .query = "arch=amd64&distro=" EVIL "&version=12" },
		  404,
		  "that distro is not in the catalogue: see "
		  "boot.php with dialect=html\n" },
		{ { .query = "arch=" EVIL "&distro=debian&version=12" },
		  404,
		  unknown_arch },
		{ { .query = "arch=x86_64&distro=debian&version=12" },
		  404,
		  unknown_arch },
		{ { .query = "arch=i386&distro=bare&version=1" },
		  404,
		  "that arch of the version is not in the catalogue: see "
		  "boot.php with dialect=html\n" },
		/* The first of several. */
		{ { .query = "arch=i386&distro=bare&variant=" EVIL
			     "&version=1" },
		  404,
		  "that arch of the version is not in the catalogue: see "
		  "boot.php with dialect=html\n" },
		{ { .query = "arch=arm64&distro=bare&version=12" },
		  404,
		  "that version of the distro is not in the catalogue: see "
		  "boot.php with dialect=html\n" },
		{ { .query = GOOD "&platform=bios" },
		  400,
		  "unknown parameter; this page takes distro, version, arch, "
		  "variant, shim, dialect, view, explain\n" },
		/* What a client makes of an encoded '&'. */
		{ { .query = "arch=amd64&distro=debian&version=12&arch=i386" },
		  400,
		  "a parameter is given twice: give it once\n" },
	};

	(void)state;
	ask_check_rows(rows, LENGTH(rows));
}

static void test_answer_depends_on_the_url_alone(void **state)
{
	static const struct http_request request = { .query = GOOD,
						     .client = "192.0.2.1",
						     .user_agent = "gPXE/1.0" };

	(void)state;
	ask_check_headers(&request,
			  "Status: 200 OK\r\nContent-Type: text/plain\r\n"
			  "Content-Length: 304\r\n"
			  "Cache-Control: max-age=1\r\n" TAG "\r\n");
}

#define SECRET "zzTOKENzz"
#define SHA256                                                                 \
	"d8808aa4ca188560da1e6d749dcb930c87a5fd8b11ebff1f3fa6d728af35203d"

/* The view in JSON, parsed; release it with json_decref(). */
static json_t *ask_view(struct site *site, const char *query)
{
	const struct http_request request = { .query = query };
	int status;
	char *answer = ask(site, &request, &status);
	json_t *view = json_loads(ask_body(answer), 0, NULL);

	if (status != 200 || view == NULL ||
	    strstr(answer, "\r\nContent-Type: application/json\r\n") == NULL ||
	    strstr(answer, "\r\nCache-Control: no-store\r\n\r\n") == NULL)
		fail_msg("'%s': %s", query, answer);
	if (strstr(answer, SECRET) != NULL)
		fail_msg("'%s' shows a secret: %s", query, answer);
	free(answer);
	return view;
}

static const json_t *mirror_at(const json_t *view, size_t i)
{
	return json_array_get(json_object_get(view, "mirrors"), i);
}

static void check_text(const json_t *object, const char *key,
		       const char *expected)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (text == NULL || strcmp(text, expected) != 0)
		fail_msg("%s: %s", key, text);
}

static void test_view_is_one_loaders_or_for_people_all(void **state)
{
	struct site *site = ask_open(TESTS "/unit/pages/catalog.json");
	json_t *all = ask_view(site, GOOD "&dialect=json");
	json_t *grub = ask_view(site, GOOD "&dialect=json&view=grub");
	json_t *gpxe = ask_view(site, GOOD "&dialect=json&view=gpxe");
	const json_t *kernel;

	(void)state;
	check_text(all, "title", "Debian 12 amd64");
	assert_non_null(json_object_get(mirror_at(all, 0), "pxelinux"));
	assert_non_null(json_object_get(mirror_at(all, 1), "kernel"));
	assert_null(json_object_get(mirror_at(grub, 0), "pxelinux"));
	kernel = json_object_get(mirror_at(grub, 0), "kernel");
	check_text(kernel, "url",
		   "(http,deb.example.org)/debian/12/amd64/linux");
	assert_non_null(json_object_get(mirror_at(gpxe, 0), "pxelinux"));
	assert_null(json_object_get(mirror_at(gpxe, 0), "kernel"));
	check_text(gpxe, "menu", "http://boot.example.org/boot/boot.php");
	json_decref(all);
	json_decref(grub);
	json_decref(gpxe);
	site_free(site);
}

static void test_what_people_read_has_no_secret_of_a_url(void **state)
{
	static const char *const queries[] = {
		"arch=amd64&dialect=json&distro=d&version=1",
		"arch=amd64&dialect=json&distro=d&version=1&view=grub",
		"arch=amd64&dialect=json&distro=d&version=1&view=ipxe",
	};
	static const char *const texts[] = {
		"arch=amd64&dialect=html&distro=d&version=1",
		"arch=amd64&dialect=ipxe&distro=d&explain=1&version=1",
		"arch=amd64&dialect=grub&distro=d&explain=1&version=1",
		"arch=amd64&distro=d&explain=1&version=1",
	};
	struct site *site;

	(void)state;
	put("catalog.json",
	    "{\"site\": {\"base\": \"http://h/\"},"
	    " \"mirrors\": {\"m\": [\"http://m/\", \"http://n/\"]},"
	    " \"distros\": {\"d\": {\"title\": \"D\", \"mirror\": \"m\","
	    " \"kernel\": \"{{mirror}}linux?" SECRET "\","
	    " \"initrds\": [\"{{mirror}}a?token=" SECRET "\","
	    "  \"http://m/initrd?token=" SECRET "\"],"
	    " \"args\": \"url=http://user:" SECRET "@m/a b\","
	    " \"versions\": {\"1\": {\"arches\": [\"amd64\"]}}}},"
	    " \"menus\": {\"main\": {\"entries\": [{\"local\": true}]}}}");
	site = ask_open("catalog.json");
	for (size_t i = 0; i < LENGTH(queries); i++) {
		json_t *view = ask_view(site, queries[i]);
		const json_t *kernel =
			json_object_get(mirror_at(view, 0), "kernel");

		check_text(kernel, "args", "url=http://...@m/a b");
		json_decref(view);
	}
	for (size_t i = 0; i < LENGTH(texts); i++) {
		const struct http_request request = { .query = texts[i] };
		int status;
		char *answer = ask(site, &request, &status);

		if (status != 200 || strstr(answer, SECRET) != NULL)
			fail_msg("'%s': %s", texts[i], answer);
		free(answer);
	}
	site_free(site);
}

/* A catalogue whose kernel was pinned by a list that was signed three days and
 * some hours ago. */
static void put_pinned(void)
{
	const long long age = (3 * 24 + 5) * 60 * 60;
	struct buf text = BUF_INIT;
	char date[DATE_SIZE];

	date_print((long long)time(NULL) - age, date);
	buf_printf(
		&text,
		"{\"site\": {\"base\": \"http://h/\"},"
		" \"mirrors\": {\"m\": [\"http://m/\", \"http://n/\"]},"
		" \"distros\": {\"d\": {\"title\": \"D\", \"mirror\": \"m\","
		" \"kernel\": \"{{mirror}}a/linux\","
		" \"initrds\": [\"{{mirror}}a/initrd\"],"
		" \"versions\": {\"1\": {\"arches\": [\"amd64\"]}}}},"
		" \"pins\": {\"m\": {\"a/linux\": {\"sha256\": \"" SHA256
		"\", \"date\": \"%s\"}}},"
		" \"menus\": {\"main\": {\"entries\": [{\"local\": true}]}}}",
		date);
	put("catalog.json", text.data);
	buf_free(&text);
}

static void test_explanation_shows_a_pin_and_its_age(void **state)
{
	static const struct {
		const char *dialect, *end;
	} rows[] = {
		{ "ipxe", ", 3 days ago\n" },
		{ "grub", ", 3 days ago; not compared\n" },
		{ "gpxe", ", 3 days ago; not compared\n" },
	};
	static const char start[] =
		"\npin of the kernel: " SHA256 ", by a list signed 20";
	struct site *site;

	(void)state;
	put_pinned();
	site = ask_open("catalog.json");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf query = BUF_INIT;
		struct http_request request = { .query = NULL };
		const char *note;
		char *answer;
		int status;

		buf_printf(&query,
			   "arch=amd64&dialect=%s&distro=d&explain=1&version=1",
			   rows[i].dialect);
		request.query = query.data;
		answer = ask(site, &request, &status);
		note = strstr(answer, start);
		if (note == NULL || strstr(note, rows[i].end) == NULL ||
		    strstr(answer, "pin of the initrd") != NULL)
			fail_msg("%s: %s", rows[i].dialect, answer);
		free(answer);
		buf_free(&query);
	}
	site_free(site);
}

static void test_pin_of_the_kernel_is_none_of_the_initrd(void **state)
{
	struct site *site;
	json_t *view, *other;
	const json_t *kernel, *initrd;

	(void)state;
	put_pinned();
	site = ask_open("catalog.json");
	view = ask_view(site, "arch=amd64&dialect=json&distro=d&version=1"
			      "&view=ipxe");
	other = ask_view(site, "arch=amd64&dialect=json&distro=d&version=1"
			       "&view=grub");
	kernel = json_object_get(mirror_at(view, 1), "kernel");
	check_text(kernel, "name", "linux");
	check_text(kernel, "sha256", SHA256);
	initrd = json_array_get(json_object_get(kernel, "initrds"), 0);
	assert_true(json_is_null(json_object_get(initrd, "sha256")));
	kernel = json_object_get(mirror_at(other, 1), "kernel");
	assert_null(json_object_get(kernel, "sha256"));
	assert_null(json_object_get(kernel, "name"));
	json_decref(view);
	json_decref(other);
	site_free(site);
}

static void test_view_goes_with_json_alone(void **state)
{
	static const struct row rows[] = {
		{ { .query = GOOD "&dialect=ipxe&view=ipxe" },
		  400,
		  "view goes with dialect=json\n" },
		{ { .query = GOOD "&view=grub" },
		  400,
		  "view goes with dialect=json\n" },
		{ { .query = GOOD "&dialect=json&view=" EVIL },
		  404,
		  "this page does not have that view; it has gpxe, pxelinux, "
		  "ipxe, syslinux, grub, html, json\n" },
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
		cmocka_unit_test(test_release_boots_the_way_its_distro_says),
		cmocka_unit_test(test_what_gpxe_cannot_start_says_why),
		cmocka_unit_test(
			test_menu_for_a_release_says_why_or_installs_it),
		cmocka_unit_test(test_releases_that_are_not_there),
		cmocka_unit_test(test_answer_depends_on_the_url_alone),
		cmocka_unit_test(test_view_is_one_loaders_or_for_people_all),
		SCRATCH_TEST(test_what_people_read_has_no_secret_of_a_url),
		SCRATCH_TEST(test_explanation_shows_a_pin_and_its_age),
		SCRATCH_TEST(test_pin_of_the_kernel_is_none_of_the_initrd),
		cmocka_unit_test(test_view_goes_with_json_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
