/* Counts held against the ledger's, and what is forgotten past the horizon. */
#include "base/memory.h"
#include "ledger/store.h"
#include "support/ledger_case.h"
#include "support/story.h"

#include <stdlib.h>

enum { HOUR = 3600, SLOT = LC_LEDGER_SLOT_SECONDS, NOON = 1700000000 / 86400 * 86400 + 43200 };

struct world {
	struct lc_store *store;
	struct lc_error error;
	struct lc_arena arena;
};

static int set_up(void **state)
{
	struct world *world = lc_memory_zero(1, sizeof *world);
	struct lc_ledger_state ledger_state = {0};

	lc_arena_init(&world->arena, 1024);
	world->store = lc_ledger_case_open_store(":memory:", &ledger_state);
	assert_true(ledger_state.fresh);
	assert_true(lc_store_begin(world->store, &world->error));
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	assert_true(lc_store_commit(world->store, &world->error));
	lc_store_close(world->store);
	lc_arena_free(&world->arena);
	free(world);
	return 0;
}

static struct lc_ledger_count count_of(const char *bucket, uint32_t second, uint64_t rows)
{
	return (struct lc_ledger_count){
	    .source = lc_ledger_case_source(bucket), .second = second, .rows = rows};
}

static void set_floor(struct world *world, const char *bucket, uint32_t second)
{
	struct lc_ledger_source source = lc_ledger_case_source(bucket);
	struct lc_offset floor = {.inserted_at = second, .req_id = lc_view_of("r")};

	assert_true(lc_store_set_floor(world->store, &source, &floor, &world->error));
}

/* True if the offset may be written. */
static bool commit_second(struct world *world, const char *bucket, uint32_t second)
{
	struct lc_ledger_count offset = count_of(bucket, second, 0);
	size_t count = 1;

	if (!lc_store_set_committed(world->store, &offset, &count, &world->error))
		fail_msg("%s", world->error.message);
	return count == 1;
}

static bool is_ahead(struct world *world, const char *bucket, uint32_t second)
{
	struct lc_ledger_count offset = count_of(bucket, second, 0);
	size_t count = 1;

	assert_true(lc_store_find_ahead(world->store, &offset, &count, &world->error));
	return count == 1;
}

static void expire(struct world *world, uint32_t bound)
{
	lc_ledger_case_expire(world->store, bound);
}

static size_t hash_count(struct world *world, const char *bucket)
{
	struct lc_ledger_source source = lc_ledger_case_source(bucket);
	struct lc_ledger_hashes hashes;

	assert_true(lc_store_read_hashes(world->store, &source, 0, UINT32_MAX, &world->arena,
					 &hashes, &world->error));
	free(hashes.hashes);
	return hashes.count;
}

static void only_slots_with_more_rows_than_taken_are_a_surplus(void **state)
{
	struct world *world = *state;
	struct lc_ledger_count counts[] = {
	    count_of("b", NOON, 10),            /* all taken */
	    count_of("b", NOON + SLOT, 7),      /* two more */
	    count_of("b", NOON + 2 * SLOT, 1),  /* never taken */
	    count_of("c", NOON, 1),             /* fewer */
	    count_of("new", NOON + SLOT, 9),    /* of a source not known */
	    count_of("floor", NOON - SLOT, 99), /* before its floor */
	    count_of("floor", NOON, 99),        /* holds its floor */
	    count_of("floor", NOON + SLOT, 99), /* after its floor */
	};
	size_t count = sizeof counts / sizeof counts[0];

	/* The second object reaches over the border of the slots. */
	lc_ledger_case_store_intent(world->store, 1, "b", NOON, 1, 8, 1);
	lc_ledger_case_store_intent(world->store, 2, "b", NOON + SLOT - 1, 3, 2, 100);
	lc_ledger_case_store_intent(world->store, 3, "b", NOON + SLOT, 1, 1, 200);
	lc_ledger_case_store_intent(world->store, 4, "c", NOON, 1, 2, 300);
	set_floor(world, "floor", NOON + SLOT - 1);
	assert_true(lc_store_find_surplus_slots(world->store, counts, &count, &world->error));
	assert_int_equal(count, 4);
	assert_int_equal(counts[0].second, NOON + SLOT);
	assert_int_equal(counts[0].rows, 2);
	assert_int_equal(counts[1].second, NOON + 2 * SLOT);
	assert_int_equal(counts[1].rows, 1);
	assert_true(lc_view_equal(counts[2].source.bucket, lc_view_of("new")));
	assert_int_equal(counts[2].rows, 9);
	assert_true(lc_view_equal(counts[3].source.bucket, lc_view_of("floor")));
	assert_int_equal(counts[3].second, NOON + SLOT);
	assert_int_equal(counts[3].rows, 99);
}

