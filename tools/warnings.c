#include "warnings.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dialect.h"
#include "loader.h"
#include "uri.h"

/*
 * vesamenu.c32 cuts off titles that are too wide.  It shows 80 columns, minus
 * two margins of 10, minus 4 for its frame, and minus 2 if the entry opens a
 * menu.  A hotkey and a space go before the title.
 */
#define COLUMNS 56
#define COLUMNS_OF_MENU 54
#define COLUMNS_OF_HOTKEY 2

#define EOL_SOON_DAYS 90

#define NAME_IT ": add an entry that names it"

static const char no_tls[] =
	"https only: gPXE, SYSLINUX, GRUB and Debian 12's iPXE have no TLS: "
	"name an http URL if there is one";

struct warning {
	const struct catalog *c;
	const struct include *files;
	const struct given *given;
	struct findings *findings;
	json_t *shown;    /* releases on menus or given, as keys: see likeness
			   */
	json_t *variants; /* what releases are variants of, by SAME_VARIANT */
};

__attribute__((format(printf, 5, 0))) static void
add(const struct warning *w, const char *check, const char *file,
    const char *pointer, const char *fmt, va_list args)
{
	struct buf reason = BUF_INIT;

	buf_vprintf(&reason, fmt, args);
	findings_add(w->findings, &(struct finding){
					  .severity = SEVERITY_WARNING,
					  .check = check,
					  .file = file,
					  .pointer = pointer,
					  .reason = reason.data,
				  });
	buf_free(&reason);
}

/* At /section/id, followed by below, which may be "". */
__attribute__((format(printf, 6, 0))) static void
add_below(const struct warning *w, const char *check, const char *section,
	  const char *id, const char *below, const char *fmt, va_list args)
{
	struct buf pointer = BUF_INIT;

	if (catalog_settings(w->c)->is_base_given &&
	    strcmp(section, "site") == 0 && strcmp(id, "base") == 0) {
		add(w, check, "MIRRORBOOT_BASE", NULL, fmt, args);
		return;
	}
	buf_printf(&pointer, "/%s/%s%s", section, id, below);
	/* The id, and what is below it, without the '/' around the section. */
	add(w, check,
	    include_file(w->files, section, pointer.data + strlen(section) + 2),
	    pointer.data, fmt, args);
	buf_free(&pointer);
}

__attribute__((format(printf, 6, 7))) static void
warn(const struct warning *w, const char *check, const char *section,
     const char *id, const char *below, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_below(w, check, section, id, below, fmt, args);
	va_end(args);
}

__attribute__((format(printf, 4, 5))) static void
warn_version(const struct warning *w, const char *check,
	     const struct release *release, const char *fmt, ...)
{
	struct buf below = BUF_INIT;
	va_list args;

	buf_printf(&below, "/versions/%s", release->version);
	va_start(args, fmt);
	add_below(w, check, "distros", release->distro, below.data, fmt, args);
	va_end(args);
	buf_free(&below);
}

