#ifndef DISCOVERY_H
#define DISCOVERY_H

#include <jansson.h>

#include "findings.h"
#include "online.h"
#include "site.h"

/*
 * Compare the catalogue with the lists of releases that its distros name under
 * "discover", and add a finding for each difference.  online: what the mirrors
 * answered for the releases that the catalogue has.  Each new version, and each
 * new architecture or name of one, is tried on every mirror.
 *
 * Returns what can be written, as the section "distros" of a catalogue, each
 * version with "list", where it was found, and "plain": true if anybody on the
 * way could have changed that.  NULL with err set if the lists would make a
 * catalogue that is refused.  Release with json_decref().
 */
json_t *discovery_run(const struct site_paths *paths,
		      const struct online_options *options, struct findings *f,
		      struct error *err);

#endif
