#include "pins.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cursor.h"
#include "mem.h"
#include "mirror.h"
#include "pin.h"
#include "replace.h"
#include "written.h"

struct pins {
	char *path;
	char *before;    /* the file as it is; NULL: there is none */
	json_t *mirrors; /* mirror -> path -> pin, as in the file */
};

static char *text_of(const json_t *mirrors)
{
	return written_text("Written by mirrorboot-check --pin.", "pins",
			    mirrors);
}

/* Take the pins of the file that is there. */
static int take_file(struct pins *p, struct error *err)
{
	static const char *const sections[] = { "pins", NULL };
	struct mem_pool pool = MEM_POOL_INIT;
	struct stamps *stamps = stamps_new();
	struct include files = { .files = NULL };
	struct cursor at = { .files = &files, .pool = &pool, .err = err };
	int rc = include_read(&files, p->path, sections, stamps, err);

	if (rc == 0) {
		rc = pin_check_all(&at);
		json_object_update(p->mirrors, include_section(&files, "pins"));
		include_free(&files);
	}
	cursor_free(&at);
	mem_pool_free(&pool);
	stamps_free(stamps);
	return rc;
}

struct pins *pins_read(const char *path, struct error *err)
{
	struct pins *p = mem_alloc(sizeof(*p));

	p->path = mem_copy(path, strlen(path));
	p->mirrors = json_object();
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return p;
	if (take_file(p, err) == 0) {
		p->before = text_of(p->mirrors);
		return p;
	}
	pins_free(p);
	return NULL;
}

void pins_free(struct pins *p)
{
	if (p == NULL)
		return;
	json_decref(p->mirrors);
	free(p->before);
	free(p->path);
	free(p);
}

struct pin pins_find(const struct pins *p, const char *mirror, const char *path)
{
	const json_t *pin =
		json_object_get(json_object_get(p->mirrors, mirror), path);

	return (struct pin){
		.sha256 = json_string_value(json_object_get(pin, "sha256")),
		.date = json_string_value(json_object_get(pin, "date")),
	};
}

const char *pins_set(struct pins *p, const char *mirror, const char *path,
		     const struct pin *pin)
{
	const struct pin before = pins_find(p, mirror, path);
	json_t *paths = json_object_get(p->mirrors, mirror);

	/* Dates of this form sort as text. */
	if (before.date != NULL && strcmp(before.date, pin->date) > 0)
		return strcmp(before.sha256, pin->sha256) != 0 ? before.date
							       : NULL;
	if (paths == NULL) {
		paths = json_object();
		json_object_set_new(p->mirrors, mirror, paths);
	}
	json_object_set_new(paths, path,
			    json_pack("{s:s, s:s}", "sha256", pin->sha256,
				      "date", pin->date));
	return NULL;
}

/* Move the pins of a mirror's kernel and initrds from one object to another. */
static void keep(const struct release *release, const struct mirror_files *s,
		 const json_t *from, json_t *to)
{
	const char *id = release->mirror->id;
	const json_t *paths = json_object_get(from, id);
	size_t len = strlen(s->mirror);

	for (size_t i = 0; s->kernel != NULL && i <= s->initrd_count; i++) {
		const char *url = release_file(s, i);
		json_t *pin = strncmp(url, s->mirror, len) == 0
				      ? json_object_get(paths, url + len)
				      : NULL;

		if (pin == NULL)
			continue;
		if (json_object_get(to, id) == NULL)
			json_object_set_new(to, id, json_object());
		json_object_set(json_object_get(to, id), url + len, pin);
	}
}

/* Drop the pins of files that no release of the catalogue boots. */
static void drop_others(struct pins *p, const struct catalog *c)
{
	json_t *kept = json_object();
	size_t count;
	const struct release *const *all = catalog_releases(c, &count);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0;
		     all[i]->mirror != NULL && j < all[i]->mirror_count; j++)
			keep(all[i], &all[i]->mirrors[j], p->mirrors, kept);
	json_decref(p->mirrors);
	p->mirrors = kept;
}

/* Take what the file has now, where that is not older. */
static int take_again(struct pins *p, struct error *err)
{
	struct pins *now = pins_read(p->path, err);
	const char *mirror, *path;
	json_t *paths, *pin;

	if (now == NULL)
		return -1;
	json_object_foreach(now->mirrors, mirror, paths) {
		json_object_foreach(paths, path, pin) {
			const struct pin its = pins_find(now, mirror, path);

			pins_set(p, mirror, path, &its);
		}
	}
	free(p->before);
	p->before = now->before;
	now->before = NULL;
	pins_free(now);
	return 0;
}

int pins_write(struct pins *p, const struct catalog *c, struct error *err)
{
	int lock = replace_lock(p->path, err);
	char *text;
	int rc;

	if (lock < 0)
		return -1;
	rc = take_again(p, err);
	drop_others(p, c);
	text = text_of(p->mirrors);
	if (rc == 0 && (p->before == NULL || strcmp(p->before, text) != 0))
		rc = replace_file(p->path, text, err);
	free(text);
	close(lock);
	return rc;
}