static void only_seconds_with_more_rows_than_taken_are_a_surplus(void **state)
{
	struct world *world = *state;
	struct lc_ledger_count counts[] = {
	    count_of("b", NOON + 2, 5),     /* not in order; one more */
	    count_of("b", NOON, 2),         /* all taken */
	    count_of("b", NOON + 3, 1),     /* never taken */
	    count_of("b", NOON + 1, 4),     /* all taken, in two objects */
	    count_of("c", NOON + 1, 5),     /* one more */
	    count_of("floor", NOON, 7),     /* before its floor */
	    count_of("floor", NOON + 5, 7), /* its floor */
	    count_of("floor", NOON + 6, 7), /* after its floor */
	};
	size_t count = sizeof counts / sizeof counts[0];

	lc_ledger_case_store_intent(world->store, 1, "b", NOON, 3, 2, 1);
	lc_ledger_case_store_intent(world->store, 2, "b", NOON + 1, 2, 2, 100);
	lc_ledger_case_store_intent(world->store, 3, "c", NOON + 1, 1, 4, 100);
	set_floor(world, "floor", NOON + 5);
	assert_true(lc_store_find_surplus_seconds(world->store, counts, &count, &world->error));
	assert_int_equal(count, 4);
	assert_int_equal(counts[0].second, NOON + 2);
	assert_int_equal(counts[0].rows, 1);
	assert_int_equal(counts[1].second, NOON + 3);
	assert_int_equal(counts[1].rows, 1);
	assert_true(lc_view_equal(counts[2].source.bucket, lc_view_of("c")));
	assert_int_equal(counts[2].rows, 1);
	assert_int_equal(counts[3].second, NOON + 6);
	count = 0;
	assert_true(lc_store_find_surplus_seconds(world->store, counts, &count, &world->error));
	assert_int_equal(count, 0);
}

static void an_offset_ahead_of_the_committed_second_is_somebody_elses(void **state)
{
	struct world *world = *state;
	struct lc_ledger_count offsets[] = {
	    count_of("b", NOON + 10, 0),
	    count_of("floor", NOON + 6, 0),
	    count_of("floor", NOON + 5, 0),
	    count_of("never", 1, 0),
	};
	struct lc_ledger_count again[] = {count_of("never", NOON - HOUR - 1, 0),
					  count_of("never", NOON - HOUR, 0)};
	size_t count = 4;

	assert_true(commit_second(world, "b", NOON + 10));
	assert_false(commit_second(world, "b", NOON + 9));
	set_floor(world, "floor", NOON + 5);
	assert_true(lc_store_find_ahead(world->store, offsets, &count, &world->error));
	assert_int_equal(count, 2);
	assert_int_equal(offsets[0].second, NOON + 6);
	assert_true(lc_view_equal(offsets[1].source.bucket, lc_view_of("never")));

	/* What is older than the bound may have been ours, and forgotten. */
	expire(world, NOON - HOUR);
	count = 2;
	assert_true(lc_store_find_ahead(world->store, again, &count, &world->error));
	assert_int_equal(count, 1);
	assert_int_equal(again[0].second, NOON - HOUR);
}

/* Offsets only go forward, one after the other and many at once. */
static void nothing_behind_what_is_on_record_is_committed(void **state)
{
	struct world *world = *state;
	struct lc_ledger_count offsets[] = {count_of("a", NOON, 0), count_of("b", NOON - 1, 0),
					    count_of("c", NOON, 0), count_of("floor", NOON, 0)};
	size_t count = 4;

	assert_true(commit_second(world, "b", NOON));
	set_floor(world, "floor", NOON + 1);
	assert_true(lc_store_set_committed(world->store, offsets, &count, &world->error));
	assert_int_equal(count, 2);
	assert_true(lc_view_equal(offsets[0].source.bucket, lc_view_of("a")));
	assert_true(lc_view_equal(offsets[1].source.bucket, lc_view_of("c")));

	/* The same offset again: its insert may have failed. */
	assert_true(commit_second(world, "a", NOON));
	assert_false(is_ahead(world, "b", NOON));
	assert_true(is_ahead(world, "b", NOON + 1));
}

