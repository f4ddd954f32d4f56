#include "delivery/reconcile.h"

#include "base/memory.h"
#include "delivery/object.h"
#include "delivery/upload.h"
#include "support/delivery_world.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	SHARD = 3,
	SHARD_COUNT = 4,
	SLOT = LC_LEDGER_SLOT_SECONDS,
	STEP = 8 * SLOT,   /* seconds of one question */
	HORIZON = 1500000, /* lower bound, as the ledger has it */
	INTERVAL_MS = 60 * 1000,
	FULL_INTERVAL_MS = 1800 * 1000,
	FAILURE_WAIT_MS = 10 * 1000,
	BEHIND = 6 * SLOT, /* how far the horizon reaches back */
};

struct story {
	struct delivery_world world;
	struct lc_reconcile *reconcile;
};

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));
	struct lc_settings *settings = &story->world.settings;

	delivery_world_prepare(&story->world);
	settings->consumer_max_object_bytes = 65536;
	settings->reconcile_interval_seconds = INTERVAL_MS / 1000;
	settings->reconcile_full_interval_seconds = FULL_INTERVAL_MS / 1000;
	settings->reconcile_horizon_seconds = BEHIND;
	story->world.delivery.shard = SHARD;
	story->world.delivery.shard_count = SHARD_COUNT;
	delivery_world_begin(&story->world, 1);
	story->world.delivery.state.horizon = HORIZON;
	story->reconcile = lc_reconcile_new(&story->world.delivery);
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	lc_reconcile_free(story->reconcile);
	delivery_world_end(&story->world);
	free(story);
	return 0;
}

static void poke_at(struct story *story, uint32_t until, uint32_t now)
{
	lc_reconcile_follow_clock(story->reconcile, now, UINT32_MAX);
	lc_reconcile_start_if_due(story->reconcile, until, now);
}

static void poke(struct story *story, uint32_t until)
{
	poke_at(story, until, until + 10);
}

static void send_count(struct story *story, uint32_t session, const char *bucket, uint32_t second,
		       uint64_t rows)
{
	struct lc_discovery_row row = {
	    .raft_session_id = session,
	    .bucket = lc_view_of(bucket),
	    .rows = rows,
	    .oldest = second,
	    .floor = {.req_id = lc_view_of("")},
	};

	fake_clickhouse_send_found(story->world.clickhouse, &row);
}

static struct lc_ledger_count surplus_of(const char *bucket, uint32_t second, uint64_t rows)
{
	return (struct lc_ledger_count){
	    .source = {.raft_session_id = 7, .bucket = lc_view_of(bucket)},
	    .second = second,
	    .rows = rows};
}

static void open_seconds(struct story *story, const char *bucket, uint32_t from, uint32_t to)
{
	lc_source_open(lc_source_get(story->world.sources, 7, lc_view_of(bucket)),
		       (struct lc_source_range){.from = from, .to = to, .since = to}, 1);
}

/* A pass in which ClickHouse shows nothing, to its end. */
static void settle_pass(struct story *story)
{
	while (fake_clickhouse_is_asked(story->world.clickhouse)) {
		fake_clickhouse_end(story->world.clickhouse);
		fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	}
}

static void settle(void *context, struct lc_source *source)
{
	uint32_t from;
	uint32_t to;

	(void)context;
	(void)lc_source_ask(source, &from, &to);
	lc_source_settle_asked(source);
}

static void expect_bounds(const struct story *story, uint32_t from, uint32_t until)
{
	char bounds[128];

	snprintf(bounds, sizeof bounds,
		 "insertedAt >= toDateTime(%u) AND insertedAt < toDateTime(%u)", (unsigned)from,
		 (unsigned)until);
	assert_true(fake_clickhouse_is_asked(story->world.clickhouse));
	if (!fake_clickhouse_sql_has(story->world.clickhouse, bounds))
		assert_string_equal(fake_clickhouse_sql(story->world.clickhouse), bounds);
}

/* A step in which ClickHouse shows nothing. */
static void pass_step(struct story *story)
{
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
}

