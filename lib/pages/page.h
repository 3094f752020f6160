#ifndef PAGE_H
#define PAGE_H

#include <jansson.h>

#include "catalog.h"
#include "dialect.h"
#include "error.h"
#include "http.h"
#include "loader.h"
#include "network.h"
#include "query.h"
#include "site.h"

struct page;

struct request;
struct link;

/* Where a link of a text leads. */
enum link_target {
	LINK_PAGE, /* to the page of the web server */
	LINK_FILE, /* to a file that has the page's text */
	LINK_NONE, /* nowhere: nobody who reads the text gets that page */
};

/*
 * Says where the links lead of texts that become files.  add() gets a link of
 * the text that r asks for, with its page, dialect and machine set, and appends
 * the URL where it leads to a file, unless url is NULL.  Where the link asks
 * for the machine, that is the URL of the directory, which ends in '/'.
 */
struct page_links {
	enum link_target (*add)(void *ctx, const struct request *r,
				const struct link *link, struct buf *url);
	void *ctx;
};

/* A request that has been understood.  All is borrowed. */
struct request {
	const struct page *page;
	const struct site *site;
	const struct catalog *catalog;
	const struct query *query;
	const struct dialect *dialect;  /* that the view is for */
	int is_view;                    /* the view itself is the answer */
	struct machine machine;         /* as far as it is known */
	const struct shim *shim;        /* of the site's shims, that started the
					   loader; NULL: the site's own */
	const struct network *client;   /* NULL: not known */
	const struct page_links *links; /* NULL: all lead to pages */
	const char *cookie;             /* NULL: none */
	int is_head;                    /* nobody reads the answer's text */
	int is_for_client;   /* a machine gets the answer, and nobody else */
	const char *problem; /* of page_problem_*: why a menu is shown in place
				of something else; NULL: none */
	const struct release *release; /* the page sets it when the answer is
					  one release's */
	const struct menu_path *path;  /* to the menu that the answer shows or
					  opens; NULL: not known */
	int used_client;   /* the page sets it when the client itself had a say
			      in the answer: its address, or what sets its
			      machine apart */
	struct buf *notes; /* NULL, unless an explanation was asked for */
	json_t *noted;     /* the lines of notes, as keys */
};

/* A page with the parameters that it is asked with; what is NULL is left out
 * of its URL. */
struct link {
	const struct page *page;
	const struct dialect *dialect;
	const struct release *release;
	const char *customer;
	const char *menu;             /* boot's */
	const char *name;             /* menu's */
	const struct menu_path *path; /* of that menu; NULL: its first */
	const char *problem;
	const char *shim;
	int names_dialect; /* the page's default too */
	int asks_machine;  /* the loader adds its own machine */
	int asks_words;    /* people add what they search for */
	const struct machine *machine;
	const struct dialect *view; /* with dialect_json */
	int explained;
};

/* Gets what a page can be asked: visit() is called with ctx.  menu is what the
 * answer shows or opens; NULL: none.  All is borrowed for the call. */
struct page_visitor {
	void (*visit)(void *ctx, const struct link *link,
		      const struct menu *menu);
	void *ctx;
	int wants_all; /* of page_each() */
};

/* One page: what it takes and what it says. */
struct page {
	const char *name;            /* of the program, URLs and templates */
	const char *const *params;   /* all it takes; ends in NULL */
	const char *default_dialect; /* where the request names none */
	int asks_user_agent;         /* before it takes the default */
	int has_index;               /* people get the site's index from it */
	int is_menu;                 /* loaders read it as a menu, and as a
					script all else */

	/*
	 * Set *view, which the caller releases, to what the page's template
	 * is filled from, and return 200; or return 400, 403 or 404 with err
	 * saying why, in words that repeat nothing of the request.
	 */
	int (*answer)(struct request *r, json_t **view, struct error *err);

	/* Answer the whole request in place of page_answer(); NULL: that. */
	void (*respond)(struct site *site, const struct http_request *http,
			struct http_response *response);

	/* Visit every set of parameters that the page answers, but for the
	 * machine and the dialect, which page_each() adds. */
	void (*each)(const struct catalog *c, const struct page_visitor *v);
};

/*
 * Answer one request, whatever it is.  page: the one that is asked for; NULL:
 * there is none of that name.  Returns *own, which the caller starts with
 * HTTP_RESPONSE_INIT and releases with http_free(), or a cached answer,
 * borrowed until the next request.
 */
const struct http_response *page_answer(const struct page *page,
					struct site *site,
					const struct http_request *http,
					struct http_response *own);

/*
 * Append the text that the client gets to body, for a request whose page,
 * site, catalog, query, dialect, machine and client are set.  Returns 200, or
 * the status of a failure with err set and body unchanged.
 */
int page_fill(struct request *r, struct buf *body, struct error *err);

/* The request for the page that the link is to, from a client that is not
 * known; its query is left to the caller. */
struct request page_request(const struct site *site, const struct link *link);

/* Append text for people to out, as uri_add_shown() does.  The parameters of
 * pages are no secrets. */
void page_add_shown(const struct request *r, const char *text, struct buf *out);

/* Visit the sets of parameters that the page answers, for each kind of machine
 * where it asks for that, in each of its dialects.  Of those whose answers
 * differ in their links alone, because other menus led to a menu, it visits one
 * unless the visitor wants them all. */
void page_each(const struct page *page, const struct site *site,
	       const struct page_visitor *v);

/* Why a machine gets a menu that waits for somebody: its host file is broken,
 * or its release did not start.  The values of the parameter problem. */
extern const char page_problem_host[];
extern const char page_problem_release[];

/* The main menu's id in a link to boot, where boot without one may give the
 * machine something else; else NULL. */
const char *page_main_menu(const struct request *r);

/* The loader that asks, on that platform; MACHINE_UNKNOWN: on either. */
struct loader page_loader(const struct request *r, int platform);

/* Add a line to the explanation: what decided something, or what was left
 * out and why.  A line that it has is not added again. */
void page_note(const struct request *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Append the page's URL with those parameters of the link that the page takes,
 * in the order of the alphabet. */
void page_add_url(const struct catalog *c, const struct link *link,
		  struct buf *url);

/*
 * The link's URL as a JSON string, for the request's loader.  Without a
 * dialect it leads to the loader's own; one that is the page's default is left
 * out.  Without a machine it tells what the request told of it.  NULL: the link
 * leads nowhere.
 */
json_t *page_url(const struct request *r, const struct link *link);

/* Where the link leads, as that of page_url(). */
enum link_target page_target(const struct request *r, const struct link *link);

/* A URL as the request's dialect names it: in GRUB, (http,host)/path. */
json_t *page_file(const struct request *r, const char *url);

/* Say that something is not in the catalogue, and where people see what is:
 * "that menu is not in the catalogue: see boot with dialect=html".  Returns
 * 404. */
int page_set_unknown(const struct request *r, const char *what,
		     struct error *err);

/*
 * The menu of that name, NULL: the main menu, if the client may see it, and the
 * path that the request names.  Returns 200 and sets *menu; or 403 or 404 with
 * err set.
 */
int page_find_menu(struct request *r, const char *name,
		   const struct menu **menu, struct error *err);

/* Whether the client may see the menu, on the path that the request names: 200,
 * or 403 or 404 with err set. */
int page_check_menu(struct request *r, const struct menu *menu,
		    struct error *err);

/* The first menu that opens this one and that the client may see; NULL:
 * none. */
const struct menu *page_opener(const struct request *r,
			       const struct menu *menu);

#endif
