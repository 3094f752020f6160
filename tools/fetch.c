#include "fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "uri.h"

#define ACTIVE_MAX 64
#define TRIES_MAX 2

/* After so many requests without an answer, and none with one, a host is not
 * asked again. */
#define SILENCES_MAX 3

struct job {
	struct fetch fetch;
	struct fetch_answer answer;
	struct host *host;
	struct job *next; /* the next in its host's queue */
	unsigned tries;
	CURL *easy;
	int is_cut;             /* more bytes came than were wanted */
	int is_overdue;         /* FETCH_WHOLE took longer than max_time */
	long long range_length; /* in Content-Range; -1: not said */
	char location[URI_MAX * 4];
};

struct host {
	char *name; /* with the port */
	struct job *first;
	struct job *last;
	unsigned active;
	unsigned silences;
	const char *problem; /* of the last request without an answer */
	int has_answered;
};

struct fetcher {
	struct fetch_limits limits;
	CURLM *multi;
	struct host **hosts;
	size_t host_count;
	size_t active;
	size_t all;
	size_t ended;
	size_t answered;
};

struct fetcher *fetcher_new(const struct fetch_limits *limits)
{
	struct fetcher *f;
	CURLM *multi;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (multi = curl_multi_init()) == NULL) {
		fputs("mirrorboot-check: libcurl cannot be used\n", stderr);
		return NULL;
	}
	f = mem_alloc(sizeof(*f));
	f->limits = *limits;
	f->multi = multi;
	return f;
}

void fetcher_free(struct fetcher *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->host_count; i++) {
		free(f->hosts[i]->name);
		free(f->hosts[i]);
	}
	free(f->hosts);
	curl_multi_cleanup(f->multi);
	curl_global_cleanup();
	free(f);
}

static struct host *find_host(struct fetcher *f, const char *url)
{
	struct uri uri;
	struct host *host;

	if (uri_parse(url, &uri) != NULL)
		uri = (struct uri){ .host = "", .host_len = 0 };
	for (size_t i = 0; i < f->host_count; i++)
		if (strlen(f->hosts[i]->name) == uri.host_len &&
		    memcmp(f->hosts[i]->name, uri.host, uri.host_len) == 0)
			return f->hosts[i];
	host = mem_alloc(sizeof(*host));
	host->name = mem_copy(uri.host, uri.host_len);
	f->hosts = mem_grow(f->hosts, f->host_count + 1, sizeof(*f->hosts));
	f->hosts[f->host_count++] = host;
	return host;
}

static void enqueue(struct job *job)
{
	struct host *host = job->host;

	job->next = NULL;
	if (host->first == NULL)
		host->first = job;
	else
		host->last->next = job;
	host->last = job;
}

void fetcher_add(struct fetcher *f, const struct fetch *request)
{
	struct job *job = mem_alloc(sizeof(*job));

	job->fetch = *request;
	job->host = find_host(f, request->url);
	f->all++;
	enqueue(job);
}

/* Called by libcurl for each piece of the body. */
static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
	struct job *job = ctx;
	size_t len = size * count;
	size_t room = job->fetch.max - job->answer.body.len;

	if (job->fetch.method == FETCH_WHOLE) {
		job->is_cut = job->fetch.take(job->fetch.ctx, data, len) < 0;
		return job->is_cut ? 0 : len;
	}
	buf_add(&job->answer.body, data, len < room ? len : room);
	if (len <= room)
		return len;
	job->is_cut = 1;
	return 0;
}

/* Called by libcurl for each line of the header. */
static size_t take_header(char *line, size_t size, size_t count, void *ctx)
{
	static const char name[] = "content-range:";
	struct job *job = ctx;
	size_t len = size * count;
	char copy[128];
	const char *slash;

	if (len >= sizeof(copy) || len < sizeof(name) ||
	    !curl_strnequal(line, name, sizeof(name) - 1))
		return len;
	memcpy(copy, line, len);
	copy[len] = '\0';
	slash = strchr(copy, '/');
	if (slash != NULL && slash[1] >= '0' && slash[1] <= '9')
		job->range_length = strtoll(slash + 1, NULL, 10);
	return len;
}

