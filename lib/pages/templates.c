#include "templates.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mem.h"
#include "renamed.h"

#define TEMPLATE_MAX_BYTES (1024 * 1024)
#define TEMPLATES_MAX 1024

/* Variables and partials that have a new name. */
static const struct renamed renamed_names[] = {
	{ "attempts", "mirrors", "0.2.0" },
	{ "sources", "mirrors", "0.2.0" },
	{ NULL, NULL, NULL },
};
static const struct renamed renamed_partials[] = {
	{ "attempts", "mirrors", "0.2.0" },
	{ "look", "theme", "0.2.0" },
	{ NULL, NULL, NULL },
};

struct templates {
	struct file {
		char *file; /* "menu.gpxe" */
		size_t name_len;
		const struct dialect *dialect;
		struct template *template; /* NULL: it could not be loaded */
		unsigned visits;           /* VISIT_* */
	} * files;
	size_t count;
};

/* Where a template was visited: inside the section "mirrors", its names can
 * mean something else than outside. */
enum { VISIT_OUTSIDE_MIRRORS = 1, VISIT_INSIDE_MIRRORS = 2 };

/* What is needed to load the templates of one dialect. */
struct template_reader {
	struct templates *templates;
	char *const *dirs;
	const struct dialect *dialect;
	struct stamps *stamps;
	int mirrors; /* number of open sections "mirrors" */
	struct error *err;
	int rc;
};

char **templates_dirs(const char *own, const char *shipped)
{
	struct buf text = BUF_INIT;
	size_t count = 2;
	char **dirs;
	char *rest;

	buf_printf(&text, "%s:%s", own != NULL ? own : "", shipped);
	for (const char *s = text.data; *s != '\0'; s++)
		count += *s == ':';
	dirs = mem_alloc(count * sizeof(*dirs) + text.len + 1);
	rest = memcpy(&dirs[count], text.data, text.len + 1);
	buf_free(&text);
	count = 0;
	while (*rest != '\0') {
		size_t len = strcspn(rest, ":");

		if (len > 0)
			dirs[count++] = rest;
		rest += len;
		if (*rest != '\0')
			*rest++ = '\0';
	}
	return dirs;
}

struct templates *templates_new(void)
{
	return mem_alloc(sizeof(struct templates));
}

void templates_free(struct templates *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->count; i++) {
		free(t->files[i].file);
		template_free(t->files[i].template);
	}
	free(t->files);
	free(t);
}

static struct file *find_file(const struct templates *t,
			      const struct dialect *d, const char *name)
{
	for (size_t i = 0; i < t->count; i++) {
		struct file *file = &t->files[i];

		if (file->dialect == d && strlen(name) == file->name_len &&
		    memcmp(file->file, name, file->name_len) == 0)
			return file;
	}
	return NULL;
}

const struct template *templates_find(const struct templates *t,
				      const struct dialect *d, const char *name)
{
	const struct file *file = find_file(t, d, name);

	return file != NULL ? file->template : NULL;
}

const char **templates_files(const struct templates *t)
{
	const char **files = mem_grow(NULL, t->count + 1, sizeof(*files));

	for (size_t i = 0; i < t->count; i++)
		files[i] = t->files[i].file;
	files[t->count] = NULL;
	return files;
}

void templates_each_name(const struct templates *t,
			 int (*each)(void *ctx,
				     const struct template_name *name),
			 void *ctx)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->files[i].template != NULL)
			template_each_name(t->files[i].template, each, ctx);
}

/* Read the file from the first directory that has it.  Returns the same as
 * stamps_read(). */
static int read_first(const struct template_reader *r, const char *file,
		      struct buf *text)
{
	int found = 0;

	for (size_t i = 0; r->dirs[i] != NULL && found == 0; i++) {
		struct buf path = BUF_INIT;

		buf_printf(&path, "%s/%s", r->dirs[i], file);
		found = stamps_read(r->stamps, path.data, TEMPLATE_MAX_BYTES,
				    text, r->err);
		buf_free(&path);
	}
	return found;
}

