#ifndef ASSIGNMENT_H
#define ASSIGNMENT_H

#include "cursor.h"
#include "menu.h"
#include "release.h"
#include "settings.h"
#include "words.h"

/* How often a machine is installed that gets answers. */
enum install {
	INSTALL_UNSET, /* once; a live system: at each start */
	INSTALL_ONCE,
	INSTALL_ALWAYS /* at each start while it is armed */
};

/* What a host file or a group gives its machines: a menu, the local disk or a
 * release, none of them: nothing; and what its installer is answered. */
struct assignment {
	const struct menu *menu;
	int is_local;
	const struct release *release;
	const char *file;    /* that says so, without a path */
	const char *pointer; /* the place in it, a JSON Pointer */
	const char *answers; /* their name; NULL: none, "": none, whatever the
				group says */
	const char *values;  /* for values_add(); NULL: none */
	const char *group_values; /* of a host's group, the same */
	const char *words;        /* for kernel arguments, for words_add();
				     NULL: none */
	const char *group_words;  /* of a host's group, the same */
	enum install install;
	const struct menu *otherwise; /* what a machine gets that is not to be
					 installed; NULL: the local disk */
	const char *otherwise_file;   /* that says so */
	const char *otherwise_pointer;
};

/* What an assignment can name. */
struct assignables {
	const struct settings *settings;
	const struct menus *menus;
	const struct releases *releases;
};

static inline int assignment_is_empty(const struct assignment *a)
{
	return a->menu == NULL && !a->is_local && a->release == NULL;
}

/* All that the machine, its group and the site say for every installer, by
 * words_keys; the caller releases it. */
json_t *assignment_words(const struct assignment *a,
			 const struct settings *settings);

/* Set all values that the site, the machine's group and the machine have, the
 * more special after the more general, in all. */
void assignment_add_values(const struct assignment *a,
			   const struct settings *settings, json_t *all);

/*
 * The release that the machine starts, with what it, its group and the site
 * say for kernel arguments in the words of its installer; the assignment's own
 * where it and its group say nothing.  The result is in pool and borrows from
 * it.
 */
const struct release *assignment_release(const struct assignment *a,
					 const struct settings *settings,
					 struct mem_pool *pool);

/*
 * Read the keys "menu" and "boot" of the object here, of which it may have one,
 * "answers", "values", "install", "otherwise" and words_keys into the empty
 * struct at out. The texts of out are in the cursor's pool.  Returns 0, also
 * when the object has neither; or -1 with each failure recorded.
 */
int assignment_read(struct cursor *at, const json_t *object,
		    const struct assignables *all, enum words_place place,
		    struct assignment *out);

/*
 * Give a host, whose own are at out, what its group says: the values, the
 * answers where it has no key "answers" of its own, and the rest where it is
 * empty.
 */
void assignment_inherit(struct assignment *out, const struct assignment *group);

/* Whether the machine is installed without asking anybody, and so has to be
 * armed. */
int assignment_is_unattended(const struct assignment *a);

/* Whether a machine that is armed gets the release and its answers at each
 * start.  A live system does: nothing is installed that could start instead. */
int assignment_repeats(const struct assignment *a);

/* Whether what the object here says for kernel arguments goes with what is
 * assigned.  Returns 0, or -1 with the failure recorded. */
int assignment_check_words(struct cursor *at, const json_t *object,
			   const struct assignment *a,
			   const struct settings *settings);

/*
 * Whether the keys that the object here has of its own for answers, and for how
 * often they are given, go with what is assigned, which can be led to them, and
 * installs where "install" is written.  Returns 0, or -1 with the failure
 * recorded.
 */
int assignment_check_answers(struct cursor *at, const json_t *object,
			     const struct assignment *a);

#endif
