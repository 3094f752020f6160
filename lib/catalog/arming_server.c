#include "arming_server.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"
#include "network.h"
#include "uri.h"

/* In seconds: for a connection, for an answer, and how long a server that took
 * all of that is left alone, so that it does not hold up every request. */
#define CONNECT_MAX 1
#define ANSWER_MAX 2
#define PAUSE 5

#define PORT_DEFAULT 6379
#define PASSWORD_MAX_BYTES 4096

static const char scheme[] = "redis://";
static const char key_prefix[] = "mirrorboot:";

struct server {
	const char *place;         /* borrowed */
	const char *password_file; /* borrowed; NULL: none */
	redisContext *link;        /* NULL: none */
	time_t paused;             /* of the monotonic clock; 0: not */
};

/* An address taken apart. */
struct address {
	char *user;
	char *host;
	const char *path; /* of a socket; NULL: host and port */
	int port;
};

void *arming_server_attach(const char *place, const char *password_file)
{
	struct server *s = mem_alloc(sizeof(*s));

	s->place = place;
	s->password_file = password_file;
	return s;
}

static void disconnect(struct server *s)
{
	if (s->link != NULL)
		redisFree(s->link);
	s->link = NULL;
}

void arming_server_detach(void *at)
{
	disconnect(at);
	free(at);
}

static int fail(struct error *err, const char *reason)
{
	return error_set(err, NULL, 0,
			 "the server of MIRRORBOOT_STATE cannot be asked: %s",
			 reason);
}

int arming_server_fail(struct server *s, const char *reason, struct error *err)
{
	disconnect(s);
	return fail(err, reason);
}

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* The connection has failed.  Returns -1 with err set. */
static int fail_link(struct server *s, struct error *err)
{
	if (s->link->err == REDIS_ERR_OOM)
		mem_exhausted();
	if (s->link->err == REDIS_ERR_EOF ||
	    (errno != EAGAIN && errno != ETIMEDOUT)) {
		fail(err, s->link->errstr);
		disconnect(s);
		return -1;
	}
	s->paused = now() + PAUSE;
	return arming_server_fail(s, "it does not answer in time", err);
}

/* Take ADDRESS or ADDRESS:PORT; an IPv6 address is in []. */
static int take_host(const char *s, struct address *a)
{
	const char *end = s[0] == '[' ? strchr(s, ']') : s + strcspn(s, ":");
	struct network unused;
	char *rest;
	long port;

	if (end == NULL)
		return -1;
	a->host = s[0] == '[' ? mem_copy(s + 1, (size_t)(end - s - 1))
			      : mem_copy(s, (size_t)(end - s));
	end += s[0] == '[';
	a->port = PORT_DEFAULT;
	if (network_parse_address(a->host, &unused) < 0)
		return -1;
	if (*end == '\0')
		return 0;
	port = strtol(end + 1, &rest, 10);
	if (*end != ':' || end[1] < '0' || end[1] > '9' || *rest != '\0' ||
	    port < 1 || port > 65535)
		return -1;
	a->port = (int)port;
	return 0;
}

/* Returns NULL, or a reason. */
static const char *take_address(const char *place, struct address *a)
{
	const char *at;

	if (strncmp(place, scheme, sizeof(scheme) - 1) != 0)
		return "its address has to begin with redis://";
	place += sizeof(scheme) - 1;
	at = strrchr(place, '@');
	if (at != NULL) {
		a->user = mem_copy(place, (size_t)(at - place));
		place = at + 1;
	}
	if (a->user != NULL && strchr(a->user, ':') != NULL)
		return "its address has a password: write that into a file, "
		       "which MIRRORBOOT_STATE_PASSWORD names";
	if (a->user != NULL && a->user[0] == '\0')
		return "its address has no user before @";
	if (place[0] == '/')
		a->path = place;
	else if (take_host(place, a) < 0)
		return "its address has to be like redis://192.0.2.10:6379, "
		       "redis://[2001:db8::10]:6379 or "
		       "redis:///run/redis/redis-server.sock, without a name";
	return NULL;
}

