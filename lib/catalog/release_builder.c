#include "release_builder.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "args.h"
#include "copies.h"
#include "copy.h"
#include "dialect.h"
#include "distro.h"
#include "packed.h"
#include "pattern.h"
#include "pin.h"
#include "store.h"
#include "uri.h"
#include "value.h"
#include "version.h"
#include "words.h"

/* An object that says how releases boot.  For each key the most specific scope
 * that has it decides; null there means none. */
struct scope {
	const struct scope *parent; /* NULL: it is the distro */
	const char *section;        /* its place in the parent: "versions" */
	const char *id;
	const json_t *object; /* NULL: there is none */
};

/* The variables of patterns, in the order of the manual: a pattern can use the
 * variables before it. */
enum var {
	VAR_BASE,
	VAR_VERSION,
	VAR_ARCH,
	VAR_DISTRO_ARCH,
	VAR_NAME,
	VAR_MIRROR,
	VAR_MIRROR_HOST,
	VAR_MIRROR_PATH,
	VAR_ROOT,
	VAR_ANSWERS,
	VAR_FILE,
	VAR_COUNT
};

static const char *const var_names[VAR_COUNT] = {
	"base",        "version",     "arch", "distro_arch", "name", "mirror",
	"mirror_host", "mirror_path", "root", "answers",     "file",
};

/*
 * What the releases of a distro are built from, and the release at hand.
 */
struct release_builder {
	struct cursor *at; /* the distro */
	const struct settings *settings;
	struct uri base_uri;
	const struct mirrors *mirrors;
	const struct installers *installers;
	struct releases *all;
	json_t *words; /* of the site */
	struct pattern_set patterns;
	struct scope scopes[SCOPE_COUNT];
	struct release *release;
	const char *root; /* on the mirror at hand; NULL: none */
	struct pattern_var vars[VAR_COUNT];
	struct store store;      /* of texts and arrays that are kept */
	struct packer packer;    /* of the files at hand */
	struct mem_pool scratch; /* for the release at hand, until it is kept */
	json_t *reported; /* the failures of this distro, as keys: a pattern
			     fails in the same way for many releases */
};

static int is_reported(const struct release_builder *b, const char *failure)
{
	return json_object_size(b->reported) > 0 &&
	       json_object_get(b->reported, failure) != NULL;
}

/* Whether the failure was not reported yet.  Marks it as reported. */
static int is_new(struct release_builder *b, const char *failure)
{
	if (is_reported(b, failure))
		return 0;
	json_object_set_new(b->reported, failure, json_true());
	return 1;
}

/* Step from the distro into a scope. */
static void enter_scope(struct cursor *at, const struct scope *scope)
{
	if (scope->parent == NULL)
		return;
	enter_scope(at, scope->parent);
	cursor_enter(at, scope->section);
	cursor_enter(at, scope->id);
}

/* Fail the release as a whole. */
__attribute__((format(printf, 2, 3))) static int
fail_release(struct release_builder *b, const char *fmt, ...)
{
	const struct release *release = b->release;
	size_t mark = b->at->pointer.len;
	char reason[256];
	char key[320];
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	snprintf(key, sizeof(key), "%s %s", release->version, reason);
	if (!is_new(b, key))
		return -1;
	enter_scope(b->at,
		    &b->scopes[release->variant != NULL ? SCOPE_VARIANT
							: SCOPE_VERSION]);
	cursor_fail(b->at, "%s: %s", machine_arch_name((int)release->arch),
		    reason);
	cursor_leave(b->at, mark);
	return -1;
}

/* A variant adds its title and arguments to the release's. */
static int is_added(const char *key)
{
	return strcmp(key, "title") == 0 || strcmp(key, "args") == 0;
}

/* The value of key in the most specific scope that has it, and that scope;
 * NULL when none has it or the value is null. */
static const json_t *find(const struct release_builder *b, const char *key,
			  const struct scope **scope)
{
	for (int i = is_added(key) ? SCOPE_VERSION : SCOPE_VARIANT;
	     i < SCOPE_COUNT; i++) {
		const json_t *value = json_object_get(b->scopes[i].object, key);

		*scope = &b->scopes[i];
		if (value != NULL)
			return json_is_null(value) ? NULL : value;
	}
	return NULL;
}

/* packed: what stands for the value in a packed text, from the store or
 * static. */
static void set_var(struct release_builder *b, enum var var, const char *value,
		    const char *packed)
{
	b->vars[var].value = value;
	b->vars[var].packed = packed;
}

/* The same for a value that is kept as it is. */
static void set_kept_var(struct release_builder *b, enum var var,
			 const char *value)
{
	set_var(b, var, value, store_text(&b->store, value));
}

/* Fill the pattern here. */
static int fill(struct release_builder *b, const json_t *pattern,
		enum form form, const char **out)
{
	const char *text;

	if (is_reported(b, buf_text(&b->at->pointer)))
		return -1;
	text = pattern_fill(&b->patterns, b->at, json_string_value(pattern),
			    form);
	if (text == NULL) {
		is_new(b, buf_text(&b->at->pointer));
		return -1;
	}
	/* Any other form may have bytes that packed texts have. */
	if (form != FORM_ANY)
		packed_note(&b->packer, text,
			    pattern_pack(&b->patterns, &b->store,
					 json_string_value(pattern)));
	*out = text;
	return 0;
}

