#include "loader.h"

#include <string.h>

#define NO_SIGNATURE "needs Secure Boot off: no signature of it is known"

static const char *refuses(const struct loader *l,
			   const struct uri_needs *needs)
{
	return dialect_refuses(l->dialect, needs,
			       l->machine.platform == PLATFORM_BIOS);
}

static const char *refuses_url(const struct loader *l, const char *url)
{
	struct uri_needs needs = { .https = 0 };
	struct uri uri;

	if (uri_parse(url, &uri) == NULL)
		uri_add_needs(&needs, &uri);
	return refuses(l, &needs);
}

/* Why the loader asks no server but the site's; NULL: it asks any. */
static const char *refuses_host(const struct loader *l)
{
	return l->machine.platform == PLATFORM_EFI ? l->dialect->refuses_host
						   : NULL;
}

const char *loader_refuses_setting(const struct loader *l,
				   const struct settings *settings,
				   const char *url)
{
	const char *reason = refuses_url(l, url);
	const char *foreign = refuses_host(l);
	struct uri uri, base;

	if (reason != NULL || foreign == NULL)
		return reason;
	if (uri_parse(url, &uri) == NULL &&
	    uri_parse(settings->base, &base) == NULL &&
	    !uri_has_host(&uri, &base))
		return foreign;
	return NULL;
}

/* The platform whose script the loader runs. */
static int script_platform(const struct loader *l,
			   const struct mirror_files *files)
{
	if (l->machine.platform != MACHINE_UNKNOWN)
		return l->machine.platform;
	return files->script[PLATFORM_BIOS] != NULL ? PLATFORM_BIOS
						    : PLATFORM_EFI;
}

/* The script that the loader runs on its platform; NULL: none. */
static const char *find_script(const struct loader *l,
			       const struct mirror_files *files)
{
	return (l->dialect->starts & START_SCRIPT)
		       ? files->script[script_platform(l, files)]
		       : NULL;
}

const char *loader_unreachable(const struct loader *l,
			       const struct mirror_files *files)
{
	const int has_script = find_script(l, files) != NULL;
	const char *reason = refuses(
		l, has_script ? &files->of_script[script_platform(l, files)]
			      : &files->needs);

	if (reason == NULL && !files->is_site_host)
		reason = refuses_host(l);
	return reason;
}

const char *loader_unwritable(const struct loader *l,
			      const struct mirror_files *files)
{
	size_t i = 0;

	if (files->unwritable == NULL)
		return NULL;
	while (dialects[i] != l->dialect)
		i++;
	return files->unwritable[i];
}

/* Whether the loader starts the image for BIOS, where it does run on BIOS. */
static int may_memdisk(const struct loader *l, const struct mirror_files *files)
{
	return (l->dialect->starts & START_MEMDISK) && files->memdisk != NULL &&
	       l->machine.platform != PLATFORM_EFI;
}

/* What is said to a loader whose platform is not known has to suit EFI, unless
 * it finds that out by itself. */
static int can_memdisk(const struct loader *l, const struct mirror_files *files)
{
	return may_memdisk(l, files) && (l->machine.platform == PLATFORM_BIOS ||
					 (l->dialect->starts & START_IMAGE));
}

static int can_image(const struct loader *l, const struct mirror_files *files)
{
	return (l->dialect->starts & START_IMAGE) &&
	       l->machine.platform != PLATFORM_BIOS &&
	       files->image[PLATFORM_EFI] != NULL;
}

/* Where the platform is not known, the loader has to start it on both, unless
 * it finds that out by itself. */
static int can_multiboot(const struct loader *l,
			 const struct mirror_files *files)
{
	const int on_bios = (l->dialect->starts & START_MULTIBOOT) != 0;
	const int on_efi = (l->dialect->starts & START_MULTIBOOT_EFI) != 0;

	if (!files->is_multiboot)
		return 0;
	if (l->machine.platform == PLATFORM_BIOS)
		return on_bios;
	if (l->machine.platform == PLATFORM_EFI)
		return on_efi;
	return l->dialect->knows_machine ? on_bios || on_efi
					 : on_bios && on_efi;
}

const char *loader_refuses_kind(const struct loader *l,
				const struct mirror_files *files)
{
	if (!(l->dialect->starts & START_SCRIPT) && release_is_script(files))
		return "is a script of iPXE";
	if (release_is_image(files) && !may_memdisk(l, files) &&
	    !can_image(l, files))
		return "is a disk image, which this loader cannot start";
	if (release_is_multiboot(files) &&
	    l->machine.platform != MACHINE_UNKNOWN && !can_multiboot(l, files))
		return "is a multiboot kernel, which this loader starts on "
		       "BIOS only";
	return NULL;
}

