#include "arming_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "date.h"

/* Seconds after which the file that began an installation begins another. */
#define TRY_AFTER 60

/* How many addresses of one machine are kept. */
#define ADDRESSES_MAX 8

static const char new_name[] = ".new";

static int fail(struct error *err, const char *what)
{
	return error_set(err, NULL, 0, "the state directory %s: %s", what,
			 strerror(errno));
}

int arming_store_open(struct arming_store *store, const char *path,
		      struct error *err)
{
	int rc;

	store->path = path;
	store->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->fd < 0)
		return fail(err, "cannot be opened");
	do
		rc = flock(store->fd, LOCK_EX);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return 0;
	fail(err, "cannot be locked");
	arming_store_close(store);
	return -1;
}

void arming_store_close(struct arming_store *store)
{
	close(store->fd);
	store->fd = -1;
}

static void print(const struct arming *a, struct buf *out)
{
	char armed[DATE_SIZE], expires[DATE_SIZE];
	char secret[SIPHASH_TEXT_SIZE];
	json_t *file;
	char *text;

	siphash_print(a->secret, secret);
	date_print(a->armed, armed);
	date_print(a->expires, expires);
	file = json_pack("{s:s, s:s, s:s, s:I, s:I, s:O}", "secret", secret,
			 "armed", armed, "expires", expires, "retries",
			 a->retries, "max", a->max, "machines", a->machines);
	text = json_dumps(file, JSON_INDENT(2));
	buf_printf(out, "%s\n", text);
	free(text);
	json_decref(file);
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
static int write_new(const struct arming_store *store, const struct buf *text)
{
	int reason;
	int rc;
	int fd;

	unlinkat(store->fd, new_name, 0); /* a crash may have left it */
	fd = openat(store->fd, new_name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	rc = buf_write(text, fd);
	if (rc == 0)
		rc = give_away(store->fd, fd);
	if (rc == 0)
		rc = fsync(fd);
	reason = errno;
	if (close(fd) < 0 && rc == 0)
		return -1;
	errno = reason;
	return rc;
}

int arming_store_write(const struct arming_store *store, const char *name,
		       const struct arming *a, struct error *err)
{
	struct buf text = BUF_INIT;
	int rc;

	print(a, &text);
	rc = write_new(store, &text);
	if (rc == 0)
		rc = renameat(store->fd, new_name, store->fd, name);
	if (rc == 0)
		rc = fsync(store->fd);
	if (rc < 0) {
		fail(err, "cannot be written");
		unlinkat(store->fd, new_name, 0);
	}
	buf_free(&text);
	return rc;
}

int arming_store_remove(const struct arming_store *store, const char *name,
			struct error *err)
{
	if (unlinkat(store->fd, name, 0) < 0)
		return errno == ENOENT ? 0 : fail(err, "cannot be written");
	return fsync(store->fd) < 0 ? fail(err, "cannot be written") : 1;
}

static void set_state(json_t *mark, const char *state)
{
	json_object_set_new(mark, "state", json_string(state));
}

static void set_begun(json_t *mark, const struct arming_fetch *f,
		      json_int_t tries)
{
	char now[DATE_SIZE];

	date_print(f->now, now);
	set_state(mark, "begun");
	json_object_set_new(mark, "tries", json_integer(tries));
	json_object_set_new(mark, "first", json_string(f->file));
	json_object_set_new(mark, "began", json_string(now));
}

static json_t *add_mark(struct arming *a, const struct arming_fetch *f)
{
	json_t *mark = json_object();

	json_object_set_new(mark, "addresses", json_array());
	set_begun(mark, f, 1);
	json_object_set_new(a->machines, f->machine, mark);
	return mark;
}

/* Returns whether it was not there, and there is room for it. */
static int add_address(json_t *mark, const char *address)
{
	json_t *list = json_object_get(mark, "addresses");
	size_t i;
	const json_t *known;

	json_array_foreach(list, i, known)
		if (json_is_string(known) &&
		    strcmp(json_string_value(known), address) == 0)
			return 0;
	if (json_array_size(list) >= ADDRESSES_MAX)
		return 0;
	json_array_append_new(list, json_string(address));
	return 1;
}

/* Whether the fetch begins the next try. */
static int is_next(const json_t *mark, const struct arming_fetch *f)
{
	const char *first = json_string_value(json_object_get(mark, "first"));
	const char *began = json_string_value(json_object_get(mark, "began"));

	return strcmp(first, f->file) == 0 &&
	       f->now - date_parse(began) >= TRY_AFTER;
}

enum arming_verdict arming_fetch(struct arming *a, const struct arming_fetch *f,
				 int *is_new)
{
	const enum arming_state state = arming_state_of(a, f->machine, f->now);
	json_t *mark = json_object_get(a->machines, f->machine);
	int is_changed = 1;

	*is_new = 0;
	if (state == ARMING_UNARMED || a->is_broken ||
	    (state == ARMING_DONE && !f->always))
		return ARMING_REFUSED;
	if (mark == NULL) {
		add_address(add_mark(a, f), f->address);
		return ARMING_CHANGED;
	}
	if (state == ARMING_DONE || is_next(mark, f))
		set_begun(mark, f,
			  json_integer_value(json_object_get(mark, "tries")) +
				  1);
	else
		is_changed = 0;
	*is_new = add_address(mark, f->address);
	return is_changed || *is_new ? ARMING_CHANGED : ARMING_ALLOWED;
}

enum arming_verdict arming_end(struct arming *a, const struct arming_fetch *f)
{
	json_t *mark = json_object_get(a->machines, f->machine);

	switch (arming_state_of(a, f->machine, f->now)) {
	case ARMING_UNARMED:
		return ARMING_REFUSED;
	case ARMING_ARMED:
		mark = add_mark(a, f);
		add_address(mark, f->address);
		break;
	case ARMING_BEGUN:
		break;
	case ARMING_DONE:
		return a->is_broken ? ARMING_REFUSED : ARMING_ALLOWED;
	}
	set_state(mark, "done");
	return ARMING_CHANGED;
}
