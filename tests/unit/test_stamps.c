#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "buf.h"
#include "error.h"
#include "scratch.h"
#include "watch.h"

static void read_good(struct watch *w, const char *path, const char *expected)
{
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;
	int rc = watch_read(w, path, 1000, &out, &err);

	if (rc != 1 || strcmp(buf_text(&out), expected) != 0)
		fail_msg("%s: %d, '%s', %s", path, rc, buf_text(&out),
			 err.text);
	buf_free(&out);
}

static void read_bad(struct watch *w, const char *path, size_t max,
		     const char *message)
{
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;
	int rc = watch_read(w, path, max, &out, &err);

	if (rc != -1 || strcmp(err.text, message) != 0)
		fail_msg("%s: %d, %s", path, rc, err.text);
	buf_free(&out);
}

static void test_nothing_watched_never_changes(void **state)
{
	struct watch *w = watch_new();

	(void)state;
	assert_false(watch_is_changed(w));
	assert_false(watch_is_unsettled(w));
	watch_free(w);
	watch_free(NULL);
}

static void test_text_is_read_whole_and_appended(void **state)
{
	struct watch *w = watch_new();
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
	assert_int_equal(watch_read(w, "small", 5, &out, &err), 1);
	assert_int_equal(watch_read(w, "empty", 0, &out, &err), 1);
	assert_string_equal(out.data, "text\n");
	assert_int_equal(watch_read(w, "bytes", 4, &out, &err), 1);
	assert_memory_equal(out.data, "text\na\0b\377", 9);
	assert_int_equal(out.len, 9);
	buf_truncate(&out, 0);
	assert_int_equal(watch_read(w, "big", big.len, &out, &err), 1);
	assert_string_equal(out.data, big.data);
	assert_false(watch_is_changed(w));
	buf_free(&out);
	buf_free(&big);
	watch_free(w);
}

static void test_what_is_no_readable_file_says_why(void **state)
{
	struct watch *w = watch_new();
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	put("dir/big", "123456");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(watch_read(w, "missing", 9, &out, &err), 0);
	assert_int_equal(watch_read(w, "missing/file", 9, &out, &err), 0);
	assert_int_equal(watch_read(w, "dangling", 9, &out, &err), 0);
	assert_string_equal(err.text, "");
	read_bad(w, "dir", 9, "dir: is not a regular file");
	read_bad(w, "fifo", 9, "fifo: is not a regular file");
	read_bad(w, "/dev/null", 9, "null: is not a regular file");
	read_bad(w, "dir/big", 5, "big: cannot be read: File too large");
	read_bad(w, "dir/big/file", 9, "file: cannot be read: Not a directory");
	read_bad(w, "loop", 9,
		 "loop: cannot be read: Too many levels of symbolic links");
	assert_false(watch_is_changed(w));
	buf_free(&out);
	watch_free(w);
}

static void test_file_that_may_not_be_read_says_so(void **state)
{
	struct watch *w = watch_new();

	(void)state;
	put("secret", "x");
	assert_int_equal(chmod("secret", 0), 0);
	if (geteuid() != 0)
		read_bad(w, "secret", 9,
			 "secret: cannot be read: Permission denied");
	watch_free(w);
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

/* As cp -p does: the time of the content stays as it was. */
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
		struct watch *w = watch_new();
		struct watch *added = watch_new();

		remove("file");
		put("file", "one");
		scratch_wait();
		read_good(w, "file", "one");
		watch_add(added, "file");
		if (watch_is_changed(w) || watch_is_changed(added) ||
		    watch_is_unsettled(w) || watch_is_unsettled(added))
			fail_msg("%s: seen before", rows[i].name);
		rows[i].change();
		if (!watch_is_changed(w) || !watch_is_changed(added))
			fail_msg("%s: not seen", rows[i].name);
		watch_free(w);
		watch_free(added);
	}
}

static void test_missing_file_that_appears_is_a_change(void **state)
{
	struct watch *w = watch_new();
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(watch_read(w, "file", 9, &out, &err), 0);
	assert_false(watch_is_changed(w));
	assert_false(watch_is_unsettled(w));
	put("file", "");
	assert_true(watch_is_changed(w));
	buf_free(&out);
	watch_free(w);
}

static void test_missing_file_is_seen_beside_others_that_come(void **state)
{
	struct watch *w = watch_new();

	(void)state;
	put("dir/other", "");
	watch_add(w, "dir/one");
	watch_add(w, "dir/two");
	for (char name[] = "dir/a"; name[4] <= 'c'; name[4]++) {
		put(name, "");
		assert_false(watch_is_changed(w));
		scratch_wait();
		assert_false(watch_is_changed(w));
	}
	put("dir/two", "");
	assert_true(watch_is_changed(w));
	watch_free(w);
}

static void
test_missing_file_is_seen_in_the_same_moment_as_another(void **state)
{
	(void)state;
	put("dir/other", "");
	for (char name[] = "dir/a"; name[4] <= 'z'; name[4]++) {
		struct watch *w = watch_new();

		watch_add(w, name);
		put("dir/other.new", "");
		assert_false(watch_is_changed(w));
		put(name, "");
		assert_true(watch_is_changed(w));
		watch_free(w);
		assert_int_equal(unlink("dir/other.new"), 0);
	}
}

