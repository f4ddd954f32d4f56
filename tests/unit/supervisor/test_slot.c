/* The life of a worker as the slot decides it: no process, no clock. */
#include "supervisor/slot.h"

#include "support/story.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { T0 = 1000000 };

static const struct lc_slot_rules RULES = {
    .backoff = {.initial_ms = 100, .maximum_ms = 1000, .jitter = 0},
    .healthy_after_ms = 60000,
    .heartbeat_timeout_ms = 10000,
    .core_grace_ms = 5000,
    .drain_timeout_ms = 20000,
    .abandon_grace_ms = 3000,
};

static struct lc_slot_actions step_with(struct lc_slot *slot, enum lc_slot_event_type type,
					uint64_t now_ms, uint64_t heartbeat_ms)
{
	struct lc_slot_event event = {.type = type, .now_ms = now_ms, .heartbeat_ms = heartbeat_ms};

	return lc_slot_step(slot, &event);
}

/* An event while the worker's heart beats. */
static struct lc_slot_actions step(struct lc_slot *slot, enum lc_slot_event_type type,
				   uint64_t now_ms)
{
	return step_with(slot, type, now_ms, now_ms);
}

static struct lc_slot_actions exit_for_config(struct lc_slot *slot, uint64_t now_ms)
{
	struct lc_slot_event event = {
	    .type = LC_SLOT_EXITED, .now_ms = now_ms, .config_error = true};

	return lc_slot_step(slot, &event);
}

static struct lc_slot_actions exit_taken_over(struct lc_slot *slot, uint64_t now_ms)
{
	struct lc_slot_event event = {
	    .type = LC_SLOT_EXITED, .now_ms = now_ms, .config_error = true, .taken_over = true};

	return lc_slot_step(slot, &event);
}

static bool nothing(struct lc_slot_actions actions)
{
	return !actions.fork && !actions.send_drain && !actions.send_abandon && actions.signal == 0;
}

/* A slot that has come to the state at T0 by the way that real ones do. */
static struct lc_slot slot_in(enum lc_shard_state state)
{
	struct lc_slot slot;

	lc_slot_init(&slot, &RULES, 1);
	if (state == LC_SHARD_STATE_STOPPED)
		return slot;
	if (state == LC_SHARD_STATE_AWAY) {
		assert_true(nothing(step(&slot, LC_SLOT_RELEASE, T0)));
		return slot;
	}
	assert_true(step(&slot, LC_SLOT_START, T0).fork);
	if (state == LC_SHARD_STATE_STARTING)
		return slot;
	if (state == LC_SHARD_STATE_BACKING_OFF)
		step(&slot, LC_SLOT_EXITED, T0);
	else if (state == LC_SHARD_STATE_FAILED)
		exit_for_config(&slot, T0);
	else
		step(&slot, LC_SLOT_CAME_READY, T0);
	if (state == LC_SHARD_STATE_DRAINING || state == LC_SHARD_STATE_PAUSED)
		step(&slot, state == LC_SHARD_STATE_PAUSED ? LC_SLOT_PAUSE : LC_SLOT_DRAIN, T0);
	if (state == LC_SHARD_STATE_PAUSED)
		step(&slot, LC_SLOT_EXITED, T0);
	if (state == LC_SHARD_STATE_KILLING)
		step_with(&slot, LC_SLOT_TIMER, T0 + 10000, T0);
	assert_int_equal(slot.state, state);
	return slot;
}

/* What each event leads to in each state; the timer comes when it is due. */
struct expectation {
	enum lc_shard_state next;
	const char *action; /* "fork", "drain", "abandon", "abort", "kill" or "" */
};

