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
		  "Content-Length: 7\r\nCache-Control: max-age=1\r\n\r\n"
		  "#!gpxe\n" },
		{ NULL,
		  { .status = 200, .is_shared = 1, .varies = 1 },
		  "#!gpxe\n",
		  "Status: 200 OK\r\nContent-Type: text/plain\r\n"
		  "Content-Length: 7\r\nCache-Control: max-age=1\r\n"
		  "Vary: User-Agent\r\n\r\n"
		  "#!gpxe\n" },
		{ "HEAD",
		  { .status = 200, .is_shared = 1 },
		  "#!gpxe\n",
		  "Status: 200 OK\r\nContent-Type: text/plain\r\n"
		  "Content-Length: 7\r\nCache-Control: max-age=1\r\n\r\n" },
		{ "GET",
		  { .status = 200, .content_type = "text/html; charset=utf-8" },
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
		http_write(&out, &request, &response);
		if (strcmp(out.data, rows[i].expected) != 0)
			fail_msg("row %zu:\n%s", i, out.data);
		buf_free(&response.body);
		buf_free(&out);
	}
}

static void test_answer_is_appended_and_an_empty_body_is_fine(void **state)
{
	const struct http_request request = { .method = "GET" };
	const struct http_response response = HTTP_RESPONSE_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	buf_puts(&out, "<");
	http_write(&out, &request, &response);
	assert_string_equal(out.data,
			    "<Status: 200 OK\r\nContent-Type: text/plain\r\n"
			    "Content-Length: 0\r\nCache-Control: no-store\r\n"
			    "\r\n");
	buf_free(&out);
}

static void test_body_is_bytes(void **state)
{
	const struct http_request request = { .method = "GET" };
	struct http_response response = HTTP_RESPONSE_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	buf_add(&response.body, "a\0b", 3);
	http_write(&out, &request, &response);
	assert_non_null(strstr(out.data, "Content-Length: 3\r\n"));
	assert_memory_equal(out.data + out.len - 3, "a\0b", 3);
	buf_free(&response.body);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_status_has_a_reason),
		cmocka_unit_test(test_answers_are_whole_to_the_byte),
		cmocka_unit_test(
			test_answer_is_appended_and_an_empty_body_is_fine),
		cmocka_unit_test(test_body_is_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
