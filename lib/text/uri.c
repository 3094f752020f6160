#include "uri.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
}

static int is_path_char(char c)
{
	return uri_is_value_char(c) || c == '/' || c == '+' || c == ':' ||
	       c == '=' || c == '@';
}

/* Whether a port is at s, up to end.  Loaders read a leading zero as octal
 * (strtoul with base 0). */
static int is_port(const char *s, const char *end)
{
	unsigned port = 0;

	if (s == end || *s == '0' || end - s > 5)
		return 0;
	for (; s < end; s++) {
		if (!is_digit(*s))
			return 0;
		port = port * 10 + (unsigned)(*s - '0');
	}
	return port <= 65535;
}

/* The end of the IPv6 address in brackets at s; NULL if it is none. */
static const char *parse_ipv6(const char *s)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	size_t len = strcspn(s + 1, "]/");

	if (s[1 + len] != ']' || len >= sizeof(text))
		return NULL;
	memcpy(text, s + 1, len);
	text[len] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1 ? s + len + 2 : NULL;
}

/* The end of the host's name or address; NULL if there is none. */
static const char *parse_name(struct uri *u)
{
	const char *s = u->host;

	if (*s == '[') {
		u->is_ipv6 = 1;
		return parse_ipv6(s);
	}
	while (is_alnum(*s) || *s == '.' || *s == '-' || *s == '_')
		s++;
	return s != u->host ? s : NULL;
}

/* Where the host follows user information, from host to end; NULL if there is
 * no user information. */
static const char *user_end(const char *host, const char *end)
{
	const char *authority = host;
	const char *name = host;
	const char *at = NULL;

	if (memchr(host, '@', (size_t)(end - host)) == NULL)
		return NULL;
	while (authority < end && *authority != '/' && *authority != '?' &&
	       *authority != '#')
		authority++;
	while (name < authority && *name != ':')
		name++;
	/* A '/' in the password ends what looks like a host and a port. */
	if (host[0] != '[' && name < authority && !is_port(name + 1, authority))
		authority = end;
	for (const char *s = host; s < authority; s++)
		if (*s == '@')
			at = s;
	return at != NULL ? at + 1 : NULL;
}

/* Whether what stands between s and end is an IPv6 address without brackets. */
static int is_bare_ipv6(const char *s, const char *end)
{
	const char *colon = memchr(s, ':', (size_t)(end - s));

	return colon != NULL &&
	       memchr(colon + 1, ':', (size_t)(end - colon - 1)) != NULL &&
	       strspn(s, "0123456789abcdefABCDEF:.") >= (size_t)(end - s);
}

static const char has_user[] = "has a user name or password: leave it out";
static const char wrong_ipv6[] =
	"has a wrong IPv6 address: write it as in http://[2001:db8::1]/";

/* host[:port] at u->host, up to the path. */
static const char *parse_host(struct uri *u)
{
	const char *end = u->host + strcspn(u->host, "/?#");
	const char *s;

	if (user_end(u->host, u->host + strlen(u->host)) != NULL)
		return has_user;
	if (is_bare_ipv6(u->host, end))
		return wrong_ipv6;
	s = parse_name(u);
	if (s == NULL)
		return u->is_ipv6 ? wrong_ipv6
				  : "has no host name: write it as in "
				    "http://mirror.example.org/";
	u->name_len = (size_t)(s - u->host);
	if (*s == ':') {
		if (!is_port(s + 1, end))
			return "has a port that is not a decimal number from "
			       "1 to 65535";
	} else if (s != end) {
		return "has a host name with a byte other than letters, "
		       "digits, '.', '-', '_'";
	}
	u->host_len = (size_t)(end - u->host);
	return NULL;
}

static const char *check_query(const char *s)
{
	for (; *s != '\0'; s++)
		if (!uri_is_value_char(*s) && *s != '=' && *s != '&')
			return "has a query with a byte other than letters, "
			       "digits, '.', '_', '~', '-', '=', '&'";
	return NULL;
}

/* Bytes that no URL has, and people paste. */
static const char *check_bytes(const char *s)
{
	if (strstr(s, "\xc2\xa0") != NULL)
		return "has a no-break space: remove it";
	for (; *s != '\0'; s++) {
		if (*s == ' ')
			return "has a space: remove it";
		if (*s < ' ' || *s > '~')
			return "has a byte that is not printable ASCII: remove "
			       "it";
	}
	return NULL;
}

