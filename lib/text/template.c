#include "template.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define MAX_NESTING 64   /* sections within sections, in one template */
#define MAX_SECTIONS 256 /* the same, across partials */
#define MAX_PARTIALS 32  /* partials within partials; each uses the C stack */

/* Limits for a partial that includes itself twice, and for lists within lists. 
 * They are lower for a fuzzer, which must not take long. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define MAX_OUTPUT ((size_t)1 << 20)
#define MAX_STEPS ((size_t)1 << 12)
#else
#define MAX_OUTPUT ((size_t)16 << 20)
#define MAX_STEPS ((size_t)16 << 20)
#endif

#define NUMBER_SIZE 48 /* more than the longest number in JSON needs */

/* Part of a text: a name, a part of a name, a delimiter. */
struct slice {
	const char *s;
	size_t len;
};

/* The same, by its position in the template's text. */
struct span {
	unsigned at;
	unsigned len;
};

enum op_kind {
	OP_TEXT,    /* text only */
	OP_ESCAPED, /* {{x}} */
	OP_RAW,     /* {{{x}}} and {{&x}} */
	OP_SECTION,
	OP_END,
	OP_INVERTED,
	OP_INVERTED_END,
	OP_PARTIAL
};

/* A tag and the text before it.  Small, because every process has the templates
 * of all pages. */
struct op {
	unsigned char kind; /* enum op_kind */
	/* Whether the text, or the tag, is the first in a line that stays in
	 * the output: the indentation of a partial goes before it. */
	bool text_begins_line, tag_begins_line;
	bool is_alone; /* of a partial: nothing else is in its line, which is
			  removed */
	unsigned line;
	struct span text;
	struct span name; /* a NUL follows it */
	union {
		struct {
			unsigned first; /* length of the name to its first dot;
					   "." has 0 */
			unsigned jump;  /* number of ops between a section and
					   its end */
		};
		struct span indent; /* of a partial that is alone in its line */
	};
};

/* A single block of memory: ops, text and name follow. */
struct template
{
	const char *name;
	const char *text; /* that all spans point into */
	unsigned count;
	struct op ops[];
};

struct parser {
	const char *name;
	const char *start, *end; /* of the text */
	struct error *err;
	struct op *ops;
	unsigned count;
	const char *counted; /* the line of this place is in line */
	unsigned line;
	struct slice text; /* not in an op yet */
	bool text_begins_line;
	bool line_start; /* the next text or tag begins a line */
	struct slice open, close;
	unsigned nested[MAX_NESTING]; /* the ops of the open sections */
	size_t depth;
};

struct tag {
	char type;     /* one of TAG_TYPES, 'v' for a variable */
	bool is_alone; /* no text is in its line */
	unsigned line;
	const char *start, *end; /* of what is removed: the whole line if the
				    tag is alone in it */
	struct slice content;
	struct slice indent; /* before a tag that is alone in its line */
};

#define TAG_TYPES "#^/>!=&{"

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip_space(const char *s, const char *end)
{
	while (s < end && is_space(*s))
		s++;
	return s;
}

static const char *skip_word(const char *s, const char *end)
{
	while (s < end && !is_space(*s))
		s++;
	return s;
}

static struct slice trim(const char *s, const char *end)
{
	s = skip_space(s, end);
	while (end > s && is_space(end[-1]))
		end--;
	return (struct slice){ s, (size_t)(end - s) };
}

/* The first d between s and end; NULL if there is none. */
static const char *find(const char *s, const char *end, struct slice d)
{
	while ((size_t)(end - s) >= d.len) {
		s = memchr(s, d.s[0], (size_t)(end - s) - d.len + 1);
		if (s == NULL || memcmp(s, d.s, d.len) == 0)
			return s;
		s++;
	}
	return NULL;
}

/* The precision for %.*s: a long name must leave room for the reason. */
static int shown(struct slice name)
{
	return name.len < 100 ? (int)name.len : 100;
}

static struct span span_of(const struct parser *p, struct slice slice)
{
	return (struct span){ (unsigned)(slice.s - p->start),
			      (unsigned)slice.len };
}

static struct slice slice_of(const char *text, struct span span)
{
	return (struct slice){ text + span.at, span.len };
}