static const char *member(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* About value, an object with file, section and id. */
__attribute__((format(printf, 4, 5))) static void
warn_file(const struct warning *w, const json_t *value, const char *check,
	  const char *fmt, ...)
{
	struct buf pointer = BUF_INIT;
	va_list args;

	buf_printf(&pointer, "/%s/%s", member(value, "section"),
		   uri_shown_name(member(value, "id")));
	va_start(args, fmt);
	add(w, check, member(value, "file"), pointer.data, fmt, args);
	va_end(args);
	buf_free(&pointer);
}

/* Whether an object of a distro says all that it needs. */
static int is_whole(const json_t *distro)
{
	return json_object_get(distro, "title") != NULL &&
	       json_object_get(distro, "versions") != NULL &&
	       (json_object_get(distro, "kernel") != NULL ||
		json_object_get(distro, "pxelinux") != NULL ||
		json_object_get(distro, "image") != NULL ||
		json_object_get(distro, "chain") != NULL);
}

/* A distro that says all that it needs may have been written to replace
 * another, as it did before 0.2.0.  What --write has found is no other one: it
 * is only versions. */
static void warn_merged(const struct warning *w)
{
	size_t i;
	json_t *value;

	json_array_foreach(w->files->merged, i, value) {
		const json_t *left = json_object_get(value, "left");
		struct buf names = BUF_INIT;
		size_t j;
		json_t *name;

		json_array_foreach((json_t *)left, j, name)
			buf_printf(&names, "%s%s", j > 0 ? ", " : "",
				   json_string_value(name));
		if (names.len > 0 &&
		    is_whole(json_object_get(value, "before")) &&
		    is_whole(json_object_get(value, "value")))
			warn_file(
				w, value, "merged",
				"%s has this distro too, and since 0.2.0 both "
				"merge: %s of that file stay; null removes "
				"them",
				json_string_value(
					json_object_get(value, "earlier")),
				names.data);
		buf_free(&names);
	}
}

/* Append how the value in the file comes after the shipped ones: by a name of
 * the file that sorts behind theirs.  The main file is read first whatever its
 * name is. */
static void add_later_name(const struct warning *w, const char *file,
			   const char *value, struct buf *out)
{
	const char *rest = file + strspn(file, "0123456789");
	const char *main_file =
		json_string_value(json_array_get(w->files->files, 0));

	if (strcmp(file, main_file) == 0)
		buf_printf(out,
			   "put %s into a file whose name begins with a 9, "
			   "like 95-mine.json",
			   value);
	else
		buf_printf(out, "rename %s to 95%s%s", file,
			   rest[0] == '-' || rest[0] == '.' ? "" : "-", rest);
}

/* The object that holds the last part of "debian/versions/sid", an id or what
 * is below one; NULL if there is none. */
static const json_t *parent_of(const json_t *section, const char *id)
{
	const json_t *parent = section;
	const char *slash;

	for (; (slash = strchr(id, '/')) != NULL; id = slash + 1)
		parent = json_object_getn(parent, id, (size_t)(slash - id));
	return parent;
}

/* Append which id of the same place null may have been meant for. */
static void add_others(const struct warning *w, const json_t *value,
		       struct buf *out)
{
	const char *id = member(value, "id");
	const char *slash = strrchr(id, '/');
	const json_t *parent = parent_of(
		include_section(w->files, member(value, "section")), id);
	const char **known = offer_keys(parent, NULL);
	const struct offer offer = { .wanted = slash != NULL ? slash + 1 : id,
				     .known = known };

	/* The keys of the site that are set are no choice. */
	if (strcmp(member(value, "section"), "site") != 0 ||
	    offer_nearest(&offer) != NULL)
		offer_add(&offer, "", out);
	free(known);
}

/* Append what to do about a null that removes nothing. */
static void add_remedy(const struct warning *w, const json_t *value,
		       struct buf *out)
{
	const char *section = member(value, "section");
	const char *id = member(value, "id");
	const char *slash = strrchr(id, '/');
	const json_t *parent =
		parent_of(include_section(w->files, section), id);
	const char *by = include_file(w->files, section, id);

	if (json_object_get(parent, slash != NULL ? slash + 1 : id) == NULL) {
		add_others(w, value, out);
		return;
	}
	buf_printf(out, "%s is read later and has it: ", by);
	if (findings_is_shipped(by))
		add_later_name(w, member(value, "file"), "null", out);
	else
		buf_puts(out, "put null into a file that is read after it");
}

static void warn_useless_nulls(const struct warning *w)
{
	size_t i;
	json_t *value;

	json_array_foreach(w->files->useless_nulls, i, value) {
		struct buf pointer = BUF_INIT;
		struct buf instead = BUF_INIT;

		add_remedy(w, value, &instead);
		buf_printf(&pointer, "/%s/%s", member(value, "section"),
			   uri_shown_name(member(value, "id")));
		findings_add(w->findings,
			     &(struct finding){
				     .severity = SEVERITY_WARNING,
				     .check = "idle-null",
				     .file = member(value, "file"),
				     .pointer = pointer.data,
				     .reason = "null removes nothing: no file "
					       "before this one has it",
				     .instead = instead.data,
			     });
		buf_free(&pointer);
		buf_free(&instead);
	}
}

/* "debian", "debian trixie", "debian trixie amd64", and for each release of
 * which the same scope defines the variant,
 * "debian/arches/amd64/variants/rescue". */
enum likeness { SAME_DISTRO, SAME_VERSION, SAME_ARCH, SAME_VARIANT };

/* Append where the release's variant is defined, below its distro. */
static void put_variant(const struct release *release, struct buf *out)
{
	if (release->variant_scope == SCOPE_VERSION)
		buf_printf(out, "/versions/%s", release->version);
	if (release->variant_scope == SCOPE_ARCH)
		buf_printf(out, "/arches/%s",
			   machine_arch_name((int)release->arch));
	buf_printf(out, "/variants/%s", release->variant);
}

static void put_key(const struct release *release, enum likeness likeness,
		    struct buf *key)
{
	buf_truncate(key, 0);
	buf_puts(key, release->distro);
	if (likeness == SAME_VERSION || likeness == SAME_ARCH)
		buf_printf(key, " %s", release->version);
	if (likeness == SAME_ARCH)
		buf_printf(key, " %s", machine_arch_name((int)release->arch));
	if (likeness == SAME_VARIANT && release->variant != NULL)
		put_variant(release, key);
}

static void add_shown_release(const struct warning *w,
			      const struct release *release)
{
	struct buf key = BUF_INIT;

	for (int same = SAME_DISTRO; same <= SAME_VARIANT; same++) {
		put_key(release, (enum likeness)same, &key);
		json_object_set_new(w->shown, key.data, json_true());
	}
	buf_free(&key);
}

/* Add the releases that menus show, or that machines get without one, to
 * w->shown. */
static void add_shown(const struct warning *w)
{
	size_t count;
	const struct menu *menus = catalog_menus(w->c, &count);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < menus[i].count; j++)
			if (menus[i].entries[j].kind == ENTRY_RELEASE)
				add_shown_release(w,
						  menus[i].entries[j].release);
	for (size_t i = 0; i < w->given->release_count; i++)
		add_shown_release(w, w->given->releases[i]);
}