/* The slowest transfer of a whole file, in bytes a second. */
#define SLOWEST 1024L
#define REDIRECTS_MAX 8L

/* A file may be large, and the way to it slow: a transfer that stands still
 * ends before its time is up. */
static void prepare_whole(const struct fetcher *f, CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)f->limits.max_time);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)f->limits.timeout);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, SLOWEST);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)f->limits.timeout);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FILETIME, 1L);
	curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
}

static void prepare_family(CURL *easy, enum fetch_family family)
{
	const long version =
		family == FETCH_IPV4 ? CURL_IPRESOLVE_V4 : CURL_IPRESOLVE_V6;

	curl_easy_setopt(easy, CURLOPT_IPRESOLVE, version);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
}

static void prepare(const struct fetcher *f, struct job *job)
{
	CURL *easy = job->easy;
	char range[32];

	curl_easy_setopt(easy, CURLOPT_URL, job->fetch.url);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, job);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
			 (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "mirrorboot-check");
	if (job->fetch.family != FETCH_ANY)
		prepare_family(easy, job->fetch.family);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)f->limits.timeout);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, job);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, job);
	if (job->fetch.method == FETCH_HEAD)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	if (job->fetch.method == FETCH_RANGE) {
		snprintf(range, sizeof(range), "0-%zu", job->fetch.max - 1);
		curl_easy_setopt(easy, CURLOPT_RANGE, range);
	}
	if (job->fetch.method == FETCH_WHOLE)
		prepare_whole(f, easy);
}

static void start(struct fetcher *f, struct job *job)
{
	job->easy = curl_easy_init();
	job->tries++;
	job->is_cut = 0;
	job->range_length = -1;
	prepare(f, job);
	if (job->fetch.method == FETCH_WHOLE)
		job->fetch.take(job->fetch.ctx, NULL, 0);
	curl_multi_add_handle(f->multi, job->easy);
	job->host->active++;
	f->active++;
}

/* Hand the answer over, and free the job. */
static void end(struct fetcher *f, struct job *job)
{
	if (job->answer.status != 0)
		f->answered++;
	f->ended++;
	job->fetch.done(job->fetch.ctx, &job->answer);
	buf_free(&job->answer.body);
	free(job);
}

static int is_dead(const struct host *host)
{
	return !host->has_answered && host->silences >= SILENCES_MAX;
}

static struct job *dequeue(struct host *host)
{
	struct job *job = host->first;

	host->first = job->next;
	return job;
}

/* Start all requests that the limits allow. */
static void start_all(struct fetcher *f)
{
	for (size_t i = 0; i < f->host_count; i++) {
		struct host *host = f->hosts[i];

		while (host->first != NULL && is_dead(host)) {
			struct job *job = dequeue(host);

			job->answer.is_dead = 1;
			job->answer.is_silent = 1;
			job->answer.problem = host->problem;
			end(f, job);
		}
		while (host->first != NULL && f->active < ACTIVE_MAX &&
		       host->active < f->limits.per_host)
			start(f, dequeue(host));
	}
}

static const char *problem_of(CURLcode code)
{
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return "the host name is unknown";
	case CURLE_COULDNT_CONNECT:
		return "no connection to the host";
	case CURLE_OPERATION_TIMEDOUT:
		return "no answer before the timeout";
	case CURLE_TOO_MANY_REDIRECTS:
		return "it is redirected without end";
	case CURLE_UNSUPPORTED_PROTOCOL:
		return "it is redirected to what is neither http nor https";
	case CURLE_PARTIAL_FILE:
		return "the connection broke before the end of the file";
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
		return "the connection broke before an answer";
	}
	return curl_easy_strerror(code);
}

static int is_silent(CURLcode code)
{
	return code == CURLE_COULDNT_RESOLVE_HOST ||
	       code == CURLE_COULDNT_CONNECT ||
	       code == CURLE_OPERATION_TIMEDOUT;
}

/* What the system said of a connection that failed; 0: it was not asked. */
static long connect_error(CURL *easy)
{
	long error = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
	return error;
}

/* Whether the host has no address of the family.  Where libcurl knows others of
 * it, that is a connection that was never tried. */
