#ifndef OVERLAY_H
#define OVERLAY_H

#include <jansson.h>

#include "error.h"
#include "stamps.h"

/*
 * JSON files laid over one another.  A file is an object of sections, a
 * section an object of values by id:
 *
 *     {"include": ["more.d/...json"], "distros": {"debian": {...}}}
 *
 * The files that "include" names (relative to the file that names them; the
 * last part may have wildcards, then in order of name) come after the file's
 * own content.  A later value replaces the whole of an earlier one with the
 * same section and id; null removes it.
 */
struct overlay {
	json_t *sections; /* section -> id -> value; every section is there */
	json_t *origins;  /* section -> id -> the file's name, without path;
			     null for what was there and is removed */
	json_t *files;    /* the names of all, in order, without paths */
	json_t *idle;     /* nulls that removed nothing: an array of objects
			     with file, section, id */
};

/*
 * Read path and what it includes into o.  sections lists the names that
 * there are, ends in NULL.  Every file and directory that was looked at is
 * added to stamps, also when this fails.  Bounds: 16 MiB a file, 256 files, 8
 * levels of includes.  Every file is read, also after a failure in one of
 * them.  Returns 0, or -1 with err set; o is then empty.  Release with
 * overlay_free().
 */
int overlay_read(struct overlay *o, const char *path,
		 const char *const *sections, struct stamps *stamps,
		 struct error *err);
void overlay_free(struct overlay *o);

/* The name of the file that an id of a section came from, borrowed; the name
 * of the first file if nothing is known of it. */
const char *overlay_file(const struct overlay *o, const char *section,
			 const char *id);

/* Whether an earlier file had the id, and a later one removed it. */
int overlay_is_removed(const struct overlay *o, const char *section,
		       const char *id);

#endif
