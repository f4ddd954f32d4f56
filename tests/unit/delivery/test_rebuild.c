#include "support/rebuild_story.h"

enum {
	FIRST = REBUILD_STORY_FIRST,
	NOW = REBUILD_STORY_NOW,
	RETENTION = REBUILD_STORY_RETENTION,
	ROWS = REBUILD_STORY_ROWS,
	MISSING_WAIT_MS = REBUILD_STORY_MISSING_WAIT_MS,
	FAILURE_WAIT_MS = REBUILD_STORY_FAILURE_WAIT_MS,
	INTENTS_MAX = REBUILD_STORY_INTENTS_MAX,
};

static void rows_that_are_all_found_make_the_same_object_again(void **state)
{
	struct rebuild_story *story = *state;
	struct lc_source *source;

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_begin_pass(story, &story->one.intent, 1);
	assert_true(fake_clickhouse_sql_has(
	    story->world.clickhouse,
	    "raftSessionID IN (7) AND insertedAt >= toDateTime(1549411200) AND "
	    "insertedAt < toDateTime(1549411204) AND (raftSessionID, "
	    "bucketName) IN ((7,'amzn-s3-demo-bucket'))"));
	rebuild_story_send_rows(story, &story->one, 0, ROWS);
	fake_loop_advance(story->world.loop, 0);
	assert_int_equal(fake_s3_started(story->world.s3), 0);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	rebuild_story_expect_put(story, &story->one);
	source = lc_source_find(story->world.sources, 7, lc_view_of("amzn-s3-demo-bucket"));
	assert_true(TAILQ_EMPTY(&source->backlogs));
	assert_int_equal(source->object_rows, ROWS);
	assert_int_equal(rebuild_story_backlog(story), 0);
	assert_int_equal(story->target->object_rows, ROWS);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_INTENTS_REBUILT), 1);

	/* It is the same intent that is delivered, and all books are even. */
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "delivered 1 1549411203\ndurable?\n");
	fake_ledger_confirm(story->world.ledger);
	assert_int_equal(story->world.delivered, 1);
	assert_int_equal(story->world.delivery.objects->bytes, 0);
	assert_int_equal(story->target->object_rows, 0);
	assert_int_equal(source->object_rows, 0);
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
}

/* With another name it would be a second object, if S3 has taken the first. */
static void a_rebuilt_object_keeps_its_key_whatever_keys_are_like_now(void **state)
{
	static const char recorded_key[] = "logs/79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d"
					   "5218e7cd47ef2be/us-east-1/amzn-s3-demo-bucket/1970/01/"
					   "01/1970-01-01-00-00-00-";
	struct rebuild_story *story = *state;

	for (unsigned format = 0; format <= LC_OBJECT_KEY_DELIVERY_TIME; format++) {
		story->world.settings.consumer_key_format = LC_OBJECT_KEY_DELIVERY_TIME;
		rebuild_story_free_recorded(&story->two);
		rebuild_story_record(story, &story->two, 2, "amzn-s3-demo-bucket");
		assert_memory_equal(story->two.name.data, recorded_key, sizeof recorded_key - 1);
		story->world.settings.consumer_key_format = (enum lc_object_key_format)format;
		rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
		rebuild_story_begin_pass(story, &story->two.intent, 1);
		rebuild_story_show_rows(story, &story->two);
		rebuild_story_expect_put(story, &story->two);
		fake_s3_answer(story->world.s3, LC_RETRY_DONE);
		fake_ledger_confirm(story->world.ledger);
		(void)fake_ledger_told(story->world.ledger);
		story->target->looked_to = 0;
	}
	assert_int_equal(story->world.delivered, LC_OBJECT_KEY_DELIVERY_TIME + 1);
}

