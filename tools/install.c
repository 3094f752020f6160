/* mirrorboot-install: says which machines may be installed now. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "arming_directory.h"
#include "arming_server.h"
#include "date.h"
#include "environment.h"
#include "form.h"
#include "mem.h"
#include "offer.h"
#include "pages.h"

#define EXIT_USAGE 2
#define HOUR 3600L
#define DAY (24 * HOUR)

/* The longest time that a machine stays armed, and the most of anything. */
#define FOR_MAX (366 * DAY)
#define NUMBER_MAX 20000

static const char usage[] =
	"Usage: mirrorboot-install arm [--for TIME] [--retries NUMBER] "
	"[--max NUMBER] NAME...\n"
	"       mirrorboot-install disarm NAME...\n"
	"       mirrorboot-install list [NAME...]\n"
	"NAME is that of a host file, or the id of a group.  TIME is a number "
	"and m, h or\n"
	"d: 30m, 2h (which is the default), 3d.  A group needs --max, the "
	"number of its\n"
	"machines that may be installed.\n";

/* What the command line asks for. */
struct command {
	struct site_paths paths; /* whose state is the store */
	char *hosts;             /* their directory */
	const char *verb;
	char **names;
	int name_count;
	long seconds;
	long retries;
	long max; /* 0: not given */
};

static int complain(const char *name, const char *reason)
{
	fprintf(stderr, "mirrorboot-install: %s: %s\n", name, reason);
	return -1;
}

/* Read a number from 0 to max with what follows it in *rest.  Returns -1 if it
 * is none. */
static long read_number(const char *s, long max, const char **rest)
{
	char *end;
	long number;

	if (s[0] < '0' || s[0] > '9')
		return -1;
	errno = 0;
	number = strtol(s, &end, 10);
	*rest = end;
	return errno == 0 && number <= max ? number : -1;
}

static int read_for(const char *s, long *seconds)
{
	static const struct {
		const char *unit;
		long seconds;
	} units[] = { { "m", 60 }, { "h", HOUR }, { "d", DAY } };
	const char *unit = "";
	long number = read_number(s, FOR_MAX, &unit);

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (number > 0 && strcmp(unit, units[i].unit) == 0 &&
		    number <= FOR_MAX / units[i].seconds) {
			*seconds = number * units[i].seconds;
			return 0;
		}
	return complain("--for", "needs a number of minutes, hours or days up "
				 "to a year, as 30m, 2h or 3d");
}

static int read_count(const char *option, const char *s, long min, long *out)
{
	const char *rest = "";
	long number = read_number(s, NUMBER_MAX, &rest);

	if (number < min || *rest != '\0')
		return complain(option,
				min > 0 ? "needs a number from 1 to 20000"
					: "needs a number from 0 to 20000");
	*out = number;
	return 0;
}

/* Take the option at args, which has a value in the next argument.  Returns 1,
 * 0 if it is none, -1 with a message. */
static int take_option(struct command *c, char **args)
{
	const char *value = args[1] != NULL ? args[1] : "";

	if (args[0][0] != '-')
		return 0;
	if (strcmp(c->verb, "arm") != 0)
		return complain(c->verb, "takes no options");
	if (strcmp(args[0], "--for") == 0)
		return read_for(value, &c->seconds) < 0 ? -1 : 1;
	if (strcmp(args[0], "--retries") == 0)
		return read_count(args[0], value, 0, &c->retries) < 0 ? -1 : 1;
	if (strcmp(args[0], "--max") == 0)
		return read_count(args[0], value, 1, &c->max) < 0 ? -1 : 1;
	return complain("unknown option", "--help lists what there is");
}

static int parse(struct command *c, int argc, char **argv)
{
	if (argc < 2) {
		fputs(usage, stderr);
		return -1;
	}
	c->verb = argv[1];
	c->names = argv + 2;
	for (char **args = argv + 2; *args != NULL; args++) {
		int taken = take_option(c, args);

		if (taken < 0)
			return -1;
		if (taken == 0)
			c->names[c->name_count++] = *args;
		else
			args++;
	}
	return 0;
}

/* Write the name of the state's file, and append the name of a host file that
 * given may stand for to instead.  Returns whether it is a group's. */
static int state_name(const char *given, char name[static ARMING_NAME_SIZE],
		      struct buf *instead)
{
	struct buf file = BUF_INIT;
	struct identity id;
	size_t len = strlen(given);
	int is_group;

