/* Rows in blocks, as ClickHouse would send them for lc_record_append_columns. */
#ifndef LC_TESTS_SUPPORT_RECORD_ROWS_H
#define LC_TESTS_SUPPORT_RECORD_ROWS_H

#include "formats/record.h"

#include <stddef.h>
#include <stdint.h>

/* A row with an ordinary value in every field; the texts are static. */
struct lc_record record_rows_example(void);

/* Appends a block of these records between their markers. Texts of size 0 are sent as NULL. */
void record_rows_append_block(struct lc_buffer *blocks, const struct lc_record *records,
			      size_t count, uint64_t marker);

/* Appends a block of one row. */
void record_rows_append(struct lc_buffer *blocks, const struct lc_record *record, uint64_t marker);

/* Whether two records hold the same values, floats with the same bits. */
bool record_rows_equal(const struct lc_record *a, const struct lc_record *b);

#endif
