#include "online.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch.h"
#include "mem.h"
#include "pxeconfig.h"
#include "uri.h"
#include "verdict.h"

/* What all asking has to do with. */
struct online {
	struct fetcher *fetcher;
	struct asking **list; /* in the order in which they came up */
	size_t count;
	json_t *index; /* URL -> place in the list */
};

/* A probe under way. */
struct asking {
	struct probe probe;
	struct online *all;
	char *path; /* of modules, as the configuration has it; NULL */
};

static void ask_head(struct asking *a);

/* The URL's asking, begun now unless it has been; NULL if loaders cannot take
 * the URL. */
static struct asking *ask(struct online *all, const struct probe *wanted)
{
	const json_t *known = json_object_get(all->index, wanted->url);
	struct uri uri;
	struct asking *a;

	if (known != NULL)
		return all->list[json_integer_value(known)];
	if (uri_parse(wanted->url, &uri) != NULL)
		return NULL;
	a = mem_alloc(sizeof(*a));
	a->probe = *wanted;
	a->probe.url = mem_copy(wanted->url, strlen(wanted->url));
	a->probe.head_length = -1;
	a->probe.length = -1;
	a->all = all;
	json_object_set_new(all->index, a->probe.url,
			    json_integer((json_int_t)all->count));
	all->list = mem_grow(all->list, all->count + 1, sizeof(*all->list));
	all->list[all->count++] = a;
	ask_head(a);
	return a;
}

/* What a's answer names, to be asked for on its behalf. */
static struct asking *ask_further(const struct asking *a, enum role role,
				  char *url)
{
	const struct probe wanted = {
		.url = url,
		.role = role,
		.release = a->probe.release,
		.files = a->probe.files,
		.asked_by = a->probe.url,
		.depth = a->probe.depth + 1,
	};

	return ask(a->all, &wanted);
}

/* The URL of a name in the tree of a: relative to the path prefix. */
static char *in_tree(const struct asking *a, const char *directory,
		     const char *name)
{
	struct buf url = BUF_INIT;

	if (strstr(name, "://") == NULL && strstr(directory, "://") == NULL)
		buf_puts(&url, a->probe.files->pathprefix);
	if (strstr(name, "://") == NULL)
		buf_puts(&url, directory);
	if (directory[0] != '\0' && directory[strlen(directory) - 1] != '/')
		buf_putc(&url, '/');
	buf_puts(&url, name);
	return buf_take(&url);
}

static struct asking *ask_in_tree(struct asking *a, enum role role,
				  const char *directory, const char *name)
{
	char *url = in_tree(a, directory, name);
	struct asking *further = ask_further(a, role, url);

	free(url);
	return further;
}

/* A module is looked for beside the configuration's root, then on the path;
 * a menu needs two more, which are on the path. */
static void ask_module(struct asking *a, const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash != NULL ? slash + 1 : name;
	struct asking *module = ask_in_tree(a, ROLE_MODULE, "", name);

	if (a->path == NULL)
		return;
	if (slash == NULL && module != NULL && module->probe.otherwise == NULL)
		module->probe.otherwise = in_tree(a, a->path, name);
	if (strcmp(base, "vesamenu.c32") == 0 ||
	    strcmp(base, "menu.c32") == 0) {
		ask_in_tree(a, ROLE_MODULE, a->path, "libcom32.c32");
		ask_in_tree(a, ROLE_MODULE, a->path, "libutil.c32");
	}
}

static void ask_include(struct asking *a, enum role role, const char *name)
{
	struct asking *further = NULL;

	if (a->probe.depth < PROBE_DEPTH_MAX)
		further = ask_in_tree(a, role, "", name);
	if (further != NULL && further->path == NULL && a->path != NULL)
		further->path = mem_copy(a->path, strlen(a->path));
}

/* Called with each name in a configuration. */
static void follow(void *ctx, enum pxe_kind kind, const char *name)
{
	struct asking *a = ctx;

	switch (kind) {
	case PXE_PATH:
		free(a->path);
		a->path = mem_copy(name, strlen(name));
		break;
	case PXE_INCLUDE:
		ask_include(a, ROLE_INCLUDE, name);
		break;
	case PXE_CONFIG:
		ask_include(a, ROLE_CONFIG, name);
		break;
	case PXE_KERNEL:
		ask_in_tree(a, ROLE_KERNEL, "", name);
		break;
	case PXE_INITRD:
		ask_in_tree(a, ROLE_INITRD, "", name);
		break;
	case PXE_MODULE:
		ask_module(a, name);
		break;
	}
}

/* What came, of a file that is there. */
static void look_into(struct asking *a, const struct fetch *fetch)
{
	struct probe *p = &a->probe;
	const int is_config = p->role == ROLE_CONFIG || p->role == ROLE_INCLUDE;

	p->fault = content_fault(p->role, p->release->arch, &fetch->body,
				 p->length, &p->is_sure);
	if (p->fault != NULL)
		return;
	if (is_config && p->files->pathprefix != NULL)
		pxeconfig_read(buf_text(&fetch->body), fetch->body.len, follow,
			       a);
	if (p->role != ROLE_LOADER)
		return;
	p->pxelinux = content_pxelinux(&fetch->body);
	/* Since 5.00 the core is nothing without it. */
	if (p->pxelinux >= 5 && p->files->pathprefix != NULL)
		ask_in_tree(a, ROLE_MODULE, "", "ldlinux.c32");
}

static void note(struct probe *p, const struct fetch *fetch)
{
	p->status = fetch->status;
	p->problem = fetch->problem;
	p->is_dead = fetch->is_dead;
	if (fetch->seconds > p->seconds)
		p->seconds = fetch->seconds;
	if (fetch->length >= 0)
		p->length = fetch->length;
}

