#include "values.h"

#include <stdlib.h>
#include <string.h>

#include "value.h"

#define NAME_MAX_BYTES 63

const char *const values_facts[] = {
	"answers",      "arch",        "distro",  "distro_arch",
	"done",         "first",       "mirror",  "mirror_directory",
	"mirror_https", "mirror_host", "title",   "mirror_protocol",
	"value",        "variant",     "version", NULL,
};

static int is_fact(const char *name)
{
	const char *const *fact = values_facts;

	while (*fact != NULL && strcmp(*fact, name) != 0)
		fact++;
	return *fact != NULL;
}

static int is_name(const char *s)
{
	static const char small[] = "abcdefghijklmnopqrstuvwxyz";
	size_t len = strlen(s);

	return len > 0 && len <= NAME_MAX_BYTES &&
	       strchr(small, s[0]) != NULL &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static int is_plain(const json_t *value)
{
	return json_is_string(value) || json_is_integer(value);
}

static int is_list(const json_t *value)
{
	size_t count = json_array_size(value);

	for (size_t i = 0; i < count; i++)
		if (!is_plain(json_array_get(value, i)))
			return 0;
	return json_is_array(value);
}

static int check(struct cursor *at, const char *name, const json_t *value)
{
	if (!is_name(name))
		return cursor_fail(at,
				   "the name of a value is a small letter, "
				   "then small letters, digits and '_', at "
				   "most %d",
				   NAME_MAX_BYTES);
	if (is_fact(name))
		return cursor_fail(at, "answers have this from the pages: take "
				       "another name");
	if (is_plain(value) || json_is_boolean(value) || json_is_null(value) ||
	    is_list(value))
		return 0;
	return cursor_fail(at, "must be a string, a whole number, true, false, "
			       "null, or an array of strings");
}

int values_read(struct cursor *at, const json_t *object, const char **out)
{
	const json_t *values = json_object_get(object, "values");
	size_t mark;
	const char *name;
	const json_t *value;
	char *text;
	int rc = 0;

	if (values == NULL)
		return 0;
	mark = cursor_enter(at, "values");
	if (!json_is_object(values))
		rc = cursor_fail(at, "must be an object, in { }");
	json_object_foreach((json_t *)values, name, value) {
		size_t inner = cursor_enter(at, name);

		rc |= check(at, name, value);
		cursor_leave(at, inner);
	}
	cursor_leave(at, mark);
	if (rc < 0)
		return -1;
	text = json_dumps(values, JSON_COMPACT);
	*out = mem_pool_copy(at->pool, text);
	free(text);
	return 0;
}

void values_add(json_t *all, const char *text)
{
	json_t *values = text != NULL ? json_loads(text, 0, NULL) : NULL;
	const char *name;
	json_t *value;

	json_object_foreach(values, name, value) {
		if (json_is_null(value))
			json_object_del(all, name);
		else
			json_object_set(all, name, value);
	}
	json_decref(values);
}
