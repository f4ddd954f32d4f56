#include "delivery/attempts.h"
#include "delivery/inflight.h"
#include "delivery/target_table.h"
#include "support/upload_world.h"

#include "base/clock.h"
#include "delivery/undelivered.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>

static void an_object_is_delivered_when_the_ledger_has_it_on_disk(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target = upload_world_target(world, "logs", "");

	upload_world_submit(world, 1, "logs");
	assert_int_equal(fake_s3_started(world->s3), 0);
	assert_non_null(lc_object_find(world->source, 1));
	upload_world_run(world);
	upload_world_expect_put(world, 1, "logs");
	assert_non_null(lc_object_find(world->source, 1));
	assert_false(lc_upload_settled(world->upload));
	assert_string_equal(fake_ledger_told(world->ledger), "");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	assert_string_equal(fake_ledger_told(world->ledger), "delivered 1 1549411240\ndurable?\n");

	/* Until then it is under way: its source may not be committed past it. */
	assert_int_equal(world->delivered, 0);
	assert_int_equal(lc_undelivered_oldest(world->source), UPLOAD_WORLD_SECOND);
	assert_non_null(lc_object_find(world->source, 1));
	assert_false(lc_upload_settled(world->upload));
	assert_int_equal(upload_world_count(world, LC_COUNTERS_RECORDS_DELIVERED), 0);
	fake_ledger_confirm(world->ledger);
	assert_int_equal(world->delivered, 1);
	assert_int_equal(lc_undelivered_oldest(world->source), 0);
	assert_null(lc_object_find(world->source, 1));
	assert_true(lc_upload_settled(world->upload));
	assert_int_equal(upload_world_count(world, LC_COUNTERS_RECORDS_DELIVERED), 1);
	assert_int_equal(world->delivery.objects->bytes, 0);
	assert_int_equal(world->source->object_rows, 0);
	assert_int_equal(target->object_rows, 0);
	assert_true(world->room > 0);
}

/* Which may mean another endpoint and another access key. */
static void each_bucket_has_the_client_of_its_settings(void **state)
{
	struct delivery_world *world = *state;
	struct lc_settings_target entry = {.buckets = (char[]){"vault-*"}};
	struct lc_s3 *clients[] = {world->s3, fake_s3_new()};

	lc_settings_default(&entry.settings);
	entry.settings.entry = 1;
	world->settings.targets = &entry;
	world->settings.target_count = 1;
	world->delivery.s3 = clients;
	upload_world_submit(world, 1, "logs");
	upload_world_submit(world, 2, "vault-1");
	upload_world_run(world);
	assert_int_equal(fake_s3_started(clients[0]), 1);
	assert_int_equal(fake_s3_started(clients[1]), 1);
	assert_string_equal(fake_s3_bucket(clients[0]), "logs");
	assert_string_equal(fake_s3_bucket(clients[1]), "vault-1");
	fake_s3_answer(clients[1], LC_RETRY_DONE);
	fake_s3_answer(clients[0], LC_RETRY_DONE);
	fake_ledger_confirm(world->ledger);
	assert_int_equal(world->delivered, 2);
	fake_s3_free(clients[1]);
	lc_settings_free(&entry.settings);
	world->settings.target_count = 0;
	world->settings.targets = NULL;
}

static void no_more_uploads_run_than_are_allowed(void **state)
{
	struct delivery_world *world = *state;

	for (uint64_t id = 1; id <= 4; id++)
		upload_world_submit(world, id, "a");
	for (uint64_t id = 5; id <= 8; id++)
		upload_world_submit(world, id, "b");
	upload_world_run(world);
	assert_int_equal(fake_s3_active(world->s3), UPLOAD_WORLD_CONCURRENCY);

	/* The targets take turns. */
	upload_world_expect_put(world, 1, "a");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	upload_world_expect_put(world, 5, "b");
	upload_world_run(world);
	assert_int_equal(fake_s3_active(world->s3), UPLOAD_WORLD_CONCURRENCY);
	assert_true(upload_world_target(world, "a", "")->bucket->active <= UPLOAD_WORLD_PER_TARGET);
	assert_true(upload_world_target(world, "b", "")->bucket->active <= UPLOAD_WORLD_PER_TARGET);
	for (int i = 0; i < 7; i++) {
		upload_world_run(world);
		fake_s3_answer(world->s3, LC_RETRY_DONE);
	}
	fake_ledger_confirm(world->ledger);
	assert_int_equal(world->delivered, 8);
	assert_int_equal(fake_s3_started(world->s3), 8);
}

