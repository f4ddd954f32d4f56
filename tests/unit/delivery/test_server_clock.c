#include "delivery/server_clock.h"

#include "support/story.h"

#include <stddef.h>

static void nothing_is_known_before_a_server_has_told(void **state)
{
	struct lc_server_clock clock = {.told = 0};

	(void)state;
	assert_int_equal(lc_server_clock_now(&clock, 123456), 0);
}

static void the_clock_goes_on_by_our_own_between_answers(void **state)
{
	struct lc_server_clock clock = {.told = 0};
	int64_t difference;

	(void)state;
	assert_true(lc_server_clock_believe(&clock, 1000, 5000, &difference));
	assert_int_equal(lc_server_clock_now(&clock, 5000), 1000);
	assert_int_equal(lc_server_clock_now(&clock, 5999), 1000);
	assert_int_equal(lc_server_clock_now(&clock, 6000), 1001);
}

static void an_answer_within_the_tolerance_is_believed(void **state)
{
	struct lc_server_clock clock = {.told = 0};
	int64_t difference;

	(void)state;
	assert_true(lc_server_clock_believe(&clock, 1000, 0, &difference));
	assert_true(
	    lc_server_clock_believe(&clock, 1000 + LC_SERVER_CLOCK_TOLERANCE, 0, &difference));
	assert_true(lc_server_clock_believe(&clock, 1000, 0, &difference));
	assert_int_equal(lc_server_clock_now(&clock, 0), 1000);
}

static void an_answer_far_off_is_not_believed_and_changes_nothing(void **state)
{
	struct lc_server_clock clock = {.told = 0};
	int64_t difference;

	(void)state;
	assert_true(lc_server_clock_believe(&clock, 1000, 0, &difference));
	assert_false(lc_server_clock_believe(&clock, 1006, 0, &difference));
	assert_int_equal(difference, 6);
	assert_false(lc_server_clock_believe(&clock, 10, 0, &difference));
	assert_int_equal(difference, -990);
	assert_int_equal(lc_server_clock_now(&clock, 0), 1000);
}

static void answers_that_keep_saying_so_are_believed(void **state)
{
	struct lc_server_clock clock = {.told = 0};
	int64_t difference;

	(void)state;
	assert_true(lc_server_clock_believe(&clock, 1000, 0, &difference));
	for (int i = 0; i < LC_SERVER_CLOCK_DOUBTS_MAX; i++)
		assert_false(lc_server_clock_believe(&clock, 500, 0, &difference));
	assert_true(lc_server_clock_believe(&clock, 500, 0, &difference));
	assert_int_equal(lc_server_clock_now(&clock, 0), 500);
	assert_false(lc_server_clock_believe(&clock, 1000, 0, &difference));
}

static void one_good_answer_clears_the_doubts(void **state)
{
	struct lc_server_clock clock = {.told = 0};
	int64_t difference;

	(void)state;
	assert_true(lc_server_clock_believe(&clock, 1000, 0, &difference));
	for (int round = 0; round < 10; round++) {
		assert_false(lc_server_clock_believe(&clock, 2000, 0, &difference));
		assert_true(lc_server_clock_believe(&clock, 1000, 0, &difference));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_known_before_a_server_has_told),
	    cmocka_unit_test(the_clock_goes_on_by_our_own_between_answers),
	    cmocka_unit_test(an_answer_within_the_tolerance_is_believed),
	    cmocka_unit_test(an_answer_far_off_is_not_believed_and_changes_nothing),
	    cmocka_unit_test(answers_that_keep_saying_so_are_believed),
	    cmocka_unit_test(one_good_answer_clears_the_doubts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
