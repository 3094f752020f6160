#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "loader.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define TREE "http://m/tree/"

/* What a mirror may have; the mirror's PXELINUX is of version 6.04. */
enum {
	PXELINUX = 1,
	KERNEL = 2,
	BIOS_PROGRAM = 4,
	EFI_PROGRAM = 8,
	HTTPS = 16,
	SITE_HOST = 32,
	IPV6 = 64,
	LONG = 128,       /* a URL of more than 250 bytes */
	UNWRITABLE = 256, /* in any dialect but ipxe */
	SCRIPT = 512,
	BIOS_SCRIPT = 1024, /* named in "chain" */
	BIOS_IMAGE = 2048,
	EFI_IMAGE = 4096,
	MULTIBOOT = 8192,
};

static const char unwritable[] = "has a kernel line that is too long";

/* In the order of dialects[]. */
static const char *const unwritables[] = {
	unwritable, unwritable, NULL, unwritable, unwritable, NULL, NULL,
};

static const struct dialect_kernel memdisk = { .url = "http://b/memdisk" };

static struct mirror_files files_of(unsigned what)
{
	return (struct mirror_files){
		.mirror = "http://m/",
		.needs = { .https = (what & HTTPS) != 0,
			   .ipv6 = (what & IPV6) != 0,
			   .length = what & LONG ? 251 : 250 },
		.is_site_host = (what & SITE_HOST) != 0,
		.unwritable = what & UNWRITABLE ? unwritables : NULL,
		.pathprefix = what & PXELINUX ? TREE : NULL,
		.configfile = what & PXELINUX ? "pxelinux.cfg/default" : NULL,
		.loader = what & PXELINUX ? TREE "pxelinux.0" : NULL,
		.kernel = what & (KERNEL | MULTIBOOT) ? TREE "linux" : NULL,
		.chain = { what & BIOS_PROGRAM ? TREE "program.bin" : NULL,
			   what & EFI_PROGRAM ? TREE "program.efi" : NULL },
		.script = { what & (SCRIPT | BIOS_SCRIPT) ? TREE "script.ipxe"
							  : NULL,
			    what & SCRIPT ? TREE "script.ipxe" : NULL },
		.image = { what & BIOS_IMAGE ? TREE "bios.iso" : NULL,
			   what & EFI_IMAGE ? TREE "efi.img" : NULL },
		.memdisk = what & BIOS_IMAGE ? &memdisk : NULL,
		.is_multiboot = (what & MULTIBOOT) != 0,
	};
}

/* "" for MACHINE_UNKNOWN. */
static struct machine machine_of(const char *platform, const char *arch)
{
	return (struct machine){
		platform[0] != '\0' ? machine_find_platform(platform)
				    : MACHINE_UNKNOWN,
		arch[0] != '\0' ? machine_find_arch(arch) : MACHINE_UNKNOWN,
	};
}

#define NO_HTTPS "needs https, which this loader does not have"
#define NO_IPV6 "needs an IPv6 address, which this loader cannot reach"
#define NO_LENGTH "needs a longer URL than the loader's 250 bytes"
#define NO_HOST                                                                \
	"needs another server than this site's, and syslinux.efi asks no "     \
	"other"
#define NO_BIOS "has nothing that BIOS can start"
#define NO_EFI "has nothing that UEFI can start"
#define NOTHING "has nothing that this loader can start"
#define KNOWN_BIOS_ALONE "starts with this loader on BIOS only"
#define NO_IMAGE "is a disk image, which this loader cannot start"
#define NO_SCRIPT "is a script of iPXE"
#define BIOS_ALONE                                                             \
	"is a multiboot kernel, which this loader starts on BIOS only"

