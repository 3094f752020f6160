/*
 * What a client sends as text: a query, and, read from the same bytes, a URL
 * and an address.  Each is read a second time in the plainest way there is,
 * and both must come to the same.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "mem.h"
#include "network.h"
#include "query.h"
#include "uri.h"

#define PARAMS_MAX 16

struct pair {
	char *name, *value;
};

struct pairs {
	struct pair list[PARAMS_MAX];
	size_t count;
};

static int is_value_char(char c)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789._~-";

	return c != '\0' && strchr(chars, c) != NULL;
}

/* Values are of three kinds. */
enum kind { IS_VALUE, IS_WORDS, IS_IDENTITY };

static enum kind kind_of(const char *name)
{
	if (name == NULL)
		return IS_VALUE;
	if (strcmp(name, "find") == 0)
		return IS_WORDS;
	return strcmp(name, "mac") == 0 || strcmp(name, "uuid") == 0 ||
			       strcmp(name, "serial") == 0
		       ? IS_IDENTITY
		       : IS_VALUE;
}

/* What stands for one byte at *s; '\0' when nothing that may be there does. */
static char next_char(const char **s, const char *end, enum kind kind)
{
	char digits[3] = "";
	char c = *(*s)++;

	if (c == '%') {
		char *stop;

		if (end - *s < 2)
			return '\0';
		memcpy(digits, *s, 2);
		*s += 2;
		/* strtoul() takes signs and spaces too. */
		if (strspn(digits, "0123456789abcdefABCDEF") != 2)
			return '\0';
		c = (char)strtoul(digits, &stop, 16);
	} else if (kind == IS_WORDS && c == '+') {
		c = ' ';
	}
	if (kind == IS_WORDS && c >= 0x20 && c <= 0x7e)
		return c;
	if (kind == IS_IDENTITY)
		return c;
	return is_value_char(c) ? c : '\0';
}

/* Decoded; NULL for what a parameter may not have. */
static char *read_text(const char *s, const char *end, enum kind kind)
{
	struct buf text = BUF_INIT;

	while (s < end) {
		char c = next_char(&s, end, kind);

		if (c == '\0') {
			buf_free(&text);
			return NULL;
		}
		buf_putc(&text, c);
	}
	if (kind == IS_VALUE ? text.len > 0
			     : text.len <= (kind == IS_WORDS ? 64 : 600))
		return buf_take(&text);
	buf_free(&text);
	return NULL;
}

static int add_pair(struct pairs *pairs, const char *s, const char *end)
{
	const char *equals = memchr(s, '=', (size_t)(end - s));
	struct pair *pair = &pairs->list[pairs->count];

	if (equals == NULL || pairs->count == PARAMS_MAX)
		return -1;
	pairs->count++;
	pair->name = read_text(s, equals, IS_VALUE);
	pair->value = read_text(equals + 1, end, kind_of(pair->name));
	if (pair->name == NULL || pair->value == NULL)
		return -1;
	for (size_t i = 0; i + 1 < pairs->count; i++)
		if (strcmp(pairs->list[i].name, pair->name) == 0)
			return -1;
	return 0;
}

static int read_pairs(struct pairs *pairs, const char *s)
{
	const char *end = s + strlen(s);

	while (s < end) {
		const char *stop = memchr(s, '&', (size_t)(end - s));

		if (stop == NULL)
			stop = end;
		if (stop + 1 == end || add_pair(pairs, s, stop) < 0)
			return -1;
		s = stop < end ? stop + 1 : end;
	}
	return 0;
}

static void free_pairs(struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->list[i].name);
		free(pairs->list[i].value);
	}
}

