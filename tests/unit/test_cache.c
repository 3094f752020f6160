#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cache.h"

#define ROOM 65536

/* Any addresses will do for a page and a User-Agent's dialect. */
static const char places[2];
#define PAGE(i) ((const struct page *)&places[i])
#define AGENT(i) ((const struct dialect *)&places[i])

static struct cache_key key_of(const struct page *page, const char *query)
{
	return (struct cache_key){ .page = page, .query = query };
}

static const struct http_response *
find(const struct cache *c, const struct page *page, const char *query)
{
	const struct cache_key key = key_of(page, query);

	return cache_find(c, &key);
}

static const struct http_response *add(struct cache *c, const struct page *page,
				       const char *query, size_t len)
{
	const struct cache_key key = key_of(page, query);
	struct http_response r = { .status = 200 };
	const struct http_response *cached;

	for (size_t i = 0; i < len; i++)
		buf_putc(&r.body, (char)('a' + i % 26));
	buf_puts(&r.log, query);
	cached = cache_add(c, &key, &r);
	if (cached != NULL && (r.body.data != NULL || r.log.data != NULL))
		fail_msg("'%s' is still the caller's", query);
	http_free(&r);
	return cached;
}

static void test_answer_is_found_again_by_its_query_and_page(void **state)
{
	struct cache *c = cache_new(ROOM);
	const struct http_response *cached = add(c, PAGE(0), "a=1", 3);

	(void)state;
	assert_ptr_equal(find(c, PAGE(0), "a=1"), cached);
	assert_string_equal(cached->body.data, "abc");
	assert_string_equal(cached->log.data, "a=1");
	assert_int_equal(cached->status, 200);
	assert_null(find(c, PAGE(1), "a=1"));
	assert_null(find(c, NULL, "a=1"));
	assert_null(find(c, PAGE(0), "a=2"));
	assert_null(find(c, PAGE(0), ""));
	assert_non_null(add(c, NULL, "", 0));
	assert_non_null(find(c, NULL, ""));
	assert_ptr_equal(find(c, PAGE(0), "a=1"), cached);
	cache_free(c);
}

static void test_answer_is_that_of_one_user_agents_dialect(void **state)
{
	struct cache *c = cache_new(ROOM);
	struct cache_key key = key_of(PAGE(0), "a=1");

	(void)state;
	add(c, PAGE(0), "a=1", 3);
	assert_non_null(cache_find(c, &key));
	key.agent = AGENT(0);
	assert_null(cache_find(c, &key));
	cache_free(c);
}

/* "ab" and "bA" have one hash: 97 * 33 + 98 is 98 * 33 + 65. */
static void test_queries_of_one_hash_do_not_meet(void **state)
{
	struct cache *c = cache_new(ROOM);

	(void)state;
	add(c, NULL, "ab", 1);
	assert_null(find(c, NULL, "bA"));
	add(c, NULL, "bA", 2);
	assert_int_equal(find(c, NULL, "ab")->body.len, 1);
	assert_int_equal(find(c, NULL, "bA")->body.len, 2);
	cache_free(c);
}

static void test_all_makes_way_where_there_is_no_room(void **state)
{
	struct cache *c = cache_new(ROOM);
	size_t cached = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		char query[16];

		snprintf(query, sizeof(query), "n=%d", i);
		assert_non_null(add(c, NULL, query, 5000));
		assert_non_null(find(c, NULL, query));
		if (find(c, NULL, "n=0") != NULL)
			cached++;
	}
	assert_true(cached >= 10);
	assert_true(cached <= ROOM / 5000);
	cache_free(c);
}

static void test_too_large_an_answer_stays_the_callers(void **state)
{
	struct cache *c = cache_new(ROOM);

	(void)state;
	assert_non_null(add(c, NULL, "small", 10));
	assert_null(add(c, NULL, "large", ROOM / 4));
	assert_null(find(c, NULL, "large"));
	assert_non_null(find(c, NULL, "small"));
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
			test_answer_is_found_again_by_its_query_and_page),
		cmocka_unit_test(
			test_answer_is_that_of_one_user_agents_dialect),
		cmocka_unit_test(test_queries_of_one_hash_do_not_meet),
		cmocka_unit_test(test_all_makes_way_where_there_is_no_room),
		cmocka_unit_test(test_too_large_an_answer_stays_the_callers),
		cmocka_unit_test(test_nothing_can_be_released),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