static struct op *new_op(struct parser *p, enum op_kind kind, unsigned line)
{
	struct op *op;

	p->ops = mem_grow_by_one(p->ops, p->count, sizeof(*p->ops));
	op = &p->ops[p->count++];
	*op = (struct op){ .kind = (unsigned char)kind,
			   .line = line,
			   .text = span_of(p, p->text),
			   .text_begins_line = p->text_begins_line };
	p->text.len = 0;
	return op;
}

static struct op *add_op(struct parser *p, enum op_kind kind,
			 const struct tag *tag)
{
	struct op *op = new_op(p, kind, tag->line);

	op->name = span_of(p, tag->content);
	if (!tag->is_alone) {
		op->tag_begins_line = p->line_start;
		p->line_start = false;
	}
	return op;
}

static void keep_text(struct parser *p, const char *s, const char *end)
{
	if (s == end)
		return;
	if (p->text.len > 0) /* the text before a comment */
		new_op(p, OP_TEXT, p->line);
	p->text = (struct slice){ s, (size_t)(end - s) };
	p->text_begins_line = p->line_start;
	p->line_start = end[-1] == '\n';
}

static unsigned count_lines(struct parser *p, const char *to)
{
	for (; p->counted < to; p->counted++)
		if (*p->counted == '\n')
			p->line++;
	return p->line;
}

/*
 * The end of the content that starts at s: the closing delimiter, or the mark
 * in front of it in {{{x}}} and {{=x y=}}.
 */
static const char *find_close(const struct parser *p, const char *s, char mark)
{
	const char *at = find(s, p->end, p->close);

	if (mark == '\0')
		return at;
	while (at != NULL && (at == s || at[-1] != mark))
		at = find(at + 1, p->end, p->close);
	return at != NULL ? at - 1 : NULL;
}

static int read_tag(struct parser *p, const char *start, struct tag *tag)
{
	const char *s = skip_space(start + p->open.len, p->end);
	bool typed = s < p->end && strchr(TAG_TYPES, *s) != NULL;
	char mark[2] = "";
	const char *close;

	*tag = (struct tag){ .type = typed ? *s : 'v',
			     .line = count_lines(p, start),
			     .start = start,
			     .indent = { start, 0 } };
	if (typed)
		s++;
	if (tag->type == '{')
		mark[0] = '}';
	if (tag->type == '=')
		mark[0] = '=';
	close = find_close(p, s, mark[0]);
	/* {{{x}} text {{y}}} is not one tag. */
	if (close != NULL && tag->type == '{' && find(s, close, p->close))
		close = NULL;
	if (close == NULL)
		return error_set(p->err, p->name, tag->line,
				 "tag is never closed with '%s%.*s'", mark,
				 shown(p->close), p->close.s);
	tag->content = trim(s, close);
	tag->end = close + strlen(mark) + p->close.len;
	return 0;
}

/* A tag that is alone in its line removes the line.  A variable does not. */
static void widen_tag(const struct parser *p, struct tag *tag)
{
	const char *before = tag->start;
	const char *after = tag->end;

	if (strchr("v&{", tag->type) != NULL)
		return;
	while (before > p->start && is_blank(before[-1]))
		before--;
	if (before > p->start && before[-1] != '\n')
		return;
	while (after < p->end && is_blank(*after))
		after++;
	if (p->end - after >= 2 && after[0] == '\r' && after[1] == '\n')
		after++;
	if (after < p->end && *after != '\n')
		return;
	tag->is_alone = true;
	tag->indent = (struct slice){ before, (size_t)(tag->start - before) };
	tag->start = before;
	tag->end = after < p->end ? after + 1 : after;
}

static int set_delimiters(struct parser *p, const struct tag *tag)
{
	const char *first = tag->content.s;
	const char *end = first + tag->content.len;
	const char *first_end = skip_word(first, end);
	const char *second = skip_space(first_end, end);

	if (second == end || skip_word(second, end) != end ||
	    memchr(first, '=', tag->content.len) != NULL)
		return error_set(p->err, p->name, tag->line,
				 "delimiters must be two words without '=', as "
				 "in {{=<%% %%>=}}");
	p->open = (struct slice){ first, (size_t)(first_end - first) };
	p->close = (struct slice){ second, (size_t)(end - second) };
	return 0;
}

