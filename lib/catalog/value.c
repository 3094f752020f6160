#include "value.h"

#include <stdio.h>
#include <string.h>

#include "syntax.h"

const struct renamed value_renamed_keys[] = {
	{ "word", "distro_arch", "0.2.0" },
	{ NULL, NULL, NULL },
};

int value_fail_string(struct cursor *at, const char *key, const json_t *value)
{
	char quoted[32];
	const char *const known[] = { quoted, NULL };
	const struct offer offer = { .known = known };

	/* A real number does not say how it was written: 24.10 is 24.1. */
	snprintf(quoted, sizeof(quoted), "\"%" JSON_INTEGER_FORMAT "\"",
		 json_integer_value(value));
	return cursor_fail_offer(at, key,
				 json_is_integer(value) ? &offer : NULL,
				 "must be a string, in quotes");
}

static int has_key(const char *const *keys, const char *key)
{
	while (*keys != NULL && strcmp(*keys, key) != 0)
		keys++;
	return *keys != NULL;
}

static int is_ascii(const char *s)
{
	while (*s != '\0' && (unsigned char)*s < 0x80)
		s++;
	return *s == '\0';
}

/* An id may be the word for a remark, but then its value is no string. */
int value_is_remark(struct cursor *at, const char *id, const json_t *value)
{
	const int is_word = strpbrk(id, "$_#/*-") != id;

	if (!syntax_is_remark(id) || (is_word && !json_is_string(value)))
		return 0;
	cursor_fail(at, SYNTAX_REMARK);
	return 1;
}

int value_each(struct cursor *at, const char *section,
	       int (*read)(void *ctx, const char *id, const json_t *value),
	       void *ctx)
{
	const char *id;
	json_t *value;
	int rc = 0;

	json_object_foreach(include_section(at->files, section), id, value) {
		cursor_go(at, section, id);
		if (value_is_remark(at, id, value)) {
			rc = -1;
			continue;
		}
		rc |= form_check_id(at, id);
		rc |= read(ctx, id, value);
	}
	return rc;
}

static int fail_renamed(struct cursor *at, const struct renamed *renamed)
{
	const char *const known[] = { renamed->now, NULL };
	const struct offer offer = { .known = known };

	return cursor_fail_offer(at, renamed->before, &offer, RENAMED_REASON,
				 renamed->now, renamed->since);
}

static int fail_unknown(struct cursor *at, const char *key,
			const char *const *keys)
{
	const struct renamed *renamed =
		renamed_find(value_renamed_keys, key, strlen(key));
	const struct offer offer = { .wanted = key, .known = keys };
	struct buf known = BUF_INIT;

	if (renamed != NULL && has_key(keys, renamed->now))
		return fail_renamed(at, renamed);
	if (syntax_is_remark(key))
		return cursor_fail_key(at, key, SYNTAX_REMARK);
	for (; *keys != NULL; keys++)
		buf_printf(&known, "%s%s", known.len > 0 ? ", " : "", *keys);
	cursor_fail_offer(at, key, &offer, "unknown key%s; here are %s",
			  is_ascii(key) ? ""
					: ", with a byte that is not ASCII",
			  buf_text(&known));
	buf_free(&known);
	return -1;
}

int value_check_object(struct cursor *at, const json_t *object,
		       const char *const *keys)
{
	const char *key;
	const json_t *value;
	int rc = 0;

	if (!json_is_object(object))
		return cursor_fail(at, "must be an object, in { }");
	json_object_foreach((json_t *)object, key, value)
		if (!has_key(keys, key))
			rc = fail_unknown(at, key, keys);
	return rc;
}

int value_string(struct cursor *at, const json_t *object, const char *key,
		 const char **out)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL)
		return 0;
	if (!json_is_string(value))
		return value_fail_string(at, key, value);
	*out = json_string_value(value);
	return 0;
}

