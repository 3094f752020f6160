#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "pages.h"
#include "scratch.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static struct site *open_site(const char *catalog)
{
	const struct site_paths paths = {
		.catalog = catalog,
		.shipped = TEMPLATES,
	};
	struct site *site = site_new(&paths, pages_names, pages_check_urls);
	struct error err = ERROR_INIT;

	if (site_refresh(site, &err) < 0)
		fail_msg("%s", err.text);
	return site;
}

static void test_names_are_those_of_the_pages(void **state)
{
	(void)state;
	for (size_t i = 0; pages[i] != NULL; i++)
		assert_string_equal(pages_names[i], pages[i]->name);
	assert_null(pages_names[4]);
}

static void test_page_is_found_by_the_scripts_name(void **state)
{
	static const struct {
		const char *script;
		const char *path_info;
		const char *name; /* "": there is none; "own" */
	} rows[] = {
		{ NULL, NULL, "own" },
		{ "", "", "own" },
		{ NULL, "/x", "" },
		{ "/boot/menu", NULL, "menu" },
		{ "/boot/menu", "", "menu" },
		{ "menu", NULL, "menu" },
		{ "/a.b/c/boot.fcgi", NULL, "boot" },
		{ "/fromthemirror.php", NULL, "fromthemirror" },
		{ "/boot/customermenu.cgi", NULL, "customermenu" },
		{ "/boot/menu", "/menu", "" },
		{ "/boot/menu/", NULL, "" },
		{ "/boot/menux", NULL, "" },
		{ "/boot/xmenu", NULL, "" },
		{ "/boot/menu.", NULL, "" },
		{ "/boot/menu.PHP", NULL, "" },
		{ "/boot/menu.php5", NULL, "" },
		{ "/boot/menu.php.bak", NULL, "" },
		{ "/boot/Menu", NULL, "" },
		{ "/boot/men", NULL, "" },
		{ "/menu/x", NULL, "" },
		{ "/", NULL, "" },
	};
	const struct page own = { .name = "own" };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct http_request http = {
			.script = rows[i].script,
			.path_info = rows[i].path_info,
		};
		const struct page *page = pages_find(&http, &own);
		const char *name = page != NULL ? page->name : "";

		if (strcmp(name, rows[i].name) != 0)
			fail_msg("row %zu: '%s'", i, name);
	}
}

/* What page_each() visits in one dialect. */
struct visits {
	const struct catalog *catalog;
	const struct dialect *dialect;
	size_t count;
	size_t closed;   /* those that show a closed menu */
	struct buf urls; /* a line each */
};

static void visit(void *ctx, const struct link *link, const struct menu *menu)
{
	struct visits *visits = ctx;
	struct buf url = BUF_INIT;

	if (link->dialect != visits->dialect)
		return;
	visits->count++;
	visits->closed += menu != NULL && menu->is_closed;
	page_add_url(visits->catalog, link, &url);
	buf_printf(&visits->urls, "%s\n", url.data);
	buf_free(&url);
}

static void visit_menu(void *ctx, const struct link *link,
		       const struct menu *menu)
{
	struct link full = *link;

	full.page = &page_menu;
	visit(ctx, &full, menu);
}

static void check_visits(const struct page *page, const struct dialect *d,
			 size_t count, size_t closed, const char *urls)
{
	struct site *site = open_site(TESTS "/unit/pages/catalog.json");
	struct visits visits = {
		.catalog = site_catalog(site),
		.urls = BUF_INIT,
		.dialect = d,
	};

	page_each(page, site,
		  &(struct page_visitor){ .visit = visit, .ctx = &visits });
	if (visits.count != count || visits.closed != closed ||
	    (urls != NULL && strcmp(buf_text(&visits.urls), urls) != 0))
		fail_msg("%s: %zu, %zu:\n%s", page->name, visits.count,
			 visits.closed, buf_text(&visits.urls));
	buf_free(&visits.urls);
	site_free(site);
}

/* The catalogue has six menus, of which two are closed, and four customers, of
 * which one is for all others.  A machine's platform and architecture may not
 * be known: that makes 3 * 7 kinds, and 2 * 7 for gPXE. */