/* The optional modules of the specification use these marks. */
static const char *unsupported(const struct tag *tag)
{
	char first = tag->content.s[0];

	if (tag->type == 'v' && (first == '$' || first == '<'))
		return "inheritance";
	if (tag->type == '>' && first == '*')
		return "a dynamic partial name";
	return NULL;
}

static int check_name(const struct parser *p, const struct tag *tag)
{
	struct slice name = tag->content;
	const char *module;

	if (name.len == 0)
		return error_set(p->err, p->name, tag->line,
				 "tag is empty: a name must stand in it");
	module = unsupported(tag);
	if (module != NULL)
		return error_set(p->err, p->name, tag->line,
				 "%s is not supported: {{%s%.*s}}", module,
				 tag->type == '>' ? ">" : "", shown(name),
				 name.s);
	if (skip_word(name.s, name.s + name.len) != name.s + name.len)
		return error_set(p->err, p->name, tag->line,
				 "name '%.*s' contains white space",
				 shown(name), name.s);
	if (strchr(TAG_TYPES, name.s[0]) != NULL)
		return error_set(p->err, p->name, tag->line,
				 "name '%.*s' begins with '%c', which marks "
				 "another kind of tag",
				 shown(name), name.s, name.s[0]);
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.s[i] < ' ' || name.s[i] == 0x7f)
			return error_set(p->err, p->name, tag->line,
					 "name '%.*s' contains a control byte",
					 shown(name), name.s);
	return 0;
}

static int refuse_part(const struct parser *p, const struct tag *tag)
{
	return error_set(p->err, p->name, tag->line,
			 "name '%.*s' has an empty part: dots stand between "
			 "two names",
			 shown(tag->content), tag->content.s);
}

/* The end of the part of a name that begins at s: a dot, or the end of the
 * name. */
static const char *part_end(const char *s, const char *end)
{
	const char *dot = memchr(s, '.', (size_t)(end - s));

	return dot != NULL ? dot : end;
}

/* Add an op whose name may have several parts. */
static int add_path(struct parser *p, enum op_kind kind, const struct tag *tag)
{
	const char *name = tag->content.s;
	const char *end = name + tag->content.len;
	const char *dot = part_end(name, end);

	add_op(p, kind, tag)->first = (unsigned)(dot - name);
	if (tag->content.len == 1 && dot == name)
		return 0;
	while (dot > name && dot < end) {
		name = dot + 1;
		dot = part_end(name, end);
	}
	return dot == name ? refuse_part(p, tag) : 0;
}

static int open_section(struct parser *p, const struct tag *tag)
{
	if (p->depth == MAX_NESTING)
		return error_set(p->err, p->name, tag->line,
				 "sections are nested more than %d deep: put "
				 "the inner ones into a partial",
				 MAX_NESTING);
	p->nested[p->depth++] = p->count;
	return add_path(p, tag->type == '#' ? OP_SECTION : OP_INVERTED, tag);
}

static int close_section(struct parser *p, const struct tag *tag)
{
	struct slice name = tag->content;
	struct op *section;
	struct slice opened;
	struct op *end;

	if (p->depth == 0)
		return error_set(p->err, p->name, tag->line,
				 "{{/%.*s}} closes a section that was never "
				 "opened with {{#%.*s}} or {{^%.*s}}",
				 shown(name), name.s, shown(name), name.s,
				 shown(name), name.s);
	section = &p->ops[p->nested[p->depth - 1]];
	opened = slice_of(p->start, section->name);
	if (opened.len != name.len || memcmp(opened.s, name.s, name.len) != 0)
		return error_set(
			p->err, p->name, tag->line,
			"{{/%.*s}} closes the wrong section: {{/%.*s}} "
			"for line %u must come first",
			shown(name), name.s, shown(opened), opened.s,
			section->line);
	end = add_op(p, section->kind == OP_SECTION ? OP_END : OP_INVERTED_END,
		     tag);
	section =
		&p->ops[p->nested[--p->depth]]; /* new_op() may have moved it */
	section->jump = end->jump = (unsigned)(end - section);
	return 0;
}

