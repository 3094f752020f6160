#ifndef PIN_H
#define PIN_H

#include "cursor.h"
#include "release.h"

/* Of a SHA-256 in hexadecimal digits, with its NUL. */
#define PIN_SHA256_SIZE 65

/* Check the section "pins", whose mirrors and files the catalogue need not
 * have.  Returns 0, or -1 with each failure recorded. */
int pin_check_all(struct cursor *at);

/* Set *pin to what is pinned of the file at path below a mirror, copied into
 * the cursor's pool; all NULL if nothing is. */
void pin_find(const struct cursor *at, const char *mirror, const char *path,
	      struct pin *pin);

/* Whether text is a SHA-256 as pins have it: 64 lowercase hexadecimal
 * digits. */
int pin_is_sha256(const char *text);

#endif
