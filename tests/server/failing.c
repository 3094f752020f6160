/*
 * Loaded before the C library (LD_PRELOAD): the allocation whose number is in
 * FAIL_AT fails, counted from 1, and with FAIL_ALL set all that come later
 * too.  Whose it was, as the name of a file, goes to the descriptor
 * FAIL_REPORT.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The C library's own. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);

static unsigned long at, all, count;
static int report = -1;

static unsigned long setting(const char *name)
{
	const char *value = getenv(name);

	return value != NULL ? strtoul(value, NULL, 10) : 0;
}

/* A program's first allocation may come before any constructor. */
static void start(void)
{
	if (report >= 0)
		return;
	report = (int)setting("FAIL_REPORT");
	all = setting("FAIL_ALL");
	at = setting("FAIL_AT");
}

/* Whether this allocation, which the code at caller asked for, fails. */
static int is_failing(const void *caller)
{
	Dl_info info;

	start();
	count++;
	if (count == at && dladdr(caller, &info) != 0) {
		ssize_t unused =
			write(report, info.dli_fname, strlen(info.dli_fname));

		(void)unused;
	}
	if (at == 0 || count < at || (count > at && !all))
		return 0;
	errno = ENOMEM;
	return 1;
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
	return is_failing(__builtin_return_address(0)) ? NULL
						       : __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
	return is_failing(__builtin_return_address(0)) ? NULL
						       : __libc_calloc(n, size);
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t size)
{
	return is_failing(__builtin_return_address(0))
		       ? NULL
		       : __libc_realloc(p, size);
}
