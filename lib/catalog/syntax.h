#ifndef SYNTAX_H
#define SYNTAX_H

#include <jansson.h>

#include "buf.h"

/*
 * Why text is not the JSON that jansson wanted, for a person who edits it: the
 * line and the column, what is wrong there and what to write instead, and
 * nothing of the text.  where: as jansson left it.  Returns the line, from 1,
 * and appends the rest to reason.
 */
unsigned syntax_explain(const struct buf *text, const json_error_t *where,
			struct buf *reason);

#endif
