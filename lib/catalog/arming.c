#include "arming.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "mem.h"
#include "uri.h"

/* How far the clocks of two hosts, or of one before and after it is set, may
 * differ, in seconds. */
#define CLOCK_SLACK 300

/* Seconds after which the file that began an installation begins another. */
#define TRY_AFTER 60

/* How many addresses of one machine are kept. */
#define ADDRESSES_MAX 8

#define FIND_DIGITS (ARMING_FIND_SIZE - 1)
#define TAG_DIGITS (2 * SIPHASH_BYTES)

static const char group_prefix[] = "group-";
static const char suffix[] = ".json";

void arming_free(struct arming *a)
{
	json_decref(a->machines);
	*a = (struct arming){ .is_there = 0 };
}

void arming_group_name(const char *id, char name[static ARMING_NAME_SIZE])
{
	snprintf(name, ARMING_NAME_SIZE, "%s%s%s", group_prefix, id, suffix);
}

char *arming_group_id(const char *name)
{
	const size_t before = sizeof(group_prefix) - 1;
	const size_t after = sizeof(suffix) - 1;
	size_t len = strlen(name);

	if (strncmp(name, group_prefix, before) != 0 || len <= before + after)
		return NULL;
	return mem_copy(name + before, len - before - after);
}

int arming_machine(const struct identity *id,
		   char name[static IDENTITY_NAME_SIZE])
{
	char swapped[IDENTITY_NAME_SIZE];

	if (identity_name(id, IDENTITY_UUID, name) == 0) {
		identity_name(id, IDENTITY_UUID_SWAPPED, swapped);
		if (strcmp(swapped, name) < 0)
			memcpy(name, swapped, sizeof(swapped));
	} else if (identity_name(id, IDENTITY_MAC, name) < 0) {
		return -1;
	}
	name[strlen(name) - (sizeof(suffix) - 1)] = '\0';
	return 0;
}

static int is_hex(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (uri_hex_digit(s[i]) < 0 || (s[i] >= 'A' && s[i] <= 'F'))
			return 0;
	return 1;
}

static int read_secret(const char *s, struct arming *a)
{
	if (strlen(s) != TAG_DIGITS || !is_hex(s, TAG_DIGITS))
		return -1;
	for (size_t i = 0; i < sizeof(a->secret); i++)
		a->secret[i] = (unsigned char)(uri_hex_digit(s[2 * i]) << 4 |
					       uri_hex_digit(s[2 * i + 1]));
	return 0;
}

/* Whether the mark of a machine says all that it must. */
static int is_mark(json_t *mark)
{
	const char *state, *first, *began;
	json_int_t tries;
	json_t *addresses;

	return json_unpack_ex(mark, NULL, JSON_STRICT,
			      "{s:s, s:I, s:s, s:s, s:o}", "state", &state,
			      "tries", &tries, "first", &first, "began", &began,
			      "addresses", &addresses) == 0 &&
	       (strcmp(state, "begun") == 0 || strcmp(state, "done") == 0) &&
	       tries > 0 && date_parse(began) >= 0 && json_is_array(addresses);
}

static int read_fields(json_t *stored, struct arming *a)
{
	const char *secret, *armed, *expires;
	const char *machine;
	json_t *mark;

	if (json_unpack_ex(stored, NULL, JSON_STRICT,
			   "{s:s, s:s, s:s, s:I, s:I, s:O}", "secret", &secret,
			   "armed", &armed, "expires", &expires, "retries",
			   &a->retries, "max", &a->max, "machines",
			   &a->machines) < 0 ||
	    read_secret(secret, a) < 0 || !json_is_object(a->machines) ||
	    a->retries < 0 || a->max < 1)
		return -1;
	a->armed = date_parse(armed);
	a->expires = date_parse(expires);
	json_object_foreach(a->machines, machine, mark)
		if (!is_mark(mark))
			return -1;
	return a->armed >= 0 && a->expires >= 0 ? 0 : -1;
}

