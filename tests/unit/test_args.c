#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "args.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define BYTE                                                                   \
	"have a byte that is not printable ASCII: write plain quotes, dashes " \
	"and spaces"
#define EDGE "are empty, or begin or end with a space: leave it out"
#define LONG                                                                   \
	"are longer than 2047 bytes, where the kernel cuts them: shorten them"
#define INITRD "have initrd=: name the files under initrds"
#define QUOTE                                                                  \
	"have a '\"' that does not stand around a word or its value: write "   \
	"name=\"a b\""
#define SPACES "have two spaces in a row: write one"

static void test_arguments_are_as_the_kernel_reads_them(void **state)
{
	static const struct {
		const char *args;
		const char *reason; /* NULL: nothing is wrong */
	} rows[] = {
		{ "a", NULL },
		{ "a=b c --- -d", NULL },
		{ "a='b c' d\\e ${f}^", NULL },
		{ "url=http://h/a?b=c/d+%41;@:x.c32", NULL },
		{ "a=\"b c\" \"d=e f\" g=\"\" \"\"", NULL },
		{ "a=\"b  c\"", NULL },
		{ "foo_initrd=y", NULL },
		{ "a=\"b initrd=c\"", NULL },
		{ "", EDGE },
		{ " ", EDGE },
		{ " a", EDGE },
		{ "a ", EDGE },
		{ "a  b", SPACES },
		{ "a\tb", BYTE },
		{ "a\nb", BYTE },
		{ "a\177", BYTE },
		{ "caf\303\251", BYTE },
		{ "a\302\240b", "have a no-break space: write a plain one" },
		{ "initrd=a", INITRD },
		{ "a initrd=b c", INITRD },
		{ "\"initrd=a\"", INITRD },
		{ "\"", QUOTE },
		{ "a=\"b c", QUOTE },
		{ "a=b\"c\"", QUOTE },
		{ "a=\"b\"c", QUOTE },
		{ "a\"b\"", QUOTE },
		{ "\"a\"=b", QUOTE },
		{ "a=\"b\"\"c\"", QUOTE },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *reason = args_check(rows[i].args);

		if (rows[i].reason == NULL
			    ? reason != NULL
			    : reason == NULL ||
				      strcmp(reason, rows[i].reason) != 0)
			fail_msg("'%s': %s", rows[i].args,
				 reason != NULL ? reason : "taken");
	}
}

static void test_longest_arguments_are_the_kernels(void **state)
{
	char args[ARGS_MAX + 2];

	(void)state;
	memset(args, 'a', sizeof(args));
	args[ARGS_MAX] = '\0';
	assert_null(args_check(args));
	args[ARGS_MAX] = 'a';
	args[ARGS_MAX + 1] = '\0';
	assert_string_equal(args_check(args), LONG);
}

/* The words, with a '|' behind each. */
static void test_words_lose_their_quotes(void **state)
{
	static const struct {
		const char *args;
		const char *words;
	} rows[] = {
		{ "", "" },
		{ "a", "a|" },
		{ "a b=c  d", "a|b=c|d|" },
		{ "a=\"b c\" d", "a=b c|d|" },
		{ "\"a=b c\" d", "a=b c|d|" },
		{ "\"\" a=\"\" b", "|a=|b|" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *s = rows[i].args;
		struct buf words = BUF_INIT;

		while (args_next(&s, &words))
			buf_putc(&words, '|');
		if (strcmp(buf_text(&words), rows[i].words) != 0)
			fail_msg("'%s': '%s'", rows[i].args, buf_text(&words));
		assert_int_equal(*s, '\0');
		buf_free(&words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments_are_as_the_kernel_reads_them),
		cmocka_unit_test(test_longest_arguments_are_the_kernels),
		cmocka_unit_test(test_words_lose_their_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
