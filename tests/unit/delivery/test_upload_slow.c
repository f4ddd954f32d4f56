/* Buckets that hang or drip: what they may take of the slots and of the memory. */
#include "delivery/inflight.h"
#include "delivery/target_table.h"
#include "support/upload_world.h"

#include "support/story.h"

#include <stdio.h>
#include <string.h>

enum {
	UPLOADS = 8,
	SLOW_AFTER_MS = 2000,
	FAST = 1024 * 1024, /* bytes a second, or more */
	ROOM = 320,         /* objects */
	TEXT_MAX = 32,
};

static bool is_slow(struct delivery_world *world, const char *bucket)
{
	return upload_world_target(world, bucket, "")->bucket->slow;
}

static unsigned active(struct delivery_world *world, const char *bucket)
{
	return upload_world_target(world, bucket, "")->bucket->active;
}

/* Objects in memory for the bucket. */
static size_t held(struct delivery_world *world, const char *bucket)
{
	return upload_world_target(world, bucket, "")->bucket->bytes /
	       upload_world_object_bytes(world);
}

/* `count` uploads into buckets called hang-0 and so on, one each, none of which gets anywhere. */
static void hang(struct delivery_world *world, unsigned count)
{
	char bucket[TEXT_MAX];

	for (unsigned i = 0; i < count; i++) {
		snprintf(bucket, sizeof bucket, "hang-%u", i);
		upload_world_submit(world, 100 + i, bucket);
	}
	upload_world_run(world);
	assert_int_equal(fake_s3_active(world->s3), count);
	upload_world_pass(world, SLOW_AFTER_MS);
}

static unsigned hanging(struct delivery_world *world, unsigned count)
{
	char bucket[TEXT_MAX];
	unsigned sum = 0;

	for (unsigned i = 0; i < count; i++) {
		snprintf(bucket, sizeof bucket, "hang-%u", i);
		sum += active(world, bucket);
	}
	return sum;
}

/* ---- who is slow ---- */

static void a_bucket_whose_uploads_do_not_move_is_slow(void **state)
{
	struct delivery_world *world = *state;

	upload_world_limit(world, UPLOADS, UPLOADS, ROOM);
	upload_world_submit(world, 1, "hangs");
	upload_world_submit(world, 2, "drips");
	upload_world_submit(world, 3, "fast");
	upload_world_run(world);
	fake_loop_advance(world->loop, SLOW_AFTER_MS - 1);
	lc_upload_tend(world->upload, false);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_TARGETS_SLOW), 0);
	fake_loop_advance(world->loop, 1);
	fake_s3_send(world->s3, "drips", FAST / 1000);
	fake_s3_send(world->s3, "fast", (uint64_t)2 * FAST + FAST / 10);
	lc_upload_tend(world->upload, false);
	assert_true(is_slow(world, "hangs"));
	assert_true(is_slow(world, "drips"));
	assert_false(is_slow(world, "fast"));
	assert_int_equal(upload_world_count(world, LC_COUNTERS_TARGETS_SLOW), 2);

	/* Nothing is failing: each of them is let go on. */
	assert_int_equal(fake_s3_active(world->s3), 3);
	assert_int_equal(lc_target_standing(upload_world_target(world, "hangs", ""))->state,
			 LC_TARGET_HEALTHY);
	while (fake_s3_active(world->s3) > 0)
		fake_s3_answer(world->s3, LC_RETRY_DONE);
}

static void a_bucket_is_slow_until_one_of_its_uploads_is_not(void **state)
{
	struct delivery_world *world = *state;

	upload_world_submit(world, 1, "logs");
	upload_world_run(world);
	upload_world_pass(world, SLOW_AFTER_MS);

	/* This one was slow to its end. */
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	assert_true(is_slow(world, "logs"));
	upload_world_submit(world, 2, "logs");
	upload_world_run(world);
	fake_loop_advance(world->loop, SLOW_AFTER_MS - 1);
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	assert_false(is_slow(world, "logs"));
}

/* ---- slots ---- */

