#include "pattern.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "template.h"
#include "value.h"

/* The most bytes of a filled pattern.  It limits the memory that many releases
 * on many mirrors can take. */
#define FILLED_MAX 2048

/* A part of a pattern. */
struct piece {
	const char *text; /* borrowed from the pattern */
	size_t len;
	const struct pattern_var *var; /* in place of the text; NULL: none */
	const char *packed;            /* of the variable, in the last result */
};

struct pattern {
	const char *text;          /* NULL: this place is free */
	struct template *template; /* NULL: text has no tags */
	struct piece *pieces;      /* NULL: it has other tags than variables */
	size_t piece_count;
	int has_form;       /* the text, which has no tags */
	struct buf filled;  /* the last result of tags that has the form */
	const char *packed; /* the last one of pattern_pack(); NULL: none */
};

/* Where a pattern is filled. */
struct place {
	const struct pattern_set *set;
	struct cursor *at;
};

/* A name in a pattern that is no variable here. */
struct unknown {
	const json_t *vars;
	const char *name;
};

static void free_pattern(struct pattern *p)
{
	template_free(p->template);
	free(p->pieces);
	buf_free(&p->filled);
}

void pattern_set_free(struct pattern_set *set)
{
	for (size_t i = 0; i < set->size; i++)
		free_pattern(&set->list[i]);
	free(set->list);
	buf_free(&set->filled);
}

/* The place of text in list, or the free place where it belongs. */
static struct pattern *find(struct pattern *list, size_t size, const char *text)
{
	/* Allocated strings are at least 16 bytes apart. */
	size_t i = (size_t)((uintptr_t)text / 16);

	for (;; i++) {
		struct pattern *p = &list[i & (size - 1)];

		if (p->text == text || p->text == NULL)
			return p;
	}
}

/* Keep at least a quarter of the places free. */
static void grow(struct pattern_set *set)
{
	size_t size = set->size > 0 ? set->size * 2 : 16;
	struct pattern *list;

	if (set->count < set->size / 4 * 3)
		return;
	list = mem_alloc(size * sizeof(*list));
	for (size_t i = 0; i < set->size; i++)
		if (set->list[i].text != NULL)
			*find(list, size, set->list[i].text) = set->list[i];
	free(set->list);
	set->list = list;
	set->size = size;
}

/* The result of a pattern is checked as a whole, so its values are not
 * escaped. */
static const char *copy(struct buf *out, const char *s, size_t len)
{
	buf_add(out, s, len);
	return NULL;
}

/* For template_each_name(): stops at a name that has a new one. */
static int is_renamed(void *ctx, const struct template_name *name)
{
	const struct renamed **renamed = ctx;

	*renamed = renamed_find(value_renamed_keys, name->text,
				strlen(name->text));
	return *renamed != NULL;
}

static int check_names(const struct template *template, struct cursor *at)
{
	const struct renamed *renamed = NULL;
	const char *known[] = { NULL, NULL };
	const struct offer offer = { .known = known };

	if (template_each_name(template, is_renamed, &renamed) == 0)
		return 0;
	known[0] = renamed->now;
	return cursor_fail_offer(at, NULL, &offer, "'%s' " RENAMED_REASON,
				 renamed->before, renamed->now, renamed->since);
}

/* The variable of that name; NULL if there is none. */
static const struct pattern_var *find_var(const struct pattern_set *set,
					  const char *name, size_t len)
{
	for (size_t i = 0; i < set->var_count; i++)
		if (strncmp(set->vars[i].name, name, len) == 0 &&
		    set->vars[i].name[len] == '\0')
			return &set->vars[i];
	return NULL;
}

static void add_piece(struct pattern *p, const struct piece *piece)
{
	p->pieces =
		mem_grow_by_one(p->pieces, p->piece_count, sizeof(*p->pieces));
	p->pieces[p->piece_count++] = *piece;
}

