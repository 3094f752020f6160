/* The text of a menu, for the menu program that the client has. */
#include "view.h"

static int answer(struct request *r, json_t **view, struct error *err)
{
	const struct menu *menu;
	int status = page_find_menu(r, query_get(r->query, "name"), &menu, err);

	if (status == 200)
		*view = view_menu(r, menu);
	return status;
}

static const char *const params[] = {
	"name", "platform", "arch", "dialect", "explain", NULL,
};

const struct page page = {
	.name = "menu",
	.params = params,
	.default_dialect = "pxelinux",
	.answer = answer,
};
