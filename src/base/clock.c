#include "base/clock.h"

#include "base/assert.h"

#include <stdio.h>
#include <time.h>

static int64_t read_ms(clockid_t clock)
{
	struct timespec now;

	LC_ASSERT(clock_gettime(clock, &now) == 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t lc_clock_monotonic_ms(void)
{
	return (uint64_t)read_ms(CLOCK_MONOTONIC);
}

uint64_t lc_clock_boot_ms(void)
{
	return (uint64_t)read_ms(CLOCK_BOOTTIME);
}

int64_t lc_clock_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

static int64_t floor_divide(int64_t value, int64_t divisor)
{
	return value / divisor - (value % divisor < 0);
}

/* Days to civil date: eras of 400 years that begin on 1 March, so that the leap day comes last; the
 * first of them in the year 400 before the year 0. */
struct lc_clock_date lc_clock_date_of(int64_t seconds)
{
	const int64_t year_0 = INT64_C(-62167219200);
	const int64_t year_10000 = INT64_C(253402300800);
	const int64_t first_era = INT64_C(86400) * (719468 + 146097); /* before 1970 */
	int64_t clamped = seconds < year_0 ? year_0 : seconds;
	uint64_t since;
	uint32_t days;
	uint32_t second_of_day;
	uint32_t era;
	uint32_t day_of_era;
	uint32_t year_of_era;
	uint32_t day_of_year;
	uint32_t shifted_month; /* 0 is March */

	if (clamped >= year_10000)
		clamped = year_10000 - 1;
	since = (uint64_t)(clamped + first_era);
	days = (uint32_t)(since / 86400);
	second_of_day = (uint32_t)(since % 86400);
	era = days / 146097;
	day_of_era = days % 146097;
	year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	shifted_month = (5 * day_of_year + 2) / 153;
	return (struct lc_clock_date){
	    .year = (int)(year_of_era + era * 400 + (shifted_month >= 10)) - 400,
	    .month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9),
	    .day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
	    .hour = (int)(second_of_day / 3600),
	    .minute = (int)(second_of_day / 60 % 60),
	    .second = (int)(second_of_day % 60),
	};
}

void lc_clock_format(int64_t wall_ms, char text[LC_CLOCK_TEXT_SIZE])
{
	struct lc_clock_date date = lc_clock_date_of(floor_divide(wall_ms, 1000));
	int ms = (int)((wall_ms % 1000 + 1000) % 1000);
	int written = snprintf(text, LC_CLOCK_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
			       date.year % 10000, date.month % 100, date.day % 100, date.hour % 100,
			       date.minute % 100, date.second % 100, ms);

	LC_ASSERT(written == LC_CLOCK_TEXT_SIZE - 1);
}

/* Digits where the form has '0', else its own characters. */
static bool has_form(struct lc_view text, const char *form)
{
	for (size_t i = 0; i < text.size; i++) {
		bool digit = text.data[i] >= '0' && text.data[i] <= '9';

		if (form[i] == '0' ? !digit : text.data[i] != form[i])
			return false;
	}
	return true;
}

static int number_at(struct lc_view text, size_t at, size_t digits)
{
	int number = 0;

	for (size_t i = at; i < at + digits && i < text.size; i++)
		number = number * 10 + (text.data[i] - '0');
	return number;
}

/* The year begins in March, so that the leap day comes last. */
int64_t lc_clock_seconds_of(struct lc_clock_date date)
{
	int64_t shifted_year = date.month <= 2 ? date.year - 1 : date.year;
	int64_t era = floor_divide(shifted_year, 400);
	int64_t year_of_era = shifted_year - era * 400;
	int64_t month_of_year = date.month + (date.month > 2 ? -3 : 9);
	int64_t day_of_year = (153 * month_of_year + 2) / 5 + date.day - 1;
	int64_t days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
		       day_of_year - 719468;

	return days * 86400 + date.hour * 3600 + date.minute * 60 + date.second;
}

bool lc_clock_parse(struct lc_view text, uint32_t *seconds)
{
	static const char FORM[] = "0000-00-00T00:00:00";
	enum { DATE = 10, MINUTES = 16, ALL = sizeof(FORM) - 1 };
	struct lc_clock_date date;
	struct lc_clock_date back;
	int64_t value;

	if (text.size > DATE && text.data[text.size - 1] == 'Z')
		text.size--;
	if ((text.size != DATE && text.size != MINUTES && text.size != ALL) ||
	    !has_form(text, FORM))
		return false;
	date = (struct lc_clock_date){.year = number_at(text, 0, 4),
				      .month = number_at(text, 5, 2),
				      .day = number_at(text, 8, 2),
				      .hour = number_at(text, 11, 2),
				      .minute = number_at(text, 14, 2),
				      .second = number_at(text, 17, 2)};
	value = lc_clock_seconds_of(date);
	if (value < 0 || value >= UINT32_MAX)
		return false;
	/* A date that there is not would be another one. */
	back = lc_clock_date_of(value);
	*seconds = (uint32_t)value;
	return back.year == date.year && back.month == date.month && back.day == date.day &&
	       back.hour == date.hour && back.minute == date.minute && back.second == date.second;
}
