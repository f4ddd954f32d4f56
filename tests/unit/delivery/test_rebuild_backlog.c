/* Which bodies are built again, and when: of targets that fail, are left alone, discarded or
 * slow. */
#include "support/rebuild_story.h"

#include "delivery/undelivered.h"

enum {
	FIRST = REBUILD_STORY_FIRST,
	ROWS = REBUILD_STORY_ROWS,
	NEXT_ID = REBUILD_STORY_NEXT_ID,
	MISSING_WAIT_MS = REBUILD_STORY_MISSING_WAIT_MS,
	FAILURE_WAIT_MS = REBUILD_STORY_FAILURE_WAIT_MS,
	INTENTS_MAX = REBUILD_STORY_INTENTS_MAX,
};

static void an_object_whose_body_is_there_is_not_built_again(void **state)
{
	struct rebuild_story *story = *state;
	struct lc_ledger_intent intents[3] = {story->one.intent, story->two.intent,
					      story->two.intent};

	/* One of these was rebuilt before and waits; one is on its way from the build. */
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_begin_pass(story, intents, 1);
	rebuild_story_send_rows(story, &story->one, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	intents[2].id = NEXT_ID;
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 1\n");
	fake_ledger_answer_intents(story->world.ledger, intents, 3);
	rebuild_story_send_rows(story, &story->one, 0, ROWS);
	rebuild_story_send_rows(story, &story->two, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	assert_int_equal(fake_s3_active(story->world.s3), 2);
	rebuild_story_expect_put(story, &story->one);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	rebuild_story_expect_put(story, &story->two);
	assert_int_equal(rebuild_story_backlog(story), 0);
}

static void a_failing_target_is_tried_with_one_object_when_its_time_has_come(void **state)
{
	struct rebuild_story *story = *state;
	struct lc_ledger_intent intents[2] = {story->one.intent, story->two.intent};

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 5);
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 5);
	story->target->bucket->standing.probe_at_ms = lc_loop_now_ms(story->world.loop) + 7000;
	fake_loop_advance(story->world.loop, 6999);
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	fake_loop_advance(story->world.loop, 1);
	rebuild_story_begin_pass(story, intents, 2);
	rebuild_story_send_rows(story, &story->one, 0, ROWS);
	rebuild_story_send_rows(story, &story->two, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	rebuild_story_expect_put(story, &story->one);
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(rebuild_story_backlog(story), 1);

	/* It works again: all others follow. */
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	fake_ledger_confirm(story->world.ledger);
	(void)fake_ledger_told(story->world.ledger);
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 1\n");
	fake_ledger_answer_intents(story->world.ledger, &intents[1], 1);
	rebuild_story_send_rows(story, &story->two, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	rebuild_story_expect_put(story, &story->two);
}

static void a_pass_builds_no_more_than_there_is_room_for(void **state)
{
	struct rebuild_story *story = *state;
	struct lc_ledger_intent intents[2] = {story->one.intent, story->two.intent};

	intents[0].bytes = (uint64_t)lc_settings_inflight_bytes(&story->world.settings) / 4;
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_begin_pass(story, intents, 2);
	rebuild_story_send_rows(story, &story->two, 0, ROWS);
	rebuild_story_send_rows(story, &story->one, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	rebuild_story_expect_put(story, &story->one);
	assert_int_equal(fake_s3_active(story->world.s3), 1);
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 1\n");
	fake_ledger_answer_intents(story->world.ledger, &intents[1], 1);
	lc_rebuild_cancel(story->rebuild);
}

static void hold(struct rebuild_story *story, uint64_t intent_id)
{
	lc_attempts_hold(story->world.delivery.attempts, intent_id,
			 lc_loop_now_ms(story->world.loop), MISSING_WAIT_MS, MISSING_WAIT_MS);
}

static void intents_that_are_left_alone_are_passed_over(void **state)
{
	struct rebuild_story *story = *state;
	struct lc_ledger_intent intents[2] = {story->one.intent, story->two.intent};

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	hold(story, 1);
	rebuild_story_begin_pass(story, intents, 2);
	rebuild_story_show_rows(story, &story->two);
	rebuild_story_expect_put(story, &story->two);
	assert_int_equal(fake_s3_active(story->world.s3), 1);
	assert_int_equal(rebuild_story_backlog(story), 1);

	/* Its time has come, or the operator has said so. */
	lc_attempts_release_all(story->world.delivery.attempts);
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 2\n");
	fake_ledger_answer_intents(story->world.ledger, NULL, 0);
	rebuild_story_begin_pass(story, &story->one.intent, 1);
	rebuild_story_show_rows(story, &story->one);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	rebuild_story_expect_put(story, &story->one);
}

/* Nothing can be done for now: the ledger is not asked over and over. */
static void a_target_of_which_all_intents_are_left_alone_is_looked_at_now_and_then(void **state)
{
	struct rebuild_story *story = *state;

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	hold(story, 1);
	rebuild_story_begin_pass(story, &story->one.intent, 1);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	rebuild_story_begin_pass(story, &story->one.intent, 1);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_int_equal(rebuild_story_backlog(story), 1);
}

static void an_answer_of_many_intents_is_cut_by_their_bytes(void **state)
{
	struct rebuild_story *story = *state;

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_start_if_due(story);

	/* The hashes of a pass take no more memory than its bodies may. */
	assert_int_equal(fake_ledger_intents_bytes(story->world.ledger),
			 lc_settings_inflight_bytes(&story->world.settings) / 8);
	assert_int_equal(fake_ledger_intents_limit(story->world.ledger), INTENTS_MAX);
	(void)fake_ledger_told(story->world.ledger);
	fake_ledger_answer_some_intents(story->world.ledger, &story->one.intent, 1, FIRST);
	rebuild_story_show_rows(story, &story->one);

	/* The next pass goes on after it, as it does when there was nothing to do in this one. */
	hold(story, 2);
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 1\n");
	fake_ledger_answer_some_intents(story->world.ledger, &story->two.intent, 1, FIRST);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 2\n");
	fake_ledger_answer_intents(story->world.ledger, NULL, 0);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
}

static void what_is_oldest_in_the_backlog_is_what_the_ledger_says(void **state)
{
	struct rebuild_story *story = *state;
	const struct lc_source *source;

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	source = lc_source_find(story->world.sources, 7, lc_view_of("amzn-s3-demo-bucket"));
	lc_target_table_add_backlog(
	    story->world.delivery.targets,
	    lc_source_get(story->world.sources, 7, lc_view_of("amzn-s3-demo-bucket")),
	    story->target, 1, ROWS, FIRST - 500);
	assert_int_equal(lc_undelivered_oldest(source), FIRST - 500);

	/* The one that had these rows was delivered meanwhile. */
	rebuild_story_start_if_due(story);
	fake_ledger_answer_some_intents(story->world.ledger, &story->one.intent, 1, FIRST - 10);
	assert_int_equal(lc_undelivered_oldest(source), FIRST - 10);
	lc_rebuild_cancel(story->rebuild);
}

static void the_backlog_of_a_discarded_target_is_closed_without_being_read(void **state)
{
	struct rebuild_story *story = *state;
	struct lc_ledger_intent intents[3] = {story->one.intent, story->two.intent,
					      story->two.intent};

	/* Whether or not it works. The last of these is on its way from the build. */
	intents[2].id = NEXT_ID;
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 5);
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 5);
	lc_upload_give_up(story->world.upload, story->target->bucket->name, story->target->prefix,
			  false, LC_LEDGER_DISCARDED);
	(void)fake_ledger_told(story->world.ledger);
	rebuild_story_begin_pass(story, intents, 3);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "discarded 1 1549411203\ndiscarded 2 1549411203\n");
	assert_int_equal(story->world.lost, 2);
	assert_int_equal(rebuild_story_backlog(story), 0);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_ROWS_DISCARDED),
			 2 * ROWS);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_ROWS_EXPIRED), 0);
	assert_int_equal(story->world.delivery.objects->bytes, 0);
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
}