/* Fill the pattern under key of the object here.  Without one, *out is not
 * changed. */
static int fill_key(struct release_builder *b, const json_t *object,
		    const char *key, enum form form, const char **out)
{
	const json_t *pattern = json_object_get(object, key);
	size_t mark;
	int rc;

	if (pattern == NULL || json_is_null(pattern))
		return 0;
	mark = cursor_enter(b->at, key);
	rc = fill(b, pattern, form, out);
	cursor_leave(b->at, mark);
	return rc;
}

static int fill_in_scope(struct release_builder *b, const struct scope *scope,
			 const char *key, enum form form, const char **out)
{
	size_t mark = b->at->pointer.len;
	int rc;

	enter_scope(b->at, scope);
	rc = fill_key(b, scope->object, key, form, out);
	cursor_leave(b->at, mark);
	return rc;
}

/* Fill the pattern that find() returns for key. */
static int fill_found(struct release_builder *b, const char *key,
		      enum form form, const char **out)
{
	const struct scope *scope;

	if (find(b, key, &scope) == NULL)
		return 0;
	return fill_in_scope(b, scope, key, form, out);
}

/* PXELINUX appends option 209, the config, to option 210, the root. */
static int check_config(struct cursor *at, const char *root, const char *config)
{
	size_t len = strlen(root) + strlen(config);

	if (len > URI_MAX_FOR_ALL)
		return cursor_fail_key(at, "config",
				       "root and config together are %zu bytes "
				       "long, but PXELINUX cuts them at %d: "
				       "shorten them",
				       len, URI_MAX_FOR_ALL);
	if (strpbrk(config, "?,") != NULL)
		return cursor_fail_key(at, "config",
				       "must be a path, without '?' or ','");
	return 0;
}

static int read_pxelinux(struct release_builder *b, const json_t *object,
			 struct mirror_files *files)
{
	int rc;

	if (b->root == NULL)
		return cursor_fail(b->at, "needs a root, the directory that "
					  "its config is for");
	files->pathprefix = b->root;
	rc = fill_key(b, object, "loader", FORM_URL, &files->loader);
	rc |= fill_key(b, object, "config", FORM_WORD, &files->configfile);
	if (rc == 0 && (files->loader == NULL || files->configfile == NULL))
		rc = cursor_fail(b->at, "needs a loader and a config");
	if (rc == 0)
		rc = check_config(b->at, b->root, files->configfile);
	return rc | value_text(b->at, object, "modules", FORM_WORD,
			       &b->release->modules);
}

/* "/preseed.cfg": what each loader writes and takes alike. */
static int check_path(struct cursor *at, const char *path)
{
	const char *c = path;

	while (*c == '/' ? uri_is_value_char(c[1]) : uri_is_value_char(*c))
		c++;
	if (path[0] == '/' && *c == '\0' && strstr(path, "/.") == NULL)
		return 0;
	return cursor_fail_key(at, "name",
			       "must be a path in the initrd, from the '/' on, "
			       "of letters, digits, '.', '_', '~', '-': "
			       "/preseed.cfg");
}

static int read_named_file(struct release_builder *b, const json_t *object,
			   struct initrd *initrd)
{
	int rc = fill_key(b, object, "file", FORM_URL, &initrd->url);

	rc |= fill_key(b, object, "name", FORM_WORD, &initrd->path);
	rc |= value_flag(b->at, object, "executable", &initrd->is_executable);
	return rc < 0 ? -1 : check_path(b->at, initrd->path);
}

static int read_module(struct release_builder *b, const json_t *object,
		       struct initrd *module)
{
	int rc = fill_key(b, object, "file", FORM_URL, &module->url);

	return rc | fill_key(b, object, "args", FORM_ARGS, &module->args);
}

/* Fill the list with a file for each value of the array: read is for one that
 * is an object. */
static int read_files_of(struct release_builder *b, const json_t *array,
			 struct mirror_files *files,
			 int (*read)(struct release_builder *b,
				     const json_t *object,
				     struct initrd *initrd))
{
	size_t count = json_array_size(array);
	struct initrd *list =
		mem_pool_alloc(b->at->pool, count * sizeof(*list));
	int rc = 0;

	files->initrds = list;
	files->initrd_count = count;
	for (size_t i = 0; i < count; i++) {
		size_t mark = cursor_enter_index(b->at, i);
		const json_t *value = json_array_get(array, i);
		struct initrd *initrd = &list[i];

		if (json_is_object(value))
			rc |= read(b, value, initrd);
		else
			rc |= fill(b, value, FORM_URL, &initrd->url);
		cursor_leave(b->at, mark);
	}
	return rc;
}

static int read_initrds(struct release_builder *b, const json_t *array,
			struct mirror_files *files)
{
	return read_files_of(b, array, files, read_named_file);
}

/* The modules of a multiboot kernel, which takes no initrds. */
static int read_multiboot(struct release_builder *b, const json_t *array,
			  struct mirror_files *files)
{
	files->is_multiboot = 1;
	return read_files_of(b, array, files, read_module);
}

static int read_chain(struct release_builder *b, const json_t *object,
		      struct mirror_files *files)
{
	int rc = 0;

	for (int i = 0; i < PLATFORM_COUNT; i++)
		rc |= fill_key(b, object, machine_platform_name(i), FORM_URL,
			       &files->chain[i]);
	for (int i = 0; rc == 0 && i < PLATFORM_COUNT; i++)
		if (files->chain[i] != NULL &&
		    dialect_names_script(files->chain[i])) {
			files->script[i] = files->chain[i];
			files->chain[i] = NULL;
		}
	return rc;
}

