#include "copy.h"

#include <string.h>

#include "form.h"
#include "uri.h"
#include "value.h"

static const char *const copy_keys[] = { "from", "files", NULL };

int copy_is_path(const char *path)
{
	const char *c = path;

	do {
		if (*c == '.' || *c == '-' || !uri_is_value_char(*c))
			return 0;
		while (uri_is_value_char(*c))
			c++;
	} while (*c++ == '/' && *c != '\0');
	return c[-1] == '\0' || c[-1] == '/';
}

int copy_is_url(const char *source)
{
	return strstr(source, "://") != NULL;
}

static int is_directory(const char *path)
{
	return path[strlen(path) - 1] == '/';
}

/* Whether it is a path from the root of an ISO on, without the '/' there. */
static int is_path_in_iso(const char *source)
{
	const char *name = source;

	if (strcmp(source, "./") == 0)
		return 1;
	while (name != NULL) {
		const size_t len = strcspn(name, "/");

		if ((len == 0 && (name == source || *name == '/')) ||
		    (len == 1 && name[0] == '.') ||
		    (len == 2 && strncmp(name, "..", 2) == 0))
			return 0;
		name = name[len] == '/' ? name + len + 1 : NULL;
	}
	return 1;
}

int copy_check_source(struct cursor *at, const char *name, const char *source)
{
	if (copy_is_url(source))
		return form_check(at, source, FORM_URL);
	if (strcmp(source, ".") != 0 && !is_path_in_iso(source))
		return cursor_fail(at, "must be a path in the ISO, without a "
				       "'/' in front: casper/vmlinuz; or '.' "
				       "for the ISO itself, or a URL");
	if (is_directory(name) != is_directory(source))
		return cursor_fail(at, "must end in '/' if the name does, and "
				       "only then: so does a directory");
	return form_check(at, source, FORM_TEXT);
}

static int check_files(struct cursor *at, const json_t *files)
{
	const char *name;
	json_t *source;
	int rc = 0;

	if (json_object_size(files) == 0)
		return cursor_fail(at, "must be an object of one file or more, "
				       "{\"vmlinuz\": \"casper/vmlinuz\"}");
	json_object_foreach((json_t *)files, name, source) {
		size_t mark = cursor_enter(at, name);

		if (strcmp(name, "./") != 0 && !copy_is_path(name))
			rc = cursor_fail(at, "must be the path of a file in "
					     "the copy, of letters, digits, "
					     "'.', '_', '~', '-': vmlinuz");
		else if (!json_is_string(source))
			rc = cursor_fail(at, "must be a string, in quotes");
		cursor_leave(at, mark);
	}
	return rc;
}

int copy_check(struct cursor *at, const json_t *object)
{
	const json_t *copy = json_object_get(object, "copy");
	const char *from = NULL;
	size_t mark;
	int rc;

	if (copy == NULL || json_is_null(copy))
		return 0;
	mark = cursor_enter(at, "copy");
	rc = value_check_object(at, copy, copy_keys);
	rc |= value_string(at, copy, "from", &from);
	if (rc == 0 && (from == NULL || json_object_get(copy, "files") == NULL))
		rc = cursor_fail(at, "needs from, the URL where people get the "
				     "ISO, and files");
	if (rc == 0) {
		cursor_enter(at, "files");
		rc = check_files(at, json_object_get(copy, "files"));
	}
	cursor_leave(at, mark);
	return rc;
}
