#include "clients/clickhouse_seats.h"

#include "support/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { START_MS = 1000000 };

static struct lc_random seeded(void)
{
	struct lc_random random;

	lc_random_seed(&random, 7);
	return random;
}

static void good_seats_take_turns(void **state)
{
	struct lc_clickhouse_seats seats;

	(void)state;
	lc_clickhouse_seats_init(&seats, 3, 7);
	for (unsigned i = 0; i < 9; i++)
		assert_int_equal(lc_clickhouse_seats_take(&seats, START_MS), (i + 1) % 3);
}

static void a_failed_seat_is_passed_over_until_its_time_is_up(void **state)
{
	struct lc_random random = seeded();
	struct lc_clickhouse_seats seats;

	(void)state;
	lc_clickhouse_seats_init(&seats, 2, 0);
	lc_clickhouse_seats_fail(&seats, 0, START_MS, &random);
	for (int i = 0; i < 4; i++)
		assert_int_equal(lc_clickhouse_seats_take(&seats, START_MS + 800), 1);
	assert_true(lc_clickhouse_seats_aside(&seats, 0, START_MS + 800));
	assert_false(lc_clickhouse_seats_aside(&seats, 0, START_MS + 1200));
	assert_int_equal(lc_clickhouse_seats_take(&seats, START_MS + 1200), 0);
}

/* The time for which the seat is left aside by a failure at now_ms. */
static uint64_t aside_after(struct lc_clickhouse_seats *seats, uint64_t now_ms,
			    struct lc_random *random)
{
	lc_clickhouse_seats_fail(seats, 0, now_ms, random);
	return seats->seats[0].aside_until_ms - now_ms;
}

static void each_further_failure_doubles_the_time_up_to_a_minute(void **state)
{
	struct lc_random random = seeded();
	struct lc_clickhouse_seats seats;
	uint64_t now_ms = START_MS;
	uint64_t expected = 1000;

	(void)state;
	lc_clickhouse_seats_init(&seats, 1, 0);
	for (int i = 0; i < 80; i++) {
		uint64_t aside = aside_after(&seats, now_ms, &random);

		assert_in_range(aside, expected * 9 / 10, expected * 11 / 10);
		assert_true(aside <= 60000);
		expected = expected * 2 > 60000 ? 60000 : expected * 2;
		now_ms += aside + 5000;
	}
}

static void a_seat_that_stayed_good_is_forgiven(void **state)
{
	struct lc_random random = seeded();
	struct lc_clickhouse_seats seats;
	uint64_t now_ms = START_MS;

	(void)state;
	lc_clickhouse_seats_init(&seats, 1, 0);
	for (int i = 0; i < 5; i++)
		now_ms += aside_after(&seats, now_ms, &random) + 1;
	now_ms += 120000;
	assert_in_range(aside_after(&seats, now_ms, &random), 900, 1100);
}

static void queries_that_break_together_are_one_failure(void **state)
{
	struct lc_random random = seeded();
	struct lc_clickhouse_seats seats;
	uint64_t until;

	(void)state;
	lc_clickhouse_seats_init(&seats, 2, 0);
	lc_clickhouse_seats_fail(&seats, 0, START_MS, &random);
	until = seats.seats[0].aside_until_ms;
	for (int i = 0; i < 50; i++)
		lc_clickhouse_seats_fail(&seats, 0, START_MS + 10, &random);
	assert_int_equal(seats.seats[0].aside_until_ms, until);
	assert_int_equal(seats.seats[0].failures, 1);
}

static void when_all_are_left_aside_they_still_take_turns(void **state)
{
	struct lc_random random = seeded();
	struct lc_clickhouse_seats seats;

	(void)state;
	lc_clickhouse_seats_init(&seats, 3, 0);
	lc_clickhouse_seats_fail(&seats, 1, START_MS, &random);
	lc_clickhouse_seats_fail(&seats, 2, START_MS + 1, &random);
	lc_clickhouse_seats_fail(&seats, 0, START_MS + 2, &random);
	assert_int_equal(lc_clickhouse_seats_take(&seats, START_MS + 3), 1);
	assert_int_equal(lc_clickhouse_seats_take(&seats, START_MS + 4), 2);
	assert_int_equal(lc_clickhouse_seats_take(&seats, START_MS + 5), 0);
	assert_int_equal(lc_clickhouse_seats_take(&seats, START_MS + 6), 1);
}

static void a_single_seat_is_always_taken(void **state)
{
	struct lc_random random = seeded();
	struct lc_clickhouse_seats seats;

	(void)state;
	lc_clickhouse_seats_init(&seats, 1, UINT64_MAX);
	assert_int_equal(lc_clickhouse_seats_take(&seats, 0), 0);
	lc_clickhouse_seats_fail(&seats, 0, 0, &random);
	assert_int_equal(lc_clickhouse_seats_take(&seats, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_seats_take_turns),
	    cmocka_unit_test(a_failed_seat_is_passed_over_until_its_time_is_up),
	    cmocka_unit_test(each_further_failure_doubles_the_time_up_to_a_minute),
	    cmocka_unit_test(a_seat_that_stayed_good_is_forgiven),
	    cmocka_unit_test(queries_that_break_together_are_one_failure),
	    cmocka_unit_test(when_all_are_left_aside_they_still_take_turns),
	    cmocka_unit_test(a_single_seat_is_always_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