static void add_partial(struct parser *p, const struct tag *tag)
{
	struct op *op = add_op(p, OP_PARTIAL, tag);

	op->is_alone = tag->is_alone;
	op->indent = span_of(p, tag->indent);
}

static int add_tag(struct parser *p, const struct tag *tag)
{
	if (tag->type == '!')
		return 0;
	if (tag->type == '=')
		return set_delimiters(p, tag);
	if (check_name(p, tag) < 0)
		return -1;
	if (tag->type == '#' || tag->type == '^')
		return open_section(p, tag);
	if (tag->type == '/')
		return close_section(p, tag);
	if (tag->type != '>')
		return add_path(p, tag->type == 'v' ? OP_ESCAPED : OP_RAW, tag);
	add_partial(p, tag);
	return 0;
}

static int check_end(const struct parser *p)
{
	const struct op *section;
	struct slice name;

	if (p->depth == 0)
		return 0;
	section = &p->ops[p->nested[p->depth - 1]];
	name = slice_of(p->start, section->name);
	return error_set(p->err, p->name, section->line,
			 "section '%.*s' is never closed with {{/%.*s}}",
			 shown(name), name.s, shown(name), name.s);
}

static int parse(struct parser *p)
{
	const char *pos = p->start;
	const char *nul = memchr(pos, '\0', (size_t)(p->end - pos));
	const char *start;

	if (nul != NULL)
		return error_set(p->err, p->name, count_lines(p, nul),
				 "contains a NUL byte: save it as UTF-8 "
				 "text");
	while ((start = find(pos, p->end, p->open)) != NULL) {
		struct tag tag;

		if (read_tag(p, start, &tag) < 0)
			return -1;
		widen_tag(p, &tag);
		keep_text(p, pos, tag.start);
		if (add_tag(p, &tag) < 0)
			return -1;
		pos = tag.end;
	}
	keep_text(p, pos, p->end);
	new_op(p, OP_TEXT, p->line);
	return check_end(p);
}

/* The template in one block. */
static struct template *pack(const struct parser *p)
{
	size_t ops_size = p->count * sizeof(*p->ops);
	size_t len = (size_t)(p->end - p->start);
	size_t name_size = strlen(p->name) + 1;
	struct template *t = mem_alloc(sizeof(*t) + ops_size + len + name_size);
	char *text = (char *)t->ops + ops_size;

	memcpy(t->ops, p->ops, ops_size);
	memcpy(text, p->start, len);
	memcpy(text + len, p->name, name_size);
	t->text = text;
	t->name = text + len;
	t->count = p->count;
	/* After a name there is a space or a delimiter, which is no longer
	 * needed. */
	for (unsigned i = 0; i < t->count; i++)
		if (t->ops[i].kind != OP_TEXT)
			text[t->ops[i].name.at + t->ops[i].name.len] = '\0';
	return t;
}

struct template *template_parse(const char *name, const char *text, size_t len,
				struct error *err)
{
	struct parser p = { .name = name,
			    .start = text,
			    .end = text + len,
			    .err = err,
			    .counted = text,
			    .line = 1,
			    .text = { text, 0 },
			    .line_start = true,
			    .open = { "{{", 2 },
			    .close = { "}}", 2 } };
	struct template *t = parse(&p) < 0 ? NULL : pack(&p);

	free(p.ops);
	return t;
}

void template_free(struct template *t)
{
	free(t);
}

static enum template_use use_of(enum op_kind kind)
{
	switch (kind) {
	case OP_SECTION:
	case OP_INVERTED:
		return TEMPLATE_SECTION;
	case OP_END:
	case OP_INVERTED_END:
		return TEMPLATE_END;
	case OP_PARTIAL:
		return TEMPLATE_PARTIAL;
	case OP_TEXT:
	case OP_ESCAPED:
	case OP_RAW:
		break;
	}
	return TEMPLATE_VARIABLE;
}

