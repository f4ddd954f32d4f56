/* The lives of the service in one history: it is started, drained, thrown away, started again, with
 * as many shards as before or with others. */
#include "delivery/delivery.h"
#include "delivery/shard.h"
#include "sim/sim.h"

#include "ledger/file_name.h"
#include "ledger/ledger.h"
#include "ledger/ledger_check.h"
#include "ledger/share.h"
#include "worker/shared_ledger.h"

#include <limits.h>

enum {
	COMMIT_MS = 300 * 1000,        /* so long the last offsets may take */
	COMPLETE_MS = 3 * 3600 * 1000, /* within which all must be delivered once all is well */
	HELD_MS = 6 * 3600 * 1000,  /* at most, what was refused for its size waits to be tried */
	CHANGE_LEAST_MS = 3 * 1000, /* about so long between two changes of machines */
	CHANGE_MOST_MS = 60 * 1000,
	QUIET_MS = 900 * 1000, /* in which nothing may be delivered again */
	SHUTDOWN_MS = 60 * 1000,
	ABANDON_MS = 5 * 1000,
	DOWN_MS = 5 * 1000,
	PIECE_ROWS = SIM_PIECE_MAX / 180, /* no row is smaller */
	OBJECT_BYTES = 6000,              /* of one with a short line */
};

/* A worker of the service. */
struct life {
	bool running;
	unsigned machine;
	unsigned number;                 /* of the shard */
	struct lc_shard *shard;          /* NULL: its ledger is not there yet */
	struct lc_shared_ledger *shared; /* NULL: the ledger is this machine's alone */
	struct lc_settings settings;
	struct lc_counters counters;
	bool ready;
	bool leaving;   /* it is being drained */
	bool delivered; /* the shard is */
	bool drained;
	bool taken_over;
};

/* The service: one life for each shard that a machine has. Of several lives of a shard all but the
 * owner's were replaced, whether they know it or not. */
struct service {
	struct life lives[SIM_MACHINES_MAX][SIM_SHARDS_MAX];
	unsigned owners[SIM_SHARDS_MAX]; /* machines */
	uint64_t change_ms;              /* about so long between two changes of machines */
	uint64_t next_change_ms;
	bool draining;
};

static void on_ready(void *context)
{
	struct life *life = context;

	if (life->ready)
		sim_fail("the shard said twice that it is ready");
	life->ready = true;
}

static void on_released(void *context)
{
	struct life *life = context;

	life->drained = true;
}

/* Whatever it is doing: a segment may be on its way to S3, or the ledger be restored. */
static void release_share(struct life *life)
{
	if (life->shared != NULL && lc_share_is_claimed(lc_shared_ledger_share(life->shared)))
		lc_share_release(lc_shared_ledger_share(life->shared), on_released, life);
	else
		life->drained = true;
}

static void on_drained(void *context)
{
	struct life *life = context;

	if (life->delivered)
		sim_fail("the shard said twice that it is drained");
	life->delivered = true;
	release_share(life);
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

static void ledger_path(char path[PATH_MAX], unsigned machine, unsigned shard)
{
	struct lc_error error;

	if (!lc_file_name_path(path, sim->machines[machine].directory, shard, sim->plan.shard_count,
			       "", &error))
		sim_fail("no path: %s", error.message);
}

static void start_shard(struct life *life)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};

	life->shard = lc_shard_new(
	    sim->machines[life->machine].loop, &life->settings, life->number, sim->plan.shard_count,
	    life->shared == NULL ? NULL : lc_shared_ledger_share(life->shared), &life->counters,
	    &CALLBACKS, life, &error);
	if (life->shard == NULL)
		sim_fail("the shard cannot be made: %s", error.message);
	if (life->shared != NULL)
		lc_shared_ledger_begin_checkpoints(life->shared,
						   lc_shard_delivery(life->shard)->ledger);
	lc_shard_start(life->shard);
}

/* ---- the ledger that machines share ---- */

static void on_ledger_ready(void *context)
{
	struct life *life = context;
	char path[PATH_MAX];

	ledger_path(path, life->machine, life->number);
	if (sim_shares_below(8) == 0)
		sim_check_restored(path, life->number);
	start_shard(life);
}