/* A full pass over [HORIZON, HORIZON + SLOT) without any surplus. */
static void pass_first(struct story *story)
{
	poke(story, HORIZON + SLOT);
	pass_step(story);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	(void)fake_ledger_told(story->world.ledger);
}

/* Passes three steps; with the last one the ledger is told this. */
static void pass_to_horizon(struct story *story, const char *told)
{
	pass_step(story);
	pass_step(story);
	(void)fake_ledger_told(story->world.ledger);
	pass_step(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), told);
}

static void the_first_pass_looks_at_all_within_the_horizon(void **state)
{
	struct story *story = *state;

	poke(story, HORIZON + 2 * STEP + 100);
	expect_bounds(story, HORIZON, HORIZON + STEP);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "raftSessionID % 4 = 3 AND"));
	send_count(story, 7, "bucket", HORIZON, 5);
	send_count(story, 11, "other", HORIZON + SLOT, 6);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "slots? 7/bucket 1500000=5 11/other 1500300=6\n");
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	expect_bounds(story, HORIZON + STEP, HORIZON + 2 * STEP);
	pass_step(story);

	/* The last slot ends where the last window does: nothing behind it is taken yet. */
	expect_bounds(story, HORIZON + 2 * STEP, HORIZON + 2 * STEP + 100);
	pass_step(story);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 1);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES), 0);
}

static void slots_that_an_open_range_touches_are_left_out(void **state)
{
	struct story *story = *state;

	open_seconds(story, "bucket", HORIZON + SLOT + 299, HORIZON + 2 * SLOT + 1);
	poke(story, HORIZON + STEP);
	for (uint32_t slot = 0; slot < 4; slot++)
		send_count(story, 7, "bucket", HORIZON + slot * SLOT, 5);

	/* That of one source says nothing about another. */
	send_count(story, 7, "other", HORIZON + SLOT, 6);
	send_count(story, 11, "bucket", HORIZON + SLOT, 7);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "slots? 7/bucket 1500000=5 7/bucket 1500900=5 7/other 1500300=6 "
			    "11/bucket 1500300=7\n");
	lc_reconcile_cancel(story->reconcile);
}

static void seconds_with_a_surplus_become_open_ranges_in_doubt(void **state)
{
	struct story *story = *state;
	struct lc_ledger_count slots[] = {surplus_of("bucket", HORIZON + SLOT, 3),
					  surplus_of("it's", HORIZON, 1)};
	struct lc_ledger_count seconds[] = {surplus_of("bucket", HORIZON + SLOT + 7, 2),
					    surplus_of("bucket", HORIZON + SLOT + 9, 1),
					    surplus_of("it's", HORIZON, 1)};
	const struct lc_source *source;

	poke(story, HORIZON + STEP);
	send_count(story, 7, "bucket", HORIZON + SLOT, 100);
	send_count(story, 7, "it's", HORIZON, 100);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, slots, 2);
	(void)fake_ledger_told(story->world.ledger);

	/* These slots alone are asked by second. */
	expect_bounds(story, HORIZON, HORIZON + STEP);
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse,
					    " IN ((7,'bucket',1500300),(7,'it\\'s',"
					    "1500000)) GROUP BY"));
	send_count(story, 7, "bucket", HORIZON + SLOT + 7, 50);
	send_count(story, 7, "bucket", HORIZON + SLOT + 8, 20);
	send_count(story, 7, "it's", HORIZON, 100);
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
	struct story *story = *state;
	struct lc_ledger_count slot = surplus_of("bucket", HORIZON + SLOT, 3);
	struct lc_ledger_count second = surplus_of("bucket", HORIZON + SLOT + 7, 3);

	poke(story, HORIZON + STEP);
	send_count(story, 7, "bucket", HORIZON + SLOT, 100);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, &slot, 1);
	send_count(story, 7, "bucket", HORIZON + SLOT + 7, 100);
	fake_clickhouse_end(story->world.clickhouse);
	open_seconds(story, "bucket", HORIZON + SLOT + 5, HORIZON + SLOT + 10);
	(void)fake_ledger_told(story->world.ledger);
	fake_ledger_answer_counts(story->world.ledger, &second, 1);

	/* What is settled beside it is compared by the next pass. */
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "horizon 1500300\nexpire 1500300\n");
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_LATE_ROWS_FOUND), 0);
}

