#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#include "buf.h"
#include "catalog.h"
#include "dialect.h"
#include "error.h"
#include "scratch.h"
#include "site.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* The pages of the site under test. */
static const char *const page_names[] = { "menu", NULL };

#define CATALOG                                                                \
	"{'site': {'base': 'http://h/', 'title': 'One'},"                      \
	" 'menus': {'main': {'entries': [{'local': true}]}}}"

static struct site *open_with(const char *own, const char *base)
{
	const struct site_paths paths = {
		.catalog = "catalog.json",
		.templates = own,
		.shipped = "shipped",
		.base = base,
	};

	return site_new(&paths, page_names, NULL);
}

static void refresh(struct site *site)
{
	struct error err = ERROR_INIT;

	if (site_refresh(site, &err) < 0)
		fail_msg("%s", err.text);
}

/* A site that has read a catalogue, a template and a partial. */
static struct site *open_site(const char *own)
{
	struct site *site;

	put_json("catalog.json", CATALOG);
	put("shipped/menu.gpxe", "#!gpxe\necho {{x}}\n{{> theme}}\n");
	put("shipped/theme.gpxe", "echo shipped\n");
	site = open_with(own, NULL);
	refresh(site);
	return site;
}

static int render(const struct site *site, const char *x, struct buf *out,
		  struct error *err)
{
	json_t *view = json_pack("{s:s}", "x", x);
	int rc =
		site_render(site, "menu", dialect_find("gpxe"), view, out, err);

	json_decref(view);
	return rc;
}

static void check_render(const struct site *site, const char *expected)
{
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;

	if (render(site, "a", &out, &err) < 0)
		fail_msg("%s", err.text);
	if (strcmp(out.data, expected) != 0)
		fail_msg("'%s', not '%s'", out.data, expected);
	buf_free(&out);
}

static void check_title(const struct site *site, const char *expected)
{
	assert_string_equal(catalog_settings(site_catalog(site))->title,
			    expected);
}

/* Refresh with standard error in the file "log". */
static int refresh_logged(struct site *site, struct error *err)
{
	int log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
	int saved = dup(STDERR_FILENO);
	int rc;

	assert_true(log >= 0 && saved >= 0);
	fflush(stderr);
	dup2(log, STDERR_FILENO);
	rc = site_refresh(site, err);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(log);
	return rc;
}

static void check_log(const char *expected)
{
	char text[2048];
	FILE *file = fopen("log", "r");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	assert_string_equal(text, expected);
}

static void test_page_is_filled_from_the_shipped_templates(void **state)
{
	struct site *site = open_site(NULL);

	(void)state;
	check_render(site, "#!gpxe\necho a\necho shipped\n");
	check_title(site, "One");
	assert_null(site_problem(site));
	assert_true(site_has(site, "menu", dialect_find("gpxe")));
	assert_false(site_has(site, "menu", dialect_find("pxelinux")));
	assert_false(site_has(site, "menu", dialect_find("html")));
	site_free(site);
	site_free(NULL);
}

static void test_own_directories_come_first_in_their_order(void **state)
{
	static const struct {
		const char *own;
		const char *expected;
	} rows[] = {
		{ "", "#!gpxe\necho a\necho shipped\n" },
		{ ":", "#!gpxe\necho a\necho shipped\n" },
		{ "missing", "#!gpxe\necho a\necho shipped\n" },
		{ "one", "#!gpxe\necho a\necho one\n" },
		{ "one/", "#!gpxe\necho a\necho one\n" },
		{ "missing:one", "#!gpxe\necho a\necho one\n" },
		{ ":one:", "#!gpxe\necho a\necho one\n" },
		{ "two", "#!gpxe\necho two\n" },
		{ "one:two", "#!gpxe\necho two\n" },
		{ "two:one", "#!gpxe\necho two\n" },
	};

	(void)state;
	put("one/theme.gpxe", "echo one\n");
	put("two/menu.gpxe", "#!gpxe\necho two\n");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct site *site = open_site(rows[i].own);

		check_render(site, rows[i].expected);
		site_free(site);
	}
}

static void test_given_base_is_the_catalogues(void **state)
{
	struct site *site;

	(void)state;
	put_json("catalog.json", CATALOG);
	put("shipped/menu.gpxe", "#!gpxe\n");
	site = open_with(NULL, "http://other:8080/");
	refresh(site);
	assert_string_equal(catalog_settings(site_catalog(site))->base,
			    "http://other:8080/");
	site_free(site);
}

