/*
 * All pages in one program.  Each file in cgi/ defines the one `page` of its
 * program; here they are compiled with another name for it (-Dpage=page_boot
 * and so on), so that thousands of pages are made without starting thousands
 * of programs.  EACH_PAGE is the list in CMakeLists.txt.
 */
#include "pages.h"

#define PAGE(name) extern const struct page page_##name;
EACH_PAGE
#undef PAGE

/* cgi/page.c is linked for what pages share.  Nothing here asks it for a
 * page, so the one that it would answer for stays empty. */
const struct page page = { .name = "" };

#define PAGE(name) &page_##name,
const struct page *const pages[] = { EACH_PAGE NULL };
