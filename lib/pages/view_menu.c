/* A menu, as templates get it. */
#include "view_menu.h"

#include <string.h>

#include "html.h"
#include "pages.h"
#include "view_release.h"

/* The page of a menu's text, for any machine where the loader says itself
 * which one it is. */
static struct link menu_link(const struct request *r, const struct menu *menu)
{
	static const struct machine any = { MACHINE_UNKNOWN, MACHINE_UNKNOWN };

	return (struct link){
		.page = &page_menu,
		.name = menu != catalog_menu(r->catalog, NULL) ? menu->id
							       : NULL,
		.path = r->path,
		.machine = r->dialect->knows_machine ? &any : NULL,
		.asks_machine = r->dialect->knows_machine,
		.problem = r->problem,
	};
}

/* What opens an entry that is a page of its own.  Its page is NULL for any
 * other entry. */
static struct link entry_link(const struct request *r,
			      const struct menu_entry *entry)
{
	const int by_script = r->dialect->opens_by_script;
	struct link link = { .page = &page_boot };

	switch (entry->kind) {
	case ENTRY_HEADING:
	case ENTRY_SHELL:
	case ENTRY_REBOOT:
	case ENTRY_POWEROFF:
	case ENTRY_FIRMWARE:
		link.page = NULL;
		break;
	case ENTRY_RELEASE:
		link.page = &page_fromthemirror;
		link.release = entry->release;
		break;
	case ENTRY_MENU:
		if (!by_script)
			link.page = &page_menu;
		*(by_script ? &link.menu : &link.name) = entry->menu->id;
		link.path = menu_path_below(r->path, entry->menu);
		break;
	case ENTRY_CUSTOMER:
		link.page = &page_customermenu;
		break;
	case ENTRY_LOCAL:
		link.menu = "local";
		break;
	}
	return link;
}

static json_t *entry_url(const struct request *r,
			 const struct menu_entry *entry)
{
	const struct link link = entry_link(r, entry);

	return link.page != NULL ? page_url(r, &link) : NULL;
}

static int leads_nowhere(const struct request *r,
			 const struct menu_entry *entry)
{
	const struct link link = entry_link(r, entry);

	return link.page != NULL && page_target(r, &link) == LINK_NONE;
}

/* Whether the client may know of the entry. */
static int is_visible(const struct request *r, const struct menu_entry *entry)
{
	return entry->menu == NULL ||
	       catalog_may_see(r->catalog, entry->menu, r->client);
}

static int has_something(const struct request *r, const struct menu *menu);

/* Why the entry is not offered; NULL if it is. */
static const char *hidden_reason(const struct request *r,
				 const struct menu_entry *entry)
{
	const struct loader loader = page_loader(r, r->machine.platform);
	const char *reason = loader_refuses_entry(&loader, entry);

	if (reason == NULL && entry->kind == ENTRY_MENU &&
	    !has_something(r, entry->menu))
		reason = "has nothing for this machine";
	if (reason == NULL && leads_nowhere(r, entry))
		reason = "is not among the exported files";
	return reason;
}

/* Whether the menu, or one below it, offers this client's machine anything. */
static int has_something(const struct request *r, const struct menu *menu)
{
	for (size_t i = 0; i < menu->count; i++) {
		const struct menu_entry *entry = &menu->entries[i];

		if (entry->kind != ENTRY_HEADING && is_visible(r, entry) &&
		    hidden_reason(r, entry) == NULL)
			return 1;
	}
	return 0;
}

static const char *distrust(const struct request *r, const struct dialect *d,
			    const struct menu_entry *entry);

/* Whether the menu, or one below it, offers anything with Secure Boot on. */
static int has_trusted(const struct request *r, const struct dialect *d,
		       const struct menu *menu)
{
	for (size_t i = 0; i < menu->count; i++) {
		const struct menu_entry *entry = &menu->entries[i];

		if (entry->kind != ENTRY_HEADING && is_visible(r, entry) &&
		    hidden_reason(r, entry) == NULL &&
		    distrust(r, d, entry) == NULL)
			return 1;
	}
	return 0;
}

/* What a menu or a heading has that has nothing for Secure Boot. */
static const char *nothing_trusted(const struct dialect *d)
{
	return d->uses_shim ? "has nothing with a shim"
			    : "has nothing that shim trusts";
}

/* Why an entry that is offered is left out where Secure Boot is on and the
 * dialect's client runs; NULL if it is not. */
