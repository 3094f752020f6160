/* Opens the menu of a customer: the one named, or the one whose networks hold
 * the client's address. */
#include "view.h"

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
				    "and there is no default customer");
		return 404;
	}
	status = page_check_menu(r, customer->menu, err);
	if (status != 200)
		return status;
	page_note(r, "customer: %s, %s", customer->id,
		  name != NULL ? "asked for" : "by the client's address");
	if (r->dialect == &dialect_gpxe || r->dialect == &dialect_ipxe)
		*view = view_open(r, customer->menu);
	else
		*view = view_menu(r, customer->menu);
	return 200;
}

static const char *const params[] = {
	"customer", "platform", "arch", "dialect", "explain", NULL,
};

const struct page page = {
	.name = "customermenu",
	.params = params,
	.default_dialect = "gpxe",
	.answer = answer,
};