static const char *parse(const char *s, struct uri *out)
{
	struct uri u = { .query = "" };
	const char *reason;
	const char *end;

	if (strlen(s) > URI_MAX)
		return "is longer than 1000 bytes: shorten it";
	if (strncmp(s, "https://", 8) == 0) {
		u.is_https = 1;
		u.host = s + 8;
	} else if (strncmp(s, "http://", 7) == 0) {
		u.host = s + 7;
	} else {
		return "does not begin with http:// or https://, in small "
		       "letters";
	}
	reason = parse_host(&u);
	if (reason != NULL)
		return reason;
	u.path = u.host + u.host_len;
	if (*u.path != '/')
		return "has no path: a '/' must follow the host name";
	end = u.path;
	while (is_path_char(*end))
		end++;
	u.path_len = (size_t)(end - u.path);
	if (*end == '?') {
		u.query = end + 1;
		reason = check_query(u.query);
		if (reason != NULL)
			return reason;
	} else if (*end != '\0') {
		return "has a path with a byte other than letters, digits, "
		       "'.', '_', '~', '/', '+', ':', '=', '@', '-'";
	}
	*out = u;
	return NULL;
}

const char *uri_parse(const char *s, struct uri *out)
{
	const char *reason = parse(s, out);
	const char *pasted = reason != NULL ? check_bytes(s) : NULL;

	return pasted != NULL && reason != has_user ? pasted : reason;
}

void uri_add_needs(struct uri_needs *needs, const struct uri *u)
{
	const size_t scheme = strlen(u->is_https ? "https://" : "http://");
	const size_t len = scheme + strlen(u->host);

	needs->https |= u->is_https != 0;
	needs->ipv6 |= u->is_ipv6 != 0;
	if (len > needs->length)
		needs->length = (uint16_t)len;
}

int uri_is_https(const char *s)
{
	struct uri u;

	return uri_parse(s, &u) == NULL && u.is_https;
}

int uri_has_host(const struct uri *u, const struct uri *other)
{
	return u->name_len == other->name_len &&
	       memcmp(u->host, other->host, u->name_len) == 0;
}

int uri_hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int uri_decode(struct buf *out, const char *s, size_t len)
{
	size_t before = out->len;

	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if (c == '%') {
			int high = len - i > 2 ? uri_hex_digit(s[i + 1]) : -1;
			int low = len - i > 2 ? uri_hex_digit(s[i + 2]) : -1;

			if (high < 0 || low < 0 || high + low == 0) {
				buf_truncate(out, before);
				return -1;
			}
			c = (char)(high * 16 + low);
			i += 2;
		}
		buf_putc(out, c);
	}
	return 0;
}

/* The host of the first URL from s to end, as any scheme, a JSON Pointer or
 * GRUB writes it; NULL if there is none. */
static const char *find_host(const char *s, const char *end)
{
	static const char *const before[] = { "://", ":~1~1", "(http," };

	for (; s < end; s++)
		for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
			size_t len = strlen(before[i]);

			if ((size_t)(end - s) >= len &&
			    memcmp(s, before[i], len) == 0)
				return s + len;
		}
	return NULL;
}

/* Whether the quote at s ends what may be a URL, which begins at word.  next:
 * the byte behind it. */
static int is_end_quote(const char *word, const char *s, char next)
{
	if (next == '\0' || strchr(" \t\n\"<>',.:;)]}", next) != NULL)
		return 1;
	/* One that opens an attribute of html is in no URL. */
	return *s != '\'' && find_host(word, s) == NULL;
}

/* The bytes that can end a word. */
static const char enders[] = " \t\n<>'\"\\:";

/* The end of what may be a URL: a quote is part of it where something follows
 * that no text has behind a quote. */
static const char *word_end(const char *word)
{
	for (const char *s = word;; s++) {
		int is_json;
		char quote;

		s += strcspn(s, enders);
		if (*s == '\0' || strchr(" \t\n<>", *s) != NULL)
			return s;
		/* JSON writes '"' and '\' with a '\' before it. */
		is_json = *s == '\\' && (s[1] == '"' || s[1] == '\\');
		quote = s[is_json];
		/* A quote within GRUB's quotes, and that in JSON. */
		if (strncmp(s, "'\\''", 4) == 0 ||
		    strncmp(s, "'\\\\''", 5) == 0)
			s += strcspn(s + 1, "'") + 2;
		else if ((quote == '\'' || quote == '"') &&
			 is_end_quote(word, s, s[is_json + 1]))
			return s;
		else if (*s == ':' && (s[1] == '\0' || s[1] == ' '))
			return s;
		else
			s += is_json;
	}
}

/* The query of a path or of a file name, or the fragment of a URL, in the word,
 * from s on; end if there is none. */
static const char *find_query(const char *word, const char *s, const char *end)
{
	const int is_url = find_host(word, end) != NULL;
	const char *query = s;

	while (query < end && *query != '?' && !(is_url && *query == '#'))
		query++;
	/* A '?' may end a sentence: "did you mean 'menu.ipxe'?" */
	for (; word < query; word++)
		if (*word == '/' || memcmp(word, "~1", 2) == 0 ||
		    (*word == '.' && end - query > 1))
			return query;
	return end;
}

/* Where user information begins in a word without a scheme, or with one that is
 * misspelt; NULL if it has none. */
