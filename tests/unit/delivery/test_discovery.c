#include "delivery/discovery.h"

#include "base/clock.h"
#include "base/memory.h"
#include "delivery/server_clock.h"

#include "support/delivery_world.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	SHARD = 3,
	SHARD_COUNT = 4,
	DELAY = 10,     /* processing delay, seconds */
	UNTIL = 100000, /* end of the last window, as the ledger has it */
};

struct story {
	struct delivery_world world;
	struct lc_discovery *discovery;
	unsigned ends;         /* how often a discovery was over */
	struct lc_error error; /* of the last one */
};

static void on_end(void *context, const struct lc_error *error)
{
	struct story *story = context;

	story->ends++;
	story->error = *error;
}

/* A process that begins with this state of the ledger. */
static void start_process(struct story *story, const struct lc_ledger_state *ledger_state)
{
	lc_discovery_free(story->discovery);
	story->world.delivery.state = *ledger_state;
	story->discovery = lc_discovery_new(&story->world.delivery, on_end, story);
}

static int set_up(void **state)
{
	struct lc_ledger_state ledger_state = {.until = UNTIL};
	struct story *story = lc_memory_zero(1, sizeof(*story));

	delivery_world_prepare(&story->world);
	story->world.settings.consumer_processing_delay_seconds = DELAY;
	story->world.delivery.shard = SHARD;
	story->world.delivery.shard_count = SHARD_COUNT;
	delivery_world_begin(&story->world, 1);
	start_process(story, &ledger_state);
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	lc_discovery_free(story->discovery);
	delivery_world_end(&story->world);
	free(story);
	return 0;
}

static void start(struct story *story)
{
	lc_discovery_start(story->discovery, 0);
}

/* Starts a discovery and answers that it is `now`. */
static void tell_time(struct story *story, uint32_t now)
{
	start(story);
	fake_clickhouse_send_clock(story->world.clickhouse, now);
	fake_clickhouse_end(story->world.clickhouse);
}

static void send_found(struct story *story, uint32_t session, const char *bucket, uint64_t rows,
		       uint32_t oldest)
{
	struct lc_discovery_row row = {
	    .raft_session_id = session,
	    .bucket = lc_view_of(bucket),
	    .rows = rows,
	    .oldest = oldest,
	    .floor = {.req_id = lc_view_of("")},
	};

	fake_clickhouse_send_found(story->world.clickhouse, &row);
}

static void send_offset(struct story *story, uint32_t session, const char *bucket, uint32_t second)
{
	struct lc_discovery_row row = {
	    .raft_session_id = session,
	    .bucket = lc_view_of(bucket),
	    .rows = 1,
	    .floor = {.inserted_at = second, .start_time_ms = 5000, .req_id = lc_view_of("REQ")},
	};

	fake_clickhouse_send_found(story->world.clickhouse, &row);
}

/* The first discovery of a process up to the question for its window: offsets are not ahead. */
static void pass_offsets(struct story *story, uint32_t now)
{
	tell_time(story, now);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	(void)fake_ledger_told(story->world.ledger);
}

/* The first window: where it begins. */
static void answer_oldest_of(struct story *story, uint64_t rows, uint32_t second)
{
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "min(insertedAt)"));
	assert_false(fake_clickhouse_sql_has(story->world.clickhouse, "GROUP BY"));
	send_found(story, 0, "", rows, second);
	fake_clickhouse_end(story->world.clickhouse);
}

static void answer_oldest(struct story *story, uint32_t second)
{
	answer_oldest_of(story, 1000, second);
}

static void expect_end(const struct story *story, unsigned ends, enum lc_error_kind kind)
{
	assert_int_equal(story->ends, ends);
	assert_int_equal(story->error.kind, kind);
}

