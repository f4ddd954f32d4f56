#include "delivery/commit.h"

#include "base/memory.h"
#include "delivery/object.h"
#include "delivery/target.h"
#include "delivery/target_table.h"
#include "support/delivery_world.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>

enum { FLUSH_COUNT = 3, INTERVAL_MS = 1000, BACKOFF_MS = 2000, TEXT_MAX = 256 };

struct story {
	struct delivery_world world;
	struct lc_source *a;
	struct lc_source *b;
};

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));
	struct delivery_world *world = &story->world;

	delivery_world_prepare(world);
	world->settings.offset_flush_count_threshold = FLUSH_COUNT;
	world->settings.offset_flush_interval_milliseconds = INTERVAL_MS;
	world->settings.retry_initial_backoff_seconds = BACKOFF_MS / 1000;
	world->settings.retry_backoff_jitter_factor = 0;
	story->a = lc_source_get(world->sources, 7, lc_view_of("a"));
	story->b = lc_source_get(world->sources, 7, lc_view_of("b"));
	delivery_world_begin(world, 1);
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	delivery_world_end(&story->world);
	free(story);
	return 0;
}

static struct lc_offset offset_of(uint32_t second)
{
	return (struct lc_offset){
	    .inserted_at = second, .start_time_ms = 5000, .req_id = lc_view_of("REQ")};
}

/* All rows of the source up to this second are delivered. */
static void deliver(struct lc_source *source, uint32_t second)
{
	struct lc_offset offset = offset_of(second);
	struct lc_mark mark;

	lc_mark_init(&mark);
	lc_mark_set(&mark, &offset);
	lc_source_advance(source, &mark);
	lc_mark_free(&mark);
}

static bool note(struct story *story, struct lc_source *source, uint32_t second)
{
	deliver(source, second);
	return lc_commit_note(story->world.commit, source);
}

/* A late row has come to light in this second. */
static void open_late(struct lc_source *source, uint32_t second)
{
	lc_source_open(source, (struct lc_source_range){.from = second, .to = second + 1}, 1);
}

static void settle_late(struct lc_source *source)
{
	uint32_t from;
	uint32_t to;

	(void)lc_source_ask(source, &from, &to);
	lc_source_settle_asked(source);
}

/* The insert under way holds these offsets, in this order; second 0: none. */
static void expect_insert(const struct story *story, const struct lc_source *first,
			  uint32_t first_second, const struct lc_source *second,
			  uint32_t second_second)
{
	struct lc_buffer rows;
	struct lc_offset offset = offset_of(first_second);

	assert_true(fake_clickhouse_is_asked(story->world.clickhouse));
	lc_buffer_init(&rows, 1000);
	lc_offset_append_row(&rows, first->bucket, 7, &offset);
	if (second != NULL) {
		offset = offset_of(second_second);
		lc_offset_append_row(&rows, second->bucket, 7, &offset);
	}
	assert_true(
	    lc_view_equal(fake_clickhouse_data(story->world.clickhouse), lc_buffer_view(&rows)));
	lc_buffer_free(&rows);
}

static void the_ledger_knows_what_is_committed_before_clickhouse_is_told(void **state)
{
	struct story *story = *state;

	assert_true(note(story, story->a, 100));
	assert_false(lc_commit_idle(story->world.commit));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	assert_string_equal(fake_ledger_told(story->world.ledger), "committed 7/a 100\ndurable?\n");
	fake_loop_advance(story->world.loop, 3600 * 1000);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));

	fake_ledger_confirm(story->world.ledger);
	assert_true(fake_clickhouse_sql_has(
	    story->world.clickhouse, "INSERT INTO `logs`.`offsets` (bucketName, "
				     "raftSessionID, lastProcessedInsertedAt, "
				     "lastProcessedStartTime, lastProcessedReqId) SETTINGS "));
	expect_insert(story, story->a, 100, NULL, 0);
	assert_string_equal(story->world.settled, "");
	assert_int_equal(story->world.idle, 0);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(story->world.settled, "a");
	assert_int_equal(story->world.idle, 1);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_COMMIT_SUCCEEDED), 1);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_COMMIT_BY_CYCLE), 1);
}

