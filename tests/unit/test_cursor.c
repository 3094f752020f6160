#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "bench.h"
#include "cursor.h"

static void test_pointer_is_written_as_rfc_6901_has_it(void **state)
{
	struct bench b;
	size_t outer;
	size_t inner;

	(void)state;
	bench_start(&b, "{}");
	outer = cursor_enter(&b.at, "x/y~z");
	inner = cursor_enter_index(&b.at, 12);
	cursor_enter(&b.at, "");
	assert_string_equal(b.at.pointer.data, "/a/x~1y~0z/12/");
	cursor_leave(&b.at, inner);
	assert_string_equal(b.at.pointer.data, "/a/x~1y~0z");
	cursor_leave(&b.at, outer);
	assert_int_equal(cursor_fail_key(&b.at, "k", "%d things", 3), -1);
	assert_string_equal(b.err.text, "f: /a/k: 3 things");
	assert_int_equal(cursor_fail(&b.at, "later"), -1);
	assert_string_equal(b.err.text, "f: /a/k: 3 things");
	bench_end(&b);
}

static void test_failure_offers_what_there_is(void **state)
{
	static const char *const known[] = { "one", "two", NULL };
	const struct offer offer = { .wanted = "on", .known = known };
	struct bench b;

	(void)state;
	bench_start(&b, "{}");
	assert_int_equal(cursor_fail_offer(&b.at, "k", &offer, "no %s", "on"),
			 -1);
	assert_string_equal(b.err.text, "f: /a/k: no on; did you mean 'one'?");
	assert_string_equal(b.instead, "did you mean 'one'?");
	cursor_fail(&b.at, "another");
	assert_string_equal(b.instead, "");
	bench_end(&b);
}

/* At the root, the pointer is empty. */
static void test_failure_of_the_whole_file_has_no_pointer(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, "{}");
	cursor_leave(&b.at, 0);
	cursor_fail(&b.at, "reason");
	assert_string_equal(b.err.text, "f: reason");
	cursor_enter(&b.at, "a");
	bench_end(&b);
}

static void test_id_that_a_section_lacks_is_told_from_its_own(void **state)
{
	struct include files = { .files = json_pack("[s]", "main.json") };
	struct bench b;

	(void)state;
	files.sections = json_pack("{s:{s:i, s:i}, s:{}}", "menus", "main", 1,
				   "more", 2, "mirrors");
	files.origins =
		json_pack("{s:{s:s, s:n}}", "menus", "main", "a.json", "more");
	bench_start(&b, "{}");
	b.at.files = &files;
	cursor_go(&b.at, "menus", "main");
	assert_string_equal(cursor_file(&b.at), "a.json");
	assert_int_equal(cursor_fail_id(&b.at, "menu", "menus", "x"), -1);
	assert_string_equal(b.err.text, "a.json: /menus/main/menu: there is no "
					"menu 'x'");
	assert_string_equal(b.instead, "there is main, more");
	cursor_go(&b.at, "menus", "more");
	assert_string_equal(cursor_file(&b.at), "main.json");
	cursor_fail_id(&b.at, "mirror", "mirrors", "x");
	assert_string_equal(b.instead, "");
	cursor_leave(&b.at, 0);
	cursor_enter(&b.at, "a");
	json_decref(files.sections);
	json_decref(files.origins);
	json_decref(files.files);
	bench_end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pointer_is_written_as_rfc_6901_has_it),
		cmocka_unit_test(test_failure_offers_what_there_is),
		cmocka_unit_test(test_failure_of_the_whole_file_has_no_pointer),
		cmocka_unit_test(
			test_id_that_a_section_lacks_is_told_from_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
