#ifndef TEMPLATES_H
#define TEMPLATES_H

#include "findings.h"
#include "site.h"

/*
 * Look at every template that a page takes, whether a site's or a shipped
 * one: those that cannot be read, and partials that are not there.  Then at
 * the site's own directories, for files that no page takes.  Returns 0, or -1
 * when a page lacks a template of its own or something that it needs.
 */
int templates_check(const struct site_paths *paths, struct findings *f);

#endif
