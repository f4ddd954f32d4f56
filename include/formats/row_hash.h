/*
 * The row hash: 64 bits over all column values of a row, by which rows are recognised when they are
 * fetched again. Stable across versions of log-courier as long as LC_ROW_HASH_VERSION stays: it
 * stands in durable state and in object keys.
 *
 * Version 1: XXH3 with 64 bits (xxHash specification) over the fields in the order of
 * include/tbl/record_fields.h: times, numbers and floats as 8 bytes little-endian (float: its
 * bits), a nullable one preceded by a byte that says whether it is present (absent: value 0); text
 * as 4 bytes length little-endian and its bytes. NULL text counts as empty.
 */
#ifndef LC_FORMATS_ROW_HASH_H
#define LC_FORMATS_ROW_HASH_H

#include "formats/record.h"

#include <stdint.h>

enum { LC_ROW_HASH_VERSION = 1 };

/* The hash of a row. Pure. */
uint64_t lc_row_hash(const struct lc_record *record);

#endif
