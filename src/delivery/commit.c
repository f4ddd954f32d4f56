#include "delivery/commit.h"

#include "base/assert.h"
#include "base/backoff.h"
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
#include "delivery/source.h"
#include "delivery/undelivered.h"
#include "formats/offset.h"
#include "ledger/ledger.h"

#include <stdlib.h>

enum {
	SQL_MAX = 4096,
	BATCH_MAX = 10000, /* offsets of one insert */
};

/* Where the inserts are. */
enum step {
	STEP_IDLE,      /* none is under way; the next one comes by count, by time or when asked */
	STEP_RECORDING, /* the ledger is told what is about to be written */
	STEP_INSERTING, /* and ClickHouse */
	STEP_BACKING_OFF, /* that failed, and is tried again */
};

static const char *const STEP_NAMES[] = {"idle", "recording", "inserting", "backing off"};

struct lc_commit {
	const struct lc_delivery *delivery;
	struct lc_buffer sql;
	uint64_t timeout_ms;
	size_t flush_count;
	uint64_t flush_interval_ms;
	struct lc_backoff backoff;
	struct lc_loop_timer *timer; /* by time, or after a failure */
	unsigned failures;           /* in a row */

	struct lc_source **noted; /* whose delivered mark is newer than the committed one */
	size_t noted_count;
	size_t noted_capacity;

	enum step step;
	struct lc_clickhouse_query *query; /* in STEP_INSERTING */
	struct lc_buffer rows;             /* what it inserts */
	struct lc_source **sent;           /* whose turn it is */
	size_t sent_count;
	uint64_t sent_ms;
};

static void on_timer(void *context);

static void enter(struct lc_commit *commit, enum step step)
{
	if (commit->step != step)
		lc_log(LC_LOG_DEBUG, "commit", LC_LOG_TEXT("from", STEP_NAMES[commit->step]),
		       LC_LOG_TEXT("to", STEP_NAMES[step]));
	commit->step = step;
	commit->query = NULL;
}

struct lc_commit *lc_commit_new(const struct lc_delivery *delivery)
{
	const struct lc_settings *settings = delivery->settings;
	struct lc_commit *commit = lc_memory_zero(1, sizeof(*commit));

	commit->delivery = delivery;
	/* One that died may have left it set. */
	lc_counters_set_failing(delivery->counters, LC_COUNTERS_OFFSETS_FAILING_SINCE, false);
	commit->flush_count = (size_t)settings->offset_flush_count_threshold;
	commit->flush_interval_ms = (uint64_t)settings->offset_flush_interval_milliseconds;
	commit->timeout_ms = (uint64_t)settings->timeout_commit_operation_seconds * 1000;
	commit->backoff = (struct lc_backoff){
	    .initial_ms = (uint64_t)settings->retry_initial_backoff_seconds * 1000,
	    .maximum_ms = (uint64_t)settings->retry_max_backoff_seconds * 1000,
	    .jitter = settings->retry_backoff_jitter_factor,
	};
	lc_buffer_init(&commit->rows, SIZE_MAX / 2);
	lc_buffer_init(&commit->sql, SQL_MAX);
	lc_query_append_insert(&commit->sql, settings);
	LC_ASSERT(!lc_buffer_failed(&commit->sql));
	commit->timer = lc_loop_timer_new(delivery->loop, on_timer, commit);
	return commit;
}

void lc_commit_free(struct lc_commit *commit)
{
	if (commit == NULL)
		return;
	if (commit->query != NULL)
		lc_clickhouse_cancel(commit->query);
	lc_loop_timer_free(commit->timer);
	lc_buffer_free(&commit->sql);
	lc_buffer_free(&commit->rows);
	free(commit->noted);
	free(commit->sent);
	free(commit);
}

bool lc_commit_idle(const struct lc_commit *commit)
{
	return commit->step == STEP_IDLE && commit->noted_count == 0;
}

static void add_noted(struct lc_commit *commit, struct lc_source *source)
{
	if (source->commit_noted)
		return;
	commit->noted = lc_memory_grow(commit->noted, &commit->noted_capacity,
				       commit->noted_count + 1, sizeof(struct lc_source *));
	commit->noted[commit->noted_count++] = source;
	source->commit_noted = true;
}

