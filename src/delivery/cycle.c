#include "delivery/cycle.h"

#include "base/backoff.h"
#include "base/counters.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/random.h"
#include "clients/clickhouse.h"
#include "clients/diagnose.h"
#include "config/settings.h"
#include "delivery/commit.h"
#include "delivery/discovery.h"
#include "delivery/plan.h"
#include "delivery/scan.h"
#include "delivery/source.h"
#include "ledger/ledger.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	UNANSWERED_MAX = 3, /* scans: from then on what they ask for may be the reason */
	/* Sources in a row that cannot be read: then the cycle is over. */
	UNREADABLE_MAX = 3,          /* when nothing could be read: the fault is not theirs */
	UNREADABLE_BESIDE_MAX = 8,   /* when others could */
	READ_LATELY_MS = 600 * 1000, /* so long a scan shows that ClickHouse can be read */
	/* Of one source about so many rows are read in a cycle, two seconds' worth: those that
	 * become ready meanwhile wait no longer for it, however much it has. A cycle more costs a
	 * discovery and a query. */
	TURN_ROWS = 250 * 1000,
};

struct lc_cycle {
	const struct lc_delivery *delivery;
	struct lc_backoff backoff;
	struct lc_plan_thresholds thresholds;
	struct lc_loop_timer *timer;

	enum lc_cycle_step step;
	unsigned seat; /* ClickHouse URL of this cycle */
	uint64_t started_ms;
	uint64_t next_ms;  /* when the next cycle is to begin, while this one is waited for */
	unsigned failures; /* cycles in a row that ClickHouse made fail */
	bool scans_fail;   /* no scan has succeeded since one failed, not by its source's fault */
	uint64_t read_ms;  /* monotonic, when a scan has succeeded last; 0: none has */
	bool reads;        /* one of this cycle */

	struct lc_source **ready; /* this cycle's sources, oldest first, those in trouble last */
	size_t ready_count;
	size_t ready_capacity;
	size_t ready_next;   /* the first one not yet given to a scan */
	bool unsorted;       /* some came again after these were sorted */
	size_t group_count;  /* of those before it, how many the scan under way reads */
	uint32_t group_from; /* their first open second */
	size_t group_most;   /* so many at most share the next scan */
	size_t suspects; /* among so many of the next ones is one that cannot be read; 0: none */
	unsigned unreadable; /* sources in a row that could not be read, and nothing between */
	unsigned unanswered; /* scans in a row that nobody answered, though discoveries were */

	bool flush_all; /* all sources are read next, whatever their thresholds say */
	bool again;     /* the next cycle begins as soon as this one has ended */
};

static void enter(struct lc_cycle *cycle, enum lc_cycle_step step)
{
	if (cycle->step != step)
		lc_log(LC_LOG_DEBUG, "cycle", LC_LOG_TEXT("from", lc_cycle_step_name(cycle->step)),
		       LC_LOG_TEXT("to", lc_cycle_step_name(step)));
	cycle->step = step;
}

static void await(struct lc_cycle *cycle, enum lc_cycle_step step, uint64_t delay_ms)
{
	enter(cycle, step);
	delay_ms = cycle->again ? 0 : delay_ms;
	cycle->next_ms = lc_loop_now_ms(cycle->delivery->loop) + delay_ms;
	lc_loop_timer_start(cycle->timer, delay_ms);
	cycle->again = false;
}

static void end_cycle(struct lc_cycle *cycle)
{
	const struct lc_settings *settings = cycle->delivery->settings;
	int64_t seconds = cycle->ready_count > 0
			      ? settings->consumer_min_discovery_interval_seconds
			      : settings->consumer_max_discovery_interval_seconds;
	uint64_t elapsed_ms = lc_loop_now_ms(cycle->delivery->loop) - cycle->started_ms;
	uint64_t interval_ms =
	    lc_random_jitter(cycle->delivery->random, (uint64_t)seconds * 1000,
			     settings->consumer_discovery_interval_jitter_factor);

	cycle->failures = 0;
	cycle->unanswered = 0;
	lc_counters_add(cycle->delivery->counters, LC_COUNTERS_CYCLES, 1);
	lc_counters_observe(cycle->delivery->counters, LC_COUNTERS_HISTOGRAM_CYCLE_SECONDS,
			    (double)elapsed_ms / 1000);
	lc_commit_flush(cycle->delivery->commit, LC_COMMIT_BY_CYCLE);
	cycle->again |= lc_discovery_lags(cycle->delivery->discovery);
	await(cycle, LC_CYCLE_WAITING, interval_ms > elapsed_ms ? interval_ms - elapsed_ms : 0);
}

