#include "delivery/scan.h"

#include "base/assert.h"
#include "base/counters.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "clients/clickhouse.h"
#include "clients/diagnose.h"
#include "config/settings.h"
#include "delivery/build.h"
#include "delivery/hash_set.h"
#include "delivery/inflight.h"
#include "delivery/mark.h"
#include "delivery/plan.h"
#include "delivery/query.h"
#include "delivery/rows.h"
#include "delivery/upload.h"
#include "formats/record_stream.h"
#include "formats/row_hash.h"
#include "ledger/ledger.h"

#include <stdlib.h>

/* So long one target may keep the scan waiting. */
enum { CROWDED_MAX_MS = 5000 };

/* What the ledger knows of a source; empty and unset when none of its ranges is doubtful. */
struct known {
	struct lc_hash_set taken; /* hashes of rows that are taken, sorted */
	struct lc_mark floor;     /* rows at or before it are taken */
};

/* Where the stream is. */
struct position {
	struct lc_source *source;    /* NULL before the first row */
	const struct lc_mark *floor; /* of this source, may be unset */
	struct lc_hash_subtraction subtraction;
	bool read_rows;      /* a row of it was seen */
	uint32_t second;     /* of the last row */
	struct lc_mark last; /* offset of the last row */
	uint64_t rows;
};

struct lc_scan {
	const struct lc_delivery *delivery;
	lc_scan_progress *on_progress;
	lc_scan_callback *on_end;
	void *context;

	unsigned seat;
	struct lc_source **sources; /* in the order of the stream; NULL: not running */
	size_t source_count;

	struct known *known;            /* of each of these */
	size_t known_count;             /* so many were asked about */
	struct lc_ledger_command *read; /* of the next one's; NULL: none is under way */

	struct lc_rows rows;
	size_t next; /* the first of `sources` that the stream has not come to */
	struct position at;
	struct lc_error error; /* why we ended the stream ourselves */
	bool paused;
	struct lc_target *crowded; /* its bucket has its share of the bytes in flight */
	uint64_t crowded_ms;       /* monotonic, since when */
	uint64_t row_count;
	uint64_t started_ms;
};

struct lc_scan *lc_scan_new(const struct lc_delivery *delivery)
{
	struct lc_scan *scan = lc_memory_zero(1, sizeof(*scan));

	scan->delivery = delivery;
	lc_mark_init(&scan->at.last);
	return scan;
}

/* The sources that were not come to, or not to their end, are not asked any more. */
static void release_query(struct lc_scan *scan)
{
	lc_ledger_cancel(scan->read);
	scan->read = NULL;
	for (size_t i = 0; i < scan->source_count; i++) {
		if (scan->sources[i] != NULL)
			lc_source_unask(scan->sources[i]);
		lc_hash_set_free(&scan->known[i].taken);
		lc_mark_free(&scan->known[i].floor);
	}
	free(scan->known);
	scan->known = NULL;
	lc_rows_release(&scan->rows);
	free(scan->sources);
	scan->source_count = 0;
	scan->crowded = NULL;
	scan->sources = NULL;
}

void lc_scan_free(struct lc_scan *scan)
{
	if (scan == NULL)
		return;
	lc_scan_cancel(scan);
	lc_mark_free(&scan->at.last);
	free(scan);
}

bool lc_scan_running(const struct lc_scan *scan)
{
	return scan->sources != NULL;
}

/* Goes to the next source of the list. */
static void enter_source(struct lc_scan *scan)
{
	struct position *at = &scan->at;
	const struct known *known = &scan->known[scan->next];

	at->source = scan->sources[scan->next++];
	at->floor = &known->floor;
	at->read_rows = false;
	at->rows = 0;
	at->last.set = false;
	lc_hash_subtraction_init(&at->subtraction, &known->taken);
}

/* All rows of the last row's second have come. Seconds that were not asked for may hold rows that
 * nobody has found yet. */
static void finish_second(const struct position *at)
{
	if (lc_source_asked_range(at->source, at->second) != NULL)
		lc_source_advance(at->source, &at->last);
}

/* The stream has left the source, or has ended. `whole`: all its rows have come. The source, if
 * there is one and it is still open. */
static struct lc_source *leave_source(struct lc_scan *scan, bool whole)
{
	struct position *at = &scan->at;
	struct lc_source *source = at->source;
	bool open;

