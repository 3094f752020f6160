/*
 * A whole request of one page: query, User-Agent, address, script, method,
 * path and If-None-Match, with a NUL between them, as they would stand
 * in the environment of a CGI program.  It is asked of three sites, several
 * times: what it answers must keep to the rules for every answer.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "mem.h"
#include "pages.h"
#include "stamps.h"

/* Nothing that a page knows has this in it. */
#define MARK "zzEVILzz"

#define FIELD_COUNT 7

/* In the order of an input's parts. */
static const char **field_of(struct http_request *r, size_t i)
{
	const char **const fields[FIELD_COUNT] = {
		&r->query,  &r->user_agent, &r->client,        &r->script,
		&r->method, &r->path_info,  &r->if_none_match,
	};

	return fields[i];
}

/* An installation, and all the text that its pages may be made of. */
struct place {
	const char *catalog;
	struct site *site;
	struct buf text;
};

static struct place places[] = {
	{ TESTS "/unit/pages/catalog.json", NULL, BUF_INIT },
	{ TESTS "/golden/everything.json", NULL, BUF_INIT },
	{ TESTS "/golden/shared.json", NULL, BUF_INIT },
};

static struct buf templates = BUF_INIT;

/* What a page said. */
struct reply {
	int status;
	struct buf text; /* all of it */
	const char *body;
	size_t body_len;
};

/* Linked for stamps_is_changed() and stamps_is_group_changed(): nobody changes
 * these files, and to look at them takes longer than an answer. */
int __wrap_stamps_is_changed(struct stamps *s);
int __wrap_stamps_is_changed(struct stamps *s)
{
	(void)s;
	return 0;
}

int __wrap_stamps_is_group_changed(struct stamps *s, const void *group);
int __wrap_stamps_is_group_changed(struct stamps *s, const void *group)
{
	(void)s;
	(void)group;
	return 0;
}

static void open_place(struct place *place)
{
	const struct site_paths paths = {
		.catalog = place->catalog,
		.shipped = TEMPLATES,
	};
	struct error err = ERROR_INIT;

	place->site = site_new(&paths, pages_names, pages_check_urls);
	FUZZ_CHECK(site_refresh(place->site, &err) == 0, "%s", err.text);
	fuzz_read_file(&place->text, place->catalog);
}

static void open_places(void)
{
	struct dirent **names = NULL;
	int count = scandir(TEMPLATES, &names, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		struct buf path = BUF_INIT;

		buf_printf(&path, TEMPLATES "/%s", names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			fuzz_read_file(&templates, path.data);
		buf_free(&path);
		free(names[i]);
	}
	free(names);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		open_place(&places[i]);
}

/* What stands in the log is the catalogue's and this program's. */
static void check_log(const struct buf *log)
{
	FUZZ_CHECK(strncmp(buf_text(log), "page=", 5) == 0, "%s",
		   buf_text(log));
	for (size_t i = 0; i < log->len; i++)
		FUZZ_CHECK(log->data[i] >= ' ' && log->data[i] <= '~', "%s",
			   log->data);
	FUZZ_CHECK(strstr(log->data, MARK) == NULL, "%s", log->data);
}

/* The script's name may be another page's. */
static const struct page *asked_page(const struct http_request *request)
{
	return pages_find(request, &PAGE);
}

static struct reply ask(const struct place *place,
			const struct http_request *request)
{
	struct http_response own = HTTP_RESPONSE_INIT;
	const struct http_response *response;
	struct reply reply = { .text = BUF_INIT };
	struct http_text text;

	response = page_answer(asked_page(request), place->site, request, &own);
	text = http_text(request, response);
	buf_add(&reply.text, buf_text(text.head), text.head->len);
	buf_add(&reply.text, buf_text(text.body), text.body->len);
	check_log(&response->log);
	http_free(&own);
	reply.body = strstr(buf_text(&reply.text), "\r\n\r\n");
	FUZZ_CHECK(reply.body != NULL && sscanf(reply.text.data, "Status: %3d ",
						&reply.status) == 1,
		   "%s", buf_text(&reply.text));
	reply.body += 4;
	reply.body_len =
		reply.text.len - (size_t)(reply.body - reply.text.data);
	return reply;
}

static int has_header(const struct reply *reply, const char *line)
{
	const char *found = strstr(reply->text.data, line);

	return found != NULL && found < reply->body;
}

/* One line of the head, up to its line break. */
static void check_header(const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);

	FUZZ_CHECK(colon != NULL && colon > line &&
			   len > (size_t)(colon - line) + 2 &&
			   colon[1] == ' ' && colon[2] != ' ',
		   "'%.*s'", (int)len, line);
	for (size_t i = 0; i < len; i++)
		FUZZ_CHECK(line[i] >= ' ' && line[i] <= '~', "'%.*s'", (int)len,
			   line);
	FUZZ_CHECK(strncasecmp(line, "Location", 8) != 0 &&
			   strncasecmp(line, "Retry-After", 11) != 0,
		   "'%.*s'", (int)len, line);
}

