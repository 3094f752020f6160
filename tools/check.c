/* mirrorboot-check: finds what is wrong before a machine does. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copyscript.h"
#include "discovery.h"
#include "environment.h"
#include "findings.h"
#include "foundfile.h"
#include "mem.h"
#include "offer.h"
#include "offline.h"
#include "online.h"
#include "pages.h"
#include "ranking.h"
#include "templates.h"
#include "uri.h"
#include "verify.h"

/* The exit status; 0: no errors. */
#define EXIT_FINDINGS 1
#define EXIT_UNCHECKED 2

#define TIMEOUT_MAX 3600
#define MAX_TIME_MAX (7 * 24 * 3600)
#define PER_HOST_MAX 64

static const char no_directory[] =
	"there is no such directory: correct --templates or "
	"MIRRORBOOT_TEMPLATES";

struct options {
	struct site_paths paths;
	struct buf templates;
	struct online_options online;
	size_t distro_count; /* online's */
	int is_online;
	int is_verify;
	const char *pin; /* the file to pin sums in; NULL: none */
	int is_discover;
	const char *found; /* the file for what is found; NULL: none */
	int is_diff;       /* it is shown, and not written */
	const char *copy;  /* the copy to print a script for; NULL: none */
	const char *rank;  /* the file for the order of mirrors; NULL: none */
	int is_json;
	int is_strict; /* warnings count as errors */
};

static void print_usage(void)
{
	fputs("Usage: mirrorboot-check [--online] [--verify] [--pin FILE] "
	      "[--distro ID]\n"
	      "                        [--discover] [--write FILE] [--diff] "
	      "[--rank FILE]\n"
	      "                        [--copy NAME] [--json] [--strict] "
	      "[--templates DIR]\n"
	      "                        [--timeout S] [--max-time S] "
	      "[--per-host N] [FILE]\n",
	      stdout);
}

static void print_help(void)
{
	print_usage();
	printf("Check a catalogue and the pages made from it.\n"
	       "\n"
	       "  --online         also check on every mirror what boots would "
	       "fetch\n"
	       "  --verify         also compare kernels and initrds with "
	       "signed lists\n"
	       "  --pin FILE       also write their sums to FILE, for the "
	       "catalogue\n"
	       "  --distro ID      ask for that distro alone; may be repeated\n"
	       "  --discover       also compare with the lists of releases\n"
	       "  --write FILE     also write what is new to FILE, for the "
	       "catalogue\n"
	       "  --diff           show what --write would change, and write "
	       "nothing\n"
	       "  --rank FILE      also write the best order of mirrors to "
	       "FILE\n"
	       "  --copy NAME      print the script that makes the site's own "
	       "copy, and\n"
	       "                   check nothing: mint, rhel/10/amd64\n"
	       "  --json           print JSON\n"
	       "  --strict         count warnings as errors\n"
	       "  --templates DIR  the site's own templates; may be repeated\n"
	       "  --timeout S      seconds that a request may take (%u)\n"
	       "  --max-time S     seconds that a whole kernel or initrd may "
	       "take (%u)\n"
	       "  --per-host N     requests at a time to one host (%u)\n"
	       "\n"
	       "FILE is the catalogue; without it MIRRORBOOT_CATALOG, or\n"
	       "%s.\n"
	       "Exit status: 0 no errors, 1 errors, 2 could not check.\n",
	       ONLINE_TIMEOUT, ONLINE_MAX_TIME, ONLINE_PER_HOST,
	       DEFAULT_CATALOG);
}

/* what: a file, or an option. */
static int unchecked(const char *what, const char *why)
{
	struct buf shown = BUF_INIT;

	uri_add_shown_file(&shown, what);
	fprintf(stderr, "mirrorboot-check: %s: %s\n", buf_text(&shown), why);
	buf_free(&shown);
	return EXIT_UNCHECKED;
}

/* A whole number from 1 to max; 0 if text is not one. */
static unsigned number(const char *text, unsigned max)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long value;

	if (digits == 0 || digits > 9 || text[digits] != '\0')
		return 0;
	value = strtoul(text, NULL, 10);
	return value <= max ? (unsigned)value : 0;
}

