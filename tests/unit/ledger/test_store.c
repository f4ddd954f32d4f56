/* The ledger without its thread: what is written is read again, across a close and an open. */
#include "base/memory.h"
#include "ledger/store.h"
#include "support/ledger_case.h"
#include "support/story.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR = 3600, DAY = 86400, NOON = 1700000000 / DAY * DAY + DAY / 2 };

struct seen_source {
	char bucket[32];
	uint32_t raft_session_id;
	struct lc_ledger_range ranges[8];
	size_t range_count;
};

struct seen_target {
	char bucket[32];
	char prefix[32];
	struct lc_ledger_target target; /* without its names */
};

struct seen_backlog {
	char bucket[32];
	char target_bucket[32];
	char target_prefix[32];
	struct lc_ledger_backlog backlog; /* without its names */
};

struct world {
	char path[LC_LEDGER_CASE_PATH_SIZE];
	struct lc_store *store;
	struct lc_ledger_state state;
	struct lc_error error;
	struct lc_arena arena;
	struct seen_source sources[8];
	size_t source_count;
	struct seen_target targets[8];
	size_t target_count;
	struct seen_backlog backlogs[8];
	size_t backlog_count;
	char uncommitted[100]; /* "BUCKET SECOND " of each, from noon on */
};

static void copy_name(char copy[32], struct lc_view name)
{
	assert_true(name.size < 32);
	memset(copy, 0, 32);
	if (name.size > 0)
		memcpy(copy, name.data, name.size);
}

static void see_source(void *context, const struct lc_ledger_source *source,
		       const struct lc_ledger_range *ranges, size_t range_count)
{
	struct world *world = context;
	struct seen_source *seen = &world->sources[world->source_count++];

	*seen = (struct seen_source){.raft_session_id = source->raft_session_id,
				     .range_count = range_count};
	copy_name(seen->bucket, source->bucket);
	if (range_count > 0)
		memcpy(seen->ranges, ranges, range_count * sizeof ranges[0]);
}

static void see_target(void *context, const struct lc_ledger_target *target)
{
	struct world *world = context;
	struct seen_target *seen = &world->targets[world->target_count++];

	seen->target = *target;
	copy_name(seen->bucket, target->bucket);
	copy_name(seen->prefix, target->prefix);
}

static void see_backlog(void *context, const struct lc_ledger_backlog *backlog)
{
	struct world *world = context;
	struct seen_backlog *seen = &world->backlogs[world->backlog_count++];

	seen->backlog = *backlog;
	copy_name(seen->bucket, backlog->source.bucket);
	copy_name(seen->target_bucket, backlog->target_bucket);
	copy_name(seen->target_prefix, backlog->target_prefix);
}

static void see_uncommitted(void *context, const struct lc_ledger_source *source,
			    uint32_t last_second)
{
	struct world *world = context;
	size_t used = strlen(world->uncommitted);

	snprintf(world->uncommitted + used, sizeof(world->uncommitted) - used, "%.*s %u ",
		 (int)source->bucket.size, source->bucket.data, last_second - NOON);
}

static void open_store(struct world *world)
{
	world->source_count = 0;
	world->target_count = 0;
	world->backlog_count = 0;
	world->uncommitted[0] = '\0';
	world->state = (struct lc_ledger_state){.on_source = see_source,
						.on_uncommitted = see_uncommitted,
						.on_target = see_target,
						.on_intents = see_backlog,
						.context = world};
	world->store = lc_ledger_case_open_store(world->path, &world->state);
}

static void begin(struct world *world)
{
	assert_true(lc_store_begin(world->store, &world->error));
}

static void commit(struct world *world)
{
	assert_true(lc_store_commit(world->store, &world->error));
}

static void reopen(struct world *world)
{
	lc_store_close(world->store);
	open_store(world);
}

static int set_up(void **state)
{
	struct world *world = lc_memory_zero(1, sizeof *world);

	lc_ledger_case_make_path(world->path);
	lc_arena_init(&world->arena, 1024);
	open_store(world);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_store_close(world->store);
	lc_ledger_case_remove(world->path);
	lc_arena_free(&world->arena);
	free(world);
	return 0;
}

static struct lc_ledger_hashes read_hashes(struct world *world, const char *bucket, uint32_t from,
					   uint32_t to)
{
	struct lc_ledger_source source = lc_ledger_case_source(bucket);
	struct lc_ledger_hashes hashes;

	assert_true(lc_store_read_hashes(world->store, &source, from, to, &world->arena, &hashes,
					 &world->error));
	return hashes;
}

