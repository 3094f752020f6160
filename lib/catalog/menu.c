#include "menu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const menu_keys[] = {
	"title", "timeout", "default", "entries", NULL,
};
static const char *const entry_keys[] = {
	"id",      "hotkey", "title",   "heading", "distro",
	"version", "arch",   "variant", "menu",    "customermenu",
	"local",   "shell",  NULL,
};
/* Ids of entries that the menus' own texts use as labels. */
static const char *const reserved_entries[] = {
	"back", "cancel", "exit", "failed", "menu", "shell", NULL,
};

/* What menus are read from and into. */
struct reading {
	struct reader *r;
	const json_t *section;
	const struct releases *releases;
	struct menus *all;
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

/* A menu's entries while they are read. */
struct listing {
	struct reading *reading;
	struct reader *r;
	struct menu *menu;
	struct menu_entry *entries;
	size_t count;
	json_t *ids; /* of the entries so far */
	char hotkeys[64];
	size_t headings;
	int is_cut; /* entries were left out that name what is removed */
};

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static int check_hotkey(struct listing *list, const char *hotkey)
{
	size_t used = strlen(list->hotkeys);
	char c = lower(hotkey[0]);

	if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) ||
	    hotkey[1] != '\0')
		return reader_fail_key(list->r, "hotkey",
				       "must be one letter or digit");
	if (strchr(list->hotkeys, c) != NULL)
		return reader_fail_key(list->r, "hotkey",
				       "'%c' is another entry's in this menu",
				       hotkey[0]);
	list->hotkeys[used] = c;
	list->hotkeys[used + 1] = '\0';
	return 0;
}

static int check_entry_id(struct listing *list, const char *id)
{
	struct reader *r = list->r;

	if (reader_check_id(r, id) < 0)
		return -1;
	for (size_t i = 0; reserved_entries[i] != NULL; i++)
		if (strcmp(id, reserved_entries[i]) == 0)
			return reader_fail(r,
					   "id '%s' is reserved for the "
					   "menu's own",
					   id);
	if (json_object_get(list->ids, id) != NULL)
		return reader_fail(r, "id '%s' is another entry's in this menu",
				   id);
	return 0;
}

/* Add the entry, which the reader is at, with its own id, hotkey and title,
 * or else those given. */
static int add_entry(struct listing *list, const json_t *object,
		     struct menu_entry entry)
{
	struct reader *r = list->r;
	struct menus *all = list->reading->all;
	const char *hotkey = "";

	if (all->entry_count == MENU_ENTRIES_MAX)
		return reader_fail(r, "more than %d entries", MENU_ENTRIES_MAX);
	if (reader_string(r, object, "id", &entry.id) < 0 ||
	    reader_text(r, object, "title", FORM_TEXT, &entry.title) < 0 ||
	    reader_string(r, object, "hotkey", &hotkey) < 0 ||
	    check_entry_id(list, entry.id) < 0)
		return -1;
	if (json_object_get(object, "hotkey") != NULL) {
		if (check_hotkey(list, hotkey) < 0)
			return -1;
		entry.hotkey = hotkey[0];
	}
	json_object_set_new(list->ids, entry.id, json_true());
	entry.id = mem_pool_copy(r->pool, entry.id);
	list->entries = mem_grow(list->entries, list->count + 1, sizeof(entry));
	list->entries[list->count++] = entry;
	all->entry_count++;
	return 0;
}

static int add_heading(struct listing *list, const json_t *object)
{
	struct menu_entry entry = { .kind = ENTRY_HEADING };
	char id[32];

	if (json_object_size(object) > 1)
		return reader_fail(list->r, "a heading has no other keys");
	snprintf(id, sizeof(id), "heading-%zu", ++list->headings);
	entry.id = id;
	if (reader_text(list->r, object, "heading", FORM_TEXT, &entry.title) <
	    0)
		return -1;
	return add_entry(list, object, entry);
}

/* What an entry asks for of a distro; a key that it leaves out stands for
 * all, but for variant: then it is the release itself. */
