/* What goes wrong in a history, and with which settings the courier lives. */
#include "sim/sim.h"

#include "base/memory.h"

#include <stdlib.h>

enum {
	TTL_HORIZON = 600,
	NO_DELAY_ONE_IN = 11,
	REPLAYS_ONE_IN = 4,
	REPLAYS_REST = 0,
	COMPRESSION_ONE_IN = 3,
	COMPRESSION_REST = 1,
	PARTS_FROM_MAX = 3000, /* bytes */
	KEY_FORMATS_OF = 6, /* seeds with these rests; none of the first of regressions.h is one */
	KEY_FORMATS_REST = 3,
	KEY_FORMATS_OTHER_REST = 4, /* replays are among these */
	MIDNIGHT = 1770422400,
};

static uint64_t seconds(uint64_t least, uint64_t most)
{
	return sim_between(least, most) * 1000;
}

static double perhaps(double probability, double most)
{
	return sim_chance(probability) ? lc_random_unit(&sim->random) * most : 0;
}

static void add_period(enum sim_period_kind kind, unsigned which, uint64_t longest_ms)
{
	struct sim_plan *plan = &sim->plan;
	uint64_t from_ms = sim_below(plan->faults_end_ms);
	uint64_t until_ms = from_ms + sim_below(longest_ms);

	if (plan->period_count == SIM_PERIODS_MAX)
		return;
	plan->periods[plan->period_count++] = (struct sim_period){
	    .kind = kind,
	    .which = which,
	    .from_ms = from_ms,
	    .until_ms = until_ms < plan->faults_end_ms ? until_ms : plan->faults_end_ms,
	};
}

static void add_periods(enum sim_period_kind kind, double probability, unsigned bound,
			uint64_t longest_ms)
{
	if (!sim_chance(probability))
		return;
	for (uint64_t i = sim_between(1, 4); i > 0; i--)
		add_period(kind, (unsigned)sim_below(bound), longest_ms);
}

static int compare_interruptions(const void *a, const void *b)
{
	const struct sim_interruption *left = a;
	const struct sim_interruption *right = b;

	return (left->at_ms > right->at_ms) - (left->at_ms < right->at_ms);
}

static void add_interruptions(void)
{
	struct sim_plan *plan = &sim->plan;
	bool may_lose = sim_chance(0.12);

	plan->interruption_count = sim_chance(0.3) ? 0 : sim_below(SIM_INTERRUPTIONS_MAX);
	for (size_t i = 0; i < plan->interruption_count; i++) {
		struct sim_interruption *it = &plan->interruptions[i];

		it->at_ms = sim_below(plan->faults_end_ms);
		it->kind = (enum sim_interruption_kind)sim_below(SIM_LOSE_STATE);
		if (may_lose && sim_chance(0.3))
			it->kind = SIM_LOSE_STATE;
		it->down_ms = sim_chance(0.1) ? seconds(0, 600) : sim_below(5000);
		if (sim_chance(0.03))
			it->down_ms = seconds(600, 4000);
	}
	if (plan->interruption_count > 1)
		qsort(plan->interruptions, plan->interruption_count, sizeof(plan->interruptions[0]),
		      compare_interruptions);
}

/* All of ClickHouse is away for long. */
static void add_outage(void)
{
	uint64_t from_ms = sim_below(sim->plan.faults_end_ms);
	uint64_t until_ms = from_ms + seconds(100, 2000);

	if (until_ms > sim->plan.faults_end_ms)
		sim->plan.faults_end_ms = until_ms;
	for (unsigned i = 0; i < sim->plan.seat_count; i++)
		sim->plan.periods[sim->plan.period_count++] = (struct sim_period){
		    .kind = SIM_PERIOD_SEAT_DOWN,
		    .which = i,
		    .from_ms = from_ms,
		    .until_ms = until_ms,
		};
}

static void add_trouble(void)
{
	struct sim_plan *plan = &sim->plan;

	plan->stale_answers = perhaps(0.3, 0.3);
	if (plan->stale_answers > 0)
		plan->stale_ms = sim_between(1000, (uint64_t)plan->horizon * 1000 / 6);
	plan->query_fails = perhaps(0.5, 0.1);
	plan->query_breaks = perhaps(0.5, 0.2);
	plan->insert_lost = perhaps(0.5, 0.3);
	plan->put_lost = perhaps(0.6, 0.3);
	plan->put_fails = perhaps(0.5, 0.3);
	plan->step_crashes = perhaps(0.3, 0.02);
	add_periods(SIM_PERIOD_SEAT_DOWN, 0.4, plan->seat_count, 200000);
	add_periods(SIM_PERIOD_TARGET_REFUSES, 0.4, (unsigned)sim->target_count, 400000);
	add_periods(SIM_PERIOD_TARGET_REFUSES, 0.1, (unsigned)sim->target_count, 3000000);
	add_periods(SIM_PERIOD_TARGET_FAILS, 0.4, (unsigned)sim->target_count, 200000);
	add_periods(SIM_PERIOD_TARGET_SLOW, 0.3, (unsigned)sim->target_count, 400000);
	add_periods(SIM_PERIOD_DISK_FULL, 0.3, 1, 100000);
	add_interruptions();
}

