#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <jansson.h>
#include <stddef.h>

#include "buf.h"
#include "dialect.h"
#include "error.h"

/*
 * A compiled Mustache template (https://mustache.github.io, the required
 * modules of its specification; no lambdas): immutable, good for any number
 * of renders.
 */
struct template;

/*
 * Compile len bytes of Mustache text, less than 4 GiB.  name is the file it
 * came from and leads every later message.  Both are copied.  Returns NULL with
 * err set ("menu.pxelinux:7: section 'entries' is never closed with
 * {{/entries}}"); release with template_free().
 *
 * A tag that is alone in its line takes the whole line with it, but a
 * variable does not.  Names are any bytes but white space and control bytes;
 * they begin with none of # ^ / > ! = & {.  At most 64 sections may stand
 * within each other.  Inheritance ({{$x}}, {{<x}}) and dynamic partial names
 * ({{>*x}}) are refused.
 */
struct template *template_parse(const char *name, const char *text, size_t len,
				struct error *err);
void template_free(struct template *t);

/* How to render: what values are escaped for, and where partials come from. */
struct render {
	const struct dialect *dialect;
	/* The template for {{> name}}, borrowed until the rendering ends; NULL
	 * if there is none.  partial may be NULL: there are none. */
	const struct template *(*partial)(void *ctx, const char *name);
	void *ctx;
	/* Names and partials that are missing give "", as the specification
	 * has it; otherwise they are errors: a boot text with a hole in it
	 * must not be served. */
	int lenient;
};

/*
 * Append t, filled from data, to out.  Returns 0, or -1 with err set and out
 * as long as it was.
 *
 * {{x}} is escaped for the dialect; where that refuses, the message names x
 * and the reason ("menu.gpxe:7: 'title' contains a line break").  {{{x}}} and
 * {{&x}} are raw: only a NUL byte is refused.  Values are never scanned for
 * tags.  A variable must be a string or a number: numbers are written as in
 * JSON, reals with as few digits as read back the same; anything else is an
 * error, lenient: "".  A section's value is false when it is missing, null,
 * false or an empty list; "" and 0 are true.
 *
 * A partial that is alone in its line is indented: what stands before its tag
 * goes before each of its lines, but not into values with line breaks.
 *
 * Partials nested more than 32 deep, sections more than 256 (through partials
 * too), an output of more than 16 MiB and more than 2^24 rounds of sections
 * and partials are errors: so every rendering ends.
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
	const char *text; /* all of it: "x.y" */
	const char *file; /* the template's own name */
	unsigned line;
};

/* Call each() with every name in t, in order, and as often as it occurs.
 * Stops at the first result other than 0 and returns it. */
int template_each_name(const struct template *t,
		       int (*each)(void *ctx, const struct template_name *name),
		       void *ctx);

#endif
