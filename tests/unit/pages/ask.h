#ifndef ASK_H
#define ASK_H

#include <string.h>
#include <unistd.h>

#include "../scratch.h"
#include "pages.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* Stands in what clients send; no answer may have it. */
#define EVIL "zzEVILzz"

/* A request, and what the answer must be. */
struct row {
	struct http_request request;
	int status;
	const char *body;
};

static inline struct site *ask_open(const char *catalog)
{
	const struct site_paths paths = {
		.catalog = catalog,
		.shipped = TEMPLATES,
	};

	return site_new(&paths, pages_names, pages_check_urls);
}

/* The whole answer, headers and all: release it with free(). */
static inline char *ask(struct site *site, const struct http_request *request,
			int *status)
{
	struct http_response own = HTTP_RESPONSE_INIT;
	struct http_text text;
	struct buf out = BUF_INIT;

	text = http_text(request, page_answer(pages_find(request, &PAGE), site,
					      request, &own));
	buf_puts(&out, buf_text(text.head));
	buf_puts(&out, buf_text(text.body));
	*status = text.status;
	http_free(&own);
	return buf_take(&out);
}

static inline const char *ask_body(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n");

	return end != NULL ? end + 4 : "";
}

/* What holds for every answer that is no 200: a line of ASCII. */
static inline void ask_check_error(const char *query, const char *answer)
{
	const char *body = ask_body(answer);

	if (strstr(answer, "\r\nContent-Type: text/plain\r\n") == NULL ||
	    strstr(answer, "\r\nCache-Control: no-store\r\n") == NULL ||
	    strchr(body, '\n') == NULL || strchr(body, '\n')[1] != '\0')
		fail_msg("'%s': %s", query, answer);
	for (const char *c = body; *c != '\0'; c++)
		if ((*c < ' ' || *c > '~') && *c != '\n')
			fail_msg("'%s': byte 0x%02x", query, (unsigned)*c);
}

static inline void ask_check(struct site *site, const struct row *row)
{
	const char *query = row->request.query ? row->request.query : "";
	int status;
	char *answer = ask(site, &row->request, &status);

	if (status != row->status ||
	    (row->body != NULL && strcmp(ask_body(answer), row->body) != 0))
		fail_msg("'%s' (%s, from %s): %s", query,
			 row->request.script ? row->request.script : "",
			 row->request.client ? row->request.client : "-",
			 answer);
	if (status != 200)
		ask_check_error(query, answer);
	if (strstr(answer, EVIL) != NULL)
		fail_msg("'%s': repeated: %s", query, answer);
	free(answer);
}

static inline void ask_check_rows(const struct row *rows, size_t count)
{
	struct site *site = ask_open(TESTS "/unit/pages/catalog.json");

	for (size_t i = 0; i < count; i++)
		ask_check(site, &rows[i]);
	site_free(site);
}

/* Stands for an entity tag in what headers are expected. */
#define TAG "ETag: \"...\"\r\n"

/* Put TAG in place of the entity tag. */
static inline void ask_hide_tag(char *answer)
{
	char *value = strstr(answer, "ETag: \"");

	if (value == NULL)
		return;
	value += strlen("ETag: \"");
	if (strspn(value, "0123456789abcdef") != 16)
		fail_msg("%s", answer);
	memcpy(value, "...", 3);
	memmove(value + 3, value + 16, strlen(value + 16) + 1);
}

/* The header fields of the answer, up to the body. */
static inline void ask_check_headers(const struct http_request *request,
				     const char *expected)
{
	struct site *site = ask_open(TESTS "/unit/pages/catalog.json");
	int status;
	char *answer = ask(site, request, &status);
	size_t len;

	ask_hide_tag(answer);
	len = (size_t)(ask_body(answer) - answer);
	if (len != strlen(expected) || strncmp(answer, expected, len) != 0)
		fail_msg("'%s': %s", request->query, answer);
	free(answer);
	site_free(site);
}

/* What all pages share, asked of this one; good is a query that it answers. */

static inline void ask_methods(const char *good)
{
	const struct row rows[] = {
		{ { .method = "GET", .query = good }, 200, NULL },
		{ { .method = "HEAD", .query = good }, 200, "" },
		{ { .query = good }, 200, NULL },
		{ { .method = "POST", .query = good },
		  405,
		  "only GET and HEAD are answered here\n" },
		{ { .method = "PUT", .query = good }, 405, NULL },
		{ { .method = "OPTIONS", .query = good }, 405, NULL },
		{ { .method = "get", .query = good }, 405, NULL },
		{ { .method = "", .query = good }, 405, NULL },
		{ { .method = EVIL, .query = EVIL }, 405, NULL },
	};

	ask_check_rows(rows, LENGTH(rows));
}

