/* musl has realpath() among the XSI functions alone. */
#define _XOPEN_SOURCE 700

#include "trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "pages.h"
#include "uri.h"

static int write_json(const char *directory, const char *name, json_t *root)
{
	struct buf path = BUF_INIT;
	int rc;

	buf_printf(&path, "%s/%s", directory, name);
	rc = json_dump_file(root, path.data, 0);
	buf_free(&path);
	return rc;
}

static void remove_file(const char *directory, const char *name)
{
	struct buf path = BUF_INIT;

	buf_printf(&path, "%s/%s", directory, name);
	unlink(path.data);
	buf_free(&path);
}

/* Write a catalogue that includes the site's and then the distros. */
static int write_catalog(const char *directory, const char *site,
			 json_t *distros)
{
	json_t *found = json_pack("{s:O}", "distros", distros);
	json_t *all = json_pack("{s:[s, s]}", "include", site, "found.json");
	int rc = write_json(directory, "found.json", found);

	if (rc == 0)
		rc = write_json(directory, "catalog.json", all);
	json_decref(found);
	json_decref(all);
	return rc;
}

struct catalog *trial_load(const struct site_paths *paths, json_t *distros,
			   struct error *err)
{
	const char *place = getenv("TMPDIR");
	char *site = realpath(paths->catalog, NULL);
	struct stamps *stamps = stamps_new();
	struct buf directory = BUF_INIT;
	struct buf path = BUF_INIT;
	struct catalog *c = NULL;

	buf_printf(&directory, "%s/mirrorboot-check.XXXXXX",
		   place != NULL && place[0] == '/' ? place : "/tmp");
	if (site == NULL || mkdtemp(directory.data) == NULL) {
		error_set(err, NULL, 0,
			  "a temporary directory cannot be made: %s: let "
			  "TMPDIR name one that this user may write to",
			  strerror(errno));
		goto out;
	}
	buf_printf(&path, "%s/catalog.json", directory.data);
	if (write_catalog(directory.data, site, distros) < 0)
		error_set(err, NULL, 0,
			  "a temporary file cannot be written: %s: let TMPDIR "
			  "name another directory",
			  strerror(errno));
	else
		c = pages_load_catalog(path.data, paths->base, stamps, err);
	remove_file(directory.data, "catalog.json");
	remove_file(directory.data, "found.json");
	rmdir(directory.data);
out:
	buf_free(&path);
	buf_free(&directory);
	stamps_free(stamps);
	free(site);
	return c;
}

static int has_arch(const json_t *has, const char *arch)
{
	size_t i;
	json_t *own;

	json_array_foreach(has, i, own)
		if (strcmp(json_string_value(own), arch) == 0)
			return 1;
	return 0;
}

/* Those that it has, in their order, and then those that are tried, or good. */
static json_t *arches_of(const json_t *plan, int is_good)
{
	const json_t *has = json_object_get(plan, "has");
	json_t *arches = json_array();

	json_array_extend(arches, (json_t *)has);
	for (const char *const *arch = machine_arches; *arch != NULL; arch++) {
		const json_t *value =
			json_object_get(json_object_get(plan, "arches"), *arch);

		if (value != NULL && !has_arch(has, *arch) &&
		    (!is_good || json_is_true(value)))
			json_array_append_new(arches, json_string(*arch));
	}
	return arches;
}

json_t *trial_version(const json_t *plan, int is_good)
{
	static const char *const keys[] = { "name", "eol" };
	json_t *version =
		json_pack("{s:o}", "arches", arches_of(plan, is_good));

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (json_object_get(plan, keys[i]) != NULL)
			json_object_set(version, keys[i],
					json_object_get(plan, keys[i]));
	return version;
}

static json_t *all_versions(const json_t *plans)
{
	json_t *distros = json_object();
	const char *distro;
	json_t *versions;

	json_object_foreach((json_t *)plans, distro, versions) {
		json_t *all = json_object();
		const char *version;
		json_t *plan;

		json_object_foreach(versions, version, plan)
			if (json_object_get(plan, "refused") == NULL)
				json_object_set_new(all, version,
						    trial_version(plan, 0));
		json_object_set_new(distros, distro,
				    json_pack("{s:o}", "versions", all));
	}
	return distros;
}

/* The catalogue with these plans. */
static struct catalog *load_plans(const struct site_paths *paths,
				  const json_t *plans, struct error *err)
{
	json_t *distros = all_versions(plans);
	struct catalog *c = trial_load(paths, distros, err);

	json_decref(distros);
	return c;
}

