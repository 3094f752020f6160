#include "content.h"

#include <jansson.h>
#include <string.h>

/* The byte order mark, which some servers put before an error page. */
#define UTF8_MARK "\xef\xbb\xbf"

#define HEAD_MAX 1024
#define MULTIBOOT_MAX (32 * 1024)
#define LOADER_MAX (256 * 1024)
#define CONFIG_MAX (256 * 1024)

const char *content_role(enum role role)
{
	switch (role) {
	case ROLE_KERNEL:
	case ROLE_MULTIBOOT:
	case ROLE_MULTIBOOT_GZIP:
		return "kernel";
	case ROLE_INITRD:
		return "initrd";
	case ROLE_FILE:
		return "file";
	case ROLE_IMAGE:
		return "image";
	case ROLE_LOADER:
		return "loader";
	case ROLE_MODULE:
		return "module";
	case ROLE_CONFIG:
	case ROLE_INCLUDE:
		return "configuration";
	case ROLE_SCRIPT:
		return "script";
	case ROLE_SHIM:
		return "shim";
	case ROLE_BIOS:
	case ROLE_EFI:
		break;
	}
	return "program";
}

size_t content_wanted(enum role role)
{
	switch (role) {
	case ROLE_LOADER:
		return LOADER_MAX;
	case ROLE_CONFIG:
	case ROLE_INCLUDE:
		return CONFIG_MAX;
	case ROLE_MULTIBOOT:
		return MULTIBOOT_MAX;
	case ROLE_MULTIBOOT_GZIP:
	case ROLE_KERNEL:
	case ROLE_INITRD:
	case ROLE_FILE:
	case ROLE_MODULE:
	case ROLE_BIOS:
	case ROLE_SHIM:
	case ROLE_EFI:
	case ROLE_SCRIPT:
	case ROLE_IMAGE:
		break;
	}
	return HEAD_MAX;
}

/* Whether head has the len bytes at bytes at that offset. */
static int has(const struct buf *head, size_t offset, const char *bytes,
	       size_t len)
{
	return head->len >= offset && head->len - offset >= len &&
	       memcmp(head->data + offset, bytes, len) == 0;
}

static int find(const struct buf *head, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < head->len; i++)
		if (has(head, i, text, len))
			return 1;
	return 0;
}

/* The little-endian number of len bytes at that offset, which must exist. */
static unsigned long number(const struct buf *head, size_t offset, size_t len)
{
	unsigned long value = 0;

	while (len-- > 0)
		value = value << 8 | (unsigned char)head->data[offset + len];
	return value;
}

/* A file for the installer may be XML: a profile, but no page. */
static int is_page(const struct buf *head)
{
	static const char *const marks[] = { "<html",        "<HTML",
					     "doctype html", "DOCTYPE html",
					     "DOCTYPE HTML", "<Error" };

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (find(head, marks[i]))
			return 1;
	return 0;
}

static int is_html(enum role role, const struct buf *head)
{
	size_t i = has(head, 0, UTF8_MARK, 3) ? 3 : 0;

	i += strspn(buf_text(head) + i, " \t\r\n");
	if (has(head, i, "<!", 2) || has(head, i, "<?xml", 5))
		return role != ROLE_FILE || is_page(head);
	return has(head, i, "<h", 2) || has(head, i, "<H", 2);
}

/* Whether it is UTF-8, whose last character may be cut. */
static int is_utf8(const struct buf *head)
{
	json_t *text = NULL;

	for (size_t cut = 0; text == NULL && cut < 4 && cut < head->len; cut++)
		text = json_stringn(head->data, head->len - cut);
	json_decref(text);
	return text != NULL;
}

static int is_text(const struct buf *head)
{
	for (size_t i = 0; i < head->len; i++) {
		unsigned char c = (unsigned char)head->data[i];

		if ((c < ' ' && strchr("\t\r\n\f", c) == NULL) || c == 0 ||
		    c == 0x7f)
			return 0;
	}
	return is_utf8(head);
}

