#include "supervisor/slot.h"

#include "base/assert.h"

#include <signal.h>
#include <stddef.h>

typedef struct lc_slot_actions step(struct lc_slot *slot, const struct lc_slot_event *event);

static const struct lc_slot_actions NOTHING = {0};

void lc_slot_init(struct lc_slot *slot, const struct lc_slot_rules *rules, uint64_t seed)
{
	*slot = (struct lc_slot){.rules = *rules, .state = LC_SHARD_STATE_STOPPED};
	lc_random_seed(&slot->random, seed);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}

static void enter(struct lc_slot *slot, enum lc_shard_state state, uint64_t wake_ms)
{
	slot->state = state;
	slot->wake_ms = wake_ms;
}

static struct lc_slot_actions step_fork(struct lc_slot *slot, const struct lc_slot_event *event)
{
	if (slot->forked_before)
		slot->restarts++;
	slot->forked_before = true;
	slot->forked_ms = event->now_ms;
	slot->kill_ms = 0;
	slot->abandon_ms = 0;
	enter(slot, LC_SHARD_STATE_STARTING, event->now_ms + slot->rules.heartbeat_timeout_ms);
	return (struct lc_slot_actions){.fork = true};
}

static struct lc_slot_actions step_start(struct lc_slot *slot, const struct lc_slot_event *event)
{
	slot->unwanted = false;
	return step_fork(slot, event);
}

static struct lc_slot_actions step_restart(struct lc_slot *slot, const struct lc_slot_event *event)
{
	return event->now_ms < slot->wake_ms ? NOTHING : step_fork(slot, event);
}

static struct lc_slot_actions back_off(struct lc_slot *slot, uint64_t now_ms)
{
	uint64_t delay_ms =
	    lc_backoff_delay_ms(&slot->rules.backoff, slot->failures, &slot->random);

	slot->failures++;
	enter(slot, LC_SHARD_STATE_BACKING_OFF, now_ms + delay_ms);
	return NOTHING;
}

static struct lc_slot_actions step_fork_failed(struct lc_slot *slot,
					       const struct lc_slot_event *event)
{
	return back_off(slot, event->now_ms);
}

static struct lc_slot_actions step_ready(struct lc_slot *slot, const struct lc_slot_event *event)
{
	(void)event;
	enter(slot, LC_SHARD_STATE_READY, slot->wake_ms);
	return NOTHING;
}

static struct lc_slot_actions step_died(struct lc_slot *slot, const struct lc_slot_event *event)
{
	if (event->config_error) {
		enter(slot, LC_SHARD_STATE_FAILED, 0);
		return NOTHING;
	}
	if (event->now_ms - slot->forked_ms >= slot->rules.healthy_after_ms)
		slot->failures = 0;
	return back_off(slot, event->now_ms);
}

static struct lc_slot_actions step_ended(struct lc_slot *slot, const struct lc_slot_event *event)
{
	if (!slot->unwanted)
		return step_died(slot, event);
	enter(slot, LC_SHARD_STATE_STOPPED, 0);
	return NOTHING;
}

static struct lc_slot_actions step_stopped(struct lc_slot *slot, const struct lc_slot_event *event)
{
	(void)event;
	slot->unwanted = true;
	enter(slot, LC_SHARD_STATE_STOPPED, 0);
	return NOTHING;
}

/* Looks at the heartbeat. A timer that comes far too late tells of a supervisor that stood still
 * itself (a frozen group, a stopped machine): the worker then gets its time once more. */
static bool heart_stopped(const struct lc_slot *slot, const struct lc_slot_event *event,
			  uint64_t *next_ms)
{
	uint64_t timeout_ms = slot->rules.heartbeat_timeout_ms;
	uint64_t due_ms = event->heartbeat_ms + timeout_ms;

	if (event->now_ms < due_ms) {
		*next_ms = due_ms;
		return false;
	}
	*next_ms = event->now_ms + timeout_ms;
	return event->now_ms < slot->wake_ms + timeout_ms / 2;
}

static struct lc_slot_actions abort_worker(struct lc_slot *slot, uint64_t now_ms)
{
	slot->kill_ms = earlier(slot->kill_ms, now_ms + slot->rules.core_grace_ms);
	enter(slot, LC_SHARD_STATE_KILLING, slot->kill_ms);
	return (struct lc_slot_actions){.signal = SIGABRT};
}

static struct lc_slot_actions step_check_heartbeat(struct lc_slot *slot,
						   const struct lc_slot_event *event)
{
	uint64_t next_ms;

	if (event->now_ms < slot->wake_ms)
		return NOTHING;
	if (heart_stopped(slot, event, &next_ms))
		return abort_worker(slot, event->now_ms);
	slot->wake_ms = next_ms;
	return NOTHING;
}

