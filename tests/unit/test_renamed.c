#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "renamed.h"

static const struct renamed table[] = {
	{ "look", "theme", "0.2.0" },
	{ "looks", "themes", "0.3.0" },
	{ NULL, NULL, NULL },
};

static void test_earlier_name_is_found_whole(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		const char *now; /* NULL: it is not in the table */
	} rows[] = {
		{ "look", 4, "theme" },  { "looks", 5, "themes" },
		{ "looks", 4, "theme" }, { "loo", 3, NULL },
		{ "lookss", 6, NULL },   { "Look", 4, NULL },
		{ "theme", 5, NULL },    { "", 0, NULL },
		{ "look\0", 5, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct renamed *row =
			renamed_find(table, rows[i].name, rows[i].len);

		if ((row == NULL) != (rows[i].now == NULL) ||
		    (row != NULL && strcmp(row->now, rows[i].now) != 0))
			fail_msg("'%.*s': %s", (int)rows[i].len, rows[i].name,
				 row != NULL ? row->now : "NULL");
	}
}

static void test_empty_table_has_no_name(void **state)
{
	(void)state;
	assert_null(renamed_find(&table[2], "look", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_earlier_name_is_found_whole),
		cmocka_unit_test(test_empty_table_has_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
