#include "view.h"

#include <string.h>

#include "html.h"
#include "uri.h"

static void set(json_t *view, const char *name, const char *value)
{
	if (value != NULL)
		json_object_set_new(view, name, json_string(value));
}

/* How a machine starts from a source. */
enum way { WAY_NONE, WAY_PXELINUX, WAY_KERNEL, WAY_CHAIN };

/* Whether every URL that starts the kernel, or else the program for EFI, has
 * what a loader's client needs. */
static int all_urls(const struct request *r, const struct source *s,
		    int (*has)(const struct request *r, const struct uri *uri))
{
	struct uri uri;

	if (s->kernel == NULL)
		return s->chain[PLATFORM_EFI] == NULL ||
		       uri_parse(s->chain[PLATFORM_EFI], &uri) != NULL ||
		       has(r, &uri);
	if (uri_parse(s->kernel, &uri) == NULL && !has(r, &uri))
		return 0;
	for (size_t i = 0; i < s->initrd_count; i++)
		if (uri_parse(s->initrds[i], &uri) == NULL && !has(r, &uri))
			return 0;
	return 1;
}

/* GRUB 2.06 takes "host:8080" for a host's name (grub-core/net/net.c). */
static int is_port_80(const struct request *r, const struct uri *uri)
{
	(void)r;
	return uri->port == 80;
}

/*
 * syslinux.efi 6.04 resolves nothing, not even an address in digits: it asks
 * the DHCP next-server for every URL (efi/pxe.c, dns_resolv).  That is the
 * site's own host.
 */
static int is_on_site_host(const struct request *r, const struct uri *uri)
{
	size_t len = strcspn(uri->host, ":/");
	struct uri base;

	if (uri_parse(catalog_settings(r->catalog)->base, &base) != NULL)
		return 1;
	return strcspn(base.host, ":/") == len &&
	       memcmp(uri->host, base.host, len) == 0;
}

/* What the source needs that the dialect's loaders lack; NULL if nothing.
 * iPXE may have TLS: where it has not, it goes on with the next mirror. */
static const char *unreached(const struct request *r, const struct source *s,
			     int platform)
{
	const struct dialect *d = r->dialect;

	if (d == &dialect_ipxe || d == &dialect_html)
		return NULL;
	if (s->is_https)
		return "needs https, which this loader does not have";
	if (d == &dialect_grub && !all_urls(r, s, is_port_80))
		return "needs a port other than 80, the only one that GRUB "
		       "2.06 knows";
	if (d == &dialect_syslinux && platform == PLATFORM_EFI &&
	    !all_urls(r, s, is_on_site_host))
		return "needs another server than this site's, and "
		       "syslinux.efi asks no other";
	return NULL;
}

/* A tree's own configuration runs the tree's own modules, so a SYSLINUX that
 * is running already can be sent there only if it is of that version. */
static int has_same_modules(const struct request *r,
			    const struct release *release)
{
	const char *own = catalog_settings(r->catalog)->modules;

	return own != NULL && release->modules != NULL &&
	       strcmp(own, release->modules) == 0;
}

/* The program to chain; GRUB can chain those for EFI alone. */
static const char *chain_of(const struct request *r, const struct source *s,
			    int platform)
{
	if (r->dialect == &dialect_grub)
		return s->chain[PLATFORM_EFI];
	if (platform != MACHINE_UNKNOWN)
		return s->chain[platform];
	return s->chain[PLATFORM_BIOS] != NULL ? s->chain[PLATFORM_BIOS]
					       : s->chain[PLATFORM_EFI];
}

/* How the answer's dialect starts the source on that platform, MACHINE_UNKNOWN
 * for either.  BIOS prefers the mirror's own PXELinux. */
static enum way way_of(const struct request *r, const struct release *release,
		       const struct source *s, int platform)
{
	const struct dialect *d = r->dialect;
	int is_pxelinux = s->loader != NULL && platform != PLATFORM_EFI &&
			  release->arch != ARCH_ARM64;

	if (unreached(r, s, platform) != NULL)
		return WAY_NONE;
	if (d == &dialect_syslinux) {
		if (is_pxelinux && platform == PLATFORM_BIOS &&
		    has_same_modules(r, release))
			return WAY_PXELINUX;
		return s->kernel != NULL ? WAY_KERNEL : WAY_NONE;
	}
	if (is_pxelinux && d != &dialect_grub)
		return WAY_PXELINUX;
	if (s->kernel != NULL)
		return WAY_KERNEL;
	return chain_of(r, s, platform) != NULL ? WAY_CHAIN : WAY_NONE;
}

/* The first source from the given one on that can be started; source_count
 * when there is none. */
static size_t next_source(const struct request *r,
			  const struct release *release, size_t from,
			  int platform)
{
	while (from < release->source_count &&
	       way_of(r, release, &release->sources[from], platform) ==
		       WAY_NONE)
		from++;
	return from;
}

