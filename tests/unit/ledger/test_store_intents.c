/* Open intents: what is told of those of a target, and those that end without delivery. */
#include "base/memory.h"
#include "ledger/ledger_check.h"
#include "ledger/store.h"
#include "support/ledger_case.h"
#include "support/story.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR = 3600, SLOT = LC_LEDGER_SLOT_SECONDS, NOON = 1700000000 / 86400 * 86400 + 43200 };

struct world {
	char path[LC_LEDGER_CASE_PATH_SIZE];
	struct lc_store *store;
	struct lc_ledger_state state;
	struct lc_error error;
	struct lc_arena arena;
	size_t range_count; /* of all sources, at the opening */
};

static void count_ranges(void *context, const struct lc_ledger_source *source,
			 const struct lc_ledger_range *ranges, size_t range_count)
{
	struct world *world = context;

	(void)source;
	(void)ranges;
	world->range_count += range_count;
}

static void open_store(struct world *world)
{
	world->range_count = 0;
	world->state = (struct lc_ledger_state){.on_source = count_ranges, .context = world};
	world->store = lc_ledger_case_open_store(world->path, &world->state);
	assert_true(lc_store_begin(world->store, &world->error));
}

static void close_store(struct world *world)
{
	assert_true(lc_store_commit(world->store, &world->error));
	lc_store_close(world->store);
	world->store = NULL;
}

static void reopen(struct world *world)
{
	close_store(world);
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

	close_store(world);
	lc_ledger_case_remove(world->path);
	lc_arena_free(&world->arena);
	free(world);
	return 0;
}

static void on_fault(void *context, const char *fault)
{
	(void)context;
	fail_msg("%s", fault);
}

static void expect_sound(struct world *world)
{
	close_store(world);
	if (!lc_ledger_check(world->path, on_fault, NULL, &world->error))
		fail_msg("%s", world->error.message);
	open_store(world);
}

/* An intent of one row in each second, for a prefix of the target bucket. */
static void add_for(struct world *world, uint64_t id, const char *prefix, uint32_t first,
		    uint32_t seconds)
{
	struct lc_ledger_case_intent made;

	lc_ledger_case_make_intent(&made, id, "b", first, seconds, 1, id * 1000);
	made.intent.target_prefix = lc_view_of(prefix);
	if (!lc_store_add_intent(world->store, &made.intent, &world->error))
		fail_msg("%s", world->error.message);
	lc_ledger_case_free_intent(&made);
}

static struct lc_ledger_intents ask(struct world *world,
				    const struct lc_ledger_intents_question *question)
{
	struct lc_ledger_intents answer;

	if (!lc_store_read_intents(world->store, question, &world->arena, &answer, &world->error))
		fail_msg("%s", world->error.message);
	return answer;
}

static void withdraw(struct world *world, uint64_t id, uint32_t last_second)
{
	if (!lc_store_withdraw_intent(world->store, id, last_second, &world->error))
		fail_msg("%s", world->error.message);
}

static size_t hash_count(struct world *world)
{
	struct lc_ledger_source source = lc_ledger_case_source("b");
	struct lc_ledger_hashes hashes;

	assert_true(lc_store_read_hashes(world->store, &source, 0, UINT32_MAX, &world->arena,
					 &hashes, &world->error));
	free(hashes.hashes);
	return hashes.count;
}

static void expect_surplus(struct world *world,
			   bool (*find)(struct lc_store *store, struct lc_ledger_count *counts,
					size_t *count, struct lc_error *error),
			   uint32_t second, uint64_t rows, uint64_t surplus)
{
	struct lc_ledger_count count = {
	    .source = lc_ledger_case_source("b"), .second = second, .rows = rows};
	size_t found = 1;

	assert_true(find(world->store, &count, &found, &world->error));
	assert_int_equal(found, surplus > 0);
	if (found == 1)
		assert_int_equal(count.rows, surplus);
}

/* ---- asked by target ---- */

static void each_prefix_has_its_own(void **state)
{
	struct world *world = *state;
	struct lc_ledger_intents_question question = lc_ledger_case_question(0, 10);
	struct lc_ledger_intents answer;

	add_for(world, 1, "logs/", NOON, 1);
	add_for(world, 2, "", NOON, 1);
	add_for(world, 3, "logs/a/", NOON, 1);
	add_for(world, 4, "logs/", NOON + HOUR, 1);
	answer = ask(world, &question);
	assert_int_equal(answer.count, 2);
	assert_int_equal(answer.intents[0].id, 1);
	assert_int_equal(answer.intents[1].id, 4);
	assert_true(lc_view_equal(answer.intents[1].target_prefix, lc_view_of("logs/")));
	question.prefix = (struct lc_view){0};
	answer = ask(world, &question);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.intents[0].id, 2);
	question.prefix = lc_view_of("log");
	answer = ask(world, &question);
	assert_int_equal(answer.count, 0);
	assert_int_equal(answer.oldest_second, 0);
}