static void rows_of_the_new_window_are_opened_and_recorded(void **state)
{
	struct story *story = *state;
	const struct lc_source *source;

	pass_offsets(story, UNTIL + 100);
	assert_true(fake_clickhouse_sql_has(
	    story->world.clickhouse,
	    "FROM `logs`.`logs` WHERE raftSessionID % 4 = 3 AND insertedAt >= "
	    "toDateTime(100000) AND insertedAt < toDateTime(100090) GROUP BY"));
	send_found(story, 7, "bucket", 5, UNTIL);
	send_found(story, 11, "other", 2, UNTIL + 89);
	assert_int_equal(lc_source_count(story->world.sources), 0);
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story, 1, LC_ERROR_NONE);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "ranges 11/other 100089-100090@100089\n"
			    "ranges 7/bucket 100000-100090@100000\n"
			    "until 100090\n");
	source = lc_source_find(story->world.sources, 7, lc_view_of("bucket"));
	assert_int_equal(source->open_rows, 5);
	assert_false(source->ranges[0].doubtful);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL + 90);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_DISCOVERY_BUCKETS), 2);
}

static void windows_follow_each_other_without_a_gap(void **state)
{
	struct story *story = *state;

	pass_offsets(story, UNTIL + 100);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "until 100090\n");

	/* The offsets are looked at once in the life of a process. */
	fake_loop_advance(story->world.loop, 30 * 1000);
	tell_time(story, UNTIL + 130);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    "insertedAt >= toDateTime(100090) "
					    "AND insertedAt < "
					    "toDateTime(100120)"));
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story, 2, LC_ERROR_NONE);
	assert_string_equal(fake_ledger_told(story->world.ledger), "until 100120\n");
}

static void a_window_that_has_not_closed_is_not_asked_for(void **state)
{
	struct story *story = *state;

	tell_time(story, UNTIL + DELAY);
	expect_end(story, 1, LC_ERROR_NONE);
	tell_time(story, UNTIL + DELAY - 3);
	expect_end(story, 2, LC_ERROR_NONE);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
}

static void expect_refused(struct story *story)
{
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story, 1, LC_ERROR_CORRUPT);
	assert_int_equal(lc_source_count(story->world.sources), 0);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
}

static void a_row_before_the_window_is_refused(void **state)
{
	struct story *story = *state;

	pass_offsets(story, UNTIL + 100);
	send_found(story, 7, "good", 5, UNTIL);
	send_found(story, 7, "bucket", 5, UNTIL - 1);
	expect_refused(story);
}

static void a_row_behind_the_window_is_refused(void **state)
{
	struct story *story = *state;

	pass_offsets(story, UNTIL + 100);
	send_found(story, 7, "bucket", 5, UNTIL + 90);
	send_found(story, 7, "good", 5, UNTIL);
	expect_refused(story);
}

static void a_row_of_another_shard_is_refused(void **state)
{
	struct story *story = *state;

	pass_offsets(story, UNTIL + 100);
	send_found(story, 7, "good", 5, UNTIL);
	send_found(story, 8, "bucket", 5, UNTIL);
	expect_refused(story);
}

static void bytes_that_are_no_rows_are_refused(void **state)
{
	struct story *story = *state;

	pass_offsets(story, UNTIL + 100);
	send_found(story, 7, "good", 5, UNTIL);
	fake_clickhouse_send(story->world.clickhouse,
			     lc_view_of("Code: 241. DB::Exception: Memory limit"));
	expect_refused(story);
}

static void an_answer_that_ends_inside_a_row_is_refused(void **state)
{
	struct story *story = *state;

	char first;

	pass_offsets(story, UNTIL + 100);
	send_found(story, 7, "good", 5, UNTIL);
	first = (char)fake_clickhouse_marker(story->world.clickhouse);
	fake_clickhouse_send(story->world.clickhouse, (struct lc_view){.data = &first, .size = 1});
	expect_refused(story);
}

