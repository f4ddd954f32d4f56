#include "delivery/reconcile.h"

#include "base/arena.h"
#include "base/assert.h"
#include "base/counters.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/random.h"
#include "clients/clickhouse.h"
#include "clients/diagnose.h"
#include "config/settings.h"
#include "delivery/discovery.h"
#include "delivery/query.h"
#include "delivery/slice.h"
#include "delivery/source.h"
#include "delivery/steady_clock.h"
#include "delivery/upload.h"
#include "formats/discovery_row.h"
#include "ledger/ledger.h"

#include <stdlib.h>

enum {
	NAMES_CHUNK = 64 * 1024,
	SLICE_SLOTS = 8,      /* slots of one question at most, all sources together */
	UNANSWERED_MAX = 3,   /* questions in a row: then the pass is over */
	DRILL_MAX = 500,      /* slots asked by second in one question */
	RECENT_LEAST = 600,   /* seconds that count as recent at least */
	AGAIN_MS = 10 * 1000, /* after a failure, or with nothing to compare */
};

/* Where a pass is. */
enum step {
	STEP_IDLE,
	STEP_LOWERING,        /* the ledger lowers the horizon, for a clock that was set back, */
	STEP_SLOTS,           /* ClickHouse counts rows of a slice per source and slot, */
	STEP_SURPLUS_SLOTS,   /* the ledger finds the slots with a surplus, */
	STEP_SECONDS,         /* ClickHouse counts the rows of these per second, */
	STEP_SURPLUS_SECONDS, /* and the ledger finds the seconds with a surplus */
};

static const char *const STEP_NAMES[] = {
    "idle",
    "lowering the horizon",
    "counting by slot",
    "comparing slots",
    "counting by second",
    "comparing seconds",
};

/* A pass over the recent slots, or all. */
struct pass {
	bool full;
	uint64_t started_ms;
	uint32_t now;         /* ClickHouse's clock then */
	uint32_t from;        /* slots still to be compared */
	uint32_t until;       /* the end: of the last window */
	uint32_t passed_over; /* the first slot not compared: it has open seconds, or no answer */
	bool incomplete;      /* there were slots without an answer */
	uint32_t gap_until;   /* the end of the last of these */
	bool found_late;      /* and late rows */
	unsigned unanswered;  /* questions in a row */
};

struct lc_reconcile {
	const struct lc_delivery *delivery;
	uint32_t horizon;
	struct lc_steady_clock clock;
	uint32_t present;      /* what it showed when the horizon was found a place last */
	uint32_t latest;       /* largest lateness seen, seconds; less with each pass without any */
	struct lc_slice slice; /* of a pass, so much at once */
	uint64_t recent_at_ms; /* when the next passes are due */
	uint64_t full_at_ms;

	enum step step;
	struct pass pass;
	uint32_t slice_until;
	bool strayed;                      /* the answer holds what was not asked for */
	struct lc_clickhouse_query *query; /* of this step; NULL: the ledger is asked */
	struct lc_ledger_command *read;
	uint64_t asked_ms; /* when it began */
	uint64_t marker;
	struct lc_discovery_answer answer;
	struct lc_arena names;          /* of `counts` and `drill` */
	struct lc_ledger_count *counts; /* what ClickHouse has */
	size_t count;
	size_t capacity;
	struct lc_ledger_count *drill; /* slots with a surplus, to be asked by second */
	size_t drill_count;
	size_t drilled; /* of these, already asked */
	size_t drilling_count;
};

struct lc_reconcile *lc_reconcile_new(const struct lc_delivery *delivery)
{
	struct lc_reconcile *reconcile = lc_memory_zero(1, sizeof(*reconcile));

	reconcile->delivery = delivery;
	reconcile->horizon = delivery->state.horizon;
	lc_upload_set_horizon(delivery->upload, reconcile->horizon);
	reconcile->clock = (struct lc_steady_clock){.shows_ms = delivery->state.steady_ms,
						    .at_ms = delivery->state.steady_at_ms};
	reconcile->present = lc_steady_clock_second(&reconcile->clock);
	reconcile->slice = lc_slice_of(SLICE_SLOTS * LC_LEDGER_SLOT_SECONDS, LC_LEDGER_SLOT_SECONDS,
				       SLICE_SLOTS * LC_LEDGER_SLOT_SECONDS);
	lc_arena_init(&reconcile->names, NAMES_CHUNK);
	/* The first pass of a process looks at everything: it may have been away for long. */
	return reconcile;
}

