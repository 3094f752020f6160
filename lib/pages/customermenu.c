/* Opens the menu of a customer: the one named, or the one whose networks hold
 * the client's address. */
#include "pages.h"
#include "view_menu.h"

static int answer(struct request *r, json_t **view, struct error *err)
{
	const char *name = query_get(r->query, "customer");
	const struct customer *customer;
	int status;

	if (name != NULL) {
		customer = catalog_customer(r->catalog, name);
	} else {
		customer = catalog_customer_at(r->catalog, r->client);
		r->used_client = 1;
	}
	if (customer == NULL) {
		error_set(err, NULL, 0,
			  name != NULL
				  ? "that customer is not in the catalogue"
				  : "no customer's networks hold this address, "
				    "and site has no customer for all others");
		return 404;
	}
	status = page_check_menu(r, customer->menu, err);
	if (status != 200)
		return status;
	page_note(r, "customer: %s, %s", customer->id,
		  name != NULL ? "asked for" : "by the client's address");
	*view = view_menu(r, customer->menu);
	return 200;
}

static void each(const struct catalog *c, const struct page_visitor *v)
{
	size_t count;
	const struct customer *list = catalog_customers(c, &count);
	const struct customer *other = catalog_customer_at(c, NULL);

	if (other != NULL)
		v->visit(v->ctx, &(struct link){ .customer = NULL },
			 other->menu);
	for (size_t i = 0; i < count; i++)
		v->visit(v->ctx, &(struct link){ .customer = list[i].id },
			 list[i].menu);
}

static const char *const params[] = {
	"customer", "platform", "arch",    "shim",
	"dialect",  "view",     "explain", NULL,
};

const struct page page_customermenu = {
	.name = "customermenu",
	.params = params,
	.default_dialect = "gpxe",
	.answer = answer,
	.each = each,
};
