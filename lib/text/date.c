#include "date.h"

#include <stdio.h>
#include <string.h>

#define SECONDS_PER_DAY 86400
#define LAST 253402300799LL /* of the year 9999 */

struct date {
	int year, month, day, hour, minute, second;
};

static const int days_of_months[] = { 31, 28, 31, 30, 31, 30,
				      31, 31, 30, 31, 30, 31 };

static int is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in(int year, int month)
{
	return days_of_months[month - 1] + (month == 2 && is_leap(year));
}

static int is_day(const struct date *d)
{
	return d->month >= 1 && d->month <= 12 && d->day >= 1 &&
	       d->day <= days_in(d->year, d->month);
}

static int is_valid(const struct date *d)
{
	return d->year >= 1970 && d->year <= 9999 && is_day(d) &&
	       d->hour >= 0 && d->hour <= 23 && d->minute >= 0 &&
	       d->minute <= 59 && d->second >= 0 && d->second <= 59;
}

static long long seconds_of(const struct date *d)
{
	long long days = 0;

	if (!is_valid(d))
		return -1;
	for (int year = 1970; year < d->year; year++)
		days += 365 + is_leap(year);
	for (int month = 1; month < d->month; month++)
		days += days_in(d->year, month);
	days += d->day - 1;
	return days * SECONDS_PER_DAY + d->hour * 3600 + d->minute * 60 +
	       d->second;
}

void date_print(long long seconds, char out[DATE_SIZE])
{
	struct date d = { .year = 1970, .month = 1 };
	long long days;
	int rest;

	if (seconds < 0)
		seconds = 0;
	if (seconds > LAST)
		seconds = LAST;
	days = seconds / SECONDS_PER_DAY;
	rest = (int)(seconds % SECONDS_PER_DAY);
	for (; days >= 365 + is_leap(d.year); d.year++)
		days -= 365 + is_leap(d.year);
	for (; days >= days_in(d.year, d.month); d.month++)
		days -= days_in(d.year, d.month);
	snprintf(out, DATE_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ",
		 d.year % 10000, d.month % 100, (int)(days + 1) % 100,
		 rest / 3600 % 100, rest / 60 % 60, rest % 60);
}

long long date_parse(const char *text)
{
	char printed[DATE_SIZE];
	long long seconds;
	struct date d;

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &d.year, &d.month, &d.day,
		   &d.hour, &d.minute, &d.second) != 6)
		return -1;
	seconds = seconds_of(&d);
	date_print(seconds, printed);
	return strcmp(printed, text) == 0 ? seconds : -1;
}

int date_is_day(const char *text)
{
	char printed[32];
	struct date d;

	if (sscanf(text, "%4d-%2d-%2d", &d.year, &d.month, &d.day) != 3 ||
	    d.year < 1000 || !is_day(&d))
		return 0;
	snprintf(printed, sizeof(printed), "%04d-%02d-%02d", d.year, d.month,
		 d.day);
	return strcmp(printed, text) == 0;
}

long long date_parse_release(const char *text)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct date d;
	const char *found;
	char month[4];
	char zone[4];

	if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %3s",
		   &d.day, month, &d.year, &d.hour, &d.minute, &d.second,
		   zone) != 7 ||
	    (strcmp(zone, "UTC") != 0 && strcmp(zone, "GMT") != 0))
		return -1;
	found = strstr(months, month);
	if (strlen(month) != 3 || found == NULL || (found - months) % 3 != 0)
		return -1;
	d.month = (int)(found - months) / 3 + 1;
	return seconds_of(&d);
}