	buf_puts(&file, given);
	if (len < 5 || strcmp(given + len - 5, ".json") != 0)
		buf_puts(&file, ".json");
	is_group = identity_parse_name(file.data, &id, instead) != NULL;
	if (is_group)
		arming_group_name(given, name);
	else
		memcpy(name, file.data, file.len + 1);
	buf_free(&file);
	return is_group;
}

/* Complain of a name that no host file and no group has, and offer the one
 * that is meant; instead: a host file's. */
static int complain_unknown(const char *given, const struct buf *instead,
			    const struct catalog *catalog)
{
	size_t count;
	const struct group *groups = catalog_groups(catalog, &count);
	const char **known = mem_alloc((count + 1) * sizeof(*known));
	struct buf reason = BUF_INIT;
	const char *meant;

	for (size_t i = 0; i < count; i++)
		known[i] = groups[i].id;
	meant = instead->len > 0 ? instead->data
				 : offer_nearest(&(struct offer){
					   .wanted = given, .known = known });
	buf_puts(&reason, "there is no host file and no group of that name");
	if (meant != NULL)
		buf_printf(&reason, "; did you mean '%s'?", meant);
	complain(given, reason.data);
	buf_free(&reason);
	free(known);
	return -1;
}

/* A machine without networks would give its answers to anybody.  What repeats
 * needs no retries. */
static int check_assigned(const struct command *c, const char *given,
			  const struct assignment *a, size_t networks)
{
	if (!assignment_is_unattended(a))
		return complain(given, "gets no answers, so nothing installs "
				       "it: give it boot and answers");
	if (networks == 0)
		return complain(given, "names no networks, so anybody could "
				       "get its answers: write them, as "
				       "\"networks\": [\"192.0.2.0/24\"]");
	if (c->retries > 0 && assignment_repeats(a))
		return complain(given, "gets its answers at each start: "
				       "--retries is for what installs once");
	return 0;
}

static int check_host(const struct command *c, const struct catalog *catalog,
		      const char *given, char name[static ARMING_NAME_SIZE])
{
	const struct host_sources sources = catalog_host_sources(catalog);
	struct error err = ERROR_INIT;
	struct cursor at = { .err = &err };
	struct host host;
	int found = host_read(&at, c->hosts, name, &sources, &host);
	int rc = -1;

	if (c->max > 0)
		complain(given, "is a host: --max is for groups");
	else if (found < 0)
		complain(given, err.text);
	else if (found == 0)
		complain(given, "there is no host file of that name");
	else
		rc = check_assigned(c, given, &host.assigned,
				    host.network_count);
	memcpy(name, host.name, sizeof(host.name)); /* a link's target */
	cursor_free(&at);
	host_free(&host);
	return rc;
}

static int check_group(const struct command *c, const struct catalog *catalog,
		       const char *given, const struct buf *instead)
{
	const struct group *group = catalog_group(catalog, given);

	if (group == NULL)
		return complain_unknown(given, instead, catalog);
	if (c->max == 0)
		return complain(given, "is a group: say by --max how many of "
				       "its machines may be installed");
	return check_assigned(c, given, &group->assigned, group->network_count);
}

static int store_arming(const struct command *c, const char *name,
			struct error *err)
{
	struct arming a = { .is_there = 1,
			    .armed = time(NULL),
			    .retries = c->retries,
			    .max = c->max > 0 ? c->max : 1 };
	int rc;

	a.expires = a.armed + c->seconds;
	if (getrandom(a.secret, sizeof(a.secret), 0) != sizeof(a.secret))
		return error_set(err, NULL, 0, "no random numbers: %s",
				 strerror(errno));
	a.machines = json_object();
	rc = arming_store_put(c->paths.state, name, &a, err);
	arming_free(&a);
	return rc;
}

static int arm(const struct command *c, const struct catalog *catalog,
	       const char *given)
{
	char name[ARMING_NAME_SIZE] = "";
	char until[DATE_SIZE];
	struct buf instead = BUF_INIT;
	struct error err = ERROR_INIT;
	int rc;

	if (strlen(given) > FORM_ID_MAX + 13)
		return complain("NAME", "is too long");
	rc = state_name(given, name, &instead)
		     ? check_group(c, catalog, given, &instead)
		     : check_host(c, catalog, given, name);
	buf_free(&instead);
	if (rc < 0)
		return rc;
	if (store_arming(c, name, &err) < 0)
		return complain(given, err.text);
	date_print(time(NULL) + c->seconds, until);
	printf("%s is armed until %s\n", given, until);
	return 0;
}

