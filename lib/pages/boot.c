/* What a machine gets first: a script that opens a menu, or the menu itself
 * for SYSLINUX, which has no scripts; or the way to the local disk. */
#include <string.h>

#include "answer.h"
#include "decision.h"
#include "html.h"
#include "pages.h"
#include "view_menu.h"
#include "view_release.h"

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

/* from says who opened the menu that is named. */
static int check_from(const struct request *r, struct error *err)
{
	const char *name = query_get(r->query, "menu");

	if (query_get(r->query, "from") == NULL ||
	    (name != NULL && strcmp(name, "local") != 0))
		return 200;
	error_set(err, NULL, 0,
		  "from goes with menu, and not with menu=local: leave it out");
	return 400;
}

/* For machines that are read on a serial line: no picture. */
static int check_look(const struct request *r, struct error *err)
{
	const char *look = query_get(r->query, "look");

	if (look == NULL || strcmp(look, "text") == 0)
		return 200;
	error_set(err, NULL, 0, "look is text, or left out");
	return 400;
}

/* notice: for the screen; NULL: nothing. */
static json_t *local_view(const char *notice)
{
	return json_pack("{s:b, s:s*}", "local", 1, "notice", notice);
}

/* The page again: the loader adds what sets its machine apart. */
static json_t *ask_url(const struct request *r)
{
	const struct machine any = { MACHINE_UNKNOWN, MACHINE_UNKNOWN };
	const struct link again = {
		.page = &page_boot,
		.dialect = r->dialect,
		.names_dialect = 1,
		.machine = r->dialect->knows_machine ? &any : NULL,
	};

	return page_url(r, &again);
}

/* The release that is started without asking anybody. */
static json_t *assigned_view(const struct request *r,
			     const struct release *release)
{
	const struct link start = { .page = &page_fromthemirror,
				    .release = release };
	json_t *view = view_release_on(r, release, r->machine.platform);

	json_object_set_new(view, "title", json_string(release->title));
	json_object_set_new(view, "url", page_url(r, &start));
	return view;
}

/* Where a machine finds its answers. */
struct answers {
	const struct catalog *catalog;
	const char *token;
};

static void add_answers(void *ctx, size_t mirror, struct buf *url)
{
	const struct answers *a = ctx;

	answer_add_url(a->catalog, a->token, mirror, url);
}

/* The release as this machine alone gets it: with its token, or with what it or
 * its group says for kernel arguments.  So it is in this page's text, and not
 * in one that others may ask for. */
static json_t *own_view(const struct request *r, const struct release *release)
{
	json_t *view = view_release(r, release);

	json_object_set_new(view, "url", json_string(""));
	json_object_set_new(view, "unattended", json_true());
	return view;
}

static json_t *release_view(const struct request *r, const struct decision *d)
{
	const struct settings *settings = catalog_settings(r->catalog);
	struct answers answers = { r->catalog, d->token };
	struct mem_pool pool = MEM_POOL_INIT;
	const struct release *release =
		assignment_release(d->assigned, settings, &pool);
	json_t *view;

	if (d->token[0] != '\0')
		release = answer_release(release, add_answers, &answers, &pool);
	view = release != d->assigned->release ? own_view(r, release)
					       : assigned_view(r, release);
	mem_pool_free(&pool);
	return view;
}

/* For people: what the machine gets, and what says so. */
static json_t *machine_view(const struct request *r, const struct assignment *a)
{
	struct link link = { .page = &page_boot, .menu = "local" };
	const char *title = "Local disk";

	if (a == NULL)
		return json_object();
	if (a->menu != NULL) {
		link = (struct link){ .page = &page_menu, .name = a->menu->id };
		title = a->menu->title;
	} else if (a->release != NULL) {
		link = (struct link){ .page = &page_fromthemirror,
				      .release = a->release };
		title = a->release->title;
	}
	return json_pack("{s:{s:s, s:o, s:s, s:s}}", "gets", "title", title,
			 "url", page_url(r, &link), "file",
			 identity_shown(a->file), "pointer", a->pointer);
}

