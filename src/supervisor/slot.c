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

void lc_slot_set_rules(struct lc_slot *slot, const struct lc_slot_rules *rules)
{
	slot->rules = *rules;
}

bool lc_slot_expects_end(const struct lc_slot *slot)
{
	return slot->state == LC_SHARD_STATE_DRAINING || slot->intention != LC_SLOT_TO_WORK;
}

unsigned lc_slot_deaths_in_a_row(const struct lc_slot *slot, uint64_t now_ms)
{
	bool lives = slot->state == LC_SHARD_STATE_READY;

	return lives && now_ms - slot->forked_ms >= slot->rules.healthy_after_ms ? 0
										 : slot->failures;
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

static struct lc_slot_actions fork_worker(struct lc_slot *slot, uint64_t now_ms)
{
	slot->intention = LC_SLOT_TO_WORK;
	slot->forked_ms = now_ms;
	slot->kill_ms = 0;
	slot->abandon_ms = 0;
	enter(slot, LC_SHARD_STATE_STARTING, now_ms + slot->rules.heartbeat_timeout_ms);
	return (struct lc_slot_actions){.fork = true};
}

/* The first worker, or one with which a new life begins: earlier deaths do not count. */
static struct lc_slot_actions step_start(struct lc_slot *slot, const struct lc_slot_event *event)
{
	slot->failures = 0;
	return fork_worker(slot, event->now_ms);
}

static struct lc_slot_actions step_restart(struct lc_slot *slot, const struct lc_slot_event *event)
{
	if (event->now_ms < slot->wake_ms)
		return NOTHING;
	slot->restarts++;
	return fork_worker(slot, event->now_ms);
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
	slot->replacing = false;
	enter(slot, LC_SHARD_STATE_READY, slot->wake_ms);
	return NOTHING;
}

/* There is no worker any more, and none is wanted: whatever comes is a new life. */
static struct lc_slot_actions rest(struct lc_slot *slot, enum lc_slot_intention intention)
{
	static const enum lc_shard_state states[] = {
	    [LC_SLOT_TO_PAUSE] = LC_SHARD_STATE_PAUSED,
	    [LC_SLOT_TO_AWAY] = LC_SHARD_STATE_AWAY,
	    [LC_SLOT_TO_STOP] = LC_SHARD_STATE_STOPPED,
	};

	slot->intention = intention;
	slot->replacing = false;
	slot->failures = 0;
	enter(slot, states[intention], 0);
	return NOTHING;
}

static struct lc_slot_actions step_died(struct lc_slot *slot, const struct lc_slot_event *event)
{
	slot->replacing = false;
	if (event->taken_over)
		return rest(slot, LC_SLOT_TO_AWAY);
	if (event->config_error) {
		enter(slot, LC_SHARD_STATE_FAILED, 0);
		return NOTHING;
	}
	if (event->now_ms - slot->forked_ms >= slot->rules.healthy_after_ms)
		slot->failures = 0;
	return back_off(slot, event->now_ms);
}

/* A worker that was being killed did not end as it was told: it counts as a death. */
static struct lc_slot_actions step_killed(struct lc_slot *slot, const struct lc_slot_event *event)
{
	return slot->intention == LC_SLOT_TO_WORK ? step_died(slot, event)
						  : rest(slot, slot->intention);
}

static struct lc_slot_actions step_drained(struct lc_slot *slot, const struct lc_slot_event *event)
{
	if (slot->intention != LC_SLOT_TO_WORK)
		return rest(slot, slot->intention);
	return event->config_error || event->taken_over ? step_died(slot, event)
							: step_start(slot, event);
}

static struct lc_slot_actions step_stopped(struct lc_slot *slot, const struct lc_slot_event *event)
{
	(void)event;
	return rest(slot, LC_SLOT_TO_STOP);
}

static struct lc_slot_actions step_paused(struct lc_slot *slot, const struct lc_slot_event *event)
{
	(void)event;
	return rest(slot, LC_SLOT_TO_PAUSE);
}

static struct lc_slot_actions step_away(struct lc_slot *slot, const struct lc_slot_event *event)
{
	(void)event;
	return rest(slot, LC_SLOT_TO_AWAY);
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

static struct lc_slot_actions step_outgrew(struct lc_slot *slot, const struct lc_slot_event *event)
{
	return abort_worker(slot, event->now_ms);
}

static struct lc_slot_actions step_kill(struct lc_slot *slot, const struct lc_slot_event *event)
{
	if (slot->kill_ms == 0 || event->now_ms < slot->kill_ms)
		return NOTHING;
	slot->kill_ms = 0;
	enter(slot, LC_SHARD_STATE_KILLING, 0);
	return (struct lc_slot_actions){.signal = SIGKILL};
}

static struct lc_slot_actions drain(struct lc_slot *slot, uint64_t now_ms,
				    enum lc_slot_intention intention)
{
	slot->intention = intention;
	slot->kill_ms = now_ms + slot->rules.drain_timeout_ms;
	slot->abandon_ms = slot->kill_ms - slot->rules.abandon_grace_ms;
	enter(slot, LC_SHARD_STATE_DRAINING, earlier(slot->wake_ms, slot->abandon_ms));
	return (struct lc_slot_actions){.send_drain = true};
}

static struct lc_slot_actions step_drain(struct lc_slot *slot, const struct lc_slot_event *event)
{
	return drain(slot, event->now_ms, LC_SLOT_TO_STOP);
}

static struct lc_slot_actions step_pause(struct lc_slot *slot, const struct lc_slot_event *event)
{
	return drain(slot, event->now_ms, LC_SLOT_TO_PAUSE);
}

static struct lc_slot_actions step_release(struct lc_slot *slot, const struct lc_slot_event *event)
{
	return drain(slot, event->now_ms, LC_SLOT_TO_AWAY);
}

static struct lc_slot_actions step_replace(struct lc_slot *slot, const struct lc_slot_event *event)
{
	slot->replacing = true;
	return drain(slot, event->now_ms, LC_SLOT_TO_WORK);
}

static struct lc_slot_actions abandon(struct lc_slot *slot, const struct lc_slot_event *event)
{
	slot->abandon_ms = 0;
	slot->kill_ms = earlier(slot->kill_ms, event->now_ms + slot->rules.abandon_grace_ms);
	enter(slot, LC_SHARD_STATE_DRAINING, slot->kill_ms);
	return (struct lc_slot_actions){.send_abandon = true};
}

static struct lc_slot_actions step_hurry(struct lc_slot *slot, const struct lc_slot_event *event)
{
	slot->intention = LC_SLOT_TO_STOP;
	return abandon(slot, event);
}

/* While draining a worker still has to show its heartbeat, and has two deadlines besides. */
static struct lc_slot_actions step_watch_drain(struct lc_slot *slot,
					       const struct lc_slot_event *event)
{
	uint64_t next_ms;

	if (event->now_ms >= slot->kill_ms)
		return step_kill(slot, event);
	if (slot->abandon_ms != 0 && event->now_ms >= slot->abandon_ms)
		return abandon(slot, event);
	if (event->now_ms < slot->wake_ms)
		return NOTHING;
	if (heart_stopped(slot, event, &next_ms))
		return abort_worker(slot, event->now_ms);
	slot->wake_ms = earlier(next_ms, earlier(slot->abandon_ms, slot->kill_ms));
	return NOTHING;
}

/* ---- a change of mind while the worker is ending ---- */

static struct lc_slot_actions step_then_stop(struct lc_slot *slot,
					     const struct lc_slot_event *event)
{
	(void)event;
	slot->intention = LC_SLOT_TO_STOP;
	return NOTHING;
}

/* The service ends: whoever is being killed does not hold it up. */
static struct lc_slot_actions step_kill_then_stop(struct lc_slot *slot,
						  const struct lc_slot_event *event)
{
	uint64_t patience_ms = event->type == LC_SLOT_HURRY ? slot->rules.abandon_grace_ms
							    : slot->rules.drain_timeout_ms;

	slot->intention = LC_SLOT_TO_STOP;
	if (slot->kill_ms != 0) {
		slot->kill_ms = earlier(slot->kill_ms, event->now_ms + patience_ms);
		slot->wake_ms = slot->kill_ms;
	}
	return NOTHING;
}

static struct lc_slot_actions step_then_pause(struct lc_slot *slot,
					      const struct lc_slot_event *event)
{
	(void)event;
	if (slot->intention == LC_SLOT_TO_WORK || slot->intention == LC_SLOT_TO_AWAY)
		slot->intention = LC_SLOT_TO_PAUSE;
	return NOTHING;
}

static struct lc_slot_actions step_then_away(struct lc_slot *slot,
					     const struct lc_slot_event *event)
{
	(void)event;
	if (slot->intention == LC_SLOT_TO_WORK)
		slot->intention = LC_SLOT_TO_AWAY;
	return NOTHING;
}

static struct lc_slot_actions step_then_work(struct lc_slot *slot,
					     const struct lc_slot_event *event)
{
	(void)event;
	if (slot->intention == LC_SLOT_TO_PAUSE)
		slot->intention = LC_SLOT_TO_WORK;
	return NOTHING;
}

/* Steps that are not named mean nothing in their state. */
static step *const STEPS[LC_SHARD_STATE_COUNT][LC_SLOT_EVENT_COUNT] = {
    [LC_SHARD_STATE_STOPPED] =
	{
	    [LC_SLOT_START] = step_start,
	    [LC_SLOT_PAUSE] = step_paused,
	    [LC_SLOT_RELEASE] = step_away,
	},
    [LC_SHARD_STATE_AWAY] =
	{
	    [LC_SLOT_START] = step_start,
	    [LC_SLOT_DRAIN] = step_stopped,
	    [LC_SLOT_HURRY] = step_stopped,
	    [LC_SLOT_PAUSE] = step_paused,
	},
    [LC_SHARD_STATE_PAUSED] =
	{
	    [LC_SLOT_START] = step_start,
	    [LC_SLOT_RESUME] = step_start,
	    [LC_SLOT_DRAIN] = step_stopped,
	    [LC_SLOT_HURRY] = step_stopped,
	},
    [LC_SHARD_STATE_STARTING] =
	{
	    [LC_SLOT_FORK_FAILED] = step_fork_failed,
	    [LC_SLOT_CAME_READY] = step_ready,
	    [LC_SLOT_TIMER] = step_check_heartbeat,
	    [LC_SLOT_EXITED] = step_died,
	    [LC_SLOT_OUTGREW] = step_outgrew,
	    [LC_SLOT_DRAIN] = step_drain,
	    [LC_SLOT_HURRY] = step_hurry,
	    [LC_SLOT_REPLACE] = step_replace,
	    [LC_SLOT_PAUSE] = step_pause,
	    [LC_SLOT_RELEASE] = step_release,
	},
    [LC_SHARD_STATE_READY] =
	{
	    [LC_SLOT_TIMER] = step_check_heartbeat,
	    [LC_SLOT_EXITED] = step_died,
	    [LC_SLOT_OUTGREW] = step_outgrew,
	    [LC_SLOT_DRAIN] = step_drain,
	    [LC_SLOT_HURRY] = step_hurry,
	    [LC_SLOT_REPLACE] = step_replace,
	    [LC_SLOT_PAUSE] = step_pause,
	    [LC_SLOT_RELEASE] = step_release,
	},
    [LC_SHARD_STATE_BACKING_OFF] =
	{
	    [LC_SLOT_TIMER] = step_restart,
	    [LC_SLOT_DRAIN] = step_stopped,
	    [LC_SLOT_HURRY] = step_stopped,
	    [LC_SLOT_REPLACE] = step_start,
	    [LC_SLOT_PAUSE] = step_paused,
	    [LC_SLOT_RELEASE] = step_away,
	},
    [LC_SHARD_STATE_DRAINING] =
	{
	    [LC_SLOT_TIMER] = step_watch_drain,
	    [LC_SLOT_EXITED] = step_drained,
	    [LC_SLOT_OUTGREW] = step_outgrew,
	    [LC_SLOT_DRAIN] = step_then_stop,
	    [LC_SLOT_HURRY] = step_hurry,
	    [LC_SLOT_PAUSE] = step_then_pause,
	    [LC_SLOT_RESUME] = step_then_work,
	    [LC_SLOT_RELEASE] = step_then_away,
	},
    [LC_SHARD_STATE_KILLING] =
	{
	    [LC_SLOT_TIMER] = step_kill,
	    [LC_SLOT_EXITED] = step_killed,
	    [LC_SLOT_DRAIN] = step_kill_then_stop,
	    [LC_SLOT_HURRY] = step_kill_then_stop,
	    [LC_SLOT_PAUSE] = step_then_pause,
	    [LC_SLOT_RESUME] = step_then_work,
	    [LC_SLOT_RELEASE] = step_then_away,
	},
    [LC_SHARD_STATE_FAILED] =
	{
	    [LC_SLOT_DRAIN] = step_stopped,
	    [LC_SLOT_HURRY] = step_stopped,
	    [LC_SLOT_REPLACE] = step_start,
	    [LC_SLOT_PAUSE] = step_paused,
	},
};

struct lc_slot_actions lc_slot_step(struct lc_slot *slot, const struct lc_slot_event *event)
{
	step *step_here;

	LC_ASSERT((unsigned)event->type < LC_SLOT_EVENT_COUNT);
	step_here = STEPS[slot->state][event->type];
	return step_here == NULL ? NOTHING : step_here(slot, event);
}