int arming_set_broken(struct arming *a, const char *name, const char *reason,
		      struct error *err)
{
	a->is_there = a->is_broken = 1;
	return error_set(err, NULL, 0,
			 "the state of %s cannot be read: %s: it counts as "
			 "done; disarm it",
			 identity_shown(name), reason);
}

int arming_take(struct arming *a, const char *name, json_t *stored,
		struct error *err)
{
	*a = (struct arming){ .is_there = 1 };
	if (stored == NULL || read_fields(stored, a) < 0)
		return arming_set_broken(a, name, "it is not whole", err);
	return 0;
}

json_t *arming_stored(const struct arming *a)
{
	char armed[DATE_SIZE], expires[DATE_SIZE];
	char secret[SIPHASH_TEXT_SIZE];

	siphash_print(a->secret, secret);
	date_print(a->armed, armed);
	date_print(a->expires, expires);
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:O}", "secret", secret,
			 "armed", armed, "expires", expires, "retries",
			 a->retries, "max", a->max, "machines", a->machines);
}

enum arming_state arming_state_of(const struct arming *a, const char *machine,
				  long long now)
{
	const json_t *mark = json_object_get(a->machines, machine);

	if (a->is_broken)
		return ARMING_DONE;
	if (!a->is_there)
		return ARMING_UNARMED;
	if (mark != NULL)
		return strcmp(json_string_value(json_object_get(mark, "state")),
			      "begun") == 0
			       ? ARMING_BEGUN
			       : ARMING_DONE;
	if (now >= a->expires || now < a->armed - CLOCK_SLACK)
		return ARMING_UNARMED;
	return (json_int_t)json_object_size(a->machines) < a->max ? ARMING_ARMED
								  : ARMING_FULL;
}

int arming_installs(const struct arming *a, const char *machine, int always,
		    long long now)
{
	const json_t *mark = json_object_get(a->machines, machine);

	switch (arming_state_of(a, machine, now)) {
	case ARMING_UNARMED:
	case ARMING_FULL:
		return 0;
	case ARMING_ARMED:
		return always || !a->is_stale;
	case ARMING_BEGUN:
		return always ||
		       (!a->is_stale && json_integer_value(json_object_get(
						mark, "tries")) <= a->retries);
	case ARMING_DONE:
		return always && !a->is_broken;
	}
	return 0;
}

/* FNV-1a, by Fowler, Noll and Vo: it finds a state and keeps no secret. */
void arming_print_find(const char *name, char out[static ARMING_FIND_SIZE])
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
	snprintf(out, ARMING_FIND_SIZE, "%016" PRIx64, hash);
}

void arming_token(const struct arming *a, const char *name, const char *machine,
		  char token[static ARMING_TOKEN_SIZE])
{
	unsigned char tag[SIPHASH_BYTES];
	char *end = token + FIND_DIGITS + TAG_DIGITS;

	siphash(a->secret, machine, strlen(machine), tag);
	arming_print_find(name, token);
	siphash_print(tag, token + FIND_DIGITS);
	if (strcmp(name, machine) != 0)
		snprintf(end, IDENTITY_NAME_SIZE + 1, "-%s", machine);
}

int arming_is_token(const char *s, size_t len)
{
	const size_t digits = FIND_DIGITS + TAG_DIGITS;

	if (len < digits || len >= ARMING_TOKEN_SIZE || !is_hex(s, digits))
		return 0;
	return len == digits || s[digits] == '-';
}

/* In a time that does not tell where two texts differ. */
static int is_same(const char *a, const char *b)
{
	size_t len = strlen(a);
	int differs = 0;

	if (strlen(b) != len)
		return 0;
	for (size_t i = 0; i < len; i++)
		differs |= a[i] ^ b[i];
	return differs == 0;
}

int arming_token_machine(const char *token, const char *name,
			 char machine[static IDENTITY_NAME_SIZE])
{
	const char *rest = token + FIND_DIGITS + TAG_DIGITS;

	if (*rest == '-')
		rest++;
	else
		rest = name;
	if (strlen(rest) >= IDENTITY_NAME_SIZE)
		return -1;
	memcpy(machine, rest, strlen(rest) + 1);
	return 0;
}

