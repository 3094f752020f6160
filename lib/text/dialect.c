#include "dialect.h"

#include <string.h>
#include <strings.h>

#include "args.h"
#include "uri.h"

/*
 * Why a client cannot be given something.  Behind a title of FORM_WORDS_MAX
 * words in a line of gPXE, which has 32, there is room for 11 more.  No
 * dialect may refuse a reason itself.
 */

static const char too_long[] = "is longer than this loader takes";

/* What no boot dialect can write: it reads lines of printable ASCII. */
static const char *check_bytes(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\n' || c == '\r')
			return "contains a line break";
		if (c < ' ' || c == 0x7f)
			return "contains a control character";
		if (c == 0xc2 && i + 1 < len && s[i + 1] == '\xa0')
			return "contains a no-break space, not a plain one";
		if (c > 0x7f)
			return "contains a character that is not ASCII";
	}
	return NULL;
}

/* Dialects without quoting split a line at spaces and join it with single
 * ones, so these would not read back. */
static const char *check_spaces(const char *s, size_t len)
{
	if (len == 0)
		return "is empty";
	if (s[0] == ' ' || s[len - 1] == ' ')
		return "begins or ends with a space";
	for (size_t i = 1; i < len; i++)
		if (s[i] == ' ' && s[i - 1] == ' ')
			return "contains two spaces in a row";
	return NULL;
}

/* A word of an iPXE line (src/core/exec.c): operators stand alone, a comment
 * begins with '#'. */
static const char *check_script_word(const char *word, size_t len)
{
	if (word[0] == '#')
		return "contains a '#' that begins a comment";
	if ((len == 1 && word[0] == ';') ||
	    (len == 2 &&
	     (memcmp(word, "&&", 2) == 0 || memcmp(word, "||", 2) == 0)))
		return "contains '&&', '||' or ';', an operator";
	return NULL;
}

/*
 * gPXE and iPXE scripts have no quoting.  Both read the gpxe dialect, so a
 * value must be harmless in either: gPXE expands ${...} before it splits the
 * line, iPXE joins a line that ends in '\' with the next.
 */
static const char *check_script(const char *s, size_t len)
{
	const char *reason = check_bytes(s, len);

	if (reason == NULL)
		reason = check_spaces(s, len);
	if (reason != NULL)
		return reason;
	if (s[len - 1] == '\\')
		return "ends with '\\', which joins two lines";
	for (size_t i = 0; i < len; i++)
		if (s[i] == '$' && (i + 1 == len || s[i + 1] == '{'))
			return "contains a '$' that begins a setting";
	for (size_t i = 0; i < len; i++) {
		const char *space = memchr(s + i, ' ', len - i);
		size_t word = space != NULL ? (size_t)(space - s) - i : len - i;

		reason = check_script_word(s + i, word);
		if (reason != NULL)
			return reason;
		i += word;
	}
	return NULL;
}

static const char *escape_script(struct buf *out, const char *s, size_t len)
{
	const char *reason = check_script(s, len);

	if (reason == NULL)
		buf_add(out, s, len);
	return reason;
}

static void add_words(struct buf *out, const char *args)
{
	if (args != NULL)
		buf_printf(out, " %s", args);
}

/* gPXE and iPXE keep the URLs and the arguments of a multiboot kernel and of
 * its modules in so many bytes, each with a byte behind it, and leave out what
 * does not fit (src/arch/x86/image/multiboot.c, Debian 12's of 2019 to 2.0). */
#define MULTIBOOT_MAX 512

static size_t multiboot_len(const char *url, const char *args)
{
	return strlen(url) + (args != NULL ? 1 + strlen(args) : 0) + 1;
}

/* The lines that start a multiboot kernel: option stands behind each command,
 * and end behind each line. */
static const char *add_script_multiboot(struct buf *out,
					const struct dialect_kernel *k,
					const char *option, const char *end)
{
	size_t len = multiboot_len(k->url, k->args);
	const char *reason =
		k->args != NULL ? check_script(k->args, strlen(k->args)) : NULL;

	buf_printf(out, "kernel%s %s", option, k->url);
	add_words(out, k->args);
	buf_printf(out, "%s\n", end);
	for (size_t i = 0; i < k->initrd_count; i++) {
		const struct initrd *module = &k->initrds[i];

		buf_printf(out, "module%s %s", option, module->url);
		add_words(out, module->args);
		buf_printf(out, "%s\n", end);
		len += multiboot_len(module->url, module->args);
		if (reason == NULL && module->args != NULL)
			reason = check_script(module->args,
					      strlen(module->args));
	}
	if (reason == NULL && len > MULTIBOOT_MAX)
		reason = too_long;
	return reason;
}

