/* What a machine gets first: a script that opens a menu, or the menu itself
 * for SYSLINUX, which has no scripts; or the way to the local disk. */
#include <string.h>

#include "html.h"
#include "view.h"

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
	if (status != 200)
		return status;
	if (r->dialect == &dialect_html)
		*view = html_index(r);
	else if (r->dialect == &dialect_syslinux)
		*view = view_menu(r, menu);
	else
		*view = view_open(r, menu);
	return 200;
}

static const char *const params[] = {
	"menu", "platform", "arch", "dialect", "explain", NULL,
};

const struct page page = {
	.name = "boot",
	.params = params,
	.default_dialect = "gpxe",
	.asks_user_agent = 1,
	.answer = answer,
};
