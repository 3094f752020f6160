/* What boots a release's installer straight from its mirror. */
#include "pages.h"
#include "view_release.h"

static int answer(struct request *r, json_t **view, struct error *err)
{
	const char *distro = query_get(r->query, "distro");
	const char *version = query_get(r->query, "version");
	const char *arch = query_get(r->query, "arch");

	if (distro == NULL || version == NULL || arch == NULL) {
		error_set(err, NULL, 0, "distro, version and arch are needed");
		return 400;
	}
	r->release = catalog_release(r->catalog, distro, version, arch,
				     query_get(r->query, "variant"));
	if (r->release == NULL) {
		error_set(err, NULL, 0, "that release is not in the catalogue");
		return 404;
	}
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
	"distro",  "version", "arch",    "variant",
	"dialect", "view",    "explain", NULL,
};

const struct page page_fromthemirror = {
	.name = "fromthemirror",
	.params = params,
	.default_dialect = "gpxe",
	.answer = answer,
	.each = each,
};
