#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "buf.h"
#include "scratch.h"
#include "templates.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static const char *const page_names[] = { "menu", "boot", NULL };

/* What was loaded from the directories own and shipped. */
struct loaded {
	struct templates *templates;
	struct stamps *stamps;
	struct buf failures; /* one line for each */
	int rc;
};

static void add_failure(void *ctx, const struct failure *failure)
{
	struct buf *failures = ctx;

	buf_puts(failures, failure->text);
	if (failure->instead[0] != '\0')
		buf_printf(failures, "; %s", failure->instead);
	buf_putc(failures, '\n');
}

static struct loaded load(void)
{
	struct loaded l = { templates_new(), stamps_new(), BUF_INIT, 0 };
	struct error err = ERROR_INIT;
	char **dirs = templates_dirs("own", "shipped");

	err.report = add_failure;
	err.ctx = &l.failures;
	l.rc = templates_load(l.templates, dirs, page_names, l.stamps, &err);
	if (strncmp(err.text, buf_text(&l.failures), strlen(err.text)) != 0)
		fail_msg("'%s' is not the first of\n%s", err.text,
			 l.failures.data);
	free(dirs);
	return l;
}

static void unload(struct loaded *l)
{
	templates_free(l->templates);
	stamps_free(l->stamps);
	buf_free(&l->failures);
}

/* Templates of both pages, without partials. */
static void put_pages(void)
{
	put("shipped/menu.gpxe", "menu\n");
	put("shipped/boot.gpxe", "boot\n");
}

/* Load, and compare all failures; "": there are none. */
static void check_failures(const char *expected)
{
	struct loaded l = load();

	assert_string_equal(buf_text(&l.failures), expected);
	assert_int_equal(l.rc, expected[0] == '\0' ? 0 : -1);
	unload(&l);
}

