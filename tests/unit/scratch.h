#ifndef SCRATCH_H
#define SCRATCH_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"

/*
 * A directory of its own for each test, which is the working directory while
 * the test runs: cmocka_unit_test_setup_teardown(f, scratch_enter,
 * scratch_leave).
 */
#define SCRATCH_TEST(f)                                                        \
	cmocka_unit_test_setup_teardown(f, scratch_enter, scratch_leave)

static inline int scratch_enter(void **state)
{
	char name[] = "/tmp/mirrorboot-XXXXXX";

	if (mkdtemp(name) == NULL || chdir(name) < 0)
		return -1;
	*state = strdup(name);
	return *state != NULL ? 0 : -1;
}

/* Remove path and, if it is a directory, all in it. */
static inline int scratch_remove(const char *path)
{
	struct dirent **names = NULL;
	struct stat st;
	int count = 0;
	int rc = 0;

	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		count = scandir(path, &names, NULL, NULL);
	for (int i = 0; i < count; i++) {
		const char *name = names[i]->d_name;
		struct buf full = BUF_INIT;

		buf_printf(&full, "%s/%s", path, name);
		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		    scratch_remove(full.data) < 0)
			rc = -1;
		buf_free(&full);
		free(names[i]);
	}
	free(names);
	return remove(path) < 0 ? -1 : rc;
}

static inline int scratch_leave(void **state)
{
	int rc = chdir("/");

	if (scratch_remove(*state) < 0)
		rc = -1;
	free(*state);
	return rc;
}

/* Write a file, with the directories before it; ends the program when it
 * cannot. */
static inline void scratch_put(const char *path, const char *text, size_t len)
{
	char *dir = strdup(path);
	FILE *file;

	for (char *s = dir; s != NULL && (s = strchr(s + 1, '/')) != NULL;) {
		*s = '\0';
		if (mkdir(dir, 0700) < 0 && errno != EEXIST)
			abort();
		*s = '/';
	}
	free(dir);
	file = fopen(path, "w");
	if (file == NULL || fwrite(text, 1, len, file) != len ||
	    fclose(file) != 0)
		abort();
}

static inline void put(const char *path, const char *text)
{
	scratch_put(path, text, strlen(text));
}

/* JSON written with ' for ", which C would want to have quoted. */
static inline void put_json(const char *path, const char *text)
{
	char *json = strdup(text);

	for (char *c = json; c != NULL && (c = strchr(c, '\'')) != NULL;)
		*c = '"';
	put(path, json);
	free(json);
}

/* Until a change of now bears another time than one before. */
static inline void scratch_wait(void)
{
	const struct timespec time = { .tv_nsec = 25000000L };

	nanosleep(&time, NULL);
}

#endif
