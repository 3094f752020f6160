#ifndef IDENTITY_H
#define IDENTITY_H

#include "buf.h"

/* Sizes of texts, with their NUL. */
#define IDENTITY_MAC_SIZE 18
#define IDENTITY_UUID_SIZE 37
#define IDENTITY_SERIAL_SIZE 65
#define IDENTITY_NAME_SIZE (IDENTITY_SERIAL_SIZE + 12)

/*
 * What sets a machine apart from all others, printed by us: the MAC of the card
 * that it boots from as "52-54-00-12-34-56", its UUID in lower case.  The
 * serial is the client's own text of [A-Za-z0-9._-]: it may join the name of a
 * host file, and is never printed.  "": not known, or shared by many machines,
 * as a UUID of zeros is.
 */
struct identity {
	char mac[IDENTITY_MAC_SIZE];
	char uuid[IDENTITY_UUID_SIZE];
	char serial[IDENTITY_SERIAL_SIZE];
};

/*
 * Set the MAC.  Its bytes are two hexadecimal digits each, with nothing between
 * them, or with ':' or '-', where the first digit may be left out if it is 0
 * (dhcpd's binary-to-ascii), or in groups of four digits with '.'.  PXELINUX
 * writes the type of the hardware before it: "01-52-54-00-12-34-56".  "", and
 * the longer address of another kind of card, leave it unknown.  Returns NULL,
 * or a phrase that says what is wrong.
 */
const char *identity_set_mac(struct identity *id, const char *s);

/* Set the UUID: 32 hexadecimal digits, with '-' in its places or without, or
 * "", which leaves it unknown.  Returns as identity_set_mac() does. */
const char *identity_set_uuid(struct identity *id, const char *s);

/*
 * Set the serial: the text itself, or '~' and the hexadecimal digits of its
 * bytes, since some loaders cannot send a blank or '&' in any other way.  A
 * text with any other byte than [A-Za-z0-9._-] leaves it unknown.  Returns as
 * identity_set_mac() does.
 */
const char *identity_set_serial(struct identity *id, const char *s);

/* The names that a machine's host file may have, in the order in which they are
 * looked up. */
enum identity_key {
	IDENTITY_MAC,
	IDENTITY_UUID,
	IDENTITY_UUID_SWAPPED, /* gPXE and SYSLINUX send the first three fields
				  in the other byte order */
	IDENTITY_SERIAL,
	IDENTITY_KEY_COUNT
};

/* Write that name.  Returns 0, or -1 if the machine has none of that kind. */
int identity_name(const struct identity *id, enum identity_key key,
		  char name[static IDENTITY_NAME_SIZE]);

/*
 * Whether the text is the name of a host file, as identity_name() writes it.
 * Returns NULL with *id set to what it names; or a phrase that says what is
 * wrong, with the right name appended to instead where there is one.
 */
const char *identity_parse_name(const char *name, struct identity *id,
				struct buf *instead);

/* The name of a host file for people: a serial is left out. */
const char *identity_shown(const char *name);

#endif