/* A limit of somebody else's, perhaps: what came is not all there is. */
static void an_answer_without_its_last_row_counts_for_nothing(void **state)
{
	struct story *story = *state;

	pass_offsets(story, UNTIL + 100);
	send_found(story, 7, "bucket", 5, UNTIL);
	fake_clickhouse_end_short(story->world.clickhouse);
	expect_end(story, 1, LC_ERROR_CORRUPT);
	assert_int_equal(lc_source_count(story->world.sources), 0);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
}

static void a_broken_answer_counts_for_nothing(void **state)
{
	struct story *story = *state;

	pass_offsets(story, UNTIL + 100);
	send_found(story, 7, "bucket", 5, UNTIL);
	fake_clickhouse_break(story->world.clickhouse);
	expect_end(story, 1, LC_ERROR_UNREACHABLE);
	assert_int_equal(lc_source_count(story->world.sources), 0);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");

	/* The next one asks for the same window, and what closed since. */
	fake_loop_advance(story->world.loop, 5 * 1000);
	tell_time(story, UNTIL + 105);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    "toDateTime(100000) AND insertedAt "
					    "< toDateTime(100095)"));
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story, 2, LC_ERROR_NONE);
}

static void offsets_ahead_of_the_ledger_are_a_conflict(void **state)
{
	struct story *story = *state;
	struct lc_ledger_count ahead = {
	    .source = {.raft_session_id = 7, .bucket = lc_view_of("bucket")}, .second = 99995};

	tell_time(story, UNTIL + 100);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    "FROM `logs`.`offsets` WHERE "
					    "raftSessionID % 4 = 3 GROUP BY"));
	send_offset(story, 7, "bucket", 99995);
	send_offset(story, 11, "other", 90000);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "ahead? 11/other 90000=0 7/bucket 99995=0\n");
	fake_ledger_answer_counts(story->world.ledger, &ahead, 1);
	expect_end(story, 1, LC_ERROR_CONFLICT);
	assert_non_null(strstr(story->error.message, "bucket bucket"));
	assert_non_null(strstr(story->error.message, "another courier"));
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
}

static void offsets_that_can_not_be_read_are_read_again(void **state)
{
	struct story *story = *state;

	tell_time(story, UNTIL + 100);
	send_offset(story, 7, "bucket", 99995);
	fake_clickhouse_break(story->world.clickhouse);
	expect_end(story, 1, LC_ERROR_UNREACHABLE);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	tell_time(story, UNTIL + 100);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "`offsets`"));
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "ahead?\n");
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story, 2, LC_ERROR_NONE);
}

static void a_first_start_takes_offsets_as_floors(void **state)
{
	struct story *story = *state;
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

	start_process(story, &fresh);
	tell_time(story, UNTIL + 100);
	send_offset(story, 7, "bucket", 98000);
	send_offset(story, 15, "idle", 80000);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "floor 15/idle 80000 5000 REQ\n"
			    "floor 7/bucket 98000 5000 REQ\n");
	answer_oldest(story, UNTIL - 2000);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "GLOBAL ANY LEFT JOIN"));
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    "AND l.insertedAt >= toDateTime(98000) AND "
					    "l.insertedAt < toDateTime(100090)"));
	fake_clickhouse_send_found(story->world.clickhouse, &row);
	send_found(story, 11, "new", 1, 98001);
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story, 1, LC_ERROR_NONE);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "ranges 11/new 98001-100090@98001\n"
			    "ranges 7/bucket 98000-100090@98000\n"
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
 * lay behind the first window, and nobody asked for the floor any more. */
