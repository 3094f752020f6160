#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>

/* Sums as hexadecimal digits in lowercase; "" for one that is not known. */
struct sums {
	char sha256[65];
	char sha512[129];
};

/* The sums of bytes that come in pieces. */
struct digest;

/* Without has_sha512 that sum stays unknown, which is twice as fast.  NULL with
 * a message on standard error when libgcrypt cannot be used.  Release with
 * digest_free(). */
struct digest *digest_new(int has_sha512);
void digest_free(struct digest *d);

/* Forget all bytes so far. */
void digest_reset(struct digest *d);
void digest_add(struct digest *d, const void *bytes, size_t len);

/* The sums of all bytes; nothing can be added after this, until a reset. */
void digest_read(struct digest *d, struct sums *out);

/* The sums of these bytes alone. */
struct sums digest_of(struct digest *d, const void *bytes, size_t len);

/* Whether the sums of a file are those that are wanted: all that are known, and
 * one at least. */
int digest_is(const struct sums *file, const struct sums *wanted);

#endif
