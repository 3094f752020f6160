#include "release.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialect.h"
#include "distro.h"
#include "uri.h"

/*
 * The objects that say how one release boots, the most special first: what
 * one of them has counts for all behind it, and null there means none.
 */
struct level {
	const struct level *in; /* where it stands; NULL: it is the distro */
	const char *section;    /* under which key there: "versions" */
	const char *id;
	const json_t *object; /* NULL: not there */
};

enum { VARIANT, VERSION, ARCH, DISTRO, LEVELS };

/* One release being made. */
struct making {
	struct reader *r;
	struct releases *all;
	struct level levels[LEVELS];
	struct release *release;
	json_t *vars;   /* what its patterns are filled from */
	json_t *failed; /* what has been said of this distro, as keys: a
			   pattern fails alike for all that it is filled for */
};

/*
 * What makes a release goes on after a failure, so that whoever asked for all
 * of them gets them; 0 and -1 are joined by |=.
 */

static int has_failed(const struct making *m, const char *what)
{
	return json_object_size(m->failed) > 0 &&
	       json_object_get(m->failed, what) != NULL;
}

/* Whether it is the first time that this fails. */
static int is_new(struct making *m, const char *what)
{
	if (has_failed(m, what))
		return 0;
	json_object_set_new(m->failed, what, json_true());
	return 1;
}

/* The reader's pointer goes to the object of a level. */
static void enter_level(struct reader *r, const struct level *level)
{
	if (level->in == NULL)
		return;
	enter_level(r, level->in);
	reader_enter(r, level->section);
	reader_enter(r, level->id);
}

/* A variant adds its title and arguments to the release's. */
static int is_added(const char *key)
{
	return strcmp(key, "title") == 0 || strcmp(key, "args") == 0;
}

/* Fails the release as a whole. */
__attribute__((format(printf, 2, 3))) static int
fail_release(struct making *m, const char *fmt, ...)
{
	size_t mark = m->r->pointer.len;
	char reason[256];
	char key[320];
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	snprintf(key, sizeof(key), "%s %s", m->release->version, reason);
	if (!is_new(m, key))
		return -1;
	enter_level(
		m->r,
		&m->levels[m->release->variant != NULL ? VARIANT : VERSION]);
	reader_fail(m->r, "%s: %s", machine_arch_name((int)m->release->arch),
		    reason);
	reader_leave(m->r, mark);
	return -1;
}

/* The value of key that counts, and the level that has it; NULL when none
 * has, or the first that has says null. */
static const json_t *effective(const struct making *m, const char *key,
			       int *level)
{
	for (int i = is_added(key) ? VERSION : VARIANT; i < LEVELS; i++) {
		const json_t *value = json_object_get(m->levels[i].object, key);

		*level = i;
		if (value != NULL)
			return json_is_null(value) ? NULL : value;
	}
	return NULL;
}

/* The pattern at hand, filled and checked. */
static int take(struct making *m, const json_t *value, enum form form,
		const char **out)
{
	const char *text;

	if (has_failed(m, buf_text(&m->r->pointer)))
		return -1;
	text = reader_fill(m->r, json_string_value(value), m->vars);
	if (text != NULL && reader_check(m->r, text, form) == 0) {
		*out = text;
		return 0;
	}
	is_new(m, buf_text(&m->r->pointer));
	return -1;
}

/* The same for a key of the object at hand, if it has it. */
static int take_key(struct making *m, const json_t *object, const char *key,
		    enum form form, const char **out)
{
	const json_t *value = json_object_get(object, key);
	size_t mark;
	int rc;

	if (value == NULL || json_is_null(value))
		return 0;
	mark = reader_enter(m->r, key);
	rc = take(m, value, form, out);
	reader_leave(m->r, mark);
	return rc;
}

static void set_var(struct making *m, const char *name, const char *value)
{
	json_object_set_new(m->vars, name, json_string(value));
}