	if (source == NULL)
		return NULL;
	lc_hash_subtraction_free(&at->subtraction);
	lc_build_close_all(scan->delivery->build);
	if (whole) {
		finish_second(at);
		lc_source_settle_asked(source);
		source->scanned_rows = at->rows;
		source->scanned_seconds = scan->rows.until - scan->rows.from;
	} else if (at->read_rows) {
		lc_source_settle_before(source, at->second);
	}
	lc_source_unask(source);
	/* After the intents of its rows: the ledger is written in order. */
	lc_source_record_ranges(source, scan->delivery->ledger);
	LC_CRASH_POINT(SCAN_RANGES);
	if (at->rows > 0)
		lc_counters_observe(scan->delivery->counters, LC_COUNTERS_HISTOGRAM_FETCH_ROWS,
				    (double)at->rows);
	at->source = NULL;
	scan->sources[scan->next - 1] = NULL;
	open = lc_source_is_open(source);
	scan->on_progress(scan->context, source, whole);
	return open ? source : NULL;
}

/* Whether an earlier scan has taken the row. When not, `repeat` gets how many like it were. */
static bool was_taken(struct position *at, const struct lc_offset *offset, uint64_t hash,
		      uint32_t *repeat)
{
	return lc_mark_covers(at->floor, offset) ||
	       lc_hash_subtraction_take(&at->subtraction, hash, repeat);
}

static void take_row(struct lc_scan *scan, const struct lc_record *record,
		     const struct lc_offset *offset)
{
	struct position *at = &scan->at;
	struct lc_source *source = at->source;
	struct lc_build_answer answer;
	uint32_t repeat = 0;
	uint64_t hash;

	if (lc_source_asked_range(source, offset->inserted_at) == NULL)
		return;
	hash = lc_row_hash(record);
	if (was_taken(at, offset, hash, &repeat)) {
		lc_counters_add(scan->delivery->counters, LC_COUNTERS_DUPLICATES_AVOIDED, 1);
		return;
	}
	lc_source_note_taken(source);
	answer = lc_build_take(scan->delivery->build, source, record, hash, repeat);
	if (answer.crowded != NULL && scan->crowded == NULL) {
		scan->crowded = answer.crowded;
		scan->crowded_ms = lc_loop_now_ms(scan->delivery->loop);
	}
	if (answer.recorded) {
		/* All that was read is recorded: what a crash makes us read again stays small. */
		lc_source_settle_before(source, offset->inserted_at);
		lc_source_record_ranges(source, scan->delivery->ledger);
	}
}

static bool same_source(const struct lc_source *source, const struct lc_record *record)
{
	return source != NULL && source->raft_session_id == record->raft_session_id &&
	       lc_view_equal(source->bucket, record->bucket);
}

/* Where the row's source stands among those that are to come; the list's end if it is none. */
static size_t find_source(const struct lc_scan *scan, const struct lc_record *record)
{
	struct lc_source wanted = {.raft_session_id = record->raft_session_id,
				   .bucket = record->bucket};
	size_t at = scan->next;

	while (at < scan->source_count && lc_source_compare(scan->sources[at], &wanted) < 0)
		at++;
	return at < scan->source_count && lc_source_compare(scan->sources[at], &wanted) == 0
		   ? at
		   : scan->source_count;
}

/* Leaves the current source and goes on to the row's; those between have no rows. A row that cannot
 * come next ends the stream, and proves of no source that it has come whole. */
static bool move_to_source(struct lc_scan *scan, const struct lc_record *record)
{
	size_t found = find_source(scan, record);

	if (found == scan->source_count)
		return lc_error_set(&scan->error, LC_ERROR_CORRUPT,
				    "a row of a source that was not asked for, or out of order: "
				    "raft session %u, bucket %.*s",
				    (unsigned)record->raft_session_id,
				    lc_view_shown(record->bucket, 64), record->bucket.data);
	leave_source(scan, true);
	while (scan->next < found) {
		enter_source(scan);
		leave_source(scan, true);
	}
	enter_source(scan);
	return true;
}

