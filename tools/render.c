#include "render.h"

#include <string.h>

#include "pages.h"

/* A page of the site, and what is found of it. */
struct page_check {
	const struct page *page;
	const struct site *site;
	struct findings *findings;
	json_t *seen; /* what is said of the page already, as keys */
};

/* What a line of the text is about: a release's distro, or a menu. */
static const char *subject(const struct link *link, const struct menu *menu)
{
	if (link->release != NULL)
		return link->release->distro;
	return menu != NULL ? menu->id : "";
}

/* Whether it is new, and remembered from now on.  A line of a text is one of
 * that menu or release; all else is wrong with the template for all. */
static int is_new(const struct page_check *r, const char *about,
		  const char *reason)
{
	struct buf key = BUF_INIT;
	int is_first;

	buf_puts(&key, reason);
	if (strstr(reason, " of the text ") != NULL)
		buf_printf(&key, " %s", about);
	is_first = json_object_get(r->seen, key.data) == NULL;
	json_object_set_new(r->seen, key.data, json_true());
	buf_free(&key);
	return is_first;
}

/* A request that is tried. */
struct attempt {
	const struct page_check *check;
	const char *about; /* subject() */
	const char *query;
	int has_failed;
};

/* Add the first failure of an attempt. */
static void add_problem(void *ctx, const struct failure *failure)
{
	struct attempt *attempt = ctx;
	const struct page_check *r = attempt->check;
	struct buf asked = BUF_INIT;

	if (!attempt->has_failed && is_new(r, attempt->about, failure->text)) {
		buf_printf(&asked, "%s?%s", r->page->name, attempt->query);
		findings_report(&(struct findings_target){ r->findings, "page",
							   asked.data },
				failure);
	}
	attempt->has_failed = 1;
	buf_free(&asked);
}

/* An address from which the menu may be seen, and the path taken that the link
 * names; NULL: anyone may, or nobody may. */
static const struct network *client_of(const struct catalog *c,
				       const struct link *link,
				       const struct menu *menu)
{
	const char *from = link->path != NULL ? link->path->from : NULL;
	size_t count;
	const struct customer *customers = catalog_customers(c, &count);

	if (menu == NULL ||
	    (!menu->is_closed && !menu_path_is_closed(link->path)))
		return NULL;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < customers[i].network_count; j++) {
			const struct network *at = &customers[i].networks[j];

			if (catalog_may_see(c, menu, at) &&
			    (from == NULL ||
			     catalog_path(c, menu, from, at) != NULL))
				return at;
		}
	return NULL;
}

/* Whether the text has to find out which machine it is. */
static int asks_for_machine(const struct page_check *r, const struct link *link)
{
	return link->page == &page_boot && link->menu == NULL &&
	       link->dialect->knows_identity && site_has_rules(r->site);
}

/* A template of a site that had no hosts when it was written. */
static void add_deaf(struct attempt *attempt, const struct link *link)
{
	struct buf reason = BUF_INIT;

	buf_printf(&reason,
		   "boot.%s: no host file is found, because the text does not "
		   "send mac: copy {{#ask}} from the shipped template",
		   link->dialect->name);
	attempt->about = "";
	add_problem(attempt, &(struct failure){ reason.data, "" });
	buf_free(&reason);
}

/* Whether a setting keeps all pages from the loader: a warning says so. */
static int is_refused(const struct request *request)
{
	const struct loader loader =
		page_loader(request, request->machine.platform);
	const char *key;

	return loader_refused_setting(&loader,
				      catalog_settings(request->catalog),
				      &key) != NULL;
}

/* Fill the page as it would be for that link. */
static void fill(void *ctx, const struct link *link, const struct menu *menu)
{
	const struct page_check *r = ctx;
	const struct catalog *c = site_catalog(r->site);
	struct attempt attempt = { .check = r, .about = subject(link, menu) };
	struct error err = { "", add_problem, &attempt };
	struct buf body = BUF_INIT;
	struct buf url = BUF_INIT;
	struct request request = page_request(r->site, link);
	struct query *parsed;

	request.client = client_of(c, link, menu);
	if (is_refused(&request))
		return;
	page_add_url(c, link, &url);
	attempt.query = strchr(url.data, '?') + 1;
	parsed = query_parse(attempt.query, &err);
	request.query = parsed;
	if (parsed != NULL && page_fill(&request, &body, &err) == 200 &&
	    asks_for_machine(r, link) &&
	    strstr(buf_text(&body), "mac=") == NULL)
		add_deaf(&attempt, link);
	query_free(parsed);
	buf_free(&url);
	buf_free(&body);
}

int render_check(const struct site_paths *paths, struct findings *f)
{
	struct site *site = site_new(paths, pages_names, pages_check_urls);
	struct error err = ERROR_INIT;
	int rc = site_refresh(site, &err);

	if (rc < 0)
		findings_report(&(struct findings_target){ f, "page", NULL },
				&(struct failure){ err.text, "" });
	for (size_t i = 0; pages[i] != NULL && rc == 0; i++) {
		struct page_check r = { pages[i], site, f, json_object() };

		page_each(pages[i], site,
			  &(struct page_visitor){ .visit = fill, .ctx = &r });
		json_decref(r.seen);
	}
	site_free(site);
	return rc;
}
