#ifndef ANSWERING_H
#define ANSWERING_H

#include "page.h"

/*
 * What installers fetch: answer/TOKEN/FILE, and answer/TOKEN/done at the end.
 * It is no page of the table, because its program has rights that the others
 * lack: it writes the state directory.
 */
extern const struct page page_answering;

/* The file that ends an installation. */
#define ANSWERING_DONE "done"

#endif