static int is_iso(const char *url)
{
	size_t len = strcspn(url, "?");

	return len >= 4 && strncasecmp(url + len - 4, ".iso", 4) == 0;
}

/* memdisk finds out by itself what a disk image is, but for an ISO.  "raw"
 * copies by the way that works beside every BIOS and PXE. */
static void add_memdisk(struct release_builder *b, struct mirror_files *files)
{
	struct dialect_kernel *memdisk =
		mem_pool_alloc(b->at->pool, sizeof(*memdisk));
	struct initrd *image = mem_pool_alloc(b->at->pool, sizeof(*image));

	image->url = files->image[PLATFORM_BIOS];
	memdisk->url = b->settings->memdisk;
	memdisk->initrds = image;
	memdisk->initrd_count = 1;
	memdisk->args = is_iso(image->url) ? "iso raw" : "raw";
	files->memdisk = memdisk;
}

static int read_image(struct release_builder *b, const json_t *object,
		      struct mirror_files *files)
{
	int rc = 0;

	for (int i = 0; i < PLATFORM_COUNT; i++)
		rc |= fill_key(b, object, machine_platform_name(i), FORM_URL,
			       &files->image[i]);
	if (rc == 0 && files->image[PLATFORM_BIOS] != NULL)
		add_memdisk(b, files);
	return rc;
}

/* One script is for both platforms: it finds out where it is. */
static int read_script(struct release_builder *b, struct mirror_files *files)
{
	const char *script = NULL;

	if (fill_found(b, "script", FORM_URL, &script) < 0)
		return -1;
	for (int i = 0; script != NULL && i < PLATFORM_COUNT; i++)
		files->script[i] = script;
	return 0;
}

/* The keys whose values are more than a string. */
static const struct {
	const char *key;
	int (*read)(struct release_builder *b, const json_t *value,
		    struct mirror_files *files);
} parts[] = {
	{ "pxelinux", read_pxelinux },   { "initrds", read_initrds },
	{ "multiboot", read_multiboot }, { "chain", read_chain },
	{ "image", read_image },
};

static int read_parts(struct release_builder *b, struct mirror_files *files)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		const struct scope *scope;
		const json_t *value = find(b, parts[i].key, &scope);
		size_t mark = b->at->pointer.len;

		if (value == NULL)
			continue;
		enter_scope(b->at, scope);
		cursor_enter(b->at, parts[i].key);
		rc |= parts[i].read(b, value, files);
		cursor_leave(b->at, mark);
	}
	return rc;
}

/* Put the variant's arguments behind the release's. */
static int join_args(struct release_builder *b, const char *own,
		     const char *added, struct mirror_files *files)
{
	struct buf all = BUF_INIT;
	int rc = 0;

	buf_printf(&all, "%s %s", own, added);
	files->args = mem_pool_copy(b->at->pool, all.data);
	if (args_check(files->args) != NULL)
		rc = fail_release(b, "arguments %s", args_check(files->args));
	buf_truncate(&all, 0);
	buf_printf(&all, "%s %s", packed_text(&b->packer, own),
		   packed_text(&b->packer, added));
	packed_note(&b->packer, files->args, store_text(&b->store, all.data));
	buf_free(&all);
	return rc;
}

/* The release's arguments, then its variant's. */
static int read_args(struct release_builder *b, struct mirror_files *files)
{
	const char *own = NULL;
	const char *added = NULL;
	int rc = fill_found(b, "args", FORM_ARGS, &own);

	rc |= fill_in_scope(b, &b->scopes[SCOPE_VARIANT], "args", FORM_ARGS,
			    &added);
	files->args = own != NULL ? own : added;
	if (own != NULL && added != NULL)
		rc |= join_args(b, own, added, files);
	return rc;
}

/* What leads the installer to its answers, whose URL is not known yet. */
static int read_answer_args(struct release_builder *b,
			    struct mirror_files *files)
{
	const struct scope *scope;
	size_t mark = b->at->pointer.len;
	const char *args = NULL;
	int rc;

	if (find(b, "answer_args", &scope) == NULL || files->kernel == NULL)
		return 0;
	set_var(b, VAR_ANSWERS, RELEASE_ANSWERS, RELEASE_ANSWERS);
	enter_scope(b->at, scope);
	rc = fill_key(b, scope->object, "answer_args", FORM_ARGS, &args);
	set_var(b, VAR_ANSWERS, NULL, NULL);
	cursor_enter(b->at, "answer_args");
	if (rc == 0 && strstr(args, RELEASE_ANSWERS) == NULL)
		rc = is_new(b, buf_text(&b->at->pointer))
			     ? cursor_fail(b->at,
					   "must have " RELEASE_ANSWERS
					   ", where the URL of the directory "
					   "of the answers goes")
			     : -1;
	cursor_leave(b->at, mark);
	files->answer_args = args;
	return rc;
}

/* What else starts the files takes no arguments from outside. */
static void leave_to_arguments(struct mirror_files *files)
{
	files->pathprefix = NULL;
	files->configfile = NULL;
	files->loader = NULL;
	memset(files->script, 0, sizeof(files->script));
	memset(files->image, 0, sizeof(files->image));
	files->memdisk = NULL;
}

