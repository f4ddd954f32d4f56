#include "config/settings.h"
#include "delivery/target_table.h"

#include "base/clock.h"
#include "base/counters.h"
#include "base/memory.h"
#include "delivery/object.h"
#include "delivery/source.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	CONCURRENCY = 2,
	SHARE = 1000,
	SLOW_SHARE = 100,
	BACKOFF_MAX_MS = 60000,
	NOW_MS = 1000000,
	MANY = 3000, /* more than may stay though nothing is known of them */
	TEXT_MAX = 32,
};

static const struct lc_settings SETTINGS = {.entry = 0};
static const struct lc_target_policy POLICY = {
    .attempts = 3,
    .concurrency = CONCURRENCY,
    .share_bytes = SHARE,
    .slow_share_bytes = SLOW_SHARE,
    .backoff = {.initial_ms = 1000, .maximum_ms = BACKOFF_MAX_MS, .jitter = 0},
};

struct story {
	struct lc_target_table *table;
	struct lc_source_table *sources;
	struct lc_source *source;
	struct lc_counters counters;
	struct lc_object_table objects;
	unsigned visits;
};

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));

	story->table = lc_target_table_new(&POLICY, &SETTINGS);
	story->sources = lc_source_table_new();
	story->source = lc_source_get(story->sources, 7, lc_view_of("photos"));
	lc_object_table_init(&story->objects, story->table, &story->counters);
	*state = story;
	return 0;
}

static void drop(struct lc_object *object)
{
	lc_object_enter(object, LC_OBJECT_DISCARDED);
	lc_object_enter(object, LC_OBJECT_CLOSED);
}

static void drop_all(void *context, struct lc_target_bucket *bucket)
{
	(void)context;
	while (!TAILQ_EMPTY(&bucket->queue))
		drop(TAILQ_FIRST(&TAILQ_FIRST(&bucket->queue)->waiting));
}

static int tear_down(void **state)
{
	struct story *story = *state;

	lc_target_table_each_waiting(story->table, drop_all, NULL);
	lc_target_table_free(story->table);
	lc_source_table_free(story->sources);
	free(story);
	return 0;
}

static struct lc_target *target_of(struct story *story, const char *bucket, const char *prefix)
{
	return lc_target_table_get(story->table, lc_view_of(bucket), lc_view_of(prefix));
}

static struct lc_object *add_object(struct story *story, const char *bucket, const char *prefix)
{
	struct lc_object *object = lc_object_new(&story->objects, story->source,
						 target_of(story, bucket, prefix), NULL, 0);

	lc_object_enter(object, LC_OBJECT_RECORDING);
	lc_object_enter(object, LC_OBJECT_WAITING);
	return object;
}

/* Starts what is next and ends it at once: "bucket/prefix ", or "- " if nothing may start. */
static void take_turn(struct story *story, bool slow, char *turns, size_t room)
{
	struct lc_target *target =
	    lc_target_table_next(story->table, NOW_MS, slow ? LC_TARGET_ANY : LC_TARGET_PROMPT);
	size_t used = strlen(turns);

	if (target == NULL) {
		snprintf(turns + used, room - used, "- ");
		return;
	}
	snprintf(turns + used, room - used, "%.*s/%.*s ", (int)target->bucket->name.size,
		 target->bucket->name.data, (int)target->prefix.size, target->prefix.data);
	lc_target_table_pass_turn(story->table, target);
	drop(TAILQ_FIRST(&target->waiting));
}

static void expect_turns(struct story *story, bool slow, size_t count, const char *expected)
{
	char turns[256] = "";

	for (size_t i = 0; i < count; i++)
		take_turn(story, slow, turns, sizeof turns);
	assert_string_equal(turns, expected);
}

static void fail_bucket(struct story *story, const char *bucket, uint64_t probe_at_ms)
{
	struct lc_standing *standing =
	    &lc_target_table_get_bucket(story->table, lc_view_of(bucket))->standing;

	standing->state = LC_TARGET_ASIDE;
	standing->failures = 3;
	standing->probe_at_ms = probe_at_ms;
}