struct choice {
	const char *distro;
	const char *version;
	const char *arch;
	const char *variant;
};

/* How far an entry's wish can be met. */
enum { MATCH_NOTHING, MATCH_DISTRO, MATCH_VERSION, MATCH_ARCH, MATCH_ALL };

static int is_variant(const struct choice *want, const struct release *release)
{
	if (want->variant == NULL || release->variant == NULL)
		return want->variant == release->variant;
	return strcmp(want->variant, release->variant) == 0;
}

/* Among the releases of its distro and version. */
static int match(const struct choice *want, const struct release *release)
{
	if (want->arch != NULL &&
	    strcmp(want->arch, machine_arch_name((int)release->arch)) != 0)
		return MATCH_VERSION;
	if (!is_variant(want, release))
		return MATCH_ARCH;
	return MATCH_ALL;
}

/* What the release has where the wish failed, and what was wanted there. */
static const char *missed(const struct choice *want,
			  const struct release *release, int best,
			  const char **wanted)
{
	switch (best) {
	case MATCH_NOTHING:
		*wanted = want->distro;
		return release->distro;
	case MATCH_DISTRO:
		*wanted = want->version;
		return release->version;
	case MATCH_VERSION:
		*wanted = want->arch;
		return machine_arch_name((int)release->arch);
	default:
		*wanted = want->variant;
		return match(want, release) == best ? release->variant : NULL;
	}
}

/* Offer what there is instead to the next failure. */
static void offer_choice(struct listing *list, const struct choice *want,
			 int best)
{
	const struct releases *all = list->reading->releases;
	struct release_run run = { all->list, all->count };
	const char *wanted = want->distro;
	const char **known;
	size_t count = 0;

	if (list->r->err->report == NULL)
		return;
	if (best > MATCH_NOTHING)
		run = release_run(all, want->distro,
				  best > MATCH_DISTRO ? want->version : NULL);
	known = mem_pool_alloc(list->r->pool, (run.count + 1) * sizeof(*known));
	for (size_t i = 0; i < run.count; i++) {
		const char *name = missed(want, run.list[i], best, &wanted);

		if (name != NULL &&
		    (count == 0 || strcmp(known[count - 1], name) != 0))
			known[count++] = name;
	}
	error_offer(list->r->err, wanted, known);
}

/* Whether it may be missing because it was refused, which has been said. */
static int is_refused(const struct listing *list, const struct choice *want)
{
	const struct releases *all = list->reading->releases;
	const json_t *distros =
		json_object_get(list->r->files->sections, "distros");
	const json_t *versions = json_object_get(
		json_object_get(distros, want->distro), "versions");

	if (json_object_get(all->refused, want->distro) == NULL)
		return 0;
	return want->version == NULL || !json_is_object(versions) ||
	       json_object_get(versions, want->version) != NULL;
}

static int fail_choice(struct listing *list, const struct choice *want,
		       int best)
{
	struct reader *r = list->r;

	if (is_refused(list, want))
		return -1;
	offer_choice(list, want, best);
	switch (best) {
	case MATCH_NOTHING:
		return reader_fail_key(r, "distro", "there is no distro '%s'",
				       want->distro);
	case MATCH_DISTRO:
		return reader_fail_key(r, "version",
				       "distro '%s' has no version '%s'",
				       want->distro, want->version);
	case MATCH_VERSION:
		return reader_fail_key(r, "arch",
				       "distro '%s' does not have it for '%s'",
				       want->distro, want->arch);
	default:
		return reader_fail_key(r, "variant",
				       "distro '%s' has no variant '%s'",
				       want->distro, want->variant);
	}
}

