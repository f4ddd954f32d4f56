#include "support/reconcile_story.h"

#include <stdio.h>

enum {
	SLOT = RECONCILE_STORY_SLOT,
	STEP = RECONCILE_STORY_STEP,
	HORIZON = RECONCILE_STORY_HORIZON,
	INTERVAL_MS = RECONCILE_STORY_INTERVAL_MS,
	FULL_INTERVAL_MS = RECONCILE_STORY_FULL_INTERVAL_MS,
	FAILURE_WAIT_MS = RECONCILE_STORY_FAILURE_WAIT_MS,
};

static struct lc_ledger_count surplus_of(const char *bucket, uint32_t second, uint64_t rows)
{
	return (struct lc_ledger_count){
	    .source = {.raft_session_id = 7, .bucket = lc_view_of(bucket)},
	    .second = second,
	    .rows = rows};
}

/* A full pass over [HORIZON, HORIZON + SLOT) without any surplus. */
static void pass_first(struct reconcile_story *story)
{
	reconcile_story_start_if_due(story, HORIZON + SLOT);
	reconcile_story_pass_step(story);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	(void)fake_ledger_told(story->world.ledger);
}

static void the_first_pass_looks_at_all_within_the_horizon(void **state)
{
	struct reconcile_story *story = *state;

	reconcile_story_start_if_due(story, HORIZON + 2 * STEP + 100);
	reconcile_story_expect_bounds(story, HORIZON, HORIZON + STEP);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "raftSessionID % 4 = 3 AND"));
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, HORIZON);
	fake_clickhouse_send_count(story->world.clickhouse, 11, "other", 6, HORIZON + SLOT);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "slots? 7/bucket 1500000=5 11/other 1500300=6\n");
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	reconcile_story_expect_bounds(story, HORIZON + STEP, HORIZON + 2 * STEP);
	reconcile_story_pass_step(story);

	/* The last slot ends where the last window does: nothing after it is taken yet. */
	reconcile_story_expect_bounds(story, HORIZON + 2 * STEP, HORIZON + 2 * STEP + 100);
	reconcile_story_pass_step(story);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 1);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES), 0);
}

static void on_discovered(void *context, const struct lc_error *error)
{
	(void)context;
	assert_int_equal(error->kind, LC_ERROR_NONE);
}

/* A discovery up to the question for its window; whether it asks for the offsets before that. */
static bool asks_for_offsets(struct reconcile_story *story, uint32_t now)
{
	bool asks;

	fake_loop_advance(story->world.loop, 10 * 1000);
	lc_discovery_start(story->discovery, 0, on_discovered, NULL);
	fake_clickhouse_send_clock(story->world.clickhouse, now);
	fake_clickhouse_end(story->world.clickhouse);
	asks = fake_clickhouse_sql_has(story->world.clickhouse, "`offsets`");
	if (asks) {
		fake_clickhouse_end(story->world.clickhouse);
		fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	}
	fake_clickhouse_end(story->world.clickhouse);
	return asks;
}

/* Whether another courier has begun in the meantime. */
static void a_full_pass_has_the_offsets_compared_again(void **state)
{
	struct reconcile_story *story = *state;

	assert_true(asks_for_offsets(story, HORIZON + SLOT + 100));
	assert_false(asks_for_offsets(story, HORIZON + SLOT + 110));
	pass_first(story);
	assert_true(asks_for_offsets(story, HORIZON + SLOT + 120));
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	reconcile_story_start_if_due(story, HORIZON + SLOT);
	reconcile_story_settle_pass(story);
	assert_false(asks_for_offsets(story, HORIZON + SLOT + 190));
}