/* The machine type in the PE header; 0: there is no such header. */
static unsigned long pe_machine(const struct buf *head)
{
	unsigned long at;

	if (!has(head, 0, "MZ", 2) || head->len < 0x40)
		return 0;
	at = number(head, 0x3c, 4);
	if (at > HEAD_MAX || !has(head, at, "PE\0\0", 4) || head->len < at + 6)
		return 0;
	return number(head, at + 4, 2);
}

/* Whether a program for that PE machine type cannot run on arch.  A kernel for
 * i386 runs on amd64 too. */
static int is_foreign(unsigned long machine, enum arch arch)
{
	enum {
		I386 = 0x14c,
		AMD64 = 0x8664,
		ARM64 = 0xaa64,
		RISCV64 = 0x5064,
		ARM = 0x1c2, /* and Thumb */
		LOONGARCH64 = 0x6264
	};

	switch (machine) {
	case I386:
		return !machine_is_pc(arch);
	case AMD64:
		return arch != ARCH_AMD64;
	case ARM64:
		return arch != ARCH_ARM64;
	case RISCV64:
		return arch != ARCH_RISCV64;
	case ARM:
		return arch != ARCH_ARMHF;
	case LOONGARCH64:
		return arch != ARCH_LOONG64;
	}
	return 0;
}

/* The unit of syssize.  ipxe.lkrn and memtest86+ end within the last one. */
#define PARAGRAPH 16

/* The length of a bzImage, rounded up, from the fields setup_sects and syssize
 * of the boot protocol (Documentation/arch/x86/boot.rst of Linux). */
static long long bzimage_length(const struct buf *head)
{
	unsigned long sectors = number(head, 0x1f1, 1);

	if (sectors == 0)
		sectors = 4;
	return (long long)(sectors + 1) * 512 +
	       (long long)number(head, 0x1f4, 4) * PARAGRAPH;
}

static const char *kernel_fault(enum arch arch, const struct buf *head,
				long long length)
{
	int is_bzimage = has(head, 0x202, "HdrS", 4);

	if (is_foreign(pe_machine(head), arch))
		return "is for another architecture";
	if (is_bzimage && length >= 0 &&
	    length <= bzimage_length(head) - PARAGRAPH)
		return "is cut short: its header says that it is longer";
	if (is_bzimage || has(head, 0, "MZ", 2) ||
	    has(head, 0x38, "ARM\x64", 4) ||
	    has(head, 0,
		"\x7f"
		"ELF",
		4) ||
	    has(head, 0, "\x1f\x8b", 2))
		return NULL;
	return "is not a Linux kernel";
}

/* The header of the first version is in the first 8192 bytes, on a multiple of
 * 4; that of the second in the first 32768, on a multiple of 8. */
static const char *multiboot_fault(const struct buf *head)
{
	for (size_t i = 0; i < head->len; i += 4)
		if ((i < 8192 && has(head, i, "\x02\xb0\xad\x1b", 4)) ||
		    (i % 8 == 0 && has(head, i, "\xd6\x50\x52\xe8", 4)))
			return NULL;
	if (has(head, 0, "\x1f\x8b", 2))
		return "is compressed, and its name does not end in .gz, by "
		       "which iPXE is kept from it";
	return "is not a multiboot kernel";
}

static int is_archive(const struct buf *head)
{
	static const struct {
		const char *bytes;
		size_t len;
	} magics[] = {
		{ "\x1f\x8b", 2 }, /* gzip */
		{ "\xfd"
		  "7zXZ",
		  5 },                     /* xz */
		{ "\x28\xb5\x2f\xfd", 4 }, /* zstd */
		{ "0707", 4 },             /* cpio */
		{ "BZh", 3 },              /* bzip2 */
		{ "\x5d\0\0", 3 },         /* lzma */
		{ "\x89LZO", 4 },          /* lzop */
		{ "\x02!L\x18",
		  4 }, /* lz4, the legacy format that Linux reads */
		{ "\x04\"M\x18", 4 }, /* lz4 */
		{ "hsqs", 4 },        /* squashfs */
	};

	for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++)
		if (has(head, 0, magics[i].bytes, magics[i].len))
			return 1;
	return 0;
}

