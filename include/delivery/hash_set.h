/* A multiset of row hashes: which rows of a second were taken, and how many of each. */
#ifndef LC_DELIVERY_HASH_SET_H
#define LC_DELIVERY_HASH_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lc_hash_set {
	uint64_t *hashes; /* in order of arrival until sorted */
	size_t count;
	size_t capacity;
};

/* An empty set. */
void lc_hash_set_init(struct lc_hash_set *set);
void lc_hash_set_free(struct lc_hash_set *set);

/* Empties it and keeps the memory. */
void lc_hash_set_clear(struct lc_hash_set *set);

void lc_hash_set_add(struct lc_hash_set *set, uint64_t hash);

/* Sorts the hashes; needed before lc_hash_subtraction_init. */
void lc_hash_set_sort(struct lc_hash_set *set);

/* Taking rows away from a stream of rows, each as often as the set holds it. */
struct lc_hash_subtraction {
	const struct lc_hash_set *set; /* sorted; must stay as it is */
	uint32_t *used; /* at the first place of each hash: how often it was asked for */
};

void lc_hash_subtraction_init(struct lc_hash_subtraction *subtraction,
			      const struct lc_hash_set *set);
void lc_hash_subtraction_free(struct lc_hash_subtraction *subtraction);

/* True if the set holds the hash once more than it was asked for so far: this row was taken. When
 * not, `held` gets how often the set holds it; NULL is allowed. */
bool lc_hash_subtraction_take(struct lc_hash_subtraction *subtraction, uint64_t hash,
			      uint32_t *held);

#endif