static void rows_of_other_objects_are_left_alone(void **state)
{
	struct rebuild_story *story = *state;
	struct lc_record early = story->one.rows[0];
	struct lc_record other_source = story->one.rows[1];
	struct lc_record other_prefix = story->one.rows[1];

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_begin_pass(story, &story->one.intent, 1);
	other_source.bucket = lc_view_of("amzn-s3-demo-bucket2");
	other_prefix.target_prefix = lc_view_of("logs2/");
	early.inserted_at--;
	fake_clickhouse_send_row(story->world.clickhouse, &early);
	for (size_t i = 0; i < ROWS; i++) {
		rebuild_story_send_rows(story, &story->two, i, i + 1);
		rebuild_story_send_rows(story, &story->one, i, i + 1);
		/* Stored twice, taken once. */
		rebuild_story_send_rows(story, &story->one, i, i + 1);
		fake_clickhouse_send_row(story->world.clickhouse, &other_prefix);
	}
	fake_clickhouse_send_row(story->world.clickhouse, &other_source);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	rebuild_story_expect_put(story, &story->one);
	assert_int_equal(fake_s3_active(story->world.s3), 1);
}

static void many_objects_are_rebuilt_by_one_query(void **state)
{
	struct rebuild_story *story = *state;
	struct rebuild_story_recorded three;
	struct lc_ledger_intent intents[3];

	/* Of two sources, not in the order of the table. */
	rebuild_story_record(story, &three, 3, "amzn-s3-demo-a");
	intents[0] = story->one.intent;
	intents[1] = story->two.intent;
	intents[2] = three.intent;
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_restore(story, "amzn-s3-demo-a", 0);
	rebuild_story_begin_pass(story, intents, 3);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    "IN ((7,'amzn-s3-demo-a'),(7,'amzn-s3-demo-bucket'))"));
	rebuild_story_send_rows(story, &three, 0, ROWS);
	for (size_t i = 0; i < ROWS; i++) {
		rebuild_story_send_rows(story, &story->two, i, i + 1);
		rebuild_story_send_rows(story, &story->one, i, i + 1);
	}
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	rebuild_story_expect_put(story, &three);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	rebuild_story_expect_put(story, &story->one);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	rebuild_story_expect_put(story, &story->two);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	fake_ledger_confirm(story->world.ledger);
	assert_int_equal(story->world.delivered, 3);
	assert_int_equal(story->world.delivery.objects->bytes, 0);
	rebuild_story_free_recorded(&three);
}

static void twins_in_two_objects_are_shared_out(void **state)
{
	struct rebuild_story *story = *state;
	struct lc_ledger_intent intents[2] = {story->one.intent, story->one.intent};

	/* The same rows, stored twice upstream, one copy of each in either object. */
	intents[1].id = 2;
	intents[1].key = lc_view_of("logs/second");
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_begin_pass(story, intents, 2);
	for (size_t i = 0; i < ROWS; i++) {
		rebuild_story_send_rows(story, &story->one, i, i + 1);
		rebuild_story_send_rows(story, &story->one, i, i + 1);
	}
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	rebuild_story_expect_put(story, &story->one);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	assert_string_equal(fake_s3_key(story->world.s3), "logs/second");
	assert_string_equal(fake_s3_body(story->world.s3), lc_buffer_text(&story->one.body));
}

static void rows_not_to_be_seen_are_waited_for(void **state)
{
	struct rebuild_story *story = *state;
	struct lc_ledger_intent intents[2] = {story->one.intent, story->two.intent};

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_begin_pass(story, intents, 2);
	rebuild_story_send_rows(story, &story->two, 0, 1);
	rebuild_story_send_rows(story, &story->one, 0, 1);
	rebuild_story_send_rows(story, &story->two, 1, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);

	/* They hold up only their own object. */
	rebuild_story_expect_put(story, &story->two);
	assert_int_equal(fake_s3_active(story->world.s3), 1);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	fake_ledger_confirm(story->world.ledger);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "delivered 2 1549411203\ndurable?\n");
	assert_int_equal(story->world.delivery.objects->bytes, 0);
	assert_int_equal(rebuild_story_backlog(story), 1);

	/* After the end of the list it begins again, and what was not to be seen is left alone. */
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 2\n");
	fake_ledger_answer_intents(story->world.ledger, NULL, 0);
	fake_loop_advance(story->world.loop, MISSING_WAIT_MS - 1);
	rebuild_story_begin_pass(story, &story->one.intent, 1);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	rebuild_story_begin_pass(story, &story->one.intent, 1);
	rebuild_story_send_rows(story, &story->one, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	rebuild_story_expect_put(story, &story->one);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_ROWS_EXPIRED), 0);
}

