/* The lives of the service in one history: it is started, drained, thrown away, started again, with
 * as many shards as before or with others. */
#include "delivery/shard.h"
#include "sim/sim.h"

#include "ledger/file_name.h"
#include "ledger/ledger.h"
#include "ledger/ledger_check.h"

#include <limits.h>

enum {
	COMMIT_MS = 300 * 1000,        /* so long the last offsets may take */
	COMPLETE_MS = 3 * 3600 * 1000, /* within which all must be delivered once all is well */
	HELD_MS = 6 * 3600 * 1000, /* at most, what was refused for its size waits to be tried */
	QUIET_MS = 900 * 1000,     /* in which nothing may be delivered again */
	SHUTDOWN_MS = 60 * 1000,
	ABANDON_MS = 5 * 1000,
	DOWN_MS = 5 * 1000,
	PIECE_ROWS = SIM_PIECE_MAX / 180, /* no row is smaller */
	OBJECT_BYTES = 6000,              /* of one with a short line */
};

/* A worker of the service. */
struct life {
	struct lc_shard *shard; /* NULL: it is not running */
	struct lc_settings settings;
	struct lc_counters counters;
	bool ready;
	bool drained;
};

/* The service: one life for each shard that it has. */
struct service {
	struct life lives[SIM_SHARDS_MAX];
};

static void on_ready(void *context)
{
	struct life *life = context;

	if (life->ready)
		sim_fail("the shard said twice that it is ready");
	life->ready = true;
}

static void on_drained(void *context)
{
	struct life *life = context;

	if (life->drained)
		sim_fail("the shard said twice that it is drained");
	life->drained = true;
}

/* An offset that was on its way when the state was lost may arrive after the next start: then it
 * looks as if there were another courier, and the operator resets the ledger once more. */
static void on_failed(void *context, const struct lc_error *error)
{
	(void)context;
	if (error->kind == LC_ERROR_OUTDATED && sim->strays) {
		sim_trace("the operator resets the ledger: %s", error->message);
		sim->reset_wanted = true;
		sim->crash_wanted = true;
		return;
	}
	sim_fail("the shard stopped: %s", error->message);
}

static const struct lc_shard_callbacks CALLBACKS = {
    .on_ready = on_ready, .on_drained = on_drained, .on_failed = on_failed};

static void start(struct life *life, unsigned shard)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};

	*life = (struct life){.shard = NULL};
	sim_settings_make(&life->settings);
	sim->lives++;
	sim_trace("life %u begins, shard %u of %u", sim->lives, shard, sim->plan.shard_count);
	life->shard = lc_shard_new(sim->loop, &life->settings, shard, sim->plan.shard_count, NULL,
				   &life->counters, &CALLBACKS, life, &error);
	if (life->shard == NULL)
		sim_fail("the shard cannot be made: %s", error.message);
	lc_shard_start(life->shard);
}

static bool has_shard(unsigned shard)
{
	return sim->plan.all_shards ? shard < sim->plan.shard_count : shard == sim->plan.shard;
}

/* Starts what is not running. */
static void start_all(struct service *service)
{
	sim->crash_wanted = false;
	for (unsigned i = 0; i < SIM_SHARDS_MAX; i++) {
		if (has_shard(i) && service->lives[i].shard == NULL)
			start(&service->lives[i], i);
	}
}

static void end(struct life *life)
{
	lc_shard_free(life->shard);
	life->shard = NULL;
	lc_settings_free(&life->settings);
}

static void crash(struct life *life)
{
	if (life->shard == NULL)
		return;
	sim_trace("a process dies");
	sim->crashing = true;
	end(life);
	sim->crashing = false;
}

static void crash_all(struct service *service)
{
	for (unsigned i = 0; i < SIM_SHARDS_MAX; i++)
		crash(&service->lives[i]);
	if (sim->reset_wanted)
		sim_forget_state();
	sim->crash_wanted = false;
	sim->reset_wanted = false;
}

/* What is in flight may pass its cap by a piece of an answer, whose rows may each begin an object,
 * and by an object that is being closed. */
