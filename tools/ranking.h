#ifndef RANKING_H
#define RANKING_H

#include <jansson.h>
#include <stddef.h>

#include "error.h"
#include "fetch.h"
#include "findings.h"
#include "probe.h"

/* What a ranking counts on: a file of this size is fetched, in bytes. */
#define RANKING_FILE (64.0 * 1024 * 1024)

/* The URLs of each mirror, and how fast and how complete each is. */
struct ranking;

struct ranking *ranking_new(void);
void ranking_free(struct ranking *r);

/* Take what was asked of the mirrors, and fetch a part of the largest file of
 * each URL, one after the other.  The fetcher has no requests left. */
void ranking_measure(struct ranking *r, struct fetcher *fetcher,
		     const struct probe *const *probes, size_t count);

/*
 * Sort the URLs of each mirror: those that have every file come before all
 * others, http before https, and then the one that would send RANKING_FILE
 * sooner, if that is a tenth or more.  Adds a finding where the first URL
 * changes.
 */
void ranking_sort(struct ranking *r, struct findings *f);

/* Add a finding for each mirror whose order, written to path, has no effect: a
 * file beside it is read later and has that mirror.  catalog is the path of the
 * catalogue's main file, which is read first. */
void ranking_check_name(const struct ranking *r, const char *path,
			const char *catalog, struct findings *f);

/*
 * Write the mirrors with two URLs or more to the file at path, as a part of a
 * catalogue, whole or not at all.  Returns 0, or -1 with err set: also where
 * the file is one that this function has not written.
 */
int ranking_write(const struct ranking *r, const char *path, struct error *err);

#endif