static void buckets_that_hang_give_way_to_those_that_wait(void **state)
{
	struct delivery_world *world = *state;

	upload_world_limit(world, UPLOADS, UPLOADS, ROOM);
	hang(world, UPLOADS);

	/* While nobody waits they may take their time. */
	upload_world_pass(world, 10000);
	assert_int_equal(hanging(world, UPLOADS), UPLOADS);

	/* As many slots as the others need, up to half of all. */
	upload_world_submit(world, 1, "good");
	upload_world_run(world);
	assert_int_equal(active(world, "good"), 1);
	assert_int_equal(hanging(world, UPLOADS), UPLOADS - 1);
	for (uint64_t id = 2; id <= 20; id++)
		upload_world_submit(world, id, "good");
	upload_world_run(world);
	assert_int_equal(active(world, "good"), UPLOADS / 2);
	assert_int_equal(hanging(world, UPLOADS), UPLOADS / 2);
	assert_int_equal(fake_s3_active(world->s3), UPLOADS);

	/* It is a failure of theirs; their objects are not lost. */
	assert_int_equal(upload_world_count(world, LC_COUNTERS_UPLOAD_FAILED), UPLOADS / 2);
	assert_int_equal(world->source->object_rows +
			     lc_target_table_backlog_of_source(world->source).rows,
			 UPLOADS + 20);
	assert_false(lc_attempts_none_stored(world->delivery.attempts, 100));

	/* And all that waits for the good one is delivered. */
	for (int i = 0; i < 20; i++) {
		fake_s3_answer_as(world->s3, "good", 200, "");
		upload_world_run(world);
	}
	fake_ledger_confirm(world->ledger);
	assert_int_equal(world->delivered, 20);
}

/* A hundred new buckets that hang are told by nothing from new ones that work: they must fail first.
 * A bucket that has taken an object does not wait for that. */
static void new_buckets_that_hang_are_not_in_the_way_of_one_that_works(void **state)
{
	struct delivery_world *world = *state;
	char bucket[TEXT_MAX];

	upload_world_limit(world, UPLOADS, UPLOADS, ROOM);
	upload_world_submit(world, 1, "good");
	upload_world_run(world);
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(bucket, sizeof bucket, "new-%u", i);
		upload_world_submit(world, 100 + i, bucket);
	}
	upload_world_run(world);
	assert_int_equal(fake_s3_active(world->s3), UPLOADS);
	upload_world_submit(world, 2, "good");
	upload_world_submit(world, 3, "good");
	upload_world_run(world);
	assert_int_equal(active(world, "good"), 0);

	/* As soon as the first of them are known to be slow. */
	upload_world_pass(world, SLOW_AFTER_MS);
	upload_world_run(world);
	assert_int_equal(active(world, "good"), 2);
	assert_int_equal(fake_s3_active(world->s3), UPLOADS);
}

static void the_slowest_gives_way_first(void **state)
{
	struct delivery_world *world = *state;
	char bucket[TEXT_MAX];

	upload_world_limit(world, UPLOADS, UPLOADS, ROOM);
	hang(world, UPLOADS);
	for (unsigned i = 0; i < UPLOADS; i++) {
		snprintf(bucket, sizeof bucket, "hang-%u", i);

		/* 3 is the slowest, then 4, 5 and so on; all are slow. */
		fake_s3_send(world->s3, bucket, (i + UPLOADS - 3) % UPLOADS * 1000);
	}
	for (unsigned i = 0; i < UPLOADS / 2; i++) {
		upload_world_submit(world, 1 + i, "good");
		upload_world_run(world);
		assert_int_equal(active(world, "good"), i + 1);
		snprintf(bucket, sizeof bucket, "hang-%u", (i + 3) % UPLOADS);
		assert_int_equal(active(world, bucket), 0);
		assert_int_equal(hanging(world, UPLOADS), UPLOADS - 1 - i);
	}
}

static void uploads_that_move_do_not_give_way(void **state)
{
	struct delivery_world *world = *state;
	char bucket[TEXT_MAX];

	upload_world_limit(world, UPLOADS, UPLOADS, ROOM);
	for (unsigned i = 0; i < UPLOADS; i++) {
		snprintf(bucket, sizeof bucket, "hang-%u", i);
		upload_world_submit(world, 100 + i, bucket);
	}
	upload_world_run(world);
	upload_world_submit(world, 1, "good");
	for (unsigned second = 0; second < 10; second++) {
		for (unsigned i = 0; i < UPLOADS; i++) {
			snprintf(bucket, sizeof bucket, "hang-%u", i);
			fake_s3_send(world->s3, bucket, 2 * FAST);
		}
		upload_world_pass(world, 1000);
	}
	assert_int_equal(hanging(world, UPLOADS), UPLOADS);
	assert_int_equal(active(world, "good"), 0);
}

