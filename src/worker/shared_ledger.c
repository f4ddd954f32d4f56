#include "worker/shared_ledger.h"

#include "base/counters.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "clients/register.h"
#include "ledger/checkpoint.h"
#include "ledger/file_name.h"
#include "ledger/segment.h"

#include <limits.h>
#include <stdlib.h>

enum {
	CURRENT_MS = 15 * 1000,
	LOOK_MS = 5000,      /* whether a checkpoint is due, and the shard still ours */
	SEGMENTS_MAX = 4096, /* since the last checkpoint: then one is due whatever the time */
	COLLECT_EACH = 6,    /* checkpoints */
};

static const double JITTER = 0.1; /* so that not all shards take theirs at once */

struct lc_shared_ledger {
	struct lc_loop *loop;
	const struct lc_settings *settings;
	unsigned shard;
	unsigned shard_count;
	struct lc_counters *counters;
	struct lc_random random;
	char path[PATH_MAX];
	char machine[LC_SETTINGS_MACHINE_NAME_SIZE];
	struct lc_ledger_servers servers;
	struct lc_share *share;

	/* Checkpoints. */
	struct lc_loop_timer *timer;
	struct lc_ledger *ledger;
	struct lc_checkpoint_take *take;
	struct lc_checkpoint_collect *collect;
	uint64_t due_ms;
	uint64_t seq; /* of the last one */
	unsigned taken;
};

/* ---- connections ---- */

bool lc_ledger_servers_open(struct lc_ledger_servers *servers, struct lc_loop *loop,
			    const struct lc_settings *settings, struct lc_error *error)
{
	if (!lc_servers_open_for(&servers->servers, loop, settings, settings->ledger_bucket, error))
		return false;
	servers->heads = lc_servers_make_register(
	    &servers->servers, loop, settings, settings->failover_heads_table,
	    (uint64_t)settings->clickhouse_timeout_seconds * 1000);
	servers->s3 = lc_servers_s3(&servers->servers, settings, settings->ledger_bucket);
	return true;
}

void lc_ledger_servers_close(struct lc_ledger_servers *servers)
{
	lc_register_free(servers->heads);
	lc_servers_close(&servers->servers);
}

/* ---- checkpoints ---- */

static void plan_next(struct lc_shared_ledger *shared)
{
	uint64_t interval_ms =
	    (uint64_t)shared->settings->ledger_checkpoint_interval_seconds * 1000;

	shared->due_ms =
	    lc_loop_now_ms(shared->loop) + lc_random_jitter(&shared->random, interval_ms, JITTER);
}

static void on_collected(void *context, const struct lc_checkpoint_collected *collected)
{
	struct lc_shared_ledger *shared = context;

	shared->collect = NULL;
	lc_log(LC_LOG_DEBUG, "what no checkpoint needs was deleted",
	       LC_LOG_UINT("objects", collected->deleted),
	       LC_LOG_UINT("failed", collected->failed));
}

/* What the head's checkpoint does not need. */
static void collect(struct lc_shared_ledger *shared)
{
	const struct lc_checkpoint_collect_options options = {
	    .s3 = shared->servers.s3,
	    .bucket = shared->settings->ledger_bucket,
	    .folder = lc_share_folder(shared->share),
	    .name = lc_share_head(shared->share)->checkpoint,
	    .random = &shared->random,
	};

	if (shared->collect == NULL && options.name[0] != '\0')
		shared->collect =
		    lc_checkpoint_collect(shared->loop, &options, on_collected, shared);
}

static void on_taken(void *context, const struct lc_error *error,
		     const struct lc_checkpoint_taken *taken)
{
	struct lc_shared_ledger *shared = context;

	shared->take = NULL;
	plan_next(shared);
	if (error->kind != LC_ERROR_NONE) {
		lc_log(LC_LOG_WARNING,
		       "no checkpoint of the ledger could be taken; that is tried again",
		       LC_LOG_FAULT(error));
		return;
	}
	lc_log(LC_LOG_INFO, "a checkpoint of the ledger is taken",
	       LC_LOG_UINT("segment", taken->position.seq),
	       LC_LOG_UINT("file_bytes", taken->file_bytes),
	       LC_LOG_UINT("stored_bytes", taken->stored_bytes));
	lc_counters_add(shared->counters, LC_COUNTERS_LEDGER_CHECKPOINT_BYTES, taken->stored_bytes);
	shared->seq = taken->position.seq;
	lc_share_record_checkpoint(shared->share, taken->name, &taken->position);
	if (++shared->taken % COLLECT_EACH == 0)
		collect(shared);
}

