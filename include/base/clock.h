/* Time. Durations are measured on the monotonic clock; the wall clock is only for showing and for
 * signing requests. ClickHouse's clock decides what is delivered, never these. */
#ifndef LC_BASE_CLOCK_H
#define LC_BASE_CLOCK_H

#include "base/view.h"

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds of the monotonic clock: never goes back, arbitrary origin. */
uint64_t lc_clock_monotonic_ms(void);

/* The same, and it goes on while the machine is suspended. */
uint64_t lc_clock_boot_ms(void);

/* Milliseconds since 1970-01-01 00:00:00 UTC. */
int64_t lc_clock_wall_ms(void);

/* Writes `wall_ms` as "2026-02-06T00:00:38.123Z", 24 characters and a terminator. Years outside
 * 0-9999 are shown as the nearest of these. */
enum { LC_CLOCK_TEXT_SIZE = 25 };
void lc_clock_format(int64_t wall_ms, char text[LC_CLOCK_TEXT_SIZE]);

/* A civil date in UTC (proleptic Gregorian calendar). */
struct lc_clock_date {
	int year;
	int month;  /* 1-12 */
	int day;    /* 1-31 */
	int hour;   /* 0-23 */
	int minute; /* 0-59 */
	int second; /* 0-59 */
};

/* Seconds since 1970-01-01 UTC -> date. Any value of years 0-9999 is right; others are clamped. */
struct lc_clock_date lc_clock_date_of(int64_t seconds);

/* Date -> seconds since 1970-01-01 UTC, for years 0-9999. A day or second past the end of its month
 * or minute counts into the next one. */
int64_t lc_clock_seconds_of(struct lc_clock_date date);

/* Reads a time in UTC, "2026-11-30", "2026-11-30T08:15" or "2026-11-30T08:15:00", with or without a
 * Z at its end, as seconds since 1970. False for anything else, dates that there are not, and those
 * before 1970 or after 2105. */
bool lc_clock_parse(struct lc_view text, uint32_t *seconds);

#endif