/* The catalogue; NULL, with a message about that, if it cannot be read. */
static struct catalog *load(const struct command *c, const char *about)
{
	struct stamps *stamps = stamps_new();
	struct error err = ERROR_INIT;
	struct catalog *catalog = pages_load_catalog(
		c->paths.catalog, c->paths.base, stamps, &err);

	if (catalog == NULL)
		complain(about, err.text);
	stamps_free(stamps);
	return catalog;
}

static int arm_all(const struct command *c)
{
	struct catalog *catalog = load(c, "nothing is armed");
	int rc = catalog != NULL ? 0 : -1;

	for (int i = 0; catalog != NULL && i < c->name_count; i++)
		rc |= arm(c, catalog, c->names[i]);
	catalog_free(catalog);
	return rc;
}

/* Whether there is such a group, with a message if there is none. */
static int has_group(const struct command *c, const char *given,
		     const struct buf *instead)
{
	struct catalog *catalog = load(c, given);
	const int found =
		catalog != NULL && catalog_group(catalog, given) != NULL;

	if (catalog != NULL && !found)
		complain_unknown(given, instead, catalog);
	catalog_free(catalog);
	return found;
}

/* Whether anything has that name, with a message if nothing does.  Returns 0,
 * or -1. */
static int check_name(const struct command *c, const char *given)
{
	char name[ARMING_NAME_SIZE] = "";
	struct buf instead = BUF_INIT;
	struct error err = ERROR_INIT;
	int found;

	if (state_name(given, name, &instead)) {
		found = has_group(c, given, &instead);
	} else {
		found = host_find(c->hosts, name, &err);
		if (found <= 0)
			complain(
				given,
				found < 0
					? err.text
					: "there is no host file of that name");
	}
	buf_free(&instead);
	return found > 0 ? 0 : -1;
}

/* Write the names of the states that given may have: its own, and that of a
 * link's target, which is "" if there is none.  Returns 0, or -1 with a
 * message. */
static int state_names(const struct command *c, const char *given,
		       char own[static ARMING_NAME_SIZE],
		       char target[static ARMING_NAME_SIZE])
{
	struct buf instead = BUF_INIT;
	struct error unused = ERROR_INIT;
	int is_group;

	if (strlen(given) > FORM_ID_MAX + 13 || strchr(given, '/') != NULL)
		return complain("NAME", "is no name of a host file or a group");
	is_group = state_name(given, own, &instead);
	buf_free(&instead);
	memcpy(target, own, ARMING_NAME_SIZE);
	if (is_group || host_find(c->hosts, target, &unused) <= 0 ||
	    strcmp(target, own) == 0)
		target[0] = '\0';
	return 0;
}

static int disarm(const struct command *c, const char *given)
{
	char own[ARMING_NAME_SIZE] = "";
	char target[ARMING_NAME_SIZE];
	struct error err = ERROR_INIT;
	int removed;
	int more = 0;

	if (state_names(c, given, own, target) < 0)
		return -1;
	removed = arming_store_remove(c->paths.state, own, &err);
	if (removed >= 0 && target[0] != '\0')
		more = arming_store_remove(c->paths.state, target, &err);
	if (removed < 0 || more < 0)
		return complain(given, err.text);
	if (removed == 0 && more == 0 && check_name(c, given) < 0)
		return -1;
	printf(removed + more > 0 ? "%s is disarmed\n" : "%s was not armed\n",
	       given);
	return 0;
}

static void print_machine(const char *machine, json_t *mark)
{
	const char *separator = "";
	size_t i;
	json_t *address;

	printf("  %s %s %s, tries %lld, sent to ", machine,
	       json_string_value(json_object_get(mark, "state")),
	       json_string_value(json_object_get(mark, "began")),
	       (long long)json_integer_value(json_object_get(mark, "tries")));
	json_array_foreach(json_object_get(mark, "addresses"), i, address) {
		printf("%s%s", separator, json_string_value(address));
		separator = ", ";
	}
	putchar('\n');
}

/* The name that arm and disarm take, of a state's file. */
static void print_name(const char *name)
{
	if (strncmp(name, "group-", 6) == 0)
		printf("%.*s", (int)(strlen(name) - strlen("group-.json")),
		       name + 6);
	else
		fputs(name, stdout);
}