static void rows_whose_retention_is_over_are_lost_and_counted(void **state)
{
	struct rebuild_story *story = *state;
	const struct lc_source *source;

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	lc_rebuild_start_if_due(story->rebuild, FIRST + ROWS - 1 + RETENTION);
	fake_ledger_answer_intents(story->world.ledger, &story->one.intent, 1);
	rebuild_story_send_rows(story, &story->one, 1, ROWS);
	(void)fake_ledger_told(story->world.ledger);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	fake_loop_advance(story->world.loop, MISSING_WAIT_MS);
	lc_rebuild_start_if_due(story->rebuild, FIRST + ROWS + RETENTION);
	fake_ledger_answer_intents(story->world.ledger, &story->one.intent, 1);
	rebuild_story_send_rows(story, &story->one, 1, ROWS);
	(void)fake_ledger_told(story->world.ledger);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "expired 1 1549411203\n");
	assert_int_equal(story->world.lost, 1);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_ROWS_EXPIRED), ROWS);
	source = lc_source_find(story->world.sources, 7, lc_view_of("amzn-s3-demo-bucket"));
	assert_true(TAILQ_EMPTY(&source->backlogs));
	assert_int_equal(rebuild_story_backlog(story), 0);
	assert_int_equal(story->target->object_rows, 0);
	assert_int_equal(story->world.delivery.objects->bytes, 0);
	fake_loop_advance(story->world.loop, 0);
	assert_int_equal(fake_s3_started(story->world.s3), 0);
}

/* Retention is over, but the row that did not come is there: the answer was cut before it. */
static void rows_that_an_answer_left_out_are_not_lost(void **state)
{
	struct rebuild_story *story = *state;
	struct lc_discovery_row rest = {
	    .raft_session_id = 7,
	    .bucket = lc_view_of("amzn-s3-demo-bucket"),
	    .rows = 2,
	    .oldest = FIRST + ROWS - 2,
	    .floor.req_id = lc_view_of(""),
	};

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	lc_rebuild_start_if_due(story->rebuild, FIRST + ROWS + RETENTION);
	fake_ledger_answer_intents(story->world.ledger, &story->one.intent, 1);
	rebuild_story_send_rows(story, &story->one, 0, ROWS - 1);
	(void)fake_ledger_told(story->world.ledger);
	fake_clickhouse_hold_rest(story->world.clickhouse);
	fake_clickhouse_end(story->world.clickhouse);
	fake_clickhouse_send_found(story->world.clickhouse, &rest);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_ROWS_EXPIRED), 0);
	assert_int_equal(rebuild_story_backlog(story), 1);
}

static void rows_of_a_strange_source_are_no_fault_of_ours(void **state)
{
	struct rebuild_story *story = *state;
	struct lc_record strange = {
	    .raft_session_id = 65535,
	    .bucket = lc_view_of("zzz"),
	    .inserted_at = FIRST,
	};

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_begin_pass(story, &story->one.intent, 1);
	fake_clickhouse_send_row(story->world.clickhouse, &strange);
	fake_clickhouse_end(story->world.clickhouse);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_int_equal(rebuild_story_backlog(story), 1);
}

static void a_broken_stream_loses_nothing_and_expires_nothing(void **state)
{
	struct rebuild_story *story = *state;
	struct lc_ledger_intent intents[2] = {story->one.intent, story->two.intent};

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	lc_rebuild_start_if_due(story->rebuild, NOW + 10 * RETENTION);
	fake_ledger_answer_intents(story->world.ledger, intents, 2);
	(void)fake_ledger_told(story->world.ledger);
	rebuild_story_send_rows(story, &story->one, 0, ROWS - 1);
	rebuild_story_send_rows(story, &story->two, 0, ROWS);
	fake_clickhouse_break(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);

	/* What was complete before the break is good. */
	rebuild_story_expect_put(story, &story->two);
	assert_int_equal(fake_s3_active(story->world.s3), 1);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(rebuild_story_backlog(story), 1);
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS - 1);
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	fake_loop_advance(story->world.loop, 1);
	rebuild_story_begin_pass(story, intents, 2);
	rebuild_story_send_rows(story, &story->one, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	fake_loop_advance(story->world.loop, 0);
	rebuild_story_expect_put(story, &story->one);
}

