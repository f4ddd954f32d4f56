/* What is refused: a prefix, a bucket, one object alone; and what an operator gives up. */
#include "delivery/target_table.h"
#include "support/upload_world.h"

#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	HOLD_MS = 600 * 1000,
	ASKED_HOLD_MS = 5000,
	ROWS = 8,
	MANY = 100,
	TEXT_MAX = 32,
	LARGE_OBJECT = 16 << 20,
};

static const char *told(struct delivery_world *world)
{
	return fake_ledger_told(world->ledger);
}

/* ---- prefixes ---- */

static void a_refused_prefix_harms_no_other_of_its_bucket(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *bad = upload_world_target(world, "logs", "bad/");
	struct lc_target *good = upload_world_target(world, "logs", "good/");

	for (uint64_t id = 1; id <= 3; id++)
		upload_world_submit_to(world, id, "logs", "bad/");
	for (uint64_t id = 4; id <= 7; id++)
		upload_world_submit_to(world, id, "logs", "good/");
	upload_world_run(world);
	upload_world_expect_put(world, 1, "logs");
	fake_s3_answer_as(world->s3, "logs", 403, "AccessDenied");
	assert_string_equal(told(world), "target logs/bad/ 1 refused\n");
	assert_true(lc_target_aside(bad));
	assert_false(lc_target_aside(good));

	/* It keeps one body to probe with. */
	assert_int_equal(upload_world_backlog(bad), 2);
	assert_non_null(lc_object_find(world->source, 1));
	assert_int_equal(upload_world_backlog(good), 0);
	for (uint64_t id = 4; id <= 7; id++) {
		upload_world_run(world);
		upload_world_expect_put(world, id, "logs");
		fake_s3_answer(world->s3, LC_RETRY_DONE);
	}
	fake_ledger_confirm(world->ledger);
	assert_int_equal(world->delivered, 4);
	assert_true(lc_target_aside(bad));
	fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MS);
	upload_world_expect_put(world, 1, "logs");
	(void)told(world);
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	assert_string_equal(told(world), "target logs/bad/ 0\ndelivered 1 1549411240\ndurable?\n");
	assert_false(lc_target_aside(bad));
}

static void a_bucket_that_refuses_prefix_after_prefix_is_probed_with_each_in_turn(void **state)
{
	enum { PREFIXES = 4 };
	struct delivery_world *world = *state;
	unsigned probed[PREFIXES] = {0};
	char prefix[TEXT_MAX];

	upload_world_limit(world, 8, 8, 1000);
	for (uint64_t id = 0; id < PREFIXES; id++) {
		snprintf(prefix, sizeof prefix, "%u/", (unsigned)id);
		upload_world_submit_to(world, id, "logs", prefix);
	}
	fake_loop_advance(world->loop, 1);
	for (int i = 0; i < PREFIXES; i++)
		fake_s3_answer_as(world->s3, "logs", 403, "AccessDenied");
	assert_string_equal(told(world), "target logs/0/ 1 refused\ntarget logs/1/ 1 refused\n"
					 "target logs/2/ 1 refused\ntarget logs 1 refused\n"
					 "target logs/3/ 1 refused\n");
	assert_null(upload_world_next_backlog(world));
	fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MS);

	/* The bodies come from the rebuild, one at a time. */
	for (int i = 0; i < 2 * PREFIXES; i++) {
		struct lc_target *target = upload_world_next_backlog(world);
		unsigned id;

		assert_non_null(target);
		id = (unsigned)(target->prefix.data[0] - '0');
		assert_int_equal(probed[id]++, i / PREFIXES);
		lc_target_table_remove_backlog(world->delivery.targets, world->source, target, 1);
		snprintf(prefix, sizeof prefix, "%u/", id);
		upload_world_submit_to(world, id, "logs", prefix);
		assert_null(upload_world_next_backlog(world));
		upload_world_run(world);
		assert_int_equal(fake_s3_active(world->s3), 1);
		upload_world_expect_put(world, id, "logs");
		fake_s3_answer_as(world->s3, "logs", 403, "AccessDenied");
		assert_null(upload_world_next_backlog(world));
		fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MAX_MS);
	}
}

