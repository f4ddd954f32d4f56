/*
 * Any bytes as a stream of rows, in pieces of any size. Checked: whatever the pieces, the same rows
 * come out, the stream fails or ends well alike, no row exceeds the limit, and each row is read
 * again from its own encoding.
 *
 * Input: a byte that sets the pieces, then the stream. In it "\xFE\xEB" stands for the number of
 * columns, with which a block begins, "\xFE\xEC" for the name and the type of the next column, and
 * "\xFE\xED" for the marker: no fuzzer would guess them all.
 */
#include "fuzz/fuzz.h"

#include "formats/record_block.h"
#include "formats/record_stream.h"
#include "formats/row_binary.h"
#include "formats/row_hash.h"
#include "support/record_rows.h"

#include <stdlib.h>

enum { MAX_ROW_BYTES = LC_RECORD_STREAM_ROW_BYTES_MIN };

static const uint64_t MARKER = UINT64_C(0xfeedfacecafebeef);

struct outcome {
	uint64_t rows;
	uint64_t hash;
	uint64_t shortened;
	enum lc_error_kind fed;
	enum lc_error_kind ended;
};

static bool take(void *context, const struct lc_record *record)
{
	struct outcome *outcome = context;
	struct lc_record_block block;
	struct lc_record again;
	struct lc_buffer row;

	outcome->rows++;
	outcome->hash = outcome->hash * 31 + lc_row_hash(record);
	lc_buffer_init(&row, MAX_ROW_BYTES + LC_RECORD_BLOCK_HEADS_MAX);
	record_rows_append(&row, record, MARKER);
	LC_ASSERT(!lc_buffer_failed(&row));
	lc_record_block_begin(&block, MARKER);
	LC_ASSERT(lc_record_block_walk(&block, lc_buffer_view(&row), NULL) ==
		  LC_RECORD_BLOCK_WHOLE);
	LC_ASSERT(lc_record_block_take(&block, row.data, &again, NULL));
	LC_ASSERT(block.size == row.size && record_rows_equal(record, &again));
	lc_buffer_free(&row);
	return true;
}

static struct outcome run(struct lc_view bytes, size_t piece_size)
{
	struct outcome outcome = {.fed = LC_ERROR_NONE, .ended = LC_ERROR_NONE};
	struct lc_record_stream *stream =
	    lc_record_stream_new(MARKER, MAX_ROW_BYTES, take, &outcome);
	struct lc_error error;

	for (size_t at = 0; at < bytes.size; at += piece_size) {
		size_t size = bytes.size - at < piece_size ? bytes.size - at : piece_size;
		char *piece = malloc(size);

		LC_ASSERT(piece != NULL);
		memcpy(piece, bytes.data + at, size);
		if (!lc_record_stream_feed(stream, (struct lc_view){.data = piece, .size = size},
					   &error))
			outcome.fed = error.kind;
		free(piece);
	}
	if (!lc_record_stream_end(stream, &error))
		outcome.ended = error.kind;
	outcome.shortened = lc_record_stream_fields_shortened(stream);
	lc_record_stream_free(stream);
	return outcome;
}

/* Appends what the word stands for; false if for nothing. `column` is the next one. */
static bool append_word(struct lc_buffer *bytes, uint8_t word, size_t *column)
{
	switch (word) {
	case 0xEB:
		lc_buffer_append_char(bytes, LC_RECORD_BLOCK_COLUMNS);
		*column = 0;
		return true;
	case 0xEC:
		lc_row_binary_append_text(bytes, lc_view_of("name"));
		lc_row_binary_append_text(
		    bytes,
		    lc_view_of(LC_RECORD_BLOCK_TYPES[*column % LC_RECORD_BLOCK_COLUMNS].type));
		++*column;
		return true;
	case 0xED:
		lc_buffer_append(bytes, &MARKER, sizeof MARKER);
		return true;
	default:
		return false;
	}
}

static void append_stream(struct lc_buffer *bytes, const uint8_t *data, size_t size)
{
	size_t column = 0;

	for (size_t i = 0; i < size; i++) {
		if (i + 1 < size && data[i] == 0xFE && append_word(bytes, data[i + 1], &column))
			i++;
		else
			lc_buffer_append_char(bytes, (char)data[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lc_buffer bytes;
	struct outcome whole;
	struct outcome pieces;

	if (size < 2)
		return 0;
	lc_buffer_init(&bytes, SIZE_MAX);
	append_stream(&bytes, data + 1, size - 1);
	whole = run(lc_buffer_view(&bytes), bytes.size);
	pieces = run(lc_buffer_view(&bytes), (size_t)data[0] + 1);
	LC_ASSERT(whole.rows == pieces.rows && whole.hash == pieces.hash);
	LC_ASSERT(whole.shortened == pieces.shortened);
	LC_ASSERT(whole.fed == pieces.fed && whole.ended == pieces.ended);
	LC_ASSERT(whole.fed == LC_ERROR_NONE || whole.fed == LC_ERROR_CORRUPT);
	LC_ASSERT(whole.fed == LC_ERROR_NONE || whole.ended == whole.fed);
	lc_buffer_free(&bytes);
	return 0;
}
