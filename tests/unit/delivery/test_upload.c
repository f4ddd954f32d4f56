#include "delivery/upload.h"

#include "base/clock.h"
#include "delivery/backlog.h"
#include "support/fake_ledger.h"
#include "support/fake_loop.h"
#include "support/fake_s3.h"
#include "support/record_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
	ATTEMPTS = 3,
	PER_TARGET = 2,
	CONCURRENCY = 3,
	BACKOFF_MS = 1000,
	BACKOFF_MAX_MS = 8000,
	SECOND = 1549411240, /* insertedAt of all rows */
	TEXT_MAX = 64,
};

struct story {
	struct lc_loop *loop;
	struct lc_ledger *ledger;
	struct lc_s3 *s3;
	struct lc_settings settings;
	struct lc_counters counters;
	struct lc_source_table *sources;
	struct lc_source *source;
	struct lc_upload *upload;
	unsigned delivered;
	unsigned room;
};

static void on_delivered(void *context, struct lc_source *source)
{
	struct story *story = context;

	assert_ptr_equal(source, story->source);
	story->delivered++;
}

static void on_room(void *context)
{
	struct story *story = context;

	story->room++;
}

static const struct lc_upload_callbacks CALLBACKS = {.on_delivered = on_delivered,
						     .on_room = on_room};

static int begin(void **state)
{
	struct story *story = calloc(1, sizeof(*story));

	if (story == NULL)
		return -1;
	story->loop = lc_loop_new(NULL);
	story->ledger = fake_ledger_new();
	story->s3 = fake_s3_new();
	lc_settings_default(&story->settings);
	story->settings.s3_max_retry_attempts = ATTEMPTS;
	story->settings.s3_max_backoff_delay_seconds = BACKOFF_MAX_MS / 1000;
	story->settings.retry_initial_backoff_seconds = BACKOFF_MS / 1000;
	story->settings.retry_backoff_jitter_factor = 0;
	story->settings.limits_max_concurrent_uploads = CONCURRENCY;
	story->settings.limits_max_concurrent_uploads_per_target = PER_TARGET;
	story->sources = lc_source_table_new();
	story->source = lc_source_get(story->sources, 7, lc_view_of("bucket"));
	story->upload = lc_upload_new(story->loop, story->s3, &story->settings, &story->counters,
				      &CALLBACKS, story);
	lc_upload_set_ledger(story->upload, story->ledger, 1);
	*state = story;
	return 0;
}

static int end(void **state)
{
	struct story *story = *state;

	lc_upload_free(story->upload);
	lc_source_table_free(story->sources);
	fake_s3_free(story->s3);
	fake_ledger_free(story->ledger);
	lc_settings_free(&story->settings);
	lc_loop_free(story->loop);
	free(story);
	return 0;
}

static struct lc_target *target_of(struct story *story, const char *bucket)
{
	return lc_target_table_get(lc_upload_targets(story->upload), lc_view_of(bucket),
				   lc_view_of(""));
}

/* Log objects of the target without a body. */
static uint64_t backlog_of(const struct lc_target *target)
{
	return lc_backlog_of_target(target).intents;
}

/* Submits an object of one row, whose key tells its number. */
static void submit(struct story *story, uint64_t id, const char *bucket)
{
	struct lc_target *target = target_of(story, bucket);
	struct lc_record record = record_rows_example();
	struct lc_object *object =
	    lc_object_new(story->source, target, NULL, lc_loop_now_ms(story->loop));

	lc_object_append(object, &record, id, lc_view_of(""));
	lc_object_seal(object);
	lc_object_name(object, id);
	object->intent_id = id;
	TAILQ_INSERT_TAIL(&story->source->objects, object, of_source);
	story->source->object_rows++;
	lc_upload_account(story->upload, target, (ptrdiff_t)lc_object_memory(object));
	lc_upload_submit(story->upload, object);
}

/* The oldest PUT under way is that of this object. */
static void expect_put(const struct story *story, uint64_t id, const char *bucket)
{
	char unique[TEXT_MAX];

	snprintf(unique, sizeof unique, "-%016X", (unsigned)id);
	assert_true(fake_s3_active(story->s3) > 0);
	assert_string_equal(fake_s3_bucket(story->s3), bucket);
	assert_non_null(strstr(fake_s3_key(story->s3), unique));
}

static void run(struct story *story)
{
	fake_loop_advance(story->loop, 0);
}

