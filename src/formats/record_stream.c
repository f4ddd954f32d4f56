#include "formats/record_stream.h"

#include "base/assert.h"
#include "base/copy.h"
#include "base/memory.h"
#include "formats/record_block.h"
#include "formats/record_shortener.h"

#include <stdlib.h>

/* So much of a piece is gathered before it is looked at: what belongs to the next block is moved. */
enum { STEP = 65536 };

enum state {
	STATE_OPEN,    /* takes pieces */
	STATE_STOPPED, /* the callback wants no more */
	STATE_FAILED,  /* `failure` says why */
};

struct lc_record_stream {
	uint64_t marker;
	size_t max_block_bytes;
	lc_record_stream_callback *callback;
	void *context;
	enum state state;
	struct lc_error failure;
	/* A block's beginning: in `bytes`, as far as it was walked through in `block`; or, once it
	 * is known to be a row that is too large, in the shortener. Never in both. */
	struct lc_buffer bytes;
	struct lc_record_block block;
	bool shortening;
	struct lc_record_shortener shortener;
	uint64_t fields_shortened;
	size_t largest;   /* block so far */
	size_t too_large; /* rows of the one that the stream has failed at */
};

struct lc_record_stream *lc_record_stream_new(uint64_t marker, size_t max_row_bytes,
					      lc_record_stream_callback *callback, void *context)
{
	struct lc_record_stream *stream = lc_memory_zero(1, sizeof *stream);

	LC_ASSERT(max_row_bytes >= LC_RECORD_STREAM_ROW_BYTES_MIN);
	stream->marker = marker;
	stream->max_block_bytes = LC_RECORD_STREAM_BLOCK_BYTES;
	if (stream->max_block_bytes < 2 * max_row_bytes)
		stream->max_block_bytes = 2 * max_row_bytes;
	stream->callback = callback;
	stream->context = context;
	lc_buffer_init(&stream->bytes, stream->max_block_bytes + LC_COPY_SLACK);
	lc_record_block_begin(&stream->block, marker);
	lc_record_shortener_init(&stream->shortener, max_row_bytes);
	return stream;
}

void lc_record_stream_free(struct lc_record_stream *stream)
{
	if (stream == NULL)
		return;
	lc_buffer_free(&stream->bytes);
	lc_record_shortener_free(&stream->shortener);
	free(stream);
}

static void skip(struct lc_view *view, size_t size)
{
	view->data += size;
	view->size -= size;
}

static void deliver(struct lc_record_stream *stream, const struct lc_record *record)
{
	if (!stream->callback(stream->context, record))
		stream->state = STATE_STOPPED;
}

/* Walks on through the block at the beginning of `bytes`. */
static bool is_whole(struct lc_record_stream *stream, struct lc_view bytes)
{
	enum lc_record_block_result result =
	    lc_record_block_walk(&stream->block, bytes, &stream->failure);

	if (result == LC_RECORD_BLOCK_CORRUPT)
		stream->state = STATE_FAILED;
	return result == LC_RECORD_BLOCK_WHOLE;
}

/* Takes the next row of a whole block. */
static bool take(struct lc_record_stream *stream, const char *bytes, struct lc_record *record)
{
	if (lc_record_block_take(&stream->block, bytes, record, &stream->failure))
		return true;
	stream->state = STATE_FAILED;
	return false;
}

static void deliver_rows(struct lc_record_stream *stream, const char *bytes)
{
	for (size_t i = 0; i < stream->block.rows && stream->state == STATE_OPEN; i++) {
		struct lc_record record;

		if (!take(stream, bytes, &record))
			return;
		stream->fields_shortened += lc_record_shortener_cut(&stream->shortener, &record);
		deliver(stream, &record);
	}
}

/* The block in `bytes` is too large. */
static void give_up_block(struct lc_record_stream *stream)
{
	struct lc_view begun = lc_buffer_view(&stream->bytes);
	bool complete;

	if (stream->block.rows != 1) {
		stream->too_large = stream->block.rows;
		stream->state = STATE_FAILED;
		lc_error_set(&stream->failure, LC_ERROR_LIMIT,
			     "a block of %zu rows takes more than %zu bytes; smaller ones are "
			     "asked for",
			     stream->block.rows, stream->max_block_bytes);
		return;
	}
	stream->largest = stream->max_block_bytes;
	lc_record_shortener_begin(&stream->shortener);
	stream->shortening = true;
	LC_ASSERT(lc_record_shortener_feed(&stream->shortener, begun, &complete) == begun.size);
	LC_ASSERT(!complete);
	lc_buffer_clear(&stream->bytes);
}

