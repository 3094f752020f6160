#ifndef WATCH_H
#define WATCH_H

#include <stddef.h>

#include "buf.h"
#include "error.h"

/*
 * Files that were read, and how they looked then: device, inode, size and
 * the nanoseconds of their last change.  A file that was not there is
 * remembered as missing.
 */
struct watch;

struct watch *watch_new(void);
void watch_free(struct watch *w);

/* What is remembered from now on is of that group, any address; NULL, as in the
 * beginning: of every group. */
void watch_set_group(struct watch *w, const void *group);

/* Remember how path, a file or a directory, looks now.  Copied. */
void watch_add(struct watch *w, const char *path);

/*
 * Append the file's text to out, and remember the file as it was before.
 * Symbolic links are followed.  Returns 1, 0 if there is no such file, or -1
 * with err set: it cannot be read, is no regular file (a FIFO is not waited
 * for) or holds more than max bytes.
 */
int watch_read(struct watch *w, const char *path, size_t max, struct buf *out,
	       struct error *err);

/*
 * Remember that something could not be read.  What stood in the way, such as a
 * lack of file descriptors, may pass without a trace on the file.
 */
void watch_fail(struct watch *w);

/* Whether anything could not be read, so that another try may. */
int watch_has_failed(const struct watch *w);

/* Whether anything looks different from what is remembered. */
int watch_is_changed(struct watch *w);

/* The same for what is of that group; NULL: of any.  What of another appears in
 * a directory where one of that group is missing may count too. */
int watch_is_group_changed(struct watch *w, const void *group);

/*
 * Whether anything was changed so shortly before it was remembered that its
 * writer may not be done, or that a second change could bear the same time:
 * the kernel's file times advance in steps of some milliseconds.
 */
int watch_is_unsettled(const struct watch *w);

/* How long to wait, in milliseconds, for what is unsettled to settle. */
#define WATCH_SETTLE_MS 10

#endif
