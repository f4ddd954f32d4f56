/* A long window is taken in slices, and the first one begins at the oldest row. */
#include "support/discovery_story.h"

#include "delivery/server_clock.h"

#include <stdio.h>

enum {
	DELAY = DISCOVERY_STORY_DELAY,
	UNTIL = DISCOVERY_STORY_UNTIL,
};

enum {
	SLICE = 3600, /* what is asked for first */
	DAY = 24 * 3600,
	LIMIT = 158, /* TOO_MANY_ROWS */
	PATIENCE = 8,
	WORKED_ON_MS = 5000,
};

static void expect_window(const struct discovery_story *story, uint32_t from, uint32_t until)
{
	char text[128];

	snprintf(text, sizeof text, "insertedAt >= toDateTime(%u) AND insertedAt < toDateTime(%u)",
		 from, until);
	if (!fake_clickhouse_sql_has(story->world.clickhouse, text))
		fail_msg("%s is not asked for by %s", text,
			 fake_clickhouse_sql(story->world.clickhouse));
}

/* Answers the window that is asked for: nothing is in it. */
static void answer_window(struct discovery_story *story, uint32_t from, uint32_t until)
{
	char told[64];

	expect_window(story, from, until);
	fake_clickhouse_end(story->world.clickhouse);
	snprintf(told, sizeof told, "until %u\n", until);
	assert_string_equal(fake_ledger_told(story->world.ledger), told);
	assert_int_equal(lc_discovery_until(story->discovery), until);
	assert_int_equal(story->error.kind, LC_ERROR_NONE);
}

static void a_long_window_is_taken_in_slices_that_grow(void **state)
{
	struct discovery_story *story = *state;
	uint32_t now = UNTIL + DAY + DELAY;

	discovery_story_pass_offsets(story, now);
	answer_window(story, UNTIL, UNTIL + SLICE);
	assert_true(lc_discovery_lags(story->discovery));
	discovery_story_tell_time(story, now);
	answer_window(story, UNTIL + SLICE, UNTIL + 3 * SLICE);
	discovery_story_tell_time(story, now);
	answer_window(story, UNTIL + 3 * SLICE, UNTIL + 7 * SLICE);
	discovery_story_tell_time(story, now);
	answer_window(story, UNTIL + 7 * SLICE, UNTIL + 15 * SLICE);
	assert_true(lc_discovery_lags(story->discovery));
	discovery_story_tell_time(story, now);
	answer_window(story, UNTIL + 15 * SLICE, UNTIL + DAY);
	assert_false(lc_discovery_lags(story->discovery));
}

/* Once, the whole window was asked for again and again, for ever. */
static void a_window_that_is_too_much_is_halved_until_it_is_answered(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_pass_offsets(story, UNTIL + DAY);
	for (uint32_t seconds = SLICE; seconds > 1; seconds /= 2) {
		expect_window(story, UNTIL, UNTIL + seconds);
		fake_clickhouse_refuse(story->world.clickhouse, LIMIT);
		assert_int_equal(story->ends, 0);
	}
	answer_window(story, UNTIL, UNTIL + 1);
	for (unsigned i = 1; i <= PATIENCE; i++) {
		discovery_story_tell_time(story, UNTIL + DAY);
		answer_window(story, UNTIL + i, UNTIL + i + 1);
	}
	discovery_story_tell_time(story, UNTIL + DAY);
	answer_window(story, UNTIL + PATIENCE + 1, UNTIL + PATIENCE + 3);
}

static void a_second_that_is_too_much_is_told(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_pass_offsets(story, UNTIL + DELAY + 1);
	expect_window(story, UNTIL, UNTIL + 1);
	fake_clickhouse_refuse(story->world.clickhouse, LIMIT);
	discovery_story_expect_end(story, 1, LC_ERROR_REFUSED);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL);
}

