#include "include.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"
#include "syntax.h"
#include "uri.h"

#define FILE_MAX_BYTES (16 * 1024 * 1024)
#define FILES_MAX 256
#define DEPTH_MAX 8

const char include_merged_section[] = "distros";
const char *const include_merging[] = {
	"versions",
	"arches",
	"variants",
	NULL,
};

/* What files are merged into, and the state of that. */
struct merge {
	struct include *into;
	const char *const *sections;
	struct stamps *stamps;
	struct error *err;
	unsigned depth;
	int has_too_many; /* files: no more of them are read */
};

static int read_file(struct merge *m, const char *path);

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Messages and views hold the name, so it has to be a JSON string. */
static int is_utf8(const char *name)
{
	json_t *json = json_string(name);
	int is_text = json != NULL;

	json_decref(json);
	return is_text;
}

static json_t *parse(struct merge *m, const char *path)
{
	struct buf text = BUF_INIT;
	json_t *root = NULL;
	int found = stamps_read(m->stamps, path, FILE_MAX_BYTES, &text, m->err);

	if (found == 0)
		error_set(m->err, path, 0,
			  "no such file: create it, or name another catalogue "
			  "in MIRRORBOOT_CATALOG");
	else if (found > 0 && !is_utf8(base_name(path)))
		error_set(m->err, path, 0,
			  "has a name that is not UTF-8: rename it");
	else if (found > 0)
		root = syntax_read(path, &text, m->err);
	buf_free(&text);
	return root;
}

static int is_listed(const char *const *list, const char *name)
{
	while (*list != NULL && strcmp(*list, name) != 0)
		list++;
	return *list != NULL;
}

/* What is merged at the moment: a value of a section, and the file that it
 * comes from. */
struct merge_place {
	struct merge *m;
	const char *file;
	const char *section;
	struct buf id; /* of the value, or "id/key/id" further down */
};

/* Note which file did something to the value; files: origins or removed. */
static void set_file(const struct merge_place *at, json_t *files)
{
	json_object_set_new(json_object_get(files, at->section),
			    buf_text(&at->id), json_string(at->file));
}

static void unset_file(const struct merge_place *at, json_t *files)
{
	json_object_del(json_object_get(files, at->section), buf_text(&at->id));
}

static const char *remover(const struct include *inc, const char *section,
			   const char *id)
{
	return json_string_value(
		json_object_get(json_object_get(inc->removed, section), id));
}

/* Set key of object to value, which may take the place of an earlier file's, or
 * undo its null. */
static void set_value(const struct merge_place *at, json_t *object,
		      const char *key, json_t *value)
{
	struct include *into = at->m->into;
	const char *id = buf_text(&at->id);
	const char *null_file = remover(into, at->section, id);
	const json_t *before = json_object_get(object, key);
	/* One in an object that no file before it had stays there. */
	const int is_null = before == NULL || json_is_null(before);
	const char *earlier = before == NULL
				      ? null_file
				      : include_file(into, at->section, id);

	if (earlier != NULL)
		json_array_append_new(into->replaced,
				      json_pack("{s:s, s:s, s:s, s:s, s:b}",
						"file", earlier, "section",
						at->section, "id", id, "by",
						at->file, "is_null", is_null));
	json_object_set(object, key, value);
	unset_file(at, into->removed);
	set_file(at, into->origins);
}

static void remove_value(const struct merge_place *at, json_t *object,
			 const char *key)
{
	struct include *into = at->m->into;

	if (json_object_del(object, key) < 0) {
		json_array_append_new(into->useless_nulls,
				      json_pack("{s:s, s:s, s:s}", "file",
						at->file, "section",
						at->section, "id",
						buf_text(&at->id)));
		return;
	}
	unset_file(at, into->origins);
	set_file(at, into->removed);
}

/* Step to a key or an id below; returns what leaves it again. */
static size_t enter(struct merge_place *at, const char *key)
{
	size_t mark = at->id.len;

	buf_printf(&at->id, "%s%s", mark > 0 ? "/" : "", key);
	return mark;
}

/* Append the ids and keys of into that from leaves as they are. */
static void add_left(const char *prefix, const json_t *into, const json_t *from,
		     json_t *left)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)into, key, value) {
		const json_t *later = json_object_get(from, key);

		if (later == NULL)
			json_array_append_new(
				left, json_sprintf("%s%s", prefix, key));
		else if (prefix[0] == '\0' && json_is_object(later) &&
			 is_listed(include_merging, key)) {
			struct buf below = BUF_INIT;

			buf_printf(&below, "%s/", key);
			add_left(below.data, value, later, left);
			buf_free(&below);
		}
	}
}

/* Note that a value merges with an earlier file's. */
static void note_merged(const struct merge_place *at, const json_t *into,
			json_t *from)
{
	const char *earlier =
		include_file(at->m->into, at->section, buf_text(&at->id));
	json_t *left = json_array();

	add_left("", into, from, left);
	json_array_append_new(at->m->into->merged,
			      json_pack("{s:s, s:s, s:s, s:s, s:o, s:O, s:o}",
					"file", at->file, "section",
					at->section, "id", buf_text(&at->id),
					"earlier", earlier, "before",
					json_copy((json_t *)into), "value",
					from, "left", left));
}