static void show_failure(const struct lc_cycle *cycle, const struct lc_error *error)
{
	struct lc_counters *counters = cycle->delivery->counters;
	enum lc_fault fault =
	    error->kind == LC_ERROR_NONE ? LC_FAULT_NONE : lc_diagnose_clickhouse(error);

	lc_counters_set_failing(counters, LC_COUNTERS_CLICKHOUSE_FAILING_SINCE,
				fault != LC_FAULT_NONE);
	lc_counters_set_failing(counters, LC_COUNTERS_CLICKHOUSE_REFUSING_SINCE,
				fault == LC_FAULT_CLICKHOUSE_USER);
	lc_counters_complain(counters, LC_COUNTERS_COMPLAINT_CLICKHOUSE, fault,
			     fault == LC_FAULT_NONE ? "" : error->message);
}

/* A discovery reads a few columns alone: it does not show that rows can be read. */
static void note_discovery(struct lc_cycle *cycle, const struct lc_error *error)
{
	if (error->kind != LC_ERROR_NONE || !cycle->scans_fail)
		show_failure(cycle, error);
}

static void note_scan(struct lc_cycle *cycle, const struct lc_error *error)
{
	cycle->scans_fail = error->kind != LC_ERROR_NONE;
	show_failure(cycle, error);
}

/* What one source alone suffers is no failure of ClickHouse's, unless nothing else can be read. */
static void note_unreadable(struct lc_cycle *cycle, const struct lc_error *error)
{
	uint64_t now_ms = lc_loop_now_ms(cycle->delivery->loop);

	cycle->unreadable++;
	if (cycle->read_ms == 0 || now_ms - cycle->read_ms >= READ_LATELY_MS)
		note_scan(cycle, error);
}

static void note_read(struct lc_cycle *cycle)
{
	static const struct lc_error none = {.kind = LC_ERROR_NONE};

	cycle->read_ms = lc_loop_now_ms(cycle->delivery->loop);
	cycle->reads = true;
	cycle->unreadable = 0;
	cycle->failures = 0;
	note_scan(cycle, &none);
}

static void fail_cycle(struct lc_cycle *cycle, const char *what, const struct lc_error *error)
{
	lc_log(LC_LOG_WARNING, what,
	       LC_LOG_TEXT("url", lc_clickhouse_seat_url(cycle->delivery->clickhouse, cycle->seat)),
	       LC_LOG_FAULT(error));
	await(cycle, LC_CYCLE_BACKING_OFF,
	      lc_backoff_delay_ms(&cycle->backoff, cycle->failures++, cycle->delivery->random));
}

static void on_scan_progress(void *context, struct lc_source *source, bool whole);
static void on_scan_end(void *context, const struct lc_scan_end *end);

static void scan_next_group(struct lc_cycle *cycle)
{
	size_t left = cycle->ready_count - cycle->ready_next;
	struct lc_source **sources;
	size_t count;

	if (left == 0) {
		end_cycle(cycle);
		return;
	}
	sources = cycle->ready + cycle->ready_next;
	/* Those that came again have their places among the others, whose queries they share. But
	 * suspects stay where they are. */
	if (cycle->unsorted && cycle->suspects == 0) {
		lc_plan_sort(sources, left);
		cycle->unsorted = false;
	}
	count = lc_plan_group(sources, left < cycle->group_most ? left : cycle->group_most);
	cycle->ready_next += count;
	cycle->group_count = count;
	cycle->group_from = lc_source_open_from(sources[0]);
	lc_scan_start(cycle->delivery->scan, cycle->seat, sources, count, on_scan_progress,
		      on_scan_end, cycle);
}

static void add_ready(struct lc_cycle *cycle, struct lc_source *source)
{
	lc_source_cut_turn(source, TURN_ROWS);
	cycle->ready = lc_memory_grow(cycle->ready, &cycle->ready_capacity, cycle->ready_count + 1,
				      sizeof(struct lc_source *));
	cycle->ready[cycle->ready_count++] = source;
}

/* One that could not be read has its own backoff. */
static bool is_left_alone(const struct lc_cycle *cycle, const struct lc_source *source)
{
	return source->read_failures > 0 && !source->flush &&
	       lc_loop_now_ms(cycle->delivery->loop) < source->read_at_ms;
}

static void collect_ready(void *context, struct lc_source *source)
{
	struct lc_cycle *cycle = context;

	if (!lc_source_is_open(source)) {
		/* one that was to be flushed and has nothing to read */
		if (source->flush) {
			source->flush = false;
			lc_source_forget_if_idle(cycle->delivery->sources, source);
		}
		return;
	}
	source->flush |= cycle->flush_all;
	if (is_left_alone(cycle, source) ||
	    !lc_plan_ready(source, &cycle->thresholds,
			   lc_discovery_present(cycle->delivery->discovery)))
		return;
	add_ready(cycle, source);
}

