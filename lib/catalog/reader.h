#ifndef READER_H
#define READER_H

#include <jansson.h>
#include <stddef.h>

#include "buf.h"
#include "error.h"
#include "mem.h"
#include "overlay.h"

#define READER_PATTERNS 32

/*
 * Reads values out of the catalogue's objects and says where a bad one is:
 * "catalog.json: /distros/debian/args: must be a string".
 *
 * The reader_* functions that take an object and a key return 0 and set *out,
 * 0 without touching *out when the object lacks the key, or -1 with the
 * failure recorded.  Strings handed out are copied into the pool.
 */
struct reader {
	const struct overlay *files;
	struct mem_pool *pool;
	struct error *err;
	const char *file;   /* of the value at hand */
	struct buf pointer; /* RFC 6901, to the value at hand */
	struct buf scratch; /* of a pattern that is being filled */

	/* The patterns filled last, each at a place that its address tells:
	 * a distro's are filled for each of its releases, and many of them
	 * come out as they did before. */
	struct reader_pattern {
		const char *text;
		struct template *template; /* NULL: there are no tags in it */
		const char *filled;        /* what came out last */
	} patterns[READER_PATTERNS];
};

/* Release what the reader holds. */
void reader_end(struct reader *r);

/* Step into the value of key, or of an array's index; returns what
 * reader_leave() takes to step out again. */
size_t reader_enter(struct reader *r, const char *key);
size_t reader_enter_index(struct reader *r, size_t index);
void reader_leave(struct reader *r, size_t mark);

/* Step into /section/id and its file. */
void reader_enter_id(struct reader *r, const char *section, const char *id);

/* Record a failure of the value at hand, or of the one under key; returns
 * -1. */
int reader_fail(struct reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int reader_fail_key(struct reader *r, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Offer the object's keys to the next failure, which is about wanted. */
void reader_offer_keys(struct reader *r, const char *wanted,
		       const json_t *object);

/* The value under key is no string. */
int reader_fail_string(struct reader *r, const char *key, const json_t *value);

/* Whether the value at hand is an object with no keys but those in the list,
 * which ends in NULL.  Each other key is a failure. */
int reader_check_object(struct reader *r, const json_t *object,
			const char *const *keys);

/* The longest title. */
#define READER_TEXT_MAX 200
#define READER_WORDS_MAX 20

/* What a text is for. */
enum form {
	FORM_TEXT,      /* people, or anything that a dialect must write */
	FORM_ARGS,      /* kernel arguments */
	FORM_WORD,      /* one word */
	FORM_URL,       /* a URL that uri_parse() takes */
	FORM_DIRECTORY, /* the same, with a '/' at its end */
};

/* Whether s, the value at hand, has that form and can be written by every
 * boot dialect. */
int reader_check(struct reader *r, const char *s, enum form form);

/* The pattern at hand, which stays as it is until reader_end(), filled from
 * vars (as lib/template.h does it, but without escaping); NULL with the
 * failure recorded. */
const char *reader_fill(struct reader *r, const char *pattern,
			const json_t *vars);

/* The longest id: the core of SYSLINUX cuts labels soon behind it. */
#define READER_ID_MAX 63

/* Whether s, the value at hand, can be part of a URL's query and of every
 * dialect's names: a letter or digit, then letters, digits, '.', '_', '~',
 * '-'; at most
 * READER_ID_MAX bytes. */
int reader_check_id(struct reader *r, const char *s);

/* Any string; borrowed from object. */
int reader_string(struct reader *r, const json_t *object, const char *key,
		  const char **out);

/* A string of that form, copied into the pool. */
int reader_text(struct reader *r, const json_t *object, const char *key,
		enum form form, const char **out);

int reader_number(struct reader *r, const json_t *object, const char *key,
		  unsigned max, unsigned *out);

/* true; false is refused: leave the key out instead. */
int reader_flag(struct reader *r, const json_t *object, const char *key,
		int *out);

#endif
