#include "environment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define PREFIX "MIRRORBOOT_"
#define BLANKS " \t\r\n"

/* Take what is around the value away: blanks, then one pair of quotes.  Returns
 * NULL if that is not the whole of it. */
static const char *value_of(char *s)
{
	size_t len;

	s += strspn(s, BLANKS);
	len = strlen(s);
	while (len > 0 && strchr(BLANKS, s[len - 1]) != NULL)
		len--;
	if (len > 1 && (s[0] == '"' || s[0] == '\'') && s[len - 1] == s[0]) {
		s++;
		len -= 2;
	}
	s[len] = '\0';
	return strpbrk(s, "\"'\\") == NULL ? s : NULL;
}

static int take_line(const char *path, unsigned number, char *line,
		     struct error *err)
{
	char *name = line + strspn(line, BLANKS);
	char *equals = strchr(name, '=');
	const char *value;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 || equals == NULL)
		return 0;
	*equals = '\0';
	value = value_of(equals + 1);
	if (value == NULL)
		return error_set(err, path, number,
				 "a backslash, or a quote inside of the value: "
				 "write it without");
	if (setenv(name, value, 0) < 0)
		mem_exhausted();
	return 0;
}

int environment_read(const char *path, struct error *err)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int rc = 0;

	if (file == NULL && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (file == NULL)
		return error_set(err, path, 0, "%s", strerror(errno));
	for (unsigned n = 1; rc == 0 && getline(&line, &size, file) >= 0; n++)
		rc = take_line(path, n, line, err);
	if (rc == 0 && ferror(file))
		rc = error_set(err, path, 0, "%s", strerror(errno));
	free(line);
	fclose(file);
	return rc;
}