/* The same for a value of a level's object. */
static int take_level(struct making *m, int level, const char *key,
		      enum form form, const char **out)
{
	size_t mark = m->r->pointer.len;
	int rc;

	enter_level(m->r, &m->levels[level]);
	rc = take_key(m, m->levels[level].object, key, form, out);
	reader_leave(m->r, mark);
	return rc;
}

/* The same for the value that counts; without one *out stays. */
static int take_effective(struct making *m, const char *key, enum form form,
			  const char **out)
{
	int level;

	if (effective(m, key, &level) == NULL)
		return 0;
	return take_level(m, level, key, form, out);
}

static int read_pxelinux(struct making *m, const json_t *value,
			 const char *root, struct mirror_files *s)
{
	int rc;

	if (root == NULL)
		return reader_fail(m->r, "needs a root, the directory that "
					 "its config is for");
	rc = take_key(m, value, "loader", FORM_URL, &s->loader);
	rc |= take_key(m, value, "config", FORM_WORD, &s->configfile);
	if (rc == 0 && (s->loader == NULL || s->configfile == NULL))
		rc = reader_fail(m->r, "needs a loader and a config");
	s->pathprefix = root;
	if (rc == 0 && strlen(root) + strlen(s->configfile) > URI_MAX)
		rc = reader_fail_key(m->r, "config",
				     "root and config together are %zu bytes "
				     "long, at most %d, where PXELINUX cuts "
				     "them",
				     strlen(root) + strlen(s->configfile),
				     URI_MAX);
	if (rc == 0 && strpbrk(s->configfile, "?,") != NULL)
		rc = reader_fail_key(m->r, "config",
				     "must be a path, without '?' or ','");
	return rc | reader_text(m->r, value, "modules", FORM_WORD,
				&m->release->modules);
}

static int read_initrds(struct making *m, const json_t *value,
			struct mirror_files *s)
{
	size_t count = json_array_size(value);
	int rc = 0;

	s->initrds = mem_pool_alloc(m->r->pool, count * sizeof(*s->initrds));
	s->initrd_count = count;
	for (size_t i = 0; i < count; i++) {
		size_t mark = reader_enter_index(m->r, i);

		rc |= take(m, json_array_get(value, i), FORM_URL,
			   &s->initrds[i]);
		reader_leave(m->r, mark);
	}
	return rc;
}

static int read_chain(struct making *m, const json_t *value,
		      struct mirror_files *s)
{
	int rc = 0;

	for (int i = 0; i < PLATFORM_COUNT; i++)
		rc |= take_key(m, value, machine_platform_name(i), FORM_URL,
			       &s->chain[i]);
	return rc;
}

/* The keys whose values are more than a string. */
static int take_parts(struct making *m, const char *root,
		      struct mirror_files *s)
{
	static const char *const keys[] = { "pxelinux", "initrds", "chain" };
	int rc = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		int level;
		const json_t *value = effective(m, keys[i], &level);
		size_t mark = m->r->pointer.len;

		if (value == NULL)
			continue;
		enter_level(m->r, &m->levels[level]);
		reader_enter(m->r, keys[i]);
		if (i == 0)
			rc |= read_pxelinux(m, value, root, s);
		else if (i == 1)
			rc |= read_initrds(m, value, s);
		else
			rc |= read_chain(m, value, s);
		reader_leave(m->r, mark);
	}
	return rc;
}

/* The release's arguments, then its variant's. */
static int take_args(struct making *m, struct mirror_files *s)
{
	const char *own = NULL;
	const char *added = NULL;
	struct buf all = BUF_INIT;
	int rc = take_effective(m, "args", FORM_ARGS, &own);

	rc |= take_level(m, VARIANT, "args", FORM_ARGS, &added);
	if (own != NULL)
		buf_puts(&all, own);
	if (own != NULL && added != NULL)
		buf_putc(&all, ' ');
	if (added != NULL)
		buf_puts(&all, added);
	if (all.len > 0)
		s->args = mem_pool_copy(m->r->pool, all.data);
	buf_free(&all);
	return rc;
}

