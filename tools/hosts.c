#include "hosts.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "answers.h"
#include "installer.h"
#include "unused.h"
#include "words.h"

struct hosts_check {
	const struct catalog *c;
	const struct include *files;
	struct findings *findings;
	const char *dir;
	int is_named; /* dir, by somebody: so it has to be there */
	struct answers_check *answers;
	struct given *given;
	json_t *named; /* the ids of groups that host files name, as keys */
};

static void add(const struct hosts_check *h, enum severity severity,
		const char *file, const char *pointer, const char *reason)
{
	findings_add(h->findings, &(struct finding){
					  .severity = severity,
					  .check = "host",
					  .file = file,
					  .pointer = pointer,
					  .reason = reason,
				  });
}

/* Any other file may be somebody's notes. */
static int is_json(const char *name)
{
	size_t len = strlen(name);

	return len >= 5 && strcmp(name + len - 5, ".json") == 0;
}

/* Returns 0, or -1 if no machine can have a file of that name. */
static int check_name(const struct hosts_check *h, const char *name,
		      struct identity *id)
{
	struct buf right = BUF_INIT;
	struct buf instead = BUF_INIT;
	const char *reason = identity_parse_name(name, id, &right);

	if (right.len > 0)
		buf_printf(&instead, "name it %s", right.data);
	if (reason != NULL)
		findings_add(h->findings,
			     &(struct finding){
				     .severity = is_json(name)
							 ? SEVERITY_ERROR
							 : SEVERITY_WARNING,
				     .check = "host",
				     .file = name,
				     .reason = reason,
				     .instead = instead.data,
			     });
	buf_free(&right);
	buf_free(&instead);
	return reason == NULL ? 0 : -1;
}

/* The state of a file of the directory, or of what it is a link to.  Returns
 * as stat(). */
static int look(const struct hosts_check *h, const char *name, struct stat *st)
{
	struct buf path = BUF_INIT;
	int rc;

	buf_printf(&path, "%s/%s", h->dir, name);
	rc = stat(path.data, st);
	buf_free(&path);
	return rc;
}

/* Two files for one UUID, in either byte order: the machine reads one of them,
 * and which one depends on its loader. */
static void check_twin(const struct hosts_check *h, const char *name,
		       const struct identity *id)
{
	char twin[IDENTITY_NAME_SIZE];
	struct buf reason = BUF_INIT;
	struct stat own, other;

	if (identity_name(id, IDENTITY_UUID_SWAPPED, twin) < 0 ||
	    strcmp(twin, name) <= 0 || look(h, name, &own) < 0 ||
	    look(h, twin, &other) < 0 ||
	    (own.st_dev == other.st_dev && own.st_ino == other.st_ino))
		return;
	buf_printf(&reason,
		   "%s is for the same machine, with the UUID in the other "
		   "byte order: remove one of the two",
		   twin);
	add(h, SEVERITY_ERROR, name, NULL, reason.data);
	buf_free(&reason);
}

/* Whether the menu is shown nowhere on the networks. */
static int is_closed_to(const struct catalog *c, const struct menu *menu,
			const struct network *networks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (catalog_may_see(c, menu, &networks[i]))
			return 0;
	return count > 0 && menu->is_closed;
}

static void check_menu(const struct hosts_check *h, const struct assignment *a,
		       const struct network *networks, size_t count)
{
	static const char closed[] =
		"this menu is closed to these networks: add them to its "
		"customer";

	if (a->menu != NULL && is_closed_to(h->c, a->menu, networks, count))
		add(h, SEVERITY_ERROR, a->file, a->pointer, closed);
	if (a->otherwise != NULL &&
	    is_closed_to(h->c, a->otherwise, networks, count))
		add(h, SEVERITY_ERROR, a->otherwise_file, a->otherwise_pointer,
		    closed);
}

/* Without networks, a host file counts where its menu may be closed. */
static void check_everywhere(const struct hosts_check *h, const char *name,
			     const struct host *host)
{
	const struct menu *menu = host->assigned.menu;
	const struct menu *otherwise = host->assigned.otherwise;

	if (host->network_count == 0 &&
	    ((menu != NULL && menu->is_closed) ||
	     (otherwise != NULL && otherwise->is_closed)))
		add(h, SEVERITY_WARNING, name, NULL,
		    "gets a menu that is closed outside of its customer's "
		    "networks: write them as \"networks\" here too");
}

/* mirrorboot-install does not arm it, for anybody could get its answers. */
static void check_armable(const struct hosts_check *h,
			  const struct assignment *a, size_t networks,
			  const char *file, const char *pointer)
{
	if (assignment_is_unattended(a) && networks == 0)
		add(h, SEVERITY_WARNING, file, pointer,
		    "has answers, but cannot be armed: write the machine's "
		    "networks, as \"networks\": [\"192.0.2.0/24\"]");
}

/* Allowed, and the way to lose a machine's data.  pointer: of what says so. */
static void check_always(const struct hosts_check *h,
			 const struct assignment *a, const char *file,
			 const char *pointer)
{
	struct buf place = BUF_INIT;

	if (a->install != INSTALL_ALWAYS)
		return;
	buf_printf(&place, "%s/install", pointer);
	findings_add(h->findings,
		     &(struct finding){
			     .severity = SEVERITY_WARNING,
			     .check = "host",
			     .file = file,
			     .pointer = place.data,
			     .reason = "always erases the machine's disk at "
				       "each start from the network while it "
				       "is armed",
			     .instead = "write once, unless that is meant",
		     });
	buf_free(&place);
}

