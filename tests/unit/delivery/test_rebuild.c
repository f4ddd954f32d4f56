#include "delivery/rebuild.h"

#include "base/memory.h"
#include "delivery/backlog.h"
#include "delivery/object.h"
#include "delivery/undelivered.h"
#include "formats/row_hash.h"
#include "support/delivery_world.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	FIRST = 1549411200, /* second of the first row of an intent */
	NOW = FIRST + 1000,
	RETENTION = 86400,
	ROWS = 4, /* of an intent, one a second */
	NEXT_ID = 100,
	MISSING_WAIT_MS = 60 * 1000,
	FAILURE_WAIT_MS = 5 * 1000,
	INTENTS_MAX = 256, /* of one pass */
	TEXT_MAX = 32,
};

/* An intent as the ledger has it, and what its object was. */
struct recorded {
	struct lc_record rows[ROWS];
	char keys[ROWS][TEXT_MAX];
	struct lc_buffer blob;
	struct lc_buffer name;
	struct lc_buffer body;
	struct lc_ledger_intent intent;
};

struct story {
	struct delivery_world world;
	struct lc_rebuild *rebuild;
	struct lc_target *target;
	struct recorded one;
	struct recorded two;
};

/* Makes up the object of ROWS rows that an earlier process has recorded. */
static void record(struct story *story, struct recorded *recorded, uint64_t id, const char *bucket)
{
	struct lc_source_table *earlier = lc_source_table_new();
	struct lc_source *source = lc_source_get(earlier, 7, lc_view_of(bucket));
	struct lc_object *object =
	    lc_object_new(story->world.delivery.objects, source, story->target, NULL, 0);

	lc_buffer_init(&recorded->blob, 10000);
	lc_buffer_init(&recorded->name, 10000);
	lc_buffer_init(&recorded->body, 10000);
	for (uint32_t i = 0; i < ROWS; i++) {
		struct lc_record *row = &recorded->rows[i];

		*row = record_rows_example();
		snprintf(recorded->keys[i], TEXT_MAX, "%u-%u", (unsigned)id, (unsigned)i);
		row->bucket = lc_view_of(bucket);
		row->object_key = lc_view_of(recorded->keys[i]);
		row->inserted_at = FIRST + i;
		/* Lines stand in another order than rows. */
		row->start_time_ms -= i;
		lc_object_append(object, row, lc_row_hash(row), &(struct lc_line_style){0});
	}
	lc_object_seal(object);
	lc_object_name(object, lc_object_unique(object));
	object->intent_id = id;
	recorded->intent = lc_object_intent(object);
	lc_buffer_append_view(&recorded->blob, recorded->intent.taken_rows);
	lc_buffer_append_view(&recorded->name, recorded->intent.key);
	for (size_t i = 0; i < object->body.piece_count; i++)
		lc_buffer_append_view(&recorded->body, object->body.pieces[i]);
	recorded->intent.taken_rows = lc_buffer_view(&recorded->blob);
	recorded->intent.key = lc_buffer_view(&recorded->name);
	recorded->intent.source.bucket = lc_view_of(bucket);
	recorded->intent.target_prefix = lc_view_of("logs/");
	lc_object_enter(object, LC_OBJECT_DROPPED);
	lc_source_table_free(earlier);
}

static void free_recorded(struct recorded *recorded)
{
	lc_buffer_free(&recorded->blob);
	lc_buffer_free(&recorded->name);
	lc_buffer_free(&recorded->body);
}

/* What the ledger has told when it was opened. */
static void restore(struct story *story, const char *bucket, unsigned failures)
{
	struct lc_ledger_target target = {
	    .bucket = lc_view_of("amzn-s3-demo-logs"), .whole = true, .failures = failures};
	struct lc_source *source = lc_source_get(story->world.sources, 7, lc_view_of(bucket));
	struct lc_target_table *targets = story->world.delivery.targets;

	lc_target_table_restore(targets, &target, lc_loop_now_ms(story->world.loop));
	lc_target_table_add_backlog(targets, source, story->target, 1, ROWS, FIRST);
}