static void slots_that_an_open_range_touches_are_left_out(void **state)
{
	struct reconcile_story *story = *state;

	reconcile_story_open_seconds(story, "bucket", HORIZON + SLOT + 299, HORIZON + 2 * SLOT + 1);
	reconcile_story_start_if_due(story, HORIZON + STEP);
	for (uint32_t slot = 0; slot < 4; slot++)
		fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5,
					   HORIZON + slot * SLOT);

	/* That of one source says nothing about another. */
	fake_clickhouse_send_count(story->world.clickhouse, 7, "other", 6, HORIZON + SLOT);
	fake_clickhouse_send_count(story->world.clickhouse, 11, "bucket", 7, HORIZON + SLOT);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "slots? 7/bucket 1500000=5 7/bucket 1500900=5 7/other 1500300=6 "
			    "11/bucket 1500300=7\n");
	lc_reconcile_cancel(story->reconcile);
}

static void seconds_with_a_surplus_become_open_ranges_in_doubt(void **state)
{
	struct reconcile_story *story = *state;
	struct lc_ledger_count slots[] = {surplus_of("bucket", HORIZON + SLOT, 3),
					  surplus_of("it's", HORIZON, 1)};
	struct lc_ledger_count seconds[] = {surplus_of("bucket", HORIZON + SLOT + 7, 2),
					    surplus_of("bucket", HORIZON + SLOT + 9, 1),
					    surplus_of("it's", HORIZON, 1)};
	const struct lc_source *source;

	reconcile_story_start_if_due(story, HORIZON + STEP);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 100, HORIZON + SLOT);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "it's", 100, HORIZON);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, slots, 2);
	(void)fake_ledger_told(story->world.ledger);

	/* These slots alone are asked by second. */
	reconcile_story_expect_bounds(story, HORIZON, HORIZON + STEP);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    " IN ((7,'bucket',1500300),(7,'it\\'s',"
					    "1500000)) GROUP BY"));
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 50, HORIZON + SLOT + 7);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 20, HORIZON + SLOT + 8);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "it's", 100, HORIZON);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "seconds? 7/bucket 1500307=50 7/bucket 1500308=20 7/it's "
			    "1500000=100\n");
	assert_int_equal(lc_source_count(story->world.sources), 0);
	fake_ledger_answer_counts(story->world.ledger, seconds, 3);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "ranges 7/bucket 1500307-1500308@1502410 1500309-1500310@1502410\n"
			    "ranges 7/it's 1500000-1500001@1502410\n"
			    "horizon 1500600\nexpire 1500600\n");
	source = lc_source_find(story->world.sources, 7, lc_view_of("bucket"));
	assert_int_equal(source->open_rows, 3);
	assert_true(source->ranges[0].doubtful && source->ranges[1].doubtful);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_LATE_ROWS_FOUND), 4);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 1);
}

static void a_second_opened_meanwhile_is_not_opened_again(void **state)
{
	struct reconcile_story *story = *state;
	struct lc_ledger_count slot = surplus_of("bucket", HORIZON + SLOT, 3);
	struct lc_ledger_count second = surplus_of("bucket", HORIZON + SLOT + 7, 3);

	reconcile_story_start_if_due(story, HORIZON + STEP);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 100, HORIZON + SLOT);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, &slot, 1);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 100, HORIZON + SLOT + 7);
	fake_clickhouse_end(story->world.clickhouse);
	reconcile_story_open_seconds(story, "bucket", HORIZON + SLOT + 5, HORIZON + SLOT + 10);
	(void)fake_ledger_told(story->world.ledger);
	fake_ledger_answer_counts(story->world.ledger, &second, 1);

	/* What is settled beside it is compared by the next pass. */
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "horizon 1500300\nexpire 1500300\n");
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_LATE_ROWS_FOUND), 0);
}

enum { LIMIT = 241, BROKEN = 246, REFUSED = 497, WORKED_ON_MS = 5000 };

static bool is_failing(const struct reconcile_story *story)
{
	return lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILE_FAILING_SINCE) != 0;
}

static void a_step_that_is_too_much_is_taken_in_smaller_ones(void **state)
{
	struct reconcile_story *story = *state;

	reconcile_story_start_if_due(story, HORIZON + STEP);
	fake_clickhouse_refuse(story->world.clickhouse, LIMIT);
	reconcile_story_expect_bounds(story, HORIZON, HORIZON + 4 * SLOT);
	fake_clickhouse_refuse(story->world.clickhouse, LIMIT);
	for (unsigned i = 0; i < 4; i++) {
		reconcile_story_expect_bounds(story, HORIZON + 2 * i * SLOT,
					      HORIZON + 2 * (i + 1) * SLOT);
		reconcile_story_pass_step(story);
	}
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 1);
	assert_false(is_failing(story));
}

