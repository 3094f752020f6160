#ifndef WORDS_H
#define WORDS_H

#include <jansson.h>

#include "cursor.h"

/*
 * What a site says once for the kernel arguments of every installer, and a
 * group or a host for its own machines: console, proxy, address and the like.
 * The installers' own words for it are those of installer.h.
 */

/* The keys, as part of a list. */
#define WORDS_KEYS                                                             \
	"console", "keyboard", "nomodeset", "interface", "vlan", "address",    \
		"gateway", "dns", "proxy"

/* The keys; ends in NULL. */
extern const char *const words_keys[];

/* Which object has the keys: only a host has an address, and only there and in
 * a group null takes away what a more general place says. */
enum words_place { WORDS_OF_SITE, WORDS_OF_GROUP, WORDS_OF_HOST };

/* The text of those keys that the object here has, in the cursor's pool; *out
 * stays as it is where it has none.  Returns 0, or -1 with each failure
 * recorded. */
int words_read(struct cursor *at, const json_t *object, enum words_place place,
	       const char **out);

/* Set what such a text says, NULL: nothing, in all. */
void words_add(json_t *all, const char *text);

/* What is wrong with all together, static; NULL: nothing. */
const char *words_check(const json_t *all);

/* The names that patterns of installers have; ends in NULL. */
extern const char *const words_names[];

/* The values of those names, for what all says: the caller releases them.  A
 * name without a value is left out. */
json_t *words_vars(const json_t *all);

#endif
