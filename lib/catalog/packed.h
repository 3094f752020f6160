#ifndef PACKED_H
#define PACKED_H

#include "mem.h"
#include "release.h"
#include "store.h"

/*
 * How a catalogue keeps the files of its releases.  What differs from mirror to
 * mirror and from release to release is a byte in their texts, so that most are
 * equal, and equal ones are kept once.  No text of the catalogue has such a
 * byte of its own: form_check() refuses control characters, and so does what
 * reads the path of a keyring.
 */
#define PACKED_MIRROR "\1" /* the mirror's base URL */
#define PACKED_VERSION "\2"
#define PACKED_ARCH "\3"
#define PACKED_DISTRO_ARCH "\4"

/* A text and how it is kept. */
struct packed_text {
	const char *whole;
	const char *packed; /* from the store */
};

/* What is packed: the texts that are not kept as they are, known by their
 * addresses. */
struct packer {
	struct store *store;
	struct mem_pool *scratch; /* for what is not kept */
	struct packed_text *list;
	size_t count;
	size_t next; /* where the next one that is looked for probably is */
};

/* Say how a text is kept, which packed_forget() makes the packer forget. */
void packed_note(struct packer *p, const char *whole, const char *packed);
void packed_forget(struct packer *p);
void packed_free(struct packer *p);

/* How the text is kept, from the store. */
const char *packed_text(struct packer *p, const char *whole);

/* The files, which are whole, with each text as it is kept: into the empty
 * struct at to. */
void packed_add(struct packer *p, const struct mirror_files *files,
		struct mirror_files *to);

/*
 * The files of the release from each of its mirrors, with whole texts.  They
 * are in the pool, or borrowed from the release.  A release whose texts are
 * whole stays as it is.
 */
const struct mirror_files *packed_open(const struct release *release,
				       struct mem_pool *pool);

#endif
