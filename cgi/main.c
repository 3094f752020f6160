/*
 * How a page is asked: over FastCGI, as a CGI program, or from a shell.  This
 * file alone knows libfcgi.
 */
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

#include "mem.h"
#include "page.h"

/* Seconds for a web server to send a request, and again to take its answer. */
#define PATIENCE 10

extern char **environ;

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

/* A setting of the process; one that is empty is as good as none. */
static const char *setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : otherwise;
}

static struct site *open_site(void)
{
	const struct site_paths paths = {
		.catalog = setting("MIRRORBOOT_CATALOG", DEFAULT_CATALOG),
		.templates = setting("MIRRORBOOT_TEMPLATES", DEFAULT_TEMPLATES),
		.shipped = SHIPPED_TEMPLATES,
		.base = setting("MIRRORBOOT_BASE", NULL),
	};

	return site_new(&paths, page.name);
}

/* What a page is told of a request, out of "NAME=value" strings, which are
 * borrowed. */
static struct http_request read_request(char *const *env)
{
#define FIELD(name, field)                                                     \
	{                                                                      \
		name "=", sizeof(name), &http.field                            \
	}
	struct http_request http = { 0 };
	const struct {
		const char *name;
		size_t len;
		const char **value;
	} fields[] = {
		FIELD("REQUEST_METHOD", method),
		FIELD("QUERY_STRING", query),
		FIELD("CONTENT_LENGTH", content_length),
		FIELD("HTTP_USER_AGENT", user_agent),
		FIELD("HTTP_IF_NONE_MATCH", if_none_match),
		FIELD("REMOTE_ADDR", client),
		FIELD("SCRIPT_NAME", script),
		FIELD("PATH_INFO", path_info),
	};

	for (; *env != NULL; env++)
		for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
			if (**env == *fields[i].name &&
			    strncmp(*env, fields[i].name, fields[i].len) == 0) {
				*fields[i].value = *env + fields[i].len;
				break;
			}
	return http;
#undef FIELD
}

/* In microseconds. */
static long long elapsed_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000000LL +
	       (now.tv_nsec - start->tv_nsec) / 1000;
}

/* A line in logfmt.  The address is read and written anew: whatever the
 * client or its proxy said, the line has no bytes of it. */
static void log_answer(const struct http_request *http, int status,
		       const struct buf *what, long long took)
{
	struct network address;
	char client[NETWORK_TEXT_SIZE] = "-";

	if (http->client != NULL &&
	    network_parse_address(http->client, &address) == 0)
		network_print_address(&address, client);
	fprintf(stderr, "client=%s page=%s %s status=%d us=%lld\n", client,
		page.name, buf_text(what), status, took);
}

