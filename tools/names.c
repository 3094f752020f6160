#include "names.h"

#include <string.h>

#include "pages.h"

static void add_id(struct buf *out, const char *id)
{
	for (; *id != '\0'; id++)
		if (*id >= 'A' && *id <= 'Z')
			buf_printf(out, "~%c", *id - 'A' + 'a');
		else if (*id == '~')
			buf_puts(out, "~~");
		else
			buf_putc(out, *id);
}

void names_add_machine(struct buf *out, const struct machine *machine)
{
	if (machine->platform == MACHINE_UNKNOWN) {
		buf_puts(out, "any");
		return;
	}
	buf_puts(out, machine_platform_name(machine->platform));
	if (machine->arch == MACHINE_UNKNOWN)
		return;
	buf_putc(out, '-');
	buf_puts(out, machine_arch_name(machine->arch));
}

static void add_release(struct buf *out, const struct release *release)
{
	add_id(out, release->distro);
	buf_putc(out, '/');
	add_id(out, release->version);
	buf_putc(out, '/');
	buf_puts(out, machine_arch_name((int)release->arch));
	if (release->variant == NULL)
		return;
	buf_putc(out, '/');
	add_id(out, release->variant);
}

/* The menu's id, and the way to it. */
static void add_menu(struct buf *out, const struct catalog *c,
		     const struct link *link)
{
	const char *id = link->page == &page_boot ? link->menu : link->name;

	add_id(out, id != NULL ? id : catalog_menu(c, NULL)->id);
	if (link->path != NULL && link->path->from != NULL) {
		buf_puts(out, "/from-");
		add_id(out, link->path->from);
	}
	buf_putc(out, '/');
}

void names_add_path(struct buf *out, const struct catalog *c,
		    const struct link *link)
{
	if (link->release != NULL) {
		buf_puts(out, link->page == &page_fromthemirror
				      ? "release"
				      : link->page->name);
		buf_putc(out, '/');
		add_release(out, link->release);
	} else if (link->customer != NULL) {
		buf_puts(out, "customer/");
		add_id(out, link->customer);
		buf_putc(out, '/');
	} else {
		buf_printf(out, "%s/", link->page->name);
		add_menu(out, c, link);
	}
	if (link->release == NULL)
		names_add_machine(out, link->machine);
	buf_putc(out, '.');
	buf_puts(out, link->dialect->name);
}

void names_add_relative(struct buf *out, const char *from, const char *to)
{
	size_t common = 0;

	for (size_t i = 0; from[i] != '\0' && from[i] == to[i]; i++)
		if (from[i] == '/')
			common = i + 1;
	for (from += common; (from = strchr(from, '/')) != NULL; from++)
		buf_puts(out, "../");
	buf_puts(out, to + common);
}

int names_has_machine(const struct machine *machine)
{
	if (machine->platform == MACHINE_UNKNOWN)
		return machine->arch == MACHINE_UNKNOWN;
	return machine->platform == PLATFORM_EFI ||
	       machine->arch == MACHINE_UNKNOWN ||
	       machine_is_pc((enum arch)machine->arch);
}
