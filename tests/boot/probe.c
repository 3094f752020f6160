/*
 * The probe's words, for 32 and for 64 bits: its command line, its initrds and
 * the files that a loader has put into them on COM1, then QEMU's exit.  Runs
 * where it is put, so it has no data that hold addresses.
 */
#include <stddef.h>
#include <stdint.h>

static void out(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static void put_char(char c)
{
	while (!(in(0x3fd) & 0x20))
		;
	out(0x3f8, (uint8_t)c);
}

static void put(const char *text)
{
	while (*text != '\0')
		put_char(*text++);
}

static void put_hex(uint32_t value)
{
	for (int shift = 28; shift >= 0; shift -= 4)
		put_char("0123456789abcdef"[value >> shift & 15]);
}

static __attribute__((noreturn)) void end(void)
{
	out(0xf4, 0); /* isa-debug-exit */
	for (;;)
		__asm__ volatile("hlt");
}

/* zlib's crc32(), continued from crc. */
static uint32_t add_crc(uint32_t crc, const uint8_t *data, uint32_t size)
{
	crc = ~crc;
	for (uint32_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static uint32_t field(const uint8_t *params, uint32_t offset)
{
	return *(const uint32_t *)(params + offset);
}

static void put_command_line(const char *mode, const char *text)
{
	put("\nprobe: ");
	put(mode);
	put("\nprobe: command line: ");
	put(text);
	put("\n");
}

#ifndef MULTIBOOT

static void put_initrd(uint32_t size, uint32_t crc)
{
	put("probe: initrd: size ");
	put_hex(size);
	put(" crc ");
	put_hex(crc);
	put("\n");
}

/* Eight hexadecimal digits of an archive's header. */
static uint32_t get_hex(const uint8_t *digits)
{
	uint32_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 4 | ((digits[i] & 15) + (digits[i] >> 6) * 9);
	return value;
}

static int has_magic(const uint8_t *data)
{
	for (const char *c = "070701"; *c != '\0'; c++)
		if (*data++ != (uint8_t)*c)
			return 0;
	return 1;
}

/* The files of cpio archives, as Linux unpacks them. */
static void tell_named_files(const uint8_t *data, uint32_t size)
{
	const uint32_t header = 110;

	for (uint32_t i = 0; size > header && i < size - header; i += 4) {
		const uint8_t *at = data + i;
		uint32_t name_size = get_hex(at + 94);
		uint32_t start = (header + name_size + 3) & ~3u;

		if (!has_magic(at) || get_hex(at + 54) == 0)
			continue;
		put("probe: file ");
		put((const char *)at + header);
		put(" mode ");
		put_hex(get_hex(at + 14));
		put(" size ");
		put_hex(get_hex(at + 54));
		put(" crc ");
		put_hex(add_crc(0, at + start, get_hex(at + 54)));
		put("\n");
	}
}

/* What a loader has written into the kernel's header. */
static void tell_boot_params(const char *mode, const uint8_t *params)
{
	const uint8_t *initrd =
		(const uint8_t *)(uintptr_t)field(params, 0x218);
	uint32_t size = field(params, 0x21c);

	put_command_line(mode, (const char *)(uintptr_t)field(params, 0x228));
	if (size > 0)
		put_initrd(size, add_crc(0, initrd, size));
	tell_named_files(initrd, size);
}

#endif

#ifdef MULTIBOOT

static void tell_module(const uint8_t *module)
{
	const uint32_t start = field(module, 0);
	const uint32_t size = field(module, 4) - start;

	put("probe: module: size ");
	put_hex(size);
	put(" crc ");
	put_hex(add_crc(0, (const uint8_t *)(uintptr_t)start, size));
	put(" ");
	put((const char *)(uintptr_t)field(module, 8));
	put("\n");
}

/* The first version has one table, with a list of modules. */
static void tell_multiboot(const uint8_t *info)
{
	const uint8_t *modules = (const uint8_t *)(uintptr_t)field(info, 24);

	put_command_line("multiboot", (const char *)(uintptr_t)field(info, 16));
	for (uint32_t i = 0; i < field(info, 20); i++)
		tell_module(modules + 16 * i);
}

/* The second has a list of tags, each of a type and a size. */
static void tell_multiboot2(const uint8_t *info)
{
	const uint8_t *const end = info + field(info, 0);

	for (info += 8; info < end; info += (field(info, 4) + 7) & ~7u) {
		const uint32_t module[] = { field(info, 8), field(info, 12),
					    (uint32_t)(uintptr_t)info + 16 };

		if (field(info, 0) == 1)
			put_command_line("multiboot2", (const char *)info + 8);
		if (field(info, 0) == 3)
			tell_module((const uint8_t *)module);
	}
}

/* The magic number says which version the loader knows. */
__attribute__((section(".entry"), noreturn)) void
probe_multiboot(uint32_t magic, const uint8_t *info)
{
	if (magic == 0x2badb002)
		tell_multiboot(info);
	else
		tell_multiboot2(info);
	end();
}

#elif !defined(__x86_64__)

__attribute__((section(".entry"), noreturn)) void probe32(const uint8_t *params)
{
	const uint32_t el64 = 0x34364c45; /* "EL64": UEFI was there before */

	tell_boot_params(field(params, 0x1c0) == el64 ? "efi" : "bios", params);
	end();
}

#else

#define EFI __attribute__((ms_abi))

struct guid {
	uint32_t a;
	uint16_t b, c;
	uint8_t d[8];
};

struct boot_services {
	char header[24];
	void *before[5];
	EFI uint64_t (*allocate_pool)(uint32_t kind, uint64_t size,
				      void **buffer);
	void *between[10];
	EFI uint64_t (*handle_protocol)(void *handle, const struct guid *,
					void **interface);
	void *after[3];
	EFI uint64_t (*locate_device_path)(const struct guid *,
					   const void **path, void **handle);
};

struct system_table {
	char header[24];
	void *before[9];
	const struct boot_services *boot;
};

struct loaded_image {
	void *before[3];
	void *device;
	void *between[2];
	uint32_t options_size;
	const uint16_t *options;
};

struct file {
	uint64_t revision;
	EFI uint64_t (*open)(struct file *, struct file **, const uint16_t *,
			     uint64_t mode, uint64_t attributes);
	void *between[2];
	EFI uint64_t (*read)(struct file *, uint64_t *size, void *);
};

struct file_system {
	uint64_t revision;
	EFI uint64_t (*open_volume)(struct file_system *, struct file **);
};

static void *protocol(const struct system_table *system, void *handle,
		      const struct guid *guid)
{
	void *interface;

	if (system->boot->handle_protocol(handle, guid, &interface) != 0) {
		put("\nprobe: a protocol is missing\n");
		end();
	}
	return interface;
}

static struct file *open_volume(const struct system_table *system,
				const struct loaded_image *image)
{
	const struct guid guid = { 0x964e5b22,
				   0x6459,
				   0x11d2,
				   { 0x8e, 0x39, 0, 0xa0, 0xc9, 0x69, 0x72,
				     0x3b } };
	struct file_system *fs = protocol(system, image->device, &guid);
	struct file *root;

	if (fs->open_volume(fs, &root) != 0) {
		put("probe: the loader's files do not open\n");
		end();
	}
	return root;
}

static void tell_file(struct file *root, const uint16_t *name)
{
	uint8_t data[4096];
	uint64_t size = sizeof(data);
	uint32_t total = 0;
	uint32_t crc = 0;
	struct file *file;

	if (root->open(root, &file, name, 1, 0) != 0) {
		put("probe: an initrd does not open\n");
		return;
	}
	while (file->read(file, &size, data) == 0 && size > 0) {
		crc = add_crc(crc, data, (uint32_t)size);
		total += (uint32_t)size;
		size = sizeof(data);
	}
	put_initrd(total, crc);
}

/* If text begins with "initrd=", put the name behind it into name. */
static int is_initrd(const char *text, uint16_t *name)
{
	for (const char *word = "initrd="; *word != '\0'; word++)
		if (*text++ != *word)
			return 0;
	while (*text != '\0' && *text != ' ')
		*name++ = (uint16_t)*text++;
	*name = 0;
	return 1;
}

static void tell_initrds(const struct system_table *system,
			 const struct loaded_image *image, const char *text)
{
	uint16_t name[2048];
	char before = ' ';

	for (; *text != '\0'; before = *text++)
		if (before == ' ' && is_initrd(text, name))
			tell_file(open_volume(system, image), name);
}

struct load_file {
	EFI uint64_t (*load)(struct load_file *, const void *path,
			     uint8_t is_boot, uint64_t *size, void *);
};

/* The files in the initrd that Linux since 5.8 takes, rather than those that
 * its command line names. */
static void tell_loaded_initrd(const struct system_table *system)
{
	const struct {
		uint8_t type, kind;
		uint16_t size;
		struct guid guid;
		uint32_t end;
	} vendor = { 4,
		     3,
		     20,
		     { 0x5568e427,
		       0x68fc,
		       0x4f3d,
		       { 0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68 } },
		     0x0004ff7f };
	const struct guid guid = { 0x4006c0c1,
				   0xfcb3,
				   0x403e,
				   { 0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0,
				     0x6d } };
	const void *path = &vendor;
	struct load_file *initrd;
	uint64_t size = 0;
	void *handle;
	void *data;

	if (system->boot->locate_device_path(&guid, &path, &handle) != 0)
		return;
	initrd = protocol(system, handle, &guid);
	initrd->load(initrd, path, 0, &size, NULL);
	if (system->boot->allocate_pool(2, size, &data) == 0 &&
	    initrd->load(initrd, path, 0, &size, data) == 0)
		tell_named_files(data, (uint32_t)size);
}

/* What a loader has told the firmware's image loader. */
static void tell_image(const struct system_table *system, void *handle)
{
	const struct guid guid = { 0x5b1b31a1,
				   0x9562,
				   0x11d2,
				   { 0x8e, 0x3f, 0, 0xa0, 0xc9, 0x69, 0x72,
				     0x3b } };
	const struct loaded_image *image = protocol(system, handle, &guid);
	char text[2048];
	uint32_t len = 0;

	while (len < image->options_size / 2 && len + 1 < sizeof(text) &&
	       image->options[len] != 0) {
		text[len] = (char)image->options[len];
		len++;
	}
	text[len] = '\0';
	put_command_line("efi", text);
	tell_initrds(system, image, text);
	tell_loaded_initrd(system);
}

/* first: the image's handle, or the boot parameters if there is no system. */
__attribute__((section(".entry"), noreturn)) void
probe64(void *first, const struct system_table *system)
{
	if (system != NULL)
		tell_image(system, first);
	else
		tell_boot_params("efi", first);
	end();
}

#endif
