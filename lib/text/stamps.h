#ifndef STAMPS_H
#define STAMPS_H

#include <stddef.h>
#include <time.h>

#include "buf.h"
#include "error.h"

/*
 * The files that were read, each with a stamp of that moment: device, inode,
 * size, and the times of the last changes in nanoseconds.  A file that did not
 * exist is recorded as missing.
 */
struct stamps;

struct stamps *stamps_new(void);
void stamps_free(struct stamps *s);

/* Files that are recorded from now on belong to that group, any address.  NULL,
 * the default: they belong to every group. */
void stamps_set_group(struct stamps *s, const void *id);

/* Record the present state of path, a file or a directory.  Copied. */
void stamps_add(struct stamps *s, const char *path);

/*
 * Append the file's text to out, and record the state of the file from before
 * it was read.  Symbolic links are followed.  Returns 1, 0 if there is no such
 * file, or -1 with err set: the file cannot be read, is not a regular file
 * (this does not wait for a FIFO) or holds more than max bytes.
 */
int stamps_read(struct stamps *s, const char *path, size_t max, struct buf *out,
		struct error *err);

/*
 * Record that something could not be read.  The cause, such as a lack of file
 * descriptors, may go away without a trace on the file.
 */
void stamps_fail(struct stamps *s);

/* Whether anything could not be read, so that another try may succeed. */
int stamps_has_failed(const struct stamps *s);

/* The paths that were there, one with each call, borrowed; *index starts at 0.
 * NULL: there are no more. */
const char *stamps_next_path(const struct stamps *s, size_t *index);

/* Whether any file differs from its record. */
int stamps_is_changed(struct stamps *s);

/* The same for the files of that group; NULL: of any group.  A file that was
 * missing and has appeared counts for every group. */
int stamps_is_group_changed(struct stamps *s, const void *id);

/*
 * Whether any file had changed so shortly before it was recorded that its
 * writer may not have finished, or that a second change could get the same
 * time: the kernel's file times advance in steps of some milliseconds.
 */
int stamps_is_unsettled(const struct stamps *s);

/* The same of a file that last changed then. */
int stamps_is_recent(struct timespec changed);

/* How long to wait for such a file, in milliseconds. */
#define STAMPS_SETTLE_MS 10

#endif
