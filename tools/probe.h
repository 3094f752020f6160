#ifndef PROBE_H
#define PROBE_H

#include "content.h"
#include "release.h"

/* How many redirects of a file, or levels of included files, are followed. */
#define PROBE_DEPTH_MAX 8

/* A URL that is asked for once, and the answer. */
struct probe {
	char *url;
	enum role role;
	const struct release *release;    /* the first release that needs it */
	const struct mirror_files *files; /* of that release */
	const char *asked_by; /* the URL that names it or redirects here; NULL:
				 the catalogue */
	char *otherwise;      /* where a missing module is looked for next;
				 NULL: nowhere */
	unsigned depth;       /* in includes and redirects */

	/* The answer. */
	long status;           /* 0: none came */
	const char *problem;   /* why it broke off; NULL */
	int is_dead;           /* its host never answered at all */
	long long head_length; /* in the answer to HEAD; -1: not said */
	long long length;      /* of the file; -1: not known */
	double seconds;        /* the longest wait until an answer began */
	char *moved_to;        /* NULL: it has not moved */
	struct content_fault fault;
	unsigned
		pxelinux; /* major version of PXELINUX; 0: it is not PXELINUX */
};

#endif
