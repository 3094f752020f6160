#include "answering.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answer.h"
#include "arming_store.h"
#include "date.h"

/* The most mirrors that a token tells apart. */
#define MIRRORS_MAX 100

static const char program[] = "answer";

/* Nobody learns why. */
static const char refused[] = "this address is not open";

/* A request for an answer, taken apart. */
struct asked {
	struct site *site;
	char token[ARMING_TOKEN_SIZE];
	size_t mirror;
	const char *file;
	int is_head;
	struct network client;
	char address[NETWORK_TEXT_SIZE];
	char name[ARMING_NAME_SIZE];      /* of the state */
	char machine[IDENTITY_NAME_SIZE]; /* in it */
	struct arming arming;
	struct host host;
	const struct assignment *assigned;
};

/* Take TOKEN or TOKEN.MIRROR, of len bytes. */
static int take_token(const char *s, size_t len, struct asked *a)
{
	const char *dot = memchr(s, '.', len);
	const char *end = s + len;
	size_t token_len = dot != NULL ? (size_t)(dot - s) : len;

	if (!arming_is_token(s, token_len))
		return -1;
	memcpy(a->token, s, token_len);
	a->token[token_len] = '\0';
	if (dot == NULL)
		return 0;
	for (s = dot + 1; s < end && *s >= '0' && *s <= '9'; s++)
		if ((a->mirror = 10 * a->mirror + (size_t)(*s - '0')) >=
		    MIRRORS_MAX)
			return -1;
	return s == end && s > dot + 1 ? 0 : -1;
}

/* Take the last two components of the path, however the web server splits it
 * into SCRIPT_NAME and PATH_INFO.  Returns 0, or -1 if that is no token and a
 * file. */
static int take_path(const struct http_request *http, struct asked *a)
{
	const char *path = http->path_info != NULL && http->path_info[0] != '\0'
				   ? http->path_info
				   : http->script;
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;
	const char *start = slash;

	if (slash == NULL || (http->query != NULL && http->query[0] != '\0'))
		return -1;
	a->file = slash + 1;
	while (start > path && start[-1] != '/')
		start--;
	return take_token(start, (size_t)(slash - start), a);
}

/* The rest of a second's refusals are counted: somebody may be guessing.
 * reason: "" if the token is wrong. */
static void log_refusal(const struct asked *a, const char *reason)
{
	static time_t logged;
	static unsigned long count;
	const time_t now = time(NULL);

	count++;
	if (now == logged)
		return;
	fprintf(stderr, "answer: refused %lu, the last for client=%s%s%s\n",
		count, a->address, reason[0] != '\0' ? ": " : "", reason);
	logged = now;
	count = 0;
}

/* What err says goes to the log. */
static int refuse(const struct asked *a, struct error *err)
{
	log_refusal(a, err->text);
	*err = (struct error)ERROR_INIT;
	error_set(err, NULL, 0, "%s", refused);
	return 403;
}

/* Without networks nobody may have answers: anybody could ask for them. */
static int is_on(const struct network *networks, size_t count,
		 const struct network *client)
{
	return network_longest(networks, count, client) >= 0;
}

/* Find what the host's file says.  Returns a status. */
static int find_host(struct asked *a, struct error *err)
{
	const struct host_sources sources =
		catalog_host_sources(site_catalog(a->site));
	struct cursor at = { .err = err };
	int found = 0;

	if (site_hosts(a->site) != NULL)
		found = host_read(&at, site_hosts(a->site), a->name, &sources,
				  &a->host);
	cursor_free(&at);
	if (found < 0)
		return 500;
	a->assigned = &a->host.assigned;
	if (found == 0 ||
	    !is_on(a->host.networks, a->host.network_count, &a->client))
		return refuse(a, err);
	return 200;
}

static int find_group(struct asked *a, const char *id, struct error *err)
{
	const struct group *group = catalog_group(site_catalog(a->site), id);

	if (group == NULL ||
	    !is_on(group->networks, group->network_count, &a->client))
		return refuse(a, err);
	a->assigned = &group->assigned;
	return 200;
}

/* Find whose answers the token opens.  Returns a status. */
static int find(struct asked *a, struct error *err)
{
	struct arming_store *store = site_state(a->site);
	int found = store == NULL
			    ? 0
			    : arming_store_find(store, a->token, &a->arming,
						a->name, a->machine, err);
	char *id;
	int status;

	if (found <= 0)
		return refuse(a, err);
	id = arming_group_id(a->name);
	status = id != NULL ? find_group(a, id, err) : find_host(a, err);
	free(id);
	if (status == 200 && (!assignment_is_unattended(a->assigned) ||
			      a->mirror >= a->assigned->release->mirror_count))
		return refuse(a, err);
	return status;
}

/* Count the fetch in, in memory alone. */
static enum arming_verdict count_in(const struct asked *a,
				    struct arming *arming, int *is_new)
{
	const struct arming_fetch fetch = {
		.machine = a->machine,
		.file = a->file,
		.address = a->address,
		.always = assignment_repeats(a->assigned),
		.now = time(NULL),
	};

