/* How many shards each machine should have, and which of those that are free: the same answer on
 * every machine that sees the same. */
#ifndef LC_MACHINES_SHARES_H
#define LC_MACHINES_SHARES_H

#include <stddef.h>
#include <stdint.h>

/* One machine that takes part. */
struct lc_share {
	uint32_t capacity; /* its weight, at least 1 */
	unsigned has;
	unsigned target; /* made by lc_shares_divide */
};

/* Sets the targets, which together are `shards`: each is shards * capacity / all capacities, rounded
 * down or up, and among all such targets these are the ones with the fewest moves. `shares` stand in
 * the same order on all machines, since the first ones win ties; there is at least one, and at most
 * `shards` shards are had. */
void lc_shares_divide(struct lc_share *shares, size_t count, unsigned shards);

/* How much a machine prefers a shard: of machines that may have it, the one with the highest number
 * takes it. Rendezvous hashing (Thaler and Ravishankar, "A Name-Based Mapping Scheme for
 * Rendezvous", 1996): a shard that comes back goes where it was, if that can be. */
uint64_t lc_shares_preference(const char *machine, unsigned shard);

#endif
