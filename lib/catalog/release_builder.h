#ifndef RELEASE_BUILDER_H
#define RELEASE_BUILDER_H

#include "cursor.h"
#include "installer.h"
#include "mirror.h"
#include "release.h"
#include "settings.h"

/* What releases are built from beside the section "distros". */
struct release_sources {
	const struct settings *settings;
	const struct mirrors *mirrors;
	const struct installers *installers;
};

/*
 * Build the releases of the section "distros" into the empty struct at all, and
 * sort them.  Returns 0, or -1 with each failure recorded; all then has the
 * releases that did not fail.  Release with release_free().
 */
int release_builder_read(struct cursor *at,
			 const struct release_sources *sources,
			 struct releases *all);

/*
 * Write what all of words_add() says into the files' arguments, in the words of
 * the installer, and leave to its kernel what no other way to start takes.
 * Returns whether something was written.  Call release_builder_add_unwritable()
 * afterwards.
 */
int release_builder_write_words(struct mem_pool *pool,
				const struct installer *installer,
				const json_t *all, struct mirror_files *files);

/* Set for which loaders the files, which are otherwise whole, cannot be
 * written. */
void release_builder_add_unwritable(struct mem_pool *pool,
				    struct mirror_files *files);

#endif