	*is_new = 0;
	return strcmp(a->file, ANSWERING_DONE) == 0
		       ? arming_end(arming, &fetch)
		       : arming_fetch(arming, &fetch, is_new);
}

/* One line for each file that is given away. */
static void log_fetch(const struct asked *a, int is_new)
{
	char now[DATE_SIZE];

	date_print(time(NULL), now);
	fprintf(stderr, "answer: time=%s host=%s file=%s client=%s\n", now,
		identity_shown(a->name), a->file, a->address);
	if (is_new)
		fprintf(stderr,
			"answer: time=%s host=%s: client=%s is another address "
			"than the one that began the installation\n",
			now, identity_shown(a->name), a->address);
}

/* What settles a fetch. */
struct settling {
	const struct asked *asked;
	int is_new;
};

/* The token may be an older one by now. */
static enum arming_verdict decide(struct arming *arming, void *ctx)
{
	struct settling *s = ctx;
	const struct asked *a = s->asked;

	if (!arming->is_there ||
	    !arming_is_token_of(arming, a->name, a->machine, a->token))
		return ARMING_REFUSED;
	return count_in(a, arming, &s->is_new);
}

/*
 * Write what the fetch comes to, and only then let it be answered.  What was
 * read of the state may be old: it is read again while nobody else can change
 * it.
 */
static int settle(struct asked *a, struct error *err)
{
	struct settling s = { .asked = a };
	const struct arming_change change = {
		.name = a->name,
		.machine = a->machine,
		.decide = decide,
		.ctx = &s,
	};
	int verdict = arming_store_change(site_state(a->site), &change, err);

	if (verdict < 0)
		return 500;
	if (verdict == ARMING_REFUSED)
		return refuse(a, err);
	log_fetch(a, s.is_new);
	return 200;
}

/* Whether the token opens anything now.  Nothing is written: settle() reads the
 * state again. */
static int look(struct asked *a, struct error *err)
{
	int is_new;

	return count_in(a, &a->arming, &is_new) != ARMING_REFUSED
		       ? 200
		       : refuse(a, err);
}

/* Fill the file.  It is whole before the installation begins. */
static int fill(const struct asked *a, struct http_response *response,
		struct error *err)
{
	struct buf url = BUF_INIT;
	struct buf done = BUF_INIT;
	int status;

	answer_add_url(site_catalog(a->site), a->token, a->mirror, &url);
	buf_printf(&done, "%s" ANSWERING_DONE, url.data);
	status = answer_fill(&(struct answer){ .site = a->site,
					       .assigned = a->assigned,
					       .mirror = a->mirror,
					       .url = url.data,
					       .done = done.data },
			     a->file, &response->body, &response->content_type,
			     err);
	buf_free(&url);
	buf_free(&done);
	if (status == 404)
		fprintf(stderr,
			"answer: host=%s: client=%s asks for a file that "
			"answers/%s does not have\n",
			identity_shown(a->name), a->address,
			a->assigned->answers);
	return status;
}

static int answer(struct asked *a, struct http_response *response,
		  struct error *err)
{
	int status = find(a, err);

	/* Who may not have the file may not learn either whether it is
	 * there. */
	if (status == 200)
		status = look(a, err);
	if (status == 200 && strcmp(a->file, ANSWERING_DONE) == 0)
		buf_puts(&response->body, "done\n");
	else if (status == 200)
		status = fill(a, response, err);
	if (status == 200 && !a->is_head)
		status = settle(a, err);
	return status;
}

static int check_method(const struct http_request *http, struct error *err)
{
	if (http->method == NULL || strcmp(http->method, "GET") == 0 ||
	    strcmp(http->method, "HEAD") == 0)
		return 200;
	error_set(err, NULL, 0, "only GET and HEAD are answered here");
	return 405;
}

static void respond(struct site *site, const struct http_request *http,
		    struct http_response *response)
{
	struct asked a = { .site = site, .address = "-" };
	struct error err = ERROR_INIT;
	int status = check_method(http, &err);

	a.is_head = http->method != NULL && strcmp(http->method, "HEAD") == 0;
	if (http->client != NULL &&
	    network_parse_address(http->client, &a.client) == 0)
		network_print_address(&a.client, a.address);
	if (status == 200 && take_path(http, &a) < 0)
		status = refuse(&a, &err);
	if (status == 200 && site_refresh(site, &err) < 0)
		status = 500;
	if (status == 200)
		status = answer(&a, response, &err);
	response->status = status;
	if (status != 200) {
		buf_truncate(&response->body, 0);
		buf_puts(&response->reason, err.text);
		/* A message may name a file or a key of a machine's. */
		buf_printf(&response->body, "%s\n",
			   status == 500 ? "the answer cannot be given: the "
					   "log of the server says why"
					 : err.text);
	}
	if (status == 500)
		fprintf(stderr, "answer: host=%s: %s\n", identity_shown(a.name),
			err.text);
	buf_puts(&response->log,
		 "page=answer dialect=- distro=- version=- arch=-");
	arming_free(&a.arming);
	host_free(&a.host);
	http_finish(response);
}

static const char *const params[] = { NULL };

const struct page page_answering = {
	.name = program,
	.params = params,
	.respond = respond,
};
