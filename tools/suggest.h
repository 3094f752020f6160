#ifndef SUGGEST_H
#define SUGGEST_H

/*
 * The name in known, a list that ends in NULL, that is most similar to wanted:
 * in another case, another project's word for it, or with a few letters wrong,
 * missing, added or swapped.  Borrowed from known; NULL if no name is similar.
 */
const char *suggest(const char *wanted, const char *const *known);

#endif
