#include "texts.h"

#include <string.h>

#include "basis.h"
#include "names.h"
#include "pages.h"
#include "withheld.h"

/* All that texts_each() needs. */
struct writer {
	const struct texts_options *options;
	const struct catalog *catalog;
	const struct withheld *withheld;
	const struct texts_taker *taker;
	const struct basis *basis; /* NULL: not known, or nothing is kept */
	json_t *said;              /* what has no file, and why, as keys */
	struct buf text;           /* of the file at hand, as its page has it */
	struct buf shown;          /* the same as the file has it */
	struct error *err;
	int rc;
};

/* The file at hand. */
struct place {
	const struct writer *writer;
	const char *path;
};

static enum link_target add_link(void *ctx, const struct request *r,
				 const struct link *link, struct buf *url)
{
	const struct place *place = ctx;
	const struct writer *w = place->writer;
	struct buf path = BUF_INIT;
	int is_secret;

	if (withheld_reason(w->withheld, link, &is_secret) != NULL)
		return is_secret || !w->options->has_pages ? LINK_NONE
							   : LINK_PAGE;
	if (url == NULL)
		return LINK_FILE;
	names_add_path(&path, w->catalog, link);
	if (link->asks_machine)
		buf_truncate(&path,
			     (size_t)(strrchr(path.data, '/') + 1 - path.data));
	if (r->dialect->resolves_urls)
		names_add_relative(url, place->path, path.data);
	else
		buf_printf(url, "%s%s", w->options->base, path.data);
	buf_free(&path);
	return LINK_FILE;
}

static int refuse(struct writer *w, const char *path, const char *reason)
{
	error_set(w->err, NULL, 0, "%s: %s", path, reason);
	return w->rc = -1;
}

/* What a text may not have in a file, which anybody may read and keep. */
static int check(struct writer *w, const struct request *r, const char *path)
{
	const char *text = buf_text(&w->text);

	if (r->used_client)
		return refuse(w, path, "depends on the client");
	if (r->dialect->knows_machine && strstr(text, "/&") != NULL)
		return refuse(w, path,
			      "adds parameters to the name of a file: copy the "
			      "sections named menu_is_file from the shipped "
			      "templates");
	if (strcmp(buf_text(&w->shown), text) != 0 &&
	    !dialect_is_for_people(r->dialect))
		return refuse(w, path,
			      "has a URL with a query or a user, which may be "
			      "secret: take it out of the site's settings or "
			      "templates");
	return 0;
}

/* Fill the page that the link is to, for the file path. */
static void fill_text(struct writer *w, const struct link *link,
		      const char *path, const char *basis)
{
	struct place place = { w, path };
	const struct page_links links = { add_link, &place };
	struct request r = page_request(w->options->site, link);
	struct error err = ERROR_INIT;
	struct buf url = BUF_INIT;
	struct query *query;

	buf_truncate(&w->text, 0);
	buf_truncate(&w->shown, 0);
	page_add_url(w->catalog, link, &url);
	query = query_parse(strchr(url.data, '?') + 1, &err);
	r.query = query;
	r.links = &links;
	if (query == NULL || page_fill(&r, &w->text, &err) != 200)
		refuse(w, path, err.text);
	if (w->rc == 0) {
		page_add_shown(&r, buf_text(&w->text), &w->shown);
		check(w, &r, path);
	}
	if (w->rc == 0)
		w->rc = w->taker->take(w->taker->ctx, path, basis, &w->shown,
				       w->err);
	query_free(query);
	buf_free(&url);
}

/* Write the page that the link is to as the file path. */
static void write_text(struct writer *w, const struct link *link,
		       const char *path)
{
	const char *basis = w->basis != NULL ? basis_of(w->basis, link) : NULL;

	if (basis != NULL)
		w->rc = w->taker->keep(w->taker->ctx, path, basis, w->err);
	if (w->rc == 0)
		fill_text(w, link, path, basis);
	w->rc = w->rc < 0 ? -1 : 0;
}

/* What the link is to, for people. */
static void add_subject(struct buf *out, const struct link *link)
{
	const char *menu = link->page == &page_boot ? link->menu : link->name;

	if (link->release != NULL)
		buf_printf(out, "release %s %s %s%s%s", link->release->distro,
			   link->release->version,
			   machine_arch_name((int)link->release->arch),
			   link->release->variant != NULL ? " " : "",
			   link->release->variant != NULL
				   ? link->release->variant
				   : "");
	else if (link->customer != NULL)
		buf_printf(out, "customer %s", link->customer);
	else if (menu != NULL)
		buf_printf(out, "menu %s", menu);
	else
		buf_puts(out, link->page->name);
}