/* SYSLINUX and GRUB read all initrds in one line of 1023 bytes; GRUB's quotes
 * take part of it. */
#define SYSLINUX_INITRDS_MAX 960

/* The kernel's line as gPXE reads it, whose lines are the shortest. */
static int check_line(struct making *m, const struct mirror_files *s)
{
	size_t len = strlen("kernel ") + (s->kernel ? strlen(s->kernel) : 0) +
		     (s->args ? 1 + strlen(s->args) : 0);
	size_t words = s->args != NULL ? 3 : 2;
	size_t joined = 0;

	for (size_t i = 0; i < s->initrd_count; i++)
		joined += strlen(s->initrds[i]) + 1;
	for (const char *c = s->args; c != NULL && *c != '\0'; c++)
		words += *c == ' ';
	if (len > dialect_gpxe.max_line)
		return fail_release(m,
				    "kernel and args are longer than the "
				    "%zu bytes of a gPXE line",
				    dialect_gpxe.max_line);
	if (joined > SYSLINUX_INITRDS_MAX)
		return fail_release(m,
				    "initrds are %zu bytes long together, at "
				    "most %d",
				    joined, SYSLINUX_INITRDS_MAX);
	if (words > dialect_gpxe.max_words)
		return fail_release(m,
				    "kernel and args are more than the %zu "
				    "words of a gPXE line",
				    dialect_gpxe.max_words);
	return 0;
}

/* A mirror's own PXELinux configuration takes no arguments from outside, so
 * a variant with arguments starts the kernel. */
static int settle_ways(struct making *m, struct mirror_files *s)
{
	if (json_is_string(
		    json_object_get(m->levels[VARIANT].object, "args"))) {
		if (s->kernel == NULL)
			return fail_release(m, "a variant with args needs a "
					       "kernel that takes them");
		s->pathprefix = NULL;
		s->configfile = NULL;
		s->loader = NULL;
	}
	if (s->kernel == NULL && (s->initrds != NULL || s->args != NULL))
		return fail_release(m, "initrds and args need a kernel");
	if (s->kernel == NULL && s->loader == NULL &&
	    s->chain[PLATFORM_BIOS] == NULL && s->chain[PLATFORM_EFI] == NULL)
		return fail_release(m, "nothing says how to boot: needs "
				       "pxelinux, kernel or chain");
	return check_line(m, s);
}

/* Note what the URL asks of a loader; is_boot: a loader of any kind that
 * starts these files fetches it itself. */
static void add_need(struct mirror_files *s, const struct uri *base,
		     const char *url, int is_boot)
{
	struct uri uri;
	size_t len;

	if (url == NULL || uri_parse(url, &uri) != NULL)
		return;
	len = strlen(url);
	if (len > s->url_max)
		s->url_max = (uint16_t)len;
	s->is_https |= uri.is_https != 0;
	if (!is_boot)
		return;
	s->is_port_80 &= uri.port == 80;
	s->is_site_host &= base->host == NULL || uri_has_host(&uri, base);
}

static void add_needs(const char *site, struct mirror_files *s)
{
	struct uri base = { .host = NULL };

	uri_parse(site, &base);
	s->is_port_80 = 1;
	s->is_site_host = 1;
	add_need(s, &base, s->mirror, 0);
	add_need(s, &base, s->pathprefix, 0);
	add_need(s, &base, s->loader, 0);
	add_need(s, &base, s->kernel, 1);
	for (size_t i = 0; i < s->initrd_count; i++)
		add_need(s, &base, s->initrds[i], 1);
	add_need(s, &base, s->chain[PLATFORM_BIOS], 0);
	add_need(s, &base, s->chain[PLATFORM_EFI], s->kernel == NULL);
}

/* From the mirror at base; NULL: from none in particular. */
static int make_source(struct making *m, const char *base,
		       struct mirror_files *s)
{
	const char *root = NULL;
	struct uri uri;
	int rc;

