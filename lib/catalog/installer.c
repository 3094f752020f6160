#include "installer.h"

#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "value.h"
#include "words.h"

#define DASHES "---"

const char *const installer_words[WORD_COUNT] = {
	"console", "keyboard", "nomodeset", "vlan", "address", "dns", "proxy",
};

static const char *const installer_keys[] = {
	"console", "keyboard", "nomodeset", "vlan", "address",
	"dns",     "proxy",    "replaces",  NULL,
};

/* The result is checked as a whole. */
static const char *copy(struct buf *out, const char *s, size_t len)
{
	buf_add(out, s, len);
	return NULL;
}

/* Append what the installer writes for the word. */
static int fill(const struct template *words, const json_t *vars,
		struct buf *out, struct error *err)
{
	const struct render how = { .escape = copy, .lenient = 1 };

	return template_render(words, vars, &how, out, err);
}

/* For template_each_name(): stops at a name that words have not. */
static int is_unknown(void *ctx, const struct template_name *name)
{
	const char *const *known = words_names;

	while (*known != NULL && strcmp(*known, name->text) != 0)
		known++;
	*(const char **)ctx = name->text;
	return *known == NULL;
}

static int check_names(struct cursor *at, const struct template *words)
{
	const char *name = NULL;
	struct offer offer = { .known = words_names };
	struct buf known = BUF_INIT;

	if (template_each_name(words, is_unknown, &name) == 0)
		return 0;
	offer.wanted = name;
	for (size_t i = 0; words_names[i] != NULL; i++)
		buf_printf(&known, "%s%s", i > 0 ? ", " : "", words_names[i]);
	cursor_fail_offer(at, NULL, &offer, "there is no '%s' here, but %s",
			  cursor_shown(name), buf_text(&known));
	buf_free(&known);
	return -1;
}

/* Append the words of text to out, with one blank before each. */
static void add_spaced(struct buf *out, const char *text)
{
	for (text += strspn(text, " "); *text != '\0';
	     text += strspn(text, " ")) {
		const size_t len = args_word_length(text);

		buf_putc(out, ' ');
		buf_add(out, text, len);
		text += len;
	}
}

/* Check what the installer writes where everything is said. */
static int check_sample(struct cursor *at, const struct template *words)
{
	json_t *all = json_pack(
		"{s:s, s:s, s:b, s:s, s:i, s:s, s:s, s:[s, s], s:s}", "console",
		"ttyS0", "keyboard", "de", "nomodeset", 1, "interface", "eno1",
		"vlan", 5, "address", "192.0.2.10/24", "gateway", "192.0.2.1",
		"dns", "192.0.2.53", "192.0.2.54", "proxy", "http://h:3128/");
	json_t *vars = words_vars(all);
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct buf spaced = BUF_INIT;
	const char *reason = NULL;
	int rc = 0;

	if (fill(words, vars, &text, &err) < 0)
		rc = cursor_fail(at, "%s", err.text);
	else
		add_spaced(&spaced, buf_text(&text));
	if (rc == 0 && spaced.len > 0)
		reason = strchr(spaced.data, '"') != NULL
				 ? "have a '\"': write words without blanks"
				 : args_check(spaced.data + 1);
	if (reason != NULL)
		rc = cursor_fail(at, "arguments %s", reason);
	buf_free(&spaced);
	buf_free(&text);
	json_decref(vars);
	json_decref(all);
	return rc;
}

/* Compile the words under key of the object here. */
static int read_word(struct cursor *at, const json_t *object, const char *key,
		     struct template **out)
{
	struct error err = ERROR_INIT;
	const char *text = NULL;
	size_t mark;
	int rc;

	if (value_string(at, object, key, &text) < 0)
		return -1;
	if (text == NULL)
		return 0;
	mark = cursor_enter(at, key);
	*out = template_parse("pattern", text, strlen(text), &err);
	if (*out == NULL)
		rc = cursor_fail(at, "%s", err.text);
	else
		rc = check_names(at, *out);
	if (rc == 0)
		rc = check_sample(at, *out);
	cursor_leave(at, mark);
	return rc;
}

/* What installers are read with. */
struct installer_reader {
	struct cursor *at;
	struct installers *all;
};

/* For value_each(). */
static int read_installer(void *ctx, const char *id, const json_t *object)
{
	static const char *none[] = { NULL };
	struct installer_reader *r = ctx;
	struct installer *installer = &r->all->list[r->all->count++];
	int rc = value_check_object(r->at, object, installer_keys);

	installer->id = mem_pool_copy(r->at->pool, id);
	installer->replaces = none;
	for (size_t i = 0; i < WORD_COUNT; i++)
		rc |= read_word(r->at, object, installer_words[i],
				&installer->words[i]);
	return rc |
	       value_words(r->at, object, "replaces", &installer->replaces);
}

int installer_read_all(struct cursor *at, struct installers *all)
{
	const json_t *section = include_section(at->files, "installers");
	struct installer_reader r = { at, all };

	all->list = mem_pool_alloc(at->pool, json_object_size(section) *
						     sizeof(*all->list));
	return value_each(at, "installers", read_installer, &r);
}

void installer_free_all(struct installers *all)
{
	for (size_t i = 0; i < all->count; i++)
		for (size_t j = 0; j < WORD_COUNT; j++)
			template_free(all->list[i].words[j]);
}

