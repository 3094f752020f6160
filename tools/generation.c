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
#include "record.h"

#define SUMS "SHA256SUMS"

/* What follows DIR and a '.' in the names of what is beside it. */
#define NEXT "new"
#define LINK "link"
#define LOCK "lock"
#define RECORD "record"
#define NEXT_RECORD "record.new"
#define GONE "remove"

/* More than a text, the sums or the record of a catalogue of the most releases
 * can have. */
#define FILE_MAX (1024 * 1024 * 1024)

/* The directory of the file at hand, in both generations. */
struct folder {
	struct buf name; /* "" or with '/' at the end */
	int old;         /* -1: it is not there, or not open */
	int next;
	int is_set;
};

struct generation {
	char *path; /* as given, without '/' at the end */
	char *name; /* its last part */
	int parent; /* the directory that it is in */
	int lock;
	int old;               /* the generation in use; -1: none */
	int next;              /* the one that is being written; -1: none yet */
	unsigned long number;  /* of the one in use; 0: none */
	struct record *record; /* of the one in use; NULL: none that fits */
	size_t old_count;      /* how many files its sums are of */
	const char **same;     /* files as before, while next is -1 */
	size_t same_count;
	struct mem_pool names; /* of same */
	size_t known;          /* how many of the added are in old */
	size_t kept;           /* of these, by their record */
	struct digest *digest;
	struct folder folder;
	struct buf sums;
	struct buf notes; /* the record of the next one */
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

/* Whether the name is that of something unfinished. */
static int is_unfinished(const struct generation *g, const char *name)
{
	static const char *const suffixes[] = { NEXT, LINK, NEXT_RECORD, GONE };
	int is_it = 0;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		char *unfinished = beside(g, suffixes[i]);

		is_it |= strcmp(name, unfinished) == 0;
		free(unfinished);
	}
	return is_it;
}

/* Remove a generation, under a name that says so: one that has lost its sums
 * when the process ends could be somebody's own directory. */
static void remove_generation(const struct generation *g, int at,
			      const char *name)
{
	char *gone = beside(g, GONE);

	remove_tree(NULL, at, gone);
	remove_tree(NULL, at, renameat(at, name, at, gone) == 0 ? gone : name);
	free(gone);
}

