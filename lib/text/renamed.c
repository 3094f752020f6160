#include "renamed.h"

#include <string.h>

const struct renamed *renamed_find(const struct renamed *table,
				   const char *name, size_t len)
{
	for (; table->before != NULL; table++)
		if (strlen(table->before) == len &&
		    memcmp(table->before, name, len) == 0)
			return table;
	return NULL;
}
