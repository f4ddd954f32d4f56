#include "formats/decimal.h"

#include "base/assert.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* With so many decimals a float's product with the power of ten still is exact in a
	 * double: 24 bits of the float and 26 of 5^11. */
	DECIMALS_MAX = 11,
	/* Significant digits that tell every float from its neighbours. */
	DIGITS_MAX = 9,
	/* Of a positive float's bits: the mantissa without its leading one. */
	MANTISSA_BITS = 0x7FFFFF,
};

static const double POWERS_OF_TEN[DECIMALS_MAX + 1] = {1e0, 1e1, 1e2, 1e3, 1e4,  1e5,
						       1e6, 1e7, 1e8, 1e9, 1e10, 1e11};

static uint32_t bits_of(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static float float_of(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

size_t lc_decimal_write_uint(uint64_t value, char out[LC_DECIMAL_UINT_SIZE])
{
	char digits[LC_DECIMAL_UINT_SIZE];
	size_t first = sizeof digits;

	do {
		digits[--first] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	memcpy(out, digits + first, sizeof digits - first);
	return sizeof digits - first;
}

/* Writes digits * 10^scale. */
static size_t write_scaled(uint64_t digits, int scale, char *out)
{
	char text[LC_DECIMAL_UINT_SIZE];
	size_t size = lc_decimal_write_uint(digits, text);
	size_t decimals = scale < 0 ? (size_t)-scale : 0;

	if (scale >= 0) {
		memcpy(out, text, size);
		memset(out + size, '0', (size_t)scale);
		return size + (size_t)scale;
	}
	if (size > decimals) {
		size_t whole = size - decimals;

		memcpy(out, text, whole);
		out[whole] = '.';
		memcpy(out + whole + 1, text + whole, decimals);
		return size + 1;
	}
	out[0] = '0';
	out[1] = '.';
	memset(out + 2, '0', decimals - size);
	memcpy(out + 2 + decimals - size, text, size);
	return 2 + decimals;
}

/*
 * The common values, thousandths to millions: one decimal after the other until the nearest number
 * with so many of them lies nearer to the value than the middle to its neighbour. Everything here
 * is exact in a double, so the answer is too. Two cases of write_any need no thought below 2^24: a
 * number exactly in the middle is never shorter than the value itself, and a power of two has few
 * enough digits that no farther number beats the nearest. Returns 0 if that many decimals do not
 * suffice.
 */
static size_t write_common(float value, char *out)
{
	uint32_t bits = bits_of(value);
	double half_below = ((double)value - (double)float_of(bits - 1)) / 2;
	double half_above = ((double)float_of(bits + 1) - (double)value) / 2;

	for (int decimals = 0; decimals <= DECIMALS_MAX; decimals++) {
		double power = POWERS_OF_TEN[decimals];
		double scaled = (double)value * power;
		uint64_t nearest = (uint64_t)scaled;
		double rest = scaled - (double)nearest;
		bool up = rest > 0.5 || (rest >= 0.5 && nearest % 2 == 1);

		if (!up && rest < half_below * power)
			return write_scaled(nearest, -decimals, out);
		if (up && 1 - rest < half_above * power)
			return write_scaled(nearest + 1, -decimals, out);
	}
	return 0;
}

static bool reads_back(uint64_t digits, int scale, float value)
{
	char text[48];

	/* No decimal point, whatever the locale's is. */
	LC_ASSERT(snprintf(text, sizeof text, "%" PRIu64 "e%d", digits, scale) > 0);
	return bits_of(strtof(text, NULL)) == bits_of(value);
}

/* Any positive value, slowly: the C library rounds to more and more digits. */
static size_t write_any(float value, char *out)
{
	/* Below a power of two the neighbours stand closer than above it: there the next number up
	 * may do where the nearest does not. */
	bool lopsided = (bits_of(value) & MANTISSA_BITS) == 0;

	for (int count = 1;; count++) {
		char text[32];
		const char *at = text;
		uint64_t digits;
		int scale;

		LC_ASSERT(count <= DIGITS_MAX);
		LC_ASSERT(snprintf(text, sizeof text, "%.*e", count - 1, (double)value) > 0);
		digits = 0;
		for (; *at != 'e'; at++)
			if (*at >= '0' && *at <= '9')
				digits = digits * 10 + (uint64_t)(*at - '0');
		scale = (int)strtol(at + 1, NULL, 10) - (count - 1);
		if (reads_back(digits, scale, value))
			return write_scaled(digits, scale, out);
		if (lopsided && reads_back(digits + 1, scale, value))
			return write_scaled(digits + 1, scale, out);
	}
}

size_t lc_decimal_write_float(float value, char out[LC_DECIMAL_FLOAT_SIZE])
{
	const uint32_t infinity = 0x7F800000;
	size_t sign = bits_of(value) >> 31;
	float magnitude = float_of(bits_of(value) & 0x7FFFFFFF);
	size_t size = 0;

	if (bits_of(magnitude) >= infinity) {
		out[0] = '-';
		return 1;
	}
	if (bits_of(magnitude) == 0) {
		out[0] = '0';
		return 1;
	}
	if (sign > 0)
		out[0] = '-';
	if (magnitude >= 0.001F && magnitude < 16777216.0F)
		size = write_common(magnitude, out + sign);
	if (size == 0)
		size = write_any(magnitude, out + sign);
	return sign + size;
}
