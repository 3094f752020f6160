#ifndef VIEW_H
#define VIEW_H

#include <jansson.h>

#include "page.h"

/*
 * What templates are filled from: JSON made of the catalogue's text alone.
 * mirrorboot-templates(5) lists what each template gets.  The caller releases
 * it.
 */

/* A menu, to be shown or to be opened. */
json_t *view_menu(const struct request *r, const struct menu *menu);

/* What boots a release. */
json_t *view_release(const struct request *r, const struct release *release);

#endif