const char *loader_refuses_files(const struct loader *l,
				 const struct mirror_files *files)
{
	const char *reason = loader_refuses_kind(l, files);

	if (reason == NULL)
		reason = loader_unreachable(l, files);
	return reason != NULL ? reason : loader_unwritable(l, files);
}

/* A mirror's configuration runs the modules beside it, so a SYSLINUX that is
 * running already can read it only if they are of its own version. */
static int has_same_modules(const struct loader *l,
			    const struct release *release)
{
	return l->modules != NULL && release->modules != NULL &&
	       strcmp(l->modules, release->modules) == 0;
}

static int can_pxelinux(const struct loader *l, const struct release *release,
			const struct mirror_files *files)
{
	int platform = l->machine.platform;

	if (files->loader == NULL || platform == PLATFORM_EFI ||
	    !machine_is_pc(release->arch))
		return 0;
	if (l->dialect->starts & START_PXELINUX)
		return 1;
	return (l->dialect->starts & START_PXELINUX_LIKE) != 0 &&
	       platform == PLATFORM_BIOS && has_same_modules(l, release);
}

static int can_kernel(const struct loader *l, const struct mirror_files *files)
{
	return files->kernel != NULL && !files->is_multiboot &&
	       (l->dialect->starts & START_KERNEL);
}

const char *loader_program(const struct loader *l,
			   const struct mirror_files *files)
{
	int platform = l->machine.platform;
	const char *script = find_script(l, files);

	if (script != NULL)
		return script;
	if ((l->dialect->starts & START_BIOS) && platform != PLATFORM_EFI &&
	    files->chain[PLATFORM_BIOS] != NULL)
		return files->chain[PLATFORM_BIOS];
	if ((l->dialect->starts & START_EFI) && platform != PLATFORM_BIOS)
		return files->chain[PLATFORM_EFI];
	return NULL;
}

/* The first boot method by which the loader can start these files. */
static enum boot_method first_method(const struct loader *l,
				     const struct release *release,
				     const struct mirror_files *files)
{
	if (find_script(l, files) != NULL)
		return BOOT_CHAIN;
	if (can_pxelinux(l, release, files))
		return BOOT_PXELINUX;
	if (can_kernel(l, files))
		return BOOT_KERNEL;
	if (can_multiboot(l, files))
		return BOOT_MULTIBOOT;
	if (loader_program(l, files) != NULL)
		return BOOT_CHAIN;
	if (can_memdisk(l, files))
		return BOOT_MEMDISK;
	return can_image(l, files) ? BOOT_IMAGE : BOOT_NONE;
}

/* What the loader cannot be told of, the mirror's PXELINUX does not need. */
enum boot_method loader_method(const struct loader *l,
			       const struct release *release,
			       const struct mirror_files *files)
{
	const enum boot_method method = first_method(l, release, files);

	if (loader_unreachable(l, files) != NULL ||
	    (method != BOOT_PXELINUX && loader_unwritable(l, files) != NULL))
		return BOOT_NONE;
	return method;
}

size_t loader_next_mirror(const struct loader *l, const struct release *release,
			  size_t from)
{
	while (from < release->mirror_count &&
	       loader_method(l, release, &release->mirrors[from]) == BOOT_NONE)
		from++;
	return from;
}

/* Why the loader starts nothing of these files, which it could be told. */
static const char *refuses_method(const struct loader *l,
				  const struct release *release,
				  const struct mirror_files *files)
{
	struct loader on_bios = *l;

	on_bios.machine.platform = PLATFORM_BIOS;
	if (l->machine.platform == MACHINE_UNKNOWN &&
	    loader_method(&on_bios, release, files) != BOOT_NONE)
		return "starts with this loader on BIOS only";
	return "has nothing that this loader can start";
}

const char *loader_refusal(const struct loader *l,
			   const struct release *release)
{
	const char *reason = release_refusal(release, &l->machine);

	if (reason != NULL ||
	    loader_next_mirror(l, release, 0) < release->mirror_count)
		return reason;
	for (size_t i = 0; i < release->mirror_count; i++) {
		const struct mirror_files *files = &release->mirrors[i];

		if (loader_unreachable(l, files) != NULL)
			continue;
		reason = loader_refuses_files(l, files);
		return reason != NULL ? reason
				      : refuses_method(l, release, files);
	}
	return loader_refuses_files(l, &release->mirrors[0]);
}

/* Those of the first mirror that the loader can use. */
static const struct mirror_files *first_files(const struct loader *l,
					      const struct release *release)
{
	const size_t i = loader_next_mirror(l, release, 0);

	return &release->mirrors[i < release->mirror_count ? i : 0];
}

/* The firmware checks no script for the loader, and may trust a program for EFI
 * by itself. */
