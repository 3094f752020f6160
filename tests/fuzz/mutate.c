/*
 * How libFuzzer changes a catalogue: three times of four as JSON, so that what
 * comes out is one that is read to its end; else byte for byte.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "mem.h"

/* libFuzzer's. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed);

static const char *const keys[] = {
	"arch",      "arches",   "args",        "background", "base",
	"bios",      "chain",    "config",      "customer",   "customermenu",
	"customers", "default",  "distro",      "distros",    "efi",
	"entries",   "eol",      "heading",     "hotkey",     "id",
	"include",   "initrds",  "kernel",      "loader",     "local",
	"main",      "memory",   "menu",        "menus",      "mirror",
	"mirrors",   "modules",  "name",        "networks",   "pxelinux",
	"root",      "shell",    "site",        "suffix",     "syslinux",
	"timeout",   "title",    "variant",     "variants",   "version",
	"versions",  "vesamenu", "distro_arch", "i386",       "amd64",
	"arm64",     "1.json",   "script",      "reboot",     "poweroff",
	"firmware",  "file",     "executable",  "image",      "memdisk",
	"multiboot",
};

/* A value, and where it is. */
struct place {
	json_t *parent; /* NULL: the root */
	const char *key;
	size_t index;
	json_t *value;
};

struct places {
	struct place *list;
	size_t count;
};

static void collect(struct places *all, struct place place)
{
	const char *key;
	json_t *value;
	size_t i;

	all->list = mem_grow(all->list, all->count + 1, sizeof(*all->list));
	all->list[all->count++] = place;
	json_object_foreach(place.value, key, value)
		collect(all, (struct place){ place.value, key, 0, value });
	json_array_foreach(place.value, i, value)
		collect(all, (struct place){ place.value, NULL, i, value });
}

/* Takes the value over. */
static void replace(const struct place *place, json_t *value)
{
	if (place->key != NULL)
		json_object_set_new(place->parent, place->key, value);
	else
		json_array_set_new(place->parent, place->index, value);
}

static json_t *changed_string(const json_t *value, unsigned random)
{
	uint8_t text[1024];
	size_t len = json_string_length(value);

	if (random % 4 == 0)
		return json_string(
			keys[random / 4 % (sizeof(keys) / sizeof(keys[0]))]);
	if (len > sizeof(text) / 2)
		len = sizeof(text) / 2;
	memcpy(text, json_string_value(value), len);
	len = LLVMFuzzerMutate(text, len, sizeof(text));
	return json_stringn((const char *)text, len);
}

static json_t *changed(const json_t *value, unsigned random)
{
	static const json_int_t numbers[] = { 0, 1, -1, 3599, 3600, 1 << 30 };

	if (json_is_string(value))
		return changed_string(value, random);
	if (json_is_integer(value))
		return json_integer(numbers[random % 6]);
	return random % 2 != 0 ? json_true() : json_null();
}

static void add(const struct place *to, const json_t *value, unsigned random)
{
	const char *key = keys[random % (sizeof(keys) / sizeof(keys[0]))];
	char id[] = { (char)('a' + random / 64 % 26), '\0' };

	if (json_is_object(to->value))
		json_object_set_new(to->value, random / 32 % 2 ? key : id,
				    json_deep_copy(value));
	else if (json_is_array(to->value))
		json_array_append_new(to->value, json_deep_copy(value));
}

static unsigned next_random(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 8;
}

/* One change somewhere below the root. */
static void change(json_t *root, unsigned *seed)
{
	struct places all = { NULL, 0 };
	const struct place *at, *other;
	unsigned random = next_random(seed);

	collect(&all, (struct place){ NULL, NULL, 0, root });
	at = &all.list[next_random(seed) % all.count];
	other = &all.list[next_random(seed) % all.count];
	if (at->parent == NULL || random % 5 == 0)
		add(at, other->value, next_random(seed));
	else if (random % 5 == 1)
		replace(at, json_deep_copy(other->value));
	else if (random % 5 == 2 && at->key != NULL)
		json_object_del(at->parent, at->key);
	else if (random % 5 == 2)
		json_array_remove(at->parent, at->index);
	else if (json_is_object(at->value) || json_is_array(at->value))
		add(at, other->value, next_random(seed));
	else
		replace(at, changed(at->value, next_random(seed)));
	free(all.list);
}

/* Change the first file of the input; returns its new size, 0 for none. */
static size_t mutate_json(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	const uint8_t *end = memchr(data, FUZZ_SEPARATOR, size);
	size_t first = end != NULL ? (size_t)(end - data) : size;
	json_t *root = json_loadb((const char *)data, first, 0, NULL);
	size_t rest = size - first;
	size_t made = 0;
	char *text = NULL;

	if (root == NULL)
		return 0;
	for (unsigned i = next_random(&seed) % 3 + 1; i > 0; i--)
		change(root, &seed);
	text = json_dumps(root, JSON_COMPACT);
	if (text != NULL && strlen(text) <= max && rest <= max - strlen(text)) {
		made = strlen(text);
		memmove(data + made, data + first, rest);
		memcpy(data, text, made);
		made += rest;
	}
	free(text);
	json_decref(root);
	return made;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	size_t made = 0;

	if (seed % 4 != 0)
		made = mutate_json(data, size, max, seed);
	return made > 0 ? made : LLVMFuzzerMutate(data, size, max);
}
