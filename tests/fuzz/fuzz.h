#ifndef FUZZ_H
#define FUZZ_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "dialect.h"
#include "error.h"

/* What each fuzzer defines: one input, of any bytes.  Returns 0, or -1 for an
 * input that is not worth keeping. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The program ends here, and the fuzzer keeps the input, unless the condition
 * holds; what follows says in printf's words what was seen. */
#define FUZZ_CHECK(condition, ...)                                             \
	do {                                                                   \
		if (!(condition))                                              \
			fuzz_fail(#condition, __FILE__, __LINE__,              \
				  __VA_ARGS__);                                \
	} while (0)

_Noreturn void fuzz_fail(const char *condition, const char *file, int line,
			 const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* What an error is, wherever it comes from: some printable ASCII. */
void fuzz_check_error(const struct error *err);

/*
 * Why the len bytes at text are not what clients of the dialect d can be
 * sent; NULL if they are.  It says what dialect_check() says, but for what
 * that refuses beyond, and was written without it.
 */
const char *fuzz_contract(const struct dialect *d, const char *text,
			  size_t len);

int fuzz_is_utf8(const char *s, size_t len);

/* A file's text; the program ends when it cannot be read. */
void fuzz_read_file(struct buf *out, const char *path);

/*
 * Take the next part of an input, which ends before the byte `separator` or
 * with the input, and move *data and *size behind it.  Returns a copy with a
 * NUL behind it, to be released with free(), its length in *len (NULL: not
 * wanted); NULL when there is no part left.
 */
char *fuzz_part(const uint8_t **data, size_t *size, int separator, size_t *len);

/* No file has this byte that the library takes: it is not UTF-8. */
#define FUZZ_SEPARATOR 0xff

#endif