static int link_to(struct server *s, const struct address *a, struct error *err)
{
	const struct timeval connect = { .tv_sec = CONNECT_MAX };
	const struct timeval answer = { .tv_sec = ANSWER_MAX };

	signal(SIGPIPE, SIG_IGN); /* hiredis writes to a closed connection */
	errno = 0;
	s->link = a->path != NULL
			  ? redisConnectUnixWithTimeout(a->path, connect)
			  : redisConnectWithTimeout(a->host, a->port, connect);
	if (s->link == NULL)
		mem_exhausted();
	if (s->link->err != 0 || redisSetTimeout(s->link, answer) != REDIS_OK)
		return fail_link(s, err);
	return 0;
}

/* Read the password, one line.  Returns 0, or -1 with err set. */
static int read_password(const char *path, struct buf *password,
			 struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : buf_read(password, fd, PASSWORD_MAX_BYTES);
	int reason = errno;

	if (fd >= 0)
		close(fd);
	if (rc < 0)
		return error_set(err, NULL, 0,
				 "the file of MIRRORBOOT_STATE_PASSWORD cannot "
				 "be read: %s",
				 strerror(reason));
	if (password->len > 0 && password->data[password->len - 1] == '\n')
		buf_truncate(password, password->len - 1);
	if (password->len == 0 ||
	    strlen(password->data) != strcspn(password->data, "\r\n"))
		return error_set(err, NULL, 0,
				 "the file of MIRRORBOOT_STATE_PASSWORD needs "
				 "one line, the password");
	return 0;
}

static int log_in(struct server *s, const struct address *a, struct error *err)
{
	struct buf password = BUF_INIT;
	int rc;

	if (s->password_file == NULL)
		return 0;
	rc = read_password(s->password_file, &password, err);
	if (rc == 0) {
		if (a->user != NULL)
			arming_server_send(s, "AUTH %s %s", a->user,
					   password.data);
		else
			arming_server_send(s, "AUTH %s", password.data);
		rc = arming_server_skip(s, REDIS_REPLY_STATUS, err);
	}
	buf_free(&password);
	return rc;
}

/* Whether nobody has closed the connection since. */
static int is_open(const struct server *s)
{
	struct pollfd end = { .events = POLLIN };

	if (s->link == NULL)
		return 0;
	end.fd = s->link->fd;
	return poll(&end, 1, 0) == 0;
}

int arming_server_connect(struct server *s, struct error *err)
{
	struct address a = { .user = NULL };
	const char *reason;
	int rc;

	if (is_open(s))
		return 0;
	disconnect(s);
	if (now() < s->paused)
		return fail(err, "it did not answer in time");
	reason = take_address(s->place, &a);
	if (reason == NULL && a.user != NULL && s->password_file == NULL)
		reason = "its address has a user, and "
			 "MIRRORBOOT_STATE_PASSWORD names no file";
	rc = reason != NULL ? fail(err, reason) : link_to(s, &a, err);
	if (rc == 0)
		rc = log_in(s, &a, err);
	if (rc < 0)
		disconnect(s);
	free(a.user);
	free(a.host);
	return rc;
}

int arming_server_is_connected(const struct server *s)
{
	return s->link != NULL;
}

void arming_server_send(struct server *s, const char *format, ...)
{
	va_list words;
	int rc;

	va_start(words, format);
	rc = redisvAppendCommand(s->link, format, words);
	va_end(words);
	if (rc != REDIS_OK)
		mem_exhausted();
}

/* Of an error only the first word is shown: the rest may repeat what was
 * sent. */
static int fail_error(struct server *s, const char *text, struct error *err)
{
	static const struct {
		const char *word, *help;
	} known[] = {
		{ "NOAUTH", ": MIRRORBOOT_STATE_PASSWORD has to name a file "
			    "with its password" },
		{ "WRONGPASS", ": the user or the password is wrong" },
		{ "NOPERM", ": the user may not do what is needed" },
		{ "READONLY", ": it is a replica" },
		{ "LOADING", ": it is starting" },
		{ "WRONGTYPE", ": something else has the key" },
	};
	const size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	struct buf reason = BUF_INIT;

	buf_printf(&reason, "it says %.*s", (int)len, text);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strlen(known[i].word) == len &&
		    strncmp(known[i].word, text, len) == 0)
			buf_puts(&reason, known[i].help);
	arming_server_fail(s, reason.data, err);
	buf_free(&reason);
	return -1;
}

