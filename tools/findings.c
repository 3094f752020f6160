#include "findings.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"
#include "uri.h"

struct findings {
	json_t *list;  /* of objects, as they are printed in JSON */
	size_t errors; /* at the beginning of the list */
	size_t own;    /* warnings of the site's own files, behind them */
	json_t *seen;  /* all text lines, as keys */
};

struct findings *findings_new(void)
{
	struct findings *f = mem_alloc(sizeof(*f));

	f->list = json_array();
	f->seen = json_object();
	return f;
}

void findings_free(struct findings *f)
{
	if (f == NULL)
		return;
	json_decref(f->list);
	json_decref(f->seen);
	free(f);
}

static const char *severity_name(enum severity severity)
{
	switch (severity) {
	case SEVERITY_ERROR:
		return "error";
	case SEVERITY_WARNING:
		break;
	}
	return "warning";
}

static const char *text_of(const json_t *finding, const char *key)
{
	return json_string_value(json_object_get(finding, key));
}

static void print_line(const json_t *finding, struct buf *out)
{
	static const char *const parts[] = { "pointer", "reason", "url", NULL };
	const json_t *line = json_object_get(finding, "line");
	const char *file = text_of(finding, "file");
	const char *instead = text_of(finding, "instead");

	buf_puts(out, text_of(finding, "severity"));
	if (file != NULL)
		buf_printf(out, ": %s", file);
	if (line != NULL)
		buf_printf(out, ":%d", (int)json_integer_value(line));
	for (const char *const *part = parts; *part != NULL; part++)
		if (text_of(finding, *part) != NULL)
			buf_printf(out, ": %s", text_of(finding, *part));
	if (instead != NULL)
		buf_printf(out, "; %s", instead);
}

static void set(json_t *object, const char *key, const char *value)
{
	struct buf shown = BUF_INIT;

	if (value == NULL)
		return;
	uri_add_shown(&shown, value, NULL);
	json_object_set_new(object, key, json_string(buf_text(&shown)));
	buf_free(&shown);
}

int findings_is_shipped(const char *file)
{
	return file[0] >= '0' && file[0] < '9';
}

/* Add it behind those that come before it. */
static void insert(struct findings *f, const struct finding *finding,
		   json_t *object)
{
	const int is_host = strcmp(finding->check, "host") == 0;

	if (finding->severity == SEVERITY_ERROR)
		json_array_insert(f->list, f->errors++, object);
	else if (finding->file != NULL && !is_host &&
		 findings_is_shipped(finding->file))
		json_array_append(f->list, object);
	else
		json_array_insert(f->list, f->errors + f->own++, object);
}

void findings_add(struct findings *f, const struct finding *finding)
{
	json_t *object = json_object();
	struct buf line = BUF_INIT;

	set(object, "severity", severity_name(finding->severity));
	set(object, "check", finding->check);
	set(object, "file", finding->file);
	if (finding->line > 0)
		json_object_set_new(object, "line",
				    json_integer((json_int_t)finding->line));
	set(object, "pointer", finding->pointer);
	set(object, "reason", finding->reason);
	set(object, "url", finding->url);
	set(object, "instead", finding->instead);
	print_line(object, &line);
	if (json_object_get(f->seen, line.data) == NULL) {
		json_object_set_new(f->seen, line.data, json_true());
		insert(f, finding, object);
	}
	json_decref(object);
	buf_free(&line);
}

const char *findings_error_at(const struct findings *f, const char *pointer,
			      const char **url)
{
	for (size_t i = 0; i < f->errors; i++) {
		const json_t *finding = json_array_get(f->list, i);
		const char *place = text_of(finding, "pointer");

		*url = text_of(finding, "url");
		if (place != NULL && strcmp(place, pointer) == 0)
			return text_of(finding, "reason");
	}
	return NULL;
}

const char *findings_next_url(const struct findings *f, const char *check,
			      size_t *index)
{
	while (*index < f->errors) {
		const json_t *finding = json_array_get(f->list, (*index)++);
		const char *url = text_of(finding, "url");

		if (url != NULL &&
		    strcmp(text_of(finding, "check"), check) == 0)
			return url;
	}
	return NULL;
}

size_t findings_count(const struct findings *f, enum severity severity)
{
	switch (severity) {
	case SEVERITY_ERROR:
		return f->errors;
	case SEVERITY_WARNING:
		break;
	}
	return json_array_size(f->list) - f->errors;
}

/* Remove "part: " from the front of *text, and return it; NULL if it is not
 * there. */
static char *cut(char **text)
{
	char *part = *text;
	char *end = strstr(part, ": ");

	if (end == NULL)
		return NULL;
	*end = '\0';
	*text = end + 2;
	return part;
}

/* Remove ":line" from the end of file, and return it; 0 if it is not there. */
static unsigned cut_line(char *file)
{
	char *colon = strrchr(file, ':');
	unsigned long line;
	char *end;

	if (colon == NULL || colon[1] < '0' || colon[1] > '9')
		return 0;
	line = strtoul(colon + 1, &end, 10);
	if (*end != '\0')
		return 0;
	*colon = '\0';
	return (unsigned)line;
}

void findings_report(void *ctx, const struct failure *failure)
{
	const struct findings_target *target = ctx;
	char *copy = mem_copy(failure->text, strlen(failure->text));
	char *rest = copy;
	struct finding finding = {
		.severity = SEVERITY_ERROR,
		.check = target->check,
		.file = cut(&rest),
		.url = target->url,
	};

	if (finding.file != NULL)
		finding.line = cut_line(copy);
	if (finding.file != NULL && rest[0] == '/')
		finding.pointer = cut(&rest);
	finding.reason = rest;
	if (failure->instead[0] != '\0')
		finding.instead = failure->instead;
	findings_add(target->findings, &finding);
	free(copy);
}

void findings_print(const struct findings *f, FILE *out)
{
	size_t i;
	json_t *finding;

	json_array_foreach(f->list, i, finding) {
		struct buf line = BUF_INIT;

		print_line(finding, &line);
		fprintf(out, "%s\n", line.data);
		buf_free(&line);
	}
}

void findings_print_json(const struct findings *f, FILE *out)
{
	json_t *root = json_pack("{s:O}", "findings", f->list);

	json_dumpf(root, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(root);
}
