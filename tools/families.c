#include "families.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "mirror.h"
#include "uri.h"

#define FAMILY_COUNT 2

static const struct {
	enum fetch_family fetch;
	const char *name;
	const char *consequence;
} families[FAMILY_COUNT] = {
	{ FETCH_IPV4, "IPv4", "a machine with IPv4 alone cannot use it" },
	{ FETCH_IPV6, "IPv6", "a machine with IPv6 alone cannot use it" },
};

/* What a host answers by one family. */
struct answer {
	int is_asked;
	int has_answered;
	int has_no_address;
	int has_no_way; /* this machine reaches no such address */
	const char *problem;
};

/* A host with a name. */
struct host {
	const struct probe *probe; /* one that it answered */
	const char *name;          /* with the port; in the probe's URL */
	size_t len;
	struct answer answers[FAMILY_COUNT];
};

struct hosts {
	struct host *list;
	size_t count;
};

static void note(void *ctx, const struct fetch_answer *answer)
{
	struct answer *a = ctx;

	a->is_asked = 1;
	a->has_answered = answer->status != 0;
	a->has_no_address = answer->has_no_address;
	a->has_no_way = answer->has_no_way;
	a->problem = answer->problem;
}

/* The host of the URL is its own name, not an address. */
static int has_name(const struct uri *uri)
{
	char *name = mem_copy(uri->host, uri->name_len);
	struct in_addr address;
	int is_name = !uri->is_ipv6 && inet_pton(AF_INET, name, &address) != 1;

	free(name);
	return is_name;
}

static void add_host(struct hosts *hosts, const struct probe *p)
{
	struct uri uri;

	if (p->status == 0 || uri_parse(p->url, &uri) != NULL ||
	    !has_name(&uri))
		return;
	for (size_t i = 0; i < hosts->count; i++)
		if (hosts->list[i].len == uri.host_len &&
		    memcmp(hosts->list[i].name, uri.host, uri.host_len) == 0)
			return;
	hosts->list =
		mem_grow(hosts->list, hosts->count + 1, sizeof(*hosts->list));
	hosts->list[hosts->count++] = (struct host){ .probe = p,
						     .name = uri.host,
						     .len = uri.host_len };
}

static void ask(struct fetcher *fetcher, struct host *host)
{
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		fetcher_add(fetcher, &(struct fetch){
					     .url = host->probe->url,
					     .method = FETCH_HEAD,
					     .family = families[i].fetch,
					     .done = note,
					     .ctx = &host->answers[i],
				     });
}

/* The place of the mirror in the catalogue, or that of the release. */
static void put_pointer(const struct probe *p, struct buf *pointer)
{
	const struct mirror *mirror = p->release->mirror;

	for (size_t i = 0; mirror != NULL && i < mirror->count; i++)
		if (p->files->mirror != NULL &&
		    strcmp(mirror->bases[i].url, p->files->mirror) == 0 &&
		    strncmp(p->url, p->files->mirror,
			    strlen(p->files->mirror)) == 0) {
			buf_printf(pointer, "/mirrors/%s/%zu", mirror->id, i);
			return;
		}
	release_add_pointer(p->release, pointer);
}

static void add(struct findings *f, const struct host *host, size_t family)
{
	const struct answer *a = &host->answers[family];
	const struct probe *p = host->probe;
	struct buf pointer = BUF_INIT;
	struct buf reason = BUF_INIT;

	put_pointer(p, &pointer);
	if (a->has_no_address)
		buf_printf(&reason, "%.*s has no %s address", (int)host->len,
			   host->name, families[family].name);
	else
		buf_printf(&reason, "%.*s does not answer by %s, %s",
			   (int)host->len, host->name, families[family].name,
			   a->problem);
	buf_printf(&reason, ": %s", families[family].consequence);
	findings_add(f, &(struct finding){
				.severity = SEVERITY_WARNING,
				.check = "family",
				.file = p->release->mirror != NULL
						? p->release->mirror->file
						: p->release->file,
				.pointer = pointer.data,
				.reason = reason.data,
			});
	buf_free(&pointer);
	buf_free(&reason);
}

/* Returns whether this machine has no way to the family. */
static int judge(struct findings *f, const struct hosts *hosts, size_t family)
{
	int is_lacking = 0;

	for (size_t i = 0; i < hosts->count; i++)
		is_lacking |= hosts->list[i].answers[family].has_no_way;
	for (size_t i = 0; i < hosts->count; i++) {
		const struct answer *a = &hosts->list[i].answers[family];

		if (a->is_asked && !a->has_answered && !a->has_no_way)
			add(f, &hosts->list[i], family);
	}
	return is_lacking;
}

/* Those that libcurl reads. */
static int has_proxy(void)
{
	static const char *const names[] = { "http_proxy", "https_proxy",
					     "HTTPS_PROXY", "all_proxy",
					     "ALL_PROXY" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (getenv(names[i]) != NULL)
			return 1;
	return 0;
}

void families_check(struct fetcher *fetcher, const struct probe *const *probes,
		    size_t count, struct findings *f)
{
	struct hosts hosts = { .count = 0 };

	if (has_proxy())
		return;
	for (size_t i = 0; i < count; i++)
		add_host(&hosts, probes[i]);
	for (size_t i = 0; i < hosts.count; i++)
		ask(fetcher, &hosts.list[i]);
	fetcher_run(fetcher, NULL);
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		if (judge(f, &hosts, i))
			fprintf(stderr,
				"mirrorboot-check: this machine has no %s: "
				"mirrors were not asked by it\n",
				families[i].name);
	free(hosts.list);
}
