#include "support/rebuild_story.h"

#include "base/memory.h"
#include "delivery/object.h"
#include "delivery/target_table.h"
#include "formats/row_hash.h"
#include "support/record_rows.h"

#include <stdio.h>
#include <stdlib.h>

void rebuild_story_record(struct rebuild_story *story, struct rebuild_story_recorded *recorded,
			  uint64_t id, const char *bucket)
{
	struct lc_source_table *earlier = lc_source_table_new();
	struct lc_source *source = lc_source_get(earlier, 7, lc_view_of(bucket));
	struct lc_object *object =
	    lc_object_new(story->world.delivery.objects, source, story->target, NULL, 0);

	lc_buffer_init(&recorded->blob, 10000);
	lc_buffer_init(&recorded->name, 10000);
	lc_buffer_init(&recorded->body, 10000);
	for (uint32_t i = 0; i < REBUILD_STORY_ROWS; i++) {
		struct lc_record *row = &recorded->rows[i];

		*row = record_rows_example();
		snprintf(recorded->keys[i], REBUILD_STORY_TEXT_MAX, "%u-%u", (unsigned)id,
			 (unsigned)i);
		row->bucket = lc_view_of(bucket);
		row->object_key = lc_view_of(recorded->keys[i]);
		row->inserted_at = REBUILD_STORY_FIRST + i;
		/* Lines stand in another order than rows. */
		row->start_time_ms -= i;
		lc_object_append(object, row, lc_row_hash(row), &(struct lc_line_style){0});
	}
	lc_object_seal(object);
	lc_object_name(object, lc_object_unique(object), 0);
	object->intent_id = id;
	recorded->intent = lc_object_intent(object);
	lc_buffer_append_view(&recorded->blob, recorded->intent.taken_rows);
	lc_buffer_append_view(&recorded->name, recorded->intent.key);
	for (size_t i = 0; i < object->body.piece_count; i++)
		lc_buffer_append_view(&recorded->body, object->body.pieces[i]);
	recorded->intent.taken_rows = lc_buffer_view(&recorded->blob);
	recorded->intent.key = lc_buffer_view(&recorded->name);
	recorded->intent.source.bucket = lc_view_of(bucket);
	recorded->intent.target_prefix = lc_view_of("logs/");
	lc_object_enter(object, LC_OBJECT_DROPPED);
	lc_source_table_free(earlier);
}

void rebuild_story_free_recorded(struct rebuild_story_recorded *recorded)
{
	lc_buffer_free(&recorded->blob);
	lc_buffer_free(&recorded->name);
	lc_buffer_free(&recorded->body);
}

void rebuild_story_restore(struct rebuild_story *story, const char *bucket, unsigned failures)
{
	struct lc_ledger_target target = {
	    .bucket = lc_view_of("amzn-s3-demo-logs"), .whole = true, .failures = failures};
	struct lc_source *source = lc_source_get(story->world.sources, 7, lc_view_of(bucket));
	struct lc_target_table *targets = story->world.delivery.targets;

	lc_target_table_restore(targets, &target, lc_loop_now_ms(story->world.loop));
	lc_target_table_add_backlog(targets, source, story->target, 1, REBUILD_STORY_ROWS,
				    REBUILD_STORY_FIRST);
}

uint64_t rebuild_story_backlog(const struct rebuild_story *story)
{
	return lc_target_table_backlog_of(story->target).intents;
}

int rebuild_story_set_up(void **state)
{
	struct rebuild_story *story = lc_memory_zero(1, sizeof(*story));

	delivery_world_prepare(&story->world);
	story->world.settings.consumer_retention_seconds = REBUILD_STORY_RETENTION;
	story->world.settings.retry_backoff_jitter_factor = 0;
	delivery_world_begin(&story->world, REBUILD_STORY_NEXT_ID);
	story->target = lc_target_table_get(story->world.delivery.targets,
					    lc_view_of("amzn-s3-demo-logs"), lc_view_of("logs/"));
	story->rebuild = lc_rebuild_new(&story->world.delivery);
	rebuild_story_record(story, &story->one, 1, "amzn-s3-demo-bucket");
	rebuild_story_record(story, &story->two, 2, "amzn-s3-demo-bucket");
	*state = story;
	return 0;
}

int rebuild_story_tear_down(void **state)
{
	struct rebuild_story *story = *state;

	lc_rebuild_free(story->rebuild);
	rebuild_story_free_recorded(&story->one);
	rebuild_story_free_recorded(&story->two);
	delivery_world_end(&story->world);
	free(story);
	return 0;
}

void rebuild_story_start_if_due(struct rebuild_story *story)
{
	lc_rebuild_start_if_due(story->rebuild, REBUILD_STORY_NOW);
}

void rebuild_story_begin_pass(struct rebuild_story *story, const struct lc_ledger_intent *intents,
			      size_t count)
{
	rebuild_story_start_if_due(story);
	assert_string_equal(fake_ledger_told(story->world.ledger),
			    "intents? amzn-s3-demo-logs/logs/ 0\n");
	fake_ledger_answer_intents(story->world.ledger, intents, count);
}

void rebuild_story_send_rows(struct rebuild_story *story,
			     const struct rebuild_story_recorded *recorded, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		fake_clickhouse_send_row(story->world.clickhouse, &recorded->rows[i]);
}

void rebuild_story_expect_put(const struct rebuild_story *story,
			      struct rebuild_story_recorded *recorded)
{
	assert_true(fake_s3_active(story->world.s3) > 0);
	assert_string_equal(fake_s3_bucket(story->world.s3), "amzn-s3-demo-logs");
	assert_string_equal(fake_s3_key(story->world.s3), lc_buffer_text(&recorded->name));
	assert_string_equal(fake_s3_body(story->world.s3), lc_buffer_text(&recorded->body));
}

void rebuild_story_show_rows(struct rebuild_story *story,
			     const struct rebuild_story_recorded *recorded)
{
	rebuild_story_send_rows(story, recorded, 0, REBUILD_STORY_ROWS);
	fake_clickhouse_end(story->world.clickhouse);
	fake_loop_advance(story->world.loop, 0);
}