static void offsets_wait_for_each_other_a_little_while(void **state)
{
	struct story *story = *state;

	assert_true(note(story, story->a, 100));
	fake_loop_advance(story->world.loop, INTERVAL_MS - 1);
	assert_true(note(story, story->b, 200));
	assert_true(note(story, story->a, 101));
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	fake_loop_advance(story->world.loop, 1);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "committed 7/a 101\ncommitted 7/b 200\ndurable?\n");
	fake_ledger_confirm(story->world.ledger);
	expect_insert(story, story->a, 101, story->b, 200);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(story->world.settled, "ab");
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_COMMIT_BY_TIME), 1);
}

static void many_offsets_do_not_wait(void **state)
{
	struct story *story = *state;

	assert_true(note(story, story->a, 100));
	assert_true(note(story, story->b, 100));
	assert_int_equal(fake_ledger_waiting(story->world.ledger), 0);
	assert_true(note(story, lc_source_get(story->world.sources, 7, lc_view_of("c")), 100));
	assert_int_equal(fake_ledger_waiting(story->world.ledger), 1);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_COMMIT_BY_COUNT), 1);
	fake_ledger_confirm(story->world.ledger);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(story->world.settled, "abc");
	assert_int_equal(story->world.idle, 1);
}

static void what_is_committed_is_not_committed_again(void **state)
{
	struct story *story = *state;

	assert_true(note(story, story->a, 100));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);

	/* Being written: it need not be noted again, and it may not be forgotten. */
	assert_true(lc_commit_note(story->world.commit, story->a));
	assert_false(story->a->commit_noted);
	fake_ledger_confirm(story->world.ledger);
	fake_clickhouse_end(story->world.clickhouse);
	assert_false(lc_commit_note(story->world.commit, story->a));
	assert_true(lc_commit_idle(story->world.commit));
	assert_true(note(story, story->a, 101));
}

static void one_insert_is_under_way_at_a_time(void **state)
{
	struct story *story = *state;

	assert_true(note(story, story->a, 100));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	fake_ledger_confirm(story->world.ledger);
	(void)fake_ledger_told(story->world.ledger);
	assert_true(note(story, story->a, 101));
	assert_true(note(story, story->b, 200));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	fake_loop_advance(story->world.loop, 3600 * 1000);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	expect_insert(story, story->a, 100, NULL, 0);

	/* What came meanwhile follows; its source was not settled by the older offset. */
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(story->world.settled, "");
	assert_int_equal(story->world.idle, 0);
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	fake_ledger_confirm(story->world.ledger);
	expect_insert(story, story->a, 101, story->b, 200);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(story->world.settled, "ab");
	assert_int_equal(story->world.idle, 1);
}

static void an_insert_that_failed_is_written_again_with_what_is_newest(void **state)
{
	struct story *story = *state;

	assert_true(note(story, story->a, 100));
	assert_true(note(story, story->b, 200));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	fake_ledger_confirm(story->world.ledger);
	fake_clickhouse_break(story->world.clickhouse);
	assert_string_equal(story->world.settled, "");
	assert_false(lc_commit_idle(story->world.commit));
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_COMMIT_FAILED), 2);
	assert_true(lc_counters_get(&story->world.counters, LC_COUNTERS_OFFSETS_FAILING_SINCE) > 0);

	/* The failure is waited out, however many offsets come. */
	(void)fake_ledger_told(story->world.ledger);
	assert_true(note(story, story->b, 201));
	assert_true(note(story, lc_source_get(story->world.sources, 7, lc_view_of("c")), 1));
	assert_true(note(story, lc_source_get(story->world.sources, 7, lc_view_of("d")), 1));
	fake_loop_advance(story->world.loop, BACKOFF_MS - 1);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	fake_loop_advance(story->world.loop, 1);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "committed 7/a 100\ncommitted 7/b 201\ncommitted 7/c 1\n"
			    "committed 7/d 1\ndurable?\n");
	fake_ledger_confirm(story->world.ledger);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(story->world.settled, "abcd");
	assert_int_equal(story->world.idle, 1);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_OFFSETS_FAILING_SINCE),
			 0);
}