static const char *add_gpxe_kernel(struct buf *out,
				   const struct dialect_kernel *k)
{
	if (k->is_multiboot)
		return add_script_multiboot(out, k, "", "");
	buf_printf(out, "kernel %s", k->url);
	add_words(out, k->args);
	buf_putc(out, '\n');
	for (size_t i = 0; i < k->initrd_count; i++)
		buf_printf(out, "initrd %s\n", k->initrds[i].url);
	return k->args != NULL ? check_script(k->args, strlen(k->args)) : NULL;
}

/* A program gets its arguments as they stand here. */
static const char *add_ipxe_program(struct buf *out,
				    const struct dialect_kernel *k)
{
	buf_printf(out, "chain --autofree --timeout 10000 %s", k->url);
	add_words(out, k->args);
	buf_puts(out, " && exit 0 || goto failed\n");
	return k->args != NULL ? check_script(k->args, strlen(k->args)) : NULL;
}

/* The longest command line that iPXE on BIOS passes on whole (Debian 12's,
 * 2019; run). */
#define IPXE_ARGS_MAX 2046

static const char *add_ipxe_kernel(struct buf *out,
				   const struct dialect_kernel *k)
{
	size_t before, len;

	if (k->is_program)
		return add_ipxe_program(out, k);
	if (k->is_multiboot)
		return add_script_multiboot(out, k,
					    " --name module0 --timeout 10000",
					    " || goto failed");
	buf_printf(out, "kernel --timeout 10000 %s", k->url);
	before = out->len;
	for (size_t i = 0; i < k->initrd_count; i++)
		buf_printf(out, " initrd=initrd%zu", i);
	add_words(out, k->args);
	len = out->len - before;
	buf_puts(out, " || goto failed\n");
	for (size_t i = 0; i < k->initrd_count; i++) {
		buf_printf(out, "initrd --name initrd%zu --timeout 10000 %s", i,
			   k->initrds[i].url);
		add_words(out, k->initrds[i].path);
		add_words(out, k->initrds[i].is_executable ? "mode=755" : NULL);
		buf_puts(out, " || goto failed\n");
	}
	if (len > IPXE_ARGS_MAX + 1)
		return too_long;
	return k->args != NULL ? check_script(k->args, strlen(k->args)) : NULL;
}

/* SYSLINUX configuration, read by its core and by its menu programs: no
 * quoting either.  '^' marks the hotkey (com32/menu/readconfig.c). */
static const char *escape_menu(struct buf *out, const char *s, size_t len)
{
	const char *reason = check_bytes(s, len);

	if (reason == NULL)
		reason = check_spaces(s, len);
	if (reason != NULL)
		return reason;
	if (memchr(s, '^', len) != NULL)
		return "contains a caret, which marks a hotkey";
	if (len == 1 && s[0] == '-')
		return "is '-', which stands for nothing";
	buf_add(out, s, len);
	return NULL;
}

static const char *check_menu_args(const char *args)
{
	struct buf escaped = BUF_INIT;
	const char *reason =
		args != NULL ? escape_menu(&escaped, args, strlen(args)) : NULL;

	buf_free(&escaped);
	return reason;
}

/* Whether a part between blanks is "---".  SYSLINUX knows no quotes. */
static int has_divider(const char *args)
{
	const char *s = args;

	while ((s = strstr(s, "---")) != NULL) {
		if ((s == args || s[-1] == ' ') &&
		    (s[3] == ' ' || s[3] == '\0'))
			return 1;
		s++;
	}
	return 0;
}

/* One file of mboot.c32's command line, which "---" divides. */
static const char *add_mboot_file(struct buf *out, const char *url,
				  const char *args)
{
	const char *reason = check_menu_args(args);

	buf_printf(out, " %s", url);
	add_words(out, args);
	if (reason == NULL && args != NULL && has_divider(args))
		reason = "is '---', which begins the next module";
	return reason;
}

static const char *add_mboot(struct buf *out, const struct dialect_kernel *k)
{
	const char *reason;

	buf_puts(out, "com32 mboot.c32\nappend");
	reason = add_mboot_file(out, k->url, k->args);
	for (size_t i = 0; reason == NULL && i < k->initrd_count; i++) {
		buf_puts(out, " ---");
		reason = add_mboot_file(out, k->initrds[i].url,
					k->initrds[i].args);
	}
	buf_putc(out, '\n');
	return reason;
}

