#include "delivery/scan.h"

#include "base/clock.h"
#include "base/memory.h"
#include "support/delivery_world.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <stdlib.h>

enum { NEXT_ID = 1, CODE = 241 };

struct story {
	struct delivery_world world;
	struct lc_source *list[3]; /* a, b, c */
	struct lc_scan *scan;
	unsigned ends;
	struct lc_error error; /* of the last end */
	bool answered;
	bool broke_in_first;
	char unread[8]; /* names of those that were not finished, in their order */
};

static void on_progress(void *context, struct lc_source *source, bool whole)
{
	(void)context;
	(void)source;
	(void)whole;
}

static void on_end(void *context, const struct lc_scan_end *end)
{
	struct story *story = context;

	story->ends++;
	story->error = end->error;
	story->answered = end->answered;
	story->broke_in_first = end->broke_in_first;
	story->unread[0] = '\0';
	for (size_t i = 0; i < end->unread_count; i++)
		strncat(story->unread, end->unread[i]->bucket.data, 1);
}

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));

	delivery_world_prepare(&story->world);
	delivery_world_begin(&story->world, NEXT_ID);
	story->list[0] = lc_source_get(story->world.sources, 7, lc_view_of("a"));
	story->list[1] = lc_source_get(story->world.sources, 7, lc_view_of("b"));
	story->list[2] = lc_source_get(story->world.sources, 7, lc_view_of("c"));
	story->scan = lc_scan_new(&story->world.delivery);
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	lc_scan_free(story->scan);
	delivery_world_end(&story->world);
	free(story);
	return 0;
}

static void open_range(struct lc_source *source, uint32_t from, uint32_t to, bool doubtful)
{
	lc_source_open(
	    source,
	    (struct lc_source_range){.from = from, .to = to, .since = from, .doubtful = doubtful},
	    1);
}

static void expect_end(const struct story *story)
{
	assert_int_equal(story->ends, 1);
	assert_int_equal(story->error.kind, LC_ERROR_NONE);
	assert_string_equal(story->unread, "");
	assert_false(lc_scan_running(story->scan));
}

static void what_is_open_is_asked_for_and_settled(void **state)
{
	struct story *story = *state;

	open_range(story->list[0], 500, 510, false);
	open_range(story->list[1], 505, 520, false);
	lc_scan_start(story->scan, 0, story->list, 2, on_progress, on_end, story);
	assert_true(
	    fake_clickhouse_sql_has(story->world.clickhouse, "insertedAt >= toDateTime(500)"));
	assert_true(
	    fake_clickhouse_sql_has(story->world.clickhouse, "insertedAt < toDateTime(520)"));
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story);
	assert_false(lc_source_is_open(story->list[0]));
	assert_false(lc_source_is_open(story->list[1]));
}

/* A late second of b comes to light while the ledger is asked about a: it is asked for with the
 * rest of b, so the query must reach as far. */
static void a_second_that_opens_while_the_ledger_answers_is_read_as_well(void **state)
{
	struct story *story = *state;

	open_range(story->list[0], 500, 510, true);
	open_range(story->list[1], 500, 510, false);
	lc_scan_start(story->scan, 0, story->list, 2, on_progress, on_end, story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "hashes? 7/a 500-510\n");
	open_range(story->list[1], 450, 451, true);
	open_range(story->list[1], 560, 561, true);
	fake_ledger_answer_hashes(story->world.ledger);
	assert_string_equal(fake_ledger_told(story->world.ledger), "hashes? 7/b 450-561\n");
	fake_ledger_answer_hashes(story->world.ledger);
	assert_true(
	    fake_clickhouse_sql_has(story->world.clickhouse, "insertedAt >= toDateTime(450)"));
	assert_true(
	    fake_clickhouse_sql_has(story->world.clickhouse, "insertedAt < toDateTime(561)"));
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story);
	assert_false(lc_source_is_open(story->list[1]));
}

/* One that opens when the source was already asked stays open for the next scan. */
static void a_second_that_opens_later_stays_open(void **state)
{
	struct story *story = *state;

	open_range(story->list[0], 500, 510, false);
	open_range(story->list[1], 500, 510, true);
	lc_scan_start(story->scan, 0, story->list, 2, on_progress, on_end, story);
	open_range(story->list[0], 300, 301, true);
	fake_ledger_answer_hashes(story->world.ledger);
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story);
	assert_true(lc_source_is_open(story->list[0]));
	assert_int_equal(lc_source_open_from(story->list[0]), 300);
	assert_int_equal(lc_source_piece_to(story->list[0]), 301);
	assert_false(lc_source_is_open(story->list[1]));
}

