#include "support/upload_world.h"

#include "base/memory.h"
#include "delivery/inflight.h"
#include "delivery/object.h"
#include "delivery/target_table.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 64 };

int upload_world_set_up(void **state)
{
	struct delivery_world *world = lc_memory_zero(1, sizeof(*world));

	delivery_world_prepare(world);
	world->settings.consumer_max_object_bytes = UPLOAD_WORLD_MAX_OBJECT_BYTES;
	world->settings.s3_max_retry_attempts = UPLOAD_WORLD_ATTEMPTS;
	world->settings.s3_max_backoff_delay_seconds = UPLOAD_WORLD_BACKOFF_MAX_MS / 1000;
	world->settings.retry_initial_backoff_seconds = UPLOAD_WORLD_BACKOFF_MS / 1000;
	world->settings.retry_backoff_jitter_factor = 0;
	world->settings.limits_max_concurrent_uploads = UPLOAD_WORLD_CONCURRENCY;
	world->settings.limits_max_concurrent_uploads_per_target = UPLOAD_WORLD_PER_TARGET;
	world->source = lc_source_get(world->sources, 7, lc_view_of("bucket"));
	delivery_world_begin(world, 1);
	*state = world;
	return 0;
}

int upload_world_tear_down(void **state)
{
	struct delivery_world *world = *state;

	delivery_world_end(world);
	free(world);
	return 0;
}

void upload_world_limit(struct delivery_world *world, unsigned concurrency, unsigned per_target,
			size_t objects)
{
	size_t bytes = objects * upload_world_object_bytes(world);

	world->settings.limits_max_concurrent_uploads = concurrency;
	world->settings.limits_max_concurrent_uploads_per_target = per_target;
	world->settings.limits_max_inflight_bytes = (int64_t)bytes;
	delivery_world_begin_again(world, 1);
}

struct lc_target *upload_world_target(struct delivery_world *world, const char *bucket,
				      const char *prefix)
{
	return lc_target_table_get(world->delivery.targets, lc_view_of(bucket), lc_view_of(prefix));
}

uint64_t upload_world_backlog(const struct lc_target *target)
{
	return lc_target_table_backlog_of(target).intents;
}

struct lc_target *upload_world_next_backlog(struct delivery_world *world)
{
	return lc_inflight_next_backlog(world->delivery.objects, lc_loop_now_ms(world->loop));
}

static struct lc_object *make_object(const struct delivery_world *world, struct lc_target *target,
				     uint64_t id, unsigned rows)
{
	struct lc_record record = record_rows_example();
	struct lc_object *object = lc_object_new(world->delivery.objects, world->source, target,
						 NULL, lc_loop_now_ms(world->loop));

	for (unsigned i = 0; i < rows; i++)
		lc_object_append(object, &record, id, &(struct lc_line_style){0});
	lc_object_seal(object);
	lc_object_name(object, id, 0);
	object->intent_id = id;
	return object;
}

size_t upload_world_object_bytes(const struct delivery_world *world)
{
	struct lc_target_bucket bucket = {.name = lc_view_of("bucket"),
					  .settings = &world->settings};
	struct lc_target target = {.bucket = &bucket, .prefix = lc_view_of("")};
	struct lc_object *object = make_object(world, &target, 1, 1);
	size_t bytes = object->memory;

	lc_object_enter(object, LC_OBJECT_DROPPED);
	return bytes;
}

static void submit(struct delivery_world *world, struct lc_target *target, uint64_t id,
		   unsigned rows)
{
	struct lc_object *object = make_object(world, target, id, rows);

	lc_object_enter(object, LC_OBJECT_RECORDING);
	lc_upload_submit(world->upload, object);
}

void upload_world_submit_to(struct delivery_world *world, uint64_t id, const char *bucket,
			    const char *prefix)
{
	submit(world, upload_world_target(world, bucket, prefix), id, 1);
}

void upload_world_submit(struct delivery_world *world, uint64_t id, const char *bucket)
{
	upload_world_submit_to(world, id, bucket, "");
}

void upload_world_submit_rows(struct delivery_world *world, uint64_t id, const char *bucket,
			      unsigned rows)
{
	submit(world, upload_world_target(world, bucket, ""), id, rows);
}

void upload_world_expect_put(const struct delivery_world *world, uint64_t id, const char *bucket)
{
	char unique[TEXT_MAX];

	snprintf(unique, sizeof unique, "-%016X", (unsigned)id);
	assert_true(fake_s3_active(world->s3) > 0);
	assert_string_equal(fake_s3_bucket(world->s3), bucket);
	assert_non_null(strstr(fake_s3_key(world->s3), unique));
}

void upload_world_run(struct delivery_world *world)
{
	fake_loop_advance(world->loop, 0);
}

void upload_world_pass(struct delivery_world *world, uint64_t ms)
{
	while (ms > 0) {
		uint64_t step_ms = ms < 1000 ? ms : 1000;

		fake_loop_advance(world->loop, step_ms);
		lc_upload_tend(world->upload, false);
		ms -= step_ms;
	}
}

void upload_world_put_aside(struct delivery_world *world, struct lc_target *target)
{
	upload_world_run(world);
	while (!lc_target_aside(target)) {
		while (fake_s3_active(world->s3) > 0)
			fake_s3_answer(world->s3, LC_RETRY_AGAIN);
		fake_loop_advance(world->loop, UPLOAD_WORLD_BACKOFF_MAX_MS);
	}
	while (fake_s3_active(world->s3) > 0)
		fake_s3_answer(world->s3, LC_RETRY_AGAIN);
}

uint64_t upload_world_count(const struct delivery_world *world, enum lc_counters_name name)
{
	return lc_counters_get(&world->counters, name);
}