static int is_shown(const struct warning *w, const struct release *release,
		    enum likeness likeness)
{
	struct buf key = BUF_INIT;
	int is_there;

	put_key(release, likeness, &key);
	is_there = json_object_get(w->shown, key.data) != NULL;
	buf_free(&key);
	return is_there;
}

static void warn_unshown(const struct warning *w, const struct release *release)
{
	if (!is_shown(w, release, SAME_DISTRO))
		warn(w, "on-no-menu", "distros", release->distro, "",
		     "no menu shows this distro" NAME_IT);
	else if (!is_shown(w, release, SAME_VERSION))
		warn_version(w, "on-no-menu", release,
			     "no menu shows this version" NAME_IT);
	else if (!is_shown(w, release, SAME_ARCH))
		warn_version(w, "on-no-menu", release,
			     "no menu shows this version for %s%s",
			     machine_arch_name((int)release->arch), NAME_IT);
}

/* A variant that its scope defines, and no menu shows for any release.  If the
 * release itself is on no menu, there is a warning of that. */
static void warn_variant(const struct warning *w, const struct release *release)
{
	struct buf below = BUF_INIT;

	if (release->variant == NULL || !is_shown(w, release, SAME_ARCH) ||
	    is_shown(w, release, SAME_VARIANT))
		return;
	put_variant(release, &below);
	warn(w, "on-no-menu", "distros", release->distro, below.data,
	     "no menu shows this variant" NAME_IT);
	buf_free(&below);
}

static void add_variant(const struct warning *w, const struct release *release)
{
	struct buf key = BUF_INIT;

	if (release->variant == NULL)
		return;
	put_key(release, SAME_VARIANT, &key);
	json_object_set_new(w->variants, key.data, json_true());
	buf_free(&key);
}

/* Variants of an object below the distro, "" for the distro itself, that no
 * release has. */
static void warn_idle_variants(const struct warning *w, const char *distro,
			       const char *below, const json_t *object,
			       const char *why)
{
	const char *id;
	json_t *variant;

	json_object_foreach(json_object_get(object, "variants"), id, variant) {
		struct buf key = BUF_INIT;

		buf_printf(&key, "%s%s/variants/%s", distro, below, id);
		if (!json_is_null(variant) &&
		    json_object_get(w->variants, key.data) == NULL)
			warn(w, "on-no-menu", "distros", distro,
			     key.data + strlen(distro),
			     "no release has this variant, because %s: "
			     "remove it",
			     why);
		buf_free(&key);
	}
}

/* What a version says of a variant counts before what its architecture says,
 * and that before what the distro says. */
