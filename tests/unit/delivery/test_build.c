#include "delivery/build.h"

#include "base/memory.h"
#include "delivery/object.h"
#include "formats/row_hash.h"
#include "support/delivery_world.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_ROWS = 5, NEXT_ID = 41, TEXT_MAX = 256 };

static int set_up(void **state)
{
	struct delivery_world *world = lc_memory_zero(1, sizeof(*world));

	delivery_world_prepare(world);
	world->settings.consumer_max_logs_per_object = MAX_ROWS;
	world->source = lc_source_get(world->sources, 7, lc_view_of("bucket"));
	delivery_world_begin(world, NEXT_ID);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct delivery_world *world = *state;

	delivery_world_end(world);
	free(world);
	return 0;
}

/* Takes a row whose key is this number. */
static struct lc_build_answer answer_to(struct delivery_world *world, unsigned number,
					const char *target, const char *prefix, uint64_t repeat)
{
	struct lc_record record = record_rows_example();
	char key[TEXT_MAX];

	snprintf(key, sizeof key, "%u", number);
	record.object_key = lc_view_of(key);
	record.target_bucket = lc_view_of(target);
	record.target_prefix = lc_view_of(prefix);
	return lc_build_take(world->build, world->source, &record, lc_row_hash(&record), repeat);
}

/* The same; whether all rows taken so far are recorded. */
static bool take(struct delivery_world *world, unsigned number, const char *target,
		 const char *prefix, uint64_t repeat)
{
	return answer_to(world, number, target, prefix, repeat).recorded;
}

static bool take_row(struct delivery_world *world, unsigned number)
{
	return take(world, number, "logs", "", 0);
}

/* The ledger was told of one intent alone; its key. */
static void expect_intent(struct delivery_world *world, unsigned id, char key[TEXT_MAX])
{
	const char *told = fake_ledger_told(world->ledger);
	char expected[TEXT_MAX];
	char rest[TEXT_MAX];

	snprintf(expected, sizeof expected, "intent %u 7/bucket logs ", id);
	assert_memory_equal(told, expected, strlen(expected));
	assert_int_equal(sscanf(told + strlen(expected), "%255s %255s", key, rest), 2);
	assert_string_equal(rest, "durable?");
	assert_string_equal(told + strlen(told) - strlen("durable?\n"), "durable?\n");
}

static void no_upload_starts_before_its_intent_is_on_disk(void **state)
{
	struct delivery_world *world = *state;
	char key[TEXT_MAX];

	assert_false(take_row(world, 1));
	assert_false(lc_build_recording(world->build));
	assert_string_equal(fake_ledger_told(world->ledger), "");
	lc_build_close_all(world->build);
	assert_true(lc_build_recording(world->build));
	expect_intent(world, NEXT_ID, key);
	fake_loop_advance(world->loop, 3600 * 1000);
	assert_int_equal(fake_s3_started(world->s3), 0);
	assert_int_equal(world->submitted, 0);
	assert_int_equal(lc_build_submitted_to(world->build), NEXT_ID);
	fake_ledger_confirm(world->ledger);
	assert_int_equal(world->submitted, 1);
	assert_false(lc_build_recording(world->build));
	assert_int_equal(lc_build_submitted_to(world->build), NEXT_ID + 1);
	fake_loop_advance(world->loop, 0);
	assert_string_equal(fake_s3_key(world->s3), key);
	assert_string_equal(fake_s3_bucket(world->s3), "logs");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	fake_ledger_confirm(world->ledger);
	assert_int_equal(world->delivery.objects->bytes, 0);
	assert_int_equal(world->source->object_rows, 0);
}

static void a_full_object_is_closed(void **state)
{
	struct delivery_world *world = *state;

	for (unsigned row = 1; row < MAX_ROWS; row++)
		assert_false(take_row(world, row));
	assert_true(take_row(world, MAX_ROWS));
	assert_int_equal(fake_ledger_waiting(world->ledger), 1);
	assert_false(take_row(world, MAX_ROWS + 1));
	assert_int_equal(world->source->object_rows, MAX_ROWS + 1);
	assert_int_equal(lc_counters_get(&world->counters, LC_COUNTERS_BUILD_OBJECTS), 1);
	lc_build_drop_open(world->build);
}

static void a_row_for_a_bucket_that_holds_its_share_is_taken_and_that_is_told(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target =
	    lc_target_table_get(world->delivery.targets, lc_view_of("logs"), lc_view_of("a/"));
	size_t share = (size_t)lc_settings_inflight_bytes(&world->settings) / 8 * 6;

	assert_null(answer_to(world, 1, "logs", "a/", 0).crowded);
	target->bucket->bytes += share;
	assert_ptr_equal(answer_to(world, 2, "logs", "a/", 0).crowded, target);
	assert_null(answer_to(world, 3, "other", "a/", 0).crowded);
	assert_int_equal(world->source->object_rows, 3);
	target->bucket->bytes -= share;
	lc_build_drop_open(world->build);
}

