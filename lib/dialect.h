#ifndef DIALECT_H
#define DIALECT_H

#include <stddef.h>

#include "buf.h"
#include "error.h"

/*
 * A kind of text that a client reads, and what a value may look like in it.
 *
 * escape() appends the len bytes at s to out so that they read back as that
 * value wherever in a line they stand.  Where the dialect has no way to write
 * them it appends nothing and returns a phrase that says why ("contains a
 * line break").  NULL means success.
 */
struct dialect {
	const char *name;         /* in URLs and in template file names */
	const char *client;       /* what reads it; NULL: people */
	const char *agent;        /* what its client's User-Agent begins with;
				     NULL: there is none */
	const char *content_type; /* of the HTTP answer */
	const char *magic;        /* what every text begins with */
	size_t max_line;  /* longest line in bytes, newline left out; 0: any */
	size_t max_words; /* in a line; 0: any */
	const char *(*escape)(struct buf *out, const char *s, size_t len);
};

extern const struct dialect dialect_gpxe;     /* scripts of gPXE, and of iPXE */
extern const struct dialect dialect_pxelinux; /* menus of SYSLINUX 3.x */
extern const struct dialect dialect_ipxe;     /* scripts of iPXE */
extern const struct dialect dialect_syslinux; /* menus of SYSLINUX 6.x */
extern const struct dialect dialect_grub;     /* scripts of GRUB 2 */
extern const struct dialect dialect_html;     /* pages for people */

/* Every dialect, in the order of the manual; ends in NULL. */
extern const struct dialect *const dialects[];

/* The dialect of that name; NULL if there is none. */
const struct dialect *dialect_find(const char *name);

/* The dialect of the loader that sends this User-Agent; NULL for any other
 * client, a browser too. */
const struct dialect *dialect_of_user_agent(const char *user_agent);

/*
 * Whether every boot dialect (all but html) can write the len bytes at s as a
 * value.  Returns 0, or -1 with err set: "dialect gpxe cannot write a value
 * that begins or ends with a space".
 */
int dialect_check_value(const char *s, size_t len, struct error *err);

/*
 * Whether the len bytes at text are a whole text of the dialect d that its
 * clients run without harm: its magic first, a newline last; but for html,
 * printable ASCII and newlines only, lines and URLs no longer than clients
 * take, parameter values in URLs of [A-Za-z0-9._~-] or settings of the
 * client's own (${arch}).  Returns 0, or -1 with err set: "NAME: line 3 of
 * the text has a URL of more than 250 bytes".
 */
int dialect_check(const struct dialect *d, const char *name, const char *text,
		  size_t len, struct error *err);

#endif