static void warn_idle(const struct warning *w, const char *distro,
		      const json_t *object)
{
	const char *arch;
	json_t *value;

	warn_idle_variants(w, distro, "", object,
			   "every version or architecture replaces or removes "
			   "it");
	json_object_foreach(json_object_get(object, "arches"), arch, value) {
		struct buf below = BUF_INIT;

		buf_printf(&below, "/arches/%s", arch);
		warn_idle_variants(w, distro, below.data, value,
				   "no version is for this architecture, or "
				   "each replaces or removes it");
		buf_free(&below);
	}
}

static void warn_variants(const struct warning *w)
{
	size_t count;
	const struct release *const *releases = catalog_releases(w->c, &count);
	const char *id;
	json_t *distro;

	for (size_t i = 0; i < count; i++) {
		add_variant(w, releases[i]);
		warn_variant(w, releases[i]);
	}
	json_object_foreach(json_object_get(w->files->sections, "distros"), id,
			    distro)
		warn_idle(w, id, distro);
}

static int is_customers(const struct warning *w, const struct menu *menu)
{
	json_t *customers = json_object_get(w->files->sections, "customers");
	const char *id;
	json_t *unused;

	json_object_foreach(customers, id, unused)
		if (catalog_customer(w->c, id)->menu == menu)
			return 1;
	return 0;
}

static void warn_unopened(const struct warning *w, const struct menu *menu)
{
	if (menu->paths[0]->up == NULL && menu != catalog_menu(w->c, NULL) &&
	    !is_customers(w, menu) && !given_has_menu(w->given, menu))
		warn(w, "unopened", "menus", menu->id, "",
		     "nothing opens this menu: no entry of another menu, no "
		     "customer, no group and no host file");
}

/* Why no machine can start the release: the reason for a machine of its own
 * architecture.  NULL if one can. */
static const char *hidden_from_all(const struct release *release)
{
	const char *reason = NULL;

	for (int platform = 0; platform < PLATFORM_COUNT; platform++) {
		const struct machine machine = { platform, (int)release->arch };

		reason = release_refusal(release, &machine);
		if (reason == NULL)
			return NULL;
	}
	/* The reason on UEFI: on BIOS, what is no PC is refused first. */
	return reason;
}

/* Warn of an entry that no loader starts which can ask for its password. */
static void warn_unasked(const struct warning *w, const struct menu *menu,
			 const struct menu_entry *entry)
{
	for (size_t i = 0; dialects[i] != NULL; i++)
		for (int platform = 0; platform < PLATFORM_COUNT; platform++) {
			const struct loader l = {
				.dialect = dialects[i],
				.machine = { platform, MACHINE_UNKNOWN },
			};

			if (!dialect_is_for_people(l.dialect) &&
			    (platform == PLATFORM_BIOS ||
			     !l.dialect->is_bios_only) &&
			    loader_refuses_entry(&l, entry) == NULL)
				return;
		}
	warn(w, "hidden", "menus", menu->id, "",
	     "entry '%s' is hidden from every client: no loader that starts it "
	     "can ask for its password",
	     entry->id);
}

static int columns_of(const struct menu_entry *entry)
{
	int columns = entry->kind == ENTRY_MENU || entry->kind == ENTRY_CUSTOMER
			      ? COLUMNS_OF_MENU
			      : COLUMNS;

	return entry->hotkey != '\0' ? columns - COLUMNS_OF_HOTKEY : columns;
}

/* Report a hotkey that a loader's menus take themselves. */
static void warn_key(const struct warning *w, const struct menu *menu,
		     const struct menu_entry *entry)
{
	const char key = menu_key(entry);

	for (const struct dialect *const *d = dialects; *d != NULL; d++)
		if (dialect_owns_key(*d, key))
			warn(w, "hotkey", "menus", menu->id, "",
			     "entry '%s' has no hotkey in %s, which takes '%c' "
			     "itself; choose another key",
			     entry->id, (*d)->client, key);
}

/* Warn of an entry that no client is offered.  The site decides which copies it
 * makes. */
static void warn_hidden(const struct warning *w, const struct menu *menu,
			const struct menu_entry *entry)
{
	const char *reason = NULL;

	if (entry->kind == ENTRY_RELEASE && release_lacks_copy(entry->release))
		return;
	if (entry->kind == ENTRY_RELEASE)
		reason = hidden_from_all(entry->release);
	if (reason != NULL)
		warn(w, "hidden", "menus", menu->id, "",
		     "entry '%s' is hidden from every client: it %s", entry->id,
		     reason);
	else if (entry->password != NULL)
		warn_unasked(w, menu, entry);
}

