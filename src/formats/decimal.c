#include "formats/decimal.h"

#include "base/assert.h"

#include <endian.h>
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
	DIGITS_AT_ONCE = 8,
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

/* The eight digits of a number below 10^8, one in each byte, the first in the lowest. Two numbers of
 * four digits are divided at once, then four of two: the products are exact for all of these. */
static uint64_t eight_digits(uint64_t value)
{
	uint64_t fours = value / 10000 | (value % 10000) << 32;
	uint64_t hundreds = (fours * 10486 >> 20) & UINT64_C(0x0000007F0000007F);
	uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
	uint64_t tens = (twos * 103 >> 10) & UINT64_C(0x000F000F000F000F);

	return tens | (twos - tens * 10) << 8;
}

static void write_digits(uint64_t digits, char out[DIGITS_AT_ONCE])
{
	uint64_t text = htole64(digits | UINT64_C(0x3030303030303030));

	memcpy(out, &text, sizeof text);
}

/* A number below 10^8; all of `out` is written to. */
static size_t write_small(uint64_t value, char out[DIGITS_AT_ONCE])
{
	uint64_t digits = eight_digits(value);
	/* The last digit is written even if it is zero. */
	unsigned zeros = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8;
	uint64_t text = htole64((digits | UINT64_C(0x3030303030303030)) >> 8 * zeros);

	memcpy(out, &text, sizeof text);
	return DIGITS_AT_ONCE - zeros;
}

size_t lc_decimal_write_uint(uint64_t value, char out[LC_DECIMAL_UINT_SIZE])
{
	const uint64_t each = 100000000; /* 10^DIGITS_AT_ONCE */
	size_t size = 0;

	if (value < each)
		return write_small(value, out);
	if (value < each * each) {
		size = write_small(value / each, out);
	} else {
		size = write_small(value / each / each, out);
		write_digits(eight_digits(value / each % each), out + size);
		size += DIGITS_AT_ONCE;
	}
	write_digits(eight_digits(value % each), out + size);
	return size + DIGITS_AT_ONCE;
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

/* ---- large values: whole numbers below 2^128 ---- */

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 whole;

/* Whether a number at such a distance from the value is the nearest float to none but it: the
 * middle between two floats belongs to the one whose last bit is 0. */
static bool is_near(whole distance, whole half_gap, bool even)
{
	return distance < half_gap || (distance == half_gap && even);
}

/* A value from 2^25 on: it, the middles to its neighbours and all that is computed here are whole
 * numbers. One digit more after the other, until the nearest number with so many of them is near
 * enough. Below a power of two the neighbours stand closer than above it: there the next number up
 * may be near enough where the nearest is not. Returns 0 if the compiler has no such numbers. */
static size_t write_large(float value, char *out)
{
	uint32_t bits = bits_of(value);
	uint32_t mantissa = (bits & MANTISSA_BITS) | (MANTISSA_BITS + 1);
	int exponent = (int)(bits >> 23) - 150;
	whole exact = (whole)mantissa << exponent;
	whole half_above = (whole)1 << (exponent - 1);
	bool lopsided = (bits & MANTISSA_BITS) == 0;
	whole half_below = lopsided ? half_above / 2 : half_above;
	bool even = mantissa % 2 == 0;
	whole bottom = 1; /* of the power of ten, what goes beyond DIGITS_MAX digits */
	uint64_t unit = 1;
	uint64_t first;
	int scale = 0;

	for (; bottom * unit <= exact / 10; scale++) {
		if (scale < DIGITS_MAX - 1)
			unit *= 10;
		else
			bottom *= 10;
	}
	first = (uint64_t)(exact / bottom);
	for (; unit > 0; unit /= 10, scale--) {
		whole power = bottom * unit;
		uint64_t digits = first / unit;
		whole rest = exact - power * digits;
		whole missing = power - rest;
		bool up = rest > missing || (rest == missing && digits % 2 == 1);

		if (up ? is_near(missing, half_above, even) : is_near(rest, half_below, even))
			return write_scaled(digits + (up ? 1 : 0), scale, out);
		if (lopsided && !up && is_near(missing, half_above, even))
			return write_scaled(digits + 1, scale, out);
	}
	return 0; /* not reached: the value itself is near enough */
}

#else
static size_t write_large(float value, char *out)
{
	(void)value;
	(void)out;
	return 0;
}
#endif

/* ---- all others ---- */

static bool reads_back(uint64_t digits, int scale, float value)
{
	char text[48];

	/* No decimal point, whatever the locale's is. */
	LC_ASSERT(snprintf(text, sizeof text, "%" PRIu64 "e%d", digits, scale) > 0);
	return bits_of(strtof(text, NULL)) == bits_of(value);
}

/* Any positive value in the same way, slowly: the C library rounds to more and more digits. */
static size_t write_any(float value, char *out)
{
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
	if (magnitude < 16777216.0F && magnitude == (float)(uint32_t)magnitude)
		return sign + lc_decimal_write_uint((uint32_t)magnitude, out + sign);
	if (magnitude >= 0.001F && magnitude < 16777216.0F)
		size = write_common(magnitude, out + sign);
	if (magnitude >= 16777216.0F)
		size = write_large(magnitude, out + sign);
	if (size == 0)
		size = write_any(magnitude, out + sign);
	return sign + size;
}
