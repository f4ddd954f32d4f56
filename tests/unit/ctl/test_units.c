#include "ctl/units.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>

static void expect_count(uint64_t count, const char *expected)
{
	assert_string_equal(lc_units_count(count).text, expected);
}

static void expect_bytes(uint64_t bytes, const char *expected)
{
	assert_string_equal(lc_units_bytes(bytes).text, expected);
}

static void expect_age(int64_t seconds, const char *expected)
{
	assert_string_equal(lc_units_age(seconds).text, expected);
}

static void counts_keep_three_digits_once_they_are_long(void **state)
{
	(void)state;
	expect_count(0, "0");
	expect_count(99999, "99999");
	expect_count(100000, "100 k");
	expect_count(999499, "999 k");
	expect_count(999500, "1.00 M");
	expect_count(1234567, "1.23 M");
	expect_count(12345678, "12.3 M");
	expect_count(999999999, "1.00 G");
	expect_count(UINT64_MAX, "18.4 E");
}

static void bytes_come_in_powers_of_1024(void **state)
{
	(void)state;
	expect_bytes(0, "0 B");
	expect_bytes(1023, "1023 B");
	expect_bytes(1024, "1.0 KiB");
	expect_bytes(1536, "1.5 KiB");
	expect_bytes(1024 * 1024 - 1, "1.0 MiB");
	expect_bytes(16777216, "16.0 MiB");
	expect_bytes(UINT64_MAX, "16.0 EiB");
}

static void ages_are_as_precise_as_it_matters(void **state)
{
	(void)state;
	expect_age(-1, "-");
	expect_age(0, "0 s");
	expect_age(59, "59 s");
	expect_age(60, "1 min");
	expect_age(119, "1 min 59 s");
	expect_age(600, "10 min");
	expect_age(3599, "59 min");
	expect_age(3 * 3600 + 12 * 60 + 5, "3 h 12 min");
	expect_age(12 * 86400 + 4 * 3600, "12 d 4 h");
	expect_age(INT64_MAX, "106751991167300 d 15 h");
}

static void what_is_due_says_in_how_long(void **state)
{
	(void)state;
	assert_string_equal(lc_units_due(-1).text, "-");
	assert_string_equal(lc_units_due(0).text, "now");
	assert_string_equal(lc_units_due(5).text, "in 5 s");
}

static void a_pace_is_a_change_per_second(void **state)
{
	(void)state;
	assert_string_equal(lc_units_pace(0, 2000).text, "0/s");
	assert_string_equal(lc_units_pace(3, 2000).text, "1.5/s");
	assert_string_equal(lc_units_pace(-4000000, 2000).text, "-2.00 M/s");
	assert_string_equal(lc_units_pace(7, 0).text, "-");
	assert_string_equal(lc_units_pace(INT64_MIN, 1000).text, "-9.22 E/s");
}

static void exact_numbers_have_commas(void **state)
{
	(void)state;
	assert_string_equal(lc_units_exact(0).text, "0");
	assert_string_equal(lc_units_exact(999).text, "999");
	assert_string_equal(lc_units_exact(12345).text, "12,345");
	assert_string_equal(lc_units_exact(UINT64_MAX).text, "18,446,744,073,709,551,615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_keep_three_digits_once_they_are_long),
	    cmocka_unit_test(bytes_come_in_powers_of_1024),
	    cmocka_unit_test(ages_are_as_precise_as_it_matters),
	    cmocka_unit_test(what_is_due_says_in_how_long),
	    cmocka_unit_test(a_pace_is_a_change_per_second),
	    cmocka_unit_test(exact_numbers_have_commas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
