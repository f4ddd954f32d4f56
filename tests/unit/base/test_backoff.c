#include "base/backoff.h"

#include "support/story.h"

#include <limits.h>
#include <stddef.h>

static uint64_t delay(uint64_t initial_ms, uint64_t maximum_ms, unsigned attempt)
{
	const struct lc_backoff backoff = {.initial_ms = initial_ms, .maximum_ms = maximum_ms};
	struct lc_random random;

	lc_random_seed(&random, attempt);
	return lc_backoff_delay_ms(&backoff, attempt, &random);
}

static void each_wait_is_twice_the_one_before_up_to_the_maximum(void **state)
{
	static const uint64_t waits[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};

	(void)state;
	for (unsigned i = 0; i < sizeof waits / sizeof waits[0]; i++)
		assert_int_equal(delay(1000, 60000, i), waits[i]);
}

static void the_maximum_may_be_met_exactly(void **state)
{
	(void)state;
	assert_int_equal(delay(1000, 4000, 1), 2000);
	assert_int_equal(delay(1000, 4000, 2), 4000);
	assert_int_equal(delay(1000, 4000, 3), 4000);
	assert_int_equal(delay(1000, 1000, 0), 1000);
	assert_int_equal(delay(1000, 1000, 5), 1000);
}

static void a_maximum_below_the_first_wait_wins(void **state)
{
	(void)state;
	assert_int_equal(delay(1000, 10, 0), 10);
	assert_int_equal(delay(1000, 0, 3), 0);
}

static void any_number_of_attempts_waits_the_maximum(void **state)
{
	(void)state;
	assert_int_equal(delay(1, 60000, 63), 60000);
	assert_int_equal(delay(1, 60000, 64), 60000);
	assert_int_equal(delay(1, 60000, UINT_MAX), 60000);
	assert_int_equal(delay(0, 60000, UINT_MAX), 0);
}

static void doubling_does_not_wrap(void **state)
{
	const uint64_t half = UINT64_C(1) << 63;

	(void)state;
	assert_true(delay(half + 1, UINT64_MAX, 1) == UINT64_MAX);
	assert_true(delay(3, UINT64_MAX, 64) == UINT64_MAX);
	assert_true(delay(1, half, 63) == half);
}

static void jitter_spreads_the_waits_but_never_over_the_maximum(void **state)
{
	const struct lc_backoff backoff = {.initial_ms = 1000, .maximum_ms = 60000, .jitter = 0.3};
	struct lc_random random;
	uint64_t least = UINT64_MAX;

	(void)state;
	lc_random_seed(&random, 1);
	for (int i = 0; i < 10000; i++) {
		uint64_t wait;

		assert_in_range(lc_backoff_delay_ms(&backoff, 0, &random), 700, 1300);
		assert_in_range(lc_backoff_delay_ms(&backoff, 3, &random), 5600, 10400);
		wait = lc_backoff_delay_ms(&backoff, 10, &random);
		assert_in_range(wait, 42000, 60000);
		least = wait < least ? wait : least;
	}
	assert_true(least < 42100);
}

static void those_who_failed_together_do_not_return_together(void **state)
{
	const struct lc_backoff backoff = {
	    .initial_ms = 100000, .maximum_ms = 1000000, .jitter = 0.3};
	uint64_t waits[100];

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		struct lc_random random;

		lc_random_seed(&random, i);
		waits[i] = lc_backoff_delay_ms(&backoff, 0, &random);
		for (size_t j = 0; j + 1 < i; j += 7)
			assert_int_not_equal(waits[i], waits[j]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_wait_is_twice_the_one_before_up_to_the_maximum),
	    cmocka_unit_test(the_maximum_may_be_met_exactly),
	    cmocka_unit_test(a_maximum_below_the_first_wait_wins),
	    cmocka_unit_test(any_number_of_attempts_waits_the_maximum),
	    cmocka_unit_test(doubling_does_not_wrap),
	    cmocka_unit_test(jitter_spreads_the_waits_but_never_over_the_maximum),
	    cmocka_unit_test(those_who_failed_together_do_not_return_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