static const struct expectation EXPECTATIONS[LC_SHARD_STATE_COUNT][LC_SLOT_EVENT_COUNT] =
    {
	[LC_SHARD_STATE_STOPPED] =
	    {
		[LC_SLOT_START] = {LC_SHARD_STATE_STARTING, "fork"},
		[LC_SLOT_FORK_FAILED] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_CAME_READY] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_TIMER] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_EXITED] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_OUTGREW] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_DRAIN] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_HURRY] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_REPLACE] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_PAUSE] = {LC_SHARD_STATE_PAUSED, ""},
		[LC_SLOT_RESUME] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_RELEASE] = {LC_SHARD_STATE_AWAY, ""},
	    },
	[LC_SHARD_STATE_AWAY] =
	    {
		[LC_SLOT_START] = {LC_SHARD_STATE_STARTING, "fork"},
		[LC_SLOT_FORK_FAILED] = {LC_SHARD_STATE_AWAY, ""},
		[LC_SLOT_CAME_READY] = {LC_SHARD_STATE_AWAY, ""},
		[LC_SLOT_TIMER] = {LC_SHARD_STATE_AWAY, ""},
		[LC_SLOT_EXITED] = {LC_SHARD_STATE_AWAY, ""},
		[LC_SLOT_OUTGREW] = {LC_SHARD_STATE_AWAY, ""},
		[LC_SLOT_DRAIN] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_HURRY] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_REPLACE] = {LC_SHARD_STATE_AWAY, ""},
		[LC_SLOT_PAUSE] = {LC_SHARD_STATE_PAUSED, ""},
		[LC_SLOT_RESUME] = {LC_SHARD_STATE_AWAY, ""},
		[LC_SLOT_RELEASE] = {LC_SHARD_STATE_AWAY, ""},
	    },
	[LC_SHARD_STATE_PAUSED] =
	    {
		[LC_SLOT_START] = {LC_SHARD_STATE_STARTING, "fork"},
		[LC_SLOT_FORK_FAILED] = {LC_SHARD_STATE_PAUSED, ""},
		[LC_SLOT_CAME_READY] = {LC_SHARD_STATE_PAUSED, ""},
		[LC_SLOT_TIMER] = {LC_SHARD_STATE_PAUSED, ""},
		[LC_SLOT_EXITED] = {LC_SHARD_STATE_PAUSED, ""},
		[LC_SLOT_OUTGREW] = {LC_SHARD_STATE_PAUSED, ""},
		[LC_SLOT_DRAIN] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_HURRY] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_REPLACE] = {LC_SHARD_STATE_PAUSED, ""},
		[LC_SLOT_PAUSE] = {LC_SHARD_STATE_PAUSED, ""},
		[LC_SLOT_RESUME] = {LC_SHARD_STATE_STARTING, "fork"},
		[LC_SLOT_RELEASE] = {LC_SHARD_STATE_PAUSED, ""},
	    },
	[LC_SHARD_STATE_STARTING] =
	    {
		[LC_SLOT_START] = {LC_SHARD_STATE_STARTING, ""},
		[LC_SLOT_FORK_FAILED] = {LC_SHARD_STATE_BACKING_OFF, ""},
		[LC_SLOT_CAME_READY] = {LC_SHARD_STATE_READY, ""},
		[LC_SLOT_TIMER] = {LC_SHARD_STATE_STARTING, ""},
		[LC_SLOT_EXITED] = {LC_SHARD_STATE_BACKING_OFF, ""},
		[LC_SLOT_OUTGREW] = {LC_SHARD_STATE_KILLING, "abort"},
		[LC_SLOT_DRAIN] = {LC_SHARD_STATE_DRAINING, "drain"},
		[LC_SLOT_HURRY] = {LC_SHARD_STATE_DRAINING, "abandon"},
		[LC_SLOT_REPLACE] = {LC_SHARD_STATE_DRAINING, "drain"},
		[LC_SLOT_PAUSE] = {LC_SHARD_STATE_DRAINING, "drain"},
		[LC_SLOT_RESUME] = {LC_SHARD_STATE_STARTING, ""},
		[LC_SLOT_RELEASE] = {LC_SHARD_STATE_DRAINING, "drain"},
	    },
	[LC_SHARD_STATE_READY] =
	    {
		[LC_SLOT_START] = {LC_SHARD_STATE_READY, ""},
		[LC_SLOT_FORK_FAILED] = {LC_SHARD_STATE_READY, ""},
		[LC_SLOT_CAME_READY] = {LC_SHARD_STATE_READY, ""},
		[LC_SLOT_TIMER] = {LC_SHARD_STATE_READY, ""},
		[LC_SLOT_EXITED] = {LC_SHARD_STATE_BACKING_OFF, ""},
		[LC_SLOT_OUTGREW] = {LC_SHARD_STATE_KILLING, "abort"},
		[LC_SLOT_DRAIN] = {LC_SHARD_STATE_DRAINING, "drain"},
		[LC_SLOT_HURRY] = {LC_SHARD_STATE_DRAINING, "abandon"},
		[LC_SLOT_REPLACE] = {LC_SHARD_STATE_DRAINING, "drain"},
		[LC_SLOT_PAUSE] = {LC_SHARD_STATE_DRAINING, "drain"},
		[LC_SLOT_RESUME] = {LC_SHARD_STATE_READY, ""},
		[LC_SLOT_RELEASE] = {LC_SHARD_STATE_DRAINING, "drain"},
	    },
	[LC_SHARD_STATE_BACKING_OFF] =
	    {
		[LC_SLOT_START] = {LC_SHARD_STATE_BACKING_OFF, ""},
		[LC_SLOT_FORK_FAILED] = {LC_SHARD_STATE_BACKING_OFF, ""},
		[LC_SLOT_CAME_READY] = {LC_SHARD_STATE_BACKING_OFF, ""},
		[LC_SLOT_TIMER] = {LC_SHARD_STATE_STARTING, "fork"},
		[LC_SLOT_EXITED] = {LC_SHARD_STATE_BACKING_OFF, ""},
		[LC_SLOT_OUTGREW] = {LC_SHARD_STATE_BACKING_OFF, ""},
		[LC_SLOT_DRAIN] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_HURRY] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_REPLACE] = {LC_SHARD_STATE_STARTING, "fork"},
		[LC_SLOT_PAUSE] = {LC_SHARD_STATE_PAUSED, ""},
		[LC_SLOT_RESUME] = {LC_SHARD_STATE_BACKING_OFF, ""},
		[LC_SLOT_RELEASE] = {LC_SHARD_STATE_AWAY, ""},
	    },
	[LC_SHARD_STATE_DRAINING] =
	    {
		[LC_SLOT_START] = {LC_SHARD_STATE_DRAINING, ""},
		[LC_SLOT_FORK_FAILED] = {LC_SHARD_STATE_DRAINING, ""},
		[LC_SLOT_CAME_READY] = {LC_SHARD_STATE_DRAINING, ""},
		[LC_SLOT_TIMER] = {LC_SHARD_STATE_DRAINING, ""},
		[LC_SLOT_EXITED] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_OUTGREW] = {LC_SHARD_STATE_KILLING, "abort"},
		[LC_SLOT_DRAIN] = {LC_SHARD_STATE_DRAINING, ""},
		[LC_SLOT_HURRY] = {LC_SHARD_STATE_DRAINING, "abandon"},
		[LC_SLOT_REPLACE] = {LC_SHARD_STATE_DRAINING, ""},
		[LC_SLOT_PAUSE] = {LC_SHARD_STATE_DRAINING, ""},
		[LC_SLOT_RESUME] = {LC_SHARD_STATE_DRAINING, ""},
		[LC_SLOT_RELEASE] = {LC_SHARD_STATE_DRAINING, ""},
	    },
	[LC_SHARD_STATE_KILLING] =
	    {
		[LC_SLOT_START] = {LC_SHARD_STATE_KILLING, ""},
		[LC_SLOT_FORK_FAILED] = {LC_SHARD_STATE_KILLING, ""},
		[LC_SLOT_CAME_READY] = {LC_SHARD_STATE_KILLING, ""},
		[LC_SLOT_TIMER] = {LC_SHARD_STATE_KILLING, "kill"},
		[LC_SLOT_EXITED] = {LC_SHARD_STATE_BACKING_OFF, ""},
		[LC_SLOT_OUTGREW] = {LC_SHARD_STATE_KILLING, ""},
		[LC_SLOT_DRAIN] = {LC_SHARD_STATE_KILLING, ""},
		[LC_SLOT_HURRY] = {LC_SHARD_STATE_KILLING, ""},
		[LC_SLOT_REPLACE] = {LC_SHARD_STATE_KILLING, ""},
		[LC_SLOT_PAUSE] = {LC_SHARD_STATE_KILLING, ""},
		[LC_SLOT_RESUME] = {LC_SHARD_STATE_KILLING, ""},
		[LC_SLOT_RELEASE] = {LC_SHARD_STATE_KILLING, ""},
	    },
	[LC_SHARD_STATE_FAILED] =
	    {
		[LC_SLOT_START] = {LC_SHARD_STATE_FAILED, ""},
		[LC_SLOT_FORK_FAILED] = {LC_SHARD_STATE_FAILED, ""},
		[LC_SLOT_CAME_READY] = {LC_SHARD_STATE_FAILED, ""},
		[LC_SLOT_TIMER] = {LC_SHARD_STATE_FAILED, ""},
		[LC_SLOT_EXITED] = {LC_SHARD_STATE_FAILED, ""},
		[LC_SLOT_OUTGREW] = {LC_SHARD_STATE_FAILED, ""},
		[LC_SLOT_DRAIN] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_HURRY] = {LC_SHARD_STATE_STOPPED, ""},
		[LC_SLOT_REPLACE] = {LC_SHARD_STATE_STARTING, "fork"},
		[LC_SLOT_PAUSE] = {LC_SHARD_STATE_PAUSED, ""},
		[LC_SLOT_RESUME] = {LC_SHARD_STATE_FAILED, ""},
		[LC_SLOT_RELEASE] = {LC_SHARD_STATE_FAILED, ""},
	    },
};

