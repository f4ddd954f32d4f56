#include "delivery/scan.h"

#include "base/assert.h"
#include "base/log.h"
#include "base/memory.h"
#include "delivery/plan.h"
#include "formats/record_stream.h"
#include "formats/row_hash.h"

#include <stdlib.h>

/* Where the stream is. */
struct position {
	struct lc_source *source; /* NULL before the first row */
	bool read_rows;           /* a row of it was seen */
	bool held;                /* its further rows are left in ClickHouse */
	uint32_t second;          /* of the last row */
	struct lc_mark last;      /* offset of the last row */
	struct lc_hash_set
	    taken; /* rows of this second that are taken, now or by an earlier scan */
	struct lc_hash_subtraction subtraction; /* what an earlier scan took of its first second */
	uint64_t rows;
};

struct lc_scan {
	struct lc_scan_parts parts;
	lc_scan_progress *on_progress;
	lc_scan_callback *on_end;
	void *context;
	struct lc_loop_timer *end_timer; /* for an end that no answer brings */
	size_t cap;                      /* bytes in flight */

	struct lc_clickhouse_query *query; /* NULL: not running */
	struct lc_record_stream *stream;
	struct lc_source **sources; /* in the order of the stream */
	size_t source_count;
	size_t next; /* the first of `sources` that the stream has not come to */
	uint32_t from;
	uint32_t until;
	struct position at;
	struct lc_error error; /* why we ended the stream ourselves */
	bool stop_soon;
	bool paused;
	struct lc_target *crowded; /* has its share of the bytes in flight */
	uint64_t rows;
	uint64_t started_ms;
};

static void on_cancelled(void *context);

struct lc_scan *lc_scan_new(const struct lc_scan_parts *parts, lc_scan_progress *on_progress,
			    lc_scan_callback *on_end, void *context)
{
	struct lc_scan *scan = lc_memory_zero(1, sizeof(*scan));

	scan->parts = *parts;
	scan->on_progress = on_progress;
	scan->on_end = on_end;
	scan->context = context;
	scan->cap = (size_t)parts->settings->limits_max_inflight_bytes;
	scan->end_timer = lc_loop_timer_new(parts->loop, on_cancelled, scan);
	lc_mark_init(&scan->at.last);
	lc_hash_set_init(&scan->at.taken);
	return scan;
}

static void release_query(struct lc_scan *scan)
{
	lc_record_stream_free(scan->stream);
	free(scan->sources);
	scan->stream = NULL;
	scan->sources = NULL;
	scan->query = NULL;
}

void lc_scan_free(struct lc_scan *scan)
{
	if (scan == NULL)
		return;
	lc_scan_cancel(scan);
	release_query(scan);
	lc_hash_subtraction_free(&scan->at.subtraction);
	lc_mark_free(&scan->at.last);
	lc_hash_set_free(&scan->at.taken);
	lc_loop_timer_free(scan->end_timer);
	free(scan);
}

bool lc_scan_running(const struct lc_scan *scan)
{
	return scan->query != NULL || lc_loop_timer_running(scan->end_timer);
}

static void enter_source(struct lc_scan *scan, struct lc_source *source)
{
	struct position *at = &scan->at;

	at->source = source;
	at->read_rows = false;
	at->held = false;
	at->rows = 0;
	at->last.set = false;
	lc_hash_set_clear(&at->taken);
	lc_hash_subtraction_init(&at->subtraction, &source->taken);
}

/* The stream has left the source, or has ended. `whole`: all its rows have come. */
static void leave_source(struct lc_scan *scan, bool whole)
{
	struct position *at = &scan->at;
	struct lc_source *source = at->source;

	if (source == NULL)
		return;
	lc_hash_subtraction_free(&at->subtraction);
	if (whole && !at->held) {
		lc_source_advance(source, &at->last);
		lc_source_close(source, scan->until);
	} else if (!at->held && at->read_rows && at->second >= source->open_from) {
		lc_source_reopen(source, at->second, &at->taken);
	}
	lc_build_close_all(scan->parts.build);
	if (at->rows > 0)
		lc_counters_observe(scan->parts.counters, LC_COUNTERS_HISTOGRAM_FETCH_ROWS,
				    (double)at->rows);
	at->source = NULL;
	scan->on_progress(scan->context, source);
}