static int add_release(struct listing *list, const json_t *object,
		       const struct release *release)
{
	struct menu_entry entry = {
		.kind = ENTRY_RELEASE,
		.title = release->title,
		.release = release,
	};
	struct buf id = BUF_INIT;
	int rc;

	buf_printf(&id, "%s-%s-%s%s%s", release->distro, release->version,
		   machine_arch_name((int)release->arch),
		   release->variant != NULL ? "-" : "",
		   release->variant != NULL ? release->variant : "");
	entry.id = buf_text(&id);
	if (id.len > READER_ID_MAX && json_object_get(object, "id") == NULL)
		rc = reader_fail(list->r,
				 "the id made of distro, version and arch has "
				 "%zu characters, at most %d: give the entry "
				 "an id of its own",
				 id.len, READER_ID_MAX);
	else
		rc = add_entry(list, object, entry);
	buf_free(&id);
	return rc;
}

static int read_choice(struct reader *r, const json_t *object,
		       struct choice *want)
{
	int rc = reader_string(r, object, "distro", &want->distro);

	rc |= reader_string(r, object, "version", &want->version);
	rc |= reader_string(r, object, "arch", &want->arch);
	return rc | reader_string(r, object, "variant", &want->variant);
}

/* Whether the entry has what belongs to one release alone. */
static int is_for_one(const json_t *object)
{
	return json_object_get(object, "id") != NULL ||
	       json_object_get(object, "title") != NULL ||
	       json_object_get(object, "hotkey") != NULL;
}

/* Of these, every release that is wanted. */
static int add_matches(struct listing *list, const json_t *object,
		       const struct choice *want, struct release_run run,
		       int *best)
{
	size_t before = list->count;

	for (size_t i = 0; i < run.count; i++) {
		int level = match(want, run.list[i]);

		*best = level > *best ? level : *best;
		if (level < MATCH_ALL)
			continue;
		if (list->count > before && is_for_one(object))
			return reader_fail(list->r,
					   "id, title and hotkey need an entry "
					   "for one release: name its version "
					   "and arch");
		if (add_release(list, object, run.list[i]) < 0)
			return -1;
	}
	return 0;
}

/* Every release that the entry stands for; none of a distro that a later
 * file removed. */
static int add_releases(struct listing *list, const json_t *object)
{
	const struct releases *all = list->reading->releases;
	struct reader *r = list->r;
	struct choice want = { 0 };
	struct release_run run;
	int best = MATCH_NOTHING;

	if (read_choice(r, object, &want) < 0)
		return -1;
	run = release_run(all, want.distro, want.version);
	if (run.count == 0 && release_run(all, want.distro, NULL).count > 0)
		best = MATCH_DISTRO;
	if (add_matches(list, object, &want, run, &best) < 0)
		return -1;
	if (best == MATCH_ALL)
		return 0;
	if (!overlay_is_removed(r->files, "distros", want.distro))
		return fail_choice(list, &want, best);
	list->is_cut = 1;
	return 0;
}

static int add_menu(struct listing *list, const json_t *object)
{
	struct reader *r = list->r;
	struct menu_entry entry = { .kind = ENTRY_MENU };
	struct menu *menu;

	if (reader_string(r, object, "menu", &entry.id) < 0)
		return -1;
	menu = menu_find(list->reading->all, entry.id);
	if (menu == NULL && overlay_is_removed(r->files, "menus", entry.id)) {
		list->is_cut = 1;
		return 0;
	}
	if (menu == NULL)
		reader_offer_keys(r, entry.id, list->reading->section);
	if (menu == NULL)
		return reader_fail_key(r, "menu", "there is no menu '%s'",
				       entry.id);
	if (menu->parent != NULL)
		return reader_fail_key(r, "menu",
				       "menu '%s' is opened by menu '%s' "
				       "already: Back can lead to one only",
				       menu->id, menu->parent->id);
	if (strcmp(menu->id, list->reading->all->main_id) == 0)
		return reader_fail_key(r, "menu",
				       "'%s' is the main menu, which no entry "
				       "may open: Back leads there",
				       menu->id);
	menu->parent = list->menu;
	entry.menu = menu;
	return add_entry(list, object, entry);
}

