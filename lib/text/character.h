#ifndef CHARACTER_H
#define CHARACTER_H

/* The code point of the character at s, which is UTF-8; U+FFFD if s is in the
 * middle of one. */
unsigned character_code(const char *s);

/* What the character is and what to write instead, static: "a typographic dash:
 * write '-'".  It is for characters that people paste, or that a program puts
 * in place of what they type; NULL: it is another one. */
const char *character_advice(unsigned code);

/* Whether it is a quote of any kind, single or double, but not ' or ". */
int character_is_quote(unsigned code);

#endif
