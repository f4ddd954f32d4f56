#include "support/delivery_world.h"

#include "support/story.h"

#include <stddef.h>
#include <string.h>

static void on_submitted(void *context)
{
	struct delivery_world *world = context;

	world->submitted++;
}

static void on_delivered(void *context, struct lc_source *source)
{
	struct delivery_world *world = context;

	assert_true(world->source == NULL || source == world->source);
	world->delivered++;
}

static void on_room(void *context)
{
	struct delivery_world *world = context;

	world->room++;
}

static void on_settled(void *context, struct lc_source *source)
{
	struct delivery_world *world = context;

	assert_true(strlen(world->settled) + source->bucket.size < sizeof(world->settled));
	strncat(world->settled, source->bucket.data, source->bucket.size);
}

static void on_idle(void *context)
{
	struct delivery_world *world = context;

	assert_true(lc_commit_idle(world->commit));
	world->idle++;
}

static void on_discovered(void *context, const struct lc_error *error)
{
	(void)context;
	(void)error;
}

static void on_scanned(void *context, struct lc_source *source)
{
	(void)context;
	(void)source;
}

static void on_lost(void *context, struct lc_source *source)
{
	struct delivery_world *world = context;

	(void)source;
	world->lost++;
}

static void on_damaged(void *context, const struct lc_error *error)
{
	struct delivery_world *world = context;

	assert_int_equal(error->kind, LC_ERROR_CORRUPT);
	world->damage = *error;
}

static const struct lc_delivery_events EVENTS = {
    .discovered = on_discovered,
    .scanned = on_scanned,
    .submitted = on_submitted,
    .delivered = on_delivered,
    .room = on_room,
    .lost = on_lost,
    .damaged = on_damaged,
    .committed = on_settled,
    .commits_ended = on_idle,
};

void delivery_world_prepare(struct delivery_world *world)
{
	world->loop = lc_loop_new(NULL);
	world->clickhouse = fake_clickhouse_new();
	world->ledger = fake_ledger_new();
	world->s3 = fake_s3_new();
	lc_settings_default(&world->settings);
	lc_random_seed(&world->random, 3);
	world->sources = lc_source_table_new();
	world->delivery = (struct lc_delivery){.loop = world->loop,
					       .settings = &world->settings,
					       .shard = 0,
					       .shard_count = 1,
					       .counters = &world->counters,
					       .random = &world->random,
					       .clickhouse = world->clickhouse,
					       .s3 = &world->s3,
					       .events = &EVENTS,
					       .context = world,
					       .sources = world->sources,
					       .objects = &world->objects,
					       .ledger = world->ledger};
}

void delivery_world_begin(struct delivery_world *world, uint64_t first_intent_id)
{
	struct lc_delivery *delivery = &world->delivery;
	struct lc_target_policy policy = lc_target_policy_of(&world->settings);

	delivery->state.next_intent_id = first_intent_id;
	delivery->targets = lc_target_table_new(&policy, &world->settings);
	lc_object_table_init(delivery->objects, delivery->targets, &world->counters);
	delivery->attempts = lc_attempts_new(first_intent_id);
	delivery->upload = world->upload = lc_upload_new(delivery);
	delivery->build = world->build = lc_build_new(delivery);
	delivery->commit = world->commit = lc_commit_new(delivery);
}

static void free_parts(struct delivery_world *world)
{
	lc_commit_free(world->commit);
	lc_build_free(world->build);
	lc_upload_free(world->upload);
	lc_attempts_free(world->delivery.attempts);
	lc_target_table_free(world->delivery.targets);
}

void delivery_world_begin_again(struct delivery_world *world, uint64_t first_intent_id)
{
	free_parts(world);
	delivery_world_begin(world, first_intent_id);
}

void delivery_world_end(struct delivery_world *world)
{
	free_parts(world);
	lc_source_table_free(world->sources);
	fake_s3_free(world->s3);
	fake_ledger_free(world->ledger);
	fake_clickhouse_free(world->clickhouse);
	lc_settings_free(&world->settings);
	lc_loop_free(world->loop);
}
