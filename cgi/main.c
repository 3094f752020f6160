/* Runs a page as a CGI program or from a shell; fastcgi.c does the rest. */
#include "main.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "arming_directory.h"
#include "environment.h"
#include "fastcgi.h"
#include "gateway.h"
#include "mem.h"

extern char **environ;

/* store: NULL, or of the states of installations. */
static struct site *open_site(struct arming_store *store)
{
	const struct site_paths paths = {
		.catalog = site_setting("MIRRORBOOT_CATALOG", DEFAULT_CATALOG),
		.templates =
			site_setting("MIRRORBOOT_TEMPLATES", DEFAULT_TEMPLATES),
		.shipped = SHIPPED_TEMPLATES,
		.base = site_setting("MIRRORBOOT_BASE", NULL),
		.hosts = site_setting("MIRRORBOOT_HOSTS", NULL),
		.answers = site_setting("MIRRORBOOT_ANSWERS", NULL),
		.shipped_answers = SHIPPED_ANSWERS,
		.state = store,
	};

	return site_new(&paths, pages_names, pages_check_urls);
}

static struct arming_store *open_store(const struct arming_kinds *kinds)
{
	return arming_store_new(
		kinds, site_setting("MIRRORBOOT_STATE", DEFAULT_STATE),
		site_setting("MIRRORBOOT_STATE_PASSWORD", NULL));
}

/* Write text to standard output; end_output() tells whether that worked. */
static void put_output(const struct buf *text, void *unused)
{
	(void)unused;
	fwrite(buf_text(text), 1, text->len, stdout);
}

static int end_output(const char *program)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	fprintf(stderr, "%s: standard output: %s\n", program, strerror(errno));
	return EXIT_FAILURE;
}

/*
 * Read and drop a request's body, which no page takes.  Apache's mod_cgid
 * gives a program one socket for both directions, and closing it with unread
 * bytes can discard the answer.
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

static int serve_cgi(struct site *site, const struct page *own)
{
	const struct http_request http = gateway_read(environ);
	int rc;

	gateway_answer(site, own, &http, put_output, NULL);
	rc = end_output(own->name);
	drop_body();
	return rc;
}

static void print_help(const struct page *own)
{
	printf("Usage: %s ['NAME=VALUE&NAME=VALUE...']\n"
	       "Print what a client gets that asks for this page.  As a CGI or "
	       "FastCGI\nprogram, answer a web server's requests.\n\n"
	       "Parameters:",
	       own->name);
	for (const char *const *name = own->params; *name != NULL; name++)
		printf(" %s", *name);
	printf("\n\nEnvironment:\n"
	       "  MIRRORBOOT_CATALOG    the catalogue (%s)\n"
	       "  MIRRORBOOT_TEMPLATES  the site's own templates, "
	       "directories with ':'\n"
	       "                        between them (%s)\n"
	       "  MIRRORBOOT_BASE       a base URL in place of the "
	       "catalogue's\n"
	       "  MIRRORBOOT_HOSTS      the directory of the host files (hosts "
	       "beside\n"
	       "                        the catalogue)\n"
	       "  MIRRORBOOT_ANSWERS    the site's own answers, directories "
	       "with ':'\n"
	       "                        between them (answers beside the "
	       "catalogue)\n"
	       "  MIRRORBOOT_STATE      the directory of the installations "
	       "(%s),\n"
	       "                        or a server as redis://ADDRESS:PORT\n"
	       "  MIRRORBOOT_STATE_PASSWORD\n"
	       "                        a file with that server's password\n"
	       "  MIRRORBOOT_ENVIRONMENT\n"
	       "                        a file with settings that are not "
	       "here, for a shell\n"
	       "                        (environment beside the catalogue), "
	       "or none\n"
	       "  MIRRORBOOT_LOG        not empty: a line on standard error "
	       "for each\n"
	       "                        request of a web server\n"
	       "  REMOTE_ADDR           the client's address\n"
	       "  HTTP_USER_AGENT       the client's name\n",
	       DEFAULT_CATALOG, DEFAULT_TEMPLATES, DEFAULT_STATE);
}

/* Whether the arguments are a query at most. */
static int has_query(const char *program, int argc, char **argv)
{
	const char *reason = NULL;

	if (argc > 2)
		reason = "one argument at most: a query, in quotes";
	else if (argc > 1 && argv[1][0] == '-')
		reason = "unknown option: --help lists what there is";
	if (reason != NULL)
		fprintf(stderr, "%s: %s\n", program, reason);
	return reason == NULL;
}

