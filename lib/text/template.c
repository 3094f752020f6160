#include "template.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define MAX_NESTING 64   /* sections within sections, in one template */
#define MAX_SECTIONS 256 /* likewise, through partials too */
#define MAX_PARTIALS 32  /* partials within partials, each on the C stack */

/* These bound a partial that includes itself twice, and lists in lists.  A
 * fuzzer has no time to go that far. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define MAX_OUTPUT ((size_t)1 << 20)
#define MAX_STEPS ((size_t)1 << 12)
#else
#define MAX_OUTPUT ((size_t)16 << 20)
#define MAX_STEPS ((size_t)16 << 20)
#endif

#define NUMBER_SIZE 48 /* the longest number that JSON holds, and more */

/* Bytes in the template's text: a name, a part of one, a delimiter. */
struct slice {
	const char *s;
	size_t len;
};

enum op_kind {
	OP_TEXT,    /* nothing but a text */
	OP_ESCAPED, /* {{x}} */
	OP_RAW,     /* {{{x}}} and {{&x}} */
	OP_SECTION,
	OP_END,
	OP_INVERTED,
	OP_INVERTED_END,
	OP_PARTIAL
};

/* A tag and the text before it.  Every process has all templates of its page,
 * so this is kept small. */
struct op {
	enum op_kind kind;
	unsigned line;
	/* Which of the two is the first in a line that is not removed: before
	 * it goes what the partial is indented with. */
	bool text_begins_line, tag_begins_line;
	unsigned first; /* length of the name to its first dot; "." has 0 */
	unsigned parts; /* where those behind that dot begin; of a partial, its
			   place in the template's */
	unsigned count; /* of these parts */
	unsigned jump;  /* between a section and its end */
	struct slice text;
	struct slice name;
};

/* What else a partial's tag says. */
struct partial {
	char *name;          /* again, with a NUL behind it */
	bool alone;          /* in its line, which is therefore removed */
	struct slice indent; /* what stood before it there */
};

struct template
{
	char *name;
	char *text; /* what all slices point into */
	struct op *ops;
	unsigned count;
	struct slice *parts;
	unsigned part_count;
	struct partial *partials;
	unsigned partial_count;
};

struct parser {
	struct template *t;
	struct error *err;
	const char *end;
	const char *counted; /* line is the line of this place */
	unsigned line;
	struct slice text; /* that no op has yet */
	bool text_begins_line;
	bool line_start; /* what comes next begins a line */
	struct slice open, close;
	unsigned nested[MAX_NESTING]; /* the ops of the open sections */
	size_t depth;
};

struct tag {
	char type; /* one of TAG_TYPES, 'v' for a variable */
	bool alone;
	unsigned line;
	const char *start, *end; /* what it replaces: a line if it is alone */
	struct slice content;
	struct slice indent; /* what stands before it if it is alone */
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

/* The first d in what lies between s and end; NULL if there is none. */
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

/* As the precision of %.*s: a long name must leave room for the reason. */
static int shown(struct slice name)
{
	return name.len < 100 ? (int)name.len : 100;
}

/* p with room for one element more than count: doubled at powers of two. */
static void *grow_for_one(void *p, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return p;
	return mem_grow(p, count > 0 ? count * 2 : 1, size);
}

static struct op *new_op(struct parser *p, enum op_kind kind, unsigned line)
{
	struct template *t = p->t;
	struct op *op;

	t->ops = grow_for_one(t->ops, t->count, sizeof(*t->ops));
	op = &t->ops[t->count++];
	*op = (struct op){ .kind = kind,
			   .line = line,
			   .text = p->text,
			   .text_begins_line = p->text_begins_line };
	p->text.len = 0;
	return op;
}

static struct op *add_op(struct parser *p, enum op_kind kind,
			 const struct tag *tag)
{
	struct op *op = new_op(p, kind, tag->line);

	op->name = tag->content;
	if (!tag->alone) {
		op->tag_begins_line = p->line_start;
		p->line_start = false;
	}
	return op;
}

static void keep_text(struct parser *p, const char *s, const char *end)
{
	if (s == end)
		return;
	if (p->text.len > 0) /* from before a comment */
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
 * Where the content that starts at s ends: before the closing delimiter, or
 * before the mark that stands in front of it in {{{x}}} and {{=x y=}}.
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
			     .start = start };
	if (typed)
		s++;
	if (tag->type == '{')
		mark[0] = '}';
	if (tag->type == '=')
		mark[0] = '=';
	close = find_close(p, s, mark[0]);
	/* {{{x}} text {{y}}} must not become one tag. */
	if (close != NULL && tag->type == '{' && find(s, close, p->close))
		close = NULL;
	if (close == NULL)
		return error_set(p->err, p->t->name, tag->line,
				 "tag is never closed with '%s%.*s'", mark,
				 shown(p->close), p->close.s);
	tag->content = trim(s, close);
	tag->end = close + strlen(mark) + p->close.len;
	return 0;
}