/* Neither the mirror's PXELinux configuration nor a script or a disk image
 * takes arguments from outside, so a variant with arguments starts the kernel,
 * or else the program. */
static int add_variant_args(struct release_builder *b,
			    struct mirror_files *files)
{
	if (!json_is_string(
		    json_object_get(b->scopes[SCOPE_VARIANT].object, "args")))
		return 0;
	if (files->kernel == NULL && !release_has_program(files))
		return fail_release(b, "a variant with args needs a kernel, or "
				       "a program in chain, that takes them");
	leave_to_arguments(files);
	return 0;
}

int release_builder_write_words(struct mem_pool *pool,
				const struct installer *installer,
				const json_t *all, struct mirror_files *files)
{
	enum word_outcome outcomes[WORD_COUNT];

	if (files->kernel == NULL)
		return 0;
	files->args = installer_write(installer, all, files->own_args, pool,
				      outcomes);
	if (!installer_has_written(outcomes))
		return 0;
	leave_to_arguments(files);
	return 1;
}

/* Add what the site says once for all installers. */
static int add_words(struct release_builder *b, struct mirror_files *files)
{
	const char *reason;

	files->own_args = files->args;
	if (json_object_size(b->words) == 0 ||
	    !release_builder_write_words(b->at->pool, b->release->installer,
					 b->words, files))
		return 0;
	reason = args_check(files->args);
	return reason != NULL
		       ? fail_release(b,
				      "arguments, with what the site says "
				      "for all, %s",
				      reason)
		       : 0;
}

/* The lists for the file at hand, which is {{file}} in their patterns. */
static int read_lists(struct release_builder *b, const json_t *sums,
		      struct sum_lists *lists)
{
	const json_t *array = json_object_get(sums, "lists");
	size_t mark = cursor_enter(b->at, "lists");
	const char **urls = mem_pool_alloc(b->at->pool, json_array_size(array) *
								sizeof(*urls));
	int rc = 0;

	lists->count = json_array_size(array);
	lists->urls = urls;
	for (size_t i = 0; i < lists->count; i++) {
		size_t inner = cursor_enter_index(b->at, i);

		rc |= fill(b, json_array_get(array, i), FORM_URL, &urls[i]);
		cursor_leave(b->at, inner);
	}
	cursor_leave(b->at, mark);
	return rc | fill_key(b, sums, "signature", FORM_URL, &lists->signature);
}

static int read_sums(struct release_builder *b, struct mirror_files *files)
{
	const struct scope *scope;
	const json_t *sums = find(b, "sums", &scope);
	size_t mark = b->at->pointer.len;
	struct sum_lists *lists;
	const char *keyring;
	int rc = 0;

	if (sums == NULL || files->kernel == NULL)
		return 0;
	lists = mem_pool_alloc(b->at->pool,
			       (1 + files->initrd_count) * sizeof(*lists));
	keyring = mem_pool_copy(b->at->pool, json_string_value(json_object_get(
						     sums, "keyring")));
	enter_scope(b->at, scope);
	cursor_enter(b->at, "sums");
	for (size_t i = 0; i <= files->initrd_count; i++) {
		set_var(b, VAR_FILE, release_file(files, i),
			packed_text(&b->packer, release_file(files, i)));
		rc |= read_lists(b, sums, &lists[i]);
		lists[i].keyring = keyring;
	}
	set_var(b, VAR_FILE, NULL, NULL);
	cursor_leave(b->at, mark);
	files->sums = lists;
	return rc;
}

static void add_pins(struct release_builder *b, struct mirror_files *files)
{
	const struct mirror *mirror = b->release->mirror;
	size_t len = mirror != NULL ? strlen(files->mirror) : 0;
	struct pin *pins;

	if (mirror == NULL || files->kernel == NULL ||
	    json_object_get(include_section(b->at->files, "pins"),
			    mirror->id) == NULL)
		return;
	pins = mem_pool_alloc(b->at->pool,
			      (1 + files->initrd_count) * sizeof(*pins));
	for (size_t i = 0; i <= files->initrd_count; i++)
		if (strncmp(release_file(files, i), files->mirror, len) == 0)
			pin_find(b->at, mirror->id,
				 release_file(files, i) + len, &pins[i]);
	files->pins = pins;
}

static int check_boot_methods(struct release_builder *b,
			      const struct mirror_files *files)
{
	const struct scope *unused;

	if (files->kernel == NULL && files->is_multiboot)
		return fail_release(b, "multiboot needs a kernel");
	if (files->kernel == NULL && files->initrds != NULL)
		return fail_release(b, "initrds need a kernel");
	if (files->kernel == NULL && files->args != NULL &&
	    !release_has_program(files))
		return fail_release(b, "args need a kernel, or a program in "
				       "chain");
	if (files->kernel == NULL && files->shim != NULL &&
	    files->chain[PLATFORM_EFI] == NULL)
		return fail_release(b, "a shim needs a kernel, or a program "
				       "for efi in chain");
	if (files->is_multiboot && find(b, "initrds", &unused) != NULL)
		return fail_release(b, "a multiboot kernel takes no initrds: "
				       "write null for initrds, and the files "
				       "in multiboot");
	if (files->is_multiboot && files->shim != NULL)
		return fail_release(b, "no shim checks a multiboot kernel: "
				       "write null for shim");
	if (files->is_multiboot && !machine_is_pc(b->release->arch))
		return fail_release(b, "a multiboot kernel is for i386 or "
				       "amd64");
	if (!release_has_method(files))
		return fail_release(b, "nothing says how to boot: needs "
				       "pxelinux, kernel, chain, script or "
				       "image");
	return 0;
}