/* How a loader starts a release for amd64 that one mirror has. */
static const struct {
	const char *dialect;
	const char *platform; /* "": not known */
	unsigned files;
	const char *expected; /* pxelinux, kernel, a program's URL; or why it
				 does not start it */
} rows[] = {
	/* gPXE, and the menu program that it runs: BIOS alone. */
	{ "gpxe", "bios", PXELINUX, "pxelinux" },
	{ "gpxe", "bios", PXELINUX | KERNEL, "pxelinux" },
	{ "gpxe", "bios", KERNEL, "kernel" },
	{ "gpxe", "bios", KERNEL | BIOS_PROGRAM, "kernel" },
	{ "gpxe", "bios", BIOS_PROGRAM | EFI_PROGRAM, TREE "program.bin" },
	{ "gpxe", "bios", EFI_PROGRAM, NO_BIOS },
	{ "gpxe", "bios", KERNEL | HTTPS, NO_HTTPS },
	{ "gpxe", "bios", PXELINUX | HTTPS, NO_HTTPS },
	{ "pxelinux", "bios", PXELINUX | KERNEL, "pxelinux" },
	{ "pxelinux", "bios", KERNEL, "kernel" },
	{ "pxelinux", "bios", BIOS_PROGRAM, TREE "program.bin" },
	{ "pxelinux", "bios", KERNEL | HTTPS, NO_HTTPS },

	/* iPXE goes on with the next mirror where it has no TLS. */
	{ "ipxe", "bios", PXELINUX | KERNEL, "pxelinux" },
	{ "ipxe", "bios", KERNEL, "kernel" },
	{ "ipxe", "bios", BIOS_PROGRAM | EFI_PROGRAM, TREE "program.bin" },
	{ "ipxe", "bios", EFI_PROGRAM, NO_BIOS },
	{ "ipxe", "efi", PXELINUX | KERNEL, "kernel" },
	{ "ipxe", "efi", PXELINUX, NO_EFI },
	{ "ipxe", "efi", BIOS_PROGRAM | EFI_PROGRAM, TREE "program.efi" },
	{ "ipxe", "efi", BIOS_PROGRAM, NO_EFI },
	{ "ipxe", "efi", KERNEL | HTTPS, "kernel" },
	{ "ipxe", "", PXELINUX | KERNEL, "pxelinux" },
	{ "ipxe", "", EFI_PROGRAM, TREE "program.efi" },
	{ "ipxe", "", BIOS_PROGRAM | EFI_PROGRAM, TREE "program.bin" },

	/* SYSLINUX starts kernels, and on BIOS a mirror's menu for modules of
	 * its own version. */
	{ "syslinux", "bios", PXELINUX | KERNEL, "pxelinux" },
	{ "syslinux", "bios", PXELINUX, "pxelinux" },
	{ "syslinux", "bios", KERNEL, "kernel" },
	{ "syslinux", "bios", KERNEL | HTTPS, NO_HTTPS },
	{ "syslinux", "bios", BIOS_PROGRAM, NOTHING },
	{ "syslinux", "efi", PXELINUX | KERNEL | SITE_HOST, "kernel" },
	{ "syslinux", "efi", KERNEL | SITE_HOST, "kernel" },
	{ "syslinux", "efi", KERNEL, NO_HOST },
	{ "syslinux", "efi", KERNEL | HTTPS, NO_HTTPS },
	{ "syslinux", "efi", EFI_PROGRAM | SITE_HOST, NOTHING },
	{ "syslinux", "", PXELINUX | KERNEL, "kernel" },
	{ "syslinux", "", PXELINUX, KNOWN_BIOS_ALONE },

	/* GRUB starts kernels, and on EFI programs for it. */
	{ "grub", "efi", PXELINUX | KERNEL, "kernel" },
	{ "grub", "efi", KERNEL | EFI_PROGRAM, "kernel" },
	{ "grub", "efi", BIOS_PROGRAM | EFI_PROGRAM, TREE "program.efi" },
	{ "grub", "efi", KERNEL | HTTPS, NO_HTTPS },
	{ "grub", "bios", PXELINUX | KERNEL, "kernel" },
	{ "grub", "bios", BIOS_PROGRAM | EFI_PROGRAM, NOTHING },
	{ "grub", "bios", PXELINUX, NOTHING },
	{ "grub", "", KERNEL, "kernel" },
	{ "grub", "", EFI_PROGRAM, TREE "program.efi" },
	{ "grub", "", BIOS_PROGRAM, NOTHING },

	/* What one loader cannot reach or be told is left out for it alone. */
	{ "gpxe", "bios", KERNEL | IPV6, NO_IPV6 },
	{ "pxelinux", "bios", KERNEL | IPV6, NO_IPV6 },
	{ "syslinux", "bios", KERNEL | IPV6, NO_IPV6 },
	{ "grub", "bios", KERNEL | IPV6, NO_IPV6 },
	{ "grub", "efi", KERNEL | IPV6, "kernel" },
	{ "ipxe", "bios", KERNEL | IPV6, NO_IPV6 },
	{ "ipxe", "efi", KERNEL | IPV6, "kernel" },
	{ "ipxe", "", KERNEL | IPV6, "kernel" },
	{ "gpxe", "bios", KERNEL | LONG, NO_LENGTH },
	{ "pxelinux", "bios", KERNEL | LONG, NO_LENGTH },
	{ "syslinux", "bios", KERNEL | LONG, NO_LENGTH },
	{ "ipxe", "bios", KERNEL | LONG, "kernel" },
	{ "grub", "efi", KERNEL | LONG, "kernel" },
	{ "gpxe", "bios", KERNEL | UNWRITABLE, unwritable },
	{ "gpxe", "bios", PXELINUX | KERNEL | UNWRITABLE, "pxelinux" },
	{ "gpxe", "bios", BIOS_PROGRAM | UNWRITABLE, unwritable },
	{ "pxelinux", "bios", KERNEL | UNWRITABLE, unwritable },
	{ "ipxe", "bios", KERNEL | UNWRITABLE, "kernel" },
	{ "syslinux", "bios", KERNEL | UNWRITABLE, unwritable },
	{ "grub", "efi", KERNEL | UNWRITABLE, unwritable },
	{ "grub", "efi", KERNEL | HTTPS | UNWRITABLE, NO_HTTPS },

	/* Only iPXE runs its scripts, and before all else. */
	{ "ipxe", "bios", SCRIPT, TREE "script.ipxe" },
	{ "ipxe", "efi", SCRIPT, TREE "script.ipxe" },
	{ "ipxe", "", SCRIPT, TREE "script.ipxe" },
	{ "ipxe", "bios", SCRIPT | PXELINUX | KERNEL, TREE "script.ipxe" },
	{ "ipxe", "efi", SCRIPT | KERNEL | EFI_PROGRAM, TREE "script.ipxe" },
	{ "ipxe", "efi", BIOS_SCRIPT | EFI_PROGRAM, TREE "program.efi" },
	{ "ipxe", "efi", BIOS_SCRIPT, NO_EFI },
	{ "ipxe", "", BIOS_SCRIPT, TREE "script.ipxe" },
	{ "gpxe", "bios", SCRIPT, NO_SCRIPT },
	{ "gpxe", "bios", SCRIPT | HTTPS, NO_SCRIPT },
	{ "gpxe", "bios", SCRIPT | PXELINUX, "pxelinux" },
	{ "gpxe", "bios", SCRIPT | BIOS_PROGRAM, TREE "program.bin" },
	{ "pxelinux", "bios", SCRIPT, NO_SCRIPT },
	{ "syslinux", "bios", SCRIPT, NO_SCRIPT },
	{ "syslinux", "efi", SCRIPT, NO_SCRIPT },
	{ "syslinux", "bios", SCRIPT | KERNEL, "kernel" },
	{ "grub", "bios", SCRIPT, NO_SCRIPT },
	{ "grub", "efi", SCRIPT, NO_SCRIPT },
	{ "grub", "", SCRIPT, NO_SCRIPT },
	{ "grub", "efi", SCRIPT | EFI_PROGRAM, TREE "program.efi" },
	{ "grub", "bios", SCRIPT | EFI_PROGRAM, NOTHING },
	{ "html", "", SCRIPT, TREE "script.ipxe" },

	/* memdisk starts an image on BIOS, and iPXE by itself on EFI. */
	{ "ipxe", "bios", BIOS_IMAGE | EFI_IMAGE, "memdisk" },
	{ "ipxe", "efi", BIOS_IMAGE | EFI_IMAGE, "image" },
	{ "ipxe", "", BIOS_IMAGE, "memdisk" },
	{ "ipxe", "", EFI_IMAGE, "image" },
	{ "ipxe", "bios", EFI_IMAGE, NO_BIOS },
	{ "ipxe", "efi", BIOS_IMAGE, NO_EFI },
	{ "ipxe", "bios", BIOS_IMAGE | KERNEL, "kernel" },
	{ "ipxe", "efi", EFI_IMAGE | EFI_PROGRAM, TREE "program.efi" },
	{ "ipxe", "efi", EFI_IMAGE | SCRIPT, TREE "script.ipxe" },
	{ "ipxe", "bios", BIOS_IMAGE | IPV6, NO_IPV6 },
	{ "syslinux", "bios", BIOS_IMAGE | EFI_IMAGE, "memdisk" },
	{ "syslinux", "bios", BIOS_IMAGE | UNWRITABLE, unwritable },
	{ "syslinux", "efi", BIOS_IMAGE | EFI_IMAGE | SITE_HOST, NO_IMAGE },
	{ "syslinux", "", BIOS_IMAGE, KNOWN_BIOS_ALONE },
	{ "gpxe", "bios", BIOS_IMAGE, NO_IMAGE },
	{ "pxelinux", "bios", BIOS_IMAGE, NO_IMAGE },
	{ "grub", "efi", BIOS_IMAGE | EFI_IMAGE, NO_IMAGE },
	{ "grub", "bios", BIOS_IMAGE, NO_IMAGE },
	{ "grub", "efi", EFI_IMAGE | EFI_PROGRAM, TREE "program.efi" },
	{ "html", "", BIOS_IMAGE, "memdisk" },

	/* All loaders start a multiboot kernel on BIOS, and GRUB on EFI. */
	{ "gpxe", "bios", MULTIBOOT, "multiboot" },
	{ "pxelinux", "bios", MULTIBOOT, "multiboot" },
	{ "ipxe", "bios", MULTIBOOT, "multiboot" },
	{ "ipxe", "efi", MULTIBOOT, BIOS_ALONE },
	{ "ipxe", "", MULTIBOOT, "multiboot" },
	{ "ipxe", "efi", MULTIBOOT | EFI_PROGRAM, TREE "program.efi" },
	{ "ipxe", "bios", MULTIBOOT | EFI_PROGRAM, "multiboot" },
	{ "ipxe", "bios", MULTIBOOT | PXELINUX, "pxelinux" },
	{ "ipxe", "bios", MULTIBOOT | IPV6, NO_IPV6 },
	{ "syslinux", "bios", MULTIBOOT, "multiboot" },
	{ "syslinux", "bios", MULTIBOOT | UNWRITABLE, unwritable },
	{ "syslinux", "efi", MULTIBOOT | SITE_HOST, BIOS_ALONE },
	{ "syslinux", "", MULTIBOOT, KNOWN_BIOS_ALONE },
	{ "grub", "bios", MULTIBOOT, "multiboot" },
	{ "grub", "efi", MULTIBOOT, "multiboot" },
	{ "grub", "", MULTIBOOT | EFI_PROGRAM, "multiboot" },
	{ "html", "", MULTIBOOT, "multiboot" },

	/* People see what any loader can start. */
	{ "html", "", KERNEL | IPV6 | LONG | UNWRITABLE, "kernel" },
	{ "html", "", PXELINUX | KERNEL | HTTPS, "pxelinux" },
	{ "json", "", KERNEL | HTTPS, "kernel" },
};

