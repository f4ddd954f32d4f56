#include "config/settings.h"
#include "delivery/source.h"

#include "base/counters.h"
#include "base/memory.h"
#include "delivery/object.h"
#include "delivery/target.h"
#include "delivery/target_table.h"
#include "delivery/undelivered.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>

enum { MANY = 5000 };

struct story {
	struct lc_source_table *table;
	struct lc_source *source;
	struct lc_target_table *targets;
	struct lc_target *target;
	struct lc_counters counters;
	struct lc_object_table objects;
};

static const struct lc_settings SETTINGS = {.entry = 0};
static const struct lc_target_policy POLICY = {.attempts = 1};

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));

	story->table = lc_source_table_new();
	story->source = lc_source_get(story->table, 7, lc_view_of("bucket"));
	story->targets = lc_target_table_new(&POLICY, &SETTINGS);
	story->target = lc_target_table_get(story->targets, lc_view_of("logs"), lc_view_of(""));
	lc_object_table_init(&story->objects, story->targets, &story->counters);
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	lc_target_table_free(story->targets);
	lc_source_table_free(story->table);
	free(story);
	return 0;
}

static struct lc_mark mark_of(uint32_t inserted_at, const char *req_id)
{
	const struct lc_offset offset = {
	    .inserted_at = inserted_at, .start_time_ms = 5000, .req_id = lc_view_of(req_id)};
	struct lc_mark mark;

	lc_mark_init(&mark);
	lc_mark_set(&mark, &offset);
	return mark;
}

static void expect_mark(const struct lc_mark *mark, uint32_t inserted_at, const char *req_id)
{
	struct lc_offset offset;

	assert_non_null(mark);
	assert_true(mark->set);
	offset = lc_mark_offset(mark);
	assert_int_equal(offset.inserted_at, inserted_at);
	assert_true(lc_view_equal(offset.req_id, lc_view_of(req_id)));
}

static void advance(struct lc_source *source, uint32_t inserted_at, const char *req_id)
{
	struct lc_mark mark = mark_of(inserted_at, req_id);

	lc_source_advance(source, &mark);
	lc_mark_free(&mark);
}

/* Opens the seconds from <= insertedAt < to. */
static void open_seconds(struct lc_source *source, uint32_t from, uint32_t to)
{
	lc_source_open(source, (struct lc_source_range){.from = from, .to = to, .since = to}, 1);
}

/* An object of the source whose first row is of `first_second`, after all others. */
static struct lc_object *add_object(struct story *story, const struct lc_mark *before,
				    uint32_t first_second)
{
	struct lc_object *object =
	    lc_object_new(&story->objects, story->source, story->target, before, 0);

	object->first_second = first_second;
	return object;
}

static void remove_object(struct lc_object *object)
{
	lc_object_enter(object, LC_OBJECT_DROPPED);
}

static void a_source_is_found_again_by_session_and_bucket(void **state)
{
	struct story *story = *state;

	assert_int_equal(story->source->raft_session_id, 7);
	assert_true(lc_view_equal(story->source->bucket, lc_view_of("bucket")));
	assert_ptr_equal(lc_source_get(story->table, 7, lc_view_of("bucket")), story->source);
	assert_ptr_equal(lc_source_find(story->table, 7, lc_view_of("bucket")), story->source);
	assert_null(lc_source_find(story->table, 8, lc_view_of("bucket")));
	assert_int_equal(lc_source_count(story->table), 1);
	assert_ptr_not_equal(lc_source_get(story->table, 8, lc_view_of("bucket")), story->source);
	assert_ptr_not_equal(lc_source_get(story->table, 7, lc_view_of("bucke")), story->source);
	assert_ptr_not_equal(lc_source_get(story->table, 7, lc_view_of("")), story->source);
	assert_int_equal(lc_source_count(story->table), 4);
}

static void a_new_source_has_nothing_to_do(void **state)
{
	struct story *story = *state;

	assert_false(lc_source_is_open(story->source));
	assert_int_equal(story->source->open_rows, 0);
	assert_int_equal(lc_source_open_since(story->source), 0);
	assert_null(lc_undelivered_mark(story->source));
	assert_int_equal(lc_undelivered_oldest(story->source), 0);
	assert_false(story->source->committed.set);
	assert_false(story->source->flush);
}

