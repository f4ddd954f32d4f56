/* Variable-length unsigned integers, seven bits a byte, lowest first (LEB128): the lengths of
 * strings in ClickHouse's RowBinary. */
#ifndef LC_FORMATS_LEB128_H
#define LC_FORMATS_LEB128_H

#include "base/view.h"

#include <stddef.h>
#include <stdint.h>

enum { LC_LEB128_SIZE_MAX = 10 }; /* of a 64-bit number */

enum lc_leb128_result {
	LC_LEB128_READ,       /* *value and *used are set */
	LC_LEB128_INCOMPLETE, /* the bytes end inside the number */
	LC_LEB128_OVERFLOW,   /* more than 64 bits */
};

/* Reads the number at the beginning of `bytes`. */
enum lc_leb128_result lc_leb128_read(struct lc_view bytes, uint64_t *value, size_t *used);

/* Writes a number in as few bytes as it takes; returns how many. */
size_t lc_leb128_write(uint64_t value, char out[LC_LEB128_SIZE_MAX]);

#endif
