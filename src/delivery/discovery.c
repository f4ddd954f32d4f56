#include "delivery/discovery.h"

#include "base/arena.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/random.h"
#include "clients/clickhouse.h"
#include "clients/diagnose.h"
#include "config/settings.h"
#include "delivery/query.h"
#include "delivery/server_clock.h"
#include "delivery/slice.h"
#include "delivery/source.h"
#include "formats/discovery_row.h"
#include "ledger/ledger.h"

#include <stdlib.h>

enum {
	AHEAD_MAX = 7200, /* seconds that ClickHouse's clock may be ahead of this machine's */
	SQL_MAX = 8 * 1024,
	CLOCK_MAX = 1024, /* bytes of the answer to the question for the time */
	FOUND_CHUNK = 64 * 1024,
	SLICE_SECONDS = 3600, /* of a question, before it is known what ClickHouse can answer */
};

/* Where a discovery is. */
enum step {
	STEP_IDLE,
	STEP_CLOCK,   /* ClickHouse is asked for its clock, */
	STEP_OFFSETS, /* for the offsets, at first and when asked to, */
	STEP_AHEAD,   /* the ledger, whether these are ahead of what is on record, */
	STEP_OLDEST,  /* ClickHouse for the oldest row, where the first window begins, */
	STEP_WINDOW,  /* and for what is in the window */
};

static const char *const STEP_NAMES[] = {
    "idle",
    "asking for the clock",
    "asking for the offsets",
    "comparing the offsets",
    "asking for the oldest row",
    "asking for the window",
};

/* A row of the answer, kept until all of it has come. */
struct found {
	struct found *next;
	struct lc_discovery_row row;
};

struct lc_discovery {
	const struct lc_delivery *delivery;

	bool fresh;              /* the ledger was made just now, and has no floors yet */
	bool offsets_read;       /* the offsets table was looked at, as often as asked to */
	uint32_t until;          /* end of the last window */
	uint32_t closed;         /* what lies before it can be asked for; it may go back */
	struct lc_slice slice;   /* of that, so much at once */
	uint32_t doubtful_until; /* rows before it may be taken */
	struct lc_server_clock clock;
	uint32_t least_told;

	enum step step;
	struct lc_clickhouse_query *query; /* of this step; NULL: the ledger is asked */
	struct lc_ledger_command *read;
	lc_discovery_callback *callback;
	void *context;
	unsigned seat;
	uint64_t marker;
	uint64_t started_ms;
	uint64_t asked_ms;    /* when the query began */
	uint32_t window_from; /* `until`, but for the first window */
	uint32_t window_until;
	struct lc_buffer time; /* what the clock shows */
	struct lc_discovery_answer answer;
	struct lc_arena arena; /* of `found` */
	struct found *found;
	uint64_t found_count;
};

struct lc_discovery *lc_discovery_new(const struct lc_delivery *delivery)
{
	struct lc_discovery *discovery = lc_memory_zero(1, sizeof(*discovery));

	discovery->delivery = delivery;
	discovery->fresh = delivery->state.fresh || delivery->state.until == 0;
	discovery->until = delivery->state.until;
	discovery->slice = lc_slice_of(SLICE_SECONDS, 1, UINT32_MAX);
	discovery->doubtful_until = delivery->state.doubtful_until;
	discovery->least_told = UINT32_MAX;
	lc_buffer_init(&discovery->time, CLOCK_MAX);
	lc_arena_init(&discovery->arena, FOUND_CHUNK);
	return discovery;
}

/* What the step before has found is not needed any more. */
static void enter(struct lc_discovery *discovery, enum step step)
{
	if (discovery->step != step)
		lc_log(LC_LOG_DEBUG, "discovery", LC_LOG_TEXT("from", STEP_NAMES[discovery->step]),
		       LC_LOG_TEXT("to", STEP_NAMES[step]));
	discovery->step = step;
	discovery->query = NULL;
	discovery->read = NULL;
	lc_buffer_free(&discovery->time);
	lc_discovery_answer_free(&discovery->answer);
	lc_arena_free(&discovery->arena);
	discovery->found = NULL;
	discovery->found_count = 0;
}