static void test_each_page_knows_all_that_it_answers(void **state)
{
	static const struct {
		const struct page *page;
		const struct dialect *dialect;
		size_t count;
		size_t closed;
	} rows[] = {
		{ &page_boot, &dialect_gpxe, (2 + 6) * 14, 2 * 14 },
		{ &page_boot, &dialect_grub, (2 + 6) * 21, 2 * 21 },
		/* The index, and what customers see of it. */
		{ &page_boot, &dialect_html, (2 + 1) * 21, 1 * 21 },
		{ &page_boot, &dialect_json, (2 + 1) * 21, 1 * 21 },
		{ &page_boot, &dialect_pxelinux, 0, 0 },
		{ &page_menu, &dialect_pxelinux, (2 + 6) * 14, 2 * 14 },
		{ &page_menu, &dialect_syslinux, (2 + 6) * 21, 2 * 21 },
		{ &page_menu, &dialect_gpxe, 0, 0 },
		{ &page_customermenu, &dialect_ipxe, (1 + 4) * 21, 2 * 21 },
		{ &page_fromthemirror, &dialect_html, 11, 0 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check_visits(rows[i].page, rows[i].dialect, rows[i].count,
			     rows[i].closed, NULL);
}

#define FROM "http://boot.example.org/boot/fromthemirror.php?arch="

static void test_each_release_is_asked_for_in_every_dialect(void **state)
{
	(void)state;
	check_visits(&page_fromthemirror, &dialect_grub, 11, 0,
		     FROM "amd64&dialect=grub&distro=debian&version=12\n" FROM
			  "amd64&dialect=grub&distro=debian&variant=rescue&"
			  "version=12\n" FROM
			  "i386&dialect=grub&distro=debian&version=12\n" FROM
			  "i386&dialect=grub&distro=debian&variant=rescue&"
			  "version=12\n" FROM
			  "arm64&dialect=grub&distro=debian&version=12\n" FROM
			  "arm64&dialect=grub&distro=debian&variant=rescue&"
			  "version=12\n" FROM
			  "amd64&dialect=grub&distro=bare&version=1\n" FROM
			  "amd64&dialect=grub&distro=secure&version=1\n" FROM
			  "amd64&dialect=grub&distro=some&version=1\n" FROM
			  "i386&dialect=grub&distro=tool&version=6\n" FROM
			  "amd64&dialect=grub&distro=efitool&version=1\n");
}

/* The kind of machine and the dialect aside. */
static void test_each_way_to_a_menu_is_asked_for(void **state)
{
	static const char expected[] =
		"http://boot.example.org/boot/menu\n"
		"http://boot.example.org/boot/menu?problem=host\n"
		"http://boot.example.org/boot/menu?name=d\n"
		"http://boot.example.org/boot/menu?from=office&name=d\n"
		"http://boot.example.org/boot/menu?name=main\n"
		"http://boot.example.org/boot/menu?name=office\n"
		"http://boot.example.org/boot/menu?name=rescue\n"
		"http://boot.example.org/boot/menu?from=tools&name=rescue\n"
		"http://boot.example.org/boot/menu?from=d~office&name=rescue\n"
		"http://boot.example.org/boot/menu?name=tools\n";
	struct site *site = open_site(TESTS "/golden/shared.json");
	struct visits visits = { site_catalog(site), NULL, 0, 0, BUF_INIT };

	(void)state;
	page_menu.each(
		visits.catalog,
		&(struct page_visitor){ .visit = visit_menu, .ctx = &visits });
	assert_string_equal(buf_text(&visits.urls), expected);
	buf_free(&visits.urls);
	site_free(site);
}

/* All but from=d~office&name=rescue: with from=office, d opens that menu too,
 * and its text is another only in URLs. */
static void test_ways_to_one_text_are_one_visit(void **state)
{
	struct site *site = open_site(TESTS "/golden/shared.json");
	struct visits visits = { site_catalog(site), &dialect_pxelinux, 0, 0,
				 BUF_INIT };

	(void)state;
	page_each(&page_menu, site,
		  &(struct page_visitor){ .visit = visit, .ctx = &visits });
	assert_int_equal(visits.count, 9 * 14);
	assert_non_null(strstr(visits.urls.data, "from=office&name=d\n"));
	assert_non_null(strstr(visits.urls.data, "from=tools&name=rescue\n"));
	assert_null(strstr(visits.urls.data, "from=d~office"));
	buf_free(&visits.urls);
	site_free(site);
}

#define FIFTY "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define IDS FIFTY, FIFTY, FIFTY, FIFTY

/* base, of 250 bytes with the page's longest URL, and one byte more. */
static void test_url_of_250_bytes_is_the_longest(void **state)
{
	static const char catalog[] =
		"{\"site\": {\"base\": \"http://h/%.*s/\", \"menu\": \"m\"},"
		" \"distros\": {\"d\": {\"title\": \"D\","
		"  \"kernel\": \"http://m/k\", \"versions\": {\"1\": "
		"  {\"arches\": [\"amd64\"]},"
		"  \"2\": {\"arches\": [\"amd64\"]}}}},"
		" \"menus\": {\"m\": {\"entries\": [{\"local\": true}]}},"
		" \"customers\": {\"c\": {\"menu\": \"m\"}}}";
	static const char longest[] =
		"http://h//customermenu?arch=amd64&customer=c&"
		"dialect=syslinux&platform=bios";
	static const char expected[] =
		"catalog.json: /customers/c: the URL of its page is 251 bytes "
		"long, at most 250: shorten the ids in it or the base";
	char filler[256];
	int room = 250 - (int)strlen(longest);

	(void)state;
	memset(filler, 'x', sizeof(filler));
	for (int more = 0; more <= 1; more++) {
		struct stamps *s = stamps_new();
		struct error err = ERROR_INIT;
		struct buf text = BUF_INIT;
		struct catalog *c;

		buf_printf(&text, catalog, room + more, filler);
		put("catalog.json", text.data);
		buf_free(&text);
		c = catalog_load("catalog.json", NULL, s, &err);
		if (c == NULL)
			fail_msg("%s", err.text);
		assert_int_equal(pages_check_urls(c, &err), -more);
		assert_string_equal(err.text, more ? expected : "");
		catalog_free(c);
		stamps_free(s);
	}
}

/* What is said of all that is too long. */
static void add_failure(void *ctx, const struct failure *failure)
{
	buf_printf(ctx, "%s\n", failure->text);
}

static void test_what_is_too_long_is_named_by_its_place(void **state)
{
	static const char expected[] =
		"catalog.json: /site/base: the URL of its page is 267 bytes "
		"long, at most 250: shorten the ids in it or the base\n";
	struct stamps *s = stamps_new();
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct buf all = BUF_INIT;
	struct catalog *c;

	(void)state;
	buf_printf(&text,
		   "{\"site\": {\"base\": \"http://h/%s%s%s%s/\","
		   " \"menu\": \"m\"},"
		   " \"distros\": {\"d\": {\"title\": \"D\","
		   "  \"kernel\": \"http://m/k\", \"versions\": {\"1\": "
		   "  {\"arches\": [\"amd64\"]},"
		   "  \"2\": {\"arches\": [\"amd64\"]}}}},"
		   " \"menus\": {\"m\": {\"entries\": [{\"local\": true}]}},"
		   " \"customers\": {\"c\": {\"menu\": \"m\"}}}",
		   IDS);
	put("catalog.json", text.data);
	c = catalog_load("catalog.json", NULL, s, &err);
	if (c == NULL)
		fail_msg("%s", err.text);
	err.report = add_failure;
	err.ctx = &all;
	assert_int_equal(pages_check_urls(c, &err), -1);
	if (strstr(all.data, expected) == NULL ||
	    strstr(all.data, "/distros/d: version 2: the URL") == NULL ||
	    strstr(all.data, "version 1") != NULL ||
	    strstr(all.data, "/menus/m: the URL") == NULL ||
	    strstr(all.data, "/customers/c: the URL") == NULL)
		fail_msg("%s", all.data);
	catalog_free(c);
	stamps_free(s);
	buf_free(&text);
	buf_free(&all);
}

/* Answers that are cached are not the caller's. */
static void test_answer_is_cached_for_the_same_query(void **state)
{
	static const struct {
		const char *query;
		int is_cached;
	} rows[] = {
		{ "arch=amd64", 1 },   { "arch=%61md64", 0 },
		{ "explain=1", 0 },    { "dialect=html", 0 },
		{ "dialect=json", 0 }, { "name=uwp", 0 },
	};
	struct site *site = open_site(TESTS "/unit/pages/catalog.json");

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct http_request http = { .query = rows[i].query,
						   .client = "192.0.2.9" };
		struct http_response made = HTTP_RESPONSE_INIT;
		const struct http_response *response =
			page_answer(&page_menu, site, &http, &made);

		assert_int_equal(response->status, 200);
		if ((response != &made) != rows[i].is_cached)
			fail_msg("'%s'", rows[i].query);
		http_free(&made);
	}
	site_free(site);
}

static void test_log_has_names_of_the_catalogue(void **state)
{
	static const struct {
		const struct page *page;
		const char *query;
		const char *log;
	} rows[] = {
		{ &page_menu, "arch=amd64",
		  "page=menu dialect=pxelinux distro=- version=- arch=amd64" },
		{ &page_boot, "dialect=json&view=grub",
		  "page=boot dialect=json distro=- version=- arch=-" },
		{ &page_fromthemirror,
		  "arch=i386&dialect=grub&distro=debian&version=12",
		  "page=fromthemirror dialect=grub distro=debian version=12 "
		  "arch=i386" },
		{ &page_menu, "name=x",
		  "page=menu dialect=pxelinux distro=- version=- arch=-" },
		{ &page_menu, "what=x",
		  "page=menu dialect=- distro=- version=- arch=-" },
		{ NULL, "", "page=- dialect=- distro=- version=- arch=-" },
	};
	struct site *site = open_site(TESTS "/unit/pages/catalog.json");

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct http_request http = { .query = rows[i].query };
		struct http_response made = HTTP_RESPONSE_INIT;
		const struct http_response *response =
			page_answer(rows[i].page, site, &http, &made);

		if (strcmp(buf_text(&response->log), rows[i].log) != 0)
			fail_msg("row %zu: %s", i, buf_text(&response->log));
		http_free(&made);
	}
	site_free(site);
}