redisReply *arming_server_receive(struct server *s, int type, struct error *err)
{
	void *received = NULL;
	redisReply *reply;

	errno = 0;
	if (s->link == NULL)
		return NULL; /* an earlier reply has ended it, and set err */
	if (redisGetReply(s->link, &received) != REDIS_OK) {
		fail_link(s, err);
		return NULL;
	}
	reply = received;
	if (reply->type == type ||
	    (type == 0 && reply->type != REDIS_REPLY_ERROR))
		return reply;
	if (reply->type == REDIS_REPLY_ERROR)
		fail_error(s, reply->str, err);
	else
		arming_server_fail(s, "it gives an answer of another kind",
				   err);
	freeReplyObject(reply);
	return NULL;
}

int arming_server_skip(struct server *s, int type, struct error *err)
{
	redisReply *reply = arming_server_receive(s, type, err);

	if (reply == NULL)
		return -1;
	freeReplyObject(reply);
	return 0;
}

void arming_server_key(const char *name,
		       char key[static ARMING_SERVER_KEY_SIZE])
{
	memcpy(key, key_prefix, sizeof(key_prefix) - 1);
	arming_print_find(name, key + sizeof(key_prefix) - 1);
}

void arming_server_send_state(struct server *s, const char *name)
{
	char key[ARMING_SERVER_KEY_SIZE];

	arming_server_key(name, key);
	arming_server_send(s, "HGETALL %s", key);
	arming_server_send(s, "INFO replication");
}

int arming_server_receive_history(
	struct server *s, char history[static ARMING_SERVER_HISTORY_SIZE],
	struct error *err)
{
	static const char key[] = "master_replid:";
	redisReply *info = arming_server_receive(s, REDIS_REPLY_STRING, err);
	const char *found;
	size_t len = 0;

	if (info == NULL)
		return -1;
	found = strstr(info->str, key);
	if (found != NULL) {
		found += sizeof(key) - 1;
		len = strspn(found, "0123456789abcdef");
	}
	if (len == ARMING_SERVER_HISTORY_SIZE - 1) {
		memcpy(history, found, len);
		history[len] = '\0';
	}
	freeReplyObject(info);
	if (len != ARMING_SERVER_HISTORY_SIZE - 1)
		return arming_server_fail(
			s, "its INFO replication has no master_replid", err);
	return 0;
}

/* A field of a hash as the value of a file.  NULL: that is none. */
static json_t *value_of(const char *field, const redisReply *value)
{
	if (strcmp(field, "retries") == 0 || strcmp(field, "max") == 0 ||
	    strncmp(field, ARMING_SERVER_MACHINE,
		    sizeof(ARMING_SERVER_MACHINE) - 1) == 0)
		return json_loadb(value->str, value->len,
				  JSON_DECODE_ANY | JSON_REJECT_DUPLICATES,
				  NULL);
	return json_stringn(value->str, value->len);
}

/* What a file of the directory would have; NULL: a field cannot be read. */
static json_t *stored_of(const redisReply *hash)
{
	const size_t prefix = sizeof(ARMING_SERVER_MACHINE) - 1;
	json_t *machines = json_object();
	json_t *stored = json_pack("{s:o}", "machines", machines);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i + 1 < hash->elements; i += 2) {
		const redisReply *field = hash->element[i];
		json_t *value = value_of(field->str, hash->element[i + 1]);

		if (strlen(field->str) != field->len ||
		    strcmp(field->str, "machines") == 0) {
			json_decref(value);
			rc = -1;
		} else if (strncmp(field->str, ARMING_SERVER_MACHINE, prefix) ==
			   0) {
			rc = json_object_set_new(machines, field->str + prefix,
						 value);
		} else {
			rc = json_object_set_new(stored, field->str, value);
		}
	}
	if (rc == 0)
		return stored;
	json_decref(stored);
	return NULL;
}

/* Whether the object has that string, which is taken out of it. */
static int take_same(json_t *stored, const char *key, const char *wanted)
{
	const char *value = json_string_value(json_object_get(stored, key));
	int is_same = value != NULL && strcmp(value, wanted) == 0;

	json_object_del(stored, key);
	return is_same;
}

int arming_server_receive_state(struct server *s, const char *name,
				struct arming *a, struct error *err)
{
	char history[ARMING_SERVER_HISTORY_SIZE] = "";
	redisReply *hash = arming_server_receive(s, REDIS_REPLY_ARRAY, err);
	json_t *stored = NULL;
	int is_current;
	int rc;

