/* The horizon: which seconds are compared at all, and when its lower bound moves. */
#include "support/reconcile_story.h"

#include "delivery/object.h"
#include "delivery/upload.h"
#include "support/record_rows.h"

enum {
	SLOT = RECONCILE_STORY_SLOT,
	STEP = RECONCILE_STORY_STEP,
	HORIZON = RECONCILE_STORY_HORIZON,
	INTERVAL_MS = RECONCILE_STORY_INTERVAL_MS,
	FULL_INTERVAL_MS = RECONCILE_STORY_FULL_INTERVAL_MS,
	FAILURE_WAIT_MS = RECONCILE_STORY_FAILURE_WAIT_MS,
	REACH = RECONCILE_STORY_REACH,
};

static void settle(void *context, struct lc_source *source)
{
	uint32_t from;
	uint32_t to;

	(void)context;
	(void)lc_source_ask(source, &from, &to);
	lc_source_settle_asked(source);
}

/* Passes three steps; with the last one the ledger is told this. */
static void pass_to_horizon(struct reconcile_story *story, const char *told)
{
	reconcile_story_pass_step(story);
	reconcile_story_pass_step(story);
	(void)fake_ledger_told(story->world.ledger);
	reconcile_story_pass_step(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), told);
}

static void a_slot_passed_over_stays_within_the_horizon(void **state)
{
	struct reconcile_story *story = *state;

	reconcile_story_open_seconds(story, "bucket", HORIZON + SLOT + 299, HORIZON + 2 * SLOT);
	reconcile_story_start_if_due(story, HORIZON + 2 * STEP);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, HORIZON);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, HORIZON + SLOT);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	(void)fake_ledger_told(story->world.ledger);
	reconcile_story_pass_step(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "slots?\nhorizon 1500300\nexpire 1500300\n");

	/* Once it is settled and compared, the horizon moves on. */
	lc_source_each(story->world.sources, settle, NULL);
	fake_loop_advance(story->world.loop, FULL_INTERVAL_MS);
	reconcile_story_start_if_due(story, HORIZON + 2 * STEP);
	reconcile_story_expect_bounds(story, HORIZON + SLOT, HORIZON + SLOT + STEP);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, HORIZON + SLOT);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "slots? 7/bucket 1500300=5\n");
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	reconcile_story_pass_step(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "slots?\nhorizon 1503000\nexpire 1503000\n");
}

static void the_horizon_moves_when_a_full_pass_has_succeeded(void **state)
{
	struct reconcile_story *story = *state;

	/* Whole slots before the end of the pass. */
	reconcile_story_start_if_due(story, HORIZON + 2 * STEP + 100);
	pass_to_horizon(story, "slots?\nhorizon 1503000\nexpire 1503000\n");

	/* A pass over recent slots leaves it where it is. */
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	reconcile_story_start_if_due(story, HORIZON + 4 * STEP);
	reconcile_story_pass_step(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "slots?\n");
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES), 1);

	/* The next full one begins there. */
	fake_loop_advance(story->world.loop, 2 * STEP * 1000);
	reconcile_story_start_if_due(story, HORIZON + 4 * STEP);
	reconcile_story_expect_bounds(story, 1503000, 1503000 + STEP);
	pass_to_horizon(story, "slots?\nhorizon 1507800\nexpire 1507800\n");
}

/* An object of two rows of this second is refused for its size; whether its rows are read again. */
static bool is_cut(struct reconcile_story *story, uint32_t second)
{
	struct lc_record record = record_rows_example();
	struct lc_target *target =
	    lc_target_table_get(story->world.delivery.targets, lc_view_of("logs"), lc_view_of(""));
	struct lc_source *source = lc_source_get(story->world.sources, 7, lc_view_of("large"));
	struct lc_object *object =
	    lc_object_new(story->world.delivery.objects, source, target, NULL, 0);

	record.inserted_at = second;
	lc_object_append(object, &record, 1, &(struct lc_line_style){0});
	lc_object_append(object, &record, 2, &(struct lc_line_style){0});
	lc_object_seal(object);
	lc_object_name(object, 1, 0);
	object->intent_id = second;
	lc_object_enter(object, LC_OBJECT_RECORDING);
	lc_upload_submit(story->world.upload, object);
	fake_loop_advance(story->world.loop, 0);
	fake_s3_answer_as(story->world.s3, "logs", 413, "EntityTooLarge");
	fake_ledger_confirm(story->world.ledger);
	return strstr(fake_ledger_told(story->world.ledger), "withdrawn") != NULL;
}

