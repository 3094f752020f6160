#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "answer.h"
#include "language.h"
#include "loaded.h"
#include "loader.h"

#define CATALOG                                                                \
	"{" MENUS ", 'site': {'base': 'http://boot.example.org/boot/',"        \
	" 'values': {'a': 'site', 'b': 'site', 'c': 'site'},"                  \
	" 'keyboard': 'de', 'proxy': 'http://site:3128/'},"                    \
	" 'mirrors': {'m': ['http://one/debian/', 'https://two:8/d/e/']},"     \
	" 'distros': {'d': {'title': 'D', 'mirror': 'm',"                      \
	" 'kernel': '{{mirror}}linux', 'initrds': ['{{mirror}}initrd'],"       \
	" 'args': '%s', 'answer_args': 'x=1 url={{answers}}f;u={{answers}}',"  \
	" 'versions': {'1': {'arches': ['amd64']}}}},"                         \
	" 'groups': {'g': {'boot': {'distro': 'd', 'version': '1',"            \
	" 'arch': 'amd64'}, 'answers': 'own', 'platform': 'bios',"             \
	" 'values': {'b': 'group', 'c': 'group'}}}}"

#define FILE_OF(name) "answers/own/" name
#define MAC "52-54-00-12-34-56"

static void add_url(void *ctx, size_t mirror, struct buf *url)
{
	buf_printf(url, "%s%zu/", (const char *)ctx, mirror);
}

static void check_args(const char *args, const char *first, const char *second)
{
	struct buf text = BUF_INIT;
	struct mem_pool pool = MEM_POOL_INIT;
	struct catalog *c;
	const struct release *led;

	buf_printf(&text, CATALOG, args);
	c = load(text.data);
	led = answer_release(catalog_release(c, "d", "1", "amd64", NULL),
			     add_url, "http://b/", &pool);
	check_text(args, led->mirrors[0].args, first);
	check_text(args, led->mirrors[1].args, second);
	assert_string_equal(led->mirrors[0].kernel, "http://one/debian/linux");
	assert_null(led->mirrors[0].unwritable);
	mem_pool_free(&pool);
	catalog_free(c);
	buf_free(&text);
}

static void test_words_for_answers_go_before_the_dashes(void **state)
{
	(void)state;
	check_args("x=2 url=a", "x=2 url=a url=http://b/0/f;u=http://b/0/",
		   "x=2 url=a url=http://b/1/f;u=http://b/1/");
	check_args("x", "x x=1 url=http://b/0/f;u=http://b/0/",
		   "x x=1 url=http://b/1/f;u=http://b/1/");
	check_args("a", "a x=1 url=http://b/0/f;u=http://b/0/",
		   "a x=1 url=http://b/1/f;u=http://b/1/");
	check_args("a --- b", "a x=1 url=http://b/0/f;u=http://b/0/ --- b",
		   "a x=1 url=http://b/1/f;u=http://b/1/ --- b");
	check_args("--- b", "x=1 url=http://b/0/f;u=http://b/0/ --- b",
		   "x=1 url=http://b/1/f;u=http://b/1/ --- b");
	check_args("a -- b", "a x=1 url=http://b/0/f;u=http://b/0/ -- b",
		   "a x=1 url=http://b/1/f;u=http://b/1/ -- b");
	check_args("a=--- --b", "a=--- --b x=1 url=http://b/0/f;u=http://b/0/",
		   "a=--- --b x=1 url=http://b/1/f;u=http://b/1/");
}

static void add_long_url(void *ctx, size_t mirror, struct buf *url)
{
	(void)ctx;
	(void)mirror;
	for (int i = 0; i < 300; i++)
		buf_puts(url, "0123456789");
	buf_putc(url, '/');
}