int template_each_name(const struct template *t,
		       int (*each)(void *ctx, const struct template_name *name),
		       void *ctx)
{
	int result = 0;

	for (unsigned i = 0; i < t->count && result == 0; i++) {
		const struct op *op = &t->ops[i];
		const struct template_name name = {
			.use = use_of(op->kind),
			.text = t->text + op->name.at,
			.file = t->name,
			.line = op->line,
		};

		if (op->kind != OP_TEXT)
			result = each(ctx, &name);
	}
	return result;
}

/* What each line of a partial begins with: the outer indentation, then text. */
struct indent {
	struct slice text;
	const struct indent *outer;
};

/* A section that is being rendered. */
struct context {
	const json_t *value;
	const json_t *list; /* the list that value is in; NULL: none */
	size_t index;
};

struct renderer {
	const struct render *how;
	const struct template
		*t; /* the template or partial that is being rendered */
	const struct indent *indent;
	struct buf *out;
	struct error *err;
	size_t max_len; /* of out */
	/* Ops, and the outer sections that names are looked up in. */
	size_t steps;
	size_t partials; /* how deeply they are nested */
	size_t depth;
	struct context
		contexts[1 + MAX_SECTIONS]; /* the first one has all data */
};

static void add_indent(struct buf *out, const struct indent *indent)
{
	if (indent->outer != NULL)
		add_indent(out, indent->outer);
	buf_add(out, indent->text.s, indent->text.len);
}

static void add_indented(const struct renderer *r, const struct op *op)
{
	const char *s = r->t->text + op->text.at;
	const char *end = s + op->text.len;
	bool begins_line = op->text_begins_line;

	for (; s < end; begins_line = true) {
		const char *newline = memchr(s, '\n', (size_t)(end - s));
		const char *next = newline != NULL ? newline + 1 : end;

		if (begins_line)
			add_indent(r->out, r->indent);
		buf_add(r->out, s, (size_t)(next - s));
		s = next;
	}
	if (op->tag_begins_line)
		add_indent(r->out, r->indent);
}

static const json_t *find_outside(struct renderer *r, const char *name,
				  size_t len)
{
	const json_t *value = NULL;

	r->steps += r->depth - 1;
	for (size_t i = r->depth - 1; value == NULL && i > 0; i--)
		value = json_object_getn(r->contexts[i - 1].value, name, len);
	return value;
}

/* The value of a name with several parts, from the value of the first one; s:
 * the first dot. */
static const json_t *find_inside(const json_t *value, const char *s,
				 const char *end)
{
	while (s < end) {
		const char *dot = part_end(++s, end);

		value = json_object_getn(value, s, (size_t)(dot - s));
		s = dot;
	}
	return value;
}

static inline const json_t *find_value(struct renderer *r, const struct op *op)
{
	const json_t *value = r->contexts[r->depth - 1].value;
	const char *name = r->t->text + op->name.at;

	if (op->first == 0)
		return value;
	value = json_object_getn(value, name, op->first);
	if (value == NULL)
		value = find_outside(r, name, op->first);
	if (op->first < op->name.len)
		value = find_inside(value, name + op->first,
				    name + op->name.len);
	return value;
}

static bool is_true(const json_t *value)
{
	return value != NULL && !json_is_null(value) && !json_is_false(value) &&
	       !(json_is_array(value) && json_array_size(value) == 0);
}

/* Turn 1e+05 and 1e-05 into JSON's 1e5 and 1e-5. */
static void shorten_exponent(char *number)
{
	char *to = strchr(number, 'e');
	char *from;

	if (to == NULL)
		return;
	from = ++to;
	if (*from == '-')
		to++;
	from++;
	from += strspn(from, "0");
	memmove(to, from, strlen(from) + 1);
}

/* The fewest digits that give the same value again, with a fraction as in JSON:
 * 1.0, not 1. */
static size_t print_real(char *number, double value)
{
	int digits;

	for (digits = 1; digits <= 17; digits++) { /* 17 are always enough */
		snprintf(number, NUMBER_SIZE, "%.*g", digits, value);
		if (strtod(number, NULL) == value)
			break;
	}
	/* The same digits, but as 100.0 and not 1e2. */
	if (digits < 15 && (value >= 1 || value <= -1))
		snprintf(number, NUMBER_SIZE, "%.15g", value);
	shorten_exponent(number);
	if (strpbrk(number, ".e") == NULL)
		strcat(number, ".0");
	return strlen(number);
}

