#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "buf.h"
#include "error.h"
#include "scratch.h"
#include "stamps.h"

/* The library's present time: fake_age nanoseconds after the last change of
 * fake_path; the real time while fake_path is NULL. */
static const char *fake_path;
static long long fake_age;
static int has_whole_seconds; /* some file systems store only these */

/* The linker puts these in place of stat() and clock_gettime(). */
int __real_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st)
{
	int rc = __real_stat(path, st);

	if (has_whole_seconds)
		st->st_ctim.tv_nsec = 0;
	return rc;
}

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	struct stat st;
	long long nanoseconds;

	if (fake_path == NULL)
		return __real_clock_gettime(clock, now);
	if (stat(fake_path, &st) < 0)
		return -1;
	nanoseconds = st.st_ctim.tv_nsec + fake_age % 1000000000;
	now->tv_sec = st.st_ctim.tv_sec + fake_age / 1000000000;
	if (nanoseconds < 0) {
		nanoseconds += 1000000000;
		now->tv_sec--;
	}
	now->tv_sec += nanoseconds / 1000000000;
	now->tv_nsec = (long)(nanoseconds % 1000000000);
	return 0;
}

static void read_good(struct stamps *s, const char *path, const char *expected)
{
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;
	int rc = stamps_read(s, path, 1000, &out, &err);

	if (rc != 1 || strcmp(buf_text(&out), expected) != 0)
		fail_msg("%s: %d, '%s', %s", path, rc, buf_text(&out),
			 err.text);
	buf_free(&out);
}

static void read_bad(struct stamps *s, const char *path, size_t max,
		     const char *message)
{
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;
	int rc = stamps_read(s, path, max, &out, &err);

	if (rc != -1 || strcmp(err.text, message) != 0)
		fail_msg("%s: %d, %s", path, rc, err.text);
	buf_free(&out);
}

static void test_nothing_recorded_never_changes(void **state)
{
	struct stamps *s = stamps_new();

	(void)state;
	assert_false(stamps_is_changed(s));
	assert_false(stamps_is_unsettled(s));
	stamps_free(s);
	stamps_free(NULL);
}

static void test_text_is_read_whole_and_appended(void **state)
{
	struct stamps *s = stamps_new();
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;
	struct buf big = BUF_INIT;

	(void)state;
	put("small", "text\n");
	put("empty", "");
	scratch_put("bytes", "a\0b\377", 4);
	for (int i = 0; i < 200000; i++)
		buf_putc(&big, (char)('a' + i % 26));
	scratch_put("big", big.data, big.len);
	assert_int_equal(stamps_read(s, "small", 5, &out, &err), 1);
	assert_int_equal(stamps_read(s, "empty", 0, &out, &err), 1);
	assert_string_equal(out.data, "text\n");
	assert_int_equal(stamps_read(s, "bytes", 4, &out, &err), 1);
	assert_memory_equal(out.data, "text\na\0b\377", 9);
	assert_int_equal(out.len, 9);
	buf_truncate(&out, 0);
	assert_int_equal(stamps_read(s, "big", big.len, &out, &err), 1);
	assert_string_equal(out.data, big.data);
	assert_false(stamps_is_changed(s));
	buf_free(&out);
	buf_free(&big);
	stamps_free(s);
}

static void test_what_is_no_readable_file_says_why(void **state)
{
	struct stamps *s = stamps_new();
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	put("dir/big", "123456");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(stamps_read(s, "missing", 9, &out, &err), 0);
	assert_int_equal(stamps_read(s, "missing/file", 9, &out, &err), 0);
	assert_int_equal(stamps_read(s, "dangling", 9, &out, &err), 0);
	assert_string_equal(err.text, "");
	read_bad(s, "dir", 9, "dir: is a directory, not a file");
	read_bad(s, "fifo", 9, "fifo: is not a regular file");
	read_bad(s, "/dev/null", 9, "null: is not a regular file");
	read_bad(s, "dir/big", 5, "big: has more than 5 bytes: shorten it");
	read_bad(s, "dir/big/file", 9, "file: cannot be read: Not a directory");
	read_bad(s, "loop", 9,
		 "loop: cannot be read: Too many levels of symbolic links");
	assert_false(stamps_is_changed(s));
	buf_free(&out);
	stamps_free(s);
}

