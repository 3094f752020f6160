#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, const char *file, unsigned line,
	      const char *fmt, ...)
{
	va_list args;
	size_t len;

	if (err->text[0] != '\0')
		return -1;
	if (file != NULL) {
		const char *slash = strrchr(file, '/');
		const char *name = slash != NULL ? slash + 1 : file;

		if (line > 0)
			snprintf(err->text, sizeof(err->text), "%s:%u: ", name,
				 line);
		else
			snprintf(err->text, sizeof(err->text), "%s: ", name);
	}
	len = strlen(err->text);
	va_start(args, fmt);
	vsnprintf(err->text + len, sizeof(err->text) - len, fmt, args);
	va_end(args);
	for (char *c = err->text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return -1;
}
