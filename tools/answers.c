#include "answers.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "mem.h"
#include "offer.h"
#include "packed.h"
#include "pages.h"
#include "values.h"

/* The shortest hash that crypt(3) makes behind a '$', that of MD5 without a
 * salt, in bytes. */
#define HASH_MIN 26

struct answers_check {
	const struct site_paths *paths;
	struct findings *findings;
	struct site *site; /* NULL: not opened yet */
	int is_open;       /* 0: its pages have a fault of their own */
	json_t *names;     /* that answers use, by their name */
};

struct answers_check *answers_new(const struct site_paths *paths,
				  struct findings *f)
{
	struct answers_check *check = mem_alloc(sizeof(*check));

	check->paths = paths;
	check->findings = f;
	check->names = json_object();
	return check;
}

void answers_free(struct answers_check *check)
{
	json_decref(check->names);
	site_free(check->site);
	free(check);
}

/* Whether answers can be filled: what else is wrong has been reported. */
static int open_site(struct answers_check *check)
{
	struct error unused = ERROR_INIT;

	if (check->site == NULL) {
		check->site = site_new(check->paths, pages_names, NULL);
		check->is_open = site_refresh(check->site, &unused) == 0;
	}
	return check->is_open;
}

static void add(struct answers_check *check, const struct finding *finding)
{
	struct finding full = *finding;

	full.check = "answers";
	findings_add(check->findings, &full);
}

static void fill(struct answers_check *check, const struct assignment *a,
		 const char *answer, const char *file, const char *pointer)
{
	const struct answer from = {
		.site = check->site,
		.assigned = a,
		.url = "http://boot.example.org/boot/answer/" ANSWER_TOKEN "/",
		.done = "http://boot.example.org/boot/answer/" ANSWER_TOKEN
			"/done",
	};
	struct error err = ERROR_INIT;
	struct buf body = BUF_INIT;
	struct buf reason = BUF_INIT;
	const char *unused;

	if (answer_fill(&from, answer, &body, &unused, &err) != 200) {
		buf_printf(&reason, "answers/%s/%s", a->answers, err.text);
		add(check, &(struct finding){ .file = file,
					      .pointer = pointer,
					      .reason = reason.data });
	}
	buf_free(&reason);
	buf_free(&body);
}

static int has_file(char *const *files, const char *name)
{
	for (; *files != NULL; files++)
		if (strcmp(*files, name) == 0)
			return 1;
	return 0;
}

static void miss(struct answers_check *check, const struct assignment *a,
		 const char *name, const char *file, const char *pointer)
{
	struct buf reason = BUF_INIT;

	buf_printf(&reason,
		   "the installer asks for '%s', by answer_args of distro "
		   "'%s', but answers/%s has no such file",
		   name, a->release->distro, a->answers);
	add(check, &(struct finding){ .file = file,
				      .pointer = pointer,
				      .reason = reason.data });
	buf_free(&reason);
}

/* Whether the answers have each file that the words of the release lead its
 * installer to.  A word that names the directory alone leads to none. */
static void check_led(struct answers_check *check, const struct assignment *a,
		      char *const *files, const char *file, const char *pointer)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	struct mem_pool pool = MEM_POOL_INIT;
	const char *words = packed_open(a->release, &pool)[0].answer_args;

	while (words != NULL &&
	       (words = strstr(words, RELEASE_ANSWERS)) != NULL) {
		size_t len;
		char *name;

		words += strlen(RELEASE_ANSWERS);
		len = strspn(words, chars);
		name = mem_copy(words, len);
		if (len > 0 && words[len] != '/' && !has_file(files, name))
			miss(check, a, name, file, pointer);
		free(name);
	}
	mem_pool_free(&pool);
}

/* The names that all files of the answers use, as keys.  Borrowed. */
static const json_t *names_of(struct answers_check *check, const char *name)
{
	json_t *names = json_object_get(check->names, name);
	struct error unused = ERROR_INIT;
	char **files;

	if (names != NULL)
		return names;
	names = json_object();
	files = answer_files(check->site, name, &unused);
	for (char **file = files; file != NULL && *file != NULL; file++)
		answer_add_names(check->site, name, *file, names, &unused);
	answer_free_files(files);
	json_object_set_new(check->names, name, names);
	return names;
}

static int is_given(const json_t *values, const char *name)
{
	const json_t *value = json_object_get(values, name);

	return value != NULL && !json_is_false(value) &&
	       !(json_is_array(value) && json_array_size(value) == 0);
}