void lc_discovery_cancel(struct lc_discovery *discovery)
{
	if (discovery->query != NULL)
		lc_clickhouse_cancel(discovery->query);
	lc_ledger_cancel(discovery->read);
	enter(discovery, STEP_IDLE);
}

void lc_discovery_free(struct lc_discovery *discovery)
{
	if (discovery == NULL)
		return;
	lc_discovery_cancel(discovery);
	free(discovery);
}

uint32_t lc_discovery_until(const struct lc_discovery *discovery)
{
	return discovery->until;
}

void lc_discovery_read_offsets(struct lc_discovery *discovery)
{
	discovery->offsets_read = false;
}

uint32_t lc_discovery_closed(const struct lc_discovery *discovery)
{
	return discovery->closed;
}

unsigned lc_discovery_seat(const struct lc_discovery *discovery)
{
	return discovery->seat;
}

static uint32_t seconds_left(const struct lc_discovery *discovery)
{
	return discovery->closed > discovery->until ? discovery->closed - discovery->until : 0;
}

bool lc_discovery_lags(const struct lc_discovery *discovery)
{
	return seconds_left(discovery) > 0;
}

uint32_t lc_discovery_present(const struct lc_discovery *discovery)
{
	uint32_t now = lc_discovery_clickhouse_now(discovery);
	uint32_t left = seconds_left(discovery);

	return now > left ? now - left : now;
}

uint32_t lc_discovery_clickhouse_now(const struct lc_discovery *discovery)
{
	return lc_server_clock_now(&discovery->clock, lc_loop_now_ms(discovery->delivery->loop));
}

uint32_t lc_discovery_least_told(struct lc_discovery *discovery)
{
	uint32_t least = discovery->least_told;

	discovery->least_told = UINT32_MAX;
	return least;
}

static void finish(struct lc_discovery *discovery, const struct lc_error *error)
{
	uint64_t elapsed_ms = lc_loop_now_ms(discovery->delivery->loop) - discovery->started_ms;

	lc_counters_observe(discovery->delivery->counters, LC_COUNTERS_HISTOGRAM_DISCOVERY_SECONDS,
			    (double)elapsed_ms / 1000);
	enter(discovery, STEP_IDLE);
	discovery->callback(discovery->context, error);
}

static int by_name(const void *a, const void *b)
{
	const struct lc_discovery_row *left = &(*(struct found *const *)a)->row;
	const struct lc_discovery_row *right = &(*(struct found *const *)b)->row;

	if (left->raft_session_id != right->raft_session_id)
		return left->raft_session_id < right->raft_session_id ? -1 : 1;
	return lc_view_compare(left->bucket, right->bucket);
}

/* In the order of the logs table, in which scans bring the rows: so the ledger numbers new sources
 * in this order, and what it writes for neighbours stands on the same pages. Of thousands of small
 * sources it writes a third of the pages that it would write otherwise. */
static void sort_found(struct lc_discovery *discovery)
{
	struct found **sorted = lc_memory_zero(discovery->found_count, sizeof(void *));
	size_t count = 0;

	for (struct found *found = discovery->found; found != NULL; found = found->next)
		sorted[count++] = found;
	qsort(sorted, count, sizeof(void *), by_name);
	discovery->found = NULL;
	while (count-- > 0) {
		sorted[count]->next = discovery->found;
		discovery->found = sorted[count];
	}
	free(sorted);
}

/* ---- the window ---- */

