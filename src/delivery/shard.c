#include "delivery/shard.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/random.h"
#include "clients/clickhouse.h"
#include "clients/http.h"
#include "clients/s3.h"
#include "config/settings.h"
#include "delivery/attempts.h"
#include "delivery/build.h"
#include "delivery/catch_up.h"
#include "delivery/commit.h"
#include "delivery/cycle.h"
#include "delivery/delivery.h"
#include "delivery/discovery.h"
#include "delivery/object.h"
#include "delivery/presence.h"
#include "delivery/rebuild.h"
#include "delivery/reconcile.h"
#include "delivery/replays.h"
#include "delivery/restore.h"
#include "delivery/scan.h"
#include "delivery/servers.h"
#include "delivery/source.h"
#include "delivery/target_table.h"
#include "delivery/undelivered.h"
#include "delivery/upload.h"
#include "ledger/adoption.h"
#include "ledger/file_name.h"
#include "ledger/ledger.h"

#include <limits.h>
#include <stdlib.h>

/* The shard's life. */
enum step {
	STEP_NEW,
	STEP_DELIVERING,
	STEP_DRAINING, /* no new work; uploads and commits end */
	STEP_DRAINED,
	STEP_FAILED,
};

static const char *const STEP_NAMES[] = {"new", "delivering", "draining", "drained", "failed"};

enum {
	JANITOR_MS = 1000,
	ABANDON_MS = 1000, /* for the last commit once uploads were abandoned */
	LEDGER_RETRY_MS = 1000,
	CATCH_UP_TOLD_MS = 60 * 1000,
	MUCH_MEMORY = 4 * 1024 * 1024, /* in flight; what is left of it later is worth a look */
};

struct lc_shard {
	struct lc_delivery delivery;
	const struct lc_shard_callbacks *callbacks;
	void *context;
	struct lc_servers servers;
	struct lc_random random;
	struct lc_object_table objects;
	struct lc_share *share; /* NULL: the ledger is this machine's alone */

	struct lc_loop_timer *janitor_timer;
	struct lc_loop_timer *abandon_timer;

	enum step step;
	bool ready_told;
	bool recording;           /* the end waits for what was written last to be on disk, */
	bool recorded;            /* and it is */
	bool fresh;               /* the horizon has not begun */
	bool had_much;            /* memory in flight, since it was given back */
	struct lc_error outdated; /* what is to be told if the shard is ours still */

	struct lc_catch_up catch_up;
	uint64_t catch_up_told_ms; /* when the log said how far it is; 0: it has not */
};

static void enter(struct lc_shard *shard, enum step step)
{
	if (shard->step != step)
		lc_log(LC_LOG_DEBUG, "shard", LC_LOG_TEXT("from", STEP_NAMES[shard->step]),
		       LC_LOG_TEXT("to", STEP_NAMES[step]));
	shard->step = step;
}

static void tell_ready(struct lc_shard *shard)
{
	if (shard->ready_told)
		return;
	shard->ready_told = true;
	shard->callbacks->on_ready(shard->context);
}

/* ---- the end: uploads end, what they leave is deleted, offsets are committed ---- */

static void check_drained(struct lc_shard *shard);

static void on_recorded(void *context)
{
	struct lc_shard *shard = context;

	shard->recorded = true;
	check_drained(shard);
}

/* Closing the ledger need not write what nobody waits for. */
static void record(struct lc_shard *shard)
{
	if (shard->recording)
		return;
	shard->recording = true;
	lc_ledger_when_durable(shard->delivery.ledger, on_recorded, shard);
}

static void check_drained(struct lc_shard *shard)
{
	if (shard->step != STEP_DRAINING || lc_build_recording(shard->delivery.build) ||
	    lc_upload_moving(shard->delivery.upload))
		return;
	/* What is left waits for targets that do not work: it is rebuilt after a start. */
	lc_upload_abandon(shard->delivery.upload);
	if (!lc_upload_settled(shard->delivery.upload))
		return;
	if (!lc_commit_idle(shard->delivery.commit)) {
		lc_commit_flush(shard->delivery.commit, LC_COMMIT_BY_SHUTDOWN);
		return;
	}
	if (lc_servers_aborting(&shard->servers))
		return; /* the janitor looks again */
	if (!shard->recorded) {
		record(shard);
		return;
	}
	enter(shard, STEP_DRAINED);
	lc_loop_timer_stop(shard->janitor_timer);
	lc_loop_timer_stop(shard->abandon_timer);
	shard->callbacks->on_drained(shard->context);
}