static void warn_entry(const struct warning *w, const struct menu *menu,
		       const struct menu_entry *entry)
{
	size_t width = strlen(entry->title);
	size_t columns = (size_t)columns_of(entry);

	warn_hidden(w, menu, entry);
	warn_key(w, menu, entry);
	if (width > columns)
		warn(w, "wide", "menus", menu->id, "",
		     "entry '%s' is %zu columns wide, %zu fit: %s", entry->id,
		     width, columns, entry->title);
}

static void warn_menu(const struct warning *w, const struct menu *menu)
{
	size_t width = strlen(menu->title);

	warn_unopened(w, menu);
	if (width > COLUMNS)
		warn(w, "wide", "menus", menu->id, "/title",
		     "is %zu columns wide, %d fit", width, COLUMNS);
	if (menu != catalog_menu(w->c, NULL) &&
	    menu_has_key(menu, MENU_BACK_KEY))
		warn(w, "hotkey", "menus", menu->id, "",
		     "an entry has the hotkey '%c' of Back, which then has "
		     "none",
		     MENU_BACK_KEY);
	for (size_t i = 0; i < menu->count; i++)
		warn_entry(w, menu, &menu->entries[i]);
}

static void warn_mirror(const struct warning *w, const char *id,
			const json_t *urls)
{
	size_t count = json_array_size(urls);
	size_t https = 0;

	for (size_t i = 0; i < count; i++)
		if (uri_is_https(json_string_value(json_array_get(urls, i))))
			https++;
	if (https == count)
		warn(w, "https-only", "mirrors", id, "", "%s", no_tls);
	if (count == 1)
		warn(w, "one-mirror", "mirrors", id, "",
		     "no second mirror to use when this one fails");
}

/* Whether a release uses the mirror with this first URL. */
static int is_used(const struct warning *w, const char *url)
{
	size_t count;
	const struct release *const *all = catalog_releases(w->c, &count);

	for (size_t i = 0; i < count; i++)
		if (all[i]->mirrors[0].mirror != NULL &&
		    strcmp(all[i]->mirrors[0].mirror, url) == 0)
			return 1;
	return 0;
}

static void warn_unused(const struct warning *w, const char *id,
			const json_t *urls)
{
	const char *url = json_string_value(json_array_get(urls, 0));

	if (url != NULL && !is_used(w, url))
		warn(w, "unused", "mirrors", id, "",
		     "no distro names this mirror: is its id misspelt?");
}

static void warn_mirrors(const struct warning *w)
{
	json_t *mirrors = json_object_get(w->files->sections, "mirrors");
	const char *id;
	json_t *urls;

	json_object_foreach(mirrors, id, urls) {
		warn_mirror(w, id, urls);
		warn_unused(w, id, urls);
	}
}

/* The date in so many days, as YYYY-MM-DD. */
static void day_ahead(int days, char *out, size_t size)
{
	time_t then = time(NULL) + (time_t)days * 24 * 60 * 60;
	struct tm day;

	gmtime_r(&then, &day);
	strftime(out, size, "%Y-%m-%d", &day);
}

static void warn_eol(const struct warning *w, const struct release *release)
{
	char today[16];
	char soon[16];

	if (release->eol == NULL)
		return;
	day_ahead(0, today, sizeof(today));
	day_ahead(EOL_SOON_DAYS, soon, sizeof(soon));
	/* Dates in this form sort like text. */
	if (strcmp(release->eol, today) < 0)
		warn_version(w, "eol", release, "end of life was on %s",
			     release->eol);
	else if (strcmp(release->eol, soon) < 0)
		warn_version(w, "eol", release, "end of life is near: %s",
			     release->eol);
}

static void warn_chain(const struct warning *w, const char *id,
		       const char *below, json_t *chain)
{
	const char *key;
	json_t *value;

	json_object_foreach(chain, key, value) {
		const char *url = json_string_value(value);
		struct buf place = BUF_INIT;

		buf_printf(&place, "%s/%s", below, key);
		if (url != NULL && dialect_names_script(url))
			warn(w, "script", "distros", id, place.data,
			     "is a script by its name, which only iPXE can "
			     "run: write it as 'script', not in 'chain'");
		buf_free(&place);
	}
}