static void one_target_alone_does_not_take_all_uploads(void **state)
{
	struct delivery_world *world = *state;

	for (uint64_t id = 1; id <= 4; id++)
		upload_world_submit(world, id, "a");
	upload_world_run(world);
	assert_int_equal(fake_s3_active(world->s3), UPLOAD_WORLD_PER_TARGET);
	while (fake_s3_active(world->s3) > 0)
		fake_s3_answer(world->s3, LC_RETRY_DONE);
}

/* The others have their turns beside it, however much of it waits. */
static void a_bucket_with_nine_tenths_of_the_objects_delays_no_other(void **state)
{
	enum { HEAVY = 90, LIGHT = 10 };
	struct delivery_world *world = *state;
	const struct lc_target *heavy;
	char bucket[16];
	unsigned answers = 0;

	upload_world_limit(world, 8, 4, 2 * (HEAVY + LIGHT));
	for (uint64_t id = 1; id <= HEAVY; id++)
		upload_world_submit(world, id, "heavy");
	upload_world_run(world);
	for (unsigned i = 0; i < LIGHT; i++) {
		snprintf(bucket, sizeof bucket, "light-%u", i);
		upload_world_submit(world, HEAVY + 1 + i, bucket);
	}
	upload_world_run(world);
	heavy = upload_world_target(world, "heavy", "");
	for (unsigned i = 0; i < LIGHT; i++) {
		const struct lc_target_bucket *light;

		snprintf(bucket, sizeof bucket, "light-%u", i);
		light = upload_world_target(world, bucket, "")->bucket;
		while (light->active > 0 || !TAILQ_EMPTY(&light->queue)) {
			fake_s3_answer(world->s3, LC_RETRY_DONE);
			upload_world_run(world);
			answers++;
		}
	}
	/* It has half of the slots, and so half of the answers. */
	assert_in_range(answers, LIGHT, 3 * LIGHT);
	assert_true(heavy->object_rows > 0);
	assert_false(TAILQ_EMPTY(&heavy->waiting));
	while (fake_s3_active(world->s3) > 0) {
		fake_s3_answer(world->s3, LC_RETRY_DONE);
		upload_world_run(world);
	}
}

static void a_failed_upload_is_tried_again_with_the_same_object(void **state)
{
	struct delivery_world *world = *state;
	char key[256];

	upload_world_submit(world, 1, "logs");
	upload_world_submit(world, 2, "logs");
	upload_world_run(world);
	snprintf(key, sizeof key, "%s", fake_s3_key(world->s3));
	fake_s3_answer(world->s3, LC_RETRY_AGAIN);
	fake_s3_answer(world->s3, LC_RETRY_DONE);

	/* A success beside it says that the target works. */
	upload_world_run(world);
	assert_int_equal(fake_s3_active(world->s3), 1);
	assert_string_equal(fake_s3_key(world->s3), key);
	fake_s3_answer(world->s3, LC_RETRY_AGAIN);
	fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MS - 1);
	assert_int_equal(fake_s3_active(world->s3), 0);
	fake_loop_advance(world->loop, 1);
	assert_string_equal(fake_s3_key(world->s3), key);
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	fake_ledger_confirm(world->ledger);
	assert_int_equal(world->delivered, 2);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_UPLOAD_FAILED), 2);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_INTENTS_WITHOUT_BODY), 0);
}

