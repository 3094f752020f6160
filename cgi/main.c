/*
 * How a page is asked: over FastCGI, as a CGI program, or from a shell.  This
 * file alone knows libfcgi.
 */
#include <fcgiapp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "page.h"

static volatile sig_atomic_t is_ending;

/*
 * A signal between the look at is_ending and the accept() behind it would go
 * unnoticed until the next request: the alarm comes back until it is seen.
 */
static void end(int signal)
{
	(void)signal;
	is_ending = 1;
	alarm(1);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = end };

	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
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

static struct http_request fcgi_request(char **env)
{
	return (struct http_request){
		.method = FCGX_GetParam("REQUEST_METHOD", env),
		.query = FCGX_GetParam("QUERY_STRING", env),
		.user_agent = FCGX_GetParam("HTTP_USER_AGENT", env),
		.client = FCGX_GetParam("REMOTE_ADDR", env),
		.script = FCGX_GetParam("SCRIPT_NAME", env),
		.path_info = FCGX_GetParam("PATH_INFO", env),
	};
}

static struct http_request cgi_request(void)
{
	return (struct http_request){
		.method = getenv("REQUEST_METHOD"),
		.query = getenv("QUERY_STRING"),
		.user_agent = getenv("HTTP_USER_AGENT"),
		.client = getenv("REMOTE_ADDR"),
		.script = getenv("SCRIPT_NAME"),
		.path_info = getenv("PATH_INFO"),
	};
}

/* The whole answer, headers first. */
static void answer(struct site *site, const struct http_request *http,
		   struct buf *out)
{
	struct http_response response = HTTP_RESPONSE_INIT;

	page_answer(site, http, &response);
	http_write(out, http, &response);
	buf_free(&response.body);
}

static int serve_fcgi(struct site *site)
{
	FCGX_Request fcgi;
	struct buf out = BUF_INIT;

	catch_signals();
	if (FCGX_Init() != 0 ||
	    FCGX_InitRequest(&fcgi, 0, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
		return EXIT_FAILURE;
	while (!is_ending && FCGX_Accept_r(&fcgi) == 0) {
		struct http_request http = fcgi_request(fcgi.envp);

		buf_truncate(&out, 0);
		answer(site, &http, &out);
		FCGX_PutStr(out.data, (int)out.len, fcgi.out);
		FCGX_Finish_r(&fcgi);
	}
	FCGX_Free(&fcgi, 1);
	buf_free(&out);
	return is_ending ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* All of text to standard output. */
static int put(const char *text, size_t len)
{
	if (fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0)
		return EXIT_SUCCESS;
	perror(page.name);
	return EXIT_FAILURE;
}

static int serve_cgi(struct site *site)
{
	struct http_request http = cgi_request();
	struct buf out = BUF_INIT;
	int rc;

	answer(site, &http, &out);
	rc = put(out.data, out.len);
	buf_free(&out);
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
	       "  REMOTE_ADDR           the client's address\n"
	       "  HTTP_USER_AGENT       the client's name\n",
	       DEFAULT_CATALOG, DEFAULT_TEMPLATES);
}

static int serve_shell(struct site *site, int argc, char **argv)
{
	struct http_request http = cgi_request();
	struct http_response response = HTTP_RESPONSE_INIT;
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
	page_answer(site, &http, &response);
	if (response.status == 200)
		rc = put(response.body.data, response.body.len);
	else if (response.status != 500) /* which page_answer() has logged */
		fprintf(stderr, "%s: %s", page.name, response.body.data);
	buf_free(&response.body);
	return rc;
}

int main(int argc, char **argv)
{
	struct site *site;
	int rc;

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
