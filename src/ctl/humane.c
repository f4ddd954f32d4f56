#include "ctl/humane.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

/* Three significant digits: 1.23, 12.3, 123. */
static int digits_behind(double value)
{
	if (value < 9.995)
		return 2;
	return value < 99.95 ? 1 : 0;
}

void lc_humane_count(uint64_t count, char text[LC_HUMANE_SIZE])
{
	static const char units[] = {'k', 'M', 'G', 'T', 'P', 'E'};
	double value = (double)count / 1000;
	size_t unit = 0;

	if (count < 100000) {
		snprintf(text, LC_HUMANE_SIZE, "%" PRIu64, count);
		return;
	}
	while (value >= 999.5 && unit + 1 < sizeof(units)) {
		value /= 1000;
		unit++;
	}
	snprintf(text, LC_HUMANE_SIZE, "%.*f%c", digits_behind(value), value, units[unit]);
}

void lc_humane_bytes(uint64_t bytes, char text[LC_HUMANE_SIZE])
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(text, LC_HUMANE_SIZE, "%" PRIu64 " B", bytes);
		return;
	}
	while (value >= 1023.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		unit++;
	}
	snprintf(text, LC_HUMANE_SIZE, "%.1f %s", value, units[unit]);
}

static void two_units(int64_t seconds, int64_t large, char large_name, int64_t small,
		      char small_name, char text[LC_HUMANE_SIZE])
{
	snprintf(text, LC_HUMANE_SIZE, "%" PRId64 "%c %" PRId64 "%c", seconds / large, large_name,
		 seconds % large / small, small_name);
}

void lc_humane_age(int64_t seconds, char text[LC_HUMANE_SIZE])
{
	if (seconds < 0)
		snprintf(text, LC_HUMANE_SIZE, "-");
	else if (seconds < MINUTE)
		snprintf(text, LC_HUMANE_SIZE, "%" PRId64 "s", seconds);
	else if (seconds < HOUR)
		two_units(seconds, MINUTE, 'm', 1, 's', text);
	else if (seconds < DAY)
		two_units(seconds, HOUR, 'h', MINUTE, 'm', text);
	else
		two_units(seconds, DAY, 'd', HOUR, 'h', text);
}