/* Rows come in the order of their offsets, within the bounds that were asked for. */
static bool check_order(struct lc_scan *scan, const struct lc_offset *offset)
{
	const struct position *at = &scan->at;

	if (offset->inserted_at < scan->rows.from || offset->inserted_at >= scan->rows.until)
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

/* False ends the stream; scan->error then says why. */
static bool on_record(void *context, const struct lc_record *record)
{
	struct lc_scan *scan = context;
	struct position *at = &scan->at;
	struct lc_offset offset = {.inserted_at = record->inserted_at,
				   .start_time_ms = record->start_time_ms,
				   .req_id = record->req_id};

	if (!same_source(at->source, record) && !move_to_source(scan, record))
		return false;
	if (!check_order(scan, &offset))
		return false;
	/* A new second: the one before is whole. */
	if (at->read_rows && record->inserted_at != at->second)
		finish_second(at);
	at->second = record->inserted_at;
	at->read_rows = true;
	at->rows++;
	scan->row_count++;
	lc_mark_set(&at->last, &offset);
	lc_rows_pass(&scan->rows, at->source, offset.inserted_at);
	take_row(scan, record, &offset);
	return true;
}

static bool on_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct lc_scan *scan = context;
	uint64_t rows = scan->row_count;
	bool good = lc_rows_feed(&scan->rows, piece, error);

	lc_counters_add(scan->delivery->counters, LC_COUNTERS_FETCH_BYTES, piece.size);
	lc_counters_add(scan->delivery->counters, LC_COUNTERS_FETCH_RECORDS,
			scan->row_count - rows);
	if (good && scan->error.kind != LC_ERROR_NONE) {
		*error = scan->error;
		good = false;
	}
	if (good)
		lc_scan_update_flow(scan);
	return good;
}

/* Gathers the sources that are not finished, the one that the stream was in before the others. */
static void gather_unread(struct lc_scan *scan, struct lc_source *broken, struct lc_scan_end *end)
{
	end->unread = lc_memory_zero(scan->source_count + 1, sizeof(struct lc_source *));
	end->broke_in_first = broken != NULL;
	if (broken != NULL)
		end->unread[end->unread_count++] = broken;
	for (size_t i = scan->next; i < scan->source_count; i++)
		end->unread[end->unread_count++] = scan->sources[i];
}

/* The stream is over and its query released by the client. */
static void end_scan(struct lc_scan *scan, const struct lc_error *failure)
{
	struct lc_scan_end end = {.error = *failure,
				  .answered = lc_diagnose_answered(failure) || scan->row_count > 0,
				  .resized = scan->rows.resized};
	struct lc_counters *counters = scan->delivery->counters;
	bool whole = failure->kind == LC_ERROR_NONE;
	struct lc_source *broken = leave_source(scan, whole);

	if (!whole)
		gather_unread(scan, broken, &end);
	while (whole && scan->next < scan->source_count) {
		enter_source(scan);
		leave_source(scan, true);
	}
	lc_counters_add(counters, LC_COUNTERS_FETCH_FIELDS_SHORTENED,
			lc_record_stream_fields_shortened(scan->rows.stream));
	lc_counters_add(counters,
			whole ? LC_COUNTERS_FETCH_QUERIES : LC_COUNTERS_FETCH_QUERIES_FAILED, 1);
	lc_counters_observe(counters, LC_COUNTERS_HISTOGRAM_FETCH_SECONDS,
			    (double)(lc_loop_now_ms(scan->delivery->loop) - scan->started_ms) /
				1000);
	release_query(scan);
	scan->on_end(scan->context, &end);
	free(end.unread);
}

static void on_checked(void *context, const struct lc_error *error)
{
	end_scan(context, error);
}

static void on_stream_end(void *context, const struct lc_error *error)
{
	struct lc_scan *scan = context;
	struct lc_error failure = scan->error.kind != LC_ERROR_NONE ? scan->error : *error;
	size_t first = scan->at.source != NULL ? scan->next - 1 : scan->next;

	if (failure.kind == LC_ERROR_NONE)
		lc_rows_check(&scan->rows, &scan->sources[first], scan->source_count - first,
			      on_checked);
	else
		end_scan(scan, &failure);
}

static const struct lc_rows_reader READER = {
    .on_record = on_record, .on_data = on_data, .on_end = on_stream_end};

/* All that is asked lies within them: what was opened while the ledger answered for other sources,
 * too. */
static void set_bounds(const struct lc_scan *scan, struct lc_query_rows *asked)
{
	asked->from = UINT32_MAX;
	asked->until = 0;
	for (size_t i = 0; i < scan->source_count; i++) {
		uint32_t from;
		uint32_t to;

		if (!lc_source_asked_bounds(scan->sources[i], &from, &to))
			continue;
		asked->from = from < asked->from ? from : asked->from;
		asked->until = to > asked->until ? to : asked->until;
	}
}