static int add_customer(struct listing *list, const json_t *object)
{
	int flag;

	if (reader_flag(list->r, object, "customermenu", &flag) < 0)
		return -1;
	return add_entry(list, object,
			 (struct menu_entry){ .kind = ENTRY_CUSTOMER,
					      .id = "customermenu",
					      .title = "Your own menu" });
}

static int add_local(struct listing *list, const json_t *object)
{
	int flag;

	if (reader_flag(list->r, object, "local", &flag) < 0)
		return -1;
	return add_entry(list, object,
			 (struct menu_entry){ .kind = ENTRY_LOCAL,
					      .id = "local",
					      .title = "Local disk" });
}

static int add_shell(struct listing *list, const json_t *object)
{
	int flag;

	if (reader_flag(list->r, object, "shell", &flag) < 0)
		return -1;
	return add_entry(list, object,
			 (struct menu_entry){ .kind = ENTRY_SHELL,
					      .id = "command-line",
					      .title = "Command line" });
}

/* An entry is what the one key of these that it has makes it. */
static const struct kind {
	const char *key;
	int (*add)(struct listing *list, const json_t *object);
} kinds[] = {
	{ "heading", add_heading },
	{ "distro", add_releases },
	{ "menu", add_menu },
	{ "customermenu", add_customer },
	{ "local", add_local },
	{ "shell", add_shell },
	{ NULL, NULL },
};

/* The entry that the reader is at. */
static int read_entry(struct listing *list, const json_t *object)
{
	static const char *const of_distro[] = { "version", "arch", "variant" };
	struct reader *r = list->r;
	const struct kind *kind = NULL;

	if (reader_check_object(r, object, entry_keys) < 0)
		return -1;
	for (const struct kind *k = kinds; k->key != NULL; k++) {
		if (json_object_get(object, k->key) == NULL)
			continue;
		if (kind != NULL)
			return reader_fail(r, "%s and %s exclude each other",
					   kind->key, k->key);
		kind = k;
	}
	if (kind == NULL)
		return reader_fail(r, "needs one of heading, distro, menu, "
				      "customermenu, local, shell");
	for (int i = 0; i < 3; i++)
		if (kind->add != add_releases &&
		    json_object_get(object, of_distro[i]) != NULL)
			return reader_fail_key(r, of_distro[i],
					       "goes with distro only");
	return kind->add(list, object);
}

static void offer_entries(struct listing *list, const char *wanted)
{
	const char **ids;
	size_t count = 0;

	if (list->r->err->report == NULL)
		return;
	ids = mem_pool_alloc(list->r->pool, (list->count + 1) * sizeof(*ids));
	for (size_t i = 0; i < list->count; i++)
		if (list->entries[i].kind != ENTRY_HEADING)
			ids[count++] = list->entries[i].id;
	error_offer(list->r->err, wanted, ids);
}

static int check_default(struct listing *list)
{
	const char *id = list->menu->default_id;

	if (id == NULL)
		return 0;
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->entries[i].id, id) == 0 &&
		    list->entries[i].kind != ENTRY_HEADING)
			return 0;
	offer_entries(list, id);
	return reader_fail_key(list->r, "default", "the menu has no entry '%s'",
			       id);
}

static int read_entries(struct listing *list, const json_t *entries)
{
	struct reader *r = list->r;
	size_t mark = reader_enter(r, "entries");
	size_t i;
	json_t *value;
	int rc = 0;

	if (!json_is_array(entries))
		rc = reader_fail(r, "must be an array, in [ ]");
	json_array_foreach(entries, i, value) {
		size_t inner = reader_enter_index(r, i);

		rc |= read_entry(list, value);
		reader_leave(r, inner);
	}
	if (rc == 0 && list->count == list->headings && !list->is_cut)
		rc = reader_fail(r, "an empty menu: nothing in it can be "
				    "chosen");
	reader_leave(r, mark);
	return rc;
}

