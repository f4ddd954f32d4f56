/*
 * The ledger's thread with a share: what is told to be durable is part of the chain, and nothing is
 * told any more once another machine has the shard.
 */
#include "base/memory.h"
#include "ledger/share.h"
#include "support/fake_register.h"
#include "support/ledger_case.h"
#include "support/object_store.h"
#include "support/story.h"

#include <stdlib.h>
#include <string.h>

static const char HEAD[] = "shard-1-of-4";
static const char SEGMENTS[] = "p/g0/s1-of-4/segment/";

struct world {
	struct lc_loop *loop;
	struct lc_register *heads;
	struct lc_s3 *s3;
	struct lc_random random;
	char path[LC_LEDGER_CASE_PATH_SIZE];
	struct lc_share *share;
	struct lc_ledger *ledger;
	unsigned durable;
	struct lc_error failed;
};

static void stop(void *context)
{
	struct world *world = context;

	lc_loop_stop(world->loop);
}

static void on_failed(void *context, const struct lc_error *error)
{
	struct world *world = context;

	world->failed = *error;
	lc_loop_stop(world->loop);
}

static void on_trouble(void *context, const struct lc_error *error)
{
	if (error != NULL)
		stop(context);
}

static const struct lc_share_callbacks CALLBACKS = {
    .on_ready = stop, .on_failed = on_failed, .on_trouble = on_trouble};

static void on_durable(void *context)
{
	struct world *world = context;

	world->durable++;
	lc_loop_stop(world->loop);
}

static void on_corrupt(void *context, const struct lc_error *error)
{
	(void)context;
	fail_msg("%s", error->message);
}

static void claim(struct world *world)
{
	struct lc_share_options options = {
	    .heads = world->heads,
	    .s3 = world->s3,
	    .bucket = "ledgers",
	    .prefix = "p",
	    .path = world->path,
	    .shard = 1,
	    .shard_count = 4,
	    .machine = "a",
	    .random = &world->random,
	};

	world->share = lc_share_new(world->loop, &options, &CALLBACKS, world);
	lc_share_claim(world->share, UINT64_MAX);
	lc_loop_run(world->loop);
	assert_int_equal(world->failed.kind, LC_ERROR_NONE);
}

static void open_ledger(struct world *world)
{
	struct lc_ledger_options options = lc_ledger_case_options(world->path);
	struct lc_ledger_state state = {.on_source = NULL};
	struct lc_error error;

	options.shard = 1;
	options.shard_count = 4;
	options.share = world->share;
	world->ledger =
	    lc_ledger_open(world->loop, &options, NULL, &state, on_corrupt, world, &error);
	if (world->ledger == NULL)
		fail_msg("%s", error.message);
}

static void close_ledger(struct world *world)
{
	lc_ledger_close(world->ledger);
	lc_share_free(world->share);
	world->ledger = NULL;
	world->share = NULL;
}

static int set_up(void **state)
{
	struct world *world = lc_memory_zero(1, sizeof *world);
	struct lc_error error;

	world->loop = lc_loop_new(&error);
	world->heads = fake_register_new(world->loop);
	world->s3 = object_store_new(world->loop);
	lc_random_seed(&world->random, 1);
	lc_ledger_case_make_path(world->path);
	fake_register_publish(world->heads, HEAD);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	close_ledger(world);
	lc_ledger_case_remove(world->path);
	fake_register_free(world->heads);
	object_store_free(world->s3);
	lc_loop_free(world->loop);
	free(world);
	return 0;
}

static void what_is_durable_is_part_of_the_chain(void **state)
{
	struct world *world = *state;

	claim(world);
	open_ledger(world);
	lc_ledger_case_add_intent(world->ledger, 1, "bucket", 1000, 2, 3, 77);
	lc_ledger_when_durable(world->ledger, on_durable, world);
	lc_loop_run(world->loop);
	assert_int_equal(world->durable, 1);
	assert_int_equal(object_store_count(world->s3, SEGMENTS), 1);
	assert_non_null(strstr(fake_register_value(world->heads, HEAD), "last=1:1:"));
}

static void a_question_makes_no_segment(void **state)
{
	struct world *world = *state;

	claim(world);
	open_ledger(world);
	lc_ledger_when_durable(world->ledger, on_durable, world);
	lc_loop_run(world->loop);
	assert_int_equal(world->durable, 1);
	assert_int_equal(object_store_count(world->s3, SEGMENTS), 0);
}

static void nothing_is_durable_once_another_machine_has_the_shard(void **state)
{
	struct world *world = *state;

	claim(world);
	open_ledger(world);
	fake_register_set(
	    world->heads, HEAD,
	    "version=1 generation=0 epoch=2 state=owned owner=b nonce=0000000000000001 change=0 "
	    "last=0:0:00000000000000000000000000000000 segment=- "
	    "checkpointed=0:0:00000000000000000000000000000000 checkpoint=-");
	lc_ledger_case_add_intent(world->ledger, 1, "bucket", 1000, 2, 3, 77);
	lc_ledger_when_durable(world->ledger, on_durable, world);
	lc_loop_run(world->loop);
	assert_int_equal(world->failed.kind, LC_ERROR_TAKEN_OVER);
	assert_int_equal(world->durable, 0);
}

/* Closing does not wait for S3, and what it leaves can be taken up by the next one. */
static void closing_leaves_what_is_on_its_way(void **state)
{
	struct world *world = *state;

	claim(world);
	open_ledger(world);
	object_store_fail(world->s3, 0, 1, 0, "", true);
	lc_ledger_case_add_intent(world->ledger, 1, "bucket", 1000, 2, 3, 77);
	lc_ledger_when_durable(world->ledger, on_durable, world);
	lc_loop_run(world->loop);
	close_ledger(world);
	assert_int_equal(world->durable, 0);
	claim(world);
	open_ledger(world);
	lc_ledger_case_add_intent(world->ledger, 1, "bucket", 1000, 2, 3, 77);
	lc_ledger_when_durable(world->ledger, on_durable, world);
	lc_loop_run(world->loop);
	assert_int_equal(world->durable, 1);
}

static void a_shared_file_is_refused_to_one_machine_alone(void **state)
{
	struct world *world = *state;
	struct lc_ledger_options options = lc_ledger_case_options(world->path);
	struct lc_ledger_state ledger = {.on_source = NULL};
	struct lc_error error;

	what_is_durable_is_part_of_the_chain(state);
	close_ledger(world);
	options.shard = 1;
	options.shard_count = 4;
	assert_null(
	    lc_ledger_open(world->loop, &options, NULL, &ledger, on_corrupt, world, &error));
	assert_int_equal(error.kind, LC_ERROR_USAGE);
	assert_non_null(strstr(error.message, "failover.enabled"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(what_is_durable_is_part_of_the_chain),
	    STORY(a_question_makes_no_segment),
	    STORY(nothing_is_durable_once_another_machine_has_the_shard),
	    STORY(closing_leaves_what_is_on_its_way),
	    STORY(a_shared_file_is_refused_to_one_machine_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
