#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "error.h"
#include "include.h"
#include "scratch.h"
#include "stamps.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static const char *const sections[] = { "one", "two", NULL };

static int read_path(struct include *inc, const char *path, struct error *err)
{
	struct stamps *stamps = stamps_new();
	int rc = include_read(inc, path, sections, stamps, err);

	stamps_free(stamps);
	return rc;
}

/* What the files say in the end, as JSON with ' for ". */
static void check_merged(const char *path, const char *expected)
{
	struct error err = ERROR_INIT;
	struct include inc;
	char *text;

	if (read_path(&inc, path, &err) < 0)
		fail_msg("%s: %s", path, err.text);
	text = json_dumps(inc.sections, JSON_COMPACT);
	for (char *c = text; (c = strchr(c, '"')) != NULL;)
		*c = '\'';
	if (strcmp(text, expected) != 0)
		fail_msg("%s: %s, not %s", path, text, expected);
	free(text);
	include_free(&inc);
}

static void check_refused(const char *path, const char *message)
{
	struct error err = ERROR_INIT;
	struct include inc;

	if (read_path(&inc, path, &err) == 0)
		fail_msg("%s is taken, not '%s'", path, message);
	if (strcmp(err.text, message) != 0)
		fail_msg("%s: %s", path, err.text);
	assert_null(inc.sections);
	assert_null(inc.origins);
}

static void test_every_section_is_there(void **state)
{
	(void)state;
	put_json("a.json", "{}");
	check_merged("a.json", "{'one':{},'two':{}}");
	put_json("a.json", "{'$schema': 'x', 'include': [], 'two': {'a': 1}}");
	check_merged("a.json", "{'one':{},'two':{'a':1}}");
}

/* Where a value has them, and where a section or the file has. */
static void test_comments_may_stand_in_any_object(void **state)
{
	(void)state;
	put_json("a.json",
		 "{'$comment': 'x', 'include': ['b.json'],"
		 " 'one': {'$comment': 1, 'a': {'$comment': {'b': 1}, 'c': 1},"
		 "         'd': [{'$comment': 'y', 'e': [1, {'$comment': "
		 "2}]}]}}");
	put_json("b.json", "{'$comment': ['z'], 'two': {'$comment': null}}");
	check_merged("a.json", "{'one':{'a':{'c':1},'d':[{'e':[1,{}]}]},"
			       "'two':{}}");
}

static void test_later_values_replace_and_null_removes(void **state)
{
	(void)state;
	put_json("a.json",
		 "{'include': ['b.json', 'c.json'],"
		 " 'one': {'a': {'x': 1, 'y': 2}, 'b': 1, 'c': 1, 'd': null},"
		 " 'two': {'a': 1}}");
	put_json("b.json", "{'one': {'a': {'z': 3}, 'b': null, 'e': 5}}");
	put_json("c.json", "{'one': {'b': 2, 'e': null, 'none': null}}");
	check_merged("a.json",
		     "{'one':{'a':{'z':3},'c':1,'b':2},'two':{'a':1}}");
}

/* A file's includes come behind its own content, wherever the key stands. */
static void test_includes_follow_in_order_and_nest(void **state)
{
	(void)state;
	put_json("a.json", "{'include': ['dir/b.json', 'c.json'],"
			   " 'one': {'by': 'a', 'a': 1}}");
	put_json("dir/b.json", "{'include': ['d.json', '../e.json'],"
			       " 'one': {'by': 'b', 'b': 1}}");
	put_json("dir/d.json", "{'one': {'by': 'd', 'd': 1}}");
	put_json("e.json", "{'one': {'by': 'e', 'e': 1}}");
	put_json("c.json", "{'one': {'c': 1}}");
	check_merged("a.json",
		     "{'one':{'by':'e','a':1,'b':1,'d':1,'e':1,'c':1},"
		     "'two':{}}");
	check_merged("./a.json", "{'one':{'by':'e','a':1,'b':1,'d':1,'e':1,"
				 "'c':1},'two':{}}");
}

