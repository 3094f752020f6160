/* What a machine gets first: a script that opens a menu, or the menu itself
 * for SYSLINUX, which has no scripts; or the way to the local disk. */
#include <string.h>

#include "html.h"
#include "pages.h"
#include "view_menu.h"

/* A search is for people, in all menus that they may see. */
static int check_find(struct request *r, struct error *err)
{
	if (query_get(r->query, "find") == NULL)
		return 200;
	r->used_client = 1;
	if (dialect_is_for_people(r->dialect) &&
	    query_get(r->query, "menu") == NULL)
		return 200;
	error_set(err, NULL, 0,
		  "find goes with dialect=html or json, and without menu");
	return 400;
}

static int answer(struct request *r, json_t **view, struct error *err)
{
	const char *name = query_get(r->query, "menu");
	const struct menu *menu;
	int status = check_find(r, err);

	if (status != 200)
		return status;
	if (name != NULL && strcmp(name, "local") == 0) {
		*view = json_pack("{s:b}", "local", 1);
		return 200;
	}
	status = page_find_menu(r, name, &menu, err);
	if (status != 200)
		return status;
	*view = view_menu(r, menu);
	if (dialect_is_for_people(r->dialect))
		html_add_index(r, *view);
	return 200;
}

static void each(const struct catalog *c, const struct page_visitor *v)
{
	size_t count;
	const struct menu *menus = catalog_menus(c, &count);

	v->visit(v->ctx, &(struct link){ .menu = "local" }, NULL);
	v->visit(v->ctx, &(struct link){ .menu = NULL }, catalog_menu(c, NULL));
	for (size_t i = 0; i < count; i++)
		v->visit(v->ctx, &(struct link){ .menu = menus[i].id },
			 &menus[i]);
}

static const char *const params[] = {
	"menu", "find", "platform", "arch", "dialect", "view", "explain", NULL,
};

const struct page page_boot = {
	.name = "boot",
	.params = params,
	.default_dialect = "gpxe",
	.asks_user_agent = 1,
	.answer = answer,
	.each = each,
};
