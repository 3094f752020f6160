/* mirrorboot-export: writes the pages as files, for any web server. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "environment.h"
#include "generation.h"
#include "mem.h"
#include "pages.h"
#include "texts.h"
#include "uri.h"

/* The exit status; 0: the export is what the catalogue says. */
#define EXIT_DIFFERS 1
#define EXIT_FAILED 2

struct options {
	struct site_paths paths;
	const char *base; /* NULL: export/ below that of the pages */
	const char *directory;
	int has_pages;
	int is_check;
	int is_quiet; /* what has no file is not listed */
};

static void print_help(void)
{
	printf("Usage: mirrorboot-export [--base URL] [--pages] [--check] "
	       "[--quiet] DIR\n"
	       "Write the pages as files to DIR, for any web server.\n"
	       "\n"
	       "  --base URL  of DIR on the web server; without it export/ "
	       "below "
	       "the pages\n"
	       "  --pages     the web server has the pages too: link to what "
	       "is "
	       "no file\n"
	       "  --check     write nothing; compare DIR with the catalogue\n"
	       "  --quiet     do not list what has no file\n"
	       "\n"
	       "The catalogue is MIRRORBOOT_CATALOG, or\n"
	       "%s.\n"
	       "Exit status: 0 DIR is as the catalogue says, 1 it is not "
	       "(--check),\n"
	       "2 failed: DIR is as it was.\n",
	       DEFAULT_CATALOG);
}

static void complain(const char *text)
{
	fprintf(stderr, "mirrorboot-export: %s\n", text);
}

/* Take one option.  Returns 0, or -1 to end with *status. */
static int take(struct options *o, int option, int *status)
{
	*status = EXIT_FAILED;
	switch (option) {
	case 'b':
		o->base = optarg;
		return 0;
	case 'p':
		o->has_pages = 1;
		return 0;
	case 'c':
		o->is_check = 1;
		return 0;
	case 'q':
		o->is_quiet = 1;
		return 0;
	case 'h':
		print_help();
		*status = EXIT_SUCCESS;
		return -1;
	case 'v':
		printf("mirrorboot-export (mirrorboot) %s\n", VERSION);
		*status = EXIT_SUCCESS;
		return -1;
	default: /* getopt_long() has printed a message */
		complain("--help lists the options");
	}
	return -1;
}

static int parse(struct options *o, int argc, char **argv, int *status)
{
	static const struct option names[] = {
		{ "base", required_argument, NULL, 'b' },
		{ "pages", no_argument, NULL, 'p' },
		{ "check", no_argument, NULL, 'c' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
		if (take(o, option, status) < 0)
			return -1;
	if (argc - optind == 1) {
		o->directory = argv[optind];
		return 0;
	}
	*status = EXIT_FAILED;
	complain(argc == optind ? "name the directory to write: "
				  "mirrorboot-export DIR"
				: "name one directory only");
	return -1;
}

/* Whether the URL can be that of a directory.  Returns 0, or -1 with err set,
 * which does not repeat it. */
static int check_base(const char *base, struct error *err)
{
	struct uri uri;
	const char *reason = uri_parse(base, &uri);

	if (strchr(base, '?') != NULL)
		reason = "has a query";
	if (reason == NULL && base[strlen(base) - 1] != '/')
		reason = "does not end in '/'";
	if (reason == NULL)
		return 0;
	return error_set(err, NULL, 0,
			 "--base %s: write it as in http://boot.example.org/"
			 "export/",
			 reason);
}

static int keep_file(void *ctx, const char *path, const char *basis,
		     struct error *err)
{
	return generation_keep(ctx, path, basis, err);
}

static int add_file(void *ctx, const char *path, const char *basis,
		    const struct buf *text, struct error *err)
{
	return generation_add(ctx, path, basis, text, err);
}

static void print_withheld(const json_t *withheld)
{
	const char *line;
	json_t *value;

	json_object_foreach((json_t *)withheld, line, value)
		printf("no file: %s\n", line);
}

static int count_differences; /* of --check */

static void report(const char *path, const char *what)
{
	count_differences++;
	printf("%s: %s\n", path, what);
}

/* Fill DIR, or compare it.  Returns the exit status. */
static int finish(const struct options *o, struct generation *g,
		  const json_t *withheld, struct error *err)
{
	struct generation_counts counts;

	if (o->is_check) {
		generation_compare(g);
		return count_differences > 0 ? EXIT_DIFFERS : EXIT_SUCCESS;
	}
	if (generation_finish(g, &counts, err) < 0)
		return EXIT_FAILED;
	if (!o->is_quiet)
		print_withheld(withheld);
	printf("%s: %zu files, %zu written, %zu removed\n", o->directory,
	       counts.all, counts.written, counts.removed);
	return EXIT_SUCCESS;
}

/* The URL of DIR; the buffer has the one that is not given. */
static const char *base_of(const struct options *o, const struct site *site,
			   struct buf *base)
{
	if (o->base != NULL)
		return o->base;
	buf_printf(base, "%sexport/",
		   catalog_settings(site_catalog(site))->base);
	return base->data;
}

/* The lock is held while the catalogue is read: of two runs at once, the later
 * one has the newer catalogue. */
static int export(const struct options *o, struct error *err)
{
	struct generation *g =
		o->is_check ? generation_open(o->directory, report, err)
			    : generation_new(o->directory, err);
	struct site *site = site_new(&o->paths, pages_names, pages_check_urls);
	json_t *withheld = json_object();
	struct buf base = BUF_INIT;
	int status = EXIT_FAILED;

	if (g != NULL && site_refresh(site, err) == 0) {
		const struct texts_taker taker = {
			.keep = o->is_check ? NULL : keep_file,
			.take = add_file,
			.ctx = g,
		};
		const struct texts_options texts = {
			.site = site,
			.paths = &o->paths,
			.base = base_of(o, site, &base),
			.has_pages = o->has_pages,
		};

		if (texts_each(&texts, &taker, withheld, err) == 0)
			status = finish(o, g, withheld, err);
	}
	buf_free(&base);
	json_decref(withheld);
	site_free(site);
	generation_free(g);
	return status;
}

/* Returns 0, or -1 with err set. */
static int take_settings(struct options *o, struct error *err)
{
	if (environment_take(DEFAULT_CATALOG, err) < 0)
		return -1;
	o->paths = (struct site_paths){
		.catalog = site_setting("MIRRORBOOT_CATALOG", DEFAULT_CATALOG),
		.templates =
			site_setting("MIRRORBOOT_TEMPLATES", DEFAULT_TEMPLATES),
		.shipped = SHIPPED_TEMPLATES,
		.base = site_setting("MIRRORBOOT_BASE", NULL),
		.hosts = site_setting("MIRRORBOOT_HOSTS", NULL),
	};
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = { .base = NULL };
	struct error err = ERROR_INIT;
	int status = EXIT_SUCCESS;

	json_set_alloc_funcs(mem_get, free);
	umask(022); /* the web server reads the files */
	if (parse(&o, argc, argv, &status) < 0)
		return status;
	if (take_settings(&o, &err) < 0 ||
	    (o.base != NULL && check_base(o.base, &err) < 0))
		status = EXIT_FAILED;
	else
		status = export(&o, &err);
	if (status == EXIT_FAILED)
		complain(err.text);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain(strerror(errno));
		status = EXIT_FAILED;
	}
	return status;
}
