#ifndef PAGE_H
#define PAGE_H

#include <jansson.h>

#include "catalog.h"
#include "dialect.h"
#include "error.h"
#include "http.h"
#include "network.h"
#include "query.h"
#include "site.h"

/* A request that has been understood.  All is borrowed. */
struct request {
	const struct catalog *catalog;
	const struct query *query;
	const struct dialect *dialect; /* of the answer */
	struct machine machine;        /* as far as parameters tell */
	const struct network *client;  /* NULL: not known */
	int used_client; /* the page sets it when the client's address had a
			    say in the answer */
};

/* One page: what it takes and what it says. */
struct page {
	const char *name;            /* of the program, URLs and templates */
	const char *const *params;   /* all it takes; ends in NULL */
	const char *default_dialect; /* where the request names none */
	int asks_user_agent;         /* before it takes the default */

	/*
	 * Set *view, which the caller releases, to what the page's template
	 * is filled from, and return 200; or return 400, 403 or 404 with err
	 * saying why, in words that repeat nothing of the request.
	 */
	int (*answer)(struct request *r, json_t **view, struct error *err);
};

/* The one page of this program; boot.c, menu.c, ... each define it. */
extern const struct page page;

/*
 * Answer one request, whatever it is.  The caller starts response with
 * HTTP_RESPONSE_INIT and releases its body.
 */
void page_answer(struct site *site, const struct http_request *http,
		 struct http_response *response);

/* A page of this site, to be linked to.  NULL: without that parameter. */
struct link {
	const char *page;
	const char *customer;
	const char *menu; /* boot's */
	const char *name; /* menu's */
	const struct release *release;
};

/*
 * The link's URL as a JSON string, for the client that asks: in the dialect
 * that it reads, and telling what it told of its machine.
 */
json_t *page_url(const struct request *r, const struct link *link);

/* The menu of that name, NULL: the main menu, if the client may see it.
 * Returns 200 and sets *menu; or 403 or 404 with err set. */
int page_find_menu(struct request *r, const char *name,
		   const struct menu **menu, struct error *err);

/* The same for a menu already found. */
int page_check_menu(struct request *r, const struct menu *menu,
		    struct error *err);

/* What the template needs to open the menu: the menu program's URL as
 * vesamenu, the menu's as menu. */
json_t *page_open_view(const struct request *r, const struct menu *menu);

#endif