static void rows_before_a_floor_are_doubtful_in_later_windows_too(void **state)
{
	struct story *story = *state;
	struct lc_ledger_state fresh = {.fresh = true};

	start_process(story, &fresh);
	tell_time(story, UNTIL + 100);
	send_offset(story, 7, "bucket", UNTIL + 95);
	fake_clickhouse_end(story->world.clickhouse);
	answer_oldest(story, UNTIL);
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story, 1, LC_ERROR_NONE);
	fake_loop_advance(story->world.loop, 10 * 1000);
	tell_time(story, UNTIL + 110);
	send_found(story, 7, "bucket", 5, UNTIL + 93);
	send_found(story, 11, "other", 5, UNTIL + 96);
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
	struct story *story = *state;
	struct lc_ledger_state fresh = {.fresh = true};

	start_process(story, &fresh);
	tell_time(story, UNTIL + 100);
	send_offset(story, 7, "bucket", UNTIL + 86400);
	send_offset(story, 11, "quick", UNTIL + 105);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "floor 11/quick 100105 5000 REQ\n"
			    "committed 7/bucket 186400\n"
			    "floor 7/bucket 100090 0 \n");
	answer_oldest(story, UNTIL);
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story, 1, LC_ERROR_NONE);
	fake_loop_advance(story->world.loop, 100 * 1000);
	tell_time(story, UNTIL + 200);
	send_found(story, 7, "bucket", 5, UNTIL + 95);
	send_found(story, 15, "later", 5, UNTIL + 106);
	fake_clickhouse_end(story->world.clickhouse);
	assert_non_null(lc_source_find(story->world.sources, 7, lc_view_of("bucket")));
	assert_false(
	    lc_source_find(story->world.sources, 15, lc_view_of("later"))->ranges[0].doubtful);
}

static void rows_that_an_earlier_sharding_may_have_taken_are_doubtful(void **state)
{
	struct story *story = *state;
	struct lc_ledger_state moved = {.until = UNTIL, .doubtful_until = UNTIL + 50};

	start_process(story, &moved);
	pass_offsets(story, UNTIL + 100);
	send_found(story, 7, "old", 5, UNTIL + 49);
	send_found(story, 7, "new", 5, UNTIL + 50);
	fake_clickhouse_end(story->world.clickhouse);
	assert_true(lc_source_find(story->world.sources, 7, lc_view_of("old"))->ranges[0].doubtful);
	assert_false(
	    lc_source_find(story->world.sources, 7, lc_view_of("new"))->ranges[0].doubtful);
}

static void seconds_that_an_earlier_sharding_has_seen_are_not_opened_again(void **state)
{
	struct story *story = *state;

	fake_ledger_set_seen_until(story->world.ledger, UNTIL + 50);
	pass_offsets(story, UNTIL + 100);
	send_found(story, 7, "bucket", 5, UNTIL + 10);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "ranges 7/bucket 100050-100090@100010\nuntil 100090\n");
	fake_ledger_set_seen_until(story->world.ledger, UNTIL + 200);
	fake_loop_advance(story->world.loop, 20 * 1000);
	tell_time(story, UNTIL + 120);
	send_found(story, 7, "other", 5, UNTIL + 100);
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story, 2, LC_ERROR_NONE);
	assert_null(lc_source_find(story->world.sources, 7, lc_view_of("other")));
}

static void a_server_whose_clock_differs_is_not_believed(void **state)
{
	static const int32_t differences[] = {6, -6, 3600};
	struct story *story = *state;

	tell_time(story, UNTIL);
	expect_end(story, 1, LC_ERROR_NONE);
	for (unsigned i = 0; i < 3; i++) {
		tell_time(story, (uint32_t)(UNTIL + differences[i]));
		expect_end(story, 2 + i, LC_ERROR_CORRUPT);
		assert_non_null(strstr(story->error.message, "http://127.0.0.1:8123"));
		assert_int_equal(fake_clickhouse_distrusted(story->world.clickhouse), i + 1);
		assert_int_equal(lc_discovery_clickhouse_now(story->discovery), UNTIL);
	}
}

static void small_differences_and_time_that_passes_are_no_reason_for_doubt(void **state)
{
	struct story *story = *state;

	tell_time(story, UNTIL);
	tell_time(story, UNTIL + 5);
	assert_int_equal(lc_discovery_clickhouse_now(story->discovery), UNTIL + 5);
	tell_time(story, UNTIL);
	fake_loop_advance(story->world.loop, 7200 * 1000);
	assert_int_equal(lc_discovery_clickhouse_now(story->discovery), UNTIL + 7200);
	pass_offsets(story, UNTIL + 7203);
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story, 4, LC_ERROR_NONE);
	assert_int_equal(fake_clickhouse_distrusted(story->world.clickhouse), 0);
}

