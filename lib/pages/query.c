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

/* The decoded text; NULL if it is malformed or has a byte that is not
 * allowed. */
static char *decode(const char *s, size_t len, int (*is_allowed)(char c))
{
	struct buf text = BUF_INIT;
	int ok = uri_decode(&text, s, len) == 0;

	for (size_t i = 0; ok && i < text.len; i++)
		ok = is_allowed(text.data[i]);
	if (!ok) {
		buf_free(&text);
		return NULL;
	}
	return buf_take(&text);
}

static int is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

/* A parameter's name, or its value. */
static char *decode_value(const char *s, size_t len)
{
	return len > 0 ? decode(s, len, uri_is_value_char) : NULL;
}

/* The value of find, as a form sends what somebody typed: '+' is a blank. */
static char *decode_words(const char *s, size_t len)
{
	char *blanks = mem_copy(s, len);
	char *words;

	for (size_t i = 0; i < len; i++)
		if (blanks[i] == '+')
			blanks[i] = ' ';
	words = decode(blanks, len, is_printable);
	free(blanks);
	if (words == NULL || strlen(words) <= QUERY_FIND_MAX)
		return words;
	free(words);
	return NULL;
}

static int is_any(char c)
{
	(void)c;
	return 1;
}

/* The value of mac, uuid or serial, as loaders print their settings. */
static char *decode_identity(const char *s, size_t len)
{
	char *value = decode(s, len, is_any);

	if (value == NULL || strlen(value) <= QUERY_IDENTITY_MAX)
		return value;
	free(value);
	return NULL;
}

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

/* How the values of a parameter are written. */
struct form {
	const char *name; /* NULL: any other */
	char *(*decode)(const char *s, size_t len);
	const char *reason; /* why decode() gives nothing */
};

static const char identity_reason[] = "mac, uuid and serial are at most " TEXT(
	QUERY_IDENTITY_MAX) " bytes, each percent-encoded once";

static const struct form forms[] = {
	{ "find", decode_words,
	  "find is printable ASCII, at most " TEXT(QUERY_FIND_MAX) " bytes" },
	{ "mac", decode_identity, identity_reason },
	{ "uuid", decode_identity, identity_reason },
	{ "serial", decode_identity, identity_reason },
	{ NULL, decode_value,
	  "names and values of parameters are letters, digits, '.', '_', '~', "
	  "'-'" },
};

/* The form of the parameter of that name, NULL: malformed. */
static const struct form *form_of(const char *name)
{
	const struct form *form = forms;

	while (form->name != NULL &&
	       (name == NULL || strcmp(form->name, name) != 0))
		form++;
	return form;
}

/* One "name=value" of len bytes. */
static int add(struct query *q, const char *s, size_t len, struct error *err)
{
	const char *equals = memchr(s, '=', len);
	struct param *param = &q->params[q->count];
	const struct form *form;
	size_t name_len;

	if (equals == NULL)
		return error_set(err, NULL, 0,
				 "a parameter is written name=value, with '&' "
				 "between two");
	if (q->count == QUERY_MAX)
		return error_set(err, NULL, 0,
				 "more than %d parameters: leave some out",
				 QUERY_MAX);
	name_len = (size_t)(equals - s);
	param->name = decode_value(s, name_len);
	form = form_of(param->name);
	param->value = form->decode(equals + 1, len - name_len - 1);
	q->count++;
	if (param->name == NULL || param->value == NULL)
		return error_set(err, NULL, 0, "%s", form->reason);
	for (size_t i = 0; i + 1 < q->count; i++)
		if (strcmp(q->params[i].name, param->name) == 0)
			return error_set(err, NULL, 0,
					 "a parameter is given twice: give it "
					 "once");
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