static void send_row(struct story *story, const char *bucket, uint32_t second, const char *req_id)
{
	struct lc_record record = {
	    .raft_session_id = 7,
	    .bucket = lc_view_of(bucket),
	    .inserted_at = second,
	    .req_id = lc_view_of(req_id),
	    .target_bucket = lc_view_of("target"),
	};

	fake_clickhouse_send_row(story->world.clickhouse, &record);
}

/* Two rows of second 503 come; then the stream ends, as it would at its end. */
static void receive_two_rows(struct story *story)
{
	fake_clickhouse_hold_rest(story->world.clickhouse);
	open_range(story->list[0], 500, 510, false);
	open_range(story->list[1], 500, 510, false);
	lc_scan_start(story->scan, 0, story->list, 2, on_progress, on_end, story);
	send_row(story, "a", 503, "one");
	send_row(story, "a", 503, "two");
	fake_clickhouse_end(story->world.clickhouse);
	assert_int_equal(story->ends, 0);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    " AND NOT (raftSessionID = 7 AND bucketName = 'a' AND "
					    "insertedAt < toDateTime(503))"));
}

static void a_stream_that_came_to_its_end_settles_all(void **state)
{
	struct story *story = *state;

	receive_two_rows(story);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "a", 2, 503);
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story);
	assert_false(lc_source_is_open(story->list[0]));
	assert_false(lc_source_is_open(story->list[1]));
}

/* What the query brings along because of other sources may be late, and found later: once an offset
 * said that such a row was delivered. */
static void rows_that_nobody_asked_for_do_not_move_the_offset(void **state)
{
	struct story *story = *state;

	open_range(story->list[0], 500, 504, false);
	open_range(story->list[1], 500, 510, false);
	lc_scan_start(story->scan, 0, story->list, 2, on_progress, on_end, story);
	send_row(story, "a", 507, "late");
	send_row(story, "b", 507, "b");
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story);
	assert_false(story->list[0]->complete.set);
	assert_true(story->list[1]->complete.set);
}

/* Rows may have gone since: that is no sign of a cut. */
static void fewer_rows_than_came_are_no_fault(void **state)
{
	struct story *story = *state;

	receive_two_rows(story);
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story);
}

static void expect_cut(struct story *story)
{
	assert_int_equal(story->ends, 1);
	assert_int_equal(story->error.kind, LC_ERROR_CORRUPT);
	assert_false(lc_scan_running(story->scan));
	assert_true(lc_source_is_open(story->list[0]));
	assert_int_equal(lc_source_open_from(story->list[0]), 503);
	assert_int_equal(lc_source_open_from(story->list[1]), 500);
}

static void a_stream_cut_between_equal_seconds_settles_no_more_than_what_is_before(void **state)
{
	struct story *story = *state;

	receive_two_rows(story);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "a", 3, 503);
	fake_clickhouse_end(story->world.clickhouse);
	expect_cut(story);
	assert_non_null(strstr(story->error.message, "3 rows of raft session 7, bucket a"));
}

static void a_stream_cut_before_a_source_leaves_it_open(void **state)
{
	struct story *story = *state;

	receive_two_rows(story);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "a", 2, 503);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "b", 1, 505);
	fake_clickhouse_end(story->world.clickhouse);
	expect_cut(story);
	assert_non_null(strstr(story->error.message, "bucket b"));
}

static void a_stream_whose_end_can_not_be_asked_about_settles_nothing_of_its_end(void **state)
{
	struct story *story = *state;

	receive_two_rows(story);
	fake_clickhouse_send_count(story->world.clickhouse, 7, "a", 2, 503);
	fake_clickhouse_end_short(story->world.clickhouse);
	expect_cut(story);
}

static void a_scan_may_be_cancelled_while_its_end_is_asked_about(void **state)
{
	struct story *story = *state;

	receive_two_rows(story);
	lc_scan_cancel(story->scan);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_false(lc_scan_running(story->scan));
	assert_int_equal(story->ends, 0);
}

/* ---- what is left after an error ---- */

static void start_three(struct story *story)
{
	for (size_t i = 0; i < 3; i++)
		open_range(story->list[i], 500, 510, false);
	lc_scan_start(story->scan, 0, story->list, 3, on_progress, on_end, story);
}

static void expect_left(const struct story *story, const char *unread, bool broke_in_first)
{
	assert_int_equal(story->ends, 1);
	assert_int_not_equal(story->error.kind, LC_ERROR_NONE);
	assert_string_equal(story->unread, unread);
	assert_int_equal(story->broke_in_first, broke_in_first);
	assert_false(lc_scan_running(story->scan));
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(lc_source_is_open(story->list[i]),
				 strchr(unread, 'a' + (int)i) != NULL);
		assert_false(lc_source_is_asked(story->list[i]));
	}
}