static void test_missing_file_is_seen_in_a_new_directory(void **state)
{
	struct watch *w = watch_new();

	(void)state;
	watch_add(w, "dir/file");
	watch_add(w, "file");
	assert_false(watch_is_changed(w));
	assert_int_equal(mkdir("new", 0777), 0);
	put("new/file", "");
	scratch_wait();
	assert_false(watch_is_changed(w));
	assert_int_equal(rename("new", "dir"), 0);
	assert_true(watch_is_changed(w));
	watch_free(w);
}

static void test_what_a_link_to_nowhere_leads_to_is_seen(void **state)
{
	struct watch *w = watch_new();
	struct watch *later = watch_new();

	(void)state;
	put("elsewhere/other", "");
	assert_int_equal(symlink("elsewhere/file", "link"), 0);
	scratch_wait();
	watch_add(w, "link");
	watch_add(later, "later");
	assert_false(watch_is_changed(w));
	assert_false(watch_is_changed(later));
	assert_int_equal(symlink("elsewhere/file", "later"), 0);
	assert_true(watch_is_changed(later));
	assert_false(watch_is_changed(w));
	put("elsewhere/file", "");
	assert_true(watch_is_changed(w));
	watch_free(w);
	watch_free(later);
}

static void test_symbolic_link_switched_is_a_change(void **state)
{
	struct watch *w = watch_new();

	(void)state;
	put("a", "one");
	put("b", "one");
	scratch_wait();
	assert_int_equal(symlink("a", "link"), 0);
	read_good(w, "link", "one");
	assert_false(watch_is_changed(w));
	assert_int_equal(symlink("b", "link.new"), 0);
	assert_int_equal(rename("link.new", "link"), 0);
	assert_true(watch_is_changed(w));
	watch_free(w);
}

static void test_change_behind_a_symbolic_link_is_seen(void **state)
{
	struct watch *w = watch_new();

	(void)state;
	put("dir/file", "one");
	assert_int_equal(symlink("dir", "link"), 0);
	scratch_wait();
	read_good(w, "link/file", "one");
	put("dir/file", "two");
	assert_true(watch_is_changed(w));
	watch_free(w);
}

static void test_directory_changes_with_its_files(void **state)
{
	static const char *const paths[] = { "dir", "dir/" };

	(void)state;
	put("dir/a", "");
	for (size_t i = 0; i < 2; i++) {
		struct watch *w = watch_new();

		scratch_wait();
		watch_add(w, paths[i]);
		assert_false(watch_is_changed(w));
		put("dir/b", "");
		assert_true(watch_is_changed(w));
		watch_free(w);
		w = watch_new();
		scratch_wait();
		watch_add(w, paths[i]);
		assert_int_equal(unlink("dir/b"), 0);
		assert_true(watch_is_changed(w));
		watch_free(w);
	}
}

static void test_one_change_among_many_is_seen(void **state)
{
	struct watch *w = watch_new();
	char name[] = "file-a";

	(void)state;
	for (char c = 'a'; c <= 'z'; c++) {
		name[5] = c;
		put(name, "x");
	}
	scratch_wait();
	for (char c = 'a'; c <= 'z'; c++) {
		name[5] = c;
		read_good(w, name, "x");
	}
	assert_false(watch_is_changed(w));
	put("file-q", "y");
	assert_true(watch_is_changed(w));
	watch_free(w);
}

static void check_groups(struct watch *w, const char *one, const char *other,
			 int is_ones, int is_others)
{
	assert_int_equal(watch_is_group_changed(w, one), is_ones);
	assert_int_equal(watch_is_group_changed(w, other), is_others);
	assert_int_equal(watch_is_changed(w), is_ones || is_others);
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
		{ "dir-one/file", 1, 0 }, { "dir-other/file", 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct watch *w = watch_new();

		for (size_t j = 0; j < 3; j++)
			put(cases[j].path, "x");
		put("dir/there", "x");
		put("dir-one/there", "x");
		put("dir-other/there", "x");
		scratch_wait();
		watch_add(w, "all");
		watch_add(w, "dir/all");
		watch_set_group(w, one);
		watch_add(w, "one");
		watch_add(w, "dir-one/file");
		watch_set_group(w, other);
		watch_add(w, "other");
		watch_add(w, "dir-other/file");
		check_groups(w, one, other, 0, 0);
		put(cases[i].path, "y");
		check_groups(w, one, other, cases[i].is_ones,
			     cases[i].is_others);
		watch_free(w);
		unlink(cases[i].path);
	}
}

static void test_young_file_is_unsettled_for_a_moment(void **state)
{
	struct watch *young = watch_new();
	struct watch *old = watch_new();

	(void)state;
	put("file", "x");
	read_good(young, "file", "x");
	assert_true(watch_is_unsettled(young));
	scratch_wait();
	/* It tells what was when the file was read. */
	assert_true(watch_is_unsettled(young));
	read_good(old, "file", "x");
	assert_false(watch_is_unsettled(old));
	put("other", "x");
	watch_add(old, "other");
	assert_true(watch_is_unsettled(old));
	watch_free(young);
	watch_free(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_nothing_watched_never_changes),
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