static void test_file_that_may_not_be_read_says_so(void **state)
{
	struct stamps *s = stamps_new();

	(void)state;
	put("secret", "x");
	assert_int_equal(chmod("secret", 0), 0);
	if (geteuid() != 0)
		read_bad(s, "secret", 9,
			 "secret: cannot be read: Permission denied");
	stamps_free(s);
}

static void rewrite_same_size(void)
{
	int fd = open("file", O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "two", 3), 3);
	close(fd);
}

static void rewrite_longer(void)
{
	put("file", "longer");
}

static void replace(void)
{
	put("new", "one");
	assert_int_equal(rename("new", "file"), 0);
}

static void delete_it(void)
{
	assert_int_equal(unlink("file"), 0);
}

static void become_directory(void)
{
	delete_it();
	assert_int_equal(mkdir("file", 0700), 0);
}

static void change_owner_only(void)
{
	assert_int_equal(chmod("file", 0400), 0);
}

/* Like cp -p: the time of the content does not change. */
static void rewrite_with_the_old_time(void)
{
	struct stat st;
	struct timespec times[2];

	assert_int_equal(stat("file", &st), 0);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	rewrite_same_size();
	assert_int_equal(utimensat(AT_FDCWD, "file", times, 0), 0);
}

static void test_every_kind_of_change_is_seen(void **state)
{
	static const struct {
		const char *name;
		void (*change)(void);
	} rows[] = {
		{ "rewritten in place, the same size", rewrite_same_size },
		{ "rewritten longer", rewrite_longer },
		{ "replaced by rename, the same text", replace },
		{ "deleted", delete_it },
		{ "a directory now", become_directory },
		{ "its mode", change_owner_only },
		{ "rewritten, its time set back", rewrite_with_the_old_time },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stamps *s = stamps_new();
		struct stamps *added = stamps_new();

		remove("file");
		put("file", "one");
		scratch_wait();
		read_good(s, "file", "one");
		stamps_add(added, "file");
		if (stamps_is_changed(s) || stamps_is_changed(added) ||
		    stamps_is_unsettled(s) || stamps_is_unsettled(added))
			fail_msg("%s: seen before", rows[i].name);
		rows[i].change();
		if (!stamps_is_changed(s) || !stamps_is_changed(added))
			fail_msg("%s: not seen", rows[i].name);
		stamps_free(s);
		stamps_free(added);
	}
}

static void test_missing_file_that_appears_is_a_change(void **state)
{
	struct stamps *s = stamps_new();
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(stamps_read(s, "file", 9, &out, &err), 0);
	assert_false(stamps_is_changed(s));
	assert_false(stamps_is_unsettled(s));
	put("file", "");
	assert_true(stamps_is_changed(s));
	buf_free(&out);
	stamps_free(s);
}

static void test_missing_file_is_seen_beside_others_that_come(void **state)
{
	struct stamps *s = stamps_new();

	(void)state;
	put("dir/other", "");
	stamps_add(s, "dir/one");
	stamps_add(s, "dir/two");
	for (char name[] = "dir/a"; name[4] <= 'c'; name[4]++) {
		put(name, "");
		assert_false(stamps_is_changed(s));
		scratch_wait();
		assert_false(stamps_is_changed(s));
	}
	put("dir/two", "");
	assert_true(stamps_is_changed(s));
	stamps_free(s);
}

static void
test_missing_file_is_seen_in_the_same_moment_as_another(void **state)
{
	(void)state;
	put("dir/other", "");
	for (char name[] = "dir/a"; name[4] <= 'z'; name[4]++) {
		struct stamps *s = stamps_new();

		stamps_add(s, name);
		put("dir/other.new", "");
		assert_false(stamps_is_changed(s));
		put(name, "");
		assert_true(stamps_is_changed(s));
		stamps_free(s);
		assert_int_equal(unlink("dir/other.new"), 0);
	}
}

