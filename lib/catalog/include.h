#ifndef INCLUDE_H
#define INCLUDE_H

#include <jansson.h>

#include "error.h"
#include "stamps.h"

/*
 * What a JSON file and the files that it includes say together.  A file is an
 * object of sections, and a section is an object of values by id:
 *
 *     {"include": ["more.d/...json"], "distros": {"debian": {...}}}
 *
 * The names under "include" are relative to the file that has them.  The last
 * part of a name may have wildcards; the files that match are read in order of
 * name.  Included files come after the file's own content.
 *
 * A later value replaces the whole of an earlier one with the same section and
 * id; null removes it.  The values of one section merge by key instead: a key
 * of the later value replaces that of the earlier one.  Some of these keys hold
 * values by id that merge in the same way, and null removes one of them; null
 * for such a key removes all of them, and for any other key is a value.
 */

/* The section, and the keys; ends in NULL. */
extern const char include_merged_section[];
extern const char *const include_merging[];

struct include {
	json_t *sections;      /* section -> id -> value; has every section */
	json_t *origins;       /* section -> id -> the name of the file that set
				  it.  What a later file merged into a value has
				  an id like "debian/versions/sid". */
	json_t *removed;       /* section -> id -> the name of the file whose
				  null removed it, and no later file set it */
	json_t *files;         /* the names of all files, in the order read */
	json_t *useless_nulls; /* nulls that removed nothing: an array of
				  objects with file, section, id */
	json_t *replaced;      /* values that a later file replaced, and nulls
				  after which it set the value again: the same;
				  by, the name of that file; and is_null */
	json_t *merged;        /* values that merged with an earlier one: an
				  array of objects with file, section, id;
				  earlier, a file; before, what the files until
				  then had: its keys alone count; value, as it
				  stands in file;
				  left, what stays of the earlier one, as
				  "kernel" or "versions/sid" */
};

/*
 * Read path and what it includes into the empty struct at inc.  sections lists
 * the names that a file may use, and ends in NULL.  Every file and directory
 * that was looked at is added to stamps, also when this fails.  Bounds: 16 MiB
 * a file, 256 files, 8 levels of includes.  After a failure in one file the
 * others are still read.  Returns 0, or -1 with err set; inc is then empty.
 * Release with include_free().  Names of files are without a path.
 */
int include_read(struct include *inc, const char *path,
		 const char *const *sections, struct stamps *stamps,
		 struct error *err);
void include_free(struct include *inc);

/* One of the sections given to include_read(), borrowed. */
json_t *include_section(const struct include *inc, const char *name);

/* The name of the file that set an id of a section, or what is below it
 * ("debian/versions/sid"), borrowed.  The name of the first file when no file
 * has the id. */
const char *include_file(const struct include *inc, const char *section,
			 const char *id);

/* Whether an earlier file had the id, and a later one removed it. */
int include_is_removed(const struct include *inc, const char *section,
		       const char *id);

#endif
