#ifndef ARGS_H
#define ARGS_H

#include "buf.h"

/*
 * Kernel arguments are words with blanks between them.  A blank in double
 * quotes does not end a word, and the quotes may stand around the value or
 * around the whole word: name="a b" and "name=a b" are the same to Linux
 * (lib/cmdline.c, next_arg()).
 */

/* The longest arguments that a kernel takes whole, in bytes: x86 has 2048 with
 * the NUL (arch/x86/include/asm/setup.h). */
#define ARGS_MAX 2047

/* Append the next word at *s to word, without its quotes, and move *s behind
 * it.  Returns 1, or 0 if there is none. */
int args_next(const char **s, struct buf *word);

/* The length of the word at s, which is no blank, with its quotes. */
size_t args_word_length(const char *s);

/* Whether the arguments have the same as this word of len bytes before its '=',
 * or the word itself where it has none. */
int args_has_name(const char *args, const char *word, size_t len);

/* The first word "---" or "--" of the arguments, or their end: what follows it
 * is copied to the system that Debian's installer, and some others, install. */
const char *args_dashes(const char *args);

/* What is wrong with arguments of any loader, static: "have two spaces in a
 * row: write one".  NULL: nothing. */
const char *args_check(const char *args);

#endif
