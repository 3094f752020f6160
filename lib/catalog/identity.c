#include "identity.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "uri.h"

#define MAC_BYTES 6
#define UUID_BYTES 16
/* The longest address of a network card: InfiniBand's. */
#define ADDRESS_BYTES 20

static const char mac_form[] =
	"mac is the address of a network card, like 52-54-00-12-34-56";
static const char uuid_form[] =
	"uuid is like 4c4c4544-0034-5610-8054-b4c04f303132";
static const char serial_form[] =
	"serial is a text, or '~' and its bytes in hexadecimal digits";

/* What makers write where a serial should be, in lower case. */
static const char *const useless_serials[] = {
	"none",
	"unknown",
	"invalid",
	"default",
	"oem",
	"empty",
	"chassis",
	"0123456789",
	"1234567890",
	"123456789",
	"123456",
	"serial",
	"notapplicable",
	"notspecified",
	"system-serial-number",
	NULL,
};

/* Read pairs of digits up to the end of s.  Returns the number of bytes, or -1
 * if there is anything else or more than max. */
static int read_pairs(const char *s, unsigned char *bytes, int max)
{
	int count = 0;

	for (; s[0] != '\0'; s += 2) {
		if (count == max || uri_hex_digit(s[0]) < 0 ||
		    uri_hex_digit(s[1]) < 0)
			return -1;
		bytes[count++] = (unsigned char)(uri_hex_digit(s[0]) * 16 +
						 uri_hex_digit(s[1]));
	}
	return count;
}

/* The same for bytes with a separator between them. */
static int read_separated(const char *s, char separator, unsigned char *bytes)
{
	int count = 0;

	for (;; s++) {
		int byte = uri_hex_digit(*s);

		if (byte < 0 || count == ADDRESS_BYTES)
			return -1;
		if (uri_hex_digit(*++s) >= 0)
			byte = byte * 16 + uri_hex_digit(*s++);
		bytes[count++] = (unsigned char)byte;
		if (*s == '\0')
			return count;
		if (*s != separator)
			return -1;
	}
}

/* "5254.0012.3456" */
static int read_groups(const char *s, unsigned char *bytes)
{
	char plain[2 * ADDRESS_BYTES + 1];
	size_t len = 0;

	for (size_t i = 0; s[i] != '\0'; i++) {
		if (i % 5 == 4 && s[i] == '.' && s[i + 1] != '\0')
			continue;
		if (i % 5 == 4 || len == sizeof(plain) - 1)
			return -1;
		plain[len++] = s[i];
	}
	plain[len] = '\0';
	return read_pairs(plain, bytes, ADDRESS_BYTES);
}

static int is_one_byte(const unsigned char *bytes, int count)
{
	for (int i = 1; i < count; i++)
		if (bytes[i] != bytes[0])
			return 0;
	return 1;
}

const char *identity_set_mac(struct identity *id, const char *s)
{
	unsigned char bytes[ADDRESS_BYTES];
	const unsigned char *mac = bytes;
	const char *separator = strpbrk(s, ":-.");
	int count;

	id->mac[0] = '\0';
	if (separator == NULL)
		count = read_pairs(s, bytes, ADDRESS_BYTES);
	else if (*separator == '.')
		count = read_groups(s, bytes);
	else
		count = read_separated(s, *separator, bytes);
	if (count < 0 || (count > 0 && count < MAC_BYTES))
		return mac_form;
	if (count == MAC_BYTES + 1 && bytes[0] == 1) {
		mac++;
		count--;
	}
	if (count == MAC_BYTES && !is_one_byte(mac, count))
		snprintf(id->mac, sizeof(id->mac),
			 "%02x-%02x-%02x-%02x-%02x-%02x", mac[0], mac[1],
			 mac[2], mac[3], mac[4], mac[5]);
	return NULL;
}

/* Write the first three fields in the other byte order. */
static void swap(const unsigned char *bytes, unsigned char *swapped)
{
	static const int order[] = { 3, 2, 1, 0, 5, 4, 7, 6 };

	memcpy(swapped, bytes, UUID_BYTES);
	for (int i = 0; i < 8; i++)
		swapped[i] = bytes[order[i]];
}

/* All bytes alike, or 03000200-0400-0500-0006-000700080009, which many boards
 * have. */
static int is_useless_uuid(const unsigned char *bytes)
{
	static const unsigned char placeholder[UUID_BYTES] = {
		3, 0, 2, 0, 4, 0, 5, 0, 0, 6, 0, 7, 0, 8, 0, 9,
	};
	unsigned char swapped[UUID_BYTES];

	swap(bytes, swapped);
	return is_one_byte(bytes, UUID_BYTES) ||
	       memcmp(bytes, placeholder, UUID_BYTES) == 0 ||
	       memcmp(swapped, placeholder, UUID_BYTES) == 0;
}

static void print_uuid(const unsigned char *bytes,
		       char text[static IDENTITY_UUID_SIZE])
{
	for (int i = 0; i < UUID_BYTES; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*text++ = '-';
		snprintf(text, 3, "%02x", bytes[i]);
		text += 2;
	}
}

/* Read a UUID of either form.  Returns 0, or -1. */
static int read_uuid(const char *s, unsigned char *bytes)
{
	char plain[2 * UUID_BYTES + 1];
	int has_dashes = strlen(s) == IDENTITY_UUID_SIZE - 1;
	size_t len = 0;

	for (size_t i = 0; s[i] != '\0'; i++) {
		int is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (has_dashes && is_dash && s[i] == '-')
			continue;
		if (len == sizeof(plain) - 1)
			return -1;
		plain[len++] = s[i];
	}
	plain[len] = '\0';
	return read_pairs(plain, bytes, UUID_BYTES) == UUID_BYTES ? 0 : -1;
}

