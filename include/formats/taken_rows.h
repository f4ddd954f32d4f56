/*
 * The rows of one log object as the ledger keeps them: for each second of insertedAt how many, and
 * their hashes. One blob per object:
 *
 *	version    1 byte: LC_ROW_HASH_VERSION
 *	then for each second, ascending:
 *	second     4 bytes, seconds since 1970
 *	count      4 bytes, at least 1
 *	hashes     count times 8 bytes, in the order in which the rows were read
 *
 * All numbers little-endian.
 */
#ifndef LC_FORMATS_TAKEN_ROWS_H
#define LC_FORMATS_TAKEN_ROWS_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A blob that is being written. */
struct lc_taken_rows {
	struct lc_buffer blob;
	size_t count_at; /* where the last second's count stands; 0 when there is none */
	uint32_t second; /* the last second */
	uint32_t count;  /* its rows so far */
	uint64_t total;  /* rows of all seconds */
};

void lc_taken_rows_init(struct lc_taken_rows *rows);
void lc_taken_rows_free(struct lc_taken_rows *rows);

/* Adds a row; seconds never go back. */
void lc_taken_rows_add(struct lc_taken_rows *rows, uint32_t second, uint64_t hash);

/* The finished blob, valid until the rows change. */
struct lc_view lc_taken_rows_blob(const struct lc_taken_rows *rows);

/* One second of a blob; `hashes` are `count` times 8 bytes, not aligned. */
struct lc_taken_second {
	uint32_t second;
	uint32_t count;
	const unsigned char *hashes;
};

/* Reads a blob second by second: start with *position = 0 and keep position and second between the
 * calls, seconds being held against the one before. True while there was one more; false at the
 * end, or with `error` (LC_ERROR_CORRUPT, kind NONE otherwise) when the blob is none. */
bool lc_taken_rows_next(struct lc_view blob, size_t *position, struct lc_taken_second *second,
			struct lc_error *error);

/* What is known of a blob beside it. */
struct lc_taken_summary {
	uint64_t rows;
	uint32_t first_second;
	uint32_t last_second;
};

/* Whether the blob is whole and holds just these rows; false with `error` (LC_ERROR_CORRUPT). A
 * blob that was cut between two seconds can be told from a whole one by this alone. */
bool lc_taken_rows_check(struct lc_view blob, const struct lc_taken_summary *expected,
			 struct lc_error *error);

/* Hash number `index` of a second. */
uint64_t lc_taken_rows_hash(const struct lc_taken_second *second, uint32_t index);

#endif
