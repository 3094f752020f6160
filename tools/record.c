#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

/* Says how the lines are written. */
#define HEAD "mirrorboot-export 1 "

struct record {
	struct buf sums;
	struct buf record;
	struct record_line *lines; /* in their order */
	size_t count;
	size_t next;                       /* behind the last one found */
	const struct record_line **sorted; /* by path; NULL: not yet */
};

void record_add_head(struct buf *out, const char *sum)
{
	buf_printf(out, HEAD "%s\n", sum);
}

void record_add_state(struct buf *out, const struct stat *file)
{
	buf_printf(out, "%llu %lld %lld.%09ld",
		   (unsigned long long)file->st_ino, (long long)file->st_size,
		   (long long)file->st_mtim.tv_sec, file->st_mtim.tv_nsec);
}

/* End the word at *s, and step behind it.  Returns the word, or NULL without
 * an end. */
static char *cut(char **s, const char *end)
{
	char *word = *s;
	char *found = word != NULL ? strstr(word, end) : NULL;

	if (found == NULL)
		return NULL;
	*found = '\0';
	*s = found + strlen(end);
	return word;
}

/* Take the first line.  Returns 0, or -1: it is of other sums. */
static int read_head(char **text, const char *sum)
{
	struct buf head = BUF_INIT;
	int is_it;

	record_add_head(&head, sum);
	is_it = *text != NULL && strncmp(*text, head.data, head.len) == 0;
	if (is_it)
		*text += head.len;
	buf_free(&head);
	return is_it ? 0 : -1;
}

/* Take a line of each text.  Returns 0, or -1. */
static int read_line(struct record *r, char **sums, char **record)
{
	struct record_line line;

	line.sha256 = cut(sums, "  ");
	line.path = cut(sums, "\n");
	line.basis = cut(record, " ");
	line.state = cut(record, "\n");
	if (line.sha256 == NULL || line.path == NULL || line.basis == NULL ||
	    line.state == NULL)
		return -1;
	r->lines = mem_grow_by_one(r->lines, r->count, sizeof(*r->lines));
	r->lines[r->count++] = line;
	return 0;
}

struct record *record_new(struct buf *sums, const char *sum, struct buf *record)
{
	struct record *r = mem_alloc(sizeof(*r));
	char *sum_text;
	char *text;
	int rc;

	r->sums = *sums;
	r->record = *record;
	*sums = *record = (struct buf)BUF_INIT;
	sum_text = r->sums.data;
	text = r->record.data;
	rc = read_head(&text, sum);
	while (rc == 0 && sum_text != NULL && *sum_text != '\0')
		rc = read_line(r, &sum_text, &text);
	if (rc == 0 && *text == '\0')
		return r;
	record_free(r);
	return NULL;
}

void record_free(struct record *r)
{
	if (r == NULL)
		return;
	buf_free(&r->sums);
	buf_free(&r->record);
	free(r->lines);
	free(r->sorted);
	free(r);
}

static int compare_lines(const void *a, const void *b)
{
	const struct record_line *const *one = a;
	const struct record_line *const *other = b;

	return strcmp((*one)->path, (*other)->path);
}

static void sort(struct record *r)
{
	r->sorted = mem_alloc((r->count + 1) * sizeof(*r->sorted));
	for (size_t i = 0; i < r->count; i++)
		r->sorted[i] = &r->lines[i];
	qsort(r->sorted, r->count, sizeof(*r->sorted), compare_lines);
}

const struct record_line *record_find(struct record *r, const char *path)
{
	const struct record_line key = { .path = path };
	const struct record_line *wanted = &key;
	const struct record_line **found;

	if (r->next < r->count && strcmp(r->lines[r->next].path, path) == 0)
		return &r->lines[r->next++];
	if (r->sorted == NULL)
		sort(r);
	found = bsearch(&wanted, r->sorted, r->count, sizeof(*r->sorted),
			compare_lines);
	if (found == NULL)
		return NULL;
	r->next = (size_t)(*found - r->lines) + 1;
	return *found;
}