static bool did(struct lc_slot_actions actions, const char *action)
{
	struct lc_slot_actions expected = {
	    .fork = strcmp(action, "fork") == 0,
	    .send_drain = strcmp(action, "drain") == 0,
	    .send_abandon = strcmp(action, "abandon") == 0,
	};

	if (strcmp(action, "kill") == 0)
		expected.signal = SIGKILL;
	else if (strcmp(action, "abort") == 0)
		expected.signal = SIGABRT;
	return actions.fork == expected.fork && actions.send_drain == expected.send_drain &&
	       actions.send_abandon == expected.send_abandon && actions.signal == expected.signal;
}

static void every_event_in_every_state_has_its_meaning(void **state)
{
	(void)state;
	for (unsigned from = 0; from < LC_SHARD_STATE_COUNT; from++) {
		for (unsigned type = 0; type < LC_SLOT_EVENT_COUNT; type++) {
			const struct expectation *expected = &EXPECTATIONS[from][type];
			struct lc_slot slot = slot_in((enum lc_shard_state)from);
			uint64_t now_ms = T0;
			struct lc_slot_actions actions;

			if (type == LC_SLOT_TIMER && slot.wake_ms != 0)
				now_ms = slot.wake_ms;
			actions = step(&slot, (enum lc_slot_event_type)type, now_ms);
			if (slot.state != expected->next || !did(actions, expected->action))
				fail_msg("%s, event %u: came to %s",
					 lc_shard_state_name((enum lc_shard_state)from), type,
					 lc_shard_state_name(slot.state));
		}
	}
}