static const char *find_user(const char *s, const char *end)
{
	const char *colon = memchr(s, ':', (size_t)(end - s));
	const char *user = colon;

	if (colon == NULL || memchr(colon, '@', (size_t)(end - colon)) == NULL)
		return NULL;
	while (user > s && strchr("/\\=", user[-1]) == NULL)
		user--;
	return user;
}

/* Whether the word at host ends within a password that has a blank: what looks
 * like a port is none, and a '@' follows in the line. */
static int is_cut_in_user(const char *host, const char *end)
{
	const char *name = host + strcspn(host, ":/?# ");

	return *end == ' ' && *name == ':' && host[0] != '[' &&
	       !is_port(name + 1, name + 1 + strcspn(name + 1, "/?# ")) &&
	       memchr(end, '@', strcspn(end, "\n")) != NULL;
}

int uri_has_user(const char *text)
{
	const char *end = text + strlen(text);

	for (const char *s = text; s < end; s++) {
		const char *word = s;
		const char *host;

		s += strcspn(s, " ");
		host = find_host(word, s);
		if (host != NULL ? user_end(host, s) != NULL ||
					   is_cut_in_user(host, s)
				 : find_user(word, s) != NULL)
			return 1;
	}
	return 0;
}

static void add_word(struct buf *out, const char *word, const char *end)
{
	const char *s = word;
	const char *host = find_host(s, end);
	const char *query;

	if (host == NULL)
		host = find_user(s, end);
	while (host != NULL && host <= find_query(word, s, end)) {
		const char *user = user_end(host, end);

		buf_add(out, s, (size_t)(host - s));
		if (user != NULL)
			buf_puts(out, "...@");
		s = user != NULL ? user : host;
		host = find_host(s, end);
	}
	query = find_query(word, s, end);
	buf_add(out, s, (size_t)(query - s));
	if (query < end)
		buf_printf(out, "%c...", *query);
}

/* The same as word_end(), behind a password that has a blank. */
static const char *shown_end(const char *word)
{
	const char *end = word_end(word);
	const char *host = *end == ' ' ? find_host(word, end) : NULL;

	if (host != NULL && is_cut_in_user(host, end))
		end = word_end(strchr(end, '@'));
	return end;
}

/* Whether the word has none of the bytes without which it has no secret. */
static int is_plain(const char *word, const char *end)
{
	while (word < end && *word != '@' && *word != '?' && *word != '#')
		word++;
	return word == end;
}

static int is_known(const char *word, const char *const *known)
{
	for (; known != NULL && *known != NULL; known++)
		if (strncmp(word, *known, strlen(*known)) == 0)
			return 1;
	return 0;
}

/* Whether the byte at s is of no word. */
static int is_between(const char *s)
{
	return *s == '\'' || (strchr(enders, *s) != NULL && word_end(s) == s);
}

/* The length of the lines at text without the bytes that is_plain() looks for:
 * no word goes on behind the end of its line. */
static size_t plain_lines(const char *text)
{
	size_t len = strcspn(text, "@?#");

	if (text[len] != '\0')
		while (len > 0 && text[len - 1] != '\n')
			len--;
	return len;
}

/* Append the line at text.  Returns its end. */
static const char *add_shown_line(struct buf *out, const char *text,
				  const char *const *known)
{
	while (*text == '\'')
		buf_putc(out, *text++);
	while (*text != '\n' && *text != '\0') {
		const char *end = shown_end(text);

		if (is_plain(text, end) || is_known(text, known))
			buf_add(out, text, (size_t)(end - text));
		else
			add_word(out, text, end);
		text = end;
		while (*text != '\n' && *text != '\0' && is_between(text))
			buf_putc(out, *text++);
	}
	return text;
}

void uri_add_shown(struct buf *out, const char *text, const char *const *known)
{
	do {
		size_t len = plain_lines(text);

		buf_add(out, text, len);
		text = add_shown_line(out, text + len, known);
		len = *text == '\n';
		buf_add(out, text, len);
		text += len;
	} while (*text != '\0');
}

void uri_add_shown_file(struct buf *out, const char *file)
{
	const char *scheme = strstr(file, "://");
	const char *colon = strchr(file, ':');
	const char *at = strrchr(file, '@');
	const char *host = scheme != NULL ? scheme + 3 : file;
	const int is_secret = at != NULL && colon != NULL && colon < at;
	size_t len;

	if (scheme == NULL && !is_secret) {
		uri_add_shown(out, file, NULL);
		return;
	}
	buf_add(out, file, (size_t)(host - file));
	if (is_secret) {
		buf_puts(out, "...@");
		host = at + 1;
	}
	len = strcspn(host, "?#");
	buf_add(out, host, len);
	if (host[len] != '\0')
		buf_printf(out, "%c...", host[len]);
}

void uri_add_param(struct buf *url, const char *name, const char *value)
{
	const char *text = buf_text(url);

	buf_putc(url, strchr(text, '?') == NULL ? '?' : '&');
	buf_puts(url, name);
	buf_putc(url, '=');
	buf_puts(url, value);
}
