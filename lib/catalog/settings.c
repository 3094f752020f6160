#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "dialect.h"
#include "pattern.h"
#include "uri.h"
#include "value.h"
#include "values.h"
#include "words.h"

static const char *const site_keys[] = {
	"base",     "suffix",   "title",    "background",
	"timeout",  "vesamenu", "syslinux", "modules",
	"memdisk",  "menu",     "customer", "trusts",
	"shims",    "copies",   "values",   "trust_http_lists",
	WORDS_KEYS, NULL,
};

void settings_go(struct cursor *at, const char *key)
{
	cursor_go(at, "site", key);
	cursor_leave(at, strlen("/site"));
}

/* Go to the key; returns the section. */
static const json_t *go(struct cursor *at, const char *key)
{
	settings_go(at, key);
	return include_section(at->files, "site");
}

static int read_text(struct cursor *at, const char *key, enum form form,
		     const char **out)
{
	return value_text(at, go(at, key), key, form, out);
}

/* An id of another section, which is looked up there later. */
static int read_id(struct cursor *at, const char *key, const char **out)
{
	const char *id = NULL;

	if (value_string(at, go(at, key), key, &id) < 0)
		return -1;
	if (id != NULL)
		*out = mem_pool_copy(at->pool, id);
	return 0;
}

/* A setting that names a file or a directory that loaders fetch: a URL, or a
 * path below the base.  {{firmware}} in it is filled in. */
struct location {
	const char *key;
	enum form form;
	const char *firmware;
};

static int read_location(struct cursor *at, const char *base,
			 const struct location *location, const char **out)
{
	const char *key = location->key;
	const struct pattern_var firmware = { "firmware", location->firmware,
					      NULL };
	struct pattern_set patterns = { .vars = &firmware, .var_count = 1 };
	struct buf url = BUF_INIT;
	const char *path = NULL;
	size_t mark;
	int rc = -1;

	if (value_string(at, go(at, key), key, &path) < 0)
		return -1;
	if (path == NULL)
		return 0;
	mark = cursor_enter(at, key);
	path = pattern_fill(&patterns, at, path, FORM_ANY);
	if (path != NULL && path[0] == '\0') {
		cursor_fail(at, "must be a URL or a path below the base");
	} else if (path != NULL) {
		if (strchr(path, ':') == NULL)
			buf_puts(&url, base);
		buf_puts(&url, path);
		*out = mem_pool_copy(at->pool, url.data);
		rc = form_check(at, *out, location->form);
	}
	cursor_leave(at, mark);
	buf_free(&url);
	pattern_set_free(&patterns);
	return rc;
}

/* A name without '/', and without the ':' of a URL, is a file that vesamenu.c32
 * finds beside itself, as in the document of 2009. */
static int read_background(struct cursor *at, struct settings *s)
{
	static const struct location picture = { "background", FORM_URL,
						 "bios" };
	const char *value = json_string_value(
		json_object_get(go(at, "background"), "background"));

	if (value == NULL || strpbrk(value, "/:") == NULL)
		return read_text(at, "background", FORM_WORD, &s->background);
	return read_location(at, s->base, &picture, &s->background);
}

/* A program of SYSLINUX for BIOS; path: where it is by default. */
static int read_program(struct cursor *at, const char *base, const char *key,
			const char *path, const char **out)
{
	const struct location program = { key, FORM_URL, "bios" };
	struct buf url = BUF_INIT;

	buf_printf(&url, "%s%s", base, path);
	*out = mem_pool_copy(at->pool, url.data);
	buf_free(&url);
	return read_location(at, base, &program, out);
}

static int read_syslinux(struct cursor *at, struct settings *s)
{
	static const struct location directories[PLATFORM_COUNT] = {
		[PLATFORM_BIOS] = { "syslinux", FORM_DIRECTORY, "bios" },
		[PLATFORM_EFI] = { "syslinux", FORM_DIRECTORY, "efi64" },
	};
	const char *longest;

	for (int i = 0; i < PLATFORM_COUNT; i++)
		if (read_location(at, s->base, &directories[i],
				  &s->syslinux[i]) < 0)
			return -1;
	longest = s->syslinux[PLATFORM_EFI];
	if (longest != NULL &&
	    strlen(longest) + strlen("vesamenu.c32") > URI_MAX_FOR_ALL)
		return cursor_fail_key(
			at, "syslinux",
			"is too long for the files in it: shorten it");
	return 0;
}

/* is_misspelt: a key of the section is wrong, and it may be the base. */
static int read_base(struct cursor *at, const char *base, int is_misspelt,
		     struct settings *s)
{
	if (base != NULL) {
		s->base = mem_pool_copy(at->pool, base);
		s->is_base_given = 1;
		at->file = "MIRRORBOOT_BASE";
		cursor_leave(at, 0);
		return form_check(at, base, FORM_DIRECTORY);
	}
	if (read_text(at, "base", FORM_DIRECTORY, &s->base) < 0)
		return -1;
	if (s->base == NULL && is_misspelt)
		return -1;
	if (s->base == NULL)
		return cursor_fail(at, "needs a base, the URL of the "
				       "directory of the pages, as in "
				       "http://boot.example.org/boot/");
	return 0;
}

/* Each key is checked by itself, since another file may have set it. */
static int check_keys(struct cursor *at)
{
	const char *key;
	json_t *value;
	int rc = 0;

	json_object_foreach(include_section(at->files, "site"), key, value) {
		json_t *one = json_pack("{s:O}", key, value);

		settings_go(at, key);
		rc |= value_check_object(at, one, site_keys);
		json_decref(one);
	}
	return rc;
}

