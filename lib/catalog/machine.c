#include "machine.h"

#include <string.h>

static const char *const platform_names[] = { "bios", "efi" };
static const char *const arch_names[] = { "i386", "amd64", "arm64" };

static int find(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return MACHINE_UNKNOWN;
}

const char *machine_platform_name(int platform)
{
	return platform_names[platform];
}

const char *machine_arch_name(int arch)
{
	return arch_names[arch];
}

int machine_find_platform(const char *name)
{
	return find(platform_names, PLATFORM_COUNT, name);
}

int machine_find_arch(const char *name)
{
	return find(arch_names, ARCH_COUNT, name);
}
