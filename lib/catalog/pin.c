#include "pin.h"

#include <string.h>

#include "date.h"
#include "value.h"

static const char *const pin_keys[] = { "sha256", "date", NULL };

int pin_is_sha256(const char *text)
{
	return strlen(text) == PIN_SHA256_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == PIN_SHA256_SIZE - 1;
}

static int check_pin(struct cursor *at, const json_t *object)
{
	const char *sha256 = "";
	const char *date = "";
	int rc = value_check_object(at, object, pin_keys);

	if (rc < 0)
		return -1;
	rc = value_string(at, object, "sha256", &sha256);
	rc |= value_string(at, object, "date", &date);
	if (rc == 0 && !pin_is_sha256(sha256))
		rc = cursor_fail_key(at, "sha256",
				     "must be a SHA-256, 64 of 0-9 and a-f");
	if (rc == 0 && date_parse(date) < 0)
		rc = cursor_fail_key(at, "date",
				     "must be a date and time in UTC, "
				     "YYYY-MM-DDThh:mm:ssZ");
	return rc;
}

/* For value_each(). */
static int check_mirror(void *ctx, const char *id, const json_t *files)
{
	struct cursor *at = ctx;
	const char *path;
	json_t *object;
	int rc = 0;

	(void)id;
	if (!json_is_object(files))
		return cursor_fail(at, "must be an object, in { }");
	json_object_foreach((json_t *)files, path, object) {
		size_t mark = cursor_enter(at, path);

		if (value_is_remark(at, path, object))
			rc = -1;
		else
			rc |= check_pin(at, object);
		cursor_leave(at, mark);
	}
	return rc;
}

int pin_check_all(struct cursor *at)
{
	return value_each(at, "pins", check_mirror, at);
}

void pin_find(const struct cursor *at, const char *mirror, const char *path,
	      struct pin *pin)
{
	const json_t *files =
		json_object_get(include_section(at->files, "pins"), mirror);
	const json_t *object = json_object_get(files, path);
	const char *sha256 =
		json_string_value(json_object_get(object, "sha256"));
	const char *date = json_string_value(json_object_get(object, "date"));

	*pin = (struct pin){ NULL, NULL };
	/* What is refused has been recorded. */
	if (sha256 == NULL || date == NULL)
		return;
	pin->sha256 = mem_pool_copy(at->pool, sha256);
	pin->date = mem_pool_copy(at->pool, date);
}
