#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "arming_store.h"
#include "date.h"
#include "loaded.h"

#define NAME "52-54-00-12-34-56.json"
#define ARMED_AT 1000000

/* The system calls of a change, in their order. */
enum call { WRITE, FCHMOD, FSYNC_FILE, RENAME, FSYNC_DIR, CALLS };

/* What befalls one of them. */
static struct {
	enum call at;
	int error;   /* 0: it works */
	int is_kill; /* the process is killed just before it */
	int fsyncs;
} fault = { .at = CALLS };

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __real_renameat(int from, const char *old, int to, const char *name);
int __wrap_renameat(int from, const char *old, int to, const char *name);

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

static struct arming fresh(void)
{
	return (struct arming){ .secret = { 1, 2, 3 },
				.armed = ARMED_AT,
				.expires = ARMED_AT + 7200,
				.max = 1,
				.machines = json_object(),
				.is_there = 1 };
}

static int store(const struct arming *a, struct error *err)
{
	struct arming_store s;
	int rc;

	assert_int_equal(arming_store_open(&s, "state", err), 0);
	fault.fsyncs = 0;
	rc = arming_store_write(&s, NAME, a, err);
	arming_store_close(&s);
	return rc;
}

static void arm(void)
{
	struct error err = ERROR_INIT;
	struct arming a = fresh();

	mkdir("state", 0750);
	if (store(&a, &err) < 0)
		fail_msg("%s", err.text);
	arming_free(&a);
}

static const struct arming_fetch fetch = {
	.machine = NAME,
	.file = "preseed.cfg",
	.address = "192.0.2.7",
	.now = ARMED_AT + 60,
};

/* The state that a file of the directory means. */
static enum arming_state stored_state(long long now)
{
	struct error err = ERROR_INIT;
	struct arming a;
	enum arming_state state;

	arming_read("state", NAME, &a, &err);
	state = arming_state_of(&a, NAME, now);
	arming_free(&a);
	return state;
}

/* Read, begin, write. */
static int begin(struct error *err)
{
	struct arming a;
	int is_new;
	int rc;

	arming_read("state", NAME, &a, err);
	arming_fetch(&a, &fetch, &is_new);
	rc = store(&a, err);
	arming_free(&a);
	return rc;
}

enum event { FETCH, DONE };

static const char *const verdicts[] = { "refused", "allowed", "changed" };

/* Every state with every event. */
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
		struct arming a = fresh();
		struct arming_fetch f = fetch;
		enum arming_verdict verdict;
		int is_new;

		f.always = rows[i].always;
		if (rows[i].before == ARMING_UNARMED)
			a.expires = ARMED_AT;
		if (rows[i].before >= ARMING_BEGUN)
			arming_fetch(&a, &fetch, &is_new);
		if (rows[i].before == ARMING_DONE)
			arming_end(&a, &fetch);
		assert_int_equal(arming_state_of(&a, NAME, f.now),
				 rows[i].before);
		verdict = rows[i].event == FETCH ? arming_fetch(&a, &f, &is_new)
						 : arming_end(&a, &f);
		if (verdict != rows[i].verdict ||
		    arming_state_of(&a, NAME, f.now) != rows[i].after)
			fail_msg("row %zu: %s, %s", i, verdicts[verdict],
				 arming_word(arming_state_of(&a, NAME, f.now)));
		arming_free(&a);
	}
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
		{ 0, 2, ARMING_UNARMED },
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
		if (arming_state_of(&a, NAME, ARMED_AT + rows[i].now) !=
		    rows[i].state)
			fail_msg("row %zu", i);
		arming_free(&a);
	}
}