static void on_ledger_failed(void *context, const struct lc_error *error)
{
	struct life *life = context;
	const struct lc_shard_head *known = lc_share_head(lc_shared_ledger_share(life->shared));
	struct lc_shard_head head;
	struct lc_error fault;

	if (error->kind != LC_ERROR_TAKEN_OVER)
		sim_fail("the ledger of shard %u: %s", life->number, error->message);
	if (!lc_shard_head_parse(lc_view_of(sim_head_value(life->number)), &head, &fault) ||
	    head.epoch <= known->epoch)
		sim_fail("a life of shard %u was not taken over: %s", life->number, error->message);
	sim_trace("shard %u on machine %u: %s", life->number, life->machine, error->message);
	life->taken_over = true;
}

static void on_ledger_trouble(void *context, const struct lc_error *error)
{
	(void)context;
	if (error != NULL)
		sim_trace("trouble with a ledger: %s", error->message);
}

static const struct lc_share_callbacks LEDGER_CALLBACKS = {
    .on_ready = on_ledger_ready,
    .on_failed = on_ledger_failed,
    .on_trouble = on_ledger_trouble,
};

static void claim(struct life *life)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};

	life->shared = lc_shared_ledger_new(sim->machines[life->machine].loop, &life->settings,
					    life->number, sim->plan.shard_count, &life->counters,
					    &LEDGER_CALLBACKS, life, &error);
	if (life->shared == NULL)
		sim_fail("the shared ledger cannot be made: %s", error.message);
	lc_share_claim(lc_shared_ledger_share(life->shared), UINT64_MAX);
}

/* ---- lives ---- */

static void start(struct life *life, unsigned machine, unsigned shard)
{
	*life = (struct life){.running = true, .machine = machine, .number = shard};
	sim_settings_make(&life->settings, machine);
	sim->lives++;
	sim_trace("life %u begins, shard %u of %u", sim->lives, shard, sim->plan.shard_count);
	if (sim->failover)
		claim(life);
	else
		start_shard(life);
}

static bool has_shard(unsigned shard)
{
	return sim->plan.all_shards ? shard < sim->plan.shard_count : shard == sim->plan.shard;
}

static struct life *owner_of(struct service *service, unsigned shard)
{
	return &service->lives[service->owners[shard]][shard];
}

/* Starts what is not running. */
static void start_all(struct service *service)
{
	sim->crash_wanted = false;
	for (unsigned i = 0; i < SIM_SHARDS_MAX; i++) {
		if (!has_shard(i) || owner_of(service, i)->running)
			continue;
		sim_machine_go_on(service->owners[i]);
		start(owner_of(service, i), service->owners[i], i);
	}
}

static void end(struct life *life)
{
	if (life->shared != NULL)
		lc_shared_ledger_end_checkpoints(life->shared);
	if (life->shard != NULL)
		lc_shard_free(life->shard);
	lc_shared_ledger_free(life->shared);
	lc_settings_free(&life->settings);
	*life = (struct life){.running = false};
}

static void crash(struct life *life)
{
	if (!life->running)
		return;
	sim_trace("a process dies");
	sim->crashing = true;
	end(life);
	sim->crashing = false;
}

static void crash_machine(struct service *service, unsigned machine)
{
	for (unsigned i = 0; i < SIM_SHARDS_MAX; i++)
		crash(&service->lives[machine][i]);
}

static void crash_all(struct service *service)
{
	for (unsigned i = 0; i < sim->machine_count; i++)
		crash_machine(service, i);
	if (sim->reset_wanted)
		sim_forget_state();
	sim->crash_wanted = false;
	sim->reset_wanted = false;
}

/* Those that were replaced, and that have released their shard. An owner that somebody has replaced
 * who is gone takes its shard again. */
static void reap(struct service *service, struct life *life)
{
	unsigned machine = life->machine;
	unsigned shard = life->number;

	if (!life->taken_over && !life->drained)
		return;
	end(life);
	if (!service->draining && service->owners[shard] == machine)
		start(life, machine, shard);
}

