#ifndef MAIN_H
#define MAIN_H

#include "arming_store.h"
#include "pages.h"

/*
 * All of a program's main(): answer requests over FastCGI, one request as a
 * CGI program, or a query from a shell.  own is the page that is answered
 * where nothing names another: from a shell always, and over (Fast)CGI when
 * the web server sends no SCRIPT_NAME.  Returns the exit status.
 */
int main_run(const struct page *own, int argc, char **argv);

/* The same for a program that has other kinds of stores for the states of
 * installations; main_run() reads them in a directory. */
int main_run_with(const struct arming_kinds *kinds, const struct page *own,
		  int argc, char **argv);

/* All of main() of the program answer at a shell: it shows one file of a
 * machine's answers.  Returns the exit status. */
int main_answer(int argc, char **argv);

#endif
