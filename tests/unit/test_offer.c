#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "offer.h"

static const struct alias aliases[] = {
	{ "x86_64", "amd64" },
	{ NULL, NULL },
};

static void test_similar_name_is_found(void **state)
{
	static const char *const known[] = { "amd64", "arm64",  "i386",
					     "args",  "trixie", NULL };
	static const struct {
		const char *wanted;
		const char *nearest; /* NULL: none is similar */
	} rows[] = {
		{ "amd64", "amd64" },
		{ "AMD64", "amd64" },
		{ "X86_64", "amd64" },
		{ "adm64", "amd64" },
		{ "arm46", "arm64" },
		{ "trixi", "trixie" },
		{ "tricksie", "trixie" },
		{ "arg", "args" },
		{ "tri", "trixie" },
		{ "TR", "trixie" },
		{ "t", NULL },
		{ "", NULL },
		{ "x", NULL },
		{ "bookworm", NULL },
		{ "trixietrixietrixietrixietrixietrixietrixietrixietrixietrixie"
		  "trixie",
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct offer offer = { .wanted = rows[i].wanted,
					     .known = known,
					     .aliases = aliases };
		const char *nearest = offer_nearest(&offer);

		if (rows[i].nearest == NULL && nearest == NULL)
			continue;
		if (nearest == NULL || rows[i].nearest == NULL)
			fail_msg("'%s': %s", rows[i].wanted,
				 nearest != NULL ? nearest : "none");
		assert_string_equal(nearest, rows[i].nearest);
	}
}

static void test_offer_says_what_to_write(void **state)
{
	static const char *const few[] = { "b", "a", NULL };
	static const char *const none[] = { NULL };
	static const char *const url[] = { "http://me:word@h/", NULL };
	static const char *const many[] = { "24.10", "24.04", "23.10", "23.04",
					    "22.10", "22.04", "21.10", "21.04",
					    "20.10", "20.04", "x9",    "x8",
					    NULL };
	static const struct {
		struct offer offer;
		const char *reason;
		const char *text;
	} rows[] = {
		{ { .wanted = NULL }, "no", "" },
		{ { .wanted = "x", .known = none }, "no", "" },
		{ { .wanted = NULL, .known = few }, "no", "write b" },
		{ { .wanted = "c", .known = few }, "f: no", "there is b, a" },
		{ { .wanted = "c", .known = few }, "f: /p: here are a, b", "" },
		{ { .wanted = "c", .known = few },
		  "f: /p: bad",
		  "there is b, a" },
		{ { .wanted = "24.1", .known = many },
		  "no",
		  "did you mean '24.10'?" },
		{ { .wanted = "x", .known = url }, "no", "there is ..." },
		/* Of many, the most similar come first. */
		{ { .wanted = "x", .known = many },
		  "no",
		  "there is x9, x8, 24.10, 24.04, 23.10, 23.04, 22.10, 22.04, "
		  "21.10, 21.04 and 2 more" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = BUF_INIT;

		offer_add(&rows[i].offer, rows[i].reason, &out);
		assert_string_equal(buf_text(&out), rows[i].text);
		buf_free(&out);
	}
}

static void test_keys_of_an_object_are_known(void **state)
{
	json_t *object = json_pack("{s:i, s:n}", "amd64", 1, "arm64");
	const char **keys = offer_keys(object, NULL);
	const struct offer offer = { .wanted = "arm46", .known = keys };

	(void)state;
	assert_string_equal(keys[0], "amd64");
	assert_string_equal(keys[1], "arm64");
	assert_null(keys[2]);
	assert_string_equal(offer_nearest(&offer), "arm64");
	free(keys);
	keys = offer_keys(object, "amd64");
	assert_string_equal(keys[0], "arm64");
	assert_null(keys[1]);
	free(keys);
	json_decref(object);
	keys = offer_keys(NULL, NULL);
	assert_null(keys[0]);
	free(keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_similar_name_is_found),
		cmocka_unit_test(test_offer_says_what_to_write),
		cmocka_unit_test(test_keys_of_an_object_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