/* Why the client cannot start the release on that platform; NULL if it
 * can. */
static const char *refusal(const struct request *r,
			   const struct release *release, int platform)
{
	const struct machine machine = { platform, r->machine.arch };
	const char *reason = release_refusal(release, &machine);

	if (reason != NULL ||
	    next_source(r, release, 0, platform) < release->source_count)
		return reason;
	for (size_t i = 0; i < release->source_count; i++)
		if (unreached(r, &release->sources[i], platform) == NULL)
			return "has nothing that this loader can start";
	return unreached(r, &release->sources[0], platform);
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

static json_t *initrds_view(const struct request *r, const struct source *s)
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

static json_t *kernel_view(const struct request *r, const struct source *s)
{
	return json_pack("{s:o, s:s*, s:o, s:o, s:b}", "url",
			 page_file(r, s->kernel), "args", s->args, "words",
			 words_view(s->args), "initrds", initrds_view(r, s),
			 "initrd", s->initrd_count > 0);
}

/* What is fetched from one source. */
static json_t *source_view(const struct request *r,
			   const struct release *release,
			   const struct source *s, int platform)
{
	json_t *view = json_object();

	set(view, "mirror", s->mirror);
	switch (way_of(r, release, s, platform)) {
	case WAY_NONE:
		break;
	case WAY_PXELINUX:
		json_object_set_new(view, "pxelinux",
				    json_pack("{s:s, s:s, s:s}", "pathprefix",
					      s->pathprefix, "configfile",
					      s->configfile, "loader",
					      s->loader));
		break;
	case WAY_KERNEL:
		json_object_set_new(view, "kernel", kernel_view(r, s));
		break;
	case WAY_CHAIN:
		json_object_set_new(view, "chain",
				    page_file(r, chain_of(r, s, platform)));
		break;
	}
	return view;
}

/* What is tried on a platform, in order: each knows its own label in a
 * script, and the one to go to when it fails. */
static json_t *attempts_view(const struct request *r,
			     const struct release *release, int platform)
{
	const char *name = platform != MACHINE_UNKNOWN
				   ? machine_platform_name(platform)
				   : "";
	size_t total = release->source_count;
	size_t i = next_source(r, release, 0, platform);
	json_t *list = json_array();

	while (i < total) {
		size_t next = next_source(r, release, i + 1, platform);
		json_t *view =
			source_view(r, release, &release->sources[i], platform);

		json_object_set_new(view, "label",
				    json_sprintf("%s%zu", name, i + 1));
		json_object_set_new(
			view, "next",
			next < total ? json_sprintf("%s%zu", name, next + 1)
				     : json_string("failed"));
		json_object_set_new(view, "number",
				    json_integer((json_int_t)i + 1));
		json_object_set_new(view, "count",
				    json_integer((json_int_t)total));
		json_array_append_new(list, view);
		i = next;
	}
	return list;
}

/* A platform's part of a script that runs on either: what is tried, or why
 * nothing is. */
static json_t *platform_view(const struct request *r,
			     const struct release *release, int platform)
{
	const char *reason = refusal(r, release, platform);
	json_t *view = json_object();

	set(view, "refused", reason);
	if (reason == NULL)
		json_object_set_new(view, "attempts",
				    attempts_view(r, release, platform));
	page_note(r, "%s: %s", machine_platform_name(platform),
		  reason != NULL ? reason : "can start it");
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

static void note_release(const struct request *r, const struct release *release)
{
	page_note(r, "release: %s: /distros/%s/versions/%s", release->file,
		  release->distro, release->version);
	if (release->variant != NULL)
		page_note(r, "variant: %s", release->variant);
	page_note(r, "architecture: %s, the distro's word for it: %s",
		  machine_arch_name((int)release->arch), release->word);
	for (size_t i = 0; i < release->source_count; i++) {
		const struct source *s = &release->sources[i];
		const char *reason = unreached(r, s, r->machine.platform);

		if (s->mirror != NULL)
			page_note(r, "mirror %zu: %s%s%s", i + 1, s->mirror,
				  reason != NULL ? ", left out: it " : "",
				  reason != NULL ? reason : "");
	}
}

/* The first usable source, for loaders that cannot go on with the next. */
static void add_first(const struct request *r, const struct release *release,
		      json_t *view)
{
	int platform = r->machine.platform;
	const char *reason = refusal(r, release, platform);
	size_t first = next_source(r, release, 0, platform);
	json_t *source;

	if (reason != NULL) {
		page_note(r, "refused: it %s", reason);
		set(view, "refused", reason);
		return;
	}
	page_note(r, "taken: mirror %zu, the first that this loader can use",
		  first + 1);
	source = source_view(r, release, &release->sources[first], platform);
	json_object_update(view, source);
	json_decref(source);
}

/* gPXE has no way to wait, so what it prints is gone when the menu comes
 * back: there the reason is shown by the menu program. */
static void add_message(const struct request *r, const struct release *release,
			json_t *view)
{
	const struct link install = { .page = "fromthemirror",
				      .release = release };
	const struct link message = { .page = "fromthemirror",
				      .dialect = &dialect_pxelinux,
				      .release = release };

	set(view, "vesamenu", catalog_settings(r->catalog)->vesamenu);
	json_object_set_new(view, "install", page_url(r, &install));
	json_object_set_new(view, "message", page_url(r, &message));
}

json_t *view_release(const struct request *r, const struct release *release)
{
	const struct link back = { .page = "boot" };
	json_t *view = json_pack("{s:s, s:o, s:s, s:b, s:b}", "title",
				 release->title, "menu", page_url(r, &back),
				 "loader_arch", loader_arch(release->arch),
				 "amd64", release->arch == ARCH_AMD64, "i386",
				 release->arch == ARCH_I386);

	note_release(r, release);
	if (r->dialect == &dialect_ipxe) {
		json_object_set_new(view, "bios",
				    platform_view(r, release, PLATFORM_BIOS));
		json_object_set_new(view, "efi",
				    platform_view(r, release, PLATFORM_EFI));
	} else if (r->dialect == &dialect_grub) {
		set(view, "refused", refusal(r, release, MACHINE_UNKNOWN));
		json_object_set_new(view, "attempts",
				    attempts_view(r, release, MACHINE_UNKNOWN));
	} else if (r->dialect == &dialect_html) {
		html_add_release(r, release, view);
	} else {
		add_first(r, release, view);
		add_message(r, release, view);
	}
	return view;
}

json_t *view_open(const struct request *r, const struct menu *menu)
{
	const struct machine unknown = { MACHINE_UNKNOWN, MACHINE_UNKNOWN };
	const struct link link = {
		.page = "menu",
		.name = menu != catalog_menu(r->catalog, NULL) ? menu->id
							       : NULL,
		/* Scripts that can find out the machine say it themselves. */
		.machine = r->dialect != &dialect_gpxe ? &unknown : NULL,
	};

	page_note(r, "menu: %s: /menus/%s", menu->file, menu->id);
	return json_pack("{s:s, s:o}", "vesamenu",
			 catalog_settings(r->catalog)->vesamenu, "menu",
			 page_url(r, &link));
}

/* What opens an entry that is a page of its own. */
static json_t *entry_url(const struct request *r,
			 const struct menu_entry *entry)
{
	const int opens = r->dialect != &dialect_pxelinux;
	struct link link = { .page = "boot" };

	switch (entry->kind) {
	case ENTRY_HEADING:
	case ENTRY_SHELL:
		return NULL;
	case ENTRY_RELEASE:
		link.page = "fromthemirror";
		link.release = entry->release;
		break;
	case ENTRY_MENU:
		if (opens)
			link.page = "menu";
		*(opens ? &link.name : &link.menu) = entry->menu->id;
		break;
	case ENTRY_CUSTOMER:
		link.page = "customermenu";
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
	if (entry->kind == ENTRY_SHELL && r->dialect != &dialect_ipxe)
		return "is a command line of iPXE";
	if (entry->kind == ENTRY_RELEASE)
		return refusal(r, entry->release, r->machine.platform);
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
	if (entry->kind == ENTRY_RELEASE && r->dialect == &dialect_syslinux)
		add_first(r, entry->release, view);
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
	const int scripted = r->dialect == &dialect_pxelinux;
	struct link link = { .page = scripted ? "boot" : "menu" };

	if (menu == top)
		return NULL;
	if (menu->parent != NULL && menu->parent != top &&
	    catalog_may_see(r->catalog, menu->parent, r->client))
		*(scripted ? &link.menu : &link.name) = menu->parent->id;
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
	if (r->dialect == &dialect_grub &&
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
	view = json_pack("{s:s, s:o*, s:o, s:o, s:o*, s:s*}", "title",
			 menu->title, "background", background_view(r),
			 "entries", entries, "hidden", hidden, "back",
			 back_url(r, menu), "chosen",
			 chosen != NULL ? chosen->id : NULL);
	add_timeout(view, menu->timeout);
	if (json_object_get(view, "back") != NULL &&
	    !menu_has_key(menu, MENU_BACK_KEY))
		json_object_set_new(view, "back_key",
				    json_sprintf("%c", MENU_BACK_KEY));
	if (r->dialect == &dialect_syslinux &&
	    r->machine.platform != MACHINE_UNKNOWN)
		set(view, "modules", settings->syslinux[r->machine.platform]);
	if (r->dialect == &dialect_html)
		html_add_menu(r, menu, view);
	return view;
}
