#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"

/* These tests exhaust memory: malloc() must return NULL, under a sanitizer
 * too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void test_new_memory_is_zero(void **state)
{
	unsigned char *p = mem_alloc(10000);

	(void)state;
	for (size_t i = 0; i < 10000; i++)
		assert_int_equal(p[i], 0);
	free(p);
}

static void test_no_bytes_are_memory_too(void **state)
{
	void *a = mem_alloc(0);
	void *b = mem_grow(NULL, 0, 8);
	void *c = mem_grow(NULL, 8, 0);
	void *d = mem_get(0);

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(c);
	c = mem_grow(c, 0, 0);
	assert_non_null(c);
	assert_non_null(d);
	free(a);
	free(b);
	free(c);
	free(d);
}

static void test_growing_keeps_the_content(void **state)
{
	int *p = mem_grow(NULL, 2, sizeof(*p));

	(void)state;
	p[0] = 7;
	p[1] = 8;
	p = mem_grow(p, 1000, sizeof(*p));
	p[999] = 9;
	assert_int_equal(p[0], 7);
	assert_int_equal(p[1], 8);
	free(p);
}

/* The room is for 1, 2, 4 and 8; a sanitizer sees a write outside it. */
static void test_growing_by_one_keeps_the_content(void **state)
{
	int *p = NULL;

	(void)state;
	for (int i = 0; i < 8; i++) {
		p = mem_grow_by_one(p, (size_t)i, sizeof(*p));
		p[i] = i;
	}
	assert_ptr_equal(mem_grow_by_one(p, 7, sizeof(*p)), p);
	for (int i = 0; i < 8; i++)
		assert_int_equal(p[i], i);
	free(p);
}

static void test_copy_ends_in_nul_and_keeps_nul_bytes(void **state)
{
	char *text = mem_copy("abcdef", 3);
	char *bytes = mem_copy("a\0b", 3);
	char *nothing = mem_copy(NULL, 0);

	(void)state;
	assert_string_equal(text, "abc");
	assert_memory_equal(bytes, "a\0b", 4);
	assert_string_equal(nothing, "");
	free(text);
	free(bytes);
	free(nothing);
}

/* Sizes around that of a block, one beyond it, and more than one block. */
static void test_pool_gives_zeroed_memory_that_does_not_overlap(void **state)
{
	static const size_t sizes[] = { 0,     1,     15,    16,    17,
					16367, 16368, 16383, 16384, 16385,
					1,     50000, 3,     100,   0 };
	enum { COUNT = sizeof(sizes) / sizeof(sizes[0]) };
	struct mem_pool pool = MEM_POOL_INIT;
	unsigned char *all[COUNT];

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		all[i] = mem_pool_alloc(&pool, sizes[i]);
		assert_int_equal((uintptr_t)all[i] % alignof(max_align_t), 0);
		for (size_t j = 0; j < sizes[i]; j++)
			if (all[i][j] != 0)
				fail_msg("allocation %zu: byte %zu is %d", i, j,
					 all[i][j]);
		memset(all[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < COUNT; i++)
		for (size_t j = 0; j < sizes[i]; j++)
			if (all[i][j] != i + 1)
				fail_msg("allocation %zu: byte %zu is %d", i, j,
					 all[i][j]);
	mem_pool_free(&pool);
}

static void test_pool_copies_strings(void **state)
{
	struct mem_pool pool = MEM_POOL_INIT;
	char text[] = "text";
	char *copy = mem_pool_copy(&pool, text);
	char *empty = mem_pool_copy(&pool, "");

	(void)state;
	text[0] = 'T';
	assert_string_equal(copy, "text");
	assert_string_equal(empty, "");
	mem_pool_free(&pool);
}

/* In the first block, in a new one, and in a block of its own. */
static void test_cleared_pool_gives_zeroed_memory(void **state)
{
	static const size_t sizes[] = { 100, 200000, 200000, 1000000, 10 };
	struct mem_pool pool = MEM_POOL_INIT;

	(void)state;
	mem_pool_clear(&pool);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 5; i++) {
			unsigned char *p = mem_pool_alloc(&pool, sizes[i]);

			for (size_t j = 0; j < sizes[i]; j++)
				assert_int_equal(p[j], 0);
			memset(p, 0xff, sizes[i]);
		}
		mem_pool_clear(&pool);
	}
	mem_pool_free(&pool);
}

