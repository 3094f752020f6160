/* What boots a release, as templates get it. */
#include "view_release.h"

#include <string.h>
#include <time.h>

#include "args.h"
#include "date.h"
#include "html.h"
#include "installer.h"
#include "loader.h"
#include "mirror.h"
#include "packed.h"
#include "pages.h"
#include "words.h"

static void set(json_t *view, const char *name, const char *value)
{
	if (value != NULL)
		json_object_set_new(view, name, json_string(value));
}

/* GRUB quotes each word of a kernel itself. */
static json_t *words_view(const char *args)
{
	json_t *words = json_array();
	struct buf word = BUF_INIT;

	while (args != NULL && args_next(&args, &word)) {
		json_array_append_new(words, json_string(buf_text(&word)));
		buf_truncate(&word, 0);
	}
	buf_free(&word);
	return words;
}

/* The name under which iPXE keeps a file: the last part of its path. */
static json_t *name_of(const char *url)
{
	const char *end = url + strcspn(url, "?");
	const char *name = end;

	while (name[-1] != '/')
		name--;
	return json_stringn(name, (size_t)(end - name));
}

/* Add what the loader compares the file with before it boots. */
static void add_sum(const struct request *r, const struct mirror_files *s,
		    size_t index, json_t *view)
{
	const struct pin *pin = release_pin(s, index);

	/* Without the null, a section in an initrd finds the kernel's. */
	if (r->dialect->compares_sums && release_is_pinned(s))
		json_object_set_new(view, "sha256",
				    pin != NULL ? json_string(pin->sha256)
						: json_null());
}

/* The modules of a multiboot kernel. */
static json_t *modules_view(const struct request *r,
			    const struct mirror_files *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->initrd_count; i++) {
		const struct initrd *module = &s->initrds[i];
		json_t *view = json_pack("{s:o, s:o, s:s?, s:o}", "url",
					 page_file(r, module->url), "name",
					 json_sprintf("module%zu", i), "args",
					 module->args, "words",
					 words_view(module->args));

		add_sum(r, s, 1 + i, view);
		json_array_append_new(list, view);
	}
	return list;
}

static json_t *initrds_view(const struct request *r,
			    const struct mirror_files *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->initrd_count; i++) {
		const struct initrd *initrd = &s->initrds[i];
		json_t *view = json_pack("{s:o, s:o, s:b, s:s*}", "url",
					 page_file(r, initrd->url), "name",
					 json_sprintf("initrd%zu", i), "first",
					 i == 0, "path", initrd->path);

		if (initrd->path != NULL)
			json_object_set_new(
				view, "executable",
				json_boolean(initrd->is_executable));
		add_sum(r, s, 1 + i, view);
		json_array_append_new(list, view);
	}
	return list;
}

/* Whether the loader lets the release's shim check what it starts. */
static int uses_shim(const struct loader *l, const struct mirror_files *s)
{
	return l->dialect->uses_shim && l->machine.platform != PLATFORM_BIOS &&
	       s->shim != NULL;
}

static json_t *kernel_view(const struct request *r, const struct loader *l,
			   const struct mirror_files *s)
{
	json_t *view = json_pack(
		"{s:o, s:s*, s:o, s:o, s:b}", "url", page_file(r, s->kernel),
		"args", s->args, "words", words_view(s->args), "initrds",
		initrds_view(r, s), "initrd", s->initrd_count > 0);

	if (uses_shim(l, s))
		json_object_set_new(view, "shim", page_file(r, s->shim));
	add_sum(r, s, 0, view);
	if (r->dialect->compares_sums && release_is_pinned(s))
		json_object_set_new(view, "name", name_of(s->kernel));
	return view;
}

static json_t *multiboot_view(const struct request *r,
			      const struct mirror_files *s)
{
	json_t *view =
		json_pack("{s:o, s:s*, s:o, s:o}", "url",
			  page_file(r, s->kernel), "args", s->args, "words",
			  words_view(s->args), "files", modules_view(r, s));

	add_sum(r, s, 0, view);
	if (r->dialect->compares_sums && release_is_pinned(s))
		json_object_set_new(view, "name", name_of(s->kernel));
	return view;
}