/* Once, one old slot that could not be counted kept all others from being compared. */
static void a_slot_that_cannot_be_counted_is_passed_over_and_holds_the_horizon(void **state)
{
	struct reconcile_story *story = *state;
	const uint32_t bad = HORIZON + SLOT;

	reconcile_story_start_if_due(story, HORIZON + 2 * STEP);
	while (fake_clickhouse_is_asked(story->world.clickhouse)) {
		char asked[64];

		snprintf(asked, sizeof asked, "insertedAt >= toDateTime(%u) AND", bad);
		if (fake_clickhouse_sql_has(story->world.clickhouse, asked) ||
		    (fake_clickhouse_sql_has(story->world.clickhouse, "toDateTime(1500000) AND") &&
		     !fake_clickhouse_sql_has(story->world.clickhouse, "< toDateTime(1500300)")))
			fake_clickhouse_refuse(story->world.clickhouse, BROKEN);
		else
			reconcile_story_pass_step(story);
	}
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 1);
	assert_non_null(strstr(fake_ledger_told(story->world.ledger), "horizon 1500300\n"));
	assert_true(is_failing(story));

	/* Until a pass has compared it. */
	fake_loop_advance(story->world.loop, FULL_INTERVAL_MS);
	reconcile_story_start_if_due(story, HORIZON + 2 * STEP);
	reconcile_story_settle_pass(story);
	assert_false(is_failing(story));
	assert_non_null(strstr(fake_ledger_told(story->world.ledger), "horizon 1503000\n"));
}

static void seconds_that_cannot_be_counted_are_passed_over_too(void **state)
{
	struct reconcile_story *story = *state;
	struct lc_ledger_count slot = surplus_of("bucket", HORIZON, 1);

	reconcile_story_start_if_due(story, HORIZON + SLOT);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, HORIZON);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, &slot, 1);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "(7,'bucket',1500000)"));
	fake_clickhouse_refuse(story->world.clickhouse, LIMIT);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 1);
	assert_true(is_failing(story));
}

/* Such a pass is over: more questions would hang, too. */
static void nothing_is_passed_over_when_clickhouse_hangs(void **state)
{
	struct reconcile_story *story = *state;

	reconcile_story_start_if_due(story, HORIZON + 4 * STEP);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(fake_clickhouse_is_asked(story->world.clickhouse));
		fake_loop_advance(story->world.loop, WORKED_ON_MS);
		fake_clickhouse_break(story->world.clickhouse);
	}
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 0);
	assert_true(is_failing(story));
}

static void nothing_is_passed_over_when_nothing_can_be_asked(void **state)
{
	struct reconcile_story *story = *state;

	reconcile_story_start_if_due(story, HORIZON + 4 * STEP);
	fake_clickhouse_refuse(story->world.clickhouse, REFUSED);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	reconcile_story_start_if_due(story, HORIZON + 4 * STEP);
	fake_clickhouse_break(story->world.clickhouse);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
}

static void recent_slots_are_compared_often_and_all_now_and_then(void **state)
{
	struct reconcile_story *story = *state;
	uint32_t until = HORIZON + 2 * STEP + 100;

	pass_first(story);
	fake_loop_advance(story->world.loop, INTERVAL_MS - 1);
	reconcile_story_start_if_due(story, until);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	fake_loop_advance(story->world.loop, 1);
	reconcile_story_start_if_due(story, until);

	/* At least ten minutes, in whole slots. */
	reconcile_story_expect_bounds(story, HORIZON + 2 * STEP - 2 * SLOT, until);
	reconcile_story_pass_step(story);
	fake_loop_advance(story->world.loop, FULL_INTERVAL_MS - INTERVAL_MS);
	reconcile_story_start_if_due(story, until);
	reconcile_story_expect_bounds(story, HORIZON, HORIZON + STEP);
	lc_reconcile_cancel(story->reconcile);
}