static void test_directories_are_the_sites_own_then_the_shipped(void **state)
{
	static const struct {
		const char *own;
		const char *shipped;
		const char *expected;
	} rows[] = {
		{ NULL, "s", "s," },      { "", "s", "s," },
		{ ":", "s", "s," },       { "a", "s", "a,s," },
		{ "a:b", "s", "a,b,s," }, { ":a::b:", "s", "a,b,s," },
		{ "a", "", "a," },        { NULL, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char **dirs = templates_dirs(rows[i].own, rows[i].shipped);
		struct buf all = BUF_INIT;

		for (size_t j = 0; dirs[j] != NULL; j++)
			buf_printf(&all, "%s,", dirs[j]);
		if (strcmp(buf_text(&all), rows[i].expected) != 0)
			fail_msg("row %zu: %s", i, buf_text(&all));
		buf_free(&all);
		free(dirs);
	}
}

static void check_file(const struct templates *t, const char *const name,
		       const char *dialect, const char *expected)
{
	const struct dialect *d = dialect_find(dialect);
	const struct template *template = templates_find(t, d, name);
	const struct render how = { .escape = d->escape, .lenient = 1 };
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;

	assert_int_equal(template != NULL, expected != NULL);
	if (template == NULL)
		return;
	assert_int_equal(template_render(template, NULL, &how, &out, &err), 0);
	assert_string_equal(buf_text(&out), expected);
	buf_free(&out);
}

static void test_pages_and_their_partials_are_loaded(void **state)
{
	static const char *const expected[] = {
		"menu.gpxe", "boot.gpxe",  "theme.gpxe",
		"menu.html", "theme.html",
	};
	struct loaded l;
	const char **files;

	(void)state;
	put("shipped/menu.gpxe", "menu\n");
	put("shipped/boot.gpxe", "{{> theme}}{{> theme}}boot\n");
	put("shipped/theme.gpxe", "shipped\n");
	put("own/theme.gpxe", "own\n{{> theme}}{{> menu}}");
	put("shipped/menu.html", "{{#x}}{{> theme}}{{/x}}menu.html\n");
	put("shipped/theme.html", "");
	put("shipped/theme.grub", "of no page\n");
	put("shipped/other.gpxe", "of no page\n");
	put("shipped/menu.json", "of a dialect without templates\n");
	l = load();
	assert_string_equal(buf_text(&l.failures), "");
	check_file(l.templates, "menu", "gpxe", "menu\n");
	check_file(l.templates, "boot", "gpxe", "boot\n");
	check_file(l.templates, "theme", "gpxe", "own\n");
	check_file(l.templates, "menu", "html", "menu.html\n");
	check_file(l.templates, "boot", "html", NULL);
	check_file(l.templates, "theme", "grub", NULL);
	check_file(l.templates, "other", "gpxe", NULL);
	check_file(l.templates, "men", "gpxe", NULL);
	check_file(l.templates, "menu.", "gpxe", NULL);
	check_file(l.templates, "menu", "json", NULL);
	files = templates_files(l.templates);
	for (size_t i = 0; i < LENGTH(expected); i++)
		assert_string_equal(files[i], expected[i]);
	assert_null(files[LENGTH(expected)]);
	free(files);
	unload(&l);
	templates_free(NULL);
}

static void test_files_are_of_the_group_of_their_dialect(void **state)
{
	struct loaded l;

	(void)state;
	put_pages();
	put("shipped/menu.html", "");
	scratch_wait();
	l = load();
	put("shipped/menu.html", "x");
	assert_true(stamps_is_group_changed(l.stamps, dialect_find("html")));
	assert_false(stamps_is_group_changed(l.stamps, dialect_find("gpxe")));
	unload(&l);
	l = load();
	put("after", "");
	stamps_add(l.stamps, "after");
	put("after", "x");
	assert_true(stamps_is_group_changed(l.stamps, dialect_find("gpxe")));
	unload(&l);
}

static void test_each_failure_is_reported(void **state)
{
	struct loaded l;
	const char **files;

	(void)state;
	put("own/menu.gpxe", "a\n{{#b}}\n");
	put("shipped/menu.pxelinux", "{{> one}}\n{{> two}}\n{{> two}}\n");
	put("shipped/two.pxelinux", "\377\n");
	assert_int_equal(mkdir("own/menu.grub", 0700), 0);
	l = load();
	assert_string_equal(
		buf_text(&l.failures),
		"menu.gpxe:2: section 'b' is never closed with {{/b}}\n"
		"menu.pxelinux:1: there is no template one.pxelinux: create "
		"it, or remove {{> one}}\n"
		"two.pxelinux: is not UTF-8 text: save it as UTF-8\n"
		"menu.grub: is a directory, not a file\n"
		"no directory of templates has a file boot.DIALECT: install "
		"the shipped templates again\n");
	assert_int_equal(l.rc, -1);
	check_file(l.templates, "menu", "gpxe", NULL);
	files = templates_files(l.templates);
	assert_string_equal(files[0], "menu.gpxe");
	assert_string_equal(files[1], "menu.pxelinux");
	assert_string_equal(files[2], "two.pxelinux");
	assert_string_equal(files[3], "menu.grub");
	assert_null(files[4]);
	free(files);
	unload(&l);
}

/* rc shows each kind of failure, even if it is the only one. */
static void test_one_failure_is_enough(void **state)
{
	static const struct {
		const char *file;
		const char *text; /* NULL: it is a directory */
		const char *failure;
	} rows[] = {
		{ "own/menu.grub", NULL,
		  "menu.grub: is a directory, not a file\n" },
		{ "own/menu.grub", "{{/a}}",
		  "menu.grub:1: {{/a}} closes a section that was never opened "
		  "with {{#a}} or {{^a}}\n" },
		{ "own/menu.grub", "\377",
		  "menu.grub: is not UTF-8 text: save it as UTF-8\n" },
		{ "own/menu.grub", "\357\273\277set x\n",
		  "menu.grub:1: begins with a byte order mark: save it as "
		  "UTF-8 without one\n" },
		{ "own/menu.grub", "set x\r\nset y\r\n",
		  "menu.grub: has lines that end in CR LF: save it with line "
		  "ends of Unix, LF alone\n" },
		{ "own/menu.html", "<!DOCTYPE html>\r\n", "" },
		{ "own/menu.grub", "\n{{> a.b}}",
		  "menu.grub:2: there is no template a.b.grub: create it, or "
		  "remove {{> a.b}}\n" },
	};

	(void)state;
	put_pages();
	assert_int_equal(mkdir("own", 0700), 0);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		if (rows[i].text != NULL)
			put(rows[i].file, rows[i].text);
		else
			assert_int_equal(mkdir(rows[i].file, 0700), 0);
		check_failures(rows[i].failure);
		remove(rows[i].file);
	}
	check_failures("");
	remove("shipped/boot.gpxe");
	check_failures(
		"no directory of templates has a file boot.DIALECT: install "
		"the shipped templates again\n");
}

static void test_file_is_no_directory(void **state)
{
	struct loaded l;

	(void)state;
	put_pages();
	put("own", "");
	l = load();
	assert_string_equal(buf_text(&l.failures),
			    "own: is not a directory: MIRRORBOOT_TEMPLATES "
			    "names directories\n");
	assert_int_equal(l.rc, -1);
	assert_false(stamps_is_changed(l.stamps));
	remove("own");
	assert_int_equal(mkdir("own", 0700), 0);
	assert_true(stamps_is_changed(l.stamps));
	unload(&l);
	check_failures("");
}

