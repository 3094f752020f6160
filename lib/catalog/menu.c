#include "menu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "form.h"
#include "value.h"

static const char *const menu_keys[] = {
	"title", "timeout", "default", "password", "entries", NULL,
};
static const char *const entry_keys[] = {
	"id",     "hotkey",   "title",    "heading",      "distro", "version",
	"arch",   "variant",  "menu",     "customermenu", "local",  "shell",
	"reboot", "poweroff", "firmware", "password",     NULL,
};
/* Ids that no entry may have: templates use them as labels. */
static const char *const reserved_entries[] = {
	"back", "cancel", "exit", "failed", "menu", "shell", NULL,
};

static int compare_menus(const void *a, const void *b)
{
	return strcmp(((const struct menu *)a)->id,
		      ((const struct menu *)b)->id);
}

struct menu *menu_find(const struct menus *all, const char *id)
{
	const struct menu key = { .id = id };

	return bsearch(&key, all->list, all->count, sizeof(*all->list),
		       compare_menus);
}

/* The entries of a menu, while they are read, and what they refer to. */
struct entry_list {
	struct cursor *at;
	const struct settings *settings;
	const struct releases *releases;
	const struct passwords *passwords;
	struct menus *menus;
	struct menu *menu;
	struct menu_entry *entries;
	size_t count;
	json_t *ids; /* of the entries, as keys */
	char hotkeys[64];
	size_t headings;
	int has_removed; /* an entry was left out, since a later file removed
			    what it names */
};

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static int check_hotkey(struct entry_list *list, const char *hotkey)
{
	size_t used = strlen(list->hotkeys);
	char c = lower(hotkey[0]);

	if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) ||
	    hotkey[1] != '\0')
		return cursor_fail_key(list->at, "hotkey",
				       "must be one letter or digit");
	if (strchr(list->hotkeys, c) != NULL)
		return cursor_fail_key(list->at, "hotkey",
				       "'%c' is another entry's in this menu: "
				       "choose another",
				       hotkey[0]);
	list->hotkeys[used] = c;
	list->hotkeys[used + 1] = '\0';
	return 0;
}

static int check_entry_id(struct entry_list *list, const char *id)
{
	struct cursor *at = list->at;

	if (form_check_id(at, id) < 0)
		return -1;
	for (size_t i = 0; reserved_entries[i] != NULL; i++)
		if (strcmp(id, reserved_entries[i]) == 0)
			return cursor_fail(at,
					   "id '%s' is reserved for the "
					   "menu's own: choose another",
					   id);
	if (json_object_get(list->ids, id) != NULL)
		return cursor_fail(at,
				   "id '%s' is another entry's in this menu: "
				   "choose another",
				   id);
	return 0;
}

/* Add the entry here.  The id, hotkey, title and password of its object replace
 * those given. */
static int add_entry(struct entry_list *list, const json_t *object,
		     struct menu_entry entry)
{
	struct cursor *at = list->at;
	struct menus *all = list->menus;
	const char *hotkey = "";

	if (all->entry_count == MENU_ENTRIES_MAX)
		return cursor_fail(
			at, "the menu has more than %d entries: make two of it",
			MENU_ENTRIES_MAX);
	if (value_string(at, object, "id", &entry.id) < 0 ||
	    value_text(at, object, "title", FORM_TEXT, &entry.title) < 0 ||
	    value_string(at, object, "hotkey", &hotkey) < 0 ||
	    password_read(at, object, list->passwords, &entry.password) < 0 ||
	    check_entry_id(list, entry.id) < 0)
		return -1;
	if (json_object_get(object, "hotkey") != NULL) {
		if (check_hotkey(list, hotkey) < 0)
			return -1;
		entry.hotkey = hotkey[0];
	}
	json_object_set_new(list->ids, entry.id, json_true());
	entry.id = mem_pool_copy(at->pool, entry.id);
	list->entries =
		mem_grow_by_one(list->entries, list->count, sizeof(entry));
	list->entries[list->count++] = entry;
	all->entry_count++;
	all->has_passwords |= entry.password != NULL;
	return 0;
}

static int add_heading(struct entry_list *list, const json_t *object)
{
	struct menu_entry entry = { .kind = ENTRY_HEADING };
	char id[32];

	if (json_object_size(object) > 1)
		return cursor_fail(list->at,
				   "a heading has no other keys: remove them");
	snprintf(id, sizeof(id), "heading-%zu", ++list->headings);
	entry.id = id;
	if (value_text(list->at, object, "heading", FORM_TEXT, &entry.title) <
	    0)
		return -1;
	return add_entry(list, object, entry);
}