static void a_source_has_the_name_by_which_the_ledger_knows_it(void **state)
{
	struct story *story = *state;
	struct lc_ledger_source name = lc_source_name(story->source);

	assert_int_equal(name.raft_session_id, 7);
	assert_true(lc_view_equal(name.bucket, lc_view_of("bucket")));
}

static void names_are_any_bytes_and_are_the_tables_own(void **state)
{
	struct story *story = *state;
	char bytes[] = {'a', '\0', 'b'};
	struct lc_source *one;
	struct lc_source *two;

	one = lc_source_get(story->table, 7, (struct lc_view){.data = bytes, .size = 3});
	bytes[2] = 'c';
	two = lc_source_get(story->table, 7, (struct lc_view){.data = bytes, .size = 3});
	assert_ptr_not_equal(one, two);
	assert_memory_equal(one->bucket.data, "a\0b", 3);
	assert_memory_equal(two->bucket.data, "a\0c", 3);
	assert_ptr_equal(
	    lc_source_get(story->table, 7, (struct lc_view){.data = "a\0b", .size = 3}), one);
}

static void many_sources_stay_apart_and_where_they_are(void **state)
{
	struct story *story = *state;
	struct lc_source **sources = calloc(MANY, sizeof(struct lc_source *));
	char name[32];

	assert_non_null(sources);
	for (size_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "bucket-%zu", i / 3);
		sources[i] = lc_source_get(story->table, (uint32_t)(i % 3), lc_view_of(name));
		sources[i]->open_rows = i;
	}
	assert_int_equal(lc_source_count(story->table), MANY + 1);
	for (size_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "bucket-%zu", i / 3);
		assert_ptr_equal(lc_source_get(story->table, (uint32_t)(i % 3), lc_view_of(name)),
				 sources[i]);
		assert_int_equal(sources[i]->open_rows, i);
	}
	free(sources);
}

