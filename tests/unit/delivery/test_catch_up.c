/* How far a shard is that catches up. */
#include "delivery/catch_up.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>

enum { START = 1000000, HOUR = 3600 };

static bool look(struct lc_catch_up *catch_up, const struct lc_catch_up_look *at,
		 struct lc_catch_up_progress *progress)
{
	*progress = (struct lc_catch_up_progress){0};
	return lc_catch_up_look(catch_up, at, progress);
}

static void a_shard_that_keeps_up_does_not_catch_up(void **state)
{
	struct lc_catch_up catch_up = {0};
	struct lc_catch_up_progress progress;
	struct lc_catch_up_look at = {.read_until = START, .discovered_until = START, .due = START};

	(void)state;
	assert_false(look(&catch_up, &at, &progress));
	at.due = START - HOUR; /* the clock was set back */
	assert_false(look(&catch_up, &at, &progress));
	at.due = START + LC_CATCH_UP_SLACK_SECONDS;
	assert_false(look(&catch_up, &at, &progress));
	at.due++;
	assert_true(look(&catch_up, &at, &progress));
	assert_int_equal(progress.left_seconds, LC_CATCH_UP_SLACK_SECONDS + 1);
}

static void without_a_row_there_is_no_estimate(void **state)
{
	struct lc_catch_up catch_up = {0};
	struct lc_catch_up_progress progress;
	struct lc_catch_up_look at = {.read_until = START,
				      .discovered_until = START,
				      .due = START + 4 * HOUR,
				      .rows_read = 77};

	(void)state;
	assert_true(look(&catch_up, &at, &progress));
	at.now_ms = 60 * 1000;
	assert_true(look(&catch_up, &at, &progress));
	assert_int_equal(progress.read_until, START);
	assert_int_equal(progress.left_seconds, 4 * HOUR);
	assert_int_equal(progress.rows_read, 0);
	assert_int_equal(progress.rows_to_come, 0);
	assert_int_equal(progress.estimate_seconds, 0);
}

static void rows_of_undiscovered_windows_are_expected(void **state)
{
	struct lc_catch_up catch_up = {0};
	struct lc_catch_up_progress progress;
	struct lc_catch_up_look at = {.read_until = START,
				      .discovered_until = START + HOUR,
				      .due = START + 4 * HOUR,
				      .rows_read = 500,
				      .rows_open = 9000};

	(void)state;
	assert_true(look(&catch_up, &at, &progress));
	assert_int_equal(progress.rows_to_come, 9000 + 3 * 9000);
	assert_int_equal(progress.estimate_seconds, 0);
	/* 3,000 rows of the first hour in 10 s. */
	at.now_ms += 10 * 1000;
	at.rows_read += 3000;
	at.rows_open -= 3000;
	assert_true(look(&catch_up, &at, &progress));
	assert_int_equal(progress.rows_read, 3000);
	assert_int_equal(progress.rows_to_come, 6000 + 3 * 9000);
	assert_int_equal(progress.estimate_seconds, 1 + 110);
	/* All is discovered: what is to come is known. */
	at.discovered_until = at.due;
	at.rows_open = 12000;
	assert_true(look(&catch_up, &at, &progress));
	assert_int_equal(progress.rows_to_come, 12000);
	assert_int_equal(progress.estimate_seconds, 1 + 40);
}

static void the_estimate_is_made_from_the_last_minutes(void **state)
{
	struct lc_catch_up catch_up = {0};
	struct lc_catch_up_progress progress;
	struct lc_catch_up_look at = {.read_until = START,
				      .discovered_until = START + 4 * HOUR,
				      .due = START + 4 * HOUR,
				      .rows_open = 1000000};

	(void)state;
	for (unsigned second = 0; second < 600; second++) {
		assert_true(look(&catch_up, &at, &progress));
		at.now_ms += 1000;
		at.rows_read += second < 300 ? 1 : 1000;
	}
	at.rows_open = 50000;
	assert_true(look(&catch_up, &at, &progress));
	assert_in_range(progress.estimate_seconds, 50, 52);
}

static void it_ends_and_the_next_one_counts_from_zero(void **state)
{
	struct lc_catch_up catch_up = {0};
	struct lc_catch_up_progress progress;
	struct lc_catch_up_look at = {.read_until = START,
				      .discovered_until = START + HOUR,
				      .due = START + HOUR,
				      .rows_open = 100};

	(void)state;
	assert_true(look(&catch_up, &at, &progress));
	at.rows_read = 100;
	at.rows_open = 0;
	at.read_until = START + HOUR;
	assert_false(look(&catch_up, &at, &progress));
	at.due = START + 2 * HOUR;
	assert_true(look(&catch_up, &at, &progress));
	assert_int_equal(progress.rows_read, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_shard_that_keeps_up_does_not_catch_up),
	    cmocka_unit_test(without_a_row_there_is_no_estimate),
	    cmocka_unit_test(rows_of_undiscovered_windows_are_expected),
	    cmocka_unit_test(the_estimate_is_made_from_the_last_minutes),
	    cmocka_unit_test(it_ends_and_the_next_one_counts_from_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