static void test_missing_file_is_seen_in_a_new_directory(void **state)
{
	struct stamps *s = stamps_new();

	(void)state;
	stamps_add(s, "dir/file");
	stamps_add(s, "file");
	assert_false(stamps_is_changed(s));
	assert_int_equal(mkdir("new", 0777), 0);
	put("new/file", "");
	scratch_wait();
	assert_false(stamps_is_changed(s));
	assert_int_equal(rename("new", "dir"), 0);
	assert_true(stamps_is_changed(s));
	stamps_free(s);
}

static void test_what_a_link_to_nowhere_leads_to_is_seen(void **state)
{
	struct stamps *s = stamps_new();
	struct stamps *later = stamps_new();

	(void)state;
	put("elsewhere/other", "");
	assert_int_equal(symlink("elsewhere/file", "link"), 0);
	scratch_wait();
	stamps_add(s, "link");
	stamps_add(later, "later");
	assert_false(stamps_is_changed(s));
	assert_false(stamps_is_changed(later));
	assert_int_equal(symlink("elsewhere/file", "later"), 0);
	assert_true(stamps_is_changed(later));
	assert_false(stamps_is_changed(s));
	put("elsewhere/file", "");
	assert_true(stamps_is_changed(s));
	stamps_free(s);
	stamps_free(later);
}

static void test_symbolic_link_switched_is_a_change(void **state)
{
	struct stamps *s = stamps_new();

	(void)state;
	put("a", "one");
	put("b", "one");
	scratch_wait();
	assert_int_equal(symlink("a", "link"), 0);
	read_good(s, "link", "one");
	assert_false(stamps_is_changed(s));
	assert_int_equal(symlink("b", "link.new"), 0);
	assert_int_equal(rename("link.new", "link"), 0);
	assert_true(stamps_is_changed(s));
	stamps_free(s);
}

static void test_change_behind_a_symbolic_link_is_seen(void **state)
{
	struct stamps *s = stamps_new();

	(void)state;
	put("dir/file", "one");
	assert_int_equal(symlink("dir", "link"), 0);
	scratch_wait();
	read_good(s, "link/file", "one");
	put("dir/file", "two");
	assert_true(stamps_is_changed(s));
	stamps_free(s);
}

static void test_directory_changes_with_its_files(void **state)
{
	static const char *const paths[] = { "dir", "dir/" };

	(void)state;
	put("dir/a", "");
	for (size_t i = 0; i < 2; i++) {
		struct stamps *s = stamps_new();

		scratch_wait();
		stamps_add(s, paths[i]);
		assert_false(stamps_is_changed(s));
		put("dir/b", "");
		assert_true(stamps_is_changed(s));
		stamps_free(s);
		s = stamps_new();
		scratch_wait();
		stamps_add(s, paths[i]);
		assert_int_equal(unlink("dir/b"), 0);
		assert_true(stamps_is_changed(s));
		stamps_free(s);
	}
}

static void test_one_change_among_many_is_seen(void **state)
{
	struct stamps *s = stamps_new();
	char name[] = "file-a";

	(void)state;
	for (char c = 'a'; c <= 'z'; c++) {
		name[5] = c;
		put(name, "x");
	}
	scratch_wait();
	for (char c = 'a'; c <= 'z'; c++) {
		name[5] = c;
		read_good(s, name, "x");
	}
	assert_false(stamps_is_changed(s));
	put("file-q", "y");
	assert_true(stamps_is_changed(s));
	stamps_free(s);
}

static void check_groups(struct stamps *s, const char *one, const char *other,
			 int is_ones, int is_others)
{
	assert_int_equal(stamps_is_group_changed(s, one), is_ones);
	assert_int_equal(stamps_is_group_changed(s, other), is_others);
	assert_int_equal(stamps_is_changed(s), is_ones || is_others);
}