static void open_found(struct lc_discovery *discovery, const struct lc_discovery_row *row)
{
	uint32_t seen = lc_ledger_seen_until(discovery->delivery->ledger, row->raft_session_id);
	struct lc_source *source;
	struct lc_source_range range = {
	    .from = row->oldest > seen ? row->oldest : seen,
	    .to = discovery->window_until,
	    .since = row->oldest,
	    .doubtful = row->oldest < discovery->doubtful_until,
	};

	if (range.from >= range.to)
		return;
	source = lc_source_get(discovery->delivery->sources, row->raft_session_id, row->bucket);
	lc_source_open(source, range, row->rows);
	lc_source_record_ranges(source, discovery->delivery->ledger);
	/* One that is on its way to ClickHouse may be newer than what that tells. */
	if (row->floor.inserted_at != 0 && !lc_mark_covers(&source->committed, &row->floor))
		lc_mark_set(&source->committed, &row->floor);
}

/* The answer is whole: now it counts. */
static void apply_found(struct lc_discovery *discovery)
{
	sort_found(discovery);
	for (const struct found *found = discovery->found; found != NULL; found = found->next)
		open_found(discovery, &found->row);
	lc_counters_set(discovery->delivery->counters, LC_COUNTERS_DISCOVERY_BUCKETS,
			discovery->found_count);
	discovery->until = discovery->window_until;
	lc_ledger_set_until(discovery->delivery->ledger, discovery->until);
	LC_CRASH_POINT(DISCOVERY_WINDOW);
}

static void keep_row(void *context, const struct lc_discovery_row *row)
{
	struct lc_discovery *discovery = context;
	struct found *found = lc_arena_alloc(&discovery->arena, sizeof(*found));

	found->row = *row;
	found->row.bucket = lc_arena_copy(&discovery->arena, row->bucket);
	found->row.floor.req_id = lc_arena_copy(&discovery->arena, row->floor.req_id);
	found->next = discovery->found;
	discovery->found = found;
	discovery->found_count++;
}

/* Only what was asked for: sources of this shard, rows of the window. */
static bool check_found(const struct lc_discovery *discovery, struct lc_error *error)
{
	for (const struct found *found = discovery->found; found != NULL; found = found->next) {
		const struct lc_discovery_row *row = &found->row;

		if (row->raft_session_id % discovery->delivery->shard_count !=
		    discovery->delivery->shard)
			return lc_error_set(error, LC_ERROR_CORRUPT,
					    "the answer to a discovery names raft session %u, "
					    "which was not asked for",
					    (unsigned)row->raft_session_id);
		if (row->oldest < discovery->window_from || row->oldest >= discovery->window_until)
			return lc_error_set(error, LC_ERROR_CORRUPT,
					    "the answer to a discovery names second %u, which was "
					    "not asked for",
					    (unsigned)row->oldest);
	}
	return true;
}

static void ask_window(struct lc_discovery *discovery);

static uint64_t elapsed_ms(const struct lc_discovery *discovery)
{
	return lc_loop_now_ms(discovery->delivery->loop) - discovery->asked_ms;
}

/* True if it was too much, and a shorter window is asked for at once. */
static bool shorten_window(struct lc_discovery *discovery, const struct lc_error *error)
{
	uint32_t asked = discovery->window_until - discovery->window_from;

	if (!lc_slice_was_too_much(error, elapsed_ms(discovery)) ||
	    !lc_slice_shrink(&discovery->slice, asked))
		return false;
	lc_log(LC_LOG_INFO, "ClickHouse cannot answer for a window; asking for a shorter one",
	       LC_LOG_UINT("seconds", asked), LC_LOG_FAULT(error));
	/* Who does not answer at all may be a server that hangs: the next one is asked. */
	if (!lc_diagnose_answered(error))
		return false;
	discovery->marker = lc_random_next(discovery->delivery->random);
	ask_window(discovery);
	return true;
}

static void end_window(struct lc_discovery *discovery, const struct lc_error *error)
{
	struct lc_error failure = *error;

	if (failure.kind == LC_ERROR_NONE && check_found(discovery, &failure)) {
		lc_slice_grow(&discovery->slice, discovery->window_until - discovery->window_from);
		apply_found(discovery);
	} else if (shorten_window(discovery, &failure)) {
		return;
	}
	finish(discovery, &failure);
}

static void start_query(struct lc_discovery *discovery, enum step step, struct lc_buffer *sql);

