#ifndef URI_H
#define URI_H

#include <stddef.h>
#include <string.h>

#include "buf.h"

/* The longest URL, in bytes, that any loader is given. */
#define URI_MAX 1000

/*
 * The longest URL that every loader takes: PXELINUX 3.83 cuts a name at 251
 * without a message (core/pxelinux.asm, mangle_name), and DHCP option 210 holds
 * 253 bytes.
 */
#define URI_MAX_FOR_ALL 250

/* The parts of an absolute URL; host, path and query point into it. */
struct uri {
	int is_https;
	int is_ipv6;      /* the host is an IPv6 address, in brackets */
	const char *host; /* with the port, as it stands: "h:8080" */
	size_t host_len;
	size_t name_len;  /* of the host, without the port */
	const char *path; /* from its first '/'; up to the query */
	size_t path_len;
	const char *query; /* behind the '?'; "" when there is none */
};

/*
 * Take apart an absolute http: or https: URL that a loader fetches as it
 * stands: printable ASCII without quotes, spaces, '$', '\', '%' (gPXE 1.0.1
 * and iPXE before 2021 decode and encode it again) or '#', no user name, a
 * decimal port, a path of at least "/", at most URI_MAX bytes, parameter values
 * of [A-Za-z0-9._~-].  Returns NULL, or a phrase that says what is wrong and
 * repeats nothing of the URL ("has no path: a '/' must follow the host name");
 * u is then unchanged.
 */
const char *uri_parse(const char *s, struct uri *u);

/* What a loader needs to fetch some URLs. */
struct uri_needs {
	unsigned https : 1;   /* TLS */
	unsigned ipv6 : 1;    /* an address in brackets */
	unsigned length : 16; /* of the longest, in bytes */
};

/* Add what the URL needs, which uri_parse() took apart. */
void uri_add_needs(struct uri_needs *needs, const struct uri *u);

/* Whether s is an https: URL that uri_parse() takes. */
int uri_is_https(const char *s);

/* Whether both name the same host, whatever the port. */
int uri_has_host(const struct uri *u, const struct uri *other);

/* The value of a hexadecimal digit; -1 if it is none. */
int uri_hex_digit(char c);

/* Append the len bytes at s, percent-decoded, to out.  Returns 0, or -1 with
 * out unchanged for a malformed escape or one that gives a NUL. */
int uri_decode(struct buf *out, const char *s, size_t len);

/* Whether a word of the text has user information, as a URL of any scheme or
 * without one: "me:word@h". */
int uri_has_user(const char *text);

/*
 * Append text for people: what may be secret in a URL in it, user information,
 * query and fragment, is "..." there.  A URL that begins with one of known,
 * which ends in NULL or is NULL, has no secret.  This decides for messages, the
 * log, html, explanations, views and the checker.
 */
void uri_add_shown(struct buf *out, const char *text, const char *const *known);

/* The same for the name of a file, which may be a URL by mistake: a blank or a
 * quote in it does not end the URL. */
void uri_add_shown_file(struct buf *out, const char *file);

/* A name for people; "..." in place of one that may be a URL or part of it:
 * somebody wrote a value where a name belongs. */
static inline const char *uri_shown_name(const char *name)
{
	return strpbrk(name, ":@?") != NULL ? "..." : name;
}

/* Append "?name=value", or "&name=value" if url has a query already.  Both
 * must be of [A-Za-z0-9._~-]: nothing is encoded. */
void uri_add_param(struct buf *url, const char *name, const char *value);

/* Whether c may stand in a parameter's value: [A-Za-z0-9._~-].  Encoded bytes
 * are no way out: some clients decode them before they ask. */
static inline int uri_is_value_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '~' ||
	       c == '-';
}

#endif
