#include "ctl/units.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

/* Three significant digits: 1.23, 12.3, 123. */
static int decimals_of(double value)
{
	if (value < 9.995)
		return 2;
	return value < 99.95 ? 1 : 0;
}

void lc_units_count(uint64_t count, char text[LC_UNITS_SIZE])
{
	static const char units[] = {'k', 'M', 'G', 'T', 'P', 'E'};
	double value = (double)count / 1000;
	size_t unit = 0;

	if (count < 100000) {
		snprintf(text, LC_UNITS_SIZE, "%" PRIu64, count);
		return;
	}
	while (value >= 999.5 && unit + 1 < sizeof(units)) {
		value /= 1000;
		unit++;
	}
	snprintf(text, LC_UNITS_SIZE, "%.*f %c", decimals_of(value), value, units[unit]);
}

void lc_units_bytes(uint64_t bytes, char text[LC_UNITS_SIZE])
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(text, LC_UNITS_SIZE, "%" PRIu64 " B", bytes);
		return;
	}
	while (value >= 1023.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		unit++;
	}
	snprintf(text, LC_UNITS_SIZE, "%.1f %s", value, units[unit]);
}

static void two_units(int64_t seconds, int64_t large, const char *large_name, int64_t small,
		      const char *small_name, char text[LC_UNITS_SIZE])
{
	int64_t rest = seconds % large / small;

	if (rest == 0)
		snprintf(text, LC_UNITS_SIZE, "%" PRId64 " %s", seconds / large, large_name);
	else
		snprintf(text, LC_UNITS_SIZE, "%" PRId64 " %s %" PRId64 " %s", seconds / large,
			 large_name, rest, small_name);
}

void lc_units_age(int64_t seconds, char text[LC_UNITS_SIZE])
{
	if (seconds < 0)
		snprintf(text, LC_UNITS_SIZE, "-");
	else if (seconds < MINUTE)
		snprintf(text, LC_UNITS_SIZE, "%" PRId64 " s", seconds);
	else if (seconds < 10 * MINUTE)
		two_units(seconds, MINUTE, "min", 1, "s", text);
	else if (seconds < HOUR)
		snprintf(text, LC_UNITS_SIZE, "%" PRId64 " min", seconds / MINUTE);
	else if (seconds < DAY)
		two_units(seconds, HOUR, "h", MINUTE, "min", text);
	else
		two_units(seconds, DAY, "d", HOUR, "h", text);
}

void lc_units_due(int64_t seconds, char text[LC_UNITS_SIZE])
{
	char age[LC_UNITS_SIZE];

	lc_units_age(seconds, age);
	if (seconds == 0)
		snprintf(text, LC_UNITS_SIZE, "now");
	else
		snprintf(text, LC_UNITS_SIZE, "%s%.36s", seconds > 0 ? "in " : "", age);
}

void lc_units_pace(int64_t change, uint64_t milliseconds, char text[LC_UNITS_SIZE])
{
	uint64_t size = change < 0 ? 0 - (uint64_t)change : (uint64_t)change;
	double pace = (double)size * 1000 / (double)(milliseconds == 0 ? 1 : milliseconds);
	char count[LC_UNITS_SIZE];

	if (milliseconds == 0) {
		snprintf(text, LC_UNITS_SIZE, "-");
		return;
	}
	lc_units_count((uint64_t)(pace + 0.5), count);
	if (size > 0 && pace < 9.95)
		snprintf(count, sizeof(count), "%.1f", pace);
	snprintf(text, LC_UNITS_SIZE, "%s%.36s/s", change < 0 ? "-" : "", count);
}

void lc_units_exact(uint64_t count, char text[LC_UNITS_SIZE])
{
	char digits[LC_UNITS_SIZE];
	int size = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	int at = 0;

	for (int i = 0; i < size; i++) {
		if (i > 0 && (size - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
}

void lc_units_second(uint32_t second, char text[LC_UNITS_SIZE])
{
	struct lc_clock_date date = lc_clock_date_of(second);

	text[0] = '\0';
	if (second != 0)
		snprintf(text, LC_UNITS_SIZE, "%04d-%02d-%02d %02d:%02d:%02d", date.year,
			 date.month, date.day, date.hour, date.minute, date.second);
}
