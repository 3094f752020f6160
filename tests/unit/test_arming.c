#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "arming_directory.h"
#include "arming_server.h"
#include "date.h"
#include "loaded.h"

#define NAME "52-54-00-12-34-56.json"

/* Where the states are: "state", or the address of a server. */
static const char *place = "state";
static long long armed_at;

static struct arming_store *open_store(void)
{
	static const struct arming_kinds kinds = {
		.directory = &arming_directory_writer,
		.server = ARMING_SERVER_WRITER,
	};

	return arming_store_new(&kinds, place, NULL);
}

/* The system calls of a change, in their order. */
enum call { WRITE, FCHMOD, FSYNC_FILE, RENAME, FSYNC_DIR, CALLS };

/* What befalls one of them. */
static struct {
	enum call at;
	int error;   /* 0: it works */
	int is_kill; /* the process is killed just before it */
	int fsyncs;
	void (*at_lock)(void); /* somebody else was faster; NULL: nobody */
} fault = { .at = CALLS };

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __real_renameat(int from, const char *old, int to, const char *name);
int __wrap_renameat(int from, const char *old, int to, const char *name);
int __real_flock(int fd, int how);
int __wrap_flock(int fd, int how);

static int is_failing(enum call call)
{
	if (fault.at != call)
		return 0;
	if (fault.is_kill)
		raise(SIGKILL);
	errno = fault.error;
	return fault.error != 0;
}

int __wrap_fsync(int fd)
{
	enum call call = fault.fsyncs++ == 0 ? FSYNC_FILE : FSYNC_DIR;

	return is_failing(call) ? -1 : __real_fsync(fd);
}

int __wrap_fchmod(int fd, mode_t mode)
{
	return is_failing(FCHMOD) ? -1 : __real_fchmod(fd, mode);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
	return is_failing(WRITE) ? -1 : __real_write(fd, bytes, len);
}

int __wrap_renameat(int from, const char *old, int to, const char *name)
{
	return is_failing(RENAME) ? -1 : __real_renameat(from, old, to, name);
}

int __wrap_flock(int fd, int how)
{
	void (*before)(void) = fault.at_lock;

	fault.at_lock = NULL;
	if (before != NULL)
		before();
	return __real_flock(fd, how);
}

static struct arming fresh(void)
{
	return (struct arming){ .secret = { 1, 2, 3 },
				.armed = armed_at,
				.expires = armed_at + 7200,
				.max = 1,
				.machines = json_object(),
				.is_there = 1 };
}

/* Put a state where nothing is. */
static int put_state(const struct arming *a, struct error *err)
{
	struct arming_store *store = open_store();
	int rc;

	fault.fsyncs = 0;
	rc = arming_store_put(store, NAME, a, err);
	arming_store_free(store);
	return rc;
}

static void put_whole(const struct arming *a)
{
	struct error err = ERROR_INIT;

	mkdir("state", 0750);
	if (put_state(a, &err) < 0)
		fail_msg("%s", err.text);
}

static void arm(void)
{
	struct arming a = fresh();

	put_whole(&a);
	arming_free(&a);
}

static struct arming_fetch fetch = {
	.machine = NAME,
	.file = "preseed.cfg",
	.address = "192.0.2.7",
};

static int read_stored(struct arming *a, struct error *err)
{
	struct arming_store *store = open_store();
	int rc = arming_store_read(store, NAME, a, err);

	arming_store_free(store);
	return rc;
}

/* The state that is stored. */
static enum arming_state stored_state(long long now)
{
	struct error err = ERROR_INIT;
	struct arming a;
	enum arming_state state;

	read_stored(&a, &err);
	state = arming_state_of(&a, NAME, now);
	arming_free(&a);
	return state;
}

enum event { FETCH, DONE };

/* What happens to a stored state. */
struct happening {
	enum event event;
	struct arming_fetch fetch;
	int is_new;
};

static enum arming_verdict happen(struct arming *a, void *ctx)
{
	struct happening *h = ctx;

	if (!a->is_there)
		return ARMING_REFUSED;
	return h->event == FETCH ? arming_fetch(a, &h->fetch, &h->is_new)
				 : arming_end(a, &h->fetch);
}