static const char *add_syslinux_kernel(struct buf *out,
				       const struct dialect_kernel *k)
{
	if (k->is_multiboot)
		return add_mboot(out, k);
	buf_printf(out, "linux %s\ninitrd ", k->url);
	for (size_t i = 0; i < k->initrd_count; i++)
		buf_printf(out, ",%s", k->initrds[i].url);
	buf_puts(out, "\nappend");
	add_words(out, k->args);
	buf_putc(out, '\n');
	return check_menu_args(k->args);
}

/* GRUB script: in single quotes nothing is special but the quote itself. */
static const char *escape_grub(struct buf *out, const char *s, size_t len)
{
	const char *reason = check_bytes(s, len);

	if (reason != NULL)
		return reason;
	buf_putc(out, '\'');
	while (len > 0) {
		const char *quote = memchr(s, '\'', len);
		size_t run = quote != NULL ? (size_t)(quote - s) : len;

		buf_add(out, s, run);
		s += run;
		len -= run;
		if (len > 0) {
			buf_puts(out, "'\\''");
			s++;
			len--;
		}
	}
	buf_putc(out, '\'');
	return NULL;
}

/* (http,host)/path, or (http,host:8080)/path.  GRUB 2.06, 2.12 and 2.14 take a
 * port on BIOS and on EFI, 2.12 and 2.14 after HTTP Boot too; there they ask
 * for nothing of an IPv6 address in brackets that has no port (run). */
static void add_grub_file(struct buf *out, const char *url)
{
	struct uri uri;
	const char *port;

	if (uri_parse(url, &uri) != NULL) {
		buf_puts(out, url);
		return;
	}
	port = uri.is_ipv6 && uri.name_len == uri.host_len ? ":80" : "";
	buf_printf(out, "(http,%.*s%s)%s", (int)uri.host_len, uri.host, port,
		   uri.path);
}

/* GRUB leaves out the words that do not fit, without a message (2.06; run).
 * "BOOT_IMAGE=" and the kernel's name come first. */
#define GRUB_LINE_MAX 2047

/* One word of the kernel's.  GRUB puts a word with a blank in double quotes,
 * and a '\\' before each quote and '\\' of a word (2.06, 2.12 and 2.14; run).
 * Adds to len what the kernel sees. */
static const char *add_grub_word(struct buf *out, const struct buf *word,
				 size_t *len)
{
	if (strpbrk(buf_text(word), "'\\") != NULL)
		return "contains \"'\" or '\\', which GRUB changes";
	*len += 1 + word->len + (strchr(buf_text(word), ' ') != NULL ? 2 : 0);
	buf_putc(out, ' ');
	return escape_grub(out, buf_text(word), word->len);
}

static void add_grub_url(struct buf *out, const char *url)
{
	struct buf file = BUF_INIT;

	add_grub_file(&file, url);
	escape_grub(out, file.data, file.len);
	buf_free(&file);
}

static void add_grub_initrds(struct buf *out, const struct dialect_kernel *k)
{
	for (size_t i = 0; i < k->initrd_count; i++) {
		const char *path = k->initrds[i].path;

		buf_putc(out, ' ');
		if (path != NULL) {
			buf_puts(out, "newc:");
			escape_grub(out, path, strlen(path));
			buf_putc(out, ':');
		}
		add_grub_url(out, k->initrds[i].url);
	}
}

/* A command with the file and its arguments.  Adds to len what the file sees
 * of them. */
static const char *add_grub_command(struct buf *out, const char *url,
				    const char *args, size_t *len)
{
	const char *s = args != NULL ? args : "";
	struct buf word = BUF_INIT;
	const char *reason = NULL;

	add_grub_url(out, url);
	while (reason == NULL && args_next(&s, &word)) {
		reason = add_grub_word(out, &word, len);
		buf_truncate(&word, 0);
	}
	buf_puts(out, "; then\n");
	buf_free(&word);
	return reason;
}

/* What a multiboot kernel gets has no bound. */
static const char *add_grub_multiboot(struct buf *out,
				      const struct dialect_kernel *k)
{
	size_t len = 0;
	const char *reason;

	buf_puts(out, "  if $multiboot ");
	reason = add_grub_command(out, k->url, k->args, &len);
	for (size_t i = 0; reason == NULL && i < k->initrd_count; i++) {
		buf_puts(out, "  if $module ");
		reason = add_grub_command(out, k->initrds[i].url,
					  k->initrds[i].args, &len);
	}
	return reason;
}

/* GRUB joins what follows the file with single blanks and changes nothing of
 * it, so one word in quotes is all of them (2.06; run). */
