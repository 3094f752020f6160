#ifndef FOUNDFILE_H
#define FOUNDFILE_H

#include <jansson.h>
#include <stdio.h>

#include "catalog.h"
#include "findings.h"
#include "site.h"

/* The file of a catalogue that holds the releases that were found. */
struct foundfile;

/* Read the file at path, which may not exist yet, for the catalogue c.  Returns
 * NULL with err set if it cannot be read, or was not written by
 * foundfile_write(): then it is not ours to replace.  Until foundfile_free()
 * whoever else reads it waits, so that of two who write neither is lost. */
struct foundfile *foundfile_read(const char *path, const struct catalog *c,
				 struct error *err);
void foundfile_free(struct foundfile *file);

/*
 * Add what discovery_run() returned of the catalogue at paths.  What came by
 * plain http is left out, with a finding, if the catalogue reads the file's
 * directory and the site does not trust such lists.  Returns 0, or -1 with err
 * set: the catalogue would be refused.
 */
int foundfile_add(struct foundfile *file, const struct site_paths *paths,
		  const json_t *found, struct findings *f, struct error *err);

/* Print what foundfile_write() would change, as diff -u does without
 * context. */
void foundfile_print_diff(const struct foundfile *file, FILE *out);

/* Replace the file, whole or not at all; nothing is written where nothing has
 * changed.  Returns 0, or -1 with err set. */
int foundfile_write(const struct foundfile *file, struct error *err);

#endif