/* The id of an entry that has none of its own: release it with free().  NULL
 * with the failure recorded. */
static char *make_id(struct cursor *at, const struct release *release)
{
	struct buf id = BUF_INIT;

	buf_printf(&id, "%s-%s-%s", release->distro, release->version,
		   machine_arch_name((int)release->arch));
	if (release->variant != NULL)
		buf_printf(&id, "-%s", release->variant);
	if (id.len <= FORM_ID_MAX)
		return buf_take(&id);
	cursor_fail(at,
		    "the id made of distro, version and arch has "
		    "%zu characters, at most %d: give the entry "
		    "an id of its own",
		    id.len, FORM_ID_MAX);
	buf_free(&id);
	return NULL;
}

static int add_release(struct entry_list *list, const json_t *object,
		       const struct release *release)
{
	struct menu_entry entry = {
		.kind = ENTRY_RELEASE,
		.title = release->title,
		.release = release,
	};
	char *id = NULL;
	int rc;

	if (json_object_get(object, "id") == NULL) {
		id = make_id(list->at, release);
		if (id == NULL)
			return -1;
	}
	entry.id = id;
	rc = add_entry(list, object, entry);
	free(id);
	return rc;
}

/* Whether the entry has keys that fit one release only. */
static int is_for_one(const json_t *object)
{
	return json_object_get(object, "id") != NULL ||
	       json_object_get(object, "title") != NULL ||
	       json_object_get(object, "hotkey") != NULL;
}

/* Every release that matches the choice.  Returns how many, or -1. */
static int add_matches(struct entry_list *list, const json_t *object,
		       const struct choice *want)
{
	struct release_run run = choice_run(list->releases, want);
	int count = 0;

	for (size_t i = 0; i < run.count; i++) {
		if (choice_match(list->releases, want, run.list[i]) < MATCH_ALL)
			continue;
		if (count++ > 0 && is_for_one(object))
			return cursor_fail(list->at,
					   "id, title and hotkey need an entry "
					   "for one release: name its version "
					   "and arch");
		if (add_release(list, object, run.list[i]) < 0)
			return -1;
	}
	return count;
}

/* Whether a later file removed the first key of the choice that none
 * matches. */
static int is_removed(const struct include *files, const struct choice *want,
		      enum match best)
{
	struct buf id = BUF_INIT;
	int is_gone;

	buf_puts(&id, want->distro);
	if (best == MATCH_DISTRO)
		buf_printf(&id, "/versions/%s", want->version);
	else if (best == MATCH_ARCH && want->variant != NULL)
		buf_printf(&id, "/variants/%s", want->variant);
	is_gone = include_is_removed(files, "distros", id.data);
	buf_free(&id);
	return is_gone;
}

/* Every release that the entry asks for.  What a later file removed has none,
 * and that is no failure. */
static int add_releases(struct entry_list *list, const json_t *object)
{
	struct choice want = { 0 };
	enum match best;
	int count;

	if (choice_read(list->at, object, &want) < 0)
		return -1;
	count = add_matches(list, object, &want);
	if (count != 0)
		return count > 0 ? 0 : -1;
	best = choice_best(list->releases, &want);
	if (!is_removed(list->at->files, &want, best))
		return choice_fail(list->at, list->releases, &want, best);
	list->has_removed = 1;
	return 0;
}

static int add_menu(struct entry_list *list, const json_t *object)
{
	struct cursor *at = list->at;
	struct menu_entry entry = { .kind = ENTRY_MENU };
	struct menu *menu;

	if (value_string(at, object, "menu", &entry.id) < 0)
		return -1;
	menu = menu_find(list->menus, entry.id);
	if (menu == NULL && include_is_removed(at->files, "menus", entry.id)) {
		list->has_removed = 1;
		return 0;
	}
	if (menu == NULL)
		return cursor_fail_id(at, "menu", "menus", entry.id);
	if (strcmp(menu->id, list->settings->menu) == 0)
		return cursor_fail_key(at, "menu",
				       "'%s' is the main menu, which no entry "
				       "may open: Back leads there",
				       menu->id);
	if (menu->password != NULL && json_object_get(object, "password"))
		return cursor_fail_key(at, "password",
				       "menu '%s' has a password itself: "
				       "remove one of the two",
				       menu->id);
	entry.menu = menu;
	entry.password = menu->password;
	return add_entry(list, object, entry);
}

/* An entry has exactly one of these keys, which decides its kind.  Without
 * add() the key is true, and all the rest is given here. */