static void add_untold(const struct hosts_check *h, const char *name,
		       const struct release *release, const char *what)
{
	struct buf reason = BUF_INIT;

	buf_printf(&reason, "%s is not told the %s of this machine",
		   release->distro, what);
	findings_add(h->findings,
		     &(struct finding){
			     .severity = SEVERITY_WARNING,
			     .check = "host",
			     .file = name,
			     .reason = reason.data,
			     .instead = "let DHCP say it, or start a kernel "
					"whose installer has a word for it",
		     });
	buf_free(&reason);
}

/* The words without which the machine is not on its network, where its
 * installer has none for them. */
static void check_network(const struct hosts_check *h,
			  const struct assignment *a, const char *name)
{
	enum word_outcome outcomes[WORD_COUNT];
	struct mem_pool pool = MEM_POOL_INIT;
	const struct release *release;
	json_t *all;

	if (a->release == NULL)
		return;
	all = json_object();
	release = assignment_release(a, catalog_settings(h->c), &pool);
	words_add(all, release->words);
	installer_write(release->mirrors[0].kernel != NULL ? release->installer
							   : NULL,
			all, release->mirrors[0].own_args, &pool, outcomes);
	if (outcomes[WORD_ADDRESS] == WORD_UNKNOWN)
		add_untold(h, name, release, "address");
	if (outcomes[WORD_VLAN] == WORD_UNKNOWN)
		add_untold(h, name, release, "VLAN");
	json_decref(all);
	mem_pool_free(&pool);
}

static void check_host(const struct hosts_check *h, const char *name)
{
	const struct host_sources sources = catalog_host_sources(h->c);
	struct findings_target target = { h->findings, "host", NULL };
	struct error err = ERROR_INIT;
	struct cursor at = { .files = h->files, .err = &err };
	struct identity id;
	struct host host;

	if (check_name(h, name, &id) < 0)
		return;
	check_twin(h, name, &id);
	err.report = findings_report;
	err.ctx = &target;
	if (host_read(&at, h->dir, name, &sources, &host) > 0) {
		given_add(h->given, &host.assigned);
		check_menu(h, &host.assigned, host.networks,
			   host.network_count);
		check_everywhere(h, name, &host);
		check_armable(h, &host.assigned, host.network_count, name,
			      NULL);
		check_network(h, &host.assigned, name);
		answers_check(h->answers, &host.assigned, name, "");
		answers_check_values(h->answers, &host.assigned, name, "");
		if (host.group == NULL ||
		    host.group->assigned.install != INSTALL_ALWAYS)
			check_always(h, &host.assigned, name, "");
		if (host.group != NULL)
			json_object_set_new(h->named, host.group->id,
					    json_true());
	}
	host_free(&host);
	cursor_free(&at);
}

static int is_of_interest(const struct dirent *entry)
{
	return !unused_is_leftover(entry->d_name);
}

static void check_files(const struct hosts_check *h)
{
	const char *name = strrchr(h->dir, '/');
	struct dirent **entries = NULL;
	int count = scandir(h->dir, &entries, is_of_interest, alphasort);

	if (count < 0 && (errno != ENOENT || h->is_named))
		add(h, SEVERITY_ERROR, name != NULL ? name + 1 : h->dir, NULL,
		    errno == ENOENT ? "directory is not there"
				    : "directory cannot be read");
	for (int i = 0; i < count; i++) {
		check_host(h, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static void check_group(const struct hosts_check *h, const struct group *group)
{
	struct buf pointer = BUF_INIT;

	given_add(h->given, &group->assigned);
	check_menu(h, &group->assigned, group->networks, group->network_count);
	buf_printf(&pointer, "/groups/%s", group->id);
	if (!group_is_general(group) &&
	    json_object_get(h->named, group->id) == NULL)
		add(h, SEVERITY_WARNING, group->file, pointer.data,
		    "no machine belongs to this group: it has no networks, "
		    "platform or arch, and no host file names it");
	check_always(h, &group->assigned, group->file, pointer.data);
	if (group_is_general(group)) {
		check_armable(h, &group->assigned, group->network_count,
			      group->file, pointer.data);
		answers_check(h->answers, &group->assigned, group->file,
			      pointer.data);
	}
	answers_check_values(h->answers, &group->assigned, group->file,
			     pointer.data);
	buf_free(&pointer);
}

void hosts_check(const struct site_paths *paths, const struct catalog *c,
		 const struct include *files, struct findings *f,
		 struct given *given)
{
	char *dir = site_hosts_path(paths);
	const struct hosts_check h = {
		.c = c,
		.files = files,
		.findings = f,
		.dir = dir,
		.is_named = paths->hosts != NULL,
		.answers = answers_new(paths, f),
		.given = given,
		.named = json_object(),
	};
	const struct assignment site = { .values =
						 catalog_settings(c)->values };
	size_t count;
	const struct group *groups = catalog_groups(c, &count);

	answers_check_values(h.answers, &site,
			     include_file(files, "site", "values"), "/site");
	check_files(&h);
	for (size_t i = 0; i < count; i++)
		check_group(&h, &groups[i]);
	json_decref(h.named);
	answers_free(h.answers);
	free(dir);
}