static void ask_window(struct lc_discovery *discovery)
{
	struct lc_buffer sql;

	lc_buffer_init(&sql, SQL_MAX);
	discovery->window_until =
	    lc_slice_end(&discovery->slice, discovery->window_from, discovery->closed);
	if (discovery->window_from < discovery->doubtful_until)
		lc_query_append_doubtful_window(&sql, discovery->delivery, discovery->marker,
						discovery->window_from, discovery->window_until);
	else
		lc_query_append_window(&sql, discovery->delivery, discovery->marker,
				       discovery->window_from, discovery->window_until);
	start_query(discovery, STEP_WINDOW, &sql);
}

/* ---- where the first window begins ---- */

/* A table without rows has none to miss: `last`. No window holds rows of second 0. */
static uint32_t oldest_of_answer(const struct lc_discovery *discovery, uint32_t last)
{
	const struct found *found = discovery->found;

	if (found == NULL || found->row.rows == 0)
		return last;
	if (found->row.oldest > 0)
		return found->row.oldest;
	lc_log_say(LC_LOG_WARNING,
		   "the logs table has rows whose insertedAt is 0, 1970-01-01 00:00:00: it cannot "
		   "be known when they came, and they are not delivered");
	return 1;
}

static void end_oldest(struct lc_discovery *discovery, const struct lc_error *error)
{
	uint32_t last = discovery->closed - 1;
	uint32_t oldest = 1;

	if (error->kind == LC_ERROR_NONE) {
		oldest = oldest_of_answer(discovery, last);
	} else if (!lc_slice_was_too_much(error, elapsed_ms(discovery))) {
		finish(discovery, error);
		return;
	}
	/* A table that cannot tell is read from the beginning of time: what is empty costs little,
	 * and slices that are answered grow. */
	discovery->window_from = oldest < last ? oldest : last;
	ask_window(discovery);
}

static void ask_oldest(struct lc_discovery *discovery)
{
	struct lc_buffer sql;

	lc_buffer_init(&sql, SQL_MAX);
	lc_query_append_oldest(&sql, discovery->delivery, discovery->marker);
	start_query(discovery, STEP_OLDEST, &sql);
}

static void begin_window(struct lc_discovery *discovery)
{
	discovery->window_from = discovery->until;
	if (discovery->until == 0)
		ask_oldest(discovery);
	else
		ask_window(discovery);
}

/* ---- the offsets ---- */

static void on_ahead(void *context, const struct lc_ledger_count *ahead, size_t count)
{
	struct lc_discovery *discovery = context;
	struct lc_error failure = {.kind = LC_ERROR_NONE};

	discovery->offsets_read = true;
	if (count == 0) {
		begin_window(discovery);
		return;
	}
	lc_error_set(
	    &failure, LC_ERROR_OUTDATED,
	    "ClickHouse's offsets are ahead of our ledger for %zu sources, first raft session %u, "
	    "bucket %.*s: another courier delivers them, or the ledger is an old copy. Stop the "
	    "other one, or reset the ledger (log-courier-ctl ledger reset); under a leader "
	    "election, see ledger.when-behind",
	    count, (unsigned)ahead[0].source.raft_session_id,
	    lc_view_shown(ahead[0].source.bucket, 64), ahead[0].source.bucket.data);
	finish(discovery, &failure);
}

static void compare_offsets(struct lc_discovery *discovery)
{
	struct lc_ledger_command *read;
	struct lc_ledger_count *offsets =
	    lc_memory_zero(discovery->found_count, sizeof(offsets[0]));
	size_t count = 0;

	for (const struct found *found = discovery->found; found != NULL; found = found->next)
		offsets[count++] = (struct lc_ledger_count){
		    .source = {.raft_session_id = found->row.raft_session_id,
			       .bucket = found->row.bucket},
		    .second = found->row.floor.inserted_at};
	read =
	    lc_ledger_find_ahead(discovery->delivery->ledger, offsets, count, on_ahead, discovery);
	enter(discovery, STEP_AHEAD);
	discovery->read = read;
	free(offsets);
}

