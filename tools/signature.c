#include "signature.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"

#define STATUS_MAX ((size_t)256 * 1024)
#define STATUS_FD 3

/* How long gpgv may take, in milliseconds. */
#define PATIENCE 60000

void signature_free(struct signature *s)
{
	buf_free(&s->text);
}

/* What the status says so far, in the order of its lines. */
struct status {
	unsigned texts;      /* PLAINTEXT */
	unsigned signatures; /* NEWSIG */
	int is_good;         /* GOODSIG came last: its VALIDSIG follows */
	int has_good, has_bad, has_error;
	enum signature_state worst; /* of those that are not good */
};

/* The keyword's arguments, if the line begins with it; NULL. */
static const char *after(const char *line, const char *keyword)
{
	size_t len = strlen(keyword);

	if (strncmp(line, keyword, len) != 0)
		return NULL;
	return line[len] == ' '    ? line + len + 1
	       : line[len] == '\0' ? line + len
				   : NULL;
}

static void note_key(const char *args, struct signature *out)
{
	size_t len = strspn(args, "0123456789ABCDEF");

	if (len < sizeof(out->key))
		snprintf(out->key, sizeof(out->key), "%.*s", (int)len, args);
}

/* VALIDSIG fingerprint date time ...: the time is the latest of all. */
static void note_valid(struct status *s, const char *args,
		       struct signature *out)
{
	char fingerprint[65];
	char end;
	long long made;

	if (!s->is_good ||
	    sscanf(args, "%64[0-9A-F] %*10[0-9-] %lld%c", fingerprint, &made,
		   &end) != 3 ||
	    end != ' ' || made <= 0)
		return;
	s->has_good = 1;
	s->is_good = 0;
	if (made > out->time)
		out->time = made;
}

static void read_line(struct status *s, const char *line, struct signature *out)
{
	static const struct {
		const char *keyword;
		enum signature_state state;
	} others[] = {
		{ "ERRSIG", SIGNATURE_UNREADABLE },
		{ "NO_PUBKEY", SIGNATURE_UNKNOWN_KEY },
		{ "REVKEYSIG", SIGNATURE_REVOKED_KEY },
		{ "EXPKEYSIG", SIGNATURE_EXPIRED_KEY },
		{ "EXPSIG", SIGNATURE_EXPIRED },
	};
	const char *args;

	if (after(line, "PLAINTEXT") != NULL)
		s->texts++;
	else if (after(line, "NEWSIG") != NULL)
		s->signatures++, s->is_good = 0;
	else if (after(line, "GOODSIG") != NULL)
		s->is_good = 1;
	else if ((args = after(line, "VALIDSIG")) != NULL)
		note_valid(s, args, out);
	else if (after(line, "BADSIG") != NULL)
		s->has_bad = 1;
	else if (after(line, "ERROR") != NULL)
		s->has_error = 1; /* as a second text in the same file */
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		args = after(line, others[i].keyword);
		if (args == NULL)
			continue;
		s->is_good = 0;
		s->worst = others[i].state;
		if (s->worst == SIGNATURE_UNKNOWN_KEY)
			note_key(args, out);
	}
}

void signature_read_status(const char *text, int is_detached,
			   struct signature *out)
{
	static const char prefix[] = "[GNUPG:] ";
	struct status s = { .worst = SIGNATURE_UNREADABLE };

	out->time = 0;
	out->key[0] = '\0';
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		char *line = mem_copy(text, len);

		if (strncmp(line, prefix, sizeof(prefix) - 1) == 0)
			read_line(&s, line + sizeof(prefix) - 1, out);
		free(line);
		text += len + (text[len] == '\n');
	}
	if (s.has_bad)
		out->state = SIGNATURE_BAD;
	else if (s.signatures == 0)
		out->state = SIGNATURE_NONE;
	else if (s.has_error || s.texts != (is_detached ? 0U : 1U))
		out->state = SIGNATURE_UNREADABLE; /* which text is signed? */
	else
		out->state = s.has_good ? SIGNATURE_GOOD : s.worst;
}

/* A gpgv that runs, and what it writes. */
struct run {
	pid_t pid;
	int fds[2]; /* its standard output and its status; -1: closed */
	struct buf *outs[2];
	size_t max[2];
};

/* Read what there is.  Returns -1 if it is more than was asked for. */
static int read_some(struct run *r, int i)
{
	char bytes[65536];
	ssize_t len = read(r->fds[i], bytes, sizeof(bytes));

	if (len < 0 && errno == EINTR)
		return 0;
	if (len <= 0) {
		close(r->fds[i]);
		r->fds[i] = -1;
		return 0;
	}
	if ((size_t)len > r->max[i] - r->outs[i]->len)
		return -1;
	buf_add(r->outs[i], bytes, (size_t)len);
	return 0;
}

/* Read until gpgv closes both.  Returns -1 if that takes too long, or is too
 * much. */
static int read_all(struct run *r)
{
	while (r->fds[0] >= 0 || r->fds[1] >= 0) {
		struct pollfd polls[] = { { r->fds[0], POLLIN, 0 },
					  { r->fds[1], POLLIN, 0 } };
		int ready = poll(polls, 2, PATIENCE);

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return -1;
		for (int i = 0; i < 2; i++)
			if (polls[i].revents != 0 && read_some(r, i) < 0)
				return -1;
	}
	return 0;
}

