#ifndef VALUE_H
#define VALUE_H

#include <jansson.h>

#include "cursor.h"
#include "form.h"
#include "network.h"
#include "renamed.h"

/*
 * Typed values of an object, which the cursor is at.
 *
 * The functions that take an object and a key return 0 and set *out; 0 without
 * touching *out when the object lacks the key; or -1 with the failure
 * recorded.
 */

/* Any string; borrowed from object. */
int value_string(struct cursor *at, const json_t *object, const char *key,
		 const char **out);

/* A string of that form; copied into the cursor's pool. */
int value_text(struct cursor *at, const json_t *object, const char *key,
	       enum form form, const char **out);

/* A whole number from 0 to max. */
int value_number(struct cursor *at, const json_t *object, const char *key,
		 unsigned max, unsigned *out);

/* true.  false is refused: the key is left out instead. */
int value_flag(struct cursor *at, const json_t *object, const char *key,
	       int *out);

/* An array of one network or more, in the cursor's pool.  With -1, *count is 0.
 */
int value_networks(struct cursor *at, const json_t *object, const char *key,
		   const struct network **list, size_t *count);

/* An array of words, FORM_WORD; in the cursor's pool, with NULL at its end. */
int value_words(struct cursor *at, const json_t *object, const char *key,
		const char ***out);

/* Whether the value here is an object with no keys but those in the list,
 * which ends in NULL.  Each other key is a failure.  Returns 0 or -1. */
int value_check_object(struct cursor *at, const json_t *object,
		       const char *const *keys);

/* Whether the id here is a misspelt "$comment": then that is recorded. */
int value_is_remark(struct cursor *at, const char *id, const json_t *value);

/* Go to each id of the section and read its value.  What is no id is recorded.
 * Returns 0; -1 if that, or read(), failed once. */
int value_each(struct cursor *at, const char *section,
	       int (*read)(void *ctx, const char *id, const json_t *value),
	       void *ctx);

/* Record that the value under key is not a string. */
int value_fail_string(struct cursor *at, const char *key, const json_t *value);

/* Keys with a new name, which their variables in patterns have too. */
extern const struct renamed value_renamed_keys[];

#endif
