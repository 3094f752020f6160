#ifndef HTTP_H
#define HTTP_H

#include "buf.h"
#include "dialect.h"

/* What a CGI program is told of a request (RFC 3875).  Borrowed; a field that
 * the server did not give is NULL. */
struct http_request {
	const char *method;
	const char *query;
	const char *user_agent;
	const char *client; /* REMOTE_ADDR */
	const char *script; /* SCRIPT_NAME */
	const char *path_info;
	const char *content_length;
	const char *if_none_match;
	const char *cookie;
	int is_remote; /* a web server asks, for a client */
};

/* An entity tag with its quotes and NUL. */
#define HTTP_ETAG_SIZE 19

/* An answer, whole. */
struct http_response {
	int status;                    /* 200, 400, ... */
	const struct dialect *dialect; /* of the body; NULL: plain text */
	int is_shared;                 /* any cache may keep it for a moment */
	int varies;                    /* the User-Agent has a say in it */
	char etag[HTTP_ETAG_SIZE];     /* "": none */
	struct buf head;               /* made by http_finish() */
	struct buf unchanged; /* head of a 304 in place of it; likewise,
				 empty where there is none */
	struct buf body;
	struct buf reason; /* why the status is not 200; empty if it is */
	struct buf log;    /* what a log says of it, "name=value name=value" */
	const char *content_type; /* static; NULL: the dialect's */
};

#define HTTP_RESPONSE_INIT                                                     \
	{                                                                      \
		200, NULL, 0, 0, "", BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT,   \
			BUF_INIT, NULL                                         \
	}

/* The reason phrase of a status that pages give; never empty: iPXE refuses a
 * status line that ends with the number (src/net/tcp/httpcore.c). */
const char *http_reason(int status);

/* Release what the response holds. */
void http_free(struct http_response *r);

/*
 * All but the heads is set: make them.  Status, Content-Type, Content-Length
 * (gPXE's menu program sees an empty file without it), Cache-Control, then
 * ETag, Vary or Allow where due, each as "Name: value".  What is shared gets
 * the entity tag of its body.
 */
void http_finish(struct http_response *r);

/* What goes to the web server, one after the other.  Borrowed. */
struct http_text {
	int status;
	const struct buf *head;
	const struct buf *body;
};

/*
 * A finished response as a CGI program gives it to who asked: without the body
 * for a HEAD; and 304 for who has the body already, as If-None-Match says (RFC
 * 9110 13.1.2).
 */
struct http_text http_text(const struct http_request *request,
			   const struct http_response *r);

#endif
