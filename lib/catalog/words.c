#include "words.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uri.h"
#include "value.h"
#include "values.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* The length of Linux' names of network interfaces: IFNAMSIZ without the
 * NUL. */
#define INTERFACE_MAX 15
#define KEYBOARD_MAX 31
#define CONSOLE_MAX 63
#define PROXY_MAX 250
#define VLAN_MAX 4094
#define DNS_MAX 3

/* Whether s has 1 to max bytes, a letter or digit and then more of those in
 * set. */
static int is_of(const char *s, const char *set, size_t max)
{
	size_t len = s != NULL ? strlen(s) : 0;

	return len > 0 && len <= max && strchr(LETTERS DIGITS, s[0]) != NULL &&
	       strspn(s, set) == len;
}

static const char *check_console(const json_t *value)
{
	if (is_of(json_string_value(value), LETTERS DIGITS "_./-,",
		  CONSOLE_MAX))
		return NULL;
	return "must be a device, with the speed of its line, as in "
	       "\"ttyS0,115200\"";
}

/* The boot text is for everybody who asks. */
static const char *check_proxy(const json_t *value)
{
	const char *url = json_string_value(value);
	struct buf whole = BUF_INIT;
	const char *reason = NULL;
	struct uri uri;

	if (url != NULL && uri_has_user(url))
		return "has a user name or password, which everybody could "
		       "read who asks for a boot text: let the proxy know the "
		       "machines by their addresses";
	if (url != NULL)
		buf_printf(&whole, "%s%s", url,
			   url[0] != '\0' && url[strlen(url) - 1] == '/' ? ""
									 : "/");
	if (whole.len > PROXY_MAX || uri_parse(buf_text(&whole), &uri) != NULL)
		reason = "must be a URL, as in "
			 "\"http://proxy.example.org:3128/\"";
	buf_free(&whole);
	return reason;
}

static const char *check_interface(const json_t *value)
{
	if (is_of(json_string_value(value), LETTERS DIGITS "_.-",
		  INTERFACE_MAX))
		return NULL;
	return "must be the installer's name of a network interface, as in "
	       "\"eno1\"";
}

static const char *check_vlan(const json_t *value)
{
	if (json_is_integer(value) && json_integer_value(value) >= 1 &&
	    json_integer_value(value) <= VLAN_MAX)
		return NULL;
	return "must be a whole number from 1 to 4094";
}

/* Read "192.0.2.10/24" into the address and the mask of its network, in the
 * host's byte order.  Returns 0 or -1. */
static int read_address(const char *s, uint32_t *address, uint32_t *mask)
{
	struct in_addr in;
	char *copy = s != NULL ? mem_copy(s, strlen(s)) : NULL;
	char *slash = copy != NULL ? strchr(copy, '/') : NULL;
	unsigned long bits = 0;

	if (slash != NULL && slash[1] != '0' && strlen(slash + 1) <= 2 &&
	    strspn(slash + 1, DIGITS) == strlen(slash + 1)) {
		bits = strtoul(slash + 1, NULL, 10);
		*slash = '\0';
		if (inet_pton(AF_INET, copy, &in) != 1)
			bits = 0;
	}
	free(copy);
	if (bits < 1 || bits > 32)
		return -1;
	*address = ntohl(in.s_addr);
	*mask = UINT32_MAX << (32 - bits);
	return 0;
}

static const char *check_address(const json_t *value)
{
	uint32_t address;
	uint32_t mask;

	if (read_address(json_string_value(value), &address, &mask) == 0)
		return NULL;
	return "must be an IPv4 address with the length of its network, as in "
	       "\"192.0.2.10/24\"";
}

static int is_ipv4(const json_t *value)
{
	const char *s = json_string_value(value);
	struct in_addr in;

	return s != NULL && inet_pton(AF_INET, s, &in) == 1;
}

static const char *check_gateway(const json_t *value)
{
	return is_ipv4(value) ? NULL
			      : "must be an IPv4 address, as in \"192.0.2.1\"";
}

static const char *check_dns(const json_t *value)
{
	size_t count = json_array_size(value);

	for (size_t i = 0; i < json_array_size(value); i++)
		if (!is_ipv4(json_array_get(value, i)))
			count = 0;
	if (count >= 1 && count <= DNS_MAX)
		return NULL;
	return "must be an array of 1 to 3 IPv4 addresses, as in "
	       "[\"192.0.2.53\"]";
}

static const char *check_keyboard(const json_t *value)
{
	if (is_of(json_string_value(value), LETTERS DIGITS "_-", KEYBOARD_MAX))
		return NULL;
	return "must be the name of a layout, as in \"de\"";
}

