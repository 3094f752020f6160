#include "online.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "families.h"
#include "fetch.h"
#include "mem.h"
#include "pxeconfig.h"
#include "uri.h"
#include "verdict.h"

/* All files of a catalogue. */
struct targets {
	struct fetcher *fetcher;
	struct target **list; /* in the order in which they were found */
	size_t count;
	json_t *index; /* URL -> place in the list */
};

/* A file that a boot fetches. */
struct target {
	struct probe probe;
	struct targets *all;
	char *path; /* of modules, as written in the configuration; NULL */
};

static void ask_head(struct target *t);

/* The target of the URL; a new one is asked for.  NULL if loaders cannot take
 * the URL. */
static struct target *ask(struct targets *all, const struct probe *wanted)
{
	const json_t *known = json_object_get(all->index, wanted->url);
	struct uri uri;
	struct target *t;

	if (known != NULL)
		return all->list[json_integer_value(known)];
	if (uri_parse(wanted->url, &uri) != NULL)
		return NULL;
	t = mem_alloc(sizeof(*t));
	t->probe = *wanted;
	t->probe.url = mem_copy(wanted->url, strlen(wanted->url));
	t->probe.head_length = -1;
	t->probe.length = -1;
	t->all = all;
	json_object_set_new(all->index, t->probe.url,
			    json_integer((json_int_t)all->count));
	all->list = mem_grow(all->list, all->count + 1, sizeof(*all->list));
	all->list[all->count++] = t;
	ask_head(t);
	return t;
}

/* Ask for a URL that the answer of t names. */
static struct target *ask_further(const struct target *t, enum role role,
				  char *url)
{
	const struct probe wanted = {
		.url = url,
		.role = role,
		.release = t->probe.release,
		.files = t->probe.files,
		.asked_by = t->probe.url,
		.depth = t->probe.depth + 1,
	};

	return ask(t->all, &wanted);
}

/* The URL of a name in the tree of t: relative to the path prefix. */
static char *in_tree(const struct target *t, const char *directory,
		     const char *name)
{
	struct buf url = BUF_INIT;

	if (strstr(name, "://") == NULL && strstr(directory, "://") == NULL)
		buf_puts(&url, t->probe.files->pathprefix);
	if (strstr(name, "://") == NULL)
		buf_puts(&url, directory);
	if (directory[0] != '\0' && directory[strlen(directory) - 1] != '/')
		buf_putc(&url, '/');
	buf_puts(&url, name);
	return buf_take(&url);
}

static struct target *ask_in_tree(struct target *t, enum role role,
				  const char *directory, const char *name)
{
	char *url = in_tree(t, directory, name);
	struct target *further = ask_further(t, role, url);

	free(url);
	return further;
}

/* PXELINUX looks for a module under the path prefix, then on the path.  A menu
 * needs two more modules, which are on the path. */
static void ask_module(struct target *t, const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash != NULL ? slash + 1 : name;
	struct target *module = ask_in_tree(t, ROLE_MODULE, "", name);

	if (t->path == NULL)
		return;
	if (slash == NULL && module != NULL && module->probe.otherwise == NULL)
		module->probe.otherwise = in_tree(t, t->path, name);
	if (strcmp(base, "vesamenu.c32") == 0 ||
	    strcmp(base, "menu.c32") == 0) {
		ask_in_tree(t, ROLE_MODULE, t->path, "libcom32.c32");
		ask_in_tree(t, ROLE_MODULE, t->path, "libutil.c32");
	}
}

static void ask_include(struct target *t, enum role role, const char *name)
{
	struct target *further = NULL;

	if (t->probe.depth < PROBE_DEPTH_MAX)
		further = ask_in_tree(t, role, "", name);
	if (further != NULL && further->path == NULL && t->path != NULL)
		further->path = mem_copy(t->path, strlen(t->path));
}

/* Ask for what a configuration names. */
static void follow(struct target *t, enum pxe_kind kind, const char *name)
{
	switch (kind) {
	case PXE_PATH:
		free(t->path);
		t->path = mem_copy(name, strlen(name));
		break;
	case PXE_INCLUDE:
		ask_include(t, ROLE_INCLUDE, name);
		break;
	case PXE_CONFIG:
		ask_include(t, ROLE_CONFIG, name);
		break;
	case PXE_KERNEL:
		ask_in_tree(t, ROLE_KERNEL, "", name);
		break;
	case PXE_INITRD:
		ask_in_tree(t, ROLE_INITRD, "", name);
		break;
	case PXE_MODULE:
		ask_module(t, name);
		break;
	}
}

