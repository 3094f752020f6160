#ifndef ARMING_H
#define ARMING_H

#include <jansson.h>
#include <stddef.h>

#include "error.h"
#include "identity.h"
#include "siphash.h"

/*
 * Whether a machine may be installed.  For each host or group that is armed the
 * state directory has one file, which says until when, and which machines have
 * begun or ended their installation.  Losing it disarms.  This module reads;
 * arming_store writes.
 */

/* The longest name of such a file with its NUL: a host file's, or "group-", an
 * id and ".json". */
#define ARMING_NAME_SIZE IDENTITY_NAME_SIZE

/* A token with its NUL: 16 hexadecimal digits that find the file, 32 that
 * nobody can guess, and in a group '-' and the machine. */
#define ARMING_TOKEN_SIZE (16 + 32 + 1 + IDENTITY_NAME_SIZE)

enum arming_state {
	ARMING_UNARMED, /* or expired, or its group has its machines */
	ARMING_ARMED,   /* the first answer begins the installation */
	ARMING_BEGUN,   /* all answers are open to it */
	ARMING_DONE     /* or nobody can tell: nothing is open */
};

/* One file of the directory, and its machines by name: "state" is "begun" or
 * "done", "tries" counts the installations, "first" is the file that began the
 * last of them, "began" when, "addresses" lists who asked. */
struct arming {
	unsigned char secret[SIPHASH_BYTES];
	long long armed, expires; /* seconds since 1970 */
	json_int_t retries;       /* installations after the first */
	json_int_t max;           /* machines */
	json_t *machines;
	int is_there;  /* there is such a file */
	int is_broken; /* and it cannot be read */
};

void arming_free(struct arming *a);

/* Write the name of a group's file. */
void arming_group_name(const char *id, char name[static ARMING_NAME_SIZE]);

/* The id of the group that a file is for; NULL: it is a host's.  Release it
 * with free(). */
char *arming_group_id(const char *name);

/* The name of the machine within its group: the UUID, or the MAC where no UUID
 * is known.  Returns 0, or -1 if it has neither. */
int arming_machine(const struct identity *id,
		   char name[static IDENTITY_NAME_SIZE]);

/*
 * Read the file of that name in the directory dir into the empty struct at a,
 * which the caller releases with arming_free() whatever this returns.  Returns
 * 0, also if there is none; or -1 with err set if it cannot be read: then every
 * machine of it counts as done.
 */
int arming_read(const char *dir, const char *name, struct arming *a,
		struct error *err);

/* The state of a machine at the time now.  A clock that has been set back does
 * not make the time longer: then nothing is armed. */
enum arming_state arming_state_of(const struct arming *a, const char *machine,
				  long long now);

/* Whether boot sends the machine its installer.  always: it may be installed
 * again and again while it is armed. */
int arming_installs(const struct arming *a, const char *machine, int always,
		    long long now);

/* Write the token of a machine.  A host's machine is its file's name. */
void arming_token(const struct arming *a, const char *name, const char *machine,
		  char token[static ARMING_TOKEN_SIZE]);

/* Whether s may be a token, of len bytes: what is none needs no look at the
 * directory. */
int arming_is_token(const char *s, size_t len);

/*
 * Find which file and which machine the token is for: name and machine are
 * those that arming_token() took, and the file is read into a, as by
 * arming_read().  Returns 1; 0 if the token fits none; -1 with err set if the
 * directory cannot be read.
 */
int arming_find(const char *dir, const char *token, struct arming *a,
		char name[static ARMING_NAME_SIZE],
		char machine[static IDENTITY_NAME_SIZE], struct error *err);

/* A word for the state. */
const char *arming_word(enum arming_state state);

#endif
