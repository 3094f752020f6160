#include "pxeconfig.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mem.h"

struct pxe_reader {
	void (*found)(struct target *target, enum pxe_kind kind,
		      const char *name);
	struct target *target;
	int is_help; /* between "text help" and "endtext" */
};

/* The next word at *s; "" at the end of the line.  Moves *s behind it.  Every
 * byte up to 0x20 is white space (com32/elflink/ldlinux/readconfig.c). */
static char *next_word(char **s)
{
	char *word = *s;

	while (*word != '\0' && (unsigned char)*word <= ' ')
		word++;
	*s = word;
	while ((unsigned char)**s > ' ')
		(*s)++;
	if (**s != '\0')
		*(*s)++ = '\0';
	return word;
}

static int ends_in(const char *s, const char *end)
{
	size_t len = strlen(s);
	size_t end_len = strlen(end);

	return len >= end_len && strcasecmp(s + len - end_len, end) == 0;
}

static void give(struct pxe_reader *r, enum pxe_kind kind, const char *name)
{
	if (name[0] != '\0')
		r->found(r->target, kind, name);
}

/* Names that commas separate. */
static void give_initrds(struct pxe_reader *r, char *names)
{
	while (*names != '\0') {
		size_t len = strcspn(names, ",");
		char *next = names + len + (names[len] == ',');

		names[len] = '\0';
		give(r, PXE_INITRD, names);
		names = next;
	}
}

static void read_append(struct pxe_reader *r, char *rest)
{
	char *word;

	while (*(word = next_word(&rest)) != '\0')
		if (strncmp(word, "initrd=", 7) == 0)
			give_initrds(r, word + 7);
}

/* "kernel" takes programs of many kinds: the suffix tells which kind. */
static void read_kernel(struct pxe_reader *r, const char *name)
{
	static const char *const others[] = {
		".0", ".bin", ".bs", ".bss", ".com", ".cbt", ".img", NULL,
	};

	if (ends_in(name, ".c32")) {
		give(r, PXE_MODULE, name);
		return;
	}
	for (const char *const *other = others; *other != NULL; other++)
		if (ends_in(name, *other))
			return;
	give(r, PXE_KERNEL, name);
}

/* "default" names a label or a program. */
static void read_default(struct pxe_reader *r, const char *name)
{
	if (ends_in(name, ".c32"))
		give(r, PXE_MODULE, name);
}

static void read_keyword(struct pxe_reader *r, const char *keyword, char *rest)
{
	static const struct {
		const char *keyword;
		enum pxe_kind kind;
	} plain[] = {
		{ "path", PXE_PATH },     { "include", PXE_INCLUDE },
		{ "config", PXE_CONFIG }, { "linux", PXE_KERNEL },
		{ "com32", PXE_MODULE },  { "ui", PXE_MODULE },
	};

	if (strcasecmp(keyword, "append") == 0)
		read_append(r, rest);
	else if (strcasecmp(keyword, "initrd") == 0)
		give_initrds(r, next_word(&rest));
	else if (strcasecmp(keyword, "kernel") == 0)
		read_kernel(r, next_word(&rest));
	else if (strcasecmp(keyword, "default") == 0)
		read_default(r, next_word(&rest));
	else
		for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
			if (strcasecmp(keyword, plain[i].keyword) == 0)
				give(r, plain[i].kind, next_word(&rest));
}

static void read_line(struct pxe_reader *r, char *line)
{
	char *keyword = next_word(&line);

	if (r->is_help) {
		r->is_help = strcasecmp(keyword, "endtext") != 0;
		return;
	}
	if (strcasecmp(keyword, "text") == 0) {
		r->is_help = strcasecmp(next_word(&line), "help") == 0;
		return;
	}
	/* Of the menu's own directives only "menu include" names a file that is
	 * needed. */
	if (strcasecmp(keyword, "menu") == 0) {
		keyword = next_word(&line);
		if (strcasecmp(keyword, "include") != 0)
			return;
	}
	read_keyword(r, keyword, line);
}

void pxeconfig_read(const char *text, size_t len,
		    void (*found)(struct target *target, enum pxe_kind kind,
				  const char *name),
		    struct target *target)
{
	struct pxe_reader r = { .found = found, .target = target };
	char *copy = mem_copy(text, len);
	char *line = copy;

	while (line != NULL) {
		char *eol = strpbrk(line, "\r\n");

		if (eol != NULL)
			*eol = '\0';
		read_line(&r, line);
		line = eol != NULL ? eol + 1 : NULL;
	}
	free(copy);
}