static void fail_target(struct lc_target *target, uint64_t probe_at_ms)
{
	target->standing.state = LC_TARGET_ASIDE;
	target->standing.refused = true;
	target->standing.failures = 1;
	target->standing.probe_at_ms = probe_at_ms;
}

/* ---- finding ---- */

static void a_target_is_found_again_by_bucket_and_prefix(void **state)
{
	struct story *story = *state;
	struct lc_target *target;

	assert_null(lc_target_table_find(story->table, lc_view_of("a"), lc_view_of("b/")));
	target = target_of(story, "a", "b/");
	assert_ptr_equal(target_of(story, "a", "b/"), target);
	assert_ptr_equal(lc_target_table_find(story->table, lc_view_of("a"), lc_view_of("b/")),
			 target);
	assert_true(lc_view_equal(target->bucket->name, lc_view_of("a")));
	assert_true(lc_view_equal(target->prefix, lc_view_of("b/")));
	assert_int_equal(lc_target_standing(target)->state, LC_TARGET_HEALTHY);

	/* Its bucket is that of its other prefixes too. */
	assert_ptr_equal(target_of(story, "a", "c/")->bucket, target->bucket);
	assert_ptr_equal(lc_target_table_get_bucket(story->table, lc_view_of("a")), target->bucket);
	assert_int_equal(target->bucket->targets, 2);
	assert_ptr_not_equal(target_of(story, "b", "b/")->bucket, target->bucket);
}

static void a_bucket_ends_where_its_prefix_begins(void **state)
{
	struct story *story = *state;
	const struct lc_target *targets[] = {
	    target_of(story, "ab", "c"), target_of(story, "a", "bc"), target_of(story, "abc", ""),
	    target_of(story, "", "abc")};

	for (size_t i = 0; i < 4; i++) {
		for (size_t j = 0; j < i; j++) {
			assert_ptr_not_equal(targets[i], targets[j]);
			assert_ptr_not_equal(targets[i]->bucket, targets[j]->bucket);
		}
	}
}

static void names_are_any_bytes_and_are_the_tables_own(void **state)
{
	struct story *story = *state;
	char bytes[] = {'a', '\0', 'b'};
	struct lc_view name = {.data = bytes, .size = 3};
	struct lc_target *one = lc_target_table_get(story->table, name, name);
	struct lc_target *two;

	bytes[2] = 'c';
	two = lc_target_table_get(story->table, name, name);
	assert_ptr_not_equal(one, two);
	assert_ptr_not_equal(one->bucket, two->bucket);
	assert_memory_equal(one->bucket->name.data, "a\0b", 3);
	assert_memory_equal(one->prefix.data, "a\0b", 3);
	assert_memory_equal(two->prefix.data, "a\0c", 3);
	assert_null(lc_target_table_find(story->table, lc_view_of("a"), name));
}

/* Rows may name none at all. */
static void names_may_be_empty(void **state)
{
	const struct lc_view nothing = {.data = NULL, .size = 0};
	struct story *story = *state;
	struct lc_target *target = lc_target_table_get(story->table, nothing, nothing);
	struct lc_target *other = lc_target_table_get(story->table, nothing, lc_view_of("logs/"));

	assert_int_equal(target->bucket->name.size, 0);
	assert_int_equal(target->prefix.size, 0);
	assert_ptr_equal(other->bucket, target->bucket);
	assert_ptr_equal(target_of(story, "", ""), target);
}

/* ---- turns ---- */

static void buckets_take_turns(void **state)
{
	struct story *story = *state;

	for (int i = 0; i < 4; i++)
		add_object(story, "a", "");
	add_object(story, "b", "");
	for (int i = 0; i < 2; i++)
		add_object(story, "c", "");
	expect_turns(story, true, 8, "a/ b/ c/ a/ c/ a/ a/ - ");
}