static void a_worker_whose_shard_was_taken_over_is_not_restarted(void **state)
{
	static const enum lc_shard_state states[] = {LC_SHARD_STATE_STARTING, LC_SHARD_STATE_READY,
						     LC_SHARD_STATE_KILLING};

	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct lc_slot slot = slot_in(states[i]);

		assert_true(nothing(exit_taken_over(&slot, T0)));
		assert_int_equal(slot.state, LC_SHARD_STATE_AWAY);
		assert_int_equal(slot.wake_ms, 0);
		assert_true(step(&slot, LC_SLOT_START, T0 + 1).fork);
		assert_int_equal(slot.restarts, 0);
	}
}

static void a_worker_that_is_replaced_has_no_successor_if_the_shard_was_taken_over(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_READY);

	(void)state;
	step(&slot, LC_SLOT_REPLACE, T0);
	exit_taken_over(&slot, T0);
	assert_int_equal(slot.state, LC_SHARD_STATE_AWAY);
	assert_false(slot.replacing);
}

static void what_the_operator_wants_outlasts_a_take_over(void **state)
{
	struct lc_slot stopped = slot_in(LC_SHARD_STATE_DRAINING);
	struct lc_slot paused = slot_in(LC_SHARD_STATE_READY);

	(void)state;
	exit_taken_over(&stopped, T0);
	assert_int_equal(stopped.state, LC_SHARD_STATE_STOPPED);
	step(&paused, LC_SLOT_PAUSE, T0);
	exit_taken_over(&paused, T0);
	assert_int_equal(paused.state, LC_SHARD_STATE_PAUSED);
}