int arming_is_token_of(const struct arming *a, const char *name,
		       const char *machine, const char *token)
{
	char right[ARMING_TOKEN_SIZE];

	arming_token(a, name, machine, right);
	return is_same(right, token);
}

static void set_state(json_t *mark, const char *state)
{
	json_object_set_new(mark, "state", json_string(state));
}

static void set_begun(json_t *mark, const struct arming_fetch *f,
		      json_int_t tries)
{
	char now[DATE_SIZE];

	date_print(f->now, now);
	set_state(mark, "begun");
	json_object_set_new(mark, "tries", json_integer(tries));
	json_object_set_new(mark, "first", json_string(f->file));
	json_object_set_new(mark, "began", json_string(now));
}

static json_t *add_mark(struct arming *a, const struct arming_fetch *f)
{
	json_t *mark = json_object();

	json_object_set_new(mark, "addresses", json_array());
	set_begun(mark, f, 1);
	json_object_set_new(a->machines, f->machine, mark);
	return mark;
}

/* Returns whether it was not there, and there is room for it. */
static int add_address(json_t *mark, const char *address)
{
	json_t *list = json_object_get(mark, "addresses");
	size_t i;
	const json_t *known;

	json_array_foreach(list, i, known)
		if (json_is_string(known) &&
		    strcmp(json_string_value(known), address) == 0)
			return 0;
	if (json_array_size(list) >= ADDRESSES_MAX)
		return 0;
	json_array_append_new(list, json_string(address));
	return 1;
}

/* Whether the fetch begins the next try.  It does too where the clock has been
 * set back: it would count none until that time has come again. */
static int is_next(const json_t *mark, const struct arming_fetch *f)
{
	const char *first = json_string_value(json_object_get(mark, "first"));
	const char *began = json_string_value(json_object_get(mark, "began"));
	const long long age = f->now - date_parse(began);

	return strcmp(first, f->file) == 0 &&
	       (age >= TRY_AFTER || age < -CLOCK_SLACK);
}

enum arming_verdict arming_fetch(struct arming *a, const struct arming_fetch *f,
				 int *is_new)
{
	const enum arming_state state = arming_state_of(a, f->machine, f->now);
	json_t *mark = json_object_get(a->machines, f->machine);
	int is_changed = 1;

	*is_new = 0;
	if (state == ARMING_UNARMED || state == ARMING_FULL || a->is_broken ||
	    (state == ARMING_DONE && !f->always) ||
	    (state == ARMING_ARMED && a->is_stale && !f->always))
		return ARMING_REFUSED;
	if (mark == NULL) {
		add_address(add_mark(a, f), f->address);
		return ARMING_CHANGED;
	}
	if (state == ARMING_DONE || is_next(mark, f))
		set_begun(mark, f,
			  json_integer_value(json_object_get(mark, "tries")) +
				  1);
	else
		is_changed = 0;
	*is_new = add_address(mark, f->address);
	return is_changed || *is_new ? ARMING_CHANGED : ARMING_ALLOWED;
}

enum arming_verdict arming_end(struct arming *a, const struct arming_fetch *f)
{
	json_t *mark = json_object_get(a->machines, f->machine);

	switch (arming_state_of(a, f->machine, f->now)) {
	case ARMING_UNARMED:
	case ARMING_FULL:
		return ARMING_REFUSED;
	case ARMING_ARMED:
		if (a->is_stale && !f->always)
			return ARMING_REFUSED;
		mark = add_mark(a, f);
		add_address(mark, f->address);
		break;
	case ARMING_BEGUN:
		break;
	case ARMING_DONE:
		return a->is_broken ? ARMING_REFUSED : ARMING_ALLOWED;
	}
	set_state(mark, "done");
	return ARMING_CHANGED;
}

const char *arming_word(enum arming_state state)
{
	static const char *const words[] = { "unarmed", "full", "armed",
					     "begun", "done" };

	return words[state];
}
