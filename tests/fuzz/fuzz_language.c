/*
 * A value in an answer: the name of the file, what stands before the value, and
 * the value, with a NUL between them.  What stands before may be anything; the
 * value must keep its place behind what is known.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "language.h"
#include "mem.h"

/* What a value stands in, for each language. */
static const struct place {
	const char *file, *before, *after;
} places[] = {
	{ "a.json", "{\"a\": \"", "\"}\n" },
	{ "a.yaml", "a: \"", "\"\n" },
	{ "a.toml", "a = \"", "\"\n" },
	{ "a.xml", "<?xml version=\"1.0\"?>\n<a>", "</a>\n" },
	{ "a.sh", "#!/bin/sh\na=", "\n" },
	{ "ks.cfg", "a --b=", "\n" },
	{ "preseed.cfg", "d-i a/b string ", "\n" },
	{ "a.txt", "", "\n" },
};

/* Escape behind what stands before.  A refusal leaves that alone. */
static const char *escape(const char *file, const char *before, const char *s,
			  size_t len, struct buf *out)
{
	const struct language *language = language_of(file);
	const char *reason;

	buf_puts(out, before);
	reason = language->escape(out, s, len);
	FUZZ_CHECK(strncmp(buf_text(out), before, strlen(before)) == 0,
		   "%s: what stands before has changed", file);
	FUZZ_CHECK(reason == NULL || out->len == strlen(before),
		   "%s: '%s', but something was written", file, reason);
	return reason;
}

/* The number of line breaks, which none of these languages keeps but shell. */
static size_t lines_of(const char *s)
{
	size_t count = 0;

	for (; *s != '\0'; s++)
		count += *s == '\n';
	return count;
}

static void check_json(const char *text, const char *value, size_t len)
{
	json_t *json = json_loads(text, 0, NULL);
	const json_t *a = json_object_get(json, "a");

	FUZZ_CHECK(json_string_length(a) == len &&
			   memcmp(json_string_value(a), value, len) == 0,
		   "JSON reads back another value: %s", text);
	json_decref(json);
}

/* Read back a word that a shell's quotes are in. */
static void check_word(const char *word, const char *value, size_t len)
{
	struct buf read = BUF_INIT;
	int is_quoted = 0;

	for (; is_quoted || *word != '\n'; word++) {
		FUZZ_CHECK(*word != '\0', "a quote is never closed: %s", value);
		if (*word == '\'')
			is_quoted = !is_quoted;
		else if (!is_quoted && *word == '\\')
			buf_putc(&read, *++word);
		else if (is_quoted)
			buf_putc(&read, *word);
		else
			FUZZ_CHECK(0, "'%c' outside of quotes", *word);
	}
	FUZZ_CHECK(read.len == len && memcmp(buf_text(&read), value, len) == 0,
		   "a shell reads back another value: %s", value);
	buf_free(&read);
}

static void check_place(const struct place *place, const char *value,
			size_t len)
{
	struct buf out = BUF_INIT;

	if (escape(place->file, place->before, value, len, &out) == NULL) {
		const char *word = buf_text(&out) + strlen(place->before);
		const int is_shell = strcmp(place->file, "a.sh") == 0;

		FUZZ_CHECK(language_check_text(value, len) == NULL,
			   "%s: takes what no file can hold", place->file);
		FUZZ_CHECK(is_shell || lines_of(word) == 0,
			   "%s: writes a line break", place->file);
		buf_puts(&out, place->after);
		word = buf_text(&out) + strlen(place->before);
		if (strcmp(place->file, "a.json") == 0)
			check_json(out.data, value, len);
		if (is_shell || strcmp(place->file, "ks.cfg") == 0)
			check_word(word, value, len);
		FUZZ_CHECK(language_check(place->file, out.data, out.len) ==
				   NULL,
			   "%s: %s", place->file, out.data);
	}
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_copy((const char *)data, size);
	const char *before = text + strlen(text);
	const char *value;
	struct buf out = BUF_INIT;

	before += before < text + size;
	value = before + strlen(before);
	value += value < text + size;
	if (language_of(text) != NULL)
		escape(text, before, value, (size_t)(text + size - value),
		       &out);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		check_place(&places[i], value, (size_t)(text + size - value));
	buf_free(&out);
	free(text);
	return 0;
}