static void one_that_is_discarded_loses_those_that_were_passed_over_as_well(void **state)
{
	struct rebuild_story *story = *state;

	/* The first one was looked at and could not be built. */
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_begin_pass(story, &story->one.intent, 1);
	fake_clickhouse_end(story->world.clickhouse);
	assert_int_equal(rebuild_story_backlog(story), 2);
	lc_upload_give_up(story->world.upload, story->target->bucket->name, story->target->prefix,
			  false, LC_LEDGER_DISCARDED);
	(void)fake_ledger_told(story->world.ledger);
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 1\n");
	fake_ledger_answer_intents(story->world.ledger, &story->two.intent, 1);
	assert_string_equal(fake_ledger_told(story->world.ledger), "discarded 2 1549411203\n");
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	rebuild_story_begin_pass(story, &story->one.intent, 1);
	assert_string_equal(fake_ledger_told(story->world.ledger), "discarded 1 1549411203\n");
	assert_int_equal(rebuild_story_backlog(story), 0);
}

static void targets_are_rebuilt_in_turn(void **state)
{
	struct rebuild_story *story = *state;
	struct lc_target_table *targets = story->world.delivery.targets;
	struct lc_target *other =
	    lc_target_table_get(targets, lc_view_of("amzn-s3-demo-logs"), lc_view_of("other/"));

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	lc_target_table_add_backlog(
	    targets, lc_source_get(story->world.sources, 7, lc_view_of("amzn-s3-demo-bucket")),
	    other, 1, ROWS, FIRST);
	rebuild_story_begin_pass(story, &story->one.intent, 1);
	rebuild_story_show_rows(story, &story->one);
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/other/ 0\n");
	fake_ledger_answer_intents(story->world.ledger, NULL, 0);
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 1\n");
	fake_ledger_answer_intents(story->world.ledger, &story->two.intent, 1);
	rebuild_story_show_rows(story, &story->two);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	rebuild_story_expect_put(story, &story->two);
}