static void the_later_rows_come_the_further_back_is_recent(void **state)
{
	struct reconcile_story *story = *state;
	uint32_t until = HORIZON + 2 * STEP;
	uint32_t late = until + 10 - 1000;
	struct lc_ledger_count slot = surplus_of("bucket", late - late % SLOT, 1);
	struct lc_ledger_count second = surplus_of("bucket", late, 1);

	story->world.settings.reconcile_horizon_seconds = 100 * STEP;
	pass_first(story);
	fake_loop_advance(story->world.loop, FULL_INTERVAL_MS);
	reconcile_story_start_if_due(story, until);
	reconcile_story_pass_step(story);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, slot.second);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, &slot, 1);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, late);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, &second, 1);

	/* It was 1000 s late: twice that is looked at now, and less from pass to pass. */
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	reconcile_story_start_if_due(story, until + 60);
	reconcile_story_expect_bounds(story, until + 60 - 2000 - (until + 60 - 2000) % SLOT,
				      until + 60);
	reconcile_story_pass_step(story);
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	reconcile_story_start_if_due(story, until + 120);
	reconcile_story_expect_bounds(story, until + 120 - 1000 - (until + 120 - 1000) % SLOT,
				      until + 120);
	reconcile_story_pass_step(story);
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	reconcile_story_start_if_due(story, until + 180);
	reconcile_story_expect_bounds(story, until + 180 - 600 - (until + 180 - 600) % SLOT,
				      until + 180);
	reconcile_story_pass_step(story);
}

static void nothing_is_compared_before_there_is_a_window_and_a_horizon(void **state)
{
	struct reconcile_story *story = *state;
	struct lc_reconcile *fresh;

	story->world.delivery.state.horizon = 0;
	fresh = lc_reconcile_new(&story->world.delivery);
	lc_reconcile_start_if_due(fresh, 0, 0);
	lc_reconcile_start_if_due(fresh, HORIZON, HORIZON);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	lc_reconcile_follow_clock(fresh, HORIZON + 5000, UINT32_MAX);
	lc_reconcile_set_horizon(fresh, HORIZON + 299);
	assert_int_equal(fake_ledger_steady_ms(story->world.ledger), (HORIZON + 5000) * 1000ULL);
	assert_string_equal(fake_ledger_told(story->world.ledger), "horizon 1500000\n");
	lc_reconcile_free(fresh);
	reconcile_story_start_if_due(story, 0);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	lc_reconcile_start_if_due(story->reconcile, HORIZON + STEP, 0);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));

	/* Nor while all of time is older than the horizon. */
	reconcile_story_start_if_due(story, HORIZON);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
}

static void one_pass_is_under_way_at_a_time(void **state)
{
	struct reconcile_story *story = *state;

	reconcile_story_start_if_due(story, HORIZON + STEP);
	fake_loop_advance(story->world.loop, 2 * FULL_INTERVAL_MS);
	reconcile_story_start_if_due(story, HORIZON + 2 * STEP);
	reconcile_story_expect_bounds(story, HORIZON, HORIZON + STEP);
	fake_clickhouse_end(story->world.clickhouse);
	reconcile_story_start_if_due(story, HORIZON + 2 * STEP);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
}

static void expect_refused(struct reconcile_story *story)
{
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(fake_ledger_waiting(story->world.ledger), 0);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 0);
	assert_int_equal(lc_source_count(story->world.sources), 0);
}

static void a_row_of_another_shard_is_refused(void **state)
{
	struct reconcile_story *story = *state;

	reconcile_story_start_if_due(story, HORIZON + STEP);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "good", 5, HORIZON);
	fake_clickhouse_send_count(story->world.clickhouse, 8, "bucket", 5, HORIZON);
	expect_refused(story);
}