static void test_group_changes_with_what_is_of_it_or_of_all(void **state)
{
	static const char one[] = "one";
	static const char other[] = "other";
	static const struct {
		const char *path;
		int is_ones, is_others;
	} cases[] = {
		{ "all", 1, 1 },          { "one", 1, 0 },
		{ "other", 0, 1 },        { "dir/all", 1, 1 },
		{ "dir-one/file", 1, 1 }, { "dir-other/file", 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stamps *s = stamps_new();

		for (size_t j = 0; j < 3; j++)
			put(cases[j].path, "x");
		put("dir/there", "x");
		put("dir-one/there", "x");
		put("dir-other/there", "x");
		scratch_wait();
		stamps_add(s, "all");
		stamps_add(s, "dir/all");
		stamps_set_group(s, one);
		stamps_add(s, "one");
		stamps_add(s, "dir-one/file");
		stamps_set_group(s, other);
		stamps_add(s, "other");
		stamps_add(s, "dir-other/file");
		check_groups(s, one, other, 0, 0);
		put(cases[i].path, "y");
		check_groups(s, one, other, cases[i].is_ones,
			     cases[i].is_others);
		stamps_free(s);
		unlink(cases[i].path);
	}
}

static void test_young_file_is_unsettled_for_a_moment(void **state)
{
	struct stamps *young = stamps_new();
	struct stamps *old = stamps_new();

	(void)state;
	put("file", "x");
	read_good(young, "file", "x");
	assert_true(stamps_is_unsettled(young));
	scratch_wait();
	/* It still tells the state at the time of reading. */
	assert_true(stamps_is_unsettled(young));
	read_good(old, "file", "x");
	assert_false(stamps_is_unsettled(old));
	put("other", "x");
	stamps_add(old, "other");
	assert_true(stamps_is_unsettled(old));
	stamps_free(young);
	stamps_free(old);
}

#define MS 1000000LL

/* After a clock was set back, file times are in the future: that is no reason
 * to wait. */
static void test_age_decides_what_is_unsettled(void **state)
{
	static const struct {
		long long age;
		int has_whole_seconds;
		int is_unsettled;
	} rows[] = {
		{ 0, 0, 1 },         { 10 * MS - 1, 0, 1 },
		{ 10 * MS, 0, 0 },   { 3600 * 1000 * MS, 0, 0 },
		{ -1, 0, 0 },        { -3600 * 1000 * MS, 0, 0 },
		{ 0, 1, 1 },         { 1000 * MS - 1, 1, 1 },
		{ 1000 * MS, 1, 0 }, { -1, 1, 0 },
	};

	(void)state;
	put("file", "x");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stamps *s = stamps_new();

		fake_path = "file";
		fake_age = rows[i].age;
		has_whole_seconds = rows[i].has_whole_seconds;
		stamps_add(s, "file");
		if (stamps_is_unsettled(s) != rows[i].is_unsettled)
			fail_msg("row %zu", i);
		fake_path = NULL;
		has_whole_seconds = 0;
		stamps_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_nothing_recorded_never_changes),
		SCRATCH_TEST(test_text_is_read_whole_and_appended),
		SCRATCH_TEST(test_what_is_no_readable_file_says_why),
		SCRATCH_TEST(test_file_that_may_not_be_read_says_so),
		SCRATCH_TEST(test_every_kind_of_change_is_seen),
		SCRATCH_TEST(test_missing_file_that_appears_is_a_change),
		SCRATCH_TEST(test_missing_file_is_seen_beside_others_that_come),
		SCRATCH_TEST(
			test_missing_file_is_seen_in_the_same_moment_as_another),
		SCRATCH_TEST(test_missing_file_is_seen_in_a_new_directory),
		SCRATCH_TEST(test_what_a_link_to_nowhere_leads_to_is_seen),
		SCRATCH_TEST(test_symbolic_link_switched_is_a_change),
		SCRATCH_TEST(test_change_behind_a_symbolic_link_is_seen),
		SCRATCH_TEST(test_directory_changes_with_its_files),
		SCRATCH_TEST(test_one_change_among_many_is_seen),
		SCRATCH_TEST(test_group_changes_with_what_is_of_it_or_of_all),
		SCRATCH_TEST(test_young_file_is_unsettled_for_a_moment),
		SCRATCH_TEST(test_age_decides_what_is_unsettled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
