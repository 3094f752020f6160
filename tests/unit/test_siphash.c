#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "siphash.h"

/* The key 00 01 ... 0f, and what OpenSSL's SIPHASH makes of it. */
static void test_hash_is_that_of_the_reference(void **state)
{
	static const struct {
		const char *text;
		const char *hash;
	} rows[] = {
		{ "", "a3817f04ba25a8e66df67214c7550293" },
		{ "12345678", "86da31e21d1241e0e933a215f9e2faae" },
		{ "52-54-00-12-34-56.json",
		  "31b4f97399e3f61fb81c1ad102843475" },
	};
	unsigned char key[SIPHASH_BYTES];
	unsigned char hash[SIPHASH_BYTES];
	char text[2 * SIPHASH_BYTES + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		siphash(key, rows[i].text, strlen(rows[i].text), hash);
		for (size_t j = 0; j < sizeof(hash); j++)
			snprintf(text + 2 * j, 3, "%02x", hash[j]);
		assert_string_equal(text, rows[i].hash);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_is_that_of_the_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