static void whether_there_are_more_is_told(void **state)
{
	struct world *world = *state;
	struct lc_ledger_intents_question question = lc_ledger_case_question(0, 3);

	for (uint64_t id = 1; id <= 4; id++)
		add_for(world, id, "logs/", NOON + (uint32_t)id, 1);
	add_for(world, 5, "other/", NOON, 1);
	assert_true(ask(world, &question).more);
	question.after_id = 1;
	assert_int_equal(ask(world, &question).count, 3);
	assert_false(ask(world, &question).more);
	question.after_id = 4;
	assert_int_equal(ask(world, &question).count, 0);
	assert_false(ask(world, &question).more);
}

/* A few large intents are as good as many small ones. */
static void an_answer_ends_where_its_bytes_are_reached(void **state)
{
	struct world *world = *state;
	struct lc_ledger_intents_question question = lc_ledger_case_question(0, 10);
	uint64_t blob = 1 + 10 * 16; /* ten seconds with a row each */
	struct lc_ledger_intents answer;

	for (uint64_t id = 1; id <= 4; id++)
		add_for(world, id, "logs/", NOON, 10);
	question.max_bytes = 2 * blob;
	answer = ask(world, &question);
	assert_int_equal(answer.count, 2);
	assert_int_equal(answer.intents[1].taken_rows.size, blob);
	assert_true(answer.more);
	question.max_bytes = 2 * blob + 1;
	assert_int_equal(ask(world, &question).count, 3);
	question.max_bytes = 4 * blob;
	assert_int_equal(ask(world, &question).count, 4);
	assert_false(ask(world, &question).more);
	/* One that alone is larger than that comes all the same. */
	question.max_bytes = 1;
	answer = ask(world, &question);
	assert_int_equal(answer.count, 1);
	assert_true(answer.more);
}

/* Late rows make young intents with old rows; the age is that of all, not of those in the answer.
 */
static void the_oldest_second_is_that_of_all_open_intents(void **state)
{
	struct world *world = *state;
	struct lc_ledger_intents_question question = lc_ledger_case_question(0, 1);

	add_for(world, 1, "logs/", NOON + HOUR, 1);
	add_for(world, 2, "logs/", NOON + HOUR + 7, 1);
	add_for(world, 3, "logs/", NOON - HOUR, 2);
	add_for(world, 4, "other/", NOON - 2 * HOUR, 1);
	assert_int_equal(ask(world, &question).oldest_second, NOON - HOUR);
	question.after_id = 3;
	assert_int_equal(ask(world, &question).oldest_second, NOON - HOUR);
	assert_true(lc_store_set_delivered(world->store, 3, &world->error));
	assert_int_equal(ask(world, &question).oldest_second, NOON + HOUR);
	withdraw(world, 1, NOON + HOUR);
	assert_int_equal(ask(world, &question).oldest_second, NOON + HOUR + 7);
}

/* ---- a blob that is not the intent's ---- */

static void expect_damage_told(struct world *world, const char *owner)
{
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	if (strstr(world->error.message, owner) == NULL)
		fail_msg("told instead: %s", world->error.message);
}

