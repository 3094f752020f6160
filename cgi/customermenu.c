/* Opens the menu of a customer: the one named, or the one whose networks hold
 * the client's address. */
#include "page.h"

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
	if (status == 200)
		*view = page_open_view(r, customer->menu);
	return status;
}

static const char *const params[] = {
	"customer", "platform", "arch", "dialect", NULL,
};

const struct page page = {
	.name = "customermenu",
	.params = params,
	.default_dialect = "gpxe",
	.answer = answer,
};
