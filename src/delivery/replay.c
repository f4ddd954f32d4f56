#include "delivery/replay.h"

#include "base/backoff.h"
#include "base/counters.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/memory.h"
#include "clients/clickhouse.h"
#include "config/settings.h"
#include "delivery/attempts.h"
#include "delivery/build.h"
#include "delivery/discovery.h"
#include "delivery/inflight.h"
#include "delivery/object.h"
#include "delivery/plan.h"
#include "delivery/rebuild.h"
#include "delivery/restore.h"
#include "delivery/scan.h"
#include "delivery/source.h"
#include "delivery/target.h"
#include "delivery/target_table.h"
#include "delivery/upload.h"
#include "ledger/ledger.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	SHARE = 8,                 /* of the memory it has one part, beside the shard's */
	UPLOADS = 2,               /* at a time */
	GROUP_MAX = 64,            /* sources that share a scan */
	PIECE_SPARES = 10,         /* a piece is as long as so many of lc_source_spare_seconds */
	STAND_BACK_MS = 10 * 1000, /* so long the shard's own work holds up the next piece */
	LEDGER_RETRY_MS = 1000,
};

struct lc_replay {
	const struct lc_delivery *main;
	struct lc_replay_record record;
	struct lc_settings settings; /* the shard's, but for limits; its texts are theirs */
	struct lc_delivery_filter filter;
	struct lc_delivery delivery;
	struct lc_counters counters;
	struct lc_object_table objects;
	struct lc_backoff backoff;

	uint64_t scanned_ms; /* monotonic, when the last scan ended, or it began */
	bool damaged;
	struct lc_error error; /* of the ledger, or of the last scan */
};

/* ---- reading ---- */

struct ready {
	struct lc_source **sources;
	size_t count;
	size_t capacity;
	uint64_t now_ms;
};

static void collect(void *context, struct lc_source *source)
{
	struct ready *ready = context;

	if (!lc_source_is_open(source) ||
	    (source->read_failures > 0 && ready->now_ms < source->read_at_ms))
		return;
	ready->sources = lc_memory_grow(ready->sources, &ready->capacity, ready->count + 1,
					sizeof(struct lc_source *));
	ready->sources[ready->count++] = source;
}

/* The first sources that are to be read, each cut to a piece. */
static void choose(struct lc_replay *replay, struct ready *ready)
{
	lc_source_each(replay->delivery.sources, collect, ready);
	lc_plan_sort(ready->sources, ready->count);
	if (ready->count > GROUP_MAX)
		ready->count = GROUP_MAX;
	for (size_t i = 0; i < ready->count; i++)
		lc_source_cut_piece(ready->sources[i],
				    PIECE_SPARES * lc_source_spare_seconds(ready->sources[i]));
	ready->count = lc_plan_group(ready->sources, ready->count);
}

/* The shard has something better to do. */
static bool stands_back(const struct lc_replay *replay)
{
	const struct lc_delivery *main = replay->main;

	return lc_loop_now_ms(main->loop) < replay->scanned_ms + STAND_BACK_MS &&
	       (lc_scan_running(main->scan) || lc_discovery_lags(main->discovery) ||
		lc_inflight_is_short(main->objects));
}

static void read_on(struct lc_replay *replay);

static void on_progress(void *context, struct lc_source *source, bool whole)
{
	struct lc_replay *replay = context;

	(void)whole;
	lc_source_forget_if_idle(replay->delivery.sources, source);
}

static void on_scan_end(void *context, const struct lc_scan_end *end)
{
	struct lc_replay *replay = context;
	uint64_t now_ms = lc_loop_now_ms(replay->delivery.loop);

	replay->scanned_ms = now_ms;
	replay->error = end->error;
	for (size_t i = 0; i < end->unread_count; i++) {
		struct lc_source *source = end->unread[i];
		uint64_t wait_ms = lc_backoff_delay_ms(&replay->backoff, source->read_failures,
						       replay->delivery.random);

		lc_source_note_unreadable(source, end->error.message, now_ms + wait_ms);
	}
	if (end->error.kind != LC_ERROR_NONE) {
		lc_log(LC_LOG_WARNING, "a replay could not read its rows and tries again",
		       LC_LOG_TEXT("replay", replay->record.id), LC_LOG_FAULT(&end->error));
		return;
	}
	read_on(replay);
}