/* Add what a loader needs to fetch the URL.  is_boot: every loader that boots
 * these files fetches it. */
static void add_need(struct mirror_files *files, const struct uri *base,
		     const char *url, int is_boot)
{
	struct uri uri;

	if (url == NULL || uri_parse(url, &uri) != NULL)
		return;
	uri_add_needs(&files->needs, &uri);
	if (is_boot && base->host != NULL && !uri_has_host(&uri, base))
		files->is_site_host = 0;
}

static void add_needs(struct mirror_files *files, const struct uri *base)
{
	struct uri uri;

	files->is_site_host = 1;
	add_need(files, base, files->mirror, 0);
	add_need(files, base, files->pathprefix, 0);
	add_need(files, base, files->loader, 0);
	add_need(files, base, files->kernel, 1);
	for (size_t i = 0; i < files->initrd_count; i++)
		add_need(files, base, files->initrds[i].url, 1);
	add_need(files, base, files->chain[PLATFORM_BIOS], 0);
	add_need(files, base, files->chain[PLATFORM_EFI],
		 files->kernel == NULL);
	if (files->kernel == NULL && files->memdisk != NULL)
		add_need(files, base, files->memdisk->url, 1);
	for (int i = 0; i < PLATFORM_COUNT; i++)
		add_need(files, base, files->image[i], files->kernel == NULL);
	/* Beside other files, only the loader of scripts fetches it. */
	for (int i = 0; release_is_script(files) && i < PLATFORM_COUNT; i++)
		add_need(files, base, files->script[i], 0);
	for (int i = 0; i < PLATFORM_COUNT; i++)
		if (files->script[i] != NULL &&
		    uri_parse(files->script[i], &uri) == NULL)
			uri_add_needs(&files->of_script[i], &uri);
}

/* Why the dialect cannot write what starts the files, in reason; empty if it
 * can.  kernel: that of release_kernel(); NULL: none, or every dialect writes
 * it. */
static void find_unwritable(const struct dialect *d,
			    const struct mirror_files *files,
			    const struct dialect_kernel *kernel,
			    struct buf *reason)
{
	const int has_scripts = (d->starts & START_SCRIPT) != 0;
	const char *const programs[] = {
		files->loader,
		has_scripts ? files->shim : NULL,
		files->chain[PLATFORM_BIOS],
		files->chain[PLATFORM_EFI],
		has_scripts ? files->script[PLATFORM_BIOS] : NULL,
		has_scripts ? files->script[PLATFORM_EFI] : NULL,
		(d->starts & START_IMAGE) ? files->image[PLATFORM_EFI] : NULL,
	};

	if (kernel != NULL)
		dialect_check_kernel(d, kernel, reason);
	if (reason->len == 0 && files->kernel == NULL &&
	    files->memdisk != NULL && (d->starts & START_MEMDISK))
		dialect_check_kernel(d, files->memdisk, reason);
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		const char *why = programs[i] != NULL
					  ? dialect_check_url(d, programs[i])
					  : NULL;

		if (why != NULL && reason->len == 0)
			buf_puts(reason, why);
	}
}

void release_builder_add_unwritable(struct mem_pool *pool,
				    struct mirror_files *files)
{
	const struct dialect_kernel kernel = release_kernel(files);
	const int is_asked = kernel.url != NULL && !dialect_is_plain(&kernel);
	const char **list = NULL;
	struct buf reason = BUF_INIT;
	size_t count = 0;

	while (dialects[count] != NULL)
		count++;
	for (size_t i = 0; i < count; i++) {
		buf_truncate(&reason, 0);
		find_unwritable(dialects[i], files, is_asked ? &kernel : NULL,
				&reason);
		if (reason.len == 0)
			continue;
		if (list == NULL)
			list = mem_pool_alloc(pool, count * sizeof(*list));
		list[i] = mem_pool_copy(pool, reason.data);
	}
	files->unwritable = list;
	buf_free(&reason);
}

static void set_mirror(struct release_builder *b,
		       const struct mirror_base *mirror,
		       struct mirror_files *files)
{
	files->mirror = mirror->url;
	packed_note(&b->packer, mirror->url, PACKED_MIRROR);
	set_var(b, VAR_MIRROR, mirror->url, PACKED_MIRROR);
	set_kept_var(b, VAR_MIRROR_HOST, mirror->host);
	set_kept_var(b, VAR_MIRROR_PATH, mirror->path);
}

/* The release's files on a mirror; NULL: on no mirror in particular. */
static int read_files(struct release_builder *b,
		      const struct mirror_base *mirror,
		      struct mirror_files *files)
{
	int rc;