/* The second of a quiet source is forgotten while an older offset waits to be written, of late rows
 * or because inserts failed. ClickHouse still has the newer one at the next start. */
static void what_was_committed_and_forgotten_is_no_other_couriers(void **state)
{
	struct world *world = *state;

	assert_true(commit_second(world, "quiet", NOON + 10));
	expire(world, NOON + HOUR);
	assert_true(commit_second(world, "quiet", NOON + 5));
	assert_false(is_ahead(world, "quiet", NOON + 10));
	assert_false(is_ahead(world, "quiet", NOON + HOUR - 1));
	assert_true(is_ahead(world, "quiet", NOON + HOUR));
}

static void whole_hours_behind_the_bound_are_dropped(void **state)
{
	struct world *world = *state;

	lc_ledger_case_store_intent(world->store, 1, "b", NOON, 1, 4, 1);
	lc_ledger_case_store_intent(world->store, 2, "b", NOON + HOUR, 1, 2, 10);
	assert_true(lc_store_set_delivered(world->store, 1, &world->error));
	assert_true(lc_store_set_delivered(world->store, 2, &world->error));
	expire(world, NOON + HOUR - 1);
	assert_int_equal(hash_count(world, "b"), 6);
	expire(world, NOON + HOUR);
	assert_int_equal(hash_count(world, "b"), 2);
	/* The hour may come again. */
	lc_ledger_case_store_intent(world->store, 3, "b", NOON, 1, 1, 20);
	assert_int_equal(hash_count(world, "b"), 3);
}

static uint32_t step(struct world *world, uint32_t bound, uint32_t hour)
{
	if (!lc_store_expire(world->store, bound, &hour, &world->error))
		fail_msg("%s", world->error.message);
	return hour;
}

static void add_delivered(struct world *world, uint64_t id, uint32_t second)
{
	lc_ledger_case_store_intent(world->store, id, "b", second, 1, 1, id);
	assert_true(lc_store_set_delivered(world->store, id, &world->error));
}

/* Nobody waits for more than that. */
static void a_step_drops_an_hour_and_what_lies_before_it(void **state)
{
	struct world *world = *state;
	struct lc_ledger_count slots[] = {count_of("b", NOON, 9), count_of("b", NOON + HOUR, 9)};
	struct lc_ledger_count offset = count_of("b", NOON + 1, 0);
	size_t count = 2;
	uint32_t hour;

	lc_ledger_case_store_intent(world->store, 9, "b", NOON - HOUR, 1, 1, 9);
	for (uint32_t i = 0; i < 4; i++)
		add_delivered(world, i + 1, NOON + i * HOUR);
	hour = step(world, NOON + 3 * HOUR + 7, 0);
	assert_int_equal(hour, NOON / HOUR);
	assert_int_equal(hash_count(world, "b"), 5); /* it has the open one alone */
	hour = step(world, NOON + 3 * HOUR + 7, hour);
	assert_int_equal(hash_count(world, "b"), 4);
	assert_true(lc_store_find_surplus_slots(world->store, slots, &count, &world->error));
	assert_int_equal(count, 2);
	assert_int_equal(slots[0].rows, 9); /* forgotten, as its hashes are */
	assert_int_equal(slots[1].rows, 8);
	hour = step(world, NOON + 3 * HOUR + 7, hour);
	assert_int_equal(hour, NOON / HOUR + 2);
	hour = step(world, NOON + 3 * HOUR + 7, hour);
	assert_int_equal(hash_count(world, "b"), 2);
	assert_int_equal(step(world, NOON + 3 * HOUR + 7, hour), 0);
	assert_int_equal(hash_count(world, "b"), 2);
	count = 1;
	assert_true(lc_store_find_ahead(world->store, &offset, &count, &world->error));
	assert_int_equal(count, 0);
}