static void test_wildcards_match_in_order_of_name(void **state)
{
	(void)state;
	put_json("a.json", "{'include': ['d/*.json'], 'one': {'by': 'a'}}");
	check_merged("a.json", "{'one':{'by':'a'},'two':{}}");
	put_json("d/20.json", "{'one': {'by': '20'}}");
	put_json("d/10.json", "{'one': {'by': '10'}}");
	put_json("d/3.json", "{'one': {'by': '3'}}");
	put_json("d/.hidden.json", "{'one': {'by': 'hidden'}}");
	put("d/9.json~", "no JSON");
	put("d/9.txt", "no JSON");
	check_merged("a.json", "{'one':{'by':'3'},'two':{}}");
	put_json("a.json", "{'include': ['d/[12]0.json'], 'one': {}}");
	check_merged("a.json", "{'one':{'by':'20'},'two':{}}");
	put_json("a.json", "{'include': ['d/1?.json'], 'one': {}}");
	check_merged("a.json", "{'one':{'by':'10'},'two':{}}");
}

/* The directory that the file itself lies in is no pattern. */
static void test_directory_of_the_file_may_have_any_name(void **state)
{
	static const char *const dirs[] = { "a*b", "a?b", "[ab]", "a\\b", "*" };

	(void)state;
	for (size_t i = 0; i < LENGTH(dirs); i++) {
		char path[64];

		put_json("aXb/d/x.json", "{'one': {'by': 'another'}}");
		snprintf(path, sizeof(path), "%s/d/x.json", dirs[i]);
		put_json(path, "{'one': {'by': 'mine'}}");
		snprintf(path, sizeof(path), "%s/a.json", dirs[i]);
		put_json(path, "{'include': ['d/*.json']}");
		check_merged(path, "{'one':{'by':'mine'},'two':{}}");
	}
}

static void test_absolute_names_and_links_are_followed(void **state)
{
	char text[256];

	put_json("b.json", "{'one': {'by': 'b'}}");
	snprintf(text, sizeof(text), "{'include': ['%s/b.json']}",
		 (const char *)*state);
	put_json("a.json", text);
	check_merged("a.json", "{'one':{'by':'b'},'two':{}}");
	snprintf(text, sizeof(text), "{'include': ['%s/b*.json']}",
		 (const char *)*state);
	put_json("a.json", text);
	check_merged("a.json", "{'one':{'by':'b'},'two':{}}");
	assert_int_equal(symlink("a.json", "link.json"), 0);
	check_merged("link.json", "{'one':{'by':'b'},'two':{}}");
}

static void test_origin_is_the_last_file_that_set_an_id(void **state)
{
	static const struct {
		const char *section;
		const char *id;
		const char *file;
	} rows[] = {
		{ "one", "a", "a.json" },    { "one", "b", "b.json" },
		{ "one", "gone", "a.json" }, { "one", "unknown", "a.json" },
		{ "two", "a", "c.json" },    { "two", "b", "a.json" },
		{ "three", "a", "a.json" },  { "", "a", "a.json" },
	};
	struct error err = ERROR_INIT;
	struct include inc;

	(void)state;
	put_json("dir/a.json",
		 "{'include': ['b.json', 'd/c.json'],"
		 " 'one': {'a': 1, 'b': 1}, 'two': {'a': 1, 'b': 1}}");
	put_json("dir/b.json", "{'one': {'b': 2, 'gone': 1}}");
	put_json("dir/d/c.json", "{'one': {'gone': null}, 'two': {'a': 2}}");
	assert_int_equal(read_path(&inc, "dir/a.json", &err), 0);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *file =
			include_file(&inc, rows[i].section, rows[i].id);

		if (file == NULL || strcmp(file, rows[i].file) != 0)
			fail_msg("/%s/%s: %s", rows[i].section, rows[i].id,
				 file != NULL ? file : "NULL");
	}
	include_free(&inc);
}

