#include "support/discovery_story.h"

#include "base/memory.h"

#include <stdlib.h>

static void on_end(void *context, const struct lc_error *error)
{
	struct discovery_story *story = context;

	story->ends++;
	story->error = *error;
}

void discovery_story_start_process(struct discovery_story *story,
				   const struct lc_ledger_state *ledger_state)
{
	lc_discovery_free(story->discovery);
	story->world.delivery.state = *ledger_state;
	story->discovery = lc_discovery_new(&story->world.delivery);
}

int discovery_story_set_up(void **state)
{
	struct lc_ledger_state ledger_state = {.until = DISCOVERY_STORY_UNTIL};
	struct discovery_story *story = lc_memory_zero(1, sizeof(*story));

	delivery_world_prepare(&story->world);
	story->world.settings.consumer_processing_delay_seconds = DISCOVERY_STORY_DELAY;
	story->world.delivery.shard = DISCOVERY_STORY_SHARD;
	story->world.delivery.shard_count = DISCOVERY_STORY_SHARD_COUNT;
	delivery_world_begin(&story->world, 1);
	discovery_story_start_process(story, &ledger_state);
	*state = story;
	return 0;
}

int discovery_story_tear_down(void **state)
{
	struct discovery_story *story = *state;

	lc_discovery_free(story->discovery);
	delivery_world_end(&story->world);
	free(story);
	return 0;
}

void discovery_story_start(struct discovery_story *story)
{
	lc_discovery_start(story->discovery, 0, on_end, story);
}

void discovery_story_tell_time(struct discovery_story *story, uint32_t now)
{
	discovery_story_start(story);
	fake_clickhouse_send_clock(story->world.clickhouse, now);
	fake_clickhouse_end(story->world.clickhouse);
}

void discovery_story_send_offset(struct discovery_story *story, uint32_t session,
				 const char *bucket, uint32_t second)
{
	struct lc_discovery_row row = {
	    .raft_session_id = session,
	    .bucket = lc_view_of(bucket),
	    .rows = 1,
	    .floor = {.inserted_at = second, .start_time_ms = 5000, .req_id = lc_view_of("REQ")},
	};

	fake_clickhouse_send_found(story->world.clickhouse, &row);
}

void discovery_story_pass_offsets(struct discovery_story *story, uint32_t now)
{
	discovery_story_tell_time(story, now);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	(void)fake_ledger_told(story->world.ledger);
}

void discovery_story_answer_oldest_of(struct discovery_story *story, uint64_t rows, uint32_t second)
{
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "min(insertedAt)"));
	assert_false(fake_clickhouse_sql_has(story->world.clickhouse, "GROUP BY"));
	fake_clickhouse_send_count(story->world.clickhouse, 0, "", rows, second);
	fake_clickhouse_end(story->world.clickhouse);
}

void discovery_story_answer_oldest(struct discovery_story *story, uint32_t second)
{
	discovery_story_answer_oldest_of(story, 1000, second);
}

void discovery_story_expect_end(const struct discovery_story *story, unsigned ends,
				enum lc_error_kind kind)
{
	assert_int_equal(story->ends, ends);
	assert_int_equal(story->error.kind, kind);
}