static int change(struct happening *h, struct error *err)
{
	struct arming_store *store = open_store();
	int verdict;

	fault.fsyncs = 0;
	verdict = arming_store_change(
		store,
		&(struct arming_change){ NAME, h->fetch.machine, happen, h },
		err);
	arming_store_free(store);
	return verdict;
}

/* Returns 0 if that began, or -1 with err set. */
static int begin(struct error *err)
{
	struct happening h = { .event = FETCH, .fetch = fetch };

	return change(&h, err) < 0 ? -1 : 0;
}

static const char *const verdicts[] = { "refused", "allowed", "changed" };

/* Every state with every event, as it is stored. */
static void test_each_state_takes_each_event(void **state)
{
	static const struct {
		enum arming_state before;
		enum event event;
		int always;
		enum arming_verdict verdict;
		enum arming_state after;
	} rows[] = {
		{ ARMING_UNARMED, FETCH, 0, ARMING_REFUSED, ARMING_UNARMED },
		{ ARMING_UNARMED, FETCH, 1, ARMING_REFUSED, ARMING_UNARMED },
		{ ARMING_UNARMED, DONE, 0, ARMING_REFUSED, ARMING_UNARMED },
		{ ARMING_FULL, FETCH, 0, ARMING_REFUSED, ARMING_FULL },
		{ ARMING_FULL, FETCH, 1, ARMING_REFUSED, ARMING_FULL },
		{ ARMING_FULL, DONE, 0, ARMING_REFUSED, ARMING_FULL },
		{ ARMING_ARMED, FETCH, 0, ARMING_CHANGED, ARMING_BEGUN },
		{ ARMING_ARMED, FETCH, 1, ARMING_CHANGED, ARMING_BEGUN },
		{ ARMING_ARMED, DONE, 0, ARMING_CHANGED, ARMING_DONE },
		{ ARMING_BEGUN, FETCH, 0, ARMING_ALLOWED, ARMING_BEGUN },
		{ ARMING_BEGUN, FETCH, 1, ARMING_ALLOWED, ARMING_BEGUN },
		{ ARMING_BEGUN, DONE, 0, ARMING_CHANGED, ARMING_DONE },
		{ ARMING_DONE, FETCH, 0, ARMING_REFUSED, ARMING_DONE },
		{ ARMING_DONE, FETCH, 1, ARMING_CHANGED, ARMING_BEGUN },
		{ ARMING_DONE, DONE, 0, ARMING_ALLOWED, ARMING_DONE },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct error err = ERROR_INIT;
		struct arming a = fresh();
		struct happening h = { .event = rows[i].event, .fetch = fetch };
		struct arming_fetch other = fetch;
		int verdict;
		int is_new;

		other.machine = "uuid-0";
		h.fetch.always = rows[i].always;
		if (rows[i].before == ARMING_UNARMED)
			a.expires = armed_at;
		if (rows[i].before == ARMING_FULL)
			arming_fetch(&a, &other, &is_new);
		if (rows[i].before >= ARMING_BEGUN)
			arming_fetch(&a, &fetch, &is_new);
		if (rows[i].before == ARMING_DONE)
			arming_end(&a, &fetch);
		put_whole(&a);
		arming_free(&a);
		assert_int_equal(stored_state(fetch.now), rows[i].before);
		verdict = change(&h, &err);
		assert_string_equal(err.text, "");
		if (verdict != (int)rows[i].verdict ||
		    stored_state(fetch.now) != rows[i].after)
			fail_msg("row %zu: %s, %s", i, verdicts[verdict],
				 arming_word(stored_state(fetch.now)));
	}
}

