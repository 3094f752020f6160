/*
 * Loads catalogues.  A byte that no file can have separates the parts of an
 * input: catalog.json, 1.json, 2.json and 3.json, which it may include.  Of a
 * catalogue that is accepted, every page must render in every dialect.
 */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "findings.h"
#include "fuzz.h"
#include "include.h"
#include "mem.h"
#include "pages.h"
#include "render.h"
#include "stamps.h"
#include "uri.h"

#define FILES_MAX 4

/* With more releases and paths of menus, rendering all pages takes too long. */
#define USED_MAX 40

static char directory[64];
static const char *const names[FILES_MAX] = { "catalog.json", "1.json",
					      "2.json", "3.json" };

/* Linked for stamps_is_unsettled(): no other program writes to these files,
 * so the test need not wait for them. */
int __wrap_stamps_is_unsettled(const struct stamps *stamps);
int __wrap_stamps_is_unsettled(const struct stamps *stamps)
{
	(void)stamps;
	return 0;
}

static char *path_of(const char *name)
{
	struct buf path = BUF_INIT;

	buf_printf(&path, "%s/%s", directory, name);
	return buf_take(&path);
}

static void remove_files(void)
{
	for (size_t i = 0; i < FILES_MAX; i++) {
		char *path = path_of(names[i]);

		remove(path);
		free(path);
	}
}

static void remove_directory(void)
{
	remove_files();
	remove(directory);
}

static void make_directory(void)
{
	const char *parent = getenv("TMPDIR");

	snprintf(directory, sizeof(directory), "%s/mirrorboot-fuzz-XXXXXX",
		 parent != NULL && strlen(parent) < 32 ? parent : "/tmp");
	FUZZ_CHECK(mkdtemp(directory) != NULL, "%s", directory);
	atexit(remove_directory);
}

/* Whether the file includes only files of its own directory. */
static int stays_inside(const char *text, size_t len)
{
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	json_t *includes = json_object_get(root, "include");
	json_t *value;
	size_t i;
	int rc = 1;

	json_array_foreach(includes, i, value)
		if (json_is_string(value) &&
		    strchr(json_string_value(value), '/') != NULL)
			rc = 0;
	json_decref(root);
	return rc;
}

/* Returns -1 for an input that includes files outside its directory. */
static int put_files(const uint8_t *data, size_t size)
{
	int rc = 0;

	remove_files();
	for (size_t i = 0; i < FILES_MAX && rc == 0; i++) {
		size_t len;
		char *text = fuzz_part(&data, &size, FUZZ_SEPARATOR, &len);
		char *path = path_of(names[i]);
		FILE *file = text != NULL ? fopen(path, "w") : NULL;

		if (file != NULL) {
			FUZZ_CHECK(fwrite(text, 1, len, file) == len, "%s",
				   path);
			fclose(file);
			rc = stays_inside(text, len) ? 0 : -1;
		}
		free(path);
		free(text);
	}
	return rc;
}

static void count_report(void *ctx, const struct failure *failure)
{
	unsigned *count = ctx;

	FUZZ_CHECK(failure->text[0] != '\0', "an empty report");
	(*count)++;
}

static struct catalog *load(const char *path, struct error *err)
{
	struct stamps *stamps = stamps_new();
	struct catalog *c = pages_load_catalog(path, NULL, stamps, err);

	stamps_free(stamps);
	return c;
}

/* Loading with reports must have the same result. */
static void check_reports(const char *path, const struct error *expected)
{
	unsigned count = 0;
	struct error err = { .report = count_report, .ctx = &count };
	struct catalog *c = load(path, &err);

	FUZZ_CHECK((c != NULL) == (expected->text[0] == '\0'), "%s", err.text);
	FUZZ_CHECK(strcmp(err.text, expected->text) == 0, "'%s', not '%s'",
		   err.text, expected->text);
	FUZZ_CHECK((count == 0) == (c != NULL), "%u reports", count);
	catalog_free(c);
}

static void check_url(const char *url)
{
	struct uri u;
	const char *reason = url != NULL ? uri_parse(url, &u) : NULL;

	FUZZ_CHECK(reason == NULL, "'%s' %s", url, reason);
}

