#include "discovery.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "catalog.h"
#include "date.h"
#include "discover.h"
#include "lists.h"
#include "mem.h"
#include "trial.h"
#include "version.h"

/* The most new versions of a distro, the newest first, and of one run. */
#define NEW_OF_DISTRO_MAX 4
#define NEW_MAX 32

struct discovery {
	const struct include *files;
	struct findings *findings;
	struct lists lists;
	char today[DATE_SIZE];
	json_t *plans; /* as in trial.h; "list" and "plain" of lists.h, and
			  "is_new" beside */
	size_t new_count;
};

/* One distro that is compared. */
struct comparison {
	struct discovery *all;
	const char *id;
	const json_t *versions; /* of the catalogue */
	const char *expression; /* of discover */
	const char *newest;     /* of the catalogue's that match it; NULL */
	json_t *found;          /* as in lists.h */
	size_t newest_place;    /* of those in found, the last; 0: none */
	int is_whole;           /* found is what all lists of versions have */
};

/* What a finding is about; version and url may be NULL. */
struct about {
	const char *distro;
	const char *version;
	const char *url;
};

__attribute__((format(printf, 4, 5))) static void add(const struct discovery *d,
						      const char *check,
						      const struct about *about,
						      const char *fmt, ...)
{
	const char *version = about->version;
	struct buf pointer = BUF_INIT;
	struct buf reason = BUF_INIT;
	struct buf id = BUF_INIT;
	va_list args;

	buf_printf(&id, "%s%s%s", about->distro,
		   version != NULL ? "/versions/" : "",
		   version != NULL ? version : "");
	buf_printf(&pointer, "/distros/%s", id.data);
	va_start(args, fmt);
	buf_vprintf(&reason, fmt, args);
	va_end(args);
	findings_add(d->findings,
		     &(struct finding){
			     .severity = SEVERITY_WARNING,
			     .check = check,
			     .file = include_file(d->files, "distros", id.data),
			     .pointer = pointer.data,
			     .reason = reason.data,
			     .url = about->url,
		     });
	buf_free(&pointer);
	buf_free(&reason);
	buf_free(&id);
}