static void merge_object(struct merge_place *at, json_t *into,
			 const json_t *from);

/* Values by id: each merges by key. */
static void merge_values(struct merge_place *at, json_t *into,
			 const json_t *from)
{
	const char *id;
	json_t *value;

	json_object_foreach((json_t *)from, id, value) {
		json_t *earlier = json_object_get(into, id);
		size_t mark = enter(at, id);

		if (json_is_null(value))
			remove_value(at, into, id);
		else if (json_is_object(value) && json_is_object(earlier)) {
			if (mark == 0)
				note_merged(at, earlier, value);
			merge_object(at, earlier, value);
		} else
			set_value(at, into, id, value);
		buf_truncate(&at->id, mark);
	}
}

/* null in place of values by id: remove each. */
static void remove_values(struct merge_place *at, json_t *into)
{
	const char *id;
	json_t *value;
	void *next;

	json_object_foreach_safe(into, next, id, value)
	{
		size_t mark = enter(at, id);

		remove_value(at, into, id);
		buf_truncate(&at->id, mark);
	}
}

static void merge_object(struct merge_place *at, json_t *into,
			 const json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)from, key, value) {
		json_t *earlier = json_object_get(into, key);
		size_t mark = enter(at, key);

		const int has_values = is_listed(include_merging, key) &&
				       json_is_object(earlier);

		if (has_values && json_is_object(value))
			merge_values(at, earlier, value);
		else if (has_values && json_is_null(value))
			remove_values(at, earlier);
		else
			set_value(at, into, key, value);
		buf_truncate(&at->id, mark);
	}
}

static int merge_section(struct merge *m, const char *path, const char *name,
			 json_t *values)
{
	json_t *section = json_object_get(m->into->sections, name);
	struct merge_place at = { m, base_name(path), name, BUF_INIT };
	const char *id;
	json_t *value;

	if (!json_is_object(values))
		return error_set(m->err, path, 0,
				 "/%s: must be an object, in { }", name);
	if (strcmp(name, include_merged_section) == 0) {
		merge_values(&at, section, values);
	} else {
		json_object_foreach(values, id, value) {
			size_t mark = enter(&at, id);

			if (json_is_null(value))
				remove_value(&at, section, id);
			else
				set_value(&at, section, id, value);
			buf_truncate(&at.id, mark);
		}
	}
	buf_free(&at.id);
	return 0;
}

static int fail_section(struct merge *m, const char *path, const char *name)
{
	const struct offer offer = { .wanted = name, .known = m->sections };
	struct buf known = BUF_INIT;

	if (syntax_is_remark(name))
		return error_set(m->err, path, 0, "/%s: " SYNTAX_REMARK,
				 uri_shown_name(name));
	for (const char *const *s = m->sections; *s != NULL; s++)
		buf_printf(&known, "%s, ", *s);
	error_set_offer(m->err, &offer, path, 0,
			"/%s: unknown key; here are %sinclude",
			uri_shown_name(name), buf_text(&known));
	buf_free(&known);
	return -1;
}

static int merge_sections(struct merge *m, const char *path, json_t *root)
{
	const char *name;
	json_t *values;
	int rc = 0;

	json_object_foreach(root, name, values) {
		if (strcmp(name, "include") == 0 ||
		    strcmp(name, "$schema") == 0)
			continue;
		if (json_object_get(m->into->sections, name) == NULL)
			rc = fail_section(m, path, name);
		else if (merge_section(m, path, name, values) < 0)
			rc = -1;
	}
	return rc;
}

/* The characters that are special to fnmatch(). */
#define WILD "*?[\\"

/* The path of name, which is relative to the file at path. */
static char *resolve(const char *path, const char *name)
{
	struct buf full = BUF_INIT;

	if (name[0] != '/')
		buf_add(&full, path, (size_t)(base_name(path) - path));
	buf_puts(&full, name);
	return buf_take(&full);
}

/* The directory of name, which is relative to the file at path. */
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

/* File names, copied. */
struct names {
	char **list;
	size_t count;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * This is not glob(), because the process must end when memory runs out.  A
 * directory that does not exist has no matches.  One that cannot be read may
 * have some, and to leave them out would go unnoticed: returns -1 with errno.
 */
static int find_matches(const char *dir, const char *pattern,
			struct names *found)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;
	int reason;

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
	reason = errno;
	closedir(stream);
	if (found->count > 0)
		qsort(found->list, found->count, sizeof(*found->list),
		      compare_names);
	errno = reason;
	return reason != 0 ? -1 : 0;
}

