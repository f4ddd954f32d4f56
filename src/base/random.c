#include "base/random.h"

#include "base/assert.h"

#include <sys/random.h>

/* SplitMix64 (Steele, Lea, Flood): spreads a seed over the whole state. */
static uint64_t split_mix(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void lc_random_seed(struct lc_random *random, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		random->state[i] = split_mix(&seed);
}

void lc_random_seed_from_system(struct lc_random *random)
{
	uint64_t seed;

	LC_ASSERT(getrandom(&seed, sizeof(seed), 0) == (ssize_t)sizeof(seed));
	lc_random_seed(random, seed);
}

static uint64_t rotate_left(uint64_t value, unsigned bits)
{
	return (value << bits) | (value >> (64 - bits));
}

uint64_t lc_random_next(struct lc_random *random)
{
	uint64_t *s = random->state;
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

double lc_random_unit(struct lc_random *random)
{
	return (double)(lc_random_next(random) >> 11) * 0x1.0p-53;
}

uint64_t lc_random_jitter(struct lc_random *random, uint64_t value, double fraction)
{
	double factor;
	double spread;

	LC_ASSERT(fraction >= 0 && fraction <= 1);
	factor = 1 - fraction + 2 * fraction * lc_random_unit(random);
	spread = (double)value * factor;
	return spread < 0x1p64 ? (uint64_t)spread : UINT64_MAX;
}