/* An earlier attempt, or an earlier process, may have stored it. */
static void an_object_that_may_be_there_is_looked_for_first(void **state)
{
	struct delivery_world *world = *state;

	delivery_world_begin_again(world, 2);
	upload_world_submit(world, 1, "logs");
	upload_world_run(world);
	assert_true(fake_s3_looks_first(world->s3));
	fake_s3_answer(world->s3, LC_RETRY_DONE);

	upload_world_submit(world, 2, "logs");
	upload_world_run(world);
	assert_false(fake_s3_looks_first(world->s3));
	fake_s3_answer(world->s3, LC_RETRY_CLOCK);
	fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MS);
	assert_false(fake_s3_looks_first(world->s3));
	fake_s3_answer(world->s3, LC_RETRY_AGAIN);
	fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MAX_MS);
	assert_true(fake_s3_looks_first(world->s3));
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	fake_ledger_confirm(world->ledger);
	assert_int_equal(world->delivered, 2);
}

static void only_what_is_larger_than_the_threshold_goes_in_parts(void **state)
{
	struct delivery_world *world = *state;
	uint64_t size;

	world->settings.s3_multipart_part_bytes = 5242880;
	upload_world_submit(world, 1, "logs");
	upload_world_run(world);
	assert_int_equal(fake_s3_part_size(world->s3), 0); /* as without the setting */
	size = strlen(fake_s3_body(world->s3));
	fake_s3_answer(world->s3, LC_RETRY_DONE);

	world->settings.s3_multipart_threshold_bytes = (int64_t)size;
	upload_world_submit(world, 2, "logs");
	upload_world_run(world);
	assert_int_equal(fake_s3_part_size(world->s3), 0);
	fake_s3_answer(world->s3, LC_RETRY_DONE);

	world->settings.s3_multipart_threshold_bytes = (int64_t)size - 1;
	upload_world_submit(world, 3, "logs");
	upload_world_run(world);
	assert_int_equal(fake_s3_part_size(world->s3), 5242880);
	fake_s3_answer(world->s3, LC_RETRY_DONE);
}

/* It is certain that the object is not stored, and yet there is something to look for. */
static void what_may_have_left_parts_is_looked_for_first(void **state)
{
	struct delivery_world *world = *state;

	upload_world_submit(world, 1, "logs");
	upload_world_run(world);
	fake_s3_answer_leftover(world->s3);
	assert_true(lc_attempts_none_stored(world->delivery.attempts, 1));
	fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MS);
	assert_true(fake_s3_looks_first(world->s3));
	fake_s3_answer(world->s3, LC_RETRY_DONE);
}

static void a_target_that_keeps_failing_frees_all_bodies_but_one(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target = upload_world_target(world, "logs", "");
	struct lc_backlog_sum backlog;
	size_t all;

	for (uint64_t id = 1; id <= 6; id++)
		upload_world_submit(world, id, "logs");
	all = world->delivery.objects->bytes;
	upload_world_put_aside(world, target);
	assert_string_equal(fake_ledger_told(world->ledger), "target logs 0\ntarget logs 3\n");
	assert_int_equal(upload_world_backlog(target), 5);
	assert_int_equal(target->object_rows, 1);
	backlog = lc_target_table_backlog_of_source(world->source);
	assert_int_equal(backlog.intents, 5);
	assert_int_equal(backlog.rows, 5);
	assert_int_equal(backlog.oldest, UPLOAD_WORLD_SECOND);
	assert_int_equal(world->source->object_rows, 1);
	assert_int_equal(world->delivery.objects->bytes, all / 6);
	assert_int_equal(target->bucket->bytes, all / 6);
	assert_false(lc_upload_moving(world->upload));
	lc_upload_tend(world->upload, false);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_TARGETS_BLOCKED), 1);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_INTENTS_WITHOUT_BODY), 5);

	/* No row is delivered, none is forgotten. */
	assert_int_equal(world->delivered, 0);
	assert_int_equal(lc_undelivered_oldest(world->source), UPLOAD_WORLD_SECOND);
}