int value_text(struct cursor *at, const json_t *object, const char *key,
	       enum form form, const char **out)
{
	const char *text = NULL;
	size_t mark;
	int rc;

	if (value_string(at, object, key, &text) < 0)
		return -1;
	if (text == NULL)
		return 0;
	mark = cursor_enter(at, key);
	rc = form_check(at, text, form);
	cursor_leave(at, mark);
	if (rc == 0)
		*out = mem_pool_copy(at->pool, text);
	return rc;
}

static int is_digits(const char *s)
{
	return s != NULL && s[0] != '\0' && s[strspn(s, "0123456789")] == '\0';
}

int value_number(struct cursor *at, const json_t *object, const char *key,
		 unsigned max, unsigned *out)
{
	const json_t *value = json_object_get(object, key);
	const char *const known[] = { json_string_value(value), NULL };
	const struct offer offer = { .known = known };

	if (value == NULL)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > max)
		return cursor_fail_offer(
			at, key, is_digits(known[0]) ? &offer : NULL,
			"must be a whole number from 0 to %u", max);
	*out = (unsigned)json_integer_value(value);
	return 0;
}

int value_flag(struct cursor *at, const json_t *object, const char *key,
	       int *out)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL)
		return 0;
	if (!json_is_true(value))
		return cursor_fail_key(at, key, "must be true, or left out");
	*out = 1;
	return 0;
}

static int read_network(struct cursor *at, const char *text, struct network *n)
{
	char meant[NETWORK_PREFIX_SIZE];
	const char *reason;

	if (text == NULL)
		return cursor_fail(at, "must be a string, in quotes");
	reason = network_parse(text, n);
	if (reason != NULL && network_propose(text, meant) == 0)
		return cursor_fail(at, "%s: write %s", reason, meant);
	if (reason != NULL)
		return cursor_fail(at, "%s", reason);
	return 0;
}

int value_networks(struct cursor *at, const json_t *object, const char *key,
		   const struct network **list, size_t *count)
{
	const json_t *array = json_object_get(object, key);
	size_t size = json_array_size(array);
	struct network *networks;
	int rc = 0;

	if (array == NULL)
		return 0;
	if (size == 0)
		return cursor_fail_key(at, key,
				       "must be an array of one network or "
				       "more, in [ ], or left out");
	networks = mem_pool_alloc(at->pool, size * sizeof(*networks));
	for (size_t i = 0; i < size; i++) {
		size_t mark = cursor_enter(at, key);

		cursor_enter_index(at, i);
		rc |= read_network(at,
				   json_string_value(json_array_get(array, i)),
				   &networks[i]);
		cursor_leave(at, mark);
	}
	*list = networks;
	*count = rc == 0 ? size : 0;
	return rc;
}

/* The word at i of the array, which is here. */
static int read_word(struct cursor *at, const json_t *array, size_t i,
		     const char **out)
{
	const char *word = json_string_value(json_array_get(array, i));
	size_t mark = cursor_enter_index(at, i);
	int rc = -1;

	if (word == NULL)
		cursor_fail(at, "must be a string, in quotes");
	else
		rc = form_check(at, word, FORM_WORD);
	if (rc == 0)
		*out = mem_pool_copy(at->pool, word);
	cursor_leave(at, mark);
	return rc;
}

int value_words(struct cursor *at, const json_t *object, const char *key,
		const char ***out)
{
	const json_t *array = json_object_get(object, key);
	size_t count = json_array_size(array);
	const char **words;
	size_t mark;
	int rc = 0;

	if (array == NULL)
		return 0;
	if (!json_is_array(array))
		return cursor_fail_key(at, key,
				       "must be an array of strings, in [ ]");
	words = mem_pool_alloc(at->pool, (count + 1) * sizeof(*words));
	mark = cursor_enter(at, key);
	for (size_t i = 0; i < count; i++)
		rc |= read_word(at, array, i, &words[i]);
	cursor_leave(at, mark);
	if (rc == 0)
		*out = words;
	return rc;
}
