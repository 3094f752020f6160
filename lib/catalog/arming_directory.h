#ifndef ARMING_DIRECTORY_H
#define ARMING_DIRECTORY_H

#include "arming_store.h"

/*
 * A directory with a file for each state.  Each file is written whole beside
 * the old one, brought to the disk, and put in its place: after a crash there
 * is the old one or the new one.  Whoever writes locks the directory.
 */
extern const struct arming_kind arming_directory;

/* The same with the functions that write. */
extern const struct arming_kind arming_directory_writer;

/* What both have. */
void *arming_directory_attach(const char *place, const char *password_file);
void arming_directory_detach(void *at);
int arming_directory_read(void *at, const char *name, struct arming *a,
			  struct error *err);
int arming_directory_find(void *at, const char *digits,
			  char name[static ARMING_NAME_SIZE],
			  struct error *err);
int arming_directory_list(void *at, json_t *names, struct error *err);

#endif
