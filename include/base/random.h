/* Random numbers for jitter, markers and names; not for secrets. The generator (xoshiro256**, by
 * Blackman and Vigna) is a value: whoever needs randomness owns one, so that a test can seed it. */
#ifndef LC_BASE_RANDOM_H
#define LC_BASE_RANDOM_H

#include <stdint.h>

struct lc_random {
	uint64_t state[4];
};

/* Starts from a seed; the same seed gives the same numbers. */
void lc_random_seed(struct lc_random *random, uint64_t seed);

/* Starts from the system's entropy. */
void lc_random_seed_from_system(struct lc_random *random);

/* The next 64 random bits. */
uint64_t lc_random_next(struct lc_random *random);

/* A number in [0, 1). */
double lc_random_unit(struct lc_random *random);

/* `value` with jitter: uniformly in [value * (1 - fraction), value * (1 + fraction)], rounded down
 * and at most UINT64_MAX; fraction in [0, 1]. Values over 2^53 lose their last digits. */
uint64_t lc_random_jitter(struct lc_random *random, uint64_t value, double fraction);

#endif