/* The query s must have these parameters and no others. */
static void check_same(const char *s, const struct pairs *pairs)
{
	const char *names[PARAMS_MAX + 1] = { NULL };
	struct error err = ERROR_INIT;
	struct query *q = query_parse(s, &err);

	FUZZ_CHECK(q != NULL, "'%s': %s", s, err.text);
	for (size_t i = 0; i < pairs->count; i++) {
		const struct pair *pair = &pairs->list[i];
		const char *value = query_get(q, pair->name);

		names[i] = pair->name;
		FUZZ_CHECK(value != NULL && strcmp(value, pair->value) == 0,
			   "'%s': %s is '%s'", s, pair->name,
			   value != NULL ? value : "missing");
	}
	FUZZ_CHECK(query_check_names(q, names, &err) == 0, "'%s': %s", s,
		   err.text);
	if (pairs->count > 0) {
		FUZZ_CHECK(query_check_names(q, names + 1, &err) < 0, "'%s'",
			   s);
		fuzz_check_error(&err);
	}
	query_free(q);
}

static void encode(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++)
		buf_printf(out, "%%%02X", (unsigned char)*s);
}

/* Decoded once there is nothing left to decode, but in find, and all of it
 * encoded is the same query. */
static void check_encoding(const struct pairs *pairs)
{
	struct buf plain = BUF_INIT;
	struct buf encoded = BUF_INIT;

	for (size_t i = 0; i < pairs->count; i++) {
		const char *before = i > 0 ? "&" : "";

		buf_printf(&plain, "%s%s=", before, pairs->list[i].name);
		if (kind_of(pairs->list[i].name) != IS_VALUE)
			encode(&plain, pairs->list[i].value);
		else
			buf_puts(&plain, pairs->list[i].value);
		buf_puts(&encoded, before);
		encode(&encoded, pairs->list[i].name);
		buf_putc(&encoded, '=');
		encode(&encoded, pairs->list[i].value);
	}
	check_same(buf_text(&plain), pairs);
	check_same(buf_text(&encoded), pairs);
	buf_free(&plain);
	buf_free(&encoded);
}

static void check_query(const char *s)
{
	struct pairs pairs = { .count = 0 };
	struct error err = ERROR_INIT;
	struct query *q;

	if (read_pairs(&pairs, s) == 0) {
		check_same(s, &pairs);
		check_encoding(&pairs);
	} else {
		q = query_parse(s, &err);
		FUZZ_CHECK(q == NULL, "'%s' is taken", s);
		fuzz_check_error(&err);
	}
	free_pairs(&pairs);
}

/* Decoding adds no bytes, and none that are wrong stay. */
static void check_decoding(const char *s, size_t len)
{
	struct buf out = BUF_INIT;
	int rc;

	buf_puts(&out, "kept");
	rc = uri_decode(&out, s, len);
	FUZZ_CHECK(out.len <= len + 4 && memcmp(out.data, "kept", 4) == 0,
		   "%zu bytes of %zu", out.len, len);
	FUZZ_CHECK(memchr(s, '\0', len) != NULL ||
			   memchr(out.data, '\0', out.len) == NULL,
		   "a NUL for an escape");
	FUZZ_CHECK(rc == 0 || out.len == 4, "%zu bytes after failure", out.len);
	if (rc == 0 && memchr(s, '%', len) == NULL)
		FUZZ_CHECK(out.len == len + 4 &&
				   memcmp(out.data + 4, s, len) == 0,
			   "plain text changed");
	buf_free(&out);
}

/* A URL put together again from its parts. */
static void check_parts(const char *s, const struct uri *u)
{
	struct buf out = BUF_INIT;
	const char *name_end = u->host + u->name_len;
	unsigned long port =
		*name_end == ':' ? strtoul(name_end + 1, NULL, 10) : 80;

	buf_puts(&out, u->is_https ? "https://" : "http://");
	buf_add(&out, u->host, u->host_len);
	buf_add(&out, u->path, u->path_len);
	if (u->query[0] != '\0' || s[out.len] == '?')
		buf_printf(&out, "?%s", u->query);
	FUZZ_CHECK(strcmp(out.data, s) == 0, "'%s' for '%s'", out.data, s);
	FUZZ_CHECK(strlen(s) <= URI_MAX && u->path[0] == '/', "'%s'", s);
	FUZZ_CHECK(strpbrk(s, " \"'<>\\^`{|}$%#,;") == NULL, "'%s'", s);
	FUZZ_CHECK(port > 0 && port <= 65535, "'%s': port %lu", s, port);
	buf_free(&out);
}