static size_t count_hashes(struct world *world, const char *bucket, uint32_t from, uint32_t to)
{
	struct lc_ledger_hashes hashes = read_hashes(world, bucket, from, to);

	free(hashes.hashes);
	return hashes.count;
}

static void a_new_ledger_is_empty(void **state)
{
	struct world *world = *state;

	assert_true(world->state.fresh);
	assert_int_equal(world->state.until, 0);
	assert_int_equal(world->state.horizon, 0);
	assert_int_equal(world->state.doubtful_until, 0);
	assert_int_equal(world->state.next_intent_id, 1);
	assert_int_equal(world->source_count + world->target_count + world->backlog_count, 0);
	reopen(world);
	assert_false(world->state.fresh);
}

static void windows_ranges_and_targets_are_there_after_a_restart(void **state)
{
	struct world *world = *state;
	struct lc_ledger_source source = lc_ledger_case_source("b");
	struct lc_ledger_source settled = lc_ledger_case_source("settled");
	struct lc_ledger_range ranges[] = {{NOON, NOON + 10, NOON + 11},
					   {NOON + 10, NOON + 20, NOON + 21}};
	struct lc_ledger_target target = {.bucket = lc_view_of("t"),
					  .whole = true,
					  .refused = true,
					  .failures = 3,
					  .probe_at_ms = 1234567890123};
	struct lc_ledger_target well = {.bucket = lc_view_of("well"), .failures = 1};

	begin(world);
	assert_true(lc_store_set_ranges(world->store, &source, ranges, 2, &world->error));
	assert_true(lc_store_set_ranges(world->store, &settled, ranges, 1, &world->error));
	assert_true(lc_store_set_ranges(world->store, &settled, NULL, 0, &world->error));
	assert_true(lc_store_set_target(world->store, &target, &world->error));
	assert_true(lc_store_set_target(world->store, &well, &world->error));
	well.failures = 0;
	assert_true(lc_store_set_target(world->store, &well, &world->error));
	assert_true(lc_store_set_until(world->store, NOON + 20, &world->error));
	assert_true(lc_store_set_horizon(world->store, NOON - HOUR, &world->error));
	commit(world);
	reopen(world);
	assert_int_equal(world->state.until, NOON + 20);
	assert_int_equal(world->state.horizon, NOON - HOUR);
	assert_int_equal(world->source_count, 1);
	assert_string_equal(world->sources[0].bucket, "b");
	assert_int_equal(world->sources[0].raft_session_id, 7);
	assert_int_equal(world->sources[0].range_count, 2);
	assert_memory_equal(world->sources[0].ranges, ranges, sizeof ranges);
	assert_int_equal(world->backlog_count, 0);
	assert_int_equal(world->target_count, 1);
	assert_string_equal(world->targets[0].bucket, "t");
	assert_string_equal(world->targets[0].prefix, "");
	assert_true(world->targets[0].target.whole);
	assert_true(world->targets[0].target.refused);
	assert_int_equal(world->targets[0].target.failures, 3);
	assert_int_equal(world->targets[0].target.probe_at_ms, 1234567890123);
	assert_int_equal(world->targets[0].target.given_up, LC_LEDGER_KEPT);
}