/* The target fails until it has stepped aside; its objects were submitted and wait. */
static void put_aside(struct story *story, struct lc_target *target)
{
	run(story);
	while (!lc_target_aside(target)) {
		while (fake_s3_active(story->s3) > 0)
			fake_s3_answer(story->s3, LC_RETRY_AGAIN);
		fake_loop_advance(story->loop, BACKOFF_MAX_MS);
	}
	while (fake_s3_active(story->s3) > 0)
		fake_s3_answer(story->s3, LC_RETRY_AGAIN);
}

static uint64_t count(const struct story *story, enum lc_counters_name name)
{
	return lc_counters_get(&story->counters, name);
}

static void an_object_is_delivered_when_the_ledger_has_it_on_disk(void **state)
{
	struct story *story = *state;
	struct lc_target *target = target_of(story, "logs");

	submit(story, 1, "logs");
	assert_int_equal(fake_s3_started(story->s3), 0);
	assert_true(lc_upload_has(story->upload, target, 1));
	run(story);
	expect_put(story, 1, "logs");
	assert_true(lc_upload_has(story->upload, target, 1));
	assert_false(lc_upload_settled(story->upload));
	assert_string_equal(fake_ledger_told(story->ledger), "");
	fake_s3_answer(story->s3, LC_RETRY_DONE);
	assert_string_equal(fake_ledger_told(story->ledger), "delivered 1 1549411240\ndurable?\n");

	/* Until then it is under way: its source may not be committed behind it. */
	assert_int_equal(story->delivered, 0);
	assert_int_equal(lc_source_oldest_undelivered(story->source), SECOND);
	assert_true(lc_upload_has(story->upload, target, 1));
	assert_false(lc_upload_settled(story->upload));
	assert_int_equal(count(story, LC_COUNTERS_RECORDS_DELIVERED), 0);
	fake_ledger_confirm(story->ledger);
	assert_int_equal(story->delivered, 1);
	assert_int_equal(lc_source_oldest_undelivered(story->source), 0);
	assert_false(lc_upload_has(story->upload, target, 1));
	assert_true(lc_upload_settled(story->upload));
	assert_int_equal(count(story, LC_COUNTERS_RECORDS_DELIVERED), 1);
	assert_int_equal(lc_upload_bytes(story->upload), 0);
	assert_int_equal(story->source->object_rows, 0);
	assert_int_equal(target->object_rows, 0);
	assert_true(story->room > 0);
}

static void no_more_uploads_run_than_are_allowed(void **state)
{
	struct story *story = *state;

	for (uint64_t id = 1; id <= 4; id++)
		submit(story, id, "a");
	for (uint64_t id = 5; id <= 8; id++)
		submit(story, id, "b");
	run(story);
	assert_int_equal(fake_s3_active(story->s3), CONCURRENCY);

	/* The targets take turns. */
	expect_put(story, 1, "a");
	fake_s3_answer(story->s3, LC_RETRY_DONE);
	expect_put(story, 5, "b");
	run(story);
	assert_int_equal(fake_s3_active(story->s3), CONCURRENCY);
	assert_true(target_of(story, "a")->bucket->active <= PER_TARGET);
	assert_true(target_of(story, "b")->bucket->active <= PER_TARGET);
	for (int i = 0; i < 7; i++) {
		run(story);
		fake_s3_answer(story->s3, LC_RETRY_DONE);
	}
	fake_ledger_confirm(story->ledger);
	assert_int_equal(story->delivered, 8);
	assert_int_equal(fake_s3_started(story->s3), 8);
}

static void one_target_alone_does_not_take_all_uploads(void **state)
{
	struct story *story = *state;

	for (uint64_t id = 1; id <= 4; id++)
		submit(story, id, "a");
	run(story);
	assert_int_equal(fake_s3_active(story->s3), PER_TARGET);
	while (fake_s3_active(story->s3) > 0)
		fake_s3_answer(story->s3, LC_RETRY_DONE);
}

