#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "loaded.h"
#include "packed.h"

#define MIRRORS "'mirrors': {'m': ['http://a/', 'http://b.example/debian/']}"

/* The catalogue with these distros, as a worker has it. */
static struct catalog *load_packed(const char *distros)
{
	struct stamps *stamps = stamps_new();
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct catalog *c;

	buf_printf(&text, "{" SITE ", " MENUS ", " MIRRORS ", 'distros': {%s}}",
		   distros);
	put_json("catalog.json", text.data);
	c = catalog_load("catalog.json", NULL, stamps, &err);
	if (c == NULL)
		fail_msg("%s", err.text);
	stamps_free(stamps);
	buf_free(&text);
	return c;
}

#define FULL                                                                   \
	"'title': '{{version}}', 'mirror': 'm', 'name': 'n{{version}}',"       \
	" 'distro_arch': 'x{{arch}}',"                                         \
	" 'root': '{{mirror}}{{name}}/{{distro_arch}}/',"                      \
	" 'kernel': '{{root}}{{arch}}/linux', 'shim': '{{mirror}}shim',"       \
	" 'initrds': ['{{root}}a', {'file': '{{base}}b', 'name': '/b'}],"      \
	" 'pxelinux': {'loader': '{{root}}p', 'config': 'c.{{arch}}'},"        \
	" 'args': 'v={{version}} h={{mirror_host}} p={{mirror_path}}',"        \
	" 'answer_args': 'url={{answers}} {{distro_arch}}',"                   \
	" 'chain': {'efi': '{{root}}efi'}, 'script': '{{root}}s.ipxe',"        \
	" 'image': {'bios': '{{root}}i.iso'},"                                 \
	" 'sums': {'lists': ['{{root}}S', '{{file}}.sum'],"                    \
	"  'signature': '{{root}}S.sig', 'keyring': '/k'},"                    \
	" 'variants': {'v': {'title': 'V', 'args': 'a={{arch}}'}},"            \
	" 'versions': {'7': {'arches': ['amd64', 'i386']},"                    \
	"  '8': {'arches': ['amd64']}, '10': {'arches': ['amd64']}}"

/* What one text is of a release of FULL: $M, $H, $P are the mirror's URL, host
 * and path, $V the version and $A the architecture. */
static void check_filled(const char *text, const char *pattern,
			 const struct release *r, const char *mirror)
{
	struct buf wanted = BUF_INIT;

	for (const char *s = pattern; *s != '\0'; s++) {
		if (*s != '$') {
			buf_putc(&wanted, *s);
			continue;
		}
		s++;
		buf_puts(&wanted,
			 *s == 'M'   ? mirror
			 : *s == 'V' ? r->version
			 : *s == 'A' ? machine_arch_name((int)r->arch)
			 : *s == 'H' ? (mirror[7] == 'a' ? "a" : "b.example")
				     : (mirror[7] == 'a' ? "/" : "/debian/"));
	}
	check_text(pattern, text, buf_text(&wanted));
	buf_free(&wanted);
}