/* The source's target takes no more: the rows from here on stay in ClickHouse until it does. */
static void hold_source(struct lc_scan *scan, struct lc_target *target)
{
	struct position *at = &scan->at;

	at->held = true;
	at->source->held_by = target;
	lc_hash_subtraction_free(&at->subtraction);
	lc_source_reopen(at->source, at->second, &at->taken);
}

static void begin_second(struct position *at, uint32_t second)
{
	struct lc_source *source = at->source;

	if (!at->held) {
		lc_source_advance(source, &at->last);
		lc_hash_set_clear(&at->taken);
		if (second == source->open_from) {
			for (size_t i = 0; i < source->taken.count; i++)
				lc_hash_set_add(&at->taken, source->taken.hashes[i]);
		}
	}
	at->second = second;
}

static void take_row(struct lc_scan *scan, const struct lc_record *record,
		     const struct lc_offset *offset)
{
	struct position *at = &scan->at;
	struct lc_source *source = at->source;
	struct lc_target *target;
	enum lc_target_room room;
	uint64_t hash;

	if (offset->inserted_at < source->open_from || lc_mark_covers(&source->floor, offset))
		return;
	hash = lc_row_hash(record);
	if (offset->inserted_at == source->open_from &&
	    lc_hash_subtraction_take(&at->subtraction, hash))
		return;
	target = lc_build_target(scan->parts.build, record->target_bucket);
	room = lc_upload_room(scan->parts.upload, target);
	if (room == LC_TARGET_ROOM_NO) {
		hold_source(scan, target);
		return;
	}
	if (room == LC_TARGET_ROOM_SOON)
		scan->crowded = target;
	lc_build_take(scan->parts.build, source, target, record, hash);
	lc_hash_set_add(&at->taken, hash);
	if (source->open_rows > 0)
		source->open_rows--;
}

static bool same_source(const struct lc_source *source, const struct lc_record *record)
{
	return source != NULL && source->raft_session_id == record->raft_session_id &&
	       lc_view_equal(source->bucket, record->bucket);
}

/* Leaves the current source and goes on to the row's; those between have no rows. False if the
 * row's source does not come behind the current one in the list of those asked for. */
static bool move_to_source(struct lc_scan *scan, const struct lc_record *record)
{
	struct lc_source wanted = {.raft_session_id = record->raft_session_id,
				   .bucket = record->bucket};

	while (scan->next < scan->source_count) {
		struct lc_source *source = scan->sources[scan->next];
		int order = lc_source_compare(source, &wanted);

		if (order > 0)
			break;
		scan->next++;
		enter_source(scan, source);
		if (order == 0)
			return true;
		leave_source(scan, true);
	}
	return lc_error_set(&scan->error, LC_ERROR_CORRUPT,
			    "a row of a source that was not asked for, or out of order: "
			    "raft session %u, bucket %.*s",
			    (unsigned)record->raft_session_id,
			    (int)(record->bucket.size < 64 ? record->bucket.size : 64),
			    record->bucket.data);
}

/* Rows come in the order of their offsets, within the bounds that were asked for. */
static bool check_order(struct lc_scan *scan, const struct lc_offset *offset)
{
	const struct position *at = &scan->at;

	if (offset->inserted_at < scan->from || offset->inserted_at >= scan->until)
		return lc_error_set(&scan->error, LC_ERROR_CORRUPT,
				    "a row of second %u, which was not asked for",
				    (unsigned)offset->inserted_at);
	if (at->read_rows) {
		struct lc_offset last = lc_mark_offset(&at->last);

		if (lc_offset_compare(offset, &last) < 0)
			return lc_error_set(&scan->error, LC_ERROR_CORRUPT,
					    "a row out of order at second %u",
					    (unsigned)offset->inserted_at);
	}
	return true;
}