/* Take a pattern apart that has no tags but "{{name}}".  A name that is none
 * here leaves it to the template, whose message says so. */
static void take_apart(struct pattern *p, const struct pattern_set *set)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
	const char *s = p->text;

	for (;;) {
		const char *tag = strstr(s, "{{");
		struct piece piece = { .text = s };
		size_t len;

		piece.len = tag != NULL ? (size_t)(tag - s) : strlen(s);
		add_piece(p, &piece);
		if (tag == NULL)
			return;
		len = strspn(tag + 2, letters);
		s = tag + 2 + len;
		piece.var = find_var(set, tag + 2, len);
		if (piece.var == NULL || strncmp(s, "}}", 2) != 0)
			break;
		add_piece(p, &piece);
		s += 2;
	}
	free(p->pieces);
	p->pieces = NULL;
	p->piece_count = 0;
}

/* Compile text, the value here; the place stays free when that fails. */
static int compile(struct pattern *p, const struct place *place,
		   const char *text)
{
	struct error err = ERROR_INIT;
	struct template *template = NULL;

	if (strstr(text, "{{") != NULL) {
		template = template_parse("pattern", text, strlen(text), &err);
		if (template == NULL)
			return cursor_fail(place->at, "%s", err.text);
		if (check_names(template, place->at) < 0) {
			template_free(template);
			return -1;
		}
	}
	*p = (struct pattern){ .text = text, .template = template };
	take_apart(p, place->set);
	return 0;
}

/* The text's pattern, compiled; NULL with the failure recorded. */
static struct pattern *get(struct pattern_set *set, struct cursor *at,
			   const char *text)
{
	const struct place place = { set, at };
	struct pattern *p;

	grow(set);
	p = find(set->list, set->size, text);
	if (p->text != NULL)
		return p;
	if (compile(p, &place, text) < 0)
		return NULL;
	set->count++;
	return p;
}

/* For template_each_name(): stops at a name without a value. */
static int is_unknown(void *ctx, const struct template_name *name)
{
	struct unknown *unknown = ctx;

	unknown->name = name->text;
	return name->use == TEMPLATE_VARIABLE &&
	       json_object_get(unknown->vars, name->text) == NULL;
}

/* The names that a pattern may have here are those with a value. */
static int fail_unknown(struct cursor *at, const struct unknown *unknown)
{
	const char **known = offer_keys(unknown->vars, NULL);
	const struct offer offer = { .wanted = unknown->name, .known = known };
	struct buf names = BUF_INIT;

	for (const char **name = known; *name != NULL; name++)
		buf_printf(&names, "%s%s", name > known ? ", " : "", *name);
	cursor_fail_offer(at, NULL, &offer, "there is no '%s' here, but %s",
			  unknown->name, buf_text(&names));
	buf_free(&names);
	free(known);
	return -1;
}

static int fail_render(const struct pattern *p, struct cursor *at,
		       const json_t *vars, const struct error *err)
{
	struct unknown unknown = { vars, NULL };

	if (template_each_name(p->template, is_unknown, &unknown) != 0)
		return fail_unknown(at, &unknown);
	return cursor_fail(at, "%s", err->text);
}

/* The variables that have a value here, or what is packed for it. */
static json_t *vars_of(const struct pattern_set *set, int is_packed)
{
	json_t *vars = json_object();

	for (size_t i = 0; i < set->var_count; i++) {
		const struct pattern_var *var = &set->vars[i];

		if (var->value != NULL)
			json_object_set_new(vars, var->name,
					    json_string(is_packed
								? var->packed
								: var->value));
	}
	return vars;
}

/* Fill the pattern as a template. */
static int render(const struct pattern *p, const struct place *place,
		  struct buf *out)
{
	const struct render how = { .escape = copy };
	json_t *vars = vars_of(place->set, 0);
	struct error err = ERROR_INIT;
	int rc = template_render(p->template, vars, &how, out, &err);

