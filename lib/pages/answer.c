#include "answer.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "language.h"
#include "mirror.h"
#include "offer.h"
#include "packed.h"
#include "query.h"
#include "release_builder.h"
#include "template.h"
#include "uri.h"

#define FILE_MAX_BYTES (1024 * 1024)
#define FILE_NAME_MAX 63

static const char no_file[] = "these answers have no file of that name";

/* A letter or digit, then also '.', '_' and '-'. */
static int is_file_name(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > FILE_NAME_MAX || strchr("._~-", s[0]) != NULL)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (!uri_is_value_char(s[i]) || s[i] == '~')
			return 0;
	return 1;
}

/* Read the first of the directories' files.  Returns as stamps_read() does. */
static int read_file(const struct site *site, const char *name,
		     const char *file, struct buf *text, struct error *err)
{
	char *const *dirs = site_answers(site);
	struct stamps *unused = stamps_new();
	struct buf path = BUF_INIT;
	int found = 0;

	for (size_t i = 0; dirs[i] != NULL && found == 0; i++) {
		buf_truncate(&path, 0);
		buf_printf(&path, "%s/%s/%s", dirs[i], name, file);
		found = stamps_read(unused, path.data, FILE_MAX_BYTES, text,
				    err);
	}
	buf_free(&path);
	stamps_free(unused);
	return found;
}

static void set(json_t *view, const char *name, const char *value)
{
	if (value != NULL)
		json_object_set_new(view, name, json_string(value));
}

/* What installers want of a mirror's URL in pieces. */
static void add_mirror(json_t *view, const char *url)
{
	struct uri uri;
	size_t len;

	if (uri_parse(url, &uri) != NULL)
		return;
	len = uri.path_len;
	while (len > 1 && uri.path[len - 1] == '/')
		len--;
	set(view, "mirror", url);
	set(view, "mirror_protocol", uri.is_https ? "https" : "http");
	json_object_set_new(view, "mirror_https", json_boolean(uri.is_https));
	json_object_set_new(view, "mirror_host",
			    json_stringn(uri.host, uri.host_len));
	json_object_set_new(view, "mirror_directory",
			    json_stringn(uri.path, len));
}

/* Templates get each value of a list with whether it is the first. */
static json_t *list_view(const json_t *list)
{
	json_t *view = json_array();
	size_t i;
	json_t *value;

	json_array_foreach((json_t *)list, i, value)
		json_array_append_new(view, json_pack("{s:O, s:b}", "value",
						      value, "first", i == 0));
	return view;
}

/* An answer takes the place of what a kernel argument says, so it says the same
 * where it has no value of its own. */
static void add_words_as_values(const struct answer *a, json_t *view)
{
	static const char *const names[] = { "keyboard", "proxy" };
	json_t *words = assignment_words(
		a->assigned, catalog_settings(site_catalog(a->site)));

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		json_t *value = json_object_get(words, names[i]);

		if (value != NULL)
			json_object_set(view, names[i], value);
	}
	json_decref(words);
}

static json_t *view_of(const struct answer *a)
{
	const struct release *release = a->assigned->release;
	json_t *view = json_object();
	const char *name;
	json_t *value;

	add_words_as_values(a, view);
	assignment_add_values(a->assigned,
			      catalog_settings(site_catalog(a->site)), view);
	json_object_foreach(view, name, value)
		if (json_is_array(value))
			json_object_set_new(view, name, list_view(value));
	set(view, "answers", a->url);
	set(view, "done", a->done);
	set(view, "title", release->title);
	set(view, "distro", release->distro);
	set(view, "version", release->version);
	set(view, "arch", machine_arch_name((int)release->arch));
	set(view, "distro_arch", release->distro_arch);
	set(view, "variant", release->variant);
	if (release->mirror != NULL)
		add_mirror(view, release->mirror->bases[a->mirror].url);
	return view;
}

/* The sections that are open where a template is looked at. */
struct sections {
	const json_t *view;
	int lists;        /* that are for a list */
	const char *text; /* the last that is for one text; NULL: none */
	struct error *err;
};

