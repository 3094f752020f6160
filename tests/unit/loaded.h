/* Catalogues that tests write and load. */
#ifndef LOADED_H
#define LOADED_H

#include "catalog.h"
#include "error.h"
#include "scratch.h"
#include "stamps.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define SITE "'site': {'base': 'http://boot.example.org/boot/'}"
#define MENUS "'menus': {'main': {'entries': [{'local': true}]}}"

/* The file catalog.json of the working directory, with whole texts. */
static inline struct catalog *load_with(const char *base, struct error *err)
{
	struct stamps *stamps = stamps_new();
	struct catalog *c = catalog_load("catalog.json", base, stamps, err);

	stamps_free(stamps);
	if (c != NULL)
		catalog_unpack(c);
	return c;
}

/* The catalogue of two parts, written with ' for ". */
static inline struct catalog *load_parts(const char *text, const char *rest,
					 struct error *err)
{
	struct buf whole = BUF_INIT;

	buf_printf(&whole, "%s%s", text, rest);
	put_json("catalog.json", whole.data);
	buf_free(&whole);
	return load_with(NULL, err);
}

/* The catalogue, written with ' for ". */
static inline struct catalog *load(const char *text)
{
	struct error err = ERROR_INIT;
	struct catalog *c = load_parts(text, "", &err);

	if (c == NULL)
		fail_msg("%s", err.text);
	return c;
}

/* Either may be NULL. */
static inline void check_text(const char *what, const char *text,
			      const char *expected)
{
	if ((text == NULL) != (expected == NULL) ||
	    (text != NULL && strcmp(text, expected) != 0))
		fail_msg("%s: '%s', not '%s'", what, text ? text : "NULL",
			 expected ? expected : "NULL");
}

#endif
