#include "pages.h"

#include <string.h>

const struct page *const pages[] = {
	&page_boot, &page_menu, &page_customermenu, &page_fromthemirror, NULL,
};

const char *const pages_names[] = {
	"boot", "menu", "customermenu", "fromthemirror", NULL,
};

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