static const char *add_grub_program(struct buf *out,
				    const struct dialect_kernel *k)
{
	const char *reason = NULL;

	buf_puts(out, "    if chainloader ");
	add_grub_url(out, k->url);
	if (k->args != NULL) {
		buf_putc(out, ' ');
		reason = escape_grub(out, k->args, strlen(k->args));
	}
	buf_puts(out, "; then boot; fi\n");
	return reason;
}

static const char *add_grub_kernel(struct buf *out,
				   const struct dialect_kernel *k)
{
	size_t len = strlen("BOOT_IMAGE=") + strlen(k->url);
	const char *reason;

	if (k->is_program)
		return add_grub_program(out, k);
	if (k->is_multiboot)
		return add_grub_multiboot(out, k);
	buf_puts(out, "  if linux ");
	reason = add_grub_command(out, k->url, k->args, &len);
	buf_puts(out, "    if initrd");
	add_grub_initrds(out, k);
	buf_puts(out, "; then boot; fi\n");
	if (reason == NULL && len > GRUB_LINE_MAX)
		reason = too_long;
	return reason;
}

/* GRUB runs a body whatever its status is (2.06, 2.12 and 2.14; run). */
static void add_grub_error(struct buf *out, const char *reason)
{
	buf_puts(out, "echo ");
	escape_grub(out, reason, strlen(reason));
	buf_puts(out, "\nsleep --interruptible 10\n");
}

static const char *html_entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return "&#39;";
	}
}

/* Control bytes but NUL, which ends the search, are left to dialect_check(): a
 * search for these five alone is several times as fast. */
static const char *escape_html(struct buf *out, const char *s, size_t len)
{
	size_t before = out->len;
	const char *end = s + len;

	for (;;) {
		size_t run = strcspn(s, "&<>\"'");

		if (run >= (size_t)(end - s)) {
			buf_add(out, s, (size_t)(end - s));
			return NULL;
		}
		buf_add(out, s, run);
		s += run;
		if (*s == '\0') {
			buf_truncate(out, before);
			return "contains a control character";
		}
		buf_puts(out, html_entity(*s++));
	}
}

/*
 * Longest lines: gPXE keeps a line and what it makes of it on a stack of
 * 4096 bytes.  SYSLINUX 3.x takes file names into buffers of
 * 256 bytes.  Menus of SYSLINUX are read by 4096 bytes, the rest as a new line.
 * iPXE and GRUB have no bound of their own.
 */
static const char no_https[] = "needs https, which this loader does not have";
static const char no_ipv6[] =
	"needs an IPv6 address, which this loader cannot reach";

const struct dialect dialect_gpxe = {
	.name = "gpxe",
	.client = "gPXE",
	.agent = "gPXE/",
	.content_type = "text/plain",
	.magic = "#!gpxe\n",
	.max_line = 512,
	.max_words = 32,
	.escape = escape_script,
	.menus = &dialect_pxelinux,
	.add_kernel = add_gpxe_kernel,
	.starts = START_KERNEL | START_PXELINUX | START_BIOS | START_MULTIBOOT,
	.refuses_https = no_https,
	.refuses_ipv6 = no_ipv6,
	.max_url = URI_MAX_FOR_ALL,
	.is_bios_only = 1,
	.knows_identity = 1,
	.uses_vesamenu = 1,
	.ends_at_failure = 1,
	.has_scripts = 1,
};

const struct dialect dialect_pxelinux = {
	.name = "pxelinux",
	.client = "vesamenu.c32 3.x, run by gPXE",
	.content_type = "text/plain",
	.magic = "menu ",
	.max_line = 1023,
	.escape = escape_menu,
	.scripts = &dialect_gpxe,
	.add_kernel = add_gpxe_kernel,
	.starts = START_KERNEL | START_PXELINUX | START_BIOS | START_MULTIBOOT,
	.hash = HASH_CRYPT,
	.refuses_https = no_https,
	.refuses_ipv6 = no_ipv6,
	.max_url = URI_MAX_FOR_ALL,
	.is_bios_only = 1,
	.uses_vesamenu = 1,
	.has_scripts = 1,
	.opens_by_script = 1,
};

/* A build may lack commands: Debian 12's has no poweroff and no --setup of
 * reboot. */
const struct dialect dialect_ipxe = {
	.name = "ipxe",
	.client = "iPXE",
	.agent = "iPXE/",
	.content_type = "text/plain",
	.magic = "#!ipxe\n",
	.max_line = 4095,
	.max_words = 255,
	.escape = escape_script,
	.add_kernel = add_ipxe_kernel,
	.starts = START_ALL & ~START_MULTIBOOT_EFI,
	.bios_commands = COMMAND_SHELL | COMMAND_REBOOT | COMMAND_POWEROFF,
	.efi_commands = COMMAND_SHELL | COMMAND_REBOOT | COMMAND_POWEROFF |
			COMMAND_FIRMWARE,
	.refuses_ipv6 = no_ipv6,
	.has_ipv6_on_efi = 1,
	.knows_machine = 1,
	.knows_identity = 1,
	.tries_mirrors = 1,
	.resolves_urls = 1,
	.has_scripts = 1,
	.compares_sums = 1,
	.knows_lockdown = 1,
	.uses_shim = 1,
	.names_files = 1,
	.passes_args = 1,
};