static void check_head(const struct reply *reply, int has_body)
{
	const char *line = reply->text.data;
	char length[64];

	while (strncmp(line, "\r\n", 2) != 0) {
		size_t len = strcspn(line, "\r\n");

		check_header(line, len);
		FUZZ_CHECK(strncmp(line + len, "\r\n", 2) == 0, "%s", line);
		line += len + 2;
	}
	snprintf(length, sizeof(length), "\r\nContent-Length: %zu\r\n",
		 reply->body_len);
	FUZZ_CHECK(!has_body || (has_header(reply, "\r\nContent-Type: ") &&
				 has_header(reply, length)),
		   "%s", reply->text.data);
}

/* One short line of ASCII, that nobody keeps. */
/* The length of the line that says why; GRUB is told to wait after it. */
static size_t reason_length(const struct reply *reply)
{
	static const char wait[] = "\nsleep --interruptible 10\n";
	size_t len = reply->body_len;
	size_t end = strlen(wait);

	if (strncmp(reply->body, "echo '", 6) == 0 && len > end &&
	    strcmp(reply->body + len - end, wait) == 0)
		return len - end + 1;
	return len;
}

static void check_error(const struct reply *reply)
{
	size_t len = reason_length(reply);

	FUZZ_CHECK(reply->status == 400 || reply->status == 403 ||
			   reply->status == 404 || reply->status == 405,
		   "%s", reply->text.data);
	FUZZ_CHECK(len > 1 && len < 512 && reply->body[len - 1] == '\n', "%s",
		   reply->text.data);
	for (size_t i = 0; i + 1 < len; i++)
		FUZZ_CHECK(reply->body[i] >= ' ' && reply->body[i] <= '~', "%s",
			   reply->text.data);
	FUZZ_CHECK(has_header(reply, "\r\nContent-Type: text/plain\r\n") &&
			   has_header(reply, "\r\nCache-Control: no-store\r\n"),
		   "%s", reply->text.data);
	FUZZ_CHECK((reply->status == 405) ==
			   has_header(reply, "\r\nAllow: GET, HEAD\r\n"),
		   "%s", reply->text.data);
}

/* A setting that a client would fill in is a template's, as it stands. */
static void check_settings(const struct reply *reply)
{
	const char *s = reply->body;

	while ((s = strstr(s, "${")) != NULL) {
		size_t len = strcspn(s, "}\n");
		char *setting = mem_copy(s, len + 1);

		FUZZ_CHECK(strstr(templates.data, setting) != NULL,
			   "%s is no template's", setting);
		free(setting);
		s += len;
	}
}

static const struct dialect *dialect_asked(const struct http_request *request,
					   const struct query *q)
{
	const struct page *page = asked_page(request);
	const char *name = query_get(q, "dialect");
	const struct dialect *d = NULL;

	if (name != NULL)
		return dialect_find(name);
	if (page->asks_user_agent && request->user_agent != NULL)
		d = dialect_of_user_agent(request->user_agent);
	return d != NULL ? d : dialect_find(page->default_dialect);
}

/* Text that people read need not run. */
static void check_body(const struct http_request *request,
		       const struct query *q, const struct reply *reply)
{
	const struct dialect *d = dialect_asked(request, q);
	const char *reason = NULL;

	if (query_get(q, "explain") == NULL)
		reason = fuzz_contract(d, reply->body, reply->body_len);
	else if (!fuzz_is_utf8(reply->body, reply->body_len))
		reason = "bytes that are not UTF-8";
	FUZZ_CHECK(reason == NULL, "%s is wrong: %s", reason, reply->body);
	FUZZ_CHECK(reply->body[reply->body_len - 1] == '\n', "%s", reply->body);
	if (query_get(q, "explain") != NULL || dialect_is_for_people(d))
		FUZZ_CHECK(has_header(reply, "\r\nCache-Control: no-store\r\n"),
			   "%s", reply->text.data);
	check_settings(reply);
}