static void a_slot_passed_over_stays_within_the_horizon(void **state)
{
	struct story *story = *state;

	open_seconds(story, "bucket", HORIZON + SLOT + 299, HORIZON + 2 * SLOT);
	poke(story, HORIZON + 2 * STEP);
	send_count(story, 7, "bucket", HORIZON, 5);
	send_count(story, 7, "bucket", HORIZON + SLOT, 5);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	(void)fake_ledger_told(story->world.ledger);
	pass_step(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "slots?\nhorizon 1500300\nexpire 1500300\n");

	/* Once it is settled and compared, the horizon moves on. */
	lc_source_each(story->world.sources, settle, NULL);
	fake_loop_advance(story->world.loop, FULL_INTERVAL_MS);
	poke(story, HORIZON + 2 * STEP);
	expect_bounds(story, HORIZON + SLOT, HORIZON + SLOT + STEP);
	send_count(story, 7, "bucket", HORIZON + SLOT, 5);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "slots? 7/bucket 1500300=5\n");
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	pass_step(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "slots?\nhorizon 1503000\nexpire 1503000\n");
}

static void the_horizon_moves_when_a_full_pass_has_succeeded(void **state)
{
	struct story *story = *state;

	/* Whole slots behind the end of the pass. */
	poke(story, HORIZON + 2 * STEP + 100);
	pass_to_horizon(story, "slots?\nhorizon 1503000\nexpire 1503000\n");

	/* A pass over recent slots leaves it where it is. */
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	poke(story, HORIZON + 4 * STEP);
	pass_step(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "slots?\n");
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES), 1);

	/* The next full one begins there. */
	fake_loop_advance(story->world.loop, 2 * STEP * 1000);
	poke(story, HORIZON + 4 * STEP);
	expect_bounds(story, 1503000, 1503000 + STEP);
	pass_to_horizon(story, "slots?\nhorizon 1507800\nexpire 1507800\n");
}

/* An object of two rows of this second is refused for its size; whether its rows are read again. */
static bool is_cut(struct story *story, uint32_t second)
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
	lc_object_name(object, 1);
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
	struct story *story = *state;

	assert_false(is_cut(story, HORIZON - 1));
	assert_true(is_cut(story, HORIZON));
	lc_source_each(story->world.sources, settle, NULL);
	poke(story, HORIZON + 2 * STEP + 100);
	pass_to_horizon(story, "slots?\nhorizon 1503000\nexpire 1503000\n");
	assert_false(is_cut(story, 1503000 - 1));
	assert_true(is_cut(story, 1503000));
}

/* It would hold the horizon, and with it the ledger of all others, for as long as it is broken. Its
 * ranges are whole slots, so that nothing beside them is left uncompared. */
static void the_horizon_moves_past_a_source_that_can_not_be_read(void **state)
{
	struct story *story = *state;
	struct lc_source *source;

	open_seconds(story, "bucket", HORIZON + SLOT + 5, HORIZON + SLOT + 6);
	source = lc_source_find(story->world.sources, 7, lc_view_of("bucket"));
	lc_source_note_unreadable(source, "no", 0);
	lc_source_widen(source, SLOT, HORIZON + 2 * STEP);
	poke(story, HORIZON + 2 * STEP);
	send_count(story, 7, "bucket", HORIZON, 5);
	send_count(story, 7, "bucket", HORIZON + SLOT, 5);
	send_count(story, 7, "other", HORIZON + SLOT, 5);
	fake_clickhouse_end(story->world.clickhouse);

	/* What is open of it is not compared, its other slots and those of others are. */
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "slots? 7/bucket 1500000=5 7/other 1500300=5\n");
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	pass_step(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "slots?\nhorizon 1503000\nexpire 1503000\n");
	assert_true(lc_source_is_open(source));
}

