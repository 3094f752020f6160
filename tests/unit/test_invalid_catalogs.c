/*
 * Loads each DIR/CASE/catalog.json and compares the whole message with
 * DIR/CASE/error.  Every case must be refused.  With UPDATE=1 the error files
 * are written instead: read them before they are committed.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "error.h"
#include "mem.h"
#include "pages.h"
#include "stamps.h"

#define CASES_MIN 100

static int is_case(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static char *path_to(const char *dir, const char *name, const char *file)
{
	struct buf path = BUF_INIT;

	buf_printf(&path, "%s/%s/%s", dir, name, file);
	return buf_take(&path);
}

/* Whether the file at path holds the line and nothing else. */
static int has_line(const char *path, const char *line)
{
	struct stamps *s = stamps_new();
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct buf expected = BUF_INIT;
	int is_same;

	buf_printf(&expected, "%s\n", line);
	is_same = stamps_read(s, path, 65536, &text, &err) == 1 &&
		  strcmp(buf_text(&text), expected.data) == 0;
	if (!is_same)
		printf("\texpected: %s\tgot:      %s\n",
		       text.len > 0 ? text.data : "(nothing)\n", line);
	buf_free(&expected);
	buf_free(&text);
	stamps_free(s);
	return is_same;
}

static int write_line(const char *path, const char *line)
{
	FILE *file = fopen(path, "w");
	int is_written;

	if (file == NULL)
		return 0;
	is_written = fprintf(file, "%s\n", line) > 0;
	return fclose(file) == 0 && is_written;
}

static int run_case(const char *dir, const char *name)
{
	struct stamps *s = stamps_new();
	struct error err = ERROR_INIT;
	char *path = path_to(dir, name, "catalog.json");
	char *error = path_to(dir, name, "error");
	struct catalog *c = pages_load_catalog(path, NULL, s, &err);
	int ok;

	if (c != NULL) {
		printf("\tis accepted\n");
		ok = 0;
	} else if (getenv("UPDATE") != NULL) {
		ok = write_line(error, err.text);
	} else {
		ok = has_line(error, err.text);
	}
	printf("%s %s\n", ok ? "ok" : "not ok", name);
	catalog_free(c);
	free(error);
	free(path);
	stamps_free(s);
	return ok;
}

int main(int argc, char **argv)
{
	struct dirent **cases = NULL;
	int count;
	int failed = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return EXIT_FAILURE;
	}
	count = scandir(argv[1], &cases, is_case, alphasort);
	for (int i = 0; i < count; i++) {
		if (!run_case(argv[1], cases[i]->d_name))
			failed++;
		free(cases[i]);
	}
	free(cases);
	printf("%d cases, %d failed\n", count, failed);
	if (count < CASES_MIN)
		printf("not ok: fewer than %d cases\n", CASES_MIN);
	return count < CASES_MIN || failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