static void a_refusal_steps_aside_at_once(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target = upload_world_target(world, "logs", "");

	for (uint64_t id = 1; id <= 4; id++)
		upload_world_submit(world, id, "logs");
	upload_world_run(world);
	fake_s3_answer(world->s3, LC_RETRY_WAIT);
	assert_string_equal(fake_ledger_told(world->ledger), "target logs 1 refused\n");

	/* One is still under way: it may tell that all is well. */
	assert_int_equal(upload_world_backlog(target), 3);
	fake_s3_answer(world->s3, LC_RETRY_WAIT);
	assert_int_equal(upload_world_backlog(target), 3);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_BATCHES_FAILED_PERMANENT), 2);
	lc_upload_tend(world->upload, false);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_RECORDS_REFUSED), 4);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_RECORDS_IN_PERMANENT_ERRORS), 2);
	/* nothing has been confirmed since the start */
	assert_true(upload_world_count(world, LC_COUNTERS_S3_FAILING_SINCE) > 0);
}

static void an_object_for_a_target_aside_loses_its_body_at_once(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target = upload_world_target(world, "logs", "");
	size_t one;

	upload_world_submit(world, 1, "logs");
	upload_world_put_aside(world, target);
	one = world->delivery.objects->bytes;
	upload_world_submit(world, 2, "logs");
	assert_int_equal(world->delivery.objects->bytes, one);
	assert_int_equal(upload_world_backlog(target), 1);
	assert_non_null(lc_object_find(world->source, 1));
	assert_null(lc_object_find(world->source, 2));
}

static void one_object_at_a_time_finds_out_when_a_target_works_again(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target = upload_world_target(world, "logs", "");
	const char *expected = "target logs 0\ndelivered ";
	const char *told;
	size_t started;

	for (uint64_t id = 1; id <= 3; id++)
		upload_world_submit(world, id, "logs");
	upload_world_put_aside(world, target);
	started = fake_s3_started(world->s3);
	for (int i = 0; i < 5; i++) {
		fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MAX_MS);
		assert_int_equal(fake_s3_started(world->s3), ++started);
		fake_s3_answer(world->s3, LC_RETRY_AGAIN);
	}
	assert_null(upload_world_next_backlog(world));
	(void)fake_ledger_told(world->ledger);
	fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MAX_MS);
	fake_s3_answer(world->s3, LC_RETRY_DONE);

	/* Which of them it was does not matter. */
	told = fake_ledger_told(world->ledger);
	assert_memory_equal(told, expected, strlen(expected));
	assert_int_equal(lc_target_standing(target)->state, LC_TARGET_HEALTHY);

	/* Now the others may be built again. */
	assert_ptr_equal(upload_world_next_backlog(world), target);
	assert_int_equal(upload_world_backlog(target), 2);
	lc_target_table_remove_backlog(world->delivery.targets, world->source, target, 1);
	lc_target_table_remove_backlog(world->delivery.targets, world->source, target, 1);
	assert_null(upload_world_next_backlog(world));
}

static void one_failing_target_harms_no_other(void **state)
{
	struct delivery_world *world = *state;

	upload_world_submit(world, 1, "bad");
	upload_world_submit(world, 2, "bad");
	upload_world_put_aside(world, upload_world_target(world, "bad", ""));
	for (uint64_t id = 3; id <= 6; id++)
		upload_world_submit(world, id, "good");
	assert_true(lc_upload_moving(world->upload));
	for (int i = 0; i < 4; i++) {
		upload_world_run(world);
		upload_world_expect_put(world, 3 + (uint64_t)i, "good");
		fake_s3_answer(world->s3, LC_RETRY_DONE);
	}
	fake_ledger_confirm(world->ledger);
	assert_int_equal(world->delivered, 4);
	assert_int_equal(lc_target_standing(upload_world_target(world, "good", ""))->state,
			 LC_TARGET_HEALTHY);
	assert_int_equal(upload_world_backlog(upload_world_target(world, "bad", "")), 1);
}