static void many_servers_that_agree_are_believed(void **state)
{
	struct story *story = *state;

	pass_offsets(story, UNTIL + 100);
	fake_clickhouse_end(story->world.clickhouse);
	for (unsigned i = 0; i < 3; i++) {
		tell_time(story, UNTIL + 3000);
		expect_end(story, 2 + i, LC_ERROR_CORRUPT);
	}
	tell_time(story, UNTIL + 3000);
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story, 5, LC_ERROR_NONE);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL + 2990);

	/* Backwards, too; but the window's end never goes back. */
	for (unsigned i = 0; i < 4; i++)
		tell_time(story, UNTIL + 100);
	expect_end(story, 9, LC_ERROR_NONE);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL + 2990);
	assert_int_equal(lc_discovery_clickhouse_now(story->discovery), UNTIL + 100);
}

/* Not even by all servers, and at the first answer: a window into the future could not be undone.
 */
static void a_clock_that_is_far_ahead_of_ours_is_never_believed(void **state)
{
	struct story *story = *state;
	uint32_t here = (uint32_t)(lc_clock_wall_ms() / 1000);

	for (unsigned i = 0; i < 5; i++) {
		tell_time(story, here + 2 * 86400);
		expect_end(story, 1 + i, LC_ERROR_CORRUPT);
		assert_non_null(strstr(story->error.message, "ahead of this machine's"));
		assert_int_equal(fake_clickhouse_distrusted(story->world.clickhouse), i + 1);
	}
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL);
	assert_int_equal(lc_discovery_clickhouse_now(story->discovery), 0);
}

static void a_clock_that_is_none_is_refused(void **state)
{
	struct story *story = *state;

	start(story);
	fake_clickhouse_send(story->world.clickhouse, lc_view_of("<html>502 Bad Gateway</html>"));
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story, 1, LC_ERROR_CORRUPT);
	start(story);
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story, 2, LC_ERROR_CORRUPT);
	start(story);
	fake_clickhouse_break(story->world.clickhouse);
	expect_end(story, 3, LC_ERROR_UNREACHABLE);
	assert_int_equal(lc_discovery_clickhouse_now(story->discovery), 0);
}

static void a_cancelled_discovery_says_nothing_more(void **state)
{
	struct story *story = *state;

	tell_time(story, UNTIL + 100);
	fake_clickhouse_end(story->world.clickhouse);

	/* While the ledger is asked. */
	lc_discovery_cancel(story->discovery);
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));

	/* While ClickHouse is asked. */
	pass_offsets(story, UNTIL + 100);
	send_found(story, 7, "bucket", 5, UNTIL);
	lc_discovery_cancel(story->discovery);
	assert_int_equal(story->ends, 0);
	assert_int_equal(lc_source_count(story->world.sources), 0);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	tell_time(story, UNTIL + 100);
	fake_clickhouse_end(story->world.clickhouse);
	expect_end(story, 1, LC_ERROR_NONE);
}

/* ---- slices ---- */

enum {
	SLICE = 3600, /* what is asked for first */
	DAY = 24 * 3600,
	LIMIT = 158, /* TOO_MANY_ROWS */
	PATIENCE = 8,
	WORKED_ON_MS = 5000,
};

static void expect_window(const struct story *story, uint32_t from, uint32_t until)
{
	char text[128];

	snprintf(text, sizeof text, "insertedAt >= toDateTime(%u) AND insertedAt < toDateTime(%u)",
		 from, until);
	if (!fake_clickhouse_sql_has(story->world.clickhouse, text))
		fail_msg("%s is not asked for by %s", text,
			 fake_clickhouse_sql(story->world.clickhouse));
}

