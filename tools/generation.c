/* flock() and syncfs() are not of POSIX. */
#define _GNU_SOURCE
#include "generation.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest.h"
#include "mem.h"

#define SUMS "SHA256SUMS"

/* More than a text can have. */
#define FILE_MAX (64 * 1024 * 1024)

struct generation {
	char *path; /* as given, without '/' at the end */
	char *name; /* its last part */
	int parent; /* the directory that it is in */
	int lock;
	int old;              /* the generation in use; -1: none */
	int next;             /* the one that is being written; -1: none yet */
	unsigned long number; /* of the one in use; 0: none */
	char **same;          /* files as before, while next is -1 */
	size_t same_count;
	size_t known; /* how many of the added are in old */
	struct digest *digest;
	struct buf sums;
	struct generation_counts counts;
	json_t *added; /* for comparing: their names, as keys; else NULL */
	void (*report)(const char *path, const char *what);
};

static int fail(const struct generation *g, const char *file, struct error *err)
{
	return error_set(err, NULL, 0, "%s%s%s: %s", g->path,
			 file != NULL ? "/" : "", file != NULL ? file : "",
			 strerror(errno));
}

/* NAME and suffix; release with free(). */
static char *beside(const struct generation *g, const char *suffix)
{
	struct buf name = BUF_INIT;

	buf_printf(&name, "%s.%s", g->name, suffix);
	return buf_take(&name);
}

static char *numbered(const struct generation *g, unsigned long number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lu", number);
	return beside(g, digits);
}