/* Moves up to BATCH_MAX of the noted sources to `sent`; their number. `offsets` gets what they have
 * to commit. */
static size_t gather(struct lc_commit *commit, struct lc_ledger_count *offsets)
{
	size_t count = commit->noted_count < BATCH_MAX ? commit->noted_count : BATCH_MAX;
	size_t offset_count = 0;

	commit->sent = lc_memory_resize(commit->sent, count, sizeof(struct lc_source *));
	for (size_t i = 0; i < count; i++) {
		struct lc_source *source = commit->noted[commit->noted_count - count + i];
		const struct lc_mark *mark = lc_undelivered_mark(source);

		source->commit_noted = false;
		source->committing = true;
		commit->sent[i] = source;
		/* A late row may have come to light since. */
		if (mark == NULL)
			continue;
		offsets[offset_count++] = (struct lc_ledger_count){.source = lc_source_name(source),
								   .second = mark->inserted_at};
		lc_mark_copy(&source->committed, mark);
	}
	commit->noted_count -= count;
	commit->sent_count = count;
	return offset_count;
}

/* The rows of those that may be written, which stand in the order of `sent`. */
static void append_rows(struct lc_commit *commit, const struct lc_ledger_count *offsets,
			size_t count)
{
	size_t next = 0;

	for (size_t i = 0; i < commit->sent_count && next < count; i++) {
		const struct lc_source *source = commit->sent[i];
		struct lc_offset offset;

		if (source->raft_session_id != offsets[next].source.raft_session_id ||
		    !lc_view_equal(source->bucket, offsets[next].source.bucket))
			continue;
		offset = lc_mark_offset(&source->committed);
		lc_offset_append_row(&commit->rows, source->bucket, source->raft_session_id,
				     &offset);
		next++;
	}
	LC_ASSERT(next == count && !lc_buffer_failed(&commit->rows));
}

static void settle(struct lc_commit *commit)
{
	size_t count = commit->sent_count;

	commit->sent_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct lc_source *source = commit->sent[i];

		source->committing = false;
		if (!source->commit_noted)
			commit->delivery->events->committed(commit->delivery->context, source);
	}
}

/* Nothing is known about what the table holds: all offsets are written again, the newest ones. */
static void take_back(struct lc_commit *commit)
{
	for (size_t i = 0; i < commit->sent_count; i++) {
		struct lc_source *source = commit->sent[i];

		source->committing = false;
		lc_mark_free(&source->committed);
		add_noted(commit, source);
	}
	commit->sent_count = 0;
}

static void count_flush(struct lc_commit *commit, enum lc_commit_reason reason)
{
	static const enum lc_counters_name counters[] = {
	    [LC_COMMIT_BY_COUNT] = LC_COUNTERS_COMMIT_BY_COUNT,
	    [LC_COMMIT_BY_TIME] = LC_COUNTERS_COMMIT_BY_TIME,
	    [LC_COMMIT_BY_CYCLE] = LC_COUNTERS_COMMIT_BY_CYCLE,
	    [LC_COMMIT_BY_SHUTDOWN] = LC_COUNTERS_COMMIT_BY_SHUTDOWN,
	};

	lc_counters_add(commit->delivery->counters, counters[reason], 1);
}

/* The insert has ended, or needed none: what was noted meanwhile has its turn. */
static void go_on(struct lc_commit *commit)
{
	commit->failures = 0;
	enter(commit, STEP_IDLE);
	settle(commit);
	if (commit->noted_count >= commit->flush_count)
		lc_commit_flush(commit, LC_COMMIT_BY_COUNT);
	else if (commit->noted_count > 0)
		lc_loop_timer_start(commit->timer, commit->flush_interval_ms);
	else
		commit->delivery->events->commits_ended(commit->delivery->context);
}

static void note_outcome(struct lc_commit *commit, const struct lc_error *error)
{
	bool failed = error->kind != LC_ERROR_NONE;

	lc_counters_set_failing(commit->delivery->counters, LC_COUNTERS_OFFSETS_FAILING_SINCE,
				failed);
	lc_counters_complain(commit->delivery->counters, LC_COUNTERS_COMPLAINT_OFFSETS,
			     failed ? lc_diagnose_clickhouse(error) : LC_FAULT_NONE,
			     failed ? error->message : "");
}