/* A bucket with many prefixes has no more turns than one with few. */
static void prefixes_take_turns_within_their_bucket(void **state)
{
	struct story *story = *state;

	for (int i = 0; i < 2; i++) {
		add_object(story, "a", "1");
		add_object(story, "a", "2");
		add_object(story, "a", "3");
	}
	for (int i = 0; i < 5; i++)
		add_object(story, "b", "");
	expect_turns(story, true, 11, "a/1 b/ a/2 b/ a/3 b/ a/1 b/ a/2 b/ a/3 ");
}

static void one_whose_turn_has_come_waits_for_nothing_else(void **state)
{
	struct story *story = *state;

	/* Its bucket takes no more, or it has to wait for its probe: the next one is asked. */
	add_object(story, "full", "")->target->bucket->active = CONCURRENCY;
	add_object(story, "a", "refused");
	fail_target(target_of(story, "a", "refused"), NOW_MS + 1);
	add_object(story, "a", "good");
	add_object(story, "b", "");
	expect_turns(story, true, 3, "a/good b/ - ");
	assert_int_equal(lc_target_table_next_probe_ms(story->table), NOW_MS + 1);
	fail_target(target_of(story, "a", "refused"), NOW_MS);
	expect_turns(story, true, 1, "a/refused ");
	target_of(story, "full", "")->bucket->active = 0;
}

static void an_object_waits_last_or_first_once_it_was_tried(void **state)
{
	struct story *story = *state;
	struct lc_object *first = add_object(story, "a", "");
	struct lc_object *second = add_object(story, "a", "");
	struct lc_object *third = add_object(story, "a", "");

	lc_object_enter(first, LC_OBJECT_UPLOADING);
	assert_ptr_equal(TAILQ_FIRST(&second->target->waiting), second);
	lc_object_enter(first, LC_OBJECT_WAITING);
	assert_ptr_equal(TAILQ_FIRST(&second->target->waiting), first);
	assert_ptr_equal(TAILQ_NEXT(first, of_list), second);
	assert_ptr_equal(TAILQ_NEXT(second, of_list), third);
}

static void slow_and_failing_buckets_are_left_out_when_others_come_first(void **state)
{
	struct story *story = *state;

	add_object(story, "slow", "")->target->bucket->slow = true;
	add_object(story, "aside", "");
	fail_bucket(story, "aside", NOW_MS);
	add_object(story, "good", "");
	assert_true(lc_target_table_any_moving(story->table, true));
	expect_turns(story, false, 2, "good/ - ");

	/* The slow one moves, though not promptly. */
	assert_false(lc_target_table_any_moving(story->table, true));
	assert_true(lc_target_table_any_moving(story->table, false));
	expect_turns(story, true, 3, "slow/ aside/ - ");
	assert_false(lc_target_table_any_moving(story->table, false));
}

static void a_bucket_of_which_every_target_refuses_does_not_move(void **state)
{
	struct story *story = *state;

	add_object(story, "a", "1");
	add_object(story, "a", "2");
	fail_target(target_of(story, "a", "1"), NOW_MS + 1);
	assert_true(lc_target_table_any_moving(story->table, true));
	fail_target(target_of(story, "a", "2"), NOW_MS + 1);
	assert_false(lc_target_table_any_moving(story->table, false));
}

/* What is known of each of them makes no difference: any may be the one that is taken. */
/* Tens of thousands of new buckets: the queue is not gone through for each upload. */
static void a_proven_bucket_is_looked_for_among_the_next_ones(void **state)
{
	struct story *story = *state;
	struct lc_target *good;
	char name[32];

	for (unsigned i = 0; i < LC_TARGET_TABLE_LOOK; i++) {
		snprintf(name, sizeof name, "new-%u", i);
		add_object(story, name, "");
	}
	add_object(story, "good", "");
	good = target_of(story, "good", "");
	good->bucket->proven = true;
	assert_null(lc_target_table_next(story->table, NOW_MS, LC_TARGET_PROVEN));
	lc_target_table_pass_turn(story->table, target_of(story, "new-0", ""));
	assert_ptr_equal(lc_target_table_next(story->table, NOW_MS, LC_TARGET_PROVEN), good);
}

