#ifndef DIALECT_H
#define DIALECT_H

#include <stddef.h>

#include "buf.h"
#include "error.h"
#include "hash.h"
#include "uri.h"

/* What a loader can start. */
enum {
	START_KERNEL = 1,        /* a Linux kernel with its initrds */
	START_PXELINUX = 2,      /* a mirror's pxelinux.0 */
	START_PXELINUX_LIKE = 4, /* a mirror's PXELINUX configuration, when the
				    modules there are of its own version */
	START_BIOS = 8,          /* a program for BIOS */
	START_EFI = 16,          /* a program for EFI */
	START_SCRIPT = 32,       /* a script that begins with "#!ipxe" */
	START_MEMDISK = 64,      /* SYSLINUX's memdisk, which starts a disk
				    image on BIOS */
	START_IMAGE = 128,       /* a disk image on EFI */
	START_MULTIBOOT = 256,   /* a multiboot kernel on BIOS */
	START_MULTIBOOT_EFI = 512,
	START_ALL = START_KERNEL | START_PXELINUX | START_BIOS | START_EFI |
		    START_SCRIPT | START_MEMDISK | START_IMAGE |
		    START_MULTIBOOT | START_MULTIBOOT_EFI,
};

/* What a loader can do by itself. */
enum {
	COMMAND_SHELL = 1, /* a command line for its user */
	COMMAND_REBOOT = 2,
	COMMAND_POWEROFF = 4,
	COMMAND_FIRMWARE = 8, /* opens the firmware's setup */
};

/* A file that a loader puts into memory for a kernel.  Borrowed. */
struct initrd {
	const char *url;
	const char *path; /* the file's in the root file system, from the '/'
			     on; NULL: the file is an archive */
	int is_executable;
	const char *args; /* of a multiboot module; NULL: none */
};

/* A kernel, or another program, as a loader is told to start it.  Borrowed. */
struct dialect_kernel {
	const char *url;
	const struct initrd *initrds;
	size_t initrd_count;
	const char *args;          /* NULL: none */
	unsigned is_multiboot : 1; /* its initrds are modules */
	unsigned is_program : 1;   /* it is no kernel, and has no initrds */
};

/*
 * A kind of text that a client reads, what a value may look like in it, and
 * what the client can do.
 *
 * escape() appends the len bytes at s to out so that they read back as that
 * value wherever in a line they stand.  Where the dialect has no way to write
 * them it appends nothing and returns a phrase that says why ("contains a
 * line break").  NULL means success.
 *
 * add_file() appends the name by which the client fetches a file of the web,
 * as a value: escape() follows.  url is one that uri_parse() takes.
 *
 * add_error() appends a whole text that shows reason, a line of printable
 * ASCII, for a client that runs the body of an error as it would a page.
 */
struct dialect {
	const char *name;         /* in URLs and in template file names */
	const char *client;       /* what reads it; NULL: people */
	const char *agent;        /* what its client's User-Agent begins with;
				     NULL: there is none */
	const char *content_type; /* of the HTTP answer */
	const char *magic;        /* what every text begins with */
	size_t max_line;  /* longest line in bytes, newline left out; 0: any */
	size_t max_words; /* in a line; 0: any */
	size_t max_command; /* of the lines that start a kernel together; 0:
			       any */
	const char *(*escape)(struct buf *out, const char *s,
			      size_t len); /* NULL: it has no template */
	void (*add_file)(struct buf *out, const char *url); /* NULL: the URL */
	void (*add_error)(struct buf *out,
			  const char *reason); /* NULL: as it is */

	/* Append the lines that start a kernel, as long as the shipped
	 * templates write them; returns as escape() does.  NULL: it starts
	 * none. */
	const char *(*add_kernel)(struct buf *out,
				  const struct dialect_kernel *kernel);

	/* A client may have scripts in one dialect and menus in another: gPXE
	 * runs SYSLINUX's menu program.  NULL: in this one. */
	const struct dialect *scripts;
	const struct dialect *menus;

	unsigned starts; /* of START_*; a client without any starts nothing */
	unsigned bios_commands, efi_commands; /* of COMMAND_*, by platform */
	enum hash hash;       /* by which its menus know a password */
	const char *own_keys; /* which its menus take themselves, so that they
				 start no entry; NULL: none */

	/* Why it fetches nothing by https, from an IPv6 address, and on EFI
	 * from a server other than the site's; NULL: it does, or goes on with
	 * the next mirror by itself. */
	const char *refuses_https;
	const char *refuses_ipv6;
	const char *refuses_host;
	size_t max_url; /* longest URL in bytes; 0: any */

