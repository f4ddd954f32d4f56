/* The ledger with its thread: callbacks in order, from the loop, and durable before they come. */
#include "base/clock.h"
#include "base/memory.h"
#include "ledger/ledger.h"
#include "support/ledger_case.h"
#include "support/story.h"

#include <stdlib.h>
#include <string.h>

enum { NOON = 1700000000 / 86400 * 86400 + 43200 };

struct world {
	char path[LC_LEDGER_CASE_PATH_SIZE];
	struct lc_loop *loop;
	struct lc_counters counters;
	struct lc_ledger *ledger;
	struct lc_ledger_state state;
	struct lc_error error;
	char trace[64]; /* a letter for each callback */
};

static void on_corrupt(void *context, const struct lc_error *error)
{
	(void)context;
	fail_msg("%s", error->message);
}

static void open_ledger(struct world *world)
{
	world->state = (struct lc_ledger_state){0};
	world->ledger =
	    lc_ledger_case_open(world->loop, world->path, &world->counters, &world->state);
}

static int set_up(void **state)
{
	struct world *world = lc_memory_zero(1, sizeof *world);

	lc_ledger_case_make_path(world->path);
	world->loop = lc_loop_new(&world->error);
	assert_non_null(world->loop);
	open_ledger(world);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_ledger_close(world->ledger);
	lc_loop_free(world->loop);
	lc_ledger_case_remove(world->path);
	free(world);
	return 0;
}

static void note(struct world *world, const char *letter)
{
	strncat(world->trace, letter, sizeof world->trace - strlen(world->trace) - 1);
}

static void on_durable(void *context)
{
	note(context, "d");
}

static void on_hashes(void *context, struct lc_ledger_hashes *hashes)
{
	struct world *world = context;

	assert_int_equal(hashes->count, 6);
	assert_int_equal(hashes->hashes[5], 105);
	assert_true(hashes->has_floor);
	assert_int_equal(hashes->floor.inserted_at, NOON - 7);
	note(world, "h");
}

static void on_intents(void *context, const struct lc_ledger_intents *answer)
{
	assert_int_equal(answer->count, 1);
	assert_false(answer->more);
	assert_int_equal(answer->oldest_second, NOON);
	assert_int_equal(answer->intents[0].id, 1);
	assert_int_equal(answer->intents[0].rows, 6);
	note(context, "i");
}

static void on_surplus(void *context, const struct lc_ledger_count *surplus, size_t count)
{
	assert_int_equal(count, 1);
	assert_true(lc_view_equal(surplus[0].source.bucket, lc_view_of("new")));
	assert_int_equal(surplus[0].rows, 2);
	note(context, "s");
}

static void on_ahead(void *context, const struct lc_ledger_count *ahead, size_t count)
{
	assert_int_equal(count, 1);
	assert_int_equal(ahead[0].second, NOON);
	note(context, "a");
}

static void on_committed(void *context, const struct lc_ledger_count *offsets, size_t count)
{
	struct world *world = context;

	assert_int_equal(count, 1);
	assert_int_equal(offsets[0].second, NOON);
	assert_int_equal(offsets[0].source.bucket.size, 1);
	note(world, offsets[0].source.bucket.data[0] == 'b' ? "b" : "?");
}

static void on_objects(void *context, const struct lc_ledger_object *objects, size_t count)
{
	assert_int_equal(count, 1);
	assert_false(objects[0].delivered);
	note(context, "o");
}

