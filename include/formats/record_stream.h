/*
 * Rows out of a stream that arrives in pieces of any size. A row that lies whole in a piece is
 * decoded in place; only a row cut by the end of a piece is copied, into a carry buffer.
 *
 * Bounded: a row that takes more than `max_row_bytes` in the stream has its longest text fields
 * shortened: each keeps what an equal share of the limit allows, with "..." behind it; the bytes
 * left out are never stored. Each such field is counted in `fields_shortened`.
 */
#ifndef LC_FORMATS_RECORD_STREAM_H
#define LC_FORMATS_RECORD_STREAM_H

#include "formats/record.h"

struct lc_record_stream;

/* Takes one row. Its views are valid until the callback returns. Returning false ends the feed: the
 * rest of the piece is dropped and lc_record_stream_feed returns true at once. */
typedef bool lc_record_stream_callback(void *context, const struct lc_record *record);

/* A stream of rows between markers `marker`. `max_row_bytes` at least 4096. Freed with
 * lc_record_stream_free. */
struct lc_record_stream *lc_record_stream_new(uint64_t marker, size_t max_row_bytes,
					      lc_record_stream_callback *callback, void *context);
void lc_record_stream_free(struct lc_record_stream *stream);

/* Takes the next piece and calls back once per row that is complete with it, in order. False with
 * `error` (LC_ERROR_CORRUPT) when the bytes can not be rows of this query; rows called back before
 * are good, and the stream takes nothing more. */
bool lc_record_stream_feed(struct lc_record_stream *stream, struct lc_view piece,
			   struct lc_error *error);

/* Call when the stream has ended: false with `error` (LC_ERROR_CORRUPT) if it ended inside a row.
 * The open tail never counts as a row. */
bool lc_record_stream_end(const struct lc_record_stream *stream, struct lc_error *error);

/* Text fields shortened so far. */
uint64_t lc_record_stream_fields_shortened(const struct lc_record_stream *stream);

#endif
