#include "guards.h"

#include <stdlib.h>

#include "mem.h"

/* An entry of a menu. */
struct place {
	const struct menu *menu;
	const struct menu_entry *entry;
};

/* How people come to a menu from one that is shown first: the main menu, a
 * customer's, a host's or a group's. */
enum reach { NOT_AT_ALL, BY_PASSWORD, FREELY };

/* What is found about passwords, by menu and by release. */
struct guards {
	const struct catalog *c;
	struct findings *findings;
	const struct menu *menus;
	size_t count;
	unsigned char *reached; /* each menu: enum reach */
	json_t *guarded;        /* where a password is asked for, by target */
};

static size_t index_of(const struct guards *g, const struct menu *menu)
{
	return (size_t)(menu - g->menus);
}

/* Mark the menu, and those that it opens.  A closed menu is for the networks of
 * its customer: that is protection enough. */
static void reach(const struct guards *g, const struct menu *menu,
		  enum reach how)
{
	unsigned char *before = &g->reached[index_of(g, menu)];

	if (menu->is_closed || *before >= how)
		return;
	*before = (unsigned char)how;
	for (size_t i = 0; i < menu->count; i++) {
		const struct menu_entry *entry = &menu->entries[i];

		if (entry->kind == ENTRY_MENU)
			reach(g, entry->menu,
			      entry->password != NULL ? BY_PASSWORD : how);
	}
}

static void reach_all(const struct guards *g, const struct given *given)
{
	size_t count;
	const struct customer *customers = catalog_customers(g->c, &count);

	reach(g, catalog_menu(g->c, NULL), FREELY);
	for (size_t i = 0; i < count; i++)
		reach(g, customers[i].menu, FREELY);
	for (size_t i = 0; i < given->menu_count; i++)
		reach(g, given->menus[i], FREELY);
}

/* The release or the menu that the entry leads to, as a key; "" for neither. */
static void put_target(const struct menu_entry *entry, struct buf *key)
{
	const struct release *release = entry->release;

	buf_truncate(key, 0);
	if (entry->kind == ENTRY_MENU)
		buf_printf(key, "menu %s", entry->menu->id);
	if (entry->kind == ENTRY_RELEASE)
		buf_printf(key, "%s %s %s %s", release->distro,
			   release->version,
			   machine_arch_name((int)release->arch),
			   release->variant != NULL ? release->variant : "");
}

/* For each entry that leads somewhere; key: where. */
static void each(struct guards *g,
		 void (*visit)(struct guards *g, const struct place *at,
			       const char *key))
{
	struct buf key = BUF_INIT;

	for (size_t i = 0; i < g->count; i++)
		for (size_t j = 0; j < g->menus[i].count; j++) {
			const struct place at = { &g->menus[i],
						  &g->menus[i].entries[j] };

			put_target(at.entry, &key);
			if (key.len > 0)
				visit(g, &at, key.data);
		}
	buf_free(&key);
}

/* How people come to what the entry leads to. */
static enum reach reach_of(const struct guards *g, const struct place *at)
{
	enum reach how = (enum reach)g->reached[index_of(g, at->menu)];

	return how == FREELY && at->entry->password != NULL ? BY_PASSWORD : how;
}

/* Note the first entry that leads there with a password. */
static void note_guarded(struct guards *g, const struct place *at,
			 const char *key)
{
	if (reach_of(g, at) == BY_PASSWORD &&
	    json_object_get(g->guarded, key) == NULL)
		json_object_set_new(
			g->guarded, key,
			json_pack("[s, s]", at->menu->id, at->entry->id));
}

static void warn_open(struct guards *g, const struct place *at, const char *key)
{
	const json_t *other = json_object_get(g->guarded, key);
	struct buf pointer = BUF_INIT;
	struct buf reason = BUF_INIT;

	if (other == NULL || reach_of(g, at) != FREELY)
		return;
	buf_printf(&pointer, "/menus/%s", at->menu->id);
	buf_printf(
		&reason,
		"entry '%s' needs no password, but entry '%s' of menu '%s', "
		"which leads to the same %s, does: give both one, or neither",
		at->entry->id, json_string_value(json_array_get(other, 1)),
		json_string_value(json_array_get(other, 0)),
		at->entry->kind == ENTRY_MENU ? "menu" : "release");
	findings_add(g->findings, &(struct finding){
					  .severity = SEVERITY_WARNING,
					  .check = "password",
					  .file = at->menu->file,
					  .pointer = pointer.data,
					  .reason = reason.data,
				  });
	buf_free(&pointer);
	buf_free(&reason);
}

void guards_check(const struct catalog *c, const struct given *given,
		  struct findings *f)
{
	struct guards g = { .c = c, .findings = f, .guarded = json_object() };

	g.menus = catalog_menus(c, &g.count);
	g.reached = mem_alloc(g.count);
	if (catalog_has_passwords(c)) {
		reach_all(&g, given);
		each(&g, note_guarded);
		each(&g, warn_open);
	}
	free(g.reached);
	json_decref(g.guarded);
}