static void expect_damage(const char *change)
{
	struct lc_ledger_intents_question question = lc_ledger_case_question(0, 10);
	struct lc_ledger_source source = lc_ledger_case_source("b");
	struct lc_ledger_count asked = {.source = source, .second = NOON, .rows = 5};
	struct lc_ledger_hashes hashes;
	struct lc_ledger_intents answer;
	size_t count = 1;
	struct world *world;
	void *own;
	char sql[256];
	sqlite3 *db;

	set_up(&own);
	world = own;
	lc_ledger_case_store_intent(world->store, 1, "b", NOON, 2, 1, 100);
	close_store(world);
	snprintf(sql, sizeof sql, "UPDATE objects_%d SET %s", NOON / HOUR, change);
	assert_int_equal(sqlite3_open(world->path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	open_store(world);
	if (lc_store_read_intents(world->store, &question, &world->arena, &answer, &world->error))
		fail_msg("read in spite of %s", change);
	expect_damage_told(world, "open intent 1");
	/* Rows that the blob lacks would be taken again. */
	if (lc_store_read_hashes(world->store, &source, NOON - 1, NOON + 3, &world->arena, &hashes,
				 &world->error) ||
	    lc_store_find_surplus_seconds(world->store, &asked, &count, &world->error) ||
	    lc_store_withdraw_intent(world->store, 1, NOON + 1, &world->error))
		fail_msg("compared, or withdrawn, in spite of %s", change);
	expect_damage_told(world, ": object 1");
	tear_down(&own);
}

/* An object built from it would be empty, or be whole with other rows than it was recorded with. */
static void a_blob_that_does_not_hold_the_intents_rows_is_damage(void **state)
{
	(void)state;
	expect_damage("taken_rows = x''");
	expect_damage("taken_rows = x'01'");
	expect_damage("taken_rows = substr(taken_rows, 1, 20)");
	expect_damage("taken_rows = substr(taken_rows, 1, 17)"); /* its first second alone */
	expect_damage("rows = rows + 1");
	expect_damage("first_second = first_second - 1");
	expect_damage("last_second = last_second + 1");
}

/* ---- withdrawn ---- */

static void rows_of_a_withdrawn_intent_are_not_taken(void **state)
{
	struct world *world = *state;
	struct lc_ledger_intents_question question = lc_ledger_case_question(0, 10);
	struct lc_ledger_intents answer;

	/* The first reaches over the border of the slots; the second has rows in one of them. */
	lc_ledger_case_store_intent(world->store, 1, "b", NOON + SLOT - 1, 2, 5, 100);
	lc_ledger_case_store_intent(world->store, 2, "b", NOON + SLOT - 1, 1, 3, 200);
	expect_surplus(world, lc_store_find_surplus_slots, NOON, 8, 0);
	withdraw(world, 1, NOON + SLOT);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(hash_count(world), 3);
		expect_surplus(world, lc_store_find_surplus_slots, NOON, 8, 5);
		expect_surplus(world, lc_store_find_surplus_slots, NOON + SLOT, 5, 5);
		expect_surplus(world, lc_store_find_surplus_seconds, NOON + SLOT - 1, 8, 5);
		expect_surplus(world, lc_store_find_surplus_seconds, NOON + SLOT, 5, 5);
		answer = ask(world, &question);
		assert_int_equal(answer.count, 1);
		assert_int_equal(answer.intents[0].id, 2);
		expect_sound(world);
	}
	/* Its number is not given again. */
	assert_int_equal(world->state.next_intent_id, 3);
}

static void its_key_and_its_rows_are_free_again(void **state)
{
	struct world *world = *state;
	struct lc_ledger_case_intent made;

	lc_ledger_case_store_intent(world->store, 1, "b", NOON, 2, 5, 100);
	withdraw(world, 1, NOON + 1);
	lc_ledger_case_make_intent(&made, 2, "b", NOON, 2, 5, 100);
	made.intent.key = lc_view_of("logs/b-1");
	assert_true(lc_store_add_intent(world->store, &made.intent, &world->error));
	lc_ledger_case_free_intent(&made);
	assert_int_equal(hash_count(world), 10);
	expect_surplus(world, lc_store_find_surplus_slots, NOON, 10, 0);
	expect_sound(world);
}

/* The ranges that its rows are read again with are written first. */
static void a_death_between_ranges_and_withdrawal_loses_nothing(void **state)
{
	struct world *world = *state;
	struct lc_ledger_source source = lc_ledger_case_source("b");
	struct lc_ledger_range range = {NOON, NOON + 2, NOON + 5};
	struct lc_ledger_intents_question question = lc_ledger_case_question(0, 10);

	assert_true(lc_store_set_until(world->store, NOON + 5, &world->error));
	lc_ledger_case_store_intent(world->store, 1, "b", NOON, 2, 5, 100);
	assert_true(lc_store_commit(world->store, &world->error));
	/* It comes before both are on disk. */
	assert_true(lc_store_begin(world->store, &world->error));
	assert_true(lc_store_set_ranges(world->store, &source, &range, 1, &world->error));
	withdraw(world, 1, NOON + 1);
	lc_store_roll_back(world->store);
	assert_true(lc_store_begin(world->store, &world->error));
	reopen(world);
	assert_int_equal(world->range_count, 0);
	assert_int_equal(hash_count(world), 10);
	assert_int_equal(ask(world, &question).count, 1);
	/* It comes when the ranges are: rows that are open and taken are known when they are read.
	 */
	assert_true(lc_store_set_ranges(world->store, &source, &range, 1, &world->error));
	expect_sound(world);
	assert_int_equal(world->range_count, 1);
	assert_int_equal(hash_count(world), 10);
	assert_int_equal(ask(world, &question).count, 1);
	/* It comes after both. */
	withdraw(world, 1, NOON + 1);
	expect_sound(world);
	assert_int_equal(world->range_count, 1);
	assert_int_equal(hash_count(world), 0);
	assert_int_equal(ask(world, &question).count, 0);
}

static void an_intent_without_an_object_is_not_withdrawn(void **state)
{
	struct world *world = *state;

	lc_ledger_case_store_intent(world->store, 1, "b", NOON, 1, 1, 100);
	assert_false(lc_store_withdraw_intent(world->store, 1, NOON + HOUR, &world->error));
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_false(lc_store_withdraw_intent(world->store, 2, NOON, &world->error));
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->error.message, "open intent 2 has no object"));
}