static void the_one_that_the_stream_broke_in_is_told_before_those_after_it(void **state)
{
	struct story *story = *state;

	start_three(story);
	send_row(story, "a", 503, "one");
	send_row(story, "b", 503, "two");
	send_row(story, "b", 504, "three");
	fake_clickhouse_refuse(story->world.clickhouse, CODE);
	expect_left(story, "bc", true);
	assert_true(story->answered);

	/* What was read of it before is settled. */
	assert_int_equal(lc_source_open_from(story->list[1]), 504);
	assert_true(story->list[1]->ranges[0].doubtful);
	assert_int_equal(lc_source_open_from(story->list[2]), 500);
	assert_false(story->list[2]->ranges[0].doubtful);
}

static void sources_without_rows_before_the_break_are_finished(void **state)
{
	struct story *story = *state;

	start_three(story);
	send_row(story, "c", 503, "one");
	fake_clickhouse_refuse(story->world.clickhouse, CODE);
	expect_left(story, "c", true);
}

static void an_error_before_any_row_may_be_the_fault_of_each(void **state)
{
	struct story *story = *state;

	start_three(story);
	fake_clickhouse_refuse(story->world.clickhouse, CODE);
	expect_left(story, "abc", false);
	assert_true(story->answered);
}

static void a_scan_that_nobody_answers_is_told_as_such(void **state)
{
	struct story *story = *state;

	start_three(story);
	fake_clickhouse_break(story->world.clickhouse);
	expect_left(story, "abc", false);
	assert_false(story->answered);
}

static void a_connection_that_breaks_after_rows_was_one(void **state)
{
	struct story *story = *state;

	start_three(story);
	send_row(story, "a", 503, "one");
	fake_clickhouse_break(story->world.clickhouse);
	expect_left(story, "abc", true);
	assert_true(story->answered);
}

static void nonsense_is_an_answer(void **state)
{
	struct story *story = *state;

	start_three(story);
	fake_clickhouse_send(story->world.clickhouse,
			     lc_view_of("<html>504 Gateway Time-out</html>"));
	fake_clickhouse_end(story->world.clickhouse);
	expect_left(story, "abc", false);
	assert_true(story->answered);
}

/* A row that cannot come next proves nothing of the sources before it: not that they are whole. */
static void a_row_that_was_not_asked_for_settles_nothing(void **state)
{
	struct story *story = *state;

	start_three(story);
	send_row(story, "a", 503, "one");
	send_row(story, "a", 504, "two");
	send_row(story, "bb", 503, "three");
	fake_clickhouse_end(story->world.clickhouse);
	expect_left(story, "abc", true);
	assert_int_equal(story->error.kind, LC_ERROR_CORRUPT);
	assert_int_equal(lc_source_open_from(story->list[0]), 504);
	assert_int_equal(lc_source_open_from(story->list[1]), 500);
}

static void a_row_of_a_source_that_was_left_settles_nothing(void **state)
{
	struct story *story = *state;

	start_three(story);
	send_row(story, "b", 503, "one");
	send_row(story, "a", 503, "two");
	fake_clickhouse_end(story->world.clickhouse);
	expect_left(story, "bc", true);
	assert_int_equal(story->error.kind, LC_ERROR_CORRUPT);
	assert_int_equal(lc_source_open_from(story->list[1]), 503);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(what_is_open_is_asked_for_and_settled),
	    STORY(rows_that_nobody_asked_for_do_not_move_the_offset),
	    STORY(a_second_that_opens_while_the_ledger_answers_is_read_as_well),
	    STORY(a_second_that_opens_later_stays_open),
	    STORY(a_stream_that_came_to_its_end_settles_all),
	    STORY(fewer_rows_than_came_are_no_fault),
	    STORY(a_stream_cut_between_equal_seconds_settles_no_more_than_what_is_before),
	    STORY(a_stream_cut_before_a_source_leaves_it_open),
	    STORY(a_stream_whose_end_can_not_be_asked_about_settles_nothing_of_its_end),
	    STORY(a_scan_may_be_cancelled_while_its_end_is_asked_about),
	    STORY(the_one_that_the_stream_broke_in_is_told_before_those_after_it),
	    STORY(sources_without_rows_before_the_break_are_finished),
	    STORY(an_error_before_any_row_may_be_the_fault_of_each),
	    STORY(a_scan_that_nobody_answers_is_told_as_such),
	    STORY(a_connection_that_breaks_after_rows_was_one),
	    STORY(nonsense_is_an_answer),
	    STORY(a_row_that_was_not_asked_for_settles_nothing),
	    STORY(a_row_of_a_source_that_was_left_settles_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