static void on_discovered(void *context, const struct lc_error *error)
{
	struct lc_cycle *cycle = context;
	struct lc_counters *counters = cycle->delivery->counters;

	if (error->kind != LC_ERROR_OUTDATED)
		note_discovery(cycle, error);
	if (error->kind == LC_ERROR_OUTDATED) {
		enter(cycle, LC_CYCLE_STOPPED);
	} else if (error->kind != LC_ERROR_NONE) {
		lc_counters_add(counters, LC_COUNTERS_DISCOVERY_FAILURES, 1);
		fail_cycle(cycle, "discovery failed and is tried again", error);
	}
	cycle->delivery->events->discovered(cycle->delivery->context, error);
	if (error->kind != LC_ERROR_NONE)
		return;
	cycle->ready_count = 0;
	cycle->ready_next = 0;
	cycle->group_most = SIZE_MAX;
	cycle->suspects = 0;
	cycle->reads = false;
	lc_source_each(cycle->delivery->sources, collect_ready, cycle);
	cycle->flush_all &= lc_discovery_lags(cycle->delivery->discovery);
	lc_plan_sort(cycle->ready, cycle->ready_count);
	cycle->unsorted = false;
	lc_counters_add(counters, LC_COUNTERS_DISCOVERY_BATCHES_FOUND, cycle->ready_count);
	enter(cycle, LC_CYCLE_SCANNING);
	scan_next_group(cycle);
}

/* A source may have more pieces to read: at once, or, if it has had its turn, in the next cycle. */
static void on_scan_progress(void *context, struct lc_source *source, bool whole)
{
	struct lc_cycle *cycle = context;

	if (whole && lc_source_was_cut(source)) {
		cycle->again = true;
	} else if (whole && lc_source_is_open(source)) {
		add_ready(cycle, source);
		cycle->unsorted = true;
	}
	cycle->delivery->events->scanned(cycle->delivery->context, source);
}

/* The source cannot be read: it is left alone for a while. Its open ranges become whole slots, so
 * that the comparison of what was settled need not wait for it. */
static void leave_alone(struct lc_cycle *cycle, struct lc_source *source,
			const struct lc_error *error)
{
	uint64_t wait_ms =
	    lc_backoff_delay_ms(&cycle->backoff, source->read_failures, cycle->delivery->random);

	lc_source_note_unreadable(source, error->message,
				  lc_loop_now_ms(cycle->delivery->loop) + wait_ms);
	lc_source_widen(source, LC_LEDGER_SLOT_SECONDS,
			lc_discovery_until(cycle->delivery->discovery));
	lc_source_record_ranges(source, cycle->delivery->ledger);
	lc_log(LC_LOG_ERROR,
	       "a source cannot be read; it is tried again later, and the others go on",
	       LC_LOG_UINT("raft_session", source->raft_session_id),
	       LC_LOG_VIEW("bucket", source->bucket), LC_LOG_FAULT(error));
}

static void suspect(struct lc_cycle *cycle, size_t count)
{
	cycle->suspects = count;
	cycle->group_most = count < 2 ? 1 : count / 2;
}

/* Something that the scan asked for cannot be read: what is left of it is asked for again, in
 * smaller groups, until the source that is the reason stands alone, and gets no further. */
static void narrow_down(struct lc_cycle *cycle, const struct lc_scan_end *end)
{
	lc_log(LC_LOG_WARNING, "a scan broke off; what is missing is read again",
	       LC_LOG_UINT("sources", end->unread_count), LC_LOG_FAULT(&end->error));
	if (!end->resized && cycle->group_count == 1 && end->unread_count == 1 &&
	    lc_source_open_from(end->unread[0]) == cycle->group_from) {
		leave_alone(cycle, end->unread[0], &end->error);
		note_unreadable(cycle, &end->error);
		cycle->suspects = 0;
		cycle->group_most = SIZE_MAX;
		return;
	}
	lc_plan_sort(end->unread + end->broke_in_first, end->unread_count - end->broke_in_first);
	cycle->ready_next -= end->unread_count;
	memcpy(&cycle->ready[cycle->ready_next], end->unread,
	       end->unread_count * sizeof(struct lc_source *));
	suspect(cycle, end->broke_in_first ? 1 : end->unread_count);
}

/* What is read without fault clears those that it read: the fault is among the other suspects. */
static void clear_suspects(struct lc_cycle *cycle)
{
	if (cycle->suspects > cycle->group_count) {
		suspect(cycle, cycle->suspects - cycle->group_count);
		return;
	}
	cycle->suspects = 0;
	cycle->group_most = cycle->group_most > SIZE_MAX / 2 ? SIZE_MAX : cycle->group_most * 2;
}