/* However long it takes, and whatever the clock says. */
static void test_what_has_begun_stays_open(void **state)
{
	static const long long times[] = { 0, ARMED_AT, ARMED_AT + 7200,
					   ARMED_AT + 1000000 };
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
	int is_new;

	(void)state;
	a.retries = 2;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct arming_fetch f = fetch;

		f.file = rows[i].file;
		f.now = ARMED_AT + rows[i].after;
		assert_int_not_equal(arming_fetch(&a, &f, &is_new),
				     ARMING_REFUSED);
		if (arming_installs(&a, NAME, 0, f.now) != rows[i].installs)
			fail_msg("row %zu", i);
		assert_int_equal(arming_installs(&a, NAME, 1, f.now), 1);
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
		if (stored_state(ARMED_AT) != rows[i].after)
			fail_msg("row %zu: %s", i,
				 arming_word(stored_state(ARMED_AT)));
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
		if (stored_state(ARMED_AT) != after[at])
			fail_msg("row %u: %s", at,
				 arming_word(stored_state(ARMED_AT)));
		/* The rest of it is in nobody's way. */
		assert_int_equal(begin(&err), 0);
		assert_int_equal(stored_state(ARMED_AT), ARMING_BEGUN);
	}
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
		assert_int_equal(arming_read("state", NAME, &a, &err), -1);
		assert_string_equal(err.text,
				    "the state of " NAME " cannot be read: it "
				    "is not whole: it counts as done; disarm "
				    "it");
		assert_int_equal(arming_state_of(&a, NAME, ARMED_AT),
				 ARMING_DONE);
		assert_int_equal(arming_installs(&a, NAME, 1, ARMED_AT), 0);
		arming_free(&a);
	}
	put_json("state/" NAME, "{" WHOLE " 'expires': '2026-11-28T10:00:00Z',"
				" 'machines': {}}");
	assert_int_equal(stored_state(date_parse("2026-11-28T09:00:00Z")),
			 ARMING_ARMED);
	remove("state/" NAME);
	mkdir("state/" NAME, 0700);
	assert_int_equal(stored_state(ARMED_AT), ARMING_DONE);
	rmdir("state/" NAME);
	assert_int_equal(stored_state(ARMED_AT), ARMING_UNARMED);
}

static void test_token_finds_its_file_and_machine(void **state)
{
	struct error err = ERROR_INIT;
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
	assert_int_equal(arming_find("state", token, &a, name, machine, &err),
			 1);
	assert_string_equal(name, NAME);
	assert_string_equal(machine, NAME);
	arming_free(&a);
	token[47] = token[47] == '0' ? '1' : '0';
	assert_int_equal(arming_find("state", token, &a, name, machine, &err),
			 0);
	arming_free(&a);
	token[0] = token[0] == '0' ? '1' : '0';
	assert_int_equal(arming_find("state", token, &a, name, machine, &err),
			 0);
	arming_free(&a);
	assert_int_equal(arming_find("none", token, &a, name, machine, &err),
			 0);
	assert_int_equal(arming_is_token("TOKEN", 5), 0);
	assert_int_equal(arming_is_token(token, 47), 0);
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
	id = (struct identity){ .serial = "s1" };
	assert_int_equal(arming_machine(&id, name), -1);
}

static void test_disarming_removes_the_file(void **state)
{
	struct error err = ERROR_INIT;
	struct arming_store s;

	(void)state;
	arm();
	assert_int_equal(arming_store_open(&s, "state", &err), 0);
	assert_int_equal(arming_store_remove(&s, NAME, &err), 1);
	assert_int_equal(arming_store_remove(&s, NAME, &err), 0);
	arming_store_close(&s);
	assert_int_equal(stored_state(ARMED_AT), ARMING_UNARMED);
	assert_int_equal(arming_store_open(&s, "none", &err), -1);
	assert_string_equal(err.text, "the state directory cannot be opened: "
				      "No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_state_takes_each_event),
		cmocka_unit_test(test_time_and_machines_bound_an_arming),
		cmocka_unit_test(test_what_has_begun_stays_open),
		cmocka_unit_test(test_retries_are_counted_by_the_first_file),
		cmocka_unit_test(test_another_address_is_kept),
		SCRATCH_TEST(test_a_failed_write_does_not_begin),
		SCRATCH_TEST(test_a_killed_write_does_not_harm),
		SCRATCH_TEST(test_a_state_that_cannot_be_read_is_done),
		SCRATCH_TEST(test_token_finds_its_file_and_machine),
		cmocka_unit_test(test_token_of_a_group_is_one_machines),
		cmocka_unit_test(test_machine_of_a_group_is_its_uuid_or_mac),
		SCRATCH_TEST(test_disarming_removes_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
