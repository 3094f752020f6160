#include "network.h"

#include <arpa/inet.h>
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

const char *network_parse(const char *s, struct network *out)
{
	const char *slash = strchr(s, '/');
	struct network n;
	unsigned width = parse_address(
		s, slash != NULL ? (size_t)(slash - s) : strlen(s), &n);

	if (width == 0)
		return "is not an IP address or network like 192.0.2.0/24";
	if (slash != NULL) {
		unsigned bits = 0;
		const char *digit = slash + 1;

		while (*digit >= '0' && *digit <= '9' && bits <= width)
			bits = bits * 10 + (unsigned)(*digit++ - '0');
		if (digit == slash + 1 || *digit != '\0' || bits > width)
			return "has a prefix length that is no number of bits "
			       "of its address";
		n.bits = 128 - width + bits;
	}
	if (has_host_bits(&n))
		return "has bits set behind its prefix";
	*out = n;
	return NULL;
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