/* Whether what the scan asked for may be the reason of its end. */
static bool may_be_narrowed(const struct lc_cycle *cycle, const struct lc_scan_end *end)
{
	enum lc_fault fault = lc_diagnose_clickhouse(&end->error);

	if (!end->answered)
		return cycle->unanswered >= UNANSWERED_MAX;
	/* A connection that broke after rows may have done so because of the next ones. */
	return end->error.code == 0 || LC_FAULT_DESCRIPTIONS[fault].reach != LC_FAULT_WHOLE;
}

static void read_on(struct lc_cycle *cycle, const struct lc_error *error)
{
	unsigned most = cycle->reads ? UNREADABLE_BESIDE_MAX : UNREADABLE_MAX;

	if (cycle->unreadable < most) {
		scan_next_group(cycle);
		return;
	}
	cycle->unreadable = 0;
	if (cycle->reads)
		end_cycle(cycle);
	else
		fail_cycle(cycle, "nothing can be read; the scan is tried again", error);
}

static void on_scan_end(void *context, const struct lc_scan_end *end)
{
	struct lc_cycle *cycle = context;

	if (end->error.kind == LC_ERROR_NONE) {
		note_read(cycle);
		clear_suspects(cycle);
		scan_next_group(cycle);
	} else if (may_be_narrowed(cycle, end)) {
		narrow_down(cycle, end);
		read_on(cycle, &end->error);
	} else {
		cycle->unanswered += !end->answered;
		cycle->unreadable = 0;
		note_scan(cycle, &end->error);
		fail_cycle(cycle, "a scan broke off; what is missing is read again", &end->error);
	}
}

static void on_timer(void *context)
{
	struct lc_cycle *cycle = context;

	cycle->started_ms = lc_loop_now_ms(cycle->delivery->loop);
	cycle->seat = lc_clickhouse_take_seat(cycle->delivery->clickhouse);
	enter(cycle, LC_CYCLE_DISCOVERING);
	lc_discovery_start(cycle->delivery->discovery, cycle->seat, on_discovered, cycle);
}

struct lc_cycle *lc_cycle_new(const struct lc_delivery *delivery)
{
	struct lc_cycle *cycle = lc_memory_zero(1, sizeof(*cycle));
	const struct lc_settings *settings = delivery->settings;

	cycle->delivery = delivery;
	cycle->backoff = (struct lc_backoff){
	    .initial_ms = (uint64_t)settings->retry_initial_backoff_seconds * 1000,
	    .maximum_ms = (uint64_t)settings->retry_max_backoff_seconds * 1000,
	    .jitter = settings->retry_backoff_jitter_factor,
	};
	cycle->thresholds = (struct lc_plan_thresholds){
	    .rows = (uint64_t)settings->consumer_count_threshold,
	    .age_seconds = (uint32_t)settings->consumer_time_threshold_seconds,
	};
	cycle->timer = lc_loop_timer_new(delivery->loop, on_timer, cycle);
	return cycle;
}

void lc_cycle_stop(struct lc_cycle *cycle)
{
	enter(cycle, LC_CYCLE_STOPPED);
	lc_loop_timer_stop(cycle->timer);
	lc_discovery_cancel(cycle->delivery->discovery);
	lc_scan_cancel(cycle->delivery->scan);
}

void lc_cycle_free(struct lc_cycle *cycle)
{
	if (cycle == NULL)
		return;
	lc_cycle_stop(cycle);
	lc_loop_timer_free(cycle->timer);
	free(cycle->ready);
	free(cycle);
}

void lc_cycle_begin(struct lc_cycle *cycle)
{
	if (cycle->step == LC_CYCLE_WAITING)
		lc_loop_timer_start(cycle->timer, 0);
}

static bool waits(const struct lc_cycle *cycle)
{
	return cycle->step == LC_CYCLE_WAITING || cycle->step == LC_CYCLE_BACKING_OFF;
}

static void count_open(void *context, struct lc_source *source)
{
	uint64_t *count = context;

	*count += lc_source_is_open(source);
}

uint64_t lc_cycle_flush(struct lc_cycle *cycle, const struct lc_ledger_source *one)
{
	uint64_t count = 0;

	if (one != NULL) {
		lc_source_get(cycle->delivery->sources, one->raft_session_id, one->bucket)->flush =
		    true;
		count = 1;
	} else {
		cycle->flush_all = true;
		lc_source_each(cycle->delivery->sources, count_open, &count);
	}
	if (waits(cycle))
		lc_loop_timer_start(cycle->timer, 0);
	else
		cycle->again = true;
	return count;
}

enum lc_cycle_step lc_cycle_current_step(const struct lc_cycle *cycle)
{
	return cycle->step;
}

int64_t lc_cycle_begins_in_ms(const struct lc_cycle *cycle)
{
	uint64_t now_ms = lc_loop_now_ms(cycle->delivery->loop);

	if (!waits(cycle))
		return -1;
	return cycle->next_ms > now_ms ? (int64_t)(cycle->next_ms - now_ms) : 0;
}
