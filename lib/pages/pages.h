#ifndef PAGES_H
#define PAGES_H

#include "page.h"

/* The list of pages: NAME is the value page_NAME, which the file of that name
 * defines. */
#define PAGES(PAGE) PAGE(boot) PAGE(menu) PAGE(customermenu) PAGE(fromthemirror)

#define PAGE_DECLARATION(name) extern const struct page page_##name;
PAGES(PAGE_DECLARATION)

/* Every page; ends in NULL. */
extern const struct page *const pages[];

/* Their names, in the same order; ends in NULL. */
extern const char *const pages_names[];

/*
 * The page that the web server took this request for: SCRIPT_NAME ends in its
 * name, or in that with a suffix (".php"), and no path follows.  own where
 * there is no SCRIPT_NAME.  NULL if there is no such page.  One that answers
 * whole requests is own or nothing.
 */
const struct page *pages_find(const struct http_request *http,
			      const struct page *own);

/*
 * Whether the URL of each page, with the longest parameters that loaders send,
 * is short enough for every loader.  Returns 0, or -1 with err set:
 * "catalog.json: /distros/debian: version trixie: the URL of its page is 260
 * bytes long, ...", a distro once.
 */
int pages_check_urls(const struct catalog *c, struct error *err);

/* As catalog_load(), with pages_check_urls() and catalog_unpack(): for tools,
 * not for workers. */
struct catalog *pages_load_catalog(const char *path, const char *base,
				   struct stamps *stamps, struct error *err);

#endif