/* memdisk is a kernel, and the image its initrd. */
static json_t *memdisk_view(const struct request *r, const struct loader *l,
			    const struct dialect_kernel *memdisk)
{
	const struct mirror_files files = {
		.kernel = memdisk->url,
		.args = memdisk->args,
		.initrds = memdisk->initrds,
		.initrd_count = memdisk->initrd_count,
	};

	return kernel_view(r, l, &files);
}

static json_t *image_view(const struct request *r, const struct mirror_files *s)
{
	const char *bios = s->image[PLATFORM_BIOS];
	const char *efi = s->image[PLATFORM_EFI];

	return json_pack("{s:o*, s:o*}", "bios_url",
			 bios != NULL ? page_file(r, bios) : NULL, "efi_url",
			 efi != NULL ? page_file(r, efi) : NULL);
}

static json_t *pxelinux_view(const struct mirror_files *s)
{
	return json_pack("{s:s, s:s, s:s}", "pathprefix", s->pathprefix,
			 "configfile", s->configfile, "loader", s->loader);
}

static json_t *chain_view(const struct request *r, const struct loader *l,
			  const struct mirror_files *s)
{
	const char *bios = s->chain[PLATFORM_BIOS];
	const char *efi = s->chain[PLATFORM_EFI];
	const char *program = loader_program(l, s);
	const int is_script = program == s->script[PLATFORM_BIOS] ||
			      program == s->script[PLATFORM_EFI];
	json_t *view = json_pack(
		"{s:o, s:o*, s:o*, s:o*}", "url", page_file(r, program),
		"bios_url", bios != NULL ? page_file(r, bios) : NULL, "efi_url",
		efi != NULL ? page_file(r, efi) : NULL, "script_url",
		is_script ? page_file(r, program) : NULL);

	if (s->kernel != NULL || is_script)
		return view;
	if (s->args != NULL)
		json_object_set_new(view, "args", json_string(s->args));
	if (uses_shim(l, s) && program == efi)
		json_object_set_new(view, "shim", page_file(r, s->shim));
	return view;
}

/* What the loader starts from one mirror's files; for people, all that there
 * is. */
static void add_method(const struct request *r, const struct loader *l,
		       const struct release *release,
		       const struct mirror_files *s, json_t *view)
{
	const int is_all = dialect_is_for_people(l->dialect);
	const enum boot_method method = loader_method(l, release, s);

	if (is_all ? s->loader != NULL : method == BOOT_PXELINUX)
		json_object_set_new(view, "pxelinux", pxelinux_view(s));
	if (is_all ? s->kernel != NULL && !s->is_multiboot
		   : method == BOOT_KERNEL)
		json_object_set_new(view, "kernel", kernel_view(r, l, s));
	if (is_all ? s->is_multiboot : method == BOOT_MULTIBOOT)
		json_object_set_new(view, "multiboot", multiboot_view(r, s));
	if (method == BOOT_MEMDISK && !is_all)
		json_object_set_new(view, "kernel",
				    memdisk_view(r, l, s->memdisk));
	if (is_all ? s->image[PLATFORM_BIOS] != NULL ||
			     s->image[PLATFORM_EFI] != NULL
		   : method == BOOT_IMAGE)
		json_object_set_new(view, "image", image_view(r, s));
	if (is_all ? loader_program(l, s) != NULL : method == BOOT_CHAIN)
		json_object_set_new(view, "chain", chain_view(r, l, s));
}

/* One mirror of the list; next: the index of the one to go on with. */
static json_t *mirror_view(const struct request *r, const struct loader *l,
			   const struct release *release, size_t i, size_t next)
{
	const struct mirror_files *s = &release->mirrors[i];
	const char *name = l->machine.platform != MACHINE_UNKNOWN
				   ? machine_platform_name(l->machine.platform)
				   : "";
	json_t *view =
		json_pack("{s:s*, s:o, s:o, s:I, s:I}", "mirror", s->mirror,
			  "label", json_sprintf("%s%zu", name, i + 1), "next",
			  next < release->mirror_count
				  ? json_sprintf("%s%zu", name, next + 1)
				  : json_string("failed"),
			  "number", (json_int_t)i + 1, "count",
			  (json_int_t)release->mirror_count);

	add_method(r, l, release, s, view);
	return view;
}

