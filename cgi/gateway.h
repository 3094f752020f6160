#ifndef GATEWAY_H
#define GATEWAY_H

#include "http.h"
#include "pages.h"
#include "site.h"

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