static const char *check_nomodeset(const json_t *value)
{
	return json_is_true(value) ? NULL : "must be true, or left out";
}

const char *const words_keys[] = {
	WORDS_KEYS,
	NULL,
};

/* In the order of words_keys. */
static const char *(*const checks[])(const json_t *value) = {
	check_console,   check_keyboard, check_nomodeset,
	check_interface, check_vlan,     check_address,
	check_gateway,   check_dns,      check_proxy,
};

static const char *check(const char *key, size_t index, const json_t *value,
			 enum words_place place)
{
	if (place != WORDS_OF_HOST && strcmp(key, "address") == 0)
		return "is one machine's: write it into the machine's host "
		       "file";
	if (place != WORDS_OF_SITE && json_is_null(value))
		return NULL;
	return checks[index](value);
}

int words_read(struct cursor *at, const json_t *object, enum words_place place,
	       const char **out)
{
	json_t *found = json_object();
	char *text = NULL;
	int rc = 0;

	for (size_t i = 0; words_keys[i] != NULL; i++) {
		json_t *value = json_object_get(object, words_keys[i]);
		const char *reason =
			value != NULL ? check(words_keys[i], i, value, place)
				      : NULL;

		if (reason != NULL)
			rc = cursor_fail_key(at, words_keys[i], "%s", reason);
		else if (value != NULL)
			json_object_set(found, words_keys[i], value);
	}
	if (rc == 0 && json_object_size(found) > 0)
		text = json_dumps(found, JSON_COMPACT);
	if (text != NULL)
		*out = mem_pool_copy(at->pool, text);
	free(text);
	json_decref(found);
	return rc;
}

void words_add(json_t *all, const char *text)
{
	values_add(all, text);
}

static const char *text_of(const json_t *all, const char *key)
{
	return json_string_value(json_object_get(all, key));
}

const char *words_check(const json_t *all)
{
	const char *gateway = text_of(all, "gateway");
	uint32_t address;
	uint32_t mask;
	struct in_addr in;

	if (gateway == NULL || inet_pton(AF_INET, gateway, &in) != 1 ||
	    read_address(text_of(all, "address"), &address, &mask) < 0)
		return NULL;
	if (((ntohl(in.s_addr) ^ address) & mask) != 0)
		return "is in another network than the gateway: write a "
		       "gateway for it, or null if it has none";
	return NULL;
}

const char *const words_names[] = {
	"console", "keyboard", "nomodeset", "interface", "vlan", "device",
	"address", "prefix",   "netmask",   "gateway",   "dns",  "dns1",
	"dns2",    "server",   "proxy",     NULL,
};

static void set(json_t *vars, const char *name, const char *value)
{
	json_object_set_new(vars, name, json_string(value));
}

/* The address, without and with its network. */
static void add_address(json_t *vars, const char *text)
{
	char shown[INET_ADDRSTRLEN];
	struct in_addr in;
	uint32_t address;
	uint32_t mask;

	if (read_address(text, &address, &mask) < 0)
		return;
	in.s_addr = htonl(mask);
	inet_ntop(AF_INET, &in, shown, sizeof(shown));
	set(vars, "netmask", shown);
	in.s_addr = htonl(address);
	inet_ntop(AF_INET, &in, shown, sizeof(shown));
	set(vars, "address", shown);
	set(vars, "prefix", strchr(text, '/') + 1);
}

static void add_dns(json_t *vars, const json_t *servers)
{
	json_t *list = json_array();
	size_t i;
	json_t *server;

	json_array_foreach((json_t *)servers, i, server) {
		json_array_append_new(list,
				      json_pack("{s:O}", "server", server));
		if (i < 2)
			json_object_set(vars, i == 0 ? "dns1" : "dns2", server);
	}
	json_object_set_new(vars, "dns", list);
}

json_t *words_vars(const json_t *all)
{
	const char *interface = text_of(all, "interface");
	const json_t *vlan = json_object_get(all, "vlan");
	json_t *vars = json_copy((json_t *)all);
	struct buf device = BUF_INIT;

	if (interface != NULL) {
		buf_puts(&device, interface);
		if (vlan != NULL)
			buf_printf(&device, ".%" JSON_INTEGER_FORMAT,
				   json_integer_value(vlan));
		set(vars, "device", buf_text(&device));
	}
	add_address(vars, text_of(all, "address"));
	add_dns(vars, json_object_get(all, "dns"));
	buf_free(&device);
	return vars;
}