/* What the store may have lost: nothing begins, and what has begun goes on. */
static void test_stale_state_begins_nothing(void **state)
{
	static const struct {
		enum arming_state before;
		enum event event;
		int always;
		enum arming_verdict verdict;
		int installs; /* before the event */
	} rows[] = {
		{ ARMING_ARMED, FETCH, 0, ARMING_REFUSED, 0 },
		{ ARMING_ARMED, FETCH, 1, ARMING_CHANGED, 1 },
		{ ARMING_ARMED, DONE, 0, ARMING_REFUSED, 0 },
		{ ARMING_BEGUN, FETCH, 0, ARMING_ALLOWED, 0 },
		{ ARMING_BEGUN, FETCH, 1, ARMING_ALLOWED, 1 },
		{ ARMING_BEGUN, DONE, 0, ARMING_CHANGED, 0 },
		{ ARMING_DONE, FETCH, 0, ARMING_REFUSED, 0 },
		{ ARMING_DONE, FETCH, 1, ARMING_CHANGED, 1 },
		{ ARMING_DONE, DONE, 0, ARMING_ALLOWED, 0 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct arming a = fresh();
		struct happening h = { .event = rows[i].event, .fetch = fetch };
		int installs;
		int is_new;

		a.retries = 5;
		h.fetch.always = rows[i].always;
		if (rows[i].before >= ARMING_BEGUN)
			arming_fetch(&a, &fetch, &is_new);
		if (rows[i].before == ARMING_DONE)
			arming_end(&a, &fetch);
		a.is_stale = 1;
		installs = arming_installs(&a, NAME, rows[i].always, fetch.now);
		if (installs != rows[i].installs ||
		    happen(&a, &h) != rows[i].verdict)
			fail_msg("row %zu", i);
		arming_free(&a);
	}
}

/* As many machines as mirrorboot-install takes, with as many addresses as are
 * kept: what is written can be read. */
static void test_largest_group_can_be_read(void **state)
{
	enum { MACHINES = 20000, ADDRESSES = 8 };
	struct error err = ERROR_INIT;
	struct arming a = fresh();
	json_t *list = json_array();
	json_t *mark;

	(void)state;
	a.max = MACHINES;
	for (int i = 0; i < ADDRESSES; i++)
		json_array_append_new(
			list,
			json_string("2001:db8:1234:5678:1234:5678:1234:5678"));
	mark = json_pack("{s:s, s:i, s:s, s:s, s:o}", "state", "begun", "tries",
			 1, "first", "network-config.yaml", "began",
			 "2026-11-28T10:00:00Z", "addresses", list);
	for (int i = 0; i < MACHINES; i++) {
		char name[IDENTITY_NAME_SIZE];

		snprintf(name, sizeof(name),
			 "uuid-12345678-1234-1234-1234-%012x", (unsigned)i);
		json_object_set(a.machines, name, mark);
	}
	put_whole(&a);
	arming_free(&a);
	json_decref(mark);
	assert_int_equal(read_stored(&a, &err), 0);
	assert_int_equal(json_object_size(a.machines), MACHINES);
	arming_free(&a);
}

static void test_time_and_machines_bound_an_arming(void **state)
{
	static const struct {
		long long now; /* after it was armed */
		int others;    /* machines that have begun, of two */
		enum arming_state state;
	} rows[] = {
		{ 0, 0, ARMING_ARMED },      { 7199, 0, ARMING_ARMED },
		{ 7200, 0, ARMING_UNARMED }, { -300, 0, ARMING_ARMED },
		{ -301, 0, ARMING_UNARMED }, { 0, 1, ARMING_ARMED },
		{ 0, 2, ARMING_FULL },       { 7200, 2, ARMING_UNARMED },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct arming a = fresh();
		struct arming_fetch f = fetch;
		int is_new;

		a.max = 2;
		for (int j = 0; j < rows[i].others; j++) {
			f.machine = j == 0 ? "uuid-0" : "uuid-1";
			arming_fetch(&a, &f, &is_new);
		}
		if (arming_state_of(&a, NAME, armed_at + rows[i].now) !=
		    rows[i].state)
			fail_msg("row %zu", i);
		arming_free(&a);
	}
}

/* However long it takes, and whatever the clock says. */
static void test_what_has_begun_stays_open(void **state)
{
	const long long times[] = { 0, armed_at, armed_at + 7200,
				    armed_at + 1000000 };
	struct arming a = fresh();
	int is_new;

	(void)state;
	arming_fetch(&a, &fetch, &is_new);
	for (size_t i = 0; i < LENGTH(times); i++) {
		struct arming_fetch f = fetch;

		f.now = times[i];
		f.file = "late.sh";
		assert_int_equal(arming_fetch(&a, &f, &is_new), ARMING_ALLOWED);
		assert_int_equal(arming_installs(&a, NAME, 0, f.now), 0);
	}
	arming_free(&a);
}

/* Fetch, and see whether the machine is installed at its next start. */
static void check_fetch(struct arming *a, const struct arming_fetch *f,
			int installs, size_t row)
{
	int is_new;

	assert_int_not_equal(arming_fetch(a, f, &is_new), ARMING_REFUSED);
	if (arming_installs(a, NAME, 0, f->now) != installs)
		fail_msg("row %zu", row);
}

static void test_retries_are_counted_by_the_first_file(void **state)
{
	static const struct {
		const char *file;
		int after; /* seconds since it was armed */
		int installs;
	} rows[] = {
		{ "preseed.cfg", 60, 1 },   { "preseed.cfg", 119, 1 },
		{ "late.sh", 500, 1 },      { "preseed.cfg", 600, 1 },
		{ "preseed.cfg", 1200, 0 },
	};
	struct arming a = fresh();

	(void)state;
	a.retries = 2;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct arming_fetch f = fetch;

		f.file = rows[i].file;
		f.now = armed_at + rows[i].after;
		check_fetch(&a, &f, rows[i].installs, i);
		assert_int_equal(arming_installs(&a, NAME, 1, f.now), 1);
	}
	arming_free(&a);
}

