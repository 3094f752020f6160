#include "version.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define DIGITS "0123456789"

/* In the order of menus. */
enum group {
	GROUP_LISTED,
	GROUP_BEFORE,
	GROUP_NUMBERS,
	GROUP_AFTER,
	GROUP_LAST /* listed behind VERSION_OTHERS */
};

struct version {
	const char *id;
	enum group group;
	size_t place; /* in "order", or in the file */
};

static int is_number(const char *id)
{
	return strspn(id, DIGITS) > 0;
}

/* "24.04", "v3.24", "nixos-26.05" have one; "sid" has none. */
static const char *number_of(const char *id)
{
	return id + strcspn(id, DIGITS);
}

/* Compare the digits at *a and *b, which may be of any length, and go behind
 * them. */
static int compare_digits(const char **a, const char **b)
{
	size_t a_len, b_len;
	int order;

	*a += strspn(*a, "0");
	*b += strspn(*b, "0");
	a_len = strspn(*a, DIGITS);
	b_len = strspn(*b, DIGITS);
	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	order = strncmp(*a, *b, a_len);
	*a += a_len;
	*b += b_len;
	return order;
}

/* Step over a dot that a digit follows. */
static int step_over_dot(const char **id)
{
	if (**id != '.' || !is_number(*id + 1))
		return 0;
	++*id;
	return 1;
}

/* Numbers with dots between them, of which each counts: 24.10 is greater than
 * 24.9 and than 24.  Goes behind them. */
static int compare_numbers(const char **a, const char **b)
{
	for (;;) {
		int order = compare_digits(a, b);
		int a_goes_on, b_goes_on;

		if (order != 0)
			return order;
		a_goes_on = step_over_dot(a);
		b_goes_on = step_over_dot(b);
		if (!a_goes_on || !b_goes_on)
			return a_goes_on - b_goes_on;
	}
}

/* What follows equal numbers: nothing is greater than something, as 10 is than
 * 10-beta, and digits are numbers. */
static int compare_rests(const char *a, const char *b)
{
	if (*a == '\0' || *b == '\0')
		return (*a == '\0') - (*b == '\0');
	while (*a != '\0' && *b != '\0') {
		int order = is_number(a) && is_number(b)
				    ? compare_digits(&a, &b)
				    : *a++ - *b++;

		if (order != 0)
			return order;
	}
	return (*a != '\0') - (*b != '\0');
}

int version_compare(const char *a, const char *b)
{
	int order;

	a = number_of(a);
	b = number_of(b);
	order = compare_numbers(&a, &b);
	return order != 0 ? order : compare_rests(a, b);
}

static int compare_versions(const void *one, const void *other)
{
	const struct version *a = one;
	const struct version *b = other;
	int order = 0;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->group == GROUP_NUMBERS)
		order = version_compare(b->id, a->id);
	if (order != 0)
		return order;
	return a->place < b->place ? -1 : 1;
}

/* The places in the distro's array "order", by id. */
static json_t *read_places(const json_t *distro)
{
	json_t *places = json_object();
	size_t i;
	json_t *id;

	json_array_foreach(json_object_get(distro, "order"), i, id)
		json_object_set_new(places, json_string_value(id),
				    json_integer((json_int_t)i));
	return places;
}

/* Fill the list, which has room for every version. */
static void read_versions(const json_t *distro, struct version *list)
{
	json_t *places = read_places(distro);
	const json_t *star = json_object_get(places, VERSION_OTHERS);
	const size_t others =
		star != NULL ? (size_t)json_integer_value(star) : SIZE_MAX;
	enum group without_number = GROUP_BEFORE;
	size_t i = 0;
	const char *id;
	json_t *unused;

	json_object_foreach(json_object_get(distro, "versions"), id, unused) {
		const json_t *place = json_object_get(places, id);
		struct version *version = &list[i];

		*version = (struct version){ id, without_number, i };
		i++;
		if (place != NULL) {
			version->place = (size_t)json_integer_value(place);
			version->group = version->place > others ? GROUP_LAST
								 : GROUP_LISTED;
		} else if (*number_of(id) != '\0') {
			version->group = GROUP_NUMBERS;
			without_number = GROUP_AFTER;
		}
	}
	json_decref(places);
}

const char **version_sort(const json_t *distro)
{
	size_t count = json_object_size(json_object_get(distro, "versions"));
	struct version *list = mem_alloc((count + 1) * sizeof(*list));
	const char **ids = mem_alloc((count + 1) * sizeof(*ids));

	read_versions(distro, list);
	qsort(list, count, sizeof(*list), compare_versions);
	for (size_t i = 0; i < count; i++)
		ids[i] = list[i].id;
	free(list);
	return ids;
}