/* A tag alone in its line takes the line with it, but variables do not. */
static void widen_tag(const struct parser *p, struct tag *tag)
{
	const char *before = tag->start;
	const char *after = tag->end;

	if (strchr("v&{", tag->type) != NULL)
		return;
	while (before > p->t->text && is_blank(before[-1]))
		before--;
	if (before > p->t->text && before[-1] != '\n')
		return;
	while (after < p->end && is_blank(*after))
		after++;
	if (p->end - after >= 2 && after[0] == '\r' && after[1] == '\n')
		after++;
	if (after < p->end && *after != '\n')
		return;
	tag->alone = true;
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
		return error_set(p->err, p->t->name, tag->line,
				 "delimiters must be two words without '=', as "
				 "in {{=<%% %%>=}}");
	p->open = (struct slice){ first, (size_t)(first_end - first) };
	p->close = (struct slice){ second, (size_t)(end - second) };
	return 0;
}

/* The optional modules of the specification mark their tags with these. */
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
		return error_set(p->err, p->t->name, tag->line,
				 "tag is empty: a name must stand in it");
	module = unsupported(tag);
	if (module != NULL)
		return error_set(p->err, p->t->name, tag->line,
				 "%s is not supported: {{%s%.*s}}", module,
				 tag->type == '>' ? ">" : "", shown(name),
				 name.s);
	if (skip_word(name.s, name.s + name.len) != name.s + name.len)
		return error_set(p->err, p->t->name, tag->line,
				 "name '%.*s' contains white space",
				 shown(name), name.s);
	if (strchr(TAG_TYPES, name.s[0]) != NULL)
		return error_set(p->err, p->t->name, tag->line,
				 "name '%.*s' begins with '%c', which marks "
				 "another kind of tag",
				 shown(name), name.s, name.s[0]);
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.s[i] < ' ' || name.s[i] == 0x7f)
			return error_set(p->err, p->t->name, tag->line,
					 "name '%.*s' contains a control byte",
					 shown(name), name.s);
	return 0;
}

static int refuse_part(const struct parser *p, const struct op *op)
{
	return error_set(p->err, p->t->name, op->line,
			 "name '%.*s' has an empty part: dots stand between "
			 "two names",
			 shown(op->name), op->name.s);
}

/* Split the name of the op that was added last. */
static int add_parts(struct parser *p)
{
	struct template *t = p->t;
	struct op *op = &t->ops[t->count - 1];
	const char *end = op->name.s + op->name.len;
	const char *dot = memchr(op->name.s, '.', op->name.len);

	op->parts = t->part_count;
	op->first = (unsigned)((dot != NULL ? dot : end) - op->name.s);
	if (op->first == 0 && op->name.len > 1)
		return refuse_part(p, op);
	while (op->first > 0 && dot != NULL) {
		struct slice part = { dot + 1, 0 };

		dot = memchr(part.s, '.', (size_t)(end - part.s));
		part.len = (size_t)((dot != NULL ? dot : end) - part.s);
		if (part.len == 0)
			return refuse_part(p, op);
		t->parts = grow_for_one(t->parts, t->part_count,
					sizeof(*t->parts));
		t->parts[t->part_count++] = part;
		op->count++;
	}
	return 0;
}

static int add_variable(struct parser *p, const struct tag *tag)
{
	add_op(p, tag->type == 'v' ? OP_ESCAPED : OP_RAW, tag);
	return add_parts(p);
}

static int open_section(struct parser *p, const struct tag *tag)
{
	if (p->depth == MAX_NESTING)
		return error_set(p->err, p->t->name, tag->line,
				 "sections are nested more than %d deep: put "
				 "the inner ones into a partial",
				 MAX_NESTING);
	p->nested[p->depth++] = p->t->count;
	add_op(p, tag->type == '#' ? OP_SECTION : OP_INVERTED, tag);
	return add_parts(p);
}

static int close_section(struct parser *p, const struct tag *tag)
{
	struct slice name = tag->content;
	const struct op *section;
	enum op_kind kind;
	unsigned at, jump;

	if (p->depth == 0)
		return error_set(p->err, p->t->name, tag->line,
				 "{{/%.*s}} closes a section that was never "
				 "opened with {{#%.*s}} or {{^%.*s}}",
				 shown(name), name.s, shown(name), name.s,
				 shown(name), name.s);
	at = p->nested[p->depth - 1];
	section = &p->t->ops[at];
	if (section->name.len != name.len ||
	    memcmp(section->name.s, name.s, name.len) != 0)
		return error_set(
			p->err, p->t->name, tag->line,
			"{{/%.*s}} closes the wrong section: {{/%.*s}} "
			"for line %u must come first",
			shown(name), name.s, shown(section->name),
			section->name.s, section->line);
	jump = p->t->count - at;
	p->t->ops[at].jump = jump;
	kind = section->kind == OP_SECTION ? OP_END : OP_INVERTED_END;
	add_op(p, kind, tag)->jump = jump;
	p->depth--;
	return 0;
}