/* Answer the request by put(), and log it where that is asked for. */
static void answer(struct site *site, const struct http_request *http,
		   int is_logging,
		   void (*put)(const struct buf *text, void *where),
		   void *where)
{
	struct http_response own = HTTP_RESPONSE_INIT;
	const struct http_response *response;
	struct http_text text;
	struct timespec start;
	long long took = 0;

	if (is_logging)
		clock_gettime(CLOCK_MONOTONIC, &start);
	response = page_answer(site, http, &own);
	text = http_text(http, response);
	if (is_logging)
		took = elapsed_since(&start);
	put(text.head, where);
	put(text.body, where);
	if (is_logging)
		log_answer(http, text.status, &response->log, took);
	http_free(&own);
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

static int serve_fcgi(struct site *site)
{
	int is_logging = setting("MIRRORBOOT_LOG", NULL) != NULL;
	int flags = fcntl(FCGI_LISTENSOCK_FILENO, F_GETFL);
	struct queue q = { .signals = catch_signals() };
	int rc;

	if (q.signals < 0 ||
	    FCGX_InitRequest(&q.fcgi, FCGI_LISTENSOCK_FILENO,
			     FCGI_FAIL_ACCEPT_ON_INTR) != 0 ||
	    fcntl(FCGI_LISTENSOCK_FILENO, F_SETFL, flags | O_NONBLOCK) < 0) {
		perror(page.name);
		return EXIT_FAILURE;
	}
	/* Before the first request, so that an edit that breaks the catalogue
	 * finds a good one in use; what is wrong now, the request is told. */
	site_refresh(site, &(struct error)ERROR_INIT);
	while ((rc = next_request(&q)) > 0) {
		const struct http_request http = read_request(q.fcgi.envp);

		if (q.fcgi.role == FCGI_RESPONDER)
			answer(site, &http, is_logging, put_stream, q.fcgi.out);
		else
			refuse_role(&q.fcgi);
		finish(&q.fcgi, &http);
	}
	/* At once: what comes in now must find another process. */
	close(FCGI_LISTENSOCK_FILENO);
	FCGX_Free(&q.fcgi, 1);
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* All of text to standard output; whether it got there is known at last. */
static void put_output(const struct buf *text, void *unused)
{
	(void)unused;
	fwrite(buf_text(text), 1, text->len, stdout);
}

static int end_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	perror(page.name);
	return EXIT_FAILURE;
}

/*
 * Read what came in of a body that nobody asked for.  Apache's mod_cgid gives
 * a program one socket for both directions, and to close that with bytes
 * unread takes the answer with it.
 */
static void drop_body(void)
{
	char piece[4096];
	size_t left = 1024 * 1024;

	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	while (left > 0) {
		ssize_t got = read(STDIN_FILENO, piece, sizeof(piece));

		if (got <= 0)
			break;
		left -= (size_t)got < left ? (size_t)got : left;
	}
}

static int serve_cgi(struct site *site)
{
	const struct http_request http = read_request(environ);
	int rc;

	answer(site, &http, setting("MIRRORBOOT_LOG", NULL) != NULL, put_output,
	       NULL);
	rc = end_output();
	drop_body();
	return rc;
}

static void print_help(void)
{
	printf("Usage: %s ['NAME=VALUE&NAME=VALUE...']\n"
	       "Print what a client gets that asks for this page.  As a CGI or "
	       "FastCGI\nprogram, answer a web server's requests.\n\n"
	       "Parameters:",
	       page.name);
	for (const char *const *name = page.params; *name != NULL; name++)
		printf(" %s", *name);
	printf("\n\nEnvironment:\n"
	       "  MIRRORBOOT_CATALOG    the catalogue (%s)\n"
	       "  MIRRORBOOT_TEMPLATES  the site's own templates, "
	       "directories with ':'\n"
	       "                        between them (%s)\n"
	       "  MIRRORBOOT_BASE       a base URL in place of the "
	       "catalogue's\n"
	       "  MIRRORBOOT_LOG        not empty: a line on standard error "
	       "for each\n"
	       "                        page answered\n"
	       "  REMOTE_ADDR           the client's address\n"
	       "  HTTP_USER_AGENT       the client's name\n",
	       DEFAULT_CATALOG, DEFAULT_TEMPLATES);
}

static int serve_shell(struct site *site, int argc, char **argv)
{
	struct http_request http = read_request(environ);
	struct http_response own = HTTP_RESPONSE_INIT;
	const struct http_response *response;
	int rc = EXIT_FAILURE;

	if (argc > 2) {
		fprintf(stderr,
			"%s: one argument at most: a query, in quotes\n",
			page.name);
		return EXIT_FAILURE;
	}
	http.method = "GET";
	http.query = argc > 1 ? argv[1] : "";
	http.script = NULL;
	http.path_info = NULL;
	response = page_answer(site, &http, &own);
	if (response->status == 200) {
		put_output(&response->body, NULL);
		rc = end_output();
	} else if (response->status != 500) { /* which page_answer() logged */
		fprintf(stderr, "%s: %s", page.name, response->body.data);
	}
	http_free(&own);
	return rc;
}

/* Where a server closed one of them, a connection would get its number, and
 * what goes to standard error would go to the client. */
static void open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	struct site *site;
	int rc;

	mem_set_up();
	open_standard_files();
	/* A value less would be a menu with a hole in it. */
	json_set_alloc_funcs(mem_get, free);
	/* Which does nothing but allocate; FCGX_IsCGI() would end without a
	 * word. */
	if (FCGX_Init() != 0)
		mem_exhausted();

	/* Under a web server the arguments are the network's: ignored. */
	if (getenv("GATEWAY_INTERFACE") == NULL && FCGX_IsCGI() && argc == 2) {
		if (strcmp(argv[1], "--help") == 0) {
			print_help();
			return EXIT_SUCCESS;
		}
		if (strcmp(argv[1], "--version") == 0) {
			printf("%s (mirrorboot) %s\n", page.name, VERSION);
			return EXIT_SUCCESS;
		}
	}
	site = open_site();
	if (!FCGX_IsCGI())
		rc = serve_fcgi(site);
	else if (getenv("GATEWAY_INTERFACE") != NULL)
		rc = serve_cgi(site);
	else
		rc = serve_shell(site, argc, argv);
	site_free(site);
	return rc;
}