static void sources_stand_in_the_order_of_the_table(void **state)
{
	struct story *story = *state;
	const struct lc_source *ascending[] = {
	    lc_source_get(story->table, 0, lc_view_of("z")),
	    lc_source_get(story->table, 7, lc_view_of("")),
	    lc_source_get(story->table, 7, lc_view_of("a")),
	    lc_source_get(story->table, 7, lc_view_of("ab")),
	    lc_source_get(story->table, 7, lc_view_of("a\xFF")),
	    lc_source_get(story->table, 7, lc_view_of("b")),
	    lc_source_get(story->table, 65535, lc_view_of("a")),
	};

	for (size_t i = 0; i < 7; i++) {
		for (size_t j = 0; j < 7; j++) {
			int order = lc_source_compare(ascending[i], ascending[j]);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
}

static void what_is_taken_only_moves_forward(void **state)
{
	struct story *story = *state;
	struct lc_mark unset;

	lc_mark_init(&unset);
	lc_source_advance(story->source, &unset);
	assert_false(story->source->complete.set);
	advance(story->source, 100, "m");
	expect_mark(&story->source->complete, 100, "m");
	advance(story->source, 100, "l");
	expect_mark(&story->source->complete, 100, "m");
	advance(story->source, 99, "z");
	expect_mark(&story->source->complete, 100, "m");
	lc_source_advance(story->source, &unset);
	expect_mark(&story->source->complete, 100, "m");
	advance(story->source, 100, "n");
	expect_mark(&story->source->complete, 100, "n");
	advance(story->source, 101, "");
	expect_mark(&story->source->complete, 101, "");
	lc_source_advance(story->source, &story->source->complete);
	expect_mark(&story->source->complete, 101, "");
	lc_mark_free(&unset);
}

static void delivered_is_what_stands_before_the_oldest_object(void **state)
{
	struct story *story = *state;
	struct lc_mark early = mark_of(100, "early");
	struct lc_mark late = mark_of(200, "late");
	struct lc_object *first;
	struct lc_object *second;

	advance(story->source, 300, "complete");
	expect_mark(lc_undelivered_mark(story->source), 300, "complete");
	first = add_object(story, &early, 101);
	second = add_object(story, &late, 201);
	expect_mark(lc_undelivered_mark(story->source), 100, "early");
	assert_int_equal(lc_undelivered_oldest(story->source), 101);

	/* A younger one is delivered first: that changes nothing. */
	remove_object(second);
	expect_mark(lc_undelivered_mark(story->source), 100, "early");
	second = add_object(story, &late, 201);
	remove_object(first);
	expect_mark(lc_undelivered_mark(story->source), 200, "late");
	assert_int_equal(lc_undelivered_oldest(story->source), 201);
	remove_object(second);
	expect_mark(lc_undelivered_mark(story->source), 300, "complete");
	assert_int_equal(lc_undelivered_oldest(story->source), 0);
	lc_mark_free(&early);
	lc_mark_free(&late);
}

static void nothing_is_delivered_while_the_very_first_object_is_under_way(void **state)
{
	struct story *story = *state;
	struct lc_object *object;
	struct lc_mark unset;

	lc_mark_init(&unset);
	advance(story->source, 300, "complete");
	object = add_object(story, &unset, 50);
	assert_null(lc_undelivered_mark(story->source));
	remove_object(object);
	expect_mark(lc_undelivered_mark(story->source), 300, "complete");
	lc_mark_free(&unset);
}

static void the_oldest_row_not_delivered_is_open_or_in_an_object_or_unbuilt(void **state)
{
	struct story *story = *state;
	struct lc_object *first;
	struct lc_object *late;

	first = add_object(story, NULL, 50);
	open_seconds(story->source, 80, 90);
	assert_int_equal(lc_undelivered_oldest(story->source), 50);

	/* An object of late rows is not the oldest one, but its rows may be. */
	late = add_object(story, NULL, 40);
	assert_int_equal(lc_undelivered_oldest(story->source), 40);
	lc_target_table_add_backlog(story->targets, story->source, story->target, 1, 1, 30);
	assert_int_equal(lc_undelivered_oldest(story->source), 30);
	lc_target_table_raise_oldest(story->target, 85);
	remove_object(late);
	remove_object(first);
	assert_int_equal(lc_undelivered_oldest(story->source), 80);
	lc_target_table_add_backlog(story->targets, story->source, story->target, 1, 1, 70);
	assert_int_equal(lc_undelivered_oldest(story->source), 70);
	lc_target_table_remove_backlog(story->targets, story->source, story->target, 1);
	lc_target_table_remove_backlog(story->targets, story->source, story->target, 1);
	assert_int_equal(lc_undelivered_oldest(story->source), 80);
}

static void an_open_second_holds_back_what_is_after_it(void **state)
{
	struct story *story = *state;

	advance(story->source, 300, "complete");
	open_seconds(story->source, 301, 400);
	expect_mark(lc_undelivered_mark(story->source), 300, "complete");

	/* Late rows of the mark's own second may come before it or after it. */
	open_seconds(story->source, 300, 301);
	assert_null(lc_undelivered_mark(story->source));
	open_seconds(story->source, 100, 101);
	assert_null(lc_undelivered_mark(story->source));
}

static void late_rows_under_way_hold_back_the_mark(void **state)
{
	struct story *story = *state;
	struct lc_mark early = mark_of(100, "early");
	struct lc_mark complete = mark_of(300, "complete");
	struct lc_object *first;
	struct lc_object *late;

	advance(story->source, 300, "complete");
	first = add_object(story, &early, 101);
	late = add_object(story, &complete, 100);
	assert_null(lc_undelivered_mark(story->source));

	/* Alone, it is the oldest object, and knows no mark of its own. */
	remove_object(first);
	assert_null(lc_undelivered_mark(story->source));
	remove_object(late);
	expect_mark(lc_undelivered_mark(story->source), 300, "complete");

	/* Delivered before an older object, it changes nothing. */
	first = add_object(story, &early, 101);
	late = add_object(story, &complete, 99);
	remove_object(late);
	expect_mark(lc_undelivered_mark(story->source), 100, "early");
	remove_object(first);
	lc_mark_free(&early);
	lc_mark_free(&complete);
}

static void rows_without_a_body_hold_back_the_mark(void **state)
{
	struct story *story = *state;
	struct lc_mark early = mark_of(100, "early");
	struct lc_object *object;

	advance(story->source, 300, "complete");
	lc_target_table_add_backlog(story->targets, story->source, story->target, 2, 2, 300);
	assert_null(lc_undelivered_mark(story->source));
	lc_target_table_raise_oldest(story->target, 301);
	expect_mark(lc_undelivered_mark(story->source), 300, "complete");
	object = add_object(story, &early, 101);
	lc_target_table_add_backlog(story->targets, story->source, story->target, 1, 1, 101);
	expect_mark(lc_undelivered_mark(story->source), 100, "early");
	lc_target_table_add_backlog(story->targets, story->source, story->target, 1, 1, 100);
	assert_null(lc_undelivered_mark(story->source));
	remove_object(object);
	for (int i = 0; i < 4; i++)
		lc_target_table_remove_backlog(story->targets, story->source, story->target, 1);
	expect_mark(lc_undelivered_mark(story->source), 300, "complete");
	lc_mark_free(&early);
}

static void only_a_source_with_nothing_to_do_is_forgotten(void **state)
{
	struct story *story = *state;
	struct lc_source *source = story->source;
	struct lc_object *object;
	uint32_t from;
	uint32_t to;

	open_seconds(source, 80, 90);
	assert_false(lc_source_forget_if_idle(story->table, source));
	(void)lc_source_ask(source, &from, &to);
	lc_source_settle_asked(source);
	object = add_object(story, NULL, 80);
	assert_false(lc_source_forget_if_idle(story->table, source));
	remove_object(object);
	source->commit_noted = true;
	assert_false(lc_source_forget_if_idle(story->table, source));
	source->commit_noted = false;
	source->committing = true;
	assert_false(lc_source_forget_if_idle(story->table, source));
	source->committing = false;
	lc_target_table_add_backlog(story->targets, source, story->target, 1, 1, 80);
	assert_false(lc_source_forget_if_idle(story->table, source));
	lc_target_table_remove_backlog(story->targets, source, story->target, 1);
	assert_int_equal(lc_source_count(story->table), 1);
	advance(source, 89, "last");
	assert_true(lc_source_forget_if_idle(story->table, source));
	assert_int_equal(lc_source_count(story->table), 0);

	/* A discovery brings it back, knowing nothing. */
	source = lc_source_get(story->table, 7, lc_view_of("bucket"));
	assert_false(source->complete.set);
	assert_int_equal(lc_source_count(story->table), 1);
}

static void forget_every_other(void *context, struct lc_source *source)
{
	struct story *story = context;

	if (source->raft_session_id % 2 == 0)
		assert_true(lc_source_forget_if_idle(story->table, source));
	else
		source->open_rows++;
}

static void sources_may_be_forgotten_while_they_are_visited(void **state)
{
	struct story *story = *state;

	for (uint32_t i = 0; i < 1000; i++)
		(void)lc_source_get(story->table, i, lc_view_of("b"));
	lc_source_each(story->table, forget_every_other, story);
	assert_int_equal(lc_source_count(story->table), 501);
	lc_source_each(story->table, forget_every_other, story);
	assert_int_equal(lc_source_count(story->table), 501);
	for (uint32_t i = 1; i < 1000; i += 2)
		assert_int_equal(lc_source_get(story->table, i, lc_view_of("b"))->open_rows, 2);
}

/* ---- what it waits for ---- */

static void expect_oldest(struct story *story, uint32_t other, uint32_t blocked)
{
	struct lc_counters counters = {0};

	lc_undelivered_survey(story->table, &counters);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_OLDEST_UNDELIVERED_INSERTED_AT),
			 other);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_OLDEST_BLOCKED_INSERTED_AT),
			 blocked);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_SOURCES_BLOCKED),
			 lc_undelivered_blocked(story->source));
}