/* The mirrors that the loader tries, in order; for people, every mirror. */
static json_t *mirrors_view(const struct request *r, const struct loader *l,
			    const struct release *release)
{
	const int is_all = dialect_is_for_people(l->dialect);
	size_t i = is_all ? 0 : loader_next_mirror(l, release, 0);
	json_t *list = json_array();

	while (i < release->mirror_count) {
		size_t next =
			is_all ? i + 1 : loader_next_mirror(l, release, i + 1);
		json_t *view = mirror_view(r, l, release, i, next);

		json_object_set_new(view, "first",
				    json_boolean(json_array_size(list) == 0));
		json_array_append_new(list, view);
		i = next;
	}
	return list;
}

json_t *view_release_on(const struct request *r, const struct release *release,
			int platform)
{
	const struct loader loader = page_loader(r, platform);
	const char *reason = loader_refusal(&loader, release);
	struct mem_pool pool = MEM_POOL_INIT;
	struct release whole = *release;
	json_t *view = json_object();

	set(view, "refused", reason);
	if (release_names_files(&release->mirrors[0]))
		json_object_set_new(view, "names_files", json_true());
	if (reason == NULL || dialect_is_for_people(r->dialect)) {
		whole.mirrors = packed_open(release, &pool);
		json_object_set_new(view, "mirrors",
				    mirrors_view(r, &loader, &whole));
	}
	mem_pool_free(&pool);
	return view;
}

/* Which mirrors the loader takes, and why not the others. */
static void note_mirrors(const struct request *r, const struct release *release)
{
	const struct loader loader = page_loader(r, r->machine.platform);
	const char *reason = loader_refusal(&loader, release);

	for (size_t i = 0; i < release->mirror_count; i++) {
		const struct mirror_files *s = &release->mirrors[i];
		const char *why = loader_refuses_files(&loader, s);

		if (s->mirror != NULL)
			page_note(r, "mirror %zu: %s%s%s", i + 1, s->mirror,
				  why != NULL ? ", left out: it " : "",
				  why != NULL ? why : "");
	}
	if (r->dialect->tries_mirrors)
		return;
	if (reason != NULL)
		page_note(r, "refused: it %s", reason);
	else
		page_note(r,
			  "taken: mirror %zu, the first that this loader can "
			  "use%s",
			  loader_next_mirror(&loader, release, 0) + 1,
			  r->dialect->ends_at_failure
				  ? "; if it fails, there is no way back to "
				    "the menu"
				  : "");
}

/* Whose signature there is, and what Secure Boot makes of it. */
static void note_signature(const struct request *r,
			   const struct release *release)
{
	const struct settings *settings = catalog_settings(r->catalog);
	const struct loader loader = page_loader(r, r->machine.platform);
	const char *reason = loader_distrusts(&loader, settings, release);

	if (release->signed_by != NULL)
		page_note(r, "signed by: %s", release->signed_by);
	if (reason != NULL)
		page_note(r, "left out where Secure Boot is on: it %s", reason);
}

static void note_pin(const struct request *r, const char *file,
		     const struct pin *pin)
{
	const long long seconds = (long long)time(NULL) - date_parse(pin->date);

	page_note(r, "pin of the %s: %s, by a list signed %s, %lld days ago%s",
		  file, pin->sha256, pin->date, seconds / (24 * 60 * 60),
		  r->dialect->compares_sums ? "" : "; not compared");
}

/* The pins of the first mirror: those of the others are the same. */
static void note_pins(const struct request *r, const struct release *release)
{
	const struct mirror_files *s = &release->mirrors[0];

	for (size_t i = 0; s->kernel != NULL && i <= s->initrd_count; i++)
		if (release_pin(s, i) != NULL)
			note_pin(r, i == 0 ? "kernel" : "initrd",
				 release_pin(s, i));
}

