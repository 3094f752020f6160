#ifndef TRIAL_H
#define TRIAL_H

#include <jansson.h>

#include "online.h"
#include "site.h"

/*
 * Versions that are not in the catalogue yet, tried as if they were.  plans:
 *
 *	distro -> version -> {"arches": {"amd64": false, ...},
 *			      "has": ["amd64"], "name": "...", "eol": "..."}
 *
 * arches are those to try, and has those that the catalogue has already.
 */

/* What the catalogue would say of a planned version, with the architectures
 * that have the value is_good.  Release with json_decref(). */
json_t *trial_version(const json_t *plan, int is_good);

/*
 * Load the catalogue with all planned versions, and check each on every mirror.
 * Architectures whose files are whole become true; "fault" and "url" of a plan
 * then say what is wrong with one of the others.  "refused" of a plan says why
 * the catalogue would be refused with it: it is not tried.  Returns 0, or -1
 * with err set: no catalogue can be loaded.
 */
int trial_run(const struct site_paths *paths, json_t *plans,
	      const struct online_options *options, struct error *err);

/*
 * Load the catalogue as it would be with these distros merged into it.  NULL
 * with err set if it would be refused.  Release with catalog_free().
 */
struct catalog *trial_load(const struct site_paths *paths, json_t *distros,
			   struct error *err);

#endif
