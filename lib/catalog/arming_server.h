#ifndef ARMING_SERVER_H
#define ARMING_SERVER_H

#include "arming_store.h"

/*
 * A server, Valkey or Redis, with a hash for each state.  Its key is
 * "mirrorboot:" and the digits that find the state.  Its fields are those of a
 * file of the directory, and instead of "machines":
 *
 *	name            the state's
 *	history         what the server called its data when the state was put
 *	machine:NAME    the mark of a machine, as JSON
 *
 * A server that starts again, or a replica that takes over, may have lost the
 * last marks.  Either gives its data another name (master_replid of INFO): a
 * state of another history is stale.
 *
 * The address is redis://ADDRESS, redis://ADDRESS:PORT or redis:///SOCKET, with
 * USER@ where the server has users.  It has no name of a host: DNS takes as
 * long as it likes.
 */
extern const struct arming_kind arming_server;

/* The same with the functions that write. */
extern const struct arming_kind arming_server_writer;

/* In the programs that can ask a server, which a build may leave out. */
#ifdef MIRRORBOOT_SERVER
#define ARMING_SERVER (&arming_server)
#define ARMING_SERVER_WRITER (&arming_server_writer)
#else
#define ARMING_SERVER NULL
#define ARMING_SERVER_WRITER NULL
#endif

/* What both have. */
struct redisReply;
struct server;

#define ARMING_SERVER_KEY_SIZE (11 + ARMING_FIND_SIZE)
#define ARMING_SERVER_HISTORY_SIZE 41

/* Before the name of a machine in a field. */
#define ARMING_SERVER_MACHINE "machine:"

void *arming_server_attach(const char *place, const char *password_file);
void arming_server_detach(void *at);
int arming_server_read(void *at, const char *name, struct arming *a,
		       struct error *err);
int arming_server_find(void *at, const char *digits,
		       char name[static ARMING_NAME_SIZE], struct error *err);
int arming_server_list(void *at, json_t *names, struct error *err);

/* Connect if there is no connection.  Returns 0, or -1 with err set. */
int arming_server_connect(struct server *s, struct error *err);

/* Whether the connection has not ended. */
int arming_server_is_connected(const struct server *s);

/* Send a command later, with the next that is received: format is hiredis's,
 * %s only. */
void arming_server_send(struct server *s, const char *format, ...);

/* The reply to the first command that has none.  An error of the server, or
 * another type than this (0: any), ends the connection.  NULL with err set;
 * else release it with freeReplyObject(). */
struct redisReply *arming_server_receive(struct server *s, int type,
					 struct error *err);

/* The same, and release it.  Returns 0, or -1 with err set. */
int arming_server_skip(struct server *s, int type, struct error *err);

/* End the connection, because it is out of step.  Returns -1 with err set. */
int arming_server_fail(struct server *s, const char *reason, struct error *err);

void arming_server_key(const char *name,
		       char key[static ARMING_SERVER_KEY_SIZE]);

/* Send what receive_state() and receive_history() receive, in this order. */
void arming_server_send_state(struct server *s, const char *name);
int arming_server_receive_state(struct server *s, const char *name,
				struct arming *a, struct error *err);
int arming_server_receive_history(
	struct server *s, char history[static ARMING_SERVER_HISTORY_SIZE],
	struct error *err);

#endif
