#include "assignment.h"

#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "choice.h"
#include "form.h"
#include "packed.h"
#include "release_builder.h"
#include "value.h"
#include "values.h"

static const char *const boot_keys[] = {
	"distro", "version", "arch", "variant", NULL,
};

/* Note where the key under the cursor is. */
static void set_place(struct cursor *at, const char *key, const char **file,
		      const char **pointer)
{
	size_t mark = cursor_enter(at, key);

	*file = mem_pool_copy(at->pool, cursor_file(at));
	*pointer = mem_pool_copy(at->pool, buf_text(&at->pointer));
	cursor_leave(at, mark);
}

/* Offers the ids that there are. */
static int fail_menu(struct cursor *at, const char *key,
		     const struct menus *menus, const char *id)
{
	const char **known = mem_alloc((menus->count + 2) * sizeof(*known));
	const struct offer offer = { .wanted = id, .known = known };

	known[0] = "local";
	for (size_t i = 0; i < menus->count; i++)
		known[1 + i] = menus->list[i].id;
	cursor_fail_offer(at, key, &offer, "there is no menu '%s'",
			  cursor_shown(id));
	free(known);
	return -1;
}

static int read_menu(struct cursor *at, const char *id,
		     const struct assignables *all, struct assignment *out)
{
	out->is_local = strcmp(id, "local") == 0;
	out->menu = menu_find(all->menus, id);
	if (out->menu == NULL && !out->is_local)
		return fail_menu(at, "menu", all->menus, id);
	set_place(at, "menu", &out->file, &out->pointer);
	return 0;
}

static int fail_missing(struct cursor *at, const struct choice *want)
{
	struct buf missing = BUF_INIT;

	choice_add_missing(want, &missing);
	cursor_fail(at, "needs %s: " CHOICE_KEYS, missing.data);
	buf_free(&missing);
	return -1;
}

/* The object under "boot", where the cursor is. */
static int read_release(struct cursor *at, const json_t *object,
			const struct assignables *all, struct assignment *out)
{
	struct choice want = { .distro = NULL };
	int rc = value_check_object(at, object, boot_keys);

	if ((rc | choice_read(at, object, &want)) < 0)
		return -1;
	if (want.distro == NULL || want.version == NULL || want.arch == NULL)
		return fail_missing(at, &want);
	out->release = choice_find(all->releases, &want);
	if (out->release == NULL)
		return choice_fail(at, all->releases, &want,
				   choice_best(all->releases, &want));
	return 0;
}

static int read_boot(struct cursor *at, const json_t *object,
		     const struct assignables *all, struct assignment *out)
{
	size_t mark = cursor_enter(at, "boot");
	int rc = read_release(at, json_object_get(object, "boot"), all, out);

	cursor_leave(at, mark);
	set_place(at, "boot", &out->file, &out->pointer);
	return rc;
}

/* The name is looked up when a machine asks: the directory may come later. */
static int read_answers(struct cursor *at, const json_t *object,
			struct assignment *out)
{
	const char *name = NULL;
	size_t mark;
	int rc;

	if (json_is_null(json_object_get(object, "answers"))) {
		out->answers = "";
		return 0;
	}
	if (value_string(at, object, "answers", &name) < 0)
		return -1;
	if (name == NULL)
		return 0;
	mark = cursor_enter(at, "answers");
	rc = form_check_id(at, name);
	cursor_leave(at, mark);
	if (rc == 0)
		out->answers = mem_pool_copy(at->pool, name);
	return rc;
}

static int read_install(struct cursor *at, const json_t *object,
			const struct assignables *all, struct assignment *out)
{
	static const char *const installs[] = { "once", "always", NULL };
	const char *install = NULL;
	const char *otherwise = NULL;
	struct offer offer = { .known = installs };
	const json_t *value = json_object_get(object, "install");
	int rc = value_string(at, object, "otherwise", &otherwise);

	if (value != NULL && !json_is_string(value))
		return cursor_fail_key(at, "install",
				       "must be once or always, in quotes");
	install = json_string_value(value);
	if (install != NULL && strcmp(install, "once") == 0)
		out->install = INSTALL_ONCE;
	else if (install != NULL && strcmp(install, "always") == 0)
		out->install = INSTALL_ALWAYS;
	offer.wanted = install;
	if (install != NULL && out->install == INSTALL_UNSET)
		rc = cursor_fail_offer(at, "install", &offer,
				       "must be once or always");
	if (otherwise == NULL || strcmp(otherwise, "local") == 0)
		return rc;
	out->otherwise = menu_find(all->menus, otherwise);
	if (out->otherwise == NULL)
		rc = fail_menu(at, "otherwise", all->menus, otherwise);
	set_place(at, "otherwise", &out->otherwise_file,
		  &out->otherwise_pointer);
	return rc;
}

int assignment_read(struct cursor *at, const json_t *object,
		    const struct assignables *all, enum words_place place,
		    struct assignment *out)
{
	const char *menu = NULL;
	int rc = value_string(at, object, "menu", &menu);

	rc |= read_answers(at, object, out);
	rc |= values_read(at, object, &out->values);
	rc |= words_read(at, object, place, &out->words);
	rc |= read_install(at, object, all, out);
	if (menu != NULL && json_object_get(object, "boot") != NULL)
		return cursor_fail(at,
				   "has both menu and boot: write one of them");
	if (menu != NULL)
		rc |= read_menu(at, menu, all, out);
	else if (json_object_get(object, "boot") != NULL)
		rc |= read_boot(at, object, all, out);
	return rc;
}