/* Every "chain" in the object, whatever the scope. */
static void warn_chains(const struct warning *w, const char *id,
			const char *below, json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		struct buf place = BUF_INIT;

		buf_printf(&place, "%s/%s", below, key);
		if (strcmp(key, "chain") == 0)
			warn_chain(w, id, place.data, value);
		else
			warn_chains(w, id, place.data, value);
		buf_free(&place);
	}
}

static void warn_distros(const struct warning *w)
{
	const char *id;
	json_t *distro;

	json_object_foreach(json_object_get(w->files->sections, "distros"), id,
			    distro)
		warn_chains(w, id, "", distro);
}

/* Whether a loader on BIOS starts the files by memdisk alone. */
static int needs_memdisk(const struct mirror_files *files)
{
	return files->kernel == NULL && files->memdisk != NULL;
}

/* Whether a release needs memdisk. */
static int has_images(const struct catalog *c)
{
	size_t count;
	const struct release *const *all = catalog_releases(c, &count);

	for (size_t i = 0; i < count; i++)
		if (needs_memdisk(&all[i]->mirrors[0]))
			return 1;
	return 0;
}

/* Warn of a release whose files are all https, but not because of its mirror or
 * of memdisk, which have warnings of their own. */
static void warn_https(const struct warning *w, const struct release *release)
{
	for (size_t i = 0; i < release->mirror_count; i++) {
		const struct mirror_files *files = &release->mirrors[i];

		if (!files->needs.https ||
		    (files->mirror != NULL && uri_is_https(files->mirror)) ||
		    (needs_memdisk(files) && uri_is_https(files->memdisk->url)))
			return;
	}
	warn_version(w, "https-only", release, "%s", no_tls);
}

/* Whether a base has a host name of the samples, or another one that is
 * reserved for examples (RFC 2606, 3). */