	s->mirror = base;
	json_object_del(m->vars, "root");
	if (base != NULL && uri_parse(base, &uri) == NULL) {
		set_var(m, "mirror", base);
		set_var(m, "mirror_path", uri.path);
		json_object_set_new(m->vars, "mirror_host",
				    json_stringn(uri.host, uri.host_len));
	}
	/* Without a root the rest fails for that reason alone. */
	if (take_effective(m, "root", FORM_DIRECTORY, &root) < 0)
		return -1;
	if (root != NULL)
		set_var(m, "root", root);
	rc = take_effective(m, "kernel", FORM_URL, &s->kernel);
	rc |= take_parts(m, root, s);
	rc |= take_args(m, s);
	if (rc < 0 || settle_ways(m, s) < 0)
		return -1;
	add_needs(m->all->base, s);
	return 0;
}

static const struct mirror *find_mirror(const struct releases *all,
					const char *id)
{
	for (size_t i = 0; i < all->mirror_count; i++)
		if (strcmp(all->mirrors[i].id, id) == 0)
			return &all->mirrors[i];
	return NULL;
}

/* One distro has one mirror as a rule, so it is said once. */
static int fail_mirror(struct making *m, const char *id)
{
	struct reader *r = m->r;
	char key[128];
	size_t mark;
	int level;

	snprintf(key, sizeof(key), "mirror %s", id);
	if (!is_new(m, key))
		return -1;
	reader_offer_keys(r, id,
			  json_object_get(r->files->sections, "mirrors"));
	effective(m, "mirror", &level);
	mark = r->pointer.len;
	enter_level(r, &m->levels[level]);
	reader_fail_key(r, "mirror", "there is no mirror '%s'", id);
	reader_leave(r, mark);
	return -1;
}

static int make_sources(struct making *m)
{
	struct release *release = m->release;
	const struct mirror *mirror = NULL;
	const char *id = NULL;
	struct mirror_files *mirrors;
	int rc = 0;

	if (take_effective(m, "mirror", FORM_WORD, &id) < 0)
		return -1;
	if (id != NULL) {
		mirror = find_mirror(m->all, id);
		if (mirror == NULL)
			return fail_mirror(m, id);
		if (mirror->count == 0)
			return -1;
	}
	release->mirror_count = mirror != NULL ? mirror->count : 1;
	mirrors = mem_pool_alloc(m->r->pool,
				 release->mirror_count * sizeof(*mirrors));
	release->mirrors = mirrors;
	for (size_t i = 0; i < release->mirror_count; i++)
		rc |= make_source(m, mirror != NULL ? mirror->urls[i] : NULL,
				  &mirrors[i]);
	return rc;
}

static int make_title(struct making *m)
{
	struct release *release = m->release;
	const char *title = NULL;
	const char *added = NULL;
	struct buf whole = BUF_INIT;
	size_t mark;
	int rc = take_effective(m, "title", FORM_TEXT, &title);

	rc |= take_level(m, VARIANT, "title", FORM_TEXT, &added);
	if (rc < 0)
		return -1;
	if (title == NULL)
		return fail_release(m, "needs a title");
	if (release->variant != NULL && added == NULL)
		return fail_release(m, "a variant needs a title");
	release->title = title;
	if (added != NULL) {
		buf_printf(&whole, "%s (%s)", title, added);
		release->title = mem_pool_copy(m->r->pool, whole.data);
		buf_free(&whole);
		mark = m->r->pointer.len;
		enter_level(m->r, &m->levels[VARIANT]);
		rc = reader_check(m->r, release->title, FORM_TEXT);
		reader_leave(m->r, mark);
	}
	return rc;
}

