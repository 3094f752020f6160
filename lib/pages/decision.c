#include "decision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answer.h"
#include "mem.h"
#include "uri.h"

/* The longest place that a screen shows. */
#define PLACE_MAX 100

static const char *const names[] = { "mac", "uuid", "serial" };

int decision_is_asked(const struct request *r)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (query_get(r->query, names[i]) != NULL)
			return 1;
	return r->dialect->sends_cookie && r->cookie != NULL &&
	       strstr(r->cookie, "_Syslinux_") != NULL;
}

/* The value of "name=value" in a Cookie, decoded: release it with free().  NULL
 * if there is none. */
static char *cookie_value(const char *cookie, const char *name)
{
	const size_t len = strlen(name);
	struct buf value = BUF_INIT;

	while (strncmp(cookie, name, len) != 0 || cookie[len] != '=') {
		cookie += strcspn(cookie, ";");
		if (*cookie == '\0')
			return NULL;
		cookie += 1 + strspn(cookie + 1, " ");
	}
	cookie += len + 1;
	if (uri_decode(&value, cookie, strcspn(cookie, ";")) < 0)
		return NULL;
	return buf_take(&value);
}

/* What SYSLINUX says of its machine.  What it says wrongly is not known. */
static void read_cookie(const char *cookie, struct identity *id)
{
	char *mac = cookie_value(cookie, "_Syslinux_BOOTIF");
	char *uuid = cookie_value(cookie, "_Syslinux_SYSUUID");

	if (mac != NULL)
		identity_set_mac(id, mac);
	if (uuid != NULL)
		identity_set_uuid(id, uuid);
	free(mac);
	free(uuid);
}

static int read_identity(const struct request *r, struct identity *id,
			 struct error *err)
{
	const char *mac = query_get(r->query, "mac");
	const char *uuid = query_get(r->query, "uuid");
	const char *serial = query_get(r->query, "serial");
	const char *reason = NULL;

	if (r->dialect->sends_cookie && r->cookie != NULL)
		read_cookie(r->cookie, id);
	if (mac != NULL)
		reason = identity_set_mac(id, mac);
	if (uuid != NULL && reason == NULL)
		reason = identity_set_uuid(id, uuid);
	if (serial != NULL && reason == NULL)
		reason = identity_set_serial(id, serial);
	if (reason == NULL)
		return 200;
	error_set(err, NULL, 0, "%s", reason);
	return 400;
}

static void note_identity(const struct request *r, const struct identity *id)
{
	page_note(r, "identity: mac %s, uuid %s, serial %s",
		  id->mac[0] != '\0' ? id->mac : "not known",
		  id->uuid[0] != '\0' ? id->uuid : "not known",
		  id->serial[0] != '\0' ? "given" : "not known");
}

/* Append "file: /pointer" or "file:line" of a message, the part that repeats
 * nothing of a file's values. */
static void add_place(struct buf *out, const char *message)
{
	const char *file_end = strstr(message, ": ");
	const char *end = file_end;

	if (file_end == NULL)
		file_end = end = message + strlen(message);
	else if (file_end[2] == '/')
		end = strstr(file_end + 2, ": ");
	for (const char *c = file_end; end != NULL && c < end; c++)
		if (!uri_is_value_char(*c) && strchr("/: ", *c) == NULL)
			end = NULL; /* a key that not every screen can show */
	if (end == NULL || end - message > PLACE_MAX)
		end = file_end;
	buf_add(out, message, (size_t)(end - message));
}

/* The machine shows where the fault is, and the log says what it is.  A serial,
 * which is in the name of a file, is left out. */
static void set_broken(const struct request *r, struct decision *d,
		       const char *message)
{
	size_t len = strcspn(message, ":");
	char *file = mem_copy(message, len);
	struct buf shown = BUF_INIT;

	buf_printf(&shown, "%s%s", identity_shown(file), message + len);
	fprintf(stderr, "%s: %s\n", r->page->name, shown.data);
	page_note(r, "broken: %s", shown.data);
	d->assigned = NULL;
	add_place(&d->broken, shown.data);
	if (d->broken.len == 0) /* it must show, and no timeout start */
		buf_puts(&d->broken, "hosts");
	buf_free(&shown);
	free(file);
}

/* What the screen says of a machine that is not installed now. */
static const char *const notices[] = {
	[ARMING_UNARMED] =
		"This machine is not armed, and is not installed now",
	[ARMING_FULL] = "All installations that its group was armed for have "
			"begun: this is none of them",
	[ARMING_ARMED] = "This machine was armed before the server of the "
			 "states restarted: arm it",
	[ARMING_BEGUN] = "The installation of this machine began and did not "
			 "end: it is not begun again",
	[ARMING_DONE] = "This machine is installed",
};

static const char unreadable[] =
	"The state of this machine cannot be read: it is not installed now";

static const char no_networks[] =
	"This machine is not installed: no networks are named for it";

/* The name of the state's file, and of the machine in it.  Returns 0, or -1 if
 * the machine has no name. */