static void read_on(struct lc_replay *replay)
{
	const struct lc_delivery *delivery = &replay->delivery;
	struct ready ready = {.now_ms = lc_loop_now_ms(delivery->loop)};

	if (replay->damaged || lc_scan_running(delivery->scan) || stands_back(replay))
		return;
	choose(replay, &ready);
	if (ready.count > 0)
		lc_scan_start(delivery->scan, lc_clickhouse_take_seat(delivery->clickhouse),
			      ready.sources, ready.count, on_progress, on_scan_end, replay);
	free(ready.sources);
}

/* ---- what the parts tell ---- */

static void on_source_moved(void *context, struct lc_source *source)
{
	struct lc_replay *replay = context;

	lc_source_forget_if_idle(replay->delivery.sources, source);
}

static void on_room(void *context)
{
	struct lc_replay *replay = context;

	lc_scan_update_flow(replay->delivery.scan);
	lc_rebuild_start_if_due(replay->delivery.rebuild,
				lc_discovery_clickhouse_now(replay->main->discovery));
}

static void on_damaged(void *context, const struct lc_error *error)
{
	struct lc_replay *replay = context;

	replay->damaged = true;
	replay->error = *error;
}

static const struct lc_delivery_events EVENTS = {
    .submitted = on_room,
    .delivered = on_source_moved,
    .room = on_room,
    .lost = on_source_moved,
    .damaged = on_damaged,
};

/* ---- its ledger ---- */

static bool open_ledger(struct lc_replay *replay, const char *path, struct lc_error *error)
{
	struct lc_delivery *delivery = &replay->delivery;
	struct lc_ledger_options options = {.path = path,
					    .shard = delivery->shard,
					    .shard_count = delivery->shard_count,
					    .retry_ms = LEDGER_RETRY_MS,
					    .gather_ms = LC_LEDGER_GATHER_MS};

	/* Offsets are not its business: where sources end it need not know. */
	delivery->state = lc_restore_from_ledger(delivery);
	delivery->ledger = lc_ledger_open(delivery->loop, &options, delivery->counters,
					  &delivery->state, on_damaged, replay, error);
	return delivery->ledger != NULL;
}

/* ---- life ---- */

static int64_t at_most(int64_t value, int64_t most)
{
	return value < most ? value : most;
}

static void limit(struct lc_settings *settings)
{
	int64_t object_bytes = lc_settings_object_bytes(settings);

	settings->limits_max_inflight_bytes = lc_settings_inflight_bytes(settings) / SHARE;
	settings->consumer_max_object_bytes =
	    at_most(object_bytes, settings->limits_max_inflight_bytes / 4);
	settings->limits_max_concurrent_uploads =
	    at_most(settings->limits_max_concurrent_uploads, UPLOADS);
	settings->limits_max_concurrent_uploads_per_target =
	    at_most(settings->limits_max_concurrent_uploads_per_target, UPLOADS);
}

/* In the order of the members. */
static bool make_delivery(struct lc_replay *replay, const char *path, struct lc_error *error)
{
	struct lc_delivery *delivery = &replay->delivery;
	struct lc_target_policy policy = lc_target_policy_of(delivery->settings);

	delivery->sources = lc_source_table_new();
	delivery->targets = lc_target_table_new(&policy, replay->main->settings);
	lc_object_table_init(&replay->objects, delivery->targets, delivery->counters);
	replay->objects.replay = lc_view_of(replay->record.id);
	delivery->objects = &replay->objects;
	if (!open_ledger(replay, path, error))
		return false;
	delivery->attempts = lc_attempts_new(delivery->state.next_intent_id);
	delivery->upload = lc_upload_new(delivery);
	delivery->build = lc_build_new(delivery);
	delivery->rebuild = lc_rebuild_new(delivery);
	delivery->scan = lc_scan_new(delivery);
	return true;
}