/* Its slots are for buckets that have not failed lately, should one come. */
static void slow_and_failing_buckets_never_take_all_slots(void **state)
{
	struct delivery_world *world = *state;
	char bucket[TEXT_MAX];

	upload_world_limit(world, UPLOADS, UPLOADS, ROOM);
	hang(world, UPLOADS);
	for (unsigned i = 0; i < UPLOADS; i++)
		fake_s3_answer(world->s3, LC_RETRY_AGAIN);
	fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MS);
	assert_int_equal(hanging(world, UPLOADS), UPLOADS / 4 * 3);
	for (unsigned i = 0; i < UPLOADS; i++) {
		snprintf(bucket, sizeof bucket, "good-%u", i);
		upload_world_submit(world, 1 + i, bucket);
	}
	upload_world_run(world);
	assert_int_equal(fake_s3_active(world->s3), UPLOADS);
	assert_int_equal(hanging(world, UPLOADS), UPLOADS / 4 * 3);

	/* Once they are seen to hang they make way, too. */
	for (unsigned i = 0; i < UPLOADS; i++) {
		snprintf(bucket, sizeof bucket, "good-%u", i);
		fake_s3_send(world->s3, bucket, 10 * FAST);
	}
	upload_world_pass(world, SLOW_AFTER_MS);
	assert_int_equal(fake_s3_active(world->s3), UPLOADS);
	assert_int_equal(hanging(world, UPLOADS), UPLOADS / 2);
}

/* ---- memory ---- */

static void a_slow_bucket_keeps_an_eighth_of_the_memory(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target;

	upload_world_limit(world, UPLOADS, 2, ROOM);
	target = upload_world_target(world, "slow", "");
	for (uint64_t id = 1; id <= ROOM / 4; id++)
		upload_world_submit(world, id, "slow");
	upload_world_run(world);
	assert_int_equal(held(world, "slow"), ROOM / 4);
	assert_int_equal(upload_world_backlog(target), 0);
	world->room = 0;
	upload_world_pass(world, SLOW_AFTER_MS);
	assert_true(is_slow(world, "slow"));
	assert_int_equal(held(world, "slow"), ROOM / 8);
	assert_int_equal(upload_world_backlog(target), ROOM / 4 - ROOM / 8);
	assert_true(world->room > 0);

	/* What comes now loses its body at once; what has waited for long keeps its own. */
	upload_world_submit(world, 1000, "slow");
	assert_int_equal(held(world, "slow"), ROOM / 8);
	assert_null(lc_object_find(world->source, 1000));
	assert_non_null(lc_object_find(world->source, 1));
	assert_non_null(lc_object_find(world->source, ROOM / 8));

	/* A good one holds what it likes beside it. */
	for (uint64_t id = 1001; id <= 1000 + ROOM / 2; id++)
		upload_world_submit(world, id, "good");
	assert_int_equal(held(world, "good"), ROOM / 2);
}

/* It holds more than a slow one may, in an object that is larger than that: it must go on. */
static void an_object_that_is_next_keeps_its_body_whatever_its_size(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target;

	upload_world_limit(world, 1, 1, ROOM);
	target = upload_world_target(world, "logs", "");
	upload_world_submit_rows(world, 1, "logs", 20 * ROOM / 8);
	assert_true(held(world, "logs") > ROOM / 8);
	upload_world_run(world);
	fake_loop_advance(world->loop, 2000);
	lc_upload_tend(world->upload, false);
	assert_true(target->bucket->slow);
	fake_s3_answer(world->s3, LC_RETRY_AGAIN);
	assert_non_null(lc_object_find(world->source, 1));
	upload_world_submit(world, 2, "logs");
	assert_null(lc_object_find(world->source, 2));
	fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MS);
	upload_world_expect_put(world, 1, "logs");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
}

/* One hiccup, and all that waits would have to be built again. */
static void a_failure_frees_nothing_that_waits(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target;

	upload_world_limit(world, 1, 1, ROOM);
	target = upload_world_target(world, "logs", "");
	for (uint64_t id = 1; id <= ROOM / 2; id++)
		upload_world_submit(world, id, "logs");
	upload_world_run(world);
	fake_s3_answer(world->s3, LC_RETRY_AGAIN);
	assert_int_equal(target->bucket->standing.state, LC_TARGET_SHAKY);
	lc_upload_tend(world->upload, false);
	assert_int_equal(held(world, "logs"), ROOM / 2);
}