static const char *distrust(const struct request *r, const struct dialect *d,
			    const struct menu_entry *entry)
{
	struct loader loader = page_loader(r, r->machine.platform);

	loader.dialect = d;
	if (!d->knows_lockdown || loader.machine.platform == PLATFORM_BIOS)
		return NULL;
	if (entry->kind == ENTRY_RELEASE)
		return loader_distrusts(&loader, catalog_settings(r->catalog),
					entry->release);
	return entry->kind == ENTRY_MENU && !has_trusted(r, d, entry->menu)
		       ? nothing_trusted(d)
		       : NULL;
}

/* Add why the entry is left out where Secure Boot is on.  People see it of GRUB
 * and of iPXE. */
static void add_distrust(const struct request *r,
			 const struct menu_entry *entry, json_t *view)
{
	const int is_for_people = dialect_is_for_people(r->dialect);
	const char *reason =
		distrust(r, is_for_people ? &dialect_grub : r->dialect, entry);

	if (reason != NULL)
		json_object_set_new(view, "untrusted", json_string(reason));
	reason = is_for_people ? distrust(r, &dialect_ipxe, entry) : NULL;
	if (reason != NULL)
		json_object_set_new(view, "without_shim", json_string(reason));
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
		return "shell";
	case ENTRY_REBOOT:
		return "reboot";
	case ENTRY_POWEROFF:
		return "poweroff";
	case ENTRY_FIRMWARE:
		break;
	}
	return "firmware";
}

/* The hash goes into the loader's own text, and is shown to nobody else. */
static json_t *password_view(const struct request *r,
			     const struct password *password)
{
	const char *hash = password->hashes[r->dialect->hash];
	json_t *view;

	if (hash != NULL && (r->is_view || r->notes != NULL))
		hash = "HASH";
	view = json_pack("{s:s, s:s*}", "user", password->id, "hash", hash);
	if (dialect_is_for_people(r->dialect))
		html_add_password(password, view);
	return view;
}

/* Add the hotkey as the catalogue has it, and as a small letter where the
 * client's menus start the entry by it.  People see what GRUB does. */
static void add_hotkey(const struct request *r, const struct menu_entry *entry,
		       json_t *view)
{
	const char key = menu_key(entry);

	if (key == '\0')
		return;
	json_object_set_new(view, "hotkey", json_stringn(&entry->hotkey, 1));
	if (!dialect_owns_key(r->dialect, key))
		json_object_set_new(view, "key", json_stringn(&key, 1));
	else
		page_note(r, "hotkey: %s: none, %s takes '%c' itself",
			  entry->id, r->dialect->client, key);
	if (dialect_is_for_people(r->dialect) &&
	    dialect_owns_key(&dialect_grub, key))
		json_object_set_new(view, "taken_by",
				    json_string(dialect_grub.client));
}

static json_t *entry_view(const struct request *r,
			  const struct menu_entry *entry, int is_default)
{
	json_t *view =
		json_pack("{s:s, s:s, s:b, s:b, s:o*}", "id", entry->id,
			  "title", entry->title, kind_name(entry->kind), 1,
			  "default", is_default, "url", entry_url(r, entry));

	add_distrust(r, entry, view);

	if (entry->password != NULL)
		json_object_set_new(view, "password",
				    password_view(r, entry->password));

	add_hotkey(r, entry, view);
	if (entry->kind == ENTRY_RELEASE && !r->dialect->has_scripts)
		json_object_update_new(view,
				       view_release_on(r, entry->release,
						       r->machine.platform));
	return view;
}

/* Which entry starts when the timeout expires, or when nothing is selected. */
struct choice {
	const struct menu_entry *entry; /* NULL: none */
	int is_marked; /* loaders would take an earlier entry otherwise */
};

/* The menu's default, else the first that is offered: a timeout starts none
 * that has a password. */
static struct choice choose(const struct request *r, const struct menu *menu)
{
	struct choice choice = { NULL, 0 };