/* Between two steps the clock turns out to have been ahead. */
static void what_is_taken_after_the_horizon_has_come_down_stays(void **state)
{
	struct world *world = *state;
	uint32_t horizon;
	uint32_t hour;

	add_delivered(world, 1, NOON);
	add_delivered(world, 2, NOON + 2 * HOUR);
	assert_true(lc_store_set_horizon(world->store, NOON + 9 * HOUR, &world->error));
	hour = step(world, NOON + 9 * HOUR, 0);
	assert_true(hour != 0);
	assert_true(lc_store_lower_horizon(world->store, NOON + HOUR, &horizon, &world->error));
	assert_int_equal(horizon, NOON + HOUR);
	add_delivered(world, 3, NOON + HOUR);
	assert_int_equal(step(world, NOON + 9 * HOUR, hour), 0);
	assert_int_equal(hash_count(world, "b"), 2);
}

static void an_open_intent_stays_when_its_hour_goes(void **state)
{
	struct world *world = *state;
	struct lc_ledger_intents_question question = lc_ledger_case_question(0, 10);
	struct lc_ledger_intents open;

	lc_ledger_case_store_intent(world->store, 1, "b", NOON, 1, 4, 1);
	lc_ledger_case_store_intent(world->store, 2, "c", NOON, 1, 2, 1);
	assert_true(lc_store_set_delivered(world->store, 2, &world->error));
	expire(world, NOON + 10 * HOUR);
	assert_int_equal(hash_count(world, "b"), 4);
	assert_int_equal(hash_count(world, "c"), 0);
	assert_true(
	    lc_store_read_intents(world->store, &question, &world->arena, &open, &world->error));
	assert_int_equal(open.count, 1);
	assert_true(lc_store_set_delivered(world->store, 1, &world->error));
	expire(world, NOON + 10 * HOUR);
	assert_int_equal(hash_count(world, "b"), 0);
}

static void what_an_open_range_needs_stays(void **state)
{
	struct world *world = *state;
	struct lc_ledger_source source = lc_ledger_case_source("b");
	struct lc_ledger_source later = lc_ledger_case_source("later");
	struct lc_ledger_range range = {NOON + 5, NOON + 6, NOON + 7};
	struct lc_ledger_range next_hour = {NOON + HOUR, NOON + HOUR + 1, NOON + 7};
	struct lc_ledger_hashes hashes;

	lc_ledger_case_store_intent(world->store, 9, "later", NOON, 6, 1, 1);
	assert_true(lc_store_set_delivered(world->store, 9, &world->error));
	assert_true(lc_store_set_ranges(world->store, &later, &next_hour, 1, &world->error));
	set_floor(world, "b", NOON + 5);
	lc_ledger_case_store_intent(world->store, 1, "b", NOON, 6, 1, 1);
	assert_true(lc_store_set_delivered(world->store, 1, &world->error));
	assert_true(lc_store_set_ranges(world->store, &source, &range, 1, &world->error));
	set_floor(world, "later", NOON + 5);
	expire(world, NOON + 10 * HOUR);
	assert_int_equal(hash_count(world, "b"), 6);
	assert_int_equal(hash_count(world, "later"), 0);
	assert_true(lc_store_read_hashes(world->store, &source, 0, 0, &world->arena, &hashes,
					 &world->error));
	assert_true(hashes.has_floor);
	assert_true(lc_store_read_hashes(world->store, &later, 0, 0, &world->arena, &hashes,
					 &world->error));
	assert_false(hashes.has_floor);
	assert_true(lc_store_set_ranges(world->store, &source, NULL, 0, &world->error));
	expire(world, NOON + 10 * HOUR);
	assert_int_equal(hash_count(world, "b"), 0);
	assert_true(lc_store_read_hashes(world->store, &source, 0, 0, &world->arena, &hashes,
					 &world->error));
	assert_false(hashes.has_floor);
}

static void slots_and_floors_behind_the_bound_are_forgotten(void **state)
{
	struct world *world = *state;
	struct lc_ledger_source source = lc_ledger_case_source("b");
	struct lc_ledger_count counts[] = {count_of("b", NOON, 3), count_of("b", NOON + SLOT, 3)};
	struct lc_ledger_hashes hashes;
	size_t count = 2;

	set_floor(world, "b", NOON - 1);
	lc_ledger_case_store_intent(world->store, 1, "b", NOON, 1, 3, 1);
	lc_ledger_case_store_intent(world->store, 2, "b", NOON + SLOT, 1, 3, 1);
	expire(world, NOON + SLOT + 7);
	assert_true(lc_store_find_surplus_slots(world->store, counts, &count, &world->error));
	assert_int_equal(count, 1);
	assert_int_equal(counts[0].second, NOON);
	assert_true(lc_store_read_hashes(world->store, &source, NOON, NOON, &world->arena, &hashes,
					 &world->error));
	assert_false(hashes.has_floor);
}

