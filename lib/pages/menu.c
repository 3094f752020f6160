/* The text of a menu, for the menu program that the client has. */
#include "pages.h"
#include "view_menu.h"

static int answer(struct request *r, json_t **view, struct error *err)
{
	const struct menu *menu;
	int status = page_find_menu(r, query_get(r->query, "name"), &menu, err);

	if (status == 200)
		*view = view_menu(r, menu);
	return status;
}

static void each(const struct catalog *c, const struct page_visitor *v)
{
	size_t count;
	const struct menu *menus = catalog_menus(c, &count);

	v->visit(v->ctx, &(struct link){ .name = NULL }, catalog_menu(c, NULL));
	for (size_t i = 0; i < count; i++)
		v->visit(v->ctx, &(struct link){ .name = menus[i].id },
			 &menus[i]);
}

static const char *const params[] = {
	"name", "platform", "arch", "dialect", "view", "explain", NULL,
};

const struct page page_menu = {
	.name = "menu",
	.params = params,
	.default_dialect = "pxelinux",
	.is_menu = 1,
	.answer = answer,
	.each = each,
};
