#include "copyscript.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "copies.h"
#include "mem.h"

/* Append a word as a shell takes it, whatever is in it. */
static void add_word(struct buf *out, const char *word)
{
	buf_putc(out, '\'');
	for (; *word != '\0'; word++)
		if (*word == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, *word);
	buf_putc(out, '\'');
}

/* Append a path in the new copy, in which a shell finds nothing to expand. */
static void add_path(struct buf *out, const char *name)
{
	buf_printf(out, "\"$new/%s\"", strcmp(name, "./") != 0 ? name : "");
}

static int is_iso(const struct copy_file *file)
{
	return strcmp(file->source, ".") == 0;
}

static int is_in_iso(const struct copy_file *file)
{
	return !is_iso(file) && !copy_is_url(file->source);
}

static int needs_iso(const struct copy *copy)
{
	for (size_t i = 0; i < copy->count; i++)
		if (!copy_is_url(copy->files[i].source))
			return 1;
	return 0;
}

/* Make the directory that the file is in, unless it is the copy's own. */
static void add_mkdir(const struct copy_file *file, struct buf *out)
{
	const size_t len = strlen(file->name);
	const char *end = file->name + len;
	char *parent;

	if (len > 0 && end[-1] == '/')
		end--;
	while (end > file->name && end[-1] != '/')
		end--;
	if (end == file->name)
		return;
	parent = mem_copy(file->name, (size_t)(end - file->name));
	buf_puts(out, "mkdir -p ");
	add_path(out, parent);
	buf_putc(out, '\n');
	free(parent);
}

/* One run of xorriso extracts all that comes from the ISO, and fails if a file
 * is not there. */
static void add_extraction(const struct copy *copy, struct buf *out)
{
	const size_t before = out->len;

	for (size_t i = 0; i < copy->count; i++) {
		const struct copy_file *file = &copy->files[i];
		struct buf path = BUF_INIT;

		if (!is_in_iso(file))
			continue;
		if (out->len == before)
			buf_puts(out, "xorriso -osirrox on -indev \"$iso\"");
		buf_printf(&path, "/%s",
			   strcmp(file->source, "./") != 0 ? file->source : "");
		buf_puts(out, " \\\n\t-extract ");
		add_word(out, path.data);
		buf_putc(out, ' ');
		add_path(out, file->name);
		buf_free(&path);
	}
	if (out->len > before)
		buf_puts(out, "\nchmod -R u+w,a+rX \"$new\"\n");
}

static void add_files(const struct copy *copy, struct buf *out)
{
	for (size_t i = 0; i < copy->count; i++)
		add_mkdir(&copy->files[i], out);
	add_extraction(copy, out);
	for (size_t i = 0; i < copy->count; i++) {
		const struct copy_file *file = &copy->files[i];

		if (is_in_iso(file))
			continue;
		buf_puts(out, is_iso(file) ? "cp \"$iso\" " : "curl -fLo ");
		add_path(out, file->name);
		if (!is_iso(file)) {
			buf_putc(out, ' ');
			add_word(out, file->source);
		}
		buf_putc(out, '\n');
	}
}

/* A machine that boots meanwhile gets files of one copy: the new one takes its
 * place when it is whole. */
static void add_script(const struct settings *settings,
		       const struct release *release, struct buf *out)
{
	const struct copy *copy = release->copy;
	const char *iso = needs_iso(copy) ? " ISO" : "";

	buf_puts(out, "#!/bin/sh\n# Makes the copy of ");
	copies_add_name(release, out);
	buf_printf(out, ": %s\n# Get it from %s\n", release->title, copy->from);
	buf_printf(out,
		   "# Use: sh THIS-FILE DIRECTORY%s\n"
		   "# DIRECTORY is what the web server has at %s\n"
		   "set -eu\numask 022\n"
		   "if [ $# != %d ]; then echo \"usage: sh $0 DIRECTORY%s\" "
		   ">&2; exit 2; fi\n"
		   "if [ ! -d \"$1\" ]; then echo \"$1: is no directory\" >&2; "
		   "exit 2; fi\n",
		   iso, settings->base, iso[0] != '\0' ? 2 : 1, iso);
	if (iso[0] != '\0')
		buf_puts(out, "iso=$2\n");
	buf_printf(out,
		   "copy=$1/%.*s\nnew=$copy.new\n"
		   "rm -rf \"$new\"\nmkdir -p \"$new\"\n",
		   (int)strlen(copy->directory) - 1, copy->directory);
	add_files(copy, out);
	buf_puts(out, "rm -rf \"$copy.old\"\n"
		      "if [ -e \"$copy\" ]; then mv \"$copy\" \"$copy.old\"; "
		      "fi\nmv \"$new\" \"$copy\"\n");
}

/* The next copy that which means, NULL: any, from *index on, which then is
 * behind it; NULL: there are no more.  Variants have the copy of their release.
 */
static const struct release *next_copy(const struct catalog *c,
				       const char *which, size_t *index)
{
	const struct release *last = NULL;
	size_t count;
	const struct release *const *all = catalog_releases(c, &count);

	for (size_t i = 0; i < count; i++) {
		if (all[i]->copy == NULL ||
		    (which != NULL && !copies_is_meant(all[i], which)) ||
		    (last != NULL && strcmp(last->copy->directory,
					    all[i]->copy->directory) == 0))
			continue;
		last = all[i];
		if (i < *index)
			continue;
		*index = i + 1;
		return last;
	}
	return NULL;
}

/* Say what the site writes once it has the copy: the distro, unless that has
 * more copies than one. */
static void add_hint(const struct catalog *c, const struct release *release,
		     struct buf *out)
{
	size_t i = 0;

	if (release->copy->is_made)
		return;
	buf_puts(out, "echo 'Now add \"");
	next_copy(c, release->distro, &i);
	if (next_copy(c, release->distro, &i) == NULL)
		buf_puts(out, release->distro);
	else
		copies_add_name(release, out);
	buf_puts(out, "\" to \"copies\" of the catalogue'\\''s section "
		      "\"site\".'\n");
}

static void print_names(const struct catalog *c, const char *which)
{
	const struct release *release;
	struct buf names = BUF_INIT;
	size_t i = 0;

	while ((release = next_copy(c, which, &i)) != NULL) {
		buf_puts(&names, "  ");
		copies_add_name(release, &names);
		buf_putc(&names, '\n');
	}
	fputs(buf_text(&names), stderr);
	buf_free(&names);
}

int copyscript_print(const struct catalog *c, const char *which, FILE *out)
{
	size_t i = 0;
	const struct release *release = next_copy(c, which, &i);
	struct buf script = BUF_INIT;

	if (release == NULL) {
		fputs("mirrorboot-check: --copy takes a copy of the catalogue, "
		      "one of these:\n",
		      stderr);
		print_names(c, NULL);
		return -1;
	}
	if (next_copy(c, which, &i) != NULL) {
		fputs("mirrorboot-check: --copy takes one copy, and these are "
		      "of that name:\n",
		      stderr);
		print_names(c, which);
		return -1;
	}
	add_script(catalog_settings(c), release, &script);
	add_hint(c, release, &script);
	fputs(script.data, out);
	buf_free(&script);
	return 0;
}
