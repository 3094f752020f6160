#ifndef VIEW_RELEASE_H
#define VIEW_RELEASE_H

#include <jansson.h>

#include "page.h"

/*
 * What a release's page is filled from: JSON made of the catalogue's text
 * alone, the same in every dialect.  mirrorboot-templates(5) lists what is in
 * it.  The caller releases it.
 */
json_t *view_release(const struct request *r, const struct release *release);

/* Its part for one platform, MACHINE_UNKNOWN for either: why the loader cannot
 * start the release there, or the mirrors that it tries; for people, both. */
json_t *view_release_on(const struct request *r, const struct release *release,
			int platform);

/* Explain which release it is, and from which files. */
void view_note_release(const struct request *r, const struct release *release);

/* Explain from which file the release's list of mirrors comes. */
void view_note_mirror(const struct request *r, const struct release *release);

#endif
