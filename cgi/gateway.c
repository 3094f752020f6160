#include "gateway.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct http_request gateway_read(char *const *env)
{
#define FIELD(name, field)                                                     \
	{                                                                      \
		name "=", sizeof(name), &http.field                            \
	}
	struct http_request http = { .is_remote = 1 };
	const struct {
		const char *name;
		size_t len;
		const char **value;
	} fields[] = {
		FIELD("REQUEST_METHOD", method),
		FIELD("QUERY_STRING", query),
		FIELD("CONTENT_LENGTH", content_length),
		FIELD("HTTP_USER_AGENT", user_agent),
		FIELD("HTTP_IF_NONE_MATCH", if_none_match),
		FIELD("HTTP_COOKIE", cookie),
		FIELD("REMOTE_ADDR", client),
		FIELD("SCRIPT_NAME", script),
		FIELD("PATH_INFO", path_info),
	};

	for (; *env != NULL; env++)
		for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
			if (**env == *fields[i].name &&
			    strncmp(*env, fields[i].name, fields[i].len) == 0) {
				*fields[i].value = *env + fields[i].len;
				break;
			}
	return http;
#undef FIELD
}

/* In microseconds. */
static long long elapsed_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000000LL +
	       (now.tv_nsec - start->tv_nsec) / 1000;
}

/* Write a line in logfmt.  The address is parsed and printed again, so no byte
 * of the client or its proxy reaches the line. */
static void log_answer(const struct http_request *http, int status,
		       const struct buf *what, long long took)
{
	struct network address;
	char client[NETWORK_TEXT_SIZE] = "-";

	if (http->client != NULL &&
	    network_parse_address(http->client, &address) == 0)
		network_print_address(&address, client);
	fprintf(stderr, "client=%s %s status=%d us=%lld\n", client,
		buf_text(what), status, took);
}

void gateway_answer(struct site *site, const struct page *own,
		    const struct http_request *http,
		    void (*put)(const struct buf *text, void *where),
		    void *where)
{
	const int is_logging = site_setting("MIRRORBOOT_LOG", NULL) != NULL;
	struct http_response made = HTTP_RESPONSE_INIT;
	const struct http_response *response;
	struct http_text text;
	struct timespec start;
	long long took = 0;

	if (is_logging)
		clock_gettime(CLOCK_MONOTONIC, &start);
	response = page_answer(pages_find(http, own), site, http, &made);
	text = http_text(http, response);
	if (is_logging)
		took = elapsed_since(&start);
	put(text.head, where);
	put(text.body, where);
	if (is_logging)
		log_answer(http, text.status, &response->log, took);
	http_free(&made);
}