/* ---- what the parts tell ---- */

/* What is delivered of the source may have changed. */
static void on_source_moved(void *context, struct lc_source *source)
{
	struct lc_shard *shard = context;

	if (!lc_commit_note(shard->delivery.commit, source))
		lc_source_forget_if_idle(shard->delivery.sources, source);
}

/* Nothing may be left to do for the source. */
static void on_source_settled(void *context, struct lc_source *source)
{
	struct lc_shard *shard = context;

	lc_source_forget_if_idle(shard->delivery.sources, source);
}

static void on_room(void *context)
{
	struct lc_shard *shard = context;

	lc_scan_update_flow(shard->delivery.scan);
	if (shard->step == STEP_DELIVERING)
		lc_rebuild_start_if_due(shard->delivery.rebuild,
					lc_discovery_clickhouse_now(shard->delivery.discovery));
	check_drained(shard);
}

/* What could not be signed, or was refused for its key, may be taken now. */
static void on_credentials(void *context)
{
	struct lc_shard *shard = context;

	lc_upload_retry_now(shard->delivery.upload, NULL);
}

static void on_commits_ended(void *context)
{
	check_drained(context);
}

/* There is no way on from here: whoever started us decides. */
static void fail(struct lc_shard *shard, const struct lc_error *error)
{
	lc_log(LC_LOG_ERROR, "the shard is stopping", LC_LOG_FAULT(error));
	enter(shard, STEP_FAILED);
	lc_cycle_stop(shard->delivery.cycle);
	lc_presence_stop(shard->delivery.presence);
	lc_loop_timer_stop(shard->janitor_timer);
	lc_replays_stop(shard->delivery.replays);
	shard->callbacks->on_failed(shard->context, error);
}

/* The ledger itself says so, or who works with what it has told. */
static void on_ledger_damaged(void *context, const struct lc_error *error)
{
	fail(context, error);
}

/* Rows that come to light before the first window are looked for as far back as any, whether or not
 * it was taken in slices. */
static void begin_horizon(struct lc_shard *shard)
{
	uint32_t closed = lc_discovery_closed(shard->delivery.discovery);
	uint32_t back = (uint32_t)shard->delivery.settings->reconcile_horizon_seconds;

	shard->fresh = false;
	lc_reconcile_follow_clock(shard->delivery.reconcile,
				  lc_discovery_clickhouse_now(shard->delivery.discovery),
				  lc_discovery_least_told(shard->delivery.discovery));
	lc_reconcile_set_horizon(shard->delivery.reconcile, closed > back ? closed - back : 1);
}

static void on_owned(void *context)
{
	struct lc_shard *shard = context;

	if (shard->step == STEP_DELIVERING)
		fail(shard, &shard->outdated);
}

/* A shard that was taken over while it stood still, or restored its ledger, sees the offsets of
 * whoever has it now, and has yet to hear of that. Only the owner of a shared ledger can write to it:
 * that the steady clock is what it was is written again, and if that succeeds, they are another
 * courier's. */
static void ask_whether_owned(struct lc_shard *shard, const struct lc_error *error)
{
	const struct lc_ledger_state *state = &shard->delivery.state;

	shard->outdated = *error;
	lc_ledger_set_steady_clock(shard->delivery.ledger, state->steady_ms, state->steady_at_ms);
	lc_ledger_when_durable(shard->delivery.ledger, on_owned, shard);
}

static void on_discovered(void *context, const struct lc_error *error)
{
	struct lc_shard *shard = context;

	tell_ready(shard);
	if (error->kind == LC_ERROR_OUTDATED && shard->share != NULL)
		ask_whether_owned(shard, error);
	else if (error->kind == LC_ERROR_OUTDATED)
		fail(shard, error);
	if (error->kind != LC_ERROR_NONE)
		return;
	/* A shared ledger has one owner, whoever else is alive. */
	if (shard->share == NULL)
		lc_presence_begin(shard->delivery.presence);
	if (shard->fresh)
		begin_horizon(shard);
}