static const struct kind {
	const char *key;
	int (*add)(struct entry_list *list, const json_t *object);
	enum entry_kind kind;
	const char *id;
	const char *title;
} kinds[] = {
	{ "heading", add_heading, ENTRY_HEADING, NULL, NULL },
	{ "distro", add_releases, ENTRY_RELEASE, NULL, NULL },
	{ "menu", add_menu, ENTRY_MENU, NULL, NULL },
	{ "customermenu", NULL, ENTRY_CUSTOMER, "customermenu",
	  "Your own menu" },
	{ "local", NULL, ENTRY_LOCAL, "local", "Local disk" },
	{ "shell", NULL, ENTRY_SHELL, "command-line", "Command line" },
	{ "reboot", NULL, ENTRY_REBOOT, "reboot", "Restart" },
	{ "poweroff", NULL, ENTRY_POWEROFF, "poweroff", "Power off" },
	{ "firmware", NULL, ENTRY_FIRMWARE, "firmware", "Firmware setup" },
	{ NULL, NULL, ENTRY_HEADING, NULL, NULL },
};

static int add_flag(struct entry_list *list, const json_t *object,
		    const struct kind *kind)
{
	int flag;

	if (value_flag(list->at, object, kind->key, &flag) < 0)
		return -1;
	return add_entry(list, object,
			 (struct menu_entry){ .kind = kind->kind,
					      .id = kind->id,
					      .title = kind->title });
}

/* The entry here. */
static int read_entry(struct entry_list *list, const json_t *object)
{
	static const char *const of_distro[] = { "version", "arch", "variant" };
	struct cursor *at = list->at;
	const struct kind *kind = NULL;

	if (value_check_object(at, object, entry_keys) < 0)
		return -1;
	for (const struct kind *k = kinds; k->key != NULL; k++) {
		if (json_object_get(object, k->key) == NULL)
			continue;
		if (kind != NULL)
			return cursor_fail(
				at, "has both %s and %s: write one of them",
				kind->key, k->key);
		kind = k;
	}
	if (kind == NULL)
		return cursor_fail(at, "needs one of heading, distro, menu, "
				       "customermenu, local, shell, reboot, "
				       "poweroff, firmware");
	for (int i = 0; i < 3; i++)
		if (kind->add != add_releases &&
		    json_object_get(object, of_distro[i]) != NULL)
			return cursor_fail_key(
				at, of_distro[i],
				"goes with distro only: remove it");
	return kind->add != NULL ? kind->add(list, object)
				 : add_flag(list, object, kind);
}

/* The ids of the entries that can be the default; ends in NULL.  Release with
 * free(). */
static const char **default_ids(const struct entry_list *list)
{
	const char **ids = mem_alloc((list->count + 1) * sizeof(*ids));
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		if (list->entries[i].kind != ENTRY_HEADING)
			ids[count++] = list->entries[i].id;
	return ids;
}

static int fail_default(struct entry_list *list, const char *id)
{
	const char **known =
		cursor_wants_offer(list->at) ? default_ids(list) : NULL;
	const struct offer offer = { .wanted = id, .known = known };

	cursor_fail_offer(list->at, "default", &offer,
			  "the menu has no entry '%s'", cursor_shown(id));
	free(known);
	return -1;
}

/* When the timeout expires, SYSLINUX starts the default without asking for its
 * password, and GRUB waits for the password for ever. */
static int check_timeout(struct entry_list *list,
			 const struct menu_entry *entry)
{
	if (entry->password == NULL || list->menu->timeout == 0)
		return 0;
	return cursor_fail_key(list->at, "default",
			       "entry '%s' has a password, so a timeout cannot "
			       "start it: name another, or set the menu's "
			       "timeout to 0",
			       entry->id);
}

static int check_default(struct entry_list *list)
{
	const char *id = list->menu->default_id;

	if (id == NULL)
		return 0;
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->entries[i].id, id) == 0 &&
		    list->entries[i].kind != ENTRY_HEADING)
			return check_timeout(list, &list->entries[i]);
	return fail_default(list, id);
}

static int read_entries(struct entry_list *list, const json_t *entries)
{
	struct cursor *at = list->at;
	size_t mark = cursor_enter(at, "entries");
	size_t i;
	json_t *value;
	int rc = 0;

	if (!json_is_array(entries))
		rc = cursor_fail(at, "must be an array, in [ ]");
	json_array_foreach(entries, i, value) {
		size_t inner = cursor_enter_index(at, i);

		rc |= read_entry(list, value);
		cursor_leave(at, inner);
	}
	if (rc == 0 && list->count == list->headings && !list->has_removed)
		rc = cursor_fail(at, "an empty menu: add an entry that can be "
				     "chosen");
	cursor_leave(at, mark);
	return rc;
}