/* Refuse the element of a list in a section that is for one text. */
static int check_element(void *ctx, const struct template_name *name)
{
	struct sections *s = ctx;
	const json_t *value = json_object_get(s->view, name->text);
	const int step = name->use == TEMPLATE_SECTION ? 1
			 : name->use == TEMPLATE_END   ? -1
						       : 0;

	if (json_is_array(value))
		s->lists += step;
	if (step != 0 && (json_is_string(value) || json_is_integer(value)))
		s->text = step > 0 ? name->text : NULL;
	if (name->use != TEMPLATE_VARIABLE || value != NULL || s->lists > 0 ||
	    s->text == NULL || strcmp(name->text, "value") != 0)
		return 0;
	return error_set(s->err, name->file, name->line,
			 "'%s' is one text, but stands here as a list: write "
			 "its value in [ ]",
			 s->text);
}

static int render(const struct answer *a, const char *file,
		  const struct buf *text, struct buf *body, struct error *err)
{
	const struct render how = { .escape = language_of(file)->escape };
	const char *reason = language_check_text(buf_text(text), text->len);
	struct template *template;
	json_t *view;
	int rc;

	if (reason != NULL)
		return error_set(err, file, 0, "%s", reason);
	template = template_parse(file, buf_text(text), text->len, err);
	if (template == NULL)
		return -1;
	view = view_of(a);
	rc = template_each_name(template, check_element,
				&(struct sections){ .view = view, .err = err });
	if (rc == 0)
		rc = template_render(template, view, &how, body, err);
	json_decref(view);
	template_free(template);
	reason = rc == 0 ? language_check(file, buf_text(body), body->len)
			 : NULL;
	return reason != NULL ? error_set(err, file, 0, "%s", reason) : rc;
}

int answer_fill(const struct answer *a, const char *file, struct buf *body,
		const char **content_type, struct error *err)
{
	struct buf text = BUF_INIT;
	struct buf filled = BUF_INIT;
	int rc = is_file_name(file) ? read_file(a->site, a->assigned->answers,
						file, &text, err)
				    : 0;

	if (rc == 0) {
		error_set(err, NULL, 0, "%s", no_file);
		buf_free(&text);
		return 404;
	}
	if (rc > 0 && language_of(file) == NULL)
		rc = error_set(err, file, 0,
			       "its name does not tell its language: name it "
			       "like one of " LANGUAGE_NAMES);
	if (rc > 0)
		rc = render(a, file, &text, &filled, err);
	if (rc == 0) {
		buf_add(body, buf_text(&filled), filled.len);
		*content_type = language_of(file)->content_type;
	}
	buf_free(&filled);
	buf_free(&text);
	return rc == 0 ? 200 : 500;
}

/* The names of a directory's files, as keys.  Returns 1, 0 if there is no such
 * directory, -1 with err set. */
static int list_directory(const char *path, const char *name, json_t *names,
			  struct error *err)
{
	DIR *stream = opendir(path);
	const struct dirent *entry;

	if (stream == NULL && errno == ENOENT)
		return 0;
	if (stream == NULL)
		return error_set(err, NULL, 0,
				 "the directory answers/%s cannot be read: %s",
				 name, strerror(errno));
	while ((entry = readdir(stream)) != NULL)
		if (is_file_name(entry->d_name))
			json_object_set_new(names, entry->d_name, json_true());
	closedir(stream);
	return 1;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **sorted_keys(const json_t *object)
{
	char **list = mem_alloc((json_object_size(object) + 1) * sizeof(*list));
	size_t count = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
		list[count++] = mem_copy(key, strlen(key));
	qsort(list, count, sizeof(*list), compare);
	return list;
}

/* Refuse a name that no directory has, and offer one that there is. */
static void refuse_name(const struct site *site, const char *name,
			struct error *err)
{
	char *const *dirs = site_answers(site);
	json_t *names = json_object();
	struct error unused = ERROR_INIT;
	const char **known;

	for (size_t i = 0; dirs[i] != NULL; i++)
		list_directory(dirs[i], name, names, &unused);
	known = offer_keys(names, NULL);
	error_set_offer(err, &(struct offer){ .wanted = name, .known = known },
			NULL, 0, "there is no directory answers/%s", name);
	free(known);
	json_decref(names);
}

char **answer_files(const struct site *site, const char *name,
		    struct error *err)
{
	char *const *dirs = site_answers(site);
	json_t *names = json_object();
	struct buf path = BUF_INIT;
	char **list = NULL;
	int found = 0;
	int rc = 0;

