#include "delivery/build.h"

#include "delivery/object.h"
#include "formats/row_hash.h"
#include "support/fake_ledger.h"
#include "support/fake_loop.h"
#include "support/fake_s3.h"
#include "support/record_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX_ROWS = 5, NEXT_ID = 41, TEXT_MAX = 64 };

struct story {
	struct lc_loop *loop;
	struct lc_ledger *ledger;
	struct lc_s3 *s3;
	struct lc_settings settings;
	struct lc_counters counters;
	struct lc_source_table *sources;
	struct lc_source *source;
	struct lc_upload *upload;
	struct lc_build *build;
	unsigned submitted;
	char key[TEXT_MAX];
};

static void on_delivered(void *context, struct lc_source *source)
{
	(void)context;
	(void)source;
}

static void on_room(void *context)
{
	(void)context;
}

static const struct lc_upload_callbacks CALLBACKS = {.on_delivered = on_delivered,
						     .on_room = on_room};

static void on_submitted(void *context)
{
	struct story *story = context;

	story->submitted++;
}

static int begin(void **state)
{
	struct story *story = calloc(1, sizeof(*story));

	if (story == NULL)
		return -1;
	story->loop = lc_loop_new(NULL);
	story->ledger = fake_ledger_new();
	story->s3 = fake_s3_new();
	lc_settings_default(&story->settings);
	story->settings.consumer_max_logs_per_object = MAX_ROWS;
	story->sources = lc_source_table_new();
	story->source = lc_source_get(story->sources, 7, lc_view_of("bucket"));
	story->upload = lc_upload_new(story->loop, story->s3, &story->settings, &story->counters,
				      &CALLBACKS, story);
	lc_upload_set_ledger(story->upload, story->ledger, NEXT_ID);
	story->build = lc_build_new(story->loop, &story->settings, story->upload, story->ledger,
				    NEXT_ID, &story->counters, on_submitted, story);
	*state = story;
	return 0;
}

static int end(void **state)
{
	struct story *story = *state;

	lc_build_free(story->build);
	lc_upload_free(story->upload);
	lc_source_table_free(story->sources);
	fake_s3_free(story->s3);
	fake_ledger_free(story->ledger);
	lc_settings_free(&story->settings);
	lc_loop_free(story->loop);
	free(story);
	return 0;
}

/* Takes a row whose key is this number. */
static struct lc_build_answer answer_to(struct story *story, unsigned number, const char *target,
					const char *prefix, uint64_t repeat)
{
	struct lc_record record = record_rows_example();

	snprintf(story->key, sizeof story->key, "%u", number);
	record.object_key = lc_view_of(story->key);
	record.target_bucket = lc_view_of(target);
	record.target_prefix = lc_view_of(prefix);
	return lc_build_take(story->build, story->source, &record, lc_row_hash(&record), repeat);
}

/* The same; whether all rows taken so far are recorded. */
static bool take(struct story *story, unsigned number, const char *target, const char *prefix,
		 uint64_t repeat)
{
	return answer_to(story, number, target, prefix, repeat).recorded;
}

static bool take_row(struct story *story, unsigned number)
{
	return take(story, number, "logs", "", 0);
}

/* The ledger was told of one intent alone; its key. */
static void expect_intent(struct story *story, unsigned id, char key[TEXT_MAX])
{
	const char *told = fake_ledger_told(story->ledger);
	char expected[TEXT_MAX];
	char rest[TEXT_MAX];

	snprintf(expected, sizeof expected, "intent %u 7/bucket logs ", id);
	assert_memory_equal(told, expected, strlen(expected));
	assert_int_equal(sscanf(told + strlen(expected), "%63s %63s", key, rest), 2);
	assert_string_equal(rest, "durable?");
	assert_string_equal(told + strlen(told) - strlen("durable?\n"), "durable?\n");
}

