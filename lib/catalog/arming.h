#ifndef ARMING_H
#define ARMING_H

#include <jansson.h>
#include <stddef.h>

#include "error.h"
#include "identity.h"
#include "siphash.h"

/*
 * Whether a machine may be installed.  For each host or group that is armed
 * there is one state, which says until when, and which machines have begun or
 * ended their installation.  Losing it disarms.  arming_store.h says where it
 * is stored.
 */

/* The longest name of a state with its NUL: a host file's, or "group-", an id
 * and ".json". */
#define ARMING_NAME_SIZE IDENTITY_NAME_SIZE

/* The 16 hexadecimal digits by which a token finds its state, with a NUL. */
#define ARMING_FIND_SIZE (16 + 1)

/* A token with its NUL: the digits that find the state, 32 that nobody can
 * guess, and in a group '-' and the machine. */
#define ARMING_TOKEN_SIZE (16 + 32 + 1 + IDENTITY_NAME_SIZE)

enum arming_state {
	ARMING_UNARMED, /* or expired */
	ARMING_FULL,    /* its group has all machines that it may have */
	ARMING_ARMED,   /* the first answer begins the installation */
	ARMING_BEGUN,   /* all answers are open to it */
	ARMING_DONE     /* or nobody can tell: nothing is open */
};

/* One state, and its machines by name: "state" is "begun" or "done", "tries"
 * counts the installations, "first" is the file that began the last of them,
 * "began" when, "addresses" lists who asked. */
struct arming {
	unsigned char secret[SIPHASH_BYTES];
	long long armed, expires; /* seconds since 1970 */
	json_int_t retries;       /* installations after the first */
	json_int_t max;           /* machines */
	json_t *machines;
	int is_there;  /* there is such a state */
	int is_broken; /* and it cannot be read */
	int is_stale;  /* the store may have lost what happened since it was
			  armed: nothing begins, or begins again */
};

void arming_free(struct arming *a);

/* Write the name of a group's state. */
void arming_group_name(const char *id, char name[static ARMING_NAME_SIZE]);

/* The id of the group that a state is for; NULL: it is a host's.  Release it
 * with free(). */
char *arming_group_id(const char *name);

/* The name of the machine within its group: the UUID, or the MAC where no UUID
 * is known.  Loaders send a UUID in either byte order: of the two names, it is
 * the one that sorts first.  Returns 0, or -1 if it has neither. */
int arming_machine(const struct identity *id,
		   char name[static IDENTITY_NAME_SIZE]);

/*
 * Take a state from what is stored of it, an object: the keys are those of
 * struct arming.  NULL: that is not JSON.  a is released with arming_free()
 * whatever this returns.  Returns 0, or -1 with err set if it is not whole:
 * then every machine of it counts as done.
 */
int arming_take(struct arming *a, const char *name, json_t *stored,
		struct error *err);

/* What arming_take() takes: release it with json_decref(). */
json_t *arming_stored(const struct arming *a);

/* The state cannot be read, and the reason is why.  Returns -1 with err set. */
int arming_set_broken(struct arming *a, const char *name, const char *reason,
		      struct error *err);

/* The state of a machine at the time now.  A clock that has been set back does
 * not make the time longer: then nothing is armed. */
enum arming_state arming_state_of(const struct arming *a, const char *machine,
				  long long now);

/* Whether boot sends the machine its installer.  always: it may be installed
 * again and again while it is armed. */
int arming_installs(const struct arming *a, const char *machine, int always,
		    long long now);

/* Write the digits that find the state of that name. */
void arming_print_find(const char *name, char out[static ARMING_FIND_SIZE]);

/* Write the token of a machine.  A host's machine is its state's name. */
void arming_token(const struct arming *a, const char *name, const char *machine,
		  char token[static ARMING_TOKEN_SIZE]);

/* Whether s may be a token, of len bytes: what is none needs no look at the
 * store. */
int arming_is_token(const char *s, size_t len);

/* Write the machine that the token, of the state of that name, is for.  Returns
 * 0, or -1 if that is none. */
int arming_token_machine(const char *token, const char *name,
			 char machine[static IDENTITY_NAME_SIZE]);

/* Whether the token is the machine's, in a time that does not tell where it
 * differs. */
int arming_is_token_of(const struct arming *a, const char *name,
		       const char *machine, const char *token);

/* Who fetches what, and when. */
struct arming_fetch {
	const char *machine;
	const char *file;
	const char *address; /* as network_print_address() writes it */
	int always;
	long long now;
};

/* What a fetch or the end of an installation comes to. */
enum arming_verdict {
	ARMING_REFUSED, /* 403 */
	ARMING_ALLOWED, /* nothing to write */
	ARMING_CHANGED, /* once the state is written */
};

/*
 * An answer is fetched.  The first one begins the installation.  The file that
 * began it, fetched again a minute later, or more than five minutes before that
 * by a clock that was set back, begins the next try.  is_new: set if the
 * installation is fetched from another address than before.
 */
enum arming_verdict arming_fetch(struct arming *a, const struct arming_fetch *f,
				 int *is_new);

/* The machine says that its installation has ended. */
enum arming_verdict arming_end(struct arming *a, const struct arming_fetch *f);

/* A word for the state. */
const char *arming_word(enum arming_state state);

#endif