/* An offset that a clock has left which was ahead: rows that come until then are not delivered, and
 * must not count as such. Servers may be apart a little. */
static bool is_in_the_future(const struct lc_discovery *discovery, uint32_t second)
{
	return second > lc_discovery_clickhouse_now(discovery) + LC_SERVER_CLOCK_TOLERANCE;
}

/* It is no other courier's at the next start. */
static void keep_committed(struct lc_discovery *discovery, const struct lc_ledger_source *source,
			   uint32_t second)
{
	struct lc_ledger_count offset = {.source = *source, .second = second};

	lc_log(LC_LOG_WARNING,
	       "an offset is in the future, as a clock that was ahead leaves it; rows that come "
	       "until then are delivered, and rows that are already there may be delivered again",
	       LC_LOG_VIEW("bucket", source->bucket),
	       LC_LOG_UINT("raft_session", source->raft_session_id),
	       LC_LOG_UINT("offset_second", second));
	lc_ledger_set_committed(discovery->delivery->ledger, &offset, 1, NULL, NULL);
}

/* A floor may lie past the end of the first window, when the other courier was quick: windows up to
 * there hold rows that it has delivered. */
static void set_floors(struct lc_discovery *discovery)
{
	for (const struct found *found = discovery->found; found != NULL; found = found->next) {
		const struct lc_discovery_row *row = &found->row;
		struct lc_ledger_source name = {.raft_session_id = row->raft_session_id,
						.bucket = row->bucket};
		struct lc_offset floor = row->floor;

		if (is_in_the_future(discovery, floor.inserted_at)) {
			floor = (struct lc_offset){.inserted_at = discovery->closed,
						   .req_id = lc_view_of("")};
			keep_committed(discovery, &name, row->floor.inserted_at);
		}
		lc_ledger_set_floor(discovery->delivery->ledger, &name, &floor);
		if (floor.inserted_at >= discovery->doubtful_until)
			discovery->doubtful_until = floor.inserted_at + 1;
	}
}

static void end_offsets(struct lc_discovery *discovery, const struct lc_error *error)
{
	if (error->kind != LC_ERROR_NONE) {
		finish(discovery, error);
		return;
	}
	sort_found(discovery);
	if (!discovery->fresh) {
		compare_offsets(discovery);
		return;
	}
	set_floors(discovery);
	discovery->fresh = false;
	discovery->offsets_read = true;
	begin_window(discovery);
}

static void ask_offsets(struct lc_discovery *discovery)
{
	struct lc_buffer sql;

	lc_buffer_init(&sql, SQL_MAX);
	lc_query_append_offsets(&sql, discovery->delivery, discovery->marker);
	start_query(discovery, STEP_OFFSETS, &sql);
}

/* ---- the clock ---- */

static bool believe_clock(struct lc_discovery *discovery, uint32_t now, struct lc_error *error)
{
	int64_t ahead = (int64_t)now - lc_clock_wall_ms() / 1000;
	int64_t difference;

	if (now < discovery->least_told)
		discovery->least_told = now;
	lc_counters_set(discovery->delivery->counters, LC_COUNTERS_CLOCK_APART,
			(uint64_t)llabs((long long)ahead));
	/* Windows never go back: one that a wrong clock has opened into the future is not undone.
	 */
	if (ahead > AHEAD_MAX)
		lc_error_set(
		    error, LC_ERROR_CORRUPT,
		    "the clock of %s is %lld seconds ahead of this machine's: nothing is read "
		    "until one of them is corrected",
		    lc_clickhouse_seat_url(discovery->delivery->clickhouse, discovery->seat),
		    (long long)ahead);
	else if (lc_server_clock_believe(&discovery->clock, now,
					 lc_loop_now_ms(discovery->delivery->loop), &difference))
		return true;
	else
		lc_error_set(
		    error, LC_ERROR_CORRUPT,
		    "the clock of %s differs by %lld seconds from what ClickHouse said before",
		    lc_clickhouse_seat_url(discovery->delivery->clickhouse, discovery->seat),
		    (long long)difference);
	lc_clickhouse_distrust_seat(discovery->delivery->clickhouse, discovery->seat);
	return false;
}

