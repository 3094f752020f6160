#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <jansson.h>
#include <stddef.h>

#include "buf.h"
#include "error.h"

/*
 * A compiled Mustache template (https://mustache.github.io, the required
 * modules of its specification; no lambdas).  It never changes and can be
 * rendered any number of times.
 */
struct template;

/*
 * Compile len bytes of Mustache text, less than 4 GiB.  name is the file that
 * the text came from: all messages begin with it.  Both are copied.  Returns
 * NULL with err set ("menu.pxelinux:7: section 'entries' is never closed with
 * {{/entries}}").  Release with template_free().
 *
 * A tag that is alone in its line removes the whole line; a variable does not.
 * A name has no white space and no control bytes, and does not begin with any
 * of # ^ / > ! = & {.  Sections can be nested 64 deep.  Inheritance ({{$x}},
 * {{<x}}) and dynamic partial names ({{>*x}}) are errors.
 */
struct template *template_parse(const char *name, const char *text, size_t len,
				struct error *err);
void template_free(struct template *t);

/* How to render: how values are written, and the source of partials. */
struct render {
	/* Append the len bytes at s to out, which has all that has been
	 * rendered.  Returns as a dialect's escape() does. */
	const char *(*escape)(struct buf *out, const char *s, size_t len);
	/* The template for {{> name}}, borrowed until the rendering ends; NULL
	 * if there is none.  partial itself may be NULL: there are no
	 * partials. */
	const struct template *(*partial)(void *ctx, const char *name);
	void *ctx;
	/* Missing names and partials give "", as the specification demands. 
	 * Otherwise they are errors: a boot text with a hole in it must not be
	 * served. */
	int lenient;
};

/*
 * Append t, filled from data, to out.  Returns 0, or -1 with err set and the
 * length of out unchanged.
 *
 * {{x}} is escaped.  If the value cannot be written, the message has the name
 * and the reason ("menu.gpxe:7: 'title' contains a line break").  For a missing
 * name it offers a similar one that is there.  {{{x}}} and {{&x}} are raw: they
 * only must not have a NUL byte.  Tags in values have no effect.
 *
 * A variable must be a string or a number.  Numbers are written as in JSON,
 * reals with the fewest digits that give the same value again.  Anything else
 * is an error; if lenient, it gives "".  A section's value is false if it is
 * missing, null, false or an empty list; "" and 0 are true.
 *
 * A partial that is alone in its line is indented: the white space before its
 * tag goes before each of its lines, but not into values with line breaks.
 *
 * Every rendering ends: it is an error if partials are nested more than 32 deep
 * or sections more than 256 deep (across partials), if the output is longer
 * than 16 MiB, or after 2^24 steps.  A step is a tag, the end of a text, or an
 * outer section that a name is looked up in.
 */
int template_render(const struct template *t, const json_t *data,
		    const struct render *how, struct buf *out,
		    struct error *err);

/* What a tag uses a name for. */
enum template_use {
	TEMPLATE_VARIABLE,
	TEMPLATE_SECTION, /* {{#x}} and {{^x}} */
	TEMPLATE_END,     /* {{/x}} */
	TEMPLATE_PARTIAL,
};

/* A name in a template, borrowed from it. */
struct template_name {
	enum template_use use;
	const char *text; /* the whole name: "x.y" */
	const char *file; /* the template's own name */
	unsigned line;
};

/* Call each() with every name in t, in order, and as often as it occurs.
 * Stops at the first result other than 0 and returns it. */
int template_each_name(const struct template *t,
		       int (*each)(void *ctx, const struct template_name *name),
		       void *ctx);

#endif