static void test_templates_are_bounded(void **state)
{
	struct buf text = BUF_INIT;
	struct buf path = BUF_INIT;

	(void)state;
	put_pages();
	/* 1024 with both pages, then one more; one of the others does not count
	 * twice. */
	for (int i = 0; i < 1022; i++) {
		buf_truncate(&path, 0);
		buf_printf(&path, "own/p%d.gpxe", i);
		put(path.data, "");
		buf_printf(&text, "{{> p%d}}\n", i);
	}
	put("own/boot.gpxe", text.data);
	check_failures("");
	put("own/more.gpxe", "");
	buf_puts(&text, "{{> more}}\n{{> p1021}}\n");
	put("own/boot.gpxe", text.data);
	check_failures("boot.gpxe:1023: uses more than 1024 templates in all: "
		       "put some of them together\n");
	buf_free(&text);
	buf_free(&path);
}

static void test_earlier_name_is_refused_with_the_new_one(void **state)
{
	static const struct {
		const char *file;
		const char *text;
		const char *failure;
	} rows[] = {
		{ "own/menu.grub", "\n{{#attempts}}{{/attempts}}\n",
		  "menu.grub:2: 'attempts' has been called mirrors since "
		  "0.2.0; "
		  "write mirrors\n" },
		{ "own/menu.html", "{{^sources}}{{/sources}}\n",
		  "menu.html:1: 'sources' has been called mirrors since 0.2.0; "
		  "write mirrors\n" },
		{ "own/menu.html", "{{sources.first}}",
		  "menu.html:1: 'sources' has been called mirrors since 0.2.0; "
		  "write mirrors\n" },
		/* Each part of a name. */
		{ "own/menu.grub", "{{#bios.attempts}}{{/bios.attempts}}",
		  "menu.grub:1: 'attempts' has been called mirrors since "
		  "0.2.0; "
		  "write mirrors\n" },
		{ "own/menu.grub", "{{x.y.sources.z}}",
		  "menu.grub:1: 'sources' has been called mirrors since 0.2.0; "
		  "write mirrors\n" },
		{ "own/menu.ipxe", "{{> look}}\n",
		  "menu.ipxe:1: 'look' has been called theme since 0.2.0; "
		  "write theme\n" },
		{ "own/menu.ipxe", "{{> attempts}}\n",
		  "menu.ipxe:1: 'attempts' has been called mirrors since "
		  "0.2.0; "
		  "write mirrors\n" },
		{ "own/look.grub", "",
		  "look.grub: has been called theme.grub since 0.2.0: "
		  "rename it\n" },
		{ "own/attempts.ipxe", "",
		  "attempts.ipxe: has been called mirrors.ipxe since 0.2.0: "
		  "rename it\n" },
		/* Similar names are not affected. */
		{ "own/menu.grub", "{{look}}{{sources2}}{{.}}\n", "" },
		{ "own/menu.grub", "{{x.xattempts}}{{attempt.sources_}}\n",
		  "" },
		/* The name of a partial is that of its file. */
		{ "own/menu.grub", "{{> look.site}}{{> attempts.d}}\n", "" },
		{ "own/sources.grub", "", "" },
		{ "own/look.json", "", "" },
	};

	(void)state;
	put_pages();
	put("own/look.site.grub", "");
	put("own/attempts.d.grub", "");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		put(rows[i].file, rows[i].text);
		check_failures(rows[i].failure);
		unlink(rows[i].file);
	}
}

static void test_missing_old_file_that_appears_is_a_change(void **state)
{
	struct loaded l;

	(void)state;
	put_pages();
	put("own/menu.grub", "");
	scratch_wait();
	l = load();
	put("own/look.grub", "");
	assert_true(stamps_is_group_changed(l.stamps, dialect_find("grub")));
	unload(&l);
}

#define REFUSED(place, name)                                                   \
	place ": section '" name                                               \
	      "' belongs inside section 'mirrors' since 0.2.0\n"

