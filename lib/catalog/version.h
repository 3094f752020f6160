#ifndef VERSION_H
#define VERSION_H

#include <jansson.h>

/*
 * The ids of a distro's versions in the order of menus, borrowed; the list ends
 * in NULL and is released with free().  Tools that write JSON may sort its
 * keys, and a later file can only append a version, so their order in the file
 * says little:
 *
 *  - those of the distro's array "order", as there;
 *  - those without a number that the file has before any with one;
 *  - those whose id begins with a number, the greatest first: 24.10, 24.04, 9.
 *    What follows the number does not count;
 *  - the others without a number.
 *
 * What is equal stays in the order of the file.
 */
const char **version_sort(const json_t *distro);

#endif
