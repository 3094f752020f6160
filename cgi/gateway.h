#ifndef GATEWAY_H
#define GATEWAY_H

#include "http.h"
#include "pages.h"
#include "site.h"

/* A setting of the process; an empty one counts as none.  Borrowed. */
const char *gateway_setting(const char *name, const char *otherwise);

/* What the CGI variables env ("NAME=value" strings, NULL at the end) say of a
 * request (RFC 3875).  Borrows from env. */
struct http_request gateway_read(char *const *env);

/* Answer the request and give the parts of the answer to put(), in order.  With
 * MIRRORBOOT_LOG set, write a line about it to standard error.  own: as in
 * main_run(). */
void gateway_answer(struct site *site, const struct page *own,
		    const struct http_request *http,
		    void (*put)(const struct buf *text, void *where),
		    void *where);

#endif
