#include "offline.h"

#include "include.h"
#include "render.h"
#include "stamps.h"
#include "templates.h"
#include "warnings.h"

/* What a good catalogue may still have, seen from its files. */
static void look_deeper(const struct site_paths *paths, const struct catalog *c,
			struct findings *f)
{
	struct stamps *stamps = stamps_new();
	struct error err = ERROR_INIT;
	struct include files = { NULL, NULL, NULL, NULL };

	if (include_read(&files, paths->catalog, catalog_sections, stamps,
			 &err) < 0) {
		findings_add_text(f, "catalogue", err.text, NULL);
	} else {
		/* Pages cannot be made with templates that are broken. */
		if (templates_check(paths, f) == 0)
			render_check(paths, f);
		warnings_find(c, &files, f);
		include_free(&files);
	}
	stamps_free(stamps);
}

struct catalog *offline_check(const struct site_paths *paths,
			      struct findings *f)
{
	struct stamps *stamps = stamps_new();
	struct error err = ERROR_INIT;
	struct catalog *c;

	err.report = findings_report;
	err.ctx = f;
	c = catalog_load(paths->catalog, paths->base, stamps, &err);
	if (c != NULL)
		look_deeper(paths, c, f);
	else
		templates_check(paths, f);
	stamps_free(stamps);
	return c;
}