static void rows_from_before_the_horizon_are_not_read_again(void **state)
{
	struct reconcile_story *story = *state;

	assert_false(is_cut(story, HORIZON - 1));
	assert_true(is_cut(story, HORIZON));
	lc_source_each(story->world.sources, settle, NULL);
	reconcile_story_start_if_due(story, HORIZON + 2 * STEP + 100);
	pass_to_horizon(story, "slots?\nhorizon 1503000\nexpire 1503000\n");
	assert_false(is_cut(story, 1503000 - 1));
	assert_true(is_cut(story, 1503000));
}

/* It would hold the horizon, and with it the ledger of all others, for as long as it is broken. Its
 * ranges are whole slots, so that nothing beside them is left uncompared. */
static void the_horizon_moves_past_a_source_that_can_not_be_read(void **state)
{
	struct reconcile_story *story = *state;
	struct lc_source *source;

	reconcile_story_open_seconds(story, "bucket", HORIZON + SLOT + 5, HORIZON + SLOT + 6);
	source = lc_source_find(story->world.sources, 7, lc_view_of("bucket"));
	lc_source_note_unreadable(source, "no", 0);
	lc_source_widen(source, SLOT, HORIZON + 2 * STEP);
	reconcile_story_start_if_due(story, HORIZON + 2 * STEP);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, HORIZON);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, HORIZON + SLOT);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "other", 5, HORIZON + SLOT);
	fake_clickhouse_end(story->world.clickhouse);

	/* What is open of it is not compared, its other slots and those of others are. */
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "slots? 7/bucket 1500000=5 7/other 1500300=5\n");
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	reconcile_story_pass_step(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "slots?\nhorizon 1503000\nexpire 1503000\n");
	assert_true(lc_source_is_open(source));
}

/* Its window's end lies in the future: rows come before it, and no window will hold them. */
static void after_a_clock_that_was_ahead_nothing_falls_behind_the_horizon(void **state)
{
	struct reconcile_story *story = *state;
	uint32_t now = HORIZON + 2 * STEP + 100;

	reconcile_story_start_if_due_at(story, now + 86400, now);
	pass_to_horizon(story, "slots?\nhorizon 1503000\nexpire 1503000\n");
	/* And what is recent is what is recent now. */
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	reconcile_story_start_if_due_at(story, now + 86400, now + 300);
	assert_true(fake_clickhouse_is_asked(story->world.clickhouse));
	reconcile_story_expect_bounds(story, (now + 300 - 600) / 300 * 300, now + 300);
}

static void the_horizon_never_moves_back(void **state)
{
	struct reconcile_story *story = *state;

	/* The setting reaches further back than what was given up already. */
	reconcile_story_start_if_due(story, HORIZON + SLOT);
	reconcile_story_pass_step(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "slots?\nexpire 1500000\n");
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 1);
}

/* ClickHouse's clock and this machine's are a day ahead for some hours. */
static void the_horizon_does_not_follow_a_clock_that_is_ahead(void **state)
{
	struct reconcile_story *story = *state;
	const uint32_t day = 86400;
	const uint32_t far = 100 * STEP;
	uint32_t now = HORIZON + far;

	story->world.settings.reconcile_horizon_seconds = far;
	reconcile_story_start_if_due_at(story, now - 10, now);
	reconcile_story_settle_pass(story);
	for (uint32_t hour = 0; hour < 4; hour++) {
		fake_loop_advance(story->world.loop, 3600 * 1000);
		now += 3600;
		reconcile_story_start_if_due_at(story, now + day - 10, now + day);
		reconcile_story_settle_pass(story);
	}
	(void)fake_ledger_told(story->world.ledger);

	/* It is right again, and nothing that comes now is older than the horizon. */
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	now += INTERVAL_MS / 1000;
	reconcile_story_start_if_due_at(story, now + day - 70, now);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_CLOCK_BEHIND_WINDOWS),
			 day - 70);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_CLOCK_BEHIND_HORIZON),
			 0);
	assert_string_equal(fake_ledger_told(story->world.ledger), "lower? 1514400\n");
	fake_ledger_answer_horizon(story->world.ledger, 1514400);
	reconcile_story_expect_bounds(story, (now - 600) / SLOT * SLOT, now);
	reconcile_story_settle_pass(story);
	fake_loop_advance(story->world.loop, FULL_INTERVAL_MS);
	reconcile_story_start_if_due_at(story, now + day - 70, now + FULL_INTERVAL_MS / 1000);
	reconcile_story_expect_bounds(story, 1514400, 1514400 + STEP);
	reconcile_story_settle_pass(story);
}