static void check_value(const char *s)
{
	struct error err = ERROR_INIT;

	if (s != NULL)
		FUZZ_CHECK(dialect_check_value(s, strlen(s), &err) == 0,
			   "'%s': %s", s, err.text);
}

static void check_files(const struct mirror_files *s)
{
	check_url(s->mirror);
	check_url(s->pathprefix);
	check_url(s->loader);
	check_url(s->kernel);
	for (size_t i = 0; i < s->initrd_count; i++)
		check_url(s->initrds[i].url);
	for (int i = 0; i < PLATFORM_COUNT; i++) {
		check_url(s->chain[i]);
		check_url(s->script[i]);
		check_url(s->image[i]);
	}
	check_value(s->configfile);
	FUZZ_CHECK(s->args == NULL || args_check(s->args) == NULL, "'%s': %s",
		   s->args, args_check(s->args));
	FUZZ_CHECK(!s->pathprefix == !s->loader && !s->configfile == !s->loader,
		   "half a PXELinux");
	FUZZ_CHECK(s->kernel != NULL || s->initrd_count == 0,
		   "initrds without a kernel");
}

static void check_releases(const struct catalog *c)
{
	size_t count;
	const struct release *const *list = catalog_releases(c, &count);

	for (size_t i = 0; i < count; i++) {
		const struct release *r = list[i];

		FUZZ_CHECK(catalog_release(c, r->distro, r->version,
					   machine_arch_name((int)r->arch),
					   r->variant) == r,
			   "%s %s is not found", r->distro, r->version);
		FUZZ_CHECK(r->mirror_count > 0, "%s has no files", r->distro);
		check_value(r->title);
		for (size_t j = 0; j < r->mirror_count; j++)
			check_files(&r->mirrors[j]);
	}
}

static void check_entries(const struct menu *menu)
{
	int has_default = menu->default_id == NULL;
	char keys[UCHAR_MAX + 1] = "";

	for (size_t i = 0; i < menu->count; i++) {
		const struct menu_entry *e = &menu->entries[i];

		check_value(e->title);
		if (e->hotkey != '\0') {
			int key = tolower((unsigned char)e->hotkey);

			FUZZ_CHECK(menu_has_key(menu, (char)key) && !keys[key],
				   "'%c'", key);
			keys[key] = 1;
		}
		FUZZ_CHECK((e->release != NULL) == (e->kind == ENTRY_RELEASE) &&
				   (e->menu != NULL) == (e->kind == ENTRY_MENU),
			   "%s", e->id);
		for (size_t j = 0; j < i; j++)
			FUZZ_CHECK(strcmp(menu->entries[j].id, e->id) != 0,
				   "two entries %s", e->id);
		if (!has_default && strcmp(menu->default_id, e->id) == 0) {
			has_default = 1;
			FUZZ_CHECK(e->password == NULL || menu->timeout == 0,
				   "%s: no timeout asks", menu->id);
		}
		if (e->menu != NULL && e->menu->password != NULL)
			FUZZ_CHECK(e->password == e->menu->password, "%s",
				   e->id);
	}
	FUZZ_CHECK(has_default, "%s: no entry %s", menu->id, menu->default_id);
}

/* So many of a menu's paths are looked for: to look for one takes the longer,
 * the more there are. */
#define PATHS_SOUGHT 64

/* Each path ends, and is found again by what tells it from the others, unless
 * ids with a '~' make two of them alike. */
static void check_paths(const struct catalog *c, const struct menu *menu)
{
	FUZZ_CHECK(menu->path_count > 0, "%s: no path", menu->id);
	for (size_t i = 0; i < menu->path_count; i++) {
		const struct menu_path *path = menu->paths[i];
		unsigned depth = 0;

		FUZZ_CHECK(path->menu == menu, "%s", menu->id);
		FUZZ_CHECK((path->from == NULL) == (i == 0), "%s", menu->id);
		for (const struct menu_path *p = path->up; p != NULL; p = p->up)
			FUZZ_CHECK(++depth <= MENU_DEPTH_MAX, "%s", menu->id);
		if (i < PATHS_SOUGHT && !menu_path_is_closed(path) &&
		    (i == 0 || strchr(path->from, '~') == NULL))
			FUZZ_CHECK(catalog_path(c, menu, path->from, NULL) ==
					   path,
				   "%s", menu->id);
	}
}