/* Goes to where the file has moved, if a client without TLS can. */
static void go_after(struct asking *a, const struct fetch *fetch)
{
	struct probe *p = &a->probe;
	const int gets_tls =
		!uri_is_https(p->url) && uri_is_https(fetch->location);

	p->moved_to = mem_copy(fetch->location, strlen(fetch->location));
	if (p->depth < PROBE_DEPTH_MAX && !gets_tls)
		ask_further(a, p->role, p->moved_to);
}

static int is_moved(const struct fetch *fetch)
{
	return fetch->location != NULL && fetch->status / 100 == 3;
}

static int is_missing(long status)
{
	return status == 404 || status == 410;
}

/* A module that is not here may be on the path. */
static void look_elsewhere(struct asking *a)
{
	const struct probe *p = &a->probe;
	const struct probe wanted = {
		.url = p->otherwise,
		.role = p->role,
		.release = p->release,
		.files = p->files,
		.asked_by = p->asked_by,
		.depth = p->depth,
	};

	if (p->otherwise != NULL && is_missing(p->status))
		ask(a->all, &wanted);
}

static void done_get(void *ctx, const struct fetch *fetch)
{
	struct asking *a = ctx;

	note(&a->probe, fetch);
	if (is_moved(fetch))
		go_after(a, fetch);
	else if (fetch->status / 100 == 2 && fetch->problem == NULL)
		look_into(a, fetch);
	else
		look_elsewhere(a);
}

static void done_head(void *ctx, const struct fetch *fetch)
{
	struct asking *a = ctx;
	struct probe *p = &a->probe;
	const int is_whole = p->role == ROLE_LOADER || p->role == ROLE_CONFIG ||
			     p->role == ROLE_INCLUDE;
	const struct fetch get = {
		.url = p->url,
		.method = is_whole ? FETCH_GET : FETCH_RANGE,
		.max = content_wanted(p->role),
		.done = done_get,
		.ctx = a,
	};

	note(p, fetch);
	if (fetch->status / 100 == 2)
		p->head_length = fetch->length;
	if (is_moved(fetch))
		go_after(a, fetch);
	else if (is_missing(fetch->status) || fetch->is_silent)
		look_elsewhere(a);
	else /* also when HEAD fails: some servers refuse that alone */
		fetcher_add(a->all->fetcher, &get);
}

static void ask_head(struct asking *a)
{
	const struct fetch head = {
		.url = a->probe.url,
		.method = FETCH_HEAD,
		.done = done_head,
		.ctx = a,
	};

	fetcher_add(a->all->fetcher, &head);
}

/* One file of a source; url may be NULL. */
static void ask_file(struct online *all, const struct release *release,
		     const struct mirror_files *files, enum role role,
		     const char *url)
{
	struct probe wanted = {
		.role = role,
		.release = release,
		.files = files,
	};

	if (url == NULL)
		return;
	wanted.url = mem_copy(url, strlen(url));
	ask(all, &wanted);
	free(wanted.url);
}

/* What a boot from the source may fetch. */
static void ask_mirror(struct online *all, const struct release *release,
		       const struct mirror_files *s)
{
	struct buf config = BUF_INIT;

	ask_file(all, release, s, ROLE_KERNEL, s->kernel);
	for (size_t i = 0; i < s->initrd_count; i++)
		ask_file(all, release, s, ROLE_INITRD, s->initrds[i]);
	ask_file(all, release, s, ROLE_BIOS, s->chain[PLATFORM_BIOS]);
	ask_file(all, release, s, ROLE_EFI, s->chain[PLATFORM_EFI]);
	/* PXELinux is for PCs alone. */
	if (s->loader == NULL || release->arch == ARCH_ARM64)
		return;
	ask_file(all, release, s, ROLE_LOADER, s->loader);
	buf_printf(&config, "%s%s", s->pathprefix, s->configfile);
	ask_file(all, release, s, ROLE_CONFIG, config.data);
	buf_free(&config);
}

static void ask_all(struct online *all, const struct catalog *c)
{
	size_t count;
	const struct release *const *releases = catalog_releases(c, &count);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < releases[i]->mirror_count; j++)
			ask_mirror(all, releases[i], &releases[i]->mirrors[j]);
}

static void show_progress(size_t ended, size_t all)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%zu of %zu requests", ended, all);
}

static void judge(const struct online *all, const struct online_options *o,
		  struct findings *f)
{
	const struct probe **probes =
		mem_grow(NULL, all->count + 1, sizeof(*probes));

	for (size_t i = 0; i < all->count; i++)
		probes[i] = &all->list[i]->probe;
	verdict_add(probes, all->count, o->timeout, f);
	free(probes);
}

static void let_go(struct online *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct asking *a = all->list[i];

		free(a->probe.url);
		free(a->probe.otherwise);
		free(a->probe.moved_to);
		free(a->path);
		free(a);
	}
	free(all->list);
	json_decref(all->index);
}

int online_check(const struct catalog *c, const struct online_options *options,
		 struct findings *f)
{
	const struct fetch_limits limits = {
		.timeout = options->timeout,
		.per_host = options->per_host,
	};
	struct online all = { .fetcher = fetcher_new(&limits) };
	size_t answered;

	if (all.fetcher == NULL)
		return -1;
	all.index = json_object();
	ask_all(&all, c);
	answered = fetcher_run(all.fetcher, show_progress);
	if (isatty(STDERR_FILENO))
		fputc('\n', stderr);
	judge(&all, options, f);
	fetcher_free(all.fetcher);
	if (answered == 0 && all.count > 0)
		fputs("mirrorboot-check: no mirror answered at all: is there "
		      "a network?\n",
		      stderr);
	answered += all.count == 0;
	let_go(&all);
	return answered > 0 ? 0 : -1;
}
