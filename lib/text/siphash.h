#ifndef SIPHASH_H
#define SIPHASH_H

#include <stddef.h>

#define SIPHASH_BYTES 16

/*
 * SipHash-2-4 with a result of 128 bits (Aumasson and Bernstein): who does not
 * know the key cannot tell what it makes of a text.
 */
void siphash(const unsigned char key[static SIPHASH_BYTES], const char *s,
	     size_t len, unsigned char out[static SIPHASH_BYTES]);

#endif