static void check_menus(const struct catalog *c)
{
	size_t count;
	const struct menu *list = catalog_menus(c, &count);

	FUZZ_CHECK(catalog_menu(c, NULL) != NULL, "no main menu");
	for (size_t i = 0; i < count; i++) {
		FUZZ_CHECK(catalog_menu(c, list[i].id) == &list[i], "%s",
			   list[i].id);
		check_value(list[i].title);
		check_entries(&list[i]);
		check_paths(c, &list[i]);
	}
}

/* A client in a customer's network gets that customer, or one with a longer
 * prefix. */
static void check_customers(const struct catalog *c, const json_t *customers)
{
	const char *id;
	json_t *value;

	json_object_foreach((json_t *)customers, id, value) {
		const struct customer *customer = catalog_customer(c, id);

		FUZZ_CHECK(customer != NULL && strcmp(customer->id, id) == 0,
			   "%s", id);
		for (size_t i = 0; i < customer->network_count; i++) {
			struct network at = customer->networks[i];
			const struct customer *found;
			unsigned longest = 0;

			at.bits = 128;
			found = catalog_customer_at(c, &at);
			FUZZ_CHECK(found != NULL, "%s: nobody", id);
			for (size_t j = 0; j < found->network_count; j++)
				if (network_has(&found->networks[j], &at) &&
				    found->networks[j].bits > longest)
					longest = found->networks[j].bits;
			FUZZ_CHECK(longest >= customer->networks[i].bits,
				   "%s: %s", id, found->id);
			FUZZ_CHECK(catalog_may_see(c, found->menu, &at), "%s",
				   found->id);
		}
	}
}

/* Renders every page in every dialect, as mirrorboot-check does. */
static void check_pages(const char *path)
{
	const struct site_paths paths = {
		.catalog = path,
		.shipped = TEMPLATES,
	};
	struct findings *findings = findings_new();

	FUZZ_CHECK(render_check(&paths, findings) == 0, "%s", path);
	if (findings_count(findings, SEVERITY_ERROR) > 0)
		findings_print(findings, stderr);
	FUZZ_CHECK(findings_count(findings, SEVERITY_ERROR) == 0,
		   "a page cannot be made");
	findings_free(findings);
}

/* How many pages there are, about. */
static size_t count_used(const struct catalog *c)
{
	size_t used, menus;
	const struct menu *list = catalog_menus(c, &menus);

	catalog_releases(c, &used);
	for (size_t i = 0; i < menus; i++)
		used += list[i].path_count;
	return used;
}

static void check_accepted(const struct catalog *c, const char *path)
{
	struct include files = { .files = NULL };
	struct stamps *stamps = stamps_new();
	struct error err = ERROR_INIT;
	const json_t *customers;

	FUZZ_CHECK(include_read(&files, path, catalog_sections, stamps, &err) ==
			   0,
		   "%s", err.text);
	customers = json_object_get(files.sections, "customers");
	check_url(catalog_settings(c)->base);
	check_value(catalog_settings(c)->title);
	check_releases(c);
	check_menus(c);
	check_customers(c, customers);
	if (count_used(c) <= USED_MAX)
		check_pages(path);
	include_free(&files);
	stamps_free(stamps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = ERROR_INIT;
	struct catalog *c;
	char *path;

	if (directory[0] == '\0')
		make_directory();
	if (put_files(data, size) < 0)
		return -1;
	path = path_of(names[0]);
	c = load(path, &err);
	check_reports(path, &err);
	if (c != NULL) {
		check_accepted(c, path);
	} else {
		fuzz_check_error(&err);
		FUZZ_CHECK(strstr(err.text, ".json:") != NULL, "%s", err.text);
	}
	catalog_free(c);
	free(path);
	return 0;
}
