#ifndef RELEASE_BUILDER_H
#define RELEASE_BUILDER_H

#include "cursor.h"
#include "mirror.h"
#include "release.h"
#include "settings.h"

/*
 * Build the releases of the section "distros" into the empty struct at all, and
 * sort them.  Returns 0, or -1 with each failure recorded; all then has the
 * releases that did not fail.  Release with release_free().
 */
int release_builder_read(struct cursor *at, const struct settings *settings,
			 const struct mirrors *mirrors, struct releases *all);

/* Set for which loaders the files, which are otherwise whole, cannot be
 * written. */
void release_builder_add_unwritable(struct mem_pool *pool,
				    struct mirror_files *files);

#endif
