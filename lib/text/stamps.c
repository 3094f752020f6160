#include "stamps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"

struct stamp {
	int is_missing;
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified; /* content */
	struct timespec changed;  /* content, name, owner or mode */
};

struct stamps {
	struct group {
		const void *id; /* NULL: they belong to every group */
		struct file {
			char *path;
			struct stamp stamp;
			int is_unsettled;
		} * files;
		size_t count;
		struct group *next;
	} first;             /* its id is NULL */
	struct group *added; /* of the files that are added */
	/* A file can appear only with a change of its directory: one look at
	 * that is enough for all files that are missing there. */
	struct directory {
		char *path;
		struct stamp stamp; /* when all of them were last missing */
		char **missing;
		size_t count;
		struct directory *next;
	} * dirs;
	int has_failed;
};

static struct stamp stamp_of(const struct stat *st)
{
	return (struct stamp){
		.device = st->st_dev,
		.inode = st->st_ino,
		.size = st->st_size,
		.modified = st->st_mtim,
		.changed = st->st_ctim,
	};
}

static int is_same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static int is_same(const struct stamp *a, const struct stamp *b)
{
	if (a->is_missing || b->is_missing)
		return a->is_missing == b->is_missing;
	return a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && is_same_time(a->modified, b->modified) &&
	       is_same_time(a->changed, b->changed);
}

/* Whether a change was so recent that the next one could get the same time.  A
 * time in the future comes from a wrong clock and is not recent.  A file system
 * that stores whole seconds only leaves the nanoseconds at 0. */
int stamps_is_recent(struct timespec then)
{
	long long step =
		then.tv_nsec == 0 ? 1000000000LL : STAMPS_SETTLE_MS * 1000000LL;
	struct timespec now;
	long long age;

	clock_gettime(CLOCK_REALTIME, &now);
	age = (now.tv_sec - then.tv_sec) * 1000000000LL +
	      (now.tv_nsec - then.tv_nsec);
	return age >= 0 && age < step;
}

static struct stamp stamp_at(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return (struct stamp){ .is_missing = 1 };
	return stamp_of(&st);
}

/* A link counts even if its target is missing. */
static int is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* The directory of a path; a new one has no stamp yet. */
static struct directory *directory_of(struct stamps *s, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash != NULL ? (size_t)(slash - path) + 1 : 0;
	struct directory *dir = s->dirs;

	if (len == 0) {
		path = ".";
		len = 1;
	}
	while (dir != NULL &&
	       (strncmp(dir->path, path, len) != 0 || dir->path[len] != '\0'))
		dir = dir->next;
	if (dir != NULL)
		return dir;
	dir = mem_alloc(sizeof(*dir));
	dir->path = mem_copy(path, len);
	dir->next = s->dirs;
	s->dirs = dir;
	return dir;
}

static void record_missing(struct stamps *s, const char *path)
{
	struct directory *dir = directory_of(s, path);

	dir->missing = mem_grow_by_one(dir->missing, dir->count,
				       sizeof(*dir->missing));
	dir->missing[dir->count++] = mem_copy(path, strlen(path));
}

static void record(struct stamps *s, const char *path,
		   const struct stamp *stamp)
{
	struct group *group = s->added;
	struct file *file;

	/* A link is looked at by itself: its target may appear in another
	 * directory. */
	if (stamp->is_missing && !is_there(path)) {
		record_missing(s, path);
		return;
	}
	group->files = mem_grow_by_one(group->files, group->count,
				       sizeof(*group->files));
	file = &group->files[group->count++];
	file->path = mem_copy(path, strlen(path));
	file->stamp = *stamp;
	file->is_unsettled =
		!stamp->is_missing && stamps_is_recent(stamp->changed);
}

struct stamps *stamps_new(void)
{
	struct stamps *s = mem_alloc(sizeof(*s));

	s->added = &s->first;
	return s;
}

static void free_files(struct group *group)
{
	for (size_t i = 0; i < group->count; i++)
		free(group->files[i].path);
	free(group->files);
}

static void free_directory(struct directory *dir)
{
	for (size_t i = 0; i < dir->count; i++)
		free(dir->missing[i]);
	free(dir->missing);
	free(dir->path);
	free(dir);
}