/* ---- one object alone ---- */

static void an_object_refused_for_its_size_is_cut_again(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target = upload_world_target(world, "logs", "");
	uint64_t bytes;

	upload_world_submit_rows(world, 1, "logs", ROWS);
	upload_world_submit(world, 2, "logs");
	bytes = TAILQ_FIRST(&target->waiting)->body_size;
	upload_world_run(world);
	fake_s3_answer_as(world->s3, "logs", 413, "EntityTooLarge");

	/* Its rows are open before its intent is gone: they are never neither. */
	assert_string_equal(told(world), "ranges 7/bucket 1549411240-1549411241@1549411240\n"
					 "withdrawn 1 1549411240\ndurable?\n");
	assert_int_equal(world->source->open_rows, ROWS);
	assert_true(world->source->ranges[0].doubtful);
	assert_non_null(lc_object_find(world->source, 1));
	assert_int_equal(upload_world_count(world, LC_COUNTERS_INTENTS_WITHDRAWN), 0);
	fake_ledger_confirm(world->ledger);
	assert_null(lc_object_find(world->source, 1));
	assert_int_equal(upload_world_backlog(target), 0);
	assert_int_equal(world->source->object_rows, 1);
	assert_int_equal(target->object_rows, 1);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_INTENTS_WITHDRAWN), 1);

	/* The next ones are smaller, and the target works. */
	assert_int_equal(target->largest_bytes, bytes / 2);
	assert_int_equal(lc_target_standing(target)->state, LC_TARGET_HEALTHY);
	upload_world_expect_put(world, 2, "logs");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	fake_ledger_confirm(world->ledger);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_RECORDS_DELIVERED), 1);
	assert_int_equal(world->delivery.objects->bytes, 0);
	assert_true(lc_upload_settled(world->upload));
}

static void smaller_objects_that_are_refused_are_cut_smaller_still(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target = upload_world_target(world, "logs", "");
	uint64_t least;

	upload_world_submit_rows(world, 1, "logs", ROWS);
	upload_world_submit_rows(world, 2, "logs", ROWS / 2);
	upload_world_run(world);
	fake_s3_answer_as(world->s3, "logs", 413, "");
	fake_s3_answer_as(world->s3, "logs", 413, "");
	least = target->largest_bytes;

	/* A large one that was on its way does not raise it. */
	upload_world_submit_rows(world, 3, "logs", ROWS);
	upload_world_run(world);
	fake_s3_answer_as(world->s3, "logs", 413, "");
	assert_true(least > 0);
	assert_int_equal(target->largest_bytes, least);
}

/* The object is refused for its size, and is left alone for a while: it holds up nobody. */
static void expect_left_alone_for(struct delivery_world *world, uint64_t id, uint64_t ms)
{
	struct lc_target *target = upload_world_target(world, "logs", "");
	struct lc_attempts *attempts = world->delivery.attempts;

	fake_s3_answer_as(world->s3, "logs", 413, "EntityTooLarge");
	assert_null(strstr(told(world), "withdrawn"));
	assert_null(lc_object_find(world->source, id));
	assert_int_equal(upload_world_backlog(target), 1);
	assert_int_equal(lc_attempts_held_until_ms(attempts, id), lc_loop_now_ms(world->loop) + ms);
	assert_int_equal(lc_target_standing(target)->state, LC_TARGET_HEALTHY);
	upload_world_submit(world, 99, "logs");
	upload_world_run(world);
	upload_world_expect_put(world, 99, "logs");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_INTENTS_WITHDRAWN), 0);
}

