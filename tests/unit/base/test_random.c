#include "base/random.h"

#include "support/story.h"

#include <stddef.h>

enum { DRAWS = 100000 };

static void the_generator_is_xoshiro256_starstar(void **state)
{
	/* The first numbers of the authors' xoshiro256starstar.c from the state 1, 2, 3, 4. */
	static const uint64_t published[] = {
	    UINT64_C(11520),
	    UINT64_C(0),
	    UINT64_C(1509978240),
	    UINT64_C(1215971899390074240),
	    UINT64_C(1216172134540287360),
	    UINT64_C(607988272756665600),
	    UINT64_C(16172922978634559625),
	    UINT64_C(8476171486693032832),
	    UINT64_C(10595114339597558777),
	    UINT64_C(2904607092377533576),
	};
	struct lc_random random = {.state = {1, 2, 3, 4}};

	(void)state;
	for (size_t i = 0; i < sizeof published / sizeof published[0]; i++)
		assert_true(lc_random_next(&random) == published[i]);
}

static void a_seed_is_spread_by_split_mix(void **state)
{
	/* The first numbers of the authors' splitmix64.c from 1234567. */
	static const uint64_t published[] = {
	    UINT64_C(6457827717110365317),
	    UINT64_C(3203168211198807973),
	    UINT64_C(9817491932198370423),
	    UINT64_C(4593380528125082431),
	};
	struct lc_random random;

	(void)state;
	lc_random_seed(&random, 1234567);
	for (size_t i = 0; i < 4; i++)
		assert_true(random.state[i] == published[i]);
}

static void the_same_seed_gives_the_same_numbers(void **state)
{
	struct lc_random one;
	struct lc_random two;
	struct lc_random other;
	int different = 0;

	(void)state;
	lc_random_seed(&one, 0);
	lc_random_seed(&two, 0);
	lc_random_seed(&other, 1);
	for (int i = 0; i < 1000; i++) {
		uint64_t number = lc_random_next(&one);

		assert_true(number == lc_random_next(&two));
		different += number != lc_random_next(&other);
	}
	assert_int_equal(different, 1000);
}

static void the_system_gives_each_its_own_numbers(void **state)
{
	struct lc_random one;
	struct lc_random two;

	(void)state;
	lc_random_seed_from_system(&one);
	lc_random_seed_from_system(&two);
	assert_memory_not_equal(one.state, two.state, sizeof one.state);
}

static void a_unit_lies_evenly_from_zero_up_to_one(void **state)
{
	struct lc_random random;
	int tenths[10] = {0};

	(void)state;
	lc_random_seed(&random, 42);
	for (int i = 0; i < DRAWS; i++) {
		double unit = lc_random_unit(&random);

		assert_true(unit >= 0 && unit < 1);
		tenths[(int)(unit * 10)]++;
	}
	for (int i = 0; i < 10; i++)
		assert_in_range(tenths[i], DRAWS / 10 - DRAWS / 100, DRAWS / 10 + DRAWS / 100);
}

static void jitter_stays_in_its_bounds_and_uses_all_of_them(void **state)
{
	struct lc_random random;
	uint64_t least = UINT64_MAX;
	uint64_t most = 0;

	(void)state;
	lc_random_seed(&random, 7);
	for (int i = 0; i < DRAWS; i++) {
		uint64_t value = lc_random_jitter(&random, 10000, 0.3);

		assert_in_range(value, 7000, 13000);
		least = value < least ? value : least;
		most = value > most ? value : most;
	}
	assert_true(least < 7010);
	assert_true(most > 12990);
}

static void no_jitter_leaves_the_value_as_it_is(void **state)
{
	static const uint64_t values[] = {0, 1, 2, 999, 60000, UINT64_C(1) << 53};
	struct lc_random random;

	(void)state;
	lc_random_seed(&random, 7);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		assert_true(lc_random_jitter(&random, values[i], 0) == values[i]);
}

static void full_jitter_reaches_from_nothing_to_twice_the_value(void **state)
{
	struct lc_random random;
	uint64_t least = UINT64_MAX;
	uint64_t most = 0;

	(void)state;
	lc_random_seed(&random, 8);
	for (int i = 0; i < DRAWS; i++) {
		uint64_t value = lc_random_jitter(&random, 1000, 1);

		assert_in_range(value, 0, 2000);
		assert_int_equal(lc_random_jitter(&random, 0, 1), 0);
		least = value < least ? value : least;
		most = value > most ? value : most;
	}
	assert_true(least <= 2);
	assert_true(most >= 1998);
}

static void jitter_on_the_largest_value_does_not_wrap(void **state)
{
	struct lc_random random;
	int capped = 0;

	(void)state;
	lc_random_seed(&random, 9);
	for (int i = 0; i < 1000; i++) {
		uint64_t value = lc_random_jitter(&random, UINT64_MAX, 0.5);

		assert_true(value >= UINT64_MAX / 2);
		capped += value == UINT64_MAX;
	}
	assert_in_range(capped, 400, 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_generator_is_xoshiro256_starstar),
	    cmocka_unit_test(a_seed_is_spread_by_split_mix),
	    cmocka_unit_test(the_same_seed_gives_the_same_numbers),
	    cmocka_unit_test(the_system_gives_each_its_own_numbers),
	    cmocka_unit_test(a_unit_lies_evenly_from_zero_up_to_one),
	    cmocka_unit_test(jitter_stays_in_its_bounds_and_uses_all_of_them),
	    cmocka_unit_test(no_jitter_leaves_the_value_as_it_is),
	    cmocka_unit_test(full_jitter_reaches_from_nothing_to_twice_the_value),
	    cmocka_unit_test(jitter_on_the_largest_value_does_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