static void no_upload_starts_before_its_intent_is_on_disk(void **state)
{
	struct story *story = *state;
	char key[TEXT_MAX];

	assert_false(take_row(story, 1));
	assert_false(lc_build_recording(story->build));
	assert_string_equal(fake_ledger_told(story->ledger), "");
	lc_build_close_all(story->build);
	assert_true(lc_build_recording(story->build));
	expect_intent(story, NEXT_ID, key);
	fake_loop_advance(story->loop, 3600 * 1000);
	assert_int_equal(fake_s3_started(story->s3), 0);
	assert_int_equal(story->submitted, 0);
	assert_int_equal(lc_build_submitted_to(story->build), NEXT_ID);
	fake_ledger_confirm(story->ledger);
	assert_int_equal(story->submitted, 1);
	assert_false(lc_build_recording(story->build));
	assert_int_equal(lc_build_submitted_to(story->build), NEXT_ID + 1);
	fake_loop_advance(story->loop, 0);
	assert_string_equal(fake_s3_key(story->s3), key);
	assert_string_equal(fake_s3_bucket(story->s3), "logs");
	fake_s3_answer(story->s3, LC_RETRY_DONE);
	fake_ledger_confirm(story->ledger);
	assert_int_equal(lc_upload_bytes(story->upload), 0);
	assert_int_equal(story->source->object_rows, 0);
}

static void a_full_object_is_closed(void **state)
{
	struct story *story = *state;

	for (unsigned row = 1; row < MAX_ROWS; row++)
		assert_false(take_row(story, row));
	assert_true(take_row(story, MAX_ROWS));
	assert_int_equal(fake_ledger_waiting(story->ledger), 1);
	assert_false(take_row(story, MAX_ROWS + 1));
	assert_int_equal(story->source->object_rows, MAX_ROWS + 1);
	assert_int_equal(lc_counters_get(&story->counters, LC_COUNTERS_BUILD_OBJECTS), 1);
	lc_build_drop_open(story->build);
}

static void a_row_for_a_bucket_that_holds_its_share_is_taken_and_that_is_told(void **state)
{
	struct story *story = *state;
	struct lc_target *target = lc_target_table_get(lc_upload_targets(story->upload),
						       lc_view_of("logs"), lc_view_of("a/"));
	size_t share = (size_t)story->settings.limits_max_inflight_bytes / 8 * 6;

	assert_null(answer_to(story, 1, "logs", "a/", 0).crowded);
	target->bucket->bytes += share;
	assert_ptr_equal(answer_to(story, 2, "logs", "a/", 0).crowded, target);
	assert_null(answer_to(story, 3, "other", "a/", 0).crowded);
	assert_int_equal(story->source->object_rows, 3);
	target->bucket->bytes -= share;
	lc_build_drop_open(story->build);
}

static void a_full_object_is_not_the_last_while_another_is_open(void **state)
{
	struct story *story = *state;

	assert_false(take(story, 0, "other", "", 0));
	for (unsigned row = 1; row <= MAX_ROWS; row++)
		assert_false(take_row(story, row));
	assert_int_equal(fake_ledger_waiting(story->ledger), 1);
	lc_build_close_all(story->build);
	assert_int_equal(fake_ledger_waiting(story->ledger), 2);
}

static void an_object_is_closed_by_its_bytes(void **state)
{
	struct story *story = *state;

	lc_build_free(story->build);
	story->settings.consumer_max_object_bytes = 700;
	story->build = lc_build_new(story->loop, &story->settings, story->upload, story->ledger,
				    NEXT_ID, &story->counters, on_submitted, story);
	assert_false(take_row(story, 1));
	assert_true(take_row(story, 2));
}

/* A target that has refused an object for its size gets smaller ones; others do not. */
static void an_object_is_closed_by_what_its_target_takes(void **state)
{
	struct story *story = *state;
	struct lc_target *target = lc_target_table_get(lc_upload_targets(story->upload),
						       lc_view_of("logs"), lc_view_of("small/"));

	target->largest_bytes = 700;
	assert_false(take(story, 1, "logs", "small/", 0));
	assert_false(take(story, 2, "logs", "", 0));
	assert_false(take(story, 3, "logs", "", 0));
	assert_int_equal(fake_ledger_waiting(story->ledger), 0);
	assert_false(take(story, 4, "logs", "small/", 0));
	assert_int_equal(fake_ledger_waiting(story->ledger), 1);

	/* One that takes more than is allowed here makes no difference. */
	target->largest_bytes = UINT64_MAX;
	for (unsigned row = 5; row < 5 + MAX_ROWS; row++)
		assert_false(take(story, row, "logs", "small/", 0));
	assert_int_equal(fake_ledger_waiting(story->ledger), 2);
	lc_build_drop_open(story->build);
}