static void rows_that_wait_for_a_blocked_target_have_their_own_age(void **state)
{
	struct story *story = *state;
	struct lc_object *object = add_object(story, NULL, 50);

	open_seconds(story->source, 80, 90);
	expect_oldest(story, 50, 0);
	assert_false(lc_undelivered_blocked(story->source));

	/* One that has failed and is tried again is not blocked. */
	story->target->standing.state = LC_TARGET_SHAKY;
	expect_oldest(story, 50, 0);
	story->target->standing.state = LC_TARGET_ASIDE;
	expect_oldest(story, 80, 50);
	assert_true(lc_undelivered_blocked(story->source));

	/* The bucket as a whole, and objects without a body. */
	story->target->standing.state = LC_TARGET_HEALTHY;
	story->target->bucket->standing.state = LC_TARGET_ASIDE;
	lc_target_table_add_backlog(story->targets, story->source, story->target, 1, 1, 40);
	expect_oldest(story, 80, 40);
	assert_int_equal(lc_undelivered_oldest(story->source), 40);
	story->target->bucket->standing.state = LC_TARGET_HEALTHY;
	expect_oldest(story, 40, 0);
	lc_target_table_remove_backlog(story->targets, story->source, story->target, 1);
	remove_object(object);
}

static void nobody_is_told_the_age_of_rows_for_a_target_that_was_given_up(void **state)
{
	struct story *story = *state;
	struct lc_object *object = add_object(story, NULL, 50);

	open_seconds(story->source, 80, 90);
	story->target->standing.state = LC_TARGET_ASIDE;
	story->target->standing.given_up = LC_LEDGER_IGNORED;
	expect_oldest(story, 80, 0);

	/* But they are not delivered, and hold back what is committed. */
	assert_true(lc_undelivered_blocked(story->source));
	assert_int_equal(lc_undelivered_oldest(story->source), 50);
	story->target->standing.given_up = LC_LEDGER_KEPT;
	story->target->bucket->standing.given_up = LC_LEDGER_DISCARDED;
	expect_oldest(story, 80, 0);
	story->target->bucket->standing.given_up = LC_LEDGER_KEPT;
	expect_oldest(story, 80, 50);
	remove_object(object);
}

