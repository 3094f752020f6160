#include "environment.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"
#include "site.h"
#include "stamps.h"

#define PREFIX "MIRRORBOOT_"
#define SIZE_LIMIT (64 * 1024)
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
	if (site_setting(name, NULL) == NULL && setenv(name, value, 1) < 0)
		mem_exhausted();
	return 0;
}

/* text: changed on the way. */
static int take_lines(const char *path, char *text, struct error *err)
{
	unsigned number = 1;
	char *end;

	for (const char *c = text; *c != '\0'; c++)
		number += *c == '\n';
	/* From the end: of two lines of a name, systemd takes the last. */
	while ((end = strrchr(text, '\n')) != NULL) {
		if (take_line(path, number--, end + 1, err) < 0)
			return -1;
		*end = '\0';
	}
	return take_line(path, number, text, err);
}

static int read_file(const char *path, struct error *err)
{
	struct stamps *stamps = stamps_new();
	struct buf text = BUF_INIT;
	int rc = stamps_read(stamps, path, SIZE_LIMIT, &text, err);

	if (rc > 0)
		rc = text.len > 0 ? take_lines(path, text.data, err) : 0;
	buf_free(&text);
	stamps_free(stamps);
	return rc;
}

int environment_take(const char *catalog, struct error *err)
{
	const char *given = site_setting("MIRRORBOOT_ENVIRONMENT", NULL);
	char *beside;
	int rc;

	if (given != NULL)
		return strcmp(given, "none") == 0 ? 0 : read_file(given, err);
	beside = site_beside(site_setting("MIRRORBOOT_CATALOG", catalog),
			     "environment");
	rc = read_file(beside, err);
	free(beside);
	return rc;
}