static void an_offset_that_failed_is_not_taken_for_committed(void **state)
{
	struct story *story = *state;

	assert_true(note(story, story->a, 100));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	fake_ledger_confirm(story->world.ledger);
	fake_clickhouse_break(story->world.clickhouse);

	/* Late rows keep it from being written again. */
	open_late(story->a, 50);
	fake_loop_advance(story->world.loop, BACKOFF_MS);
	fake_ledger_confirm(story->world.ledger);
	assert_string_equal(story->world.settled, "a");
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_OFFSETS_FAILING_SINCE),
			 0);
	settle_late(story->a);
	assert_true(lc_commit_note(story->world.commit, story->a));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	fake_ledger_confirm(story->world.ledger);
	expect_insert(story, story->a, 100, NULL, 0);
}

static void after_a_failure_that_needs_no_repeat_offsets_go_out_in_time(void **state)
{
	struct story *story = *state;

	assert_true(note(story, story->a, 100));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	fake_ledger_confirm(story->world.ledger);
	fake_clickhouse_break(story->world.clickhouse);
	open_late(story->a, 50);
	fake_loop_advance(story->world.loop, BACKOFF_MS);
	fake_ledger_confirm(story->world.ledger);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));

	assert_true(note(story, story->b, 200));
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	fake_ledger_confirm(story->world.ledger);
	expect_insert(story, story->b, 200, NULL, 0);
	fake_clickhouse_end(story->world.clickhouse);
	settle_late(story->a);
}

static void each_failure_is_waited_out_longer(void **state)
{
	struct story *story = *state;

	assert_true(note(story, story->a, 100));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	for (unsigned attempt = 0; attempt < 4; attempt++) {
		fake_ledger_confirm(story->world.ledger);
		fake_clickhouse_break(story->world.clickhouse);
		fake_loop_advance(story->world.loop, ((uint64_t)BACKOFF_MS << attempt) - 1);
		assert_int_equal(fake_ledger_waiting(story->world.ledger), 0);
		fake_loop_advance(story->world.loop, 1);
		assert_int_equal(fake_ledger_waiting(story->world.ledger), 1);
	}
	fake_ledger_confirm(story->world.ledger);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(story->world.settled, "a");
}

static void nothing_is_committed_while_late_rows_are_open(void **state)
{
	struct story *story = *state;

	open_late(story->a, 50);
	assert_false(note(story, story->a, 100));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	assert_true(lc_commit_idle(story->world.commit));
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	settle_late(story->a);
	assert_true(lc_commit_note(story->world.commit, story->a));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	assert_string_equal(fake_ledger_told(story->world.ledger), "committed 7/a 100\ndurable?\n");
}

static void nothing_is_committed_while_rows_are_without_a_body(void **state)
{
	struct story *story = *state;
	struct lc_target_table *targets = story->world.delivery.targets;
	struct lc_target *target = lc_target_table_get(targets, lc_view_of("logs"), lc_view_of(""));

	lc_target_table_add_backlog(targets, story->a, target, 1, 1, 100);
	assert_false(note(story, story->a, 100));
	assert_true(lc_commit_idle(story->world.commit));
	lc_target_table_raise_oldest(target, 101);
	assert_true(lc_commit_note(story->world.commit, story->a));
	lc_target_table_remove_backlog(targets, story->a, target, 1);
}

static void late_rows_that_come_to_light_stop_an_offset_that_waits(void **state)
{
	struct story *story = *state;

	assert_true(note(story, story->a, 100));
	assert_true(note(story, story->b, 200));
	open_late(story->a, 50);
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	assert_string_equal(fake_ledger_told(story->world.ledger), "committed 7/b 200\ndurable?\n");
	fake_ledger_confirm(story->world.ledger);
	expect_insert(story, story->b, 200, NULL, 0);
	fake_clickhouse_end(story->world.clickhouse);

	/* Once they are delivered, the offset is written after all. */
	settle_late(story->a);
	assert_true(lc_commit_note(story->world.commit, story->a));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	assert_string_equal(fake_ledger_told(story->world.ledger), "committed 7/a 100\ndurable?\n");
}

