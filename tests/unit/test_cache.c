#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cache.h"

#define ROOM 65536

/* What tells one kind from another. */
static const char kinds[2];

static const struct http_response *add(struct cache *c, const void *kind,
				       const char *query, size_t len)
{
	struct http_response r = { .status = 200 };
	const struct http_response *kept;

	for (size_t i = 0; i < len; i++)
		buf_putc(&r.body, (char)('a' + i % 26));
	buf_puts(&r.log, query);
	kept = cache_add(c, kind, query, &r);
	if (kept != NULL && (r.body.data != NULL || r.log.data != NULL))
		fail_msg("'%s' is still the caller's", query);
	http_free(&r);
	return kept;
}

static void test_answer_is_found_again_by_its_query_and_kind(void **state)
{
	struct cache *c = cache_new(ROOM);
	const struct http_response *kept = add(c, &kinds[0], "a=1", 3);

	(void)state;
	assert_ptr_equal(cache_find(c, &kinds[0], "a=1"), kept);
	assert_string_equal(kept->body.data, "abc");
	assert_string_equal(kept->log.data, "a=1");
	assert_int_equal(kept->status, 200);
	assert_null(cache_find(c, &kinds[1], "a=1"));
	assert_null(cache_find(c, NULL, "a=1"));
	assert_null(cache_find(c, &kinds[0], "a=2"));
	assert_null(cache_find(c, &kinds[0], ""));
	assert_non_null(add(c, NULL, "", 0));
	assert_non_null(cache_find(c, NULL, ""));
	assert_ptr_equal(cache_find(c, &kinds[0], "a=1"), kept);
	cache_free(c);
}

/* "ab" and "bA" have one hash: 97 * 33 + 98 is 98 * 33 + 65. */
static void test_queries_of_one_hash_do_not_meet(void **state)
{
	struct cache *c = cache_new(ROOM);

	(void)state;
	add(c, NULL, "ab", 1);
	assert_null(cache_find(c, NULL, "bA"));
	add(c, NULL, "bA", 2);
	assert_int_equal(cache_find(c, NULL, "ab")->body.len, 1);
	assert_int_equal(cache_find(c, NULL, "bA")->body.len, 2);
	cache_free(c);
}

static void test_all_makes_way_where_there_is_no_room(void **state)
{
	struct cache *c = cache_new(ROOM);
	size_t kept = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		char query[16];

		snprintf(query, sizeof(query), "n=%d", i);
		assert_non_null(add(c, NULL, query, 5000));
		assert_non_null(cache_find(c, NULL, query));
		if (cache_find(c, NULL, "n=0") != NULL)
			kept++;
	}
	assert_in_range(kept, 10, ROOM / 5000);
	cache_free(c);
}

static void test_too_large_an_answer_stays_the_callers(void **state)
{
	struct cache *c = cache_new(ROOM);

	(void)state;
	assert_non_null(add(c, NULL, "small", 10));
	assert_null(add(c, NULL, "large", ROOM / 4));
	assert_null(cache_find(c, NULL, "large"));
	assert_non_null(cache_find(c, NULL, "small"));
	cache_free(c);
}

static void test_nothing_can_be_released(void **state)
{
	(void)state;
	cache_free(NULL);
	cache_free(cache_new(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_answer_is_found_again_by_its_query_and_kind),
		cmocka_unit_test(test_queries_of_one_hash_do_not_meet),
		cmocka_unit_test(test_all_makes_way_where_there_is_no_room),
		cmocka_unit_test(test_too_large_an_answer_stays_the_callers),
		cmocka_unit_test(test_nothing_can_be_released),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
