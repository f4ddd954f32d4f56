/*
 * The fleet: the keepers of all shards that this machine owns. When the number of shards or the
 * owned ones change, it is manned anew while no worker runs.
 */
#ifndef LC_SUPERVISOR_FLEET_H
#define LC_SUPERVISOR_FLEET_H

#include "base/error.h"
#include "supervisor/keeper.h"

#include <stdbool.h>
#include <stddef.h>

/* Read freely, changed by the functions below. */
struct lc_fleet {
	struct lc_keeper_house *house;
	struct lc_keeper **keepers; /* by ascending shard */
	size_t count;
};

/* Makes the keepers that the house's settings want, in place of those that were; all of these must
 * be at rest. Also sets the house's number of shards. False with `error`, and nothing changed:
 * LC_ERROR_USAGE when this machine owns no shard, LC_ERROR_SYSTEM when there is no memory. */
bool lc_fleet_man(struct lc_fleet *fleet, struct lc_error *error);
/* Releases all keepers; their workers must be gone. */
void lc_fleet_free(struct lc_fleet *fleet);

/* Does to each keeper what `act` does: lc_keeper_start, for instance. */
void lc_fleet_each(const struct lc_fleet *fleet, void (*act)(struct lc_keeper *keeper));

/* The keeper of a shard, or NULL if it is none of this machine's. */
struct lc_keeper *lc_fleet_find(const struct lc_fleet *fleet, unsigned shard);

size_t lc_fleet_count_in(const struct lc_fleet *fleet, enum lc_shard_state state);

/* True when no keeper has a worker, or will have one by itself: stopped, paused or failed. */
bool lc_fleet_rests(const struct lc_fleet *fleet);

/* True once each shard has come up or shown why not. */
bool lc_fleet_settled(const struct lc_fleet *fleet);

#endif