	packed_forget(&b->packer);
	b->root = NULL;
	set_var(b, VAR_ROOT, NULL, NULL);
	if (mirror != NULL)
		set_mirror(b, mirror, files);
	/* Patterns that use the root would only fail again. */
	if (fill_found(b, "root", FORM_DIRECTORY, &b->root) < 0)
		return -1;
	if (b->root != NULL)
		set_var(b, VAR_ROOT, b->root, packed_text(&b->packer, b->root));
	rc = fill_found(b, "kernel", FORM_URL, &files->kernel);
	rc |= fill_found(b, "shim", FORM_URL, &files->shim);
	rc |= read_parts(b, files);
	rc |= read_script(b, files);
	rc |= read_args(b, files);
	rc |= read_answer_args(b, files);
	rc |= read_sums(b, files);
	if (rc < 0 || add_variant_args(b, files) < 0 ||
	    add_words(b, files) < 0 || check_boot_methods(b, files) < 0)
		return -1;
	add_pins(b, files);
	add_needs(files, &b->base_uri);
	release_builder_add_unwritable(b->at->pool, files);
	return 0;
}

/* The releases of a distro mostly name the same mirror, so an unknown one is
 * reported once. */
static int fail_mirror(struct release_builder *b, const char *id)
{
	size_t mark = b->at->pointer.len;
	const struct scope *scope;
	char key[128];

	snprintf(key, sizeof(key), "mirror %s", id);
	if (!is_new(b, key))
		return -1;
	find(b, "mirror", &scope);
	enter_scope(b->at, scope);
	cursor_fail_id(b->at, "mirror", "mirrors", id);
	cursor_leave(b->at, mark);
	return -1;
}

/* The release's files on each of its mirrors, packed. */
static int read_all_files(struct release_builder *b)
{
	struct release *release = b->release;
	const struct mirror *mirror = release->mirror;
	const size_t size = release->mirror_count * sizeof(*release->mirrors);
	struct mirror_files *all = mem_pool_alloc(b->at->pool, size);
	int rc = 0;

	for (size_t i = 0; i < release->mirror_count; i++) {
		struct mirror_files *files =
			mem_pool_alloc(b->at->pool, sizeof(*files));

		rc |= read_files(b, mirror != NULL ? &mirror->bases[i] : NULL,
				 files);
		if (rc == 0)
			packed_add(&b->packer, files, &all[i]);
	}
	if (rc == 0)
		release->mirrors = store_array(&b->store, all, size);
	return rc;
}

static int read_mirrors(struct release_builder *b)
{
	struct release *release = b->release;
	const struct mirror *mirror = NULL;
	const char *id = NULL;

	if (fill_found(b, "mirror", FORM_ANY, &id) < 0)
		return -1;
	if (id != NULL) {
		mirror = mirror_find(b->mirrors, id);
		if (mirror == NULL)
			return fail_mirror(b, id);
		if (mirror->count == 0)
			return -1;
	}
	release->mirror = mirror;
	release->mirror_count = mirror != NULL ? mirror->count : 1;
	return read_all_files(b);
}

/* The files of a copy, in the object "files" here. */
static int read_copy_files(struct release_builder *b, const json_t *object,
			   struct copy *copy)
{
	struct copy_file *list = mem_pool_alloc(
		b->at->pool, json_object_size(object) * sizeof(*list));
	const char *name;
	json_t *source;
	int rc = 0;

	copy->files = list;
	json_object_foreach((json_t *)object, name, source) {
		struct copy_file *file = &list[copy->count++];
		size_t mark = cursor_enter(b->at, name);

		file->name = mem_pool_copy(b->at->pool, name);
		if (fill(b, source, FORM_ANY, &file->source) < 0) {
			rc = -1;
		} else if (copy_check_source(b->at, name, file->source) < 0) {
			is_new(b, buf_text(&b->at->pointer));
			rc = -1;
		}
		cursor_leave(b->at, mark);
	}
	return rc;
}

/* Where the copy is below the base; NULL: it is elsewhere. */
static const char *directory_of_copy(const struct release_builder *b)
{
	const char *base = b->settings->base;
	const size_t len = strlen(base);

	if (b->root == NULL || strncmp(b->root, base, len) != 0 ||
	    !copy_is_path(b->root + len))
		return NULL;
	return b->root + len;
}

/* The root of a release with a copy is the copy's directory. */
static int read_copy(struct release_builder *b)
{
	const struct scope *scope;
	const json_t *object = find(b, "copy", &scope);
	const size_t mark = b->at->pointer.len;
	struct copy *copy;
	int rc;

	if (object == NULL)
		return 0;
	copy = mem_pool_alloc(b->at->pool, sizeof(*copy));
	copy->is_made = copies_are_meant(b->release, b->settings->copies);
	copy->directory = directory_of_copy(b);
	b->release->copy = copy;
	if (copy->directory == NULL)
		return fail_release(b,
				    "a copy needs a root below the base: "
				    "{{base}}copies/%s/",
				    b->release->distro);
	enter_scope(b->at, scope);
	cursor_enter(b->at, "copy");
	rc = fill_key(b, object, "from", FORM_URL, &copy->from);
	cursor_enter(b->at, "files");
	rc |= read_copy_files(b, json_object_get(object, "files"), copy);
	cursor_leave(b->at, mark);
	return rc;
}

/* "Debian 12 (Rescue)" */
static int join_titles(struct release_builder *b, const char *added)
{
	struct release *release = b->release;
	size_t mark = b->at->pointer.len;
	struct buf whole = BUF_INIT;
	int rc;

	buf_printf(&whole, "%s (%s)", release->title, added);
	release->title = mem_pool_copy(b->at->pool, whole.data);
	buf_free(&whole);
	enter_scope(b->at, &b->scopes[SCOPE_VARIANT]);
	rc = form_check(b->at, release->title, FORM_TEXT);
	cursor_leave(b->at, mark);
	return rc;
}