/* Intents of the target without a body. */
static uint64_t backlog(const struct story *story)
{
	return lc_backlog_of_target(story->target).intents;
}

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));

	delivery_world_prepare(&story->world);
	story->world.settings.consumer_retention_seconds = RETENTION;
	story->world.settings.retry_backoff_jitter_factor = 0;
	delivery_world_begin(&story->world, NEXT_ID);
	story->target = lc_target_table_get(story->world.delivery.targets,
					    lc_view_of("amzn-s3-demo-logs"), lc_view_of("logs/"));
	story->rebuild = lc_rebuild_new(&story->world.delivery);
	record(story, &story->one, 1, "amzn-s3-demo-bucket");
	record(story, &story->two, 2, "amzn-s3-demo-bucket");
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	lc_rebuild_free(story->rebuild);
	free_recorded(&story->one);
	free_recorded(&story->two);
	delivery_world_end(&story->world);
	free(story);
	return 0;
}

static void poke(struct story *story)
{
	lc_rebuild_start_if_due(story->rebuild, NOW);
}

/* A pass over these intents, up to the question to ClickHouse. */
static void begin_pass(struct story *story, const struct lc_ledger_intent *intents, size_t count)
{
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 0\n");
	fake_ledger_answer_intents(story->world.ledger, intents, count);
}

static void send_rows(struct story *story, const struct recorded *recorded, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		fake_clickhouse_send_row(story->world.clickhouse, &recorded->rows[i]);
}

/* The oldest PUT is that of the recorded object, byte for byte. */
static void expect_put(const struct story *story, struct recorded *recorded)
{
	assert_true(fake_s3_active(story->world.s3) > 0);
	assert_string_equal(fake_s3_bucket(story->world.s3), "amzn-s3-demo-logs");
	assert_string_equal(fake_s3_key(story->world.s3), lc_buffer_text(&recorded->name));
	assert_string_equal(fake_s3_body(story->world.s3), lc_buffer_text(&recorded->body));
}

static void rows_that_are_all_found_make_the_same_object_again(void **state)
{
	struct story *story = *state;
	struct lc_source *source;

	restore(story, "amzn-s3-demo-bucket", 0);
	begin_pass(story, &story->one.intent, 1);
	assert_true(fake_clickhouse_sql_has(
	    story->world.clickhouse,
	    "raftSessionID IN (7) AND insertedAt >= toDateTime(1549411200) AND "
	    "insertedAt < toDateTime(1549411204) AND (raftSessionID, "
	    "bucketName) IN ((7,'amzn-s3-demo-bucket'))"));
	send_rows(story, &story->one, 0, ROWS);
	fake_loop_advance(story->world.loop, 0);
	assert_int_equal(fake_s3_started(story->world.s3), 0);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	expect_put(story, &story->one);
	source = lc_source_find(story->world.sources, 7, lc_view_of("amzn-s3-demo-bucket"));
	assert_true(TAILQ_EMPTY(&source->backlogs));
	assert_int_equal(source->object_rows, ROWS);
	assert_int_equal(backlog(story), 0);
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
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
}

static void rows_of_other_objects_are_left_alone(void **state)
{
	struct story *story = *state;
	struct lc_record early = story->one.rows[0];
	struct lc_record other_source = story->one.rows[1];
	struct lc_record other_prefix = story->one.rows[1];

	restore(story, "amzn-s3-demo-bucket", 0);
	begin_pass(story, &story->one.intent, 1);
	other_source.bucket = lc_view_of("amzn-s3-demo-bucket2");
	other_prefix.target_prefix = lc_view_of("logs2/");
	early.inserted_at--;
	fake_clickhouse_send_row(story->world.clickhouse, &early);
	for (size_t i = 0; i < ROWS; i++) {
		send_rows(story, &story->two, i, i + 1);
		send_rows(story, &story->one, i, i + 1);
		/* Stored twice, taken once. */
		send_rows(story, &story->one, i, i + 1);
		fake_clickhouse_send_row(story->world.clickhouse, &other_prefix);
	}
	fake_clickhouse_send_row(story->world.clickhouse, &other_source);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	expect_put(story, &story->one);
	assert_int_equal(fake_s3_active(story->world.s3), 1);
}