void stamps_free(struct stamps *s)
{
	if (s == NULL)
		return;
	free_files(&s->first);
	while (s->first.next != NULL) {
		struct group *next = s->first.next->next;

		free_files(s->first.next);
		free(s->first.next);
		s->first.next = next;
	}
	while (s->dirs != NULL) {
		struct directory *next = s->dirs->next;

		free_directory(s->dirs);
		s->dirs = next;
	}
	free(s);
}

void stamps_set_group(struct stamps *s, const void *id)
{
	struct group *group = &s->first;

	while (group->id != id && group->next != NULL)
		group = group->next;
	if (group->id != id) {
		group->next = mem_alloc(sizeof(*group));
		group = group->next;
		group->id = id;
	}
	s->added = group;
}

void stamps_add(struct stamps *s, const char *path)
{
	struct stamp stamp = stamp_at(path);

	record(s, path, &stamp);
}

const char *stamps_next_path(const struct stamps *s, size_t *index)
{
	size_t before = 0;

	for (const struct group *group = &s->first; group != NULL;
	     group = group->next) {
		if (*index - before < group->count)
			return group->files[(*index)++ - before].path;
		before += group->count;
	}
	return NULL;
}

static int fail(struct stamps *s, const char *path, int reason,
		struct error *err)
{
	stamps_fail(s);
	return error_set(err, path, 0, "cannot be read: %s", strerror(reason));
}

int stamps_read(struct stamps *s, const char *path, size_t max, struct buf *out,
		struct error *err)
{
	/* Non-blocking, so that a FIFO without a writer does not hang. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stamp stamp;
	struct stat st;
	int rc;

	if (fd < 0) {
		int reason = errno;

		stamps_add(s, path);
		if (reason == ENOENT)
			return 0;
		return fail(s, path, reason, err);
	}
	if (fstat(fd, &st) < 0)
		memset(&st, 0, sizeof(st));
	stamp = stamp_of(&st);
	record(s, path, &stamp);
	if (S_ISDIR(st.st_mode))
		rc = error_set(err, path, 0, "is a directory, not a file");
	else if (!S_ISREG(st.st_mode))
		rc = error_set(err, path, 0, "is not a regular file");
	else if (buf_read(out, fd, max) == 0)
		rc = 1;
	else if (errno == EFBIG)
		rc = error_set(err, path, 0,
			       "has more than %zu bytes: shorten it", max);
	else
		rc = fail(s, path, errno, err);
	close(fd);
	return rc;
}

void stamps_fail(struct stamps *s)
{
	s->has_failed = 1;
}

int stamps_has_failed(const struct stamps *s)
{
	return s->has_failed;
}

/* Whether a file that was missing in the directory is there now. */
static int is_filled(struct directory *dir)
{
	struct stamp now = stamp_at(dir->path);

	if (is_same(&dir->stamp, &now))
		return 0;
	for (size_t i = 0; i < dir->count; i++)
		if (is_there(dir->missing[i]))
			return 1;
	/* After a recent change, the next one could get the same time. */
	if (now.is_missing || !stamps_is_recent(now.changed))
		dir->stamp = now;
	return 0;
}

static int is_any_changed(const struct group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct file *file = &group->files[i];
		struct stamp now = stamp_at(file->path);

		if (!is_same(&file->stamp, &now))
			return 1;
	}
	return 0;
}

int stamps_is_changed(struct stamps *s)
{
	return stamps_is_group_changed(s, NULL);
}

int stamps_is_group_changed(struct stamps *s, const void *id)
{
	for (struct directory *dir = s->dirs; dir != NULL; dir = dir->next)
		if (is_filled(dir))
			return 1;
	for (const struct group *group = &s->first; group != NULL;
	     group = group->next)
		if ((id == NULL || group->id == NULL || group->id == id) &&
		    is_any_changed(group))
			return 1;
	return 0;
}

int stamps_is_unsettled(const struct stamps *s)
{
	for (const struct group *group = &s->first; group != NULL;
	     group = group->next)
		for (size_t i = 0; i < group->count; i++)
			if (group->files[i].is_unsettled)
				return 1;
	return 0;
}