/* Its window's end lies in the future: rows come before it, and no window will hold them. */
static void after_a_clock_that_was_ahead_nothing_falls_behind_the_horizon(void **state)
{
	struct story *story = *state;
	uint32_t now = HORIZON + 2 * STEP + 100;

	poke_at(story, now + 86400, now);
	pass_to_horizon(story, "slots?\nhorizon 1503000\nexpire 1503000\n");
	/* And what is recent is what is recent now. */
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	poke_at(story, now + 86400, now + 300);
	assert_true(fake_clickhouse_is_asked(story->world.clickhouse));
	expect_bounds(story, (now + 300 - 600) / 300 * 300, now + 300);
}

static void the_horizon_never_moves_back(void **state)
{
	struct story *story = *state;

	/* The setting reaches further back than what was given up already. */
	poke(story, HORIZON + SLOT);
	pass_step(story);
	assert_string_equal(fake_ledger_told(story->world.ledger), "slots?\nexpire 1500000\n");
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 1);
}

/* ClickHouse's clock and this machine's are a day ahead for some hours. */
static void the_horizon_does_not_follow_a_clock_that_is_ahead(void **state)
{
	struct story *story = *state;
	const uint32_t day = 86400;
	const uint32_t far = 100 * STEP;
	uint32_t now = HORIZON + far;

	story->world.settings.reconcile_horizon_seconds = far;
	poke_at(story, now - 10, now);
	settle_pass(story);
	for (uint32_t hour = 0; hour < 4; hour++) {
		fake_loop_advance(story->world.loop, 3600 * 1000);
		now += 3600;
		poke_at(story, now + day - 10, now + day);
		settle_pass(story);
	}
	(void)fake_ledger_told(story->world.ledger);

	/* It is right again, and nothing that comes now lies behind the horizon. */
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	now += INTERVAL_MS / 1000;
	poke_at(story, now + day - 70, now);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_CLOCK_BEHIND_WINDOWS),
			 day - 70);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_CLOCK_BEHIND_HORIZON),
			 0);
	assert_string_equal(fake_ledger_told(story->world.ledger), "lower? 1514400\n");
	fake_ledger_answer_horizon(story->world.ledger, 1514400);
	expect_bounds(story, (now - 600) / SLOT * SLOT, now);
	settle_pass(story);
	fake_loop_advance(story->world.loop, FULL_INTERVAL_MS);
	poke_at(story, now + day - 70, now + FULL_INTERVAL_MS / 1000);
	expect_bounds(story, 1514400, 1514400 + STEP);
	settle_pass(story);
}

/* It was ahead for so long, or so far behind now, that it stands behind the horizon. */
static void the_horizon_comes_down_with_the_clock_as_far_as_the_ledger_knows(void **state)
{
	struct story *story = *state;
	const uint32_t now = HORIZON - 50 * STEP;

	poke_at(story, HORIZON + STEP, now);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_CLOCK_BEHIND_HORIZON),
			 50 * STEP);
	assert_string_equal(fake_ledger_told(story->world.ledger), "lower? 1378200\n");

	/* Nothing can be done as long as what was delivered is forgotten. */
	fake_ledger_answer_horizon(story->world.ledger, HORIZON - STEP);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	poke_at(story, HORIZON + STEP, now);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_CLOCK_BEHIND_HORIZON),
			 49 * STEP);

	/* But where it is not forgotten, all is compared up to now. */
	fake_loop_advance(story->world.loop, 2 * FAILURE_WAIT_MS);
	poke_at(story, HORIZON + STEP, now);
	fake_ledger_answer_horizon(story->world.ledger, 1378200);
	expect_bounds(story, 1378200, now);
	assert_string_equal(fake_ledger_told(story->world.ledger), "lower? 1378200\n");
	settle_pass(story);
	poke_at(story, HORIZON + STEP, now);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_CLOCK_BEHIND_HORIZON),
			 0);
}