static void on_rivalled(void *context, const struct lc_error *error)
{
	fail(context, error);
}

static const struct lc_delivery_events EVENTS = {
    .discovered = on_discovered,
    .scanned = on_source_moved,
    .submitted = on_room,
    .delivered = on_source_moved,
    .room = on_room,
    .lost = on_source_settled,
    .damaged = on_ledger_damaged,
    .rivalled = on_rivalled,
    .committed = on_source_settled,
    .commits_ended = on_commits_ended,
};

/* ---- once a second ---- */

/* Bodies are many and small, and lie between what stays: what they took does not go back by itself.
 */
static void give_memory_back(struct lc_shard *shard)
{
	size_t bytes = shard->delivery.objects->bytes;

	if (bytes >= MUCH_MEMORY)
		shard->had_much = true;
	if (bytes > 0 || !shard->had_much)
		return;
	lc_memory_give_back();
	shard->had_much = false;
}

static void log_catch_up(struct lc_shard *shard, const struct lc_catch_up_progress *progress)
{
	uint64_t now_ms = lc_loop_now_ms(shard->delivery.loop);
	char until[LC_CLOCK_TEXT_SIZE];

	if (shard->catch_up_told_ms != 0 && now_ms < shard->catch_up_told_ms + CATCH_UP_TOLD_MS)
		return;
	shard->catch_up_told_ms = now_ms;
	lc_clock_format((int64_t)progress->read_until * 1000, until);
	lc_log(LC_LOG_INFO, "catching up", LC_LOG_TEXT("read_until", until),
	       LC_LOG_UINT("left_seconds", progress->left_seconds),
	       LC_LOG_UINT("rows_read", progress->rows_read),
	       LC_LOG_UINT("rows_to_come", progress->rows_to_come),
	       LC_LOG_UINT("estimate_seconds", progress->estimate_seconds));
}

static void log_caught_up(struct lc_shard *shard)
{
	uint64_t now_ms = lc_loop_now_ms(shard->delivery.loop);
	uint64_t rows = lc_counters_get(shard->delivery.counters, LC_COUNTERS_FETCH_RECORDS);

	if (shard->catch_up_told_ms != 0)
		lc_log(LC_LOG_INFO, "caught up",
		       LC_LOG_UINT("rows_read", rows - shard->catch_up.rows_before),
		       LC_LOG_UINT("seconds", (now_ms - shard->catch_up.since_ms) / 1000),
		       LC_LOG_UINT("unreadable_sources",
				   lc_counters_get(shard->delivery.counters,
						   LC_COUNTERS_SOURCES_UNREADABLE)));
	shard->catch_up_told_ms = 0;
}

/* Rows are left for consumer.time-threshold-seconds after they are known: those are not late. */
static void show_catch_up(struct lc_shard *shard, const struct lc_undelivered_open *open)
{
	const struct lc_settings *settings = shard->delivery.settings;
	struct lc_counters *counters = shard->delivery.counters;
	uint32_t now = lc_discovery_clickhouse_now(shard->delivery.discovery);
	uint32_t wait = (uint32_t)settings->consumer_processing_delay_seconds +
			(uint32_t)settings->consumer_time_threshold_seconds;
	struct lc_catch_up_progress progress = {.read_until = 0};
	struct lc_catch_up_look look = {
	    .now_ms = lc_loop_now_ms(shard->delivery.loop),
	    .discovered_until = lc_discovery_until(shard->delivery.discovery),
	    .due = now > wait ? now - wait : 0,
	    .rows_read = lc_counters_get(counters, LC_COUNTERS_FETCH_RECORDS),
	    .rows_open = open->rows,
	};

	if (look.discovered_until == 0) /* the first window is not known yet */
		return;
	look.read_until = look.discovered_until;
	if (open->from != 0 && open->from < look.read_until)
		look.read_until = open->from;
	if (lc_catch_up_look(&shard->catch_up, &look, &progress))
		log_catch_up(shard, &progress);
	else
		log_caught_up(shard);
	lc_counters_set(counters, LC_COUNTERS_CATCH_UP_LEFT, progress.left_seconds);
	lc_counters_set(counters, LC_COUNTERS_CATCH_UP_RECORDS_READ, progress.rows_read);
	lc_counters_set(counters, LC_COUNTERS_CATCH_UP_RECORDS_TO_COME, progress.rows_to_come);
	lc_counters_set(counters, LC_COUNTERS_CATCH_UP_ESTIMATE, progress.estimate_seconds);
	lc_counters_set(counters, LC_COUNTERS_CATCH_UP_READ_UNTIL, progress.read_until);
}