static int has_no_address(CURL *easy, CURLcode code)
{
	return code == CURLE_COULDNT_RESOLVE_HOST ||
	       (code == CURLE_COULDNT_CONNECT && connect_error(easy) == 0);
}

/* Whether this machine has no address of the family, or no route. */
static int has_no_way(CURL *easy, CURLcode code)
{
	const long error = connect_error(easy);

	return code == CURLE_COULDNT_CONNECT &&
	       (error == ENETUNREACH || error == EADDRNOTAVAIL ||
		error == EAFNOSUPPORT);
}

/* Whether the transfer of a whole file ended because its time was up; libcurl
 * may end it some milliseconds early. */
static int is_overdue(const struct fetcher *f, const struct job *job,
		      CURLcode code)
{
	curl_off_t micros = 0;

	curl_easy_getinfo(job->easy, CURLINFO_TOTAL_TIME_T, &micros);
	return job->fetch.method == FETCH_WHOLE &&
	       code == CURLE_OPERATION_TIMEDOUT &&
	       (micros + 500000) / 1000000 >= (curl_off_t)f->limits.max_time;
}

/* Copy what the transfer says into the job's answer. */
static void note_answer(struct job *job)
{
	struct fetch_answer *answer = &job->answer;
	curl_off_t length = -1;
	curl_off_t micros = 0;
	curl_off_t whole_micros = 0;
	curl_off_t modified = -1;
	char *location = NULL;

	curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &answer->status);
	curl_easy_getinfo(job->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
			  &length);
	curl_easy_getinfo(job->easy, CURLINFO_STARTTRANSFER_TIME_T, &micros);
	curl_easy_getinfo(job->easy, CURLINFO_TOTAL_TIME_T, &whole_micros);
	curl_easy_getinfo(job->easy, CURLINFO_FILETIME_T, &modified);
	curl_easy_getinfo(job->easy, CURLINFO_REDIRECT_URL, &location);
	answer->modified = modified;
	answer->length = answer->status == 206 ? job->range_length : length;
	answer->seconds = (double)micros / 1e6;
	answer->whole_seconds = (double)whole_micros / 1e6;
	answer->location = NULL;
	if (location != NULL) {
		snprintf(job->location, sizeof(job->location), "%s", location);
		answer->location = job->location;
	}
}

static int is_busy(long status)
{
	return status == 408 || status == 429 || status >= 500;
}

static void finish(struct fetcher *f, struct job *job, CURLcode code)
{
	struct host *host = job->host;
	int is_broken = code != CURLE_OK && !job->is_cut;

	note_answer(job);
	job->is_overdue = is_overdue(f, job, code);
	job->answer.problem = job->is_overdue ? "it took longer than --max-time"
			      : is_broken     ? problem_of(code)
					      : NULL;
	job->answer.is_silent = is_silent(code);
	job->answer.has_no_address = has_no_address(job->easy, code);
	job->answer.has_no_way = has_no_way(job->easy, code);
	if (job->answer.status != 0) {
		host->has_answered = 1;
	} else {
		host->silences++;
		host->problem = job->answer.problem;
	}
	curl_multi_remove_handle(f->multi, job->easy);
	curl_easy_cleanup(job->easy);
	job->easy = NULL;
	host->active--;
	f->active--;
	if (job->tries < TRIES_MAX && !job->is_overdue &&
	    (is_broken || is_busy(job->answer.status))) {
		buf_truncate(&job->answer.body, 0);
		enqueue(job);
		return;
	}
	job->answer.is_dead = job->answer.status == 0 && is_dead(host);
	end(f, job);
}

static void finish_all(struct fetcher *f)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(f->multi, &left)) != NULL) {
		struct job *job = NULL;
		CURLcode code = message->data.result;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
				  (char **)&job);
		finish(f, job, code);
	}
}

size_t fetcher_run(struct fetcher *f,
		   void (*progress)(size_t ended, size_t all))
{
	int running;

	start_all(f);
	while (f->ended < f->all) {
		curl_multi_perform(f->multi, &running);
		finish_all(f);
		start_all(f);
		if (progress != NULL)
			progress(f->ended, f->all);
		if (f->active > 0)
			curl_multi_poll(f->multi, NULL, 0, 1000, NULL);
	}
	return f->answered;
}