/* One server of several is right, or wrong; it writes rows all the same. */
static void a_server_that_is_not_believed_holds_the_horizon(void **state)
{
	struct story *story = *state;
	uint32_t now = HORIZON + 10 * STEP;

	lc_reconcile_follow_clock(story->reconcile, now, HORIZON + BEHIND + SLOT);
	lc_reconcile_start_if_due(story->reconcile, now - 10, now);
	settle_pass(story);
	assert_non_null(strstr(fake_ledger_told(story->world.ledger), "horizon 1500300\n"));

	/* But not one that is hopeless. */
	lc_reconcile_follow_clock(story->reconcile, now, 3);
	fake_loop_advance(story->world.loop, 10 * STEP * 1000);
	now += 10 * STEP;
	lc_reconcile_follow_clock(story->reconcile, now, 3);
	lc_reconcile_start_if_due(story->reconcile, now, now);
	settle_pass(story);
	assert_non_null(strstr(fake_ledger_told(story->world.ledger), "horizon 1530300\n"));
}

static void a_pass_that_fails_leaves_the_horizon_and_is_repeated(void **state)
{
	struct story *story = *state;

	poke(story, HORIZON + 2 * STEP);
	pass_step(story);
	(void)fake_ledger_told(story->world.ledger);
	fake_clickhouse_break(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 0);
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS - 1);
	poke(story, HORIZON + 2 * STEP);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));

	/* Recent slots do not wait for the others, which are compared from the beginning. */
	fake_loop_advance(story->world.loop, 1);
	poke(story, HORIZON + 2 * STEP);
	expect_bounds(story, HORIZON + 2 * STEP - 2 * SLOT, HORIZON + 2 * STEP);
	pass_step(story);
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	poke(story, HORIZON + 2 * STEP);
	expect_bounds(story, HORIZON, HORIZON + STEP);
	pass_step(story);
	pass_step(story);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 1);
}

/* ---- what cannot be compared ---- */

enum { LIMIT = 241, BROKEN = 246, REFUSED = 497, WORKED_ON_MS = 5000 };

static bool is_failing(const struct story *story)
{
	return lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILE_FAILING_SINCE) != 0;
}

static void a_step_that_is_too_much_is_taken_in_smaller_ones(void **state)
{
	struct story *story = *state;

	poke(story, HORIZON + STEP);
	fake_clickhouse_refuse(story->world.clickhouse, LIMIT);
	expect_bounds(story, HORIZON, HORIZON + 4 * SLOT);
	fake_clickhouse_refuse(story->world.clickhouse, LIMIT);
	for (unsigned i = 0; i < 4; i++) {
		expect_bounds(story, HORIZON + 2 * i * SLOT, HORIZON + 2 * (i + 1) * SLOT);
		pass_step(story);
	}
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 1);
	assert_false(is_failing(story));
}

/* Once, one old slot that could not be counted kept all others from being compared. */
static void a_slot_that_cannot_be_counted_is_passed_over_and_holds_the_horizon(void **state)
{
	struct story *story = *state;
	const uint32_t bad = HORIZON + SLOT;

	poke(story, HORIZON + 2 * STEP);
	while (fake_clickhouse_is_asked(story->world.clickhouse)) {
		char asked[64];

		snprintf(asked, sizeof asked, "insertedAt >= toDateTime(%u) AND", bad);
		if (fake_clickhouse_sql_has(story->world.clickhouse, asked) ||
		    (fake_clickhouse_sql_has(story->world.clickhouse, "toDateTime(1500000) AND") &&
		     !fake_clickhouse_sql_has(story->world.clickhouse, "< toDateTime(1500300)")))
			fake_clickhouse_refuse(story->world.clickhouse, BROKEN);
		else
			pass_step(story);
	}
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 1);
	assert_non_null(strstr(fake_ledger_told(story->world.ledger), "horizon 1500300\n"));
	assert_true(is_failing(story));

	/* Until a pass has compared it. */
	fake_loop_advance(story->world.loop, FULL_INTERVAL_MS);
	poke(story, HORIZON + 2 * STEP);
	settle_pass(story);
	assert_false(is_failing(story));
	assert_non_null(strstr(fake_ledger_told(story->world.ledger), "horizon 1503000\n"));
}

static void seconds_that_cannot_be_counted_are_passed_over_too(void **state)
{
	struct story *story = *state;
	struct lc_ledger_count slot = surplus_of("bucket", HORIZON, 1);

	poke(story, HORIZON + SLOT);
	send_count(story, 7, "bucket", HORIZON, 5);
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
	struct story *story = *state;

	poke(story, HORIZON + 4 * STEP);
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
	struct story *story = *state;

	poke(story, HORIZON + 4 * STEP);
	fake_clickhouse_refuse(story->world.clickhouse, REFUSED);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	poke(story, HORIZON + 4 * STEP);
	fake_clickhouse_break(story->world.clickhouse);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
}