/* The core joins what starts a kernel in one command line of 2047 bytes (6.03,
 * core/elflink/load_env32.c and com32/elflink/ldlinux/execute.c).  Its modules
 * that restart and switch off are for BIOS alone: on EFI there is no
 * poweroff.c32, and reboot.c32 6.04 does not restart the machine (run).
 * syslinux.efi 6.04 resolves nothing, not even an address in digits: it asks
 * the DHCP next-server for every URL (efi/pxe.c, dns_resolv). */
const struct dialect dialect_syslinux = {
	.name = "syslinux",
	.client = "SYSLINUX 6.x",
	.agent = "Syslinux/",
	.content_type = "text/plain",
	.magic = "menu ",
	.max_line = 2100,
	.max_command = 2047,
	.escape = escape_menu,
	.add_kernel = add_syslinux_kernel,
	.starts = START_KERNEL | START_PXELINUX_LIKE | START_MEMDISK |
		  START_MULTIBOOT,
	.bios_commands = COMMAND_REBOOT | COMMAND_POWEROFF,
	.hash = HASH_CRYPT,
	.refuses_https = no_https,
	.refuses_ipv6 = no_ipv6,
	.max_url = URI_MAX_FOR_ALL,
	.refuses_host = "needs another server than this site's, and "
			"syslinux.efi asks no other",
	.sends_cookie = 1,
	.uses_syslinux = 1,
	.unpacks_multiboot = 1,
};

/* GRUB 2.06, 2.12 and 2.14 fetch from an IPv6 address on EFI (run).  In its
 * menus c opens the command line, e the editor, and v moves the bar down:
 * of all letters and digits these start no entry (2.06, 2.12 and 2.14, run). */
const struct dialect dialect_grub = {
	.name = "grub",
	.client = "GRUB 2",
	.agent = "GRUB",
	.content_type = "text/plain",
	.magic = "set ",
	.max_line = 4095,
	.escape = escape_grub,
	.add_file = add_grub_file,
	.add_error = add_grub_error,
	.add_kernel = add_grub_kernel,
	.starts = START_KERNEL | START_EFI | START_MULTIBOOT |
		  START_MULTIBOOT_EFI,
	.bios_commands = COMMAND_REBOOT | COMMAND_POWEROFF,
	.efi_commands = COMMAND_REBOOT | COMMAND_POWEROFF | COMMAND_FIRMWARE,
	.hash = HASH_PBKDF2,
	.own_keys = "cev",
	.refuses_https = no_https,
	.refuses_ipv6 = no_ipv6,
	.has_ipv6_on_efi = 1,
	.knows_machine = 1,
	.knows_identity = 1,
	.tries_mirrors = 1,
	.has_scripts = 1,
	.has_bare_variables = 1,
	.has_grub_cpu = 1,
	.knows_lockdown = 1,
	.names_files = 1,
	.passes_args = 1,
	.unpacks_multiboot = 1,
};

const struct dialect dialect_html = {
	.name = "html",
	.content_type = "text/html; charset=utf-8",
	.magic = "<!DOCTYPE html>\n",
	.escape = escape_html,
	.starts = START_ALL,
	.bios_commands = COMMAND_REBOOT | COMMAND_POWEROFF,
	.efi_commands = COMMAND_REBOOT | COMMAND_POWEROFF | COMMAND_FIRMWARE,
	.has_scripts = 1,
	.resolves_urls = 1,
	.names_files = 1,
	.passes_args = 1,
	.unpacks_multiboot = 1,
};

const struct dialect dialect_json = {
	.name = "json",
	.content_type = "application/json",
	.magic = "{\n",
	.starts = START_ALL,
	.bios_commands = COMMAND_REBOOT | COMMAND_POWEROFF,
	.efi_commands = COMMAND_REBOOT | COMMAND_POWEROFF | COMMAND_FIRMWARE,
	.has_scripts = 1,
	.names_files = 1,
	.passes_args = 1,
	.unpacks_multiboot = 1,
	.is_view = 1,
};

const struct dialect *const dialects[] = {
	&dialect_gpxe, &dialect_pxelinux, &dialect_ipxe, &dialect_syslinux,
	&dialect_grub, &dialect_html,     &dialect_json, NULL,
};

