#include "pages.h"

#include <string.h>

#include "uri.h"

#define PAGE_ADDRESS(name) &page_##name,
#define PAGE_NAME(name) #name,

const struct page *const pages[] = { PAGES(PAGE_ADDRESS) NULL };
const char *const pages_names[] = { PAGES(PAGE_NAME) NULL };

/* Whether file is name, or that with a suffix of small letters. */
static int is_named(const char *file, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(file, name, len) != 0)
		return 0;
	file += len;
	if (*file == '.' && file[1] != '\0')
		file += 1 + strspn(file + 1, "abcdefghijklmnopqrstuvwxyz");
	return *file == '\0';
}

const struct page *pages_find(const struct http_request *http,
			      const struct page *own)
{
	const char *name = http->script;

	if (own->respond != NULL)
		return own;
	if (http->path_info != NULL && http->path_info[0] != '\0')
		return NULL;
	if (name == NULL || name[0] == '\0')
		return own;
	if (strrchr(name, '/') != NULL)
		name = strrchr(name, '/') + 1;
	for (size_t i = 0; pages[i] != NULL; i++)
		if (is_named(name, pages[i]->name))
			return pages[i];
	return NULL;
}

/* What is checked, and what came of it. */
struct url_check {
	const struct catalog *catalog;
	const struct page *page;
	struct error *err;
	const char *distro;      /* the last that failed; NULL: none */
	const struct menu *menu; /* the same */
	int rc;
};

static void fail_url(struct url_check *check, const struct link *link,
		     const struct menu *menu, size_t len)
{
	const char *file = catalog_files(check->catalog)[0];
	struct buf place = BUF_INIT;

	if (link->release != NULL)
		buf_printf(&place, "/distros/%s: version %s",
			   link->release->distro, link->release->version);
	else if (link->customer != NULL)
		buf_printf(&place, "/customers/%s", link->customer);
	else if (menu != NULL)
		buf_printf(&place, "/menus/%s", menu->id);
	else
		buf_puts(&place, "/site/base");
	if (link->release != NULL)
		file = link->release->file;
	else if (menu != NULL)
		file = menu->file;
	check->rc = error_set(check->err, file, 0,
			      "%s: the URL of its page is %zu bytes long, at "
			      "most %d: shorten the ids in it or the base",
			      place.data, len, URI_MAX_FOR_ALL);
	buf_free(&place);
}

static void check_url(void *ctx, const struct link *link,
		      const struct menu *menu)
{
	/* No loader's dialect has a longer name, no machine longer words. */
	static const struct machine machine = { PLATFORM_BIOS, ARCH_AMD64 };
	struct url_check *check = ctx;
	struct link longest = *link;
	struct buf url = BUF_INIT;

	if (link->problem != NULL)
		return; /* shorter than the name of a menu may be */
	if (link->release != NULL && check->distro == link->release->distro)
		return; /* what is too long for one is so for others of it */
	if (link->customer == NULL && menu != NULL && check->menu == menu)
		return;
	longest.page = check->page;
	longest.dialect = &dialect_syslinux;
	if (link->release == NULL)
		longest.machine = &machine;
	page_add_url(check->catalog, &longest, &url);
	if (url.len > URI_MAX_FOR_ALL) {
		fail_url(check, link, menu, url.len);
		check->menu = menu;
		if (link->release != NULL)
			check->distro = link->release->distro;
	}
	buf_free(&url);
}

int pages_check_urls(const struct catalog *c, struct error *err)
{
	struct url_check check = { .catalog = c, .err = err };

	for (size_t i = 0; pages[i] != NULL; i++) {
		check.page = pages[i];
		pages[i]->each(c, &(struct page_visitor){ .visit = check_url,
							  .ctx = &check });
	}
	return check.rc;
}

struct catalog *pages_load_catalog(const char *path, const char *base,
				   struct stamps *stamps, struct error *err)
{
	struct catalog *c = catalog_load(path, base, stamps, err);

	if (c == NULL)
		return NULL;
	if (pages_check_urls(c, err) == 0) {
		catalog_unpack(c);
		return c;
	}
	catalog_free(c);
	return NULL;
}