static void a_shard_that_is_released_is_away_once_its_worker_has_ended(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_READY);

	(void)state;
	assert_true(step(&slot, LC_SLOT_RELEASE, T0).send_drain);
	assert_true(lc_slot_expects_end(&slot));
	/* The others are to have it: nothing is forked. */
	assert_true(nothing(step(&slot, LC_SLOT_START, T0 + 1)));
	assert_true(nothing(step(&slot, LC_SLOT_RESUME, T0 + 1)));
	assert_true(nothing(step(&slot, LC_SLOT_EXITED, T0 + 2)));
	assert_int_equal(slot.state, LC_SHARD_STATE_AWAY);
}

static void a_release_changes_what_comes_after_the_end(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_READY);

	(void)state;
	step(&slot, LC_SLOT_REPLACE, T0);
	step(&slot, LC_SLOT_RELEASE, T0);
	step(&slot, LC_SLOT_EXITED, T0);
	assert_int_equal(slot.state, LC_SHARD_STATE_AWAY);
	/* A pause is the operator's: it stays one. */
	slot = slot_in(LC_SHARD_STATE_READY);
	step(&slot, LC_SLOT_RELEASE, T0);
	step(&slot, LC_SLOT_PAUSE, T0);
	step(&slot, LC_SLOT_RELEASE, T0);
	step(&slot, LC_SLOT_EXITED, T0);
	assert_int_equal(slot.state, LC_SHARD_STATE_PAUSED);
}

static void a_crash_loop_backs_off_ever_longer_up_to_the_maximum(void **state)
{
	static const uint64_t waits_ms[] = {100, 200, 400, 800, 1000, 1000};
	struct lc_slot slot = slot_in(LC_SHARD_STATE_STARTING);
	uint64_t now_ms = T0;

	(void)state;
	for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
		step(&slot, LC_SLOT_EXITED, now_ms);
		assert_int_equal(slot.wake_ms - now_ms, waits_ms[i]);
		assert_true(nothing(step(&slot, LC_SLOT_TIMER, slot.wake_ms - 1)));
		now_ms = slot.wake_ms;
		assert_true(step(&slot, LC_SLOT_TIMER, now_ms).fork);
		assert_int_equal(slot.restarts, i + 1);
	}
}

static void a_worker_that_was_healthy_for_a_while_starts_its_backoff_anew(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_BACKING_OFF);
	uint64_t now_ms = slot.wake_ms;

	(void)state;
	step(&slot, LC_SLOT_TIMER, now_ms);
	step(&slot, LC_SLOT_EXITED, now_ms + 59999);
	assert_int_equal(slot.wake_ms - (now_ms + 59999), 200);
	now_ms = slot.wake_ms;
	step(&slot, LC_SLOT_TIMER, now_ms);
	step(&slot, LC_SLOT_EXITED, now_ms + 60000);
	assert_int_equal(slot.wake_ms - (now_ms + 60000), 100);
}

static void jitter_spreads_the_restarts(void **state)
{
	struct lc_slot_rules rules = RULES;
	struct lc_slot first;
	struct lc_slot second;

	(void)state;
	rules.backoff.jitter = 0.5;
	lc_slot_init(&first, &rules, 1);
	lc_slot_init(&second, &rules, 2);
	step(&first, LC_SLOT_START, T0);
	step(&second, LC_SLOT_START, T0);
	step(&first, LC_SLOT_EXITED, T0);
	step(&second, LC_SLOT_EXITED, T0);
	assert_int_not_equal(first.wake_ms, second.wake_ms);
	assert_in_range(first.wake_ms, T0 + 50, T0 + 150);
}

