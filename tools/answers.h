#ifndef ANSWERS_H
#define ANSWERS_H

#include "assignment.h"
#include "findings.h"
#include "site.h"

/* The check of answers, for many machines. */
struct answers_check;

/* Borrows paths and f.  Release with answers_free(). */
struct answers_check *answers_new(const struct site_paths *paths,
				  struct findings *f);
void answers_free(struct answers_check *check);

/*
 * Fill all files of the answers that a machine gets, if it gets any: what is
 * missing or cannot be written is an error.  file and pointer: the object that
 * assigns; pointer is "" for that of a host's file.
 */
void answers_check(struct answers_check *check, const struct assignment *a,
		   const char *file, const char *pointer);

/*
 * Warn of each value of that object's own that no file of the answers uses, and
 * of a password that stands where its hash has to: it opens no account, and
 * whoever gets the answers can read it.
 */
void answers_check_values(struct answers_check *check,
			  const struct assignment *a, const char *file,
			  const char *pointer);

#endif