static void a_failed_upload_is_tried_again_with_the_same_object(void **state)
{
	struct story *story = *state;
	char key[256];

	submit(story, 1, "logs");
	submit(story, 2, "logs");
	run(story);
	snprintf(key, sizeof key, "%s", fake_s3_key(story->s3));
	fake_s3_answer(story->s3, LC_RETRY_AGAIN);
	fake_s3_answer(story->s3, LC_RETRY_DONE);

	/* A success beside it says that the target works. */
	run(story);
	assert_int_equal(fake_s3_active(story->s3), 1);
	assert_string_equal(fake_s3_key(story->s3), key);
	fake_s3_answer(story->s3, LC_RETRY_AGAIN);
	fake_loop_advance(story->loop, BACKOFF_MS - 1);
	assert_int_equal(fake_s3_active(story->s3), 0);
	fake_loop_advance(story->loop, 1);
	assert_string_equal(fake_s3_key(story->s3), key);
	fake_s3_answer(story->s3, LC_RETRY_DONE);
	fake_ledger_confirm(story->ledger);
	assert_int_equal(story->delivered, 2);
	assert_int_equal(count(story, LC_COUNTERS_UPLOAD_FAILED), 2);
	assert_int_equal(count(story, LC_COUNTERS_INTENTS_BODILESS), 0);
}

static void a_target_that_keeps_failing_frees_all_bodies_but_one(void **state)
{
	struct story *story = *state;
	struct lc_target *target = target_of(story, "logs");
	struct lc_backlog_sum backlog;
	size_t all;

	for (uint64_t id = 1; id <= 6; id++)
		submit(story, id, "logs");
	all = lc_upload_bytes(story->upload);
	put_aside(story, target);
	assert_string_equal(fake_ledger_told(story->ledger), "target logs 0\ntarget logs 3\n");
	assert_int_equal(backlog_of(target), 5);
	assert_int_equal(target->object_rows, 1);
	backlog = lc_backlog_of_source(story->source);
	assert_int_equal(backlog.intents, 5);
	assert_int_equal(backlog.rows, 5);
	assert_int_equal(backlog.oldest, SECOND);
	assert_int_equal(story->source->object_rows, 1);
	assert_int_equal(lc_upload_bytes(story->upload), all / 6);
	assert_int_equal(target->bucket->bytes, all / 6);
	assert_false(lc_upload_moving(story->upload));
	lc_upload_tend(story->upload, false);
	assert_int_equal(count(story, LC_COUNTERS_TARGETS_BLOCKED), 1);
	assert_int_equal(count(story, LC_COUNTERS_INTENTS_BODILESS), 5);

	/* No row is delivered, none is forgotten. */
	assert_int_equal(story->delivered, 0);
	assert_int_equal(lc_source_oldest_undelivered(story->source), SECOND);
}

static void a_refusal_steps_aside_at_once(void **state)
{
	struct story *story = *state;
	struct lc_target *target = target_of(story, "logs");

	for (uint64_t id = 1; id <= 4; id++)
		submit(story, id, "logs");
	run(story);
	fake_s3_answer(story->s3, LC_RETRY_WAIT);
	assert_string_equal(fake_ledger_told(story->ledger), "target logs 1 refused\n");

	/* One is still under way: it may tell that all is well. */
	assert_int_equal(backlog_of(target), 3);
	fake_s3_answer(story->s3, LC_RETRY_WAIT);
	assert_int_equal(backlog_of(target), 3);
	assert_int_equal(count(story, LC_COUNTERS_BATCHES_FAILED_PERMANENT), 2);
	lc_upload_tend(story->upload, false);
	assert_int_equal(count(story, LC_COUNTERS_RECORDS_REFUSED), 4);
	assert_int_equal(count(story, LC_COUNTERS_RECORDS_IN_PERMANENT_ERRORS), 2);
	/* nothing has been confirmed since the start */
	assert_true(count(story, LC_COUNTERS_S3_FAILING_SINCE) > 0);
}

static void an_object_for_a_target_aside_loses_its_body_at_once(void **state)
{
	struct story *story = *state;
	struct lc_target *target = target_of(story, "logs");
	size_t one;

	submit(story, 1, "logs");
	put_aside(story, target);
	one = lc_upload_bytes(story->upload);
	submit(story, 2, "logs");
	assert_int_equal(lc_upload_bytes(story->upload), one);
	assert_int_equal(backlog_of(target), 1);
	assert_true(lc_upload_has(story->upload, target, 1));
	assert_false(lc_upload_has(story->upload, target, 2));
}

