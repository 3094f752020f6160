#ifndef PROBE_H
#define PROBE_H

#include "content.h"
#include "release.h"

/* Moves of one file, and includes within each other, that are followed. */
#define PROBE_DEPTH_MAX 8

/* A URL that is asked for, once, and what came of it. */
struct probe {
	char *url;
	enum role role;
	const struct release *release;    /* the first that needs it */
	const struct mirror_files *files; /* of that release */
	const char *asked_by; /* the URL that names it or has moved here;
				 NULL: the catalogue itself */
	char *otherwise;      /* where a module is looked for next; NULL */
	unsigned depth;       /* of includes and of moves */

	/* The answer. */
	long status;           /* 0: none came */
	const char *problem;   /* why it broke off; NULL */
	int is_dead;           /* nothing ever came from its host */
	long long head_length; /* as told to HEAD; -1: not */
	long long length;      /* of the file; -1: not known */
	double seconds;        /* the longest wait for an answer to begin */
	char *moved_to;        /* NULL: it has not */
	const char *fault;     /* of its content; NULL */
	int is_sure;           /* of that fault */
	unsigned pxelinux;     /* major version of the PXELINUX that it is */
};

#endif
