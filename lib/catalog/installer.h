#ifndef INSTALLER_H
#define INSTALLER_H

#include <jansson.h>
#include <stddef.h>

#include "cursor.h"
#include "template.h"

/*
 * A family of installers, and its own words for what words.h has: how Debian's
 * installer, Anaconda and the others write a console or an address into kernel
 * arguments.
 */

/* What an installer has words for. */
enum word {
	WORD_CONSOLE,
	WORD_KEYBOARD,
	WORD_NOMODESET,
	WORD_VLAN,
	WORD_ADDRESS,
	WORD_DNS,
	WORD_PROXY,
	WORD_COUNT
};

/* The key of each of them, in the site and in an installer. */
extern const char *const installer_words[WORD_COUNT];

struct installer {
	const char *id;
	struct template *words[WORD_COUNT]; /* NULL: none is known */
	const char **replaces; /* arguments that go when a VLAN or an address
				  is written; ends in NULL */
};

/* All of them, in the catalogue's order. */
struct installers {
	struct installer *list;
	size_t count;
};

/* Read the section "installers" into the empty struct at all.  Returns 0, or -1
 * with each failure recorded.  Release with installer_free_all(). */
int installer_read_all(struct cursor *at, struct installers *all);
void installer_free_all(struct installers *all);

/* NULL if there is no such installer. */
const struct installer *installer_find(const struct installers *all,
				       const char *id);

/* What became of a word. */
enum word_outcome {
	WORD_UNSET,   /* nobody says it */
	WORD_WRITTEN, /* it is in the arguments */
	WORD_OWN,     /* the arguments say something of the name themselves */
	WORD_NOTHING, /* the installer takes it only with others */
	WORD_UNKNOWN  /* the installer has no word for it */
};

/*
 * Write the installer's words for what all of words_add() says into the
 * arguments: before a word "---" of theirs, or behind it where the installer
 * says so.  installer NULL: one without words.  args NULL: none.  Returns the
 * arguments, which are args where nothing was written, or else in pool; and
 * sets the outcomes.
 */
const char *installer_write(const struct installer *installer,
			    const json_t *all, const char *args,
			    struct mem_pool *pool,
			    enum word_outcome outcomes[static WORD_COUNT]);

/* Whether a word was written. */
int installer_has_written(const enum word_outcome outcomes[static WORD_COUNT]);

#endif