static void fail_list(void *ctx, const char *distro, const char *place,
		      const char *reason)
{
	struct discovery *d = ctx;

	add(d, "list", &(struct about){ distro, NULL, place },
	    "a list of releases %s", reason);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int has_number(const char *id)
{
	return strpbrk(id, "0123456789") != NULL;
}

/* Find the newest version that the catalogue has, by number and in the list. */
static void find_newest(struct comparison *k)
{
	const char *id;
	json_t *unused;
	size_t place = 0;

	json_object_foreach((json_t *)k->versions, id, unused)
		if (discover_matches(k->expression, id) &&
		    (k->newest == NULL || version_compare(id, k->newest) > 0))
			k->newest = id;
	json_object_foreach(k->found, id, unused) {
		place++;
		if (json_object_get(k->versions, id) != NULL)
			k->newest_place = place;
	}
}

/* Whether a null of the site has taken the version back. */
static int is_removed(const struct comparison *k, const char *id)
{
	struct buf path = BUF_INIT;
	int removed;

	buf_printf(&path, "%s/versions/%s", k->id, id);
	removed = include_is_removed(k->all->files, "distros", path.data);
	buf_free(&path);
	return removed;
}

/* Whether a version of the list, at that place from 1 on, is newer than all
 * that the catalogue has.  Names without a number stand in lists in their
 * order. */
static int is_new(const struct comparison *k, const char *id, size_t place)
{
	if (json_object_get(k->versions, id) != NULL || is_removed(k, id))
		return 0;
	if (has_number(id))
		return k->newest == NULL || version_compare(id, k->newest) > 0;
	return place > k->newest_place;
}

/* The architectures that any version of the distro has: those to try. */
static json_t *arches_of(const struct comparison *k)
{
	json_t *arches = json_object();
	const char *id;
	json_t *version;

	json_object_foreach((json_t *)k->versions, id, version) {
		size_t i;
		json_t *arch;

		json_array_foreach(json_object_get(version, "arches"), i, arch)
			json_object_set_new(arches, json_string_value(arch),
					    json_false());
	}
	return arches;
}

static void set_plan(struct comparison *k, const char *id, json_t *plan)
{
	json_t *plans = json_object_get(k->all->plans, k->id);

	if (plans == NULL) {
		plans = json_object();
		json_object_set_new(k->all->plans, k->id, plans);
	}
	json_object_set_new(plans, id, plan);
}

static void plan_new(struct comparison *k, const char *id, const json_t *found)
{
	json_t *plan = json_deep_copy(found);

	lists_add_details(&k->all->lists, k->id, id, plan);
	json_object_set_new(plan, "is_new", json_true());
	json_object_set_new(plan, "arches", arches_of(k));
	set_plan(k, id, plan);
	k->all->new_count++;
}

static int compare_ids(const void *a, const void *b)
{
	return version_compare(*(const char *const *)b,
			       *(const char *const *)a);
}

static void plan_all_new(struct comparison *k)
{
	const char **ids =
		mem_alloc((json_object_size(k->found) + 1) * sizeof(*ids));
	size_t count = 0;
	size_t place = 0;
	const char *id;
	json_t *unused;

	json_object_foreach(k->found, id, unused)
		if (is_new(k, id, ++place))
			ids[count++] = id;
	qsort(ids, count, sizeof(*ids), compare_ids);
	for (size_t i = 0; i < count; i++) {
		if (i == NEW_OF_DISTRO_MAX || k->all->new_count == NEW_MAX) {
			add(k->all, "list",
			    &(struct about){ k->id, NULL, NULL },
			    "the lists have %zu more new versions than one run "
			    "proposes: has their form changed?",
			    count - i);
			break;
		}
		plan_new(k, ids[i], json_object_get(k->found, ids[i]));
	}
	free(ids);
}

/* Say what ends. */
static void report_end(const struct comparison *k, const char *id,
		       const json_t *version, const json_t *details)
{
	const char *listed = text_of(details, "eol");
	const char *known = text_of(version, "eol");

	if (listed == NULL)
		return;
	if (strcmp(listed, k->all->today) <= 0)
		add(k->all, "eol",
		    &(struct about){ k->id, id, text_of(details, "list") },
		    "reached its end of life on %s", listed);
	else if (known != NULL && strcmp(known, listed) != 0)
		add(k->all, "eol",
		    &(struct about){ k->id, id, text_of(details, "list") },
		    "ends on %s, and not on %s", listed, known);
}

/* Say that the lists do not have it any more, and whether it still boots. */
static void report_gone(const struct comparison *k, const char *id)
{
	struct buf pointer = BUF_INIT;
	const char *url = NULL;
	const char *fault;

	buf_printf(&pointer, "/distros/%s/versions/%s", k->id, id);
	fault = findings_error_at(k->all->findings, pointer.data, &url);
	if (fault != NULL)
		add(k->all, "gone", &(struct about){ k->id, id, url },
		    "is on no list any more, and does not boot: %s", fault);
	else
		add(k->all, "gone", &(struct about){ k->id, id, NULL },
		    "is on no list any more, but its files are still there");
	buf_free(&pointer);
}

/* Plan the architectures that it lacks, and its new name. */
static void plan_present(struct comparison *k, const char *id,
			 const json_t *version, json_t *details)
{
	const char *name = text_of(details, "name");
	const char *known = text_of(version, "name");
	const int is_renamed =
		name != NULL && known != NULL && strcmp(name, known) != 0;
	json_t *has = json_object_get(version, "arches");
	json_t *arches = arches_of(k);
	size_t i;
	json_t *arch;

	json_object_del(details, "eol");
	json_array_foreach(has, i, arch)
		if (!is_renamed)
			json_object_del(arches, json_string_value(arch));
	if (!is_renamed)
		json_object_del(details, "name");
	json_object_set_new(details, "arches", arches);
	json_object_set(details, "has", has);
	if (json_object_size(arches) > 0)
		set_plan(k, id, json_incref(details));
}

static void compare_present(struct comparison *k)
{
	const char *id;
	json_t *version;

	json_object_foreach((json_t *)k->versions, id, version) {
		const json_t *found = json_object_get(k->found, id);
		json_t *details;

		if (!discover_matches(k->expression, id))
			continue;
		details = found != NULL ? json_deep_copy(found) : json_object();
		lists_add_details(&k->all->lists, k->id, id, details);
		if (found == NULL && k->is_whole &&
		    json_object_size(k->found) > 0)
			report_gone(k, id);
		report_end(k, id, version, details);
		plan_present(k, id, version, details);
		json_decref(details);
	}
}

static void compare_distro(struct discovery *d, const char *id,
			   const json_t *distro)
{
	const json_t *discover = json_object_get(distro, "discover");
	struct comparison k = {
		.all = d,
		.id = id,
		.versions = json_object_get(distro, "versions"),
		.expression = text_of(discover, "version"),
	};

	if (json_array_size(json_object_get(discover, "lists")) == 0)
		return;
	k.found = lists_find(&d->lists, id, &k.is_whole);
	find_newest(&k);
	plan_all_new(&k);
	compare_present(&k);
	json_decref(k.found);
}

/* "amd64, arm64": those of the plan that are good; or that are not. */
static void add_arches(const json_t *plan, struct buf *out)
{
	const size_t before = out->len;

	for (const char *const *arch = machine_arches; *arch != NULL; arch++)
		if (json_is_true(json_object_get(
			    json_object_get(plan, "arches"), *arch)))
			buf_printf(out, "%s%s", out->len > before ? ", " : "",
				   *arch);
}

static void report_new(const struct discovery *d, const char *distro,
		       const char *version, const json_t *plan)
{
	struct buf arches = BUF_INIT;

	add_arches(plan, &arches);
	if (arches.len > 0)
		add(d, "new",
		    &(struct about){ distro, NULL, text_of(plan, "list") },
		    "there is a new version: %s, for %s", version, arches.data);
	else
		add(d, "incomplete",
		    &(struct about){ distro, NULL, text_of(plan, "url") },
		    "a list has a new version, %s, but the mirrors do not "
		    "have all of it yet: %s",
		    version,
		    text_of(plan, "fault") != NULL ? text_of(plan, "fault")
						   : "none of them answers");
	buf_free(&arches);
}

/* Whether all architectures that the catalogue has are good with the name. */
static int is_name_good(const json_t *plan)
{
	size_t i;
	json_t *arch;

	json_array_foreach(json_object_get(plan, "has"), i, arch)
		if (!json_is_true(
			    json_object_get(json_object_get(plan, "arches"),
					    json_string_value(arch))))
			return 0;
	return 1;
}

static void report_present(const struct discovery *d, const char *distro,
			   const char *version, json_t *plan)
{
	const char *name = text_of(plan, "name");
	struct buf arches = BUF_INIT;

	if (name != NULL && !is_name_good(plan)) {
		add(d, "incomplete",
		    &(struct about){ distro, version, text_of(plan, "url") },
		    "a list has the new name %s, but the mirrors do not have "
		    "all of it: %s",
		    name, text_of(plan, "fault"));
		json_object_clear(json_object_get(plan, "arches"));
		return;
	}
	if (name != NULL)
		add(d, "name",
		    &(struct about){ distro, version, text_of(plan, "list") },
		    "its name is %s now", name);
	else
		add_arches(plan, &arches);
	if (arches.len > 0)
		add(d, "arch",
		    &(struct about){ distro, version, text_of(plan, "list") },
		    "exists for %s too", arches.data);
	buf_free(&arches);
}

/* What of the plan is good; NULL: nothing. */
static json_t *proposal_of(const json_t *plan)
{
	const int is_new = json_is_true(json_object_get(plan, "is_new"));
	json_t *version = trial_version(plan, 1);
	const int is_longer =
		json_array_size(json_object_get(version, "arches")) >
		json_array_size(json_object_get(plan, "has"));

	if (!is_new && !is_longer)
		json_object_del(version, "arches");
	if (!is_new && json_object_size(json_object_get(plan, "arches")) == 0)
		json_object_clear(version);
	if (json_object_size(version) == 0 || (is_new && !is_longer)) {
		json_decref(version);
		return NULL;
	}
	json_object_set(version, "list", json_object_get(plan, "list"));
	if (json_object_get(plan, "plain") != NULL)
		json_object_set_new(version, "plain", json_true());
	return version;
}

static void report_refused(const struct discovery *d, const char *distro,
			   const char *version, const json_t *plan)
{
	add(d, "list", &(struct about){ distro, NULL, text_of(plan, "list") },
	    "a list has the version %s, with which the catalogue would be "
	    "refused: %s",
	    version, text_of(plan, "refused"));
}

static void report_distro(const struct discovery *d, const char *distro,
			  const json_t *plans, json_t *proposals)
{
	json_t *versions = json_object();
	const char *id;
	json_t *plan;

	json_object_foreach((json_t *)plans, id, plan) {
		json_t *proposal;

		if (json_object_get(plan, "refused") != NULL) {
			report_refused(d, distro, id, plan);
			continue;
		}
		if (json_object_get(plan, "is_new") != NULL)
			report_new(d, distro, id, plan);
		else
			report_present(d, distro, id, plan);
		proposal = proposal_of(plan);
		if (proposal != NULL)
			json_object_set_new(versions, id, proposal);
	}
	if (json_object_size(versions) > 0)
		json_object_set_new(proposals, distro,
				    json_pack("{s:O}", "versions", versions));
	json_decref(versions);
}

static json_t *compare_all(struct discovery *d, const struct site_paths *paths,
			   const struct online_options *options,
			   struct error *err)
{
	json_t *proposals = json_object();
	const char *id;
	json_t *distro;

	json_object_foreach(include_section(d->files, "distros"), id, distro)
		compare_distro(d, id, distro);
	if (json_object_size(d->plans) > 0 &&
	    trial_run(paths, d->plans, options, err) < 0) {
		json_decref(proposals);
		return NULL;
	}
	json_object_foreach(d->plans, id, distro)
		report_distro(d, id, distro, proposals);
	return proposals;
}

json_t *discovery_run(const struct site_paths *paths,
		      const struct online_options *options, struct findings *f,
		      struct error *err)
{
	const struct fetch_limits limits = {
		.timeout = options->timeout,
		.per_host = options->per_host,
	};
	struct stamps *stamps = stamps_new();
	struct include files;
	struct discovery d = { .files = &files, .findings = f };
	json_t *proposals = NULL;

	d.lists = (struct lists){ &files, &limits, fail_list, &d };
	date_print((long long)time(NULL), d.today);
	d.today[strlen("2026-11-14")] = '\0';
	if (include_read(&files, paths->catalog, catalog_sections, stamps,
			 err) == 0) {
		d.plans = json_object();
		proposals = compare_all(&d, paths, options, err);
		json_decref(d.plans);
		include_free(&files);
	}
	stamps_free(stamps);
	return proposals;
}