static void probes_of_a_bucket_that_is_aside_go_through_its_targets(void **state)
{
	struct story *story = *state;

	for (int i = 0; i < 2; i++) {
		add_object(story, "a", "1");
		add_object(story, "a", "2");
		add_object(story, "a", "3");
	}
	fail_target(target_of(story, "a", "2"), NOW_MS + 1000000);
	fail_bucket(story, "a", NOW_MS);
	expect_turns(story, true, 6, "a/1 a/2 a/3 a/1 a/2 a/3 ");

	/* One at a time. */
	add_object(story, "a", "1")->target->bucket->active = 1;
	expect_turns(story, true, 1, "- ");
	target_of(story, "a", "1")->bucket->active = 0;
}

static void the_next_probe_is_that_of_the_first_that_waits_for_one(void **state)
{
	struct story *story = *state;

	assert_int_equal(lc_target_table_next_probe_ms(story->table), UINT64_MAX);
	add_object(story, "good", "");
	assert_int_equal(lc_target_table_next_probe_ms(story->table), UINT64_MAX);
	add_object(story, "a", "1");
	fail_target(target_of(story, "a", "1"), NOW_MS + 20);
	add_object(story, "b", "");
	fail_bucket(story, "b", NOW_MS + 10);
	assert_int_equal(lc_target_table_next_probe_ms(story->table), NOW_MS + 10);

	/* While a probe is under way its end is waited for. */
	target_of(story, "b", "")->bucket->active = 1;
	assert_int_equal(lc_target_table_next_probe_ms(story->table), NOW_MS + 20);
	target_of(story, "a", "1")->active = 1;
	assert_int_equal(lc_target_table_next_probe_ms(story->table), UINT64_MAX);
	target_of(story, "b", "")->bucket->active = 0;
	target_of(story, "a", "1")->active = 0;

	/* The bucket's goes before its targets'. */
	fail_bucket(story, "a", NOW_MS + 5);
	assert_int_equal(lc_target_table_next_probe_ms(story->table), NOW_MS + 5);
}

static void a_bucket_that_works_again_has_its_targets_tried_at_once(void **state)
{
	struct story *story = *state;
	struct lc_target *one = target_of(story, "a", "1");
	struct lc_target *two = target_of(story, "a", "2");
	struct lc_target *other = target_of(story, "b", "1");

	fail_target(one, NOW_MS + 1000);
	fail_target(other, NOW_MS + 1000);
	two->rebuild_at_ms = NOW_MS + 1000;
	lc_target_table_wake(story->table, one->bucket, NOW_MS);
	assert_true(lc_target_may_start(one, &POLICY, NOW_MS));
	assert_int_equal(two->rebuild_at_ms, 0);
	assert_false(lc_target_may_start(other, &POLICY, NOW_MS));
}

/* ---- what an earlier process has recorded ---- */

static void restore(struct story *story, const struct lc_ledger_target *record)
{
	lc_target_table_restore(story->table, record, NOW_MS);
}