/* A slow bucket has only so much room: its bodies come as it takes them. */
static void a_slow_bucket_gets_no_more_bodies_than_it_has_room_for(void **state)
{
	struct rebuild_story *story = *state;
	size_t eighth = (size_t)lc_settings_inflight_bytes(&story->world.settings) / 8;

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	story->target->bucket->slow = true;
	story->target->bucket->bytes += eighth - 1;
	rebuild_story_begin_pass(
	    story, (struct lc_ledger_intent[]){story->one.intent, story->two.intent}, 2);
	rebuild_story_show_rows(story, &story->one);
	assert_int_equal(rebuild_story_backlog(story), 1);
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	story->target->bucket->bytes -= eighth - 1;
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 1\n");
	fake_ledger_answer_intents(story->world.ledger, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    REBUILD_STORY(an_object_whose_body_is_there_is_not_built_again),
	    REBUILD_STORY(a_failing_target_is_tried_with_one_object_when_its_time_has_come),
	    REBUILD_STORY(a_pass_builds_no_more_than_there_is_room_for),
	    REBUILD_STORY(intents_that_are_left_alone_are_passed_over),
	    REBUILD_STORY(a_target_of_which_all_intents_are_left_alone_is_looked_at_now_and_then),
	    REBUILD_STORY(an_answer_of_many_intents_is_cut_by_their_bytes),
	    REBUILD_STORY(what_is_oldest_in_the_backlog_is_what_the_ledger_says),
	    REBUILD_STORY(the_backlog_of_a_discarded_target_is_closed_without_being_read),
	    REBUILD_STORY(one_that_is_discarded_loses_those_that_were_passed_over_as_well),
	    REBUILD_STORY(targets_are_rebuilt_in_turn),
	    REBUILD_STORY(a_slow_bucket_gets_no_more_bodies_than_it_has_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