static void bytes_that_are_no_rows_expire_nothing(void **state)
{
	struct rebuild_story *story = *state;

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	lc_rebuild_start_if_due(story->rebuild, NOW + 10 * RETENTION);
	fake_ledger_answer_intents(story->world.ledger, &story->one.intent, 1);
	(void)fake_ledger_told(story->world.ledger);
	rebuild_story_send_rows(story, &story->one, 0, 1);
	fake_clickhouse_send(story->world.clickhouse,
			     lc_view_of("Code: 241. DB::Exception: Memory"));
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(rebuild_story_backlog(story), 1);
	assert_int_equal(story->world.delivery.objects->bytes, 0);
}

static void rows_out_of_order_are_refused(void **state)
{
	struct rebuild_story *story = *state;

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	lc_rebuild_start_if_due(story->rebuild, NOW + 10 * RETENTION);
	fake_ledger_answer_intents(story->world.ledger, &story->one.intent, 1);
	(void)fake_ledger_told(story->world.ledger);
	rebuild_story_send_rows(story, &story->one, 1, 2);
	rebuild_story_send_rows(story, &story->one, 0, 1);
	rebuild_story_send_rows(story, &story->one, 2, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	fake_loop_advance(story->world.loop, 0);
	assert_int_equal(fake_s3_started(story->world.s3), 0);
	assert_int_equal(rebuild_story_backlog(story), 1);
}

/* ClickHouse answers, but not for what the pass asked for: it asks for less and less. */
static void an_intent_that_cannot_be_read_is_found_and_left_alone(void **state)
{
	enum { CODE = 241, NARROW_WAIT_MS = 1000 };
	struct rebuild_story *story = *state;
	struct lc_ledger_intent intents[2] = {story->one.intent, story->two.intent};

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_begin_pass(story, intents, 2);
	fake_clickhouse_refuse(story->world.clickhouse, CODE);
	fake_loop_advance(story->world.loop, NARROW_WAIT_MS);
	rebuild_story_begin_pass(story, intents, 1);
	assert_int_equal(fake_ledger_intents_limit(story->world.ledger), 1);
	fake_clickhouse_refuse(story->world.clickhouse, CODE);
	assert_int_equal(lc_attempts_held_until_ms(story->world.delivery.attempts, 1),
			 lc_loop_now_ms(story->world.loop) + MISSING_WAIT_MS);
	assert_int_equal(lc_attempts_held_until_ms(story->world.delivery.attempts, 2), 0);

	/* The others go on, as many at a time as before. */
	fake_loop_advance(story->world.loop, NARROW_WAIT_MS);
	rebuild_story_begin_pass(story, intents, 2);
	assert_int_equal(fake_ledger_intents_limit(story->world.ledger), INTENTS_MAX);
	rebuild_story_show_rows(story, &story->two);
	rebuild_story_expect_put(story, &story->two);
	assert_int_equal(rebuild_story_backlog(story), 1);
}

/* An object built from less than its rows would be another one under the same key; one without any
 * would be whole at once. */
static void an_intent_whose_blob_lacks_rows_is_damage_and_never_built(void **state)
{
	enum { SECOND_SIZE = 4 + 4 + 8 }; /* of one row */
	static const size_t sizes[] = {0, 1, 1 + 8, 1 + SECOND_SIZE, 1 + (ROWS - 1) * SECOND_SIZE};
	struct rebuild_story *story = *state;
	struct lc_ledger_intent intents[2] = {story->one.intent, story->two.intent};

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		story->world.damage.kind = LC_ERROR_NONE;
		intents[1].taken_rows.size = sizes[i];
		story->target->looked_to = 0;
		rebuild_story_begin_pass(story, intents, 2);
		assert_int_equal(story->world.damage.kind, LC_ERROR_CORRUPT);
		assert_non_null(
		    strstr(story->world.damage.message, "the ledger is damaged: open intent 2: "));
		assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
		assert_int_equal(story->world.delivery.objects->bytes, 0);
		assert_int_equal(fake_s3_started(story->world.s3), 0);
		assert_int_equal(rebuild_story_backlog(story), 1);
	}
}