/* Check the content of a file that is there, and ask for what it names. */
static void look_into(struct target *t, const struct fetch_answer *answer)
{
	struct probe *p = &t->probe;

	p->fault = content_check(p->role, p->release->arch, &answer->body,
				 p->length);
	if (p->fault.reason != NULL)
		return;
	if (content_is_config(p->role) && p->files->pathprefix != NULL)
		pxeconfig_read(buf_text(&answer->body), answer->body.len,
			       follow, t);
	if (p->role != ROLE_LOADER)
		return;
	p->pxelinux = content_pxelinux(&answer->body);
	/* Since 5.00 PXELINUX needs this module to start. */
	if (p->pxelinux >= 5 && p->files->pathprefix != NULL)
		ask_in_tree(t, ROLE_MODULE, "", "ldlinux.c32");
}

static void note(struct probe *p, const struct fetch_answer *answer)
{
	p->status = answer->status;
	p->problem = answer->problem;
	p->is_dead = answer->is_dead;
	if (answer->seconds > p->seconds)
		p->seconds = answer->seconds;
	if (answer->length >= 0)
		p->length = answer->length;
}

/* Ask for the new place of a file that has moved, unless only a client with TLS
 * can follow. */
static void go_after(struct target *t, const struct fetch_answer *answer)
{
	struct probe *p = &t->probe;
	const int gets_tls =
		!uri_is_https(p->url) && uri_is_https(answer->location);

	p->moved_to = mem_copy(answer->location, strlen(answer->location));
	if (p->depth < PROBE_DEPTH_MAX && !gets_tls)
		ask_further(t, p->role, p->moved_to);
}

static int is_moved(const struct fetch_answer *answer)
{
	return answer->location != NULL && answer->status / 100 == 3;
}

/* Ask for a missing module in its second place. */
static void look_elsewhere(struct target *t)
{
	const struct probe *p = &t->probe;
	const struct probe wanted = {
		.url = p->otherwise,
		.role = p->role,
		.release = p->release,
		.files = p->files,
		.asked_by = p->asked_by,
		.depth = p->depth,
	};

	if (p->otherwise != NULL && fetch_is_missing(p->status))
		ask(t->all, &wanted);
}

static void done_get(void *ctx, const struct fetch_answer *answer)
{
	struct target *t = ctx;

	note(&t->probe, answer);
	if (is_moved(answer))
		go_after(t, answer);
	else if (answer->status / 100 == 2 && answer->problem == NULL)
		look_into(t, answer);
	else
		look_elsewhere(t);
}

static void done_head(void *ctx, const struct fetch_answer *answer)
{
	struct target *t = ctx;
	struct probe *p = &t->probe;
	const int is_whole =
		p->role == ROLE_LOADER || content_is_config(p->role);
	const struct fetch get = {
		.url = p->url,
		.method = is_whole ? FETCH_GET : FETCH_RANGE,
		.max = content_wanted(p->role),
		.done = done_get,
		.ctx = t,
	};

	note(p, answer);
	if (answer->status / 100 == 2)
		p->head_length = answer->length;
	if (is_moved(answer))
		go_after(t, answer);
	else if (fetch_is_missing(p->status) || answer->is_silent)
		look_elsewhere(t);
	else /* even if HEAD fails: some servers refuse only that */
		fetcher_add(t->all->fetcher, &get);
}

static void ask_head(struct target *t)
{
	const struct fetch head = {
		.url = t->probe.url,
		.method = FETCH_HEAD,
		.done = done_head,
		.ctx = t,
	};

	fetcher_add(t->all->fetcher, &head);
}

