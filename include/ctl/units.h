/* Numbers with their units as people read them, in few characters. */
#ifndef LC_CTL_UNITS_H
#define LC_CTL_UNITS_H

#include <stdint.h>

/* A number as text. Of a function's result, `text` is valid until the end of the whole expression:
 * lc_buffer_append_text(buffer, lc_units_age(seconds).text). */
struct lc_units {
	char text[40];
};

/* 0 to 99,999 as they are, then "123 k", "1.23 M", "45.6 G". */
struct lc_units lc_units_count(uint64_t count);

/* "512 B", "1.5 KiB", "16.0 MiB". */
struct lc_units lc_units_bytes(uint64_t bytes);

/* As precise as it matters: "42 s", "5 min 12 s", "37 min", "3 h 12 min", "12 d 4 h"; "-" when
 * negative. */
struct lc_units lc_units_age(int64_t seconds);

/* When something is due: "in 42 s", "now" for 0, "-" when negative. */
struct lc_units lc_units_due(int64_t seconds);

/* Change in so many milliseconds, as a pace: "0/s", "12/s", "-1.50 k/s"; below 10 with one
 * decimal. "-" when no time has passed. */
struct lc_units lc_units_pace(int64_t change, uint64_t milliseconds);

/* 0 to 999 as they are, then with commas: "12,345". For sentences. */
struct lc_units lc_units_exact(uint64_t count);

/* A second since 1970 as "2026-02-06 00:00:38", UTC; empty for 0. */
struct lc_units lc_units_second(uint32_t second);

#endif
