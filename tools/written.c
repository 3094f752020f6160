#include "written.h"

#include <string.h>

#include "mem.h"

char *written_text(const char *comment, const char *section,
		   const json_t *value)
{
	json_t *file =
		json_pack("{s:s, s:O}", "$comment", comment, section, value);
	char *text = json_dumps(file, JSON_INDENT(1) | JSON_SORT_KEYS);

	if (text == NULL)
		mem_exhausted();
	json_decref(file);
	return text;
}

json_t *written_section(const json_t *root, const char *comment,
			const char *section)
{
	const char *own = json_string_value(json_object_get(root, "$comment"));
	json_t *value = json_object_get(root, section);

	if (own == NULL || strcmp(own, comment) != 0 ||
	    json_object_size(root) != 2 || !json_is_object(value))
		return NULL;
	return value;
}
