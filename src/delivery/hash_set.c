#include "delivery/hash_set.h"

#include "base/memory.h"
#include "base/radix.h"

#include <stdlib.h>

void lc_hash_set_init(struct lc_hash_set *set)
{
	*set = (struct lc_hash_set){.hashes = NULL};
}

void lc_hash_set_free(struct lc_hash_set *set)
{
	free(set->hashes);
	lc_hash_set_init(set);
}

void lc_hash_set_clear(struct lc_hash_set *set)
{
	set->count = 0;
}

void lc_hash_set_add(struct lc_hash_set *set, uint64_t hash)
{
	set->hashes =
	    lc_memory_grow(set->hashes, &set->capacity, set->count + 1, sizeof(set->hashes[0]));
	set->hashes[set->count++] = hash;
}

void lc_hash_set_sort(struct lc_hash_set *set)
{
	lc_radix_sort(set->hashes, set->count, sizeof(set->hashes[0]), 0);
}

void lc_hash_subtraction_init(struct lc_hash_subtraction *subtraction,
			      const struct lc_hash_set *set)
{
	subtraction->set = set;
	subtraction->used =
	    set->count == 0 ? NULL : lc_memory_zero(set->count, sizeof(subtraction->used[0]));
}

void lc_hash_subtraction_free(struct lc_hash_subtraction *subtraction)
{
	free(subtraction->used);
	*subtraction = (struct lc_hash_subtraction){.set = NULL};
}

/* The first place of the sorted set whose hash is not below `hash`. */
static size_t lower_bound(const struct lc_hash_set *set, uint64_t hash)
{
	size_t low = 0;
	size_t high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->hashes[middle] < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool lc_hash_subtraction_take(struct lc_hash_subtraction *subtraction, uint64_t hash,
			      uint32_t *held)
{
	const struct lc_hash_set *set = subtraction->set;
	size_t first = set == NULL ? 0 : lower_bound(set, hash);
	size_t next;

	if (held != NULL)
		*held = 0;
	if (set == NULL || first == set->count || set->hashes[first] != hash)
		return false;
	next = first + subtraction->used[first];
	if (next < set->count && set->hashes[next] == hash) {
		subtraction->used[first]++;
		return true;
	}
	if (held != NULL)
		*held = subtraction->used[first];
	return false;
}
