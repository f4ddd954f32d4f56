#include "delivery/hash_set.h"

#include "base/random.h"
#include "support/story.h"

#include <stdlib.h>

static void add_all(struct lc_hash_set *set, const uint64_t *hashes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		lc_hash_set_add(set, hashes[i]);
}

static void a_set_holds_what_was_added_in_order_of_arrival(void **state)
{
	struct lc_hash_set set;

	(void)state;
	lc_hash_set_init(&set);
	assert_int_equal(set.count, 0);
	for (uint64_t i = 0; i < 1000; i++)
		lc_hash_set_add(&set, 1000 - i);
	assert_int_equal(set.count, 1000);
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(set.hashes[i], 1000 - i);
	lc_hash_set_clear(&set);
	assert_int_equal(set.count, 0);
	lc_hash_set_add(&set, 5);
	assert_int_equal(set.count, 1);
	assert_int_equal(set.hashes[0], 5);
	lc_hash_set_free(&set);
	assert_int_equal(set.count, 0);
	lc_hash_set_free(&set);
}

static void sorting_knows_that_hashes_have_no_sign(void **state)
{
	static const uint64_t hashes[] = {
	    UINT64_MAX, 3, UINT64_C(1) << 63, 0, 3, (UINT64_C(1) << 63) - 1, 0};
	struct lc_hash_set set;

	(void)state;
	lc_hash_set_init(&set);
	lc_hash_set_sort(&set);
	add_all(&set, hashes, sizeof hashes / sizeof hashes[0]);
	lc_hash_set_sort(&set);
	assert_int_equal(set.count, 7);
	for (size_t i = 1; i < set.count; i++)
		assert_true(set.hashes[i - 1] <= set.hashes[i]);
	assert_true(set.hashes[0] == 0 && set.hashes[6] == UINT64_MAX);
	lc_hash_set_free(&set);
}

static void each_row_is_taken_as_often_as_it_was_added(void **state)
{
	static const uint64_t hashes[] = {7, 9, 7, UINT64_MAX, 0, 7};
	struct lc_hash_subtraction subtraction;
	struct lc_hash_set set;

	(void)state;
	lc_hash_set_init(&set);
	add_all(&set, hashes, sizeof hashes / sizeof hashes[0]);
	lc_hash_set_sort(&set);
	lc_hash_subtraction_init(&subtraction, &set);
	for (int i = 0; i < 3; i++)
		assert_true(lc_hash_subtraction_take(&subtraction, 7, NULL));
	assert_false(lc_hash_subtraction_take(&subtraction, 7, NULL));
	assert_false(lc_hash_subtraction_take(&subtraction, 8, NULL));
	assert_true(lc_hash_subtraction_take(&subtraction, 0, NULL));
	assert_false(lc_hash_subtraction_take(&subtraction, 0, NULL));
	assert_true(lc_hash_subtraction_take(&subtraction, UINT64_MAX, NULL));
	assert_false(lc_hash_subtraction_take(&subtraction, UINT64_MAX, NULL));
	assert_true(lc_hash_subtraction_take(&subtraction, 9, NULL));
	assert_false(lc_hash_subtraction_take(&subtraction, 9, NULL));
	lc_hash_subtraction_free(&subtraction);
	lc_hash_set_free(&set);
}

static void a_row_that_is_not_taken_away_learns_how_many_like_it_are_held(void **state)
{
	static const uint64_t hashes[] = {7, 9, 7};
	struct lc_hash_subtraction subtraction;
	struct lc_hash_set set;
	uint32_t held;

	(void)state;
	lc_hash_set_init(&set);
	add_all(&set, hashes, sizeof hashes / sizeof hashes[0]);
	lc_hash_set_sort(&set);
	lc_hash_subtraction_init(&subtraction, &set);
	assert_true(lc_hash_subtraction_take(&subtraction, 7, &held));
	assert_true(lc_hash_subtraction_take(&subtraction, 7, &held));
	for (int i = 0; i < 2; i++) {
		assert_false(lc_hash_subtraction_take(&subtraction, 7, &held));
		assert_int_equal(held, 2);
	}
	assert_false(lc_hash_subtraction_take(&subtraction, 8, &held));
	assert_int_equal(held, 0);
	assert_false(lc_hash_subtraction_take(&subtraction, 10, &held));
	assert_int_equal(held, 0);
	lc_hash_subtraction_free(&subtraction);
	lc_hash_set_free(&set);
}

static void a_second_subtraction_begins_again(void **state)
{
	struct lc_hash_subtraction subtraction;
	struct lc_hash_set set;

	(void)state;
	lc_hash_set_init(&set);
	lc_hash_set_add(&set, 7);
	for (int i = 0; i < 2; i++) {
		lc_hash_subtraction_init(&subtraction, &set);
		assert_true(lc_hash_subtraction_take(&subtraction, 7, NULL));
		assert_false(lc_hash_subtraction_take(&subtraction, 7, NULL));
		lc_hash_subtraction_free(&subtraction);
	}
	lc_hash_set_free(&set);
}

static void from_an_empty_set_nothing_is_taken(void **state)
{
	struct lc_hash_subtraction subtraction;
	struct lc_hash_set set;

	(void)state;
	lc_hash_set_init(&set);
	lc_hash_subtraction_init(&subtraction, &set);
	assert_false(lc_hash_subtraction_take(&subtraction, 0, NULL));
	assert_false(lc_hash_subtraction_take(&subtraction, 7, NULL));
	lc_hash_subtraction_free(&subtraction);

	/* A freed subtraction takes nothing away. */
	assert_false(lc_hash_subtraction_take(&subtraction, 7, NULL));
	lc_hash_subtraction_free(&subtraction);
	lc_hash_set_free(&set);
}

static void random_multisets_are_subtracted_exactly(void **state)
{
	enum { VALUES = 50 };
	struct lc_random random;

	(void)state;
	lc_random_seed(&random, 3);
	for (int round = 0; round < 200; round++) {
		struct lc_hash_subtraction subtraction;
		struct lc_hash_set set;
		size_t left[VALUES] = {0};
		size_t size = lc_random_next(&random) % 300;

		lc_hash_set_init(&set);
		for (size_t i = 0; i < size; i++) {
			uint64_t value = lc_random_next(&random) % VALUES;

			left[value]++;
			lc_hash_set_add(&set, value << 58 | value);
		}
		lc_hash_set_sort(&set);
		lc_hash_subtraction_init(&subtraction, &set);
		for (size_t i = 0; i < 2 * size; i++) {
			uint64_t value = lc_random_next(&random) % VALUES;
			bool taken =
			    lc_hash_subtraction_take(&subtraction, value << 58 | value, NULL);

			assert_int_equal(taken, left[value] > 0);
			left[value] -= taken;
		}
		lc_hash_subtraction_free(&subtraction);
		lc_hash_set_free(&set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_set_holds_what_was_added_in_order_of_arrival),
	    cmocka_unit_test(sorting_knows_that_hashes_have_no_sign),
	    cmocka_unit_test(each_row_is_taken_as_often_as_it_was_added),
	    cmocka_unit_test(a_row_that_is_not_taken_away_learns_how_many_like_it_are_held),
	    cmocka_unit_test(a_second_subtraction_begins_again),
	    cmocka_unit_test(from_an_empty_set_nothing_is_taken),
	    cmocka_unit_test(random_multisets_are_subtracted_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
