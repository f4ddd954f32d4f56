#include "delivery/shard.h"

#include "base/assert.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "delivery/build.h"
#include "delivery/clients.h"
#include "delivery/commit.h"
#include "delivery/cycle.h"
#include "delivery/rebuild.h"
#include "delivery/reconcile.h"
#include "delivery/source.h"
#include "delivery/undelivered.h"
#include "delivery/upload.h"
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
	MUCH_MEMORY = 16 * 1024 * 1024, /* in flight; what is left of it later is worth a look */
};

struct lc_shard {
	struct lc_loop *loop;
	const struct lc_settings *settings;
	struct lc_counters *counters;
	const struct lc_shard_callbacks *callbacks;
	void *context;
	struct lc_random random;
	struct lc_ledger_state state; /* what the ledger held at the start */
	bool fresh;                   /* the horizon has not begun */

	struct lc_clients clients;
	struct lc_ledger *ledger;
	struct lc_source_table *sources;
	struct lc_upload *upload;
	struct lc_build *build;
	struct lc_commit *commit;
	struct lc_cycle *cycle;
	struct lc_rebuild *rebuild;
	struct lc_reconcile *reconcile;

	struct lc_loop_timer *janitor_timer;
	bool had_much; /* memory in flight, since it was given back */
	struct lc_loop_timer *abandon_timer;

	enum step step;
	bool ready_told;
};

static void enter_step(struct lc_shard *shard, enum step step)
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

/* ---- the end: uploads end, offsets are committed ---- */

static void check_drained(struct lc_shard *shard)
{
	if (shard->step != STEP_DRAINING || lc_build_recording(shard->build) ||
	    lc_upload_moving(shard->upload))
		return;
	/* What is left waits for targets that do not work: it is rebuilt after a start. */
	lc_upload_abandon(shard->upload);
	if (!lc_upload_settled(shard->upload))
		return;
	if (!lc_commit_idle(shard->commit)) {
		lc_commit_flush(shard->commit, LC_COMMIT_BY_SHUTDOWN);
		return;
	}
	enter_step(shard, STEP_DRAINED);
	lc_loop_timer_stop(shard->janitor_timer);
	lc_loop_timer_stop(shard->abandon_timer);
	shard->callbacks->on_drained(shard->context);
}

/* ---- what uploads and commits tell ---- */

static void settle_source(struct lc_shard *shard, struct lc_source *source)
{
	if (!lc_commit_note(shard->commit, source))
		lc_source_forget_if_idle(shard->sources, source);
}

static void on_delivered(void *context, struct lc_source *source)
{
	settle_source(context, source);
}

static void on_room(void *context)
{
	struct lc_shard *shard = context;

	lc_cycle_update_flow(shard->cycle);
	if (shard->step == STEP_DELIVERING)
		lc_rebuild_start_if_due(shard->rebuild, lc_cycle_clickhouse_now(shard->cycle));
	check_drained(shard);
}

static const struct lc_upload_callbacks UPLOAD_CALLBACKS = {.on_delivered = on_delivered,
							    .on_room = on_room};

static void on_settled(void *context, struct lc_source *source)
{
	struct lc_shard *shard = context;

	lc_source_forget_if_idle(shard->sources, source);
}

static void on_commit_idle(void *context)
{
	check_drained(context);
}

static const struct lc_commit_callbacks COMMIT_CALLBACKS = {.on_settled = on_settled,
							    .on_idle = on_commit_idle};

/* ---- the cycle ---- */

/* There is no way on from here: whoever started us decides. */
static void fail(struct lc_shard *shard, const struct lc_error *error)
{
	lc_log(LC_LOG_ERROR, "the shard stops", LC_LOG_FAULT(error));
	enter_step(shard, STEP_FAILED);
	lc_cycle_stop(shard->cycle);
	lc_loop_timer_stop(shard->janitor_timer);
	shard->callbacks->on_failed(shard->context, error);
}

static void on_ledger_corrupt(void *context, const struct lc_error *error)
{
	fail(context, error);
}

/* Rows that come to light behind the first window are looked for as far back as any, whether or not
 * it was taken in slices. */
static void begin_horizon(struct lc_shard *shard)
{
	uint32_t closed = lc_cycle_closed(shard->cycle);
	uint32_t back = (uint32_t)shard->settings->reconcile_horizon_seconds;

	shard->fresh = false;
	lc_reconcile_follow_clock(shard->reconcile, lc_cycle_clickhouse_now(shard->cycle),
				  lc_cycle_least_told(shard->cycle));
	lc_reconcile_set_horizon(shard->reconcile, closed > back ? closed - back : 1);
}

