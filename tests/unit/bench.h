/* A cursor at /a of the file f, and the object there. */
#ifndef BENCH_H
#define BENCH_H

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "cursor.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

struct bench {
	struct mem_pool pool;
	struct error err;
	struct cursor at;
	json_t *object;
	char instead[128]; /* of the last failure */
};

static inline void bench_report(void *ctx, const struct failure *failure)
{
	struct bench *b = ctx;

	snprintf(b->instead, sizeof(b->instead), "%s", failure->instead);
}

/* The object, written with ' for ". */
static inline void bench_start(struct bench *b, const char *json)
{
	char text[256];

	memset(b, 0, sizeof(*b));
	snprintf(text, sizeof(text), "%s", json);
	for (char *c = text; (c = strchr(c, '\'')) != NULL;)
		*c = '"';
	b->object = json_loads(text, 0, NULL);
	assert_non_null(b->object);
	b->at.pool = &b->pool;
	b->at.err = &b->err;
	b->err.report = bench_report;
	b->err.ctx = b;
	b->at.file = "f";
	cursor_enter(&b->at, "a");
}

static inline void bench_end(struct bench *b)
{
	/* Whatever was read, the cursor is where it was. */
	assert_string_equal(buf_text(&b->at.pointer), "/a");
	json_decref(b->object);
	cursor_free(&b->at);
	mem_pool_free(&b->pool);
}

#endif