/* What the horizon follows is on record no later than the horizon: the next life must not take a
 * clock that is ahead by then for the beginning. */
static void keep_clock(struct lc_reconcile *reconcile)
{
	reconcile->present = lc_steady_clock_second(&reconcile->clock);
	lc_ledger_set_steady_clock(reconcile->delivery->ledger, reconcile->clock.shows_ms,
				   reconcile->clock.at_ms);
}

void lc_reconcile_set_horizon(struct lc_reconcile *reconcile, uint32_t horizon)
{
	keep_clock(reconcile);
	/* Whole slots: what is known of a part of one cannot be compared. */
	reconcile->horizon = horizon - horizon % LC_LEDGER_SLOT_SECONDS;
	lc_upload_set_horizon(reconcile->delivery->upload, reconcile->horizon);
	lc_ledger_set_horizon(reconcile->delivery->ledger, reconcile->horizon);
}

static void forget_slice(struct lc_reconcile *reconcile)
{
	lc_discovery_answer_free(&reconcile->answer);
	lc_arena_free(&reconcile->names);
	free(reconcile->counts);
	free(reconcile->drill);
	reconcile->counts = NULL;
	reconcile->count = 0;
	reconcile->capacity = 0;
	reconcile->drill = NULL;
	reconcile->drill_count = 0;
	reconcile->drilled = 0;
}

static void enter(struct lc_reconcile *reconcile, enum step step)
{
	if (reconcile->step != step)
		lc_log(LC_LOG_DEBUG, "reconcile", LC_LOG_TEXT("from", STEP_NAMES[reconcile->step]),
		       LC_LOG_TEXT("to", STEP_NAMES[step]));
	reconcile->step = step;
	reconcile->query = NULL;
	reconcile->read = NULL;
	if (step == STEP_IDLE || step == STEP_SLOTS)
		forget_slice(reconcile);
}

void lc_reconcile_cancel(struct lc_reconcile *reconcile)
{
	if (reconcile->query != NULL)
		lc_clickhouse_cancel(reconcile->query);
	lc_ledger_cancel(reconcile->read);
	enter(reconcile, STEP_IDLE);
}

void lc_reconcile_free(struct lc_reconcile *reconcile)
{
	if (reconcile == NULL)
		return;
	lc_reconcile_cancel(reconcile);
	free(reconcile);
}

/* ---- a question to ClickHouse: numbers per source and slot, or second ---- */

static bool is_by_second(const struct lc_reconcile *reconcile)
{
	return reconcile->step == STEP_SECONDS || reconcile->step == STEP_SURPLUS_SECONDS;
}

static bool asked_for(const struct lc_reconcile *reconcile, const struct lc_discovery_row *row)
{
	return row->raft_session_id % reconcile->delivery->shard_count ==
		   reconcile->delivery->shard &&
	       row->oldest >= reconcile->pass.from && row->oldest < reconcile->slice_until &&
	       (is_by_second(reconcile) || row->oldest % LC_LEDGER_SLOT_SECONDS == 0);
}

/* What is open is not settled: it has its own way to be taken. But what is settled beside it, or
 * after it while this pass goes on, must stay within the horizon until a pass compares it. */
static bool pass_over(struct lc_reconcile *reconcile, const struct lc_source *source,
		      uint32_t second)
{
	uint32_t size = is_by_second(reconcile) ? 1 : LC_LEDGER_SLOT_SECONDS;

	if (source == NULL || !lc_source_touches(source, second, size))
		return false;
	/* One that cannot be read is open by whole slots. */
	if (source->read_failures == 0 && second < reconcile->pass.passed_over)
		reconcile->pass.passed_over = second;
	return true;
}

static void keep_count(void *context, const struct lc_discovery_row *row)
{
	struct lc_reconcile *reconcile = context;
	const struct lc_source *source =
	    lc_source_find(reconcile->delivery->sources, row->raft_session_id, row->bucket);

	if (!asked_for(reconcile, row)) {
		reconcile->strayed = true;
		return;
	}
	if (pass_over(reconcile, source, row->oldest))
		return;
	reconcile->counts = lc_memory_grow(reconcile->counts, &reconcile->capacity,
					   reconcile->count + 1, sizeof(reconcile->counts[0]));
	reconcile->counts[reconcile->count++] = (struct lc_ledger_count){
	    .source = {.raft_session_id = row->raft_session_id,
		       .bucket = lc_arena_copy(&reconcile->names, row->bucket)},
	    .second = row->oldest,
	    .rows = row->rows,
	};
}