	unsigned is_bios_only : 1;    /* its client runs on BIOS alone */
	unsigned knows_machine : 1;   /* its scripts find out the platform and
					 the architecture */
	unsigned knows_identity : 1;  /* its scripts find out what sets the
					 machine apart */
	unsigned sends_cookie : 1;    /* its client says by a Cookie what sets
					 the machine apart */
	unsigned tries_mirrors : 1;   /* its scripts go on with the next mirror
					 when one fails */
	unsigned ends_at_failure : 1; /* a kernel that cannot be fetched ends
					 its scripts for good */
	unsigned has_scripts : 1;     /* 0: a menu says how to start each
					 release in it */
	unsigned resolves_urls : 1;   /* a URL without a host is relative to
					 that of the text that has it */
	unsigned opens_by_script : 1; /* a menu opens another by a script */
	unsigned uses_vesamenu : 1;   /* the site's of SYSLINUX 3.x */
	unsigned uses_syslinux : 1;   /* the site's directory of SYSLINUX 6.x */
	unsigned has_ipv6_on_efi : 1; /* where refuses_ipv6 does not count */
	unsigned has_bare_variables : 1; /* "$a" is a variable, as "${a}" is */
	unsigned has_grub_cpu : 1;       /* an architecture is named as GRUB's
					    $grub_cpu, not as iPXE's
					    ${buildarch} */
	unsigned knows_lockdown : 1;     /* its scripts find out whether
					    Secure Boot is on, and the client
					    then starts only what shim trusts */
	unsigned uses_shim : 1;          /* that shim is the release's own */
	unsigned compares_sums : 1;      /* its scripts compare a file with its
					    pinned sum, where their client can */
	unsigned names_files : 1;        /* it puts a file that is no archive
					    into the initrd */
	unsigned passes_args : 1;        /* a program gets its arguments */
	unsigned unpacks_multiboot : 1;  /* it starts a multiboot kernel that
					    gzip has compressed */
	unsigned is_view : 1; /* no template: the view itself, as JSON */
};

extern const struct dialect dialect_gpxe;     /* scripts of gPXE, and of iPXE */
extern const struct dialect dialect_pxelinux; /* menus of SYSLINUX 3.x */
extern const struct dialect dialect_ipxe;     /* scripts of iPXE */
extern const struct dialect dialect_syslinux; /* menus of SYSLINUX 6.x */
extern const struct dialect dialect_grub;     /* scripts of GRUB 2 */
extern const struct dialect dialect_html;     /* pages for people */
extern const struct dialect dialect_json; /* what templates are filled from */

/* Every dialect, in the order of the manual; ends in NULL. */
extern const struct dialect *const dialects[];

/* Why the client cannot fetch URLs that need this, static; NULL if it can.
 * is_bios: it runs on BIOS. */
const char *dialect_refuses(const struct dialect *d,
			    const struct uri_needs *needs, int is_bios);

/*
 * Whether the client can be told to start the kernel: its lines can be written
 * and are within the client's bounds.  A client that starts no programs is told
 * of none.  Returns 0, or -1 with the reason
 * appended to it ("has a kernel line that is longer than this loader takes").
 */
int dialect_check_kernel(const struct dialect *d,
			 const struct dialect_kernel *kernel,
			 struct buf *reason);

/* Whether the kernel is so plain and short, as most are, that every client can
 * be told to start it: dialect_check_kernel() has to be asked only about the
 * others. */
int dialect_is_plain(const struct dialect_kernel *kernel);

/* Whether the client's menus take the key, a small letter or a digit,
 * themselves. */
int dialect_owns_key(const struct dialect *d, char key);

/* Why the client cannot be given the URL, static; NULL if it can. */
const char *dialect_check_url(const struct dialect *d, const char *url);

/* The dialect of that name; NULL if there is none. */
const struct dialect *dialect_find(const char *name);

/* Whether people read it, and no loader. */
static inline int dialect_is_for_people(const struct dialect *d)
{
	return d->client == NULL;
}

/* The dialect of the loader that sends this User-Agent; NULL for any other
 * client, a browser too. */
const struct dialect *dialect_of_user_agent(const char *user_agent);

/* The suffix of the len bytes at name, static, if gPXE takes a file of that
 * name for native code without looking at its content; NULL if it does not. */
const char *dialect_native_suffix(const char *name, size_t len);

/* Whether the URL is by its name a file that gzip has compressed. */
int dialect_names_gzip(const char *url);

/* Whether the URL, or a pattern of one, is by its name a script of iPXE: its
 * path or the value of a parameter ends in ".ipxe", or its path in
 * ".ipxe.txt". */
int dialect_names_script(const char *url);

/*
 * Whether every dialect of a loader can write the len bytes at s as a
 * value.  Returns 0, or -1 with err set: "dialect gpxe cannot write a value
 * that begins or ends with a space".
 */
int dialect_check_value(const char *s, size_t len, struct error *err);

/*
 * Whether the len bytes at text are a whole text of the dialect d that its
 * clients run without harm: its magic first, a newline last; but for html,
 * printable ASCII and newlines only, lines and URLs no longer than clients
 * take, parameter values in URLs of [A-Za-z0-9._~-] or settings of the
 * client's own (${arch}).  Returns 0, or -1 with err set: "NAME: line 3 of
 * the text has a URL of more than 250 bytes".
 */
int dialect_check(const struct dialect *d, const char *name, const char *text,
		  size_t len, struct error *err);

#endif