static int read_title(struct release_builder *b)
{
	struct release *release = b->release;
	const char *added = NULL;
	int rc = fill_found(b, "title", FORM_TEXT, &release->title);

	rc |= fill_in_scope(b, &b->scopes[SCOPE_VARIANT], "title", FORM_TEXT,
			    &added);
	if (rc < 0)
		return -1;
	if (release->title == NULL)
		return fail_release(b, "needs a title");
	if (release->variant != NULL && added == NULL)
		return fail_release(b, "a variant needs a title");
	return added != NULL ? join_titles(b, added) : 0;
}

static int read_installer(struct release_builder *b)
{
	const struct scope *scope;
	const char *id = json_string_value(find(b, "installer", &scope));
	size_t mark = b->at->pointer.len;
	char key[128];

	b->release->words = b->settings->words;
	if (id == NULL)
		return 0;
	b->release->installer = installer_find(b->installers, id);
	if (b->release->installer != NULL)
		return 0;
	snprintf(key, sizeof(key), "installer %s", id);
	if (is_new(b, key)) {
		enter_scope(b->at, scope);
		cursor_fail_id(b->at, "installer", "installers", id);
		cursor_leave(b->at, mark);
	}
	return -1;
}

static int read_names(struct release_builder *b)
{
	struct release *release = b->release;
	const char *arch = machine_arch_name((int)release->arch);
	const char *name = release->version;
	const struct scope *unused;
	int rc;

	release->distro_arch = arch;
	packed_note(&b->packer, name, PACKED_VERSION);
	set_kept_var(b, VAR_BASE, b->settings->base);
	set_var(b, VAR_VERSION, release->version, PACKED_VERSION);
	set_var(b, VAR_ARCH, arch, PACKED_ARCH);
	rc = fill_found(b, "distro_arch", FORM_WORD, &release->distro_arch);
	set_var(b, VAR_DISTRO_ARCH, release->distro_arch, PACKED_DISTRO_ARCH);
	rc |= fill_found(b, "name", FORM_TEXT, &name);
	set_var(b, VAR_NAME, name, packed_text(&b->packer, name));
	release->memory =
		(unsigned)json_integer_value(find(b, "memory", &unused));
	release->is_live = json_is_true(find(b, "live", &unused));
	rc |= fill_found(b, "signed_by", FORM_WORD, &release->signed_by);
	return rc | fill_found(b, "eol", FORM_WORD, &release->eol);
}

/* Read the release at hand into scratch. */
static int read_release(struct release_builder *b)
{
	int rc;

	for (int i = 0; i < VAR_COUNT; i++)
		set_var(b, (enum var)i, NULL, NULL);
	packed_forget(&b->packer);
	rc = read_names(b);
	rc |= read_title(b);
	rc |= read_installer(b);
	rc |= read_mirrors(b);
	return rc == 0 ? read_copy(b) : rc;
}

/* Keep what scratch has of a copy. */
static const struct copy *keep_copy(struct release_builder *b,
				    const struct copy *from)
{
	const size_t size = from->count * sizeof(*from->files);
	struct copy_file *files = mem_pool_alloc(&b->scratch, size);
	struct copy *copy = mem_pool_alloc(&b->scratch, sizeof(*copy));

	for (size_t i = 0; i < from->count; i++) {
		files[i].name = store_text(&b->store, from->files[i].name);
		files[i].source = store_text(&b->store, from->files[i].source);
	}
	copy->from = store_text(&b->store, from->from);
	copy->directory = store_text(&b->store, from->directory);
	copy->files = store_array(&b->store, files, size);
	copy->count = from->count;
	copy->is_made = from->is_made;
	return store_array(&b->store, copy, sizeof(*copy));
}

/* Keep what scratch has of the release. */
static void keep_release(struct release_builder *b)
{
	struct release *release = b->release;

	release->title = store_text(&b->store, release->title);
	release->distro_arch = store_text(&b->store, release->distro_arch);
	release->eol = store_text(&b->store, release->eol);
	release->signed_by = store_text(&b->store, release->signed_by);
	release->modules = store_text(&b->store, release->modules);
	if (release->copy != NULL)
		release->copy = keep_copy(b, release->copy);
}

/* Build b->release, in b->scopes. */
static int build_release(struct release_builder *b)
{
	struct mem_pool *pool = b->at->pool;
	struct releases *all = b->all;
	int rc;

	if (all->count == RELEASES_MAX)
		return fail_release(b, "more than %d releases", RELEASES_MAX);
	b->at->pool = &b->scratch;
	rc = read_release(b);
	b->at->pool = pool;
	if (rc == 0) {
		keep_release(b);
		all->list = mem_grow_by_one(all->list, all->count,
					    sizeof(*all->list));
		all->list[all->count++] = b->release;
	}
	mem_pool_clear(&b->scratch);
	return rc;
}

/* Start with a copy of release, which has only names. */
static void set_release(struct release_builder *b,
			const struct release *release)
{
	b->release = mem_pool_alloc(b->at->pool, sizeof(*b->release));
	*b->release = *release;
}

/* The most specific scope that has the variant. */
static const struct scope *scope_of_variant(const struct release_builder *b,
					    const char *id)
{
	for (int i = SCOPE_VERSION; i < SCOPE_DISTRO; i++) {
		const json_t *variants =
			json_object_get(b->scopes[i].object, "variants");

		if (json_object_get(variants, id) != NULL)
			return &b->scopes[i];
	}
	return &b->scopes[SCOPE_DISTRO];
}