static void start_query(struct lc_scan *scan)
{
	struct lc_query_rows asked = {.sources = scan->sources, .count = scan->source_count};

	set_bounds(scan, &asked);
	lc_rows_start(&scan->rows, scan->delivery, scan->seat, &asked, &READER, scan);
}

static void ask_ledger(struct lc_scan *scan);

static void on_hashes(void *context, struct lc_ledger_hashes *hashes)
{
	struct lc_scan *scan = context;
	struct known *known = &scan->known[scan->known_count++];

	scan->read = NULL;
	known->taken = (struct lc_hash_set){
	    .hashes = hashes->hashes, .count = hashes->count, .capacity = hashes->count};
	hashes->hashes = NULL;
	if (hashes->has_floor)
		lc_mark_set(&known->floor, &hashes->floor);
	ask_ledger(scan);
}

/* What is known of the sources with doubtful ranges is asked for one source after the other, so
 * that answers stay small and the shard's other commands come through between. Then the query
 * starts. */
static void ask_ledger(struct lc_scan *scan)
{
	for (; scan->known_count < scan->source_count; scan->known_count++) {
		struct lc_source *source = scan->sources[scan->known_count];
		struct lc_ledger_source name = lc_source_name(source);
		uint32_t from;
		uint32_t to;

		if (lc_source_ask(source, &from, &to)) {
			scan->read = lc_ledger_read_hashes(scan->delivery->ledger, &name, from, to,
							   on_hashes, scan);
			return;
		}
	}
	start_query(scan);
}

void lc_scan_start(struct lc_scan *scan, unsigned seat, struct lc_source *const *sources,
		   size_t count, lc_scan_progress *on_progress, lc_scan_callback *on_end,
		   void *context)
{
	LC_ASSERT(!lc_scan_running(scan) && count > 0);
	scan->seat = seat;
	scan->on_progress = on_progress;
	scan->on_end = on_end;
	scan->context = context;
	scan->sources = lc_memory_resize(NULL, count, sizeof(struct lc_source *));
	memcpy(scan->sources, sources, count * sizeof(struct lc_source *));
	lc_plan_sort_by_name(scan->sources, count);
	scan->source_count = count;
	scan->next = 0;
	scan->error.kind = LC_ERROR_NONE;
	scan->paused = false;
	scan->crowded = NULL;
	scan->row_count = 0;
	scan->started_ms = lc_loop_now_ms(scan->delivery->loop);
	scan->known = lc_memory_zero(count, sizeof(scan->known[0]));
	for (size_t i = 0; i < count; i++)
		lc_mark_init(&scan->known[i].floor);
	scan->known_count = 0;
	ask_ledger(scan);
}

void lc_scan_cancel(struct lc_scan *scan)
{
	if (!lc_scan_running(scan))
		return;
	lc_build_drop_open(scan->delivery->build);
	if (scan->at.source != NULL)
		lc_hash_subtraction_free(&scan->at.subtraction);
	scan->at.source = NULL;
	release_query(scan);
}

/* Is there too much in flight to read on? Once paused, a quarter of the cap must be free. */
static bool must_pause(struct lc_scan *scan)
{
	struct lc_object_table *objects = scan->delivery->objects;

	if (scan->crowded != NULL &&
	    lc_loop_now_ms(scan->delivery->loop) - scan->crowded_ms >= CROWDED_MAX_MS)
		lc_inflight_spill(objects, scan->crowded);
	if (scan->crowded != NULL && !lc_inflight_crowded(objects, scan->crowded))
		scan->crowded = NULL;
	return scan->crowded != NULL ||
	       (scan->paused ? lc_inflight_is_short(objects) : lc_inflight_is_full(objects));
}

void lc_scan_update_flow(struct lc_scan *scan)
{
	bool pause;

	if (scan->rows.query == NULL)
		return;
	pause = must_pause(scan);
	if (pause && !lc_upload_flowing(scan->delivery->upload))
		lc_build_close_largest(scan->delivery->build);
	if (pause == scan->paused)
		return;
	scan->paused = pause;
	if (pause) {
		lc_counters_add(scan->delivery->counters, LC_COUNTERS_FETCH_PAUSES, 1);
		lc_clickhouse_pause(scan->rows.query);
	} else {
		lc_clickhouse_resume(scan->rows.query);
	}
}
