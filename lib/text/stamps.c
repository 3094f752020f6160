#include "watch.h"

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
	struct timespec modified; /* the content */
	struct timespec changed;  /* the content, the name or the owner */
};

struct watch {
	struct entry {
		char *path;
		struct stamp stamp;
		int is_unsettled;
		struct room *room; /* of what is missing; NULL: look at path */
		const void *group; /* NULL: every group's */
	} * entries;
	size_t count;
	/* Nothing appears in a directory but by a change of it: so one look
	 * at that does for all that is missing there. */
	struct room {
		char *path;
		struct stamp stamp; /* when all was last found missing */
		int is_checked;     /* in the look that goes on */
		struct room *next;
	} * rooms;
	const void *group; /* of what is added */
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

/* A time in the future, from a clock that went wrong, counts as settled.  No
 * part of a second: the file system keeps none. */
static int is_recent(struct timespec then)
{
	long long step =
		then.tv_nsec == 0 ? 1000000000LL : WATCH_SETTLE_MS * 1000000LL;
	struct timespec now;
	long long age;

	clock_gettime(CLOCK_REALTIME, &now);
	age = (now.tv_sec - then.tv_sec) * 1000000000LL +
	      (now.tv_nsec - then.tv_nsec);
	return age >= 0 && age < step;
}

static struct stamp look(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return (struct stamp){ .is_missing = 1 };
	return stamp_of(&st);
}

/* Even a link that leads nowhere is there. */
static int is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* The directory of a missing path, with no stamp yet.  NULL for a link: what
 * it leads to may appear elsewhere. */
static struct room *room_of(struct watch *w, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash != NULL ? (size_t)(slash - path) + 1 : 0;
	struct room *room = w->rooms;

	if (is_there(path))
		return NULL;
	if (len == 0) {
		path = ".";
		len = 1;
	}
	while (room != NULL &&
	       (strncmp(room->path, path, len) != 0 || room->path[len] != '\0'))
		room = room->next;
	if (room != NULL)
		return room;
	room = mem_alloc(sizeof(*room));
	room->path = mem_copy(path, len);
	room->next = w->rooms;
	w->rooms = room;
	return room;
}

static void remember(struct watch *w, const char *path,
		     const struct stamp *stamp)
{
	struct entry *entry;

	w->entries = mem_grow(w->entries, w->count + 1, sizeof(*w->entries));
	entry = &w->entries[w->count++];
	entry->path = mem_copy(path, strlen(path));
	entry->stamp = *stamp;
	entry->is_unsettled = !stamp->is_missing && is_recent(stamp->changed);
	entry->room = stamp->is_missing ? room_of(w, path) : NULL;
	entry->group = w->group;
}

struct watch *watch_new(void)
{
	return mem_alloc(sizeof(struct watch));
}

void watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->count; i++)
		free(w->entries[i].path);
	free(w->entries);
	while (w->rooms != NULL) {
		struct room *next = w->rooms->next;

		free(w->rooms->path);
		free(w->rooms);
		w->rooms = next;
	}
	free(w);
}

void watch_set_group(struct watch *w, const void *group)
{
	w->group = group;
}

void watch_add(struct watch *w, const char *path)
{
	struct stamp stamp = look(path);

	remember(w, path, &stamp);
}

/* All of an open file, in pieces as it grows, up to one byte over max. */
static int read_all(int fd, size_t max, struct buf *out)
{
	char piece[4096]; /* the stack never shrinks */
	size_t total = 0;

	while (total <= max) {
		ssize_t got = read(fd, piece, sizeof(piece));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		buf_add(out, piece, (size_t)got);
		total += (size_t)got;
	}
	errno = EFBIG;
	return -1;
}

static int fail(struct watch *w, const char *path, int reason,
		struct error *err)
{
	if (reason != EFBIG)
		watch_fail(w);
	return error_set(err, path, 0, "cannot be read: %s", strerror(reason));
}

int watch_read(struct watch *w, const char *path, size_t max, struct buf *out,
	       struct error *err)
{
	/* Non-blocking, so that a FIFO without a writer does not hang. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stamp stamp;
	struct stat st;
	int rc = 1;

	if (fd < 0) {
		int reason = errno;

		watch_add(w, path);
		if (reason == ENOENT)
			return 0;
		return fail(w, path, reason, err);
	}
	if (fstat(fd, &st) < 0)
		memset(&st, 0, sizeof(st));
	stamp = stamp_of(&st);
	remember(w, path, &stamp);
	if (!S_ISREG(st.st_mode))
		rc = error_set(err, path, 0, "is not a regular file");
	else if (read_all(fd, max, out) < 0)
		rc = fail(w, path, errno, err);
	close(fd);
	return rc;
}

void watch_fail(struct watch *w)
{
	w->has_failed = 1;
}

int watch_has_failed(const struct watch *w)
{
	return w->has_failed;
}

/* Whether what was missing in a directory has appeared there. */
static int is_filled(const struct watch *w, struct room *room)
{
	struct stamp now = look(room->path);

	if (is_same(&room->stamp, &now))
		return 0;
	for (size_t i = 0; i < w->count; i++)
		if (w->entries[i].room == room && is_there(w->entries[i].path))
			return 1;
	/* While it is young, the next change may bear the same time. */
	if (now.is_missing || !is_recent(now.changed))
		room->stamp = now;
	return 0;
}

static int is_entry_changed(const struct watch *w, const struct entry *entry)
{
	struct room *room = entry->room;
	struct stamp now;

	if (room != NULL && room->is_checked)
		return 0;
	if (room != NULL) {
		room->is_checked = 1;
		return is_filled(w, room);
	}
	now = look(entry->path);
	return !is_same(&entry->stamp, &now);
}

int watch_is_changed(struct watch *w)
{
	return watch_is_group_changed(w, NULL);
}

int watch_is_group_changed(struct watch *w, const void *group)
{
	for (struct room *room = w->rooms; room != NULL; room = room->next)
		room->is_checked = 0;
	for (size_t i = 0; i < w->count; i++) {
		const struct entry *entry = &w->entries[i];

		if ((group == NULL || entry->group == NULL ||
		     entry->group == group) &&
		    is_entry_changed(w, entry))
			return 1;
	}
	return 0;
}

int watch_is_unsettled(const struct watch *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->entries[i].is_unsettled)
			return 1;
	return 0;
}