static struct lc_slot_actions step_kill(struct lc_slot *slot, const struct lc_slot_event *event)
{
	if (slot->kill_ms == 0 || event->now_ms < slot->kill_ms)
		return NOTHING;
	slot->kill_ms = 0;
	enter(slot, LC_SHARD_STATE_KILLING, 0);
	return (struct lc_slot_actions){.signal = SIGKILL};
}

static struct lc_slot_actions step_drain(struct lc_slot *slot, const struct lc_slot_event *event)
{
	slot->unwanted = true;
	slot->kill_ms = event->now_ms + slot->rules.drain_timeout_ms;
	slot->abandon_ms = slot->kill_ms - slot->rules.abandon_grace_ms;
	enter(slot, LC_SHARD_STATE_DRAINING, earlier(slot->wake_ms, slot->abandon_ms));
	return (struct lc_slot_actions){.send_drain = true};
}

static struct lc_slot_actions step_abandon(struct lc_slot *slot, const struct lc_slot_event *event)
{
	slot->unwanted = true;
	slot->abandon_ms = 0;
	slot->kill_ms = earlier(slot->kill_ms, event->now_ms + slot->rules.abandon_grace_ms);
	enter(slot, LC_SHARD_STATE_DRAINING, slot->kill_ms);
	return (struct lc_slot_actions){.send_abandon = true};
}

/* While draining a worker still has to show its heartbeat, and has two deadlines besides. */
static struct lc_slot_actions step_watch_drain(struct lc_slot *slot,
					       const struct lc_slot_event *event)
{
	uint64_t next_ms;

	if (event->now_ms >= slot->kill_ms)
		return step_kill(slot, event);
	if (slot->abandon_ms != 0 && event->now_ms >= slot->abandon_ms)
		return step_abandon(slot, event);
	if (event->now_ms < slot->wake_ms)
		return NOTHING;
	if (heart_stopped(slot, event, &next_ms))
		return abort_worker(slot, event->now_ms);
	slot->wake_ms = earlier(next_ms, earlier(slot->abandon_ms, slot->kill_ms));
	return NOTHING;
}

static struct lc_slot_actions step_unwanted(struct lc_slot *slot, const struct lc_slot_event *event)
{
	(void)event;
	slot->unwanted = true;
	return NOTHING;
}

/* Steps that are not named mean nothing in their state. */
static step *const STEPS[LC_SHARD_STATE_COUNT][LC_SLOT_EVENT_COUNT] = {
    [LC_SHARD_STATE_STOPPED] =
	{
	    [LC_SLOT_START] = step_start,
	},
    [LC_SHARD_STATE_STARTING] =
	{
	    [LC_SLOT_FORK_FAILED] = step_fork_failed,
	    [LC_SLOT_CAME_READY] = step_ready,
	    [LC_SLOT_TIMER] = step_check_heartbeat,
	    [LC_SLOT_EXITED] = step_died,
	    [LC_SLOT_DRAIN] = step_drain,
	    [LC_SLOT_HURRY] = step_abandon,
	},
    [LC_SHARD_STATE_READY] =
	{
	    [LC_SLOT_TIMER] = step_check_heartbeat,
	    [LC_SLOT_EXITED] = step_died,
	    [LC_SLOT_DRAIN] = step_drain,
	    [LC_SLOT_HURRY] = step_abandon,
	},
    [LC_SHARD_STATE_BACKING_OFF] =
	{
	    [LC_SLOT_TIMER] = step_restart,
	    [LC_SLOT_DRAIN] = step_stopped,
	    [LC_SLOT_HURRY] = step_stopped,
	},
    [LC_SHARD_STATE_DRAINING] =
	{
	    [LC_SLOT_TIMER] = step_watch_drain,
	    [LC_SLOT_EXITED] = step_ended,
	    [LC_SLOT_HURRY] = step_abandon,
	},
    [LC_SHARD_STATE_KILLING] =
	{
	    [LC_SLOT_TIMER] = step_kill,
	    [LC_SLOT_EXITED] = step_ended,
	    [LC_SLOT_DRAIN] = step_unwanted,
	    [LC_SLOT_HURRY] = step_unwanted,
	},
    [LC_SHARD_STATE_FAILED] =
	{
	    [LC_SLOT_DRAIN] = step_stopped,
	    [LC_SLOT_HURRY] = step_stopped,
	},
};

struct lc_slot_actions lc_slot_step(struct lc_slot *slot, const struct lc_slot_event *event)
{
	step *step_here;

	LC_ASSERT((unsigned)event->type < LC_SLOT_EVENT_COUNT);
	step_here = STEPS[slot->state][event->type];
	return step_here == NULL ? NOTHING : step_here(slot, event);
}
