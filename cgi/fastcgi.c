/* Answers requests over FastCGI.  Only this file knows libfcgi. */
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
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "gateway.h"
#include "mem.h"

/* How long a web server may take to send a request, and again to take the
 * answer, in seconds. */
#define PATIENCE 10

/* How many connections may wait on the socket: the backlog of the samples. */
#define BACKLOG 1024

/* After how many milliseconds an idle process looks at the socket by itself. */
#define LOOK_AGAIN_MS 2000

/* is_served: the process waits for a web server.  alarmed: the second of
 * CLOCK_MONOTONIC in which the alarm was last set. */
static volatile sig_atomic_t is_served;
static time_t alarmed;

/* A signal that interrupts libfcgi's read or write makes it give up.  A signal
 * that arrives just before the read would be lost, so each sets the next. */
static void interrupt(int signal)
{
	(void)signal;
	if (is_served)
		alarm(PATIENCE);
}

/* Limit the wait for the web server to PATIENCE from now, or up to a second
 * less.  The alarm is set once a second and never taken back, which saves two
 * system calls a request. */
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
 * Return a descriptor that SIGTERM and SIGUSR1 make readable; multiwatch sends
 * SIGUSR1 in place of SIGTERM.  The process looks at it while it waits for
 * requests, so neither signal interrupts a request, and none is missed.
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

/* The requests on the socket, and the signal that ends the process. */
struct queue {
	FCGX_Request fcgi;
	int signals; /* readable once the process must end */
	int events;  /* an epoll set of the socket and the signals */
	int is_ending;
	int last; /* requests taken since then */
};

/*
 * Fill the epoll set, where the process waits for requests.  Several processes
 * wait for the same socket.  EPOLLEXCLUSIVE (Linux 4.5) wakes one of them for a
 * connection; without it a connection wakes them all.  Returns -1 with errno
 * set if the system refuses.
 */
static int open_events(struct queue *q)
{
	struct epoll_event requests = { .events = EPOLLIN | EPOLLEXCLUSIVE,
					.data.fd = FCGI_LISTENSOCK_FILENO };
	struct epoll_event signals = { .events = EPOLLIN,
				       .data.fd = q->signals };

	q->events = epoll_create1(EPOLL_CLOEXEC);
	if (q->events < 0 || epoll_ctl(q->events, EPOLL_CTL_ADD,
				       requests.data.fd, &requests) < 0)
		return -1;
	return epoll_ctl(q->events, EPOLL_CTL_ADD, signals.data.fd, &signals);
}

/* Whether a request waits.  Blocks until one does, unless the process must
 * end. */
static int is_waiting(struct queue *q)
{
	struct epoll_event ready[2];
	int count;
	int requests = 0;

	is_served = 0;
	do
		count = epoll_wait(q->events, ready, 2,
				   q->is_ending ? 0 : LOOK_AGAIN_MS);
	while (count < 0 && errno == EINTR);
	/* A connection may wait whose process was killed, or has no descriptor
	 * left: no other was woken for it. */
	if (count == 0 && !q->is_ending)
		return 1;
	for (int i = 0; i < count; i++) {
		if (ready[i].data.fd == FCGI_LISTENSOCK_FILENO) {
			/* It does not listen, or somebody who shares it has
			 * shut it down: accept() would say EINVAL. */
			requests = !(ready[i].events & (EPOLLHUP | EPOLLERR));
			errno = EINVAL;
		} else {
			q->is_ending = 1;
		}
	}
	return requests;
}

/* Whether accept() failed because the system is short of something.  Then wait
 * for a moment; the first signal ends the wait. */
static int is_short_of(const struct queue *q, int error)
{
	struct pollfd fd = { .fd = q->signals, .events = POLLIN };

	if (error != EMFILE && error != ENFILE && error != ENOBUFS &&
	    error != ENOMEM)
		return 0;
	poll(&fd, !q->is_ending, 100);
	return 1;
}

/* Whether the whole request was read.  libfcgi takes a connection that breaks
 * off between two parameters for the end of them.  Such a request is dropped.
 */
static int is_whole(FCGX_Request *fcgi)
{
	if (FCGX_GetError(fcgi->in) == 0) {
		/* A web server that keeps the connection would keep the
		 * process. */
		fcgi->keepConnection = 0;
		return 1;
	}
	FCGX_Free(fcgi, 1);
	return 0;
}

/*
 * Take the next request.  Another process may take it first.  accept() does not
 * block, so a process that comes too late waits again, where a signal reaches
 * it.
 *
 * A process that must end first takes the requests that wait already: without
 * it they would be lost if it is the last process.  It takes no more than the
 * backlog, so that it does end while new requests come in.
 *
 * Returns 1 with a request, 0 when the process must end, -1 when the socket
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

/* Refuse a web server that uses the program as an authorizer, where a 200
 * would let the client in, or as a filter. */
static void refuse_role(FCGX_Request *fcgi)
{
	struct http_response response = HTTP_RESPONSE_INIT;

	response.status = 500;
	buf_puts(&response.body,
		 "the web server asks for another FastCGI role: configure the "
		 "program as a responder\n");
	http_finish(&response);
	put_stream(&response.head, fcgi->out);
	put_stream(&response.body, fcgi->out);
	http_free(&response);
}

/*
 * Send the rest of the answer and close the connection.  If the whole request
 * was read, close() is enough: FCGX_Detach() makes libfcgi do just that.
 * Otherwise libfcgi waits until the web server has closed its end, because
 * closing a socket with unread bytes can discard the answer.
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

/* Report errno, and what was expected. */
static void report_socket(const struct page *own)
{
	fprintf(stderr,
		"%s: standard input must be a FastCGI socket that listens: "
		"%s\n",
		own->name, strerror(errno));
}

int fastcgi_serve(struct site *site, const struct page *own)
{
	int flags = fcntl(FCGI_LISTENSOCK_FILENO, F_GETFL);
	struct queue q = { .signals = catch_signals() };
	int rc;

	if (q.signals < 0 || open_events(&q) < 0 ||
	    FCGX_InitRequest(&q.fcgi, FCGI_LISTENSOCK_FILENO,
			     FCGI_FAIL_ACCEPT_ON_INTR) != 0 ||
	    fcntl(FCGI_LISTENSOCK_FILENO, F_SETFL, flags | O_NONBLOCK) < 0) {
		report_socket(own);
		return EXIT_FAILURE;
	}
	/* Read the catalogue before the first request, so that a good one is
	 * in use when an edit breaks it.  A failure now is reported by the
	 * first request. */
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
	if (rc < 0)
		report_socket(own);
	/* Close at once, so that new connections go to another process. */
	close(FCGI_LISTENSOCK_FILENO);
	FCGX_Free(&q.fcgi, 1);
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int fastcgi_is_asked(void)
{
	/* FCGX_Init() fails only without memory; FCGX_IsCGI() would then end
	 * the process without a message. */
	if (FCGX_Init() != 0)
		mem_exhausted();
	return !FCGX_IsCGI();
}