static bool keep_time(struct lc_discovery *discovery, struct lc_view piece, struct lc_error *error)
{
	lc_buffer_append_view(&discovery->time, piece);
	if (lc_buffer_failed(&discovery->time))
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "the answer to the query for the time has no end");
	return true;
}

static void end_clock(struct lc_discovery *discovery, const struct lc_error *error)
{
	uint32_t delay = (uint32_t)discovery->delivery->settings->consumer_processing_delay_seconds;
	struct lc_error failure = *error;
	uint32_t now = 0;

	if (failure.kind != LC_ERROR_NONE ||
	    !lc_discovery_row_read_clock(lc_buffer_view(&discovery->time), discovery->marker, &now,
					 &failure) ||
	    !believe_clock(discovery, now, &failure)) {
		finish(discovery, &failure);
		return;
	}
	/* ClickHouse's own clock says what has closed. */
	discovery->closed = now > delay ? now - delay : 0;
	if (discovery->closed <= discovery->until)
		finish(discovery, &failure);
	else if (discovery->offsets_read)
		begin_window(discovery);
	else
		ask_offsets(discovery);
}

void lc_discovery_start(struct lc_discovery *discovery, unsigned seat,
			lc_discovery_callback *callback, void *context)
{
	struct lc_buffer sql;

	LC_ASSERT(discovery->step == STEP_IDLE);
	discovery->seat = seat;
	discovery->callback = callback;
	discovery->context = context;
	discovery->marker = lc_random_next(discovery->delivery->random);
	discovery->started_ms = lc_loop_now_ms(discovery->delivery->loop);
	lc_buffer_init(&sql, SQL_MAX);
	lc_query_append_clock(&sql, discovery->marker);
	start_query(discovery, STEP_CLOCK, &sql);
}

/* ---- what ClickHouse answers ---- */

static bool on_data(void *context, struct lc_view piece, struct lc_error *error)
{
	struct lc_discovery *discovery = context;

	if (discovery->step == STEP_CLOCK)
		return keep_time(discovery, piece, error);
	return lc_discovery_answer_feed(&discovery->answer, piece, keep_row, discovery, error);
}

static void on_done(void *context, const struct lc_error *error)
{
	struct lc_discovery *discovery = context;
	struct lc_error failure = *error;

	discovery->query = NULL;
	if (failure.kind == LC_ERROR_NONE && discovery->step != STEP_CLOCK)
		lc_discovery_answer_end(&discovery->answer, &failure);
	switch (discovery->step) {
	case STEP_CLOCK:
		end_clock(discovery, &failure);
		break;
	case STEP_OFFSETS:
		end_offsets(discovery, &failure);
		break;
	case STEP_OLDEST:
		end_oldest(discovery, &failure);
		break;
	case STEP_WINDOW:
		end_window(discovery, &failure);
		break;
	case STEP_IDLE:
	case STEP_AHEAD:
		LC_ASSERT(false); /* they have no query */
	}
}

/* Enters the step with its query, whose text is released. */
static void start_query(struct lc_discovery *discovery, enum step step, struct lc_buffer *sql)
{
	struct lc_clickhouse_spec spec = {
	    .seat = discovery->seat,
	    .on_data = on_data,
	    .on_done = on_done,
	    .context = discovery,
	};

	LC_ASSERT(!lc_buffer_failed(sql));
	spec.sql = lc_buffer_view(sql);
	enter(discovery, step);
	lc_discovery_answer_begin(&discovery->answer, discovery->marker);
	discovery->asked_ms = lc_loop_now_ms(discovery->delivery->loop);
	discovery->query = lc_clickhouse_start(discovery->delivery->clickhouse, &spec);
	lc_buffer_free(sql);
}
