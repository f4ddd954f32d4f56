#include "support/discovery_story.h"

#include "base/clock.h"

enum {
	DELAY = DISCOVERY_STORY_DELAY,
	UNTIL = DISCOVERY_STORY_UNTIL,
};

static void rows_of_the_new_window_are_opened_and_recorded(void **state)
{
	struct discovery_story *story = *state;
	const struct lc_source *source;

	discovery_story_pass_offsets(story, UNTIL + 100);
	assert_true(fake_clickhouse_sql_has(
	    story->world.clickhouse,
	    "FROM `logs`.`logs` WHERE raftSessionID % 4 = 3 AND insertedAt >= "
	    "toDateTime(100000) AND insertedAt < toDateTime(100090) GROUP BY"));
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, UNTIL);
	fake_clickhouse_send_count(story->world.clickhouse, 11, "other", 2, UNTIL + 89);
	assert_int_equal(lc_source_count(story->world.sources), 0);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 1, LC_ERROR_NONE);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "ranges 7/bucket 100000-100090@100000\n"
			    "ranges 11/other 100089-100090@100089\n"
			    "until 100090\n");
	source = lc_source_find(story->world.sources, 7, lc_view_of("bucket"));
	assert_int_equal(source->open_rows, 5);
	assert_false(source->ranges[0].doubtful);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL + 90);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_DISCOVERY_BUCKETS), 2);
}

static void windows_follow_each_other_without_a_gap(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_pass_offsets(story, UNTIL + 100);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "until 100090\n");

	/* The offsets are looked at once in the life of a process. */
	fake_loop_advance(story->world.loop, 30 * 1000);
	discovery_story_tell_time(story, UNTIL + 130);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    "insertedAt >= toDateTime(100090) "
					    "AND insertedAt < "
					    "toDateTime(100120)"));
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 2, LC_ERROR_NONE);
	assert_string_equal(fake_ledger_told(story->world.ledger), "until 100120\n");
}

static void a_window_that_has_not_closed_is_not_asked_for(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_tell_time(story, UNTIL + DELAY);
	discovery_story_expect_end(story, 1, LC_ERROR_NONE);
	discovery_story_tell_time(story, UNTIL + DELAY - 3);
	discovery_story_expect_end(story, 2, LC_ERROR_NONE);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
}

static void expect_refused(struct discovery_story *story)
{
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 1, LC_ERROR_CORRUPT);
	assert_int_equal(lc_source_count(story->world.sources), 0);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
}

static void a_row_before_the_window_is_refused(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_pass_offsets(story, UNTIL + 100);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "good", 5, UNTIL);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, UNTIL - 1);
	expect_refused(story);
}

static void a_row_behind_the_window_is_refused(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_pass_offsets(story, UNTIL + 100);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, UNTIL + 90);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "good", 5, UNTIL);
	expect_refused(story);
}

static void a_row_of_another_shard_is_refused(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_pass_offsets(story, UNTIL + 100);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "good", 5, UNTIL);
	fake_clickhouse_send_count(story->world.clickhouse, 8, "bucket", 5, UNTIL);
	expect_refused(story);
}

static void bytes_that_are_no_rows_are_refused(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_pass_offsets(story, UNTIL + 100);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "good", 5, UNTIL);
	fake_clickhouse_send(story->world.clickhouse,
			     lc_view_of("Code: 241. DB::Exception: Memory limit"));
	expect_refused(story);
}

static void an_answer_that_ends_inside_a_row_is_refused(void **state)
{
	struct discovery_story *story = *state;

	char first;

	discovery_story_pass_offsets(story, UNTIL + 100);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "good", 5, UNTIL);
	first = (char)fake_clickhouse_marker(story->world.clickhouse);
	fake_clickhouse_send(story->world.clickhouse, (struct lc_view){.data = &first, .size = 1});
	expect_refused(story);
}

/* A limit of somebody else's, perhaps: what came is not all there is. */
static void an_answer_without_its_last_row_counts_for_nothing(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_pass_offsets(story, UNTIL + 100);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, UNTIL);
	fake_clickhouse_end_short(story->world.clickhouse);
	discovery_story_expect_end(story, 1, LC_ERROR_CORRUPT);
	assert_int_equal(lc_source_count(story->world.sources), 0);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
}

