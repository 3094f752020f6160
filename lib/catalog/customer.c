#include "customer.h"

#include <stdio.h>
#include <string.h>

#include "form.h"
#include "value.h"

static const char *const customer_keys[] = { "menu", "networks", NULL };

/* What customers are read with. */
struct customer_reader {
	struct cursor *at;
	const struct menus *menus;
	json_t *owners; /* the customer of each network, by the network */
};

/* Two customers may not have the same network. */
static int claim_network(struct customer_reader *r,
			 const struct customer *customer,
			 const struct network *n)
{
	char key[NETWORK_TEXT_SIZE + 8];
	const json_t *owner;

	network_print_address(n, key);
	snprintf(key + strlen(key), 8, "/%u", n->bits);
	owner = json_object_get(r->owners, key);
	if (owner != NULL)
		return cursor_fail(r->at,
				   "customer '%s' has the same network: "
				   "remove one of the two",
				   json_string_value(owner));
	json_object_set_new(r->owners, key, json_string(customer->id));
	return 0;
}

static int read_network(struct customer_reader *r, const char *text,
			const struct customer *customer, struct network *n)
{
	char meant[NETWORK_PREFIX_SIZE];
	const char *reason;

	if (text == NULL)
		return cursor_fail(r->at, "must be a string, in quotes");
	reason = network_parse(text, n);
	if (reason != NULL && network_propose(text, meant) == 0)
		return cursor_fail(r->at, "%s: write %s", reason, meant);
	if (reason != NULL)
		return cursor_fail(r->at, "%s", reason);
	return claim_network(r, customer, n);
}

/* The array of networks here. */
static int read_networks(struct customer_reader *r, const json_t *networks,
			 struct customer *customer)
{
	size_t count = json_array_size(networks);
	struct network *list =
		mem_pool_alloc(r->at->pool, count * sizeof(*list));
	int rc = 0;

	if (count == 0)
		return cursor_fail(r->at, "must be an array of one network or "
					  "more, in [ ], or left out");
	customer->networks = list;
	for (size_t i = 0; i < count; i++) {
		const char *text =
			json_string_value(json_array_get(networks, i));
		size_t mark = cursor_enter_index(r->at, i);
		int failed = read_network(r, text, customer,
					  &list[customer->network_count]);

		cursor_leave(r->at, mark);
		if (failed == 0)
			customer->network_count++;
		rc |= failed;
	}
	return rc;
}

static int read_menu(struct customer_reader *r, const char *id,
		     struct customer *customer)
{
	customer->menu = menu_find(r->menus, id);
	if (customer->menu == NULL)
		return cursor_fail_id(r->at, "menu", "menus", id);
	return 0;
}

static int read_customer(struct customer_reader *r, const char *id,
			 const json_t *object, struct customer *customer)
{
	const json_t *networks = json_object_get(object, "networks");
	const char *menu = NULL;
	size_t mark;
	int rc = form_check_id(r->at, id);

	customer->id = mem_pool_copy(r->at->pool, id);
	rc |= value_check_object(r->at, object, customer_keys);
	rc |= value_string(r->at, object, "menu", &menu);
	if (menu != NULL)
		rc |= read_menu(r, menu, customer);
	else if (rc == 0)
		rc = cursor_fail(r->at, "needs a menu, the id of one");
	if (networks == NULL)
		return rc;
	mark = cursor_enter(r->at, "networks");
	rc |= read_networks(r, networks, customer);
	cursor_leave(r->at, mark);
	return rc;
}

static int read_default(struct cursor *at, const char *id,
			struct customers *all)
{
	if (id == NULL)
		return 0;
	settings_go(at, "customer");
	all->by_default = customer_find(all, id);
	if (all->by_default == NULL)
		return cursor_fail_id(at, "customer", "customers", id);
	if (all->by_default->network_count > 0)
		return cursor_fail_key(at, "customer",
				       "customer '%s' has networks, but the "
				       "default is for all others: name one "
				       "without networks",
				       id);
	return 0;
}

int customer_read_all(struct cursor *at, const struct settings *settings,
		      const struct menus *menus, struct customers *all)
{
	json_t *section = include_section(at->files, "customers");
	struct customer_reader r = { at, menus, json_object() };
	const char *id;
	json_t *object;
	int rc = 0;

	all->list = mem_pool_alloc(at->pool, json_object_size(section) *
						     sizeof(*all->list));
	json_object_foreach(section, id, object) {
		cursor_go(at, "customers", id);
		rc |= read_customer(&r, id, object, &all->list[all->count++]);
	}
	json_decref(r.owners);
	return rc | read_default(at, settings->customer, all);
}

static int is_closed(const struct customers *all, const struct menu *menu)
{
	int is_closed_by_one = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct customer *customer = &all->list[i];

		if (!menu_is_below(menu, customer->menu))
			continue;
		if (customer->network_count == 0)
			return 0;
		is_closed_by_one = 1;
	}
	return is_closed_by_one;
}

void customer_close_menus(const struct customers *all, struct menus *menus)
{
	for (size_t i = 0; i < menus->count; i++) {
		struct menu *menu = &menus->list[i];

		menu->is_closed = !menu_is_below(menu, menus->main) &&
				  is_closed(all, menu);
	}
}

const struct customer *customer_find(const struct customers *all,
				     const char *id)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].id, id) == 0)
			return &all->list[i];
	return NULL;
}

const struct customer *customer_at(const struct customers *all,
				   const struct network *address)
{
	const struct customer *best = all->by_default;
	int best_bits = -1;

	for (size_t i = 0; address != NULL && i < all->count; i++) {
		const struct customer *customer = &all->list[i];

		for (size_t j = 0; j < customer->network_count; j++) {
			const struct network *n = &customer->networks[j];

			if ((int)n->bits > best_bits &&
			    network_has(n, address)) {
				best = customer;
				best_bits = (int)n->bits;
			}
		}
	}
	return best;
}
