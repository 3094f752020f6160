#ifndef NETWORK_H
#define NETWORK_H

#include <stddef.h>

/* An IP network, or a single address.  IPv4 is stored as ::ffff:a.b.c.d. */
struct network {
	unsigned char bytes[16];
	unsigned bits; /* of the prefix, 0 to 128 */
};

/*
 * Read "192.0.2.0/24", "2001:db8::/32" or a single address.  Returns NULL, or
 * a phrase that says what is wrong ("has bits set behind its prefix length").
 */
const char *network_parse(const char *s, struct network *n);

/* Enough for the text of any address and its NUL. */
#define NETWORK_TEXT_SIZE 46

/* Enough for the text of any network and its NUL. */
#define NETWORK_PREFIX_SIZE (NETWORK_TEXT_SIZE + 4)

/*
 * Write the network that s means, which network_parse() refuses: of
 * "192.0.2.7/24", "192.0.2.0/255.255.255.0" and, in Cisco's notation,
 * "192.0.2.0 0.0.0.255" it is "192.0.2.0/24".  Returns 0, or -1 if it means
 * none.
 */
int network_propose(const char *s, char text[static NETWORK_PREFIX_SIZE]);

/* Read an address as REMOTE_ADDR has it; a zone ("%eth0") is ignored.
 * Returns 0, or -1 if it is not an address. */
int network_parse_address(const char *s, struct network *address);

/* Write the address as text: "192.0.2.7", "2001:db8::7". */
void network_print_address(const struct network *address,
			   char text[static NETWORK_TEXT_SIZE]);

/* Whether address is in n.  An IPv4 address, also one written
 * ::ffff:a.b.c.d, is in IPv4 networks only. */
int network_has(const struct network *n, const struct network *address);

/* The length of the longest prefix in the list that holds the address, NULL:
 * not known; -1 if none does. */
int network_longest(const struct network *list, size_t count,
		    const struct network *address);

#endif
