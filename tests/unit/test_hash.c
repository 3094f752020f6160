#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "hash.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define MD5 "MHWnL4rydQltJnPv5hD0o/"
#define SHA1 "XSssxX+4KKB27zPmDO4l0DbvgKY"
#define SHA256 "ixaahV/5gwdTe6hXoMNBoc8eR1pa2MNAia05hbvTHZB"
#define SHA512                                                                 \
	"X1ULXTB62fbNVA04XxNi9nKwL5xxRu.KPUxa22ZntOv.HoRlHymjznAdH4Faavk8vbEN" \
	"LiT2AQWj9jYGGxSxc."
#define HEX8 "D364315013ABE511"
#define HEX64 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8
#define GRUB "grub.pbkdf2.sha512."

static const struct {
	const char *text;
	enum hash kind; /* HASH_NONE: it is no hash */
} rows[] = {
	/* Each of them was taken by vesamenu.c32 6.04 and GRUB 2.06. */
	{ "$1$saltsalt$" MD5, HASH_CRYPT },
	{ "$4$c2FsdHNh$" SHA1 "$", HASH_CRYPT },
	{ "$5$saltsalt$" SHA256, HASH_CRYPT },
	{ "$6$saltsalt$" SHA512, HASH_CRYPT },
	{ "$6$rounds=20000$saltsalt16chars.$" SHA512, HASH_CRYPT },
	{ GRUB "10000." HEX64 "." HEX64, HASH_PBKDF2 },

	{ "$1$s$" MD5, HASH_CRYPT },
	{ "$1$saltsalt$" MD5 "$", HASH_CRYPT },
	{ "$4$a+/=$" SHA1, HASH_CRYPT },
	{ "$5$rounds=1000$saltsalt16chars.$" SHA256, HASH_CRYPT },
	{ "$6$rounds=999999$./aZ09$" SHA512, HASH_CRYPT },
	{ GRUB "1." HEX8 "." HEX8, HASH_PBKDF2 },
	{ GRUB "999999." HEX64 HEX64 "." HEX64 HEX64, HASH_PBKDF2 },
	{ GRUB "10000.d364315013abe511." HEX8, HASH_PBKDF2 },

	/* Passwords, and kinds that no loader knows. */
	{ "", HASH_NONE },
	{ "secret", HASH_NONE },
	{ "$", HASH_NONE },
	{ "$6$", HASH_NONE },
	{ "$6$secret", HASH_NONE },
	{ "$y$j9T$saltsalt$" SHA256, HASH_NONE },
	{ "$2b$10$" SHA256, HASH_NONE },
	{ "$2$saltsalt$" MD5, HASH_NONE },
	{ " $6$saltsalt$" SHA512, HASH_NONE },
	{ "$6$saltsalt$" SHA512 " ", HASH_NONE },
	{ "$6$saltsalt$" SHA512 "\n", HASH_NONE },
	{ "$6$saltsalt$" SHA512 "$$", HASH_NONE },
	{ "user:$6$saltsalt$" SHA512, HASH_NONE },

	/* What the loader would never find right. */
	{ "$1$saltsalt9$" MD5, HASH_NONE },
	{ "$1$$" MD5, HASH_NONE },
	{ "$1$saltsalt$" MD5 "x", HASH_NONE },
	{ "$1$rounds=1000$s$" MD5, HASH_NONE },
	{ "$4$saltsalt$" SHA1 "=", HASH_NONE },
	{ "$4$" SHA1, HASH_NONE },
	{ "$4$saltsaltsaltsalt9$" SHA1, HASH_NONE },
	{ "$5$saltsalt$" SHA512, HASH_NONE },
	{ "$6$saltsalt$" SHA256, HASH_NONE },
	{ "$6$saltsaltsaltsalt9$" SHA512, HASH_NONE },
	{ "$6$salt+$" SHA512, HASH_NONE },
	{ "$6$salt^$" SHA512, HASH_NONE },
	{ "$6$rounds=999$salt$" SHA512, HASH_NONE },
	{ "$6$rounds=05000$salt$" SHA512, HASH_NONE },
	{ "$6$rounds=1000000$salt$" SHA512, HASH_NONE },
	{ "$6$rounds=$salt$" SHA512, HASH_NONE },
	{ "$6$rounds=5000$" SHA512, HASH_NONE },
	{ GRUB HEX8 "." HEX8, HASH_NONE },
	{ GRUB "010000." HEX8 "." HEX8, HASH_NONE },
	{ GRUB "0." HEX8 "." HEX8, HASH_NONE },
	{ GRUB "1000000." HEX8 "." HEX8, HASH_NONE },
	{ GRUB "10000." HEX8 "A." HEX8, HASH_NONE },
	{ GRUB "10000." HEX8 "." HEX8 "A", HASH_NONE },
	{ GRUB "10000.ABABABABABABAB." HEX8, HASH_NONE },
	{ GRUB "10000." HEX8 ".ABABABABABABAB", HASH_NONE },
	{ GRUB "10000." HEX64 HEX64 "AB." HEX8, HASH_NONE },
	{ GRUB "10000." HEX8 ".ABABABABABABABAG", HASH_NONE },
	{ GRUB "10000." HEX8, HASH_NONE },
	{ GRUB "10000." HEX8 "." HEX8 ".", HASH_NONE },
	{ "grub.pbkdf2.sha256.10000." HEX8 "." HEX8, HASH_NONE },
	{ "PBKDF2 hash of your password is " GRUB "10000." HEX8 "." HEX8,
	  HASH_NONE },
};

static void test_each_loader_takes_its_own_hashes(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		for (int kind = HASH_NONE; kind < HASH_COUNT; kind++)
			if (hash_is((enum hash)kind, rows[i].text) !=
			    (kind != HASH_NONE && kind == (int)rows[i].kind))
				fail_msg("row %zu, kind %d: %s", i, kind,
					 rows[i].text);
}

/* No hash may have a byte that a dialect gives a meaning. */
static void test_any_other_byte_makes_it_no_hash(void **state)
{
	static const char good[] = "$6$saltsalt$" SHA512;
	char text[sizeof(good)];

	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		memcpy(text, good, sizeof(good));
		text[20] = (char)byte;
		if (hash_is(HASH_CRYPT, text) !=
		    (strchr("./", byte) != NULL ||
		     (byte >= '0' && byte <= '9') ||
		     (byte >= 'A' && byte <= 'Z') ||
		     (byte >= 'a' && byte <= 'z')))
			fail_msg("byte %d", byte);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_loader_takes_its_own_hashes),
		cmocka_unit_test(test_any_other_byte_makes_it_no_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
