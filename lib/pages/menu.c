/* The text of a menu, for the menu program that the client has. */
#include <string.h>

#include "pages.h"
#include "view_menu.h"

/* Why the menu is shown in place of something else. */
static int read_problem(struct request *r, struct error *err)
{
	const char *name = query_get(r->query, "problem");

	if (name == NULL)
		return 200;
	if (strcmp(name, page_problem_host) == 0)
		r->problem = page_problem_host;
	else if (strcmp(name, page_problem_release) == 0)
		r->problem = page_problem_release;
	if (r->problem != NULL)
		return 200;
	error_set(err, NULL, 0, "problem is host or release");
	return 400;
}

static int answer(struct request *r, json_t **view, struct error *err)
{
	const struct menu *menu;
	int status = read_problem(r, err);

	if (status == 200)
		status = page_find_menu(r, query_get(r->query, "name"), &menu,
					err);
	if (status == 200)
		*view = view_menu(r, menu);
	return status;
}

static void each(const struct catalog *c, const struct page_visitor *v)
{
	size_t count;
	const struct menu *menus = catalog_menus(c, &count);

	v->visit(v->ctx, &(struct link){ .name = NULL }, catalog_menu(c, NULL));
	v->visit(v->ctx, &(struct link){ .problem = page_problem_host },
		 catalog_menu(c, NULL));
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < menus[i].path_count; j++)
			v->visit(v->ctx,
				 &(struct link){ .name = menus[i].id,
						 .path = menus[i].paths[j] },
				 &menus[i]);
}

static const char *const params[] = {
	"name", "from",    "platform", "arch",    "problem",
	"shim", "dialect", "view",     "explain", NULL,
};

const struct page page_menu = {
	.name = "menu",
	.params = params,
	.default_dialect = "pxelinux",
	.is_menu = 1,
	.answer = answer,
	.each = each,
};