static void what_is_on_record_of_a_target_or_a_bucket_is_taken_up(void **state)
{
	struct story *story = *state;
	struct lc_target *target;

	restore(story, &(struct lc_ledger_target){.bucket = lc_view_of("a"),
						  .prefix = lc_view_of("1"),
						  .refused = true,
						  .failures = 4,
						  .probe_at_ms = lc_clock_wall_ms() + 5000});
	target = lc_target_table_find(story->table, lc_view_of("a"), lc_view_of("1"));
	assert_non_null(target);
	assert_int_equal(target->standing.state, LC_TARGET_ASIDE);
	assert_true(target->standing.refused);
	assert_int_equal(target->standing.failures, 4);
	assert_in_range(target->standing.probe_at_ms, NOW_MS + 3000, NOW_MS + 5000);
	assert_int_equal(target->standing.failing_since_ms, NOW_MS);
	assert_int_equal(target->bucket->standing.state, LC_TARGET_HEALTHY);

	/* A bucket as a whole is no target of it. */
	restore(story, &(struct lc_ledger_target){
			   .bucket = lc_view_of("b"), .whole = true, .failures = 3});
	assert_null(lc_target_table_find(story->table, lc_view_of("b"), lc_view_of("")));
	target = target_of(story, "b", "");
	assert_true(lc_target_aside(target));
	assert_int_equal(target->standing.state, LC_TARGET_HEALTHY);
	assert_int_equal(target->bucket->standing.probe_at_ms, NOW_MS);

	/* One that was given up need not have failed. */
	restore(story, &(struct lc_ledger_target){.bucket = lc_view_of("c"),
						  .whole = true,
						  .given_up = LC_LEDGER_DISCARDED});
	target = target_of(story, "c", "");
	assert_false(lc_target_aside(target));
	assert_int_equal(lc_target_given_up(target), LC_LEDGER_DISCARDED);
}

static void no_clock_makes_a_probe_wait_longer_than_the_longest_backoff(void **state)
{
	struct story *story = *state;
	struct lc_ledger_target record = {
	    .bucket = lc_view_of("a"), .failures = 4, .probe_at_ms = INT64_MAX / 2};

	restore(story, &record);
	assert_int_equal(target_of(story, "a", "")->standing.probe_at_ms, NOW_MS + BACKOFF_MAX_MS);
	record.probe_at_ms = 0;
	restore(story, &record);
	assert_int_equal(target_of(story, "a", "")->standing.probe_at_ms, NOW_MS);
}

/* ---- forgetting ---- */

static void count_visit(void *context, struct lc_target *target)
{
	struct story *story = context;

	(void)target;
	story->visits++;
}

static void count_bucket(void *context, struct lc_target_bucket *bucket)
{
	struct story *story = context;

	(void)bucket;
	story->visits++;
}

static unsigned targets(struct story *story)
{
	story->visits = 0;
	lc_target_table_each(story->table, count_visit, story);
	return story->visits;
}

static unsigned buckets(struct story *story)
{
	story->visits = 0;
	lc_target_table_each_bucket(story->table, count_bucket, story);
	return story->visits;
}

/* Prefixes, three to a bucket. */
static void make_many(struct story *story, unsigned count)
{
	char bucket[TEXT_MAX];
	char prefix[TEXT_MAX];

	for (unsigned i = 0; i < count; i++) {
		snprintf(bucket, sizeof bucket, "many-%u", i / 3);
		snprintf(prefix, sizeof prefix, "%u/", i);
		(void)target_of(story, bucket, prefix);
	}
}

static void targets_that_nothing_is_known_of_are_forgotten_once_they_are_many(void **state)
{
	struct story *story = *state;

	make_many(story, 300);
	lc_target_table_sweep(story->table);
	assert_int_equal(targets(story), 300);
	make_many(story, MANY);
	assert_int_equal(buckets(story), MANY / 3);
	lc_target_table_sweep(story->table);
	assert_int_equal(targets(story), 0);
	assert_int_equal(buckets(story), 0);
}

