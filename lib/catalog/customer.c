#include "customer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "menu_path.h"
#include "value.h"

static const char *const customer_keys[] = { "menu", "networks", NULL };

/* What customers are read with. */
struct customer_reader {
	struct cursor *at;
	const struct menus *menus;
	json_t *owners; /* the customer of each network, by the network */
	struct customers *all;
};

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

/* Two customers may not have the same network. */
static int claim_networks(struct customer_reader *r,
			  const struct customer *customer)
{
	size_t mark = cursor_enter(r->at, "networks");
	int rc = 0;

	for (size_t i = 0; i < customer->network_count; i++) {
		size_t inner = cursor_enter_index(r->at, i);

		rc |= claim_network(r, customer, &customer->networks[i]);
		cursor_leave(r->at, inner);
	}
	cursor_leave(r->at, mark);
	return rc;
}

static int read_menu(struct customer_reader *r, const char *id,
		     struct customer *customer)
{
	customer->menu = menu_find(r->menus, id);
	if (customer->menu == NULL)
		return cursor_fail_id(r->at, "menu", "menus", id);
	if (customer->menu->password != NULL)
		return cursor_fail_key(r->at, "menu",
				       "menu '%s' has a password, for which "
				       "nobody asks where a customer's menu is "
				       "opened: move it to the menu's entries",
				       id);
	return 0;
}

/* For value_each(). */
static int read_customer(void *ctx, const char *id, const json_t *object)
{
	struct customer_reader *r = ctx;
	struct customer *customer = &r->all->list[r->all->count++];
	const char *menu = NULL;
	int rc = value_check_object(r->at, object, customer_keys);

	customer->id = mem_pool_copy(r->at->pool, id);
	rc |= value_string(r->at, object, "menu", &menu);
	if (menu != NULL)
		rc |= read_menu(r, menu, customer);
	else if (rc == 0)
		rc = cursor_fail(r->at, "needs a menu, the id of one");
	rc |= value_networks(r->at, object, "networks", &customer->networks,
			     &customer->network_count);
	return rc | claim_networks(r, customer);
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
	const json_t *section = include_section(at->files, "customers");
	struct customer_reader r = { at, menus, json_object(), all };
	int rc;

	all->list = mem_pool_alloc(at->pool, json_object_size(section) *
						     sizeof(*all->list));
	rc = value_each(at, "customers", read_customer, &r);
	json_decref(r.owners);
	return rc | read_default(at, settings->customer, all);
}

enum { MARK_OPEN = 1, MARK_CLOSED = 2 };

/* For each menu, whether it is shown to all, or to a customer's networks. */
static unsigned char *mark_menus(const struct customers *all,
				 const struct menus *menus)
{
	unsigned char *marks = mem_alloc(menus->count);

	marks[menus->main - menus->list] = MARK_OPEN;
	for (size_t i = 0; i < all->count; i++) {
		const struct customer *customer = &all->list[i];

		marks[customer->menu - menus->list] |=
			customer->network_count > 0 ? MARK_CLOSED : MARK_OPEN;
	}
	return marks;
}

/* The marks of the menu and of all that are above it. */
static unsigned marks_above(const struct menus *menus,
			    const unsigned char *marks, const struct menu *menu)
{
	unsigned found = 0;

	for (size_t i = 0; i < menu->path_count; i++)
		for (const struct menu_path *p = menu->paths[i]; p != NULL;
		     p = p->up)
			found |= marks[p->menu - menus->list];
	return found;
}

static void close_menu(struct menus *menus, struct menu *menu)
{
	menu->is_closed = 1;
	for (size_t i = 0; i < menu->path_count; i++)
		for (const struct menu_path *p = menu->paths[i]->up; p != NULL;
		     p = p->up)
			menus->list[p->menu - menus->list].is_above_closed = 1;
}

void customer_close_menus(const struct customers *all, struct menus *menus)
{
	unsigned char *marks = mark_menus(all, menus);

	for (size_t i = 0; i < menus->count; i++)
		if (marks_above(menus, marks, &menus->list[i]) == MARK_CLOSED)
			close_menu(menus, &menus->list[i]);
	free(marks);
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
		int bits = network_longest(customer->networks,
					   customer->network_count, address);

		if (bits > best_bits) {
			best = customer;
			best_bits = bits;
		}
	}
	return best;
}