static void test_explanation_says_what_chose_the_dialect(void **state)
{
	static const struct {
		const char *query;
		const char *agent;
		const char *line;
	} rows[] = {
		{ "explain=1", NULL, "\ndialect: gpxe, this page's first\n" },
		{ "explain=1", "iPXE/1.21.1",
		  "\ndialect: ipxe, the User-Agent's\n" },
		{ "dialect=grub&explain=1", "iPXE/1.21.1",
		  "\ndialect: grub, asked for\n" },
	};
	struct site *site = open_site(TESTS "/unit/pages/catalog.json");

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct http_request http = {
			.query = rows[i].query,
			.user_agent = rows[i].agent,
		};
		struct http_response made = HTTP_RESPONSE_INIT;
		const struct http_response *response =
			page_answer(&page_boot, site, &http, &made);

		if (strstr(buf_text(&response->body), rows[i].line) == NULL)
			fail_msg("row %zu: %s", i, response->body.data);
		http_free(&made);
	}
	site_free(site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_those_of_the_pages),
		cmocka_unit_test(test_page_is_found_by_the_scripts_name),
		cmocka_unit_test(test_each_page_knows_all_that_it_answers),
		cmocka_unit_test(
			test_each_release_is_asked_for_in_every_dialect),
		cmocka_unit_test(test_each_way_to_a_menu_is_asked_for),
		cmocka_unit_test(test_ways_to_one_text_are_one_visit),
		SCRATCH_TEST(test_url_of_250_bytes_is_the_longest),
		SCRATCH_TEST(test_what_is_too_long_is_named_by_its_place),
		cmocka_unit_test(test_answer_is_cached_for_the_same_query),
		cmocka_unit_test(test_log_has_names_of_the_catalogue),
		cmocka_unit_test(test_explanation_says_what_chose_the_dialect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