/* Or a machine that fails would begin again for as long. */
static void test_clock_that_is_set_back_counts_a_retry(void **state)
{
	static const struct {
		int after; /* seconds since the installation began */
		int installs;
	} rows[] = { { 0, 1 }, { -300, 1 }, { -301, 0 } };
	struct arming a = fresh();

	(void)state;
	a.retries = 1;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct arming_fetch f = fetch;

		f.now += rows[i].after;
		check_fetch(&a, &f, rows[i].installs, i);
	}
	arming_free(&a);
}

static void test_another_address_is_kept(void **state)
{
	struct arming a = fresh();
	struct arming_fetch f = fetch;
	int is_new;

	(void)state;
	arming_fetch(&a, &f, &is_new);
	assert_int_equal(is_new, 0);
	f.address = "192.0.2.8";
	assert_int_equal(arming_fetch(&a, &f, &is_new), ARMING_CHANGED);
	assert_int_equal(is_new, 1);
	assert_int_equal(arming_fetch(&a, &f, &is_new), ARMING_ALLOWED);
	assert_int_equal(is_new, 0);
	arming_free(&a);
}

/* Each leaves the old state or the new one, and says that it failed unless the
 * new one is on the disk. */
static void test_a_failed_write_does_not_begin(void **state)
{
	static const struct {
		enum call at;
		int error;
		enum arming_state after;
		const char *message;
	} rows[] = {
		{ WRITE, ENOSPC, ARMING_ARMED, "No space left on device" },
		{ FCHMOD, EPERM, ARMING_ARMED, "Operation not permitted" },
		{ FSYNC_FILE, EIO, ARMING_ARMED, "Input/output error" },
		{ RENAME, EROFS, ARMING_ARMED, "Read-only file system" },
		{ FSYNC_DIR, EIO, ARMING_BEGUN, "Input/output error" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct error err = ERROR_INIT;
		struct buf message = BUF_INIT;
		int rc;

		arm();
		fault.at = rows[i].at;
		fault.error = rows[i].error;
		rc = begin(&err);
		fault.at = CALLS;
		buf_printf(&message,
			   "the state directory cannot be written: %s",
			   rows[i].message);
		assert_int_equal(rc, -1);
		assert_string_equal(err.text, message.data);
		assert_int_equal(access("state/.new", F_OK), -1);
		if (stored_state(armed_at) != rows[i].after)
			fail_msg("row %zu: %s", i,
				 arming_word(stored_state(armed_at)));
		buf_free(&message);
	}
}

static void test_a_killed_write_does_not_harm(void **state)
{
	static const enum arming_state after[CALLS] = {
		[WRITE] = ARMING_ARMED,      [FCHMOD] = ARMING_ARMED,
		[FSYNC_FILE] = ARMING_ARMED, [RENAME] = ARMING_ARMED,
		[FSYNC_DIR] = ARMING_BEGUN,
	};

	(void)state;
	for (enum call at = WRITE; at < CALLS; at++) {
		struct error err = ERROR_INIT;
		pid_t child;
		int status;

		arm();
		child = fork();
		if (child == 0) {
			fault.at = at;
			fault.is_kill = 1;
			begin(&err);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		if (stored_state(armed_at) != after[at])
			fail_msg("row %u: %s", at,
				 arming_word(stored_state(armed_at)));
		/* The rest of it is in nobody's way. */
		assert_int_equal(begin(&err), 0);
		assert_int_equal(stored_state(armed_at), ARMING_BEGUN);
	}
}

/* Another directory, or a link to one, takes the place of the first. */
static void replace_directory(void)
{
	assert_int_equal(rename("state", "old"), 0);
	assert_int_equal(symlink("new", "state"), 0);
	assert_int_equal(mkdir("new", 0750), 0);
	arm();
}

static void test_what_begins_is_in_the_directory_of_now(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	arm();
	fault.at_lock = replace_directory;
	assert_int_equal(begin(&err), 0);
	assert_int_equal(stored_state(armed_at), ARMING_BEGUN);
}

#define WHOLE                                                                  \
	"'secret': '000102030405060708090a0b0c0d0e0f',"                        \
	"'armed': '2026-11-28T08:00:00Z', 'retries': 0, 'max': 1,"

static void test_a_state_that_cannot_be_read_is_done(void **state)
{
	static const char *const files[] = {
		"",
		"{",
		"{}",
		"[]",
		"{" WHOLE " 'expires': '2026-11-28T10:00:00Z'}",
		"{" WHOLE " 'expires': 'tomorrow', 'machines': {}}",
		"{" WHOLE " 'expires': '2026-11-28T10:00:00Z',"
		" 'machines': {'x': {'state': 'armed', 'tries': 1,"
		" 'first': 'a', 'began': '2026-11-28T10:00:00Z',"
		" 'addresses': []}}}",
		"{" WHOLE " 'expires': '2026-11-28T10:00:00Z',"
		" 'machines': {'x': {'state': 'begun'}}}",
		"{" WHOLE " 'expires': '2026-11-28T10:00:00Z',"
		" 'machines': {}, 'more': 1}",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(files); i++) {
		struct error err = ERROR_INIT;
		struct arming a;

		put_json("state/" NAME, files[i]);
		assert_int_equal(read_stored(&a, &err), -1);
		assert_string_equal(err.text,
				    "the state of " NAME " cannot be read: it "
				    "is not whole: it counts as done; disarm "
				    "it");
		assert_int_equal(arming_state_of(&a, NAME, armed_at),
				 ARMING_DONE);
		assert_int_equal(arming_installs(&a, NAME, 1, armed_at), 0);
		arming_free(&a);
	}
	put_json("state/" NAME, "{" WHOLE " 'expires': '2026-11-28T10:00:00Z',"
				" 'machines': {}}");
	assert_int_equal(stored_state(date_parse("2026-11-28T09:00:00Z")),
			 ARMING_ARMED);
	remove("state/" NAME);
	mkdir("state/" NAME, 0700);
	assert_int_equal(stored_state(armed_at), ARMING_DONE);
	rmdir("state/" NAME);
	assert_int_equal(stored_state(armed_at), ARMING_UNARMED);
}

static int find(const char *token, char name[static ARMING_NAME_SIZE],
		char machine[static IDENTITY_NAME_SIZE])
{
	struct arming_store *store = open_store();
	struct error err = ERROR_INIT;
	struct arming a;
	int found = arming_store_find(store, token, &a, name, machine, &err);

	assert_string_equal(err.text, "");
	arming_free(&a);
	arming_store_free(store);
	return found;
}

static void test_token_finds_its_state_and_machine(void **state)
{
	struct arming a = fresh();
	char token[ARMING_TOKEN_SIZE];
	char name[ARMING_NAME_SIZE];
	char machine[IDENTITY_NAME_SIZE];

	(void)state;
	arm();
	arming_token(&a, NAME, NAME, token);
	arming_free(&a);
	assert_int_equal(strlen(token), 48);
	assert_int_equal(arming_is_token(token, 48), 1);
	assert_int_equal(find(token, name, machine), 1);
	assert_string_equal(name, NAME);
	assert_string_equal(machine, NAME);
	token[47] = token[47] == '0' ? '1' : '0';
	assert_int_equal(find(token, name, machine), 0);
	token[0] = token[0] == '0' ? '1' : '0';
	assert_int_equal(find(token, name, machine), 0);
	assert_int_equal(arming_is_token("TOKEN", 5), 0);
	assert_int_equal(arming_is_token(token, 47), 0);
}

static void test_no_directory_has_no_token(void **state)
{
	char token[ARMING_TOKEN_SIZE] = "0";
	char name[ARMING_NAME_SIZE];
	char machine[IDENTITY_NAME_SIZE];

	(void)state;
	assert_int_equal(find(token, name, machine), 0);
}

static void test_token_of_a_group_is_one_machines(void **state)
{
	struct arming a = fresh();
	char group[ARMING_NAME_SIZE];
	char one[ARMING_TOKEN_SIZE], other[ARMING_TOKEN_SIZE];
	char *id;

	(void)state;
	arming_group_name("room", group);
	assert_string_equal(group, "group-room.json");
	id = arming_group_id(group);
	assert_string_equal(id, "room");
	free(id);
	assert_null(arming_group_id(NAME));
	arming_token(&a, group, "52-54-00-12-34-56", one);
	arming_token(&a, group, "52-54-00-12-34-57", other);
	assert_string_equal(one + 48, "-52-54-00-12-34-56");
	assert_memory_equal(one, other, 16);
	assert_memory_not_equal(one + 16, other + 16, 32);
	arming_free(&a);
}

static void test_machine_of_a_group_is_its_uuid_or_mac(void **state)
{
	struct identity id = { .mac = "52-54-00-12-34-56", .serial = "s1" };
	char name[IDENTITY_NAME_SIZE];

	(void)state;
	assert_int_equal(arming_machine(&id, name), 0);
	assert_string_equal(name, "52-54-00-12-34-56");
	strcpy(id.uuid, "12345678-1234-1234-1234-123456789abc");
	assert_int_equal(arming_machine(&id, name), 0);
	assert_string_equal(name, "uuid-12345678-1234-1234-1234-123456789abc");
	strcpy(id.uuid, "78563412-3412-3412-1234-123456789abc");
	assert_int_equal(arming_machine(&id, name), 0); /* as gPXE sends it */
	assert_string_equal(name, "uuid-12345678-1234-1234-1234-123456789abc");
	id = (struct identity){ .serial = "s1" };
	assert_int_equal(arming_machine(&id, name), -1);
}

static void test_disarming_removes_the_state(void **state)
{
	struct error err = ERROR_INIT;
	struct arming_store *store = open_store();
	json_t *names = json_object();

	(void)state;
	arm();
	assert_int_equal(arming_store_list(store, names, &err), 0);
	assert_non_null(json_object_get(names, NAME));
	assert_int_equal(arming_store_remove(store, NAME, &err), 1);
	assert_int_equal(arming_store_remove(store, NAME, &err), 0);
	json_object_clear(names);
	assert_int_equal(arming_store_list(store, names, &err), 0);
	assert_int_equal(json_object_size(names), 0);
	assert_string_equal(err.text, "");
	assert_int_equal(stored_state(armed_at), ARMING_UNARMED);
	json_decref(names);
	arming_store_free(store);
}

/* Opened each time anew, it is as it was stored. */
static void test_what_is_stored_is_read_again(void **state)
{
	struct error err = ERROR_INIT;
	struct happening h = { .event = FETCH, .fetch = fetch };
	struct arming a = fresh();
	json_t *put_in, *got;

	(void)state;
	a.retries = 3;
	a.max = 20;
	put_whole(&a);
	h.fetch.machine = "52-54-00-00-00-01";
	assert_int_equal(change(&h, &err), ARMING_CHANGED);
	happen(&a, &h);
	put_in = arming_stored(&a);
	arming_free(&a);
	assert_int_equal(read_stored(&a, &err), 0);
	got = arming_stored(&a);
	assert_int_equal(json_equal(put_in, got), 1);
	assert_int_equal(a.is_stale, 0);
	json_decref(put_in);
	json_decref(got);
	arming_free(&a);
}

static void test_missing_directory_is_named(void **state)
{
	struct error err = ERROR_INIT;
	struct happening h = { .event = FETCH, .fetch = fetch };
	struct arming_store *store = open_store();
	json_t *names = json_object();

	(void)state;
	assert_int_equal(change(&h, &err), -1);
	assert_string_equal(err.text, "the state directory cannot be opened: "
				      "No such file or directory");
	err = (struct error)ERROR_INIT;
	assert_int_equal(arming_store_remove(store, NAME, &err), -1);
	assert_string_equal(err.text, "the state directory cannot be opened: "
				      "No such file or directory");
	err = (struct error)ERROR_INIT;
	assert_int_equal(arming_store_list(store, names, &err), -1);
	assert_string_equal(err.text, "the state directory cannot be read: "
				      "No such file or directory");
	json_decref(names);
	arming_store_free(store);
}

/* The pages but boot are so, and a build without hiredis. */
static void test_program_without_a_server_installs_nobody(void **state)
{
	static const struct arming_kinds kinds = {
		.directory = &arming_directory,
	};
	static const char message[] =
		"MIRRORBOOT_STATE names a server, which this program cannot "
		"ask: see the manual mirrorboot-install(8)";
	struct arming_store *store =
		arming_store_new(&kinds, "redis://192.0.2.1", NULL);
	struct error err = ERROR_INIT;
	struct arming a;
	char name[ARMING_NAME_SIZE];
	char machine[IDENTITY_NAME_SIZE];

	(void)state;
	assert_int_equal(arming_store_read(store, NAME, &a, &err), -1);
	assert_string_equal(err.text, message);
	assert_int_equal(arming_state_of(&a, NAME, armed_at), ARMING_DONE);
	assert_int_equal(arming_installs(&a, NAME, 1, armed_at), 0);
	assert_int_equal(arming_store_find(store, "0", &a, name, machine, &err),
			 -1);
	assert_int_equal(arming_store_list(store, NULL, &err), -1);
	assert_int_equal(arming_store_change(store, NULL, &err), -1);
	assert_int_equal(arming_store_put(store, NAME, &a, &err), -1);
	assert_int_equal(arming_store_remove(store, NAME, &err), -1);
	arming_store_free(store);
}

#ifdef MIRRORBOOT_SERVER
/* Each is said before anything is asked. */
static void test_wrong_addresses_are_explained(void **state)
{
#define FAILS "the server of MIRRORBOOT_STATE cannot be asked: "
#define LIKE                                                                   \
	FAILS "its address has to be like redis://192.0.2.10:6379, "           \
	      "redis://[2001:db8::10]:6379 or "                                \
	      "redis:///run/redis/redis-server.sock, without a name"
	static const struct {
		const char *place, *message;
	} rows[] = {
		{ "rediss://192.0.2.1",
		  FAILS "its address has to begin with redis://" },
		{ "redis://:canary@192.0.2.1",
		  FAILS "its address has a password: write that into a file, "
			"which MIRRORBOOT_STATE_PASSWORD names" },
		{ "redis://@192.0.2.1",
		  FAILS "its address has no user before @" },
		{ "redis://me@192.0.2.1",
		  FAILS "its address has a user, and MIRRORBOOT_STATE_PASSWORD "
			"names no file" },
		{ "redis://", LIKE },
		{ "redis://redis.example.org", LIKE },
		{ "redis://192.0.2.1:", LIKE },
		{ "redis://192.0.2.1:0", LIKE },
		{ "redis://192.0.2.1:65536", LIKE },
		{ "redis://192.0.2.1:63x", LIKE },
		{ "redis://192.0.2.1/2", LIKE },
		{ "redis://[2001:db8::1", LIKE },
		{ "redis://[2001:db8::1]6379", LIKE },
		{ "redis:///nowhere/socket",
		  FAILS "No such file or directory" },
	};
	const char *const before = place;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct error err = ERROR_INIT;
		struct arming a;

		place = rows[i].place;
		assert_int_equal(read_stored(&a, &err), -1);
		assert_string_equal(err.text, rows[i].message);
		assert_int_equal(arming_installs(&a, NAME, 1, armed_at), 0);
	}
	place = before;
}
#endif

/* What another host does while this one decides. */
struct race {
	int calls;
	enum arming_verdict verdict;
};

static enum arming_verdict decide_late(struct arming *a, void *ctx)
{
	struct race *race = ctx;
	struct happening here = { .event = FETCH, .fetch = fetch };
	struct happening there = here;
	struct error err = ERROR_INIT;

	there.fetch.machine = "52-54-00-00-00-01";
	if (race->calls++ == 0)
		assert_int_equal(change(&there, &err), ARMING_CHANGED);
	race->verdict = happen(a, &here);
	return race->verdict;
}

/* There is room for one machine, and both hosts saw it free. */
static void test_server_lets_one_of_two_hosts_begin(void **state)
{
	struct arming_store *store = open_store();
	struct error err = ERROR_INIT;
	struct race race = { .calls = 0 };
	struct arming a;

	(void)state;
	arm();
	assert_int_equal(
		arming_store_change(store,
				    &(struct arming_change){
					    NAME, NAME, decide_late, &race },
				    &err),
		ARMING_REFUSED);
	assert_string_equal(err.text, "");
	assert_int_equal(race.calls, 2);
	read_stored(&a, &err);
	assert_int_equal(json_object_size(a.machines), 1);
	assert_null(json_object_get(a.machines, NAME));
	arming_free(&a);
	arming_store_free(store);
}

static enum arming_verdict decide_never(struct arming *a, void *ctx)
{
	struct race *race = ctx;

	race->calls++;
	arm(); /* somebody else is always faster */
	happen(a, &(struct happening){ .event = FETCH, .fetch = fetch });
	return ARMING_CHANGED;
}

static void test_server_gives_up_in_the_end(void **state)
{
	struct arming_store *store = open_store();
	struct error err = ERROR_INIT;
	struct race race = { .calls = 0 };

	(void)state;
	arm();
	assert_int_equal(
		arming_store_change(store,
				    &(struct arming_change){
					    NAME, NAME, decide_never, &race },
				    &err),
		-1);
	assert_string_equal(err.text, "the server of MIRRORBOOT_STATE: others "
				      "change the same state all the time");
	assert_int_equal(race.calls, 200);
	assert_int_equal(stored_state(armed_at), ARMING_ARMED);
	arming_store_free(store);
}

/* A directory is locked meanwhile. */
static const struct CMUnitTest of_servers[] = {
	SCRATCH_TEST(test_server_lets_one_of_two_hosts_begin),
	SCRATCH_TEST(test_server_gives_up_in_the_end),
};

/* What both kinds of store do. */
static const struct CMUnitTest of_stores[] = {
	SCRATCH_TEST(test_each_state_takes_each_event),
	SCRATCH_TEST(test_token_finds_its_state_and_machine),
	SCRATCH_TEST(test_what_begins_is_in_the_directory_of_now),
	SCRATCH_TEST(test_largest_group_can_be_read),
	SCRATCH_TEST(test_disarming_removes_the_state),
	SCRATCH_TEST(test_what_is_stored_is_read_again),
};

/* The address of a server: only what a store does is tested, with that one. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stale_state_begins_nothing),
		cmocka_unit_test(test_time_and_machines_bound_an_arming),
		cmocka_unit_test(test_what_has_begun_stays_open),
		cmocka_unit_test(test_retries_are_counted_by_the_first_file),
		cmocka_unit_test(test_clock_that_is_set_back_counts_a_retry),
		cmocka_unit_test(test_another_address_is_kept),
		SCRATCH_TEST(test_a_failed_write_does_not_begin),
		SCRATCH_TEST(test_a_killed_write_does_not_harm),
		SCRATCH_TEST(test_a_state_that_cannot_be_read_is_done),
		SCRATCH_TEST(test_no_directory_has_no_token),
		cmocka_unit_test(test_token_of_a_group_is_one_machines),
		cmocka_unit_test(test_machine_of_a_group_is_its_uuid_or_mac),
		SCRATCH_TEST(test_missing_directory_is_named),
		cmocka_unit_test(test_program_without_a_server_installs_nobody),
#ifdef MIRRORBOOT_SERVER
		cmocka_unit_test(test_wrong_addresses_are_explained),
#endif
	};

	armed_at = time(NULL);
	fetch.now = armed_at + 60;
	if (argc > 1)
		place = argv[1];
	if (cmocka_run_group_tests(of_stores, NULL, NULL) != 0)
		return 1;
	return argc > 1 ? cmocka_run_group_tests(of_servers, NULL, NULL)
			: cmocka_run_group_tests(tests, NULL, NULL);
}