static void recent_slots_are_compared_often_and_all_now_and_then(void **state)
{
	struct story *story = *state;
	uint32_t until = HORIZON + 2 * STEP + 100;

	pass_first(story);
	fake_loop_advance(story->world.loop, INTERVAL_MS - 1);
	poke(story, until);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	fake_loop_advance(story->world.loop, 1);
	poke(story, until);

	/* At least ten minutes, in whole slots. */
	expect_bounds(story, HORIZON + 2 * STEP - 2 * SLOT, until);
	pass_step(story);
	fake_loop_advance(story->world.loop, FULL_INTERVAL_MS - INTERVAL_MS);
	poke(story, until);
	expect_bounds(story, HORIZON, HORIZON + STEP);
	lc_reconcile_cancel(story->reconcile);
}

static void the_later_rows_come_the_further_back_is_recent(void **state)
{
	struct story *story = *state;
	uint32_t until = HORIZON + 2 * STEP;
	uint32_t late = until + 10 - 1000;
	struct lc_ledger_count slot = surplus_of("bucket", late - late % SLOT, 1);
	struct lc_ledger_count second = surplus_of("bucket", late, 1);

	story->world.settings.reconcile_horizon_seconds = 100 * STEP;
	pass_first(story);
	fake_loop_advance(story->world.loop, FULL_INTERVAL_MS);
	poke(story, until);
	pass_step(story);
	send_count(story, 7, "bucket", slot.second, 5);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, &slot, 1);
	send_count(story, 7, "bucket", late, 5);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, &second, 1);

	/* It was 1000 s late: twice that is looked at now, and less from pass to pass. */
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	poke(story, until + 60);
	expect_bounds(story, until + 60 - 2000 - (until + 60 - 2000) % SLOT, until + 60);
	pass_step(story);
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	poke(story, until + 120);
	expect_bounds(story, until + 120 - 1000 - (until + 120 - 1000) % SLOT, until + 120);
	pass_step(story);
	fake_loop_advance(story->world.loop, INTERVAL_MS);
	poke(story, until + 180);
	expect_bounds(story, until + 180 - 600 - (until + 180 - 600) % SLOT, until + 180);
	pass_step(story);
}

static void nothing_is_compared_before_there_is_a_window_and_a_horizon(void **state)
{
	struct story *story = *state;
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
	poke(story, 0);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	lc_reconcile_start_if_due(story->reconcile, HORIZON + STEP, 0);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));

	/* Nor while all of time lies behind the horizon. */
	poke(story, HORIZON);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
}

static void one_pass_is_under_way_at_a_time(void **state)
{
	struct story *story = *state;

	poke(story, HORIZON + STEP);
	fake_loop_advance(story->world.loop, 2 * FULL_INTERVAL_MS);
	poke(story, HORIZON + 2 * STEP);
	expect_bounds(story, HORIZON, HORIZON + STEP);
	fake_clickhouse_end(story->world.clickhouse);
	poke(story, HORIZON + 2 * STEP);
	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
}

static void expect_refused(struct story *story)
{
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(fake_ledger_told(story->world.ledger), "");
	assert_int_equal(fake_ledger_waiting(story->world.ledger), 0);
	assert_int_equal(lc_counters_get(&story->world.counters, LC_COUNTERS_RECONCILES_FULL), 0);
	assert_int_equal(lc_source_count(story->world.sources), 0);
}

static void a_row_of_another_shard_is_refused(void **state)
{
	struct story *story = *state;

	poke(story, HORIZON + STEP);
	send_count(story, 7, "good", HORIZON, 5);
	send_count(story, 8, "bucket", HORIZON, 5);
	expect_refused(story);
}

