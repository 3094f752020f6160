#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "uri.h"

/* The file's last component, and the line. */
static void put_position(char *text, size_t size, const char *file,
			 unsigned line)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash != NULL ? slash + 1 : file;

	if (line > 0)
		snprintf(text, size, "%s:%u: ", name, line);
	else
		snprintf(text, size, "%s: ", name);
}

int error_set(struct error *err, const char *file, unsigned line,
	      const char *fmt, ...)
{
	char reason[sizeof(err->text)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	return error_set_offer(err, NULL, file, line, "%s", reason);
}

int error_set_offer(struct error *err, const struct offer *offer,
		    const char *file, unsigned line, const char *fmt, ...)
{
	char text[sizeof(err->text)] = "";
	char reason[sizeof(err->text)];
	const struct failure failure = { text, offer };
	struct buf shown = BUF_INIT;
	va_list args;
	size_t len;

	if (err->text[0] != '\0' && err->report == NULL)
		return -1;
	if (file != NULL)
		put_position(text, sizeof(text), file, line);
	len = strlen(text);
	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	uri_add_shown(&shown, reason, NULL);
	snprintf(text + len, sizeof(text) - len, "%s", buf_text(&shown));
	buf_free(&shown);
	for (char *c = text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	if (err->text[0] == '\0')
		memcpy(err->text, text, sizeof(text));
	if (err->report != NULL)
		err->report(err->ctx, &failure);
	return -1;
}
