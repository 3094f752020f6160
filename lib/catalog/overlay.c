#include "overlay.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"

#define FILE_MAX_BYTES (16 * 1024 * 1024)
#define FILES_MAX 256
#define DEPTH_MAX 8

struct reading {
	struct overlay *o;
	const char *const *sections;
	struct stamps *stamps;
	struct error *err;
	unsigned depth;
	int is_over; /* too many includes: no more of them */
};

static int read_file(struct reading *r, const char *path);

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Messages and pages name the file, as JSON has it. */
static int is_utf8(const char *name)
{
	json_t *json = json_string(name);
	int is_text = json != NULL;

	json_decref(json);
	return is_text;
}

static json_t *parse(struct reading *r, const char *path)
{
	struct buf text = BUF_INIT;
	json_t *root = NULL;
	json_error_t where;
	int found = stamps_read(r->stamps, path, FILE_MAX_BYTES, &text, r->err);

	if (found == 0)
		error_set(r->err, path, 0, "no such file");
	if (found <= 0)
		goto out;
	if (!is_utf8(base_name(path))) {
		error_set(r->err, path, 0, "has a name that is not UTF-8");
		goto out;
	}
	if (strncmp(buf_text(&text), "\xef\xbb\xbf", 3) == 0) {
		error_set(r->err, path, 1,
			  "begins with a byte order mark: save it as UTF-8 "
			  "without one");
		goto out;
	}
	root = json_loadb(buf_text(&text), text.len, JSON_REJECT_DUPLICATES,
			  &where);
	if (root == NULL) {
		unsigned line = where.line > 0 ? (unsigned)where.line : 1;

		error_set(r->err, path, line, "column %d: %s", where.column,
			  where.text);
	} else if (!json_is_object(root)) {
		error_set(r->err, path, 1, "must be an object, in { }");
		json_decref(root);
		root = NULL;
	}
out:
	buf_free(&text);
	return root;
}

/* A null for which there was nothing to remove. */
static void note_idle(struct reading *r, const char *path, const char *name,
		      const char *id)
{
	json_array_append_new(r->o->idle, json_pack("{s:s, s:s, s:s}", "file",
						    base_name(path), "section",
						    name, "id", id));
}

static int lay_section(struct reading *r, const char *path, const char *name,
		       json_t *values)
{
	json_t *section = json_object_get(r->o->sections, name);
	json_t *origin = json_object_get(r->o->origins, name);
	const char *id;
	json_t *value;

	if (!json_is_object(values))
		return error_set(r->err, path, 0,
				 "/%s: must be an object, in { }", name);
	json_object_foreach(values, id, value) {
		if (json_is_null(value)) {
			if (json_object_del(section, id) < 0)
				note_idle(r, path, name, id);
			else
				json_object_set_new(origin, id, json_null());
		} else {
			json_object_set(section, id, value);
			json_object_set_new(origin, id,
					    json_string(base_name(path)));
		}
	}
	return 0;
}

static int unknown_section(struct reading *r, const char *path,
			   const char *name)
{
	struct buf known = BUF_INIT;

	for (const char *const *s = r->sections; *s != NULL; s++)
		buf_printf(&known, "%s, ", *s);
	error_offer(r->err, name, r->sections);
	error_set(r->err, path, 0, "/%s: unknown key; here are %sinclude", name,
		  buf_text(&known));
	buf_free(&known);
	return -1;
}

static int lay_sections(struct reading *r, const char *path, json_t *root)
{
	const char *name;
	json_t *values;
	int rc = 0;

	json_object_foreach(root, name, values) {
		if (strcmp(name, "include") == 0 ||
		    strcmp(name, "$schema") == 0)
			continue;
		if (json_object_get(r->o->sections, name) == NULL)
			rc = unknown_section(r, path, name);
		else if (lay_section(r, path, name, values) < 0)
			rc = -1;
	}
	return rc;
}

/* What fnmatch() takes for special. */
#define WILD "*?[\\"

/* name as seen from the file at path. */
static char *resolve(const char *path, const char *name)
{
	struct buf full = BUF_INIT;

	if (name[0] != '/')
		buf_add(&full, path, (size_t)(base_name(path) - path));
	buf_puts(&full, name);
	return buf_take(&full);
}

/* The directory that name is in, as seen from the file at path. */
static char *resolve_directory(const char *path, const char *name)
{
	char *full = resolve(path, name);
	char *last = strrchr(full, '/');

	if (last != NULL && last != full)
		*last = '\0';
	else
		strcpy(full, last == NULL ? "." : "/");
	return full;
}

/* Names of files, copied. */
struct names {
	char **list;
	size_t count;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * Not glob(): that frees twice what it has when memory runs out (glibc 2.36).
 * A directory that is not there has no matches; one that cannot be read may
 * have some, which must not be passed over.
 */
static int find_matches(const char *dir, const char *pattern,
			struct names *found)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;
	int rc;

