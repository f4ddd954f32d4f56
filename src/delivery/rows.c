#include "delivery/rows.h"

#include "base/assert.h"
#include "base/random.h"
#include "clients/clickhouse.h"
#include "config/settings.h"
#include "formats/record_stream.h"

/* Where blocks are too large for the stream they are asked for in the next size. In blocks of one row
 * any row can be read. */
enum { SIZES = 3, SIZE_STEP = 32 };

static const unsigned BLOCK_ROWS[SIZES] = {LC_QUERY_BLOCK_ROWS, LC_QUERY_BLOCK_ROWS / SIZE_STEP, 1};

/* ---- the rows ---- */

static bool on_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct lc_rows *rows = context;

	return rows->reader->on_data(rows->context, piece, error);
}

bool lc_rows_feed(struct lc_rows *rows, struct lc_view piece, struct lc_error *error)
{
	return lc_record_stream_feed(rows->stream, piece, error);
}

void lc_rows_pass(struct lc_rows *rows, const struct lc_source *source, uint32_t second)
{
	if (rows->last != source || rows->second != second) {
		rows->last = source;
		rows->second = second;
		rows->count = 0;
	}
	rows->count++;
}

/* Of which size the next query's blocks should be: of fewer rows than what was too large, or of more
 * where these would have had room as well. */
static void choose_size(struct lc_rows *rows, bool whole)
{
	size_t too_large = lc_record_stream_too_large(rows->stream);
	unsigned before = rows->smaller;

	if (whole && rows->smaller > 0 && lc_record_stream_has_room(rows->stream, SIZE_STEP))
		rows->smaller--;
	while (too_large > 0 && rows->smaller < SIZES - 1 &&
	       (rows->smaller == before || BLOCK_ROWS[rows->smaller] >= too_large))
		rows->smaller++;
	rows->resized = rows->smaller > before;
}

static void on_done(void *context, const struct lc_error *error)
{
	struct lc_rows *rows = context;
	struct lc_error failure = *error;

	rows->query = NULL;
	choose_size(rows, failure.kind == LC_ERROR_NONE);
	if (failure.kind == LC_ERROR_NONE)
		lc_record_stream_end(rows->stream, &failure);
	rows->reader->on_end(rows->context, &failure);
}

void lc_rows_start(struct lc_rows *rows, const struct lc_delivery *delivery, unsigned seat,
		   const struct lc_query_rows *asked, const struct lc_rows_reader *reader,
		   void *context)
{
	uint64_t marker = lc_random_next(delivery->random);
	struct lc_clickhouse_spec spec = {
	    .seat = seat,
	    .on_data = on_data,
	    .on_done = on_done,
	    .context = rows,
	};
	struct lc_buffer sql;

	LC_ASSERT(rows->stream == NULL);
	*rows = (struct lc_rows){.delivery = delivery,
				 .reader = reader,
				 .context = context,
				 .seat = seat,
				 .from = asked->from,
				 .until = asked->until,
				 .smaller = rows->smaller};
	lc_buffer_init(&sql, SIZE_MAX / 2);
	lc_query_append_scan(&sql, delivery, marker, asked, BLOCK_ROWS[rows->smaller]);
	LC_ASSERT(!lc_buffer_failed(&sql));
	spec.sql = lc_buffer_view(&sql);
	rows->stream = lc_record_stream_new(
	    marker, (size_t)delivery->settings->limits_max_row_bytes, reader->on_record, context);
	rows->query = lc_clickhouse_start(delivery->clickhouse, &spec);
	lc_buffer_free(&sql);
}

/* ---- whether they are whole ---- */

static void compare(void *context, const struct lc_discovery_row *row)
{
	struct lc_rows *rows = context;
	const struct lc_source found = {.raft_session_id = row->raft_session_id,
					.bucket = row->bucket};
	bool last = rows->last != NULL && lc_source_compare(rows->last, &found) == 0;
	uint64_t came = last ? rows->count : 0;

	if (row->rows <= came || rows->cut.kind != LC_ERROR_NONE)
		return;
	lc_error_set(
	    &rows->cut, LC_ERROR_CORRUPT,
	    "an answer was cut short, or rows have become visible since: ClickHouse has %llu "
	    "rows of raft session %u, bucket %.*s, from second %u on, and has sent %llu",
	    (unsigned long long)row->rows, (unsigned)row->raft_session_id,
	    lc_view_shown(row->bucket, 64), row->bucket.data, (unsigned)row->oldest,
	    (unsigned long long)came);
}

static bool on_check_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct lc_rows *rows = context;

	return lc_discovery_answer_feed(&rows->answer, piece, compare, rows, error);
}

static void on_check_done(void *context, const struct lc_error *error)
{
	struct lc_rows *rows = context;
	struct lc_error failure = *error;

	rows->check = NULL;
	if (failure.kind == LC_ERROR_NONE && lc_discovery_answer_end(&rows->answer, &failure))
		failure = rows->cut;
	lc_discovery_answer_free(&rows->answer);
	rows->on_checked(rows->context, &failure);
}

void lc_rows_check(struct lc_rows *rows, struct lc_source *const *sources, size_t count,
		   lc_rows_callback *callback)
{
	uint64_t marker = lc_random_next(rows->delivery->random);
	struct lc_query_rows asked = {
	    .sources = sources, .count = count, .from = rows->from, .until = rows->until};
	struct lc_clickhouse_spec spec = {
	    .seat = rows->seat,
	    .on_data = on_check_data,
	    .on_done = on_check_done,
	    .context = rows,
	};
	struct lc_buffer sql;

	LC_ASSERT(rows->check == NULL);
	rows->cut.kind = LC_ERROR_NONE;
	rows->on_checked = callback;
	lc_discovery_answer_begin(&rows->answer, marker);
	lc_buffer_init(&sql, SIZE_MAX / 2);
	lc_query_append_rest(&sql, rows->delivery, marker, &asked, rows->last, rows->second);
	LC_ASSERT(!lc_buffer_failed(&sql));
	spec.sql = lc_buffer_view(&sql);
	rows->check = lc_clickhouse_start(rows->delivery->clickhouse, &spec);
	lc_buffer_free(&sql);
}

void lc_rows_release(struct lc_rows *rows)
{
	if (rows->query != NULL)
		lc_clickhouse_cancel(rows->query);
	if (rows->check != NULL)
		lc_clickhouse_cancel(rows->check);
	rows->query = NULL;
	rows->check = NULL;
	lc_record_stream_free(rows->stream);
	rows->stream = NULL;
	lc_discovery_answer_free(&rows->answer);
}