static bool on_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct lc_reconcile *reconcile = context;

	if (!lc_discovery_answer_feed(&reconcile->answer, piece, keep_count, reconcile, error))
		return false;
	if (reconcile->strayed)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the answer to a comparison contains what was not asked for");
	return true;
}

/* The recent slots are tried first: what keeps the others from being compared may last. */
static void await_again(struct lc_reconcile *reconcile)
{
	uint64_t again_ms = lc_loop_now_ms(reconcile->delivery->loop) + AGAIN_MS;

	if (reconcile->pass.full)
		reconcile->full_at_ms = again_ms + AGAIN_MS;
	if (!reconcile->pass.full || reconcile->recent_at_ms < again_ms)
		reconcile->recent_at_ms = again_ms;
	enter(reconcile, STEP_IDLE);
}

/* Whether all slots can be compared, as the last full pass has shown. */
static void tell_failing(const struct lc_reconcile *reconcile, bool failing)
{
	if (reconcile->pass.full)
		lc_counters_set_failing(reconcile->delivery->counters,
					LC_COUNTERS_RECONCILE_FAILING_SINCE, failing);
}

static void fail_pass(struct lc_reconcile *reconcile, const struct lc_error *error)
{
	lc_log(LC_LOG_WARNING, "comparing ClickHouse with what was taken failed and is tried again",
	       LC_LOG_FAULT(error));
	tell_failing(reconcile, true);
	await_again(reconcile);
}

static void ask_slots(struct lc_reconcile *reconcile);
static void next_slice(struct lc_reconcile *reconcile);

/* Whether what was asked for may be the reason: less of it, or other slots, may be answered. */
static bool may_be_passed_over(struct lc_reconcile *reconcile, const struct lc_error *error)
{
	uint64_t elapsed_ms = lc_loop_now_ms(reconcile->delivery->loop) - reconcile->asked_ms;

	if (error->code != 0)
		return LC_FAULT_DESCRIPTIONS[lc_diagnose_clickhouse(error)].reach != LC_FAULT_WHOLE;
	return lc_slice_was_too_much(error, elapsed_ms) &&
	       ++reconcile->pass.unanswered < UNANSWERED_MAX;
}

/* A slice without an answer is tried again in smaller ones. A slot that has none alone is left to a
 * later pass, and stays within the horizon. */
static void fail_slice(struct lc_reconcile *reconcile, const struct lc_error *error)
{
	if (!may_be_passed_over(reconcile, error)) {
		fail_pass(reconcile, error);
		return;
	}
	if (lc_slice_shrink(&reconcile->slice, reconcile->slice_until - reconcile->pass.from)) {
		ask_slots(reconcile);
		return;
	}
	if (!reconcile->pass.incomplete || reconcile->pass.from != reconcile->pass.gap_until)
		lc_log(LC_LOG_WARNING,
		       "ClickHouse cannot count the rows to compare from this second on; other "
		       "seconds are compared, and these are tried again",
		       LC_LOG_UINT("second", reconcile->pass.from), LC_LOG_FAULT(error));
	reconcile->pass.incomplete = true;
	reconcile->pass.gap_until = reconcile->slice_until;
	if (reconcile->pass.from < reconcile->pass.passed_over)
		reconcile->pass.passed_over = reconcile->pass.from;
	next_slice(reconcile);
}

static void on_surplus_slots(void *context, const struct lc_ledger_count *surplus, size_t count);
static void on_surplus_seconds(void *context, const struct lc_ledger_count *surplus, size_t count);

/* The ledger is asked second: rows taken between the two questions are no surplus. */
static void compare(struct lc_reconcile *reconcile)
{
	bool by_second = is_by_second(reconcile);

	enter(reconcile, by_second ? STEP_SURPLUS_SECONDS : STEP_SURPLUS_SLOTS);
	if (by_second)
		reconcile->read =
		    lc_ledger_find_surplus_seconds(reconcile->delivery->ledger, reconcile->counts,
						   reconcile->count, on_surplus_seconds, reconcile);
	else
		reconcile->read =
		    lc_ledger_find_surplus_slots(reconcile->delivery->ledger, reconcile->counts,
						 reconcile->count, on_surplus_slots, reconcile);
}

