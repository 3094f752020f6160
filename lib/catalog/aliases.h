#ifndef ALIASES_H
#define ALIASES_H

#include "offer.h"

/* Words of people and of other projects for the catalogue's names. */
extern const struct alias aliases[];

#endif
