#include "ranking.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "mirror.h"
#include "replace.h"
#include "uri.h"
#include "written.h"

#define COMMENT "Written by mirrorboot-check --rank."

/* How much is fetched to measure the speed. */
#define SAMPLE ((size_t)4 * 1024 * 1024)

/* A URL that is slower by less than this part keeps its place. */
#define MARGIN 0.9

/* A base URL of a mirror. */
struct base {
	const char *url;
	int is_incomplete;
	double latency;              /* seconds; less than 0: no answer */
	const struct probe *largest; /* of its files; NULL: none */
	double speed;                /* bytes a second; 0: not measured */
};

struct ranked {
	const struct mirror *mirror;
	struct base *bases;
};

struct ranking {
	struct ranked *list;
	size_t count;
};

struct ranking *ranking_new(void)
{
	return mem_alloc(sizeof(struct ranking));
}

void ranking_free(struct ranking *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->count; i++)
		free(r->list[i].bases);
	free(r->list);
	free(r);
}

static struct ranked *add_mirror(struct ranking *r, const struct mirror *mirror)
{
	struct ranked *ranked;

	for (size_t i = 0; i < r->count; i++)
		if (r->list[i].mirror == mirror)
			return &r->list[i];
	r->list = mem_grow_by_one(r->list, r->count, sizeof(*r->list));
	ranked = &r->list[r->count++];
	ranked->mirror = mirror;
	ranked->bases = mem_alloc(mirror->count * sizeof(*ranked->bases));
	for (size_t i = 0; i < mirror->count; i++) {
		ranked->bases[i].url = mirror->bases[i].url;
		ranked->bases[i].latency = -1;
	}
	return ranked;
}

/* The base of the file; NULL: it is on no mirror. */
static struct base *base_of(struct ranking *r, const struct probe *p)
{
	const struct mirror *mirror = p->release->mirror;
	struct ranked *ranked;

	if (mirror == NULL || p->files->mirror == NULL)
		return NULL;
	ranked = add_mirror(r, mirror);
	for (size_t i = 0; i < mirror->count; i++)
		if (strcmp(ranked->bases[i].url, p->files->mirror) == 0)
			return &ranked->bases[i];
	return NULL;
}

/* Whether a boot could fail for this file.  A module may be in its second
 * place, which is asked for too, and an included file may be missing. */
static int is_bad(const struct probe *p)
{
	if (p->role == ROLE_INCLUDE && p->status / 100 == 4)
		return 0;
	if (p->otherwise != NULL && fetch_is_missing(p->status))
		return 0;
	if (p->problem != NULL)
		return 1;
	if (p->moved_to != NULL)
		return uri_is_https(p->moved_to) && !uri_is_https(p->url);
	return p->status / 100 != 2 ||
	       (p->fault.reason != NULL && p->fault.is_sure);
}

static void take(struct ranking *r, const struct probe *p)
{
	struct base *base = base_of(r, p);

	if (base == NULL)
		return;
	base->is_incomplete |= is_bad(p);
	if (p->status == 0 ||
	    strncmp(p->url, base->url, strlen(base->url)) != 0)
		return;
	if (base->latency < 0 || p->seconds < base->latency)
		base->latency = p->seconds;
	if (p->status / 100 == 2 && p->problem == NULL &&
	    (base->largest == NULL || p->length > base->largest->length))
		base->largest = p;
}

static void done(void *ctx, const struct fetch_answer *answer)
{
	struct base *base = ctx;
	double seconds = answer->whole_seconds - answer->seconds;

	if (answer->status / 100 == 2 && answer->body.len > 0)
		base->speed = (double)answer->body.len /
			      (seconds > 1e-6 ? seconds : 1e-6);
}

void ranking_measure(struct ranking *r, struct fetcher *fetcher,
		     const struct probe *const *probes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		take(r, probes[i]);
	for (size_t i = 0; i < r->count; i++)
		for (size_t j = 0; j < r->list[i].mirror->count; j++) {
			struct base *base = &r->list[i].bases[j];

			if (base->largest == NULL)
				continue;
			fetcher_add(fetcher, &(struct fetch){
						     .url = base->largest->url,
						     .method = FETCH_RANGE,
						     .max = SAMPLE,
						     .done = done,
						     .ctx = base,
					     });
			fetcher_run(fetcher, NULL);
		}
}

static double seconds_of(const struct base *base)
{
	return base->speed > 0 ? base->latency + RANKING_FILE / base->speed
			       : 1e9;
}

static int is_better(const struct base *a, const struct base *b)
{
	if (a->is_incomplete != b->is_incomplete)
		return b->is_incomplete;
	if (uri_is_https(a->url) != uri_is_https(b->url))
		return uri_is_https(b->url);
	return seconds_of(a) < seconds_of(b) * MARGIN;
}

