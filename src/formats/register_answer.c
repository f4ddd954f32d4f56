#include "formats/register_answer.h"

#include "base/memory.h"
#include "formats/row_binary.h"

#include <inttypes.h>
#include <stdlib.h>

uint64_t lc_register_answer_last_marker(uint64_t marker)
{
	return ~marker;
}

/* A row takes two bytes at least, so a hostile count allocates no more than there are bytes for. */
static bool read_count(struct lc_row_binary_reader *reader, uint64_t *count, struct lc_error *error)
{
	*count = lc_row_binary_length(reader);
	if (reader->state != LC_ROW_BINARY_GOOD)
		return lc_error_set(error, LC_ERROR_CORRUPT, "the answer ends before its rows");
	if (*count > LC_REGISTER_ROWS_MAX)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "%" PRIu64 " rows, more than the %d that are expected", *count,
				    LC_REGISTER_ROWS_MAX);
	if (*count > (uint64_t)(reader->end - reader->next) / 2)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the answer is too short for its %" PRIu64 " rows", *count);
	return true;
}

static bool read_rows(struct lc_row_binary_reader *reader, struct lc_register_rows *rows,
		      struct lc_error *error)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct lc_register_row *row = &rows->rows[i];

		row->name = lc_row_binary_text(reader);
		row->value = lc_row_binary_text(reader);
		if (reader->state != LC_ROW_BINARY_GOOD)
			return lc_error_set(error, LC_ERROR_CORRUPT,
					    "the answer ends within its rows");
		if (row->name.size > LC_REGISTER_NAME_MAX ||
		    row->value.size > LC_REGISTER_VALUE_MAX)
			return lc_error_set(error, LC_ERROR_CORRUPT,
					    "the row \"%.*s\" has %zu bytes, more than any of ours",
					    lc_view_shown(row->name, LC_REGISTER_NAME_MAX),
					    row->name.data, row->name.size + row->value.size);
	}
	return true;
}

static bool read_end(struct lc_row_binary_reader *reader, uint64_t marker, struct lc_error *error)
{
	uint64_t last = lc_row_binary_number(reader, sizeof(last));

	if (reader->state != LC_ROW_BINARY_GOOD || last != lc_register_answer_last_marker(marker) ||
	    reader->next != reader->end)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the answer does not end where its rows do");
	return true;
}

bool lc_register_answer_read(struct lc_view answer, uint64_t marker, struct lc_register_rows *rows,
			     struct lc_error *error)
{
	struct lc_row_binary_reader reader = lc_row_binary_reader_of(answer);
	uint64_t first = lc_row_binary_number(&reader, sizeof(first));
	uint64_t count;

	*rows = (struct lc_register_rows){.rows = NULL};
	if (reader.state != LC_ROW_BINARY_GOOD || first != marker)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the answer is not what was asked for");
	if (!read_count(&reader, &count, error))
		return false;
	rows->count = (size_t)count;
	rows->rows = lc_memory_zero(rows->count + 1, sizeof(*rows->rows));
	if (read_rows(&reader, rows, error) && read_end(&reader, marker, error))
		return true;
	lc_register_rows_free(rows);
	return false;
}

const struct lc_register_row *lc_register_rows_find(const struct lc_register_rows *rows,
						    const char *name)
{
	for (size_t i = 0; i < rows->count; i++) {
		if (lc_view_equal(rows->rows[i].name, lc_view_of(name)))
			return &rows->rows[i];
	}
	return NULL;
}

void lc_register_rows_free(struct lc_register_rows *rows)
{
	free(rows->rows);
	*rows = (struct lc_register_rows){.rows = NULL};
}
