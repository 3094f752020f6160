#include "templates.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "pages.h"
#include "stamps.h"
#include "suggest.h"
#include "template.h"

#define TEMPLATE_MAX_BYTES (1024 * 1024)

/* One round over the templates. */
struct looking {
	const struct site_paths *paths;
	struct findings *findings;
	struct stamps *stamps; /* stamps_read() wants one; nobody asks it */
	struct error err;
	json_t *taken; /* names of files that pages take, as keys */
	const char *dialect;
	const char *asking; /* the file that has the partial at hand */
};

static int take(struct looking *l, const char *name);

/* The text of DIR/FILE; returns as stamps_read() does. */
static int read_in(struct looking *l, const char *dir, size_t len,
		   const char *file, struct buf *text)
{
	struct buf path = BUF_INIT;
	int found;

	buf_printf(&path, "%.*s/%s", (int)len, dir, file);
	found = stamps_read(l->stamps, path.data, TEMPLATE_MAX_BYTES, text,
			    &l->err);
	buf_free(&path);
	return found;
}

/* The same, in the first directory that has the file. */
static int read_first(struct looking *l, const char *file, struct buf *text)
{
	const char *dirs =
		l->paths->templates != NULL ? l->paths->templates : "";
	int found = 0;

	while (*dirs != '\0' && found == 0) {
		size_t len = strcspn(dirs, ":");

		if (len > 0)
			found = read_in(l, dirs, len, file, text);
		dirs += len + (dirs[len] == ':');
	}
	if (found == 0)
		found = read_in(l, l->paths->shipped, strlen(l->paths->shipped),
				file, text);
	return found;
}

static int take_partial(void *ctx, const struct template_name *asked)
{
	struct looking *l = ctx;
	const char *name = asked->text;

	if (asked->use == TEMPLATE_PARTIAL && take(l, name) == 0)
		error_set(&l->err, l->asking, 0,
			  "there is no template %s.%s, which it asks for", name,
			  l->dialect);
	return 0;
}

static void take_partials(struct looking *l, const char *file,
			  const struct template *template)
{
	const char *asking = l->asking;

	l->asking = file;
	template_each_name(template, take_partial, l);
	l->asking = asking;
}

/* Takes NAME.DIALECT and its partials.  Returns 1, 0 if there is no such
 * file, or -1. */
static int take(struct looking *l, const char *name)
{
	struct template *template = NULL;
	struct buf file = BUF_INIT;
	struct buf text = BUF_INIT;
	int found = 1;

	buf_printf(&file, "%s.%s", name, l->dialect);
	if (json_object_get(l->taken, file.data) != NULL)
		goto out;
	found = read_first(l, file.data, &text);
	if (found == 0)
		goto out;
	json_object_set_new(l->taken, file.data, json_true());
	if (found > 0)
		template = template_parse(file.data, buf_text(&text), text.len,
					  &l->err);
	if (template != NULL)
		take_partials(l, file.data, template);
out:
	template_free(template);
	buf_free(&text);
	buf_free(&file);
	return found;
}

static void take_all(struct looking *l)
{
	for (size_t i = 0; pages[i] != NULL; i++) {
		int count = 0;

		for (size_t d = 0; dialects[d] != NULL; d++) {
			l->dialect = dialects[d]->name;
			count += take(l, pages[i]->name) != 0;
		}
		if (count == 0)
			error_set(&l->err, NULL, 0,
				  "there is no template of page %s",
				  pages[i]->name);
	}
}

static void warn_unused(struct looking *l, const char *file)
{
	const char **known =
		mem_grow(NULL, json_object_size(l->taken) + 1, sizeof(*known));
	struct finding finding = {
		.severity = SEVERITY_WARNING,
		.check = "template",
		.file = file,
		.reason = "no page takes this template",
	};
	struct buf instead = BUF_INIT;
	const char *near;
	const char *name;
	json_t *unused;
	size_t count = 0;

	json_object_foreach(l->taken, name, unused)
		known[count++] = name;
	known[count] = NULL;
	near = suggest(file, known);
	if (near != NULL)
		buf_printf(&instead, "did you mean '%s'?", near);
	finding.instead = instead.data;
	findings_add(l->findings, &finding);
	buf_free(&instead);
	free(known);
}

/* Names that no administrator means as a template: hidden files, and what
 * editors and packages leave behind. */
static int is_leftover(const char *name)
{
	size_t len = strlen(name);

	return name[0] == '.' || name[0] == '#' || name[len - 1] == '~' ||
	       strstr(name, ".dpkg-") != NULL || strstr(name, ".orig") != NULL;
}

static int is_of_interest(const struct dirent *entry)
{
	return !is_leftover(entry->d_name);
}

static void look_through(struct looking *l, const char *dir)
{
	struct dirent **entries = NULL;
	int count = scandir(dir, &entries, is_of_interest, alphasort);

	/* The default directory need not be there. */
	if (count < 0 && errno != ENOENT)
		error_set(&l->err, dir, 0, "directory cannot be read");
	for (int i = 0; i < count; i++) {
		if (json_object_get(l->taken, entries[i]->d_name) == NULL)
			warn_unused(l, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static void find_unused(struct looking *l)
{
	const char *dirs =
		l->paths->templates != NULL ? l->paths->templates : "";

	while (*dirs != '\0') {
		size_t len = strcspn(dirs, ":");
		char *dir = mem_copy(dirs, len);

		if (len > 0)
			look_through(l, dir);
		free(dir);
		dirs += len + (dirs[len] == ':');
	}
}

static void report(void *ctx, const struct failure *failure)
{
	findings_add_text(ctx, "template", failure->text, NULL);
}

int templates_check(const struct site_paths *paths, struct findings *f)
{
	struct looking l = {
		.paths = paths,
		.findings = f,
		.stamps = stamps_new(),
		.err = ERROR_INIT,
		.taken = json_object(),
	};

	l.err.report = report;
	l.err.ctx = f;
	take_all(&l);
	find_unused(&l);
	json_decref(l.taken);
	stamps_free(l.stamps);
	return l.err.text[0] != '\0' ? -1 : 0;
}