const char *identity_set_uuid(struct identity *id, const char *s)
{
	unsigned char bytes[UUID_BYTES];

	id->uuid[0] = '\0';
	if (*s == '\0')
		return NULL;
	if (read_uuid(s, bytes) < 0)
		return uuid_form;
	if (!is_useless_uuid(bytes))
		print_uuid(bytes, id->uuid);
	return NULL;
}

static int is_serial_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/* Whether many machines have it. */
static int is_useless_serial(const char *s)
{
	for (size_t i = 0; useless_serials[i] != NULL; i++)
		if (strcasecmp(s, useless_serials[i]) == 0)
			return 1;
	return s[strspn(s, (const char[]){ s[0], '\0' })] == '\0';
}

/* Whether the len bytes at s can be a serial. */
static int is_serial(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_serial_char(s[i]))
			return 0;
	return len > 0 && len < IDENTITY_SERIAL_SIZE;
}

const char *identity_set_serial(struct identity *id, const char *s)
{
	unsigned char bytes[256];
	size_t len = strlen(s);

	id->serial[0] = '\0';
	if (*s == '~') {
		int count = read_pairs(s + 1, bytes, sizeof(bytes));

		if (count < 0)
			return serial_form;
		s = (const char *)bytes;
		len = (size_t)count;
	}
	if (!is_serial(s, len))
		return NULL;
	memcpy(id->serial, s, len);
	id->serial[len] = '\0';
	if (is_useless_serial(id->serial))
		id->serial[0] = '\0';
	return NULL;
}

/* The UUID with its first three fields in the other byte order. */
static void swap_uuid(const char *uuid, char text[static IDENTITY_UUID_SIZE])
{
	unsigned char bytes[UUID_BYTES];
	unsigned char swapped[UUID_BYTES];

	read_uuid(uuid, bytes);
	swap(bytes, swapped);
	print_uuid(swapped, text);
}

int identity_name(const struct identity *id, enum identity_key key,
		  char name[static IDENTITY_NAME_SIZE])
{
	char swapped[IDENTITY_UUID_SIZE];
	const char *text = id->mac;
	const char *kind = "";

	switch (key) {
	case IDENTITY_MAC:
	case IDENTITY_KEY_COUNT:
		break;
	case IDENTITY_UUID:
	case IDENTITY_UUID_SWAPPED:
		kind = "uuid-";
		text = id->uuid;
		break;
	case IDENTITY_SERIAL:
		kind = "serial-";
		text = id->serial;
		break;
	}
	if (*text == '\0')
		return -1;
	if (key == IDENTITY_UUID_SWAPPED) {
		swap_uuid(text, swapped);
		text = swapped;
	}
	snprintf(name, IDENTITY_NAME_SIZE, "%s%s.json", kind, text);
	return 0;
}

/* The key that the name begins as, with *text behind what says so. */
static enum identity_key key_of(const char *name, const char **text)
{
	*text = name;
	if (strncasecmp(name, "uuid-", 5) == 0) {
		*text += 5;
		return IDENTITY_UUID;
	}
	if (strncasecmp(name, "serial-", 7) == 0) {
		*text += 7;
		return IDENTITY_SERIAL;
	}
	return IDENTITY_MAC;
}

static const char *set(struct identity *id, enum identity_key key,
		       const char *text)
{
	switch (key) {
	case IDENTITY_UUID:
	case IDENTITY_UUID_SWAPPED:
		return identity_set_uuid(id, text);
	case IDENTITY_SERIAL:
		return identity_set_serial(id, text);
	case IDENTITY_MAC:
	case IDENTITY_KEY_COUNT:
		break;
	}
	return identity_set_mac(id, text);
}

const char *identity_parse_name(const char *name, struct identity *id,
				struct buf *instead)
{
	static const char *const useless[] = {
		[IDENTITY_MAC] = "names no Ethernet address of one card",
		[IDENTITY_UUID] = "names a UUID that many machines have, so it "
				  "never counts",
		[IDENTITY_SERIAL] = "names a serial that many machines have, "
				    "or that has another byte than letters, "
				    "digits, '.', '_', '-', so it never counts",
	};
	char text[IDENTITY_NAME_SIZE];
	char right[IDENTITY_NAME_SIZE];
	size_t len = strlen(name);
	const char *value;
	enum identity_key key = key_of(name, &value);

	*id = (struct identity){ "", "", "" };
	if (len < 5 || strcmp(name + len - 5, ".json") != 0)
		return "has a name that does not end in .json";
	len -= (size_t)(value - name) + 5;
	if (len >= sizeof(text))
		return "has a name that is too long";
	memcpy(text, value, len);
	text[len] = '\0';
	if (len == 0 || set(id, key, text) != NULL)
		return "has a name that is no machine's: it is the MAC, like "
		       "52-54-00-12-34-56.json, or uuid- or serial- and that";
	if (identity_name(id, key, right) < 0)
		return useless[key];
	if (strcmp(name, right) == 0)
		return NULL;
	buf_puts(instead, right);
	return "has a name that is not looked for";
}

const char *identity_shown(const char *name)
{
	return strncmp(name, "serial-", 7) == 0 ? "serial-....json" : name;
}