/* Whether the len bytes at value are a string of the catalogue, or a word that
 * pages know. */
static int is_known(const struct place *place, const char *value, size_t len)
{
	static const char words[] = "\"bios\" \"efi\" \"i386\" \"amd64\" "
				    "\"arm64\" \"riscv64\" \"armhf\" "
				    "\"loong64\" \"local\" "
				    "\"1\" \"gpxe\" \"pxelinux\" \"ipxe\" "
				    "\"syslinux\" \"grub\" \"html\" "
				    "\"json\" \"host\" \"release\" \"text\"";
	struct buf quoted = BUF_INIT;
	int is_there;

	buf_printf(&quoted, "\"%.*s\"", (int)len, value);
	is_there = strstr(words, quoted.data) != NULL ||
		   strstr(place->text.data, quoted.data) != NULL;
	buf_free(&quoted);
	return is_there;
}

/* Whoever got an answer asked for something that the catalogue has: client
 * bytes select. */
static void check_values(const struct place *place, const struct page *page,
			 const struct query *q)
{
	for (const char *const *name = page->params; *name != NULL; name++) {
		const char *value = query_get(q, *name);
		/* from may be several ids. */
		const char *ends = strcmp(*name, "from") == 0 ? "~" : "";

		if (value == NULL || strcmp(*name, "find") == 0 ||
		    strcmp(*name, "mac") == 0 || strcmp(*name, "uuid") == 0 ||
		    strcmp(*name, "serial") == 0)
			continue; /* finds nothing, then */
		for (const char *s = value; *s != '\0'; s += *s == '~') {
			size_t len = strcspn(s, ends);

			FUZZ_CHECK(is_known(place, s, len), "%s=%s is answered",
				   *name, value);
			s += len;
		}
	}
}

static void check_good(const struct place *place,
		       const struct http_request *request,
		       const struct reply *reply)
{
	struct error err = ERROR_INIT;
	struct query *q =
		query_parse(request->query != NULL ? request->query : "", &err);

	FUZZ_CHECK(q != NULL, "%s", err.text);
	FUZZ_CHECK(has_header(reply, "Status: 200 OK\r\n"), "%s",
		   reply->text.data);
	check_values(place, asked_page(request), q);
	check_body(request, q, reply);
	query_free(q);
}

static int is_head(const struct http_request *request)
{
	return request->method != NULL && strcmp(request->method, "HEAD") == 0;
}

/* Asked again, the answer is the same; for HEAD without its body. */
static void check_same(const struct place *place,
		       const struct http_request *request,
		       const struct reply *expected, const char *why)
{
	struct reply reply = ask(place, request);
	size_t head = (size_t)(expected->body - expected->text.data);

	if (is_head(request))
		FUZZ_CHECK(reply.body_len == 0 && reply.text.len == head &&
				   memcmp(reply.text.data, expected->text.data,
					  head) == 0,
			   "%s: %s", why, reply.text.data);
	else
		FUZZ_CHECK(strcmp(reply.text.data, expected->text.data) == 0,
			   "%s: %s", why, reply.text.data);
	buf_free(&reply.text);
}

/* What a cache keeps may say the same to all whom it is handed to. */
static void check_caching(const struct place *place,
			  const struct http_request *request,
			  const struct reply *reply)
{
	static const char *const clients[] = { NULL, "192.0.2.130",
					       "2001:db8:7::1",
					       "198.51.100.1" };
	static const char *const agents[] = { NULL, "iPXE/1.21.1", "GRUB 2.06",
					      "Mozilla/5.0" };
	struct http_request other = *request;

	if (reply->status != 200)
		return;
	if (has_header(reply, "\r\nCache-Control: max-age="))
		for (size_t i = 0; i < 4; i++) {
			other.client = clients[i];
			check_same(place, &other, reply, "another's address");
		}
	other.client = request->client;
	if (!has_header(reply, "\r\nVary: User-Agent\r\n"))
		for (size_t i = 0; i < 4; i++) {
			other.user_agent = agents[i];
			check_same(place, &other, reply, "another User-Agent");
		}
}

