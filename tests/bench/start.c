/*
 * start COUNT PROGRAM: starts the program COUNT times, one after the other,
 * as a web server does with a CGI program, and prints how many microseconds
 * one start took.  The program gets this one's environment and files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int run(char *const argv[])
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	long count = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
	double begin = now();

	if (count <= 0) {
		fputs("Usage: start COUNT PROGRAM\n", stderr);
		return 2;
	}
	for (long i = 0; i < count; i++)
		if (run(argv + 2) < 0) {
			fprintf(stderr, "start: %s failed\n", argv[2]);
			return 1;
		}
	fprintf(stderr, "%.2f\n", (now() - begin) / (double)count);
	return 0;
}
