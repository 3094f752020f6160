#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "identity.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define MAC_FORM "mac is the address of a network card, like 52-54-00-12-34-56"
#define UUID_FORM "uuid is like 4c4c4544-0034-5610-8054-b4c04f303132"
#define SERIAL_FORM                                                            \
	"serial is a text, or '~' and its bytes in hexadecimal digits"

#define MAC "52-54-00-0a-bc-de"
#define UUID "4c4c4544-0034-5610-8054-b4c04f303132"
#define SWAPPED "44454c4c-3400-1056-8054-b4c04f303132"

/* What is sent, what is known then, and what is said to it. */
struct row {
	const char *sent;
	const char *known;
	const char *reason; /* NULL: none */
};

static void check(const struct row *row, const char *reason, const char *known)
{
	if ((reason == NULL) != (row->reason == NULL) ||
	    (reason != NULL && strcmp(reason, row->reason) != 0))
		fail_msg("'%s': '%s'", row->sent, reason ? reason : "-");
	if (strcmp(known, row->known) != 0)
		fail_msg("'%s' is '%s'", row->sent, known);
}

static void test_mac_has_many_spellings(void **state)
{
	static const struct row rows[] = {
		{ "52-54-00-0a-bc-de", MAC, NULL },
		{ "52:54:00:0a:bc:de", MAC, NULL },
		{ "52:54:0:A:BC:dE", MAC, NULL },
		{ "5254000ABCDE", MAC, NULL },
		{ "5254.000a.bcde", MAC, NULL },
		{ "01-52-54-00-0a-bc-de", MAC, NULL },
		{ "015254000abcde", MAC, NULL },
		{ "", "", NULL },
		/* of no card */
		{ "00:00:00:00:00:00", "", NULL },
		{ "ffffffffffff", "", NULL },
		/* of other cards than Ethernet's */
		{ "06-52-54-00-0a-bc-de", "", NULL },
		{ "52-54-00-0a-bc-de-01-02", "", NULL },
		{ "0102030405060708090a0b0c0d0e0f1011121314", "", NULL },
		{ "0102030405060708090a0b0c0d0e0f101112131415", "", MAC_FORM },
		{ "1-2-3-4-5-6-7-8-9-a-b-c-d-e-f-0-1-2-3-4-5", "", MAC_FORM },
		{ "52-54-00-0a-bc", "", MAC_FORM },
		{ "52-54-00-0a-bc-", "", MAC_FORM },
		{ "-52-54-00-0a-bc-de", "", MAC_FORM },
		{ "52-54:00-0a-bc-de", "", MAC_FORM },
		{ "52-54-000-0a-bc-de", "", MAC_FORM },
		{ "52--54-00-0a-bc-de", "", MAC_FORM },
		{ "5254000abcd", "", MAC_FORM },
		{ "5254000abcdg", "", MAC_FORM },
		{ "52540.00a.bcde", "", MAC_FORM },
		{ "5254.000a.bcde.", "", MAC_FORM },
		{ "5254.000a.bcdex", "", MAC_FORM },
		{ "${net0/mac}", "", MAC_FORM },
		{ "../../etc/passwd", "", MAC_FORM },
		{ " 52-54-00-0a-bc-de", "", MAC_FORM },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct identity id = { "before", "", "" };

		check(&rows[i], identity_set_mac(&id, rows[i].sent), id.mac);
	}
}