static void many_objects_are_rebuilt_by_one_query(void **state)
{
	struct story *story = *state;
	struct recorded three;
	struct lc_ledger_intent intents[3];

	/* Of two sources, not in the order of the table. */
	record(story, &three, 3, "amzn-s3-demo-a");
	intents[0] = story->one.intent;
	intents[1] = story->two.intent;
	intents[2] = three.intent;
	restore(story, "amzn-s3-demo-bucket", 0);
	restore(story, "amzn-s3-demo-bucket", 0);
	restore(story, "amzn-s3-demo-a", 0);
	begin_pass(story, intents, 3);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    "IN ((7,'amzn-s3-demo-a'),(7,'amzn-s3-demo-bucket'))"));
	send_rows(story, &three, 0, ROWS);
	for (size_t i = 0; i < ROWS; i++) {
		send_rows(story, &story->two, i, i + 1);
		send_rows(story, &story->one, i, i + 1);
	}
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	expect_put(story, &three);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	expect_put(story, &story->one);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	expect_put(story, &story->two);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	fake_ledger_confirm(story->world.ledger);
	assert_int_equal(story->world.delivered, 3);
	assert_int_equal(story->world.delivery.objects->bytes, 0);
	free_recorded(&three);
}

static void twins_in_two_objects_are_shared_out(void **state)
{
	struct story *story = *state;
	struct lc_ledger_intent intents[2] = {story->one.intent, story->one.intent};

	/* The same rows, stored twice upstream, one copy of each in either object. */
	intents[1].id = 2;
	intents[1].key = lc_view_of("logs/second");
	restore(story, "amzn-s3-demo-bucket", 0);
	restore(story, "amzn-s3-demo-bucket", 0);
	begin_pass(story, intents, 2);
	for (size_t i = 0; i < ROWS; i++) {
		send_rows(story, &story->one, i, i + 1);
		send_rows(story, &story->one, i, i + 1);
	}
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	expect_put(story, &story->one);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	assert_string_equal(fake_s3_key(story->world.s3), "logs/second");
	assert_string_equal(fake_s3_body(story->world.s3), lc_buffer_text(&story->one.body));
}

static void rows_not_to_be_seen_are_waited_for(void **state)
{
	struct story *story = *state;
	struct lc_ledger_intent intents[2] = {story->one.intent, story->two.intent};

	restore(story, "amzn-s3-demo-bucket", 0);
	restore(story, "amzn-s3-demo-bucket", 0);
	begin_pass(story, intents, 2);
	send_rows(story, &story->two, 0, 1);
	send_rows(story, &story->one, 0, 1);
	send_rows(story, &story->two, 1, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);

	/* They hold up only their own object. */
	expect_put(story, &story->two);
	assert_int_equal(fake_s3_active(story->world.s3), 1);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	fake_ledger_confirm(story->world.ledger);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "delivered 2 1549411203\ndurable?\n");
	assert_int_equal(story->world.delivery.objects->bytes, 0);
	assert_int_equal(backlog(story), 1);

	/* After the end of the list it begins again, and what was not to be seen is left alone. */
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 2\n");
	fake_ledger_answer_intents(story->world.ledger, NULL, 0);
	fake_loop_advance(story->world.loop, MISSING_WAIT_MS - 1);
	begin_pass(story, &story->one.intent, 1);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	begin_pass(story, &story->one.intent, 1);
	send_rows(story, &story->one, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	expect_put(story, &story->one);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_ROWS_EXPIRED), 0);
}