static void a_target_that_works_is_crowded_by_its_share(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target;
	size_t share;

	upload_world_limit(world, UPLOAD_WORLD_CONCURRENCY, UPLOAD_WORLD_PER_TARGET, 8);
	share = (size_t)world->settings.limits_max_inflight_bytes / 8 * 6;
	target = upload_world_target(world, "logs", "");
	for (uint64_t id = 1; id <= 6; id++) {
		assert_false(lc_inflight_crowded(world->delivery.objects, target));
		upload_world_submit(world, id, "logs");
	}
	assert_true(lc_inflight_crowded(world->delivery.objects, target));
	assert_false(
	    lc_inflight_crowded(world->delivery.objects, upload_world_target(world, "other", "")));
	target->bucket->bytes--;
	assert_false(lc_inflight_crowded(world->delivery.objects, target));
	target->bucket->bytes++;
	assert_int_equal(world->delivery.objects->bytes, share);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_INFLIGHT_BYTES), share);
	lc_upload_abandon(world->upload);
	assert_int_equal(world->delivery.objects->bytes, 0);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_INFLIGHT_BYTES), 0);
}

static void restore(struct delivery_world *world, unsigned failures, int64_t wait_ms)
{
	struct lc_ledger_target record = {.bucket = lc_view_of("logs"),
					  .whole = true,
					  .failures = failures,
					  .probe_at_ms = lc_clock_wall_ms() + wait_ms};

	lc_target_table_restore(world->delivery.targets, &record, lc_loop_now_ms(world->loop));
}

static void what_an_earlier_process_knew_of_a_target_still_holds(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target = upload_world_target(world, "logs", "");

	restore(world, 4, 5000);
	assert_int_equal(lc_target_standing(target)->state, LC_TARGET_ASIDE);
	assert_int_equal(lc_target_standing(target)->failures, 4);
	upload_world_submit(world, 7, "logs");
	fake_loop_advance(world->loop, 4000);
	assert_int_equal(fake_s3_started(world->s3), 0);
	fake_loop_advance(world->loop, 1000);
	upload_world_expect_put(world, 7, "logs");

	/* The next wait is longer than the ones before. */
	fake_s3_answer(world->s3, LC_RETRY_AGAIN);
	fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MAX_MS - 1);
	assert_int_equal(fake_s3_active(world->s3), 0);
	fake_loop_advance(world->loop, 1);
	fake_s3_answer(world->s3, LC_RETRY_DONE);
}

static void no_clock_makes_a_target_wait_longer_than_the_longest_backoff(void **state)
{
	struct delivery_world *world = *state;

	restore(world, 4, INT32_MAX);
	upload_world_submit(world, 7, "logs");
	fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MAX_MS);
	upload_world_expect_put(world, 7, "logs");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
}

static void a_target_whose_wait_is_over_is_tried_at_once(void **state)
{
	struct delivery_world *world = *state;

	restore(world, 4, -INT32_MAX);
	upload_world_submit(world, 7, "logs");
	upload_world_run(world);
	upload_world_expect_put(world, 7, "logs");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
}

static void the_operator_has_a_target_tried_at_once(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target = upload_world_target(world, "logs", "");

	upload_world_submit(world, 1, "logs");
	upload_world_put_aside(world, target);
	upload_world_run(world);
	assert_int_equal(fake_s3_active(world->s3), 0);
	lc_upload_retry_now(world->upload, target);
	upload_world_run(world);
	upload_world_expect_put(world, 1, "logs");
	fake_s3_answer(world->s3, LC_RETRY_AGAIN);
	lc_upload_retry_now(world->upload, NULL);
	upload_world_run(world);
	upload_world_expect_put(world, 1, "logs");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
}

