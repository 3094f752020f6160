/* What writes the directory: for the program answer and mirrorboot-install. */
#include "arming_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"

static const char new_name[] = ".new";

static int fail(struct error *err, const char *what)
{
	return error_set(err, NULL, 0, "the state directory %s: %s", what,
			 strerror(errno));
}

/* Open the directory and wait for its lock.  Returns its descriptor, or -1 with
 * err set. */
static int lock(const char *path, struct error *err)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (dir < 0)
		return fail(err, "cannot be opened");
	do
		rc = flock(dir, LOCK_EX);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return dir;
	fail(err, "cannot be locked");
	close(dir);
	return -1;
}

/* Whether the path still leads to the directory. */
static int is_at(int dir, const char *path)
{
	struct stat locked, there;

	return fstat(dir, &locked) == 0 && stat(path, &there) == 0 &&
	       locked.st_dev == there.st_dev && locked.st_ino == there.st_ino;
}

/* Open the directory, and wait for whoever else changes it.  If another has
 * taken its place meanwhile, what is written has to be in that one.  Closing it
 * lets the next one in.  Returns its descriptor, or -1 with err set. */
static int open_locked(const char *path, struct error *err)
{
	int dir = lock(path, err);

	while (dir >= 0 && !is_at(dir, path)) {
		close(dir);
		dir = lock(path, err);
	}
	return dir;
}

static void print(const struct arming *a, struct buf *out)
{
	json_t *stored = arming_stored(a);
	char *text = json_dumps(stored, JSON_INDENT(2));

	buf_printf(out, "%s\n", text);
	free(text);
	json_decref(stored);
}

/* The administrator's tool runs as root: its file belongs to whom the directory
 * belongs to, who has to read it, and nobody else may. */
static int give_away(int dir, int fd)
{
	struct stat of_dir, of_file;

	if (fstat(dir, &of_dir) < 0 || fstat(fd, &of_file) < 0)
		return -1;
	if ((of_dir.st_uid != of_file.st_uid ||
	     of_dir.st_gid != of_file.st_gid) &&
	    fchown(fd, of_dir.st_uid, of_dir.st_gid) < 0)
		return -1;
	return fchmod(fd, 0640);
}

/* Write the new file beside the old one, on the disk. */
static int write_new(int dir, const struct buf *text)
{
	int reason;
	int rc;
	int fd;

	unlinkat(dir, new_name, 0); /* a crash may have left it */
	fd = openat(dir, new_name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	rc = buf_write(text, fd);
	if (rc == 0)
		rc = give_away(dir, fd);
	if (rc == 0)
		rc = fsync(fd);
	reason = errno;
	if (close(fd) < 0 && rc == 0)
		return -1;
	errno = reason;
	return rc;
}

/* Put the file in its place, on the disk. */
static int write_file(int dir, const char *name, const struct arming *a,
		      struct error *err)
{
	struct buf text = BUF_INIT;
	int rc;

	print(a, &text);
	rc = write_new(dir, &text);
	if (rc == 0)
		rc = renameat(dir, new_name, dir, name);
	if (rc == 0)
		rc = fsync(dir);
	if (rc < 0) {
		fail(err, "cannot be written");
		unlinkat(dir, new_name, 0);
	}
	buf_free(&text);
	return rc;
}

static int put(void *at, const char *name, const struct arming *a,
	       struct error *err)
{
	int dir = open_locked(at, err);
	int rc;

	if (dir < 0)
		return -1;
	rc = write_file(dir, name, a, err);
	close(dir);
	return rc;
}

static int change_state(void *at, const struct arming_change *change,
			struct error *err)
{
	int dir = open_locked(at, err);
	struct error unread = ERROR_INIT;
	struct arming a = { .is_there = 0 };
	int verdict;

	if (dir < 0)
		return -1;
	arming_directory_read(at, change->name, &a, &unread);
	verdict = (int)change->decide(&a, change->ctx);
	if (verdict == ARMING_CHANGED &&
	    write_file(dir, change->name, &a, err) < 0)
		verdict = -1;
	arming_free(&a);
	close(dir);
	return verdict;
}

static int remove_file(int dir, const char *name, struct error *err)
{
	if (unlinkat(dir, name, 0) < 0)
		return errno == ENOENT ? 0 : fail(err, "cannot be written");
	return fsync(dir) < 0 ? fail(err, "cannot be written") : 1;
}

static int remove_state(void *at, const char *name, struct error *err)
{
	int dir = open_locked(at, err);
	int rc;

	if (dir < 0)
		return -1;
	rc = remove_file(dir, name, err);
	close(dir);
	return rc;
}

const struct arming_kind arming_directory_writer = {
	.attach = arming_directory_attach,
	.detach = arming_directory_detach,
	.read = arming_directory_read,
	.find = arming_directory_find,
	.list = arming_directory_list,
	.change = change_state,
	.put = put,
	.remove = remove_state,
};
