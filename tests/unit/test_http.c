#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "buf.h"
#include "http.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static void test_every_status_has_a_reason(void **state)
{
	static const struct {
		int status;
		const char *reason;
	} rows[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 500, "Internal Server Error" },
		{ 0, "Internal Server Error" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		if (strcmp(http_reason(rows[i].status), rows[i].reason) != 0)
			fail_msg("%d: %s", rows[i].status,
				 http_reason(rows[i].status));
}

/* FNV-1a, 64 bits, of "#!gpxe\n", as another program computed it. */
#define TAG "\"896ece3d3f86ca9d\""

/* The answer, whole. */
static void write_text(struct buf *out, const struct http_request *request,
		       const struct http_response *r)
{
	struct http_text text = http_text(request, r);

	buf_puts(out, buf_text(text.head));
	buf_puts(out, buf_text(text.body));
}

static void test_answers_are_whole_to_the_byte(void **state)
{
	static const struct {
		const char *method;
		struct http_response response;
		const char *body;
		const char *expected;
	} rows[] = {
		{ "GET",
		  { .status = 200, .is_shared = 1 },
		  "#!gpxe\n",
		  "Status: 200 OK\r\nContent-Type: text/plain\r\n"
		  "Content-Length: 7\r\nCache-Control: max-age=1\r\n"
		  "ETag: " TAG "\r\n\r\n"
		  "#!gpxe\n" },
		{ NULL,
		  { .status = 200, .is_shared = 1, .varies = 1 },
		  "#!gpxe\n",
		  "Status: 200 OK\r\nContent-Type: text/plain\r\n"
		  "Content-Length: 7\r\nCache-Control: max-age=1\r\n"
		  "ETag: " TAG "\r\nVary: User-Agent\r\n\r\n"
		  "#!gpxe\n" },
		{ "HEAD",
		  { .status = 200, .is_shared = 1 },
		  "#!gpxe\n",
		  "Status: 200 OK\r\nContent-Type: text/plain\r\n"
		  "Content-Length: 7\r\nCache-Control: max-age=1\r\n"
		  "ETag: " TAG "\r\n\r\n" },
		{ "GET",
		  { .status = 200, .dialect = &dialect_html },
		  "",
		  "Status: 200 OK\r\n"
		  "Content-Type: text/html; charset=utf-8\r\n"
		  "Content-Length: 0\r\nCache-Control: no-store\r\n\r\n" },
		{ "GET",
		  { .status = 404 },
		  "no\n",
		  "Status: 404 Not Found\r\nContent-Type: text/plain\r\n"
		  "Content-Length: 3\r\nCache-Control: no-store\r\n\r\nno\n" },
		{ "POST",
		  { .status = 405 },
		  "no\n",
		  "Status: 405 Method Not Allowed\r\n"
		  "Content-Type: text/plain\r\nContent-Length: 3\r\n"
		  "Cache-Control: no-store\r\nAllow: GET, HEAD\r\n\r\nno\n" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct http_request request = { .method =
							      rows[i].method };
		struct http_response response = rows[i].response;
		struct buf out = BUF_INIT;

		buf_puts(&response.body, rows[i].body);
		http_finish(&response);
		write_text(&out, &request, &response);
		if (strcmp(out.data, rows[i].expected) != 0)
			fail_msg("row %zu:\n%s", i, out.data);
		http_free(&response);
		buf_free(&out);
	}
}

static void test_body_is_bytes(void **state)
{
	const struct http_request request = { .method = "GET" };
	struct http_response response = HTTP_RESPONSE_INIT;
	struct http_text text;

	(void)state;
	buf_add(&response.body, "a\0b", 3);
	http_finish(&response);
	text = http_text(&request, &response);
	assert_non_null(strstr(text.head->data, "Content-Length: 3\r\n"));
	assert_int_equal(text.body->len, 3);
	assert_memory_equal(text.body->data, "a\0b", 3);
	http_free(&response);
}

static void test_who_knows_the_body_gets_304(void **state)
{
	static const struct {
		const char *if_none_match;
		int is_known;
	} rows[] = {
		{ NULL, 0 },
		{ "", 0 },
		{ TAG, 1 },
		{ "W/" TAG, 1 },
		{ "\"a\", W/\"b\"," TAG, 1 },
		{ "*", 1 },
		{ "\"*\"", 0 },
		{ "\"0\"", 0 },
		{ "0000", 0 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct http_request request = {
			.method = i % 2 ? "GET" : "HEAD",
			.if_none_match = rows[i].if_none_match,
		};
		struct http_response r = { .status = 200,
					   .is_shared = 1,
					   .varies = 1 };
		struct buf out = BUF_INIT;

		buf_puts(&r.body, "#!gpxe\n");
		http_finish(&r);
		write_text(&out, &request, &r);
		if (rows[i].is_known)
			assert_string_equal(out.data,
					    "Status: 304 Not Modified\r\n"
					    "Cache-Control: max-age=1\r\n"
					    "ETag: " TAG "\r\n"
					    "Vary: User-Agent\r\n\r\n");
		else
			assert_non_null(strstr(out.data, "Status: 200 OK\r\n"));
		http_free(&r);
		buf_free(&out);
	}
}

static void test_what_is_not_shared_is_sent_to_everybody(void **state)
{
	const struct http_request request = { .method = "GET",
					      .if_none_match = "*" };
	struct http_response r = { .status = 200 };

	(void)state;
	http_finish(&r);
	assert_int_equal(http_text(&request, &r).status, 200);
	http_free(&r);
	r.status = 404;
	http_finish(&r);
	assert_int_equal(http_text(&request, &r).status, 404);
	http_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_status_has_a_reason),
		cmocka_unit_test(test_answers_are_whole_to_the_byte),
		cmocka_unit_test(test_body_is_bytes),
		cmocka_unit_test(test_who_knows_the_body_gets_304),
		cmocka_unit_test(test_what_is_not_shared_is_sent_to_everybody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
