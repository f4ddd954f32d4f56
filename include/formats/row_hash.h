/*
 * The row hash: 64 bits over the column values of a row, by which rows are recognised when they are
 * fetched again. Stable across versions of log-courier as long as LC_ROW_HASH_VERSION stays: it
 * stands in durable state and in object keys.
 *
 * Version 1: XXH3 with 64 bits (xxHash specification) over the first LC_ROW_HASH_FIELDS fields in
 * the order of include/tbl/record_fields.h: times, numbers and floats as 8 bytes little-endian
 * (float: its bits), a nullable one preceded by a byte that says whether it is present (absent:
 * value 0); text as 4 bytes length little-endian and its bytes. NULL text counts as empty.
 *
 * It is the hash of the row as it came: how much of a large row is kept changes with a setting,
 * what the row is called by must not.
 *
 * A column that was added later stands after these fields and is no part of the hash: a ledger of
 * an earlier release recognises its rows, and is the same to both releases. Rows that differ in
 * such a column alone are taken for as many copies of one row. To hash it all the same would take
 * another version, and a step of the ledger's schema (ledger/schema.h) by which a ledger knows from
 * which second on its rows are hashed that way.
 */
#ifndef LC_FORMATS_ROW_HASH_H
#define LC_FORMATS_ROW_HASH_H

#include "formats/record.h"

#include <stdint.h>

struct XXH3_state_s;

enum { LC_ROW_HASH_VERSION = 1, LC_ROW_HASH_FIELDS = 31, LC_ROW_HASH_BLOCK_SIZE = 4096 };

/* The hash of a row; of one that was shortened, the one that it brings along. */
uint64_t lc_row_hash(const struct lc_record *record);

/* The same of a row whose values stream by: its first LC_ROW_HASH_FIELDS, in order. */
struct lc_row_hasher {
	char block[LC_ROW_HASH_BLOCK_SIZE];
	size_t size;
	struct XXH3_state_s *state; /* NULL while the block holds everything */
};

void lc_row_hasher_begin(struct lc_row_hasher *hasher);
/* A time or a number. */
void lc_row_hasher_add_uint(struct lc_row_hasher *hasher, uint64_t value);
/* A number or a float's bits; `value` is of no account if it is not present. */
void lc_row_hasher_add_nullable(struct lc_row_hasher *hasher, bool present, uint64_t value);
/* A text: its size, 0 for NULL, and then its bytes, in any number of pieces. */
void lc_row_hasher_add_text_size(struct lc_row_hasher *hasher, uint64_t size);
void lc_row_hasher_add_text_bytes(struct lc_row_hasher *hasher, struct lc_view bytes);
/* The hash. */
uint64_t lc_row_hasher_end(struct lc_row_hasher *hasher);
/* Instead of the end, for a row that has none. Harmless for a hasher of zeros, or after an end. */
void lc_row_hasher_free(struct lc_row_hasher *hasher);

#endif
