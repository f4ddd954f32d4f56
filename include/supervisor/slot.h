/*
 * One worker's place under the supervisor, as a pure rule: (state, event, time) -> actions. It
 * forks, sends and kills nothing itself; whoever drives it carries the actions out.
 *
 * A slot has one timer. Each step says in `wake_ms` when it wants LC_SLOT_TIMER next; the event may
 * come early or late.
 *
 *   STOPPED --start--> STARTING --ready--> READY --drain--> DRAINING --exited--> STOPPED
 *   STARTING, READY --exited--> BACKING_OFF --timer--> STARTING  (FAILED: not to be started again)
 *   STARTING, READY, DRAINING --no heartbeat, outgrew--> KILLING --exited--> BACKING_OFF, as wanted
 *   STARTING, READY --replace--> DRAINING --exited--> STARTING
 *   any --pause--> PAUSED, once its worker has ended;  PAUSED --resume--> STARTING
 *
 * Where machines stand in for each other, a slot that is to have no worker for now is AWAY:
 *
 *   STOPPED --release--> AWAY --start--> STARTING
 *   STARTING, READY --release--> DRAINING --exited--> AWAY
 *   STARTING, READY, DRAINING, KILLING --exited: taken over--> AWAY, or as wanted
 *
 * What is to come after DRAINING and KILLING is the slot's intention, which each of DRAIN,
 * REPLACE, PAUSE, RESUME and RELEASE changes; nothing but START takes back a DRAIN, and nothing but
 * RESUME a PAUSE.
 */
#ifndef LC_SUPERVISOR_SLOT_H
#define LC_SUPERVISOR_SLOT_H

#include "base/backoff.h"
#include "base/random.h"
#include "formats/document_names.h"

#include <stdbool.h>
#include <stdint.h>

enum lc_slot_event_type {
	LC_SLOT_START,       /* the shard is to be delivered */
	LC_SLOT_FORK_FAILED, /* the fork that was asked for did not succeed */
	LC_SLOT_CAME_READY,  /* the worker says READY */
	LC_SLOT_TIMER,
	LC_SLOT_EXITED,  /* the worker is gone */
	LC_SLOT_OUTGREW, /* the worker takes more memory than it may */
	LC_SLOT_DRAIN,   /* the shard is not to be delivered any more: finish in time */
	LC_SLOT_HURRY,   /* as DRAIN, at once */
	LC_SLOT_REPLACE, /* another worker is to take over, once this one has finished */
	LC_SLOT_PAUSE,   /* finish, and no worker until RESUME */
	LC_SLOT_RESUME,
	LC_SLOT_RELEASE, /* finish, and no worker until START: another machine is to have the shard */
	LC_SLOT_EVENT_COUNT
};

struct lc_slot_event {
	enum lc_slot_event_type type;
	uint64_t now_ms;
	uint64_t heartbeat_ms; /* TIMER: the worker's last heartbeat */
	bool config_error;     /* EXITED: with the exit code that forbids a restart */
	bool taken_over;       /* EXITED: because another machine has the shard */
};

/* What a slot is for, once the worker that it has is gone. */
enum lc_slot_intention {
	LC_SLOT_TO_WORK,  /* another worker, after a death when it has backed off */
	LC_SLOT_TO_PAUSE, /* none until RESUME */
	LC_SLOT_TO_AWAY,  /* none until START */
	LC_SLOT_TO_STOP,  /* none: the service ends, or the shard is given up */
};

/* What is to be done, all of it, in this order. */
struct lc_slot_actions {
	bool send_drain;
	bool send_abandon;
	int signal; /* to be sent to the worker; 0 for none */
	bool fork;
};

struct lc_slot_rules {
	struct lc_backoff backoff;
	uint64_t
	    healthy_after_ms; /* a worker that lived so long was healthy: backoff starts over */
	uint64_t heartbeat_timeout_ms;
	uint64_t core_grace_ms;    /* between SIGABRT and SIGKILL, time to write a core */
	uint64_t drain_timeout_ms; /* from DRAIN to SIGKILL */
	uint64_t abandon_grace_ms; /* from ABANDON to SIGKILL; part of drain_timeout_ms */
};

/* Read freely, changed only by lc_slot_step. */
struct lc_slot {
	struct lc_slot_rules rules;
	struct lc_random random;
	enum lc_shard_state state;
	uint64_t wake_ms; /* when TIMER is wanted; 0 for never */
	uint64_t forked_ms;
	uint64_t kill_ms;    /* DRAINING, KILLING: when SIGKILL is due; 0 for never */
	uint64_t abandon_ms; /* DRAINING: when ABANDON is due; 0 once it was sent */
	unsigned failures;   /* deaths in a row, as backoff counts them */
	uint64_t restarts;   /* forks after a death */
	enum lc_slot_intention intention;
	bool replacing; /* from REPLACE until the successor is ready, or something else happens */
};

/* A STOPPED slot. `seed` makes its jitter. */
void lc_slot_init(struct lc_slot *slot, const struct lc_slot_rules *rules, uint64_t seed);

/* Other rules from now on; deadlines that run stay as they are. */
void lc_slot_set_rules(struct lc_slot *slot, const struct lc_slot_rules *rules);

/* Deaths one after the other, none of whose workers was healthy for a while; 0 once one is. */
unsigned lc_slot_deaths_in_a_row(const struct lc_slot *slot, uint64_t now_ms);

/* True while the end of the worker is what was asked for. */
bool lc_slot_expects_end(const struct lc_slot *slot);

/* Takes one event. Any event may come in any state: one that means nothing there changes nothing.
 */
struct lc_slot_actions lc_slot_step(struct lc_slot *slot, const struct lc_slot_event *event);

#endif