/* The next attempt may go to another server. */
static void a_window_that_nobody_answers_in_time_is_halved_for_the_next_attempt(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_pass_offsets(story, UNTIL + DAY);
	fake_loop_advance(story->world.loop, WORKED_ON_MS);
	fake_clickhouse_break(story->world.clickhouse);
	discovery_story_expect_end(story, 1, LC_ERROR_UNREACHABLE);
	discovery_story_tell_time(story, UNTIL + DAY);
	answer_window(story, UNTIL, UNTIL + SLICE / 2);
}

static void what_has_other_reasons_halves_nothing(void **state)
{
	static const int codes[] = {60, 497, 202};
	struct discovery_story *story = *state;

	discovery_story_pass_offsets(story, UNTIL + DAY);
	for (unsigned i = 0; i < 3; i++) {
		expect_window(story, UNTIL, UNTIL + SLICE);
		fake_clickhouse_refuse(story->world.clickhouse, codes[i]);
		discovery_story_expect_end(story, 2 * i + 1, LC_ERROR_REFUSED);
		discovery_story_tell_time(story, UNTIL + DAY);
		fake_clickhouse_break(story->world.clickhouse);
		discovery_story_expect_end(story, 2 * i + 2, LC_ERROR_UNREACHABLE);
		discovery_story_tell_time(story, UNTIL + DAY);
	}
	answer_window(story, UNTIL, UNTIL + SLICE);
}

static void a_restart_goes_on_behind_the_last_slice(void **state)
{
	struct discovery_story *story = *state;
	struct lc_ledger_state ledger_state = {.until = UNTIL + SLICE};

	discovery_story_pass_offsets(story, UNTIL + DAY);
	answer_window(story, UNTIL, UNTIL + SLICE);
	discovery_story_start_process(story, &ledger_state);
	discovery_story_pass_offsets(story, UNTIL + DAY);
	answer_window(story, UNTIL + SLICE, UNTIL + 2 * SLICE);
}

static void start_fresh(struct discovery_story *story, uint32_t now)
{
	struct lc_ledger_state fresh = {.fresh = true};

	discovery_story_start_process(story, &fresh);
	discovery_story_tell_time(story, now);
	fake_clickhouse_end(story->world.clickhouse);
}

static void the_first_window_begins_at_the_oldest_row(void **state)
{
	struct discovery_story *story = *state;

	start_fresh(story, UNTIL + DELAY);
	discovery_story_answer_oldest(story, UNTIL - DAY);
	answer_window(story, UNTIL - DAY, UNTIL - DAY + SLICE);
}

static void a_table_without_rows_makes_a_first_window_without_any(void **state)
{
	struct discovery_story *story = *state;

	start_fresh(story, UNTIL + DELAY);
	discovery_story_answer_oldest_of(story, 0, 0);
	answer_window(story, UNTIL - 1, UNTIL);
	assert_false(lc_discovery_lags(story->discovery));
}

/* A row without a time is no sign that the table is empty. */
static void an_oldest_row_of_second_zero_hides_no_other(void **state)
{
	struct discovery_story *story = *state;

	start_fresh(story, UNTIL + DELAY);
	discovery_story_answer_oldest(story, 0);
	answer_window(story, 1, 1 + SLICE);
	assert_true(lc_discovery_lags(story->discovery));
}

/* A row whose second is still to come is not discovered before. */
static void an_oldest_row_that_is_too_young_makes_an_empty_first_window(void **state)
{
	struct discovery_story *story = *state;

	start_fresh(story, UNTIL + DELAY);
	discovery_story_answer_oldest(story, UNTIL + 5);
	answer_window(story, UNTIL - 1, UNTIL);
}

static void a_table_that_cannot_tell_its_oldest_row_is_read_from_the_beginning(void **state)
{
	struct discovery_story *story = *state;

	start_fresh(story, UNTIL + DELAY);
	fake_clickhouse_refuse(story->world.clickhouse, LIMIT);
	answer_window(story, 1, 1 + SLICE);
	discovery_story_tell_time(story, UNTIL + DELAY);
	answer_window(story, 1 + SLICE, 1 + 3 * SLICE);
}