static void test_cleared_pool_keeps_one_block(void **state)
{
	struct mem_pool pool = MEM_POOL_INIT;
	const char *first = mem_pool_copy(&pool, "first");

	(void)state;
	mem_pool_clear(&pool);
	assert_ptr_equal(mem_pool_copy(&pool, "again"), first);
	mem_pool_free(&pool);
}

static void test_freed_pool_can_be_used_again(void **state)
{
	struct mem_pool pool = MEM_POOL_INIT;

	(void)state;
	mem_pool_free(&pool);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(mem_pool_copy(&pool, "again"), "again");
		mem_pool_free(&pool);
		assert_null(pool.blocks);
		assert_int_equal(pool.left, 0);
	}
}

/* The compiler must not know these sizes. */
static volatile size_t most = SIZE_MAX;

static void exhaust_alloc(void)
{
	free(mem_alloc(most / 2));
}

static void exhaust_get(void)
{
	free(mem_get(most / 2));
}

static void exhaust_grow(void)
{
	free(mem_grow(NULL, most / 2, 1));
}

static void exhaust_grow_by_overflow(void)
{
	free(mem_grow(NULL, most / 4 + 2, 4));
}

static void exhaust_pool(void)
{
	struct mem_pool pool = MEM_POOL_INIT;

	mem_pool_alloc(&pool, most - 8);
}

static void exhaust_pool_by_block(void)
{
	struct mem_pool pool = MEM_POOL_INIT;

	mem_pool_alloc(&pool, most / 2);
}

static void exhaust_buf(void)
{
	struct buf b = BUF_INIT;

	buf_puts(&b, "x");
	buf_reserve(&b, most - 10);
}

/* Run f in a child process.  Returns its exit status, and its standard error in
 * out. */
static int run_in_child(void (*f)(void), struct buf *out)
{
	char piece[512];
	ssize_t got;
	int ends[2];
	int status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		f();
		_exit(EXIT_SUCCESS);
	}
	close(ends[1]);
	while ((got = read(ends[0], piece, sizeof(piece))) > 0)
		buf_add(out, piece, (size_t)got);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_exhaustion_ends_the_process_with_a_line(void **state)
{
	static const struct {
		const char *name;
		void (*f)(void);
	} rows[] = {
		{ "mem_alloc", exhaust_alloc },
		{ "mem_get", exhaust_get },
		{ "mem_exhausted", mem_exhausted },
		{ "mem_grow", exhaust_grow },
		{ "mem_grow, a product that overflows",
		  exhaust_grow_by_overflow },
		{ "mem_pool_alloc", exhaust_pool },
		{ "mem_pool_alloc, half of all", exhaust_pool_by_block },
		{ "buf_reserve", exhaust_buf },
	};
	static const char line[] = "mirrorboot: out of memory\n";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = BUF_INIT;
		int status = run_in_child(rows[i].f, &out);
		const char *text = buf_text(&out);

		/* Sanitizers print a warning before it. */
		if (out.len >= strlen(line))
			text += out.len - strlen(line);
		if (status != EX_OSERR || strcmp(text, line) != 0)
			fail_msg("%s: status %d, '%s'", rows[i].name, status,
				 buf_text(&out));
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_memory_is_zero),
		cmocka_unit_test(test_no_bytes_are_memory_too),
		cmocka_unit_test(test_growing_keeps_the_content),
		cmocka_unit_test(test_growing_by_one_keeps_the_content),
		cmocka_unit_test(test_copy_ends_in_nul_and_keeps_nul_bytes),
		cmocka_unit_test(
			test_pool_gives_zeroed_memory_that_does_not_overlap),
		cmocka_unit_test(test_pool_copies_strings),
		cmocka_unit_test(test_cleared_pool_gives_zeroed_memory),
		cmocka_unit_test(test_cleared_pool_keeps_one_block),
		cmocka_unit_test(test_freed_pool_can_be_used_again),
		cmocka_unit_test(test_exhaustion_ends_the_process_with_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
