#include "offline.h"

#include <stdlib.h>

#include "guards.h"
#include "hosts.h"
#include "include.h"
#include "pages.h"
#include "render.h"
#include "sections.h"
#include "stamps.h"
#include "templates.h"
#include "unused.h"
#include "warnings.h"

/* Check the templates.  Returns 0, or -1 if pages cannot be filled from
 * them. */
static int check_templates(const struct site_paths *paths, struct findings *f)
{
	struct findings_target target = { f, "template", NULL };
	struct error err = ERROR_INIT;
	struct stamps *stamps = stamps_new();
	struct templates *templates = templates_new();
	char **dirs = templates_dirs(paths->templates, paths->shipped);
	char **own = templates_dirs(paths->templates, "");
	const char **taken;
	int rc;

	err.report = findings_report;
	err.ctx = &target;
	rc = templates_load(templates, dirs, pages_names, stamps, &err);
	taken = templates_files(templates);
	if (rc == 0)
		sections_check(templates, paths->shipped, f);
	if (unused_check(own, taken, f) < 0)
		rc = -1;
	free(taken);
	free(own);
	free(dirs);
	templates_free(templates);
	stamps_free(stamps);
	return rc;
}

/* Check everything but the catalogue, which is good. */
static void check_rest(const struct site_paths *paths, const struct catalog *c,
		       struct findings *f)
{
	struct stamps *stamps = stamps_new();
	struct error err = ERROR_INIT;
	struct include files = { .files = NULL };
	struct given given = GIVEN_INIT;
	struct findings_target target = { f, "catalogue", NULL };

	err.report = findings_report;
	err.ctx = &target;
	if (include_read(&files, paths->catalog, catalog_sections, stamps,
			 &err) == 0) {
		if (check_templates(paths, f) == 0)
			render_check(paths, f);
		hosts_check(paths, c, &files, f, &given);
		warnings_find(c, &files, &given, f);
		guards_check(c, &given, f);
		given_free(&given);
		include_free(&files);
	}
	stamps_free(stamps);
}

struct catalog *offline_check(const struct site_paths *paths,
			      struct findings *f)
{
	struct findings_target target = { f, "catalogue", NULL };
	struct stamps *stamps = stamps_new();
	struct error err = ERROR_INIT;
	struct catalog *c;

	err.report = findings_report;
	err.ctx = &target;
	c = pages_load_catalog(paths->catalog, paths->base, stamps, &err);
	if (c != NULL)
		check_rest(paths, c, f);
	else
		check_templates(paths, f);
	stamps_free(stamps);
	return c;
}
