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

static const struct lc_upload_callbacks UPLOAD_CALLBACKS = {.on_delivered = on_delivered,
							    .on_room = on_room};

static const struct lc_commit_callbacks COMMIT_CALLBACKS = {.on_settled = on_settled,
							    .on_idle = on_idle};

void delivery_world_prepare(struct delivery_world *world)
{
	world->loop = lc_loop_new(NULL);
	world->clickhouse = fake_clickhouse_new();
	world->ledger = fake_ledger_new();
	world->s3 = fake_s3_new();
	lc_settings_default(&world->settings);
	lc_random_seed(&world->random, 3);
	world->sources = lc_source_table_new();
	world->parts = (struct lc_parts){.loop = world->loop,
					 .settings = &world->settings,
					 .shard = 0,
					 .shard_count = 1,
					 .counters = &world->counters,
					 .random = &world->random,
					 .clickhouse = world->clickhouse,
					 .ledger = world->ledger,
					 .sources = world->sources};
}

void delivery_world_begin(struct delivery_world *world, uint64_t first_intent_id)
{
	world->upload = lc_upload_new(world->loop, world->s3, &world->settings, &world->counters,
				      &UPLOAD_CALLBACKS, world);
	lc_upload_set_ledger(world->upload, world->ledger, first_intent_id);
	world->build = lc_build_new(world->loop, &world->settings, world->upload, world->ledger,
				    first_intent_id, &world->counters, on_submitted, world);
	world->commit = lc_commit_new(world->loop, world->clickhouse, world->ledger,
				      &world->settings, &world->counters, &COMMIT_CALLBACKS, world);
	world->parts.upload = world->upload;
	world->parts.build = world->build;
	world->parts.commit = world->commit;
}

static void free_parts(struct delivery_world *world)
{
	lc_commit_free(world->commit);
	lc_build_free(world->build);
	lc_upload_free(world->upload);
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
