#include "password.h"

#include <stdlib.h>
#include <string.h>

#include "value.h"

static const char *const password_keys[] = { "syslinux", "grub", NULL };

/* Which loader's hash a key has, and how to make one. */
static const struct {
	const char *key;
	enum hash kind;
	const char *reason;
} kinds[] = {
	{ "syslinux", HASH_CRYPT,
	  "is no hash that SYSLINUX takes: write what 'mkpasswd -m sha-512' "
	  "prints, and not the password" },
	{ "grub", HASH_PBKDF2,
	  "is no hash that GRUB takes: write what grub-mkpasswd-pbkdf2 prints "
	  "from 'grub.pbkdf2' on, and not the password" },
};

static int read_hashes(struct cursor *at, const json_t *object,
		       struct password *password)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const json_t *value = json_object_get(object, kinds[i].key);
		const char *hash = json_string_value(value);

		if (value == NULL)
			continue;
		if (hash == NULL || !hash_is(kinds[i].kind, hash))
			rc = cursor_fail_key(at, kinds[i].key, "%s",
					     kinds[i].reason);
		else
			password->hashes[kinds[i].kind] =
				mem_pool_copy(at->pool, hash);
	}
	return rc;
}

/* What passwords are read with. */
struct password_reader {
	struct cursor *at;
	struct passwords *all;
};

/* For value_each(). */
static int read_password(void *ctx, const char *id, const json_t *object)
{
	struct password_reader *r = ctx;
	struct cursor *at = r->at;
	struct password *password = &r->all->list[r->all->count++];

	*password = (struct password){
		.id = mem_pool_copy(at->pool, id),
		.file = mem_pool_copy(at->pool, cursor_file(at)),
	};
	if (value_check_object(at, object, password_keys) < 0)
		return -1;
	if (json_object_get(object, "syslinux") == NULL &&
	    json_object_get(object, "grub") == NULL)
		return cursor_fail(at, "needs a hash: syslinux, grub or both");
	return read_hashes(at, object, password);
}

int password_read_all(struct cursor *at, struct passwords *all)
{
	const json_t *section = include_section(at->files, "passwords");
	struct password_reader r = { at, all };

	all->list = mem_pool_alloc(at->pool, json_object_size(section) *
						     sizeof(*all->list));
	return value_each(at, "passwords", read_password, &r);
}

/* The text there may be the password itself: it is not repeated. */
static int fail_id(struct cursor *at, const char *id,
		   const struct passwords *all)
{
	const char **known = mem_alloc((all->count + 1) * sizeof(*known));
	const struct offer offer = {
		.wanted = id,
		.known = known,
		.is_secret = 1,
	};

	for (size_t i = 0; i < all->count; i++)
		known[i] = all->list[i].id;
	cursor_fail_offer(at, "password", id != NULL ? &offer : NULL,
			  "is no id in passwords: write the id of one, and "
			  "never the password itself");
	free(known);
	return -1;
}

int password_read(struct cursor *at, const json_t *object,
		  const struct passwords *all, const struct password **out)
{
	const json_t *value = json_object_get(object, "password");
	const char *id = json_string_value(value);

	if (value == NULL)
		return 0;
	for (size_t i = 0; id != NULL && i < all->count; i++)
		if (strcmp(all->list[i].id, id) == 0) {
			*out = &all->list[i];
			return 0;
		}
	return fail_id(at, id, all);
}