static void on_discovered(void *context, const struct lc_error *error)
{
	struct lc_shard *shard = context;

	tell_ready(shard);
	if (error->kind == LC_ERROR_CONFLICT)
		fail(shard, error);
	else if (error->kind == LC_ERROR_NONE && shard->fresh)
		begin_horizon(shard);
}

static void on_progress(void *context, struct lc_source *source)
{
	settle_source(context, source);
}

static const struct lc_cycle_callbacks CYCLE_CALLBACKS = {.on_discovered = on_discovered,
							  .on_progress = on_progress};

/* ---- once a second ---- */

/* Bodies are many and small, and lie between what stays: what they took does not go back by itself.
 */
static void give_memory_back(struct lc_shard *shard)
{
	size_t bytes = lc_upload_objects(shard->upload)->bytes;

	if (bytes >= MUCH_MEMORY)
		shard->had_much = true;
	if (bytes > 0 || !shard->had_much)
		return;
	lc_memory_give_back();
	shard->had_much = false;
}

static void on_janitor(void *context)
{
	struct lc_shard *shard = context;

	lc_undelivered_survey(shard->sources, shard->counters);
	lc_upload_tend(shard->upload, !lc_cycle_scanning(shard->cycle));
	lc_cycle_update_flow(shard->cycle);
	if (shard->step == STEP_DELIVERING) {
		uint32_t now = lc_cycle_clickhouse_now(shard->cycle);

		lc_rebuild_start_if_due(shard->rebuild, now);
		lc_reconcile_follow_clock(shard->reconcile, now, lc_cycle_least_told(shard->cycle));
		lc_reconcile_start_if_due(shard->reconcile, lc_cycle_until(shard->cycle), now);
	}
	give_memory_back(shard);
	lc_loop_timer_start(shard->janitor_timer, JANITOR_MS);
}

/* ---- life ---- */

static void restore_source(void *context, const struct lc_ledger_source *name,
			   const struct lc_ledger_range *ranges, size_t range_count)
{
	struct lc_shard *shard = context;
	struct lc_source *source =
	    lc_source_get(shard->sources, name->raft_session_id, name->bucket);

	for (size_t i = 0; i < range_count; i++) {
		struct lc_source_range range = {.from = ranges[i].from,
						.to = ranges[i].to,
						.since = ranges[i].since,
						.doubtful = true};

		lc_source_open(source, range, 0);
	}
}

/* Its rows are taken, but for late ones: what is wanted is where they end. */
static void restore_uncommitted(void *context, const struct lc_ledger_source *name,
				uint32_t last_second)
{
	const struct lc_ledger_range range = {
	    .from = last_second, .to = last_second + 1, .since = last_second};

	restore_source(context, name, &range, 1);
}

static void restore_target(void *context, const struct lc_ledger_target *record)
{
	struct lc_shard *shard = context;

	lc_target_table_restore(lc_upload_targets(shard->upload), record,
				lc_loop_now_ms(shard->loop));
}

static void restore_intents(void *context, const struct lc_ledger_backlog *record)
{
	struct lc_shard *shard = context;
	struct lc_target_table *targets = lc_upload_targets(shard->upload);
	struct lc_source *source =
	    lc_source_get(shard->sources, record->source.raft_session_id, record->source.bucket);
	struct lc_target *target =
	    lc_target_table_get(targets, record->target_bucket, record->target_prefix);

	lc_target_table_add_backlog(targets, source, target, record->intents, record->rows,
				    record->oldest_second);
}

static bool open_ledger(struct lc_shard *shard, unsigned number, unsigned count,
			struct lc_error *error)
{
	char path[PATH_MAX];
	struct lc_ledger_options options = {
	    .path = path, .shard = number, .shard_count = count, .retry_ms = LEDGER_RETRY_MS};

	if (!lc_file_name_path(path, shard->settings->state_directory, number, count, "", error))
		return false;
	shard->state = (struct lc_ledger_state){.on_source = restore_source,
						.on_uncommitted = restore_uncommitted,
						.on_target = restore_target,
						.on_intents = restore_intents,
						.context = shard};
	shard->ledger = lc_ledger_open(shard->loop, &options, shard->counters, &shard->state,
				       on_ledger_corrupt, shard, error);
	return shard->ledger != NULL;
}