static void a_target_stays_as_long_as_something_is_known_of_it(void **state)
{
	struct story *story = *state;
	struct lc_target *kept[] = {
	    target_of(story, "refused", "1"), target_of(story, "given-up", "1"),
	    target_of(story, "uploads", "1"), target_of(story, "rows", "1"),
	    target_of(story, "builds", "1"),  target_of(story, "waits", "1"),
	    target_of(story, "backlog", "1"),
	};
	const size_t count = sizeof kept / sizeof kept[0];
	const struct lc_object *waiting = add_object(story, "waits", "1");

	/* It is what waits that counts here, not its bytes. */
	kept[5]->bucket->bytes -= waiting->memory;
	fail_target(kept[0], NOW_MS);
	kept[1]->standing.given_up = LC_LEDGER_IGNORED;
	kept[2]->active = 1;
	kept[3]->object_rows = 1;
	kept[4]->bucket->bytes = 1;
	lc_target_table_add_backlog(story->table, story->source, kept[6], 1, 1, 100);
	(void)target_of(story, "aside", "1");
	fail_bucket(story, "aside", NOW_MS);
	lc_target_table_get_bucket(story->table, lc_view_of("whole"))->standing.given_up =
	    LC_LEDGER_DISCARDED;

	/* Neighbours that nothing is known of. */
	(void)target_of(story, "refused", "2");
	(void)target_of(story, "waits", "2");
	make_many(story, MANY);
	lc_target_table_sweep(story->table);
	assert_int_equal(targets(story), count);
	for (size_t i = 0; i < count; i++)
		assert_ptr_equal(
		    lc_target_table_find(story->table, kept[i]->bucket->name, kept[i]->prefix),
		    kept[i]);

	/* Of a bucket that failed, or was given up, the bucket is enough. */
	assert_int_equal(buckets(story), count + 2);
	assert_true(lc_target_aside(target_of(story, "aside", "1")));
	assert_int_equal(lc_target_given_up(target_of(story, "whole", "")), LC_LEDGER_DISCARDED);
	lc_target_table_remove_backlog(story->table, story->source, kept[6], 1);
	kept[5]->bucket->bytes += waiting->memory;
}

/* What must stay is not looked through again and again. */
static void the_next_sweep_is_when_there_are_twice_as_many(void **state)
{
	struct story *story = *state;
	char prefix[TEXT_MAX];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(prefix, sizeof prefix, "%u/", i);
		fail_target(target_of(story, "refused", prefix), NOW_MS);
	}
	lc_target_table_sweep(story->table);
	assert_int_equal(targets(story), MANY);
	make_many(story, MANY);
	lc_target_table_sweep(story->table);
	assert_int_equal(targets(story), 2 * MANY);
	make_many(story, 2 * MANY);
	lc_target_table_sweep(story->table);
	assert_int_equal(targets(story), MANY);
}

/* ---- backlogs ---- */

static struct lc_target *add_backlog(struct story *story, const char *bucket, const char *prefix)
{
	struct lc_target *target = target_of(story, bucket, prefix);

	lc_target_table_add_backlog(story->table, story->source, target, 2, 20, 100);
	return target;
}

static struct lc_target *next_backlog(struct story *story, bool probes)
{
	return lc_target_table_next_backlog(story->table, NOW_MS, probes);
}

static void targets_with_a_backlog_take_turns(void **state)
{
	struct story *story = *state;
	struct lc_target *a1 = add_backlog(story, "a", "1");
	struct lc_target *a2 = add_backlog(story, "a", "2");
	struct lc_target *b = add_backlog(story, "b", "");

	assert_ptr_equal(next_backlog(story, true), a1);
	assert_ptr_equal(next_backlog(story, true), a2);
	assert_ptr_equal(next_backlog(story, true), b);
	assert_ptr_equal(next_backlog(story, true), a1);

	/* One that has to wait loses no turn of another. */
	a2->rebuild_at_ms = NOW_MS + 1;
	assert_ptr_equal(next_backlog(story, true), b);
	assert_ptr_equal(next_backlog(story, true), a1);
	assert_ptr_equal(next_backlog(story, true), b);

	/* It is in turn until its last intent is gone. */
	lc_target_table_remove_backlog(story->table, story->source, b, 10);
	assert_ptr_equal(next_backlog(story, true), a1);
	assert_ptr_equal(next_backlog(story, true), b);
	lc_target_table_remove_backlog(story->table, story->source, b, 10);
	assert_ptr_equal(next_backlog(story, true), a1);
	assert_ptr_equal(next_backlog(story, true), a1);
	a1->rebuild_at_ms = NOW_MS + 1;
	assert_null(next_backlog(story, true));
}