static const char *distrusts_without_shim(const struct loader *l,
					  const struct release *release)
{
	const struct mirror_files *files = first_files(l, release);

	if (find_script(l, files) != NULL || files->shim != NULL)
		return NULL;
	if (files->kernel != NULL && !files->is_multiboot)
		return "needs Secure Boot off: no shim of it is known";
	return release->signed_by == NULL ? NO_SIGNATURE : NULL;
}

const char *loader_distrusts(const struct loader *l,
			     const struct settings *settings,
			     const struct release *release)
{
	const struct mirror_files *files = first_files(l, release);

	if (!l->dialect->knows_lockdown || l->machine.platform == PLATFORM_BIOS)
		return NULL;
	if (release_is_multiboot(files) ||
	    loader_method(l, release, files) == BOOT_MULTIBOOT)
		return "needs Secure Boot off: no shim checks a multiboot "
		       "kernel";
	if (l->dialect->uses_shim)
		return distrusts_without_shim(l, release);
	if (settings_trust(settings, l->shim, release->signed_by))
		return NULL;
	if (settings_trust_somewhere(settings, release->signed_by))
		return "needs another shim of this site, or Secure Boot off";
	return release->signed_by != NULL
		       ? "needs Secure Boot off: shim does not trust its "
			 "signer"
		       : NO_SIGNATURE;
}

const char *loader_refuses_command(const struct loader *l, unsigned command)
{
	const struct dialect *d = l->dialect;
	const int platform = l->machine.platform;

	if ((platform != PLATFORM_EFI && (d->bios_commands & command)) ||
	    (platform != PLATFORM_BIOS && (d->efi_commands & command)))
		return NULL;
	if (command == COMMAND_SHELL)
		return "is a command line of iPXE";
	if (d->bios_commands & command)
		return "is a command that this loader has on BIOS only";
	if (d->efi_commands & command)
		return "is for UEFI, not for a PC with BIOS";
	return "is a command that this loader does not have";
}

/* gPXE's menus ask, and its scripts cannot. */
const char *loader_refuses_password(const struct loader *l,
				    const struct password *password)
{
	const struct dialect *d =
		l->dialect->menus != NULL ? l->dialect->menus : l->dialect;

	if (password == NULL || dialect_is_for_people(d) ||
	    password->hashes[d->hash] != NULL)
		return NULL;
	return d->hash == HASH_NONE
		       ? "needs a password, which this loader cannot ask for"
		       : "needs a password that has no hash for this loader";
}

/* Of COMMAND_*; 0: the entry is none. */
static unsigned command_of(enum entry_kind kind)
{
	switch (kind) {
	case ENTRY_SHELL:
		return COMMAND_SHELL;
	case ENTRY_REBOOT:
		return COMMAND_REBOOT;
	case ENTRY_POWEROFF:
		return COMMAND_POWEROFF;
	case ENTRY_FIRMWARE:
		return COMMAND_FIRMWARE;
	case ENTRY_HEADING:
	case ENTRY_RELEASE:
	case ENTRY_MENU:
	case ENTRY_CUSTOMER:
	case ENTRY_LOCAL:
		break;
	}
	return 0;
}

const char *loader_refuses_entry(const struct loader *l,
				 const struct menu_entry *entry)
{
	const unsigned command = command_of(entry->kind);
	const char *reason = NULL;

	if (command != 0)
		reason = loader_refuses_command(l, command);
	else if (entry->kind == ENTRY_RELEASE)
		reason = loader_refusal(l, entry->release);
	return reason != NULL ? reason
			      : loader_refuses_password(l, entry->password);
}

const char *loader_refused_setting(const struct loader *l,
				   const struct settings *settings,
				   const char **key)
{
	const int platform = l->machine.platform;
	const char *directory = platform != MACHINE_UNKNOWN
					? settings->syslinux[platform]
					: NULL;
	const char *reason;

	*key = "base";
	reason = loader_refuses_setting(l, settings, settings->base);
	if (reason == NULL && l->dialect->uses_vesamenu) {
		*key = "vesamenu";
		reason =
			loader_refuses_setting(l, settings, settings->vesamenu);
	}
	if (reason == NULL && directory != NULL && l->dialect->uses_syslinux) {
		*key = "syslinux";
		reason = loader_refuses_setting(l, settings, directory);
	}
	return reason;
}

const char *loader_background(const struct loader *l,
			      const struct settings *settings)
{
	const struct dialect *d = l->dialect;
	const char *picture = settings->background;
	int has_menu_program = d->uses_vesamenu || d->uses_syslinux;

	if (picture == NULL ||
	    loader_refuses_setting(l, settings, picture) != NULL)
		return NULL;
	/* A name alone is that of a file beside the menu program. */
	return strchr(picture, '/') != NULL || has_menu_program ? picture
								: NULL;
}
