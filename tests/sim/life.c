/* The lives of a shard in one history: it is started, drained, thrown away, and started again. */
#include "delivery/shard.h"
#include "sim/sim.h"

#include "base/memory.h"
#include "ledger/ledger.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum {
	COMPLETE_MS = 3 * 3600 * 1000, /* within which all must be delivered once all is well */
	QUIET_MS = 900 * 1000,         /* in which nothing may be delivered again */
	SHUTDOWN_MS = 60 * 1000,
	ABANDON_MS = 5 * 1000,
	DOWN_MS = 5 * 1000,
	PIECE_ROWS = SIM_PIECE_MAX / 180, /* no row is smaller */
	OBJECT_BYTES = 6000,              /* of one with a short line */
};

struct life {
	struct lc_shard *shard; /* NULL: none is running */
	struct lc_settings settings;
	bool ready;
	bool drained;
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

static void on_failed(void *context, const struct lc_error *error)
{
	(void)context;
	sim_fail("the shard stopped: %s", error->message);
}

static const struct lc_shard_callbacks CALLBACKS = {
    .on_ready = on_ready, .on_drained = on_drained, .on_failed = on_failed};

static void start(struct life *life)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};

	*life = (struct life){.shard = NULL};
	sim_settings_make(&life->settings);
	sim->lives++;
	sim->crash_wanted = false;
	sim_trace("life %u begins", sim->lives);
	life->shard = lc_shard_new(sim->loop, &life->settings, sim->plan.shard,
				   sim->plan.shard_count, &sim->counters, &CALLBACKS, life, &error);
	if (life->shard == NULL)
		sim_fail("the shard can not be made: %s", error.message);
	lc_shard_start(life->shard);
}

static void end(struct life *life)
{
	lc_shard_free(life->shard);
	life->shard = NULL;
	lc_settings_free(&life->settings);
}

static void crash(struct life *life)
{
	sim_trace("the process dies");
	sim->crashing = true;
	end(life);
	sim->crashing = false;
	sim->crash_wanted = false;
}

/* What is in flight may pass its cap by a piece of an answer, whose rows may each begin an object,
 * and by an object that is being closed. */
static void watch_memory(const struct life *life)
{
	const struct lc_settings *settings = &life->settings;
	size_t bytes = lc_counters_get(&sim->counters, LC_COUNTERS_INFLIGHT_BYTES);
	size_t cap = (size_t)settings->limits_max_inflight_bytes;
	size_t objects = PIECE_ROWS / (size_t)settings->consumer_max_logs_per_object +
			 SIM_TARGETS_MAX * SIM_SOURCES_MAX;
	size_t more = 4 * SIM_PIECE_MAX + 2 * (size_t)settings->consumer_max_object_bytes +
		      objects * OBJECT_BYTES;

	if (bytes > sim->in_flight_max)
		sim->in_flight_max = bytes;
	if (bytes > cap + more)
		sim_fail("%zu bytes are in flight, the cap is %zu", bytes, cap);
}

/* Runs until that time; false if the process is to die before. */
static bool run(struct life *life, uint64_t until_ms)
{
	while (sim_step(until_ms)) {
		watch_memory(life);
		if (sim->crash_wanted)
			return false;
	}
	return true;
}

static void pass_time(uint64_t ms)
{
	uint64_t until_ms = sim_now_ms() + ms;

	while (sim_step(until_ms))
		continue;
}

/* Runs until `done` or until that time. */
static bool run_until_drained(struct life *life, uint64_t until_ms)
{
	while (!life->drained && sim_step(until_ms)) {
		watch_memory(life);
		if (sim->crash_wanted)
			return false;
	}
	return true;
}

static void drain(struct life *life)
{
	sim_trace("drain");
	lc_shard_drain(life->shard);
	if (!run_until_drained(life, sim_now_ms() + sim_below(SHUTDOWN_MS))) {
		crash(life);
		return;
	}
	if (!life->drained) {
		sim_trace("abandon");
		lc_shard_abandon(life->shard);
		if (!run_until_drained(life, sim_now_ms() + ABANDON_MS)) {
			crash(life);
			return;
		}
	}
	if (!life->drained)
		sim_fail("the shard was never drained");
	end(life);
}

static void ledger_path(char path[PATH_MAX], const char *suffix)
{
	snprintf(path, PATH_MAX, "%s/shard-%u-of-%u.db%s", sim->directory, sim->plan.shard,
		 sim->plan.shard_count, suffix);
}

void sim_forget_state(void)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", ".new"};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		ledger_path(path, suffixes[i]);
		unlink(path);
	}
}

static void interrupt(struct life *life, const struct sim_interruption *interruption)
{
	switch (interruption->kind) {
	case SIM_DRAIN:
		drain(life);
		break;
	case SIM_LOSE_STATE:
		crash(life);
		sim_trace("the state directory is lost");
		sim_forget_state();
		sim->state_lost = true;
		break;
	case SIM_CRASH:
		crash(life);
		break;
	}
	pass_time(interruption->down_ms);
}

/* Lives until that time, dying at steps on the way. */
static void live_until(struct life *life, uint64_t until_ms)
{
	while (!run(life, until_ms)) {
		crash(life);
		pass_time(sim_below(DOWN_MS));
		start(life);
	}
}

static void await_delivery(struct life *life)
{
	uint64_t limit_ms = sim_now_ms() + COMPLETE_MS;

	while (!sim_all_found() && sim_now_ms() < limit_ms)
		live_until(life, sim_now_ms() + 10000);
	sim_check_end();
}

static void on_fault(void *context, const char *fault)
{
	(void)context;
	sim_fail("the ledger is not in order: %s", fault);
}

static void check_ledger(void)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	char path[PATH_MAX];

	ledger_path(path, "");
	if (!lc_ledger_check(path, on_fault, NULL, &error))
		sim_fail("the ledger can not be checked: %s", error.message);
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
	struct life life;
	uint64_t visible_ms = last_visible_ms();

	start(&life);
	for (size_t i = 0; i < sim->plan.interruption_count; i++) {
		const struct sim_interruption *interruption = &sim->plan.interruptions[i];

		if (interruption->at_ms < sim_now_ms())
			continue;
		live_until(&life, interruption->at_ms);
		interrupt(&life, interruption);
		start(&life);
	}
	live_until(&life, sim->plan.faults_end_ms);
	if (visible_ms > sim_now_ms())
		live_until(&life, visible_ms);
	await_delivery(&life);
	live_until(&life, sim_now_ms() + QUIET_MS);
	drain(&life);
	start(&life);
	live_until(&life, sim_now_ms() + QUIET_MS);
	drain(&life);
	check_ledger();
	sim_check_end();
}