static int make_names(struct making *m)
{
	struct release *release = m->release;
	const char *name = release->version;
	const json_t *memory;
	int level;
	int rc;

	release->word = machine_arch_name((int)release->arch);
	set_var(m, "base", m->all->base);
	set_var(m, "version", release->version);
	set_var(m, "arch", machine_arch_name((int)release->arch));
	rc = take_effective(m, "word", FORM_WORD, &release->word);
	set_var(m, "word", release->word);
	rc |= take_effective(m, "name", FORM_TEXT, &name);
	set_var(m, "name", name);
	memory = effective(m, "memory", &level);
	release->memory = (unsigned)json_integer_value(memory);
	return rc | take_effective(m, "eol", FORM_WORD, &release->eol);
}

/* One release of the distro whose object and id are in m; the reader is at
 * that object. */
static int make_release(struct making *m)
{
	int rc;

	if (m->all->count == RELEASES_MAX)
		return fail_release(m, "more than %d releases", RELEASES_MAX);
	m->vars = json_object();
	rc = make_names(m);
	rc |= make_title(m);
	rc |= make_sources(m);
	json_decref(m->vars);
	if (rc < 0)
		return -1;
	m->all->list = mem_grow(m->all->list, m->all->count + 1,
				sizeof(struct release *));
	m->all->list[m->all->count++] = m->release;
	return 0;
}

/* Of the levels that may have variants, the most special that has this one. */
static int variant_level(const struct making *m, const char *id)
{
	for (int i = VERSION; i < DISTRO; i++) {
		const json_t *variants =
			json_object_get(m->levels[i].object, "variants");

		if (json_object_get(variants, id) != NULL)
			return i;
	}
	return DISTRO;
}

static int make_variant(struct making *m, const struct release *release,
			const char *id)
{
	const struct level *in = &m->levels[variant_level(m, id)];
	const json_t *variants = json_object_get(in->object, "variants");
	const json_t *variant = json_object_get(variants, id);

	if (json_is_null(variant))
		return 0;
	m->levels[VARIANT] = (struct level){ in, "variants", id, variant };
	m->release = mem_pool_alloc(m->r->pool, sizeof(*m->release));
	*m->release = *release;
	m->release->variant = mem_pool_copy(m->r->pool, id);
	return make_release(m);
}

/* The release, then its variants. */
static int make_releases(struct making *m, const struct release *release)
{
	json_t *ids = json_object();
	const char *id;
	json_t *unused;
	int rc;

	m->levels[VARIANT] = (struct level){ 0 };
	m->release = mem_pool_alloc(m->r->pool, sizeof(*m->release));
	*m->release = *release;
	rc = make_release(m);
	for (int i = DISTRO; i > VARIANT; i--)
		json_object_update(
			ids, json_object_get(m->levels[i].object, "variants"));
	json_object_foreach(ids, id, unused)
		rc |= make_variant(m, release, id);
	json_decref(ids);
	return rc;
}

/* A version, for each of its architectures. */
static int read_version(struct making *m, struct release *release,
			const json_t *version)
{
	const json_t *distro = m->levels[DISTRO].object;
	const json_t *arches = json_object_get(version, "arches");
	size_t i;
	json_t *value;
	int rc = 0;

	release->version = mem_pool_copy(m->r->pool, release->version);
	m->levels[VERSION] = (struct level){ &m->levels[DISTRO], "versions",
					     release->version, version };
	json_array_foreach(arches, i, value) {
		const char *arch = json_string_value(value);

		release->arch = (enum arch)machine_find_arch(arch);
		m->levels[ARCH] = (struct level){
			&m->levels[DISTRO],
			"arches",
			arch,
			json_object_get(json_object_get(distro, "arches"),
					arch),
		};
		rc |= make_releases(m, release);
	}
	return rc;
}

int release_read_distro(struct reader *r, const char *id, const json_t *distro,
			struct releases *all)
{
	struct making m = { .r = r, .all = all };
	struct release release = { .file = r->file };
	const char *version;
	json_t *value;
	int rc = reader_check_id(r, id);

