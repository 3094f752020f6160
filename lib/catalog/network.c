#include "network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const unsigned char ipv4_prefix[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
};

static int is_ipv4(const struct network *n)
{
	return n->bits >= 96 && memcmp(n->bytes, ipv4_prefix, 12) == 0;
}

/* The address in the len bytes at s.  Returns its width in bits, or 0 if it
 * is not an address. */
static unsigned parse_address(const char *s, size_t len, struct network *n)
{
	char text[INET6_ADDRSTRLEN];

	if (len >= sizeof(text))
		return 0;
	memcpy(text, s, len);
	text[len] = '\0';
	memcpy(n->bytes, ipv4_prefix, sizeof(ipv4_prefix));
	n->bits = 128;
	if (inet_pton(AF_INET, text, n->bytes + 12) == 1)
		return 32;
	if (inet_pton(AF_INET6, text, n->bytes) == 1)
		return 128;
	return 0;
}

static int has_host_bits(const struct network *n)
{
	for (unsigned i = n->bits; i < 128; i++)
		if (n->bytes[i / 8] & (0x80 >> i % 8))
			return 1;
	return 0;
}

/* The length of a prefix of an address with that width; -1 if s is none. */
static int parse_length(const char *s, unsigned width)
{
	unsigned bits = 0;
	const char *digit = s;

	while (*digit >= '0' && *digit <= '9' && bits <= width)
		bits = bits * 10 + (unsigned)(*digit++ - '0');
	return digit != s && *digit == '\0' && bits <= width ? (int)bits : -1;
}

/* The length of the prefix that a mask stands for: a netmask, or where filler
 * is 0xff a wildcard mask, its opposite; -1 if s is none. */
static int parse_mask(const char *s, unsigned width, unsigned char filler)
{
	struct network mask;
	int bits = 0;

	if (parse_address(s, strlen(s), &mask) != width)
		return -1;
	for (unsigned i = 128 - width; i < 128; i++) {
		const unsigned char byte = mask.bytes[i / 8] ^ filler;
		const int is_set = (byte & (0x80 >> i % 8)) != 0;

		if (is_set && bits != (int)(i - (128 - width)))
			return -1;
		bits += is_set;
	}
	return bits;
}

/* The length of the prefix that a mask of either kind stands for; -1 if s is
 * none.  *reason: what is wrong with it.  Nobody writes the netmask of all
 * addresses: 0.0.0.0 is the wildcard mask of one. */
static int parse_any_mask(const char *s, unsigned width, const char **reason)
{
	int bits = parse_mask(s, width, 0);

	*reason = "has a netmask in place of a prefix length";
	if (bits <= 0) {
		bits = parse_mask(s, width, 0xff);
		*reason = "has a wildcard mask in place of a prefix length";
	}
	return bits;
}

/* The length of the address that s begins with.  *behind: the text behind the
 * slash, or the spaces, that follow it; NULL if nothing does. */
static size_t split(const char *s, const char **behind)
{
	const size_t len = strcspn(s, "/ \t");
	const size_t gap = s[len] == '/' ? 1 : strspn(s + len, " \t");

	*behind = gap > 0 ? s + len + gap : NULL;
	return len;
}

/* Whether s is like 192.0.2.1-192.0.2.9, 192.0.2.1-9 or 192.0.2.*. */
static int is_range(const char *s)
{
	return strpbrk(s, "0123456789") == s && strpbrk(s, "-*") != NULL &&
	       s[strspn(s, ".0123456789-* \t")] == '\0';
}

/* What people write where one network belongs. */
static const char *check_slip(const char *s)
{
	if (strpbrk(s, ",;") != NULL)
		return "has several networks: make each a string of its own";
	if (is_range(s))
		return "is a range: write the networks that it has, like "
		       "192.0.2.0/24";
	if (strpbrk(s, " \t") != NULL || strstr(s, "\xc2\xa0") != NULL)
		return "has a space: remove it, or make each network a string "
		       "of its own";
	return NULL;
}

const char *network_parse(const char *s, struct network *out)
{
	const char *behind;
	const char *reason;
	struct network n;
	unsigned width = parse_address(s, split(s, &behind), &n);

	if (width > 0 && behind != NULL &&
	    parse_any_mask(behind, width, &reason) >= 0)
		return reason;
	reason = check_slip(s);
	if (reason != NULL)
		return reason;
	if (width == 0)
		return "is not an IP address or network like 192.0.2.0/24";
	if (behind != NULL) {
		int bits = parse_length(behind, width);

		if (bits < 0 && width == 32)
			return "has a prefix length that is not a number from "
			       "0 to 32";
		if (bits < 0)
			return "has a prefix length that is not a number from "
			       "0 to 128";
		n.bits = 128 - width + (unsigned)bits;
	}
	if (has_host_bits(&n))
		return "has bits set behind its prefix length";
	*out = n;
	return NULL;
}

/* Whether the last bits of the address are all zero. */
static int is_zero(const struct network *n, unsigned bits)
{
	for (unsigned i = 16 - bits / 8; i < 16; i++)
		if (n->bytes[i] != 0)
			return 0;
	return 1;
}

int network_propose(const char *s, char text[static NETWORK_PREFIX_SIZE])
{
	const char *behind;
	const char *reason;
	struct network n;
	unsigned width = parse_address(s, split(s, &behind), &n);
	int bits = -1;

	if (width > 0 && behind != NULL) {
		bits = parse_length(behind, width);
		if (bits < 0)
			bits = parse_any_mask(behind, width, &reason);
	}
	/* Of no address at all, a mask means all of them. */
	if (bits <= 0 || ((unsigned)bits == width && is_zero(&n, width)))
		return -1;
	/* ::ffff:192.0.2.0/24 */
	if (width == 128 && bits <= 32 &&
	    memcmp(n.bytes, ipv4_prefix, sizeof(ipv4_prefix)) == 0)
		width = 32;
	for (unsigned i = 128 - width + (unsigned)bits; i < 128; i++)
		n.bytes[i / 8] &= (unsigned char)~(0x80 >> i % 8);
	inet_ntop(width == 32 ? AF_INET : AF_INET6,
		  width == 32 ? n.bytes + 12 : n.bytes, text,
		  NETWORK_TEXT_SIZE);
	snprintf(text + strlen(text), NETWORK_PREFIX_SIZE - strlen(text), "/%d",
		 bits);
	return 0;
}

int network_parse_address(const char *s, struct network *address)
{
	struct network n;

	if (parse_address(s, strcspn(s, "%"), &n) == 0)
		return -1;
	*address = n;
	return 0;
}

void network_print_address(const struct network *address,
			   char text[static NETWORK_TEXT_SIZE])
{
	if (is_ipv4(address))
		inet_ntop(AF_INET, address->bytes + 12, text,
			  NETWORK_TEXT_SIZE);
	else
		inet_ntop(AF_INET6, address->bytes, text, NETWORK_TEXT_SIZE);
}

int network_has(const struct network *n, const struct network *address)
{
	unsigned whole = n->bits / 8;
	unsigned rest = n->bits % 8;

	if (is_ipv4(n) != is_ipv4(address) ||
	    memcmp(n->bytes, address->bytes, whole) != 0)
		return 0;
	return rest == 0 ||
	       ((n->bytes[whole] ^ address->bytes[whole]) >> (8 - rest)) == 0;
}

int network_longest(const struct network *list, size_t count,
		    const struct network *address)
{
	int longest = -1;

	for (size_t i = 0; address != NULL && i < count; i++)
		if ((int)list[i].bits > longest &&
		    network_has(&list[i], address))
			longest = (int)list[i].bits;
	return longest;
}
