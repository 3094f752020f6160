#include "language.h"

#include <string.h>

/* Names of files, and the ends of names, which begin with a '.'. */
static const struct row {
	const char *name;
	const struct language *language;
	const char *magic; /* what the file begins with; NULL: anything */
} rows[] = {
	/* cloud-init's: without its first line, user-data does nothing */
	{ "user-data", &language_yaml, "#cloud-config\n" },
	{ "meta-data", &language_yaml, NULL },
	{ "vendor-data", &language_yaml, NULL },
	{ "network-config", &language_yaml, NULL },
	{ "preseed.cfg", &language_preseed, NULL },
	{ "ks.cfg", &language_kickstart, NULL },
	{ ".preseed", &language_preseed, NULL },
	{ ".ks", &language_kickstart, NULL },
	{ ".sh", &language_shell, "#!" },
	{ ".yaml", &language_yaml, NULL },
	{ ".yml", &language_yaml, NULL },
	{ ".json", &language_json, "{" },
	{ ".ign", &language_json, "{" },
	{ ".xml", &language_xml, "<?xml " },
	{ ".toml", &language_toml, NULL },
	{ ".txt", &language_plain, NULL },
};

static const struct row *row_of(const char *file)
{
	size_t len = strlen(file);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t end = strlen(rows[i].name);

		if (strcmp(file, rows[i].name) == 0 ||
		    (rows[i].name[0] == '.' && len > end &&
		     strcmp(file + len - end, rows[i].name) == 0))
			return &rows[i];
	}
	return NULL;
}

const struct language *language_of(const char *file)
{
	const struct row *row = row_of(file);

	return row != NULL ? row->language : NULL;
}

static const char *magic_fault(const char *magic)
{
	switch (magic[1]) {
	case 'c':
		return "must begin with the line '#cloud-config'";
	case '!':
		return "must begin with '#!' and its shell";
	case '?':
		return "must begin with '<?xml'";
	default:
		return "must begin with '{'";
	}
}

const char *language_check(const char *file, const char *text, size_t len)
{
	const struct row *row = row_of(file);
	const char *reason = language_check_text(text, len);

	if (reason != NULL)
		return reason;
	if (!row->language->takes_cr && text[strcspn(text, "\r\n")] == '\r')
		return "has lines that end in CR LF, as Windows writes them: "
		       "end them in LF alone";
	if (row->magic != NULL &&
	    strncmp(text, row->magic, strlen(row->magic)) != 0)
		return magic_fault(row->magic);
	if (len > 0 && text[len - 1] != '\n')
		return "must end in a newline: add one";
	return row->language->check != NULL ? row->language->check(text, len)
					    : NULL;
}

/* The length of the character of UTF-8 at s, of at most max bytes; 0: there is
 * none (RFC 3629). */
static size_t character_length(const unsigned char *s, size_t max)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if ((s[0] >= 0x80 && s[0] < 0xc2) || s[0] > 0xf4 || len > max)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

const char *language_check_text(const char *s, size_t len)
{
	while (len > 0) {
		size_t one = character_length((const unsigned char *)s, len);

		if (one == 0)
			return "is not UTF-8";
		if (*s == '\0')
			return "contains a NUL byte";
		s += one;
		len -= one;
	}
	return NULL;
}

const char *language_check_line(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\n' || c == '\r')
			return "contains a line break";
		if (c != '\0' && (c < ' ' || c == 0x7f))
			return "contains a control character";
	}
	return language_check_text(s, len);
}

unsigned language_character(const char *s, size_t *len)
{
	const unsigned char *c = (const unsigned char *)s;
	unsigned value;

	*len = character_length(c, 4);
	value = *len == 1 ? c[0] : c[0] & (0xffU >> (*len + 1));
	for (size_t i = 1; i < *len; i++)
		value = value << 6 | (c[i] & 0x3fU);
	return value;
}