static void expect_left_alone(struct delivery_world *world, uint64_t id)
{
	expect_left_alone_for(world, id, HOLD_MS);
}

static void one_row_alone_cannot_be_cut(void **state)
{
	struct delivery_world *world = *state;

	upload_world_submit(world, 1, "logs");
	upload_world_run(world);
	expect_left_alone(world, 1);
}

/* That is the target's own refusal: it steps aside, is told of, and comes back. */
static void a_target_that_refuses_even_small_objects_for_their_size_steps_aside(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target;

	world->settings.consumer_max_object_bytes = LARGE_OBJECT;
	upload_world_limit(world, UPLOAD_WORLD_CONCURRENCY, UPLOAD_WORLD_PER_TARGET, 1000);
	target = upload_world_target(world, "logs", "");
	upload_world_submit_rows(world, 1, "logs", ROWS);
	upload_world_run(world);
	target->largest_bytes = 1000;
	fake_s3_answer_as(world->s3, "logs", 413, "");
	assert_null(strstr(told(world), "withdrawn"));
	assert_int_equal(lc_target_standing(target)->state, LC_TARGET_ASIDE);
	assert_non_null(lc_target_standing(target)->last_error);
	assert_int_equal(target->largest_bytes, 0);
	assert_int_equal(lc_attempts_held_until_ms(world->delivery.attempts, 1), 0);
	lc_attempts_hold(world->delivery.attempts, 99, lc_loop_now_ms(world->loop), HOLD_MS,
			 HOLD_MS);
	upload_world_submit(world, 2, "logs");
	upload_world_pass(world, UPLOAD_WORLD_BACKOFF_MS);
	upload_world_expect_put(world, 2, "logs");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	assert_int_equal(lc_target_standing(target)->state, LC_TARGET_HEALTHY);

	/* What it had refused alone before may be taken now. */
	assert_int_equal(lc_attempts_held_until_ms(world->delivery.attempts, 99), 0);
}

static void an_object_that_may_have_been_stored_is_never_cut(void **state)
{
	struct delivery_world *world = *state;

	upload_world_submit_rows(world, 1, "logs", ROWS);
	upload_world_run(world);
	fake_s3_answer(world->s3, LC_RETRY_AGAIN);
	fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MS);
	upload_world_expect_put(world, 1, "logs");
	expect_left_alone(world, 1);
}

static void an_object_of_an_earlier_process_is_never_cut(void **state)
{
	struct delivery_world *world = *state;

	delivery_world_begin_again(world, 2);
	upload_world_submit_rows(world, 1, "logs", ROWS);
	upload_world_run(world);
	expect_left_alone(world, 1);
}

/* Which rows of these seconds were taken is forgotten: read again, they would be delivered twice.
 */
static void an_object_from_before_the_horizon_is_never_cut(void **state)
{
	struct delivery_world *world = *state;

	lc_upload_set_horizon(world->upload, UPLOAD_WORLD_SECOND + 1);
	upload_world_submit_rows(world, 1, "logs", ROWS);
	upload_world_run(world);
	expect_left_alone(world, 1);
}

static void an_object_is_not_cut_while_its_source_is_read(void **state)
{
	struct delivery_world *world = *state;
	uint32_t from;
	uint32_t to;

	lc_source_open(world->source, (struct lc_source_range){.from = 10, .to = 20, .since = 20},
		       1);
	(void)lc_source_ask(world->source, &from, &to);
	upload_world_submit_rows(world, 1, "logs", ROWS);
	upload_world_run(world);
	expect_left_alone_for(world, 1, ASKED_HOLD_MS);
}

static void the_operator_has_what_was_left_alone_tried_at_once(void **state)
{
	struct delivery_world *world = *state;

	upload_world_submit(world, 1, "logs");
	upload_world_run(world);
	expect_left_alone(world, 1);
	lc_upload_retry_now(world->upload, NULL);
	assert_int_equal(lc_attempts_held_until_ms(world->delivery.attempts, 1), 0);
}