static void a_row_of_a_slot_not_asked_for_is_refused(void **state)
{
	struct story *story = *state;
	const uint32_t strays[] = {HORIZON - SLOT, HORIZON + STEP, HORIZON + 1, UINT32_MAX, 0};

	for (size_t i = 0; i < sizeof strays / sizeof strays[0]; i++) {
		poke(story, HORIZON + 2 * STEP);
		send_count(story, 7, "good", HORIZON, 5);
		send_count(story, 7, "bucket", strays[i], 5);
		expect_refused(story);
		fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	}
}

static void a_second_not_asked_for_is_refused(void **state)
{
	struct story *story = *state;
	struct lc_ledger_count slot = surplus_of("bucket", HORIZON, 3);

	poke(story, HORIZON + STEP);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, &slot, 1);
	(void)fake_ledger_told(story->world.ledger);
	send_count(story, 7, "bucket", HORIZON + 7, 5);
	send_count(story, 7, "bucket", HORIZON + STEP, 5);
	expect_refused(story);
}

static void an_answer_that_is_no_answer_is_refused(void **state)
{
	struct story *story = *state;
	char first;

	poke(story, HORIZON + STEP);
	fake_clickhouse_send(story->world.clickhouse,
			     lc_view_of("<html>504 Gateway Time-out</html>"));
	expect_refused(story);
	fake_loop_advance(story->world.loop, FAILURE_WAIT_MS);
	poke(story, HORIZON + STEP);
	send_count(story, 7, "good", HORIZON, 5);
	first = (char)fake_clickhouse_marker(story->world.clickhouse);
	fake_clickhouse_send(story->world.clickhouse, (struct lc_view){.data = &first, .size = 1});
	expect_refused(story);
}

static void a_cancelled_pass_does_nothing_more(void **state)
{
	struct story *story = *state;
	struct lc_ledger_count slot = surplus_of("bucket", HORIZON, 3);

	poke(story, HORIZON + STEP);
	fake_clickhouse_end(story->world.clickhouse);
	lc_reconcile_cancel(story->reconcile);

	/* The answer to a question of the cancelled pass is not taken for one of the next. */
	poke(story, HORIZON + STEP);
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
	    STORY(the_first_pass_looks_at_all_within_the_horizon),
	    STORY(slots_that_an_open_range_touches_are_left_out),
	    STORY(seconds_with_a_surplus_become_open_ranges_in_doubt),
	    STORY(a_second_opened_meanwhile_is_not_opened_again),
	    STORY(the_horizon_moves_when_a_full_pass_has_succeeded),
	    STORY(a_slot_passed_over_stays_within_the_horizon),
	    STORY(rows_from_before_the_horizon_are_not_read_again),
	    STORY(the_horizon_moves_past_a_source_that_can_not_be_read),
	    STORY(after_a_clock_that_was_ahead_nothing_falls_behind_the_horizon),
	    STORY(the_horizon_never_moves_back),
	    STORY(the_horizon_does_not_follow_a_clock_that_is_ahead),
	    STORY(the_horizon_comes_down_with_the_clock_as_far_as_the_ledger_knows),
	    STORY(a_server_that_is_not_believed_holds_the_horizon),
	    STORY(a_pass_that_fails_leaves_the_horizon_and_is_repeated),
	    STORY(a_step_that_is_too_much_is_taken_in_smaller_ones),
	    STORY(a_slot_that_cannot_be_counted_is_passed_over_and_holds_the_horizon),
	    STORY(seconds_that_cannot_be_counted_are_passed_over_too),
	    STORY(nothing_is_passed_over_when_clickhouse_hangs),
	    STORY(nothing_is_passed_over_when_nothing_can_be_asked),
	    STORY(recent_slots_are_compared_often_and_all_now_and_then),
	    STORY(the_later_rows_come_the_further_back_is_recent),
	    STORY(nothing_is_compared_before_there_is_a_window_and_a_horizon),
	    STORY(one_pass_is_under_way_at_a_time),
	    STORY(a_row_of_another_shard_is_refused),
	    STORY(a_row_of_a_slot_not_asked_for_is_refused),
	    STORY(a_second_not_asked_for_is_refused),
	    STORY(an_answer_that_is_no_answer_is_refused),
	    STORY(a_cancelled_pass_does_nothing_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
