#ifndef HASH_H
#define HASH_H

/* The kinds of hashes by which loaders know a password. */
enum hash {
	HASH_NONE,   /* the loader asks for no password */
	HASH_CRYPT,  /* SYSLINUX: $1$, $5$ and $6$ of crypt(3), and its own $4$
		      */
	HASH_PBKDF2, /* GRUB: what grub-mkpasswd-pbkdf2 makes */
	HASH_COUNT
};

/*
 * Whether s is a hash of that kind.  The bounds are those of the loaders: a
 * longer salt, or fewer rounds, never fits any password (SYSLINUX 6.04,
 * com32/libutil; run), and with more than 999999 rounds a machine seems to
 * hang.
 */
int hash_is(enum hash kind, const char *s);

#endif
