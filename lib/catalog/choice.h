#ifndef CHOICE_H
#define CHOICE_H

#include <jansson.h>

#include "cursor.h"
#include "release.h"

/*
 * The releases that an object asks for.  NULL means all of them; for variant it
 * means the release itself, without its variants.  Unless a version has that
 * id, the version "latest" is, for each architecture, the first released one in
 * the order of menus, and "lts" the first of those with long support.  Borrowed
 * from the object.
 */
struct choice {
	const char *distro;
	const char *version;
	const char *arch;
	const char *variant;
};

/* How many keys of a choice a release has, from the first on. */
enum match {
	MATCH_NOTHING,
	MATCH_DISTRO,
	MATCH_VERSION,
	MATCH_ARCH,
	MATCH_ALL
};

/* Read the keys of the object here.  Returns 0, or -1 with each failure
 * recorded. */
int choice_read(struct cursor *at, const json_t *object, struct choice *want);

/* Append what one release needs and the choice lacks: "a version and an arch".
 * CHOICE_KEYS says why. */
void choice_add_missing(const struct choice *want, struct buf *out);

#define CHOICE_KEYS "distro, version and arch together name a release"

/* The releases among which those of the choice are, next to each other. */
struct release_run choice_run(const struct releases *all,
			      const struct choice *want);

/* How far a release of choice_run() matches. */
enum match choice_match(const struct releases *all, const struct choice *want,
			const struct release *release);

/* The first release that matches; NULL if none does. */
const struct release *choice_find(const struct releases *all,
				  const struct choice *want);

/* How far the release that matches best does. */
enum match choice_best(const struct releases *all, const struct choice *want);

/*
 * Record which key of the choice, which is in the object here, no release has,
 * and offer what stands there in others.  best: of choice_best(), less than
 * MATCH_ALL.  Returns -1, also when nothing is recorded, because the distro
 * was refused and that has been.
 */
int choice_fail(struct cursor *at, const struct releases *all,
		const struct choice *want, enum match best);

#endif