static void callbacks_come_in_the_order_of_the_calls_and_see_what_was_called_before(void **state)
{
	struct world *world = *state;
	struct lc_ledger_source source = lc_ledger_case_source("b");
	struct lc_offset floor = {.inserted_at = NOON - 7, .req_id = lc_view_of("r")};
	struct lc_ledger_count counts[] = {
	    {.source = lc_ledger_case_source("b"), .second = NOON, .rows = 3},
	    {.source = lc_ledger_case_source("new"), .second = NOON, .rows = 2},
	};
	struct lc_ledger_count offset = {.source = source, .second = NOON};
	struct lc_ledger_intents_question question = lc_ledger_case_question(0, 5);

	lc_ledger_set_floor(world->ledger, &source, &floor);
	lc_ledger_when_durable(world->ledger, on_durable, world);
	lc_ledger_add_intent(world->ledger,
			     &(struct lc_ledger_intent){
				 .id = 9,
				 .source = source,
				 .target_bucket = lc_view_of("elsewhere"),
				 .first_second = 1,
				 .last_second = 1,
				 .rows = 1,
				 .taken_rows = {.data = "\1\1\0\0\0\1\0\0\0hashhash", .size = 17},
			     });
	lc_ledger_case_add_intent(world->ledger, 1, "b", NOON, 2, 3, 100);
	lc_ledger_set_delivered(world->ledger, 9, 1);
	lc_ledger_expire(world->ledger, 3600);
	lc_ledger_set_floor(world->ledger, &source, &floor);
	lc_ledger_read_hashes(world->ledger, &source, NOON - 9, NOON + 9, on_hashes, world);
	lc_ledger_read_intents(world->ledger, &question, on_intents, world);
	lc_ledger_find_surplus_seconds(world->ledger, counts, 2, on_surplus, world);
	lc_ledger_find_ahead(world->ledger, &offset, 1, on_ahead, world);
	counts[0].rows = 6;
	lc_ledger_find_surplus_slots(world->ledger, counts, 2, on_surplus, world);
	lc_ledger_read_objects(world->ledger, &source, 5, on_objects, world);
	lc_ledger_when_durable(world->ledger, on_durable, world);
	assert_string_equal(world->trace, "");
	lc_ledger_case_wait(world->loop, world->ledger);
	assert_string_equal(world->trace, "dhisasod");
	assert_true(lc_counters_get(&world->counters, LC_COUNTERS_LEDGER_COMMITS) >= 1);
	assert_true(lc_counters_get(&world->counters, LC_COUNTERS_LEDGER_BYTES) > 4096);
	assert_int_equal(lc_counters_get(&world->counters, LC_COUNTERS_LEDGER_FAILING_SINCE), 0);
}

static void views_are_copied(void **state)
{
	struct world *world = *state;
	char name[] = "b";
	struct lc_ledger_source source = {.raft_session_id = 7, .bucket = lc_view_of(name)};
	struct lc_ledger_range range = {NOON, NOON + 1, NOON + 2};
	struct lc_ledger_target target = {
	    .bucket = lc_view_of(name), .prefix = lc_view_of(name), .failures = 1};
	struct lc_ledger_count offset = {.source = source, .second = NOON};

	lc_ledger_set_ranges(world->ledger, &source, &range, 1);
	lc_ledger_set_committed(world->ledger, &offset, 1, on_committed, world);
	lc_ledger_set_target(world->ledger, &target);
	name[0] = 'x';
	range.from = 0;
	lc_ledger_set_ranges(world->ledger, &source, &range, 1);
	lc_ledger_set_ranges(world->ledger, &source, NULL, 0);
	lc_ledger_case_wait(world->loop, world->ledger);
	assert_string_equal(world->trace, "b");
	lc_ledger_close(world->ledger);
	open_ledger(world);
}

static void what_was_called_before_a_close_is_written(void **state)
{
	struct world *world = *state;

	for (uint64_t id = 1; id <= 50; id++)
		lc_ledger_case_add_intent(world->ledger, id, "b", NOON, 2, 10, 1000 * id);
	lc_ledger_set_until(world->ledger, NOON + 2);
	lc_ledger_set_horizon(world->ledger, NOON - 100);
	lc_ledger_set_lost(world->ledger, 50, NOON + 1, LC_LEDGER_LOST_EXPIRED);
	lc_ledger_when_durable(world->ledger, on_durable, world);
	lc_ledger_close(world->ledger);
	open_ledger(world);
	assert_false(world->state.fresh);
	assert_int_equal(world->state.until, NOON + 2);
	assert_int_equal(world->state.horizon, NOON - 100);
	assert_int_equal(world->state.next_intent_id, 51);
	/* Nobody is called back any more. */
	lc_ledger_case_wait(world->loop, world->ledger);
	assert_string_equal(world->trace, "");
}