/* It may be the object's own fault: the others of its target must not wait for it. */
static void after_a_strange_refusal_another_object_is_the_next_probe(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *target;

	upload_world_limit(world, UPLOAD_WORLD_CONCURRENCY, 1, 1000);
	target = upload_world_target(world, "logs", "");
	for (uint64_t id = 1; id <= 3; id++)
		upload_world_submit(world, id, "logs");
	upload_world_run(world);
	fake_s3_answer_as(world->s3, "logs", 400, "MalformedSomething");
	assert_true(lc_target_aside(target));
	assert_null(lc_object_find(world->source, 1));
	assert_int_equal(target->looked_to, 1);
	fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MS);
	upload_world_expect_put(world, 2, "logs");

	/* It was not the object: the rebuild goes on with the one after it. */
	fake_s3_answer_as(world->s3, "logs", 400, "MalformedSomething");
	assert_int_equal(upload_world_backlog(target), 3);
	assert_int_equal(target->looked_to, 2);
	fake_loop_advance(world->loop, 2 * UPLOAD_WORLD_BACKOFF_MS);
	assert_ptr_equal(upload_world_next_backlog(world), target);
	lc_target_table_remove_backlog(world->delivery.targets, world->source, target, 1);
	upload_world_submit(world, 3, "logs");
	upload_world_run(world);

	/* It was: the target works again. */
	upload_world_expect_put(world, 3, "logs");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	assert_false(lc_target_aside(target));
}

/* ---- memory ---- */

/* Objects that wait for probes, of all targets. */
static size_t kept_objects(const struct delivery_world *world)
{
	return world->delivery.objects->bytes / upload_world_object_bytes(world);
}

static void submit_to_prefix(struct delivery_world *world, uint64_t id)
{
	char bucket[TEXT_MAX];

	/* Two prefixes to a bucket: none that refuses is one of too many. */
	snprintf(bucket, sizeof bucket, "logs-%u", (unsigned)(id / 2));
	upload_world_submit_to(world, id, bucket, id % 2 == 0 ? "a/" : "b/");
}

static void many_refused_targets_leave_room_and_are_probed_in_turn(void **state)
{
	enum { ROOM = 320, KEPT_MAX = ROOM / 16, PROBES_MAX = ROOM / 8, UPLOADS = 4 };
	struct delivery_world *world = *state;
	unsigned probed[MANY] = {0};
	size_t started;

	upload_world_limit(world, UPLOADS, UPLOADS, ROOM);
	for (uint64_t id = 0; id < MANY; id++)
		submit_to_prefix(world, id + 2);
	for (unsigned i = 0; i < MANY; i++) {
		upload_world_run(world);
		fake_s3_answer_as(world->s3, fake_s3_bucket(world->s3), 403, "AccessDenied");
	}
	assert_int_equal(fake_s3_active(world->s3), 0);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_INTENTS_WITHOUT_BODY), 0);
	lc_upload_tend(world->upload, false);
	assert_in_range(kept_objects(world), 1, KEPT_MAX);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_INTENTS_WITHOUT_BODY),
			 MANY - kept_objects(world));
	assert_int_equal(upload_world_count(world, LC_COUNTERS_TARGETS_BLOCKED), MANY);

	/* Objects that come later for them lose their bodies as well. */
	for (uint64_t id = 0; id < MANY; id++)
		submit_to_prefix(world, id + 2);
	assert_in_range(kept_objects(world), 1, KEPT_MAX);

	/* Two rounds of probes. */
	started = fake_s3_started(world->s3);
	for (unsigned round = 0; round < 2 * MANY; round++) {
		struct lc_target *target;

		fake_loop_advance(world->loop, 1000);
		while ((target = upload_world_next_backlog(world)) != NULL) {
			uint64_t id = strtoul(target->bucket->name.data + 5, NULL, 10) * 2 +
				      (target->prefix.data[0] == 'b');

			lc_target_table_remove_backlog(world->delivery.targets, world->source,
						       target, 1);
			submit_to_prefix(world, id);
		}
		/* One that made it full, and those under way. */
		assert_in_range(kept_objects(world), 0, PROBES_MAX + 1 + UPLOADS);
		upload_world_run(world);
		while (fake_s3_active(world->s3) > 0) {
			unsigned id =
			    (unsigned)strtoul(fake_s3_bucket(world->s3) + 5, NULL, 10) * 2 +
			    (fake_s3_key(world->s3)[0] == 'b');

			probed[id - 2]++;
			fake_s3_answer_as(world->s3, fake_s3_bucket(world->s3), 403,
					  "AccessDenied");
			upload_world_run(world);
		}
	}
	assert_true(fake_s3_started(world->s3) > started + 2 * MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_true(probed[i] >= 2);
}