static void test_paths_are_copied(void **state)
{
	char catalog[] = "catalog.json";
	char own[] = "one";
	char shipped[] = "shipped";
	const struct site_paths paths = {
		.catalog = catalog,
		.templates = own,
		.shipped = shipped,
	};
	struct site *site;

	(void)state;
	put_json("catalog.json", CATALOG);
	put("shipped/menu.gpxe", "#!gpxe\necho {{x}}\n");
	site = site_new(&paths, page_names, NULL);
	memset(catalog, 'x', sizeof(catalog) - 1);
	memset(own, 'x', sizeof(own) - 1);
	memset(shipped, 'x', sizeof(shipped) - 1);
	refresh(site);
	check_render(site, "#!gpxe\necho a\n");
	site_free(site);
}

static void test_every_edit_is_seen(void **state)
{
	struct site *site = open_site("own");

	(void)state;
	put("shipped/theme.gpxe", "echo changed\n"); /* as long as before */
	refresh(site);
	check_render(site, "#!gpxe\necho a\necho changed\n");
	put("shipped/theme.gpxe", "echo another\n");
	refresh(site);
	check_render(site, "#!gpxe\necho a\necho another\n");
	put("own/theme.gpxe", "echo own\n");
	refresh(site);
	check_render(site, "#!gpxe\necho a\necho own\n");
	put("own/menu.gpxe", "#!gpxe\n{{> theme}}\n");
	refresh(site);
	check_render(site, "#!gpxe\necho own\n");
	put("new", "#!gpxe\n{{> theme}}\necho new\n");
	assert_int_equal(rename("new", "own/menu.gpxe"), 0);
	refresh(site);
	check_render(site, "#!gpxe\necho own\necho new\n");
	assert_int_equal(unlink("own/menu.gpxe"), 0);
	assert_int_equal(unlink("own/theme.gpxe"), 0);
	refresh(site);
	check_render(site, "#!gpxe\necho a\necho another\n");
	put_json("catalog.json",
		 "{'site': {'base': 'http://h/', 'title': 'Two'},"
		 " 'menus': {'main': {'entries': [{'local': true}]}}}");
	refresh(site);
	check_title(site, "Two");
	put("shipped/menu.pxelinux", "menu title {{x}}\n");
	refresh(site);
	assert_true(site_has(site, "menu", dialect_find("pxelinux")));
	assert_int_equal(unlink("shipped/menu.pxelinux"), 0);
	refresh(site);
	assert_false(site_has(site, "menu", dialect_find("pxelinux")));
	site_free(site);
}

static void check_changed(const struct site *site, int gpxe, int ipxe)
{
	assert_int_equal(site_is_changed(site, dialect_find("gpxe")), gpxe);
	assert_int_equal(site_is_changed(site, dialect_find("ipxe")), ipxe);
}

static void test_a_dialects_own_files_change_it_alone(void **state)
{
	struct site *site;

	(void)state;
	put("shipped/menu.ipxe", "#!ipxe\n");
	site = open_site("own");
	check_changed(site, 0, 0);
	put("shipped/theme.gpxe", "echo another\n");
	check_changed(site, 1, 0);
	refresh(site);
	check_changed(site, 0, 0);
	put("shipped/menu.ipxe", "#!ipxe\necho b\n");
	check_changed(site, 0, 1);
	refresh(site);
	put("own/menu.ipxe", "#!ipxe\n"); /* any file that was missing counts */
	check_changed(site, 1, 1);
	refresh(site);
	put("shipped/menu.ipxe", "#!ipxe\necho of nobody\n");
	check_changed(site, 0, 0);
	put_json("catalog.json", CATALOG " ");
	check_changed(site, 1, 1);
	refresh(site);
	check_changed(site, 0, 0);
	assert_int_equal(unlink("own/menu.ipxe"), 0);
	check_changed(site, 0, 1);
	assert_int_equal(unlink("shipped/menu.ipxe"), 0);
	refresh(site);
	site_free(site);
}

/* Many edits within one step of the file times. */
static void test_edits_in_quick_succession_are_seen(void **state)
{
	struct site *site = open_site(NULL);

	(void)state;
	for (char c = 'a'; c <= 'z'; c++) {
		char template[] = "#!gpxe\necho ?\n";

		template[12] = c;
		put("shipped/menu.gpxe", template);
		refresh(site);
		check_render(site, template);
	}
	site_free(site);
}