	for (size_t i = 0; i < menu->count; i++) {
		const struct menu_entry *entry = &menu->entries[i];

		if (entry->kind == ENTRY_HEADING || !is_visible(r, entry) ||
		    hidden_reason(r, entry) != NULL)
			continue;
		if (menu->default_id != NULL &&
		    strcmp(menu->default_id, entry->id) == 0)
			return (struct choice){ entry, 1 };
		if (choice.entry != NULL)
			continue;
		if (entry->password != NULL && menu->timeout > 0)
			choice.is_marked = 1;
		else
			choice.entry = entry;
	}
	return choice;
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

/* Where Back leads: to the menu that the client came from; where that is not
 * known, to one that opens this menu.  To the main menu where there is none
 * that the client may see, or the loader cannot ask for its password; from the
 * main menu itself, nowhere. */
static const struct menu *menu_above(const struct request *r,
				     const struct menu *menu)
{
	const struct loader loader = page_loader(r, r->machine.platform);
	const struct menu *top = catalog_menu(r->catalog, NULL);
	const struct menu_path *up = r->path != NULL ? r->path->up : NULL;
	const struct menu *above = up != NULL ? up->menu : page_opener(r, menu);

	if (menu == top)
		return NULL;
	if (above == NULL ||
	    loader_refuses_password(&loader, above->password) != NULL)
		return top;
	return above;
}

static void add_back(const struct request *r, const struct menu *menu,
		     const struct menu *above, json_t *view)
{
	const int by_script = r->dialect->opens_by_script;
	const struct menu_path *up = r->path != NULL ? r->path->up : NULL;
	struct link link = { .page = by_script ? &page_boot : &page_menu };

	if (above == NULL)
		return;
	if (by_script)
		link.menu = page_main_menu(r);
	if (above != catalog_menu(r->catalog, NULL))
		*(by_script ? &link.menu : &link.name) = above->id;
	if (up != NULL && up->menu == above)
		link.path = up;
	if (page_target(r, &link) == LINK_NONE)
		return;
	json_object_set_new(view, "back", page_url(r, &link));
	if (!menu_has_key(menu, MENU_BACK_KEY))
		json_object_set_new(view, "back_key",
				    json_sprintf("%c", MENU_BACK_KEY));
	if (above->password != NULL)
		json_object_set_new(view, "back_password",
				    password_view(r, above->password));
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

/* Leave out each heading too that has nothing below it where Secure Boot is on.
 * first: the index from which on the menu's own entries are. */
static void distrust_headings(const struct request *r, const json_t *entries,
			      size_t first)
{
	const struct dialect *d =
		dialect_is_for_people(r->dialect) ? &dialect_grub : r->dialect;
	int has_trusted_below = 0;

	for (size_t i = json_array_size(entries); i > first; i--) {
		json_t *entry = json_array_get(entries, i - 1);
		const int is_heading =
			json_object_get(entry, "heading") != NULL;

		if (is_heading && !has_trusted_below)
			json_object_set_new(entry, "untrusted",
					    json_string(nothing_trusted(d)));
		has_trusted_below =
			!is_heading &&
			(has_trusted_below ||
			 json_object_get(entry, "untrusted") == NULL);
	}
}

/* What is offered, but not where Secure Boot is on. */
static json_t *left_out_view(const struct request *r, const json_t *entries,
			     const struct choice *choice)
{
	const char *chosen = choice->entry != NULL ? choice->entry->id : "";
	json_t *list = json_array();
	int starts_first = 0;
	size_t i;
	json_t *entry;

	json_array_foreach((json_t *)entries, i, entry) {
		json_t *reason = json_object_get(entry, "untrusted");

		if (reason == NULL || json_object_get(entry, "heading") != NULL)
			continue;
		page_note(r, "left out where Secure Boot is on: %s: it %s",
			  json_string_value(json_object_get(entry, "id")),
			  json_string_value(reason));
		starts_first |=
			strcmp(chosen, json_string_value(json_object_get(
					       entry, "id"))) == 0;
		json_array_append_new(list,
				      json_pack("{s:O, s:O}", "title",
						json_object_get(entry, "title"),
						"reason", reason));
	}
	return json_pack("{s:o, s:o, s:b}", "title",
			 json_sprintf("Left out with Secure Boot on: %zu",
				      json_array_size(list)),
			 "entries", list, "starts_first", starts_first);
}

/* Add what is offered to entries, the rest to hidden.  A heading is shown
 * when something below it is. */
static void sort_entries(const struct request *r, const struct menu *menu,
			 const struct choice *choice, json_t *entries,
			 json_t *hidden)
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
					      entry_view(r, heading, 0));
		heading = NULL;
		json_array_append_new(
			entries, entry_view(r, entry,
					    choice->is_marked &&
						    choice->entry == entry));
	}
}

/* Add the password of an entry to the list, once. */
static void add_password(const json_t *password, json_t *list)
{
	size_t i;
	json_t *known;

	if (password == NULL)
		return;
	json_array_foreach(list, i, known)
		if (json_equal(known, password))
			return;
	json_array_append(list, (json_t *)password);
}

