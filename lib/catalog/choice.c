#include "choice.h"

#include <stdlib.h>
#include <string.h>

#include "value.h"

int choice_read(struct cursor *at, const json_t *object, struct choice *want)
{
	int rc = value_string(at, object, "distro", &want->distro);

	rc |= value_string(at, object, "version", &want->version);
	rc |= value_string(at, object, "arch", &want->arch);
	return rc | value_string(at, object, "variant", &want->variant);
}

void choice_add_missing(const struct choice *want, struct buf *out)
{
	const char *const missing[] = {
		want->distro == NULL ? "a distro" : NULL,
		want->version == NULL ? "a version" : NULL,
		want->arch == NULL ? "an arch" : NULL,
	};
	const size_t before = out->len;

	for (size_t i = 0; i < 3; i++) {
		const char *between = i == 2 ? " and " : ", ";

		if (missing[i] == NULL)
			continue;
		if (i == 1 && missing[2] == NULL)
			between = " and ";
		buf_printf(out, "%s%s", out->len > before ? between : "",
			   missing[i]);
	}
}

static int is_variant(const struct choice *want, const struct release *release)
{
	if (want->variant == NULL || release->variant == NULL)
		return want->variant == release->variant;
	return strcmp(want->variant, release->variant) == 0;
}

enum match choice_match(const struct choice *want,
			const struct release *release)
{
	if (want->arch != NULL &&
	    strcmp(want->arch, machine_arch_name((int)release->arch)) != 0)
		return MATCH_VERSION;
	if (!is_variant(want, release))
		return MATCH_ARCH;
	return MATCH_ALL;
}

enum match choice_best(const struct releases *all, const struct choice *want)
{
	struct release_run run = release_run(all, want->distro, want->version);
	enum match best = MATCH_NOTHING;

	if (run.count == 0 && release_run(all, want->distro, NULL).count > 0)
		return MATCH_DISTRO;
	for (size_t i = 0; i < run.count; i++) {
		enum match found = choice_match(want, run.list[i]);

		best = found > best ? found : best;
	}
	return best;
}

/* What the release has for the first key of the choice that none matches;
 * NULL: nothing to choose. */
static const char *alternative(const struct choice *want,
			       const struct release *release, enum match best)
{
	switch (best) {
	case MATCH_NOTHING:
		return release->distro;
	case MATCH_DISTRO:
		return release->version;
	case MATCH_VERSION:
		return machine_arch_name((int)release->arch);
	case MATCH_ARCH:
	case MATCH_ALL:
		break;
	}
	return choice_match(want, release) == best ? release->variant : NULL;
}

/* The names that could replace the one that none matches, each once; ends in
 * NULL.  Release with free(). */
static const char **alternatives(const struct releases *all,
				 const struct choice *want, enum match best)
{
	struct release_run run = { all->list, all->count };
	json_t *seen = json_object();
	const char **names;
	size_t count = 0;

	if (best > MATCH_NOTHING)
		run = release_run(all, want->distro,
				  best > MATCH_DISTRO ? want->version : NULL);
	names = mem_alloc((run.count + 1) * sizeof(*names));
	for (size_t i = 0; i < run.count; i++) {
		const char *name = alternative(want, run.list[i], best);

		if (name == NULL || json_object_get(seen, name) != NULL)
			continue;
		json_object_set_new(seen, name, json_true());
		names[count++] = name;
	}
	json_decref(seen);
	return names;
}

/* Whether the choice may be missing because its distro was refused.  That was
 * reported, and this failure follows from it. */
static int is_refused(const struct cursor *at, const struct releases *all,
		      const struct choice *want)
{
	const json_t *versions;

	if (json_object_get(all->refused, want->distro) == NULL)
		return 0;
	versions = json_object_get(
		json_object_get(include_section(at->files, "distros"),
				want->distro),
		"versions");
	return want->version == NULL || !json_is_object(versions) ||
	       json_object_get(versions, want->version) != NULL;
}

static int fail_match(struct cursor *at, const struct choice *want,
		      enum match best, const char *const *known)
{
	const char *distro = cursor_shown(want->distro);
	struct offer offer = { .known = known };

	switch (best) {
	case MATCH_NOTHING:
		offer.wanted = want->distro;
		return cursor_fail_offer(at, "distro", &offer,
					 "there is no distro '%s'", distro);
	case MATCH_DISTRO:
		offer.wanted = want->version;
		return cursor_fail_offer(at, "version", &offer,
					 "distro '%s' has no version '%s'",
					 distro, cursor_shown(want->version));
	case MATCH_VERSION:
		offer.wanted = want->arch;
		return cursor_fail_offer(at, "arch", &offer,
					 "distro '%s' does not have it for "
					 "'%s'",
					 distro, cursor_shown(want->arch));
	case MATCH_ARCH:
	case MATCH_ALL:
		break;
	}
	offer.wanted = want->variant;
	return cursor_fail_offer(at, "variant", &offer,
				 "distro '%s' has no variant '%s'", distro,
				 cursor_shown(want->variant));
}

int choice_fail(struct cursor *at, const struct releases *all,
		const struct choice *want, enum match best)
{
	const char **known = NULL;

	if (is_refused(at, all, want))
		return -1;
	if (cursor_wants_offer(at))
		known = alternatives(all, want, best);
	fail_match(at, want, best, known);
	free(known);
	return -1;
}