/* A ledger that an older program has written does not tell how far it has forgotten. */
static void without_a_note_of_it_all_behind_the_bound_is_forgotten(void **state)
{
	struct world *world = *state;
	uint32_t horizon = 0;
	sqlite3 *db = NULL;

	begin(world);
	assert_true(lc_store_set_horizon(world->store, NOON + HOUR, &world->error));
	lc_ledger_case_expire(world->store, NOON);
	assert_true(lc_store_set_steady_clock(world->store, 5, 6, &world->error));
	commit(world);
	reopen(world);
	assert_int_equal(world->state.steady_ms, 5);
	assert_int_equal(world->state.steady_at_ms, 6);
	lc_store_close(world->store);
	assert_int_equal(sqlite3_open(world->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "DELETE FROM meta WHERE name = 'gone_until'"
				      " OR name LIKE 'steady%'",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	open_store(world);
	assert_int_equal(world->state.steady_ms, 0);
	begin(world);
	assert_true(lc_store_lower_horizon(world->store, NOON - HOUR, &horizon, &world->error));
	assert_int_equal(horizon, NOON);
	lc_ledger_case_expire(world->store, NOON - HOUR);
	assert_true(lc_store_lower_horizon(world->store, NOON - HOUR, &horizon, &world->error));
	assert_int_equal(horizon, NOON);
	commit(world);
}

/* A process died between a window's ranges and its end. With a clock that is a little slower than
 * the next one would read these seconds, and then open them again as new. */
static void ranges_of_a_window_that_was_not_recorded_do_not_come_back(void **state)
{
	struct world *world = *state;
	struct lc_ledger_source reaching = lc_ledger_case_source("reaching");
	struct lc_ledger_source new = lc_ledger_case_source("new");
	struct lc_ledger_range older[] = {{NOON, NOON + 10, NOON}, {NOON + 20, NOON + 60, NOON}};
	struct lc_ledger_range newer[] = {{NOON + 30, NOON + 60, NOON}};

	begin(world);
	assert_true(lc_store_set_until(world->store, NOON + 30, &world->error));
	assert_true(lc_store_set_ranges(world->store, &reaching, older, 2, &world->error));
	assert_true(lc_store_set_ranges(world->store, &new, newer, 1, &world->error));
	commit(world);
	reopen(world);
	assert_int_equal(world->source_count, 1);
	assert_string_equal(world->sources[0].bucket, "reaching");
	assert_int_equal(world->sources[0].range_count, 2);
	assert_int_equal(world->sources[0].ranges[0].to, NOON + 10);
	assert_int_equal(world->sources[0].ranges[1].from, NOON + 20);
	assert_int_equal(world->sources[0].ranges[1].to, NOON + 30);
}

static void add_rows(struct world *world, uint64_t id, const char *bucket, uint32_t second)
{
	struct lc_ledger_case_intent made;

	lc_ledger_case_make_intent(&made, id, bucket, second, 2, 1, id * 1000);
	if (!lc_store_add_intent(world->store, &made.intent, &world->error))
		fail_msg("%s", world->error.message);
	lc_ledger_case_free_intent(&made);
}

static void commit_offset(struct world *world, const char *bucket, uint32_t second)
{
	struct lc_ledger_count offset = {.source = lc_ledger_case_source(bucket), .second = second};
	size_t count = 1;

	assert_true(lc_store_set_committed(world->store, &offset, &count, &world->error));
}

/* A process died before it had written the source's offset, which nobody knows now. */
static void the_last_second_of_a_source_that_is_not_committed_is_read_again(void **state)
{
	struct world *world = *state;

	begin(world);
	assert_true(lc_store_set_until(world->store, NOON + 30, &world->error));
	assert_true(lc_store_set_horizon(world->store, NOON, &world->error));
	add_rows(world, 1, "committed", NOON + 10);
	commit_offset(world, "committed", NOON + 11);
	add_rows(world, 2, "pending", NOON + 10);
	commit_offset(world, "pending", NOON + 10);
	/* Which rows were taken before the horizon may be forgotten. */
	add_rows(world, 3, "forgotten", NOON - 2);
	/* Its window is not recorded: the next one opens it. */
	add_rows(world, 4, "beyond", NOON + 29);
	commit(world);
	reopen(world);
	assert_int_equal(world->source_count, 0);
	assert_string_equal(world->uncommitted, "pending 11 ");
}

static void expect_backlog(const struct seen_backlog *seen, const char *bucket, uint64_t intents,
			   uint64_t rows, uint32_t oldest)
{
	assert_int_equal(seen->backlog.source.raft_session_id, 7);
	assert_string_equal(seen->bucket, bucket);
	assert_string_equal(seen->target_bucket, "target");
	assert_string_equal(seen->target_prefix, "logs/");
	assert_int_equal(seen->backlog.intents, intents);
	assert_int_equal(seen->backlog.rows, rows);
	assert_int_equal(seen->backlog.oldest_second, oldest);
}

static void an_intent_is_open_until_it_is_delivered(void **state)
{
	struct world *world = *state;

	begin(world);
	lc_ledger_case_store_intent(world->store, 1, "b", NOON, 2, 5, 100);
	lc_ledger_case_store_intent(world->store, 2, "b", NOON + 2, 1, 3, 200);
	lc_ledger_case_store_intent(world->store, 3, "c", NOON, 1, 1, 300);
	commit(world);
	reopen(world);
	assert_int_equal(world->state.next_intent_id, 4);
	assert_int_equal(world->source_count, 0);
	assert_int_equal(world->target_count, 0);
	assert_int_equal(world->backlog_count, 2);
	expect_backlog(&world->backlogs[0], "b", 2, 13, NOON);
	expect_backlog(&world->backlogs[1], "c", 1, 1, NOON);

	begin(world);
	assert_true(lc_store_set_delivered(world->store, 1, &world->error));
	assert_true(
	    lc_store_set_lost(world->store, 3, NOON, LC_LEDGER_LOST_EXPIRED, &world->error));
	commit(world);
	reopen(world);
	assert_int_equal(world->backlog_count, 1);
	expect_backlog(&world->backlogs[0], "b", 1, 3, NOON + 2);
	/* Delivered rows stay taken. */
	assert_int_equal(count_hashes(world, "b", NOON, NOON + 10), 13);
}

static void hashes_are_those_of_the_seconds_asked_for(void **state)
{
	struct world *world = *state;
	struct lc_ledger_source source = lc_ledger_case_source("b");
	struct lc_offset floor = {
	    .inserted_at = NOON - 1, .start_time_ms = -5, .req_id = {.data = "r\0q", .size = 3}};
	struct lc_ledger_hashes hashes;

	begin(world);
	lc_ledger_case_store_intent(world->store, 1, "b", NOON - 1, 4, 2, 1000);
	lc_ledger_case_store_intent(world->store, 2, "b", NOON + 1, 1, 2, 500);
	lc_ledger_case_store_intent(world->store, 3, "c", NOON + 1, 1, 2, 700);
	hashes = read_hashes(world, "b", NOON + 1, NOON + 2);
	assert_int_equal(hashes.count, 4);
	assert_int_equal(hashes.hashes[0], 500);
	assert_int_equal(hashes.hashes[1], 501);
	assert_int_equal(hashes.hashes[2], 1004);
	assert_int_equal(hashes.hashes[3], 1005);
	assert_false(hashes.has_floor);
	free(hashes.hashes);

	assert_true(lc_store_set_floor(world->store, &source, &floor, &world->error));
	commit(world);
	hashes = read_hashes(world, "b", NOON + 3, NOON + 9);
	assert_int_equal(hashes.count, 0);
	assert_true(hashes.has_floor);
	assert_int_equal(lc_offset_compare(&hashes.floor, &floor), 0);
	free(hashes.hashes);

	/* What begins before the floor's end is compared with it after a start, too. */
	reopen(world);
	assert_int_equal(world->state.doubtful_until, NOON);
	assert_int_equal(count_hashes(world, "nobody", 0, UINT32_MAX), 0);
	assert_int_equal(count_hashes(world, "b", NOON + 1, NOON + 1), 0);
	assert_int_equal(count_hashes(world, "b", 0, UINT32_MAX), 10);
}

static void an_object_over_hours_is_found_from_any_of_its_seconds(void **state)
{
	struct world *world = *state;
	struct lc_ledger_case_intent made;
	struct lc_taken_rows rows;

	lc_ledger_case_make_intent(&made, 1, "b", NOON, 1, 1, 1);
	lc_taken_rows_init(&rows);
	for (uint32_t i = 0; i < 4; i++)
		lc_taken_rows_add(&rows, NOON + i * HOUR, i);
	made.intent.taken_rows = lc_taken_rows_blob(&rows);
	made.intent.last_second = NOON + 3 * HOUR;
	made.intent.rows = 4;
	begin(world);
	lc_ledger_case_store_intent(world->store, 2, "b", NOON + 3 * HOUR, 1, 1, 9);
	assert_true(lc_store_add_intent(world->store, &made.intent, &world->error));
	commit(world);
	reopen(world);
	assert_int_equal(count_hashes(world, "b", NOON, NOON + 1), 1);
	assert_int_equal(count_hashes(world, "b", NOON + 1, NOON + HOUR), 0);
	assert_int_equal(count_hashes(world, "b", NOON + 2 * HOUR, NOON + 2 * HOUR + 1), 1);
	assert_int_equal(count_hashes(world, "b", NOON + 3 * HOUR, NOON + 3 * HOUR + 1), 2);
	lc_taken_rows_free(&rows);
	lc_ledger_case_free_intent(&made);
}

static struct lc_ledger_intents read_intents(struct world *world, const char *bucket,
					     uint64_t after_id, size_t limit)
{
	struct lc_ledger_intents_question question = lc_ledger_case_question(after_id, limit);
	struct lc_ledger_intents answer;

	question.bucket = lc_view_of(bucket);
	if (!lc_store_read_intents(world->store, &question, &world->arena, &answer, &world->error))
		fail_msg("%s", world->error.message);
	return answer;
}

static void open_intents_come_back_as_they_went_in(void **state)
{
	struct world *world = *state;
	struct lc_ledger_intents open;
	struct lc_ledger_case_intent made;

	begin(world);
	for (uint64_t id = 1; id <= 5; id++)
		lc_ledger_case_store_intent(world->store, id, "b", NOON + (uint32_t)id * HOUR, 2, 3,
					    id * 100);
	assert_true(lc_store_set_delivered(world->store, 3, &world->error));
	commit(world);
	begin(world);
	open = read_intents(world, "target", 1, 2);
	assert_int_equal(open.count, 2);
	assert_int_equal(open.intents[0].id, 2);
	assert_int_equal(open.intents[1].id, 4);
	lc_ledger_case_make_intent(&made, 4, "b", NOON + 4 * HOUR, 2, 3, 400);
	assert_int_equal(open.intents[1].source.raft_session_id, 7);
	assert_true(lc_view_equal(open.intents[1].source.bucket, made.intent.source.bucket));
	assert_true(lc_view_equal(open.intents[1].target_bucket, made.intent.target_bucket));
	assert_true(lc_view_equal(open.intents[1].target_prefix, made.intent.target_prefix));
	assert_true(lc_view_equal(open.intents[1].key, made.intent.key));
	assert_true(lc_view_equal(open.intents[1].taken_rows, made.intent.taken_rows));
	assert_int_equal(open.intents[1].first_second, made.intent.first_second);
	assert_int_equal(open.intents[1].last_second, made.intent.last_second);
	assert_int_equal(open.intents[1].rows, 6);
	assert_int_equal(open.intents[1].bytes, 5400);
	lc_ledger_case_free_intent(&made);
	assert_int_equal(read_intents(world, "target", 4, 10).count, 1);
	assert_int_equal(read_intents(world, "other", 0, 10).count, 0);
	commit(world);
}

static void objects_are_listed_newest_first(void **state)
{
	struct world *world = *state;
	struct lc_ledger_source source = lc_ledger_case_source("b");
	struct lc_ledger_object *objects;
	size_t count;

	begin(world);
	lc_ledger_case_store_intent(world->store, 1, "b", NOON + HOUR, 1, 1, 1);
	lc_ledger_case_store_intent(world->store, 2, "b", NOON, 1, 1, 2);
	lc_ledger_case_store_intent(world->store, 3, "b", NOON + HOUR, 1, 1, 3);
	lc_ledger_case_store_intent(world->store, 4, "c", NOON + HOUR, 1, 1, 4);
	assert_true(lc_store_set_delivered(world->store, 1, &world->error));
	assert_true(
	    lc_store_set_lost(world->store, 2, NOON, LC_LEDGER_LOST_EXPIRED, &world->error));
	assert_true(lc_store_read_objects(world->store, &source, 10, &world->arena, &objects,
					  &count, &world->error));
	assert_int_equal(count, 3);
	assert_int_equal(objects[0].intent.id, 3);
	assert_false(objects[0].delivered);
	assert_int_equal(objects[0].loss, LC_LEDGER_NOT_LOST);
	assert_int_equal(objects[1].intent.id, 2);
	assert_false(objects[1].delivered);
	assert_int_equal(objects[1].loss, LC_LEDGER_LOST_EXPIRED);
	assert_int_equal(objects[2].intent.id, 1);
	assert_true(objects[2].delivered);
	assert_int_equal(objects[2].loss, LC_LEDGER_NOT_LOST);
	assert_true(lc_view_equal(objects[2].intent.key, lc_view_of("logs/b-1")));
	assert_int_equal(objects[2].intent.rows, 1);
	assert_true(lc_store_read_objects(world->store, &source, 2, &world->arena, &objects, &count,
					  &world->error));
	assert_int_equal(count, 2);
	assert_int_equal(objects[1].intent.id, 2);
	commit(world);
}

static void deliveries_are_found_by_either_bucket(void **state)
{
	struct world *world = *state;
	struct lc_ledger_object *objects;
	size_t count;

	begin(world);
	lc_ledger_case_store_intent(world->store, 1, "b", NOON + HOUR, 1, 1, 1);
	lc_ledger_case_store_intent(world->store, 2, "c", NOON, 1, 1, 2);
	lc_ledger_case_store_intent(world->store, 3, "b", NOON, 1, 1, 3);
	lc_ledger_case_store_intent(world->store, 4, "c", NOON + 2 * HOUR, 1, 1, 4);
	assert_true(lc_store_set_delivered(world->store, 1, &world->error));
	assert_true(lc_store_read_deliveries(world->store, lc_view_of("b"), 10, &world->arena,
					     &objects, &count, &world->error));
	assert_int_equal(count, 2);
	assert_int_equal(objects[0].intent.id, 1); /* it has the later rows */
	assert_true(objects[0].delivered);
	assert_int_equal(objects[1].intent.id, 3);
	assert_true(lc_view_equal(objects[1].intent.source.bucket, lc_view_of("b")));
	assert_true(lc_store_read_deliveries(world->store, lc_view_of("target"), 3, &world->arena,
					     &objects, &count, &world->error));
	assert_int_equal(count, 3);
	assert_int_equal(objects[0].intent.id, 4);
	assert_true(lc_view_equal(objects[0].intent.source.bucket, lc_view_of("c")));
	assert_int_equal(objects[2].intent.id, 3);
	assert_true(lc_store_read_deliveries(world->store, lc_view_of("x"), 3, &world->arena,
					     &objects, &count, &world->error));
	assert_int_equal(count, 0);
	commit(world);
}

static void what_is_rolled_back_never_was(void **state)
{
	struct world *world = *state;

	begin(world);
	lc_ledger_case_store_intent(world->store, 1, "b", NOON, 1, 2, 1);
	commit(world);
	begin(world);
	lc_ledger_case_store_intent(world->store, 2, "b", NOON + HOUR, 1, 2, 10);
	lc_ledger_case_store_intent(world->store, 3, "d", NOON, 1, 2, 20);
	lc_store_roll_back(world->store);
	begin(world);
	assert_int_equal(count_hashes(world, "b", 0, UINT32_MAX), 2);
	assert_int_equal(count_hashes(world, "d", 0, UINT32_MAX), 0);
	/* The hour's table was undone with it, and is made again. */
	lc_ledger_case_store_intent(world->store, 2, "b", NOON + HOUR, 1, 2, 10);
	commit(world);
	assert_int_equal(count_hashes(world, "b", 0, UINT32_MAX), 4);
	reopen(world);
	assert_int_equal(count_hashes(world, "b", 0, UINT32_MAX), 4);
	assert_int_equal(world->state.next_intent_id, 3);
}

static void names_may_hold_any_byte(void **state)
{
	struct world *world = *state;
	struct lc_ledger_source odd = {.raft_session_id = UINT32_MAX,
				       .bucket = {.data = "a\0\xFF'b", .size = 5}};
	struct lc_ledger_source empty = {.bucket = {.data = NULL, .size = 0}};
	struct lc_ledger_range range = {1, UINT32_MAX, 3};

	begin(world);
	assert_true(lc_store_set_until(world->store, UINT32_MAX, &world->error));
	assert_true(lc_store_set_ranges(world->store, &odd, &range, 1, &world->error));
	assert_true(lc_store_set_ranges(world->store, &empty, &range, 1, &world->error));
	assert_true(lc_store_set_ranges(world->store, &empty, &range, 1, &world->error));
	commit(world);
	reopen(world);
	assert_int_equal(world->source_count, 2);
	assert_int_equal(world->sources[0].raft_session_id, UINT32_MAX);
	assert_memory_equal(world->sources[0].bucket, "a\0\xFF'b", 6);
	assert_memory_equal(world->sources[0].ranges, &range, sizeof range);
	assert_int_equal(world->sources[1].bucket[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_new_ledger_is_empty),
	    STORY(windows_ranges_and_targets_are_there_after_a_restart),
	    STORY(without_a_note_of_it_all_behind_the_bound_is_forgotten),
	    STORY(ranges_of_a_window_that_was_not_recorded_do_not_come_back),
	    STORY(the_last_second_of_a_source_that_is_not_committed_is_read_again),
	    STORY(an_intent_is_open_until_it_is_delivered),
	    STORY(hashes_are_those_of_the_seconds_asked_for),
	    STORY(an_object_over_hours_is_found_from_any_of_its_seconds),
	    STORY(open_intents_come_back_as_they_went_in),
	    STORY(objects_are_listed_newest_first),
	    STORY(deliveries_are_found_by_either_bucket),
	    STORY(what_is_rolled_back_never_was),
	    STORY(names_may_hold_any_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