static void open_parts(struct lc_shard *shard, unsigned number, unsigned count)
{
	struct lc_parts parts = {.loop = shard->loop,
				 .settings = shard->settings,
				 .shard = number,
				 .shard_count = count,
				 .counters = shard->counters,
				 .random = &shard->random,
				 .clickhouse = shard->clients.clickhouse,
				 .ledger = shard->ledger,
				 .sources = shard->sources,
				 .upload = shard->upload};

	shard->build = lc_build_new(shard->loop, shard->settings, shard->upload, shard->ledger,
				    shard->state.next_intent_id, shard->counters, on_room, shard);
	shard->commit = lc_commit_new(shard->loop, shard->clients.clickhouse, shard->ledger,
				      shard->settings, shard->counters, &COMMIT_CALLBACKS, shard);
	parts.build = shard->build;
	parts.commit = shard->commit;
	shard->cycle = lc_cycle_new(&parts, &shard->state, &CYCLE_CALLBACKS, shard);
	shard->rebuild = lc_rebuild_new(&parts, on_settled, shard);
	shard->reconcile = lc_reconcile_new(&parts, &shard->state);
	shard->fresh = shard->state.horizon == 0;
}

static void on_abandon_over(void *context)
{
	struct lc_shard *shard = context;

	enter_step(shard, STEP_DRAINED);
	lc_loop_timer_stop(shard->janitor_timer);
	shard->callbacks->on_drained(shard->context);
}

struct lc_shard *lc_shard_new(struct lc_loop *loop, const struct lc_settings *settings,
			      unsigned number, unsigned count, struct lc_counters *counters,
			      const struct lc_shard_callbacks *callbacks, void *context,
			      struct lc_error *error)
{
	struct lc_shard *shard = lc_memory_zero(1, sizeof(*shard));

	shard->loop = loop;
	shard->settings = settings;
	shard->counters = counters;
	shard->callbacks = callbacks;
	shard->context = context;
	lc_random_seed_from_system(&shard->random);
	shard->janitor_timer = lc_loop_timer_new(loop, on_janitor, shard);
	shard->abandon_timer = lc_loop_timer_new(loop, on_abandon_over, shard);
	shard->sources = lc_source_table_new();
	if (!lc_clients_open(&shard->clients, loop, settings, error)) {
		lc_shard_free(shard);
		return NULL;
	}
	shard->upload =
	    lc_upload_new(loop, shard->clients.s3, settings, counters, &UPLOAD_CALLBACKS, shard);
	if (!open_ledger(shard, number, count, error)) {
		lc_shard_free(shard);
		return NULL;
	}
	lc_upload_set_ledger(shard->upload, shard->ledger, shard->state.next_intent_id);
	open_parts(shard, number, count);
	return shard;
}

void lc_shard_start(struct lc_shard *shard)
{
	LC_ASSERT(shard->step == STEP_NEW);
	enter_step(shard, STEP_DELIVERING);
	lc_cycle_begin(shard->cycle);
	lc_loop_timer_start(shard->janitor_timer, JANITOR_MS);
}

void lc_shard_drain(struct lc_shard *shard)
{
	if (shard->step == STEP_DRAINING || shard->step == STEP_DRAINED ||
	    shard->step == STEP_FAILED)
		return;
	enter_step(shard, STEP_DRAINING);
	lc_cycle_stop(shard->cycle);
	lc_rebuild_cancel(shard->rebuild);
	lc_reconcile_cancel(shard->reconcile);
	check_drained(shard);
}

void lc_shard_abandon(struct lc_shard *shard)
{
	lc_shard_drain(shard);
	if (shard->step != STEP_DRAINING)
		return;
	lc_upload_abandon(shard->upload);
	lc_loop_timer_start(shard->abandon_timer, ABANDON_MS);
	check_drained(shard);
}

void lc_shard_parts(const struct lc_shard *shard, struct lc_shard_parts *parts)
{
	*parts = (struct lc_shard_parts){
	    .loop = shard->loop,
	    .settings = shard->settings,
	    .ledger = shard->ledger,
	    .sources = shard->sources,
	    .upload = shard->upload,
	    .cycle = shard->cycle,
	    .rebuild = shard->rebuild,
	    .delivering = shard->step == STEP_DELIVERING,
	};
}

void lc_shard_free(struct lc_shard *shard)
{
	if (shard == NULL)
		return;
	lc_reconcile_free(shard->reconcile);
	lc_rebuild_free(shard->rebuild);
	lc_cycle_free(shard->cycle);
	lc_build_free(shard->build);
	lc_upload_free(shard->upload);
	lc_commit_free(shard->commit);
	lc_ledger_close(shard->ledger); /* after those who may cancel reads of it */
	if (shard->sources != NULL)
		lc_source_table_free(shard->sources);
	lc_clients_close(&shard->clients);
	lc_loop_timer_free(shard->janitor_timer);
	lc_loop_timer_free(shard->abandon_timer);
	free(shard);
}