/* Note of each plan of a distro whether the catalogue is refused with it. */
static void refuse_plans(const struct site_paths *paths, const char *distro,
			 json_t *versions)
{
	const char *version;
	json_t *plan;

	json_object_foreach(versions, version, plan) {
		json_t *alone = json_pack("{s:{s:O}}", distro, version, plan);
		struct error err = ERROR_INIT;
		struct catalog *c = load_plans(paths, alone, &err);

		if (c == NULL)
			json_object_set_new(plan, "refused",
					    json_string(err.text));
		catalog_free(c);
		json_decref(alone);
	}
}

/* The catalogue with all plans but those with which it is refused: what one
 * list says must not keep others from being compared. */
static struct catalog *load_good_plans(const struct site_paths *paths,
				       json_t *plans, struct error *err)
{
	struct error first = ERROR_INIT;
	struct catalog *c = load_plans(paths, plans, &first);
	const char *distro;
	json_t *versions;

	if (c != NULL)
		return c;
	json_object_foreach(plans, distro, versions) {
		json_t *alone = json_pack("{s:O}", distro, versions);
		struct error ignored = ERROR_INIT;

		c = load_plans(paths, alone, &ignored);
		if (c == NULL)
			refuse_plans(paths, distro, versions);
		catalog_free(c);
		json_decref(alone);
	}
	return load_plans(paths, plans, err);
}

/* What is tried in one run: all that is for one architecture. */
struct trial {
	const json_t *plans;
	enum arch arch;
};

static json_t *plan_of(const struct trial *t, const struct release *release)
{
	return json_object_get(json_object_get(t->plans, release->distro),
			       release->version);
}

/* For struct online_options. */
static int wants(const void *ctx, const struct release *release)
{
	const struct trial *t = ctx;
	const json_t *plan = plan_of(t, release);

	return plan != NULL && release->arch == t->arch &&
	       json_object_get(json_object_get(plan, "arches"),
			       machine_arch_name((int)t->arch)) != NULL;
}

/* A URL of a host that never answered, if the release has it as a mirror. */
static const char *find_silent(const struct findings *f,
			       const struct release *release)
{
	size_t index = 0;
	const char *url;

	while ((url = findings_next_url(f, "silent", &index)) != NULL)
		for (size_t i = 0; i < release->mirror_count; i++) {
			const char *base = release->mirrors[i].mirror;
			struct uri a, b;

			if (base != NULL && uri_parse(base, &a) == NULL &&
			    uri_parse(url, &b) == NULL && uri_has_host(&a, &b))
				return url;
		}
	return NULL;
}

static void judge(const struct trial *t, const struct findings *f,
		  const struct release *release)
{
	json_t *plan = plan_of(t, release);
	json_t *arches = json_object_get(plan, "arches");
	const char *arch = machine_arch_name((int)t->arch);
	struct buf pointer = BUF_INIT;
	const char *url = NULL;
	const char *fault;

	release_add_pointer(release, &pointer);
	fault = findings_error_at(f, pointer.data, &url);
	if (fault == NULL && (url = find_silent(f, release)) != NULL)
		fault = "one of its mirrors does not answer";
	json_object_set_new(arches, arch, json_boolean(fault == NULL));
	if (fault != NULL) {
		struct buf text = BUF_INIT;

		buf_printf(&text, "%s: %s", arch, fault);
		json_object_set_new(plan, "fault", json_string(text.data));
		json_object_set_new(plan, "url", json_string(url));
		buf_free(&text);
	}
	buf_free(&pointer);
}

static void try_arch(const struct catalog *c, const struct trial *t,
		     struct online_options options)
{
	struct findings *f = findings_new();
	const struct release *const *releases;
	size_t count;
	size_t wanted = 0;
	int rc;

	options.wants = wants;
	options.ctx = t;
	releases = catalog_releases(c, &count);
	for (size_t i = 0; i < count; i++)
		wanted += wants(t, releases[i]) != 0;
	rc = wanted > 0 ? online_check(c, &options, f) : -1;
	for (size_t i = 0; rc == 0 && i < count; i++)
		if (wants(t, releases[i]))
			judge(t, f, releases[i]);
	findings_free(f);
}

int trial_run(const struct site_paths *paths, json_t *plans,
	      const struct online_options *options, struct error *err)
{
	struct catalog *c = load_good_plans(paths, plans, err);

	if (c == NULL)
		return -1;
	for (int arch = 0; arch < ARCH_COUNT; arch++)
		try_arch(c,
			 &(struct trial){ .plans = plans,
					  .arch = (enum arch)arch },
			 *options);
	catalog_free(c);
	return 0;
}
