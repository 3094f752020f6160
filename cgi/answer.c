/* Shows an installer's answers to an administrator at a shell.  Answers hold
 * secrets: no web server gets any from here. */
#include "main.h"

#include <stdio.h>
#include <stdlib.h>

#include "fastcgi.h"

int main(int argc, char **argv)
{
	if (fastcgi_is_asked() || getenv("GATEWAY_INTERFACE") != NULL) {
		fputs("answer: is for a shell alone\n", stderr);
		return EXIT_FAILURE;
	}
	return main_answer(argc, argv);
}
