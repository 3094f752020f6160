#include "release.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

/* Whether there is one for a platform. */
static int has_any(const char *const urls[PLATFORM_COUNT])
{
	return urls[PLATFORM_BIOS] != NULL || urls[PLATFORM_EFI] != NULL;
}

/* Whether there is what other loaders than iPXE can start. */
static int has_files(const struct mirror_files *files)
{
	return files->kernel != NULL || files->loader != NULL ||
	       has_any(files->chain);
}

int release_is_script(const struct mirror_files *files)
{
	return !has_files(files) && !has_any(files->image) &&
	       has_any(files->script);
}

int release_is_image(const struct mirror_files *files)
{
	return !has_files(files) && !has_any(files->script) &&
	       has_any(files->image);
}

int release_is_multiboot(const struct mirror_files *files)
{
	return files->is_multiboot && files->loader == NULL &&
	       !has_any(files->chain) && !has_any(files->script) &&
	       !has_any(files->image);
}

int release_has_program(const struct mirror_files *files)
{
	return has_any(files->chain);
}

struct dialect_kernel release_kernel(const struct mirror_files *files)
{
	if (files->kernel == NULL)
		return (struct dialect_kernel){
			.url = files->chain[PLATFORM_EFI] != NULL
				       ? files->chain[PLATFORM_EFI]
				       : files->chain[PLATFORM_BIOS],
			.args = files->args,
			.is_program = 1,
		};
	return (struct dialect_kernel){
		.url = files->kernel,
		.initrds = files->initrds,
		.initrd_count = files->initrd_count,
		.args = files->args,
		.is_multiboot = files->is_multiboot,
	};
}

int release_has_method(const struct mirror_files *files)
{
	return has_files(files) || has_any(files->script) ||
	       has_any(files->image);
}

const char *release_file(const struct mirror_files *files, size_t index)
{
	return index == 0 ? files->kernel : files->initrds[index - 1].url;
}

int release_takes_answers(const struct release *release)
{
	for (size_t i = 0; i < release->mirror_count; i++)
		if (release->mirrors[i].answer_args == NULL)
			return 0;
	return release->mirror_count > 0;
}

const struct pin *release_pin(const struct mirror_files *files, size_t index)
{
	if (files->pins == NULL || files->pins[index].sha256 == NULL)
		return NULL;
	return &files->pins[index];
}

int release_is_pinned(const struct mirror_files *files)
{
	for (size_t i = 0; files->pins != NULL && i <= files->initrd_count; i++)
		if (release_pin(files, i) != NULL)
			return 1;
	return 0;
}

int release_names_files(const struct mirror_files *files)
{
	for (size_t i = 0; i < files->initrd_count; i++)
		if (files->initrds[i].path != NULL)
			return 1;
	return 0;
}

int release_lacks_copy(const struct release *release)
{
	return release->copy != NULL && !release->copy->is_made;
}

void release_add_pointer(const struct release *release, struct buf *out)
{
	buf_printf(out, "/distros/%s/versions/%s", release->distro,
		   release->version);
}

static int has_program(const struct mirror_files *files, int platform)
{
	return files->kernel != NULL || files->chain[platform] != NULL ||
	       files->script[platform] != NULL ||
	       files->image[platform] != NULL;
}

/* Why a PC with BIOS cannot start a release for the architecture, and any other
 * machine. */
static const struct {
	const char *on_bios;
	const char *here;
} refusals[ARCH_COUNT] = {
	[ARCH_I386] = { .here = "is for i386, not for this machine" },
	[ARCH_AMD64] = { .here = "is for amd64, not for this machine" },
	[ARCH_ARM64] = { "is for arm64, not for a PC with BIOS",
			 "is for arm64, not for this machine" },
	[ARCH_RISCV64] = { "is for riscv64, not for a PC with BIOS",
			   "is for riscv64, not for this machine" },
	[ARCH_ARMHF] = { "is for armhf, not for a PC with BIOS",
			 "is for armhf, not for this machine" },
	[ARCH_LOONG64] = { "is for loong64, not for a PC with BIOS",
			   "is for loong64, not for this machine" },
};

const char *release_refusal(const struct release *release,
			    const struct machine *machine)
{
	const struct mirror_files *s = &release->mirrors[0];
	enum arch arch = release->arch;

	if (release_lacks_copy(release))
		return "needs a copy on this server: mirrorboot-check --copy";
	if (machine->platform == PLATFORM_BIOS && !machine_is_pc(arch))
		return refusals[arch].on_bios;
	if (machine->platform == PLATFORM_EFI && !has_program(s, PLATFORM_EFI))
		return "has nothing that UEFI can start";
	if (machine->platform == PLATFORM_BIOS && s->loader == NULL &&
	    !has_program(s, PLATFORM_BIOS))
		return "has nothing that BIOS can start";
	if (machine->arch == MACHINE_UNKNOWN || machine->arch == (int)arch)
		return NULL;
	if (machine->arch == ARCH_AMD64 && arch == ARCH_I386 &&
	    machine->platform != PLATFORM_EFI)
		return NULL;
	return refusals[arch].here;
}

static int compare_names(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int compare_keys(const struct release *a, const struct release *b)
{
	int order = strcmp(a->distro, b->distro);

	if (order == 0)
		order = strcmp(a->version, b->version);
	if (order == 0)
		order = (int)a->arch - (int)b->arch;
	if (order == 0)
		order = compare_names(a->variant, b->variant);
	return order;
}

static int compare_places(const void *a, const void *b)
{
	return compare_keys(**(struct release *const *const *)a,
			    **(struct release *const *const *)b);
}

void release_free(struct releases *all)
{
	free(all->list);
	free(all->by_key);
	json_decref(all->refused);
}

void release_sort(struct releases *all)
{
	all->by_key = mem_grow(NULL, all->count, sizeof(*all->by_key));
	for (size_t i = 0; i < all->count; i++)
		all->by_key[i] = &all->list[i];
	qsort(all->by_key, all->count, sizeof(*all->by_key), compare_places);
}

const struct release *release_find(const struct releases *all,
				   const struct release *key)
{
	struct release *const wanted = (struct release *)key;
	struct release *const *place = &wanted;
	struct release *const **found =
		bsearch(&place, all->by_key, all->count, sizeof(*all->by_key),
			compare_places);

	return found != NULL ? **found : NULL;
}

/* Compares the distro, and the version unless the key's is NULL. */
static int compare_version(const struct release *key,
			   const struct release *release)
{
	int order = strcmp(key->distro, release->distro);

	if (order == 0 && key->version != NULL)
		order = strcmp(key->version, release->version);
	return order;
}

static int compare_with_place(const void *key, const void *place)
{
	return compare_version(key, **(struct release *const *const *)place);
}

struct release_run release_run(const struct releases *all, const char *distro,
			       const char *version)
{
	const struct release key = { .distro = distro, .version = version };
	struct release_run run = { NULL, 0 };
	struct release *const **found;
	struct release *const *end;

	if (all->count == 0)
		return run;
	found = bsearch(&key, all->by_key, all->count, sizeof(*all->by_key),
			compare_with_place);
	if (found == NULL)
		return run;
	run.list = *found;
	end = all->list + all->count;
	while (run.list > all->list && compare_version(&key, run.list[-1]) == 0)
		run.list--;
	while (run.list + run.count < end &&
	       compare_version(&key, run.list[run.count]) == 0)
		run.count++;
	return run;
}