static void check_opened(const struct release *r, const struct mirror_files *s,
			 const char *mirror)
{
#define ROOT "$Mn$V/x$A/"
	const struct {
		const char *text;
		const char *pattern;
	} rows[] = {
		{ s->mirror, "$M" },
		{ s->pathprefix, ROOT },
		{ s->loader, ROOT "p" },
		{ s->configfile, "c.$A" },
		{ s->kernel, ROOT "$A/linux" },
		{ s->shim, "$Mshim" },
		{ s->initrds[0].url, ROOT "a" },
		{ s->initrds[1].url, "http://boot.example.org/boot/b" },
		{ s->initrds[1].path, "/b" },
		{ s->args, "v=$V h=$H p=$P" },
		{ s->own_args, "v=$V h=$H p=$P" },
		{ s->answer_args, "url={{answers}} x$A" },
		{ s->chain[PLATFORM_EFI], ROOT "efi" },
		{ s->script[PLATFORM_BIOS], ROOT "s.ipxe" },
		{ s->script[PLATFORM_EFI], ROOT "s.ipxe" },
		{ s->image[PLATFORM_BIOS], ROOT "i.iso" },
		{ s->memdisk->initrds[0].url, ROOT "i.iso" },
		{ s->memdisk->args, "iso raw" },
		{ s->sums[0].urls[0], ROOT "S" },
		{ s->sums[0].urls[1], ROOT "$A/linux.sum" },
		{ s->sums[1].urls[1], ROOT "a.sum" },
		{ s->sums[2].urls[1], "http://boot.example.org/boot/b.sum" },
		{ s->sums[1].signature, ROOT "S.sig" },
		{ s->sums[2].keyring, "/k" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		check_filled(rows[i].text, rows[i].pattern, r, mirror);
	assert_int_equal(s->initrd_count, 2);
	assert_int_equal(s->memdisk->initrd_count, 1);
}

static void test_opened_texts_are_those_of_mirror_and_release(void **state)
{
	static const struct {
		const char *version, *arch;
	} rows[] = {
		{ "7", "amd64" },
		{ "7", "i386" },
		{ "8", "amd64" },
		{ "10", "amd64" },
	};
	struct catalog *c = load_packed("'d': {" FULL "}, 'e': {" FULL "}");

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		for (const char *id = "d"; *id != 'f';
		     id = *id == 'd' ? "e" : "f") {
			const struct release *r = catalog_release(
				c, id, rows[i].version, rows[i].arch, NULL);
			const struct release *v = catalog_release(
				c, id, rows[i].version, rows[i].arch, "v");
			struct mem_pool pool = MEM_POOL_INIT;
			const struct mirror_files *s = packed_open(r, &pool);

			check_opened(r, &s[0], "http://a/");
			check_opened(r, &s[1], "http://b.example/debian/");
			s = packed_open(v, &pool);
			check_filled(s[1].args, "v=$V h=$H p=$P a=$A", v,
				     "http://b.example/debian/");
			assert_null(s[1].memdisk);
			mem_pool_free(&pool);
		}
	catalog_free(c);
}

static void test_equal_files_are_kept_once(void **state)
{
	struct catalog *c = load_packed("'d': {" FULL "}, 'e': {" FULL "}");
	const struct release *one = catalog_release(c, "d", "7", "amd64", NULL);
	const struct release *same =
		catalog_release(c, "e", "8", "amd64", NULL);
	const struct release *longer =
		catalog_release(c, "d", "10", "amd64", NULL);

	(void)state;
	assert_ptr_equal(one->mirrors, same->mirrors);
	/* A loader may be refused by the length of a URL. */
	assert_ptr_not_equal(one->mirrors, longer->mirrors);
	assert_int_equal(longer->mirrors[0].needs.length,
			 one->mirrors[0].needs.length + 1);
	assert_ptr_equal(one->mirrors[1].kernel, longer->mirrors[0].kernel);
	assert_ptr_equal(one->mirrors[0].initrds, longer->mirrors[1].initrds);
	assert_ptr_equal(one->mirrors[0].sums, longer->mirrors[1].sums);
	catalog_free(c);
}

static void test_whole_texts_stay_as_they_are(void **state)
{
	struct catalog *c = load_packed("'d': {" FULL "}");
	struct mem_pool pool = MEM_POOL_INIT;
	const struct release *r;
	const struct mirror_files *again;

	(void)state;
	catalog_unpack(c);
	r = catalog_release(c, "d", "7", "amd64", NULL);
	assert_string_equal(r->mirrors[1].kernel,
			    "http://b.example/debian/n7/xamd64/amd64/linux");
	again = packed_open(r, &pool);
	assert_ptr_equal(again[1].kernel, r->mirrors[1].kernel);
	assert_ptr_equal(again[1].initrds[0].url, r->mirrors[1].initrds[0].url);
	mem_pool_free(&pool);
	catalog_free(c);
}

/* Other tags than variables, and a pattern in which all is from a variable. */
static void test_patterns_with_sections_are_packed_too(void **state)
{
	struct catalog *c = load_packed(
		"'d': {'title': 'T', 'mirror': 'm',"
		" 'kernel': '{{#arch}}{{{mirror}}}{{& version }}{{/arch}}"
		"{{^arch}}x{{/arch}}', 'args': '{{mirror}}',"
		" 'versions': {'7': {'arches': ['amd64']},"
		"  '8': {'arches': ['i386']}}}");
	const struct release *one = catalog_release(c, "d", "7", "amd64", NULL);
	const struct release *two = catalog_release(c, "d", "8", "i386", NULL);
	struct mem_pool pool = MEM_POOL_INIT;

	(void)state;
	assert_ptr_equal(one->mirrors, two->mirrors);
	assert_string_equal(packed_open(one, &pool)[1].kernel,
			    "http://b.example/debian/7");
	assert_string_equal(packed_open(two, &pool)[0].kernel, "http://a/8");
	assert_string_equal(packed_open(two, &pool)[0].args, "http://a/");
	mem_pool_free(&pool);
	catalog_free(c);
}

/* What differs from the pattern's text by chance must not follow the next
 * release: a text that says "7" by itself goes on to say it. */
static void test_text_like_a_value_is_no_variable(void **state)
{
	struct catalog *c = load_packed(
		"'d': {'title': 'T', 'mirror': 'm', 'kernel': '{{mirror}}7/7',"
		" 'versions': {'7': {'arches': ['amd64']},"
		"  '8': {'arches': ['amd64']}}}");
	struct mem_pool pool = MEM_POOL_INIT;

	(void)state;
	for (const char *v = "7"; v != NULL; v = *v == '7' ? "8" : NULL)
		assert_string_equal(
			packed_open(catalog_release(c, "d", v, "amd64", NULL),
				    &pool)[0]
				.kernel,
			"http://a/7/7");
	mem_pool_free(&pool);
	catalog_free(c);
}

/* A distro whose text is refused with that byte at its "%s". */
static void check_refused(const char *place, const char *byte)
{
	const char *mark = strstr(place, "%s");
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;

	buf_puts(&text,
		 "{" SITE ", " MENUS ", " MIRRORS ", 'distros': {'d': {");
	if (strstr(place, "'title'") != place)
		buf_puts(&text, "'title': 'T',");
	if (strstr(place, "'kernel'") != place)
		buf_puts(&text, "'kernel': 'http://h/l',");
	if (strstr(place, "'versions'") != place)
		buf_puts(&text, "'versions': {'1': {'arches': ['amd64']}},");
	buf_add(&text, place, (size_t)(mark - place));
	buf_printf(&text, "%s%s}}}", byte, mark + 2);
	assert_null(load_parts(text.data, "", &err));
	if (strstr(err.text, "/distros/d") == NULL)
		fail_msg("%s: %s", place, err.text);
	buf_free(&text);
}

/* A catalogue that has a byte of packed texts anywhere is refused. */
static void test_catalogue_has_no_byte_of_packed_texts(void **state)
{
	static const char *const places[] = {
		"'title': 'T%s'",
		"'name': '%s'",
		"'distro_arch': '%s'",
		"'mirror': 'm%s'",
		"'root': 'http://h/%s/'",
		"'kernel': 'http://h/%s'",
		"'shim': 'http://h/%s'",
		"'args': 'a%s'",
		"'script': 'http://h/%s'",
		"'initrds': ['http://h/%s']",
		"'initrds': [{'file': 'http://h/%s', 'name': '/a'}]",
		"'initrds': [{'file': 'http://h/a', 'name': '/%s'}]",
		"'multiboot': ['http://h/%s']",
		"'multiboot': [{'file': 'http://h/a', 'args': 'a%s'}]",
		"'chain': {'efi': 'http://h/%s'}",
		"'image': {'bios': 'http://h/%s'}",
		"'answer_args': '{{answers}}%s'",
		"'signed_by': 'a%s'",
		"'root': 'http://h/', 'pxelinux':"
		" {'loader': 'http://h/%s', 'config': 'c'}",
		"'root': 'http://h/', 'pxelinux':"
		" {'loader': 'http://h/p', 'config': '%s'}",
		"'variants': {'v': {'title': 'V', 'args': 'a%s'}}",
		"'sums': {'lists': ['http://h/%s'], 'keyring': '/k'}",
		"'sums': {'lists': ['http://h/a'], 'signature': 'http://h/%s',"
		" 'keyring': '/k'}",
		"'sums': {'lists': ['http://h/a'], 'keyring': '/k%s'}",
		"'versions': {'1%s': {'arches': ['amd64']}}",
	};
	static const char *const bytes[] = { "\\u0001", "\\u0002", "\\u0003",
					     "\\u0004" };

	(void)state;
	for (size_t i = 0; i < LENGTH(places) * LENGTH(bytes); i++)
		check_refused(places[i / LENGTH(bytes)],
			      bytes[i % LENGTH(bytes)]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_opened_texts_are_those_of_mirror_and_release),
		SCRATCH_TEST(test_equal_files_are_kept_once),
		SCRATCH_TEST(test_whole_texts_stay_as_they_are),
		SCRATCH_TEST(test_patterns_with_sections_are_packed_too),
		SCRATCH_TEST(test_text_like_a_value_is_no_variable),
		SCRATCH_TEST(test_catalogue_has_no_byte_of_packed_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
