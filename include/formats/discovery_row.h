/*
 * What a discovery answers with, in RowBinary between two markers as in formats/record.h: one row
 * per source with new rows, then a last row with another end marker, which tells how many rows came
 * before it: an answer without it, or with another number of rows, is not whole. And ClickHouse's
 * clock, in the same dress: one row, and so its own proof.
 */
#ifndef LC_FORMATS_DISCOVERY_ROW_H
#define LC_FORMATS_DISCOVERY_ROW_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/view.h"
#include "formats/offset.h"

#include <stdbool.h>
#include <stdint.h>

struct lc_discovery_row {
	uint32_t raft_session_id;
	struct lc_view bucket;
	uint64_t rows;   /* how many are new */
	uint32_t oldest; /* the least insertedAt of these, seconds since 1970 */
	struct lc_offset
	    floor; /* rows at or before it are delivered; all zero when there is none */
};

/* Called once per row; views are valid until it returns. */
typedef void lc_discovery_row_callback(void *context, const struct lc_discovery_row *row);

/* What closes the last row instead of `marker`. */
uint64_t lc_discovery_row_last_marker(uint64_t marker);

/* An answer that comes in pieces of any size. All zero is one that has not begun. */
struct lc_discovery_answer {
	struct lc_buffer bytes; /* the beginning of a row */
	uint64_t marker;
	uint64_t rows; /* so far, without the last one */
	bool ended;    /* the last row has come */
};

/* To be freed with lc_discovery_answer_free; may begin again without. */
void lc_discovery_answer_begin(struct lc_discovery_answer *answer, uint64_t marker);
void lc_discovery_answer_free(struct lc_discovery_answer *answer);

/* Takes the next piece and calls back once per row that is complete with it, except the last one.
 * False with `error` (LC_ERROR_CORRUPT) when the bytes cannot be such rows, or are not as many as
 * the last one says. A row is at most 1 MiB. */
bool lc_discovery_answer_feed(struct lc_discovery_answer *answer, struct lc_view piece,
			      lc_discovery_row_callback *callback, void *context,
			      struct lc_error *error);

/* Call when the bytes have ended: false with `error` (LC_ERROR_CORRUPT) unless the last row has
 * come. Rows called back before count for nothing then. */
bool lc_discovery_answer_end(const struct lc_discovery_answer *answer, struct lc_error *error);

/* Reads the whole answer to `SELECT <marker>, toUInt32(now()), <settings>, <marker>`. False with
 * `error` if it is none (LC_ERROR_CORRUPT), or if the text `settings` names such as let answers be
 * shortened (LC_ERROR_REFUSED). */
bool lc_discovery_row_read_clock(struct lc_view answer, uint64_t marker, uint32_t *now,
				 struct lc_error *error);

#endif
