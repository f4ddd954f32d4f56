#include "formats/discovery_row.h"

#include "formats/row_binary.h"

enum { ROW_MAX = 1024 * 1024 };

static enum lc_row_binary_state read_row(struct lc_row_binary_reader *reader, uint64_t marker,
					 struct lc_discovery_row *row)
{
	bool begins = lc_row_binary_number(reader, 8) == marker;

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
	if (lc_row_binary_number(reader, 8) != marker && reader->state == LC_ROW_BINARY_GOOD)
		return LC_ROW_BINARY_CORRUPT;
	return reader->state;
}

bool lc_discovery_row_read_all(struct lc_buffer *bytes, uint64_t marker,
			       lc_discovery_row_callback *callback, void *context,
			       struct lc_error *error)
{
	struct lc_row_binary_reader reader = lc_row_binary_reader_of(lc_buffer_view(bytes));
	const unsigned char *begin = reader.next;
	enum lc_row_binary_state state = LC_ROW_BINARY_GOOD;
	size_t used = 0;

	while (reader.next < reader.end) {
		struct lc_discovery_row row;

		state = read_row(&reader, marker, &row);
		if (state != LC_ROW_BINARY_GOOD)
			break;
		callback(context, &row);
		used = (size_t)(reader.next - begin);
	}
	if (state == LC_ROW_BINARY_INCOMPLETE && bytes->size - used > ROW_MAX)
		state = LC_ROW_BINARY_CORRUPT;
	lc_buffer_consume(bytes, used);
	if (state == LC_ROW_BINARY_CORRUPT)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the answer to a discovery is not made of its rows");
	return true;
}

bool lc_discovery_row_read_clock(struct lc_view answer, uint64_t marker, uint32_t *now,
				 struct lc_error *error)
{
	struct lc_row_binary_reader reader = lc_row_binary_reader_of(answer);
	bool begins = lc_row_binary_number(&reader, 8) == marker;
	uint32_t seconds = (uint32_t)lc_row_binary_number(&reader, 4);
	bool ends = lc_row_binary_number(&reader, 8) == marker;

	if (reader.state != LC_ROW_BINARY_GOOD || !begins || !ends || reader.next != reader.end)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the answer to the question for the time is not a time");
	*now = seconds;
	return true;
}
