#include "discover.h"

#include <string.h>

#include "value.h"

#define LISTS_MAX 8
#define EXPRESSION_MAX 200
#define ITEM_MAX 500

const char *const discover_kinds[LIST_KIND_COUNT] = {
	[LIST_INDEX] = "index",
	[LIST_TEXT] = "text",
	[LIST_JSON] = "json",
};

static const char *const discover_keys[] = { "version", "lts", "lists", NULL };
static const char *const list_keys[] = { "index", "text", "json", "item",
					 NULL };

/* The words of a pattern, and what they match; NULL: the distro says it. */
static const struct {
	const char *name;
	const char *matches;
} words[LIST_WORD_COUNT] = {
	[LIST_VERSION] = { "{{version}}", NULL },
	[LIST_NAME] = { "{{name}}", "[A-Za-z0-9][A-Za-z0-9._-]*" },
	[LIST_EOL] = { "{{eol}}", "[0-9]{4}-[0-9]{2}-[0-9]{2}" },
};

static int compile_whole(regex_t *regex, const char *expression)
{
	struct buf whole = BUF_INIT;
	int rc;

	buf_printf(&whole, "^(%s)$", expression);
	rc = regcomp(regex, whole.data, REG_EXTENDED);
	buf_free(&whole);
	return rc == 0 ? 0 : -1;
}

int discover_matches(const char *expression, const char *text)
{
	regex_t regex;
	int rc;

	if (expression == NULL || compile_whole(&regex, expression) < 0)
		return 0;
	rc = regexec(&regex, text, 0, NULL, 0);
	regfree(&regex);
	return rc == 0;
}

/* The number of groups in an expression that compiles. */
static size_t count_groups(const char *expression)
{
	regex_t regex;
	size_t count;

	if (compile_whole(&regex, expression) < 0)
		return 0;
	count = regex.re_nsub - 1;
	regfree(&regex);
	return count;
}

/* Append what a word matches, as a group.  *last: the last group's number. */
static void add_word(struct buf *out, struct list_pattern *p,
		     enum list_word word, const char *version, size_t *last)
{
	const char *matches =
		words[word].matches != NULL ? words[word].matches : version;

	p->groups[word] = ++*last;
	buf_printf(out, "(%s)", matches);
	*last += count_groups(matches);
}

static enum list_word word_at(const char *item)
{
	int i = 0;

	while (i < LIST_WORD_COUNT &&
	       strncmp(item, words[i].name, strlen(words[i].name)) != 0)
		i++;
	return (enum list_word)i;
}

static void add_literal(struct buf *out, char c)
{
	if (c == '*')
		buf_puts(out, ".*");
	else if (strchr(".[]{}()\\+?^$|", c) != NULL)
		buf_printf(out, "\\%c", c);
	else
		buf_putc(out, c);
}

const char *list_pattern_compile(struct list_pattern *p, const char *item,
				 const char *version)
{
	struct buf out = BUF_INIT;
	const char *wrong = NULL;
	size_t last = 0;

	memset(p->groups, 0, sizeof(p->groups));
	buf_putc(&out, '^');
	while (*item != '\0' && wrong == NULL) {
		enum list_word word = word_at(item);

		if (word == LIST_WORD_COUNT && strncmp(item, "{{", 2) == 0) {
			wrong = "can have {{version}}, {{name}} and {{eol}}";
		} else if (word == LIST_WORD_COUNT) {
			add_literal(&out, *item++);
		} else if (p->groups[word] > 0) {
			wrong = "has a word twice";
		} else {
			add_word(&out, p, word, version, &last);
			item += strlen(words[word].name);
		}
	}
	buf_putc(&out, '$');
	if (wrong == NULL && regcomp(&p->regex, out.data, REG_EXTENDED) != 0)
		wrong = "cannot be compiled: shorten it";
	buf_free(&out);
	return wrong;
}

void list_pattern_free(struct list_pattern *p)
{
	regfree(&p->regex);
}

int discover_add_place(struct buf *out, const char *place, const char *mirror,
		       const char *version)
{
	static const char *const names[] = { "{{mirror}}", "{{version}}" };
	const char *const values[] = { mirror, version };
	const char *tag;

	while ((tag = strstr(place, "{{")) != NULL) {
		int i = 0;

		buf_add(out, place, (size_t)(tag - place));
		while (i < 2 && strncmp(tag, names[i], strlen(names[i])) != 0)
			i++;
		if (i == 2 || values[i] == NULL)
			return -1;
		buf_puts(out, values[i]);
		place = tag + strlen(names[i]);
	}
	buf_puts(out, place);
	return 0;
}