/* The next step of the history, which is before that time. */
static bool step(struct service *service, uint64_t until_ms)
{
	if (!sim_step(until_ms))
		return false;
	for (unsigned i = 0; sim->failover && i < sim->machine_count; i++) {
		for (unsigned j = 0; j < SIM_SHARDS_MAX; j++) {
			if (service->lives[i][j].running)
				reap(service, &service->lives[i][j]);
		}
	}
	return true;
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
	for (unsigned i = 0; i < sim->machine_count; i++) {
		for (unsigned j = 0; j < SIM_SHARDS_MAX; j++) {
			if (service->lives[i][j].running)
				watch_memory(&service->lives[i][j]);
		}
	}
}

static void list_shards(const struct service *service, struct lc_shard *shards[SIM_SHARDS_MAX])
{
	for (unsigned i = 0; i < SIM_SHARDS_MAX; i++)
		shards[i] = service->lives[service->owners[i]][i].shard;
}

/* ---- machines ---- */

static void live_until(struct service *service, uint64_t until_ms);

/* Another machine takes the shard, whatever the one that has it does meanwhile. */
static void take_over(struct service *service, unsigned shard)
{
	unsigned former = service->owners[shard];
	unsigned next = (unsigned)sim_shares_below(sim->machine_count);
	uint64_t how = sim_shares_below(10);
	struct life *life = &service->lives[next][shard];

	sim_trace("machine %u takes shard %u from machine %u", next, shard, former);
	crash(life);
	if (how < 3)
		sim_machine_pause(former, sim_shares_below(600 * 1000));
	else if (how < 5)
		crash(&service->lives[former][shard]);
	service->owners[shard] = next;
	sim_machine_go_on(next);
	start(life, next, shard);
}

/* In haste, as when the ledger cannot be written, or in its time. */
static void leave(struct life *life, bool in_haste)
{
	life->leaving = true;
	if (life->shard == NULL)
		release_share(life);
	else if (in_haste)
		lc_shard_abandon(life->shard);
	else
		lc_shard_drain(life->shard);
}

/* The next one may come before the shard is released. */
static void release_shard(struct service *service, unsigned shard)
{
	struct life *life = owner_of(service, shard);

	sim_trace("machine %u releases shard %u", service->owners[shard], shard);
	if (!life->leaving)
		leave(life, sim_shares_below(3) == 0);
	service->owners[shard] = (service->owners[shard] + 1) % sim->machine_count;
	if (sim_shares_below(2) == 0)
		live_until(service, sim_now_ms() + sim_shares_below(30 * 1000));
}

static void roll_back(struct service *service, unsigned machine)
{
	sim_trace("machine %u goes back to an earlier copy", machine);
	crash_machine(service, machine);
	sim_machine_roll_back(machine);
}

static void change_machines(struct service *service)
{
	unsigned shard = (unsigned)sim_shares_below(SIM_SHARDS_MAX);
	unsigned machine = (unsigned)sim_shares_below(sim->machine_count);
	uint64_t what = sim_shares_below(10);

	if (what < 5 && has_shard(shard))
		take_over(service, shard);
	else if (what == 5 && has_shard(shard))
		release_shard(service, shard);
	else if (what == 6)
		sim_machine_pause(machine, sim_shares_below(300 * 1000));
	else if (what == 7)
		sim_machine_save(machine);
	else if (what == 8)
		roll_back(service, machine);
	else
		crash_machine(service, machine);
	if (!sim->crash_wanted)
		start_all(service);
}

static void act(struct service *service)
{
	if (!sim->failover || sim_now_ms() < service->next_change_ms ||
	    sim_now_ms() >= sim->plan.faults_end_ms)
		return;
	service->next_change_ms = sim_now_ms() + sim_shares_below(2 * service->change_ms);
	change_machines(service);
}

/* Runs until that time; false if the processes are to die before. */
static bool run(struct service *service, uint64_t until_ms)
{
	struct lc_shard *shards[SIM_SHARDS_MAX];

	while (step(service, until_ms)) {
		watch(service);
		act(service);
		list_shards(service, shards);
		sim_replays_act(shards, SIM_SHARDS_MAX);
		if (sim->crash_wanted)
			return false;
	}
	return true;
}

/* Nobody is started. */
static void pass_time(struct service *service, uint64_t ms)
{
	uint64_t until_ms = sim_now_ms() + ms;

	while (step(service, until_ms))
		continue;
}