	for (size_t i = 0; dirs[i] != NULL && rc >= 0; i++) {
		buf_truncate(&path, 0);
		buf_printf(&path, "%s/%s", dirs[i], name);
		rc = list_directory(path.data, name, names, err);
		found |= rc > 0;
	}
	if (rc >= 0 && found)
		list = sorted_keys(names);
	else if (rc >= 0)
		refuse_name(site, name, err);
	buf_free(&path);
	json_decref(names);
	return list;
}

void answer_free_files(char **files)
{
	for (char **file = files; file != NULL && *file != NULL; file++)
		free(*file);
	free(files);
}

static int add_name(void *ctx, const struct template_name *name)
{
	json_t *names = ctx;

	return json_object_set_new(names, name->text, json_true());
}

int answer_add_names(const struct site *site, const char *name,
		     const char *file, json_t *names, struct error *err)
{
	struct buf text = BUF_INIT;
	struct template *template = NULL;
	int rc = read_file(site, name, file, &text, err);

	if (rc > 0)
		template = template_parse(file, buf_text(&text), text.len, err);
	if (rc > 0 && template == NULL)
		rc = -1;
	if (template != NULL)
		template_each_name(template, add_name, names);
	template_free(template);
	buf_free(&text);
	return rc;
}

void answer_add_url(const struct catalog *c, const char *token, size_t mirror,
		    struct buf *url)
{
	const struct settings *settings = catalog_settings(c);

	buf_printf(url, "%s%s%s/%s", settings->base, "answer", settings->suffix,
		   token);
	if (mirror > 0)
		buf_printf(url, ".%zu", mirror);
	buf_putc(url, '/');
}

/* Append a word with the URL in the place that is kept for it. */
static void add_filled(struct buf *out, const char *word, const char *url)
{
	const char *place;

	while ((place = strstr(word, RELEASE_ANSWERS)) != NULL) {
		buf_add(out, word, (size_t)(place - word));
		buf_puts(out, url);
		word = place + strlen(RELEASE_ANSWERS);
	}
	buf_puts(out, word);
}

/* Append the words, but for those whose names the arguments have already:
 * "interface=auto" is not for a machine whose interface is known. */
static void add_words(struct buf *out, const char *words, const char *args,
		      const char *url)
{
	struct buf word = BUF_INIT;
	size_t len;

	for (; *words != '\0'; words += len + (words[len] == ' ')) {
		len = args_word_length(words);
		buf_truncate(&word, 0);
		buf_add(&word, words, len);
		if (strstr(word.data, RELEASE_ANSWERS) == NULL &&
		    args_has_name(args, word.data, len))
			continue;
		if (out->len > 0)
			buf_putc(out, ' ');
		add_filled(out, word.data, url);
	}
	buf_free(&word);
}

/* The files as a loader that starts the kernel gets them. */
static void lead(struct mirror_files *files, const char *url,
		 struct mem_pool *pool)
{
	const char *args = files->args != NULL ? files->args : "";
	const char *dashes = args_dashes(args);
	struct buf all = BUF_INIT;

