#include "ctl/humane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect_count(uint64_t count, const char *expected)
{
	char text[LC_HUMANE_SIZE];

	lc_humane_count(count, text);
	assert_string_equal(text, expected);
}

static void expect_bytes(uint64_t bytes, const char *expected)
{
	char text[LC_HUMANE_SIZE];

	lc_humane_bytes(bytes, text);
	assert_string_equal(text, expected);
}

static void expect_age(int64_t seconds, const char *expected)
{
	char text[LC_HUMANE_SIZE];

	lc_humane_age(seconds, text);
	assert_string_equal(text, expected);
}

static void counts_keep_three_digits_once_they_are_long(void **state)
{
	(void)state;
	expect_count(0, "0");
	expect_count(99999, "99999");
	expect_count(100000, "100k");
	expect_count(999499, "999k");
	expect_count(999500, "1.00M");
	expect_count(1234567, "1.23M");
	expect_count(12345678, "12.3M");
	expect_count(999999999, "1.00G");
	expect_count(UINT64_MAX, "18.4E");
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

static void ages_show_their_two_largest_units(void **state)
{
	(void)state;
	expect_age(-1, "-");
	expect_age(0, "0s");
	expect_age(59, "59s");
	expect_age(60, "1m 0s");
	expect_age(3599, "59m 59s");
	expect_age(3 * 3600 + 12 * 60 + 5, "3h 12m");
	expect_age(12 * 86400 + 4 * 3600, "12d 4h");
	expect_age(INT64_MAX, "106751991167300d 15h");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_keep_three_digits_once_they_are_long),
	    cmocka_unit_test(bytes_come_in_powers_of_1024),
	    cmocka_unit_test(ages_show_their_two_largest_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