static void say(struct writer *w, const char *subject, const char *reason)
{
	struct buf line = BUF_INIT;

	buf_printf(&line, "%s: %s", subject, reason);
	json_object_set_new(w->said, line.data, json_true());
	buf_free(&line);
}

static void say_link(struct writer *w, const struct link *link,
		     const char *reason)
{
	struct buf subject = BUF_INIT;

	/* Nobody misses what no loader asks for. */
	if (link->dialect->is_view || link->problem != NULL ||
	    (link->release == NULL && !names_has_machine(link->machine)))
		return;
	add_subject(&subject, link);
	if (link->page == &page_customermenu || link->release != NULL ||
	    link->menu != NULL || link->name != NULL)
		say(w, subject.data, reason);
	buf_free(&subject);
}

static void visit(void *ctx, const struct link *link, const struct menu *menu)
{
	struct writer *w = ctx;
	struct buf path = BUF_INIT;
	int is_secret;
	const char *reason;

	(void)menu;
	if (w->rc < 0)
		return;
	/* Boot and menu without a menu are those of the main menu. */
	if ((link->page == &page_boot && link->menu == NULL) ||
	    (link->page == &page_menu && link->name == NULL))
		return;
	reason = withheld_reason(w->withheld, link, &is_secret);
	if (reason != NULL) {
		say_link(w, link, reason);
		return;
	}
	names_add_path(&path, w->catalog, link);
	write_text(w, link, path.data);
	buf_free(&path);
}

/* Whether the name of what the client asks first names its machine: it does not
 * find that out by itself, and runs on more than one kind. */
static int is_started_by_machine(const struct dialect *d)
{
	return !dialect_is_for_people(d) && !d->knows_machine &&
	       !d->is_bios_only;
}

/* boot.DIALECT, boot-MACHINE.DIALECT, and the names that clients ask for by
 * themselves. */
static void write_starts(struct writer *w, struct link *link)
{
	static const struct {
		const struct dialect *dialect;
		const char *name;
	} names[] = {
		{ &dialect_ipxe, "autoexec.ipxe" },
		{ &dialect_grub, "grub.cfg" },
		{ &dialect_html, "index.html" },
	};
	struct buf path = BUF_INIT;

	buf_puts(&path, "boot");
	if (link->machine->platform != MACHINE_UNKNOWN) {
		buf_putc(&path, '-');
		names_add_machine(&path, link->machine);
	}
	buf_printf(&path, ".%s", link->dialect->name);
	if (!dialect_is_for_people(link->dialect))
		write_text(w, link, path.data);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (w->rc == 0 && names[i].dialect == link->dialect)
			write_text(w, link, names[i].name);
	buf_free(&path);
}

static void visit_start(void *ctx, const struct link *link,
			const struct menu *menu)
{
	struct writer *w = ctx;
	struct link start = *link;
	const char *reason = withheld_boot(w->withheld);
	int is_secret;

	(void)menu;
	if (w->rc < 0 || link->menu != NULL || link->dialect->is_view ||
	    !names_has_machine(link->machine))
		return;
	if (link->machine->platform != MACHINE_UNKNOWN &&
	    !is_started_by_machine(link->dialect))
		return;
	if (reason == NULL || dialect_is_for_people(link->dialect))
		reason = withheld_reason(w->withheld, link, &is_secret);
	if (reason == NULL)
		write_starts(w, &start);
	else
		say(w, "boot", reason);
}

int texts_each(const struct texts_options *o, const struct texts_taker *taker,
	       json_t *said, struct error *err)
{
	struct withheld *withheld =
		withheld_new(o->site, o->base, o->has_pages);
	const struct basis_options basis_options = {
		o->paths, o->site, withheld, o->base, o->has_pages,
	};
	/* Only what is kept or noted needs it. */
	struct basis *basis =
		taker->keep != NULL ? basis_new(&basis_options) : NULL;
	struct writer w = {
		.options = o,
		.catalog = site_catalog(o->site),
		.withheld = withheld,
		.taker = taker,
		.basis = basis,
		.said = said,
		.err = err,
	};

	page_each(&page_boot, o->site,
		  &(struct page_visitor){
			  .visit = visit_start, .ctx = &w, .wants_all = 1 });
	for (size_t i = 0; pages[i] != NULL; i++)
		page_each(pages[i], o->site,
			  &(struct page_visitor){
				  .visit = visit, .ctx = &w, .wants_all = 1 });
	buf_free(&w.text);
	buf_free(&w.shown);
	basis_free(basis);
	withheld_free(withheld);
	return w.rc;
}
