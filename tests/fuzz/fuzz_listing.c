/*
 * A list of releases, which strangers write: the first byte says its kind.  No
 * item may be more than a name, a line or a value.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "listing.h"
#include "mem.h"

static const char url[] = "http://m.example.org/r/";

/* What is expected of the items. */
struct expected {
	enum list_kind kind;
	size_t count;
};

static void check_item(void *ctx, const char *item)
{
	struct expected *e = ctx;
	size_t len = strlen(item);

	FUZZ_CHECK(len > 0 && len <= LISTING_ITEM_MAX, "%zu bytes", len);
	for (size_t i = 0; i < len; i++)
		FUZZ_CHECK(item[i] >= 0x20 && item[i] <= 0x7e, "byte %d",
			   item[i]);
	if (e->kind == LIST_INDEX) {
		FUZZ_CHECK(item[0] != '.' && item[0] != '/', "'%s'", item);
		FUZZ_CHECK(strcspn(item, "/") + 1 >= len, "'%s'", item);
	}
	if (e->kind == LIST_JSON)
		FUZZ_CHECK(item[0] == '/' || item[0] == ' ', "'%s'", item);
	e->count++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct expected e = { .count = 0 };
	const char *wrong = NULL;
	char *text;
	int rc;

	if (size == 0)
		return -1;
	e.kind = (enum list_kind)(data[0] % LIST_KIND_COUNT);
	/* Exactly as long as it is, so that a byte too much is seen. */
	text = mem_get(size);
	memcpy(text, data + 1, size - 1);
	rc = listing_read(&(struct listing){ e.kind, url, text, size - 1 },
			  check_item, &e, &wrong);
	FUZZ_CHECK((rc == 0) == (wrong == NULL), "%d", rc);
	FUZZ_CHECK(e.count <= LISTING_ITEMS_MAX, "%zu items", e.count);
	free(text);
	return 0;
}