/* In every fourth history processes die after their PUTs, in every fourth one at their moves. */
static void add_deaths(void)
{
	struct sim_plan *plan = &sim->plan;

	if (lc_random_unit(&sim->deaths) < 0.25)
		plan->put_crashes = lc_random_unit(&sim->deaths) * 0.1;
	if (lc_random_unit(&sim->deaths) < 0.25)
		plan->move_crashes = 0.2;
}

static unsigned of_tenants(size_t bound)
{
	return (unsigned)(lc_random_unit(&sim->tenants) * (double)bound);
}

static void add_tenant_periods(enum sim_period_kind kind, double probability, size_t bound)
{
	struct sim_plan *plan = &sim->plan;

	if (lc_random_unit(&sim->tenants) >= probability)
		return;
	for (unsigned left = 1 + of_tenants(3); left > 0; left--) {
		uint64_t from_ms = of_tenants(plan->faults_end_ms);
		uint64_t until_ms = from_ms + of_tenants(600000);

		if (plan->period_count == SIM_PERIODS_MAX)
			return;
		plan->periods[plan->period_count++] = (struct sim_period){
		    .kind = kind,
		    .which = of_tenants(bound),
		    .from_ms = from_ms,
		    .until_ms = until_ms < plan->faults_end_ms ? until_ms : plan->faults_end_ms,
		};
	}
}

/* What one tenant does, or suffers. */
static void add_tenants(void)
{
	add_tenant_periods(SIM_PERIOD_PREFIX_REFUSES, 0.3, sim->target_count);
	add_tenant_periods(SIM_PERIOD_SIZE_LIMITED, 0.3, sim->target_count);
	add_tenant_periods(SIM_PERIOD_SOURCE_UNREADABLE, 0.3, SIM_SOURCES_MAX);
}

/* In every fourth history ClickHouse cannot count for long. */
static void add_limits(void)
{
	if (lc_random_unit(&sim->tenants) < 0.25)
		sim->plan.window_most =
		    1 + of_tenants(lc_random_unit(&sim->tenants) < 0.5 ? 30 : 900);
}

/* A target refuses until rows meant for it are gone. */
static void make_rows_expire(void)
{
	struct sim_plan *plan = &sim->plan;

	plan->horizon = TTL_HORIZON;
	plan->retention_is_short = true;
	plan->retention = (uint32_t)sim_between(900, 1500);
	plan->faults_end_ms = plan->rows_end_ms + (uint64_t)plan->retention * 1000 + 1200000;
	plan->periods[plan->period_count++] = (struct sim_period){
	    .kind = SIM_PERIOD_TARGET_REFUSES,
	    .which = (unsigned)sim_below(sim->target_count),
	    .from_ms = sim_below(plan->rows_end_ms),
	    .until_ms = plan->faults_end_ms,
	};
}

/* Midnight passes while rows come. */
static void add_key_formats(void)
{
	struct sim_plan *plan = &sim->plan;
	uint64_t rest = sim->seed % KEY_FORMATS_OF; /* not drawn, either */

	plan->key_formats = rest == KEY_FORMATS_REST || rest == KEY_FORMATS_OTHER_REST;
	if (plan->key_formats)
		plan->epoch =
		    MIDNIGHT - (uint32_t)(lc_random_next(&sim->keys) % (plan->rows_end_ms / 1000));
}

void sim_plan_make(void)
{
	static const uint32_t horizons[] = {600, 1200, 1800, 7200};
	struct sim_plan *plan = &sim->plan;

	plan->epoch = 1770336000 + (uint32_t)sim_below(7200);
	plan->seat_count = (unsigned)sim_between(1, SIM_SEATS_MAX);
	for (unsigned i = 0; i < plan->seat_count; i++)
		plan->seat_skew[i] = sim_chance(0.5) ? (int32_t)sim_below(5) - 2 : 0;
	plan->delay = (uint32_t)sim_between(1, 10);
	if (sim->seed % NO_DELAY_ONE_IN == 0) /* not drawn: the other seeds keep their histories */
		plan->delay = 0;
	plan->all_shards = sim_chance(0.6);
	plan->shard_count = (unsigned)sim_between(1, SIM_SHARDS_MAX);
	plan->shard = (unsigned)sim_below(plan->shard_count);
	plan->rows_end_ms = sim_chance(0.1) ? seconds(1000, 5000) : seconds(60, 900);
	plan->faults_end_ms = plan->rows_end_ms + seconds(0, sim_chance(0.15) ? 4000 : 300);
	plan->horizon = horizons[sim_below(4)];
	plan->retention = 259200;
	plan->small_pieces = sim_chance(0.1);
	sim->target_count = sim_between(1, SIM_TARGETS_MAX);
	if (sim_chance(0.08))
		make_rows_expire();
	if (sim_chance(0.05))
		add_outage();
	if (sim_chance(0.9))
		add_trouble();
	add_deaths();
	add_tenants();
	add_limits();
	add_key_formats();
	if (!sim->calm)
		sim_clocks_plan();
	/* Not drawn, either. Replays are files of one machine. */
	plan->replays = !sim->failover && sim->seed % REPLAYS_ONE_IN == REPLAYS_REST;
}

