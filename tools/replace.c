/* flock() is not of POSIX. */
#define _GNU_SOURCE

#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"

static int write_line(int fd, const char *text)
{
	struct buf line = BUF_INIT;
	int rc;

	buf_printf(&line, "%s\n", text);
	rc = buf_write(&line, fd);
	buf_free(&line);
	/* The pages are another user's processes. */
	return rc == 0 && fchmod(fd, 0644) == 0 && fsync(fd) == 0 ? 0 : -1;
}

/* Open the directory that the file at path is in, or would be.  Returns its
 * descriptor, or -1 with errno. */
static int open_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash != NULL ? mem_copy(path, (size_t)(slash - path) + 1)
				  : mem_copy(".", 1);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(dir);
	return fd;
}

int replace_lock(const char *path, struct error *err)
{
	int dir = open_directory(path);
	int rc = dir < 0 ? -1 : 0;

	while (rc == 0 && (rc = flock(dir, LOCK_EX)) < 0 && errno == EINTR)
		rc = 0;
	if (rc == 0)
		return dir;
	error_set(err, path, 0, "cannot be written: %s", strerror(errno));
	if (dir >= 0)
		close(dir);
	return -1;
}

/* Make a rename last. */
static void sync_directory(const char *path)
{
	int fd = open_directory(path);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

int replace_file(const char *path, const char *text, struct error *err)
{
	struct buf temporary = BUF_INIT;
	int rc = 0;
	int fd;

	/* Its name does not match "*.json". */
	buf_printf(&temporary, "%s.XXXXXX", path);
	fd = mkstemp(temporary.data);
	if (fd >= 0 && write_line(fd, text) < 0)
		rc = -1;
	if (fd < 0 || close(fd) < 0 || rc < 0 ||
	    rename(temporary.data, path) < 0) {
		rc = error_set(err, path, 0, "cannot be written: %s",
			       strerror(errno));
		if (fd >= 0)
			unlink(temporary.data);
	}
	if (rc == 0)
		sync_directory(path);
	buf_free(&temporary);
	return rc;
}