/* It was ahead for so long, or is so slow now, that it shows less than the horizon. */
static void the_horizon_comes_down_with_the_clock_as_far_as_the_ledger_knows(void **state)
{
	struct reconcile_story *story = *state;
	const uint32_t now = HORIZON - 50 * STEP;

	reconcile_story_start_if_due_at(story, HORIZON + STEP, now);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_CLOCK_BEHIND_HORIZON),
			 50 * STEP);
	assert_string_equal(fake_ledger_told(story->world.ledger), "lower? 1378200\n");

	/* Nothing can be done as long as what was delivered is forgotten. */
	fake_ledger_answer_horizon(story->world.ledger, HORIZON - STEP);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	reconcile_story_start_if_due_at(story, HORIZON + STEP, now);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_CLOCK_BEHIND_HORIZON),
			 49 * STEP);

	/* But where it is not forgotten, all is compared up to now. */
	fake_loop_advance(story->world.loop, 2 * FAILURE_WAIT_MS);
	reconcile_story_start_if_due_at(story, HORIZON + STEP, now);
	fake_ledger_answer_horizon(story->world.ledger, 1378200);
	reconcile_story_expect_bounds(story, 1378200, now);
	assert_string_equal(fake_ledger_told(story->world.ledger), "lower? 1378200\n");
	reconcile_story_settle_pass(story);
	reconcile_story_start_if_due_at(story, HORIZON + STEP, now);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_CLOCK_BEHIND_HORIZON),
			 0);
}

/* One server of several is right, or wrong; it writes rows all the same. */
static void a_server_that_is_not_believed_holds_the_horizon(void **state)
{
	struct reconcile_story *story = *state;
	uint32_t now = HORIZON + 10 * STEP;

	lc_reconcile_follow_clock(story->reconcile, now, HORIZON + REACH + SLOT);
	lc_reconcile_start_if_due(story->reconcile, now - 10, now);
	reconcile_story_settle_pass(story);
	assert_non_null(strstr(fake_ledger_told(story->world.ledger), "horizon 1500300\n"));

	/* But not one that cannot succeed. */
	lc_reconcile_follow_clock(story->reconcile, now, 3);
	fake_loop_advance(story->world.loop, 10 * STEP * 1000);
	now += 10 * STEP;
	lc_reconcile_follow_clock(story->reconcile, now, 3);
	lc_reconcile_start_if_due(story->reconcile, now, now);
	reconcile_story_settle_pass(story);
	assert_non_null(strstr(fake_ledger_told(story->world.ledger), "horizon 1530300\n"));
}

static void a_pass_that_fails_leaves_the_horizon_and_is_repeated(void **state)
{
	struct reconcile_story *story = *state;

	reconcile_story_start_if_due(story, HORIZON + 2 * STEP);
	reconcile_story_pass_step(story);
	(void)fake_ledger_told(story->world.ledger);
	fake_clickhouse_break(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 0);
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS - 1);
	reconcile_story_start_if_due(story, HORIZON + 2 * STEP);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));

	/* Recent slots do not wait for the others, which are compared from the beginning. */
	fake_loop_advance(story->world.loop, 1);
	reconcile_story_start_if_due(story, HORIZON + 2 * STEP);
	reconcile_story_expect_bounds(story, HORIZON + 2 * STEP - 2 * SLOT, HORIZON + 2 * STEP);
	reconcile_story_pass_step(story);
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	reconcile_story_start_if_due(story, HORIZON + 2 * STEP);
	reconcile_story_expect_bounds(story, HORIZON, HORIZON + STEP);
	reconcile_story_pass_step(story);
	reconcile_story_pass_step(story);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RECONCILE_STORY(the_horizon_moves_when_a_full_pass_has_succeeded),
	    RECONCILE_STORY(a_slot_passed_over_stays_within_the_horizon),
	    RECONCILE_STORY(rows_from_before_the_horizon_are_not_read_again),
	    RECONCILE_STORY(the_horizon_moves_past_a_source_that_can_not_be_read),
	    RECONCILE_STORY(after_a_clock_that_was_ahead_nothing_falls_behind_the_horizon),
	    RECONCILE_STORY(the_horizon_never_moves_back),
	    RECONCILE_STORY(the_horizon_does_not_follow_a_clock_that_is_ahead),
	    RECONCILE_STORY(the_horizon_comes_down_with_the_clock_as_far_as_the_ledger_knows),
	    RECONCILE_STORY(a_server_that_is_not_believed_holds_the_horizon),
	    RECONCILE_STORY(a_pass_that_fails_leaves_the_horizon_and_is_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