static void on_janitor(void *context)
{
	struct lc_shard *shard = context;
	struct lc_undelivered_open open =
	    lc_undelivered_survey(shard->delivery.sources, shard->delivery.counters);

	lc_servers_show(&shard->servers, shard->delivery.counters);
	lc_upload_tend(shard->delivery.upload, !lc_scan_running(shard->delivery.scan));
	lc_scan_update_flow(shard->delivery.scan);
	if (shard->step == STEP_DELIVERING) {
		uint32_t now = lc_discovery_clickhouse_now(shard->delivery.discovery);

		show_catch_up(shard, &open);
		lc_rebuild_start_if_due(shard->delivery.rebuild, now);
		lc_reconcile_follow_clock(shard->delivery.reconcile, now,
					  lc_discovery_least_told(shard->delivery.discovery));
		lc_reconcile_start_if_due(shard->delivery.reconcile,
					  lc_discovery_until(shard->delivery.discovery), now);
		lc_replays_tend(shard->delivery.replays);
	}
	give_memory_back(shard);
	lc_loop_timer_start(shard->janitor_timer, JANITOR_MS);
	check_drained(shard);
}

/* ---- life ---- */

/* A write to S3 takes longer than one to a disk, and is paid for. */
static uint64_t gather_ms(const struct lc_shard *shard)
{
	return shard->share == NULL
		   ? LC_LEDGER_GATHER_MS
		   : (uint64_t)shard->delivery.settings->ledger_commit_interval_milliseconds;
}

static bool open_ledger(struct lc_shard *shard, struct lc_error *error)
{
	struct lc_delivery *delivery = &shard->delivery;
	char path[PATH_MAX];
	struct lc_ledger_options options = {.path = path,
					    .shard = delivery->shard,
					    .shard_count = delivery->shard_count,
					    .retry_ms = LEDGER_RETRY_MS,
					    .share = shard->share,
					    .gather_ms = gather_ms(shard)};

	if (!lc_file_name_path(path, delivery->settings->state_directory, delivery->shard,
			       delivery->shard_count, "", error))
		return false;
	delivery->state = lc_restore_with_offsets(delivery);
	delivery->ledger = lc_ledger_open(delivery->loop, &options, delivery->counters,
					  &delivery->state, on_ledger_damaged, shard, error);
	return delivery->ledger != NULL;
}

/* In the order of the members. */
static bool make_delivery(struct lc_shard *shard, struct lc_error *error)
{
	struct lc_delivery *delivery = &shard->delivery;
	struct lc_target_policy policy = lc_target_policy_of(delivery->settings);

	if (!lc_servers_open(&shard->servers, delivery->loop, delivery->settings, error))
		return false;
	delivery->clickhouse = shard->servers.clickhouse;
	delivery->s3 = shard->servers.s3_of;
	delivery->sources = lc_source_table_new();
	delivery->targets = lc_target_table_new(&policy, delivery->settings);
	lc_object_table_init(&shard->objects, delivery->targets, delivery->counters);
	delivery->objects = &shard->objects;
	if (!open_ledger(shard, error))
		return false;
	delivery->attempts = lc_attempts_new(delivery->state.next_intent_id);
	delivery->upload = lc_upload_new(delivery);
	lc_servers_tell(&shard->servers, on_credentials, shard);
	delivery->build = lc_build_new(delivery);
	delivery->commit = lc_commit_new(delivery);
	delivery->rebuild = lc_rebuild_new(delivery);
	delivery->reconcile = lc_reconcile_new(delivery);
	delivery->discovery = lc_discovery_new(delivery);
	delivery->scan = lc_scan_new(delivery);
	delivery->cycle = lc_cycle_new(delivery);
	delivery->replays = lc_replays_new(delivery);
	delivery->presence = lc_presence_new(delivery);
	return true;
}