void view_note_mirror(const struct request *r, const struct release *release)
{
	if (release->mirror != NULL)
		page_note(r, "mirrors: %s: /mirrors/%s", release->mirror->file,
			  release->mirror->id);
}

void view_note_release(const struct request *r, const struct release *release)
{
	page_note(r, "release: %s: /distros/%s/versions/%s", release->file,
		  release->distro, release->version);
	if (release->variant != NULL)
		page_note(r, "variant: %s", release->variant);
	page_note(r, "architecture: %s, the distro's name for it: %s",
		  machine_arch_name((int)release->arch), release->distro_arch);
	view_note_mirror(r, release);
}

/* What its arguments say for the site and the machine, and what not. */
static void note_words(const struct request *r, const struct release *release)
{
	static const char *const notes[] = {
		[WORD_WRITTEN] = "written into the kernel arguments",
		[WORD_OWN] = "left out, the release's own arguments say it",
		[WORD_NOTHING] = "left out, this installer takes it only with "
				 "other settings",
		[WORD_UNKNOWN] = "no word known for this installer",
	};
	enum word_outcome outcomes[WORD_COUNT];
	struct mem_pool pool = MEM_POOL_INIT;
	json_t *all = json_object();

	words_add(all, release->words);
	installer_write(release->mirrors[0].kernel != NULL ? release->installer
							   : NULL,
			all, release->mirrors[0].own_args, &pool, outcomes);
	for (size_t i = 0; i < WORD_COUNT; i++)
		if (outcomes[i] != WORD_UNSET)
			page_note(r, "%s: %s", installer_words[i],
				  notes[outcomes[i]]);
	json_decref(all);
	mem_pool_free(&pool);
}

/* How the release is started. */
static void note_start(const struct request *r, const struct release *release)
{
	struct mem_pool pool = MEM_POOL_INIT;
	struct release whole = *release;

	if (r->notes == NULL)
		return;
	whole.mirrors = packed_open(release, &pool);
	note_mirrors(r, &whole);
	note_words(r, &whole);
	note_signature(r, &whole);
	note_pins(r, &whole);
	mem_pool_free(&pool);
	if (!r->dialect->knows_machine ||
	    r->machine.platform != MACHINE_UNKNOWN)
		return;
	for (int i = 0; i < PLATFORM_COUNT; i++) {
		const struct loader loader = page_loader(r, i);
		const char *reason = loader_refusal(&loader, release);

		page_note(r, "%s: %s", machine_platform_name(i),
			  reason != NULL ? reason : "can start it");
	}
}

json_t *view_release(const struct request *r, const struct release *release)
{
	const struct link back = { .page = &page_boot,
				   .menu = page_main_menu(r) };
	const struct link install = { .page = &page_fromthemirror,
				      .release = release };
	const struct link message = { .page = &page_fromthemirror,
				      .dialect = r->dialect->menus,
				      .release = release };
	const struct loader loader = page_loader(r, r->machine.platform);
	json_t *view = view_release_on(r, release, r->machine.platform);

	view_note_release(r, release);
	note_start(r, release);
	set(view, "title", release->title);
	set(view, "distro", release->distro);
	set(view, "version", release->version);
	set(view, "arch", machine_arch_name((int)release->arch));
	set(view, "variant", release->variant);
	set(view, "untrusted",
	    loader_distrusts(&loader, catalog_settings(r->catalog), release));
	set(view, "loader_arch",
	    r->dialect->has_grub_cpu ? machine_grub_cpu(release->arch)
				     : machine_buildarch(release->arch));
	set(view, "vesamenu", catalog_settings(r->catalog)->vesamenu);
	json_object_update_new(
		view,
		json_pack("{s:b, s:b, s:o?, s:o?, s:o?, s:o, s:o}", "amd64",
			  release->arch == ARCH_AMD64, "i386",
			  release->arch == ARCH_I386, "menu",
			  page_url(r, &back), "install", page_url(r, &install),
			  "message", page_url(r, &message), "bios",
			  view_release_on(r, release, PLATFORM_BIOS), "efi",
			  view_release_on(r, release, PLATFORM_EFI)));
	if (dialect_is_for_people(r->dialect))
		html_add_release(r, release, view);
	return view;
}
