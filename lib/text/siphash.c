#include "siphash.h"

#include <stdint.h>
#include <stdio.h>

struct state {
	uint64_t v[4];
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void mix(struct state *s, int rounds)
{
	uint64_t *v = s->v;

	while (rounds-- > 0) {
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

/* Up to eight bytes, the first one lowest. */
static uint64_t get(const unsigned char *bytes, size_t len)
{
	uint64_t word = 0;

	while (len-- > 0)
		word = word << 8 | bytes[len];
	return word;
}

static void put(const struct state *s, unsigned char *out)
{
	uint64_t word = s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];

	for (int i = 0; i < 8; i++)
		out[i] = (unsigned char)(word >> (8 * i));
}

static void take(struct state *s, uint64_t word)
{
	s->v[3] ^= word;
	mix(s, 2);
	s->v[0] ^= word;
}

void siphash(const unsigned char key[static SIPHASH_BYTES], const char *text,
	     size_t len, unsigned char out[static SIPHASH_BYTES])
{
	const unsigned char *bytes = (const unsigned char *)text;
	const uint64_t k0 = get(key, 8);
	const uint64_t k1 = get(key + 8, 8);
	struct state s = { { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f83,
			     k0 ^ 0x6c7967656e657261,
			     k1 ^ 0x7465646279746573 } };
	size_t i = 0;

	for (; len - i >= 8; i += 8)
		take(&s, get(bytes + i, 8));
	take(&s, (uint64_t)len << 56 | get(bytes + i, len - i));
	s.v[2] ^= 0xee;
	mix(&s, 4);
	put(&s, out);
	s.v[1] ^= 0xdd;
	mix(&s, 4);
	put(&s, out + 8);
}

void siphash_print(const unsigned char bytes[static SIPHASH_BYTES],
		   char text[static SIPHASH_TEXT_SIZE])
{
	for (size_t i = 0; i < SIPHASH_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}