static void test_what_a_loader_cannot_write_is_known(void **state)
{
	struct buf text = BUF_INIT;
	struct mem_pool pool = MEM_POOL_INIT;
	const struct release *led;
	struct catalog *c;

	(void)state;
	buf_printf(&text, CATALOG, "a");
	c = load(text.data);
	led = answer_release(catalog_release(c, "d", "1", "amd64", NULL),
			     add_long_url, NULL, &pool);
	assert_string_equal(led->mirrors[0].unwritable[0],
			    "has a kernel line that is longer than this loader "
			    "takes");
	mem_pool_free(&pool);
	catalog_free(c);
	buf_free(&text);
}

static struct site *open_site(void)
{
	static const char *const no_pages[] = { NULL };
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct site *site = site_new(
		&(struct site_paths){
			.catalog = "catalog.json",
			.shipped = "templates",
			.shipped_answers = "shipped",
		},
		no_pages, NULL);

	buf_printf(&text, CATALOG, "a");
	put_json("catalog.json", text.data);
	buf_free(&text);
	if (site_refresh(site, &err) < 0)
		fail_msg("%s", err.text);
	return site;
}

/* What the query shows; what begins with a digit is the status and the reason.
 */
static void check_preview(const char *query, const char *expected)
{
	struct site *site = open_site();
	struct error err = ERROR_INIT;
	struct buf body = BUF_INIT;
	struct buf found = BUF_INIT;
	int status = answer_preview(site, query, &body, &err);

	if (status == 200)
		buf_puts(&found, buf_text(&body));
	else
		buf_printf(&found, "%d %s", status, err.text);
	check_text(query, buf_text(&found), expected);
	buf_free(&found);
	buf_free(&body);
	site_free(site);
}

static void test_host_comes_before_group_and_site(void **state)
{
	(void)state;
	put(FILE_OF("v.txt"), "{{a}} {{b}} {{c}} {{#d}}d{{/d}}\n");
	put_json("hosts/" MAC ".json", "{'group': 'g', 'values': {'c': 'host',"
				       " 'd': true}}");
	check_preview("host=" MAC "&file=v.txt", "site group host d\n");
	check_preview("host=" MAC ".json&file=v.txt", "site group host d\n");
	check_preview("group=g&file=v.txt", "site group group \n");
	put_json("hosts/" MAC ".json", "{'group': 'g', 'values': {'b': null}}");
	check_preview("host=" MAC "&file=v.txt", "500 v.txt:1: 'b' is missing");
}

/* What is said for all installers, unless a value says otherwise. */
static void test_answers_say_what_kernel_arguments_say(void **state)
{
	(void)state;
	put(FILE_OF("w.txt"), "{{keyboard}}{{#proxy}} {{.}}{{/proxy}}\n");
	check_preview("group=g&file=w.txt", "de http://site:3128/\n");
	put_json("hosts/" MAC ".json", "{'group': 'g', 'keyboard': 'nl'}");
	check_preview("host=" MAC "&file=w.txt", "nl http://site:3128/\n");
	put_json("hosts/" MAC ".json", "{'group': 'g', 'proxy': null}");
	check_preview("host=" MAC "&file=w.txt", "de\n");
	put_json("hosts/" MAC ".json",
		 "{'group': 'g', 'keyboard': 'nl',"
		 " 'values': {'keyboard': 'fr', 'proxy': null}}");
	check_preview("host=" MAC "&file=w.txt", "fr\n");
}

static void test_pages_fill_in_what_they_know(void **state)
{
	(void)state;
	put(FILE_OF("f.txt"),
	    "{{answers}} {{done}}\n{{mirror}} {{mirror_protocol}} "
	    "{{mirror_host}} {{mirror_directory}}{{#mirror_https}} s"
	    "{{/mirror_https}}\n{{title}} {{distro}} {{version}} {{arch}} "
	    "{{distro_arch}}{{#variant}} {{.}}{{/variant}}\n");
	check_preview("group=g&file=f.txt",
		      "http://boot.example.org/boot/answer/TOKEN/ "
		      "http://boot.example.org/boot/answer/TOKEN/done\n"
		      "http://one/debian/ http one /debian\n"
		      "D d 1 amd64 amd64\n");
}

