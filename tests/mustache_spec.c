/*
 * Runs the cases of the Mustache specification.  mustache-spec DIR: the
 * directory of its JSON files.
 */
#include <dirent.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "dialect.h"
#include "error.h"
#include "mem.h"
#include "template.h"

static const char *const modules[] = { "comments",      "delimiters",
				       "interpolation", "inverted",
				       "partials",      "sections" };

#define MODULE_COUNT (sizeof(modules) / sizeof(modules[0]))

struct score {
	unsigned passed, failed;
};

struct partial {
	const char *name; /* borrowed from the case */
	struct template *t;
};

struct partials {
	struct partial *list;
	size_t count;
};

static const struct template *find_partial(void *ctx, const char *name)
{
	const struct partials *partials = ctx;

	for (size_t i = 0; i < partials->count; i++)
		if (strcmp(partials->list[i].name, name) == 0)
			return partials->list[i].t;
	return NULL;
}

static void free_partials(struct partials *partials)
{
	for (size_t i = 0; i < partials->count; i++)
		template_free(partials->list[i].t);
	free(partials->list);
}

/* json may be NULL: a case without partials. */
static int parse_partials(struct partials *partials, json_t *json,
			  struct error *err)
{
	const char *name;
	json_t *text;

	partials->list = mem_alloc((json_object_size(json) + 1) *
				   sizeof(*partials->list));
	json_object_foreach(json, name, text) {
		struct partial *partial = &partials->list[partials->count];

		partial->name = name;
		partial->t = template_parse(name, json_string_value(text),
					    json_string_length(text), err);
		if (partial->t == NULL)
			return -1;
		partials->count++;
	}
	return 0;
}

static int render_case(const json_t *test, struct buf *out, struct error *err)
{
	const json_t *text = json_object_get(test, "template");
	struct partials partials = { NULL, 0 };
	struct render how = { .escape = dialect_html.escape,
			      .partial = find_partial,
			      .ctx = &partials,
			      .lenient = 1 };
	struct template *t = NULL;
	int status = parse_partials(&partials,
				    json_object_get(test, "partials"), err);

	if (status == 0)
		t = template_parse("template", json_string_value(text),
				   json_string_length(text), err);
	if (t != NULL)
		status = template_render(t, json_object_get(test, "data"), &how,
					 out, err);
	else
		status = -1;
	template_free(t);
	free_partials(&partials);
	return status;
}

static void print_json(const char *what, const char *s, size_t len)
{
	json_t *text = json_stringn(s, len);
	char *dump = json_dumps(text, JSON_ENCODE_ANY);

	printf("# %s %s\n", what, dump != NULL ? dump : "not UTF-8");
	free(dump);
	json_decref(text);
}

static bool run_case(const char *module, const json_t *test)
{
	const json_t *expected = json_object_get(test, "expected");
	const char *text = json_string_value(expected);
	size_t len = json_string_length(expected);
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT;
	bool rendered = render_case(test, &out, &err) == 0;
	bool passed = rendered && out.len == len &&
		      memcmp(buf_text(&out), text, len) == 0;

	printf("%s %s: %s\n", passed ? "ok" : "not ok", module,
	       json_string_value(json_object_get(test, "name")));
	if (!passed)
		print_json("expected", text, len);
	if (!passed && rendered)
		print_json("got", buf_text(&out), out.len);
	if (!rendered)
		printf("# error %s\n", err.text);
	buf_free(&out);
	return passed;
}

static bool is_case(const json_t *test)
{
	return json_is_string(json_object_get(test, "name")) &&
	       json_is_string(json_object_get(test, "template")) &&
	       json_is_string(json_object_get(test, "expected"));
}

static int run_file(const char *dir, const char *module, struct score *score)
{
	struct buf path = BUF_INIT;
	json_error_t error;
	json_t *spec;
	json_t *test;
	size_t i;

	buf_printf(&path, "%s/%s.json", dir, module);
	spec = json_load_file(buf_text(&path), 0, &error);
	if (spec == NULL)
		fprintf(stderr, "%s:%d: %s\n", buf_text(&path), error.line,
			error.text);
	json_array_foreach(json_object_get(spec, "tests"), i, test) {
		if (!is_case(test))
			fprintf(stderr, "%s: /tests/%zu is not a case\n",
				buf_text(&path), i);
		if (is_case(test) && run_case(module, test))
			score->passed++;
		else
			score->failed++;
	}
	json_decref(spec);
	buf_free(&path);
	return spec != NULL ? 0 : -1;
}

/* The required module that a file of this name holds; NULL if it is another. */
static const char *find_module(const char *file)
{
	for (size_t i = 0; i < MODULE_COUNT; i++) {
		size_t len = strlen(modules[i]);

		if (strncmp(file, modules[i], len) == 0 &&
		    strcmp(file + len, ".json") == 0)
			return modules[i];
	}
	return NULL;
}

static int is_json(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot != NULL && strcmp(dot, ".json") == 0;
}

static int run_dir(const char *dir, struct score *score)
{
	struct dirent **files;
	int count = scandir(dir, &files, is_json, alphasort);
	int status = 0;

	if (count < 0) {
		perror(dir);
		return -1;
	}
	for (int i = 0; i < count; i++) {
		const char *module = find_module(files[i]->d_name);

		if (module == NULL)
			printf("# %s left out: not a required module\n",
			       files[i]->d_name);
		else if (run_file(dir, module, score) < 0)
			status = -1;
		free(files[i]);
	}
	free(files);
	return status;
}

int main(int argc, char **argv)
{
	struct score score = { 0, 0 };
	int status;

	if (argc != 2) {
		fprintf(stderr, "usage: mustache-spec DIR\n");
		return EXIT_FAILURE;
	}
	status = run_dir(argv[1], &score);
	printf("%u passed, %u failed\n", score.passed, score.failed);
	if (status == 0 && score.passed + score.failed == 0) {
		fprintf(stderr, "%s: no case found\n", argv[1]);
		status = -1;
	}
	return status < 0 || score.failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
