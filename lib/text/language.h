#ifndef LANGUAGE_H
#define LANGUAGE_H

#include <stddef.h>

#include "buf.h"

/*
 * The language of a file that an installer reads, and how a value is written in
 * it.  Files are UTF-8.
 *
 * escape() appends the len bytes at s to out, which has the file up to this
 * place, so that the language's parser reads them back as they are.  Where it
 * cannot, it appends nothing and returns a phrase that says why ("contains a
 * line break"), which repeats nothing of the value.  A place is refused in the
 * same way whatever the value is, except where one that is harmless in itself
 * is taken: a whole number, a package's name.  NULL means success.
 *
 * In YAML, JSON and TOML a value stands between double quotes that the file's
 * author writes, and in XML in the text of an element or an attribute.  In
 * shell and kickstart it brings quotes of its own.
 */
struct language {
	const char *name;         /* for people */
	const char *content_type; /* of the HTTP answer */
	const char *(*escape)(struct buf *out, const char *s, size_t len);
	int takes_cr; /* its parsers take lines that end in CR LF */
	const char *(*check)(const char *text, size_t len); /* as
			       language_check(); NULL: any text will do */
};

extern const struct language language_json;
extern const struct language language_kickstart;
extern const struct language language_plain; /* lines for people */
extern const struct language language_preseed;
extern const struct language language_shell;
extern const struct language language_toml;
extern const struct language language_xml;
extern const struct language language_yaml;

/* The endings of names that have a language, for messages. */
#define LANGUAGE_NAMES                                                         \
	"preseed.cfg, ks.cfg, .preseed, .ks, .sh, .yaml, .yml, .json, .ign, "  \
	".xml, .toml, .txt, and cloud-init's four"

/* The language of the file of that name; NULL if the name does not tell. */
const struct language *language_of(const char *file);

/*
 * Whether the len bytes at text, with a NUL behind them, begin as the file of
 * that name must, end in a newline, and have no first line that ends in CR LF
 * where the language does not take that.  Returns NULL, or a phrase that says
 * what is wrong ("must begin with '#cloud-config'").
 */
const char *language_check(const char *file, const char *text, size_t len);

/* Why no file can hold the len bytes at s: a NUL byte, or no UTF-8; NULL if
 * they can be held. */
const char *language_check_text(const char *s, size_t len);

/* The same of one line: also a line break, or a control character. */
const char *language_check_line(const char *s, size_t len);

/* The character of UTF-8 at s, which language_check_text() has passed; its
 * length goes to *len. */
unsigned language_character(const char *s, size_t *len);

#endif