static int read_entries_of(struct listing *list, const json_t *object)
{
	struct reader *r = list->r;
	struct menu *menu = list->menu;
	const json_t *entries = json_object_get(object, "entries");
	int rc = reader_check_id(r, menu->id);

	/* On after a failure, for whoever asked for all of them; 0 and -1 are
	 * joined by |=. */
	rc |= reader_check_object(r, object, menu_keys);
	rc |= reader_text(r, object, "title", FORM_TEXT, &menu->title);
	rc |= reader_number(r, object, "timeout", MENU_TIMEOUT_MAX,
			    &menu->timeout);
	rc |= reader_string(r, object, "default", &menu->default_id);
	if (rc == 0 || entries != NULL)
		rc |= read_entries(list, entries);
	if (rc < 0 || check_default(list) < 0)
		return -1;
	if (menu->default_id != NULL)
		menu->default_id = mem_pool_copy(r->pool, menu->default_id);
	return 0;
}

static int read_menu(struct reading *reading, struct menu *menu)
{
	struct reader *r = reading->r;
	const json_t *object = json_object_get(reading->section, menu->id);
	struct listing list = { .reading = reading, .r = r, .menu = menu };
	struct menu_entry *entries;
	int rc;

	reader_enter_id(r, "menus", menu->id);
	menu->file = mem_pool_copy(r->pool, r->file);
	list.ids = json_object();
	rc = read_entries_of(&list, object);
	if (rc == 0) {
		size_t size = list.count * sizeof(*entries);

		entries = mem_pool_alloc(r->pool, size);
		memcpy(entries, list.entries, size);
		menu->entries = entries;
		menu->count = list.count;
	}
	json_decref(list.ids);
	free(list.entries);
	return rc;
}

/* An entry that opens a menu has that menu's title, unless one of its own. */
static void give_titles(struct menus *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct menu_entry *entries =
			(struct menu_entry *)all->list[i].entries;

		for (size_t j = 0; j < all->list[i].count; j++)
			if (entries[j].title == NULL)
				entries[j].title = entries[j].menu->title;
	}
}

/* Every menu has one parent at most; going up must come to an end. */
static int check_tree(struct reading *reading)
{
	for (size_t i = 0; i < reading->all->count; i++) {
		const struct menu *menu = &reading->all->list[i];
		size_t depth = 0;

		for (const struct menu *up = menu->parent; up != NULL;
		     up = up->parent) {
			if (up != menu && depth++ < MENU_DEPTH_MAX)
				continue;
			reader_enter_id(reading->r, "menus", menu->id);
			return reader_fail(
				reading->r,
				up == menu ? "the menu lies below itself"
					   : "the menu lies more than "
					     "32 menus deep, or below "
					     "one that lies below "
					     "itself");
		}
	}
	return 0;
}

int menu_read_all(struct reader *r, const json_t *section,
		  const struct releases *releases, const struct menu *defaults,
		  struct menus *all)
{
	struct reading reading = { r, section, releases, all };
	const char *id;
	json_t *value;
	int rc = 0;

	all->list = mem_pool_alloc(r->pool, json_object_size(section) *
						    sizeof(*all->list));
	json_object_foreach((json_t *)section, id, value) {
		struct menu *menu = &all->list[all->count++];

		reader_enter_id(r, "menus", id);
		if (strcmp(id, "local") == 0)
			rc = reader_fail(r, "menu id 'local' is reserved for "
					    "the local disk");
		*menu = *defaults;
		menu->id = mem_pool_copy(r->pool, id);
	}
	qsort(all->list, all->count, sizeof(*all->list), compare_menus);
	for (size_t i = 0; i < all->count; i++)
		rc |= read_menu(&reading, &all->list[i]);
	give_titles(all);
	return rc | check_tree(&reading);
}

int menu_has_key(const struct menu *menu, char key)
{
	for (size_t i = 0; i < menu->count; i++)
		if (lower(menu->entries[i].hotkey) == key)
			return 1;
	return 0;
}

int menu_is_below(const struct menu *menu, const struct menu *top)
{
	while (menu != NULL && menu != top)
		menu = menu->parent;
	return menu != NULL;
}