/* ELF since SYSLINUX 5.  Older series have a magic number each. */
static int is_module(const struct buf *head)
{
	return has(head, 0,
		   "\x7f"
		   "ELF",
		   4) ||
	       has(head, 0, "\xb8\xff\x4c\xcd\x21", 5) ||
	       has(head, 0, "\xb8\xfe\x4c\xcd\x21", 5);
}

static const char *efi_fault(enum arch arch, const struct buf *head)
{
	if (!has(head, 0, "MZ", 2))
		return "is not an EFI program";
	return is_foreign(pe_machine(head), arch)
		       ? "is for another architecture"
		       : NULL;
}

static const char *binary_fault(enum role role, enum arch arch,
				const struct buf *head, long long length)
{
	switch (role) {
	case ROLE_KERNEL:
		return kernel_fault(arch, head, length);
	case ROLE_MULTIBOOT:
		return multiboot_fault(head);
	case ROLE_MULTIBOOT_GZIP:
		return has(head, 0, "\x1f\x8b", 2)
			       ? NULL
			       : "is not compressed by gzip, as its name says";
	case ROLE_INITRD:
		return is_archive(head) ? NULL : "begins with unknown bytes";
	case ROLE_LOADER:
		return content_pxelinux(head) ? NULL : "is not PXELINUX";
	case ROLE_MODULE:
		return is_module(head) ? NULL : "is not a SYSLINUX module";
	case ROLE_EFI:
	case ROLE_SHIM:
		return efi_fault(arch, head);
	case ROLE_CONFIG:
	case ROLE_INCLUDE:
		return memchr(buf_text(head), '\0', head->len) != NULL
			       ? "is not text"
			       : NULL;
	case ROLE_SCRIPT:
		return "is not a script for iPXE: it does not begin with "
		       "#!ipxe";
	case ROLE_BIOS:
	case ROLE_FILE:
	case ROLE_IMAGE:
		break;
	}
	return NULL;
}

static int is_script(const struct buf *head)
{
	return has(head, 0, "#!ipxe", 6) || has(head, 0, "#!gpxe", 6);
}

int content_is_config(enum role role)
{
	return role == ROLE_CONFIG || role == ROLE_INCLUDE;
}

/* What is wrong with the text of a file; NULL: nothing, or it is binary. */
static const char *text_fault(enum role role, const struct buf *head)
{
	if (head->len == 0)
		return role == ROLE_INCLUDE ? NULL : "is empty";
	if (is_html(role, head))
		return find(head, "Index of") || find(head, "irectory listing")
			       ? "is a directory listing"
			       : "is a page of HTML, maybe an error page";
	if (content_is_config(role) || role == ROLE_SCRIPT ||
	    role == ROLE_FILE || is_archive(head) || !is_text(head))
		return NULL;
	return "is plain text, maybe an error message";
}

struct content_fault content_check(enum role role, enum arch arch,
				   const struct buf *head, long long length)
{
	const int is_program = role == ROLE_BIOS || role == ROLE_EFI;
	struct content_fault fault = { NULL, 1 };

	if (is_script(head) && (is_program || role == ROLE_SCRIPT)) {
		if (is_program)
			fault.reason = "is a script, which only iPXE can run: "
				       "write it as 'script', not in 'chain'";
		return fault;
	}
	fault.reason = text_fault(role, head);
	if (fault.reason == NULL) {
		fault.reason = binary_fault(role, arch, head, length);
		fault.is_sure = role != ROLE_INITRD && role != ROLE_LOADER;
	}
	return fault;
}

unsigned content_pxelinux(const struct buf *file)
{
	static const char name[] = "PXELINUX ";
	size_t len = sizeof(name) - 1;

	for (size_t i = 0; i + len < file->len; i++)
		if (has(file, i, name, len) && file->data[i + len] >= '1' &&
		    file->data[i + len] <= '9')
			return (unsigned)(file->data[i + len] - '0');
	return 0;
}