static void rows_whose_retention_is_over_are_lost_and_counted(void **state)
{
	struct story *story = *state;
	const struct lc_source *source;

	restore(story, "amzn-s3-demo-bucket", 0);
	lc_rebuild_start_if_due(story->rebuild, FIRST + ROWS - 1 + RETENTION);
	fake_ledger_answer_intents(story->world.ledger, &story->one.intent, 1);
	send_rows(story, &story->one, 1, ROWS);
	(void)fake_ledger_told(story->world.ledger);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	fake_loop_advance(story->world.loop, MISSING_WAIT_MS);
	lc_rebuild_start_if_due(story->rebuild, FIRST + ROWS + RETENTION);
	fake_ledger_answer_intents(story->world.ledger, &story->one.intent, 1);
	send_rows(story, &story->one, 1, ROWS);
	(void)fake_ledger_told(story->world.ledger);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "expired 1 1549411203\n");
	assert_int_equal(story->world.lost, 1);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_ROWS_EXPIRED), ROWS);
	source = lc_source_find(story->world.sources, 7, lc_view_of("amzn-s3-demo-bucket"));
	assert_true(TAILQ_EMPTY(&source->backlogs));
	assert_int_equal(backlog(story), 0);
	assert_int_equal(story->target->object_rows, 0);
	assert_int_equal(story->world.delivery.objects->bytes, 0);
	fake_loop_advance(story->world.loop, 0);
	assert_int_equal(fake_s3_started(story->world.s3), 0);
}

/* Retention is over, but the row that did not come is there: the answer was cut before it. */
static void rows_that_an_answer_left_out_are_not_lost(void **state)
{
	struct story *story = *state;
	struct lc_discovery_row rest = {
	    .raft_session_id = 7,
	    .bucket = lc_view_of("amzn-s3-demo-bucket"),
	    .rows = 2,
	    .oldest = FIRST + ROWS - 2,
	    .floor.req_id = lc_view_of(""),
	};

	restore(story, "amzn-s3-demo-bucket", 0);
	lc_rebuild_start_if_due(story->rebuild, FIRST + ROWS + RETENTION);
	fake_ledger_answer_intents(story->world.ledger, &story->one.intent, 1);
	send_rows(story, &story->one, 0, ROWS - 1);
	(void)fake_ledger_told(story->world.ledger);
	fake_clickhouse_hold_rest(story->world.clickhouse);
	fake_clickhouse_end(story->world.clickhouse);
	fake_clickhouse_send_found(story->world.clickhouse, &rest);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_ROWS_EXPIRED), 0);
	assert_int_equal(backlog(story), 1);
}

static void rows_of_a_strange_source_are_no_fault_of_ours(void **state)
{
	struct story *story = *state;
	struct lc_record strange = {
	    .raft_session_id = 65535,
	    .bucket = lc_view_of("zzz"),
	    .inserted_at = FIRST,
	};

	restore(story, "amzn-s3-demo-bucket", 0);
	begin_pass(story, &story->one.intent, 1);
	fake_clickhouse_send_row(story->world.clickhouse, &strange);
	fake_clickhouse_end(story->world.clickhouse);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_int_equal(backlog(story), 1);
}

static void a_broken_stream_loses_nothing_and_expires_nothing(void **state)
{
	struct story *story = *state;
	struct lc_ledger_intent intents[2] = {story->one.intent, story->two.intent};

	restore(story, "amzn-s3-demo-bucket", 0);
	restore(story, "amzn-s3-demo-bucket", 0);
	lc_rebuild_start_if_due(story->rebuild, NOW + 10 * RETENTION);
	fake_ledger_answer_intents(story->world.ledger, intents, 2);
	(void)fake_ledger_told(story->world.ledger);
	send_rows(story, &story->one, 0, ROWS - 1);
	send_rows(story, &story->two, 0, ROWS);
	fake_clickhouse_break(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);

	/* What was complete before the break is good. */
	expect_put(story, &story->two);
	assert_int_equal(fake_s3_active(story->world.s3), 1);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(backlog(story), 1);
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS - 1);
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	fake_loop_advance(story->world.loop, 1);
	begin_pass(story, intents, 2);
	send_rows(story, &story->one, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	fake_loop_advance(story->world.loop, 0);
	expect_put(story, &story->one);
}

static void bytes_that_are_no_rows_expire_nothing(void **state)
{
	struct story *story = *state;

	restore(story, "amzn-s3-demo-bucket", 0);
	lc_rebuild_start_if_due(story->rebuild, NOW + 10 * RETENTION);
	fake_ledger_answer_intents(story->world.ledger, &story->one.intent, 1);
	(void)fake_ledger_told(story->world.ledger);
	send_rows(story, &story->one, 0, 1);
	fake_clickhouse_send(story->world.clickhouse,
			     lc_view_of("Code: 241. DB::Exception: Memory"));
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(backlog(story), 1);
	assert_int_equal(story->world.delivery.objects->bytes, 0);
}