static int build_variant(struct release_builder *b,
			 const struct release *release, const char *id)
{
	const struct scope *parent = scope_of_variant(b, id);
	const json_t *variants = json_object_get(parent->object, "variants");
	const json_t *variant = json_object_get(variants, id);

	if (json_is_null(variant))
		return 0;
	b->scopes[SCOPE_VARIANT] =
		(struct scope){ parent, "variants", id, variant };
	set_release(b, release);
	b->release->variant = store_text(&b->store, id);
	b->release->variant_scope = (enum release_scope)(parent - b->scopes);
	return build_release(b);
}

/* The release, then its variants. */
static int build_with_variants(struct release_builder *b,
			       const struct release *release)
{
	json_t *ids = json_object();
	const char *id;
	json_t *unused;
	int rc;

	b->scopes[SCOPE_VARIANT] = (struct scope){ 0 };
	set_release(b, release);
	rc = build_release(b);
	for (int i = SCOPE_DISTRO; i > SCOPE_VARIANT; i--)
		json_object_update(
			ids, json_object_get(b->scopes[i].object, "variants"));
	json_object_foreach(ids, id, unused)
		rc |= build_variant(b, release, id);
	json_decref(ids);
	return rc;
}

/* A version for each of its architectures. */
static int build_version(struct release_builder *b, struct release *release,
			 const json_t *version)
{
	const struct scope *distro = &b->scopes[SCOPE_DISTRO];
	const json_t *of_arches = json_object_get(distro->object, "arches");
	const json_t *arches = json_object_get(version, "arches");
	size_t i;
	json_t *value;
	int rc = 0;

	b->scopes[SCOPE_VERSION] =
		(struct scope){ distro, "versions", release->version, version };
	json_array_foreach(arches, i, value) {
		const char *arch = json_string_value(value);

		release->arch = (enum arch)machine_find_arch(arch);
		b->scopes[SCOPE_ARCH] =
			(struct scope){ distro, "arches", arch,
					json_object_get(of_arches, arch) };
		rc |= build_with_variants(b, release);
	}
	return rc;
}

/* The file that set the version; often the same as for the one before. */
static const char *file_of(struct release_builder *b, const char *version,
			   const char *before)
{
	size_t mark = cursor_enter(b->at, "versions");
	const char *file;

	cursor_enter(b->at, version);
	file = cursor_file(b->at);
	cursor_leave(b->at, mark);
	return strcmp(file, before) == 0 ? before
					 : mem_pool_copy(b->at->pool, file);
}

/* An expression of the distro's "discover", copied. */
static const char *expression_of(struct release_builder *b,
				 const json_t *distro, const char *key)
{
	const char *text = json_string_value(
		json_object_get(json_object_get(distro, "discover"), key));

	return text != NULL ? mem_pool_copy(b->at->pool, text) : NULL;
}

static int build_distro(struct release_builder *b, const char *id,
			const json_t *distro)
{
	struct mem_pool *pool = b->at->pool;
	struct release release = { .distro = mem_pool_copy(pool, id),
				   .released =
					   expression_of(b, distro, "version"),
				   .lts = expression_of(b, distro, "lts"),
				   .file = "" };
	const json_t *versions = json_object_get(distro, "versions");
	const char **ids = version_sort(distro);
	int rc = 0;

	b->patterns =
		(struct pattern_set){ .vars = b->vars, .var_count = VAR_COUNT };
	b->reported = json_object();
	b->scopes[SCOPE_DISTRO] = (struct scope){ .object = distro };
	for (size_t i = 0; ids[i] != NULL; i++) {
		release.version = store_text(&b->store, ids[i]);
		release.file = file_of(b, ids[i], release.file);
		rc |= build_version(b, &release,
				    json_object_get(versions, ids[i]));
	}
	free(ids);
	json_decref(b->reported);
	pattern_set_free(&b->patterns);
	return rc;
}

/* For value_each(). */
static int read_distro(void *ctx, const char *id, const json_t *distro)
{
	struct release_builder *b = ctx;
	int rc = distro_check(b->at, id, distro);

	if (rc == 0)
		rc = build_distro(b, id, distro);
	if (rc < 0)
		json_object_set_new(b->all->refused, id, json_true());
	return rc;
}

int release_builder_read(struct cursor *at,
			 const struct release_sources *sources,
			 struct releases *all)
{
	struct release_builder b = {
		.at = at,
		.settings = sources->settings,
		.mirrors = sources->mirrors,
		.installers = sources->installers,
		.all = all,
		.words = json_object(),
		.store = { .pool = at->pool },
		.packer = { .store = &b.store, .scratch = &b.scratch },
	};
	int rc;

	for (int i = 0; i < VAR_COUNT; i++)
		b.vars[i].name = var_names[i];
	words_add(b.words, b.settings->words);
	uri_parse(b.settings->base, &b.base_uri);
	all->refused = json_object();
	rc = value_each(at, "distros", read_distro, &b);
	release_sort(all);
	rc |= copies_check(at, b.settings->copies, all);
	mem_pool_free(&b.scratch);
	packed_free(&b.packer);
	store_free(&b.store);
	json_decref(b.words);
	return rc;
}
