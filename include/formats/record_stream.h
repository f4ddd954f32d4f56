/*
 * Rows out of a stream of blocks (formats/record_block.h) that arrives in pieces of any size. A
 * block is gathered in memory, and its rows are called back once it is whole and known to be good.
 *
 * Bounded: a row that takes more than `max_row_bytes` has its longest texts cut, "..." included
 * (formats/record_shortener.h). Each such field is counted. What a row becomes depends on the row
 * alone, not on blocks or pieces. A block takes LC_RECORD_STREAM_BLOCK_BYTES of memory at most, or
 * twice `max_row_bytes` if that is more; of a larger one that holds a single row, what is cut is
 * not stored. One with several rows fails: the rows have to be asked for in smaller blocks. Beside
 * that a row is in memory once more while it is cut.
 */
#ifndef LC_FORMATS_RECORD_STREAM_H
#define LC_FORMATS_RECORD_STREAM_H

#include "base/error.h"
#include "base/view.h"
#include "formats/record.h"

struct lc_record_stream;

/* Takes one row. Its views are valid until the callback returns. Returning false ends the stream:
 * the rest of the piece is dropped, lc_record_stream_feed returns true at once, and later pieces
 * are ignored. The stream may not be fed or freed from here. */
typedef bool lc_record_stream_callback(void *context, const struct lc_record *record);

enum {
	/* The least that `max_row_bytes` may be: then no share is smaller than the largest object
	 * key or prefix that S3 allows (1024 bytes), and what names a source or a target is never
	 * shortened. */
	LC_RECORD_STREAM_ROW_BYTES_MIN = 65536,
	LC_RECORD_STREAM_BLOCK_BYTES = 4 << 20,
};

/* A stream of rows between markers `marker`. Freed with lc_record_stream_free. */
struct lc_record_stream *lc_record_stream_new(uint64_t marker, size_t max_row_bytes,
					      lc_record_stream_callback *callback, void *context);
void lc_record_stream_free(struct lc_record_stream *stream);

/* Takes the next piece and calls back once per row whose block is complete with it, in order. False
 * with `error` when the bytes cannot be rows of this query (LC_ERROR_CORRUPT), or their block is too
 * large (LC_ERROR_LIMIT); rows called back before are good, and the stream takes nothing more:
 * later calls fail with the same error. */
bool lc_record_stream_feed(struct lc_record_stream *stream, struct lc_view piece,
			   struct lc_error *error);

/* Call when the stream has ended: false with `error` if it ended inside a block (LC_ERROR_CORRUPT)
 * or had failed, or if the callback had ended it (LC_ERROR_CANCELLED). The open tail never counts
 * as a row. If it holds a server's message, the error shows it. */
bool lc_record_stream_end(const struct lc_record_stream *stream, struct lc_error *error);

/* Text fields shortened so far. */
uint64_t lc_record_stream_fields_shortened(const struct lc_record_stream *stream);

/* The rows of the block that was too large, if it failed because of one; else 0. */
size_t lc_record_stream_too_large(const struct lc_record_stream *stream);

/* Whether blocks with so many times as many rows would have had room. */
bool lc_record_stream_has_room(const struct lc_record_stream *stream, size_t times);

#endif
