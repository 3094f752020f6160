#include "hash.h"

#include <string.h>

#define DIGITS "0123456789"
#define CRYPT DIGITS "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* Pass the bytes at *s that are in the set.  Whether there are min to max of
 * them. */
static int pass(const char **s, const char *set, size_t min, size_t max)
{
	size_t len = strspn(*s, set);

	*s += len;
	return len >= min && len <= max;
}

/* Pass text at *s.  Whether it is there. */
static int pass_text(const char **s, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*s, text, len) != 0)
		return 0;
	*s += len;
	return 1;
}

/* Pass a number of min to 6 digits that does not begin with 0. */
static int pass_number(const char **s, size_t min)
{
	return **s != '0' && pass(s, DIGITS, min, 6);
}

static const struct crypt {
	const char *prefix;
	int has_rounds;
	const char *salt_set;
	size_t salt_max;
	const char *set;
	size_t len;
} crypts[] = {
	{ "$1$", 0, CRYPT, 8, CRYPT, 22 },
	{ "$4$", 0, CRYPT "+=", 16, CRYPT "+", 27 },
	{ "$5$", 1, CRYPT, 16, CRYPT, 43 },
	{ "$6$", 1, CRYPT, 16, CRYPT, 86 },
};

static int is_crypt(const char *s)
{
	const struct crypt *end = crypts + sizeof(crypts) / sizeof(*crypts);
	const struct crypt *c = crypts;

	while (c < end && !pass_text(&s, c->prefix))
		c++;
	if (c == end)
		return 0;
	if (c->has_rounds && pass_text(&s, "rounds=") &&
	    !(pass_number(&s, 4) && pass_text(&s, "$")))
		return 0;
	if (!pass(&s, c->salt_set, 1, c->salt_max) || !pass_text(&s, "$") ||
	    !pass(&s, c->set, c->len, c->len))
		return 0;
	pass_text(&s, "$"); /* sha1pass ends its hashes with one */
	return *s == '\0';
}

/* Pass 8 to 128 bytes, each as two hexadecimal digits. */
static int pass_bytes(const char **s)
{
	const char *start = *s;

	return pass(s, DIGITS "ABCDEFabcdef", 16, 256) && (*s - start) % 2 == 0;
}

static int is_pbkdf2(const char *s)
{
	return pass_text(&s, "grub.pbkdf2.sha512.") && pass_number(&s, 1) &&
	       pass_text(&s, ".") && pass_bytes(&s) && pass_text(&s, ".") &&
	       pass_bytes(&s) && *s == '\0';
}

int hash_is(enum hash kind, const char *s)
{
	switch (kind) {
	case HASH_CRYPT:
		return is_crypt(s);
	case HASH_PBKDF2:
		return is_pbkdf2(s);
	case HASH_NONE:
	case HASH_COUNT:
		break;
	}
	return 0;
}