static int serve_shell(struct site *site, const struct page *own, int argc,
		       char **argv)
{
	struct http_request http = gateway_read(environ);
	struct http_response made = HTTP_RESPONSE_INIT;
	const struct http_response *response;
	int rc = EXIT_FAILURE;

	if (!has_query(own->name, argc, argv))
		return EXIT_FAILURE;
	http.is_remote = 0;
	http.method = "GET";
	http.query = argc > 1 ? argv[1] : "";
	http.script = NULL;
	http.path_info = NULL;
	response = page_answer(own, site, &http, &made);
	if (response->status == 200) {
		put_output(&response->body, NULL);
		rc = end_output(own->name);
	} else if (response->status != 500) { /* page_answer() logs those */
		fprintf(stderr, "%s: %s\n", own->name,
			buf_text(&response->reason));
	}
	http_free(&made);
	return rc;
}

/* Open those of the standard files that the web server closed.  Otherwise a
 * connection could get number 2, and messages would go to the client. */
static void open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

static void print_version(const char *program)
{
	printf("%s (mirrorboot) %s\n", program, VERSION);
}

/* An option of the program's own.  Returns whether it was one. */
static int take_option(const struct page *own, const char *option)
{
	if (strcmp(option, "--help") == 0)
		print_help(own);
	else if (strcmp(option, "--version") == 0)
		print_version(own->name);
	else
		return 0;
	return 1;
}

/* A shell does not have the settings that systemd gives the programs.  Returns
 * 0, or -1 with a message. */
static int take_settings(const char *program)
{
	struct error err = ERROR_INIT;

	if (environment_take(DEFAULT_CATALOG, &err) == 0)
		return 0;
	fprintf(stderr, "%s: %s\n", program, err.text);
	return -1;
}

int main_run_with(const struct arming_kinds *kinds, const struct page *own,
		  int argc, char **argv)
{
	int is_cgi = getenv("GATEWAY_INTERFACE") != NULL;
	int is_fastcgi;
	int is_shell;
	struct arming_store *store;
	struct site *site;
	int rc;

	mem_set_up();
	open_standard_files();
	/* Without this, jansson would leave out a value when memory runs
	 * out, and a menu would have a hole in it. */
	json_set_alloc_funcs(mem_get, free);
	is_fastcgi = fastcgi_is_asked();
	is_shell = !is_cgi && !is_fastcgi;
	/* Under a web server the arguments come from the network. */
	if (is_shell && argc == 2 && take_option(own, argv[1]))
		return EXIT_SUCCESS;
	if (is_shell && take_settings(own->name) < 0)
		return EXIT_FAILURE;
	store = open_store(kinds);
	site = open_site(store);
	if (is_fastcgi)
		rc = fastcgi_serve(site, own);
	else if (is_cgi)
		rc = serve_cgi(site, own);
	else
		rc = serve_shell(site, own, argc, argv);
	site_free(site);
	arming_store_free(store);
	return rc;
}

int main_run(const struct page *own, int argc, char **argv)
{
	static const struct arming_kinds kinds = {
		.directory = &arming_directory,
	};

	return main_run_with(&kinds, own, argc, argv);
}

static int show_answer(struct site *site, const char *query)
{
	struct error err = ERROR_INIT;
	struct buf body = BUF_INIT;
	int rc = EXIT_FAILURE;

	if (answer_preview(site, query, &body, &err) == 200) {
		put_output(&body, NULL);
		rc = end_output("answer");
	} else {
		fprintf(stderr, "answer: %s\n", err.text);
	}
	buf_free(&body);
	return rc;
}

int main_answer(int argc, char **argv)
{
	const char *option = argc == 2 ? argv[1] : "";
	struct site *site;
	int rc;

	if (strcmp(option, "--help") == 0) {
		puts("Usage: answer 'host=NAME&file=FILE'\n"
		     "       answer 'group=NAME&file=FILE'\n"
		     "Print a file that an installer gets, with the values "
		     "that fill it.  NAME is\n"
		     "that of a host file or of a group; without a file, list "
		     "them.  The word TOKEN\n"
		     "stands in place of a token.\n\n"
		     "The environment is that of boot: 'boot --help' lists "
		     "it.");
		return EXIT_SUCCESS;
	}
	if (strcmp(option, "--version") == 0) {
		print_version("answer");
		return EXIT_SUCCESS;
	}
	if (!has_query("answer", argc, argv) || take_settings("answer") < 0)
		return EXIT_FAILURE;
	mem_set_up();
	json_set_alloc_funcs(mem_get, free);
	site = open_site(NULL);
	rc = show_answer(site, argc > 1 ? argv[1] : "");
	site_free(site);
	return rc;
}
