#include "group.h"

#include <string.h>

#include "form.h"
#include "value.h"

static const char *const group_keys[] = {
	"menu",   "boot",    "networks",  "platform", "arch", "answers",
	"values", "install", "otherwise", WORDS_KEYS, NULL,
};

/* What groups are read with. */
struct group_reader {
	struct cursor *at;
	const struct assignables *assignables;
	json_t *owners; /* the group of each kind of machine, by text */
	struct groups *all;
};

/* Two groups may not be for the same machines.  n: a network of the group;
 * NULL: it has none. */
static int claim(struct group_reader *r, const struct group *group,
		 const struct network *n)
{
	char address[NETWORK_TEXT_SIZE] = "";
	struct buf key = BUF_INIT;
	const json_t *owner;

	if (n != NULL)
		network_print_address(n, address);
	buf_printf(&key, "%s/%u %d %d", address, n != NULL ? n->bits : 0,
		   group->machine.platform, group->machine.arch);
	owner = json_object_get(r->owners, key.data);
	if (owner == NULL)
		json_object_set_new(r->owners, key.data,
				    json_string(group->id));
	buf_free(&key);
	if (owner == NULL)
		return 0;
	return cursor_fail(r->at,
			   "group '%s' is for the same machines: remove one of "
			   "the two",
			   json_string_value(owner));
}

static int claim_all(struct group_reader *r, const struct group *group)
{
	int rc = 0;

	if (!group_is_general(group))
		return 0;
	if (group->network_count == 0)
		return claim(r, group, NULL);
	for (size_t i = 0; i < group->network_count; i++)
		rc |= claim(r, group, &group->networks[i]);
	return rc;
}

static int read_machine(struct cursor *at, const json_t *object,
			struct machine *machine)
{
	const char *platform = NULL;
	const char *arch = NULL;
	struct offer platforms = { .known = machine_platforms };
	struct offer arches = { .known = machine_arches };
	int rc = value_string(at, object, "platform", &platform);

	rc |= value_string(at, object, "arch", &arch);
	platforms.wanted = platform;
	arches.wanted = arch;
	*machine = (struct machine){ MACHINE_UNKNOWN, MACHINE_UNKNOWN };
	if (platform != NULL)
		machine->platform = machine_find_platform(platform);
	if (platform != NULL && machine->platform == MACHINE_UNKNOWN)
		rc = cursor_fail_offer(at, "platform", &platforms,
				       "must be bios or efi");
	if (arch != NULL)
		machine->arch = machine_find_arch(arch);
	if (arch != NULL && machine->arch == MACHINE_UNKNOWN)
		rc = cursor_fail_offer(at, "arch", &arches,
				       "must be " ARCH_CHOICE);
	return rc;
}

/* Whether a machine of the group can start its release. */
static int check_release(struct cursor *at, const struct group *group)
{
	const char *reason = group->assigned.release != NULL
				     ? release_refusal(group->assigned.release,
						       &group->machine)
				     : NULL;

	if (reason == NULL)
		return 0;
	return cursor_fail_key(at, "boot",
			       "no machine of this group can start it: it %s",
			       reason);
}

/* For value_each(). */
static int read_group(void *ctx, const char *id, const json_t *object)
{
	struct group_reader *r = ctx;
	struct cursor *at = r->at;
	struct group *group = &r->all->list[r->all->count++];
	int rc = value_check_object(at, object, group_keys);

	*group = (struct group){
		.id = mem_pool_copy(at->pool, id),
		.file = mem_pool_copy(at->pool, cursor_file(at)),
	};
	rc |= value_networks(at, object, "networks", &group->networks,
			     &group->network_count);
	rc |= read_machine(at, object, &group->machine);
	rc |= assignment_read(at, object, r->assignables, WORDS_OF_GROUP,
			      &group->assigned);
	if (rc == 0 && assignment_is_empty(&group->assigned))
		rc = cursor_fail(at, "needs menu or boot");
	if (rc == 0)
		rc = check_release(at, group) | claim_all(r, group) |
		     assignment_check_words(at, object, &group->assigned,
					    r->assignables->settings) |
		     assignment_check_answers(at, object, &group->assigned);
	return rc;
}

int group_read_all(struct cursor *at, const struct assignables *assignables,
		   struct groups *all)
{
	const json_t *section = include_section(at->files, "groups");
	struct group_reader r = { at, assignables, json_object(), all };
	int rc;

	all->list = mem_pool_alloc(at->pool, json_object_size(section) *
						     sizeof(*all->list));
	rc = value_each(at, "groups", read_group, &r);
	json_decref(r.owners);
	return rc;
}

const struct group *group_find(const struct groups *all, const char *id)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].id, id) == 0)
			return &all->list[i];
	return NULL;
}

int group_is_general(const struct group *group)
{
	return group->network_count > 0 ||
	       group->machine.platform != MACHINE_UNKNOWN ||
	       group->machine.arch != MACHINE_UNKNOWN;
}

/* How closely the group fits the machine: more is closer, -1: not at all. */
static int fit(const struct group *group, const struct machine *machine,
	       const struct network *address)
{
	const struct machine *of = &group->machine;
	int bits =
		network_longest(group->networks, group->network_count, address);

	if (!group_is_general(group) ||
	    (group->network_count > 0 && bits < 0) ||
	    (of->platform != MACHINE_UNKNOWN &&
	     of->platform != machine->platform) ||
	    (of->arch != MACHINE_UNKNOWN && of->arch != machine->arch))
		return -1;
	return (bits + 1) * 4 + (of->platform != MACHINE_UNKNOWN) +
	       (of->arch != MACHINE_UNKNOWN);
}

const struct group *group_of(const struct groups *all,
			     const struct machine *machine,
			     const struct network *address)
{
	const struct group *best = NULL;
	int most = -1;

	for (size_t i = 0; i < all->count; i++) {
		int fits = fit(&all->list[i], machine, address);

		if (fits > most) {
			best = &all->list[i];
			most = fits;
		}
	}
	return best;
}
