/*
 * Rows out of a stream that arrives in pieces of any size. A row that lies whole in a piece is
 * decoded in place; only a row cut by the end of a piece is copied, into a carry buffer.
 *
 * Bounded: in a row that takes more than `max_row_bytes` in the stream, every text field longer
 * than an equal share of these (see formats/record_shortener.h) is cut to this share, "..."
 * included; the bytes left out are never stored. Each such field is counted. What a row becomes
 * depends on the row alone, not on how the stream was cut into pieces. Memory: at most twice
 * `max_row_bytes`.
 */
#ifndef LC_FORMATS_RECORD_STREAM_H
#define LC_FORMATS_RECORD_STREAM_H

#include "formats/record.h"

struct lc_record_stream;

/* Takes one row. Its views are valid until the callback returns. Returning false ends the stream:
 * the rest of the piece is dropped, lc_record_stream_feed returns true at once, and later pieces
 * are ignored. The stream may not be fed or freed from here. */
typedef bool lc_record_stream_callback(void *context, const struct lc_record *record);

/* The least that `max_row_bytes` may be: then no share is smaller than the largest object key or
 * prefix that S3 allows (1024 bytes), and what names a source or a target is never shortened. */
enum { LC_RECORD_STREAM_ROW_BYTES_MIN = 65536 };

/* A stream of rows between markers `marker`. Freed with lc_record_stream_free. */
struct lc_record_stream *lc_record_stream_new(uint64_t marker, size_t max_row_bytes,
					      lc_record_stream_callback *callback, void *context);
void lc_record_stream_free(struct lc_record_stream *stream);

/* Takes the next piece and calls back once per row that is complete with it, in order. False with
 * `error` (LC_ERROR_CORRUPT) when the bytes cannot be rows of this query; rows called back before
 * are good, and the stream takes nothing more: later calls fail with the same error. */
bool lc_record_stream_feed(struct lc_record_stream *stream, struct lc_view piece,
			   struct lc_error *error);

/* Call when the stream has ended: false with `error` if it ended inside a row or had failed
 * (LC_ERROR_CORRUPT), or if the callback had ended it (LC_ERROR_CANCELLED). The open tail never
 * counts as a row. If it holds a server's message, the error shows it. */
bool lc_record_stream_end(const struct lc_record_stream *stream, struct lc_error *error);

/* Text fields shortened so far. */
uint64_t lc_record_stream_fields_shortened(const struct lc_record_stream *stream);

#endif