static int is_example(const char *base)
{
	regex_t example;
	int is_match;

	if (regcomp(&example,
		    "^https?://([^/]*\\.)?example\\.(com|net|org)[:/]",
		    REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0)
		return 0;
	is_match = regexec(&example, base, 0, NULL, 0) == 0;
	regfree(&example);
	return is_match;
}

static void warn_base(const struct warning *w)
{
	const char *base = catalog_settings(w->c)->base;
	struct uri uri;

	if (uri_parse(base, &uri) == NULL && is_example(base))
		warn(w, "example", "site", "base", "",
		     "'%.*s' is an example: write the name of your own web "
		     "server",
		     (int)uri.host_len, uri.host);
}

/* A loader that gets no pages has a warning of its own. */
static void warn_memdisk(const struct warning *w, const struct loader *l)
{
	const struct settings *settings = catalog_settings(w->c);
	const char *reason =
		loader_refuses_setting(l, settings, settings->memdisk);
	const char *key;

	if (reason != NULL && (l->dialect->starts & START_MEMDISK) &&
	    loader_refused_setting(l, settings, &key) == NULL &&
	    has_images(w->c))
		warn(w, "loader", "site", "memdisk", "",
		     "%s on BIOS starts no disk image, because this %s",
		     l->dialect->client, reason);
}

/* What a setting keeps from a loader. */
struct kept {
	const char *key;
	const char *reason; /* NULL: nothing */
};

static struct kept pages_kept(const struct warning *w, const struct loader *l)
{
	struct kept kept = { .key = NULL };

	kept.reason =
		loader_refused_setting(l, catalog_settings(w->c), &kept.key);
	return kept;
}

static struct kept picture_kept(const struct warning *w, const struct loader *l)
{
	const struct settings *settings = catalog_settings(w->c);
	struct kept kept = { .key = "background" };

	/* A name alone is that of a file beside the menu program. */
	if (settings->background != NULL &&
	    strchr(settings->background, '/') != NULL)
		kept.reason = loader_refuses_setting(l, settings,
						     settings->background);
	return kept;
}

/* Warn of what settings keep from the dialect's client, once where it is the
 * same on BIOS and on UEFI. */
static void warn_kept(const struct warning *w, const struct dialect *d,
		      struct kept (*kept_of)(const struct warning *,
					     const struct loader *),
		      const char *what)
{
	const struct loader bios = {
		d, { PLATFORM_BIOS, MACHINE_UNKNOWN }, NULL, NULL
	};
	const struct loader efi = {
		d, { PLATFORM_EFI, MACHINE_UNKNOWN }, NULL, NULL
	};
	const struct kept on_bios = kept_of(w, &bios);
	const struct kept on_efi = d->is_bios_only ? on_bios : kept_of(w, &efi);
	/* The reasons are static: the same one has the same address. */
	const int is_same = on_bios.reason == on_efi.reason;

	if (on_bios.reason != NULL)
		warn(w, "loader", "site", on_bios.key, "",
		     "%s%s %s, because this %s", d->client,
		     is_same ? "" : " on BIOS", what, on_bios.reason);
	if (on_efi.reason != NULL && !is_same)
		warn(w, "loader", "site", on_efi.key, "",
		     "%s on UEFI %s, because this %s", d->client, what,
		     on_efi.reason);
}

/* A release of which no mirror's files are for the loader.  A lack of TLS is
 * reported as "https-only".  That it starts no files of their kind is no
 * fault. */
static void warn_left_out(const struct warning *w, const struct loader *l,
			  const struct release *release)
{
	const char *reason = NULL;

	for (size_t i = 0; i < release->mirror_count; i++) {
		const struct mirror_files *files = &release->mirrors[i];
		const char *why = loader_unreachable(l, files);

		if (loader_method(l, release, files) != BOOT_NONE)
			return;
		if (why == NULL)
			why = loader_unwritable(l, files);
		if (why == NULL || files->needs.https ||
		    loader_refuses_kind(l, files) != NULL)
			return;
		if (reason == NULL)
			reason = why;
	}
	if (reason != NULL)
		warn_version(w, "loader", release, "left out for %s: it %s",
			     l->dialect->client, reason);
}

static void warn_loader(const struct warning *w, const struct dialect *d)
{
	size_t count;
	const struct release *const *all = catalog_releases(w->c, &count);
	struct loader loader = {
		.dialect = d,
		.machine = { PLATFORM_BIOS, MACHINE_UNKNOWN },
	};

	warn_kept(w, d, pages_kept, "gets no pages");
	warn_kept(w, d, picture_kept, "shows no picture");
	warn_memdisk(w, &loader);
	if (!d->is_bios_only)
		loader.machine.platform = MACHINE_UNKNOWN;
	for (size_t i = 0; i < count; i++)
		if (release_refusal(all[i], &loader.machine) == NULL)
			warn_left_out(w, &loader, all[i]);
}

static int has_password(const struct menu *menu,
			const struct password *password)
{
	for (size_t i = 0; i < menu->count; i++)
		if (menu->entries[i].password == password)
			return 1;
	return menu->password == password;
}

static int is_needed(const struct warning *w, const struct password *password)
{
	size_t count;
	const struct menu *menus = catalog_menus(w->c, &count);

	for (size_t i = 0; i < count; i++)
		if (has_password(&menus[i], password))
			return 1;
	return 0;
}

/* What needs the password is left out for a loader that cannot ask for it. */
static void warn_passwords(const struct warning *w, const struct dialect *d)
{
	const struct loader loader = { .dialect = d };
	size_t count;
	const struct password *all = catalog_passwords(w->c, &count);

	for (size_t i = 0; i < count; i++) {
		const char *reason = loader_refuses_password(&loader, &all[i]);

		if (reason != NULL && is_needed(w, &all[i]))
			warn(w, "loader", "passwords", all[i].id, "",
			     "each entry that has this password is left out "
			     "for %s: it %s",
			     d->client, reason);
	}
}

static void warn_idle_passwords(const struct warning *w)
{
	size_t count;
	const struct password *all = catalog_passwords(w->c, &count);

	for (size_t i = 0; i < count; i++)
		if (!is_needed(w, &all[i]))
			warn(w, "unused", "passwords", all[i].id, "",
			     "no menu and no entry has this password");
}

static int has_signer(const struct warning *w, const char *signer)
{
	size_t count;
	const struct release *const *all = catalog_releases(w->c, &count);

	for (size_t i = 0; i < count; i++)
		if (all[i]->signed_by != NULL &&
		    strcmp(all[i]->signed_by, signer) == 0)
			return 1;
	return 0;
}

/* The words of a shim that no release has.  id and below: where they stand. */
static void warn_signers(const struct warning *w, const char *id,
			 const char *below, const char **words)
{
	for (; *words != NULL; words++)
		if (!has_signer(w, *words))
			warn(w, "unused", "site", id, below,
			     "no release has the signed_by '%s'", *words);
}

static void warn_shim(const struct warning *w, const struct shim *shim)
{
	struct buf below = BUF_INIT;

	buf_printf(&below, "/%s", shim->name);
	if (shim->trusts[0] == NULL)
		warn(w, "unused", "site", "shims", below.data,
		     "this shim starts nothing: name whose kernels it starts, "
		     "as releases have it under signed_by");
	warn_signers(w, "shims", below.data, shim->trusts);
	buf_free(&below);
}

/* A release of the site's own whose signer no shim trusts, once for a signer
 * and a distro.  Those of shipped files are not for every site. */
static void warn_untrusted(const struct warning *w)
{
	size_t count;
	const struct release *const *all = catalog_releases(w->c, &count);
	const char *distro = "";
	const char *signer = "";

	for (size_t i = 0; i < count; i++) {
		struct buf id = BUF_INIT;
		const int is_known =
			all[i]->signed_by == NULL ||
			settings_trust_somewhere(catalog_settings(w->c),
						 all[i]->signed_by) ||
			(strcmp(all[i]->distro, distro) == 0 &&
			 strcmp(all[i]->signed_by, signer) == 0);

		buf_printf(&id, "%s/versions/%s", all[i]->distro,
			   all[i]->version);
		if (!is_known && !findings_is_shipped(include_file(
					 w->files, "distros", id.data))) {
			distro = all[i]->distro;
			signer = all[i]->signed_by;
			warn_version(w, "loader", all[i],
				     "no shim of the site trusts the signed_by "
				     "'%s': GRUB leaves this out where Secure "
				     "Boot is on",
				     signer);
		}
		buf_free(&id);
	}
}

/* A site's own lists; the default is for no catalogue in particular. */
static void warn_trusts(const struct warning *w)
{
	const json_t *site = include_section(w->files, "site");
	const struct settings *s = catalog_settings(w->c);
	const int has_list = json_object_get(site, "trusts") != NULL;

	if (has_list)
		warn_signers(w, "trusts", "", s->trusts);
	for (size_t i = 0; i < s->shim_count; i++)
		warn_shim(w, &s->shims[i]);
	if (has_list || s->shim_count > 0)
		warn_untrusted(w);
}

/* Menus are left out as their scripts are. */
static void warn_loaders(const struct warning *w)
{
	for (size_t i = 0; dialects[i] != NULL; i++)
		if (!dialect_is_for_people(dialects[i]) &&
		    dialects[i]->scripts == NULL) {
			warn_loader(w, dialects[i]);
			warn_passwords(w, dialects[i]);
		}
}

/* A value that a shipped file replaces, or brings back after null, as none does
 * where the site's own files come last. */
static void warn_replaced(const struct warning *w)
{
	size_t i;
	json_t *value;

	json_array_foreach(w->files->replaced, i, value) {
		const char *by = member(value, "by");
		const int is_null =
			json_is_true(json_object_get(value, "is_null"));
		struct buf instead = BUF_INIT;

		if (!findings_is_shipped(by))
			continue;
		add_later_name(w, member(value, "file"),
			       is_null ? "null" : "your own value", &instead);
		warn_file(w, value, "file-order", "%s is read later and %s: %s",
			  by,
			  is_null ? "brings back what null removes here"
				  : "replaces this",
			  instead.data);
		buf_free(&instead);
	}
}

void warnings_find(const struct catalog *c, const struct include *files,
		   const struct given *given, struct findings *f)
{
	const struct warning w = { c, files,         given,
				   f, json_object(), json_object() };
	size_t count;
	const struct menu *menus = catalog_menus(c, &count);
	const struct release *const *releases;

	warn_useless_nulls(&w);
	warn_replaced(&w);
	warn_merged(&w);
	warn_base(&w);
	warn_loaders(&w);
	warn_idle_passwords(&w);
	warn_trusts(&w);
	warn_distros(&w);
	warn_mirrors(&w);
	for (size_t i = 0; i < count; i++)
		warn_menu(&w, &menus[i]);
	add_shown(&w);
	warn_variants(&w);
	releases = catalog_releases(c, &count);
	for (size_t i = 0; i < count; i++) {
		warn_unshown(&w, releases[i]);
		warn_eol(&w, releases[i]);
		warn_https(&w, releases[i]);
	}
	json_decref(w.shown);
	json_decref(w.variants);
}