/* ---- given up ---- */

static void discard(struct delivery_world *world, const char *prefix, bool whole)
{
	lc_upload_give_up(world->upload, lc_view_of("logs"), lc_view_of(prefix), whole,
			  LC_LEDGER_DISCARDED);
}

static void objects_of_a_discarded_prefix_are_closed(void **state)
{
	struct delivery_world *world = *state;
	struct lc_target *bad = upload_world_target(world, "logs", "bad/");

	upload_world_submit_to(world, 1, "logs", "bad/");
	upload_world_run(world);
	fake_s3_answer_as(world->s3, "logs", 403, "AccessDenied");
	upload_world_submit_to(world, 2, "logs", "good/");
	(void)told(world);
	discard(world, "bad/", false);
	assert_string_equal(told(world), "target logs/bad/ 1 refused discarded\n"
					 "discarded 1 1549411240\ndurable?\n");
	assert_int_equal(upload_world_count(world, LC_COUNTERS_ROWS_DISCARDED), 0);
	fake_ledger_confirm(world->ledger);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_ROWS_DISCARDED), 1);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_RECORDS_DELIVERED), 0);
	assert_int_equal(bad->object_rows, 0);

	/* Its source has one object less to wait for. */
	assert_int_equal(world->delivered, 1);

	/* So are those that come later; other prefixes are as before. */
	upload_world_submit_to(world, 3, "logs", "bad/");
	assert_string_equal(told(world), "discarded 3 1549411240\ndurable?\n");
	upload_world_run(world);
	assert_int_equal(fake_s3_active(world->s3), 1);
	upload_world_expect_put(world, 2, "logs");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	fake_ledger_confirm(world->ledger);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_ROWS_DISCARDED), 2);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_RECORDS_DELIVERED), 1);

	/* Its backlog is the rebuild's to close. */
	lc_target_table_add_backlog(world->delivery.targets, world->source, bad, 1, 1,
				    UPLOAD_WORLD_SECOND);
	assert_ptr_equal(upload_world_next_backlog(world), bad);
}

static void a_bucket_is_discarded_as_a_whole(void **state)
{
	struct delivery_world *world = *state;

	upload_world_submit_to(world, 1, "logs", "a/");
	upload_world_submit_to(world, 2, "logs", "b/");
	upload_world_submit_to(world, 3, "other", "a/");
	discard(world, "", true);
	assert_string_equal(told(world), "target logs 0 discarded\ndiscarded 1 1549411240\n"
					 "durable?\ndiscarded 2 1549411240\ndurable?\n");
	upload_world_submit_to(world, 4, "logs", "c/");
	assert_string_equal(told(world), "discarded 4 1549411240\ndurable?\n");
	upload_world_run(world);
	upload_world_expect_put(world, 3, "other");
	assert_int_equal(fake_s3_active(world->s3), 1);
	fake_s3_answer(world->s3, LC_RETRY_DONE);

	/* It is kept again: what comes from now on is delivered. */
	fake_ledger_confirm(world->ledger);
	(void)told(world);
	lc_upload_give_up(world->upload, lc_view_of("logs"), lc_view_of(""), true, LC_LEDGER_KEPT);
	assert_string_equal(told(world), "target logs 0\n");
	upload_world_submit_to(world, 5, "logs", "a/");
	upload_world_run(world);
	upload_world_expect_put(world, 5, "logs");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
}