static void test_bad_files_say_where(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} rows[] = {
		{ "", "a.json:1: column 1: a file begins with '{'" },
		{ "{", "a.json:1: column 1: the file ends here, but a '}' "
		       "is missing" },
		{ "{\n 'one': {\n  'a': 1,\n }\n}",
		  "a.json:3: column 9: a ',' too many: the last value has none "
		  "behind it" },
		{ "{\n // mine\n 'one': {}}",
		  "a.json:2: column 2: JSON has no comments: write a remark as "
		  "the value of a key \"$comment\"" },
		{ "{'one': {'a': 1, 'a': 2}}",
		  "a.json:1: column 20: the key \"a\" stands here twice: "
		  "remove one of them" },
		{ "{'one': {}, 'one': {}}",
		  "a.json:1: column 17: the key \"one\" stands here twice: "
		  "remove one of them" },
		{ "[]", "a.json:1: must be an object, in { }" },
		{ "'one'", "a.json:1: column 5: a file begins with '{'" },
		{ "{} {}",
		  "a.json:1: column 4: nothing may follow the last '}'" },
		{ "{'one': []}", "a.json: /one: must be an object, in { }" },
		{ "{'two': null}", "a.json: /two: must be an object, in { }" },
		{ "{'three': {}}",
		  "a.json: /three: unknown key; here are one, two, include" },
		{ "{'include': 'b.json'}",
		  "a.json: /include: must be an array, in [ ]" },
		{ "{'include': {}}",
		  "a.json: /include: must be an array, in [ ]" },
		{ "{'include': ['ok.json', 1]}",
		  "a.json: /include/1: must be a file's name, a string" },
		{ "{'include': ['']}",
		  "a.json: /include/0: must be a file's name, a string" },
		{ "{'include': ['ok.json', '*/b.json']}",
		  "a.json: /include/1: only the last part of the name may "
		  "have wildcards" },
		{ "{'include': ['d?/b.json']}",
		  "a.json: /include/0: only the last part of the name may "
		  "have wildcards" },
		{ "{'include': ['dir/']}",
		  "a.json: /include/0: must be a file's name, a string" },
		{ "{'include': ['dir']}", "dir: is a directory, not a file" },
		{ "{'include': ['http://me:word@h/a.json']}",
		  "a.json: /include/0: must name a file, not a URL" },
		{ "{'include': ['me:word@h']}",
		  "a.json: /include/0: there is no file ...: correct the "
		  "name, or remove it" },
		{ "{'http://me:word@h/': {}}",
		  "a.json: /...: unknown key; here are one, two, include" },
		{ "{'include': ['fifo']}", "fifo: is not a regular file" },
	};

	(void)state;
	put("ok.json", "{}");
	put("dir/x", "");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		put_json("a.json", rows[i].text);
		check_refused("a.json", rows[i].message);
	}
}

static void test_missing_files_are_named(void **state)
{
	(void)state;
	check_refused("a.json",
		      "a.json: no such file: create it, or name another "
		      "catalogue in MIRRORBOOT_CATALOG");
	check_refused("dir/a.json",
		      "a.json: no such file: create it, or name another "
		      "catalogue in MIRRORBOOT_CATALOG");
	put_json("a.json", "{'include': ['b.json']}");
	check_refused(
		"a.json",
		"a.json: /include/0: there is no file b.json: correct the "
		"name, or remove it");
	put_json("b.json", "{'one': {'a': 1}, 'include': ['d/c.json']}");
	check_refused(
		"a.json",
		"b.json: /include/0: there is no file c.json: correct the "
		"name, or remove it");
}

static void test_name_that_is_not_utf8_is_refused(void **state)
{
	(void)state;
	put_json("a.json", "{'include': ['d/*.json']}");
	put("d/caf\351.json", "{}");
	check_refused("a.json",
		      "caf*.json: has a name that is not UTF-8: rename it");
}

/* The link leads to itself, which stops root too. */
static void test_directory_that_cannot_be_read_is_no_empty_one(void **state)
{
	struct stamps *stamps = stamps_new();
	struct error err = ERROR_INIT;
	struct include inc;

	(void)state;
	put_json("a.json", "{'include': ['none/*.json', 'loop/*.json']}");
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(include_read(&inc, "a.json", sections, stamps, &err),
			 -1);
	assert_string_equal(err.text,
			    "a.json: /include/1: the directory cannot be read: "
			    "Too many levels of symbolic links");
	assert_true(stamps_has_failed(stamps));
	stamps_free(stamps);
}