/* With a parameter more it is still one, and says the same beside. */
static void check_longer(const char *s, const struct uri *before)
{
	struct buf out = BUF_INIT;
	struct uri u;

	buf_puts(&out, s);
	uri_add_param(&out, "name", "value");
	if (out.len <= URI_MAX) {
		const char *reason = uri_parse(out.data, &u);

		FUZZ_CHECK(reason == NULL, "'%s' %s", out.data, reason);
		FUZZ_CHECK(u.host_len == before->host_len &&
				   u.path_len == before->path_len,
			   "'%s'", out.data);
	}
	buf_free(&out);
}

static void check_uri(const char *s)
{
	struct error err = ERROR_INIT;
	struct uri u = { .name_len = 1 };
	const char *reason = uri_parse(s, &u);

	if (reason != NULL) {
		FUZZ_CHECK(u.name_len == 1 && u.host == NULL, "'%s' changed u",
			   s);
		return;
	}
	check_parts(s, &u);
	check_longer(s, &u);
	/* What a catalogue may have every dialect must be able to write, but
	 * for the bounds of gPXE. */
	if (dialect_check_value(s, strlen(s), &err) < 0)
		FUZZ_CHECK(strstr(err.text, "native code") != NULL ||
				   (strlen(s) > URI_MAX_FOR_ALL &&
				    strstr(err.text, "250 bytes") != NULL),
			   "'%s': %s", s, err.text);
}

static int is_mapped(const struct network *n)
{
	static const unsigned char prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(n->bytes, prefix, sizeof(prefix)) == 0;
}

/* An address of the network is none any more with one bit of the prefix
 * changed, and another one with a bit behind it. */
static void check_bits(const char *s, const struct network *n)
{
	for (unsigned i = 0; i < 128; i++) {
		struct network address = *n;

		address.bits = 128;
		address.bytes[i / 8] ^= (unsigned char)(0x80 >> i % 8);
		if (is_mapped(&address) && n->bits < 96)
			continue; /* IPv4 lies in networks of its own */
		FUZZ_CHECK(network_has(n, &address) == (i >= n->bits),
			   "'%s', bit %u", s, i);
	}
}

static int is_equal(const struct network *a, const struct network *b)
{
	return a->bits == b->bits &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static void check_network(const char *s)
{
	struct network n, address, again;
	char text[NETWORK_TEXT_SIZE];
	const char *reason = network_parse(s, &n);

	if (reason == NULL) {
		FUZZ_CHECK(n.bits <= 128, "'%s': %u bits", s, n.bits);
		address = n;
		address.bits = 128;
		FUZZ_CHECK(network_has(&n, &address), "'%s'", s);
		check_bits(s, &n);
	}
	if (network_parse_address(s, &address) < 0)
		return;
	FUZZ_CHECK(address.bits == 128, "'%s'", s);
	FUZZ_CHECK(network_has(&address, &address), "'%s'", s);
	network_print_address(&address, text);
	FUZZ_CHECK(network_parse_address(text, &again) == 0 &&
			   is_equal(&again, &address),
		   "'%s' is printed as '%s'", s, text);
	if (strchr(s, '%') == NULL)
		FUZZ_CHECK(network_parse(s, &again) == NULL &&
				   is_equal(&again, &address),
			   "'%s' as a network is another", s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_copy((const char *)data, size);

	check_query(text);
	check_decoding(text, size);
	check_uri(text);
	check_network(text);
	free(text);
	return 0;
}
