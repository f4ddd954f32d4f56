#include "support/delivery_world.h"

static void on_delivered(void *context, struct lc_source *source)
{
	struct delivery_world *world = context;

	(void)source;
	world->delivered++;
}

static void on_nothing(void *context)
{
	(void)context;
}

static const struct lc_upload_callbacks CALLBACKS = {.on_delivered = on_delivered,
						     .on_room = on_nothing};

void delivery_world_prepare(struct delivery_world *world)
{
	world->loop = lc_loop_new(NULL);
	world->clickhouse = fake_clickhouse_new();
	world->ledger = fake_ledger_new();
	world->s3 = fake_s3_new();
	lc_settings_default(&world->settings);
	lc_random_seed(&world->random, 3);
}

void delivery_world_begin(struct delivery_world *world, uint64_t first_intent_id)
{
	world->sources = lc_source_table_new();
	world->upload = lc_upload_new(world->loop, world->s3, &world->settings, &world->counters,
				      &CALLBACKS, world);
	lc_upload_set_ledger(world->upload, world->ledger, first_intent_id);
	world->build = lc_build_new(world->loop, &world->settings, world->upload, world->ledger,
				    first_intent_id, &world->counters, on_nothing, world);
	world->parts = (struct lc_parts){.loop = world->loop,
					 .settings = &world->settings,
					 .shard_count = 1,
					 .counters = &world->counters,
					 .random = &world->random,
					 .clickhouse = world->clickhouse,
					 .ledger = world->ledger,
					 .sources = world->sources,
					 .upload = world->upload,
					 .build = world->build};
}

void delivery_world_end(struct delivery_world *world)
{
	lc_build_free(world->build);
	lc_upload_free(world->upload);
	lc_source_table_free(world->sources);
	fake_s3_free(world->s3);
	fake_ledger_free(world->ledger);
	fake_clickhouse_free(world->clickhouse);
	lc_settings_free(&world->settings);
	lc_loop_free(world->loop);
}
