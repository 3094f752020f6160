#include "unused.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"
#include "offer.h"
#include "uri.h"

static int is_taken(const char *file, const char *const *taken)
{
	for (; *taken != NULL; taken++)
		if (strcmp(*taken, file) == 0)
			return 1;
	return 0;
}

/* The name without the dialect. */
static char *stem(const char *file)
{
	return mem_copy(file, strcspn(file, "."));
}

/* The file that was meant; NULL if none is similar.  The name without the
 * dialect must be similar too: many files have the same dialect. */
static const char *find_similar(const char *file, const char *const *taken)
{
	const char *found = offer_nearest(
		&(struct offer){ .wanted = file, .known = taken });
	char *wanted = stem(file);
	char *known = found != NULL ? stem(found) : NULL;
	const char *const stems[] = { known, NULL };

	if (offer_nearest(&(struct offer){ .wanted = wanted,
					   .known = stems }) == NULL)
		found = NULL;
	free(wanted);
	free(known);
	return found;
}

static void warn(const char *file, const char *const *taken, struct findings *f)
{
	const char *near = find_similar(file, taken);
	struct buf instead = BUF_INIT;

	if (near != NULL)
		buf_printf(&instead, "did you mean '%s'?", near);
	findings_add(f, &(struct finding){
				.severity = SEVERITY_WARNING,
				.check = "template",
				.file = file,
				.reason = "no page uses this template: rename "
					  "or remove it",
				.instead = instead.data,
			});
	buf_free(&instead);
}

int unused_is_leftover(const char *name)
{
	size_t len = strlen(name);

	return name[0] == '.' || name[0] == '#' || name[len - 1] == '~' ||
	       strstr(name, ".dpkg-") != NULL || strstr(name, ".orig") != NULL;
}

static int is_of_interest(const struct dirent *entry)
{
	return !unused_is_leftover(entry->d_name);
}

static int check_directory(const char *dir, const char *const *taken,
			   struct findings *f)
{
	struct dirent **entries = NULL;
	int count = scandir(dir, &entries, is_of_interest, alphasort);

	/* The default directory need not exist.  templates_load() reports what
	 * is no directory. */
	if (count < 0 && errno != ENOENT && errno != ENOTDIR) {
		struct buf reason = BUF_INIT;

		buf_printf(&reason, "directory cannot be read: %s",
			   strerror(errno));
		findings_add(f, &(struct finding){
					.severity = SEVERITY_ERROR,
					.check = "template",
					.file = uri_shown_name(dir),
					.reason = reason.data,
				});
		buf_free(&reason);
		return -1;
	}
	for (int i = 0; i < count; i++) {
		if (!is_taken(entries[i]->d_name, taken))
			warn(entries[i]->d_name, taken, f);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

int unused_check(char *const *dirs, const char *const *taken,
		 struct findings *f)
{
	int rc = 0;

	for (; *dirs != NULL; dirs++)
		if (check_directory(*dirs, taken, f) < 0)
			rc = -1;
	return rc;
}
