#include "formats/discovery_row.h"

#include "formats/row_binary.h"

enum {
	ROW_MAX = 1024 * 1024,
	PIECES_MAX = 2 * 1024 * 1024, /* what may lie unread: a row's beginning and a piece */
};

/* `last`: it is the answer's last row, and `row->rows` the number of those before it. */
static enum lc_row_binary_state read_row(struct lc_row_binary_reader *reader, uint64_t marker,
					 struct lc_discovery_row *row, bool *last)
{
	bool begins = lc_row_binary_number(reader, 8) == marker;
	uint64_t end;

	if (reader->state == LC_ROW_BINARY_GOOD && !begins)
		return LC_ROW_BINARY_CORRUPT;
	row->raft_session_id = (uint32_t)lc_row_binary_number(reader, 4);
	row->bucket = lc_row_binary_text(reader);
	row->rows = lc_row_binary_number(reader, 8);
	row->oldest = (uint32_t)lc_row_binary_number(reader, 4);
	row->floor.inserted_at = (uint32_t)lc_row_binary_number(reader, 4);
	row->floor.start_time_ms = (int64_t)lc_row_binary_number(reader, 8);
	row->floor.req_id = lc_row_binary_text(reader);
	if (reader->state == LC_ROW_BINARY_GOOD && row->raft_session_id > UINT16_MAX)
		return LC_ROW_BINARY_CORRUPT;
	end = lc_row_binary_number(reader, 8);
	if (reader->state != LC_ROW_BINARY_GOOD)
		return reader->state;
	*last = end == lc_discovery_row_last_marker(marker);
	return *last || end == marker ? LC_ROW_BINARY_GOOD : LC_ROW_BINARY_CORRUPT;
}

uint64_t lc_discovery_row_last_marker(uint64_t marker)
{
	return ~marker;
}

void lc_discovery_answer_begin(struct lc_discovery_answer *answer, uint64_t marker)
{
	lc_buffer_free(&answer->bytes);
	lc_buffer_init(&answer->bytes, PIECES_MAX);
	answer->marker = marker;
	answer->rows = 0;
	answer->ended = false;
}

void lc_discovery_answer_free(struct lc_discovery_answer *answer)
{
	lc_buffer_free(&answer->bytes);
}

/* Takes the whole rows at the beginning of what lies there; `used` gets their bytes. */
static enum lc_row_binary_state read_rows(struct lc_discovery_answer *answer,
					  lc_discovery_row_callback *callback, void *context,
					  size_t *used)
{
	struct lc_row_binary_reader reader =
	    lc_row_binary_reader_of(lc_buffer_view(&answer->bytes));
	const unsigned char *begin = reader.next;

	while (reader.next < reader.end) {
		struct lc_discovery_row row;
		enum lc_row_binary_state state;

		if (answer->ended)
			return LC_ROW_BINARY_CORRUPT;
		state = read_row(&reader, answer->marker, &row, &answer->ended);
		if (state != LC_ROW_BINARY_GOOD)
			return state;
		*used = (size_t)(reader.next - begin);
		if (answer->ended && row.rows != answer->rows)
			return LC_ROW_BINARY_CORRUPT;
		if (answer->ended)
			continue;
		answer->rows++;
		callback(context, &row);
	}
	return LC_ROW_BINARY_GOOD;
}

bool lc_discovery_answer_feed(struct lc_discovery_answer *answer, struct lc_view piece,
			      lc_discovery_row_callback *callback, void *context,
			      struct lc_error *error)
{
	enum lc_row_binary_state state;
	size_t used = 0;

	lc_buffer_append_view(&answer->bytes, piece);
	if (lc_buffer_failed(&answer->bytes))
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the answer holds a row of %d bytes or more", PIECES_MAX);
	state = read_rows(answer, callback, context, &used);
	if (state == LC_ROW_BINARY_INCOMPLETE && answer->bytes.size - used > ROW_MAX)
		state = LC_ROW_BINARY_CORRUPT;
	lc_buffer_consume(&answer->bytes, used);
	if (state == LC_ROW_BINARY_CORRUPT)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the answer does not consist of the rows that were asked for");
	return true;
}

bool lc_discovery_answer_end(const struct lc_discovery_answer *answer, struct lc_error *error)
{
	if (answer->bytes.size > 0)
		return lc_error_set(error, LC_ERROR_CORRUPT, "the answer ends inside a row");
	if (!answer->ended)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the answer ends before its last row: something between "
				    "ClickHouse and log-courier shortens answers");
	return true;
}

bool lc_discovery_row_read_clock(struct lc_view answer, uint64_t marker, uint32_t *now,
				 struct lc_error *error)
{
	struct lc_row_binary_reader reader = lc_row_binary_reader_of(answer);
	bool begins = lc_row_binary_number(&reader, 8) == marker;
	uint32_t seconds = (uint32_t)lc_row_binary_number(&reader, 4);
	struct lc_view shortening = lc_row_binary_text(&reader);
	bool ends = lc_row_binary_number(&reader, 8) == marker;

	if (reader.state != LC_ROW_BINARY_GOOD || !begins || !ends || reader.next != reader.end)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the answer to the query for the time is not a time");
	if (shortening.size > 0)
		return lc_error_set(error, LC_ERROR_REFUSED,
				    "the profile of ClickHouse's user has %.*s, which allows "
				    "answers to be shortened: nothing is read until it is removed",
				    lc_view_shown(shortening, 200), shortening.data);
	*now = seconds;
	return true;
}
