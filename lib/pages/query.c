#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"
#include "uri.h"

#define QUERY_MAX 16

struct query {
	size_t count;
	struct param {
		char *name;
		char *value;
	} params[QUERY_MAX];
};

/* The decoded text, or NULL for bytes that a parameter must not have. */
static char *decode(const char *s, size_t len)
{
	struct buf text = BUF_INIT;
	int ok = len > 0 && uri_decode(&text, s, len) == 0;

	for (size_t i = 0; ok && i < text.len; i++)
		ok = uri_is_value_char(text.data[i]);
	if (!ok) {
		buf_free(&text);
		return NULL;
	}
	return buf_take(&text);
}

/* One "name=value" of len bytes. */
static int add(struct query *q, const char *s, size_t len, struct error *err)
{
	const char *equals = memchr(s, '=', len);
	struct param *param = &q->params[q->count];
	size_t name_len;

	if (equals == NULL)
		return error_set(err, NULL, 0, "a parameter is not name=value");
	if (q->count == QUERY_MAX)
		return error_set(err, NULL, 0, "more than %d parameters",
				 QUERY_MAX);
	name_len = (size_t)(equals - s);
	param->name = decode(s, name_len);
	param->value = decode(equals + 1, len - name_len - 1);
	q->count++;
	if (param->name == NULL || param->value == NULL)
		return error_set(err, NULL, 0,
				 "names and values of parameters are letters, "
				 "digits, '.', '_', '~', '-'");
	for (size_t i = 0; i + 1 < q->count; i++)
		if (strcmp(q->params[i].name, param->name) == 0)
			return error_set(err, NULL, 0,
					 "a parameter is given twice");
	return 0;
}

struct query *query_parse(const char *s, struct error *err)
{
	struct query *q = mem_alloc(sizeof(*q));

	if (*s == '\0')
		return q;
	for (;;) {
		size_t len = strcspn(s, "&");

		if (add(q, s, len, err) < 0) {
			query_free(q);
			return NULL;
		}
		s += len;
		if (*s++ == '\0')
			return q;
	}
}

void query_free(struct query *q)
{
	if (q == NULL)
		return;
	for (size_t i = 0; i < q->count; i++) {
		free(q->params[i].name);
		free(q->params[i].value);
	}
	free(q);
}

const char *query_get(const struct query *q, const char *name)
{
	for (size_t i = 0; i < q->count; i++)
		if (strcmp(q->params[i].name, name) == 0)
			return q->params[i].value;
	return NULL;
}

static int is_listed(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return 1;
	return 0;
}

int query_check_names(const struct query *q, const char *const *names,
		      struct error *err)
{
	struct buf known = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; i < q->count; i++)
		if (!is_listed(q->params[i].name, names))
			rc = -1;
	if (rc < 0) {
		for (; *names != NULL; names++)
			buf_printf(&known, "%s%s", known.len > 0 ? ", " : "",
				   *names);
		error_set(err, NULL, 0, "unknown parameter; this page takes %s",
			  buf_text(&known));
	}
	buf_free(&known);
	return rc;
}
