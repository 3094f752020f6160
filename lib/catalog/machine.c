#include "machine.h"

#include <string.h>

const char *const machine_platforms[] = { "bios", "efi", NULL };
const char *const machine_arches[] = { "i386",  "amd64",   "arm64", "riscv64",
				       "armhf", "loong64", NULL };
static const char *const buildarchs[] = {
	"i386", "x86_64", "arm64", "riscv64", "arm32", "loong64",
};
static const char *const grub_cpus[] = {
	"i386", "x86_64", "arm64", "riscv64", "arm", "loongarch64",
};

static int find(const char *const *names, const char *name)
{
	for (int i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return MACHINE_UNKNOWN;
}

const char *machine_platform_name(int platform)
{
	return machine_platforms[platform];
}

const char *machine_arch_name(int arch)
{
	return machine_arches[arch];
}

const char *machine_buildarch(enum arch arch)
{
	return buildarchs[arch];
}

const char *machine_grub_cpu(enum arch arch)
{
	return grub_cpus[arch];
}

int machine_find_platform(const char *name)
{
	return find(machine_platforms, name);
}

int machine_find_arch(const char *name)
{
	return find(machine_arches, name);
}