static void watch_memory(const struct life *life)
{
	const struct lc_settings *settings = &life->settings;
	size_t bytes = lc_counters_get(&life->counters, LC_COUNTERS_INFLIGHT_BYTES);
	size_t cap = (size_t)settings->limits_max_inflight_bytes;
	size_t objects = PIECE_ROWS / (size_t)settings->consumer_max_logs_per_object +
			 SIM_TARGETS_MAX * SIM_SOURCES_MAX;
	size_t more = 4 * SIM_PIECE_MAX + 2 * (size_t)settings->consumer_max_object_bytes +
		      objects * OBJECT_BYTES;

	if (bytes > cap + more)
		sim_fail("%zu bytes are in flight, the cap is %zu", bytes, cap);
}

static void watch(const struct service *service)
{
	for (unsigned i = 0; i < SIM_SHARDS_MAX; i++) {
		if (service->lives[i].shard != NULL)
			watch_memory(&service->lives[i]);
	}
}

static void list_shards(const struct service *service, struct lc_shard *shards[SIM_SHARDS_MAX])
{
	for (unsigned i = 0; i < SIM_SHARDS_MAX; i++)
		shards[i] = service->lives[i].shard;
}

/* Runs until that time; false if the processes are to die before. */
static bool run(struct service *service, uint64_t until_ms)
{
	struct lc_shard *shards[SIM_SHARDS_MAX];

	while (sim_step(until_ms)) {
		watch(service);
		list_shards(service, shards);
		sim_replays_act(shards, SIM_SHARDS_MAX);
		if (sim->crash_wanted)
			return false;
	}
	return true;
}

/* Nobody lives. */
static void pass_time(uint64_t ms)
{
	uint64_t until_ms = sim_now_ms() + ms;

	while (sim_step(until_ms))
		continue;
}

/* Lives until that time, dying at steps on the way. */
static void live_until(struct service *service, uint64_t until_ms)
{
	while (!run(service, until_ms)) {
		crash_all(service);
		pass_time(sim_clock_down_ms(sim_below(DOWN_MS)));
		start_all(service);
	}
}

static bool is_drained(const struct service *service)
{
	for (unsigned i = 0; i < SIM_SHARDS_MAX; i++) {
		if (service->lives[i].shard != NULL && !service->lives[i].drained)
			return false;
	}
	return true;
}

/* False if the processes are to die before that time. */
static bool run_until_drained(struct service *service, uint64_t until_ms)
{
	while (!is_drained(service) && sim_step(until_ms)) {
		watch(service);
		if (sim->crash_wanted)
			return false;
	}
	return true;
}

static bool try_to_drain(struct service *service)
{
	for (unsigned i = 0; i < SIM_SHARDS_MAX; i++) {
		if (service->lives[i].shard != NULL)
			lc_shard_drain(service->lives[i].shard);
	}
	if (!run_until_drained(service, sim_now_ms() + sim_below(SHUTDOWN_MS)))
		return false;
	for (unsigned i = 0; i < SIM_SHARDS_MAX; i++) {
		if (service->lives[i].shard != NULL && !service->lives[i].drained)
			lc_shard_abandon(service->lives[i].shard);
	}
	if (!run_until_drained(service, sim_now_ms() + ABANDON_MS))
		return false;
	if (!is_drained(service))
		sim_fail("a shard was never drained");
	return true;
}

static void drain(struct service *service)
{
	sim_trace("drain");
	if (!try_to_drain(service)) {
		crash_all(service);
		return;
	}
	for (unsigned i = 0; i < SIM_SHARDS_MAX; i++) {
		if (service->lives[i].shard != NULL)
			end(&service->lives[i]);
	}
}

static void ledger_path(char path[PATH_MAX], unsigned shard, unsigned shard_count)
{
	struct lc_error error;

	if (!lc_file_name_path(path, sim->directory, shard, shard_count, "", &error))
		sim_fail("no path: %s", error.message);
}