static int read_matches(struct merge *m, const char *path, size_t index,
			const char *name)
{
	char *dir = resolve_directory(path, name);
	struct names found = { NULL, 0 };
	int rc;

	/* The directory changes when a file is added or removed. */
	stamps_add(m->stamps, dir);
	rc = find_matches(dir, base_name(name), &found);
	if (rc < 0) {
		stamps_fail(m->stamps);
		error_set(m->err, path, 0,
			  "/include/%zu: the directory cannot be read: %s",
			  index, strerror(errno));
	}
	for (size_t i = 0; i < found.count; i++) {
		struct buf full = BUF_INIT;

		buf_printf(&full, "%s/%s", dir, found.list[i]);
		if (!m->has_too_many && read_file(m, full.data) < 0)
			rc = -1;
		buf_free(&full);
		free(found.list[i]);
	}
	free(found.list);
	free(dir);
	return rc;
}

static int read_include(struct merge *m, const char *path, size_t index,
			const char *name)
{
	char *full;
	int rc;

	if (name == NULL || base_name(name)[0] == '\0')
		return error_set(
			m->err, path, 0,
			"/include/%zu: must be a file's name, a string", index);
	if (strstr(name, "://") != NULL)
		return error_set(m->err, path, 0,
				 "/include/%zu: must name a file, not a URL",
				 index);
	if (strcspn(name, WILD) < (size_t)(base_name(name) - name))
		return error_set(m->err, path, 0,
				 "/include/%zu: only the last part of the name "
				 "may have wildcards",
				 index);
	if (strpbrk(base_name(name), WILD) != NULL)
		return read_matches(m, path, index, name);
	full = resolve(path, name);
	if (access(full, F_OK) < 0) {
		stamps_add(m->stamps, full);
		rc = error_set(m->err, path, 0,
			       "/include/%zu: there is no file %s: correct the "
			       "name, or remove it",
			       index, uri_shown_name(base_name(name)));
	} else {
		rc = read_file(m, full);
	}
	free(full);
	return rc;
}

/* Every file that the object of the file at path includes. */
static int read_includes(struct merge *m, const char *path, const json_t *root)
{
	const json_t *includes = json_object_get(root, "include");
	json_t *value;
	size_t i;
	int rc = 0;

	if (includes != NULL && !json_is_array(includes))
		return error_set(m->err, path, 0,
				 "/include: must be an array, in [ ]");
	json_array_foreach(includes, i, value)
		if (!m->has_too_many &&
		    read_include(m, path, i, json_string_value(value)) < 0)
			rc = -1;
	return rc;
}

static int read_file(struct merge *m, const char *path)
{
	json_t *root;
	int rc = -1;

	if (json_array_size(m->into->files) == FILES_MAX ||
	    m->depth == DEPTH_MAX) {
		m->has_too_many = 1;
		return error_set(m->err, path, 0,
				 "too many includes: at most "
				 "%d files, %d levels (does a file include "
				 "itself?)",
				 FILES_MAX, DEPTH_MAX);
	}
	json_array_append_new(m->into->files, json_string(base_name(path)));
	m->depth++;
	root = parse(m, path);
	if (root != NULL) {
		rc = merge_sections(m, path, root);
		if (read_includes(m, path, root) < 0)
			rc = -1;
	}
	json_decref(root);
	m->depth--;
	return rc;
}

int include_read(struct include *inc, const char *path,
		 const char *const *sections, struct stamps *stamps,
		 struct error *err)
{
	struct merge merge = {
		.into = inc,
		.sections = sections,
		.stamps = stamps,
		.err = err,
	};

	inc->sections = json_object();
	inc->origins = json_object();
	inc->removed = json_object();
	inc->files = json_array();
	inc->useless_nulls = json_array();
	inc->replaced = json_array();
	inc->merged = json_array();
	for (; *sections != NULL; sections++) {
		json_object_set_new(inc->sections, *sections, json_object());
		json_object_set_new(inc->origins, *sections, json_object());
		json_object_set_new(inc->removed, *sections, json_object());
	}
	if (read_file(&merge, path) == 0)
		return 0;
	include_free(inc);
	return -1;
}

void include_free(struct include *inc)
{
	json_decref(inc->sections);
	json_decref(inc->origins);
	json_decref(inc->removed);
	json_decref(inc->files);
	json_decref(inc->useless_nulls);
	json_decref(inc->replaced);
	json_decref(inc->merged);
	inc->sections = NULL;
	inc->origins = NULL;
	inc->removed = NULL;
	inc->files = NULL;
	inc->useless_nulls = NULL;
	inc->replaced = NULL;
	inc->merged = NULL;
}

json_t *include_section(const struct include *inc, const char *name)
{
	return json_object_get(inc->sections, name);
}

int include_is_removed(const struct include *inc, const char *section,
		       const char *id)
{
	return remover(inc, section, id) != NULL;
}

const char *include_file(const struct include *inc, const char *section,
			 const char *id)
{
	json_t *origins = json_object_get(inc->origins, section);
	struct buf place = BUF_INIT;
	const char *file = NULL;

	buf_puts(&place, id);
	while (file == NULL && place.len > 0) {
		const char *slash = strrchr(place.data, '/');

		file = json_string_value(json_object_get(origins, place.data));
		buf_truncate(&place,
			     slash != NULL ? (size_t)(slash - place.data) : 0);
	}
	buf_free(&place);
	if (file == NULL)
		file = json_string_value(json_array_get(inc->files, 0));
	return file;
}
