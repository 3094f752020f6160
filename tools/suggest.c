#include "suggest.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Ids have at most 63 characters: nothing longer is a misspelt name. */
#define NAME_MAX_LEN 64

/* Names that other projects use for the catalogue's architectures and keys. */
static const struct alias {
	const char *other;
	const char *ours;
} aliases[] = {
	{ "x86_64", "amd64" },      { "x86-64", "amd64" },
	{ "x64", "amd64" },         { "i686", "i386" },
	{ "i586", "i386" },         { "x86", "i386" },
	{ "ia32", "i386" },         { "aarch64", "arm64" },
	{ "armv8", "arm64" },       { "append", "args" },
	{ "options", "args" },      { "cmdline", "args" },
	{ "kernel_args", "args" },  { "kernel_options", "args" },
	{ "label", "title" },       { "items", "entries" },
	{ "releases", "versions" }, { "linux", "kernel" },
	{ "url", "base" },          { NULL, NULL },
};

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * The number of changes that turn a into b: letters replaced, removed, added,
 * or swapped with the next one (the distance of Damerau and Levenshtein; no
 * letter is swapped twice).  Both have at most NAME_MAX_LEN bytes.  The last
 * three rows of the table are enough.
 */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][NAME_MAX_LEN + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = min(row[j], min(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = min(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

static int is_alias(const char *wanted, const char *known)
{
	for (const struct alias *a = aliases; a->other != NULL; a++)
		if (strcasecmp(wanted, a->other) == 0 &&
		    strcmp(known, a->ours) == 0)
			return 1;
	return 0;
}

const char *suggest(const char *wanted, const char *const *known)
{
	size_t len = strlen(wanted);
	size_t best =
		(len + 2) / 3 + 1; /* a third of the letters may be wrong */
	const char *found = NULL;

	if (len > NAME_MAX_LEN)
		return NULL;
	for (; *known != NULL; known++) {
		size_t known_len = strlen(*known);
		size_t steps;

		if (strcasecmp(wanted, *known) == 0 || is_alias(wanted, *known))
			return *known;
		if (known_len > NAME_MAX_LEN)
			continue;
		steps = distance(wanted, len, *known, known_len);
		if (steps < best) {
			best = steps;
			found = *known;
		}
	}
	/* If all letters differ, it is another name. */
	return best < len ? found : NULL;
}