/* Ask for one file of a mirror; url may be NULL. */
static void ask_file(struct targets *all, const struct release *release,
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

static enum role kernel_role(const struct mirror_files *files)
{
	if (!files->is_multiboot)
		return ROLE_KERNEL;
	return dialect_names_gzip(files->kernel) ? ROLE_MULTIBOOT_GZIP
						 : ROLE_MULTIBOOT;
}

/* Ask for the files that a boot from this mirror may fetch. */
static void ask_mirror(struct targets *all, const struct release *release,
		       const struct mirror_files *files)
{
	struct buf config = BUF_INIT;

	ask_file(all, release, files, kernel_role(files), files->kernel);
	ask_file(all, release, files, ROLE_SHIM, files->shim);
	for (size_t i = 0; i < files->initrd_count; i++)
		ask_file(all, release, files,
			 files->is_multiboot || files->initrds[i].path != NULL
				 ? ROLE_FILE
				 : ROLE_INITRD,
			 files->initrds[i].url);
	ask_file(all, release, files, ROLE_BIOS, files->chain[PLATFORM_BIOS]);
	ask_file(all, release, files, ROLE_EFI, files->chain[PLATFORM_EFI]);
	ask_file(all, release, files, ROLE_IMAGE, files->image[PLATFORM_BIOS]);
	ask_file(all, release, files, ROLE_IMAGE, files->image[PLATFORM_EFI]);
	ask_file(all, release, files, ROLE_SCRIPT,
		 files->script[PLATFORM_BIOS]);
	ask_file(all, release, files, ROLE_SCRIPT, files->script[PLATFORM_EFI]);
	/* PXELINUX runs on PCs only. */
	if (files->loader == NULL || !machine_is_pc(release->arch))
		return;
	ask_file(all, release, files, ROLE_LOADER, files->loader);
	buf_printf(&config, "%s%s", files->pathprefix, files->configfile);
	ask_file(all, release, files, ROLE_CONFIG, config.data);
	buf_free(&config);
}

/* Ask for the files of the site's own copy.  What its directories hold is not
 * known. */
static void ask_copy(struct targets *all, const char *base,
		     const struct release *release)
{
	const struct copy *copy = release->copy;

	for (size_t i = 0; copy != NULL && i < copy->count; i++) {
		const char *name = copy->files[i].name;
		struct buf url = BUF_INIT;

		if (name[strlen(name) - 1] == '/')
			continue;
		buf_printf(&url, "%s%s%s", base, copy->directory, name);
		ask_file(all, release, &release->mirrors[0], ROLE_FILE,
			 url.data);
		buf_free(&url);
	}
}

int online_wants(const struct online_options *options,
		 const struct release *release)
{
	const char *const *distro = options->distros;

	while (distro != NULL && *distro != NULL &&
	       strcmp(*distro, release->distro) != 0)
		distro++;
	if (distro != NULL && *distro == NULL)
		return 0;
	return options->wants == NULL || options->wants(options->ctx, release);
}

static void ask_all(struct targets *all, const struct catalog *c,
		    const struct online_options *o)
{
	size_t count;
	const struct release *const *releases = catalog_releases(c, &count);

	for (size_t i = 0; i < count; i++) {
		if (release_lacks_copy(releases[i]) ||
		    !online_wants(o, releases[i]))
			continue;
		for (size_t j = 0; j < releases[i]->mirror_count; j++)
			ask_mirror(all, releases[i], &releases[i]->mirrors[j]);
		ask_copy(all, catalog_settings(c)->base, releases[i]);
	}
}

static void show_progress(size_t ended, size_t all)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%zu of %zu requests", ended, all);
}

static void judge(const struct targets *all, const struct online_options *o,
		  struct findings *f)
{
	const struct probe **probes =
		mem_grow(NULL, all->count + 1, sizeof(*probes));

	for (size_t i = 0; i < all->count; i++)
		probes[i] = &all->list[i]->probe;
	verdict_add(probes, all->count, o->timeout, f);
	/* Of a few releases, that is known already. */
	if (o->wants == NULL)
		families_check(all->fetcher, probes, all->count, f);
	if (o->ranking != NULL)
		ranking_measure(o->ranking, all->fetcher, probes, all->count);
	free(probes);
}

static void free_targets(struct targets *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct target *t = all->list[i];

		free(t->probe.url);
		free(t->probe.otherwise);
		free(t->probe.moved_to);
		free(t->path);
		free(t);
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
	struct targets all = { .fetcher = fetcher_new(&limits) };
	size_t answered;

	if (all.fetcher == NULL)
		return -1;
	all.index = json_object();
	ask_all(&all, c, options);
	answered = fetcher_run(all.fetcher, show_progress);
	if (isatty(STDERR_FILENO))
		fputc('\n', stderr);
	judge(&all, options, f);
	fetcher_free(all.fetcher);
	if (all.count == 0 && options->distros != NULL)
		fputs("mirrorboot-check: --distro: nothing is asked, because "
		      "the site has no copy of what these distros start\n",
		      stderr);
	if (answered == 0 && all.count > 0)
		fputs("mirrorboot-check: no mirror answered at all: is there "
		      "a network?\n",
		      stderr);
	answered += all.count == 0;
	free_targets(&all);
	return answered > 0 ? 0 : -1;
}
