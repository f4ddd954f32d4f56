#include "base/clock.h"

#include "support/story.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

static const int64_t YEAR_0 = INT64_C(-62167219200);
static const int64_t YEAR_10000 = INT64_C(253402300800);

static void expect_date(int64_t seconds, const char *expected)
{
	struct lc_clock_date date = lc_clock_date_of(seconds);
	char text[100];

	snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d", date.year, date.month,
		 date.day, date.hour, date.minute, date.second);
	assert_string_equal(text, expected);
}

static void expect_format(int64_t wall_ms, const char *expected)
{
	char text[LC_CLOCK_TEXT_SIZE];

	lc_clock_format(wall_ms, text);
	assert_string_equal(text, expected);
}

static void known_moments_have_their_dates(void **state)
{
	static const struct {
		int64_t seconds;
		const char *date;
	} moments[] = {
	    {INT64_C(-62167219200), "0000-01-01 00:00:00"},
	    {INT64_C(-62162121600), "0000-02-29 00:00:00"},
	    {INT64_C(-62162035200), "0000-03-01 00:00:00"},
	    {INT64_C(-62135596801), "0000-12-31 23:59:59"},
	    {INT64_C(-62135596800), "0001-01-01 00:00:00"},
	    {INT64_C(-11676096000), "1600-01-01 00:00:00"},
	    {INT64_C(-2208988800), "1900-01-01 00:00:00"},
	    {INT64_C(-2203891201), "1900-02-28 23:59:59"},
	    {INT64_C(-2203891200), "1900-03-01 00:00:00"},
	    {-86401, "1969-12-30 23:59:59"},
	    {-86400, "1969-12-31 00:00:00"},
	    {-1, "1969-12-31 23:59:59"},
	    {0, "1970-01-01 00:00:00"},
	    {1, "1970-01-01 00:00:01"},
	    {68169600, "1972-02-29 00:00:00"},
	    {951782399, "2000-02-28 23:59:59"},
	    {951782400, "2000-02-29 00:00:00"},
	    {951868800, "2000-03-01 00:00:00"},
	    {978307199, "2000-12-31 23:59:59"},
	    {1000000000, "2001-09-09 01:46:40"},
	    {1549411238, "2019-02-06 00:00:38"},
	    {2147483647, "2038-01-19 03:14:07"},
	    {INT64_C(2147483648), "2038-01-19 03:14:08"},
	    {INT64_C(4107542399), "2100-02-28 23:59:59"},
	    {INT64_C(4107542400), "2100-03-01 00:00:00"},
	    {INT64_C(4294967295), "2106-02-07 06:28:15"},
	    {INT64_C(10413791999), "2299-12-31 23:59:59"},
	    {INT64_C(13574563200), "2400-02-29 00:00:00"},
	    {INT64_C(253402300799), "9999-12-31 23:59:59"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++)
		expect_date(moments[i].seconds, moments[i].date);
}

static int days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static void every_day_of_ten_thousand_years_follows_the_one_before(void **state)
{
	int64_t seconds = YEAR_0;
	int year = 0;
	int month = 1;
	int day = 1;

	(void)state;
	while (seconds < YEAR_10000) {
		/* Another second of the day each day. */
		int64_t of_day = (seconds - YEAR_0) / 86400 * 7919 % 86400;
		struct lc_clock_date date = lc_clock_date_of(seconds + of_day);

		if (date.year != year || date.month != month || date.day != day ||
		    date.hour * 3600 + date.minute * 60 + date.second != of_day)
			fail_msg("%d-%d-%d became %d-%d-%d", year, month, day, date.year,
				 date.month, date.day);
		assert_int_equal(lc_clock_seconds_of(date), seconds + of_day);
		seconds += 86400;
		if (++day > days_of_month(year, month)) {
			day = 1;
			if (++month > 12) {
				month = 1;
				year++;
			}
		}
	}
	assert_int_equal(year, 10000);
}

static void the_systems_calendar_agrees(void **state)
{
	(void)state;
	for (int64_t seconds = YEAR_0; seconds < YEAR_10000; seconds += 8640007) {
		struct lc_clock_date date = lc_clock_date_of(seconds);
		time_t time = (time_t)seconds;
		struct tm tm;

		assert_non_null(gmtime_r(&time, &tm));
		assert_int_equal(date.year, tm.tm_year + 1900);
		assert_int_equal(date.month, tm.tm_mon + 1);
		assert_int_equal(date.day, tm.tm_mday);
		assert_int_equal(date.hour, tm.tm_hour);
		assert_int_equal(date.minute, tm.tm_min);
		assert_int_equal(date.second, tm.tm_sec);
	}
}

static void moments_outside_ten_thousand_years_become_the_nearest(void **state)
{
	(void)state;
	expect_date(YEAR_0 - 1, "0000-01-01 00:00:00");
	expect_date(INT64_MIN, "0000-01-01 00:00:00");
	expect_date(INT64_MIN + 1, "0000-01-01 00:00:00");
	expect_date(YEAR_10000, "9999-12-31 23:59:59");
	expect_date(INT64_MAX, "9999-12-31 23:59:59");
}

static void a_moment_is_written_with_its_milliseconds(void **state)
{
	(void)state;
	expect_format(0, "1970-01-01T00:00:00.000Z");
	expect_format(1549411238123, "2019-02-06T00:00:38.123Z");
	expect_format(INT64_C(4107542399999), "2100-02-28T23:59:59.999Z");
	expect_format(-1, "1969-12-31T23:59:59.999Z");
	expect_format(-999, "1969-12-31T23:59:59.001Z");
	expect_format(-1000, "1969-12-31T23:59:59.000Z");
	expect_format(-1001, "1969-12-31T23:59:58.999Z");
}

static void any_number_of_milliseconds_is_written_as_some_year(void **state)
{
	(void)state;
	expect_format(YEAR_0 * 1000, "0000-01-01T00:00:00.000Z");
	expect_format(YEAR_10000 * 1000 - 1, "9999-12-31T23:59:59.999Z");
	expect_format(INT64_MIN, "0000-01-01T00:00:00.192Z");
	expect_format(INT64_MAX, "9999-12-31T23:59:59.807Z");
}

static void expect_time(const char *text, uint32_t expected)
{
	uint32_t seconds = 0;

	if (!lc_clock_parse(lc_view_of(text), &seconds))
		fail_msg("%s is no time", text);
	assert_int_equal(seconds, expected);
}

static void a_time_is_read_in_utc(void **state)
{
	(void)state;
	expect_time("1970-01-01", 0);
	expect_time("2019-02-06T00:00:38Z", 1549411238);
	expect_time("2019-02-06T00:00:38", 1549411238);
	expect_time("2019-02-06T00:01", 1549411260);
	expect_time("2019-02-06T00:01Z", 1549411260);
	expect_time("2024-02-29", 1709164800);
	expect_time("2106-02-07T06:28:14Z", UINT32_MAX - 1);
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const TEXTS[] = {
	    "",
	    "now",
	    "2019",
	    "2019-02-30",
	    "2023-02-29",
	    "2019-13-01",
	    "2019-00-10",
	    "2019-01-00",
	    "2019-02-06T24:00",
	    "2019-02-06T00:60",
	    "2019-02-06T00:00:60",
	    "2019-02-06 00:00",
	    "2019-02-06T00:00:3",
	    "2019-02-06T00:00:38+01",
	    "1969-12-31",
	    "2106-02-07T06:28:15Z",
	    "9999-12-31",
	    "-019-02-06",
	    "2019-02-06ZZ",
	    "2019-02-06T00:00:38.5Z",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
		uint32_t seconds;

		if (lc_clock_parse(lc_view_of(TEXTS[i]), &seconds))
			fail_msg("%s passes for a time", TEXTS[i]);
	}
}

static void the_monotonic_clock_never_goes_back(void **state)
{
	uint64_t before = lc_clock_monotonic_ms();

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint64_t now = lc_clock_monotonic_ms();

		assert_true(now >= before);
		before = now;
	}
}

static void the_wall_clock_is_the_systems(void **state)
{
	int64_t before = (int64_t)time(NULL) * 1000;
	int64_t now = lc_clock_wall_ms();

	(void)state;
	/* time() may lag the precise clock by one tick. */
	assert_true(now >= before && now <= ((int64_t)time(NULL) + 2) * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_moments_have_their_dates),
	    cmocka_unit_test(every_day_of_ten_thousand_years_follows_the_one_before),
	    cmocka_unit_test(the_systems_calendar_agrees),
	    cmocka_unit_test(moments_outside_ten_thousand_years_become_the_nearest),
	    cmocka_unit_test(a_moment_is_written_with_its_milliseconds),
	    cmocka_unit_test(any_number_of_milliseconds_is_written_as_some_year),
	    cmocka_unit_test(a_time_is_read_in_utc),
	    cmocka_unit_test(what_is_no_time_is_refused),
	    cmocka_unit_test(the_monotonic_clock_never_goes_back),
	    cmocka_unit_test(the_wall_clock_is_the_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