static int is_suffix(const char *s)
{
	if (*s == '\0')
		return 1;
	return s[0] == '.' && s[1] != '\0' &&
	       s[1 + strspn(s + 1, "abcdefghijklmnopqrstuvwxyz")] == '\0';
}

static int read_suffix(struct cursor *at, struct settings *s)
{
	const char *suffix = "";

	s->suffix = "";
	if (value_string(at, go(at, "suffix"), "suffix", &suffix) < 0)
		return -1;
	if (!is_suffix(suffix))
		return cursor_fail_key(at, "suffix",
				       "must be like '.php' or '.cgi', or ''");
	if (dialect_native_suffix(suffix, strlen(suffix)) != NULL)
		return cursor_fail_key(at, "suffix",
				       "must not be '%s', a name of native "
				       "code",
				       suffix);
	s->suffix = mem_pool_copy(at->pool, suffix);
	return 0;
}

/* Each key may be another file's. */
static int read_words(struct cursor *at, struct settings *s)
{
	json_t *all = json_object();
	char *text;
	int rc = 0;

	for (size_t i = 0; words_keys[i] != NULL; i++) {
		const json_t *section = go(at, words_keys[i]);
		json_t *one =
			json_pack("{s:O*}", words_keys[i],
				  json_object_get(section, words_keys[i]));
		const char *words = NULL;

		rc |= words_read(at, one, WORDS_OF_SITE, &words);
		words_add(all, words);
		json_decref(one);
	}
	text = json_object_size(all) > 0 ? json_dumps(all, JSON_COMPACT) : NULL;
	if (text != NULL)
		s->words = mem_pool_copy(at->pool, text);
	free(text);
	json_decref(all);
	return rc;
}

/* words: ends in NULL. */
static int has_word(const char *const *words, const char *word)
{
	while (*words != NULL && strcmp(*words, word) != 0)
		words++;
	return *words != NULL;
}

const struct shim *settings_shim(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->shim_count; i++)
		if (strcmp(s->shims[i].name, name) == 0)
			return &s->shims[i];
	return NULL;
}

int settings_trust(const struct settings *s, const struct shim *shim,
		   const char *signer)
{
	return signer != NULL &&
	       has_word(shim != NULL ? shim->trusts : s->trusts, signer);
}

int settings_trust_somewhere(const struct settings *s, const char *signer)
{
	int is_trusted = settings_trust(s, NULL, signer);

	for (size_t i = 0; i < s->shim_count; i++)
		is_trusted |= settings_trust(s, &s->shims[i], signer);
	return is_trusted;
}

/* The name is a directory's, and a value in URLs and in GRUB's scripts. */
static int is_shim_name(const char *name)
{
	return name[0] != '\0' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] ==
		       '\0';
}

static int read_shim(struct cursor *at, const json_t *object, const char *name,
		     struct shim *shim)
{
	if (!is_shim_name(name))
		return cursor_fail_key(at, name,
				       "must be a name of lower case letters, "
				       "digits and '-', as in fedora");
	shim->name = mem_pool_copy(at->pool, name);
	return value_words(at, object, name, &shim->trusts);
}

/* What is null is left out, as where a later file takes a shim away. */
static int read_shims(struct cursor *at, struct settings *s)
{
	const json_t *object = json_object_get(go(at, "shims"), "shims");
	struct shim *list;
	const char *name;
	json_t *value;
	size_t mark;
	int rc = 0;

	if (object == NULL)
		return 0;
	if (!json_is_object(object))
		return cursor_fail_key(at, "shims",
				       "must be an object, in { }, as in "
				       "{\"fedora\": [\"fedora\"]}");
	list = mem_pool_alloc(at->pool,
			      (json_object_size(object) + 1) * sizeof(*list));
	mark = cursor_enter(at, "shims");
	json_object_foreach((json_t *)object, name, value) {
		if (json_is_null(value))
			continue;
		rc |= read_shim(at, object, name, &list[s->shim_count]);
		s->shim_count += rc == 0;
	}
	cursor_leave(at, mark);
	s->shims = list;
	return rc;
}

int settings_read(struct cursor *at, const char *base, struct settings *s)
{
	static const char *debian[] = { "debian", NULL };
	static const char *none[] = { NULL };
	int rc = check_keys(at);

	s->trusts = debian;
	s->copies = none;
	s->title = "Network boot";
	s->menu = "main";
	rc |= read_base(at, base, rc < 0, s);
	/* URLs below a wrong base must not be reported too. */
	if (rc < 0)
		s->base = "http://base.invalid/";
	rc |= read_suffix(at, s);
	rc |= read_text(at, "title", FORM_TEXT, &s->title);
	rc |= read_background(at, s);
	rc |= read_program(at, s->base, "vesamenu",
			   "syslinux/3.86/vesamenu.c32", &s->vesamenu);
	rc |= read_program(at, s->base, "memdisk", "syslinux/6.04/bios/memdisk",
			   &s->memdisk);
	rc |= read_syslinux(at, s);
	rc |= read_text(at, "modules", FORM_WORD, &s->modules);
	rc |= value_number(at, go(at, "timeout"), "timeout",
			   SETTINGS_TIMEOUT_MAX, &s->timeout);
	rc |= value_words(at, go(at, "trusts"), "trusts", &s->trusts);
	rc |= read_shims(at, s);
	rc |= value_words(at, go(at, "copies"), "copies", &s->copies);
	rc |= values_read(at, go(at, "values"), &s->values);
	rc |= read_words(at, s);
	rc |= value_flag(at, go(at, "trust_http_lists"), "trust_http_lists",
			 &s->trust_http_lists);
	rc |= read_id(at, "menu", &s->menu);
	return rc | read_id(at, "customer", &s->customer);
}