static int read_object(struct entry_list *list, const json_t *object)
{
	struct cursor *at = list->at;
	struct menu *menu = list->menu;
	const json_t *entries = json_object_get(object, "entries");
	int rc = value_check_object(at, object, menu_keys);

	rc |= value_text(at, object, "title", FORM_TEXT, &menu->title);
	rc |= value_number(at, object, "timeout", SETTINGS_TIMEOUT_MAX,
			   &menu->timeout);
	rc |= value_string(at, object, "default", &menu->default_id);
	if (rc == 0 || entries != NULL)
		rc |= read_entries(list, entries);
	if (rc < 0 || check_default(list) < 0)
		return -1;
	if (menu->default_id != NULL)
		menu->default_id = mem_pool_copy(at->pool, menu->default_id);
	return 0;
}

/* The menu of an id.  empty: a list without entries. */
static int read_menu(const struct entry_list *empty, struct menu *menu)
{
	struct entry_list list = *empty;
	struct cursor *at = list.at;
	const json_t *section = include_section(at->files, "menus");
	size_t size;
	int rc;

	cursor_go(at, "menus", menu->id);
	menu->file = mem_pool_copy(at->pool, cursor_file(at));
	list.menu = menu;
	list.ids = json_object();
	rc = read_object(&list, json_object_get(section, menu->id));
	size = list.count * sizeof(*list.entries);
	if (rc == 0) {
		menu->entries = mem_pool_alloc(at->pool, size);
		menu->count = list.count;
		memcpy(menu->entries, list.entries, size);
	}
	json_decref(list.ids);
	free(list.entries);
	return rc;
}

/* An entry that opens a menu and has no title gets that menu's. */
static void set_titles(struct menus *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct menu *menu = &all->list[i];

		for (size_t j = 0; j < menu->count; j++)
			if (menu->entries[j].title == NULL)
				menu->entries[j].title =
					menu->entries[j].menu->title;
	}
}

/* For value_each(). */
static int read_id(void *ctx, const char *id, const json_t *object)
{
	const struct entry_list *empty = ctx;
	struct menu *menu = &empty->menus->list[empty->menus->count++];
	int rc = 0;

	if (strcmp(id, "local") == 0)
		rc = cursor_fail(empty->at,
				 "menu id 'local' is reserved for the local "
				 "disk: choose another");
	*menu = (struct menu){
		.id = mem_pool_copy(empty->at->pool, id),
		.title = empty->settings->title,
		.timeout = empty->settings->timeout,
	};
	return rc | password_read(empty->at, object, empty->passwords,
				  &menu->password);
}

/* Entries refer to menus by id, and take their passwords, so these are read
 * before any entry.  empty: a list without entries. */
static int read_ids(struct entry_list *empty)
{
	struct cursor *at = empty->at;
	const json_t *section = include_section(at->files, "menus");
	struct menus *all = empty->menus;
	int rc;

	all->list = mem_pool_alloc(at->pool, json_object_size(section) *
						     sizeof(*all->list));
	rc = value_each(at, "menus", read_id, empty);
	qsort(all->list, all->count, sizeof(*all->list), compare_menus);
	return rc;
}

/* Whoever starts a machine gets the main menu. */
static int check_main(struct cursor *at, const struct settings *settings,
		      const struct menus *all)
{
	if (all->main == NULL) {
		settings_go(at, "menu");
		return cursor_fail_id(at, "menu", "menus", settings->menu);
	}
	if (all->main->password == NULL)
		return 0;
	cursor_go(at, "menus", all->main->id);
	return cursor_fail_key(at, "password",
			       "nobody asks for it when a machine starts with "
			       "the main menu: move it to the menu's entries");
}

int menu_read_all(struct cursor *at, const struct settings *settings,
		  const struct releases *releases,
		  const struct passwords *passwords, struct menus *all)
{
	struct entry_list empty = {
		.at = at,
		.settings = settings,
		.releases = releases,
		.passwords = passwords,
		.menus = all,
	};
	int rc = read_ids(&empty);

	for (size_t i = 0; i < all->count; i++)
		rc |= read_menu(&empty, &all->list[i]);
	set_titles(all);
	all->main = menu_find(all, settings->menu);
	return rc | check_main(at, settings, all);
}

char menu_key(const struct menu_entry *entry)
{
	return lower(entry->hotkey);
}

int menu_has_key(const struct menu *menu, char key)
{
	for (size_t i = 0; i < menu->count; i++)
		if (menu_key(&menu->entries[i]) == key)
			return 1;
	return 0;
}
