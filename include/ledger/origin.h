/*
 * Origins: what is known of raft sessions that came from ledgers of another number of shards.
 *
 * A ledger that was put together from several others has one end of its last window and one lower
 * bound of the horizon, the least of theirs, so that nothing is lost. Some sessions were further:
 * of these the same seconds must neither be opened again by a window nor be found again by a
 * comparison, since what was taken there may be forgotten. How far they were is an origin: a
 * statement about all sessions with session % modulus == remainder, true for good.
 *
 * Several may hold for one session; the greatest numbers count. An origin is of no use any more,
 * and dropped, once the ledger's own numbers have reached it.
 */
#ifndef LC_LEDGER_ORIGIN_H
#define LC_LEDGER_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

/* No modulus is larger: raft sessions are 32-bit numbers. */
#define LC_ORIGIN_MODULUS_MAX ((uint64_t)UINT32_MAX + 1)

struct lc_origin {
	uint64_t modulus; /* 1 to LC_ORIGIN_MODULUS_MAX */
	uint64_t remainder;
	uint32_t until;   /* rows before this second were seen: what is not taken of them is open */
	uint32_t horizon; /* before it nothing is looked for, and what was taken may be forgotten */
};

bool lc_origin_covers(const struct lc_origin *origin, uint32_t raft_session_id);

/* Can there be a number that leaves `a_remainder` when divided by `a_modulus` and `b_remainder`
 * when divided by `b_modulus`? */
bool lc_origin_meets(uint64_t a_modulus, uint64_t a_remainder, uint64_t b_modulus,
		     uint64_t b_remainder);

/* Narrows the origin to those of its sessions that belong to this shard as well; false if there are
 * none. */
bool lc_origin_narrow(struct lc_origin *origin, unsigned shard, unsigned shard_count);

#endif