/* An extended regular expression under key. */
static int check_expression(struct cursor *at, const json_t *object,
			    const char *key)
{
	const char *expression = NULL;
	regex_t regex;

	if (value_string(at, object, key, &expression) < 0)
		return -1;
	if (expression == NULL)
		return 0;
	if (strlen(expression) > EXPRESSION_MAX)
		return cursor_fail_key(at, key, "is longer than %d bytes",
				       EXPRESSION_MAX);
	if (expression[0] == '\0' || compile_whole(&regex, expression) < 0)
		return cursor_fail_key(at, key,
				       "is not an extended regular expression, "
				       "as \"[0-9]+\"");
	regfree(&regex);
	return 0;
}

/* What an item has to say; NULL: it does.  Where the place has {{version}}, the
 * list is of one version. */
static const char *missing_word(const struct list_pattern *p, const char *place)
{
	if (strstr(place, words[LIST_VERSION].name) == NULL)
		return p->groups[LIST_VERSION] == 0
			       ? "needs {{version}}, because the place has none"
			       : NULL;
	return p->groups[LIST_NAME] == 0 && p->groups[LIST_EOL] == 0
		       ? "needs {{name}} or {{eol}}: which version it is the "
			 "place says"
		       : NULL;
}

static int check_item(struct cursor *at, const json_t *list, const char *place,
		      const char *version)
{
	const char *item = NULL;
	struct list_pattern pattern;
	const char *wrong;

	if (value_string(at, list, "item", &item) < 0)
		return -1;
	if (item == NULL || strlen(item) > ITEM_MAX)
		return cursor_fail(at,
				   "needs item, the pattern of what it says "
				   "of a release, at most %d bytes",
				   ITEM_MAX);
	wrong = list_pattern_compile(&pattern, item, version);
	if (wrong == NULL) {
		wrong = missing_word(&pattern, place);
		list_pattern_free(&pattern);
	}
	return wrong != NULL ? cursor_fail_key(at, "item", "%s", wrong) : 0;
}

/* Where a list is. */
static int check_place(struct cursor *at, const char *key, const char *place)
{
	struct buf filled = BUF_INIT;
	int rc = discover_add_place(&filled, place, "http://m/", "1");
	const char *text = buf_text(&filled);

	if (rc < 0)
		rc = cursor_fail_key(at, key,
				     "can have {{mirror}} and {{version}}");
	else if (text[0] != '/' && strncmp(text, "http://", 7) != 0 &&
		 strncmp(text, "https://", 8) != 0)
		rc = cursor_fail_key(at, key,
				     "must be a URL, or the path of a file of "
				     "this machine, from the '/' on");
	buf_free(&filled);
	return rc;
}

static int check_list(struct cursor *at, const json_t *list,
		      const char *version)
{
	size_t count = 0;
	const char *its_place = NULL;
	int rc = value_check_object(at, list, list_keys);

	for (int i = 0; i < LIST_KIND_COUNT; i++) {
		const char *place = NULL;

		rc |= value_string(at, list, discover_kinds[i], &place);
		if (place == NULL)
			continue;
		count++;
		its_place = place;
		rc |= check_place(at, discover_kinds[i], place);
	}
	if (rc == 0 && count != 1)
		rc = cursor_fail(at, "needs one of index, text and json, which "
				     "says where it is");
	return rc == 0 ? check_item(at, list, its_place, version) : -1;
}

static int check_lists(struct cursor *at, const json_t *discover)
{
	const json_t *lists = json_object_get(discover, "lists");
	const char *version =
		json_string_value(json_object_get(discover, "version"));
	size_t mark = cursor_enter(at, "lists");
	size_t i;
	json_t *list;
	int rc = 0;

	if (lists != NULL &&
	    (!json_is_array(lists) || json_array_size(lists) > LISTS_MAX))
		rc = cursor_fail(at, "must be an array of at most %d lists",
				 LISTS_MAX);
	json_array_foreach(lists, i, list) {
		size_t inner = cursor_enter_index(at, i);

		rc |= check_list(at, list, version);
		cursor_leave(at, inner);
	}
	cursor_leave(at, mark);
	return rc;
}

int discover_check(struct cursor *at, const json_t *distro)
{
	const json_t *discover = json_object_get(distro, "discover");
	size_t mark;
	int rc;

	if (discover == NULL || json_is_null(discover))
		return 0;
	mark = cursor_enter(at, "discover");
	rc = value_check_object(at, discover, discover_keys);
	if (rc == 0)
		rc = check_expression(at, discover, "version");
	if (rc == 0 && json_object_get(discover, "version") == NULL)
		rc = cursor_fail(at, "needs version, which the id of every "
				     "release matches");
	if (rc == 0)
		rc = check_expression(at, discover, "lts");
	if (rc == 0)
		rc = check_lists(at, discover);
	cursor_leave(at, mark);
	return rc;
}