static void rows_out_of_order_are_refused(void **state)
{
	struct story *story = *state;

	restore(story, "amzn-s3-demo-bucket", 0);
	lc_rebuild_start_if_due(story->rebuild, NOW + 10 * RETENTION);
	fake_ledger_answer_intents(story->world.ledger, &story->one.intent, 1);
	(void)fake_ledger_told(story->world.ledger);
	send_rows(story, &story->one, 1, 2);
	send_rows(story, &story->one, 0, 1);
	send_rows(story, &story->one, 2, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	fake_loop_advance(story->world.loop, 0);
	assert_int_equal(fake_s3_started(story->world.s3), 0);
	assert_int_equal(backlog(story), 1);
}

static void an_object_whose_body_is_there_is_not_built_again(void **state)
{
	struct story *story = *state;
	struct lc_ledger_intent intents[3] = {story->one.intent, story->two.intent,
					      story->two.intent};

	/* One of these was rebuilt before and waits; one is on its way from the build. */
	restore(story, "amzn-s3-demo-bucket", 0);
	restore(story, "amzn-s3-demo-bucket", 0);
	begin_pass(story, intents, 1);
	send_rows(story, &story->one, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	intents[2].id = NEXT_ID;
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 1\n");
	fake_ledger_answer_intents(story->world.ledger, intents, 3);
	send_rows(story, &story->one, 0, ROWS);
	send_rows(story, &story->two, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	assert_int_equal(fake_s3_active(story->world.s3), 2);
	expect_put(story, &story->one);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	expect_put(story, &story->two);
	assert_int_equal(backlog(story), 0);
}

static void a_failing_target_is_tried_with_one_object_when_its_time_has_come(void **state)
{
	struct story *story = *state;
	struct lc_ledger_intent intents[2] = {story->one.intent, story->two.intent};

	restore(story, "amzn-s3-demo-bucket", 5);
	restore(story, "amzn-s3-demo-bucket", 5);
	story->target->bucket->standing.probe_at_ms = lc_loop_now_ms(story->world.loop) + 7000;
	fake_loop_advance(story->world.loop, 6999);
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	fake_loop_advance(story->world.loop, 1);
	begin_pass(story, intents, 2);
	send_rows(story, &story->one, 0, ROWS);
	send_rows(story, &story->two, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	expect_put(story, &story->one);
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(backlog(story), 1);

	/* It works again: all others follow. */
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	fake_ledger_confirm(story->world.ledger);
	(void)fake_ledger_told(story->world.ledger);
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 1\n");
	fake_ledger_answer_intents(story->world.ledger, &intents[1], 1);
	send_rows(story, &story->two, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	expect_put(story, &story->two);
}

static void a_pass_builds_no_more_than_there_is_room_for(void **state)
{
	struct story *story = *state;
	struct lc_ledger_intent intents[2] = {story->one.intent, story->two.intent};

	intents[0].bytes = (uint64_t)story->world.settings.limits_max_inflight_bytes / 4;
	restore(story, "amzn-s3-demo-bucket", 0);
	restore(story, "amzn-s3-demo-bucket", 0);
	begin_pass(story, intents, 2);
	send_rows(story, &story->two, 0, ROWS);
	send_rows(story, &story->one, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	expect_put(story, &story->one);
	assert_int_equal(fake_s3_active(story->world.s3), 1);
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 1\n");
	fake_ledger_answer_intents(story->world.ledger, &intents[1], 1);
	lc_rebuild_cancel(story->rebuild);
}

/* Makes the rows of the intent show in ClickHouse. */
static void show_rows(struct story *story, const struct recorded *recorded)
{
	send_rows(story, recorded, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
}

static void hold(struct story *story, uint64_t intent_id)
{
	lc_attempts_hold(story->world.delivery.attempts, intent_id,
			 lc_loop_now_ms(story->world.loop), MISSING_WAIT_MS, MISSING_WAIT_MS);
}

static void intents_that_are_left_alone_are_passed_over(void **state)
{
	struct story *story = *state;
	struct lc_ledger_intent intents[2] = {story->one.intent, story->two.intent};

	restore(story, "amzn-s3-demo-bucket", 0);
	restore(story, "amzn-s3-demo-bucket", 0);
	hold(story, 1);
	begin_pass(story, intents, 2);
	show_rows(story, &story->two);
	expect_put(story, &story->two);
	assert_int_equal(fake_s3_active(story->world.s3), 1);
	assert_int_equal(backlog(story), 1);

	/* Its time has come, or the operator has said so. */
	lc_attempts_release_all(story->world.delivery.attempts);
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 2\n");
	fake_ledger_answer_intents(story->world.ledger, NULL, 0);
	begin_pass(story, &story->one.intent, 1);
	show_rows(story, &story->one);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	expect_put(story, &story->one);
}

/* Nothing can be done for now: the ledger is not asked over and over. */
static void a_target_of_which_all_intents_are_left_alone_is_looked_at_now_and_then(void **state)
{
	struct story *story = *state;

	restore(story, "amzn-s3-demo-bucket", 0);
	hold(story, 1);
	begin_pass(story, &story->one.intent, 1);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	begin_pass(story, &story->one.intent, 1);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_int_equal(backlog(story), 1);
}

static void an_answer_of_many_intents_is_cut_by_their_bytes(void **state)
{
	struct story *story = *state;

	restore(story, "amzn-s3-demo-bucket", 0);
	restore(story, "amzn-s3-demo-bucket", 0);
	poke(story);

	/* The hashes of a pass take no more memory than its bodies may. */
	assert_int_equal(fake_ledger_intents_bytes(story->world.ledger),
			 story->world.settings.limits_max_inflight_bytes / 8);
	assert_int_equal(fake_ledger_intents_limit(story->world.ledger), INTENTS_MAX);
	(void)fake_ledger_told(story->world.ledger);
	fake_ledger_answer_some_intents(story->world.ledger, &story->one.intent, 1, FIRST);
	show_rows(story, &story->one);

	/* The next pass goes on after it, as it does when there was nothing to do in this one. */
	hold(story, 2);
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 1\n");
	fake_ledger_answer_some_intents(story->world.ledger, &story->two.intent, 1, FIRST);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 2\n");
	fake_ledger_answer_intents(story->world.ledger, NULL, 0);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
}

static void what_is_oldest_in_the_backlog_is_what_the_ledger_says(void **state)
{
	struct story *story = *state;
	const struct lc_source *source;

	restore(story, "amzn-s3-demo-bucket", 0);
	restore(story, "amzn-s3-demo-bucket", 0);
	source = lc_source_find(story->world.sources, 7, lc_view_of("amzn-s3-demo-bucket"));
	lc_target_table_add_backlog(
	    story->world.delivery.targets,
	    lc_source_get(story->world.sources, 7, lc_view_of("amzn-s3-demo-bucket")),
	    story->target, 1, ROWS, FIRST - 500);
	assert_int_equal(lc_undelivered_oldest(source), FIRST - 500);

	/* The one that had these rows was delivered meanwhile. */
	poke(story);
	fake_ledger_answer_some_intents(story->world.ledger, &story->one.intent, 1, FIRST - 10);
	assert_int_equal(lc_undelivered_oldest(source), FIRST - 10);
	lc_rebuild_cancel(story->rebuild);
}

static void the_backlog_of_a_discarded_target_is_closed_without_being_read(void **state)
{
	struct story *story = *state;
	struct lc_ledger_intent intents[3] = {story->one.intent, story->two.intent,
					      story->two.intent};

	/* Whether or not it works. The last of these is on its way from the build. */
	intents[2].id = NEXT_ID;
	restore(story, "amzn-s3-demo-bucket", 5);
	restore(story, "amzn-s3-demo-bucket", 5);
	lc_upload_give_up(story->world.upload, story->target->bucket->name, story->target->prefix,
			  false, LC_LEDGER_DISCARDED);
	(void)fake_ledger_told(story->world.ledger);
	begin_pass(story, intents, 3);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "discarded 1 1549411203\ndiscarded 2 1549411203\n");
	assert_int_equal(story->world.lost, 2);
	assert_int_equal(backlog(story), 0);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_ROWS_DISCARDED),
			 2 * ROWS);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_ROWS_EXPIRED), 0);
	assert_int_equal(story->world.delivery.objects->bytes, 0);
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
}

static void one_that_is_discarded_loses_those_that_were_passed_over_as_well(void **state)
{
	struct story *story = *state;

	/* The first one was looked at and could not be built. */
	restore(story, "amzn-s3-demo-bucket", 0);
	restore(story, "amzn-s3-demo-bucket", 0);
	begin_pass(story, &story->one.intent, 1);
	fake_clickhouse_end(story->world.clickhouse);
	assert_int_equal(backlog(story), 2);
	lc_upload_give_up(story->world.upload, story->target->bucket->name, story->target->prefix,
			  false, LC_LEDGER_DISCARDED);
	(void)fake_ledger_told(story->world.ledger);
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 1\n");
	fake_ledger_answer_intents(story->world.ledger, &story->two.intent, 1);
	assert_string_equal(fake_ledger_told(story->world.ledger), "discarded 2 1549411203\n");
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	begin_pass(story, &story->one.intent, 1);
	assert_string_equal(fake_ledger_told(story->world.ledger), "discarded 1 1549411203\n");
	assert_int_equal(backlog(story), 0);
}

/* ClickHouse answers, but not for what the pass asked for: it asks for less and less. */
static void an_intent_that_cannot_be_read_is_found_and_left_alone(void **state)
{
	enum { CODE = 241, NARROW_WAIT_MS = 1000 };
	struct story *story = *state;
	struct lc_ledger_intent intents[2] = {story->one.intent, story->two.intent};

	restore(story, "amzn-s3-demo-bucket", 0);
	restore(story, "amzn-s3-demo-bucket", 0);
	begin_pass(story, intents, 2);
	fake_clickhouse_refuse(story->world.clickhouse, CODE);
	fake_loop_advance(story->world.loop, NARROW_WAIT_MS);
	begin_pass(story, intents, 1);
	assert_int_equal(fake_ledger_intents_limit(story->world.ledger), 1);
	fake_clickhouse_refuse(story->world.clickhouse, CODE);
	assert_int_equal(lc_attempts_held_until_ms(story->world.delivery.attempts, 1),
			 lc_loop_now_ms(story->world.loop) + MISSING_WAIT_MS);
	assert_int_equal(lc_attempts_held_until_ms(story->world.delivery.attempts, 2), 0);

	/* The others go on, as many at a time as before. */
	fake_loop_advance(story->world.loop, NARROW_WAIT_MS);
	begin_pass(story, intents, 2);
	assert_int_equal(fake_ledger_intents_limit(story->world.ledger), INTENTS_MAX);
	show_rows(story, &story->two);
	expect_put(story, &story->two);
	assert_int_equal(backlog(story), 1);
}

static void a_clickhouse_that_is_not_there_says_nothing_about_an_intent(void **state)
{
	struct story *story = *state;

	restore(story, "amzn-s3-demo-bucket", 0);
	for (int i = 0; i < 10; i++) {
		begin_pass(story, &story->one.intent, 1);
		assert_int_equal(fake_ledger_intents_limit(story->world.ledger), INTENTS_MAX);
		fake_clickhouse_break(story->world.clickhouse);
		assert_int_equal(lc_attempts_held_until_ms(story->world.delivery.attempts, 1), 0);
		fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	}
}

static void targets_are_rebuilt_in_turn(void **state)
{
	struct story *story = *state;
	struct lc_target_table *targets = story->world.delivery.targets;
	struct lc_target *other =
	    lc_target_table_get(targets, lc_view_of("amzn-s3-demo-logs"), lc_view_of("other/"));

	restore(story, "amzn-s3-demo-bucket", 0);
	restore(story, "amzn-s3-demo-bucket", 0);
	lc_target_table_add_backlog(
	    targets, lc_source_get(story->world.sources, 7, lc_view_of("amzn-s3-demo-bucket")),
	    other, 1, ROWS, FIRST);
	begin_pass(story, &story->one.intent, 1);
	show_rows(story, &story->one);
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/other/ 0\n");
	fake_ledger_answer_intents(story->world.ledger, NULL, 0);
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 1\n");
	fake_ledger_answer_intents(story->world.ledger, &story->two.intent, 1);
	show_rows(story, &story->two);
	fake_s3_answer(story->world.s3, LC_RETRY_DONE);
	expect_put(story, &story->two);
}

/* A slow bucket has only so much room: its bodies come as it takes them. */
static void a_slow_bucket_gets_no_more_bodies_than_it_has_room_for(void **state)
{
	struct story *story = *state;
	size_t eighth = (size_t)story->world.settings.limits_max_inflight_bytes / 8;

	restore(story, "amzn-s3-demo-bucket", 0);
	restore(story, "amzn-s3-demo-bucket", 0);
	story->target->bucket->slow = true;
	story->target->bucket->bytes += eighth - 1;
	begin_pass(story, (struct lc_ledger_intent[]){story->one.intent, story->two.intent}, 2);
	show_rows(story, &story->one);
	assert_int_equal(backlog(story), 1);
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	story->target->bucket->bytes -= eighth - 1;
	poke(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 1\n");
	fake_ledger_answer_intents(story->world.ledger, NULL, 0);
}

static void nothing_is_rebuilt_before_clickhouse_was_heard(void **state)
{
	struct story *story = *state;

	restore(story, "amzn-s3-demo-bucket", 0);
	lc_rebuild_start_if_due(story->rebuild, 0);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
}

static void a_cancelled_pass_leaves_its_intents_as_they_are(void **state)
{
	struct story *story = *state;

	restore(story, "amzn-s3-demo-bucket", 0);
	begin_pass(story, &story->one.intent, 1);
	send_rows(story, &story->one, 0, ROWS);
	lc_rebuild_cancel(story->rebuild);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_int_equal(story->world.delivery.objects->bytes, 0);
	assert_int_equal(backlog(story), 1);

	/* So does one whose question to the ledger is still to be answered. */
	poke(story);
	lc_rebuild_cancel(story->rebuild);
	fake_ledger_answer_intents(story->world.ledger, &story->one.intent, 1);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	(void)fake_ledger_told(story->world.ledger);
	story->target->looked_to = 0;
	begin_pass(story, &story->one.intent, 1);
	send_rows(story, &story->one, 0, ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
	expect_put(story, &story->one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(rows_that_are_all_found_make_the_same_object_again),
	    STORY(rows_of_other_objects_are_left_alone),
	    STORY(many_objects_are_rebuilt_by_one_query),
	    STORY(twins_in_two_objects_are_shared_out),
	    STORY(rows_not_to_be_seen_are_waited_for),
	    STORY(rows_whose_retention_is_over_are_lost_and_counted),
	    STORY(rows_that_an_answer_left_out_are_not_lost),
	    STORY(rows_of_a_strange_source_are_no_fault_of_ours),
	    STORY(a_broken_stream_loses_nothing_and_expires_nothing),
	    STORY(bytes_that_are_no_rows_expire_nothing),
	    STORY(rows_out_of_order_are_refused),
	    STORY(an_object_whose_body_is_there_is_not_built_again),
	    STORY(a_failing_target_is_tried_with_one_object_when_its_time_has_come),
	    STORY(a_pass_builds_no_more_than_there_is_room_for),
	    STORY(intents_that_are_left_alone_are_passed_over),
	    STORY(a_target_of_which_all_intents_are_left_alone_is_looked_at_now_and_then),
	    STORY(an_answer_of_many_intents_is_cut_by_their_bytes),
	    STORY(what_is_oldest_in_the_backlog_is_what_the_ledger_says),
	    STORY(the_backlog_of_a_discarded_target_is_closed_without_being_read),
	    STORY(one_that_is_discarded_loses_those_that_were_passed_over_as_well),
	    STORY(an_intent_that_cannot_be_read_is_found_and_left_alone),
	    STORY(a_clickhouse_that_is_not_there_says_nothing_about_an_intent),
	    STORY(targets_are_rebuilt_in_turn),
	    STORY(a_slow_bucket_gets_no_more_bodies_than_it_has_room_for),
	    STORY(nothing_is_rebuilt_before_clickhouse_was_heard),
	    STORY(a_cancelled_pass_leaves_its_intents_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