/* What editors put into files without showing it.  Loaders misread it. */
static int check_bytes(const struct template_reader *r, const char *file,
		       const struct buf *text)
{
	json_t *utf8 = json_stringn(buf_text(text), text->len);
	int is_utf8 = utf8 != NULL;

	json_decref(utf8);
	if (!is_utf8)
		return error_set(r->err, file, 0,
				 "is not UTF-8 text: save it as UTF-8");
	if (strncmp(buf_text(text), "\xef\xbb\xbf", 3) == 0)
		return error_set(r->err, file, 1,
				 "begins with a byte order mark: save it as "
				 "UTF-8 without one");
	if (!dialect_is_for_people(r->dialect) &&
	    strchr(buf_text(text), '\r') != NULL)
		return error_set(r->err, file, 0,
				 "has lines that end in CR LF: save it with "
				 "line ends of Unix, LF alone");
	return 0;
}

static struct template *compile(const struct template_reader *r,
				const char *file, const struct buf *text)
{
	if (check_bytes(r, file, text) < 0)
		return NULL;
	return template_parse(file, buf_text(text), text->len, r->err);
}

/* The file of that name, loaded if it is not there yet; NULL if it does not
 * exist. */
static struct file *take(struct template_reader *r, const char *name)
{
	struct templates *t = r->templates;
	struct file *taken = find_file(t, r->dialect, name);
	struct buf file = BUF_INIT;
	struct buf text = BUF_INIT;
	int found;

	if (taken != NULL)
		return taken;
	buf_printf(&file, "%s.%s", name, r->dialect->name);
	found = read_first(r, file.data, &text);
	if (found != 0) {
		t->files = mem_grow(t->files, t->count + 1, sizeof(*t->files));
		taken = &t->files[t->count++];
		*taken = (struct file){
			.file = mem_copy(file.data, file.len),
			.name_len = strlen(name),
			.dialect = r->dialect,
		};
		if (found > 0)
			taken->template = compile(r, file.data, &text);
		if (taken->template == NULL)
			r->rc = -1;
	}
	buf_free(&file);
	buf_free(&text);
	return taken;
}

static int visit_name(void *ctx, const struct template_name *name);

/* Visit a template and the partials that it uses.  Returns whether the file
 * exists. */
static int visit(struct template_reader *r, const char *name)
{
	const unsigned place =
		r->mirrors > 0 ? VISIT_INSIDE_MIRRORS : VISIT_OUTSIDE_MIRRORS;
	struct file *file = take(r, name);

	if (file == NULL)
		return 0;
	if (file->template == NULL || (file->visits & place))
		return 1;
	file->visits |= place;
	template_each_name(file->template, visit_name, r);
	return 1;
}

static void visit_partial(struct template_reader *r,
			  const struct template_name *name)
{
	if (r->templates->count == TEMPLATES_MAX &&
	    find_file(r->templates, r->dialect, name->text) == NULL)
		r->rc = error_set(r->err, name->file, name->line,
				  "uses more than %d templates in all: put "
				  "some of them together",
				  TEMPLATES_MAX);
	else if (!visit(r, name->text))
		r->rc = error_set(r->err, name->file, name->line,
				  "there is no template %s.%s: create it, or "
				  "remove {{> %s}}",
				  name->text, r->dialect->name, name->text);
}

/* Whether name has a row; err then has the new name. */
static int is_renamed(struct template_reader *r, const struct renamed *row,
		      const struct template_name *name)
{
	const char *known[] = { NULL, NULL };
	const struct offer offer = { .known = known };

	if (row == NULL)
		return 0;
	known[0] = row->now;
	r->rc = error_set_offer(r->err, &offer, name->file, name->line,
				"'%s' " RENAMED_REASON, row->before, row->now,
				row->since);
	return 1;
}

/* The part of a dotted name that follows this one; NULL if none does. */
static const char *next_part(const char *part)
{
	const char *dot = strchr(part, '.');

	return dot != NULL ? dot + 1 : NULL;
}

static const struct renamed *find_part(const char *part)
{
	return renamed_find(renamed_names, part, strcspn(part, "."));
}

/* The row of the first part of a name that has one. */
static const struct renamed *find_name(const char *name)
{
	const struct renamed *row = NULL;

	for (; name != NULL && row == NULL; name = next_part(name))
		row = find_part(name);
	return row;
}

