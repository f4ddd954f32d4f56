#include "support/fake_clickhouse.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "formats/row_binary.h"
#include "support/record_rows.h"

#include <endian.h>
#include <stdlib.h>

enum { BYTES_MAX = 64 * 1024 * 1024 };

struct lc_clickhouse_query {
	struct lc_clickhouse *clickhouse;
	struct lc_clickhouse_spec spec; /* without what its views point to */
	struct lc_buffer sql;
	struct lc_buffer data;
	struct lc_error refusal;
	uint64_t found; /* rows of numbers sent */
};

struct lc_clickhouse {
	struct lc_clickhouse_query *query;
	unsigned distrusted;
	bool holds_rest; /* the test answers what is asked after a scan */
};

struct lc_clickhouse *fake_clickhouse_new(void)
{
	return lc_memory_zero(1, sizeof(struct lc_clickhouse));
}

void fake_clickhouse_free(struct lc_clickhouse *clickhouse)
{
	LC_ASSERT(clickhouse->query == NULL);
	free(clickhouse);
}

/* ---- as the delivery sees it ---- */

unsigned lc_clickhouse_take_seat(struct lc_clickhouse *clickhouse)
{
	(void)clickhouse;
	return 0;
}

const char *lc_clickhouse_seat_url(const struct lc_clickhouse *clickhouse, unsigned seat)
{
	(void)clickhouse;
	(void)seat;
	return "http://127.0.0.1:8123";
}

void lc_clickhouse_distrust_seat(struct lc_clickhouse *clickhouse, unsigned seat)
{
	(void)seat;
	clickhouse->distrusted++;
}

struct lc_clickhouse_query *lc_clickhouse_start(struct lc_clickhouse *clickhouse,
						const struct lc_clickhouse_spec *spec)
{
	struct lc_clickhouse_query *query = lc_memory_zero(1, sizeof(*query));

	LC_ASSERT(clickhouse->query == NULL);
	query->clickhouse = clickhouse;
	query->spec = *spec;
	lc_buffer_init(&query->sql, BYTES_MAX);
	lc_buffer_init(&query->data, BYTES_MAX);
	lc_buffer_append_view(&query->sql, spec->sql);
	lc_buffer_append_view(&query->data, spec->data);
	LC_ASSERT(!lc_buffer_failed(&query->sql) && !lc_buffer_failed(&query->data));
	clickhouse->query = query;
	return query;
}

/* Pieces come when the test sends them. */
void lc_clickhouse_pause(struct lc_clickhouse_query *query)
{
	(void)query;
}

void lc_clickhouse_resume(struct lc_clickhouse_query *query)
{
	(void)query;
}

void lc_clickhouse_cancel(struct lc_clickhouse_query *query)
{
	query->clickhouse->query = NULL;
	lc_buffer_free(&query->sql);
	lc_buffer_free(&query->data);
	free(query);
}

/* ---- as the test sees it ---- */

bool fake_clickhouse_is_asked(const struct lc_clickhouse *clickhouse)
{
	return clickhouse->query != NULL;
}

const char *fake_clickhouse_sql(const struct lc_clickhouse *clickhouse)
{
	LC_ASSERT(clickhouse->query != NULL);
	return lc_buffer_text(&clickhouse->query->sql);
}

struct lc_view fake_clickhouse_data(const struct lc_clickhouse *clickhouse)
{
	LC_ASSERT(clickhouse->query != NULL);
	return lc_buffer_view(&clickhouse->query->data);
}

bool fake_clickhouse_sql_has(const struct lc_clickhouse *clickhouse, const char *text)
{
	return strstr(fake_clickhouse_sql(clickhouse), text) != NULL;
}

/* Every query of rows names its marker first. */
uint64_t fake_clickhouse_marker(const struct lc_clickhouse *clickhouse)
{
	static const char begin[] = "toUInt64(";
	const char *marker = strstr(fake_clickhouse_sql(clickhouse), begin);

	LC_ASSERT(marker != NULL);
	return strtoull(marker + sizeof begin - 1, NULL, 10);
}

void fake_clickhouse_send(struct lc_clickhouse *clickhouse, struct lc_view piece)
{
	struct lc_clickhouse_query *query = clickhouse->query;

	LC_ASSERT(query != NULL);
	if (query->refusal.kind == LC_ERROR_NONE && query->spec.on_data != NULL &&
	    !query->spec.on_data(query->spec.context, piece, &query->refusal))
		LC_ASSERT(query->refusal.kind != LC_ERROR_NONE);
}

/* Sends it in two pieces, as no row may rely on coming whole. */
static void send_cut(struct lc_clickhouse *clickhouse, struct lc_buffer *bytes)
{
	size_t half = bytes->size / 2;

	LC_ASSERT(!lc_buffer_failed(bytes));
	fake_clickhouse_send(clickhouse, (struct lc_view){.data = bytes->data, .size = half});
	fake_clickhouse_send(
	    clickhouse, (struct lc_view){.data = bytes->data + half, .size = bytes->size - half});
	lc_buffer_free(bytes);
}