static void one_object_at_a_time_finds_out_when_a_target_works_again(void **state)
{
	struct story *story = *state;
	struct lc_target *target = target_of(story, "logs");
	const char *expected = "target logs 0\ndelivered ";
	const char *told;
	size_t started;

	for (uint64_t id = 1; id <= 3; id++)
		submit(story, id, "logs");
	put_aside(story, target);
	started = fake_s3_started(story->s3);
	for (int i = 0; i < 5; i++) {
		fake_loop_advance(story->loop, BACKOFF_MAX_MS);
		assert_int_equal(fake_s3_started(story->s3), ++started);
		fake_s3_answer(story->s3, LC_RETRY_AGAIN);
	}
	assert_null(lc_upload_next_backlog(story->upload));
	(void)fake_ledger_told(story->ledger);
	fake_loop_advance(story->loop, BACKOFF_MAX_MS);
	fake_s3_answer(story->s3, LC_RETRY_DONE);

	/* Which of them it was does not matter. */
	told = fake_ledger_told(story->ledger);
	assert_memory_equal(told, expected, strlen(expected));
	assert_int_equal(lc_target_standing(target)->state, LC_TARGET_HEALTHY);

	/* Now the others may be built again. */
	assert_ptr_equal(lc_upload_next_backlog(story->upload), target);
	assert_int_equal(backlog_of(target), 2);
	lc_upload_backlog_gone(story->upload, story->source, target, 1);
	lc_upload_backlog_gone(story->upload, story->source, target, 1);
	assert_null(lc_upload_next_backlog(story->upload));
}

static void one_failing_target_harms_no_other(void **state)
{
	struct story *story = *state;

	submit(story, 1, "bad");
	submit(story, 2, "bad");
	put_aside(story, target_of(story, "bad"));
	for (uint64_t id = 3; id <= 6; id++)
		submit(story, id, "good");
	assert_true(lc_upload_moving(story->upload));
	for (int i = 0; i < 4; i++) {
		run(story);
		expect_put(story, 3 + (uint64_t)i, "good");
		fake_s3_answer(story->s3, LC_RETRY_DONE);
	}
	fake_ledger_confirm(story->ledger);
	assert_int_equal(story->delivered, 4);
	assert_int_equal(lc_target_standing(target_of(story, "good"))->state, LC_TARGET_HEALTHY);
	assert_int_equal(backlog_of(target_of(story, "bad")), 1);
}

static void a_target_that_works_is_crowded_by_its_share(void **state)
{
	struct story *story = *state;
	struct lc_target *target = target_of(story, "logs");
	ptrdiff_t share = (ptrdiff_t)story->settings.limits_max_inflight_bytes / 8 * 6;

	lc_upload_account(story->upload, target, share - 1);
	assert_false(lc_upload_crowded(story->upload, target));
	lc_upload_account(story->upload, target, 1);
	assert_true(lc_upload_crowded(story->upload, target));
	assert_false(lc_upload_crowded(story->upload, target_of(story, "other")));
	assert_int_equal(lc_upload_bytes(story->upload), share);
	assert_int_equal(count(story, LC_COUNTERS_INFLIGHT_BYTES), share);
	lc_upload_account(story->upload, target, -share);
	assert_int_equal(lc_upload_bytes(story->upload), 0);
}

static void restore(struct story *story, unsigned failures, int64_t wait_ms)
{
	struct lc_ledger_target record = {.bucket = lc_view_of("logs"),
					  .whole = true,
					  .failures = failures,
					  .probe_at_ms = lc_clock_wall_ms() + wait_ms};

	lc_target_table_restore(lc_upload_targets(story->upload), &record,
				lc_loop_now_ms(story->loop));
}

static void what_an_earlier_process_knew_of_a_target_still_holds(void **state)
{
	struct story *story = *state;
	struct lc_target *target = target_of(story, "logs");

	restore(story, 4, 5000);
	assert_int_equal(lc_target_standing(target)->state, LC_TARGET_ASIDE);
	assert_int_equal(lc_target_standing(target)->failures, 4);
	submit(story, 7, "logs");
	fake_loop_advance(story->loop, 4000);
	assert_int_equal(fake_s3_started(story->s3), 0);
	fake_loop_advance(story->loop, 1000);
	expect_put(story, 7, "logs");

	/* The next wait is longer than the ones before. */
	fake_s3_answer(story->s3, LC_RETRY_AGAIN);
	fake_loop_advance(story->loop, BACKOFF_MAX_MS - 1);
	assert_int_equal(fake_s3_active(story->s3), 0);
	fake_loop_advance(story->loop, 1);
	fake_s3_answer(story->s3, LC_RETRY_DONE);
}

static void no_clock_makes_a_target_wait_longer_than_the_longest_backoff(void **state)
{
	struct story *story = *state;

	restore(story, 4, INT32_MAX);
	submit(story, 7, "logs");
	fake_loop_advance(story->loop, BACKOFF_MAX_MS);
	expect_put(story, 7, "logs");
	fake_s3_answer(story->s3, LC_RETRY_DONE);
}