static void test_null_removes_all_values_by_id(void **state)
{
	static const char *const merged[] = { "distros", NULL };
	struct stamps *stamps = stamps_new();
	struct error err = ERROR_INIT;
	struct include inc = { .files = NULL };
	char *text;

	(void)state;
	put_json("a.json",
		 "{'include': ['b.json'], 'distros': {'d': {'variants':"
		 " {'v': {}, 'w': {}}, 'versions': {'1': {'arches': ['i386'],"
		 " 'variants': {'v': {}}}}}}}");
	put_json("b.json",
		 "{'distros': {'d': {'variants': null, 'arches': null,"
		 " 'versions': {'1': {'variants': null}}}}}");
	assert_int_equal(include_read(&inc, "a.json", merged, stamps, &err), 0);
	text = json_dumps(inc.sections, JSON_COMPACT);
	assert_string_equal(
		text,
		"{\"distros\":{\"d\":{\"variants\":{},\"versions\":{\"1\":"
		"{\"arches\":[\"i386\"],\"variants\":{}}},"
		"\"arches\":null}}}");
	assert_true(include_is_removed(&inc, "distros", "d/variants/v"));
	assert_true(include_is_removed(&inc, "distros", "d/variants/w"));
	assert_true(
		include_is_removed(&inc, "distros", "d/versions/1/variants/v"));
	assert_int_equal(json_array_size(inc.useless_nulls), 0);
	free(text);
	include_free(&inc);
	stamps_free(stamps);
}

static void test_null_that_removes_nothing_is_noted(void **state)
{
	struct error err = ERROR_INIT;
	struct include inc;
	char *text;

	(void)state;
	put_json("a.json", "{'include': ['b.json'], 'one': {'a': 1}}");
	put_json("b.json", "{'one': {'a': null, 'b': null}}");
	assert_int_equal(read_path(&inc, "a.json", &err), 0);
	text = json_dumps(inc.useless_nulls, JSON_COMPACT);
	assert_string_equal(text, "[{\"file\":\"b.json\",\"section\":\"one\","
				  "\"id\":\"b\"}]");
	assert_true(include_is_removed(&inc, "one", "a"));
	assert_false(include_is_removed(&inc, "one", "b"));
	assert_false(include_is_removed(&inc, "two", "a"));
	free(text);
	include_free(&inc);
}

static void test_replaced_value_is_noted_with_both_files(void **state)
{
	struct error err = ERROR_INIT;
	struct include inc;
	char *text;

	(void)state;
	put_json("a.json", "{'include': ['b.json', 'c.json'],"
			   " 'one': {'a': 1, 'b': 1, 'c': 1}}");
	put_json("b.json", "{'one': {'a': 2, 'b': null}}");
	put_json("c.json", "{'one': {'a': 3, 'b': 3}, 'two': {'c': 1}}");
	assert_int_equal(read_path(&inc, "a.json", &err), 0);
	text = json_dumps(inc.replaced, JSON_COMPACT);
	assert_string_equal(text, "[{\"file\":\"a.json\",\"section\":\"one\","
				  "\"id\":\"a\",\"by\":\"b.json\","
				  "\"is_null\":false},"
				  "{\"file\":\"b.json\",\"section\":\"one\","
				  "\"id\":\"a\",\"by\":\"c.json\","
				  "\"is_null\":false},"
				  "{\"file\":\"b.json\",\"section\":\"one\","
				  "\"id\":\"b\",\"by\":\"c.json\","
				  "\"is_null\":true}]");
	assert_false(include_is_removed(&inc, "one", "b"));
	free(text);
	include_free(&inc);
}

static void test_circles_end(void **state)
{
	static const char too_many[] =
		"a.json: too many includes: at most 256 files, 8 levels (does "
		"a file include itself?)";

	(void)state;
	put_json("a.json", "{'include': ['a.json']}");
	check_refused("a.json", too_many);
	put_json("a.json", "{'include': ['*.json']}");
	check_refused("a.json", too_many);
	put_json("a.json", "{'include': ['c.json']}");
	put_json("c.json", "{'include': ['d/../a.json']}");
	put("d/x", "");
	check_refused("a.json", too_many);
}