static void test_included_files_are_recorded_too(void **state)
{
	struct site *site;

	(void)state;
	put_json("catalog.json",
		 "{'site': {'base': 'http://h/', 'title': 'One'},"
		 " 'include': ['catalog.d/*.json', 'catalog.d/../last.json'],"
		 " 'menus': {'main': {'entries': [{'local': true}]}}}");
	put("shipped/menu.gpxe", "#!gpxe\n");
	put_json("last.json", "{}");
	put_json("catalog.d/b.json", "{}");
	site = open_with(NULL, NULL);
	refresh(site);
	check_title(site, "One");
	put_json("catalog.d/a.json", "{'site': {'title': 'A'}}");
	refresh(site);
	check_title(site, "A");
	put_json("catalog.d/b.json", "{'site': {'title': 'B'}}");
	refresh(site);
	check_title(site, "B");
	put_json("last.json", "{'site': {'title': 'Last'}}");
	refresh(site);
	check_title(site, "Last");
	put_json("last.json", "{}");
	assert_int_equal(unlink("catalog.d/b.json"), 0);
	refresh(site);
	check_title(site, "A");
	site_free(site);
}

static void test_broken_edit_leaves_the_last_good_state_in_use(void **state)
{
	static const char reason[] =
		"catalog.json: /site/titel: unknown key; here are base, ";
	struct site *site = open_site(NULL);
	struct error err = ERROR_INIT;
	struct buf log = BUF_INIT;

	(void)state;
	put_json("catalog.json", "{'site': {'base': 'http://h/', 'titel': 1}}");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(refresh_logged(site, &err), 0);
		check_title(site, "One");
		check_render(site, "#!gpxe\necho a\necho shipped\n");
		assert_non_null(site_problem(site));
		assert_memory_equal(site_problem(site), reason, strlen(reason));
	}
	/* Said once, not with each request. */
	buf_printf(&log, "mirrorboot: %s; the last valid state stays in use\n",
		   site_problem(site));
	check_log(log.data);
	assert_string_equal(err.text, "");
	put_json("catalog.json",
		 "{'site': {'base': 'http://h/', 'title': 'Two'},"
		 " 'menus': {'main': {'entries': [{'local': true}]}}}");
	for (int i = 0; i < 3; i++)
		assert_int_equal(refresh_logged(site, &err), 0);
	buf_puts(&log, "mirrorboot: everything is valid again; the newest "
		       "state is in use\n");
	check_log(log.data);
	buf_free(&log);
	check_title(site, "Two");
	assert_null(site_problem(site));
	site_free(site);
}

/* All or nothing: a good catalogue is not used before the templates are
 * good. */
static void test_broken_template_keeps_the_old_catalogue_as_well(void **state)
{
	static const struct {
		const char *theme;
		const char *problem;
	} rows[] = {
		{ "echo {{x\n", "theme.gpxe:1: tag is never closed with '}}'" },
		{ "echo {{#x}}\n",
		  "theme.gpxe:1: section 'x' is never closed with {{/x}}" },
		{ "echo \351\n",
		  "theme.gpxe: is not UTF-8 text: save it as UTF-8" },
		{ "{{> missing}}\n", "theme.gpxe:1: there is no template "
				     "missing.gpxe: create it, or remove "
				     "{{> missing}}" },
	};
	struct site *site = open_site(NULL);
	struct error err = ERROR_INIT;

	(void)state;
	put_json("catalog.json",
		 "{'site': {'base': 'http://h/', 'title': 'Two'},"
		 " 'menus': {'main': {'entries': [{'local': true}]}}}");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		put("shipped/theme.gpxe", rows[i].theme);
		assert_int_equal(refresh_logged(site, &err), 0);
		check_title(site, "One");
		check_render(site, "#!gpxe\necho a\necho shipped\n");
		if (site_problem(site) == NULL ||
		    strcmp(site_problem(site), rows[i].problem) != 0)
			fail_msg("'%s': %s", rows[i].theme,
				 site_problem(site) ? site_problem(site)
						    : "no problem");
	}
	put("shipped/theme.gpxe", "echo mended\n");
	refresh(site);
	check_title(site, "Two");
	check_render(site, "#!gpxe\necho a\necho mended\n");
	assert_null(site_problem(site));
	site_free(site);
}

