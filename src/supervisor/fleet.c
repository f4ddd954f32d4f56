#include "supervisor/fleet.h"

#include "base/memory.h"

#include <stdlib.h>

static void release(struct lc_shard_process **processes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		lc_shard_process_free(processes[i]);
	free(processes);
}

bool lc_fleet_rebuild(struct lc_fleet *fleet, struct lc_error *error)
{
	const struct lc_settings *settings = fleet->context->settings;
	unsigned shard_count = lc_settings_shard_count(settings);
	struct lc_shard_process **processes =
	    lc_memory_zero(shard_count, sizeof(struct lc_shard_process *));
	bool made = true;
	size_t count = 0;

	for (unsigned shard = 0; made && shard < shard_count; shard++) {
		if (!lc_settings_owns_shard(settings, shard))
			continue;
		processes[count] = lc_shard_process_new(fleet->context, shard, error);
		made = processes[count] != NULL;
		count += made;
	}
	if (made && count == 0)
		made = lc_error_set(error, LC_ERROR_USAGE,
				    "supervisor.owned-shards leaves no shard to this machine");
	if (!made) {
		release(processes, count);
		return false;
	}
	lc_fleet_free(fleet);
	fleet->context->shard_count = shard_count;
	fleet->processes = processes;
	fleet->count = count;
	return true;
}

void lc_fleet_free(struct lc_fleet *fleet)
{
	release(fleet->processes, fleet->count);
	fleet->processes = NULL;
	fleet->count = 0;
}

void lc_fleet_order(const struct lc_fleet *fleet, enum lc_slot_event_type order)
{
	for (size_t i = 0; i < fleet->count; i++)
		lc_shard_process_order(fleet->processes[i], order);
}

void lc_fleet_each(const struct lc_fleet *fleet, void (*act)(struct lc_shard_process *process))
{
	for (size_t i = 0; i < fleet->count; i++)
		act(fleet->processes[i]);
}

struct lc_shard_process *lc_fleet_find(const struct lc_fleet *fleet, unsigned shard)
{
	for (size_t i = 0; i < fleet->count; i++) {
		if (lc_shard_process_shard(fleet->processes[i]) == shard)
			return fleet->processes[i];
	}
	return NULL;
}

size_t lc_fleet_count_in(const struct lc_fleet *fleet, enum lc_shard_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < fleet->count; i++)
		count += lc_shard_process_state(fleet->processes[i]) == state;
	return count;
}

bool lc_fleet_rests(const struct lc_fleet *fleet)
{
	return lc_fleet_count_in(fleet, LC_SHARD_STATE_STOPPED) +
		   lc_fleet_count_in(fleet, LC_SHARD_STATE_PAUSED) +
		   lc_fleet_count_in(fleet, LC_SHARD_STATE_AWAY) +
		   lc_fleet_count_in(fleet, LC_SHARD_STATE_FAILED) ==
	       fleet->count;
}

bool lc_fleet_settled(const struct lc_fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++) {
		if (!lc_shard_process_settled(fleet->processes[i]))
			return false;
	}
	return true;
}