static void test_boot_methods_stand_within_mirrors(void **state)
{
	static const struct {
		const char *menu;
		const char *partial;
		const char *failures;
	} rows[] = {
		{ "{{#mirrors}}{{#pxelinux}}{{/pxelinux}}{{#kernel}}{{/kernel}}"
		  "{{#chain}}{{/chain}}{{/mirrors}}\n",
		  "", "" },
		{ "{{#pxelinux}}{{/pxelinux}}\n{{#kernel}}{{/kernel}}\n"
		  "{{^chain}}{{/chain}}\n",
		  "",
		  REFUSED("menu.gpxe:1", "pxelinux")
			  REFUSED("menu.gpxe:2", "kernel")
				  REFUSED("menu.gpxe:3", "chain") },
		{ "{{#mirrors}}\n{{/mirrors}}{{#kernel}}{{/kernel}}\n", "",
		  REFUSED("menu.gpxe:2", "kernel") },
		{ "{{#mirrors}}{{#mirrors}}{{/mirrors}}{{#kernel}}{{/kernel}}"
		  "{{/mirrors}}\n",
		  "", "" },
		{ "{{#mirrors}}{{#a}}{{#kernel}}{{/kernel}}{{/a}}{{/mirrors}}",
		  "", "" },
		/* Each part of a name: the last one is what the section is. */
		{ "{{#efi.mirrors}}{{#kernel}}{{/kernel}}{{/efi.mirrors}}\n"
		  "{{#kernel}}{{/kernel}}\n",
		  "", REFUSED("menu.gpxe:2", "kernel") },
		{ "{{#mirrors.first}}\n{{#kernel}}{{/kernel}}"
		  "{{/mirrors.first}}\n",
		  "", REFUSED("menu.gpxe:2", "kernel") },
		{ "{{#mirrors.kernel}}{{/mirrors.kernel}}"
		  "{{^bios.mirrors.chain.x}}{{/bios.mirrors.chain.x}}\n",
		  "", "" },
		{ "{{#mirrors}}{{#kernel.args}}{{/kernel.args}}{{/mirrors}}\n",
		  "", "" },
		{ "{{#bios.kernel}}{{/bios.kernel}}\n"
		  "{{#kernel.args}}{{/kernel.args}}\n"
		  "{{^x.chain.kernel}}{{/x.chain.kernel}}\n",
		  "",
		  REFUSED("menu.gpxe:1", "bios.kernel")
			  REFUSED("menu.gpxe:2", "kernel.args")
				  REFUSED("menu.gpxe:3", "x.chain.kernel") },
		{ "{{#chain.mirrors}}{{/chain.mirrors}}\n", "",
		  REFUSED("menu.gpxe:1", "chain.mirrors") },
		{ "{{#bios.sources}}{{#kernel}}{{/kernel}}{{/bios.sources}}\n"
		  "{{#sources.kernel}}{{/sources.kernel}}",
		  "",
		  "menu.gpxe:1: 'sources' has been called mirrors since 0.2.0; "
		  "write mirrors\n"
		  "menu.gpxe:2: 'sources' has been called mirrors since 0.2.0; "
		  "write mirrors\n" },
		{ "{{#bios.kernels}}{{/bios.kernels}}{{#.}}{{/.}}\n", "", "" },
		/* A partial is in the place that uses it. */
		{ "{{#mirrors}}{{> p}}{{/mirrors}}\n",
		  "{{#kernel}}{{/kernel}}\n", "" },
		{ "{{> p}}\n", "\n{{#kernel}}{{/kernel}}\n",
		  REFUSED("p.gpxe:2", "kernel") },
		{ "{{#mirrors}}{{> p}}{{/mirrors}}{{> p}}{{> p}}\n",
		  "{{#kernel}}{{/kernel}}\n", REFUSED("p.gpxe:1", "kernel") },
		{ "{{> p}}{{> p}}\n",
		  "{{#mirrors}}{{#kernel}}{{> p}}{{/kernel}}{{/mirrors}}\n",
		  "" },
		/* It counts like the section with the new name. */
		{ "{{#sources}}{{#kernel}}{{/kernel}}{{/sources}}\n", "",
		  "menu.gpxe:1: 'sources' has been called mirrors since 0.2.0; "
		  "write mirrors\n" },
		/* Neither a section nor one of these names. */
		{ "{{kernel}}{{> kernel}}{{#kernels}}{{/kernels}}\n", "", "" },
	};

	(void)state;
	put_pages();
	put("own/kernel.gpxe", "");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		put("own/menu.gpxe", rows[i].menu);
		put("own/p.gpxe", rows[i].partial);
		check_failures(rows[i].failures);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(
			test_directories_are_the_sites_own_then_the_shipped),
		SCRATCH_TEST(test_pages_and_their_partials_are_loaded),
		SCRATCH_TEST(test_files_are_of_the_group_of_their_dialect),
		SCRATCH_TEST(test_each_failure_is_reported),
		SCRATCH_TEST(test_one_failure_is_enough),
		SCRATCH_TEST(test_file_is_no_directory),
		SCRATCH_TEST(test_templates_are_bounded),
		SCRATCH_TEST(test_earlier_name_is_refused_with_the_new_one),
		SCRATCH_TEST(test_missing_old_file_that_appears_is_a_change),
		SCRATCH_TEST(test_boot_methods_stand_within_mirrors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
