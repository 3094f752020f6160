/* musl has realpath() among the XSI functions alone. */
#define _XOPEN_SOURCE 700

#include "foundfile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "date.h"
#include "include.h"
#include "mem.h"
#include "replace.h"
#include "stamps.h"
#include "trial.h"
#include "uri.h"
#include "written.h"

#define COMMENT "Written by mirrorboot-check --write."

struct foundfile {
	char *path;
	char *before; /* the file as it is; "" if there is none */
	json_t *distros;
	int lock;        /* held from reading to writing */
	int trusts_http; /* the site's trust_http_lists */
};

static char *text_of(const json_t *distros)
{
	return written_text(COMMENT, "distros", distros);
}

/* What the file is to be; "" if there is to be none, because nothing is new. */
static char *text_after(const struct foundfile *file)
{
	if (file->before[0] == '\0' && json_object_size(file->distros) == 0)
		return mem_copy("", 0);
	return text_of(file->distros);
}

/* Whether the distros have what foundfile_write() writes, and nothing else. */
static int are_ours(const json_t *distros)
{
	const char *id;
	json_t *distro;

	json_object_foreach((json_t *)distros, id, distro)
		if (json_object_size(distro) != 1 ||
		    !json_is_object(json_object_get(distro, "versions")))
			return 0;
	return distros != NULL;
}

static int take_file(struct foundfile *file, struct error *err)
{
	json_t *distros = NULL;
	int rc = written_read(file->path, COMMENT, "distros", &distros, err);

	if (rc <= 0)
		return rc;
	if (!are_ours(distros)) {
		json_decref(distros);
		return error_set(
			err, file->path, 0,
			"was not written by mirrorboot-check --write, or "
			"has been edited: name another file");
	}
	json_decref(file->distros);
	file->distros = distros;
	free(file->before);
	file->before = text_of(file->distros);
	return 0;
}

struct foundfile *foundfile_read(const char *path, const struct catalog *c,
				 struct error *err)
{
	struct foundfile *file = mem_alloc(sizeof(*file));

	file->trusts_http = catalog_settings(c)->trust_http_lists;
	file->path = mem_copy(path, strlen(path));
	file->before = mem_copy("", 0);
	file->distros = json_object();
	file->lock = replace_lock(path, err);
	if (file->lock >= 0 && take_file(file, err) == 0)
		return file;
	foundfile_free(file);
	return NULL;
}

void foundfile_free(struct foundfile *file)
{
	if (file == NULL)
		return;
	if (file->lock >= 0)
		close(file->lock);
	json_decref(file->distros);
	free(file->before);
	free(file->path);
	free(file);
}

/* The directory of the file at path, absolute; NULL if there is none.  Release
 * with free(). */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = slash != NULL ? mem_copy(path, (size_t)(slash - path) + 1)
				   : mem_copy(".", 1);
	char *directory = realpath(name, NULL);

	free(name);
	return directory;
}

static int is_below(const char *directory, const char *above)
{
	size_t len = strlen(above);

	return strncmp(directory, above, len) == 0 &&
	       (directory[len] == '\0' || directory[len] == '/');
}

/* What is the same file or directory through links. */
static int is_same(const char *a, const char *b)
{
	char *real_a = realpath(a, NULL);
	char *real_b = realpath(b, NULL);
	int same =
		real_a != NULL && real_b != NULL && strcmp(real_a, real_b) == 0;

	free(real_a);
	free(real_b);
	return same;
}

/* Whether the catalogue looks at the file, or reads files from its directory.
 */
static int is_read(const char *path, const char *directory,
		   const struct stamps *stamps)
{
	const char *looked_at;
	size_t i = 0;
	int found = 0;

	while (!found && (looked_at = stamps_next_path(stamps, &i)) != NULL) {
		char *its = directory_of(looked_at);

		found = is_same(looked_at, path) ||
			is_same(looked_at, directory) ||
			(its != NULL && strcmp(its, directory) == 0);
		free(its);
	}
	return found;
}

/* Whether the catalogue may read the file: it is in its directory, below that,
 * or where files are included from. */
static int is_included(const char *path, const char *catalog)
{
	char *directory = directory_of(path);
	char *own = directory_of(catalog);
	struct stamps *stamps = stamps_new();
	struct error err = ERROR_INIT;
	struct include files;
	int is_its = 1;

	if (directory != NULL && own != NULL &&
	    include_read(&files, catalog, catalog_sections, stamps, &err) ==
		    0) {
		is_its = is_below(directory, own) ||
			 is_read(path, directory, stamps);
		include_free(&files);
	}
	stamps_free(stamps);
	free(directory);
	free(own);
	return is_its;
}

