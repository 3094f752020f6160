#include "written.h"

#include <string.h>

#include "buf.h"
#include "mem.h"
#include "stamps.h"
#include "syntax.h"

/* The catalogue reads no more. */
#define FILE_MAX_BYTES ((size_t)16 * 1024 * 1024)

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

/* The section's value, borrowed; NULL: the root is not as written_text(). */
static json_t *section_of(const json_t *root, const char *comment,
			  const char *section)
{
	const char *own = json_string_value(json_object_get(root, "$comment"));
	json_t *value = json_object_get(root, section);

	if (own == NULL || strcmp(own, comment) != 0 ||
	    json_object_size(root) != 2 || !json_is_object(value))
		return NULL;
	return value;
}

int written_read(const char *path, const char *comment, const char *section,
		 json_t **value, struct error *err)
{
	struct stamps *stamps = stamps_new();
	struct buf text = BUF_INIT;
	int rc = stamps_read(stamps, path, FILE_MAX_BYTES, &text, err);
	json_t *root = NULL;

	if (rc > 0) {
		root = json_loadb(buf_text(&text), text.len,
				  JSON_REJECT_DUPLICATES, NULL);
		*value = json_incref(section_of(root, comment, section));
	}
	if (rc > 0 && root == NULL) {
		/* It knows what to say. */
		json_decref(syntax_read(path, &text, err));
		rc = -1;
	}
	json_decref(root);
	buf_free(&text);
	stamps_free(stamps);
	return rc;
}