static void an_offset_that_is_left_alone_needs_no_insert(void **state)
{
	struct story *story = *state;

	assert_true(note(story, story->a, 100));
	open_late(story->a, 50);
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_SHUTDOWN);
	fake_ledger_confirm(story->world.ledger);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_string_equal(story->world.settled, "a");
	assert_int_equal(story->world.idle, 1);
	settle_late(story->a);
}

static void what_came_beside_an_offset_left_alone_is_written_soon(void **state)
{
	struct story *story = *state;

	assert_true(note(story, story->a, 100));
	open_late(story->a, 50);
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	assert_true(note(story, story->b, 200));
	fake_ledger_confirm(story->world.ledger);
	assert_int_equal(story->world.idle, 0);
	(void)fake_ledger_told(story->world.ledger);
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	assert_string_equal(fake_ledger_told(story->world.ledger), "committed 7/b 200\ndurable?\n");
	fake_ledger_confirm(story->world.ledger);
	expect_insert(story, story->b, 200, NULL, 0);
	fake_clickhouse_end(story->world.clickhouse);
	assert_int_equal(story->world.idle, 1);
	settle_late(story->a);
}

/* The source was idle and forgotten; late rows have brought it back. */
static void what_is_behind_the_record_is_not_written(void **state)
{
	struct story *story = *state;

	fake_ledger_set_committed(story->world.ledger, 150);
	assert_true(note(story, story->a, 100));
	assert_true(note(story, story->b, 200));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	fake_ledger_confirm(story->world.ledger);
	expect_insert(story, story->b, 200, NULL, 0);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(story->world.settled, "ab");
	assert_int_equal(story->world.idle, 1);

	/* Nothing is left to write then. */
	assert_true(note(story, story->a, 149));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	fake_ledger_confirm(story->world.ledger);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_string_equal(story->world.settled, "aba");
	assert_int_equal(story->world.idle, 2);
	assert_true(note(story, story->a, 150));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_CYCLE);
	fake_ledger_confirm(story->world.ledger);
	expect_insert(story, story->a, 150, NULL, 0);
}

static void an_insert_is_cancelled_at_the_end(void **state)
{
	struct story *story = *state;

	assert_true(note(story, story->a, 100));
	lc_commit_flush(story->world.commit, LC_COMMIT_BY_SHUTDOWN);
	fake_ledger_confirm(story->world.ledger);
	assert_true(fake_clickhouse_is_asked(story->world.clickhouse));
	lc_commit_free(story->world.commit);
	story->world.commit = NULL;
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(the_ledger_knows_what_is_committed_before_clickhouse_is_told),
	    STORY(offsets_wait_for_each_other_a_little_while),
	    STORY(many_offsets_do_not_wait),
	    STORY(what_is_committed_is_not_committed_again),
	    STORY(one_insert_is_under_way_at_a_time),
	    STORY(an_insert_that_failed_is_written_again_with_what_is_newest),
	    STORY(an_offset_that_failed_is_not_taken_for_committed),
	    STORY(each_failure_is_waited_out_longer),
	    STORY(after_a_failure_that_needs_no_repeat_offsets_go_out_in_time),
	    STORY(nothing_is_committed_while_late_rows_are_open),
	    STORY(nothing_is_committed_while_rows_are_without_a_body),
	    STORY(late_rows_that_come_to_light_stop_an_offset_that_waits),
	    STORY(an_offset_that_is_left_alone_needs_no_insert),
	    STORY(what_came_beside_an_offset_left_alone_is_written_soon),
	    STORY(what_is_behind_the_record_is_not_written),
	    STORY(an_insert_is_cancelled_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
