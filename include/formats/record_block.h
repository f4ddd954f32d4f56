/*
 * Rows as ClickHouse sends them: blocks in its format Native, each with its columns one after the
 * other.
 *
 * A block is walked through before any of its rows is used, while its bytes arrive. Each column has
 * to be the one that was asked for, by its place and its type; each value has to lie within the
 * bytes; and the first and the last column have to hold the query's marker in every row. So the
 * rows of a block count all or not at all: where a stream ends, or goes on with something else, its
 * block is none. Bytes that are lost in the middle are found where the next type or the last marker
 * should be, unless the texts of a column happen to take as many bytes when they are divided in
 * another way. A block that is good is then taken row by row, with one place to read on in each
 * column.
 *
 * Format: ClickHouse documentation, "Native": the number of columns and that of rows; for each
 * column its name, its type, and its values. Numbers of things and lengths are LEB128, integers and
 * floats little-endian, a String is its length and its bytes. A Nullable column has one byte for
 * each row (1: NULL) before all its values, of which a NULL has one as well, of no account.
 */
#ifndef LC_FORMATS_RECORD_BLOCK_H
#define LC_FORMATS_RECORD_BLOCK_H

#include "base/error.h"
#include "base/view.h"
#include "formats/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* What is asked for: the fields, and a marker on each side. */
	LC_RECORD_BLOCK_COLUMNS = 2
#define LC_FIELD_TIME(name, expression) +1
#define LC_FIELD_NUMBER(name, expression) +1
#define LC_FIELD_TEXT(name, expression) +1
#define LC_FIELD_UINT(name, expression) +1
#define LC_FIELD_FLOAT(name, expression) +1
#include "tbl/record_fields.h"
	,
	/* A column's name, or its type, is no longer than that. */
	LC_RECORD_BLOCK_WORD_MAX = 255,
	/* What a block may take beside its values. */
	LC_RECORD_BLOCK_HEADS_MAX =
	    20 + LC_RECORD_BLOCK_COLUMNS * 2 * (2 + LC_RECORD_BLOCK_WORD_MAX),
};

/* A type as a block names it. */
struct lc_record_column_type {
	const char *name; /* of the field, for messages; of a marker, which one */
	const char *type; /* ClickHouse's name of the type */
	bool nullable;
	size_t value_size; /* 0: texts, of any size */
};

/* Whether a column holds the query's marker. */
static inline bool lc_record_block_is_marker(size_t column)
{
	return column == 0 || column == LC_RECORD_BLOCK_COLUMNS - 1;
}

/* The columns of a block, in order. */
extern const struct lc_record_column_type LC_RECORD_BLOCK_TYPES[LC_RECORD_BLOCK_COLUMNS];

/* Where a column's parts begin in the block. */
struct lc_record_column {
	size_t flags;  /* of a nullable one */
	size_t values; /* of texts, once rows are taken: the next one */
};

/* A block as far as it was walked through. */
struct lc_record_block {
	uint64_t marker;
	size_t rows; /* 0 while that is not known */
	size_t size; /* bytes that are good so far; all of them, once the block is whole */
	size_t row;  /* walking: texts of the column that are good; then: rows that were taken */
	unsigned column;
	enum {
		LC_RECORD_BLOCK_AT_START,
		LC_RECORD_BLOCK_AT_HEAD, /* of a column */
		LC_RECORD_BLOCK_AT_FLAGS,
		LC_RECORD_BLOCK_AT_VALUES,
	} stage;
	struct lc_record_column columns[LC_RECORD_BLOCK_COLUMNS];
};

enum lc_record_block_result {
	LC_RECORD_BLOCK_WHOLE,
	LC_RECORD_BLOCK_INCOMPLETE, /* the bytes end inside the block; nothing is wrong so far */
	LC_RECORD_BLOCK_CORRUPT,    /* these bytes are no block of this query; error says why */
};

/* A block begins of which nothing is known. */
void lc_record_block_begin(struct lc_record_block *block, uint64_t marker);

/* Walks on. `bytes` begin with the block's first byte, wherever they are now, and hold at least
 * what they held before. A text declared longer than 1 GiB is corrupt. */
enum lc_record_block_result lc_record_block_walk(struct lc_record_block *block,
						 struct lc_view bytes, struct lc_error *error);

/* Takes the next row of a whole block, as one that is not shortened and is spacious:
 * LC_COPY_SLACK bytes may be read after the block. Its views point into the bytes, which are those
 * that were walked through. False with `error` (LC_ERROR_CORRUPT): there is no such row. */
bool lc_record_block_take(struct lc_record_block *block, const char *bytes,
			  struct lc_record *record, struct lc_error *error);

#endif