/* A pipe whose ends no other program inherits; *reads is its first one. */
static int open_pipe(int ends[2], int *reads)
{
	if (pipe(ends) < 0)
		return -1;
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	*reads = ends[0];
	return 0;
}

/* Returns 0 or a value of errno. */
static int start(struct run *r, char *const *argv, const char *home)
{
	static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
	static char locale[] = "LC_ALL=C";
	struct buf gnupghome = BUF_INIT;
	posix_spawn_file_actions_t actions;
	int output[2], status[2];
	int rc;

	if (open_pipe(output, &r->fds[0]) < 0 ||
	    open_pipe(status, &r->fds[1]) < 0)
		return errno;
	buf_printf(&gnupghome, "GNUPGHOME=%s", home);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output[1], 1);
	posix_spawn_file_actions_adddup2(&actions, status[1], STATUS_FD);
	rc = posix_spawnp(
		&r->pid, "gpgv", &actions, NULL, argv,
		(char *const[]){ path, locale, gnupghome.data, NULL });
	posix_spawn_file_actions_destroy(&actions);
	buf_free(&gnupghome);
	close(output[1]);
	close(status[1]);
	return rc;
}

/* Run gpgv.  Returns 0, or -1 with a message on standard error. */
static int run(char *const *argv, const char *home, size_t text_max,
	       struct buf *text, struct buf *status)
{
	struct run r = {
		.fds = { -1, -1 },
		.outs = { text, status },
		.max = { text_max, STATUS_MAX },
	};
	int rc = start(&r, argv, home);
	int how = 0;

	if (rc == 0 && read_all(&r) < 0) {
		kill(r.pid, SIGKILL);
		buf_truncate(status, 0); /* which says nothing good then */
	}
	for (int i = 0; i < 2; i++)
		if (r.fds[i] >= 0)
			close(r.fds[i]);
	while (rc == 0 && waitpid(r.pid, &how, 0) < 0 && errno == EINTR)
		;
	/* posix_spawnp() of other C libraries reports a missing program so. */
	if (rc == 0 && WIFEXITED(how) && WEXITSTATUS(how) == 127)
		rc = ENOENT;
	if (rc == 0)
		return 0;
	fprintf(stderr,
		"mirrorboot-check: gpgv, which verifies signatures, cannot be "
		"run: %s\n",
		strerror(rc));
	return -1;
}

/* Write a file that only this user can read.  Returns its name, which the
 * caller releases; NULL if it cannot be written. */
static char *write_file(const char *dir, const char *name,
			const struct buf *content)
{
	struct buf path = BUF_INIT;
	size_t done = 0;
	int fd;

	buf_printf(&path, "%s/%s", dir, name);
	fd = open(path.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	while (fd >= 0 && done < content->len) {
		ssize_t len =
			write(fd, content->data + done, content->len - done);

		if (len < 0 && errno != EINTR)
			break;
		done += len > 0 ? (size_t)len : 0;
	}
	if (fd >= 0 && close(fd) == 0 && done == content->len)
		return buf_take(&path);
	fprintf(stderr, "mirrorboot-check: %s: %s\n", path.data,
		strerror(errno));
	unlink(path.data);
	buf_free(&path);
	return NULL;
}

static void remove_file(char *path)
{
	if (path != NULL)
		unlink(path);
	free(path);
}

static int check_in(const char *dir, const struct buf *text,
		    const struct buf *detached, const char *keyring,
		    struct signature *out)
{
	static char *const head[] = { "gpgv",        "--keyring", NULL,
				      "--status-fd", "3",         NULL };
	char *list = write_file(dir, "list", text);
	char *signature = detached != NULL
				  ? write_file(dir, "signature", detached)
				  : NULL;
	char *argv[10];
	struct buf status = BUF_INIT;
	int rc = -1;

	memcpy(argv, head, sizeof(head));
	argv[2] = (char *)keyring;
	if (detached != NULL)
		memcpy(argv + 5, (char *[]){ signature, list, NULL },
		       3 * sizeof(*argv));
	else
		memcpy(argv + 5, (char *[]){ "--output", "-", list, NULL },
		       4 * sizeof(*argv));
	if (list != NULL && (detached == NULL || signature != NULL))
		rc = run(argv, dir, text->len, &out->text, &status);
	if (rc == 0)
		signature_read_status(buf_text(&status), detached != NULL, out);
	if (rc == 0 && detached != NULL)
		buf_add(&out->text, buf_text(text), text->len);
	buf_free(&status);
	remove_file(signature);
	remove_file(list);
	return rc;
}

static int is_clearsigned(const struct buf *text)
{
	static const char first[] = "-----BEGIN PGP SIGNED MESSAGE-----";

	return strncmp(buf_text(text), first, sizeof(first) - 1) == 0;
}

int signature_check(const struct buf *text, const struct buf *detached,
		    const char *keyring, struct signature *out)
{
	const char *tmp = getenv("TMPDIR");
	struct buf dir = BUF_INIT;
	int rc;

	*out = (struct signature)SIGNATURE_INIT;
	if (detached == NULL && !is_clearsigned(text))
		return 0;
	buf_printf(&dir, "%s/mirrorboot-check.XXXXXX",
		   tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
	if (mkdtemp(dir.data) == NULL) {
		fprintf(stderr, "mirrorboot-check: %s: %s\n", dir.data,
			strerror(errno));
		buf_free(&dir);
		return -1;
	}
	rc = check_in(dir.data, text, detached, keyring, out);
	rmdir(dir.data);
	buf_free(&dir);
	return rc;
}
