#ifndef GENERATION_H
#define GENERATION_H

#include <stddef.h>

#include "buf.h"
#include "error.h"

/*
 * A directory of files that is replaced as a whole.  DIR is a symbolic link to
 * a generation beside it, DIR.1, DIR.2 and so on.  The next one is written as
 * DIR.new, and is in use when the link to it has taken the place of the other.
 * Whatever ends the process, DIR is one whole generation or the other; the next
 * run removes what is left over.  Files that are as they were are hard links to
 * those of the generation before, and where all are, there is no new one.
 * DIR.record has what they were made from: see record.h.
 *
 * SHA256SUMS in each has the sums of the others, as sha256sum(1) reads them.
 */
struct generation;

/* What came of it, in files. */
struct generation_counts {
	size_t all;
	size_t written; /* new, or with another content */
	size_t removed;
};

/*
 * Begin with the directory at path, after any other process that has begun has
 * ended.  Returns NULL with err set: it cannot be opened, or there is something
 * else of that name.  Release with generation_free(), which drops what has not
 * been finished.
 */
struct generation *generation_new(const char *path, struct error *err);
void generation_free(struct generation *g);

/*
 * Add a file.  path: relative, each once.  basis: what its text is made from,
 * as a sum, which is noted in DIR.record; NULL: not known.  Returns 0, or -1
 * with err set.
 */
int generation_add(struct generation *g, const char *path, const char *basis,
		   const struct buf *text, struct error *err);

/*
 * Add the file as it is in the generation in use, if it was made from the same
 * basis, and has the inode, size and time that it was written with.  Returns 1,
 * 0 when it is another one and has not been added, or -1 with err set.
 */
int generation_keep(struct generation *g, const char *path, const char *basis,
		    struct error *err);

/* Switch to what has been added.  Returns 0, or -1 with err set and the
 * generation before in use. */
int generation_finish(struct generation *g, struct generation_counts *counts,
		      struct error *err);

/*
 * For comparing alone: nothing is written.  generation_add() and
 * generation_compare(), which comes last, report each file that is missing or
 * differs, or that is there and has not been added: its name, and what is wrong
 * with it.  Returns NULL with err set when there is no export.
 */
struct generation *generation_open(const char *path,
				   void (*report)(const char *path,
						  const char *what),
				   struct error *err);
void generation_compare(struct generation *g);

#endif
