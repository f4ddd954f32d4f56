#include "machines/shares.h"

#include "base/random.h"
#include "support/story.h"

enum { MOST = 8 };

static unsigned number(struct lc_random *random, unsigned below)
{
	return (unsigned)(lc_random_next(random) % below);
}

/* The moves that lead to the targets, of machines that have fewer shards than there are. */
static unsigned moves(const struct lc_share *shares, size_t count)
{
	unsigned moves = 0;

	for (size_t i = 0; i < count; i++) {
		if (shares[i].target < shares[i].has)
			moves += shares[i].has - shares[i].target;
	}
	return moves;
}

static void targets_are_shares_rounded_down_or_up(void **state)
{
	struct lc_random random;

	(void)state;
	lc_random_seed(&random, 1);
	for (unsigned round = 0; round < 20000; round++) {
		struct lc_share shares[MOST];
		size_t count = 1 + number(&random, MOST);
		unsigned shards = number(&random, 100);
		unsigned left = shards;
		unsigned sum = 0;
		uint64_t capacity = 0;

		for (size_t i = 0; i < count; i++) {
			shares[i] = (struct lc_share){.capacity = 1 + number(&random, 20),
						      .has = number(&random, left + 1)};
			left -= shares[i].has;
			capacity += shares[i].capacity;
		}
		lc_shares_divide(shares, count, shards);
		for (size_t i = 0; i < count; i++) {
			uint64_t exact = (uint64_t)shards * shares[i].capacity;

			assert_in_range(shares[i].target, exact / capacity,
					(exact + capacity - 1) / capacity);
			sum += shares[i].target;
		}
		assert_int_equal(sum, shards);
		/* Who has its target keeps it. */
		for (size_t i = 0; i < count; i++)
			shares[i].has = shares[i].target;
		lc_shares_divide(shares, count, shards);
		assert_int_equal(moves(shares, count), 0);
	}
}

static void shares_that_are_right_stay(void **state)
{
	struct lc_share shares[] = {
	    {.capacity = 1, .has = 3}, {.capacity = 1, .has = 4}, {.capacity = 1, .has = 3}};

	(void)state;
	lc_shares_divide(shares, 3, 10);
	assert_int_equal(shares[0].target, 3);
	assert_int_equal(shares[1].target, 4);
	assert_int_equal(shares[2].target, 3);
}

static void a_machine_with_nothing_gets_from_those_that_have_most(void **state)
{
	struct lc_share shares[] = {
	    {.capacity = 1, .has = 2}, {.capacity = 1, .has = 2}, {.capacity = 1, .has = 0}};

	(void)state;
	/* Nobody has more than 4/3 rounded up, yet somebody has to give one. */
	lc_shares_divide(shares, 3, 4);
	assert_int_equal(shares[2].target, 1);
	assert_int_equal(moves(shares, 3), 1);
}

static void the_largest_numbers_do_not_overflow(void **state)
{
	struct lc_share shares[] = {
	    {.capacity = 65536, .has = 1024}, {.capacity = 65536}, {.capacity = 1}};

	(void)state;
	lc_shares_divide(shares, 3, 1024);
	assert_int_equal(shares[0].target + shares[1].target + shares[2].target, 1024);
	assert_int_equal(shares[0].target, 512);
}

static void preferences_spread_shards(void **state)
{
	unsigned first = 0;

	(void)state;
	for (unsigned shard = 0; shard < 1000; shard++)
		first += lc_shares_preference("a", shard) > lc_shares_preference("b", shard);
	assert_in_range(first, 400, 600);
	assert_true(lc_shares_preference("a", 1) == lc_shares_preference("a", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(targets_are_shares_rounded_down_or_up),
	    cmocka_unit_test(shares_that_are_right_stay),
	    cmocka_unit_test(a_machine_with_nothing_gets_from_those_that_have_most),
	    cmocka_unit_test(the_largest_numbers_do_not_overflow),
	    cmocka_unit_test(preferences_spread_shards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