const char *dialect_refuses(const struct dialect *d,
			    const struct uri_needs *needs, int is_bios)
{
	if (needs->https && d->refuses_https != NULL)
		return d->refuses_https;
	if (needs->ipv6 && d->refuses_ipv6 != NULL &&
	    (is_bios || !d->has_ipv6_on_efi))
		return d->refuses_ipv6;
	if (d->max_url > 0 && needs->length > d->max_url)
		return "needs a longer URL than the loader's 250 bytes";
	return NULL;
}

int dialect_owns_key(const struct dialect *d, char key)
{
	return d->own_keys != NULL && key != '\0' &&
	       strchr(d->own_keys, key) != NULL;
}

const struct dialect *dialect_find(const char *name)
{
	for (size_t i = 0; dialects[i] != NULL; i++)
		if (strcmp(dialects[i]->name, name) == 0)
			return dialects[i];
	return NULL;
}

const struct dialect *dialect_of_user_agent(const char *user_agent)
{
	for (size_t i = 0; dialects[i] != NULL; i++) {
		const char *agent = dialects[i]->agent;

		if (agent != NULL &&
		    strncmp(user_agent, agent, strlen(agent)) == 0)
			return dialects[i];
	}
	return NULL;
}

/* Whether a URL ends before the byte: where a client's word ends.  Nearly all
 * bytes of a URL are above ','. */
static int ends_url(char c)
{
	return c <= ',' && (c <= ' ' || c == '\'' || c == '"' || c == ',');
}

/* The end of the URL that begins at s. */
static const char *url_end(const char *s, const char *end)
{
	while (s < end && !ends_url(*s))
		s++;
	return s;
}

/* The end of a setting of the client's at s, as in arch=${arch}, which the
 * template's author wrote; s if there is none, NULL if it is never closed. */
static const char *setting_end(const struct dialect *d, const char *s,
			       const char *end)
{
	const char *name = s + 1;
	const char *last = name;

	if (end - s > 2 && s[0] == '$' && s[1] == '{') {
		last = memchr(s, '}', (size_t)(end - s));
		return last != NULL ? last + 1 : NULL;
	}
	if (s[0] != '$' || !d->has_bare_variables ||
	    (name < end && *name >= '0' && *name <= '9'))
		return s;
	while (last < end && uri_is_value_char(*last) &&
	       strchr(".~-", *last) == NULL)
		last++;
	return last > name ? last : s;
}

/* Parameters: values of harmless characters, or settings. */
static const char *check_params(const struct dialect *d, const char *s,
				const char *end)
{
	while (s < end) {
		const char *next = setting_end(d, s, end);

		if (next == NULL)
			return "has a setting that is never closed";
		if (next == s && !uri_is_value_char(*s) && *s != '=' &&
		    *s != '&')
			return "has a parameter with a byte other than "
			       "letters, digits, '.', '_', '~', '-'";
		s = next > s ? next : s + 1;
	}
	return NULL;
}

