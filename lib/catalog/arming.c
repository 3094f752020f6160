#include "arming.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "date.h"
#include "mem.h"
#include "uri.h"

/* The largest file: a group of some 20,000 machines. */
#define FILE_MAX_BYTES (4 * 1024 * 1024)

/* How far the clocks of two hosts, or of one before and after it is set, may
 * differ, in seconds. */
#define CLOCK_SLACK 300

#define FIND_DIGITS 16
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
	if (id->uuid[0] != '\0')
		snprintf(name, IDENTITY_NAME_SIZE, "uuid-%s", id->uuid);
	else if (id->mac[0] != '\0')
		snprintf(name, IDENTITY_NAME_SIZE, "%s", id->mac);
	else
		return -1;
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

static int read_fields(json_t *file, struct arming *a)
{
	const char *secret, *armed, *expires;
	const char *machine;
	json_t *mark;

	if (json_unpack_ex(file, NULL, JSON_STRICT,
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

static int fail(struct arming *a, const char *name, const char *reason,
		struct error *err)
{
	a->is_broken = 1;
	return error_set(err, NULL, 0,
			 "the state of %s cannot be read: %s: it counts as "
			 "done; disarm it",
			 identity_shown(name), reason);
}

int arming_read(const char *dir, const char *name, struct arming *a,
		struct error *err)
{
	struct buf path = BUF_INIT;
	struct buf text = BUF_INIT;
	json_t *file = NULL;
	int reason = 0;
	int fd;

	*a = (struct arming){ .is_there = 1 };
	buf_printf(&path, "%s/%s", dir, name);
	fd = open(path.data, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || buf_read(&text, fd, FILE_MAX_BYTES) < 0)
		reason = errno;
	else
		file = json_loadb(buf_text(&text), text.len,
				  JSON_REJECT_DUPLICATES, NULL);
	if (fd >= 0)
		close(fd);
	a->is_there = reason != ENOENT;
	if (reason != 0 && reason != ENOENT)
		fail(a, name, strerror(reason), err);
	else if (reason == 0 && (file == NULL || read_fields(file, a) < 0))
		fail(a, name, "it is not whole", err);
	json_decref(file);
	buf_free(&text);
	buf_free(&path);
	return a->is_broken ? -1 : 0;
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
	if (now >= a->expires || now < a->armed - CLOCK_SLACK ||
	    (json_int_t)json_object_size(a->machines) >= a->max)
		return ARMING_UNARMED;
	return ARMING_ARMED;
}

int arming_installs(const struct arming *a, const char *machine, int always,
		    long long now)
{
	const json_t *mark = json_object_get(a->machines, machine);

	switch (arming_state_of(a, machine, now)) {
	case ARMING_UNARMED:
		return 0;
	case ARMING_ARMED:
		return 1;
	case ARMING_BEGUN:
		return always ||
		       json_integer_value(json_object_get(mark, "tries")) <=
			       a->retries;
	case ARMING_DONE:
		return always && !a->is_broken;
	}
	return 0;
}

/* FNV-1a, by Fowler, Noll and Vo: it finds a file and keeps no secret. */
static void print_find(const char *name, char out[static FIND_DIGITS + 1])
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
	snprintf(out, FIND_DIGITS + 1, "%016" PRIx64, hash);
}

void arming_token(const struct arming *a, const char *name, const char *machine,
		  char token[static ARMING_TOKEN_SIZE])
{
	unsigned char tag[SIPHASH_BYTES];
	char *end = token + FIND_DIGITS + TAG_DIGITS;

	siphash(a->secret, machine, strlen(machine), tag);
	print_find(name, token);
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

/* The name in the directory that the token's first digits stand for.  Returns
 * as arming_find(). */
static int find_name(const char *dir, const char *token,
		     char name[static ARMING_NAME_SIZE], struct error *err)
{
	DIR *stream = opendir(dir);
	const struct dirent *entry;
	char find[FIND_DIGITS + 1];
	int found = 0;

	if (stream == NULL && errno == ENOENT)
		return 0;
	if (stream == NULL)
		return error_set(err, NULL, 0,
				 "the state directory cannot be read: %s",
				 strerror(errno));
	while (!found && (entry = readdir(stream)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (entry->d_name[0] == '.' || len >= ARMING_NAME_SIZE)
			continue;
		print_find(entry->d_name, find);
		found = strncmp(find, token, FIND_DIGITS) == 0;
		if (found)
			memcpy(name, entry->d_name, len + 1);
	}
	closedir(stream);
	return found;
}

/* The machine that the token, of the file's, names. */
static int take_machine(const char *token, const char *name,
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

int arming_find(const char *dir, const char *token, struct arming *a,
		char name[static ARMING_NAME_SIZE],
		char machine[static IDENTITY_NAME_SIZE], struct error *err)
{
	char right[ARMING_TOKEN_SIZE];
	int found = find_name(dir, token, name, err);

	*a = (struct arming){ .is_there = 0 };
	if (found <= 0)
		return found;
	if (take_machine(token, name, machine) < 0 ||
	    arming_read(dir, name, a, err) < 0 || !a->is_there)
		return err->text[0] != '\0' ? -1 : 0;
	arming_token(a, name, machine, right);
	return is_same(right, token);
}

const char *arming_word(enum arming_state state)
{
	static const char *const words[] = { "unarmed", "armed", "begun",
					     "done" };

	return words[state];
}