static void test_missing_files_are_a_broken_edit(void **state)
{
	struct site *site = open_site(NULL);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(rename("shipped", "away"), 0);
	assert_int_equal(refresh_logged(site, &err), 0);
	assert_string_equal(
		site_problem(site),
		"no directory of templates has a file menu.DIALECT: install "
		"the shipped templates again");
	assert_int_equal(rename("away", "shipped"), 0);
	refresh(site);
	assert_null(site_problem(site));
	assert_int_equal(unlink("catalog.json"), 0);
	assert_int_equal(refresh_logged(site, &err), 0);
	assert_string_equal(
		site_problem(site),
		"catalog.json: no such file: create it, or name another "
		"catalogue in MIRRORBOOT_CATALOG");
	check_title(site, "One");
	assert_int_equal(mkfifo("catalog.json", 0600), 0);
	assert_int_equal(refresh_logged(site, &err), 0);
	assert_string_equal(site_problem(site),
			    "catalog.json: is not a regular file");
	assert_int_equal(unlink("catalog.json"), 0);
	assert_int_equal(mkdir("catalog.json", 0700), 0);
	assert_int_equal(refresh_logged(site, &err), 0);
	assert_string_equal(site_problem(site),
			    "catalog.json: is a directory, not a file");
	assert_int_equal(rmdir("catalog.json"), 0);
	put_json("catalog.json", CATALOG);
	refresh(site);
	assert_null(site_problem(site));
	site_free(site);
}

/* An own file that cannot be read does not make way for the shipped one. */
static void test_own_file_that_cannot_be_read_is_a_broken_edit(void **state)
{
	struct site *site = open_site("own");
	struct error err = ERROR_INIT;

	(void)state;
	put("own/theme.gpxe/x", "");
	put_json("catalog.json",
		 "{'site': {'base': 'http://h/', 'title': 'Two'},"
		 " 'menus': {'main': {'entries': [{'local': true}]}}}");
	assert_int_equal(refresh_logged(site, &err), 0);
	assert_string_equal(site_problem(site),
			    "theme.gpxe: is a directory, not a file");
	check_title(site, "One");
	check_render(site, "#!gpxe\necho a\necho shipped\n");
	site_free(site);
}

/* Without a valid state nothing is served: each request gets the reason. */
static void test_broken_start_serves_nothing_until_it_is_mended(void **state)
{
	static const struct {
		const char *catalog;
		const char *menu;
		const char *theme;
		const char *reason;
	} rows[] = {
		{ "{", "#!gpxe\n", "",
		  "catalog.json:1: column 1: the file ends here, but a "
		  "'}' is missing" },
		{ "{}", "#!gpxe\n", "",
		  "catalog.json: /site: needs a base, the URL of the "
		  "directory of the pages, as in "
		  "http://boot.example.org/boot/" },
		{ CATALOG, NULL, "",
		  "no directory of templates has a file menu.DIALECT: install "
		  "the shipped templates again" },
		{ CATALOG, "#!gpxe\n{{> lok}}\n", "",
		  "menu.gpxe:2: there is no template lok.gpxe: create it, or "
		  "remove {{> lok}}" },
		{ CATALOG, "#!gpxe\n{{}}\n", "",
		  "menu.gpxe:2: tag is empty: a name must stand in it" },
		{ CATALOG, "#!gpxe\n\377\n", "",
		  "menu.gpxe: is not UTF-8 text: save it as UTF-8" },
		{ CATALOG, "#!gpxe\n{{> theme}}\n", "{{/x}}\n",
		  "theme.gpxe:1: {{/x}} closes a section that was never opened "
		  "with "
		  "{{#x}} or {{^x}}" },
	};
	struct site *site = open_with(NULL, NULL);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(site_refresh(site, &err), -1);
	assert_string_equal(
		err.text,
		"catalog.json: no such file: create it, or name another "
		"catalogue in MIRRORBOOT_CATALOG");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		put_json("catalog.json", rows[i].catalog);
		unlink("shipped/menu.gpxe");
		put("shipped/theme.gpxe", rows[i].theme);
		if (rows[i].menu != NULL)
			put("shipped/menu.gpxe", rows[i].menu);
		for (int again = 0; again < 2; again++) {
			err = (struct error)ERROR_INIT;
			assert_int_equal(site_refresh(site, &err), -1);
			if (strcmp(err.text, rows[i].reason) != 0)
				fail_msg("row %zu: %s", i, err.text);
		}
	}
	put("shipped/menu.gpxe", "#!gpxe\necho {{x}}\n");
	refresh(site);
	check_render(site, "#!gpxe\necho a\n");
	assert_null(site_problem(site));
	site_free(site);
}