	if (stream == NULL && errno == ENOMEM)
		mem_exhausted();
	if (stream == NULL)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	while (errno = 0, (entry = readdir(stream)) != NULL) {
		const char *name = entry->d_name;

		if (fnmatch(pattern, name, FNM_PERIOD) != 0)
			continue;
		found->list = mem_grow(found->list, found->count + 1,
				       sizeof(*found->list));
		found->list[found->count++] = mem_copy(name, strlen(name));
	}
	rc = errno != 0 ? -1 : 0;
	closedir(stream);
	if (found->count > 0)
		qsort(found->list, found->count, sizeof(*found->list),
		      compare_names);
	return rc;
}

static int include_matches(struct reading *r, const char *path,
			   const char *name)
{
	char *dir = resolve_directory(path, name);
	struct names found = { NULL, 0 };
	int rc;

	/* A file that is added or removed changes the directory. */
	stamps_add(r->stamps, dir);
	rc = find_matches(dir, base_name(name), &found);
	if (rc < 0) {
		stamps_fail(r->stamps);
		error_set(r->err, path, 0,
			  "directory of an include cannot be read");
	}
	for (size_t i = 0; i < found.count; i++) {
		struct buf full = BUF_INIT;

		buf_printf(&full, "%s/%s", dir, found.list[i]);
		if (!r->is_over && read_file(r, full.data) < 0)
			rc = -1;
		buf_free(&full);
		free(found.list[i]);
	}
	free(found.list);
	free(dir);
	return rc;
}

static int include(struct reading *r, const char *path, size_t index,
		   const char *name)
{
	char *full;
	int rc;

	if (name == NULL || base_name(name)[0] == '\0')
		return error_set(
			r->err, path, 0,
			"/include/%zu: must be a file's name, a string", index);
	if (strcspn(name, WILD) < (size_t)(base_name(name) - name))
		return error_set(r->err, path, 0,
				 "/include/%zu: only the last part of the name "
				 "may have wildcards",
				 index);
	if (strpbrk(base_name(name), WILD) != NULL)
		return include_matches(r, path, name);
	full = resolve(path, name);
	if (access(full, F_OK) < 0) {
		stamps_add(r->stamps, full);
		rc = error_set(r->err, path, 0,
			       "/include/%zu: there is no file %s", index,
			       base_name(name));
	} else {
		rc = read_file(r, full);
	}
	free(full);
	return rc;
}

/* All that the file's root names. */
static int include_all(struct reading *r, const char *path, const json_t *root)
{
	const json_t *includes = json_object_get(root, "include");
	json_t *value;
	size_t i;
	int rc = 0;

	if (includes != NULL && !json_is_array(includes))
		return error_set(r->err, path, 0,
				 "/include: must be an array, in [ ]");
	json_array_foreach(includes, i, value)
		if (!r->is_over &&
		    include(r, path, i, json_string_value(value)) < 0)
			rc = -1;
	return rc;
}

static int read_file(struct reading *r, const char *path)
{
	json_t *root;
	int rc = -1;

	if (json_array_size(r->o->files) == FILES_MAX ||
	    r->depth == DEPTH_MAX) {
		r->is_over = 1;
		return error_set(r->err, path, 0,
				 "too many includes: at most "
				 "%d files, %d levels (does a file include "
				 "itself?)",
				 FILES_MAX, DEPTH_MAX);
	}
	json_array_append_new(r->o->files, json_string(base_name(path)));
	r->depth++;
	root = parse(r, path);
	if (root != NULL) {
		rc = lay_sections(r, path, root);
		if (include_all(r, path, root) < 0)
			rc = -1;
	}
	json_decref(root);
	r->depth--;
	return rc;
}

int overlay_read(struct overlay *o, const char *path,
		 const char *const *sections, struct stamps *stamps,
		 struct error *err)
{
	struct reading r = {
		.o = o,
		.sections = sections,
		.stamps = stamps,
		.err = err,
	};

	o->sections = json_object();
	o->origins = json_object();
	o->files = json_array();
	o->idle = json_array();
	for (; *sections != NULL; sections++) {
		json_object_set_new(o->sections, *sections, json_object());
		json_object_set_new(o->origins, *sections, json_object());
	}
	if (read_file(&r, path) == 0)
		return 0;
	overlay_free(o);
	return -1;
}

void overlay_free(struct overlay *o)
{
	json_decref(o->sections);
	json_decref(o->origins);
	json_decref(o->files);
	json_decref(o->idle);
	o->sections = NULL;
	o->origins = NULL;
	o->files = NULL;
	o->idle = NULL;
}

int overlay_is_removed(const struct overlay *o, const char *section,
		       const char *id)
{
	return json_is_null(
		json_object_get(json_object_get(o->origins, section), id));
}

const char *overlay_file(const struct overlay *o, const char *section,
			 const char *id)
{
	json_t *origins = json_object_get(o->origins, section);
	const char *file = json_string_value(json_object_get(origins, id));

	if (file == NULL)
		file = json_string_value(json_array_get(o->files, 0));
	return file;
}
