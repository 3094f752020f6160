/* The first script of a machine: opens a menu, or leaves for the local
 * disk. */
#include <string.h>

#include "page.h"

static int answer(struct request *r, json_t **view, struct error *err)
{
	const char *name = query_get(r->query, "menu");
	const struct menu *menu;
	int status;

	if (name != NULL && strcmp(name, "local") == 0) {
		*view = json_pack("{s:b}", "local", 1);
		return 200;
	}
	status = page_find_menu(r, name, &menu, err);
	if (status == 200)
		*view = page_open_view(r, menu);
	return status;
}

static const char *const params[] = {
	"menu", "platform", "arch", "dialect", NULL,
};

const struct page page = {
	.name = "boot",
	.params = params,
	.default_dialect = "gpxe",
	.asks_user_agent = 1,
	.answer = answer,
};