/* number has NUMBER_SIZE bytes. */
static struct slice print_number(char *number, const json_t *value)
{
	int len;

	if (json_is_real(value))
		return (struct slice){
			number, print_real(number, json_real_value(value))
		};
	len = snprintf(number, NUMBER_SIZE, "%" JSON_INTEGER_FORMAT,
		       json_integer_value(value));
	return (struct slice){ number, (size_t)len };
}

/* Why value cannot be written as text. */
static const char *value_fault(const json_t *value)
{
	if (json_is_null(value))
		return "is null";
	if (json_is_object(value))
		return "is an object, not a text";
	if (json_is_array(value))
		return "is a list, not a text";
	return "is true or false, not a text";
}

/* The value that lacks the next part of a missing name, and that part.  NULL:
 * it is the first part, which is nowhere. */
static const json_t *find_gap(struct renderer *r, const struct op *op,
			      struct slice *part)
{
	const char *end = r->t->text + op->name.at + op->name.len;
	const json_t *value = NULL;
	const json_t *next;
	struct op first = *op;

	first.name.len = op->first;
	*part = slice_of(r->t->text, first.name);
	next = find_value(r, &first);
	while (next != NULL) {
		value = next;
		part->s += part->len + 1;
		part->len = (size_t)(part_end(part->s, end) - part->s);
		next = json_object_getn(value, part->s, part->len);
	}
	return value;
}

/* Append the keys of the value to the list of count names.  Returns the new
 * count. */
static size_t add_keys(const json_t *value, const char ***list, size_t count)
{
	const size_t more = json_object_size(value);
	const char *key;
	json_t *unused;

	*list = mem_grow(*list, count + more + 1, sizeof(**list));
	json_object_foreach((json_t *)value, key, unused)
		(*list)[count++] = key;
	(*list)[count] = NULL;
	return count;
}

/* Refuse a name that is missing, and offer those that stand here. */
static int refuse_name(struct renderer *r, const struct op *op)
{
	const struct slice name = slice_of(r->t->text, op->name);
	struct slice part;
	const json_t *value = find_gap(r, op, &part);
	char *wanted = mem_copy(part.s, part.len);
	const char **known = NULL;
	size_t count = add_keys(value, &known, 0);

	for (size_t i = r->depth; value == NULL && i > 0; i--)
		count = add_keys(r->contexts[i - 1].value, &known, count);
	error_set_offer(
		r->err, &(struct offer){ .wanted = wanted, .known = known },
		r->t->name, op->line, "'%.*s' is missing", shown(name), name.s);
	free(wanted);
	free(known);
	return -1;
}

static int refuse_value(const struct renderer *r, const struct op *op,
			const char *reason)
{
	const struct slice name = slice_of(r->t->text, op->name);

	return error_set(r->err, r->t->name, op->line, "'%.*s' %s", shown(name),
			 name.s, reason);
}

static int add_value(struct renderer *r, const struct op *op)
{
	const json_t *value = find_value(r, op);
	char number[NUMBER_SIZE];
	const char *reason = NULL;
	struct slice text;

	if (json_is_string(value))
		text = (struct slice){ json_string_value(value),
				       json_string_length(value) };
	else if (json_is_number(value))
		text = print_number(number, value);
	else if (r->how->lenient)
		return 0;
	else if (value == NULL)
		return refuse_name(r, op);
	else
		return refuse_value(r, op, value_fault(value));
	if (op->kind == OP_ESCAPED)
		reason = r->how->escape(r->out, text.s, text.len);
	else if (memchr(text.s, '\0', text.len) != NULL)
		reason = "contains a NUL byte";
	else
		buf_add(r->out, text.s, text.len);
	return reason != NULL ? refuse_value(r, op, reason) : 0;
}

static int refuse_steps(const struct renderer *r, const struct op *op)
{
	return error_set(r->err, r->t->name, op->line,
			 "sections and partials are repeated more than %zu "
			 "times",
			 MAX_STEPS);
}

/* Returns the op after which rendering continues; NULL with err set on
 * failure. */