static void a_target_whose_wait_is_over_is_tried_at_once(void **state)
{
	struct story *story = *state;

	restore(story, 4, -INT32_MAX);
	submit(story, 7, "logs");
	run(story);
	expect_put(story, 7, "logs");
	fake_s3_answer(story->s3, LC_RETRY_DONE);
}

static void the_operator_has_a_target_tried_at_once(void **state)
{
	struct story *story = *state;
	struct lc_target *target = target_of(story, "logs");

	submit(story, 1, "logs");
	put_aside(story, target);
	run(story);
	assert_int_equal(fake_s3_active(story->s3), 0);
	lc_upload_retry_now(story->upload, target);
	run(story);
	expect_put(story, 1, "logs");
	fake_s3_answer(story->s3, LC_RETRY_AGAIN);
	lc_upload_retry_now(story->upload, NULL);
	run(story);
	expect_put(story, 1, "logs");
	fake_s3_answer(story->s3, LC_RETRY_DONE);
}

static void abandoned_uploads_leave_their_intents(void **state)
{
	struct story *story = *state;
	struct lc_target *target = target_of(story, "logs");

	for (uint64_t id = 1; id <= 4; id++)
		submit(story, id, "logs");
	run(story);
	fake_s3_answer(story->s3, LC_RETRY_DONE);
	lc_upload_abandon(story->upload);
	assert_int_equal(fake_s3_active(story->s3), 0);
	assert_int_equal(backlog_of(target), 3);
	assert_int_equal(lc_backlog_of_source(story->source).intents, 3);
	fake_loop_advance(story->loop, BACKOFF_MAX_MS);
	assert_int_equal(fake_s3_active(story->s3), 0);

	/* What S3 has confirmed is still told to the ledger. */
	assert_false(lc_upload_settled(story->upload));
	fake_ledger_confirm(story->ledger);
	assert_int_equal(story->delivered, 1);
	assert_true(lc_upload_settled(story->upload));
	assert_int_equal(lc_upload_bytes(story->upload), 0);
}

static void s3_is_called_failing_while_no_answer_comes(void **state)
{
	struct story *story = *state;

	submit(story, 1, "a");
	submit(story, 2, "b");
	run(story);
	fake_s3_answer(story->s3, LC_RETRY_AGAIN);
	assert_true(count(story, LC_COUNTERS_S3_FAILING_SINCE) > 0);
	fake_s3_answer(story->s3, LC_RETRY_DONE);
	assert_int_equal(count(story, LC_COUNTERS_S3_FAILING_SINCE), 0);
}

static void all_that_is_under_way_may_end_with_the_process(void **state)
{
	struct story *story = *state;

	/* Waiting, uploading, confirmed, without a body. */
	submit(story, 1, "bad");
	submit(story, 2, "bad");
	put_aside(story, target_of(story, "bad"));
	for (uint64_t id = 3; id <= 6; id++)
		submit(story, id, "good");
	run(story);
	fake_s3_answer(story->s3, LC_RETRY_DONE);
	assert_int_equal(fake_s3_active(story->s3), 1);
}

#define STORY(story) cmocka_unit_test_setup_teardown(story, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(an_object_is_delivered_when_the_ledger_has_it_on_disk),
	    STORY(no_more_uploads_run_than_are_allowed),
	    STORY(one_target_alone_does_not_take_all_uploads),
	    STORY(a_failed_upload_is_tried_again_with_the_same_object),
	    STORY(a_target_that_keeps_failing_frees_all_bodies_but_one),
	    STORY(a_refusal_steps_aside_at_once),
	    STORY(an_object_for_a_target_aside_loses_its_body_at_once),
	    STORY(one_object_at_a_time_finds_out_when_a_target_works_again),
	    STORY(one_failing_target_harms_no_other),
	    STORY(a_target_that_works_is_crowded_by_its_share),
	    STORY(what_an_earlier_process_knew_of_a_target_still_holds),
	    STORY(no_clock_makes_a_target_wait_longer_than_the_longest_backoff),
	    STORY(a_target_whose_wait_is_over_is_tried_at_once),
	    STORY(the_operator_has_a_target_tried_at_once),
	    STORY(abandoned_uploads_leave_their_intents),
	    STORY(s3_is_called_failing_while_no_answer_comes),
	    STORY(all_that_is_under_way_may_end_with_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
