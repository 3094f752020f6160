#ifndef SYNTAX_H
#define SYNTAX_H

#include <jansson.h>

#include "buf.h"
#include "error.h"

/*
 * Why text is not the JSON that jansson wanted, for a person who edits it: the
 * line and the column, what is wrong there and what to write instead, and
 * nothing of the text.  where: as jansson left it.  Returns the line, from 1,
 * and appends the rest to reason.
 */
unsigned syntax_explain(const struct buf *text, const json_error_t *where,
			struct buf *reason);

/* Whether the key is one that people write for "$comment": "_comment", "//". */
int syntax_is_remark(const char *key);

/* What to write instead. */
#define SYNTAX_REMARK "is no key here: a remark has the key \"$comment\""

/*
 * Read the text of the file at path: an object without duplicate keys.
 * Remarks, the values of "$comment", are left out.  Returns the object, which
 * the caller releases, or NULL with err set.
 */
json_t *syntax_read(const char *path, const struct buf *text,
		    struct error *err);

#endif