void fake_clickhouse_send_clock(struct lc_clickhouse *clickhouse, uint32_t now)
{
	struct lc_buffer bytes;

	lc_buffer_init(&bytes, BYTES_MAX);
	lc_row_binary_append_number(&bytes, fake_clickhouse_marker(clickhouse), 8);
	lc_row_binary_append_number(&bytes, now, 4);
	lc_row_binary_append_text(&bytes, lc_view_of(""));
	lc_row_binary_append_number(&bytes, fake_clickhouse_marker(clickhouse), 8);
	send_cut(clickhouse, &bytes);
}

static void send_numbers(struct lc_clickhouse *clickhouse, const struct lc_discovery_row *row,
			 uint64_t end)
{
	struct lc_buffer bytes;

	lc_buffer_init(&bytes, BYTES_MAX);
	lc_row_binary_append_number(&bytes, fake_clickhouse_marker(clickhouse), 8);
	lc_row_binary_append_number(&bytes, row->raft_session_id, 4);
	lc_row_binary_append_text(&bytes, row->bucket);
	lc_row_binary_append_number(&bytes, row->rows, 8);
	lc_row_binary_append_number(&bytes, row->oldest, 4);
	lc_row_binary_append_number(&bytes, row->floor.inserted_at, 4);
	lc_row_binary_append_number(&bytes, (uint64_t)row->floor.start_time_ms, 8);
	lc_row_binary_append_text(&bytes, row->floor.req_id);
	lc_row_binary_append_number(&bytes, end, 8);
	send_cut(clickhouse, &bytes);
}

void fake_clickhouse_send_found(struct lc_clickhouse *clickhouse,
				const struct lc_discovery_row *row)
{
	send_numbers(clickhouse, row, fake_clickhouse_marker(clickhouse));
	clickhouse->query->found++;
}

void fake_clickhouse_send_count(struct lc_clickhouse *clickhouse, uint32_t raft_session_id,
				const char *bucket, uint64_t rows, uint32_t oldest)
{
	struct lc_discovery_row row = {
	    .raft_session_id = raft_session_id,
	    .bucket = lc_view_of(bucket),
	    .rows = rows,
	    .oldest = oldest,
	    .floor.req_id = lc_view_of(""),
	};

	fake_clickhouse_send_found(clickhouse, &row);
}

void fake_clickhouse_send_last(struct lc_clickhouse *clickhouse, uint64_t rows)
{
	struct lc_discovery_row last = {
	    .bucket = lc_view_of(""), .rows = rows, .floor.req_id = lc_view_of("")};

	send_numbers(clickhouse, &last,
		     lc_discovery_row_last_marker(fake_clickhouse_marker(clickhouse)));
}

void fake_clickhouse_send_row(struct lc_clickhouse *clickhouse, const struct lc_record *record)
{
	struct lc_buffer bytes;

	lc_buffer_init(&bytes, BYTES_MAX);
	record_rows_append(&bytes, record, fake_clickhouse_marker(clickhouse));
	send_cut(clickhouse, &bytes);
}

/* As in the client, the query is gone once its callback has returned. */
static void end_with(struct lc_clickhouse *clickhouse, const struct lc_error *error)
{
	struct lc_clickhouse_query *query = clickhouse->query;

	LC_ASSERT(query != NULL);
	clickhouse->query = NULL;
	query->spec.on_done(query->spec.context, error);
	lc_buffer_free(&query->sql);
	lc_buffer_free(&query->data);
	free(query);
}

void fake_clickhouse_end_short(struct lc_clickhouse *clickhouse)
{
	LC_ASSERT(clickhouse->query != NULL);
	end_with(clickhouse, &clickhouse->query->refusal);
}

static bool asks_for_numbers(const struct lc_clickhouse *clickhouse)
{
	return fake_clickhouse_sql_has(clickhouse, "SELECT arrayJoin(");
}

void fake_clickhouse_hold_rest(struct lc_clickhouse *clickhouse)
{
	clickhouse->holds_rest = true;
}

static bool asks_for_rest(const struct lc_clickhouse *clickhouse)
{
	return clickhouse->query != NULL && asks_for_numbers(clickhouse) &&
	       fake_clickhouse_sql_has(clickhouse, "(raftSessionID, bucketName) IN (");
}

void fake_clickhouse_end(struct lc_clickhouse *clickhouse)
{
	LC_ASSERT(clickhouse->query != NULL);
	if (asks_for_numbers(clickhouse))
		fake_clickhouse_send_last(clickhouse, clickhouse->query->found);
	fake_clickhouse_end_short(clickhouse);
	if (!clickhouse->holds_rest && asks_for_rest(clickhouse))
		fake_clickhouse_end(clickhouse);
}

void fake_clickhouse_break(struct lc_clickhouse *clickhouse)
{
	struct lc_error error;

	lc_error_set(&error, LC_ERROR_UNREACHABLE, "the connection broke");
	end_with(clickhouse, &error);
}

void fake_clickhouse_refuse(struct lc_clickhouse *clickhouse, int exception_code)
{
	struct lc_error error;

	lc_error_set(&error, LC_ERROR_REFUSED, "ClickHouse says: code %d", exception_code);
	error.code = exception_code;
	end_with(clickhouse, &error);
}

unsigned fake_clickhouse_distrusted(const struct lc_clickhouse *clickhouse)
{
	return clickhouse->distrusted;
}
