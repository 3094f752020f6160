/*
 * How the pages are asked over FastCGI.  This file alone knows libfcgi.
 */
#include "fastcgi.h"

#include <errno.h>
#include <fastcgi.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "gateway.h"
#include "mem.h"

/* Seconds for a web server to send a request, and again to take its answer. */
#define PATIENCE 10

/* Connections that may wait on a socket: the backlog of the samples. */
#define BACKLOG 1024

/* Whether a web server is waited for, and since which second, of
 * CLOCK_MONOTONIC, an alarm stands for that. */
static volatile sig_atomic_t is_served;
static time_t alarmed;

/* libfcgi gives up what it waits for when a signal ends the wait; one that
 * comes just before a wait ends nothing, so there is always a next. */
static void interrupt(int signal)
{
	(void)signal;
	if (is_served)
		alarm(PATIENCE);
}

/* Wait for the web server for PATIENCE from now, or up to a second less.  The
 * alarm is moved on, once a second, rather than set and taken back for each
 * request: where they follow one another it never goes off. */
static void limit_wait(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (alarmed == now.tv_sec)
		return;
	alarmed = now.tv_sec;
	alarm(PATIENCE);
}

/*
 * SIGTERM, and SIGUSR1, which is what multiwatch sends in its place, are read
 * from the descriptor that is returned, where the process waits for requests:
 * so they neither cut a request short nor slip in between a look and the wait.
 */
static int catch_signals(void)
{
	struct sigaction action = { .sa_handler = interrupt };
	sigset_t ends;

	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGUSR1);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	return signalfd(-1, &ends, SFD_CLOEXEC);
}

/* Where requests come from, and what ends them. */
struct queue {
	FCGX_Request fcgi;
	int signals; /* readable once the process is to end */
	int is_ending;
	int last; /* how many were taken since */
};

/* Whether a request waits; unless the process is to end, once one does. */
static int is_waiting(struct queue *q)
{
	struct pollfd fds[] = {
		{ .fd = FCGI_LISTENSOCK_FILENO, .events = POLLIN },
		{ .fd = q->signals, .events = POLLIN },
	};
	int ready;

	is_served = 0;
	do
		ready = poll(fds, 2, q->is_ending ? 0 : -1);
	while (ready < 0 && errno == EINTR);
	if (fds[1].revents == 0)
		return ready > 0;
	if (!q->is_ending) {
		q->is_ending = 1;
		return is_waiting(q);
	}
	return ready > 1;
}

/* Whether accept() failed for something that the system lacks at the moment;
 * then wait for a moment, which a first signal ends. */
static int is_short_of(const struct queue *q, int error)
{
	struct pollfd fd = { .fd = q->signals, .events = POLLIN };

	if (error != EMFILE && error != ENFILE && error != ENOBUFS &&
	    error != ENOMEM)
		return 0;
	poll(&fd, !q->is_ending, 100);
	return 1;
}

/*
 * Whether all of a request came in: where one breaks off between two of its
 * parameters, libfcgi takes that for their end.  What broke off is dropped.
 */
static int is_whole(FCGX_Request *fcgi)
{
	if (FCGX_GetError(fcgi->in) == 0) {
		/* Or the one that keeps it would keep the process too. */
		fcgi->keepConnection = 0;
		return 1;
	}
	FCGX_Free(fcgi, 1);
	return 0;
}

/*
 * Take the next request.  Several processes share the socket and may all wake
 * for one request; it does not block, so that those who come too late wait
 * again, where a signal finds them.  A process that is to end takes what waits
 * on the socket first: if nobody else has it, those requests end with it.  It
 * takes no more than can have waited, or it would not end while many come in.
 * Returns 1 with a request, 0 when the process is to end, -1 when the socket
 * fails.
 */
static int next_request(struct queue *q)
{
	while (is_waiting(q)) {
		if (q->is_ending && q->last++ >= BACKLOG)
			return 0;
		is_served = 1;
		limit_wait();
		if (FCGX_Accept_r(&q->fcgi) == 0) {
			if (is_whole(&q->fcgi))
				return 1;
		} else if (errno != EAGAIN && errno != ECONNABORTED &&
			   !is_short_of(q, errno)) {
			return -1;
		}
	}
	return q->is_ending ? 0 : -1;
}

static void put_stream(const struct buf *text, void *stream)
{
	limit_wait();
	FCGX_PutStr(buf_text(text), (int)text->len, stream);
}

/* For a server that takes the page for an authorizer, which would let the
 * client in with a 200, or for a filter. */
static void refuse_role(FCGX_Request *fcgi)
{
	struct http_response response = HTTP_RESPONSE_INIT;

	response.status = 500;
	buf_puts(&response.body,
		 "the web server asks for another FastCGI role than that of a "
		 "responder\n");
	http_finish(&response);
	put_stream(&response.head, fcgi->out);
	put_stream(&response.body, fcgi->out);
	http_free(&response);
}

/*
 * Send all of the answer, and see whether all of the request was read.  Then a
 * close() will do, which is what libfcgi does with a connection that is
 * detached; with another it waits until the web server has closed its end, or
 * what comes in unread could take the answer with it.
 */
static void finish(FCGX_Request *fcgi, const struct http_request *http)
{
	const char *length = http->content_length;
	int has_body =
		length != NULL && length[0] != '\0' && strcmp(length, "0") != 0;

	FCGX_FClose(fcgi->err);
	if (FCGX_FClose(fcgi->out) == 0 && !has_body &&
	    FCGX_GetChar(fcgi->in) < 0 && FCGX_GetError(fcgi->in) == 0)
		FCGX_Detach(fcgi);
	FCGX_Finish_r(fcgi);
}

int fastcgi_serve(struct site *site, const struct page *own)
{
	int flags = fcntl(FCGI_LISTENSOCK_FILENO, F_GETFL);
	struct queue q = { .signals = catch_signals() };
	int rc;

	if (q.signals < 0 ||
	    FCGX_InitRequest(&q.fcgi, FCGI_LISTENSOCK_FILENO,
			     FCGI_FAIL_ACCEPT_ON_INTR) != 0 ||
	    fcntl(FCGI_LISTENSOCK_FILENO, F_SETFL, flags | O_NONBLOCK) < 0) {
		perror(own->name);
		return EXIT_FAILURE;
	}
	/* Before the first request, so that an edit that breaks the catalogue
	 * finds a good one in use; what is wrong now, the request is told. */
	site_refresh(site, &(struct error)ERROR_INIT);
	while ((rc = next_request(&q)) > 0) {
		const struct http_request http = gateway_read(q.fcgi.envp);

		if (q.fcgi.role == FCGI_RESPONDER)
			gateway_answer(site, own, &http, put_stream,
				       q.fcgi.out);
		else
			refuse_role(&q.fcgi);
		finish(&q.fcgi, &http);
	}
	/* At once: what comes in now must find another process. */
	close(FCGI_LISTENSOCK_FILENO);
	FCGX_Free(&q.fcgi, 1);
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int fastcgi_is_asked(void)
{
	/* Which does nothing but allocate; FCGX_IsCGI() would end without a
	 * word. */
	if (FCGX_Init() != 0)
		mem_exhausted();
	return !FCGX_IsCGI();
}