static void a_broken_answer_counts_for_nothing(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_pass_offsets(story, UNTIL + 100);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, UNTIL);
	fake_clickhouse_break(story->world.clickhouse);
	discovery_story_expect_end(story, 1, LC_ERROR_UNREACHABLE);
	assert_int_equal(lc_source_count(story->world.sources), 0);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");

	/* The next one asks for the same window, and what closed since. */
	fake_loop_advance(story->world.loop, 5 * 1000);
	discovery_story_tell_time(story, UNTIL + 105);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    "toDateTime(100000) AND insertedAt "
					    "< toDateTime(100095)"));
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 2, LC_ERROR_NONE);
}

static void offsets_ahead_of_the_ledger_are_a_conflict(void **state)
{
	struct discovery_story *story = *state;
	struct lc_ledger_count ahead = {
	    .source = {.raft_session_id = 7, .bucket = lc_view_of("bucket")}, .second = 99995};

	discovery_story_tell_time(story, UNTIL + 100);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    "FROM `logs`.`offsets` WHERE "
					    "raftSessionID % 4 = 3 AND bucketName != "
					    "'/log-courier' GROUP BY"));
	discovery_story_send_offset(story, 7, "bucket", 99995);
	discovery_story_send_offset(story, 11, "other", 90000);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "ahead? 7/bucket 99995=0 11/other 90000=0\n");
	fake_ledger_answer_counts(story->world.ledger, &ahead, 1);
	discovery_story_expect_end(story, 1, LC_ERROR_OUTDATED);
	assert_non_null(strstr(story->error.message, "bucket bucket"));
	assert_non_null(strstr(story->error.message, "another courier"));
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
}

/* Once, a courier that had begun in the meantime was never noticed. */
static void offsets_are_compared_again_when_asked_to(void **state)
{
	struct discovery_story *story = *state;
	struct lc_ledger_count ahead = {
	    .source = {.raft_session_id = 7, .bucket = lc_view_of("bucket")}, .second = 100005};

	discovery_story_pass_offsets(story, UNTIL + 100);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 1, LC_ERROR_NONE);
	(void)fake_ledger_told(story->world.ledger);
	lc_discovery_read_offsets(story->discovery);
	fake_loop_advance(story->world.loop, 10 * 1000);
	discovery_story_tell_time(story, UNTIL + 110);
	discovery_story_send_offset(story, 7, "bucket", 100005);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "ahead? 7/bucket 100005=0\n");
	fake_ledger_answer_counts(story->world.ledger, &ahead, 1);
	discovery_story_expect_end(story, 2, LC_ERROR_OUTDATED);
}

static void floors_are_taken_once_and_compared_from_then_on(void **state)
{
	struct discovery_story *story = *state;
	struct lc_ledger_state fresh = {.fresh = true};

	discovery_story_start_process(story, &fresh);
	discovery_story_tell_time(story, UNTIL + 100);
	discovery_story_send_offset(story, 7, "bucket", 98000);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_answer_oldest(story, UNTIL);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 1, LC_ERROR_NONE);
	(void)fake_ledger_told(story->world.ledger);
	lc_discovery_read_offsets(story->discovery);
	fake_loop_advance(story->world.loop, 10 * 1000);
	discovery_story_tell_time(story, UNTIL + 110);
	discovery_story_send_offset(story, 7, "bucket", 98000);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "ahead? 7/bucket 98000=0\n");
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 2, LC_ERROR_NONE);
}

static void offsets_that_can_not_be_read_are_read_again(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_tell_time(story, UNTIL + 100);
	discovery_story_send_offset(story, 7, "bucket", 99995);
	fake_clickhouse_break(story->world.clickhouse);
	discovery_story_expect_end(story, 1, LC_ERROR_UNREACHABLE);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	discovery_story_tell_time(story, UNTIL + 100);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "`offsets`"));
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "ahead?\n");
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 2, LC_ERROR_NONE);
}

