#ifndef WRITTEN_H
#define WRITTEN_H

#include <jansson.h>

#include "error.h"

/* A catalogue file as the checker writes them: a comment that says which
 * option wrote it, and one section. */

/* Its text, sorted and indented, without a last newline.  comment is the whole
 * comment; the section's value is borrowed.  Release with free(). */
char *written_text(const char *comment, const char *section,
		   const json_t *value);

/*
 * Read the file at path.  Returns 1 with the section's value in *value, or NULL
 * there if the file has anything but this comment and this section as an
 * object, because somebody has edited it; 0 if there is no file; or -1 with err
 * set if it cannot be read.  Release the value with json_decref().
 */
int written_read(const char *path, const char *comment, const char *section,
		 json_t **value, struct error *err);

#endif