/* The same request with a mark behind some of its fields, which must not come
 * out. */
static void check_marked(const struct place *place,
			 const struct http_request *request, unsigned fields)
{
	struct http_request marked = *request;
	struct buf texts[FIELD_COUNT] = { BUF_INIT };
	struct reply reply;

	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const char **field = field_of(&marked, i);

		if (!(fields & 1u << i))
			continue;
		buf_printf(&texts[i], "%s" MARK, *field != NULL ? *field : "");
		*field = texts[i].data;
	}
	reply = ask(place, &marked);
	FUZZ_CHECK(strstr(reply.text.data, MARK) == NULL, "%s",
		   reply.text.data);
	check_head(&reply, 0);
	if (reply.status != 200 && reply.status != 304)
		check_error(&reply);
	buf_free(&reply.text);
	for (size_t i = 0; i < FIELD_COUNT; i++)
		buf_free(&texts[i]);
}

/* Part of a query written another way is the same query; none of our answers
 * is kept for it. */
static void check_encoded(const struct place *place,
			  const struct http_request *request,
			  const struct reply *reply)
{
	struct http_request other = *request;
	struct buf query = BUF_INIT;

	if (reply->status != 200 || request->query == NULL ||
	    request->query[0] == '\0' || request->query[0] == '%')
		return;
	buf_printf(&query, "%%%02x%s", (unsigned char)request->query[0],
		   request->query + 1);
	other.query = query.data;
	check_same(place, &other, reply, "not kept");
	buf_free(&query);
}

/* Whoever has the answer is told so, and whoever has another gets it. */
static void check_known(const struct place *place,
			const struct http_request *request,
			const struct reply *known)
{
	const char *found = strstr(known->text.data, "\r\nETag: ");
	struct http_request other = *request;
	struct reply reply;
	char tag[64] = "";

	if (found != NULL && found < known->body)
		snprintf(tag, sizeof(tag), "%.*s",
			 (int)strcspn(found + 8, "\r"), found + 8);
	FUZZ_CHECK((tag[0] != '\0') ==
			   has_header(known, "\r\nCache-Control: max-age="),
		   "%s", known->text.data);
	if (request->if_none_match == NULL && tag[0] != '\0')
		other.if_none_match = tag;
	reply = ask(place, &other);
	if (reply.status == 304) {
		FUZZ_CHECK(tag[0] != '\0' && has_header(&reply, tag) &&
				   reply.body_len == 0 &&
				   !has_header(&reply, "\r\nContent-"),
			   "%s", reply.text.data);
		check_head(&reply, 0);
	} else {
		FUZZ_CHECK(other.if_none_match != tag &&
				   strcmp(reply.text.data, known->text.data) ==
					   0,
			   "%s", reply.text.data);
	}
	buf_free(&reply.text);
}

static void check_request(const struct place *place,
			  const struct http_request *request)
{
	struct http_request get = *request;
	struct reply reply;

	if (is_head(request))
		get.method = "GET";
	get.if_none_match = NULL;
	reply = ask(place, &get);
	FUZZ_CHECK(strstr(reply.text.data, MARK) == NULL, "%s",
		   reply.text.data);
	check_head(&reply, 1);
	if (reply.status == 200)
		check_good(place, &get, &reply);
	else
		check_error(&reply);
	check_same(place, &get, &reply, "asked again");
	check_caching(place, &get, &reply);
	check_encoded(place, &get, &reply);
	get.if_none_match = request->if_none_match;
	check_known(place, &get, &reply);
	check_marked(place, &get, 1 << 1 | 1 << 2 | 1 << 6);
	check_marked(place, &get, 1 << 0);
	check_marked(place, &get, 1 << 3 | 1 << 4 | 1 << 5);
	if (reply.status != 405) {
		get.method = "HEAD";
		get.if_none_match = NULL;
		check_same(place, &get, &reply, "HEAD");
	}
	buf_free(&reply.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_request request = { .query = NULL };
	char *fields[FIELD_COUNT];

	if (places[0].site == NULL)
		open_places();
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		fields[i] = fuzz_part(&data, &size, '\0', NULL);
		*field_of(&request, i) = fields[i];
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		check_request(&places[i], &request);
	for (size_t i = 0; i < FIELD_COUNT; i++)
		free(fields[i]);
	return 0;
}
