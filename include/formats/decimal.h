/* Numbers as decimal text, as the log line wants them: without exponent, without terminator. */
#ifndef LC_FORMATS_DECIMAL_H
#define LC_FORMATS_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

enum {
	LC_DECIMAL_UINT_SIZE = 20,
	LC_DECIMAL_FLOAT_SIZE = 64, /* sign, "0.", 44 zeros and nine digits at most */
};

/* Writes an integer; returns the size. Bytes of `out` beyond it may change. */
size_t lc_decimal_write_uint(uint64_t value, char out[LC_DECIMAL_UINT_SIZE]);

/* Writes the shortest decimal that reads back to the same 32-bit float, among these the nearest to
 * it; both zeros are "0", and what is not finite is "-". Returns the size. Expects the C locale's
 * numbers, as every process of ours does. */
size_t lc_decimal_write_float(float value, char out[LC_DECIMAL_FLOAT_SIZE]);

#endif
