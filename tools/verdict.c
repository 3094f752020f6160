#include "verdict.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"
#include "mem.h"
#include "uri.h"

/* The answers to all probes. */
struct answers {
	const struct probe *const *probes; /* sorted by release and URL */
	size_t count;
	unsigned timeout;
	json_t *index;  /* URL -> place in probes */
	json_t *hosts;  /* silent hosts: name -> number of files */
	json_t *firsts; /* a distro's file -> place of the first mirror's */
	struct findings *findings;
};

__attribute__((format(printf, 5, 6))) static void
add(const struct answers *a, const struct probe *p, enum severity severity,
    const char *check, const char *fmt, ...)
{
	const struct release *release = p->release;
	struct buf pointer = BUF_INIT;
	struct buf reason = BUF_INIT;
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	release_add_pointer(release, &pointer);
	buf_printf(&reason, "%s %s", content_role(p->role), text);
	if (p->asked_by != NULL)
		buf_printf(&reason, " (named by %s)", p->asked_by);
	findings_add(a->findings, &(struct finding){
					  .severity = severity,
					  .check = check,
					  .file = release->file,
					  .pointer = pointer.data,
					  .reason = reason.data,
					  .url = p->url,
				  });
	buf_free(&pointer);
	buf_free(&reason);
}

static const struct probe *find(const struct answers *a, const char *url)
{
	const json_t *place = json_object_get(a->index, url);

	return place != NULL ? a->probes[json_integer_value(place)] : NULL;
}

/* Whether the redirects of a file come to an end. */
static int comes_to_an_end(const struct answers *a, const struct probe *p)
{
	for (unsigned i = 0; p != NULL && i <= PROBE_DEPTH_MAX; i++) {
		if (p->moved_to == NULL)
			return 1;
		p = find(a, p->moved_to);
	}
	return 0;
}

/* gPXE follows status 301 and 302 only, GRUB follows no redirect, and few
 * loaders have TLS. */
static void judge_move(const struct answers *a, const struct probe *p)
{
	struct uri uri;
	const char *reason = uri_parse(p->moved_to, &uri);

	if (reason != NULL)
		add(a, p, SEVERITY_ERROR, "moved",
		    "has moved to %s, a URL that %s", p->moved_to, reason);
	else if (strlen(p->moved_to) > URI_MAX_FOR_ALL)
		add(a, p, SEVERITY_ERROR, "moved",
		    "has moved to %s, a URL that is longer than %d bytes, "
		    "where loaders cut it",
		    p->moved_to, URI_MAX_FOR_ALL);
	else if (uri.is_https && !uri_is_https(p->url))
		add(a, p, SEVERITY_ERROR, "moved",
		    "has moved to https, where clients without TLS cannot "
		    "follow: %s",
		    p->moved_to);
	else if (!comes_to_an_end(a, p))
		add(a, p, SEVERITY_ERROR, "moved", "is redirected without end");
	else
		add(a, p, SEVERITY_WARNING, "moved",
		    "has moved (status %ld), and not all clients follow: %s",
		    p->status, p->moved_to);
}

/* A file that has a second place is missing only if it is not there either.  An
 * included configuration may be missing: Debian's include several that only
 * other trees have. */
static void judge_status(const struct answers *a, const struct probe *p)
{
	if (p->role == ROLE_INCLUDE && p->status / 100 == 4)
		return;
	if (fetch_is_missing(p->status) && p->otherwise != NULL &&
	    find(a, p->otherwise) != NULL)
		return;
	if (fetch_is_missing(p->status))
		add(a, p, SEVERITY_ERROR, "missing", "is missing: status %ld",
		    p->status);
	else
		add(a, p, SEVERITY_ERROR, "refused", "is refused: status %ld",
		    p->status);
}

static void judge_length(const struct answers *a, const struct probe *p)
{
	if (p->head_length >= 0 && p->length >= 0 &&
	    p->head_length != p->length)
		add(a, p, SEVERITY_ERROR, "length",
		    "has %lld bytes for HEAD, but %lld for GET", p->head_length,
		    p->length);
}

static void judge_time(const struct answers *a, const struct probe *p)
{
	if (p->seconds * 2 > a->timeout)
		add(a, p, SEVERITY_WARNING, "slow",
		    "is slow: the answer began after more than half of the "
		    "timeout of %u seconds",
		    a->timeout);
}

/* The file's name below its mirror, which is the same on all mirrors of the
 * distro; "" for a file that is on no mirror. */
static void put_key(const struct probe *p, struct buf *key)
{
	const char *mirror = p->files->mirror;
	const char *first = p->release->mirrors[0].mirror;

	if (mirror != NULL && strncmp(p->url, mirror, strlen(mirror)) == 0)
		buf_printf(key, "%s %s", first, p->url + strlen(mirror));
}