static uint32_t lower(struct world *world, uint32_t bound)
{
	uint32_t horizon = 0;

	assert_true(lc_store_lower_horizon(world->store, bound, &horizon, &world->error));
	return horizon;
}

static void raise_and_expire(struct world *world, uint32_t bound)
{
	assert_true(lc_store_set_horizon(world->store, bound, &world->error));
	expire(world, bound);
}

/* A clock was a day ahead; nothing was taken in the time that the horizon went through. */
static void the_horizon_comes_down_to_the_rows_that_are_known(void **state)
{
	struct world *world = *state;
	struct lc_ledger_count slot = count_of("b", NOON + SLOT, 2);
	size_t count = 1;

	lc_ledger_case_store_intent(world->store, 1, "b", NOON + SLOT - 1, 1, 1, 100);
	raise_and_expire(world, NOON + 24 * HOUR);
	assert_int_equal(lower(world, NOON + 25 * HOUR), NOON + 24 * HOUR);
	assert_int_equal(lower(world, NOON + HOUR), NOON + HOUR);
	assert_int_equal(lower(world, NOON + 2 * HOUR), NOON + HOUR);
	assert_int_equal(lower(world, NOON - HOUR), NOON + SLOT);

	/* What is taken from there on is known as always. */
	lc_ledger_case_store_intent(world->store, 2, "b", NOON + SLOT, 1, 1, 200);
	assert_true(lc_store_find_surplus_slots(world->store, &slot, &count, &world->error));
	assert_int_equal(slot.rows, 1);

	/* It goes its way again from there, and less is known then. */
	raise_and_expire(world, NOON + 2 * SLOT);
	assert_int_equal(lower(world, NOON - HOUR), NOON + 2 * SLOT);
}

static void the_horizon_does_not_come_down_to_floors_that_are_forgotten(void **state)
{
	struct world *world = *state;

	set_floor(world, "floor", NOON + 5);
	raise_and_expire(world, NOON);
	assert_int_equal(lower(world, NOON - HOUR), NOON - HOUR);
	raise_and_expire(world, NOON + HOUR);
	assert_int_equal(lower(world, NOON - HOUR), NOON + SLOT);
}

static void a_source_that_comes_back_does_not_inherit(void **state)
{
	struct world *world = *state;

	/* The open intent of "other" keeps the hour's table, with the objects of "b". */
	lc_ledger_case_store_intent(world->store, 1, "b", NOON, 1, 3, 1);
	lc_ledger_case_store_intent(world->store, 2, "other", NOON, 1, 1, 1);
	assert_true(lc_store_set_delivered(world->store, 1, &world->error));
	expire(world, NOON + 10 * HOUR);
	assert_int_equal(hash_count(world, "b"), 0);
	lc_ledger_case_store_intent(world->store, 3, "c", NOON + 10 * HOUR, 1, 1, 1);
	lc_ledger_case_store_intent(world->store, 4, "b", NOON + 10 * HOUR, 1, 1, 1);
	assert_int_equal(hash_count(world, "c"), 1);
	assert_int_equal(hash_count(world, "b"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(only_slots_with_more_rows_than_taken_are_a_surplus),
	    STORY(only_seconds_with_more_rows_than_taken_are_a_surplus),
	    STORY(an_offset_ahead_of_the_committed_second_is_somebody_elses),
	    STORY(nothing_behind_what_is_on_record_is_committed),
	    STORY(what_was_committed_and_forgotten_is_no_other_couriers),
	    STORY(whole_hours_behind_the_bound_are_dropped),
	    STORY(a_step_drops_an_hour_and_what_lies_before_it),
	    STORY(what_is_taken_after_the_horizon_has_come_down_stays),
	    STORY(an_open_intent_stays_when_its_hour_goes),
	    STORY(what_an_open_range_needs_stays),
	    STORY(slots_and_floors_behind_the_bound_are_forgotten),
	    STORY(the_horizon_comes_down_to_the_rows_that_are_known),
	    STORY(the_horizon_does_not_come_down_to_floors_that_are_forgotten),
	    STORY(a_source_that_comes_back_does_not_inherit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