static bool stop_here(struct lc_scan *scan, bool whole)
{
	leave_source(scan, whole);
	return lc_error_set(&scan->error, LC_ERROR_CANCELLED, "the scan was asked to stop");
}

/* False ends the stream; scan->error then says why. */
static bool on_record(void *context, const struct lc_record *record)
{
	struct lc_scan *scan = context;
	struct position *at = &scan->at;
	struct lc_offset offset = {.inserted_at = record->inserted_at,
				   .start_time_ms = record->start_time_ms,
				   .req_id = record->req_id};

	if (!same_source(at->source, record)) {
		if (scan->stop_soon)
			return stop_here(scan, true);
		leave_source(scan, true);
		if (!move_to_source(scan, record))
			return false;
	}
	if (!check_order(scan, &offset))
		return false;
	if (!at->read_rows || record->inserted_at != at->second) {
		begin_second(at, record->inserted_at);
		if (scan->stop_soon && at->read_rows)
			return stop_here(scan, false);
	}
	at->read_rows = true;
	at->rows++;
	scan->rows++;
	lc_mark_set(&at->last, &offset);
	if (!at->held)
		take_row(scan, record, &offset);
	return true;
}

static bool on_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct lc_scan *scan = context;
	uint64_t rows = scan->rows;
	bool good = lc_record_stream_feed(scan->stream, piece, error);

	lc_counters_add(scan->parts.counters, LC_COUNTERS_FETCH_BYTES, piece.size);
	lc_counters_add(scan->parts.counters, LC_COUNTERS_FETCH_RECORDS, scan->rows - rows);
	if (good && scan->error.kind != LC_ERROR_NONE) {
		*error = scan->error;
		good = false;
	}
	if (good)
		lc_scan_relieve(scan);
	return good;
}

/* The stream is over and its query released by the client. */
static void end_scan(struct lc_scan *scan, const struct lc_error *failure)
{
	struct lc_error kept = *failure;
	struct lc_counters *counters = scan->parts.counters;
	bool whole = kept.kind == LC_ERROR_NONE;

	leave_source(scan, whole);
	while (whole && scan->next < scan->source_count) {
		enter_source(scan, scan->sources[scan->next++]);
		leave_source(scan, true);
	}
	lc_counters_add(counters, LC_COUNTERS_FETCH_FIELDS_SHORTENED,
			lc_record_stream_fields_shortened(scan->stream));
	lc_counters_add(counters,
			whole ? LC_COUNTERS_FETCH_QUERIES : LC_COUNTERS_FETCH_QUERIES_FAILED, 1);
	lc_counters_observe(counters, LC_COUNTERS_HISTOGRAM_FETCH_SECONDS,
			    (double)(lc_loop_now_ms(scan->parts.loop) - scan->started_ms) / 1000);
	release_query(scan);
	scan->on_end(scan->context, &kept);
}

static void on_done(void *context, const struct lc_error *error, int exception_code)
{
	struct lc_scan *scan = context;
	struct lc_error failure = scan->error.kind != LC_ERROR_NONE ? scan->error : *error;

	(void)exception_code;
	if (failure.kind == LC_ERROR_NONE)
		lc_record_stream_end(scan->stream, &failure);
	end_scan(scan, &failure);
}

/* The query is gone, its end is still to be told. */
static void on_cancelled(void *context)
{
	struct lc_scan *scan = context;

	end_scan(scan, &scan->error);
}