static void what_cannot_be_signed_waits_until_it_can(void **state)
{
	struct delivery_world *world = *state;

	upload_world_submit(world, 1, "logs");
	upload_world_run(world);
	for (int i = 0; i < 20; i++) {
		fake_s3_answer_unsigned(world->s3);
		upload_world_run(world);
		assert_int_equal(fake_s3_active(world->s3), 0);
		assert_false(lc_upload_moving(world->upload));
		lc_upload_retry_now(world->upload, NULL); /* there may be some now */
		upload_world_run(world);
		upload_world_expect_put(world, 1, "logs");
		assert_false(fake_s3_looks_first(world->s3));
	}
	assert_int_equal(lc_counters_complaint(&world->counters, LC_COUNTERS_COMPLAINT_S3,
					       (char[LC_COUNTERS_WORDS_SIZE]){0}),
			 LC_FAULT_S3_CREDENTIALS);
	lc_target_table_show(world->delivery.targets, &world->counters);
	assert_int_equal(lc_counters_get(&world->counters, LC_COUNTERS_TARGETS_BLOCKED), 0);
	fake_s3_answer(world->s3, LC_RETRY_DONE);
}

static void what_is_compressed_is_uploaded_when_that_is_done(void **state)
{
	struct delivery_world *world = *state;

	world->settings.consumer_compression = LC_COMPRESSION_GZIP;
	upload_world_submit(world, 1, "logs");
	upload_world_submit(world, 2, "logs");
	assert_int_equal(world->objects.count[LC_OBJECT_COMPRESSING], 2);
	assert_true(lc_upload_moving(world->upload));
	assert_true(lc_upload_flowing(world->upload));
	upload_world_run(world);
	assert_int_equal(world->objects.count[LC_OBJECT_COMPRESSING], 0);
	upload_world_expect_put(world, 1, "logs");
	assert_non_null(strstr(fake_s3_key(world->s3), ".gz"));
	assert_memory_equal(fake_s3_body(world->s3), "\x1f\x8b", 2);
	assert_int_equal(fake_s3_active(world->s3), 2);

	/* It is compressed once. */
	fake_s3_answer(world->s3, LC_RETRY_AGAIN);
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	assert_int_equal(world->objects.count[LC_OBJECT_WAITING], 1);
	upload_world_pass(world, UPLOAD_WORLD_BACKOFF_MAX_MS);
	upload_world_expect_put(world, 1, "logs");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	fake_ledger_confirm(world->ledger);
	assert_int_equal(world->delivered, 2);
	assert_int_equal(world->objects.bytes, 0);
}

static void what_is_compressed_for_a_target_that_is_given_up_is_discarded(void **state)
{
	struct delivery_world *world = *state;

	world->settings.consumer_compression = LC_COMPRESSION_ZSTD;
	upload_world_submit(world, 1, "logs");
	lc_upload_give_up(world->upload, lc_view_of("logs"), lc_view_of(""), true,
			  LC_LEDGER_DISCARDED);
	upload_world_run(world);
	assert_int_equal(fake_s3_started(world->s3), 0);
	assert_int_equal(world->objects.count[LC_OBJECT_DISCARDED], 1);
	fake_ledger_confirm(world->ledger);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_ROWS_DISCARDED), 1);
}

static void abandoned_compressions_leave_their_intents(void **state)
{
	struct delivery_world *world = *state;

	world->settings.consumer_compression = LC_COMPRESSION_ZSTD;
	upload_world_submit(world, 1, "logs");
	lc_upload_abandon(world->upload);
	upload_world_run(world);
	assert_true(lc_upload_settled(world->upload));
	assert_false(lc_upload_moving(world->upload));
	assert_int_equal(upload_world_backlog(upload_world_target(world, "logs", "")), 1);
	assert_int_equal(world->objects.bytes, 0);
	assert_int_equal(fake_s3_started(world->s3), 0);
}

