#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "uri.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static const char bad_scheme[] =
	"does not begin with http:// or https://, in small letters";
static const char bad_host[] =
	"has a host name with a byte other than letters, digits, '.', '-', '_'";
static const char bad_port[] =
	"has a port that is not a decimal number from 1 to 65535";
static const char bad_path[] =
	"has a path with a byte other than letters, digits, '.', '_', '~', "
	"'/', '+', ':', '=', '@', '-'";
static const char bad_query[] =
	"has a query with a byte other than letters, digits, '.', '_', '~', "
	"'-', '=', '&'";
static const char no_path[] = "has no path: a '/' must follow the host name";
static const char no_host[] =
	"has no host name: write it as in http://mirror.example.org/";
static const char bad_ipv6[] =
	"has a wrong IPv6 address: write it as in http://[2001:db8::1]/";
static const char space[] = "has a space: remove it";
static const char no_break[] = "has a no-break space: remove it";
static const char no_ascii[] =
	"has a byte that is not printable ASCII: remove it";
static const char user[] = "has a user name or password: leave it out";

static void test_parts_of_good_urls(void **state)
{
	static const struct {
		const char *url;
		int is_https;
		const char *host;
		const char *path;
		const char *query;
	} rows[] = {
		{ "http://h/", 0, "h", "/", "" },
		{ "https://h/", 1, "h", "/", "" },
		{ "http://h:8080/a/b", 0, "h:8080", "/a/b", "" },
		{ "https://h:80/", 1, "h:80", "/", "" },
		{ "http://h:1/", 0, "h:1", "/", "" },
		{ "http://h:65535/", 0, "h:65535", "/", "" },
		{ "http://192.0.2.1/x", 0, "192.0.2.1", "/x", "" },
		{ "http://a-b_c.Example.org./x", 0, "a-b_c.Example.org.", "/x",
		  "" },
		{ "http://h/a?b=c&d=e", 0, "h", "/a", "b=c&d=e" },
		{ "http://h/?", 0, "h", "/", "" },
		{ "http://h/a~b+c:d=e@f/.-_", 0, "h", "/a~b+c:d=e@f/.-_", "" },
		{ "http://h//", 0, "h", "//", "" },
		{ "http://[2001:db8::1]/d/", 0, "[2001:db8::1]", "/d/", "" },
		{ "https://[::1]:8443/?a=b", 1, "[::1]:8443", "/", "a=b" },
		{ "http://[::ffff:192.0.2.1]/", 0, "[::ffff:192.0.2.1]", "/",
		  "" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct uri u;
		const char *reason = uri_parse(rows[i].url, &u);

		if (reason != NULL)
			fail_msg("%s: %s", rows[i].url, reason);
		if (u.is_https != rows[i].is_https ||
		    u.host_len != strlen(rows[i].host) ||
		    strncmp(u.host, rows[i].host, u.host_len) != 0 ||
		    u.path_len != strlen(rows[i].path) ||
		    strncmp(u.path, rows[i].path, u.path_len) != 0 ||
		    strcmp(u.query, rows[i].query) != 0)
			fail_msg("%s: https %d, host %.*s, path %.*s, "
				 "query %s",
				 rows[i].url, u.is_https, (int)u.host_len,
				 u.host, (int)u.path_len, u.path, u.query);
	}
}

static void test_bad_urls_say_why(void **state)
{
	static const struct {
		const char *url;
		const char *reason;
	} rows[] = {
		{ "", bad_scheme },
		{ "/boot/", bad_scheme },
		{ "//h/", bad_scheme },
		{ "h/", bad_scheme },
		{ "ftp://h/", bad_scheme },
		{ "HTTP://h/", bad_scheme },
		{ "http:/h/", bad_scheme },
		{ "httpss://h/", bad_scheme },
		{ " http://h/", space },
		{ "http://h/ ", space },
		{ "http://h/a b", space },
		{ "http://h/?a b", space },
		{ "http://h/\302\240", no_break },
		{ "\302\240http://h/", no_break },
		{ "http://h\t/", no_ascii },
		{ "http://", no_host },
		{ "http:///", no_host },
		{ "http://:80/", no_host },
		{ "http://?a=b", no_host },
		{ "http://[", bad_ipv6 },
		{ "http://[]/", bad_ipv6 },
		{ "http://[::1", bad_ipv6 },
		{ "http://[::1/]", bad_ipv6 },
		{ "http://[192.0.2.1]/", bad_ipv6 },
		{ "http://[::g]/", bad_ipv6 },
		{ "http://[fe80::1%eth0]/", bad_ipv6 },
		{ "http://[1111:2222:3333:4444:5555:6666:7777:8888:9999:0:0]/",
		  bad_ipv6 },
		{ "http://[::1]x/", bad_host },
		{ "http://[::1]:0/", bad_port },
		{ "http://h", no_path },
		{ "http://h:80", no_path },
		{ "http://h?a=b", no_path },
		{ "http://h#a", no_path },
		{ "http://me@h/", user },
		{ "http://me:word@h/", user },
		{ "http://me:wo/rd@h/", user },
		{ "http://me:80@h/", user },
		{ "http://@h/", user },
		{ "https://me:w@[::1]/", user },
		{ "http://me:wo rd@h/", user },
		{ "http://h e/", space },
		{ "http://h%41/", bad_host },
		{ "http://h\\b/", bad_host },
		{ "http://h$/", bad_host },
		{ "http://h\303\266/", no_ascii },
		{ "http://h:/", bad_port },
		{ "http://h:0/", bad_port },
		{ "http://h:00/", bad_port },
		{ "http://h:080/", bad_port },
		{ "http://h:0x50/", bad_port },
		{ "http://h:65536/", bad_port },
		{ "http://h:99999/", bad_port },
		{ "http://h:655350/", bad_port },
		{ "http://h:4294967376/", bad_port },
		{ "http://h:+80/", bad_port },
		{ "http://h:-1/", bad_port },
		{ "http://h:80:80/", bad_port },
		{ "http://h: 80/", space },
		{ "http://2001:db8::1/", bad_ipv6 },
		{ "http://::1/", bad_ipv6 },
		{ "http://2001:db8::1:8080/d/", bad_ipv6 },
		{ "http://h:80a/", bad_port },
		{ "http://h:", bad_port },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct uri u = { .name_len = 12345 };
		const char *reason = uri_parse(rows[i].url, &u);

		if (reason == NULL || strcmp(reason, rows[i].reason) != 0)
			fail_msg("%s: %s", rows[i].url,
				 reason != NULL ? reason : "taken");
		if (u.name_len != 12345 || u.host != NULL)
			fail_msg("%s: the result was touched", rows[i].url);
	}
}

/* Every byte, in the path and in the query. */
static void test_only_harmless_bytes_pass(void **state)
{
	static const char harmless[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._~-";

	(void)state;
	for (int c = 1; c < 256; c++) {
		char path[] = "http://h/a_b";
		char query[] = "http://h/?a_b";
		const char *in_path = NULL;
		const char *in_query = NULL;
		struct uri u;
		const char *reason;

		path[10] = (char)c;
		query[11] = (char)c;
		if (strchr(harmless, c) == NULL) {
			if (strchr("/+:=@?", c) == NULL)
				in_path = bad_path;
			if (strchr("=&", c) == NULL)
				in_query = bad_query;
		}
		if (c < ' ' || c > '~')
			in_path = in_query = no_ascii;
		if (c == ' ')
			in_path = in_query = space;
		reason = uri_parse(path, &u);
		if (reason != in_path)
			if (reason == NULL || in_path == NULL ||
			    strcmp(reason, in_path) != 0)
				fail_msg("0x%02x in the path: %s", (unsigned)c,
					 reason != NULL ? reason : "taken");
		reason = uri_parse(query, &u);
		if (reason != in_query)
			if (reason == NULL || in_query == NULL ||
			    strcmp(reason, in_query) != 0)
				fail_msg("0x%02x in the query: %s", (unsigned)c,
					 reason != NULL ? reason : "taken");
	}
}

static void test_url_of_1000_bytes_is_the_longest(void **state)
{
	char url[1002];
	struct uri u;

	(void)state;
	memset(url, 'a', sizeof(url));
	memcpy(url, "http://h/", 9);
	url[1000] = '\0';
	assert_int_equal(strlen(url), URI_MAX);
	assert_null(uri_parse(url, &u));
	url[1000] = 'a';
	url[1001] = '\0';
	assert_string_equal(uri_parse(url, &u),
			    "is longer than 1000 bytes: shorten it");
}

static void test_decoding_happens_once(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
		{ "", "" },
		{ "abc", "abc" },
		{ "%41", "A" },
		{ "a%2Db%2d", "a-b-" },
		{ "%2541", "%41" },
		{ "%25", "%" },
		{ "+", "+" },
		{ "%ff", "\377" },
		{ "%00", NULL },
		{ "a%00b", NULL },
		{ "%", NULL },
		{ "a%", NULL },
		{ "%4", NULL },
		{ "%4g", NULL },
		{ "%g4", NULL },
		{ "%%41", NULL },
		{ "% 41", NULL },
		{ "%+4", NULL },
		{ "%-1", NULL },
		{ "%0x", NULL },
		{ "%c0%ae", "\300\256" },
		{ "%01", "\001" },
		{ "%10", "\020" },
		{ "%7F", "\177" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf out = BUF_INIT;
		const char *expected = rows[i].expected;
		int rc;

		buf_puts(&out, "<");
		rc = uri_decode(&out, rows[i].text, strlen(rows[i].text));
		if (expected == NULL
			    ? rc != -1 || out.len != 1
			    : rc != 0 || strcmp(out.data + 1, expected) != 0)
			fail_msg("'%s': %d, '%s'", rows[i].text, rc, out.data);
		buf_free(&out);
	}
}

static void test_decoding_stays_within_its_length(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	assert_int_equal(uri_decode(&out, "a%41", 3), -1);
	assert_int_equal(uri_decode(&out, "a%41", 2), -1);
	assert_int_equal(uri_decode(&out, "a%41", 1), 0);
	assert_string_equal(out.data, "a");
	buf_free(&out);
}

static void test_parameters_are_joined_by_their_marks(void **state)
{
	struct buf url = BUF_INIT;

	(void)state;
	buf_puts(&url, "http://h/menu.php");
	uri_add_param(&url, "name", "main");
	assert_string_equal(url.data, "http://h/menu.php?name=main");
	uri_add_param(&url, "arch", "amd64");
	uri_add_param(&url, "x", "");
	assert_string_equal(url.data, "http://h/menu.php?name=main&arch=amd64"
				      "&x=");
	buf_free(&url);
}

static void test_value_characters_are_letters_digits_and_four_more(void **state)
{
	(void)state;
	for (int c = -128; c < 256; c++) {
		int expected = (c >= 'a' && c <= 'z') ||
			       (c >= 'A' && c <= 'Z') ||
			       (c >= '0' && c <= '9') || c == '.' || c == '_' ||
			       c == '~' || c == '-';

		if (uri_is_value_char((char)c) != expected)
			fail_msg("byte %d", c);
	}
}

static void test_https_is_told_of_urls_alone(void **state)
{
	(void)state;
	assert_true(uri_is_https("https://h/"));
	assert_true(uri_is_https("https://h:80/a?b=c"));
	assert_false(uri_is_https("http://h:443/"));
	assert_false(uri_is_https("https://h"));
	assert_false(uri_is_https("ftp://h/"));
	assert_false(uri_is_https(""));
}

static void test_needs_are_those_of_all_urls(void **state)
{
	static const struct {
		const char *urls[2];
		struct uri_needs needs;
	} rows[] = {
		{ { "http://h/", "http://h:80/ab" }, { .length = 14 } },
		{ { "http://h/", "https://h/" }, { .https = 1, .length = 10 } },
		{ { "http://h:8080/", "http://h/" }, { .length = 14 } },
		{ { "http://[::1]/", "http://h/" },
		  { .ipv6 = 1, .length = 13 } },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct uri_needs needs = { .length = 0 };

		for (size_t j = 0; j < 2; j++) {
			struct uri uri;

			assert_null(uri_parse(rows[i].urls[j], &uri));
			uri_add_needs(&needs, &uri);
		}
		if (needs.https != rows[i].needs.https ||
		    needs.ipv6 != rows[i].needs.ipv6 ||
		    needs.length != rows[i].needs.length)
			fail_msg("row %zu", i);
	}
}

static void test_hosts_are_compared_without_their_ports(void **state)
{
	static const struct {
		const char *a, *b;
		int is_same;
	} rows[] = {
		{ "http://h/", "http://h:8080/x", 1 },
		{ "http://h/", "http://hh/", 0 },
		{ "http://hh/", "http://h/", 0 },
		{ "http://[::1]/", "http://[::1]:81/", 1 },
		{ "http://[::1]/", "http://[::2]/", 0 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct uri a, b;

		assert_null(uri_parse(rows[i].a, &a));
		assert_null(uri_parse(rows[i].b, &b));
		if (uri_has_host(&a, &b) != rows[i].is_same)
			fail_msg("row %zu", i);
	}
}

static void test_user_is_found_in_any_text(void **state)
{
	static const struct {
		const char *text;
		int has_user;
	} rows[] = {
		{ "", 0 },
		{ "me@h", 0 },
		{ "http://h/me@h b@c", 0 },
		{ "http://h:80/a@b", 0 },
		{ "http://h/ b://me:w@h", 1 },
		{ "a http://me@h b", 1 },
		{ "me:w@h", 1 },
		{ "a: me@h", 0 },
		{ "x=ftp://me:\"w<o/rd@h/", 1 },
		{ "http://me:w ord@h/", 1 },
		{ "http://me:w/o rd@h/", 1 },
		{ "http://h:80 me@h", 0 },
		{ "http://h:80/a me@h", 0 },
		{ "http://[2001:db8::1] me@h", 0 },
		{ "http://h me@h: b", 0 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		if (uri_has_user(rows[i].text) != rows[i].has_user)
			fail_msg("'%s'", rows[i].text);
}

static void test_secrets_of_urls_are_not_shown(void **state)
{
	static const struct {
		const char *text;
		const char *shown;
	} rows[] = {
		{ "", "" },
		{ "no URL, a?b=c me@h", "no URL, a?b=c me@h" },
		{ "http://h/a", "http://h/a" },
		{ "http://h/a?b=c d", "http://h/a?... d" },
		{ "http://me:word@h/a", "http://...@h/a" },
		{ "x=http://me:word@h/a?t=1 y", "x=http://...@h/a?... y" },
		{ "'ftp://me@h/' \"http://h?a\"",
		  "'ftp://...@h/' \"http://h?...\"" },
		{ "(http,h)/a?t=1", "(http,h)/a?..." },
		{ "http://me:a@b@h/", "http://...@h/" },
		{ "x=http://me:wo rd@h/ y@z", "x=http://...@h/ y@z" },
		{ "http://me:w/o r d@h/a?t=1", "http://...@h/a?..." },
		{ "http://h:80 y@z", "http://h:80 y@z" },
		{ "http://h:x y\nme@h", "http://h:x y\nme@h" },
		{ "http://h/a@b", "http://h/a@b" },
		{ "http://h/?", "http://h/?..." },
		{ "<a href=\"http://h/a?t=1\">http://h/a?t=1</a>",
		  "<a href=\"http://h/a?...\">http://h/a?...</a>" },
		{ "\"x=\\\"http://h/a?t=1\\\"\"",
		  "\"x=\\\"http://h/a?...\\\"\"" },
		{ "http://h/a,http://me:w@h/b", "http://h/a,http://...@h/b" },
		{ "http://me:w/o@h/a?t=1", "http://...@h/a?..." },
		{ "http://me:w?o@h/a", "http://...@h/a" },
		{ "'http://me:w'o@h/?t=a'b'.", "'http://...@h/?...'." },
		{ "http://h/?u=http://h/a,b c", "http://h/?... c" },
		{ "\"http://h/?t=a\\\\\", \"b\"", "\"http://h/?...\", \"b\"" },
		{ "x=http://h/?t=\"a\" b", "x=http://h/?...\" b" },
		{ "'http://h/?t=\"a\"'", "'http://h/?...\"'" },
		{ "\"http://h/?t=\\\"a\\\"\"", "\"http://h/?...\\\"\"" },
		{ "http://me:\"w\"@h/", "http://...@h/" },
		{ "http:/me:w@h/", "...@h/" },
		{ "me:w@h/a?t=1", "...@h/a?..." },
		{ "x/a?t=1", "x/a?..." },
		{ "a.png?t=1 What? boot?a=b", "a.png?... What? boot?a=b" },
		{ "did you mean 'menu.ipxe'?", "did you mean 'menu.ipxe'?" },
		{ "http://h/?t=1: x", "http://h/?...: x" },
		{ "http://h/a#t=1 b#c /a#d", "http://h/a#... b#c /a#d" },
		{ "http://me:w#o@h/a#b", "http://...@h/a#..." },
		{ "/me:w@h/a: x", "/...@h/a: x" },
		{ "//me:w@h/a?t=1", "//...@h/a?..." },
		{ "/site/http:\\\\me:w@h\\x: y", "/site/...@h\\x: y" },
		{ "echo 'http://me:a'\\''w@h/' 'b'",
		  "echo 'http://...@h/' 'b'" },
		{ "\"echo 'http://me:a'\\\\''w@h/' 'b'\"",
		  "\"echo 'http://...@h/' 'b'\"" },
		{ "netroot=iscsi:me:w@192.0.2.1::3260",
		  "netroot=...@192.0.2.1::3260" },
		{ "/mirrors/http:~1~1me:w@h~1/0: x",
		  "/mirrors/http:~1~1...@h~1/0: x" },
		{ "http://[2001:db8::1]/a:b@c", "http://[2001:db8::1]/a:b@c" },
		{ "http://boot/menu?a=b&c=d e", "http://boot/menu?a=b&c=d e" },
		{ "http://boot/menus?a=b", "http://boot/menus?..." },
		{ "(http,boot)/menu?a=b", "(http,boot)/menu?a=b" },
		{ "x?\n'http://boot/menu?a=b'", "x?\n'http://boot/menu?a=b'" },
		{ "'http://me:a'\\''w@h/' 'b'", "'http://...@h/' 'b'" },
	};
	static const char *const known[] = {
		"http://boot/menu?",
		"(http,boot)/menu?",
		NULL,
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf out = BUF_INIT;

		uri_add_shown(&out, rows[i].text, known);
		if (strcmp(buf_text(&out), rows[i].shown) != 0)
			fail_msg("'%s': '%s'", rows[i].text, buf_text(&out));
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts_of_good_urls),
		cmocka_unit_test(test_bad_urls_say_why),
		cmocka_unit_test(test_only_harmless_bytes_pass),
		cmocka_unit_test(test_url_of_1000_bytes_is_the_longest),
		cmocka_unit_test(test_decoding_happens_once),
		cmocka_unit_test(test_decoding_stays_within_its_length),
		cmocka_unit_test(test_parameters_are_joined_by_their_marks),
		cmocka_unit_test(
			test_value_characters_are_letters_digits_and_four_more),
		cmocka_unit_test(test_https_is_told_of_urls_alone),
		cmocka_unit_test(test_needs_are_those_of_all_urls),
		cmocka_unit_test(test_hosts_are_compared_without_their_ports),
		cmocka_unit_test(test_user_is_found_in_any_text),
		cmocka_unit_test(test_secrets_of_urls_are_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