/* Remove the name if an earlier run left it over. */
static void remove_leftover(void *ctx, int at, const char *name)
{
	const struct generation *g = ctx;
	unsigned long number = number_of(g, name);
	struct buf sums = BUF_INIT;

	buf_printf(&sums, "%s/" SUMS, name);
	if (is_unfinished(g, name))
		remove_tree(NULL, at, name);
	/* Somebody's own directory has no such file. */
	else if (number > 0 && number != g->number &&
		 faccessat(at, sums.data, F_OK, 0) == 0)
		remove_generation(g, at, name);
	buf_free(&sums);
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
	g->folder.old = g->folder.next = -1;
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
	char *name = beside(g, LOCK);

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

static void close_if_open(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Go to the directory of the file, which is open from then on where it is
 * there.  Returns the last part of path. */
static const char *enter(struct generation *g, const char *path)
{
	struct folder *folder = &g->folder;
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	const size_t len = (size_t)(name - path);

	if (folder->is_set && folder->name.len == len &&
	    memcmp(buf_text(&folder->name), path, len) == 0)
		return name;
	close_if_open(&folder->old);
	close_if_open(&folder->next);
	buf_truncate(&folder->name, 0);
	buf_add(&folder->name, path, len);
	folder->is_set = 1;
	if (g->old >= 0)
		folder->old =
			open_dir(g->old, len > 0 ? folder->name.data : ".");
	return name;
}

/* Open the directory that the file has been entered of in the next generation,
 * and make it where it is not there.  Returns 0, or -1 with errno. */
static int open_next(struct generation *g)
{
	struct folder *folder = &g->folder;
	char *path = folder->name.data;

	if (folder->next >= 0)
		return 0;
	for (char *slash = strchr(path, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		int rc;

		*slash = '\0';
		rc = mkdirat(g->next, path, 0755);
		*slash = '/';
		if (rc < 0 && errno != EEXIST)
			return -1;
	}
	folder->next = open_dir(g->next, folder->name.len > 0 ? path : ".");
	return folder->next < 0 ? -1 : 0;
}

/* Read the file of the generation in use.  Returns 0, or -1: there is none. */
static int read_old(struct generation *g, const char *path, struct buf *text,
		    struct stat *state)
{
	const char *name = enter(g, path);
	int fd = -1;
	int rc;

	if (g->folder.old >= 0)
		fd = openat(g->folder.old, name,
			    O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	rc = fstat(fd, state) == 0 ? buf_read(text, fd, FILE_MAX) : -1;
	close(fd);
	return rc;
}

static struct sums sum_of(struct generation *g, const struct buf *text)
{
	return digest_of(g->digest, buf_text(text), text->len);
}

/* Read what is noted of the generation in use. */
static void read_record(struct generation *g)
{
	char *name = beside(g, RECORD);
	int fd = openat(g->parent, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct buf sums = BUF_INIT;
	struct buf record = BUF_INIT;
	struct stat unused;

	free(name);
	if (read_old(g, SUMS, &sums, &unused) == 0) {
		for (size_t i = 0; i < sums.len; i++)
			g->old_count += sums.data[i] == '\n';
		if (fd >= 0 && buf_read(&record, fd, FILE_MAX) == 0)
			g->record = record_new(&sums, sum_of(g, &sums).sha256,
					       &record);
	}
	close_if_open(&fd);
	buf_free(&record);
	buf_free(&sums);
}

struct generation *generation_new(const char *path, struct error *err)
{
	struct generation *g = create(path);

	if (check_name(g, err) < 0 || open_parent(g, err) < 0 ||
	    take_lock(g, err) < 0 || find_old(g, err) < 0 ||
	    set_up_digest(g, err) < 0)
		goto free_generation;
	remove_leftovers(g);
	read_record(g);
	return g;

free_generation:
	generation_free(g);
	return NULL;
}

static void drop_same(struct generation *g)
{
	free(g->same);
	mem_pool_free(&g->names);
	g->names = (struct mem_pool)MEM_POOL_INIT;
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
	close_if_open(&g->folder.old);
	close_if_open(&g->folder.next);
	close_if_open(&g->next);
	close_if_open(&g->old);
	close_if_open(&g->lock);
	close_if_open(&g->parent);
	buf_free(&g->folder.name);
	record_free(g->record);
	digest_free(g->digest);
	buf_free(&g->sums);
	buf_free(&g->notes);
	json_decref(g->added);
	free(g->path);
	free(g);
}

/* Write the text to the new file, and close it. */
static int fill_file(int fd, const struct buf *text, struct stat *state)
{
	int rc = buf_write(text, fd);

	if (rc == 0)
		rc = fstat(fd, state);
	if (close(fd) < 0)
		rc = -1;
	return rc;
}

static int write_file(struct generation *g, const char *path,
		      const struct buf *text, struct stat *state,
		      struct error *err)
{
	const char *name = enter(g, path);
	int fd = -1;

	if (open_next(g) == 0)
		fd = openat(g->folder.next, name,
			    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || fill_file(fd, text, state) < 0)
		return fail(g, path, err);
	return 0;
}

/* Keep the file as it is in the generation in use. */
static int keep_file(struct generation *g, const char *path, struct error *err)
{
	const char *name = enter(g, path);
	struct buf text = BUF_INIT;
	struct stat unused;
	int rc;

	if (open_next(g) == 0 &&
	    linkat(g->folder.old, name, g->folder.next, name, 0) == 0)
		return 0;
	/* A file system without links. */
	rc = read_old(g, path, &text, &unused) < 0
		     ? fail(g, path, err)
		     : write_file(g, path, &text, &unused, err);
	buf_free(&text);
	return rc;
}

/* Begin to write the next generation, with what is as it was. */
static int begin(struct generation *g, struct error *err)
{
	char *name = beside(g, NEXT);
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

/* Keep the file, at once or when the next generation begins. */
static int keep(struct generation *g, const char *path, struct error *err)
{
	if (g->next >= 0)
		return keep_file(g, path, err);
	g->same = mem_grow_by_one(g->same, g->same_count, sizeof(*g->same));
	g->same[g->same_count++] = mem_pool_copy(&g->names, path);
	return 0;
}

/* Add the lines of a file to the sums and to the record. */
static void note(struct generation *g, const struct record_line *line)
{
	buf_puts(&g->sums, line->sha256);
	buf_puts(&g->sums, "  ");
	buf_puts(&g->sums, line->path);
	buf_puts(&g->sums, "\n");
	buf_puts(&g->notes, line->basis);
	buf_puts(&g->notes, " ");
	buf_puts(&g->notes, line->state);
	buf_puts(&g->notes, "\n");
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

/* Put the file into the next generation; *state is what it is like there. */
static int put(struct generation *g, const char *path, const struct buf *text,
	       struct stat *state, struct error *err)
{
	struct buf old = BUF_INIT;
	const int is_there = read_old(g, path, &old, state) == 0;
	const int is_same =
		is_there && old.len == text->len &&
		memcmp(buf_text(&old), buf_text(text), text->len) == 0;

	buf_free(&old);
	g->known += (size_t)is_there;
	if (g->added != NULL) {
		compare(g, path, is_there, is_same);
		return 0;
	}
	if (is_same)
		return keep(g, path, err);
	g->counts.written++;
	if (g->next < 0 && begin(g, err) < 0)
		return -1;
	return write_file(g, path, text, state, err);
}

int generation_add(struct generation *g, const char *path, const char *basis,
		   const struct buf *text, struct error *err)
{
	const struct sums sums = sum_of(g, text);
	struct buf written = BUF_INIT;
	struct stat state = { 0 };
	int rc = put(g, path, text, &state, err);

	g->counts.all++;
	record_add_state(&written, &state);
	note(g, &(struct record_line){ path, sums.sha256,
				       basis != NULL ? basis : "-",
				       written.data });
	buf_free(&written);
	return rc;
}

/* Whether the file in use is the one that was written. */
static int is_untouched(struct generation *g, const struct record_line *line)
{
	const char *name = enter(g, line->path);
	struct buf now = BUF_INIT;
	struct stat state;
	int is_it;

	if (g->folder.old < 0 ||
	    fstatat(g->folder.old, name, &state, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	record_add_state(&now, &state);
	is_it = S_ISREG(state.st_mode) && strcmp(now.data, line->state) == 0;
	buf_free(&now);
	return is_it;
}

int generation_keep(struct generation *g, const char *path, const char *basis,
		    struct error *err)
{
	const struct record_line *line =
		g->record != NULL ? record_find(g->record, path) : NULL;

	if (line == NULL || strcmp(line->basis, basis) != 0 ||
	    !is_untouched(g, line))
		return 0;
	g->counts.all++;
	g->known++;
	g->kept++;
	note(g, line);
	return keep(g, path, err) < 0 ? -1 : 1;
}

/* Write the record of the files that were added, beside the one in use. */
static int write_record(struct generation *g, struct error *err)
{
	char *name = beside(g, NEXT_RECORD);
	const int fd = openat(g->parent, name,
			      O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	struct buf text = BUF_INIT;
	struct stat unused;
	int rc = 0;

	record_add_head(&text, sum_of(g, &g->sums).sha256);
	buf_add(&text, buf_text(&g->notes), g->notes.len);
	if (fd < 0 || fill_file(fd, &text, &unused) < 0)
		rc = error_set(err, NULL, 0, "%s.%s: %s", g->path, NEXT_RECORD,
			       strerror(errno));
	if (rc < 0)
		unlinkat(g->parent, name, 0);
	buf_free(&text);
	free(name);
	return rc;
}

/* Use the record that was written.  An export without one that fits is as good,
 * only slower to make again. */
static void take_record(struct generation *g)
{
	char *next = beside(g, NEXT_RECORD);
	char *name = beside(g, RECORD);

	renameat(g->parent, next, g->parent, name);
	free(next);
	free(name);
}

/* Let the link lead to the next generation, which is on disk by then. */
static int switch_link(struct generation *g, struct error *err)
{
	char *next = beside(g, NEXT);
	char *link = beside(g, LINK);
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
	struct stat unused;

	*counts = g->counts;
	counts->removed = g->old_count > g->known ? g->old_count - g->known : 0;
	if (put(g, SUMS, &g->sums, &unused, err) < 0)
		return -1;
	if (g->next < 0 && g->kept == g->counts.all)
		return 0; /* all is as it was, and noted */
	if (write_record(g, err) < 0)
		return -1;
	if (g->next >= 0 && switch_link(g, err) < 0)
		return -1;
	take_record(g);
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
	struct stat unused;

	put(g, SUMS, &g->sums, &unused, NULL);
	each_name(open_dir(g->old, "."), report_extra, &(struct walk){ g, "" });
}