/* Add the passwords that the view's entries need, if the site has any. */
static void add_passwords(const struct request *r, json_t *view)
{
	json_t *list = json_array();
	size_t i;
	json_t *entry;

	json_array_foreach(json_object_get(view, "entries"), i, entry)
		add_password(json_object_get(entry, "password"), list);
	add_password(json_object_get(view, "back_password"), list);
	if (catalog_has_passwords(r->catalog)) {
		json_object_set_new(view, "locked", json_true());
		json_object_set(view, "passwords", list);
	}
	json_decref(list);
}

static json_t *background_view(const struct request *r)
{
	const struct loader loader = page_loader(r, r->machine.platform);
	const char *picture =
		loader_background(&loader, catalog_settings(r->catalog));

	return picture != NULL ? page_file(r, picture) : NULL;
}

/* From which file each distro of the menu comes, its list of mirrors, and each
 * menu that it opens. */
static void note_entries(const struct request *r, const struct menu *menu)
{
	for (size_t i = 0; i < menu->count; i++) {
		const struct menu_entry *entry = &menu->entries[i];
		const struct release *release = entry->release;

		if (!is_visible(r, entry))
			continue;
		if (entry->kind == ENTRY_MENU)
			page_note(r, "opens: %s: /menus/%s", entry->menu->file,
				  entry->menu->id);
		if (entry->password != NULL)
			page_note(r,
				  "password: %s: /passwords/%s: needed by %s",
				  entry->password->file, entry->password->id,
				  entry->id);
		if (release == NULL)
			continue;
		page_note(r, "distro: %s: /distros/%s", release->file,
			  release->distro);
		view_note_mirror(r, release);
	}
}

/* A heading that says why the menu waits for somebody. */
static json_t *problem_view(const char *problem)
{
	return json_pack("{s:s, s:s, s:b, s:b}", "id", "heading-0", "title",
			 problem == page_problem_host
				 ? "The entry of this machine is broken"
				 : "The release of this machine did not start",
			 "heading", 1, "default", 0);
}

/* Where the menu is, and which way led to it where there are several. */
static void note_menu(const struct request *r, const struct menu *menu)
{
	page_note(r, "menu: %s: /menus/%s", menu->file, menu->id);
	if (menu->path_count > 1 && r->path != NULL && r->path->up != NULL)
		page_note(r, "opened by: /menus/%s, %s", r->path->up->menu->id,
			  query_get(r->query, "from") != NULL
				  ? "asked for"
				  : "the first that opens it");
}

json_t *view_menu(const struct request *r, const struct menu *menu)
{
	const struct settings *settings = catalog_settings(r->catalog);
	const struct choice choice = choose(r, menu);
	const struct link link = menu_link(r, menu);
	const char *modules = r->machine.platform != MACHINE_UNKNOWN
				      ? settings->syslinux[r->machine.platform]
				      : NULL;
	json_t *entries = json_array();
	json_t *hidden = json_array();
	json_t *left_out;
	json_t *view;

	if (r->problem != NULL)
		json_array_append_new(entries, problem_view(r->problem));
	note_menu(r, menu);
	note_entries(r, menu);
	sort_entries(r, menu, &choice, entries, hidden);
	distrust_headings(r, entries, r->problem != NULL ? 1 : 0);
	left_out = left_out_view(r, entries, &choice);
	view = json_pack("{s:s, s:o?, s:s, s:o*, s:o, s:o, s:s*}", "title",
			 menu->title, "menu", page_url(r, &link), "vesamenu",
			 settings->vesamenu, "background", background_view(r),
			 "entries", entries, "hidden", hidden, "chosen",
			 choice.entry != NULL ? choice.entry->id : NULL);
	if (page_target(r, &link) == LINK_FILE)
		json_object_set_new(view, "menu_is_file", json_true());
	/* Where every entry has a password, the menu waits. */
	if (r->problem == NULL && (choice.entry != NULL || !choice.is_marked))
		add_timeout(view, menu->timeout);
	if (json_array_size(json_object_get(left_out, "entries")) > 0)
		json_object_set(view, "left_out", left_out);
	json_decref(left_out);
	add_back(r, menu, menu_above(r, menu), view);
	add_passwords(r, view);
	if (modules != NULL)
		json_object_set_new(view, "modules", json_string(modules));
	if (dialect_is_for_people(r->dialect))
		html_add_menu(r, menu, view);
	return view;
}