static const char *start(const struct loader *l, const struct release *release)
{
	const struct mirror_files *files = &release->mirrors[0];

	switch (loader_method(l, release, files)) {
	case BOOT_NONE:
		break;
	case BOOT_PXELINUX:
		return "pxelinux";
	case BOOT_KERNEL:
		return "kernel";
	case BOOT_MULTIBOOT:
		return "multiboot";
	case BOOT_MEMDISK:
		return "memdisk";
	case BOOT_IMAGE:
		return "image";
	case BOOT_CHAIN:
		return loader_program(l, files);
	}
	return loader_refusal(l, release);
}

static void test_a_release_is_started_as_the_loader_can(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct mirror_files files = files_of(rows[i].files);
		const struct release release = {
			.arch = ARCH_AMD64,
			.modules = "6.04",
			.mirrors = &files,
			.mirror_count = 1,
		};
		const struct loader loader = {
			.dialect = dialect_find(rows[i].dialect),
			.machine = machine_of(rows[i].platform, ""),
			.modules = "6.04",
		};
		const char *refusal = loader_refusal(&loader, &release);
		const char *got =
			refusal != NULL ? refusal : start(&loader, &release);

		if (got == NULL || strcmp(got, rows[i].expected) != 0)
			fail_msg("row %zu, %s on '%s': %s", i, rows[i].dialect,
				 rows[i].platform, got);
	}
}

