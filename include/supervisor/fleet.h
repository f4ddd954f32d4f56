/*
 * The fleet: the processes of all shards that this machine owns. When the number of shards or the
 * owned ones change, it is rebuilt while no worker runs.
 */
#ifndef LC_SUPERVISOR_FLEET_H
#define LC_SUPERVISOR_FLEET_H

#include "base/error.h"
#include "supervisor/shard_process.h"

#include <stdbool.h>
#include <stddef.h>

/* Read freely, changed by the functions below. */
struct lc_fleet {
	struct lc_shard_process_context *context;
	struct lc_shard_process **processes; /* by ascending shard */
	size_t count;
};

/* Makes the processes that the context's settings want, in place of those that were; all of these
 * must be at rest. Also sets the context's number of shards. False with `error`, and nothing
 * changed: LC_ERROR_USAGE when this machine owns no shard, LC_ERROR_SYSTEM when there is no
 * memory. */
bool lc_fleet_rebuild(struct lc_fleet *fleet, struct lc_error *error);
/* Releases all processes; their workers must be gone. */
void lc_fleet_free(struct lc_fleet *fleet);

/* Gives each process the order; see lc_shard_process_order. */
void lc_fleet_order(const struct lc_fleet *fleet, enum lc_slot_event_type order);

/* Does to each process what `act` does. */
void lc_fleet_each(const struct lc_fleet *fleet, void (*act)(struct lc_shard_process *process));

/* The process of a shard, or NULL if it is none of this machine's. */
struct lc_shard_process *lc_fleet_find(const struct lc_fleet *fleet, unsigned shard);

size_t lc_fleet_count_in(const struct lc_fleet *fleet, enum lc_shard_state state);

/* True when no process has a worker, or will have one by itself: stopped, paused,
 * away or failed. */
bool lc_fleet_rests(const struct lc_fleet *fleet);

/* True once each shard has come up or shown why not. */
bool lc_fleet_settled(const struct lc_fleet *fleet);

#endif