/* Warn of a machine that nobody could log in to, where the answers know how. */
static void check_login(struct answers_check *check, const struct assignment *a,
			const char *file, const char *pointer)
{
	const json_t *names = names_of(check, a->answers);
	json_t *all = json_object();

	assignment_add_values(a, catalog_settings(site_catalog(check->site)),
			      all);
	if (json_object_get(names, "ssh_keys") != NULL &&
	    json_object_get(names, "password_hash") != NULL &&
	    !is_given(all, "ssh_keys") && !is_given(all, "password_hash"))
		add(check,
		    &(struct finding){
			    .severity = SEVERITY_WARNING,
			    .file = file,
			    .pointer = pointer,
			    .reason = "nobody can log in: the values have "
				      "neither ssh_keys nor "
				      "password_hash",
		    });
	json_decref(all);
}

void answers_check(struct answers_check *check, const struct assignment *a,
		   const char *file, const char *pointer)
{
	struct error err = ERROR_INIT;
	struct buf place = BUF_INIT;
	char **files;

	if (!assignment_is_unattended(a) || !open_site(check))
		return;
	buf_printf(&place, "%s/answers", pointer);
	files = answer_files(check->site, a->answers, &err);
	if (files == NULL) {
		add(check, &(struct finding){ .file = file,
					      .pointer = place.data,
					      .reason = err.text });
	} else {
		check_led(check, a, files, file, place.data);
		check_login(check, a, file, place.data);
	}
	for (char **answer = files; answer != NULL && *answer != NULL; answer++)
		fill(check, a, *answer, file, place.data);
	answer_free_files(files);
	buf_free(&place);
}

/* Append what a person may have meant. */
static void add_meant(struct buf *out, const char *wanted, const json_t *names)
{
	const char **known = offer_keys(names, NULL);
	const struct offer offer = { .wanted = wanted, .known = known };

	if (offer_nearest(&offer) != NULL)
		offer_add(&offer, "", out);
	free(known);
}

static void warn(struct answers_check *check, const struct assignment *a,
		 const char *file, const char *pointer, const char *name)
{
	struct buf reason = BUF_INIT;
	struct buf meant = BUF_INIT;
	struct buf place = BUF_INIT;

	buf_printf(&place, "%s/values/%s", pointer, name);
	buf_printf(&reason, "no file of answers/%s uses it", a->answers);
	add_meant(&meant, name, names_of(check, a->answers));
	add(check, &(struct finding){
			   .severity = SEVERITY_WARNING,
			   .file = file,
			   .pointer = place.data,
			   .reason = reason.data,
			   .instead = meant.len > 0 ? meant.data : NULL,
		   });
	buf_free(&place);
	buf_free(&meant);
	buf_free(&reason);
}

static void check_names(struct answers_check *check, const struct assignment *a,
			json_t *own, const char *file, const char *pointer)
{
	const json_t *names = names_of(check, a->answers);
	const char *name;
	json_t *value;

	json_object_foreach(own, name, value)
		if (json_object_size(names) > 0 &&
		    json_object_get(names, name) == NULL)
			warn(check, a, file, pointer, name);
}

/* What crypt(3) makes begins with '$' and is long; '!' before it, or alone, and
 * '*' are for an account that no password opens.  false is no password. */
static int is_hash(const json_t *value)
{
	const char *text = json_string_value(value);

	if (json_is_false(value))
		return 1;
	if (text == NULL || text[0] == '\0')
		return 0;
	text += text[0] == '!';
	return text[0] == '\0' || strcmp(text, "*") == 0 ||
	       (text[0] == '$' && strlen(text) >= HASH_MIN);
}

static void check_hash(struct answers_check *check, const json_t *own,
		       const char *file, const char *pointer)
{
	const json_t *value = json_object_get(own, "password_hash");
	struct buf place = BUF_INIT;

	if (value == NULL || is_hash(value))
		return;
	buf_printf(&place, "%s/values/password_hash", pointer);
	add(check, &(struct finding){
			   .severity = SEVERITY_WARNING,
			   .file = file,
			   .pointer = place.data,
			   .reason = "is no hash of a password: write what "
				     "'openssl passwd -6' prints",
		   });
	buf_free(&place);
}

void answers_check_values(struct answers_check *check,
			  const struct assignment *a, const char *file,
			  const char *pointer)
{
	json_t *own;

	if (a->values == NULL)
		return;
	own = json_object();
	values_add(own, a->values);
	if (assignment_is_unattended(a) && open_site(check))
		check_names(check, a, own, file, pointer);
	check_hash(check, own, file, pointer);
	json_decref(own);
}
