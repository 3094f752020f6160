#include "view.h"

#include <string.h>

#include "html.h"
#include "loader.h"
#include "pages.h"
#include "uri.h"

static void set(json_t *view, const char *name, const char *value)
{
	if (value != NULL)
		json_object_set_new(view, name, json_string(value));
}

/* The client's loader, on that platform; MACHINE_UNKNOWN: on either. */
static struct loader loader_on(const struct request *r, int platform)
{
	return (struct loader){
		.dialect = r->dialect,
		.machine = { platform, r->machine.arch },
		.modules = catalog_settings(r->catalog)->modules,
	};
}

/* GRUB quotes each word by itself. */
static json_t *words_view(const char *args)
{
	json_t *words = json_array();

	while (args != NULL && *args != '\0') {
		size_t len = strcspn(args, " ");

		json_array_append_new(words, json_stringn(args, len));
		args += len + (args[len] == ' ');
	}
	return words;
}

static json_t *initrds_view(const struct request *r,
			    const struct mirror_files *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->initrd_count; i++)
		json_array_append_new(
			list, json_pack("{s:o, s:o, s:b}", "url",
					page_file(r, s->initrds[i]), "name",
					json_sprintf("initrd%zu", i), "first",
					i == 0));
	return list;
}

static json_t *kernel_view(const struct request *r,
			   const struct mirror_files *s)
{
	return json_pack("{s:o, s:s*, s:o, s:o, s:b}", "url",
			 page_file(r, s->kernel), "args", s->args, "words",
			 words_view(s->args), "initrds", initrds_view(r, s),
			 "initrd", s->initrd_count > 0);
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

	return json_pack("{s:o, s:o*, s:o*}", "url",
			 page_file(r, loader_program(l, s)), "bios_url",
			 bios != NULL ? page_file(r, bios) : NULL, "efi_url",
			 efi != NULL ? page_file(r, efi) : NULL);
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
	if (is_all ? s->kernel != NULL : method == BOOT_KERNEL)
		json_object_set_new(view, "kernel", kernel_view(r, s));
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

/* On that platform, the mirrors that are tried or why there are none; for
 * people, both. */
static json_t *platform_view(const struct request *r,
			     const struct release *release, int platform)
{
	const struct loader loader = loader_on(r, platform);
	const char *reason = loader_refusal(&loader, release);
	json_t *view = json_object();

	set(view, "refused", reason);
	if (reason == NULL || dialect_is_for_people(r->dialect))
		json_object_set_new(view, "mirrors",
				    mirrors_view(r, &loader, release));
	return view;
}

/* ${buildarch} of an iPXE, and GRUB's $grub_cpu, for the architecture. */
static const char *loader_arch(enum arch arch)
{
	switch (arch) {
	case ARCH_I386:
		return "i386";
	case ARCH_AMD64:
		return "x86_64";
	case ARCH_ARM64:
	case ARCH_COUNT:
		break;
	}
	return "arm64";
}

/* Which mirrors the loader takes, and why not the others. */
static void note_mirrors(const struct request *r, const struct release *release)
{
	const struct loader loader = loader_on(r, r->machine.platform);
	const char *reason = loader_refusal(&loader, release);

	for (size_t i = 0; i < release->mirror_count; i++) {
		const struct mirror_files *s = &release->mirrors[i];
		const char *why = loader_unreachable(&loader, s);

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
			  "use",
			  loader_next_mirror(&loader, release, 0) + 1);
}

static void note_release(const struct request *r, const struct release *release)
{
	page_note(r, "release: %s: /distros/%s/versions/%s", release->file,
		  release->distro, release->version);
	if (release->variant != NULL)
		page_note(r, "variant: %s", release->variant);
	page_note(r, "architecture: %s, the distro's word for it: %s",
		  machine_arch_name((int)release->arch), release->word);
	note_mirrors(r, release);
	if (!r->dialect->knows_machine ||
	    r->machine.platform != MACHINE_UNKNOWN)
		return;
	for (int i = 0; i < PLATFORM_COUNT; i++) {
		const struct loader loader = loader_on(r, i);
		const char *reason = loader_refusal(&loader, release);

		page_note(r, "%s: %s", machine_platform_name(i),
			  reason != NULL ? reason : "can start it");
	}
}

json_t *view_release(const struct request *r, const struct release *release)
{
	const struct link back = { .page = &page_boot };
	const struct link install = { .page = &page_fromthemirror,
				      .release = release };
	const struct link message = { .page = &page_fromthemirror,
				      .dialect = r->dialect->menus,
				      .release = release };
	json_t *view = platform_view(r, release, r->machine.platform);

	note_release(r, release);
	set(view, "title", release->title);
	set(view, "distro", release->distro);
	set(view, "version", release->version);
	set(view, "arch", machine_arch_name((int)release->arch));
	set(view, "variant", release->variant);
	set(view, "loader_arch", loader_arch(release->arch));
	set(view, "vesamenu", catalog_settings(r->catalog)->vesamenu);
	json_object_update_new(
		view,
		json_pack("{s:b, s:b, s:o, s:o, s:o, s:o, s:o}", "amd64",
			  release->arch == ARCH_AMD64, "i386",
			  release->arch == ARCH_I386, "menu",
			  page_url(r, &back), "install", page_url(r, &install),
			  "message", page_url(r, &message), "bios",
			  platform_view(r, release, PLATFORM_BIOS), "efi",
			  platform_view(r, release, PLATFORM_EFI)));
	if (dialect_is_for_people(r->dialect))
		html_add_release(r, release, view);
	return view;
}

/* The page of a menu's text, for any machine where the loader says itself
 * which one it is. */
static json_t *menu_url(const struct request *r, const struct menu *menu)
{
	const struct machine any = { MACHINE_UNKNOWN, MACHINE_UNKNOWN };
	const struct link link = {
		.page = &page_menu,
		.name = menu != catalog_menu(r->catalog, NULL) ? menu->id
							       : NULL,
		.machine = r->dialect->knows_machine ? &any : NULL,
	};

	return page_url(r, &link);
}

/* What opens an entry that is a page of its own. */
static json_t *entry_url(const struct request *r,
			 const struct menu_entry *entry)
{
	const int by_script = r->dialect->opens_by_script;
	struct link link = { .page = &page_boot };

	switch (entry->kind) {
	case ENTRY_HEADING:
	case ENTRY_SHELL:
		return NULL;
	case ENTRY_RELEASE:
		link.page = &page_fromthemirror;
		link.release = entry->release;
		break;
	case ENTRY_MENU:
		if (!by_script)
			link.page = &page_menu;
		*(by_script ? &link.menu : &link.name) = entry->menu->id;
		break;
	case ENTRY_CUSTOMER:
		link.page = &page_customermenu;
		break;
	case ENTRY_LOCAL:
		link.menu = "local";
		break;
	}
	return page_url(r, &link);
}

static int has_something(const struct request *r, const struct menu *menu);

/* Why the entry is not offered; NULL if it is. */
static const char *hidden_reason(const struct request *r,
				 const struct menu_entry *entry)
{
	const struct loader loader = loader_on(r, r->machine.platform);

	if (entry->kind == ENTRY_SHELL && !r->dialect->has_shell)
		return "is a command line of iPXE";
	if (entry->kind == ENTRY_RELEASE)
		return loader_refusal(&loader, entry->release);
	if (entry->kind == ENTRY_MENU && !has_something(r, entry->menu))
		return "has nothing for this machine";
	return NULL;
}

/* Whether the menu, or one below it, offers the machine anything. */
static int has_something(const struct request *r, const struct menu *menu)
{
	for (size_t i = 0; i < menu->count; i++)
		if (menu->entries[i].kind != ENTRY_HEADING &&
		    hidden_reason(r, &menu->entries[i]) == NULL)
			return 1;
	return 0;
}

/* Whether the client may know of the entry. */
static int is_visible(const struct request *r, const struct menu_entry *entry)
{
	return entry->menu == NULL ||
	       catalog_may_see(r->catalog, entry->menu, r->client);
}

static const char *kind_name(enum entry_kind kind)
{
	switch (kind) {
	case ENTRY_HEADING:
		return "heading";
	case ENTRY_RELEASE:
		return "release";
	case ENTRY_MENU:
	case ENTRY_CUSTOMER:
		return "submenu";
	case ENTRY_LOCAL:
		return "local";
	case ENTRY_SHELL:
		break;
	}
	return "shell";
}

static json_t *entry_view(const struct request *r, const struct menu *menu,
			  const struct menu_entry *entry)
{
	const char *chosen = menu->default_id;
	json_t *view = json_pack(
		"{s:s, s:s, s:b, s:b, s:o*}", "id", entry->id, "title",
		entry->title, kind_name(entry->kind), 1, "default",
		chosen != NULL && strcmp(chosen, entry->id) == 0, "url",
		entry_url(r, entry));

	if (entry->hotkey != '\0') {
		char c = entry->hotkey;

		json_object_set_new(view, "hotkey", json_stringn(&c, 1));
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		json_object_set_new(view, "key", json_stringn(&c, 1));
	}
	if (entry->kind == ENTRY_RELEASE && !r->dialect->has_scripts)
		json_object_update_new(
			view,
			platform_view(r, entry->release, r->machine.platform));
	return view;
}

/* The entry that boots by itself: the menu's default, else the first that is
 * offered. */
static const struct menu_entry *default_entry(const struct request *r,
					      const struct menu *menu)
{
	const struct menu_entry *first = NULL;

	for (size_t i = 0; i < menu->count; i++) {
		const struct menu_entry *entry = &menu->entries[i];

		if (entry->kind == ENTRY_HEADING || !is_visible(r, entry) ||
		    hidden_reason(r, entry) != NULL)
			continue;
		if (menu->default_id != NULL &&
		    strcmp(menu->default_id, entry->id) == 0)
			return entry;
		if (first == NULL)
			first = entry;
	}
	return first;
}

static void add_timeout(json_t *view, unsigned seconds)
{
	json_int_t s = (json_int_t)seconds;

	if (seconds > 0)
		json_object_set_new(view, "timeout",
				    json_pack("{s:I, s:I, s:I}", "seconds", s,
					      "tenths", s * 10, "milliseconds",
					      s * 1000));
}

/* Where Back leads: to the parent; to the main menu where there is none that
 * the client may see; from the main menu itself, nowhere. */
static json_t *back_url(const struct request *r, const struct menu *menu)
{
	const struct menu *top = catalog_menu(r->catalog, NULL);
	const int by_script = r->dialect->opens_by_script;
	struct link link = { .page = by_script ? &page_boot : &page_menu };

	if (menu == top)
		return NULL;
	if (menu->parent != NULL && menu->parent != top &&
	    catalog_may_see(r->catalog, menu->parent, r->client))
		*(by_script ? &link.menu : &link.name) = menu->parent->id;
	return page_url(r, &link);
}

/* Add the entry to hidden, with the reason. */
static void hide(const struct request *r, const struct menu_entry *entry,
		 const char *reason, json_t *hidden)
{
	page_note(r, "left out: %s: it %s", entry->id, reason);
	json_array_append_new(hidden,
			      json_pack("{s:s, s:s}", "title", entry->title,
					"reason", reason));
}

/* Add what is offered to entries, the rest to hidden.  A heading is shown
 * when something below it is. */
static void sort_entries(const struct request *r, const struct menu *menu,
			 json_t *entries, json_t *hidden)
{
	const struct menu_entry *heading = NULL;

	for (size_t i = 0; i < menu->count; i++) {
		const struct menu_entry *entry = &menu->entries[i];
		const char *reason = hidden_reason(r, entry);

		if (entry->kind == ENTRY_HEADING) {
			heading = entry;
			continue;
		}
		if (!is_visible(r, entry))
			continue; /* not a word of it */
		if (reason != NULL) {
			hide(r, entry, reason, hidden);
			continue;
		}
		if (heading != NULL)
			json_array_append_new(entries,
					      entry_view(r, menu, heading));
		heading = NULL;
		json_array_append_new(entries, entry_view(r, menu, entry));
	}
}

/* The picture behind the menu; for GRUB one that it can fetch, or none. */
static json_t *background_view(const struct request *r)
{
	const char *background = catalog_settings(r->catalog)->background;
	struct uri uri;

	if (background == NULL)
		return NULL;
	if (r->dialect->refuses_port != NULL &&
	    (uri_parse(background, &uri) != NULL || !uri_is_plain(&uri)))
		return NULL;
	return page_file(r, background);
}

json_t *view_menu(const struct request *r, const struct menu *menu)
{
	const struct settings *settings = catalog_settings(r->catalog);
	const struct menu_entry *chosen = default_entry(r, menu);
	json_t *entries = json_array();
	json_t *hidden = json_array();
	json_t *view;

	page_note(r, "menu: %s: /menus/%s", menu->file, menu->id);
	sort_entries(r, menu, entries, hidden);
	view = json_pack("{s:s, s:o, s:s, s:o*, s:o, s:o, s:o*, s:s*}", "title",
			 menu->title, "menu", menu_url(r, menu), "vesamenu",
			 settings->vesamenu, "background", background_view(r),
			 "entries", entries, "hidden", hidden, "back",
			 back_url(r, menu), "chosen",
			 chosen != NULL ? chosen->id : NULL);
	add_timeout(view, menu->timeout);
	if (json_object_get(view, "back") != NULL &&
	    !menu_has_key(menu, MENU_BACK_KEY))
		json_object_set_new(view, "back_key",
				    json_sprintf("%c", MENU_BACK_KEY));
	if (r->machine.platform != MACHINE_UNKNOWN)
		set(view, "modules", settings->syslinux[r->machine.platform]);
	if (dialect_is_for_people(r->dialect))
		html_add_menu(r, menu, view);
	return view;
}