static void a_full_object_is_not_the_last_while_another_is_open(void **state)
{
	struct delivery_world *world = *state;

	assert_false(take(world, 0, "other", "", 0));
	for (unsigned row = 1; row <= MAX_ROWS; row++)
		assert_false(take_row(world, row));
	assert_int_equal(fake_ledger_waiting(world->ledger), 1);
	lc_build_close_all(world->build);
	assert_int_equal(fake_ledger_waiting(world->ledger), 2);
}

static void an_object_is_closed_by_its_bytes(void **state)
{
	struct delivery_world *world = *state;

	world->settings.consumer_max_object_bytes = 700;
	delivery_world_begin_again(world, NEXT_ID);
	assert_false(take_row(world, 1));
	assert_true(take_row(world, 2));
}

/* A target that has refused an object for its size gets smaller ones; others do not. */
static void an_object_is_closed_by_what_its_target_takes(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target =
	    lc_target_table_get(world->delivery.targets, lc_view_of("logs"), lc_view_of("small/"));

	target->largest_bytes = 700;
	assert_false(take(world, 1, "logs", "small/", 0));
	assert_false(take(world, 2, "logs", "", 0));
	assert_false(take(world, 3, "logs", "", 0));
	assert_int_equal(fake_ledger_waiting(world->ledger), 0);
	assert_false(take(world, 4, "logs", "small/", 0));
	assert_int_equal(fake_ledger_waiting(world->ledger), 1);

	/* One that takes more than is allowed here makes no difference. */
	target->largest_bytes = UINT64_MAX;
	for (unsigned row = 5; row < 5 + MAX_ROWS; row++)
		assert_false(take(world, row, "logs", "small/", 0));
	assert_int_equal(fake_ledger_waiting(world->ledger), 2);
	lc_build_drop_open(world->build);
}

static void each_bucket_and_prefix_gets_an_object_of_its_own(void **state)
{
	static const char *const targets[][2] = {{"a", ""}, {"a", "x/"}, {"b", "x/"}};
	struct delivery_world *world = *state;

	for (unsigned row = 0; row < 9; row++)
		assert_false(take(world, row, targets[row % 3][0], targets[row % 3][1], 0));
	lc_build_close_all(world->build);
	assert_int_equal(fake_ledger_waiting(world->ledger), 3);
	fake_ledger_confirm(world->ledger);
	assert_int_equal(world->submitted, 3);
	assert_int_equal(lc_build_submitted_to(world->build), NEXT_ID + 3);
}

static void the_largest_object_is_closed_to_make_room(void **state)
{
	struct delivery_world *world = *state;

	assert_false(lc_build_close_largest(world->build));
	assert_false(take(world, 1, "a", "", 0));
	assert_false(take(world, 2, "logs", "", 0));
	assert_false(take(world, 3, "logs", "", 0));
	assert_false(take(world, 4, "b", "", 0));
	assert_true(lc_build_close_largest(world->build));
	assert_non_null(strstr(fake_ledger_told(world->ledger), "7/bucket logs "));
	assert_true(lc_build_close_largest(world->build));
	assert_true(lc_build_close_largest(world->build));
	assert_false(lc_build_close_largest(world->build));
}

static void rows_stored_again_upstream_make_an_object_of_another_name(void **state)
{
	struct delivery_world *world = *state;
	char first[TEXT_MAX];
	char second[TEXT_MAX];
	char third[TEXT_MAX];

	/* In one scan the build knows its own names. */
	for (unsigned row = 1; row <= MAX_ROWS; row++)
		(void)take_row(world, row);
	expect_intent(world, NEXT_ID, first);
	for (unsigned row = 1; row <= MAX_ROWS; row++)
		(void)take_row(world, row);
	expect_intent(world, NEXT_ID + 1, second);
	assert_string_not_equal(first, second);
	lc_build_close_all(world->build);

	/* After a crash between the two, the scan tells how often such rows were taken. */
	for (unsigned row = 1; row <= MAX_ROWS; row++)
		(void)take(world, row, "logs", "", 1);
	expect_intent(world, NEXT_ID + 2, third);
	assert_string_equal(second, third);
	lc_build_close_all(world->build);
	for (unsigned row = 1; row <= MAX_ROWS; row++)
		(void)take(world, row, "logs", "", 2);
	expect_intent(world, NEXT_ID + 3, third);
	assert_string_not_equal(first, third);
	assert_string_not_equal(second, third);
}

/* Takes a row of the day that is so many after 1970-01-01, some ms after it began. */
static bool take_of_day(struct delivery_world *world, unsigned day, int64_t ms)
{
	struct lc_record record = record_rows_example();

	record.start_time_ms = day * INT64_C(86400000) + ms;
	record.target_bucket = lc_view_of("logs");
	record.target_prefix = lc_view_of("");
	return lc_build_take(world->build, world->source, &record, lc_row_hash(&record), 0)
	    .recorded;
}

