#include "releasefile.h"

#include <string.h>
#include <strings.h>

#include "date.h"

/* The value of a field, its length in *len; NULL if there is none of it. */
static const char *field(const char *text, const char *name, size_t *len)
{
	const size_t name_len = strlen(name);

	while (*text != '\0') {
		size_t line_len = strcspn(text, "\n");

		if (line_len > name_len && text[name_len] == ':' &&
		    strncasecmp(text, name, name_len) == 0) {
			const char *value = text + name_len + 1;
			const char *end = text + line_len;

			value += strspn(value, " \t");
			while (end > value && strchr(" \t\r", end[-1]) != NULL)
				end--;
			*len = end > value ? (size_t)(end - value) : 0;
			return value;
		}
		text += line_len + (text[line_len] == '\n');
	}
	return NULL;
}

long long releasefile_valid_until(const char *text)
{
	size_t len;
	const char *value = field(text, "Valid-Until", &len);

	return value != NULL ? date_parse_release(value) : 0;
}

static int is_field(const char *text, const char *name, const char *wanted,
		    size_t wanted_len)
{
	size_t len = 0;
	const char *value = field(text, name, &len);

	return value != NULL && len == wanted_len &&
	       memcmp(value, wanted, len) == 0;
}

/* What is between "/dists/" and "/Release" or "/InRelease" in a URL, its length
 * in *len; NULL if it is the URL of another file. */
static const char *suite_of(const char *url, size_t *len)
{
	static const char before[] = "/dists/";
	const size_t url_len = strcspn(url, "?");
	const char *const names[] = { "/InRelease", "/Release" };
	const char *end = NULL;
	const char *suite = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t name_len = strlen(names[i]);
		size_t rest = url_len > name_len ? url_len - name_len : 0;

		if (strncmp(url + rest, names[i], name_len) == 0)
			end = url + rest;
	}
	for (const char *at = strstr(url, before); at != NULL && at < end;
	     at = strstr(at + 1, before))
		suite = at + sizeof(before) - 1;
	if (suite == NULL || suite >= end)
		return NULL;
	*len = (size_t)(end - suite);
	return suite;
}

int releasefile_is_of(const char *text, const char *url, const char **suite,
		      size_t *len)
{
	*suite = suite_of(url, len);
	return *suite == NULL || is_field(text, "Suite", *suite, *len) ||
	       is_field(text, "Codename", *suite, *len);
}