/* The shortener has the whole row. */
static void deliver_shortened(struct lc_record_stream *stream)
{
	struct lc_buffer *row = &stream->shortener.row;
	struct lc_record record;

	stream->shortening = false;
	lc_record_block_begin(&stream->block, stream->marker);
	if (!is_whole(stream, lc_buffer_view(row))) {
		LC_ASSERT(stream->state == STATE_FAILED);
		return;
	}
	if (!take(stream, row->data, &record))
		return;
	lc_record_block_begin(&stream->block, stream->marker);
	stream->fields_shortened += stream->shortener.shortened;
	record.spacious = false;
	record.shortened = true;
	record.hash = lc_record_shortener_hash(&stream->shortener);
	deliver(stream, &record);
}

/* Takes bytes of the row in the shortener. */
static void feed_shortener(struct lc_record_stream *stream, struct lc_view *rest)
{
	bool complete;

	skip(rest, lc_record_shortener_feed(&stream->shortener, *rest, &complete));
	if (complete)
		deliver_shortened(stream);
}

/* Gathers the next bytes of a piece. */
static void gather(struct lc_record_stream *stream, struct lc_view *rest)
{
	size_t size = stream->max_block_bytes - stream->bytes.size;

	if (size > STEP)
		size = STEP;
	if (size > rest->size)
		size = rest->size;
	LC_ASSERT(lc_buffer_reserve(&stream->bytes, size + LC_COPY_SLACK) != NULL);
	lc_buffer_append(&stream->bytes, rest->data, size);
	skip(rest, size);
}

/* Takes bytes, and the rows of all blocks that are whole with them. */
static void feed_blocks(struct lc_record_stream *stream, struct lc_view *rest)
{
	struct lc_view bytes;

	gather(stream, rest);
	bytes = lc_buffer_view(&stream->bytes);
	while (bytes.size > 0 && stream->state == STATE_OPEN && is_whole(stream, bytes)) {
		deliver_rows(stream, bytes.data);
		skip(&bytes, stream->block.size);
		if (stream->block.size > stream->largest)
			stream->largest = stream->block.size;
		lc_record_block_begin(&stream->block, stream->marker);
	}
	if (stream->state != STATE_OPEN)
		return;
	lc_buffer_consume(&stream->bytes, stream->bytes.size - bytes.size);
	if (stream->bytes.size == stream->max_block_bytes)
		give_up_block(stream);
}

static bool report_failure(const struct lc_record_stream *stream, struct lc_error *error)
{
	if (error != NULL)
		*error = stream->failure;
	return false;
}

bool lc_record_stream_feed(struct lc_record_stream *stream, struct lc_view piece,
			   struct lc_error *error)
{
	struct lc_view rest = piece;

	while (rest.size > 0 && stream->state == STATE_OPEN) {
		if (stream->shortening)
			feed_shortener(stream, &rest);
		else
			feed_blocks(stream, &rest);
	}
	return stream->state == STATE_FAILED ? report_failure(stream, error) : true;
}

/* A server that fails in the middle of a row may write its message after what it has sent. */
static struct lc_view server_message(struct lc_view tail)
{
	static const char word[] = "DB::Exception";
	enum { BEFORE = 32, SHOWN = 300 };
	const char *found =
	    tail.size == 0 ? NULL : memmem(tail.data, tail.size, word, sizeof word - 1);
	size_t start;

	if (found == NULL)
		return (struct lc_view){.data = "", .size = 0};
	start = (size_t)(found - tail.data);
	start = start > BEFORE ? start - BEFORE : 0;
	skip(&tail, start);
	if (tail.size > SHOWN)
		tail.size = SHOWN;
	return tail;
}

bool lc_record_stream_end(const struct lc_record_stream *stream, struct lc_error *error)
{
	struct lc_view tail =
	    lc_buffer_view(stream->shortening ? &stream->shortener.row : &stream->bytes);
	struct lc_view message = server_message(tail);

	if (stream->state == STATE_FAILED)
		return report_failure(stream, error);
	if (stream->state == STATE_STOPPED)
		return lc_error_set(error, LC_ERROR_CANCELLED,
				    "the stream of rows was given up before its end");
	if (message.size > 0)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the stream ended inside a block of rows with a message: %.*s",
				    (int)message.size, message.data);
	if (stream->shortening || tail.size > 0)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the stream ended inside a block of rows");
	return true;
}

uint64_t lc_record_stream_fields_shortened(const struct lc_record_stream *stream)
{
	return stream->fields_shortened;
}

size_t lc_record_stream_too_large(const struct lc_record_stream *stream)
{
	return stream->too_large;
}

bool lc_record_stream_has_room(const struct lc_record_stream *stream, size_t times)
{
	return stream->largest <= stream->max_block_bytes / times;
}