static void test_a_command_is_refused_where_there_is_none(void **state)
{
#define NO_COMMAND "is a command that this loader does not have"
#define FOR_BIOS "is a command that this loader has on BIOS only"
#define FOR_EFI "is for UEFI, not for a PC with BIOS"
	static const struct {
		const char *dialect;
		const char *platform;
		const char *reboot, *poweroff, *firmware; /* NULL: it can */
	} commands[] = {
		{ "pxelinux", "bios", NO_COMMAND, NO_COMMAND, NO_COMMAND },
		{ "ipxe", "bios", NULL, NULL, FOR_EFI },
		{ "ipxe", "efi", NULL, NULL, NULL },
		{ "ipxe", "", NULL, NULL, NULL },
		{ "syslinux", "bios", NULL, NULL, NO_COMMAND },
		{ "syslinux", "efi", FOR_BIOS, FOR_BIOS, NO_COMMAND },
		{ "syslinux", "", NULL, NULL, NO_COMMAND },
		{ "grub", "bios", NULL, NULL, FOR_EFI },
		{ "grub", "efi", NULL, NULL, NULL },
		{ "html", "bios", NULL, NULL, FOR_EFI },
		{ "html", "efi", NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(commands); i++) {
		const struct loader loader = {
			.dialect = dialect_find(commands[i].dialect),
			.machine = machine_of(commands[i].platform, ""),
		};
		const char *const expected[] = {
			commands[i].reboot,
			commands[i].poweroff,
			commands[i].firmware,
		};

		for (unsigned c = 0; c < LENGTH(expected); c++) {
			const char *got = loader_refuses_command(
				&loader, (unsigned)COMMAND_REBOOT << c);

			if ((got == NULL) != (expected[c] == NULL) ||
			    (got != NULL && strcmp(got, expected[c]) != 0))
				fail_msg("row %zu, command %u: %s", i, c, got);
		}
	}
}

static void test_a_password_is_refused_where_nobody_asks_for_it(void **state)
{
#define CANNOT_ASK "needs a password, which this loader cannot ask for"
#define NO_HASH "needs a password that has no hash for this loader"
	static const struct password both = { .hashes = { NULL, "c", "p" } };
	static const struct password crypt = { .hashes = { NULL, "c", NULL } };
	static const struct password pbkdf2 = { .hashes = { NULL, NULL, "p" } };
	static const struct {
		const char *dialect;
		const struct password *password;
		const char *refusal; /* NULL: it can ask */
	} passwords[] = {
		{ "gpxe", &both, NULL }, /* its menus can */
		{ "gpxe", &pbkdf2, NO_HASH },
		{ "pxelinux", &both, NULL },
		{ "pxelinux", &crypt, NULL },
		{ "pxelinux", &pbkdf2, NO_HASH },
		{ "ipxe", &both, CANNOT_ASK },
		{ "ipxe", NULL, NULL },
		{ "syslinux", &both, NULL },
		{ "syslinux", &crypt, NULL },
		{ "syslinux", &pbkdf2, NO_HASH },
		{ "grub", &both, NULL },
		{ "grub", &crypt, NO_HASH },
		{ "grub", &pbkdf2, NULL },
		{ "html", &both, NULL },
		{ "json", &crypt, NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(passwords); i++) {
		const struct loader loader = {
			.dialect = dialect_find(passwords[i].dialect),
			.machine = machine_of("", ""),
		};
		const char *got =
			loader_refuses_password(&loader, passwords[i].password);

		if (passwords[i].refusal == NULL
			    ? got != NULL
			    : got == NULL ||
				      strcmp(got, passwords[i].refusal) != 0)
			fail_msg("row %zu: %s", i, got);
	}
}

static void test_with_secure_boot_grub_starts_what_shim_trusts(void **state)
{
#define NO_SIGNATURE "needs Secure Boot off: no signature of it is known"
#define NO_TRUST "needs Secure Boot off: shim does not trust its signer"
	static const char *trusts[] = { "debian", "own", NULL };
	static const char *nobody[] = { NULL };
	static const struct {
		const char *dialect;
		const char *platform;
		const char **trusts;
		const char *signer;
		const char *refusal; /* NULL: it does, or never finds out */
	} trusted[] = {
		{ "grub", "efi", trusts, "debian", NULL },
		{ "grub", "efi", trusts, "own", NULL },
		{ "grub", "efi", trusts, "fedora", NO_TRUST },
		{ "grub", "efi", trusts, NULL, NO_SIGNATURE },
		{ "grub", "efi", nobody, "debian", NO_TRUST },
		{ "grub", "", trusts, "fedora", NO_TRUST },
		{ "grub", "bios", trusts, "fedora", NULL },
		{ "syslinux", "efi", trusts, NULL, NULL },
		{ "html", "", trusts, NULL, NULL },
	};
	const struct mirror_files files = files_of(KERNEL);

	(void)state;
	for (size_t i = 0; i < LENGTH(trusted); i++) {
		const struct loader loader = {
			.dialect = dialect_find(trusted[i].dialect),
			.machine = machine_of(trusted[i].platform, ""),
		};
		const struct settings settings = { .trusts =
							   trusted[i].trusts };
		const struct release release = {
			.signed_by = trusted[i].signer,
			.mirrors = &files,
			.mirror_count = 1,
		};
		const char *got =
			loader_distrusts(&loader, &settings, &release);

		if (trusted[i].refusal == NULL
			    ? got != NULL
			    : got == NULL ||
				      strcmp(got, trusted[i].refusal) != 0)
			fail_msg("row %zu: %s", i, got);
	}
}

static void test_with_secure_boot_ipxe_needs_a_shim(void **state)
{
#define NO_SHIM "needs Secure Boot off: no shim of it is known"
	static const struct {
		const char *platform;
		unsigned files;
		const char *shim;
		const char *signer;
		const char *refusal; /* NULL: it starts the release */
	} vouched[] = {
		{ "efi", KERNEL, TREE "shim.efi", NULL, NULL },
		{ "", KERNEL, TREE "shim.efi", NULL, NULL },
		{ "efi", KERNEL, NULL, NULL, NO_SHIM },
		{ "efi", KERNEL, NULL, "debian", NO_SHIM },
		{ "", KERNEL, NULL, "debian", NO_SHIM },
		{ "bios", KERNEL, NULL, NULL, NULL },
		{ "efi", KERNEL | UNWRITABLE, NULL, NULL, NO_SHIM },
		{ "efi", EFI_PROGRAM, NULL, "debian", NULL },
		{ "efi", EFI_PROGRAM, NULL, NULL, NO_SIGNATURE },
		{ "efi", EFI_PROGRAM, TREE "shim.efi", NULL, NULL },
		{ "efi", SCRIPT, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(vouched); i++) {
		const struct loader loader = {
			.dialect = &dialect_ipxe,
			.machine = machine_of(vouched[i].platform, ""),
		};
		const struct settings settings = { .trusts = NULL };
		struct mirror_files files = files_of(vouched[i].files);
		const struct release release = {
			.arch = ARCH_AMD64,
			.signed_by = vouched[i].signer,
			.mirrors = &files,
			.mirror_count = 1,
		};
		const char *got;

		files.shim = vouched[i].shim;
		got = loader_distrusts(&loader, &settings, &release);
		if (vouched[i].refusal == NULL
			    ? got != NULL
			    : got == NULL ||
				      strcmp(got, vouched[i].refusal) != 0)
			fail_msg("row %zu: %s", i, got);
	}
}

static void test_a_mirrors_menu_is_for_modules_of_its_version(void **state)
{
	static const struct {
		const char *ours;
		const char *theirs;
		enum boot_method method;
	} versions[] = {
		{ "6.04", "6.04", BOOT_PXELINUX },
		{ "6.03", "6.04", BOOT_KERNEL },
		{ NULL, "6.04", BOOT_KERNEL },
		{ "6.04", NULL, BOOT_KERNEL },
		{ NULL, NULL, BOOT_KERNEL },
	};
	const struct mirror_files files = files_of(PXELINUX | KERNEL);

	(void)state;
	for (size_t i = 0; i < LENGTH(versions); i++) {
		const struct release release = {
			.arch = ARCH_AMD64,
			.modules = versions[i].theirs,
			.mirrors = &files,
			.mirror_count = 1,
		};
		const struct loader loader = {
			.dialect = &dialect_syslinux,
			.machine = machine_of("bios", ""),
			.modules = versions[i].ours,
		};

		if (loader_method(&loader, &release, &files) !=
		    versions[i].method)
			fail_msg("row %zu", i);
	}
}

static void test_a_machine_is_offered_what_it_can_run(void **state)
{
	static const struct {
		const char *dialect, *platform, *arch; /* of the machine */
		enum arch release;
		const char *refusal; /* NULL: it is started */
	} machines[] = {
		{ "ipxe", "bios", "amd64", ARCH_I386, NULL },
		{ "ipxe", "bios", "amd64", ARCH_AMD64, NULL },
		{ "ipxe", "bios", "i386", ARCH_I386, NULL },
		{ "ipxe", "bios", "i386", ARCH_AMD64,
		  "is for amd64, not for this machine" },
		{ "ipxe", "bios", "", ARCH_ARM64,
		  "is for arm64, not for a PC with BIOS" },
		{ "ipxe", "efi", "amd64", ARCH_I386,
		  "is for i386, not for this machine" },
		{ "ipxe", "efi", "arm64", ARCH_ARM64, NULL },
		{ "ipxe", "efi", "arm64", ARCH_AMD64,
		  "is for amd64, not for this machine" },
		{ "grub", "efi", "amd64", ARCH_ARM64,
		  "is for arm64, not for this machine" },
		{ "grub", "", "amd64", ARCH_I386, NULL },
		{ "syslinux", "", "", ARCH_ARM64, NULL },
	};
	const struct mirror_files files =
		files_of(PXELINUX | KERNEL | SITE_HOST);

	(void)state;
	for (size_t i = 0; i < LENGTH(machines); i++) {
		const struct release release = {
			.arch = machines[i].release,
			.mirrors = &files,
			.mirror_count = 1,
		};
		const struct loader loader = {
			.dialect = dialect_find(machines[i].dialect),
			.machine = machine_of(machines[i].platform,
					      machines[i].arch),
		};
		const char *refusal = loader_refusal(&loader, &release);

		if (machines[i].refusal == NULL
			    ? refusal != NULL
			    : refusal == NULL ||
				      strcmp(refusal, machines[i].refusal) != 0)
			fail_msg("row %zu: %s", i, refusal);
	}
}

/* A mirror's PXELINUX runs on PCs alone. */
static void test_an_arm64_tree_starts_by_its_kernel(void **state)
{
	const struct mirror_files files = files_of(PXELINUX | KERNEL);
	const struct release release = {
		.arch = ARCH_ARM64,
		.mirrors = &files,
		.mirror_count = 1,
	};
	const struct loader loader = {
		.dialect = &dialect_ipxe,
		.machine = machine_of("", ""),
	};

	(void)state;
	assert_int_equal(loader_method(&loader, &release, &files), BOOT_KERNEL);
}

static void test_mirrors_that_the_loader_cannot_use_are_passed(void **state)
{
	const struct mirror_files files[] = {
		files_of(KERNEL | HTTPS),
		files_of(KERNEL),
		files_of(KERNEL | UNWRITABLE),
		files_of(KERNEL),
	};
	const struct release release = {
		.arch = ARCH_AMD64,
		.mirrors = files,
		.mirror_count = LENGTH(files),
	};
	const struct release two = {
		.arch = ARCH_AMD64,
		.mirrors = &files[1],
		.mirror_count = 2,
	};
	const struct loader grub = {
		.dialect = &dialect_grub,
		.machine = machine_of("", ""),
	};
	const struct loader gpxe = {
		.dialect = &dialect_gpxe,
		.machine = machine_of("bios", ""),
	};

	(void)state;
	assert_int_equal(loader_next_mirror(&grub, &release, 0), 1);
	assert_int_equal(loader_next_mirror(&grub, &release, 2), 3);
	assert_int_equal(loader_next_mirror(&grub, &release, 4), 4);
	assert_int_equal(loader_next_mirror(&grub, &two, 1), 2);
	assert_int_equal(loader_next_mirror(&gpxe, &release, 0), 1);
	assert_int_equal(loader_next_mirror(&gpxe, &release, 2), 3);
	assert_null(loader_refusal(&grub, &release));
}

/* Of a site's settings: "base: reason", or "" where the loader can fetch what
 * its texts name. */
static void test_settings_are_refused_for_loaders_that_use_them(void **state)
{
	static const struct settings https = {
		.base = "https://h/",
		.vesamenu = "http://h/v.c32",
		.syslinux = { "http://h/bios/", "http://h/efi64/" },
	};
	static const struct settings https_vesamenu = {
		.base = "http://h/",
		.vesamenu = "https://h/v.c32",
		.syslinux = { "http://h/bios/", "http://h/efi64/" },
	};
	static const struct settings https_syslinux = {
		.base = "http://h/",
		.vesamenu = "http://h/v.c32",
		.syslinux = { "https://h/bios/", "http://h/efi64/" },
	};
	static const struct settings other_host = {
		.base = "http://h/",
		.vesamenu = "http://other/v.c32",
		.syslinux = { "http://other/bios/", "http://other/efi64/" },
	};
	static const struct settings other_port = {
		.base = "http://h/",
		.vesamenu = "http://h/v.c32",
		.syslinux = { "http://h:8080/bios/", "http://h:8080/efi64/" },
	};
	static const struct {
		const struct settings *settings;
		const char *dialect, *platform;
		const char *expected;
	} settings_rows[] = {
		{ &https, "gpxe", "bios", "base: " NO_HTTPS },
		{ &https, "pxelinux", "bios", "base: " NO_HTTPS },
		{ &https, "syslinux", "", "base: " NO_HTTPS },
		{ &https, "grub", "efi", "base: " NO_HTTPS },
		{ &https, "ipxe", "efi", "" },
		{ &https, "html", "", "" },
		{ &https, "json", "", "" },
		{ &https_vesamenu, "gpxe", "bios", "vesamenu: " NO_HTTPS },
		{ &https_vesamenu, "pxelinux", "bios", "vesamenu: " NO_HTTPS },
		{ &https_vesamenu, "syslinux", "bios", "" },
		{ &https_vesamenu, "grub", "efi", "" },
		{ &https_syslinux, "syslinux", "bios", "syslinux: " NO_HTTPS },
		{ &https_syslinux, "syslinux", "efi", "" },
		{ &https_syslinux, "syslinux", "", "" },
		{ &https_syslinux, "gpxe", "bios", "" },
		{ &other_host, "syslinux", "efi", "syslinux: " NO_HOST },
		{ &other_host, "syslinux", "bios", "" },
		{ &other_host, "syslinux", "", "" },
		{ &other_host, "gpxe", "bios", "" },
		{ &other_host, "grub", "efi", "" },
		{ &other_port, "syslinux", "efi", "" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(settings_rows); i++) {
		const struct loader loader = {
			.dialect = dialect_find(settings_rows[i].dialect),
			.machine = machine_of(settings_rows[i].platform, ""),
		};
		const char *key = NULL;
		const char *reason = loader_refused_setting(
			&loader, settings_rows[i].settings, &key);
		struct buf got = BUF_INIT;

		if (reason != NULL)
			buf_printf(&got, "%s: %s", key, reason);
		if (strcmp(buf_text(&got), settings_rows[i].expected) != 0)
			fail_msg("row %zu: %s", i, buf_text(&got));
		buf_free(&got);
	}
}

static void test_background_is_a_picture_that_the_loader_can_fetch(void **state)
{
	static const struct {
		const char *dialect, *platform;
		const char *picture;
		int is_shown;
	} pictures[] = {
		{ "pxelinux", "", "http://h/a.png", 1 },
		{ "pxelinux", "", "a.png", 1 },
		{ "pxelinux", "", "https://h/a.png", 0 },
		{ "syslinux", "", "a.png", 1 },
		{ "syslinux", "", "https://h/a.png", 0 },
		{ "syslinux", "efi", "http://h/a.png", 1 },
		{ "syslinux", "efi", "a.png", 1 },
		{ "syslinux", "efi", "http://other/a.png", 0 },
		{ "syslinux", "bios", "http://other/a.png", 1 },
		{ "grub", "", "http://h/a.png", 1 },
		{ "grub", "", "http://h:8080/a.png", 1 },
		{ "grub", "efi", "http://other/a.png", 1 },
		{ "grub", "", "https://h/a.png", 0 },
		{ "grub", "", "a.png", 0 },
		{ "ipxe", "", "https://h/a.png", 1 },
		{ "ipxe", "", "a.png", 0 },
		{ "grub", "", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(pictures); i++) {
		const struct loader loader = {
			.dialect = dialect_find(pictures[i].dialect),
			.machine = machine_of(pictures[i].platform, ""),
		};
		const struct settings settings = {
			.base = "http://h/",
			.background = pictures[i].picture,
		};
		const char *got = loader_background(&loader, &settings);

		if (got != (pictures[i].is_shown ? pictures[i].picture : NULL))
			fail_msg("row %zu: %s", i, got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_release_is_started_as_the_loader_can),
		cmocka_unit_test(test_a_command_is_refused_where_there_is_none),
		cmocka_unit_test(
			test_a_password_is_refused_where_nobody_asks_for_it),
		cmocka_unit_test(
			test_with_secure_boot_grub_starts_what_shim_trusts),
		cmocka_unit_test(test_with_secure_boot_ipxe_needs_a_shim),
		cmocka_unit_test(
			test_a_mirrors_menu_is_for_modules_of_its_version),
		cmocka_unit_test(test_a_machine_is_offered_what_it_can_run),
		cmocka_unit_test(test_an_arm64_tree_starts_by_its_kernel),
		cmocka_unit_test(
			test_mirrors_that_the_loader_cannot_use_are_passed),
		cmocka_unit_test(
			test_settings_are_refused_for_loaders_that_use_them),
		cmocka_unit_test(
			test_background_is_a_picture_that_the_loader_can_fetch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