/* What has been decided, or else the main menu. */
static json_t *decided_view(struct request *r, const struct decision *d)
{
	const struct assignment *a = d->assigned;
	const int is_index = dialect_is_for_people(r->dialect);
	const struct menu *menu = catalog_menu(r->catalog, NULL);
	json_t *view;

	if (a != NULL && a->is_local)
		page_note(r, "menu: local, which starts the local disk");
	if (a != NULL && a->is_local && !is_index)
		return local_view(d->notice);
	if (a != NULL && a->menu != NULL && !is_index)
		menu = a->menu;
	if (a != NULL && a->release != NULL) {
		r->release = a->release;
		view_note_release(r, a->release);
		r->problem = page_problem_release;
	} else if (d->broken.len > 0) {
		r->problem = page_problem_host;
	}
	r->path = catalog_path(r->catalog, menu, NULL, r->client);
	view = view_menu(r, menu);
	if (d->broken.len > 0)
		json_object_set_new(view, "broken",
				    json_string(d->broken.data));
	if (r->release != NULL)
		json_object_set_new(view, "assigned", release_view(r, d));
	if (is_index)
		json_object_set_new(view, "machine", machine_view(r, a));
	return view;
}

/* A machine asks, and no menu is named. */
static int answer_machine(struct request *r, json_t **view, struct error *err)
{
	struct decision d = { .assigned = NULL };
	int status;

	if (!decision_is_asked(r) && r->dialect->knows_identity) {
		*view = view_menu(r, catalog_menu(r->catalog, NULL));
		json_object_set_new(*view, "ask", ask_url(r));
		return 200;
	}
	status = decision_make(r, &d, err);
	if (status == 200)
		*view = decided_view(r, &d);
	decision_free(&d);
	return status;
}

static int answer_menu(struct request *r, const char *name, json_t **view,
		       struct error *err)
{
	const struct menu *menu;
	int status;

	if (name != NULL && strcmp(name, "local") == 0) {
		*view = local_view(NULL);
		return 200;
	}
	status = page_find_menu(r, name, &menu, err);
	if (status == 200)
		*view = view_menu(r, menu);
	return status;
}

static int answer(struct request *r, json_t **view, struct error *err)
{
	const char *name = query_get(r->query, "menu");
	const int is_index = dialect_is_for_people(r->dialect);
	int status = check_find(r, err);

	if (status == 200)
		status = check_from(r, err);
	if (status == 200)
		status = check_look(r, err);
	if (status != 200)
		return status;
	r->used_client |= decision_is_asked(r);
	if (name == NULL && site_has_rules(r->site) &&
	    (!is_index || decision_is_asked(r)))
		status = answer_machine(r, view, err);
	else
		status = answer_menu(r, name, view, err);
	if (status == 200 && is_index &&
	    json_object_get(*view, "local") == NULL)
		html_add_index(r, *view);
	if (status == 200 && query_get(r->query, "look") != NULL)
		json_object_set_new(*view, "look", json_string("text"));
	return status;
}

static void each(const struct catalog *c, const struct page_visitor *v)
{
	size_t count;
	const struct menu *menus = catalog_menus(c, &count);

	v->visit(v->ctx, &(struct link){ .menu = "local" }, NULL);
	v->visit(v->ctx, &(struct link){ .menu = NULL }, catalog_menu(c, NULL));
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < menus[i].path_count; j++)
			v->visit(v->ctx,
				 &(struct link){ .menu = menus[i].id,
						 .path = menus[i].paths[j] },
				 &menus[i]);
}

static const char *const params[] = {
	"menu", "from",   "find", "look",    "platform", "arch",    "mac",
	"uuid", "serial", "shim", "dialect", "view",     "explain", NULL,
};

const struct page page_boot = {
	.name = "boot",
	.params = params,
	.default_dialect = "gpxe",
	.asks_user_agent = 1,
	.has_index = 1,
	.answer = answer,
	.each = each,
};
