#include "formats/record_stream.h"

#include "base/assert.h"
#include "base/memory.h"
#include "formats/record_shortener.h"

#include <stdlib.h>

/* A cut row is completed by so many bytes at a time if nothing tells how many it takes. */
enum { CARRY_STEP = 4096 };

enum state {
	STATE_OPEN,    /* takes pieces */
	STATE_STOPPED, /* the callback wants no more */
	STATE_FAILED,  /* `failure` says why */
};

struct lc_record_stream {
	uint64_t marker;
	size_t max_row_bytes;
	lc_record_stream_callback *callback;
	void *context;
	enum state state;
	struct lc_error failure;
	/* A row's beginning: in `carry`, or, once the row is known to be too large, in the
	 * shortener. Never in both. */
	struct lc_buffer carry;
	size_t carry_needed; /* bytes that the row in `carry` takes at least */
	bool shortening;
	struct lc_record_shortener shortener;
	uint64_t fields_shortened;
};

struct lc_record_stream *lc_record_stream_new(uint64_t marker, size_t max_row_bytes,
					      lc_record_stream_callback *callback, void *context)
{
	struct lc_record_stream *stream = lc_memory_zero(1, sizeof *stream);

	LC_ASSERT(max_row_bytes >= LC_RECORD_STREAM_ROW_BYTES_MIN);
	stream->marker = marker;
	stream->max_row_bytes = max_row_bytes;
	stream->callback = callback;
	stream->context = context;
	lc_buffer_init(&stream->carry, max_row_bytes);
	lc_record_shortener_init(&stream->shortener, max_row_bytes);
	return stream;
}

void lc_record_stream_free(struct lc_record_stream *stream)
{
	if (stream == NULL)
		return;
	lc_buffer_free(&stream->carry);
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

static enum lc_record_result decode(struct lc_record_stream *stream, struct lc_view bytes,
				    struct lc_record *record, size_t *used)
{
	enum lc_record_result result =
	    lc_record_decode(bytes, stream->marker, record, used, &stream->failure);

	if (result == LC_RECORD_CORRUPT)
		stream->state = STATE_FAILED;
	return result;
}

static void carry_append(struct lc_record_stream *stream, struct lc_view bytes)
{
	lc_buffer_append_view(&stream->carry, bytes);
	LC_ASSERT(!lc_buffer_failed(&stream->carry));
}

/* The row that begins in the carry buffer, or next in the stream, is too large. */
static void begin_shortening(struct lc_record_stream *stream)
{
	struct lc_view begun = lc_buffer_view(&stream->carry);
	bool complete;

	lc_record_shortener_begin(&stream->shortener);
	stream->shortening = true;
	if (begun.size == 0)
		return;
	LC_ASSERT(lc_record_shortener_feed(&stream->shortener, begun, &complete) == begun.size);
	LC_ASSERT(!complete);
	lc_buffer_clear(&stream->carry);
}

/* Takes bytes of the row in the shortener. */
static void feed_shortener(struct lc_record_stream *stream, struct lc_view *rest)
{
	enum lc_record_result result;
	struct lc_record record;
	size_t used;
	bool complete;

	skip(rest, lc_record_shortener_feed(&stream->shortener, *rest, &complete));
	if (!complete)
		return;
	stream->shortening = false;
	result = decode(stream, lc_buffer_view(&stream->shortener.row), &record, &used);
	LC_ASSERT(result != LC_RECORD_INCOMPLETE);
	if (result == LC_RECORD_CORRUPT)
		return;
	stream->fields_shortened += stream->shortener.shortened;
	record.shortened = true;
	record.hash = lc_record_shortener_hash(&stream->shortener);
	deliver(stream, &record);
}

/* Adds bytes to the row in the carry buffer. These may be more than the row takes: what follows
 * it is then taken from the piece again. */
static void feed_carry(struct lc_record_stream *stream, struct lc_view *rest)
{
	struct lc_record record;
	size_t before = stream->carry.size;
	size_t size = stream->carry_needed - before;
	size_t used;

	LC_ASSERT(stream->carry_needed > before && stream->carry_needed <= stream->max_row_bytes);
	if (size < CARRY_STEP)
		size = CARRY_STEP;
	if (size > stream->max_row_bytes - before)
		size = stream->max_row_bytes - before;
	if (size > rest->size)
		size = rest->size;
	carry_append(stream, (struct lc_view){.data = rest->data, .size = size});
	switch (decode(stream, lc_buffer_view(&stream->carry), &record, &used)) {
	case LC_RECORD_DECODED:
		skip(rest, used - before);
		deliver(stream, &record);
		lc_buffer_clear(&stream->carry);
		break;
	case LC_RECORD_INCOMPLETE:
		skip(rest, size);
		stream->carry_needed = used;
		if (used > stream->max_row_bytes)
			begin_shortening(stream);
		break;
	case LC_RECORD_CORRUPT:
		break;
	}
}

/* Takes whole rows where they lie, up to the first that is cut or too large. */
static void feed_in_place(struct lc_record_stream *stream, struct lc_view *rest)
{
	while (rest->size > 0 && stream->state == STATE_OPEN) {
		struct lc_record record;
		size_t used;
		enum lc_record_result result = decode(stream, *rest, &record, &used);

		if (result == LC_RECORD_CORRUPT)
			return;
		if (used > stream->max_row_bytes) {
			begin_shortening(stream);
			return;
		}
		if (result == LC_RECORD_INCOMPLETE) {
			carry_append(stream, *rest);
			stream->carry_needed = used;
			skip(rest, rest->size);
			return;
		}
		skip(rest, used);
		deliver(stream, &record);
	}
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
		else if (stream->carry.size > 0)
			feed_carry(stream, &rest);
		else
			feed_in_place(stream, &rest);
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
	    lc_buffer_view(stream->shortening ? &stream->shortener.row : &stream->carry);
	struct lc_view message = server_message(tail);

	if (stream->state == STATE_FAILED)
		return report_failure(stream, error);
	if (stream->state == STATE_STOPPED)
		return lc_error_set(error, LC_ERROR_CANCELLED,
				    "the stream of rows was given up before its end");
	if (message.size > 0)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the stream ended inside a row with a message: %.*s",
				    (int)message.size, message.data);
	if (stream->shortening || tail.size > 0)
		return lc_error_set(error, LC_ERROR_CORRUPT, "the stream ended inside a row");
	return true;
}

uint64_t lc_record_stream_fields_shortened(const struct lc_record_stream *stream)
{
	return stream->fields_shortened;
}