/* Short of memory: what slow buckets have waiting goes, and what they upload gives way. */
static void slow_buckets_make_room_when_memory_is_short(void **state)
{
	enum { BUCKETS = 6, EACH = ROOM / 8 };
	struct delivery_world *world = *state;
	char bucket[TEXT_MAX];
	size_t before;

	upload_world_limit(world, 4 * UPLOADS, UPLOADS, ROOM);
	for (unsigned i = 0; i < BUCKETS; i++) {
		snprintf(bucket, sizeof bucket, "hang-%u", i);
		for (unsigned object = 0; object < EACH; object++)
			upload_world_submit(world, 100 + i * EACH + object, bucket);
	}
	upload_world_run(world);
	before = world->delivery.objects->bytes;
	assert_int_equal(before / upload_world_object_bytes(world), BUCKETS * EACH);
	world->room = 0;
	upload_world_pass(world, SLOW_AFTER_MS);

	/* Three quarters of the memory are in use, not more. */
	assert_true(world->delivery.objects->bytes < before);
	assert_in_range(world->delivery.objects->bytes / upload_world_object_bytes(world), 1,
			ROOM / 4 * 3);
	assert_true(world->room > 0);
	assert_int_equal(world->source->object_rows +
			     lc_target_table_backlog_of_source(world->source).rows,
			 BUCKETS * EACH);
}

static void uploads_of_slow_buckets_give_way_when_memory_is_short(void **state)
{
	enum { ROWS = 10 * ROOM / 8 };
	struct delivery_world *world = *state;
	size_t slow = 0;
	char bucket[TEXT_MAX];

	upload_world_limit(world, 4 * UPLOADS, UPLOADS, ROOM);
	for (unsigned i = 0; i < UPLOADS; i++) {
		snprintf(bucket, sizeof bucket, "hang-%u", i);
		upload_world_submit_rows(world, 100 + i, bucket, ROWS);
	}
	upload_world_run(world);
	assert_int_equal(hanging(world, UPLOADS), UPLOADS);
	assert_true(world->delivery.objects->bytes >
		    (size_t)world->settings.limits_max_inflight_bytes / 4 * 3);
	upload_world_pass(world, SLOW_AFTER_MS);

	/* Those under way hold no more than a quarter. */
	for (unsigned i = 0; i < UPLOADS; i++) {
		snprintf(bucket, sizeof bucket, "hang-%u", i);
		if (active(world, bucket) > 0)
			slow += upload_world_target(world, bucket, "")->bucket->bytes;
	}
	assert_in_range(slow, 1, (size_t)world->settings.limits_max_inflight_bytes / 4);
	assert_true(world->delivery.objects->bytes <
		    (size_t)world->settings.limits_max_inflight_bytes / 4 * 3);
}

static void a_bucket_that_is_waited_for_too_long_spills(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target;

	upload_world_limit(world, UPLOADS, 2, ROOM);
	target = upload_world_target(world, "logs", "");
	for (uint64_t id = 1; id <= ROOM / 8 * 6; id++)
		upload_world_submit(world, id, "logs");
	upload_world_submit(world, 1000, "other");
	upload_world_run(world);
	assert_true(lc_inflight_crowded(world->delivery.objects, target));
	lc_inflight_spill(world->delivery.objects, target);
	assert_false(lc_inflight_crowded(world->delivery.objects, target));
	assert_int_equal(held(world, "logs"), ROOM / 8 * 3);
	assert_int_equal(upload_world_backlog(target), ROOM / 8 * 3);

	/* The newest ones: what is next goes on, and others lose nothing. */
	assert_non_null(lc_object_find(world->source, 1));
	assert_non_null(lc_object_find(world->source, ROOM / 8 * 3));
	assert_null(lc_object_find(world->source, ROOM / 8 * 3 + 1));
	assert_int_equal(upload_world_backlog(upload_world_target(world, "other", "")), 0);
	lc_inflight_spill(world->delivery.objects, target);
	assert_int_equal(held(world, "logs"), ROOM / 8 * 3);
}

