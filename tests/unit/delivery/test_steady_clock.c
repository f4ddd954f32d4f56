#include "delivery/steady_clock.h"

#include "support/story.h"

#include <stddef.h>

enum { HOUR = 3600, DAY = 86400, NOON = 1700000000 / DAY * DAY + DAY / 2, HOUR_MS = HOUR * 1000 };

/* ClickHouse's clock is told every second for so long, beginning with `told`. */
static uint64_t follow(struct lc_steady_clock *clock, uint32_t told, uint64_t now_ms,
		       uint32_t seconds)
{
	for (uint32_t i = 0; i < seconds; i++) {
		lc_steady_clock_follow(clock, told + i, now_ms);
		now_ms += 1000;
	}
	return now_ms;
}

static void it_shows_what_is_told_while_that_is_right(void **state)
{
	struct lc_steady_clock clock = {.shows_ms = 0};

	(void)state;
	assert_int_equal(lc_steady_clock_second(&clock), 0);
	(void)follow(&clock, NOON, 7 * HOUR_MS, HOUR);
	assert_int_equal(lc_steady_clock_second(&clock), NOON + HOUR - 1);
}

static void it_does_not_follow_a_clock_that_jumps_ahead(void **state)
{
	struct lc_steady_clock clock = {.shows_ms = 0};
	uint64_t now_ms = follow(&clock, NOON, 0, 60);

	(void)state;
	now_ms = follow(&clock, NOON + DAY, now_ms, HOUR);
	assert_in_range(lc_steady_clock_second(&clock), NOON + HOUR, NOON + 60 + HOUR + HOUR / 4);
	/* And it is right as soon as the other one is. */
	(void)follow(&clock, NOON + 60 + HOUR, now_ms, 1);
	assert_int_equal(lc_steady_clock_second(&clock), NOON + 60 + HOUR);
}

static void it_catches_up_with_a_clock_that_stays_ahead(void **state)
{
	struct lc_steady_clock clock = {.shows_ms = 0};
	uint64_t now_ms = follow(&clock, NOON, 0, 60);

	(void)state;
	(void)follow(&clock, NOON + HOUR, now_ms, 4 * HOUR + 60);
	assert_int_equal(lc_steady_clock_second(&clock), NOON + HOUR + 4 * HOUR + 59);
}

static void it_goes_back_with_the_other_one(void **state)
{
	struct lc_steady_clock clock = {.shows_ms = 0};
	uint64_t now_ms = follow(&clock, NOON, 0, 60);

	(void)state;
	now_ms = follow(&clock, NOON - DAY, now_ms, 1);
	assert_int_equal(lc_steady_clock_second(&clock), NOON - DAY);
	(void)follow(&clock, NOON, now_ms, 1);
	assert_int_equal(lc_steady_clock_second(&clock), NOON - DAY + 1);
}

/* The reading of the monotonic clock goes on from one process to the next. */
static void what_passes_between_two_lives_counts(void **state)
{
	struct lc_steady_clock clock = {.shows_ms = (uint64_t)NOON * 1000, .at_ms = HOUR_MS};

	(void)state;
	lc_steady_clock_follow(&clock, NOON + DAY, (uint64_t)25 * HOUR_MS);
	assert_int_equal(lc_steady_clock_second(&clock), NOON + DAY);
}

static void after_a_start_of_the_machine_what_has_passed_since_counts(void **state)
{
	struct lc_steady_clock clock = {.shows_ms = (uint64_t)NOON * 1000,
					.at_ms = (uint64_t)100 * HOUR_MS};

	(void)state;
	lc_steady_clock_follow(&clock, NOON + DAY, HOUR_MS);
	assert_int_equal(lc_steady_clock_second(&clock), NOON + HOUR + HOUR / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_shows_what_is_told_while_that_is_right),
	    cmocka_unit_test(it_does_not_follow_a_clock_that_jumps_ahead),
	    cmocka_unit_test(it_catches_up_with_a_clock_that_stays_ahead),
	    cmocka_unit_test(it_goes_back_with_the_other_one),
	    cmocka_unit_test(what_passes_between_two_lives_counts),
	    cmocka_unit_test(after_a_start_of_the_machine_what_has_passed_since_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
