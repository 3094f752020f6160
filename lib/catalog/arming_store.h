#ifndef ARMING_STORE_H
#define ARMING_STORE_H

#include "arming.h"

/*
 * Where the states are: a directory of small files, or a server that several
 * hosts ask.  Losing a state disarms, and what cannot be read counts as done.
 */
struct arming_store;

/* A change of one machine in one state.  decide() says what becomes of the
 * state, which it has changed if that is ARMING_CHANGED.  It may be called
 * again, with the state as somebody else has left it. */
struct arming_change {
	const char *name;
	const char *machine;
	enum arming_verdict (*decide)(struct arming *a, void *ctx);
	void *ctx;
};

/*
 * How a kind of store is used.  All of a kind's functions take what its
 * attach() returned.  The programs that must not write have kinds without the
 * functions that do, which are NULL: boot has no code that could.  The
 * functions do what those of the same name below say.
 */
struct arming_kind {
	/* The strings are borrowed until detach(). */
	void *(*attach)(const char *place, const char *password_file);
	void (*detach)(void *at);
	int (*read)(void *at, const char *name, struct arming *a,
		    struct error *err);
	/* Find the name by the digits of a token.  Returns 1, 0 if there is
	 * none, -1 with err set. */
	int (*find)(void *at, const char *digits,
		    char name[static ARMING_NAME_SIZE], struct error *err);
	int (*list)(void *at, json_t *names, struct error *err);
	int (*change)(void *at, const struct arming_change *change,
		      struct error *err);
	int (*put)(void *at, const char *name, const struct arming *a,
		   struct error *err);
	int (*remove)(void *at, const char *name, struct error *err);
};

/* The kinds that a program has.  server: NULL if it cannot ask one. */
struct arming_kinds {
	const struct arming_kind *directory;
	const struct arming_kind *server;
};

/*
 * Open the store at a place, which is the path of a directory, or a server's
 * address with "://" in it.  password_file: NULL if the server wants none.
 * Nothing is read yet.  Close it with arming_store_free().
 */
struct arming_store *arming_store_new(const struct arming_kinds *kinds,
				      const char *place,
				      const char *password_file);
void arming_store_free(struct arming_store *store);

/*
 * Read the state of that name into the empty struct at a, which the caller
 * releases with arming_free() whatever this returns.  Returns 0, also if there
 * is none; or -1 with err set if it cannot be read: then every machine of it
 * counts as done.
 */
int arming_store_read(struct arming_store *store, const char *name,
		      struct arming *a, struct error *err);

/*
 * Find which state and which machine the token is for: name and machine are
 * those that arming_token() took, and the state is read into a, as by
 * arming_store_read().  Returns 1; 0 if the token fits none; -1 with err set if
 * the store cannot be read.
 */
int arming_store_find(struct arming_store *store, const char *token,
		      struct arming *a, char name[static ARMING_NAME_SIZE],
		      char machine[static IDENTITY_NAME_SIZE],
		      struct error *err);

/* Add the names of all states as keys of the object names.  Returns 0, or -1
 * with err set. */
int arming_store_list(struct arming_store *store, json_t *names,
		      struct error *err);

/*
 * Read a state, let it be changed, and write it; nobody else changes it
 * meanwhile.  Returns a verdict; or -1 with err set: then the store has the old
 * state, or the new one that may not survive a power cut.
 */
int arming_store_change(struct arming_store *store,
			const struct arming_change *change, struct error *err);

/* Put the state in its place, whatever was there.  Returns 0, or -1 with err
 * set, as arming_store_change(). */
int arming_store_put(struct arming_store *store, const char *name,
		     const struct arming *a, struct error *err);

/* Disarm.  Returns 1, 0 if nothing of that name was armed, or -1 with err
 * set. */
int arming_store_remove(struct arming_store *store, const char *name,
			struct error *err);

#endif