/* In the reverse order; parts that were not made are NULL. */
void lc_replay_free(struct lc_replay *replay)
{
	struct lc_delivery *delivery;

	if (replay == NULL)
		return;
	delivery = &replay->delivery;
	lc_scan_free(delivery->scan);
	lc_rebuild_free(delivery->rebuild);
	lc_build_free(delivery->build);
	lc_upload_free(delivery->upload);
	lc_attempts_free(delivery->attempts);
	lc_ledger_close(delivery->ledger);
	lc_target_table_free(delivery->targets);
	lc_source_table_free(delivery->sources);
	free(replay);
}

struct lc_replay *lc_replay_new(const struct lc_delivery *main,
				const struct lc_replay_record *record, const char *path,
				unsigned shard, unsigned shard_count, struct lc_error *error)
{
	struct lc_replay *replay = lc_memory_zero(1, sizeof(*replay));
	const struct lc_settings *settings = main->settings;

	replay->main = main;
	replay->record = *record;
	replay->scanned_ms = lc_loop_now_ms(main->loop);
	replay->settings = *settings;
	limit(&replay->settings);
	replay->backoff = (struct lc_backoff){
	    .initial_ms = (uint64_t)settings->retry_initial_backoff_seconds * 1000,
	    .maximum_ms = (uint64_t)settings->retry_max_backoff_seconds * 1000,
	    .jitter = settings->retry_backoff_jitter_factor,
	};
	replay->filter = (struct lc_delivery_filter){
	    .from_ms = (int64_t)record->from * 1000,
	    .to_ms = (int64_t)record->to * 1000,
	    .of_target = record->of_target,
	    .whole_bucket = record->whole_bucket,
	    .target_bucket = lc_replay_bucket(&replay->record),
	    .target_prefix = lc_replay_prefix(&replay->record),
	};
	replay->delivery = (struct lc_delivery){
	    .loop = main->loop,
	    .settings = &replay->settings,
	    .shard = shard,
	    .shard_count = shard_count,
	    .counters = &replay->counters,
	    .random = main->random,
	    .clickhouse = main->clickhouse,
	    .s3 = main->s3,
	    .events = &EVENTS,
	    .context = replay,
	    .filter = &replay->filter,
	};
	if (make_delivery(replay, path, error))
		return replay;
	lc_replay_free(replay);
	return NULL;
}

void lc_replay_tend(struct lc_replay *replay, uint32_t now)
{
	const struct lc_delivery *delivery = &replay->delivery;

	if (replay->damaged)
		return;
	lc_upload_tend(delivery->upload, !lc_scan_running(delivery->scan));
	lc_scan_update_flow(delivery->scan);
	lc_rebuild_start_if_due(delivery->rebuild, now);
	read_on(replay);
}

/* ---- how it is ---- */

static void find_trouble(void *context, struct lc_target *target)
{
	const char **trouble = context;
	const struct lc_standing *standing = lc_target_standing(target);

	if (standing->failures > 0)
		*trouble = standing->last_error == NULL ? "its target takes no log objects"
							: standing->last_error;
}

struct lc_replay_progress lc_replay_look(const struct lc_replay *replay)
{
	const struct lc_delivery *delivery = &replay->delivery;
	struct lc_replay_progress progress = {
	    .done = !replay->damaged && !lc_scan_running(delivery->scan) &&
		    lc_source_count(delivery->sources) == 0,
	    .damaged = replay->damaged,
	    .delivered = replay->record.delivered +
			 lc_counters_get(&replay->counters, LC_COUNTERS_RECORDS_DELIVERED),
	    .trouble = replay->error.kind == LC_ERROR_NONE ? "" : replay->error.message,
	};

	if (progress.trouble[0] == '\0')
		lc_target_table_each(delivery->targets, find_trouble, &progress.trouble);
	if (progress.trouble[0] == '\0' &&
	    lc_counters_get(&replay->counters, LC_COUNTERS_LEDGER_FAILING_SINCE) != 0)
		progress.trouble = "its ledger cannot be written";
	return progress;
}