static void a_worker_that_hangs_is_aborted_then_killed_then_replaced(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_READY);

	(void)state;
	assert_int_equal(slot.wake_ms, T0 + 10000);
	assert_int_equal(step_with(&slot, LC_SLOT_TIMER, T0 + 10000, T0).signal, SIGABRT);
	assert_int_equal(slot.wake_ms, T0 + 15000);
	assert_true(nothing(step_with(&slot, LC_SLOT_TIMER, T0 + 14999, T0)));
	assert_int_equal(step_with(&slot, LC_SLOT_TIMER, T0 + 15000, T0).signal, SIGKILL);
	assert_int_equal(slot.wake_ms, 0);
	assert_true(nothing(step_with(&slot, LC_SLOT_TIMER, T0 + 30000, T0)));
	step(&slot, LC_SLOT_EXITED, T0 + 15010);
	assert_int_equal(slot.state, LC_SHARD_STATE_BACKING_OFF);
	assert_true(step(&slot, LC_SLOT_TIMER, slot.wake_ms).fork);
}

static void a_worker_that_outgrew_its_memory_is_aborted_even_while_it_drains(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_DRAINING);

	(void)state;
	assert_int_equal(step(&slot, LC_SLOT_OUTGREW, T0 + 100).signal, SIGABRT);
	assert_int_equal(slot.wake_ms, T0 + 5100);
	assert_int_equal(step(&slot, LC_SLOT_TIMER, T0 + 5100).signal, SIGKILL);
	step(&slot, LC_SLOT_EXITED, T0 + 5110);
	assert_int_equal(slot.state, LC_SHARD_STATE_STOPPED);
}

static void a_heart_that_beats_moves_the_deadline(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_READY);

	(void)state;
	assert_true(nothing(step_with(&slot, LC_SLOT_TIMER, T0 + 10000, T0 + 7000)));
	assert_int_equal(slot.wake_ms, T0 + 17000);
	assert_int_equal(slot.state, LC_SHARD_STATE_READY);
}

static void a_supervisor_that_stood_still_itself_blames_no_worker(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_READY);

	(void)state;
	assert_true(nothing(step_with(&slot, LC_SLOT_TIMER, T0 + 90000, T0)));
	assert_int_equal(slot.wake_ms, T0 + 100000);
	assert_int_equal(step_with(&slot, LC_SLOT_TIMER, T0 + 100000, T0).signal, SIGABRT);
}

static void a_worker_that_hangs_while_starting_is_aborted_too(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_STARTING);

	(void)state;
	assert_int_equal(step_with(&slot, LC_SLOT_TIMER, T0 + 10000, T0).signal, SIGABRT);
}

static void a_configuration_error_is_not_started_anew(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_READY);

	(void)state;
	assert_true(nothing(exit_for_config(&slot, T0 + 5)));
	assert_int_equal(slot.state, LC_SHARD_STATE_FAILED);
	assert_int_equal(slot.wake_ms, 0);
}

static void a_drain_ends_in_abandon_and_kill_at_their_times(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_DRAINING);

	(void)state;
	step(&slot, LC_SLOT_TIMER, T0 + 10000);
	assert_int_equal(slot.wake_ms, T0 + 17000);
	assert_true(step(&slot, LC_SLOT_TIMER, T0 + 17000).send_abandon);
	assert_int_equal(slot.wake_ms, T0 + 20000);
	assert_int_equal(step(&slot, LC_SLOT_TIMER, T0 + 20000).signal, SIGKILL);
	assert_int_equal(slot.state, LC_SHARD_STATE_KILLING);
	step(&slot, LC_SLOT_EXITED, T0 + 20001);
	assert_int_equal(slot.state, LC_SHARD_STATE_STOPPED);
}

static void a_worker_that_hangs_while_draining_is_killed_by_the_drain_deadline(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_READY);

	(void)state;
	step_with(&slot, LC_SLOT_TIMER, T0 + 10000, T0 + 9000);
	step_with(&slot, LC_SLOT_DRAIN, T0 + 11000, T0 + 9000);
	assert_int_equal(slot.wake_ms, T0 + 19000);
	assert_int_equal(step_with(&slot, LC_SLOT_TIMER, T0 + 19000, T0 + 9000).signal, SIGABRT);
	assert_int_equal(slot.wake_ms, T0 + 24000);
	assert_int_equal(step_with(&slot, LC_SLOT_TIMER, T0 + 24000, T0 + 9000).signal, SIGKILL);
	step(&slot, LC_SLOT_EXITED, T0 + 24001);
	assert_int_equal(slot.state, LC_SHARD_STATE_STOPPED);
}