static void bodies_built_again_have_an_eighth_of_the_memory(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target;
	size_t eighth;

	upload_world_limit(world, UPLOADS, 2, ROOM);
	eighth = (size_t)world->settings.limits_max_inflight_bytes / 8;
	target = upload_world_target(world, "logs", "");
	assert_int_equal(lc_inflight_room(world->delivery.objects, target), eighth);

	/* Whatever a bucket that works holds; of a slow one only what is left to it. */
	upload_world_submit(world, 1, "logs");
	upload_world_run(world);
	assert_int_equal(lc_inflight_room(world->delivery.objects, target), eighth);
	upload_world_pass(world, SLOW_AFTER_MS);
	assert_true(is_slow(world, "logs"));
	assert_int_equal(lc_inflight_room(world->delivery.objects, target),
			 eighth - upload_world_object_bytes(world));
	for (uint64_t id = 2; id <= ROOM; id++)
		upload_world_submit(world, id, "logs");
	assert_int_equal(lc_inflight_room(world->delivery.objects, target), 0);
}

/* ---- whether anything makes room ---- */

static void uploads_into_slow_and_failing_buckets_promise_no_room(void **state)
{
	struct delivery_world *world = *state;

	upload_world_limit(world, UPLOADS, 1, ROOM);
	assert_false(lc_upload_moving(world->upload));
	assert_false(lc_upload_flowing(world->upload));
	upload_world_submit(world, 1, "logs");
	assert_true(lc_upload_moving(world->upload));
	assert_true(lc_upload_flowing(world->upload));
	upload_world_run(world);
	assert_true(lc_upload_moving(world->upload));
	assert_true(lc_upload_flowing(world->upload));
	upload_world_pass(world, SLOW_AFTER_MS);
	upload_world_submit(world, 2, "logs");

	/* It moves, but who waits for room must help himself. */
	assert_true(lc_upload_moving(world->upload));
	assert_false(lc_upload_flowing(world->upload));
	upload_world_submit(world, 3, "good");
	assert_true(lc_upload_flowing(world->upload));
	upload_world_run(world);
	assert_true(lc_upload_flowing(world->upload));
	fake_s3_answer_as(world->s3, "good", 404, "NoSuchBucket");
	assert_false(lc_upload_flowing(world->upload));
	fake_s3_answer_as(world->s3, "logs", 404, "NoSuchBucket");
	assert_false(lc_upload_moving(world->upload));
	assert_false(lc_upload_flowing(world->upload));
}

/* ---- targets that are not used any more ---- */

static void targets_are_forgotten_when_nobody_holds_them(void **state)
{
	enum { MANY = 2000 };
	struct delivery_world *world = *state;
	const struct lc_target_table *targets = world->delivery.targets;
	const struct lc_view none = lc_view_of("");
	char bucket[TEXT_MAX];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(bucket, sizeof bucket, "idle-%u", i);
		(void)upload_world_target(world, bucket, "");
	}
	lc_upload_tend(world->upload, false);
	assert_non_null(lc_target_table_find(world->delivery.targets, lc_view_of("idle-7"), none));
	lc_upload_tend(world->upload, true);
	assert_null(lc_target_table_find(world->delivery.targets, lc_view_of("idle-7"), none));
	assert_ptr_equal(world->delivery.targets, targets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    UPLOAD_STORY(a_bucket_whose_uploads_do_not_move_is_slow),
	    UPLOAD_STORY(a_bucket_is_slow_until_one_of_its_uploads_is_not),
	    UPLOAD_STORY(buckets_that_hang_give_way_to_those_that_wait),
	    UPLOAD_STORY(new_buckets_that_hang_are_not_in_the_way_of_one_that_works),
	    UPLOAD_STORY(the_slowest_gives_way_first),
	    UPLOAD_STORY(uploads_that_move_do_not_give_way),
	    UPLOAD_STORY(slow_and_failing_buckets_never_take_all_slots),
	    UPLOAD_STORY(a_slow_bucket_keeps_an_eighth_of_the_memory),
	    UPLOAD_STORY(an_object_that_is_next_keeps_its_body_whatever_its_size),
	    UPLOAD_STORY(a_failure_frees_nothing_that_waits),
	    UPLOAD_STORY(slow_buckets_make_room_when_memory_is_short),
	    UPLOAD_STORY(uploads_of_slow_buckets_give_way_when_memory_is_short),
	    UPLOAD_STORY(a_bucket_that_is_waited_for_too_long_spills),
	    UPLOAD_STORY(bodies_built_again_have_an_eighth_of_the_memory),
	    UPLOAD_STORY(uploads_into_slow_and_failing_buckets_promise_no_room),
	    UPLOAD_STORY(targets_are_forgotten_when_nobody_holds_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