static void warn_of_http(const char *distro, const char *version,
			 const char *list, struct findings *f)
{
	struct buf pointer = BUF_INIT;
	struct buf reason = BUF_INIT;

	buf_printf(&pointer, "/distros/%s", distro);
	buf_printf(&reason,
		   "%s is not written, because its list came by http, where "
		   "anybody on the way can change it: list it by https, write "
		   "to a directory that the catalogue does not read, or set "
		   "trust_http_lists of the site",
		   version);
	findings_add(f, &(struct finding){
				.severity = SEVERITY_WARNING,
				.check = "plain",
				.pointer = pointer.data,
				.reason = reason.data,
				.url = list,
			});
	buf_free(&pointer);
	buf_free(&reason);
}

/* Add a version, or the keys of one that is there. */
static void add_version(struct foundfile *file, const char *distro,
			const char *id, const json_t *version)
{
	json_t *own = json_object_get(file->distros, distro);
	json_t *versions;
	json_t *copy = json_deep_copy(version);
	const char *list = json_string_value(json_object_get(version, "list"));
	struct buf comment = BUF_INIT;
	char today[DATE_SIZE];

	if (own == NULL) {
		own = json_pack("{s:{}}", "versions");
		json_object_set_new(file->distros, distro, own);
	}
	versions = json_object_get(own, "versions");
	date_print((long long)time(NULL), today);
	buf_printf(&comment, "Found on %.10s in ", today);
	uri_add_shown(&comment, list != NULL ? list : "the mirrors", NULL);
	json_object_del(copy, "list");
	json_object_del(copy, "plain");
	json_object_set_new(copy, "$comment", json_string(comment.data));
	if (json_object_get(versions, id) != NULL)
		json_object_update(json_object_get(versions, id), copy);
	else
		json_object_set(versions, id, copy);
	json_decref(copy);
	buf_free(&comment);
}

int foundfile_add(struct foundfile *file, const struct site_paths *paths,
		  const json_t *found, struct findings *f, struct error *err)
{
	const int needs_https =
		!file->trusts_http && is_included(file->path, paths->catalog);
	const char *distro;
	json_t *object;
	struct catalog *trial;

	json_object_foreach((json_t *)found, distro, object) {
		const char *id;
		json_t *version;

		json_object_foreach(json_object_get(object, "versions"), id,
				    version)
			if (needs_https &&
			    json_object_get(version, "plain") != NULL)
				warn_of_http(distro, id,
					     json_string_value(json_object_get(
						     version, "list")),
					     f);
			else
				add_version(file, distro, id, version);
	}
	trial = trial_load(paths, file->distros, err);
	catalog_free(trial);
	return trial != NULL ? 0 : -1;
}

/* The lines of a text; their ends are made NUL. */
static char **split(char *text, size_t *count)
{
	char **lines = NULL;
	char *rest;

	*count = 0;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		lines = mem_grow_by_one(lines, *count, sizeof(*lines));
		lines[(*count)++] = line;
	}
	return lines;
}

/* The lines that both have at the beginning and at the end are left out. */
static void print_difference(char **old, size_t old_count, char **now,
			     size_t now_count, FILE *out)
{
	size_t same = 0;

	while (same < old_count && same < now_count &&
	       strcmp(old[same], now[same]) == 0)
		same++;
	while (old_count > same && now_count > same &&
	       strcmp(old[old_count - 1], now[now_count - 1]) == 0) {
		old_count--;
		now_count--;
	}
	if (old_count == same && now_count == same)
		return;
	fprintf(out, "@@ -%zu,%zu +%zu,%zu @@\n", same + (old_count > same),
		old_count - same, same + (now_count > same), now_count - same);
	for (size_t i = same; i < old_count; i++)
		fprintf(out, "-%s\n", old[i]);
	for (size_t i = same; i < now_count; i++)
		fprintf(out, "+%s\n", now[i]);
}

void foundfile_print_diff(const struct foundfile *file, FILE *out)
{
	char *before = mem_copy(file->before, strlen(file->before));
	char *after = text_after(file);
	size_t old_count, now_count;
	char **old = split(before, &old_count);
	char **now = split(after, &now_count);

	print_difference(old, old_count, now, now_count, out);
	free(old);
	free(now);
	free(before);
	free(after);
}

int foundfile_write(const struct foundfile *file, struct error *err)
{
	char *text = text_after(file);
	int rc = 0;

	if (strcmp(text, file->before) != 0)
		rc = replace_file(file->path, text, err);
	free(text);
	return rc;
}