static void interrupt(struct service *service, const struct sim_interruption *interruption)
{
	switch (interruption->kind) {
	case SIM_CRASH_ONE:
		crash(&service->lives[sim_below(SIM_SHARDS_MAX)]);
		live_until(service, sim_now_ms() + interruption->down_ms);
		break;
	case SIM_CRASH:
		crash_all(service);
		pass_time(interruption->down_ms);
		break;
	case SIM_DRAIN:
		drain(service);
		pass_time(interruption->down_ms);
		break;
	case SIM_CHANGE_SHARDS:
		drain(service);
		if (sim->plan.all_shards)
			sim_move((unsigned)sim_between(1, SIM_SHARDS_MAX));
		pass_time(interruption->down_ms);
		break;
	case SIM_LOSE_STATE:
		crash_all(service);
		sim_trace("the state directory is lost");
		sim_forget_state();
		sim->state_lost = true;
		pass_time(interruption->down_ms);
		break;
	}
	start_all(service);
}

/* When all clocks have reached the last row, or now. */
static uint64_t last_stamp_ms(void)
{
	uint64_t last = sim_now_ms();

	for (size_t i = 0; i < sim->row_count; i++) {
		int64_t stamp_ms = ((int64_t)sim->rows[i].inserted_at - sim->plan.epoch) * 1000;

		if (stamp_ms > (int64_t)last)
			last = (uint64_t)stamp_ms;
	}
	return last;
}

static void await_delivery(struct service *service)
{
	uint64_t limit_ms = last_stamp_ms() + COMPLETE_MS + (sim->size_refused ? HELD_MS : 0);

	while (!sim_all_found() && sim_now_ms() < limit_ms)
		live_until(service, sim_now_ms() + 10000);
	sim_check_end();
	if (sim_now_ms() < sim->plan.faults_end_ms)
		live_until(service, sim->plan.faults_end_ms);
	live_until(service, sim_now_ms() + COMMIT_MS);
	sim_check_committed();
}

static bool replays_ended(const struct service *service)
{
	struct lc_shard *shards[SIM_SHARDS_MAX];

	list_shards(service, shards);
	return sim_replays_ended(shards, SIM_SHARDS_MAX);
}

static void await_replays(struct service *service)
{
	uint64_t limit_ms = sim_now_ms() + COMPLETE_MS + (sim->size_refused ? HELD_MS : 0);

	sim->plan.replays = false; /* nobody orders another one */
	while (!replays_ended(service) && sim_now_ms() < limit_ms)
		live_until(service, sim_now_ms() + 10000);
	if (!replays_ended(service))
		sim_fail("a replay does not end");
	sim_replays_check();
}

static void on_fault(void *context, const char *fault)
{
	(void)context;
	sim_fail("a ledger is not in order: %s", fault);
}

static void check_ledgers(void)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	char path[PATH_MAX];

	for (unsigned i = 0; i < SIM_SHARDS_MAX; i++) {
		if (!has_shard(i))
			continue;
		ledger_path(path, i, sim->plan.shard_count);
		if (!lc_ledger_check(path, on_fault, NULL, &error))
			sim_fail("a ledger cannot be checked: %s", error.message);
	}
}

static uint64_t last_visible_ms(void)
{
	uint64_t last = 0;

	for (size_t i = 0; i < sim->row_count; i++) {
		for (unsigned j = 0; j < sim->plan.seat_count; j++) {
			if (sim->rows[i].visible_ms[j] > last)
				last = sim->rows[i].visible_ms[j];
		}
	}
	return last;
}

void sim_live(void)
{
	struct service service = {.lives = {{.shard = NULL}}};
	uint64_t visible_ms = last_visible_ms();

	start_all(&service);
	for (size_t i = 0; i < sim->plan.interruption_count; i++) {
		const struct sim_interruption *interruption = &sim->plan.interruptions[i];

		if (interruption->at_ms < sim_now_ms())
			continue;
		live_until(&service, interruption->at_ms);
		interrupt(&service, interruption);
	}
	if (sim->plan.faults_end_ms > sim_now_ms())
		live_until(&service, sim->plan.faults_end_ms);
	if (visible_ms > sim_now_ms())
		live_until(&service, visible_ms);
	await_delivery(&service);
	await_replays(&service);
	live_until(&service, sim_now_ms() + QUIET_MS);
	drain(&service);
	start_all(&service);
	live_until(&service, sim_now_ms() + QUIET_MS);
	drain(&service);
	check_ledgers();
	sim_check_end();
	sim_replays_check();
}