/* Lives until that time, dying at steps on the way. */
static void live_until(struct service *service, uint64_t until_ms)
{
	while (!run(service, until_ms)) {
		crash_all(service);
		pass_time(service, sim_clock_down_ms(sim_below(DOWN_MS)));
		start_all(service);
	}
}

static bool is_drained(const struct service *service)
{
	for (unsigned i = 0; i < sim->machine_count; i++) {
		for (unsigned j = 0; j < SIM_SHARDS_MAX; j++) {
			const struct life *life = &service->lives[i][j];

			if (life->running && !life->drained)
				return false;
		}
	}
	return true;
}

/* False if the processes are to die before that time. */
static bool run_until_drained(struct service *service, uint64_t until_ms)
{
	while (!is_drained(service) && step(service, until_ms)) {
		watch(service);
		if (sim->crash_wanted)
			return false;
	}
	return true;
}

static void begin_to_drain(struct life *life)
{
	if (!life->leaving)
		leave(life, false);
}

static void abandon(struct life *life)
{
	if (life->shard != NULL && !life->delivered)
		lc_shard_abandon(life->shard);
}

/* A release that cannot be told is not waited for. */
static void stop_waiting(struct life *life)
{
	life->drained = life->drained || life->shard == NULL || life->delivered;
}

static void each_life(struct service *service, void (*call)(struct life *life))
{
	for (unsigned i = 0; i < sim->machine_count; i++) {
		for (unsigned j = 0; j < SIM_SHARDS_MAX; j++) {
			if (service->lives[i][j].running)
				call(&service->lives[i][j]);
		}
	}
}

static bool try_to_drain(struct service *service)
{
	each_life(service, begin_to_drain);
	if (!run_until_drained(service, sim_now_ms() + sim_below(SHUTDOWN_MS)))
		return false;
	each_life(service, abandon);
	if (!run_until_drained(service, sim_now_ms() + ABANDON_MS))
		return false;
	each_life(service, stop_waiting);
	if (!is_drained(service))
		sim_fail("a shard was never drained");
	return true;
}

static void drain(struct service *service)
{
	sim_trace("drain");
	service->draining = true;
	for (unsigned i = 0; i < sim->machine_count; i++)
		sim_machine_go_on(i);
	if (!try_to_drain(service))
		crash_all(service);
	else
		each_life(service, end);
	service->draining = false;
}

/* With a shared ledger nothing is lost by that. */
static void lose_state(struct service *service)
{
	crash_all(service);
	sim_trace("the state directory is lost");
	if (sim->failover) {
		sim_machine_lose((unsigned)sim_shares_below(sim->machine_count));
		return;
	}
	sim_forget_state();
	sim->state_lost = true;
}

static void interrupt(struct service *service, const struct sim_interruption *interruption)
{
	switch (interruption->kind) {
	case SIM_CRASH_ONE:
		crash(owner_of(service, (unsigned)sim_below(SIM_SHARDS_MAX)));
		live_until(service, sim_now_ms() + interruption->down_ms);
		break;
	case SIM_CRASH:
		crash_all(service);
		pass_time(service, interruption->down_ms);
		break;
	case SIM_DRAIN:
		drain(service);
		pass_time(service, interruption->down_ms);
		break;
	case SIM_CHANGE_SHARDS:
		drain(service);
		if (sim->plan.all_shards && !sim->failover)
			sim_move((unsigned)sim_between(1, SIM_SHARDS_MAX));
		pass_time(service, interruption->down_ms);
		break;
	case SIM_LOSE_STATE:
		lose_state(service);
		pass_time(service, interruption->down_ms);
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

static void check_ledgers(const struct service *service)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	char path[PATH_MAX];

	for (unsigned i = 0; i < SIM_SHARDS_MAX; i++) {
		if (!has_shard(i))
			continue;
		ledger_path(path, service->owners[i], i);
		if (!lc_ledger_check(path, on_fault, NULL, &error))
			sim_fail("a ledger cannot be checked: %s", error.message);
		if (sim->failover)
			sim_check_restored(path, i);
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
	struct service service = {.draining = false};
	uint64_t visible_ms = last_visible_ms();

	service.change_ms = CHANGE_LEAST_MS + sim_shares_below(CHANGE_MOST_MS);
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
	check_ledgers(&service);
	sim_check_end();
	sim_replays_check();
}
