/*
 * engine ENTRIES ROUNDS: fills one menu of that many entries as often, and
 * prints its bytes, for callgrind to count the instructions of
 * template_render().
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialect.h"
#include "template.h"

static const char text[] = "menu title {{title}}\n"
			   "{{#entries}}\n"
			   "\n"
			   "label {{label}}\n"
			   "menu label {{title}}\n"
			   "kernel {{url}}\n"
			   "{{/entries}}\n";

/* About 156 bytes of text each; html has to write one title in ten in other
 * characters. */
static json_t *entry_view(long i)
{
	const char *remark = i % 10 == 9 ? "<other> & \"more\"" : "netinst";

	return json_pack(
		"{s:o, s:o, s:o}", "label", json_sprintf("entry-%05ld", i),
		"title", json_sprintf("Debian %ld amd64 %s", i, remark), "url",
		json_sprintf("http://boot.example.org/boot/fromthemirror"
			     "/debian/amd64/netinst/version-%05ld/boot.ipxe",
			     i));
}

static json_t *menu_view(long count)
{
	json_t *entries = json_array();

	for (long i = 0; i < count; i++)
		json_array_append_new(entries, entry_view(i));
	return json_pack("{s:s, s:o}", "title", "Menu", "entries", entries);
}

int main(int argc, char **argv)
{
	const struct render how = { .escape = dialect_html.escape };
	long count = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
	long rounds = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	struct error err = ERROR_INIT;
	struct template *t = template_parse("menu", text, strlen(text), &err);
	struct buf out = BUF_INIT;
	json_t *view = menu_view(count);
	int rc = t == NULL || rounds <= 0 ? -1 : 0;

	for (long i = 0; i < rounds && rc == 0; i++) {
		buf_truncate(&out, 0);
		rc = template_render(t, view, &how, &out, &err);
	}
	if (rc == 0)
		printf("%zu\n", out.len);
	else
		fprintf(stderr, "engine: %s\n", err.text);
	json_decref(view);
	buf_free(&out);
	template_free(t);
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