/* Nothing is decided about what S3 is being told just then. */
static void an_upload_under_way_ends_as_it_ends(void **state)
{
	struct delivery_world *world = *state;

	upload_world_submit(world, 1, "logs");
	upload_world_submit(world, 2, "logs");
	upload_world_run(world);
	discard(world, "", false);
	assert_string_equal(told(world), "target logs/ 0 discarded\n");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	assert_string_equal(told(world), "delivered 1 1549411240\ndurable?\n");
	fake_s3_answer_as(world->s3, "logs", 403, "AccessDenied");
	assert_string_equal(told(world), "target logs/ 1 refused discarded\n"
					 "discarded 2 1549411240\ndurable?\n");
	fake_ledger_confirm(world->ledger);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_RECORDS_DELIVERED), 1);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_ROWS_DISCARDED), 1);
}

static void objects_of_an_ignored_target_wait_and_are_tried(void **state)
{
	struct delivery_world *world = *state;

	upload_world_submit_to(world, 1, "logs", "bad/");
	lc_upload_give_up(world->upload, lc_view_of("logs"), lc_view_of("bad/"), false,
			  LC_LEDGER_IGNORED);
	assert_string_equal(told(world), "target logs/bad/ 0 ignored\n");
	upload_world_run(world);
	fake_s3_answer_as(world->s3, "logs", 403, "AccessDenied");
	assert_string_equal(told(world), "target logs/bad/ 1 refused ignored\n");
	lc_upload_tend(world->upload, false);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_RECORDS_GIVEN_UP), 1);
	assert_int_equal(upload_world_count(world, LC_COUNTERS_RECORDS_REFUSED), 0);
	fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MS);
	upload_world_expect_put(world, 1, "logs");
	fake_s3_answer(world->s3, LC_RETRY_DONE);
	fake_ledger_confirm(world->ledger);
	assert_int_equal(world->delivered, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    UPLOAD_STORY(a_refused_prefix_harms_no_other_of_its_bucket),
	    UPLOAD_STORY(a_bucket_that_refuses_prefix_after_prefix_is_probed_with_each_in_turn),
	    UPLOAD_STORY(an_object_refused_for_its_size_is_cut_again),
	    UPLOAD_STORY(smaller_objects_that_are_refused_are_cut_smaller_still),
	    UPLOAD_STORY(one_row_alone_cannot_be_cut),
	    UPLOAD_STORY(a_target_that_refuses_even_small_objects_for_their_size_steps_aside),
	    UPLOAD_STORY(an_object_that_may_have_been_stored_is_never_cut),
	    UPLOAD_STORY(an_object_of_an_earlier_process_is_never_cut),
	    UPLOAD_STORY(an_object_from_before_the_horizon_is_never_cut),
	    UPLOAD_STORY(an_object_is_not_cut_while_its_source_is_read),
	    UPLOAD_STORY(the_operator_has_what_was_left_alone_tried_at_once),
	    UPLOAD_STORY(after_a_strange_refusal_another_object_is_the_next_probe),
	    UPLOAD_STORY(many_refused_targets_leave_room_and_are_probed_in_turn),
	    UPLOAD_STORY(objects_of_a_discarded_prefix_are_closed),
	    UPLOAD_STORY(a_bucket_is_discarded_as_a_whole),
	    UPLOAD_STORY(an_upload_under_way_ends_as_it_ends),
	    UPLOAD_STORY(objects_of_an_ignored_target_wait_and_are_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
