#ifndef SIGNATURE_H
#define SIGNATURE_H

#include "buf.h"

enum signature_state {
	SIGNATURE_GOOD,
	SIGNATURE_NONE,        /* there is no signature */
	SIGNATURE_BAD,         /* the text is not the one that was signed */
	SIGNATURE_UNKNOWN_KEY, /* the keyring does not have the key */
	SIGNATURE_REVOKED_KEY,
	SIGNATURE_EXPIRED_KEY,
	SIGNATURE_EXPIRED,
	SIGNATURE_UNREADABLE, /* gpgv can make nothing of it */
};

struct signature {
	enum signature_state state;
	long long time;  /* when it was made, in seconds since 1970 */
	char key[41];    /* hexadecimal digits of an unknown key; "" */
	struct buf text; /* what is signed, without the signature */
};

#define SIGNATURE_INIT                                                         \
	{                                                                      \
		SIGNATURE_NONE, 0, "", BUF_INIT                                \
	}

void signature_free(struct signature *s);

/*
 * Verify a text by gpgv and the keys of keyring.  detached: its signature;
 * NULL: the text begins with "-----BEGIN PGP SIGNED MESSAGE-----" and has it.
 * One good signature is enough where nobody's is bad.  Returns 0, or -1 with a
 * message on standard error if gpgv cannot be run.
 */
int signature_check(const struct buf *text, const struct buf *detached,
		    const char *keyring, struct signature *out);

/* Read what gpgv reports on its status descriptor; out->text is not set. */
void signature_read_status(const char *status, int is_detached,
			   struct signature *out);

#endif