static void test_uuid_has_two_forms_and_some_that_say_nothing(void **state)
{
	static const struct row rows[] = {
		{ UUID, UUID, NULL },
		{ "4C4C4544-0034-5610-8054-B4C04F303132", UUID, NULL },
		{ "4c4c45440034561080 54b4c04f303132", "", UUID_FORM },
		{ "4C4C4544003456108054b4c04f303132", UUID, NULL },
		{ SWAPPED, SWAPPED, NULL },
		{ "", "", NULL },
		{ "00000000-0000-0000-0000-000000000000", "", NULL },
		{ "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "", NULL },
		{ "fefefefe-fefe-fefe-fefe-fefefefefefe", "", NULL },
		{ "03000200-0400-0500-0006-000700080009", "", NULL },
		{ "00020003-0004-0005-0006-000700080009", "", NULL },
		{ "4c4c4544-0034-5610-8054-b4c04f30313", "", UUID_FORM },
		{ "4c4c4544-0034-5610-8054-b4c04f3031322", "", UUID_FORM },
		{ "4c4c45440-034-5610-8054-b4c04f303132", "", UUID_FORM },
		{ "4c4c4544-0034-5610-8054-b4c04f30313g", "", UUID_FORM },
		{ "{4c4c4544-0034-5610-8054-b4c04f3031}", "", UUID_FORM },
		{ "-", "", UUID_FORM },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct identity id = { "", "before", "" };

		check(&rows[i], identity_set_uuid(&id, rows[i].sent), id.uuid);
	}
}

#define LONGEST                                                                \
	"1234567890123456789012345678901234567890123456789012345678901234"

static void test_serial_that_is_no_name_is_not_known(void **state)
{
	static const struct row rows[] = {
		{ "CZ1234_x.y-z", "CZ1234_x.y-z", NULL },
		{ "~435a31", "CZ1", NULL },
		{ LONGEST, LONGEST, NULL },
		{ LONGEST "5", "", NULL },
		{ "", "", NULL },
		{ "~", "", NULL },
		{ "VMware-56 4d", "", NULL },
		{ "~564d2034", "", NULL },
		{ "../x", "", NULL },
		{ "a/b", "", NULL },
		{ "a\nb", "", NULL },
		{ "\xc3\xa4", "", NULL },
		{ "~00", "", NULL },
		{ "~4100", "", NULL },
		{ "~4g", "", SERIAL_FORM },
		{ "~414", "", SERIAL_FORM },
		{ "0", "", NULL },
		{ "0000000", "", NULL },
		{ "XXXX", "", NULL },
		{ "..", "", NULL },
		{ "None", "", NULL },
		{ "0123456789", "", NULL },
		{ "To be filled by O.E.M.", "", NULL },
		{ "Default string", "", NULL },
		{ "~556e6b6e6f776e", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct identity id = { "", "", "before" };

		check(&rows[i], identity_set_serial(&id, rows[i].sent),
		      id.serial);
	}
}

static void test_names_are_looked_up_in_this_order(void **state)
{
	static const char *const expected[] = {
		[IDENTITY_MAC] = MAC ".json",
		[IDENTITY_UUID] = "uuid-" UUID ".json",
		[IDENTITY_UUID_SWAPPED] = "uuid-" SWAPPED ".json",
		[IDENTITY_SERIAL] = "serial-" LONGEST ".json",
	};
	const struct identity known = { MAC, UUID, LONGEST };
	const struct identity none = { "", "", "" };
	char name[IDENTITY_NAME_SIZE];

	(void)state;
	for (int key = 0; key < IDENTITY_KEY_COUNT; key++) {
		assert_int_equal(
			identity_name(&known, (enum identity_key)key, name), 0);
		assert_string_equal(name, expected[key]);
		assert_int_equal(
			identity_name(&none, (enum identity_key)key, name), -1);
	}
}

#define NO_NAME                                                                \
	"has a name that is no machine's: it is the MAC, like "                \
	"52-54-00-12-34-56.json, or uuid- or serial- and that"
#define NOT_LOOKED_FOR "has a name that is not looked for"
#define NO_SERIAL                                                              \
	"names a serial that many machines have, or that has another byte "    \
	"than letters, digits, '.', '_', '-', so it never counts"

static void test_names_of_files_are_those_that_are_looked_up(void **state)
{
	static const struct {
		const char *name;
		const char *reason; /* NULL: none */
		const char *instead;
	} rows[] = {
		{ MAC ".json", NULL, "" },
		{ "uuid-" UUID ".json", NULL, "" },
		{ "serial-CZ-1.json", NULL, "" },
		{ "52:54:00:0A:BC:DE.json", NOT_LOOKED_FOR, MAC ".json" },
		{ "01-" MAC ".json", NOT_LOOKED_FOR, MAC ".json" },
		{ "UUID-" UUID ".json", NOT_LOOKED_FOR, "uuid-" UUID ".json" },
		{ "Serial-CZ-1.json", NOT_LOOKED_FOR, "serial-CZ-1.json" },
		{ "serial-~4142.json", NOT_LOOKED_FOR, "serial-AB.json" },
		{ MAC, "has a name that does not end in .json", "" },
		{ MAC ".JSON", "has a name that does not end in .json", "" },
		{ ".json", NO_NAME, "" },
		{ "web1.json", NO_NAME, "" },
		{ "uuid-" MAC ".json", NO_NAME, "" },
		{ "00-00-00-00-00-00.json",
		  "names no Ethernet address of one card", "" },
		{ "uuid-03000200-0400-0500-0006-000700080009.json",
		  "names a UUID that many machines have, so it never counts",
		  "" },
		{ "serial-0.json", NO_SERIAL, "" },
		{ "serial-a b.json", NO_SERIAL, "" },
		{ "serial-" LONGEST "5.json", NO_SERIAL, "" },
		{ "serial-" LONGEST LONGEST ".json",
		  "has a name that is too long", "" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf instead = BUF_INIT;
		struct identity id;
		const char *reason =
			identity_parse_name(rows[i].name, &id, &instead);

		if ((reason == NULL) != (rows[i].reason == NULL) ||
		    (reason != NULL && strcmp(reason, rows[i].reason) != 0) ||
		    strcmp(buf_text(&instead), rows[i].instead) != 0)
			fail_msg("%s: '%s', '%s'", rows[i].name,
				 reason ? reason : "-", buf_text(&instead));
		buf_free(&instead);
	}
}

static void test_serial_is_not_shown(void **state)
{
	(void)state;
	assert_string_equal(identity_shown("serial-CZ1.json"),
			    "serial-....json");
	assert_string_equal(identity_shown(MAC ".json"), MAC ".json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mac_has_many_spellings),
		cmocka_unit_test(
			test_uuid_has_two_forms_and_some_that_say_nothing),
		cmocka_unit_test(test_serial_that_is_no_name_is_not_known),
		cmocka_unit_test(test_names_are_looked_up_in_this_order),
		cmocka_unit_test(
			test_names_of_files_are_those_that_are_looked_up),
		cmocka_unit_test(test_serial_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
