#ifndef WRITTEN_H
#define WRITTEN_H

#include <jansson.h>

/* A catalogue file as the checker writes them: a comment that says which
 * option wrote it, and one section. */

/* Its text, sorted and indented, without a last newline.  comment is the whole
 * comment; the section's value is borrowed.  Release with free(). */
char *written_text(const char *comment, const char *section,
		   const json_t *value);

/* The section's value, borrowed from the file's root, if the file has this
 * comment, this section as an object, and nothing else; NULL if somebody has
 * edited it, or root is NULL. */
json_t *written_section(const json_t *root, const char *comment,
			const char *section);

#endif