/* ---- lost ---- */

/* A loss that is noted nowhere would pass for a delivery. */
static void an_intent_without_an_object_is_not_lost(void **state)
{
	struct world *world = *state;

	lc_ledger_case_store_intent(world->store, 1, "b", NOON, 1, 1, 10);
	assert_false(
	    lc_store_set_lost(world->store, 1, NOON + HOUR, LC_LEDGER_LOST_EXPIRED, &world->error));
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->error.message, "open intent 1 has no object"));
	assert_false(
	    lc_store_set_lost(world->store, 2, NOON, LC_LEDGER_LOST_DISCARDED, &world->error));
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->error.message, "open intent 2 has no object"));
}

static void how_an_object_ended_is_told(void **state)
{
	static const struct {
		bool delivered;
		enum lc_ledger_loss loss;
	} ends[] = {{true, LC_LEDGER_NOT_LOST},
		    {false, LC_LEDGER_LOST_EXPIRED},
		    {false, LC_LEDGER_LOST_DISCARDED},
		    {false, LC_LEDGER_NOT_LOST}};
	struct world *world = *state;
	struct lc_ledger_source source = lc_ledger_case_source("b");
	struct lc_ledger_object *objects;
	size_t count;

	for (uint64_t id = 1; id <= 4; id++)
		lc_ledger_case_store_intent(world->store, id, "b", NOON, 1, 2, id * 10);
	assert_true(lc_store_set_delivered(world->store, 1, &world->error));
	assert_true(
	    lc_store_set_lost(world->store, 2, NOON, LC_LEDGER_LOST_EXPIRED, &world->error));
	assert_true(
	    lc_store_set_lost(world->store, 3, NOON, LC_LEDGER_LOST_DISCARDED, &world->error));
	expect_sound(world);
	for (unsigned deliveries = 0; deliveries < 2; deliveries++) {
		if (deliveries)
			assert_true(lc_store_read_deliveries(world->store, lc_view_of("target"), 10,
							     &world->arena, &objects, &count,
							     &world->error));
		else
			assert_true(lc_store_read_objects(world->store, &source, 10, &world->arena,
							  &objects, &count, &world->error));
		assert_int_equal(count, 4);
		for (size_t i = 0; i < 4; i++) {
			assert_int_equal(objects[i].intent.id, 4 - i);
			assert_int_equal(objects[i].delivered, ends[3 - i].delivered);
			assert_int_equal(objects[i].loss, ends[3 - i].loss);
		}
	}
	/* What is lost stays taken: it does not come back as a late row. */
	assert_int_equal(hash_count(world), 8);
	expect_surplus(world, lc_store_find_surplus_slots, NOON, 8, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(each_prefix_has_its_own),
	    STORY(whether_there_are_more_is_told),
	    STORY(an_answer_ends_where_its_bytes_are_reached),
	    STORY(the_oldest_second_is_that_of_all_open_intents),
	    cmocka_unit_test(a_blob_that_does_not_hold_the_intents_rows_is_damage),
	    STORY(rows_of_a_withdrawn_intent_are_not_taken),
	    STORY(its_key_and_its_rows_are_free_again),
	    STORY(a_death_between_ranges_and_withdrawal_loses_nothing),
	    STORY(an_intent_without_an_object_is_not_withdrawn),
	    STORY(an_intent_without_an_object_is_not_lost),
	    STORY(how_an_object_ended_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
