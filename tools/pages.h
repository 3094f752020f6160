#ifndef PAGES_H
#define PAGES_H

#include "page.h"

/* Every page; ends in NULL. */
extern const struct page *const pages[];

#endif