static void bodies_for_a_crowded_bucket_wait(void **state)
{
	struct story *story = *state;
	struct lc_target *target = add_backlog(story, "a", "");

	target->bucket->bytes = SHARE;
	assert_null(next_backlog(story, true));
	target->bucket->bytes = SHARE - 1;
	assert_ptr_equal(next_backlog(story, true), target);

	/* A slow one is crowded sooner. */
	target->bucket->slow = true;
	assert_null(next_backlog(story, true));
	target->bucket->bytes = SLOW_SHARE - 1;
	assert_ptr_equal(next_backlog(story, true), target);
	target->bucket->bytes = 0;
}

static void a_target_that_fails_gets_a_body_when_its_probe_is_due(void **state)
{
	struct story *story = *state;
	struct lc_target *target = add_backlog(story, "a", "1");

	fail_target(target, NOW_MS + 1);
	assert_null(next_backlog(story, true));
	fail_target(target, NOW_MS);
	assert_ptr_equal(next_backlog(story, true), target);

	/* Unless there are too many bodies for probes already. */
	assert_null(next_backlog(story, false));

	/* Or it has one, waiting or under way. */
	target->active = 1;
	assert_null(next_backlog(story, true));
	target->active = 0;
	add_object(story, "a", "1");
	assert_null(next_backlog(story, true));

	/* Those of a neighbour are nothing to it. */
	target = add_backlog(story, "a", "2");
	fail_target(target, NOW_MS);
	assert_ptr_equal(next_backlog(story, true), target);
}

static void a_bucket_that_fails_gets_one_body_for_all_its_targets(void **state)
{
	struct story *story = *state;
	struct lc_target *one = add_backlog(story, "a", "1");
	struct lc_target *two = add_backlog(story, "a", "2");

	fail_bucket(story, "a", NOW_MS + 1);
	assert_null(next_backlog(story, true));
	fail_bucket(story, "a", NOW_MS);
	assert_null(next_backlog(story, false));
	assert_ptr_equal(next_backlog(story, true), one);
	add_object(story, "a", "1");
	assert_null(next_backlog(story, true));
	drop(TAILQ_FIRST(&one->waiting));
	one->bucket->active = 1;
	assert_null(next_backlog(story, true));
	one->bucket->active = 0;
	assert_ptr_equal(next_backlog(story, true), two);
}

static void the_backlog_of_a_discarded_target_is_closed_at_any_time(void **state)
{
	struct story *story = *state;
	struct lc_target *target = add_backlog(story, "a", "");

	fail_bucket(story, "a", NOW_MS + 1000);
	target->bucket->bytes = SHARE;
	target->standing.given_up = LC_LEDGER_IGNORED;
	assert_null(next_backlog(story, true));
	target->standing.given_up = LC_LEDGER_DISCARDED;
	assert_ptr_equal(next_backlog(story, false), target);
	target->rebuild_at_ms = NOW_MS + 1;
	assert_null(next_backlog(story, true));
	target->bucket->bytes = 0;
}

/* ---- gauges ---- */

static void the_gauges_tell_what_waits_for_whom(void **state)
{
	struct lc_counters counters = {0};
	struct story *story = *state;
	struct lc_target *target;

	/* A bucket as a whole is one that is blocked, whatever its prefixes are. */
	fail_target(add_backlog(story, "a", "1"), NOW_MS);
	fail_target(add_backlog(story, "a", "2"), NOW_MS);
	fail_bucket(story, "a", NOW_MS);
	lc_target_table_get_bucket(story->table, lc_view_of("a"))->standing.refused = true;

	/* A prefix of a bucket that works counts for itself. */
	target = add_backlog(story, "b", "1");
	fail_target(target, NOW_MS);
	target->object_rows = 3;
	add_backlog(story, "b", "2");

	/* One that does not answer refuses nothing. */
	add_backlog(story, "c", "");
	fail_bucket(story, "c", NOW_MS);
	target = add_backlog(story, "given-up", "");
	target->standing.given_up = LC_LEDGER_IGNORED;
	fail_target(target, NOW_MS);
	fail_target(add_backlog(story, "", "1"), NOW_MS);
	target_of(story, "slow", "")->bucket->slow = true;
	lc_target_table_show(story->table, &counters);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_TARGETS_BLOCKED), 5);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_TARGETS_SLOW), 1);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_INTENTS_WITHOUT_BODY), 14);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_RECORDS_REFUSED), 63);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_RECORDS_GIVEN_UP), 20);
	assert_int_equal(lc_counters_get(&counters, LC_COUNTERS_RECORDS_WITHOUT_TARGET), 20);
}

