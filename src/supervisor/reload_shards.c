#include "supervisor/reload_parts.h"

#include "base/memory.h"

#include <stdlib.h>

static void start_all(struct lc_reload *reload)
{
	struct lc_fleet *fleet = reload->host.fleet;

	for (size_t i = 0; i < fleet->count; i++) {
		struct lc_shard_process *process = fleet->processes[i];

		if (reload->paused[lc_shard_process_shard(process)])
			lc_shard_process_pause(process);
		else
			lc_shard_process_start(process);
	}
	lc_reload_enter(reload, LC_RELOAD_STARTING);
	lc_loop_timer_start(reload->poke, 0);
}

static void give_up(struct lc_reload *reload, const struct lc_error *error)
{
	reload->failed = true;
	lc_reload_say(reload, "taken back: %s", error->message);
	start_all(reload);
}

/* No worker may run: which ledgers hold is only certain for a start that reads the layout anew. */
static void stay_down(struct lc_reload *reload, const struct lc_error *error)
{
	reload->failed = true;
	lc_reload_say(reload, "%.800s; the service has to be restarted", error->message);
	lc_reload_end(reload);
}

/* The ledgers are in force: there is no way back from here. */
static void man_anew(struct lc_reload *reload)
{
	struct lc_fleet *fleet = reload->host.fleet;
	unsigned before = fleet->context->shard_count;
	struct lc_error error;

	lc_reload_swap(reload->host.settings, &reload->candidate);
	if (!lc_fleet_rebuild(fleet, &error)) {
		stay_down(reload, &error);
		return;
	}
	if (!reload->host.follow(reload->host.context, &error)) {
		reload->failed = true;
		lc_reload_say(reload, "the shards have changed, but: %s", error.message);
	}
	if (before != fleet->context->shard_count) {
		free(reload->paused);
		reload->paused = lc_memory_zero(fleet->context->shard_count, sizeof(bool));
	}
	start_all(reload);
}

static void finish_change(struct lc_reload *reload)
{
	struct lc_error error;

	if (lc_layout_finish_change(&reload->layout, &error))
		man_anew(reload);
	else if (lc_layout_is_right(&reload->layout))
		stay_down(reload, &error);
	else
		give_up(reload, &error);
}

void lc_reload_change_layout(struct lc_reload *reload)
{
	const struct lc_shard_process_context *context = reload->host.fleet->context;
	struct lc_error error;

	if (!lc_layout_open(&reload->layout, &reload->candidate, &error)) {
		give_up(reload, &error);
		return;
	}
	if (lc_layout_is_right(&reload->layout)) {
		man_anew(reload);
	} else if (!lc_layout_start_change(&reload->layout, context->state_lock,
					   &context->worker_signals, &reload->mover, &error)) {
		give_up(reload, &error);
	} else {
		lc_reload_say(reload, "moving the ledgers of %u shards to %u",
			      reload->layout.in_force, reload->layout.wanted);
		lc_reload_enter(reload, LC_RELOAD_MOVING);
	}
}

void lc_reload_on_child(struct lc_reload *reload)
{
	struct lc_error error;

	switch (lc_move_process_reap(&reload->mover, &error)) {
	case LC_MOVE_PROCESS_RUNS:
		break;
	case LC_MOVE_PROCESS_MOVED:
		if (reload->step == LC_RELOAD_MOVING)
			finish_change(reload);
		break;
	case LC_MOVE_PROCESS_FAILED:
		if (reload->step == LC_RELOAD_MOVING)
			give_up(reload, &error);
		break;
	}
}

void lc_reload_empty(struct lc_reload *reload)
{
	struct lc_fleet *fleet = reload->host.fleet;

	reload->paused = lc_memory_zero(fleet->context->shard_count, sizeof(bool));
	for (size_t i = 0; i < fleet->count; i++)
		reload->paused[lc_shard_process_shard(fleet->processes[i])] =
		    lc_shard_process_is_to_pause(fleet->processes[i]);
	lc_reload_say(reload, "the shards change: all workers finish");
	lc_reload_enter(reload, LC_RELOAD_EMPTYING);
	lc_fleet_each(fleet, lc_shard_process_drain);
	lc_loop_timer_start(reload->poke, 0);
}