/* A chain of files, and a file that includes many. */
static void test_as_many_files_and_levels_as_promised(void **state)
{
	char name[32];
	char text[64];

	(void)state;
	for (int i = 1; i <= 9; i++) {
		snprintf(name, sizeof(name), "%d.json", i);
		snprintf(text, sizeof(text),
			 "{'one': {'last': %d}, 'include': [%s%d%s]}", i,
			 i < 8 ? "'" : "", i + 1, i < 8 ? ".json'" : "");
		put_json(name, i == 8 ? "{'one': {'last': 8}}" : text);
	}
	check_merged("1.json", "{'one':{'last':8},'two':{}}");
	put_json("8.json", "{'include': ['9.json']}");
	check_refused("1.json", "9.json: too many includes: at most 256 "
				"files, 8 levels (does a file include "
				"itself?)");
	put_json("a.json", "{'include': ['many/*']}");
	for (int i = 0; i < 255; i++) {
		char path[32];

		snprintf(path, sizeof(path), "many/%03d", i);
		put_json(path, i == 254 ? "{'one': {'last': 254}}" : "{}");
	}
	check_merged("a.json", "{'one':{'last':254},'two':{}}");
	put("many/255", "{}");
	check_refused("a.json", "255: too many includes: at most 256 files, 8 "
				"levels (does a file include itself?)");
}

/* Also when reading fails: then the next look is at a mended file. */
static void test_everything_that_was_looked_at_has_a_stamp(void **state)
{
	static const struct {
		const char *text;
		const char *changed; /* written after it was read */
	} rows[] = {
		{ "{}", "a.json" },
		{ "{", "a.json" },
		{ "{'include': ['missing.json']}", "missing.json" },
		{ "{'include': ['b.json', 'bad.json']}", "b.json" },
		{ "{'include': ['bad.json']}", "bad.json" },
		{ "{'include': ['d/*.json']}", "d/new.json" },
		{ "{'include': ['d/*.json', 'bad.json']}", "d/new.json" },
		{ "{'include': ['*.conf']}", "new.conf" },
	};

	(void)state;
	put("d/x", "");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct stamps *stamps = stamps_new();
		struct error err = ERROR_INIT;
		struct include inc;

		remove("d/new.json");
		put("b.json", "{}");
		put("bad.json", "{");
		put_json("a.json", rows[i].text);
		scratch_wait();
		if (include_read(&inc, "a.json", sections, stamps, &err) == 0)
			include_free(&inc);
		if (stamps_is_changed(stamps))
			fail_msg("row %zu: changed at once", i);
		put(rows[i].changed, "{ }");
		if (!stamps_is_changed(stamps))
			fail_msg("row %zu: %s has no stamp", i,
				 rows[i].changed);
		remove(rows[i].changed);
		stamps_free(stamps);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_every_section_is_there),
		SCRATCH_TEST(test_comments_may_stand_in_any_object),
		SCRATCH_TEST(test_later_values_replace_and_null_removes),
		SCRATCH_TEST(test_includes_follow_in_order_and_nest),
		SCRATCH_TEST(test_wildcards_match_in_order_of_name),
		SCRATCH_TEST(test_directory_of_the_file_may_have_any_name),
		SCRATCH_TEST(test_absolute_names_and_links_are_followed),
		SCRATCH_TEST(test_origin_is_the_last_file_that_set_an_id),
		SCRATCH_TEST(test_bad_files_say_where),
		SCRATCH_TEST(test_missing_files_are_named),
		SCRATCH_TEST(test_name_that_is_not_utf8_is_refused),
		SCRATCH_TEST(
			test_directory_that_cannot_be_read_is_no_empty_one),
		SCRATCH_TEST(test_null_removes_all_values_by_id),
		SCRATCH_TEST(test_null_that_removes_nothing_is_noted),
		SCRATCH_TEST(test_replaced_value_is_noted_with_both_files),
		SCRATCH_TEST(test_circles_end),
		SCRATCH_TEST(test_as_many_files_and_levels_as_promised),
		SCRATCH_TEST(test_everything_that_was_looked_at_has_a_stamp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