bool sim_in_period(enum sim_period_kind kind, unsigned which)
{
	uint64_t now_ms = sim_now_ms();

	for (size_t i = 0; i < sim->plan.period_count; i++) {
		const struct sim_period *period = &sim->plan.periods[i];

		if (period->kind == kind && period->which == which && period->from_ms <= now_ms &&
		    now_ms < period->until_ms)
			return true;
	}
	return false;
}

static void set_text(char **setting, const char *text)
{
	free(*setting);
	*setting = lc_memory_copy_text(text);
}

/* In every third history each life compresses in its own way: not drawn, either. What a former life
 * has recorded must stay as it was. */
static enum lc_compression compression_of_life(void)
{
	if (sim->seed % COMPRESSION_ONE_IN != COMPRESSION_REST)
		return LC_COMPRESSION_NONE;
	return (enum lc_compression)((sim->seed / COMPRESSION_ONE_IN + sim->lives) %
				     (LC_COMPRESSION_ZSTD + 1));
}

/* Of some machines another one is a clone, with the same name. */
static void share_ledgers(struct lc_settings *settings, unsigned machine)
{
	static const char *const names[SIM_MACHINES_MAX] = {"one", "two", "three"};

	settings->failover_enabled = true;
	set_text(&settings->failover_machine_name, names[sim->seed % 3 == 0 ? 0 : machine]);
	set_text(&settings->ledger_bucket, SIM_LEDGERS_BUCKET);
	set_text(&settings->ledger_prefix, "p");
	settings->ledger_checkpoint_interval_seconds =
	    10 + (int64_t)sim_shares_below(sim_shares_below(2) == 0 ? 60 : 1000);
}

/* One life's settings; what the horizon and the retention are stays as it was. */
void sim_settings_make(struct lc_settings *settings, unsigned machine)
{
	static const enum lc_s3_conditional conditional[] = {
	    LC_S3_CONDITIONAL_AUTO, LC_S3_CONDITIONAL_ON, LC_S3_CONDITIONAL_OFF};
	int64_t cap = (int64_t)sim_between(256 * 1024, sim_chance(0.5) ? 400 * 1024 : 4 << 20);

	lc_settings_default(settings);
	set_text(&settings->state_directory, sim->machines[machine].directory);
	if (sim->failover)
		share_ledgers(settings, machine);
	settings->s3_conditional_put = conditional[sim_below(3)];
	settings->consumer_compression = compression_of_life();
	if (sim->plan.key_formats)
		settings->consumer_key_format =
		    (enum lc_object_key_format)(lc_random_next(&sim->keys) % 3);
	settings->s3_metadata = true;             /* a repeated PUT must carry the same */
	if (lc_random_next(&sim->parts) % 2 == 0) /* below what is allowed: objects are small */
		settings->s3_multipart_threshold_bytes =
		    (int64_t)(1 + lc_random_next(&sim->parts) % PARTS_FROM_MAX);
	settings->consumer_processing_delay_seconds = sim->plan.delay;
	settings->consumer_count_threshold = (int64_t)sim_between(1, sim_chance(0.5) ? 20 : 1000);
	settings->consumer_time_threshold_seconds =
	    (int64_t)sim_between(1, sim_chance(0.5) ? 10 : 120);
	settings->consumer_min_discovery_interval_seconds = (int64_t)sim_between(1, 10);
	settings->consumer_max_discovery_interval_seconds =
	    settings->consumer_min_discovery_interval_seconds + (int64_t)sim_below(20);
	settings->consumer_max_logs_per_object =
	    (int64_t)sim_between(1, sim_chance(0.5) ? 10 : 500);
	settings->consumer_max_object_bytes = (int64_t)sim_between(65536, (uint64_t)cap / 4);
	settings->consumer_retention_seconds = sim->plan.retention;
	settings->reconcile_interval_seconds = (int64_t)sim_between(5, 60);
	settings->reconcile_full_interval_seconds = (int64_t)sim_between(60, 300);
	settings->reconcile_horizon_seconds = sim->plan.horizon;
	settings->retry_max_backoff_seconds = 10;
	settings->offset_flush_count_threshold = (int64_t)sim_between(1, 50);
	settings->offset_flush_interval_milliseconds = (int64_t)sim_between(1, 5000);
	settings->s3_max_retry_attempts = (int64_t)sim_between(1, 5);
	settings->s3_max_backoff_delay_seconds = (int64_t)sim_between(1, 60);
	settings->limits_max_inflight_bytes = cap;
	settings->limits_max_row_bytes = 65536;
	settings->limits_max_concurrent_uploads = (int64_t)sim_between(1, 16);
	settings->limits_max_concurrent_uploads_per_target = (int64_t)sim_between(1, 4);
}
