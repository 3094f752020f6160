/*
 * storm PORT CLIENTS TARGET...: as many machines as CLIENTS are switched on
 * at once.  Each asks 127.0.0.1 for one target after the other, over a
 * connection for each, as network loaders do.  Prints as JSON how many
 * clients failed and how long the others took, in seconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 120 /* seconds; who is not done then has failed */
#define HEAD_MAX 4096

struct client {
	int fd;
	int target;   /* the one at hand */
	int has_sent; /* its request */
	char head[HEAD_MAX + 1];
	size_t got; /* bytes of the answer */
	double end; /* when it was done; 0: it is not, or has failed */
};

struct storm {
	struct sockaddr_in server;
	int epoll;
	char **requests; /* one for each target */
	int count;
	struct client *clients;
	int client_count;
	int left; /* clients that are neither done nor failed */
	int failed;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(struct storm *s, struct client *c)
{
	close(c->fd);
	s->left--;
	s->failed++;
}

/* Connect for the target at hand. */
static void begin(struct storm *s, struct client *c)
{
	struct epoll_event event = { EPOLLOUT, { .ptr = c } };

	c->has_sent = 0;
	c->got = 0;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0 ||
	    (connect(c->fd, (struct sockaddr *)&s->server, sizeof(s->server)) <
		     0 &&
	     errno != EINPROGRESS) ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
		fail(s, c);
}

static void send_request(struct storm *s, struct client *c)
{
	struct epoll_event event = { EPOLLIN, { .ptr = c } };
	const char *request = s->requests[c->target];
	ssize_t len = (ssize_t)strlen(request);

	c->has_sent = 1;
	if (send(c->fd, request, (size_t)len, MSG_NOSIGNAL) != len ||
	    epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->fd, &event) < 0)
		fail(s, c);
}

/* Whether the answer is whole, and one that boots. */
static int is_good(struct client *c)
{
	const char *length = "\r\nContent-Length: ";
	const char *value;
	const char *body;

	c->head[c->got < HEAD_MAX ? c->got : HEAD_MAX] = '\0';
	body = strstr(c->head, "\r\n\r\n");
	value = strstr(c->head, length);
	if (strncmp(c->head, "HTTP/1.", 7) != 0 ||
	    strncmp(c->head + 8, " 200 ", 5) != 0 || body == NULL ||
	    value == NULL || value > body)
		return 0;
	return strtoul(value + strlen(length), NULL, 10) ==
	       c->got - (size_t)(body + 4 - c->head);
}

/* The server has closed the connection: go on with the next target. */
static void finish(struct storm *s, struct client *c)
{
	if (!is_good(c)) {
		fail(s, c);
		return;
	}
	close(c->fd);
	if (++c->target < s->count) {
		begin(s, c);
		return;
	}
	c->end = now();
	s->left--;
}

static void receive(struct storm *s, struct client *c)
{
	static char piece[65536];
	ssize_t got;

	while ((got = recv(c->fd, piece, sizeof(piece), 0)) > 0) {
		if (c->got < HEAD_MAX) {
			size_t room = HEAD_MAX - c->got;

			memcpy(c->head + c->got, piece,
			       (size_t)got < room ? (size_t)got : room);
		}
		c->got += (size_t)got;
	}
	if (got == 0)
		finish(s, c);
	else if (errno != EAGAIN)
		fail(s, c);
}

static void run(struct storm *s, double end)
{
	struct epoll_event events[256];

	for (int i = 0; i < s->client_count; i++)
		begin(s, &s->clients[i]);
	while (s->left > 0 && now() < end) {
		int ready = epoll_wait(s->epoll, events, 256, 1000);

		for (int i = 0; i < ready; i++) {
			struct client *c = events[i].data.ptr;

			if (c->has_sent)
				receive(s, c);
			else
				send_request(s, c);
		}
	}
	s->failed += s->left;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const struct storm *s, double begin)
{
	double *took = calloc((size_t)s->client_count, sizeof(*took));
	double p50 = 0, p99 = 0, total = 0, cpu;
	struct rusage usage;
	size_t done = 0;

	for (int i = 0; i < s->client_count; i++)
		if (s->clients[i].end > 0)
			took[done++] = s->clients[i].end - begin;
	if (done > 0) {
		qsort(took, done, sizeof(*took), compare);
		p50 = took[(done - 1) / 2];
		p99 = took[(done - 1) * 99 / 100];
		total = took[done - 1];
	}
	getrusage(RUSAGE_SELF, &usage);
	cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	      (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	printf("{\"failed\": %d, \"p50\": %.6f, \"p99\": %.6f, "
	       "\"total\": %.6f, \"cpu\": %.6f}\n",
	       s->failed, p50, p99, total, cpu);
	free(took);
}

/* What gPXE sends. */
static char *request(const char *target)
{
	size_t size = strlen(target) + 100; /* more than all the rest */
	char *text = calloc(size, 1);

	if (text != NULL)
		snprintf(text, size,
			 "GET %s HTTP/1.0\r\nUser-Agent: gPXE/1.0.1\r\n"
			 "Host: 127.0.0.1\r\n\r\n",
			 target);
	return text;
}

static int set_up(struct storm *s, int argc, char **argv)
{
	struct rlimit files;

	s->server.sin_family = AF_INET;
	s->server.sin_port = htons((unsigned short)strtoul(argv[1], NULL, 10));
	s->server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->client_count = (int)strtol(argv[2], NULL, 10);
	s->left = s->client_count;
	s->count = argc - 3;
	s->clients = calloc((size_t)s->client_count, sizeof(*s->clients));
	s->requests = calloc((size_t)s->count, sizeof(*s->requests));
	s->epoll = epoll_create1(0);
	if (s->clients == NULL || s->requests == NULL || s->epoll < 0)
		return -1;
	for (int i = 0; i < s->count; i++)
		s->requests[i] = request(argv[3 + i]);
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return -1;
	files.rlim_cur = files.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv)
{
	struct storm s = { 0 };
	double begin;

	if (argc < 4) {
		fputs("Usage: storm PORT CLIENTS TARGET...\n", stderr);
		return 2;
	}
	if (set_up(&s, argc, argv) < 0) {
		perror("storm");
		return 1;
	}
	begin = now();
	run(&s, begin + PATIENCE);
	print(&s, begin);
	return 0;
}
