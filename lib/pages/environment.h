#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include "error.h"

/*
 * For a program that a shell started: take the settings that systemd gives the
 * programs (EnvironmentFile= in systemd.exec(5)).  They are in the file that
 * MIRRORBOOT_ENVIRONMENT names, or else in the file environment beside the
 * catalogue, which is that of MIRRORBOOT_CATALOG or else the one given here.
 * With "none" as its name no file is read.  Of its lines NAME=VALUE those count
 * whose names begin with MIRRORBOOT_, unless the process has a variable of that
 * name that is not empty.  A value may be in quotes.
 *
 * Returns 0, also if there is no file, or -1 with err set: the file cannot be
 * read, or a value has a backslash or a quote inside.
 */
int environment_take(const char *catalog, struct error *err);

#endif