static void a_first_start_takes_offsets_as_floors(void **state)
{
	struct discovery_story *story = *state;
	struct lc_ledger_state fresh = {.fresh = true};
	struct lc_discovery_row row = {
	    .raft_session_id = 7,
	    .bucket = lc_view_of("bucket"),
	    .rows = 5,
	    .oldest = 98000,
	    .floor = {.inserted_at = 98000, .start_time_ms = 5000, .req_id = lc_view_of("REQ")},
	};
	const struct lc_source *known;
	const struct lc_source *unknown;

	discovery_story_start_process(story, &fresh);
	discovery_story_tell_time(story, UNTIL + 100);
	discovery_story_send_offset(story, 7, "bucket", 98000);
	discovery_story_send_offset(story, 15, "idle", 80000);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "floor 7/bucket 98000 5000 REQ\n"
			    "floor 15/idle 80000 5000 REQ\n");
	discovery_story_answer_oldest(story, UNTIL - 2000);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "GLOBAL ANY LEFT JOIN"));
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    "AND l.insertedAt >= toDateTime(98000) AND "
					    "l.insertedAt < toDateTime(100090)"));
	fake_clickhouse_send_found(story->world.clickhouse, &row);
	fake_clickhouse_send_count(story->world.clickhouse, 11, "new", 1, 98001);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 1, LC_ERROR_NONE);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "ranges 7/bucket 98000-100090@98000\n"
			    "ranges 11/new 98001-100090@98001\n"
			    "until 100090\n");

	/* Rows of the floor's second may be delivered: they are compared with it. */
	known = lc_source_find(story->world.sources, 7, lc_view_of("bucket"));
	assert_true(known->ranges[0].doubtful);
	assert_true(lc_mark_covers(&known->committed, &row.floor));
	unknown = lc_source_find(story->world.sources, 11, lc_view_of("new"));
	assert_false(unknown->ranges[0].doubtful);
	assert_false(unknown->committed.set);
}

/* Once, rows that another courier had delivered right before the start were delivered again: they
 * lay after the first window, and nobody asked for the floor any more. */
static void rows_before_a_floor_are_doubtful_in_later_windows_too(void **state)
{
	struct discovery_story *story = *state;
	struct lc_ledger_state fresh = {.fresh = true};

	discovery_story_start_process(story, &fresh);
	discovery_story_tell_time(story, UNTIL + 100);
	discovery_story_send_offset(story, 7, "bucket", UNTIL + 95);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_answer_oldest(story, UNTIL);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 1, LC_ERROR_NONE);
	fake_loop_advance(story->world.loop, 10 * 1000);
	discovery_story_tell_time(story, UNTIL + 110);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, UNTIL + 93);
	fake_clickhouse_send_count(story->world.clickhouse, 11, "other", 5, UNTIL + 96);
	fake_clickhouse_end(story->world.clickhouse);
	assert_true(
	    lc_source_find(story->world.sources, 7, lc_view_of("bucket"))->ranges[0].doubtful);
	assert_false(
	    lc_source_find(story->world.sources, 11, lc_view_of("other"))->ranges[0].doubtful);
}

/* What comes until then would count as delivered, for as long as that clock was ahead. The second
 * itself stays on record: the next start must not take it for another courier's. */
static void an_offset_in_the_future_is_no_floor_for_what_is_still_to_come(void **state)
{
	struct discovery_story *story = *state;
	struct lc_ledger_state fresh = {.fresh = true};

	discovery_story_start_process(story, &fresh);
	discovery_story_tell_time(story, UNTIL + 100);
	discovery_story_send_offset(story, 7, "bucket", UNTIL + 86400);
	discovery_story_send_offset(story, 11, "quick", UNTIL + 105);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "committed 7/bucket 186400\n"
			    "floor 7/bucket 100090 0 \n"
			    "floor 11/quick 100105 5000 REQ\n");
	discovery_story_answer_oldest(story, UNTIL);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 1, LC_ERROR_NONE);
	fake_loop_advance(story->world.loop, 100 * 1000);
	discovery_story_tell_time(story, UNTIL + 200);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, UNTIL + 95);
	fake_clickhouse_send_count(story->world.clickhouse, 15, "later", 5, UNTIL + 106);
	fake_clickhouse_end(story->world.clickhouse);
	assert_non_null(lc_source_find(story->world.sources, 7, lc_view_of("bucket")));
	assert_false(
	    lc_source_find(story->world.sources, 15, lc_view_of("later"))->ranges[0].doubtful);
}

