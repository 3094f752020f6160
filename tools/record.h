#ifndef RECORD_H
#define RECORD_H

#include <stddef.h>
#include <sys/stat.h>

#include "buf.h"

/*
 * What an export has noted of its files beside them.  The first line is of the
 * record, the sum of its SHA256SUMS, which it goes with; then there is a line
 * for each line of SHA256SUMS:
 *
 *	BASIS INODE SIZE TIME
 *
 * BASIS is a sum of what the text was made from, or '-' where that is not
 * known.  The rest is what the file looked like when it was written: TIME is
 * that of its last change, in seconds and nanoseconds.
 */
struct record;

/* The line of a file.  Each is borrowed from the record, and ends in NUL. */
struct record_line {
	const char *path;
	const char *sha256; /* of the text */
	const char *basis;
	const char *state; /* as record_add_state() writes it */
};

/* Takes both texts, which are empty afterwards.  sum: of the text of
 * SHA256SUMS.  Returns NULL when they do not go together.  Release with
 * record_free(). */
struct record *record_new(struct buf *sums, const char *sum,
			  struct buf *record);
void record_free(struct record *r);

/* The line of that file; NULL if there is none.  It is fast for those who ask
 * for the files in their order. */
const struct record_line *record_find(struct record *r, const char *path);

/* Append the first line. */
void record_add_head(struct buf *out, const char *sum);

/* Append the state of a file: INODE SIZE TIME. */
void record_add_state(struct buf *out, const struct stat *file);

#endif
