#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "machine.h"

static void test_every_name_is_found_again(void **state)
{
	(void)state;
	for (int i = 0; i < PLATFORM_COUNT; i++)
		assert_int_equal(
			machine_find_platform(machine_platform_name(i)), i);
	for (int i = 0; i < ARCH_COUNT; i++)
		assert_int_equal(machine_find_arch(machine_arch_name(i)), i);
	assert_string_equal(machine_platform_name(PLATFORM_BIOS), "bios");
	assert_string_equal(machine_platform_name(PLATFORM_EFI), "efi");
	assert_string_equal(machine_arch_name(ARCH_I386), "i386");
	assert_string_equal(machine_arch_name(ARCH_AMD64), "amd64");
	assert_string_equal(machine_arch_name(ARCH_ARM64), "arm64");
	assert_string_equal(machine_arch_name(ARCH_RISCV64), "riscv64");
	assert_string_equal(machine_arch_name(ARCH_ARMHF), "armhf");
	assert_string_equal(machine_arch_name(ARCH_LOONG64), "loong64");
}

/* iPXE and GRUB spell two of them in other ways. */
static void test_loaders_have_names_of_their_own(void **state)
{
	static const char *const ipxe[ARCH_COUNT] = {
		"i386", "x86_64", "arm64", "riscv64", "arm32", "loong64",
	};
	static const char *const grub[ARCH_COUNT] = {
		"i386", "x86_64", "arm64", "riscv64", "arm", "loongarch64",
	};

	(void)state;
	for (int i = 0; i < ARCH_COUNT; i++) {
		assert_string_equal(machine_buildarch((enum arch)i), ipxe[i]);
		assert_string_equal(machine_grub_cpu((enum arch)i), grub[i]);
	}
	assert_true(machine_is_pc(ARCH_I386) && machine_is_pc(ARCH_AMD64));
	assert_false(machine_is_pc(ARCH_ARMHF) || machine_is_pc(ARCH_LOONG64));
}

static void test_other_names_are_not_known(void **state)
{
	static const char *const names[] = {
		"",      "uefi",  "EFI",     "bio",         "bios ", "x86_64",
		"AMD64", "amd",   "aarch64", "arm64_",      "i686",  "all",
		"arm",   "arm32", "armv7",   "loongarch64",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (machine_find_platform(names[i]) != MACHINE_UNKNOWN ||
		    machine_find_arch(names[i]) != MACHINE_UNKNOWN)
			fail_msg("'%s' is known", names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_name_is_found_again),
		cmocka_unit_test(test_loaders_have_names_of_their_own),
		cmocka_unit_test(test_other_names_are_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
