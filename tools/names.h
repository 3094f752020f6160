#ifndef NAMES_H
#define NAMES_H

#include "buf.h"
#include "page.h"

/*
 * The names of an export's files, relative to its directory:
 *
 *	boot/MENU/MACHINE.DIALECT, boot/MENU/from-FROM/MACHINE.DIALECT
 *	menu/MENU/MACHINE.DIALECT, menu/MENU/from-FROM/MACHINE.DIALECT
 *	customer/CUSTOMER/MACHINE.DIALECT
 *	release/DISTRO/VERSION/ARCH.DIALECT,
 *	release/DISTRO/VERSION/ARCH/VARIANT.DIALECT
 *
 * MACHINE is any, bios, efi, bios-amd64 and so on.  A capital letter of an id
 * is written as '~' and the small one, and '~' as "~~": no two names differ by
 * case alone, and no two links have the same name.
 */

/* Append the name of the file that has the text of the page that link is to.
 * Its page, dialect and machine are set, where the page asks for a machine. */
void names_add_path(struct buf *out, const struct catalog *c,
		    const struct link *link);

/* Append MACHINE. */
void names_add_machine(struct buf *out, const struct machine *machine);

/* Append the URL of the file to, relative to that of the file from. */
void names_add_relative(struct buf *out, const char *from, const char *to);

/* Whether there are machines of that kind, and loaders that tell so much and no
 * more of theirs: nothing, the platform, or the architecture too. */
int names_has_machine(const struct machine *machine);

#endif