/* The number of an option, from 1 to max; 0 with a message if it is none. */
static unsigned number_of(const char *option, const char *text, unsigned max)
{
	unsigned value = number(text, max);

	if (value == 0)
		fprintf(stderr,
			"mirrorboot-check: %s takes a whole number from 1 to "
			"%u\n",
			option, max);
	return value;
}

static void add_distro(struct options *o, const char *id)
{
	const char **distros = o->online.distros;

	distros = mem_grow(distros, o->distro_count + 2, sizeof(*distros));
	distros[o->distro_count++] = id;
	distros[o->distro_count] = NULL;
	o->online.distros = distros;
}

/* Take an option that says what else to check.  Returns whether it was one. */
static int take_part(struct options *o, int option)
{
	switch (option) {
	case 'o':
		break;
	case 'i':
		add_distro(o, optarg);
		break;
	case 'p':
		o->pin = optarg;
		/* fall through */
	case 'y':
		o->is_verify = 1;
		break;
	case 'f':
		o->found = optarg;
		/* fall through */
	case 'd':
		o->is_discover = 1;
		break;
	case 'r':
		o->rank = optarg;
		break;
	default:
		return 0;
	}
	o->is_online = 1;
	return 1;
}

/* Take an option with a number.  Returns whether it was one; *rc is 0, or -1
 * with a message if the number is none. */
static int take_number(struct options *o, int option, int *rc)
{
	unsigned *number;

	switch (option) {
	case 's':
		number = &o->online.timeout;
		*number = number_of("--timeout", optarg, TIMEOUT_MAX);
		break;
	case 'm':
		number = &o->online.max_time;
		*number = number_of("--max-time", optarg, MAX_TIME_MAX);
		break;
	case 'n':
		number = &o->online.per_host;
		*number = number_of("--per-host", optarg, PER_HOST_MAX);
		break;
	default:
		return 0;
	}
	*rc = *number > 0 ? 0 : -1;
	return 1;
}

/* Take one option.  Returns 0, or -1 to end with *status. */
static int take(struct options *o, int option, int *status)
{
	int rc;

	*status = EXIT_UNCHECKED;
	if (take_part(o, option))
		return 0;
	if (take_number(o, option, &rc))
		return rc;
	switch (option) {
	case 'c':
		o->copy = optarg;
		return 0;
	case 'D':
		o->is_diff = 1;
		return 0;
	case 'j':
		o->is_json = 1;
		return 0;
	case 'w':
		o->is_strict = 1;
		return 0;
	case 't':
		buf_printf(&o->templates, "%s%s",
			   o->templates.len > 0 ? ":" : "", optarg);
		return 0;
	case 'h':
		print_help();
		*status = EXIT_SUCCESS;
		return -1;
	case 'v':
		printf("mirrorboot-check (mirrorboot) %s\n", VERSION);
		*status = EXIT_SUCCESS;
		return -1;
	default: /* getopt_long() has printed a message */
		fputs("mirrorboot-check: --help lists the options\n", stderr);
	}
	return -1;
}

