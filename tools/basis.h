#ifndef BASIS_H
#define BASIS_H

#include "withheld.h"

/*
 * What each text of an export is made from, as a sum: a text whose basis is the
 * same as before is the same.  The basis of a release's texts has its distro;
 * that of a menu's has the menu, all below it with the distros that they offer,
 * and the ways to it; that of an index for people has the tree of all menus.
 * Each has all other sections of the catalogue, the templates, the program
 * itself, and what it was told.  No text depends on the date, nor on who runs
 * the program.
 */
struct basis;

/* What the basis of every text has. */
struct basis_options {
	const struct site_paths *paths; /* that the site was made of */
	const struct site *site;
	const struct withheld *withheld;
	const char *base; /* URL of the export's directory */
	int has_pages;
};

/* All is borrowed.  Returns NULL when it cannot be known: a file cannot be
 * read, or has changed since the site read it.  Release with basis_free(). */
struct basis *basis_new(const struct basis_options *o);
void basis_free(struct basis *b);

/* The basis of the text that the link is to, whose page and dialect are set;
 * borrowed. */
const char *basis_of(const struct basis *b, const struct link *link);

#endif