/* The operator's first question is which, and why. */
static void the_target_that_is_blocked_longest_has_its_words_shown(void **state)
{
	struct lc_counters counters = {0};
	struct story *story = *state;
	char words[LC_COUNTERS_WORDS_SIZE];
	struct lc_target *newer = add_backlog(story, "newer", "p/");
	struct lc_target *older = add_backlog(story, "older", "");
	struct lc_target *given_up = add_backlog(story, "given-up", "");

	lc_target_table_show(story->table, &counters);
	lc_counters_complaint(&counters, LC_COUNTERS_COMPLAINT_TARGET, words);
	assert_string_equal(words, "");
	fail_target(given_up, NOW_MS);
	given_up->standing.failing_since_ms = 1;
	given_up->standing.given_up = LC_LEDGER_IGNORED;
	fail_target(older, NOW_MS);
	older->standing.failing_since_ms = 2;
	older->standing.last_error = lc_memory_copy_text("PUT older/key: HTTP 403");
	fail_target(newer, NOW_MS);
	newer->standing.failing_since_ms = 3;
	lc_target_table_show(story->table, &counters);
	lc_counters_complaint(&counters, LC_COUNTERS_COMPLAINT_TARGET, words);
	assert_string_equal(words, "PUT older/key: HTTP 403");

	/* Blocked since before the start: there is no answer to show yet. */
	newer->standing.failing_since_ms = 1;
	lc_target_table_show(story->table, &counters);
	lc_counters_complaint(&counters, LC_COUNTERS_COMPLAINT_TARGET, words);
	assert_string_equal(words, "newer/p/, not tried since the start");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_target_is_found_again_by_bucket_and_prefix),
	    STORY(a_bucket_ends_where_its_prefix_begins),
	    STORY(names_are_any_bytes_and_are_the_tables_own),
	    STORY(names_may_be_empty),
	    STORY(buckets_take_turns),
	    STORY(prefixes_take_turns_within_their_bucket),
	    STORY(one_whose_turn_has_come_waits_for_nothing_else),
	    STORY(an_object_waits_last_or_first_once_it_was_tried),
	    STORY(slow_and_failing_buckets_are_left_out_when_others_come_first),
	    STORY(a_bucket_of_which_every_target_refuses_does_not_move),
	    STORY(a_proven_bucket_is_looked_for_among_the_next_ones),
	    STORY(probes_of_a_bucket_that_is_aside_go_through_its_targets),
	    STORY(the_next_probe_is_that_of_the_first_that_waits_for_one),
	    STORY(a_bucket_that_works_again_has_its_targets_tried_at_once),
	    STORY(what_is_on_record_of_a_target_or_a_bucket_is_taken_up),
	    STORY(no_clock_makes_a_probe_wait_longer_than_the_longest_backoff),
	    STORY(targets_that_nothing_is_known_of_are_forgotten_once_they_are_many),
	    STORY(a_target_stays_as_long_as_something_is_known_of_it),
	    STORY(the_next_sweep_is_when_there_are_twice_as_many),
	    STORY(targets_with_a_backlog_take_turns),
	    STORY(bodies_for_a_crowded_bucket_wait),
	    STORY(a_target_that_fails_gets_a_body_when_its_probe_is_due),
	    STORY(a_bucket_that_fails_gets_one_body_for_all_its_targets),
	    STORY(the_backlog_of_a_discarded_target_is_closed_at_any_time),
	    STORY(the_gauges_tell_what_waits_for_whom),
	    STORY(the_target_that_is_blocked_longest_has_its_words_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