static void compare(const struct answers *a, const struct probe *p,
		    size_t place)
{
	struct buf key = BUF_INIT;
	const json_t *known;

	put_key(p, &key);
	known = json_object_get(a->firsts, buf_text(&key));
	if (key.len > 0 && known == NULL) {
		json_object_set_new(a->firsts, key.data,
				    json_integer((json_int_t)place));
	} else if (key.len > 0) {
		const struct probe *first =
			a->probes[json_integer_value(known)];

		if (first->length != p->length)
			add(a, p, SEVERITY_WARNING, "differs",
			    "differs between mirrors: %lld bytes, but %lld at "
			    "%s",
			    p->length, first->length, first->url);
	}
	buf_free(&key);
}

static void judge_file(const struct answers *a, const struct probe *p,
		       size_t place)
{
	judge_length(a, p);
	judge_time(a, p);
	if (p->fault.reason != NULL)
		add(a, p, p->fault.is_sure ? SEVERITY_ERROR : SEVERITY_WARNING,
		    "content", "%s", p->fault.reason);
	else if (p->length >= 0)
		compare(a, p, place);
}

/* The host of the file's URL, with the port; "" of what is no URL.  Release
 * with free(). */
static char *host_of(const struct probe *p)
{
	struct uri uri;

	if (uri_parse(p->url, &uri) != NULL)
		return mem_copy("", 0);
	return mem_copy(uri.host, uri.host_len);
}

/* A silent host gets one finding for all of its files, also for those that were
 * given up before the host was. */
static void note_silent_host(const struct answers *a, const struct probe *p)
{
	char *host;

	if (!p->is_dead)
		return;
	host = host_of(p);
	json_object_set_new(a->hosts, host, json_integer(0));
	free(host);
}

/* Whether the host of the file is silent; counts the file then. */
static int count_silent(const struct answers *a, const struct probe *p)
{
	char *host;
	const json_t *files;

	if (p->status != 0)
		return 0;
	host = host_of(p);
	files = json_object_get(a->hosts, host);
	if (files != NULL)
		json_object_set_new(
			a->hosts, host,
			json_integer(json_integer_value(files) + 1));
	free(host);
	return files != NULL;
}

static void judge(const struct answers *a, const struct probe *p, size_t place)
{
	if (count_silent(a, p))
		return;
	if (p->problem != NULL)
		add(a, p, SEVERITY_ERROR, "broken", "cannot be fetched: %s",
		    p->problem);
	else if (p->moved_to != NULL)
		judge_move(a, p);
	else if (p->status / 100 != 2)
		judge_status(a, p);
	else
		judge_file(a, p, place);
}

/* The first file of the host stands for all of them. */
static void judge_host(const struct answers *a, const char *host,
		       json_int_t files)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct probe *p = a->probes[i];
		char *its_host = host_of(p);
		const int is_its =
			p->status == 0 && strcmp(its_host, host) == 0;

		free(its_host);
		if (!is_its)
			continue;
		add(a, p, SEVERITY_ERROR, "silent",
		    "cannot be fetched: %s; this concerns all %lld files of "
		    "%s",
		    p->problem, (long long)files, host);
		return;
	}
}

/* The place of its mirror in the catalogue. */
static int place_of(const struct probe *p)
{
	return (int)(p->files - p->release->mirrors);
}

static int compare_probes(const void *a, const void *b)
{
	const struct probe *p = *(const struct probe *const *)a;
	const struct probe *q = *(const struct probe *const *)b;
	int order = strcmp(p->release->distro, q->release->distro);

	if (order == 0)
		order = strcmp(p->release->version, q->release->version);
	/* The other mirrors are compared with the first. */
	if (order == 0)
		order = place_of(p) - place_of(q);
	return order != 0 ? order : strcmp(p->url, q->url);
}

void verdict_add(const struct probe *const *probes, size_t count,
		 unsigned timeout, struct findings *f)
{
	const struct probe **sorted =
		mem_grow(NULL, count + 1, sizeof(*sorted));
	const struct answers a = {
		.probes = sorted,
		.count = count,
		.timeout = timeout,
		.index = json_object(),
		.hosts = json_object(),
		.firsts = json_object(),
		.findings = f,
	};
	const char *host;
	json_t *files;

	memcpy(sorted, probes, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_probes);
	for (size_t i = 0; i < count; i++)
		json_object_set_new(a.index, sorted[i]->url,
				    json_integer((json_int_t)i));
	for (size_t i = 0; i < count; i++)
		note_silent_host(&a, sorted[i]);
	for (size_t i = 0; i < count; i++)
		judge(&a, sorted[i], i);
	json_object_foreach(a.hosts, host, files)
		judge_host(&a, host, json_integer_value(files));
	json_decref(a.index);
	json_decref(a.hosts);
	json_decref(a.firsts);
	free(sorted);
}
