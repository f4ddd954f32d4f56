#include "ledger/origin.h"

#include "support/story.h"

#include <stddef.h>

enum { MODULI = 13, SESSIONS = 2 * 3 * 4 * 5 * 7 * 11 };

static void an_origin_covers_its_sessions(void **state)
{
	const struct lc_origin origin = {.modulus = 4, .remainder = 3};
	const struct lc_origin last = {.modulus = LC_ORIGIN_MODULUS_MAX, .remainder = UINT32_MAX};

	(void)state;
	assert_true(lc_origin_covers(&origin, 3));
	assert_true(lc_origin_covers(&origin, 4003));
	assert_false(lc_origin_covers(&origin, 4));
	assert_true(lc_origin_covers(&last, UINT32_MAX));
	assert_false(lc_origin_covers(&last, UINT32_MAX - 1));
}

/* Held against every session, for all pairs of small numbers. */
static void expect_narrow(uint64_t modulus, uint64_t remainder, unsigned shard, unsigned count)
{
	const struct lc_origin wide = {.modulus = modulus, .remainder = remainder};
	struct lc_origin narrow = wide;
	bool any = lc_origin_narrow(&narrow, shard, count);
	bool found = false;

	assert_int_equal(any, lc_origin_meets(modulus, remainder, count, shard));
	for (uint32_t session = 0; session < SESSIONS; session++) {
		bool both = lc_origin_covers(&wide, session) && session % count == shard;

		found |= both;
		if (both != (any && lc_origin_covers(&narrow, session)))
			fail_msg("session %u of %u in %u and %u in %u", session,
				 (unsigned)remainder, (unsigned)modulus, shard, count);
	}
	assert_int_equal(any, found);
}

static void a_narrowed_origin_covers_what_both_cover(void **state)
{
	(void)state;
	for (unsigned modulus = 1; modulus < MODULI; modulus++) {
		for (unsigned count = 1; count < MODULI; count++) {
			for (unsigned i = 0; i < modulus * count; i += 3)
				expect_narrow(modulus, i % modulus, i / modulus, count);
		}
	}
}

/* Sessions end at 2^32: from there on an origin is of one session. */
static void moduli_do_not_grow_for_ever(void **state)
{
	static const unsigned PRIMES[] = {65521, 65519, 65497, 65479, 65449};
	struct lc_origin origin = {.modulus = 1};
	const uint32_t session = 4000000007;

	(void)state;
	for (size_t i = 0; i < sizeof PRIMES / sizeof PRIMES[0]; i++) {
		assert_true(lc_origin_narrow(&origin, session % PRIMES[i], PRIMES[i]));
		assert_true(lc_origin_covers(&origin, session));
		assert_true(origin.modulus <= LC_ORIGIN_MODULUS_MAX);
	}
	assert_int_equal(origin.remainder, session);
	assert_false(lc_origin_covers(&origin, session - 65521));
	assert_false(lc_origin_narrow(&origin, 0, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_origin_covers_its_sessions),
	    cmocka_unit_test(a_narrowed_origin_covers_what_both_cover),
	    cmocka_unit_test(moduli_do_not_grow_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
