/* What boots a release's installer straight from its mirror. */
#include "page.h"

/* The first mirror that a client without TLS can reach; NULL if none is. */
static const struct source *first_usable(const struct release *release)
{
	for (size_t i = 0; i < release->source_count; i++)
		if (!release->sources[i].is_https)
			return &release->sources[i];
	return NULL;
}

static json_t *initrds_view(const struct source *source)
{
	json_t *list = json_array();

	for (size_t i = 0; i < source->initrd_count; i++)
		json_array_append_new(list, json_string(source->initrds[i]));
	return list;
}

/* The way that a PC with BIOS prefers: the mirror's own PXELinux, then the
 * kernel, then a program to chain. */
static json_t *source_view(const struct source *source)
{
	if (source->loader != NULL)
		return json_pack("{s:{s:s, s:s, s:s}}", "pxelinux",
				 "pathprefix", source->pathprefix, "configfile",
				 source->configfile, "loader", source->loader);
	if (source->kernel != NULL)
		return json_pack("{s:{s:s, s:s*, s:o}}", "kernel", "url",
				 source->kernel, "args", source->args,
				 "initrds", initrds_view(source));
	return json_pack("{s:s}", "chain", source->chain[PLATFORM_BIOS]);
}

static int answer(struct request *r, json_t **view, struct error *err)
{
	const char *distro = query_get(r->query, "distro");
	const char *version = query_get(r->query, "version");
	const char *arch = query_get(r->query, "arch");
	const struct release *release;
	const struct source *source;
	const char *refusal;

	if (distro == NULL || version == NULL || arch == NULL) {
		error_set(err, NULL, 0, "distro, version and arch are needed");
		return 400;
	}
	release = catalog_release(r->catalog, distro, version, arch,
				  query_get(r->query, "variant"));
	if (release == NULL) {
		error_set(err, NULL, 0, "that release is not in the catalogue");
		return 404;
	}
	refusal = release_refusal(release, &r->machine);
	source = first_usable(release);
	if (refusal == NULL && source == NULL)
		refusal = "is on https mirrors only, which gPXE cannot reach";
	if (refusal != NULL) {
		*view = json_pack("{s:{s:s, s:s}}", "refused", "title",
				  release->title, "reason", refusal);
		return 200;
	}
	*view = source_view(source);
	return 200;
}

static const char *const params[] = {
	"distro", "version", "arch", "variant", "dialect", NULL,
};

const struct page page = {
	.name = "fromthemirror",
	.params = params,
	.default_dialect = "gpxe",
	.answer = answer,
};
