#include "choice.h"

#include <stdlib.h>
#include <string.h>

#include "aliases.h"
#include "discover.h"
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

/* What stands for a version, unless one has that id. */
static const char *const words[] = { "latest", "lts", NULL };

static int is_word(const struct releases *all, const struct choice *want)
{
	return want->version != NULL &&
	       (strcmp(want->version, "latest") == 0 ||
		strcmp(want->version, "lts") == 0) &&
	       release_run(all, want->distro, want->version).count == 0;
}

struct release_run choice_run(const struct releases *all,
			      const struct choice *want)
{
	return release_run(all, want->distro,
			   is_word(all, want) ? NULL : want->version);
}

/* Whether the word can stand for the release's version. */
static int is_meant(const char *word, const struct release *release)
{
	if (strcmp(word, "lts") == 0)
		return discover_matches(release->lts, release->version);
	if (release->released == NULL)
		return strpbrk(release->version, "0123456789") != NULL;
	return discover_matches(release->released, release->version);
}

/* Whether the release is of the version for which the word stands. */
static int has_word(const struct releases *all, const char *word,
		    const struct release *release)
{
	const struct release_run run = release_run(all, release->distro, NULL);

	for (size_t i = 0; is_meant(word, release) && i < run.count; i++)
		if (run.list[i]->arch == release->arch &&
		    is_meant(word, run.list[i]))
			return strcmp(run.list[i]->version, release->version) ==
			       0;
	return 0;
}

enum match choice_match(const struct releases *all, const struct choice *want,
			const struct release *release)
{
	if (is_word(all, want) && !has_word(all, want->version, release))
		return MATCH_DISTRO;
	if (want->arch != NULL &&
	    strcmp(want->arch, machine_arch_name((int)release->arch)) != 0)
		return MATCH_VERSION;
	if (!is_variant(want, release))
		return MATCH_ARCH;
	return MATCH_ALL;
}

const struct release *choice_find(const struct releases *all,
				  const struct choice *want)
{
	const struct release_run run = choice_run(all, want);

	for (size_t i = 0; i < run.count; i++)
		if (choice_match(all, want, run.list[i]) == MATCH_ALL)
			return run.list[i];
	return NULL;
}

enum match choice_best(const struct releases *all, const struct choice *want)
{
	struct release_run run = choice_run(all, want);
	enum match best = MATCH_NOTHING;

	if (run.count == 0 && release_run(all, want->distro, NULL).count > 0)
		return MATCH_DISTRO;
	for (size_t i = 0; i < run.count; i++) {
		enum match found = choice_match(all, want, run.list[i]);

		best = found > best ? found : best;
	}
	return best;
}

/* What the release has for the first key of the choice that none matches;
 * NULL: nothing to choose. */
static const char *alternative(const struct releases *all,
			       const struct choice *want,
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
	return choice_match(all, want, release) == best ? release->variant
							: NULL;
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
		run = best > MATCH_DISTRO
			      ? choice_run(all, want)
			      : release_run(all, want->distro, NULL);
	names = mem_alloc((run.count + 1) * sizeof(*names));
	for (size_t i = 0; i < run.count; i++) {
		const char *name = alternative(all, want, run.list[i], best);

		if (name == NULL || json_object_get(seen, name) != NULL)
			continue;
		json_object_set_new(seen, name, json_true());
		names[count++] = name;
	}
	json_decref(seen);
	return names;
}

/* The versions that the files give a distro that was refused. */
static const json_t *refused_versions(const struct cursor *at,
				      const struct choice *want)
{
	return json_object_get(
		json_object_get(include_section(at->files, "distros"),
				want->distro),
		"versions");
}

/* Whether the choice may be missing because its distro was refused.  That was
 * reported, and this failure follows from it. */
static int is_refused(const struct releases *all, const struct choice *want,
		      const json_t *versions)
{
	return want->version == NULL || is_word(all, want) ||
	       !json_is_object(versions) ||
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

/* The distro is there, but it was refused. */
static int fail_refused(struct cursor *at, const struct releases *all,
			const struct choice *want)
{
	const json_t *versions = refused_versions(at, want);
	const char **known;

	if (is_refused(all, want, versions))
		return -1;
	known = offer_keys(versions, NULL);
	fail_match(at, want, MATCH_DISTRO, known);
	free(known);
	return -1;
}

/* Whether one of the words is meant, but not written: "Latest", "newest". */
static int means_word(const struct choice *want, const char *const *known)
{
	const struct offer versions = { .wanted = want->version,
					.known = known };
	const struct offer others = { .wanted = want->version,
				      .known = words,
				      .aliases = aliases };
	const char *word;

	if (known == NULL || offer_nearest(&versions) != NULL)
		return 0;
	word = offer_nearest(&others);
	return word != NULL && strcmp(word, want->version) != 0;
}

int choice_fail(struct cursor *at, const struct releases *all,
		const struct choice *want, enum match best)
{
	const char **known = NULL;

	if (json_object_get(all->refused, want->distro) != NULL)
		return fail_refused(at, all, want);
	if (cursor_wants_offer(at))
		known = alternatives(all, want, best);
	fail_match(at, want, best,
		   best == MATCH_DISTRO && means_word(want, known) ? words
								   : known);
	free(known);
	return -1;
}
