#ifndef SUGGEST_H
#define SUGGEST_H

/*
 * The name among known, a list that ends in NULL, that whoever wrote wanted
 * may have meant: another case, another project's word for it, or a few
 * letters wrong, missing, too many or swapped.  Borrowed from known; NULL
 * when none is near.
 */
const char *suggest(const char *wanted, const char *const *known);

#endif