/* Answers the window that is asked for: nothing is in it. */
static void answer_window(struct story *story, uint32_t from, uint32_t until)
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
	struct story *story = *state;
	uint32_t now = UNTIL + DAY + DELAY;

	pass_offsets(story, now);
	answer_window(story, UNTIL, UNTIL + SLICE);
	assert_true(lc_discovery_lags(story->discovery));
	tell_time(story, now);
	answer_window(story, UNTIL + SLICE, UNTIL + 3 * SLICE);
	tell_time(story, now);
	answer_window(story, UNTIL + 3 * SLICE, UNTIL + 7 * SLICE);
	tell_time(story, now);
	answer_window(story, UNTIL + 7 * SLICE, UNTIL + 15 * SLICE);
	assert_true(lc_discovery_lags(story->discovery));
	tell_time(story, now);
	answer_window(story, UNTIL + 15 * SLICE, UNTIL + DAY);
	assert_false(lc_discovery_lags(story->discovery));
}

/* Once, the whole window was asked for again and again, for ever. */
static void a_window_that_is_too_much_is_halved_until_it_is_answered(void **state)
{
	struct story *story = *state;

	pass_offsets(story, UNTIL + DAY);
	for (uint32_t seconds = SLICE; seconds > 1; seconds /= 2) {
		expect_window(story, UNTIL, UNTIL + seconds);
		fake_clickhouse_refuse(story->world.clickhouse, LIMIT);
		assert_int_equal(story->ends, 0);
	}
	answer_window(story, UNTIL, UNTIL + 1);
	for (unsigned i = 1; i <= PATIENCE; i++) {
		tell_time(story, UNTIL + DAY);
		answer_window(story, UNTIL + i, UNTIL + i + 1);
	}
	tell_time(story, UNTIL + DAY);
	answer_window(story, UNTIL + PATIENCE + 1, UNTIL + PATIENCE + 3);
}

static void a_second_that_is_too_much_is_told(void **state)
{
	struct story *story = *state;

	pass_offsets(story, UNTIL + DELAY + 1);
	expect_window(story, UNTIL, UNTIL + 1);
	fake_clickhouse_refuse(story->world.clickhouse, LIMIT);
	expect_end(story, 1, LC_ERROR_REFUSED);
	assert_int_equal(lc_discovery_until(story->discovery), UNTIL);
}

/* The next attempt may go to another server. */
static void a_window_that_nobody_answers_in_time_is_halved_for_the_next_attempt(void **state)
{
	struct story *story = *state;

	pass_offsets(story, UNTIL + DAY);
	fake_loop_advance(story->world.loop, WORKED_ON_MS);
	fake_clickhouse_break(story->world.clickhouse);
	expect_end(story, 1, LC_ERROR_UNREACHABLE);
	tell_time(story, UNTIL + DAY);
	answer_window(story, UNTIL, UNTIL + SLICE / 2);
}

static void what_has_other_reasons_halves_nothing(void **state)
{
	static const int codes[] = {60, 497, 202};
	struct story *story = *state;

	pass_offsets(story, UNTIL + DAY);
	for (unsigned i = 0; i < 3; i++) {
		expect_window(story, UNTIL, UNTIL + SLICE);
		fake_clickhouse_refuse(story->world.clickhouse, codes[i]);
		expect_end(story, 2 * i + 1, LC_ERROR_REFUSED);
		tell_time(story, UNTIL + DAY);
		fake_clickhouse_break(story->world.clickhouse);
		expect_end(story, 2 * i + 2, LC_ERROR_UNREACHABLE);
		tell_time(story, UNTIL + DAY);
	}
	answer_window(story, UNTIL, UNTIL + SLICE);
}

static void a_restart_goes_on_behind_the_last_slice(void **state)
{
	struct story *story = *state;
	struct lc_ledger_state ledger_state = {.until = UNTIL + SLICE};

	pass_offsets(story, UNTIL + DAY);
	answer_window(story, UNTIL, UNTIL + SLICE);
	start_process(story, &ledger_state);
	pass_offsets(story, UNTIL + DAY);
	answer_window(story, UNTIL + SLICE, UNTIL + 2 * SLICE);
}

