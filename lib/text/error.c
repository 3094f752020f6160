#include "error.h"

#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "uri.h"

/* The file's last component, and the line.  The file may be named by a URL by
 * mistake. */
static void put_position(char *text, size_t size, const char *file,
			 unsigned line)
{
	struct buf shown = BUF_INIT;
	const char *slash;
	const char *name;

	uri_add_shown_file(&shown, file);
	slash = strrchr(buf_text(&shown), '/');
	name = slash != NULL ? slash + 1 : buf_text(&shown);
	if (line > 0)
		snprintf(text, size, "%s:%u: ", name, line);
	else
		snprintf(text, size, "%s: ", name);
	buf_free(&shown);
}

/* Put a '*' in place of each control byte and each run of bytes that are not
 * ASCII, such as a no-break space in a key. */
static void mark_bytes(char *text)
{
	char *out = text;
	int was_ascii = 1;

	for (const char *c = text; *c != '\0'; c++) {
		int is_ascii = (unsigned char)*c < 0x80;

		if (is_ascii || was_ascii)
			*out++ = (char)(*c >= ' ' && *c <= '~' ? *c : '*');
		was_ascii = is_ascii;
	}
	*out = '\0';
}

/* Append the similar name to the text, if there is room. */
static void add_nearest(struct error *err, const struct offer *offer)
{
	size_t len = strlen(err->text);
	const char *near = NULL;
	struct buf more = BUF_INIT;

	if (offer != NULL && offer->wanted != NULL && offer->known != NULL &&
	    !offer->is_secret)
		near = offer_nearest(offer);
	if (near == NULL)
		return;
	buf_printf(&more, "; did you mean '%s'?", uri_shown_name(near));
	if (more.len < sizeof(err->text) - len)
		memcpy(err->text + len, more.data, more.len + 1);
	mark_bytes(err->text + len);
	buf_free(&more);
}

static void report(const struct error *err, const char *text,
		   const struct offer *offer)
{
	struct buf instead = BUF_INIT;

	if (offer != NULL)
		offer_add(offer, text, &instead);
	err->report(err->ctx, &(struct failure){ text, buf_text(&instead) });
	buf_free(&instead);
}

/* The whole reason is read for secrets before it is cut. */
__attribute__((format(printf, 5, 0))) static int
set(struct error *err, const struct offer *offer, const char *file,
    unsigned line, const char *fmt, va_list args)
{
	char text[sizeof(err->text)] = "";
	struct buf reason = BUF_INIT;
	struct buf shown = BUF_INIT;
	size_t len;

	if (err->text[0] != '\0' && err->report == NULL)
		return -1;
	if (file != NULL)
		put_position(text, sizeof(text), file, line);
	len = strlen(text);
	buf_vprintf(&reason, fmt, args);
	uri_add_shown(&shown, reason.data, NULL);
	snprintf(text + len, sizeof(text) - len, "%s", buf_text(&shown));
	buf_free(&reason);
	buf_free(&shown);
	mark_bytes(text);
	if (err->text[0] == '\0') {
		memcpy(err->text, text, sizeof(text));
		add_nearest(err, offer);
	}
	if (err->report != NULL)
		report(err, text, offer);
	return -1;
}

int error_set(struct error *err, const char *file, unsigned line,
	      const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set(err, NULL, file, line, fmt, args);
	va_end(args);
	return -1;
}

int error_set_offer(struct error *err, const struct offer *offer,
		    const char *file, unsigned line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set(err, offer, file, line, fmt, args);
	va_end(args);
	return -1;
}