static void abandoned_uploads_leave_their_intents(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target = upload_world_target(world, "logs", "");

	for (uint64_t id = 1; id <= 4; id++)
		upload_world_submit(world, id, "logs");
	upload_world_run(world);
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	lc_upload_abandon(world->upload);
	assert_int_equal(fake_s3_active(world->s3), 0);
	assert_int_equal(upload_world_backlog(target), 3);
	assert_int_equal(lc_target_table_backlog_of_source(world->source).intents, 3);
	fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MAX_MS);
	assert_int_equal(fake_s3_active(world->s3), 0);

	/* What S3 has confirmed is still told to the ledger. */
	assert_false(lc_upload_settled(world->upload));
	fake_ledger_confirm(world->ledger);
	assert_int_equal(world->delivered, 1);
	assert_true(lc_upload_settled(world->upload));
	assert_int_equal(world->delivery.objects->bytes, 0);
}

static void s3_is_called_failing_while_no_answer_comes(void **state)
{
	struct delivery_world *world = *state;

	upload_world_submit(world, 1, "a");
	upload_world_submit(world, 2, "b");
	upload_world_run(world);
	fake_s3_answer(world->s3, LC_RETRY_AGAIN);
	assert_true(upload_world_count(world, LC_COUNTERS_S3_FAILING_SINCE) > 0);
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_S3_FAILING_SINCE), 0);
}

static void all_that_is_under_way_may_end_with_the_process(void **state)
{
	struct delivery_world *world = *state;

	/* Waiting, uploading, confirmed, without a body. */
	upload_world_submit(world, 1, "bad");
	upload_world_submit(world, 2, "bad");
	upload_world_put_aside(world, upload_world_target(world, "bad", ""));
	for (uint64_t id = 3; id <= 6; id++)
		upload_world_submit(world, id, "good");
	upload_world_run(world);
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	assert_int_equal(fake_s3_active(world->s3), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    UPLOAD_STORY(an_object_is_delivered_when_the_ledger_has_it_on_disk),
	    UPLOAD_STORY(each_bucket_has_the_client_of_its_settings),
	    UPLOAD_STORY(no_more_uploads_run_than_are_allowed),
	    UPLOAD_STORY(one_target_alone_does_not_take_all_uploads),
	    UPLOAD_STORY(a_bucket_with_nine_tenths_of_the_objects_delays_no_other),
	    UPLOAD_STORY(a_failed_upload_is_tried_again_with_the_same_object),
	    UPLOAD_STORY(an_object_that_may_be_there_is_looked_for_first),
	    UPLOAD_STORY(only_what_is_larger_than_the_threshold_goes_in_parts),
	    UPLOAD_STORY(what_may_have_left_parts_is_looked_for_first),
	    UPLOAD_STORY(a_target_that_keeps_failing_frees_all_bodies_but_one),
	    UPLOAD_STORY(a_refusal_steps_aside_at_once),
	    UPLOAD_STORY(an_object_for_a_target_aside_loses_its_body_at_once),
	    UPLOAD_STORY(one_object_at_a_time_finds_out_when_a_target_works_again),
	    UPLOAD_STORY(one_failing_target_harms_no_other),
	    UPLOAD_STORY(a_target_that_works_is_crowded_by_its_share),
	    UPLOAD_STORY(what_an_earlier_process_knew_of_a_target_still_holds),
	    UPLOAD_STORY(no_clock_makes_a_target_wait_longer_than_the_longest_backoff),
	    UPLOAD_STORY(a_target_whose_wait_is_over_is_tried_at_once),
	    UPLOAD_STORY(the_operator_has_a_target_tried_at_once),
	    UPLOAD_STORY(what_cannot_be_signed_waits_until_it_can),
	    UPLOAD_STORY(what_is_compressed_is_uploaded_when_that_is_done),
	    UPLOAD_STORY(what_is_compressed_for_a_target_that_is_given_up_is_discarded),
	    UPLOAD_STORY(abandoned_compressions_leave_their_intents),
	    UPLOAD_STORY(abandoned_uploads_leave_their_intents),
	    UPLOAD_STORY(s3_is_called_failing_while_no_answer_comes),
	    UPLOAD_STORY(all_that_is_under_way_may_end_with_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