static int name_machine(const struct decision *d, const struct group *group,
			const struct identity *id,
			char name[static ARMING_NAME_SIZE],
			char machine[static IDENTITY_NAME_SIZE])
{
	if (group != NULL) {
		arming_group_name(group->id, name);
		return arming_machine(id, machine);
	}
	memcpy(name, d->host.name, sizeof(d->host.name));
	memcpy(machine, d->host.name, sizeof(d->host.name));
	return 0;
}

/* Of people, explanations and shells nobody gets a live token. */
static void set_token(const struct request *r, const struct arming *arming,
		      const char *name, const char *machine, struct decision *d)
{
	char address[NETWORK_TEXT_SIZE] = "-";

	memcpy(d->token, ANSWER_TOKEN, sizeof(ANSWER_TOKEN));
	if (!r->is_for_client || r->is_view || r->notes != NULL ||
	    dialect_is_for_people(r->dialect))
		return;
	arming_token(arming, name, machine, d->token);
	if (r->client != NULL)
		network_print_address(r->client, address);
	if (!r->is_head)
		fprintf(stderr, "boot: host=%s client=%s is sent its token\n",
			identity_shown(name), address);
}

static void set_instead(struct decision *d, const char *notice)
{
	d->instead = *d->assigned;
	d->instead.release = NULL;
	d->instead.menu = d->assigned->otherwise;
	d->instead.is_local = d->instead.menu == NULL;
	if (!d->instead.is_local) {
		d->instead.file = d->assigned->otherwise_file;
		d->instead.pointer = d->assigned->otherwise_pointer;
	}
	d->assigned = &d->instead;
	d->notice = notice;
}

/* A machine that installs itself does so only while it is armed.  group: that
 * decided; NULL: its host file did. */
static void check_arming(const struct request *r, struct decision *d,
			 const struct group *group, const struct identity *id)
{
	struct arming_store *store = site_state(r->site);
	char machine[IDENTITY_NAME_SIZE] = "";
	char name[ARMING_NAME_SIZE] = "";
	struct arming arming = { .is_there = 0 };
	struct error err = ERROR_INIT;
	const long long now = time(NULL);
	const size_t networks =
		group != NULL ? group->network_count : d->host.network_count;
	enum arming_state state;

	if (d->assigned == NULL || !assignment_is_unattended(d->assigned))
		return;
	if (name_machine(d, group, id, name, machine) == 0 && store != NULL &&
	    arming_store_read(store, name, &arming, &err) < 0)
		fprintf(stderr, "%s: %s\n", r->page->name, err.text);
	state = arming_state_of(&arming, machine, now);
	page_note(r, "installation: %s", arming_word(state));
	if (!arming_installs(&arming, machine, assignment_repeats(d->assigned),
			     now))
		set_instead(d, arming.is_broken ? unreadable : notices[state]);
	else if (networks == 0)
		set_instead(d, no_networks);
	else
		set_token(r, &arming, name, machine, d);
	arming_free(&arming);
}

/* Whether the host file counts at the client's address. */
static int counts_here(const struct request *r, const struct host *host)
{
	if (host->network_count == 0 ||
	    network_longest(host->networks, host->network_count, r->client) >=
		    0)
		return 1;
	page_note(r, "host: %s, not for this address",
		  identity_shown(host->name));
	return 0;
}

static void take_host(const struct request *r, struct decision *d)
{
	const struct host *host = &d->host;

	if (!counts_here(r, host))
		return;
	page_note(r, "host: %s%s%s", identity_shown(host->name),
		  host->group != NULL ? ", group " : "",
		  host->group != NULL ? host->group->id : "");
	d->assigned = &host->assigned;
}

static const struct group *take_group(const struct request *r,
				      struct decision *d)
{
	const struct group *group =
		catalog_group_of(r->catalog, &r->machine, r->client);

	if (group == NULL)
		return NULL;
	page_note(r, "group: %s", group->id);
	d->assigned = &group->assigned;
	return group;
}

/* A machine that claims another's MAC sees no menu that its address may not
 * see. */
static void check_menu(struct request *r, struct decision *d)
{
	const struct assignment *a = d->assigned;
	struct error err = ERROR_INIT;

	if (a == NULL || a->menu == NULL ||
	    catalog_may_see(r->catalog, a->menu, r->client))
		return;
	error_set(&err, a->file, 0,
		  "%s: this menu is closed to the machine's address",
		  a->pointer);
	set_broken(r, d, err.text);
}

int decision_make(struct request *r, struct decision *d, struct error *err)
{
	struct identity id = { "", "", "" };
	struct error reason = ERROR_INIT;
	const struct group *group = NULL;
	int status = read_identity(r, &id, err);
	int found = 0;

	if (status != 200)
		return status;
	r->used_client = 1;
	note_identity(r, &id);
	if (site_hosts(r->site) != NULL)
		found = catalog_find_host(r->catalog, site_hosts(r->site), &id,
					  &d->host, &reason);
	if (found < 0)
		set_broken(r, d, reason.text);
	else if (found > 0)
		take_host(r, d);
	else
		group = take_group(r, d);
	check_arming(r, d, group, &id);
	check_menu(r, d);
	if (d->assigned != NULL)
		page_note(r, "decided by: %s: %s",
			  identity_shown(d->assigned->file),
			  d->assigned->pointer);
	return 200;
}

void decision_free(struct decision *d)
{
	buf_free(&d->broken);
	host_free(&d->host);
}