static const struct option names[] = {
	{ "online", no_argument, NULL, 'o' },
	{ "verify", no_argument, NULL, 'y' },
	{ "pin", required_argument, NULL, 'p' },
	{ "distro", required_argument, NULL, 'i' },
	{ "discover", no_argument, NULL, 'd' },
	{ "write", required_argument, NULL, 'f' },
	{ "diff", no_argument, NULL, 'D' },
	{ "rank", required_argument, NULL, 'r' },
	{ "copy", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'j' },
	{ "strict", no_argument, NULL, 'w' },
	{ "templates", required_argument, NULL, 't' },
	{ "timeout", required_argument, NULL, 's' },
	{ "max-time", required_argument, NULL, 'm' },
	{ "per-host", required_argument, NULL, 'n' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

#define NAME_COUNT (sizeof(names) / sizeof(*names))

/* The option of that whole name; NULL if there is none. */
static const struct option *find_option(const char *name, size_t len)
{
	for (const struct option *o = names; o->name != NULL; o++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static void refuse_option(const char *name, size_t len)
{
	const char *known[NAME_COUNT] = { NULL };
	char *wanted = mem_copy(name, len);
	const char *near;
	struct buf shown = BUF_INIT;

	for (size_t i = 0; names[i].name != NULL; i++)
		known[i] = names[i].name;
	near = offer_nearest(
		&(struct offer){ .wanted = wanted, .known = known });
	uri_add_shown(&shown, wanted, NULL);
	fprintf(stderr, "mirrorboot-check: there is no option --%s",
		buf_text(&shown));
	if (near != NULL)
		fprintf(stderr, "; did you mean --%s?\n", near);
	else
		fputs("; --help lists the options\n", stderr);
	buf_free(&shown);
	free(wanted);
}

/* getopt_long() takes the beginning of a name for the whole, which would mean
 * another option once there is a new one of that beginning.  Returns 0, or -1
 * with a message. */
static int check_names(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *name = argv[i] + 2;
		size_t len = strcspn(argv[i], "=");
		const struct option *option;

		if (strncmp(argv[i], "--", 2) != 0)
			continue;
		option = find_option(name, len - 2);
		if (option == NULL) {
			refuse_option(name, len - 2);
			return -1;
		}
		if (option->has_arg == required_argument &&
		    name[len - 2] == '\0')
			i++;
	}
	return 0;
}

/* An empty name of a file to write is a shell's variable that is not set.
 * Returns 0, or -1 with a message. */
static int check_files(const struct options *o)
{
	const struct {
		const char *option, *file;
	} files[] = {
		{ "--pin", o->pin },
		{ "--write", o->found },
		{ "--rank", o->rank },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (files[i].file == NULL || files[i].file[0] != '\0')
			continue;
		fprintf(stderr, "mirrorboot-check: %s needs a file's name\n",
			files[i].option);
		return -1;
	}
	return 0;
}

/* Returns 0, or -1 with a message if an option needs another one, or cannot
 * have it. */
static int check_together(const struct options *o)
{
	const char *reason = NULL;

	if (o->is_diff && o->found == NULL)
		reason = "--diff needs --write FILE";
	else if (o->distro_count > 0 && (o->is_discover || o->rank != NULL))
		reason = "--discover and --rank are for all distros: leave "
			 "--distro out";
	if (reason == NULL)
		return 0;
	fprintf(stderr, "mirrorboot-check: %s\n", reason);
	return -1;
}

static int parse(struct options *o, int argc, char **argv, int *status)
{
	int option;

	*status = EXIT_UNCHECKED;
	if (check_names(argc, argv) < 0)
		return -1;
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
		if (take(o, option, status) < 0)
			return -1;
	if (check_files(o) < 0)
		return -1;
	if (argc - optind > 1) {
		*status =
			unchecked(argv[optind + 1],
				  "is a second catalogue: check one at a time");
		return -1;
	}
	if (optind < argc)
		o->paths.catalog = argv[optind];
	if (check_together(o) < 0)
		return -1;
	if (o->templates.len > 0)
		o->paths.templates = o->templates.data;
	return 0;
}

static int fails(const struct options *o, const struct findings *findings)
{
	return findings_count(findings, SEVERITY_ERROR) > 0 ||
	       (o->is_strict && findings_count(findings, SEVERITY_WARNING) > 0);
}

/* Warn of each directory of templates that is named but not there.  The default
 * one may be missing. */
static void check_directories(const struct options *o, struct findings *f)
{
	char **dirs = templates_dirs(o->paths.templates, "");

	/* Each piece of a URL would be a directory. */
	const int is_url = strstr(o->paths.templates, "://") != NULL ||
			   strchr(o->paths.templates, '@') != NULL;

	if (strcmp(o->paths.templates, DEFAULT_TEMPLATES) == 0)
		*dirs = NULL;
	for (char **dir = dirs; *dir != NULL; dir++)
		if (access(*dir, F_OK) != 0 && errno == ENOENT)
			findings_add(f, &(struct finding){
						.severity = SEVERITY_WARNING,
						.check = "template",
						.file = is_url ? NULL : *dir,
						.reason = no_directory,
					});
	free(dirs);
}

/* Verify, and pin what is verified.  Returns 0, or -1 with a message on
 * standard error. */
static int verify(const struct options *o, const struct catalog *c,
		  struct findings *findings)
{
	struct error err = ERROR_INIT;
	struct pins *pins = NULL;
	int rc = 0;

	if (o->pin != NULL) {
		pins = pins_read(o->pin, &err);
		rc = pins == NULL ? -1 : 0;
	}
	if (rc == 0)
		rc = verify_check(c, &o->online, pins, findings);
	if (rc == 0 && pins != NULL)
		rc = pins_write(pins, c, &err);
	if (err.text[0] != '\0')
		fprintf(stderr, "mirrorboot-check: nothing is pinned: %s\n",
			err.text);
	pins_free(pins);
	return rc;
}

/* Put what was found into its file. */
static int write_found(const struct options *o, const struct catalog *c,
		       const json_t *found, struct findings *findings,
		       struct error *err)
{
	struct foundfile *file = foundfile_read(o->found, c, err);
	int rc = file != NULL ? 0 : -1;

	if (rc == 0)
		rc = foundfile_add(file, &o->paths, found, findings, err);
	if (rc == 0 && o->is_diff)
		foundfile_print_diff(file, o->is_json ? stderr : stdout);
	else if (rc == 0)
		rc = foundfile_write(file, err);
	foundfile_free(file);
	return rc;
}

/* Compare with the lists of releases, and write what is new.  Returns 0, or -1
 * with a message on standard error. */
static int discover(const struct options *o, const struct catalog *c,
		    struct findings *findings)
{
	struct error err = ERROR_INIT;
	json_t *found = discovery_run(&o->paths, &o->online, findings, &err);
	int rc = found != NULL ? 0 : -1;
	const char *what = "nothing is discovered";

	if (rc == 0 && o->found != NULL) {
		rc = write_found(o, c, found, findings, &err);
		what = "nothing is written";
	}
	if (rc < 0)
		fprintf(stderr, "mirrorboot-check: %s: %s\n", what, err.text);
	json_decref(found);
	return rc;
}

/* Returns 0, or -1 with a message if no release is of that distro. */
static int check_distro(const json_t *known, const char *id)
{
	const char **ids;
	struct buf shown = BUF_INIT;
	struct buf meant = BUF_INIT;

	if (json_object_get(known, id) != NULL)
		return 0;
	ids = offer_keys(known, NULL);
	uri_add_shown(&shown, id, NULL);
	offer_add(&(struct offer){ .wanted = id, .known = ids }, "", &meant);
	fprintf(stderr,
		"mirrorboot-check: --distro: no release is of '%s'%s%s\n",
		buf_text(&shown), meant.len > 0 ? "; " : "", buf_text(&meant));
	buf_free(&meant);
	buf_free(&shown);
	free(ids);
	return -1;
}

/* Returns 0, or -1 with a message for each distro that there is none of. */
static int check_distros(const struct options *o, const struct catalog *c)
{
	size_t count;
	const struct release *const *all = catalog_releases(c, &count);
	json_t *known;
	int rc = 0;

	if (o->distro_count == 0)
		return 0;
	known = json_object();
	for (size_t i = 0; i < count; i++)
		json_object_set_new(known, all[i]->distro, json_true());
	for (size_t i = 0; i < o->distro_count; i++)
		rc |= check_distro(known, o->online.distros[i]);
	json_decref(known);
	return rc;
}

/* Ask the mirrors, and rank them by what they answer. */
static int check_online(const struct options *o, const struct catalog *c,
			struct findings *findings)
{
	struct online_options options = o->online;
	struct error err = ERROR_INIT;
	int rc;

	if (check_distros(o, c) < 0)
		return -1;
	if (o->rank != NULL)
		options.ranking = ranking_new();
	rc = online_check(c, &options, findings);
	if (rc == 0 && o->rank != NULL) {
		ranking_sort(options.ranking, findings);
		ranking_check_name(options.ranking, o->rank, o->paths.catalog,
				   findings);
		rc = ranking_write(options.ranking, o->rank, &err);
	}
	if (err.text[0] != '\0')
		fprintf(stderr, "mirrorboot-check: nothing is ranked: %s\n",
			err.text);
	ranking_free(options.ranking);
	return rc;
}

/* Print the script that makes a copy. */
static int print_copy(const struct options *o)
{
	struct error err = ERROR_INIT;
	struct stamps *stamps = stamps_new();
	struct catalog *c = pages_load_catalog(o->paths.catalog, o->paths.base,
					       stamps, &err);
	int status = EXIT_UNCHECKED;

	if (c == NULL)
		fprintf(stderr, "mirrorboot-check: %s\n", err.text);
	else if (copyscript_print(c, o->copy, stdout) == 0)
		status = EXIT_SUCCESS;
	if (fflush(stdout) != 0 || ferror(stdout))
		status = unchecked("standard output", strerror(errno));
	catalog_free(c);
	stamps_free(stamps);
	return status;
}

static int check(const struct options *o)
{
	struct findings *findings = findings_new();
	struct catalog *c;
	int status = EXIT_SUCCESS;

	check_directories(o, findings);
	c = offline_check(&o->paths, findings);
	if (o->is_online && c == NULL)
		fputs("mirrorboot-check: the mirrors are not checked, because "
		      "the catalogue is refused\n",
		      stderr);
	else if (o->is_online && check_online(o, c, findings) < 0)
		status = EXIT_UNCHECKED;
	else if (o->is_verify && verify(o, c, findings) < 0)
		status = EXIT_UNCHECKED;
	else if (o->is_discover && discover(o, c, findings) < 0)
		status = EXIT_UNCHECKED;
	if (o->is_json)
		findings_print_json(findings, stdout);
	else
		findings_print(findings, stdout);
	if (status == EXIT_SUCCESS && fails(o, findings))
		status = EXIT_FINDINGS;
	catalog_free(c);
	findings_free(findings);
	if (fflush(stdout) != 0 || ferror(stdout))
		status = unchecked("standard output", strerror(errno));
	return status;
}

/* What no option says.  Returns 0, or -1 with err set. */
static int take_settings(struct options *o, struct error *err)
{
	struct site_paths *p = &o->paths;

	if (environment_take(DEFAULT_CATALOG, err) < 0)
		return -1;
	if (p->catalog == NULL)
		p->catalog =
			site_setting("MIRRORBOOT_CATALOG", DEFAULT_CATALOG);
	if (p->templates == NULL)
		p->templates =
			site_setting("MIRRORBOOT_TEMPLATES", DEFAULT_TEMPLATES);
	p->shipped = SHIPPED_TEMPLATES;
	p->base = site_setting("MIRRORBOOT_BASE", NULL);
	p->hosts = site_setting("MIRRORBOOT_HOSTS", NULL);
	p->answers = site_setting("MIRRORBOOT_ANSWERS", NULL);
	p->shipped_answers = SHIPPED_ANSWERS;
	return 0;
}

/* Returns the exit status. */
static int run(struct options *o)
{
	struct error err = ERROR_INIT;

	if (take_settings(o, &err) < 0) {
		fprintf(stderr, "mirrorboot-check: %s\n", err.text);
		return EXIT_UNCHECKED;
	}
	if (access(o->paths.catalog, R_OK) != 0)
		return unchecked(o->paths.catalog, strerror(errno));
	return o->copy != NULL ? print_copy(o) : check(o);
}

int main(int argc, char **argv)
{
	struct options o = {
		.online = { .timeout = ONLINE_TIMEOUT,
			    .per_host = ONLINE_PER_HOST,
			    .max_time = ONLINE_MAX_TIME },
	};
	int status = EXIT_SUCCESS;

	/* A value that jansson cannot allocate would be a finding less. */
	json_set_alloc_funcs(mem_get, free);
	if (parse(&o, argc, argv, &status) == 0)
		status = run(&o);
	buf_free(&o.templates);
	free(o.online.distros);
	return status;
}
