#ifndef VERSION_H
#define VERSION_H

#include <jansson.h>

/* In "order", the place of all versions that are not listed there. */
#define VERSION_OTHERS "*"

/* Less than 0, 0 or more, as version a is less than b: 9 < 10, 24.04 < 24.10,
 * v3.9 < v3.10, 24.03-SP4 < 24.03-SP10, 10-beta < 10. */
int version_compare(const char *a, const char *b);

/*
 * The ids of a distro's versions in the order of menus, borrowed; the list ends
 * in NULL and is released with free().  Tools that write JSON may sort its
 * keys, and a later file can only append a version, so their order in the file
 * says little:
 *
 *  - those of the distro's array "order", as there, up to VERSION_OTHERS;
 *  - those without a number that the file has before any with one;
 *  - those whose id has a number, the greatest first: 24.10, 24.04, 9;
 *  - the others without a number;
 *  - those of "order" behind VERSION_OTHERS.
 *
 * What is equal stays in the order of the file.
 */
const char **version_sort(const json_t *distro);

#endif