	if (rc < 0)
		fail_render(p, place->at, vars, &err);
	json_decref(vars);
	return rc;
}

/* Fill the pattern from its pieces.  Returns -1 if a variable has no value. */
static int join(const struct pattern *p, struct buf *out)
{
	if (p->pieces == NULL)
		return -1;
	for (size_t i = 0; i < p->piece_count; i++) {
		const struct piece *piece = &p->pieces[i];

		if (piece->var == NULL)
			buf_add(out, piece->text, piece->len);
		else if (piece->var->value != NULL)
			buf_puts(out, piece->var->value);
		else
			return -1;
	}
	return 0;
}

static int fill(const struct pattern *p, const struct place *place,
		struct buf *out)
{
	buf_truncate(out, 0);
	if (join(p, out) < 0) {
		buf_truncate(out, 0);
		if (render(p, place, out) < 0)
			return -1;
	}
	if (out->len > FILLED_MAX)
		return cursor_fail(place->at,
				   "is longer than %d bytes: shorten it",
				   FILLED_MAX);
	return 0;
}

/* Whether the result at hand is the last one that had the form. */
static int is_last(const struct pattern *p, const struct pattern_set *set)
{
	if (p->template == NULL)
		return p->has_form;
	return p->filled.data != NULL &&
	       strcmp(p->filled.data, buf_text(&set->filled)) == 0;
}

/* Note that the result at hand has the form. */
static void note_form(struct pattern *p, struct pattern_set *set)
{
	struct buf last = p->filled;

	p->has_form = 1;
	if (p->template == NULL)
		return;
	p->filled = set->filled;
	set->filled = last;
}

const char *pattern_fill(struct pattern_set *set, struct cursor *at,
			 const char *text, enum form form)
{
	const struct place place = { set, at };
	struct pattern *p;
	const char *filled;

	/* The place of a character is that in the pattern. */
	if ((form == FORM_TEXT || form == FORM_WORD) &&
	    form_check_characters(at, text) < 0)
		return NULL;
	p = get(set, at, text);
	if (p == NULL || fill(p, &place, &set->filled) < 0)
		return NULL;
	if (is_last(p, set))
		return mem_pool_copy(at->pool, buf_text(&set->filled));
	if (form_check(at, buf_text(&set->filled), form) < 0)
		return NULL;
	filled = mem_pool_copy(at->pool, buf_text(&set->filled));
	note_form(p, set);
	return filled;
}

/* Whether the pattern's variables are packed as they were in the last result.
 * Then they are. */
static int is_packed_alike(struct pattern *p)
{
	int is_alike = p->pieces != NULL && p->packed != NULL;

	for (size_t i = 0; i < p->piece_count; i++) {
		struct piece *piece = &p->pieces[i];

		if (piece->var == NULL || piece->packed == piece->var->packed)
			continue;
		piece->packed = piece->var->packed;
		is_alike = 0;
	}
	return is_alike;
}

static void pack(const struct pattern *p, const struct pattern_set *set,
		 struct buf *out)
{
	const struct render how = { .escape = copy };
	struct error err = ERROR_INIT;
	json_t *vars;

	for (size_t i = 0; i < p->piece_count; i++)
		if (p->pieces[i].var == NULL)
			buf_add(out, p->pieces[i].text, p->pieces[i].len);
		else
			buf_puts(out, p->pieces[i].packed);
	if (p->pieces != NULL)
		return;
	vars = vars_of(set, 1);
	template_render(p->template, vars, &how, out, &err);
	json_decref(vars);
}

const char *pattern_pack(struct pattern_set *set, struct store *store,
			 const char *text)
{
	struct pattern *p = find(set->list, set->size, text);

	if (is_packed_alike(p))
		return p->packed;
	buf_truncate(&set->filled, 0);
	pack(p, set, &set->filled);
	p->packed = store_text(store, buf_text(&set->filled));
	return p->packed;
}