static void count_hashes(void *context, struct lc_ledger_hashes *hashes)
{
	size_t *count = context;

	*count = hashes->count;
}

static size_t taken_rows(struct world *world)
{
	struct lc_ledger_source source = lc_ledger_case_source("b");
	size_t count = 0;

	lc_ledger_read_hashes(world->ledger, &source, 0, UINT32_MAX, count_hashes, &count);
	lc_ledger_case_wait(world->loop, world->ledger);
	return count;
}

static void not_wanted(void *context, struct lc_ledger_hashes *hashes)
{
	(void)context;
	(void)hashes;
	fail_msg("called back after it was cancelled");
}

static void cancel(void *context)
{
	struct lc_ledger_command **read = context;

	lc_ledger_cancel(*read);
}

/* While it is queued, and when its answer is there already. */
static void a_read_that_is_cancelled_is_not_called_back(void **state)
{
	struct world *world = *state;
	struct lc_ledger_source source = lc_ledger_case_source("b");
	struct lc_ledger_command *second;

	lc_ledger_cancel(NULL);
	lc_ledger_cancel(
	    lc_ledger_read_hashes(world->ledger, &source, 0, UINT32_MAX, not_wanted, NULL));
	lc_ledger_when_durable(world->ledger, cancel, &second);
	second = lc_ledger_read_hashes(world->ledger, &source, 0, UINT32_MAX, not_wanted, NULL);
	lc_ledger_case_add_intent(world->ledger, 1, "b", NOON, 1, 2, 10);
	assert_int_equal(taken_rows(world), 2);
}

static void count_found(void *context, const struct lc_ledger_count *found, size_t count)
{
	size_t *kept = context;

	(void)found;
	*kept = count;
}

static void offsets_are_recorded_whether_or_not_anybody_waits(void **state)
{
	struct world *world = *state;
	struct lc_ledger_count offset = {.source = lc_ledger_case_source("b"), .second = NOON};
	size_t ahead = SIZE_MAX;

	lc_ledger_set_committed(world->ledger, &offset, 1, NULL, NULL);
	lc_ledger_find_ahead(world->ledger, &offset, 1, count_found, &ahead);
	lc_ledger_case_wait(world->loop, world->ledger);
	assert_int_equal(ahead, 0);
}

static void add_hours(struct world *world)
{
	for (uint32_t id = 1; id <= 24; id++) {
		lc_ledger_case_add_intent(world->ledger, id, "b", NOON + id * 3600, 1, 2, id * 10);
		lc_ledger_set_delivered(world->ledger, id, NOON + id * 3600);
	}
}

static void expect_dropped(struct world *world)
{
	uint64_t until_ms = lc_clock_monotonic_ms() + 10000;

	lc_ledger_expire(world->ledger, NOON + 24 * 3600);
	while (taken_rows(world) > 2)
		assert_true(lc_clock_monotonic_ms() < until_ms);
	assert_int_equal(taken_rows(world), 2);
}

/* An hour after the other, in between what else is called. */
static void what_is_to_be_dropped_goes_in_the_end(void **state)
{
	struct world *world = *state;

	add_hours(world);
	assert_int_equal(taken_rows(world), 48);
	expect_dropped(world);
}

/* What is left is dropped when it is called for again. */
static void a_close_ends_the_dropping(void **state)
{
	struct world *world = *state;

	add_hours(world);
	lc_ledger_expire(world->ledger, NOON + 24 * 3600);
	lc_ledger_set_until(world->ledger, NOON);
	lc_ledger_close(world->ledger);
	open_ledger(world);
	assert_int_equal(world->state.until, NOON);
	expect_dropped(world);
}

