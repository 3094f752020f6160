#ifndef DATE_H
#define DATE_H

#include <stddef.h>

/* Of "2026-11-14T08:00:00Z", with its NUL. */
#define DATE_SIZE 21

/* Write the seconds since 1970, of the years 1970 to 9999, as a date and time
 * in UTC; the end of that span for one that is beyond it. */
void date_print(long long seconds, char out[DATE_SIZE]);

/* The seconds since 1970 of a date and time as date_print() writes it; -1 if it
 * is none. */
long long date_parse(const char *text);

/* Whether the text is a day of the years 1000 to 9999, "2026-11-14". */
int date_is_day(const char *text);

/* The same as date_parse() for "Sat, 14 Nov 2026 08:00:00 UTC", as the Release
 * files of Debian archives have it; one digit of the day or of the hour will
 * do. */
long long date_parse_release(const char *text);

#endif
