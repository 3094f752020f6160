#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

static void test_empty_buffer_reads_as_empty_text(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_text(&b), "");
	buf_free(&b);
}

static void test_adding_nothing_still_ends_in_nul(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, "x", 0);
	assert_non_null(b.data);
	assert_string_equal(b.data, "");
	buf_free(&b);
}

static void test_everything_is_appended_in_order(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, "abcd", 2);
	buf_puts(&b, "c");
	buf_putc(&b, 'd');
	buf_printf(&b, "%d%s", 12, "z");
	buf_printf(&b, "%s", "");
	assert_int_equal(b.len, 7);
	assert_string_equal(b.data, "abcd12z");
	buf_free(&b);
}

static void test_nul_bytes_are_kept(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, "a\0b", 3);
	buf_putc(&b, '\0');
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "a\0b\0", 5);
	buf_free(&b);
}

/* Around the sizes where a buffer grows. */
static void test_growing_keeps_every_byte_and_the_nul(void **state)
{
	static const size_t sizes[] = { 1,    4094, 4095,  4096,  4097,
					8191, 8192, 65535, 65536, 100000 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct buf b = BUF_INIT;
		char *text = malloc(sizes[i]);

		memset(text, 'x', sizes[i]);
		buf_add(&b, text, sizes[i]);
		buf_putc(&b, 'y');
		assert_int_equal(b.len, sizes[i] + 1);
		assert_true(b.size > b.len);
		assert_memory_equal(b.data, text, sizes[i]);
		assert_string_equal(b.data + sizes[i], "y");
		free(text);
		buf_free(&b);
	}
}

static void test_one_byte_at_a_time_grows_too(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (int i = 0; i < 20000; i++)
		buf_putc(&b, (char)('a' + i % 26));
	assert_int_equal(b.len, 20000);
	for (int i = 0; i < 20000; i++)
		if (b.data[i] != 'a' + i % 26)
			fail_msg("byte %d is '%c'", i, b.data[i]);
	buf_free(&b);
}

static void test_printf_grows_to_a_long_text(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_puts(&b, "<");
	buf_printf(&b, "%010000d>", 7);
	assert_int_equal(b.len, 10002);
	assert_string_equal(b.data + 9999, "07>");
	buf_free(&b);
}

static void test_reserved_room_is_not_text(void **state)
{
	struct buf b = BUF_INIT;
	const char *before;

	(void)state;
	buf_reserve(&b, 10000);
	assert_int_equal(b.len, 0);
	assert_true(b.size > 10000);
	before = b.data;
	for (int i = 0; i < 10000; i++)
		buf_putc(&b, 'x');
	assert_ptr_equal(b.data, before);
	buf_free(&b);
}

static void test_truncate_shortens_and_never_lengthens(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_truncate(&b, 0);
	buf_truncate(&b, 5);
	assert_null(b.data);
	buf_puts(&b, "abcdef");
	buf_truncate(&b, 9);
	assert_string_equal(b.data, "abcdef");
	buf_truncate(&b, 6);
	assert_string_equal(b.data, "abcdef");
	buf_truncate(&b, 2);
	assert_int_equal(b.len, 2);
	assert_string_equal(b.data, "ab");
	buf_truncate(&b, 0);
	assert_string_equal(b.data, "");
	buf_free(&b);
}

static void test_taken_text_is_the_callers_and_the_buffer_empty(void **state)
{
	struct buf b = BUF_INIT;
	char *text;

	(void)state;
	buf_puts(&b, "mine");
	text = buf_take(&b);
	assert_string_equal(text, "mine");
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.size, 0);
	free(text);
	text = buf_take(&b);
	assert_string_equal(text, "");
	free(text);
}

static void test_freed_buffer_can_be_used_again(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_puts(&b, "one");
	buf_free(&b);
	buf_free(&b);
	buf_puts(&b, "two");
	assert_string_equal(b.data, "two");
	buf_free(&b);
}

static void test_room_can_be_given_up(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_fit(&b);
	assert_null(b.data);
	buf_puts(&b, "abc");
	buf_fit(&b);
	assert_int_equal(b.size, 4);
	buf_putc(&b, 'd');
	assert_string_equal(b.data, "abcd");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_buffer_reads_as_empty_text),
		cmocka_unit_test(test_adding_nothing_still_ends_in_nul),
		cmocka_unit_test(test_everything_is_appended_in_order),
		cmocka_unit_test(test_nul_bytes_are_kept),
		cmocka_unit_test(test_growing_keeps_every_byte_and_the_nul),
		cmocka_unit_test(test_one_byte_at_a_time_grows_too),
		cmocka_unit_test(test_printf_grows_to_a_long_text),
		cmocka_unit_test(test_reserved_room_is_not_text),
		cmocka_unit_test(test_truncate_shortens_and_never_lengthens),
		cmocka_unit_test(
			test_taken_text_is_the_callers_and_the_buffer_empty),
		cmocka_unit_test(test_freed_buffer_can_be_used_again),
		cmocka_unit_test(test_room_can_be_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