	*a = (struct arming){ .is_there = 1, .is_broken = 1 };
	if (arming_server_receive_history(s, history, err) < 0)
		rc = -1;
	else if (hash->elements == 0)
		rc = a->is_there = a->is_broken = 0;
	else {
		stored = stored_of(hash);
		is_current = take_same(stored, "history", history);
		if (!take_same(stored, "name", name))
			json_object_clear(stored);
		rc = arming_take(a, name, stored, err);
		a->is_stale = !is_current;
	}
	json_decref(stored);
	freeReplyObject(hash);
	return rc;
}

int arming_server_read(void *at, const char *name, struct arming *a,
		       struct error *err)
{
	if (arming_server_connect(at, err) < 0) {
		a->is_there = a->is_broken = 1;
		return -1;
	}
	arming_server_send_state(at, name);
	return arming_server_receive_state(at, name, a, err);
}

/* Whether that is a name of a state, and the one that the digits find: it
 * becomes part of a path. */
static int is_name(const redisReply *reply, const char *digits)
{
	char find[ARMING_FIND_SIZE];

	if (reply->type != REDIS_REPLY_STRING ||
	    reply->len >= ARMING_NAME_SIZE || reply->str[0] == '.')
		return 0;
	for (size_t i = 0; i < reply->len; i++)
		if (!uri_is_value_char(reply->str[i]))
			return 0;
	arming_print_find(reply->str, find);
	return strcmp(find, digits) == 0;
}

/* Receive a name.  Returns 1, 0 if there is none, -1 with err set. */
static int receive_name(struct server *s, const char *digits,
			char name[static ARMING_NAME_SIZE], struct error *err)
{
	redisReply *values = arming_server_receive(s, REDIS_REPLY_ARRAY, err);
	int found = -1;

	if (values == NULL)
		return -1;
	found = values->elements == 1 && is_name(values->element[0], digits);
	if (found)
		memcpy(name, values->element[0]->str,
		       values->element[0]->len + 1);
	freeReplyObject(values);
	return found;
}

int arming_server_find(void *at, const char *digits,
		       char name[static ARMING_NAME_SIZE], struct error *err)
{
	if (arming_server_connect(at, err) < 0)
		return -1;
	arming_server_send(at, "HMGET %s%s name", key_prefix, digits);
	return receive_name(at, digits, name, err);
}

/* Add the names of these keys. */
static int add_names(struct server *s, const redisReply *keys, json_t *names,
		     struct error *err)
{
	char name[ARMING_NAME_SIZE];
	int found = 0;

	for (size_t i = 0; i < keys->elements; i++)
		arming_server_send(s, "HMGET %s name", keys->element[i]->str);
	for (size_t i = 0; found >= 0 && i < keys->elements; i++) {
		found = receive_name(
			s, keys->element[i]->str + sizeof(key_prefix) - 1, name,
			err);
		if (found > 0)
			json_object_set_new(names, name, json_true());
	}
	return found < 0 ? -1 : 0;
}

int arming_server_list(void *at, json_t *names, struct error *err)
{
	char cursor[24] = "0";
	int rc = arming_server_connect(at, err);

	while (rc == 0) {
		redisReply *part;

		arming_server_send(at, "SCAN %s MATCH %s* COUNT 1000", cursor,
				   key_prefix);
		part = arming_server_receive(at, REDIS_REPLY_ARRAY, err);
		if (part == NULL || part->elements != 2 ||
		    part->element[0]->type != REDIS_REPLY_STRING ||
		    part->element[1]->type != REDIS_REPLY_ARRAY)
			rc = part == NULL ? -1
					  : arming_server_fail(
						    at, "SCAN is unknown", err);
		else
			rc = add_names(at, part->element[1], names, err);
		if (rc == 0)
			snprintf(cursor, sizeof(cursor), "%s",
				 part->element[0]->str);
		freeReplyObject(part);
		if (strcmp(cursor, "0") == 0)
			break;
	}
	return rc;
}

const struct arming_kind arming_server = {
	.attach = arming_server_attach,
	.detach = arming_server_detach,
	.read = arming_server_read,
	.find = arming_server_find,
	.list = arming_server_list,
};
