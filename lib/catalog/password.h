#ifndef PASSWORD_H
#define PASSWORD_H

#include <jansson.h>
#include <stddef.h>

#include "cursor.h"
#include "hash.h"

/* A password that an entry of a menu needs, as hashes only. */
struct password {
	const char *id;                 /* the name of GRUB's user, too */
	const char *file;               /* of the catalogue, that set it */
	const char *hashes[HASH_COUNT]; /* NULL: none of that kind */
};

/* All passwords, in the catalogue's order. */
struct passwords {
	struct password *list; /* in the cursor's pool */
	size_t count;
};

/* Read the section "passwords" into the empty struct at all.  Returns 0, or -1
 * with each failure recorded.  No message repeats a value. */
int password_read_all(struct cursor *at, struct passwords *all);

/* Set *out to the password that the object names under "password", borrowed
 * from all; leave it where the object has no such key.  Returns 0, or -1 with
 * the failure recorded. */
int password_read(struct cursor *at, const json_t *object,
		  const struct passwords *all, const struct password **out);

#endif