static void a_source_that_cannot_be_read_is_blocked(void **state)
{
	struct lc_counters counters = {0};
	struct story *story = *state;
	struct lc_object *object = add_object(story, NULL, 50);
	uint32_t from;
	uint32_t to;

	open_seconds(story->source, 80, 90);
	lc_source_note_unreadable(story->source, "no", 5000);
	lc_source_note_unreadable(story->source, "still not", 15000);
	assert_int_equal(story->source->read_failures, 2);
	assert_int_equal(story->source->read_at_ms, 15000);
	assert_string_equal(story->source->read_error, "still not");

	/* What was read of it before is delivered all the same. */
	expect_oldest(story, 50, 80);
	assert_true(lc_undelivered_blocked(story->source));
	lc_undelivered_survey(story->table, &counters);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_SOURCES_UNREADABLE), 1);

	/* It has been read. */
	(void)lc_source_ask(story->source, &from, &to);
	lc_source_settle_asked(story->source);
	assert_int_equal(story->source->read_failures, 0);
	assert_null(story->source->read_error);
	expect_oldest(story, 50, 0);
	assert_false(lc_undelivered_blocked(story->source));
	remove_object(object);
}

static void the_oldest_of_all_sources_is_told(void **state)
{
	struct lc_counters counters = {0};
	struct story *story = *state;

	for (uint32_t i = 0; i < 20; i++) {
		struct lc_source *source = lc_source_get(story->table, i, lc_view_of("b"));

		open_seconds(source, 1000 + (i * 7) % 20, 2000);
		if (i % 2 == 0)
			lc_source_note_unreadable(source, "no", 0);
	}
	lc_undelivered_survey(story->table, &counters);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_SOURCES), 21);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_SOURCES_BLOCKED), 10);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_SOURCES_UNREADABLE), 10);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_PENDING_RECORDS), 20);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_OLDEST_BLOCKED_INSERTED_AT), 1000);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_OLDEST_UNDELIVERED_INSERTED_AT),
			 1001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_source_is_found_again_by_session_and_bucket),
	    STORY(a_new_source_has_nothing_to_do),
	    STORY(a_source_has_the_name_by_which_the_ledger_knows_it),
	    STORY(names_are_any_bytes_and_are_the_tables_own),
	    STORY(many_sources_stay_apart_and_where_they_are),
	    STORY(sources_stand_in_the_order_of_the_table),
	    STORY(what_is_taken_only_moves_forward),
	    STORY(delivered_is_what_stands_before_the_oldest_object),
	    STORY(nothing_is_delivered_while_the_very_first_object_is_under_way),
	    STORY(the_oldest_row_not_delivered_is_open_or_in_an_object_or_unbuilt),
	    STORY(an_open_second_holds_back_what_is_after_it),
	    STORY(late_rows_under_way_hold_back_the_mark),
	    STORY(rows_without_a_body_hold_back_the_mark),
	    STORY(only_a_source_with_nothing_to_do_is_forgotten),
	    STORY(sources_may_be_forgotten_while_they_are_visited),
	    STORY(rows_that_wait_for_a_blocked_target_have_their_own_age),
	    STORY(nobody_is_told_the_age_of_rows_for_a_target_that_was_given_up),
	    STORY(a_source_that_cannot_be_read_is_blocked),
	    STORY(the_oldest_of_all_sources_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
