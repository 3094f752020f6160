#include "sumlist.h"

#include <string.h>

/* The longest line that is looked at, for names and SHA-512. */
#define LINE_MAX_LEN 1024
#define WORDS_MAX 4

/* The words of a line. */
struct words {
	char line[LINE_MAX_LEN];
	char *list[WORDS_MAX];
	size_t count; /* WORDS_MAX + 1 for more words */
};

static void split(struct words *w, const char *line, size_t len)
{
	char *rest;

	w->count = 0;
	if (len >= sizeof(w->line))
		return;
	memcpy(w->line, line, len);
	w->line[len] = '\0';
	for (char *word = strtok_r(w->line, " \t\r", &rest);
	     word != NULL && w->count <= WORDS_MAX;
	     word = strtok_r(NULL, " \t\r", &rest)) {
		if (w->count < WORDS_MAX)
			w->list[w->count] = word;
		w->count++;
	}
}

static int is_all(const char *s, const char *set)
{
	return s[0] != '\0' && s[strspn(s, set)] == '\0';
}

/* Whether the words say a sum of a file: *sum and *name then point into
 * them. */
static int read_entry(const struct words *w, const char **sum,
		      const char **name)
{
	char *const *word = w->list;
	size_t len;

	if (w->count == 2 || (w->count == 3 && is_all(word[1], "0123456789"))) {
		*sum = word[0];
		*name = word[w->count - 1];
		return 1;
	}
	if (w->count == 3 && strcmp(word[1], "=") == 0 &&
	    strchr(word[2], ':') != NULL) {
		*sum = strchr(word[2], ':') + 1;
		*name = word[0];
		return 1;
	}
	if (w->count != 4 || strcmp(word[2], "=") != 0 || word[1][0] != '(')
		return 0;
	len = strlen(word[1]);
	if (word[1][len - 1] != ')')
		return 0;
	word[1][len - 1] = '\0';
	*sum = word[3];
	*name = word[1] + 1;
	return 1;
}

static int is_name(const char *listed, const char *name)
{
	listed += listed[0] == '*';
	listed += strncmp(listed, "./", 2) == 0 ? 2 : 0;
	return strcmp(listed, name) == 0;
}

/* Keep the sum in out.  Returns -1 if it has another one of this kind. */
static int take(const char *sum, struct sums *out)
{
	char *kept = NULL;
	char lower[sizeof(out->sha512)];
	size_t len = strlen(sum);

	if (!is_all(sum, "0123456789abcdefABCDEF"))
		return 0;
	if (len == sizeof(out->sha256) - 1)
		kept = out->sha256;
	else if (len == sizeof(out->sha512) - 1)
		kept = out->sha512;
	if (kept == NULL)
		return 0;
	for (size_t i = 0; i <= len; i++)
		lower[i] = (char)(sum[i] >= 'A' && sum[i] <= 'F' ? sum[i] | 0x20
								 : sum[i]);
	if (kept[0] != '\0' && strcmp(kept, lower) != 0)
		return -1;
	memcpy(kept, lower, len + 1);
	return 0;
}

enum sumlist_result sumlist_find(const char *text, const char *name,
				 struct sums *out)
{
	struct words w;

	*out = (struct sums){ "", "" };
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		const char *sum;
		const char *listed;

		split(&w, text, len);
		if (read_entry(&w, &sum, &listed) && is_name(listed, name) &&
		    take(sum, out) < 0)
			return SUMLIST_TWICE;
		text += len + (text[len] == '\n');
	}
	return out->sha256[0] != '\0' || out->sha512[0] != '\0' ? SUMLIST_FOUND
								: SUMLIST_NONE;
}

const char *sumlist_name(const char *list, const char *url, size_t *len)
{
	size_t path = strcspn(list, "?");

	while (path > 0 && list[path - 1] != '/')
		path--;
	if (strncmp(list, url, path) != 0)
		return NULL;
	*len = strcspn(url + path, "?");
	return *len > 0 ? url + path : NULL;
}
