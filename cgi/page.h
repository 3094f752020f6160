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
	const struct site *site;
	const struct catalog *catalog;
	const struct query *query;
	const struct dialect *dialect; /* of the answer */
	struct machine machine;        /* as far as it is known */
	const struct network *client;  /* NULL: not known */
	const struct release *release; /* the page sets it when the answer is
					  one release's */
	int used_client;   /* the page sets it when the client's address had a
			      say in the answer */
	struct buf *notes; /* NULL, unless an explanation was asked for */
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
 * Answer one request, whatever it is.  Returns *own, which the caller starts
 * with HTTP_RESPONSE_INIT and releases with http_free(), or an answer kept
 * from an earlier request, borrowed until the next one.
 */
const struct http_response *page_answer(struct site *site,
					const struct http_request *http,
					struct http_response *own);

/* Add a line to the explanation: what decided something, or what was left
 * out and why. */
void page_note(const struct request *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A page of this site, to be linked to; what is NULL is left out of its URL
 * but for what is said otherwise. */
struct link {
	const char *page;
	const struct dialect *dialect; /* NULL: the one of the answer */
	const struct release *release;
	const char *customer;
	const char *menu;              /* boot's */
	const char *name;              /* menu's */
	const struct machine *machine; /* NULL: as in the request */
	int explained;
};

/* The link's URL as a JSON string.  It names its dialect where that is not
 * the page's default, and tells what the request told of the machine. */
json_t *page_url(const struct request *r, const struct link *link);

/* A URL as the answer's dialect names it: in GRUB, (http,host)/path. */
json_t *page_file(const struct request *r, const char *url);

/* The menu of that name, NULL: the main menu, if the client may see it.
 * Returns 200 and sets *menu; or 403 or 404 with err set. */
int page_find_menu(struct request *r, const char *name,
		   const struct menu **menu, struct error *err);

/* Whether the client may see the menu: 200, or 403 with err set. */
int page_check_menu(struct request *r, const struct menu *menu,
		    struct error *err);

#endif
