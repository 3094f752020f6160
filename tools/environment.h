#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include "error.h"

/*
 * Take the settings of a file that systemd reads for the programs
 * (EnvironmentFile= in systemd.exec(5)): of its lines NAME=VALUE those whose
 * names begin with MIRRORBOOT_, unless the process has a variable of that name.
 * A value may be in quotes.  Returns 0, also if there is no file, or -1 with
 * err set: the file cannot be read, or a value has a backslash or a quote
 * inside.
 */
int environment_read(const char *path, struct error *err);

#endif
