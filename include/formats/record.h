/*
 * One row of the logs table, and what is asked for to get it. Its texts are views into the bytes
 * that ClickHouse has sent (formats/record_block.h).
 *
 * Every row is asked for between two markers, a 64-bit number chosen for the query, so that a
 * message in the middle of the stream, a proxy's page or a shifted byte is never taken for a row:
 * `SELECT <marker>, <columns>, <marker> FROM ...`. The columns' expressions cast to one fixed type
 * each, whatever the table declares (Nullable, LowCardinality or plain).
 */
#ifndef LC_FORMATS_RECORD_H
#define LC_FORMATS_RECORD_H

#include "base/buffer.h"
#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nullable values. A text's NULL and its empty string are the same: size 0. */
struct lc_record_uint {
	uint64_t value;
	bool present;
};

struct lc_record_float {
	float value;
	bool present;
};

/* The fields, in the table's order, from include/tbl/record_fields.h. In a row that was shortened
 * (formats/record_shortener.h) texts lack bytes; then `hash` is that of the row as it came, which
 * nothing else can tell any more. */
struct lc_record {
#define LC_FIELD_TIME(name, expression) int64_t name;
#define LC_FIELD_NUMBER(name, expression) uint32_t name;
#define LC_FIELD_TEXT(name, expression) struct lc_view name;
#define LC_FIELD_UINT(name, expression) struct lc_record_uint name;
#define LC_FIELD_FLOAT(name, expression) struct lc_record_float name;
#include "tbl/record_fields.h"
	bool shortened;
	bool spacious; /* LC_COPY_SLACK bytes more may be read after each text (base/copy.h) */
	uint64_t hash;
};

/* The list of columns for a SELECT, markers included: "toUInt64(1234), toUInt32(raftSessionID),
 * ..., toUInt64(1234)" (a bare number would take as few bytes as it needs). Appends to `sql`. No
 * column is aliased, so that ORDER BY still means the table's own columns. */
void lc_record_append_columns(struct lc_buffer *sql, uint64_t marker);

#endif
