/* What writes to the server: for the program answer and mirrorboot-install. */
#include "arming_server.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often a change is tried again because somebody else was faster: of all
 * who try at once, one succeeds each time. */
#define CHANGE_MAX 200

/* Seconds after which the server forgets a state: since it has expired, as the
 * clocks of hosts differ, and since a machine's last mark. */
#define FORGET_EXPIRED 300
#define FORGET_MARKED (30 * 24 * 3600L)

/* Beside the verdicts: somebody else was faster. */
#define CONFLICT (ARMING_CHANGED + 1)

static void send_mark(struct server *s, const char *key, const char *machine,
		      const json_t *mark)
{
	char *text = json_dumps(mark, JSON_COMPACT);

	arming_server_send(s, "HSET %s " ARMING_SERVER_MACHINE "%s %s", key,
			   machine, text);
	free(text);
}

static void send_expiry(struct server *s, const char *key,
			const struct arming *a)
{
	long long at = a->expires + FORGET_EXPIRED;
	const long long marked = (long long)time(NULL) + FORGET_MARKED;
	char text[24];

	if (json_object_size(a->machines) > 0 && at < marked)
		at = marked;
	snprintf(text, sizeof(text), "%lld", at);
	arming_server_send(s, "EXPIREAT %s %s", key, text);
}

/* Receive what the commands of a transaction came to: none was refused. */
static int receive_exec(struct server *s, struct error *err)
{
	redisReply *done = arming_server_receive(s, 0, err);
	int rc;

	if (done == NULL)
		return -1;
	rc = done->type == REDIS_REPLY_ARRAY;
	for (size_t i = 0; i < done->elements; i++)
		if (done->element[i]->type == REDIS_REPLY_ERROR)
			rc = arming_server_fail(s, "it refused a change", err);
	freeReplyObject(done);
	return rc;
}

/* End a transaction that was sent after MULTI, of count commands.  Returns 1; 0
 * if somebody else has changed what was watched; -1 with err set. */
static int commit(struct server *s, size_t count, struct error *err)
{
	int rc = 0;

	arming_server_send(s, "EXEC");
	for (size_t i = 0; rc == 0 && i < 1 + count; i++)
		rc = arming_server_skip(s, REDIS_REPLY_STATUS, err);
	return rc == 0 ? receive_exec(s, err) : -1;
}

/* Write the machine's mark, if nobody has changed the state since it was
 * watched.  Returns as commit(). */
static int write_mark(struct server *s, const struct arming_change *change,
		      const struct arming *a, struct error *err)
{
	char key[ARMING_SERVER_KEY_SIZE];

	arming_server_key(change->name, key);
	arming_server_send(s, "MULTI");
	send_mark(s, key, change->machine,
		  json_object_get(a->machines, change->machine));
	send_expiry(s, key, a);
	return commit(s, 2, err);
}

static int unwatch(struct server *s, struct error *err)
{
	arming_server_send(s, "UNWATCH");
	return arming_server_skip(s, REDIS_REPLY_STATUS, err);
}

/* Watch a state and read it.  One that is not whole is read as done.  Returns
 * 0, or -1 with err set: the server cannot be asked. */
static int watch(struct server *s, const char *name, struct arming *a,
		 struct error *err)
{
	struct error reason = ERROR_INIT;
	char key[ARMING_SERVER_KEY_SIZE];

	arming_server_key(name, key);
	if (arming_server_connect(s, err) < 0)
		return -1;
	arming_server_send(s, "WATCH %s", key);
	arming_server_send_state(s, name);
	if (arming_server_skip(s, REDIS_REPLY_STATUS, err) < 0)
		return -1;
	if (arming_server_receive_state(s, name, a, &reason) < 0 &&
	    !arming_server_is_connected(s))
		return error_set(err, NULL, 0, "%s", reason.text);
	return 0;
}

/* Returns a verdict; -1 with err set; CONFLICT. */
static int try_change(struct server *s, const struct arming_change *change,
		      struct error *err)
{
	struct arming a = { .is_there = 0 };
	int verdict = -1;
	int rc = watch(s, change->name, &a, err);

	if (rc == 0) {
		verdict = (int)change->decide(&a, change->ctx);
		rc = verdict != ARMING_CHANGED ? unwatch(s, err)
					       : write_mark(s, change, &a, err);
		if (rc < 0)
			verdict = -1;
		else if (rc == 0 && verdict == ARMING_CHANGED)
			verdict = CONFLICT;
	}
	arming_free(&a);
	return verdict;
}

static int change_state(void *at, const struct arming_change *change,
			struct error *err)
{
	int verdict = CONFLICT;

	for (int i = 0; i < CHANGE_MAX && verdict == CONFLICT; i++)
		verdict = try_change(at, change, err);
	if (verdict == CONFLICT)
		return error_set(err, NULL, 0,
				 "the server of MIRRORBOOT_STATE: others "
				 "change the same state all the time");
	return verdict;
}

/* Send the fields of a state but its marks: one command. */
static void send_fields(struct server *s, const char *key, const char *name,
			const char *history, const struct arming *a)
{
	json_t *stored = arming_stored(a);
	const char *secret, *armed, *expires;
	char retries[24], max[24];

	json_unpack(stored, "{s:s, s:s, s:s}", "secret", &secret, "armed",
		    &armed, "expires", &expires);
	snprintf(retries, sizeof(retries), "%lld", (long long)a->retries);
	snprintf(max, sizeof(max), "%lld", (long long)a->max);
	arming_server_send(s,
			   "HSET %s name %s history %s secret %s armed %s "
			   "expires %s retries %s max %s",
			   key, name, history, secret, armed, expires, retries,
			   max);
	json_decref(stored);
}

static int put(void *at, const char *name, const struct arming *a,
	       struct error *err)
{
	char history[ARMING_SERVER_HISTORY_SIZE];
	char key[ARMING_SERVER_KEY_SIZE];
	const char *machine;
	json_t *mark;

	arming_server_key(name, key);
	if (arming_server_connect(at, err) < 0)
		return -1;
	arming_server_send(at, "INFO replication");
	if (arming_server_receive_history(at, history, err) < 0)
		return -1;
	arming_server_send(at, "MULTI");
	arming_server_send(at, "DEL %s", key);
	send_fields(at, key, name, history, a);
	json_object_foreach(a->machines, machine, mark)
		send_mark(at, key, machine, mark);
	send_expiry(at, key, a);
	return commit(at, 3 + json_object_size(a->machines), err) > 0 ? 0 : -1;
}

static int remove_state(void *at, const char *name, struct error *err)
{
	char key[ARMING_SERVER_KEY_SIZE];
	redisReply *reply;
	int count;

	arming_server_key(name, key);
	if (arming_server_connect(at, err) < 0)
		return -1;
	arming_server_send(at, "DEL %s", key);
	reply = arming_server_receive(at, REDIS_REPLY_INTEGER, err);
	if (reply == NULL)
		return -1;
	count = reply->integer > 0;
	freeReplyObject(reply);
	return count;
}

const struct arming_kind arming_server_writer = {
	.attach = arming_server_attach,
	.detach = arming_server_detach,
	.read = arming_server_read,
	.find = arming_server_find,
	.list = arming_server_list,
	.change = change_state,
	.put = put,
	.remove = remove_state,
};