const char *dialect_native_suffix(const char *name, size_t len)
{
	static const char *const suffixes[] = { ".c32", ".com", ".cbt" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (len >= 4 &&
		    strncasecmp(name + len - 4, suffixes[i], 4) == 0)
			return suffixes[i];
	return NULL;
}

static int ends_in(const char *s, size_t len, const char *end)
{
	const size_t end_len = strlen(end);

	return len >= end_len &&
	       strncasecmp(s + len - end_len, end, end_len) == 0;
}

/* A page that writes scripts often takes the name of one as a parameter. */
int dialect_names_script(const char *url)
{
	size_t len = strcspn(url, "?");

	if (ends_in(url, len, ".ipxe.txt"))
		return 1;
	while (!ends_in(url, len, ".ipxe") && url[len] != '\0')
		len += 1 + strcspn(url + len + 1, "&");
	return ends_in(url, len, ".ipxe");
}

int dialect_names_gzip(const char *url)
{
	return ends_in(url, strcspn(url, "?"), ".gz");
}

/* To gPXE the name of a file is what follows the last '/' of the argument,
 * query included, cut to 15 bytes (src/include/gpxe/image.h). */
static const char *check_name(const char *s, const char *end)
{
	const char *query = memchr(s, '?', (size_t)(end - s));
	const char *path_end = query != NULL ? query : end;
	const char *name = end;
	const char *suffix;

	while (name > s && name[-1] != '/')
		name--;
	if (end - name > 15)
		end = name + 15;
	suffix = dialect_native_suffix(name, (size_t)(end - name));
	if (suffix != NULL &&
	    suffix != dialect_native_suffix(s, (size_t)(path_end - s)))
		return "has a name that gPXE would run as native code";
	return NULL;
}

/* Whether the URL at s is one that the client fetches: it begins a word, or
 * follows another in a list.  In an argument it is the installer's. */
static int is_fetched(const char *line, const char *s)
{
	if (s > line && (s[-1] == '\'' || s[-1] == '"'))
		s--;
	return s == line || s[-1] == ' ' || s[-1] == ',';
}

/* The first URL from s to end, in a line, that the client fetches; NULL if
 * there is none. */
static const char *find_url(const char *line, const char *s, const char *end)
{
	const char *colon = s;

	while ((colon = memchr(colon, ':', (size_t)(end - colon))) != NULL) {
		int is_url = end - colon >= 3 && memcmp(colon, "://", 3) == 0;

		for (size_t len = 4; is_url && len <= 5; len++)
			if ((size_t)(colon - s) >= len &&
			    memcmp(colon - len, "https", len) == 0 &&
			    is_fetched(line, colon - len))
				return colon - len;
		colon++;
	}
	return NULL;
}

/* Every URL in the text from s to end. */
static const char *check_urls(const struct dialect *d, const char *s,
			      const char *end)
{
	const char *line = s;

	while ((s = find_url(line, s, end)) != NULL) {
		const char *last = url_end(s, end);
		const char *query = memchr(s, '?', (size_t)(last - s));
		const char *reason = NULL;

		if (d->max_url > 0 && (size_t)(last - s) > d->max_url)
			return "has a URL of more than 250 bytes";
		if (d == &dialect_gpxe)
			reason = check_name(s, last);
		if (reason == NULL && query != NULL)
			reason = check_params(d, query + 1, last);
		if (reason != NULL)
			return reason;
		s = last;
	}
	return NULL;
}

/* Whether a dialect before this one writes values in the same way. */
static int is_like_another(size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (dialects[j]->escape == dialects[i]->escape)
			return 1;
	return 0;
}

/* Whether it is a word of bytes that nowhere mean anything, as most values
 * are: every dialect writes it as it is. */
static int is_plain(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len &&
	       (uri_is_value_char(s[i]) || s[i] == '/' || s[i] == ':'))
		i++;
	return i == len && len > 0 && s[0] != '-';
}

static int refuse_value(const struct dialect *d, const char *reason,
			struct error *err)
{
	return error_set(err, NULL, 0,
			 "dialect %s cannot write a value that %s", d->name,
			 reason);
}

static int check_escapes(const char *s, size_t len, struct error *err)
{
	struct buf scratch = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; dialects[i] != NULL && rc == 0; i++) {
		const char *reason;

		if (dialect_is_for_people(dialects[i]) || is_like_another(i))
			continue;
		buf_truncate(&scratch, 0);
		reason = dialects[i]->escape(&scratch, s, len);
		if (reason != NULL)
			rc = refuse_value(dialects[i], reason, err);
	}
	buf_free(&scratch);
	return rc;
}

int dialect_check_value(const char *s, size_t len, struct error *err)
{
	const char *reason;

	if (!is_plain(s, len) && check_escapes(s, len, err) < 0)
		return -1;
	/* What gPXE takes, the others take. */
	reason = check_urls(&dialect_gpxe, s, s + len);
	return reason != NULL ? refuse_value(&dialect_gpxe, reason, err) : 0;
}

static const char *check_line(const struct dialect *d, const char *s,
			      size_t len)
{
	const char *reason = check_bytes(s, len);
	size_t words = 0;

	if (reason != NULL)
		return reason;
	for (size_t i = 0; i < len; i++)
		if (s[i] != ' ' && (i == 0 || s[i - 1] == ' '))
			words++;
	if (d->max_line > 0 && len > d->max_line)
		return too_long;
	if (d->max_words > 0 && words > d->max_words)
		return "has more words than allowed";
	return check_urls(d, s, s + len);
}

/* The menus of gPXE start its scripts. */
static const struct dialect *reader_of(const struct dialect *d)
{
	return d->scripts != NULL ? d->scripts : d;
}

const char *dialect_check_url(const struct dialect *d, const char *url)
{
	if (dialect_is_for_people(d))
		return NULL;
	return check_urls(reader_of(d), url, url + strlen(url));
}

/*
 * What every loader takes of arguments and initrds, whatever its bounds: with a
 * URL of URI_MAX_FOR_ALL bytes, a line of gPXE is then the longest for what its
 * client takes.
 */
#define PLAIN_ARGS_MAX 200
#define PLAIN_WORDS_MAX 28
#define PLAIN_INITRDS_MAX 4