static void test_sites_own_file_comes_first(void **state)
{
	(void)state;
	put("shipped/own/s.txt", "shipped\n");
	check_preview("group=g&file=s.txt", "shipped\n");
	put(FILE_OF("s.txt"), "own\n");
	check_preview("group=g&file=s.txt", "own\n");
}

static void test_text_in_place_of_a_list_is_named(void **state)
{
	(void)state;
	put(FILE_OF("l.txt"), "{{#c}}{{#first}}x{{/first}}{{value}}{{/c}}\n");
	put_json("hosts/" MAC ".json", "{'group': 'g', 'values': {'c': ['1', "
				       "'2']}}");
	check_preview("host=" MAC "&file=l.txt", "x12\n");
	check_preview("group=g&file=l.txt",
		      "500 l.txt:1: 'c' is one text, but stands here as a "
		      "list: write its value in [ ]");
	put(FILE_OF("l.txt"), "{{#a}}{{#c}}{{value}}{{/c}}{{/a}}\n");
	check_preview("host=" MAC "&file=l.txt", "12\n");
	put(FILE_OF("l.txt"), "{{#a}}{{.}}{{/a}}{{value}}\n");
	check_preview("group=g&file=l.txt", "500 l.txt:1: 'value' is missing");
}

static void test_what_cannot_be_shown_is_said(void **state)
{
	static const struct {
		const char *query, *expected;
	} rows[] = {
		{ "", "400 needs host or group, one of them" },
		{ "host=" MAC "&group=g",
		  "400 needs host or group, one of them" },
		{ "name=x",
		  "400 unknown parameter; this page takes host, group, file" },
		{ "group=x", "404 there is no group of that name" },
		{ "host=52-54-00-12-34-57",
		  "404 there is no host file of that name" },
		{ "host=" MAC, "404 this machine gets no answers" },
		{ "group=g", "400 needs a file; answers/own has x.doc, x.txt" },
		{ "group=g&file=y.txt",
		  "404 there is no file of that name; answers/own has x.doc, "
		  "x.txt" },
		{ "group=g&file=..", "404 there is no file of that name; "
				     "answers/own has x.doc, x.txt" },
		{ "host=52-54-00-12-34-AB",
		  "400 has a name that is not looked for; name it "
		  "52-54-00-12-34-ab.json" },
		{ "group=g&file=x.doc",
		  "500 x.doc: its name does not tell its language: name it "
		  "like one of " LANGUAGE_NAMES },
		{ "group=g&file=x.txt", "500 x.txt: must end in a newline: "
					"add one" },
	};

	(void)state;
	put(FILE_OF("x.txt"), "x");
	put(FILE_OF("x.doc"), "x\n");
	put_json("hosts/" MAC ".json", "{'group': 'g', 'answers': null}");
	for (size_t i = 0; i < LENGTH(rows); i++)
		check_preview(rows[i].query, rows[i].expected);
	put_json("hosts/" MAC ".json", "{'group': 'g', 'answers': 'owm'}");
	check_preview("host=" MAC, "400 there is no directory answers/owm; "
				   "did you mean 'own'?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_words_for_answers_go_before_the_dashes),
		SCRATCH_TEST(test_what_a_loader_cannot_write_is_known),
		SCRATCH_TEST(test_host_comes_before_group_and_site),
		SCRATCH_TEST(test_answers_say_what_kernel_arguments_say),
		SCRATCH_TEST(test_pages_fill_in_what_they_know),
		SCRATCH_TEST(test_sites_own_file_comes_first),
		SCRATCH_TEST(test_text_in_place_of_a_list_is_named),
		SCRATCH_TEST(test_what_cannot_be_shown_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