/* Whole, and of other rows than the intent names. */
static void an_intent_whose_blob_has_other_rows_is_damage(void **state)
{
	struct rebuild_story *story = *state;
	struct lc_ledger_intent intents[] = {story->one.intent, story->one.intent,
					     story->one.intent};

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	intents[0].rows++;
	intents[1].first_second--;
	intents[2].last_second++;
	for (size_t i = 0; i < sizeof(intents) / sizeof(intents[0]); i++) {
		story->world.damage.kind = LC_ERROR_NONE;
		rebuild_story_begin_pass(story, &intents[i], 1);
		assert_int_equal(story->world.damage.kind, LC_ERROR_CORRUPT);
		assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	}
}

static void a_clickhouse_that_is_not_there_says_nothing_about_an_intent(void **state)
{
	struct rebuild_story *story = *state;

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	for (int i = 0; i < 10; i++) {
		rebuild_story_begin_pass(story, &story->one.intent, 1);
		assert_int_equal(fake_ledger_intents_limit(story->world.ledger), INTENTS_MAX);
		fake_clickhouse_break(story->world.clickhouse);
		assert_int_equal(lc_attempts_held_until_ms(story->world.delivery.attempts, 1), 0);
		fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	}
}

static void nothing_is_rebuilt_before_clickhouse_was_heard(void **state)
{
	struct rebuild_story *story = *state;

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	lc_rebuild_start_if_due(story->rebuild, 0);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
}

static void a_cancelled_pass_leaves_its_intents_as_they_are(void **state)
{
	struct rebuild_story *story = *state;

	rebuild_story_restore(story, "amzn-s3-demo-bucket", 0);
	rebuild_story_begin_pass(story, &story->one.intent, 1);
	rebuild_story_send_rows(story, &story->one, 0, ROWS);
	lc_rebuild_cancel(story->rebuild);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_int_equal(story->world.delivery.objects->bytes, 0);
	assert_int_equal(rebuild_story_backlog(story), 1);

	/* So does one whose question to the ledger is still to be answered. */
	rebuild_story_start_if_due(story);
	lc_rebuild_cancel(story->rebuild);
	fake_ledger_answer_intents(story->world.ledger, &story->one.intent, 1);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	(void)fake_ledger_told(story->world.ledger);
	story->target->looked_to = 0;
	rebuild_story_begin_pass(story, &story->one.intent, 1);
	rebuild_story_send_rows(story, &story->one, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	rebuild_story_expect_put(story, &story->one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    REBUILD_STORY(rows_that_are_all_found_make_the_same_object_again),
	    REBUILD_STORY(a_rebuilt_object_keeps_its_key_whatever_keys_are_like_now),
	    REBUILD_STORY(rows_of_other_objects_are_left_alone),
	    REBUILD_STORY(many_objects_are_rebuilt_by_one_query),
	    REBUILD_STORY(twins_in_two_objects_are_shared_out),
	    REBUILD_STORY(rows_not_to_be_seen_are_waited_for),
	    REBUILD_STORY(rows_whose_retention_is_over_are_lost_and_counted),
	    REBUILD_STORY(rows_that_an_answer_left_out_are_not_lost),
	    REBUILD_STORY(rows_of_a_strange_source_are_no_fault_of_ours),
	    REBUILD_STORY(a_broken_stream_loses_nothing_and_expires_nothing),
	    REBUILD_STORY(bytes_that_are_no_rows_expire_nothing),
	    REBUILD_STORY(rows_out_of_order_are_refused),
	    REBUILD_STORY(an_intent_that_cannot_be_read_is_found_and_left_alone),
	    REBUILD_STORY(an_intent_whose_blob_lacks_rows_is_damage_and_never_built),
	    REBUILD_STORY(an_intent_whose_blob_has_other_rows_is_damage),
	    REBUILD_STORY(a_clickhouse_that_is_not_there_says_nothing_about_an_intent),
	    REBUILD_STORY(nothing_is_rebuilt_before_clickhouse_was_heard),
	    REBUILD_STORY(a_cancelled_pass_leaves_its_intents_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
