#include "character.h"

#include <stddef.h>

#define REPLACEMENT 0xfffdu

static const char quote[] = "a typographic quote: write '\"'";
static const char apostrophe[] = "a typographic apostrophe: write \"'\"";
static const char dash[] = "a typographic dash: write '-'";
static const char no_break_space[] = "a no-break space: write a plain one";
static const char odd_space[] = "an odd space: write a plain one";
static const char invisible[] = "an invisible character: remove it";

/* In the order of the code points. */
static const struct {
	unsigned first, last;
	const char *advice;
} characters[] = {
	{ 0x00a0, 0x00a0, no_break_space },
	{ 0x00ab, 0x00ab, quote },
	{ 0x00ad, 0x00ad, invisible },
	{ 0x00b4, 0x00b4, apostrophe },
	{ 0x00bb, 0x00bb, quote },
	{ 0x2000, 0x200a, odd_space },
	{ 0x200b, 0x200f, invisible },
	{ 0x2010, 0x2015, dash },
	{ 0x2018, 0x201b, apostrophe },
	{ 0x201c, 0x201f, quote },
	{ 0x2026, 0x2026, "an ellipsis: write '...'" },
	{ 0x2028, 0x202e, invisible },
	{ 0x202f, 0x202f, no_break_space },
	{ 0x2032, 0x2032, apostrophe },
	{ 0x2033, 0x2033, quote },
	{ 0x2039, 0x203a, apostrophe },
	{ 0x205f, 0x205f, odd_space },
	{ 0x2060, 0x206f, invisible },
	{ 0x2212, 0x2212, dash },
	{ 0x3000, 0x3000, odd_space },
	{ 0xfeff, 0xfeff, invisible },
	{ 0xff01, 0xff5e, "a full-width character: write the plain one" },
};

unsigned character_code(const char *s)
{
	unsigned first = (unsigned char)*s;
	unsigned value;

	if (first < 0x80)
		return first;
	if (first < 0xc0)
		return REPLACEMENT;
	value = first & (first >= 0xf0 ? 0x07u : first >= 0xe0 ? 0x0fu : 0x1fu);
	while (((unsigned char)*++s & 0xc0) == 0x80)
		value = value << 6 | ((unsigned char)*s & 0x3f);
	return value;
}

const char *character_advice(unsigned code)
{
	size_t count = sizeof(characters) / sizeof(*characters);

	for (size_t i = 0; i < count; i++)
		if (code >= characters[i].first && code <= characters[i].last)
			return characters[i].advice;
	return NULL;
}

int character_is_quote(unsigned code)
{
	const char *advice = character_advice(code);

	return advice == quote || advice == apostrophe || code == 0xff02 ||
	       code == 0xff07;
}