const struct installer *installer_find(const struct installers *all,
				       const char *id)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].id, id) == 0)
			return &all->list[i];
	return NULL;
}

/* Arguments that words are being written into. */
struct writing {
	struct buf own;    /* " ip=dhcp quiet": a blank before each word */
	struct buf before; /* words for before "---", the same */
	struct buf behind;
};

/* How a word of len bytes at s is among the words of own: not at all, the same,
 * or another value under its name. */
enum presence { ABSENT, SAME, OTHER };

static enum presence find(const char *own, const char *s, size_t len)
{
	const char *equals = memchr(s, '=', len);
	const size_t name = equals != NULL ? (size_t)(equals + 1 - s) : len;
	enum presence found = ABSENT;

	while (*own != '\0') {
		const size_t own_len = args_word_length(++own);

		if (own_len == len && memcmp(own, s, len) == 0)
			return SAME;
		if (equals != NULL && own_len >= name &&
		    memcmp(own, s, name) == 0)
			found = OTHER;
		own += own_len;
	}
	return found;
}

static int is_dashes(const char *s, size_t len)
{
	return len == strlen(DASHES) && memcmp(s, DASHES, len) == 0;
}

/* Write the words of text, unless the arguments have one of their names. */
static enum word_outcome write_words(struct writing *w, const char *text)
{
	struct buf words = BUF_INIT;
	struct buf *to = &w->before;
	enum word_outcome outcome = WORD_NOTHING;

	add_spaced(&words, text);
	for (const char *s = buf_text(&words); *s != '\0';) {
		const size_t len = args_word_length(++s);

		outcome = WORD_WRITTEN;
		if (find(buf_text(&w->own), s, len) == OTHER) {
			outcome = WORD_OWN;
			break;
		}
		s += len;
	}
	for (const char *s = buf_text(&words);
	     outcome == WORD_WRITTEN && *s != '\0';) {
		const size_t len = args_word_length(++s);

		if (is_dashes(s, len))
			to = &w->behind;
		else if (find(buf_text(&w->own), s, len) == ABSENT) {
			buf_putc(to, ' ');
			buf_add(to, s, len);
		}
		s += len;
	}
	buf_free(&words);
	return outcome;
}

/* Take the words that the installer replaces out of the arguments. */
static void replace(struct writing *w, const struct installer *installer)
{
	struct buf left = BUF_INIT;

	for (const char *s = buf_text(&w->own); *s != '\0';) {
		const size_t len = args_word_length(++s);
		const char **word = installer->replaces;

		while (*word != NULL &&
		       (strlen(*word) != len || memcmp(*word, s, len) != 0))
			word++;
		if (*word == NULL) {
			buf_putc(&left, ' ');
			buf_add(&left, s, len);
		}
		s += len;
	}
	buf_free(&w->own);
	w->own = left;
}

/* The arguments as a whole. */
static const char *join(const struct writing *w, struct mem_pool *pool)
{
	const char *own = buf_text(&w->own);
	const char *dashes = args_dashes(own);
	struct buf all = BUF_INIT;
	const char *args;

	buf_add(&all, own, (size_t)(dashes - own));
	if (all.len > 0 && *dashes != '\0')
		buf_truncate(&all, all.len - 1);
	buf_puts(&all, buf_text(&w->before));
	if (*dashes != '\0')
		buf_printf(&all, " %s", dashes);
	else if (w->behind.len > 0)
		buf_puts(&all, " " DASHES);
	buf_puts(&all, buf_text(&w->behind));
	args = all.len > 0 ? mem_pool_copy(pool, all.data + 1) : NULL;
	buf_free(&all);
	return args;
}

static enum word_outcome write_word(struct writing *w,
				    const struct installer *installer,
				    enum word word, const json_t *vars)
{
	const int is_network = word == WORD_VLAN || word == WORD_ADDRESS;
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	enum word_outcome outcome = WORD_UNKNOWN;

	if (installer != NULL && installer->words[word] != NULL &&
	    fill(installer->words[word], vars, &text, &err) == 0) {
		if (is_network && strspn(buf_text(&text), " ") < text.len)
			replace(w, installer);
		outcome = write_words(w, buf_text(&text));
	}
	buf_free(&text);
	return outcome;
}

const char *installer_write(const struct installer *installer,
			    const json_t *all, const char *args,
			    struct mem_pool *pool,
			    enum word_outcome outcomes[static WORD_COUNT])
{
	struct writing w = { BUF_INIT, BUF_INIT, BUF_INIT };
	json_t *vars = words_vars(all);

	add_spaced(&w.own, args != NULL ? args : "");
	for (size_t i = 0; i < WORD_COUNT; i++)
		outcomes[i] =
			json_object_get(all, installer_words[i]) != NULL
				? write_word(&w, installer, (enum word)i, vars)
				: WORD_UNSET;
	if (installer_has_written(outcomes))
		args = join(&w, pool);
	json_decref(vars);
	buf_free(&w.own);
	buf_free(&w.before);
	buf_free(&w.behind);
	return args;
}

int installer_has_written(const enum word_outcome outcomes[static WORD_COUNT])
{
	for (size_t i = 0; i < WORD_COUNT; i++)
		if (outcomes[i] == WORD_WRITTEN)
			return 1;
	return 0;
}
