#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "stamps.h"
#include "syntax.h"
#include "value.h"

/* How many times a file that is being written is read again. */
#define SETTLE_TRIES 5

static const char *const host_keys[] = {
	"menu",    "boot",      "group",    "networks", "answers", "values",
	"install", "otherwise", WORDS_KEYS, "$schema",  NULL,
};

void host_free(struct host *host)
{
	mem_pool_free(&host->pool);
}

static int fail(const struct host *host, struct error *err, const char *reason)
{
	return error_set(err, host->name, 0, "%s", reason);
}

static int fail_errno(const struct host *host, struct error *err, int reason)
{
	return error_set(err, host->name, 0, "cannot be read: %s",
			 strerror(reason));
}

/* Without following a link, and without waiting for the writer of a FIFO. */
static int open_name(int dir, const char *name)
{
	return openat(dir, name,
		      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC |
			      O_NOCTTY);
}

/* Go from a link to its target, another name of the directory. */
static int follow(int dir, struct host *host, struct error *err)
{
	char target[IDENTITY_NAME_SIZE];
	ssize_t len = readlinkat(dir, host->name, target, sizeof(target));
	struct buf right = BUF_INIT;
	struct identity id;
	int is_name = 0;
	int fd;

	if (len >= 0 && len < (ssize_t)sizeof(target)) {
		target[len] = '\0';
		is_name = identity_parse_name(target, &id, &right) == NULL;
	}
	buf_free(&right);
	if (!is_name)
		return fail(host, err,
			    "is a link to something else than a host file of "
			    "this directory");
	fd = open_name(dir, target);
	if (fd < 0)
		return fail(host, err,
			    errno == ELOOP ? "is a link to a link: make it one "
					     "to the file itself"
					   : "is a link to a file that is not "
					     "there or cannot be read");
	memcpy(host->name, target, sizeof(target));
	return fd;
}

/* A directory that has gone, as before a mount, is none without files: its
 * machines would get what their group says. */
static int fail_directory(const char *dir, int reason, struct error *err)
{
	if (reason == ENOENT && lstat(dir, &(struct stat){ 0 }) < 0)
		return error_set(err, dir, 0, "is not there");
	return error_set(err, dir, 0, "cannot be read: %s", strerror(reason));
}

/* Open the host's file.  Returns a descriptor; -1, with err set unless there is
 * no such file. */
static int open_host(const char *dir, struct host *host, struct error *err)
{
	int parent = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int reason = errno;
	int fd;

	if (parent < 0)
		return fail_directory(dir, reason, err);
	fd = open_name(parent, host->name);
	reason = errno;
	if (fd < 0 && reason == ELOOP)
		fd = follow(parent, host, err);
	else if (fd < 0 && reason != ENOENT)
		fail_errno(host, err, reason);
	close(parent);
	return fd;
}

int host_find(const char *dir, char name[static IDENTITY_NAME_SIZE],
	      struct error *err)
{
	struct host host = { .name = "" };
	int fd;

	memcpy(host.name, name, strlen(name) + 1);
	fd = open_host(dir, &host, err);
	memcpy(name, host.name, sizeof(host.name));
	if (fd < 0)
		return err->text[0] != '\0' ? -1 : 0;
	close(fd);
	return 1;
}

/* Read the file's object once.  Returns 1, 0 or -1 as host_read() does, with
 * *is_recent telling whether somebody may be writing to the file. */
static int read_once(const char *dir, struct host *host, json_t **object,
		     int *is_recent, struct error *err)
{
	int fd = open_host(dir, host, err);
	struct buf text = BUF_INIT;
	struct stat st = { .st_mode = 0 };

	*is_recent = 0;
	if (fd < 0)
		return err->text[0] != '\0' ? -1 : 0;
	if (fstat(fd, &st) < 0)
		fail_errno(host, err, errno);
	else if (!S_ISREG(st.st_mode))
		fail(host, err, "is not a regular file");
	else if (buf_read(&text, fd, HOST_FILE_MAX) < 0)
		fail_errno(host, err, errno);
	else
		*object = syntax_read(host->name, &text, err);
	if (*object == NULL)
		*is_recent = stamps_is_recent(st.st_ctim);
	close(fd);
	buf_free(&text);
	return *object != NULL ? 1 : -1;
}

/* The same, and again while somebody is writing to the file. */
static int read_object(const char *dir, struct host *host, json_t **object,
		       struct error *err)
{
	const struct timespec pause = { .tv_nsec =
						STAMPS_SETTLE_MS * 1000000L };
	struct error last;
	int is_recent;
	int rc;

	for (int i = 0;; i++) {
		last = (struct error)ERROR_INIT;
		rc = read_once(dir, host, object, &is_recent, &last);
		if (rc >= 0 || !is_recent || i == SETTLE_TRIES)
			break;
		nanosleep(&pause, NULL);
	}
	if (rc < 0)
		error_set(err, NULL, 0, "%s", last.text);
	return rc;
}

/* Offers the ids that there are. */
static int fail_group(struct cursor *at, const struct groups *groups,
		      const char *id)
{
	const char **known = mem_alloc((groups->count + 1) * sizeof(*known));
	const struct offer offer = { .wanted = id, .known = known };

	for (size_t i = 0; i < groups->count; i++)
		known[i] = groups->list[i].id;
	cursor_fail_offer(at, "group", &offer, "there is no group '%s'",
			  cursor_shown(id));
	free(known);
	return -1;
}

static int read_group(struct cursor *at, const json_t *object,
		      const struct groups *groups, struct host *host)
{
	const char *id = NULL;

	if (value_string(at, object, "group", &id) < 0)
		return -1;
	if (id == NULL)
		return 0;
	host->group = group_find(groups, id);
	return host->group != NULL ? 0 : fail_group(at, groups, id);
}

/* Whether a machine of the group can start the host's own release. */
static int check_release(struct cursor *at, const struct host *host)
{
	const char *reason = NULL;

	if (host->group != NULL && host->assigned.release != NULL)
		reason = release_refusal(host->assigned.release,
					 &host->group->machine);
	if (reason == NULL)
		return 0;
	return cursor_fail_key(at, "boot",
			       "no machine of group '%s' can start it: it %s",
			       host->group->id, reason);
}

static int read_keys(struct cursor *at, const json_t *object,
		     const struct host_sources *sources, struct host *host)
{
	int rc = value_check_object(at, object, host_keys);

	rc |= value_networks(at, object, "networks", &host->networks,
			     &host->network_count);
	rc |= read_group(at, object, sources->groups, host);
	rc |= assignment_read(at, object, &sources->assignables, WORDS_OF_HOST,
			      &host->assigned);
	if (rc < 0)
		return -1;
	if (assignment_is_empty(&host->assigned) && host->group == NULL)
		return cursor_fail(at, "needs menu, boot or group");
	if (host->group != NULL)
		assignment_inherit(&host->assigned, &host->group->assigned);
	return check_release(at, host) |
	       assignment_check_words(at, object, &host->assigned,
				      sources->assignables.settings) |
	       assignment_check_answers(at, object, &host->assigned);
}

int host_read(struct cursor *at, const char *dir, const char *name,
	      const struct host_sources *sources, struct host *host)
{
	json_t *object = NULL;
	int rc;

	*host = (struct host){ .name = "" };
	memcpy(host->name, name, strlen(name) + 1);
	rc = read_object(dir, host, &object, at->err);
	if (rc <= 0)
		return rc;
	at->pool = &host->pool;
	at->file = host->name;
	rc = read_keys(at, object, sources, host) < 0 ? -1 : 1;
	json_decref(object);
	return rc;
}