static void test_partials_may_go_round_as_long_as_they_end(void **state)
{
	struct site *site;

	(void)state;
	put_json("catalog.json", CATALOG);
	put("shipped/menu.gpxe", "#!gpxe\n{{> theme}}\n{{> theme}}\n");
	put("shipped/theme.gpxe",
	    "echo {{x}}\n{{#more}}{{> theme}}{{/more}}\n");
	site = open_with(NULL, NULL);
	refresh(site);
	check_render(site, "#!gpxe\necho a\n\necho a\n\n");
	site_free(site);
}

/* The template, a value for it, and the failure. */
static void test_text_that_breaks_the_contract_is_not_given_out(void **state)
{
	static const char long_line[] =
		"#!gpxe\necho "
		"{{x}}{{x}}{{x}}{{x}}{{x}}{{x}}{{x}}{{x}}{{x}}{{x}}\n";
	static const struct {
		const char *template;
		const char *x;
		const char *message;
	} rows[] = {
		{ "echo {{x}}\n", "a",
		  "menu.gpxe:1: text must begin with '#!gpxe'" },
		{ "#!gpxe\necho {{x}}", "a",
		  "menu.gpxe: text must end in a newline: add one" },
		{ "#!gpxe\n{{x}}\t{{x}}\n", "a",
		  "menu.gpxe: line 2 of the text contains a control "
		  "character" },
		{ "#!gpxe\ncaf\303\251\n", "a",
		  "menu.gpxe: line 2 of the text contains a character that is "
		  "not ASCII" },
		{ long_line,
		  "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv"
		  "wxyz",
		  "menu.gpxe: line 2 of the text is longer than this loader "
		  "takes" },
		{ "#!gpxe\nchain http://h/a?b={{x}}\n", "a+b",
		  "menu.gpxe: line 2 of the text has a parameter with a byte "
		  "other than letters, digits, '.', '_', '~', '-'" },
		{ "#!gpxe\n\necho {{x}}\n", "a\nb",
		  "menu.gpxe:3: 'x' contains a line break" },
		{ "#!gpxe\necho {{y}}\n", "a", "menu.gpxe:2: 'y' is missing" },
	};
	struct site *site = open_site(NULL);

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct error err = ERROR_INIT;
		struct buf out = BUF_INIT;
		int rc;

		put("shipped/menu.gpxe", rows[i].template);
		refresh(site);
		buf_puts(&out, "before");
		rc = render(site, rows[i].x, &out, &err);
		if (rc != -1 || strcmp(err.text, rows[i].message) != 0)
			fail_msg("row %zu: %d, %s", i, rc, err.text);
		assert_string_equal(out.data, "before");
		buf_free(&out);
	}
	site_free(site);
}

static void test_text_is_appended(void **state)
{
	struct site *site = open_site(NULL);
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	buf_puts(&out, "before\n");
	assert_int_equal(render(site, "a", &out, &err), 0);
	assert_string_equal(out.data, "before\n#!gpxe\necho a\necho shipped\n");
	buf_free(&out);
	site_free(site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_page_is_filled_from_the_shipped_templates),
		SCRATCH_TEST(test_own_directories_come_first_in_their_order),
		SCRATCH_TEST(test_given_base_is_the_catalogues),
		SCRATCH_TEST(test_paths_are_copied),
		SCRATCH_TEST(test_every_edit_is_seen),
		SCRATCH_TEST(test_a_dialects_own_files_change_it_alone),
		SCRATCH_TEST(test_edits_in_quick_succession_are_seen),
		SCRATCH_TEST(test_included_files_are_recorded_too),
		SCRATCH_TEST(
			test_broken_edit_leaves_the_last_good_state_in_use),
		SCRATCH_TEST(
			test_broken_template_keeps_the_old_catalogue_as_well),
		SCRATCH_TEST(test_missing_files_are_a_broken_edit),
		SCRATCH_TEST(
			test_own_file_that_cannot_be_read_is_a_broken_edit),
		SCRATCH_TEST(
			test_broken_start_serves_nothing_until_it_is_mended),
		SCRATCH_TEST(test_partials_may_go_round_as_long_as_they_end),
		SCRATCH_TEST(
			test_text_that_breaks_the_contract_is_not_given_out),
		SCRATCH_TEST(test_text_is_appended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