/* In the reverse order; parts that were not made are NULL. */
static void free_delivery(struct lc_shard *shard)
{
	struct lc_delivery *delivery = &shard->delivery;

	lc_presence_free(delivery->presence);
	lc_replays_free(delivery->replays);
	lc_cycle_free(delivery->cycle);
	lc_scan_free(delivery->scan);
	lc_discovery_free(delivery->discovery);
	lc_reconcile_free(delivery->reconcile);
	lc_rebuild_free(delivery->rebuild);
	lc_commit_free(delivery->commit);
	lc_build_free(delivery->build);
	lc_upload_free(delivery->upload);
	lc_attempts_free(delivery->attempts);
	lc_ledger_close(delivery->ledger);
	lc_target_table_free(delivery->targets);
	if (delivery->sources != NULL)
		lc_source_table_free(delivery->sources);
	lc_servers_close(&shard->servers);
}

static void on_abandon_over(void *context)
{
	struct lc_shard *shard = context;

	enter(shard, STEP_DRAINED);
	lc_loop_timer_stop(shard->janitor_timer);
	shard->callbacks->on_drained(shard->context);
}

struct lc_shard *lc_shard_new(struct lc_loop *loop, const struct lc_settings *settings,
			      unsigned number, unsigned count, struct lc_share *share,
			      struct lc_counters *counters,
			      const struct lc_shard_callbacks *callbacks, void *context,
			      struct lc_error *error)
{
	struct lc_shard *shard = lc_memory_zero(1, sizeof(*shard));

	lc_random_seed_from_system(&shard->random);
	shard->delivery = (struct lc_delivery){
	    .loop = loop,
	    .settings = settings,
	    .shard = number,
	    .shard_count = count,
	    .counters = counters,
	    .random = &shard->random,
	    .events = &EVENTS,
	    .context = shard,
	};
	shard->share = share;
	shard->callbacks = callbacks;
	shard->context = context;
	shard->janitor_timer = lc_loop_timer_new(loop, on_janitor, shard);
	shard->abandon_timer = lc_loop_timer_new(loop, on_abandon_over, shard);
	if (!make_delivery(shard, error)) {
		lc_shard_free(shard);
		return NULL;
	}
	shard->fresh = shard->delivery.state.horizon == 0;
	return shard;
}

void lc_shard_start(struct lc_shard *shard)
{
	LC_ASSERT(shard->step == STEP_NEW);
	enter(shard, STEP_DELIVERING);
	lc_cycle_begin(shard->delivery.cycle);
	lc_loop_timer_start(shard->janitor_timer, JANITOR_MS);
}

void lc_shard_drain(struct lc_shard *shard)
{
	if (shard->step == STEP_DRAINING || shard->step == STEP_DRAINED ||
	    shard->step == STEP_FAILED)
		return;
	enter(shard, STEP_DRAINING);
	lc_replays_stop(shard->delivery.replays);
	lc_cycle_stop(shard->delivery.cycle);
	lc_presence_stop(shard->delivery.presence);
	lc_rebuild_cancel(shard->delivery.rebuild);
	lc_reconcile_cancel(shard->delivery.reconcile);
	check_drained(shard);
}

void lc_shard_abandon(struct lc_shard *shard)
{
	lc_shard_drain(shard);
	if (shard->step != STEP_DRAINING)
		return;
	lc_upload_abandon(shard->delivery.upload);
	lc_loop_timer_start(shard->abandon_timer, ABANDON_MS);
	check_drained(shard);
}

const struct lc_delivery *lc_shard_delivery(const struct lc_shard *shard)
{
	return &shard->delivery;
}

bool lc_shard_delivering(const struct lc_shard *shard)
{
	return shard->step == STEP_DELIVERING;
}

void lc_shard_free(struct lc_shard *shard)
{
	if (shard == NULL)
		return;
	free_delivery(shard);
	lc_loop_timer_free(shard->janitor_timer);
	lc_loop_timer_free(shard->abandon_timer);
	free(shard);
}

bool lc_shard_adopt_offsets(const struct lc_settings *settings, unsigned shard,
			    unsigned shard_count, uint64_t *rows, struct lc_error *error)
{
	char path[PATH_MAX];

	return lc_file_name_path(path, settings->state_directory, shard, shard_count, "", error) &&
	       lc_adoption_remove_ledger(path, rows, error);
}
