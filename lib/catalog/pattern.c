#include "pattern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "template.h"
#include "value.h"

/* The most bytes of a filled pattern.  It limits the memory that many releases
 * on many mirrors can take. */
#define FILLED_MAX 2048

struct pattern {
	const char *text;          /* NULL: this place is free */
	struct template *template; /* NULL: text has no tags */
	const char *filled;        /* the last result, which has the form */
};

/* A name in a pattern that is none of vars. */
struct unknown {
	const json_t *vars;
	const char *name;
};

void pattern_set_free(struct pattern_set *set)
{
	for (size_t i = 0; i < set->size; i++)
		template_free(set->list[i].template);
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

/* Compile text, the value here; the place stays free when that fails. */
static int compile(struct pattern *p, struct cursor *at, const char *text)
{
	struct error err = ERROR_INIT;
	struct template *template = NULL;

	if (strstr(text, "{{") != NULL) {
		template = template_parse("pattern", text, strlen(text), &err);
		if (template == NULL)
			return cursor_fail(at, "%s", err.text);
		if (check_names(template, at) < 0) {
			template_free(template);
			return -1;
		}
	}
	*p = (struct pattern){ .text = text, .template = template };
	return 0;
}

/* The text's pattern, compiled; NULL with the failure recorded. */
static struct pattern *get(struct pattern_set *set, struct cursor *at,
			   const char *text)
{
	struct pattern *p;

	grow(set);
	p = find(set->list, set->size, text);
	if (p->text != NULL)
		return p;
	if (compile(p, at, text) < 0)
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

static int render(const struct pattern *p, struct cursor *at,
		  const json_t *vars, struct buf *out)
{
	const struct render how = { .escape = copy };
	struct error err = ERROR_INIT;

	buf_truncate(out, 0);
	if (p->template == NULL)
		buf_puts(out, p->text);
	else if (template_render(p->template, vars, &how, out, &err) < 0)
		return fail_render(p, at, vars, &err);
	if (out->len > FILLED_MAX)
		return cursor_fail(at, "is longer than %d bytes: shorten it",
				   FILLED_MAX);
	return 0;
}

const char *pattern_fill(struct pattern_set *set, struct cursor *at,
			 const char *text, enum form form, const json_t *vars)
{
	struct pattern *p;
	const char *filled;

	/* The place of a character is that in the pattern. */
	if ((form == FORM_TEXT || form == FORM_WORD) &&
	    form_check_characters(at, text) < 0)
		return NULL;
	p = get(set, at, text);
	if (p == NULL || render(p, at, vars, &set->filled) < 0)
		return NULL;
	filled = buf_text(&set->filled);
	if (p->filled != NULL && strcmp(p->filled, filled) == 0)
		return p->filled;
	if (form_check(at, filled, form) < 0)
		return NULL;
	p->filled = mem_pool_copy(at->pool, filled);
	return p->filled;
}