	buf_add(&all, args, (size_t)(dashes - args));
	if (all.len > 0 && *dashes != '\0')
		buf_truncate(&all, all.len - 1);
	add_words(&all, files->answer_args, args, url);
	if (*dashes != '\0')
		buf_printf(&all, " %s", dashes);
	files->args = mem_pool_copy(pool, all.data);
	buf_free(&all);
	files->pathprefix = files->configfile = files->loader = NULL;
	memset(files->chain, 0, sizeof(files->chain));
	memset(files->script, 0, sizeof(files->script));
	memset(files->image, 0, sizeof(files->image));
	files->memdisk = NULL;
	release_builder_add_unwritable(pool, files);
}

const struct release *answer_release(const struct release *release,
				     void (*add_url)(void *ctx, size_t mirror,
						     struct buf *url),
				     void *ctx, struct mem_pool *pool)
{
	struct release *led = mem_pool_alloc(pool, sizeof(*led));
	struct mirror_files *files =
		mem_pool_alloc(pool, release->mirror_count * sizeof(*files));
	const struct mirror_files *whole = packed_open(release, pool);
	struct buf url = BUF_INIT;

	*led = *release;
	led->mirrors = files;
	for (size_t i = 0; i < release->mirror_count; i++) {
		files[i] = whole[i];
		buf_truncate(&url, 0);
		add_url(ctx, i, &url);
		lead(&files[i], buf_text(&url), pool);
	}
	buf_free(&url);
	return led;
}

/* Which answer is asked for at a shell. */
struct preview {
	const struct query *query;
	struct site *site;
	struct host host;
	const struct assignment *assigned;
};

static int refuse(int status, const char *reason, struct error *err)
{
	error_set(err, NULL, 0, "%s", reason);
	return status;
}

static int find_host(struct preview *p, const char *name, struct error *err)
{
	const struct host_sources sources =
		catalog_host_sources(site_catalog(p->site));
	struct cursor at = { .err = err };
	struct buf file = BUF_INIT;
	struct buf instead = BUF_INIT;
	struct identity id;
	const char *reason;
	int found = 0;

	buf_puts(&file, name);
	if (file.len < 5 || strcmp(file.data + file.len - 5, ".json") != 0)
		buf_puts(&file, ".json");
	reason = identity_parse_name(file.data, &id, &instead);
	if (reason == NULL && site_hosts(p->site) != NULL)
		found = host_read(&at, site_hosts(p->site), file.data, &sources,
				  &p->host);
	p->assigned = &p->host.assigned;
	cursor_free(&at);
	buf_free(&file);
	if (reason != NULL && instead.len > 0)
		error_set(err, NULL, 0, "%s; name it %s", reason, instead.data);
	else if (reason != NULL)
		error_set(err, NULL, 0, "%s", reason);
	buf_free(&instead);
	if (reason != NULL)
		return 400;
	if (found == 0)
		return refuse(404, "there is no host file of that name", err);
	return found > 0 ? 200 : 500;
}

static int find_assigned(struct preview *p, struct error *err)
{
	const char *host = query_get(p->query, "host");
	const char *name = query_get(p->query, "group");
	const struct group *group;

	if ((host == NULL) == (name == NULL))
		return refuse(400, "needs host or group, one of them", err);
	if (host != NULL)
		return find_host(p, host, err);
	group = catalog_group(site_catalog(p->site), name);
	if (group == NULL)
		return refuse(404, "there is no group of that name", err);
	p->assigned = &group->assigned;
	return 200;
}

/* Say which files there are. */
static int refuse_file(const struct preview *p, int status, struct error *err)
{
	struct error reason = ERROR_INIT;
	char **files = answer_files(p->site, p->assigned->answers, &reason);
	struct buf known = BUF_INIT;

	for (char **file = files; file != NULL && *file != NULL; file++)
		buf_printf(&known, "%s%s", known.len > 0 ? ", " : "", *file);
	if (files == NULL)
		error_set(err, NULL, 0, "%s", reason.text);
	else
		error_set(err, NULL, 0, "%s; answers/%s has %s",
			  status == 404 ? "there is no file of that name"
					: "needs a file",
			  p->assigned->answers, buf_text(&known));
	buf_free(&known);
	answer_free_files(files);
	return status;
}

static int fill_preview(const struct preview *p, struct buf *body,
			struct error *err)
{
	const char *base = catalog_settings(site_catalog(p->site))->base;
	const char *file = query_get(p->query, "file");
	struct buf url = BUF_INIT;
	struct buf done = BUF_INIT;
	const char *unused;
	int status;

	if (!assignment_is_unattended(p->assigned))
		return refuse(404, "this machine gets no answers", err);
	if (file == NULL)
		return refuse_file(p, 400, err);
	buf_printf(&url, "%sanswer/" ANSWER_TOKEN "/", base);
	buf_printf(&done, "%sdone", url.data);
	status = answer_fill(&(struct answer){ .site = p->site,
					       .assigned = p->assigned,
					       .url = url.data,
					       .done = done.data },
			     file, body, &unused, err);
	buf_free(&done);
	buf_free(&url);
	if (status != 404)
		return status;
	*err = (struct error)ERROR_INIT;
	return refuse_file(p, 404, err);
}

int answer_preview(struct site *site, const char *query, struct buf *body,
		   struct error *err)
{
	static const char *const names[] = { "host", "group", "file", NULL };
	struct query *q = query_parse(query, err);
	struct preview p = { .query = q, .site = site };
	int status = 400;

	if (q != NULL && query_check_names(q, names, err) == 0)
		status = site_refresh(site, err) < 0 ? 500 : 200;
	if (status == 200)
		status = find_assigned(&p, err);
	if (status == 200)
		status = fill_preview(&p, body, err);
	host_free(&p.host);
	query_free(q);
	return status;
}