static int is_part(const char *part, const char *name)
{
	const size_t len = strlen(name);

	return strcspn(part, ".") == len && memcmp(part, name, len) == 0;
}

/* An earlier name counts as the new one: it has a failure of its own. */
static int is_mirrors(const char *part)
{
	const struct renamed *row = find_part(part);

	return is_part(row != NULL ? row->now : part, "mirrors");
}

static int is_method(const char *part)
{
	return is_part(part, "pxelinux") || is_part(part, "kernel") ||
	       is_part(part, "multiboot") || is_part(part, "image") ||
	       is_part(part, "chain");
}

/* A section with an unknown name is silently empty.  So is a boot method
 * outside the section "mirrors", where 0.1.0 had it. */
static void check_section(struct template_reader *r,
			  const struct template_name *name)
{
	const char *part = name->text;

	while (part != NULL && !is_mirrors(part) && !is_method(part))
		part = next_part(part);
	if (r->mirrors == 0 && part != NULL && is_method(part))
		r->rc = error_set(r->err, name->file, name->line,
				  "section '%s' belongs inside section "
				  "'mirrors' since 0.2.0",
				  name->text);
}

/* The last part of a name says what the section is. */
static int opens_mirrors(const struct template_name *name)
{
	const char *dot = strrchr(name->text, '.');

	return is_mirrors(dot != NULL ? dot + 1 : name->text);
}

static int visit_name(void *ctx, const struct template_name *name)
{
	struct template_reader *r = ctx;

	switch (name->use) {
	case TEMPLATE_PARTIAL:
		if (!is_renamed(r,
				renamed_find(renamed_partials, name->text,
					     strlen(name->text)),
				name))
			visit_partial(r, name);
		return 0;
	case TEMPLATE_SECTION:
		check_section(r, name);
		r->mirrors += opens_mirrors(name);
		break;
	case TEMPLATE_END:
		r->mirrors -= opens_mirrors(name);
		return 0;
	case TEMPLATE_VARIABLE:
		break;
	}
	is_renamed(r, find_name(name->text), name);
	return 0;
}

/* A file that has a new name: no page uses it any more. */
static void check_old_files(struct template_reader *r)
{
	for (const struct renamed *row = renamed_partials; row->before != NULL;
	     row++) {
		const struct file *old = take(r, row->before);

		if (old != NULL)
			r->rc = error_set(
				r->err, old->file, 0,
				"has been called %s.%s since %s: rename "
				"it",
				row->now, r->dialect->name, row->since);
	}
}

static int has_any(const struct templates *t, const char *page)
{
	for (size_t i = 0; dialects[i] != NULL; i++)
		if (find_file(t, dialects[i], page) != NULL)
			return 1;
	return 0;
}

/* A directory may be missing, but a file is no directory. */
static int check_directories(const struct template_reader *r)
{
	struct stat st;

	for (size_t i = 0; r->dirs[i] != NULL; i++) {
		if (stat(r->dirs[i], &st) < 0 || S_ISDIR(st.st_mode))
			continue;
		stamps_add(r->stamps, r->dirs[i]);
		return error_set(r->err, r->dirs[i], 0,
				 "is not a directory: MIRRORBOOT_TEMPLATES "
				 "names directories");
	}
	return 0;
}

int templates_load(struct templates *t, char *const *dirs,
		   const char *const *pages, struct stamps *stamps,
		   struct error *err)
{
	struct template_reader r = {
		.templates = t,
		.dirs = dirs,
		.stamps = stamps,
		.err = err,
	};

	if (check_directories(&r) < 0)
		return -1;
	for (size_t i = 0; dialects[i] != NULL; i++) {
		if (dialects[i]->is_view)
			continue;
		r.dialect = dialects[i];
		stamps_set_group(stamps, dialects[i]);
		for (size_t j = 0; pages[j] != NULL; j++)
			visit(&r, pages[j]);
		check_old_files(&r);
	}
	stamps_set_group(stamps, NULL);
	for (size_t j = 0; pages[j] != NULL; j++)
		if (!has_any(t, pages[j]))
			r.rc = error_set(err, NULL, 0,
					 "no directory of templates has a file "
					 "%s.DIALECT: install the shipped "
					 "templates again",
					 pages[j]);
	return r.rc;
}
