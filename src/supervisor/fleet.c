#include "supervisor/fleet.h"

#include "base/memory.h"

#include <stdlib.h>

static void release(struct lc_keeper **keepers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		lc_keeper_free(keepers[i]);
	free(keepers);
}

bool lc_fleet_man(struct lc_fleet *fleet, struct lc_error *error)
{
	const struct lc_settings *settings = fleet->house->settings;
	unsigned shard_count = lc_settings_shard_count(settings);
	struct lc_keeper **keepers = lc_memory_zero(shard_count, sizeof(struct lc_keeper *));
	bool made = true;
	size_t count = 0;

	for (unsigned shard = 0; made && shard < shard_count; shard++) {
		if (!lc_settings_owns_shard(settings, shard))
			continue;
		keepers[count] = lc_keeper_new(fleet->house, shard, error);
		made = keepers[count] != NULL;
		count += made;
	}
	if (made && count == 0)
		made = lc_error_set(error, LC_ERROR_USAGE,
				    "supervisor.owned-shards leaves this machine no shard");
	if (!made) {
		release(keepers, count);
		return false;
	}
	lc_fleet_free(fleet);
	fleet->house->shard_count = shard_count;
	fleet->keepers = keepers;
	fleet->count = count;
	return true;
}

void lc_fleet_free(struct lc_fleet *fleet)
{
	release(fleet->keepers, fleet->count);
	fleet->keepers = NULL;
	fleet->count = 0;
}

void lc_fleet_each(const struct lc_fleet *fleet, void (*act)(struct lc_keeper *keeper))
{
	for (size_t i = 0; i < fleet->count; i++)
		act(fleet->keepers[i]);
}

struct lc_keeper *lc_fleet_find(const struct lc_fleet *fleet, unsigned shard)
{
	for (size_t i = 0; i < fleet->count; i++) {
		if (lc_keeper_shard(fleet->keepers[i]) == shard)
			return fleet->keepers[i];
	}
	return NULL;
}

size_t lc_fleet_count_in(const struct lc_fleet *fleet, enum lc_shard_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < fleet->count; i++)
		count += lc_keeper_state(fleet->keepers[i]) == state;
	return count;
}

bool lc_fleet_rests(const struct lc_fleet *fleet)
{
	return lc_fleet_count_in(fleet, LC_SHARD_STATE_STOPPED) +
		   lc_fleet_count_in(fleet, LC_SHARD_STATE_PAUSED) +
		   lc_fleet_count_in(fleet, LC_SHARD_STATE_FAILED) ==
	       fleet->count;
}

bool lc_fleet_settled(const struct lc_fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++) {
		if (!lc_keeper_settled(fleet->keepers[i]))
			return false;
	}
	return true;
}
