#ifndef VIEW_MENU_H
#define VIEW_MENU_H

#include <jansson.h>

#include "page.h"

/*
 * What the pages of a menu are filled from, whether they show it or open it:
 * JSON made of the catalogue's text alone, the same in every dialect.
 * mirrorboot-templates(5) lists what is in it.  The caller releases it.
 */
json_t *view_menu(const struct request *r, const struct menu *menu);

#endif
