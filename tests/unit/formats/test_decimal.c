#include "formats/decimal.h"

#include "base/random.h"
#include "support/story.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static float float_of(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

static void assert_float_text(float value, const char *expected)
{
	char out[LC_DECIMAL_FLOAT_SIZE + 1];

	out[lc_decimal_write_float(value, out)] = '\0';
	assert_string_equal(out, expected);
}

/* Significant digits of a decimal without exponent. */
static int significant_digits(const char *text)
{
	const char *first = text + strspn(text, "-0.");
	int digits = 0;
	int zeros = 0; /* that may be the end of an integer */
	bool point = strchr(text, '.') != NULL;

	for (; *first != '\0'; first++) {
		if (*first == '.')
			continue;
		digits++;
		zeros = *first == '0' && !point ? zeros + 1 : 0;
	}
	return digits - zeros;
}

/* Whether some decimal with so many digits reads back: the nearest, or one beside it. */
static bool digits_suffice(float value, int digits)
{
	char text[64];
	char *exponent;
	long scale;
	double mantissa;

	snprintf(text, sizeof text, "%.*e", digits - 1, (double)value);
	exponent = strchr(text, 'e');
	scale = strtol(exponent + 1, NULL, 10) - (digits - 1);
	*exponent = '\0';
	mantissa = round(strtod(text, NULL) * pow(10, digits - 1));
	for (int step = -1; step <= 1; step++) {
		char candidate[64];

		snprintf(candidate, sizeof candidate, "%.0fe%ld", mantissa + step, scale);
		if (strtof(candidate, NULL) == value)
			return true;
	}
	return false;
}

static void assert_shortest(float value)
{
	char out[LC_DECIMAL_FLOAT_SIZE + 1];
	size_t size = lc_decimal_write_float(value, out);
	int digits;

	assert_in_range(size, 1, LC_DECIMAL_FLOAT_SIZE);
	out[size] = '\0';
	assert_int_equal(strspn(out, "0123456789.-"), size);
	assert_true(strtof(out, NULL) == value);
	assert_true(strchr(out, '.') == NULL || (out[size - 1] != '0' && out[size - 1] != '.'));
	assert_true(out[0] != '.');
	assert_true(out[0] != '0' || out[1] == '.');
	digits = significant_digits(out);
	if (digits > 1 && digits_suffice(value, digits - 1))
		fail_msg("%s: %d digits suffice", out, digits - 1);
}

static void integers_are_written(void **state)
{
	char out[LC_DECIMAL_UINT_SIZE + 1];

	(void)state;
	out[lc_decimal_write_uint(0, out)] = '\0';
	assert_string_equal(out, "0");
	out[lc_decimal_write_uint(1234567890, out)] = '\0';
	assert_string_equal(out, "1234567890");
	out[lc_decimal_write_uint(UINT64_MAX, out)] = '\0';
	assert_string_equal(out, "18446744073709551615");
}

static void known_floats_are_written_as_people_would(void **state)
{
	(void)state;
	assert_float_text(0.0F, "0");
	assert_float_text(-0.0F, "0");
	assert_float_text(1.0F, "1");
	assert_float_text(100.0F, "100");
	assert_float_text(-1.5F, "-1.5");
	assert_float_text(0.1F, "0.1");
	assert_float_text(0.3F, "0.3");
	assert_float_text(12345.678F, "12345.678");
	assert_float_text(70.123F, "70.123");
	assert_float_text(0.001F, "0.001");
	assert_float_text(0.0009F, "0.0009");
	assert_float_text(1e-7F, "0.0000001");
	assert_float_text(16777215.0F, "16777215");
	assert_float_text(16777216.0F, "16777216");
	assert_float_text(2097152.25F, "2097152.2");
	assert_float_text(1e10F, "10000000000");
	assert_float_text(9e9F, "9000000000");
	assert_float_text(3.4028234e38F, "340282350000000000000000000000000000000");
	assert_float_text(1e-45F, "0.000000000000000000000000000000000000000000001");
	assert_float_text(1.17549435e-38F, "0.000000000000000000000000000000000000011754944");
}

static void what_is_not_finite_is_missing(void **state)
{
	(void)state;
	assert_float_text(NAN, "-");
	assert_float_text(INFINITY, "-");
	assert_float_text(-INFINITY, "-");
}

static void every_power_of_two_and_its_neighbours_are_shortest(void **state)
{
	(void)state;
	for (uint32_t exponent = 1; exponent < 255; exponent++) {
		assert_shortest(float_of((exponent << 23) - 1));
		assert_shortest(float_of(exponent << 23));
		assert_shortest(float_of((exponent << 23) + 1));
	}
	for (uint32_t bit = 0; bit < 23; bit++)
		assert_shortest(float_of(UINT32_C(1) << bit));
}

static void any_float_is_shortest(void **state)
{
	struct lc_random random;

	(void)state;
	lc_random_seed(&random, 1);
	for (int i = 0; i < 100000; i++)
		assert_shortest(float_of((uint32_t)(lc_random_next(&random) % 0x7F7FFFFF) + 1));
}

static void the_floats_of_daily_life_are_shortest(void **state)
{
	struct lc_random random;

	(void)state;
	lc_random_seed(&random, 2);
	for (uint32_t i = 1; i < 100000; i++) {
		assert_shortest((float)i / 1000);
		/* From 0.0005 to 33554432, across both ends of the quick way. */
		assert_shortest(
		    float_of(0x3A03126F + (uint32_t)(lc_random_next(&random) % 0x11FCED91)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(integers_are_written),
	    cmocka_unit_test(known_floats_are_written_as_people_would),
	    cmocka_unit_test(what_is_not_finite_is_missing),
	    cmocka_unit_test(every_power_of_two_and_its_neighbours_are_shortest),
	    cmocka_unit_test(any_float_is_shortest),
	    cmocka_unit_test(the_floats_of_daily_life_are_shortest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