static void close_from_a_callback(void *context)
{
	struct world *world = context;

	note(world, "c");
	lc_ledger_close(world->ledger);
	world->ledger = NULL;
	lc_loop_stop(world->loop);
}

static void a_callback_may_close_the_ledger(void **state)
{
	struct world *world = *state;

	lc_ledger_when_durable(world->ledger, on_durable, world);
	lc_ledger_when_durable(world->ledger, close_from_a_callback, world);
	lc_ledger_when_durable(world->ledger, on_durable, world);
	lc_ledger_set_until(world->ledger, NOON);
	lc_loop_run(world->loop);
	assert_string_equal(world->trace, "dc");
	open_ledger(world);
	assert_int_equal(world->state.until, NOON);
}

static void keep_hashes(void *context, struct lc_ledger_hashes *hashes)
{
	uint64_t **kept = context;

	assert_int_equal(hashes->count, 6);
	*kept = hashes->hashes;
	hashes->hashes = NULL;
}

static void hashes_may_be_kept(void **state)
{
	struct world *world = *state;
	struct lc_ledger_source source = lc_ledger_case_source("b");
	uint64_t *kept = NULL;

	lc_ledger_case_add_intent(world->ledger, 1, "b", NOON, 2, 3, 100);
	lc_ledger_read_hashes(world->ledger, &source, NOON, NOON + 9, keep_hashes, &kept);
	lc_ledger_case_wait(world->loop, world->ledger);
	assert_non_null(kept);
	assert_int_equal(kept[0], 100);
	free(kept);
}

/* Each callback calls again: queue and thread hand over to each other all the time. */
enum { STEPS = 30 };

struct relay {
	struct world *world;
	uint64_t next;
};

static void on_step(void *context)
{
	struct relay *relay = context;

	if (relay->next == STEPS) {
		lc_loop_stop(relay->world->loop);
		return;
	}
	lc_ledger_case_add_intent(relay->world->ledger, relay->next, "b", NOON, 1, 1, relay->next);
	relay->next++;
	lc_ledger_when_durable(relay->world->ledger, on_step, relay);
}

static void calls_from_callbacks_go_on_and_on(void **state)
{
	struct world *world = *state;
	struct relay relay = {.world = world, .next = 1};
	uint64_t begun_ms = lc_clock_monotonic_ms();

	on_step(&relay);
	lc_loop_run(world->loop);
	assert_int_equal(relay.next, STEPS);
	/* The first one does not wait for others, nor is the last one waited for. */
	assert_true(lc_clock_monotonic_ms() - begun_ms >= (STEPS - 3) * LC_LEDGER_GATHER_MS);
	lc_ledger_close(world->ledger);
	open_ledger(world);
	assert_int_equal(world->state.next_intent_id, STEPS);
}

static void two_can_not_have_the_same_ledger(void **state)
{
	struct world *world = *state;
	struct lc_ledger_options options = lc_ledger_case_options(world->path);
	struct lc_ledger_state other = {0};
	struct lc_error error;

	lc_ledger_set_until(world->ledger, 1);
	lc_ledger_case_wait(world->loop, world->ledger);
	assert_null(lc_ledger_open(world->loop, &options, NULL, &other, on_corrupt, world, &error));
	assert_int_equal(error.kind, LC_ERROR_SYSTEM);
	assert_non_null(strstr(error.message, world->path));
	assert_non_null(strstr(error.message, "another process"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(callbacks_come_in_the_order_of_the_calls_and_see_what_was_called_before),
	    STORY(views_are_copied),
	    STORY(a_read_that_is_cancelled_is_not_called_back),
	    STORY(offsets_are_recorded_whether_or_not_anybody_waits),
	    STORY(what_was_called_before_a_close_is_written),
	    STORY(what_is_to_be_dropped_goes_in_the_end),
	    STORY(a_close_ends_the_dropping),
	    STORY(a_callback_may_close_the_ledger),
	    STORY(hashes_may_be_kept),
	    STORY(calls_from_callbacks_go_on_and_on),
	    STORY(two_can_not_have_the_same_ledger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