static void start_query(struct lc_scan *scan, unsigned seat)
{
	/* Small blocks nearly double the speed of a scan in order and spare ClickHouse's memory. */
	static const struct lc_clickhouse_setting settings[] = {{"max_block_size", "8192"}};
	uint64_t marker = lc_random_next(scan->parts.random);
	struct lc_clickhouse_spec spec = {
	    .settings = settings,
	    .setting_count = sizeof(settings) / sizeof(settings[0]),
	    .seat = seat,
	    .on_data = on_data,
	    .on_done = on_done,
	    .context = scan,
	};
	struct lc_buffer sql;

	lc_buffer_init(&sql, SIZE_MAX / 2);
	lc_plan_append_scan(&sql, scan->parts.settings->clickhouse_database,
			    scan->parts.settings->clickhouse_logs_table, marker, scan->sources,
			    scan->source_count, scan->from, scan->until);
	LC_ASSERT(!lc_buffer_failed(&sql));
	spec.sql = lc_buffer_view(&sql);
	scan->stream = lc_record_stream_new(
	    marker, (size_t)scan->parts.settings->limits_max_row_bytes, on_record, scan);
	scan->query = lc_clickhouse_start(scan->parts.clickhouse, &spec);
	lc_buffer_free(&sql);
}

void lc_scan_start(struct lc_scan *scan, unsigned seat, struct lc_source *const *sources,
		   size_t count, uint32_t until)
{
	LC_ASSERT(!lc_scan_running(scan) && count > 0);
	scan->sources = lc_memory_resize(NULL, count, sizeof(sources[0]));
	memcpy(scan->sources, sources, count * sizeof(sources[0]));
	lc_plan_sort_by_name(scan->sources, count);
	scan->source_count = count;
	scan->next = 0;
	scan->from = sources[0]->open_from;
	for (size_t i = 1; i < count; i++) {
		if (sources[i]->open_from < scan->from)
			scan->from = sources[i]->open_from;
	}
	scan->until = until;
	scan->error.kind = LC_ERROR_NONE;
	scan->stop_soon = false;
	scan->paused = false;
	scan->crowded = NULL;
	scan->rows = 0;
	scan->started_ms = lc_loop_now_ms(scan->parts.loop);
	start_query(scan, seat);
}

void lc_scan_stop_soon(struct lc_scan *scan)
{
	if (scan->query == NULL)
		return;
	scan->stop_soon = true;
	if (scan->at.source == NULL) {
		lc_clickhouse_cancel(scan->query);
		scan->query = NULL;
		lc_error_set(&scan->error, LC_ERROR_CANCELLED, "the scan was asked to stop");
		lc_loop_timer_start(scan->end_timer, 0);
	}
}

void lc_scan_cancel(struct lc_scan *scan)
{
	lc_loop_timer_stop(scan->end_timer);
	if (scan->query == NULL)
		return;
	lc_clickhouse_cancel(scan->query);
	leave_source(scan, false);
	release_query(scan);
}

/* Is there too much in flight to read on? Once paused, a quarter of the cap must be free. */
static bool too_much(struct lc_scan *scan)
{
	size_t cap = scan->paused ? scan->cap / 4 * 3 : scan->cap;

	if (scan->crowded != NULL &&
	    lc_upload_room(scan->parts.upload, scan->crowded) != LC_TARGET_ROOM_SOON)
		scan->crowded = NULL;
	return scan->crowded != NULL || lc_upload_bytes(scan->parts.upload) >= cap;
}

void lc_scan_relieve(struct lc_scan *scan)
{
	bool pause;

	if (scan->query == NULL)
		return;
	pause = too_much(scan);
	if (pause && !lc_upload_moving(scan->parts.upload))
		lc_build_close_largest(scan->parts.build);
	if (pause == scan->paused)
		return;
	scan->paused = pause;
	if (pause) {
		lc_counters_add(scan->parts.counters, LC_COUNTERS_FETCH_PAUSES, 1);
		lc_clickhouse_pause(scan->query);
	} else {
		lc_clickhouse_resume(scan->query);
	}
}