static const struct op *enter_section(struct renderer *r, const struct op *op)
{
	const json_t *value = find_value(r, op);
	struct context *context = r->contexts + r->depth;

	if (!is_true(value))
		return op + op->jump;
	if (r->depth > MAX_SECTIONS) {
		const struct slice name = slice_of(r->t->text, op->name);

		error_set(r->err, r->t->name, op->line,
			  "section '%.*s' is nested more than %d deep",
			  shown(name), name.s, MAX_SECTIONS);
		return NULL;
	}
	*context = (struct context){ .value = value };
	if (json_is_array(value)) {
		context->list = value;
		context->value = json_array_get(value, 0);
	}
	r->depth++;
	return op;
}

/* Returns the op after which rendering continues. */
static const struct op *end_section(struct renderer *r, const struct op *op)
{
	struct context *context = &r->contexts[r->depth - 1];

	context->value = json_array_get(context->list, ++context->index);
	if (context->value == NULL) {
		r->depth--;
		return op;
	}
	return op - op->jump;
}

static int refuse_length(const struct renderer *r, const struct op *op)
{
	return error_set(r->err, r->t->name, op->line,
			 "output is longer than %zu MiB", MAX_OUTPUT >> 20);
}

static int run(struct renderer *r, const struct template *t);

static int run_partial(struct renderer *r, const struct op *op)
{
	const struct template *outer = r->t;
	const struct slice name = slice_of(outer->text, op->name);
	const struct indent *outer_indent = r->indent;
	struct indent indent = { slice_of(outer->text, op->indent),
				 outer_indent };
	const struct template *t = NULL;
	int status;

	if (r->how->partial != NULL)
		t = r->how->partial(r->how->ctx, name.s);
	if (t == NULL && r->how->lenient)
		return 0;
	if (t == NULL)
		return error_set(r->err, outer->name, op->line,
				 "partial '%.*s' is missing", shown(name),
				 name.s);
	if (r->partials == MAX_PARTIALS)
		return error_set(r->err, outer->name, op->line,
				 "partial '%.*s' is nested more than %d deep",
				 shown(name), name.s, MAX_PARTIALS);
	r->t = t;
	if (!op->is_alone)
		r->indent =
			NULL; /* its lines do not begin in the outer template */
	else if (op->indent.len > 0)
		r->indent = &indent;
	r->partials++;
	status = run(r, t);
	r->partials--;
	r->indent = outer_indent;
	r->t = outer;
	return status;
}

static int run(struct renderer *r, const struct template *t)
{
	const char *const text = t->text;
	const struct op *op = t->ops;
	const struct op *end = op + t->count;
	int status = 0;

	for (; op < end && status == 0; op++) {
		if (++r->steps > MAX_STEPS)
			return refuse_steps(r, op);
		if (r->indent != NULL)
			add_indented(r, op);
		else if (op->text.len > 0)
			buf_add(r->out, text + op->text.at, op->text.len);
		switch ((enum op_kind)op->kind) {
		case OP_TEXT:
		case OP_INVERTED_END:
			break;
		case OP_ESCAPED:
		case OP_RAW:
			status = add_value(r, op);
			break;
		case OP_SECTION:
			op = enter_section(r, op);
			break;
		case OP_INVERTED:
			if (is_true(find_value(r, op)))
				op += op->jump;
			break;
		case OP_END:
			op = end_section(r, op);
			break;
		case OP_PARTIAL:
			status = run_partial(r, op);
			break;
		}
		if (op == NULL)
			return -1;
		if (r->out->len > r->max_len)
			status = refuse_length(r, op);
	}
	return status;
}

int template_render(const struct template *t, const json_t *data,
		    const struct render *how, struct buf *out,
		    struct error *err)
{
	size_t len = out->len;
	struct renderer r;

	/* The contexts are not cleared: that takes longer than a short text. */
	r.how = how;
	r.t = t;
	r.indent = NULL;
	r.out = out;
	r.err = err;
	r.max_len = len + MAX_OUTPUT;
	r.steps = 0;
	r.partials = 0;
	r.depth = 1;
	r.contexts[0].value = data;
	if (run(&r, t) < 0) {
		buf_truncate(out, len);
		return -1;
	}
	return 0;
}