static void on_done(void *context, const struct lc_error *error)
{
	struct lc_reconcile *reconcile = context;
	struct lc_error failure = *error;

	reconcile->query = NULL;
	if (failure.kind != LC_ERROR_NONE ||
	    !lc_discovery_answer_end(&reconcile->answer, &failure)) {
		fail_slice(reconcile, &failure);
		return;
	}
	reconcile->pass.unanswered = 0;
	compare(reconcile);
}

/* Enters the step with its query, whose text is released. */
static void start_query(struct lc_reconcile *reconcile, enum step step, struct lc_buffer *sql)
{
	struct lc_clickhouse_spec spec = {
	    .sql = lc_buffer_view(sql),
	    .seat = lc_clickhouse_take_seat(reconcile->delivery->clickhouse),
	    .on_data = on_data,
	    .on_done = on_done,
	    .context = reconcile,
	};

	LC_ASSERT(!lc_buffer_failed(sql));
	enter(reconcile, step);
	reconcile->count = 0;
	reconcile->strayed = false;
	reconcile->asked_ms = lc_loop_now_ms(reconcile->delivery->loop);
	lc_discovery_answer_begin(&reconcile->answer, reconcile->marker);
	reconcile->query = lc_clickhouse_start(reconcile->delivery->clickhouse, &spec);
	lc_buffer_free(sql);
}

static void ask_slots(struct lc_reconcile *reconcile)
{
	struct lc_buffer sql;

	reconcile->slice_until =
	    lc_slice_end(&reconcile->slice, reconcile->pass.from, reconcile->pass.until);
	reconcile->marker = lc_random_next(reconcile->delivery->random);
	lc_buffer_init(&sql, SIZE_MAX / 2);
	lc_query_append_slots(&sql, reconcile->delivery, reconcile->marker, reconcile->pass.from,
			      reconcile->slice_until);
	start_query(reconcile, STEP_SLOTS, &sql);
}

/* ---- the end of a pass ---- */

/* So far the horizon is to reach, in whole slots, when this is the present. */
static uint32_t horizon_of(const struct lc_reconcile *reconcile, uint32_t present)
{
	uint32_t back = (uint32_t)reconcile->delivery->settings->reconcile_horizon_seconds;
	uint32_t bound = present > back ? present - back : 0;

	return bound - bound % LC_LEDGER_SLOT_SECONDS;
}

/* All was compared up to the end of the pass, but for what was passed over. */
static void move_horizon(struct lc_reconcile *reconcile)
{
	uint32_t steady = lc_steady_clock_second(&reconcile->clock);
	uint32_t bound =
	    horizon_of(reconcile, reconcile->pass.until < steady ? reconcile->pass.until : steady);

	if (bound > reconcile->pass.passed_over)
		bound = reconcile->pass.passed_over;
	if (bound > reconcile->horizon)
		lc_reconcile_set_horizon(reconcile, bound);
	else
		keep_clock(reconcile);
	/* What an earlier one has begun is ended, too. */
	lc_ledger_expire(reconcile->delivery->ledger, reconcile->horizon);
	LC_CRASH_POINT(RECONCILE_EXPIRED);
}

static void end_pass(struct lc_reconcile *reconcile)
{
	const struct lc_settings *settings = reconcile->delivery->settings;
	uint64_t now_ms = lc_loop_now_ms(reconcile->delivery->loop);

	lc_counters_add(reconcile->delivery->counters,
			reconcile->pass.full ? LC_COUNTERS_RECONCILES_FULL : LC_COUNTERS_RECONCILES,
			1);
	lc_counters_observe(reconcile->delivery->counters, LC_COUNTERS_HISTOGRAM_RECONCILE_SECONDS,
			    (double)(now_ms - reconcile->pass.started_ms) / 1000);
	reconcile->recent_at_ms = now_ms + (uint64_t)settings->reconcile_interval_seconds * 1000;
	if (!reconcile->pass.found_late)
		reconcile->latest /= 2;
	tell_failing(reconcile, reconcile->pass.incomplete);
	if (reconcile->pass.full) {
		reconcile->full_at_ms =
		    now_ms + (uint64_t)settings->reconcile_full_interval_seconds * 1000;
		move_horizon(reconcile);
	}
	enter(reconcile, STEP_IDLE);
}

