#include "machines/shares.h"

#include "base/assert.h"

#include <stdbool.h>
#include <string.h>
#include <xxhash.h>

struct division {
	struct lc_share *shares;
	size_t count;
	uint64_t shards;
	uint64_t capacity; /* of all */
};

/* A share, rounded down and up. */
static unsigned least(const struct division *division, const struct lc_share *share)
{
	return (unsigned)(division->shards * share->capacity / division->capacity);
}

static unsigned most(const struct division *division, const struct lc_share *share)
{
	uint64_t exact = division->shards * share->capacity;

	return (unsigned)((exact + division->capacity - 1) / division->capacity);
}

/* What a target lacks to its share, times the capacity of all. */
static int64_t lack(const struct division *division, const struct lc_share *share)
{
	return (int64_t)(division->shards * share->capacity) -
	       (int64_t)(share->target * division->capacity);
}

/* Of those that may get one more, the one that lacks most. */
static struct lc_share *find_to_raise(const struct division *division)
{
	struct lc_share *found = NULL;

	for (size_t i = 0; i < division->count; i++) {
		struct lc_share *share = &division->shares[i];

		if (share->target < most(division, share) &&
		    (found == NULL || lack(division, share) > lack(division, found)))
			found = share;
	}
	return found;
}

/* Of those that may get one less, the one that lacks least. */
static struct lc_share *find_to_lower(const struct division *division)
{
	struct lc_share *found = NULL;

	for (size_t i = 0; i < division->count; i++) {
		struct lc_share *share = &division->shares[i];

		if (share->target > least(division, share) &&
		    (found == NULL || lack(division, share) < lack(division, found)))
			found = share;
	}
	return found;
}

/* The sum of all shares lies between those of the lowest and of the highest targets, so there always
 * is one to change. */
void lc_shares_divide(struct lc_share *shares, size_t count, unsigned shards)
{
	struct division division = {.shares = shares, .count = count, .shards = shards};
	uint64_t sum = 0;

	LC_ASSERT(count > 0);
	for (size_t i = 0; i < count; i++)
		division.capacity += shares[i].capacity;
	for (size_t i = 0; i < count; i++) {
		unsigned low = least(&division, &shares[i]);
		unsigned high = most(&division, &shares[i]);

		shares[i].target = shares[i].has < low    ? low
				   : shares[i].has > high ? high
							  : shares[i].has;
		sum += shares[i].target;
	}
	for (; sum < shards; sum++)
		find_to_raise(&division)->target++;
	for (; sum > shards; sum--)
		find_to_lower(&division)->target--;
}

uint64_t lc_shares_preference(const char *machine, unsigned shard)
{
	return XXH3_64bits_withSeed(machine, strlen(machine), shard);
}