static void start_fresh(struct story *story, uint32_t now)
{
	struct lc_ledger_state fresh = {.fresh = true};

	start_process(story, &fresh);
	tell_time(story, now);
	fake_clickhouse_end(story->world.clickhouse);
}

static void the_first_window_begins_at_the_oldest_row(void **state)
{
	struct story *story = *state;

	start_fresh(story, UNTIL + DELAY);
	answer_oldest(story, UNTIL - DAY);
	answer_window(story, UNTIL - DAY, UNTIL - DAY + SLICE);
}

static void a_table_without_rows_makes_a_first_window_without_any(void **state)
{
	struct story *story = *state;

	start_fresh(story, UNTIL + DELAY);
	answer_oldest_of(story, 0, 0);
	answer_window(story, UNTIL - 1, UNTIL);
	assert_false(lc_discovery_lags(story->discovery));
}

/* A row without a time is no sign that the table is empty. */
static void an_oldest_row_of_second_zero_hides_no_other(void **state)
{
	struct story *story = *state;

	start_fresh(story, UNTIL + DELAY);
	answer_oldest(story, 0);
	answer_window(story, 1, 1 + SLICE);
	assert_true(lc_discovery_lags(story->discovery));
}

/* A row whose second is still to come is not discovered before. */
static void an_oldest_row_that_is_too_young_makes_an_empty_first_window(void **state)
{
	struct story *story = *state;

	start_fresh(story, UNTIL + DELAY);
	answer_oldest(story, UNTIL + 5);
	answer_window(story, UNTIL - 1, UNTIL);
}

static void a_table_that_cannot_tell_its_oldest_row_is_read_from_the_beginning(void **state)
{
	struct story *story = *state;

	start_fresh(story, UNTIL + DELAY);
	fake_clickhouse_refuse(story->world.clickhouse, LIMIT);
	answer_window(story, 1, 1 + SLICE);
	tell_time(story, UNTIL + DELAY);
	answer_window(story, 1 + SLICE, 1 + 3 * SLICE);
}

static void where_to_begin_is_asked_again_when_nobody_has_answered(void **state)
{
	struct story *story = *state;

	start_fresh(story, UNTIL + DELAY);
	fake_clickhouse_break(story->world.clickhouse);
	expect_end(story, 1, LC_ERROR_UNREACHABLE);
	tell_time(story, UNTIL + DELAY);
	answer_oldest(story, UNTIL - 60);
	answer_window(story, UNTIL - 60, UNTIL);
}

/* Their rows are left out by ClickHouse in each slice that they lie in, after a restart, too. */
static void floors_count_in_every_slice(void **state)
{
	struct story *story = *state;
	struct lc_ledger_state ledger_state = {.until = UNTIL - DAY + SLICE,
					       .doubtful_until = UNTIL - DAY + 2 * SLICE};
	struct lc_ledger_state fresh = {.fresh = true};

	start_process(story, &fresh);
	tell_time(story, UNTIL + DELAY);
	send_offset(story, 7, "bucket", UNTIL - DAY + 2 * SLICE - 1);
	fake_clickhouse_end(story->world.clickhouse);
	answer_oldest(story, UNTIL - DAY);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "> o.floor GROUP BY"));
	fake_clickhouse_end(story->world.clickhouse);
	start_process(story, &ledger_state);
	pass_offsets(story, UNTIL + DELAY);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "> o.floor GROUP BY"));
	fake_clickhouse_end(story->world.clickhouse);
	(void)fake_ledger_told(story->world.ledger);
	tell_time(story, UNTIL + DELAY);
	answer_window(story, UNTIL - DAY + 2 * SLICE, UNTIL - DAY + 4 * SLICE);
}