/* A URL without parameters, of bytes that no dialect changes. */
static int is_plain_url(const char *url)
{
	size_t len = strlen(url);

	return len <= URI_MAX_FOR_ALL && is_plain(url, len) &&
	       check_name(url, url + len) == NULL;
}

/* Single words with single spaces between them, none of which begins a URL. */
static int are_plain_args(const char *args)
{
	size_t words = 0;
	size_t len = 0;

	while (args[len] != '\0' && len <= PLAIN_ARGS_MAX) {
		size_t word = len;

		while (uri_is_value_char(args[len]) || args[len] == '/' ||
		       args[len] == '=')
			len++;
		if (len - word < 2)
			return 0;
		words++;
		len += args[len] == ' ' && args[len + 1] != '\0';
	}
	return len > 0 && len <= PLAIN_ARGS_MAX && words <= PLAIN_WORDS_MAX;
}

int dialect_is_plain(const struct dialect_kernel *kernel)
{
	if (kernel->is_multiboot || kernel->is_program ||
	    !is_plain_url(kernel->url) ||
	    kernel->initrd_count > PLAIN_INITRDS_MAX ||
	    (kernel->args != NULL && !are_plain_args(kernel->args)))
		return 0;
	for (size_t i = 0; i < kernel->initrd_count; i++)
		if (kernel->initrds[i].path != NULL ||
		    !is_plain_url(kernel->initrds[i].url))
			return 0;
	return 1;
}

/* The lines that start a kernel, when its URLs and arguments are fine. */
static const char *check_kernel_lines(const struct dialect *d,
				      const struct buf *lines)
{
	const char *why = NULL;

	if (d->max_command > 0 && lines->len > d->max_command)
		return too_long;
	for (const char *s = buf_text(lines); why == NULL && *s != '\0';) {
		size_t len = strcspn(s, "\n");

		why = check_line(reader_of(d), s, len);
		s += len + 1;
	}
	return why;
}

static const char *check_initrd(const struct dialect *d,
				const struct initrd *initrd)
{
	if (initrd->path != NULL && !d->names_files)
		return "puts a file into the initrd, which this loader cannot";
	return dialect_check_url(d, initrd->url);
}

int dialect_check_kernel(const struct dialect *d,
			 const struct dialect_kernel *kernel,
			 struct buf *reason)
{
	struct buf lines = BUF_INIT;
	const char *why = dialect_check_url(d, kernel->url);
	const char *what = "";

	if (kernel->is_program && !(d->starts & (START_BIOS | START_EFI)))
		return 0;
	if (kernel->is_program && kernel->args != NULL && !d->passes_args)
		why = "is a program with arguments, which this loader does "
		      "not pass";
	if (kernel->is_multiboot && !d->unpacks_multiboot &&
	    dialect_names_gzip(kernel->url))
		why = "has a compressed kernel, which this loader cannot read";
	for (size_t i = 0; why == NULL && i < kernel->initrd_count; i++)
		why = check_initrd(d, &kernel->initrds[i]);
	if (why == NULL && d->add_kernel != NULL) {
		why = d->add_kernel(&lines, kernel);
		what = why == too_long ? "has a kernel line that "
				       : "has an argument that ";
	}
	if (why == NULL) {
		what = "has a kernel line that ";
		why = check_kernel_lines(d, &lines);
	}
	if (why != NULL)
		buf_printf(reason, "%s%s", what, why);
	buf_free(&lines);
	return why != NULL ? -1 : 0;
}

static int check_html(const char *name, const char *text, size_t len,
		      struct error *err)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\n' &&
		     text[i] != '\t') ||
		    text[i] == 0x7f)
			return error_set(err, name, 0,
					 "text contains a control character");
	return 0;
}

int dialect_check(const struct dialect *d, const char *name, const char *text,
		  size_t len, struct error *err)
{
	size_t magic = strlen(d->magic);
	unsigned line = 1;

	if (len < magic || memcmp(text, d->magic, magic) != 0)
		return error_set(err, name, 1, "text must begin with '%.*s'",
				 (int)strcspn(d->magic, "\n"), d->magic);
	if (text[len - 1] != '\n')
		return error_set(err, name, 0,
				 "text must end in a newline: add one");
	if (dialect_is_for_people(d))
		return check_html(name, text, len, err);
	for (const char *end = text + len; text < end; line++) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		const char *reason = check_line(d, text, (size_t)(eol - text));

		if (reason != NULL)
			return error_set(err, name, 0, "line %u of the text %s",
					 line, reason);
		text = eol + 1;
	}
	return 0;
}