static void hurry_cuts_a_drain_short(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_DRAINING);

	(void)state;
	assert_true(step(&slot, LC_SLOT_HURRY, T0 + 1000).send_abandon);
	assert_int_equal(slot.wake_ms, T0 + 4000);
	assert_int_equal(step(&slot, LC_SLOT_TIMER, T0 + 4000).signal, SIGKILL);
}

static void a_worker_being_killed_is_not_replaced_once_unwanted(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_KILLING);

	(void)state;
	step(&slot, LC_SLOT_DRAIN, T0 + 10001);
	step(&slot, LC_SLOT_EXITED, T0 + 10002);
	assert_int_equal(slot.state, LC_SHARD_STATE_STOPPED);
}

static void a_fork_that_fails_is_tried_again_later(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_STARTING);

	(void)state;
	step(&slot, LC_SLOT_FORK_FAILED, T0);
	assert_int_equal(slot.state, LC_SHARD_STATE_BACKING_OFF);
	assert_true(step(&slot, LC_SLOT_TIMER, slot.wake_ms).fork);
}

static void a_replaced_worker_has_a_successor_at_once_and_no_death_on_record(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_READY);

	(void)state;
	assert_true(step(&slot, LC_SLOT_REPLACE, T0 + 100).send_drain);
	assert_true(lc_slot_expects_end(&slot));
	assert_true(step(&slot, LC_SLOT_EXITED, T0 + 200).fork);
	assert_int_equal(slot.state, LC_SHARD_STATE_STARTING);
	assert_int_equal(slot.restarts, 0);
	assert_int_equal(slot.failures, 0);
	assert_false(lc_slot_expects_end(&slot));
	assert_true(slot.replacing);
	step(&slot, LC_SLOT_CAME_READY, T0 + 300);
	assert_false(slot.replacing);
}

static void a_successor_that_can_not_work_fails(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_READY);

	(void)state;
	step(&slot, LC_SLOT_REPLACE, T0);
	assert_true(nothing(exit_for_config(&slot, T0 + 5)));
	assert_int_equal(slot.state, LC_SHARD_STATE_FAILED);
	assert_true(step(&slot, LC_SLOT_REPLACE, T0 + 6).fork);
}

static void a_replaced_worker_that_hangs_is_killed_and_has_a_successor_after_a_wait(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_READY);

	(void)state;
	step(&slot, LC_SLOT_REPLACE, T0);
	assert_int_equal(step_with(&slot, LC_SLOT_TIMER, T0 + 10000, T0).signal, SIGABRT);
	step(&slot, LC_SLOT_EXITED, T0 + 10001);
	assert_int_equal(slot.state, LC_SHARD_STATE_BACKING_OFF);
	assert_true(step(&slot, LC_SLOT_TIMER, slot.wake_ms).fork);
	assert_int_equal(slot.restarts, 1);
}

/* One event after the other while the worker ends; where the slot comes to when it has. */
static void expect_after(enum lc_slot_event_type first, enum lc_slot_event_type second,
			 enum lc_shard_state end)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_READY);

	step(&slot, first, T0);
	step(&slot, second, T0 + 1);
	step(&slot, LC_SLOT_EXITED, T0 + 2);
	assert_int_equal(slot.state, end);
}

static void a_mind_is_changed_while_the_worker_ends(void **state)
{
	(void)state;
	expect_after(LC_SLOT_PAUSE, LC_SLOT_PAUSE, LC_SHARD_STATE_PAUSED);
	expect_after(LC_SLOT_PAUSE, LC_SLOT_RESUME, LC_SHARD_STATE_STARTING);
	expect_after(LC_SLOT_PAUSE, LC_SLOT_DRAIN, LC_SHARD_STATE_STOPPED);
	expect_after(LC_SLOT_PAUSE, LC_SLOT_HURRY, LC_SHARD_STATE_STOPPED);
	expect_after(LC_SLOT_REPLACE, LC_SLOT_PAUSE, LC_SHARD_STATE_PAUSED);
	expect_after(LC_SLOT_REPLACE, LC_SLOT_DRAIN, LC_SHARD_STATE_STOPPED);
	expect_after(LC_SLOT_PAUSE, LC_SLOT_REPLACE, LC_SHARD_STATE_PAUSED);
	/* A service that ends is not kept up by anybody. */
	expect_after(LC_SLOT_DRAIN, LC_SLOT_PAUSE, LC_SHARD_STATE_STOPPED);
	expect_after(LC_SLOT_DRAIN, LC_SLOT_RESUME, LC_SHARD_STATE_STOPPED);
	expect_after(LC_SLOT_DRAIN, LC_SLOT_REPLACE, LC_SHARD_STATE_STOPPED);
}

