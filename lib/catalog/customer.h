#ifndef CUSTOMER_H
#define CUSTOMER_H

#include <stddef.h>

#include "cursor.h"
#include "menu.h"
#include "network.h"
#include "settings.h"

struct customer {
	const char *id;
	const struct menu *menu;
	const struct network *networks; /* none: anyone may see the menu */
	size_t network_count;
};

/* All customers, in the catalogue's order and in the cursor's pool. */
struct customers {
	struct customer *list;
	size_t count;
	const struct customer *by_default; /* of clients in no network; NULL:
					      none */
};

/* Read the section "customers" into the empty struct at all.  Returns 0, or -1
 * with each failure recorded. */
int customer_read_all(struct cursor *at, const struct settings *settings,
		      const struct menus *menus, struct customers *all);

/*
 * Close the menus that are for customers with networks only.  Such a menu is
 * below the menu of a customer with networks, and neither below the main menu
 * nor below that of a customer without networks, whatever path leads to it.
 */
void customer_close_menus(const struct customers *all, struct menus *menus);

/* NULL if there is no such customer. */
const struct customer *customer_find(const struct customers *all,
				     const char *id);

/* The customer of a client at address, NULL: not known.  It is the customer
 * with the longest prefix that holds the address, or else the default customer.
 * NULL if there is neither. */
const struct customer *customer_at(const struct customers *all,
				   const struct network *address);

#endif