static void where_to_begin_is_asked_again_when_nobody_has_answered(void **state)
{
	struct discovery_story *story = *state;

	start_fresh(story, UNTIL + DELAY);
	fake_clickhouse_break(story->world.clickhouse);
	discovery_story_expect_end(story, 1, LC_ERROR_UNREACHABLE);
	discovery_story_tell_time(story, UNTIL + DELAY);
	discovery_story_answer_oldest(story, UNTIL - 60);
	answer_window(story, UNTIL - 60, UNTIL);
}

/* Their rows are left out by ClickHouse in each slice that they lie in, after a restart, too. */
static void floors_count_in_every_slice(void **state)
{
	struct discovery_story *story = *state;
	struct lc_ledger_state ledger_state = {.until = UNTIL - DAY + SLICE,
					       .doubtful_until = UNTIL - DAY + 2 * SLICE};
	struct lc_ledger_state fresh = {.fresh = true};

	discovery_story_start_process(story, &fresh);
	discovery_story_tell_time(story, UNTIL + DELAY);
	discovery_story_send_offset(story, 7, "bucket", UNTIL - DAY + 2 * SLICE - 1);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_answer_oldest(story, UNTIL - DAY);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "> o.floor GROUP BY"));
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_start_process(story, &ledger_state);
	discovery_story_pass_offsets(story, UNTIL + DELAY);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "> o.floor GROUP BY"));
	fake_clickhouse_end(story->world.clickhouse);
	(void)fake_ledger_told(story->world.ledger);
	discovery_story_tell_time(story, UNTIL + DELAY);
	answer_window(story, UNTIL - DAY + 2 * SLICE, UNTIL - DAY + 4 * SLICE);
}

/* As if windows had always been discovered in time. */
static void sources_become_ready_by_what_is_discovered(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_pass_offsets(story, UNTIL + DAY + DELAY);
	answer_window(story, UNTIL, UNTIL + SLICE);
	assert_int_equal(lc_discovery_present(story->discovery), UNTIL + SLICE + DELAY);
	assert_int_equal(lc_discovery_clickhouse_now(story->discovery), UNTIL + DAY + DELAY);
	assert_int_equal(lc_discovery_closed(story->discovery), UNTIL + DAY);
}

/* Then there is nothing to discover at once, however far the last window was to go. */
static void a_clock_that_is_set_back_ends_the_backlog(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_pass_offsets(story, UNTIL + DAY + DELAY);
	answer_window(story, UNTIL, UNTIL + SLICE);
	for (unsigned i = 0; i <= LC_SERVER_CLOCK_DOUBTS_MAX; i++)
		discovery_story_tell_time(story, UNTIL + DELAY);
	assert_int_equal(story->error.kind, LC_ERROR_NONE);
	assert_false(lc_discovery_lags(story->discovery));
	assert_int_equal(lc_discovery_present(story->discovery), UNTIL + DELAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    DISCOVERY_STORY(a_long_window_is_taken_in_slices_that_grow),
	    DISCOVERY_STORY(a_window_that_is_too_much_is_halved_until_it_is_answered),
	    DISCOVERY_STORY(a_second_that_is_too_much_is_told),
	    DISCOVERY_STORY(a_window_that_nobody_answers_in_time_is_halved_for_the_next_attempt),
	    DISCOVERY_STORY(what_has_other_reasons_halves_nothing),
	    DISCOVERY_STORY(a_restart_goes_on_behind_the_last_slice),
	    DISCOVERY_STORY(the_first_window_begins_at_the_oldest_row),
	    DISCOVERY_STORY(a_table_without_rows_makes_a_first_window_without_any),
	    DISCOVERY_STORY(an_oldest_row_of_second_zero_hides_no_other),
	    DISCOVERY_STORY(an_oldest_row_that_is_too_young_makes_an_empty_first_window),
	    DISCOVERY_STORY(a_table_that_cannot_tell_its_oldest_row_is_read_from_the_beginning),
	    DISCOVERY_STORY(where_to_begin_is_asked_again_when_nobody_has_answered),
	    DISCOVERY_STORY(floors_count_in_every_slice),
	    DISCOVERY_STORY(sources_become_ready_by_what_is_discovered),
	    DISCOVERY_STORY(a_clock_that_is_set_back_ends_the_backlog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
