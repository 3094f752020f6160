#include "http.h"

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

void http_write(struct buf *out, const struct http_request *request,
		const struct http_response *r)
{
	const char *type = r->content_type;

	buf_printf(out, "Status: %d %s\r\n", r->status, http_reason(r->status));
	buf_printf(out, "Content-Type: %s\r\n",
		   type != NULL ? type : "text/plain");
	buf_printf(out, "Content-Length: %zu\r\n", r->body.len);
	buf_printf(out, "Cache-Control: %s\r\n",
		   r->is_shared ? "max-age=1" : "no-store");
	if (r->varies)
		buf_puts(out, "Vary: User-Agent\r\n");
	if (r->status == 405)
		buf_puts(out, "Allow: GET, HEAD\r\n");
	buf_puts(out, "\r\n");
	if (request->method == NULL || strcmp(request->method, "HEAD") != 0)
		buf_add(out, buf_text(&r->body), r->body.len);
}