static void take_otherwise(struct assignment *out,
			   const struct assignment *from)
{
	out->otherwise = from->otherwise;
	out->otherwise_file = from->otherwise_file;
	out->otherwise_pointer = from->otherwise_pointer;
}

void assignment_inherit(struct assignment *out, const struct assignment *group)
{
	const struct assignment own = *out;

	if (assignment_is_empty(&own))
		*out = *group;
	out->answers = own.answers != NULL ? own.answers : group->answers;
	if (own.install != INSTALL_UNSET)
		out->install = own.install;
	else
		out->install = group->install;
	take_otherwise(out, own.otherwise != NULL ? &own : group);
	out->values = own.values;
	out->group_values = group->values;
	out->words = own.words;
	out->group_words = group->words;
}

int assignment_is_unattended(const struct assignment *a)
{
	return a->release != NULL && a->answers != NULL &&
	       a->answers[0] != '\0' && release_takes_answers(a->release);
}

int assignment_repeats(const struct assignment *a)
{
	return a->release->is_live || a->install == INSTALL_ALWAYS;
}

json_t *assignment_words(const struct assignment *a,
			 const struct settings *settings)
{
	json_t *all = json_object();

	words_add(all, settings->words);
	words_add(all, a->group_words);
	words_add(all, a->words);
	return all;
}

void assignment_add_values(const struct assignment *a,
			   const struct settings *settings, json_t *all)
{
	values_add(all, settings->values);
	values_add(all, a->group_values);
	values_add(all, a->values);
}

const struct release *assignment_release(const struct assignment *a,
					 const struct settings *settings,
					 struct mem_pool *pool)
{
	const struct release *from = a->release;
	const struct mirror_files *whole;
	struct release *release;
	struct mirror_files *files;
	json_t *all;
	char *text;

	if (a->words == NULL && a->group_words == NULL)
		return from;
	release = mem_pool_alloc(pool, sizeof(*release));
	files = mem_pool_alloc(pool, from->mirror_count * sizeof(*files));
	whole = packed_open(from, pool);
	all = assignment_words(a, settings);
	text = json_dumps(all, JSON_COMPACT);
	*release = *from;
	release->mirrors = files;
	release->words = mem_pool_copy(pool, text);
	for (size_t i = 0; i < from->mirror_count; i++) {
		files[i] = whole[i];
		release_builder_write_words(pool, from->installer, all,
					    &files[i]);
		release_builder_add_unwritable(pool, &files[i]);
	}
	free(text);
	json_decref(all);
	return release;
}

/* The key of words_keys that the object has and its value is not null; NULL:
 * none. */
static const char *first_word(const json_t *object)
{
	for (size_t i = 0; words_keys[i] != NULL; i++)
		if (json_object_get(object, words_keys[i]) != NULL)
			return words_keys[i];
	return NULL;
}

int assignment_check_words(struct cursor *at, const json_t *object,
			   const struct assignment *a,
			   const struct settings *settings)
{
	const char *key = first_word(object);
	struct mem_pool pool = MEM_POOL_INIT;
	const struct release *release;
	const char *args;
	json_t *all;
	const char *reason;

	if (key == NULL)
		return 0;
	if (a->release == NULL)
		return cursor_fail_key(at, key,
				       "goes with boot: what a menu starts "
				       "gets what the site says");
	all = assignment_words(a, settings);
	reason = words_check(all);
	json_decref(all);
	if (reason != NULL)
		return cursor_fail_key(at, "address", "%s", reason);
	release = assignment_release(a, settings, &pool);
	args = packed_open(release, &pool)[0].args;
	if (args != NULL)
		reason = args_check(args);
	if (reason != NULL)
		cursor_fail_key(at, key,
				"arguments of the release, with this, %s",
				reason);
	mem_pool_free(&pool);
	return reason != NULL ? -1 : 0;
}

/* Without answers there is nothing that begins an installation, and a live
 * system ends none. */
static int check_install(struct cursor *at, const json_t *object,
			 const struct assignment *a)
{
	if (a->release != NULL && a->release->is_live &&
	    json_object_get(object, "install") != NULL)
		return cursor_fail_key(
			at, "install",
			"the release is a live system, which installs nothing: "
			"leave install out; or, if the args of a variant make "
			"it install, write \"live\": false in that variant");
	if (assignment_is_unattended(a))
		return 0;
	if (a->install == INSTALL_ONCE &&
	    json_object_get(object, "install") != NULL)
		return cursor_fail_key(at, "install",
				       "once needs answers: the first one that "
				       "is fetched begins the installation");
	if (json_object_get(object, "otherwise") != NULL)
		return cursor_fail_key(at, "otherwise",
				       "goes with answers: it is for a machine "
				       "that is not to be installed now");
	return 0;
}

int assignment_check_answers(struct cursor *at, const json_t *object,
			     const struct assignment *a)
{
	if (!json_is_string(json_object_get(object, "answers")))
		return check_install(at, object, a);
	if (a->release == NULL)
		return cursor_fail_key(at, "answers",
				       "need a release that is installed: "
				       "write boot");
	if (!release_takes_answers(a->release))
		return cursor_fail_key(
			at, "answers",
			"the release has no answer_args, which lead its "
			"installer to answers: write them in its distro");
	return check_install(at, object, a);
}
