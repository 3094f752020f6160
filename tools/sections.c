#include "sections.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "offer.h"
#include "pages.h"
#include "uri.h"

/* What pages give to templates, and no shipped one uses. */
static const char *const others[] = { "bios_url", "script_url", "variant" };

struct check {
	json_t *known; /* parts of names, as keys */
	struct findings *findings;
};

/* Move the part of a dotted name at *s to part.  Returns 0 after the last. */
static int next_part(const char **s, struct buf *part)
{
	size_t len = strcspn(*s, ".");

	if (len == 0)
		return 0;
	buf_truncate(part, 0);
	buf_add(part, *s, len);
	*s += len + ((*s)[len] == '.');
	return 1;
}

static int add_known(void *ctx, const struct template_name *name)
{
	const char *s = name->text;
	struct buf part = BUF_INIT;

	while (name->use != TEMPLATE_PARTIAL && next_part(&s, &part))
		json_object_set_new(ctx, buf_text(&part), json_true());
	buf_free(&part);
	return 0;
}

static json_t *known_names(const char *shipped)
{
	const size_t count = sizeof(others) / sizeof(*others);
	json_t *known = json_object();
	struct templates *templates = templates_new();
	struct stamps *stamps = stamps_new();
	struct error err = ERROR_INIT;
	char **dirs = templates_dirs(NULL, shipped);

	templates_load(templates, dirs, pages_names, stamps, &err);
	templates_each_name(templates, add_known, known);
	for (size_t i = 0; i < count; i++)
		json_object_set_new(known, others[i], json_true());
	free(dirs);
	stamps_free(stamps);
	templates_free(templates);
	return known;
}

/* The known name that was meant; NULL if none is similar. */
static const char *find_similar(const struct check *check, const char *part)
{
	const char **known = offer_keys(check->known, NULL);
	const char *found = offer_nearest(
		&(struct offer){ .wanted = part, .known = known });

	free(known);
	return found;
}

static void warn(const struct check *check, const struct template_name *name,
		 const char *part)
{
	const char *near = find_similar(check, part);
	struct buf reason = BUF_INIT;
	struct buf instead = BUF_INIT;

	buf_printf(&reason,
		   "section '%s' is always empty: no page has a value of that "
		   "name",
		   uri_shown_name(part));
	if (near != NULL)
		buf_printf(&instead, "did you mean '%s'?", near);
	findings_add(check->findings, &(struct finding){
					      .severity = SEVERITY_WARNING,
					      .check = "template",
					      .file = name->file,
					      .line = name->line,
					      .reason = reason.data,
					      .instead = instead.data,
				      });
	buf_free(&reason);
	buf_free(&instead);
}

static int check_name(void *ctx, const struct template_name *name)
{
	const struct check *check = ctx;
	const char *s = name->text;
	struct buf part = BUF_INIT;

	while (name->use == TEMPLATE_SECTION && next_part(&s, &part))
		if (json_object_get(check->known, part.data) == NULL)
			warn(check, name, part.data);
	buf_free(&part);
	return 0;
}

void sections_check(const struct templates *t, const char *shipped,
		    struct findings *f)
{
	struct check check = { known_names(shipped), f };

	templates_each_name(t, check_name, &check);
	json_decref(check.known);
}
