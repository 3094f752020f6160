#include "arming_store.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

struct arming_store {
	const struct arming_kind *kind; /* NULL: the program has none such */
	char *place;
	char *password_file;
	void *at;
};

static int refuse(struct error *err)
{
	return error_set(err, NULL, 0,
			 "MIRRORBOOT_STATE names a server, which this program "
			 "cannot ask: see the manual mirrorboot-install(8)");
}

struct arming_store *arming_store_new(const struct arming_kinds *kinds,
				      const char *place,
				      const char *password_file)
{
	struct arming_store *store = mem_alloc(sizeof(*store));

	store->kind =
		strstr(place, "://") != NULL ? kinds->server : kinds->directory;
	store->place = mem_copy(place, strlen(place));
	if (password_file != NULL)
		store->password_file =
			mem_copy(password_file, strlen(password_file));
	if (store->kind != NULL)
		store->at =
			store->kind->attach(store->place, store->password_file);
	return store;
}

void arming_store_free(struct arming_store *store)
{
	if (store == NULL)
		return;
	if (store->kind != NULL)
		store->kind->detach(store->at);
	free(store->place);
	free(store->password_file);
	free(store);
}

int arming_store_read(struct arming_store *store, const char *name,
		      struct arming *a, struct error *err)
{
	*a = (struct arming){ .is_there = 0 };
	if (store->kind == NULL) {
		a->is_there = a->is_broken = 1;
		return refuse(err);
	}
	return store->kind->read(store->at, name, a, err);
}

int arming_store_find(struct arming_store *store, const char *token,
		      struct arming *a, char name[static ARMING_NAME_SIZE],
		      char machine[static IDENTITY_NAME_SIZE],
		      struct error *err)
{
	char digits[ARMING_FIND_SIZE];
	int found;

	if (store->kind == NULL)
		return refuse(err);
	*a = (struct arming){ .is_there = 0 };
	memcpy(digits, token, sizeof(digits) - 1);
	digits[sizeof(digits) - 1] = '\0';
	found = store->kind->find(store->at, digits, name, err);
	if (found <= 0)
		return found;
	if (arming_token_machine(token, name, machine) < 0)
		return 0;
	if (arming_store_read(store, name, a, err) < 0)
		return -1;
	return a->is_there && arming_is_token_of(a, name, machine, token);
}

int arming_store_list(struct arming_store *store, json_t *names,
		      struct error *err)
{
	if (store->kind == NULL)
		return refuse(err);
	return store->kind->list(store->at, names, err);
}

int arming_store_change(struct arming_store *store,
			const struct arming_change *change, struct error *err)
{
	if (store->kind == NULL)
		return refuse(err);
	return store->kind->change(store->at, change, err);
}

int arming_store_put(struct arming_store *store, const char *name,
		     const struct arming *a, struct error *err)
{
	if (store->kind == NULL)
		return refuse(err);
	return store->kind->put(store->at, name, a, err);
}

int arming_store_remove(struct arming_store *store, const char *name,
			struct error *err)
{
	if (store->kind == NULL)
		return refuse(err);
	return store->kind->remove(store->at, name, err);
}
