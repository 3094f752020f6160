/* What boots a release's installer straight from its mirror. */
#include <string.h>

#include "choice.h"
#include "pages.h"
#include "view_release.h"

/* How much of the key a release has in common with it: none of it, the distro,
 * the version too, or the architecture too. */
static size_t common(const struct release *release, const char *distro,
		     const char *version, int arch)
{
	if (strcmp(release->distro, distro) != 0)
		return 0;
	if (strcmp(release->version, version) != 0)
		return 1;
	return (int)release->arch == arch ? 3 : 2;
}

/* Say which part of the key the catalogue does not have. */
static int set_unknown(const struct request *r, const struct choice *want,
		       struct error *err)
{
	static const char *const parts[] = {
		"that distro",
		"that version of the distro",
		"that arch of the version",
		"that variant of the release",
	};
	const int known = machine_find_arch(want->arch);
	size_t most = 0;
	size_t count;
	const struct release *const *all = catalog_releases(r->catalog, &count);

	for (size_t i = 0; i < count; i++) {
		size_t found =
			common(all[i], want->distro, want->version, known);

		most = found > most ? found : most;
	}
	if (known != MACHINE_UNKNOWN)
		return page_set_unknown(r, parts[most], err);
	error_set(err, NULL, 0, "arch is " ARCH_CHOICE);
	return 404;
}

static int set_incomplete(const struct choice *want, struct error *err)
{
	struct buf missing = BUF_INIT;

	choice_add_missing(want, &missing);
	error_set(err, NULL, 0, "the query lacks %s: " CHOICE_KEYS,
		  missing.data);
	buf_free(&missing);
	return 400;
}

static int answer(struct request *r, json_t **view, struct error *err)
{
	const struct choice want = {
		.distro = query_get(r->query, "distro"),
		.version = query_get(r->query, "version"),
		.arch = query_get(r->query, "arch"),
		.variant = query_get(r->query, "variant"),
	};

	if (want.distro == NULL || want.version == NULL || want.arch == NULL)
		return set_incomplete(&want, err);
	r->release = catalog_release(r->catalog, want.distro, want.version,
				     want.arch, want.variant);
	if (r->release == NULL)
		return set_unknown(r, &want, err);
	*view = view_release(r, r->release);
	return 200;
}

static void each(const struct catalog *c, const struct page_visitor *v)
{
	size_t count;
	const struct release *const *all = catalog_releases(c, &count);

	for (size_t i = 0; i < count; i++)
		v->visit(v->ctx, &(struct link){ .release = all[i] }, NULL);
}

static const char *const params[] = {
	"distro",  "version", "arch",    "variant", "shim",
	"dialect", "view",    "explain", NULL,
};

const struct page page_fromthemirror = {
	.name = "fromthemirror",
	.params = params,
	.default_dialect = "gpxe",
	.answer = answer,
	.each = each,
};