static int add_partial(struct parser *p, const struct tag *tag)
{
	struct template *t = p->t;

	add_op(p, OP_PARTIAL, tag)->parts = t->partial_count;
	t->partials = grow_for_one(t->partials, t->partial_count,
				   sizeof(*t->partials));
	t->partials[t->partial_count++] = (struct partial){
		.name = mem_copy(tag->content.s, tag->content.len),
		.alone = tag->alone,
		.indent = tag->indent,
	};
	return 0;
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
	if (tag->type == '>')
		return add_partial(p, tag);
	return add_variable(p, tag);
}

static int check_end(const struct parser *p)
{
	const struct op *section;

	if (p->depth == 0)
		return 0;
	section = &p->t->ops[p->nested[p->depth - 1]];
	return error_set(p->err, p->t->name, section->line,
			 "section '%.*s' is never closed with {{/%.*s}}",
			 shown(section->name), section->name.s,
			 shown(section->name), section->name.s);
}

static int parse(struct parser *p)
{
	const char *pos = p->t->text;
	const char *nul = memchr(pos, '\0', (size_t)(p->end - pos));
	const char *start;

	if (nul != NULL)
		return error_set(p->err, p->t->name, count_lines(p, nul),
				 "template contains a NUL byte: it must be "
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
	p->t->ops = mem_grow(p->t->ops, p->t->count, sizeof(*p->t->ops));
	return check_end(p);
}

struct template *template_parse(const char *name, const char *text, size_t len,
				struct error *err)
{
	struct template *t = mem_alloc(sizeof(*t));
	struct parser p = { .t = t,
			    .err = err,
			    .line = 1,
			    .line_start = true,
			    .open = { "{{", 2 },
			    .close = { "}}", 2 } };

	t->name = mem_copy(name, strlen(name));
	t->text = mem_copy(text, len);
	p.counted = t->text;
	p.end = t->text + len;
	p.text.s = t->text;
	if (parse(&p) < 0) {
		template_free(t);
		return NULL;
	}
	return t;
}

void template_free(struct template *t)
{
	if (t == NULL)
		return;
	for (unsigned i = 0; i < t->partial_count; i++)
		free(t->partials[i].name);
	free(t->partials);
	free(t->parts);
	free(t->ops);
	free(t->text);
	free(t->name);
	free(t);
}

int template_each_partial(const struct template *t,
			  int (*each)(void *ctx, const char *name), void *ctx)
{
	int result = 0;

	for (unsigned i = 0; i < t->partial_count && result == 0; i++)
		result = each(ctx, t->partials[i].name);
	return result;
}

/* What every line of a partial begins with: outer first, then text. */
struct indent {
	struct slice text;
	const struct indent *outer;
};

/* A section that is being rendered. */
struct context {
	const json_t *value;
	const json_t *list; /* what value is in; NULL if in none */
	size_t index;
};

struct renderer {
	const struct render *how;
	const struct template *t; /* the partial that is being rendered */
	const struct indent *indent;
	struct buf *out;
	struct error *err;
	size_t max_len; /* of out */
	size_t steps;
	size_t partials; /* how deep in them */
	size_t depth;
	struct context contexts[1 + MAX_SECTIONS]; /* first: all data */
};

static void add_indent(struct buf *out, const struct indent *indent)
{
	if (indent->outer != NULL)
		add_indent(out, indent->outer);
	buf_add(out, indent->text.s, indent->text.len);
}

static void add_indented(const struct renderer *r, const struct op *op)
{
	const char *end = op->text.s + op->text.len;
	bool begins_line = op->text_begins_line;

	for (const char *s = op->text.s; s < end; begins_line = true) {
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

static const json_t *find_outside(const struct renderer *r, const struct op *op)
{
	const json_t *value = NULL;

	for (size_t i = r->depth - 1; value == NULL && i > 0; i--)
		value = json_object_getn(r->contexts[i - 1].value, op->name.s,
					 op->first);
	return value;
}

static const json_t *find_inside(const struct renderer *r, const struct op *op,
				 const json_t *value)
{
	const struct slice *part = &r->t->parts[op->parts];

	for (size_t i = 0; i < op->count; i++)
		value = json_object_getn(value, part[i].s, part[i].len);
	return value;
}

static inline const json_t *find_value(const struct renderer *r,
				       const struct op *op)
{
	const json_t *value = r->contexts[r->depth - 1].value;

	if (op->first == 0)
		return value;
	value = json_object_getn(value, op->name.s, op->first);
	if (value == NULL)
		value = find_outside(r, op);
	if (op->count > 0)
		value = find_inside(r, op, value);
	return value;
}

static bool is_true(const json_t *value)
{
	return value != NULL && !json_is_null(value) && !json_is_false(value) &&
	       !(json_is_array(value) && json_array_size(value) == 0);
}

/* 1e+05 and 1e-05 as JSON has them: 1e5 and 1e-5. */
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

/* The fewest digits that read back as value; as JSON has it, 1.0 not 1. */
static size_t print_real(char *number, double value)
{
	int digits;

	for (digits = 1; digits <= 17; digits++) { /* 17 always do */
		snprintf(number, NUMBER_SIZE, "%.*g", digits, value);
		if (strtod(number, NULL) == value)
			break;
	}
	/* The same digits, but 100.0 and not 1e2. */
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

/* Why value cannot stand in a text. */
static const char *value_fault(const json_t *value)
{
	if (value == NULL)
		return "is missing";
	if (json_is_null(value))
		return "is null";
	if (json_is_object(value))
		return "is an object, not a text";
	if (json_is_array(value))
		return "is a list, not a text";
	return "is true or false, not a text";
}

static int refuse_value(const struct renderer *r, const struct op *op,
			const char *reason)
{
	return error_set(r->err, r->t->name, op->line, "'%.*s' %s",
			 shown(op->name), op->name.s, reason);
}

static int add_value(const struct renderer *r, const struct op *op)
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
	else
		return refuse_value(r, op, value_fault(value));
	if (op->kind == OP_ESCAPED)
		reason = r->how->dialect->escape(r->out, text.s, text.len);
	else if (memchr(text.s, '\0', text.len) != NULL)
		reason = "contains a NUL byte";
	else
		buf_add(r->out, text.s, text.len);
	return reason != NULL ? refuse_value(r, op, reason) : 0;
}

static int count_step(struct renderer *r, const struct op *op)
{
	if (++r->steps <= MAX_STEPS)
		return 0;
	return error_set(r->err, r->t->name, op->line,
			 "sections and partials are repeated more than %zu "
			 "times",
			 MAX_STEPS);
}

/* Returns the op to go on behind; NULL with err set on failure. */
static const struct op *enter_section(struct renderer *r, const struct op *op)
{
	const json_t *value = find_value(r, op);
	struct context *context = r->contexts + r->depth;

	if (!is_true(value))
		return op + op->jump;
	if (r->depth > MAX_SECTIONS) {
		error_set(r->err, r->t->name, op->line,
			  "section '%.*s' is nested more than %d deep",
			  shown(op->name), op->name.s, MAX_SECTIONS);
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

/* Likewise. */
static const struct op *end_section(struct renderer *r, const struct op *op)
{
	struct context *context = &r->contexts[r->depth - 1];

	context->value = json_array_get(context->list, ++context->index);
	if (context->value == NULL) {
		r->depth--;
		return op;
	}
	return count_step(r, op) < 0 ? NULL : op - op->jump;
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
	const struct partial *partial = &outer->partials[op->parts];
	const struct indent *outer_indent = r->indent;
	struct indent indent = { partial->indent, outer_indent };
	const struct template *t = NULL;
	int status;

	if (r->how->partial != NULL)
		t = r->how->partial(r->how->ctx, partial->name);
	if (t == NULL && r->how->lenient)
		return 0;
	if (t == NULL)
		return error_set(r->err, outer->name, op->line,
				 "partial '%.*s' is missing", shown(op->name),
				 op->name.s);
	if (r->partials == MAX_PARTIALS)
		return error_set(r->err, outer->name, op->line,
				 "partial '%.*s' is nested more than %d deep",
				 shown(op->name), op->name.s, MAX_PARTIALS);
	if (count_step(r, op) < 0)
		return -1;
	r->t = t;
	if (!partial->alone)
		r->indent = NULL; /* its lines are not the outer one's */
	else if (partial->indent.len > 0)
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
	const struct op *op = t->ops;
	const struct op *end = op + t->count;
	int status = 0;

	for (; op < end && status == 0; op++) {
		if (r->indent != NULL)
			add_indented(r, op);
		else if (op->text.len > 0)
			buf_add(r->out, op->text.s, op->text.len);
		switch (op->kind) {
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

	/* Not the contexts: clearing them costs more than a short text. */
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
