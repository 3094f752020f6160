/*
 * All pages in one program.  Each file in cgi/ defines the one `page` of its
 * program; here they are compiled with another name for it (-Dpage=page_boot
 * and so on), so that thousands of pages are made without starting thousands
 * of programs.
 */
#include "pages.h"

extern const struct page page_boot, page_menu, page_customermenu,
	page_fromthemirror;

/* cgi/page.c is linked for what pages share.  Nothing here asks it for a
 * page, so the one that it would answer for stays empty. */
const struct page page = { .name = "" };

const struct page *const pages[] = {
	&page_boot, &page_menu, &page_customermenu, &page_fromthemirror, NULL,
};