static void rows_that_an_earlier_sharding_may_have_taken_are_doubtful(void **state)
{
	struct discovery_story *story = *state;
	struct lc_ledger_state moved = {.until = UNTIL, .doubtful_until = UNTIL + 50};

	discovery_story_start_process(story, &moved);
	discovery_story_pass_offsets(story, UNTIL + 100);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "old", 5, UNTIL + 49);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "new", 5, UNTIL + 50);
	fake_clickhouse_end(story->world.clickhouse);
	assert_true(lc_source_find(story->world.sources, 7, lc_view_of("old"))->ranges[0].doubtful);
	assert_false(
	    lc_source_find(story->world.sources, 7, lc_view_of("new"))->ranges[0].doubtful);
}

static void seconds_that_an_earlier_sharding_has_seen_are_not_opened_again(void **state)
{
	struct discovery_story *story = *state;

	fake_ledger_set_seen_until(story->world.ledger, UNTIL + 50);
	discovery_story_pass_offsets(story, UNTIL + 100);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, UNTIL + 10);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "ranges 7/bucket 100050-100090@100010\nuntil 100090\n");
	fake_ledger_set_seen_until(story->world.ledger, UNTIL + 200);
	fake_loop_advance(story->world.loop, 20 * 1000);
	discovery_story_tell_time(story, UNTIL + 120);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "other", 5, UNTIL + 100);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 2, LC_ERROR_NONE);
	assert_null(lc_source_find(story->world.sources, 7, lc_view_of("other")));
}

static void a_server_whose_clock_differs_is_not_believed(void **state)
{
	static const int32_t differences[] = {6, -6, 3600};
	struct discovery_story *story = *state;

	discovery_story_tell_time(story, UNTIL);
	discovery_story_expect_end(story, 1, LC_ERROR_NONE);
	for (unsigned i = 0; i < 3; i++) {
		discovery_story_tell_time(story, (uint32_t)(UNTIL + differences[i]));
		discovery_story_expect_end(story, 2 + i, LC_ERROR_CORRUPT);
		assert_non_null(strstr(story->error.message, "http://127.0.0.1:8123"));
		assert_int_equal(fake_clickhouse_distrusted(story->world.clickhouse), i + 1);
		assert_int_equal(lc_discovery_clickhouse_now(story->discovery), UNTIL);
	}
}

static void small_differences_and_time_that_passes_are_no_reason_for_doubt(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_tell_time(story, UNTIL);
	discovery_story_tell_time(story, UNTIL + 5);
	assert_int_equal(lc_discovery_clickhouse_now(story->discovery), UNTIL + 5);
	discovery_story_tell_time(story, UNTIL);
	fake_loop_advance(story->world.loop, 7200 * 1000);
	assert_int_equal(lc_discovery_clickhouse_now(story->discovery), UNTIL + 7200);
	discovery_story_pass_offsets(story, UNTIL + 7203);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 4, LC_ERROR_NONE);
	assert_int_equal(fake_clickhouse_distrusted(story->world.clickhouse), 0);
}

static void many_servers_that_agree_are_believed(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_pass_offsets(story, UNTIL + 100);
	fake_clickhouse_end(story->world.clickhouse);
	for (unsigned i = 0; i < 3; i++) {
		discovery_story_tell_time(story, UNTIL + 3000);
		discovery_story_expect_end(story, 2 + i, LC_ERROR_CORRUPT);
	}
	discovery_story_tell_time(story, UNTIL + 3000);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 5, LC_ERROR_NONE);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL + 2990);

	/* Backwards, too; but the window's end never goes back. */
	for (unsigned i = 0; i < 4; i++)
		discovery_story_tell_time(story, UNTIL + 100);
	discovery_story_expect_end(story, 9, LC_ERROR_NONE);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL + 2990);
	assert_int_equal(lc_discovery_clickhouse_now(story->discovery), UNTIL + 100);
}

/* Not even by all servers, and at the first answer: a window into the future could not be undone.
 */
