#ifndef HTTP_H
#define HTTP_H

#include "buf.h"

/* What a CGI program is told of a request (RFC 3875).  Borrowed; a field that
 * the server did not give is NULL. */
struct http_request {
	const char *method;
	const char *query;
	const char *user_agent;
	const char *client; /* REMOTE_ADDR */
	const char *script; /* SCRIPT_NAME */
	const char *path_info;
};

/* An answer, whole. */
struct http_response {
	int status;               /* 200, 400, ... */
	const char *content_type; /* without it: text/plain */
	int is_shared;            /* any cache may keep it for a moment */
	int varies;               /* the User-Agent has a say in it */
	struct buf body;
};

#define HTTP_RESPONSE_INIT                                                     \
	{                                                                      \
		200, NULL, 0, 0, BUF_INIT                                      \
	}

/* The reason phrase of a status that pages give; never empty: iPXE refuses a
 * status line that ends with the number (src/net/tcp/httpcore.c). */
const char *http_reason(int status);

/*
 * Append r as a CGI response: Status, Content-Type, Content-Length (gPXE's
 * menu program sees an empty file without it), Cache-Control, then Vary or
 * Allow where due, each as "Name: value", and the body, which is left out
 * when the request was a HEAD.
 */
void http_write(struct buf *out, const struct http_request *request,
		const struct http_response *r);

#endif
