#include "delivery/ending.h"

#include "base/assert.h"
#include "base/random.h"
#include "clients/clickhouse.h"

void lc_ending_place_pass(struct lc_ending_place *place, const struct lc_source *source,
			  uint32_t second)
{
	if (place->source != source || place->second != second)
		*place = (struct lc_ending_place){.source = source, .second = second};
	place->rows++;
}

static void compare(void *context, const struct lc_discovery_row *row)
{
	struct lc_ending *ending = context;
	const struct lc_ending_place *place = &ending->place;
	const struct lc_source found = {.raft_session_id = row->raft_session_id,
					.bucket = row->bucket};
	bool last = place->source != NULL && lc_source_compare(place->source, &found) == 0;
	uint64_t came = last ? place->rows : 0;

	if (row->rows <= came || ending->error.kind != LC_ERROR_NONE)
		return;
	lc_error_set(&ending->error, LC_ERROR_CORRUPT,
		     "an answer was cut, or rows have become visible since: ClickHouse has %llu "
		     "rows of raft session %u, bucket %.*s, from second %u on, and has sent %llu",
		     (unsigned long long)row->rows, (unsigned)row->raft_session_id,
		     lc_view_shown(row->bucket, 64), row->bucket.data, (unsigned)row->oldest,
		     (unsigned long long)came);
}

static bool on_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct lc_ending *ending = context;

	return lc_discovery_answer_feed(&ending->answer, piece, compare, ending, error);
}

static void on_done(void *context, const struct lc_error *error, int exception_code)
{
	struct lc_ending *ending = context;
	struct lc_error failure = *error;

	(void)exception_code;
	ending->query = NULL;
	if (failure.kind == LC_ERROR_NONE && lc_discovery_answer_end(&ending->answer, &failure))
		failure = ending->error;
	lc_discovery_answer_free(&ending->answer);
	ending->callback(ending->context, &failure);
}

void lc_ending_ask(struct lc_ending *ending, const struct lc_delivery *delivery, unsigned seat,
		   const struct lc_query_rows *rows, const struct lc_ending_place *place,
		   lc_ending_callback *callback, void *context)
{
	uint64_t marker = lc_random_next(delivery->random);
	struct lc_clickhouse_spec spec = {
	    .seat = seat,
	    .on_data = on_data,
	    .on_done = on_done,
	    .context = ending,
	};
	struct lc_buffer sql;

	LC_ASSERT(ending->query == NULL);
	ending->place = *place;
	ending->error.kind = LC_ERROR_NONE;
	ending->callback = callback;
	ending->context = context;
	lc_discovery_answer_begin(&ending->answer, marker);
	lc_buffer_init(&sql, SIZE_MAX / 2);
	lc_query_append_rest(&sql, delivery, marker, rows, place->source, place->second);
	LC_ASSERT(!lc_buffer_failed(&sql));
	spec.sql = lc_buffer_view(&sql);
	ending->query = lc_clickhouse_start(delivery->clickhouse, &spec);
	lc_buffer_free(&sql);
}

void lc_ending_cancel(struct lc_ending *ending)
{
	if (ending->query != NULL)
		lc_clickhouse_cancel(ending->query);
	ending->query = NULL;
	lc_discovery_answer_free(&ending->answer);
}