static void a_row_of_a_slot_not_asked_for_is_refused(void **state)
{
	struct reconcile_story *story = *state;
	const uint32_t strays[] = {HORIZON - SLOT, HORIZON + STEP, HORIZON + 1, UINT32_MAX, 0};

	for (size_t i = 0; i < sizeof strays / sizeof strays[0]; i++) {
		reconcile_story_start_if_due(story, HORIZON + 2 * STEP);
		fake_clickhouse_send_count(story->world.clickhouse, 7, "good", 5, HORIZON);
		fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, strays[i]);
		expect_refused(story);
		fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	}
}

static void a_second_not_asked_for_is_refused(void **state)
{
	struct reconcile_story *story = *state;
	struct lc_ledger_count slot = surplus_of("bucket", HORIZON, 3);

	reconcile_story_start_if_due(story, HORIZON + STEP);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, &slot, 1);
	(void)fake_ledger_told(story->world.ledger);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, HORIZON + 7);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, HORIZON + STEP);
	expect_refused(story);
}

static void an_answer_that_is_no_answer_is_refused(void **state)
{
	struct reconcile_story *story = *state;
	char first;

	reconcile_story_start_if_due(story, HORIZON + STEP);
	fake_clickhouse_send(story->world.clickhouse,
			     lc_view_of("<html>504 Gateway Time-out</html>"));
	expect_refused(story);
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	reconcile_story_start_if_due(story, HORIZON + STEP);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "good", 5, HORIZON);
	first = (char)fake_clickhouse_marker(story->world.clickhouse);
	fake_clickhouse_send(story->world.clickhouse, (struct lc_view){.data = &first, .size = 1});
	expect_refused(story);
}

static void a_cancelled_pass_does_nothing_more(void **state)
{
	struct reconcile_story *story = *state;
	struct lc_ledger_count slot = surplus_of("bucket", HORIZON, 3);

	reconcile_story_start_if_due(story, HORIZON + STEP);
	fake_clickhouse_end(story->world.clickhouse);
	lc_reconcile_cancel(story->reconcile);

	/* The answer to a question of the cancelled pass is not taken for one of the next. */
	reconcile_story_start_if_due(story, HORIZON + STEP);
	fake_clickhouse_end(story->world.clickhouse);
	(void)fake_ledger_told(story->world.ledger);
	fake_ledger_answer_counts(story->world.ledger, &slot, 1);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RECONCILE_STORY(the_first_pass_looks_at_all_within_the_horizon),
	    RECONCILE_STORY(a_full_pass_has_the_offsets_compared_again),
	    RECONCILE_STORY(slots_that_an_open_range_touches_are_left_out),
	    RECONCILE_STORY(seconds_with_a_surplus_become_open_ranges_in_doubt),
	    RECONCILE_STORY(a_second_opened_meanwhile_is_not_opened_again),
	    RECONCILE_STORY(a_step_that_is_too_much_is_taken_in_smaller_ones),
	    RECONCILE_STORY(a_slot_that_cannot_be_counted_is_passed_over_and_holds_the_horizon),
	    RECONCILE_STORY(seconds_that_cannot_be_counted_are_passed_over_too),
	    RECONCILE_STORY(nothing_is_passed_over_when_clickhouse_hangs),
	    RECONCILE_STORY(nothing_is_passed_over_when_nothing_can_be_asked),
	    RECONCILE_STORY(recent_slots_are_compared_often_and_all_now_and_then),
	    RECONCILE_STORY(the_later_rows_come_the_further_back_is_recent),
	    RECONCILE_STORY(nothing_is_compared_before_there_is_a_window_and_a_horizon),
	    RECONCILE_STORY(one_pass_is_under_way_at_a_time),
	    RECONCILE_STORY(a_row_of_another_shard_is_refused),
	    RECONCILE_STORY(a_row_of_a_slot_not_asked_for_is_refused),
	    RECONCILE_STORY(a_second_not_asked_for_is_refused),
	    RECONCILE_STORY(an_answer_that_is_no_answer_is_refused),
	    RECONCILE_STORY(a_cancelled_pass_does_nothing_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