static void with_event_time_each_day_has_an_object_of_its_own(void **state)
{
	enum { DAY = 24 * 3600 * 1000 };
	struct delivery_world *world = *state;
	char key[TEXT_MAX];

	world->settings.consumer_key_format = LC_OBJECT_KEY_EVENT_TIME;
	for (unsigned row = 0; row < MAX_ROWS - 1; row++) {
		assert_false(take_of_day(world, 17933, DAY - 1 - row));
		assert_false(take_of_day(world, 17934, row));
	}
	/* One of them is full, and the other is still open. */
	assert_false(take_of_day(world, 17934, DAY - 1));
	assert_non_null(
	    strstr(fake_ledger_told(world->ledger), "/2019/02/07/2019-02-07-00-00-00-"));
	assert_true(take_of_day(world, 17933, 0));
	expect_intent(world, NEXT_ID + 1, key);
	assert_non_null(strstr(key, "/2019/02/06/2019-02-06-00-00-00-"));

	/* Other keys do not tell the day: there is one object for all. */
	world->settings.consumer_key_format = LC_OBJECT_KEY_DELIVERY_TIME;
	assert_false(take_of_day(world, 17933, 1));
	assert_false(take_of_day(world, 17934, 1));
	lc_build_close_all(world->build);
	assert_int_equal(lc_build_submitted_to(world->build), NEXT_ID);
	assert_int_equal(fake_ledger_waiting(world->ledger), 3);
}

static void rows_whose_days_mean_nothing_do_not_keep_many_objects_open(void **state)
{
	enum { DAYS_MAX = 16 };
	struct delivery_world *world = *state;

	world->settings.consumer_key_format = LC_OBJECT_KEY_EVENT_TIME;
	for (unsigned day = 0; day < DAYS_MAX; day++)
		assert_false(take_of_day(world, day, 0));
	assert_false(take_of_day(world, 0, 1));
	assert_int_equal(fake_ledger_waiting(world->ledger), 0);
	/* The day that had no row for the longest time makes room. */
	assert_false(take_of_day(world, DAYS_MAX, 0));
	assert_int_equal(fake_ledger_waiting(world->ledger), 1);
	assert_non_null(
	    strstr(fake_ledger_told(world->ledger), "/1970/01/02/1970-01-02-00-00-00-"));
	assert_false(take_of_day(world, 0, 2));
	assert_int_equal(fake_ledger_waiting(world->ledger), 1);
	/* Objects for others are not touched. */
	assert_false(take(world, 1, "other", "", 0));
	assert_int_equal(fake_ledger_waiting(world->ledger), 1);
	lc_build_drop_open(world->build);
}

static void dropped_objects_were_never_taken(void **state)
{
	struct delivery_world *world = *state;

	assert_false(take(world, 1, "a", "", 0));
	assert_false(take(world, 2, "b", "", 0));
	assert_true(world->delivery.objects->bytes > 0);
	lc_build_drop_open(world->build);
	assert_int_equal(world->delivery.objects->bytes, 0);
	assert_int_equal(world->source->object_rows, 0);
	assert_true(TAILQ_EMPTY(&world->source->objects));
	assert_string_equal(fake_ledger_told(world->ledger), "");
	assert_int_equal(lc_build_submitted_to(world->build), NEXT_ID);
}

static void an_object_remembers_what_was_complete_before_it(void **state)
{
	const struct lc_offset offset = {.inserted_at = 9, .req_id = lc_view_of("before")};
	struct delivery_world *world = *state;
	struct lc_mark mark;

	lc_mark_init(&mark);
	lc_mark_set(&mark, &offset);
	lc_source_advance(world->source, &mark);
	lc_mark_free(&mark);
	assert_false(take_row(world, 1));
	assert_true(lc_mark_covers(&TAILQ_FIRST(&world->source->objects)->before, &offset));
	lc_build_drop_open(world->build);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(no_upload_starts_before_its_intent_is_on_disk),
	    STORY(a_full_object_is_closed),
	    STORY(a_row_for_a_bucket_that_holds_its_share_is_taken_and_that_is_told),
	    STORY(a_full_object_is_not_the_last_while_another_is_open),
	    STORY(an_object_is_closed_by_its_bytes),
	    STORY(an_object_is_closed_by_what_its_target_takes),
	    STORY(each_bucket_and_prefix_gets_an_object_of_its_own),
	    STORY(the_largest_object_is_closed_to_make_room),
	    STORY(rows_stored_again_upstream_make_an_object_of_another_name),
	    STORY(with_event_time_each_day_has_an_object_of_its_own),
	    STORY(rows_whose_days_mean_nothing_do_not_keep_many_objects_open),
	    STORY(dropped_objects_were_never_taken),
	    STORY(an_object_remembers_what_was_complete_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