static void a_stop_does_not_wait_for_a_core_longer_than_it_may_take(void **state)
{
	struct lc_slot_rules rules = RULES;
	struct lc_slot slot;

	(void)state;
	rules.drain_timeout_ms = 1000;
	rules.abandon_grace_ms = 250;
	lc_slot_init(&slot, &rules, 1);
	step(&slot, LC_SLOT_START, T0);
	step_with(&slot, LC_SLOT_TIMER, T0 + 10000, T0);
	assert_int_equal(slot.wake_ms, T0 + 15000);
	step(&slot, LC_SLOT_DRAIN, T0 + 10100);
	assert_int_equal(slot.wake_ms, T0 + 11100);
	step(&slot, LC_SLOT_HURRY, T0 + 10200);
	assert_int_equal(slot.wake_ms, T0 + 10450);
	assert_int_equal(step(&slot, LC_SLOT_TIMER, T0 + 10450).signal, SIGKILL);
}

static void new_rules_hold_from_the_next_deadline_on(void **state)
{
	struct lc_slot slot = slot_in(LC_SHARD_STATE_READY);
	struct lc_slot_rules rules = RULES;

	(void)state;
	rules.drain_timeout_ms = 5000;
	lc_slot_set_rules(&slot, &rules);
	assert_int_equal(slot.wake_ms, T0 + 10000);
	step(&slot, LC_SLOT_DRAIN, T0);
	assert_int_equal(slot.kill_ms, T0 + 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_event_in_every_state_has_its_meaning),
	    cmocka_unit_test(a_worker_whose_shard_was_taken_over_is_not_restarted),
	    cmocka_unit_test(
		a_worker_that_is_replaced_has_no_successor_if_the_shard_was_taken_over),
	    cmocka_unit_test(what_the_operator_wants_outlasts_a_take_over),
	    cmocka_unit_test(a_shard_that_is_released_is_away_once_its_worker_has_ended),
	    cmocka_unit_test(a_release_changes_what_comes_after_the_end),
	    cmocka_unit_test(a_crash_loop_backs_off_ever_longer_up_to_the_maximum),
	    cmocka_unit_test(a_worker_that_was_healthy_for_a_while_starts_its_backoff_anew),
	    cmocka_unit_test(jitter_spreads_the_restarts),
	    cmocka_unit_test(a_worker_that_hangs_is_aborted_then_killed_then_replaced),
	    cmocka_unit_test(a_worker_that_outgrew_its_memory_is_aborted_even_while_it_drains),
	    cmocka_unit_test(a_heart_that_beats_moves_the_deadline),
	    cmocka_unit_test(a_supervisor_that_stood_still_itself_blames_no_worker),
	    cmocka_unit_test(a_worker_that_hangs_while_starting_is_aborted_too),
	    cmocka_unit_test(a_configuration_error_is_not_started_anew),
	    cmocka_unit_test(a_drain_ends_in_abandon_and_kill_at_their_times),
	    cmocka_unit_test(a_worker_that_hangs_while_draining_is_killed_by_the_drain_deadline),
	    cmocka_unit_test(hurry_cuts_a_drain_short),
	    cmocka_unit_test(a_worker_being_killed_is_not_replaced_once_unwanted),
	    cmocka_unit_test(a_fork_that_fails_is_tried_again_later),
	    cmocka_unit_test(a_replaced_worker_has_a_successor_at_once_and_no_death_on_record),
	    cmocka_unit_test(a_successor_that_can_not_work_fails),
	    cmocka_unit_test(
		a_replaced_worker_that_hangs_is_killed_and_has_a_successor_after_a_wait),
	    cmocka_unit_test(a_mind_is_changed_while_the_worker_ends),
	    cmocka_unit_test(a_stop_does_not_wait_for_a_core_longer_than_it_may_take),
	    cmocka_unit_test(new_rules_hold_from_the_next_deadline_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