/* As if windows had always been discovered in time. */
static void sources_become_ready_by_what_is_discovered(void **state)
{
	struct story *story = *state;

	pass_offsets(story, UNTIL + DAY + DELAY);
	answer_window(story, UNTIL, UNTIL + SLICE);
	assert_int_equal(lc_discovery_present(story->discovery), UNTIL + SLICE + DELAY);
	assert_int_equal(lc_discovery_clickhouse_now(story->discovery), UNTIL + DAY + DELAY);
	assert_int_equal(lc_discovery_closed(story->discovery), UNTIL + DAY);
}

/* Then there is nothing to discover at once, however far the last window was to go. */
static void a_clock_that_is_set_back_ends_the_backlog(void **state)
{
	struct story *story = *state;

	pass_offsets(story, UNTIL + DAY + DELAY);
	answer_window(story, UNTIL, UNTIL + SLICE);
	for (unsigned i = 0; i <= LC_SERVER_CLOCK_DOUBTS_MAX; i++)
		tell_time(story, UNTIL + DELAY);
	assert_int_equal(story->error.kind, LC_ERROR_NONE);
	assert_false(lc_discovery_lags(story->discovery));
	assert_int_equal(lc_discovery_present(story->discovery), UNTIL + DELAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(rows_of_the_new_window_are_opened_and_recorded),
	    STORY(windows_follow_each_other_without_a_gap),
	    STORY(a_window_that_has_not_closed_is_not_asked_for),
	    STORY(a_row_before_the_window_is_refused),
	    STORY(a_row_behind_the_window_is_refused),
	    STORY(a_row_of_another_shard_is_refused),
	    STORY(bytes_that_are_no_rows_are_refused),
	    STORY(an_answer_that_ends_inside_a_row_is_refused),
	    STORY(an_answer_without_its_last_row_counts_for_nothing),
	    STORY(a_broken_answer_counts_for_nothing),
	    STORY(offsets_ahead_of_the_ledger_are_a_conflict),
	    STORY(offsets_that_can_not_be_read_are_read_again),
	    STORY(a_first_start_takes_offsets_as_floors),
	    STORY(rows_before_a_floor_are_doubtful_in_later_windows_too),
	    STORY(an_offset_in_the_future_is_no_floor_for_what_is_still_to_come),
	    STORY(rows_that_an_earlier_sharding_may_have_taken_are_doubtful),
	    STORY(seconds_that_an_earlier_sharding_has_seen_are_not_opened_again),
	    STORY(a_server_whose_clock_differs_is_not_believed),
	    STORY(small_differences_and_time_that_passes_are_no_reason_for_doubt),
	    STORY(many_servers_that_agree_are_believed),
	    STORY(a_clock_that_is_far_ahead_of_ours_is_never_believed),
	    STORY(a_clock_that_is_none_is_refused),
	    STORY(a_cancelled_discovery_says_nothing_more),
	    STORY(a_long_window_is_taken_in_slices_that_grow),
	    STORY(a_window_that_is_too_much_is_halved_until_it_is_answered),
	    STORY(a_second_that_is_too_much_is_told),
	    STORY(a_window_that_nobody_answers_in_time_is_halved_for_the_next_attempt),
	    STORY(what_has_other_reasons_halves_nothing),
	    STORY(a_restart_goes_on_behind_the_last_slice),
	    STORY(the_first_window_begins_at_the_oldest_row),
	    STORY(a_table_without_rows_makes_a_first_window_without_any),
	    STORY(an_oldest_row_of_second_zero_hides_no_other),
	    STORY(an_oldest_row_that_is_too_young_makes_an_empty_first_window),
	    STORY(a_table_that_cannot_tell_its_oldest_row_is_read_from_the_beginning),
	    STORY(where_to_begin_is_asked_again_when_nobody_has_answered),
	    STORY(floors_count_in_every_slice),
	    STORY(sources_become_ready_by_what_is_discovered),
	    STORY(a_clock_that_is_set_back_ends_the_backlog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