	rc |= distro_check(r, distro);
	if (rc < 0) {
		json_object_set_new(all->refused, id, json_true());
		return -1;
	}
	m.failed = json_object();
	release.distro = mem_pool_copy(r->pool, id);
	release.file = mem_pool_copy(r->pool, r->file);
	m.levels[DISTRO] = (struct level){ .object = distro };
	json_object_foreach(json_object_get(distro, "versions"), version,
			    value) {
		release.version = version;
		rc |= read_version(&m, &release, value);
	}
	if (rc < 0)
		json_object_set_new(all->refused, id, json_true());
	json_decref(m.failed);
	return rc;
}

const char *release_refusal(const struct release *release,
			    const struct machine *machine)
{
	const struct mirror_files *s = &release->mirrors[0];
	enum arch arch = release->arch;

	if (machine->platform == PLATFORM_BIOS && arch == ARCH_ARM64)
		return "is for arm64, not for a PC with BIOS";
	if (machine->platform == PLATFORM_EFI && s->kernel == NULL &&
	    s->chain[PLATFORM_EFI] == NULL)
		return "has nothing that UEFI can start";
	if (machine->platform == PLATFORM_BIOS && s->kernel == NULL &&
	    s->loader == NULL && s->chain[PLATFORM_BIOS] == NULL)
		return "has nothing that BIOS can start";
	if (machine->arch == MACHINE_UNKNOWN || machine->arch == (int)arch)
		return NULL;
	if (machine->arch == ARCH_AMD64 && arch == ARCH_I386 &&
	    machine->platform != PLATFORM_EFI)
		return NULL;
	switch (arch) {
	case ARCH_I386:
		return "is for i386, not for this machine";
	case ARCH_AMD64:
		return "is for amd64, not for this machine";
	case ARCH_ARM64:
	case ARCH_COUNT:
		break;
	}
	return "is for arm64, not for this machine";
}

static int compare_names(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int compare_keys(const struct release *a, const struct release *b)
{
	int order = strcmp(a->distro, b->distro);

	if (order == 0)
		order = strcmp(a->version, b->version);
	if (order == 0)
		order = (int)a->arch - (int)b->arch;
	if (order == 0)
		order = compare_names(a->variant, b->variant);
	return order;
}

static int compare_places(const void *a, const void *b)
{
	return compare_keys(**(struct release *const *const *)a,
			    **(struct release *const *const *)b);
}

void release_sort(struct releases *all)
{
	all->by_key = mem_grow(NULL, all->count, sizeof(*all->by_key));
	for (size_t i = 0; i < all->count; i++)
		all->by_key[i] = &all->list[i];
	qsort(all->by_key, all->count, sizeof(*all->by_key), compare_places);
}

const struct release *release_find(const struct releases *all,
				   const struct release *key)
{
	struct release *const wanted = (struct release *)key;
	struct release *const *place = &wanted;
	struct release *const **found =
		bsearch(&place, all->by_key, all->count, sizeof(*all->by_key),
			compare_places);

	return found != NULL ? **found : NULL;
}

/* Whether the release is the distro's, and the version's unless that is
 * NULL; as strcmp() says it. */
static int compare_version(const struct release *key,
			   const struct release *release)
{
	int order = strcmp(key->distro, release->distro);

	if (order == 0 && key->version != NULL)
		order = strcmp(key->version, release->version);
	return order;
}

static int compare_with_place(const void *key, const void *place)
{
	return compare_version(key, **(struct release *const *const *)place);
}

struct release_run release_run(const struct releases *all, const char *distro,
			       const char *version)
{
	const struct release key = { .distro = distro, .version = version };
	struct release_run run = { NULL, 0 };
	struct release *const **found;
	struct release *const *end;

	/* Without any there is no list either. */
	if (all->count == 0)
		return run;
	found = bsearch(&key, all->by_key, all->count, sizeof(*all->by_key),
			compare_with_place);
	if (found == NULL)
		return run;
	run.list = *found;
	end = all->list + all->count;
	while (run.list > all->list && compare_version(&key, run.list[-1]) == 0)
		run.list--;
	while (run.list + run.count < end &&
	       compare_version(&key, run.list[run.count]) == 0)
		run.count++;
	return run;
}