static void a_clock_that_is_far_ahead_of_ours_is_never_believed(void **state)
{
	struct discovery_story *story = *state;
	uint32_t here = (uint32_t)(lc_clock_wall_ms() / 1000);

	for (unsigned i = 0; i < 5; i++) {
		discovery_story_tell_time(story, here + 2 * 86400);
		discovery_story_expect_end(story, 1 + i, LC_ERROR_CORRUPT);
		assert_non_null(strstr(story->error.message, "ahead of this machine's"));
		assert_int_equal(fake_clickhouse_distrusted(story->world.clickhouse), i + 1);
	}
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL);
	assert_int_equal(lc_discovery_clickhouse_now(story->discovery), 0);
}

static void a_clock_that_is_none_is_refused(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_start(story);
	fake_clickhouse_send(story->world.clickhouse, lc_view_of("<html>502 Bad Gateway</html>"));
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 1, LC_ERROR_CORRUPT);
	discovery_story_start(story);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 2, LC_ERROR_CORRUPT);
	discovery_story_start(story);
	fake_clickhouse_break(story->world.clickhouse);
	discovery_story_expect_end(story, 3, LC_ERROR_UNREACHABLE);
	assert_int_equal(lc_discovery_clickhouse_now(story->discovery), 0);
}

static void a_cancelled_discovery_says_nothing_more(void **state)
{
	struct discovery_story *story = *state;

	discovery_story_tell_time(story, UNTIL + 100);
	fake_clickhouse_end(story->world.clickhouse);

	/* While the ledger is asked. */
	lc_discovery_cancel(story->discovery);
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));

	/* While ClickHouse is asked. */
	discovery_story_pass_offsets(story, UNTIL + 100);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "bucket", 5, UNTIL);
	lc_discovery_cancel(story->discovery);
	assert_int_equal(story->ends, 0);
	assert_int_equal(lc_source_count(story->world.sources), 0);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	discovery_story_tell_time(story, UNTIL + 100);
	fake_clickhouse_end(story->world.clickhouse);
	discovery_story_expect_end(story, 1, LC_ERROR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    DISCOVERY_STORY(rows_of_the_new_window_are_opened_and_recorded),
	    DISCOVERY_STORY(windows_follow_each_other_without_a_gap),
	    DISCOVERY_STORY(a_window_that_has_not_closed_is_not_asked_for),
	    DISCOVERY_STORY(a_row_before_the_window_is_refused),
	    DISCOVERY_STORY(a_row_behind_the_window_is_refused),
	    DISCOVERY_STORY(a_row_of_another_shard_is_refused),
	    DISCOVERY_STORY(bytes_that_are_no_rows_are_refused),
	    DISCOVERY_STORY(an_answer_that_ends_inside_a_row_is_refused),
	    DISCOVERY_STORY(an_answer_without_its_last_row_counts_for_nothing),
	    DISCOVERY_STORY(a_broken_answer_counts_for_nothing),
	    DISCOVERY_STORY(offsets_ahead_of_the_ledger_are_a_conflict),
	    DISCOVERY_STORY(offsets_are_compared_again_when_asked_to),
	    DISCOVERY_STORY(floors_are_taken_once_and_compared_from_then_on),
	    DISCOVERY_STORY(offsets_that_can_not_be_read_are_read_again),
	    DISCOVERY_STORY(a_first_start_takes_offsets_as_floors),
	    DISCOVERY_STORY(rows_before_a_floor_are_doubtful_in_later_windows_too),
	    DISCOVERY_STORY(an_offset_in_the_future_is_no_floor_for_what_is_still_to_come),
	    DISCOVERY_STORY(rows_that_an_earlier_sharding_may_have_taken_are_doubtful),
	    DISCOVERY_STORY(seconds_that_an_earlier_sharding_has_seen_are_not_opened_again),
	    DISCOVERY_STORY(a_server_whose_clock_differs_is_not_believed),
	    DISCOVERY_STORY(small_differences_and_time_that_passes_are_no_reason_for_doubt),
	    DISCOVERY_STORY(many_servers_that_agree_are_believed),
	    DISCOVERY_STORY(a_clock_that_is_far_ahead_of_ours_is_never_believed),
	    DISCOVERY_STORY(a_clock_that_is_none_is_refused),
	    DISCOVERY_STORY(a_cancelled_discovery_says_nothing_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