static void each_bucket_and_prefix_gets_an_object_of_its_own(void **state)
{
	static const char *const targets[][2] = {{"a", ""}, {"a", "x/"}, {"b", "x/"}};
	struct story *story = *state;

	for (unsigned row = 0; row < 9; row++)
		assert_false(take(story, row, targets[row % 3][0], targets[row % 3][1], 0));
	lc_build_close_all(story->build);
	assert_int_equal(fake_ledger_waiting(story->ledger), 3);
	fake_ledger_confirm(story->ledger);
	assert_int_equal(story->submitted, 3);
	assert_int_equal(lc_build_submitted_to(story->build), NEXT_ID + 3);
}

static void the_largest_object_is_closed_to_make_room(void **state)
{
	struct story *story = *state;

	assert_false(lc_build_close_largest(story->build));
	assert_false(take(story, 1, "a", "", 0));
	assert_false(take(story, 2, "logs", "", 0));
	assert_false(take(story, 3, "logs", "", 0));
	assert_false(take(story, 4, "b", "", 0));
	assert_true(lc_build_close_largest(story->build));
	assert_non_null(strstr(fake_ledger_told(story->ledger), "7/bucket logs "));
	assert_true(lc_build_close_largest(story->build));
	assert_true(lc_build_close_largest(story->build));
	assert_false(lc_build_close_largest(story->build));
}

static void rows_stored_again_upstream_make_an_object_of_another_name(void **state)
{
	struct story *story = *state;
	char first[TEXT_MAX];
	char second[TEXT_MAX];
	char third[TEXT_MAX];

	/* In one scan the build knows its own names. */
	for (unsigned row = 1; row <= MAX_ROWS; row++)
		(void)take_row(story, row);
	expect_intent(story, NEXT_ID, first);
	for (unsigned row = 1; row <= MAX_ROWS; row++)
		(void)take_row(story, row);
	expect_intent(story, NEXT_ID + 1, second);
	assert_string_not_equal(first, second);
	lc_build_close_all(story->build);

	/* After a crash between the two, the scan tells how often such rows were taken. */
	for (unsigned row = 1; row <= MAX_ROWS; row++)
		(void)take(story, row, "logs", "", 1);
	expect_intent(story, NEXT_ID + 2, third);
	assert_string_equal(second, third);
	lc_build_close_all(story->build);
	for (unsigned row = 1; row <= MAX_ROWS; row++)
		(void)take(story, row, "logs", "", 2);
	expect_intent(story, NEXT_ID + 3, third);
	assert_string_not_equal(first, third);
	assert_string_not_equal(second, third);
}

static void dropped_objects_were_never_taken(void **state)
{
	struct story *story = *state;

	assert_false(take(story, 1, "a", "", 0));
	assert_false(take(story, 2, "b", "", 0));
	assert_true(lc_upload_bytes(story->upload) > 0);
	lc_build_drop_open(story->build);
	assert_int_equal(lc_upload_bytes(story->upload), 0);
	assert_int_equal(story->source->object_rows, 0);
	assert_true(TAILQ_EMPTY(&story->source->objects));
	assert_string_equal(fake_ledger_told(story->ledger), "");
	assert_int_equal(lc_build_submitted_to(story->build), NEXT_ID);
}

static void an_object_remembers_what_was_complete_before_it(void **state)
{
	const struct lc_offset offset = {.inserted_at = 9, .req_id = lc_view_of("before")};
	struct story *story = *state;
	struct lc_mark mark;

	lc_mark_init(&mark);
	lc_mark_set(&mark, &offset);
	lc_source_advance(story->source, &mark);
	lc_mark_free(&mark);
	assert_false(take_row(story, 1));
	assert_true(lc_mark_covers(&TAILQ_FIRST(&story->source->objects)->before, &offset));
	lc_build_drop_open(story->build);
}

#define STORY(story) cmocka_unit_test_setup_teardown(story, begin, end)

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
	    STORY(dropped_objects_were_never_taken),
	    STORY(an_object_remembers_what_was_complete_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