static void warn(const struct ranked *ranked, const struct base *before,
		 struct findings *f)
{
	const struct base *first = &ranked->bases[0];
	struct buf pointer = BUF_INIT;
	struct buf reason = BUF_INIT;

	buf_printf(&pointer, "/mirrors/%s", ranked->mirror->id);
	buf_printf(&reason, "%s should come first: ", first->url);
	if (before->is_incomplete && !first->is_incomplete)
		buf_printf(&reason, "%s lacks files", before->url);
	else if (uri_is_https(before->url) && !uri_is_https(first->url))
		buf_puts(&reason, "few loaders have TLS");
	else
		buf_printf(&reason,
			   "it sends 64 MiB in %.1f seconds, and %s "
			   "in %.1f",
			   seconds_of(first), before->url, seconds_of(before));
	findings_add(f, &(struct finding){
				.severity = SEVERITY_WARNING,
				.check = "rank",
				.file = ranked->mirror->file,
				.pointer = pointer.data,
				.reason = reason.data,
			});
	buf_free(&pointer);
	buf_free(&reason);
}

/* Insertion keeps the complete ones in front, although is_better() is no
 * order: it ignores small differences. */
static void sort(struct ranked *ranked, struct findings *f)
{
	struct base *list = ranked->bases;
	const struct base before = list[0];

	for (size_t i = 1; i < ranked->mirror->count; i++) {
		const struct base base = list[i];
		size_t j = i;

		for (; j > 0 && is_better(&base, &list[j - 1]); j--)
			list[j] = list[j - 1];
		list[j] = base;
	}
	if (strcmp(list[0].url, before.url) != 0)
		warn(ranked, &before, f);
}

void ranking_sort(struct ranking *r, struct findings *f)
{
	for (size_t i = 0; i < r->count; i++)
		sort(&r->list[i], f);
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Whether the file is beside path and, by its name, read after it. */
static int is_later(const char *file, const char *path)
{
	const char *name = name_of(path);
	struct buf beside = BUF_INIT;
	int later;

	buf_printf(&beside, "%.*s%s", (int)(name - path), path, file);
	later = strcmp(file, name) > 0 && access(beside.data, F_OK) == 0;
	buf_free(&beside);
	return later;
}

void ranking_check_name(const struct ranking *r, const char *path,
			const char *catalog, struct findings *f)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct mirror *mirror = r->list[i].mirror;
		struct buf pointer = BUF_INIT;
		struct buf reason = BUF_INIT;

		if (mirror->count < 2 ||
		    strcmp(mirror->file, name_of(catalog)) == 0 ||
		    !is_later(mirror->file, path))
			continue;
		buf_printf(&pointer, "/mirrors/%s", mirror->id);
		buf_printf(&reason,
			   "replaces the order in %s, which is read earlier: "
			   "give that file a name that sorts after this one",
			   name_of(path));
		findings_add(f, &(struct finding){
					.severity = SEVERITY_WARNING,
					.check = "rank",
					.file = mirror->file,
					.pointer = pointer.data,
					.reason = reason.data,
				});
		buf_free(&pointer);
		buf_free(&reason);
	}
}

static json_t *urls_of(const struct ranked *ranked)
{
	json_t *urls = json_array();

	for (size_t i = 0; i < ranked->mirror->count; i++)
		json_array_append_new(urls, json_string(ranked->bases[i].url));
	return urls;
}

static char *text_of(const struct ranking *r)
{
	json_t *mirrors = json_object();
	char *text;

	for (size_t i = 0; i < r->count; i++)
		if (r->list[i].mirror->count > 1)
			json_object_set_new(mirrors, r->list[i].mirror->id,
					    urls_of(&r->list[i]));
	text = written_text(COMMENT, "mirrors", mirrors);
	json_decref(mirrors);
	return text;
}

/* Whether there is no file, or one of ours.  Returns 0, or -1 with err set. */
static int check_file(const char *path, struct error *err)
{
	json_t *mirrors = NULL;
	int rc = written_read(path, COMMENT, "mirrors", &mirrors, err);

	if (rc > 0 && mirrors == NULL)
		rc = error_set(err, path, 0,
			       "was not written by mirrorboot-check --rank, or "
			       "has been edited: name another file");
	json_decref(mirrors);
	return rc < 0 ? -1 : 0;
}

int ranking_write(const struct ranking *r, const char *path, struct error *err)
{
	char *text;
	int rc;

	if (check_file(path, err) < 0)
		return -1;
	text = text_of(r);
	rc = replace_file(path, text, err);
	free(text);
	return rc;
}