/* Call visit() for each name in the directory; it is closed. */
static void each_name(int dir,
		      void (*visit)(void *ctx, int dir, const char *name),
		      void *ctx)
{
	DIR *list = dir >= 0 ? fdopendir(dir) : NULL;
	struct dirent *entry;

	if (list == NULL) {
		if (dir >= 0)
			close(dir);
		return;
	}
	while ((entry = readdir(list)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			visit(ctx, dirfd(list), entry->d_name);
	closedir(list);
}

static int open_dir(int at, const char *name)
{
	return openat(at, name,
		      O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* Remove the file, or the directory with all that is in it.  What cannot be
 * removed stays for the next run. */
static void remove_tree(void *ctx, int at, const char *name)
{
	if (unlinkat(at, name, 0) == 0)
		return;
	each_name(open_dir(at, name), remove_tree, ctx);
	unlinkat(at, name, AT_REMOVEDIR);
}

/* The number of a generation by its name; 0: it is none. */
static unsigned long number_of(const struct generation *g, const char *name)
{
	size_t len = strlen(g->name);
	const char *digits = name + len + 1;

	if (strncmp(name, g->name, len) != 0 || name[len] != '.' ||
	    *digits < '1' || *digits > '9' || strlen(digits) > 18 ||
	    digits[strspn(digits, "0123456789")] != '\0')
		return 0;
	return strtoul(digits, NULL, 10);
}

/* Remove the name if an earlier run left it over. */
static void remove_leftover(void *ctx, int at, const char *name)
{
	const struct generation *g = ctx;
	unsigned long number = number_of(g, name);
	char *next = beside(g, "new");
	char *link = beside(g, "link");
	struct buf sums = BUF_INIT;

	buf_printf(&sums, "%s/" SUMS, name);
	if (strcmp(name, next) == 0 || strcmp(name, link) == 0)
		remove_tree(NULL, at, name);
	/* Somebody's own directory has no such file. */
	else if (number > 0 && number != g->number &&
		 faccessat(at, sums.data, F_OK, 0) == 0)
		remove_tree(NULL, at, name);
	buf_free(&sums);
	free(next);
	free(link);
}

static void remove_leftovers(struct generation *g)
{
	each_name(open_dir(g->parent, "."), remove_leftover, g);
}

/* Find the generation in use.  Returns 0, or -1 with err set. */
static int find_old(struct generation *g, struct error *err)
{
	char target[NAME_MAX + 1];
	ssize_t len = readlinkat(g->parent, g->name, target, sizeof(target));

	if (len < 0 && errno == ENOENT)
		return 0;
	if (len < 0 && errno != EINVAL)
		return fail(g, NULL, err);
	if (len > 0 && (size_t)len < sizeof(target)) {
		target[len] = '\0';
		g->number = number_of(g, target);
	}
	if (g->number == 0)
		return error_set(err, NULL, 0,
				 "%s: is there and is no export: remove it, "
				 "or name one that is not there, which becomes "
				 "a symbolic link",
				 g->path);
	g->old = open_dir(g->parent, target);
	return 0;
}

static int open_parent(struct generation *g, struct error *err)
{
	struct buf dir = BUF_INIT;

	if (g->name == g->path)
		buf_puts(&dir, ".");
	else
		buf_add(&dir, g->path, (size_t)(g->name - g->path));
	g->parent = open(dir.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (g->parent < 0)
		error_set(err, NULL, 0, "%s: %s", dir.data, strerror(errno));
	buf_free(&dir);
	return g->parent < 0 ? -1 : 0;
}

static struct generation *create(const char *path)
{
	struct generation *g = mem_alloc(sizeof(*g));
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	g->path = mem_copy(path, len);
	g->name = strrchr(g->path, '/');
	g->name = g->name != NULL ? g->name + 1 : g->path;
	g->parent = g->lock = g->old = g->next = -1;
	return g;
}

static int check_name(const struct generation *g, struct error *err)
{
	if (g->name[0] != '\0' && strcmp(g->name, ".") != 0 &&
	    strcmp(g->name, "..") != 0)
		return 0;
	return error_set(err, NULL, 0,
			 "%s: is no name for an export: name a directory that "
			 "is not there",
			 g->path);
}

static int take_lock(struct generation *g, struct error *err)
{
	char *name = beside(g, "lock");

	g->lock = openat(g->parent, name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	free(name);
	while (g->lock >= 0 && flock(g->lock, LOCK_EX) < 0)
		if (errno != EINTR)
			return fail(g, NULL, err);
	return g->lock < 0 ? fail(g, NULL, err) : 0;
}

static int set_up_digest(struct generation *g, struct error *err)
{
	g->digest = digest_new(0);
	return g->digest != NULL
		       ? 0
		       : error_set(err, NULL, 0, "no sums can be made");
}

struct generation *generation_new(const char *path, struct error *err)
{
	struct generation *g = create(path);

	if (check_name(g, err) < 0 || open_parent(g, err) < 0 ||
	    take_lock(g, err) < 0 || find_old(g, err) < 0 ||
	    set_up_digest(g, err) < 0)
		goto free_generation;
	remove_leftovers(g);
	return g;

free_generation:
	generation_free(g);
	return NULL;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void drop_same(struct generation *g)
{
	for (size_t i = 0; i < g->same_count; i++)
		free(g->same[i]);
	free(g->same);
	g->same = NULL;
	g->same_count = 0;
}

void generation_free(struct generation *g)
{
	if (g == NULL)
		return;
	if (g->next >= 0)
		remove_leftovers(g);
	drop_same(g);
	close_if_open(g->next);
	close_if_open(g->old);
	close_if_open(g->lock);
	close_if_open(g->parent);
	digest_free(g->digest);
	buf_free(&g->sums);
	json_decref(g->added);
	free(g->path);
	free(g);
}

/* Read the file of the generation in use.  Returns 0, or -1: there is none. */
static int read_old(const struct generation *g, const char *path,
		    struct buf *text)
{
	int fd = -1;
	int rc;

	if (g->old >= 0)
		fd = openat(g->old, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	rc = buf_read(text, fd, FILE_MAX);
	close(fd);
	return rc;
}

/* Make the directories of the file in the next generation. */
static int make_parents(const struct generation *g, const char *path)
{
	char *dir = mem_copy(path, strlen(path));
	int rc = 0;

	for (char *slash = strchr(dir, '/'); slash != NULL && rc == 0;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdirat(g->next, dir, 0755) < 0 && errno != EEXIST)
			rc = -1;
		*slash = '/';
	}
	free(dir);
	return rc;
}

static int create_file(const struct generation *g, const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd = openat(g->next, path, flags, 0644);

	if (fd < 0 && errno == ENOENT && make_parents(g, path) == 0)
		fd = openat(g->next, path, flags, 0644);
	return fd;
}

static int write_file(const struct generation *g, const char *path,
		      const struct buf *text, struct error *err)
{
	int fd = create_file(g, path);
	int rc;

	if (fd < 0)
		return fail(g, path, err);
	rc = buf_write(text, fd) < 0 ? fail(g, path, err) : 0;
	if (close(fd) < 0 && rc == 0)
		rc = fail(g, path, err);
	return rc;
}

/* Keep the file as it is in the generation in use. */
static int keep_file(const struct generation *g, const char *path,
		     struct error *err)
{
	struct buf text = BUF_INIT;
	int rc = linkat(g->old, path, g->next, path, 0);

	if (rc < 0 && errno == ENOENT && make_parents(g, path) == 0)
		rc = linkat(g->old, path, g->next, path, 0);
	if (rc == 0)
		return 0;
	/* A file system without links. */
	rc = read_old(g, path, &text) < 0 ? fail(g, path, err)
					  : write_file(g, path, &text, err);
	buf_free(&text);
	return rc;
}

/* Begin to write the next generation, with what is as it was. */
static int begin(struct generation *g, struct error *err)
{
	char *name = beside(g, "new");
	int rc = 0;

	if (mkdirat(g->parent, name, 0755) == 0)
		g->next = open_dir(g->parent, name);
	free(name);
	if (g->next < 0)
		return fail(g, NULL, err);
	for (size_t i = 0; i < g->same_count && rc == 0; i++)
		rc = keep_file(g, g->same[i], err);
	drop_same(g);
	return rc;
}

/* Compare the file with the one in use. */
static void compare(struct generation *g, const char *path, int is_there,
		    int is_same)
{
	json_object_set_new(g->added, path, json_true());
	if (!is_there)
		g->report(path, "is missing");
	else if (!is_same)
		g->report(path, "differs");
}

static void add_sum(struct generation *g, const char *path,
		    const struct buf *text)
{
	struct sums sums;

	digest_reset(g->digest);
	digest_add(g->digest, buf_text(text), text->len);
	digest_read(g->digest, &sums);
	buf_printf(&g->sums, "%s  %s\n", sums.sha256, path);
}

static int add(struct generation *g, const char *path, const struct buf *text,
	       struct error *err)
{
	struct buf old = BUF_INIT;
	const int is_there = read_old(g, path, &old) == 0;
	const int is_same =
		is_there && old.len == text->len &&
		memcmp(buf_text(&old), buf_text(text), text->len) == 0;

	buf_free(&old);
	g->known += (size_t)is_there;
	if (g->added != NULL) {
		compare(g, path, is_there, is_same);
		return 0;
	}
	if (is_same && g->next >= 0)
		return keep_file(g, path, err);
	if (is_same) {
		g->same = mem_grow_by_one(g->same, g->same_count,
					  sizeof(*g->same));
		g->same[g->same_count++] = mem_copy(path, strlen(path));
		return 0;
	}
	g->counts.written++;
	if (g->next < 0 && begin(g, err) < 0)
		return -1;
	return write_file(g, path, text, err);
}

int generation_add(struct generation *g, const char *path,
		   const struct buf *text, struct error *err)
{
	g->counts.all++;
	add_sum(g, path, text);
	return add(g, path, text, err);
}

/* How many files of the generation in use have not been added. */
static size_t count_removed(const struct generation *g)
{
	struct buf sums = BUF_INIT;
	size_t lines = 0;

	if (read_old(g, SUMS, &sums) == 0)
		for (size_t i = 0; i < sums.len; i++)
			lines += sums.data[i] == '\n';
	buf_free(&sums);
	return lines > g->known ? lines - g->known : 0;
}

/* Let the link lead to the next generation, which is on disk by then. */
static int switch_link(struct generation *g, struct error *err)
{
	char *next = beside(g, "new");
	char *link = beside(g, "link");
	char *name = numbered(g, g->number + 1);
	int rc = 0;

	if (syncfs(g->next) < 0 ||
	    renameat(g->parent, next, g->parent, name) < 0 ||
	    symlinkat(name, g->parent, link) < 0 ||
	    renameat(g->parent, link, g->parent, g->name) < 0)
		rc = fail(g, NULL, err);
	else
		g->number++;
	if (rc == 0 && fsync(g->parent) < 0)
		rc = fail(g, NULL, err);
	free(next);
	free(link);
	free(name);
	return rc;
}

int generation_finish(struct generation *g, struct generation_counts *counts,
		      struct error *err)
{
	*counts = g->counts;
	counts->removed = count_removed(g);
	if (add(g, SUMS, &g->sums, err) < 0)
		return -1;
	if (g->next < 0)
		return 0; /* all is as it was */
	if (switch_link(g, err) < 0)
		return -1;
	remove_leftovers(g);
	return 0;
}

struct generation *generation_open(const char *path,
				   void (*report)(const char *path,
						  const char *what),
				   struct error *err)
{
	struct generation *g = create(path);

	g->report = report;
	g->added = json_object();
	if (check_name(g, err) < 0 || open_parent(g, err) < 0 ||
	    find_old(g, err) < 0 || set_up_digest(g, err) < 0)
		goto free_generation;
	if (g->old < 0) {
		error_set(err, NULL, 0, "%s: there is no export", g->path);
		goto free_generation;
	}
	return g;

free_generation:
	generation_free(g);
	return NULL;
}

/* Where a walk through the generation in use is. */
struct walk {
	const struct generation *g;
	const char *dir; /* "" or with '/' at the end */
};

static void report_extra(void *ctx, int at, const char *name)
{
	const struct walk *walk = ctx;
	struct buf path = BUF_INIT;
	int dir = open_dir(at, name);

	buf_printf(&path, "%s%s", walk->dir, name);
	if (dir >= 0) {
		buf_putc(&path, '/');
		each_name(dir, report_extra,
			  &(struct walk){ walk->g, path.data });
	} else if (json_object_get(walk->g->added, path.data) == NULL) {
		walk->g->report(path.data, "is not of the export");
	}
	buf_free(&path);
}

void generation_compare(struct generation *g)
{
	add(g, SUMS, &g->sums, NULL);
	each_name(open_dir(g->old, "."), report_extra, &(struct walk){ g, "" });
}
