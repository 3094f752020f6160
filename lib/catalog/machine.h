#ifndef MACHINE_H
#define MACHINE_H

enum platform { PLATFORM_BIOS, PLATFORM_EFI, PLATFORM_COUNT };
enum arch {
	ARCH_I386,
	ARCH_AMD64,
	ARCH_ARM64,
	ARCH_RISCV64,
	ARCH_ARMHF,
	ARCH_LOONG64,
	ARCH_COUNT
};

/* The client.  Each member is MACHINE_UNKNOWN or one of the above.  With BIOS,
 * amd64 means that the processor has long mode. */
#define MACHINE_UNKNOWN (-1)
struct machine {
	int platform;
	int arch;
};

/* All architectures, for messages. */
#define ARCH_LIST "i386, amd64, arm64, riscv64, armhf, loong64"
#define ARCH_CHOICE "i386, amd64, arm64, riscv64, armhf or loong64"

/* The name in URLs and in the catalogue: bios, efi; those of ARCH_LIST. */
const char *machine_platform_name(int platform);
const char *machine_arch_name(int arch);

/* All of these names; each list ends in NULL. */
extern const char *const machine_platforms[];
extern const char *const machine_arches[];

/* ${buildarch} of an iPXE for the architecture, and $grub_cpu of a GRUB. */
const char *machine_buildarch(enum arch arch);
const char *machine_grub_cpu(enum arch arch);

/* Whether machines of the architecture are PCs, which may have BIOS. */
static inline int machine_is_pc(enum arch arch)
{
	return arch == ARCH_I386 || arch == ARCH_AMD64;
}

/* MACHINE_UNKNOWN for any other name. */
int machine_find_platform(const char *name);
int machine_find_arch(const char *name);

#endif
