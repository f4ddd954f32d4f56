#include "ledger/origin.h"

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

bool lc_origin_covers(const struct lc_origin *origin, uint32_t raft_session_id)
{
	return raft_session_id % origin->modulus == origin->remainder;
}

bool lc_origin_meets(uint64_t a_modulus, uint64_t a_remainder, uint64_t b_modulus,
		     uint64_t b_remainder)
{
	uint64_t divisor = greatest_common_divisor(a_modulus, b_modulus);

	return a_remainder % divisor == b_remainder % divisor;
}

/* The common sessions leave one remainder when divided by the least common multiple of both moduli.
 * It is among the first of the origin's sessions: one of each remainder that they can leave when
 * divided by the number of shards. */
bool lc_origin_narrow(struct lc_origin *origin, unsigned shard, unsigned shard_count)
{
	uint64_t steps = shard_count / greatest_common_divisor(origin->modulus, shard_count);
	uint64_t remainder = origin->remainder;

	for (uint64_t step = 0; step < steps && remainder <= UINT32_MAX; step++) {
		if (remainder % shard_count == shard) {
			origin->remainder = remainder;
			origin->modulus *= steps;
			if (origin->modulus > LC_ORIGIN_MODULUS_MAX)
				origin->modulus = LC_ORIGIN_MODULUS_MAX;
			return true;
		}
		remainder += origin->modulus;
	}
	return false;
}
