#include "ctl/units.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

#define PRINT(units, ...) snprintf((units).text, sizeof((units).text), __VA_ARGS__)

/* Three significant digits: 1.23, 12.3, 123. */
static int decimals_of(double value)
{
	if (value < 9.995)
		return 2;
	return value < 99.95 ? 1 : 0;
}

struct lc_units lc_units_count(uint64_t count)
{
	static const char prefixes[] = {'k', 'M', 'G', 'T', 'P', 'E'};
	double value = (double)count / 1000;
	struct lc_units units;
	size_t prefix = 0;

	if (count < 100000) {
		PRINT(units, "%" PRIu64, count);
		return units;
	}
	while (value >= 999.5 && prefix + 1 < sizeof(prefixes)) {
		value /= 1000;
		prefix++;
	}
	PRINT(units, "%.*f %c", decimals_of(value), value, prefixes[prefix]);
	return units;
}

struct lc_units lc_units_bytes(uint64_t bytes)
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes / 1024;
	struct lc_units units;
	size_t name = 0;

	if (bytes < 1024) {
		PRINT(units, "%" PRIu64 " B", bytes);
		return units;
	}
	while (value >= 1023.95 && name + 1 < sizeof(names) / sizeof(names[0])) {
		value /= 1024;
		name++;
	}
	PRINT(units, "%.1f %s", value, names[name]);
	return units;
}

static struct lc_units two_units(int64_t seconds, int64_t large, const char *large_name,
				 int64_t small, const char *small_name)
{
	int64_t rest = seconds % large / small;
	struct lc_units units;

	if (rest == 0)
		PRINT(units, "%" PRId64 " %s", seconds / large, large_name);
	else
		PRINT(units, "%" PRId64 " %s %" PRId64 " %s", seconds / large, large_name, rest,
		      small_name);
	return units;
}

struct lc_units lc_units_age(int64_t seconds)
{
	struct lc_units units = {"-"};

	if (seconds >= DAY)
		return two_units(seconds, DAY, "d", HOUR, "h");
	if (seconds >= HOUR)
		return two_units(seconds, HOUR, "h", MINUTE, "min");
	if (seconds >= 10 * MINUTE)
		PRINT(units, "%" PRId64 " min", seconds / MINUTE);
	else if (seconds >= MINUTE)
		return two_units(seconds, MINUTE, "min", 1, "s");
	else if (seconds >= 0)
		PRINT(units, "%" PRId64 " s", seconds);
	return units;
}

struct lc_units lc_units_due(int64_t seconds)
{
	struct lc_units units = {"now"};

	if (seconds != 0)
		PRINT(units, "%s%.36s", seconds > 0 ? "in " : "", lc_units_age(seconds).text);
	return units;
}

struct lc_units lc_units_pace(int64_t change, uint64_t milliseconds)
{
	uint64_t size = change < 0 ? 0 - (uint64_t)change : (uint64_t)change;
	double pace = (double)size * 1000 / (double)(milliseconds == 0 ? 1 : milliseconds);
	struct lc_units count = lc_units_count((uint64_t)(pace + 0.5));
	struct lc_units units = {"-"};

	if (milliseconds == 0)
		return units;
	if (size > 0 && pace < 9.95)
		PRINT(count, "%.1f", pace);
	PRINT(units, "%s%.36s/s", change < 0 ? "-" : "", count.text);
	return units;
}

struct lc_units lc_units_exact(uint64_t count)
{
	struct lc_units digits;
	struct lc_units units;
	int size = PRINT(digits, "%" PRIu64, count);
	int at = 0;

	for (int i = 0; i < size; i++) {
		if (i > 0 && (size - i) % 3 == 0)
			units.text[at++] = ',';
		units.text[at++] = digits.text[i];
	}
	units.text[at] = '\0';
	return units;
}

struct lc_units lc_units_second(uint32_t second)
{
	struct lc_clock_date date = lc_clock_date_of(second);
	struct lc_units units = {""};

	if (second != 0)
		PRINT(units, "%04d-%02d-%02d %02d:%02d:%02d", date.year, date.month, date.day,
		      date.hour, date.minute, date.second);
	return units;
}