static void next_slice(struct lc_reconcile *reconcile)
{
	reconcile->pass.from = reconcile->slice_until;
	if (reconcile->pass.from < reconcile->pass.until)
		ask_slots(reconcile);
	else
		end_pass(reconcile);
}

static void end_slice(struct lc_reconcile *reconcile)
{
	lc_slice_grow(&reconcile->slice, reconcile->slice_until - reconcile->pass.from);
	next_slice(reconcile);
}

/* ---- surplus ---- */

static void ask_seconds(struct lc_reconcile *reconcile)
{
	size_t left = reconcile->drill_count - reconcile->drilled;
	struct lc_buffer sql;

	reconcile->drilling_count = left < DRILL_MAX ? left : DRILL_MAX;
	reconcile->marker = lc_random_next(reconcile->delivery->random);
	lc_buffer_init(&sql, SIZE_MAX / 2);
	lc_query_append_seconds(&sql, reconcile->delivery, reconcile->marker, reconcile->pass.from,
				reconcile->slice_until, &reconcile->drill[reconcile->drilled],
				reconcile->drilling_count);
	start_query(reconcile, STEP_SECONDS, &sql);
}

static void on_surplus_slots(void *context, const struct lc_ledger_count *surplus, size_t count)
{
	struct lc_reconcile *reconcile = context;

	if (count == 0) {
		end_slice(reconcile);
		return;
	}
	reconcile->drill = lc_memory_zero(count, sizeof(reconcile->drill[0]));
	for (size_t i = 0; i < count; i++) {
		reconcile->drill[i] = surplus[i];
		reconcile->drill[i].source.bucket =
		    lc_arena_copy(&reconcile->names, surplus[i].source.bucket);
	}
	reconcile->drill_count = count;
	reconcile->drilled = 0;
	ask_seconds(reconcile);
}

/* The source, or NULL if the second is open again already. */
static struct lc_source *open_again(struct lc_reconcile *reconcile,
				    const struct lc_ledger_count *surplus)
{
	struct lc_source *source = lc_source_get(
	    reconcile->delivery->sources, surplus->source.raft_session_id, surplus->source.bucket);
	struct lc_source_range range = {.from = surplus->second,
					.to = surplus->second + 1,
					.since = reconcile->pass.now,
					.doubtful = true};

	if (pass_over(reconcile, source, surplus->second))
		return NULL;
	if (reconcile->pass.now > surplus->second &&
	    reconcile->pass.now - surplus->second > reconcile->latest)
		reconcile->latest = reconcile->pass.now - surplus->second;
	reconcile->pass.found_late = true;
	lc_counters_add(reconcile->delivery->counters, LC_COUNTERS_LATE_ROWS_FOUND, surplus->rows);
	lc_source_open(source, range, surplus->rows);
	return source;
}

static void record_opened(struct lc_reconcile *reconcile, const struct lc_source *source)
{
	if (source == NULL)
		return;
	lc_source_record_ranges(source, reconcile->delivery->ledger);
	LC_CRASH_POINT(RECONCILE_OPENED);
}

/* Seconds of a source stand together: its ranges are recorded once, not with each of them. */
static void open_all_again(struct lc_reconcile *reconcile, const struct lc_ledger_count *surplus,
			   size_t count)
{
	struct lc_source *last = NULL;

	for (size_t i = 0; i < count; i++) {
		struct lc_source *source = open_again(reconcile, &surplus[i]);

		if (source == NULL || source == last)
			continue;
		record_opened(reconcile, last);
		last = source;
	}
	record_opened(reconcile, last);
}

static void on_surplus_seconds(void *context, const struct lc_ledger_count *surplus, size_t count)
{
	struct lc_reconcile *reconcile = context;

	open_all_again(reconcile, surplus, count);
	if (count > 0)
		lc_log(LC_LOG_INFO, "rows became visible late; their seconds are open again",
		       LC_LOG_UINT("seconds", count));
	reconcile->drilled += reconcile->drilling_count;
	if (reconcile->drilled < reconcile->drill_count)
		ask_seconds(reconcile);
	else
		end_slice(reconcile);
}

