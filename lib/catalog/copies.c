#include "copies.h"

#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "mem.h"
#include "settings.h"

/* A name has a distro, or also a version, or also an architecture. */
#define PARTS_MAX 3

struct parts {
	const char *list[PARTS_MAX];
};

static struct parts parts_of(const struct release *release)
{
	return (struct parts){ { release->distro, release->version,
				 machine_arch_name((int)release->arch) } };
}

/* Append so many parts of the name of the release's copy. */
static void add_parts(const struct release *release, size_t count,
		      struct buf *out)
{
	const struct parts parts = parts_of(release);

	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%s%s", i > 0 ? "/" : "", parts.list[i]);
}

void copies_add_name(const struct release *release, struct buf *out)
{
	add_parts(release, PARTS_MAX, out);
}

int copies_is_meant(const struct release *release, const char *name)
{
	const struct parts parts = parts_of(release);

	for (size_t i = 0; i < PARTS_MAX; i++) {
		const size_t len = strlen(parts.list[i]);

		if (strncmp(name, parts.list[i], len) != 0)
			return 0;
		name += len;
		if (*name == '\0')
			return 1;
		if (*name++ != '/')
			return 0;
	}
	return 0;
}

int copies_are_meant(const struct release *release, const char *const *names)
{
	while (*names != NULL && !copies_is_meant(release, *names))
		names++;
	return *names != NULL;
}

/* A name that is looked up. */
struct lookup {
	struct cursor *at; /* where the name is */
	const struct releases *all;
	const char *name;
	const char *distro; /* the name's first part */
};

/* The names that copies have, each with so many parts; of the distro, or of all
 * for NULL.  Release with free(). */
static const char **names_of_copies(const struct lookup *l, const char *distro,
				    size_t parts)
{
	const char **names = mem_alloc((l->all->count + 1) * sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < l->all->count; i++) {
		const struct release *release = l->all->list[i];
		struct buf name = BUF_INIT;

		if (release->copy == NULL ||
		    (distro != NULL && strcmp(release->distro, distro) != 0))
			continue;
		add_parts(release, parts, &name);
		if (count == 0 || strcmp(names[count - 1], name.data) != 0)
			names[count++] = mem_pool_copy(l->at->pool, name.data);
		buf_free(&name);
	}
	return names;
}

static size_t count_parts(const char *name)
{
	size_t count = 1;

	for (; *name != '\0' && count < PARTS_MAX; name++)
		count += *name == '/';
	return count;
}

static int fail_distro(const struct lookup *l)
{
	struct offer offer = { .wanted = l->distro };
	const char **known;

	for (size_t i = 0; i < l->all->count; i++)
		if (strcmp(l->all->list[i]->distro, l->distro) == 0)
			return cursor_fail(l->at,
					   "the distro '%s' has no key copy: "
					   "leave it out",
					   l->distro);
	known = names_of_copies(l, NULL, 1);
	offer.known = known;
	cursor_fail_offer(l->at, NULL, &offer,
			  "there is no distro '%s' with a copy",
			  cursor_shown(l->distro));
	free(known);
	return -1;
}

/* Returns -1 with the failure recorded: the name means no copy. */
static int fail_name(const struct lookup *l)
{
	const char **known =
		names_of_copies(l, l->distro, count_parts(l->name));
	const struct offer offer = { .wanted = l->name, .known = known };

	if (known[0] == NULL)
		fail_distro(l);
	else
		cursor_fail_offer(l->at, NULL, &offer,
				  "the distro '%s' has no such copy",
				  l->distro);
	free(known);
	return -1;
}

static int check_name(const struct lookup *l)
{
	for (size_t i = 0; i < l->all->count; i++)
		if (l->all->list[i]->copy != NULL &&
		    copies_is_meant(l->all->list[i], l->name))
			return 0;
	if (json_object_get(l->all->refused, l->distro) != NULL)
		return 0;
	return fail_name(l);
}

int copies_check(struct cursor *at, const char *const *names,
		 const struct releases *all)
{
	int rc = 0;

	settings_go(at, "copies");
	cursor_enter(at, "copies");
	for (size_t i = 0; names[i] != NULL; i++) {
		const size_t mark = cursor_enter_index(at, i);
		char *distro = mem_copy(names[i], strcspn(names[i], "/"));
		const struct lookup lookup = { at, all, names[i], distro };

		rc |= check_name(&lookup);
		free(distro);
		cursor_leave(at, mark);
	}
	return rc;
}
