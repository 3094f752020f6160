#include "http.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

const char *http_reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	default:
		return "Internal Server Error";
	}
}

void http_free(struct http_response *r)
{
	buf_free(&r->head);
	buf_free(&r->unchanged);
	buf_free(&r->body);
	buf_free(&r->reason);
	buf_free(&r->log);
}

/* FNV-1a, by Fowler, Noll and Vo: what differs is the catalogue's doing alone,
 * and nobody gains by two texts of one tag. */
static void set_etag(struct http_response *r)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < r->body.len; i++)
		hash = (hash ^ (unsigned char)r->body.data[i]) * 0x100000001b3;
	snprintf(r->etag, sizeof(r->etag), "\"%016" PRIx64 "\"", hash);
}

/* What a 200 and the 304 in its place have in common. */
static void add_caching(struct buf *out, const struct http_response *r)
{
	buf_printf(out, "Cache-Control: %s\r\n",
		   r->is_shared ? "max-age=1" : "no-store");
	if (r->etag[0] != '\0')
		buf_printf(out, "ETag: %s\r\n", r->etag);
	if (r->varies)
		buf_puts(out, "Vary: User-Agent\r\n");
}

static void make_unchanged(struct http_response *r)
{
	buf_puts(&r->unchanged, "Status: 304 Not Modified\r\n");
	add_caching(&r->unchanged, r);
	buf_puts(&r->unchanged, "\r\n");
}

void http_finish(struct http_response *r)
{
	if (r->is_shared)
		set_etag(r);
	buf_printf(&r->head, "Status: %d %s\r\n", r->status,
		   http_reason(r->status));
	if (r->content_type == NULL)
		r->content_type = r->dialect != NULL ? r->dialect->content_type
						     : "text/plain";
	buf_printf(&r->head, "Content-Type: %s\r\n", r->content_type);
	buf_printf(&r->head, "Content-Length: %zu\r\n", r->body.len);
	add_caching(&r->head, r);
	if (r->status == 405)
		buf_puts(&r->head, "Allow: GET, HEAD\r\n");
	buf_puts(&r->head, "\r\n");
	if (r->is_shared)
		make_unchanged(r);
}

/* A tag of the list may be weak, W/"...": a proxy that compresses makes ours
 * so. */
static int is_known(const struct http_request *request,
		    const struct http_response *r)
{
	const char *tags = request->if_none_match;

	if (tags == NULL || r->etag[0] == '\0')
		return 0;
	return strcmp(tags, "*") == 0 || strstr(tags, r->etag) != NULL;
}

struct http_text http_text(const struct http_request *request,
			   const struct http_response *r)
{
	static const struct buf none = BUF_INIT;

	if (is_known(request, r))
		return (struct http_text){ 304, &r->unchanged, &none };
	if (request->method != NULL && strcmp(request->method, "HEAD") == 0)
		return (struct http_text){ r->status, &r->head, &none };
	return (struct http_text){ r->status, &r->head, &r->body };
}
