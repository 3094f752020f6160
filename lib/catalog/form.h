#ifndef FORM_H
#define FORM_H

#include "cursor.h"

/* The longest title.  Where it stands with other words, the whole has to fit
 * a loader's line: gPXE's has 512 bytes and 32 words. */
#define FORM_TEXT_MAX 200
#define FORM_WORDS_MAX 20

/* What a string is for. */
enum form {
	FORM_ANY,       /* any: the caller checks it */
	FORM_TEXT,      /* for people */
	FORM_ARGS,      /* kernel arguments */
	FORM_WORD,      /* one word */
	FORM_URL,       /* a URL that uri_parse() takes */
	FORM_DIRECTORY, /* such a URL with a '/' at its end */
};

/* Whether s, the value here, has the form and every loader's dialect can write
 * it.  Returns 0, or -1 with the failure recorded. */
int form_check(struct cursor *at, const char *s, enum form form);

/* Whether s, a title, a word or the pattern of one, has ASCII characters only:
 * people write others, which no loader can show.  Returns 0, or -1 with the
 * failure recorded. */
int form_check_characters(struct cursor *at, const char *s);

/* The longest id: SYSLINUX cuts off longer labels. */
#define FORM_ID_MAX 63

/*
 * Whether s, the value here, can be part of a URL's query and of a name in
 * every dialect: a letter or digit, then letters, digits, '.', '_', '~', '-',
 * at most FORM_ID_MAX bytes.  Returns 0, or -1 with the failure recorded.
 */
int form_check_id(struct cursor *at, const char *s);

#endif