static void on_inserted(void *context, const struct lc_error *error)
{
	struct lc_commit *commit = context;
	uint64_t elapsed_ms = lc_loop_now_ms(commit->delivery->loop) - commit->sent_ms;

	note_outcome(commit, error);
	lc_counters_observe(commit->delivery->counters, LC_COUNTERS_HISTOGRAM_COMMIT_SECONDS,
			    (double)elapsed_ms / 1000);
	if (error->kind == LC_ERROR_NONE) {
		LC_CRASH_POINT(COMMIT_AFTER_INSERT);
		lc_counters_add(commit->delivery->counters, LC_COUNTERS_COMMIT_SUCCEEDED,
				commit->sent_count);
		go_on(commit);
		return;
	}
	lc_counters_add(commit->delivery->counters, LC_COUNTERS_COMMIT_FAILED, commit->sent_count);
	lc_log(LC_LOG_WARNING,
	       "offsets could not be written to ClickHouse; the insert is tried again",
	       LC_LOG_UINT("offsets", commit->sent_count), LC_LOG_FAULT(error));
	take_back(commit);
	enter(commit, STEP_BACKING_OFF);
	lc_loop_timer_start(commit->timer, lc_backoff_delay_ms(&commit->backoff, commit->failures,
							       commit->delivery->random));
	commit->failures++;
}

static void start_insert(void *context, const struct lc_ledger_count *offsets, size_t count)
{
	struct lc_commit *commit = context;
	struct lc_clickhouse_spec spec = {
	    .sql = lc_buffer_view(&commit->sql),
	    .seat = lc_clickhouse_take_seat(commit->delivery->clickhouse),
	    .timeout_ms = commit->timeout_ms,
	    .on_done = on_inserted,
	    .context = commit,
	};

	if (count == 0) {
		lc_counters_set_failing(commit->delivery->counters,
					LC_COUNTERS_OFFSETS_FAILING_SINCE, false);
		go_on(commit);
		return;
	}
	append_rows(commit, offsets, count);
	spec.data = lc_buffer_view(&commit->rows);
	LC_CRASH_POINT(COMMIT_BEFORE_INSERT);
	enter(commit, STEP_INSERTING);
	commit->query = lc_clickhouse_start(commit->delivery->clickhouse, &spec);
}

/* What the ledger has on record as committed is never before what we have written to ClickHouse,
 * but for what it has forgotten: that is how another courier's offsets are told from ours. */
void lc_commit_flush(struct lc_commit *commit, enum lc_commit_reason reason)
{
	struct lc_ledger_count *offsets;
	size_t count;

	if (commit->step == STEP_RECORDING || commit->step == STEP_INSERTING ||
	    commit->noted_count == 0)
		return;
	lc_loop_timer_stop(commit->timer);
	lc_buffer_clear(&commit->rows);
	offsets = lc_memory_zero(commit->noted_count, sizeof(offsets[0]));
	count = gather(commit, offsets);
	commit->sent_ms = lc_loop_now_ms(commit->delivery->loop);
	count_flush(commit, reason);
	enter(commit, STEP_RECORDING);
	lc_ledger_set_committed(commit->delivery->ledger, offsets, count, start_insert, commit);
	free(offsets);
}

static void on_timer(void *context)
{
	lc_commit_flush(context, LC_COMMIT_BY_TIME);
}

bool lc_commit_note(struct lc_commit *commit, struct lc_source *source)
{
	const struct lc_mark *mark = lc_undelivered_mark(source);
	struct lc_offset offset;

	if (mark == NULL)
		return false;
	offset = lc_mark_offset(mark);
	if (lc_mark_covers(&source->committed, &offset))
		return source->committing;
	add_noted(commit, source);
	if (commit->step != STEP_IDLE)
		return true;
	if (commit->noted_count >= commit->flush_count)
		lc_commit_flush(commit, LC_COMMIT_BY_COUNT);
	else if (!lc_loop_timer_running(commit->timer))
		lc_loop_timer_start(commit->timer, commit->flush_interval_ms);
	return true;
}
