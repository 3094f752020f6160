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

#define SIPHASH_TEXT_SIZE (2 * SIPHASH_BYTES + 1)

/* Write a key or a result in lower-case hexadecimal. */
void siphash_print(const unsigned char bytes[static SIPHASH_BYTES],
		   char text[static SIPHASH_TEXT_SIZE]);

#endif
