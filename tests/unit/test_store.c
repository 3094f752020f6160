#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "store.h"

static void test_equal_texts_are_one(void **state)
{
	struct mem_pool pool = MEM_POOL_INIT;
	struct store store = { .pool = &pool };
	char text[] = "a text";
	const char *first = store_text(&store, text);

	(void)state;
	assert_ptr_not_equal(first, text);
	assert_string_equal(first, "a text");
	assert_ptr_equal(store_text(&store, "a text"), first);
	assert_ptr_not_equal(store_text(&store, "a tex"), first);
	assert_string_equal(store_text(&store, ""), "");
	assert_null(store_text(&store, NULL));
	store_free(&store);
	assert_string_equal(first, "a text");
	mem_pool_free(&pool);
}

static void test_equal_arrays_are_one_and_aligned(void **state)
{
	struct mem_pool pool = MEM_POOL_INIT;
	struct store store = { .pool = &pool };
	const uint64_t one[] = { 1, 2, 3 };
	const uint64_t other[] = { 1, 2, 4 };
	const uint64_t *kept = store_array(&store, one, sizeof(one));

	(void)state;
	assert_memory_equal(kept, one, sizeof(one));
	assert_ptr_equal(store_array(&store, one, sizeof(one)), kept);
	assert_ptr_not_equal(store_array(&store, one, 16), kept);
	assert_ptr_not_equal(store_array(&store, other, sizeof(other)), kept);
	assert_null(store_array(&store, NULL, 8));
	store_free(&store);
	mem_pool_free(&pool);
}

/* A text may lie at any place. */
static void test_array_is_no_text_with_the_same_bytes(void **state)
{
	struct mem_pool pool = MEM_POOL_INIT;
	struct store store = { .pool = &pool };
	const char *text = store_text(&store, "1234567");
	const void *array = store_array(&store, "1234567", 8);

	(void)state;
	assert_ptr_not_equal(array, text);
	assert_int_equal((uintptr_t)array % sizeof(uint64_t), 0);
	store_free(&store);
	mem_pool_free(&pool);
}

/* More than there are places in the beginning. */
static void test_each_of_many_texts_is_found_again(void **state)
{
	static const char *kept[1000];
	struct mem_pool pool = MEM_POOL_INIT;
	struct store store = { .pool = &pool };

	(void)state;
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < 1000; i++) {
			const char *found;
			char text[16];

			snprintf(text, sizeof(text), "text %zu", i);
			found = store_text(&store, text);
			assert_string_equal(found, text);
			if (round == 0)
				kept[i] = found;
			assert_ptr_equal(found, kept[i]);
		}
	assert_int_equal(store.count, 1000);
	store_free(&store);
	mem_pool_free(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_texts_are_one),
		cmocka_unit_test(test_equal_arrays_are_one_and_aligned),
		cmocka_unit_test(test_array_is_no_text_with_the_same_bytes),
		cmocka_unit_test(test_each_of_many_texts_is_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