static void print_arming(const char *name, const struct arming *a)
{
	char until[DATE_SIZE];
	const char *machine;
	json_t *mark;

	date_print(a->expires, until);
	print_name(name);
	printf(" %s until %s, %zu of %lld machines begun, retries %lld%s\n",
	       arming_state_of(a, "", (long long)time(NULL)) == ARMING_ARMED
		       ? "armed"
		       : "closed, its time is",
	       until, json_object_size(a->machines), (long long)a->max,
	       (long long)a->retries,
	       a->is_stale ? ", before the server restarted" : "");
	json_object_foreach(a->machines, machine, mark)
		print_machine(machine, mark);
}

/* The secret stays where it is.  Returns 1, 0 if there is no such state, or -1
 * with a message. */
static int print_state(const struct command *c, const char *name)
{
	struct error err = ERROR_INIT;
	struct arming a;
	int rc = arming_store_read(c->paths.state, name, &a, &err);
	const int is_there = rc >= 0 && a.is_there;

	if (rc < 0)
		complain(name, err.text);
	else if (is_there)
		print_arming(name, &a);
	arming_free(&a);
	return rc < 0 ? -1 : is_there;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int list_all(const struct command *c)
{
	json_t *names = json_object();
	struct error err = ERROR_INIT;
	const char **sorted;
	size_t count = 0;
	const char *name;
	json_t *value;
	int rc = arming_store_list(c->paths.state, names, &err);

	if (rc < 0)
		complain("nothing is listed", err.text);
	sorted = mem_alloc((json_object_size(names) + 1) * sizeof(*sorted));
	json_object_foreach(names, name, value)
		sorted[count++] = name;
	qsort(sorted, count, sizeof(*sorted), compare);
	for (size_t i = 0; rc == 0 && i < count; i++)
		if (print_state(c, sorted[i]) < 0)
			rc = -1;
	free(sorted);
	json_decref(names);
	return rc;
}

static int list(const struct command *c, const char *given)
{
	char own[ARMING_NAME_SIZE] = "";
	char target[ARMING_NAME_SIZE];
	const char *name = own;
	int rc;

	if (state_names(c, given, own, target) < 0)
		return -1;
	if (target[0] != '\0')
		name = target;
	rc = print_state(c, name);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (check_name(c, given) < 0)
		return -1;
	print_name(name);
	puts(" unarmed");
	return 0;
}

/* Returns the exit status. */
static int run(const struct command *c)
{
	int rc = 0;

	if (strcmp(c->verb, "list") == 0 && c->name_count == 0)
		return list_all(c) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (c->name_count == 0) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (strcmp(c->verb, "arm") == 0)
		rc = arm_all(c);
	for (int i = 0; i < c->name_count; i++)
		if (strcmp(c->verb, "disarm") == 0)
			rc |= disarm(c, c->names[i]);
		else if (strcmp(c->verb, "list") == 0)
			rc |= list(c, c->names[i]);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int is_verb(const char *s)
{
	return strcmp(s, "arm") == 0 || strcmp(s, "disarm") == 0 ||
	       strcmp(s, "list") == 0;
}

static struct arming_store *open_store(void)
{
	static const struct arming_kinds kinds = {
		.directory = &arming_directory_writer,
		.server = ARMING_SERVER_WRITER,
	};

	return arming_store_new(
		&kinds, site_setting("MIRRORBOOT_STATE", DEFAULT_STATE),
		site_setting("MIRRORBOOT_STATE_PASSWORD", NULL));
}

/* Returns the exit status. */
static int main_of_verb(int argc, char **argv)
{
	struct command c = { .seconds = 2 * HOUR };
	struct error err = ERROR_INIT;
	int status = EXIT_USAGE;

	if (environment_take(DEFAULT_CATALOG, &err) < 0) {
		complain("nothing is done", err.text);
		return EXIT_FAILURE;
	}
	c.paths.catalog = site_setting("MIRRORBOOT_CATALOG", DEFAULT_CATALOG);
	c.paths.base = site_setting("MIRRORBOOT_BASE", NULL);
	c.paths.hosts = site_setting("MIRRORBOOT_HOSTS", NULL);
	c.hosts = site_hosts_path(&c.paths);
	c.paths.state = open_store();
	if (parse(&c, argc, argv) == 0)
		status = run(&c);
	arming_store_free(c.paths.state);
	free(c.hosts);
	return status;
}

int main(int argc, char **argv)
{
	int status;

	json_set_alloc_funcs(mem_get, free);
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("mirrorboot-install (mirrorboot) " VERSION);
		return EXIT_SUCCESS;
	}
	if (argc > 1 && !is_verb(argv[1])) {
		complain("unknown command", "it is arm, disarm or list");
		return EXIT_USAGE;
	}
	status = main_of_verb(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout))
		status = EXIT_FAILURE;
	return status;
}