static void take(struct lc_shared_ledger *shared)
{
	const struct lc_shard_head *head = lc_share_head(shared->share);
	const struct lc_checkpoint_take_options options = {
	    .s3 = shared->servers.s3,
	    .bucket = shared->settings->ledger_bucket,
	    .folder = lc_share_folder(shared->share),
	    .base = head->checkpoint,
	    .ledger = shared->ledger,
	    .shard = shared->shard,
	    .shard_count = shared->shard_count,
	    .generation = head->generation,
	    .random = &shared->random,
	};

	shared->take = lc_checkpoint_take(shared->loop, &options, on_taken, shared);
}

static void on_timer(void *context)
{
	struct lc_shared_ledger *shared = context;
	uint64_t segments = lc_share_next(shared->share)->seq - 1 - shared->seq;

	if (shared->take == NULL && segments > 0 &&
	    (segments >= SEGMENTS_MAX || lc_loop_now_ms(shared->loop) >= shared->due_ms))
		take(shared);
	/* Who has nothing to write learns by this that another machine has the shard. */
	(void)lc_share_is_current(shared->share);
	lc_loop_timer_start(shared->timer, LOOK_MS);
}

void lc_shared_ledger_begin_checkpoints(struct lc_shared_ledger *shared, struct lc_ledger *ledger)
{
	shared->ledger = ledger;
	shared->seq = lc_share_head(shared->share)->checkpointed.seq;
	plan_next(shared);
	lc_loop_timer_start(shared->timer, LOOK_MS);
}

void lc_shared_ledger_end_checkpoints(struct lc_shared_ledger *shared)
{
	lc_loop_timer_stop(shared->timer);
	lc_checkpoint_take_cancel(shared->take);
	lc_checkpoint_collect_cancel(shared->collect);
	shared->take = NULL;
	shared->collect = NULL;
	shared->ledger = NULL;
}

/* ---- life ---- */

static void make_share(struct lc_shared_ledger *shared, const struct lc_share_callbacks *callbacks,
		       void *context)
{
	const struct lc_share_options options = {
	    .heads = shared->servers.heads,
	    .s3 = shared->servers.s3,
	    .bucket = shared->settings->ledger_bucket,
	    .prefix = shared->settings->ledger_prefix,
	    .path = shared->path,
	    .shard = shared->shard,
	    .shard_count = shared->shard_count,
	    .machine = shared->machine,
	    .current_ms = CURRENT_MS,
	    .random = &shared->random,
	    .counters = shared->counters,
	};

	shared->share = lc_share_new(shared->loop, &options, callbacks, context);
}

struct lc_shared_ledger *lc_shared_ledger_new(struct lc_loop *loop,
					      const struct lc_settings *settings, unsigned shard,
					      unsigned shard_count, struct lc_counters *counters,
					      const struct lc_share_callbacks *callbacks,
					      void *context, struct lc_error *error)
{
	struct lc_shared_ledger *shared = lc_memory_zero(1, sizeof(*shared));

	shared->loop = loop;
	shared->settings = settings;
	shared->shard = shard;
	shared->shard_count = shard_count;
	shared->counters = counters;
	lc_random_seed_from_system(&shared->random);
	shared->timer = lc_loop_timer_new(loop, on_timer, shared);
	if (!lc_settings_machine_name(settings, shared->machine, error) ||
	    !lc_file_name_path(shared->path, settings->state_directory, shard, shard_count, "",
			       error) ||
	    !lc_ledger_servers_open(&shared->servers, loop, settings, error)) {
		lc_shared_ledger_free(shared);
		return NULL;
	}
	make_share(shared, callbacks, context);
	return shared;
}

struct lc_share *lc_shared_ledger_share(const struct lc_shared_ledger *shared)
{
	return shared->share;
}

void lc_shared_ledger_free(struct lc_shared_ledger *shared)
{
	if (shared == NULL)
		return;
	lc_shared_ledger_end_checkpoints(shared);
	lc_share_free(shared->share);
	lc_ledger_servers_close(&shared->servers);
	lc_loop_timer_free(shared->timer);
	free(shared);
}