/* There is no such page: which there are. */
static inline void ask_put_no_page(struct buf *out)
{
	buf_puts(out, "there is no such page; the pages are ");
	for (size_t i = 0; pages_names[i] != NULL; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "", pages_names[i]);
	buf_putc(out, '\n');
}

/* The page does not have that dialect: which it has templates for. */
static inline void ask_put_no_dialect(struct buf *out)
{
	buf_puts(out, "this page does not have that dialect; it has ");
	for (size_t i = 0; dialects[i] != &dialect_json; i++) {
		struct buf path = BUF_INIT;

		buf_printf(&path, "%s/%s.%s", TEMPLATES, PAGE.name,
			   dialects[i]->name);
		if (access(path.data, F_OK) == 0)
			buf_printf(out, "%s, ", dialects[i]->name);
		buf_free(&path);
	}
	buf_puts(out, "json\n");
}

static inline void ask_script_names(const char *good)
{
	static const struct {
		const char *before, *behind;
		const char *path_info;
		int status;
	} rows[] = {
		{ "", "", NULL, 200 },
		{ "", "", "", 200 },
		{ "/boot/", "", NULL, 200 },
		{ "/boot/", ".php", "", 200 },
		{ "/", ".cgi", NULL, 200 },
		{ "/a.b/c/", ".fcgi", NULL, 200 },
		{ "/boot/", ".php", "/", 404 },
		{ "/boot/", ".php", "/" EVIL, 404 },
		{ "/boot/", "back.txt", NULL, 404 },
		{ "/boot/", "/", NULL, 404 },
		{ "/boot/", "/" EVIL, NULL, 404 },
		{ "/boot/x", "", NULL, 404 },
		{ "/boot/", ".", NULL, 404 },
		{ "/boot/", ".PHP", NULL, 404 },
		{ "/boot/", ".php5", NULL, 404 },
		{ "/boot/", ".php.bak", NULL, 404 },
		{ "/boot/", ".php~", NULL, 404 },
		{ "/boot/", "-old", NULL, 404 },
	};
	const struct row empty = { { .query = good, .script = "" }, 200, NULL };
	struct buf no_page = BUF_INIT;

	ask_put_no_page(&no_page);
	ask_check_rows(&empty, 1);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf script = BUF_INIT;
		struct row row = { { .method = "GET", .query = good },
				   rows[i].status,
				   rows[i].status == 404 ? no_page.data
							 : NULL };

		buf_printf(&script, "%s%s%s", rows[i].before, PAGE.name,
			   rows[i].behind);
		row.request.script = script.data;
		row.request.path_info = rows[i].path_info;
		ask_check_rows(&row, 1);
		buf_free(&script);
	}
	buf_free(&no_page);
}

static inline void ask_bad_queries(void)
{
	static const char bytes[] =
		"names and values of parameters are letters, digits, '.', '_', "
		"'~', '-'\n";
	static const char pair[] =
		"a parameter is written name=value, with '&' between two\n";
	struct buf no_dialect = BUF_INIT;
	struct row unknown = { { .query = "dialect=" EVIL }, 404, NULL };
	static const struct row rows[] = {
		{ { .query = EVIL }, 400, pair },
		{ { .query = "&" }, 400, pair },
		{ { .query = "dialect=" }, 400, bytes },
		{ { .query = "dialect=%0a" EVIL }, 400, bytes },
		{ { .query = "dialect=%00" }, 400, bytes },
		{ { .query = "dialect=../" EVIL }, 400, bytes },
		{ { .query = "dialect=<" EVIL ">" }, 400, bytes },
		{ { .query = EVIL "=1" }, 400, NULL },
		{ { .query = "dialect=gpxe&dialect=gpxe" },
		  400,
		  "a parameter is given twice: give it once\n" },
		{ { .query = "explain=" EVIL },
		  400,
		  "explain is 1, or left out\n" },
	};

	ask_put_no_dialect(&no_dialect);
	unknown.body = no_dialect.data;
	ask_check_rows(rows, LENGTH(rows));
	ask_check_rows(&unknown, 1);
	buf_free(&no_dialect);
}

/* Without a catalogue: its name and the reason, but not where it lies. */
static inline void ask_without_catalogue(const char *good)
{
	struct site *site = ask_open("/nonexistent/" EVIL "/catalog.json");
	const struct row row = {
		{ .query = good },
		500,
		"catalog.json: no such file: create it, or "
		"name another catalogue in MIRRORBOOT_CATALOG\n"
	};

	ask_check(site, &row);
	site_free(site);
}

#endif
