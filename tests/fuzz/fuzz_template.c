/*
 * A template, and partials that it may ask for as "a", "b", "c": the parts of
 * an input between bytes that no template can have.  Filled in every dialect
 * from view.json, in which there is something of each kind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "mem.h"
#include "template.h"

#define PARTIALS_MAX 3

struct input {
	struct template *main;
	struct template *partials[PARTIALS_MAX];
	const json_t *view;
	int is_utf8; /* all of it */
};

static const json_t *view(void)
{
	static json_t *json;
	json_error_t where;

	if (json == NULL)
		json = json_load_file(TESTS "/fuzz/view.json", JSON_ALLOW_NUL,
				      &where);
	FUZZ_CHECK(json != NULL, "%d: %s", where.line, where.text);
	return json;
}

static const struct template *find_partial(void *ctx, const char *name)
{
	const struct input *in = ctx;

	if (name[0] < 'a' || name[0] >= 'a' + PARTIALS_MAX || name[1] != '\0')
		return NULL;
	return in->partials[name[0] - 'a'];
}

static int count_name(void *ctx, const struct template_name *name)
{
	size_t *left = ctx;

	FUZZ_CHECK(name->text[0] != '\0' &&
			   strpbrk(name->text, " \t\n") == NULL,
		   "'%s'", name->text);
	return --*left == 0;
}

/* A second parse is the same template. */
static struct template *parse(const char *name, const char *text, size_t len)
{
	struct error err = ERROR_INIT;
	struct template *t = template_parse(name, text, len, &err);
	size_t names = SIZE_MAX;
	size_t one = 1;

	if (t == NULL) {
		fuzz_check_error(&err);
		FUZZ_CHECK(strncmp(err.text, name, strlen(name)) == 0 &&
				   err.text[strlen(name)] == ':',
			   "%s", err.text);
		return NULL;
	}
	FUZZ_CHECK(template_each_name(t, count_name, &names) == 0, "%s", name);
	FUZZ_CHECK(template_each_name(t, count_name, &one) ==
			   (names < SIZE_MAX),
		   "%s", name);
	return t;
}

static int render(const struct input *in, const struct dialect *d, int lenient,
		  struct buf *out, struct error *err)
{
	const struct render how = {
		.escape = d->escape,
		.partial = find_partial,
		.ctx = (void *)in,
		.lenient = lenient,
	};

	buf_puts(out, "before");
	return template_render(in->main, in->view, &how, out, err);
}

/* What its readers would be sent. */
static void check_text(const struct input *in, const struct dialect *d,
		       const char *text, size_t len)
{
	struct error err = ERROR_INIT;

	if (!in->is_utf8)
		return;
	if (dialect_check(d, "t", text, len, &err) < 0) {
		fuzz_check_error(&err);
	} else {
		const char *reason = fuzz_contract(d, text, len);

		FUZZ_CHECK(reason == NULL, "%s: %s is wrong:\n%s", d->name,
			   reason, text);
	}
}

/* Returns -1 when the text takes too long, in any dialect. */
static int check_dialect(const struct input *in, const struct dialect *d)
{
	struct error err = ERROR_INIT;
	struct error unused = ERROR_INIT;
	struct buf strict = BUF_INIT;
	struct buf lenient = BUF_INIT;
	int rc = render(in, d, 0, &strict, &err);

	if (rc < 0) {
		fuzz_check_error(&err);
		FUZZ_CHECK(strict.len == 6, "%s: %zu bytes after failure",
			   d->name, strict.len);
	} else {
		/* Nothing was missing, so nothing can be left out. */
		FUZZ_CHECK(render(in, d, 1, &lenient, &unused) == 0, "%s: %s",
			   d->name, unused.text);
		FUZZ_CHECK(strict.len == lenient.len &&
				   memcmp(strict.data, lenient.data,
					  strict.len) == 0,
			   "%s: '%s' is not '%s'", d->name, strict.data,
			   lenient.data);
		check_text(in, d, strict.data + 6, strict.len - 6);
	}
	buf_free(&strict);
	buf_free(&lenient);
	return strstr(err.text, " more than ") != NULL ||
			       strstr(err.text, " longer than ") != NULL
		       ? -1
		       : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .view = view(), .is_utf8 = 1 };

	for (size_t i = 0; i <= PARTIALS_MAX; i++) {
		const char name[] = { i > 0 ? (char)('a' + i - 1) : 't', '\0' };
		size_t len;
		char *text = fuzz_part(&data, &size, FUZZ_SEPARATOR, &len);

		if (text == NULL)
			break;
		in.is_utf8 = in.is_utf8 && fuzz_is_utf8(text, len);
		*(i > 0 ? &in.partials[i - 1] : &in.main) =
			parse(name, text, len);
		free(text);
	}
	for (size_t i = 0; in.main != NULL && dialects[i] != NULL; i++)
		if (!dialects[i]->is_view &&
		    check_dialect(&in, dialects[i]) < 0)
			break;
	template_free(in.main);
	for (size_t i = 0; i < PARTIALS_MAX; i++)
		template_free(in.partials[i]);
	return 0;
}