/* ---- the clock ---- */

/* A clock that was set back stands where windows have been, or even comparisons. */
static void tell_of_clock(const struct lc_reconcile *reconcile, uint32_t until, uint32_t now)
{
	struct lc_counters *counters = reconcile->delivery->counters;
	uint32_t horizon = reconcile->horizon;

	lc_counters_set(counters, LC_COUNTERS_CLOCK_BEHIND_WINDOWS, until > now ? until - now : 0);
	lc_counters_set(counters, LC_COUNTERS_CLOCK_BEHIND_HORIZON,
			horizon > now ? horizon - now : 0);
}

/* A server that is not believed writes rows all the same. What one from before the horizon writes
 * cannot be helped, and must not hold up the horizon. */
void lc_reconcile_follow_clock(struct lc_reconcile *reconcile, uint32_t now, uint32_t least)
{
	uint32_t told = least < now && least >= reconcile->horizon ? least : now;

	if (now == 0)
		return;
	lc_steady_clock_follow(&reconcile->clock, told, lc_loop_now_ms(reconcile->delivery->loop));
}

/* ---- when ---- */

/* The youngest slot may be cut by the window's end, past which nothing is taken. */
static void begin_pass(struct lc_reconcile *reconcile)
{
	uint32_t recent =
	    2 * reconcile->latest > RECENT_LEAST ? 2 * reconcile->latest : RECENT_LEAST;
	uint32_t until = reconcile->pass.until;

	reconcile->pass.from = reconcile->horizon;
	if (!reconcile->pass.full && until > recent && until - recent > reconcile->pass.from)
		reconcile->pass.from = until - recent;
	reconcile->pass.from -= reconcile->pass.from % LC_LEDGER_SLOT_SECONDS;
	if (reconcile->pass.from < until)
		ask_slots(reconcile);
	else
		await_again(reconcile);
}

/* The clock was set back since the horizon was moved. */
static bool stands_too_high(const struct lc_reconcile *reconcile)
{
	uint32_t steady = lc_steady_clock_second(&reconcile->clock);

	return (steady < reconcile->present || steady < reconcile->horizon) &&
	       horizon_of(reconcile, steady) < reconcile->horizon;
}

static void on_lowered(void *context, uint32_t horizon)
{
	struct lc_reconcile *reconcile = context;

	if (horizon < reconcile->horizon)
		lc_log(LC_LOG_INFO,
		       "ClickHouse's clock was set back, and so is the horizon of late rows",
		       LC_LOG_UINT("seconds", reconcile->horizon - horizon));
	reconcile->horizon = horizon;
	lc_upload_set_horizon(reconcile->delivery->upload, horizon);
	reconcile->present = lc_steady_clock_second(&reconcile->clock);
	begin_pass(reconcile);
}

static void lower_horizon(struct lc_reconcile *reconcile)
{
	uint32_t bound = horizon_of(reconcile, lc_steady_clock_second(&reconcile->clock));

	enter(reconcile, STEP_LOWERING);
	reconcile->read =
	    lc_ledger_lower_horizon(reconcile->delivery->ledger, bound, on_lowered, reconcile);
}

void lc_reconcile_start_if_due(struct lc_reconcile *reconcile, uint32_t until, uint32_t now)
{
	uint64_t now_ms = lc_loop_now_ms(reconcile->delivery->loop);

	if (reconcile->horizon == 0 || until == 0 || now == 0)
		return;
	tell_of_clock(reconcile, until, now);
	if (reconcile->step != STEP_IDLE ||
	    (now_ms < reconcile->recent_at_ms && now_ms < reconcile->full_at_ms))
		return;
	/* A clock that was ahead for a while has left a window that ends in the future. What comes
	 * until then lies in no window: it is found here. */
	reconcile->pass = (struct pass){
	    .full = now_ms >= reconcile->full_at_ms,
	    .started_ms = now_ms,
	    .now = now,
	    .until = until < now ? until : now,
	    .passed_over = UINT32_MAX,
	};
	/* Another courier may have begun since. */
	if (reconcile->pass.full)
		lc_discovery_read_offsets(reconcile->delivery->discovery);
	if (stands_too_high(reconcile))
		lower_horizon(reconcile);
	else
		begin_pass(reconcile);
}
